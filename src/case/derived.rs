//! What follows from a case's facts whatever window is looked at: worked out once, kept until another fact comes.
//! Knows what is kept only by its type.

use super::Case;
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Something that is a function of the facts alone.
pub trait Derive: PartialEq + Send + Sync + 'static {
    fn from(case: &Case) -> Self;
}

/// What was worked out already. It is no part of what a case says: two cases of the same facts are equal.
#[derive(Default)]
pub struct Derived {
    known: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

impl Case {
    /// What follows from the facts, worked out at the first call since the last of them came.
    pub fn derived<T: Derive>(&self) -> Arc<T> {
        let known = self.derived.get::<T>();
        // Tests change cases by hand: what was kept must still be what would be worked out.
        debug_assert!(known.as_ref().is_none_or(|k| **k == T::from(self)), "{} is out of date", std::any::type_name::<T>());
        known.unwrap_or_else(|| self.derived.keep(T::from(self)))
    }
}

impl Derived {
    fn get<T: Derive>(&self) -> Option<Arc<T>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&TypeId::of::<T>()).and_then(|k| k.clone().downcast().ok())
    }

    fn keep<T: Derive>(&self, new: T) -> Arc<T> {
        let new = Arc::new(new);
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(TypeId::of::<T>(), new.clone());
        new
    }
}

impl Clone for Derived {
    fn clone(&self) -> Self {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Self { known: Mutex::new(known) }
    }
}

impl PartialEq for Derived {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl fmt::Debug for Derived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Derived")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::topology::TargetGroup;
    use crate::exchange::{Fact, What};
    use crate::time::Time;

    #[derive(Debug, PartialEq)]
    struct Targets(usize);

    impl Derive for Targets {
        fn from(case: &Case) -> Self {
            Self(case.target_groups.len())
        }
    }

    #[test]
    fn it_is_worked_out_once_and_again_after_a_fact() {
        let mut case = Case::default();
        let first = case.derived::<Targets>();
        assert!(Arc::ptr_eq(&first, &case.derived()) && Arc::ptr_eq(&first, &case.clone().derived()));
        case.absorb(Fact { at: Time::default(), origin: None, what: What::TargetGroups(vec![TargetGroup::default()]) });
        assert_eq!((*first == *case.derived(), case.derived::<Targets>().0), (false, 1));
        assert_eq!(case, case.clone());
    }

    #[test]
    #[should_panic(expected = "out of date")]
    fn a_case_changed_by_hand_is_noticed() {
        let mut case = Case::default();
        case.derived::<Targets>();
        case.target_groups.push(TargetGroup::default());
        case.derived::<Targets>();
    }
}
