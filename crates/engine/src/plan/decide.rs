//! The decision for one instance: a pure function of what is wanted, what is recorded and what was just read.

use smform_lang::config::Lifecycle;
use smform_provider::{PlanResponse, ReplaceOrder, SameName};
use smform_types::{Diagnostic, InstanceAddress, Marks, Path, Value};

use super::{Action, Reason, Replacement};

/// All that the decision depends on.
#[derive(Clone, Debug)]
pub struct Situation<'a> {
    /// The instance, for messages.
    pub address: &'a InstanceAddress,
    /// The object as just read; nothing when there is none.
    pub prior: Option<&'a Value>,
    /// Whether the object is recorded as tainted.
    pub tainted: bool,
    /// Whether the user asked for a replacement.
    pub requested: bool,
    /// Whether a change elsewhere asks for a replacement.
    pub triggered: bool,
    /// Whether the service takes the object away with what it is a part of.
    pub along: bool,
    /// What the provider plans, starting from the object.
    pub planned: &'a PlanResponse,
    /// What the provider plans for a new object; needed when the object is replaced.
    pub fresh: Option<&'a PlanResponse>,
    /// Whether the configuration has it created first, itself or through what depends on it.
    pub create_first: bool,
    /// The user's rules.
    pub lifecycle: &'a Lifecycle,
    /// The marks that configuration and schema put on the planned object.
    pub marks: &'a [(Path, Marks)],
}

/// What was decided.
#[derive(Clone, Debug)]
pub struct Decision {
    /// What is to be done.
    pub action: Action,
    /// Why.
    pub reason: Option<Reason>,
    /// The object as it will be.
    pub after: Value,
    /// The attributes that force a replacement.
    pub replace_paths: Vec<Path>,
    /// Set when a replacement would take the name of the object it replaces.
    pub same_name: Option<SameName>,
    /// The name that has to be free before the new object can be made.
    pub name_first: Option<SameName>,
    /// Whether the old object cannot go before what uses it has moved to the new one.
    pub delete_last: bool,
    /// Set when the user's rules forbid it.
    pub refusal: Option<Diagnostic>,
}

/// Whether the instance will be replaced, so that the provider must be asked about a new object as well.
#[must_use]
pub fn is_replaced(prior: bool, tainted: bool, forced: bool, planned: &PlanResponse) -> bool {
    prior && (tainted || forced || !planned.replace.is_empty())
}

/// Decides.
#[must_use]
pub fn decide(situation: &Situation<'_>) -> Decision {
    let marked = |value: &Value| value.clone().mark_paths(situation.marks);
    let Some(prior) = situation.prior else {
        let after = marked(&situation.planned.planned);
        // As in Terraform, also what is new says that something it names has changed.
        let reason = situation.triggered.then_some(Reason::Triggered);
        return Decision { reason, ..plain(Action::Create, after) };
    };
    let forced = situation.requested || situation.triggered || situation.along;
    if is_replaced(true, situation.tainted, forced, situation.planned) {
        return replace(situation, marked);
    }
    let after = marked(&situation.planned.planned);
    // A value that only became sensitive, or ceased to be, is an update of the record.
    let settled = *prior == after && !situation.planned.unsettled;
    let action = if settled { Action::NoOp } else { Action::Update };
    plain(action, after)
}

fn plain(action: Action, after: Value) -> Decision {
    Decision {
        action,
        reason: None,
        after,
        replace_paths: Vec::new(),
        same_name: None,
        name_first: None,
        delete_last: false,
        refusal: None,
    }
}

fn replace(situation: &Situation<'_>, marked: impl Fn(&Value) -> Value) -> Decision {
    let refusal = situation.lifecycle.prevent_destroy.then(|| prevented(situation.address));
    let fresh = situation.fresh.unwrap_or(situation.planned);
    // What is tainted is given up whatever has changed.
    let replace_paths = if situation.tainted { Vec::new() } else { situation.planned.replace.clone() };
    let reason = if situation.triggered {
        Reason::Triggered
    } else if situation.tainted {
        Reason::Tainted
    } else if situation.requested {
        Reason::Requested
    } else {
        Reason::CannotUpdate
    };
    let order = match situation.lifecycle.create_before_destroy {
        _ if matches!(fresh.order, ReplaceOrder::GiveWay(_)) => Replacement::DeleteFirst,
        _ if situation.create_first => Replacement::CreateFirst,
        Some(true) => Replacement::CreateFirst,
        None if matches!(fresh.order, ReplaceOrder::CreateFirst | ReplaceOrder::DeleteLast) => Replacement::CreateFirst,
        _ => Replacement::DeleteFirst,
    };
    let (same_name, name_first) = match &fresh.order {
        ReplaceOrder::SameName(same) => (Some(same.clone()), None),
        ReplaceOrder::NameFirst(same) | ReplaceOrder::GiveWay(same) => (None, Some(same.clone())),
        ReplaceOrder::CreateFirst | ReplaceOrder::DeleteLast | ReplaceOrder::DeleteFirst => (None, None),
    };
    let after = marked(&fresh.planned);
    let delete_last = fresh.order == ReplaceOrder::DeleteLast;
    Decision {
        action: Action::Replace(order),
        reason: Some(reason),
        after,
        replace_paths,
        same_name,
        name_first,
        delete_last,
        refusal,
    }
}

/// The summary of what is said of an object that must not be destroyed.
pub const PREVENTED: &str = "Instance cannot be destroyed";

/// The message for an object that must not be destroyed.
#[must_use]
pub fn prevented(address: &InstanceAddress) -> Diagnostic {
    Diagnostic::error(
        PREVENTED,
        format!(
            "The plan calls for {address} to be destroyed, but its lifecycle block says prevent_destroy = true. Change \
             the configuration so that it need not be destroyed, remove prevent_destroy, or leave it out with -target."
        ),
    )
    .about(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use smform_types::{Diagnostics, Type};

    fn response(name: &str, replace: bool, order: ReplaceOrder) -> PlanResponse {
        PlanResponse {
            planned: Value::object([("name", Value::string(name)), ("size", Value::unknown(Type::Number))]),
            replace: if replace { vec![Path::attribute("size")] } else { Vec::new() },
            unsettled: false,
            uses_more: false,
            moving: None,
            order,
            diagnostics: Diagnostics::new(),
        }
    }

    fn prior() -> Value {
        Value::object([("name", Value::string("a")), ("size", Value::number(1))])
    }

    fn run(prior: Option<&Value>, planned: &PlanResponse, lifecycle: &Lifecycle) -> Decision {
        let address: InstanceAddress = "t.x".parse().expect("address");
        decide(&Situation {
            address: &address,
            prior,
            tainted: false,
            requested: false,
            triggered: false,
            along: false,
            planned,
            fresh: Some(planned),
            create_first: false,
            lifecycle,
            marks: &[],
        })
    }

    #[test]
    fn what_is_missing_is_created_and_what_differs_updated() {
        let lifecycle = Lifecycle::default();
        let planned = response("a", false, ReplaceOrder::DeleteFirst);
        assert_eq!(run(None, &planned, &lifecycle).action, Action::Create);
        assert_eq!(run(Some(&prior()), &planned, &lifecycle).action, Action::Update);
        let same = PlanResponse { planned: prior(), ..planned };
        assert_eq!(run(Some(&prior()), &same, &lifecycle).action, Action::NoOp);
        let leaving = PlanResponse { unsettled: true, ..same };
        assert_eq!(run(Some(&prior()), &leaving, &lifecycle).action, Action::Update);
    }

    #[test]
    fn the_users_order_comes_before_the_providers() {
        let planned = response("a", true, ReplaceOrder::CreateFirst);
        let action = |cbd| {
            let lifecycle = Lifecycle { create_before_destroy: cbd, ..Lifecycle::default() };
            run(Some(&prior()), &planned, &lifecycle).action
        };
        assert_eq!(action(None), Action::Replace(Replacement::CreateFirst));
        assert_eq!(action(Some(false)), Action::Replace(Replacement::DeleteFirst));
    }

    #[test]
    fn what_gives_way_goes_first_whatever_the_user_says() {
        let same = SameName { attribute: Path::attribute("name"), instead: String::new(), users: Vec::new() };
        let planned = response("a", true, ReplaceOrder::GiveWay(same.clone()));
        let lifecycle = Lifecycle { create_before_destroy: Some(true), ..Lifecycle::default() };
        let decision = run(Some(&prior()), &planned, &lifecycle);
        assert_eq!(decision.action, Action::Replace(Replacement::DeleteFirst));
        assert_eq!(decision.name_first, Some(same));
    }

    #[test]
    fn a_kept_name_is_noticed() {
        let lifecycle = Lifecycle::default();
        let same = SameName { attribute: Path::attribute("name"), instead: String::new(), users: Vec::new() };
        let kept = run(Some(&prior()), &response("a", true, ReplaceOrder::SameName(same.clone())), &lifecycle);
        assert_eq!(kept.same_name, Some(same));
        assert_eq!(kept.action, Action::Replace(Replacement::DeleteFirst));
        let changed = run(Some(&prior()), &response("b", true, ReplaceOrder::CreateFirst), &lifecycle);
        assert_eq!(changed.same_name, None);
    }

    #[test]
    fn of_several_reasons_the_most_telling_is_named() {
        let (address, lifecycle): (InstanceAddress, _) = ("t.x".parse().expect("address"), Lifecycle::default());
        let planned = response("a", true, ReplaceOrder::DeleteFirst);
        let prior = prior();
        let reason = |tainted, requested, triggered| {
            let decision = decide(&Situation {
                address: &address,
                prior: Some(&prior),
                tainted,
                requested,
                triggered,
                along: false,
                planned: &planned,
                fresh: Some(&planned),
                create_first: false,
                lifecycle: &lifecycle,
                marks: &[],
            });
            (decision.reason, decision.replace_paths.len())
        };
        assert_eq!(reason(true, true, true), (Some(Reason::Triggered), 0));
        assert_eq!(reason(true, true, false), (Some(Reason::Tainted), 0));
        assert_eq!(reason(false, true, false), (Some(Reason::Requested), 1));
        assert_eq!(reason(false, false, false), (Some(Reason::CannotUpdate), 1));
    }

    #[test]
    fn prevent_destroy_refuses_a_replacement() {
        let lifecycle = Lifecycle { prevent_destroy: true, ..Lifecycle::default() };
        assert!(run(Some(&prior()), &response("a", true, ReplaceOrder::DeleteFirst), &lifecycle).refusal.is_some());
    }
}
