//! `terraform_remote_state`: the root outputs of another configuration, read from where that keeps its state.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use smform_provider::{Context, DataSource, ProviderError};
use smform_state::encryption::Target;
use smform_state::encryption::backend::EncryptedBackend;
use smform_state::kind::{Kind, Settings, Surroundings};
use smform_state::{StateError, Workspaces, store};
use smform_types::json::{type_from_json, value_from_json};
use smform_types::schema::{Attribute, Block, Schema};
use smform_types::{Diagnostic, Diagnostics, Path, Type, Value};

use crate::workflow::backend::{self, Configured};
use crate::workflow::encryption::Remote;

/// The workspace that is meant when none is named.
const DEFAULT_WORKSPACE: &str = "default";

/// The backends that states of other configurations may be in: the same that the own state may be in.
#[derive(Clone, Debug, Default)]
pub struct Backends {
    /// The kinds that the binary brings along, besides `local`.
    pub kinds: Vec<Arc<dyn Kind>>,
    /// What paths of the backend `local` are relative to.
    pub directory: PathBuf,
    /// What surrounds a backend.
    pub surroundings: Surroundings,
    /// How those states are encrypted.
    pub encryption: Remote,
}

/// The data source.
pub struct RemoteState {
    /// Where states may be.
    pub backends: Backends,
}

impl RemoteState {
    /// The states that the arguments lead to; nothing when they are not known yet.
    fn open(&self, config: &Value) -> Result<Option<Arc<dyn Workspaces>>, Diagnostics> {
        let invalid = |detail: String| Diagnostic::error("Invalid backend configuration", detail);
        let of = |error: Diagnostic, name: &str| Diagnostics::from(error.of_attribute(Path::attribute(name)));
        let kind = config.get("backend").filter(|kind| kind.is_known()).and_then(Value::as_str);
        let Some(kind) = kind else { return Ok(None) };
        let Some(arguments) = backend::arguments(kind, &self.backends.kinds) else {
            return Err(of(invalid(format!("There is no backend type named \"{kind}\".")), "backend"));
        };
        let given = config.get("config").filter(|given| !given.is_null());
        if given.is_some_and(|given| !given.is_wholly_known()) {
            return Ok(None);
        }
        let mut settings = Settings::new();
        if let Some(given) = given {
            let Some(entries) = given.as_entries() else {
                return Err(of(invalid("The configuration must be an object value.".to_owned()), "config"));
            };
            for (name, value) in entries {
                let argument = arguments.iter().find(|argument| *argument.name == **name);
                let set = match argument {
                    Some(argument) => backend::setting(argument, value.clone()),
                    None => Err(backend::unsupported(kind, name, &arguments)),
                };
                if let Some(value) = set.map_err(|error| of(invalid(error.detail), "config"))? {
                    settings.insert(name.to_string(), value);
                }
            }
        }
        let configured = Configured { kind: kind.to_owned(), settings, span: None };
        let Backends { kinds, directory, surroundings, .. } = &self.backends;
        let opened = backend::open(&configured, kinds, directory, surroundings);
        opened.map(Some).map_err(|errors| errors.map(|error| error.of_attribute(Path::attribute("config"))))
    }
}

#[async_trait]
impl DataSource<()> for RemoteState {
    fn name(&self) -> &'static str {
        "terraform_remote_state"
    }

    fn schema(&self) -> Schema {
        let attributes = [
            ("backend", Attribute::required(Type::String).describe("The kind of backend, such as `local` or `s3`.")),
            (
                "config",
                Attribute::optional(Type::Dynamic)
                    .describe("An object with the arguments that the `backend` block of the other configuration has."),
            ),
            (
                "defaults",
                Attribute::optional(Type::Dynamic)
                    .describe("An object with values for outputs that the other state does not have."),
            ),
            // As Terraform has it, what is written here is not refused.
            ("outputs", Attribute::computed(Type::Dynamic).passed_over().describe("An object with the root outputs.")),
            ("workspace", Attribute::optional(Type::String).describe("The workspace; `default` when none is given.")),
        ];
        Schema { version: 0, block: Block::new(attributes, []) }
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let mut found = self.open(config).err().unwrap_or_default();
        let defaults = config.get("defaults").filter(|defaults| defaults.is_known() && !defaults.is_null());
        if defaults.is_some_and(|defaults| !matches!(defaults.ty(), Type::Object(_) | Type::Map(_))) {
            let error = Diagnostic::error("Invalid default values", "Defaults must be given in an object value.");
            found.push(error.of_attribute(Path::attribute("defaults")));
        }
        found
    }

    async fn read(&self, config: &Value, cx: &Context<'_, ()>) -> Result<Value, ProviderError> {
        let opened = self.open(config).map_err(|errors| {
            let first = errors.into_iter().next();
            first.map_or_else(
                || ProviderError::new("Invalid backend configuration", ""),
                |error| {
                    let failed = ProviderError::new(error.summary, error.detail);
                    match error.attribute {
                        Some(attribute) => failed.of_attribute(attribute),
                        None => failed,
                    }
                },
            )
        })?;
        let unknown = || ProviderError::new("Unknown backend configuration", "The arguments are not known.");
        let workspaces = opened.ok_or_else(unknown)?;
        let workspace = config.get("workspace").and_then(Value::as_str).unwrap_or(DEFAULT_WORKSPACE).to_owned();
        // Backends ask over blocking connections of their own.
        let encryption = self.backends.encryption.of(&cx.run.address()).cloned();
        let answered = tokio::task::spawn_blocking(move || outputs(workspaces.as_ref(), &workspace, encryption)).await;
        let stored = answered
            .map_err(|error| ProviderError::new("Unable to read remote state", error.to_string()))?
            .map_err(|error| ProviderError::new("Unable to read remote state", in_words(&error, &cx.run.address())))?
            .ok_or_else(|| {
                let detail = "No stored state was found for the given workspace in the given backend.";
                ProviderError::new("Unable to find remote state", detail).of_attribute(Path::attribute("workspace"))
            })?;
        let defaults = config.get("defaults").and_then(Value::as_entries);
        let defaults = defaults.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone()));
        let outputs = Value::object(defaults.chain(stored).collect::<BTreeMap<_, _>>());
        Ok(config.clone().update_at(&Path::attribute("outputs").0, &mut |_| outputs.clone()))
    }
}

/// What is wrong. The way out of a state that is read without a key is another one than where it is the own state: a block
/// `state` is not for it.
fn in_words(error: &StateError, address: &str) -> String {
    let StateError::Encrypted { path } = error else { return error.to_string() };
    let name = Remote::short(address);
    format!(
        "{} is encrypted, and the encryption block does not say how to read states of other configurations. Write into it, with \
         the method that the state is encrypted with:\n\nremote_state_data_sources {{\n  remote_state_data_source \"{name}\" {{ \
         method = method.aes_gcm.NAME }}\n}}",
        path.display()
    )
}

type Outputs = BTreeMap<Arc<str>, Value>;

/// The root outputs of a state; nothing when there is no state.
fn outputs(
    workspaces: &dyn Workspaces,
    workspace: &str,
    encryption: Option<Arc<Target>>,
) -> Result<Option<Outputs>, StateError> {
    let mut backend = workspaces.state(workspace)?;
    if let Some(target) = encryption {
        backend = Arc::new(EncryptedBackend::new(backend, target));
    }
    // A lock may have left an empty file in the place of a state.
    if backend.read()?.is_none_or(|snapshot| snapshot.text.is_empty()) {
        return Ok(None);
    }
    let state = store::read(backend.as_ref())?;
    let value = |output: &smform_state::Output| {
        type_from_json(&output.ty).and_then(|ty| value_from_json(&output.value, &ty).ok())
    };
    let outputs = state.outputs.iter().filter_map(|(name, output)| Some((Arc::from(name.as_str()), value(output)?)));
    Ok(Some(outputs.collect()))
}
