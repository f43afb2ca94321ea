//! "Did you mean": the nearest known name to one that is not known.

/// The candidate nearest to `given`, if one is near enough to be a likely slip of the pen.
///
/// Distance counts characters changed, added, left out or swapped with their neighbour; at most two, and fewer than the
/// name has.
#[must_use]
pub fn nearest<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = given.chars().count().saturating_sub(1).min(2);
    candidates
        .into_iter()
        .filter(|candidate| *candidate != given)
        .map(|candidate| (strsim::osa_distance(given, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// ` Did you mean "x"?`, with the blank in front, or nothing.
#[must_use]
pub fn did_you_mean<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(given, candidates).map_or_else(String::new, |name| format!(" Did you mean \"{name}\"?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_slips_and_nothing_else() {
        assert_eq!(nearest("subnet", ["subnets", "security_group_ids"]), Some("subnets"));
        assert_eq!(nearest("imgae", ["image", "mode"]), Some("image"));
        assert_eq!(nearest("nmae", ["image", "name"]), Some("name"));
        assert_eq!(nearest("zzz", ["image", "mode"]), None);
    }
}
