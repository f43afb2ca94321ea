//! Addresses: the names of resources, modules and their instances, as users and state files write them.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Whether a resource is managed or only read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ResourceMode {
    /// A `data` block.
    Data,
    /// A `resource` block.
    Managed,
}

impl ResourceMode {
    /// The name in state files and plan JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            ResourceMode::Managed => "managed",
            ResourceMode::Data => "data",
        }
    }
}

/// What tells the instances of one block apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum InstanceKey {
    /// From `count`.
    Index(u64),
    /// From `for_each`.
    Name(Arc<str>),
}

impl fmt::Display for InstanceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InstanceKey::Index(index) => write!(f, "[{index}]"),
            InstanceKey::Name(name) => write!(f, "[{}]", quote(name)),
        }
    }
}

/// A name in quotes with the escapes that the language reads back.
fn quote(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 2);
    text.push('"');
    let mut rest = name.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '$' | '%' if rest.peek() == Some(&'{') => {
                text.push(c);
                text.push(c);
            }
            c => text.push(c),
        }
    }
    text.push('"');
    text
}

/// A module in configuration: the names of the calls that lead to it. Empty for the root module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModuleAddress(pub Arc<[Arc<str>]>);

impl ModuleAddress {
    /// The root module.
    #[must_use]
    pub fn root() -> ModuleAddress {
        ModuleAddress::default()
    }

    /// Whether it is the root module.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The module that a call in this one leads to.
    #[must_use]
    pub fn child(&self, name: &str) -> ModuleAddress {
        ModuleAddress(self.0.iter().cloned().chain([Arc::from(name)]).collect())
    }

    /// The module around this one, and the name of the call; nothing for the root module.
    #[must_use]
    pub fn parent(&self) -> Option<(ModuleAddress, &Arc<str>)> {
        let (name, rest) = self.0.split_last()?;
        Some((ModuleAddress(rest.into()), name))
    }
}

impl fmt::Display for ModuleAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, name) in self.0.iter().enumerate() {
            write!(f, "{}module.{name}", if at > 0 { "." } else { "" })?;
        }
        Ok(())
    }
}

/// An instance of a module. Empty for the root module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModuleInstance(pub Arc<[(Arc<str>, Option<InstanceKey>)]>);

impl ModuleInstance {
    /// The root module.
    #[must_use]
    pub fn root() -> ModuleInstance {
        ModuleInstance::default()
    }

    /// Whether it is the root module.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The instance of a module called from this one.
    #[must_use]
    pub fn child(&self, name: &str, key: Option<InstanceKey>) -> ModuleInstance {
        ModuleInstance(self.0.iter().cloned().chain([(Arc::from(name), key)]).collect())
    }

    /// The instance around this one; nothing for the root module.
    #[must_use]
    pub fn parent(&self) -> Option<ModuleInstance> {
        self.0.split_last().map(|(_, rest)| ModuleInstance(rest.into()))
    }

    /// The module in configuration that this is an instance of.
    #[must_use]
    pub fn config(&self) -> ModuleAddress {
        ModuleAddress(self.0.iter().map(|(name, _)| Arc::clone(name)).collect())
    }
}

impl fmt::Display for ModuleInstance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, key)) in self.0.iter().enumerate() {
            write!(f, "{}module.{name}", if at > 0 { "." } else { "" })?;
            if let Some(key) = key {
                write!(f, "{key}")?;
            }
        }
        Ok(())
    }
}

/// A resource within its module.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceAddress {
    /// Managed or data.
    pub mode: ResourceMode,
    /// The resource type, such as `aws_sagemaker_model`.
    pub type_name: Arc<str>,
    /// The name given in configuration.
    pub name: Arc<str>,
}

impl ResourceAddress {
    /// A resource of a mode, type and name.
    #[must_use]
    pub fn new(mode: ResourceMode, type_name: impl Into<Arc<str>>, name: impl Into<Arc<str>>) -> ResourceAddress {
        ResourceAddress { mode, type_name: type_name.into(), name: name.into() }
    }

    /// The same resource in a module.
    #[must_use]
    pub fn in_module(self, module: ModuleAddress) -> ResourceConfigAddress {
        ResourceConfigAddress { module, resource: self }
    }
}

impl fmt::Display for ResourceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = if self.mode == ResourceMode::Data { "data." } else { "" };
        write!(f, "{prefix}{}.{}", self.type_name, self.name)
    }
}

/// A resource block in configuration, without instance keys.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceConfigAddress {
    /// The module it stands in.
    pub module: ModuleAddress,
    /// The resource within it.
    pub resource: ResourceAddress,
}

impl fmt::Display for ResourceConfigAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.module.is_root() {
            write!(f, "{}.", self.module)?;
        }
        write!(f, "{}", self.resource)
    }
}

/// One instance of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceAddress {
    /// The module instance that it belongs to.
    pub module: ModuleInstance,
    /// The resource within it.
    pub resource: ResourceAddress,
    /// Its key, when the block has `count` or `for_each`.
    pub key: Option<InstanceKey>,
}

impl InstanceAddress {
    /// The block in configuration that this is an instance of.
    #[must_use]
    pub fn config(&self) -> ResourceConfigAddress {
        ResourceConfigAddress { module: self.module.config(), resource: self.resource.clone() }
    }
}

impl fmt::Display for InstanceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.module.is_root() {
            write!(f, "{}.", self.module)?;
        }
        write!(f, "{}", self.resource)?;
        match &self.key {
            Some(key) => write!(f, "{key}"),
            None => Ok(()),
        }
    }
}

/// Why a text is not an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressError {
    /// The text.
    pub text: String,
    /// What is wrong with it, as a sentence.
    pub reason: &'static str,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not an address: {}", self.text, self.reason)
    }
}

impl std::error::Error for AddressError {}

/// Reads the parts of an address: dotted names, each with at most one key.
fn parts(text: &str) -> Result<Vec<(String, Option<InstanceKey>)>, &'static str> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (name, tail) = rest.split_at(end);
        let mut letters = name.chars();
        if !letters.next().is_some_and(|c| c.is_alphabetic() || c == '_') {
            return Err("each part must be a name that begins with a letter or underscore.");
        }
        if !letters.all(|c| c.is_alphanumeric() || c == '_' || c == '-') {
            return Err("a name may contain only letters, digits, underscores and dashes.");
        }
        rest = tail;
        let mut key = None;
        if let Some(inner) = rest.strip_prefix('[') {
            let (parsed, tail) = instance_key(inner)?;
            key = Some(parsed);
            rest = tail;
        }
        parts.push((name.to_owned(), key));
        if rest.is_empty() {
            return Ok(parts);
        }
        rest = rest.strip_prefix('.').ok_or("a dot must separate its parts.")?;
    }
}

fn instance_key(text: &str) -> Result<(InstanceKey, &str), &'static str> {
    if let Some(quoted) = text.strip_prefix('"') {
        let mut name = String::new();
        let mut chars = quoted.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    let rest = quoted.get(at + 1..).and_then(|rest| rest.strip_prefix(']'));
                    let rest = rest.ok_or("a key must end in \"].")?;
                    return Ok((InstanceKey::Name(crate::value::normalize(&name)), rest));
                }
                '\\' => match chars.next().map(|(_, c)| c) {
                    Some('n') => name.push('\n'),
                    Some('r') => name.push('\r'),
                    Some('t') => name.push('\t'),
                    Some(c @ ('"' | '\\')) => name.push(c),
                    Some(kind @ ('u' | 'U')) => {
                        let length = if kind == 'u' { 4 } else { 8 };
                        let code: String = chars.by_ref().take(length).map(|(_, digit)| digit).collect();
                        let code = Some(code).filter(|code| code.len() == length && !code.starts_with('+'));
                        let named = code.and_then(|code| u32::from_str_radix(&code, 16).ok()).and_then(char::from_u32);
                        name.push(named.ok_or("a key contains an escape that is no character.")?);
                    }
                    _ => return Err("a key contains an unknown escape."),
                },
                '$' | '%' if quoted.get(at + 1..).is_some_and(|rest| rest.starts_with(&format!("{c}{{"))) => {
                    name.push(c);
                    chars.next();
                }
                '$' | '%' if quoted.get(at + 1..).is_some_and(|rest| rest.starts_with('{')) => {
                    return Err("a key is no template. Before a brace, write $$ for $, and %% for %.");
                }
                c => name.push(c),
            }
        }
        return Err("a key has no closing quote.");
    }
    let (digits, rest) = text.split_once(']').ok_or("a key has no closing bracket.")?;
    let index = digits.parse().map_err(|_| "a key must be a whole number or a name in quotes.")?;
    Ok((InstanceKey::Index(index), rest))
}

/// Splits the leading `module.x[...]` parts off.
fn split_modules(parts: Vec<(String, Option<InstanceKey>)>) -> Result<SplitModules, &'static str> {
    let mut modules = Vec::new();
    let mut rest = parts.into_iter().peekable();
    while let Some((_, key)) = rest.next_if(|(name, _)| name == "module") {
        if key.is_some() {
            return Err("the word module takes no key; the name after it does.");
        }
        let (name, key) = rest.next().ok_or("a module name is missing after module.")?;
        modules.push((Arc::from(name), key));
    }
    Ok((ModuleInstance(modules.into()), rest.collect()))
}

type SplitModules = (ModuleInstance, Vec<(String, Option<InstanceKey>)>);

impl FromStr for ModuleInstance {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<ModuleInstance, AddressError> {
        let parsed = parts(text)
            .and_then(split_modules)
            .and_then(|(module, rest)| if rest.is_empty() { Ok(module) } else { Err("it must name a module.") });
        parsed.map_err(|reason| AddressError { text: text.to_owned(), reason })
    }
}

/// What no type of a resource is called: references to other things begin with it, or may do so one day.
const KEYWORDS: [&str; 10] = ["arg", "count", "each", "lazy", "local", "path", "self", "template", "terraform", "var"];

impl FromStr for InstanceAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<InstanceAddress, AddressError> {
        let parsed = parts(text).and_then(split_modules).and_then(|(module, rest)| {
            let mut rest = rest.into_iter().peekable();
            let mode = match rest.next_if(|(name, key)| name == "data" && key.is_none()) {
                Some(_) => ResourceMode::Data,
                None => {
                    // `resource.` in front is allowed, for types named like another root.
                    let has_prefix = rest.next_if(|(name, key)| name == "resource" && key.is_none()).is_some();
                    if !has_prefix && rest.peek().is_some_and(|(name, _)| KEYWORDS.contains(&name.as_str())) {
                        return Err(
                            "its first word is a keyword, which names no resource. Before a type of that name, write resource.",
                        );
                    }
                    ResourceMode::Managed
                }
            };
            match (rest.next(), rest.next(), rest.next()) {
                (Some((type_name, None)), Some((name, key)), None) => {
                    Ok(InstanceAddress { module, resource: ResourceAddress::new(mode, type_name, name), key })
                }
                _ => Err("it must have a resource type and a name, such as aws_sagemaker_model.main."),
            }
        });
        parsed.map_err(|reason| AddressError { text: text.to_owned(), reason })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_back_as_written() {
        for text in [
            "aws_vpc.main",
            "data.aws_vpc.main",
            "aws_vpc.main[0]",
            "module.a[\"x.y]\"].module.b[3].data.aws_vpc.m-1[\"é \\\"q\\\" \\\\ $${a}\"]",
        ] {
            let parsed: Result<InstanceAddress, _> = text.parse();
            assert_eq!(parsed.map(|address| address.to_string()).as_deref(), Ok(text));
        }
        let module: Result<ModuleInstance, _> = "module.a[\"k\"].module.b".parse();
        assert_eq!(module.map(|module| module.config().to_string()).as_deref(), Ok("module.a.module.b"));
    }

    #[test]
    fn keys_may_have_the_escapes_of_strings() {
        let parsed: Result<InstanceAddress, _> = r#"a.b["\u00e9\U0001F600\n"]"#.parse();
        assert_eq!(parsed.map(|address| address.key), Ok(Some(InstanceKey::Name("é😀\n".into()))));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "a",
            "a.b.c",
            "a[0].b",
            "a.b[",
            "a.b[\"x",
            "a.b[x]",
            "module.a",
            "a..b",
            "9a.b",
            "a.b]",
            "a.b[\"${x}\"]",
            "a.b[\"\\u12\"]",
            "a.b[\"\\ud800\"]",
            "module[0].a.b.c",
        ] {
            assert!(text.parse::<InstanceAddress>().is_err(), "{text}");
        }
    }

    #[test]
    fn instances_sort_without_key_then_by_index_then_by_name() {
        let mut keys =
            vec![Some(InstanceKey::Name("a".into())), Some(InstanceKey::Index(10)), None, Some(InstanceKey::Index(2))];
        keys.sort();
        assert_eq!(
            keys,
            [None, Some(InstanceKey::Index(2)), Some(InstanceKey::Index(10)), Some(InstanceKey::Name("a".into()))]
        );
    }
}
