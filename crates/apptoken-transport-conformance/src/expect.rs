//! The input of every check, and its expectations of a result.

use apptoken_core::{Endpoint, HttpResponse, Transport, TransportFailure};

/// Returns the transport under test for an endpoint.
pub(crate) type BuildTransport<'t> = dyn Fn(&Endpoint) -> Box<dyn Transport + 't> + 't;

/// What a transport did wrong, if anything.
pub(crate) type Outcome = Result<(), String>;

pub(crate) fn expect_reply(
    result: Result<HttpResponse, TransportFailure>,
    status: u16,
    body: &[u8],
) -> Result<HttpResponse, String> {
    let reply = result.map_err(|failure| {
        format!("the transport returned a failure for a complete reply of status {status}: {}", cause(&failure))
    })?;
    if reply.status() != status {
        return Err(format!("the transport returned status {} for a reply of status {status}", reply.status()));
    }
    if reply.body() != body {
        return Err(format!(
            "the transport returned {} bytes for a body of {} bytes, or changed them",
            reply.body().len(),
            body.len()
        ));
    }
    Ok(reply)
}

pub(crate) fn expect_failure(result: Result<HttpResponse, TransportFailure>) -> Result<TransportFailure, String> {
    match result {
        Ok(reply) => Err(format!(
            "the transport returned a reply of status {} with {} bytes",
            reply.status(),
            reply.body().len()
        )),
        Err(failure) => Ok(failure),
    }
}

/// Expects the failure of a request that the server has at least partly read.
pub(crate) fn expect_unknown(result: Result<HttpResponse, TransportFailure>) -> Outcome {
    let failure = expect_failure(result)?;
    if failure.is_not_sent() {
        return Err(format!(
            "the failure says not sent, but the server has read a part of the request: {}",
            cause(&failure)
        ));
    }
    Ok(())
}

pub(crate) fn cause(failure: &TransportFailure) -> String {
    std::error::Error::source(failure).map_or_else(String::new, ToString::to_string)
}
