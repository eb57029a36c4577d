//! What was seen, judged: in words, and with how to mend it. Pure.

mod lists;

use std::collections::BTreeSet;
use std::net::IpAddr;

use chrono::{DateTime, Utc};

use crate::drivers::http::Certificate;
pub use crate::drivers::http::is_public;

pub use lists::{BLOCKLISTS, asked, listed};

/// Days before its end that a certificate should have been renewed.
const SOON: i64 = 14;

/// Addresses that one finding names.
const MOST_SHOWN: usize = 5;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MailVerdict)]
pub enum Verdict {
    /// As it should be.
    Good,
    /// It could not be seen.
    Unknown,
    /// It may cost mail one day.
    Warning,
    /// It costs mail now.
    Bad,
}

impl Verdict {
    /// Which look a page gives it, and its word.
    pub fn look(self) -> (&'static str, &'static str) {
        match self {
            Self::Good => ("good", "good"),
            Self::Unknown => ("idle", "not known"),
            Self::Warning => ("warn", "attention"),
            Self::Bad => ("bad", "problem"),
        }
    }
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub what: String,
    /// How bad it is.
    pub verdict: Verdict,
    /// What was seen.
    pub says: String,
    /// What to do; empty where nothing is.
    pub fix: String,
}

impl Finding {
    /// A finding.
    pub fn new(
        what: impl Into<String>,
        verdict: Verdict,
        says: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            what: what.into(),
            verdict,
            says: says.into(),
            fix: fix.into(),
        }
    }
}

/// What the names of an address mean. `back` are the addresses of those names.
pub fn reverse(address: IpAddr, host: &str, names: &[String], back: &[IpAddr]) -> Finding {
    let what = format!("Reverse DNS of {address}");
    let fix = format!(
        "Have whoever gave you the address (your provider of servers) set its reverse DNS to {host}."
    );
    if names.is_empty() {
        return Finding::new(
            what,
            Verdict::Bad,
            "The address has no name. Many servers refuse mail from it.",
            fix,
        );
    }
    if !names.iter().any(|name| name == host) {
        let says = format!(
            "Its name is {}, and the mail service calls itself {host}.",
            names.join(", ")
        );
        return Finding::new(what, Verdict::Warning, says, fix);
    }
    if !back.contains(&address) {
        let fix = format!("Add the address {address} to the name {host} in DNS.");
        return Finding::new(
            what,
            Verdict::Bad,
            format!("Its name is {host}, but that name does not lead back to it."),
            fix,
        );
    }
    Finding::new(
        what,
        Verdict::Good,
        format!("{host}, which leads back to it."),
        "",
    )
}

/// What a greeting means: `220 mail.example.com ESMTP …`.
pub fn greeting(host: &str, answer: Result<String, String>) -> [Finding; 2] {
    let what = "Port 25 in";
    let line = match answer {
        Ok(line) => line,
        Err(error) => {
            let fix = "Publish port 25 of the mail service's container, and let it through your firewall.";
            let port = Finding::new(
                what,
                Verdict::Bad,
                format!("{host} does not answer on port 25: {error}."),
                fix,
            );
            let name = Finding::new(
                "Its own name (HELO)",
                Verdict::Unknown,
                "Without an answer it is not known.",
                "",
            );
            return [port, name];
        }
    };
    let says = format!(
        "{host} answers. That proves it from here only: a firewall before this machine may still keep the world out."
    );
    let port = Finding::new(what, Verdict::Good, says, "");
    let name = line
        .strip_prefix("220")
        .and_then(|rest| rest.trim_start_matches(['-', ' ']).split(' ').next());
    let name = match name {
        Some(name) if name.eq_ignore_ascii_case(host) => Finding::new(
            "Its own name (HELO)",
            Verdict::Good,
            format!("It calls itself {host}."),
            "",
        ),
        Some(name) => Finding::new(
            "Its own name (HELO)",
            Verdict::Bad,
            format!("It calls itself {name}, and not {host}."),
            "Give the mail service's container the same name as BERTH_MAIL_HOST, and start it again.",
        ),
        None => Finding::new(
            "Its own name (HELO)",
            Verdict::Bad,
            "What answers there is no mail server, or takes no mail now.",
            "Look which program has port 25, and at the log of the mail service's container.",
        ),
    };
    [port, name]
}

/// Who connected to port 25, by a line of the mail service's log.
pub fn connected(line: &str) -> Option<IpAddr> {
    let (_, rest) = line.split_once("postfix/smtpd[")?;
    let (_, client) = rest.split_once("]: connect from ")?;
    let (_, address) = client.trim_end().strip_suffix(']')?.rsplit_once('[')?;
    address
        .parse()
        .ok()
        .filter(|address: &IpAddr| !address.is_loopback())
}

/// What it means that these connected to port 25 lately. An engine that passes connections on by a program of its own shows its own
/// address instead of each sender's: SPF, DMARC and everything that counts by address judge the engine then.
pub fn sources(seen: Result<BTreeSet<IpAddr>, String>) -> Finding {
    let what = "Senders' addresses";
    let seen = match seen {
        Ok(seen) => seen,
        Err(error) => {
            let says = format!("The mail service's log can't be read now: {error}.");
            return Finding::new(what, Verdict::Unknown, says, "Look again later.");
        }
    };
    if seen.iter().any(|address| is_public(*address)) {
        let says = "Servers of the Internet connect with addresses of their own.";
        return Finding::new(what, Verdict::Good, says, "");
    }
    if seen.is_empty() {
        let says = "Nobody connected to port 25 in the last hour, so it is not known whether the addresses of senders are kept.";
        return Finding::new(
            what,
            Verdict::Unknown,
            says,
            "Look again when mail came from outside.",
        );
    }
    let shown: Vec<String> = seen.iter().take(MOST_SHOWN).map(ToString::to_string).collect();
    let says = format!(
        "All who connected to port 25 in the last hour came from {}, and none from the Internet. If mail came from outside in that \
         time, the engine hides who sends it, and SPF and DMARC take good mail for forged.",
        shown.join(", ")
    );
    let fix = "Have the engine keep the addresses: set \"userland-proxy\": false in /etc/docker/daemon.json and start Docker again, or run \
               the mail service in the host's network. docs/mail.md says more.";
    Finding::new(what, Verdict::Warning, says, fix)
}

/// What a certificate means.
pub fn certificate(host: &str, seen: Result<Certificate, String>, now: DateTime<Utc>) -> Finding {
    let what = "Certificate of port 465";
    let renew = "Let the mail service take the edge's certificate, and see that the edge renews it.";
    let seen = match seen {
        Ok(seen) => seen,
        Err(error) => {
            let fix = "Publish port 465 of the mail service's container, and look at its log.";
            return Finding::new(what, Verdict::Bad, format!("{host} shows none: {error}."), fix);
        }
    };
    let days = (seen.until - now).num_days();
    let names = seen.names.join(", ");
    if seen.until <= now {
        return Finding::new(
            what,
            Verdict::Bad,
            format!("It ended on {}.", seen.until.format("%-d %b %Y")),
            renew,
        );
    }
    if !seen.is_for(host) {
        let fix = format!("Have one made for {host}, and give it to the mail service.");
        return Finding::new(
            what,
            Verdict::Bad,
            format!("It is for {names}, and not for {host}."),
            fix,
        );
    }
    if seen.is_self_signed {
        let says = "It is signed by itself, so mail programs warn their people of it.";
        return Finding::new(what, Verdict::Warning, says, renew);
    }
    if days < SOON {
        return Finding::new(what, Verdict::Warning, format!("It ends in {days} days."), renew);
    }
    Finding::new(what, Verdict::Good, format!("For {names}, {days} days more."), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_of_the_internet_are_told_from_others() {
        for public in [
            "8.8.8.8",
            "203.0.114.1",
            "2a00:1450::1b",
            "100.128.0.1",
            "::ffff:8.8.8.8",
        ] {
            assert!(is_public(ip(public)), "{public}");
        }
        for other in [
            "127.0.0.1",
            "10.0.0.1",
            "172.16.3.4",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "::ffff:127.0.0.1",
        ] {
            assert!(!is_public(ip(other)), "{other}");
        }
    }

    #[test]
    fn lists_are_asked_by_reversed_addresses() {
        assert_eq!(
            asked(ip("192.0.2.99"), "zen.spamhaus.org"),
            "99.2.0.192.zen.spamhaus.org"
        );
        let six = asked(ip("2001:db8::1"), "zen.spamhaus.org");
        assert!(
            six.starts_with("1.0.0.0.0.0.") && six.ends_with(".8.b.d.0.1.0.0.2.zen.spamhaus.org"),
            "{six}"
        );
    }

    #[test]
    fn a_list_that_refuses_is_no_verdict() {
        let said =
            |answer: Result<Vec<IpAddr>, String>| listed(ip("192.0.2.9"), BLOCKLISTS[0], answer).verdict;
        assert_eq!(said(Ok(vec![])), Verdict::Good);
        assert_eq!(said(Ok(vec![ip("127.0.0.4")])), Verdict::Bad);
        assert_eq!(said(Ok(vec![ip("127.255.255.254")])), Verdict::Unknown);
        assert_eq!(said(Err("timeout".to_owned())), Verdict::Unknown);
        // A name server that leads everything that is not there to a page of advertisements.
        assert_eq!(said(Ok(vec![ip("198.51.100.7")])), Verdict::Good);
    }

    #[test]
    fn names_lead_there_and_back() {
        let (address, host) = (ip("192.0.2.9"), "mail.example.com");
        let said = |names: &[&str], back: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let back: Vec<IpAddr> = back.iter().map(|one| ip(one)).collect();
            reverse(address, host, &names, &back).verdict
        };
        assert_eq!(said(&[], &[]), Verdict::Bad);
        assert_eq!(
            said(&["static-9.provider.example"], &["192.0.2.9"]),
            Verdict::Warning
        );
        assert_eq!(said(&[host], &["192.0.2.8"]), Verdict::Bad);
        assert_eq!(said(&[host], &["192.0.2.9"]), Verdict::Good);
    }

    #[test]
    fn a_greeting_tells_its_name() {
        let said = |line: &str| greeting("mail.example.com", Ok(line.to_owned())).map(|one| one.verdict);
        assert_eq!(
            said("220 Mail.example.com ESMTP Postfix"),
            [Verdict::Good, Verdict::Good]
        );
        assert_eq!(said("220-mail.example.com ESMTP"), [Verdict::Good, Verdict::Good]);
        assert_eq!(said("220 3f9d8c ESMTP Postfix"), [Verdict::Good, Verdict::Bad]);
        assert_eq!(said("554 go away"), [Verdict::Good, Verdict::Bad]);
        let away = greeting("mail.example.com", Err("refused".to_owned())).map(|one| one.verdict);
        assert_eq!(away, [Verdict::Bad, Verdict::Unknown]);
    }

    #[test]
    fn a_log_tells_who_connects_to_port_25() {
        let line = "Nov 30 07:00:00 mail postfix/smtpd[77]: connect from mx.example.org[198.51.100.7]";
        assert_eq!(connected(line), Some(ip("198.51.100.7")));
        let six = "postfix/smtpd[77]: connect from unknown[2a00:1450::1b]";
        assert_eq!(connected(six), Some(ip("2a00:1450::1b")));
        for none in [
            "postfix/submission/smtpd[77]: connect from mx.example.org[198.51.100.7]",
            "postfix/smtpd[77]: disconnect from mx.example.org[198.51.100.7] ehlo=1",
            "postfix/smtpd[77]: connect from localhost[127.0.0.1]",
            "postfix/smtpd[77]: connect from unknown[unknown]",
            "dovecot: postfix/smtpd[",
        ] {
            assert_eq!(connected(none), None, "{none}");
        }
    }

    #[test]
    fn an_engine_that_hides_who_connects_is_told() {
        let said = |seen: &[&str]| sources(Ok(seen.iter().map(|one| ip(one)).collect()));
        assert_eq!(said(&["172.17.0.1", "8.8.8.8"]).verdict, Verdict::Good);
        assert_eq!(said(&[]).verdict, Verdict::Unknown);
        let hidden = said(&["172.17.0.1"]);
        assert_eq!(hidden.verdict, Verdict::Warning);
        assert!(
            hidden.says.contains("172.17.0.1") && hidden.fix.contains("userland-proxy"),
            "{hidden:?}"
        );
        assert_eq!(sources(Err("away".to_owned())).verdict, Verdict::Unknown);
    }

    #[test]
    fn a_certificate_is_judged() {
        let now = "2026-03-10T12:00:00Z".parse::<DateTime<Utc>>().unwrap();
        let said = |host: &str, days: i64, is_self_signed: bool| {
            let seen = Certificate {
                names: vec!["mail.example.com".to_owned()],
                until: now + chrono::TimeDelta::days(days),
                is_self_signed,
            };
            certificate(host, Ok(seen), now).verdict
        };
        assert_eq!(said("mail.example.com", 60, false), Verdict::Good);
        assert_eq!(said("mail.example.com", 3, false), Verdict::Warning);
        assert_eq!(said("mail.example.com", 60, true), Verdict::Warning);
        assert_eq!(said("mail.example.com", -1, false), Verdict::Bad);
        assert_eq!(said("other.example.com", 60, false), Verdict::Bad);
        assert_eq!(
            certificate("x", Err("refused".to_owned()), now).verdict,
            Verdict::Bad
        );
    }
}
