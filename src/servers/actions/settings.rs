//! Changing name, tags, note, size and variables. A new name is a new name and nothing more: neighbours go on finding the
//! server by the host name that it was made with. Another size changes the limits of the running container; the rest makes
//! a new one, with the volumes and the image of the old one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use crate::app::App;
use crate::audit::Change;
use crate::catalogue::{Checked, Offer, Value};
use crate::eggs;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::db::TenantTx;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::ServerId;
use crate::platform::operations::Operation;
use crate::platform::secret::random_text;
use crate::storage;
use crate::tenants;

use super::super::model::{Server, ServerName, Size, StoredVariable, admit};
use super::super::store::{self, Wish};
use super::create::{add_variable_errors, fits_template, seal};
use super::describe::Description;
use super::room::has_room;
use super::tied::refuse_tied;
use super::update::template_is_gone;
use super::{announce, shown, target, tell};

/// What should become of one variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VariableChange {
    /// This.
    Set(String),
    /// What holds when nobody answers: the default, a newly made-up secret, or nothing.
    Reset,
}

/// What should change; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct SettingsInput {
    /// The name.
    pub name: Option<String>,
    /// The size.
    pub size: Option<String>,
    /// All tags.
    pub tags: Option<Vec<String>>,
    /// The note.
    pub note: Option<String>,
    /// Variables by key.
    pub variables: BTreeMap<String, VariableChange>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Changed {
    /// The server.
    pub server: Server,
    /// The work, if there is any.
    pub operation: Option<Operation>,
}

/// Variables to write and to remove.
#[derive(Debug, Default)]
struct Edits {
    save: Vec<StoredVariable>,
    remove: Vec<String>,
}

impl Edits {
    fn is_empty(&self) -> bool {
        self.save.is_empty() && self.remove.is_empty()
    }

    /// The image after the edits: chosen anew, or as before where nothing was said about it.
    fn image(&self, offer: &Offer, server: &Server) -> String {
        let saved = self.save.iter().find(|variable| variable.key == eggs::IMAGE_KEY);
        match (saved, &offer.egg) {
            (Some(variable), _) => offer.image_named(variable.value.as_deref()),
            (None, Some(_)) => server.image.clone(),
            (None, None) => offer.image_tag(),
        }
    }

    fn keys(&self) -> BTreeSet<&str> {
        let saved = self.save.iter().map(|variable| variable.key.as_str());
        saved.chain(self.remove.iter().map(String::as_str)).collect()
    }
}

/// Changes a server's settings. `check_version` refuses if somebody else changed them since they were read.
pub async fn change(
    app: &App,
    scope: &TenantScope,
    id: ServerId,
    input: SettingsInput,
    check_version: impl Fn(i64) -> Result<(), Error> + Send,
) -> Result<Changed, Error> {
    let mut tx = scope.begin().await?;
    store::lock_tenant(&mut tx, scope.tenant()).await?;
    let before = store::lock(&mut tx, id).await?;
    check_version(before.version)?;
    before.check_stays()?;
    let stored = store::variables(&mut tx, id).await?;
    eggs::warm(app, &mut tx, &before.template).await?;
    let size = match &input.size {
        Some(size) => store::find_size(&mut tx, size).await?,
        None => None,
    };
    let mut errors = FieldErrors::default();
    refuse_tied(app, &before, &stored, &input, &mut errors);
    let description = Description::check(&mut tx, &before, &input, &mut errors).await?;
    let (name, size, edits) = check(app, &before, &stored, &input, size, errors)?;
    if size.is_some() && scope.guest_of().is_some() && !scope.may(Permission::ServerResize) {
        let message = "The size is what the organisation pays for. Only its members change it.";
        return Err(Error::invalid("size", message));
    }
    if let Some(name) = &name {
        store::save_name(&mut tx, id, name, app.now()).await?;
    }
    description.save(app, &mut tx, scope, &before).await?;
    let operation = if size.is_some() || !edits.is_empty() {
        fit(app, &mut tx, scope, &before, size.as_ref()).await?;
        Some(rebuild(app, &mut tx, scope, &before, size.as_ref(), &edits).await?)
    } else {
        None
    };
    let server = store::find(&mut tx, id).await?;
    if name.is_some() || operation.is_some() || !description.is_empty() {
        let has_note = description.has_note();
        audit(app, &mut tx, scope, (&before, &server), (&edits, has_note)).await?;
    }
    tx.commit().await?;
    app.poke_servers.poke();
    Ok(Changed { server, operation })
}

type Checked3 = (Option<ServerName>, Option<Size>, Edits);

/// What of the input is a change, or all that is wrong with it at once.
fn check(
    app: &App,
    server: &Server,
    stored: &[StoredVariable],
    input: &SettingsInput,
    size: Option<Size>,
    mut errors: FieldErrors,
) -> Result<Checked3, Error> {
    let name = input
        .name
        .as_deref()
        .and_then(|name| errors.check("name", ServerName::parse(name)));
    let folder = app.catalogue.offer(&server.template);
    match (&input.size, &size, &folder) {
        (Some(_), None, _) => errors.add("size", "Choose one of the sizes."),
        (Some(_), Some(size), Some(folder)) => {
            if let Err(message) = fits_template(size, folder) {
                errors.add("size", message);
            }
        }
        _ => {}
    }
    let edits = match &folder {
        _ if input.variables.is_empty() => Some(Edits::default()),
        Some(folder) => edit(app, server, folder, stored, input, &mut errors)?,
        None => return Err(template_is_gone(&server.template)),
    };
    errors.into_result()?;
    let name = name.filter(|name| name.as_str() != server.name);
    let size = size.filter(|size| size.id != server.size || size.resources != server.resources);
    Ok((name, size, edits.unwrap_or_default()))
}

/// Checks all answers together, those that stay and those that change. A secret that stays is not opened for it: it was
/// good when it was sealed.
fn edit(
    app: &App,
    server: &Server,
    folder: &Offer,
    stored: &[StoredVariable],
    input: &SettingsInput,
    errors: &mut FieldErrors,
) -> Result<Option<Edits>, Error> {
    let is_known = |key: &str| folder.template.variable(key).is_some();
    let kept = stored
        .iter()
        .filter(|variable| is_known(&variable.key) && !input.variables.contains_key(&variable.key));
    let mut answers: BTreeMap<String, String> = BTreeMap::new();
    let mut sealed: BTreeSet<&str> = BTreeSet::new();
    for variable in kept {
        match &variable.value {
            Some(value) => drop(answers.insert(variable.key.clone(), value.clone())),
            None => drop(sealed.insert(&variable.key)),
        }
    }
    for (key, change) in &input.variables {
        let text = match change {
            VariableChange::Set(text) => text.clone(),
            VariableChange::Reset => String::new(),
        };
        answers.insert(key.clone(), text);
    }
    match check_except(folder, &answers, &sealed) {
        Ok(checked) => Ok(Some(edits(app, server.id, &checked, stored, input)?)),
        Err(wrong) => {
            add_variable_errors(errors, folder, wrong);
            Ok(None)
        }
    }
}

type Wrong = Vec<(String, String)>;

/// Checks answers, except those to variables that have a good one which is not opened here.
fn check_except(
    folder: &Offer,
    answers: &BTreeMap<String, String>,
    except: &BTreeSet<&str>,
) -> Result<Checked, Wrong> {
    let mut template = (*folder.template).clone();
    template
        .variables
        .retain(|variable| !except.contains(variable.key.as_str()));
    template.check(answers)
}

fn edits(
    app: &App,
    id: ServerId,
    checked: &Checked,
    stored: &[StoredVariable],
    input: &SettingsInput,
) -> Result<Edits, Error> {
    let mut edits = Edits::default();
    for key in input.variables.keys() {
        let now = stored.iter().find(|variable| &variable.key == key);
        match checked.get(key) {
            Some(Value::Plain(text)) if now.and_then(|variable| variable.value.as_ref()) == Some(text) => {}
            Some(Value::Plain(text)) => edits.save.push(StoredVariable {
                key: key.clone(),
                value: Some(text.clone()),
                sealed: None,
            }),
            Some(Value::Secret(text)) => edits.save.push(seal(app, id, key, text.expose())?),
            Some(Value::Generate(length)) => edits.save.push(seal(app, id, key, &random_text(*length))?),
            None if now.is_some() => edits.remove.push(key.clone()),
            None => {}
        }
    }
    Ok(edits)
}

async fn fit(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    server: &Server,
    size: Option<&Size>,
) -> Result<(), Error> {
    let Some(size) = size else { return Ok(()) };
    has_room(tx, server, size).await?;
    if scope.guest_of().is_some() {
        // A guest is told that it does not fit, and nothing of the plan and of what others take.
        let fits = store::guest_fits(tx, size.resources.instead_of(server.resources)).await?;
        let message =
            "The organisation's plan has no room for this size. Choose a smaller one, or ask its people.";
        return if fits {
            Ok(())
        } else {
            Err(Error::invalid("size", message))
        };
    }
    let limits = tenants::find_tenant(tx, server.tenant).await?.limits;
    let used = tenants::usage(tx, server.tenant, app.now()).await?;
    let more = size.resources.instead_of(server.resources);
    let limits = storage::limits(tx, server.tenant, limits, &more).await?;
    admit(&limits, &used, &more)
}

/// Writes what changes the container or makes a new one, and the wish for it.
async fn rebuild(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    server: &Server,
    size: Option<&Size>,
    edits: &Edits,
) -> Result<Operation, Error> {
    // Of an imported template the customer chooses among images; any other server keeps its own until it is updated.
    if let Some(offer) = app
        .catalogue
        .offer(&server.template)
        .filter(|offer| offer.egg.is_some())
    {
        store::save_image(tx, server.id, &edits.image(&offer, server)).await?;
    }
    if let Some(size) = size {
        store::save_size(tx, server.id, size).await?;
    }
    for variable in &edits.save {
        store::save_variable(tx, server.id, server.tenant, variable).await?;
    }
    for key in &edits.remove {
        store::delete_variable(tx, server.id, key).await?;
    }
    let wish = Wish {
        settings: true,
        ..Wish::default()
    };
    store::wish(tx, server.id, wish, app.now()).await?;
    let server = store::find(tx, server.id).await?;
    let words = match size {
        Some(_) if edits.is_empty() => ("server.resize", "resize"),
        _ => ("server.configure", "reconfigure"),
    };
    announce(app, tx, &scope.who, &server, words).await
}

async fn audit(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    (before, after): (&Server, &Server),
    (edits, has_note): (&Edits, bool),
) -> Result<(), Error> {
    if before.name != after.name {
        let text = format!(
            "{} renamed it from {} to {}.",
            scope.who.label, before.name, after.name
        );
        tell(app, tx, after, text).await?;
    }
    let with_variables = |mut told: Json| {
        if let Some(map) = told.as_object_mut() {
            map.insert("variables".to_owned(), json!(edits.keys()));
            // That it changed, and not the text: it is long, and for the server's page only.
            if has_note {
                map.insert("note".to_owned(), json!("changed"));
            }
        }
        told
    };
    let change = Change::between("server.configure", shown(before), with_variables(shown(after)));
    app.audit(tx, &scope.who, &target(after), &change).await
}
