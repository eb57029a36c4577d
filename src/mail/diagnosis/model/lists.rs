//! Which addresses the world knows, and what lists of those that send spam say of them. Pure.

use std::net::{IpAddr, Ipv4Addr};

use super::{Finding, Verdict};

/// Lists of addresses that send spam, by the domain that is asked (RFC 5782).
pub const BLOCKLISTS: [(&str, &str); 3] = [
    ("zen.spamhaus.org", "Spamhaus ZEN"),
    ("bl.spamcop.net", "SpamCop"),
    ("psbl.surriel.com", "PSBL"),
];

/// Whether an address is one of the Internet's (RFC 6890), so that asking the world about it makes sense, and the world's port 25
/// may be tried by somebody's word.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => is_public_four(four),
        IpAddr::V6(six) => match six.to_ipv4_mapped() {
            Some(four) => is_public_four(four),
            // 2000::/3 is all that is given out; 2001:db8::/32 is for documents, 2002::/16 hides an IPv4 address.
            None => {
                let [first, second, ..] = six.segments();
                first & 0xe000 == 0x2000 && !(first == 0x2001 && second == 0xdb8) && first != 0x2002
            }
        },
    }
}

fn is_public_four(four: Ipv4Addr) -> bool {
    let [first, second, third, _] = four.octets();
    let is_shared = first == 100 && second & 0xc0 == 64;
    let is_special = first == 0
        || first >= 224
        || (first, second, third) == (192, 0, 0)
        || (first == 198 && second & 0xfe == 18);
    !(four.is_private()
        || four.is_loopback()
        || four.is_link_local()
        || four.is_documentation()
        || is_shared
        || is_special)
}

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
