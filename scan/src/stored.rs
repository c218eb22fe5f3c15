//! Tables to bytes and back: what was built in, bytes out that are opened
//! without copying them.
//!
//! Numbers stand in little-endian order and need not be aligned. What is opened
//! shares the bytes it was opened from. Bytes may come from anybody: what does
//! not fit is refused, and every look-up in a table is bounded.

use std::marker::PhantomData;

use bytes::Bytes;

/// These bytes are no tables of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the tables of the patterns are cut off or malformed")
    }
}

impl std::error::Error for Malformed {}

/// What is left of bytes that are opened.
pub(crate) struct Reader(pub(crate) Bytes);

impl Reader {
    fn take(&mut self, length: usize) -> Result<Bytes, Malformed> {
        if length > self.0.len() {
            return Err(Malformed);
        }
        Ok(self.0.split_to(length))
    }

    pub(crate) fn read<T: Stored>(&mut self) -> Result<T, Malformed> {
        T::load(self)
    }
}

/// What can be written to bytes and opened again.
pub(crate) trait Stored: Sized {
    fn store(&self, to: &mut Vec<u8>);
    fn load(from: &mut Reader) -> Result<Self, Malformed>;
}

/// The fields of a type, one after the other.
macro_rules! stored {
    ($type:ident { $($field:ident),* $(,)? }) => {
        impl $crate::stored::Stored for $type {
            fn store(&self, to: &mut Vec<u8>) {
                let $type { $($field),* } = self;
                $($crate::stored::Stored::store($field, to);)*
            }

            fn load(
                from: &mut $crate::stored::Reader,
            ) -> Result<Self, $crate::stored::Malformed> {
                Ok($type { $($field: from.read()?),* })
            }
        }
    };
}
pub(crate) use stored;

macro_rules! number {
    ($($number:ident)*) => {$(
        impl Stored for $number {
            fn store(&self, to: &mut Vec<u8>) {
                to.extend_from_slice(&self.to_le_bytes());
            }

            fn load(from: &mut Reader) -> Result<Self, Malformed> {
                let bytes = from.take(size_of::<$number>())?;
                let bytes = bytes.first_chunk().ok_or(Malformed)?;
                Ok($number::from_le_bytes(*bytes))
            }
        }
    )*};
}
number!(u8 u16 u32 u64);

impl Stored for bool {
    fn store(&self, to: &mut Vec<u8>) {
        u8::from(*self).store(to);
    }

    fn load(from: &mut Reader) -> Result<bool, Malformed> {
        match from.read()? {
            0_u8 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed),
        }
    }
}

impl Stored for Bytes {
    fn store(&self, to: &mut Vec<u8>) {
        (self.len() as u32).store(to);
        to.extend_from_slice(self);
    }

    fn load(from: &mut Reader) -> Result<Bytes, Malformed> {
        let length: u32 = from.read()?;
        from.take(length as usize)
    }
}

impl<T: Stored> Stored for Option<T> {
    fn store(&self, to: &mut Vec<u8>) {
        self.is_some().store(to);
        if let Some(value) = self {
            value.store(to);
        }
    }

    fn load(from: &mut Reader) -> Result<Option<T>, Malformed> {
        let is_there: bool = from.read()?;
        is_there.then(|| from.read()).transpose()
    }
}

impl<T: Stored> Stored for Vec<T> {
    fn store(&self, to: &mut Vec<u8>) {
        (self.len() as u32).store(to);
        for value in self {
            value.store(to);
        }
    }

    fn load(from: &mut Reader) -> Result<Vec<T>, Malformed> {
        let count: u32 = from.read()?;
        // Each takes a byte at least: a count that lies takes no memory.
        if count as usize > from.0.len() {
            return Err(Malformed);
        }
        (0..count).map(|_| from.read()).collect()
    }
}

impl<T: Stored> Stored for Box<[T]> {
    fn store(&self, to: &mut Vec<u8>) {
        (self.len() as u32).store(to);
        for value in self {
            value.store(to);
        }
    }

    fn load(from: &mut Reader) -> Result<Box<[T]>, Malformed> {
        Vec::load(from).map(Vec::into)
    }
}

impl<T: Stored, const N: usize> Stored for [T; N] {
    fn store(&self, to: &mut Vec<u8>) {
        for value in self {
            value.store(to);
        }
    }

    fn load(from: &mut Reader) -> Result<[T; N], Malformed> {
        let values: Vec<T> = (0..N).map(|_| from.read()).collect::<Result<_, _>>()?;
        values.try_into().map_err(|_| Malformed)
    }
}

/// Numbers, or rows of them, as bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Words<W> {
    bytes: Bytes,
    of: PhantomData<W>,
}

/// What [`Words`] may hold.
pub(crate) trait Word: Copy {
    /// What one takes, in bytes.
    const BYTES: usize;

    /// The one at a position.
    fn at(bytes: &[u8], position: usize) -> Option<Self>;

    fn put(self, to: &mut Vec<u8>);
}

macro_rules! word {
    ($($number:ident)*) => {$(
        impl Word for $number {
            const BYTES: usize = size_of::<$number>();

            #[inline]
            fn at(bytes: &[u8], position: usize) -> Option<$number> {
                let (words, _) = bytes.as_chunks::<{ size_of::<$number>() }>();
                words.get(position).map(|word| $number::from_le_bytes(*word))
            }

            fn put(self, to: &mut Vec<u8>) {
                to.extend_from_slice(&self.to_le_bytes());
            }
        }
    )*};
}
word!(u8 u16 u32 u64);

impl<const N: usize> Word for [u32; N] {
    const BYTES: usize = 4 * N;

    #[inline]
    fn at(bytes: &[u8], position: usize) -> Option<[u32; N]> {
        let start = position.checked_mul(Self::BYTES)?;
        let (words, _) = bytes.get(start..start + Self::BYTES)?.as_chunks::<4>();
        let words: &[[u8; 4]; N] = words.first_chunk()?;
        Some(words.map(u32::from_le_bytes))
    }

    fn put(self, to: &mut Vec<u8>) {
        for word in self {
            word.put(to);
        }
    }
}

impl<W: Word> Words<W> {
    /// The word at a position.
    #[inline]
    pub(crate) fn get(&self, position: usize) -> Option<W> {
        W::at(&self.bytes, position)
    }

    /// How many there are.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.bytes.len() / W::BYTES
    }

    /// What they take.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = W> {
        self.range(0, self.len())
    }

    /// Those from one position up to another one.
    #[inline]
    pub(crate) fn range(&self, from: usize, to: usize) -> impl Iterator<Item = W> {
        (from..to).map_while(|position| self.get(position))
    }

    /// How many there are before the first one that is not so, where those that
    /// are so come first.
    pub(crate) fn partition_point(&self, is_so: impl Fn(W) -> bool) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.get(middle).is_some_and(&is_so) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

impl<W: Word> Default for Words<W> {
    fn default() -> Words<W> {
        Words {
            bytes: Bytes::new(),
            of: PhantomData,
        }
    }
}

impl<W: Word> FromIterator<W> for Words<W> {
    fn from_iter<I: IntoIterator<Item = W>>(words: I) -> Words<W> {
        let mut bytes = Vec::new();
        words.into_iter().for_each(|word| word.put(&mut bytes));
        Words {
            bytes: bytes.into(),
            of: PhantomData,
        }
    }
}

impl<W: Word> From<Vec<W>> for Words<W> {
    fn from(words: Vec<W>) -> Words<W> {
        words.into_iter().collect()
    }
}

impl<W: Word> Stored for Words<W> {
    fn store(&self, to: &mut Vec<u8>) {
        self.bytes.store(to);
    }

    fn load(from: &mut Reader) -> Result<Words<W>, Malformed> {
        let bytes: Bytes = from.read()?;
        if !bytes.len().is_multiple_of(W::BYTES) {
            return Err(Malformed);
        }
        Ok(Words {
            bytes,
            of: PhantomData,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_where_they_stand() {
        let words: Words<u16> = [1, 2, 0xFFFE].into_iter().collect();
        let mut bytes = vec![9];
        words.store(&mut bytes);
        let whole = Bytes::from(bytes);
        let opened: Words<u16> = Reader(whole.slice(1..)).read().unwrap();
        assert_eq!(opened, words);
        assert_eq!((opened.get(2), opened.get(3)), (Some(0xFFFE), None));
        assert_eq!(opened.bytes().as_ptr(), whole[5..].as_ptr());
        assert_eq!(opened.partition_point(|word| word < 3), 2);
    }

    #[test]
    fn rows_are_read_whole_or_not_at_all() {
        let rows: Words<[u32; 3]> = vec![[1, 2, 3], [4, 5, 6]].into();
        assert_eq!(rows.get(1), Some([4, 5, 6]));
        assert_eq!((rows.get(2), rows.len()), (None, 2));
    }

    #[test]
    fn what_is_cut_or_lies_is_refused_and_takes_no_memory() {
        let mut bytes = Vec::new();
        vec![Some(7_u32), None].store(&mut bytes);
        let read = |bytes: &[u8]| Reader(Bytes::copy_from_slice(bytes)).read::<Vec<Option<u32>>>();
        assert_eq!(read(&bytes), Ok(vec![Some(7), None]));
        for end in 0..bytes.len() {
            assert_eq!(read(&bytes[..end]), Err(Malformed), "cut at {end}");
        }
        assert_eq!(read(&[0xFF; 8]), Err(Malformed));
    }
}
