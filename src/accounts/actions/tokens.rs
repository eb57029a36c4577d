//! Making, listing and revoking one's own API tokens. A token can do none of this: who steals one gets no second.

use chrono::Duration;
use serde_json::json;

use crate::accounts::model::{ApiToken, Lifetime, NewToken, TokenName};
use crate::accounts::store;
use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::{Actor, Permission, Side, UserScope, Via, staff_may};
use crate::platform::db::{Plans, Scoped, TenantTx};
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::{ServerId, TenantId, TokenId, UserId};
use crate::platform::secret::Secret;

/// More than anybody has a use for.
const MAX_TOKENS: i64 = 100;
/// Ended tokens are listed this long.
const SHOW_ENDED: Duration = Duration::days(30);
/// How the staff area is called in forms; a tenant goes by its id.
const STAFF: &str = "staff";

/// A place where a token can work.
#[derive(Debug, Clone)]
pub struct Area {
    /// Its value in the form.
    pub value: String,
    /// Its name.
    pub label: String,
    /// The tenant; absent for the staff area.
    pub tenant: Option<TenantId>,
    /// The server, where the person is its guest.
    pub server: Option<ServerId>,
    /// What the person may do there now, so what a token may get.
    pub scopes: Vec<Permission>,
}

/// The places that a person's tokens can work in.
pub fn areas(actor: &Actor) -> Vec<Area> {
    let permitted = |side: Side, may: &dyn Fn(Permission) -> bool| -> Vec<Permission> {
        Permission::ALL
            .iter()
            .copied()
            .filter(|scope| scope.side() == Side::Own || (scope.side() == side && may(*scope)))
            .collect()
    };
    let tenants = actor.memberships.iter().map(|member| Area {
        value: member.tenant.to_string(),
        label: member.name.clone(),
        tenant: Some(member.tenant),
        server: None,
        scopes: permitted(Side::Tenant, &|scope| actor.may_in(member, scope)),
    });
    let shared = actor.guests.iter().map(|guest| Area {
        value: guest.server.to_string(),
        label: format!("{} of {}", guest.server_name, guest.member.name),
        tenant: Some(guest.member.tenant),
        server: Some(guest.server),
        scopes: permitted(Side::Tenant, &|scope| actor.may_in(&guest.member, scope)),
    });
    let staff = actor.staff.map(|role| Area {
        value: STAFF.to_owned(),
        label: "Provider (staff area)".to_owned(),
        tenant: None,
        server: None,
        scopes: permitted(Side::Staff, &|scope| staff_may(role, scope)),
    });
    tenants.chain(shared).chain(staff).collect()
}

/// A token as asked for, as typed.
#[derive(Debug)]
pub struct NewApiToken<'a> {
    /// What it is for.
    pub name: &'a str,
    /// One of [`areas`] by its value.
    pub area: &'a str,
    /// Names of scopes.
    pub scopes: Vec<&'a str>,
    /// How long it works.
    pub days: &'a str,
}

impl NewApiToken<'_> {
    fn parse(&self, actor: &Actor) -> Result<(TokenName, Area, Vec<Permission>, Lifetime), FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.check("name", TokenName::parse(self.name));
        let areas = areas(actor);
        let area = areas
            .into_iter()
            .find(|area| area.value == self.area)
            .ok_or("Choose where the token works.");
        let area = errors.check("area", area);
        let scopes = area
            .as_ref()
            .and_then(|area| errors.check("scopes", self.scopes(area)));
        let lifetime = errors.check("days", Lifetime::parse(self.days));
        match (name, area, scopes, lifetime) {
            (Some(name), Some(area), Some(scopes), Some(lifetime)) => Ok((name, area, scopes, lifetime)),
            _ => Err(errors),
        }
    }

    fn scopes(&self, area: &Area) -> Result<Vec<Permission>, String> {
        if self.scopes.is_empty() {
            return Err("Choose at least one scope: a token without scopes may do nothing.".to_owned());
        }
        let mut scopes = Vec::new();
        for name in &self.scopes {
            let scope: Permission = name.parse().map_err(|error| format!("{name}: {error}."))?;
            if !area.scopes.contains(&scope) {
                return Err(format!("{name} is not yours to give in {}.", area.label));
            }
            scopes.push(scope);
        }
        scopes.sort_unstable();
        scopes.dedup();
        Ok(scopes)
    }
}

/// Makes a token; its text is returned this once.
pub async fn create_token(
    app: &App,
    scope: &UserScope,
    new: &NewApiToken<'_>,
) -> Result<(ApiToken, Secret), Error> {
    if matches!(scope.actor.via, Via::Token { .. }) {
        return Err(Error::Forbidden);
    }
    let (name, area, scopes, lifetime) = new.parse(&scope.actor)?;
    let now = app.now();
    let made = NewToken::generate();
    let token = ApiToken {
        id: TokenId::new(&*app.ids, now),
        name: name.as_str().to_owned(),
        prefix: made.prefix,
        tenant: area.tenant,
        tenant_name: area.tenant.map(|_| area.label),
        server: area.server,
        scopes,
        expires_at: Some(lifetime.end(now)),
        last_used_at: None,
        revoked_at: None,
        created_at: now,
    };
    // Inside the tenant, so that its members see the event.
    if let Some(tenant) = area.tenant {
        let mut tx = begin_at(app, (tenant, area.server), scope.actor.user).await?;
        keep(app, &mut tx, scope, &token, &made.hash).await?;
        tx.commit().await?;
    } else {
        let mut tx = scope.begin().await?;
        keep(app, &mut tx, scope, &token, &made.hash).await?;
        tx.commit().await?;
    }
    Ok((token, made.text))
}

/// Inside the tenant, as a member or as a guest of the server.
async fn begin_at(
    app: &App,
    (tenant, server): (TenantId, Option<ServerId>),
    user: UserId,
) -> Result<TenantTx, Error> {
    match server {
        Some(server) => app.db.guest_with((tenant, server), user, Plans::Fitted).await,
        None => app.db.tenant(tenant, user).await,
    }
}

async fn keep(
    app: &App,
    tx: &mut impl Scoped,
    scope: &UserScope,
    token: &ApiToken,
    hash: &[u8],
) -> Result<(), Error> {
    if store::count_tokens(tx, scope.actor.user, token.created_at).await? >= MAX_TOKENS {
        let message = format!("You have {MAX_TOKENS} tokens, which is the most. Revoke one first.");
        return Err(Error::conflict("too-many-tokens", message));
    }
    store::insert_token(tx, token, scope.actor.user, hash).await?;
    let scopes: Vec<_> = token.scopes.iter().map(|scope| scope.name()).collect();
    let after = json!({ "prefix": token.prefix, "scopes": scopes, "expires_at": token.expires_at });
    app.audit(
        tx,
        &scope.who,
        &target(token.id, &token.name, token.tenant),
        &Change::to("token.create", after),
    )
    .await
}

fn target(id: TokenId, name: &str, tenant: Option<TenantId>) -> Target<'_> {
    Target {
        kind: "token",
        id: Some(id.0),
        label: name,
        tenant,
    }
}

/// One's own tokens, the newest first; ended ones for a month.
pub async fn list_tokens(app: &App, scope: &UserScope) -> Result<Vec<ApiToken>, Error> {
    let mut tx = scope.begin().await?;
    let tokens = store::tokens(&mut tx, scope.actor.user, app.now() - SHOW_ENDED).await?;
    tx.commit().await?;
    Ok(tokens)
}

/// What a token may see: its owner's tokens of the same area.
pub async fn list_tokens_of_area(app: &App, scope: &UserScope) -> Result<Vec<ApiToken>, Error> {
    let Via::Token { tenant, .. } = scope.actor.via else {
        return list_tokens(app, scope).await;
    };
    let mut tokens = list_tokens(app, scope).await?;
    let server = scope.actor.guests.first().map(|guest| guest.server);
    tokens.retain(|token| token.tenant == tenant && token.server == server);
    Ok(tokens)
}

/// Revokes one of one's own tokens; it stops working with the next request.
pub async fn revoke_token(app: &App, scope: &UserScope, id: TokenId) -> Result<(), Error> {
    if matches!(scope.actor.via, Via::Token { .. }) {
        return Err(Error::Forbidden);
    }
    let mut tx = scope.begin().await?;
    let (tenant, server) = store::token_place(&mut tx, scope.actor.user, id).await?;
    if let Some(tenant) = tenant {
        tx.commit().await?;
        let mut tx = begin_at(app, (tenant, server), scope.actor.user).await?;
        revoke(app, &mut tx, scope, id).await?;
        return tx.commit().await;
    }
    revoke(app, &mut tx, scope, id).await?;
    tx.commit().await
}

async fn revoke(app: &App, tx: &mut impl Scoped, scope: &UserScope, id: TokenId) -> Result<(), Error> {
    let revoked = store::revoke_token(tx, scope.actor.user, id, app.now()).await?;
    // Revoked before: nothing to do, nothing to tell.
    if let Some((name, tenant)) = revoked {
        app.audit(
            tx,
            &scope.who,
            &target(id, &name, tenant),
            &Change::plain("token.revoke"),
        )
        .await?;
    }
    Ok(())
}
