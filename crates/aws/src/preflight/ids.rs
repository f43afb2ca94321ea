//! What ids of subnets and groups tell by themselves.

use smform_types::{Diagnostic, Diagnostics, Path};

use crate::fields::Fields;

/// Checks the `subnets` and `security_group_ids` of a block at a path.
pub(crate) fn check_ids(block: Fields<'_>, at: &Path) -> Diagnostics {
    let mut found = Diagnostics::new();
    for (argument, prefix) in [("subnets", "subnet-"), ("security_group_ids", "sg-")] {
        for id in block.texts(argument).iter().filter(|id| !is_id(id, prefix)) {
            found.push(odd_id(id, prefix).of_attribute(at.attr(argument)));
        }
    }
    let subnets = block.texts("subnets");
    if subnets.len() == 1 && !block.is_unknown("subnets") {
        found.push(
            Diagnostic::warning(
                "Only one subnet",
                "SageMaker wants subnets in at least two availability zones, even for one instance; creating the \
                 endpoint may fail. Add a subnet of another zone.",
            )
            .of_attribute(at.attr("subnets")),
        );
    }
    found
}

/// Checks a single security group id of a block at a path.
pub(crate) fn check_group_id(block: Fields<'_>, argument: &str, at: &Path) -> Diagnostics {
    let odd = block.text(argument).filter(|id| !is_id(id, "sg-"));
    odd.map(|id| odd_id(id, "sg-").of_attribute(at.attr(argument))).into_iter().collect()
}

fn is_id(id: &str, prefix: &str) -> bool {
    id.strip_prefix(prefix).is_some_and(|hex| {
        matches!(hex.len(), 8 | 17) && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}

fn odd_id(id: &str, prefix: &str) -> Diagnostic {
    let (kind, hint) = match prefix {
        "sg-" => ("security group", "sg-0123456789abcdef0"),
        _ => ("subnet", "subnet-0123456789abcdef0"),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if id.is_empty() || id.len() > 32 || !id.chars().all(plain) {
        let what = if id.starts_with("arn:") { "an ARN" } else { "not the id" };
        let detail = if id.starts_with("arn:") {
            format!("\"{id}\" is {what}. Give the id of the {kind}, such as {hint}.")
        } else {
            format!("\"{id}\" is {what} of a {kind}, such as {hint}.")
        };
        return Diagnostic::error(format!("Invalid {kind} id"), detail);
    }
    let other =
        ["vpc-", "subnet-", "sg-", "eni-", "rtb-"].iter().find(|other| **other != prefix && id.starts_with(**other));
    match other {
        Some(other) => Diagnostic::error(
            format!("Invalid {kind} id"),
            format!("\"{id}\" begins with {other}; the id of a {kind} looks like {hint}."),
        ),
        None => Diagnostic::warning(
            format!("Unusual {kind} id"),
            format!("\"{id}\" does not look like the id of a {kind}, such as {hint}. Is it a name?"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smform_types::{Severity, Type, Value};

    fn severities(subnets: &[&str], groups: &[&str]) -> Vec<Severity> {
        let set = |ids: &[&str]| Value::set(Type::String, ids.iter().map(Value::string));
        let block = Value::object([("subnets", set(subnets)), ("security_group_ids", set(groups))]);
        check_ids(Fields(&block), &Path::root()).iter().map(|diagnostic| diagnostic.severity).collect()
    }

    #[test]
    fn ids_are_told_from_other_things() {
        let good = ["subnet-0123456789abcdef0", "subnet-01234567"];
        assert_eq!(severities(&good, &["sg-0123456789abcdef0"]), []);
        assert_eq!(severities(&["subnet-a", "subnet-b"], &[]), [Severity::Warning, Severity::Warning]);
        assert_eq!(severities(&good, &["vpc-0123456789abcdef0"]), [Severity::Error]);
        assert_eq!(severities(&good, &["arn:aws:ec2:us-east-1:1:security-group/sg-1"]), [Severity::Error]);
        assert_eq!(severities(&good, &["my group"]), [Severity::Error]);
    }

    #[test]
    fn one_subnet_is_a_warning_unless_more_may_come() {
        assert_eq!(severities(&["subnet-01234567"], &[]), [Severity::Warning]);
        let unknown = Value::set(Type::String, [Value::string("subnet-01234567"), Value::unknown(Type::String)]);
        let block = Value::object([("subnets", unknown)]);
        assert!(check_ids(Fields(&block), &Path::root()).is_empty());
    }
}
