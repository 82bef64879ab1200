//! Programs as bytes, for storage.
//!
//! | bytes | hold |
//! |---|---|
//! | 8 | the magic `callsht` and a zero |
//! | 2 | the version of this format, lowest byte first |
//! | 2 | the version of the rule language |
//! | 32 | SHA-256 of everything behind it, and of the 12 bytes before it |
//! | rest | sections: number, length, content; all of them, ascending |
//!
//! One program has one byte string: [`decode`] refuses every other spelling of it. The checksum finds damage, not intent;
//! [`verify`](crate::code::verify()) is what makes foreign bytes safe to run.

use crate::code::Code;
use crate::code::program::{Constants, Origin, Place, Program};
use crate::code::wire::{Reader, Wire, put_varint};
use crate::event::Address;
use crate::event::address::DomainPattern;
use crate::value::outline::Outline;
use sha2::{Digest, Sha256};

/// The version of the byte format. Any change to it or to the instruction set counts one up.
pub const FORMAT_VERSION: u16 = 1;

/// The version of the rule language: `callsheet 1`.
pub const LANGUAGE_VERSION: u16 = 1;

/// Longest program that is read.
pub const PROGRAM_BYTES_MAX: usize = 64 * 1024 * 1024;

const MAGIC: [u8; 8] = *b"callsht\0";
const VERSIONS_AT: usize = MAGIC.len();
const CHECKSUM_AT: usize = VERSIONS_AT + 4;
const SECTIONS_AT: usize = CHECKSUM_AT + 32;

/// Why stored bytes are no program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The bytes begin otherwise than every program.
    #[error("not a compiled rule set")]
    NotAProgram,
    /// Longer than [`PROGRAM_BYTES_MAX`].
    #[error("a compiled rule set of {0} bytes, more than {PROGRAM_BYTES_MAX}")]
    TooLong(usize),
    /// Written by another version of callsheet: compile the rules again.
    #[error("format version {0} is not known, only {FORMAT_VERSION}")]
    UnknownFormat(u16),
    /// Written for another version of the rule language.
    #[error("`callsheet {0}` is not known, only `callsheet {LANGUAGE_VERSION}`")]
    UnknownLanguage(u16),
    /// Bytes were lost or changed since they were written.
    #[error("the checksum does not match")]
    Damaged,
    /// A time zone that the zone database does not have, or spells otherwise.
    #[error("time zone `{0}` is not in the zone database")]
    UnknownZone(String),
    /// The bytes say something that no program says.
    #[error("byte {at} of the content: {what}")]
    Malformed {
        /// Counted in the section that is wrong.
        at: usize,
        /// What is wrong there.
        what: &'static str,
    },
    /// The program is sound, but it has another spelling, which is the one to store.
    #[error("not the canonical form")]
    NotCanonical,
}

/// The parts of a program in the order in which they are stored, each with its number.
macro_rules! sections {
    ($($number:literal = $member:ident: $type:ty),+ $(,)?) => {
        fn put_sections(program: &Program, out: &mut Vec<u8>) {
            $(
                let mut content = Vec::new();
                program.$member.put(&mut content);
                out.push($number);
                put_varint(content.len() as u64, out);
                out.append(&mut content);
            )+
        }

        fn take_sections(input: &mut Reader<'_>) -> Result<Program, LoadError> {
            $(let $member: $type = take_section($number, input)?;)+
            Ok(Program { $($member),+ })
        }
    };
}

sections! {
    1 = origin: Origin,
    2 = outline: Outline,
    3 = own_domains: Vec<DomainPattern>,
    4 = aliases: Vec<Vec<Address>>,
    5 = constants: Constants,
    6 = code: Code,
    7 = places: Vec<Place>,
}

/// The bytes of a program.
#[must_use]
pub fn encode(program: &Program) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(FORMAT_VERSION.to_le_bytes());
    bytes.extend(LANGUAGE_VERSION.to_le_bytes());
    bytes.extend([0; SECTIONS_AT - CHECKSUM_AT]);
    put_sections(program, &mut bytes);
    let checksum = checksum(&bytes);
    bytes[CHECKSUM_AT..SECTIONS_AT].copy_from_slice(&checksum);
    bytes
}

/// The program that these bytes are. Nothing about it is proven yet but that it can be written back as the same bytes.
///
/// # Errors
/// Says what is wrong with the bytes. Whatever they are, reading them takes time and memory linear in their length.
pub fn decode(bytes: &[u8]) -> Result<Program, LoadError> {
    if bytes.len() < SECTIONS_AT || bytes[..VERSIONS_AT] != MAGIC {
        return Err(LoadError::NotAProgram);
    }
    if bytes.len() > PROGRAM_BYTES_MAX {
        return Err(LoadError::TooLong(bytes.len()));
    }
    let version = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
    if version(VERSIONS_AT) != FORMAT_VERSION {
        return Err(LoadError::UnknownFormat(version(VERSIONS_AT)));
    }
    if version(VERSIONS_AT + 2) != LANGUAGE_VERSION {
        return Err(LoadError::UnknownLanguage(version(VERSIONS_AT + 2)));
    }
    if bytes[CHECKSUM_AT..SECTIONS_AT] != checksum(bytes) {
        return Err(LoadError::Damaged);
    }
    let mut input = Reader::new(&bytes[SECTIONS_AT..]);
    let program = take_sections(&mut input)?;
    if !input.is_at_end() {
        return Err(input.malformed("more than a program"));
    }
    if encode(&program) != bytes {
        return Err(LoadError::NotCanonical);
    }
    Ok(program)
}

/// The same bytes with the checksum that belongs to them: for tests that look behind it.
#[must_use]
pub fn with_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.len() >= SECTIONS_AT {
        let checksum = checksum(&bytes);
        bytes[CHECKSUM_AT..SECTIONS_AT].copy_from_slice(&checksum);
    }
    bytes
}

fn take_section<T: Wire>(number: u8, input: &mut Reader<'_>) -> Result<T, LoadError> {
    if input.byte()? != number {
        return Err(input.malformed("a section that does not belong here"));
    }
    let length = usize::try_from(input.varint()?).map_err(|_| input.malformed("a length that goes past the end"))?;
    let mut content = Reader::new(input.slice(length)?);
    let value = T::take(&mut content)?;
    if !content.is_at_end() {
        return Err(content.malformed("a section that is longer than its content"));
    }
    Ok(value)
}

fn checksum(bytes: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(&bytes[..CHECKSUM_AT]);
    hash.update(&bytes[SECTIONS_AT..]);
    hash.finalize().into()
}
