//! Records as a zone file has them (RFC 1035, 5.1).

/// The longest of the strings that a TXT record is made of (RFC 1035, 3.3).
const STRING: usize = 255;

/// A text as the strings of a TXT record, each in quotes.
pub fn quoted(text: &str) -> String {
    let mut parts = Vec::new();
    let mut part = String::new();
    for letter in text.chars() {
        if part.len() + letter.len_utf8() > STRING {
            parts.push(std::mem::take(&mut part));
        }
        part.push(letter);
    }
    parts.push(part);
    let escaped = parts
        .iter()
        .map(|part| part.replace('\\', "\\\\").replace('"', "\\\""));
    let quoted: Vec<String> = escaped.map(|part| format!("\"{part}\"")).collect();
    quoted.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_several_strings() {
        assert_eq!(quoted("v=spf1 mx -all"), "\"v=spf1 mx -all\"");
        assert_eq!(quoted("a\"b\\"), "\"a\\\"b\\\\\"");
        let long = "k".repeat(300);
        let parts = quoted(&long);
        assert_eq!(parts, format!("\"{}\" \"{}\"", "k".repeat(255), "k".repeat(45)));
        assert_eq!(quoted(""), "\"\"");
    }
}
