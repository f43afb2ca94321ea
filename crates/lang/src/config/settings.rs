//! `terraform` and `provider` blocks.

use std::sync::Arc;

use smform_types::{Diagnostic, Diagnostics, SourceMap, Span};

use super::content::{Content, Shape, elements};
use super::resource::provider_ref;
use super::version::{LANGUAGE_VERSION, readable, satisfies};
use super::{Backend, Module, ProviderBlock, ProviderRef, RequiredProvider};
use crate::eval::{static_string, static_value};
use crate::syntax::{Attribute, Block, Expr, ExprKind, Ident, is_identifier};

pub(super) const TERRAFORM: Shape = Shape {
    arguments: &["required_version", "experiments", "language"],
    blocks: &[("required_providers", 0), ("backend", 1), ("cloud", 0), ("provider_meta", 1), ("encryption", 0)],
};

const PROVIDER: Shape = Shape { arguments: &["alias", "version"], blocks: &[] };

/// Names kept for the language in `provider` blocks.
const RESERVED: [&str; 6] = ["count", "for_each", "depends_on", "source", "lifecycle", "locals"];

/// What to say of a version constraint that is none.
const WRITTEN_OUT: &str = "A version constraint is a text that is written out, such as \">= 1.5.0, < 2.0.0\".";

/// What stands for the type of a backend where a `cloud` block says where the state is.
pub const CLOUD: &str = "cloud";

/// The registry that short provider sources belong to.
const REGISTRY: &str = "registry.terraform.io";

pub(super) fn terraform(block: &Block, module: &mut Module, sources: &SourceMap, diagnostics: &mut Diagnostics) {
    let content = Content::exact(block, &TERRAFORM, diagnostics);
    if let Some(attribute) = content.attribute("required_version")
        && let expr = &attribute.expr
        && !matches!(&expr.kind, ExprKind::Literal(value) if value.is_null())
    {
        if matches!(expr.kind, ExprKind::Tuple(_) | ExprKind::Object(_)) {
            diagnostics.push(Diagnostic::error("Invalid version constraint", WRITTEN_OUT).at(expr.span));
        } else if let Some(text) = diagnostics.take(only_reason(static_string(expr))) {
            required_version(&text, attribute.name.span, expr.span, diagnostics);
            module.required_versions.push((text, expr.span));
        }
    }
    if let Some(language) = content.get("language") {
        edition(language, diagnostics);
    }
    if let Some(experiments) = content.attribute("experiments") {
        let detail = "smform has no experimental language features. Remove the argument.";
        let place = experiments.name.span;
        diagnostics.push(Diagnostic::error("Module uses experimental features", detail).at(place));
    }
    for block in content.blocks_of("required_providers") {
        if let Some(first) = module.required_providers_place {
            let at = sources.get(first.source).map_or_else(String::new, |source| {
                format!(": the first is in {} on line {}", source.name, source.position(first.start as usize).line)
            });
            let detail = format!("A module may have only one required_providers block{at}. Merge them.");
            diagnostics.push(Diagnostic::error("Duplicate required providers configuration", detail).at(block.header));
            continue;
        }
        module.required_providers_place = Some(block.header);
        for nested in &block.body.blocks {
            let detail = format!("An entry is an argument: {} = {{ source = ..., version = ... }}.", nested.kind.text);
            let summary = format!("Unexpected \"{}\" block", nested.kind.text);
            diagnostics.push(Diagnostic::error(summary, detail).at(nested.kind.span));
        }
        for Attribute { name, expr } in &block.body.attributes {
            if let Some(provider) = required_provider(name, expr, block.body.json, diagnostics)
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
    let mut metas: Vec<&str> = Vec::new();
    for (block, label) in content.blocks_of("provider_meta").filter_map(|block| Some((block, block.labels.first()?))) {
        if metas.contains(&&*label.text) {
            let detail = format!("There is a provider_meta block for \"{}\" already. Merge them.", label.text);
            diagnostics.push(Diagnostic::error("Duplicate provider_meta block", detail).at(block.header));
        }
        metas.push(&label.text);
        for attribute in &block.body.attributes {
            diagnostics.take(static_value(&attribute.expr));
        }
        diagnostics.extend(block.body.blocks.iter().map(|nested| {
            let detail = format!("A provider_meta block holds arguments: {} = {{ ... }}.", nested.kind.text);
            Diagnostic::error(format!("Unexpected \"{}\" block", nested.kind.text), detail).at(nested.kind.span)
        }));
    }
    if let Some(block) = content.single("encryption", diagnostics) {
        module.encryption = Some(super::encryption::read(block, diagnostics));
    }
    for block in content.blocks_of("cloud") {
        let (summary, detail, place) = match &module.backend {
            Some(known) if &*known.kind.text == CLOUD => {
                ("Duplicate HCP Terraform configurations", "A module may have only one cloud block.", block.header)
            }
            Some(known) => {
                let detail =
                    "A module keeps its state in one place: a cloud block and a backend block exclude each other.";
                ("Both a backend and cloud configuration are present", detail, known.span)
            }
            None => {
                let kind = Ident { text: CLOUD.into(), span: block.kind.span };
                module.backend = Some(Backend { kind, body: block.body.clone(), span: block.header });
                continue;
            }
        };
        diagnostics.push(Diagnostic::error(summary, detail).at(place));
    }
}

/// That something else is required goes without saying where an expression is refused for what it uses.
fn only_reason<T>(result: Result<T, Diagnostics>) -> Result<T, Diagnostics> {
    result.map_err(|errors| match errors.len() {
        0 | 1 => errors,
        _ => errors.into_iter().filter(|error| error.summary != "Unsuitable value type").collect(),
    })
}

/// The summary of what is said where another version of the language is required.
pub const WRONG_VERSION: &str = "Unsupported Terraform Core version";

/// Later versions of the language, the last of each line. Modules ask for what was current when they were written, and mostly
/// need nothing that is new in it.
const NEWER: [&str; 4] = ["1.12.99", "1.13.99", "1.14.99", "1.15.99"];

fn required_version(text: &str, name: Span, span: Span, diagnostics: &mut Diagnostics) {
    match satisfies(LANGUAGE_VERSION, text) {
        Ok(true) => {}
        Ok(false) if NEWER.iter().any(|version| satisfies(version, text) == Ok(true)) => {
            let detail = format!(
                "This module requires a version of Terraform that satisfies {text:?}. smform implements the language of \
                 Terraform {LANGUAGE_VERSION}, and what is newer is refused where it is used."
            );
            diagnostics.push(Diagnostic::warning("Module for a newer Terraform", detail).at(name.to(span)));
        }
        Ok(false) => {
            let detail = format!(
                "This module requires a version of Terraform that satisfies {text:?}. smform implements the language of \
                 Terraform {LANGUAGE_VERSION}. If the module needs nothing newer, relax the constraint."
            );
            diagnostics.push(Diagnostic::error(WRONG_VERSION, detail).at(name.to(span)));
        }
        Err(part) if part.contains('-') => {
            let detail = format!(
                "The constraint {part:?} names a version before its release, and only released versions of the language \
                 are compared. Leave out what follows the dash."
            );
            let error = Diagnostic::error("Invalid required_version constraint", detail);
            diagnostics.push(error.at(name.to(span)));
        }
        Err(part) => {
            let detail = format!("{part:?} is not a version constraint, which is written like \">= 1.5.0, < 2.0.0\".");
            diagnostics.push(Diagnostic::error("Invalid version constraint", detail).at(span));
        }
    }
}

fn required_provider(name: &Ident, expr: &Expr, json: bool, diagnostics: &mut Diagnostics) -> Option<RequiredProvider> {
    check_local_name(name, expr.span, diagnostics);
    let mut provider = RequiredProvider {
        source: default_source(&name.text),
        version: None,
        configuration_aliases: Vec::new(),
        span: name.span.to(expr.span),
        value: expr.span,
        source_span: None,
        version_span: None,
    };
    let ExprKind::Object(items) = &expr.kind else {
        if matches!(expr.kind, ExprKind::Tuple(_)) {
            let detail = "An entry is an object with the arguments source and version.";
            diagnostics.push(Diagnostic::error("Invalid required_providers object", detail).at(expr.span));
            return Some(provider);
        }
        // The form of old: only a version constraint.
        provider.version = diagnostics.take(static_string(expr));
        provider.version_span = Some(expr.span);
        check_constraint(provider.version.as_deref(), expr, diagnostics);
        return Some(provider);
    };
    for item in items {
        match crate::eval::keyword(&item.key).as_deref() {
            Some("source") => {
                provider.source_span = Some(item.value.span);
                let Some(source) = text(&item.value) else {
                    let detail = "The source is a text that is written out, such as \"hashicorp/aws\".";
                    diagnostics.push(Diagnostic::error("Invalid source", detail).at(item.value.span));
                    continue;
                };
                match qualified(&source) {
                    Ok(source) => provider.source = source,
                    Err(summary) => {
                        let detail = format!(
                            "{source:?} is not a provider source, which is written [HOSTNAME/]NAMESPACE/TYPE, such as \
                             hashicorp/aws."
                        );
                        diagnostics.push(Diagnostic::error(summary, detail).at(item.value.span));
                    }
                }
            }
            Some("version") => {
                provider.version = text(&item.value);
                provider.version_span = Some(item.value.span);
                if provider.version.is_none() {
                    diagnostics.push(Diagnostic::error("Invalid version constraint", WRITTEN_OUT).at(item.value.span));
                }
                check_constraint(provider.version.as_deref(), &item.value, diagnostics);
            }
            Some("configuration_aliases") => {
                for element in elements(&item.value, diagnostics) {
                    // JSON has no other way to write it.
                    let quoted = !json && matches!(element.kind, ExprKind::Literal(_) | ExprKind::Template { .. });
                    let alias = if quoted { None } else { diagnostics.take(provider_ref(element)) };
                    if quoted {
                        let detail = "An alias is written without quotes, as in aws.west.";
                        diagnostics.push(Diagnostic::error("Invalid expression", detail).at(element.span));
                    } else if alias.as_ref().is_some_and(|alias| alias.name != name.text) {
                        let detail = format!("An alias of this provider begins with its local name, {}.", name.text);
                        let error = Diagnostic::error("Invalid configuration_aliases value", detail);
                        diagnostics.push(error.at(item.value.span));
                        break;
                    }
                    provider.configuration_aliases.extend(alias);
                }
            }
            _ => {
                let detail = "An entry has the arguments source, version and configuration_aliases.";
                diagnostics.push(Diagnostic::error("Invalid required_providers object", detail).at(item.key.span));
                return Some(provider);
            }
        }
    }
    Some(provider)
}

/// A text that is written out.
fn text(expr: &Expr) -> Option<String> {
    static_value(expr).ok()?.as_str().map(str::to_owned)
}

/// Reports a local name that no provider can have.
fn check_local_name(name: &Ident, place: Span, diagnostics: &mut Diagnostics) {
    let part = |c: char| c.is_alphanumeric() && !c.is_uppercase() || c == '-';
    let good = name.text.chars().all(part) && !name.text.starts_with('-') && !name.text.ends_with('-');
    if name.text.is_empty() || !good {
        let detail = format!(
            "\"{}\" is not the name of a provider, which has small letters, digits and dashes between them.",
            name.text
        );
        diagnostics.push(Diagnostic::error("Invalid provider local name", detail).at(place));
    }
}

/// Reports an edition of the language other than the one that there is.
fn edition(expr: &Expr, diagnostics: &mut Diagnostics) {
    let (summary, detail) = match &expr.kind {
        ExprKind::Traversal { root, steps } if steps.is_empty() && &*root.text == "TF2021" => return,
        ExprKind::Traversal { steps, .. } if steps.is_empty() => {
            ("Unsupported language edition", "The only edition of the language is TF2021. Remove the argument.")
        }
        _ => ("Invalid language edition", "An edition is a bare word, such as TF2021. Remove the argument."),
    };
    diagnostics.push(Diagnostic::error(summary, detail).at(expr.span));
}

fn check_constraint(version: Option<&str>, expr: &Expr, diagnostics: &mut Diagnostics) {
    if let Some(Err(part)) = version.map(readable) {
        let detail = format!("{part:?} is not a version constraint, which is written like \"~> 5.0\".");
        diagnostics.push(Diagnostic::error("Invalid version constraint", detail).at(expr.span));
    }
}

/// The source of a provider that no `required_providers` entry names.
pub fn default_source(local_name: &str) -> String {
    match local_name {
        "terraform" => "terraform.io/builtin/terraform".to_owned(),
        name => in_registry(name),
    }
}

/// The source of a provider of the registry, where only its name is given.
pub(super) fn in_registry(name: &str) -> String {
    format!("{REGISTRY}/hashicorp/{name}")
}

/// A provider source in full, or the summary of what is wrong with it.
fn qualified(source: &str) -> Result<String, &'static str> {
    const INVALID: &str = "Invalid provider source string";
    let parts: Vec<&str> = source.split('/').collect();
    if parts.len() > 3 || parts.iter().any(|part| part.is_empty()) {
        return Err(INVALID);
    }
    let is_name = |part: &str| {
        let is_plain = |c: char| c.is_alphanumeric() || c == '-';
        part.chars().all(is_plain) && !part.starts_with('-') && !part.ends_with('-') && !part.contains("--")
    };
    let is_host = |part: &str| part.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '.' | ':'));
    let (name, before) = parts.split_last().ok_or(INVALID)?;
    let (namespace, host) = match before {
        [host, namespace] => (Some(*namespace), Some(*host)),
        [namespace] => (Some(*namespace), None),
        _ => (None, None),
    };
    // A frequent slip: the name of the program instead of that of the provider.
    if !is_name(name) || name.starts_with("terraform-") {
        return Err("Invalid provider type");
    }
    // The registry that there was before the one of today had the namespace "-".
    if namespace.is_some_and(|namespace| !is_name(namespace)) {
        return Err("Invalid provider namespace");
    }
    if host.is_some_and(|host| !is_host(host)) {
        return Err("Invalid provider source hostname");
    }
    // Nothing else is built in.
    if source.starts_with("terraform.io/builtin/") && *name != "terraform" {
        return Err(INVALID);
    }
    Ok(match (namespace, host) {
        (Some(namespace), Some(host)) => format!("{host}/{namespace}/{name}"),
        (Some(namespace), None) => format!("{REGISTRY}/{namespace}/{name}"),
        (None, _) => in_registry(name),
    })
}

pub(super) fn provider(block: &Block, name: &Ident, diagnostics: &mut Diagnostics) -> ProviderBlock {
    check_local_name(name, block.header, diagnostics);
    let content = Content::split(block, &PROVIDER, diagnostics);
    let mut constraint = None;
    if let Some(expr) = content.get("version") {
        let detail = "Write the version constraint into required_providers in the terraform block.";
        diagnostics.push(
            Diagnostic::warning("Version constraints inside provider configuration blocks are deprecated", detail)
                .at(expr.span),
        );
        let version = diagnostics.take(static_string(expr));
        check_constraint(version.as_deref(), expr, diagnostics);
        constraint = version.map(|version| (version, expr.span));
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
    if let (Some(alias), Some(expr)) = (&alias, content.get("alias"))
        && !is_identifier(alias)
    {
        let detail = "An alias is a name: letters, digits, underscores and dashes.";
        diagnostics.push(Diagnostic::error("Invalid provider configuration alias", detail).at(expr.span));
    }
    let mut body = content.rest_with_escapes(diagnostics);
    body.attributes.retain(|attribute| !RESERVED.contains(&&*attribute.name.text));
    body.blocks.retain(|block| !RESERVED.contains(&&*block.kind.text));
    let reference = ProviderRef { name: name.text.clone(), alias };
    ProviderBlock { reference, body, version: constraint, span: block.header }
}
