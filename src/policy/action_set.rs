//! Sets of actions as bits: bit N is the catalogue's Nth action.

/// The number of an action in its catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionIx(pub(super) u32);

impl ActionIx {
    /// As an index into the catalogue's list of actions.
    #[must_use]
    pub fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// A set of actions of one catalogue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ActionSet(Vec<u64>);

impl ActionSet {
    /// No action, with room for those of a catalogue of that many.
    #[must_use]
    pub fn none_of(actions: usize) -> Self {
        Self(vec![0; actions.div_ceil(64)])
    }

    /// Adds one action.
    pub fn insert(&mut self, action: ActionIx) {
        if let Some(word) = self.0.get_mut(action.index() / 64) {
            *word |= 1 << (action.index() % 64);
        }
    }

    /// Whether the action is in the set.
    #[must_use]
    pub fn contains(&self, action: ActionIx) -> bool {
        self.0
            .get(action.index() / 64)
            .is_some_and(|word| word & (1 << (action.index() % 64)) != 0)
    }

    /// Whether the two have an action in common.
    #[must_use]
    pub fn intersects(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(mine, other)| mine & other != 0)
    }

    /// Whether there is no action in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Adds every action of the other set.
    pub fn unite(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(mine, other)| *mine |= other);
    }

    /// Keeps only the actions that the other set has too.
    pub fn keep(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(mine, other)| *mine &= other);
    }

    /// The actions in the catalogue's order.
    pub fn iter(&self) -> impl Iterator<Item = ActionIx> + '_ {
        (0_u32..).zip(&self.0).flat_map(|(index, word)| {
            (0..64)
                .filter(move |bit| word & (1_u64 << bit) != 0)
                .map(move |bit| ActionIx(index * 64 + bit))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(actions: &[u32]) -> ActionSet {
        let mut set = ActionSet::none_of(130);
        actions.iter().for_each(|action| set.insert(ActionIx(*action)));
        set
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        let set = set(&[0, 63, 64, 129]);
        assert_eq!(set.iter().map(|action| action.0).collect::<Vec<_>>(), [0, 63, 64, 129]);
        assert!(set.contains(ActionIx(129)) && !set.contains(ActionIx(128)) && !set.contains(ActionIx(1_000)));
    }

    #[test]
    fn sets_unite_and_intersect() {
        let mut both = set(&[1, 70]);
        assert!(both.intersects(&set(&[70])) && !both.intersects(&set(&[71])));
        both.unite(&set(&[71]));
        assert_eq!(both, set(&[1, 70, 71]));
        both.keep(&set(&[70, 71, 2]));
        assert_eq!(both, set(&[70, 71]));
        assert!(!both.is_empty() && set(&[]).is_empty());
    }
}
