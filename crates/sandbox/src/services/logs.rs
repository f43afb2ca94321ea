//! CloudWatch Logs: the groups that logs are kept in, without the logs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::Moment;
use crate::services::body::{Object, integer, object, text, texts};
use crate::services::{Context, JsonOperation, JsonService};
use crate::wire::ApiError;

/// How many days logs may be kept.
const DAYS: [i64; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];
/// The classes of groups; the last keeps logs for two days, whatever is asked for.
const CLASSES: [&str; 3] = ["STANDARD", "INFREQUENT_ACCESS", DELIVERY];
const DELIVERY: &str = "DELIVERY";

/// The service.
pub(crate) static SERVICE: JsonService = JsonService {
    name: "logs",
    signed_for: "logs",
    target: "Logs_20140328",
    throttling: "ThrottlingException",
    operations: &[
        JsonOperation { name: "CreateLogGroup", mutates: true, run: create },
        JsonOperation { name: "DescribeLogGroups", mutates: false, run: describe },
        JsonOperation { name: "DeleteLogGroup", mutates: true, run: delete },
        JsonOperation { name: "PutRetentionPolicy", mutates: true, run: retain },
        JsonOperation { name: "DeleteRetentionPolicy", mutates: true, run: retain_for_ever },
        JsonOperation { name: "AssociateKmsKey", mutates: true, run: encrypt },
        JsonOperation { name: "DisassociateKmsKey", mutates: true, run: encrypt_no_more },
        JsonOperation { name: "ListTagsForResource", mutates: false, run: list_tags },
        JsonOperation { name: "TagResource", mutates: true, run: tag },
        JsonOperation { name: "UntagResource", mutates: true, run: untag },
    ],
    names,
};

/// An operation's result.
type Answer = Result<Value, ApiError>;

/// The groups of a region, by name.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct State {
    groups: BTreeMap<String, Group>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Group {
    arn: String,
    created: Moment,
    class: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    days: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    tags: BTreeMap<String, String>,
}

/// The names that identify what a request is about.
fn names(input: &Object) -> Vec<String> {
    let own = ["logGroupName", "logGroupNamePrefix", "resourceArn"].map(|member| text(input, member));
    own.into_iter().filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn invalid(message: String) -> ApiError {
    ApiError::new("InvalidParameterException", message)
}

fn missing() -> ApiError {
    ApiError::new("ResourceNotFoundException", "The specified log group does not exist.")
}

fn name_of(input: &Object) -> Result<&str, ApiError> {
    let name = text(input, "logGroupName");
    let fits = |c: char| c.is_ascii_alphanumeric() || "_-/.#".contains(c);
    if (1..=512).contains(&name.len()) && name.chars().all(fits) {
        return Ok(name);
    }
    // Unverified text.
    Err(invalid(format!(
        "1 validation error detected: Value '{name}' at 'logGroupName' failed to satisfy constraint: Member must satisfy \
         regular expression pattern: [\\.\\-_/#A-Za-z0-9]+"
    )))
}

fn group<'a>(context: &'a mut Context<'_>, input: &Object) -> Result<&'a mut Group, ApiError> {
    let name = name_of(input)?;
    context.region.logs.groups.get_mut(name).ok_or_else(missing)
}

fn by_arn<'a>(context: &'a mut Context<'_>, input: &Object) -> Result<&'a mut Group, ApiError> {
    let arn = text(input, "resourceArn");
    context.region.logs.groups.values_mut().find(|group| group.arn == arn).ok_or_else(missing)
}

fn pairs(input: &Object, member: &str) -> BTreeMap<String, String> {
    let tags = object(input, member).cloned().unwrap_or_default();
    tags.into_iter().map(|(key, value)| (key, value.as_str().unwrap_or_default().to_owned())).collect()
}

fn create(context: &mut Context<'_>, input: &Object) -> Answer {
    let name = name_of(input)?.to_owned();
    if context.region.logs.groups.contains_key(&name) {
        return Err(ApiError::new("ResourceAlreadyExistsException", "The specified log group already exists"));
    }
    let class = match text(input, "logGroupClass") {
        "" => CLASSES[0],
        class => CLASSES.into_iter().find(|known| *known == class).ok_or_else(|| {
            // Unverified text.
            invalid(format!("logGroupClass is {class}; it must be one of {}.", CLASSES.join(", ")))
        })?,
    };
    let group = Group {
        arn: context.arn("logs", &format!("log-group:{name}")),
        created: context.now,
        class: class.to_owned(),
        days: (class == DELIVERY).then_some(2),
        key: Some(text(input, "kmsKeyId").to_owned()).filter(|key| !key.is_empty()),
        tags: pairs(input, "tags"),
    };
    context.region.logs.groups.insert(name, group);
    Ok(json!({}))
}

fn describe(context: &mut Context<'_>, input: &Object) -> Answer {
    let prefix = text(input, "logGroupNamePrefix");
    let size = usize::try_from(integer(input, "limit").unwrap_or(50).clamp(1, 50)).unwrap_or(50);
    let after = text(input, "nextToken");
    let found = context.region.logs.groups.iter();
    let mut found = found.filter(|(name, _)| name.starts_with(prefix) && name.as_str() > after).peekable();
    let mut shown = Vec::new();
    let mut last = "";
    while let Some((name, group)) = found.next_if(|_| shown.len() < size) {
        last = name;
        let mut described = json!({
            "logGroupName": name,
            "creationTime": group.created.as_millis(),
            "metricFilterCount": 0,
            "arn": format!("{}:*", group.arn),
            "storedBytes": 0,
            "logGroupClass": group.class,
            "logGroupArn": group.arn,
        });
        if let (Some(described), Some(days)) = (described.as_object_mut(), group.days) {
            described.insert("retentionInDays".into(), days.into());
        }
        if let (Some(described), Some(key)) = (described.as_object_mut(), &group.key) {
            described.insert("kmsKeyId".into(), key.as_str().into());
        }
        shown.push(described);
    }
    let mut answer = json!({ "logGroups": shown });
    if let (true, Some(answer)) = (found.peek().is_some(), answer.as_object_mut()) {
        answer.insert("nextToken".into(), last.into());
    }
    Ok(answer)
}

fn delete(context: &mut Context<'_>, input: &Object) -> Answer {
    let name = name_of(input)?;
    context.region.logs.groups.remove(name).map(|_| json!({})).ok_or_else(missing)
}

fn retain(context: &mut Context<'_>, input: &Object) -> Answer {
    let days = integer(input, "retentionInDays").filter(|days| DAYS.contains(days));
    // Unverified text.
    let days = days.ok_or_else(|| invalid(format!("retentionInDays must be one of {DAYS:?}.")))?;
    let group = group(context, input)?;
    if group.class == DELIVERY {
        // Unverified text.
        return Err(invalid("The retention of a log group of the class DELIVERY cannot be changed.".to_owned()));
    }
    group.days = Some(days);
    Ok(json!({}))
}

fn retain_for_ever(context: &mut Context<'_>, input: &Object) -> Answer {
    group(context, input)?.days = None;
    Ok(json!({}))
}

fn encrypt(context: &mut Context<'_>, input: &Object) -> Answer {
    let key = text(input, "kmsKeyId");
    if !key.starts_with("arn:") {
        // Unverified text.
        return Err(invalid(format!("kmsKeyId is {key:?}; it must be the ARN of a key.")));
    }
    group(context, input)?.key = Some(key.to_owned());
    Ok(json!({}))
}

fn encrypt_no_more(context: &mut Context<'_>, input: &Object) -> Answer {
    group(context, input)?.key = None;
    Ok(json!({}))
}

fn list_tags(context: &mut Context<'_>, input: &Object) -> Answer {
    Ok(json!({ "tags": by_arn(context, input)?.tags }))
}

fn tag(context: &mut Context<'_>, input: &Object) -> Answer {
    let tags = pairs(input, "tags");
    by_arn(context, input)?.tags.extend(tags);
    Ok(json!({}))
}

fn untag(context: &mut Context<'_>, input: &Object) -> Answer {
    let keys: Vec<&str> = texts(input, "tagKeys").collect();
    by_arn(context, input)?.tags.retain(|key, _| !keys.contains(&key.as_str()));
    Ok(json!({}))
}
