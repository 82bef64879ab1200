//! Addresses and domain patterns: no panic, and reading is idempotent.
#![no_main]

use callsheet::event::Address;
use callsheet::event::address::DomainPattern;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Some(address) = Address::parse(text) {
        assert_eq!(Address::parse(address.as_str()).as_ref(), Some(&address));
        assert!(!address.domain().is_empty() && address.domain().is_ascii());
    }
    if let Ok(pattern) = DomainPattern::parse(text) {
        assert_eq!(DomainPattern::parse(&pattern.to_string()).as_ref(), Ok(&pattern));
    }
});
