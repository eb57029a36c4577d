//! What stacks do to their servers, inside of a transaction of their own: all parts of a stack change together or not at all.
//! Whoever commits pokes the reconciler.

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::catalogue::{Checked, Offer};
use crate::platform::access::TenantScope;
use crate::platform::db::{Scoped, TenantTx};
use crate::platform::error::Error;
use crate::platform::ids::{LocationId, ServerId};
use crate::platform::secret::Secret;

use super::super::model::{
    Command, NewServer, Power, Server, ServerName, Size, StackPlace, host_name, seal_context,
};
use super::super::store;
use super::create::{add_ports, save_variables, seal};
use super::delete::put_away;
use super::erase::begin_erasing;
use super::restore::bring_back;
use super::{Asked, Restored, announce, power, shown, target};

/// Where a new server's answers come from.
#[derive(Debug, Clone, Copy)]
pub enum Answers<'a> {
    /// They were checked.
    Given(&'a Checked),
    /// It has those of another server.
    Of(&'a Server),
}

/// A server to be made as a part of a stack.
#[derive(Debug, Clone)]
pub struct NewPart<'a> {
    /// What people call it.
    pub name: ServerName,
    /// Its template.
    pub offer: &'a Offer,
    /// Its image.
    pub image: &'a str,
    /// Its size.
    pub size: &'a Size,
    /// Its answers.
    pub answers: Answers<'a>,
    /// Its place.
    pub place: StackPlace,
    /// Whose volumes it has, if not its own.
    pub volumes_of: Option<ServerId>,
    /// Whether the world reaches its ports.
    pub is_public: bool,
    /// What it should do.
    pub power: Power,
    /// Where it is placed.
    pub location: LocationId,
}

/// Makes one. The caller has looked that the plan has room, under the tenant's lock.
pub async fn create_part(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    part: &NewPart<'_>,
) -> Result<Asked, Error> {
    let (id, tenant) = (ServerId::new(&*app.ids, app.now()), scope.tenant());
    let taken = store::host_names(tx, tenant).await?;
    let new = NewServer {
        id,
        tenant,
        location: part.location,
        name: &part.name,
        host_name: &host_name(part.name.as_str(), &part.offer.template.name, &taken),
        template: &part.offer.key,
        image: part.image,
        size: part.size,
        power: part.power,
        created_by: &scope.who.label,
        now: app.now(),
    };
    store::insert(tx, &new).await.map_err(|error| match error {
        Error::Invalid(_) => Error::invalid(
            "name",
            format!("There is a server {} already. Choose another name.", part.name),
        ),
        error => error,
    })?;
    store::set_place(tx, id, &part.place, part.volumes_of).await?;
    if part.is_public {
        add_ports(tx, scope, (id, part.location), part.offer).await?;
    }
    match part.answers {
        Answers::Given(checked) => save_variables(app, tx, scope, id, checked).await?,
        Answers::Of(server) => copy_variables(app, tx, server, id).await?,
    }
    let server = store::find(tx, id).await?;
    let operation = announce(app, tx, &scope.who, &server, ("server.create", "create")).await?;
    let change = Change::to("server.create", shown(&server));
    app.audit(tx, &scope.who, &target(&server), &change).await?;
    Ok(Asked { server, operation })
}

/// A sealed secret is bound to its server, so it is sealed anew.
async fn copy_variables(app: &App, tx: &mut TenantTx, from: &Server, to: ServerId) -> Result<(), Error> {
    for variable in store::variables(tx, from.id).await? {
        let copy = match &variable.sealed {
            Some(sealed) => {
                let secret = open(app, from.id, &variable.key, sealed)?;
                seal(app, to, &variable.key, secret.expose())?
            }
            None => variable,
        };
        store::save_variable(tx, to, from.tenant, &copy).await?;
    }
    Ok(())
}

fn open(app: &App, id: ServerId, key: &str, sealed: &[u8]) -> Result<Secret, Error> {
    let plain = app.keyring.open(&seal_context(key, id), sealed)?;
    let text = String::from_utf8(plain.to_vec()).map_err(|_| Error::internal("a secret is not UTF-8"))?;
    Ok(Secret::new(text))
}

/// An answer that must not be seen: the variable's key, and the secret.
pub type SecretAnswer = (String, Secret);

/// What a server answers to a variable; nothing if it has no answer.
pub async fn answer_of(app: &App, tx: &mut TenantTx, id: ServerId, key: &str) -> Result<String, Error> {
    let all = store::variables(tx, id).await?;
    let found = all.into_iter().find(|variable| variable.key == key);
    Ok(match found.map(|variable| (variable.value, variable.sealed)) {
        Some((Some(plain), _)) => plain,
        Some((None, Some(sealed))) => open(app, id, key, &sealed)?.expose().clone(),
        _ => String::new(),
    })
}

/// Gives one other secrets, for which its container is made anew.
pub async fn configure_part(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    server: &Server,
    answers: &[SecretAnswer],
) -> Result<Asked, Error> {
    for (key, secret) in answers {
        let sealed = seal(app, server.id, key, secret.expose())?;
        store::save_variable(tx, server.id, server.tenant, &sealed).await?;
    }
    let wish = store::Wish {
        settings: true,
        ..store::Wish::default()
    };
    store::wish(tx, server.id, wish, app.now()).await?;
    let server = store::find(tx, server.id).await?;
    let operation = announce(app, tx, &scope.who, &server, ("server.configure", "reconfigure")).await?;
    let keys: Vec<&str> = answers.iter().map(|(key, _)| key.as_str()).collect();
    let change = Change::to("server.configure", json!({ "variables": keys }));
    app.audit(tx, &scope.who, &target(&server), &change).await?;
    Ok(Asked { server, operation })
}

/// Tells one what to do.
pub async fn command_part(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    id: ServerId,
    what: Command,
) -> Result<Asked, Error> {
    power::ask(app, tx, &scope.who, id, what).await
}

/// Gives one another name, by which nothing finds it.
pub async fn rename_part(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    server: &Server,
    name: &ServerName,
) -> Result<(), Error> {
    store::save_name(tx, server.id, name, app.now()).await?;
    let text = format!("{} renamed it from {} to {name}.", scope.who.label, server.name);
    super::tell(app, tx, server, text).await?;
    let change = Change::between(
        "server.configure",
        json!({ "name": server.name }),
        json!({ "name": name.as_str() }),
    );
    app.audit(tx, &scope.who, &target(server), &change).await
}

/// Deletes one; it is kept until then.
pub async fn delete_part(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    server: &Server,
    kept_until: DateTime<Utc>,
) -> Result<Asked, Error> {
    put_away(app, tx, scope, server, kept_until).await
}

/// Brings one back.
pub async fn restore_part(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    server: &Server,
) -> Result<Restored, Error> {
    bring_back(app, tx, &scope.who, server, None).await
}

/// Refuses what would replace the files of a server that others of its stack have open.
pub async fn check_unshared(tx: &mut impl Scoped, server: &Server) -> Result<(), Error> {
    if store::shares_volumes(tx, server.id).await? {
        return Err(Error::conflict(
            "volumes-shared",
            "Other servers of its stack have the same files open. Get single files back, or make another server of it.",
        ));
    }
    Ok(())
}

/// Erases one, deleted before or not. What is shared with others of its stack stays for them.
pub async fn erase_part(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    server: &Server,
    because: Option<&str>,
) -> Result<Asked, Error> {
    if !server.is_deleted() {
        let leave = store::Leave {
            by: &scope.who.label,
            kept_until: app.now(),
            now: app.now(),
        };
        store::put_away(tx, server.id, leave).await?;
    }
    let operation = begin_erasing(app, tx, &scope.who, server, because).await?;
    let server = store::find(tx, server.id).await?;
    Ok(Asked { server, operation })
}
