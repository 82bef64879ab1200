//! What can be read can be formatted and converted, and says the same afterwards, comments included.
#![no_main]

use callsheet::engine::{FormatError, convert, format};
use callsheet::source::Form;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let formatted = match format("fuzz.rules", text) {
        Ok(formatted) => formatted,
        Err(FormatError::Unreadable(_)) => return,
        Err(FormatError::SelfCheck) => panic!("the formatted text does not say the same"),
    };
    assert_eq!(format("fuzz.rules", &formatted).ok().as_deref(), Some(formatted.as_str()), "formatting twice changes something");
    let (here, there) = match Form::of(&formatted) {
        Form::Text => (Form::Text, Form::Json),
        Form::Json => (Form::Json, Form::Text),
    };
    let other = match convert("fuzz.rules", &formatted, there) {
        Ok(other) => other,
        Err(FormatError::Unreadable(_)) => return,
        Err(FormatError::SelfCheck) => panic!("cannot be written in the other form"),
    };
    assert_eq!(convert("fuzz.rules", &other, here).ok().as_deref(), Some(formatted.as_str()), "there and back changes something");
});
