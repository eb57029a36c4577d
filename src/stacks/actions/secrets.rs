//! Another password for all parts that know it: the one whose it is and those that are told of it, in one transaction. Their
//! servers are made anew with it, with their files; the images set what they are told at each start.

use std::collections::BTreeMap;

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::catalogue::{Blueprint, BlueprintPart, Piece, Template, Value, Variable};
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, StackId};
use crate::platform::secret::{Secret, random_text};
use crate::servers::{Asked, SecretAnswer, answer_of, configure_part};

use super::super::model::inside_name;
use super::parts::of_part;
use super::{Begun, Held, blueprint_is_gone, tell};

/// A secret of a part that other parts are told of.
#[derive(Debug)]
pub struct SharedSecret<'a> {
    /// Whose it is.
    pub part: &'a BlueprintPart,
    /// What it is.
    pub variable: &'a Variable,
    /// Who else knows it, each part once.
    pub told: Vec<&'a BlueprintPart>,
}

/// All secrets of a blueprint that more than one part knows.
pub fn shared_secrets<'a>(app: &'a App, blueprint: &'a Blueprint) -> Vec<SharedSecret<'a>> {
    let of_part = |part: &'a BlueprintPart| {
        let template = template(app, part);
        let variables = template
            .map(|template| template.variables.as_slice())
            .unwrap_or_default();
        let secrets = variables.iter().filter(|variable| variable.is_secret());
        secrets.map(move |variable| SharedSecret {
            part,
            variable,
            told: told(blueprint, part, variable),
        })
    };
    let all = blueprint.parts.iter().flat_map(of_part);
    all.filter(|secret| !secret.told.is_empty()).collect()
}

fn template<'a>(app: &'a App, part: &BlueprintPart) -> Option<&'a Template> {
    app.catalogue.get(&part.template).map(|folder| &*folder.template)
}

fn told<'a>(
    blueprint: &'a Blueprint,
    part: &'a BlueprintPart,
    variable: &'a Variable,
) -> Vec<&'a BlueprintPart> {
    let mut parts: Vec<&BlueprintPart> = Vec::new();
    for (other, ..) in blueprint.told(&part.key, &variable.key) {
        if parts.last().is_none_or(|last| last.key != other.key) {
            parts.push(other);
        }
    }
    parts
}

/// Gives all that know a secret another one: what was typed, or one that is made up if that is nothing.
pub async fn change_secret(
    app: &App,
    scope: &TenantScope,
    id: StackId,
    (part, key): (&str, &str),
    typed: &str,
) -> Result<Begun, Error> {
    let mut held = Held::take(scope, id).await?;
    held.stack.check_lives()?;
    let blueprint = app.catalogue.blueprint(&held.stack.blueprint);
    let blueprint = blueprint.ok_or_else(blueprint_is_gone)?;
    let all = shared_secrets(app, blueprint);
    let shared = all
        .iter()
        .find(|one| one.part.key == part && one.variable.key == key);
    let shared = shared.ok_or(Error::NotFound)?;
    let value = checked(app, shared, typed)?;
    let mut work = Vec::new();
    for (server, answers) in answers(app, &mut held, blueprint, shared, &value).await? {
        let server = held.servers.iter().find(|one| one.id == server);
        let server = server.ok_or(Error::NotFound)?;
        work.push(configure_part(app, &mut held.tx, scope, server, &answers).await?);
    }
    let begun = finish(app, scope, held, shared, work).await?;
    app.poke_servers.poke();
    Ok(begun)
}

/// What was typed, if it keeps the variable's rules.
fn checked(app: &App, shared: &SharedSecret<'_>, typed: &str) -> Result<Secret, Error> {
    let mut template = template(app, shared.part).ok_or_else(blueprint_is_gone)?.clone();
    let key = &shared.variable.key;
    template.variables.retain(|variable| variable.key == *key);
    let input = BTreeMap::from([(key.clone(), typed.to_owned())]);
    let checked = template.check(&input).map_err(|wrong| {
        let message = wrong.into_iter().map(|(_, message)| message).next();
        let message = message.unwrap_or_default();
        Error::invalid("value", format!("{} {message}.", shared.variable.label))
    })?;
    match checked.with_generated(random_text).get(key) {
        Some(Value::Secret(secret)) => Ok(secret.clone()),
        _ => Err(Error::invalid(
            "value",
            format!("{} must be given.", shared.variable.label),
        )),
    }
}

type Answers = BTreeMap<ServerId, Vec<SecretAnswer>>;

/// The new answers of each server that knows the secret.
async fn answers(
    app: &App,
    held: &mut Held,
    blueprint: &Blueprint,
    shared: &SharedSecret<'_>,
    value: &Secret,
) -> Result<Answers, Error> {
    let living = held.living();
    let mut answers = Answers::new();
    for server in of_part(&living, &shared.part.key) {
        let own = (shared.variable.key.clone(), value.clone());
        answers.entry(server.id).or_default().push(own);
    }
    for (part, key, pieces) in blueprint.told(&shared.part.key, &shared.variable.key) {
        let mut text = String::new();
        for piece in pieces {
            text.push_str(&filled(app, held, shared, value, piece).await?);
        }
        for server in of_part(&living, &part.key) {
            let told = (key.to_owned(), Secret::new(text.clone()));
            answers.entry(server.id).or_default().push(told);
        }
    }
    Ok(answers)
}

/// A piece of what another part is told, with the new secret in it.
async fn filled(
    app: &App,
    held: &mut Held,
    shared: &SharedSecret<'_>,
    value: &Secret,
    piece: &Piece,
) -> Result<String, Error> {
    Ok(match piece {
        Piece::Text(text) => text.clone(),
        Piece::Host(part) => inside_name(&held.stack.host_label, part),
        Piece::Answer(part, key) if *part == shared.part.key && *key == shared.variable.key => {
            value.expose().clone()
        }
        Piece::Answer(part, key) => {
            let first = of_part(&held.living(), part).first().map(|server| server.id);
            match first {
                Some(server) => answer_of(app, &mut held.tx, server, key).await?,
                None => String::new(),
            }
        }
    })
}

async fn finish(
    app: &App,
    scope: &TenantScope,
    mut held: Held,
    shared: &SharedSecret<'_>,
    work: Vec<Asked>,
) -> Result<Begun, Error> {
    let begun = Begun::of(&mut held.tx, held.stack.id, work).await?;
    let told = json!({ "part": shared.part.key, "variable": shared.variable.key });
    let change = Change::to("stack.secret", told);
    tell(app, &mut held.tx, scope, &begun.stack, &change).await?;
    held.tx.commit().await?;
    Ok(begun)
}
