//! What is written about incidents.

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::platform::error::Error;
use crate::platform::ids::{StatusPageId, StatusPostId};

use super::super::desk::{Desk, DeskTx};
use super::super::model::{Post, PostState, PostText, StatusPage};
use super::super::store;
use super::{POSTS, done, locked};

/// Writes about an incident.
pub(in crate::status) async fn post(
    app: &App,
    desk: &Desk,
    id: Option<StatusPageId>,
    text: &PostText,
) -> Result<Post, Error> {
    let new = text.parse()?;
    let (now, mut tx) = (app.now(), desk.begin().await?);
    let page = locked(desk, &mut tx, id).await?;
    let all = store::components(&mut tx, page.id, now).await?;
    if !new
        .components
        .iter()
        .all(|id| all.iter().any(|one| one.id == *id))
    {
        return Err(Error::invalid(
            "components",
            "There is no such component on this page.",
        ));
    }
    let one = Post {
        id: StatusPostId::new(&*app.ids, now),
        title: new.title,
        state: new.state,
        components: new.components,
        began_at: now,
    };
    store::insert_post(&mut tx, page.id, &one).await?;
    let by = (desk.who().label.as_str(), now);
    store::insert_update(&mut tx, (app.ids.uuid(now), one.id), (new.state, &new.body), by).await?;
    let what = json!({ "post": one.title, "state": one.state });
    done(app, desk, &mut tx, &page, &Change::to("status_page.post", what)).await?;
    tx.commit().await?;
    Ok(one)
}

/// A post of a page.
pub(in crate::status) async fn find_post(
    tx: &mut DeskTx,
    page: &StatusPage,
    id: StatusPostId,
) -> Result<Post, Error> {
    let all = store::posts(tx, page.id, POSTS).await?;
    all.into_iter().find(|one| one.id == id).ok_or(Error::NotFound)
}

/// Says more about an incident.
pub(in crate::status) async fn update(
    app: &App,
    desk: &Desk,
    (page, id): (Option<StatusPageId>, StatusPostId),
    text: &PostText,
) -> Result<Post, Error> {
    let new = text.parse_update()?;
    let (now, mut tx) = (app.now(), desk.begin().await?);
    let page = locked(desk, &mut tx, page).await?;
    let known = find_post(&mut tx, &page, id).await?;
    let by = (desk.who().label.as_str(), now);
    store::insert_update(&mut tx, (app.ids.uuid(now), id), (new.state, &new.body), by).await?;
    store::save_post(&mut tx, id, new.state, now).await?;
    let words = |state: PostState| json!({ "post": known.title, "state": state });
    let told = Change::between("status_page.update", words(known.state), words(new.state));
    done(app, desk, &mut tx, &page, &told).await?;
    tx.commit().await?;
    Ok(Post {
        state: new.state,
        ..known
    })
}

/// Takes a post away with all that was said.
pub(in crate::status) async fn remove_post(
    app: &App,
    desk: &Desk,
    (page, id): (Option<StatusPageId>, StatusPostId),
) -> Result<(), Error> {
    let mut tx = desk.begin().await?;
    let page = locked(desk, &mut tx, page).await?;
    let known = find_post(&mut tx, &page, id).await?;
    store::delete_post(&mut tx, id).await?;
    let change = Change {
        action: "status_page.post_remove",
        before: Some(json!({ "post": known.title, "state": known.state })),
        after: None,
    };
    done(app, desk, &mut tx, &page, &change).await?;
    tx.commit().await
}
