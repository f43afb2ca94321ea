//! The credential scope of a SigV4 signature: which region and service a request is meant for. The signature itself is
//! not verified: any credentials will do.

use http::{HeaderMap, Uri, header};

/// Region and service of a request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scope {
    pub region: String,
    pub service: String,
}

impl Scope {
    /// The ARN partition of the region.
    pub(crate) fn partition(&self) -> &'static str {
        partition(&self.region)
    }
}

/// The ARN partition of a region.
pub(crate) fn partition(region: &str) -> &'static str {
    const BY_PREFIX: [(&str, &str); 7] = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-isob-", "aws-iso-b"),
        ("us-isof-", "aws-iso-f"),
        ("eu-isoe-", "aws-iso-e"),
        ("us-iso-", "aws-iso"),
        ("eusc-", "aws-eusc"),
    ];
    BY_PREFIX.iter().find(|(prefix, _)| region.starts_with(prefix)).map_or("aws", |(_, partition)| partition)
}

/// Why a request has no usable scope.
#[derive(Debug, PartialEq)]
pub(crate) enum NoScope {
    /// It is not signed.
    Missing,
    /// Its signature cannot be read.
    Malformed,
}

/// Reads the scope from the `Authorization` header, or from a presigned URL.
pub(crate) fn of(headers: &HeaderMap, uri: &Uri) -> Result<Scope, NoScope> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let text = value.to_str().map_err(|_| NoScope::Malformed)?;
        let credential = text
            .split([',', ' '])
            .find_map(|part| part.trim().strip_prefix("Credential="))
            .ok_or(NoScope::Malformed)?;
        return parse(credential);
    }
    form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        .find(|(key, _)| key == "X-Amz-Credential")
        .map_or(Err(NoScope::Missing), |(_, credential)| parse(&credential))
}

/// `key id/date/region/service/aws4_request`; the key id may itself hold slashes.
fn parse(credential: &str) -> Result<Scope, NoScope> {
    let mut parts = credential.rsplit('/');
    let (Some("aws4_request"), Some(service), Some(region), Some(_date), Some(_key)) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(NoScope::Malformed);
    };
    let usable = |s: &str| {
        (1..=32).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    if usable(service) && usable(region) {
        Ok(Scope { region: region.to_owned(), service: service.to_owned() })
    } else {
        Err(NoScope::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_header(value: &str) -> Result<Scope, NoScope> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, value.parse().expect("a header value"));
        of(&headers, &Uri::from_static("/"))
    }

    #[test]
    fn the_scope_is_read_from_either_place() {
        let scope = Scope { region: "eu-west-1".into(), service: "sagemaker".into() };
        let header = "AWS4-HMAC-SHA256 Credential=AK/20260102/eu-west-1/sagemaker/aws4_request, SignedHeaders=host, \
                      Signature=00";
        assert_eq!(with_header(header), Ok(scope.clone()));
        let uri = "/?X-Amz-Credential=AK%2F20260102%2Feu-west-1%2Fsagemaker%2Faws4_request".parse().expect("uri");
        assert_eq!(of(&HeaderMap::new(), &uri), Ok(scope));
    }

    #[test]
    fn a_bad_scope_is_told_from_none() {
        assert_eq!(of(&HeaderMap::new(), &Uri::from_static("/")), Err(NoScope::Missing));
        for text in ["Basic x", "Credential=", "Credential=a/b/c", "Credential=AK/1/../ec2/aws4_request"] {
            assert_eq!(with_header(text), Err(NoScope::Malformed), "{text}");
        }
    }
}
