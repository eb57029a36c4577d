//! Chains.

use serde_json::{Value, json};

use crate::app::App;
use crate::audit::Change;
use crate::platform::access::StaffScope;
use crate::platform::db::StaffTx;
use crate::platform::error::Error;
use crate::platform::ids::EscalationId;

use super::super::model::{Aim, Chain, ChainText, Level, LevelIn};
use super::super::store;
use super::{check_person, gone, tell};

fn shown(chain: &Chain) -> Value {
    let levels: Vec<_> = chain.levels.iter().map(LevelIn::from).collect();
    json!({ "name": chain.name, "repeats": chain.repeats, "levels": levels, "is_default": chain.is_default })
}

/// Refuses levels that lead to nobody.
async fn check(app: &App, tx: &mut StaffTx, levels: &[Level]) -> Result<(), Error> {
    for (place, level) in levels.iter().enumerate() {
        let field = format!("levels.{place}.aim");
        match level.aim {
            Aim::Rota(id) => match store::rota(tx, id, app.now()).await {
                Err(Error::NotFound) => return Err(Error::invalid(&field, "Choose one of the rotas.")),
                found => found.map(drop)?,
            },
            Aim::Person(user) => check_person(tx, &field, user).await?,
            Aim::Anybody => {}
        }
    }
    Ok(())
}

/// Makes a chain. The first one is the one that tickets use.
pub async fn create_chain(app: &App, scope: &StaffScope, text: &ChainText) -> Result<Chain, Error> {
    let (name, levels) = text.parse()?;
    let now = app.now();
    let id = EscalationId::new(&*app.ids, now);
    let mut tx = scope.begin().await?;
    check(app, &mut tx, &levels).await?;
    store::lock_default(&mut tx).await?;
    let is_first = store::chains(&mut tx).await?.is_empty();
    store::insert_chain(&mut tx, (id, is_first), (&name, text.repeats), &levels, now).await?;
    let made = store::chain(&mut tx, id).await?;
    let change = Change::to("escalation.create", shown(&made));
    tell(app, &mut tx, scope, ("escalation", id.0, &made.name), &change).await?;
    tx.commit().await?;
    Ok(made)
}

/// Changes one. What pages by it at this moment goes on with its new levels.
pub async fn change_chain(
    app: &App,
    scope: &StaffScope,
    id: EscalationId,
    change: impl FnOnce(ChainText) -> ChainText + Send,
    is_seen: impl Fn(i64) -> Result<(), Error> + Send,
) -> Result<Chain, Error> {
    let mut tx = scope.begin().await?;
    let known = store::lock_chain(&mut tx, id).await?;
    is_seen(known.version)?;
    let text = change(ChainText::from(&known));
    let (name, levels) = text.parse()?;
    check(app, &mut tx, &levels).await?;
    store::save_chain(&mut tx, id, (&name, text.repeats), &levels, app.now()).await?;
    let changed = store::chain(&mut tx, id).await?;
    let told = Change::between("escalation.change", shown(&known), shown(&changed));
    tell(app, &mut tx, scope, ("escalation", id.0, &changed.name), &told).await?;
    tx.commit().await?;
    Ok(changed)
}

/// Lets tickets use one from now on.
pub async fn make_default(app: &App, scope: &StaffScope, id: EscalationId) -> Result<Chain, Error> {
    let mut tx = scope.begin().await?;
    store::lock_default(&mut tx).await?;
    store::lock_chain(&mut tx, id).await?;
    store::clear_default(&mut tx).await?;
    store::set_default(&mut tx, id).await?;
    let chain = store::chain(&mut tx, id).await?;
    let change = Change::plain("escalation.default");
    tell(app, &mut tx, scope, ("escalation", id.0, &chain.name), &change).await?;
    tx.commit().await?;
    Ok(chain)
}

/// Takes one away that tickets do not use, or the last one.
pub async fn delete_chain(app: &App, scope: &StaffScope, id: EscalationId) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    store::lock_default(&mut tx).await?;
    let known = store::lock_chain(&mut tx, id).await?;
    if known.is_default && store::chains(&mut tx).await?.len() > 1 {
        let message = "Tickets page by this chain. Let them use another one first.";
        return Err(Error::conflict("escalation-is-default", message));
    }
    store::delete_chain(&mut tx, id).await?;
    let change = gone("escalation.delete", shown(&known));
    tell(app, &mut tx, scope, ("escalation", id.0, &known.name), &change).await?;
    tx.commit().await
}
