//! Files as answers: saved, or as pictures in a sandbox that runs nothing and loads nothing. A piece at a time.

use std::pin::Pin;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::Stream;

use crate::files::{SANDBOX, disposition};
use crate::platform::error::Error;
use crate::platform::ids::{AttachmentId, TicketId};
use crate::tickets::extras::ExtrasSide;

use super::model::{Attachment, PIECE};
use super::store;

/// A file, to be saved.
pub(super) async fn save<S: ExtrasSide>(
    side: &S,
    place: (TicketId, AttachmentId),
) -> Result<Response, Error> {
    let (file, content) = open(side, place).await?;
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/octet-stream"),
        ),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(SANDBOX)),
        (header::CONTENT_DISPOSITION, disposition(file.name.as_bytes())),
        (header::CONTENT_LENGTH, HeaderValue::from(file.size)),
    ];
    Ok((headers, content).into_response())
}

/// A picture, to be shown.
pub(super) async fn picture<S: ExtrasSide>(
    side: &S,
    place: (TicketId, AttachmentId),
) -> Result<Response, Error> {
    let (file, content) = open(side, place).await?;
    let picture = file.kind.picture().ok_or(Error::NotFound)?;
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static(picture.media_type()),
        ),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(SANDBOX)),
        (header::CONTENT_LENGTH, HeaderValue::from(file.size)),
    ];
    Ok((headers, content).into_response())
}

/// A file and its bytes. The first piece is read before the answer begins, the others each in a transaction of its own: whoever reads
/// slowly holds no connection.
async fn open<S: ExtrasSide>(side: &S, place: (TicketId, AttachmentId)) -> Result<(Attachment, Body), Error> {
    let mut tx = side.open().await?;
    let file = store::find(&mut tx, place).await?;
    let first = store::piece(&mut tx, file.id, 0).await?;
    drop(tx);
    let bytes = usize::try_from(file.size).unwrap_or_default();
    let pieces = i32::try_from(bytes.div_ceil(PIECE)).unwrap_or(i32::MAX);
    let (side, id) = (side.clone(), file.id);
    let stream = async_stream::try_stream! {
        yield Bytes::from(first);
        for place in 1..pieces {
            let mut tx = side.open().await?;
            let piece = store::piece(&mut tx, id, place).await?;
            drop(tx);
            yield Bytes::from(piece);
        }
    };
    let stream: Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>> = Box::pin(stream);
    Ok((file, Body::from_stream(stream)))
}
