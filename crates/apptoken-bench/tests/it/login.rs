//! What a login in the core costs, and that the minimum work beside it gives the same values.

use apptoken_bench::RecordedLogin;

#[test]
fn a_whole_login_needs_fewer_than_30_allocations() {
    let recorded = RecordedLogin::load().unwrap();
    let login = recorded.login();
    let mut session = None;
    let allocations = allocation_counter::measure(|| session = Some(recorded.log_in(login))).count_total;
    session.unwrap().unwrap();
    assert!((1..30).contains(&allocations), "{allocations} allocations");
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
