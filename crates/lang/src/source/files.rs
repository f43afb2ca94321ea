//! Which files of a directory make up a module, and how their bytes become text.

use std::io;
use std::path::Path;

use smform_types::{Diagnostic, SourceId, SourceMap, Span};

use super::Host;

/// The configuration files of one directory, each group in lexical order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModuleFiles {
    /// Ordinary files.
    pub primary: Vec<String>,
    /// `override.tf`, `*_override.tf` and their JSON forms, which are merged over the others.
    pub overrides: Vec<String>,
}

/// The configuration files of a directory. Hidden files and the left-overs of editors are passed over.
///
/// # Errors
/// As the host reports when the directory cannot be listed.
pub fn module_files(host: &dyn Host, directory: &Path) -> io::Result<ModuleFiles> {
    let mut files = ModuleFiles::default();
    for name in host.list(directory)? {
        let Some(stem) = name.strip_suffix(".tf.json").or_else(|| name.strip_suffix(".tf")) else { continue };
        if is_ignored(&name) {
            continue;
        }
        let is_override = stem == "override" || stem.ends_with("_override");
        if is_override { files.overrides.push(name) } else { files.primary.push(name) }
    }
    Ok(files)
}

fn is_ignored(name: &str) -> bool {
    name.starts_with('.') || name.ends_with('~') || (name.starts_with('#') && name.ends_with('#'))
}

/// Whether a file name stands for JSON syntax.
#[must_use]
pub fn is_json(name: &str) -> bool {
    name.ends_with(".json")
}

/// Reads a file and adds its text to the map under the given name.
///
/// # Errors
/// When the file cannot be read or is not UTF-8; the latter is located, with the text added with the bad bytes replaced.
pub fn read_text(
    host: &dyn Host,
    path: &Path,
    name: &str,
    sources: &mut SourceMap,
) -> Result<(SourceId, String), Diagnostic> {
    let bytes = host.read(path).map_err(|error| {
        Diagnostic::error("Failed to read file", format!("The file {name} could not be read: {error}."))
    })?;
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok((sources.add(name, text), text.to_owned())),
        Err(error) => {
            let at = error.valid_up_to();
            let source = sources.add(name, &String::from_utf8_lossy(&bytes));
            let end = at + char::REPLACEMENT_CHARACTER.len_utf8();
            Err(Diagnostic::error(
                "Invalid character encoding",
                "This file must be UTF-8, and the marked byte is not. Save the file in UTF-8.",
            )
            .at(Span::new(source, at..end)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::MemoryHost;

    #[test]
    fn sorts_files_into_groups() {
        let names = ["b.tf", "a.tf.json", ".hidden.tf", "x.tf~", "#y.tf#", "override.tf", "z_override.tf.json", "r.md"];
        let host = MemoryHost::new(names.map(|name| (name, "")));
        let files = module_files(&host, Path::new(".")).unwrap_or_default();
        assert_eq!(files.primary, ["a.tf.json", "b.tf"]);
        assert_eq!(files.overrides, ["override.tf", "z_override.tf.json"]);
    }

    #[test]
    fn tells_where_text_is_not_utf8() {
        let host = MemoryHost::new([("a.tf", &b"a = 1\nb\xff"[..]), ("bom.tf", b"\xef\xbb\xbfx")]);
        let mut sources = SourceMap::default();
        let error = read_text(&host, Path::new("a.tf"), "a.tf", &mut sources).map_err(|error| error.span);
        assert_eq!(error.err().flatten().map(|span| span.start), Some(7));
        let text = read_text(&host, Path::new("bom.tf"), "bom.tf", &mut sources).map(|(_, text)| text);
        assert_eq!(text, Ok("\u{feff}x".to_owned()));
        let position = |source: SourceId| sources.get(source).map(|source| source.position(3));
        assert_eq!(position(SourceId(1)).map(|position| (position.column, position.byte)), Some((1, 3)));
        assert!(read_text(&host, Path::new("none"), "none", &mut sources).is_err());
    }
}
