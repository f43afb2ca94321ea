//! The schema of `aws_iam_policy_document`, and its rules between arguments.

use std::collections::BTreeSet;

use smform_types::schema::{Attribute, Block, Constraint, NestedBlock, Schema};
use smform_types::{Diagnostic, Diagnostics, Path, Type};

use crate::fields::Fields;

/// The version of a document that names none.
pub(super) const VERSION: &str = "2012-10-17";

pub(super) fn schema() -> Schema {
    let text = || Attribute::optional(Type::String);
    let told = || Attribute::computed(Type::String);
    let set = || Attribute::optional(Type::set(Type::String));
    let documents = || Attribute::optional(Type::list(Type::String));
    let principal = || {
        let block = Block::new(
            [
                ("type", Attribute::required(Type::String).describe("AWS, Service, Federated, CanonicalUser or *.")),
                ("identifiers", Attribute::required(Type::set(Type::String))),
            ],
            [],
        );
        NestedBlock::set(block, 0, 0)
    };
    let condition = Block::new(
        [
            ("test", Attribute::required(Type::String)),
            ("variable", Attribute::required(Type::String)),
            ("values", Attribute::required(Type::list(Type::String))),
        ],
        [],
    );
    let statement = Block::new(
        [
            (
                "sid",
                text().describe(
                    "Letters and digits only in a policy of IAM; those of buckets, keys and the like may have others.",
                ),
            ),
            ("effect", text().with(Constraint::OneOf(&["Allow", "Deny"]))),
            ("actions", set()),
            ("not_actions", set()),
            ("resources", set()),
            ("not_resources", set()),
        ],
        [
            ("principals", principal()),
            ("not_principals", principal()),
            ("condition", NestedBlock::set(condition, 0, 0)),
        ],
    );
    let mut block = Block::new(
        [
            ("id", told()),
            ("json", told().describe("The document, indented.")),
            ("minified_json", told().describe("The document without blanks.")),
            ("version", Attribute::optional_computed(Type::String).with(Constraint::OneOf(&[VERSION, "2008-10-17"]))),
            ("policy_id", text()),
            ("source_policy_documents", documents().describe("Documents to begin with.")),
            (
                "override_policy_documents",
                documents().describe("Documents whose statements replace those of the same sid."),
            ),
            ("source_json", text().deprecated("Use source_policy_documents.")),
            ("override_json", text().deprecated("Use override_policy_documents.")),
        ],
        [("statement", NestedBlock::list(statement, 0, 0))],
    );
    block.description = "A policy document of IAM, written in blocks. No call is made.";
    Schema { version: 0, block }
}

/// Every sid is used once, and a statement says either what it is for or what it is not for.
pub(super) fn check(config: Fields<'_>) -> Diagnostics {
    let mut found = Diagnostics::new();
    let mut seen = BTreeSet::new();
    for (at, statement) in config.blocks("statement").enumerate() {
        let path = Path::attribute("statement").index(at);
        if let Some(sid) = statement.text("sid")
            && !seen.insert(sid)
        {
            let detail = format!("Another statement has the sid \"{sid}\" already.");
            found.push(Diagnostic::error("Sid used twice", detail).of_attribute(path.attr("sid")));
        }
        for (one, other) in [("actions", "not_actions"), ("resources", "not_resources")] {
            if !statement.texts(one).is_empty() && !statement.texts(other).is_empty() {
                let detail = format!("A statement has either {one} or {other}.");
                found.push(Diagnostic::error("Conflicting arguments", detail).of_attribute(path.attr(other)));
            }
        }
    }
    found
}
