//! A difference as text: a gutter of symbols, aligned arguments, unchanged parts hidden.

use std::collections::BTreeMap;
use std::sync::Arc;

use smform_lang::eval::quoted;
use smform_types::{Value, ValueKind};

use super::text;
use super::{Action, BlockDiff, Diff, Kind};
use crate::render::style::{Paint, Style};

/// How a difference is printed.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Colour.
    pub style: Style,
    /// Without the gutter of symbols, for showing what is.
    pub hide_symbols: bool,
    /// With the parts that do not change.
    pub show_unchanged: bool,
    /// Without `-> null` after what goes away.
    pub no_null_suffix: bool,
    /// Everything printed with these makes a new object necessary.
    pub all_force: bool,
    /// Nothing printed with these is said to make a new object necessary.
    pub none_forces: bool,
}

impl Options {
    /// As a plan prints its changes.
    #[must_use]
    pub const fn plan(style: Style) -> Options {
        Options {
            style,
            hide_symbols: false,
            show_unchanged: false,
            no_null_suffix: false,
            all_force: false,
            none_forces: false,
        }
    }

    /// As a state is shown: what is, without a word about change.
    #[must_use]
    pub const fn state(style: Style) -> Options {
        Options {
            hide_symbols: true,
            show_unchanged: true,
            no_null_suffix: true,
            none_forces: true,
            ..Self::plan(style)
        }
    }

    pub(super) fn gutter(self, action: Action) -> String {
        if self.hide_symbols {
            return String::new();
        }
        let style = self.style;
        match action {
            Action::NoOp => "    ".to_owned(),
            Action::Create => format!("  {} ", style.paint(Paint::Green, "+")),
            Action::Update => format!("  {} ", style.paint(Paint::Yellow, "~")),
            Action::Delete => format!("  {} ", style.paint(Paint::Red, "-")),
        }
    }

    pub(super) fn forces(self, replace: bool) -> String {
        if self.none_forces || !(replace || self.all_force) {
            return String::new();
        }
        format!(" {}", self.style.paint(Paint::Red, "# forces replacement"))
    }

    pub(super) fn null_suffix(self, action: Action) -> String {
        if self.no_null_suffix || action != Action::Delete {
            return String::new();
        }
        format!(" {}", self.style.dim("-> null"))
    }

    pub(super) fn arrow(self) -> String {
        self.style.paint(Paint::Yellow, "->")
    }

    fn hidden(self, count: usize, what: &str) -> String {
        let plural = if count == 1 { "" } else { "s" };
        self.style.dim(&format!("# ({count} unchanged {what}{plural} hidden)"))
    }

    fn hides(self, action: Action) -> bool {
        action == Action::NoOp && !self.show_unchanged
    }
}

pub(super) fn pad(indent: usize) -> String {
    "    ".repeat(indent)
}

/// Attributes by which a person recognises an object: always shown.
fn is_important(name: &str) -> bool {
    matches!(name, "id" | "name" | "tags")
}

/// Arguments of blocks as well: of two production variants, the name says which one changes. Terraform hides it.
fn is_important_argument(name: &str) -> bool {
    is_important(name) || name == "variant_name"
}

/// An attribute name as written in a body: quoted when it is no identifier.
fn key(name: &str) -> String {
    let mut chars = name.chars();
    let starts = chars.next().is_some_and(|c| c.is_alphabetic() || c == '_');
    if starts && chars.all(|c| c.is_alphanumeric() || c == '_' || c == '-') { name.to_owned() } else { quoted(name) }
}

/// Prints a difference that begins at an indentation (in units of four columns).
#[must_use]
pub fn render(diff: &Diff, indent: usize, options: Options) -> String {
    let mut out = String::new();
    write(diff, indent, options, &mut out);
    out
}

/// As [`render`], at the end of a text. What is nested deeply would be copied once for each level otherwise.
fn write(diff: &Diff, indent: usize, options: Options, out: &mut String) {
    let forces = options.forces(diff.replace);
    let inner = Options { none_forces: true, no_null_suffix: true, ..options };
    match &diff.kind {
        Kind::Plain { before, after } => out.push_str(&plain(before.as_ref(), after.as_ref(), diff, options)),
        Kind::Text { before, after } => {
            out.push_str(&text::render(before.as_deref(), after.as_deref(), diff, indent, options));
        }
        Kind::Unknown { before: None } => *out += &format!("(known after apply){forces}"),
        Kind::Unknown { before: Some(before) } => {
            write(before, indent, inner, out);
            *out += &format!(" -> (known after apply){forces}");
        }
        Kind::Sensitive { .. } => *out += &format!("(sensitive value){}{forces}", options.null_suffix(diff.action)),
        Kind::TypeChange { before, after } => {
            write(before, indent, inner, out);
            *out += &format!(" {} ", options.arrow());
            write(after, indent, inner, out);
            out.push_str(&forces);
        }
        Kind::Object(parts) => entries(parts, diff, indent, options, key, out),
        Kind::Map(parts) => entries(parts, diff, indent, options, quoted, out),
        Kind::List(parts) => list(parts, diff, indent, options, out),
        Kind::Set(parts) => set(parts, diff, indent, options, out),
        Kind::Block(content) => block(content, diff, indent, options, out),
    }
}

fn plain(before: Option<&Value>, after: Option<&Value>, diff: &Diff, options: Options) -> String {
    let text = |value: Option<&Value>| match value.map(Value::kind) {
        Some(ValueKind::Bool(value)) => value.to_string(),
        // The sign of zero is not worth a difference.
        Some(ValueKind::Number(number)) if *number == smform_types::Number::ZERO => "0".to_owned(),
        Some(ValueKind::Number(number)) => number.to_string(),
        Some(ValueKind::String(text)) => quoted(text),
        _ => options.style.dim("null"),
    };
    let forces = options.forces(diff.replace);
    match diff.action {
        Action::Create | Action::NoOp => format!("{}{forces}", text(after.or(before))),
        Action::Delete if before.is_none_or(Value::is_null) => format!("{}{forces}", text(before)),
        Action::Delete => format!("{}{}{forces}", text(before), options.null_suffix(diff.action)),
        Action::Update => format!("{} {} {}{forces}", text(before), options.arrow(), text(after)),
    }
}

/// A warning above a part whose sensitivity changes.
fn warnings(diff: &Diff, indent: usize, options: Options) -> String {
    let Kind::Sensitive { before, after, changes } = &diff.kind else { return String::new() };
    if before == after || diff.action != Action::Update {
        return String::new();
    }
    let warning = options.style.paint(Paint::Yellow, "Warning");
    let pad = pad(indent);
    let consequence = if *before {
        format!("this attribute value will no longer be marked as sensitive\n{pad}  # after applying this change.")
    } else {
        format!(
            "this attribute value will be marked as sensitive and will not\n{pad}  # display in UI output after applying \
             this change."
        )
    };
    let unchanged = if *changes { "" } else { " The value is unchanged." };
    format!("{pad}  # {warning}: {consequence}{unchanged}\n")
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// One `name = value` line.
fn entry(name: &str, widest: usize, diff: &Diff, indent: usize, options: Options, out: &mut String) {
    let (pad, gutter, fill) =
        (pad(indent), options.gutter(diff.action), " ".repeat(widest.saturating_sub(width(name))));
    *out += &format!("{}{pad}{gutter}{name}{fill} = ", warnings(diff, indent, options));
    write(diff, indent, options, out);
    out.push('\n');
}

/// An object or map.
fn entries(
    parts: &BTreeMap<Arc<str>, Diff>,
    diff: &Diff,
    indent: usize,
    options: Options,
    key: fn(&str) -> String,
    out: &mut String,
) {
    let forces = options.forces(diff.replace);
    if parts.is_empty() {
        *out += &format!("{{}}{}{forces}", options.null_suffix(diff.action));
        return;
    }
    // Terraform measures the widest name in bytes, and fills up in characters.
    let widest = parts.keys().map(|name| key(name).len()).max().unwrap_or(0);
    let is_map = matches!(diff.kind, Kind::Map(_));
    let inner = Options { no_null_suffix: options.no_null_suffix || !is_map, ..options };
    *out += &format!("{{{forces}\n");
    let mut hidden = 0;
    for (name, part) in parts {
        let important = !is_map && is_important(name);
        if options.hides(part.action) && !important {
            hidden += 1;
            continue;
        }
        let inner = Options { show_unchanged: options.show_unchanged || important, ..inner };
        entry(&key(name), widest, part, indent + 1, inner, out);
        // As Terraform does, commas stand between the objects of a map, and between nothing else of it.
        if is_map && matches!(part.kind, Kind::Object(_)) {
            out.insert(out.len() - 1, ',');
        }
    }
    if hidden > 0 {
        let what = if is_map { "element" } else { "attribute" };
        out.push_str(&hidden_line(indent + 1, options, hidden, what));
    }
    out.push_str(&close(indent, '}', diff, options));
}

fn hidden_line(indent: usize, options: Options, count: usize, what: &str) -> String {
    format!("{}{}{}\n", pad(indent), options.gutter(Action::NoOp), options.hidden(count, what))
}

fn close(indent: usize, bracket: char, diff: &Diff, options: Options) -> String {
    format!("{}{}{bracket}{}", pad(indent), options.gutter(Action::NoOp), options.null_suffix(diff.action))
}

fn element(part: &Diff, indent: usize, options: Options, out: &mut String) {
    *out += &format!("{}{}{}", warnings(part, indent, options), pad(indent), options.gutter(part.action));
    write(part, indent, options, out);
    out.push_str(",\n");
}

/// A list: a changed element is shown with its neighbours, since order matters.
fn list(parts: &[Diff], diff: &Diff, indent: usize, options: Options, out: &mut String) {
    let forces = options.forces(diff.replace);
    if parts.is_empty() {
        *out += &format!("[]{}{forces}", options.null_suffix(diff.action));
        return;
    }
    let inner = Options { no_null_suffix: true, ..options };
    let whole = Options { show_unchanged: true, ..inner };
    *out += &format!("[{forces}\n");
    let mut hidden: Vec<&Diff> = Vec::new();
    let mut next_too = false;
    for part in parts {
        if options.hides(part.action) && !next_too {
            hidden.push(part);
            continue;
        }
        if let Some((last, others)) = hidden.split_last() {
            if !others.is_empty() {
                out.push_str(&hidden_line(indent + 1, options, others.len(), "element"));
            }
            element(last, indent + 1, whole, out);
        }
        hidden.clear();
        next_too = part.action != Action::NoOp;
        element(part, indent + 1, if next_too { inner } else { whole }, out);
    }
    if !hidden.is_empty() {
        out.push_str(&hidden_line(indent + 1, options, hidden.len(), "element"));
    }
    out.push_str(&close(indent, ']', diff, options));
}

fn set(parts: &[Diff], diff: &Diff, indent: usize, options: Options, out: &mut String) {
    let in_parts = parts.iter().any(|part| part.replace);
    let forces = if in_parts { String::new() } else { options.forces(diff.replace) };
    if parts.is_empty() {
        *out += &format!("[]{}{forces}", options.null_suffix(diff.action));
        return;
    }
    let inner = Options {
        no_null_suffix: true,
        none_forces: options.none_forces || !in_parts,
        all_force: options.all_force || in_parts && diff.replace,
        ..options
    };
    *out += &format!("[{forces}\n");
    for part in parts.iter().filter(|part| !options.hides(part.action)) {
        element(part, indent + 1, inner, out);
    }
    let hidden = parts.iter().filter(|part| options.hides(part.action)).count();
    if hidden > 0 {
        out.push_str(&hidden_line(indent + 1, options, hidden, "element"));
    }
    out.push_str(&close(indent, ']', diff, options));
}

fn block(content: &BlockDiff, diff: &Diff, indent: usize, options: Options, out: &mut String) {
    let forces = options.forces(diff.replace);
    if content.attributes.is_empty() && content.blocks.is_empty() {
        *out += &format!("{{}}{forces}");
        return;
    }
    // What a block's number forces is said once, where the block begins.
    let options = Options { all_force: false, ..options };
    let widest = content.attributes.keys().map(|name| width(&key(name))).max().unwrap_or(0);
    *out += &format!("{{{forces}\n");
    let mut hidden = 0;
    for (name, part) in &content.attributes {
        let important = is_important_argument(name);
        if options.hides(part.action) && !important {
            hidden += 1;
            continue;
        }
        let inner = Options { show_unchanged: options.show_unchanged || important, ..options };
        entry(&key(name), widest, part, indent + 1, inner, out);
    }
    if hidden > 0 {
        out.push_str(&hidden_line(indent + 1, options, hidden, "attribute"));
    }
    let mut hidden = 0;
    for (name, nested) in &content.blocks {
        let mut first = true;
        for one in nested {
            if options.hides(one.diff.action) {
                hidden += 1;
                continue;
            }
            if first && !content.attributes.is_empty() {
                out.push('\n');
            }
            first = false;
            let inner = Options { all_force: one.replace, ..options };
            let label = one.label.as_ref().map(|label| format!(" {}", quoted(label))).unwrap_or_default();
            let gutter = options.gutter(one.diff.action);
            *out += &format!("{}{gutter}{}{label} ", pad(indent + 1), key(name));
            nested_block(&one.diff, indent + 1, inner, out);
            out.push('\n');
        }
    }
    if hidden > 0 {
        out.push('\n');
        out.push_str(&hidden_line(indent + 1, options, hidden, "block"));
    }
    out.push_str(&format!("{}{}}}", pad(indent), options.gutter(Action::NoOp)));
}

fn nested_block(diff: &Diff, indent: usize, options: Options, out: &mut String) {
    if !matches!(diff.kind, Kind::Sensitive { .. }) {
        return write(diff, indent, options, out);
    }
    let (inside, gutter) = (pad(indent + 1), options.gutter(Action::NoOp));
    *out += &format!(
        "{{{}\n{inside}{gutter}# At least one attribute in this block is (or was) sensitive,\n{inside}{gutter}# so its contents \
         will not be displayed.\n{}{gutter}}}",
        options.forces(diff.replace),
        pad(indent)
    );
}
