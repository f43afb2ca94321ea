//! Version constraints, such as `>= 1.5, < 2.0` or `~> 5.1`.

/// The version of the language that smform implements, against which `required_version` is checked.
pub const LANGUAGE_VERSION: &str = "1.11.4";

/// A version: up to three numbers and a pre-release part.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Version {
    numbers: Vec<u64>,
    pre_release: Option<String>,
}

impl Version {
    fn parse(text: &str) -> Option<Version> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let text = text.split('+').next()?;
        let (core, pre_release) = match text.split_once('-') {
            Some((core, pre)) if !pre.is_empty() => (core, Some(pre.to_owned())),
            Some(_) => return None,
            None => (text, None),
        };
        let numbers: Vec<u64> = core.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
        (numbers.len() <= 4).then_some(Version { numbers, pre_release })
    }

    /// The numbers, with zeros for those that were not written.
    fn padded(&self) -> [u64; 4] {
        let mut padded = [0; 4];
        for (to, from) in padded.iter_mut().zip(&self.numbers) {
            *to = *from;
        }
        padded
    }

    fn key(&self) -> ([u64; 4], bool, &str) {
        (self.padded(), self.pre_release.is_none(), self.pre_release.as_deref().unwrap_or(""))
    }
}

/// Whether a version meets a constraint.
///
/// # Errors
/// The part of the constraint that cannot be read.
pub fn satisfies(version: &str, constraint: &str) -> Result<bool, String> {
    let version = Version::parse(version).ok_or_else(|| version.to_owned())?;
    let mut all = true;
    for part in constraint.split(',') {
        let part = part.trim();
        let (operator, wanted) = split(part);
        let wanted = Version::parse(wanted.trim()).ok_or_else(|| part.to_owned())?;
        // Versions before a release are not compared.
        if wanted.pre_release.is_some() {
            return Err(part.to_owned());
        }
        all &= meets(&version, operator, &wanted).ok_or_else(|| part.to_owned())?;
    }
    Ok(all)
}

/// Whether a constraint can be read, of whatever it is.
///
/// # Errors
/// The part that cannot.
pub fn readable(constraint: &str) -> Result<(), String> {
    for part in constraint.split(',').map(str::trim) {
        let (operator, wanted) = split(part);
        let wanted = Version::parse(wanted.trim()).ok_or_else(|| part.to_owned())?;
        meets(&wanted, operator, &wanted).ok_or_else(|| part.to_owned())?;
    }
    Ok(())
}

fn split(part: &str) -> (&str, &str) {
    let length = part.find(|c: char| !matches!(c, '=' | '!' | '<' | '>' | '~')).unwrap_or(part.len());
    part.split_at(length)
}

fn meets(version: &Version, operator: &str, wanted: &Version) -> Option<bool> {
    let (have, want) = (version.key(), wanted.key());
    Some(match operator {
        "" | "=" => have == want,
        "!=" => have != want,
        ">" => have > want,
        ">=" => have >= want,
        "<" => have < want,
        "<=" => have <= want,
        // All but the last written number must be the same.
        "~>" => {
            let fixed = wanted.numbers.len().saturating_sub(1).max(1);
            have >= want && have.0.iter().zip(want.0).take(fixed).all(|(have, want)| *have == want)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_hold_as_in_terraform() {
        for (constraint, expected) in [
            (">= 1.5", true),
            ("~> 1.11", true),
            ("~> 1.11.0", true),
            ("~> 1.10.0", false),
            (">= 1.0, < 2.0.0", true),
            ("= 1.11.4", true),
            ("1.11", false),
            ("!= 1.11.4", false),
            ("~> 1", true),
        ] {
            assert_eq!(satisfies(LANGUAGE_VERSION, constraint), Ok(expected), "{constraint}");
        }
        for bad in ["", "foo", "=> 1", ">= 1.x", "1-", "> 1.11.4-rc1"] {
            assert!(satisfies(LANGUAGE_VERSION, bad).is_err(), "{bad}");
        }
    }
}
