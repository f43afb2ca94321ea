//! Digests of content: `algorithm:hex`.

use sha2::{Digest as _, Sha256, Sha512};

/// The digest of bytes by an algorithm; nothing when the algorithm is not known.
pub(crate) fn of(bytes: &[u8], algorithm: &str) -> Option<String> {
    let hash = match algorithm {
        "sha256" => hex(&Sha256::digest(bytes)),
        "sha512" => hex(&Sha512::digest(bytes)),
        _ => return None,
    };
    Some(format!("{algorithm}:{hash}"))
}

/// Whether bytes are what a digest says; nothing when its algorithm is not known.
pub(crate) fn matches(bytes: &[u8], digest: &str) -> Option<bool> {
    let (algorithm, _) = digest.split_once(':')?;
    of(bytes, algorithm).map(|actual| actual.eq_ignore_ascii_case(digest))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_the_standard() {
        let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(of(b"", "sha256").as_deref(), Some(empty));
        assert_eq!(matches(b"", empty), Some(true));
        assert_eq!(matches(b"x", empty), Some(false));
        assert_eq!(matches(b"", "md5:d41d8cd98f00b204e9800998ecf8427e"), None);
        assert_eq!(matches(b"", "nothing"), None);
    }
}
