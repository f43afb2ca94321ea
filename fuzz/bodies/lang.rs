//! What must hold of any input: no panic, and what is said below. The fuzz targets run these on inputs of their own; a
//! test of the language runs them on the corpus.
#![allow(dead_code, reason = "each target uses one of them")]

use std::path::PathBuf;

use smform_lang::eval::{Evaluator, Scope, Subject, Templates, references, references_in_body, render_value};
use smform_lang::functions::{FunctionContext, Phase};
use smform_lang::source::MemoryHost;
use smform_lang::syntax::{parse_expression, parse_json, parse_native, parse_template};
use smform_types::{Diagnostic, SourceId, SourceMap, Type, Value};

/// Variables of several kinds.
struct Variables;

impl Scope for Variables {
    fn resolve(&self, subject: &Subject) -> Result<Value, Diagnostic> {
        let Subject::Variable(name) = subject else {
            return Err(Diagnostic::error("Undeclared", "It is not declared."));
        };
        Ok(match &**name {
            "u" => Value::unknown(Type::Dynamic),
            "s" => Value::unknown(Type::String),
            "l" => Value::list(Type::Number, [Value::number(1), Value::unknown(Type::Number)]),
            "m" => Value::map(Type::String, [("k", Value::string("é"))]),
            "o" => Value::object([("a", Value::string("x").with_marks(smform_types::Marks::SENSITIVE))]),
            _ => Value::null(Type::Dynamic),
        })
    }
}

fn with_evaluator(run: impl FnOnce(&Evaluator<'_>)) {
    let host = MemoryHost::new([("a.txt", "hello ${name}")]);
    let cx = FunctionContext { host: &host, phase: Phase::Plan, plan_timestamp: None, templates: &Templates };
    run(&Evaluator::new(&Variables, &cx));
}

/// Files, expressions and templates of both syntaxes; every place of a message is within the text.
pub fn parser(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut sources = SourceMap::default();
    let id = sources.add("main.tf", text);
    let (native, mut found) = parse_native(text, id);
    let (json, errors) = parse_json(text, id);
    found.extend(errors);
    found.extend(parse_expression(text, id).err().into_iter().flatten());
    found.extend(parse_template(text, id).err().into_iter().flatten());
    for body in [native, json] {
        drop(references_in_body(&body, None));
        let (body, errors) = body.expanded(&[("resource", 2), ("dynamic", 1)]);
        found.extend(errors);
        drop(body);
    }
    for error in &found {
        let span = error.span.expect("a place");
        assert!(span.start <= span.end && span.end as usize <= text.len(), "{span:?} of {}", text.len());
    }
}

/// Expressions and templates: evaluation ends, and its value can be shown.
pub fn evaluator(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for expr in [parse_expression(text, SourceId(0)), parse_template(text, SourceId(0))].into_iter().flatten() {
        drop(references(&expr));
        with_evaluator(|evaluator| {
            if let Ok(value) = evaluator.expr(&expr) {
                drop(render_value(&value));
            }
        });
    }
}

/// `TYPE : EXPRESSION`: the value converts to the type or says why not; what converted does so again and stays.
pub fn conversion(bytes: &[u8]) {
    let Some((ty, value)) = std::str::from_utf8(bytes).ok().and_then(|text| text.split_once(" : ")) else { return };
    let (Ok(ty), Ok(value)) = (parse_expression(ty, SourceId(0)), parse_expression(value, SourceId(0))) else { return };
    let Ok((ty, defaults)) = smform_lang::config::type_constraint(&ty) else { return };
    with_evaluator(|evaluator| {
        let Ok(value) = evaluator.expr(&value) else { return };
        if let Ok(converted) = smform_types::convert(defaults.apply(value), &ty) {
            let again = smform_types::convert(converted.clone(), &ty);
            assert_eq!(again.as_ref(), Ok(&converted), "converted to {ty}");
        }
    });
}

/// The canonical layout: it settles, and configuration stays configuration.
pub fn formatter(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let once = smform_lang::format::format(text);
    let valid = |text: &str| !parse_native(text, SourceId(0)).1.has_errors();
    // As Terraform's, the layout joins indices of the former kind, `a.0 . 1` and `2 .e2`, which cannot be read then.
    let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let exponent = |text: &str| text.strip_prefix(['e', 'E']).is_some_and(|rest| is_digit(rest.chars().next()));
    let joins = text.match_indices('.').any(|(at, _)| {
        let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default());
        let (left, right) = (before.trim_end(), after.trim_start());
        let is_apart = left.len() < before.len() || right.len() < after.len();
        is_apart && is_digit(left.chars().next_back()) && (is_digit(right.chars().next()) || exponent(right))
    });
    if valid(text) && !joins {
        // As Terraform's, it takes what is around a heredoc off, at the end of a file with the end of the line.
        assert!(valid(&once) || valid(&format!("{once}\n")), "{once:?}");
        let twice = smform_lang::format::format(&once);
        assert_eq!(smform_lang::format::format(&twice), twice);
    }
}

/// What a target runs.
pub type Body = fn(&[u8]);

/// The bodies by the names of their targets.
pub const ALL: [(&str, Body); 4] =
    [("parser", parser), ("evaluator", evaluator), ("conversion", conversion), ("formatter", formatter)];

/// The inputs of a target: its corpus, and the texts of the language tests that suit it.
pub fn inputs(repository: &std::path::Path, target: &str) -> Vec<PathBuf> {
    let seeds = match target {
        "parser" => Some(("tests/lang", ".tf")),
        "formatter" => Some(("tests/lang/format", ".in.tf")),
        _ => None,
    };
    let corpus = format!("fuzz/corpus/{target}");
    let folders = [Some((&*corpus, "")), seeds];
    folders
        .into_iter()
        .flatten()
        .flat_map(|(folder, ending)| {
            let entries = std::fs::read_dir(repository.join(folder)).expect("a folder of inputs");
            entries.flatten().map(|entry| entry.path()).filter(move |path| path.to_string_lossy().ends_with(ending))
        })
        .collect()
}
