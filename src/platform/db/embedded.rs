//! A private PostgreSQL cluster for installations without one: Debian's binaries, a socket only, a 0700 folder.
//!
//! The cluster goes on when the panel stops or is killed, so a restart of the panel costs nothing; `berth database stop`
//! ends it. PostgreSQL refuses to run as root, so root hands it to the system user `postgres`.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::platform::secret::{Secret, random_text};

/// Debian keeps each major version's programs in a folder of its own.
const BINARIES: &str = "/usr/lib/postgresql";
const OS_USER: &str = "postgres";
const ADMIN: &str = "berth_admin";
const PASSWORD_LENGTH: usize = 32;

/// Why the private cluster could not be used.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// No server programs.
    #[error("no PostgreSQL found below {BINARIES}: install Debian's package postgresql, or set DATABASE_URL")]
    NotInstalled,
    /// A file or program could not be used.
    #[error("{what}")]
    Io {
        /// What was tried.
        what: String,
        /// The system's word.
        source: std::io::Error,
    },
    /// A program of PostgreSQL failed.
    #[error("{program} failed: {output}")]
    Program {
        /// Which.
        program: &'static str,
        /// What it printed.
        output: String,
    },
}

/// The cluster in one folder.
#[derive(Debug, Clone)]
pub struct EmbeddedPostgres {
    folder: PathBuf,
    binaries: PathBuf,
    admin_password: Secret,
    panel_password: Secret,
    mail_password: Secret,
    /// Faster and unsafe at power loss: for tests.
    volatile: bool,
}

impl EmbeddedPostgres {
    /// The cluster in `folder`, made if it is not there, running when this returns.
    pub async fn start(folder: &Path, volatile: bool) -> Result<Self, EmbeddedError> {
        let folder = std::path::absolute(folder).map_err(io("the data folder's path"))?;
        let binaries = newest_binaries("initdb")?;
        std::fs::create_dir_all(&folder).map_err(io(format!("creating {}", folder.display())))?;
        let admin_password = password(&folder.join("admin.password"))?;
        let panel_password = password(&folder.join("panel.password"))?;
        let mail_password = password(&folder.join("mail.password"))?;
        let this = Self {
            folder,
            binaries,
            admin_password,
            panel_password,
            mail_password,
            volatile,
        };
        this.hand_over()?;
        if !this.data().join("PG_VERSION").exists() {
            this.create().await?;
        }
        if !this.is_running().await? {
            this.launch().await?;
        }
        Ok(this)
    }

    /// Stops the cluster in `folder`, if it runs.
    pub async fn stop(folder: &Path) -> Result<(), EmbeddedError> {
        let this = Self::at(folder)?;
        if this.is_running().await? {
            this.run("pg_ctl", &["stop", "--mode=fast", "-D", &text(&this.data())])
                .await?;
        }
        Ok(())
    }

    /// The panel's address of `database` in the cluster in `folder`, if it runs. Starts nothing.
    pub async fn running(folder: &Path, database: &str) -> Result<Option<Secret>, EmbeddedError> {
        let mut this = Self::at(folder)?;
        if !this.data().join("PG_VERSION").exists() || !this.is_running().await? {
            return Ok(None);
        }
        this.panel_password = password(&this.folder.join("panel.password"))?;
        Ok(Some(this.panel_url(database)))
    }

    fn at(folder: &Path) -> Result<Self, EmbeddedError> {
        Ok(Self {
            folder: std::path::absolute(folder).map_err(io("the data folder's path"))?,
            binaries: newest_binaries("initdb")?,
            admin_password: Secret::default(),
            panel_password: Secret::default(),
            mail_password: Secret::default(),
            volatile: false,
        })
    }

    /// The administrator's address of `database`, for roles and migrations.
    pub fn admin_url(&self, database: &str) -> Secret {
        self.url(ADMIN, &self.admin_password, database)
    }

    /// The panel's address of `database`.
    pub fn panel_url(&self, database: &str) -> Secret {
        self.url("berth", &self.panel_password, database)
    }

    /// The password that `berth` gets.
    pub fn panel_password(&self) -> &str {
        self.panel_password.expose()
    }

    /// The password that `mail_reader` gets. Whoever starts the mail service finds it in the file `mail.password`.
    pub fn mail_password(&self) -> &Secret {
        &self.mail_password
    }

    fn url(&self, user: &str, password: &Secret, database: &str) -> Secret {
        let host = text(&self.socket()).replace('/', "%2F");
        Secret::new(format!(
            "postgres://{user}:{}@localhost/{database}?host={host}",
            password.expose()
        ))
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn socket(&self) -> PathBuf {
        self.folder.join("run")
    }

    /// Gives the folders to the user that PostgreSQL runs as.
    fn hand_over(&self) -> Result<(), EmbeddedError> {
        for folder in [self.data(), self.socket()] {
            std::fs::create_dir_all(&folder).map_err(io(format!("creating {}", folder.display())))?;
            // A second `chown` of a live data folder would change nothing; the mode is PostgreSQL's own demand.
            std::fs::set_permissions(&folder, Permissions::from_mode(0o700))
                .map_err(io(format!("protecting {}", folder.display())))?;
            if let Some((uid, gid)) = os_user()? {
                std::os::unix::fs::chown(&folder, Some(uid), Some(gid))
                    .map_err(io(format!("handing over {}", folder.display())))?;
            }
        }
        Ok(())
    }

    async fn create(&self) -> Result<(), EmbeddedError> {
        let handover = self.socket().join("initdb.password");
        std::fs::write(&handover, self.admin_password.expose()).map_err(io("writing initdb's password"))?;
        std::fs::set_permissions(&handover, Permissions::from_mode(0o600)).map_err(io("protecting it"))?;
        if let Some((uid, gid)) = os_user()? {
            std::os::unix::fs::chown(&handover, Some(uid), Some(gid)).map_err(io("handing it over"))?;
        }
        let (data, pwfile) = (text(&self.data()), format!("--pwfile={}", handover.display()));
        let arguments = [
            "-D",
            &data,
            "-U",
            ADMIN,
            "--auth=scram-sha-256",
            &pwfile,
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        ];
        let made = self.run("initdb", &arguments).await;
        std::fs::remove_file(&handover).map_err(io("removing initdb's password"))?;
        made.map(drop)
    }

    async fn is_running(&self) -> Result<bool, EmbeddedError> {
        let status = self
            .command("pg_ctl")
            .args(["status", "-D"])
            .arg(self.data())
            .output()
            .await;
        Ok(status.map_err(io("running pg_ctl"))?.status.success())
    }

    async fn launch(&self) -> Result<(), EmbeddedError> {
        let mut options = format!(
            "-k {} -c listen_addresses= -c max_connections=200",
            self.socket().display()
        );
        if self.volatile {
            options.push_str(" -c fsync=off -c synchronous_commit=off -c full_page_writes=off");
        }
        let (data, log) = (text(&self.data()), text(&self.data().join("server.log")));
        self.run(
            "pg_ctl",
            &[
                "start",
                "--wait",
                "--timeout=60",
                "-D",
                &data,
                "-l",
                &log,
                "-o",
                &options,
            ],
        )
        .await
        .map(drop)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.binaries.join(program));
        if let Ok(Some((uid, gid))) = os_user() {
            command.uid(uid).gid(gid);
        }
        // The cluster outlives us, so it must not hold our terminal or our signals.
        command
            .process_group(0)
            .current_dir("/")
            .stdin(std::process::Stdio::null());
        command
    }

    async fn run(&self, program: &'static str, arguments: &[&str]) -> Result<(), EmbeddedError> {
        // A server that pg_ctl starts would inherit a pipe and keep it open for ever: print to a file instead.
        let log = self.folder.join(format!("{program}.log"));
        let file = std::fs::File::create(&log).map_err(io(format!("creating {}", log.display())))?;
        let copy = file.try_clone().map_err(io("sharing the log"))?;
        let status = self
            .command(program)
            .args(arguments)
            .stdout(file)
            .stderr(copy)
            .status()
            .await;
        if status.map_err(io(format!("running {program}")))?.success() {
            return Ok(());
        }
        Err(EmbeddedError::Program {
            program,
            output: std::fs::read_to_string(&log).unwrap_or_default(),
        })
    }
}

fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> EmbeddedError {
    let what = what.into();
    |source| EmbeddedError::Io { what, source }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// The folder of the newest version that has `program`.
pub(super) fn newest_binaries(program: &str) -> Result<PathBuf, EmbeddedError> {
    let versions = std::fs::read_dir(BINARIES).map_err(|_| EmbeddedError::NotInstalled)?;
    let usable = versions.flatten().filter_map(|entry| {
        let version: u32 = entry.file_name().to_str()?.parse().ok()?;
        let binaries = entry.path().join("bin");
        binaries.join(program).exists().then_some((version, binaries))
    });
    usable
        .max()
        .map(|(_, binaries)| binaries)
        .ok_or(EmbeddedError::NotInstalled)
}

fn password(path: &Path) -> Result<Secret, EmbeddedError> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    match std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
    {
        Ok(mut file) => {
            file.write_all(random_text(PASSWORD_LENGTH).as_bytes())
                .map_err(io("writing a password file"))?;
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(io(format!("creating {}", path.display()))(error)),
    }
    std::fs::read_to_string(path)
        .map(Secret::new)
        .map_err(io(format!("reading {}", path.display())))
}

/// The user and group to run as, where we are root.
fn os_user() -> Result<Option<(u32, u32)>, EmbeddedError> {
    if !rustix::process::getuid().is_root() {
        return Ok(None);
    }
    let passwd = std::fs::read_to_string("/etc/passwd").map_err(io("reading /etc/passwd"))?;
    let ids = passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(OS_USER)).then(|| fields.nth(1).zip(fields.next()))?
    });
    let (uid, gid) = ids.ok_or(EmbeddedError::NotInstalled)?;
    Ok(uid.parse().ok().zip(gid.parse().ok()))
}
