//! Large and deep inputs.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use smform_lang::config::{LocalModules, load};
use smform_lang::eval::{Evaluator, Templates, render_value};
use smform_lang::functions::{FunctionContext, Phase};
use smform_lang::source::{FileSystem, MemoryHost};
use smform_lang::syntax::{parse_expression, parse_native};
use smform_types::SourceId;

use crate::module::check;
use crate::support::Empty;

/// Far above what a debug build needs, far below what quadratic time would take.
const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn ten_thousand_locals_evaluate() {
    let mut text = String::from("locals {\n  l0 = 1\n");
    for at in 1..10_000 {
        let _ = writeln!(text, "  l{at} = local.l{} + 1", at - 1);
    }
    text.push_str("}\n");
    let start = Instant::now();
    let (config, errors) = load(&MemoryHost::new([("main.tf", text)]), Path::new("."), &LocalModules);
    assert!(errors.is_empty(), "{errors:?}");
    let errors = check(&config);
    assert!(errors.is_empty(), "{errors:?}");
    assert!(start.elapsed() < LIMIT, "{:?}", start.elapsed());
}

#[test]
fn five_megabytes_parse() {
    let block = "resource \"aws_thing\" \"name_%\" {\n  name = \"a-${var.x}-b\" # note\n  tags = {\n    a = 1\n    \
                 b = [1, 2, \"three\"]\n  }\n  text = <<-EOT\n    one ${local.y}\n    two\n  EOT\n}\n\n";
    let mut text = String::new();
    for at in 0.. {
        if text.len() > 5_000_000 {
            break;
        }
        text.push_str(&block.replace('%', &at.to_string()));
    }
    let start = Instant::now();
    let (body, errors) = parse_native(&text, SourceId(0));
    assert!(errors.is_empty(), "{errors:?}");
    assert!(body.blocks.len() > 20_000);
    assert!(start.elapsed() < LIMIT, "{:?}", start.elapsed());
}

#[test]
fn one_large_value_parses() {
    let items: String = (0..3_000).map(|at| format!("  key_{at} = {{ a = {at} }}\n")).collect();
    let list: String = (0..50_000).map(|at| format!("  {at},\n")).collect();
    let start = Instant::now();
    assert!(parse_expression(&format!("{{\n{items}}}"), SourceId(0)).is_ok());
    assert!(parse_expression(&format!("[\n{list}]"), SourceId(0)).is_ok());
    assert!(start.elapsed() < LIMIT, "{:?}", start.elapsed());
}

const BRACKETS: [(&str, &str); 6] =
    [("(", ")"), ("[", "]"), ("{a=", "}"), ("\"${", "}\""), ("try(", ")"), ("[for x in [1]: ", "]")];

/// The program works on a stack of its own; what is dropped and shown needs some for each level.
fn on_a_large_stack(work: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(1 << 28).spawn_scoped(scope, work);
        assert!(thread.is_ok_and(|thread| thread.join().is_ok()));
    });
}

#[test]
fn what_is_accepted_evaluates_within_the_stack() {
    on_a_large_stack(what_is_accepted_evaluates);
}

fn what_is_accepted_evaluates() {
    let cx = FunctionContext { host: &FileSystem, phase: Phase::Console, plan_timestamp: None, templates: &Templates };
    let sum = vec!["1"; 100].join(" + ");
    for (open, close) in BRACKETS {
        for depth in [1, 50, 490, 2_000] {
            let text = format!("{}{sum}{}", open.repeat(depth), close.repeat(depth));
            let expr = parse_expression(&text, SourceId(0));
            let value = expr.and_then(|expr| Evaluator::new(&Empty, &cx).expr(&expr));
            assert!(value.is_ok_and(|value| !render_value(&value).is_empty()), "{open} {depth}");
        }
    }
}

#[test]
fn a_long_sum_evaluates() {
    let cx = FunctionContext { host: &FileSystem, phase: Phase::Console, plan_timestamp: None, templates: &Templates };
    let expr = parse_expression(&vec!["1"; 9_000].join(" + "), SourceId(0));
    let value = expr.and_then(|expr| Evaluator::new(&Empty, &cx).expr(&expr));
    assert_eq!(value.map(|value| render_value(&value)), Ok("9000".to_owned()));
}

#[test]
fn depth_is_refused_where_it_begins_to_hurt() {
    on_a_large_stack(depth_is_refused);
}

fn depth_is_refused() {
    for (open, close) in BRACKETS.into_iter().chain([("!", ""), ("-", ""), ("x ? 1 : ", "")]) {
        for depth in [100_000, 20_001] {
            let text = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            let errors = parse_expression(&text, SourceId(0)).err().unwrap_or_default();
            let summaries: Vec<&str> = errors.iter().map(|error| error.summary.as_str()).collect();
            assert_eq!(summaries, ["Nesting too deep"], "{open} {depth}");
        }
    }
    let blocks = format!("{}\n{}", "b {\n".repeat(21_000), "}\n".repeat(21_000));
    let (_, errors) = parse_native(&blocks, SourceId(0));
    assert_eq!(errors.iter().next().map(|error| error.summary.as_str()), Some("Nesting too deep"));
    let sum = parse_expression(&vec!["1"; 50_000].join(" + "), SourceId(0));
    assert!(sum.is_err_and(|errors| errors.has_errors()));
}

#[test]
fn chains_of_conditions_take_linear_time_also_where_they_fail() {
    let cx = FunctionContext { host: &FileSystem, phase: Phase::Console, plan_timestamp: None, templates: &Templates };
    for part in [
        "1 == 2 ? 1 : ",
        "1 == 2 ? tonumber(\"x\") : ",
        "null.a ? [1] : ",
        "1 == 1 ? 1 : [null.a ? 1 : 2, ",
        "{ a = 1 }.b ? 1 : ",
    ] {
        let (depth, close) = if part.ends_with(", ") { (40, "]".repeat(40)) } else { (400, String::new()) };
        let text = format!("{}1{close}", part.repeat(depth));
        let expr = parse_expression(&text, SourceId(0));
        assert!(expr.is_ok(), "{part}");
        let start = Instant::now();
        drop(expr.and_then(|expr| Evaluator::new(&Empty, &cx).expr(&expr)));
        assert!(start.elapsed() < LIMIT, "{part}: {:?}", start.elapsed());
    }
}
