//! The release binary as a process, over a test's database.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use berth::testing::TestApp;
use tokio::process::{Child, Command};

const LOOK_AGAIN: Duration = Duration::from_millis(10);
const DEADLINE: Duration = Duration::from_mins(2);

/// The settings of a panel.
pub(crate) struct Panel {
    pub(crate) instance: String,
    pub(crate) address: SocketAddr,
    machines: SocketAddr,
    settings: Vec<(&'static str, String)>,
}

/// A panel that runs; killed when dropped.
pub(crate) struct Running {
    child: Child,
}

impl Panel {
    pub(crate) fn of(app: &TestApp, name: &str) -> Self {
        let instance = format!("bench-{name}-{}", std::process::id());
        let (address, machines) = (free_address(), free_address());
        let config = &app.app.config;
        let settings = vec![
            ("DATABASE_URL", app.database_url()),
            ("BERTH_LISTEN", address.to_string()),
            ("BERTH_METRICS_LISTEN", machines.to_string()),
            ("BERTH_PUBLIC_URL", format!("http://{address}")),
            ("BERTH_DATA_DIR", config.data_dir.display().to_string()),
            ("BERTH_CATALOGUE_DIR", config.catalogue_dir.display().to_string()),
            ("BERTH_INSTANCE", instance.clone()),
            ("BERTH_PORTS", "11000-13999".to_owned()),
            ("BERTH_NETWORK_POOL", "10.96.0.0/16".to_owned()),
            ("BERTH_RATE_PER_MINUTE", "100000000".to_owned()),
            ("BERTH_LOG", "warn".to_owned()),
            ("BERTH_NETWORK_GUARD", "off".to_owned()),
        ];
        Self {
            instance,
            address,
            machines,
            settings,
        }
    }

    pub(crate) fn set(&mut self, name: &'static str, value: &str) {
        self.settings.retain(|(known, _)| *known != name);
        self.settings.push((name, value.to_owned()));
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_berth"));
        command
            .arg("serve")
            .env_remove("BERTH_DATABASE_ADMIN_URL")
            .envs(self.settings.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Starts it; how long it takes until it is ready is told.
    pub(crate) async fn serve(&self) -> (Running, Duration) {
        let begun = Instant::now();
        let child = self.command().spawn().unwrap();
        self.ready().await;
        (Running { child }, begun.elapsed())
    }

    /// Starts it so that it writes every statement that it runs into a file of JSON lines.
    pub(crate) async fn serve_telling_statements(&self) -> (Running, PathBuf) {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("statements.jsonl");
        let mut command = self.command();
        command
            .env("BERTH_LOG", "warn,sqlx::query=debug")
            .env("BERTH_LOG_FORMAT", "json")
            .stderr(std::fs::File::create(&path).unwrap());
        let child = command.spawn().unwrap();
        self.ready().await;
        (Running { child }, path)
    }

    async fn ready(&self) {
        let http = reqwest::Client::new();
        let url = format!("http://{}/readyz", self.machines);
        until("the panel is ready", async || {
            let answer = http.get(&url).send().await;
            answer.is_ok_and(|answer| answer.status().is_success())
        })
        .await;
    }
}

impl Running {
    /// What it has of the machine's memory, in MiB.
    pub(crate) fn resident_mib(&self) -> f64 {
        let path = format!("/proc/{}/status", self.child.id().unwrap());
        let status = std::fs::read_to_string(Path::new(&path)).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        let kib: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kib / 1024.0
    }

    /// The processor time that it has used until now, its own and the kernel's for it: proc(5), stat, fields 14 and 15.
    pub(crate) fn processor_time(&self) -> Duration {
        processor_time(&self.child.id().unwrap().to_string())
    }

    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

/// The same of any process, by its number or as `self`.
pub(crate) fn processor_time(process: &str) -> Duration {
    let path = format!("/proc/{process}/stat");
    let stat = std::fs::read_to_string(Path::new(&path)).unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let ticks = fields
        .split(' ')
        .skip(11)
        .take(2)
        .map(|field| field.parse::<u64>().unwrap());
    // A tick is a hundredth of a second on Linux, whatever the kernel's own clock (time(7)).
    Duration::from_millis(ticks.sum::<u64>() * 10)
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Waits for something to become true.
pub(crate) async fn until(what: &str, is_so: impl AsyncFnMut() -> bool) {
    until_every(LOOK_AGAIN, what, is_so).await;
}

/// The same, asking less often where asking costs what is measured.
pub(crate) async fn until_every(period: Duration, what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < DEADLINE, "not within {DEADLINE:?}: {what}");
        tokio::time::sleep(period).await;
    }
}

/// The tests' catalogue: its template is as small as a server can be.
pub(crate) fn catalogue() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/catalogue"))
}
