//! A mail domain's way from added to all records good, by the real resolver against a real authoritative name server (NSD).

use std::fmt::Write as _;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use berth::drivers::dns::{Dns as _, DnsError, Mx, Resolver};
use berth::platform::access::{Permission, TenantRole};
use berth::platform::clock::{Clock as _, SystemClock};
use berth::testing::{TestApp, noon};
use serde_json::{Value, json};

use crate::faults::Api;
use crate::panel::{Panel, until};

const HOST: &str = "mx.provider.example";
const PANEL: &str = "panel.provider.example";

/// A name server that knows one zone.
pub(crate) struct NameServer {
    child: Child,
}

impl NameServer {
    /// Serves the records of a zone, each a line.
    pub(crate) async fn start(folder: &Path, address: SocketAddr, zone: &str, records: &[String]) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let origin = if zone == "." { "" } else { zone };
        let mut text = format!(
            "@ 1 IN SOA ns.{origin}. hostmaster.{origin}. 1 3600 600 86400 1\n@ 1 IN NS ns.{origin}.\nns 1 IN A 127.0.0.1\n"
        )
        .replace("..", ".");
        for record in records {
            writeln!(text, "{record}").unwrap();
        }
        std::fs::write(folder.join("zone"), text).unwrap();
        let config = folder.join("nsd.conf");
        std::fs::write(&config, Self::config(folder, address, zone)).unwrap();
        let child = Command::new("nsd")
            .arg("-d")
            .arg("-c")
            .arg(&config)
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nsd, which make setup installs");
        let server = Self { child };
        let resolver = Resolver::at(Some(address)).unwrap();
        let asked = format!("ns.{zone}").replace("..", ".");
        until("the name server answers", async || {
            resolver
                .addresses(&asked)
                .await
                .is_ok_and(|found| !found.is_empty())
        })
        .await;
        server
    }

    fn config(folder: &Path, address: SocketAddr, zone: &str) -> String {
        let folder = folder.display();
        format!(
            "server:\n  ip-address: {}@{}\n  username: \"\"\n  chroot: \"\"\n  database: \"\"\n  server-count: 1\n\
             \x20 zonesdir: \"{folder}\"\n  xfrdir: \"{folder}\"\n  pidfile: \"{folder}/nsd.pid\"\n\
             \x20 xfrdfile: \"{folder}/xfrd.state\"\n  zonelistfile: \"{folder}/zone.list\"\n\
             remote-control:\n  control-enable: no\n\
             zone:\n  name: \"{zone}\"\n  zonefile: \"zone\"\n",
            address.ip(),
            address.port()
        )
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        // Its children go only when it says so.
        let pid = self.child.id().to_string();
        drop(Command::new("kill").arg(pid).status());
        drop(self.child.wait());
    }
}

fn folder(test: &str) -> PathBuf {
    std::env::temp_dir().join(format!("berth-dns-{test}-{}", std::process::id()))
}

fn free_address() -> SocketAddr {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// What a provider has published once.
fn provider() -> Vec<String> {
    vec![
        format!("{HOST}. 1 IN A 192.0.2.7"),
        format!("{HOST}. 1 IN AAAA 2001:db8::7"),
        format!("{PANEL}. 1 IN A 192.0.2.8"),
        "7.2.0.192.in-addr.arpa. 1 IN PTR mx.provider.example.".to_owned(),
    ]
}

fn verdicts(records: &Value) -> Vec<(String, String)> {
    let records = records["records"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let said = |one: &Value| format!("{} {}", text(&one["verdict"]), text(&one["says"]));
    records.map(|one| (text(&one["name"]), said(one))).collect()
}

#[tokio::test]
async fn a_domain_is_proved_and_all_its_records_become_good() {
    let app = TestApp::start().await;
    app.clock.advance(SystemClock.now() - noon());
    let (tenant, ada) = (app.tenant("acme").await, app.person("ada").await);
    app.member(tenant, ada, TenantRole::Owner).await;
    let scopes = [Permission::MailRead, Permission::MailWrite];
    let program = app.program(ada, Some(tenant), &scopes).await;
    let (folder, address) = (folder("domain"), free_address());
    let mut panel = Panel::of(&app);
    panel.set("BERTH_DNS_SERVER", address.to_string());
    panel.set("BERTH_MAIL_HOST", HOST.to_owned());
    panel.set("BERTH_PUBLIC_URL", format!("https://{PANEL}"));
    let _running = panel.serve().await;
    let api = Api::new(&panel, program.bearer());
    let new = json!({ "name": "customer.example" });
    let (status, made) = api.post("/api/v1/mail/domains", &new).await;
    assert_eq!(status, 201, "{made}");
    let domain = format!("/api/v1/mail/domains/{}", made["id"].as_str().unwrap());

    // Nobody answers at that address yet.
    let verify = format!("{domain}/verify");
    let (status, away) = api.post(&verify, &json!({})).await;
    assert_eq!((status, &away["code"]), (409, &json!("dns-away")), "{away}");
    let server = NameServer::start(&folder, address, ".", &provider()).await;
    until("the record is looked for and is not there", async || {
        let (_, told) = api.post(&verify, &json!({})).await;
        told["code"] == "mail-domain-not-proved"
    })
    .await;
    let (_, before) = api.post(&format!("{domain}/check"), &json!({})).await;
    let missing = verdicts(&before)
        .into_iter()
        .filter(|(_, says)| says.contains("issing"));
    assert_eq!(missing.count(), 13, "{before:#}");

    // All of them as the page shows them, as lines of a zone.
    drop(server);
    let shown = api.get(&format!("{domain}/records")).await;
    let lines = shown["records"].as_array().unwrap().iter();
    let lines = lines.map(|record| record["zone_line"].as_str().unwrap().to_owned());
    let zone: Vec<String> = provider().into_iter().chain(lines).collect();
    let _server = NameServer::start(&folder, address, ".", &zone).await;
    until("the domain is proved", async || {
        api.post(&verify, &json!({})).await.0 == 200
    })
    .await;
    until("all records are good", async || {
        let (status, seen) = api.post(&format!("{domain}/check"), &json!({})).await;
        assert_eq!(status, 200, "{seen}");
        verdicts(&seen).iter().all(|(_, says)| says == "good ")
    })
    .await;
    let found = api.get(&domain).await;
    assert_eq!(
        (&found["state"], &found["problems"]),
        (&json!("active"), &json!(0))
    );
}

#[tokio::test]
async fn answers_are_data_and_only_silence_is_an_error() {
    let (folder, address) = (folder("answers"), free_address());
    let long = "k".repeat(255);
    let zone = [
        "a.example. 1 IN MX 20 second.a.example.".to_owned(),
        "a.example. 1 IN MX 10 First.a.example.".to_owned(),
        "first.a.example. 1 IN A 192.0.2.7".to_owned(),
        "first.a.example. 1 IN AAAA 2001:db8::7".to_owned(),
        format!("long.a.example. 1 IN TXT \"{long}\" \"{long}\" \"end\""),
        "other.a.example. 1 IN CNAME first.a.example.".to_owned(),
        "_imaps._tcp.a.example. 1 IN SRV 0 1 993 first.a.example.".to_owned(),
        "nomail.a.example. 1 IN MX 0 .".to_owned(),
    ];
    let _server = NameServer::start(&folder, address, "a.example.", &zone).await;
    let dns = Resolver::at(Some(address)).unwrap();
    let mx = |preference, host: &str| Mx {
        preference,
        host: host.to_owned(),
    };
    assert_eq!(
        dns.mx("a.example").await.unwrap(),
        [mx(10, "first.a.example"), mx(20, "second.a.example")]
    );
    assert_eq!(dns.mx("nomail.a.example").await.unwrap(), [mx(0, "")]);
    assert_eq!(
        dns.txt("long.a.example").await.unwrap(),
        [format!("{long}{long}end")]
    );
    assert_eq!(dns.addresses("first.a.example").await.unwrap().len(), 2);
    assert_eq!(
        dns.addresses("other.a.example").await.unwrap().len(),
        2,
        "by its other name"
    );
    assert_eq!(
        dns.cname("other.a.example").await.unwrap().as_deref(),
        Some("first.a.example")
    );
    assert_eq!(dns.cname("first.a.example").await.unwrap(), None);
    assert_eq!(dns.srv("_imaps._tcp.a.example").await.unwrap()[0].port, 993);
    assert_eq!(
        dns.txt("nothing.a.example").await,
        Ok(Vec::new()),
        "there is no such name"
    );
    assert_eq!(
        dns.txt("first.a.example").await,
        Ok(Vec::new()),
        "the name has no text"
    );
    // The server is not asked about other zones, and says so.
    let refused = dns.txt("b.example").await;
    assert!(matches!(refused, Err(DnsError::Away(_))), "{refused:?}");
}
