//! What holds of any text.

use proptest::prelude::*;
use smform_lang::eval::{Evaluator, Templates, references, render_value};
use smform_lang::functions::{FunctionContext, Phase};
use smform_lang::source::MemoryHost;
use smform_lang::syntax::{Body, Expr, parse_expression, parse_json, parse_native, parse_template};
use smform_types::{Diagnostics, SourceId};

use crate::support::Empty;

/// Pieces that configuration is made of, so that random texts come near to meaning something.
const PIECES: &[&str] = &[
    "a",
    "b.c",
    "var.x",
    "1",
    "0.5",
    "1e9",
    "\"",
    "\"x\"",
    "${",
    "%{",
    "}",
    "{",
    "[",
    "]",
    "(",
    ")",
    "=",
    "=>",
    ":",
    "?",
    ",",
    ".",
    "...",
    "*",
    "[*]",
    "+",
    "-",
    "!",
    "==",
    "&&",
    " ",
    "\n",
    "<<EOT\n",
    "<<-E\n  ",
    "\nEOT\n",
    "\n  E\n",
    "for ",
    " in ",
    " if ",
    "if ",
    "else",
    "endif",
    "endfor",
    "~",
    "#",
    "//",
    "/*",
    "*/",
    "\\",
    "$",
    "%",
    "é",
    "👩‍👩‍👧",
    "\r\n",
    "null",
    "true",
    "try(",
    "can(",
    "upper(",
    "length(",
    "resource \"a\" \"b\" {\n",
    "x = ",
    "dynamic \"r\" {",
    "\t",
    "\u{feff}",
];

fn pieces() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..24).prop_map(|pieces| pieces.concat())
}

pub fn text() -> impl Strategy<Value = String> {
    prop_oneof![3 => pieces(), 1 => any::<String>()]
}

/// Every message points into the text.
fn assert_within(errors: &Diagnostics, text: &str) -> Result<(), TestCaseError> {
    for error in errors {
        if let Some(span) = error.span {
            prop_assert!(span.start <= span.end && span.end as usize <= text.len(), "{error:?}");
            prop_assert!(
                text.is_char_boundary(span.start as usize) && text.is_char_boundary(span.end as usize),
                "{error:?}"
            );
        }
    }
    Ok(())
}

fn evaluate(expr: &Expr) {
    let host = MemoryHost::default();
    let cx = FunctionContext { host: &host, phase: Phase::Plan, plan_timestamp: None, templates: &Templates };
    std::hint::black_box(references(expr));
    if let Ok(value) = Evaluator::new(&Empty, &cx).expr(expr) {
        std::hint::black_box(render_value(&value));
    }
}

fn evaluate_all(body: &Body) {
    body.attributes.iter().for_each(|attribute| evaluate(&attribute.expr));
    body.blocks.iter().for_each(|block| evaluate_all(&block.body));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn native_syntax_never_panics(text in text()) {
        let (body, errors) = parse_native(&text, SourceId(0));
        assert_within(&errors, &text)?;
        evaluate_all(&body);
    }

    #[test]
    fn expressions_and_templates_never_panic(text in text()) {
        match parse_expression(&text, SourceId(0)) {
            Ok(expr) => evaluate(&expr),
            Err(errors) => {
                prop_assert!(errors.has_errors());
                assert_within(&errors, &text)?;
            }
        }
        match parse_template(&text, SourceId(0)) {
            Ok(expr) => evaluate(&expr),
            Err(errors) => assert_within(&errors, &text)?,
        }
    }

    #[test]
    fn json_never_panics(text in text()) {
        let (body, errors) = parse_json(&text, SourceId(0));
        assert_within(&errors, &text)?;
        let (body, _) = body.expanded(&[("a", 1), ("b", 0)]);
        evaluate_all(&body);
    }

    #[test]
    fn a_json_reader_agrees_on_what_is_json(value in json(4)) {
        let (_, errors) = parse_json(&format!("{{\"x\": {value}}}"), SourceId(0));
        prop_assert!(errors.is_empty(), "{errors:?}");
    }
}

fn json(depth: u32) -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        "[a-z \\\\n]{0,6}".prop_map(|text| format!("{text:?}")),
    ];
    leaf.prop_recursive(depth, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(("[a-z]{1,3}", inner), 0..4).prop_map(|items| {
                let items: Vec<String> = items.iter().map(|(key, value)| format!("\"{key}\" : {value}")).collect();
                format!("{{{}}}", items.join(" , "))
            }),
        ]
    })
}
