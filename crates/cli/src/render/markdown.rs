//! A plan as a comment on a pull request: summary, table, and the difference of each resource to unfold.

use smform_engine::plan::relevant::notable_drift;
use smform_engine::plan::{Action, Change, Plan, Reason};
use smform_engine::providers::Providers;
use smform_types::{Diagnostic, Diagnostics, SourceMap};

use super::diff::{self, Diff, Kind};
use super::heading;
use super::plan::{change, diff_of, outputs, schema_of, shown};
use super::style::Style;

/// Longest comment that the large forges take, with room for what a bot adds.
const LIMIT: usize = 60_000;

/// What lines of a message begin with that are set apart.
const APART: &str = "  ";

/// A plan with what a comment says of it.
#[derive(Clone, Copy)]
pub struct Comment<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// For the schemas.
    pub providers: &'a Providers,
    /// The messages.
    pub found: &'a Diagnostics,
    /// The texts that they point into.
    pub sources: &'a SourceMap,
    /// The digest of the saved plan, where it was saved, and the command that applies it.
    pub saved: Option<(&'a str, &'a str)>,
    /// Whether the plan is for the sandbox.
    pub sandbox: bool,
}

/// A plan as Markdown. Sensitive values are not in it.
#[must_use]
pub fn plan(comment: Comment<'_>) -> String {
    let Comment { plan, providers, found, sources, saved, sandbox } = comment;
    let changes: Vec<&Change> = shown(plan).collect();
    let outputs = outputs(&plan.outputs, Style::PLAIN);
    let place = if sandbox { " (sandbox)" } else { "" };
    let mut out = format!("### smform plan{place}: {}\n", title(plan, &changes, &outputs, found));
    if let Some((digest, command)) = saved {
        let fence = fence(command);
        out.push_str(&format!(
            "\nSaved plan `{digest}`. To perform exactly these actions:\n\n{fence}sh\n{command}\n{fence}\n"
        ));
    }
    out.push_str(&messages(found, sources));
    let mut drift = notable_drift(plan, providers).peekable();
    if drift.peek().is_some() {
        out.push_str("\nChanged outside of smform since the last apply:\n\n");
        let gone = |gone: bool| if gone { " (deleted)" } else { "" };
        let lines = drift.map(|drift| {
            format!("* <code>{}</code>{}\n", escape(&drift.object.to_string()), gone(drift.after.is_none()))
        });
        out.extend(lines);
    }
    if !changes.is_empty() {
        out.push_str("\n| | Resource | Why |\n|---|---|---|\n");
        out.extend(changes.iter().map(|change| row(change, providers)));
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

/// Messages as quotations. One that several instances have in common is told once, with all their names.
fn messages(found: &Diagnostics, sources: &SourceMap) -> String {
    let mut groups: Vec<(&Diagnostic, Vec<&str>)> = Vec::new();
    for message in found {
        let same = |first: &Diagnostic| {
            (first.severity, &first.summary, &first.detail, first.span)
                == (message.severity, &message.summary, &message.detail, message.span)
        };
        let address = message.address.as_deref();
        match groups.iter_mut().find(|(first, _)| same(first)) {
            Some((_, addresses)) => addresses.extend(address),
            None => groups.push((message, address.into_iter().collect())),
        }
    }
    groups.iter().map(|(message, addresses)| self::message(message, addresses, sources)).collect()
}

fn message(message: &Diagnostic, addresses: &[&str], sources: &SourceMap) -> String {
    let word = if message.is_error() { "Error" } else { "Warning" };
    let mut out = format!("\n> **{word}: {}**\n", escape(&message.summary));
    let source = message.span.and_then(|span| Some((span, sources.get(span.source)?)));
    let line = source.map(|(span, source)| (source, source.position(span.start as usize).line));
    let code = |text: &str| format!("<code>{}</code>", escape(text));
    let place = line.map(|(source, line)| code(&format!("{}:{line}", source.name)));
    let names: Vec<String> = addresses.iter().map(|address| code(address)).collect();
    let with = (!names.is_empty()).then(|| format!("with {}", names.join(", ")));
    let place: Vec<String> = place.into_iter().chain(with).collect();
    if !place.is_empty() {
        out.push_str(&format!("> {}\n", place.join(" ")));
    }
    if let Some((source, line)) = line {
        let text = source.line(line).trim_end();
        let fence = fence(text);
        out.push_str(&format!(">\n> {fence}hcl\n> {text}\n> {fence}\n>\n"));
    }
    out.push_str(&quoted(&message.detail));
    out
}

/// The detail of a message as a quotation. Lines that are set apart, such as a patch, stand as they are.
fn quoted(detail: &str) -> String {
    let lines: Vec<&str> = detail.lines().collect();
    let mut out = String::new();
    for part in lines.chunk_by(|one, other| one.starts_with(APART) == other.starts_with(APART)) {
        let apart: Vec<&str> = part.iter().filter_map(|line| line.strip_prefix(APART)).collect();
        if apart.is_empty() {
            out.extend(part.iter().map(|line| format!("> {}\n", escape(line))));
            continue;
        }
        let text = apart.join("\n");
        let fence = fence(&text);
        let is_patch = apart.iter().any(|line| line.starts_with(['-', '+']));
        let language = if is_patch { "diff" } else { "" };
        out.push_str(&format!("> {fence}{language}\n"));
        out.extend(apart.iter().map(|line| format!("> {line}\n")));
        out.push_str(&format!("> {fence}\n"));
    }
    out
}

/// The names of the arguments and blocks that an update changes, those of the configuration alone.
fn changed(change: &Change, providers: &Providers) -> Vec<String> {
    const MOST: usize = 4;
    let diff = diff_of(change, providers);
    let Kind::Block(content) = &diff.kind else { return Vec::new() };
    let schema = schema_of(providers, &change.object.address);
    let is_argument = |name: &str| {
        let attribute = schema.and_then(|schema| schema.block.attributes.get(name));
        attribute.is_none_or(|attribute| attribute.required || attribute.optional)
    };
    let moves = |diff: &Diff| diff.action != diff::Action::NoOp;
    let attributes = content.attributes.iter().filter(|(name, part)| moves(part) && is_argument(name));
    let blocks = content.blocks.iter().filter(|(_, nested)| nested.iter().any(|one| moves(&one.diff)));
    let names = attributes.map(|(name, _)| name).chain(blocks.map(|(name, _)| name));
    let mut names: Vec<String> = names.map(|name| format!("<code>{}</code>", escape(name))).collect();
    if names.len() > MOST + 1 {
        let more = names.len() - MOST;
        names.truncate(MOST);
        names.push(format!("{more} more"));
    }
    names
}

fn row(change: &Change, providers: &Providers) -> String {
    let action = match change.action {
        Action::NoOp if change.reinstated.is_some() => "keep",
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
        Some(Reason::CannotUpdate) => "cannot change in place".to_owned(),
        Some(Reason::Tainted) => "tainted".to_owned(),
        Some(Reason::Requested) => "as requested".to_owned(),
        Some(Reason::Triggered) => "changes in <code>replace_triggered_by</code>".to_owned(),
        Some(_) => {
            let why = heading::reason(change).unwrap_or_default();
            escape(why.strip_prefix("because ").unwrap_or(&why))
        }
        None => match (&change.previous_address, change.action) {
            (_, Action::Update) => changed(change, providers).join(", "),
            (None, _) if change.reinstated.is_some() => "the current object again".to_owned(),
            (Some(from), _) => format!("moved from <code>{}</code>", escape(&from.to_string())),
            (None, Action::Create) if change.importing.is_none() => "new".to_owned(),
            (None, Action::Delete) if change.object.deposed.is_some() => "left over from a replacement".to_owned(),
            (None, Action::Delete) => "everything is destroyed".to_owned(),
            _ => String::new(),
        },
    };
    format!("| {action} | <code>{}</code> | {why} |\n", escape(&change.object.to_string()))
}

/// A part that unfolds; its symbols stand in the first column, where forges colour them.
fn details(title: &str, text: &str) -> String {
    let lines: Vec<String> = text.lines().map(gutter_first).collect();
    let body = lines.join("\n");
    let fence = fence(&body);
    format!("\n<details><summary>{}</summary>\n\n{fence}diff\n{body}\n{fence}\n\n</details>\n", html(title))
}

/// Backquotes that enclose a text, whatever is in it.
fn fence(text: &str) -> String {
    let mut fence = "```".to_owned();
    while text.contains(&fence) {
        fence.push('`');
    }
    fence
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_in_a_message_is_fenced() {
        let detail = "Its <name> is fixed:\n\n  --- main.tf\n  +++ main.tf\n  @@ -1,3 +1,3 @@\n   resource \"a\" \"b\" {\n  -  \
                      name = \"a<b\"\n  +  name_prefix = \"a-\"\n   }\n\nOr write\n  name = \"```\"\n";
        assert_eq!(
            quoted(detail),
            "> Its &lt;name&gt; is fixed:\n> \n> ```diff\n> --- main.tf\n> +++ main.tf\n> @@ -1,3 +1,3 @@\n>  resource \"a\" \
             \"b\" {\n> -  name = \"a<b\"\n> +  name_prefix = \"a-\"\n>  }\n> ```\n> \n> Or write\n> ````\n> name = \
             \"```\"\n> ````\n"
        );
    }
}
