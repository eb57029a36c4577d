//! Reading a list: CSV (RFC 4180) with a head, between commas or semicolons, in UTF-8.

use std::collections::HashSet;

use csv::{ReaderBuilder, StringRecord};

use crate::accounts::NewPassword;
use crate::mail::aliases::{AliasKind, parse_description, parse_targets};
use crate::mail::model::{Address, DomainName, LocalPart, parse_listed_hash};
use crate::platform::secret::Secret;

use super::cells::{HEADER, plain};
use super::{Entry, Line, LineKind};

/// The largest file.
pub const MAX_BYTES: usize = 8 << 20;
/// The most lines of one.
pub const MAX_LINES: usize = 20_000;

/// As much as a mailbox can be allowed to hold: 16 TiB.
const MAX_QUOTA_MIB: i64 = 16_777_216;
const LONGEST_NAME: usize = 100;
/// How many addresses a mailbox may forward to.
const MAX_FORWARDS: usize = 100;
/// What of an address is kept if it is none.
const KEPT: usize = 254;

/// Reads a file. What is wrong with all of it is the error; what is wrong with a line stands in it.
pub fn read(bytes: &[u8]) -> Result<Vec<Line>, String> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| "This file is not in UTF-8. Save it as \"CSV UTF-8\" and upload it again.".to_owned())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.contains('\0') {
        return Err("This is no text file. Save the list as CSV and upload it again.".to_owned());
    }
    let head = text.lines().next().unwrap_or_default();
    let delimiter = if head.contains(';') { b';' } else { b',' };
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut records = reader.records();
    let columns = match records.next() {
        Some(Ok(head)) => Columns::read(&head)?,
        _ => {
            return Err(
                "The file is empty. Its first line names the columns, such as address,name.".to_owned(),
            );
        }
    };
    let mut lines = Vec::new();
    for record in records {
        let record = record.map_err(|error| format!("The file can't be read as CSV: {error}."))?;
        if lines.len() == MAX_LINES {
            return Err(format!("The file has more than {MAX_LINES} lines. Split it."));
        }
        lines.push(columns.line(&record, text));
    }
    if lines.is_empty() {
        return Err("The file has a head and no lines below it.".to_owned());
    }
    Ok(lines)
}

/// Which cell is in which column.
struct Columns {
    names: Vec<String>,
}

impl Columns {
    fn read(head: &StringRecord) -> Result<Self, String> {
        let names: Vec<String> = head.iter().map(|name| name.trim().to_lowercase()).collect();
        if let Some(strange) = names.iter().find(|name| !HEADER.contains(&name.as_str())) {
            return Err(format!(
                "There is no column {strange:?}. The first line names the columns; there are {}.",
                HEADER.join(", ")
            ));
        }
        let different: HashSet<&String> = names.iter().collect();
        if different.len() < names.len() {
            return Err("The first line names a column twice.".to_owned());
        }
        if !names.iter().any(|name| name == "address") {
            return Err("The first line names no column address.".to_owned());
        }
        Ok(Self { names })
    }

    fn line(&self, record: &StringRecord, text: &str) -> Line {
        let number = number(record, text);
        let cells = Cells {
            names: &self.names,
            record,
        };
        let typed: String = cells.get("address").chars().take(KEPT).collect();
        let (many, expected) = (record.len(), self.names.len());
        let read = if many == expected {
            cells.read()
        } else {
            Err(format!(
                "It has {many} cells, and the first line names {expected}."
            ))
        };
        match read {
            Ok((address, entry)) => Line {
                number,
                address,
                entry: Ok(entry),
            },
            Err(why) => Line {
                number,
                address: typed,
                entry: Err(why),
            },
        }
    }
}

/// Where a record stands. The reader counts from where the one before it ended, which may be some line ends earlier.
fn number(record: &StringRecord, text: &str) -> i32 {
    let Some(position) = record.position() else {
        return 0;
    };
    let begin = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let rest = text.as_bytes().get(begin..).unwrap_or_default();
    let ends = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    let more = ends.filter(|byte| **byte == b'\n').count();
    let number = position
        .line()
        .saturating_add(u64::try_from(more).unwrap_or_default());
    i32::try_from(number).unwrap_or(i32::MAX)
}

struct Cells<'a> {
    names: &'a [String],
    record: &'a StringRecord,
}

impl Cells<'_> {
    fn get(&self, name: &str) -> &str {
        let at = self.names.iter().position(|known| known == name);
        let cell = at.and_then(|at| self.record.get(at)).unwrap_or_default();
        plain(cell)
    }

    /// What is wrong with each cell, all in one.
    fn read(&self) -> Result<(String, Entry), String> {
        let mut wrong = Vec::new();
        let mut note = |why: String| wrong.push(why);
        let targets = self.get("targets").trim();
        let address = self.get("address").trim();
        let kind = kind(address, targets);
        let address = own_address(address, kind).map_err(&mut note).ok();
        let entry = match kind.alias() {
            Some(alias) => self.alias(alias, kind, &mut note),
            None => self.mailbox(&mut note),
        };
        match (address, entry) {
            (Some(address), Some(entry)) if wrong.is_empty() => Ok((address, entry)),
            _ => Err(wrong.join(" ")),
        }
    }

    fn alias(&self, alias: AliasKind, kind: LineKind, note: &mut impl FnMut(String)) -> Option<Entry> {
        let of_mailboxes = ["name", "password", "password_hash", "quota_mib", "forward_to"];
        if let Some(column) = of_mailboxes
            .iter()
            .find(|column| !self.get(column).trim().is_empty())
        {
            note(format!("What has targets is an alias, which has no {column}."));
        }
        let targets = parse_targets(self.get("targets"), alias.most());
        let targets = targets.map_err(&mut *note).ok();
        let description = parse_description(self.get("description"));
        let description = description.map_err(&mut *note).ok();
        let is_enabled = self.is("is_enabled", note);
        Some(Entry {
            kind,
            name: String::new(),
            password: None,
            password_hash: None,
            quota_mib: None,
            targets: targets?,
            keeps_copy: true,
            is_enabled,
            description: description?,
        })
    }

    fn mailbox(&self, note: &mut impl FnMut(String)) -> Option<Entry> {
        if !self.get("description").trim().is_empty() {
            note("Only aliases have a description: they have targets, too.".to_owned());
        }
        let name = person(self.get("name")).map_err(&mut *note).ok();
        let quota = quota(self.get("quota_mib")).map_err(&mut *note).ok();
        let forwards = match self.get("forward_to").trim() {
            "" => Some(Vec::new()),
            typed => parse_targets(typed, MAX_FORWARDS).map_err(&mut *note).ok(),
        };
        let secrets = self.secrets().map_err(&mut *note).ok();
        let (keeps_copy, is_enabled) = (self.is("keeps_copy", note), self.is("is_enabled", note));
        let (password, password_hash) = secrets?;
        Some(Entry {
            kind: LineKind::Mailbox,
            name: name?,
            password,
            password_hash,
            quota_mib: quota?,
            targets: forwards?,
            keeps_copy,
            is_enabled,
            description: String::new(),
        })
    }

    /// The password as it is, judged as any that somebody chooses, or a hash.
    fn secrets(&self) -> Result<(Option<Secret>, Option<String>), String> {
        let (password, hash) = (self.get("password"), self.get("password_hash").trim());
        match (password.is_empty(), hash.is_empty()) {
            (true, true) => Ok((None, None)),
            (false, false) => Err("Give a password or a hash of one, not both.".to_owned()),
            (true, false) => Ok((None, Some(parse_listed_hash(hash)?))),
            (false, true) => {
                let about = [self.get("address"), self.get("name")];
                let password = NewPassword::parse(password, &about).map_err(|why| why.to_string())?;
                Ok((Some(password.secret().clone()), None))
            }
        }
    }

    /// Yes unless something else is said.
    fn is(&self, column: &str, note: &mut impl FnMut(String)) -> bool {
        match self.get(column).trim().to_lowercase().as_str() {
            "" | "yes" | "true" | "1" => true,
            "no" | "false" | "0" => false,
            other => {
                note(format!("{column} is yes or no, and not {other:?}."));
                true
            }
        }
    }
}

/// What has targets is an alias; with more than one may have, a group; without a name before the @, a catch-all.
fn kind(address: &str, targets: &str) -> LineKind {
    let words = targets.split(|c: char| c.is_whitespace() || c == ',' || c == ';');
    let count = words.filter(|word| !word.is_empty()).count();
    match count {
        0 => LineKind::Mailbox,
        _ if address.starts_with('@') => LineKind::CatchAll,
        _ if count > AliasKind::Alias.most() => LineKind::Group,
        _ => LineKind::Alias,
    }
}

fn own_address(text: &str, kind: LineKind) -> Result<String, String> {
    if kind == LineKind::CatchAll {
        let domain = DomainName::parse(text.trim_start_matches('@'))?;
        return Ok(format!("@{domain}"));
    }
    let address = Address::parse(text)?;
    LocalPart::parse(address.local())?;
    Ok(address.as_str().to_owned())
}

fn person(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.chars().count() > LONGEST_NAME || text.chars().any(char::is_control) {
        return Err(format!(
            "A name is one line of at most {LONGEST_NAME} characters."
        ));
    }
    Ok(text.to_owned())
}

fn quota(text: &str) -> Result<Option<i64>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let quota: Option<i64> = text.parse().ok();
    let quota = quota.filter(|quota| (0..=MAX_QUOTA_MIB).contains(quota));
    let why = || {
        format!("quota_mib is a whole number of MiB up to {MAX_QUOTA_MIB}, or empty for no limit of its own.")
    };
    quota.map(Some).ok_or_else(why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::imports::model::csv_line;
    use proptest::prelude::*;

    const HASH: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$YmVydGgtbm8tYWNjb3VudA$fqyLXd3gfYe6P4SXULI6RRfK1JVqlGNPvIR2SXkXfeY";

    fn one(text: &str) -> Line {
        read(text.as_bytes()).unwrap().remove(0)
    }

    fn why(text: &str) -> String {
        one(text).entry.unwrap_err()
    }

    #[test]
    fn a_line_is_read() {
        let line = one(
            "\u{feff}Address;quota_mib;forward_to;keeps_copy;password;name\r\nAnn@X.example;512;b@y.example, c@z.example;no;quiet harbour lantern 7;Ann \"A\"\r\n",
        );
        let entry = line.entry.unwrap();
        assert_eq!((line.number, line.address.as_str()), (2, "ann@x.example"));
        assert_eq!(entry.kind, LineKind::Mailbox);
        assert_eq!(entry.quota_mib, Some(512));
        assert_eq!(entry.targets, ["b@y.example", "c@z.example"]);
        assert!(!entry.keeps_copy && entry.is_enabled);
        assert_eq!(entry.password.unwrap().expose(), "quiet harbour lantern 7");
    }

    #[test]
    fn what_has_targets_is_an_alias() {
        let kind = |text: &str| one(text).entry.unwrap().kind;
        assert_eq!(
            kind("address,targets\nsales@x.example,ann@x.example"),
            LineKind::Alias
        );
        assert_eq!(
            kind("address,targets\n'@x.example,ann@x.example"),
            LineKind::CatchAll
        );
        let many: Vec<String> = (0..101).map(|n| format!("p{n}@y.example")).collect();
        let group = format!("address,targets\nall@x.example,{}", many.join(" "));
        assert_eq!(kind(&group), LineKind::Group);
    }

    #[test]
    fn each_wrong_cell_is_told_of_with_its_line() {
        let text = "address,quota_mib,is_enabled\nann@x.example,1,yes\nann,much,perhaps\n\"b@x.example\",1\n";
        let lines = read(text.as_bytes()).unwrap();
        assert!(lines[0].entry.is_ok());
        let told = lines[1].entry.as_ref().unwrap_err();
        assert!(
            told.contains("has no @") && told.contains("quota_mib") && told.contains("perhaps"),
            "{told}"
        );
        assert_eq!((lines[1].number, lines[2].number), (3, 4));
        assert!(lines[2].entry.as_ref().unwrap_err().contains("2 cells"));
        assert_eq!(one("address\r\n\r\n\r\nann@x.example\r\n").number, 4);
        assert!(why("address\nann+x@x.example").contains("Leave + out"));
        assert!(why("address,password\nann@x.example,short").contains("12 characters"));
        assert!(why("address,targets,name\na@x.example,b@x.example,Ann").contains("no name"));
        let both =
            format!("address,password,password_hash\nann@x.example,quiet harbour lantern 7,\"{HASH}\"");
        assert!(why(&both).contains("not both"));
    }

    #[test]
    fn what_is_wrong_with_a_whole_file_is_told() {
        let told = |bytes: &[u8]| read(bytes).unwrap_err();
        assert!(told(b"").contains("empty"));
        assert!(told(b"address\n").contains("no lines"));
        assert!(told(b"name\nAnn").contains("no column address"));
        assert!(told(b"address,mail\nx,y").contains("no column \"mail\""));
        assert!(told(b"address,address\nx,y").contains("twice"));
        assert!(told(b"address\n\xe4@x.example").contains("UTF-8"));
        let long = format!("address\n{}", "a@x.example\n".repeat(MAX_LINES + 1));
        assert!(told(long.as_bytes()).contains("Split it"));
    }

    #[test]
    fn hashes_are_those_that_the_mail_service_can_check() {
        let kept = |hash: &str| {
            let entry = one(&format!("address,password_hash\nann@x.example,\"{hash}\"")).entry;
            entry.map(|entry| entry.password_hash.unwrap())
        };
        let sha = format!("{{SHA512-CRYPT}}$6$saltsalt${}", "b".repeat(86));
        assert_eq!(kept(HASH), Ok(format!("{{ARGON2ID}}{HASH}")));
        assert_eq!(kept(&sha), Ok(sha.clone()));
        assert!(kept("$6$salt$digest").unwrap_err().contains("with its scheme"));
    }

    #[test]
    fn passwords_are_judged_with_what_a_guesser_would_try() {
        assert!(why("address,password\nann@x.example,password1234").contains("too easy to guess"));
        let own = why("address,password,name\nann.smith@x.example,ann.smith@x.example,Ann Smith");
        assert!(own.contains("too easy to guess"), "{own}");
    }

    fn an_entry() -> impl Strategy<Value = Entry> {
        let texts = ("[=@+' a-z]{0,8}", proptest::option::of(0..MAX_QUOTA_MIB));
        let targets = proptest::collection::vec("[a-z]{1,6}@[a-z]{1,6}\\.example", 0..5);
        (texts, targets, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
            |((text, quota_mib), mut targets, keeps_copy, is_enabled, is_alias)| {
                let mut known = HashSet::new();
                targets.retain(|target| known.insert(target.clone()));
                let is_alias = is_alias && !targets.is_empty();
                let text = text.trim().to_owned();
                Entry {
                    kind: if is_alias {
                        LineKind::Alias
                    } else {
                        LineKind::Mailbox
                    },
                    name: if is_alias { String::new() } else { text.clone() },
                    password: None,
                    password_hash: None,
                    quota_mib: quota_mib.filter(|_| !is_alias),
                    targets,
                    keeps_copy: keeps_copy || is_alias,
                    is_enabled,
                    description: if is_alias { text } else { String::new() },
                }
            },
        )
    }

    proptest! {
        #[test]
        fn what_an_export_writes_is_read_again(entry in an_entry()) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(HEADER).unwrap();
            writer.write_record(csv_line("ann@x.example", &entry)).unwrap();
            let lines = read(&writer.into_inner().unwrap()).unwrap();
            let again = lines[0].entry.as_ref().unwrap();
            prop_assert_eq!(csv_line("ann@x.example", again), csv_line("ann@x.example", &entry));
            prop_assert_eq!(again.kind, entry.kind);
        }

        #[test]
        fn no_file_makes_it_fall_over(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "(?s).{0,200}") {
            let _ = read(&bytes);
            if let Ok(lines) = read(format!("address,targets,name\n{text}").as_bytes()) {
                prop_assert!(lines.iter().all(|line| line.number > 1));
            }
        }
    }
}
