//! Modules: what the blocks of a directory declare, checked for form but not evaluated.

mod call;
mod check;
mod condition;
mod constants;
mod content;
mod decode;
pub mod encryption;
mod lifecycle;
mod load;
mod merge;
pub mod mocks;
pub mod module_source;
mod output;
mod passing;
pub mod provisioner;
mod refactor;
mod resolver;
mod resource;
mod settings;
pub mod testing;
mod type_expr;
pub mod values;
mod variable;
mod version;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use smform_types::{ModuleAddress, ResourceAddress, ResourceConfigAddress, SourceMap, Span, Type, Value};

use crate::eval::TypeDefaults;
use crate::syntax::{Body, Expr, Ident};

pub use constants::Given;
pub use load::{add_resources, load, load_root, load_with};
pub use passing::PassedProvider;
pub use refactor::REDUNDANT_MOVE;
pub use resolver::{
    LocalModules, MANIFEST, MODULES, ModuleRequest, ModuleResolver, NOT_INSTALLED, manifest_key, normal,
};
pub use settings::{CLOUD, WRONG_VERSION, default_source};
pub use type_expr::{type_constraint, type_constraint_text};
pub use version::{LANGUAGE_VERSION, satisfies};

/// A configuration: every module by its address, and every text they came from.
#[derive(Clone, Debug)]
pub struct Config {
    /// The modules; the root module is at [`ModuleAddress::root`].
    pub modules: BTreeMap<ModuleAddress, Module>,
    /// The texts.
    pub sources: SourceMap,
    /// The root directory as given.
    pub directory: PathBuf,
    /// Every top-level block that was read, for [`Config::context_at`].
    pub contexts: Vec<Context>,
    /// What is wrong between blocks that are each in order: for whoever goes on to plan or validate.
    pub deferred: smform_types::Diagnostics,
}

/// A top-level block: its place and its header. In JSON syntax, any object within the file and the path to it.
#[derive(Clone, Debug)]
pub struct Context {
    /// From the block's type to the end of its content.
    pub span: Span,
    /// Such as `resource "aws_vpc" "main"`.
    pub header: String,
}

impl Config {
    /// The header of the top-level block that a span stands in; nothing for the header itself, which says the same.
    #[must_use]
    pub fn context_at(&self, span: Span) -> Option<&str> {
        let around = |context: &&Context| {
            context.span.source == span.source && context.span.start < span.start && span.start <= context.span.end
        };
        self.contexts.iter().find(around).map(|context| context.header.as_str())
    }

    /// Whether the blocks of the file that a span is in are known, so that [`Config::context_at`] has the last word.
    #[must_use]
    pub fn has_contexts(&self, span: Span) -> bool {
        self.contexts.iter().any(|context| context.span.source == span.source)
    }

    /// The root module.
    #[must_use]
    pub fn root(&self) -> Option<&Module> {
        self.modules.get(&ModuleAddress::root())
    }

    /// The block of a resource or data source.
    #[must_use]
    pub fn resource(&self, address: &ResourceConfigAddress) -> Option<&Resource> {
        self.modules.get(&address.module)?.resources.get(&address.resource)
    }
}

/// One module: all that the files of one directory declare.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// Its directory, relative to the working directory where possible.
    pub directory: PathBuf,
    /// `variable` blocks.
    pub variables: BTreeMap<Arc<str>, Variable>,
    /// `locals` entries.
    pub locals: BTreeMap<Arc<str>, Local>,
    /// `output` blocks.
    pub outputs: BTreeMap<Arc<str>, Output>,
    /// `resource` and `data` blocks.
    pub resources: BTreeMap<ResourceAddress, Resource>,
    /// `ephemeral` blocks.
    pub ephemerals: Vec<Ephemeral>,
    /// `module` blocks.
    pub calls: BTreeMap<Arc<str>, ModuleCall>,
    /// `provider` blocks by local name and alias.
    pub providers: BTreeMap<ProviderRef, ProviderBlock>,
    /// `required_providers` entries by local name.
    pub required_providers: BTreeMap<Arc<str>, RequiredProvider>,
    /// The header of the `required_providers` block.
    pub required_providers_place: Option<Span>,
    /// `required_version` constraints with their places.
    pub required_versions: Vec<(String, Span)>,
    /// The `backend` block.
    pub backend: Option<Backend>,
    /// The `encryption` block.
    pub encryption: Option<encryption::Encryption>,
    /// `moved` blocks.
    pub moved: Vec<Moved>,
    /// `removed` blocks.
    pub removed: Vec<Removed>,
    /// `import` blocks.
    pub imports: Vec<Import>,
    /// `check` blocks.
    pub checks: BTreeMap<Arc<str>, Check>,
}

/// A `variable` block.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name.
    pub name: Ident,
    /// The type constraint; `Dynamic` when there is none.
    pub ty: Type,
    /// Whether `type` was written; a variable without it takes the text of a flag literally.
    pub typed: bool,
    /// Defaults of optional attributes.
    pub defaults: TypeDefaults,
    /// The default, converted; nothing when the variable must be set.
    pub default: Option<Value>,
    /// What it is for.
    pub description: Option<String>,
    /// Values are never shown.
    pub sensitive: bool,
    /// Values are never stored.
    pub ephemeral: bool,
    /// Whether null is a value (otherwise it stands for the default).
    pub nullable: bool,
    /// Why not to set it any more.
    pub deprecated: Option<String>,
    /// Whether it may be used where modules are found, before anything is evaluated.
    pub constant: bool,
    /// `validation` blocks.
    pub validations: Vec<Condition>,
    /// The header of the block.
    pub span: Span,
}

/// A `locals` entry.
#[derive(Clone, Debug)]
pub struct Local {
    /// Its name.
    pub name: Ident,
    /// Its value.
    pub expr: Expr,
}

/// An `output` block.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its name.
    pub name: Ident,
    /// Its value.
    pub expr: Expr,
    /// What it is for.
    pub description: Option<String>,
    /// The value is never shown.
    pub sensitive: bool,
    /// The value is never stored.
    pub ephemeral: bool,
    /// Why not to use it any more.
    pub deprecated: Option<String>,
    /// A type that the value is converted to.
    pub ty: Option<(Type, TypeDefaults)>,
    /// Explicit dependencies.
    pub depends_on: Vec<Expr>,
    /// `precondition` blocks.
    pub preconditions: Vec<Condition>,
    /// The header of the block.
    pub span: Span,
}

/// A condition with its message: `validation`, `precondition`, `postcondition`, `assert`.
#[derive(Clone, Debug)]
pub struct Condition {
    /// What must hold.
    pub condition: Expr,
    /// What to say when it does not.
    pub error_message: Expr,
    /// The header of the block.
    pub span: Span,
}

/// A `resource` or `data` block.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Mode, type and name.
    pub address: ResourceAddress,
    /// The `check` block that it stands in, if any: nothing outside of that may refer to it.
    pub check: Option<Arc<str>>,
    /// `count` or `for_each`.
    pub repetition: Repetition,
    /// The provider configuration it uses: as written, or implied by the type.
    pub provider: ProviderRef,
    /// Whether it is implied by the type.
    pub provider_implied: bool,
    /// Explicit dependencies.
    pub depends_on: Vec<Expr>,
    /// The `lifecycle` block.
    pub lifecycle: Lifecycle,
    /// `provisioner` blocks, in order.
    pub provisioners: Vec<provisioner::Provisioner>,
    /// The `connection` block, for provisioners that have none of their own.
    pub connection: Option<Body>,
    /// Everything else: what the schema of the type describes.
    pub body: Body,
    /// The header of the block.
    pub span: Span,
    /// The label that names the type.
    pub type_span: Span,
}

/// An `ephemeral` block.
#[derive(Clone, Debug)]
pub struct Ephemeral {
    /// The type.
    pub kind: Ident,
    /// The name.
    pub name: Ident,
    /// `count` or `for_each`.
    pub repetition: Repetition,
    /// Its arguments.
    pub body: Body,
    /// The header of the block.
    pub span: Span,
}

impl Ephemeral {
    /// Whether it is of this type and name.
    #[must_use]
    pub fn is(&self, kind: &str, name: &str) -> bool {
        *self.kind.text == *kind && *self.name.text == *name
    }
}

/// How many instances a block has.
#[derive(Clone, Debug, Default)]
pub enum Repetition {
    /// One, without a key.
    #[default]
    Single,
    /// As many as a number says.
    Count(Expr),
    /// One for each element.
    ForEach(Expr),
}

/// A `lifecycle` block.
#[derive(Clone, Debug, Default)]
pub struct Lifecycle {
    /// `create_before_destroy`, when written.
    pub create_before_destroy: Option<bool>,
    /// `prevent_destroy`.
    pub prevent_destroy: bool,
    /// `ignore_changes`.
    pub ignore_changes: IgnoreChanges,
    /// `replace_triggered_by`, each a reference.
    pub replace_triggered_by: Vec<Expr>,
    /// `precondition` blocks.
    pub preconditions: Vec<Condition>,
    /// `postcondition` blocks.
    pub postconditions: Vec<Condition>,
}

/// `ignore_changes`.
#[derive(Clone, Debug, Default)]
pub enum IgnoreChanges {
    /// Not written.
    #[default]
    None,
    /// `all`.
    All,
    /// Paths into the object, with the places of their steps.
    Paths(Vec<(smform_types::Path, Vec<Span>)>),
}

/// A `module` block.
#[derive(Clone, Debug)]
pub struct ModuleCall {
    /// Its name.
    pub name: Ident,
    /// Where the module is.
    pub source: String,
    /// What `source` is made of, where that is constants of the module: see [`Given`].
    pub source_expr: Option<Expr>,
    /// The place of `source`.
    pub source_span: Span,
    /// A version constraint, for registry sources.
    pub version: Option<String>,
    /// `count` or `for_each`.
    pub repetition: Repetition,
    /// `providers`: the child's name, and the configuration of this module that it stands for.
    pub providers: Vec<PassedProvider>,
    /// Explicit dependencies.
    pub depends_on: Vec<Expr>,
    /// The child's variables.
    pub body: Body,
    /// The header of the block.
    pub span: Span,
}

/// A provider configuration within a module: the local name and the alias.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProviderRef {
    /// The local name, such as `aws`.
    pub name: Arc<str>,
    /// The alias, if any.
    pub alias: Option<Arc<str>>,
}

/// A `provider` block.
#[derive(Clone, Debug)]
pub struct ProviderBlock {
    /// Name and alias.
    pub reference: ProviderRef,
    /// The arguments that the provider's schema describes.
    pub body: Body,
    /// The version constraint of old, if it has one.
    pub version: Option<(String, Span)>,
    /// The header of the block.
    pub span: Span,
}

/// An entry of `required_providers`.
#[derive(Clone, Debug)]
pub struct RequiredProvider {
    /// Fully qualified, such as `registry.terraform.io/hashicorp/aws`.
    pub source: String,
    /// The version constraint; noted, since smform brings its providers along.
    pub version: Option<String>,
    /// Aliases that a child module expects to be given.
    pub configuration_aliases: Vec<ProviderRef>,
    /// Its place.
    pub span: Span,
    /// The place of what stands behind its name.
    pub value: Span,
    /// The place of `source`, where it is written.
    pub source_span: Option<Span>,
    /// The place of the version constraint, where there is one.
    pub version_span: Option<Span>,
}

/// A `backend` (or `cloud`) block.
#[derive(Clone, Debug)]
pub struct Backend {
    /// The backend type, such as `s3`.
    pub kind: Ident,
    /// Its settings.
    pub body: Body,
    /// The header of the block.
    pub span: Span,
}

/// A `moved` block. Addresses are as written, relative to the module that declares it.
#[derive(Clone, Debug)]
pub struct Moved {
    /// Where it was.
    pub from: (String, Span),
    /// Where it is.
    pub to: (String, Span),
    /// The header of the block.
    pub span: Span,
}

/// A `removed` block.
#[derive(Clone, Debug)]
pub struct Removed {
    /// What was removed, as written.
    pub from: (String, Span),
    /// Whether to destroy it (otherwise it is forgotten).
    pub destroy: bool,
    /// `provisioner` blocks that run before it is destroyed.
    pub provisioners: Vec<provisioner::Provisioner>,
    /// The header of the block.
    pub span: Span,
}

/// An `import` block.
#[derive(Clone, Debug)]
pub struct Import {
    /// The address that it becomes; its key may use `each`.
    pub to: Expr,
    /// The provider's identifier.
    pub id: Option<Expr>,
    /// Identity attributes, instead of `id`.
    pub identity: Option<Expr>,
    /// One import for each element.
    pub for_each: Option<Expr>,
    /// The provider configuration, when written, and the place of the argument.
    pub provider: Option<(ProviderRef, Span)>,
    /// The header of the block.
    pub span: Span,
}

/// A `check` block.
#[derive(Clone, Debug)]
pub struct Check {
    /// Its name.
    pub name: Ident,
    /// The scoped data block, if any; it stands among the resources of its module.
    pub data: Option<ResourceAddress>,
    /// `assert` blocks.
    pub asserts: Vec<Condition>,
    /// The header of the block.
    pub span: Span,
}
