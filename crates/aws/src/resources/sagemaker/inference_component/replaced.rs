//! Replacing an inference component: its name is unique in an account and region, and cannot be generated.

use smform_provider::{Former, PlannedObject, ReplaceOrder, SameName};
use smform_types::{Diagnostic, Diagnostics, Path, Value};

use super::super::is_replaced;
use crate::fields::Fields;
use crate::names::next;

/// In which order a component is replaced: one with another name can be in service before the old one goes. A name that
/// is not known yet counts as another one: were it the same after all, the creation would be refused.
pub(super) fn order(former: &Former, config: &Value) -> ReplaceOrder {
    let name = Fields(config).text("name");
    match (former, name) {
        (Former::Replaced(old), Some(name)) if Fields(old).text("name") == Some(name) => {
            let instead = format!("name = {:?}", next(name));
            let same = SameName { attribute: Path::attribute("name"), instead, users: Vec::new() };
            // A failed one without copies serves nothing, and would keep its name for ever.
            let copies = Fields(old).block("runtime_config").and_then(|copies| copies.int("current_copy_count"));
            if Fields(old).text("status") == Some("Failed") && copies.unwrap_or_default() == 0 {
                ReplaceOrder::GiveWay(same)
            } else {
                ReplaceOrder::SameName(same)
            }
        }
        (Former::Replaced(_), _) => ReplaceOrder::CreateFirst,
        _ => ReplaceOrder::default(),
    }
}

/// Says that a component which serves is missing while it is replaced under its name.
pub(super) fn check(object: &PlannedObject) -> Diagnostics {
    let Some((before, after)) = object.before.as_ref().zip(object.after.as_ref()) else { return Diagnostics::new() };
    let (old, new) = (Fields(before), Fields(after));
    let Some(name) = new.text("name").filter(|name| old.text("name") == Some(name)) else { return Diagnostics::new() };
    if !is_replaced(before, after) || old.text("status") != Some("InService") {
        return Diagnostics::new();
    }
    let detail = format!(
        "There can be one component of a name in an account and region, so the old one is deleted before the new one is \
         made, and nothing answers for \"{name}\" until that is in service. To have the new one first, give it another \
         name, such as {:?}, where its endpoint has room for both.",
        next(name)
    );
    let warning =
        Diagnostic::warning(format!("Inference component \"{name}\" does not serve while it is replaced"), detail);
    warning.of_attribute(Path::attribute("name")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(name: &str, status: &str) -> Value {
        Value::object([("arn", Value::string("old")), ("name", Value::string(name)), ("status", Value::string(status))])
    }

    #[test]
    fn a_failed_one_gives_way() {
        let order = |status: &str| {
            order(&Former::Replaced(component("ic", status)), &Value::object([("name", Value::string("ic"))]))
        };
        assert!(matches!(order("Failed"), ReplaceOrder::GiveWay(_)));
        assert!(matches!(order("InService"), ReplaceOrder::SameName(_)));
    }

    #[test]
    fn only_the_loss_of_what_serves_is_warned_of() {
        let summaries = |before: Value, after: Value| {
            let object = PlannedObject {
                type_name: "aws_sagemaker_inference_component".into(),
                before: Some(before),
                after: Some(after),
            };
            check(&object).into_iter().map(|warning| warning.summary).collect::<Vec<_>>()
        };
        let new = |name: &str| {
            component(name, "InService").update_at(&Path::attribute("arn").0, &mut |arn| Value::unknown(arn.ty()))
        };
        let expected = ["Inference component \"ic\" does not serve while it is replaced"];
        assert_eq!(summaries(component("ic", "InService"), new("ic")), expected);
        let none = Vec::<String>::new();
        assert_eq!(summaries(component("ic", "Failed"), new("ic")), none);
        assert_eq!(summaries(component("ic", "InService"), new("ic-2")), none);
        assert_eq!(summaries(component("ic", "InService"), component("ic", "InService")), none);
    }
}
