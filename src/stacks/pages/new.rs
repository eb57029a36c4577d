//! Ordering a stack: first the blueprint, then one form for its name and all of its parts, with what would be left of the
//! plan beside it.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::catalogue::{Blueprint, BlueprintPart, Offer, Variable};
use crate::platform::access::TenantScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::web::{Ctx, FormData, FormState, Page, Query, SeeOther};
use crate::servers::model::{Resources, Size};
use crate::servers::{self, Question, Room, rooms};
use crate::tenants::{self, Amounts, Resource};

use super::super::actions::{self, NewStackInput, PartInput, fitting, sum};
use super::{base, crumbs, href};

/// A part of the blueprint, as a piece of the form.
#[derive(Debug)]
struct Fields {
    title: String,
    purpose: String,
    template: String,
    /// The names of its fields.
    size_field: String,
    replicas_field: String,
    /// What can be chosen: name, label, whether it is.
    sizes: Vec<(String, String, bool)>,
    /// How many servers are typed, and between which numbers, where there may be several.
    replicas: Option<(String, u32, u32)>,
    questions: Vec<Question>,
    /// What nobody has to answer.
    more: Vec<Question>,
    is_more_open: bool,
}

#[derive(Template)]
#[template(path = "stacks/new.html")]
pub(super) struct New {
    ctx: Ctx,
    base: String,
    form: FormState,
    /// What can be chosen: name, title, summary, icon.
    blueprints: Vec<(String, String, String, String)>,
    /// What was.
    chosen: Option<Chosen>,
}

struct Chosen {
    name: String,
    title: String,
    description: String,
    parts: Vec<Fields>,
    rooms: Vec<Room>,
}

/// The form; `blueprint`, sizes and numbers may come with the address.
pub(super) async fn form(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Page<New>, Error> {
    let data = pairs.into_iter().collect();
    page(&app, &scope, ctx, data, FieldErrors::default()).await
}

async fn page(
    app: &App,
    scope: &TenantScope,
    ctx: Ctx,
    data: FormData,
    errors: FieldErrors,
) -> Result<Page<New>, Error> {
    let blueprints = app.catalogue.blueprints().iter();
    let card = |one: &Blueprint| {
        (
            one.name.clone(),
            one.title.clone(),
            one.summary.clone(),
            one.icon.clone(),
        )
    };
    let chosen = match app.catalogue.blueprint(data.get("blueprint")) {
        Some(blueprint) => Some(chosen(app, scope, blueprint, (&data, &errors)).await?),
        None => None,
    };
    Ok(Page(New {
        ctx: crumbs(ctx, scope),
        base: base(scope),
        blueprints: blueprints.map(card).collect(),
        chosen,
        form: FormState::new(data, errors),
    }))
}

async fn chosen(
    app: &App,
    scope: &TenantScope,
    blueprint: &Blueprint,
    (data, errors): (&FormData, &FieldErrors),
) -> Result<Chosen, Error> {
    let mut tx = scope.begin().await?;
    let sizes = servers::sizes(&mut tx).await?;
    let limits = tenants::find_tenant(&mut tx, scope.tenant()).await?.limits;
    let used = tenants::usage(&mut tx, scope.tenant(), app.now()).await?;
    let (mut parts, mut more) = (Vec::new(), Amounts::default());
    for part in &blueprint.parts {
        let Some(offer) = app.catalogue.offer(&part.template) else {
            continue;
        };
        let size = size(part, &offer, &sizes, data);
        let count = typed(part, data).trim().parse().unwrap_or(part.replicas.default);
        for _ in 0..count.min(part.replicas.max) {
            more = sum(
                more,
                size.map(|size| size.resources)
                    .map(Resources::one_more)
                    .unwrap_or_default(),
            );
        }
        parts.push(Fields::new(part, &offer, (&sizes, size), (data, errors)));
    }
    Ok(Chosen {
        name: blueprint.name.clone(),
        title: blueprint.title.clone(),
        description: blueprint.description.clone(),
        rooms: rooms(&used, &limits, &more, "stack"),
        parts,
    })
}

fn size<'a>(part: &BlueprintPart, offer: &Offer, sizes: &'a [Size], data: &FormData) -> Option<&'a Size> {
    let asked = data.get(&format!("parts.{}.size", part.key));
    let asked = sizes.iter().find(|size| size.id == asked);
    asked.or_else(|| fitting(sizes, offer))
}

/// `1 CPU, 1 GiB memory, 10 GiB disk`: what it is good for has no room in a list that opens.
fn given(size: &Size) -> String {
    let given = size.resources;
    format!(
        "{}, {} memory, {} disk",
        Resource::Cpu.show(given.cpu_millis) + " CPU",
        Resource::Memory.show(given.memory_mib),
        Resource::Disk.show(given.disk_mib)
    )
}

fn typed(part: &BlueprintPart, data: &FormData) -> String {
    let name = format!("parts.{}.replicas", part.key);
    if data.checked(&name) {
        data.get(&name).to_owned()
    } else {
        part.replicas.default.to_string()
    }
}

fn prefix(part: &BlueprintPart) -> String {
    format!("parts.{}.variables.", part.key)
}

impl Fields {
    fn new(
        part: &BlueprintPart,
        offer: &Offer,
        (sizes, chosen): (&[Size], Option<&Size>),
        (data, errors): (&FormData, &FieldErrors),
    ) -> Self {
        let prefix = prefix(part);
        let question = |variable: &Variable| {
            let name = format!("{prefix}{}", variable.key);
            // What is secret is not sent back to the browser.
            let given = (data.checked(&name) && !variable.is_secret()).then(|| data.get(&name));
            Question::below(&prefix, variable, given)
        };
        let asked = offer.template.variables.iter();
        let asked = asked.filter(|variable| !part.fill.contains_key(&variable.key));
        let (questions, more): (Vec<&Variable>, Vec<&Variable>) =
            asked.partition(|variable| variable.required);
        let more: Vec<Question> = more.into_iter().map(question).collect();
        let option = |size: &Size| {
            let label = format!("{}: {}", size.name, given(size));
            (
                size.id.clone(),
                label,
                chosen.is_some_and(|chosen| chosen.id == size.id),
            )
        };
        let bounds = part.replicas;
        Self {
            title: part.title.clone(),
            purpose: part.purpose.clone(),
            template: offer.template.title.clone(),
            size_field: format!("parts.{}.size", part.key),
            replicas_field: format!("parts.{}.replicas", part.key),
            sizes: sizes.iter().map(option).collect(),
            replicas: bounds
                .is_several()
                .then(|| (typed(part, data), bounds.min, bounds.max)),
            questions: questions.into_iter().map(question).collect(),
            is_more_open: more.iter().any(|one| errors.get(&one.name).is_some()),
            more,
        }
    }
}

/// What was said about a part, as its fields have it. What was left empty is not an answer.
fn said(part: &BlueprintPart, data: &FormData) -> PartInput {
    let prefix = prefix(part);
    let answers = data.prefixed(&prefix).filter(|(_, value)| !value.is_empty());
    let replicas = format!("parts.{}.replicas", part.key);
    PartInput {
        size: Some(data.get(&format!("parts.{}.size", part.key)).to_owned()),
        // What was typed and taken away again is not the blueprint's number.
        replicas: data.checked(&replicas).then(|| match data.get(&replicas).trim() {
            "" => "?".to_owned(),
            typed => typed.to_owned(),
        }),
        // A check box sends its value after a hidden field's, so the last one counts.
        variables: answers
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect(),
    }
}

/// Creates the stack, or shows the form again with what is wrong.
pub(super) async fn create(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    data: FormData,
) -> Result<Response, Error> {
    let blueprint = app.catalogue.blueprint(data.get("blueprint"));
    let parts = blueprint
        .map(|blueprint| blueprint.parts.as_slice())
        .unwrap_or_default();
    let parts: BTreeMap<String, PartInput> = parts
        .iter()
        .map(|part| (part.key.clone(), said(part, &data)))
        .collect();
    let input = NewStackInput {
        name: data.get("name").to_owned(),
        blueprint: data.get("blueprint").to_owned(),
        parts,
        start: true,
    };
    match data.submit(actions::create(&app, &scope, input)).await {
        Ok(begun) => {
            let to = SeeOther::to(href(&scope, begun.stack.id));
            let words = format!("Creating {} with {} servers.", begun.stack.name, begun.work.len());
            Ok(to.good(words).into_response())
        }
        Err(Error::Invalid(errors)) => Ok(page(&app, &scope, ctx, data, errors).await?.status(422)),
        Err(error @ (Error::LimitReached { .. } | Error::Conflict { .. })) => {
            let status = error.status();
            let message = match &error {
                Error::LimitReached { .. } => format!(
                    "{} The stack needs more: take fewer servers or smaller ones, or ask for another plan.",
                    error.sentence()
                ),
                _ => error.sentence(),
            };
            let errors = FieldErrors::one("", message);
            Ok(page(&app, &scope, ctx, data, errors).await?.status(status))
        }
        Err(error) => Err(error),
    }
}
