//! A server's settings: name, tags, note, size, variables, a new container, and its end.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::eggs;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::ServerId;
use crate::platform::web::{CHANGED, Ctx, FormData, FormState, Page, Path, SeeOther};
use crate::tenants::Resource;

use super::super::actions::{self, SettingsInput, VariableChange};
use super::super::model::{Server, Size, StoredVariable, Tags, clock_time};
use super::super::store;
use super::head::{Head, crumbs};
use super::href;
use super::new::{PREFIX, Question};

/// `0.25 vCPU, 256 MiB, 2 GiB disk`.
pub(super) fn size_text(size: &Size) -> String {
    let (cpu, memory) = (size.resources.cpu_millis, size.resources.memory_mib);
    let (cpu, memory) = (Resource::Cpu.show(cpu), Resource::Memory.show(memory));
    let disk = Resource::Disk.show(size.resources.disk_mib);
    format!("{}. {cpu} CPU, {memory} memory, {disk} disk", size.summary)
}

#[derive(Template)]
#[template(path = "servers/settings.html")]
pub struct Settings {
    ctx: Ctx,
    head: Head,
    form: FormState,
    sizes: Vec<Size>,
    size: String,
    questions: Vec<Question>,
    version: i64,
    may_delete: bool,
    host_name: String,
    /// Its size changes while it runs; others are told their memory only when they start.
    is_resized_live: bool,
    kept_until: String,
    at_most: i64,
    making_way: Vec<String>,
}

impl Settings {
    fn size_text(&self, size: &Size) -> String {
        size_text(size)
    }
}

/// The form with what holds now.
pub async fn form(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, ServerId)>,
) -> Result<Page<Settings>, Error> {
    page(&app, &scope, ctx, id, None).await
}

async fn page(
    app: &App,
    scope: &TenantScope,
    ctx: Ctx,
    id: ServerId,
    again: Option<(FormData, FieldErrors)>,
) -> Result<Page<Settings>, Error> {
    let mut tx = scope.begin().await?;
    let server = store::find(&mut tx, id).await?;
    server.check_stays()?;
    // A part of a stack goes with the stack.
    let may_delete = scope.may(Permission::ServerDelete) && server.stack.is_none();
    // A guest may not see by what the plan bounds it.
    let keeping = if may_delete {
        Some(actions::keeping(app, &mut tx, scope, 1).await?)
    } else {
        None
    };
    eggs::warm(app, &mut tx, &server.template).await?;
    let mut sizes = store::sizes(&mut tx).await?;
    // What it costs is for those to say who pay for it.
    let may_resize = scope.guest_of().is_none() || scope.may(Permission::ServerResize);
    sizes.retain(|size| may_resize || size.id == server.size);
    let stored = store::variables(&mut tx, id).await?;
    let note = store::note(&mut tx, id).await?;
    let fresh = || {
        FormState::default()
            .with("name", server.name.clone())
            .with("tags", server.tags.join(", "))
            .with("note", note)
    };
    let form = again.map_or_else(fresh, |(data, errors)| FormState::new(data, errors));
    let chosen = form.value("size");
    Ok(Page(Settings {
        ctx: crumbs(ctx, scope),
        head: Head::new(app, scope, &server, "settings"),
        size: if chosen.is_empty() {
            server.size.clone()
        } else {
            chosen.to_owned()
        },
        questions: questions(app, &server, &stored, &form),
        version: server.version,
        host_name: server.host_name.clone(),
        is_resized_live: eggs::split_key(&server.template).is_none(),
        may_delete,
        kept_until: keeping
            .as_ref()
            .map(|keeping| clock_time(keeping.until, app.now()))
            .unwrap_or_default(),
        at_most: keeping.as_ref().map_or(0, |keeping| keeping.at_most),
        making_way: keeping
            .map(|keeping| keeping.making_way.into_iter().map(|(_, name)| name).collect())
            .unwrap_or_default(),
        sizes,
        form,
    }))
}

fn questions(app: &App, server: &Server, stored: &[StoredVariable], form: &FormState) -> Vec<Question> {
    let Some(folder) = app.catalogue.offer(&server.template) else {
        return Vec::new();
    };
    let question = |variable: &crate::catalogue::Variable| {
        let now = stored
            .iter()
            .find(|one| one.key == variable.key)
            .and_then(|one| one.value.clone());
        let sent = form.value(&format!("{PREFIX}{}", variable.key));
        let given = if sent.is_empty() || variable.is_secret() {
            now
        } else {
            Some(sent.to_owned())
        };
        let mut question = Question::new(variable, Some(given.unwrap_or_default().as_str()));
        if variable.is_secret() {
            question.optional = true;
            "Leave it empty to keep the present one.".clone_into(&mut question.help);
        }
        question
    };
    let all = folder.template.variables.iter();
    all.filter(|variable| !actions::is_tied(app, server, &variable.key))
        .map(question)
        .collect()
}

/// Saves what changed. Another size changes the container's limits, another answer makes it anew and keeps its data.
pub async fn save(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((slug, id)): Path<(String, ServerId)>,
    data: FormData,
) -> Result<Response, Error> {
    let input = input(&app, &scope, id, &data).await?;
    match data
        .submit(actions::change(&app, &scope, id, input, data.has_seen()))
        .await
    {
        Ok(changed) => {
            let to = SeeOther::to(href(&slug, id));
            let to = if changed.operation.is_some() {
                to.info("Saved. The server is being changed.")
            } else {
                to.good("Saved.")
            };
            Ok(to.into_response())
        }
        Err(Error::Invalid(errors)) => Ok(page(&app, &scope, ctx, id, Some((data, errors)))
            .await?
            .status(422)),
        Err(Error::PreconditionFailed) => {
            let errors = FieldErrors::one("", CHANGED);
            Ok(page(&app, &scope, ctx, id, Some((data, errors)))
                .await?
                .status(412))
        }
        Err(error @ Error::LimitReached { .. }) => {
            let errors = FieldErrors::one("size", format!("{} Choose a smaller size.", error.sentence()));
            Ok(page(&app, &scope, ctx, id, Some((data, errors)))
                .await?
                .status(409))
        }
        Err(error) => Err(error),
    }
}

/// What the form changes. An emptied answer goes back to the default; an empty secret stays as it is.
async fn input(
    app: &App,
    scope: &TenantScope,
    id: ServerId,
    data: &FormData,
) -> Result<SettingsInput, Error> {
    let mut tx = scope.begin().await?;
    let server = store::find(&mut tx, id).await?;
    let folder = eggs::warm(app, &mut tx, &server.template).await?;
    let is_secret = |key: &str| {
        folder
            .as_ref()
            .and_then(|folder| folder.template.variable(key))
            .is_some_and(crate::catalogue::Variable::is_secret)
    };
    let mut variables = BTreeMap::new();
    for (key, value) in data.prefixed(PREFIX) {
        let change = match value {
            "" if is_secret(key) => continue,
            "" => VariableChange::Reset,
            value => VariableChange::Set(value.to_owned()),
        };
        variables.insert(key.to_owned(), change);
    }
    let given = |name: &str| Some(data.get(name).to_owned()).filter(|_| data.checked(name));
    Ok(SettingsInput {
        name: given("name"),
        size: given("size"),
        tags: given("tags").map(|line| Tags::words(&line).map(str::to_owned).collect()),
        note: given("note"),
        variables,
    })
}
