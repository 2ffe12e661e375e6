//! Who is named by what: values under the names that lead to them.

use hashbrown::HashMap;

/// Several values by name.
#[derive(Clone, Debug)]
pub(super) struct Index<V>(HashMap<String, Vec<V>>);

impl<V> Default for Index<V> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<V: PartialEq> Index<V> {
    /// Adds a value under a name, once.
    pub(super) fn add(&mut self, name: &str, value: V) {
        let values = self.0.entry_ref(name).or_default();
        if values.last() != Some(&value) {
            values.push(value);
        }
    }

    /// Takes a value out from under a name.
    pub(super) fn remove(&mut self, name: &str, value: &V) {
        if let Some(values) = self.0.get_mut(name) {
            values.retain(|known| known != value);
            if values.is_empty() {
                self.0.remove(name);
            }
        }
    }

    /// The values under a name.
    pub(super) fn get(&self, name: &str) -> &[V] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// The names that lead to something.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}
