//! The checks.

use crate::expect::{OpenStore, Outcome};
use crate::{locks, records};

pub(crate) struct Check {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&OpenStore<'_>, &str) -> Outcome,
}

macro_rules! checks {
    ($($module:ident :: $name:ident),* $(,)?) => {
        &[$(Check { name: stringify!($name), run: $module::$name }),*]
    };
}

pub(crate) const CHECKS: &[Check] = checks![
    records::a_new_key_has_no_session,
    records::a_stored_session_comes_back_unchanged,
    records::a_later_session_replaces_an_earlier_one,
    records::a_renewal_without_result_changes_nothing,
    records::each_part_of_a_key_separates_sessions,
    records::a_batch_is_read_and_stored_in_its_order,
    records::a_batch_does_not_replace_what_was_stored_meanwhile,
    records::removing_ended_sessions_keeps_the_others,
    locks::a_renewal_gets_the_stored_session,
    locks::one_thread_renews_at_a_time,
    locks::a_wait_ends_with_its_patience,
    locks::other_keys_do_not_wait,
    locks::a_thread_does_not_wait_for_itself,
    locks::a_panic_releases_the_lock,
    locks::a_stop_ends_a_wait,
];
