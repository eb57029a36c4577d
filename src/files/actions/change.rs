//! Changes that bring no content: folders, other places and modes, the end.

use serde_json::json;

use crate::drivers::engine::{FilesChange, VolumePath};
use crate::platform::error::Error;

use super::super::model::{Item, Mode};
use super::Files;

impl Files {
    /// Makes a folder.
    pub async fn make_folder(&self, path: &VolumePath) -> Result<(), Error> {
        self.change(FilesChange::MakeFolder(path.clone())).await?;
        self.note("file.folder", path, json!({})).await
    }

    /// Gives an entry another place or mode, or both. Says where it is then. The place comes first: it is what may be taken.
    pub async fn alter(
        &self,
        path: &VolumePath,
        to: Option<&VolumePath>,
        mode: Option<Mode>,
    ) -> Result<Item, Error> {
        let before = self.find(path).await?;
        let place = to.unwrap_or(path);
        if place != path {
            self.change(FilesChange::Move(path.clone(), place.clone()))
                .await?;
            self.note("file.move", path, json!({ "to": place.to_string() }))
                .await?;
        }
        if let Some(mode) = mode.filter(|mode| *mode != Mode::of(before.entry.mode)) {
            self.change(FilesChange::SetMode(place.clone(), mode.bits()))
                .await?;
            self.note("file.mode", place, json!({ "mode": mode.to_string() }))
                .await?;
        }
        self.find(place).await
    }

    /// Deletes an entry; a folder with all that is in it.
    pub async fn delete(&self, path: &VolumePath) -> Result<(), Error> {
        self.change(FilesChange::Remove(path.clone())).await?;
        self.note("file.delete", path, json!({})).await
    }

    pub(super) async fn change(&self, change: FilesChange) -> Result<(), Error> {
        self.keeper.check_open()?;
        match &change {
            FilesChange::MakeFolder(path) | FilesChange::SetMode(path, _) | FilesChange::Discard(path, _) => {
                self.check_unlocked(path)?;
            }
            FilesChange::Move(from, to) => {
                self.check_unlocked(from)?;
                self.check_unlocked(to)?;
                self.check_unlocked_below(from, Some(to)).await?;
            }
            FilesChange::Remove(path) => {
                self.check_unlocked(path)?;
                self.check_unlocked_below(path, None).await?;
            }
        }
        let done = self.app.engine.change_files(&self.spec, &change).await;
        self.told(done).await
    }
}
