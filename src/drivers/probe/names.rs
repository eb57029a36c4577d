//! Names in DNS. A name server of the panel's that is away is nothing that anybody's name can help: then nobody knows how the name
//! is, and nobody's check fails. A name whose own name servers are away looks the same from here, so another name is asked for.

use std::net::IpAddr;
use std::time::Duration;

use crate::drivers::dns::{Dns, DnsError};

use super::{Found, Record, Verdict};

/// A name that always is (RFC 2606, 3), and that resolvers remember.
const ALWAYS_THERE: &str = "example.com";
/// Within a probe there is no time for more, after the first question.
const SHORT: Duration = Duration::from_millis(1500);

/// Asks for a name's records.
pub(super) async fn look(dns: &dyn Dns, name: &str, record: Record, expect: &str) -> Found {
    match ask(dns, name, record).await {
        Ok(found) => judge(&found, name, record, expect),
        Err(DnsError::BadName(_)) => Found::new(Verdict::Bad, format!("{name} is no name that DNS knows.")),
        Err(DnsError::Away(_)) => {
            let other = tokio::time::timeout(SHORT, dns.addresses(ALWAYS_THERE)).await;
            unanswered(name, matches!(other, Ok(Ok(_))))
        }
    }
}

async fn ask(dns: &dyn Dns, name: &str, record: Record) -> Result<Vec<String>, DnsError> {
    Ok(match record {
        Record::Address => dns.addresses(name).await?.iter().map(IpAddr::to_string).collect(),
        Record::Cname => dns.cname(name).await?.into_iter().collect(),
        Record::Mx => dns.mx(name).await?.into_iter().map(|mx| mx.host).collect(),
        Record::Txt => dns.txt(name).await?,
    })
}

/// What it means that nothing was answered about a name, by a resolver that answers about others or not.
fn unanswered(name: &str, answers_others: bool) -> Found {
    if answers_others {
        let says = format!("The name servers of {name} do not answer.");
        Found::new(Verdict::Bad, says)
    } else {
        let says = format!("The resolver does not answer: nobody knows how {name} is.");
        Found::new(Verdict::Unknown, says)
    }
}

/// What an answer is worth. The panel's name servers may know what the world does not: what they answered is never told, only
/// whether it fits.
fn judge(found: &[String], name: &str, record: Record, expect: &str) -> Found {
    let fits = |answer: &String| match record {
        Record::Txt => answer.contains(expect),
        _ => expect.is_empty() || answer.eq_ignore_ascii_case(expect.trim_end_matches('.')),
    };
    let (verdict, says) = match (found.iter().any(fits), expect.is_empty()) {
        (true, true) => (Verdict::Good, "has such a record."),
        (true, false) => (Verdict::Good, "is what was expected."),
        (false, true) => (Verdict::Bad, "has no such record."),
        (false, false) => (Verdict::Bad, "is not what was expected."),
    };
    Found::new(verdict, format!("{name} {says}"))
}

#[cfg(test)]
#[cfg(feature = "testing")]
mod tests {
    use crate::drivers::dns::fake::FakeDns;

    use super::*;

    const NAME: &str = "www.acme.example";

    #[tokio::test]
    async fn a_resolver_that_is_away_is_not_a_name_that_is_gone() {
        let dns = FakeDns::default();
        let found = async || look(&dns, NAME, Record::Address, "").await;
        let gone = found().await;
        assert_eq!(
            (gone.verdict, gone.says.as_str()),
            (Verdict::Bad, "www.acme.example has no such record.")
        );
        dns.set_addresses(NAME, &["192.0.2.7".parse().unwrap()]);
        assert_eq!(found().await.verdict, Verdict::Good);
        dns.be_away(true);
        let away = found().await;
        assert_eq!(away.verdict, Verdict::Unknown);
        assert!(away.says.starts_with("The resolver does not answer"), "{away:?}");
    }

    #[test]
    fn a_name_whose_own_name_servers_are_away_fails() {
        let found = unanswered(NAME, true);
        assert_eq!(
            (found.verdict, found.says.as_str()),
            (
                Verdict::Bad,
                "The name servers of www.acme.example do not answer."
            )
        );
        assert_eq!(unanswered(NAME, false).verdict, Verdict::Unknown);
    }

    #[test]
    fn an_answer_is_what_was_expected_or_not() {
        let judged = |found: &str, record, expect| judge(&[found.to_owned()], NAME, record, expect).verdict;
        assert_eq!(
            judged("mx.acme.example", Record::Mx, "MX.acme.example."),
            Verdict::Good
        );
        assert_eq!(judged("192.0.2.7", Record::Address, "192.0.2.8"), Verdict::Bad);
        assert_eq!(judged("v=spf1 -all", Record::Txt, "spf1"), Verdict::Good);
    }
}
