//! When a whole state may take the place of another, as `state push` and migrations between backends have it.

use crate::model::State;

/// What giving a state to a place comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// It takes the place of what is there.
    Replaces,
    /// The same is there already.
    Same,
    /// It must not, and why.
    Refused(String),
}

/// Compares a state with what is in the place that it is to go to.
#[must_use]
pub fn compare(current: &State, incoming: &State) -> Exchange {
    let same = State { terraform_version: current.terraform_version.clone(), ..incoming.clone() } == *current;
    if same {
        return Exchange::Same;
    }
    // As Terraform has it, a state of nothing gives way whatever it is.
    if current.lineage.is_empty() || current.is_empty() {
        return Exchange::Replaces;
    }
    if !incoming.lineage.is_empty() && incoming.lineage != current.lineage {
        return Exchange::Refused(format!(
            "cannot import state with lineage \"{}\" over unrelated state with lineage \"{}\"",
            incoming.lineage, current.lineage
        ));
    }
    if incoming.serial < current.serial {
        return Exchange::Refused(format!(
            "cannot import state with serial {} over newer state with serial {}",
            incoming.serial, current.serial
        ));
    }
    if incoming.serial > current.serial {
        return Exchange::Replaces;
    }
    Exchange::Refused(format!(
        "cannot overwrite existing state with serial {} with a different state that has the same serial",
        current.serial
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Output;

    #[test]
    fn lineage_serial_and_content_decide() {
        let output = || Output { value: 1.into(), ty: "number".into(), sensitive: false };
        let state = |serial, lineage: &str, version: &str| State {
            serial,
            lineage: lineage.to_owned(),
            check_results: version.into(),
            outputs: [("o".to_owned(), output())].into(),
            ..State::default()
        };
        let current = state(4, "a", "x");
        assert_eq!(compare(&State::default(), &current), Exchange::Replaces);
        assert_eq!(compare(&current, &state(5, "a", "y")), Exchange::Replaces);
        assert_eq!(compare(&current, &current), Exchange::Same);
        for other in [state(4, "a", "y"), state(3, "a", "x"), state(9, "b", "x")] {
            assert!(matches!(compare(&current, &other), Exchange::Refused(_)), "{other:?}");
            let nothing = State { outputs: Default::default(), ..current.clone() };
            assert_eq!(compare(&nothing, &other), Exchange::Replaces);
        }
    }
}
