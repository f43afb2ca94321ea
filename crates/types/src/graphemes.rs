//! Characters as a reader counts them, which is what lengths and columns are in Terraform's language.

use unicode_segmentation::UnicodeSegmentation;

const ZERO_WIDTH_JOINER: char = '\u{200d}';

/// The characters of a text in the sense of Unicode's grapheme clusters.
///
/// Terraform divides by an edition of the rules that does not yet keep Indic conjuncts together: each consonant in one
/// begins a character of its own.
#[must_use]
pub fn graphemes(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for cluster in text.graphemes(true) {
        let mut rest = cluster;
        while let Some(end) = first_end(rest) {
            let (first, after) = rest.split_at(end);
            found.push(first);
            rest = after;
        }
        found.push(rest);
    }
    found
}

/// Where the first conjunct consonant in a cluster begins, which the character before it does not hold on to.
fn first_end(cluster: &str) -> Option<usize> {
    if cluster.len() < 6 {
        return None;
    }
    let pairs = cluster.char_indices().zip(cluster.char_indices().skip(1));
    pairs.map(|((start, before), (at, c))| (start, before, at, c)).find_map(|(start, before, at, c)| {
        let pair = cluster.get(start..at + c.len_utf8())?;
        let apart = c.is_alphabetic() && (before == ZERO_WIDTH_JOINER || pair.graphemes(true).nth(1).is_some());
        apart.then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_conjuncts_are_divided() {
        // As `split("", ...)` over `substr` tells in `terraform console`.
        assert_eq!(graphemes("नमस्ते"), ["न", "म", "स्", "ते"]);
        assert_eq!(graphemes("क्\u{200d}ष"), ["क्\u{200d}", "ष"]);
        for whole in ["é", "e\u{301}", "👨‍👩‍👧‍👦", "🇩🇪", "\r\n", "각", "\u{1100}\u{1161}\u{11a8}", "กำ", "நி"]
        {
            assert_eq!(graphemes(whole), [whole]);
        }
        assert_eq!(graphemes(""), [""; 0]);
    }
}
