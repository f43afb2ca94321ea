//! Strings in a difference: quoted, as lines, or as the JSON that they hold.

use serde_json::Value as Json;
use smform_lang::eval::quoted;
use smform_types::json::{implied, parse};
use smform_types::{Path, Type};

use super::pair::{Line, pair_lines};
use super::print::{Options, pad, render as render_diff};
use super::{Action, Diff, compute};

/// What a string is to a reader.
enum Form<'t> {
    Simple(&'t str),
    Lines(&'t str),
    Json(Json),
}

fn form(text: &str) -> Form<'_> {
    if text.starts_with(['{', '['])
        && let Ok(json) = parse(text.as_bytes())
    {
        return Form::Json(json);
    }
    if text.contains('\n') && is_printable(text) { Form::Lines(text.trim()) } else { Form::Simple(text) }
}

/// Whether a text is shown as its lines, or as the JSON that it holds.
pub(super) fn is_long(text: &str) -> bool {
    !matches!(form(text), Form::Simple(_))
}

/// Whether a text can go to a terminal as it is, which what steers the terminal cannot.
fn is_printable(text: &str) -> bool {
    text.replace("\r\n", "\n").chars().all(|c| matches!(c, '\n' | '\t') || !c.is_control())
}

pub(super) fn render(
    before: Option<&str>,
    after: Option<&str>,
    diff: &Diff,
    indent: usize,
    options: Options,
) -> String {
    let forces = options.forces(diff.replace);
    let suffix = options.null_suffix(diff.action);
    let one = match (before, after) {
        (Some(before), Some(after)) if diff.action == Action::Update => {
            return changed(before, after, diff, indent, options);
        }
        (one, other) => other.or(one).unwrap_or_default(),
    };
    match form(one) {
        Form::Simple(text) => format!("{}{suffix}{forces}", quoted(text)),
        Form::Lines(text) => {
            let lines = text.split('\n').map(|line| (Action::NoOp, line));
            heredoc(lines, diff, indent, options)
        }
        Form::Json(json) => {
            let (old, new) = match diff.action {
                Action::Create => (None, Some(&json)),
                Action::Delete => (Some(&json), None),
                _ => (Some(&json), Some(&json)),
            };
            as_json(old, new, diff, indent, options)
        }
    }
}

fn changed(before: &str, after: &str, diff: &Diff, indent: usize, options: Options) -> String {
    let forces = options.forces(diff.replace);
    match (form(before), form(after)) {
        (Form::Json(before), Form::Json(after)) => as_json(Some(&before), Some(&after), diff, indent, options),
        (Form::Json(_), _) | (_, Form::Json(_)) => {
            let inner = Options { none_forces: true, no_null_suffix: true, ..options };
            let side = |before: Option<&str>, after: Option<&str>, action| {
                let kind = super::Kind::Text { before: before.map(Into::into), after: after.map(Into::into) };
                render_diff(&Diff { kind, action, replace: false }, indent, inner)
            };
            let (old, new) = (side(Some(before), None, Action::Delete), side(None, Some(after), Action::Create));
            format!("{old} {} {new}{forces}", options.arrow())
        }
        (Form::Simple(before), Form::Simple(after)) => {
            format!("{} {} {}{forces}", quoted(before), options.arrow(), quoted(after))
        }
        (Form::Simple(before) | Form::Lines(before), Form::Simple(after) | Form::Lines(after)) => {
            let lines = pair_lines(before, after).into_iter().map(|line| match line {
                Line::Same(line) => (Action::NoOp, line),
                Line::Gone(line) => (Action::Delete, line),
                Line::New(line) => (Action::Create, line),
            });
            heredoc(lines, diff, indent, options)
        }
    }
}

fn heredoc<'t>(lines: impl Iterator<Item = (Action, &'t str)>, diff: &Diff, indent: usize, options: Options) -> String {
    let mut out = format!("<<-EOT{}\n", options.forces(diff.replace));
    for (action, line) in lines {
        out.push_str(&format!("{}{}{line}\n", pad(indent + 1), options.gutter(action)));
    }
    out.push_str(&format!("{}{}EOT", pad(indent), options.gutter(Action::NoOp)));
    out.push_str(&options.null_suffix(diff.action));
    out
}

/// JSON text as a call of `jsonencode` with the difference of its content.
fn as_json(before: Option<&Json>, after: Option<&Json>, diff: &Diff, indent: usize, options: Options) -> String {
    let (old, new) = (before.map(implied), after.map(implied));
    let content = compute::value(old.as_ref(), new.as_ref(), &Type::Dynamic, &[], &Path::root());
    let mut forces = options.forces(diff.replace);
    let mut note = String::new();
    let mut inner = Options { no_null_suffix: true, none_forces: true, all_force: false, ..options };
    if content.action == Action::NoOp && diff.action == Action::Update {
        let what = if forces.is_empty() { " # whitespace changes" } else { " # whitespace changes force replacement" };
        note.push_str(what);
        forces.clear();
        inner.show_unchanged = true;
    }
    let body = render_diff(&content, indent + 1, inner);
    // As in Terraform, nothing follows what is empty and goes.
    if !body.contains('\n') {
        return format!("jsonencode({body}{note}){forces}");
    }
    let suffix = options.null_suffix(diff.action);
    // The symbol of the whole is said once, before the name of the attribute.
    let gutter = options.gutter(if content.action == Action::Update { Action::Update } else { Action::NoOp });
    let (inside, outside) = (pad(indent + 1), pad(indent));
    let last = options.gutter(Action::NoOp);
    format!("jsonencode({note}\n{inside}{gutter}{body}{forces}\n{outside}{last}){suffix}")
}
