//! Unknown and sensitive values against what Terraform plans (`unknown.txt`; see `record_unknown.py` there).

use smform_lang::eval::{Evaluator, Scope, Subject, Templates};
use smform_lang::functions::{FunctionContext, Phase};
use smform_lang::source::FileSystem;
use smform_lang::syntax::parse_expression;
use smform_types::{Diagnostic, Marks, Refinement, SourceId, Type, Value, ValueKind};

use crate::support::corpus;

/// Expressions that we answer differently, and why.
const DIFFERENT: &[(&str, &str)] = &[("{a=local.u, b=1} == {a=\"x\", b=2}", "one attribute that differs settles it")];

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
