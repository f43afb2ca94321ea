//! The providers of a run, and which configuration of which provider a block uses.

use std::collections::BTreeMap;
use std::sync::Arc;

use smform_lang::config::{Config, Module, ProviderRef, Resource};
use smform_provider::Provider;
use smform_types::schema::Schema;
use smform_types::suggest::did_you_mean;
use smform_types::{Diagnostic, Diagnostics, ModuleAddress, ModuleInstance, ResourceConfigAddress, ResourceMode};

use crate::builtin::Backends;
use crate::graph::ProviderKey;

/// Every provider that the binary brings along, by source address.
#[derive(Clone, Default)]
pub struct Providers {
    by_source: BTreeMap<&'static str, Arc<dyn Provider>>,
    /// Those that a test puts in place of configurations of the root module.
    mocks: BTreeMap<ProviderRef, Arc<dyn Provider>>,
}

impl Providers {
    /// A set of providers. The built-in one of Terraform is always among them.
    pub fn new(providers: impl IntoIterator<Item = Arc<dyn Provider>>) -> Providers {
        let by_source = providers.into_iter().map(|provider| (provider.source(), provider)).collect();
        let all = Providers { by_source, mocks: BTreeMap::new() };
        all.with_backends(Backends::default())
    }

    /// The same providers, with the backends that `terraform_remote_state` reads from.
    #[must_use]
    pub fn with_backends(mut self, backends: Backends) -> Providers {
        let builtin: Arc<dyn Provider> = Arc::new(crate::builtin::provider(backends));
        self.by_source.insert(builtin.source(), builtin);
        self
    }

    /// The same providers, with some configurations of the root module replaced.
    #[must_use]
    pub fn with_mocks(self, mocks: BTreeMap<ProviderRef, Arc<dyn Provider>>) -> Providers {
        Providers { mocks, ..self }
    }

    /// The provider of a source address.
    #[must_use]
    pub fn get(&self, source: &str) -> Option<&Arc<dyn Provider>> {
        self.by_source.get(source)
    }

    /// Every provider, by source address.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Provider>> {
        self.by_source.values()
    }

    /// What is said of providers that are not there. Modules have blocks and entries of `required_providers` to spare, which
    /// nothing uses; but a block whose name is near that of a provider, and is required nowhere, is misspelt.
    pub fn unknown_sources(&self, config: &Config) -> Diagnostics {
        let mut found = Diagnostics::new();
        for module in config.modules.values() {
            for block in module.providers.values().filter(|block| self.named(module, &block.reference.name).is_none()) {
                let name = &block.reference.name;
                // What begins with the name of another is no misspelling of it: awscc.
                let known = self.iter().map(|known| local_name(known.source()));
                let hint = did_you_mean(name, known.filter(|known| !name.starts_with(known)));
                let told = if hint.is_empty() || module.required_providers.contains_key(name) {
                    let detail = format!("smform has no provider \"{name}\", so this block is without effect.");
                    Diagnostic::warning("Provider is not available", detail)
                } else {
                    let detail = format!(
                        "smform has no provider \"{name}\", so nothing here can use it.{hint} Remove the block."
                    );
                    Diagnostic::error("Missing required provider", detail)
                };
                found.push(told.at(block.span).within(format!("provider {name:?}")));
            }
        }
        for entry in config.modules.values().flat_map(|module| module.required_providers.values()) {
            if self.get(&entry.source).is_some() {
                continue;
            }
            let known: Vec<&str> = self.by_source.keys().copied().collect();
            let hint =
                did_you_mean(&entry.source, known.iter().copied().filter(|known| !entry.source.starts_with(known)));
            let detail = format!(
                "smform has no provider {}, so nothing here can use it.{hint} It brings along: {}.",
                entry.source,
                known.join(", ")
            );
            let place = entry.source_span.unwrap_or(entry.span);
            found.push(Diagnostic::warning("Provider is not available", detail).at(place).within("terraform"));
        }
        found
    }

    /// The provider that offers a type.
    #[must_use]
    pub fn offering(&self, mode: ResourceMode, type_name: &str) -> Option<&Arc<dyn Provider>> {
        self.by_source.values().find(|provider| provider.resource_schema(mode, type_name).is_some())
    }

    /// The provider that a local name stands for in a module: as `required_providers` says, else by the last part of
    /// its source address.
    #[must_use]
    pub fn named(&self, module: &Module, name: &str) -> Option<&Arc<dyn Provider>> {
        match module.required_providers.get(name) {
            Some(required) => self.get(&required.source),
            None => self.by_source.values().find(|provider| local_name(provider.source()) == name),
        }
    }

    /// The schema of a block's type.
    ///
    /// # Errors
    /// When no provider offers the type; without a place.
    pub fn schema(&self, module: &Module, resource: &Resource) -> Result<&Schema, Diagnostic> {
        let (mode, type_name) = (resource.address.mode, &*resource.address.type_name);
        let named = self.named(module, &resource.provider.name);
        let schema = named.and_then(|provider| provider.resource_schema(mode, type_name));
        let schema = schema.or_else(|| self.offering(mode, type_name)?.resource_schema(mode, type_name));
        let provider = &resource.provider.name;
        if named.is_none() && type_name.split('_').next() != Some(provider) {
            let hint = did_you_mean(provider, self.iter().map(|known| local_name(known.source())));
            let detail = format!("smform has no provider \"{provider}\".{hint}");
            return Err(Diagnostic::error("Missing required provider", detail));
        }
        let is_offered = named.is_none_or(|named| named.resource_schema(mode, type_name).is_some());
        match schema {
            Some(_) if !is_offered && !resource.provider_implied => {
                let what = kind(mode);
                let detail =
                    format!("The provider \"{provider}\" has no {what} \"{type_name}\". Name the one that has.");
                Err(Diagnostic::error(format!("Invalid {what}"), detail))
            }
            Some(schema) => Ok(schema),
            None => Err(self.unknown_type(mode, type_name)),
        }
    }

    /// The error for a type that no provider offers; without a place.
    #[must_use]
    pub fn unknown_type(&self, mode: ResourceMode, type_name: &str) -> Diagnostic {
        let what = kind(mode);
        let names: Vec<&str> = self.iter().flat_map(|provider| provider.type_names(mode)).collect();
        let hint = did_you_mean(type_name, names.iter().copied());
        let detail = if hint.is_empty() {
            format!(
                "smform has no {what} \"{type_name}\". It brings along the types that SageMaker endpoints need; \
                 `smform providers schema -json` lists them. Keep the rest in a configuration of its own."
            )
        } else {
            format!("smform has no {what} \"{type_name}\".{hint}")
        };
        Diagnostic::error(format!("Invalid {what}"), detail)
    }

    /// What is said of a block of a type that no provider offers, before its instances are known: a module may have such
    /// blocks to spare, without instances. Without a place.
    #[must_use]
    pub fn passed_over(&self, mode: ResourceMode, type_name: &str) -> Diagnostic {
        let what = kind(mode);
        let detail = format!(
            "smform has no {what} \"{type_name}\". A plan passes the block over as long as it has no instances, and refuses it \
             otherwise."
        );
        Diagnostic::warning(format!("Unknown {what}"), detail)
    }

    /// The error for an `ephemeral` block: no provider that is compiled in has such types. Without a place.
    #[must_use]
    pub fn no_ephemeral(&self, type_name: &str) -> Diagnostic {
        let detail = format!(
            "No provider of smform has ephemeral resource types, so there is no \"{type_name}\". Give the value to an \
             ephemeral variable instead, from the environment as TF_VAR_name."
        );
        Diagnostic::error("Invalid ephemeral resource", detail)
    }

    /// The provider configuration that a block uses: its own module's, or the one that is passed or inherited from
    /// the modules around it.
    ///
    /// # Errors
    /// When an alias is used that is configured nowhere; without a place.
    pub fn key(&self, config: &Config, at: &ModuleAddress, resource: &Resource) -> Result<ProviderKey, Diagnostic> {
        self.resolve(config, at, &self.reference(config, at, resource))
    }

    /// The name, within its module, of the provider configuration that a block uses.
    #[must_use]
    pub fn reference(&self, config: &Config, at: &ModuleAddress, resource: &Resource) -> ProviderRef {
        let module = config.modules.get(at);
        let mode = resource.address.mode;
        // A type that the provider of its local name does not offer uses the default configuration of the one that
        // does: `smform_vpc_config` is checked with the credentials of `aws`.
        let named = module.and_then(|module| self.named(module, &resource.provider.name));
        let offers =
            named.is_some_and(|provider| provider.resource_schema(mode, &resource.address.type_name).is_some());
        if offers {
            return resource.provider.clone();
        }
        match self.offering(mode, &resource.address.type_name) {
            Some(provider) => ProviderRef { name: local_name(provider.source()).into(), alias: None },
            // Nothing is made of it.
            None => resource.provider.clone(),
        }
    }

    /// Follows a reference outwards to the module that configures it.
    fn resolve(&self, config: &Config, at: &ModuleAddress, reference: &ProviderRef) -> Result<ProviderKey, Diagnostic> {
        let mut at = at.clone();
        let mut reference = reference.clone();
        loop {
            let module = config.modules.get(&at);
            if module.is_some_and(|module| module.providers.contains_key(&reference)) {
                return Ok(ProviderKey { module: at, reference });
            }
            let Some((parent, name)) = at.parent() else { break };
            let call = config.modules.get(&parent).and_then(|module| module.calls.get(name));
            let passed = call.and_then(|call| call.providers.iter().find(|passed| passed.child == reference));
            match passed {
                Some(passed) => reference = passed.own.clone(),
                None if reference.alias.is_none() => {}
                None => break,
            }
            at = parent;
        }
        if reference.alias.is_none() {
            return Ok(ProviderKey { module: ModuleAddress::root(), reference });
        }
        let alias = reference.alias.as_deref().unwrap_or_default();
        Err(Diagnostic::error(
            "Provider configuration not present",
            format!(
                "There is no provider \"{0}\" block with alias = \"{alias}\". Add one, or pass it with the \"providers\" \
                 argument of the module call.",
                reference.name
            ),
        ))
    }

    /// The provider configuration for a resource that only the state holds: the one that it is recorded with, else the
    /// default one of the provider that offers its type, if any does.
    ///
    /// # Errors
    /// When it is recorded with one that is configured no more: another one might look for it in the wrong place.
    pub fn key_for_stored(
        &self,
        config: &Config,
        resource: &ResourceConfigAddress,
        origin: Option<&str>,
    ) -> Result<Option<ProviderKey>, Diagnostic> {
        let Some(provider) = self.offering(resource.resource.mode, &resource.resource.type_name) else {
            return Ok(None);
        };
        let name = local_name(provider.source());
        let recorded = origin.and_then(Origin::read).filter(|origin| origin.source == provider.source());
        let Some(recorded) = recorded.filter(|origin| origin.alias.is_some() || !origin.module.is_root()) else {
            let reference = ProviderRef { name: name.into(), alias: None };
            return Ok(self.resolve(config, &ModuleAddress::root(), &reference).ok());
        };
        let module = config.modules.get(&recorded.module);
        let found = module.into_iter().flat_map(|module| module.providers.keys().map(move |key| (module, key))).find(
            |(module, key)| {
                let named = self.named(module, &key.name);
                key.alias == recorded.alias && named.is_some_and(|named| named.source() == provider.source())
            },
        );
        match found {
            Some((_, reference)) => {
                Ok(Some(ProviderKey { module: recorded.module.clone(), reference: reference.clone() }))
            }
            None => Err(Diagnostic::error(
                "Provider configuration not present",
                format!(
                    "{resource} is recorded with {}, and that is configured no more. It is needed to destroy the object: \
                     put the provider block back until the object is gone, or drop the object from the state.",
                    origin.unwrap_or_default()
                ),
            )),
        }
    }

    /// The provider of a configuration key.
    #[must_use]
    pub fn of_key(&self, config: &Config, key: &ProviderKey) -> Option<&Arc<dyn Provider>> {
        if let Some(mock) = self.mocks.get(&key.reference).filter(|_| key.module.is_root()) {
            return Some(mock);
        }
        match config.modules.get(&key.module) {
            Some(module) => self.named(module, &key.reference.name),
            None => self.by_source.values().find(|provider| local_name(provider.source()) == &*key.reference.name),
        }
    }

    /// How the state names a provider configuration: `provider["registry.terraform.io/hashicorp/aws"].alias`.
    #[must_use]
    pub fn state_address(&self, config: &Config, key: &ProviderKey) -> String {
        let source = self.of_key(config, key).map_or_else(|| key.reference.name.to_string(), |p| p.source().to_owned());
        let module = if key.module.is_root() { String::new() } else { format!("{}.", key.module) };
        let alias = key.reference.alias.as_ref().map(|alias| format!(".{alias}")).unwrap_or_default();
        format!("{module}provider[\"{source}\"]{alias}")
    }
}

/// A provider configuration as the state writes it: `module.m.provider["terraform.io/builtin/terraform"].alias`.
struct Origin<'t> {
    module: ModuleAddress,
    source: &'t str,
    alias: Option<Arc<str>>,
}

impl Origin<'_> {
    fn read(text: &str) -> Option<Origin<'_>> {
        let (module, rest) = text.split_once("provider[\"")?;
        let (source, alias) = rest.split_once("\"]")?;
        let module = match module.strip_suffix('.') {
            Some(module) => module.parse::<ModuleInstance>().ok()?.config(),
            None => ModuleAddress::root(),
        };
        Some(Origin { module, source, alias: alias.strip_prefix('.').map(Arc::from) })
    }
}

/// What a block of a mode declares, in words.
const fn kind(mode: ResourceMode) -> &'static str {
    match mode {
        ResourceMode::Managed => "resource type",
        ResourceMode::Data => "data source",
    }
}

/// The last part of a source address.
fn local_name(source: &str) -> &str {
    source.rsplit('/').next().unwrap_or(source)
}
