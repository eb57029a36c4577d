//! Answers in the form that `static/js/palette.js` reads.

use serde::Serialize;

use crate::platform::access::{StaffScope, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, TenantId};
use crate::platform::web::{Json, ListQuery, Query};

use super::store::{self, Found};

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

impl Item {
    fn server(found: Found, area: &str) -> Self {
        Self {
            href: format!("{area}/servers/{}", ServerId(found.id)),
            label: found.name,
            hint: found.hint,
            group: "Servers",
            icon: "server",
        }
    }

    fn tenant(found: Found) -> Self {
        Self {
            href: format!("/staff/tenants/{}", TenantId(found.id)),
            label: found.name,
            hint: found.hint,
            group: "Tenants",
            icon: "building-2",
        }
    }
}

pub(super) async fn tenant(scope: TenantScope, Query(query): Query<ListQuery>) -> Result<Json<Items>, Error> {
    let Some(pattern) = query.pattern()? else {
        return Ok(Json(Items { items: Vec::new() }));
    };
    let servers = store::servers_of(&mut scope.begin().await?, scope.tenant(), &pattern).await?;
    let area = format!("/t/{}", scope.member.slug);
    let items = servers
        .into_iter()
        .map(|found| Item::server(found, &area))
        .collect();
    Ok(Json(Items { items }))
}

pub(super) async fn staff(scope: StaffScope, Query(query): Query<ListQuery>) -> Result<Json<Items>, Error> {
    let Some(pattern) = query.pattern()? else {
        return Ok(Json(Items { items: Vec::new() }));
    };
    let mut tx = scope.begin().await?;
    let tenants = store::tenants(&mut tx, &pattern).await?;
    let servers = store::servers(&mut tx, &pattern).await?;
    let tenants = tenants.into_iter().map(Item::tenant);
    let servers = servers.into_iter().map(|found| Item::server(found, "/staff"));
    Ok(Json(Items {
        items: tenants.chain(servers).collect(),
    }))
}
