//! The live check against a DNS in memory, and the policy that the world reads.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::super::look;
use super::super::model::{DnsRecordKind, Hosts, Verdict, records};
use super::*;
use crate::mail::model::DomainName;

impl Scene {
    /// Publishes all records of a domain.
    async fn publish_all(&self, domain: &str) {
        let all = self.get(&format!("{domain}/records")).await;
        for record in all["records"].as_array().unwrap() {
            let (name, value) = (text(&record["name"]), text(&record["value"]));
            let parts: Vec<&str> = value.split(' ').collect();
            let number = |place: usize| -> u16 { parts[place].parse().unwrap() };
            match text(&record["type"]) {
                "TXT" => self.test.dns.set_txt(name, &[value]),
                "MX" => self.test.dns.set_mx(name, &[(number(0), parts[1])]),
                "CNAME" => self.test.dns.set_cname(name, value),
                _ => self
                    .test
                    .dns
                    .set_srv(name, &[(number(0), number(1), number(2), parts[3])]),
            }
        }
    }

    /// Looks at all records; the verdict of each.
    async fn check(&self, domain: &str) -> Vec<(String, String)> {
        let seen = self
            .post(&format!("{domain}/check"), json!({}))
            .await
            .expect(200)
            .json();
        assert!(!seen["checked_at"].is_null());
        let records = seen["records"].as_array().unwrap().iter();
        let both = |one: &Value| (text(&one["kind"]).to_owned(), text(&one["verdict"]).to_owned());
        records.map(both).collect()
    }
}

#[tokio::test]
async fn all_records_of_a_domain_become_good_as_they_are_published() {
    let it = Scene::new().await;
    let domain = it.proved("a.example").await;
    assert!(it.record(&domain, "mx").await["verdict"].is_null());
    let before = it.check(&domain).await;
    let of = |kind: &str| {
        let found = before.iter().find(|(known, _)| known == kind);
        found.map(|(_, verdict)| verdict.as_str())
    };
    assert_eq!((of("mx"), of("dkim")), (Some("missing"), Some("missing")));
    assert_eq!(
        (of("mta_sts"), of("imaps")),
        (Some("optional_missing"), Some("optional_missing"))
    );
    assert_eq!(it.get(&domain).await["problems"], 4, "mx, spf, dkim and dmarc");
    it.publish_all(&domain).await;
    let after = it.check(&domain).await;
    let bad: Vec<_> = after.iter().filter(|(_, verdict)| verdict != "good").collect();
    assert!(bad.is_empty(), "{bad:?}");
    assert_eq!(after.len(), 12, "{after:?}");
    assert_eq!(it.get(&domain).await["problems"], 0);
}

#[tokio::test]
async fn what_is_wrong_is_said_and_what_was_found_is_shown() {
    let it = Scene::new().await;
    let domain = it.proved("a.example").await;
    it.publish_all(&domain).await;
    it.test.dns.set_txt(
        "a.example",
        &["v=spf1 mx -all", "v=spf1 include:other.example -all"],
    );
    it.test.dns.set_mx("a.example", &[(10, "mail.a.example")]);
    it.test.dns.set_cname("mail.a.example", HOST);
    it.check(&domain).await;
    let spf = it.record(&domain, "spf").await;
    assert_eq!(spf["verdict"], "wrong");
    assert_eq!(
        spf["says"],
        "There are two SPF records; receivers treat that as an error (RFC 7208, 3.2). Remove one."
    );
    assert_eq!(spf["found"].as_array().unwrap().len(), 2);
    let mx = it.record(&domain, "mx").await;
    assert!(
        text(&mx["says"]).contains("mail.a.example, which is another name"),
        "{mx}"
    );
    it.test.dns.be_away(true);
    let away = it.check(&domain).await;
    assert!(
        away.iter().all(|(_, verdict)| verdict == "unreachable"),
        "{away:?}"
    );
    assert_eq!(
        it.get(&domain).await["problems"],
        0,
        "silence is no problem of the domain's"
    );
}

#[tokio::test]
async fn one_silent_name_keeps_nobody_from_the_others() {
    let it = Scene::new().await;
    it.test.dns.be_silent_about("_dmarc.a.example");
    let hosts = Hosts {
        mail: HOST.to_owned(),
        panel: PANEL.to_owned(),
    };
    let wanted = records(&DomainName::parse("a.example").unwrap(), &hosts, &[], None);
    let seen = look::at_all(&it.test.dns, &hosts, &wanted, Duration::from_millis(50)).await;
    for one in seen {
        let is_silent = one.kind == DnsRecordKind::Dmarc;
        assert_eq!(one.verdict == Verdict::Unreachable, is_silent, "{one:?}");
    }
}

#[tokio::test]
async fn the_world_reads_the_policy_of_a_proved_domain() {
    let it = Scene::new().await;
    let policy = async |host: &str| {
        let request = Request::builder()
            .uri("/.well-known/mta-sts.txt")
            .header(header::HOST, host);
        let request = request.body(Body::empty()).unwrap();
        let answer = it.test.router().oneshot(request).await.unwrap();
        let status = answer.status().as_u16();
        let kind = answer.headers().get(header::CONTENT_TYPE).cloned();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, kind, String::from_utf8(body.to_vec()).unwrap())
    };
    let domain = it.add("a.example").await;
    assert_eq!(policy("mta-sts.a.example").await.0, 404, "nobody proved it");
    it.publish_proof(&domain).await;
    it.post(&format!("{domain}/verify"), json!({})).await.expect(200);
    let (status, kind, body) = policy("MTA-STS.a.example:443").await;
    assert_eq!(
        (status, kind.unwrap().to_str().unwrap()),
        (200, "text/plain; charset=utf-8")
    );
    assert_eq!(
        body,
        format!("version: STSv1\r\nmode: testing\r\nmx: {HOST}\r\nmax_age: 604800\r\n")
    );
    for other in ["a.example", "mta-sts.b.example", "127.0.0.1:8080"] {
        assert_eq!(policy(other).await.0, 404, "{other}");
    }
}
