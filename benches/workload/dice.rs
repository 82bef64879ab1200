//! Chance that repeats itself: the same seed throws the same numbers on every machine.

/// A generator of pseudo-random numbers.
///
/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (SplitMix64).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number in `0..1`.
    pub fn share(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number in `from..to`; `from` where that is empty.
    pub fn between(&mut self, from: usize, to: usize) -> usize {
        from + (self.bits() % (to.saturating_sub(from)).max(1) as u64) as usize
    }

    /// Whether something happens that happens so often.
    pub fn happens(&mut self, share: f64) -> bool {
        self.share() < share
    }

    /// One of several.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.between(0, from.len())]
    }
}

/// Places in a list of which the earlier ones are met more often: the chance of place `n` falls as 1 / (n + 2).
#[derive(Clone, Debug)]
pub struct Zipf {
    /// For each place the chance of that or an earlier one.
    up_to: Vec<f64>,
}

impl Zipf {
    /// Places below `count`.
    pub fn new(count: usize) -> Self {
        let total: f64 = (0..count).map(weight).sum();
        let mut sum = 0.0;
        let up_to = (0..count).map(|place| {
            sum += weight(place) / total;
            sum
        });
        Self { up_to: up_to.collect() }
    }

    /// A place.
    pub fn place(&self, dice: &mut Dice) -> usize {
        let share = dice.share();
        self.up_to.partition_point(|up_to| *up_to < share).min(self.up_to.len() - 1)
    }
}

fn weight(place: usize) -> f64 {
    1.0 / (place + 2) as f64
}
