//! The query protocols of EC2, IAM, STS and CloudWatch: form fields in, XML out.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::Response;
use serde_json::Value;

use super::xml::{self, Node};
use super::{ApiError, reply};

const CONTENT_TYPE: &str = "text/xml;charset=UTF-8";

/// The query dialects, which differ in namespaces and envelopes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Dialect {
    /// The flattened dialect of EC2.
    Ec2,
    /// The dialect of STS.
    Sts,
    /// That of IAM, which differs from STS in its namespace only.
    Iam,
    /// That of CloudWatch, likewise.
    CloudWatch,
}

impl Dialect {
    fn namespace(self) -> &'static str {
        match self {
            Dialect::Ec2 => "http://ec2.amazonaws.com/doc/2016-11-15/",
            Dialect::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
            Dialect::Iam => "https://iam.amazonaws.com/doc/2010-05-08/",
            Dialect::CloudWatch => "http://monitoring.amazonaws.com/doc/2010-08-01/",
        }
    }
}

/// Form fields, or those below a prefix.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Params {
    fields: BTreeMap<String, String>,
}

impl Params {
    /// Reads fields from a query string and a form body; of fields given twice the last counts.
    pub(crate) fn parse(query: &str, body: &[u8]) -> Params {
        let fields = form_urlencoded::parse(query.as_bytes())
            .chain(form_urlencoded::parse(body))
            .map(|(key, value)| (key.into_owned(), value.into_owned()))
            .collect();
        Params { fields }
    }

    /// A field's value.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    /// A field's value, or the error that says it is missing.
    pub(crate) fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.get(name)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| ApiError::new("MissingParameter", format!("The request must contain the parameter {name}")))
    }

    /// A whole number.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, ApiError> {
        self.get(name).map(|text| text.parse().map_err(|_| invalid(name, text))).transpose()
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(text) => Err(invalid(name, text)),
        }
    }

    /// The values of `name.1`, `name.2`, … in order.
    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        let mut found: Vec<(u64, &str)> =
            self.below(name).filter_map(|(rest, value)| rest.parse().ok().map(|number| (number, value))).collect();
        found.sort_by_key(|(number, _)| *number);
        found.into_iter().map(|(_, value)| value).collect()
    }

    /// The structures `name.1.…`, `name.2.…` in order.
    pub(crate) fn structures(&self, name: &str) -> Vec<Params> {
        let mut found: BTreeMap<u64, Params> = BTreeMap::new();
        for (rest, value) in self.below(name) {
            if let Some((number, field)) = rest.split_once('.')
                && let Ok(number) = number.parse()
            {
                found.entry(number).or_default().fields.insert(field.to_owned(), value.to_owned());
            }
        }
        found.into_values().collect()
    }

    /// The fields below `name.`.
    pub(crate) fn structure(&self, name: &str) -> Params {
        Params { fields: self.below(name).map(|(k, v)| (k.to_owned(), v.to_owned())).collect() }
    }

    /// Every field.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(k, v)| (k.as_str(), v.as_str()))
    }

    fn below<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a, 'n> {
        self.fields
            .range(format!("{name}.")..)
            .map_while(move |(key, value)| Some((key.strip_prefix(name)?.strip_prefix('.')?, value.as_str())))
    }

    #[cfg(test)]
    pub(crate) fn of(fields: &[(&str, &str)]) -> Params {
        Params { fields: fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect() }
    }
}

fn invalid(name: &str, text: &str) -> ApiError {
    ApiError::new("InvalidParameterValue", format!("Invalid value '{text}' for {name}."))
}

/// A success: the operation's result in its envelope.
pub(crate) fn success(
    dialect: Dialect,
    operation: &str,
    request_id: &str,
    result: Vec<(&'static str, Node)>,
) -> Response<Bytes> {
    let body = match dialect {
        Dialect::Ec2 => {
            let mut members = vec![("requestId", Node::text(request_id))];
            members.extend(result);
            xml::document(&format!("{operation}Response"), Some(dialect.namespace()), &Node::Structure(members))
        }
        Dialect::Sts | Dialect::Iam | Dialect::CloudWatch => {
            xml::envelope(operation, dialect.namespace(), &Node::Structure(result), request_id)
        }
    };
    reply(200, CONTENT_TYPE, request_id, body)
}

/// A success with a result as the JSON protocols have it.
pub(crate) fn success_of(dialect: Dialect, operation: &str, request_id: &str, result: Value) -> Response<Bytes> {
    let body = xml::envelope(operation, dialect.namespace(), &Node::Json(result), request_id);
    reply(200, CONTENT_TYPE, request_id, body)
}

/// An error in its envelope.
pub(crate) fn failure(dialect: Dialect, request_id: &str, error: &ApiError) -> Response<Bytes> {
    let code = ("Code", Node::text(&error.code));
    let message = ("Message", Node::text(&error.message));
    let body = match dialect {
        Dialect::Ec2 => xml::document(
            "Response",
            None,
            &Node::Structure(vec![
                ("Errors", Node::Structure(vec![("Error", Node::Structure(vec![code, message]))])),
                ("RequestID", Node::text(request_id)),
            ]),
        ),
        Dialect::Sts | Dialect::Iam | Dialect::CloudWatch => {
            let kind = ("Type", Node::text(if error.status < 500 { "Sender" } else { "Receiver" }));
            xml::document(
                "ErrorResponse",
                Some(dialect.namespace()),
                &Node::Structure(vec![
                    ("Error", Node::Structure(vec![kind, code, message])),
                    ("RequestId", Node::text(request_id)),
                ]),
            )
        }
    };
    reply(error.status, CONTENT_TYPE, request_id, body)
}

/// An error without an envelope, as S3 writes it.
pub(crate) fn bare_failure(request_id: &str, error: &ApiError) -> Response<Bytes> {
    let members = vec![
        ("Code", Node::text(&error.code)),
        ("Message", Node::text(&error.message)),
        ("RequestId", Node::text(request_id)),
    ];
    reply(error.status, "application/xml", request_id, xml::document("Error", None, &Node::Structure(members)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_structures_follow_their_numbers() {
        let p = Params::parse(
            "",
            b"A.10=j&A.2=b&A.1=a&AB.1=x&F.1.Name=n&F.1.Value.1=v&F.2.Name=m&F.x.Name=skipped&S.K=1&E=a%20b%2B",
        );
        assert_eq!(p.list("A"), ["a", "b", "j"]);
        let filters = p.structures("F");
        assert_eq!(filters.len(), 2);
        assert_eq!(filters.first().map(|f| f.list("Value")), Some(vec!["v"]));
        assert_eq!(p.structure("S").get("K"), Some("1"));
        assert_eq!(p.get("E"), Some("a b+"));
    }
}
