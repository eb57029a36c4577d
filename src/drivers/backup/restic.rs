//! The calls: what each gives the helper, and how its answer is read.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream::BoxStream};

use super::error::check;
use super::said::{self, Lines, is_snapshot};
use super::target::{Address, IN_VOLUME, file};
use super::{BackupError, BackupEvent, BackupResult, Entry, InBackup};
use crate::drivers::engine::{
    Engine, EngineStream, HelperEvent, HelperFile, HelperSpec, HelperVolume, ServerKey, TenantKey, VolumeKey,
};

/// The longest answer that is kept in memory.
const MAX_ANSWER: usize = 64 << 20;

/// A repository, and who asks.
#[derive(Clone)]
pub struct Place {
    /// The call's name on the engine: two calls with the same one end each other.
    pub call: ServerKey,
    /// Whose repository it is.
    pub tenant: TenantKey,
    /// Where it is.
    pub address: Address,
    /// Its key.
    pub password: String,
}

/// A volume, and what the backup calls it: for a server's, what its template does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedVolume {
    /// `[a-z0-9-]`.
    pub name: String,
    /// Which.
    pub key: VolumeKey,
}

/// What is saved.
#[derive(Debug, Clone)]
pub struct Saved {
    /// The server; absent for a volume of the tenant's own.
    pub server: Option<ServerKey>,
    /// Its volumes.
    pub volumes: Vec<SavedVolume>,
    /// What the server or volume is, as JSON: from this it can be made again.
    pub about: Vec<u8>,
    /// What the snapshot is found by.
    pub tag: String,
}

/// restic, on an engine.
#[derive(Debug, Clone)]
pub struct Restic {
    engine: Arc<dyn Engine>,
    base_image: String,
}

impl Restic {
    /// The helper's image is built from `base_image`.
    pub fn new(engine: Arc<dyn Engine>, base_image: String) -> Self {
        Self { engine, base_image }
    }

    /// Makes the repository if there is none, and proves that it is there and that the key fits. The snapshots that a tag has.
    pub async fn open(&self, place: &Place, tag: &str) -> BackupResult<Vec<String>> {
        let answer = self.answer(self.spec(place, words(&["open", tag]))).await?;
        said::snapshots(&answer).ok_or(BackupError::CutOff)
    }

    /// Saves volumes, as they are.
    pub async fn backup(
        &self,
        place: &Place,
        what: Saved,
    ) -> BackupResult<BoxStream<'static, BackupResult<BackupEvent>>> {
        let mut spec = self.spec(place, words(&["backup", &what.tag]));
        spec.volumes
            .extend(mounts(what.server.as_ref(), &what.volumes, true));
        spec.files.push(HelperFile {
            name: if what.server.is_some() {
                "about/server.json"
            } else {
                "about/volume.json"
            },
            content: what.about.clone(),
        });
        let mut events = self.engine.run_helper(&spec).await?;
        let stream = async_stream::try_stream! {
            let (mut lines, mut whole, mut names) = (Lines::default(), None, Vec::new());
            while let Some(event) = events.next().await {
                match event? {
                    HelperEvent::Out(bytes) => {
                        for line in lines.add(&bytes) {
                            match said::backup_line(&line) {
                                Some(BackupEvent::Done(summary)) => whole = Some(summary),
                                Some(event) => yield event,
                                None => names.extend(said::snapshots(&line).unwrap_or_default()),
                            }
                        }
                    }
                    HelperEvent::Ended(end) => {
                        // 3: files went away, or could not be read, while it looked; what there was is saved.
                        if !(end.code == Some(3) && whole.is_some()) {
                            check(&end)?;
                        }
                    }
                }
            }
            let mut whole = whole.ok_or(BackupError::CutOff)?;
            // A summary has the first digits only, which others may come to share.
            let full = names.into_iter().find(|full| full.starts_with(&whole.snapshot));
            whole.snapshot = full.ok_or(BackupError::CutOff)?;
            yield BackupEvent::Done(whole);
        };
        Ok(stream.boxed())
    }

    /// What is in a folder of a backup, by name.
    pub async fn list(&self, place: &Place, snapshot: &str, folder: &InBackup) -> BackupResult<Vec<Entry>> {
        named(snapshot)?;
        let path = folder.whole();
        let answer = self.answer(self.spec(place, words(&["list", snapshot, &path])));
        let answer = answer.await?;
        let lines = || answer.split(|byte| *byte == b'\n');
        // Of what is not there restic says nothing, and of a folder that it is.
        if !lines().any(|line| said::is_folder_line(line, &path)) {
            return Err(BackupError::NotInBackup);
        }
        let mut entries: Vec<_> = lines().filter_map(|line| said::list_line(line, &path)).collect();
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(entries)
    }

    /// A file's bytes, or a folder's tar.
    pub async fn dump(
        &self,
        place: &Place,
        snapshot: &str,
        what: &InBackup,
    ) -> BackupResult<BoxStream<'static, BackupResult<Bytes>>> {
        named(snapshot)?;
        let spec = self.spec(place, words(&["dump", snapshot, &what.whole()]));
        let mut events = self.engine.run_helper(&spec).await?;
        let stream = async_stream::try_stream! {
            let mut is_whole = false;
            while let Some(event) = events.next().await {
                match event? {
                    HelperEvent::Out(bytes) => yield bytes,
                    HelperEvent::Ended(end) => {
                        check(&end)?;
                        is_whole = true;
                    }
                }
            }
            if !is_whole {
                Err(BackupError::CutOff)?;
            }
        };
        Ok(stream.boxed())
    }

    /// Puts a file or folder into its volume's root under a name that is free, whether servers use it or not. A volume of no server is
    /// the tenant's own.
    pub async fn restore_beside(
        &self,
        place: &Place,
        snapshot: &str,
        (server, volume): (Option<&ServerKey>, &SavedVolume),
        (what, name): (&InBackup, &str),
    ) -> BackupResult<()> {
        named(snapshot)?;
        if name.is_empty() || name.starts_with('.') || name.contains(['/', '\0']) {
            return Err(BackupError::Exists);
        }
        let argv = [
            "beside",
            snapshot,
            &volume.name,
            what.path(),
            &what.pattern(),
            name,
        ];
        let mut spec = self.spec(place, words(&argv));
        spec.volumes
            .extend(mounts(server, std::slice::from_ref(volume), false));
        self.answer(spec).await.map(drop)
    }

    /// Makes volumes what they were. Whatever is in them goes, so nobody may use them.
    pub async fn restore_over(
        &self,
        place: &Place,
        snapshot: &str,
        (server, volumes): (Option<&ServerKey>, &[SavedVolume]),
    ) -> BackupResult<()> {
        named(snapshot)?;
        let mut argv = words(&["over", snapshot]);
        argv.extend(volumes.iter().map(|volume| volume.name.clone()));
        let mut spec = self.spec(place, argv);
        spec.volumes.extend(mounts(server, volumes, false));
        self.answer(spec).await.map(drop)
    }

    /// Removes snapshots, and what only they had.
    pub async fn forget(&self, place: &Place, snapshots: &[String]) -> BackupResult<()> {
        for snapshot in snapshots {
            named(snapshot)?;
        }
        if snapshots.is_empty() {
            return Ok(());
        }
        let mut argv = words(&["forget"]);
        argv.extend(snapshots.iter().cloned());
        self.answer(self.spec(place, argv)).await.map(drop)
    }

    /// Whether the repository is sound, as far as what it says of itself goes.
    pub async fn check(&self, place: &Place) -> BackupResult<()> {
        let spec = self.spec(place, words(&["check"]));
        self.answer(spec).await.map(drop)
    }

    /// The same, and whether so much of its data can be read and is what it was: another part each time.
    pub async fn check_data(&self, place: &Place, percent: u8) -> BackupResult<()> {
        let spec = self.spec(place, words(&["check", &format!("{percent}%")]));
        self.answer(spec).await.map(drop)
    }

    fn spec(&self, place: &Place, argv: Vec<String>) -> HelperSpec {
        let mut files = place.address.files();
        files.push(file("password", &place.password));
        let repository = match &place.address {
            Address::Volume(key) => Some(HelperVolume {
                key: key.clone(),
                server: None,
                place: IN_VOLUME.to_owned(),
                read_only: false,
            }),
            Address::Sftp(_) | Address::S3(_) => None,
        };
        HelperSpec {
            key: place.call.clone(),
            tenant: place.tenant.clone(),
            base_image: self.base_image.clone(),
            argv,
            files,
            volumes: repository.into_iter().collect(),
            reaches_out: place.address.reaches_out(),
        }
    }

    /// All that a call answers.
    async fn answer(&self, spec: HelperSpec) -> BackupResult<Vec<u8>> {
        let mut events: EngineStream<HelperEvent> = self.engine.run_helper(&spec).await?;
        let mut answer = Vec::new();
        while let Some(event) = events.next().await {
            match event? {
                HelperEvent::Out(bytes) if answer.len() + bytes.len() <= MAX_ANSWER => {
                    answer.extend_from_slice(&bytes);
                }
                HelperEvent::Out(_) => return Err(BackupError::CutOff),
                HelperEvent::Ended(end) => {
                    check(&end)?;
                    return Ok(answer);
                }
            }
        }
        Err(BackupError::CutOff)
    }
}

fn words(all: &[&str]) -> Vec<String> {
    all.iter().map(|word| (*word).to_owned()).collect()
}

fn named(snapshot: &str) -> BackupResult<()> {
    if is_snapshot(snapshot) {
        Ok(())
    } else {
        Err(BackupError::NotInBackup)
    }
}

fn mounts(server: Option<&ServerKey>, volumes: &[SavedVolume], read_only: bool) -> Vec<HelperVolume> {
    let one = |volume: &SavedVolume| HelperVolume {
        key: volume.key.clone(),
        server: server.cloned(),
        place: format!("/volumes/{}", volume.name),
        read_only,
    };
    volumes.iter().map(one).collect()
}
