//! Chance that repeats: the numbers of one seed, always the same.

/// A generator of numbers (SplitMix64): one word of state, no two seeds alike, quick enough to ask for every request.
///
/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dice {
    state: u64,
}

impl Dice {
    /// The numbers of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// Other numbers of the same seed, for a use that must not disturb the first one's.
    #[must_use]
    pub fn of(seed: u64, purpose: &str) -> Self {
        Self::new(seed ^ hash(purpose))
    }

    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mixed(self.state)
    }

    /// A number below `bound`; 0 for a bound of 0. Uneven by less than one in 2^32 for the small bounds that are used.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.roll() % bound }
    }

    /// Whether something with this many chances in a thousand happens.
    pub fn chance(&mut self, per_mille: u32) -> bool {
        self.below(1000) < u64::from(per_mille)
    }

    /// One of `choices`.
    ///
    /// # Panics
    /// Where there is no choice.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        let at = usize::try_from(self.below(choices.len() as u64)).expect("a place in a slice");
        &choices[at]
    }
}

/// The finisher of SplitMix64: every bit of the input moves every bit of the output.
fn mixed(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

/// A number for a text, the same on every machine: FNV-1a with a finisher. For ids and orders, not for secrets.
#[must_use]
pub fn hash(text: &str) -> u64 {
    hash_bytes(text.as_bytes())
}

/// The same number for bytes.
#[must_use]
pub fn hash_bytes(bytes: &[u8]) -> u64 {
    mixed(bytes.iter().fold(0xCBF2_9CE4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_the_published_numbers() {
        let mut dice = Dice::new(1_234_567);
        assert_eq!([dice.roll(), dice.roll(), dice.roll()], [6457827717110365317, 3203168211198807973, 9817491932198370423]);
    }

    #[test]
    fn chances_are_about_what_they_say() {
        let mut dice = Dice::new(7);
        let hits = (0..10_000).filter(|_| dice.chance(250)).count();
        assert!((2_300..2_700).contains(&hits), "{hits}");
        assert_eq!(dice.below(0), 0);
    }
}
