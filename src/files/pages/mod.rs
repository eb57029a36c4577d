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

use axum::extract::State;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::app::App;
use crate::drivers::engine::VolumePath;
use crate::platform::access::{Permission, Rule, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::platform::web::{Ctx, Routes};
use crate::servers::{Head, crumbs};

use super::actions::ServerFiles;

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
    let (read, write) = (
        Rule::Tenant(Permission::FileRead),
        Rule::Tenant(Permission::FileWrite),
    );
    Routes::new()
        .get("/t/{tenant}/servers/{server_id}/files", read, list::show)
        .get(
            "/t/{tenant}/servers/{server_id}/files/content",
            read,
            transfer::content,
        )
        .get(
            "/t/{tenant}/servers/{server_id}/files/picture",
            read,
            transfer::picture,
        )
        .get(
            "/t/{tenant}/servers/{server_id}/files/archive",
            read,
            transfer::archive,
        )
        .merge(changes(write))
        .merge(uploads(write))
}

/// What changes something that is there, or makes it.
fn changes(write: Rule) -> Routes<App> {
    Routes::new()
        .get("/t/{tenant}/servers/{server_id}/files/edit", write, edit::form)
        .large_form(
            "/t/{tenant}/servers/{server_id}/files/edit",
            write,
            MAX_FORM,
            edit::save,
        )
        .form(
            "/t/{tenant}/servers/{server_id}/files/folders",
            write,
            folder::make,
        )
        .get(
            "/t/{tenant}/servers/{server_id}/files/change",
            write,
            change::form,
        )
        .form(
            "/t/{tenant}/servers/{server_id}/files/change",
            write,
            change::save,
        )
        .get(
            "/t/{tenant}/servers/{server_id}/files/delete",
            write,
            delete::question,
        )
        .post("/t/{tenant}/servers/{server_id}/files/delete", write, delete::act)
        .that_may_last()
}

/// What brings files.
fn uploads(write: Rule) -> Routes<App> {
    Routes::new()
        .post(
            "/t/{tenant}/servers/{server_id}/files/upload",
            write,
            upload::form,
        )
        .that_may_last()
        .get(
            "/t/{tenant}/servers/{server_id}/files/uploads/{upload}",
            write,
            upload::offset,
        )
        .post(
            "/t/{tenant}/servers/{server_id}/files/uploads/{upload}",
            write,
            upload::piece,
        )
        .that_may_last()
}

/// What every page here begins with.
struct Frame {
    app: App,
    scope: TenantScope,
    files: ServerFiles,
    head: Head,
}

impl Frame {
    async fn of(State(app): State<App>, scope: TenantScope, id: ServerId) -> Result<Self, Error> {
        let files = ServerFiles::of(&app, &scope, id).await?;
        let head = Head::new(&app, &scope, &files.server, "files");
        Ok(Self {
            app,
            scope,
            files,
            head,
        })
    }

    fn crumbs(&self, ctx: Ctx) -> Ctx {
        crumbs(ctx, &self.scope)
    }

    fn may_write(&self) -> bool {
        self.scope.may(Permission::FileWrite)
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

/// The way from the volumes to a place.
fn way(frame: &Frame, path: &VolumePath) -> Vec<Step> {
    let steps = path.ancestry().map(|place| Step {
        label: label(&place),
        href: frame.href("", &place),
    });
    let top = Step {
        label: "Volumes".to_owned(),
        href: format!("{}/files", frame.head.base),
    };
    std::iter::once(top).chain(steps).collect()
}

/// What a place is called: as it is, if that can be seen.
fn label(path: &VolumePath) -> String {
    super::model::name_of(path)
}
