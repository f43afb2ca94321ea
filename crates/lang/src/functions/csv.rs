//! `csvdecode`: comma-separated values as RFC 4180 describes them.
//!
//! The reader is our own because Terraform refuses quotes in the wrong place, which general readers accept.

use std::collections::BTreeSet;
use std::sync::Arc;

use smform_types::value::normalize;
use smform_types::{Type, Value};

use super::arguments::{Arguments, Function};
use super::error::CallError;
use super::signature::{Parameter, Shape};

pub(super) const FUNCTIONS: &[Function] = &[Function::new(
    "csvdecode",
    &[Parameter::new("str", Shape::String)],
    Shape::Any,
    csvdecode,
    "The rows of comma-separated values as objects, whose attributes the first row names.",
)];

fn csvdecode(a: &Arguments<'_>) -> Result<Value, CallError> {
    let mut rows = Rows { rest: a.text(0)?, line: 1 };
    let (_, header) = rows.next().ok_or_else(|| CallError::whole("missing header line"))??;
    let names: Vec<Arc<str>> = header.iter().map(|name| normalize(name)).collect();
    let mut seen = BTreeSet::new();
    if let Some(repeated) = names.iter().find(|name| !seen.insert(Arc::clone(name))) {
        let error = CallError::whole(format!("duplicate column name {repeated:?}"));
        return Err(error.or_discreetly("two columns have the same name"));
    }
    let element = Type::object(names.iter().map(|name| (Arc::clone(name), Type::String)));
    let mut objects = Vec::new();
    for row in rows {
        let (line, fields) = row?;
        if fields.len() != names.len() {
            return Err(CallError::whole(format!("CSV parse error on line {line}: wrong number of fields")));
        }
        let attributes = names.iter().map(Arc::clone).zip(fields.iter().map(Value::string));
        objects.push(Value::object(attributes));
    }
    Ok(Value::list(element, objects))
}

/// Reads rows, with the line each begins on; empty lines are passed over.
struct Rows<'t> {
    rest: &'t str,
    line: usize,
}

impl Iterator for Rows<'_> {
    type Item = Result<(usize, Vec<String>), CallError>;

    fn next(&mut self) -> Option<Self::Item> {
        while let Some(rest) = self.rest.strip_prefix('\n').or_else(|| self.rest.strip_prefix("\r\n")) {
            self.rest = rest;
            self.line += 1;
        }
        if self.rest.is_empty() {
            return None;
        }
        let start = self.line;
        let row = self.row();
        if row.is_err() {
            self.rest = "";
        }
        Some(row.map(|fields| (start, fields)))
    }
}

impl Rows<'_> {
    fn row(&mut self) -> Result<Vec<String>, CallError> {
        let mut fields = Vec::new();
        loop {
            let field = if let Some(rest) = self.rest.strip_prefix('"') {
                self.rest = rest;
                self.quoted()?
            } else {
                self.plain()?
            };
            fields.push(field);
            if let Some(rest) = self.rest.strip_prefix(',') {
                self.rest = rest;
                continue;
            }
            self.end_line();
            return Ok(fields);
        }
    }

    fn end_line(&mut self) {
        let rest = self.rest.strip_prefix("\r\n").or_else(|| self.rest.strip_prefix('\n'));
        if let Some(rest) = rest {
            self.rest = rest;
            self.line += 1;
        } else if self.rest == "\r" {
            self.rest = "";
        }
    }

    fn plain(&mut self) -> Result<String, CallError> {
        let line = self.rest.find('\n').map_or(self.rest, |end| self.rest.get(..end).unwrap_or_default());
        let line = line.strip_suffix('\r').unwrap_or(line);
        let field = line.split(',').next().unwrap_or_default();
        if field.contains('"') {
            return Err(self.error("bare \" in non-quoted field"));
        }
        self.rest = self.rest.get(field.len()..).unwrap_or_default();
        Ok(field.to_owned())
    }

    /// What follows an opening quote, up to and with the closing one.
    fn quoted(&mut self) -> Result<String, CallError> {
        let mut field = String::new();
        loop {
            let Some((part, rest)) = self.rest.split_once('"') else {
                return Err(self.error("extraneous or missing \" in quoted field"));
            };
            self.line += part.matches('\n').count();
            // A line break within a field is always a plain one.
            field.push_str(&part.replace("\r\n", "\n"));
            self.rest = rest;
            if let Some(rest) = rest.strip_prefix('"') {
                field.push('"');
                self.rest = rest;
                continue;
            }
            let ends = rest.is_empty() || rest == "\r" || rest.starts_with([',', '\n']) || rest.starts_with("\r\n");
            return if ends { Ok(field) } else { Err(self.error("extraneous or missing \" in quoted field")) };
        }
    }

    fn error(&self, message: &str) -> CallError {
        CallError::whole(format!("CSV parse error on line {}: {message}", self.line))
    }
}

#[cfg(test)]
mod tests {
    use super::Rows;

    #[test]
    fn rows_are_read_with_quotes_and_line_breaks() {
        let rows: Vec<_> = Rows { rest: "a,b\r\n\"x \"\"y\"\"\",\"1\r\n2\"\n\n5,", line: 1 }.collect();
        let fields = |row: &[&str]| row.iter().map(|&field| field.to_owned()).collect::<Vec<_>>();
        let expected = [(1, fields(&["a", "b"])), (2, fields(&["x \"y\"", "1\n2"])), (5, fields(&["5", ""]))];
        assert_eq!(rows, expected.map(Ok));
    }

    #[test]
    fn stray_quotes_are_refused() {
        for text in ["x\"y", "\"x\"y", " \"x\"", "\"x", "a,\"b\" ,c"] {
            assert!(Rows { rest: text, line: 1 }.next().is_some_and(|row| row.is_err()), "{text}");
        }
    }
}
