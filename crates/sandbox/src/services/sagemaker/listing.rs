//! ListModels, ListEndpointConfigs, ListEndpoints, and what every listing needs: filters, order, pages.

use std::cmp::Ordering;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Answer;
use super::body::{Object, integer, number, text};
use super::errors::validation;
use super::state::Immutable;
use crate::clock::Moment;
use crate::services::Context;
use crate::wire::ApiError;

/// The page size when the request names none.
const PAGE: i64 = 10;

/// What can be filtered and sorted by.
pub(super) struct Entry {
    pub name: String,
    pub created: Moment,
    pub modified: Option<Moment>,
    pub status: &'static str,
    pub summary: Value,
}

pub(crate) fn models(context: &mut Context<'_>, input: &Object) -> Answer {
    let entries = context.region.sagemaker.models.values().map(|model| immutable(model, "Model"));
    page("Models", entries.collect(), input)
}

pub(crate) fn endpoint_configs(context: &mut Context<'_>, input: &Object) -> Answer {
    let entries = context.region.sagemaker.configs.values().map(|config| immutable(config, "EndpointConfig"));
    page("EndpointConfigs", entries.collect(), input)
}

pub(crate) fn endpoints(context: &mut Context<'_>, input: &Object) -> Answer {
    let now = context.now;
    let entries = context.region.sagemaker.endpoints.values().map(|endpoint| Entry {
        name: endpoint.name.clone(),
        created: endpoint.created,
        modified: Some(endpoint.modified),
        status: endpoint.status(now),
        summary: json!({
            "EndpointName": endpoint.name,
            "EndpointArn": endpoint.arn,
            "CreationTime": endpoint.created.as_seconds(),
            "LastModifiedTime": endpoint.modified.as_seconds(),
            "EndpointStatus": endpoint.status(now),
        }),
    });
    page("Endpoints", entries.collect(), input)
}

fn immutable(resource: &Immutable, kind: &str) -> Entry {
    Entry {
        name: resource.name.clone(),
        created: resource.created,
        modified: None,
        status: "",
        summary: json!({
            format!("{kind}Name"): resource.name,
            format!("{kind}Arn"): resource.arn,
            "CreationTime": resource.created.as_seconds(),
        }),
    }
}

/// Where a page ended: the last entry's place in the order, and which query it belongs to.
#[derive(Serialize, Deserialize)]
struct Token {
    query: String,
    key: String,
    name: String,
}

/// A page of the entries that a request asks for, as the member `list` of the answer.
pub(super) fn page(list: &str, mut entries: Vec<Entry>, input: &Object) -> Answer {
    entries.retain(|entry| passes(entry, input));
    let sort = text(input, "SortBy");
    let key = |entry: &Entry| match sort {
        "Name" => String::new(),
        "Status" => entry.status.to_owned(),
        // Signed milliseconds made to sort as text.
        _ => format!("{:020}", i128::from(entry.created.as_millis()) - i128::from(i64::MIN)),
    };
    let ascending = text(input, "SortOrder") == "Ascending";
    let order = |a: (&str, &str), b: (&str, &str)| if ascending { a.cmp(&b) } else { b.cmp(&a) };
    let mut keyed: Vec<(String, Entry)> = entries.into_iter().map(|entry| (key(&entry), entry)).collect();
    keyed.sort_by(|(ka, a), (kb, b)| order((ka, &a.name), (kb, &b.name)));

    let query = fingerprint(list, input);
    if let Some(token) = input.get("NextToken").and_then(Value::as_str) {
        let token = read_token(token, &query)?;
        keyed.retain(|(key, entry)| order((key, &entry.name), (&token.key, &token.name)) == Ordering::Greater);
    }
    let size = usize::try_from(integer(input, "MaxResults").unwrap_or(PAGE)).unwrap_or(1);
    let more = keyed.len() > size;
    keyed.truncate(size);
    let mut answer = Object::new();
    if let (true, Some((key, last))) = (more, keyed.last()) {
        let token = json!({ "query": query, "key": key, "name": last.name });
        answer.insert("NextToken".into(), Value::from(URL_SAFE_NO_PAD.encode(token.to_string())));
    }
    answer.insert(list.to_owned(), keyed.into_iter().map(|(_, entry)| entry.summary).collect());
    Ok(Value::Object(answer))
}

fn passes(entry: &Entry, input: &Object) -> bool {
    let within = |time: Option<Moment>, prefix: &str| {
        time.is_none_or(|time| {
            number(input, &format!("{prefix}TimeBefore")).is_none_or(|before| time.as_seconds() < before)
                && number(input, &format!("{prefix}TimeAfter")).is_none_or(|after| time.as_seconds() > after)
        })
    };
    let status = text(input, "StatusEquals");
    entry.name.contains(text(input, "NameContains"))
        && within(Some(entry.created), "Creation")
        && within(entry.modified, "LastModified")
        && (status.is_empty() || status == entry.status)
}

/// What binds a token to its query: everything in the request but the page itself.
fn fingerprint(list: &str, input: &Object) -> String {
    let mut query: Vec<(&String, &Value)> =
        input.iter().filter(|(name, _)| !matches!(name.as_str(), "NextToken" | "MaxResults")).collect();
    query.sort_by_key(|(name, _)| *name);
    let digest = Sha256::digest(format!("{list} {}", json!(query)));
    URL_SAFE_NO_PAD.encode(digest.get(..12).unwrap_or_default())
}

fn read_token(token: &str, query: &str) -> Result<Token, ApiError> {
    URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| serde_json::from_slice::<Token>(&bytes).ok())
        .filter(|token| token.query == query)
        // Unverified text.
        .ok_or_else(|| validation("The NextToken is not valid for this request."))
}
