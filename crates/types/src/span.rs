//! Where a piece of configuration stands: byte ranges within named sources, and the sources themselves.

use std::ops::Range;
use std::sync::Arc;

use crate::graphemes::graphemes;

/// Identifies one source text within a [`SourceMap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

/// A byte range of one source text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The text that the range is of.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// A span of `source` over `range` (bytes). Offsets beyond 4 GiB are clamped.
    #[must_use]
    pub fn new(source: SourceId, range: Range<usize>) -> Span {
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Span { source, start: clamp(range.start), end: clamp(range.end) }
    }

    /// The smallest span that covers both; `self` when they are of different sources.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        if self.source != other.source {
            return self;
        }
        Span { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Whether it covers all of another.
    #[must_use]
    pub fn contains(self, other: Span) -> bool {
        self.source == other.source && self.start <= other.start && other.end <= self.end
    }

    /// The byte range.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A place in a source text as people count it. Lines and columns start at 1; columns count grapheme clusters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in grapheme clusters, from 1.
    pub column: usize,
    /// Byte offset, from 0.
    pub byte: usize,
}

/// One named source text.
#[derive(Clone, Debug)]
pub struct Source {
    /// The name as shown to people: a path relative to the working directory where possible.
    pub name: Arc<str>,
    /// The whole text.
    pub text: Arc<str>,
    /// Byte offset at which each line starts.
    lines: Arc<[usize]>,
}

impl Source {
    fn new(name: &str, text: &str) -> Source {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Source { name: name.into(), text: text.into(), lines }
    }

    /// The position of a byte offset. Offsets past the end, or inside a character, are moved back.
    #[must_use]
    pub fn position(&self, byte: usize) -> Position {
        let mut byte = byte.min(self.text.len());
        while !self.text.is_char_boundary(byte) {
            byte -= 1;
        }
        let line = self.lines.partition_point(|start| *start <= byte).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or(0);
        let head = self.text.get(start..byte).unwrap_or_default();
        // A mark of the byte order is no character of the first line.
        let head = if start == 0 { head.trim_start_matches('\u{feff}') } else { head };
        let column = graphemes(head).len() + 1;
        Position { line, column, byte }
    }

    /// The text of a line (numbered from 1) without its line break; empty when there is no such line.
    #[must_use]
    pub fn line(&self, line: usize) -> &str {
        let Some(start) = line.checked_sub(1).and_then(|at| self.lines.get(at)).copied() else { return "" };
        let end = self.lines.get(line).copied().unwrap_or(self.text.len());
        self.text.get(start..end).unwrap_or("").trim_end_matches(['\n', '\r'])
    }

    /// The text of a span; empty when the span is not of this source.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or("")
    }
}

/// Every source text that a run has read, so that a span can be shown.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    sources: Vec<Source>,
}

impl SourceMap {
    /// Adds a text under a name and returns its identity.
    pub fn add(&mut self, name: &str, text: &str) -> SourceId {
        self.sources.push(Source::new(name, text));
        SourceId(u32::try_from(self.sources.len() - 1).unwrap_or(u32::MAX))
    }

    /// The source of an identity, when it is of this map.
    #[must_use]
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.sources.get(id.0 as usize)
    }

    /// The text that a span covers; empty for a span of another map.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.get(span.source).map_or("", |source| source.slice(span))
    }

    /// Every source with its identity, in the order added.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        self.sources.iter().zip(0u32..).map(|(source, at)| (SourceId(at), source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_grapheme_clusters() {
        let mut map = SourceMap::default();
        let id = map.add("main.tf", "a = 1\né👩‍👩‍👧 = x\r\nlast");
        let source = map.get(id).expect("just added");
        let at = source.text.find('x').expect("present");
        let position = source.position(at);
        assert_eq!((position.line, position.column), (2, 6));
        assert_eq!(source.line(2), "é👩‍👩‍👧 = x");
        assert_eq!(source.line(3), "last");
        assert_eq!(source.line(9), "");
        assert_eq!(source.position(10_000).line, 3);
    }
}
