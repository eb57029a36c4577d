//! A report as a table: one line for the month, and one for each time of a policy, server, outage and ticket.

use bytes::Bytes;
use chrono::SecondsFormat;

use crate::audit::inert;
use crate::platform::error::Error;

use super::model::{At, Percent, Report, Verdict};

const HEADER: [&str; 14] = [
    "kind",
    "id",
    "name",
    "severity",
    "from",
    "until",
    "seconds",
    "down_seconds",
    "availability",
    "promised",
    "credit_percent",
    "first_answer",
    "update",
    "restore",
];

fn time(at: At) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn word(verdict: Verdict) -> String {
    match verdict {
        Verdict::Met => "met",
        Verdict::Missed => "missed",
        Verdict::Open => "open",
        Verdict::None => "",
    }
    .to_owned()
}

fn share(share: Option<Percent>) -> String {
    share.map(|share| share.to_string()).unwrap_or_default()
}

/// A line of a kind: what is not set is empty.
fn line(kind: &str, id: String, name: &str, cells: &[(usize, String)]) -> [String; 14] {
    let mut line = <[String; 14]>::default();
    for (place, text) in cells {
        line[*place].clone_from(text);
    }
    kind.clone_into(&mut line[0]);
    line[1] = id;
    name.clone_into(&mut line[2]);
    line.map(inert)
}

fn month(report: &Report) -> [String; 14] {
    let sum = |seconds: i64| seconds.to_string();
    let cells = [
        (4, time(report.from)),
        (5, time(report.until)),
        (6, sum(report.servers.iter().map(|line| line.counted).sum())),
        (7, sum(report.servers.iter().map(|line| line.down).sum())),
        (8, share(report.availability)),
        (9, share(report.promised)),
        (10, report.credit.to_string()),
    ];
    line("month", report.month.to_string(), &report.tenant_name, &cells)
}

/// The report as CSV. What people named is no formula in it.
pub(super) fn write(report: &Report) -> Result<Bytes, Error> {
    let mut lines = vec![month(report)];
    for part in &report.parts {
        let cells = [
            (4, time(part.from)),
            (5, time(part.until)),
            (8, share(part.availability)),
            (9, share(part.promised)),
            (10, part.credit.to_string()),
        ];
        lines.push(line("policy", String::new(), &part.policy, &cells));
    }
    for server in &report.servers {
        let cells = [
            (6, server.counted.to_string()),
            (7, server.down.to_string()),
            (8, server.availability.to_string()),
        ];
        lines.push(line("server", server.server.to_string(), &server.name, &cells));
    }
    for down in &report.outages {
        let cells = [
            (4, time(down.began)),
            (5, down.ended.map(time).unwrap_or_default()),
            (7, down.counted.to_string()),
        ];
        let name = format!("{}: {}", down.name, down.summary);
        lines.push(line("outage", down.incident.to_string(), &name, &cells));
    }
    for ticket in &report.tickets {
        let cells = [
            (3, ticket.severity.clone()),
            (4, time(ticket.opened_at)),
            (
                6,
                ticket
                    .answered_after
                    .map(|after| after.to_string())
                    .unwrap_or_default(),
            ),
            (11, word(ticket.first_answer)),
            (12, word(ticket.update)),
            (13, word(ticket.restore)),
        ];
        lines.push(line(
            "ticket",
            format!("#{}", ticket.number),
            &ticket.subject,
            &cells,
        ));
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADER).map_err(Error::internal)?;
    for line in lines {
        writer.write_record(line).map_err(Error::internal)?;
    }
    let bytes = writer.into_inner();
    bytes
        .map(Bytes::from)
        .map_err(|error| Error::internal(error.to_string()))
}
