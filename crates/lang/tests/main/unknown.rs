//! Unknown and sensitive values against what Terraform plans (`unknown.txt`; see `record_unknown.py` there).

use smform_lang::eval::{Evaluator, Scope, Subject, Templates};
use smform_lang::functions::{FunctionContext, Phase};
use smform_lang::source::FileSystem;
use smform_lang::syntax::parse_expression;
use smform_types::{Diagnostic, Marks, Refinement, SourceId, Type, Value, ValueKind};

use crate::support::corpus;

/// Expressions that we answer differently, and why.
const DIFFERENT: &[(&str, &str)] = &[
    ("{a=local.u, b=1} == {a=\"x\", b=2}", "one attribute that differs settles it"),
    ("false && local.b", "one operand is enough since Terraform 1.12"),
    ("true || local.b", "one operand is enough since Terraform 1.12"),
    ("local.b && sensitive(true)", "marks count always since Terraform 1.12"),
    ("sensitive(local.b) || false", "marks count always since Terraform 1.12"),
];

struct Values;

impl Scope for Values {
    fn resolve(&self, subject: &Subject) -> Result<Value, Diagnostic> {
        let unknown = |ty| Value::refined(ty, Refinement::not_null());
        Ok(match subject {
            Subject::Local(name) => match &**name {
                "u" => unknown(Type::String),
                "n" => unknown(Type::Number),
                "b" => unknown(Type::Bool),
                _ => Value::unknown(Type::Dynamic),
            },
            Subject::EachKey => return Err(Diagnostic::error("Nothing there", "")),
            _ => Value::string("s").with_marks(Marks::SENSITIVE),
        })
    }
}

/// As JSON with sorted keys, where what is unknown is said in words.
fn shown(value: &Value) -> String {
    let list = |items: &[Value]| format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", "));
    match value.kind() {
        ValueKind::Unknown(..) => "\"(unknown)\"".to_owned(),
        ValueKind::Null(_) => "null".to_owned(),
        ValueKind::List(_, items) | ValueKind::Set(_, items) | ValueKind::Tuple(items) => list(items),
        ValueKind::Map(_, items) | ValueKind::Object(items) => {
            let items: Vec<String> = items.iter().map(|(key, item)| format!("{key:?}: {}", shown(item))).collect();
            format!("{{{}}}", items.join(", "))
        }
        ValueKind::Bool(value) => value.to_string(),
        ValueKind::Number(number) => number.to_string(),
        ValueKind::String(text) => format!("{text:?}"),
    }
}

fn answer(text: &str) -> String {
    let cx = FunctionContext { host: &FileSystem, phase: Phase::Plan, plan_timestamp: None, templates: &Templates };
    let evaluated = parse_expression(text, SourceId(0)).and_then(|expr| Evaluator::new(&Values, &cx).expr(&expr));
    match evaluated {
        Ok(value) => {
            let secret = if value.marks().contains(Marks::SENSITIVE) { "sensitive " } else { "" };
            format!("{secret}{}", shown(&value))
        }
        Err(errors) => errors.iter().next().map(|error| format!("Error: {}", error.summary)).unwrap_or_default(),
    }
}

#[test]
fn unknown_and_sensitive_values_go_where_terraforms_go() {
    let text = std::fs::read_to_string(corpus().join("unknown.txt")).expect("the recording");
    let mut failures = Vec::new();
    let mut count = 0;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(expression) = line.strip_prefix("> ") else { continue };
        let recorded = lines.next().unwrap_or("");
        let ours = answer(expression);
        let excused = DIFFERENT.iter().any(|(known, _)| *known == expression);
        if (ours == recorded) == excused {
            failures.push(format!("> {expression}\nterraform: {recorded}\nours:      {ours}\n"));
        }
        count += 1;
    }
    assert!(count > 100, "only {count} expressions");
    assert!(failures.is_empty(), "{} of {count} differ:\n{}", failures.len(), failures.join("\n"));
}

/// Since Terraform 1.12; the recordings are of 1.11.
#[test]
fn one_operand_can_settle_a_logical_operator() {
    for (expression, expected) in [
        ("true || local.b", "true"),
        ("local.b || true", "true"),
        ("false && local.b", "false"),
        ("local.b && false", "false"),
        ("false || local.b", "\"(unknown)\""),
        ("true && local.b", "\"(unknown)\""),
        // Errors of the other operand are not told.
        ("false && [][0]", "false"),
        ("true || {}.a", "true"),
        ("[][0] || true", "true"),
        ("{}.a && false", "false"),
        ("false && null", "false"),
        ("true || null", "true"),
        ("false && (true && [][0])", "false"),
        // What is not known yet may settle it.
        ("local.b && [][0]", "\"(unknown)\""),
        ("local.b || [][0]", "\"(unknown)\""),
        // What does not settle it leaves the errors.
        ("true && [][0]", "Error: Invalid index"),
        ("false || [][0]", "Error: Invalid index"),
        ("[][0] && local.b", "Error: Invalid index"),
        ("[][0] || [][0]", "Error: Invalid index"),
        ("null && false", "Error: Operation failed"),
        ("null || true", "Error: Operation failed"),
        ("local.b && null", "Error: Operation failed"),
        // What can never be a truth value is refused.
        ("false && 1", "Error: Invalid operand"),
        ("true || \"x\"", "Error: Invalid operand"),
        ("[] || true", "Error: Invalid operand"),
        // What is referred to must be there, whoever asks.
        ("false && each.key == \"\"", "Error: Nothing there"),
        ("local.b && each.key", "Error: Nothing there"),
        ("[for x in [1]: true || [][x]]", "[true]"),
        // A secret stays one.
        ("var.secret == \"s\" || local.b", "sensitive true"),
        ("true || var.secret == \"s\"", "sensitive true"),
        ("local.b && sensitive(true)", "sensitive \"(unknown)\""),
    ] {
        assert_eq!(answer(expression), expected, "{expression}");
    }
}
