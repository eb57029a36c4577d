//! What people type of a ticket.

/// As long as a subject may be, in characters.
pub const MAX_SUBJECT: usize = 200;
/// As long as what is written may be, in characters.
pub const MAX_BODY: usize = 65_536;
/// As many tags as a ticket may have.
pub const MAX_TAGS: usize = 20;
const MAX_TAG: usize = 40;
const MAX_ADDRESS: usize = 254;

/// A subject: one line that says something.
pub fn parse_subject(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > MAX_SUBJECT {
        return Err(format!("Use 1 to {MAX_SUBJECT} characters."));
    }
    if text.chars().any(char::is_control) {
        return Err("Use one line without control characters.".to_owned());
    }
    Ok(text.to_owned())
}

/// What is written, with the ends of lines that Unix has.
pub fn parse_body(text: &str) -> Result<String, String> {
    let text = text.replace("\r\n", "\n");
    let text = text.trim_end().trim_start_matches('\n');
    if text.trim().is_empty() {
        return Err("Write something.".to_owned());
    }
    if text.chars().count() > MAX_BODY {
        return Err(format!("Use at most {MAX_BODY} characters."));
    }
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err("Text may not hold control characters.".to_owned());
    }
    Ok(text.to_owned())
}

/// What a program or a mail says, made to fit: a subject is no reason to lose a ticket.
pub fn tidy_subject(text: &str) -> String {
    let line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let line: String = line.trim().chars().take(MAX_SUBJECT).collect();
    let line = line.trim_end();
    if line.is_empty() {
        "Without a subject".to_owned()
    } else {
        line.to_owned()
    }
}

/// The same for what is written.
pub fn tidy_body(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let plain = text
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'));
    let body: String = plain.take(MAX_BODY).collect();
    let body = body.trim_end().trim_start_matches('\n');
    if body.is_empty() {
        "Without a text.".to_owned()
    } else {
        body.to_owned()
    }
}

fn is_word(text: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ');
    !text.is_empty() && text.chars().count() <= MAX_TAG && text.chars().all(is_plain)
}

/// A tag, in small letters.
pub fn parse_tag(text: &str) -> Result<String, String> {
    let tag = text.trim().to_lowercase();
    if is_word(&tag) && !tag.contains(' ') {
        return Ok(tag);
    }
    Err(format!(
        "{text:?} is no tag. Use 1 to {MAX_TAG} letters, digits, hyphens, dots and underscores."
    ))
}

/// Tags, sorted and each once.
pub fn parse_tags<'a>(all: impl IntoIterator<Item = &'a str>) -> Result<Vec<String>, String> {
    let given = all.into_iter().filter(|tag| !tag.trim().is_empty());
    let mut tags = given.map(parse_tag).collect::<Result<Vec<_>, _>>()?;
    tags.sort_unstable();
    tags.dedup();
    if tags.len() > MAX_TAGS {
        return Err(format!("Use at most {MAX_TAGS} tags."));
    }
    Ok(tags)
}

/// A team's name, or none.
pub fn parse_team(text: &str) -> Result<Option<String>, String> {
    let team = text.trim();
    match team {
        "" => Ok(None),
        team if is_word(team) => Ok(Some(team.to_owned())),
        _ => Err(format!(
            "Use at most {MAX_TAG} letters, digits, spaces, hyphens, dots and underscores."
        )),
    }
}

/// A mail address, in small letters. Whether there is a mailbox only a mail shows.
pub fn parse_address(text: &str) -> Result<String, String> {
    let address = text.trim().to_lowercase();
    let is_plain = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_graphic() && !"<>()[],;:\\\"@".contains(c))
    };
    let parts = address.rsplit_once('@');
    let is_good =
        parts.is_some_and(|(local, domain)| is_plain(local) && is_plain(domain) && domain.contains('.'));
    if is_good && address.len() <= MAX_ADDRESS {
        Ok(address)
    } else {
        Err("Use a mail address such as ada@example.com.".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_one_line() {
        assert_eq!(parse_subject("  Mail is late "), Ok("Mail is late".to_owned()));
        for bad in ["", " \t ", "a\nb", "a\u{7}b", &"x".repeat(201)] {
            assert!(parse_subject(bad).is_err(), "{bad:?}");
        }
        assert!(parse_subject(&"ä".repeat(200)).is_ok());
    }

    #[test]
    fn bodies_keep_their_lines() {
        assert_eq!(
            parse_body("\r\n    code\r\n\tmore\r\n\r\n"),
            Ok("    code\n\tmore".to_owned())
        );
        for bad in ["", " \n ", "a\0b", "a\u{1b}[31m", &"x".repeat(MAX_BODY + 1)] {
            assert!(parse_body(bad).is_err());
        }
        assert!(parse_body(&"ä".repeat(MAX_BODY)).is_ok());
    }

    #[test]
    fn what_programs_write_is_made_to_fit() {
        assert_eq!(tidy_subject(" a\nb\0"), "a b");
        assert_eq!(tidy_subject("\n"), "Without a subject");
        assert_eq!(tidy_body("\u{1b}[31mred\u{1b}[0m\r\n"), "[31mred[0m");
        for odd in [
            " ".repeat(300) + "x",
            "x".repeat(70_000),
            "\0".repeat(9),
            String::new(),
        ] {
            assert!(parse_subject(&tidy_subject(&odd)).is_ok());
            assert_eq!(parse_body(&tidy_body(&odd)), Ok(tidy_body(&odd)));
        }
    }

    #[test]
    fn tags_are_small_and_once() {
        let tags = parse_tags(["Disk", " net ", "", "disk"]);
        assert_eq!(tags, Ok(vec!["disk".to_owned(), "net".to_owned()]));
        assert!(parse_tags(["a b"]).is_err() && parse_tags(["<b>"]).is_err());
        let many: Vec<String> = (0..21).map(|n| n.to_string()).collect();
        assert!(parse_tags(many.iter().map(String::as_str)).is_err());
        assert_eq!(parse_team(" "), Ok(None));
        assert_eq!(parse_team("Second level"), Ok(Some("Second level".to_owned())));
        assert!(parse_team("a/b").is_err());
    }

    #[test]
    fn addresses_are_plain() {
        assert_eq!(
            parse_address(" Ada@Example.com "),
            Ok("ada@example.com".to_owned())
        );
        for bad in [
            "ada",
            "ada@x",
            "@x.y",
            "a b@x.y",
            "a@x.y\nb@x.y",
            "<a@x.y>",
            "a@b@x.y",
        ] {
            assert!(parse_address(bad).is_err(), "{bad:?}");
        }
    }
}
