//! A list of all mailboxes and aliases, streamed: a page at a time, so that a million of them need no memory.

use std::pin::Pin;

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::Stream;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::MailDomainId;
use crate::platform::web::page::attachment;

use super::model::{Entry, csv_line, header_line};
use super::store::{self, Key};

const BATCH: i64 = 1000;

/// What a list is to have.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ExportQuery {
    /// This domain only.
    #[serde(default)]
    pub(super) domain: Option<MailDomainId>,
}

/// What is listed, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Mailboxes,
    Aliases,
}

type Rows = Vec<(Key, Entry)>;

/// All that there is, as a download called `name`. What goes wrong after the first page breaks the transfer off, so that nobody
/// takes a part for the whole.
pub(super) async fn export(
    scope: TenantScope,
    domain: Option<MailDomainId>,
    name: &str,
) -> Result<Response, Error> {
    // The first page before the answer begins: an error in it still gets a proper answer.
    let first = page(&scope, domain, Part::Mailboxes, None).await?;
    let stream = async_stream::try_stream! {
        yield written([header_line()])?;
        let (mut part, mut batch) = (Part::Mailboxes, first);
        loop {
            let last = last_of_full(&batch);
            yield written(batch.iter().map(|((address, _), entry)| csv_line(address, entry)))?;
            if last.is_none() && part == Part::Aliases {
                break;
            }
            if last.is_none() {
                part = Part::Aliases;
            }
            batch = page(&scope, domain, part, last).await?;
        }
    };
    let stream: Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>> = Box::pin(stream);
    let headers = [(header::CONTENT_TYPE, "text/csv; charset=utf-8")];
    Ok((headers, [attachment(name)], Body::from_stream(stream)).into_response())
}

/// Each page is a transaction of its own: a slow reader holds none.
async fn page(
    scope: &TenantScope,
    domain: Option<MailDomainId>,
    part: Part,
    after: Option<Key>,
) -> Result<Rows, Error> {
    let whose = (scope.tenant(), domain);
    let mut tx = scope.begin().await?;
    let rows = match part {
        Part::Mailboxes => store::mailboxes(&mut tx, whose, after.as_ref(), BATCH).await?,
        Part::Aliases => store::aliases(&mut tx, whose, after.as_ref(), BATCH).await?,
    };
    tx.commit().await?;
    Ok(rows)
}

/// Where to go on, if the page was full.
fn last_of_full(batch: &[(Key, Entry)]) -> Option<Key> {
    let is_full = i64::try_from(batch.len()).is_ok_and(|length| length == BATCH);
    let last = batch.last().filter(|_| is_full);
    last.map(|(key, _)| key.clone())
}

/// Lines of CSV.
pub(super) fn written<const N: usize>(lines: impl IntoIterator<Item = [String; N]>) -> Result<Bytes, Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for line in lines {
        writer.write_record(line).map_err(Error::internal)?;
    }
    let text = writer.into_inner();
    text.map(Bytes::from)
        .map_err(|error| Error::internal(error.to_string()))
}
