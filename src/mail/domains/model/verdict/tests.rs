//! Each way in which a record can be wrong, and what is said then.

use super::super::record;
use super::super::{Key, MailKeyState};
use super::*;
use crate::mail::model::DomainName;
use crate::platform::ids::MailKeyId;

const HOST: &str = "mx.provider.example";
const PANEL: &str = "panel.provider.example";

fn hosts() -> Hosts {
    Hosts {
        mail: HOST.to_owned(),
        panel: PANEL.to_owned(),
    }
}

fn ours() -> Vec<IpAddr> {
    vec!["192.0.2.7".parse().unwrap()]
}

fn wanted(kind: DnsRecordKind) -> DnsRecord {
    let key = Key {
        id: MailKeyId(uuid::Uuid::nil()),
        selector: "berth-2026a".to_owned(),
        public_key: "MIIBkey".to_owned(),
        state: MailKeyState::Active,
        created_at: chrono::DateTime::UNIX_EPOCH,
        activated_at: None,
        retired_at: None,
    };
    let domain = DomainName::parse("a.example").unwrap();
    let all = record::all(&domain, &hosts(), &[key], Some("xyz"));
    all.into_iter().find(|record| record.kind == kind).unwrap()
}

fn texts(kind: DnsRecordKind, texts: &[&str]) -> Outcome {
    let texts = texts.iter().map(|text| (*text).to_owned()).collect();
    judge(&wanted(kind), &hosts(), &Facts::Texts(texts, ours()))
}

fn exchangers(all: &[(u16, &str, Option<&str>)]) -> Outcome {
    let seen = all.iter().map(|(preference, host, cname)| MxSeen {
        mx: Mx {
            preference: *preference,
            host: (*host).to_owned(),
        },
        cname: cname.map(str::to_owned),
    });
    let facts = Facts::Mx(seen.collect(), ours());
    judge(&wanted(DnsRecordKind::Mx), &hosts(), &facts)
}

#[track_caller]
fn assert_is(outcome: &Outcome, verdict: Verdict, says: &str) {
    assert_eq!(outcome.verdict, verdict, "{outcome:?}");
    assert!(outcome.says.contains(says), "{outcome:?}");
    assert_eq!(outcome.says.is_empty(), says.is_empty(), "{outcome:?}");
}

#[test]
fn mail_has_to_come_here() {
    assert_is(&exchangers(&[(10, HOST, None)]), Verdict::Good, "");
    assert_is(&exchangers(&[]), Verdict::Missing, "no MX record");
    let elsewhere = exchangers(&[(10, "mx.other.example", None)]);
    assert_is(&elsewhere, Verdict::Wrong, "goes to mx.other.example, not here");
    assert_eq!(elsewhere.found, ["10 mx.other.example"]);
    let alias = exchangers(&[(10, "mail.a.example", Some(HOST))]);
    assert_is(&alias, Verdict::Wrong, "another name (CNAME)");
    assert_is(
        &exchangers(&[(10, "192.0.2.7", None)]),
        Verdict::Wrong,
        "is an address",
    );
    assert_is(
        &exchangers(&[(0, "", None)]),
        Verdict::Wrong,
        "takes no mail at all",
    );
    let own_alias = exchangers(&[(10, HOST, Some("box.provider.example"))]);
    assert_is(&own_alias, Verdict::Wrong, "Ask your provider");
    let before = exchangers(&[(5, "mx.other.example", None), (10, HOST, None)]);
    assert_is(&before, Verdict::Wrong, "Remove that MX record");
    let behind = exchangers(&[(10, HOST, None), (20, "mx.other.example", None)]);
    assert_is(&behind, Verdict::Good, "when mx.provider.example does not answer");
    let nowhere = Facts::Mx(
        vec![MxSeen {
            mx: Mx {
                preference: 10,
                host: HOST.to_owned(),
            },
            cname: None,
        }],
        Vec::new(),
    );
    let nowhere = judge(&wanted(DnsRecordKind::Mx), &hosts(), &nowhere);
    assert_is(&nowhere, Verdict::Wrong, "has no address");
}

#[test]
fn one_record_says_who_may_send() {
    let spf = |found: &[&str]| texts(DnsRecordKind::Spf, found);
    assert_is(&spf(&["google-site=1", "v=spf1 mx -all"]), Verdict::Good, "");
    assert_is(&spf(&["google-site=1"]), Verdict::Missing, "who may send");
    let two = spf(&["v=spf1 mx -all", "v=spf1 a -all", "other"]);
    assert_is(&two, Verdict::Wrong, "There are two SPF records");
    assert_eq!(two.found.len(), 2);
    assert_is(
        &spf(&["v=spf1 -all", "v=spf1", "v=spf1 mx"]),
        Verdict::Wrong,
        "There are 3",
    );
    assert_is(
        &spf(&["v=spf1 include:other.example -all"]),
        Verdict::Wrong,
        "Add mx",
    );
    assert_is(&spf(&["v=spf1 mx +all"]), Verdict::Wrong, "lets everybody send");
    assert_is(&spf(&["v=spf1 mx ?all"]), Verdict::Good, "-all or ~all");
    assert_is(&spf(&["v=spf1 mx -al"]), Verdict::Wrong, "-al is no term");
}

#[test]
fn keys_are_compared_without_space() {
    let dkim = |found: &[&str]| texts(DnsRecordKind::Dkim, found);
    assert_is(&dkim(&["v=DKIM1; k=rsa; p=MIIB key"]), Verdict::Good, "");
    assert_is(&dkim(&["p=MIIBkey"]), Verdict::Good, "");
    assert_is(&dkim(&[]), Verdict::Missing, "berth-2026a._domainkey.a.example");
    assert_is(&dkim(&["v=DKIM1; k=rsa; p="]), Verdict::Wrong, "revoked");
    assert_is(&dkim(&["v=DKIM1; k=rsa; p=MIIB"]), Verdict::Wrong, "cut off");
    assert_is(&dkim(&["v=DKIM1; k=rsa; p=XYZ"]), Verdict::Wrong, "another key");
    assert_is(
        &dkim(&["v=DKIM1; k=ed25519; p=MIIBkey"]),
        Verdict::Wrong,
        "no RSA key",
    );
    assert_is(&dkim(&["v=DKIM2; p=MIIBkey"]), Verdict::Wrong, "DKIM1");
    assert_is(&dkim(&["v=DKIM1; t=y:s; p=MIIBkey"]), Verdict::Good, "t=y");
    assert_is(&dkim(&["p=MIIBkey", "p=XYZ"]), Verdict::Wrong, "several keys");
}

#[test]
fn a_policy_about_forgeries_is_one_that_receivers_know() {
    let dmarc = |found: &[&str]| texts(DnsRecordKind::Dmarc, found);
    assert_is(&dmarc(&["v=DMARC1; p=quarantine"]), Verdict::Good, "");
    assert_is(&dmarc(&["v=DMARC1;p=REJECT;pct=100"]), Verdict::Good, "");
    assert_is(
        &dmarc(&["v=DMARC1; p=none; rua=mailto:x@y.example"]),
        Verdict::Good,
        "policy is none",
    );
    assert_is(&dmarc(&["v=DMARC1; p=refuse"]), Verdict::Wrong, "p=quarantine");
    assert_is(
        &dmarc(&["v=DMARC1; rua=mailto:x@y.example"]),
        Verdict::Wrong,
        "no policy",
    );
    assert_is(&dmarc(&["p=none; v=DMARC1"]), Verdict::Missing, "pretends");
    assert_is(
        &dmarc(&["v=DMARC1; p=none", "v=DMARC1; p=reject"]),
        Verdict::Wrong,
        "several",
    );
}

#[test]
fn what_mail_works_without_is_optional() {
    let sts = wanted(DnsRecordKind::MtaSts).value;
    assert_is(&texts(DnsRecordKind::MtaSts, &[&sts]), Verdict::Good, "");
    assert_is(
        &texts(DnsRecordKind::MtaSts, &[]),
        Verdict::OptionalMissing,
        "policy",
    );
    assert_is(
        &texts(DnsRecordKind::MtaSts, &["v=STSv1; id=1"]),
        Verdict::Wrong,
        "older policy",
    );
    assert_is(
        &texts(DnsRecordKind::MtaSts, &["v=STSv1;"]),
        Verdict::Wrong,
        "no id",
    );
    assert_is(
        &texts(DnsRecordKind::MtaSts, &[&sts, &sts]),
        Verdict::Wrong,
        "several",
    );
    let tls = |found: &[&str]| texts(DnsRecordKind::TlsReports, found);
    assert_is(&tls(&["v=TLSRPTv1; rua=mailto:x@y.example"]), Verdict::Good, "");
    assert_is(&tls(&[]), Verdict::OptionalMissing, "Nobody is told");
    assert_is(&tls(&["v=TLSRPTv1"]), Verdict::Wrong, "rua=");
}

#[test]
fn ownership_is_the_very_text() {
    let proof = |found: &[&str]| texts(DnsRecordKind::Proof, found);
    assert_is(&proof(&["else", "berth-verification=xyz"]), Verdict::Good, "");
    assert_is(&proof(&[]), Verdict::Missing, "_berth.a.example");
    assert_is(
        &proof(&["berth-verification=xy"]),
        Verdict::Wrong,
        "something else",
    );
}

#[test]
fn names_lead_to_the_panel_one_way_or_another() {
    let leads = |cname: Option<&str>, own: &[&str]| {
        let own = own.iter().map(|one| one.parse().unwrap()).collect();
        let facts = Facts::Name(cname.map(str::to_owned), own, ours());
        judge(&wanted(DnsRecordKind::Autoconfig), &hosts(), &facts)
    };
    assert_is(&leads(Some(PANEL), &[]), Verdict::Good, "");
    assert_is(&leads(None, &["192.0.2.7"]), Verdict::Good, "");
    assert_is(&leads(None, &[]), Verdict::OptionalMissing, "is not there");
    assert_is(
        &leads(None, &["198.51.100.1"]),
        Verdict::Wrong,
        "leads elsewhere: to 198.51.100.1",
    );
    assert_is(
        &leads(Some("other.example"), &["198.51.100.1"]),
        Verdict::Wrong,
        "CNAME other.example",
    );
}

#[test]
fn services_are_where_we_serve() {
    let service = |found: &[(u16, &str)]| {
        let found = found.iter().map(|(port, host)| Srv {
            priority: 0,
            weight: 1,
            port: *port,
            host: (*host).to_owned(),
        });
        let facts = Facts::Services(found.collect());
        judge(&wanted(DnsRecordKind::Imaps), &hosts(), &facts)
    };
    assert_is(&service(&[(993, HOST)]), Verdict::Good, "");
    assert_is(&service(&[]), Verdict::OptionalMissing, "by hand");
    assert_is(&service(&[(143, HOST)]), Verdict::Wrong, "0 1 143");
    assert_is(
        &service(&[(993, "imap.other.example")]),
        Verdict::Wrong,
        "imap.other.example",
    );
    assert_is(&service(&[(0, "")]), Verdict::Wrong, "no such service");
}

#[test]
fn silence_is_no_verdict() {
    let outcome = missed(&wanted(DnsRecordKind::Dmarc), "no answer in time");
    assert_is(
        &outcome,
        Verdict::Unreachable,
        "_dmarc.a.example: no answer in time",
    );
    assert!(!outcome.verdict.is_bad());
}
