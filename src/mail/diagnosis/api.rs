//! The diagnosis for programs.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::mail::model::DomainName;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::web::{Json, Query};

use super::look::{PROBE, look};
use super::model::{Finding, Verdict};

/// What the diagnosis is asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MailDiagnosisQuery {
    /// The domain whose mail server is tried on port 25; `gmail.com` if not given.
    #[param(max_length = 253, example = "example.org")]
    #[serde(default)]
    pub domain: Option<String>,
}

impl MailDiagnosisQuery {
    /// The domain that is meant.
    pub fn probe(&self) -> Result<DomainName, Error> {
        let typed = self.domain.as_deref().unwrap_or(PROBE);
        DomainName::parse(typed).map_err(|words| Error::invalid("domain", words))
    }
}

/// What one check found.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailFindingOut {
    /// What was looked at.
    #[schema(example = "Port 25 out")]
    what: String,
    /// How bad it is.
    verdict: Verdict,
    /// What was seen.
    says: String,
    /// What to do; empty where nothing is.
    fix: String,
}

impl From<Finding> for MailFindingOut {
    fn from(one: Finding) -> Self {
        Self {
            what: one.what,
            verdict: one.verdict,
            says: one.says,
            fix: one.fix,
        }
    }
}

/// What all checks found.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailDiagnosisOut {
    /// The name of the mail service that was looked at.
    #[schema(example = "mail.example.com")]
    host: String,
    /// What was found.
    findings: Vec<MailFindingOut>,
}

/// Diagnose mail
///
/// Looks at ports, names, blocklists and certificates of the mail service. It takes some seconds; what can't be seen is `unknown`.
#[utoipa::path(get, path = "/api/v1/staff/mail/diagnosis", tag = "staff mail", params(MailDiagnosisQuery),
    responses((status = 200, description = "What was found", body = MailDiagnosisOut)))]
pub async fn show(
    State(app): State<App>,
    _scope: StaffScope,
    Query(query): Query<MailDiagnosisQuery>,
) -> Result<Json<MailDiagnosisOut>, Error> {
    let findings = Box::pin(look(&app, &query.probe()?)).await;
    Ok(Json(MailDiagnosisOut {
        host: app.config.mail_host().to_owned(),
        findings: findings.into_iter().map(MailFindingOut::from).collect(),
    }))
}
