//! What somebody wrote themselves in a mail: without what their program quoted, and without their signature. What is not sure stays;
//! staff have the whole mail besides.

/// Stands at the top of what we mail, where answers can be. What programs quote begins with it.
pub const MARK: &str = "— Write your answer above this line —";

/// So many lines from the end a signature may begin.
const LONGEST_SIGNATURE: usize = 15;

/// What begins a quoted mail, in small letters, as programs write it in their languages.
const DIVIDERS: [&str; 5] = [
    "-----original message-----",
    "-----ursprüngliche nachricht-----",
    "-----message d'origine-----",
    "-----mensaje original-----",
    "________________________________",
];
/// How lines begin and end that say who wrote what is quoted below them.
const ATTRIBUTIONS: [(&str, &str); 5] = [
    ("on ", "wrote:"),
    ("am ", ":"),
    ("le ", "a écrit :"),
    ("el ", "escribió:"),
    ("il ", "ha scritto:"),
];

fn is_quoted(line: &str) -> bool {
    line.trim_start().starts_with('>')
}

fn is_blank(line: &&str) -> bool {
    line.trim().is_empty()
}

/// Whether a line, or it and the next one, says who wrote what follows. Only above a quotation it says so for sure.
fn is_attribution(lines: &[&str]) -> bool {
    let is_one = |text: &str| {
        let text = text.trim().to_lowercase();
        let mut known = ATTRIBUTIONS.iter();
        known.any(|(begin, end)| text.starts_with(begin) && text.ends_with(end))
    };
    match lines {
        [one, ..] if is_one(one) => true,
        [one, other, ..] => is_one(&format!("{} {}", one.trim(), other.trim())),
        _ => false,
    }
}

/// Whether the heads of a mail stand here as text, as some programs begin what they quote.
fn is_head(lines: &[&str]) -> bool {
    let begins = |line: Option<&&str>, words: &[&str]| {
        let line = line.map(|line| line.trim_start_matches(['*', ' ']).to_lowercase());
        line.is_some_and(|line| words.iter().any(|word| line.starts_with(word)))
    };
    begins(lines.first(), &["from:", "von:", "de :", "de:"])
        && begins(
            lines.get(1),
            &["sent:", "date:", "gesendet:", "datum:", "envoyé", "enviado"],
        )
}

/// Where what is quoted begins, if all from there on is.
fn quotation(lines: &[&str]) -> usize {
    for (at, line) in lines.iter().enumerate() {
        let small = line.trim().to_lowercase();
        if line.contains(MARK) {
            // Above it may stand who wrote it, which is not theirs.
            let own = without_end(&lines[..at]);
            let attribution = own.len().saturating_sub(2);
            let tail = own.get(attribution..).unwrap_or_default();
            return match (
                is_attribution(tail),
                own.last().is_some_and(|last| is_attribution(&[*last])),
            ) {
                (_, true) => own.len() - 1,
                (true, _) => attribution,
                _ => own.len(),
            };
        }
        if DIVIDERS.contains(&&*small.replace("----- ", "-----").replace(" -----", "-----"))
            || is_head(&lines[at..])
        {
            return at;
        }
        if is_attribution(&lines[at..]) {
            let rest = lines[at + 1..]
                .iter()
                .skip_while(|line| is_blank(line) || line.trim().ends_with(':'));
            let mut rest = rest.filter(|line| !is_blank(line)).peekable();
            if rest.peek().is_some() && rest.all(|line| is_quoted(line)) {
                return at;
            }
        }
    }
    let own = without_end(lines);
    let quoted = own
        .iter()
        .rev()
        .take_while(|line| is_quoted(line) || is_blank(line))
        .count();
    own.len() - quoted
}

fn without_end<'a, 'b>(lines: &'b [&'a str]) -> &'b [&'a str] {
    let blank = lines.iter().rev().take_while(|line| is_blank(line)).count();
    &lines[..lines.len() - blank]
}

/// Without the signature, which two dashes begin (RFC 3676, 4.3).
fn unsigned<'a, 'b>(lines: &'b [&'a str]) -> &'b [&'a str] {
    let begin = lines.len().saturating_sub(LONGEST_SIGNATURE);
    let dashes = lines[begin..]
        .iter()
        .position(|line| matches!(*line, "-- " | "--"));
    dashes.map_or(lines, |at| &lines[..begin + at])
}

fn joined(lines: &[&str]) -> Option<String> {
    let text = without_end(lines).join("\n");
    let text = text.trim_start_matches('\n');
    (!text.trim().is_empty()).then(|| text.to_owned())
}

/// What is new in an answer. One that is nothing but a quotation stays as it is.
pub fn answer(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let own = &lines[..quotation(&lines)];
    joined(unsigned(own))
        .or_else(|| joined(own))
        .unwrap_or_else(|| text.to_owned())
}

/// A mail that begins something: what it passes on belongs to it.
pub fn beginning(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    joined(unsigned(&lines)).unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_programs_add_is_cut() {
        let mark = format!("> {MARK}\n>\n> Bob wrote:\n> Is it on?");
        for (mail, own) in [
            ("It works.\r\n\r\n-- \r\nAda\r\n+49 1", "It works."),
            (
                "Yes.\n\nOn Tue, 10 Mar 2026 at 12:00, Bob <bob@example.com> wrote:\n\n> Is it on?\n> Really?\n",
                "Yes.",
            ),
            (
                "Yes.\n\nOn Tue, 10 Mar 2026 at 12:00, Bob\n<bob@example.com> wrote:\n> Is it on?",
                "Yes.",
            ),
            ("Ja.\n\nAm 10.03.26 um 12:00 schrieb Bob:\n> Ist es an?", "Ja."),
            ("Yes.\n\n-----Original Message-----\nFrom: Bob\nIs it on?", "Yes."),
            ("Yes.\n\n----- Ursprüngliche Nachricht -----\nVon: Bob", "Yes."),
            (
                "Yes.\n\nFrom: Bob <bob@x>\nSent: Tuesday\nTo: Ada\nIs it on?",
                "Yes.",
            ),
            (
                "> Is it on?\nYes.\n> Really?\nYes!\n> Bye\n\n",
                "> Is it on?\nYes.\n> Really?\nYes!",
            ),
            (
                "On Monday it broke, and then I wrote:\nhelp",
                "On Monday it broke, and then I wrote:\nhelp",
            ),
            ("> all\n> quoted", "> all\n> quoted"),
            ("", ""),
        ] {
            assert_eq!(answer(mail), own, "{mail}");
        }
        assert_eq!(
            answer(&format!(
                "Yes.\n\nOn Tuesday Bob wrote:\n{mark}\n\n-- \nsent by a phone"
            )),
            "Yes."
        );
        assert_eq!(answer(&format!("Yes.\n{mark}")), "Yes.");
        assert_eq!(
            answer(&format!("Yes.\n\nAm Dienstag,\nschrieb Bob:\n{mark}")),
            "Yes."
        );
    }

    #[test]
    fn what_a_first_mail_passes_on_stays() {
        let mail = "See below.\n\nFrom: Bob\nSent: Tuesday\n> It broke.\n-- \nAda";
        assert_eq!(
            beginning(mail),
            "See below.\n\nFrom: Bob\nSent: Tuesday\n> It broke."
        );
    }

    proptest! {
        #[test]
        fn something_always_stays(text in "([a-z>:\\- ]{0,12}\n){0,20}") {
            let lost = !text.trim().is_empty() && answer(&text).trim().is_empty();
            prop_assert!(!lost && answer(&text).len() <= text.len());
            prop_assert!(beginning(&text).len() <= text.len());
        }
    }
}
