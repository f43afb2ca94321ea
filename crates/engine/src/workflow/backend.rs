//! Which backend a configuration says.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use smform_lang::config::{Backend as Block, CLOUD, Config};
use smform_lang::eval::static_value;
use smform_state::kind::{Argument, Kind, Settings, Surroundings};
use smform_state::{LocalWorkspaces, Workspaces};
use smform_types::convert::convert;
use smform_types::suggest::did_you_mean;
use smform_types::{Diagnostic, Diagnostics, ModuleAddress, Span, Type, Value};

/// The name of the backend of files on this machine.
pub const LOCAL: &str = "local";
/// Where the state is when nothing else is said.
const DEFAULT_PATH: &str = "terraform.tfstate";
/// Where the states of other workspaces are when nothing else is said.
const DEFAULT_WORKSPACE_DIR: &str = "terraform.tfstate.d";

/// A backend as configured.
#[derive(Clone, Debug, PartialEq)]
pub struct Configured {
    /// The kind, such as `s3`.
    pub kind: String,
    /// The arguments.
    pub settings: Settings,
    /// The block, if there is one.
    pub span: Option<Span>,
}

impl Default for Configured {
    fn default() -> Configured {
        Configured { kind: LOCAL.to_owned(), settings: Settings::new(), span: None }
    }
}

fn local_arguments() -> Vec<Argument> {
    vec![Argument::optional("path", Type::String), Argument::optional("workspace_dir", Type::String)]
}

/// The arguments that a kind takes; nothing when there is no such kind.
#[must_use]
pub fn arguments(kind: &str, kinds: &[Arc<dyn Kind>]) -> Option<Vec<Argument>> {
    match kind {
        LOCAL => Some(local_arguments()),
        _ => kinds.iter().find(|known| known.name() == kind).map(|known| known.arguments()),
    }
}

/// What the `backend` block of a configuration says: `local` without arguments when there is none.
///
/// # Errors
/// When there is no such kind, or it has no such arguments.
pub fn configured(config: &Config, kinds: &[Arc<dyn Kind>]) -> Result<Configured, Diagnostics> {
    let block = config.modules.get(&ModuleAddress::root()).and_then(|module| module.backend.as_ref());
    match block {
        Some(block) => of_block(block, kinds),
        None => Ok(Configured::default()),
    }
}

fn of_block(block: &Block, kinds: &[Arc<dyn Kind>]) -> Result<Configured, Diagnostics> {
    let kind = &*block.kind.text;
    let context = format!("backend \"{kind}\"");
    if kind == CLOUD {
        let detail = "smform does not work with the hosted service that a cloud block configures. Use a backend block, \
                      or neither for state in a local file.";
        return Err(Diagnostic::error("Cloud configuration is not supported", detail).at(block.span).into());
    }
    let Some(arguments) = arguments(kind, kinds) else {
        let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).chain([LOCAL]).collect();
        let hint = did_you_mean(kind, names.iter().copied());
        let detail = format!("smform has no backend \"{kind}\".{hint} It has: {}.", quoted(&names));
        return Err(Diagnostic::error("Unsupported backend type", detail).at(block.span).within(context).into());
    };
    let mut found = Diagnostics::new();
    let mut settings = Settings::new();
    for attribute in &block.body.attributes {
        let name = &*attribute.name.text;
        let Some(argument) = arguments.iter().find(|argument| argument.name == name) else {
            found.push(unsupported(kind, name, &arguments).at(attribute.name.span));
            continue;
        };
        let Some(value) = found.take(static_value(&attribute.expr)) else { continue };
        match setting(argument, value) {
            Ok(Some(value)) => drop(settings.insert(name.to_owned(), value)),
            Ok(None) => {}
            Err(error) => found.push(error.at(attribute.expr.span)),
        }
    }
    for nested in &block.body.blocks {
        let name = &nested.kind.text;
        let detail = if arguments.iter().any(|argument| argument.name == &**name) {
            format!("Write it with an equals sign: {name} = {{ ... }}.")
        } else {
            format!("Backend \"{kind}\" has no blocks of type \"{name}\".")
        };
        found.push(Diagnostic::error("Unsupported block type", detail).at(nested.header));
    }
    let found = found.map(|diagnostic| diagnostic.within(context.clone()));
    let configured = Configured { kind: kind.to_owned(), settings, span: Some(block.span) };
    found.into_result(configured).map(|(configured, _)| configured)
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

/// There is no such argument; without a place.
#[must_use]
pub fn unsupported(kind: &str, name: &str, arguments: &[Argument]) -> Diagnostic {
    let hint = did_you_mean(name, arguments.iter().map(|argument| argument.name));
    Diagnostic::error("Unsupported argument", format!("Backend \"{kind}\" has no argument \"{name}\".{hint}"))
}

/// A value as its argument takes it; nothing when it is null.
///
/// # Errors
/// When it is of another type; without a place.
pub fn setting(argument: &Argument, value: Value) -> Result<Option<Value>, Diagnostic> {
    // An object with some of the attributes is as good as one with the others null.
    let value = match (&argument.ty, value.as_entries()) {
        (Type::Object(object), Some(members)) => {
            if let Some((extra, _)) = members.iter().find(|(name, _)| !object.attributes.contains_key(*name)) {
                let hint = did_you_mean(extra, object.attributes.keys().map(|name| &**name));
                let detail = format!("\"{}\" has no member \"{extra}\".{hint}", argument.name);
                return Err(Diagnostic::error("Unsupported argument", detail));
            }
            let all = object.attributes.iter().map(|(name, ty)| {
                let given = members.iter().find(|(given, _)| *given == name).map(|(_, value)| value.clone());
                (name.clone(), given.unwrap_or_else(|| Value::null(ty.clone())))
            });
            Value::object(all.collect::<Vec<_>>())
        }
        _ => value,
    };
    if value.is_null() {
        return Ok(None);
    }
    let wrong = |error| {
        let detail = format!("Inappropriate value for argument \"{}\": {error}.", argument.name);
        Diagnostic::error("Incorrect attribute value type", detail)
    };
    convert(value, &argument.ty).map(Some).map_err(wrong)
}

/// The files of the backend `local` with these settings.
#[must_use]
pub fn local(settings: &Settings, directory: &Path) -> LocalWorkspaces {
    let path = |name: &str, default: &str| {
        let path = PathBuf::from(smform_state::kind::text(settings, name).unwrap_or(default));
        directory.join(path)
    };
    // Terraform has the states of other workspaces under this name whatever `path` says.
    let name = DEFAULT_PATH.to_owned();
    LocalWorkspaces { path: path("path", DEFAULT_PATH), folder: path("workspace_dir", DEFAULT_WORKSPACE_DIR), name }
}

/// The states that a configured backend keeps. `directory` is that of the configuration.
///
/// # Errors
/// When arguments are missing or do not fit each other.
pub fn open(
    configured: &Configured,
    kinds: &[Arc<dyn Kind>],
    directory: &Path,
    surroundings: &Surroundings,
) -> Result<Arc<dyn Workspaces>, Diagnostics> {
    let Some(kind) = kinds.iter().find(|kind| kind.name() == configured.kind) else {
        return Ok(Arc::new(local(&configured.settings, directory)));
    };
    let context = format!("backend \"{}\"", configured.kind);
    let mut missing = Diagnostics::new();
    for argument in kind.arguments().iter().filter(|argument| argument.required) {
        if !configured.settings.contains_key(argument.name) {
            let detail = format!(
                "The argument \"{0}\" is required. Write it in the block, or give it with -backend-config={0}=VALUE.",
                argument.name
            );
            missing.push(Diagnostic::error("Missing required argument", detail).at(configured.span));
        }
    }
    if missing.has_errors() {
        return Err(missing.map(|diagnostic| diagnostic.within(context.clone())));
    }
    kind.open(&configured.settings, surroundings).map_err(|error| {
        let argument = error.argument.map(|name| format!("{name}: ")).unwrap_or_default();
        let detail = format!("{argument}{}", error.detail);
        Diagnostic::error("Invalid backend configuration", detail).at(configured.span).within(context).into()
    })
}

/// Adds an argument that `-backend-config` gives.
///
/// # Errors
/// When the kind takes no such argument, or another type; without a place.
pub fn add(configured: &mut Configured, kinds: &[Arc<dyn Kind>], name: &str, value: Value) -> Result<(), Diagnostic> {
    let arguments = arguments(&configured.kind, kinds).unwrap_or_default();
    let argument = arguments.iter().find(|argument| argument.name == name);
    let argument = argument.ok_or_else(|| unsupported(&configured.kind, name, &arguments))?;
    match setting(argument, value)? {
        Some(value) => drop(configured.settings.insert(name.to_owned(), value)),
        None => drop(configured.settings.remove(name)),
    }
    Ok(())
}
