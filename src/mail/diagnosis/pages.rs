//! The diagnosis for people of staff.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::web::{Ctx, Page, Query};

use super::api::MailDiagnosisQuery;
use super::look::{PROBE, look};
use super::model::{Finding, Verdict};

#[derive(Template)]
#[template(path = "mail/diagnosis.html")]
struct DiagnosisPage {
    ctx: Ctx,
    host: String,
    domain: String,
    wrong: String,
    findings: Vec<Finding>,
}

impl DiagnosisPage {
    fn tone(&self, one: &Finding) -> &'static str {
        one.verdict.look().0
    }

    fn word(&self, one: &Finding) -> &'static str {
        one.verdict.look().1
    }

    /// How many need somebody.
    fn summary(&self) -> String {
        let count = |verdict: Verdict| self.findings.iter().filter(|one| one.verdict == verdict).count();
        match (count(Verdict::Bad), count(Verdict::Warning)) {
            (0, 0) => "Nothing that was seen keeps mail from coming or going.".to_owned(),
            (bad, warning) => format!("Problems: {bad}. Needing attention: {warning}."),
        }
    }
}

/// Looks, and shows what was seen.
pub(super) async fn show(
    State(app): State<App>,
    _scope: StaffScope,
    ctx: Ctx,
    Query(query): Query<MailDiagnosisQuery>,
) -> Result<Response, Error> {
    let (wrong, findings) = match query.probe() {
        Ok(probe) => (String::new(), Box::pin(look(&app, &probe)).await),
        Err(Error::Invalid(errors)) => (errors.get("domain").unwrap_or_default().to_owned(), Vec::new()),
        Err(error) => return Err(error),
    };
    let status = if wrong.is_empty() { 200 } else { 422 };
    let page = DiagnosisPage {
        ctx: ctx.with_crumbs([("Mail", "/staff/mail")]),
        host: app.config.mail_host().to_owned(),
        domain: query.domain.unwrap_or_else(|| PROBE.to_owned()),
        wrong,
        findings,
    };
    Ok(Page(page).status(status))
}
