//! Finding many literals in one text, in one pass that looks at every position once.
//!
//! At each position the next one to four bytes are looked up in a filter of bits; only where that lets them through the literals
//! that begin like this are compared. A pass costs about as much as one search for one literal, whatever their number, and the
//! tables take some tens of bytes a literal. Few literals are found by vector instructions instead, several bytes at once.

use aho_corasick::Span;
use aho_corasick::packed::Searcher;

/// Some literals, ready to be found.
#[derive(Debug, Default)]
pub struct Scanner {
    texts: Vec<Box<str>>,
    /// The literals by their beginnings; places in it are what the table holds.
    order: Vec<u32>,
    /// A hash table with open addressing; empty runs are free places.
    runs: Box<[Run]>,
    /// A bit for each hash of a beginning.
    filter: Box<[u64]>,
    /// How far a hash is shifted to give a bit of the filter.
    shift: u32,
    /// Which lengths of beginnings there are, by their masks.
    masks: Vec<u32>,
    /// Tells where the next literal begins, where they are few.
    few: Option<Searcher>,
}

/// The literals of one beginning.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    beginning: u32,
    mask: u32,
    from: u32,
    count: u32,
}

/// Most bytes of a beginning.
const BEGINNING_MAX: usize = 4;

/// So many literals are few.
const FEW: usize = 64;

/// Bits of the filter for each beginning: one of sixteen positions of a text that holds none is let through.
const FILTER_BITS_EACH: usize = 16;

impl Scanner {
    /// A scanner for `texts`, none of which is empty. They are known by their places.
    #[must_use]
    pub fn of(texts: Vec<Box<str>>) -> Self {
        let mut order: Vec<u32> = (0..).take(texts.len()).collect();
        // Few literals are told apart by few bytes, and one pass over a text costs less than several.
        let shortest = texts.iter().map(|text| text.len()).min().unwrap_or_default();
        let length_max = if texts.len() <= FEW { shortest.min(BEGINNING_MAX) } else { BEGINNING_MAX };
        let beginning_of = |place: u32| beginning(texts[place as usize].as_bytes(), length_max);
        order.sort_unstable_by_key(|place| (beginning_of(*place), *place));
        let runs: Vec<Run> = order
            .chunk_by(|one, other| beginning_of(*one) == beginning_of(*other))
            .scan(0, |from, chunk| {
                let (mask, beginning) = beginning_of(chunk[0]);
                let run = Run { beginning, mask, from: *from, count: chunk.len() as u32 };
                *from += run.count;
                Some(run)
            })
            .collect();
        let bits = (runs.len() * FILTER_BITS_EACH).next_power_of_two().max(64);
        let mut scanner = Self {
            order,
            runs: vec![Run::default(); (runs.len() * 2).next_power_of_two()].into(),
            filter: vec![0; bits / 64].into(),
            shift: u32::BITS - bits.ilog2(),
            masks: runs.iter().map(|run| run.mask).collect(),
            few: if texts.len() <= FEW { Searcher::new(texts.iter().map(|text| text.as_bytes())) } else { None },
            texts,
        };
        scanner.masks.sort_unstable();
        scanner.masks.dedup();
        runs.into_iter().for_each(|run| scanner.insert(run));
        scanner
    }

    fn insert(&mut self, run: Run) {
        let hash = hash(run.beginning, run.mask);
        let bit = hash >> self.shift;
        self.filter[(bit / 64) as usize] |= 1 << (bit % 64);
        let mut place = hash as usize & (self.runs.len() - 1);
        while self.runs[place].count > 0 {
            place = (place + 1) & (self.runs.len() - 1);
        }
        self.runs[place] = run;
    }

    /// The literal of a place.
    #[must_use]
    pub fn text(&self, place: u32) -> &str {
        &self.texts[place as usize]
    }

    /// Tells `found` every place where a literal stands in `haystack`: the byte that it begins at, and which one it is.
    pub fn scan(&self, haystack: &str, mut found: impl FnMut(usize, u32)) {
        let bytes = haystack.as_bytes();
        if let Some(few) = &self.few {
            return self.scan_for_few(few, bytes, &mut found);
        }
        for &mask in &self.masks {
            let windows = bytes.windows(4).map(|window| u32::from_le_bytes([window[0], window[1], window[2], window[3]]));
            for (at, window) in windows.enumerate() {
                self.look(bytes, at, window & mask, mask, &mut found);
            }
            if mask != u32::MAX {
                for at in bytes.len().saturating_sub(3)..bytes.len() {
                    let (padded, window) = beginning(&bytes[at..], BEGINNING_MAX);
                    if padded >= mask {
                        self.look(bytes, at, window & mask, mask, &mut found);
                    }
                }
            }
        }
    }

    /// The search tells one literal of a place, and only where none begins before that one ends; here all count.
    fn scan_for_few(&self, few: &Searcher, bytes: &[u8], found: &mut impl FnMut(usize, u32)) {
        let mut from = 0;
        while let Some(at) = few.find_in(bytes, Span { start: from, end: bytes.len() }).map(|hit| hit.start()) {
            for (literal, text) in (0..).zip(&self.texts) {
                if bytes[at..].starts_with(text.as_bytes()) {
                    found(at, literal);
                }
            }
            from = at + 1;
        }
    }

    #[inline]
    fn look(&self, bytes: &[u8], at: usize, window: u32, mask: u32, found: &mut impl FnMut(usize, u32)) {
        let hash = hash(window, mask);
        let bit = hash >> self.shift;
        if self.filter[(bit / 64) as usize] >> (bit % 64) & 1 == 1 {
            self.compare(bytes, at, window, mask, hash, found);
        }
    }

    #[inline(never)]
    fn compare(&self, bytes: &[u8], at: usize, window: u32, mask: u32, hash: u32, found: &mut impl FnMut(usize, u32)) {
        let mut place = hash as usize & (self.runs.len() - 1);
        loop {
            let run = self.runs[place];
            if run.count == 0 {
                return;
            }
            if run.beginning == window && run.mask == mask {
                for &literal in &self.order[run.from as usize..][..run.count as usize] {
                    if bytes[at..].starts_with(self.texts[literal as usize].as_bytes()) {
                        found(at, literal);
                    }
                }
                return;
            }
            place = (place + 1) & (self.runs.len() - 1);
        }
    }
}

/// The first bytes, at most so many, as a number, and the mask that cuts longer windows to as many.
fn beginning(bytes: &[u8], length_max: usize) -> (u32, u32) {
    let mut first = [0; BEGINNING_MAX];
    let length = bytes.len().min(length_max);
    first[..length].copy_from_slice(&bytes[..length]);
    (u32::MAX >> (32 - 8 * length as u32), u32::from_le_bytes(first))
}

fn hash(window: u32, mask: u32) -> u32 {
    let mixed = (window ^ mask.count_ones() << 24).wrapping_mul(0x9e37_79b9);
    mixed ^ mixed >> 15
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_scan_finds_every_literal_everywhere(
            texts in proptest::collection::btree_set("[abé]{1,6}", 1..40),
            haystack in "[abcé]{0,40}",
        ) {
            let texts: Vec<Box<str>> = texts.into_iter().map(String::into_boxed_str).collect();
            let mut expected: Vec<(usize, u32)> = Vec::new();
            for (place, text) in (0..).zip(&texts) {
                let stands = |at: &usize| haystack.as_bytes()[*at..].starts_with(text.as_bytes());
                expected.extend((0..haystack.len()).filter(stands).map(|at| (at, place)));
            }
            let mut found = Vec::new();
            Scanner::of(texts).scan(&haystack, |at, place| found.push((at, place)));
            expected.sort_unstable();
            found.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_scanner_of_nothing_finds_nothing() {
        Scanner::of(Vec::new()).scan("anything", |_, _| unreachable!("nothing is looked for"));
    }
}
