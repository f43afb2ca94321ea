//! From blocks and given documents to one document.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};
use smform_provider::ProviderError;

use super::schema::VERSION;
use crate::fields::Fields;

/// A document: its version, its id, and its statements in order.
#[derive(Default)]
struct Document {
    version: Option<String>,
    id: Option<String>,
    statements: Vec<Map<String, Json>>,
}

/// The document that a configuration means, as JSON in the order in which it is written.
///
/// # Errors
/// When a given document is no policy, or two of them have a sid in common.
pub(super) fn of(config: Fields<'_>) -> Result<Json, ProviderError> {
    let mut merged = Document::default();
    let mut sids = BTreeSet::new();
    for text in given(config, "source_json", "source_policy_documents") {
        let document = parse(&text)?;
        for sid in document.statements.iter().filter_map(sid) {
            if !sids.insert(sid.to_owned()) {
                let detail = format!("The sid \"{sid}\" is in more than one of source_policy_documents.");
                return Err(ProviderError::new("Sid used twice", detail));
            }
        }
        merged.absorb(document);
    }
    merged.absorb(own(config)?);
    for text in given(config, "override_json", "override_policy_documents") {
        merged.absorb(parse(&text)?);
    }
    let mut json = Map::new();
    json.insert("Version".into(), merged.version.unwrap_or_else(|| VERSION.to_owned()).into());
    if let Some(id) = merged.id {
        json.insert("Id".into(), id.into());
    }
    if !merged.statements.is_empty() {
        json.insert("Statement".into(), merged.statements.into_iter().map(Json::Object).collect());
    }
    Ok(Json::Object(json))
}

fn given(config: Fields<'_>, one: &str, several: &str) -> Vec<String> {
    let texts = config.owned(one).into_iter().chain(config.texts(several));
    texts.filter(|text| !text.trim().is_empty()).collect()
}

fn sid(statement: &Map<String, Json>) -> Option<&str> {
    statement.get("Sid").and_then(Json::as_str).filter(|sid| !sid.is_empty())
}

impl Document {
    /// Takes in another document: statements of a known sid replace, the others follow; the higher version wins.
    fn absorb(&mut self, other: Document) {
        self.version = self.version.take().max(other.version);
        self.id = other.id.or(self.id.take());
        for statement in other.statements {
            let known = sid(&statement).and_then(|new| self.statements.iter_mut().find(|old| sid(old) == Some(new)));
            match known {
                Some(old) => *old = statement,
                None => self.statements.push(statement),
            }
        }
    }
}

/// A given document; a single statement may stand without a list.
fn parse(text: &str) -> Result<Document, ProviderError> {
    let refuse = |why: String| ProviderError::new("Not a policy document", why);
    let json: Json = serde_json::from_str(text).map_err(|error| refuse(format!("It is not JSON: {error}.")))?;
    let Json::Object(mut members) = json else {
        return Err(refuse("A policy document is a JSON object.".to_owned()));
    };
    let text_of = |members: &Map<String, Json>, name: &str| members.get(name).and_then(Json::as_str).map(str::to_owned);
    let (version, id) = (text_of(&members, "Version"), text_of(&members, "Id"));
    let statements = match members.remove("Statement") {
        None | Some(Json::Null) => Vec::new(),
        Some(Json::Array(items)) => items,
        Some(one) => vec![one],
    };
    let statements = statements.into_iter().map(|statement| match statement {
        Json::Object(members) => Ok(in_order(members)),
        _ => Err(refuse("A statement is a JSON object.".to_owned())),
    });
    Ok(Document { version, id, statements: statements.collect::<Result<_, _>>()? })
}

/// The order in which the members of a statement are written.
const ORDER: [&str; 9] =
    ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition"];

fn in_order(mut members: Map<String, Json>) -> Map<String, Json> {
    let mut ordered = Map::new();
    for name in ORDER {
        if let Some(value) = members.shift_remove(name) {
            ordered.insert(name.to_owned(), value);
        }
    }
    ordered.extend(members);
    ordered
}

/// The document of the configuration's own blocks.
fn own(config: Fields<'_>) -> Result<Document, ProviderError> {
    let version = config.owned("version");
    let old = version.as_deref() == Some("2008-10-17");
    let mut statements = Vec::new();
    for block in config.blocks("statement") {
        let mut statement = Map::new();
        let mut insert = |name: &str, value: Option<Json>| {
            if let Some(value) = value {
                statement.insert(name.to_owned(), value);
            }
        };
        insert("Sid", block.owned("sid").map(Json::from));
        insert("Effect", Some(block.text("effect").unwrap_or("Allow").into()));
        insert("Action", one_or_many(block.texts("actions")));
        insert("NotAction", one_or_many(block.texts("not_actions")));
        insert("Resource", one_or_many(variables(block.texts("resources"), old)?));
        insert("NotResource", one_or_many(variables(block.texts("not_resources"), old)?));
        insert("Principal", principals(block, "principals", old)?);
        insert("NotPrincipal", principals(block, "not_principals", old)?);
        insert("Condition", conditions(block, old)?);
        statements.push(statement);
    }
    let version = version.or_else(|| Some(VERSION.to_owned()));
    Ok(Document { version, id: config.owned("policy_id"), statements })
}

/// Text in which `&{...}`, which does not collide with templates, stands for IAM's `${...}`.
fn variables(texts: Vec<String>, old: bool) -> Result<Vec<String>, ProviderError> {
    let written = texts.into_iter().map(|text| {
        if old && text.contains("&{") {
            let detail = format!("\"{text}\" has a variable, which version 2008-10-17 does not know.");
            return Err(ProviderError::new("Variable in an old policy", detail));
        }
        Ok(text.replace("&{", "${"))
    });
    written.collect()
}

/// A set: a single element as text, several as a list from the last to the first.
fn one_or_many(mut texts: Vec<String>) -> Option<Json> {
    texts.sort_unstable_by(|a, b| b.cmp(a));
    match texts.len() {
        0 => None,
        1 => texts.pop().map(Json::from),
        _ => Some(texts.into()),
    }
}

fn principals(block: Fields<'_>, name: &str, old: bool) -> Result<Option<Json>, ProviderError> {
    let mut kinds: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for principal in block.blocks(name) {
        let Some(kind) = principal.text("type") else { continue };
        kinds.entry(kind).or_default().extend(variables(principal.texts("identifiers"), old)?);
    }
    if kinds.is_empty() {
        return Ok(None);
    }
    if kinds.len() == 1 && kinds.get("*").is_some_and(|identifiers| *identifiers == ["*"]) {
        return Ok(Some("*".into()));
    }
    let kinds = kinds.into_iter().filter_map(|(kind, identifiers)| Some((kind.to_owned(), one_or_many(identifiers)?)));
    Ok(Some(Json::Object(kinds.collect())))
}

fn conditions(block: Fields<'_>, old: bool) -> Result<Option<Json>, ProviderError> {
    let mut tests: BTreeMap<String, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    for condition in block.blocks("condition") {
        let (Some(test), Some(variable)) = (condition.owned("test"), condition.owned("variable")) else { continue };
        let values = variables(condition.texts("values"), old)?;
        tests.entry(test).or_default().entry(variable).or_default().extend(values);
    }
    let written = |mut values: Vec<String>| match values.len() {
        1 => values.pop().map_or(Json::Null, Json::from),
        _ => values.into(),
    };
    let tests = tests.into_iter().map(|(test, variables)| {
        let variables = variables.into_iter().map(|(variable, values)| (variable, written(values)));
        (test, Json::Object(variables.collect()))
    });
    let tests: Map<String, Json> = tests.collect();
    Ok((!tests.is_empty()).then_some(Json::Object(tests)))
}
