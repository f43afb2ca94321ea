//! The arguments of the backend, as Terraform names them, and the environment variables that stand in for them.

use std::time::Duration;

use smform_state::kind::{Argument, SettingError, Settings, Surroundings, is_on, text};
use smform_types::{Type, Value};
use ureq::http::{HeaderName, HeaderValue, Method};
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, parse_pem};
use url::Url;

/// The highest number of repetitions and of seconds between them: what is more is a slip.
const LARGEST: u32 = 3600;

/// What the arguments ask for.
#[derive(Clone, Debug)]
pub(crate) struct Wishes {
    pub(crate) address: Url,
    pub(crate) update: Method,
    pub(crate) lock: Option<(Method, Url)>,
    pub(crate) unlock: Option<(Method, Url)>,
    /// User and password.
    pub(crate) credentials: Option<(String, String)>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) tls: TlsConfig,
    pub(crate) retries: Retries,
}

/// How often, and after how long, a request is made again that the server could not answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Retries {
    pub(crate) most: u32,
    pub(crate) shortest: Duration,
    pub(crate) longest: Duration,
}

pub(crate) fn arguments() -> Vec<Argument> {
    let text = |name| Argument::optional(name, Type::String);
    let number = |name| Argument::optional(name, Type::Number);
    vec![
        // Required, but the environment may give it.
        text("address"),
        text("update_method"),
        text("lock_address"),
        text("lock_method"),
        text("unlock_address"),
        text("unlock_method"),
        text("username"),
        text("password").sensitive(),
        Argument::optional("headers", Type::map(Type::String)).sensitive().later(),
        Argument::optional("skip_cert_verification", Type::Bool),
        number("retry_max"),
        number("retry_wait_min"),
        number("retry_wait_max"),
        text("client_ca_certificate_pem"),
        text("client_certificate_pem"),
        text("client_private_key_pem").sensitive(),
    ]
}

/// Arguments, and what stands in for them.
struct Given<'a> {
    settings: &'a Settings,
    surroundings: &'a Surroundings,
}

impl Given<'_> {
    /// An argument, else the variable of its name after `TF_HTTP_`.
    fn text(&self, name: &'static str) -> Option<&str> {
        let variable = || self.surroundings.variable(&format!("TF_HTTP_{}", name.to_uppercase()));
        text(self.settings, name).or_else(variable)
    }

    fn url(&self, name: &'static str) -> Result<Option<Url>, SettingError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let wrong = |why: &str| SettingError::of(name, format!("it is not a usable address: {why}."));
        let url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
        match url.scheme() {
            "http" | "https" if url.has_host() => Ok(Some(url)),
            _ => Err(wrong("it begins with http:// or https://")),
        }
    }

    fn method(&self, name: &'static str, default: &'static str) -> Result<Method, SettingError> {
        let method = self.text(name).unwrap_or(default);
        method.parse().map_err(|_| SettingError::of(name, format!("\"{method}\" is not an HTTP method.")))
    }

    fn number(&self, name: &'static str, default: u32) -> Result<u32, SettingError> {
        let number = match self.settings.get(name) {
            Some(value) => value.as_i64().and_then(|number| u32::try_from(number).ok()),
            None => self.text(name).map_or(Some(default), |text| text.parse().ok()),
        };
        let wrong = || SettingError::of(name, format!("it is a whole number from 0 to {LARGEST}."));
        number.filter(|number| *number <= LARGEST).ok_or_else(wrong)
    }

    fn headers(&self) -> Result<Vec<(HeaderName, HeaderValue)>, SettingError> {
        let given = self.settings.get("headers").and_then(Value::as_entries).into_iter().flatten();
        let header = |(name, value): (&std::sync::Arc<str>, &Value)| {
            let value = value.as_str().unwrap_or_default();
            let value = HeaderValue::from_str(value).map_err(|_| {
                SettingError::of(
                    "headers",
                    format!("the value of \"{name}\" has characters that a header cannot have."),
                )
            })?;
            let name = name.parse().map_err(|_| {
                SettingError::of("headers", format!("\"{name}\" is not a name that a header can have."))
            })?;
            Ok((name, value))
        };
        given.map(header).collect()
    }

    fn tls(&self) -> Result<TlsConfig, SettingError> {
        let mut tls = TlsConfig::builder().disable_verification(is_on(self.settings, "skip_cert_verification"));
        if let Some(pem) = self.text("client_ca_certificate_pem") {
            tls = tls.root_certs(RootCerts::new_with_certs(&certificates("client_ca_certificate_pem", pem)?));
        }
        let pair = (self.text("client_certificate_pem"), self.text("client_private_key_pem"));
        match pair {
            (None, None) => {}
            (Some(chain), Some(key)) => {
                let chain = certificates("client_certificate_pem", chain)?;
                let key = PrivateKey::from_pem(key.as_bytes()).map_err(|_| {
                    SettingError::of("client_private_key_pem", "it holds no private key in PEM format.")
                })?;
                tls = tls.client_cert(Some(ClientCert::new_with_certs(&chain, key)));
            }
            (Some(_), None) => {
                return Err(SettingError::of("client_private_key_pem", "it belongs to client_certificate_pem."));
            }
            (None, Some(_)) => {
                return Err(SettingError::of("client_certificate_pem", "it belongs to client_private_key_pem."));
            }
        }
        Ok(tls.build())
    }
}

fn certificates(argument: &'static str, pem: &str) -> Result<Vec<Certificate<'static>>, SettingError> {
    let certificate = |item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    };
    let found: Vec<_> = parse_pem(pem.as_bytes()).filter_map(certificate).collect();
    if found.is_empty() {
        let detail = "it holds no certificate in PEM format. It is the text itself, not the path of a file: read one with \
                      -backend-config or the environment variable.";
        return Err(SettingError::of(argument, detail));
    }
    Ok(found)
}

impl Wishes {
    pub(crate) fn read(settings: &Settings, surroundings: &Surroundings) -> Result<Wishes, SettingError> {
        let given = Given { settings, surroundings };
        let missing = || {
            SettingError::of(
                "address",
                "it is required. Write it in the block, or give it with -backend-config=address=URL or TF_HTTP_ADDRESS.",
            )
        };
        let mut address = given.url("address")?.ok_or_else(missing)?;
        let credentials =
            given.text("username").map(|user| (user.to_owned(), given.text("password").unwrap_or_default().to_owned()));
        let credentials = credentials.or_else(|| within(&address));
        // They go with every request in a header, and into no message.
        let stripped = address.set_username("").and_then(|()| address.set_password(None));
        stripped.map_err(|()| SettingError::of("address", "it is not a usable address."))?;
        let retries = Retries {
            most: given.number("retry_max", 2)?,
            shortest: Duration::from_secs(given.number("retry_wait_min", 1)?.into()),
            longest: Duration::from_secs(given.number("retry_wait_max", 30)?.into()),
        };
        if retries.shortest > retries.longest {
            return Err(SettingError::of("retry_wait_min", "it is more than retry_wait_max."));
        }
        let lock_method = given.method("lock_method", "LOCK")?;
        let unlock_method = given.method("unlock_method", "UNLOCK")?;
        Ok(Wishes {
            update: given.method("update_method", "POST")?,
            lock: given.url("lock_address")?.map(|url| (lock_method, url)),
            unlock: given.url("unlock_address")?.map(|url| (unlock_method, url)),
            headers: given.headers()?,
            tls: given.tls()?,
            address,
            credentials,
            retries,
        })
    }
}

/// User and password that an address carries.
fn within(address: &Url) -> Option<(String, String)> {
    let decoded = |text: &str| {
        let pairs = format!("x={}", text.replace('+', "%2B"));
        url::form_urlencoded::parse(pairs.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    let user = Some(address.username()).filter(|user| !user.is_empty())?;
    Some((decoded(user), decoded(address.password().unwrap_or_default())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(settings: &[(&str, Value)], variables: &[(&str, &str)]) -> Result<Wishes, SettingError> {
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Wishes::read(&settings, &Surroundings { environment, ..Surroundings::default() })
    }

    #[test]
    fn variables_stand_in_for_arguments() {
        let variables = [
            ("TF_HTTP_ADDRESS", "https://host/state"),
            ("TF_HTTP_LOCK_ADDRESS", "https://host/lock"),
            ("TF_HTTP_LOCK_METHOD", "POST"),
            ("TF_HTTP_USERNAME", "ann"),
            ("TF_HTTP_PASSWORD", "p"),
            ("TF_HTTP_RETRY_MAX", "5"),
        ];
        let wishes = read(&[("lock_method", Value::string("PUT"))], &variables).expect("usable");
        assert_eq!(wishes.address.as_str(), "https://host/state");
        assert_eq!(wishes.lock.map(|(method, _)| method), Some(Method::PUT));
        assert_eq!(wishes.credentials, Some(("ann".to_owned(), "p".to_owned())));
        assert_eq!(wishes.retries.most, 5);
        assert!(wishes.unlock.is_none());
    }

    #[test]
    fn credentials_within_the_address_are_used_and_not_shown() {
        let wishes = read(&[("address", Value::string("http://a%40b:c+d@host/x"))], &[]).expect("usable");
        assert_eq!(wishes.credentials, Some(("a@b".to_owned(), "c+d".to_owned())));
        assert_eq!(wishes.address.as_str(), "http://host/x");
    }

    #[test]
    fn what_cannot_be_meant_is_refused_by_name() {
        let address = ("address", Value::string("http://host/x"));
        let cases = [
            (vec![], "address"),
            (vec![("address", Value::string("host/x"))], "address"),
            (vec![("address", Value::string("ftp://host/x"))], "address"),
            (vec![address.clone(), ("lock_method", Value::string("LO CK"))], "lock_method"),
            (vec![address.clone(), ("retry_max", Value::number(-1))], "retry_max"),
            (vec![address.clone(), ("retry_wait_min", Value::number(31))], "retry_wait_min"),
            (vec![address.clone(), ("client_certificate_pem", Value::string("x"))], "client_private_key_pem"),
            (
                vec![address.clone(), ("client_ca_certificate_pem", Value::string("/etc/ca.pem"))],
                "client_ca_certificate_pem",
            ),
            (vec![address, ("headers", Value::object([("a b", Value::string("x"))]))], "headers"),
        ];
        for (settings, argument) in cases {
            assert_eq!(read(&settings, &[]).expect_err("refused").argument, Some(argument), "{settings:?}");
        }
    }
}
