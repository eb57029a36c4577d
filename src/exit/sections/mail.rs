//! Mail: domains, mailboxes with their filters, and aliases. What lies in mailboxes is not in it: it is on the mail service's disk,
//! which the panel does not read; every mail program fetches it by IMAP.

use super::super::outer::{Outer, Stop};
use super::super::source::Source;
use super::super::store;

/// How many are in one file.
const PAGE: i64 = 5_000;

pub(super) async fn write(source: &Source, outer: &mut Outer) -> Result<(), Stop> {
    let domains = store::mail_domains(&mut source.begin().await?, source.tenant).await?;
    if domains.is_empty() {
        return Ok(());
    }
    outer.json("mail/domains.json", &domains).await?;
    let (mut after, mut number) = (None, 1);
    loop {
        let mut tx = source.begin().await?;
        let (mailboxes, last) = store::mailboxes(&mut tx, source.tenant, after, PAGE).await?;
        drop(tx);
        if mailboxes.is_empty() {
            break;
        }
        outer
            .json(&format!("mail/mailboxes/{number:05}.json"), &mailboxes)
            .await?;
        (after, number) = (last, number + 1);
    }
    let (mut after, mut number) = (None, 1);
    loop {
        let mut tx = source.begin().await?;
        let (aliases, last) = store::mail_aliases(&mut tx, source.tenant, after, PAGE).await?;
        drop(tx);
        if aliases.is_empty() {
            return Ok(());
        }
        outer
            .json(&format!("mail/aliases/{number:05}.json"), &aliases)
            .await?;
        (after, number) = (last, number + 1);
    }
}
