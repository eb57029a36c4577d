//! Looking at what is a customer's by a grant: files of a server, to be read, and the way of each mail. Whatever is not the grant's of
//! whoever asks, or not any more, is not there.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::app::App;
use crate::drivers::engine::{FilePart, Rank, VolumePath};
use crate::files::{self, Files, Item, KeeperId, PathQuery, Place};
use crate::mail::{self, TracedMessage};
use crate::platform::access::{Member, StaffScope, Standing, TenantRole, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::{BreakGlassId, ServerId};
use crate::platform::web::{Ctx, Cursor, ListQuery, Listing, Page, PageQuery, Path, Query};

use super::actions::note_use;
use super::model::{Grant, Part};
use super::store;

/// The open grant of whoever asks.
async fn granted(app: &App, scope: &StaffScope, id: BreakGlassId, part: Part) -> Result<Grant, Error> {
    let grant = store::find(&mut scope.begin().await?, id).await?;
    let is_own = grant.staff == Some(scope.actor.user);
    if is_own && grant.is_open(app.now()) && grant.parts.contains(&part) {
        Ok(grant)
    } else {
        Err(Error::NotFound)
    }
}

/// Writes that something is looked at, before it is.
async fn noted(
    app: &App,
    scope: &StaffScope,
    grant: &Grant,
    (part, what): (Part, &str),
) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    note_use(app, &mut tx, grant, (part, what)).await?;
    tx.commit().await
}

/// The grant's tenant as one of its people who only read sees it. Made of an open grant, and used here for nothing but reading.
fn as_reader(app: &App, scope: &StaffScope, grant: &Grant) -> TenantScope {
    let member = Member {
        tenant: grant.tenant,
        slug: String::new(),
        name: grant.tenant_name.clone(),
        standing: Standing::Member(TenantRole::Viewer),
        suspended: None,
    };
    TenantScope::new(app.db.clone(), scope.who.clone(), scope.actor.clone(), member)
}

/// The files of a server of the grant's tenant, after the look at `place` was written down.
async fn opened(
    app: &App,
    scope: &StaffScope,
    (id, server): (BreakGlassId, ServerId),
    place: &str,
) -> Result<(Grant, Files), Error> {
    let grant = granted(app, scope, id, Part::Files).await?;
    let reader = as_reader(app, scope, &grant);
    let files = Files::of(app, &reader, KeeperId::Server(server)).await?;
    let what = format!("{}: {place}", files.keeper.target().label);
    noted(app, scope, &grant, (Part::Files, &what)).await?;
    Ok((grant, files))
}

fn place_of(query: &PathQuery) -> Result<(Option<VolumePath>, String), Error> {
    Ok(match query.place()? {
        Place::Top => (None, "/".to_owned()),
        Place::In(path) => {
            let text = path.to_string();
            (Some(path), text)
        }
    })
}

/// What is at a place: a server's volumes, or a page of a folder.
pub(super) async fn listed(
    app: &App,
    scope: &StaffScope,
    place: (BreakGlassId, ServerId),
    (query, page): (&PathQuery, &ListQuery),
) -> Result<(Grant, Files, Option<Listing<Item>>), Error> {
    let (path, text) = place_of(query)?;
    let (grant, files) = opened(app, scope, place, &text).await?;
    let Some(path) = path else {
        return Ok((grant, files, None));
    };
    let after: Option<Rank> = Cursor::decode(page.after.as_deref())?;
    let items = files.list(&path, after, page.limit()? + 1).await?;
    let listing = Listing::new(items, page, |item| Rank::of(&item.entry))?;
    Ok((grant, files, Some(listing)))
}

/// A file, to be saved.
pub(super) async fn sent(
    app: &App,
    scope: &StaffScope,
    place: (BreakGlassId, ServerId),
    query: &PathQuery,
) -> Result<Response, Error> {
    let path = query.path()?;
    let (_, files) = opened(app, scope, place, &path.to_string()).await?;
    let file = files.open(&path, FilePart::default()).await?;
    Ok(files::send(&path, file))
}

/// A page of the messages of the grant's tenant.
pub(super) async fn messages(
    app: &App,
    scope: &StaffScope,
    id: BreakGlassId,
    query: &ListQuery,
) -> Result<(Grant, Listing<TracedMessage>), Error> {
    let grant = granted(app, scope, id, Part::Mail).await?;
    noted(app, scope, &grant, (Part::Mail, "the list of messages")).await?;
    let before = Cursor::decode(query.after.as_deref())?;
    let mut tx = as_reader(app, scope, &grant).begin().await?;
    let found = mail::traced(&mut tx, before, query.fetch()?).await?;
    let listing = Listing::new(found, query, |one| (one.at, one.queue_id.clone()))?;
    Ok((grant, listing))
}

struct Line {
    name: String,
    href: String,
    kind: &'static str,
    size: String,
    modified: String,
}

#[derive(Template)]
#[template(path = "break_glass/files.html")]
pub(super) struct FilesPage {
    ctx: Ctx,
    tenant: String,
    server: String,
    path: String,
    top: String,
    lines: Vec<Line>,
    next: String,
}

fn crumbs(ctx: Ctx, grant: &Grant) -> Ctx {
    let home = "/staff/break-glass".to_owned();
    let own = format!("{home}/{}", grant.id);
    ctx.with_crumbs([("Break glass".to_owned(), home), (grant.tenant_name.clone(), own)])
}

fn href(base: &str, path: &VolumePath) -> String {
    let text = path.to_string();
    format!("{base}?path={}", utf8_percent_encode(&text, NON_ALPHANUMERIC))
}

impl Line {
    fn volume(base: &str, name: &str) -> Result<Self, Error> {
        let path = VolumePath::of_volume(name).map_err(Error::internal)?;
        Ok(Self {
            name: name.to_owned(),
            href: href(base, &path),
            kind: "Volume",
            size: String::new(),
            modified: String::new(),
        })
    }

    fn item(base: &str, item: &Item) -> Self {
        let (kind, href) = match (item.is_folder(), item.is_file(), item.is_locked) {
            (.., true) => ("Locked by its template", String::new()),
            (true, ..) => ("Folder", href(base, &item.path)),
            (_, true, _) => ("File", href(&format!("{base}/content"), &item.path)),
            _ => ("Other", String::new()),
        };
        Self {
            name: item.name(),
            href,
            kind,
            size: if item.is_file() {
                files::amount(item.entry.size)
            } else {
                String::new()
            },
            modified: item.entry.modified.format("%Y-%m-%d %H:%M").to_string(),
        }
    }
}

/// Looks into a server's volumes.
pub(super) async fn files(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path((id, server)): Path<(BreakGlassId, ServerId)>,
    (Query(query), Query(page)): (Query<PathQuery>, Query<PageQuery>),
) -> Result<Page<FilesPage>, Error> {
    let page = ListQuery::from(page);
    let (path, text) = place_of(&query)?;
    let (grant, files, listing) = listed(&app, &scope, (id, server), (&query, &page)).await?;
    let base = format!("/staff/break-glass/{id}/servers/{server}/files");
    let (lines, next) = match listing {
        None => {
            let volumes = files
                .volumes
                .iter()
                .map(|volume| Line::volume(&base, &volume.name));
            (volumes.collect::<Result<Vec<_>, _>>()?, None)
        }
        Some(listing) => {
            let lines = listing.items.iter().map(|item| Line::item(&base, item));
            (lines.collect(), listing.next)
        }
    };
    let here = path.map(|path| href(&base, &path)).unwrap_or_default();
    Ok(Page(FilesPage {
        ctx: crumbs(ctx, &grant),
        tenant: grant.tenant_name.clone(),
        server: files.keeper.target().label.to_owned(),
        path: text,
        top: base,
        lines,
        next: next
            .map(|next| format!("{here}&after={next}"))
            .unwrap_or_default(),
    }))
}

/// Saves a file.
pub(super) async fn content(
    State(app): State<App>,
    scope: StaffScope,
    Path(place): Path<(BreakGlassId, ServerId)>,
    Query(query): Query<PathQuery>,
) -> Result<Response, Error> {
    sent(&app, &scope, place, &query).await
}

#[derive(Template)]
#[template(path = "break_glass/mail.html")]
pub(super) struct MailPage {
    ctx: Ctx,
    tenant: String,
    rows: Vec<TracedMessage>,
    next: String,
}

impl MailPage {
    fn iso(&self, one: &TracedMessage) -> String {
        one.at.to_rfc3339()
    }

    fn time(&self, one: &TracedMessage) -> String {
        one.at.format("%Y-%m-%d %H:%M:%S").to_string()
    }

    fn sender(&self, one: &TracedMessage) -> String {
        one.sender
            .clone()
            .filter(|sender| !sender.is_empty())
            .unwrap_or_else(|| "–".to_owned())
    }

    fn to(&self, one: &TracedMessage) -> String {
        one.recipients.join(", ")
    }

    fn outcome(&self, one: &TracedMessage) -> &'static str {
        one.outcome.label()
    }
}

/// Looks at the messages of a tenant.
pub(super) async fn mail(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<BreakGlassId>,
    Query(page): Query<PageQuery>,
) -> Result<Page<MailPage>, Error> {
    let query = ListQuery::from(page);
    let (grant, listing) = messages(&app, &scope, id, &query).await?;
    Ok(Page(MailPage {
        ctx: crumbs(ctx, &grant),
        tenant: grant.tenant_name.clone(),
        next: listing.next_href(&query).unwrap_or_default(),
        rows: listing.items,
    }))
}
