//! A start and an end that lie apart as far as a length allows.

use super::spans::{EDGE, Spans};

/// What starts, ends and lengths there can be, in one unit.
pub(super) struct Fit<'f> {
    pub starts: &'f [(i64, i64)],
    pub ends: &'f [(i64, i64)],
    pub lengths: &'f Spans,
}

impl Fit<'_> {
    /// The pairs of a stretch of starts and one of ends in which some start and some end fit, with the starts that do and the
    /// lengths that they may have; those of `starts` that come first first.
    pub fn pairs(&self) -> impl Iterator<Item = Pair> + '_ {
        self.starts.iter().flat_map(move |start| self.lengths.iter().flat_map(move |length| self.of(*start, length)))
    }

    fn of(&self, (from, to): (i64, i64), (least, most): (i64, i64)) -> impl Iterator<Item = Pair> + '_ {
        let first = self.ends.partition_point(|(_, last)| last - 1 < from.saturating_add(least));
        let reach = (to - 1).saturating_add(most - 1).min(EDGE);
        self.ends[first..].iter().take_while(move |end| end.0 <= reach).map(move |end| Pair {
            starts: (from.max(end.0 - most + 1), to.min(end.1 - least)),
            ends: *end,
            lengths: (least, most),
        })
    }
}

/// Lengths that people would give a meeting are multiples of these, in seconds.
const ROUND: [i64; 2] = [5 * 60, 60];

/// Every start of these has an end among these, so far from it as a length of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub starts: (i64, i64),
    pub ends: (i64, i64),
    pub lengths: (i64, i64),
}

impl Pair {
    /// An end for a start of the pair: after the usual length where that fits, else after one as near as there is in round
    /// numbers.
    pub fn end(&self, start: i64, usual: i64) -> i64 {
        let (least, most) = (self.ends.0.max(start + self.lengths.0), (self.ends.1 - 1).min(start + self.lengths.1 - 1));
        let length = (start + usual).clamp(least, most) - start;
        let round =
            |step: i64| if length < usual { length.div_euclid(step) } else { (length + step - 1).div_euclid(step) } * step;
        let rounded = ROUND.into_iter().filter(|step| *step <= usual).map(|step| start + round(step));
        rounded.chain([start + length]).find(|end| (least..=most).contains(end)).unwrap_or(start + length)
    }

    /// The starts from which the usual length leads to an end of the pair; may be empty.
    pub fn starts_before_end(&self, usual: i64) -> (i64, i64) {
        (self.starts.0.max(self.ends.0 - usual), self.starts.1.min(self.ends.1 - usual))
    }

    /// Whether the usual length fits a start.
    pub fn is_usual(&self, start: i64, usual: i64) -> bool {
        (self.starts.0..self.starts.1).contains(&start) && self.end(start, usual) == start + usual
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stretches(of: std::ops::Range<i64>) -> impl Strategy<Value = Spans> {
        proptest::collection::vec((of.clone(), of), 0..4).prop_map(Spans::of)
    }

    fn contains(spans: &Spans, number: i64) -> bool {
        spans.iter().any(|(from, to)| (from..to).contains(&number))
    }

    proptest! {
        #[test]
        fn starts_and_ends_are_found_where_there_are_any(
            starts in stretches(-9..9),
            ends in stretches(-9..9),
            lengths in stretches(0..9),
        ) {
            let (in_starts, in_ends): (Vec<_>, Vec<_>) = (starts.iter().collect(), ends.iter().collect());
            let fit = Fit { starts: &in_starts, ends: &in_ends, lengths: &lengths };
            let by_trying = (-9..9).any(|start| (-9..9).any(|end| contains(&starts, start) && contains(&ends, end) && contains(&lengths, end - start)));
            let pairs: Vec<Pair> = fit.pairs().collect();
            prop_assert_eq!(!pairs.is_empty(), by_trying);
            for pair in pairs {
                prop_assert!(pair.starts.0 < pair.starts.1);
                for start in pair.starts.0..pair.starts.1 {
                    let end = pair.end(start, 3);
                    prop_assert!(contains(&starts, start) && contains(&ends, end) && contains(&lengths, end - start), "{:?} {} {}", pair, start, end);
                }
            }
        }
    }
}
