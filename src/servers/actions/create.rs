//! Creating a server.

use std::collections::BTreeMap;

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::catalogue::{Checked, Offer, Protocol, Value};
use crate::eggs;
use crate::platform::access::TenantScope;
use crate::platform::db::{Scoped, TenantTx};
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::{LocationId, ServerId, TenantId};
use crate::platform::secret::random_text;
use crate::storage;
use crate::tenants;

use super::super::model::{
    NewPort, NewServer, Power, Resources, Server, ServerName, Size, StoredVariable, admit, host_name,
    seal_context,
};
use super::super::store;
use super::{Asked, announce, shown, target};

/// What a server is made from, as somebody wrote it.
#[derive(Debug, Clone, Default)]
pub struct NewServerInput {
    /// What people call it.
    pub name: String,
    /// The catalogue's template.
    pub template: String,
    /// The size.
    pub size: String,
    /// Answers to the template's variables. A default or a made-up secret stands for what is missing.
    pub variables: BTreeMap<String, String>,
    /// Whether it should start at once.
    pub start: bool,
}

struct Checks<'a> {
    name: ServerName,
    folder: &'a Offer,
    variables: Checked,
}

/// Creates a server. All of it happens in one transaction that waits for the tenant's other creations, so that of two that
/// race for the last of a limit one gets [`Error::LimitReached`].
pub async fn create(app: &App, scope: &TenantScope, input: NewServerInput) -> Result<Asked, Error> {
    let mut tx = scope.begin().await?;
    let size = store::find_size(&mut tx, &input.size).await?;
    let offer = match app.catalogue.offer(&input.template) {
        Some(offer) if offer.egg.is_none() => Some(offer),
        _ => eggs::newest(app, &mut tx, &input.template).await?,
    };
    let checks = check(&input, size.as_ref(), offer.as_ref())?;
    let size = size.ok_or(Error::NotFound)?;
    store::lock_tenant(&mut tx, scope.tenant()).await?;
    fit(app, &mut tx, scope.tenant(), &size.resources).await?;
    let location = store::own_location(&mut tx).await?.ok_or_else(no_location)?;
    storage::admit_at(&mut tx, location.id, size.resources).await?;
    let id = ServerId::new(&*app.ids, app.now());
    insert(
        app,
        &mut tx,
        scope,
        (id, location.id),
        &checks,
        &size,
        input.start,
    )
    .await?;
    add_ports(&mut tx, scope, (id, location.id), checks.folder).await?;
    save_variables(app, &mut tx, scope, id, &checks.variables).await?;
    let server = store::find(&mut tx, id).await?;
    let operation = announce(app, &mut tx, &scope.who, &server, ("server.create", "create")).await?;
    let change = Change::to("server.create", created(&server, &checks.variables));
    app.audit(&mut tx, &scope.who, &target(&server), &change).await?;
    tx.commit().await?;
    app.poke_servers.poke();
    Ok(Asked { server, operation })
}

/// All that is wrong with the input at once.
fn check<'a>(
    input: &NewServerInput,
    size: Option<&Size>,
    folder: Option<&'a Offer>,
) -> Result<Checks<'a>, Error> {
    let mut errors = FieldErrors::default();
    let name = errors.check("name", ServerName::parse(&input.name));
    if folder.is_none() {
        errors.add("template", "Choose one of the templates.");
    }
    match (size, folder) {
        (None, _) => errors.add("size", "Choose one of the sizes."),
        (Some(size), Some(folder)) => {
            if let Err(message) = fits_template(size, folder) {
                errors.add("size", message);
            }
        }
        (Some(_), None) => {}
    }
    let variables = folder.and_then(|folder| {
        let checked = folder.template.check(&input.variables);
        checked
            .map_err(|wrong| add_variable_errors(&mut errors, folder, wrong))
            .ok()
    });
    errors.into_result()?;
    match (name, folder, variables) {
        (Some(name), Some(folder), Some(variables)) => Ok(Checks {
            name,
            folder,
            variables,
        }),
        _ => Err(Error::internal("an input without errors lacks a part")),
    }
}

/// Refuses a size that the template does not start in.
pub fn fits_template(size: &Size, folder: &Offer) -> Result<(), String> {
    let minimum = folder.template.resources.minimum_memory_mib;
    if size.resources.memory_mib < i64::from(minimum) {
        Err(format!(
            "{} needs at least {minimum} MiB of memory. Choose a larger size.",
            folder.template.title
        ))
    } else {
        Ok(())
    }
}

/// The catalogue says what goes on after a label; here it becomes a sentence of the field `variables.KEY`.
pub(super) fn add_variable_errors(errors: &mut FieldErrors, folder: &Offer, wrong: Vec<(String, String)>) {
    for (key, message) in wrong {
        let label = folder
            .template
            .variable(&key)
            .map_or(key.as_str(), |variable| &variable.label);
        errors.add(&format!("variables.{key}"), format!("{label} {message}."));
    }
}

fn no_location() -> Error {
    Error::Unavailable("no location was set up yet: no panel has started on this database".into())
}

/// Whether a tenant's plan has room for one more server that takes so much. A deleted one counts for nothing, so it has to fit
/// like a new one, and so does one that comes from another tenant.
pub(super) async fn fit(
    app: &App,
    tx: &mut impl Scoped,
    tenant: TenantId,
    resources: &Resources,
) -> Result<(), Error> {
    let limits = tenants::find_tenant(tx, tenant).await?.limits;
    let used = tenants::usage(tx, tenant, app.now()).await?;
    let more = resources.one_more();
    let limits = storage::limits(tx, tenant, limits, &more).await?;
    admit(&limits, &used, &more)
}

#[expect(
    clippy::too_many_arguments,
    reason = "the parts of one insert, each of another kind"
)]
async fn insert(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    (id, location): (ServerId, LocationId),
    checks: &Checks<'_>,
    size: &Size,
    start: bool,
) -> Result<(), Error> {
    let taken = store::host_names(tx, scope.tenant()).await?;
    let template = &checks.folder.template.name;
    let image = checks
        .folder
        .image_named(plain(&checks.variables, eggs::IMAGE_KEY));
    let new = NewServer {
        id,
        tenant: scope.tenant(),
        location,
        name: &checks.name,
        host_name: &host_name(checks.name.as_str(), template, &taken),
        template: &checks.folder.key,
        image: &image,
        size,
        power: if start { Power::Running } else { Power::Stopped },
        created_by: &scope.who.label,
        now: app.now(),
    };
    store::insert(tx, &new).await
}

pub(super) async fn add_ports(
    tx: &mut TenantTx,
    scope: &TenantScope,
    (id, location): (ServerId, LocationId),
    folder: &Offer,
) -> Result<(), Error> {
    let place = (id, scope.tenant(), location);
    if folder.egg.is_some() {
        return match store::allocate_pair(tx, place).await? {
            Some(_) => store::add_egg(tx, id, scope.tenant()).await,
            None => Err(no_free_port()),
        };
    }
    for port in &folder.template.ports {
        let new = NewPort {
            name: &port.name,
            container_port: port.container_port,
            protocol: protocol(port.protocol),
            scheme: port.scheme.as_deref(),
        };
        if store::allocate_port(tx, place, &new).await?.is_none() {
            return Err(no_free_port());
        }
    }
    Ok(())
}

pub(super) fn no_free_port() -> Error {
    Error::conflict(
        "no-free-port",
        "This location has no free port left. Ask the provider for more.",
    )
}

/// The answer to a variable that is no secret.
pub(super) fn plain<'a>(variables: &'a Checked, key: &str) -> Option<&'a str> {
    match variables.get(key) {
        Some(Value::Plain(text)) => Some(text),
        _ => None,
    }
}

fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
    }
}

/// Keeps answers, secrets sealed; what should be made up is made up here, and nowhere shown.
pub(super) async fn save_variables(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    id: ServerId,
    variables: &Checked,
) -> Result<(), Error> {
    let whole = variables.clone().with_generated(random_text);
    for (key, value) in whole.plain() {
        let variable = StoredVariable {
            key: key.to_owned(),
            value: Some(value.to_owned()),
            sealed: None,
        };
        store::save_variable(tx, id, scope.tenant(), &variable).await?;
    }
    for (key, value) in whole.secrets() {
        let variable = seal(app, id, key, value)?;
        store::save_variable(tx, id, scope.tenant(), &variable).await?;
    }
    Ok(())
}

pub(super) fn seal(app: &App, id: ServerId, key: &str, value: &str) -> Result<StoredVariable, Error> {
    Ok(StoredVariable {
        key: key.to_owned(),
        value: None,
        sealed: Some(app.keyring.seal(&seal_context(key, id), value.as_bytes())?),
    })
}

fn created(server: &Server, variables: &Checked) -> serde_json::Value {
    let mut told = shown(server);
    let plain: BTreeMap<_, _> = variables.plain().collect();
    if let Some(map) = told.as_object_mut() {
        map.insert("variables".to_owned(), json!(plain));
    }
    told
}
