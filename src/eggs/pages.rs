//! Eggs for the provider's people: which there are, one with its report, and importing in two steps: read, then confirm.
//!
//! Nothing is kept between the two steps: the file travels in the form of the second.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{FromRequest as _, Multipart, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::catalogue::{Category, Variable};
use crate::platform::access::{Permission, Rule, StaffScope};
use crate::platform::error::{Error, FieldErrors};
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, Routes, SeeOther, ago};

use super::actions::{self, Import, images_of};
use super::model::{Egg, MAX_EGG, Note, Stop, slug};
use super::store::{self, EggRow, VersionRow};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let read = Rule::Staff(Permission::StaffCatalogueRead);
    let manage = Rule::Staff(Permission::StaffCatalogueManage);
    Routes::new()
        .get("/staff/eggs", read, list)
        .get("/staff/eggs/new", manage, new)
        .post("/staff/eggs/preview", manage, preview)
        .form("/staff/eggs", manage, import)
        .get("/staff/eggs/{egg}", read, show)
        .get("/staff/eggs/{egg}/new", manage, new_version)
        .form("/staff/eggs/{egg}/versions", manage, update)
        .post("/staff/eggs/{egg}/settings", manage, settings)
        .post("/staff/eggs/{egg}/delete", manage, remove)
}

const EGGS: &str = "/staff/eggs";
/// What the fields of images begin with; the number is the image's place in the egg.
const IMAGES: &str = "images.";

fn crumbs(ctx: Ctx) -> Ctx {
    ctx.with_crumbs([("Eggs", EGGS)])
}

struct Row {
    egg: EggRow,
    updated_ago: String,
}

#[derive(Template)]
#[template(path = "eggs/list.html")]
struct List {
    ctx: Ctx,
    rows: Vec<Row>,
    may_import: bool,
}

/// All eggs.
async fn list(State(app): State<App>, scope: StaffScope, ctx: Ctx) -> Result<Response, Error> {
    let rows = store::list(&mut scope.begin().await?).await?;
    let row = |egg: EggRow| Row {
        updated_ago: ago(egg.updated_at, app.now()),
        egg,
    };
    Ok(Page(List {
        ctx,
        rows: rows.into_iter().map(row).collect(),
        may_import: scope.may(Permission::StaffCatalogueManage),
    })
    .into_response())
}

#[derive(Template)]
#[template(path = "eggs/new.html")]
struct New {
    ctx: Ctx,
    /// The egg that gets a new version; empty for a new egg.
    egg: String,
    form: FormState,
}

/// The form to give a file.
async fn new(ctx: Ctx, _scope: StaffScope) -> Response {
    let form = FormState::default();
    Page(New {
        ctx: crumbs(ctx),
        egg: String::new(),
        form,
    })
    .into_response()
}

/// The same for a new version, with the present one to look at.
async fn new_version(scope: StaffScope, ctx: Ctx, Path(name): Path<String>) -> Result<Response, Error> {
    let (_, version) = find(&scope, &name).await?;
    let form = FormState::default().with("egg", version.source);
    Ok(Page(New {
        ctx: crumbs(ctx),
        egg: name,
        form,
    })
    .into_response())
}

/// What was sent: a file, or text in its place.
struct Upload {
    text: String,
    /// The egg that gets a new version.
    name: String,
}

async fn upload(request: Request) -> Result<Upload, Error> {
    let kind = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with("multipart/form-data")) {
        let form = FormData::from_request(request, &()).await?;
        return Ok(Upload {
            text: form.get("egg").to_owned(),
            name: form.get("name").to_owned(),
        });
    }
    let unreadable = |_| Error::BadRequest {
        code: "bad-form",
        message: "The form could not be read.".to_owned(),
    };
    let mut parts = Multipart::from_request(request, &())
        .await
        .map_err(|_| Error::BadRequest {
            code: "bad-form",
            message: "The form could not be read.".to_owned(),
        })?;
    let (mut file, mut pasted, mut name) = (String::new(), String::new(), String::new());
    while let Some(part) = parts.next_field().await.map_err(too_large)? {
        let field = part.name().unwrap_or_default().to_owned();
        let bytes = part.bytes().await.map_err(too_large)?;
        let text =
            String::from_utf8(bytes.into())
                .map_err(unreadable_text)
                .or_else(|error| match &*field {
                    "file" | "egg" => Err(error),
                    _ => Err(unreadable(())),
                })?;
        match &*field {
            "file" => file = text,
            "egg" => pasted = text,
            "name" => name = text,
            _ => {}
        }
    }
    let text = if file.trim().is_empty() { pasted } else { file };
    Ok(Upload { text, name })
}

fn unreadable_text(_: std::string::FromUtf8Error) -> Error {
    Error::invalid("file", "The file is no text, so it is no egg.")
}

fn too_large(error: axum::extract::multipart::MultipartError) -> Error {
    if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        Error::TooLarge
    } else {
        Error::BadRequest {
            code: "bad-form",
            message: "The form could not be read.".to_owned(),
        }
    }
}

/// An image that the egg names, and the field for another.
struct ImageField {
    name: String,
    image: String,
    use_: &'static str,
    instead: String,
    error: String,
}

#[derive(Template)]
#[template(path = "eggs/preview.html")]
struct Preview {
    ctx: Ctx,
    /// The egg that gets a new version; empty for a new egg.
    name: String,
    title: String,
    about: About,
    images: Vec<ImageField>,
    categories: Vec<(String, &'static str, bool)>,
    form: FormState,
}

/// What an egg is, on the preview and on its page.
struct About {
    egg: Egg,
    stop: String,
}

impl About {
    fn new(egg: Egg) -> Self {
        let stop = match &egg.stop {
            Stop::Signal(signal) => signal.as_str().to_owned(),
            Stop::Input(line) => format!("{line} (written to its standard input)"),
        };
        Self { egg, stop }
    }

    fn notes(&self) -> &[Note] {
        &self.egg.report
    }

    fn variables(&self) -> &[Variable] {
        &self.egg.variables
    }
}

const CATEGORIES: [Category; 9] = [
    Category::Game,
    Category::Application,
    Category::Communication,
    Category::Web,
    Category::Database,
    Category::System,
    Category::Files,
    Category::Commerce,
    Category::Printing,
];

/// Shows what a file is before it is imported.
async fn preview(scope: StaffScope, ctx: Ctx, request: Request) -> Result<Response, Error> {
    let shown = match upload(request).await {
        Ok(sent) => {
            let form = FormState::default().with("egg", sent.text.clone());
            match draw(&scope, ctx.clone(), &sent.name, &sent.text, form).await {
                Err(Error::Invalid(errors)) => Err((sent, errors)),
                other => return other,
            }
        }
        Err(Error::Invalid(errors)) => Err((
            Upload {
                text: String::new(),
                name: String::new(),
            },
            errors,
        )),
        Err(error) => return Err(error),
    };
    match shown {
        Ok(page) => Ok(page),
        Err((sent, errors)) => {
            // A file that is far too large is not sent back to who sent it.
            let text = if sent.text.len() > MAX_EGG {
                String::new()
            } else {
                sent.text
            };
            let data: FormData = [("egg".to_owned(), text)].into_iter().collect();
            let form = FormState::new(data, errors);
            Ok(Page(New {
                ctx: crumbs(ctx),
                egg: sent.name,
                form,
            })
            .status(422))
        }
    }
}

async fn draw(
    scope: &StaffScope,
    ctx: Ctx,
    name: &str,
    text: &str,
    form: FormState,
) -> Result<Response, Error> {
    let egg = actions::preview(text)?;
    let kept = match name {
        "" => None,
        name => Some(find(scope, name).await?.1.choices()),
    };
    Ok(page(ctx, name, egg, kept.unwrap_or_default(), form).into_response())
}

fn page(ctx: Ctx, name: &str, egg: Egg, kept: super::model::Choices, form: FormState) -> Page<Preview> {
    let chosen = if form.value("category").is_empty() {
        kept.category.map_or_else(|| "game".to_owned(), actions::word)
    } else {
        form.value("category").to_owned()
    };
    let category = |category: Category| {
        let word = actions::word(category);
        let is_chosen = word == chosen;
        (word, category.title(), is_chosen)
    };
    let image = |(at, image): (usize, String)| {
        let name = format!("{IMAGES}{at}");
        let typed = form.value(&name).to_owned();
        let instead = kept.images.get(&image).cloned().unwrap_or_default();
        ImageField {
            use_: if egg.images.iter().any(|one| one.image == image) {
                "Servers"
            } else {
                "Install script"
            },
            instead: if typed.is_empty() { instead } else { typed },
            error: form.error(&name).to_owned(),
            name,
            image,
        }
    };
    let images = images_of(&egg).into_iter().enumerate().map(image).collect();
    let form = if form.value("name").is_empty() {
        form.with("name", slug(&egg.title))
    } else {
        form
    };
    Page(Preview {
        ctx: crumbs(ctx),
        name: name.to_owned(),
        title: egg.title.clone(),
        images,
        categories: CATEGORIES.into_iter().map(category).collect(),
        about: About::new(egg),
        form,
    })
}

/// What the second form asks for. Images are told by their places in the egg.
fn wanted(data: &FormData) -> Import {
    let named = Egg::read(data.get("egg"))
        .map(|egg| images_of(&egg))
        .unwrap_or_default();
    let instead = named.into_iter().enumerate().map(|(at, image)| {
        let other = data.get(&format!("{IMAGES}{at}")).to_owned();
        (image, other)
    });
    Import {
        text: data.get("egg").to_owned(),
        name: data.get("name").to_owned(),
        category: data.get("category").to_owned(),
        images: instead.collect::<BTreeMap<_, _>>(),
    }
}

/// Imports it, or shows the form again with what is wrong.
async fn import(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    data: FormData,
) -> Result<Response, Error> {
    let wanted = wanted(&data);
    match data.submit(actions::import(&app, &scope, &wanted)).await {
        Ok(done) => Ok(SeeOther::to(format!("{EGGS}/{}", done.name))
            .good("Imported. Customers can order it now.")
            .into_response()),
        Err(Error::Invalid(errors)) => again(&scope, ctx, "", data, errors).await,
        Err(error) => Err(error),
    }
}

/// Imports it as a new version of one that is there.
async fn update(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(name): Path<String>,
    data: FormData,
) -> Result<Response, Error> {
    let wanted = wanted(&data);
    match data.submit(actions::update(&app, &scope, &name, &wanted)).await {
        Ok(done) => {
            let words = format!(
                "Version {} is offered now. Servers keep theirs until they are updated.",
                done.number
            );
            Ok(SeeOther::to(format!("{EGGS}/{name}")).good(words).into_response())
        }
        Err(Error::Invalid(errors)) => again(&scope, ctx, &name, data, errors).await,
        Err(error) => Err(error),
    }
}

async fn again(
    scope: &StaffScope,
    ctx: Ctx,
    name: &str,
    data: FormData,
    errors: FieldErrors,
) -> Result<Response, Error> {
    let text = data.get("egg").to_owned();
    let form = FormState::new(data, errors);
    let Ok(egg) = Egg::read(&text) else {
        return Ok(Page(New {
            ctx: crumbs(ctx),
            egg: name.to_owned(),
            form,
        })
        .status(422));
    };
    let kept = match name {
        "" => None,
        name => Some(find(scope, name).await?.1.choices()),
    };
    Ok(page(ctx, name, egg, kept.unwrap_or_default(), form).status(422))
}

async fn find(scope: &StaffScope, name: &str) -> Result<(EggRow, VersionRow), Error> {
    let mut tx = scope.begin().await?;
    let row = store::list(&mut tx)
        .await?
        .into_iter()
        .find(|row| row.name == name);
    let row = row.ok_or(Error::NotFound)?;
    let version = store::version(&mut tx, name, row.newest)
        .await?
        .ok_or(Error::NotFound)?;
    Ok((row, version))
}

#[derive(Template)]
#[template(path = "eggs/show.html")]
struct Show {
    ctx: Ctx,
    row: EggRow,
    version: VersionRow,
    imported_ago: String,
    about: Option<About>,
    /// What it names, and what is used.
    images: Vec<(String, String)>,
    may_manage: bool,
}

impl Show {
    /// Whether it is offered: tone and word.
    fn state(&self) -> (&'static str, &'static str) {
        if self.row.is_enabled {
            ("good", "Offered")
        } else {
            ("idle", "Not offered")
        }
    }
}

/// One egg.
async fn show(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(name): Path<String>,
) -> Result<Response, Error> {
    let (row, version) = find(&scope, &name).await?;
    let egg = Egg::read(&version.source).ok();
    let choices = version.choices();
    let used = |image: String| {
        let used = choices.image(&image).to_owned();
        (image, used)
    };
    Ok(Page(Show {
        ctx: crumbs(ctx),
        imported_ago: ago(version.created_at, app.now()),
        images: egg
            .as_ref()
            .map(images_of)
            .unwrap_or_default()
            .into_iter()
            .map(used)
            .collect(),
        about: egg.map(About::new),
        may_manage: scope.may(Permission::StaffCatalogueManage),
        row,
        version,
    })
    .into_response())
}

/// Offers it, or not.
async fn settings(
    State(app): State<App>,
    scope: StaffScope,
    Path(name): Path<String>,
    data: FormData,
) -> Result<SeeOther, Error> {
    let enabled = data.get("enabled") == "true";
    actions::set_enabled(&app, &scope, &name, enabled).await?;
    let words = if enabled {
        "Customers can order it."
    } else {
        "Customers can't order it any more. Servers stay."
    };
    Ok(SeeOther::to(format!("{EGGS}/{name}")).good(words))
}

/// Removes it.
async fn remove(
    State(app): State<App>,
    scope: StaffScope,
    Path(name): Path<String>,
) -> Result<SeeOther, Error> {
    match actions::remove(&app, &scope, &name).await {
        Ok(()) => Ok(SeeOther::to(EGGS).good(format!("Removed {name}."))),
        Err(error @ Error::Conflict { .. }) => {
            Ok(SeeOther::to(format!("{EGGS}/{name}")).bad(error.sentence()))
        }
        Err(error) => Err(error),
    }
}
