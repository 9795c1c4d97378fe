//! Reads a body within the limits.

use std::mem;
use std::sync::Arc;

use apptoken_transport_fake::{StreamedFile, UploadForm};
use http_body_util::BodyExt;
use hyper::StatusCode;
use hyper::body::{Body, Incoming};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::yield_now;
use tokio::time::timeout;

use super::read_request::Refusal;
use crate::Limits;

/// The maximum body size of a small request. A small request never waits for memory, and can be handled on a thread
/// that serves connections.
pub(super) const SMALL_BODY: usize = 16 << 10;

/// More than a streamed upload needs besides its form: for what arrives at once, and the bytes of a small file.
const FILE_MEMORY: usize = 2 << 20;

/// How much of a form is read at once.
const PIECE: usize = 64 << 10;

/// A body, with the permit for its memory.
pub(super) struct ReceivedBody {
    /// Of a streamed upload, the form without its files.
    pub(super) bytes: Vec<u8>,
    /// The file of a streamed upload.
    pub(super) file: Option<StreamedFile>,
    pub(super) memory: Option<OwnedSemaphorePermit>,
}

/// Reads a body. An upload larger than [`Limits::upload_memory`] is streamed.
///
/// # Errors
///
/// The reply to a body that is too large, too slow or incomplete.
pub(super) async fn read(
    body: Incoming,
    upload: Option<UploadForm>,
    limits: &Limits,
    memory: &BodyMemory,
) -> Result<ReceivedBody, Refusal> {
    let limit = if upload.is_some() { limits.upload_bytes } else { limits.body_bytes as u64 };
    let declared = body.size_hint().lower();
    if declared > limit {
        return Err(Refusal(StatusCode::PAYLOAD_TOO_LARGE));
    }
    let mut reader = Reader { body, limit, length: 0, upload, form: None, bytes: Vec::new(), permit: None };
    if declared > limits.upload_memory as u64 {
        reader.form = reader.upload.take();
    }
    while !timeout(limits.body_time, reader.read_some(limits, memory))
        .await
        .map_err(|_| Refusal(StatusCode::REQUEST_TIMEOUT))??
    {}
    let Reader { form, bytes, permit, .. } = reader;
    let (bytes, file) = match form.map(UploadForm::finish) {
        Some((fields, file)) => (fields, Some(file)),
        None => (bytes, None),
    };
    Ok(ReceivedBody { bytes, file, memory: permit })
}

struct Reader {
    body: Incoming,
    limit: u64,
    /// How much has arrived.
    length: u64,
    /// The form of an upload, as long as it is not streamed.
    upload: Option<UploadForm>,
    /// The form of a streamed upload.
    form: Option<UploadForm>,
    bytes: Vec<u8>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Reader {
    /// Reads up to the end, or a part of a streamed upload. Returns whether it has reached the end.
    async fn read_some(&mut self, limits: &Limits, memory: &BodyMemory) -> Result<bool, Refusal> {
        let start = self.length;
        while let Some(frame) = self.body.frame().await {
            let frame = frame.map_err(|_| Refusal(StatusCode::BAD_REQUEST))?;
            // Ignore trailers.
            let Ok(data) = frame.into_data() else { continue };
            self.length = self.length.saturating_add(data.len() as u64);
            if self.length > self.limit {
                return Err(Refusal(StatusCode::PAYLOAD_TOO_LARGE));
            }
            if self.length > limits.upload_memory as u64 {
                self.stream().await;
            }
            // Memory is for bytes that have arrived, not for the declared length, which costs a client nothing.
            let Some(form) = &mut self.form else {
                memory.take(self.bytes.len().saturating_add(data.len()), &mut self.permit).await;
                self.bytes.extend_from_slice(&data);
                continue;
            };
            memory.take(form.memory().saturating_add(data.len()), &mut self.permit).await;
            form.push(&data);
            if form.fields_len() > limits.body_bytes {
                return Err(Refusal(StatusCode::PAYLOAD_TOO_LARGE));
            }
            if self.length - start > limits.upload_memory as u64 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// From now on, streams an upload. Other bodies are not changed.
    async fn stream(&mut self) {
        let Some(mut form) = self.upload.take() else { return };
        for piece in mem::take(&mut self.bytes).chunks(PIECE) {
            form.push(piece);
            // Other connections go on meanwhile.
            yield_now().await;
        }
        self.permit = None;
        self.form = Some(form);
    }
}

/// The memory that all bodies larger than [`SMALL_BODY`] share.
#[derive(Debug)]
pub(crate) struct BodyMemory(Arc<Semaphore>);

impl BodyMemory {
    /// The maximum for all bodies together, unless the limit for one body is larger.
    const BYTES: usize = 128 << 20;

    /// The allocation unit.
    const PIECE: usize = 64 << 10;

    pub(crate) fn of(limits: &Limits) -> Self {
        let largest = limits.body_bytes.saturating_add(FILE_MEMORY).max(limits.upload_memory);
        let pieces = Self::BYTES.max(largest).div_ceil(Self::PIECE);
        Self(Arc::new(Semaphore::new(pieces.min(Semaphore::MAX_PERMITS))))
    }

    /// Waits until there is memory for a body of this length. `taken` is the permit for its earlier part.
    async fn take(&self, length: usize, taken: &mut Option<OwnedSemaphorePermit>) {
        let before = taken.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let pieces = length.saturating_sub(SMALL_BODY).div_ceil(Self::PIECE).saturating_sub(before);
        let Some(more) = u32::try_from(pieces).ok().filter(|more| *more > 0) else { return };
        // The semaphore is never closed.
        let Ok(more) = Arc::clone(&self.0).acquire_many_owned(more).await else { return };
        match taken {
            Some(taken) => taken.merge(more),
            None => *taken = Some(more),
        }
    }
}
