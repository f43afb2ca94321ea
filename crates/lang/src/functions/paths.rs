//! Paths as text: the lexical operations of Terraform's path functions. On Windows a backslash separates too.

/// The path in its shortest form: without `.`, empty parts, and parts that a following `..` takes back. Never empty.
pub(super) fn clean(path: &str) -> String {
    let path = forward(path);
    let (volume, path) = volume(&path);
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("{volume}/{joined}"),
        (false, true) if volume.is_empty() => ".".to_owned(),
        (false, _) => format!("{volume}{joined}"),
    }
}

fn forward(path: &str) -> String {
    if cfg!(windows) { path.replace('\\', "/") } else { path.to_owned() }
}

/// A drive letter in front of a path of Windows, and the rest.
fn volume(path: &str) -> (&str, &str) {
    if cfg!(windows) && path.get(1..2) == Some(":") {
        path.split_at_checked(2).unwrap_or(("", path))
    } else {
        ("", path)
    }
}

/// The last part: `.` for an empty path, `/` for the root.
pub(super) fn base(path: &str) -> String {
    let path = forward(path);
    let trimmed = path.trim_end_matches('/');
    match (path.is_empty(), trimmed.is_empty()) {
        (true, _) => ".".to_owned(),
        (false, true) => "/".to_owned(),
        (false, false) => trimmed.rsplit('/').next().unwrap_or(trimmed).to_owned(),
    }
}

/// All but what follows the last slash, in its shortest form.
pub(super) fn directory(path: &str) -> String {
    let path = forward(path);
    clean(path.rsplit_once('/').map_or("", |(directory, _)| if directory.is_empty() { "/" } else { directory }))
}

/// A path below a directory.
pub(super) fn join(directory: &str, name: &str) -> String {
    if directory == "." { clean(name) } else { clean(&format!("{directory}/{name}")) }
}

/// The directories that a clean path leads through.
pub(super) fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').filter_map(|(at, _)| path.get(..at)).filter(|above| !above.is_empty())
}

/// The way from one clean path to another of the same kind (both absolute, or both relative).
pub(super) fn relative(from: &str, to: &str) -> String {
    let parts = |path: &'_ str| -> Vec<String> {
        path.split('/').filter(|part| !matches!(*part, "" | ".")).map(str::to_owned).collect()
    };
    let (from, to) = (parts(from), parts(to));
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", from.len() - shared);
    let down = to.iter().skip(shared).map(String::as_str);
    let way: Vec<&str> = up.chain(down).collect();
    if way.is_empty() { ".".to_owned() } else { way.join("/") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_handled_as_text() {
        let cleaned = ["", "a/../b/./c/", "/a//b/", "../../x", "/../x", "a/.."].map(clean);
        assert_eq!(cleaned, [".", "b/c", "/a/b", "../../x", "/x", "."]);
        assert_eq!(["a/b/", "", "/", "a/.."].map(base), ["b", ".", "/", ".."]);
        assert_eq!(["a/b/", "a/b/c", "", "/", "/a", "a//b/../c"].map(directory), ["a/b", "a/b", ".", "/", "/", "a"]);
        assert_eq!(relative("d", "a.tpl"), "../a.tpl");
        assert_eq!(relative(".", "d/1"), "d/1");
        assert_eq!(relative("/a/b", "/a/b/c"), "c");
    }
}
