//! Sets of whole numbers in stretches: seconds of the world's clock, days, or lengths.

/// A set; each stretch holds its first number and not its last, they ascend and do not touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Spans(Vec<(i64, i64)>);

/// No time that a calendar can write lies outside.
pub(super) const EDGE: i64 = 1 << 45;

impl Spans {
    /// Everything.
    pub fn all() -> Self {
        Self(vec![(-EDGE, EDGE)])
    }

    /// What lies in any of the stretches.
    pub fn of(stretches: impl IntoIterator<Item = (i64, i64)>) -> Self {
        let mut ordered: Vec<(i64, i64)> = stretches.into_iter().filter(|(from, to)| from < to).collect();
        ordered.sort_unstable();
        let mut merged: Vec<(i64, i64)> = Vec::with_capacity(ordered.len());
        for (from, to) in ordered {
            match merged.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => merged.push((from, to)),
            }
        }
        Self(merged)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of stretches.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The stretches, ascending.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (i64, i64)> + '_ {
        self.0.iter().copied()
    }

    /// What lies in both.
    pub fn and(&self, other: &Self) -> Self {
        let mut both = Vec::with_capacity(self.len().min(other.len()));
        let (mut left, mut right) = (self.0.as_slice(), other.0.as_slice());
        while let (Some((a, b)), Some((c, d))) = (left.first(), right.first()) {
            let (from, to) = (*a.max(c), *b.min(d));
            if from < to {
                both.push((from, to));
            }
            if b <= d { left = &left[1..] } else { right = &right[1..] }
        }
        Self(both)
    }

    /// What of `all` lies in none of these.
    pub fn but(&self, all: &Self) -> Self {
        let mut gaps = Vec::with_capacity(self.len() + 1);
        let mut begin = -EDGE;
        for (from, to) in self.iter() {
            gaps.push((begin, from));
            begin = to;
        }
        gaps.push((begin, EDGE));
        Self::of(gaps).and(all)
    }

    /// Every number greater by so much.
    pub fn shifted(&self, by: i64) -> Self {
        Self(self.iter().map(|(from, to)| (from.saturating_add(by), to.saturating_add(by))).collect())
    }

    /// The stretches cut at these numbers, which ascend.
    pub fn cut(&self, at: &[i64]) -> Vec<(i64, i64)> {
        let mut pieces = Vec::new();
        for (from, to) in self.iter() {
            let mut begin = from;
            let first = at.partition_point(|cut| *cut <= from);
            for cut in at[first..].iter().take_while(|cut| **cut < to) {
                pieces.push((begin, *cut));
                begin = *cut;
            }
            pieces.push((begin, to));
        }
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RANGE: std::ops::Range<i64> = -12..12;

    fn stretches() -> impl Strategy<Value = Vec<(i64, i64)>> {
        proptest::collection::vec((RANGE, RANGE), 0..6)
    }

    fn numbers(stretches: &[(i64, i64)]) -> Vec<i64> {
        RANGE.filter(|number| stretches.iter().any(|(from, to)| (*from..*to).contains(number))).collect()
    }

    fn contains(spans: &Spans, number: i64) -> bool {
        spans.iter().any(|(from, to)| (from..to).contains(&number))
    }

    proptest! {
        #[test]
        fn sets_are_what_their_numbers_are(left in stretches(), right in stretches(), by in RANGE, mut at in proptest::collection::vec(RANGE, 0..4)) {
            let (a, b) = (Spans::of(left.clone()), Spans::of(right.clone()));
            let in_b = numbers(&right);
            let both: Vec<i64> = numbers(&left).into_iter().filter(|number| in_b.contains(number)).collect();
            let held = |spans: &Spans| RANGE.filter(|number| contains(spans, *number)).collect::<Vec<i64>>();
            prop_assert_eq!(held(&a), numbers(&left));
            prop_assert_eq!(held(&a.and(&b)), both);
            prop_assert_eq!(held(&a.but(&b)), in_b.iter().copied().filter(|number| !contains(&a, *number)).collect::<Vec<i64>>());
            let shifted = a.shifted(by);
            prop_assert!(RANGE.into_iter().all(|number| contains(&shifted, number + by) == contains(&a, number)));
            at.sort_unstable();
            let pieces = a.cut(&at);
            prop_assert_eq!(numbers(&pieces), numbers(&left));
            prop_assert!(pieces.iter().all(|(from, to)| at.iter().all(|cut| cut <= from || cut >= to)));
            prop_assert_eq!(Spans::of(pieces), a);
        }
    }
}
