//! What people write about a server: tags and a note. Neither is a wish about its container, so nothing has to be done.

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::platform::access::TenantScope;
use crate::platform::db::TenantTx;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::ServerId;

use super::super::model::{Note, Refusal, Server, Tags};
use super::super::store;
use super::settings::SettingsInput;
use super::{target, tell};

/// What changes of it.
#[derive(Debug, Default)]
pub(super) struct Description {
    tags: Option<Tags>,
    note: Option<Note>,
}

impl Description {
    /// What of the input is a change; what is wrong with it goes to `errors`.
    pub(super) async fn check(
        tx: &mut TenantTx,
        server: &Server,
        input: &SettingsInput,
        errors: &mut FieldErrors,
    ) -> Result<Self, Error> {
        let tags = match &input.tags {
            Some(tags) => errors.check("tags", Tags::parse(tags.iter().map(String::as_str))),
            None => None,
        };
        let note = match &input.note {
            Some(note) => errors.check("note", Note::parse(note)),
            None => None,
        };
        let present = store::note(tx, server.id).await?;
        Ok(Self {
            tags: tags.filter(|tags| tags.texts() != server.tags),
            note: note.filter(|note| note.as_str() != present),
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tags.is_none() && self.note.is_none()
    }

    pub(super) fn has_note(&self) -> bool {
        self.note.is_some()
    }

    pub(super) async fn save(
        &self,
        app: &App,
        tx: &mut TenantTx,
        scope: &TenantScope,
        server: &Server,
    ) -> Result<(), Error> {
        let (who, now) = (&scope.who.label, app.now());
        if let Some(tags) = &self.tags {
            store::save_tags(tx, server.id, tags, now).await?;
            tell(app, tx, server, tagged(who, tags)).await?;
        }
        if let Some(note) = &self.note {
            store::save_note(tx, server, note, (who, now)).await?;
            tell(app, tx, server, format!("{who} changed its note.")).await?;
        }
        Ok(())
    }
}

fn tagged(who: &str, tags: &Tags) -> String {
    if tags.is_empty() {
        format!("{who} took its tags away.")
    } else {
        format!("{who} tagged it {}.", tags.texts().join(", "))
    }
}

/// Adds tags to a server and takes others away. What is so already is no change.
pub(super) async fn retag(
    app: &App,
    scope: &TenantScope,
    id: ServerId,
    (add, remove): (&Tags, &Tags),
) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    let before = store::lock(&mut tx, id).await?;
    if before.deleting_at.is_some() {
        return Err(Refusal::Deleting.into());
    }
    let present = Tags::parse(before.tags.iter().map(String::as_str));
    let tags = present.and_then(|tags| tags.with(add, remove));
    let tags = tags.map_err(|error| Error::conflict("too-many-tags", error.to_string()))?;
    if tags.texts() == before.tags {
        return Ok(());
    }
    store::save_tags(&mut tx, id, &tags, app.now()).await?;
    tell(app, &mut tx, &before, tagged(&scope.who.label, &tags)).await?;
    let told = (json!({ "tags": before.tags }), json!({ "tags": tags.texts() }));
    let change = Change::between("server.tag", told.0, told.1);
    app.audit(&mut tx, &scope.who, &target(&before), &change).await?;
    tx.commit().await
}
