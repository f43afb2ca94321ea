//! Reads YAML as Terraform does. The parser is a library's; what plain scalars stand for is YAML 1.1's idea of it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use smform_types::{Type, Value, convert};

use super::yaml_scalar::{LONG_PREFIX, resolve};
use super::yaml_tabs::Tabs;

/// The deepest nesting that is read.
const DEPTH_LIMIT: usize = 512;
/// The most values that a document may stand for once its aliases are followed.
const SIZE_LIMIT: usize = 4_000_000;

/// The value of a text that holds exactly one YAML document.
pub(super) fn read(text: &str) -> Result<Value, String> {
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        text,
        tabs: Tabs::new(text),
        anchors: BTreeMap::new(),
        pending: BTreeSet::new(),
        size: 0,
    };
    reader.document()
}

/// Refuses directives before a document that Terraform does not have: it reads YAML 1.1, and no other version by name.
fn directives(text: &str) -> Result<(), String> {
    let blank = |line: &&str| line.trim().is_empty() || line.trim_start().starts_with('#');
    for line in text.lines().filter(|line| !blank(line)).take_while(|line| line.starts_with('%')) {
        let mut words = line.split_whitespace();
        match (words.next(), words.next()) {
            (Some("%YAML"), Some("1.1")) | (Some("%TAG"), _) => {}
            (Some("%YAML"), _) => return Err("it is of another version than YAML 1.1".to_owned()),
            (directive, _) => return Err(format!("unknown directive {}", directive.unwrap_or_default())),
        }
    }
    Ok(())
}

struct Reader<'t> {
    parser: Parser<'t, StrInput<'t>>,
    text: &'t str,
    tabs: Option<Tabs>,
    /// Values by anchor, with the number of values within.
    anchors: BTreeMap<usize, (Value, usize)>,
    /// Anchors whose value is being read.
    pending: BTreeSet<usize>,
    /// How many values have been read so far.
    size: usize,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Result<(Event<'t>, Span), String> {
        match self.parser.next() {
            Some(Ok((event, span))) => {
                if let Some(tabs) = &mut self.tabs {
                    tabs.pass(&event, span).map_err(|error| at(span, error))?;
                }
                Ok((event, span))
            }
            Some(Err(error)) => Err(scan_error(&error)),
            None => Err("unexpected end of the document".to_owned()),
        }
    }

    fn document(&mut self) -> Result<Value, String> {
        directives(self.text)?;
        loop {
            match self.next()?.0 {
                Event::Nothing | Event::StreamStart => {}
                Event::DocumentStart(_) => break,
                _ => return Err("missing start of document".to_owned()),
            }
        }
        let (event, span) = self.next()?;
        let value = self.value(event, span, 0)?;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::Nothing | Event::DocumentEnd => {}
                Event::StreamEnd => return Ok(value),
                _ => return Err(format!("{}: only a single document is allowed", place(span))),
            }
        }
    }

    fn value(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Value, String> {
        if depth > DEPTH_LIMIT {
            return Err(format!("{}: values are nested more than {DEPTH_LIMIT} levels deep", place(span)));
        }
        self.grow(1)?;
        let before = self.size;
        let (anchor, value) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let ended = !self.is_unended(style, span);
                let text = text.strip_suffix('\n').filter(|_| !ended).unwrap_or(&text);
                (anchor, scalar(text, style, tag.as_deref()).map_err(|error| at(span, &error))?)
            }
            Event::Alias(anchor) => return self.alias(anchor, span),
            Event::SequenceStart(anchor, tag) => {
                check_tag(tag.as_ref(), "seq", "sequence").map_err(|error| at(span, &error))?;
                self.pending.insert(anchor);
                (anchor, self.sequence(depth)?)
            }
            Event::MappingStart(anchor, tag) => {
                check_tag(tag.as_ref(), "map", "mapping").map_err(|error| at(span, &error))?;
                self.pending.insert(anchor);
                (anchor, self.mapping(depth)?)
            }
            _ => return Err(at(span, "a value is expected")),
        };
        if anchor != 0 {
            self.pending.remove(&anchor);
            self.anchors.insert(anchor, (value.clone(), self.size - before + 1));
        }
        Ok(value)
    }

    /// Whether a block of text ends with the document and no line break, where the parser adds one.
    fn is_unended(&self, style: ScalarStyle, span: Span) -> bool {
        matches!(style, ScalarStyle::Literal | ScalarStyle::Folded)
            && !self.text.ends_with(['\n', '\r'])
            && self.text.chars().skip(span.end.index()).all(char::is_whitespace)
    }

    fn grow(&mut self, by: usize) -> Result<(), String> {
        self.size = self.size.saturating_add(by);
        if self.size > SIZE_LIMIT { Err("the document is too large".to_owned()) } else { Ok(()) }
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<Value, String> {
        if self.pending.contains(&anchor) {
            return Err(at(span, "cannot refer to an anchor from inside its own definition"));
        }
        let (value, size) =
            self.anchors.get(&anchor).cloned().ok_or_else(|| at(span, "reference to undefined anchor"))?;
        self.grow(size)?;
        Ok(value)
    }

    fn sequence(&mut self, depth: usize) -> Result<Value, String> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Value::tuple(items)),
                (event, span) => items.push(self.value(event, span, depth + 1)?),
            }
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<Value, String> {
        let mut entries: BTreeMap<Arc<str>, Value> = BTreeMap::new();
        loop {
            let (event, span) = self.next()?;
            let (text, style, tag) = match event {
                Event::MappingEnd => return Ok(Value::object(entries)),
                Event::Scalar(text, style, _, tag) => (text, style, tag),
                _ => return Err(at(span, "only strings are allowed as mapping keys")),
            };
            let (next, value_span) = self.next()?;
            if is_merge(&text, tag.as_deref()) {
                let merged = self.value(next, value_span, depth + 1)?;
                merge(&merged, &mut entries).map_err(|error| at(span, &error))?;
                continue;
            }
            let key = scalar(&text, style, tag.as_deref()).and_then(|key| {
                convert(key, &Type::String).map_err(|_| "only strings are allowed as mapping keys".to_owned())
            });
            let key = key.map_err(|error| at(span, &error))?;
            let key = key.as_str().ok_or_else(|| at(span, "mapping key cannot be null"))?;
            entries.insert(Arc::from(key), self.value(next, value_span, depth + 1)?);
        }
    }
}

fn place(span: Span) -> String {
    format!("on line {}, column {}", span.start.line(), span.start.col() + 1)
}

fn at(span: Span, error: &str) -> String {
    format!("{}: {error}", place(span))
}

/// A message without any text of the document, which may be sensitive.
fn scan_error(error: &ScanError) -> String {
    format!("on line {}, column {}: {}", error.marker().line(), error.marker().col() + 1, error.info())
}

fn full(tag: &Tag) -> String {
    format!("{}{}", tag.handle, tag.suffix)
}

fn check_tag(tag: Option<&Cow<'_, Tag>>, wanted: &str, what: &str) -> Result<(), String> {
    match tag.map(|tag| full(tag)) {
        None => Ok(()),
        Some(tag) if tag.strip_prefix(LONG_PREFIX) == Some(wanted) => Ok(()),
        Some(tag) => Err(format!("can't interpret {what} as {tag}")),
    }
}

fn is_merge(text: &str, tag: Option<&Tag>) -> bool {
    match tag {
        None => text == "<<",
        Some(tag) => full(tag).strip_prefix(LONG_PREFIX) == Some("merge"),
    }
}

/// Adds the entries of a mapping to another. Terraform does not have the form of YAML 1.1 that merges a list of mappings.
fn merge(value: &Value, entries: &mut BTreeMap<Arc<str>, Value>) -> Result<(), String> {
    let refused = || format!("cannot merge {} into mapping", value.ty().friendly());
    for (key, item) in value.as_entries().ok_or_else(refused)? {
        entries.insert(Arc::clone(key), item.clone());
    }
    Ok(())
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, String> {
    let tag = tag.map(full);
    let quoted = matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted);
    let value = resolve(text, tag.as_deref(), quoted)?;
    if tag.is_none() && style != ScalarStyle::Plain {
        // A block stands for text, but only after it was read as what it looks like.
        return convert(value, &Type::String).map_err(|error| error.to_string());
    }
    Ok(value)
}
