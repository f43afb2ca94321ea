//! The shared nouns of smform: values, types, paths, addresses, spans, diagnostics and schemas.
//!
//! Everything here is plain data: no I/O, no async, no engine. The other crates pass these by value
//! between the stages of the pipeline (see `ARCHITECTURE.md`).

pub mod address;
pub mod convert;
pub mod diagnostic;
mod graphemes;
pub mod image;
pub mod json;
pub mod marks;
pub mod number;
pub mod path;
pub mod refinement;
pub mod schema;
mod set_order;
pub mod span;
pub mod suggest;
pub mod ty;
pub mod unify;
pub mod value;

pub use address::{
    AddressError, InstanceAddress, InstanceKey, ModuleAddress, ModuleInstance, ResourceAddress, ResourceConfigAddress,
    ResourceMode,
};
pub use convert::{ConvertError, convert};
pub use diagnostic::{Diagnostic, Diagnostics, ExpressionValue, Severity};
pub use graphemes::graphemes;
pub use marks::Marks;
pub use number::Number;
pub use path::{Path, Step};
pub use refinement::Refinement;
pub use span::{SourceId, SourceMap, Span};
pub use ty::Type;
pub use unify::{unify, unify_values};
pub use value::{Value, ValueKind};
