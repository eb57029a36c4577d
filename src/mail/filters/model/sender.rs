//! Lists of senders: whole addresses, and whole domains with an @ before them.

use std::collections::BTreeSet;

use crate::mail::model::{Address, DomainName};

/// More make a script that is read for each mail too long.
const MOST: usize = 500;

/// Reads a list, in the order of the alphabet and each once. Empty lines are passed over.
pub(in super::super) fn read<'a>(lines: impl IntoIterator<Item = &'a str>) -> Result<Vec<String>, String> {
    let mut senders = BTreeSet::new();
    for line in lines {
        let line = line.trim();
        if !line.is_empty() {
            senders.insert(read_one(line)?);
        }
    }
    if senders.len() > MOST {
        return Err(format!(
            "A list has at most {MOST} senders. Name whole domains, such as @example.com."
        ));
    }
    Ok(senders.into_iter().collect())
}

fn read_one(text: &str) -> Result<String, String> {
    let read = match text.strip_prefix('@') {
        Some(domain) => DomainName::parse(domain).map(|domain| format!("@{domain}")),
        None => Address::parse(text).map(|address| address.as_str().to_owned()),
    };
    read.map_err(|why| format!("{text:?}: {why} Write ann@example.com, or @example.com for everybody there."))
}
