//! Gzip, byte for byte as Terraform writes it, so that configurations that move from one to the other see no change.
//!
//! What may be chosen freely in the format is chosen as the compressor of Go chooses at its default level: matches of
//! at least four bytes, found through chains of positions with the same hash and taken only when the next position
//! has no longer one; blocks of so many tokens; a flush before the end.

use flate2::Crc;

use super::huffman::Code;

/// How far back a match may lie.
const WINDOW: usize = 1 << 15;
const LONGEST: usize = 258;
/// The shortest match that is worth its bits.
const SHORTEST: usize = 4;
/// The most tokens in a block.
const BLOCK: usize = 1 << 14;
/// How many earlier positions are tried.
const CHAIN: usize = 128;
/// A match of this length is not improved on, at the same position and at the next.
const NICE: usize = 128;
const LAZY: usize = 16;
/// A match of the shortest length is worth it only as near as this.
const NEAR: usize = 4096;
/// The largest block that is stored as it is.
const STORED: usize = 65_535;
const HASH_BITS: u32 = 17;
const END_OF_BLOCK: usize = 256;

/// The text as a gzip file without name and time.
pub(super) fn compress(data: &[u8]) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(data);
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    let mut blocks = Bits::default();
    Matcher::new(data).run(&mut blocks);
    // What was written is flushed, and the end is a block of its own: both are stored blocks with nothing in them.
    blocks.store(&[], false);
    blocks.store(&[], true);
    out.extend(blocks.bytes);
    out.extend(crc.sum().to_le_bytes());
    out.extend(crc.amount().to_le_bytes());
    out
}

/// A byte of its own, or a repetition of what came before.
#[derive(Clone, Copy)]
enum Token {
    Byte(u8),
    Match { length: usize, distance: usize },
}

/// Finds repetitions.
struct Matcher<'d> {
    data: &'d [u8],
    /// The last position with each hash, and for each position of the window the one before it.
    last: Vec<Option<usize>>,
    before: Vec<Option<usize>>,
    /// Where the buffer begins, of which nothing can be seen before it. It holds two windows.
    base: usize,
    /// Where the block began; nothing when that is no longer in the buffer.
    block: Option<usize>,
    tokens: Vec<Token>,
}

impl<'d> Matcher<'d> {
    fn new(data: &'d [u8]) -> Matcher<'d> {
        let last = vec![None; 1 << HASH_BITS];
        Matcher { data, last, before: vec![None; WINDOW], base: 0, block: Some(0), tokens: Vec::new() }
    }

    fn run(mut self, out: &mut Bits) {
        let end = self.data.len();
        let mut at = 0;
        // The match at the position before, and whether that position still waits for its token.
        let mut previous = (SHORTEST - 1, 0);
        let mut waiting = false;
        loop {
            while at + SHORTEST + LONGEST > self.base + 2 * WINDOW && self.base + 2 * WINDOW < end {
                self.base += WINDOW;
                self.block = self.block.filter(|block| *block >= self.base);
            }
            if at == end {
                break;
            }
            let candidate = self.insert(at);
            let lookahead = end - at;
            let found = match candidate {
                Some(candidate) if lookahead > previous.0 && previous.0 < LAZY => self.longest(at, candidate),
                _ => None,
            };
            let current = found.unwrap_or((SHORTEST - 1, 0));
            if previous.0 >= SHORTEST && current.0 <= previous.0 {
                let (length, distance) = previous;
                self.tokens.push(Token::Match { length, distance });
                let next = at + length - 1;
                for inside in at + 1..next {
                    self.insert(inside);
                }
                at = next;
                waiting = false;
                previous = (SHORTEST - 1, 0);
                self.full(at, out);
                continue;
            }
            if waiting {
                self.tokens.extend(self.data.get(at - 1).map(|byte| Token::Byte(*byte)));
                self.full(at, out);
            }
            previous = current;
            waiting = true;
            at += 1;
        }
        if waiting {
            self.tokens.extend(self.data.last().map(|byte| Token::Byte(*byte)));
        }
        if !self.tokens.is_empty() {
            self.end_block(end, out);
        }
    }

    /// Notes a position, and gives the last one before it with the same hash.
    fn insert(&mut self, at: usize) -> Option<usize> {
        let bytes = <[u8; 4]>::try_from(self.data.get(at..at + SHORTEST)?).ok()?;
        let hash = u32::from_be_bytes(bytes).wrapping_mul(0x1e35_a7bd) >> (u32::BITS - HASH_BITS);
        let last = self.last.get_mut(usize::try_from(hash).ok()?)?.replace(at);
        if let Some(before) = self.before.get_mut(at % WINDOW) {
            *before = last;
        }
        last
    }

    /// The longest match, with its distance, among the positions of a chain.
    fn longest(&self, at: usize, candidate: usize) -> Option<(usize, usize)> {
        let most = (self.data.len() - at).min(LONGEST);
        let text = self.data.get(at..at + most)?;
        let oldest = at.saturating_sub(WINDOW);
        let mut best = None;
        let mut length = SHORTEST - 1;
        let mut from = candidate;
        for _ in 0..CHAIN {
            if from < oldest.max(self.base) {
                break;
            }
            let same = self.data.iter().skip(from).zip(text).take_while(|(a, b)| a == b).count();
            if same > length && (same > SHORTEST || at - from <= NEAR) {
                length = same;
                best = Some((length, at - from));
                if same >= most.min(NICE) {
                    break;
                }
            }
            // The entry of a position as old as the window is that of this position by now.
            if from + WINDOW == at {
                break;
            }
            let Some(next) = self.before.get(from % WINDOW).copied().flatten() else { break };
            from = next;
        }
        best
    }

    fn full(&mut self, at: usize, out: &mut Bits) {
        if self.tokens.len() == BLOCK {
            self.end_block(at, out);
        }
    }

    fn end_block(&mut self, at: usize, out: &mut Bits) {
        let plain = self.block.and_then(|block| self.data.get(block..at));
        self.block = Some(at);
        out.block(&std::mem::take(&mut self.tokens), plain);
    }
}

/// How the lengths of matches are coded: a symbol after that of the end of a block, and bits that follow it.
fn length_symbol(length: usize) -> (usize, usize, u32) {
    match length - 3 {
        255 => (END_OF_BLOCK + 29, 0, 0),
        rest @ 0..8 => (END_OF_BLOCK + 1 + rest, 0, 0),
        rest => {
            let extra = rest.ilog2() - 2;
            let step = rest >> extra;
            let symbol = END_OF_BLOCK + 1 + 4 * usize::try_from(extra).unwrap_or(0) + step;
            (symbol, rest - (step << extra), extra)
        }
    }
}

/// The same for their distances.
fn distance_symbol(distance: usize) -> (usize, usize, u32) {
    match distance - 1 {
        rest @ 0..4 => (rest, 0, 0),
        rest => {
            let extra = rest.ilog2() - 1;
            let step = rest >> extra;
            (2 * usize::try_from(extra).unwrap_or(0) + step, rest - (step << extra), extra)
        }
    }
}

/// Bits as they are written, from the lowest one of each byte.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    pending: u64,
    count: u32,
}

/// The codes of a block: of bytes and lengths, and of distances.
struct Codes {
    symbols: Code,
    distances: Code,
}

impl Bits {
    fn write(&mut self, bits: usize, count: u32) {
        self.pending |= (bits as u64) << self.count;
        self.count += count;
        while self.count >= 8 {
            self.bytes.push(self.pending as u8);
            self.pending >>= 8;
            self.count -= 8;
        }
    }

    fn code(&mut self, code: &Code, symbol: usize) {
        let (bits, count) = code.bits(symbol);
        self.write(bits as usize, count);
    }

    fn align(&mut self) {
        if self.count > 0 {
            self.write(0, 8 - self.count);
        }
    }

    /// A block of bytes as they are, no more than fit in one.
    fn store(&mut self, bytes: &[u8], last: bool) {
        self.write(usize::from(last), 3);
        self.align();
        let length = bytes.len() as u16;
        self.bytes.extend(length.to_le_bytes());
        self.bytes.extend((!length).to_le_bytes());
        self.bytes.extend(bytes);
    }

    /// A block of tokens in the shortest of the three ways: with the fixed codes, with codes of its own, or, where the
    /// bytes are still at hand, as they are.
    fn block(&mut self, tokens: &[Token], plain: Option<&[u8]>) {
        let (mut symbols, mut distances) = (vec![0u32; 286], vec![0u32; 30]);
        let mut extra = 0u64;
        symbols[END_OF_BLOCK] = 1;
        for token in tokens {
            match token {
                Token::Byte(byte) => symbols[usize::from(*byte)] += 1,
                Token::Match { length, distance } => {
                    let (symbol, _, more) = length_symbol(*length);
                    symbols[symbol] += 1;
                    extra += u64::from(more);
                    let (symbol, _, more) = distance_symbol(*distance);
                    distances[symbol] += 1;
                    extra += u64::from(more);
                }
            }
        }
        let used = |counts: &[u32]| counts.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1);
        let mut distance_count = used(&distances);
        if distance_count == 0 {
            // There is always a code of distances, if only of one.
            distances[0] = 1;
            distance_count = 1;
        }
        let own = Codes { symbols: Code::best(&symbols, 15), distances: Code::best(&distances, 15) };
        let header = Header::new(&own, used(&symbols), distance_count);
        let fixed = Codes::fixed();
        let cost = |codes: &Codes| codes.symbols.cost(&symbols) + codes.distances.cost(&distances);
        let (own_size, fixed_size) = (3 + header.size() + cost(&own) + extra, 3 + cost(&fixed) + extra);
        if let Some(plain) = plain.filter(|plain| plain.len() <= STORED)
            && (plain.len() as u64 + 5) * 8 < own_size.min(fixed_size)
        {
            return self.store(plain, false);
        }
        if own_size < fixed_size {
            self.write(0b100, 3);
            header.write(self);
            self.tokens(tokens, &own);
        } else {
            self.write(0b010, 3);
            self.tokens(tokens, &fixed);
        }
    }

    fn tokens(&mut self, tokens: &[Token], codes: &Codes) {
        for token in tokens {
            match token {
                Token::Byte(byte) => self.code(&codes.symbols, usize::from(*byte)),
                Token::Match { length, distance } => {
                    let (symbol, rest, extra) = length_symbol(*length);
                    self.code(&codes.symbols, symbol);
                    self.write(rest, extra);
                    let (symbol, rest, extra) = distance_symbol(*distance);
                    self.code(&codes.distances, symbol);
                    self.write(rest, extra);
                }
            }
        }
        self.code(&codes.symbols, END_OF_BLOCK);
    }
}

impl Codes {
    /// Those that the format defines.
    fn fixed() -> Codes {
        let lengths: Vec<u32> = (0..288)
            .map(|symbol| match symbol {
                0..144 | 280.. => 8,
                144..256 => 9,
                _ => 7,
            })
            .collect();
        Codes { symbols: Code::of_lengths(&lengths), distances: Code::of_lengths(&[5; 30]) }
    }
}

/// The description of a block's own codes: the lengths of their symbols, of which repetitions are shortened and which
/// then have a code themselves.
struct Header {
    symbols: usize,
    distances: usize,
    /// Each with what follows it and how many bits that has.
    lengths: Vec<(usize, usize, u32)>,
    code: Code,
    /// How many lengths of that code are written.
    written: usize,
    counts: Vec<u32>,
}

/// The order in which the lengths of the code of lengths are written.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

impl Header {
    fn new(codes: &Codes, symbols: usize, distances: usize) -> Header {
        let all: Vec<usize> = (0..symbols)
            .map(|symbol| codes.symbols.length(symbol) as usize)
            .chain((0..distances).map(|symbol| codes.distances.length(symbol) as usize))
            .collect();
        let mut lengths = Vec::new();
        for run in all.chunk_by(|a, b| a == b) {
            let length = run.first().copied().unwrap_or(0);
            let mut left = run.len();
            if length == 0 {
                while left >= 11 {
                    let count = left.min(138);
                    lengths.push((18, count - 11, 7));
                    left -= count;
                }
                if left >= 3 {
                    lengths.push((17, left - 3, 3));
                    left = 0;
                }
            } else {
                lengths.push((length, 0, 0));
                left -= 1;
                while left >= 3 {
                    let count = left.min(6);
                    lengths.push((16, count - 3, 2));
                    left -= count;
                }
            }
            lengths.extend(std::iter::repeat_n((length, 0, 0), left));
        }
        let mut counts = vec![0; ORDER.len()];
        lengths.iter().for_each(|(symbol, ..)| counts[*symbol] += 1);
        let written = ORDER.iter().rposition(|symbol| counts[*symbol] > 0).map_or(4, |last| (last + 1).max(4));
        Header { symbols, distances, lengths, code: Code::best(&counts, 7), written, counts }
    }

    fn size(&self) -> u64 {
        let more: u64 = self.lengths.iter().map(|(.., bits)| u64::from(*bits)).sum();
        14 + 3 * self.written as u64 + self.code.cost(&self.counts) + more
    }

    fn write(&self, out: &mut Bits) {
        out.write(self.symbols - 257, 5);
        out.write(self.distances - 1, 5);
        out.write(self.written - 4, 4);
        for symbol in ORDER.iter().take(self.written) {
            out.write(self.code.length(*symbol) as usize, 3);
        }
        for (symbol, rest, bits) in &self.lengths {
            out.code(&self.code, *symbol);
            out.write(*rest, *bits);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8]) -> Option<Vec<u8>> {
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(bytes).read_to_end(&mut text).ok()?;
        Some(text)
    }

    proptest! {
        #[test]
        fn what_was_compressed_is_read_back(
            parts in proptest::collection::vec(proptest::collection::vec(0u8..6, 0..40), 0..40),
            order in proptest::collection::vec(0usize..40, 0..400),
        ) {
            let data: Vec<u8> = order.iter().filter_map(|at| parts.get(*at)).flatten().copied().collect();
            prop_assert_eq!(read(&compress(&data)), Some(data));
        }
    }

    #[test]
    fn texts_longer_than_the_window_are_read_back() {
        let text: String = (0..60_000u32).map(|n| format!("{} ", n.wrapping_mul(2_654_435_761) >> 18)).collect();
        assert!(text.len() > 3 * STORED);
        assert_eq!(read(&compress(text.as_bytes())).as_deref(), Some(text.as_bytes()));
        let same = vec![b'a'; 200_000];
        assert_eq!(read(&compress(&same)), Some(same));
    }
}
