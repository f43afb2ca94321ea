//! What test files put in place of real providers, objects and modules: `mock_provider` and `override_*` blocks.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use smform_types::{Diagnostic, Diagnostics, ResourceMode, SourceMap, Span};

use super::ProviderRef;
use super::content::{Content, Shape, check_name};
use super::refactor::address;
use crate::eval::bare_keyword;
use crate::source::{Host, is_json, read_text};
use crate::syntax::{Block, Expr, ExprKind, Ident, parse_json, parse_native};

/// A `mock_provider` block.
#[derive(Clone, Debug)]
pub struct Mock {
    /// The provider configuration that it takes the place of.
    pub reference: ProviderRef,
    /// The folder with more of it, with its place.
    pub source: Option<(String, Span)>,
    /// Values that objects of a type get.
    pub defaults: Vec<MockDefaults>,
    /// Overrides of single objects.
    pub overrides: Vec<Override>,
    /// Whether computed values are known in plans already.
    pub during_plan: bool,
    /// The header of the block.
    pub span: Span,
}

/// A `mock_resource` or `mock_data` block.
#[derive(Clone, Debug)]
pub struct MockDefaults {
    /// Resource or data source.
    pub mode: ResourceMode,
    /// The type.
    pub type_name: Arc<str>,
    /// An object with values of computed attributes.
    pub values: Option<Expr>,
    /// Whether they are known in plans already; as the provider says when absent.
    pub during_plan: Option<bool>,
    /// The header of the block.
    pub span: Span,
}

/// An `override_resource`, `override_data` or `override_module` block.
#[derive(Clone, Debug)]
pub struct Override {
    /// What is overridden.
    pub kind: Overridden,
    /// Its address as written.
    pub target: (String, Span),
    /// An object with values of computed attributes, or of outputs.
    pub values: Option<Expr>,
    /// Whether they are known in plans already; as the provider says when absent.
    pub during_plan: Option<bool>,
    /// The header of the block.
    pub span: Span,
}

/// What an override is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overridden {
    /// A managed resource, or instances of it.
    Resource,
    /// A data source, or instances of it.
    Data,
    /// A module.
    Module,
}

const MOCK: Shape = Shape {
    arguments: &["alias", "source", "override_during"],
    blocks: &[("mock_resource", 1), ("mock_data", 1), ("override_resource", 0), ("override_data", 0)],
};

const DEFAULTS: Shape = Shape { arguments: &["defaults", "override_during"], blocks: &[] };

const OVERRIDE: Shape = Shape { arguments: &["target", "values", "override_during"], blocks: &[] };

const OVERRIDE_MODULE: Shape = Shape { arguments: &["target", "outputs", "override_during"], blocks: &[] };

pub(super) fn mock(block: &Block, name: &Ident, found: &mut Diagnostics) -> Option<Mock> {
    check_name(name, "mock_provider", found);
    let content = Content::exact(block, &MOCK, found);
    let alias = content.string("alias", found).map(Arc::from);
    let source = content.string("source", found).zip(content.get("source").map(|expr| expr.span));
    let mut mock = Mock {
        reference: ProviderRef { name: name.text.clone(), alias },
        source,
        defaults: Vec::new(),
        overrides: Vec::new(),
        during_plan: during_plan(&content, found).unwrap_or(false),
        span: block.header,
    };
    parts(&mut mock, &content.blocks, found);
    Some(mock)
}

/// The nested blocks of a mock, or the blocks of a mock file.
fn parts(mock: &mut Mock, blocks: &[Block], found: &mut Diagnostics) {
    for block in blocks {
        match (&*block.kind.text, block.labels.as_slice()) {
            (kind @ ("mock_resource" | "mock_data"), [type_name]) => {
                let mode = if kind == "mock_data" { ResourceMode::Data } else { ResourceMode::Managed };
                let known = |known: &MockDefaults| known.mode == mode && known.type_name == type_name.text;
                if mock.defaults.iter().any(known) {
                    let detail = format!("There is a {kind} block for \"{}\" already. Merge them.", type_name.text);
                    found.push(Diagnostic::error(format!("Duplicate {kind} block"), detail).at(block.header));
                    continue;
                }
                let content = Content::exact(block, &DEFAULTS, found);
                mock.defaults.push(MockDefaults {
                    mode,
                    type_name: type_name.text.clone(),
                    values: object(&content, "defaults", found).cloned(),
                    during_plan: during_plan(&content, found),
                    span: block.header,
                });
            }
            (kind, _) => add_override(&mut mock.overrides, kind, block, found),
        }
    }
}

/// Adds what the files of the folder that a mock names say: `*.tfmock.hcl` and `*.tfmock.json`.
pub(super) fn mock_files(
    mock: &mut Mock,
    host: &dyn Host,
    directory: &Path,
    sources: &mut SourceMap,
    found: &mut Diagnostics,
) {
    let Some((folder, span)) = mock.source.clone() else { return };
    let folder: PathBuf = directory.join(&folder);
    let names = match host.list(&folder) {
        Ok(names) => names,
        Err(error) => {
            let detail = format!("The folder {} could not be read: {error}.", folder.display());
            return found.push(Diagnostic::error("Failed to read mock data", detail).at(span));
        }
    };
    let is_mock = |name: &&String| name.ends_with(".tfmock.hcl") || name.ends_with(".tfmock.json");
    for name in names.iter().filter(is_mock) {
        let path = folder.join(name);
        let shown = path.strip_prefix(".").unwrap_or(&path).to_string_lossy().replace('\\', "/");
        let Some((source, text)) = found.take(read_text(host, &path, &shown, sources)) else { continue };
        let (body, errors) = if is_json(name) { parse_json(&text, source) } else { parse_native(&text, source) };
        found.extend(errors);
        let (body, errors) = body.expanded(MOCK.blocks);
        found.extend(errors);
        let whole = Block {
            kind: Ident { text: "mock".into(), span },
            labels: Vec::new(),
            body: body.into_owned(),
            header: span,
        };
        let content = Content::exact(&whole, &Shape { arguments: &[], blocks: MOCK.blocks }, found);
        parts(mock, &content.blocks, found);
    }
}

/// Adds the override that a block describes. What is overridden is said once.
pub(super) fn add_override(list: &mut Vec<Override>, kind: &str, block: &Block, found: &mut Diagnostics) {
    let Some(added) = overriding(kind, block, found) else { return };
    if list.iter().any(|known| known.kind == added.kind && known.target.0 == added.target.0) {
        let detail = format!("There is a {kind} block for {} already. Merge them.", added.target.0);
        return found.push(Diagnostic::error(format!("Duplicate {kind} block"), detail).at(block.header));
    }
    list.push(added);
}

/// The values that a block gives: an object.
fn object<'c>(content: &'c Content<'_>, name: &str, found: &mut Diagnostics) -> Option<&'c Expr> {
    let expr = content.get(name)?;
    if matches!(expr.kind, ExprKind::Literal(_) | ExprKind::Template { .. } | ExprKind::Tuple(_)) {
        let detail = format!("The argument \"{name}\" is an object: the values by their names.");
        found.push(Diagnostic::error(format!("Invalid {name} attribute"), detail).at(expr.span));
        return None;
    }
    Some(expr)
}

fn overriding(kind: &str, block: &Block, found: &mut Diagnostics) -> Option<Override> {
    let (kind, shape, values) = match kind {
        "override_resource" => (Overridden::Resource, &OVERRIDE, "values"),
        "override_data" => (Overridden::Data, &OVERRIDE, "values"),
        _ => (Overridden::Module, &OVERRIDE_MODULE, "outputs"),
    };
    let content = Content::exact(block, shape, found);
    let Some(target) = content.get("target") else {
        let detail = "A block that overrides something says what: target = ADDRESS.";
        found.push(Diagnostic::error("Missing target attribute", detail).at(block.header));
        return None;
    };
    let (span, mut target) = (target.span, found.take(address(target))?);
    // A target that is not there is told of the whole argument.
    if let Some(argument) = block.body.attributes.iter().find(|argument| &*argument.name.text == "target") {
        target.1 = argument.name.span.to(argument.expr.span);
    }
    let is_module =
        target.0.rsplit_once('.').is_some_and(|(before, _)| before == "module" || before.ends_with(".module"));
    let is_data = target.0.starts_with("data.") || target.0.contains(".data.");
    let fits = match kind {
        Overridden::Module => is_module,
        Overridden::Data => !is_module && is_data,
        Overridden::Resource => !is_module && !is_data,
    };
    if !fits {
        let wanted = match kind {
            Overridden::Module => "a module",
            Overridden::Data => "a data source",
            Overridden::Resource => "a managed resource",
        };
        let detail = format!("The target of this block is {wanted}, and {} is none.", target.0);
        found.push(Diagnostic::error("Invalid override target", detail).at(span));
        return None;
    }
    Some(Override {
        kind,
        target,
        values: object(&content, values, found).cloned(),
        during_plan: during_plan(&content, found),
        span: block.header,
    })
}

/// `override_during`: whether values are known in plans already.
fn during_plan(content: &Content<'_>, found: &mut Diagnostics) -> Option<bool> {
    let expr = content.get("override_during")?;
    match bare_keyword(expr, content.rest.json).as_deref() {
        Some("plan") => Some(true),
        Some("apply") => Some(false),
        _ => {
            let detail = "The \"override_during\" argument is one of the words plan and apply.";
            found.push(Diagnostic::error("Invalid override_during value", detail).at(expr.span));
            None
        }
    }
}
