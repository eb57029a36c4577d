//! Aliases that somebody makes for themselves: other names in their mailbox's domain, which lead to them.

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::mail::filters::{check_own, refresh};
use crate::mail::limits::room_for;
use crate::mail::model::{Address, DomainName, Holder};
use crate::mail::own::model;
use crate::mail::own::store::{self, NewAlias, Overview, OwnAlias};
use crate::platform::access::MailboxScope;
use crate::platform::db::violates;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::MailAliasId;

use super::own_target;

const MAX_DESCRIPTION: usize = 200;

/// The mailbox, and the aliases of its person.
pub(in crate::mail::own) async fn list_aliases(
    scope: &MailboxScope,
) -> Result<(Overview, Vec<OwnAlias>), Error> {
    let mut tx = scope.begin().await?;
    let mailbox = store::overview(&mut tx, scope.mailbox()).await?;
    let aliases = store::own_aliases(&mut tx, scope.mailbox()).await?;
    Ok((mailbox, aliases))
}

/// Who has it, people of single mailboxes need not know.
fn taken(address: &Address) -> Error {
    Holder::Something.refuse("name", &address.shown())
}

/// Refuses what does not go together with what others of the tenant have: an address that a deleted mailbox may get back, and one
/// that mail would go round and round by.
async fn check_around(scope: &MailboxScope, alias: &Address, own: &Address) -> Result<(), Error> {
    let mut round = scope.begin_in_tenant().await?;
    if store::was_mailbox(&mut round, alias.as_str()).await? {
        return Err(taken(alias));
    }
    round.commit().await?;
    check_own(scope, alias, std::slice::from_ref(own), "name").await
}

/// Makes one. It counts against the mailbox's limit and against the plan's.
pub(in crate::mail::own) async fn create_alias(
    app: &App,
    scope: &MailboxScope,
    (name, description): (&str, &str),
) -> Result<String, Error> {
    let own = Address::parse(&scope.owner.address).map_err(Error::internal)?;
    let name = model::own_alias(name).map_err(|why| Error::invalid("name", why))?;
    let domain = DomainName::trusted(own.domain().to_owned());
    let address = name.at(&domain).map_err(|why| Error::invalid("name", why))?;
    let description = description.trim();
    if description.chars().count() > MAX_DESCRIPTION || description.chars().any(char::is_control) {
        let words = format!("Use one line of at most {MAX_DESCRIPTION} characters.");
        return Err(Error::invalid("description", words));
    }
    if address == own {
        return Err(taken(&address));
    }
    check_around(scope, &address, &own).await?;

    let now = app.now();
    let mut tx = scope.begin().await?;
    let mailbox = store::lock_overview(&mut tx, scope.mailbox()).await?;
    let used = store::own_aliases(&mut tx, scope.mailbox()).await?.len();
    let used = i64::try_from(used).unwrap_or(i64::MAX);
    let limit = i64::from(mailbox.max_own_aliases);
    if used >= limit {
        let what = "aliases of your own";
        return Err(Error::LimitReached { what, limit, used });
    }
    let (limit, used) = store::alias_room(&mut tx).await?;
    room_for("mail aliases", limit, used, 1)?;
    let new = NewAlias {
        id: MailAliasId::new(&*app.ids, now),
        owner: scope.mailbox(),
        local_part: name.as_str(),
        address: address.as_str(),
        description,
    };
    let kept = store::insert_alias(&mut tx, &mailbox, &new, now).await;
    kept.map_err(|error| {
        if violates(&error, "mail_address_pkey") {
            taken(&address)
        } else {
            error.into()
        }
    })?;
    refresh(app, &mut tx, scope.mailbox()).await?;
    events::emit(&mut tx, Some(scope.tenant()), crate::mail::TOPIC, Some(new.id.0)).await?;
    let change = Change::to("mailbox.own_alias", json!({ "address": new.address }));
    app.audit(&mut tx, &scope.who, &own_target(scope), &change)
        .await?;
    tx.commit().await?;
    Ok(address.shown())
}

/// Takes one away. Mail to it is refused from now on.
pub(in crate::mail::own) async fn delete_alias(
    app: &App,
    scope: &MailboxScope,
    id: MailAliasId,
) -> Result<String, Error> {
    let mut tx = scope.begin().await?;
    let address = store::delete_alias(&mut tx, (scope.mailbox(), id)).await?;
    refresh(app, &mut tx, scope.mailbox()).await?;
    events::emit(&mut tx, Some(scope.tenant()), crate::mail::TOPIC, Some(id.0)).await?;
    let change = Change {
        action: "mailbox.own_alias_delete",
        before: Some(json!({ "address": address })),
        after: None,
    };
    app.audit(&mut tx, &scope.who, &own_target(scope), &change)
        .await?;
    tx.commit().await?;
    Ok(address)
}
