//! The names of variants that nobody wrote: made up for a new configuration, and kept when one is replaced, since an
//! update that moves the traffic in steps needs the same variants before and after.

use std::time::SystemTime;

use smform_types::{Path, Value};

use super::VARIANTS;
use crate::fields::Fields;
use crate::names::{DEFAULT_PREFIX, prefix_of, unique};

/// The planned object in which every variant has a name.
pub(super) fn chosen(planned: &Value, now: SystemTime) -> Value {
    renamed(planned, |_, variant| match variant.text("variant_name") {
        Some(_) => None,
        None => Some(unique(DEFAULT_PREFIX, now)),
    })
}

/// The planned object with the names that were made up for the variants of the one that it replaces, as long as there are
/// as many of them.
pub(super) fn kept(planned: Value, config: &Value, old: &Value) -> Value {
    let count = |object: &Value, list: &str| Fields(object).blocks(list).count();
    if VARIANTS.iter().any(|list| count(&planned, list) != count(old, list)) {
        return planned;
    }
    let written: Vec<String> = VARIANTS
        .iter()
        .flat_map(|list| Fields(config).blocks(list).filter_map(|variant| variant.owned("variant_name")))
        .collect();
    renamed(&planned, |at, _| {
        let name = at.attr("variant_name");
        let left_out = name.lookup(config).is_none_or(|value| value.is_null() || value.as_str() == Some(""));
        let former = name.lookup(old).and_then(Value::as_str).filter(|_| left_out)?;
        let is_made_up = prefix_of(former) == Some(DEFAULT_PREFIX);
        (is_made_up && !written.iter().any(|name| name == former)).then(|| former.to_owned())
    })
}

/// The object with other names for some of its variants.
fn renamed(object: &Value, name: impl Fn(&Path, Fields<'_>) -> Option<String>) -> Value {
    let mut renamed = object.clone();
    for list in VARIANTS {
        for (at, variant) in Fields(object).blocks(list).enumerate() {
            let at = Path::attribute(list).index(at);
            if let Some(name) = name(&at, variant) {
                renamed = renamed.update_at(&at.attr("variant_name").0, &mut |_| Value::string(&name));
            }
        }
    }
    renamed
}
