//! Asks DNS about a domain's records, all at once: whoever pressed the button waits for it.

use std::net::IpAddr;
use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use tokio::time::{Instant, timeout_at};

use crate::drivers::dns::{Dns, DnsError, Mx};

use super::model::{Checked, DnsRecord, DnsRecordKind, Facts, Hosts, MxSeen, judge, missed};

/// What is not answered by then is told as such.
pub(super) const LIMIT: Duration = Duration::from_secs(5);
/// No domain has more mail exchangers that matter.
const MOST: usize = 8;

/// Looks at all of them.
pub(super) async fn at_all(
    dns: &dyn Dns,
    hosts: &Hosts,
    records: &[DnsRecord],
    limit: Duration,
) -> Vec<Checked> {
    let end = Instant::now() + limit;
    join_all(records.iter().map(|record| at(dns, hosts, record, end))).await
}

async fn at(dns: &dyn Dns, hosts: &Hosts, record: &DnsRecord, end: Instant) -> Checked {
    let outcome = match timeout_at(end, facts(dns, hosts, record)).await {
        Ok(Ok(facts)) => judge(record, hosts, &facts),
        Ok(Err(DnsError::Away(why) | DnsError::BadName(why))) => missed(record, &why),
        Err(_) => missed(record, "no answer in time"),
    };
    Checked::new(record, outcome)
}

async fn facts(dns: &dyn Dns, hosts: &Hosts, record: &DnsRecord) -> Result<Facts, DnsError> {
    use DnsRecordKind as K;
    let name = &record.name;
    Ok(match record.kind {
        K::Mx => {
            let (all, ours) = tokio::try_join!(exchangers(dns, name), addresses(dns, &hosts.mail))?;
            Facts::Mx(all, ours)
        }
        K::Spf => {
            // The addresses help to understand a record and are no part of it.
            let (texts, ours) = tokio::join!(dns.txt(name), addresses(dns, &hosts.mail));
            Facts::Texts(texts?, ours.unwrap_or_default())
        }
        K::Proof | K::Dkim | K::Dmarc | K::MtaSts | K::TlsReports => {
            Facts::Texts(dns.txt(name).await?, Vec::new())
        }
        K::MtaStsHost | K::Autoconfig | K::Autodiscover => {
            let panel = addresses(dns, &hosts.panel);
            let (cname, own, panel) = tokio::try_join!(dns.cname(name), dns.addresses(name), panel)?;
            Facts::Name(cname, own, panel)
        }
        K::Submissions | K::Imaps | K::Pop3s => Facts::Services(dns.srv(name).await?),
    })
}

/// The addresses of one of our hosts, which is an address itself where nobody gave it a name.
async fn addresses(dns: &dyn Dns, host: &str) -> Result<Vec<IpAddr>, DnsError> {
    match host.parse() {
        Ok(address) => Ok(vec![address]),
        Err(_) => dns.addresses(host).await,
    }
}

async fn exchangers(dns: &dyn Dns, domain: &str) -> Result<Vec<MxSeen>, DnsError> {
    let all = dns.mx(domain).await?;
    try_join_all(all.into_iter().take(MOST).map(|mx| exchanger(dns, mx))).await
}

async fn exchanger(dns: &dyn Dns, mx: Mx) -> Result<MxSeen, DnsError> {
    let cname = match dns.cname(&mx.host).await {
        // An address or nothing, which is told as such.
        Err(DnsError::BadName(_)) => None,
        other => other?,
    };
    Ok(MxSeen { mx, cname })
}
