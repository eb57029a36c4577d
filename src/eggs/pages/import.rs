//! Importing an egg, or another version of one: the form for its file, what it is, and the form that confirms.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::catalogue::Category;
use crate::platform::access::StaffScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, SeeOther};

use super::super::actions::{self, Import, images_of};
use super::super::model::{Choices, Egg, MAX_EGG, slug};
use super::upload::{Upload, upload};
use super::{About, EGGS, crumbs, find};

/// What the fields of images begin with; the number is the image's place in the egg.
const IMAGES: &str = "images.";

#[derive(Template)]
#[template(path = "eggs/new.html")]
struct New {
    ctx: Ctx,
    /// The egg that gets a new version; empty for a new egg.
    egg: String,
    form: FormState,
}

/// The form to give a file.
pub(super) async fn new(ctx: Ctx, _scope: StaffScope) -> Response {
    let form = FormState::default();
    Page(New {
        ctx: crumbs(ctx),
        egg: String::new(),
        form,
    })
    .into_response()
}

/// The same for a new version, with the present one to look at.
pub(super) async fn new_version(
    scope: StaffScope,
    ctx: Ctx,
    Path(name): Path<String>,
) -> Result<Response, Error> {
    let (_, version) = find(&scope, &name).await?;
    let form = FormState::default().with("egg", version.source);
    Ok(Page(New {
        ctx: crumbs(ctx),
        egg: name,
        form,
    })
    .into_response())
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
pub(super) async fn preview(scope: StaffScope, ctx: Ctx, request: Request) -> Result<Response, Error> {
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
    Ok(page(ctx, name, egg, &kept.unwrap_or_default(), form).into_response())
}

fn page(ctx: Ctx, name: &str, egg: Egg, kept: &Choices, form: FormState) -> Page<Preview> {
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
pub(super) async fn import(
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
pub(super) async fn update(
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
    Ok(page(ctx, name, egg, &kept.unwrap_or_default(), form).status(422))
}
