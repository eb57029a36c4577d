//! What an SPF record (RFC 7208) says about our mail server. What it includes is not followed: what is there for others is
//! theirs, and ours has to be named by itself.

use std::net::IpAddr;

use ipnet::IpNet;

/// The mechanisms that there are (RFC 7208, 5).
const MECHANISMS: [&str; 8] = ["all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"];

/// Our mail server, as a record may name it.
#[derive(Debug)]
pub struct Sender<'a> {
    /// The domain, whose MX records lead to it.
    pub domain: &'a str,
    /// Its name.
    pub host: &'a str,
    /// Its addresses.
    pub addresses: &'a [IpAddr],
}

/// What a record says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spf {
    /// It may send, and all others may not.
    Strict,
    /// It may send, and nothing clear is said about others.
    Lax,
    /// It is not named.
    Absent,
    /// Everybody may send.
    Everybody,
    /// A term is no term of SPF.
    Broken(String),
}

/// Whether a text is an SPF record (RFC 7208, 4.5).
pub fn is_spf(text: &str) -> bool {
    let text = text.trim_start().to_ascii_lowercase();
    text == "v=spf1" || text.starts_with("v=spf1 ")
}

/// Reads a record up to the mechanism that decides about all others.
pub fn read(text: &str, sender: &Sender<'_>) -> Spf {
    let mut is_named = false;
    let mut is_handed_on = false;
    for term in text.split_ascii_whitespace().skip(1) {
        let (qualifier, rest) = match term.as_bytes().first() {
            Some(b'+' | b'-' | b'~' | b'?') => term.split_at(1),
            _ => ("+", term),
        };
        let end = rest.find([':', '/', '=']).unwrap_or(rest.len());
        let name = rest[..end].to_ascii_lowercase();
        if rest[end..].starts_with('=') {
            is_handed_on |= name == "redirect";
            continue;
        }
        if !MECHANISMS.contains(&&*name) {
            return Spf::Broken(term.to_owned());
        }
        match (name.as_str(), qualifier) {
            ("all", "+") => return Spf::Everybody,
            ("all", _) if !is_named => return Spf::Absent,
            ("all", "?") => return Spf::Lax,
            ("all", _) => return Spf::Strict,
            (_, "+") => is_named |= names(&name, &rest[end..], sender),
            _ => {}
        }
    }
    match (is_named, is_handed_on) {
        (false, _) => Spf::Absent,
        (true, true) => Spf::Strict,
        (true, false) => Spf::Lax,
    }
}

fn names(mechanism: &str, rest: &str, sender: &Sender<'_>) -> bool {
    let value = rest.strip_prefix(':').unwrap_or_default();
    let host = value.split('/').next().unwrap_or_default().trim_end_matches('.');
    let is_ours = host.eq_ignore_ascii_case(sender.host);
    match mechanism {
        "mx" => host.is_empty() || host.eq_ignore_ascii_case(sender.domain) || is_ours,
        "a" | "include" => is_ours,
        "ip4" | "ip6" => {
            let net = value
                .parse::<IpNet>()
                .or_else(|_| value.parse::<IpAddr>().map(IpNet::from));
            let ours = sender.addresses;
            net.is_ok_and(|net| !ours.is_empty() && ours.iter().any(|address| net.contains(address)))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Spf {
        let sender = Sender {
            domain: "a.example",
            host: "mx.provider.example",
            addresses: &["192.0.2.7".parse().unwrap(), "2001:db8::7".parse().unwrap()],
        };
        super::read(text, &sender)
    }

    #[test]
    fn ours_is_named_in_many_ways() {
        for good in [
            "v=spf1 mx -all",
            "v=spf1 +MX ~all",
            "v=spf1 include:_spf.other.example mx:a.example -all",
            "v=spf1 a:mx.provider.example -all",
            "v=spf1 ip4:192.0.2.7 -all",
            "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all",
            "v=spf1 mx redirect=_spf.other.example",
            "v=spf1 mx/24 exp=why.a.example -all",
        ] {
            assert_eq!(read(good), Spf::Strict, "{good}");
        }
    }

    #[test]
    fn ours_is_not_named() {
        for absent in [
            "v=spf1 -all",
            "v=spf1 include:_spf.other.example -all",
            "v=spf1 -mx -all",
            "v=spf1 -all mx",
            "v=spf1 ip4:198.51.100.0/24 -all",
            "v=spf1 redirect=_spf.other.example",
            "v=spf1 a -all",
        ] {
            assert_eq!(read(absent), Spf::Absent, "{absent}");
        }
    }

    #[test]
    fn what_lets_everybody_in_is_told_from_what_says_little() {
        assert_eq!(read("v=spf1 mx +all"), Spf::Everybody);
        assert_eq!(read("v=spf1 mx all"), Spf::Everybody);
        assert_eq!(read("v=spf1 mx ?all"), Spf::Lax);
        assert_eq!(read("v=spf1 mx"), Spf::Lax);
        assert_eq!(read("v=spf1 mx -al"), Spf::Broken("-al".to_owned()));
        assert_eq!(
            read("v=spf1 mx ipv4:192.0.2.7 -all"),
            Spf::Broken("ipv4:192.0.2.7".to_owned())
        );
    }

    #[test]
    fn records_are_told_from_other_texts() {
        assert!(is_spf("v=spf1 -all") && is_spf("V=SPF1") && is_spf("v=spf1"));
        assert!(!is_spf("v=spf10 mx") && !is_spf("v=DMARC1") && !is_spf(""));
    }
}
