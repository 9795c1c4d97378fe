//! The checks that need a socket.

use crate::expect::{BuildTransport, Outcome};
use crate::{connections, failures, replies, sending};

pub(crate) struct Check {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&BuildTransport<'_>) -> Outcome,
}

macro_rules! checks {
    ($($module:ident :: $name:ident),* $(,)?) => {
        &[$(Check { name: stringify!($name), run: $module::$name }),*]
    };
}

/// Requirements of the [`Transport`](apptoken_core::Transport) trait.
pub(crate) const ESSENTIAL: &[Check] = checks![
    sending::sends_the_request_as_it_is,
    sending::sends_a_large_request_whole,
    sending::sends_a_file_as_it_is,
    replies::returns_any_status,
    replies::does_not_follow_redirects,
    replies::reads_a_body_of_given_length,
    replies::reads_a_body_in_chunks,
    replies::reads_a_body_up_to_the_close,
    replies::reads_an_empty_body,
    replies::decompresses_what_it_asked_for,
    replies::passes_headers_on,
    replies::bounds_the_size,
    failures::body_shorter_than_its_length_is_a_failure,
    failures::body_without_its_last_chunk_is_a_failure,
    failures::compressed_body_cut_short_is_a_failure,
    failures::head_cut_short_is_a_failure,
    failures::no_reply_is_a_failure,
    failures::garbage_is_a_failure,
    failures::reset_after_the_request_is_unknown,
    failures::reset_amid_the_request_is_unknown,
    failures::refused_connection_is_a_failure,
    failures::unknown_host_is_a_failure,
    connections::sends_no_request_twice,
    connections::sends_no_request_twice_on_a_used_connection,
];

/// Recommendations that make a transport efficient and its failures precise.
pub(crate) const RECOMMENDED: &[Check] = checks![
    failures::refused_connection_is_not_sent,
    connections::keeps_the_connection,
    connections::replaces_a_connection_that_the_server_closed,
];
