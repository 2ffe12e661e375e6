//! The moments at which time alone can change something.

use crate::api::Moment;

/// Those after now, each once, soonest first.
pub(super) fn ahead(now: Moment, mut moments: Vec<Moment>) -> Vec<Moment> {
    moments.retain(|at| *at > now);
    moments.sort_unstable();
    moments.dedup();
    moments
}

/// The first of the moments ahead at which what is looked at differs from now's.
pub(super) fn first_change<T: PartialEq>(
    now: Moment,
    ahead: Vec<Moment>,
    look: impl Fn(Moment) -> T,
) -> Option<Moment> {
    if ahead.is_empty() {
        return None;
    }
    let present = look(now);
    ahead.into_iter().find(|at| look(*at) != present)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_ahead_are_after_now_each_once_and_soonest_first() {
        let at = |seconds| Moment::from_seconds(seconds).unwrap();
        let moments = vec![at(7), at(5), at(9), at(4), at(7)];
        assert_eq!(ahead(at(5), moments), [at(7), at(9)]);
    }
}
