//! Whether a mail is from whom it says that it is, as the mail service of this installation found out (RFC 8601). What anybody else's
//! server says, anybody can write.

use super::{Desk, Headers};

/// What is known about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// It is.
    Verified,
    /// Nobody knows.
    None,
    /// The sender's domain says that it is not.
    Failed,
}

/// Whether the domain of an address is one that something was said for, or below it.
fn is_of(sender: &str, domain: &str) -> bool {
    let host = sender.rsplit('@').next().unwrap_or_default();
    domain.contains('.')
        && (host == domain || host.strip_suffix(domain).is_some_and(|sub| sub.ends_with('.')))
}

/// Without what stands in brackets, which says nothing.
fn without_comments(text: &str) -> String {
    let mut depth = 0_usize;
    let mut kept = String::new();
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            c if depth == 0 => kept.push(c),
            _ => {}
        }
    }
    kept
}

/// What the one header of our own service says. It takes out those that mails bring along, so a second one is a riddle.
pub(super) fn proof(headers: &Headers, sender: Option<&str>, desk: &Desk) -> Proof {
    let (Some(sender), true) = (sender, desk.is_own_service) else {
        return Proof::None;
    };
    let mut said = headers.all("Authentication-Results");
    let (Some(said), None) = (said.next(), said.next()) else {
        return Proof::None;
    };
    let said = without_comments(&said.to_lowercase());
    let mut proof = Proof::None;
    for result in said.split(';').skip(1) {
        let mut words = result.split_whitespace();
        let method = words.next().unwrap_or_default();
        let is_about_sender = words.any(|word| {
            let domain = match word.split_once('=') {
                Some(("header.d" | "header.from", domain)) => domain,
                Some(("header.i" | "smtp.mailfrom", address)) => {
                    address.rsplit('@').next().unwrap_or_default()
                }
                _ => "",
            };
            is_of(sender, domain)
        });
        match method {
            "dmarc=fail" | "dmarc=reject" | "dmarc=quarantine" => return Proof::Failed,
            "dkim=pass" | "spf=pass" | "dmarc=pass" if is_about_sender => proof = Proof::Verified,
            _ => {}
        }
    }
    proof
}
