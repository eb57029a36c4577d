//! A pool of a test's own, with the real binary serving it on a socket that no engine knows.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// However slow the machine is, nothing here takes so long.
pub(super) const DEADLINE: Duration = Duration::from_secs(90);
pub(super) const MIB: u64 = 1 << 20;
const SIGKILL: i32 = 9;
const BLOCK: usize = 64 << 10;

/// A folder for a pool, its file and its driver. All of it goes when it is dropped.
pub(super) struct Pool {
    folder: PathBuf,
    driver: Option<Child>,
}

impl Pool {
    /// A folder without a pool.
    pub(super) fn none() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        sweep();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("berth-pool-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        Self { folder, driver: None }
    }

    /// A pool of this size, served.
    pub(super) fn served(size: &str) -> Self {
        let mut pool = Self::none();
        let made = pool.berth(&["pool", "init", "--size", size]);
        assert!(made.status.success(), "{}", words(&made));
        pool.serve();
        pool
    }

    pub(super) fn root(&self) -> PathBuf {
        self.folder.join("pool")
    }

    pub(super) fn source(&self) -> PathBuf {
        self.folder.join("pool.img")
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.folder.join("berth.sock")
    }

    pub(super) fn data(&self, volume: &str) -> PathBuf {
        self.root().join("volumes").join(volume).join("data")
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_berth"));
        command
            .env("BERTH_POOL", self.root())
            .env("BERTH_POOL_SOCKET", self.socket())
            .env("BERTH_DATA_DIR", self.folder.join("data"))
            .env_remove("BERTH_POOL_SOURCE")
            .stdin(Stdio::null());
        command
    }

    /// Runs one of Berth's commands about this pool.
    pub(super) fn berth(&self, arguments: &[&str]) -> Output {
        self.command().args(arguments).output().unwrap()
    }

    /// Starts the driver and waits until it answers.
    pub(super) fn serve(&mut self) {
        self.start(None);
        until("the driver answers", || {
            self.try_call("/Plugin.Activate", &json!({})).is_some()
        });
    }

    /// Starts the driver, to die at `fault` if one is given.
    pub(super) fn start(&mut self, fault: Option<&str>) {
        assert!(self.driver.is_none(), "one at a time");
        let path = self.folder.join("driver.log");
        let log = File::options().create(true).append(true).open(path).unwrap();
        let mut command = self.command();
        command.arg("volume-driver").stdout(Stdio::null()).stderr(log);
        if let Some(fault) = fault {
            command.env("BERTH_FAULT_POINT", fault);
        }
        self.driver = Some(command.spawn().unwrap());
    }

    /// What the driver has written down.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.folder.join("driver.log")).unwrap_or_default()
    }

    pub(super) fn kill(&mut self) {
        let mut driver = self.driver.take().unwrap();
        driver.kill().unwrap();
        driver.wait().unwrap();
    }

    /// Ends it as a person would.
    pub(super) fn stop(&mut self) {
        let mut driver = self.driver.take().unwrap();
        run("kill", &["-TERM", &driver.id().to_string()]);
        assert!(driver.wait().unwrap().success());
    }

    /// Waits until the driver has died by its own hand.
    pub(super) fn died(&mut self, point: &str) {
        let mut driver = self.driver.take().unwrap();
        let mut status = None;
        until(point, || {
            status = driver.try_wait().unwrap();
            status.is_some()
        });
        assert_eq!(status.unwrap().signal(), Some(SIGKILL), "{point}: {}", self.log());
    }

    pub(super) fn pid(&self) -> u32 {
        self.driver.as_ref().unwrap().id()
    }

    /// Whether somebody listens at the socket.
    pub(super) fn socket_answers(&self) -> bool {
        UnixStream::connect(self.socket()).is_ok()
    }

    /// Calls the driver as the engine does. `None` if nobody answers.
    pub(super) fn try_call(&self, path: &str, body: &Value) -> Option<Value> {
        call(&self.socket(), path, &body.to_string())
    }

    /// The answer, which has to be there.
    pub(super) fn call(&self, path: &str, body: &Value) -> Value {
        let answer = self.try_call(path, body);
        answer.unwrap_or_else(|| panic!("{path} was not answered:\n{}", self.log()))
    }

    /// Calls it and demands success.
    #[track_caller]
    pub(super) fn good(&self, path: &str, body: &Value) -> Value {
        let answer = self.call(path, body);
        assert_eq!(answer["Err"], "", "{path} {body}:\n{}", self.log());
        answer
    }

    /// Calls it and demands a refusal, which it gives.
    #[track_caller]
    pub(super) fn refused(&self, path: &str, body: &Value) -> String {
        let answer = self.call(path, body);
        let says = answer["Err"].as_str().unwrap().to_owned();
        assert_ne!(says, "", "{path} {body}");
        says
    }

    #[track_caller]
    pub(super) fn create(&self, name: &str, size: &str, tenant: Option<&str>) {
        let mut options = json!({ "size": size });
        if let Some(tenant) = tenant {
            options["tenant"] = json!(tenant);
        }
        self.good("/VolumeDriver.Create", &json!({ "Name": name, "Opts": options }));
    }

    #[track_caller]
    pub(super) fn remove(&self, name: &str) {
        self.good("/VolumeDriver.Remove", &json!({ "Name": name }));
    }

    pub(super) fn names(&self) -> Vec<String> {
        let answer = self.good("/VolumeDriver.List", &json!({}));
        let volumes = answer["Volumes"].as_array().unwrap();
        let names = volumes
            .iter()
            .map(|volume| volume["Name"].as_str().unwrap().to_owned());
        names.collect()
    }

    /// What is told of a volume.
    #[track_caller]
    pub(super) fn told(&self, name: &str) -> Value {
        let answer = self.good("/VolumeDriver.Get", &json!({ "Name": name }));
        answer["Volume"]["Status"].clone()
    }

    /// What a volume holds now.
    pub(super) fn holds(&self, name: &str) -> u64 {
        let answer = self.good("/Berth.Usage", &json!({ "Fresh": true }));
        let volumes = answer["Usage"]["volumes"].as_array().unwrap();
        let found = volumes.iter().find(|one| one["name"] == name).unwrap();
        found["used"].as_u64().unwrap()
    }

    /// What a tenant's volumes hold now.
    pub(super) fn tenant_holds(&self, tenant: &str) -> Option<u64> {
        let answer = self.good("/Berth.Usage", &json!({ "Fresh": true }));
        let tenants = answer["Usage"]["tenants"].as_array().unwrap();
        let found = tenants.iter().find(|one| one["tenant"] == tenant)?;
        found["used"].as_u64()
    }

    /// Where the kernel tells about it.
    pub(super) fn kernel(&self) -> PathBuf {
        let device = run("findmnt", &["-no", "SOURCE", self.root().to_str().unwrap()]);
        let device = Path::new(device.trim()).file_name().unwrap().to_owned();
        let mut all = fs::read_dir("/sys/fs/btrfs").unwrap().flatten();
        let found = all.find(|entry| entry.path().join("devices").join(&device).exists());
        found.unwrap().path()
    }

    /// The numbers of the quota groups of a level.
    pub(super) fn groups(&self, level: u16) -> Vec<u64> {
        let Ok(all) = fs::read_dir(self.kernel().join("qgroups")) else {
            return Vec::new();
        };
        let names = all
            .flatten()
            .map(|entry| entry.file_name().into_string().unwrap());
        let numbers = names.filter_map(|name| {
            let (of, number) = name.split_once('_')?;
            (of.parse() == Ok(level)).then(|| number.parse().ok())?
        });
        let mut numbers: Vec<u64> = numbers.filter(|number| (level, *number) != (0, 5)).collect();
        numbers.sort_unstable();
        numbers
    }

    /// The limits of all volumes' groups, as the kernel has them.
    pub(super) fn limits(&self) -> Vec<u64> {
        let read = |number: &u64| {
            let file = self.kernel().join(format!("qgroups/1_{number}/max_referenced"));
            // One may have gone since it was listed.
            fs::read_to_string(file).ok()?.trim().parse::<u64>().ok()
        };
        let mut limits: Vec<u64> = self.groups(1).iter().filter_map(read).collect();
        limits.sort_unstable();
        limits
    }

    /// Waits until the kernel has one group for each volume and one for each subvolume in them, no more.
    #[track_caller]
    pub(super) fn tidy(&self) {
        until("there is nothing but what the volumes need", || {
            let volumes = self.names();
            let snapshots: usize = volumes
                .iter()
                .map(|name| self.told(name)["snapshots"].as_array().unwrap().len())
                .sum();
            let staged = |name: &str| {
                fs::read_dir(self.root().join(".berth").join(name))
                    .unwrap()
                    .count()
            };
            self.groups(1).len() == volumes.len()
                && self.groups(0).len() == volumes.len() + snapshots
                && staged("removed") == 0
        });
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        if let Some(mut driver) = self.driver.take() {
            let _ = driver.kill();
            let _ = driver.wait();
        }
        clear(&self.folder);
    }
}

/// Unmounts what is in the folder, and removes it. Nothing is removed below a mount.
fn clear(folder: &Path) {
    let root = folder.join("pool");
    let is_mounted = || {
        let table = fs::read_to_string("/proc/self/mountinfo").unwrap();
        let place = format!(" {} ", root.display());
        table.lines().any(|line| line.contains(&place))
    };
    while is_mounted() {
        let done = Command::new("umount").arg("--lazy").arg(&root).status();
        if !done.is_ok_and(|status| status.success()) {
            return;
        }
    }
    let _ = fs::remove_dir_all(folder);
}

/// What tests left that were killed.
fn sweep() {
    for entry in fs::read_dir(std::env::temp_dir()).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap_or_default();
        let pid = name
            .strip_prefix("berth-pool-")
            .and_then(|rest| rest.split('-').next());
        if pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            clear(&entry.path());
        }
    }
}

/// Sends a request and reads the answer, as plainly as it can be done.
pub(super) fn call(socket: &Path, path: &str, body: &str) -> Option<Value> {
    let mut stream = UnixStream::connect(socket).ok()?;
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: berth\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    // A driver that has enough of a request closes before it has read all of it.
    let _ = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(body.as_bytes()));
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8(answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    Some(serde_json::from_str(body).unwrap())
}

/// Waits until something holds.
#[track_caller]
pub(super) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < DEADLINE, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Writes into a new file until that fails. Tells how much was written, and why no more.
pub(super) fn fill(file: &Path, most: u64) -> (u64, Option<std::io::ErrorKind>) {
    let mut file = File::options().create(true).append(true).open(file).unwrap();
    let block = vec![0x5a_u8; BLOCK];
    let mut written = 0;
    while written < most {
        match file.write(&block) {
            Ok(count) => written += u64::try_from(count).unwrap(),
            Err(error) => return (written, Some(error.kind())),
        }
    }
    // What the file system took may still be refused when it is laid down.
    (written, file.sync_all().err().map(|error| error.kind()))
}

/// Runs a program that has to succeed.
#[track_caller]
pub(super) fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}",
        words(&output)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// Whether two amounts are as close as quotas have to be.
#[track_caller]
pub(super) fn about(found: u64, wanted: u64) {
    assert!(
        found <= wanted && wanted - found <= MIB,
        "{found} is not up to 1 MiB below {wanted}"
    );
}

/// All that a program said.
pub(super) fn words(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err))
}
