//! Choices read off random bytes, of which smaller ones make simpler things: so a failure shrinks.

use tenantry::api::Moment;

use crate::world::NOW;

/// Bytes that are read one by one; after the end there are only zeros.
pub(crate) struct Tape<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Once in how many times something is odd.
    calm: usize,
}

impl<'a> Tape<'a> {
    pub(crate) fn new(bytes: &'a [u8], calm: usize) -> Self {
        Self { bytes, at: 0, calm }
    }

    /// Whether something is not as it should be.
    pub(crate) fn odd(&mut self) -> bool {
        let calm = self.calm;
        self.once_in(calm)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let byte = self.bytes.get(self.at).copied().unwrap_or_default();
        self.at += 1;
        usize::from(byte) % bound
    }

    /// True once in that many times.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    /// One of some values, the first being the simplest.
    pub(crate) fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        let index = self.below(from.len());
        from[index].clone()
    }

    /// Up to `most` different values.
    pub(crate) fn some_of<T: Clone + PartialEq>(&mut self, from: &[T], most: usize) -> Vec<T> {
        let count = self.below(most + 1);
        self.of(from, count)
    }

    /// One to `most` different values.
    pub(crate) fn at_least_one_of<T: Clone + PartialEq>(&mut self, from: &[T], most: usize) -> Vec<T> {
        let count = self.below(most) + 1;
        self.of(from, count)
    }

    fn of<T: Clone + PartialEq>(&mut self, from: &[T], count: usize) -> Vec<T> {
        let mut chosen = Vec::new();
        for _ in 0..count {
            let value = self.pick(from);
            if !chosen.contains(&value) {
                chosen.push(value);
            }
        }
        chosen
    }

    /// Up to `most` names.
    pub(crate) fn names(&mut self, from: &[&str], most: usize) -> Vec<String> {
        self.some_of(from, most).into_iter().map(String::from).collect()
    }

    /// One to `most` names.
    pub(crate) fn some_names(&mut self, from: &[&str], most: usize) -> Vec<String> {
        self.at_least_one_of(from, most).into_iter().map(String::from).collect()
    }

    /// A name.
    pub(crate) fn name(&mut self, from: &[&str]) -> String {
        self.pick(from).to_owned()
    }

    /// Something, once in that many times.
    pub(crate) fn maybe<T>(&mut self, times: usize, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.once_in(times).then(|| make(self))
    }

    /// Up to `most` things.
    pub(crate) fn several<T>(&mut self, most: usize, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(most + 1)).map(|_| make(self)).collect()
    }

    /// A moment: now, or a little or a lot before or after it.
    pub(crate) fn moment(&mut self) -> Moment {
        moment(self.pick(&[1000, 1, 0, -1, 2, 3, -100, 50]))
    }

    /// The end of a period that has that beginning.
    pub(crate) fn after(&mut self, from: Option<Moment>) -> Moment {
        let until = self.moment();
        match from {
            Some(from) if until <= from => Moment::from_seconds(from.seconds() + 1).expect("a moment"),
            _ => until,
        }
    }
}

/// The moment that many seconds after now.
pub(crate) fn moment(offset: i64) -> Moment {
    Moment::from_seconds(NOW + offset).expect("a moment")
}
