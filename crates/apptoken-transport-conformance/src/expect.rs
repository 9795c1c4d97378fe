//! What every check is given, and what it expects of a result.

use apptoken_core::{Endpoint, HttpResponse, Transport, TransportFailure};

/// Makes the transport under test for an endpoint.
pub(crate) type BuildTransport<'t> = dyn Fn(&Endpoint) -> Box<dyn Transport + 't> + 't;

/// What is wrong, if anything.
pub(crate) type Outcome = Result<(), String>;

pub(crate) fn expect_reply(
    result: Result<HttpResponse, TransportFailure>,
    status: u16,
    body: &[u8],
) -> Result<HttpResponse, String> {
    let reply =
        result.map_err(|failure| format!("a whole reply of status {status} became a failure: {}", cause(&failure)))?;
    if reply.status() != status {
        return Err(format!("a reply of status {status} came out with status {}", reply.status()));
    }
    if reply.body() != body {
        return Err(format!("a body of {} bytes came out with {} bytes, or changed", body.len(), reply.body().len()));
    }
    Ok(reply)
}

pub(crate) fn expect_failure(result: Result<HttpResponse, TransportFailure>) -> Result<TransportFailure, String> {
    match result {
        Ok(reply) => Err(format!("came out as a reply of status {} with {} bytes", reply.status(), reply.body().len())),
        Err(failure) => Ok(failure),
    }
}

/// Expects the failure of a request of which the server has read something.
pub(crate) fn expect_unknown(result: Result<HttpResponse, TransportFailure>) -> Outcome {
    let failure = expect_failure(result)?;
    if failure.is_not_sent() {
        return Err(format!("called not sent, though the server has read of it: {}", cause(&failure)));
    }
    Ok(())
}

pub(crate) fn cause(failure: &TransportFailure) -> String {
    std::error::Error::source(failure).map_or_else(String::new, ToString::to_string)
}
