//! Opening a ticket.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use crate::app::App;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::error::{Error, FieldErrors};
use crate::platform::web::{Ctx, FormData, FormState, Page, Query, SeeOther, mistakes};

use super::super::attachments::FormWithFiles;
use super::super::model::{About, Severity};
use super::super::store::pages::{domains_offered, mailboxes_offered, servers_offered};
use super::super::{Opening, open_by_customer};
use super::parts::Choice;

/// A severity as the form explains it.
pub(super) struct Grade {
    pub(super) word: &'static str,
    pub(super) label: &'static str,
    pub(super) meaning: &'static str,
}

impl Grade {
    /// All of them.
    pub(super) fn all() -> Vec<Self> {
        let meaning = |severity| match severity {
            Severity::P1 => "Nothing works, for everybody: a shop that is not reached, mail that is lost.",
            Severity::P2 => "Something important does not work, and there is no way around it.",
            Severity::P3 => "Something works badly or slowly, or there is a way around it.",
            Severity::P4 => "A question or a wish. Nothing is broken.",
        };
        let grade = |severity: Severity| Self {
            word: severity.word(),
            label: severity.label(),
            meaning: meaning(severity),
        };
        Severity::ALL.into_iter().map(grade).collect()
    }
}

/// Things of a kind.
struct Group {
    label: &'static str,
    options: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "tickets/new.html")]
pub(super) struct New {
    ctx: Ctx,
    base: String,
    things: Vec<Group>,
    severities: Vec<Grade>,
    form: FormState,
}

/// What the form begins with.
#[derive(Debug, Deserialize)]
pub(super) struct Begin {
    #[serde(default)]
    about: Option<String>,
}

async fn groups(scope: &TenantScope, form: &FormState) -> Result<Vec<Group>, Error> {
    let (mut tx, tenant) = (scope.begin().await?, scope.tenant());
    let mut all = Vec::new();
    if scope.may(Permission::ServerRead) {
        all.push(("Servers", servers_offered(&mut tx, tenant).await?));
    }
    if scope.may(Permission::MailRead) {
        all.push(("Mail domains", domains_offered(&mut tx, tenant).await?));
        all.push(("Mailboxes", mailboxes_offered(&mut tx, tenant).await?));
    }
    let option = |(about, label): (About, String)| {
        let value = about.id();
        Choice {
            is_chosen: form.has("about", &value),
            value,
            label,
        }
    };
    let group = |(label, things): (&'static str, Vec<(About, String)>)| Group {
        label,
        options: things.into_iter().map(option).collect(),
    };
    let offered = all.into_iter().filter(|(_, things)| !things.is_empty());
    Ok(offered.map(group).collect())
}

async fn page(scope: &TenantScope, ctx: Ctx, form: FormState) -> Result<Page<New>, Error> {
    let base = format!("/t/{}/tickets", scope.member.slug);
    Ok(Page(New {
        ctx: ctx.with_crumbs([("Tickets", base.clone())]),
        base,
        things: groups(scope, &form).await?,
        severities: Grade::all(),
        form,
    }))
}

/// Asks what it is about.
pub(super) async fn form(
    scope: TenantScope,
    ctx: Ctx,
    Query(begin): Query<Begin>,
) -> Result<Page<New>, Error> {
    let form = FormState::default().with("about", begin.about.unwrap_or_default());
    page(&scope, ctx, form).await
}

/// What was typed, or what of it can't be read.
pub(super) fn opening(data: &FormData) -> Result<Opening, FieldErrors> {
    let mut errors = FieldErrors::default();
    let severity = Severity::parse(data.get("severity")).map_err(|_| "Choose how bad it is.");
    let severity = errors.check("severity", severity);
    let named = data.all("about").filter(|id| !id.trim().is_empty());
    let about = named
        .map(|id| About::parse(id.trim()))
        .collect::<Result<Vec<_>, _>>();
    let about = errors.check("about", about);
    errors.into_result()?;
    Ok(Opening {
        subject: data.get("subject").to_owned(),
        body: data.get("body").to_owned(),
        severity: severity.unwrap_or(Severity::P4),
        about: about.unwrap_or_default(),
    })
}

/// Opens it.
pub(super) async fn create(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    sent: FormWithFiles,
) -> Result<Response, Error> {
    let opened = async { open_by_customer(&app, &scope, opening(&sent.data)?, sent.files()?).await };
    match sent.data.submit(opened).await {
        Ok(ticket) => Ok(SeeOther::to(super::href(&scope.member.slug, ticket.id))
            .good(format!("Ticket #{} is open. We answer here.", ticket.number))
            .into_response()),
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let form = FormState::new(sent.data, errors);
            Ok(page(&scope, ctx, form).await?.status(status))
        }
    }
}
