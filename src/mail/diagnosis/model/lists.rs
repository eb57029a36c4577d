//! What lists of addresses that send spam say of one. Pure.

use std::net::IpAddr;

use super::{Finding, Verdict};

/// Lists of addresses that send spam, by the domain that is asked (RFC 5782).
pub const BLOCKLISTS: [(&str, &str); 3] = [
    ("zen.spamhaus.org", "Spamhaus ZEN"),
    ("bl.spamcop.net", "SpamCop"),
    ("psbl.surriel.com", "PSBL"),
];

/// The name by which a list is asked about an address (RFC 5782, 2.1 and 2.4).
pub fn asked(address: IpAddr, list: &str) -> String {
    match address {
        IpAddr::V4(four) => {
            let [a, b, c, d] = four.octets();
            format!("{d}.{c}.{b}.{a}.{list}")
        }
        IpAddr::V6(six) => {
            let nibbles = six
                .octets()
                .into_iter()
                .rev()
                .flat_map(|byte| [byte & 15, byte >> 4]);
            let name: Vec<String> = nibbles.map(|nibble| format!("{nibble:x}")).collect();
            format!("{}.{list}", name.join("."))
        }
    }
}

/// What a list's answer means.
pub fn listed(address: IpAddr, (list, name): (&str, &str), answer: Result<Vec<IpAddr>, String>) -> Finding {
    let what = format!("Blocklist {name}, {address}");
    let codes = match answer {
        Ok(codes) => codes,
        Err(error) => {
            let says = format!("The list can't be asked now: {error}.");
            return Finding::new(
                what,
                Verdict::Unknown,
                says,
                "Look again later, or ask it on its website.",
            );
        }
    };
    let is_refusal =
        |code: &IpAddr| matches!(code, IpAddr::V4(four) if four.octets()[..3] == [127, 255, 255]);
    if codes.iter().any(is_refusal) {
        return Finding::new(
            what,
            Verdict::Unknown,
            "The list does not answer this name server: it refuses public ones, and those that ask too much.",
            "Let the panel ask a name server of your own by BERTH_DNS_SERVER, or ask the list on its website.",
        );
    }
    let codes: Vec<String> = codes
        .iter()
        .filter(|code| matches!(code, IpAddr::V4(four) if four.octets()[0] == 127))
        .map(ToString::to_string)
        .collect();
    if codes.is_empty() {
        return Finding::new(what, Verdict::Good, "Not listed.", "");
    }
    Finding::new(
        what,
        Verdict::Bad,
        format!(
            "Listed ({}): many servers refuse mail from this address.",
            codes.join(", ")
        ),
        format!(
            "Find out in the queue and by the trace who sends spam, stop it, and then ask {list} to take the address off."
        ),
    )
}
