//! Creating a server: template and size side by side, the template's questions, and what would be left of the plan.
//!
//! Works without script: choosing another template loads the page anew with what was answered so far.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::catalogue::{Kind, Offer, Variable};
use crate::eggs;
use crate::platform::access::TenantScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::web::{Ctx, FormData, FormState, Page, Query, SeeOther};
use crate::tenants::{self, Amounts, Gauge};

use super::super::actions::{self, NewServerInput};
use super::super::model::Size;
use super::super::store;
use super::head::crumbs;
use super::href;

/// What the form's fields of variables start with.
pub(super) const PREFIX: &str = "variables.";

/// A question of the template, as a field.
#[derive(Debug)]
pub struct Question {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) help: String,
    pub(crate) kind: &'static str,
    pub(crate) optional: bool,
    pub(crate) value: String,
    pub(crate) choices: Vec<String>,
}

impl Question {
    pub(super) fn new(variable: &Variable, given: Option<&str>) -> Self {
        Self::below(PREFIX, variable, given)
    }

    /// One whose field's name starts with `prefix`.
    pub fn below(prefix: &str, variable: &Variable, given: Option<&str>) -> Self {
        let is_generated = matches!(
            variable.kind,
            Kind::Secret {
                generate: Some(_),
                ..
            }
        );
        let mut help = variable.help.clone();
        if is_generated {
            help.push_str(" Leave it empty and one is made up for you.");
        }
        Self {
            name: format!("{prefix}{}", variable.key),
            label: variable.label.clone(),
            help: help.trim().to_owned(),
            kind: match &variable.kind {
                Kind::Boolean => "boolean",
                Kind::Choice { .. } => "choice",
                Kind::Secret { .. } => "password",
                Kind::SshPublicKey | Kind::List { .. } => "area",
                Kind::Integer { .. } => "number",
                Kind::Email => "email",
                _ => "text",
            },
            optional: !variable.required,
            value: given
                .map(str::to_owned)
                .or_else(|| variable.default.clone())
                .unwrap_or_default(),
            choices: match &variable.kind {
                Kind::Choice { choices } => choices.clone(),
                _ => Vec::new(),
            },
        }
    }
}

/// One limit of the plan, with what is new would add.
#[derive(Debug)]
pub struct Room {
    pub(crate) label: &'static str,
    pub(crate) percent: u32,
    pub(crate) added: u32,
    pub(crate) text: String,
    pub(crate) note: String,
}

impl Room {
    fn new(gauge: &Gauge, more: i64, what: &str) -> Self {
        let after = Gauge {
            used: gauge.used + more,
            ..*gauge
        };
        let percent = gauge.percent();
        let left = gauge.limit - after.used;
        Self {
            label: gauge.resource.label(),
            percent,
            added: after.percent().saturating_sub(percent),
            text: after.text(),
            note: if left < 0 {
                format!("{} too much", gauge.resource.show(-left))
            } else {
                format!("{} left after this {what}", gauge.resource.show(left))
            },
        }
    }
}

#[derive(Template)]
#[template(path = "servers/new.html")]
pub struct New {
    ctx: Ctx,
    slug: String,
    form: FormState,
    templates: Vec<(String, String, String, String)>,
    sizes: Vec<Size>,
    template: String,
    size: String,
    questions: Vec<Question>,
    rooms: Vec<Room>,
}

impl New {
    fn size_text(&self, size: &Size) -> String {
        super::settings::size_text(size)
    }
}

/// The form; `template`, `size` and answers may come with the address.
pub async fn form(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Page<New>, Error> {
    page(
        &app,
        &scope,
        ctx,
        pairs.into_iter().collect(),
        FieldErrors::default(),
    )
    .await
}

/// The form with another template's questions, where there is no script. A POST, so that no secret is in an address.
pub async fn again(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    data: FormData,
) -> Result<Page<New>, Error> {
    let errors = data.is_meant().err().unwrap_or_default();
    page(&app, &scope, ctx, data, errors).await
}

async fn page(
    app: &App,
    scope: &TenantScope,
    ctx: Ctx,
    data: FormData,
    errors: FieldErrors,
) -> Result<Page<New>, Error> {
    let mut tx = scope.begin().await?;
    let folders: Vec<Offer> = app.catalogue.all().into_iter().map(Offer::from).collect();
    let folders = [folders, eggs::all(app, &mut tx).await?].concat();
    let asked = data.get("template");
    let chosen = folders.iter().find(|offer| offer.template.name == asked);
    let chosen = chosen.or(folders.first());
    let sizes = store::sizes(&mut tx).await?;
    let limits = tenants::find_tenant(&mut tx, scope.tenant()).await?.limits;
    let used = tenants::usage(&mut tx, scope.tenant(), app.now()).await?;
    let ctx = super::with_engine_banner(&mut tx, crumbs(ctx, scope)).await?;
    let size = sizes
        .iter()
        .find(|size| size.id == data.get("size"))
        .or_else(|| fitting(&sizes, chosen));
    let more = size.map(|size| size.resources.one_more()).unwrap_or_default();
    Ok(Page(New {
        ctx,
        slug: scope.member.slug.clone(),
        templates: folders.iter().map(card).collect(),
        template: chosen
            .map(|folder| folder.template.name.clone())
            .unwrap_or_default(),
        size: size.map(|size| size.id.clone()).unwrap_or_default(),
        questions: questions(chosen, &data),
        rooms: rooms(&used, &limits, &more, "server"),
        sizes,
        form: FormState::new(data, errors),
    }))
}

/// The smallest size that the template starts in.
fn fitting<'a>(sizes: &'a [Size], chosen: Option<&Offer>) -> Option<&'a Size> {
    let minimum = chosen.map_or(0, |folder| {
        i64::from(folder.template.resources.minimum_memory_mib)
    });
    sizes.iter().find(|size| size.resources.memory_mib >= minimum)
}

fn card(folder: &Offer) -> (String, String, String, String) {
    let template = &folder.template;
    (
        template.name.clone(),
        template.title.clone(),
        template.summary.clone(),
        template.icon.clone(),
    )
}

fn questions(chosen: Option<&Offer>, data: &FormData) -> Vec<Question> {
    let variables = chosen
        .map(|folder| folder.template.variables.as_slice())
        .unwrap_or_default();
    let given = |variable: &Variable| {
        let name = format!("{PREFIX}{}", variable.key);
        // What is secret is not sent back to the browser.
        (data.checked(&name) && !variable.is_secret()).then(|| data.get(&name).to_owned())
    };
    variables
        .iter()
        .map(|variable| Question::new(variable, given(variable).as_deref()))
        .collect()
}

/// The limits that `what` would add to.
pub fn rooms(used: &Amounts, limits: &Amounts, more: &Amounts, what: &str) -> Vec<Room> {
    let gauges = used
        .gauges(limits)
        .into_iter()
        .map(|gauge| (gauge, more.get(gauge.resource)));
    gauges
        .filter(|(_, more)| *more > 0)
        .map(|(gauge, more)| Room::new(&gauge, more, what))
        .collect()
}

/// Answers of a form: what was left empty is not an answer.
pub(super) fn answers(data: &FormData) -> BTreeMap<String, String> {
    let pairs = data.prefixed(PREFIX).filter(|(_, value)| !value.is_empty());
    // A check box sends its value after a hidden field's, so the last one counts.
    pairs
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

/// Creates the server, or shows the form again with what is wrong.
pub async fn create(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    data: FormData,
) -> Result<Response, Error> {
    let input = NewServerInput {
        name: data.get("name").to_owned(),
        template: data.get("template").to_owned(),
        size: data.get("size").to_owned(),
        variables: answers(&data),
        start: true,
    };
    match data.submit(actions::create(&app, &scope, input)).await {
        Ok(asked) => {
            let to = href(&scope.member.slug, asked.server.id);
            Ok(SeeOther::to(to)
                .good(format!("Creating {}.", asked.server.name))
                .into_response())
        }
        Err(Error::Invalid(errors)) => Ok(page(&app, &scope, ctx, data, errors).await?.status(422)),
        Err(error @ (Error::LimitReached { .. } | Error::Conflict { .. })) => {
            let status = error.status();
            let errors = FieldErrors::one("", error.sentence());
            Ok(page(&app, &scope, ctx, data, errors).await?.status(status))
        }
        Err(error) => Err(error),
    }
}
