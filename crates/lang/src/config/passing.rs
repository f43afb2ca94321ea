//! Which provider configurations go from a module to those that it calls, and whether they suit: checked once all
//! modules are read, since each call is about two of them.

use std::collections::BTreeMap;

use smform_types::{Diagnostic, Diagnostics, ModuleAddress, Span};

use super::settings::{default_source, in_registry};
use super::{Config, Module, ModuleCall, ProviderBlock, ProviderRef, Repetition};

/// An entry of the `providers` argument of a call.
#[derive(Clone, Debug)]
pub struct PassedProvider {
    /// What the module that is called means.
    pub child: ProviderRef,
    /// The place of its local name.
    pub child_name: Span,
    /// The configuration here that it gets.
    pub own: ProviderRef,
    /// The place of its local name.
    pub own_name: Span,
}

/// Checks a configuration.
pub(super) fn check(config: &Config) -> Diagnostics {
    let mut found = Diagnostics::new();
    for (address, module) in &config.modules {
        refuse_built_in_versions(module, &mut found);
        warn_of_duplicates(module, &mut found);
        warn_of_undeclared(config, address, module, &mut found);
        if let Some(call) = call(config, address) {
            received(config, address, module, call, &mut found);
        }
    }
    found
}

fn call<'c>(config: &'c Config, address: &ModuleAddress) -> Option<&'c ModuleCall> {
    let (parent, name) = address.parent()?;
    config.modules.get(&parent)?.calls.get(name)
}

/// What a local name stands for that the module does not explain. Terraform takes it for a provider of the registry, also
/// where a resource of that name would use the one that is built in.
fn source_of(module: &Module, name: &str) -> String {
    module.required_providers.get(name).map_or_else(|| in_registry(name), |entry| entry.source.clone())
}

fn is_of_registry(source: &str, name: &str) -> bool {
    *source == in_registry(name)
}

/// Whether a block configures something, rather than only name a configuration that is to come from outside.
fn configures(block: &ProviderBlock) -> bool {
    block.version.is_some() || !block.body.attributes.is_empty() || !block.body.blocks.is_empty()
}

fn shown(reference: &ProviderRef) -> String {
    match &reference.alias {
        Some(alias) => format!("{}.{alias}", reference.name),
        None => reference.name.to_string(),
    }
}

fn context(call: &ModuleCall) -> String {
    format!("module {:?}", call.name.text)
}

/// The built-in provider is as old as the program.
fn refuse_built_in_versions(module: &Module, found: &mut Diagnostics) {
    let built_in = default_source("terraform");
    let required = module.required_providers.values().filter(|entry| entry.source == built_in);
    let required = required.filter_map(|entry| entry.version_span);
    let blocks = module.providers.values().filter(|block| {
        let own = module.required_providers.get(&block.reference.name);
        own.map_or_else(|| default_source(&block.reference.name), |own| own.source.clone()) == built_in
    });
    let blocks = blocks.filter_map(|block| block.version.as_ref().map(|(_, place)| *place));
    for place in required.chain(blocks) {
        let detail =
            format!("{built_in} is part of the program and has no versions of its own. Remove the constraint.");
        let error = Diagnostic::error("Invalid dependency on built-in provider", detail);
        found.push(error.at(place).within("terraform"));
    }
}

/// One provider under two local names is two configurations to whoever reads the module, and one to Terraform.
fn warn_of_duplicates(module: &Module, found: &mut Diagnostics) {
    let mut entries: Vec<_> = module.required_providers.iter().collect();
    entries.sort_by_key(|(_, entry)| entry.span.start);
    let mut first: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, entry) in entries {
        let Some(before) = first.get(&*entry.source) else {
            first.insert(&entry.source, name);
            continue;
        };
        let detail = format!("\"{name}\" and \"{before}\" are the same provider, {}. Keep one entry.", entry.source);
        let warning = Diagnostic::warning("Duplicate required provider", detail);
        found.push(warning.at(entry.value).within("terraform"));
    }
    for resource in module.resources.values().filter(|resource| resource.provider_implied) {
        let name = &resource.provider.name;
        if module.required_providers.contains_key(name) {
            continue;
        }
        let Some(required) = first.get(&*default_source(name)) else { continue };
        let detail = format!(
            "The type means the provider \"{name}\", which this module requires as \"{required}\". Name the entry in \
             required_providers \"{name}\", or add provider = {required}."
        );
        let warning = Diagnostic::warning("Duplicate required provider", detail);
        found.push(warning.at(resource.span).within("required_providers"));
    }
}

/// Local names that a module passes on without having explained them.
fn warn_of_undeclared(config: &Config, address: &ModuleAddress, module: &Module, found: &mut Diagnostics) {
    for call in module.calls.values() {
        for passed in &call.providers {
            let name = &passed.own.name;
            if passed.own.alias.is_some() {
                missing(config, address, module, call, passed, found);
                continue;
            }
            let configured = module.providers.get(&passed.own).is_some_and(configures);
            let required = module.required_providers.contains_key(name);
            let around = self::call(config, address);
            let given = around.is_some_and(|call| call.providers.iter().any(|around| around.child == passed.own));
            if !configured && !required {
                let source = default_source(name);
                let detail = format!(
                    "Nothing here says which provider \"{name}\" is, so it is taken for {source}. Add an entry for it to \
                     required_providers."
                );
                let warning = Diagnostic::warning("Reference to undefined provider", detail);
                found.push(warning.at(passed.own_name).within(context(call)));
            } else if let Some(around) = around.filter(|_| !configured && !given) {
                let detail = format!(
                    "{address} passes its configuration of \"{name}\" on, and is given none. Add {name} = {name} to the \
                     providers argument of this call."
                );
                let warning = Diagnostic::warning("Missing required provider configuration", detail);
                found.push(warning.at(around.span).within(context(around)));
            }
            missing(config, address, module, call, passed, found);
        }
    }
}

/// A configuration that is passed on, and that there is not.
fn missing(
    config: &Config,
    address: &ModuleAddress,
    module: &Module,
    call: &ModuleCall,
    passed: &PassedProvider,
    found: &mut Diagnostics,
) {
    let (own, name) = (&passed.own, &passed.own.name);
    let required = module.required_providers.get(name);
    // In the root module, to require a provider is to configure it with nothing.
    let implied = own.alias.is_none() && address.is_root() && required.is_some();
    let expected = required.is_some_and(|entry| entry.configuration_aliases.contains(own));
    let around = self::call(config, address);
    let given = around.is_some_and(|call| call.providers.iter().any(|around| around.child == *own));
    // What the module that is called takes for another provider is told as that.
    let child = config.modules.get(&address.child(&call.name.text));
    let mistaken = child.is_some_and(|child| !suits_by_name(module, child, passed));
    if module.providers.contains_key(own) || implied || expected || given || mistaken {
        return;
    }
    let place = if address.is_root() { String::new() } else { format!("{address}.") };
    let source = required.map_or_else(|| default_source(name), |own| own.source.clone());
    let alias = own.alias.as_ref().map(|alias| format!(".{alias}")).unwrap_or_default();
    let detail = format!(
        "There is no configuration \"{}\" here that could be passed: neither a provider block nor an entry in the providers \
         argument of a call. Add one, or leave this entry out, for what a module is not given is inherited.",
        shown(own)
    );
    let error = Diagnostic::error(format!("missing provider {place}provider[\"{source}\"]{alias}"), detail);
    found.push(error.at(passed.own_name).within(context(call)));
}

/// The provider that a module means by the name under which it is given a configuration.
fn wanted(module: &Module, reference: &ProviderRef) -> String {
    let entries = module.required_providers.values();
    let aliased = entries.into_iter().find(|entry| entry.configuration_aliases.contains(reference));
    aliased.map_or_else(|| source_of(module, &reference.name), |entry| entry.source.clone())
}

fn suits_by_name(parent: &Module, child: &Module, passed: &PassedProvider) -> bool {
    wanted(child, &passed.child) == source_of(parent, &passed.own.name)
}

/// What a module is given by its call.
fn received(config: &Config, address: &ModuleAddress, module: &Module, call: &ModuleCall, found: &mut Diagnostics) {
    let parent = address.parent().and_then(|(parent, _)| config.modules.get(&parent));
    let Some(parent) = parent else { return };
    let configured: Vec<&ProviderBlock> = module.providers.values().filter(|block| configures(block)).collect();
    if let (Some(place), Some(block)) = (repeated(config, address), configured.first()) {
        let detail = format!(
            "{address} has a provider block of its own, \"{}\", so it can stand only once: its objects could not be \
             destroyed after their call is gone. Move the block into the root module, and pass it with the providers \
             argument.",
            shown(&block.reference)
        );
        let error = Diagnostic::error("Module is incompatible with count, for_each, and depends_on", detail);
        found.push(error.at(place));
    }
    let given: BTreeMap<&ProviderRef, &PassedProvider> =
        call.providers.iter().map(|passed| (&passed.child, passed)).collect();
    for block in configured {
        if let Some(passed) = given.get(&block.reference) {
            let detail = format!(
                "{address} has a provider block for \"{}\" of its own, which this one cannot replace. Remove one of them.",
                shown(&block.reference)
            );
            let error = Diagnostic::error("Cannot override provider configuration", detail);
            found.push(error.at(passed.child_name).within(context(call)));
        }
    }
    let aliases: BTreeMap<&ProviderRef, &str> = module
        .required_providers
        .values()
        .flat_map(|entry| entry.configuration_aliases.iter().map(|alias| (alias, &*entry.source)))
        .collect();
    for (alias, source) in &aliases {
        let own = module.providers.get(*alias).is_some_and(configures);
        if !own && !given.contains_key(*alias) {
            let detail = format!(
                "The module needs another configuration of {source}, which it calls \"{0}\". Add {0} = ... to the providers \
                 argument of this call.",
                shown(alias)
            );
            let error = Diagnostic::error("Missing required provider configuration", detail);
            found.push(error.at(call.span).within(context(call)));
        }
    }
    for (reference, passed) in given {
        suits(parent, module, &aliases, reference, passed, &context(call), found);
    }
}

/// Whether one configuration is what the module means by its name.
fn suits(
    parent: &Module,
    module: &Module,
    aliases: &BTreeMap<&ProviderRef, &str>,
    reference: &ProviderRef,
    passed: &PassedProvider,
    context: &str,
    found: &mut Diagnostics,
) {
    let name = &reference.name;
    let wanted = wanted(module, reference);
    let explained = reference.alias.is_none() && module.required_providers.contains_key(name)
        || aliases.contains_key(reference)
        || module.providers.get(reference).is_some_and(|block| !configures(block));
    if !explained {
        let shown = shown(reference);
        let detail = format!(
            "The module does not say which provider it means by \"{shown}\". If the module is yours, add an entry for \
             \"{name}\" to its required_providers{}.",
            if reference.alias.is_some() { ", with configuration_aliases" } else { "" }
        );
        let summary = "Reference to undefined provider";
        let message = match is_of_registry(&wanted, name) {
            true => Diagnostic::warning(summary, detail),
            false => Diagnostic::error(summary, detail),
        };
        found.push(message.at(passed.child_name).within(context));
    }
    let given = source_of(parent, &passed.own.name);
    if wanted != given {
        let detail = format!(
            "By \"{name}\" the module means the provider {wanted}, but \"{}\" here is {given}. Where a name is meant to be \
             another one, say so in required_providers.",
            passed.own.name
        );
        found.push(Diagnostic::error("Provider type mismatch", detail).at(passed.own_name).within(context));
    }
}

/// The place of what makes a module, or one around it, stand any number of times, or wait.
fn repeated(config: &Config, address: &ModuleAddress) -> Option<Span> {
    let call = call(config, address)?;
    match &call.repetition {
        Repetition::Count(expr) | Repetition::ForEach(expr) => return Some(expr.span),
        Repetition::Single => {}
    }
    if let Some(waits) = call.depends_on.first() {
        return Some(waits.span);
    }
    let (parent, _) = address.parent()?;
    repeated(config, &parent)
}
