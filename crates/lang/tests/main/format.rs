//! The formatter against what Terraform's makes of the texts in `tests/lang/format/`.

use std::fs;

use proptest::prelude::*;
use regex::Regex;
use smform_lang::format::format;
use smform_lang::syntax::{Body, Expr, ExprKind, TemplatePart, parse_native};
use smform_types::SourceId;

use crate::properties::text;
use crate::support::corpus;

/// Name, text and Terraform's layout of it.
fn recorded() -> Vec<(String, String, String)> {
    let folder = corpus().join("format");
    let mut cases = Vec::new();
    for entry in fs::read_dir(&folder).expect("the corpus").flatten() {
        let file = entry.file_name().into_string().expect("a name");
        if let Some(name) = file.strip_suffix(".in.tf") {
            let read = |kind: &str| fs::read_to_string(folder.join(format!("{name}.{kind}.tf"))).expect("both files");
            cases.push((name.to_owned(), read("in"), read("out")));
        }
    }
    cases.sort();
    assert!(cases.len() >= 80, "{} cases", cases.len());
    cases
}

#[test]
fn layout_is_that_of_terraform() {
    let wrong: Vec<String> = recorded()
        .into_iter()
        .filter(|(_, text, expected)| format(text) != *expected)
        .map(|(name, text, expected)| format!("{name}:\n{expected:?}\n{:?}\n", format(&text)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn canonical_layout_stays() {
    for (name, _, expected) in recorded() {
        assert_eq!(format(&expected), expected, "{name}");
    }
}

#[test]
fn meaning_stays() {
    for (name, text, _) in recorded() {
        assert_eq!(meaning(&text), meaning(&format(&text)), "{name}");
        assert!(meaning(&text).is_some(), "{name}");
    }
}

#[test]
fn text_that_is_not_configuration_stays() {
    for text in
        ["a  =  'b'", "a  =  \"b", "a  =  <<EOT\nb", "}  {", "a  b", "a { b  =  1", "a  =  [1", "/* a", "a b = 1"]
    {
        assert_eq!(format(text), text);
    }
}

#[test]
fn nothing_is_lost_where_terraform_loses_it() {
    assert_eq!(format("b \"$x\" {}\n"), "b \"$x\" {}\n");
    assert_eq!(format("a = b[ null ]\n"), "a = b[null]\n");
    assert_eq!(format("a = \"${ # c\nb}\"\n"), "a = ( # c\nb)\n");
    assert_eq!(format("a = \"${(b) +\n(c)}\"\n"), "a = ((b) +\n(c))\n");
}

#[test]
fn depth_and_length_do_not_matter() {
    let deep = format!("a = {}{}\n", "[".repeat(50_000), "]".repeat(50_000));
    assert_eq!(format(&deep), deep);
    let templates = format!("a = {}b{}\n", "\"x${".repeat(20_000), "}\"".repeat(20_000));
    assert_eq!(format(&templates), templates);
    let blocks = format!("{}{}", "b {\n".repeat(300), "}\n".repeat(300));
    assert_eq!(format(&format(&blocks)), format(&blocks));
}

/// What a text says, without its layout and without what the formatter means to replace; none when it has errors.
fn meaning(text: &str) -> Option<String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (body, errors) = parse_native(text, SourceId(0));
    if errors.has_errors() {
        return None;
    }
    let mut out = String::new();
    describe(&body, false, &mut out);
    let spans = Regex::new(r"Span \{[^}]*\}").expect("a pattern");
    Some(spans.replace_all(&out, "").into_owned())
}

fn describe(body: &Body, is_variable: bool, out: &mut String) {
    for attribute in &body.attributes {
        // The types of variables have other spellings; the recordings say which.
        if !(is_variable && &*attribute.name.text == "type") {
            out.push_str(&format!("{} = {:?}\n", attribute.name.text, bare(&attribute.expr)));
        }
    }
    for block in &body.blocks {
        out.push_str(&format!("{} {:?} {{\n", block.kind.text, block.labels));
        describe(&block.body, &*block.kind.text == "variable", out);
        out.push_str("}\n");
    }
}

/// An expression without the template or parentheses around it.
fn bare(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Parens(inner) => bare(inner),
        ExprKind::Template { parts, .. } => match parts.as_slice() {
            [TemplatePart::Interpolation(inner)] => bare(inner),
            _ => expr,
        },
        _ => expr,
    }
}

/// Pieces of which every sequence is in order, with blanks and comments between its tokens.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec!["a", "1", "null", "\"x\"", "a . b", "a [ 0 ]", "\"x${ a }\"", "{}", "[ ]"]);
    let blank = || prop::sample::select(vec!["", " ", "  ", "\t", "/* c */", " # c\n", "\n"]);
    leaf.prop_map(str::to_owned).prop_recursive(4, 24, 3, move |inner| {
        (inner.clone(), inner, blank(), blank(), 0_u8..10).prop_map(|(one, two, b, c, kind)| match kind {
            0 => format!("({b}{one}{c}+{two})"),
            1 => format!("[{b}{one}{c},{two}]"),
            2 => format!("{{{b}x=\t{one}\n{c}y ={two}}}"),
            3 => format!("f({b}{one},{c}{two}{b})"),
            4 => format!("\"${{{b}{one}{c}}}\""),
            5 => format!("\"x${{{b}{one}}}${{ {two}{c}}}\""),
            6 => format!("[for  x in{c} [{one}] :{b} {two}]"),
            7 => format!("({one}{b} ?{c}- 1:{two})"),
            8 => format!("(!({one})&&{b}-({two}))"),
            _ => format!("f(<<EOT\n t ${{ {b}{one} }}\n  EOT\n,{two})"),
        })
    })
}

fn configuration() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        4 => expression().prop_map(|value| format!("={value}\n")),
        1 => expression().prop_map(|value| format!("=  {value} # c\n")),
        1 => expression().prop_map(|value| format!("{{\nlonger =  {value}\n\n}}\n")),
        1 => expression().prop_map(|value| format!("x  \"y\"{{\n  a =  {value} // d\n}}\n")),
    ];
    prop::collection::vec(line, 0..5)
        .prop_map(|lines| lines.iter().enumerate().map(|(at, line)| format!("n{at}{line}")).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_has_a_layout(text in text()) {
        let meant = meaning(&text);
        if meant.is_some() {
            prop_assert_eq!(meant, meaning(&format(&text)));
        } else {
            std::hint::black_box(format(&text));
        }
    }

    #[test]
    fn layout_keeps_the_meaning(text in configuration()) {
        let meant = meaning(&text);
        prop_assert!(meant.is_some(), "not in order: {}", text);
        prop_assert_eq!(meant, meaning(&format(&text)));
    }

    #[test]
    fn layout_settles(text in configuration()) {
        // Each pass takes one of several wrappings off a value.
        let mut once = format(&text);
        for _ in 0..6 {
            once = format(&once);
        }
        prop_assert_eq!(&format(&once), &once);
    }
}
