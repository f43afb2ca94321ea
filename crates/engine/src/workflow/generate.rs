//! Configuration for objects to import that have none: found by their `import` blocks, and written as blocks that say
//! what the objects are.

use std::collections::BTreeMap;
use std::sync::Arc;

use smform_lang::config::{Config, Import, ProviderRef, add_resources};
use smform_lang::generate;
use smform_provider::written::{configuration_of, with_texts};
use smform_provider::{PlanRequest, Session};
use smform_types::{Diagnostic, Diagnostics, InstanceAddress, ModuleInstance, Path, Value};

use super::{Planned, Project, World};
use crate::events::{Operation, Silent};
use crate::plan::stored::Stored;
use crate::plan::target::Target;
use crate::plan::walk::{Adopt, Options};
use crate::plan::{Change, ObjectKey, imports};
use crate::run::Conduct;

/// The blocks that were written, by the instance that each declares.
pub type Generated = BTreeMap<InstanceAddress, Block>;

/// One block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The identifier by which the object was found.
    pub identifier: String,
    /// The text.
    pub text: String,
}

/// The text of a file of blocks.
#[must_use]
pub fn file(generated: &Generated) -> String {
    let head =
        "# Written by smform for objects to import. Look it through, and move the blocks to where they belong.\n";
    let blocks = generated
        .values()
        .map(|block| format!("\n# Imported by the identifier {:?}.\n{}", block.identifier, block.text));
    std::iter::once(head.to_owned()).chain(blocks).collect()
}

/// Reads the objects of `import` blocks that have no configuration, and writes a block for each. A plan of the
/// configuration with these blocks ([`add_resources`]) imports the objects and changes none.
pub async fn generate(
    world: &World,
    project: &Project,
    stored: &Stored,
    parallelism: usize,
) -> (Generated, Diagnostics) {
    let missing = missing(&project.config, stored);
    if missing.is_empty() {
        return (Generated::new(), Diagnostics::new());
    }
    let mut project = project.clone();
    let declared: String = missing.iter().map(|(address, import)| declaration(address, import)).collect();
    let mut found = add_resources(&mut project.config, "import blocks", &declared);
    if found.has_errors() {
        return (Generated::new(), found);
    }
    let targets = missing.keys().cloned().map(Target::Resource).collect();
    let options = Options { targets, parallelism, adopt: Adopt::Blocks, ..Options::default() };
    // The plan that is shown afterwards tells of reading the objects.
    let conduct = Conduct { observer: Arc::new(Silent), ..world.conduct.clone() };
    let world = &World { conduct, ..world.clone() };
    let (planned, messages) = super::plan(world, &project, stored.clone(), &options).await;
    found.extend(messages);
    let mut generated = Generated::new();
    for (address, import) in &missing {
        let object = ObjectKey { address: address.clone(), deposed: None };
        let Some(change) = planned.plan.changes.get(&object) else { continue };
        match written(world, &project.config, &planned, change, import).await {
            Some(block) => drop(generated.insert(address.clone(), block)),
            None if found.has_errors() => {}
            None => found.push(unwritable(address)),
        }
    }
    (generated, found)
}

/// The `import` blocks without configuration that one can be written for.
fn missing(config: &Config, stored: &Stored) -> BTreeMap<InstanceAddress, Import> {
    let Some(root) = config.root() else { return BTreeMap::new() };
    let imports = root.imports.iter().filter(|import| imports::is_generatable(import));
    imports
        .filter_map(|import| {
            let resource = imports::target(import)?.resource;
            let address = InstanceAddress { module: ModuleInstance::root(), resource, key: None };
            let object = ObjectKey { address: address.clone(), deposed: None };
            let is_new = !root.resources.contains_key(&address.resource) && !stored.objects.contains_key(&object);
            is_new.then(|| (address, import.clone()))
        })
        .collect()
}

fn reference(provider: &ProviderRef) -> String {
    let alias = provider.alias.as_ref().map(|alias| format!(".{alias}")).unwrap_or_default();
    format!("{}{alias}", provider.name)
}

/// A block without arguments, by which the object can be found.
fn declaration(address: &InstanceAddress, import: &Import) -> String {
    let provider = import.provider.as_ref().map(|(provider, _)| format!("  provider = {}\n", reference(provider)));
    let resource = &address.resource;
    format!("resource \"{}\" \"{}\" {{\n{}}}\n", resource.type_name, resource.name, provider.unwrap_or_default())
}

async fn written(world: &World, config: &Config, planned: &Planned, change: &Change, import: &Import) -> Option<Block> {
    let address = &change.object.address;
    let type_name = &*address.resource.type_name;
    let provider = world.providers.of_key(config, &change.provider)?;
    let session = planned.sessions.get(&change.provider)?;
    let schema = &provider.resource_schema(address.resource.mode, type_name)?.block;
    let prior = change.before.clone()?.unmark_deep().0;
    let said = configuration_of(provider.as_ref(), type_name, &prior)?;
    let said = without_region(said, session.as_ref());
    let readable = with_texts(schema, &said, &generate::canonical_json);
    let request = PlanRequest::new(Some(prior.clone()), readable.clone());
    let run = world.conduct.quiet(change.object.clone(), Operation::Refresh);
    let is_same = match session.plan(type_name, request, &run).await {
        Ok(response) => response.replace.is_empty() && response.planned == prior,
        Err(_) => false,
    };
    let alias = import.provider.as_ref().map(|(provider, _)| reference(provider));
    let text =
        generate::resource(&address.resource, alias.as_deref(), schema, if is_same { &readable } else { &said })?;
    Some(Block { identifier: change.importing.clone()?, text })
}

/// The configuration without a region that is the provider's anyway.
fn without_region(config: Value, session: &dyn Session) -> Value {
    let region = session.identity().map(|identity| identity.region);
    let is_same = region.is_some_and(|region| config.get("region").and_then(Value::as_str) == Some(&region));
    if !is_same {
        return config;
    }
    config.update_at(&Path::attribute("region").0, &mut |value| Value::null(value.ty()))
}

fn unwritable(address: &InstanceAddress) -> Diagnostic {
    let detail = "The object was found, but what it holds cannot be written as a block. Write the block yourself.";
    Diagnostic::error("Cannot write configuration", detail).about(address)
}
