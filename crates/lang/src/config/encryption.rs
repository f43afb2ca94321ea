//! `encryption` blocks, in the language of OpenTofu: key providers, methods, and what is encrypted with them.

use std::collections::BTreeMap;
use std::sync::Arc;

use smform_types::{Diagnostic, Diagnostics, SourceMap, Span, Value};

use super::content::{Content, Shape};
use crate::eval::{static_bool, unquoted};
use crate::syntax::{
    Block, Body, Expr, ExprKind, Ident, ObjectItem, TemplatePart, TraversalStep, parse_json, parse_native,
};

const ENCRYPTION: Shape = Shape {
    arguments: &[],
    blocks: &[("key_provider", 2), ("method", 2), ("state", 0), ("plan", 0), ("remote_state_data_sources", 0)],
};

const DECLARED: Shape = Shape { arguments: &[], blocks: &[(ENDPOINTS, 0)] };

const PLAIN: Shape = Shape { arguments: &[], blocks: &[] };

/// What OpenTofu has as a block of a key provider. It is taken as an argument, too, as in a backend.
const ENDPOINTS: &str = "endpoints";

const REMOTE: Shape = Shape { arguments: &[], blocks: &[("default", 0), ("remote_state_data_source", 1)] };

const TARGET: Shape = Shape { arguments: &["method", "enforced"], blocks: &[("fallback", 0)] };

/// An `encryption` block.
#[derive(Clone, Debug, Default)]
pub struct Encryption {
    /// `key_provider` blocks.
    pub key_providers: Vec<Declared>,
    /// `method` blocks.
    pub methods: Vec<Declared>,
    /// The `state` block.
    pub state: Option<Target>,
    /// The `plan` block.
    pub plan: Option<Target>,
    /// The `remote_state_data_sources` block.
    pub remote: Remote,
}

/// How the states are encrypted that `terraform_remote_state` reads.
#[derive(Clone, Debug, Default)]
pub struct Remote {
    /// Those that have no block of their own.
    pub default: Option<Target>,
    /// Those of single data sources, by name: `net`, `net[0]`, or in a module `shared.net`.
    pub named: BTreeMap<String, Target>,
}

/// A `key_provider` or `method` block.
#[derive(Clone, Debug)]
pub struct Declared {
    /// The type, such as `pbkdf2`.
    pub kind: Ident,
    /// The name.
    pub name: Ident,
    /// Its arguments with their places.
    pub arguments: BTreeMap<Arc<str>, (Span, Expr)>,
    /// The header of the block.
    pub span: Span,
}

/// A `state`, `plan` or `fallback` block.
#[derive(Clone, Debug)]
pub struct Target {
    /// The method, a reference.
    pub method: Option<Expr>,
    /// What else is tried for what is there.
    pub fallback: Option<Box<Target>>,
    /// Whether nothing may stay unencrypted.
    pub enforced: bool,
    /// The header of the block.
    pub span: Span,
}

/// Reads an `encryption` block.
pub(super) fn read(block: &Block, diagnostics: &mut Diagnostics) -> Encryption {
    let content = Content::exact(block, &ENCRYPTION, diagnostics);
    let declared = |kind: &str, diagnostics: &mut Diagnostics| {
        let mut all: Vec<Declared> = Vec::new();
        for block in content.blocks_of(kind) {
            let Some(one) = self::declared(block, diagnostics) else { continue };
            if all.iter().any(|other| other.is(&one.kind.text, &one.name.text)) {
                let detail = format!("There is another {kind} \"{}\" \"{}\".", one.kind.text, one.name.text);
                diagnostics.push(Diagnostic::error(format!("Duplicate {kind}"), detail).at(one.span));
            }
            all.push(one);
        }
        all
    };
    let key_providers = declared("key_provider", diagnostics);
    let methods = declared("method", diagnostics);
    let state = content.single("state", diagnostics).map(|block| target(block, diagnostics));
    let plan = content.single("plan", diagnostics).map(|block| target(block, diagnostics));
    let remote = content.single("remote_state_data_sources", diagnostics).map(|block| remote(block, diagnostics));
    Encryption { key_providers, methods, state, plan, remote: remote.unwrap_or_default() }
}

fn remote(block: &Block, diagnostics: &mut Diagnostics) -> Remote {
    let content = Content::exact(block, &REMOTE, diagnostics);
    let default = content.single("default", diagnostics).map(|block| target(block, diagnostics));
    let mut named = BTreeMap::new();
    for block in content.blocks_of("remote_state_data_source") {
        let [name] = block.labels.as_slice() else { continue };
        let target = target(block, diagnostics);
        if named.insert(name.text.to_string(), target).is_some() {
            let detail = format!("There is another remote_state_data_source \"{}\".", name.text);
            diagnostics.push(Diagnostic::error("Duplicate remote_state_data_source", detail).at(block.header));
        }
    }
    Remote { default, named }
}

fn declared(block: &Block, diagnostics: &mut Diagnostics) -> Option<Declared> {
    let [kind, name] = block.labels.as_slice() else { return None };
    let content = Content::split(block, &DECLARED, diagnostics);
    let mut arguments = arguments(&content, diagnostics);
    if let Some(endpoints) = content.single(ENDPOINTS, diagnostics) {
        let content = Content::split(endpoints, &PLAIN, diagnostics);
        let items = self::arguments(&content, diagnostics).into_iter().map(|(name, (span, value))| ObjectItem {
            key: Expr { kind: ExprKind::Literal(Value::string(&*name)), span },
            quoted: false,
            before: None,
            value,
        });
        let object = Expr { kind: ExprKind::Object(items.collect()), span: endpoints.header };
        arguments.insert(Arc::from(ENDPOINTS), (endpoints.header, object));
    }
    Some(Declared { kind: kind.clone(), name: name.clone(), arguments, span: block.header })
}

/// Arguments of any name; no blocks.
fn arguments(content: &Content<'_>, diagnostics: &mut Diagnostics) -> BTreeMap<Arc<str>, (Span, Expr)> {
    for nested in &content.rest.blocks {
        let detail = format!("Blocks of type \"{}\" are not expected here.", nested.kind.text);
        diagnostics.push(Diagnostic::error("Unsupported block type", detail).at(nested.header));
    }
    let arguments = content.rest.attributes.iter();
    arguments.map(|one| (Arc::clone(&one.name.text), (one.name.span, one.expr.clone()))).collect()
}

fn target(block: &Block, diagnostics: &mut Diagnostics) -> Target {
    let content = Content::exact(block, &TARGET, diagnostics);
    let enforced = content.get("enforced").and_then(|expr| diagnostics.take(static_bool(expr))).unwrap_or(false);
    let fallback = content.single("fallback", diagnostics).map(|block| Box::new(target(block, diagnostics)));
    Target { method: content.get("method").cloned(), fallback, enforced, span: block.header }
}

/// Reads the content of an `encryption` block that stands elsewhere: native syntax, or JSON.
pub fn from_text(name: &str, text: &str, sources: &mut SourceMap) -> (Encryption, Diagnostics) {
    let source = sources.add(name, text);
    let is_json = text.trim_start().starts_with('{');
    let (body, mut found) = if is_json { parse_json(text, source) } else { parse_native(text, source) };
    let span = body.span;
    let kind = Ident { text: "encryption".into(), span };
    let block = Block { kind, labels: Vec::new(), body: Body { span, ..body }, header: span };
    (read(&block, &mut found), found)
}

impl Declared {
    /// Whether it has this type and name.
    #[must_use]
    pub fn is(&self, kind: &str, name: &str) -> bool {
        &*self.kind.text == kind && &*self.name.text == name
    }
}

impl Encryption {
    /// The same with another put over it: arguments and targets that the other has go first.
    #[must_use]
    pub fn merged(mut self, over: Encryption) -> Encryption {
        merge_declared(&mut self.key_providers, over.key_providers);
        merge_declared(&mut self.methods, over.methods);
        merge_target(&mut self.state, over.state);
        merge_target(&mut self.plan, over.plan);
        merge_target(&mut self.remote.default, over.remote.default);
        for (name, target) in over.remote.named {
            let mut known = self.remote.named.remove(&name);
            merge_target(&mut known, Some(target));
            self.remote.named.extend(known.map(|target| (name, target)));
        }
        self
    }
}

fn merge_declared(all: &mut Vec<Declared>, over: Vec<Declared>) {
    for one in over {
        match all.iter_mut().find(|known| known.is(&one.kind.text, &one.name.text)) {
            Some(known) => known.arguments.extend(one.arguments),
            None => all.push(one),
        }
    }
}

fn merge_target(target: &mut Option<Target>, over: Option<Target>) {
    let Some(over) = over else { return };
    *target = Some(match target.take() {
        None => over,
        Some(under) => Target {
            method: over.method.or(under.method),
            fallback: over.fallback.or(under.fallback),
            enforced: over.enforced || under.enforced,
            span: over.span,
        },
    });
}

/// The type and name that a reference such as `method.aes_gcm.main` leads to; `root` is its first word. Also as a string
/// or a template of nothing else, which is how JSON writes it.
#[must_use]
pub fn referred(expr: &Expr, root: &str) -> Option<(Arc<str>, Arc<str>)> {
    let expr = match &expr.kind {
        ExprKind::Template { parts, .. } => match parts.as_slice() {
            [TemplatePart::Interpolation(inner)] => inner.clone(),
            _ => return None,
        },
        _ => unquoted(expr).ok()?,
    };
    let ExprKind::Traversal { root: first, steps } = &expr.kind else { return None };
    match steps.as_slice() {
        [TraversalStep::Attribute(kind), TraversalStep::Attribute(name)] if &*first.text == root => {
            Some((Arc::clone(&kind.text), Arc::clone(&name.text)))
        }
        _ => None,
    }
}
