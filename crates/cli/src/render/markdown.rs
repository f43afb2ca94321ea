//! A plan as a comment on a pull request: summary, table, and the difference of each resource to unfold.

use smform_engine::plan::{Action, Change, Plan, Reason};
use smform_engine::providers::Providers;
use smform_types::Diagnostics;

use super::plan::{change, outputs, shown};
use super::style::Style;

/// Longest comment that the large forges take, with room for what a bot adds.
const LIMIT: usize = 60_000;

/// A plan as Markdown. Sensitive values are not in it. `digest` is that of the saved plan, `sandbox` says that the plan
/// is for the sandbox.
#[must_use]
pub fn plan(plan: &Plan, providers: &Providers, found: &Diagnostics, digest: Option<&str>, sandbox: bool) -> String {
    let changes: Vec<&Change> = shown(plan).collect();
    let outputs = outputs(&plan.outputs, Style::PLAIN);
    let place = if sandbox { " (sandbox)" } else { "" };
    let mut out = format!("### smform plan{place}: {}\n", title(plan, &changes, &outputs, found));
    if let Some(digest) = digest {
        out.push_str(&format!("\nSaved plan `{digest}`. Apply exactly this: `-expect-digest={digest}`\n"));
    }
    for message in found {
        let word = if message.is_error() { "Error" } else { "Warning" };
        out.push_str(&format!("\n> **{word}: {}**\n", escape(&message.summary)));
        out.extend(message.detail.lines().map(|line| format!("> {}\n", escape(line))));
    }
    if !plan.drift.is_empty() {
        out.push_str("\nChanged outside of smform since the last apply:\n\n");
        let gone = |gone: bool| if gone { " (deleted)" } else { "" };
        let lines = plan.drift.iter().map(|drift| {
            format!("* <code>{}</code>{}\n", escape(&drift.object.to_string()), gone(drift.after.is_none()))
        });
        out.extend(lines);
    }
    if !changes.is_empty() {
        out.push_str("\n| | Resource | Why |\n|---|---|---|\n");
        out.extend(changes.iter().map(|change| row(change)));
    }
    let mut left_out = 0;
    for found in &changes {
        let section = details(&found.object.to_string(), &change(found, providers, Style::PLAIN));
        if out.len() + section.len() > LIMIT {
            left_out += 1;
        } else {
            out.push_str(&section);
        }
    }
    if left_out > 0 {
        out.push_str(&format!("\n{left_out} more differences do not fit into a comment; see the plan's own output.\n"));
    }
    if !outputs.is_empty() && out.len() + outputs.len() <= LIMIT {
        out.push_str(&details("Outputs", &outputs));
    }
    out
}

fn title(plan: &Plan, changes: &[&Change], outputs: &str, found: &Diagnostics) -> String {
    if found.has_errors() {
        return "failed".to_owned();
    }
    if changes.is_empty() && outputs.is_empty() {
        return "no changes".to_owned();
    }
    let counts = plan.counts();
    format!("{} to add, {} to change, {} to destroy", counts.add, counts.change, counts.destroy)
}

fn row(change: &Change) -> String {
    let action = match change.action {
        Action::NoOp => "move",
        Action::Create => "create",
        Action::Read => "read",
        Action::Update => "update",
        Action::Replace(_) => "**replace**",
        Action::Delete => "**destroy**",
        Action::Forget => "forget",
    };
    let why = match change.reason {
        Some(Reason::CannotUpdate) if !change.replace_paths.is_empty() => {
            let paths: Vec<String> =
                change.replace_paths.iter().map(|path| format!("<code>{}</code>", escape(&path.to_string()))).collect();
            format!("{} cannot change in place", paths.join(", "))
        }
        Some(reason) => reason.as_str().replace('_', " "),
        None => change
            .previous_address
            .as_ref()
            .map(|from| format!("moved from <code>{}</code>", escape(&from.to_string())))
            .unwrap_or_default(),
    };
    format!("| {action} | <code>{}</code> | {why} |\n", escape(&change.object.to_string()))
}

/// A part that unfolds; its symbols stand in the first column, where forges colour them.
fn details(title: &str, text: &str) -> String {
    let lines: Vec<String> = text.lines().map(gutter_first).collect();
    let body = lines.join("\n");
    let mut fence = "```".to_owned();
    while body.contains(&fence) {
        fence.push('`');
    }
    format!("\n<details><summary>{}</summary>\n\n{fence}diff\n{body}\n{fence}\n\n</details>\n", html(title))
}

fn gutter_first(line: &str) -> String {
    let trimmed = line.trim_start();
    let indent = line.len() - trimmed.len();
    for (symbol, first) in [("-/+ ", "!"), ("+/- ", "!"), ("~ ", "!"), ("+ ", "+"), ("- ", "-")] {
        if trimmed.starts_with(symbol) {
            return format!("{first}{}{}", " ".repeat(indent), trimmed);
        }
    }
    format!(" {line}")
}

fn escape(text: &str) -> String {
    html(text).replace('|', "\\|")
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
