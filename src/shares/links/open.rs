//! What somebody does who came with a link, and has nothing else: fetch what it names, or bring files. Each use is written on
//! the link and into the audit log, with where it came from.

use axum::http::Method;
use axum::response::Response;
use serde_json::{Value, json};

use crate::app::App;
use crate::audit::{Change, Target};
use crate::drivers::engine::{FileEntry, FileKind, VolumePath};
use crate::files::{Transfer, WholeVolumes};
use crate::platform::access::{Visitor, Who};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::secret::hash_token;
use crate::servers;

use super::super::TOPIC;
use super::super::record::model::{LinkUse, ShareUseVerb, clean};
use super::super::store::{self, Found};
use super::model::{ShareLinkKind, numbered, place};

/// So many names are tried for a file whose name is taken.
const NAMES: u32 = 50;

/// A link that works, and what is behind it.
pub(super) struct Opened {
    app: App,
    pub(super) found: Found,
    volumes: WholeVolumes,
    pub(super) place: VolumePath,
}

impl Opened {
    /// Nothing but what works now is found: one that ended, or whose server is deleted or has no files yet, is like one that
    /// never was.
    pub(super) async fn of(app: &App, token: &str, kind: Option<ShareLinkKind>) -> Result<Self, Error> {
        let mut tx = app.db.system().await?;
        let found = store::link_of(&mut tx, &hash_token(token)).await?;
        let found = found.filter(|found| !found.link.is_over(app.now()));
        let found = found.filter(|found| kind.is_none_or(|kind| kind == found.link.kind));
        let found = found.ok_or(Error::NotFound)?;
        let server = servers::find(&mut tx, found.server).await?;
        server.check_stays().map_err(|_| Error::NotFound)?;
        let volumes = WholeVolumes::of(app, &mut tx, &server).await?;
        drop(tx);
        let place = place(&found.folder, &found.link.path).map_err(Error::internal)?;
        if !volumes.names.iter().any(|name| name == place.volume()) {
            return Err(Error::NotFound);
        }
        Ok(Self {
            app: app.clone(),
            found,
            volumes,
            place,
        })
    }

    /// What is to be fetched.
    pub(super) async fn entry(&self) -> Result<FileEntry, Error> {
        self.volumes.find(&self.place).await
    }

    /// The file, or the folder as a tar.
    pub(super) async fn fetch(&self, visitor: &Visitor, method: &Method) -> Result<Response, Error> {
        let is_folder = self.entry().await?.kind == FileKind::Folder;
        let answer = if is_folder {
            self.volumes.send_tar(&self.place).await?
        } else {
            self.volumes.send(&self.place).await?
        };
        // Whoever asks for the head alone fetches nothing.
        if method != Method::HEAD {
            let path = self.found.link.path.clone();
            self.note(
                visitor,
                ("share.fetch", ShareUseVerb::Read),
                json!({ "path": path }),
                &path,
            )
            .await?;
        }
        Ok(answer)
    }

    /// Stores a file under its name, or one beside it if that is taken: whoever brings files learns nothing of others, and
    /// replaces none. Says the name.
    pub(super) async fn take(&self, name: &str, content: Transfer) -> Result<String, Error> {
        if name.chars().any(char::is_control) {
            let message = "This name has characters that cannot be seen. Give the file another one.";
            return Err(Error::conflict("bad-name", message));
        }
        self.volumes.make_folders(&self.place).await?;
        for number in 0..NAMES {
            let name = numbered(name, number);
            let path = self.place.join(name.as_bytes());
            let path = path.map_err(|error| Error::conflict("bad-name", error.to_string()))?;
            match self.volumes.find(&path).await {
                Ok(_) => {}
                Err(Error::NotFound) => {
                    self.volumes.add(&path, content).await?;
                    return Ok(name);
                }
                Err(error) => return Err(error),
            }
        }
        Err(Error::conflict(
            "file-exists",
            "There are many files of that name. Give it another one.",
        ))
    }

    /// Writes that a file was brought.
    pub(super) async fn brought(&self, visitor: &Visitor, name: &str) -> Result<(), Error> {
        let path = &self.found.link.path;
        let joint = if path.is_empty() { "" } else { "/" };
        let brought = format!("{path}{joint}{name}");
        let what = json!({ "path": path, "file": name });
        self.note(visitor, ("share.bring", ShareUseVerb::Write), what, &brought)
            .await
    }

    async fn note(
        &self,
        visitor: &Visitor,
        (action, verb): (&'static str, ShareUseVerb),
        mut what: Value,
        path: &str,
    ) -> Result<(), Error> {
        let (found, now) = (&self.found, self.app.now());
        what["link"] = found.link.id.to_string().into();
        let who = Who {
            ip: Some(visitor.ip.clone()),
            request_id: Some(visitor.request_id.clone()),
            ..Who::system("a link")
        };
        let target = Target {
            kind: "share",
            id: Some(found.share.0),
            label: &found.share_name,
            tenant: Some(found.tenant),
        };
        let mut tx = self.app.db.system().await?;
        store::use_link(&mut tx, found.link.id, now).await?;
        let one = LinkUse {
            share: (found.share, &found.share_name),
            verb,
            path: &clean(path),
            ip: &visitor.ip,
            at: now,
        };
        store::add_by_link(
            &mut tx,
            (found.tenant, found.server),
            self.app.ids.uuid(now),
            &one,
        )
        .await?;
        self.app
            .audit(&mut tx, &who, &target, &Change::to(action, what))
            .await?;
        events::emit(&mut tx, Some(found.tenant), TOPIC, Some(found.server.0)).await?;
        tx.commit().await
    }
}
