//! What can be told of lines before anything is made: whether their addresses are ours to give, and free.

use std::collections::{HashMap, HashSet};

use crate::mail::domains::Place;
use crate::mail::limits::Limits;
use crate::mail::model::Holder;

use super::Line;

/// Marks the lines that can't be made. `places` are the organisation's domains by name, `taken` the addresses that are there, and
/// `allowed` is what its plan allows.
pub fn judge(lines: &mut [Line], places: &HashMap<String, Place>, taken: &HashSet<String>, allowed: &Limits) {
    let mut first: HashMap<String, i32> = HashMap::new();
    for line in lines {
        let Ok(entry) = &line.entry else { continue };
        let too_much = allowed.one_mailbox(entry.quota_mib).err();
        let wrong = wrong(&line.address, places, taken).or(too_much).or_else(|| {
            let number = first.get(&line.address)?;
            Some(format!(
                "Line {number} has this address, too. Leave one of them out."
            ))
        });
        first.entry(line.address.clone()).or_insert(line.number);
        if let Some(wrong) = wrong {
            line.entry = Err(wrong);
        }
    }
}

fn wrong(address: &str, places: &HashMap<String, Place>, taken: &HashSet<String>) -> Option<String> {
    let domain = address
        .rsplit_once('@')
        .map(|(_, domain)| domain)
        .unwrap_or_default();
    match places.get(domain) {
        None => Some(format!(
            "{domain} is none of this organisation's domains. Add it first, or correct the address."
        )),
        Some(place) => place
            .refusal()
            .or_else(|| taken.contains(address).then(|| Holder::Something.words(address))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;
    use crate::mail::model::DomainName;
    use crate::platform::ids::MailDomainId;

    #[test]
    fn what_is_not_ours_taken_or_there_twice_is_told_of() {
        let text = "address,quota_mib\na@x.example,\nb@y.example,\nA@x.example,\nc@x.example,\nd@z.example,\nb@y.example,\n\
            e@x.example,10240\nf@x.example,10241";
        let mut lines = read(text.as_bytes()).unwrap();
        let place = |name: &str, alias_of: Option<&str>| {
            let place = Place {
                id: MailDomainId(uuid::Uuid::nil()),
                name: DomainName::trusted(name.to_owned()),
                is_verified: true,
                is_enabled: true,
                alias_of: alias_of.map(|other| DomainName::trusted(other.to_owned())),
            };
            (name.to_owned(), place)
        };
        let places = HashMap::from([place("x.example", None), place("z.example", Some("x.example"))]);
        let taken = HashSet::from(["c@x.example".to_owned()]);
        judge(&mut lines, &places, &taken, &Limits::default());
        let told: Vec<&str> = lines
            .iter()
            .map(|line| line.entry.as_ref().err().map_or("", String::as_str))
            .collect();
        assert_eq!(told[0], "");
        assert!(told[1].contains("y.example is none") && told[5].contains("y.example is none"));
        assert!(told[2].contains("Line 2"), "{}", told[2]);
        assert!(told[3].contains("taken"));
        assert!(told[4].contains("has the addresses"));
        assert_eq!(told[6], "");
        assert!(told[7].contains("10240 MiB"), "{}", told[7]);
    }
}
