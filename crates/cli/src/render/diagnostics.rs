//! Messages to the user: what is wrong, the source line with the exact range marked, and what to write instead.

use smform_engine::blocks::{POSTCONDITION_FAILED, PRECONDITION_FAILED};
use smform_engine::plan::decide::PREVENTED;
use smform_engine::values::evaluate::{ASSERTION_FAILED, ASSERTION_UNKNOWN};
use smform_types::span::Source;
use smform_types::{Diagnostic, Severity, SourceMap, Span};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::style::{Paint, Style, wrap};

/// How messages are printed.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Colour; with it comes a frame.
    pub style: Style,
    /// Columns.
    pub width: usize,
}

/// Most lines of a range that are shown.
const MAX_LINES: usize = 12;

/// One message, framed in colour or plain, with an empty line before it.
#[must_use]
pub fn render(diagnostic: &Diagnostic, sources: &SourceMap, layout: Layout) -> String {
    let diagnostic = &Diagnostic {
        summary: printable(&diagnostic.summary),
        detail: printable(&diagnostic.detail),
        ..diagnostic.clone()
    };
    let Layout { style, width } = layout;
    let (paint, word) = match diagnostic.severity {
        Severity::Error => (Paint::Red, "Error"),
        Severity::Warning => (Paint::Yellow, "Warning"),
    };
    // Two columns for the frame.
    let width = if style.is_color() { width.saturating_sub(2) } else { width };
    let head = format!("{} {}", style.strong(paint, &format!("{word}:")), style.bold(&diagnostic.summary));
    let mut paragraphs = vec![wrap_painted(&head, &format!("{word}: {}", diagnostic.summary), width)];
    paragraphs.extend(place(diagnostic, sources, style));
    if !diagnostic.detail.is_empty() {
        // Terraform leaves the last column free here, and only here.
        paragraphs.push(wrap(diagnostic.detail.trim_end(), width.saturating_sub(1)));
    }
    let text = paragraphs.join("\n\n");
    if !style.is_color() {
        return format!("\n{text}\n");
    }
    let bar = |symbol: &str| style.paint(paint, symbol);
    let framed: String = text.lines().map(|line| format!("{} {line}\n", bar("│"))).collect();
    format!("{}\n{framed}{}\n", bar("╷"), bar("╵"))
}

/// A text without what would steer the terminal: messages quote files and services.
fn printable(text: &str) -> String {
    let shown = |c: char| if matches!(c, '\n' | '\t') || !c.is_control() { c } else { '\u{fffd}' };
    text.chars().map(shown).collect()
}

/// A heading that fits stays painted; one that does not is wrapped plain.
fn wrap_painted(painted: &str, plain: &str, width: usize) -> String {
    if plain.width() <= width { painted.to_owned() } else { wrap(plain, width) }
}

/// The object that a message is about. What a block forbids or demands is told of the configuration alone.
#[must_use]
pub fn shown_address(diagnostic: &Diagnostic) -> Option<&str> {
    const OF_BLOCKS: [&str; 3] = [PRECONDITION_FAILED, POSTCONDITION_FAILED, PREVENTED];
    diagnostic.address.as_deref().filter(|_| !OF_BLOCKS.contains(&diagnostic.summary.as_str()))
}

fn place(diagnostic: &Diagnostic, sources: &SourceMap, style: Style) -> Option<String> {
    let address = shown_address(diagnostic);
    let with = address.map(|address| format!("  with {address},\n")).unwrap_or_default();
    let source = diagnostic.span.and_then(|span| Some((span, sources.get(span.source)?)));
    let Some((span, source)) = source else {
        return address.map(|address| format!("  with {}", style.bold(address)));
    };
    let line = source.position(span.start as usize).line;
    let context = diagnostic.context.as_ref().map(|context| format!(", in {context}")).unwrap_or_default();
    let mut out = format!("{with}  on {} line {line}{context}:\n", source.name);
    out.push_str(&snippet(span, source, style));
    out.push_str(&values(diagnostic, style));
    Some(out.trim_end_matches('\n').to_owned())
}

/// The lines of a range. In colour the range is underlined, otherwise a line of carets stands below each.
fn snippet(span: Span, source: &Source, style: Style) -> String {
    let (start, end) = (source.position(span.start as usize), source.position(span.end as usize));
    // A range that ends with a line break ends on the line before it.
    let last = if end.column == 1 && end.line > start.line { end.line - 1 } else { end.line };
    let mut out = String::new();
    for line in start.line..=last.min(start.line + MAX_LINES - 1) {
        let text = &printable(source.line(line));
        let graphemes: Vec<&str> = text.graphemes(true).collect();
        let from = if line == start.line { (start.column - 1).min(graphemes.len()) } else { indent(&graphemes) };
        let to = if line == end.line { (end.column - 1).min(graphemes.len()) } else { graphemes.len() };
        let cut = |range: std::ops::Range<usize>| graphemes.get(range).map(<[&str]>::concat).unwrap_or_default();
        let (head, range, tail) = (cut(0..from), cut(from..to.max(from)), cut(to.max(from)..graphemes.len()));
        let number = format!("{line:>4}: ");
        if style.is_color() {
            let range = if range.is_empty() { range } else { style.paint(Paint::Underline, &range) };
            out.push_str(&format!("{number}{head}{range}{tail}\n"));
            continue;
        }
        out.push_str(&format!("{number}{head}{range}{tail}\n"));
        // Tabs stay tabs, so that the carets stand below what they mark whatever a tab is wide.
        let blank: String =
            head.graphemes(true).map(|g| if g == "\t" { "\t".to_owned() } else { " ".repeat(g.width()) }).collect();
        let carets = "^".repeat(range.width().max(1));
        out.push_str(&format!("      {blank}{carets}\n"));
    }
    if last > start.line + MAX_LINES - 1 {
        out.push_str("     ...\n");
    }
    out
}

fn indent(graphemes: &[&str]) -> usize {
    graphemes.iter().take_while(|grapheme| grapheme.trim().is_empty()).count()
}

fn values(diagnostic: &Diagnostic, style: Style) -> String {
    if diagnostic.values.is_empty() && diagnostic.function.is_none() {
        return String::new();
    }
    let mut out = format!("    {}", style.dim("├────────────────"));
    if let Some(function) = &diagnostic.function {
        out.push_str(&format!("\n    {} while calling {}", style.dim("│"), style.bold(&format!("{function}()"))));
    }
    for value in &diagnostic.values {
        out.push_str(&format!(
            "\n    {} {} {}",
            style.dim("│"),
            style.bold(&value.traversal),
            printable(&value.statement)
        ));
    }
    out.push('\n');
    out
}

/// Messages in the order in which they are shown: warnings before errors, what has no place first, then by file, those of
/// the root module before others, and by place.
#[must_use]
pub fn in_order<'d>(found: impl IntoIterator<Item = &'d Diagnostic>, sources: &SourceMap) -> Vec<&'d Diagnostic> {
    let place = |span: Span| {
        let name = sources.get(span.source).map(|source| source.name.replace('\\', "/")).unwrap_or_default();
        (name.matches('/').count(), name.to_lowercase(), span.start, span.end)
    };
    let mut found: Vec<&Diagnostic> = found.into_iter().collect();
    found.sort_by_cached_key(|found| (found.is_error(), found.span.map(place)));
    found
}

/// Warnings, those with the same summary merged into the first of them. What has no place, or is the finding of a check,
/// stands for itself.
#[must_use]
pub fn merged(warnings: &[&Diagnostic]) -> Vec<Diagnostic> {
    let mut out: Vec<(Diagnostic, usize)> = Vec::new();
    for warning in warnings {
        let is_like = |first: &Diagnostic| first.span.is_some() && first.summary == warning.summary;
        let of_check = [ASSERTION_FAILED, ASSERTION_UNKNOWN].contains(&&*warning.summary);
        let alone = warning.span.is_none() || of_check;
        match out.iter_mut().find(|(first, _)| !alone && is_like(first)) {
            Some((_, others)) => *others += 1,
            None => out.push(((*warning).clone(), 0)),
        }
    }
    let told = |(mut first, others): (Diagnostic, usize)| {
        if others > 0 {
            let plural = if others == 1 { "" } else { "s" };
            first.detail.push_str(&format!("\n\n(and {others} more similar warning{plural} elsewhere)"));
        }
        first
    };
    out.into_iter().map(told).collect()
}

/// Warnings by their summaries only, for `-compact-warnings`.
#[must_use]
pub fn compact(warnings: &[&Diagnostic], sources: &SourceMap, layout: Layout) -> String {
    if warnings.is_empty() {
        return String::new();
    }
    let mut out = format!("\n{}\n\n", layout.style.strong(Paint::Yellow, "Warnings:"));
    for warning in warnings {
        out.push_str(&format!("- {}\n", warning.summary));
        let source = warning.span.and_then(|span| Some((span, sources.get(span.source)?)));
        if let Some((span, source)) = source {
            out.push_str(&format!("  on {} line {}\n", source.name, source.position(span.start as usize).line));
        }
    }
    out
}
