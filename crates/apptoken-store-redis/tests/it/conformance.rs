use apptoken_store_conformance::check;

use crate::servers::{RedisServer, has_redis, has_redis_with_tls};
use crate::support::{builder, store};

#[test]
fn a_store_on_one_server_passes() {
    if has_redis() {
        let server = RedisServer::start();
        check(|| store(&server.url())).assert_passed();
    }
}

#[test]
fn a_store_on_a_unix_socket_passes() {
    if has_redis() {
        let server = RedisServer::start();
        check(|| store(&format!("redis+unix://{}?db=3", server.socket()))).assert_passed();
    }
}

#[test]
fn a_store_over_tls_passes() {
    if has_redis_with_tls() {
        let server = RedisServer::with_tls();
        let certificate = server.certificate.clone().unwrap();
        check(|| builder(&server.url()).root_certificates(certificate.clone()).build().unwrap()).assert_passed();
    }
}

#[test]
fn a_store_behind_a_sentinel_passes() {
    if has_redis() {
        let server = RedisServer::start();
        let sentinel = RedisServer::sentinel(server.port);
        check(|| store(&format!("redis+sentinel://127.0.0.1:{}/main", sentinel.port))).assert_passed();
    }
}
