//! The log as CSV, streamed: a page of events at a time, so that a million of them need no memory.

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::TenantId;
use crate::platform::web::page::attachment;

use super::model::{Event, Filter, HEADER, record};
use super::reader::{Key, Reader, key};
use super::store;

const BATCH: i64 = 1000;

/// All events that fit, as a download called `name`. What goes wrong after the first page breaks the transfer off, so that
/// nobody takes a part for the whole.
pub(super) async fn export(reader: Reader, filter: Filter, name: &str) -> Result<Response, Error> {
    // The first page before the answer begins: an error in it still gets a proper answer.
    let first = reader.page(&filter, None, BATCH).await?;
    let stream = async_stream::try_stream! {
        yield lines(&[], true)?;
        let mut batch = first;
        while let Some(last) = next(&batch) {
            yield lines(&batch, false)?;
            batch = match last {
                Some(last) => reader.page(&filter, Some(last), BATCH).await?,
                None => Vec::new(),
            };
        }
    };
    let stream: std::pin::Pin<Box<dyn futures_util::Stream<Item = Result<Bytes, Error>> + Send>> =
        Box::pin(stream);
    let headers = [(header::CONTENT_TYPE, "text/csv; charset=utf-8")];
    Ok((headers, [attachment(name)], Body::from_stream(stream)).into_response())
}

/// A page of a tenant's log as CSV with its head.
pub struct CsvPage {
    /// Its lines.
    pub lines: Bytes,
    /// Where the next one goes on; nothing after the last.
    pub next: Option<Key>,
}

/// A page of what a tenant's log has, the newest first, those after the page before.
pub async fn csv_page(tx: &mut impl Scoped, tenant: TenantId, after: Option<Key>) -> Result<CsvPage, Error> {
    let filter = Filter {
        tenant: Some(tenant.0),
        ..Filter::default()
    };
    let batch = store::list(tx, &filter, after, BATCH).await?;
    let head = lines(&[], true)?;
    Ok(CsvPage {
        lines: [head, lines(&batch, false)?].concat().into(),
        next: next(&batch).flatten(),
    })
}

/// The key to go on after, if the batch was full; `None` at the end.
#[expect(
    clippy::option_option,
    reason = "an empty batch, the last one, and one that others follow"
)]
fn next(batch: &[Event]) -> Option<Option<Key>> {
    let last = batch.last()?;
    let is_full = i64::try_from(batch.len()).is_ok_and(|length| length == BATCH);
    Some(is_full.then(|| key(last)))
}

fn lines(events: &[Event], with_header: bool) -> Result<Bytes, Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    if with_header {
        writer.write_record(HEADER).map_err(Error::internal)?;
    }
    for event in events {
        writer.write_record(record(event)).map_err(Error::internal)?;
    }
    writer
        .into_inner()
        .map(Bytes::from)
        .map_err(|error| Error::internal(error.to_string()))
}
