//! The judgement of TXT records.

use std::net::IpAddr;

use super::super::record::{DnsRecord, DnsRecordKind, Hosts};
use super::super::spf::{self, Sender, Spf};
use super::super::tags::{self, Tags};
use super::Outcome;

/// Judges the texts of a name.
pub(super) fn judge(record: &DnsRecord, hosts: &Hosts, (found, ours): (&[String], &[IpAddr])) -> Outcome {
    use DnsRecordKind as K;
    match record.kind {
        K::Proof => proof(record, found),
        K::Spf => spf(record, hosts, (found, ours)),
        K::Dkim => dkim(record, found),
        K::Dmarc => dmarc(found),
        K::MtaSts => mta_sts(record, found),
        K::TlsReports => tls_reports(found),
        // The others are no texts.
        _ => Outcome::good(),
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn proof(record: &DnsRecord, found: &[String]) -> Outcome {
    if found.iter().any(|text| text.trim() == record.value) {
        return Outcome::good();
    }
    if found.is_empty() {
        return Outcome::missing(format!("There is no TXT record at {} yet.", record.name));
    }
    Outcome::wrong(format!("The TXT record at {} says something else.", record.name)).found(found.to_vec())
}

fn spf(record: &DnsRecord, hosts: &Hosts, (found, ours): (&[String], &[IpAddr])) -> Outcome {
    let texts: Vec<&str> = found
        .iter()
        .map(String::as_str)
        .filter(|text| spf::is_spf(text))
        .collect();
    let [text] = texts.as_slice() else {
        return match texts.len() {
            0 => Outcome::missing(
                "Nothing says who may send from this domain, so its mail is easily taken for spam.",
            ),
            2 => Outcome::wrong(
                "There are two SPF records; receivers treat that as an error (RFC 7208, 3.2). Remove one.",
            )
            .found(owned(&texts)),
            many => Outcome::wrong(format!(
                "There are {many} SPF records; receivers treat that as an error (RFC 7208, 3.2). Leave one."
            ))
            .found(owned(&texts)),
        };
    };
    let sender = Sender {
        domain: &record.name,
        host: &hosts.mail,
        addresses: ours,
    };
    let outcome = match spf::read(text, &sender) {
        Spf::Strict => Outcome::good(),
        Spf::Lax => Outcome::hint("It does not say that others may not send. End it with -all or ~all."),
        Spf::Absent => Outcome::wrong("It does not allow our mail server. Add mx before its end."),
        Spf::Everybody => Outcome::wrong(
            "It ends with +all, which lets everybody send in this domain's name. End it with -all.",
        ),
        Spf::Broken(term) => Outcome::wrong(format!(
            "{term} is no term of SPF, which makes the whole record an error (RFC 7208, 4.6). Correct it."
        )),
    };
    outcome.found(owned(&texts))
}

fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn dkim(record: &DnsRecord, found: &[String]) -> Outcome {
    let keys: Vec<&String> = found
        .iter()
        .filter(|text| Tags::read(text).get("p").is_some())
        .collect();
    let [text] = keys.as_slice() else {
        return if keys.is_empty() {
            Outcome::missing(format!("There is no key at {}.", record.name)).found(found.to_vec())
        } else {
            Outcome::wrong("There are several keys at this name, and receivers take any of them. Leave ours.")
                .found(found.to_vec())
        };
    };
    let (tags, wanted) = (Tags::read(text), Tags::read(&record.value));
    let key = squeezed(tags.get("p").unwrap_or_default());
    let ours = wanted.get("p").unwrap_or_default();
    let outcome = if key.is_empty() {
        Outcome::wrong("The key is revoked: p= is empty (RFC 6376, 3.6.1). Publish ours.")
    } else if tags.get("v").is_some_and(|version| version != "DKIM1") {
        Outcome::wrong("Its version is not DKIM1, so receivers ignore it. Publish it as it is shown.")
    } else if tags.get("k").is_some_and(|kind| kind != "rsa") {
        Outcome::wrong("It says that the key is no RSA key. Publish it as it is shown.")
    } else if key != ours && ours.starts_with(&key) {
        Outcome::wrong(
            "The key is cut off. Divide it into strings of at most 255 characters, as the zone's line shows.",
        )
    } else if key != ours {
        Outcome::wrong("It is another key, so signatures do not fit. Publish ours.")
    } else if tags
        .get("t")
        .is_some_and(|flags| flags.split(':').any(|flag| flag.trim() == "y"))
    {
        Outcome::hint("It is marked as a test (t=y), so receivers may ignore it. Take t=y out.")
    } else {
        Outcome::good()
    };
    outcome.found(vec![(*text).clone()])
}

fn dmarc(found: &[String]) -> Outcome {
    let texts = tags::of(found, "DMARC1");
    let [text] = texts.as_slice() else {
        return if texts.is_empty() {
            Outcome::missing("Nothing says what becomes of mail that only pretends to be from this domain.")
                .found(found.to_vec())
        } else {
            Outcome::wrong(
                "There are several DMARC records, so receivers use none (RFC 7489, 6.6.3). Leave one.",
            )
            .found(owned(&texts))
        };
    };
    let outcome = match Tags::read(text).get("p").map(str::to_ascii_lowercase).as_deref() {
        Some("quarantine" | "reject") => Outcome::good(),
        Some("none") => Outcome::hint(
            "Its policy is none: forgeries are only reported. Change it to p=quarantine when the reports show nothing of yours.",
        ),
        Some(_) => Outcome::wrong("Its policy (p=) is none that DMARC knows. Use p=quarantine."),
        None => Outcome::wrong("It has no policy (p=), so receivers ignore it. Add p=quarantine."),
    };
    outcome.found(owned(&texts))
}

fn mta_sts(record: &DnsRecord, found: &[String]) -> Outcome {
    let texts = tags::of(found, "STSv1");
    let [text] = texts.as_slice() else {
        return if texts.is_empty() {
            Outcome::missing("Other mail servers do not know that there is a policy about TLS.")
        } else {
            Outcome::wrong("There are several of them, so others use none (RFC 8461, 3.1). Leave one.")
                .found(owned(&texts))
        };
    };
    let wanted = Tags::read(&record.value).get("id").unwrap_or_default().to_owned();
    let outcome = match Tags::read(text).get("id") {
        Some(id) if id == wanted => Outcome::good(),
        Some(_) => Outcome::wrong(format!(
            "Its id is an older policy's, so others may go by that. Change the id to {wanted}."
        )),
        None => Outcome::wrong("It has no id (RFC 8461, 3.1). Publish it as it is shown."),
    };
    outcome.found(owned(&texts))
}

fn tls_reports(found: &[String]) -> Outcome {
    let texts = tags::of(found, "TLSRPTv1");
    match texts.as_slice() {
        [] => Outcome::missing("Nobody is told when others can't bring mail by TLS."),
        [text] if Tags::read(text).get("rua").is_some_and(|to| !to.is_empty()) => {
            Outcome::good().found(owned(&texts))
        }
        [_] => Outcome::wrong("It does not say where reports go (rua=). Publish it as it is shown.")
            .found(owned(&texts)),
        _ => Outcome::wrong("There are several of them, so nobody reports (RFC 8460, 3). Leave one.")
            .found(owned(&texts)),
    }
}
