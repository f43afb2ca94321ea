//! How states and saved plans are encrypted, by the `encryption` block and the variable `TF_ENCRYPTION`.

use std::collections::BTreeMap;
use std::sync::Arc;

use smform_lang::config::Config;
use smform_lang::config::encryption::{Declared, Encryption as Written, Target as Block, from_text, referred};
use smform_lang::eval::{static_evaluated, static_value};
use smform_lang::syntax::Expr;
use smform_state::encryption::keys::{
    FEWEST_ITERATIONS, Hash, KeyProvider, LONGEST_KEY, LONGEST_SALT, MOST_ITERATIONS, Pbkdf2, SHORTEST_PASSPHRASE,
    Secret, Settings,
};
use smform_state::encryption::service::{KeyServiceKind, Wrapped};
use smform_state::encryption::{Method, Target};
use smform_types::suggest::did_you_mean;
use smform_types::{Diagnostic, Diagnostics, ModuleAddress, SourceMap, Span, Type, Value, convert};

use super::backend;

/// The variable of the environment that holds the content of an `encryption` block.
pub const VARIABLE: &str = "TF_ENCRYPTION";

/// The key provider that makes keys of passphrases.
const PBKDF2: &str = "pbkdf2";
/// The argument of every key provider that says under which name its metadata is kept.
const ALIAS: &str = "encrypted_metadata_alias";
/// The shortest key in bytes that another is derived from, as in OpenTofu.
const SHORTEST_CHAINED: usize = SHORTEST_PASSPHRASE;

/// What is encrypted, and how.
#[derive(Clone, Debug, Default)]
pub struct Encryption {
    /// States, copies of them, and journals.
    pub state: Option<Arc<Target>>,
    /// Saved plans.
    pub plan: Option<Arc<Target>>,
    /// States of other configurations.
    pub remote: Remote,
}

/// How the states are encrypted that `terraform_remote_state` reads.
#[derive(Clone, Debug, Default)]
pub struct Remote {
    default: Option<Arc<Target>>,
    named: BTreeMap<String, Arc<Target>>,
}

impl Remote {
    /// How the state is encrypted that the data source at an address reads; nothing when it is not.
    #[must_use]
    pub fn of(&self, address: &str) -> Option<&Arc<Target>> {
        self.named.get(&Remote::short(address)).or(self.default.as_ref())
    }

    /// The name of the data source at an address, as OpenTofu shortens it:
    /// `module.shared.data.terraform_remote_state.net[0]` is `shared.net[0]`.
    pub(crate) fn short(address: &str) -> String {
        let name = address.replacen("data.terraform_remote_state.", "", 1);
        name.strip_prefix("module.").unwrap_or(&name).to_owned()
    }
}

/// What a configuration and the variable say together. Keys are derived, or asked of one of the services, when they are
/// needed.
///
/// # Errors
/// When it is not usable; with the texts that the messages are about.
pub fn configured(
    config: &Config,
    variable: Option<&str>,
    services: &[Arc<dyn KeyServiceKind>],
) -> Result<Encryption, (Diagnostics, SourceMap)> {
    let root = config.modules.get(&ModuleAddress::root());
    let mut written = root.and_then(|module| module.encryption.clone()).unwrap_or_default();
    let mut sources = config.sources.clone();
    let mut found = Diagnostics::new();
    if let Some(text) = variable.filter(|text| !text.trim().is_empty()) {
        let (over, messages) = from_text(VARIABLE, text, &mut sources);
        found.extend(messages);
        if found.has_errors() {
            // What the variable would have said is then amiss in the block, too.
            return Err((found, sources));
        }
        found.extend(lost_aliases(&written, &over));
        written = written.merged(over);
    }
    let mut builder = Builder { written: &written, services, providers: BTreeMap::new(), found };
    let state = written.state.as_ref().and_then(|block| builder.target(block)).map(Arc::new);
    let plan = written.plan.as_ref().and_then(|block| builder.target(block)).map(Arc::new);
    let default = written.remote.default.as_ref().and_then(|block| builder.target(block)).map(Arc::new);
    let named = written.remote.named.iter();
    let named = named.filter_map(|(name, block)| Some((name.clone(), Arc::new(builder.target(block)?)))).collect();
    let found = builder.found;
    let remote = Remote { default, named };
    if found.has_errors() { Err((found, sources)) } else { Ok(Encryption { state, plan, remote }) }
}

/// Aliases in the variable that OpenTofu would not see: of a key provider that the configuration declares, it takes the one
/// that stands there. To use another would write what OpenTofu cannot read.
fn lost_aliases(written: &Written, over: &Written) -> Diagnostics {
    let declared = |one: &&Declared| written.key_providers.iter().any(|known| known.is(&one.kind.text, &one.name.text));
    let places = over.key_providers.iter().filter(declared).filter_map(|one| one.arguments.get(ALIAS));
    let refused = places.map(|(span, _)| {
        let detail = format!(
            "The configuration declares this key provider, and {ALIAS} has to stand there: OpenTofu passes over it here."
        );
        wrong(detail, *span)
    });
    refused.collect()
}

fn wrong(detail: impl Into<String>, span: Span) -> Diagnostic {
    Diagnostic::error("Invalid encryption configuration", detail).at(span)
}

/// Type and name of a key provider.
type Name = (Arc<str>, Arc<str>);

/// A key provider that is made.
#[derive(Clone)]
struct Made {
    provider: Arc<dyn KeyProvider>,
    /// Under which names its metadata is kept, and that of those that it derives from.
    kept_as: Vec<String>,
    /// Length of its keys in bytes, where the configuration says it.
    key_length: Option<usize>,
}

/// Makes targets of blocks.
struct Builder<'w> {
    written: &'w Written,
    services: &'w [Arc<dyn KeyServiceKind>],
    /// The key providers that are made; nothing for one that is being made, or could not be.
    providers: BTreeMap<Name, Option<Made>>,
    found: Diagnostics,
}

impl Builder<'_> {
    fn fail<T>(&mut self, detail: impl Into<String>, span: Span) -> Option<T> {
        self.found.push(wrong(detail, span));
        None
    }

    fn target(&mut self, block: &Block) -> Option<Target> {
        let method = self.method(block)?;
        let mut fallbacks = Vec::new();
        let mut next = block.fallback.as_deref();
        while let Some(fallback) = next {
            fallbacks.push(self.method(fallback)?);
            next = fallback.fallback.as_deref();
        }
        let is_open = |method: &Method| matches!(method, Method::Unencrypted);
        if block.enforced && (is_open(&method) || fallbacks.iter().any(is_open)) {
            let detail = "The method \"unencrypted\" cannot be used where enforced is true.";
            return self.fail(detail, block.span);
        }
        Some(Target { method, fallbacks })
    }

    fn method(&mut self, block: &Block) -> Option<Method> {
        let Some(expr) = &block.method else {
            return self.fail("The argument \"method\" is required, such as method = method.aes_gcm.NAME.", block.span);
        };
        let Some((kind, name)) = referred(expr, "method") else {
            return self.fail("A method is referred to as method.TYPE.NAME.", expr.span);
        };
        let Some(declared) = self.written.methods.iter().find(|one| one.is(&kind, &name)) else {
            return self.fail(format!("There is no method \"{kind}\" \"{name}\" in the encryption block."), expr.span);
        };
        match &*kind {
            "unencrypted" => {
                self.known(declared, &[]);
                Some(Method::Unencrypted)
            }
            "aes_gcm" => {
                self.known(declared, &["keys", "aad"]);
                let Some((_, keys)) = declared.arguments.get("keys") else {
                    let detail = "The argument \"keys\" is required, such as keys = key_provider.pbkdf2.NAME.";
                    return self.fail(detail, declared.span);
                };
                let Made { provider, key_length, .. } = self.provider_of(keys)?;
                if let Some(length) = key_length.filter(|length| !matches!(length, 16 | 32)) {
                    let detail = format!("aes_gcm takes keys of 16 or 32 bytes in smform, and these have {length}.");
                    return self.fail(detail, keys.span);
                }
                let aad = match declared.arguments.get("aad") {
                    Some((_, expr)) => self.bytes(expr)?,
                    None => Vec::new(),
                };
                Some(Method::AesGcm { name: format!("method.aes_gcm.{name}"), keys: provider, aad })
            }
            other => {
                let hint = did_you_mean(other, ["aes_gcm", "unencrypted"]);
                let detail = format!(
                    "smform has no encryption method \"{other}\".{hint} It has \"aes_gcm\" and \"unencrypted\"."
                );
                self.fail(detail, declared.span)
            }
        }
    }

    /// Refuses arguments that are not known.
    fn known(&mut self, declared: &Declared, names: &[&'static str]) {
        for (name, (span, _)) in declared.arguments.iter().filter(|(name, _)| !names.contains(&&***name)) {
            let hint = did_you_mean(name, names.iter().copied());
            let detail = format!("\"{}\" has no argument \"{name}\" in smform.{hint}", declared.kind.text);
            self.found.push(Diagnostic::error("Unsupported argument", detail).at(*span));
        }
    }

    fn provider_of(&mut self, expr: &Expr) -> Option<Made> {
        let Some((kind, name)) = referred(expr, "key_provider") else {
            return self.fail("A key provider is referred to as key_provider.TYPE.NAME.", expr.span);
        };
        let Some(declared) = self.written.key_providers.iter().find(|one| one.is(&kind, &name)) else {
            let detail = format!("There is no key_provider \"{kind}\" \"{name}\" in the encryption block.");
            return self.fail(detail, expr.span);
        };
        let key = (kind, name);
        if let Some(made) = self.providers.get(&key) {
            if made.is_none() && !self.found.has_errors() {
                return self.fail("This key provider needs itself, through others.", expr.span);
            }
            return made.clone();
        }
        self.providers.insert(key.clone(), None);
        let made = self.provider(declared)?;
        self.providers.insert(key, Some(made.clone()));
        Some(made)
    }

    fn provider(&mut self, declared: &Declared) -> Option<Made> {
        let kind = &*declared.kind.text;
        if kind == PBKDF2 {
            return self.pbkdf2(declared);
        }
        if let Some(service) = self.services.iter().find(|service| service.name() == kind).cloned() {
            return self.service(service.as_ref(), declared);
        }
        let mut names: Vec<&str> = self.services.iter().map(|service| service.name()).collect();
        names.push(PBKDF2);
        let hint = did_you_mean(kind, names.iter().copied());
        let detail = format!("There is no key provider \"{kind}\" here.{hint} There is: {}.", names.join(", "));
        self.fail(detail, declared.span)
    }

    /// A provider whose keys a service makes.
    fn service(&mut self, kind: &dyn KeyServiceKind, declared: &Declared) -> Option<Made> {
        let arguments = kind.arguments();
        let names: Vec<&'static str> = arguments.iter().map(|argument| argument.name).chain([ALIAS]).collect();
        self.known(declared, &names);
        let mut settings = smform_state::kind::Settings::new();
        for argument in &arguments {
            let Some((_, expr)) = declared.arguments.get(argument.name) else {
                if argument.required {
                    return self.fail(format!("The argument \"{}\" is required.", argument.name), declared.span);
                }
                continue;
            };
            let value = self.value(expr)?;
            match backend::setting(argument, value) {
                Ok(value) => settings.extend(value.map(|value| (argument.name.to_owned(), value))),
                Err(error) => {
                    self.found.push(error.at(expr.span));
                    return None;
                }
            }
        }
        let name = self.alias(declared)?;
        match kind.open(&settings) {
            Ok(service) => {
                let kept_as = vec![name.clone()];
                Some(Made { provider: Arc::new(Wrapped::new(name, service)), kept_as, key_length: None })
            }
            Err(error) => {
                let place = error.argument.and_then(|name| declared.arguments.get(name)).map(|(_, expr)| expr.span);
                self.fail(error.detail, place.unwrap_or(declared.span))
            }
        }
    }

    /// Under which name the metadata of a key provider is kept.
    fn alias(&mut self, declared: &Declared) -> Option<String> {
        match declared.arguments.get(ALIAS) {
            // OpenTofu takes it as it is written, before there is anything to evaluate.
            Some((_, expr)) => match static_value(expr) {
                Ok(value) => self.text_of(&value, expr.span),
                Err(found) => {
                    self.found.extend(found);
                    None
                }
            },
            None => Some(format!("key_provider.{}.{}", declared.kind.text, declared.name.text)),
        }
    }

    fn pbkdf2(&mut self, declared: &Declared) -> Option<Made> {
        const NAMES: [&str; 7] =
            ["passphrase", "chain", "key_length", "iterations", "hash_function", "salt_length", ALIAS];
        self.known(declared, &NAMES);
        let argument = |name: &str| declared.arguments.get(name).map(|(_, expr)| expr);
        let mut kept_as = Vec::new();
        let secret = match (argument("passphrase"), argument("chain")) {
            (Some(expr), None) => {
                let text = self.text(expr)?;
                if text.len() < SHORTEST_PASSPHRASE {
                    let detail = format!("A passphrase has at least {SHORTEST_PASSPHRASE} characters.");
                    return self.fail(detail, expr.span);
                }
                Secret::Passphrase(text)
            }
            (None, Some(expr)) => {
                let inner = self.provider_of(expr)?;
                if let Some(length) = inner.key_length.filter(|length| *length < SHORTEST_CHAINED) {
                    let detail =
                        format!("A chain needs a key of at least {SHORTEST_CHAINED} bytes, and this one has {length}.");
                    return self.fail(detail, expr.span);
                }
                kept_as = inner.kept_as;
                Secret::Chain(inner.provider)
            }
            _ => {
                let detail = format!(
                    "Give either passphrase or chain. A passphrase need not be in a file: {VARIABLE} may hold it, such as \
                     key_provider \"pbkdf2\" \"{}\" {{ passphrase = \"...\" }}.",
                    declared.name.text
                );
                return self.fail(detail, declared.span);
            }
        };
        let default = Settings::default();
        let longest = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let mut number = |name: &str, default: u32, range: std::ops::RangeInclusive<u32>| match argument(name) {
            Some(expr) => self.number(name, expr, range),
            None => Some(default),
        };
        let iterations = number("iterations", default.iterations, FEWEST_ITERATIONS..=MOST_ITERATIONS)?;
        let salt_length = number("salt_length", 32, 1..=longest(LONGEST_SALT))? as usize;
        let key_length = number("key_length", 32, 1..=longest(LONGEST_KEY))? as usize;
        let hash = match argument("hash_function") {
            None => default.hash,
            Some(expr) => match self.text(expr)?.as_str() {
                "sha512" => Hash::Sha512,
                "sha256" => Hash::Sha256,
                _ => return self.fail("The hash function is \"sha512\" or \"sha256\".", expr.span),
            },
        };
        let name = self.alias(declared)?;
        if kept_as.contains(&name) {
            // One would be lost, and with it what was encrypted.
            let span = declared.arguments.get(ALIAS).map_or(declared.span, |(_, expr)| expr.span);
            let detail = format!("A key provider that this one derives from keeps its metadata as \"{name}\", too.");
            return self.fail(detail, span);
        }
        kept_as.push(name.clone());
        let provider = Pbkdf2::new(name, secret, Settings { key_length, iterations, hash, salt_length });
        Some(Made { provider: Arc::new(provider), kept_as, key_length: Some(key_length) })
    }

    /// A value that is written out.
    fn value(&mut self, expr: &Expr) -> Option<Value> {
        match static_evaluated(expr) {
            Ok(value) => Some(value),
            Err(found) => {
                let way_out = format!(" What should not stand in a file, {VARIABLE} may hold.");
                self.found.extend(found.map(|mut one| {
                    one.detail.push_str(&way_out);
                    one
                }));
                None
            }
        }
    }

    fn text(&mut self, expr: &Expr) -> Option<String> {
        let value = self.value(expr)?;
        self.text_of(&value, expr.span)
    }

    fn text_of(&mut self, value: &Value, span: Span) -> Option<String> {
        match value.as_str() {
            Some(text) => Some(text.to_owned()),
            None => self.fail("A string is needed here.", span),
        }
    }

    fn number(&mut self, name: &str, expr: &Expr, range: std::ops::RangeInclusive<u32>) -> Option<u32> {
        let number = self.value(expr)?.as_i64().and_then(|number| u32::try_from(number).ok());
        match number.filter(|number| range.contains(number)) {
            Some(number) => Some(number),
            None => {
                let detail = format!("\"{name}\" is a whole number from {} to {}.", range.start(), range.end());
                self.fail(detail, expr.span)
            }
        }
    }

    fn bytes(&mut self, expr: &Expr) -> Option<Vec<u8>> {
        let value = self.value(expr)?;
        // As OpenTofu takes them, numbers may be strings.
        let value = convert(value.clone(), &Type::list(Type::Number)).unwrap_or(value);
        let byte = |value: &Value| value.as_i64().and_then(|number| u8::try_from(number).ok());
        let bytes = value.as_slice().and_then(|all| all.iter().map(byte).collect::<Option<Vec<u8>>>());
        match bytes {
            Some(bytes) => Some(bytes),
            None => self.fail("A list of bytes is needed here: whole numbers from 0 to 255.", expr.span),
        }
    }
}
