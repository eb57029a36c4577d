//! What can be told of lines before anything is made: whether their addresses are ours to give, and free.

use std::collections::{HashMap, HashSet};

use crate::mail::limits::Limits;
use crate::mail::model::Holder;

use super::Line;

/// A domain of the organisation, as far as its lines need it.
#[derive(Debug, Clone)]
pub struct Zone {
    /// Why it takes no addresses, if it does not.
    pub refusal: Option<String>,
}

/// Marks the lines that can't be made. `zones` are the organisation's domains by name, `taken` the addresses that are there, and
/// `allowed` is what its plan allows.
pub fn judge(lines: &mut [Line], zones: &HashMap<String, Zone>, taken: &HashSet<String>, allowed: &Limits) {
    let mut first: HashMap<String, i32> = HashMap::new();
    for line in lines {
        let Ok(entry) = &line.entry else { continue };
        let too_much = allowed.one_mailbox(entry.quota_mib).err();
        let wrong = wrong(&line.address, zones, taken).or(too_much).or_else(|| {
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

fn wrong(address: &str, zones: &HashMap<String, Zone>, taken: &HashSet<String>) -> Option<String> {
    let domain = address
        .rsplit_once('@')
        .map(|(_, domain)| domain)
        .unwrap_or_default();
    match zones.get(domain) {
        None => Some(format!(
            "{domain} is none of this organisation's domains. Add it first, or correct the address."
        )),
        Some(Zone { refusal: Some(why) }) => Some(why.clone()),
        Some(_) if taken.contains(address) => Some(Holder::Something.words(address)),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    #[test]
    fn what_is_not_ours_taken_or_there_twice_is_told_of() {
        let text = "address,quota_mib\na@x.example,\nb@y.example,\nA@x.example,\nc@x.example,\nd@z.example,\nb@y.example,\n\
            e@x.example,10240\nf@x.example,10241";
        let mut lines = read(text.as_bytes()).unwrap();
        let refusal = Some("z.example has the addresses of x.example.".to_owned());
        let zones = HashMap::from([
            ("x.example".to_owned(), Zone { refusal: None }),
            ("z.example".to_owned(), Zone { refusal }),
        ]);
        let taken = HashSet::from(["c@x.example".to_owned()]);
        judge(&mut lines, &zones, &taken, &Limits::default());
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
