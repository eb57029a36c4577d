//! The script, byte by byte for what people have, and for anything at all that nothing typed gets out of its quotes.

use chrono_tz::Tz;
use proptest::prelude::*;

use super::sieve::{Lexer, Token, quote};
use super::*;

fn around() -> Surroundings {
    Surroundings {
        zone: Tz::Europe__Berlin,
        addresses: vec!["ann@example.com".to_owned(), "a.smith@example.com".to_owned()],
    }
}

fn condition(field: ConditionField, test: ConditionTest, value: &str) -> RuleCondition {
    RuleCondition {
        field,
        header: String::new(),
        test,
        value: value.to_owned(),
    }
}

fn action(action: ActionKind, value: &str) -> RuleAction {
    RuleAction {
        action,
        value: value.to_owned(),
    }
}

fn rule(name: &str, conditions: Vec<RuleCondition>, actions: Vec<RuleAction>) -> MailRule {
    MailRule {
        name: name.to_owned(),
        is_enabled: true,
        all: false,
        conditions,
        actions,
    }
}

fn tokens(script: &str) -> Result<Vec<Token>, String> {
    let mut lexer = Lexer::new(script);
    let mut all = Vec::new();
    while let Some(token) = lexer.piece()? {
        all.push(token);
    }
    Ok(all)
}

#[test]
fn who_said_nothing_has_spam_moved() {
    let script = compile(&Parts::default(), &around()).unwrap();
    assert_eq!(
        script,
        r#"require ["comparator-i;ascii-numeric", "fileinto", "mailbox", "relational"];
# Spam
if allof(header :value "ge" :comparator "i;ascii-numeric" "X-Spam-Tenths" "60", not header :contains "X-Spam-Tenths" "-") {
  fileinto :create "Junk";
  stop;
}
"#
    );
}

#[test]
fn lists_come_before_the_score_and_who_is_in_both_is_let_through() {
    let parts = Parts {
        spam_tenths: 45,
        allowed: vec!["@friends.example".to_owned(), "bob@example.org".to_owned()],
        blocked: vec!["@spam.example".to_owned()],
        ..Parts::default()
    };
    let script = compile(&parts, &around()).unwrap();
    assert!(
        script.contains(
            r#"if allof(not anyof(address :all :is "from" ["bob@example.org"], address :domain :is "from" ["friends.example"]), anyof(address :domain :is "from" ["spam.example"], allof(header :value "ge" :comparator "i;ascii-numeric" "X-Spam-Tenths" "45", not header :contains "X-Spam-Tenths" "-"))) {"#
        ),
        "{script}"
    );
}

#[test]
fn a_reply_has_its_days_in_the_zone() {
    let reply = Reply {
        is_on: true,
        subject: "Away \"for now\"".to_owned(),
        text: "Back soon.\nAnn".to_owned(),
        from: Some("2026-10-20".parse().unwrap()),
        until: Some("2026-11-02".parse().unwrap()),
    };
    let parts = Parts {
        reply,
        ..Parts::default()
    };
    let script = compile(&parts, &around()).unwrap();
    // Berlin's summer time ends between the two.
    assert!(
        script.ends_with(
            r#"# Automatic reply
if allof(currentdate :zone "+0200" :value "ge" "date" "2026-10-20", currentdate :zone "+0100" :value "le" "date" "2026-11-02") {
  vacation :days 1 :subject "Away \"for now\"" :addresses ["ann@example.com", "a.smith@example.com"] "Back soon.
Ann";
}
"#
        ),
        "{script}"
    );
    assert!(
        script.starts_with(r#"require ["comparator-i;ascii-numeric", "date", "fileinto""#),
        "{script}"
    );
    assert!(script.contains(r#""vacation"];"#));
}

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "a script and what it is made of, side by side"
)]
fn rules_do_what_they_say_in_their_order() {
    use ActionKind as A;
    use ConditionField as F;
    use ConditionTest as T;
    let mut both = rule(
        "Large \"news\"",
        vec![
            condition(F::Subject, T::ContainsNot, "urgent"),
            condition(F::Size, T::Larger, "2048"),
        ],
        vec![
            action(A::Read, ""),
            action(A::Copy, "Work/Reports"),
            action(A::Stop, ""),
        ],
    );
    both.all = true;
    let mut priority = condition(F::Header, T::Is, "1");
    priority.header = "X-Priority".to_owned();
    let mut off = rule(
        "Off",
        vec![condition(F::To, T::Is, "x")],
        vec![action(A::Discard, "")],
    );
    off.is_enabled = false;
    let parts = Parts {
        rules: vec![
            both,
            off,
            rule(
                "Boss",
                vec![
                    priority,
                    condition(F::From, T::Matches, "*@boss.example"),
                    condition(F::ListId, T::Contains, "x"),
                ],
                vec![
                    action(A::Flag, ""),
                    action(A::ForwardCopy, "bob@example.org"),
                    action(A::Move, "Boss"),
                ],
            ),
        ],
        ..Parts::default()
    };
    assert_eq!(check_rules(&parts.rules), Ok(()));
    let script = compile(&parts, &around()).unwrap();
    assert!(
        script.ends_with(
            r#"# Rule: Large "news"
if allof(not header :contains "subject" "urgent", size :over 2048K) {
  addflag "\\Seen";
  fileinto :copy :create "Work/Reports";
  stop;
}
# Rule: Boss
if anyof(header :is "X-Priority" "1", address :all :matches "from" "*@boss.example", header :contains "list-id" "x") {
  addflag "\\Flagged";
  redirect :copy "bob@example.org";
  fileinto :create "Boss";
}
"#
        ),
        "{script}"
    );
}

#[test]
fn what_a_script_of_ones_own_requires_comes_first() {
    let parts = Parts {
        raw: "# mine\nrequire \"body\";\r\nREQUIRE [\"regex\", \"copy\"];\nif body :contains \"x\" { discard; }".to_owned(),
        ..Parts::default()
    };
    assert_eq!(check_raw(&parts.raw), Ok(()));
    let script = compile(&parts, &around()).unwrap();
    assert!(
        script.starts_with(
            r#"require ["body", "comparator-i;ascii-numeric", "copy", "fileinto", "mailbox", "regex", "relational"];"#
        ),
        "{script}"
    );
    assert!(
        script.ends_with("# Written by hand\nif body :contains \"x\" { discard; }\n"),
        "{script}"
    );
    assert_eq!(script.to_lowercase().matches("require ").count(), 1);
}

#[test]
fn a_script_of_ones_own_that_is_open_is_refused() {
    for bad in [
        "if true { keep;",
        "keep; }",
        "keep",
        "fileinto \"x;",
        "require [\"fileinto\"] keep;",
        "keep; require \"copy\";",
        "require \"include\";",
        "require \"enotify\";",
        "/* keep;",
        "vacation text:\nhello",
        "if header [\"a\") { keep; }",
        "keep; §",
    ] {
        assert!(check_raw(bad).is_err(), "{bad}");
    }
    for good in [
        "",
        "# nothing\n",
        "require [];",
        "vacation text:\nif {\n..\n.\n;\nkeep;",
        "/* } */ keep; # }",
        "if header :is \"a\\\"}\" \"b\" { keep; }",
    ] {
        assert_eq!(check_raw(good), Ok(()), "{good}");
    }
    assert!(check_raw(&"#".repeat(40_000)).is_err());
}

#[test]
fn rules_that_make_no_sense_are_told_field_by_field() {
    let bad = rule(
        "two\nlines",
        vec![
            condition(ConditionField::Size, ConditionTest::Is, "1"),
            condition(ConditionField::From, ConditionTest::Contains, "a\r\nb"),
            condition(ConditionField::Header, ConditionTest::Is, "x"),
        ],
        vec![
            action(ActionKind::Move, "../x"),
            action(ActionKind::Forward, "nobody"),
            action(ActionKind::Stop, "x"),
        ],
    );
    let errors = check_rules(&[bad]).unwrap_err();
    let fields: Vec<&str> = errors.0.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "rules[0].name",
            "rules[0].conditions[0].test",
            "rules[0].conditions[1].value",
            "rules[0].conditions[2].header",
            "rules[0].actions[0].value",
            "rules[0].actions[1].value",
            "rules[0].actions[2].value",
        ]
    );
    let forward = || action(ActionKind::ForwardCopy, "bob@example.org");
    let all = || vec![condition(ConditionField::From, ConditionTest::Contains, "x")];
    let many = rule(
        "Many",
        all(),
        vec![forward(), forward(), forward(), forward(), forward(), forward()],
    );
    assert!(
        check_rules(std::slice::from_ref(&many))
            .unwrap_err()
            .get("rules")
            .is_some()
    );
    assert!(check_rules(&vec![rule("n", all(), vec![action(ActionKind::Read, "")]); 101]).is_err());
    assert!(
        check_rules(&[rule("n", vec![], vec![])])
            .unwrap_err()
            .get("rules[0].actions")
            .is_some()
    );
}

#[test]
fn senders_are_read_and_sorted() {
    let senders = read_senders(["", " Bob@Example.org ", "@Bücher.example", "bob@example.org"]);
    assert_eq!(senders.unwrap(), ["@xn--bcher-kva.example", "bob@example.org"]);
    assert!(read_senders(["bob"]).unwrap_err().contains("\"bob\""));
    assert!(read_senders(["@localhost"]).is_err());
}

#[test]
fn scores_have_one_digit_behind_the_point() {
    for (text, tenths) in [("6", 60), (" 6.5 ", 65), ("0", 0), ("100", 1000), ("7,5", 75)] {
        assert_eq!(read_score(text), Ok(tenths), "{text}");
    }
    for bad in ["", "-1", "100.1", "6.55", "six", "6.", "+6", "1000"] {
        assert!(read_score(bad).is_err(), "{bad}");
    }
    assert_eq!(
        (show_score(60), show_score(65)),
        ("6".to_owned(), "6.5".to_owned())
    );
}

#[test]
fn a_reply_is_whole_before_it_is_on() {
    let reply = Reply {
        is_on: true,
        subject: "a\r\nBcc: x@example.org".to_owned(),
        from: Some("2026-12-02".parse().unwrap()),
        until: Some("2026-12-01".parse().unwrap()),
        ..Reply::default()
    };
    let errors = reply.checked().unwrap_err();
    for field in ["subject", "text", "until"] {
        assert!(errors.get(field).is_some(), "{field}");
    }
    assert!(Reply::default().checked().is_ok());
}

fn any_field() -> impl Strategy<Value = ConditionField> {
    prop_oneof![
        Just(ConditionField::From),
        Just(ConditionField::To),
        Just(ConditionField::Subject),
        Just(ConditionField::ListId),
        Just(ConditionField::Header),
        Just(ConditionField::Size),
    ]
}

proptest! {
    #[test]
    fn a_string_is_read_as_what_was_typed(text in "(?s).{0,60}") {
        let plain = text.replace('\0', "");
        prop_assert_eq!(tokens(&quote(&text)).unwrap(), vec![Token::Text(plain)]);
    }

    /// Whatever is typed, checked or not, the script has the same pieces in the same places; only texts differ.
    #[test]
    fn nothing_that_is_typed_gets_out_of_its_quotes(
        text in "(?s).{0,40}",
        hostile in prop_oneof![Just("\"; discard; #"), Just("\\"), Just("\\\"; stop;"), Just("\r\n.\r\n"), Just("*/ }")],
        field in any_field(),
    ) {
        let script = |value: &str| {
            let mut about = condition(field, ConditionTest::Contains, value);
            about.header = value.to_owned();
            let parts = Parts {
                allowed: vec![value.to_owned()],
                blocked: vec!["x@example.org".to_owned(), format!("@{value}")],
                reply: Reply { is_on: true, subject: format!("s{value}"), text: value.to_owned(), ..Reply::default() },
                rules: vec![rule(value, vec![about], vec![action(ActionKind::Move, value), action(ActionKind::Forward, value)])],
                ..Parts::default()
            };
            let all = tokens(&compile(&parts, &around()).unwrap()).unwrap();
            all.into_iter().map(|token| match token {
                Token::Text(_) => Token::Text(String::new()),
                other => other,
            }).collect::<Vec<_>>()
        };
        let value = format!("a{text}{hostile}{text}");
        prop_assert_eq!(script(&value), script("aplain"));
    }

    #[test]
    fn a_script_of_ones_own_that_is_taken_leaves_the_whole_closed(raw in "[a-z\"\\\\{};\\[\\]# \n:.]{0,40}") {
        if check_raw(&raw).is_ok() {
            let parts = Parts { raw, ..Parts::default() };
            prop_assert_eq!(check_raw(&compile(&parts, &around()).unwrap()), Ok(()));
        }
    }
}
