//! `random_*`: made once, from the generator of the operating system, and kept until `keepers` change.

mod id;
mod integer;
mod pet;
mod string;
mod uuid;

use smform_provider::ResourceType;
use smform_types::schema::Attribute;

use crate::kept::{Kept, trigger};

/// Every type of the provider.
pub fn resource_types() -> Vec<Box<dyn ResourceType<()>>> {
    vec![
        Box::new(Kept(id::Id)),
        Box::new(Kept(integer::Integer)),
        Box::new(Kept(pet::Pet)),
        Box::new(Kept(string::Text::String)),
        Box::new(Kept(string::Text::Password)),
        Box::new(Kept(uuid::Uuid)),
    ]
}

fn keepers() -> Attribute {
    trigger("Any values; a change of them makes a new object.")
}
