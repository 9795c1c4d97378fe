//! Kaltura application tokens as a pure protocol state machine.
//!
//! An app token lets a program call the Kaltura API without the account's admin secret: the program asks for an anonymous
//! *widget session*, hashes that session's string together with the token, and exchanges the token's id and the hash for a
//! restricted *Kaltura Session* (KS) of limited time.
//!
//! This crate does that without I/O, clock or threads: it describes requests and consumes replies. It is `no_std`. Most
//! programs want the crate `apptoken`, which adds a blocking client; use this one with an HTTP client of your own.
//!
//! # The machine
//!
//! A [flow](Flow) always stands at exactly one request, held by an [`Exchange`], and the reply consumes it: a second reply
//! or one out of order does not compile.
//!
//! ```text
//! Login::start ----------> Exchange[session.startWidgetSession] --receive--> Exchange[appToken.startSession] --receive--> Session
//! Login::start_with(KS) -----------------------------------------------------^
//! ```
//!
//! [`drive`] is the blocking loop around it, over any [`Transport`] and [`Clock`]:
//!
//! ```
//! use std::time::Duration;
//!
//! use apptoken_core::{
//!     AppTokenId, AppTokenSecret, Clock, Credential, Endpoint, FnTransport, HashType, HttpResponse, Login, Moment, PartnerId,
//!     UnixSeconds, drive,
//! };
//!
//! struct Stopwatch;
//!
//! impl Clock for Stopwatch {
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
//! let session = drive(login.start(Stopwatch.now())?, transport, Stopwatch)?;
//! assert_eq!(session.user_id(), "alice");
//! # Ok::<(), apptoken_core::Error>(())
//! ```
//!
//! # What there is
//!
//! | To | use |
//! |---|---|
//! | log in | [`Login`] |
//! | log in many users of one app token | [`LoginMany`] |
//! | call one action, of Kaltura's or of your own | [`Call`] with an action of [`api`] or your [`Action`] |
//! | call several actions in one request | [`Batch`] |
//! | read a whole list | [`AllPages`] |
//! | create what a service needs | [`admin::Provision`] |
//! | replace, shut off, look over tokens | [`admin::Rotate`], [`admin::Revoke`], [`admin::Audit`] |
//!
//! # Errors
//!
//! [`Error`] is one type for everything. `Display` says what happened, [`Error::advice`] what to do next.
//!
//! | [`ErrorKind`] | raised by | whose fault | try again? |
//! |---|---|---|---|
//! | [`InvalidInput`](ErrorKind::InvalidInput) | constructors and `start`, before anything is sent | the caller's | after correcting the value |
//! | [`NotSent`](ErrorKind::NotSent) | the transport: refused, unknown name, certificate | network, proxy or URL | where [`is_transient`](Error::is_transient); the flow did already |
//! | [`NoReply`](ErrorKind::NoReply) | the transport: reset, time-out, cut off | network | reads yes; changes after looking |
//! | [`Redirect`](ErrorKind::Redirect) | a 3xx status | the service URL | after correcting it |
//! | [`HttpStatus`](ErrorKind::HttpStatus) | any other status than 2xx | 429, 5xx: the server; else the URL | 429 and 5xx, as above |
//! | [`EmptyReply`](ErrorKind::EmptyReply), [`TruncatedReply`](ErrorKind::TruncatedReply) | the reply | server or network | as `NoReply` |
//! | [`HtmlReply`](ErrorKind::HtmlReply) | the reply | the service URL, a proxy or a portal | no |
//! | [`XmlReply`](ErrorKind::XmlReply) | the reply | something that alters requests | no |
//! | [`NullReply`](ErrorKind::NullReply), [`MalformedReply`](ErrorKind::MalformedReply), [`TrailingData`](ErrorKind::TrailingData), [`UnexpectedReply`](ErrorKind::UnexpectedReply), [`OversizedReply`](ErrorKind::OversizedReply), [`UnusableKs`](ErrorKind::UnusableKs) | the reply | the server, or it is not Kaltura's | no |
//! | [`MissingResult`](ErrorKind::MissingResult) | a batch | the server stopped early | yes: it was not executed |
//! | [`WrongPartner`](ErrorKind::WrongPartner) | a login | partner id and token of two accounts | no |
//! | [`BornExpired`](ErrorKind::BornExpired) | a login | the token: its `sessionDuration` is 0 | after mending the token |
//! | [`Kaltura`](ErrorKind::Kaltura) | Kaltura, see [`KalturaCode`] and [`Error::code`] | see the advice | `ACTION_BLOCKED`, `LOCK_TIMED_OUT`, `INTERNAL_…` |
//!
//! A login cures by itself what a new widget session can cure; everything that is left needs somebody.
//!
//! # Secrets
//!
//! [`AppTokenSecret`], [`AccountSecret`], [`Ks`] and [`TokenHash`](value::TokenHash) (it can be replayed with its KS) are types of their own:
//! their `Debug` shows `[redacted]`, they have no `Display`, they are wiped from memory when dropped, and `expose` is the
//! one way out. No error holds a byte of a reply. Requests and replies are wiped too, but not the buffers that a JSON
//! writer or an HTTP client outgrows.
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
pub use exchange::{AllPages, Batch, Call, Exchange, Flow, RetryPolicy, Step, Stopped, drive};
pub use login::{Changes, Credential, Login, LoginMany, Session};
pub use value::{
    AccountSecret, AppTokenId, AppTokenSecret, Clock, HashChoice, HashType, Ks, Moment, PartnerId, Privileges,
    SessionType, UnixSeconds,
};
pub use wire::{Action, Endpoint, FnTransport, HttpRequest, HttpResponse, Region, Repeat, Transport, TransportFailure};
