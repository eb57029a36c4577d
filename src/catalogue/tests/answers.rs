//! A customer's answers: what fits and in which form, and the sentence for what does not.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{answers, template};
use crate::catalogue::{Checked, Value};

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPfDEkurhr9WC2/yL5y5Db6q3Wd08mV7V9PqDEJJnKKQ";

fn given(key: &str, value: &str) -> Result<Checked, Vec<(String, String)>> {
    template().check(&answers(&[("TITLE", "Hello"), (key, value)]))
}

fn plain(key: &str, value: &str) -> Option<String> {
    match given(key, value).ok()?.get(key)? {
        Value::Plain(text) => Some(text.clone()),
        Value::Secret(_) | Value::Generate(_) => None,
    }
}

fn message(key: &str, value: &str) -> String {
    let wrong = given(key, value).unwrap_err();
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert_eq!(wrong[0].0, key);
    wrong[0].1.clone()
}

#[test]
fn the_least_answers_are_filled_up_with_defaults() {
    let checked = template().check(&answers(&[("TITLE", "  Hello  ")])).unwrap();
    let plain: Vec<_> = checked.plain().collect();
    assert_eq!(
        plain,
        [
            ("MODE", "fast"),
            ("TITLE", "Hello"),
            ("VERBOSE", "true"),
            ("WORKERS", "5")
        ]
    );
    assert_eq!(checked.get("PASSWORD"), Some(&Value::Generate(32)));
    let made = checked.with_generated(|length| "x".repeat(length));
    assert_eq!(
        made.secrets().collect::<Vec<_>>(),
        [("PASSWORD", "x".repeat(32).as_str())]
    );
}

#[test]
fn a_required_answer_that_is_missing_is_named() {
    let wrong = template().check(&BTreeMap::new()).unwrap_err();
    assert_eq!(wrong, [("TITLE".to_owned(), "is required".to_owned())]);
    assert_eq!(message("TITLE", " \t"), "is required");
}

#[test]
fn an_answer_to_no_question_is_an_error() {
    assert_eq!(message("TILTE", "Hello"), "is not a variable of Example");
}

#[test]
fn all_wrong_answers_are_told_at_once() {
    let wrong = template()
        .check(&answers(&[("WORKERS", "many"), ("MODE", "medium")]))
        .unwrap_err();
    let keys: Vec<&str> = wrong.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["TITLE", "WORKERS", "MODE"]);
}

#[test]
fn text_has_its_length_in_characters_and_its_pattern() {
    assert_eq!(plain("TITLE", "🚢 Ünïcode"), Some("🚢 Ünïcode".to_owned()));
    assert_eq!(message("TITLE", "x"), "must have at least 2 characters, has 1");
    assert_eq!(
        message("TITLE", &"x".repeat(41)),
        "must have at most 40 characters, has 41"
    );
    assert_eq!(
        message("TITLE", "a\nb"),
        "must be one line without control characters"
    );
    assert_eq!(
        message("TITLE", "a<b"),
        "does not have the form that is asked for"
    );
}

#[test]
fn numbers_take_their_normal_form() {
    assert_eq!(plain("WORKERS", " 007 "), Some("7".to_owned()));
    assert_eq!(message("WORKERS", "65"), "must be from 1 to 64");
    assert_eq!(message("WORKERS", "1.5"), "must be a whole number");
    assert_eq!(
        message("WORKERS", "99999999999999999999"),
        "must be a whole number"
    );
}

#[test]
fn yes_and_no_take_their_normal_form() {
    assert_eq!(plain("VERBOSE", "on"), Some("true".to_owned()));
    assert_eq!(plain("VERBOSE", "0"), Some("false".to_owned()));
    assert_eq!(message("VERBOSE", "maybe"), "must be true or false");
}

#[test]
fn a_choice_is_one_of_the_choices() {
    assert_eq!(plain("MODE", "safe"), Some("safe".to_owned()));
    assert_eq!(message("MODE", "Safe"), "must be one of: fast, safe");
}

#[test]
fn a_secret_keeps_its_spaces_and_its_silence() {
    let checked = given("PASSWORD", " twelve chars ").unwrap();
    assert_eq!(checked.secrets().next(), Some(("PASSWORD", " twelve chars ")));
    assert!(!format!("{checked:?}").contains("twelve"));
    assert_eq!(
        message("PASSWORD", "short"),
        "must have at least 12 characters, has 5"
    );
}

#[test]
fn a_public_key_is_a_plain_key() {
    assert_eq!(
        plain("KEY", &format!("  {KEY}   me@home ")),
        Some(format!("{KEY} me@home"))
    );
    for (wrong, why) in [
        (
            format!("command=\"/bin/sh\" {KEY}"),
            "must begin with the key's type",
        ),
        (KEY.replace("ssh-ed25519 ", "ssh-rsa "), "of another type"),
        (KEY[..60].to_owned(), "damaged"),
        (format!("{KEY}\n{KEY}"), "one line"),
        (
            "-----BEGIN OPENSSH PRIVATE KEY----- x".to_owned(),
            "is a private key",
        ),
        (format!("{KEY} {}", "x".repeat(300)), "comment"),
    ] {
        assert!(
            message("KEY", &wrong).contains(why),
            "{wrong}: {}",
            message("KEY", &wrong)
        );
    }
}

#[test]
fn a_short_rsa_key_is_refused() {
    use base64::Engine as _;
    let rsa = |bytes: usize| {
        let mut blob = Vec::new();
        let modulus: Vec<u8> = std::iter::once(0)
            .chain(std::iter::repeat_n(0xff, bytes))
            .collect();
        for field in [b"ssh-rsa".as_slice(), &[1, 0, 1], &modulus] {
            blob.extend(u32::try_from(field.len()).unwrap().to_be_bytes());
            blob.extend(field);
        }
        format!(
            "ssh-rsa {}",
            base64::engine::general_purpose::STANDARD.encode(blob)
        )
    };
    assert!(plain("KEY", &rsa(256)).is_some());
    assert!(message("KEY", &rsa(128)).contains("this one has 1024"));
}

#[test]
fn mail_addresses_and_host_names() {
    assert_eq!(
        plain("CONTACT", "Jo.Doe+x@Example.ORG"),
        Some("Jo.Doe+x@example.org".to_owned())
    );
    for wrong in [
        "jo",
        "@example.org",
        "jo@",
        "jo@localhost",
        "a b@example.org",
        ".jo@example.org",
        "jo@exa_mple.org",
    ] {
        assert!(
            message("CONTACT", wrong).contains("must be a mail address"),
            "{wrong}"
        );
    }
    assert_eq!(
        plain("DOMAIN", "WWW.Example.org"),
        Some("www.example.org".to_owned())
    );
    for wrong in ["example", "-a.org", "a..org", "10.0.0.1", "a.org.", "exämple.org"] {
        assert!(
            message("DOMAIN", wrong).contains("must be a host name"),
            "{wrong}"
        );
    }
}

fn any_answers() -> impl Strategy<Value = BTreeMap<String, String>> {
    let key = prop_oneof![
        Just("TITLE"),
        Just("WORKERS"),
        Just("MODE"),
        Just("VERBOSE"),
        Just("PASSWORD"),
        Just("KEY"),
        Just("CONTACT"),
        Just("DOMAIN"),
        Just("OTHER"),
    ];
    let value = prop_oneof![
        ".{0,60}",
        "[a-z0-9.@-]{0,30}",
        Just(KEY.to_owned()),
        "-?[0-9]{1,3}"
    ];
    proptest::collection::btree_map(key.prop_map(str::to_owned), value, 0..8)
}

proptest! {
    /// What passed is in its normal form: it passes again and stays as it is.
    #[test]
    fn checking_twice_is_checking_once(input in any_answers()) {
        if let Ok(first) = template().check(&input) {
            let first = first.with_generated(|length| "x".repeat(length));
            let again: BTreeMap<String, String> =
                first.plain().chain(first.secrets()).map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
            prop_assert_eq!(template().check(&again).unwrap(), first);
        }
    }

    /// Nothing that could end an environment line or start another one gets through.
    #[test]
    fn no_control_character_passes(input in any_answers()) {
        if let Ok(checked) = template().check(&input) {
            for (_, value) in checked.plain().chain(checked.secrets()) {
                prop_assert!(!value.contains(char::is_control));
            }
        }
    }
}

#[test]
fn a_list_is_lines_each_by_the_rules() {
    assert_eq!(plain("HOSTS", " a.b\r\n\n  c \n").as_deref(), Some("a.b\nc"));
    assert_eq!(message("HOSTS", "a\nb\nc\nd"), "must have at most 3 lines, has 4");
    assert_eq!(
        message("HOSTS", "a\nB"),
        "line 2: does not have the form that is asked for"
    );
    assert_eq!(
        message("HOSTS", "abcdefghijklm"),
        "line 1: must have at most 12 characters, has 13"
    );
    assert_eq!(
        message("HOSTS", "a\u{7}b"),
        "line 1: must have no control characters"
    );
}

#[test]
fn a_list_of_secrets_is_a_secret_and_no_message_repeats_it() {
    let checked = given("PEOPLE", "ann:correct horse").unwrap();
    assert_eq!(
        checked.secrets().collect::<Vec<_>>(),
        [("PEOPLE", "ann:correct horse")]
    );
    assert_eq!(
        message("PEOPLE", "ann:tooshort"),
        "line 1: does not have the form that is asked for"
    );
}
