//! The `provider_config` part of a plan's configuration: which provider configurations there are, and by which key the
//! resources of each module name theirs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};
use smform_engine::graph::ProviderKey;
use smform_engine::providers::Providers;
use smform_lang::config::{Config, Module, ProviderRef};
use smform_types::ModuleAddress;

use super::configuration::body;
use super::object;

/// The provider configurations of all modules, by key.
#[derive(Default)]
pub struct Keys {
    entries: BTreeMap<String, Entry>,
}

struct Entry {
    source: String,
    json: Json,
    /// The key of the configuration that this one only stands for: one of a module further out.
    stands_for: Option<String>,
}

/// How a provider configuration is named: `aws`, `aws.west`, `module.child:aws`.
fn key(module: &ModuleAddress, reference: &ProviderRef) -> String {
    let prefix = if module.is_root() { String::new() } else { format!("{module}:") };
    format!("{prefix}{}", name(reference))
}

fn name(reference: &ProviderRef) -> String {
    let alias = reference.alias.as_ref().map(|alias| format!(".{alias}")).unwrap_or_default();
    format!("{}{alias}", reference.name)
}

impl Keys {
    /// Collects the provider configurations of a configuration: those written, those required, those passed to a
    /// module, and those that a resource implies.
    #[must_use]
    pub fn new(config: &Config, providers: &Providers) -> Keys {
        let mut keys = Keys::default();
        // Outer modules come first, since inner ones stand for their configurations.
        for (address, module) in &config.modules {
            keys.passed(config, address, providers);
            keys.module(config, address, module, providers);
        }
        keys
    }

    /// Every configuration that does not merely stand for another one.
    #[must_use]
    pub fn json(&self) -> Map<String, Json> {
        let own = self.entries.iter().filter(|(_, entry)| entry.stands_for.is_none());
        own.map(|(key, entry)| (key.clone(), entry.json.clone())).collect()
    }

    /// The key by which a resource of a module names its provider configuration.
    #[must_use]
    pub fn of(&self, module: &ModuleAddress, reference: &ProviderRef) -> String {
        let key = key(module, reference);
        self.entries.get(&key).and_then(|entry| entry.stands_for.clone()).unwrap_or(key)
    }

    fn passed(&mut self, config: &Config, at: &ModuleAddress, providers: &Providers) {
        let Some((parent, call)) = at.parent() else { return };
        let call = config.modules.get(&parent).and_then(|module| module.calls.get(call));
        for passed in call.into_iter().flat_map(|call| &call.providers) {
            let (inner, outer) = (&passed.child, &passed.own);
            let source = source(config, providers, at, inner);
            let json = entry(&name(inner), None, &source, None, at, None);
            self.add(key(at, inner), source, json, Some(key(&parent, outer)));
        }
    }

    fn module(&mut self, config: &Config, at: &ModuleAddress, module: &Module, providers: &Providers) {
        for (reference, block) in &module.providers {
            let source = source(config, providers, at, reference);
            let version = module.required_providers.get(&reference.name).and_then(|found| found.version.as_deref());
            let found = providers.of_key(config, &ProviderKey { module: at.clone(), reference: reference.clone() });
            let expressions = found.map(|found| body(&block.body, &found.schema().block, &config.sources));
            let expressions = expressions.filter(|json| json.as_object().is_some_and(|map| !map.is_empty()));
            let json = entry(&reference.name, reference.alias.as_deref(), &source, version, at, expressions);
            self.add(key(at, reference), source, json, None);
        }
        let mut implied: BTreeSet<ProviderRef> = BTreeSet::new();
        for (name, required) in &module.required_providers {
            implied.extend(required.configuration_aliases.iter().cloned());
            implied.insert(ProviderRef { name: name.clone(), alias: None });
        }
        let used = module.resources.values().map(|block| providers.reference(config, at, block));
        implied.extend(used.map(|reference| ProviderRef { alias: None, ..reference }));
        // As in Terraform, a provider that has another name here is listed by its own as well.
        implied.extend(module.required_providers.values().map(|required| default_reference(&required.source)));
        let written = module.providers.keys().map(|reference| source(config, providers, at, reference));
        implied.extend(written.filter(|source| !source.is_empty()).map(|source| default_reference(&source)));
        let imported = module.imports.iter().filter_map(|import| {
            let target = smform_engine::plan::imports::target(import)?;
            let resource = target.module.is_root().then_some(target.resource)?;
            providers.offering(resource.mode, &resource.type_name)
        });
        implied.extend(imported.map(|provider| default_reference(provider.source())));
        for reference in implied {
            if self.entries.contains_key(&key(at, &reference)) {
                continue;
            }
            let source = source(config, providers, at, &reference);
            let version = module.required_providers.get(&reference.name).and_then(|found| found.version.as_deref());
            let json = entry(&reference.name, None, &source, version, at, None);
            let outer = at.parent().filter(|_| reference.alias.is_none()).map(|(parent, _)| key(&parent, &reference));
            self.add(key(at, &reference), source, json, outer);
        }
    }

    fn add(&mut self, key: String, source: String, json: Json, outer: Option<String>) {
        let outer = outer.and_then(|outer| self.entries.get(&outer).map(|entry| (outer, entry)));
        let stands_for = outer
            .filter(|(_, entry)| entry.source == source)
            .map(|(outer, entry)| entry.stands_for.clone().unwrap_or(outer));
        self.entries.insert(key, Entry { source, json, stands_for });
    }
}

/// The reference to a provider by the last part of its source address.
fn default_reference(source: &str) -> ProviderRef {
    ProviderRef { name: source.rsplit('/').next().unwrap_or_default().into(), alias: None }
}

fn source(config: &Config, providers: &Providers, at: &ModuleAddress, reference: &ProviderRef) -> String {
    let found = providers.of_key(config, &ProviderKey { module: at.clone(), reference: reference.clone() });
    found.map(|found| found.source().to_owned()).unwrap_or_default()
}

fn entry(
    name: &str,
    alias: Option<&str>,
    source: &str,
    version: Option<&str>,
    module: &ModuleAddress,
    expressions: Option<Json>,
) -> Json {
    object([
        ("name", Some(name.into())),
        ("full_name", (!source.is_empty()).then(|| source.into())),
        ("alias", alias.map(Json::from)),
        ("version_constraint", version.map(Json::from)),
        ("module_address", (!module.is_root()).then(|| module.to_string().into())),
        ("expressions", expressions),
    ])
}
