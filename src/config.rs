//! Every setting: its name, default and meaning; read once at start, checked, secrets hidden.
//!
//! Secrets come by environment or by file (`…_FILE`), never by the command line, where every process could read them.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;

use crate::drivers::engine::is_network;
use crate::drivers::mail::MailPorts;
use crate::drivers::mailer::sender;
use crate::platform::secret::Secret;
use crate::platform::telemetry::LogFormat;
use crate::ticket_mail;

/// The settings of the panel.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// Where the panel listens.
    #[arg(long, env = "BERTH_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,

    /// Where /metrics, /livez and /readyz listen for machines.
    #[arg(long, env = "BERTH_METRICS_LISTEN", default_value = "127.0.0.1:9464")]
    pub metrics_listen: SocketAddr,

    /// The address that people use; links are made from it. With https, browsers are told to stay on it (HSTS).
    #[arg(long, env = "BERTH_PUBLIC_URL", default_value = "http://127.0.0.1:8080", value_parser = public_url)]
    pub public_url: String,

    /// Reverse proxies whose X-Forwarded-For is believed: addresses, or networks such as 10.0.0.0/24. Repeat or separate
    /// with commas.
    #[arg(long, env = "BERTH_TRUSTED_PROXIES", value_delimiter = ',', value_parser = proxies)]
    pub trusted_proxies: Vec<IpNet>,

    /// Where the key file and the private PostgreSQL cluster are kept.
    #[arg(long, env = "BERTH_DATA_DIR", default_value = "/var/lib/berth")]
    pub data_dir: PathBuf,

    /// PostgreSQL, as the login role `berth`. Without it a private cluster below the data folder is used.
    #[arg(skip)]
    pub database_url: Option<Secret>,

    /// PostgreSQL, as an administrator: creates roles and runs migrations at start. Not kept afterwards.
    #[arg(skip)]
    pub database_admin_url: Option<Secret>,

    /// Connections to PostgreSQL at most.
    #[arg(long, env = "BERTH_DATABASE_CONNECTIONS", default_value_t = 20, value_parser = clap::value_parser!(u32).range(4..=500))]
    pub database_connections: u32,

    /// The container engine: `unix:///path` or `tcp://host:port`.
    #[arg(
        long,
        env = "BERTH_DOCKER_HOST",
        default_value = "unix:///var/run/docker.sock"
    )]
    pub docker_host: String,

    /// Marks the engine's objects as ours. Two panels on one engine need two names.
    #[arg(long, env = "BERTH_INSTANCE", default_value = "berth", value_parser = instance)]
    pub instance: String,

    /// The socket of this node's volume driver, /run/docker/plugins/NAME.sock, if the node has a pool of storage: disk
    /// limits of servers that are made from then on are enforced. Without it they are measured only.
    #[arg(long, env = "BERTH_VOLUME_DRIVER_SOCKET", value_parser = driver_socket)]
    pub volume_driver_socket: Option<PathBuf>,

    /// The folder with the catalogue's templates.
    #[arg(long, env = "BERTH_CATALOGUE_DIR", default_value = "catalogue")]
    pub catalogue_dir: PathBuf,

    /// The image that the catalogue's images are built from.
    #[arg(long, env = "BERTH_BASE_IMAGE", default_value = "debian:bookworm-slim")]
    pub base_image: String,

    /// A PEM file of authorities that images' builds trust besides Debian's: where a proxy of yours opens TLS.
    #[arg(long, env = "BERTH_BUILD_CA")]
    pub build_ca: Option<PathBuf>,

    /// The address that servers' ports are published on.
    #[arg(long, env = "BERTH_PUBLISH_ADDRESS", default_value = "127.0.0.1")]
    pub publish_address: IpAddr,

    /// The host name or address that customers are told for their servers.
    #[arg(long, env = "BERTH_PUBLIC_HOST", default_value = "127.0.0.1")]
    pub public_host: String,

    /// The ports that servers get, first and last.
    #[arg(long, env = "BERTH_PORTS", default_value = "20000-29999", value_parser = ports)]
    pub ports: (u16, u16),

    /// Sign-in ends after this many minutes without a request.
    #[arg(long, env = "BERTH_SESSION_IDLE_MINUTES", default_value_t = 12 * 60)]
    pub session_idle_minutes: u32,

    /// Sign-in ends after this many hours in any case.
    #[arg(long, env = "BERTH_SESSION_HOURS", default_value_t = 14 * 24)]
    pub session_hours: u32,

    /// Requests per minute of a signed-in caller; an address gets five times as many. Bursts of a tenth pass at once.
    #[arg(long, env = "BERTH_RATE_PER_MINUTE", default_value_t = 1200, value_parser = clap::value_parser!(u32).range(1..))]
    pub rate_per_minute: u32,

    /// The addresses that tenants' networks are taken from, a /24 for each: private, and used by nothing else here.
    #[arg(long, env = "BERTH_NETWORK_POOL", default_value = "10.208.0.0/12", value_parser = network_pool)]
    pub network_pool: String,

    /// Whether servers start only while the network guard keeps them from this host and from each other. `off` where a
    /// firewall of your own does so, and for engines without root.
    #[arg(long, env = "BERTH_NETWORK_GUARD", value_enum, default_value = "required")]
    pub network_guard: NetworkGuard,

    /// Networks that servers must not reach: those of your databases and of management. Repeat or separate with commas.
    /// This host and the metadata services of clouds are always among them.
    #[arg(long, env = "BERTH_BLOCKED_NETWORKS", value_delimiter = ',', value_parser = network)]
    pub blocked_networks: Vec<String>,

    /// How many days a closed tenant's data is kept.
    #[arg(long, env = "BERTH_RETENTION_DAYS", default_value_t = 30)]
    pub retention_days: u32,

    /// How many days a deleted server is kept with its data, and can be restored. 0 erases it at once.
    #[arg(long, env = "BERTH_DELETED_RETENTION_DAYS", default_value_t = 7, value_parser = clap::value_parser!(u32).range(..=3650))]
    pub deleted_retention_days: u32,

    /// A server that ends by itself so often within `--crash-window-minutes` is stopped.
    #[arg(long, env = "BERTH_CRASH_LIMIT", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub crash_limit: u32,

    /// How long crashes of a server count.
    #[arg(long, env = "BERTH_CRASH_WINDOW_MINUTES", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1440))]
    pub crash_window_minutes: u32,

    /// The server that mail goes through: `smtp://user:password@host:587` (STARTTLS) or `smtps://…`. Without it no mail is sent.
    #[arg(skip)]
    pub smtp_url: Option<Secret>,

    /// Whom mail comes from: an address, or `Name <address>`. `Berth <berth@HOST>` with the public URL's host if nothing is said.
    #[arg(long, env = "BERTH_MAIL_FROM", value_parser = sender)]
    pub mail_from: Option<String>,

    /// The container of the mail service on this engine, as scripts/mail.sh and docker-compose.yml start it. Without it the panel
    /// has no mailboxes.
    #[arg(long, env = "BERTH_MAIL_CONTAINER")]
    pub mail_container: Option<String>,

    /// The name that mail programs and other mail servers reach the mail service by; the public URL's host if nothing is said.
    #[arg(long, env = "BERTH_MAIL_HOST", value_parser = mail_host)]
    pub mail_host: Option<String>,

    /// The ports that mail programs reach the mail service at: IMAP, POP3 and SMTP over TLS, and SMTP with STARTTLS.
    #[arg(long, env = "BERTH_MAIL_CLIENT_PORTS", default_value = "993,995,465,587")]
    pub mail_client_ports: MailPorts,

    /// The address that people reach webmail by, such as `https://webmail.example.com`, as the container of scripts/webmail.sh serves it. Without
    /// it the panel offers none.
    #[arg(long, env = "BERTH_WEBMAIL_URL", value_parser = public_url)]
    pub webmail_url: Option<String>,

    /// The name server that the panel asks, `address:port`; those of this machine if nothing is said.
    #[arg(long, env = "BERTH_DNS_SERVER")]
    pub dns_server: Option<SocketAddr>,

    /// Let tenants fetch mail from servers in the provider's own network too. Whoever may have mail can then make the mail service
    /// speak to whatever it reaches, so this is for installations whose tenants are trusted.
    #[arg(long, env = "BERTH_MAIL_FETCH_INSIDE")]
    pub mail_fetch_inside: bool,

    /// Addresses, or networks, that webhooks may lead to although they are not of the public internet; these may be without TLS. Repeat
    /// or separate with commas. Whoever may make webhooks can then have them spoken to.
    #[arg(long, env = "BERTH_WEBHOOK_ALLOW", value_delimiter = ',', value_parser = proxies)]
    pub webhook_allow: Vec<IpNet>,

    /// The mailbox that mail for tickets comes to, `imaps://user:password@host`, and to nothing else. Without it nobody can write by mail.
    #[arg(skip)]
    pub ticket_inbox: Option<Secret>,

    /// The address of that mailbox, such as `support@example.com`. Answers go to it with a plus and a token before the at sign.
    #[arg(long, env = "BERTH_TICKET_ADDRESS", value_parser = ticket_mail::inbox_address)]
    pub ticket_address: Option<String>,

    /// How many days a deleted mailbox is kept with its mail, and can be restored. 0 erases it at once.
    #[arg(long, env = "BERTH_MAILBOX_RETENTION_DAYS", default_value_t = 14, value_parser = clap::value_parser!(u32).range(..=3650))]
    pub mailbox_retention_days: u32,

    /// The password that the mail service reads the database with, as the role `mail_reader`.
    #[arg(skip)]
    pub mail_reader_password: Option<Secret>,

    /// Where customers reach your people: an e-mail address or an https address. The help page shows it.
    #[arg(long, env = "BERTH_SUPPORT_CONTACT", value_parser = contact)]
    pub support_contact: Option<String>,

    /// A folder that public status pages are written to once a minute, each as files of its own, for a web server elsewhere that shows
    /// them when the panel is down.
    #[arg(long, env = "BERTH_STATUS_EXPORT_DIR")]
    pub status_export_dir: Option<PathBuf>,

    /// The largest file that customers may upload into their servers' volumes, in MiB.
    #[arg(long, env = "BERTH_MAX_UPLOAD_MIB", default_value_t = 10 * 1024, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_upload_mib: u32,

    /// A console in which nobody types is closed after this many minutes.
    #[arg(long, env = "BERTH_CONSOLE_IDLE_MINUTES", default_value = "15", value_parser = minutes)]
    pub console_idle: std::time::Duration,

    /// How long a console waits for its last viewer to come back. No setting of the operator's, but tests have less patience.
    #[arg(skip = crate::servers::CONSOLE_GRACE)]
    pub console_grace: std::time::Duration,

    /// Leave background work to `berth worker`.
    #[arg(long, env = "BERTH_NO_WORKER")]
    pub no_worker: bool,

    /// How old a live page's stream gets. No setting of the operator's, but tests have less patience.
    #[arg(skip = crate::platform::web::LIFETIME)]
    pub stream_lifetime: std::time::Duration,

    /// How log lines look.
    #[arg(long, env = "BERTH_LOG_FORMAT", value_enum, default_value = "text")]
    pub log_format: LogFormat,

    /// Which log lines are written.
    #[arg(
        long,
        env = "BERTH_LOG",
        default_value = "info,sqlx=warn,graphile_worker=warn"
    )]
    pub log: String,
}

/// What keeps servers from the host and from each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum NetworkGuard {
    /// Berth's own guard. Without it no server starts.
    Required,
    /// Something else, or nothing.
    Off,
}

/// Why the settings can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A `…_FILE` can't be read.
    #[error("{name}: can't read {path}")]
    SecretFile {
        /// The setting.
        name: &'static str,
        /// The file.
        path: String,
        /// The system's word.
        source: std::io::Error,
    },
}

impl Config {
    /// Adds the settings that must not be on the command line.
    pub fn with_secrets(mut self) -> Result<Self, ConfigError> {
        self.database_url = secret("DATABASE_URL", "DATABASE_URL_FILE")?;
        self.smtp_url = secret("BERTH_SMTP_URL", "BERTH_SMTP_URL_FILE")?;
        self.ticket_inbox = secret("BERTH_TICKET_INBOX", "BERTH_TICKET_INBOX_FILE")?;
        self.mail_reader_password = secret("BERTH_MAIL_READER_PASSWORD", "BERTH_MAIL_READER_PASSWORD_FILE")?;
        self.database_admin_url = secret("BERTH_DATABASE_ADMIN_URL", "BERTH_DATABASE_ADMIN_URL_FILE")?;
        Ok(self)
    }

    /// The file with the keys of secrets at rest.
    pub fn key_file(&self) -> PathBuf {
        self.data_dir.join("berth.key")
    }

    /// The name on the engine of this node's volume driver, if it has one: its socket's.
    pub fn volume_driver(&self) -> Option<String> {
        let name = self.volume_driver_socket.as_ref()?.file_stem()?;
        Some(name.to_string_lossy().into_owned())
    }

    /// Whom mail comes from.
    pub fn mail_sender(&self) -> String {
        let host = || format!("Berth <berth@{}>", self.url_host());
        self.mail_from.clone().unwrap_or_else(host)
    }

    /// The name of the mail service, for MX records and mail programs.
    pub fn mail_host(&self) -> &str {
        self.mail_host.as_deref().unwrap_or_else(|| self.url_host())
    }

    /// The name that people reach the panel by.
    pub fn url_host(&self) -> &str {
        let (_, rest) = self
            .public_url
            .split_once("://")
            .unwrap_or(("", &self.public_url));
        let host = rest.split(['/', ':']).next().filter(|host| !host.is_empty());
        host.unwrap_or("localhost")
    }

    /// The folder of the private PostgreSQL cluster.
    pub fn postgres_dir(&self) -> PathBuf {
        self.data_dir.join("postgres")
    }

    /// Whether people reach the panel over TLS.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// The full address of a path of the panel.
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.public_url)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads secrets from the environment"
)]
fn secret(name: &'static str, file: &'static str) -> Result<Option<Secret>, ConfigError> {
    if let Ok(value) = std::env::var(name) {
        return Ok((!value.is_empty()).then(|| Secret::new(value)));
    }
    let Ok(path) = std::env::var(file) else {
        return Ok(None);
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(Secret::new(text.trim().to_owned()))),
        Err(source) => Err(ConfigError::SecretFile {
            name: file,
            path,
            source,
        }),
    }
}

fn public_url(text: &str) -> Result<String, String> {
    let url = text.trim_end_matches('/');
    let host = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains(['/', '?', '#', ' ']) => Ok(url.to_owned()),
        _ => Err("use http://host or https://host, without a path".to_owned()),
    }
}

/// An address alone, or a network whose address has no bits beyond it.
fn proxies(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    let parsed = text.parse::<IpAddr>().map(IpNet::from).ok();
    match parsed.or_else(|| text.parse().ok()) {
        Some(everybody) if everybody.prefix_len() == 0 => Err("that would believe everybody".to_owned()),
        Some(network) if network.trunc() != network => {
            Err(format!("did you mean {} or {}?", network.trunc(), network.addr()))
        }
        Some(network) => Ok(network),
        None => Err("use addresses such as 10.0.0.1 or networks such as 10.0.0.0/24".to_owned()),
    }
}

fn instance(text: &str) -> Result<String, String> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if (1..=32).contains(&text.len()) && text.chars().all(good) {
        Ok(text.to_owned())
    } else {
        Err("use 1 to 32 lower-case letters, digits and dashes".to_owned())
    }
}

/// The engine finds a plugin by its socket's name.
fn driver_socket(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text.trim());
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let name = path
        .file_stem()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let is_named = name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(good);
    if path.is_absolute() && path.extension().is_some_and(|end| end == "sock") && is_named {
        Ok(path)
    } else {
        Err("use the driver's socket, such as /run/docker/plugins/berth.sock".to_owned())
    }
}

/// A host name by RFC 1123, 2.1, in lower case.
fn mail_host(text: &str) -> Result<String, String> {
    let name = text.trim().trim_end_matches('.').to_ascii_lowercase();
    let good = |label: &str| {
        let fits = (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-');
        fits && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    if name.len() <= 253 && name.split('.').all(good) {
        Ok(name)
    } else {
        Err("use a host name such as mail.example.com".to_owned())
    }
}

fn contact(text: &str) -> Result<String, String> {
    let text = text.trim();
    let is_web = text.strip_prefix("https://").is_some_and(|rest| !rest.is_empty());
    let is_mail = !text.contains(':')
        && text
            .split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    if (is_web || is_mail) && !text.contains(char::is_whitespace) {
        Ok(text.to_owned())
    } else {
        Err("use an e-mail address or an https address".to_owned())
    }
}

fn ports(text: &str) -> Result<(u16, u16), String> {
    let parsed = text
        .split_once('-')
        .and_then(|(first, last)| first.parse().ok().zip(last.parse().ok()));
    match parsed {
        Some((first, last)) if first >= 1024 && first <= last => Ok((first, last)),
        _ => Err("use first-last, both between 1024 and 65535".to_owned()),
    }
}

/// More than none and at most a day; a part of a minute is fine.
fn minutes(text: &str) -> Result<std::time::Duration, String> {
    let wrong = || "use a number of minutes above 0, at most 1440".to_owned();
    let minutes: f64 = text.parse().map_err(|_| wrong())?;
    if minutes > 0.0 && minutes <= 1440.0 {
        Ok(std::time::Duration::from_secs_f64(minutes * 60.0))
    } else {
        Err(wrong())
    }
}

fn network(text: &str) -> Result<String, String> {
    if is_network(text) {
        Ok(text.to_owned())
    } else {
        Err("use networks such as 10.0.0.0/24 or fd00::/64, without bits beyond the length".to_owned())
    }
}

/// An IPv4 network of 8 to 24 bits whose address has no bits beyond them.
fn network_pool(text: &str) -> Result<String, String> {
    let parsed = text.split_once('/').and_then(|(address, bits)| {
        let address: std::net::Ipv4Addr = address.parse().ok()?;
        let bits: u32 = bits.parse().ok().filter(|bits| (8..=24).contains(bits))?;
        (address.to_bits() << bits == 0).then_some(format!("{address}/{bits}"))
    });
    parsed.ok_or_else(|| "use an IPv4 network such as 10.208.0.0/12, of 8 to 24 bits".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_driver_is_named_by_its_socket() {
        for good in ["/run/docker/plugins/berth.sock", " /tmp/x/berth-2.sock"] {
            assert!(driver_socket(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "berth.sock",
            "/run/berth",
            "/run/.sock",
            "/run/A b.sock",
            "/run/-x.sock",
        ] {
            assert!(driver_socket(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn proxies_are_addresses_or_networks() {
        let parsed = |text: &str| proxies(text).map(|network| network.to_string());
        assert_eq!(parsed("10.0.0.1").as_deref(), Ok("10.0.0.1/32"));
        assert_eq!(parsed(" 10.207.0.0/24").as_deref(), Ok("10.207.0.0/24"));
        assert_eq!(parsed("::1").as_deref(), Ok("::1/128"));
        assert_eq!(parsed("fd00::/8").as_deref(), Ok("fd00::/8"));
        for text in [
            "",
            "10.0.0.1/8",
            "0.0.0.0/0",
            "::/0",
            "10.0.0.0/33",
            "proxy.example.com",
        ] {
            assert!(proxies(text).is_err(), "{text}");
        }
    }
}
