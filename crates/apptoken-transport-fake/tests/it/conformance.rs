use apptoken_transport_conformance::check_without_socket;
use apptoken_transport_fake::Fake;

#[test]
fn the_fake_conforms_as_a_transport() {
    check_without_socket(&Fake::new()).assert_passed();
}
