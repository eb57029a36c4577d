//! One domain: whether it is proved, its records as DNS has them, its keys, its settings, its end.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::mail::model::DomainName;
use crate::mail::nav;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::MailDomainId;
use crate::platform::web::{CHANGED, Ctx, FormData, FormState, Page, Path, SeeOther, ago};

use super::super::actions::{self, ChangeInput};
use super::super::model::{DnsRecordKind, Domain, Said, typed};
use super::super::store;
use super::new::{Target, chosen, targets};
use super::rows::{KeyRow, RecordRow};
use super::{Head, held, words};

#[derive(Template)]
#[template(path = "mail/domain.html")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a page is drawn by answers to independent questions"
)]
pub(super) struct Show {
    ctx: Ctx,
    head: Head,
    href: String,
    version: i64,
    domain: Domain,
    words: (&'static str, &'static str, String),
    held: String,
    created_ago: String,
    /// When its records were looked at last; empty before they were.
    checked_ago: String,
    /// What proves it, as long as that was not done.
    proof: Option<RecordRow>,
    records: Vec<RecordRow>,
    optional: Vec<RecordRow>,
    keys: Vec<KeyRow>,
    form: FormState,
    targets: Vec<Target>,
    may_write: bool,
    has_service: bool,
    /// Whether the mail service has a name that records can lead to.
    is_named: bool,
    /// Whether DNS has shown nothing of it for days.
    is_lost: bool,
}

impl Show {
    /// Whether a key waits to take over.
    fn has_next(&self) -> bool {
        self.keys.iter().any(|key| key.is_next)
    }

    /// Its name in A-labels, where that is another one than people write.
    fn name_in_dns(&self) -> Option<&str> {
        self.domain.name.in_dns()
    }
}

fn filled(domain: &Domain) -> FormState {
    let quota = domain.quota_mib.map(|mib| mib.to_string());
    let hourly = domain.hourly_limit.map(|many| many.to_string());
    let alias = domain.alias_of.map(|id| id.to_string());
    let form = FormState::default()
        .with("quota_mib", quota.unwrap_or_default())
        .with("hourly_limit", hourly.unwrap_or_default())
        .with("alias_of", alias.unwrap_or_default());
    if domain.is_enabled {
        form.with("is_enabled", "true")
    } else {
        form
    }
}

/// What proves it, what is needed, and what is good to have.
type Records = (Option<RecordRow>, Vec<RecordRow>, Vec<RecordRow>);

async fn records(app: &App, scope: &TenantScope, domain: &Domain) -> Result<Records, Error> {
    let seen = actions::seen(app, &mut scope.begin().await?, domain).await?;
    let (mut proof, mut needed, mut optional) = (None, Vec::new(), Vec::new());
    for (place, (record, seen)) in seen.into_iter().enumerate() {
        let is_proof = record.kind == DnsRecordKind::Proof;
        let row = RecordRow::new(format!("record-{place}"), record, seen);
        match (is_proof, row.is_optional) {
            (true, _) => proof = Some(row),
            (false, false) => needed.push(row),
            (false, true) => optional.push(row),
        }
    }
    Ok((proof, needed, optional))
}

async fn page(
    app: &App,
    scope: &TenantScope,
    ctx: Ctx,
    (id, again): (MailDomainId, Option<FormState>),
) -> Result<Page<Show>, Error> {
    let (domain, keys) = actions::list_keys(&mut scope.begin().await?, id).await?;
    let (proof, records, optional) = records(app, scope, &domain).await?;
    let now = app.now();
    let keys: Vec<KeyRow> = keys
        .into_iter()
        .map(|key| KeyRow::new(&domain, key, now))
        .collect();
    let (mut targets, own) = (targets(scope).await?, id.to_string());
    targets.retain(|(other, _)| *other != own);
    Ok(Page(Show {
        ctx: nav::crumbs(ctx, scope),
        head: Head::new(scope, &domain, "records"),
        href: nav::domain(scope, id),
        version: domain.version,
        words: words(&domain),
        held: held(&domain),
        created_ago: ago(domain.created_at, now),
        checked_ago: domain.checked_at.map(|at| ago(at, now)).unwrap_or_default(),
        form: again.unwrap_or_else(|| filled(&domain)),
        may_write: scope.may(Permission::MailWrite),
        has_service: app.mail.is_some(),
        is_named: DomainName::parse(app.config.mail_host()).is_ok(),
        is_lost: domain.is_lost(now),
        proof,
        records,
        optional,
        keys,
        targets,
        domain,
    }))
}

/// Shows one.
pub(super) async fn show(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, MailDomainId)>,
) -> Result<Page<Show>, Error> {
    page(&app, &scope, ctx, (id, None)).await
}

/// Changes its settings.
pub(super) async fn change(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, MailDomainId)>,
    data: FormData,
) -> Result<Response, Error> {
    // Whoever is not its tenant learns nothing from the form's mistakes.
    store::find(&mut scope.begin().await?, id).await?;
    let save = async {
        let input = ChangeInput {
            is_enabled: Some(data.checked("is_enabled")),
            alias_of: Said::Be(chosen(&data)?),
            quota_mib: typed(data.get("quota_mib")).map(Said::Be),
            hourly_limit: typed(data.get("hourly_limit")).map(Said::Be),
        };
        actions::change(&app, &scope, id, input, data.has_seen()).await
    };
    let (errors, status) = match data.submit(save).await {
        Ok(_) => {
            return Ok(SeeOther::to(nav::domain(&scope, id))
                .good("Saved.")
                .into_response());
        }
        Err(Error::Invalid(errors)) => (errors, 422),
        Err(Error::PreconditionFailed) => (FieldErrors::one("", CHANGED), 412),
        Err(error @ Error::Conflict { .. }) => (FieldErrors::one("", error.sentence()), 409),
        Err(error) => return Err(error),
    };
    let again = Some(FormState::new(data, errors));
    Ok(page(&app, &scope, ctx, (id, again)).await?.status(status))
}
