//! Numbers for named things that stay as they are while others come and go.

use hashbrown::HashMap;

/// The numbers of things that are kept sorted by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbering {
    /// By place in the sorted list.
    numbers: Vec<u32>,
    /// By number, the place; none for a number that nothing has.
    places: Vec<Option<u32>>,
}

impl Numbering {
    /// Numbers for things of these names, sorted. Whatever had a number before keeps it.
    pub(super) fn after<'a>(
        before: &Self,
        names_before: impl Iterator<Item = &'a str>,
        names: impl Iterator<Item = &'a str>,
    ) -> Self {
        let known: HashMap<&str, u32> = names_before.zip(before.numbers.iter().copied()).collect();
        let mut free = (0..).filter(|number| before.place(*number).is_none());
        let numbers: Vec<u32> = names
            .map(|name| known.get(name).copied().or_else(|| free.next()).unwrap_or(u32::MAX))
            .collect();
        let mut places = vec![None; numbers.iter().max().map_or(0, |most| index(*most) + 1)];
        for (place, number) in (0..).zip(&numbers) {
            if let Some(slot) = places.get_mut(index(*number)) {
                *slot = Some(place);
            }
        }
        Self { numbers, places }
    }

    /// The numbers in the order of the names.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> {
        self.numbers.iter().copied()
    }

    /// The place of a number in the sorted list.
    pub(super) fn place(&self, number: u32) -> Option<usize> {
        self.places.get(index(number)).copied().flatten().map(index)
    }
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(before: &Numbering, names_before: &[&str], names: &[&str]) -> Numbering {
        Numbering::after(before, names_before.iter().copied(), names.iter().copied())
    }

    #[test]
    fn what_had_a_number_keeps_it_and_what_is_new_gets_a_free_one() {
        let first = after(&Numbering::default(), &[], &["b", "d"]);
        assert_eq!(first.iter().collect::<Vec<_>>(), [0, 1]);
        let second = after(&first, &["b", "d"], &["a", "c", "d"]);
        assert_eq!(second.iter().collect::<Vec<_>>(), [2, 3, 1]);
        assert_eq!(
            [0, 1, 2, 3].map(|number| second.place(number)),
            [None, Some(2), Some(0), Some(1)]
        );
        let third = after(&second, &["a", "c", "d"], &["a", "b", "c", "d"]);
        assert_eq!(third.iter().collect::<Vec<_>>(), [2, 0, 3, 1]);
    }
}
