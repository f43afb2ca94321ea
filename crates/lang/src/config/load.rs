//! Loading a configuration: the root module and every module that it calls.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use smform_types::suggest::did_you_mean;
use smform_types::{Diagnostic, Diagnostics, ModuleAddress, SourceMap};

use super::constants::{Constants, Given};
use super::decode::{TOP_LEVEL, context};
use super::{
    CLOUD, Config, Context, Module, ModuleCall, ModuleRequest, ModuleResolver, NOT_INSTALLED, WRONG_VERSION, decode,
    merge, passing,
};
use crate::eval::{Subject, parse_reference};
use crate::source::{Host, is_json, module_files, read_text};
use crate::syntax::{Block, Body, Expr, ExprKind, parse_json, parse_native};

/// Deepest chain of module calls that is followed.
const MAX_DEPTH: usize = 1_000;

/// Loads a configuration: the module in `directory` and every module that it calls, found by `modules`.
///
/// The configuration holds whatever could be read even when there are errors.
pub fn load(host: &dyn Host, directory: &Path, modules: &dyn ModuleResolver) -> (Config, Diagnostics) {
    load_with(host, directory, modules, SourceMap::default(), Given::Inputs(&[]))
}

/// The same, beside texts that were read before, whose places stay valid, and with values for the root module's
/// variables, where sources of modules are made of them.
pub fn load_with(
    host: &dyn Host,
    directory: &Path,
    modules: &dyn ModuleResolver,
    sources: SourceMap,
    given: Given<'_>,
) -> (Config, Diagnostics) {
    let mut loader = Loader { host, modules, read: BTreeMap::new(), diagnostics: Diagnostics::new() };
    let mut config = Config {
        modules: BTreeMap::new(),
        sources,
        directory: directory.to_owned(),
        contexts: Vec::new(),
        deferred: Diagnostics::new(),
    };
    let root = loader.module(directory, &mut config);
    let constants = Constants::of_root(host, directory, &root, given, &mut config.sources);
    loader.add(ModuleAddress::root(), root, &constants, &mut vec![directory.to_owned()], &mut config);
    loader.diagnostics.extend(passing::check(&config));
    // A module that is called twice has each of its mistakes once.
    let mut seen = HashSet::new();
    let first = |error: &Diagnostic| seen.insert((error.span, error.summary.clone(), error.detail.clone()));
    let (deferred, diagnostics): (Vec<_>, Vec<_>) =
        loader.diagnostics.into_iter().filter(first).partition(|error| error.deferred);
    config.deferred = deferred.into_iter().collect();
    (config, diagnostics.into_iter().collect())
}

/// Loads the module in `directory` alone: what a command needs that looks at nothing but the state.
pub fn load_root(host: &dyn Host, directory: &Path) -> (Config, Diagnostics) {
    let modules = &super::LocalModules;
    let mut loader = Loader { host, modules, read: BTreeMap::new(), diagnostics: Diagnostics::new() };
    let mut config = Config {
        modules: BTreeMap::new(),
        sources: SourceMap::default(),
        directory: directory.to_owned(),
        contexts: Vec::new(),
        deferred: Diagnostics::new(),
    };
    let root = loader.module(directory, &mut config);
    config.modules.insert(ModuleAddress::root(), root);
    let (deferred, found): (Vec<_>, Vec<_>) = loader.diagnostics.into_iter().partition(|error| error.deferred);
    config.deferred = deferred.into_iter().collect();
    (config, found.into_iter().collect())
}

/// Adds the resource blocks of a text in native syntax to the root module, as if a file of this name held them.
pub fn add_resources(config: &mut Config, name: &str, text: &str) -> Diagnostics {
    let source = config.sources.add(name, text);
    let (body, mut found) = parse_native(text, source);
    let added = decode::module(&config.directory, &body.blocks, &config.sources, &mut found);
    for block in &body.blocks {
        config.contexts.push(Context { span: block.header.to(block.body.span), header: context(block) });
    }
    config.modules.entry(ModuleAddress::root()).or_default().resources.extend(added.resources);
    found
}

struct Loader<'a> {
    host: &'a dyn Host,
    modules: &'a dyn ModuleResolver,
    /// Modules by directory: one that is called twice is read once.
    read: BTreeMap<PathBuf, Module>,
    diagnostics: Diagnostics,
}

impl Loader<'_> {
    /// Adds a module and those that it calls. `chain` holds the directories of the modules around it and its own.
    fn add(
        &mut self,
        address: ModuleAddress,
        mut module: Module,
        constants: &Constants,
        chain: &mut Vec<PathBuf>,
        config: &mut Config,
    ) {
        let sources = module.calls.iter().filter_map(|(name, call)| Some((name.clone(), call.source_expr.as_ref()?)));
        for (name, found) in sources.map(|(name, expr)| (name, constants.text(&module, expr))).collect::<Vec<_>>() {
            match (found, module.calls.get_mut(&name)) {
                (Ok(source), Some(call)) => call.source = source,
                (Err(errors), _) => {
                    let context = format!("module {name:?}");
                    self.diagnostics.extend(errors.map(|error| error.within(&context)));
                    module.calls.remove(&name);
                }
                (Ok(_), None) => {}
            }
        }
        for (name, call) in &module.calls {
            let child = address.child(name);
            let request = ModuleRequest {
                host: self.host,
                address: &child,
                directory: &module.directory,
                source: &call.source,
                version: call.version.as_deref(),
            };
            let directory = match self.modules.resolve(&request) {
                Ok(directory) => directory,
                Err(error) => {
                    self.report(error, call);
                    continue;
                }
            };
            if chain.contains(&directory) || chain.len() >= MAX_DEPTH {
                let shown = directory.display();
                let detail = if chain.contains(&directory) {
                    format!(
                        "The module in {shown} would contain itself without end: this call is within it. Break the circle."
                    )
                } else {
                    format!("The module in {shown} is the {MAX_DEPTH}th within one another, and no more are followed.")
                };
                self.report(Diagnostic::error("Module call cycle", detail), call);
                continue;
            }
            if self.host.list(&directory).is_err() {
                let detail = format!("There is no directory {} that {:?} leads to.", directory.display(), call.source);
                self.report(Diagnostic::error(NOT_INSTALLED, detail), call);
                continue;
            }
            let callee = self.module(&directory, config);
            self.check_arguments(call, &callee);
            self.warn_of_empty_providers(&callee);
            self.warn_of_backend(&callee);
            let constants = constants.of_call(&module, call, &callee, &mut self.diagnostics);
            chain.push(directory);
            self.add(child, callee, &constants, chain, config);
            chain.pop();
        }
        self.check_imports(&module);
        config.modules.insert(address, module);
    }

    /// The target of an import into a module must be in one that is called.
    fn check_imports(&mut self, module: &Module) {
        for import in &module.imports {
            let Ok(reference) = parse_reference(&import.to) else { continue };
            if let Subject::Module(name) = &reference.subject
                && !module.calls.contains_key(name)
            {
                let hint = did_you_mean(name, module.calls.keys().map(|name| &**name));
                let detail = format!("There is no module \"{name}\" that could hold the object.{hint}");
                let error = Diagnostic::error("Configuration for import target does not exist", detail);
                self.diagnostics.push(error.at(import.to.span).within("import").deferred());
            }
            if let Some((_, place)) = &import.provider
                && let Subject::Resource(address) = &reference.subject
                && module.resources.contains_key(address)
            {
                let detail = format!(
                    "{address} has a block that says which provider configuration it uses. Remove the argument."
                );
                let error = Diagnostic::error("Invalid import provider argument", detail);
                self.diagnostics.push(error.at(*place).within("import").deferred());
            }
        }
    }

    /// A configuration without arguments in a module that is called says nothing.
    fn warn_of_empty_providers(&mut self, module: &Module) {
        for provider in module.providers.values() {
            if provider.body.attributes.is_empty() && provider.body.blocks.is_empty() {
                let name = &provider.reference.name;
                let detail = format!(
                    "A module gets its provider configurations from its caller. To say that it needs \"{name}\", write it \
                     into required_providers{}.",
                    if provider.reference.alias.is_some() { ", with configuration_aliases" } else { "" }
                );
                let warning = Diagnostic::warning("Redundant empty provider block", detail);
                self.diagnostics.push(warning.at(provider.span).within(format!("provider {name:?}")));
            }
        }
    }

    fn report(&mut self, error: Diagnostic, call: &ModuleCall) {
        let context = format!("module {:?}", call.name.text);
        let is_missing = matches!(&*error.summary, NOT_INSTALLED | "Module call cycle");
        self.diagnostics.push(error.at(if is_missing { call.span } else { call.source_span }).within(context));
    }

    /// The arguments of a call are the variables of the module.
    fn check_arguments(&mut self, call: &ModuleCall, child: &Module) {
        let context = format!("module {:?}", call.name.text);
        for attribute in &call.body.attributes {
            let name = &attribute.name.text;
            if !child.variables.contains_key(name) && call.body.overridden.is_none() {
                let hint = did_you_mean(name, child.variables.keys().map(|name| &**name));
                let detail = format!("The module has no variable \"{name}\", so it cannot be given one.{hint}");
                let error = Diagnostic::error(super::content::unsupported(call.body.json), detail);
                self.diagnostics.push(error.at(attribute.name.span).within(&context).deferred());
            }
        }
        for variable in child.variables.values() {
            let name = &variable.name.text;
            if variable.default.is_none() && !call.body.has_required(name) {
                let detail = format!(
                    "The argument \"{name}\" is required, but no definition was found: the module has a variable of \
                     this name without a default."
                );
                let error = Diagnostic::error("Missing required argument", detail);
                self.diagnostics.push(error.at(call.body.missing()).within(&context).deferred());
            }
        }
    }

    /// Where the state is kept is for the root module to say.
    fn warn_of_backend(&mut self, module: &Module) {
        let Some(backend) = &module.backend else { return };
        let what = if &*backend.kind.text == CLOUD { "Cloud" } else { "Backend" };
        let detail =
            "Only the root module says where the state is. Where this module is called, the block has no effect.";
        let warning = Diagnostic::warning(format!("{what} configuration ignored"), detail);
        self.diagnostics.push(warning.at(backend.span).within("terraform"));
    }

    /// The module of a directory.
    fn module(&mut self, directory: &Path, config: &mut Config) -> Module {
        if let Some(module) = self.read.get(directory) {
            return module.clone();
        }
        let blocks = self.blocks(directory, config);
        let module = decode::module(directory, &blocks, &config.sources, &mut self.diagnostics);
        self.read.insert(directory.to_owned(), module.clone());
        module
    }

    /// The blocks of a directory, with override files merged in.
    fn blocks(&mut self, directory: &Path, config: &mut Config) -> Vec<Block> {
        let files = match module_files(self.host, directory) {
            Ok(files) => files,
            Err(error) => {
                let detail = format!("The directory {} could not be listed: {error}.", directory.display());
                self.diagnostics.push(Diagnostic::error("Failed to read module directory", detail));
                return Vec::new();
            }
        };
        let mut blocks = Vec::new();
        for name in &files.primary {
            blocks.extend(self.file(directory, name, config));
        }
        if !files.overrides.is_empty() {
            // Each block is to be in order without what an override makes of it; the version that is required may change.
            let mut found = Diagnostics::new();
            decode::module(directory, &blocks, &config.sources, &mut found);
            let is_told = |error: &Diagnostic| error.is_error() && error.summary != WRONG_VERSION;
            self.diagnostics.extend(found.into_iter().filter(is_told));
        }
        for name in &files.overrides {
            let overrides = self.file(directory, name, config);
            merge::merge(&mut blocks, overrides, &mut self.diagnostics);
        }
        blocks
    }

    fn file(&mut self, directory: &Path, name: &str, config: &mut Config) -> Vec<Block> {
        let path = directory.join(name);
        let shown = path.strip_prefix(".").unwrap_or(&path).display().to_string();
        let Some((source, text)) = self.diagnostics.take(read_text(self.host, &path, &shown, &mut config.sources))
        else {
            return Vec::new();
        };
        let (body, errors) = if is_json(name) { parse_json(&text, source) } else { parse_native(&text, source) };
        self.diagnostics.extend(errors);
        if body.json {
            for attribute in &body.attributes {
                json_contexts(&attribute.expr, attribute.name.text.to_string(), &mut config.contexts);
            }
        }
        for block in &body.unfinished {
            config.contexts.push(Context { span: block.header.to(block.body.span), header: context(block) });
        }
        let (body, errors) = body.expanded(TOP_LEVEL.blocks);
        self.diagnostics.extend(errors);
        let body: Body = body.into_owned();
        for attribute in &body.attributes {
            let name = &*attribute.name.text;
            let hint = did_you_mean(name, TOP_LEVEL.blocks.iter().map(|(kind, _)| *kind));
            let detail = format!(
                "An argument named \"{name}\" is not expected at the top of a file, where only blocks stand. Values of \
                 your own go into a locals block.{hint}"
            );
            let summary = super::content::unsupported(body.json);
            self.diagnostics.push(Diagnostic::error(summary, detail).at(attribute.name.span));
        }
        for block in body.blocks.iter().filter(|_| !body.json) {
            config.contexts.push(Context { span: block.header.to(block.body.span), header: context(block) });
        }
        body.blocks
    }
}

/// The objects within a JSON value, the innermost first.
fn json_contexts(value: &Expr, path: String, into: &mut Vec<Context>) {
    match &value.kind {
        ExprKind::Object(items) => {
            for item in items {
                if let ExprKind::Literal(key) = &item.key.kind {
                    json_contexts(&item.value, format!("{path}.{}", key.as_str().unwrap_or_default()), into);
                }
            }
            into.push(Context { span: value.span, header: path });
        }
        ExprKind::Tuple(items) => {
            for (at, item) in items.iter().enumerate().filter(|(_, item)| matches!(item.kind, ExprKind::Object(_))) {
                json_contexts(item, format!("{path}[{at}]"), into);
            }
            into.push(Context { span: value.span, header: path });
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::LocalModules;
    use crate::source::MemoryHost;

    fn loaded<'h>(files: impl IntoIterator<Item = (&'h str, &'h str)>) -> (Config, Vec<String>) {
        let host = MemoryHost::new(files);
        let (config, errors) = load(&host, Path::new("."), &LocalModules);
        (config, errors.iter().map(|error| error.summary.clone()).collect())
    }

    #[test]
    fn modules_are_found_at_their_addresses() {
        let files = [
            (
                "main.tf",
                "module \"a\" {\n  source = \"./m\"\n  x = 1\n}\nmodule \"b\" {\n  source = \"./m\"\n  x = 2\n}\n",
            ),
            ("m/main.tf", "variable \"x\" {}\nmodule \"inner\" {\n  source = \"../n\"\n}\n"),
            ("n/main.tf", "output \"o\" {\n  value = 1\n}\n"),
        ];
        let (config, errors) = loaded(files);
        assert_eq!(errors, Vec::<String>::new());
        let addresses: Vec<String> = config.modules.keys().map(ToString::to_string).collect();
        assert_eq!(addresses, ["", "module.a", "module.a.module.inner", "module.b", "module.b.module.inner"]);
        // A module that is called twice is read once.
        assert_eq!(config.sources.iter().count(), 3);
    }

    #[test]
    fn a_mistake_in_a_module_is_told_once() {
        let files = [
            ("main.tf", "module \"a\" {\n  source = \"./m\"\n}\nmodule \"b\" {\n  source = \"./m\"\n}\n"),
            ("m/main.tf", "module \"inner\" {\n  source = \"./none\"\n}\n"),
        ];
        assert_eq!(loaded(files).1, [NOT_INSTALLED]);
    }

    #[test]
    fn a_place_knows_the_block_around_it() {
        let (config, _) = loaded([("main.tf", "locals {\n  a = 1\n}\n\noutput \"b\" {\n  value = local.a\n}\n")]);
        let output = config.root().and_then(|module| module.outputs.get("b"));
        let span = output.map(|output| output.expr.span).expect("declared");
        assert_eq!(config.context_at(span), Some("output \"b\""));
    }

    #[test]
    fn overrides_change_settings_part_by_part() {
        let files = [
            (
                "main.tf",
                "terraform {\n  required_providers {\n    a = { source = \"x/a\" }\n    b = { source = \"x/b\" }\n  }\n}\n",
            ),
            ("override.tf", "terraform {\n  required_providers {\n    b = { source = \"y/b\" }\n  }\n}\n"),
        ];
        let (config, errors) = loaded(files);
        assert_eq!(errors, Vec::<String>::new());
        let sources = config.root().map(|root| root.required_providers.values().map(|entry| entry.source.clone()));
        let expected = ["registry.terraform.io/x/a", "registry.terraform.io/y/b"];
        assert_eq!(sources.map(Iterator::collect::<Vec<_>>), Some(expected.map(str::to_owned).to_vec()));
    }
}
