//! Letter case, one character for one character.
//!
//! The standard library maps some letters to several (`ß` to `SS`), which Terraform's functions never do: a letter
//! without a single counterpart stays as it is.

/// The upper-case counterpart of a character.
pub(super) fn upper(c: char) -> char {
    match u32::from(c) {
        // Greek letters with iota subscript: their one counterpart is the title-case letter.
        code @ (0x1f80..=0x1f87 | 0x1f90..=0x1f97 | 0x1fa0..=0x1fa7) => char::from_u32(code + 8).unwrap_or(c),
        code @ (0x1fb3 | 0x1fc3 | 0x1ff3) => char::from_u32(code + 9).unwrap_or(c),
        _ => single(c.to_uppercase(), c),
    }
}

/// The lower-case counterpart of a character.
pub(super) fn lower(c: char) -> char {
    match c {
        'İ' => 'i',
        _ => single(c.to_lowercase(), c),
    }
}

/// The counterpart of a character at the beginning of a word.
pub(super) fn title(c: char) -> char {
    match c {
        'Ǆ' | 'ǅ' | 'ǆ' => 'ǅ',
        'Ǉ' | 'ǈ' | 'ǉ' => 'ǈ',
        'Ǌ' | 'ǋ' | 'ǌ' => 'ǋ',
        'Ǳ' | 'ǲ' | 'ǳ' => 'ǲ',
        // Georgian has capitals, but no capital initials.
        'ა'..='ჺ' | 'ჽ'..='ჿ' => c,
        _ => upper(c),
    }
}

fn single(mut mapped: impl Iterator<Item = char>, c: char) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_character_stays_one() {
        assert_eq!([upper('ß'), upper('é'), upper('ᾳ'), lower('İ'), title('ǆ')], ['ß', 'É', 'ᾼ', 'i', 'ǅ']);
    }
}
