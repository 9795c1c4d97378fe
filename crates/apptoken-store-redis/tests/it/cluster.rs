//! Several servers, each with a part of the keys.

use apptoken_store_conformance::check;
use apptoken_store_redis::RedisStore;
use apptoken_transport_fake::{Fake, Token};

use crate::servers::{RedisServer, has_redis};
use crate::support::{Failures, logins, provider_with, store, token};

struct Cluster(Vec<RedisServer>);

const SLOTS: usize = 16_384;

impl Cluster {
    fn start(nodes: usize) -> Self {
        let nodes: Vec<_> = (0..nodes).map(|_| RedisServer::cluster_node()).collect();
        for (place, node) in nodes.iter().enumerate() {
            let [first, end] = [place, place + 1].map(|place| SLOTS * place / nodes.len());
            node.command(&["CLUSTER", "ADDSLOTSRANGE", &first.to_string(), &(end - 1).to_string()]).unwrap();
            // Otherwise nodes with the same epoch have to agree first.
            node.command(&["CLUSTER", "SET-CONFIG-EPOCH", &(place + 1).to_string()]).unwrap();
            let other = &nodes[0];
            node.command(&["CLUSTER", "MEET", "127.0.0.1", &other.port.to_string(), other.bus()]).unwrap();
        }
        let knows_all = |node: &RedisServer| {
            let info = node.text(&["CLUSTER", "INFO"]);
            info.contains("cluster_state:ok") && info.contains(&format!("cluster_known_nodes:{}\r", nodes.len()))
        };
        while !nodes.iter().all(knows_all) {
            std::thread::yield_now();
        }
        Self(nodes)
    }

    /// The URL names one node, which knows the others.
    fn store(&self) -> RedisStore {
        store(&self.0[0].url().replace("redis://", "redis+cluster://"))
    }

    /// Moves all keys of the slot of this one to another node.
    fn move_key(&self, name: &str) {
        let slot = redis::from_redis_value::<i64>(self.0[0].command(&["CLUSTER", "KEYSLOT", name]).unwrap()).unwrap();
        let slot = slot.to_string();
        let from = self.0.iter().position(|node| node.keys().iter().any(|key| key == name)).unwrap();
        let (from, to) = (&self.0[from], &self.0[(from + 1) % self.0.len()]);
        let [from_id, to_id] = [from, to].map(|node| node.text(&["CLUSTER", "MYID"]));
        to.command(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &from_id]).unwrap();
        from.command(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &to_id]).unwrap();
        from.command(&["MIGRATE", "127.0.0.1", &to.port.to_string(), name, "0", "60000"]).unwrap();
        for node in [to, from] {
            node.command(&["CLUSTER", "SETSLOT", &slot, "NODE", &to_id]).unwrap();
        }
    }
}

/// A provider of its own, as another process would have it. Returns what it reports.
fn sessions(fake: &Fake, token: &Token, store: RedisStore, users: &[String]) -> Vec<String> {
    let failures = Failures::default();
    let provider = provider_with(fake, token, store).observer(failures.clone()).build();
    for user in users {
        assert_eq!(provider.for_user(user).session().unwrap().user_id(), user);
    }
    failures.take()
}

fn users() -> Vec<String> {
    (0..30).map(|number| format!("user{number}")).collect()
}

#[test]
fn a_store_on_a_cluster_passes() {
    if has_redis() {
        let cluster = Cluster::start(3);
        check(|| cluster.store()).assert_passed();
    }
}

#[test]
fn sessions_are_spread_over_the_nodes_and_found_there() {
    if !has_redis() {
        return;
    }
    let (fake, cluster) = (Fake::new(), Cluster::start(3));
    let token = token(&fake);
    let batch = provider_with(&fake, &token, cluster.store()).build().start_many(users());
    assert!(batch.iter().all(|user| user.session.is_ok()));
    assert!(cluster.0.iter().all(|node| !node.keys().is_empty()));
    assert_eq!(sessions(&fake, &token, cluster.store(), &users()), Vec::<String>::new());
    let batch = provider_with(&fake, &token, cluster.store()).build().start_many(users());
    assert!(batch.iter().all(|user| user.session.is_ok()));
    assert_eq!(logins(&fake), 30);
}

#[test]
fn a_session_whose_slot_moved_to_another_node_is_found() {
    if !has_redis() {
        return;
    }
    let (fake, cluster) = (Fake::new(), Cluster::start(3));
    let token = token(&fake);
    // The same store, which knows where the slots were.
    let store = cluster.store();
    sessions(&fake, &token, store.clone(), &users());
    let names: Vec<String> = cluster.0.iter().flat_map(RedisServer::keys).collect();
    names.iter().step_by(3).for_each(|name| cluster.move_key(name));
    assert_eq!(sessions(&fake, &token, store.clone(), &users()), Vec::<String>::new());
    assert_eq!(logins(&fake), 30);
    fake.clock().advance(crate::support::DAY);
    for _ in 0..2 {
        assert_eq!(sessions(&fake, &token, store.clone(), &users()), Vec::<String>::new());
    }
    assert_eq!(logins(&fake), 60, "each is renewed once, where it is now");
}

#[test]
fn a_cluster_without_one_of_its_nodes_costs_the_sharing_only() {
    if !has_redis() {
        return;
    }
    let (fake, mut cluster) = (Fake::new(), Cluster::start(3));
    let token = token(&fake);
    let store = cluster.store();
    sessions(&fake, &token, store.clone(), &users());
    cluster.0[2].stop();
    let reported = sessions(&fake, &token, store, &users());
    assert!(!reported.is_empty() && reported.len() < 30, "{reported:?}");
    assert_eq!(logins(&fake), 30 + reported.len());
}
