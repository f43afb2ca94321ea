//! Suggested edits: a change to a configuration file that leaves everything else in it, comments and layout included, as
//! its author wrote it. Written with hcl-edit, which keeps what a syntax tree for evaluation throws away.

use hcl_edit::Decorate as _;
use hcl_edit::structure::{Attribute, Body};
use similar::TextDiff;

use crate::format::format;

/// The unified diff that puts one argument in the place of another, in the resource block of these labels. Nothing when
/// the file cannot be read this way or has no such argument.
///
/// `name` is that of the file, for the head of the diff; `instead` is an argument as in a file (`name_prefix = "a-"`).
#[must_use]
pub fn replace_argument(name: &str, text: &str, labels: [&str; 2], argument: &str, instead: &str) -> Option<String> {
    // Lines that end as on Windows are written otherwise, and the whole file would differ.
    let text = &text.replace("\r\n", "\n");
    let mut body: Body = text.parse().ok()?;
    let block = body.get_blocks_mut("resource").find(|block| {
        block.labels.len() == labels.len()
            && block.labels.iter().zip(labels).all(|(label, want)| label.as_str() == want)
    })?;
    let index = block.body.iter().position(|part| part.as_attribute().is_some_and(|part| part.has_key(argument)))?;
    let new = parsed(instead)?;
    let old = block.body.get_mut(index)?.as_attribute_mut()?;
    let (key, value) = (old.key.decor().clone(), old.value.decor().clone());
    old.key = new.key;
    old.value = new.value;
    *old.key.decor_mut() = key;
    *old.value.decor_mut() = value;
    // What the new one is called may be there as well, as in modules that hand both on, one of them null.
    let mut same = (0..block.body.len()).filter(|at| *at != index);
    let other = same.find(|at| {
        let part = block.body.get(*at).and_then(|part| part.as_attribute());
        part.is_some_and(|part| part.has_key(instead.split([' ', '=']).next().unwrap_or_default()))
    });
    if let Some(other) = other {
        block.body.remove(other);
    }
    let changed = body.to_string();
    // A file in canonical style stays so.
    let changed = if format(text) == *text { format(&changed) } else { changed };
    let diff = TextDiff::from_lines(text, &changed);
    let unified = diff.unified_diff().context_radius(2).header(name, name).to_string();
    (!unified.is_empty()).then_some(unified)
}

fn parsed(argument: &str) -> Option<Attribute> {
    let body: Body = format!("{argument}\n").parse().ok()?;
    body.into_attributes().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# The model.\nresource \"aws_sagemaker_model\" \"m\" {\n  name               = \"vpc-model\" # fixed\n  \
                        execution_role_arn = local.role\n}\n";

    #[test]
    fn one_argument_changes_and_nothing_else() {
        let diff =
            replace_argument("main.tf", FILE, ["aws_sagemaker_model", "m"], "name", "name_prefix = \"vpc-model-\"");
        let expected = "--- main.tf\n+++ main.tf\n@@ -1,5 +1,5 @@\n # The model.\n resource \"aws_sagemaker_model\" \"m\" {\n\
                        -  name               = \"vpc-model\" # fixed\n\
                        +  name_prefix        = \"vpc-model-\" # fixed\n   execution_role_arn = local.role\n }\n";
        assert_eq!(diff.as_deref(), Some(expected));
        let windows = FILE.replace('\n', "\r\n");
        let labels = ["aws_sagemaker_model", "m"];
        assert_eq!(diff, replace_argument("main.tf", &windows, labels, "name", "name_prefix = \"vpc-model-\""));
    }

    #[test]
    fn no_argument_is_written_twice() {
        let both =
            "resource \"m\" \"m\" {\n  name        = var.name\n  name_prefix = var.name_prefix\n  other       = 1\n}\n";
        let diff = replace_argument("main.tf", both, ["m", "m"], "name", "name_prefix = \"${var.name}-\"");
        let expected = "--- main.tf\n+++ main.tf\n@@ -1,5 +1,4 @@\n resource \"m\" \"m\" {\n-  name        = var.name\n\
                        -  name_prefix = var.name_prefix\n+  name_prefix = \"${var.name}-\"\n   other       = 1\n }\n";
        assert_eq!(diff.as_deref(), Some(expected));
    }

    #[test]
    fn what_is_not_there_is_not_suggested() {
        let in_file = |text: &str, labels| replace_argument("main.tf", text, labels, "name", "name_prefix = \"a-\"");
        assert_eq!(in_file(FILE, ["aws_sagemaker_model", "other"]), None);
        assert_eq!(in_file("resource \"a\" \"b\" {}\n", ["a", "b"]), None);
        assert_eq!(in_file("resource {", ["a", "b"]), None);
    }
}
