//! Where a text that is parsed stands within its source.

use std::ops::Range;

use smform_types::{SourceId, Span};

/// How ranges of a text become spans.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// The text is a part of the source that begins at an offset.
    At(SourceId, usize),
    /// The text is not in the source as it stands (escapes were resolved): everything in it is at one place.
    Whole(Span),
}

impl Place {
    /// A text that is the whole source.
    pub const fn start(source: SourceId) -> Place {
        Place::At(source, 0)
    }

    /// The span of a range of the text.
    pub fn span(self, range: Range<usize>) -> Span {
        match self {
            Place::At(source, offset) => Span::new(source, range.start + offset..range.end + offset),
            Place::Whole(span) => span,
        }
    }
}
