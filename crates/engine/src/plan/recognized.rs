//! Whose an object is that is found without being on record: one that has another address in the state, or one that somebody
//! else has made under a name that an earlier run announced.

use smform_types::{Diagnostic, Value};

use super::ObjectKey;
use super::stored::{is_one, text_of};
use super::walk::Walker;

impl Walker<'_> {
    /// Whether an object is on record in another place.
    pub(super) fn is_recorded(&self, object: &ObjectKey, found: &Value) -> bool {
        self.others(object).any(|(_, recorded)| is_one(recorded, found))
    }

    /// What is on record of the type of an object, apart from itself.
    fn others<'s>(&'s self, object: &'s ObjectKey) -> impl Iterator<Item = (&'s ObjectKey, &'s Value)> {
        let is_other = move |other: &ObjectKey| {
            other != object && other.address.resource.type_name == object.address.resource.type_name
        };
        let all = self.walk.stored.objects.iter().filter(move |(other, _)| is_other(other));
        all.map(|(other, recorded)| (other, &recorded.value))
    }

    /// Warns of an import of what is on record already, and stays so. Only an ARN tells for certain that two are one.
    pub(super) fn warn_of_second(&mut self, object: &ObjectKey, found: &Value) {
        let Some(arn) = text_of(found, "arn") else { return };
        let is_it = |(other, recorded): &(&ObjectKey, &Value)| {
            text_of(recorded, "arn") == Some(arn) && !self.is_forgotten(&other.address)
        };
        let Some(address) = self.others(object).find(is_it).map(|(other, _)| &other.address) else { return };
        let detail = format!(
            "{arn} is {address} in the state already. As two objects it would be changed, and deleted, by either. To give it another \
             address, use a moved block or smform state mv in place of the import."
        );
        let warning = Diagnostic::warning("Object is in the state already", detail).about(&object.address);
        self.found.diagnostics.push(warning);
    }

    /// Warns of an object that is where an earlier run was to create another one, and differs from that in these arguments.
    pub(super) fn warn_of_stranger(&mut self, object: &ObjectKey, differing: &[String]) {
        if differing.is_empty() {
            return;
        }
        let detail = format!(
            "A run that was cut off was about to create it. What is there in its place differs from that in {}: somebody else has \
             made it, so it is left alone.",
            differing.join(", ")
        );
        let warning =
            Diagnostic::warning("Another object has the place of an announced one", detail).about(&object.address);
        self.found.diagnostics.push(warning);
    }
}
