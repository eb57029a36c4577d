//! The verbs of those whose share it is: giving a link, which is shown once, and taking it back.

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::TenantScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::events;
use crate::platform::ids::{ServerId, ShareId, ShareLinkId};
use crate::platform::secret::OneTimeToken;

use super::super::actions::{begin, find};
use super::super::model::Share;
use super::super::{TOPIC, store};
use super::model::{Link, MAX_LINKS, ShareLinkKind, check_end, place};

/// A link that is asked for.
#[derive(Debug)]
pub struct NewLink {
    /// What it is for.
    pub kind: ShareLinkKind,
    /// Where it leads, below the share's folder.
    pub path: String,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// A share's links.
pub async fn list(scope: &TenantScope, (id, share): (ServerId, ShareId)) -> Result<Vec<Link>, Error> {
    let mut tx = scope.begin().await?;
    let share = find(&mut tx, id, share).await?;
    store::links(&mut tx, share.id).await
}

/// Makes a link, and says its address this once.
pub async fn create(
    app: &App,
    scope: &TenantScope,
    (id, share): (ServerId, ShareId),
    new: NewLink,
) -> Result<(Link, String), Error> {
    let path = new.path.trim().trim_matches('/').to_owned();
    let (mut tx, server) = begin(scope, id).await?;
    let share = find(&mut tx, id, share).await?;
    let mut errors = FieldErrors::default();
    let place = place(&share.folder, &path);
    errors.check(
        "path",
        place.map_err(|_| "Name a place in the share, such as reports/may.pdf."),
    );
    errors.check("expires_at", check_end(new.expires_at, app.now()));
    errors.into_result()?;
    let used = store::links(&mut tx, share.id).await?.len();
    if i64::try_from(used).unwrap_or(i64::MAX) >= MAX_LINKS {
        let message = format!("This share has {used} links, as many as it can. Remove one that has ended.");
        return Err(Error::conflict("too-many-share-links", message));
    }
    let token = OneTimeToken::generate();
    let link = Link {
        id: ShareLinkId::new(&*app.ids, app.now()),
        kind: new.kind,
        path,
        expires_at: new.expires_at,
        uses: 0,
        last_used_at: None,
        created_by: scope.who.label.clone(),
        created_at: app.now(),
    };
    store::insert_link(&mut tx, (scope.tenant(), id, share.id), &link, &token.hash).await?;
    let change = Change::to("share.link", described(&link, &server.name));
    app.audit(&mut tx, &scope.who, &target(scope, &share), &change)
        .await?;
    events::emit(&mut tx, Some(scope.tenant()), TOPIC, Some(id.0)).await?;
    tx.commit().await?;
    let url = app.config.link(&format!("/s/{}", token.text.expose()));
    Ok((link, url))
}

/// Takes a link back: from now on it leads nowhere.
pub async fn remove(
    app: &App,
    scope: &TenantScope,
    (id, share): (ServerId, ShareId),
    link: ShareLinkId,
) -> Result<(), Error> {
    let (mut tx, server) = begin(scope, id).await?;
    let share = find(&mut tx, id, share).await?;
    let links = store::links(&mut tx, share.id).await?;
    let link = links
        .iter()
        .find(|known| known.id == link)
        .ok_or(Error::NotFound)?;
    store::delete_link(&mut tx, share.id, link.id).await?;
    let change = Change {
        action: "share.unlink",
        before: Some(described(link, &server.name)),
        after: None,
    };
    app.audit(&mut tx, &scope.who, &target(scope, &share), &change)
        .await?;
    events::emit(&mut tx, Some(scope.tenant()), TOPIC, Some(id.0)).await?;
    tx.commit().await
}

fn target<'a>(scope: &TenantScope, share: &'a Share) -> Target<'a> {
    Target {
        kind: "share",
        id: Some(share.id.0),
        label: &share.name,
        tenant: Some(scope.tenant()),
    }
}

fn described(link: &Link, server: &str) -> serde_json::Value {
    json!({ "server": server, "kind": link.kind, "path": link.path, "expires_at": link.expires_at })
}
