//! `variable` blocks.

use smform_types::{Diagnostic, Diagnostics, Marks, Type, convert};

use super::condition::condition;
use super::content::{Content, Shape, check_name};
use super::{Condition, Variable};
use crate::eval::{Subject, TypeDefaults, references, static_value};
use crate::syntax::{Block, Ident};

const SHAPE: Shape = Shape {
    arguments: &["type", "default", "description", "sensitive", "nullable", "ephemeral", "deprecated", "const"],
    blocks: &[("validation", 0)],
};

const RESERVED: [&str; 10] =
    ["source", "version", "providers", "count", "for_each", "depends_on", "lifecycle", "locals", "provider", "_"];

impl Variable {
    /// What its declaration says of every value of it.
    #[must_use]
    pub fn marks(&self) -> Marks {
        let sensitive = if self.sensitive { Marks::SENSITIVE } else { Marks::NONE };
        sensitive | if self.ephemeral { Marks::EPHEMERAL } else { Marks::NONE }
    }

    /// What stands for a variable that nothing declares: its values are read as expressions of any type.
    #[must_use]
    pub fn undeclared(name: Ident) -> Variable {
        Variable {
            span: name.span,
            name,
            ty: Type::Dynamic,
            typed: true,
            defaults: TypeDefaults::default(),
            default: None,
            description: None,
            sensitive: false,
            ephemeral: false,
            nullable: true,
            deprecated: None,
            constant: false,
            validations: Vec::new(),
        }
    }
}

pub(super) fn variable(block: &Block, name: &Ident, diagnostics: &mut Diagnostics) -> Variable {
    check_name(name, "variable", diagnostics);
    if RESERVED.contains(&&*name.text) {
        let detail =
            format!("The variable name \"{}\" is reserved: it means something else in a module block.", name.text);
        diagnostics.push(Diagnostic::error("Invalid variable name", detail).at(name.span));
    }
    let content = Content::exact(block, &SHAPE, diagnostics);
    let constraint = content.type_constraint(diagnostics);
    let (ty, defaults) = constraint.unwrap_or((Type::Dynamic, TypeDefaults::default()));
    let nullable = content.bool("nullable", diagnostics).unwrap_or(true);
    let default = content.get("default").and_then(|expr| {
        let value = diagnostics.take(static_value(expr))?;
        if value.is_null() && !nullable {
            let detail = "A variable with nullable = false cannot have null as its default.";
            diagnostics.push(Diagnostic::error("Invalid default value for variable", detail).at(expr.span));
            return None;
        }
        match convert(defaults.apply(value), &ty) {
            Ok(value) => Some(value),
            Err(error) => {
                let detail =
                    format!("This default value is not compatible with the variable's type constraint: {error}.");
                diagnostics.push(Diagnostic::error("Invalid default value for variable", detail).at(expr.span));
                None
            }
        }
    });
    let validations: Vec<Condition> =
        content.blocks_of("validation").filter_map(|block| condition(block, diagnostics)).collect();
    for validation in &validations {
        check_validation(validation, name, diagnostics);
    }
    Variable {
        name: name.clone(),
        typed: content.get("type").is_some(),
        ty,
        defaults,
        // A default that is wrong is reported already; without it the variable would seem to be required.
        default: default.or_else(|| content.get("default").map(|_| smform_types::Value::unknown(Type::Dynamic))),
        description: content.string("description", diagnostics),
        sensitive: content.bool("sensitive", diagnostics).unwrap_or(false),
        ephemeral: content.bool("ephemeral", diagnostics).unwrap_or(false),
        nullable,
        deprecated: content.string("deprecated", diagnostics),
        constant: constant(&content, diagnostics),
        validations,
        span: block.header,
    }
}

/// Whether the value must be known before anything is evaluated, and may be shown there.
fn constant(content: &Content<'_>, diagnostics: &mut Diagnostics) -> bool {
    let constant = content.bool("const", diagnostics).unwrap_or(false);
    for name in ["sensitive", "ephemeral"] {
        if constant && content.bool(name, &mut Diagnostics::new()) == Some(true) {
            let detail =
                format!("A variable cannot be both const and {name}: its value is shown where modules are found.");
            let place = content.get("const").map(|expr| expr.span);
            diagnostics
                .push(place.into_iter().fold(Diagnostic::error("Invalid const argument", detail), Diagnostic::at));
        }
    }
    constant
}

fn check_validation(validation: &Condition, name: &Ident, diagnostics: &mut Diagnostics) {
    let own = references(&validation.condition)
        .iter()
        .any(|reference| matches!(&reference.subject, Subject::Variable(found) if *found == name.text));
    if !own {
        let detail = format!("The condition for variable \"{0}\" must refer to var.{0}.", name.text);
        diagnostics
            .push(Diagnostic::error("Invalid variable validation condition", detail).at(validation.condition.span));
    }
}
