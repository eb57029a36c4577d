//! The verbs: each one transaction with its event and its audit.

mod components;
mod posts;

use serde_json::{Value, json};

use crate::app::App;
use crate::audit::{Change, Target as About};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::StatusPageId;
use crate::platform::secret::random_text;
use crate::platform::web::{Cursor, ListQuery, Listing};

use super::desk::{Desk, DeskTx};
use super::model::{Component, MAX_COMPONENTS, NewPage, PageText, StatusPage, Target};
use super::view::View;
use super::{TOPIC, store};

use components::add;
pub(super) use components::{add_component, change_component, component, remove_component, say, unsay};
pub(super) use posts::{find_post, post, remove_post, update};

/// Long enough that nobody guesses it: some 120 bits.
const UNGUESSABLE: usize = 24;
/// So many posts are looked through on a page of those who write them.
pub(in crate::status) const POSTS: i64 = 50;

/// Which page somebody means: a tenant has one, and its address names none.
pub(in crate::status) async fn meant(
    desk: &Desk,
    tx: &mut DeskTx,
    id: Option<StatusPageId>,
) -> Result<StatusPage, Error> {
    match (desk.tenant(), id) {
        (Some(tenant), _) => store::own(tx, tenant).await?.ok_or(Error::NotFound),
        (None, Some(id)) => store::find(tx, id).await,
        (None, None) => Err(Error::NotFound),
    }
}

/// The page to be changed, locked: their own.
async fn locked(desk: &Desk, tx: &mut DeskTx, id: Option<StatusPageId>) -> Result<StatusPage, Error> {
    let page = meant(desk, tx, id).await?;
    store::lock(tx, page.id, desk.tenant()).await
}

fn shown(page: &StatusPage) -> Value {
    json!({ "slug": page.slug, "title": page.title, "intro": page.intro, "visibility": page.visibility })
}

/// Tells the log and whoever listens.
async fn done(
    app: &App,
    desk: &Desk,
    tx: &mut DeskTx,
    page: &StatusPage,
    change: &Change,
) -> Result<(), Error> {
    let about = About {
        kind: "status_page",
        id: Some(page.id.0),
        label: &page.title,
        tenant: page.tenant,
    };
    events::emit(tx, page.tenant, TOPIC, Some(page.id.0)).await?;
    app.audit(tx, desk.who(), &about, change).await
}

fn slug_of(new: &NewPage) -> String {
    let random = || random_text(UNGUESSABLE).to_ascii_lowercase();
    new.slug.clone().unwrap_or_else(random)
}

/// Makes a page. The provider's begins with all that there is: the panel, the mail service, every location.
pub(in crate::status) async fn create(app: &App, desk: &Desk, text: &PageText) -> Result<StatusPage, Error> {
    let new = text.parse(desk.is_provider())?;
    let (now, mut tx) = (app.now(), desk.begin().await?);
    let page = StatusPage {
        id: StatusPageId::new(&*app.ids, now),
        tenant: desk.tenant(),
        tenant_name: None,
        slug: slug_of(&new),
        title: new.title,
        intro: new.intro,
        visibility: new.visibility,
        version: 1,
        created_at: now,
    };
    store::insert_page(&mut tx, &page).await?;
    if desk.is_provider() {
        let own = [(Target::Panel, "Panel"), (Target::Mail, "Mail")].into_iter();
        let own = own.filter(|(target, _)| *target == Target::Panel || app.mail.is_some());
        let own = own.map(|(target, name)| (target, name.to_owned()));
        let locations = store::locations(&mut tx).await?.into_iter();
        let all = own.chain(locations.map(|(id, name)| (Target::Location(id), name)));
        for ((target, name), position) in all.take(MAX_COMPONENTS).zip(0..) {
            let name = name.chars().take(60).collect();
            add(app, &mut tx, page.id, (target, name, String::new(), position)).await?;
        }
    }
    done(
        app,
        desk,
        &mut tx,
        &page,
        &Change::to("status_page.create", shown(&page)),
    )
    .await?;
    tx.commit().await?;
    Ok(page)
}

/// Changes a page. Without an address in it, it keeps the one that it has.
pub(in crate::status) async fn change(
    app: &App,
    desk: &Desk,
    id: Option<StatusPageId>,
    change: impl FnOnce(PageText) -> PageText + Send,
    is_seen: impl Fn(i64) -> Result<(), Error> + Send,
) -> Result<StatusPage, Error> {
    let mut tx = desk.begin().await?;
    let known = locked(desk, &mut tx, id).await?;
    is_seen(known.version)?;
    let text = change(PageText {
        title: known.title.clone(),
        intro: known.intro.clone(),
        slug: known.slug.clone(),
        visibility: known.visibility.word().to_owned(),
    });
    let new = text.parse(desk.is_provider())?;
    let page = StatusPage {
        slug: new.slug.unwrap_or_else(|| known.slug.clone()),
        title: new.title,
        intro: new.intro,
        visibility: new.visibility,
        version: known.version + 1,
        ..known.clone()
    };
    store::save_page(&mut tx, &page, app.now()).await?;
    let told = Change::between("status_page.change", shown(&known), shown(&page));
    done(app, desk, &mut tx, &page, &told).await?;
    tx.commit().await?;
    Ok(page)
}

/// Takes a page away: its address leads nowhere from now on.
pub(in crate::status) async fn remove(app: &App, desk: &Desk, id: Option<StatusPageId>) -> Result<(), Error> {
    let mut tx = desk.begin().await?;
    let known = locked(desk, &mut tx, id).await?;
    store::delete_page(&mut tx, known.id).await?;
    let change = Change {
        action: "status_page.delete",
        before: Some(shown(&known)),
        after: None,
    };
    done(app, desk, &mut tx, &known, &change).await?;
    tx.commit().await
}

/// A page of all pages, the newest first.
pub(in crate::status) async fn list(desk: &Desk, query: &ListQuery) -> Result<Listing<StatusPage>, Error> {
    let before = Cursor::decode(query.after.as_deref())?;
    let rows = store::list(&mut desk.begin().await?, before, query.fetch()?).await?;
    Listing::new(rows, query, |page| (page.created_at, page.id.0))
}

/// A page and its components.
pub(in crate::status) async fn find(
    app: &App,
    desk: &Desk,
    id: Option<StatusPageId>,
) -> Result<(StatusPage, Vec<Component>), Error> {
    let mut tx = desk.begin().await?;
    let page = meant(desk, &mut tx, id).await?;
    let components = store::components(&mut tx, page.id, app.now()).await?;
    Ok((page, components))
}

/// A page as its readers see it.
pub(in crate::status) async fn view(app: &App, desk: &Desk, id: Option<StatusPageId>) -> Result<View, Error> {
    let now = app.now();
    let told = match (desk.begin().await?, id) {
        (DeskTx::Tenant(mut tx), _) => store::read_as_member(&mut tx, now).await?,
        (DeskTx::Staff(mut tx), Some(id)) => store::read_by_id(&mut tx, id, now).await?,
        (DeskTx::Staff(_), None) => None,
    };
    View::new(told.ok_or(Error::NotFound)?, now)
}
