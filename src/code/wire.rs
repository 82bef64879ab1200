//! How values are written as bytes: numbers as short varints, texts and lists with their length in front.
//!
//! Reading trusts no byte. Every element takes at least one byte of the input and lists grow as they are read, so a lying
//! length runs into the end of the input before it costs memory. Nested values stop at [`DEPTH_MAX`].

use crate::code::LoadError;
use std::collections::BTreeMap;

/// Deepest nesting of a condition in a program. Rule files end at 32; the rest is for those who raise that.
pub const DEPTH_MAX: usize = 128;

/// A value that programs hold, as bytes.
pub(in crate::code) trait Wire: Sized {
    /// Appends the value.
    fn put(&self, out: &mut Vec<u8>);
    /// Reads the value; the cursor then stands behind it.
    fn take(input: &mut Reader<'_>) -> Result<Self, LoadError>;
}

/// A cursor over untrusted bytes.
pub(in crate::code) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, depth: 0 }
    }

    pub fn byte(&mut self) -> Result<u8, LoadError> {
        let byte = *self.bytes.get(self.at).ok_or_else(|| self.malformed("the end comes too early"))?;
        self.at += 1;
        Ok(byte)
    }

    pub fn slice(&mut self, length: usize) -> Result<&'a [u8], LoadError> {
        let rest = &self.bytes[self.at..];
        let slice = rest.get(..length).ok_or_else(|| self.malformed("a length that goes past the end"))?;
        self.at += length;
        Ok(slice)
    }

    /// A number in as few bytes as it needs: seven bits a byte, the lowest first.
    pub fn varint(&mut self) -> Result<u64, LoadError> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits || (byte == 0 && shift > 0) {
                return Err(self.malformed("a number in more bytes than it needs"));
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(self.malformed("a number that is too large"))
    }

    /// Reads something nested by `read`, unless that goes too deep.
    pub fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, LoadError>) -> Result<T, LoadError> {
        if self.depth == DEPTH_MAX {
            return Err(self.malformed("values nested too deep"));
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    pub fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    pub fn malformed(&self, what: &'static str) -> LoadError {
        LoadError::Malformed { at: self.at, what }
    }
}

pub(in crate::code) fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

macro_rules! unsigned {
    ($($type:ty)+) => {
        $(impl Wire for $type {
            fn put(&self, out: &mut Vec<u8>) {
                put_varint(u64::from(*self), out);
            }

            fn take(input: &mut Reader<'_>) -> Result<Self, LoadError> {
                let value = input.varint()?;
                <$type>::try_from(value).map_err(|_| input.malformed("a number that is too large"))
            }
        })+
    };
}

unsigned! { u8 u16 u32 u64 }

/// Zigzag: small numbers of either sign stay short.
impl Wire for i64 {
    fn put(&self, out: &mut Vec<u8>) {
        put_varint(((self << 1) ^ (self >> 63)) as u64, out);
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, LoadError> {
        let value = input.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }
}

impl Wire for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, LoadError> {
        match input.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(input.malformed("neither yes nor no")),
        }
    }
}

impl Wire for String {
    fn put(&self, out: &mut Vec<u8>) {
        put_varint(self.len() as u64, out);
        out.extend_from_slice(self.as_bytes());
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, LoadError> {
        let length = usize::try_from(input.varint()?).map_err(|_| input.malformed("a length that goes past the end"))?;
        let bytes = input.slice(length)?;
        let text = std::str::from_utf8(bytes).map_err(|_| input.malformed("a text that is not UTF-8"))?;
        Ok(text.to_owned())
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        put_varint(self.len() as u64, out);
        self.iter().for_each(|item| item.put(out));
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, LoadError> {
        let length = input.varint()?;
        let mut items = Self::new();
        for _ in 0..length {
            items.push(T::take(input)?);
        }
        Ok(items)
    }
}

impl<T: Wire> Wire for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, LoadError> {
        Ok(if bool::take(input)? { Some(T::take(input)?) } else { None })
    }
}

impl<T: Wire> Wire for Box<T> {
    fn put(&self, out: &mut Vec<u8>) {
        T::put(self, out);
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, LoadError> {
        T::take(input).map(Self::new)
    }
}

impl<A: Wire, B: Wire> Wire for (A, B) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, LoadError> {
        Ok((A::take(input)?, B::take(input)?))
    }
}

impl<V: Wire> Wire for BTreeMap<String, V> {
    fn put(&self, out: &mut Vec<u8>) {
        put_varint(self.len() as u64, out);
        for (key, value) in self {
            key.put(out);
            value.put(out);
        }
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, LoadError> {
        let length = input.varint()?;
        let mut map = Self::new();
        for _ in 0..length {
            let key = String::take(input)?;
            if map.last_key_value().is_some_and(|(last, _)| *last >= key) {
                return Err(input.malformed("keys out of order"));
            }
            map.insert(key, V::take(input)?);
        }
        Ok(map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_the_shortest_form_only() {
        for value in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX - 1, u64::MAX] {
            let mut bytes = Vec::new();
            put_varint(value, &mut bytes);
            assert_eq!(Reader::new(&bytes).varint().ok(), Some(value));
        }
        for overlong in
            [&[0x80, 0][..], &[0xff, 0x80, 0], &[0xff; 11], &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2]]
        {
            assert!(Reader::new(overlong).varint().is_err(), "{overlong:x?}");
        }
    }

    #[test]
    fn a_lying_length_costs_nothing() {
        let mut bytes = Vec::new();
        put_varint(u64::MAX, &mut bytes);
        bytes.push(1);
        assert!(Vec::<u64>::take(&mut Reader::new(&bytes)).is_err());
        assert!(String::take(&mut Reader::new(&bytes)).is_err());
    }
}
