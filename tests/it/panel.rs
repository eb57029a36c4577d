//! The real binary as a process of its own, for what no test inside one process can show: dying, and starting again.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use berth::testing::TestApp;
use tokio::process::{Child, Command};

use crate::engine_contract::docker_world::IMAGE;

/// However slow the machine is, nothing here takes so long.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(50);
const SIGKILL: i32 = 9;
/// Ports for servers, for each panel so many, below what the kernel gives to callers.
const PORTS: (u16, u16) = (12_000, 20);
const PANELS: u16 = 400;

/// A panel that can be started and killed, over the database and the settings of a test's [`TestApp`].
pub(crate) struct Panel {
    /// What its objects on the engine are labelled with.
    pub(crate) instance: String,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    settings: Vec<(&'static str, String)>,
    first_port: u16,
    log: PathBuf,
}

/// One that runs; killed when dropped.
pub(crate) struct Running {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
}

impl Panel {
    /// A panel with an instance, addresses, ports and networks of its own.
    pub(crate) fn of(app: &TestApp) -> Self {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let pid = std::process::id();
        let instance = format!("it-{pid}-{number}");
        let slot = (u16::try_from(pid % u32::from(PANELS)).unwrap() * 16 + number) % PANELS;
        let first = PORTS.0 + slot * PORTS.1;
        let address = free_address();
        let config = &app.app.config;
        let settings = vec![
            ("DATABASE_URL", app.database_url()),
            ("BERTH_DATABASE_CONNECTIONS", "6".to_owned()),
            ("BERTH_LISTEN", address.to_string()),
            ("BERTH_METRICS_LISTEN", free_address().to_string()),
            ("BERTH_PUBLIC_URL", format!("http://{address}")),
            ("BERTH_DATA_DIR", config.data_dir.display().to_string()),
            ("BERTH_CATALOGUE_DIR", config.catalogue_dir.display().to_string()),
            ("BERTH_BASE_IMAGE", IMAGE.to_owned()),
            ("BERTH_INSTANCE", instance.clone()),
            ("BERTH_PORTS", format!("{first}-{}", first + PORTS.1 - 1)),
            (
                "BERTH_NETWORK_POOL",
                format!("10.{}.{}.0/20", 64 + slot / 16, slot % 16 * 16),
            ),
            ("BERTH_RATE_PER_MINUTE", "1000000".to_owned()),
            // Its own tests switch it on; to the others it is one more container.
            ("BERTH_NETWORK_GUARD", "off".to_owned()),
        ];
        let log = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{instance}.log"));
        Self {
            instance,
            address,
            settings,
            first_port: first,
            log,
        }
    }

    /// Changes a setting.
    pub(crate) fn set(&mut self, name: &'static str, value: String) {
        self.settings.retain(|(known, _)| *known != name);
        self.settings.push((name, value));
    }

    /// Leaves a setting at its default.
    pub(crate) fn unset(&mut self, name: &str) {
        self.settings.retain(|(known, _)| *known != name);
    }

    /// The first of the ports that its servers get.
    pub(crate) fn first_port(&self) -> u16 {
        self.first_port
    }

    /// Runs another command with its settings. Tells what it printed, and whether it was content.
    pub(crate) async fn run(&self, arguments: &[&str]) -> (String, bool) {
        let mut command = self.command();
        let output = command.args(arguments).output().await.unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        (told, output.status.success())
    }

    /// Another command with its settings.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_berth"));
        command
            .env_remove("BERTH_DATABASE_ADMIN_URL")
            .envs(self.settings.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Starts it, to die at `fault` if one is given.
    pub(crate) fn start(&self, fault: Option<&str>) -> Running {
        let log = File::options().create(true).append(true).open(&self.log).unwrap();
        let mut command = self.command();
        command.arg("serve").stdout(Stdio::null()).stderr(log);
        if let Some(fault) = fault {
            command.env("BERTH_FAULT_POINT", fault);
        }
        Running {
            child: command.spawn().unwrap(),
            address: self.address,
            log: self.log.clone(),
        }
    }

    /// Starts it and waits until it says that it is ready.
    pub(crate) async fn serve(&self) -> Running {
        let running = self.start(None);
        let http = reqwest::Client::new();
        let url = format!("http://{}/readyz", running.address);
        until("the panel is ready", async || {
            let answer = http.get(&url).send().await;
            answer.is_ok_and(|answer| answer.status().is_success())
        })
        .await;
        running
    }
}

impl Running {
    /// Waits until it has died by its own hand.
    pub(crate) async fn died(self, point: &str) {
        self.died_within(DEADLINE, point).await;
    }

    /// The same for a point that is reached late.
    pub(crate) async fn died_within(mut self, limit: Duration, point: &str) {
        let died = tokio::time::timeout(limit, self.child.wait()).await;
        let status = died.unwrap_or_else(|_| panic!("{point} was not reached: see {}", self.log.display()));
        let status = status.unwrap();
        assert_eq!(
            status.signal(),
            Some(SIGKILL),
            "{point}: {status}, see {}",
            self.log.display()
        );
    }

    /// Asks it to end, as an operator does, and waits until it has.
    pub(crate) async fn stop(mut self) {
        let id = i32::try_from(self.child.id().unwrap()).unwrap();
        let process = rustix::process::Pid::from_raw(id).unwrap();
        rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
        let ended = tokio::time::timeout(DEADLINE, self.child.wait()).await;
        let status = ended.unwrap_or_else(|_| panic!("it does not end: see {}", self.log.display()));
        assert!(status.unwrap().success(), "see {}", self.log.display());
    }

    /// Kills it, as a power cut would.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Waits for something to become true.
pub(crate) async fn until(what: &str, is_so: impl AsyncFnMut() -> bool) {
    until_within(DEADLINE, what, is_so).await;
}

/// Waits for something that may take longer than the usual.
pub(crate) async fn until_within(limit: Duration, what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < limit, "not within {limit:?}: {what}");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
