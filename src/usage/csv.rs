//! A span of usage as a table for other programs. At most as many rows as one answer has points.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::access::{StaffScope, TenantScope};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::platform::web::page::attachment;
use crate::platform::web::{Path, Query};

use super::api::{UsageOut, usage};
use super::model::{Point, Span, Step};
use super::pages::PageParams;
use super::store;

const HEADER: [&str; 13] = [
    "at",
    "cpu",
    "cpu_max",
    "memory_bytes",
    "memory_max_bytes",
    "received_bytes_per_second",
    "received_max",
    "sent_bytes_per_second",
    "sent_max",
    "read_bytes_per_second",
    "read_max",
    "written_bytes_per_second",
    "written_max",
];

fn record(point: &Point) -> [String; 13] {
    let text = |value: Option<f32>| value.map_or_else(String::new, |value| value.to_string());
    [
        point.at.to_rfc3339(),
        text(point.cpu),
        text(point.cpu_max),
        point.memory.to_string(),
        point.memory_max.to_string(),
        text(point.rx),
        text(point.rx_max),
        text(point.tx),
        text(point.tx_max),
        text(point.read),
        text(point.read_max),
        text(point.write),
        text(point.write_max),
    ]
}

fn table(points: &[Point]) -> Result<Vec<u8>, Error> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADER).map_err(Error::internal)?;
    for point in points {
        writer.write_record(record(point)).map_err(Error::internal)?;
    }
    writer
        .into_inner()
        .map_err(|error| Error::internal(error.to_string()))
}

/// All that is known of a server's use, by the hour: at most as many lines as two years have hours.
pub async fn hourly(tx: &mut impl Scoped, id: ServerId, now: DateTime<Utc>) -> Result<Vec<u8>, Error> {
    let span = Span {
        from: now - Step::HOUR.source().kept(),
        to: now,
        step: Step::HOUR,
    };
    table(&store::points(tx, id, &span).await?)
}

fn download(id: ServerId, usage: &UsageOut) -> Result<Response, Error> {
    let body = table(&usage.points)?;
    let headers = [(header::CONTENT_TYPE, "text/csv; charset=utf-8")];
    Ok((headers, [attachment(&format!("usage-{id}.csv"))], body).into_response())
}

/// One server's.
pub async fn tenant(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, ServerId)>,
    Query(params): Query<PageParams>,
) -> Result<Response, Error> {
    let span = params.span(app.now())?;
    download(id, &usage(&mut scope.begin().await?, id, &span).await?)
}

/// Any server's.
pub async fn staff(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<ServerId>,
    Query(params): Query<PageParams>,
) -> Result<Response, Error> {
    let span = params.span(app.now())?;
    download(id, &usage(&mut scope.begin().await?, id, &span).await?)
}
