//! More servers of a part, or fewer. What leads to a part leads to all of its servers, so nothing else changes.

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::catalogue::BlueprintPart;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::StackId;
use crate::servers::model::{Power, Server, Size, StackPlace};
use crate::servers::{Answers, Asked, NewPart, check_not_restored, create_part, erase_part};

use super::super::model::server_name;
use super::create::join;
use super::parts::{count, of_part};
use super::{Begun, Held, blueprint_is_gone, fit, place, tell};

const FEWER: &str = "the stack was made smaller";

/// Makes a part as many servers as was typed. A server that goes is erased at once: its files are the others' too.
pub async fn scale(
    app: &App,
    scope: &TenantScope,
    id: StackId,
    part: &str,
    typed: &str,
) -> Result<Begun, Error> {
    let mut held = Held::take(scope, id).await?;
    held.stack.check_lives()?;
    let blueprint = app.catalogue.blueprint(&held.stack.blueprint);
    let blueprint = blueprint.ok_or_else(blueprint_is_gone)?;
    let part = blueprint.part(part).ok_or(Error::NotFound)?;
    let mut errors = FieldErrors::default();
    // Nothing typed is no wish for the blueprint's number.
    let typed = if typed.trim().is_empty() { "?" } else { typed };
    let wanted = count(part, Some(typed), &mut errors);
    errors
        .into_result()
        .map_err(|errors| under_the_page(errors.into()))?;
    let wanted = usize::try_from(wanted.unwrap_or_default()).unwrap_or_default();
    let present = of_part(&held.living(), &part.key);
    let work = if present.len() < wanted {
        more(app, scope, &mut held, part, &present, wanted - present.len()).await?
    } else {
        fewer(app, scope, &mut held, &present, wanted).await?
    };
    let begun = Begun::of(&mut held.tx, id, work).await?;
    if !begun.work.is_empty() {
        let told = |number: usize| json!({ "part": part.key, "servers": number });
        let change = Change::between("stack.scale", told(present.len()), told(wanted));
        tell(app, &mut held.tx, scope, &begun.stack, &change).await?;
    }
    held.tx.commit().await?;
    app.poke_servers.poke();
    Ok(begun)
}

/// The field of one part's form is called `replicas`.
fn under_the_page(error: Error) -> Error {
    let Error::Invalid(errors) = error else {
        return error;
    };
    let message = errors.0.first().map(|error| error.message.clone());
    Error::invalid("replicas", message.unwrap_or_default())
}

async fn more(
    app: &App,
    scope: &TenantScope,
    held: &mut Held,
    part: &BlueprintPart,
    present: &[Server],
    missing: usize,
) -> Result<Vec<Asked>, Error> {
    let first = present.first().ok_or(Error::NotFound)?;
    // Its files are theirs, too, and nobody may have them open while they are replaced.
    check_not_restored(&mut held.tx, first).await?;
    let more = std::iter::repeat_n(first.resources, missing);
    fit(app, &mut held.tx, scope, more).await?;
    place(&mut held.tx, &vec![first.resources; missing]).await?;
    let offer = app
        .catalogue
        .offer(&first.template)
        .ok_or_else(blueprint_is_gone)?;
    let size = Size {
        id: first.size.clone(),
        name: String::new(),
        summary: String::new(),
        resources: first.resources,
    };
    let mut work = Vec::new();
    for number in free_numbers(&held.servers, &part.key).take(missing) {
        let name = server_name(&held.stack.name, &part.key, Some(number));
        let new = NewPart {
            name: name.map_err(|error| Error::invalid("replicas", error.to_string()))?,
            offer: &offer,
            image: &first.image,
            size: &size,
            answers: Answers::Of(first),
            place: StackPlace {
                stack: held.stack.id,
                blueprint: held.stack.blueprint.clone(),
                part: part.key.clone(),
                replica: number,
            },
            volumes_of: Some(first.home()),
            is_public: part.is_public,
            power: if first.power == Power::Running {
                Power::Running
            } else {
                Power::Stopped
            },
            location: first.location,
        };
        let asked = create_part(app, &mut held.tx, scope, &new).await;
        let asked = asked.map_err(under_the_page)?;
        if let Some(network) = held.stack.network {
            let place = (network, asked.server.id);
            join(app, &mut held.tx, scope, place, &held.stack.host_label, part).await?;
        }
        work.push(asked);
    }
    Ok(work)
}

/// Numbers that no server of a part has, also none that is on its way out.
fn free_numbers(servers: &[Server], part: &str) -> impl Iterator<Item = i32> + use<> {
    let taken: Vec<i32> = of_part(servers, part)
        .iter()
        .filter_map(|server| server.stack.as_ref().map(|place| place.replica))
        .collect();
    (1..i32::MAX).filter(move |number| !taken.contains(number))
}

/// The last ones go. The first stays always: the files are its own.
async fn fewer(
    app: &App,
    scope: &TenantScope,
    held: &mut Held,
    present: &[Server],
    wanted: usize,
) -> Result<Vec<Asked>, Error> {
    let leaving = present.get(wanted.max(1)..).unwrap_or_default();
    if !leaving.is_empty() && !scope.may(Permission::ServerDelete) {
        return Err(Error::Forbidden);
    }
    let mut work = Vec::new();
    for server in leaving {
        work.push(erase_part(app, &mut held.tx, scope, server, Some(FEWER)).await?);
    }
    Ok(work)
}
