//! Loading: configuration, variable values and the facts about a run.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use smform_lang::config::values::{VariableInput, VariableValue, finish, missing, read_values};
use smform_lang::config::{self, Config, Given, ModuleResolver};
use smform_lang::source::Host;
use smform_types::{Diagnostics, ModuleAddress, SourceMap};

use crate::testing::overrides::Overrides;
use crate::values::scope::{Surroundings, slashes};

/// A configuration, ready to be planned once every variable has a value.
#[derive(Clone, Debug)]
pub struct Project {
    /// The modules.
    pub config: Config,
    /// Values for the root module's variables.
    pub inputs: BTreeMap<Arc<str>, VariableValue>,
    /// Facts about the run.
    pub surroundings: Surroundings,
    /// Objects that a test overrides.
    pub overrides: Overrides,
}

impl Project {
    /// Whether the configuration has any file at all.
    #[must_use]
    pub fn has_files(&self) -> bool {
        self.config.sources.iter().any(|(_, source)| source.name.ends_with(".tf") || source.name.ends_with(".tf.json"))
    }
}

/// Loads the configuration of a directory. What it returns is for showing places even when there are errors.
pub fn load(
    host: &dyn Host,
    directory: &Path,
    modules: &dyn ModuleResolver,
    inputs: &[VariableInput],
    workspace: &str,
) -> (Project, Diagnostics) {
    let (mut project, mut found) = load_given(host, directory, modules, Given::Inputs(inputs), workspace);
    let root = project.config.modules.get(&ModuleAddress::root()).cloned().unwrap_or_default();
    let (values, messages) = match read_values(host, directory, &root, inputs, &mut project.config.sources) {
        Ok(read) => read,
        Err(errors) => {
            found.extend(errors);
            return (project, found);
        }
    };
    // Beside a value that cannot be used, those that are missing are told as well.
    if messages.has_errors() && !found.has_errors() {
        let missing = missing(&root, &values).into_iter().filter_map(|variable| finish(variable, None).err());
        found.extend(missing.flatten());
    }
    found.extend(messages);
    project.inputs = values;
    (project, found)
}

/// The same, without looking for values of variables.
pub fn load_config(
    host: &dyn Host,
    directory: &Path,
    modules: &dyn ModuleResolver,
    workspace: &str,
) -> (Project, Diagnostics) {
    load_given(host, directory, modules, Given::Inputs(&[]), workspace)
}

/// The same, with values where sources of modules are made of them.
pub fn load_given(
    host: &dyn Host,
    directory: &Path,
    modules: &dyn ModuleResolver,
    given: Given<'_>,
    workspace: &str,
) -> (Project, Diagnostics) {
    let (config, found) = config::load_with(host, directory, modules, SourceMap::default(), given);
    let surroundings = Surroundings {
        working_directory: slashes(&host.working_directory()).into(),
        root: slashes(directory).into(),
        workspace: workspace.into(),
    };
    (Project { config, inputs: BTreeMap::new(), surroundings, overrides: Overrides::default() }, found)
}
