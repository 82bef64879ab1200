//! How many secrets one core seals and opens in a second, beside AES-256-GCM alone in the same run: a record costs a derivation
//! of its key, 28 random bytes and base64 on top.
//!
//! Seconds are those that the kernel gave to this thread, so that other work on the machine does not count; where it does not say,
//! those of the clock. One thread, tokens of 512 bytes, the tenant's key at hand as in a host's memory. Each figure is the median of the rounds.
//! `--test` makes one short round of each.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use callsheet::host::model::{ConnectionId, Origin, TenantId};
use callsheet::host::seal::record::{self, Place, TenantKey, new_key};
use secrecy::SecretString;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Bytes of a token: refresh tokens of Microsoft are about so long, those of Google shorter.
const TOKEN_BYTES: usize = 512;
/// How long a round takes, and how many there are.
const ROUND: Duration = Duration::from_secs(1);
const ROUNDS: usize = 9;
/// How many are done between two looks at the clock.
const BATCH: u32 = 256;
/// What is promised: seals a second.
const SEALS: f64 = 50_000.0;

fn main() {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let (round, rounds) = if is_test { (Duration::from_millis(20), 1) } else { (ROUND, ROUNDS) };
    let key = TenantKey { version: 1, bytes: new_key().expect("random bytes") };
    let place = Place::token(TenantId(7), ConnectionId(41), Origin::Google);
    let token = "x".repeat(TOKEN_BYTES);
    let secret = SecretString::from(token.as_str());
    let sealed = record::seal(&key, &place, &secret).expect("sealed");
    let raw = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).expect("a key"));
    let mut buffer = token.into_bytes();

    let (mut seals, mut opens, mut alone) = (Vec::new(), Vec::new(), Vec::new());
    let mut nonce = 0_u64;
    // In turns, so that what else the machine does meets all three alike.
    for _ in 0..rounds {
        alone.push(rate(round, || {
            let mut bytes = [0; 12];
            bytes[4..].copy_from_slice(&nonce.to_be_bytes());
            nonce += 1;
            let bound = Aad::from([0_u8; 96]);
            let tag = raw.seal_in_place_separate_tag(Nonce::assume_unique_for_key(bytes), bound, &mut buffer);
            let _tag = black_box(tag.expect("sealed"));
        }));
        seals.push(rate(round, || drop(black_box(record::seal(&key, &place, black_box(&secret)).expect("sealed")))));
        opens.push(rate(round, || drop(black_box(record::open(&key, &place, black_box(&sealed)).expect("its place")))));
    }
    let (alone, seals, opens) = (median(alone), median(seals), median(opens));
    println!("one core, {TOKEN_BYTES} bytes, median of {rounds} rounds of {} ms", round.as_millis());
    println!("AES-256-GCM alone   {alone:>10.0} /s  (the control: one key for all, a counter as nonce)");
    println!("seal                {seals:>10.0} /s  {:.1} µs, {:.1} times the control", 1e6 / seals, alone / seals);
    println!("open                {opens:>10.0} /s  {:.1} µs, {:.1} times the control", 1e6 / opens, alone / opens);
    assert!(is_test || seals >= SEALS, "fewer than {SEALS} seals a second");
}

/// How often a second `work` is done.
fn rate(round: Duration, mut work: impl FnMut()) -> f64 {
    let (begun, begun_cpu) = (Instant::now(), cpu());
    let mut done = 0_u32;
    while begun.elapsed() < round {
        (0..BATCH).for_each(|_| work());
        done += BATCH;
    }
    let elapsed = cpu().zip(begun_cpu).map_or_else(|| begun.elapsed(), |(now, begun)| now - begun);
    f64::from(done) / elapsed.as_secs_f64()
}

/// How long this thread has run, as the kernel counts.
fn cpu() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
