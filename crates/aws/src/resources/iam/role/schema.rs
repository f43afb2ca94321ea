//! The schema of `aws_iam_role`.

use smform_types::Type;
use smform_types::schema::{Attribute, Block, Constraint, NestedBlock, Schema};

use super::super::document::{document, inline_document};
use super::super::{name, path};
use crate::constraints::{arn, arn_or_none};
use crate::tags::{tags, tags_all};

pub(super) fn schema() -> Schema {
    let told = || Attribute::computed(Type::String);
    let text = || Attribute::optional(Type::String);
    let named = |longest: usize| {
        let named = Attribute::optional_computed(Type::String).forces_replacement();
        named.with(Constraint::Length(1, longest)).with(name())
    };
    let mut block = Block::new(
        [
            ("id", told()),
            ("arn", told()),
            ("unique_id", told().describe("The id that no other role ever has, even one of the same name.")),
            ("create_date", told()),
            ("name", named(64)),
            ("name_prefix", named(38)),
            (
                "assume_role_policy",
                Attribute::required(Type::String).with(document()).describe("Who may assume the role, as JSON."),
            ),
            ("description", text().with(Constraint::Length(0, 1000))),
            ("path", text().forces_replacement().default_value("/").with(path())),
            (
                "max_session_duration",
                Attribute::optional(Type::Number)
                    .default_value(3600)
                    .with(Constraint::Range(3600.0, 43200.0))
                    .describe("In seconds."),
            ),
            ("permissions_boundary", text().with(arn_or_none())),
            (
                "force_detach_policies",
                Attribute::optional(Type::Bool)
                    .default_value(false)
                    .describe("Whether deleting the role also takes policies away that others have attached."),
            ),
            (
                "managed_policy_arns",
                Attribute::optional_computed(Type::set(Type::String)).with(arn()).describe(
                    "The policies that the role has attached, and no others; left out, they are not looked after here. \
                     Not to be mixed with aws_iam_role_policy_attachment.",
                ),
            ),
            ("tags", tags()),
            ("tags_all", tags_all()),
        ],
        [("inline_policy", inline_policies())],
    );
    block.description = "A role that SageMaker, or another service, acts as.";
    Schema { version: 0, block }
}

/// The `inline_policy` blocks.
fn inline_policies() -> NestedBlock {
    let mut block = Block::new(
        [
            ("name", Attribute::optional(Type::String).with(Constraint::Length(1, 128)).with(name())),
            ("policy", Attribute::optional(Type::String).with(inline_document())),
        ],
        [],
    );
    block.description = "The role's own policies, and no others; one empty block means none. Left out, they are not \
                         looked after here. Not to be mixed with aws_iam_role_policy.";
    NestedBlock::set(block, 0, 0).or_computed()
}
