//! Files for people. Every page works without script; `static/js/files.js` adds progress, going on after a broken connection,
//! and dropping files onto the page.

mod change;
mod delete;
mod edit;
mod folder;
mod list;
mod transfer;
mod upload;
mod view;

pub use upload::{boundary, broken};

use askama::Template;
use axum::extract::State;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::app::App;
use crate::drivers::engine::VolumePath;
use crate::platform::access::{Permission, Rule, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, VolumeId};
use crate::platform::web::{Ctx, Routes};
use crate::{servers, volumes};

use super::actions::Files;
use super::model::{Keeper, KeeperId, Keeps};

/// What needs no escape in a query.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Enough for [`MAX_EDIT`](super::model::MAX_EDIT) bytes of which each is sent as three, and the other fields.
const MAX_FORM: usize = 4 * 1024 * 1024;

/// The addresses.
pub fn routes() -> Routes<App> {
    of::<ServerId>("/t/{tenant}/servers/{server_id}/files")
        .merge(of::<VolumeId>("/t/{tenant}/volumes/{volume_id}/files"))
}

/// Those of one kind of keeper, below the address of its files.
fn of<I: Keeps>(files: &str) -> Routes<App> {
    let (read, write) = (
        Rule::Tenant(Permission::FileRead),
        Rule::Tenant(Permission::FileWrite),
    );
    Routes::new()
        .get(files, read, list::show::<I>)
        .get(&format!("{files}/content"), read, transfer::content::<I>)
        .get(&format!("{files}/picture"), read, transfer::picture::<I>)
        .get(&format!("{files}/archive"), read, transfer::archive::<I>)
        .merge(changes::<I>(files, write))
        .merge(uploads::<I>(files, write))
}

/// What changes something that is there, or makes it.
fn changes<I: Keeps>(files: &str, write: Rule) -> Routes<App> {
    let (edit, change, delete) = (
        format!("{files}/edit"),
        format!("{files}/change"),
        format!("{files}/delete"),
    );
    Routes::new()
        .get(&edit, write, edit::form::<I>)
        .large_form(&edit, write, MAX_FORM, edit::save::<I>)
        .form(&format!("{files}/folders"), write, folder::make::<I>)
        .get(&change, write, change::form::<I>)
        .form(&change, write, change::save::<I>)
        .get(&delete, write, delete::question::<I>)
        .post(&delete, write, delete::act::<I>)
        .that_may_last()
}

/// What brings files.
fn uploads<I: Keeps>(files: &str, write: Rule) -> Routes<App> {
    let one = format!("{files}/uploads/{{upload}}");
    Routes::new()
        .post(&format!("{files}/upload"), write, upload::form::<I>)
        .that_may_last()
        .get(&one, write, upload::offset::<I>)
        .post(&one, write, upload::piece::<I>)
        .that_may_last()
}

/// What every page here starts with.
#[derive(Debug, Template)]
#[template(path = "files/head.html")]
struct Head {
    base: String,
    name: String,
    /// A server's template, or that it is a volume.
    kind: String,
    tabs: Tabs,
}

/// The tabs of what keeps the files.
#[derive(Debug)]
enum Tabs {
    Server(servers::Head),
    Volume(volumes::Head),
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Head {}

impl Head {
    fn new(app: &App, scope: &TenantScope, keeper: &Keeper) -> Self {
        match keeper {
            Keeper::Server(server) => {
                let head = servers::Head::new(app, scope, server, "files");
                Self {
                    base: head.base.clone(),
                    name: head.name.clone(),
                    kind: head.template.clone(),
                    tabs: Tabs::Server(head),
                }
            }
            Keeper::Volume(volume) => {
                let head = volumes::Head::new(scope, volume, "files");
                Self {
                    base: head.base.clone(),
                    name: head.name.clone(),
                    kind: "Volume".to_owned(),
                    tabs: Tabs::Volume(head),
                }
            }
        }
    }
}

/// What every page here is made from.
struct Frame {
    app: App,
    scope: TenantScope,
    files: Files,
    head: Head,
}

impl Frame {
    async fn of(State(app): State<App>, scope: TenantScope, id: KeeperId) -> Result<Self, Error> {
        let files = Files::of(&app, &scope, id).await?;
        let head = Head::new(&app, &scope, &files.keeper);
        Ok(Self {
            app,
            scope,
            files,
            head,
        })
    }

    fn crumbs(&self, ctx: Ctx) -> Ctx {
        match self.files.keeper {
            Keeper::Server(_) => servers::crumbs(ctx, &self.scope),
            Keeper::Volume(_) => volumes::crumbs(ctx, &self.scope),
        }
    }

    fn may_write(&self) -> bool {
        self.scope.may(Permission::FileWrite)
    }

    /// The folder to begin in, where there is no choice of volumes.
    fn top(&self) -> Result<Option<VolumePath>, Error> {
        match self.files.keeper {
            Keeper::Server(_) => Ok(None),
            Keeper::Volume(_) => volumes::top_folder().map(Some).map_err(Error::internal),
        }
    }

    /// The address of one of the pages here, about a place.
    fn href(&self, page: &str, path: &VolumePath) -> String {
        href(&self.head.base, page, path)
    }
}

fn href(base: &str, page: &str, path: &VolumePath) -> String {
    let text = path.to_string();
    let path = utf8_percent_encode(&text, QUERY);
    format!("{base}/files{page}?path={path}")
}

/// A step on the way to a place: what it is called and where it is.
#[derive(Debug)]
struct Step {
    label: String,
    href: String,
}

/// The way to a place: from a server's volumes, or from the volume itself, which people know by its own name.
fn way(frame: &Frame, path: &VolumePath) -> Vec<Step> {
    let (first, skipped) = match &frame.files.keeper {
        Keeper::Server(_) => ("Volumes", 0),
        Keeper::Volume(volume) => (volume.name.as_str(), 1),
    };
    let steps = path.ancestry().skip(skipped).map(|place| Step {
        label: label(&place),
        href: frame.href("", &place),
    });
    let top = Step {
        label: first.to_owned(),
        href: format!("{}/files", frame.head.base),
    };
    std::iter::once(top).chain(steps).collect()
}

/// What a place is called: as it is, if that can be seen.
fn label(path: &VolumePath) -> String {
    super::model::name_of(path)
}
