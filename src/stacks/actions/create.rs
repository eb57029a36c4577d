//! Creating a stack: its network and all of its servers, or nothing.
//!
//! Parts that others are told of are made first, but none waits for another to run: a database is restarted one day while the
//! application runs, so whatever is in a stack has to bear that anyway, and a creation that waits would be one more thing that
//! can hang. The engine brings back what ends, and checks say when all is well.

use std::collections::BTreeMap;

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::catalogue::{Blueprint, BlueprintPart, Checked, Filling, Offer};
use crate::networks;
use crate::platform::access::TenantScope;
use crate::platform::db::TenantTx;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::{LocationId, NetworkId, ServerId, StackId};
use crate::platform::secret::random_text;
use crate::servers::model::{Power, Size, StackPlace, host_name};
use crate::servers::{self, Answers, Asked, NewPart};

use super::super::model::{StackName, inside_name, server_name};
use super::super::store::{self, NewStack};
use super::parts::{count, size};
use super::{Begun, fit, place, tell};

/// What a stack is made from, as somebody wrote it.
#[derive(Debug, Clone, Default)]
pub struct NewStackInput {
    /// What people call it.
    pub name: String,
    /// The blueprint.
    pub blueprint: String,
    /// What was said about its parts; what was not is as the blueprint has it.
    pub parts: BTreeMap<String, PartInput>,
    /// Whether it should start at once.
    pub start: bool,
}

/// What was said about a part.
#[derive(Debug, Clone, Default)]
pub struct PartInput {
    /// The size of its servers; the smallest with what its template recommends if nothing is said.
    pub size: Option<String>,
    /// How many servers, as it was typed.
    pub replicas: Option<String>,
    /// Answers to its template's variables.
    pub variables: BTreeMap<String, String>,
}

/// A part that was checked.
struct Ready<'a> {
    part: &'a BlueprintPart,
    offer: Offer,
    size: Size,
    count: i32,
    answers: Checked,
}

struct Checks<'a> {
    name: StackName,
    blueprint: &'a Blueprint,
    host_label: String,
    parts: Vec<Ready<'a>>,
}

/// Creates a stack.
pub async fn create(app: &App, scope: &TenantScope, input: NewStackInput) -> Result<Begun, Error> {
    let mut tx = scope.begin().await?;
    servers::lock_tenant(&mut tx, scope.tenant()).await?;
    let sizes = servers::sizes(&mut tx).await?;
    let taken = store::host_labels(&mut tx, scope.tenant()).await?;
    let checks = check(app, &input, &sizes, &taken)?;
    let all = checks.parts.iter().flat_map(|ready| {
        let count = usize::try_from(ready.count).unwrap_or_default();
        std::iter::repeat_n(ready.size.resources, count)
    });
    let all: Vec<_> = all.collect();
    fit(app, &mut tx, scope, all.iter().copied()).await?;
    place(&mut tx, &all).await?;
    let network = network(app, &mut tx, scope, &checks.name).await?;
    let id = StackId::new(&*app.ids, app.now());
    let new = NewStack {
        id,
        tenant: scope.tenant(),
        network: network.0,
        name: checks.name.as_str(),
        host_label: &checks.host_label,
        blueprint: &checks.blueprint.name,
        created_by: &scope.who.label,
        now: app.now(),
    };
    store::insert(&mut tx, &new).await?;
    let power = if input.start {
        Power::Running
    } else {
        Power::Stopped
    };
    let mut work = Vec::new();
    for ready in checks.parts.iter().rev() {
        work.extend(part(app, &mut tx, scope, (&checks, ready), (id, network), power).await?);
    }
    let begun = Begun::of(&mut tx, id, work).await?;
    let servers: Vec<&str> = begun
        .work
        .iter()
        .map(|(server, _)| server.name.as_str())
        .collect();
    let told = json!({ "name": begun.stack.name, "blueprint": begun.stack.blueprint, "servers": servers });
    tell(
        app,
        &mut tx,
        scope,
        &begun.stack,
        &Change::to("stack.create", told),
    )
    .await?;
    tx.commit().await?;
    app.poke_servers.poke();
    Ok(begun)
}

/// Its own network, which is called as it is.
async fn network(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    name: &StackName,
) -> Result<(NetworkId, LocationId), Error> {
    match networks::create_within(app, tx, scope, name.as_name()).await {
        Ok(network) => Ok((network.id, network.location)),
        Err(Error::Invalid(_)) => Err(network_name_is_taken()),
        Err(error) => Err(error),
    }
}

/// A stack's network is called as the stack is.
pub(super) fn network_name_is_taken() -> Error {
    Error::invalid("name", "One of your networks has this name. Choose another.")
}

/// Makes the servers of one part.
async fn part(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    (checks, ready): (&Checks<'_>, &Ready<'_>),
    (stack, (network, location)): (StackId, (NetworkId, LocationId)),
    power: Power,
) -> Result<Vec<Asked>, Error> {
    let mut work: Vec<Asked> = Vec::new();
    for number in 1..=ready.count {
        let is_several = ready.part.replicas.is_several();
        let name = server_name(
            checks.name.as_str(),
            &ready.part.key,
            is_several.then_some(number),
        );
        let new = NewPart {
            name: name.map_err(|error| Error::invalid("name", error.to_string()))?,
            offer: &ready.offer,
            image: &ready.offer.image_tag(),
            size: &ready.size,
            answers: Answers::Given(&ready.answers),
            place: StackPlace {
                stack,
                blueprint: checks.blueprint.name.clone(),
                part: ready.part.key.clone(),
                replica: number,
            },
            volumes_of: work.first().map(|first| first.server.id),
            is_public: ready.part.is_public,
            power,
            location,
        };
        let asked = servers::create_part(app, tx, scope, &new).await?;
        join(
            app,
            tx,
            scope,
            (network, asked.server.id),
            &checks.host_label,
            ready.part,
        )
        .await?;
        work.push(asked);
    }
    Ok(work)
}

/// Puts a new server into the stack's network, where its part is known by one name.
pub(super) async fn join(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    place: (NetworkId, ServerId),
    host_label: &str,
    part: &BlueprintPart,
) -> Result<(), Error> {
    let alias = inside_name(host_label, &part.key);
    networks::settle_in(tx, place, scope.tenant(), &alias, app.now()).await
}

/// All that is wrong with the input at once, each under the name of its field: `parts.db.variables.MARIADB_USER`.
fn check<'a>(
    app: &'a App,
    input: &NewStackInput,
    sizes: &[Size],
    taken: &[String],
) -> Result<Checks<'a>, Error> {
    let mut errors = FieldErrors::default();
    let name = match StackName::parse(&input.name) {
        Ok(name) => Some(name),
        Err(message) => {
            errors.add("name", message);
            None
        }
    };
    let Some(blueprint) = app.catalogue.blueprint(&input.blueprint) else {
        errors.add("blueprint", "Choose one of the blueprints.");
        return Err(Error::Invalid(errors));
    };
    for key in input.parts.keys().filter(|key| blueprint.part(key).is_none()) {
        errors.add(
            &format!("parts.{key}"),
            format!("{} has no part {key}.", blueprint.title),
        );
    }
    let host_label = host_name(
        name.as_ref().map_or("", StackName::as_str),
        &blueprint.name,
        taken,
    );
    let answers = answers(app, blueprint, input, &host_label, &mut errors);
    let mut parts = Vec::new();
    for part in &blueprint.parts {
        let said = input.parts.get(&part.key).cloned().unwrap_or_default();
        let Some(offer) = app.catalogue.offer(&part.template) else {
            continue;
        };
        let size = size(part, &said, (sizes, &offer), &mut errors);
        let count = count(part, said.replicas.as_deref(), &mut errors);
        let checked = answers.as_ref().and_then(|answers| answers.get(&part.key));
        if let (Some(size), Some(count), Some(answers)) = (size, count, checked) {
            let answers = answers.clone();
            parts.push(Ready {
                part,
                offer,
                size,
                count,
                answers,
            });
        }
    }
    errors.into_result()?;
    match name {
        Some(name) if parts.len() == blueprint.parts.len() => Ok(Checks {
            name,
            blueprint,
            host_label,
            parts,
        }),
        _ => Err(Error::internal("an input without errors lacks a part")),
    }
}

/// The answers of all parts, with what one part is told of another.
fn answers(
    app: &App,
    blueprint: &Blueprint,
    input: &NewStackInput,
    host_label: &str,
    errors: &mut FieldErrors,
) -> Option<BTreeMap<String, Checked>> {
    let given = input
        .parts
        .iter()
        .map(|(key, part)| (key.clone(), part.variables.clone()))
        .collect();
    let filling = Filling {
        blueprint,
        answers: &given,
    };
    let template = |part: &BlueprintPart| app.catalogue.get(&part.template).map(|folder| &*folder.template);
    let inside = |part: &str| inside_name(host_label, part);
    match filling.check(template, inside, random_text) {
        Ok(answers) => Some(answers),
        Err(wrong) => {
            for (part, key, message) in wrong {
                let template = blueprint.part(&part).and_then(template);
                let variable = template.and_then(|template| template.variable(&key));
                let label = variable.map_or(key.as_str(), |variable| &variable.label);
                errors.add(
                    &format!("parts.{part}.variables.{key}"),
                    format!("{label} {message}."),
                );
            }
            None
        }
    }
}
