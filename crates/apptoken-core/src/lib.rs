//! Kaltura application tokens as a pure protocol state machine.
//!
//! An app token lets a program call the Kaltura API without the account's admin secret. The program starts an anonymous
//! *widget session*, hashes its KS together with the token's value, and exchanges the token's id and the hash for a
//! restricted *Kaltura Session* (KS) with a limited lifetime.
//!
//! This crate does that without I/O, clock or threads: it produces requests and consumes replies. It is `no_std`. Most
//! programs should use the crate `apptoken`, which adds a blocking client. Use this crate with your own HTTP client.
//!
//! # Flows
//!
//! A [flow](Flow) always has exactly one current request, in an [`Exchange`]. The reply consumes the exchange, so passing a
//! second reply does not compile.
//!
//! ```text
//! Login::start ----------> Exchange[session.startWidgetSession] --receive--> Exchange[appToken.startSession] --receive--> Session
//! Login::start_with(KS) -----------------------------------------------------^
//! ```
//!
//! [`drive`] runs a flow in a blocking loop, with any [`Transport`] and [`Clock`]:
//!
//! ```
//! use std::time::Duration;
//!
//! use apptoken_core::{
//!     AppTokenId, AppTokenSecret, Clock, Credential, Endpoint, FnTransport, HashType, HttpResponse, Login, Moment, PartnerId,
//!     UnixSeconds, drive,
//! };
//!
//! struct FixedClock;
//!
//! impl Clock for FixedClock {
//!     fn now(&self) -> Moment {
//!         Moment { wall: UnixSeconds(1_795_230_763), elapsed: Duration::ZERO }
//!     }
//!
//!     fn sleep(&self, _: Duration) {}
//! }
//!
//! let transport = FnTransport::new(|request| {
//!     // Here your HTTP client sends request.method(), url(), headers() and body().
//!     let body = if request.url().contains("startWidgetSession") {
//!         r#"{"partnerId":101,"ks":"djJ8MTAxfA==","userId":0}"#
//!     } else {
//!         r#"{"ks":"djJ8MTAxfHNlc3Npb24=","sessionType":0,"partnerId":"101","userId":"alice","expiry":1795234363,"privileges":"list:*"}"#
//!     };
//!     Ok(HttpResponse::new(200, [("X-Kaltura-Session", "17, 1795230763")], body.into()))
//! });
//! let credential = Credential::new(
//!     PartnerId::new(101)?,
//!     AppTokenId::parse("0_jgc81x8q")?,
//!     AppTokenSecret::parse("00112233445566778899aabbccddeeff")?,
//!     HashType::Sha256,
//! );
//! let login = Login::new(Endpoint::parse("https://www.kaltura.com")?, credential);
//! let session = drive(login.start(FixedClock.now())?, transport, FixedClock)?;
//! assert_eq!(session.user_id(), "alice");
//! # Ok::<(), apptoken_core::Error>(())
//! ```
//!
//! # Overview
//!
//! | To | use |
//! |---|---|
//! | log in | [`Login`] |
//! | log in many users of one app token | [`LoginMany`] |
//! | call one action | [`Call`] with an action of [`api`] or your own [`Action`] |
//! | call several actions in one request | [`Batch`] |
//! | read a whole list | [`AllPages`] |
//! | create the app token, user and role of a service | [`admin::Provision`] |
//! | replace, revoke, audit app tokens | [`admin::Rotate`], [`admin::Revoke`], [`admin::Audit`] |
//!
//! # Errors
//!
//! [`Error`] is the only error type. `Display` says what happened, [`Error::advice`] what to do next.
//!
//! | [`ErrorKind`] | raised by | cause | try again? |
//! |---|---|---|---|
//! | [`InvalidInput`](ErrorKind::InvalidInput) | constructors and `start`, before anything is sent | the caller | after correcting the value |
//! | [`Conflict`](ErrorKind::Conflict) | the flows of [`admin`], after they read the account | what exists differs from what was requested | after changing one of them |
//! | [`NotSent`](ErrorKind::NotSent) | the transport: connection refused, unknown host, certificate | the network, a proxy or the URL | if [`is_transient`](Error::is_transient); the flow already did |
//! | [`NoReply`](ErrorKind::NoReply) | the transport: connection reset, timeout, truncation | the network | reads: yes; changes: after checking whether they were executed |
//! | [`Redirect`](ErrorKind::Redirect) | a 3xx status | the service URL | after correcting it |
//! | [`HttpStatus`](ErrorKind::HttpStatus) | a status other than 2xx | 429 and 5xx: the server; others: the URL | 429 and 5xx: as above |
//! | [`EmptyReply`](ErrorKind::EmptyReply), [`TruncatedReply`](ErrorKind::TruncatedReply) | the reply | the server or the network | as `NoReply` |
//! | [`HtmlReply`](ErrorKind::HtmlReply) | the reply | the service URL, a proxy or a portal | no |
//! | [`XmlReply`](ErrorKind::XmlReply) | the reply | a proxy that changes requests | no |
//! | [`NullReply`](ErrorKind::NullReply), [`MalformedReply`](ErrorKind::MalformedReply), [`TrailingData`](ErrorKind::TrailingData), [`UnexpectedReply`](ErrorKind::UnexpectedReply), [`OversizedReply`](ErrorKind::OversizedReply), [`UnusableKs`](ErrorKind::UnusableKs) | the reply | the server, or the URL is not that of a Kaltura server | no |
//! | [`MissingResult`](ErrorKind::MissingResult) | a batch | the server stopped early | yes: the action was not executed |
//! | [`WrongPartner`](ErrorKind::WrongPartner) | a login | the partner id and the token belong to different accounts | no |
//! | [`WrongSession`](ErrorKind::WrongSession) | a login | the token fixes another user or type, or replies were mixed up | no |
//! | [`AlreadyExpired`](ErrorKind::AlreadyExpired) | a login | the token: its `sessionDuration` is 0 | after fixing the token |
//! | [`Kaltura`](ErrorKind::Kaltura) | Kaltura: see [`KalturaCode`] and [`Error::code`] | see the advice | `ACTION_BLOCKED`, `LOCK_TIMED_OUT`, `INTERNAL_…` |
//!
//! A login retries by itself the errors that a new widget session can fix. Every error that it returns needs attention.
//!
//! # Later versions
//!
//! A minor version can add a field to a struct that has a `Default`, such as [`RetryPolicy`], [`SessionOptions`] or
//! [`NewAppToken`](api::app_token::NewAppToken): write `..Default::default()` where the compiler allows a literal. It can add to
//! everything that is `#[non_exhaustive]`. All other structs and enums are complete.
//!
//! # Secrets
//!
//! [`AppTokenSecret`], [`AccountSecret`], [`Ks`] and [`TokenHash`](value::TokenHash) (which can be replayed with its KS)
//! have their own types. Their `Debug` shows `[redacted]`, they have no `Display`, and they are wiped from memory when
//! dropped. Only `expose` returns the secret. Errors contain no part of a reply that can be a secret. Requests and replies
//! are wiped too, but not the buffers that a JSON writer or an HTTP client discards while they grow.
#![no_std]

extern crate alloc;

pub mod admin;
pub mod api;
pub mod error;
pub mod exchange;
pub mod login;
pub mod value;
pub mod wire;

pub use api::app_token::SessionOptions;
pub use error::{Error, ErrorKind, KalturaCode, KsFault};
pub use exchange::{AllPages, Batch, Call, Exchange, Flow, ListProgress, RetryPolicy, Step, StoppedFlow, drive};
pub use login::{Changes, Credential, Login, LoginMany, Session};
pub use value::{
    AccountSecret, AppTokenId, AppTokenSecret, Clock, HashChoice, HashType, Ks, Moment, PartnerId, Privileges,
    SessionType, UnixSeconds,
};
pub use wire::{
    Action, Endpoint, FilePart, FnTransport, HttpRequest, HttpResponse, Region, Repeat, Transport, TransportFailure,
};
