//! Handing out single-use links.

use crate::accounts::model::{IssuedLink, Link, Offer, Purpose};
use crate::accounts::store;
use crate::app::App;
use crate::platform::access::Who;
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{LinkId, TenantId, UserId};
use crate::platform::secret::OneTimeToken;

/// What a link is made for.
#[derive(Debug, Default)]
pub(super) struct For<'a> {
    pub(super) user: Option<UserId>,
    pub(super) tenant: Option<TenantId>,
    pub(super) email: Option<&'a str>,
    pub(super) role: Option<&'static str>,
    pub(super) offer: Option<Offer>,
}

/// Makes a link; only its hash is kept.
pub(super) async fn issue(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    purpose: Purpose,
    made_for: For<'_>,
) -> Result<IssuedLink, Error> {
    let now = app.now();
    let token = OneTimeToken::generate();
    let link = Link {
        id: LinkId::new(&*app.ids, now),
        purpose,
        user: made_for.user,
        tenant: made_for.tenant,
        email: made_for.email.map(str::to_owned),
        role: made_for.role.map(str::to_owned),
        offer: made_for.offer,
        created_by: who.label.clone(),
        expires_at: now + purpose.lifetime(),
    };
    store::insert_link(tx, &link, &token.hash, &link.created_by, now).await?;
    Ok(IssuedLink {
        id: link.id,
        url: app.config.link(&purpose.path(token.text.expose())),
        expires_at: link.expires_at,
    })
}
