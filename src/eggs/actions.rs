//! Importing eggs, offering them, removing them: each one transaction with its audit event.

use std::collections::BTreeMap;

use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::catalogue::Category;
use crate::drivers::engine::is_image_tag;
use crate::platform::access::StaffScope;
use crate::platform::db::StaffTx;
use crate::platform::error::{Error, FieldErrors};

use super::model::{Egg, slug};
use super::store;

/// An egg to be imported, as somebody sent it.
#[derive(Debug, Clone, Default)]
pub(super) struct Import {
    /// The text of the file.
    pub(super) text: String,
    /// Its name in addresses; made of its title if empty.
    pub(super) name: String,
    /// The shelf, by its word.
    pub(super) category: String,
    /// Images to use instead, by those that it names. An empty one stands for itself.
    pub(super) images: BTreeMap<String, String>,
}

/// What an import came to.
#[derive(Debug, Clone)]
pub(super) struct Imported {
    pub(super) name: String,
    pub(super) number: i32,
}

/// An import that can be done.
struct Checked {
    egg: Egg,
    name: String,
    category: Category,
    images: BTreeMap<String, String>,
}

/// Reads an egg for its preview.
pub(super) fn preview(text: &str) -> Result<Egg, Error> {
    Egg::read(text).map_err(|why| Error::invalid("egg", why.0))
}

/// The images that an egg names, each once: those of servers, then that of the install script.
pub(super) fn images_of(egg: &Egg) -> Vec<String> {
    let mut all: Vec<String> = egg.images.iter().map(|image| image.image.clone()).collect();
    if let Some(install) = egg
        .install
        .as_ref()
        .filter(|install| !all.contains(&install.image))
    {
        all.push(install.image.clone());
    }
    all
}

/// All that is wrong with an import at once.
fn check(app: &App, import: &Import, kept_name: Option<&str>) -> Result<Checked, Error> {
    let mut errors = FieldErrors::default();
    let egg = errors.check("egg", Egg::read(&import.text).map_err(|why| why.0));
    let category = match import.category.trim() {
        "" => Some(Category::Game),
        word => serde_json::from_value(word.into()).ok(),
    };
    if category.is_none() {
        errors.add("category", "Choose one of the shelves.");
    }
    let name = kept_name.map_or_else(|| name_of(import, egg.as_ref()), str::to_owned);
    if kept_name.is_none() && egg.is_some() && !is_name(&name) {
        errors.add(
            "name",
            "Use 2 to 40 lower-case letters, digits and dashes, a letter first.",
        );
    }
    if kept_name.is_none() && app.catalogue.get(&name).is_some() {
        errors.add(
            "name",
            "A template of the catalogue has this name. Choose another.",
        );
    }
    let named = egg.as_ref().map(images_of).unwrap_or_default();
    let mut images = BTreeMap::new();
    for (image, instead) in import
        .images
        .iter()
        .map(|(image, instead)| (image, instead.trim()))
    {
        match named.iter().position(|known| known == image) {
            _ if instead.is_empty() || instead == image => {}
            None if egg.is_some() => errors.add("images", format!("The egg names no image {image}.")),
            Some(at) if !is_image_tag(instead) => {
                errors.add(
                    &format!("images.{at}"),
                    "That is no image's name, such as debian:bookworm-slim.",
                );
            }
            _ => drop(images.insert(image.clone(), instead.to_owned())),
        }
    }
    errors.into_result()?;
    match (egg, category) {
        (Some(egg), Some(category)) => Ok(Checked {
            egg,
            name,
            category,
            images,
        }),
        _ => Err(Error::internal("an import without errors lacks a part")),
    }
}

fn name_of(import: &Import, egg: Option<&Egg>) -> String {
    match import.name.trim() {
        "" => egg.map(|egg| slug(&egg.title)).unwrap_or_default(),
        name => name.to_owned(),
    }
}

/// Besides its letters, it must not be one of the words that stand in its place in addresses.
fn is_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let starts = name.starts_with(|c: char| c.is_ascii_lowercase());
    starts && (2..=40).contains(&name.len()) && name.bytes().all(plain) && !matches!(name, "new" | "preview")
}

/// Imports an egg under a name that is not there yet.
pub(super) async fn import(app: &App, scope: &StaffScope, import: &Import) -> Result<Imported, Error> {
    let checked = check(app, import, None)?;
    let mut tx = scope.begin().await?;
    let category = word(checked.category);
    if !store::insert(&mut tx, (&checked.name, &checked.egg.title, &category), app.now()).await? {
        return Err(Error::invalid(
            "name",
            "An egg with this name is there. Import a new version of it on its page, or choose another name.",
        ));
    }
    let number = add(app, scope, &mut tx, import, &checked).await?;
    audit(
        app,
        scope,
        &mut tx,
        &checked.name,
        Change::to("egg.import", told(&checked, number)),
    )
    .await?;
    tx.commit().await?;
    Ok(Imported {
        name: checked.name,
        number,
    })
}

/// Imports another version of an egg. Servers keep theirs until they are updated.
pub(super) async fn update(
    app: &App,
    scope: &StaffScope,
    name: &str,
    import: &Import,
) -> Result<Imported, Error> {
    let mut tx = scope.begin().await?;
    store::lock(&mut tx, name).await?;
    let checked = check(app, import, Some(name))?;
    let number = add(app, scope, &mut tx, import, &checked).await?;
    audit(
        app,
        scope,
        &mut tx,
        name,
        Change::to("egg.update", told(&checked, number)),
    )
    .await?;
    tx.commit().await?;
    Ok(Imported {
        name: name.to_owned(),
        number,
    })
}

async fn add(
    app: &App,
    scope: &StaffScope,
    tx: &mut StaffTx,
    import: &Import,
    checked: &Checked,
) -> Result<i32, Error> {
    let egg = (&*checked.name, &*checked.egg.title, &*word(checked.category));
    // PostgreSQL keeps no NUL in text; a file that holds one is not JSON or YAML anyway.
    let source = import.text.trim_start_matches('\u{FEFF}').replace('\0', "");
    store::add_version(
        tx,
        egg,
        (&source, &json!(checked.images)),
        &scope.who.label,
        app.now(),
    )
    .await
}

/// The database's and the API's word for a shelf.
pub(super) fn word(category: Category) -> String {
    let word = serde_json::to_value(category).ok();
    word.as_ref()
        .and_then(|word| word.as_str())
        .unwrap_or("game")
        .to_owned()
}

fn told(checked: &Checked, number: i32) -> serde_json::Value {
    json!({ "version": number, "title": checked.egg.title, "images": checked.images })
}

/// Offers an egg to customers, or not any more. Servers that were made from it stay.
pub(super) async fn set_enabled(
    app: &App,
    scope: &StaffScope,
    name: &str,
    enabled: bool,
) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    store::lock(&mut tx, name).await?;
    store::set_enabled(&mut tx, name, enabled, app.now()).await?;
    let action = if enabled { "egg.enable" } else { "egg.disable" };
    audit(
        app,
        scope,
        &mut tx,
        name,
        Change::to(action, json!({ "enabled": enabled })),
    )
    .await?;
    tx.commit().await
}

/// Removes an egg that no server uses.
pub(super) async fn remove(app: &App, scope: &StaffScope, name: &str) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    store::lock(&mut tx, name).await?;
    store::claim(&mut tx, name).await?;
    let servers = store::servers(&mut tx, name).await?;
    if servers > 0 {
        let message =
            format!("{servers} servers use this egg. Take it out of offer instead, or delete them first.");
        return Err(Error::conflict("egg-in-use", message));
    }
    store::remove(&mut tx, name).await?;
    audit(app, scope, &mut tx, name, Change::to("egg.remove", json!({}))).await?;
    tx.commit().await
}

async fn audit(
    app: &App,
    scope: &StaffScope,
    tx: &mut StaffTx,
    name: &str,
    change: Change,
) -> Result<(), Error> {
    let target = Target {
        kind: "egg",
        id: None,
        label: name,
        tenant: None,
    };
    app.audit(tx, &scope.who, &target, &change).await
}
