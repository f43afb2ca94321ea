//! Names that are made up when configuration gives none, in the AWS provider's own form, so that both tools read them
//! back alike: a prefix, 18 digits of time, and 8 hexadecimal digits of a counter shared by the whole process.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// What a name begins with when neither it nor a prefix is given.
pub(crate) const DEFAULT_PREFIX: &str = "terraform-";

/// The length of what follows the prefix.
const SUFFIX: usize = 26;

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// A new name with the prefix.
pub(crate) fn unique(prefix: &str, now: SystemTime) -> String {
    let count = COUNTER.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
    let now = Timestamp::try_from(now).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(TimeZone::UTC);
    let fraction = now.subsec_nanosecond() / 100_000;
    format!("{prefix}{}{fraction:04}{count:08x}", now.strftime("%Y%m%d%H%M%S"))
}

/// The prefix of a generated name; nothing for a name that was written by hand.
pub(crate) fn prefix_of(name: &str) -> Option<&str> {
    let at = name.len().checked_sub(SUFFIX)?;
    let suffix = name.get(at..)?;
    let generated = suffix.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if generated { name.get(..at) } else { None }
}

/// A prefix to suggest in place of a fixed name, short enough for the suffix to fit.
pub(crate) fn suggested_prefix(name: &str) -> String {
    let kept: String = name.chars().take(63 - SUFFIX - 1).collect();
    format!("{}-", kept.trim_end_matches('-'))
}

/// A name to suggest beside one that is taken: the same with a number, or with the next one.
pub(crate) fn next(name: &str) -> String {
    let numbered = name.rsplit_once('-').and_then(|(stem, number)| Some((stem, number.parse::<u32>().ok()?)));
    let (stem, number) = numbered.map_or((name, 2), |(stem, number)| (stem, number.saturating_add(1)));
    let kept: String = stem.chars().take(63 - 11).collect();
    format!("{}-{number}", kept.trim_end_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_generated_name_has_time_and_counter_and_reads_back() {
        let now = SystemTime::UNIX_EPOCH + Duration::new(1_700_000_000, 123_456_789);
        let name = unique("vpc-model-", now);
        let suffix = name.strip_prefix("vpc-model-").unwrap_or_default();
        assert_eq!(suffix.len(), SUFFIX);
        assert!(suffix.starts_with("202311142213201234"), "{suffix}");
        assert_eq!(prefix_of(&name), Some("vpc-model-"));
        assert_ne!(name, unique("vpc-model-", now));
    }

    #[test]
    fn names_written_by_hand_have_no_prefix() {
        for name in ["vpc-model", "", "terraform-2023111422132012340000000", "é".repeat(26).as_str()] {
            assert_eq!(prefix_of(name), None, "{name}");
        }
        assert_eq!(prefix_of("terraform-20231114221320123400000001"), Some("terraform-"));
    }

    #[test]
    fn the_next_name_counts_on() {
        assert_eq!(next("ic"), "ic-2");
        assert_eq!(next("ic-9"), "ic-10");
        assert_eq!(next("ic-a"), "ic-a-2");
        assert!(next(&"a".repeat(63)).len() <= 63);
    }

    #[test]
    fn a_suggested_prefix_leaves_room_for_the_suffix() {
        assert_eq!(suggested_prefix("vpc-model"), "vpc-model-");
        assert_eq!(suggested_prefix(&"a".repeat(63)).len(), 37);
        assert_eq!(suggested_prefix("a-"), "a-");
    }
}
