//! Capacity for programs of staff.

use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::LocationId;
use crate::platform::web::{IfMatch, Json, Path, Tagged};
use crate::servers;
use crate::servers::model::Size;

use super::super::capacity;
use super::super::model::{SHARES, Stock};
use super::super::store::{self, Place, Selling};

/// What of one thing a location has.
#[derive(Debug, Serialize, ToSchema)]
struct StockOut {
    /// What there is; null if nobody said.
    total: Option<i64>,
    /// What of it may be sold.
    sellable: Option<i64>,
    /// The share that may be sold, in percent.
    percent: i32,
    /// What the sizes of all servers come to.
    sold: i64,
}

impl From<Stock> for StockOut {
    fn from(stock: Stock) -> Self {
        Self {
            total: stock.total,
            sellable: stock.sellable(),
            percent: stock.percent,
            sold: stock.sold,
        }
    }
}

/// How many more servers of a size fit.
#[derive(Debug, Serialize, ToSchema)]
struct FitOut {
    size: String,
    /// Null if nothing is known of what there is.
    more: Option<i64>,
}

/// What a location has, has sold, and still has room for.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct CapacityOut {
    location: LocationId,
    name: String,
    /// Thousandths of a core.
    cpu_millis: StockOut,
    /// MiB of memory.
    memory_mib: StockOut,
    /// MiB of disk.
    disk_mib: StockOut,
    /// Whether servers are placed beyond what may be sold.
    oversell: bool,
    /// When the engine was asked last.
    measured_at: Option<DateTime<Utc>>,
    fits: Vec<FitOut>,
}

fn out(place: Place, sizes: &[Size]) -> CapacityOut {
    let fit = |size: &Size| FitOut {
        size: size.id.clone(),
        more: place.capacity.fit(size.resources),
    };
    CapacityOut {
        fits: sizes.iter().map(fit).collect(),
        location: place.id,
        name: place.name,
        cpu_millis: place.capacity.cpu.into(),
        memory_mib: place.capacity.memory.into(),
        disk_mib: place.capacity.disk.into(),
        oversell: place.selling.oversell,
        measured_at: place.measured_at,
    }
}

/// All locations.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct CapacitiesOut {
    items: Vec<CapacityOut>,
}

/// Show what locations have and have sold
#[utoipa::path(get, path = "/api/v1/staff/capacity", tag = "staff",
    responses((status = 200, description = "All locations", body = CapacitiesOut)))]
pub(in super::super) async fn show(scope: StaffScope) -> Result<Json<CapacitiesOut>, Error> {
    let mut tx = scope.begin().await?;
    let sizes = servers::sizes(&mut tx).await?;
    let places = store::places(&mut tx).await?.into_iter();
    Ok(Json(CapacitiesOut {
        items: places.map(|place| out(place, &sizes)).collect(),
    }))
}

/// What changes about what may be sold; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct SellingPatchIn {
    /// MiB of disk that there are for volumes, if not what the location's pool holds.
    #[schema(minimum = 0, maximum = 1_099_511_627_776_i64)]
    disk_mib: Option<i64>,
    /// The share of the processors that may be sold, in percent; more than 100 sells the same to several.
    #[schema(minimum = 1, maximum = 10_000)]
    cpu_percent: Option<i32>,
    /// That of the memory.
    #[schema(minimum = 1, maximum = 10_000)]
    memory_percent: Option<i32>,
    /// That of the disk.
    #[schema(minimum = 1, maximum = 10_000)]
    disk_percent: Option<i32>,
    /// Whether servers are placed beyond that.
    oversell: Option<bool>,
}

/// The most that anybody has, far below overflow.
pub(in super::super) const MOST_DISK: i64 = 1 << 40;

/// All that is wrong with what staff chose.
pub(in super::super) fn wrong(new: &Selling) -> FieldErrors {
    let mut errors = FieldErrors::default();
    if new.disk_mib.is_some_and(|mib| !(0..=MOST_DISK).contains(&mib)) {
        errors.add("disk_mib", format!("Use a whole number from 0 to {MOST_DISK}."));
    }
    let shares = [
        ("cpu_percent", new.cpu_percent),
        ("memory_percent", new.memory_percent),
        ("disk_percent", new.disk_percent),
    ];
    for (field, _) in shares.iter().filter(|(_, share)| !SHARES.contains(share)) {
        errors.add(field, "Use a whole number from 1 to 10000.");
    }
    errors
}

/// Say what of a location may be sold
#[utoipa::path(patch, path = "/api/v1/staff/capacity/{location}", tag = "staff", params(("location" = LocationId, Path)),
    request_body = SellingPatchIn, responses((status = 200, description = "The location", body = CapacityOut)))]
pub(in super::super) async fn change(
    State(app): State<App>,
    scope: StaffScope,
    Path(location): Path<LocationId>,
    if_match: IfMatch,
    Json(patch): Json<SellingPatchIn>,
) -> Result<Tagged<Json<CapacityOut>>, Error> {
    let choose = |before: Selling| Selling {
        disk_mib: patch.disk_mib.or(before.disk_mib),
        cpu_percent: patch.cpu_percent.unwrap_or(before.cpu_percent),
        memory_percent: patch.memory_percent.unwrap_or(before.memory_percent),
        disk_percent: patch.disk_percent.unwrap_or(before.disk_percent),
        oversell: patch.oversell.unwrap_or(before.oversell),
    };
    let usual = Selling {
        disk_mib: None,
        cpu_percent: 100,
        memory_percent: 100,
        disk_percent: 100,
        oversell: true,
    };
    wrong(&choose(usual)).into_result()?;
    let expected = |version| if_match.check(version);
    let place = capacity::set_selling(&app, &scope, location, choose, &expected).await?;
    let sizes = servers::sizes(&mut scope.begin().await?).await?;
    Ok(Tagged(place.version, Json(out(place, &sizes))))
}
