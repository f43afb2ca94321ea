//! What a recording from the console cannot show: phases, ephemeral values, secrets in messages, signatures.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use smform_types::{Marks, Refinement, Type, Value, ValueKind};

use super::*;
use crate::source::MemoryHost;

/// Renders nothing: templates are the evaluator's.
struct NoTemplates;

impl TemplateRenderer for NoTemplates {
    fn render(
        &self,
        _name: &str,
        text: &str,
        _variables: &BTreeMap<Arc<str>, Value>,
        _cx: &FunctionContext<'_>,
    ) -> Result<Value, TemplateFault> {
        Ok(Value::string(text))
    }
}

fn in_phase(phase: Phase, name: &str, arguments: &[Value]) -> Result<Value, CallError> {
    let host = MemoryHost::new([("a.txt", "hello"), ("d/b.txt", "x")]);
    let plan_timestamp = (phase == Phase::Apply).then(|| "2020-01-01T00:00:00Z".to_owned());
    call(name, arguments, &FunctionContext { host: &host, phase, plan_timestamp, templates: &NoTemplates })
}

pub(super) fn console(name: &str, arguments: &[Value]) -> Result<Value, CallError> {
    in_phase(Phase::Console, name, arguments)
}

#[test]
fn time_and_chance_are_unknown_while_planning() {
    let not_null = |ty: Type| Value::refined(ty, Refinement::not_null());
    for (name, arguments) in [("timestamp", vec![]), ("uuid", vec![]), ("bcrypt", vec![Value::string("x"), 4.into()])] {
        assert_eq!(in_phase(Phase::Plan, name, &arguments), Ok(not_null(Type::String)), "{name}");
        assert!(in_phase(Phase::Apply, name, &arguments).is_ok_and(|value| value.is_known()), "{name}");
        assert!(console(name, &arguments).is_ok_and(|value| value.is_known()), "{name}");
    }
    assert!(in_phase(Phase::Plan, "bcrypt", &[Value::string("x"), 99.into()]).is_err());
}

#[test]
fn the_time_of_the_plan_is_the_plans() {
    assert_eq!(in_phase(Phase::Apply, "plantimestamp", &[]), Ok(Value::string("2020-01-01T00:00:00Z")));
    assert!(in_phase(Phase::Plan, "plantimestamp", &[]).is_ok_and(|value| !value.is_known()));
}

#[test]
fn ephemeral_values_stay_so_and_can_be_taken_for_null() {
    let token = Value::string("t").with_marks(Marks::EPHEMERAL);
    let both = token.clone().with_marks(Marks::SENSITIVE);
    assert_eq!(console("upper", std::slice::from_ref(&token)).map(|value| value.marks()), Ok(Marks::EPHEMERAL));
    assert_eq!(console("issensitive", std::slice::from_ref(&token)), Ok(Value::bool(false)));
    assert_eq!(console("nonsensitive", std::slice::from_ref(&both)), Ok(token.clone()));
    let parts = Value::object([("a", token), ("b", both), ("c", Value::string("c"))]);
    let null = Value::null(Type::String);
    let secret = null.clone().with_marks(Marks::SENSITIVE);
    let expected = Value::object([("a", null), ("b", secret), ("c", Value::string("c"))]);
    assert_eq!(console("ephemeralasnull", &[parts]), Ok(expected));
}

#[test]
fn messages_do_not_show_secrets() {
    let secret = |text: &str| Value::string(text).with_marks(Marks::SENSITIVE);
    let failing = [
        ("tonumber", vec![secret("hunter2")]),
        ("tobool", vec![secret("hunter2")]),
        ("parseint", vec![secret("hunter2"), 10.into()]),
        ("base64decode", vec![secret("hunter2")]),
        ("jsondecode", vec![secret("hunter2")]),
        ("jsondecode", vec![secret("{\"hunter2\": hunter2}")]),
        ("yamldecode", vec![secret("a: [hunter2")]),
        ("yamldecode", vec![secret("!hunter2 x")]),
        ("yamldecode", vec![secret("a: *hunter2")]),
        ("csvdecode", vec![secret("hunter2,hunter2\n")]),
        ("file", vec![secret("hunter2")]),
        ("fileexists", vec![secret("hunter2\0")]),
        ("regex", vec![secret("(hunter2"), Value::string("x")]),
        ("replace", vec![Value::string("x"), secret("/(hunter2/"), Value::string("x")]),
        ("cidrhost", vec![secret("hunter2"), 1.into()]),
        ("cidrnetmask", vec![secret("hunter2")]),
        ("formatdate", vec![secret("hunter2"), Value::string("2020-01-01T00:00:00Z")]),
        ("formatdate", vec![Value::string("YYYY"), secret("hunter2")]),
        ("timeadd", vec![Value::string("2020-01-01T00:00:00Z"), secret("hunter2")]),
        ("timecmp", vec![secret("2020-hunter2"), Value::string("2020-01-01T00:00:00Z")]),
        ("uuidv5", vec![secret("hunter2"), Value::string("x")]),
        ("textencodebase64", vec![Value::string("x"), secret("hunter2")]),
        ("format", vec![secret("%d hunter2"), Value::string("x")]),
        ("format", vec![secret("%hunter2"), Value::string("x")]),
        ("lookup", vec![Value::object([("a", Value::string("b"))]), secret("hunter2")]),
        ("lookup", vec![Value::map(Type::String, [("a", Value::string("b"))]), secret("hunter2")]),
        ("zipmap", vec![Value::tuple([secret("hunter2")]), Value::tuple([])]),
        ("rsadecrypt", vec![secret("hunter2"), secret("hunter2")]),
    ];
    for (name, arguments) in failing {
        if let Err(error) = console(name, &arguments) {
            assert!(!error.message.contains("hunter2"), "{name}: {}", error.message);
        }
    }
}

#[test]
fn failures_name_the_parameter() {
    let error = console("cidrhost", &[Value::string("10.0.0.0/8"), Value::string("x")])
        .map_err(|error| error.diagnostic("cidrhost"));
    let error = error.expect_err("not a number");
    assert_eq!(error.summary, "Invalid function argument");
    assert_eq!(error.detail, "Invalid value for \"hostnum\" parameter: a number is required.");
    let error = console("upper", &[]).map_err(|error| error.diagnostic("upper").detail);
    assert_eq!(error, Err("Function \"upper\" expects 1 argument. Missing value for \"str\".".to_owned()));
    let error = console("uper", &[]).map_err(|error| error.diagnostic("uper").detail);
    assert_eq!(error, Err("There is no function named \"uper\". Did you mean \"upper\"?".to_owned()));
}

#[test]
fn every_name_has_a_signature() {
    let names: Vec<&str> = names().collect();
    assert_eq!(names.len(), 118);
    assert!(names.is_sorted());
    for name in names {
        let signature = signature(name).expect("a signature");
        assert_eq!(signature.name, name);
        assert!(signature.summary.ends_with('.'), "{name}");
        assert!(exists(&format!("core::{name}")));
    }
    assert!(!exists("core::core::upper") && exists("map"));
}

#[test]
fn file_names_go_through_the_host() {
    let names = console("fileset", &[Value::string("."), Value::string("**/*.txt")]);
    assert_eq!(names, Ok(Value::set(Type::String, ["a.txt", "d/b.txt"].map(Value::from))));
    assert_eq!(console("file", &[Value::string("d/../a.txt")]), Ok(Value::string("hello")));
    assert!(
        Path::new(console("abspath", &[Value::string("x")]).expect("a path").as_str().unwrap_or_default())
            .is_absolute()
    );
}

/// Values of all kinds, small and at the edges.
fn any_value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        Just(String::new()),
        ".{0,12}",
        "[-+0-9.eE/:,a-f\"'%$\\[\\](){}*?!&|<>#\\\\\n TZ]{0,16}",
        Just("10.0.0.0/8".to_owned()),
        Just("2020-01-01T00:00:00Z".to_owned()),
        Just("%s %[2]d %5.1f %q".to_owned()),
        Just("a: &x [1, *x]".to_owned()),
    ];
    let number = prop_oneof![
        any::<i64>().prop_map(Value::number),
        any::<f64>().prop_filter_map("a number", |float| smform_types::Number::from_f64(float).map(Value::number)),
        (-3i64..70).prop_map(Value::number),
        Just(Value::number(smform_types::Number::infinity(true))),
    ];
    let leaf = prop_oneof![
        text.prop_map(Value::string),
        number,
        any::<bool>().prop_map(Value::bool),
        Just(Value::null(Type::Dynamic)),
        Just(Value::null(Type::list(Type::String))),
        Just(Value::unknown(Type::Dynamic)),
        Just(Value::unknown(Type::String)),
        Just(Value::unknown(Type::set(Type::Number))),
        Just(Value::refined(Type::String, Refinement::with_prefix("a"))),
        Just(Value::string("s").with_marks(Marks::SENSITIVE)),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let texts = proptest::collection::vec(".{0,4}".prop_map(Value::string), 0..4);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::tuple),
            proptest::collection::btree_map("[a-c]{0,2}", inner, 0..4).prop_map(Value::object),
            texts.clone().prop_map(|texts| Value::list(Type::String, texts)),
            texts.prop_map(|texts| Value::set(Type::String, texts)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn no_call_panics(at in 0usize..118, arguments in proptest::collection::vec(any_value(), 0..4), plan in any::<bool>()) {
        let name = names().nth(at).unwrap_or("abs");
        // A high cost is slow on purpose.
        let name = if name == "bcrypt" { "abs" } else { name };
        let phase = if plan { Phase::Plan } else { Phase::Apply };
        if let Ok(value) = in_phase(phase, name, &arguments) {
            // Marks of arguments are never lost but by the functions that are there for it.
            let sensitive = arguments.iter().any(|argument| argument.marks().contains(Marks::SENSITIVE));
            let seen = matches!(name, "nonsensitive" | "issensitive" | "can" | "try" | "lookup" | "merge");
            // As in Terraform, beside one of which nothing is known, not even its type, the function is not carried out.
            let is_untyped = |argument: &Value| matches!(argument.kind(), ValueKind::Unknown(Type::Dynamic, _));
            let is_void = arguments.iter().any(is_untyped) && *value.kind() == ValueKind::Unknown(Type::Dynamic, None);
            prop_assert!(!sensitive || seen || is_void || value.has_sensitive(), "{name} loses marks");
            // An unknown argument as a whole never gives null.
            prop_assert!(!matches!(value.kind(), ValueKind::Null(_)) || arguments.iter().all(Value::is_known) || seen);
        }
    }
}
