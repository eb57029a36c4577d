//! Rules: which mail they are about, and what happens to it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::mail::model::Address;
use crate::platform::error::FieldErrors;

/// How many rules a mailbox can have.
pub(in super::super) const MAX_RULES: usize = 100;
/// How many conditions a rule can have.
pub(in super::super) const MAX_CONDITIONS: usize = 10;
const MAX_ACTIONS: usize = 10;
/// How many addresses all rules together send a mail on to: a rule must not make a mailbox into a list.
const MAX_FORWARDS: usize = 5;
const MAX_NAME: usize = 100;
const MAX_VALUE: usize = 500;
const MAX_FOLDER: usize = 200;
/// A line of a header has at most 998 characters (RFC 5322, 2.1.1); no header that is used has so long a name.
const MAX_HEADER: usize = 76;
/// In KiB: 1 GiB.
const MAX_SIZE: u64 = 1024 * 1024;

/// What of a mail a condition looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MailConditionField)]
pub enum ConditionField {
    /// Who it says that it is from.
    From,
    /// Whom it is written to, with copies.
    To,
    /// The subject.
    Subject,
    /// The mailing list's id (RFC 2919).
    ListId,
    /// Any header.
    Header,
    /// How large it is, in KiB.
    Size,
}

/// How it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MailConditionTest)]
pub enum ConditionTest {
    /// The text is somewhere in it.
    Contains,
    /// The text is nowhere in it.
    ContainsNot,
    /// It is this text.
    Is,
    /// It fits the pattern: * is any text, ? any character.
    Matches,
    /// It is larger.
    Larger,
    /// It is smaller.
    Smaller,
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MailCondition)]
pub struct RuleCondition {
    /// What it looks at.
    pub field: ConditionField,
    /// The header's name, where `field` is `header`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(example = "X-Priority", max_length = 76)]
    pub header: String,
    /// How it is compared. Sizes are `larger` or `smaller`, everything else is one of the others.
    pub test: ConditionTest,
    /// With what; for sizes a number of KiB.
    #[schema(example = "newsletter", max_length = 500)]
    pub value: String,
}

/// What can be done with a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MailActionKind)]
pub enum ActionKind {
    /// Into a folder.
    Move,
    /// Into a folder, and where it goes anyway.
    Copy,
    /// Marked as read.
    Read,
    /// Flagged.
    Flag,
    /// To another address, and not into the mailbox.
    Forward,
    /// To another address, and where it goes anyway.
    ForwardCopy,
    /// Away.
    Discard,
    /// No rule after this one is looked at, nor the script of one's own.
    Stop,
}

/// Something that is done with a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MailRuleAction)]
pub struct RuleAction {
    /// What.
    pub action: ActionKind,
    /// The folder, or the address.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(example = "Newsletters", max_length = 254)]
    pub value: String,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailRule {
    /// What it is called.
    #[schema(example = "Newsletters", max_length = 100)]
    pub name: String,
    /// Whether it is looked at.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub is_enabled: bool,
    /// Whether all conditions must hold, and not one of them.
    #[serde(default)]
    pub all: bool,
    /// Which mail it is about.
    #[schema(min_items = 1, max_items = 10)]
    pub conditions: Vec<RuleCondition>,
    /// What happens to it, in this order.
    #[schema(min_items = 1, max_items = 10)]
    pub actions: Vec<RuleAction>,
}

fn yes() -> bool {
    true
}

/// A text that has to stay on its line: a line's end in it would begin another one in whatever it gets into.
pub(super) fn one_line(text: &str, longest: usize) -> Result<(), String> {
    if text.chars().any(char::is_control) {
        return Err("Use one line, without control characters.".to_owned());
    }
    if text.chars().count() > longest {
        return Err(format!("Use at most {longest} characters."));
    }
    Ok(())
}

impl ConditionField {
    /// Whether `test` says anything about it.
    fn takes(self, test: ConditionTest) -> bool {
        let is_of_size = matches!(test, ConditionTest::Larger | ConditionTest::Smaller);
        (self == Self::Size) == is_of_size
    }
}

impl RuleCondition {
    fn check(&self, errors: &mut FieldErrors, at: &str) {
        if !self.field.takes(self.test) {
            let words = if self.field == ConditionField::Size {
                "A size is larger or smaller."
            } else {
                "Only a size is larger or smaller. Choose contains, is or matches."
            };
            errors.add(&format!("{at}test"), words);
        }
        if self.field == ConditionField::Header {
            errors.check(&format!("{at}header"), header_name(&self.header));
        } else if !self.header.is_empty() {
            errors.add(
                &format!("{at}header"),
                "Name a header only where the condition is about one.",
            );
        }
        errors.check(&format!("{at}value"), self.value_is_good());
    }

    fn value_is_good(&self) -> Result<(), String> {
        if self.field == ConditionField::Size {
            return match self.value.trim().parse::<u64>() {
                Ok(1..=MAX_SIZE) => Ok(()),
                _ => Err(format!("Enter a number of KiB from 1 to {MAX_SIZE}.")),
            };
        }
        // To be nothing at all is something that a subject can be asked for.
        if self.value.is_empty() && self.test != ConditionTest::Is {
            return Err("Enter what is looked for.".to_owned());
        }
        one_line(&self.value, MAX_VALUE)
    }
}

/// RFC 5322, 3.6.8: printable ASCII but for the colon.
fn header_name(text: &str) -> Result<(), &'static str> {
    let good = |b: u8| b.is_ascii_graphic() && b != b':';
    if text.is_empty() || text.len() > MAX_HEADER || !text.bytes().all(good) {
        return Err("Enter a header's name, such as X-Priority.");
    }
    Ok(())
}

/// A folder's name. Levels are parted by slashes.
fn folder(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("Enter a folder, such as Newsletters or Work/Reports.".to_owned());
    }
    one_line(text, MAX_FOLDER)?;
    let is_level =
        |part: &str| !part.trim().is_empty() && part != "." && part != ".." && !part.starts_with('~');
    if !text.split('/').all(is_level) || text.contains(['*', '%']) {
        return Err("A folder's name has no empty levels, no * and no %, and none begins with ~.".to_owned());
    }
    Ok(())
}

impl RuleAction {
    fn check(&self, errors: &mut FieldErrors, at: &str) {
        use ActionKind as A;
        let good = match self.action {
            A::Move | A::Copy => folder(&self.value),
            A::Forward | A::ForwardCopy => Address::parse(&self.value).map(drop),
            _ if self.value.is_empty() => Ok(()),
            _ => Err("Leave this empty: it takes no folder and no address.".to_owned()),
        };
        errors.check(&format!("{at}value"), good);
    }

    fn is_forward(&self) -> bool {
        matches!(self.action, ActionKind::Forward | ActionKind::ForwardCopy)
    }
}

impl MailRule {
    /// Notes what is wrong with it; `at` stands before the names of its fields.
    pub(in super::super) fn check(&self, errors: &mut FieldErrors, at: &str) {
        if self.name.trim().is_empty() {
            errors.add(&format!("{at}name"), "Give it a name.");
        } else {
            errors.check(&format!("{at}name"), one_line(&self.name, MAX_NAME));
        }
        let number = |what: &str, count: usize, most: usize| match count {
            0 => Err(format!("A rule has at least one {what}.")),
            count if count > most => Err(format!("A rule has at most {most} {what}s.")),
            _ => Ok(()),
        };
        let conditions = number("condition", self.conditions.len(), MAX_CONDITIONS);
        errors.check(&format!("{at}conditions"), conditions);
        let actions = number("action", self.actions.len(), MAX_ACTIONS);
        errors.check(&format!("{at}actions"), actions);
        for (index, condition) in self.conditions.iter().enumerate() {
            condition.check(errors, &format!("{at}conditions[{index}]."));
        }
        for (index, action) in self.actions.iter().enumerate() {
            action.check(errors, &format!("{at}actions[{index}]."));
        }
    }

    /// What happens, in words, for a list.
    pub(in super::super) fn told(&self) -> String {
        let told: Vec<String> = self.actions.iter().map(RuleAction::told).collect();
        told.join(", ")
    }
}

impl RuleAction {
    fn told(&self) -> String {
        match self.action {
            ActionKind::Move => format!("move to {}", self.value),
            ActionKind::Copy => format!("copy to {}", self.value),
            ActionKind::Read => "mark as read".to_owned(),
            ActionKind::Flag => "flag".to_owned(),
            ActionKind::Forward => format!("forward to {}", self.value),
            ActionKind::ForwardCopy => format!("forward a copy to {}", self.value),
            ActionKind::Discard => "delete".to_owned(),
            ActionKind::Stop => "stop".to_owned(),
        }
    }
}

/// Whether all rules together send on to few enough.
pub(super) fn check_forwards(rules: &[MailRule]) -> Result<(), String> {
    let enabled = rules.iter().filter(|rule| rule.is_enabled);
    let forwards = enabled
        .flat_map(|rule| &rule.actions)
        .filter(|action| action.is_forward());
    if forwards.count() > MAX_FORWARDS {
        return Err(format!(
            "All rules together forward to at most {MAX_FORWARDS} addresses. Make a group for more."
        ));
    }
    Ok(())
}
