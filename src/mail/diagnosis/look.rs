//! Looks at what mail rests on. All checks run at once, each with its own time limit, so that one that hangs costs the others
//! nothing.
//!
//! Whom is connected to: the mail host of the settings, and, to see whether port 25 leads out, the mail server of a domain, at an
//! address of the Internet and at no other.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::net::TcpStream;

use crate::app::App;
use crate::drivers::dns::Dns;
use crate::mail::model::DomainName;

use super::model::{self, BLOCKLISTS, Finding, Verdict, asked, is_public};
use super::tls;

/// How long a question to DNS may take. No check has more than two of them one after another.
const ASK: Duration = Duration::from_secs(2);
/// How long a server may take that is connected to.
const REACH: Duration = Duration::from_secs(4);
/// How long the log is listened to.
const LISTEN: Duration = Duration::from_secs(2);
/// Lines of it that are read.
const MOST_LINES: usize = 50_000;
/// Addresses of the mail host that are looked at.
const MOST_ADDRESSES: usize = 4;
/// The longest greeting that is read (RFC 5321, 4.5.3.1.5).
const LONGEST_GREETING: u64 = 512;
/// Whose mail server is tried if nobody says another: one that is always there.
pub const PROBE: &str = "gmail.com";

/// Does something within its time.
async fn within<T>(
    time: Duration,
    work: impl Future<Output = Result<T, String>> + Send,
) -> Result<T, String> {
    let late = || format!("no answer within {} seconds", time.as_secs());
    tokio::time::timeout(time, work)
        .await
        .unwrap_or_else(|_| Err(late()))
}

/// All findings, in the order of a page.
pub async fn look(app: &App, probe: &DomainName) -> Vec<Finding> {
    let host = app.config.mail_host();
    let (programs, sources, names, (port, name), out, certificate) = tokio::join!(
        programs(app),
        sources(app),
        names(&*app.dns, host),
        greeted(host),
        out(&*app.dns, probe),
        within(REACH, tls::certificate(host, 465)),
    );
    let mut findings = programs;
    findings.extend([port, sources, out, name]);
    findings.extend(names);
    findings.push(model::certificate(host, certificate, app.now()));
    findings
}

/// Who connected to port 25 within the last hour, as far as the log tells in a moment.
async fn sources(app: &App) -> Finding {
    let Some(service) = &app.mail else {
        return model::sources(Err("there is no mail service".to_owned()));
    };
    let mut seen = BTreeSet::new();
    let read = async {
        let since = app.now() - chrono::TimeDelta::hours(1);
        let lines = service
            .logs(Some(since))
            .await
            .map_err(|error| error.to_string())?;
        let mut lines = lines.take(MOST_LINES);
        while let Some(line) = lines.next().await {
            let line = line.map_err(|error| error.to_string())?;
            if line.at >= since {
                seen.extend(model::connected(&line.text));
            }
        }
        Ok::<(), String>(())
    };
    // The log is followed, so it has no end but this.
    let end = tokio::time::timeout(LISTEN, read).await;
    match end {
        Ok(Err(error)) => model::sources(Err(error)),
        Ok(Ok(())) | Err(_) => model::sources(Ok(seen)),
    }
}

/// What the programs of the mail service say of themselves.
async fn programs(app: &App) -> Vec<Finding> {
    let what = "Mail service";
    let Some(service) = &app.mail else {
        let fix =
            "Start it (docs/mail.md), name its container by BERTH_MAIL_CONTAINER, and start the panel again.";
        return vec![Finding::new(
            what,
            Verdict::Bad,
            "This installation has none.",
            fix,
        )];
    };
    let health = within(REACH, async {
        service.health().await.map_err(|error| error.to_string())
    });
    let health = match health.await {
        Ok(health) => health,
        Err(error) => {
            let fix = "Look at its container's log, and start it again. Mail that it holds is safe.";
            return vec![Finding::new(what, Verdict::Bad, format!("{error}."), fix)];
        }
    };
    let down = health.into_iter().filter(|one| !one.is_up);
    let down: Vec<Finding> = down
        .map(|one| {
            let fix = "Look at its lines in the log of the mail service's container, and start that again.";
            Finding::new(
                format!("Program {}", one.program),
                Verdict::Bad,
                format!("It is down: {}", one.says),
                fix,
            )
        })
        .collect();
    if down.is_empty() {
        return vec![Finding::new(what, Verdict::Good, "All its programs work.", "")];
    }
    down
}

/// The mail host's addresses, their names, and the lists that they may be on.
async fn names(dns: &dyn Dns, host: &str) -> Vec<Finding> {
    let what = format!("Addresses of {host}");
    let found = within(ASK, async {
        dns.addresses(host).await.map_err(|error| error.to_string())
    });
    let mut addresses = match found.await {
        Ok(addresses) => addresses,
        Err(error) => {
            let fix = "Look whether the name server answers that this machine, or BERTH_DNS_SERVER, names.";
            return vec![Finding::new(what, Verdict::Unknown, format!("{error}."), fix)];
        }
    };
    addresses.truncate(MOST_ADDRESSES);
    let fix = "Add an A record (and an AAAA record, if there is one) of that name to DNS, or set BERTH_MAIL_HOST to another.";
    if addresses.is_empty() {
        return vec![Finding::new(
            what,
            Verdict::Bad,
            "The name has no address, so nobody can send mail here.",
            fix,
        )];
    }
    let shown: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    let public: Vec<IpAddr> = addresses
        .into_iter()
        .filter(|address| is_public(*address))
        .collect();
    if public.is_empty() {
        let says = format!(
            "{} are no addresses of the Internet, so nobody outside reaches them.",
            shown.join(", ")
        );
        return vec![Finding::new(what, Verdict::Warning, says, fix)];
    }
    let mut findings = vec![Finding::new(what, Verdict::Good, shown.join(", "), "")];
    let names = public.iter().map(|address| reverse(dns, *address, host));
    let lists = public
        .iter()
        .flat_map(|address| BLOCKLISTS.map(|list| listed(dns, *address, list)));
    let (names, lists) = tokio::join!(join_all(names), join_all(lists));
    findings.extend(names);
    findings.extend(lists);
    findings
}

async fn reverse(dns: &dyn Dns, address: IpAddr, host: &str) -> Finding {
    let found = within(ASK, async {
        let names = dns.names(address).await.map_err(|error| error.to_string())?;
        let back = dns.addresses(host).await.map_err(|error| error.to_string())?;
        Ok((names, back))
    });
    match found.await {
        Ok((names, back)) => model::reverse(address, host, &names, &back),
        Err(error) => {
            let what = format!("Reverse DNS of {address}");
            Finding::new(what, Verdict::Unknown, format!("{error}."), "Look again later.")
        }
    }
}

async fn listed(dns: &dyn Dns, address: IpAddr, list: (&'static str, &'static str)) -> Finding {
    let name = asked(address, list.0);
    let answer = within(ASK, async {
        dns.addresses(&name).await.map_err(|error| error.to_string())
    });
    model::listed(address, list, answer.await)
}

/// What the mail host says on port 25.
async fn greeted(host: &str) -> (Finding, Finding) {
    let line = within(REACH, async {
        let socket = TcpStream::connect((host, 25))
            .await
            .map_err(|error| error.to_string())?;
        let mut line = Vec::new();
        let mut reader = BufReader::new(socket.take(LONGEST_GREETING));
        reader
            .read_until(b'\n', &mut line)
            .await
            .map_err(|error| error.to_string())?;
        Ok(String::from_utf8_lossy(&line).trim().to_owned())
    });
    let [port, name] = model::greeting(host, line.await);
    (port, name)
}

/// Whether mail can leave: port 25 of the server that takes a domain's mail.
async fn out(dns: &dyn Dns, domain: &DomainName) -> Finding {
    let what = "Port 25 out";
    let server = within(ASK, async {
        let servers = dns.mx(domain.as_str()).await.map_err(|error| error.to_string())?;
        let first = servers.into_iter().find(|server| !server.host.is_empty());
        let host = first.map_or_else(|| domain.as_str().to_owned(), |server| server.host);
        let addresses = dns.addresses(&host).await.map_err(|error| error.to_string())?;
        // IPv4 first: every mail server has it.
        let mut public: Vec<IpAddr> = addresses
            .into_iter()
            .filter(|address| is_public(*address))
            .collect();
        public.sort_by_key(IpAddr::is_ipv6);
        Ok((host, public.first().copied()))
    });
    let (host, address) = match server.await {
        Ok((host, Some(address))) => (host, address),
        Ok((host, None)) => {
            let says = format!("{host} has no address of the Internet.");
            return Finding::new(
                what,
                Verdict::Unknown,
                says,
                "Try the mail server of another domain.",
            );
        }
        Err(error) => {
            let fix = "Look whether the name server answers that this machine, or BERTH_DNS_SERVER, names.";
            return Finding::new(what, Verdict::Unknown, format!("{error}."), fix);
        }
    };
    let reached = within(REACH, async {
        TcpStream::connect((address, 25))
            .await
            .map_err(|error| error.to_string())
    });
    match reached.await {
        Ok(_) => Finding::new(
            what,
            Verdict::Good,
            format!("{host} ({address}) can be reached."),
            "",
        ),
        Err(error) => Finding::new(
            what,
            Verdict::Bad,
            format!("{host} ({address}) can't be reached: {error}."),
            "Many providers of servers block port 25 at first: ask yours to open it, and look at your own firewall.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use crate::drivers::dns::{DnsError, Mx, Srv};

    use super::*;

    /// One host with all that it should have, unless DNS is away.
    #[derive(Debug)]
    struct OneHost {
        is_away: bool,
        address: &'static str,
    }

    impl OneHost {
        fn here<T>(&self, answer: T) -> Result<T, DnsError> {
            if self.is_away {
                return Err(DnsError::Away("SERVFAIL".to_owned()));
            }
            Ok(answer)
        }
    }

    #[async_trait]
    impl Dns for OneHost {
        async fn txt(&self, _name: &str) -> Result<Vec<String>, DnsError> {
            self.here(vec![])
        }

        async fn mx(&self, _domain: &str) -> Result<Vec<Mx>, DnsError> {
            self.here(vec![])
        }

        async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, DnsError> {
            let address = if name == "mail.example.com" {
                self.address
            } else {
                "127.255.255.254"
            };
            self.here(vec![address.parse().unwrap()])
        }

        async fn names(&self, _address: IpAddr) -> Result<Vec<String>, DnsError> {
            self.here(vec!["mail.example.com".to_owned()])
        }

        async fn cname(&self, _name: &str) -> Result<Option<String>, DnsError> {
            self.here(None)
        }

        async fn srv(&self, _name: &str) -> Result<Vec<Srv>, DnsError> {
            self.here(vec![])
        }
    }

    async fn verdicts(is_away: bool, address: &'static str) -> Vec<Verdict> {
        let dns = OneHost { is_away, address };
        let found = names(&dns, "mail.example.com").await;
        found.into_iter().map(|one| one.verdict).collect()
    }

    #[tokio::test]
    async fn what_dns_says_of_the_host_is_judged() {
        let [good, unknown] = [Verdict::Good, Verdict::Unknown];
        assert_eq!(
            verdicts(false, "8.8.8.8").await,
            [good, good, unknown, unknown, unknown]
        );
        assert_eq!(verdicts(false, "10.0.0.1").await, [Verdict::Warning]);
        assert_eq!(verdicts(true, "8.8.8.8").await, [unknown]);
    }

    #[tokio::test]
    async fn nobody_is_connected_to_who_is_not_of_the_internet() {
        let dns = OneHost {
            is_away: false,
            address: "169.254.169.254",
        };
        let domain = DomainName::trusted("mail.example.com".to_owned());
        let found = out(&dns, &domain).await;
        assert_eq!(found.verdict, Verdict::Unknown);
        assert!(
            found.says.contains("no address of the Internet"),
            "{}",
            found.says
        );
    }
}
