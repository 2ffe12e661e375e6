//! Values by name, sorted, of which a clone costs little and shares everything that has not changed since.

use std::sync::Arc;

/// Something with a name that is unique among its like.
pub trait Named {
    /// Its name.
    fn name(&self) -> &str;
}

/// Values sorted by name. Whoever keeps a clone keeps the values as they were; a change copies some dozens of pointers.
#[derive(Debug)]
pub struct ByName<T> {
    /// None is empty.
    chunks: Vec<Arc<Vec<Arc<T>>>>,
    len: usize,
}

/// A chunk that has grown beyond this is divided.
const MOST: usize = 128;

impl<T> Clone for ByName<T> {
    fn clone(&self) -> Self {
        Self {
            chunks: self.chunks.clone(),
            len: self.len,
        }
    }
}

impl<T> Default for ByName<T> {
    fn default() -> Self {
        Self {
            chunks: Vec::new(),
            len: 0,
        }
    }
}

impl<T: Named> ByName<T> {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// All of them, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<T>> {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }

    /// The one of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<T>> {
        let chunk = self.chunks.get(self.chunk_of(name))?;
        let at = chunk.binary_search_by(|value| value.name().cmp(name)).ok()?;
        chunk.get(at)
    }

    /// Puts a value in the place of the one of its name, which is returned, or beside the others.
    pub fn insert(&mut self, value: Arc<T>) -> Option<Arc<T>> {
        let at = self.chunk_of(value.name());
        let Some(chunk) = self.chunks.get_mut(at).map(Arc::make_mut) else {
            self.chunks.push(Arc::new(vec![value]));
            self.len += 1;
            return None;
        };
        match chunk.binary_search_by(|known| known.name().cmp(value.name())) {
            Ok(place) => chunk.get_mut(place).map(|known| std::mem::replace(known, value)),
            Err(place) => {
                chunk.insert(place, value);
                self.len += 1;
                if chunk.len() > MOST {
                    let half = chunk.split_off(MOST / 2);
                    self.chunks.insert(at + 1, Arc::new(half));
                }
                None
            }
        }
    }

    /// Takes out the one of that name.
    pub fn remove(&mut self, name: &str) -> Option<Arc<T>> {
        let at = self.chunk_of(name);
        let chunk = self.chunks.get_mut(at).map(Arc::make_mut)?;
        let place = chunk.binary_search_by(|value| value.name().cmp(name)).ok()?;
        let removed = chunk.remove(place);
        if chunk.is_empty() {
            self.chunks.remove(at);
        }
        self.len -= 1;
        Some(removed)
    }

    /// The chunk in which that name stands or would stand.
    fn chunk_of(&self, name: &str) -> usize {
        let begins = |chunk: &Arc<Vec<Arc<T>>>| chunk.first().is_some_and(|first| first.name() <= name);
        self.chunks.partition_point(begins).saturating_sub(1)
    }
}

impl<T: Named> FromIterator<Arc<T>> for ByName<T> {
    /// Of values that come sorted by name, no name twice.
    fn from_iter<I: IntoIterator<Item = Arc<T>>>(values: I) -> Self {
        let mut values = values.into_iter().peekable();
        let mut all = Self::default();
        while values.peek().is_some() {
            let chunk: Vec<Arc<T>> = values.by_ref().take(MOST).collect();
            all.len += chunk.len();
            all.chunks.push(Arc::new(chunk));
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, PartialEq)]
    struct Value(String, usize);

    impl Named for Value {
        fn name(&self) -> &str {
            &self.0
        }
    }

    fn told(values: &ByName<Value>) -> Vec<(String, usize)> {
        values.iter().map(|value| (value.0.clone(), value.1)).collect()
    }

    proptest! {
        #[test]
        fn it_holds_what_a_sorted_map_holds_and_a_clone_stays_as_it_was(
            edits in prop::collection::vec((0_usize..400, any::<bool>()), 0..1_500),
        ) {
            let (mut values, mut expected) = (ByName::default(), BTreeMap::new());
            let mut kept = Vec::new();
            for (number, (name, insert)) in edits.into_iter().enumerate() {
                let name = format!("{name:03}");
                let before = if insert {
                    let before = values.insert(Arc::new(Value(name.clone(), number)));
                    prop_assert_eq!(before.map(|value| value.1), expected.insert(name.clone(), number));
                    Some(number)
                } else {
                    let before = values.remove(&name);
                    prop_assert_eq!(before.map(|value| value.1), expected.remove(&name));
                    None
                };
                prop_assert_eq!(values.get(&name).map(|value| value.1), before);
                if number % 200 == 0 {
                    kept.push((values.clone(), told(&values)));
                }
            }
            prop_assert_eq!(values.len(), expected.len());
            prop_assert_eq!(told(&values), expected.into_iter().collect::<Vec<_>>());
            for (clone, told_then) in kept {
                prop_assert_eq!(told(&clone), told_then);
            }
        }
    }

    #[test]
    fn what_comes_sorted_is_found_by_name() {
        let values: ByName<Value> = (0..1_000).map(|n| Arc::new(Value(format!("{n:04}"), n))).collect();
        assert_eq!(values.len(), 1_000);
        assert_eq!(values.get("0777").map(|value| value.1), Some(777));
        assert_eq!(values.get("1000"), None);
        assert_eq!(values.get(""), None);
    }
}
