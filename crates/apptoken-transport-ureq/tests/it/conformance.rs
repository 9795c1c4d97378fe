use apptoken_core::Endpoint;
use apptoken_transport_conformance::check;
use apptoken_transport_ureq::UreqTransport;
use ureq::Agent;
use ureq::config::Config;

use crate::support::LONG;

#[test]
fn the_default_transport_conforms() {
    check(|_: &Endpoint| UreqTransport::new()).assert_passed();
}

#[test]
fn it_conforms_over_any_agent() {
    let recommended =
        || Agent::config_builder().http_status_as_error(false).max_redirects(0).timeout_global(Some(LONG));
    let configs = [
        // ureq's defaults: errors for statuses, redirects, no time limit, proxy from the environment.
        Config::default(),
        recommended().build(),
        recommended().http_status_as_error(true).build(),
        recommended().max_redirects(10).build(),
    ];
    for config in configs {
        check(move |_: &Endpoint| UreqTransport::from_agent(config.new_agent())).assert_passed();
    }
}
