//! Numbers of people under sums that must lie in ranges.
//!
//! First greedily; where that fails, exactly: the simplex method with bounds on every variable (Dutertre and de Moura, "A fast
//! linear-arithmetic solver for DPLL(T)", 2006, without its objective) over fractions, and branches on what is not whole.

use crate::analysis::budget::{Budget, Limit};
use std::cmp::Ordering;

/// The sum of some variables, each counted once, and the range that it must lie in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// Ascending, without duplicates.
    pub variables: Vec<usize>,
    pub least: i64,
    pub most: i64,
}

/// As many as there may be; no sum gets there.
pub(super) const ENDLESS: i64 = 1 << 40;

/// Whole numbers, none negative, that keep all rows; `None` where there are none.
pub(super) fn solve(variables: usize, rows: &[Row], budget: &mut Budget) -> Result<Option<Vec<i64>>, Limit> {
    // There are never fewer than none of anybody.
    if rows.iter().any(|row| row.least > row.most || row.most < 0) {
        return Ok(None);
    }
    if let Some(values) = greedy(variables, rows) {
        return Ok(Some(values));
    }
    budget.take((variables * rows.len()) as u64 / 8 + 1)?;
    Tableau::new(variables, rows).whole(budget)
}

/// Adds, sum by sum, what is missing, where that breaks nothing.
fn greedy(variables: usize, rows: &[Row]) -> Option<Vec<i64>> {
    let mut values = vec![0; variables];
    let mut sums = vec![0; rows.len()];
    let holding: Vec<Vec<usize>> =
        (0..variables).map(|v| (0..rows.len()).filter(|row| rows[*row].variables.binary_search(&v).is_ok()).collect()).collect();
    for _ in 0..rows.len() * 2 {
        let Some(short) = (0..rows.len()).find(|row| sums[*row] < rows[*row].least) else { return Some(values) };
        let room = |v: usize| holding[v].iter().map(|row| rows[*row].most - sums[*row]).min().unwrap_or(ENDLESS);
        let helps = |v: usize| holding[v].iter().filter(|row| sums[**row] < rows[**row].least).count();
        let best = rows[short]
            .variables
            .iter()
            .copied()
            .filter(|v| room(*v) > 0)
            .max_by_key(|v| (helps(*v), std::cmp::Reverse(holding[*v].len()), std::cmp::Reverse(*v)))?;
        let add = room(best).min(rows[short].least - sums[short]);
        values[best] += add;
        holding[best].iter().for_each(|row| sums[*row] += add);
    }
    rows.iter().zip(&sums).all(|(row, sum)| *sum >= row.least).then_some(values)
}

/// A fraction in lowest terms with a positive denominator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ratio {
    over: i128,
    under: i128,
}

impl Ratio {
    const ZERO: Self = Self { over: 0, under: 1 };

    fn of(whole: i64) -> Self {
        Self { over: whole.into(), under: 1 }
    }

    fn new(over: i128, under: i128) -> Self {
        let (mut a, mut b) = (over.abs(), under.abs());
        while b != 0 {
            (a, b) = (b, a % b);
        }
        let sign = if under < 0 { -1 } else { 1 };
        Self { over: sign * over / a.max(1), under: sign * under / a.max(1) }
    }

    fn plus(self, other: Self) -> Self {
        Self::new(self.over * other.under + other.over * self.under, self.under * other.under)
    }

    fn times(self, other: Self) -> Self {
        Self::new(self.over * other.over, self.under * other.under)
    }

    fn negative(self) -> Self {
        Self { over: -self.over, ..self }
    }

    fn inverse(self) -> Self {
        Self::new(self.under, self.over)
    }

    fn floor(self) -> i64 {
        i64::try_from(self.over.div_euclid(self.under)).unwrap_or(ENDLESS)
    }

    fn is_whole(self) -> bool {
        self.under == 1
    }
}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some((self.over * other.under).cmp(&(other.over * self.under)))
    }
}

/// Variables first, then one for the sum of each row. Basic ones are written as sums of the others.
#[derive(Clone)]
struct Tableau {
    variables: usize,
    least: Vec<i64>,
    most: Vec<i64>,
    values: Vec<Ratio>,
    /// For each basic variable its coefficients over all others.
    basic: Vec<(usize, Vec<Ratio>)>,
}

impl Tableau {
    fn new(variables: usize, rows: &[Row]) -> Self {
        let all = variables + rows.len();
        let mut least = vec![0; variables];
        let mut most = vec![ENDLESS; variables];
        least.extend(rows.iter().map(|row| row.least));
        most.extend(rows.iter().map(|row| row.most));
        let basic = rows.iter().enumerate().map(|(at, row)| {
            let mut sum = vec![Ratio::ZERO; all];
            row.variables.iter().for_each(|v| sum[*v] = Ratio::of(1));
            (variables + at, sum)
        });
        Self { variables, least, most, values: vec![Ratio::ZERO; all], basic: basic.collect() }
    }

    /// Whole values, by branching.
    fn whole(mut self, budget: &mut Budget) -> Result<Option<Vec<i64>>, Limit> {
        if !self.fractional(budget)? {
            return Ok(None);
        }
        let Some(broken) = (0..self.variables).find(|v| !self.values[*v].is_whole()) else {
            return Ok(Some(self.values[..self.variables].iter().map(|value| value.floor()).collect()));
        };
        let floor = self.values[broken].floor();
        let mut below = self.clone();
        below.most[broken] = floor;
        below.clamp(broken);
        if let Some(values) = below.whole(budget)? {
            return Ok(Some(values));
        }
        self.least[broken] = floor + 1;
        self.clamp(broken);
        self.whole(budget)
    }

    /// Brings a variable that others depend on back into its range.
    fn clamp(&mut self, at: usize) {
        if self.basic.iter().any(|(basic, _)| *basic == at) {
            return;
        }
        let value = self.values[at];
        let bound = if value < Ratio::of(self.least[at]) { self.least[at] } else { self.most[at] };
        if value < Ratio::of(self.least[at]) || value > Ratio::of(self.most[at]) {
            self.shift(at, Ratio::of(bound).plus(value.negative()));
        }
    }

    /// Adds to a variable that is not basic, and to all that depend on it.
    fn shift(&mut self, at: usize, by: Ratio) {
        self.values[at] = self.values[at].plus(by);
        for (basic, sum) in &self.basic {
            self.values[*basic] = self.values[*basic].plus(sum[at].times(by));
        }
    }

    /// Values, not whole maybe, inside of all ranges; false where there are none. The lowest number first, so that it ends.
    fn fractional(&mut self, budget: &mut Budget) -> Result<bool, Limit> {
        loop {
            let outside = |(basic, _): &&(usize, Vec<Ratio>)| {
                let value = self.values[*basic];
                value < Ratio::of(self.least[*basic]) || value > Ratio::of(self.most[*basic])
            };
            let Some(leaving) = self.basic.iter().filter(outside).map(|(basic, _)| *basic).min() else { return Ok(true) };
            let row = self.basic.iter().position(|(basic, _)| *basic == leaving).expect("it is basic");
            budget.take(self.basic.len() as u64 * self.values.len() as u64 / 16 + 1)?;
            let too_small = self.values[leaving] < Ratio::of(self.least[leaving]);
            let target = Ratio::of(if too_small { self.least[leaving] } else { self.most[leaving] });
            let sum = &self.basic[row].1;
            let can_help = |v: &usize| {
                let grows = (sum[*v] > Ratio::ZERO) == too_small;
                sum[*v] != Ratio::ZERO
                    && if grows {
                        self.values[*v] < Ratio::of(self.most[*v])
                    } else {
                        self.values[*v] > Ratio::of(self.least[*v])
                    }
            };
            let Some(entering) = (0..self.values.len()).find(can_help) else { return Ok(false) };
            let by = target.plus(self.values[leaving].negative()).times(sum[entering].inverse());
            self.shift(entering, by);
            self.pivot(row, entering);
        }
    }

    /// Lets a variable that depends on others and one of those change places.
    fn pivot(&mut self, row: usize, entering: usize) {
        let (leaving, old) = std::mem::take(&mut self.basic[row]);
        let scale = old[entering].inverse();
        let mut sum: Vec<Ratio> = old.iter().map(|part| part.times(scale).negative()).collect();
        sum[entering] = Ratio::ZERO;
        sum[leaving] = scale;
        for (_, other) in self.basic.iter_mut().filter(|(_, other)| !other.is_empty()) {
            let factor = std::mem::replace(&mut other[entering], Ratio::ZERO);
            if factor != Ratio::ZERO {
                for (part, new) in other.iter_mut().zip(&sum) {
                    *part = part.plus(factor.times(*new));
                }
            }
        }
        self.basic[row] = (entering, sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All ways to give each of a few variables 0 to 3.
    fn by_trying(variables: usize, rows: &[Row]) -> bool {
        (0..4_usize.pow(variables as u32)).any(|code| {
            let value = |v: usize| (code / 4_usize.pow(v as u32) % 4) as i64;
            rows.iter().all(|row| (row.least..=row.most).contains(&row.variables.iter().map(|v| value(*v)).sum()))
        })
    }

    #[test]
    fn sums_can_be_kept_exactly_where_trying_finds_a_way() {
        let mut seed = 1_u64;
        let mut random = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        for _ in 0..3_000 {
            let variables = 1 + random(5) as usize;
            let mut rows: Vec<Row> = (0..variables).map(|v| Row { variables: vec![v], least: 0, most: 3 }).collect();
            for _ in 0..random(5) {
                let chosen: Vec<usize> = (0..variables).filter(|_| random(2) == 0).collect();
                let least = random(7) as i64 - 1;
                rows.push(Row { variables: chosen, least, most: least + random(4) as i64 });
            }
            let found = solve(variables, &rows, &mut Budget::default()).expect("within the budget");
            assert_eq!(found.is_some(), by_trying(variables, &rows), "{rows:?}");
            if let Some(values) = found {
                for row in &rows {
                    let sum: i64 = row.variables.iter().map(|v| values[*v]).sum();
                    assert!((row.least..=row.most).contains(&sum), "{rows:?} {values:?}");
                }
            }
            let exact = Tableau::new(variables, &rows).whole(&mut Budget::default()).expect("within the budget");
            assert_eq!(exact.is_some(), by_trying(variables, &rows), "{rows:?}");
        }
    }
}
