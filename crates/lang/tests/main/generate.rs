//! Configuration that is written for an object says what the object is, whatever it holds.

use proptest::prelude::*;
use smform_lang::eval::Evaluator;
use smform_lang::format::format;
use smform_lang::functions::{FunctionContext, Phase};
use smform_lang::generate::resource;
use smform_lang::source::MemoryHost;
use smform_lang::syntax::parse_native;
use smform_types::schema::{Attribute, Block, NestedBlock};
use smform_types::{Number, ResourceAddress, ResourceMode, SourceId, Type, Value};

use crate::support::Empty;

/// Pieces that have a meaning of their own in configuration, beside any others.
const PIECES: &[&str] = &[
    "${",
    "%{",
    "$${",
    "%${",
    "$%{",
    "%%{",
    "\"",
    "\\",
    "\n",
    "\r\n",
    "\t",
    "\u{0}",
    "\u{7f}",
    "\u{2028}",
    "EOT",
    "#",
    "null",
    "for",
    "é",
    "👩‍👩‍👧",
    "{\"a\":[1.50,null]}",
];

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![proptest::sample::select(PIECES).prop_map(str::to_owned), any::<String>()];
    proptest::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

fn number() -> impl Strategy<Value = Value> {
    let digits = "-?[0-9]{1,30}(\\.[0-9]{1,30})?";
    digits.prop_filter_map("a number", |text| Number::parse(&text).map(Value::number))
}

fn schema() -> Block {
    let inner =
        Block::new([("text", Attribute::required(Type::String)), ("number", Attribute::optional(Type::Number))], []);
    let attributes = [
        ("text", Attribute::required(Type::String)),
        ("number", Attribute::required(Type::Number)),
        ("map", Attribute::optional(Type::map(Type::String))),
        ("list", Attribute::optional(Type::list(Type::String))),
        ("object", Attribute::optional(Type::object([("text", Type::String), ("on", Type::Bool)]))),
    ];
    Block::new(attributes, [("part", NestedBlock::list(inner, 0, 0))])
}

fn object() -> impl Strategy<Value = Value> {
    let map = proptest::collection::btree_map(text(), text(), 0..4);
    let list = proptest::collection::vec(text(), 0..4);
    let parts = proptest::collection::vec((text(), number()), 0..3);
    (text(), number(), map, list, (text(), any::<bool>()), parts).prop_map(
        |(one, number, map, list, (two, on), parts)| {
            let inner = Type::object([("text", Type::String), ("number", Type::Number)]);
            let parts = parts
                .into_iter()
                .map(|(text, number)| Value::object([("text", Value::string(text)), ("number", number)]));
            Value::object([
                ("text", Value::string(one)),
                ("number", number),
                (
                    "map",
                    Value::map(
                        Type::String,
                        map.into_iter().map(|(key, text)| {
                            // Keys are in normal form, as every text of the language is.
                            let key = Value::string(key).as_str().unwrap_or_default().to_owned();
                            (key, Value::string(text))
                        }),
                    ),
                ),
                ("list", Value::list(Type::String, list.into_iter().map(Value::string))),
                ("object", Value::object([("text", Value::string(two)), ("on", Value::bool(on))])),
                ("part", Value::list(inner, parts)),
            ])
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_reads_back_as_it_was(object in object()) {
        let address = ResourceAddress::new(ResourceMode::Managed, "test_thing", "a");
        let written = resource(&address, None, &schema(), &object);
        prop_assert!(written.is_some(), "cannot be written: {}", smform_types::json::plain(&object));
        let written = written.unwrap_or_default();
        prop_assert_eq!(&format(&written), &written, "it is in canonical layout");
        let (body, errors) = parse_native(&written, SourceId(0));
        prop_assert!(!errors.has_errors(), "{errors:?}\n{written}");
        let block = body.blocks.first().expect("a block");
        let host = MemoryHost::default();
        let templates = smform_lang::eval::Templates;
        let cx = FunctionContext { host: &host, phase: Phase::Plan, plan_timestamp: None, templates: &templates };
        let (read, errors) = Evaluator::new(&Empty, &cx).body(&block.body, &schema());
        prop_assert!(!errors.has_errors(), "{errors:?}\n{written}");
        prop_assert!(read == object, "{}\n{written}", smform_types::json::plain(&read));
    }
}
