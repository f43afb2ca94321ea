//! Colour: the escape codes of a terminal, or nothing.

/// Whether colour is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    color: bool,
}

/// A colour or weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Bold.
    Bold,
    /// Underlined.
    Underline,
    /// Red.
    Red,
    /// Green.
    Green,
    /// Yellow.
    Yellow,
    /// Cyan.
    Cyan,
    /// Grey.
    Dim,
}

impl Style {
    /// Without colour.
    pub const PLAIN: Style = Style { color: false };
    /// With colour.
    pub const COLOR: Style = Style { color: true };

    /// Whether colour is used.
    #[must_use]
    pub const fn is_color(self) -> bool {
        self.color
    }

    /// A text in a colour.
    #[must_use]
    pub fn paint(self, paint: Paint, text: &str) -> String {
        if !self.color {
            return text.to_owned();
        }
        let code = match paint {
            Paint::Bold => "1",
            Paint::Underline => "4",
            Paint::Red => "31",
            Paint::Green => "32",
            Paint::Yellow => "33",
            Paint::Cyan => "36",
            Paint::Dim => "90",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    /// A bold text.
    #[must_use]
    pub fn bold(self, text: &str) -> String {
        self.paint(Paint::Bold, text)
    }

    /// A grey text.
    #[must_use]
    pub fn dim(self, text: &str) -> String {
        self.paint(Paint::Dim, text)
    }

    /// A bold text in a colour.
    #[must_use]
    pub fn strong(self, paint: Paint, text: &str) -> String {
        self.bold(&self.paint(paint, text))
    }
}

/// Wraps prose to a width in columns. Indented lines are kept as they are, and long words are never broken.
#[must_use]
pub fn wrap(text: &str, width: usize) -> String {
    let options = textwrap::Options::new(width.max(20))
        .break_words(false)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit);
    let lines = text.lines().map(|line| {
        if line.starts_with([' ', '\t']) { line.to_owned() } else { textwrap::wrap(line, &options).join("\n") }
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_prose_and_keeps_indented_lines() {
        let text = "one two three four five six\n    terraform import something very long indeed\n\nend";
        assert_eq!(
            wrap(text, 20),
            "one two three four\nfive six\n    terraform import something very long indeed\n\nend"
        );
        assert_eq!(wrap("a-very-long-word-that-does-not-fit", 20), "a-very-long-word-that-does-not-fit");
    }
}
