//! What the parts of rules are called on pages, and in their forms.

use crate::mail::filters::model::{ActionKind, ConditionField, ConditionTest};

/// A thing, its word in forms, and what people read.
type Word<T> = (T, &'static str, &'static str);

/// Fields of conditions.
pub(super) const FIELDS: [Word<ConditionField>; 6] = [
    (ConditionField::From, "from", "From"),
    (ConditionField::To, "to", "To or copy"),
    (ConditionField::Subject, "subject", "Subject"),
    (ConditionField::ListId, "list_id", "Mailing list"),
    (ConditionField::Header, "header", "Header …"),
    (ConditionField::Size, "size", "Size in KiB"),
];

/// Comparisons.
pub(super) const TESTS: [Word<ConditionTest>; 6] = [
    (ConditionTest::Contains, "contains", "contains"),
    (ConditionTest::ContainsNot, "contains_not", "does not contain"),
    (ConditionTest::Is, "is", "is"),
    (ConditionTest::Matches, "matches", "matches (* and ?)"),
    (ConditionTest::Larger, "larger", "is larger than"),
    (ConditionTest::Smaller, "smaller", "is smaller than"),
];

/// Actions.
pub(super) const ACTIONS: [Word<ActionKind>; 8] = [
    (ActionKind::Move, "move", "Move to the folder …"),
    (ActionKind::Copy, "copy", "Copy to the folder …"),
    (ActionKind::Read, "read", "Mark as read"),
    (ActionKind::Flag, "flag", "Flag"),
    (ActionKind::Forward, "forward", "Forward to …"),
    (ActionKind::ForwardCopy, "forward_copy", "Forward a copy to …"),
    (ActionKind::Discard, "discard", "Delete"),
    (ActionKind::Stop, "stop", "Look at no further rule"),
];

/// The thing of a form's word.
pub(super) fn parse<T: Copy>(words: &[Word<T>], text: &str) -> Option<T> {
    words
        .iter()
        .find(|(_, word, _)| *word == text)
        .map(|(thing, ..)| *thing)
}

/// A thing's word in forms.
pub(super) fn word<T: PartialEq>(words: &[Word<T>], thing: &T) -> &'static str {
    words
        .iter()
        .find(|(known, ..)| known == thing)
        .map_or("", |(_, word, _)| *word)
}

/// What people read.
pub(super) fn label<T: PartialEq>(words: &[Word<T>], thing: &T) -> &'static str {
    words
        .iter()
        .find(|(known, ..)| known == thing)
        .map_or("", |(.., label)| *label)
}

/// A select's options.
pub(super) fn options<T>(words: &[Word<T>]) -> Vec<(&'static str, &'static str)> {
    words.iter().map(|(_, word, label)| (*word, *label)).collect()
}
