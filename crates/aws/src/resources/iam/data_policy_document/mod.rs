//! `data "aws_iam_policy_document"`: a policy written in blocks, as JSON. No call is made.

mod document;
mod json;
mod schema;

use async_trait::async_trait;
use smform_provider::{Context, DataSource, ProviderError};
use smform_types::schema::Schema;
use smform_types::{Diagnostics, Path, Value};

use crate::clients::Clients;
use crate::fields::{Fields, with};

/// The data source.
pub(crate) struct PolicyDocumentData {
    schema: Schema,
}

impl PolicyDocumentData {
    pub(crate) fn new() -> PolicyDocumentData {
        PolicyDocumentData { schema: schema::schema() }
    }
}

/// The identifier that Terraform gives a text: its CRC-32 as a decimal number.
fn identifier(text: &str) -> String {
    crc32fast::hash(text.as_bytes()).to_string()
}

#[async_trait]
impl DataSource<Clients> for PolicyDocumentData {
    fn name(&self) -> &'static str {
        "aws_iam_policy_document"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        schema::check(Fields(config))
    }

    async fn read(&self, config: &Value, _: &Context<'_, Clients>) -> Result<Value, ProviderError> {
        let document = document::of(Fields(config))?;
        let pretty = json::pretty(&document);
        let read = with(config.clone(), "id", Value::string(identifier(&pretty)));
        let read = with(read, "json", Value::string(pretty));
        let read = with(read, "minified_json", Value::string(json::compact(&document)));
        // What is left out is what it means.
        let read = match Fields(config).text("version") {
            Some(_) => read,
            None => with(read, "version", Value::string(schema::VERSION)),
        };
        let statements = Fields(config).blocks("statement").count();
        Ok((0..statements).fold(read, |read, at| {
            let path = Path::attribute("statement").index(at).attr("effect");
            read.update_at(&path.0, &mut |effect| if effect.is_null() { Value::string("Allow") } else { effect })
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value as Json, json as j};
    use smform_types::json::value_from_json;

    fn render(body: &Json) -> Result<Json, String> {
        let schema = schema::schema();
        let config = value_from_json(body, &schema.block.ty()).map_err(|error| format!("{error:?}"))?;
        let document = document::of(Fields(&config)).map_err(|error| error.to_string())?;
        serde_json::from_str(&json::compact(&document)).map_err(|error| error.to_string())
    }

    fn statement(members: Json) -> Json {
        let mut statement = j!({"sid": null, "effect": null, "actions": null, "not_actions": null, "resources": null,
            "not_resources": null, "principals": [], "not_principals": [], "condition": []});
        for (name, value) in members.as_object().into_iter().flatten() {
            statement[name] = value.clone();
        }
        statement
    }

    fn body(members: Json) -> Json {
        let mut body = j!({"id": null, "json": null, "minified_json": null, "version": null, "policy_id": null,
            "source_policy_documents": null, "override_policy_documents": null, "source_json": null,
            "override_json": null, "statement": []});
        for (name, value) in members.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        body
    }

    #[test]
    fn a_trust_policy() {
        let principal = j!({"type": "Service", "identifiers": ["sagemaker.amazonaws.com"]});
        let trust = statement(j!({"actions": ["sts:AssumeRole"], "principals": [principal]}));
        let config = value_from_json(&body(j!({"statement": [trust]})), &schema::schema().block.ty()).unwrap();
        let text = json::pretty(&document::of(Fields(&config)).unwrap());
        let expected = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Effect\": \"Allow\",\n      \
                        \"Action\": \"sts:AssumeRole\",\n      \"Principal\": {\n        \"Service\": \
                        \"sagemaker.amazonaws.com\"\n      }\n    }\n  ]\n}";
        assert_eq!(text, expected);
    }

    #[test]
    fn sets_are_sorted_downwards_and_variables_are_written_out() {
        let rendered = render(&body(j!({"policy_id": "p", "statement": [statement(j!({
            "sid": "A1", "effect": "Deny", "actions": ["s3:Get", "s3:Put", "a:B"], "resources": ["arn:&{aws:username}"],
            "condition": [
                {"test": "StringEquals", "variable": "aws:x", "values": ["b", "a"]},
                {"test": "StringEquals", "variable": "aws:y", "values": ["&{z}"]},
                {"test": "Bool", "variable": "aws:s", "values": ["true"]}],
        }))]})))
        .unwrap();
        assert_eq!(
            rendered,
            j!({"Version": "2012-10-17", "Id": "p", "Statement": [{"Sid": "A1", "Effect": "Deny",
                "Action": ["s3:Put", "s3:Get", "a:B"], "Resource": "arn:${aws:username}",
                "Condition": {"Bool": {"aws:s": "true"}, "StringEquals": {"aws:x": ["b", "a"], "aws:y": "${z}"}}}]})
        );
    }

    /// As the key policies in the manuals of AWS have it. What IAM refuses in a policy of its own, IAM tells.
    #[test]
    fn a_sid_may_be_a_sentence() {
        let sid = "Enable IAM User Permissions, v1.0";
        let body = body(j!({"statement": [statement(j!({"sid": sid, "actions": ["kms:*"]}))]}));
        let config = value_from_json(&body, &schema::schema().block.ty()).unwrap();
        let found = smform_provider::constraints::check(&schema::schema().block, &config);
        assert!(found.is_empty() && schema::check(Fields(&config)).is_empty(), "{found:?}");
        assert_eq!(render(&body).unwrap()["Statement"][0]["Sid"], j!(sid));
    }

    #[test]
    fn documents_are_merged_by_sid() {
        let source = |sid: &str, action: &str| {
            format!(
                "{{\"Version\":\"2008-10-17\",\"Statement\":{{\"Sid\":\"{sid}\",\"Effect\":\"Allow\",\"Action\":\"{action}\"}}}}"
            )
        };
        let own = statement(j!({"sid": "B", "actions": ["own:B"]}));
        let rendered = render(&body(j!({"source_policy_documents": [source("A", "one:A"), source("B", "one:B")],
            "override_policy_documents": [source("A", "two:A")], "statement": [own]})))
        .unwrap();
        assert_eq!(rendered["Version"], "2012-10-17");
        let actions: Vec<&Json> = rendered["Statement"].as_array().unwrap().iter().map(|s| &s["Action"]).collect();
        assert_eq!(actions, [&j!("two:A"), &j!("own:B")]);
        let twice = render(&body(j!({"source_policy_documents": [source("A", "x:y"), source("A", "x:z")]})));
        assert!(twice.unwrap_err().contains("\"A\""));
        assert!(render(&body(j!({"source_policy_documents": ["{"]}))).is_err());
    }

    #[test]
    fn anyone_is_a_star_and_markup_is_escaped() {
        let anyone = statement(j!({"principals": [{"type": "*", "identifiers": ["*"]}], "resources": ["<&>"]}));
        let config = value_from_json(&body(j!({"statement": [anyone]})), &schema::schema().block.ty()).unwrap();
        let text = json::compact(&document::of(Fields(&config)).unwrap());
        assert!(text.contains(r#""Resource":"\u003c\u0026\u003e","Principal":"*""#), "{text}");
    }
}
