//! Passwords for single programs: made by the panel, shown once, taken away one by one.

use std::fmt::Write as _;

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::mail::own::model;
use crate::mail::own::store;
use crate::platform::access::MailboxScope;
use crate::platform::db::violates;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::events;
use crate::platform::ids::AppPasswordId;
use crate::platform::secret::{Secret, hash_token, random_text};

use super::own_target;

/// Letters and digits of 5.95 bits each: 160 bits.
const LENGTH: usize = 27;

/// All of them.
pub(in crate::mail::own) async fn list_app_passwords(scope: &MailboxScope) -> Result<Vec<store::App>, Error> {
    let mut tx = scope.begin().await?;
    store::app_passwords(&mut tx, scope.mailbox()).await
}

/// Makes one, and tells it this once.
pub(in crate::mail::own) async fn create_app_password(
    app: &App,
    scope: &MailboxScope,
    (name, protocols): (&str, Vec<&str>),
) -> Result<Secret, Error> {
    let mut errors = FieldErrors::default();
    let name = errors.check("name", model::app_password_name(name));
    let protocols = errors.check("protocols", model::protocols(protocols));
    let (Some(name), Some(protocols)) = (name, protocols) else {
        return Err(errors.into());
    };
    let now = app.now();
    let mut tx = scope.begin().await?;
    let mailbox = store::lock_overview(&mut tx, scope.mailbox()).await?;
    let used = store::count_app_passwords(&mut tx, scope.mailbox()).await?;
    if used >= model::MAX_APP_PASSWORDS {
        return Err(Error::LimitReached {
            what: "app passwords",
            limit: model::MAX_APP_PASSWORDS,
            used,
        });
    }
    let password = Secret::new(random_text(LENGTH));
    let digest = hex(&hash_token(password.expose()));
    let ids = (
        AppPasswordId::new(&*app.ids, now),
        scope.mailbox(),
        mailbox.tenant_id,
    );
    store::insert_app_password(&mut tx, ids, (&name, &digest), &protocols, now)
        .await
        .map_err(taken)?;
    let topic = crate::mail::TOPIC;
    events::emit(&mut tx, Some(scope.tenant()), topic, Some(scope.mailbox().0)).await?;
    let change = Change::to(
        "mailbox.app_password",
        json!({ "name": name, "protocols": protocols }),
    );
    app.audit(&mut tx, &scope.who, &own_target(scope), &change)
        .await?;
    tx.commit().await?;
    Ok(password)
}

fn taken(error: sqlx::Error) -> Error {
    if violates(&error, "mailbox_app_password_name_key") {
        return Error::invalid(
            "name",
            "You have one of that name. Delete it, or use another name.",
        );
    }
    error.into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Takes one away: the program that has it can't sign in any more.
pub(in crate::mail::own) async fn delete_app_password(
    app: &App,
    scope: &MailboxScope,
    id: AppPasswordId,
) -> Result<String, Error> {
    let mut tx = scope.begin().await?;
    let name = store::delete_app_password(&mut tx, (scope.mailbox(), id)).await?;
    let topic = crate::mail::TOPIC;
    events::emit(&mut tx, Some(scope.tenant()), topic, Some(scope.mailbox().0)).await?;
    let change = Change {
        action: "mailbox.app_password_delete",
        before: Some(json!({ "name": name })),
        after: None,
    };
    app.audit(&mut tx, &scope.who, &own_target(scope), &change)
        .await?;
    tx.commit().await?;
    Ok(name)
}
