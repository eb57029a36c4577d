//! The catalogue for the provider's people: all templates, and one with its image and how its build goes.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::access::{Permission, Rule, StaffScope};
use crate::platform::error::Error;
use crate::platform::events::{self, Event};
use crate::platform::operations::State as Progress;
use crate::platform::web::{self, Ctx, Fragment, LastSeen, Page, Path, Routes, SeeOther, ago};

use super::broken::Broken;
use super::builds::{TOPIC, template_id};
use super::model::Variable;
use super::rebuild;
use super::staff::{self, Entry, ImageState};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let read = Rule::Staff(Permission::StaffCatalogueRead);
    let build = Rule::Staff(Permission::StaffCatalogueBuild);
    Routes::new()
        .get("/staff/catalogue", read, list)
        .get("/staff/catalogue/{template}", read, show)
        .get("/staff/catalogue/{template}/live", read, live)
        .post("/staff/catalogue/{template}/build", build, self::build)
}

const CATALOGUE: &str = "/staff/catalogue";
/// What of a build's output a page shows; more is seldom read and would be sent again with every line.
const LINES: usize = 200;

fn path(name: &str, below: &str) -> String {
    format!("{CATALOGUE}/{name}{below}")
}

/// A moment, for people and machines.
struct Moment {
    iso: String,
    ago: String,
}

impl Moment {
    fn new(at: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        Self {
            iso: at.to_rfc3339(),
            ago: ago(at, now),
        }
    }
}

/// A template's image.
#[derive(Template)]
#[template(path = "catalogue/panel.html")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a part of the page that is there or not"
)]
struct Panel {
    name: String,
    tag: String,
    tone: &'static str,
    state: &'static str,
    size: String,
    made: Option<Moment>,
    is_foreign: bool,
    is_building: bool,
    is_asked: bool,
    actor: Option<String>,
    progress: &'static str,
    began: Option<Moment>,
    failure: Option<String>,
    log: String,
    may_build: bool,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Panel {}

impl Panel {
    fn new(entry: &Entry<'_>, may_build: bool, now: DateTime<Utc>) -> Self {
        let (tone, state) = look(entry);
        let (size, made) = match entry.image {
            ImageState::Built { bytes, at } => (mib(bytes), at.map(|at| Moment::new(at, now))),
            _ => (String::new(), None),
        };
        let asked = entry.asked.as_ref();
        let log = entry.build.as_ref().map(|build| last_lines(&build.log));
        Self {
            name: entry.folder.template.name.clone(),
            tag: entry.folder.image_tag(),
            tone,
            state,
            size,
            made,
            is_foreign: entry.image == ImageState::Foreign,
            is_building: entry.is_building(),
            is_asked: entry.under_way().is_some(),
            actor: asked.map(|asked| asked.actor.clone()),
            progress: asked.map_or("todo", |asked| step(asked.state)),
            began: entry
                .build
                .as_ref()
                .map(|build| Moment::new(build.started_at, now)),
            failure: entry.failure().map(str::to_owned),
            log: log.unwrap_or_default(),
            may_build,
        }
    }
}

/// The status of a template's image: tone and word.
fn look(entry: &Entry<'_>) -> (&'static str, &'static str) {
    match entry.image {
        _ if entry.is_building() => ("busy", "Building"),
        _ if entry.failure().is_some() => ("bad", "Build failed"),
        ImageState::Built { .. } => ("good", "Built"),
        ImageState::Foreign => ("warn", "Another installation's"),
        ImageState::Missing => ("idle", "Not built yet"),
        ImageState::Unknown => ("warn", "Engine away"),
    }
}

/// The state of an operation, as the step macro takes it.
fn step(progress: Progress) -> &'static str {
    match progress {
        Progress::Queued => "todo",
        Progress::Running => "doing",
        Progress::Succeeded => "done",
        Progress::Failed => "failed",
        Progress::Superseded => "skipped",
    }
}

fn mib(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1024 * 1024))
}

fn last_lines(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

/// A template in the list.
struct Row {
    href: String,
    title: String,
    name: String,
    version: String,
    summary: String,
    sizes: String,
    variables: usize,
    tone: &'static str,
    state: &'static str,
    size: String,
}

impl Row {
    fn new(entry: &Entry<'_>) -> Self {
        let (template, (tone, state)) = (&entry.folder.template, look(entry));
        Self {
            href: path(&template.name, ""),
            title: template.title.clone(),
            name: template.name.clone(),
            version: template.version.clone(),
            summary: template.summary.clone(),
            sizes: entry.sizes.join(", "),
            variables: template.variables.len(),
            tone,
            state,
            size: match entry.image {
                ImageState::Built { bytes, .. } => mib(bytes),
                _ => String::new(),
            },
        }
    }
}

#[derive(Template)]
#[template(path = "catalogue/list.html")]
pub(super) struct List<'a> {
    ctx: Ctx,
    rows: Vec<Row>,
    broken: &'a [Broken],
}

/// All templates, and what is wrong with those that could not be loaded.
async fn list(State(app): State<App>, scope: StaffScope, ctx: Ctx) -> Result<Response, Error> {
    let entries = staff::all(&app, &scope).await?;
    Ok(Page(List {
        ctx,
        rows: entries.iter().map(Row::new).collect(),
        broken: app.catalogue.broken(),
    })
    .into_response())
}

#[derive(Template)]
#[template(path = "catalogue/show.html")]
pub(super) struct Show<'a> {
    ctx: Ctx,
    title: &'a str,
    name: &'a str,
    version: &'a str,
    summary: &'a str,
    paragraphs: Vec<&'a str>,
    variables: &'a [Variable],
    ports: Vec<(String, &'a str)>,
    volumes: Vec<(String, &'a str)>,
    needs: [(&'static str, String); 3],
    sizes: Vec<String>,
    panel: Panel,
    live: String,
}

/// One template.
async fn show(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(name): Path<String>,
) -> Result<Response, Error> {
    // Before the page's data is read, so that its stream misses nothing.
    let newest = events::newest(&mut scope.begin().await?).await?;
    let entry = staff::one(&app, &scope, &name).await?;
    let (template, resources) = (&entry.folder.template, entry.folder.template.resources);
    let port = |port: &'_ super::Port| format!("{}: {}", port.name, port.container_port);
    Ok(Page(Show {
        ctx: ctx.with_crumbs([("Catalogue", CATALOGUE)]),
        title: &template.title,
        name: &template.name,
        version: &template.version,
        summary: &template.summary,
        paragraphs: template.description.split("\n\n").collect(),
        variables: &template.variables,
        ports: template
            .ports
            .iter()
            .map(|one| (port(one), &*one.purpose))
            .collect(),
        volumes: template
            .volumes
            .iter()
            .map(|one| (one.path.display().to_string(), &*one.purpose))
            .collect(),
        needs: [
            ("Memory at least", format!("{} MiB", resources.minimum_memory_mib)),
            (
                "Better memory",
                format!("{} MiB", resources.recommended_memory_mib),
            ),
            (
                "Better CPU",
                format!("{} vCPU", f64::from(resources.recommended_cpu_millis) / 1000.0),
            ),
        ],
        panel: Panel::new(&entry, scope.may(Permission::StaffCatalogueBuild), app.now()),
        sizes: entry.sizes,
        live: path(&name, &format!("/live?after={newest}")),
    })
    .into_response())
}

/// Asks for a build of its image.
async fn build(
    State(app): State<App>,
    scope: StaffScope,
    Path(name): Path<String>,
) -> Result<SeeOther, Error> {
    rebuild::ask(&app, &scope, &name).await?;
    Ok(SeeOther::to(path(&name, "")).info("The image is being built."))
}

/// The page's stream: its image for each change.
async fn live(
    State(app): State<App>,
    scope: StaffScope,
    Path(name): Path<String>,
    seen: LastSeen,
) -> Result<Response, Error> {
    let (hub, end, target) = (app.hub.clone(), app.stream_end(), template_id(&name));
    let begin = scope.clone();
    let draw = move |event: Event| {
        let (app, scope, name) = (app.clone(), scope.clone(), name.clone());
        async move {
            if event.topic != TOPIC || event.target_id != Some(target) {
                return Ok(None);
            }
            let entry = staff::one(&app, &scope, &name).await?;
            let panel = Panel::new(&entry, scope.may(Permission::StaffCatalogueBuild), app.now());
            let html = panel.render().map_err(Error::internal)?;
            Ok(Some(Fragment::default().replace("image-panel", &html)))
        }
    };
    web::live(&hub, end, seen, begin.begin(), draw).await
}
