//! Override files: their blocks are merged into those of the other files.

use smform_types::{Diagnostic, Diagnostics};

use super::content::unsupported_block;
use super::decode::TOP_LEVEL;
use super::settings::TERRAFORM;
use crate::eval::static_string;
use crate::syntax::{Attribute, Block, Body, ExprKind};

/// Merges the blocks of an override file into those read before.
pub(super) fn merge(base: &mut Vec<Block>, overrides: Vec<Block>, diagnostics: &mut Diagnostics) {
    for mut over in overrides {
        let is_terraform = &*over.kind.text == "terraform";
        expand(&mut over.body, if is_terraform { TERRAFORM.blocks } else { &NESTED }, diagnostics);
        let kind = over.kind.text.to_string();
        match kind.as_str() {
            "moved" | "import" | "check" => {
                let detail = format!("An override file cannot hold \"{kind}\" blocks. Move it to another file.");
                let summary = match kind.as_str() {
                    "check" => "Can't override check blocks".to_owned(),
                    _ => format!("Cannot override '{kind}' blocks"),
                };
                diagnostics.push(Diagnostic::error(summary, detail).at(over.header));
            }
            "removed" => {
                let detail = "In an override file this block has no effect. Move it to another file.";
                diagnostics.push(Diagnostic::warning("Cannot override 'removed' blocks", detail).at(over.header));
            }
            "locals" => merge_locals(base, over, diagnostics),
            "terraform" => {
                for block in base.iter_mut().filter(|block| block.kind.text == over.kind.text) {
                    expand(&mut block.body, TERRAFORM.blocks, diagnostics);
                }
                merge_terraform(base, over);
            }
            kind if !TOP_LEVEL.blocks.iter().any(|(known, _)| *known == kind) => {
                diagnostics.push(unsupported_block(&over, &TOP_LEVEL));
            }
            _ => {
                refuse_members(&mut over, diagnostics);
                // A provider has a configuration without a name, whether it is written or not.
                let implied = kind == "provider" && over.body.attribute("alias").is_none();
                match base.iter_mut().find(|block| same_object(block, &over)) {
                    Some(block) => {
                        expand(&mut block.body, &NESTED, diagnostics);
                        let changes = |name| over.body.attribute(name).is_some();
                        let retyped = kind == "variable" && changes("type") != changes("default");
                        override_body(&mut block.body, over.body);
                        // The type and the default are each in order: where they do not fit, the override is to blame.
                        let mut attributes = block.body.attributes.iter_mut();
                        if let Some(default) = attributes.find(|known| retyped && &*known.name.text == "default") {
                            default.expr.span = over.header;
                        }
                    }
                    None if implied => base.push(over),
                    None => {
                        let detail = format!(
                            "There is no {kind} of this name that the override could change. An override file can only \
                             change what another file declares."
                        );
                        let summary = match kind.as_str() {
                            "output" => "Missing base output definition to override".to_owned(),
                            "module" => "Missing module call to override".to_owned(),
                            "resource" | "data" => format!(
                                "Missing {} to override",
                                if kind == "data" { "data resource" } else { "resource" }
                            ),
                            "provider" => "Missing base provider configuration for override".to_owned(),
                            _ => format!("Missing base {kind} declaration to override"),
                        };
                        diagnostics.push(Diagnostic::error(summary, detail).at(over.header));
                    }
                }
            }
        }
    }
}

/// Whether both blocks declare the same object. Provider configurations are told apart by their aliases.
fn same_object(a: &Block, b: &Block) -> bool {
    let labels = |block: &Block| block.labels.iter().map(|label| label.text.clone()).collect::<Vec<_>>();
    let alias = |block: &Block| {
        let attribute = block.body.attribute("alias").filter(|_| &*block.kind.text == "provider")?;
        static_string(&attribute.expr).ok()
    };
    a.kind.text == b.kind.text && labels(a) == labels(b) && alias(a) == alias(b)
}

/// Takes out what an override must not hold, and reports it.
fn refuse_members(over: &mut Block, diagnostics: &mut Diagnostics) {
    let is_empty = |attribute: &&Attribute| matches!(&attribute.expr.kind, ExprKind::Tuple(items) if items.is_empty());
    if let Some(attribute) = over.body.attribute("depends_on").filter(|attribute| !is_empty(attribute)) {
        let detail = "The depends_on argument is not allowed in an override file: dependencies are not overridden.";
        let place = match &attribute.expr.kind {
            ExprKind::Tuple(items) => items.first().map_or(attribute.name.span, |first| first.span),
            _ => attribute.name.span,
        };
        diagnostics.push(Diagnostic::error("Unsupported override", detail).at(place));
    }
    refuse_conditions(&mut over.body.blocks, diagnostics);
    for lifecycle in over.body.blocks.iter_mut().filter(|block| &*block.kind.text == "lifecycle") {
        refuse_conditions(&mut lifecycle.body.blocks, diagnostics);
    }
}

fn refuse_conditions(blocks: &mut Vec<Block>, diagnostics: &mut Diagnostics) {
    blocks.retain(|block| {
        let refused = matches!(&*block.kind.text, "validation" | "precondition" | "postcondition");
        if refused {
            let detail = format!("A \"{}\" block is not allowed in an override file.", block.kind.text);
            let summary = format!("Can't override {} blocks", block.kind.text);
            diagnostics.push(Diagnostic::error(summary, detail).at(block.header));
        }
        !refused
    });
}

/// Tells the blocks of the language from arguments, where the syntax does not.
fn expand(body: &mut Body, types: &[(&str, usize)], diagnostics: &mut Diagnostics) {
    if body.json {
        let (expanded, errors) = body.expanded(types);
        *body = expanded.into_owned();
        diagnostics.extend(errors);
    }
}

/// Merges the body of a block of the top level, and notes what came of it.
fn override_body(base: &mut Body, over: Body) {
    let mut added = base.overridden.take().unwrap_or_default();
    let new =
        over.attributes.iter().map(|attribute| &attribute.name.text).filter(|name| base.attribute(name).is_none());
    added.extend(new.cloned());
    merge_body(base, over);
    base.overridden = Some(added);
}

/// The blocks of the language within others; in JSON syntax, only their names tell them from arguments.
const NESTED: [(&str, usize); 6] = [
    ("lifecycle", 0),
    ("provisioner", 1),
    ("connection", 0),
    ("validation", 0),
    ("precondition", 0),
    ("postcondition", 0),
];

/// Arguments replace those of their name; nested blocks replace all of their type, dynamic ones included.
fn merge_body(base: &mut Body, over: Body) {
    if base.json || over.json {
        // What a schema knows as a block is one under the same name, whichever syntax it is written in.
        base.attributes.retain(|known| !over.blocks.iter().any(|block| generated_kind(block) == &*known.name.text));
        base.blocks.retain(|block| over.attribute(generated_kind(block)).is_none());
        base.json = true;
    }
    for attribute in over.attributes {
        // Of count and for_each there can be one, so that one replaces the other.
        let other = match &*attribute.name.text {
            "count" => "for_each",
            "for_each" => "count",
            _ => "",
        };
        base.attributes.retain(|known| &*known.name.text != other);
        set(base, attribute);
    }
    let mut kinds: Vec<String> = over.blocks.iter().map(|block| generated_kind(block).to_owned()).collect();
    kinds.dedup();
    for kind in &kinds {
        if kind != "lifecycle" {
            base.blocks.retain(|block| generated_kind(block) != kind);
        }
    }
    for block in over.blocks {
        match base.blocks.iter_mut().find(|known| &*known.kind.text == "lifecycle" && &*block.kind.text == "lifecycle")
        {
            Some(lifecycle) => merge_body(&mut lifecycle.body, block.body),
            None => base.blocks.push(block),
        }
    }
}

fn generated_kind(block: &Block) -> &str {
    match (&*block.kind.text, block.labels.first()) {
        ("dynamic", Some(label)) => &label.text,
        (kind, _) => kind,
    }
}

fn set(base: &mut Body, attribute: Attribute) {
    match base.attributes.iter_mut().find(|known| known.name.text == attribute.name.text) {
        Some(known) => *known = attribute,
        None => base.attributes.push(attribute),
    }
}

fn merge_locals(base: &mut [Block], over: Block, diagnostics: &mut Diagnostics) {
    for attribute in over.body.attributes {
        let mut all = base.iter_mut().filter(|block| &*block.kind.text == "locals");
        match all.find(|block| block.body.attribute(&attribute.name.text).is_some()) {
            Some(block) => set(&mut block.body, attribute),
            None => {
                let detail =
                    format!("There is no local value \"{}\" that the override could change.", attribute.name.text);
                let error = Diagnostic::error("Missing base local value definition to override", detail);
                diagnostics.push(error.at(attribute.name.span.to(attribute.expr.span)));
            }
        }
    }
}

/// `required_providers` is merged by provider; everything else is replaced.
fn merge_terraform(base: &mut Vec<Block>, over: Block) {
    let mut over = over;
    for attribute in std::mem::take(&mut over.body.attributes) {
        for block in base.iter_mut().filter(|block| &*block.kind.text == "terraform") {
            block.body.attributes.retain(|known| known.name.text != attribute.name.text);
        }
        over.body.attributes.push(attribute);
    }
    let mut kept = Vec::new();
    for nested in std::mem::take(&mut over.body.blocks) {
        let all = base.iter_mut().filter(|block| &*block.kind.text == "terraform");
        match &*nested.kind.text {
            "required_providers" => {
                let mut known = all.flat_map(|block| block.body.blocks.iter_mut());
                match known.find(|inner| inner.kind.text == nested.kind.text) {
                    Some(inner) => nested.body.attributes.into_iter().for_each(|entry| set(&mut inner.body, entry)),
                    None => kept.push(nested),
                }
            }
            "backend" | "cloud" => {
                all.for_each(|block| {
                    block.body.blocks.retain(|inner| !matches!(&*inner.kind.text, "backend" | "cloud"));
                });
                kept.push(nested);
            }
            kind => {
                all.for_each(|block| block.body.blocks.retain(|inner| &*inner.kind.text != kind));
                kept.push(nested);
            }
        }
    }
    over.body.blocks = kept;
    base.push(over);
}
