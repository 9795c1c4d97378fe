//! The health endpoint, for containers and load balancers: any machine may ask, and it is neither counted nor in the
//! journal.

use apptoken_transport_fake::{WireReply, WireRequest};

const PATH: &str = "/__health";

/// The reply, if the request is for the health endpoint.
pub(crate) fn reply(request: &WireRequest) -> Option<WireReply> {
    let of = |status, headers: &[(&'static str, &'static str)], body: &str| WireReply {
        status,
        headers: headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
        body: body.as_bytes().to_vec(),
    };
    (request.target == PATH).then(|| match &*request.method {
        "GET" | "HEAD" => of(200, &[("Content-Type", "text/plain")], "ok\n"),
        _ => of(405, &[("Allow", "GET, HEAD")], ""),
    })
}
