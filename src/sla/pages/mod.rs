//! SLAs for people: a tenant's promise and months; for the provider all months, and what is promised.

pub(super) mod calendars;
pub(super) mod plans;
pub(super) mod policies;
pub(super) mod reports;
pub(super) mod tenant;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::TenantId;
use crate::platform::web::page::attachment;
use crate::tenants;

use super::model::{
    Decision, Kept, Month, Percent, Report, Terms, TicketLine, Verdict, lasted, show_minutes,
};
use super::{assemble, csv, pdf, store};

/// A month's report, final or as far as it has come.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub(super) report: Report,
    pub(super) frozen_at: Option<DateTime<Utc>>,
    pub(super) decision: Option<Decision>,
}

impl From<Kept> for Shown {
    fn from(kept: Kept) -> Self {
        Self {
            report: kept.report,
            frozen_at: Some(kept.frozen_at),
            decision: kept.decision,
        }
    }
}

/// A tenant's report of a month: as it was written down, or as it is now.
pub(super) async fn shown(
    app: &App,
    tx: &mut impl Scoped,
    tenant: TenantId,
    month: Month,
) -> Result<Shown, Error> {
    if let Some(kept) = store::find_report(tx, tenant, month).await? {
        return Ok(kept.into());
    }
    let tenant = tenants::find_tenant(tx, tenant).await?;
    Ok(Shown {
        report: assemble::report(tx, &tenant, month, app.now()).await?,
        frozen_at: None,
        decision: None,
    })
}

impl Shown {
    /// What became of the credit, in a sentence.
    fn credit(&self) -> String {
        let credit = self.report.credit;
        let what = format!("a credit of {credit} % of the month's price");
        match (&self.decision, self.frozen_at) {
            _ if credit == 0 => "No credit is proposed.".to_owned(),
            (_, None) => format!("If the month ended now, {what} would be proposed."),
            (None, Some(_)) => format!("By its terms {what} is proposed; the provider has not decided yet."),
            (Some(decision), _) if decision.is_approved => {
                format!("The provider gives {what}: {}", decision.reason)
            }
            (Some(decision), _) => format!("The provider does not give {what}: {}", decision.reason),
        }
    }

    /// It as a table, to be saved.
    pub(super) fn csv(&self) -> Result<Response, Error> {
        let bytes = csv::write(&self.report)?;
        Ok(download(
            "text/csv; charset=utf-8",
            bytes.into(),
            &self.report,
            "csv",
        ))
    }

    /// It to print.
    pub(super) fn pdf(&self) -> Response {
        let bytes = pdf::write(&self.report, &self.credit());
        download("application/pdf", bytes, &self.report, "pdf")
    }
}

fn download(kind: &'static str, bytes: Vec<u8>, report: &Report, end: &str) -> Response {
    let name = attachment(&format!("sla-{}-{}.{end}", report.tenant, report.month));
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static(kind))];
    (headers, [name], bytes).into_response()
}

/// A server's line.
struct ServerRow {
    name: String,
    availability: String,
    is_below: bool,
    counted: String,
    down: String,
}

/// An outage's line.
struct OutageRow {
    name: String,
    summary: String,
    iso: String,
    began: String,
    lasted: String,
}

/// A part's line.
struct PartRow {
    policy: String,
    time: String,
    promised: String,
    availability: String,
    is_unavailable: bool,
    credit: u8,
}

/// A ticket's line.
struct TicketRow {
    href: String,
    number: i64,
    subject: String,
    severity: String,
    answered: String,
    verdicts: [Verdict; 3],
}

/// A report as a page draws it.
struct View {
    month: String,
    sub: String,
    tone: &'static str,
    word: &'static str,
    policy: String,
    promised: String,
    availability: String,
    is_unavailable: bool,
    late: usize,
    credit: String,
    base: String,
    /// What held when, if that changed.
    parts: Vec<PartRow>,
    servers: Vec<ServerRow>,
    outages: Vec<OutageRow>,
    tickets: Vec<TicketRow>,
}

fn share(share: Option<Percent>, without: &str) -> String {
    share.map_or_else(|| without.to_owned(), |share| format!("{share} %"))
}

fn when(at: DateTime<Utc>) -> String {
    at.format("%-d %b %Y, %H:%M UTC").to_string()
}

impl View {
    /// `base` is the report's own address, and `tickets` that of tickets.
    fn new(shown: &Shown, base: String, tickets: &str) -> Self {
        let report = &shown.report;
        let (tone, word) = match (report.is_missed(), shown.frozen_at) {
            (true, _) => ("bad", "Missed"),
            (false, None) => ("busy", "Running"),
            (false, Some(_)) => ("good", "Kept"),
        };
        let end = if shown.frozen_at.is_some() {
            "Final"
        } else {
            "As of now"
        };
        Self {
            month: report.month.label(),
            sub: format!("{end}: {} to {}", when(report.from), when(report.until)),
            tone,
            word,
            policy: report.policy.clone().unwrap_or_else(|| "None".to_owned()),
            promised: share(report.promised, "Not promised"),
            availability: share(report.availability, "No servers"),
            is_unavailable: report.is_unavailable(),
            late: report.late(),
            credit: shown.credit(),
            base,
            parts: changes(report),
            servers: servers(report),
            outages: outages(report),
            tickets: report.tickets.iter().map(|line| ticket(line, tickets)).collect(),
        }
    }
}

/// The parts, unless one policy held all the time that the report is of.
fn changes(report: &Report) -> Vec<PartRow> {
    let rows = report.parts.iter().map(|part| PartRow {
        policy: part.policy.clone(),
        time: format!("{} to {}", when(part.from), when(part.until)),
        promised: share(part.promised, "Not promised"),
        availability: share(part.availability, "No servers"),
        is_unavailable: part.is_unavailable(),
        credit: part.credit,
    });
    match report.parts.as_slice() {
        [part] if (part.from, part.until) == (report.from, report.until) => Vec::new(),
        _ => rows.collect(),
    }
}

fn servers(report: &Report) -> Vec<ServerRow> {
    let rows = report.servers.iter().map(|line| ServerRow {
        name: line.name.clone(),
        availability: format!("{} %", line.availability),
        is_below: report
            .promised
            .is_some_and(|promised| line.availability < promised),
        counted: lasted(line.counted),
        down: if line.down == 0 {
            "–".to_owned()
        } else {
            lasted(line.down)
        },
    });
    rows.collect()
}

fn outages(report: &Report) -> Vec<OutageRow> {
    let rows = report.outages.iter().map(|line| OutageRow {
        name: line.name.clone(),
        summary: line.summary.clone(),
        iso: line.began.to_rfc3339(),
        began: when(line.began),
        lasted: match line.ended {
            Some(_) => lasted(line.counted),
            None => format!("{}, not over", lasted(line.counted)),
        },
    });
    rows.collect()
}

fn ticket(line: &TicketLine, base: &str) -> TicketRow {
    TicketRow {
        href: format!("{base}/{}", line.ticket),
        number: line.number,
        subject: line.subject.clone(),
        severity: line.severity.to_uppercase(),
        answered: line.answered_after.map(lasted).unwrap_or_default(),
        verdicts: [line.first_answer, line.update, line.restore],
    }
}

/// Terms as a page shows them.
struct Promise {
    name: String,
    hours: String,
    availability: String,
    /// A severity's label and its three times.
    targets: Vec<(&'static str, [String; 3])>,
    credits: Vec<String>,
}

impl From<&Terms> for Promise {
    fn from(terms: &Terms) -> Self {
        let shown = |minutes: Option<u32>| Some(show_minutes(minutes)).filter(|text| !text.is_empty());
        let time = move |minutes| shown(minutes).unwrap_or_else(|| "–".to_owned());
        let severities = crate::tickets::Severity::ALL.into_iter().zip(terms.targets);
        let step = |step: &super::model::Credit| {
            format!("Below {} %: {} % of the month's price", step.below, step.credit)
        };
        Self {
            name: terms.name.clone(),
            hours: calendars::in_words(&terms.hours),
            availability: share(terms.availability, "Not promised"),
            targets: severities
                .map(|(severity, targets)| {
                    let times = [targets.first_answer, targets.update, targets.restore];
                    (severity.label(), times.map(time))
                })
                .collect(),
            credits: terms.credits.iter().map(step).collect(),
        }
    }
}
