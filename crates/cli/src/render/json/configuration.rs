//! The configuration within plan JSON: every expression as its constant value, or as what it refers to.

use serde_json::{Map, Value as Json};
use smform_engine::apply::provision;
use smform_engine::providers::Providers;
use smform_lang::config::{Config, ModuleCall, Repetition, Resource};
use smform_lang::eval::{Reference, Subject, quoted, references, static_value};
use smform_lang::syntax::{Body, Expr, ExprKind, ObjectItem, TemplatePart};
use smform_types::json::plain;
use smform_types::schema::{Block, Nesting};
use smform_types::{ModuleAddress, ResourceMode, SourceMap, Step};

use super::provider_config::Keys;
use super::{mode, object};

/// The configuration.
#[must_use]
pub fn configuration(config: &Config, providers: &Providers) -> Json {
    let keys = Keys::new(config, providers);
    object([
        ("provider_config", some(keys.json())),
        ("root_module", Some(module(config, &ModuleAddress::root(), providers, &keys))),
    ])
}

fn some(map: Map<String, Json>) -> Option<Json> {
    (!map.is_empty()).then_some(Json::Object(map))
}

fn module(config: &Config, at: &ModuleAddress, providers: &Providers, keys: &Keys) -> Json {
    let Some(found) = config.modules.get(at) else { return Json::Object(Map::new()) };
    let outputs = found.outputs.iter().map(|(name, output)| {
        let json = object([
            ("sensitive", output.sensitive.then_some(true.into())),
            ("expression", Some(expression(&output.expr, &config.sources))),
            ("description", output.description.as_deref().map(Json::from)),
            ("depends_on", depends_on(&output.depends_on)),
        ]);
        (name.to_string(), json)
    });
    // Managed resources come first.
    let (managed, data): (Vec<&Resource>, Vec<&Resource>) =
        found.resources.values().partition(|block| block.address.mode == ResourceMode::Managed);
    let blocks = managed.into_iter().chain(data);
    let resources: Vec<Json> = blocks.map(|block| resource(config, at, block, providers, keys)).collect();
    let calls = found.calls.iter().map(|(name, block)| {
        let child = module(config, &at.child(name), providers, keys);
        (name.to_string(), call(block, child, &config.sources))
    });
    let variables = found.variables.iter().map(|(name, variable)| {
        let json = object([
            ("default", variable.default.as_ref().map(plain)),
            ("description", variable.description.as_deref().map(Json::from)),
            ("sensitive", variable.sensitive.then_some(true.into())),
        ]);
        (name.to_string(), json)
    });
    object([
        ("outputs", some(outputs.collect())),
        ("resources", (!resources.is_empty()).then(|| resources.into())),
        ("module_calls", some(calls.collect())),
        ("variables", some(variables.collect())),
    ])
}

fn repetition(repetition: &Repetition, sources: &SourceMap) -> (Option<Json>, Option<Json>) {
    match repetition {
        Repetition::Single => (None, None),
        Repetition::Count(expr) => (some_expression(expr, sources), None),
        Repetition::ForEach(expr) => (None, some_expression(expr, sources)),
    }
}

/// An expression, unless it is neither constant nor refers to anything.
fn some_expression(expr: &Expr, sources: &SourceMap) -> Option<Json> {
    Some(expression(expr, sources)).filter(|json| json.as_object().is_some_and(|members| !members.is_empty()))
}

fn depends_on(exprs: &[Expr]) -> Option<Json> {
    let names: Vec<String> = exprs.iter().flat_map(prefixes).collect();
    (!names.is_empty()).then(|| names.into())
}

fn resource(config: &Config, at: &ModuleAddress, block: &Resource, providers: &Providers, keys: &Keys) -> Json {
    let address = &block.address;
    let schema = config.modules.get(at).and_then(|module| providers.schema(module, block).ok());
    let (count, for_each) = repetition(&block.repetition, &config.sources);
    object([
        ("address", Some(address.to_string().into())),
        ("mode", Some(mode(address.mode).into())),
        ("type", Some(address.type_name.to_string().into())),
        ("name", Some(address.name.to_string().into())),
        ("provider_config_key", Some(keys.of(at, &providers.reference(config, at, block)).into())),
        ("provisioners", provisioners(block, &config.sources)),
        (
            "expressions",
            schema
                .map(|schema| body(&block.body, &schema.block, &config.sources))
                .filter(|json| json.as_object().is_some_and(|map| !map.is_empty())),
        ),
        ("schema_version", Some(schema.map_or(0, |schema| schema.version).into())),
        ("count_expression", count),
        ("for_each_expression", for_each),
        ("depends_on", depends_on(&block.depends_on)),
    ])
}

fn provisioners(block: &Resource, sources: &SourceMap) -> Option<Json> {
    let all = block.provisioners.iter().map(|provisioner| {
        object([
            ("type", Some(provisioner.kind.text.to_string().into())),
            ("expressions", Some(body(&provisioner.body, &provision::schema(), sources))),
        ])
    });
    let all: Vec<Json> = all.collect();
    (!all.is_empty()).then(|| all.into())
}

fn call(block: &ModuleCall, child: Json, sources: &SourceMap) -> Json {
    let (count, for_each) = repetition(&block.repetition, sources);
    let expressions =
        block.body.attributes.iter().map(|found| (found.name.text.to_string(), expression(&found.expr, sources)));
    object([
        ("source", Some(block.source.as_str().into())),
        ("version_constraint", block.version.as_deref().map(Json::from)),
        ("expressions", some(expressions.collect())),
        ("count_expression", count),
        ("for_each_expression", for_each),
        ("module", Some(child)),
        ("depends_on", depends_on(&block.depends_on)),
    ])
}

/// A body by its schema: blocks are objects or arrays of objects as they nest.
pub(super) fn body(body: &Body, schema: &Block, sources: &SourceMap) -> Json {
    let mut out = Map::new();
    for found in &body.attributes {
        out.insert(found.name.text.to_string(), expression(&found.expr, sources));
    }
    for (name, nested) in schema.blocks.iter().filter(|(name, _)| body.attribute(name).is_none()) {
        let found: Vec<&smform_lang::syntax::Block> = body.blocks_of(name).collect();
        if found.is_empty() {
            continue;
        }
        let json = match nested.nesting {
            Nesting::Single => {
                found.first().map(|block| self::body(&block.body, &nested.block, sources)).unwrap_or_default()
            }
            Nesting::List | Nesting::Set => {
                found.iter().map(|block| self::body(&block.body, &nested.block, sources)).collect()
            }
            Nesting::Map => {
                let label = |block: &&smform_lang::syntax::Block| {
                    block.labels.first().map(|label| label.text.to_string()).unwrap_or_default()
                };
                found.iter().map(|block| (label(block), self::body(&block.body, &nested.block, sources))).collect()
            }
        };
        out.insert((*name).to_owned(), json);
    }
    Json::Object(out)
}

fn expression(expr: &Expr, sources: &SourceMap) -> Json {
    let names = prefixes(expr);
    let constant = written_json(expr, sources).or_else(|| static_value(&settled(expr)).ok().map(|value| plain(&value)));
    object([("constant_value", constant), ("references", (!names.is_empty()).then(|| names.into()))])
}

/// The expression with the chosen branch in place of every conditional whose condition is written out: what stands in the
/// other one does not matter.
fn settled(expr: &Expr) -> Expr {
    let kind = match &expr.kind {
        ExprKind::Conditional(parts) => {
            let [condition, yes, no] = &**parts;
            match static_value(condition).ok().and_then(|value| value.as_bool()) {
                Some(chosen) if !references(expr).is_empty() => return settled(if chosen { yes } else { no }),
                _ => return expr.clone(),
            }
        }
        ExprKind::Parens(inner) => return settled(inner),
        ExprKind::Template { parts, written } => {
            let part = |part: &TemplatePart| match part {
                TemplatePart::Interpolation(inner) => TemplatePart::Interpolation(settled(inner)),
                other => other.clone(),
            };
            ExprKind::Template { parts: parts.iter().map(part).collect(), written: written.clone() }
        }
        ExprKind::Tuple(items) => ExprKind::Tuple(items.iter().map(settled).collect()),
        ExprKind::Object(items) => {
            let item = |item: &ObjectItem| ObjectItem {
                key: item.key.clone(),
                quoted: item.quoted,
                before: item.before,
                value: settled(&item.value),
            };
            ExprKind::Object(items.iter().map(item).collect())
        }
        _ => return expr.clone(),
    };
    Expr { kind, span: expr.span }
}

/// What a JSON file says in the place of an expression. Terraform gives it as a constant, templates and all.
fn written_json(expr: &Expr, sources: &SourceMap) -> Option<Json> {
    let source = sources.get(expr.span.source).filter(|source| source.name.ends_with(".json"))?;
    let text = source.text.get(expr.span.start as usize..expr.span.end as usize)?;
    serde_json::from_str(text).ok()
}

/// What an expression refers to, each reference from its longest form down to the object itself.
fn prefixes(expr: &Expr) -> Vec<String> {
    references(expr).iter().flat_map(shorter_and_shorter).collect()
}

fn shorter_and_shorter(reference: &Reference) -> Vec<String> {
    let root = match &reference.subject {
        Subject::Ephemeral(kind, name) => format!("ephemeral.{kind}.{name}"),
        Subject::Resource(address) => address.to_string(),
        Subject::Variable(name) => format!("var.{name}"),
        Subject::Local(name) => format!("local.{name}"),
        Subject::Module(name) => format!("module.{name}"),
        Subject::Output(name) => format!("output.{name}"),
        Subject::EachKey => "each.key".to_owned(),
        Subject::EachValue => "each.value".to_owned(),
        Subject::CountIndex => "count.index".to_owned(),
        Subject::Path(name) => format!("path.{name}"),
        Subject::Terraform(name) => format!("terraform.{name}"),
        Subject::SelfObject => "self".to_owned(),
    };
    let mut forms = vec![root.clone()];
    let mut text = root;
    if let Some(key) = &reference.key {
        text.push_str(&key.to_string());
        // The output of one instance of a module is not of the others.
        if matches!(reference.subject, Subject::Module(_)) && !reference.rest.0.is_empty() {
            forms.clear();
        }
        forms.push(text.clone());
    }
    for step in &reference.rest.0 {
        match step {
            Step::Attribute(name) => text.push_str(&format!(".{name}")),
            Step::Index(at) => text.push_str(&format!("[{at}]")),
            Step::Key(key) => text.push_str(&format!("[{}]", quoted(key))),
            Step::Element => break,
        }
        forms.push(text.clone());
    }
    forms.reverse();
    forms
}
