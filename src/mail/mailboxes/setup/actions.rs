//! Looking at a set-up link, and using it.

use crate::app::App;
use crate::audit::{Change, Target};
use crate::mail::{TOPIC, kicks};
use crate::platform::access::{Visitor, Who};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::secret::hash_token;

use super::super::actions::hash_password;
use super::super::store::{self, Offered};

/// What a link sets up; nothing if it does not work.
pub(super) async fn view(app: &App, token: &str) -> Result<Option<Offered>, Error> {
    let mut tx = app.db.system().await?;
    store::offered(&mut tx, &hash_token(token), app.now()).await
}

/// Sets the password that was chosen, and uses the link up. Whoever had the mailbox open before is signed out.
pub(super) async fn choose(
    app: &App,
    visitor: &Visitor,
    token: &str,
    chosen: &str,
) -> Result<Offered, Error> {
    let offered = view(app, token).await?.ok_or(Error::NotFound)?;
    // Before the link is used: it is still good if the password is not.
    let hash = hash_password(chosen, &[&offered.address, &offered.name]).await?;
    let now = app.now();
    let mut tx = app.db.system().await?;
    let used = store::use_link(&mut tx, (&hash_token(token), &hash), now).await?;
    let id = used.ok_or(Error::NotFound)?;
    let who = Who {
        ip: Some(visitor.ip.clone()),
        request_id: Some(visitor.request_id.clone()),
        ..Who::system("a set-up link")
    };
    let target = Target {
        kind: "mailbox",
        id: Some(id.0),
        label: &offered.address,
        tenant: Some(offered.tenant),
    };
    let addresses = std::slice::from_ref(&offered.address);
    kicks::ask(&mut tx, offered.tenant, addresses, now).await?;
    events::emit(&mut tx, Some(offered.tenant), TOPIC, Some(id.0)).await?;
    app.audit(&mut tx, &who, &target, &Change::plain("mailbox.set_up"))
        .await?;
    tx.commit().await?;
    Ok(offered)
}
