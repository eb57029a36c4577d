//! Answers in the form that `static/js/palette.js` reads.

use serde::Serialize;

use crate::platform::access::{StaffScope, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, TenantId};
use crate::platform::web::{Json, ListQuery, Query};

use super::store;

#[derive(Serialize)]
pub(super) struct Items {
    items: Vec<Item>,
}

#[derive(Serialize)]
struct Item {
    label: String,
    href: String,
    hint: String,
    group: &'static str,
    icon: &'static str,
}

pub(super) async fn tenant(scope: TenantScope, Query(query): Query<ListQuery>) -> Result<Json<Items>, Error> {
    let Some(pattern) = query.pattern()? else {
        return Ok(Json(Items { items: Vec::new() }));
    };
    let mut tx = scope.begin().await?;
    let slug = &scope.member.slug;
    let servers = store::servers_of(&mut tx, scope.tenant(), &pattern)
        .await?
        .into_iter()
        .map(|found| Item {
            href: format!("/t/{slug}/servers/{}", ServerId(found.id)),
            label: found.name,
            hint: found.hint,
            group: "Servers",
            icon: "server",
        });
    Ok(Json(Items {
        items: servers.collect(),
    }))
}

pub(super) async fn staff(scope: StaffScope, Query(query): Query<ListQuery>) -> Result<Json<Items>, Error> {
    let Some(pattern) = query.pattern()? else {
        return Ok(Json(Items { items: Vec::new() }));
    };
    let mut tx = scope.begin().await?;
    let tenants = store::tenants(&mut tx, &pattern)
        .await?
        .into_iter()
        .map(|found| Item {
            href: format!("/staff/tenants/{}", TenantId(found.id)),
            label: found.name,
            hint: found.hint,
            group: "Tenants",
            icon: "building-2",
        });
    let servers = store::servers(&mut tx, &pattern)
        .await?
        .into_iter()
        .map(|found| Item {
            href: format!("/staff/servers/{}", ServerId(found.id)),
            label: found.name,
            hint: found.hint,
            group: "Servers",
            icon: "server",
        });
    Ok(Json(Items {
        items: tenants.chain(servers).collect(),
    }))
}
