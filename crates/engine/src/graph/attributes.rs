//! What a reference asks of an object that its type does not have, whatever its values.

use smform_lang::eval::missing_step;
use smform_types::schema::{Block, Nesting};
use smform_types::suggest::did_you_mean;
use smform_types::{Diagnostic, ResourceAddress, Span, Step};

/// The error for what a block of this schema does not have, whatever its values.
pub(super) fn missing_part(
    block: &Block,
    address: &ResourceAddress,
    steps: &[Step],
    places: &[Span],
) -> Option<Diagnostic> {
    let (first, place) = (steps.first()?, places.first()?);
    let Step::Attribute(name) = first else {
        let hint = match first {
            Step::Key(name) if block.names().any(|known| known == name) => format!(": write .{name}"),
            _ => String::new(),
        };
        let detail = format!("Attributes of a resource are selected by their name after a dot{hint}.");
        return Some(Diagnostic::error("Invalid index operation", detail).at(*place));
    };
    let ty = block.ty();
    let Some(part) = ty.attribute(name) else {
        let hint = did_you_mean(name, block.names());
        let detail = format!("There is no attribute \"{name}\" in this object of {address}.{hint}");
        let with_dot = Span { start: place.start.saturating_sub(1), ..*place };
        return Some(Diagnostic::error("Unsupported attribute", detail).at(with_dot));
    };
    let (steps, places) = (steps.get(1..)?, places.get(1..)?);
    if let (Some(nested), Some(step), Some(place)) = (block.blocks.get(name.as_str()), steps.first(), places.first()) {
        let with_dot = Span { start: place.start.saturating_sub(1), ..*place };
        match (nested.nesting, step) {
            (Nesting::List, Step::Attribute(_)) => {
                let detail =
                    format!("The blocks \"{name}\" make a list, so one must be selected by its number: {name}[0].");
                return Some(Diagnostic::error("Invalid operation", detail).at(with_dot));
            }
            (Nesting::Set, step) => {
                let detail = format!(
                    "The blocks \"{name}\" make a set, whose elements have no number or key. Select some with a \"for\" \
                     expression and its \"if\"."
                );
                let place = if matches!(step, Step::Attribute(_)) { with_dot } else { *place };
                return Some(Diagnostic::error("Cannot index a set value", detail).at(place));
            }
            _ => {}
        }
    }
    missing_step(part, steps, places)
}
