//! What locations have, have sold and use, for staff, and the form that says what may be sold.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::{Permission, StaffScope};
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::LocationId;
use crate::platform::web::{CHANGED, Ctx, FormData, FormState, Page, Path, SeeOther, ago};
use crate::servers;
use crate::tenants::Resource;
use crate::usage::bytes;

use super::super::api::capacity::wrong;
use super::super::capacity;
use super::super::model::{MIB, Stock};
use super::super::store::{self, Place, Selling};

/// One thing of a location.
#[derive(Debug)]
struct Line {
    label: &'static str,
    total: String,
    sellable: String,
    sold: String,
    used: String,
    percent: i64,
    is_beyond: bool,
}

impl Line {
    fn new(resource: Resource, stock: Stock, used: Option<String>) -> Self {
        let round = |amount: i64| match resource {
            Resource::Memory | Resource::Disk => bytes(amount.saturating_mul(MIB)),
            _ => resource.show(amount),
        };
        let show = |amount: Option<i64>| amount.map_or_else(|| "not known".to_owned(), round);
        Self {
            label: resource.label(),
            total: show(stock.total),
            sellable: show(stock.sellable()),
            sold: round(stock.sold),
            used: used.unwrap_or_else(|| "–".to_owned()),
            percent: stock
                .sellable()
                .map_or(0, |all| super::super::model::percent(stock.sold, all)),
            is_beyond: stock.sellable().is_some_and(|all| stock.sold > all),
        }
    }
}

#[derive(Debug)]
struct Location {
    id: LocationId,
    name: String,
    measured: String,
    /// What holds if nobody says how much disk there is.
    unsaid: String,
    lines: Vec<Line>,
    fits: Vec<(String, String)>,
    version: i64,
    oversell: bool,
    state: FormState,
}

#[derive(Debug, Template)]
#[template(path = "storage/capacity.html")]
pub(crate) struct CapacityPage {
    ctx: Ctx,
    locations: Vec<Location>,
    may_manage: bool,
}

fn filled(selling: &Selling) -> FormState {
    FormState::default()
        .with(
            "disk_mib",
            selling.disk_mib.map(|mib| mib.to_string()).unwrap_or_default(),
        )
        .with("cpu_percent", selling.cpu_percent.to_string())
        .with("memory_percent", selling.memory_percent.to_string())
        .with("disk_percent", selling.disk_percent.to_string())
        .with("oversell", if selling.oversell { "true" } else { "" })
}

fn fits(more: Option<i64>) -> String {
    match more {
        None => "not known".to_owned(),
        Some(0) => "None fits".to_owned(),
        Some(1) => "1 more fits".to_owned(),
        Some(more) => format!("{more} more fit"),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "thousandths of the processors of one machine"
)]
fn lines(place: &Place, (cpu, memory, disk): (Option<f64>, Option<i64>, i64)) -> Vec<Line> {
    let cpu = cpu.map(|millis| Resource::Cpu.show(millis as i64));
    vec![
        Line::new(Resource::Cpu, place.capacity.cpu, cpu),
        Line::new(Resource::Memory, place.capacity.memory, memory.map(bytes)),
        Line::new(Resource::Disk, place.capacity.disk, Some(bytes(disk))),
    ]
}

async fn page(
    app: &App,
    scope: &StaffScope,
    ctx: Ctx,
    mut typed: Option<(LocationId, FormState)>,
) -> Result<Page<CapacityPage>, Error> {
    let (mut tx, now) = (scope.begin().await?, app.now());
    let sizes = servers::sizes(&mut tx).await?;
    let mut locations = Vec::new();
    for place in store::places(&mut tx).await? {
        let used = store::in_use(&mut tx, place.id, now).await?;
        let own = typed.take_if(|(id, _)| *id == place.id);
        locations.push(Location {
            lines: lines(&place, used),
            fits: sizes
                .iter()
                .map(|size| (size.name.clone(), fits(place.capacity.fit(size.resources))))
                .collect(),
            measured: match place.measured_at {
                Some(at) => format!("The engine was asked {}.", ago(at, now)),
                None => "The engine has not been asked yet; it is once an hour.".to_owned(),
            },
            unsaid: match place.pool_mib {
                Some(mib) => format!(
                    "1024 MiB are 1 GiB. Empty: what the pool holds, {}.",
                    bytes(mib.saturating_mul(MIB))
                ),
                None => "1024 MiB are 1 GiB. Empty: not known, and never a reason to refuse.".to_owned(),
            },
            state: own.map_or_else(|| filled(&place.selling), |(_, state)| state),
            oversell: place.selling.oversell,
            version: place.version,
            id: place.id,
            name: place.name,
        });
    }
    Ok(Page(CapacityPage {
        ctx,
        locations,
        may_manage: scope.may(Permission::StaffPlanManage),
    }))
}

/// The page.
pub(crate) async fn show(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
) -> Result<Page<CapacityPage>, Error> {
    page(&app, &scope, ctx, None).await
}

fn parse(form: &FormData) -> Selling {
    let share = |name: &str| form.get(name).trim().parse().unwrap_or_default();
    let disk = form.get("disk_mib").trim();
    Selling {
        disk_mib: (!disk.is_empty()).then(|| disk.parse().unwrap_or(-1)),
        cpu_percent: share("cpu_percent"),
        memory_percent: share("memory_percent"),
        disk_percent: share("disk_percent"),
        oversell: form.get("oversell") == "true",
    }
}

/// Saves what was chosen.
pub(crate) async fn save(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<LocationId>,
    form: FormData,
) -> Result<Response, Error> {
    let expected = form.same_version();
    let new = parse(&form);
    let saved = match wrong(&new).into_result() {
        Ok(()) => {
            form.submit(capacity::set_selling(&app, &scope, id, |_| new, &expected))
                .await
        }
        Err(errors) => Err(errors.into()),
    };
    let (errors, status) = match saved {
        Ok(_) => return Ok(SeeOther::to("/staff/capacity").good("Saved.").into_response()),
        Err(Error::Invalid(errors)) => (errors, 422),
        Err(Error::PreconditionFailed) => (FieldErrors::one("", CHANGED), 412),
        Err(error) => return Err(error),
    };
    let typed = Some((id, FormState::new(form, errors)));
    Ok(page(&app, &scope, ctx, typed).await?.status(status))
}
