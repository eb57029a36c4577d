//! The parts as one Sieve script (RFC 5228), in this order: senders and spam, the automatic reply, the rules, the script of one's
//! own. Spam gets no reply and reaches no rule. The reply comes before the rules, so that a rule that stops does not keep it back.

use std::collections::BTreeSet;

use chrono_tz::Tz;

use super::rule::{ActionKind, ConditionField, ConditionTest, MailRule, RuleAction, RuleCondition};
use super::sieve::{list, quote};
use super::{Parts, raw};

/// The largest script, in bytes: it is read for each mail.
const MAX_SCRIPT: usize = 64 * 1024;
const JUNK: &str = "fileinto :create \"Junk\";\n  stop;";

/// What the parts do not know themselves.
#[derive(Debug, Clone)]
pub(in super::super) struct Surroundings {
    /// The zone that days are meant in.
    pub(in super::super) zone: Tz,
    /// The mailbox's own address, and those that lead to it.
    pub(in super::super) addresses: Vec<String>,
}

/// Makes the script. Fails if it is too long, or if the part of one's own can't be read.
pub(in super::super) fn compile(parts: &Parts, around: &Surroundings) -> Result<String, String> {
    let own = raw::split(&parts.raw)?;
    let mut requires = own.requires.clone();
    let mut body = senders(parts, &mut requires);
    if parts.reply.is_on {
        body.push_str("# Automatic reply\n");
        body.push_str(&parts.reply.compile(around.zone, &around.addresses));
        need(&mut requires, &["vacation"]);
        if parts.reply.has_days() {
            need(&mut requires, &["date", "relational"]);
        }
    }
    for rule in parts.rules.iter().filter(|rule| rule.is_enabled) {
        body.push_str(&compile_rule(rule, &mut requires));
    }
    if !own.body.is_empty() {
        body.push_str("# Written by hand\n");
        body.push_str(own.body);
        body.push('\n');
    }
    let script = format!("require {};\n{body}", list(&requires));
    if script.len() > MAX_SCRIPT {
        return Err(format!(
            "Together all rules make a script of more than {} KiB. Make some of them shorter.",
            MAX_SCRIPT / 1024
        ));
    }
    Ok(script)
}

fn need(requires: &mut BTreeSet<String>, names: &[&str]) {
    requires.extend(names.iter().map(|name| (*name).to_owned()));
}

/// Who is let through, who is kept out, and what is spam. Who stands in both lists is let through.
///
/// `i;ascii-numeric` takes what does not begin with a digit for infinite (RFC 4790, 9.1.1), and scores can be below zero.
fn senders(parts: &Parts, requires: &mut BTreeSet<String>) -> String {
    need(
        requires,
        &["comparator-i;ascii-numeric", "fileinto", "mailbox", "relational"],
    );
    let spam = format!(
        "allof(header :value \"ge\" :comparator \"i;ascii-numeric\" \"X-Spam-Tenths\" {}, \
         not header :contains \"X-Spam-Tenths\" \"-\")",
        quote(&parts.spam_tenths.to_string())
    );
    let mut bad = is_one_of(&parts.blocked);
    bad.push(spam);
    let mut test = any(&bad);
    let good = is_one_of(&parts.allowed);
    if !good.is_empty() {
        test = format!("allof(not {}, {test})", any(&good));
    }
    format!("# Spam\nif {test} {{\n  {JUNK}\n}}\n")
}

/// The tests that tell whether a mail says it is from one of these.
fn is_one_of(senders: &[String]) -> Vec<String> {
    let domains: Vec<&str> = senders.iter().filter_map(|one| one.strip_prefix('@')).collect();
    let addresses: Vec<&String> = senders.iter().filter(|one| !one.starts_with('@')).collect();
    let mut tests = Vec::new();
    if !addresses.is_empty() {
        tests.push(format!("address :all :is \"from\" {}", list(addresses)));
    }
    if !domains.is_empty() {
        tests.push(format!("address :domain :is \"from\" {}", list(domains)));
    }
    tests
}

fn any(tests: &[String]) -> String {
    match tests {
        [one] => one.clone(),
        many => format!("anyof({})", many.join(", ")),
    }
}

fn compile_rule(rule: &MailRule, requires: &mut BTreeSet<String>) -> String {
    let tests: Vec<String> = rule.conditions.iter().map(compile_condition).collect();
    let test = match tests.as_slice() {
        [one] => one.clone(),
        many if rule.all => format!("allof({})", many.join(", ")),
        many => format!("anyof({})", many.join(", ")),
    };
    let actions = rule.actions.iter().map(|action| compile_action(action, requires));
    let actions = actions.fold(String::new(), |text, command| text + "  " + &command + "\n");
    // The name has no line's end in it (`one_line`); what would end a comment anyway is taken out all the same.
    let name: String = rule.name.chars().filter(|c| !c.is_control()).collect();
    format!("# Rule: {name}\nif {test} {{\n{actions}}}\n")
}

fn compile_condition(condition: &RuleCondition) -> String {
    let value = quote(&condition.value);
    let (not, how) = match condition.test {
        ConditionTest::Contains => ("", ":contains"),
        ConditionTest::ContainsNot => ("not ", ":contains"),
        ConditionTest::Is => ("", ":is"),
        ConditionTest::Matches => ("", ":matches"),
        ConditionTest::Larger => return size(":over", &condition.value),
        ConditionTest::Smaller => return size(":under", &condition.value),
    };
    let what = match condition.field {
        ConditionField::From => format!("address :all {how} \"from\""),
        ConditionField::To => format!("address :all {how} [\"to\", \"cc\"]"),
        ConditionField::Subject => format!("header {how} \"subject\""),
        ConditionField::ListId => format!("header {how} \"list-id\""),
        ConditionField::Header => format!("header {how} {}", quote(&condition.header)),
        // Refused by its check; that no mail fits is the harmless side.
        ConditionField::Size => return "false".to_owned(),
    };
    format!("{not}{what} {value}")
}

/// A number that is none fits no mail: its check has refused it before.
fn size(how: &str, value: &str) -> String {
    match value.trim().parse::<u32>() {
        Ok(kib) => format!("size {how} {kib}K"),
        Err(_) => "false".to_owned(),
    }
}

fn compile_action(action: &RuleAction, requires: &mut BTreeSet<String>) -> String {
    let value = quote(action.value.trim());
    let (command, needs): (String, &[&str]) = match action.action {
        ActionKind::Move => (format!("fileinto :create {value};"), &["fileinto", "mailbox"]),
        ActionKind::Copy => (
            format!("fileinto :copy :create {value};"),
            &["copy", "fileinto", "mailbox"],
        ),
        ActionKind::Read => ("addflag \"\\\\Seen\";".to_owned(), &["imap4flags"]),
        ActionKind::Flag => ("addflag \"\\\\Flagged\";".to_owned(), &["imap4flags"]),
        ActionKind::Forward => (format!("redirect {value};"), &[]),
        ActionKind::ForwardCopy => (format!("redirect :copy {value};"), &["copy"]),
        ActionKind::Discard => ("discard;".to_owned(), &[]),
        ActionKind::Stop => ("stop;".to_owned(), &[]),
    };
    need(requires, needs);
    command
}
