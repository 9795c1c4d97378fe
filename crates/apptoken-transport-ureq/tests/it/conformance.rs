use apptoken_core::Endpoint;
use apptoken_transport_fake::conformance;
use apptoken_transport_ureq::UreqTransport;
use ureq::Agent;
use ureq::config::Config;

use crate::support::LONG;

#[test]
fn the_default_transport_conforms() {
    conformance::assert_all(|_: &Endpoint| UreqTransport::new());
}

#[test]
fn it_conforms_over_any_agent() {
    let dutiful = || Agent::config_builder().http_status_as_error(false).max_redirects(0).timeout_global(Some(LONG));
    let configs = [
        // ureq's defaults: errors for statuses, redirects, no time limit, proxy from the environment.
        Config::default(),
        dutiful().build(),
        dutiful().http_status_as_error(true).build(),
        dutiful().max_redirects(10).build(),
    ];
    for config in configs {
        conformance::assert_all(move |_: &Endpoint| UreqTransport::from_agent(config.new_agent()));
    }
}
