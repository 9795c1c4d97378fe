use apptoken_transport_ureq::UreqTransport;
use ureq::Agent;

use crate::support::{LONG, SHORT, Server, cause, read_request, reply, send, wait_for_close};

#[test]
fn an_agent_keeps_its_name_if_it_has_one() {
    let named = Agent::config_builder().user_agent("media-portal/7").build().new_agent();
    let nameless = Agent::config_builder().user_agent("").build().new_agent();
    let default = Agent::new_with_defaults();
    for (agent, expected) in [
        (named, vec!["media-portal/7"]),
        (nameless, vec![]),
        (default, vec![concat!("apptoken-transport-ureq/", env!("CARGO_PKG_VERSION"))]),
    ] {
        let server = Server::answering(reply(b"true"));
        send(&UreqTransport::from_agent(agent), &server.endpoint()).unwrap();
        let request = server.finish().to_ascii_lowercase();
        let names: Vec<_> = request.lines().filter_map(|line| line.strip_prefix("user-agent: ")).collect();
        assert_eq!(names, expected);
    }
}

#[test]
fn an_agent_keeps_its_time_limit() {
    let global = Agent::config_builder().timeout_global(Some(SHORT)).build().new_agent();
    let per_call = Agent::config_builder().timeout_per_call(Some(SHORT)).build().new_agent();
    for (agent, expected) in [(global, "timeout: global"), (per_call, "timeout: per call")] {
        let server = Server::new(|mut stream| {
            read_request(&mut stream);
            wait_for_close(stream);
        });
        let failure = send(&UreqTransport::from_agent(agent), &server.endpoint()).unwrap_err();
        assert_eq!(cause(&failure), expected);
        server.finish();
    }
}

#[test]
fn an_agent_shares_its_connections() {
    let server = Server::new(|mut stream| {
        for _ in 0..2 {
            read_request(&mut stream);
            std::io::Write::write_all(&mut stream, &reply(b"true")).unwrap();
        }
    });
    let agent = Agent::config_builder().timeout_global(Some(LONG)).build().new_agent();
    for transport in [UreqTransport::from_agent(agent.clone()), UreqTransport::from_agent(agent)] {
        send(&transport, &server.endpoint()).unwrap();
    }
    server.finish();
}
