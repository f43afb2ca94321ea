//! What a registry answers to those who have no credentials: challenges (RFC 9110, section 11), and the tokens that a
//! token service gives to anyone.

use http_auth::parser::ChallengeParser;
use hyper::header::{HeaderMap, WWW_AUTHENTICATE};
use serde::Deserialize;
use url::Url;

/// One way in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// A token of a service: its URL, the name by which it knows the registry, and what the token must be for.
    Bearer { realm: String, service: Option<String>, scope: Option<String> },
    /// Another scheme, such as `Basic`.
    Other(String),
}

/// The challenges of an answer; those that cannot be read are left out.
pub(crate) fn challenges(headers: &HeaderMap) -> Vec<Challenge> {
    let texts = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    let parsed = texts.flat_map(|text| ChallengeParser::new(text).map_while(Result::ok));
    parsed
        .map(|challenge| {
            let parameter = |wanted: &str| {
                let found = challenge.params.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
                found.map(|(_, value)| value.to_unescaped())
            };
            match parameter("realm") {
                Some(realm) if challenge.scheme.eq_ignore_ascii_case("bearer") => {
                    Challenge::Bearer { realm, service: parameter("service"), scope: parameter("scope") }
                }
                _ => Challenge::Other(challenge.scheme.to_owned()),
            }
        })
        .collect()
}

/// Where to ask for a token with which to pull from a repository.
///
/// # Errors
/// When the realm is nothing that may be asked, as the end of a sentence.
pub(crate) fn token_url(
    realm: &str,
    service: Option<&str>,
    scope: Option<&str>,
    repository: &str,
) -> Result<Url, &'static str> {
    let mut url = Url::parse(realm).map_err(|_| "it is no URL")?;
    if url.scheme() != "https" {
        return Err("it is not https");
    }
    let pull = format!("repository:{repository}:pull");
    let mut query = url.query_pairs_mut();
    if let Some(service) = service {
        query.append_pair("service", service);
    }
    query.append_pair("scope", scope.unwrap_or(&pull));
    drop(query);
    Ok(url)
}

/// The token in the answer of a token service.
pub(crate) fn token(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Answer {
        token: Option<String>,
        access_token: Option<String>,
    }
    let answer: Answer = serde_json::from_slice(body).ok()?;
    answer.token.or(answer.access_token).filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn read(texts: &[&'static str]) -> Vec<Challenge> {
        let mut headers = HeaderMap::new();
        for text in texts {
            headers.append(WWW_AUTHENTICATE, HeaderValue::from_static(text));
        }
        challenges(&headers)
    }

    #[test]
    fn challenges_are_read_with_commas_in_quotes() {
        let bearer = Challenge::Bearer {
            realm: "https://auth.io/t".to_owned(),
            service: Some("reg".to_owned()),
            scope: Some("repository:a/b:pull,push".to_owned()),
        };
        let text = r#"Bearer realm="https://auth.io/t",service="reg",scope="repository:a/b:pull,push""#;
        assert_eq!(read(&[text]), vec![bearer.clone()]);
        assert_eq!(read(&[r#"Basic realm="x""#, text]), [Challenge::Other("Basic".to_owned()), bearer]);
        assert_eq!(read(&["Bearer"]), [Challenge::Other("Bearer".to_owned())]);
        assert_eq!(read(&["===", ""]), []);
    }

    #[test]
    fn tokens_are_asked_for_over_https() {
        let url = token_url("https://auth.io/t?a=b", Some("r"), None, "x/y").map(String::from);
        assert_eq!(url.as_deref(), Ok("https://auth.io/t?a=b&service=r&scope=repository%3Ax%2Fy%3Apull"));
        assert_eq!(token_url("http://auth.io/t", None, None, "x"), Err("it is not https"));
        assert_eq!(token_url("auth", None, None, "x"), Err("it is no URL"));
    }

    #[test]
    fn both_spellings_of_a_token_are_read() {
        assert_eq!(token(br#"{"token":"a"}"#).as_deref(), Some("a"));
        assert_eq!(token(br#"{"access_token":"b","expires_in":60}"#).as_deref(), Some("b"));
        assert_eq!(token(br#"{"token":""}"#), None);
        assert_eq!(token(b"<html>"), None);
    }
}
