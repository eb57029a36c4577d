//! How the rest of the panel finds imported templates. The database is asked which version is offered now; what a version
//! is never changes, so it is read once by each process.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::app::App;
use crate::catalogue::Offer;
use crate::platform::db::Scoped;
use crate::platform::error::Error;

use super::model::{Choices, Egg, key, split_key};
use super::store::{self, VersionRow};

/// The newest version that is offered under a name, for who makes a server of it: it stays until the transaction ends.
pub async fn newest(app: &App, tx: &mut impl Scoped, name: &str) -> Result<Option<Offer>, Error> {
    // No egg is called so, and the database takes no NUL.
    if name.contains('\0') {
        return Ok(None);
    }
    store::hold(tx, name).await?;
    match newest_key(tx, name).await? {
        Some(key) => warm(app, tx, &key).await,
        None => Ok(None),
    }
}

/// The key of the newest version that is offered under a name.
pub async fn newest_key(tx: &mut impl Scoped, name: &str) -> Result<Option<String>, Error> {
    Ok(store::offered(tx, name).await?.map(|number| key(name, number)))
}

/// The newest versions of all that are offered.
pub async fn all(app: &App, tx: &mut impl Scoped) -> Result<Vec<Offer>, Error> {
    let mut offers = Vec::new();
    for (name, number) in store::all_offered(tx).await? {
        offers.extend(warm(app, tx, &key(&name, number)).await?);
    }
    Ok(offers)
}

/// Sees that this process knows the version that a server keeps, so that `Catalogue::offer` finds it. A template of the
/// catalogue's folder needs nothing.
pub async fn warm(app: &App, tx: &mut impl Scoped, kept: &str) -> Result<Option<Offer>, Error> {
    let known = app.catalogue.offer(kept);
    let (None, Some((name, number))) = (&known, split_key(kept)) else {
        return Ok(known);
    };
    let offer = store::version(tx, name, number).await?.as_ref().and_then(offer);
    if let Some(offer) = &offer {
        app.catalogue.keep(offer.clone());
    }
    Ok(offer)
}

/// What a version offers. One that this Berth can't read any more offers nothing; servers made from it say so.
fn offer(row: &VersionRow) -> Option<Offer> {
    let egg = match Egg::read(&row.source) {
        Ok(egg) => egg,
        Err(why) => {
            tracing::warn!(egg = row.egg, number = row.number, error = %why, "a kept egg can't be read");
            return None;
        }
    };
    let choices = row.choices();
    let images = egg
        .images(&choices)
        .into_iter()
        .map(|image| (image.label, image.image));
    Some(Offer {
        key: key(&row.egg, row.number),
        template: Arc::new(egg.template(&row.egg, row.number, &choices)),
        images: images.collect(),
        install_image: egg
            .install
            .as_ref()
            .map(|install| choices.image(&install.image).to_owned()),
        egg: Some(Arc::new(egg)),
    })
}

impl VersionRow {
    /// What staff chose when it was imported.
    pub(super) fn choices(&self) -> Choices {
        let images: BTreeMap<String, String> =
            serde_json::from_value(self.images.clone()).unwrap_or_default();
        Choices {
            images,
            category: serde_json::from_value(self.category.clone().into()).ok(),
        }
    }
}
