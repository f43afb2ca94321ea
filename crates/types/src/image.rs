//! Container image references: `host[:port]/repository[:tag][@digest]`, and what their host says.

use std::net::IpAddr;

/// An image reference, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image<'a> {
    /// The registry's host name; nothing means the default public registry.
    pub host: Option<&'a str>,
    /// The registry's port, if it is written.
    pub port: Option<u16>,
    /// The path below the registry.
    pub repository: &'a str,
    /// The tag, if it is written.
    pub tag: Option<&'a str>,
    /// The digest with its algorithm, if it is written.
    pub digest: Option<&'a str>,
}

/// Takes a reference apart.
///
/// # Errors
/// Why it is none, as the end of a sentence.
pub fn parse(text: &str) -> Result<Image<'_>, String> {
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    if text.contains("://") {
        let bare = text.split_once("://").map_or(text, |(_, bare)| bare);
        return Err(format!("an image reference has no scheme; write {bare}"));
    }
    if text.contains(char::is_whitespace) {
        return Err("it contains a blank".to_owned());
    }
    let length = text.chars().count();
    if length > 255 {
        return Err(format!("it has {length} characters, and SageMaker allows 255"));
    }
    let (rest, digest) = text.split_once('@').map_or((text, None), |(rest, digest)| (rest, Some(digest)));
    if let Some(digest) = digest {
        check_digest(digest)?;
    }
    // A colon after the last slash begins the tag; one before it begins the port of the host.
    let after_slash = rest.rfind('/').map_or(0, |at| at + 1);
    let tag_at = rest.get(after_slash..).and_then(|last| last.find(':')).map(|at| after_slash + at);
    let (path, tag) = match tag_at {
        Some(at) => (rest.get(..at).unwrap_or_default(), rest.get(at + 1..)),
        None => (rest, None),
    };
    if let Some(tag) = tag {
        check_tag(tag)?;
    }
    let (authority, repository) = match path.split_once('/') {
        Some((first, rest)) if is_authority(first) => (Some(first), rest),
        _ => (None, path),
    };
    check_repository(repository)?;
    let (host, port) = match authority {
        Some(authority) => split_authority(authority).map(|(host, port)| (Some(host), port))?,
        None => (None, None),
    };
    Ok(Image { host, port, repository, tag, digest })
}

/// The first part of a reference is a registry if it could not be part of a repository: Docker's own rule.
fn is_authority(first: &str) -> bool {
    first.contains(['.', ':']) || first == "localhost" || first.chars().any(|c| c.is_ascii_uppercase())
}

/// Takes `host[:port]` apart, the host of a literal IPv6 address in brackets.
///
/// # Errors
/// Why it is not that, as the end of a sentence.
pub fn split_authority(authority: &str) -> Result<(&str, Option<u16>), String> {
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    let port = match port {
        Some(text) => {
            let parsed = text.parse::<u16>().ok().filter(|port| *port > 0);
            Some(parsed.ok_or_else(|| format!("the port \"{text}\" is not a number from 1 to 65535"))?)
        }
        None => None,
    };
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if host.parse::<IpAddr>().is_err() && !host.split('.').all(is_label) {
        return Err(format!("\"{host}\" is not a host name"));
    }
    Ok((host, port))
}

fn check_repository(repository: &str) -> Result<(), String> {
    if repository.is_empty() {
        return Err("the repository is missing".to_owned());
    }
    if let Some(upper) = repository.chars().find(|c| c.is_uppercase()) {
        return Err(format!("a repository has no capital letters, and \"{repository}\" has \"{upper}\""));
    }
    for part in repository.split('/') {
        if part.is_empty() {
            return Err("a part between two slashes is empty".to_owned());
        }
        let runs = part.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        let separators: Vec<&str> = runs.filter(|run| !run.is_empty()).collect();
        let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let fits = part.starts_with(edge)
            && part.ends_with(edge)
            && separators.iter().all(|run| matches!(*run, "." | "_" | "__") || run.chars().all(|c| c == '-'));
        if !fits {
            return Err(format!(
                "\"{part}\" is not a part of a repository: small letters and digits, with single dots, one or two \
                 underscores or hyphens between them"
            ));
        }
    }
    Ok(())
}

fn check_tag(tag: &str) -> Result<(), String> {
    let begins = tag.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let fits = begins && tag.len() <= 128 && tag.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
    if fits { Ok(()) } else { Err(format!("\"{tag}\" is not a tag: at most 128 letters, digits and _ . -")) }
}

fn check_digest(digest: &str) -> Result<(), String> {
    let refuse = || Err(format!("\"{digest}\" is not a digest such as sha256: and 64 hexadecimal digits"));
    let Some((algorithm, hex)) = digest.split_once(':') else { return refuse() };
    let wanted = match algorithm {
        "sha256" => 64,
        "sha512" => 128,
        _ => return refuse(),
    };
    let is_hex = hex.len() == wanted && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if is_hex { Ok(()) } else { refuse() }
}

impl Image<'_> {
    /// Whether the image is in a private repository of Amazon ECR.
    #[must_use]
    pub fn is_ecr(&self) -> bool {
        self.ecr_region().is_some()
    }

    /// The region of the ECR registry.
    #[must_use]
    pub fn ecr_region(&self) -> Option<&str> {
        let (account, rest) = self.host?.split_once('.')?;
        if account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        // Both spellings that AWS uses: account.dkr.ecr.region.amazonaws.com and account.dkr-ecr.region.on.aws.
        let rest = ["dkr.ecr.", "dkr.ecr-fips.", "dkr-ecr.", "dkr-ecr-fips."]
            .into_iter()
            .find_map(|service| rest.strip_prefix(service))?;
        rest.split_once('.').map(|(region, _)| region)
    }
}

/// Why a host cannot be a registry that SageMaker reaches, as the end of a sentence.
#[must_use]
pub fn unreachable_host(host: &str) -> Option<&'static str> {
    if host.eq_ignore_ascii_case("localhost") {
        return Some(ITSELF);
    }
    unreachable_address(host.parse().ok()?)
}

const ITSELF: &str = "it means the machine itself";

/// Why an address cannot be that of a registry that SageMaker reaches, as the end of a sentence.
#[must_use]
pub fn unreachable_address(address: IpAddr) -> Option<&'static str> {
    let (itself, link_local) = match address.to_canonical() {
        IpAddr::V4(v4) => (v4.is_loopback() || v4.is_unspecified(), v4.is_link_local()),
        IpAddr::V6(v6) => (v6.is_loopback() || v6.is_unspecified(), v6.is_unicast_link_local()),
    };
    if itself {
        Some(ITSELF)
    } else if link_local {
        Some("link-local addresses do not leave the machine's own link")
    } else {
        None
    }
}

/// Whether a host is an address rather than a name.
#[must_use]
pub fn is_address(host: &str) -> bool {
    host.parse::<IpAddr>().is_ok()
}

/// Whether no public certificate authority certifies a host, because its name is for inside use only.
#[must_use]
pub fn is_internal_name(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    !host.contains('.')
        || [".local", ".internal", ".lan", ".corp", ".home.arpa"].iter().any(|suffix| host.ends_with(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_come_apart() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let both = format!("reg.example.org:5000/team/img:1.0@{digest}");
        let image = parse(&both);
        assert_eq!(
            image,
            Ok(Image {
                host: Some("reg.example.org"),
                port: Some(5000),
                repository: "team/img",
                tag: Some("1.0"),
                digest: Some(&digest)
            })
        );
        let plain = |repository, tag| Ok(Image { host: None, port: None, repository, tag, digest: None });
        assert_eq!(parse("nginx"), plain("nginx", None));
        assert_eq!(parse("library/nginx:1"), plain("library/nginx", Some("1")));
        assert_eq!(parse("localhost:5000/a").map(|image| image.host), Ok(Some("localhost")));
    }

    #[test]
    fn what_is_no_reference_says_why() {
        for (text, why) in [
            ("", "empty"),
            ("https://h.io/a", "write h.io/a"),
            ("h.io/has space", "blank"),
            ("h.io/Team/img", "capital"),
            ("h.io//img", "empty"),
            ("h.io/", "missing"),
            ("h.io/a..b", "not a part"),
            ("h.io/a:", "not a tag"),
            ("h.io/a@sha256:12", "not a digest"),
            ("h.io:99999/a", "port"),
            ("h_o.io/a", "host name"),
            ("h.io/ä", "not a part"),
        ] {
            let error = parse(text).err().unwrap_or_default();
            assert!(error.contains(why), "{text}: {error}");
        }
        assert!(parse(&"a".repeat(256)).is_err());
    }

    #[test]
    fn hosts_are_told_apart() {
        let ecr = |text: &str| parse(text).is_ok_and(|image| image.is_ecr());
        assert!(ecr("123456789012.dkr.ecr.us-east-1.amazonaws.com/a:1"));
        assert!(ecr("123456789012.dkr-ecr.us-east-1.on.aws/a:1"));
        assert!(!ecr("public.ecr.aws/a/b:1") && !ecr("myteam.myorg.com/a:1") && !ecr("nginx"));
        let unreachable = |text: &str| parse(text).is_ok_and(|image| image.host.and_then(unreachable_host).is_some());
        assert!(unreachable("localhost/a") && unreachable("127.0.0.1:5000/a") && unreachable("169.254.169.254/a"));
        assert!(!unreachable("10.0.0.1/a"));
        assert!(unreachable("[::ffff:127.0.0.1]:5000/a") && unreachable("[fe80::1]/a"));
        assert!(is_internal_name("reg.corp.internal") && is_internal_name("registry") && !is_internal_name("a.io"));
    }
}
