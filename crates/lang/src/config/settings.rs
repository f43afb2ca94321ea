//! `terraform` and `provider` blocks.

use std::sync::Arc;

use smform_types::{Diagnostic, Diagnostics, SourceMap, Span};

use super::content::{Content, Shape, check_name, elements};
use super::resource::provider_ref;
use super::version::{LANGUAGE_VERSION, satisfies};
use super::{Backend, Module, ProviderBlock, ProviderRef, RequiredProvider};
use crate::eval::static_string;
use crate::syntax::{Attribute, Block, Expr, ExprKind, Ident};

const TERRAFORM: Shape = Shape {
    arguments: &["required_version", "experiments", "language"],
    blocks: &[("required_providers", 0), ("backend", 1), ("cloud", 0), ("provider_meta", 1), ("encryption", 0)],
};

const PROVIDER: Shape = Shape { arguments: &["alias", "version"], blocks: &[] };

/// Names kept for the language in `provider` blocks.
const RESERVED: [&str; 6] = ["count", "for_each", "depends_on", "source", "lifecycle", "locals"];

/// The registry that short provider sources belong to.
const REGISTRY: &str = "registry.terraform.io";

pub(super) fn terraform(block: &Block, module: &mut Module, sources: &SourceMap, diagnostics: &mut Diagnostics) {
    let content = Content::exact(block, &TERRAFORM, diagnostics);
    if let Some(attribute) = content.attribute("required_version")
        && let expr = &attribute.expr
        && let Some(text) = diagnostics.take(static_string(expr))
    {
        required_version(&text, attribute.name.span, expr.span, diagnostics);
        module.required_versions.push((text, expr.span));
    }
    if let Some(experiments) = content.attribute("experiments")
        && !elements(&experiments.expr, diagnostics).is_empty()
    {
        let detail = "smform has no experimental language features. Remove the argument.";
        let place = experiments.name.span;
        diagnostics.push(Diagnostic::error("Module uses experimental features", detail).at(place));
    }
    for (at, block) in content.blocks_of("required_providers").enumerate() {
        let first = module.required_providers.values().next().map(|provider| provider.span);
        let before = content.blocks_of("required_providers").next().map(|block| block.header).filter(|_| at > 0);
        if let Some(first) = first.or(before) {
            let at = sources.get(first.source).map_or_else(String::new, |source| {
                format!(": the first is in {} on line {}", source.name, source.position(first.start as usize).line)
            });
            let detail = format!("A module may have only one required_providers block{at}. Merge them.");
            diagnostics.push(Diagnostic::error("Duplicate required providers configuration", detail).at(block.header));
            continue;
        }
        for Attribute { name, expr } in &block.body.attributes {
            if let Some(provider) = required_provider(name, expr, diagnostics)
                && module.required_providers.insert(Arc::clone(&name.text), provider).is_some()
            {
                let detail =
                    format!("The provider \"{}\" is required twice in this module. Keep one entry.", name.text);
                diagnostics.push(Diagnostic::error("Duplicate required provider", detail).at(name.span));
            }
        }
    }
    for block in content.blocks_of("backend") {
        let Some(kind) = block.labels.first() else { continue };
        if module.backend.is_some() {
            let detail = "A module may have only one backend.";
            diagnostics.push(Diagnostic::error("Duplicate backend configuration", detail).at(block.header));
            continue;
        }
        module.backend = Some(Backend { kind: kind.clone(), body: block.body.clone(), span: block.header });
    }
    if let Some(block) = content.single("encryption", diagnostics) {
        module.encryption = Some(super::encryption::read(block, diagnostics));
    }
    if let Some(cloud) = content.blocks_of("cloud").next() {
        let detail = "smform does not work with the hosted service that a cloud block configures. Use a backend block, \
                      or neither for state in a local file.";
        diagnostics.push(Diagnostic::error("Cloud configuration is not supported", detail).at(cloud.header));
    }
}

fn required_version(text: &str, name: Span, span: Span, diagnostics: &mut Diagnostics) {
    match satisfies(LANGUAGE_VERSION, text) {
        Ok(true) => {}
        Ok(false) => {
            let detail = format!(
                "This module requires a version of Terraform that satisfies {text:?}. smform implements the language of \
                 Terraform {LANGUAGE_VERSION}. If the module needs nothing newer, relax the constraint."
            );
            diagnostics.push(Diagnostic::error("Unsupported Terraform Core version", detail).at(name.to(span)));
        }
        Err(part) => {
            let detail = format!("{part:?} is not a version constraint, which is written like \">= 1.5.0, < 2.0.0\".");
            diagnostics.push(Diagnostic::error("Invalid version constraint", detail).at(span));
        }
    }
}

fn required_provider(name: &Ident, expr: &Expr, diagnostics: &mut Diagnostics) -> Option<RequiredProvider> {
    check_name(name, "provider local", diagnostics);
    let mut provider = RequiredProvider {
        source: default_source(&name.text),
        version: None,
        configuration_aliases: Vec::new(),
        span: name.span.to(expr.span),
    };
    let ExprKind::Object(items) = &expr.kind else {
        // The form of old: only a version constraint.
        provider.version = diagnostics.take(static_string(expr));
        check_constraint(provider.version.as_deref(), expr, diagnostics);
        return Some(provider);
    };
    for item in items {
        match crate::eval::keyword(&item.key).as_deref() {
            Some("source") => {
                let source = diagnostics.take(static_string(&item.value))?;
                match qualified(&source) {
                    Some(source) => provider.source = source,
                    None => {
                        let detail = format!(
                            "{source:?} is not a provider source, which is written [HOSTNAME/]NAMESPACE/TYPE, such as \
                             hashicorp/aws."
                        );
                        diagnostics
                            .push(Diagnostic::error("Invalid provider source string", detail).at(item.value.span));
                    }
                }
            }
            Some("version") => {
                provider.version = diagnostics.take(static_string(&item.value));
                check_constraint(provider.version.as_deref(), &item.value, diagnostics);
            }
            Some("configuration_aliases") => {
                for element in elements(&item.value, diagnostics) {
                    provider.configuration_aliases.extend(diagnostics.take(provider_ref(element)));
                }
            }
            _ => {
                let detail = "An entry has the arguments source, version and configuration_aliases.";
                diagnostics.push(Diagnostic::error("Invalid required_providers object", detail).at(item.key.span));
            }
        }
    }
    Some(provider)
}

fn check_constraint(version: Option<&str>, expr: &Expr, diagnostics: &mut Diagnostics) {
    if let Some(Err(part)) = version.map(|version| satisfies("0.0.0", version)) {
        let detail = format!("{part:?} is not a version constraint, which is written like \"~> 5.0\".");
        diagnostics.push(Diagnostic::error("Invalid version constraint", detail).at(expr.span));
    }
}

/// The source of a provider that no `required_providers` entry names.
pub fn default_source(local_name: &str) -> String {
    match local_name {
        "terraform" => "terraform.io/builtin/terraform".to_owned(),
        name => format!("{REGISTRY}/hashicorp/{name}"),
    }
}

fn qualified(source: &str) -> Option<String> {
    let parts: Vec<&str> = source.split('/').collect();
    let good = |part: &&str| {
        !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':'))
    };
    if !parts.iter().all(good) {
        return None;
    }
    // A frequent slip: the name of the program instead of that of the provider.
    if parts.last().is_some_and(|name| name.starts_with("terraform-")) {
        return None;
    }
    match parts.as_slice() {
        [name] => Some(format!("{REGISTRY}/hashicorp/{name}")),
        [namespace, name] => Some(format!("{REGISTRY}/{namespace}/{name}")),
        [host, namespace, name] => Some(format!("{host}/{namespace}/{name}")),
        _ => None,
    }
}

pub(super) fn provider(block: &Block, name: &Ident, diagnostics: &mut Diagnostics) -> ProviderBlock {
    check_name(name, "provider", diagnostics);
    let content = Content::split(block, &PROVIDER, diagnostics);
    if let Some(expr) = content.get("version") {
        let detail = "Write the version constraint into required_providers in the terraform block.";
        diagnostics.push(
            Diagnostic::warning("Version constraints inside provider configuration blocks are deprecated", detail)
                .at(expr.span),
        );
    }
    for attribute in &content.rest.attributes {
        if RESERVED.contains(&&*attribute.name.text) {
            let detail = format!("The name \"{}\" is reserved in provider blocks.", attribute.name.text);
            let error = Diagnostic::error("Reserved argument name in provider block", detail);
            diagnostics.push(error.at(attribute.name.span));
        }
    }
    for nested in &content.rest.blocks {
        if RESERVED.contains(&&*nested.kind.text) {
            let detail = format!("The block type \"{}\" is reserved in provider blocks.", nested.kind.text);
            let error = Diagnostic::error("Reserved block type name in provider block", detail);
            diagnostics.push(error.at(nested.kind.span));
        }
    }
    let alias = content.string("alias", diagnostics).map(Arc::from);
    if let (Some(alias), Some(expr)) = (&alias, content.get("alias")) {
        check_name(&Ident { text: Arc::clone(alias), span: expr.span }, "provider configuration alias", diagnostics);
    }
    let mut body = content.rest_with_escapes(diagnostics);
    body.attributes.retain(|attribute| !RESERVED.contains(&&*attribute.name.text));
    body.blocks.retain(|block| !RESERVED.contains(&&*block.kind.text));
    ProviderBlock { reference: ProviderRef { name: name.text.clone(), alias }, body, span: block.header }
}
