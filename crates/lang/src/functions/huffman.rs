//! Codes of Huffman with a limited length, as blocks of compressed data have them (RFC 1951).

/// The code of each symbol: its bits in the order in which they are written, and how many there are.
#[derive(Clone, Debug, Default)]
pub(super) struct Code(Vec<(u32, u32)>);

impl Code {
    /// The shortest code for symbols that occur so often, with at most `limit` bits for each.
    pub(super) fn best(frequencies: &[u32], limit: usize) -> Code {
        let mut used: Vec<(u32, usize)> =
            frequencies.iter().enumerate().filter(|(_, count)| **count > 0).map(|(symbol, n)| (*n, symbol)).collect();
        let mut lengths = vec![0; frequencies.len()];
        if used.len() <= 2 {
            used.iter().for_each(|(_, symbol)| lengths[*symbol] = 1);
            return Code::of_lengths(&lengths);
        }
        used.sort_unstable();
        for leaves in leaves_by_level(&used, limit.min(used.len() - 1)) {
            used.iter().take(leaves).for_each(|(_, symbol)| lengths[*symbol] += 1);
        }
        Code::of_lengths(&lengths)
    }

    /// The canonical code whose symbols have these lengths.
    pub(super) fn of_lengths(lengths: &[u32]) -> Code {
        let mut codes = vec![(0, 0); lengths.len()];
        let mut next = 0u32;
        for length in 1..=lengths.iter().copied().max().unwrap_or(0) {
            next <<= 1;
            for (symbol, _) in lengths.iter().enumerate().filter(|(_, own)| **own == length) {
                codes[symbol] = (next.reverse_bits() >> (u32::BITS - length), length);
                next += 1;
            }
        }
        Code(codes)
    }

    /// The bits of a symbol, and how many there are.
    pub(super) fn bits(&self, symbol: usize) -> (u32, u32) {
        self.0.get(symbol).copied().unwrap_or_default()
    }

    /// How many bits a symbol has.
    pub(super) fn length(&self, symbol: usize) -> u32 {
        self.bits(symbol).1
    }

    /// How many bits symbols that occur so often take together.
    pub(super) fn cost(&self, frequencies: &[u32]) -> u64 {
        frequencies.iter().zip(&self.0).map(|(count, (_, length))| u64::from(*count) * u64::from(*length)).sum()
    }
}

/// How many of the rarest symbols get another bit at each level, found by merging packages (Larmore and Hirschberg):
/// each level has all symbols and the pairs of the level below, in the order of their weights. Of a symbol and a pair
/// of the same weight the pair comes first, which decides between codes of the same cost.
fn leaves_by_level(used: &[(u32, usize)], levels: usize) -> Vec<usize> {
    let mut rows: Vec<Vec<(u64, bool)>> = Vec::with_capacity(levels);
    for _ in 0..levels {
        let below = rows.last().map_or(&[][..], Vec::as_slice);
        let pairs = below.chunks_exact(2).map(|pair| (pair.iter().map(|(weight, _)| weight).sum(), false));
        let mut row: Vec<(u64, bool)> = pairs.chain(used.iter().map(|(count, _)| (u64::from(*count), true))).collect();
        row.sort_by_key(|(weight, _)| *weight);
        rows.push(row);
    }
    let mut wanted = 2 * used.len() - 2;
    let mut leaves = Vec::with_capacity(levels);
    for row in rows.iter().rev() {
        let symbols = row.iter().take(wanted).filter(|(_, is_symbol)| *is_symbol).count();
        leaves.push(symbols);
        wanted = 2 * (wanted - symbols);
    }
    leaves
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_symbols_get_long_codes_up_to_the_limit() {
        let lengths = |counts: &[u32], limit| {
            let code = Code::best(counts, limit);
            (0..counts.len()).map(|symbol| code.length(symbol)).collect::<Vec<_>>()
        };
        assert_eq!(lengths(&[1, 1, 2, 4, 8], 15), [4, 4, 3, 2, 1]);
        assert_eq!(lengths(&[1, 1, 2, 4, 8], 3), [3, 3, 3, 3, 1]);
        assert_eq!(lengths(&[0, 7, 0, 9], 15), [0, 1, 0, 1]);
        assert_eq!(lengths(&[3], 15), [1]);
    }

    #[test]
    fn codes_are_canonical_and_written_from_their_first_bit() {
        let code = Code::of_lengths(&[2, 1, 3, 3]);
        let bits: Vec<_> = (0..4).map(|symbol| code.bits(symbol)).collect();
        assert_eq!(bits, [(0b01, 2), (0b0, 1), (0b011, 3), (0b111, 3)]);
        assert_eq!(code.cost(&[1, 1, 1, 1]), 9);
    }
}
