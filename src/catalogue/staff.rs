//! The catalogue as the provider's people see it: each template with the state of its image.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::drivers::engine::Image;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::OperationId;
use crate::platform::operations::{self, Operation};

use super::builds::template_id;
use super::load::Folder;
use super::store::{self, Build};

/// What the engine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ImageState {
    /// Our image.
    Built {
        /// How large it is.
        bytes: u64,
        /// When it was made.
        at: Option<DateTime<Utc>>,
    },
    /// An image of this name that another installation built; servers use it, and only that installation may change it.
    Foreign,
    /// Nothing yet: the first server that needs it waits for its build.
    Missing,
    /// The engine does not answer.
    Unknown,
}

impl ImageState {
    /// The word in the API.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Built { .. } => "built",
            Self::Foreign => "foreign",
            Self::Missing => "missing",
            Self::Unknown => "unknown",
        }
    }
}

/// A template with all that is known of its image.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    /// The template.
    pub(super) folder: &'a Folder,
    /// Its image.
    pub(super) image: ImageState,
    /// The newest build of it.
    pub(super) build: Option<Build>,
    /// The newest build that somebody asked for.
    pub(super) asked: Option<Operation>,
    /// The sizes that it fits into.
    pub(super) sizes: Vec<String>,
}

impl Entry<'_> {
    /// The work that is under way because somebody asked.
    pub(super) fn under_way(&self) -> Option<OperationId> {
        let open = self.asked.as_ref().filter(|asked| !asked.state.is_final());
        open.map(|asked| asked.id)
    }

    /// Whether an image is being built, for whomever.
    pub(super) fn is_building(&self) -> bool {
        self.under_way().is_some() || self.build.as_ref().is_some_and(|build| build.state == "building")
    }

    /// Why the last build failed, if it did and nothing came after.
    pub(super) fn failure(&self) -> Option<&str> {
        let asked = self.asked.as_ref().and_then(|asked| asked.error.as_deref());
        let built = self.build.as_ref().and_then(|build| build.error.as_deref());
        if self.is_building() { None } else { asked.or(built) }
    }
}

/// All templates.
pub(super) async fn all<'a>(app: &'a App, scope: &StaffScope) -> Result<Vec<Entry<'a>>, Error> {
    let images = app.engine.list_images().await.ok();
    let mut entries = Vec::new();
    for folder in app.catalogue.all() {
        entries.push(entry(app, scope, folder, images.as_deref()).await?);
    }
    Ok(entries)
}

/// One template.
pub(super) async fn one<'a>(app: &'a App, scope: &StaffScope, name: &str) -> Result<Entry<'a>, Error> {
    let folder = app.catalogue.get(name).ok_or(Error::NotFound)?;
    let images = app.engine.list_images().await.ok();
    entry(app, scope, folder, images.as_deref()).await
}

async fn entry<'a>(
    app: &App,
    scope: &StaffScope,
    folder: &'a Folder,
    images: Option<&[Image]>,
) -> Result<Entry<'a>, Error> {
    // The engine is asked before the transaction begins: it may take its time.
    let image = state(app, &folder.image_tag(), images).await;
    let mut tx = scope.begin().await?;
    let asked = operations::for_target(&mut tx, template_id(&folder.template.name), 1).await?;
    let memory = i64::from(folder.template.resources.minimum_memory_mib);
    Ok(Entry {
        image,
        build: store::find_build(&mut tx, &folder.image_tag()).await?,
        asked: asked.into_iter().next(),
        sizes: store::sizes_from(&mut tx, memory).await?,
        folder,
    })
}

async fn state(app: &App, tag: &str, images: Option<&[Image]>) -> ImageState {
    let Some(images) = images else {
        return ImageState::Unknown;
    };
    let ours = images
        .iter()
        .find(|image| image.tags.iter().any(|one| one == tag));
    match ours {
        Some(image) => ImageState::Built {
            bytes: image.size_bytes,
            at: image.created_at,
        },
        None => match app.engine.image_exists(tag).await {
            Ok(true) => ImageState::Foreign,
            Ok(false) => ImageState::Missing,
            Err(_) => ImageState::Unknown,
        },
    }
}
