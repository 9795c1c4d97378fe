//! What a login costs in allocations, which do not depend on the machine.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use apptoken_bench::RecordedLogin;

#[test]
fn a_whole_login_needs_fewer_than_40_allocations() {
    let recorded = RecordedLogin::load().unwrap();
    let login = recorded.login();
    let mut session = None;
    let allocations = allocation_counter::measure(|| session = Some(recorded.log_in(login))).count_total;
    session.unwrap().unwrap();
    assert!((1..40).contains(&allocations), "{allocations} allocations");
}

#[test]
fn the_minimum_work_gives_the_values_of_the_login() {
    let recorded = RecordedLogin::load().unwrap();
    let session = recorded.log_in(recorded.login()).unwrap();
    let minimum = recorded.minimum_work().unwrap();
    assert_eq!(minimum.session.ks, session.ks().expose());
    assert_eq!(minimum.widget.ks, session.widget().unwrap().ks.expose());
    assert_eq!(minimum.session.privileges, session.privileges().to_string());
}
