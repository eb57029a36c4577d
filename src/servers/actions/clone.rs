//! Copying a server: another one of the same template, size and answers, with the same data.
//!
//! All that is decided is written in one transaction: the new server counts for the plan from then on, its ports and names are
//! its own, and its source holds still. The data is the reconciler's affair. What must hold: the copy opens its data with the
//! answers that it has. So it has its source's secrets, but for those that its image sets again at each start: these are made
//! up anew, and who learns a test copy's password has not learned its source's.

use std::collections::BTreeMap;

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::backups;
use crate::catalogue::{Kind, Offer, Variable};
use crate::eggs;
use crate::networks;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::db::TenantTx;
use crate::platform::error::Error;
use crate::platform::ids::{BackupId, ServerId, SnapshotId};
use crate::platform::secret::random_text;
use crate::snapshots;
use crate::storage;

use super::super::model::{
    NewServer, Note, Power, Server, ServerName, Size, StoredVariable, Tags, host_name, seal_context,
};
use super::super::store::{self, Wish};
use super::create::{add_ports, fit, seal};
use super::restore::names;
use super::whole::check_whole;
use super::{Asked, announce, rewire, shown, target};

/// How a server is copied.
#[derive(Debug, Clone, Default)]
pub struct CloneInput {
    /// What the copy is called; one is made up if none is given.
    pub name: Option<String>,
    /// Whether its data is copied, and how. Without it starts as if it was new.
    pub data: CloneData,
    /// Where the data is copied from, if not from what the source has now.
    pub snapshot: Option<SnapshotId>,
    /// The backup that the data comes from, if not from the source itself.
    pub backup: Option<BackupId>,
    /// Whether it is in the networks that its source is in; otherwise it is in the common one.
    pub same_networks: bool,
    /// Whether it starts when it is complete.
    pub start: bool,
}

/// What becomes of the data.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CloneData {
    /// Copied while the source is stopped, so that no file is caught half written.
    #[default]
    Stopped,
    /// Copied while the source runs: what it writes meanwhile may be there in part.
    Live,
    /// Not copied.
    None,
}

/// The name that a copy gets if none is given.
pub async fn clone_name(tx: &mut TenantTx, source: &Server) -> Result<String, Error> {
    let stem = ServerName::stem(&source.name);
    let taken = store::names_like(tx, source.tenant, &stem).await?;
    Ok(ServerName::copied(&source.name, &taken))
}

/// Copies a server of the tenant.
pub async fn clone(app: &App, scope: &TenantScope, id: ServerId, input: CloneInput) -> Result<Asked, Error> {
    let mut tx = scope.begin().await?;
    store::lock_tenant(&mut tx, scope.tenant()).await?;
    let source = store::lock(&mut tx, id).await?;
    let is_kept = input.snapshot.is_some() || input.backup.is_some();
    let offer = check(app, &mut tx, scope, &source, (input.data, is_kept)).await?;
    fit(app, &mut tx, scope.tenant(), &source.resources).await?;
    storage::admit_at(&mut tx, source.location, source.resources).await?;
    let copy = insert(app, &mut tx, scope, (&source, &offer), &input).await?;
    if input.data != CloneData::None {
        store::begin_copy(&mut tx, &copy, &source, input.data == CloneData::Live, app.now()).await?;
    }
    if let Some(snapshot) = input.snapshot {
        snapshots::copy_from(&mut tx, (copy.id, copy.tenant), snapshot).await?;
    }
    if let Some(backup) = input.backup {
        let asked = (backup, scope.who.label.as_str());
        backups::fill_from(app, &mut tx, (copy.id, copy.tenant), asked).await?;
    }
    let verb = format!("copy {} to", source.name);
    let operation = announce(app, &mut tx, &scope.who, &copy, ("server.clone", &verb)).await?;
    let asked = format!("{} asked to copy it to {}.", scope.who.label, copy.name);
    rewire(app, &mut tx, &source, asked).await?;
    let mut told = shown(&copy);
    if let Some(map) = told.as_object_mut() {
        map.insert("copied_from".to_owned(), json!(source.name));
        map.insert("source_id".to_owned(), json!(source.id));
        map.insert("data".to_owned(), json!(input.data));
    }
    let change = Change::to("server.clone", told);
    app.audit(&mut tx, &scope.who, &target(&copy), &change).await?;
    tx.commit().await?;
    app.poke_servers.poke();
    Ok(Asked {
        server: copy,
        operation,
    })
}

/// Begins a copy again whose data could not be copied.
pub async fn copy_again(app: &App, scope: &TenantScope, id: ServerId) -> Result<Asked, Error> {
    let mut tx = scope.begin().await?;
    let server = store::lock(&mut tx, id).await?;
    server.check_stays()?;
    let copying = store::copying(&mut tx, id).await?;
    let Some(copying) = copying.filter(|copying| copying.failure().is_some()) else {
        return Err(Error::conflict(
            "copy-not-failed",
            "Only a copy whose data could not be copied can be copied again.",
        ));
    };
    let source = match store::lock(&mut tx, copying.source).await {
        Ok(source) if !source.is_deleted() => source,
        Ok(_) | Err(Error::NotFound) => {
            let message = format!(
                "{} is deleted, so there is nothing to copy from. Restore it first, or delete this copy.",
                copying.source_name
            );
            return Err(Error::conflict("source-gone", message));
        }
        Err(error) => return Err(error),
    };
    let data = if copying.is_live {
        CloneData::Live
    } else {
        CloneData::Stopped
    };
    let is_kept =
        snapshots::copied_from(&mut tx, id).await?.is_some() || backups::is_filled(&mut tx, id).await?;
    check(app, &mut tx, scope, &source, (data, is_kept)).await?;
    store::begin_copy(&mut tx, &server, &source, copying.is_live, app.now()).await?;
    store::wish(&mut tx, id, Wish::default(), app.now()).await?;
    let server = store::find(&mut tx, id).await?;
    let verb = format!("copy {} again to", source.name);
    let operation = announce(app, &mut tx, &scope.who, &server, ("server.copy", &verb)).await?;
    let change = Change::to(
        "server.copy",
        json!({ "copied_from": source.name, "source_id": source.id }),
    );
    app.audit(&mut tx, &scope.who, &target(&server), &change).await?;
    tx.commit().await?;
    app.poke_servers.poke();
    Ok(Asked { server, operation })
}

/// Whether a server can be copied now. Its template says what of it there is to copy. `is_kept`: the data comes from what was kept
/// of it, and not from what it has.
async fn check(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    source: &Server,
    (data, is_kept): (CloneData, bool),
) -> Result<Offer, Error> {
    source.check_stays()?;
    if source.suspension.is_some() {
        let message = "The provider has suspended this server, so it can't be copied. Its page says why.";
        return Err(Error::conflict("server-suspended", message));
    }
    // Who copies it stops it for that.
    if data == CloneData::Stopped && !scope.may(Permission::ServerPower) {
        return Err(Error::Forbidden);
    }
    if data != CloneData::None {
        if !is_kept {
            // Parts of a stack may share their data, and hold still together or not at all.
            source.check_alone()?;
        }
        check_whole(tx, source).await?;
    }
    let offer = eggs::warm(app, tx, &source.template).await?;
    offer.ok_or_else(|| {
        let message = "Its template is no longer in the catalogue, so no other server can be made from it.";
        Error::conflict("template-gone", message)
    })
}

/// The new server with all that it has but its data.
async fn insert(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    (source, offer): (&Server, &Offer),
    input: &CloneInput,
) -> Result<Server, Error> {
    let (id, now) = (ServerId::new(&*app.ids, app.now()), app.now());
    let name = input.name.as_deref();
    let (name, _) = names(tx, scope.tenant(), source, (name, ServerName::copied)).await?;
    let taken = store::host_names(tx, scope.tenant()).await?;
    let size = Size {
        id: source.size.clone(),
        name: String::new(),
        summary: String::new(),
        resources: source.resources,
    };
    let new = NewServer {
        id,
        tenant: scope.tenant(),
        location: source.location,
        name: &name,
        host_name: &host_name(name.as_str(), &source.template, &taken),
        template: &source.template,
        image: &source.image,
        size: &size,
        power: if input.start {
            Power::Running
        } else {
            Power::Stopped
        },
        created_by: &scope.who.label,
        now,
    };
    store::insert(tx, &new).await?;
    add_ports(tx, scope, (id, source.location), offer).await?;
    copy_variables(app, tx, scope, (source, id), (offer, input.data)).await?;
    copy_installation(tx, (source, id), input.data).await?;
    copy_words(tx, scope, source, id, app).await?;
    if input.same_networks {
        networks::join_as(tx, (source.id, id), scope.tenant(), now).await?;
    }
    store::find(tx, id).await
}

/// The source's answers. A secret that was made up is made up anew where no data knows the old one.
async fn copy_variables(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    (source, id): (&Server, ServerId),
    (offer, data): (&Offer, CloneData),
) -> Result<(), Error> {
    for stored in store::variables(tx, source.id).await? {
        let Some(sealed) = &stored.sealed else {
            store::save_variable(tx, id, scope.tenant(), &stored).await?;
            continue;
        };
        let asked = offer.template.variable(&stored.key);
        let variable = match asked.and_then(|asked| made_up(asked, data)) {
            Some(length) => seal(app, id, &stored.key, &random_text(length))?,
            None => {
                let plain = app.keyring.open(&seal_context(&stored.key, source.id), sealed)?;
                StoredVariable {
                    key: stored.key.clone(),
                    value: None,
                    sealed: Some(app.keyring.seal(&seal_context(&stored.key, id), &plain)?),
                }
            }
        };
        store::save_variable(tx, id, scope.tenant(), &variable).await?;
    }
    Ok(())
}

/// The length of the secret that a copy gets in place of its source's, if it does.
fn made_up(variable: &Variable, data: CloneData) -> Option<usize> {
    match variable.kind {
        Kind::Secret {
            generate: Some(length),
            ..
        } if data == CloneData::None || variable.fresh_in_copies => Some(length),
        _ => None,
    }
}

/// A folder that comes with the data is filled as far as the source's is.
async fn copy_installation(
    tx: &mut TenantTx,
    (source, id): (&Server, ServerId),
    data: CloneData,
) -> Result<(), Error> {
    let state = store::egg_state(tx, source.id).await?;
    if data != CloneData::None && state.is_some_and(|state| state.install == "done") {
        store::set_install(tx, id, false).await?;
    }
    Ok(())
}

/// Tags and note.
async fn copy_words(
    tx: &mut TenantTx,
    scope: &TenantScope,
    source: &Server,
    id: ServerId,
    app: &App,
) -> Result<(), Error> {
    let tags = Tags::parse(source.tags.iter().map(String::as_str)).unwrap_or_default();
    if !tags.is_empty() {
        store::save_tags(tx, id, &tags, app.now()).await?;
    }
    let note = store::note(tx, source.id).await?;
    if let Ok(note) = Note::parse(&note)
        && !note.as_str().is_empty()
    {
        let copy = store::find(tx, id).await?;
        store::save_note(tx, &copy, &note, (&scope.who.label, app.now())).await?;
    }
    Ok(())
}

/// What is told beside the answers of a form: the answers that a copy gets anew, by their labels.
pub fn made_up_labels(offer: &Offer, data: CloneData) -> Vec<String> {
    let all: BTreeMap<_, _> = offer
        .template
        .variables
        .iter()
        .filter(|variable| made_up(variable, data).is_some())
        .map(|variable| (&variable.key, variable.label.clone()))
        .collect();
    all.into_values().collect()
}
