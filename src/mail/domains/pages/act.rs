//! The buttons of a domain's page.

use axum::extract::State;

use crate::app::App;
use crate::mail::nav;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::{MailDomainId, MailKeyId};
use crate::platform::web::{FormData, Path, SeeOther};

use super::super::actions;

/// Looks whether the record of proof is there.
pub(super) async fn verify(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, MailDomainId)>,
) -> Result<SeeOther, Error> {
    let to = SeeOther::to(nav::domain(&scope, id));
    match actions::verify(&app, &scope, id).await {
        Ok(domain) => Ok(to.good(format!(
            "{} is yours. Publish its other records next.",
            domain.name.shown()
        ))),
        Err(error) => to.refused(error),
    }
}

/// Looks at its records now.
pub(super) async fn check(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, MailDomainId)>,
) -> Result<SeeOther, Error> {
    let domain = actions::check(&app, &scope, id).await?;
    let to = SeeOther::to(format!("{}#records", nav::domain(&scope, id)));
    Ok(match domain.problems() {
        0 => to.good("Its records were looked at."),
        1 => to.warn("One record has to be put right."),
        many => to.warn(format!("{many} records have to be put right.")),
    })
}

/// Deletes it, if its name was typed.
pub(super) async fn remove(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, MailDomainId)>,
    data: FormData,
) -> Result<SeeOther, Error> {
    match actions::remove(&app, &scope, id, Some(data.get("confirm"))).await {
        Ok(domain) => {
            Ok(SeeOther::to(nav::area(&scope)).good(format!("{} is deleted.", domain.name.shown())))
        }
        Err(error) => SeeOther::to(nav::domain(&scope, id)).refused_or_invalid(error),
    }
}

fn keys(scope: &TenantScope, id: MailDomainId) -> SeeOther {
    SeeOther::to(format!("{}#keys", nav::domain(scope, id)))
}

/// Makes the key that is to take over.
pub(super) async fn make_key(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, MailDomainId)>,
) -> Result<SeeOther, Error> {
    let to = keys(&scope, id);
    match actions::make_next(&app, &scope, id).await {
        Ok(key) => Ok(to.good(format!(
            "{} is made. Publish its record, then let it sign.",
            key.selector
        ))),
        Err(error) => to.refused(error),
    }
}

/// Has it take over.
pub(super) async fn activate_key(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id, key)): Path<(String, MailDomainId, MailKeyId)>,
    data: FormData,
) -> Result<SeeOther, Error> {
    let to = keys(&scope, id);
    match actions::activate(&app, &scope, (id, key), Some(data.get("reason"))).await {
        Ok(key) => Ok(to.good(format!(
            "{} signs from now on. Keep the old record for a week.",
            key.selector
        ))),
        Err(error) => to.refused_or_invalid(error),
    }
}

/// Deletes a key.
pub(super) async fn remove_key(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id, key)): Path<(String, MailDomainId, MailKeyId)>,
) -> Result<SeeOther, Error> {
    let to = keys(&scope, id);
    match actions::delete_key(&app, &scope, (id, key)).await {
        Ok(key) => Ok(to.good(format!("{} is deleted. Its record may go as well.", key.selector))),
        Err(error) => to.refused(error),
    }
}
