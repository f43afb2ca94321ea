//! Writes YAML exactly as Terraform does: the layout of libyaml's emitter with 2 columns of indentation and lines
//! folded after column 80, strings in double quotes, and strings of several lines in literal blocks.

use smform_types::{Value, ValueKind};

/// Columns per level.
const STEP: usize = 2;
/// Double-quoted strings are folded at the first single blank after this column.
const BEST_WIDTH: usize = 80;
/// Keys that are longer, in bytes, are written as explicit keys.
const SIMPLE_KEY_LIMIT: usize = 128;

/// The YAML of a value that is known.
pub(super) fn write(value: &Value) -> String {
    let mut emitter = Emitter { out: String::new(), column: 0, whitespace: true, indention: true };
    let plain = emitter.node(value, None, Position::Root);
    emitter.line(0);
    if plain {
        // Without an end marker a reader could not tell whether a plain scalar goes on.
        emitter.out.push_str("...\n");
    }
    emitter.out
}

/// Where a value stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    Root,
    Item,
    Value,
}

struct Emitter {
    out: String,
    column: usize,
    /// Whether a blank, or the beginning of a line, comes right before.
    whitespace: bool,
    /// Whether the line has only indentation and indicators so far.
    indention: bool,
}

impl Emitter {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.chars().count();
        self.whitespace = false;
        self.indention = false;
    }

    fn end_line(&mut self) {
        self.out.push('\n');
        self.column = 0;
        self.whitespace = true;
        self.indention = true;
    }

    /// Goes to a column: on this line if there is nothing yet at that place, otherwise on the next.
    fn line(&mut self, column: usize) {
        if !self.indention || self.column > column || (self.column == column && !self.whitespace) {
            self.end_line();
        }
        while self.column < column {
            self.out.push(' ');
            self.column += 1;
        }
        self.whitespace = true;
        self.indention = true;
    }

    /// `-`, `?` or `:`, after which the line still counts as indentation.
    fn indicator(&mut self, text: &str) {
        let indention = self.indention;
        self.word(text);
        self.indention = indention;
    }

    /// Text with a blank in front unless there is one.
    fn word(&mut self, text: &str) {
        if !self.whitespace {
            self.put(" ");
        }
        self.put(text);
    }

    /// Writes a value within a level; says whether it is a plain scalar.
    fn node(&mut self, value: &Value, level: Option<usize>, position: Position) -> bool {
        let deeper = level.map_or(0, |level| level + STEP);
        match value.kind() {
            ValueKind::Null(_) | ValueKind::Unknown(..) => self.plain("null"),
            ValueKind::Bool(value) => self.plain(if *value { "true" } else { "false" }),
            ValueKind::Number(number) => self.plain(&number.to_string()),
            ValueKind::String(text) => {
                self.string(text, level.unwrap_or(0).max(usize::from(level.is_none()) * STEP), level.is_some());
                false
            }
            ValueKind::List(_, items) | ValueKind::Set(_, items) | ValueKind::Tuple(items) => {
                if items.is_empty() {
                    self.word("[]");
                    return false;
                }
                // Under a key on the same line, the dashes stand below the key.
                let column = match level {
                    Some(level) if position == Position::Value && !self.indention => level,
                    _ => deeper,
                };
                for item in items.iter() {
                    self.line(column);
                    self.indicator("-");
                    self.node(item, Some(column), Position::Item);
                }
                false
            }
            ValueKind::Map(_, items) | ValueKind::Object(items) => {
                if items.is_empty() {
                    self.word("{}");
                    return false;
                }
                for (key, item) in items.iter() {
                    self.line(deeper);
                    self.key(key, deeper);
                    self.node(item, Some(deeper), Position::Value);
                }
                false
            }
        }
    }

    fn plain(&mut self, text: &str) -> bool {
        self.word(text);
        true
    }

    fn key(&mut self, key: &str, column: usize) {
        if key.len() <= SIMPLE_KEY_LIMIT && !key.contains(is_break) {
            self.quoted(key, None);
            self.put(":");
            return;
        }
        self.indicator("?");
        self.string(key, column, true);
        self.line(column);
        self.indicator(":");
    }

    fn string(&mut self, text: &str, level: usize, nested: bool) {
        let column = if nested { level + STEP } else { level };
        if text.contains('\n') && fits_block(text) {
            self.literal(text, column);
        } else {
            self.quoted(text, Some(column));
        }
    }

    /// A literal block.
    fn literal(&mut self, text: &str, column: usize) {
        let hint = if text.starts_with(|c| c == ' ' || is_break(c)) { "2" } else { "" };
        let mut backwards = text.chars().rev();
        let chomping = match (backwards.next().is_some_and(is_break), backwards.next()) {
            (false, _) => "-",
            (true, None) => "+",
            (true, Some(before)) if is_break(before) => "+",
            (true, Some(_)) => "",
        };
        self.word(&format!("|{hint}{chomping}"));
        self.end_line();
        let mut fresh = true;
        for c in text.chars() {
            if c == '\n' {
                self.end_line();
            } else if is_break(c) {
                self.out.push(c);
                self.column = 0;
                self.whitespace = true;
                self.indention = true;
            } else {
                if fresh {
                    self.line(column);
                }
                self.put(c.encode_utf8(&mut [0; 4]));
            }
            fresh = is_break(c);
        }
    }

    /// A double-quoted string, folded at `fold`, or not at all.
    fn quoted(&mut self, text: &str, fold: Option<usize>) {
        self.word("\"");
        let mut after_blank = false;
        for (at, c) in text.char_indices() {
            let inside = at > 0 && at + 1 < text.len();
            match fold {
                Some(column) if c == ' ' && !after_blank && self.column > BEST_WIDTH && inside => {
                    self.line(column);
                    if text.get(at + 1..).is_some_and(|rest| rest.starts_with(' ')) {
                        self.put("\\");
                    }
                }
                _ => match escape(c) {
                    Some(escaped) => self.put(&escaped),
                    None => self.put(c.encode_utf8(&mut [0; 4])),
                },
            }
            after_blank = c == ' ';
        }
        self.put("\"");
    }
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether a character may stand in YAML as it is.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}') && c != '\u{feff}'
}

/// Whether a literal block can hold the text: no blanks at the end of lines, nothing that needs an escape.
fn fits_block(text: &str) -> bool {
    let mut blank = false;
    for c in text.chars() {
        if blank && is_break(c) || !is_printable(c) {
            return false;
        }
        blank = c == ' ';
    }
    !blank
}

fn escape(c: char) -> Option<String> {
    let short = match c {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\0' => "\\0",
        '\u{7}' => "\\a",
        '\u{8}' => "\\b",
        '\t' => "\\t",
        '\n' => "\\n",
        '\u{b}' => "\\v",
        '\u{c}' => "\\f",
        '\r' => "\\r",
        '\u{1b}' => "\\e",
        '\u{85}' => "\\N",
        '\u{2028}' => "\\L",
        '\u{2029}' => "\\P",
        c if is_printable(c) => return None,
        c => {
            return Some(match u32::from(c) {
                code @ 0..=0xff => format!("\\x{code:02X}"),
                code @ 0x100..=0xffff => format!("\\u{code:04X}"),
                code => format!("\\U{code:08X}"),
            });
        }
    };
    Some(short.to_owned())
}
