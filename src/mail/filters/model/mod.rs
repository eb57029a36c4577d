//! What happens to a mailbox's mail as it comes in, in the parts that people fill in, and the one Sieve script made of them. Pure.

mod compile;
mod raw;
mod reply;
mod rule;
mod sender;
mod sieve;
#[cfg(test)]
mod tests;

pub(super) use compile::{Surroundings, compile};
pub(super) use raw::check as check_raw;
pub use reply::Reply;
pub use rule::{ActionKind, ConditionField, ConditionTest, MailRule, RuleAction, RuleCondition};
pub(super) use rule::{MAX_CONDITIONS, MAX_RULES};
pub(super) use sender::read as read_senders;

use crate::platform::error::FieldErrors;

/// From ten times this score of rspamd's on mail is spam for a person who said nothing.
const DEFAULT_TENTHS: u16 = 60;
/// The highest score that can be chosen, times ten: no mail reaches it, so nothing is spam.
const MAX_TENTHS: u16 = 1000;

/// All parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// From which score on mail is spam, times ten.
    pub spam_tenths: u16,
    /// Addresses, and domains with an @ before them, whose mail is never spam.
    pub allowed: Vec<String>,
    /// The same of those whose mail always is.
    pub blocked: Vec<String>,
    /// The automatic reply.
    pub reply: Reply,
    /// The rules, in their order.
    pub rules: Vec<MailRule>,
    /// A script of the person's own, which runs after the rules.
    pub raw: String,
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            spam_tenths: DEFAULT_TENTHS,
            allowed: Vec::new(),
            blocked: Vec::new(),
            reply: Reply::default(),
            rules: Vec::new(),
            raw: String::new(),
        }
    }
}

/// The parts with their revision; that of a mailbox which never had any is 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The parts.
    pub parts: Parts,
    /// It rises with each change.
    pub revision: i64,
}

/// A score as people write it: `6`, `6.5`.
pub(super) fn read_score(text: &str) -> Result<u16, &'static str> {
    const WRONG: &str = "Enter a score from 0 to 100, such as 6 or 6.5.";
    let text = text.trim().replace(',', ".");
    let (whole, tenth) = text.split_once('.').unwrap_or((text.as_str(), "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !is_digits(whole) || !is_digits(tenth) || whole.len() > 3 || tenth.len() > 1 {
        return Err(WRONG);
    }
    let tenths: u16 = format!("{whole}{tenth}").parse().map_err(|_| WRONG)?;
    if tenths > MAX_TENTHS {
        Err(WRONG)
    } else {
        Ok(tenths)
    }
}

/// The score of so many tenths.
pub(super) fn show_score(tenths: u16) -> String {
    match tenths % 10 {
        0 => (tenths / 10).to_string(),
        tenth => format!("{}.{tenth}", tenths / 10),
    }
}

/// Checks rules as a whole: how many, and each of them. The fields are called as the API has them.
pub(super) fn check_rules(rules: &[MailRule]) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    if rules.len() > MAX_RULES {
        errors.add("rules", format!("A mailbox has at most {MAX_RULES} rules."));
        return Err(errors);
    }
    for (at, rule) in rules.iter().enumerate() {
        rule.check(&mut errors, &format!("rules[{at}]."));
    }
    errors.check("rules", rule::check_forwards(rules));
    errors.into_result()
}
