//! What owners read of a month that is over.

use crate::notifications::Draft;
use crate::platform::ids::SlaReportId;

use super::model::{Percent, Report};

/// The mail. `page` is where the report is, for those who may still look.
pub(super) fn draft(report: &Report, about: SlaReportId, page: Option<&str>) -> Draft {
    let share = |share: Option<Percent>, without: &str| {
        share.map_or_else(|| without.to_owned(), |share| format!("{share} %"))
    };
    let credit = match report.credit {
        0 => "none is proposed".to_owned(),
        credit => format!("{credit} % of the month's price is proposed"),
    };
    let links = page.map_or_else(String::new, |page| {
        format!("\nThe report: {page}\nAs PDF: {page}/report.pdf\nAs CSV: {page}/report.csv\n")
    });
    let month = report.month.label();
    let text = format!(
        "The SLA report of {month} is final.\n\nPolicy: {}\nAvailability: {} (promised: {})\nLate answers and repairs: {}\n\
         Credit: {credit}\n{links}",
        report.policy.as_deref().unwrap_or("none"),
        share(report.availability, "no servers"),
        share(report.promised, "nothing"),
        report.late(),
    );
    Draft {
        subject: format!("SLA report of {}: {month}", report.tenant_name),
        text,
        about: Some(about.0),
    }
}
