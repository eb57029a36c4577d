//! A runbook as it is written, and which ones fit a failure. Pure.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use crate::monitoring::Signature;

/// What is embedded: names and texts.
const FILES: &[(&str, &str)] = &[
    ("out-of-memory", include_str!("../../runbooks/out-of-memory.md")),
    (
        "killed-by-a-signal",
        include_str!("../../runbooks/killed-by-a-signal.md"),
    ),
    (
        "program-not-found",
        include_str!("../../runbooks/program-not-found.md"),
    ),
    ("crash-loop", include_str!("../../runbooks/crash-loop.md")),
    (
        "ended-by-itself",
        include_str!("../../runbooks/ended-by-itself.md"),
    ),
    ("unhealthy", include_str!("../../runbooks/unhealthy.md")),
    (
        "port-not-listening",
        include_str!("../../runbooks/port-not-listening.md"),
    ),
    ("http-errors", include_str!("../../runbooks/http-errors.md")),
    ("certificate", include_str!("../../runbooks/certificate.md")),
    ("disk-full", include_str!("../../runbooks/disk-full.md")),
    ("node-away", include_str!("../../runbooks/node-away.md")),
    ("dns-and-mail", include_str!("../../runbooks/dns-and-mail.md")),
    ("too-busy", include_str!("../../runbooks/too-busy.md")),
];

static ALL: LazyLock<Vec<Runbook>> = LazyLock::new(|| {
    // A test reads them all; what can't be read is not there.
    let read = FILES
        .iter()
        .filter_map(|(slug, text)| Runbook::parse(slug, text).ok());
    read.collect()
});

/// When it fits and what it offers: the part between `+++` and `+++`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    title: String,
    summary: String,
    signatures: Vec<String>,
    #[serde(default)]
    exit_codes: Vec<i64>,
    oom: Option<bool>,
    actions: Vec<String>,
}

/// A piece of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Its letters.
    pub text: String,
    /// Set as code.
    pub is_code: bool,
}

/// A step that can be ticked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its place, from 0.
    pub place: usize,
    /// What to do.
    pub spans: Vec<Span>,
}

impl Step {
    /// As plain text.
    pub fn text(&self) -> String {
        self.spans.iter().map(|span| span.text.as_str()).collect()
    }
}

/// A part of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A heading.
    Heading(String),
    /// A paragraph.
    Paragraph(Vec<Span>),
    /// A point of a list.
    Point(Vec<Span>),
    /// A step.
    Step(Step),
}

/// A runbook.
#[derive(Debug, Clone)]
pub struct Runbook {
    /// Its name in addresses.
    pub slug: &'static str,
    /// What it is about.
    pub title: String,
    /// When it fits, in words.
    pub summary: String,
    /// The words of the signatures that it is for.
    pub signatures: Vec<String>,
    /// What can be done from it: the verbs of a ticket's acts.
    pub actions: Vec<String>,
    /// Its text.
    pub blocks: Vec<Block>,
    exit_codes: Vec<i64>,
    oom: Option<bool>,
}

impl Runbook {
    fn parse(slug: &'static str, text: &str) -> Result<Self, String> {
        let rest = text.strip_prefix("+++\n").ok_or("it does not begin with +++")?;
        let (head, body) = rest.split_once("\n+++\n").ok_or("its head does not end")?;
        let head: Head = toml::from_str(head).map_err(|error| error.to_string())?;
        Ok(Self {
            slug,
            title: head.title,
            summary: head.summary,
            signatures: head.signatures,
            actions: head.actions,
            blocks: blocks(body),
            exit_codes: head.exit_codes,
            oom: head.oom,
        })
    }

    /// Its steps, in order.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Step(step) => Some(step),
            _ => None,
        })
    }

    /// Whether it fits; those with more conditions that hold fit better.
    fn fits(&self, signature: &str, (exit_code, oom): (Option<i64>, bool)) -> Option<u8> {
        let knows = self.signatures.iter().any(|known| known == signature);
        let is_code = |code: i64| self.exit_codes.contains(&code);
        let by_code = self.exit_codes.is_empty() || exit_code.is_some_and(is_code);
        let by_memory = self.oom.is_none_or(|wanted| wanted == oom);
        (knows && by_code && by_memory)
            .then(|| u8::from(!self.exit_codes.is_empty()) + u8::from(self.oom.is_some()))
    }
}

/// Headings, paragraphs, points, steps. A line that goes on is indented, or follows a paragraph's.
fn blocks(body: &str) -> Vec<Block> {
    let (mut blocks, mut steps) = (Vec::new(), 0);
    for line in body.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
        let numbered = line
            .split_once(". ")
            .filter(|(number, _)| number.parse::<u32>().is_ok());
        let block = if let Some(heading) = line.strip_prefix("## ") {
            Block::Heading(heading.to_owned())
        } else if let Some(point) = line.strip_prefix("- ") {
            Block::Point(spans(point))
        } else if let Some((_, step)) = numbered {
            steps += 1;
            Block::Step(Step {
                place: steps - 1,
                spans: spans(step),
            })
        } else {
            Block::Paragraph(spans(line))
        };
        blocks.push(block);
    }
    blocks
}

/// What stands between backticks is code.
fn spans(line: &str) -> Vec<Span> {
    let parts = line.split('`').enumerate();
    parts
        .filter(|(_, text)| !text.is_empty())
        .map(|(place, text)| Span {
            text: text.to_owned(),
            is_code: place % 2 == 1,
        })
        .collect()
}

/// All, in their order.
pub fn all() -> &'static [Runbook] {
    &ALL
}

/// The one of a name.
pub fn find(slug: &str) -> Option<&'static Runbook> {
    ALL.iter().find(|runbook| runbook.slug == slug)
}

/// How a process ended, as an incident's detail tells it.
pub(crate) fn ended(signature: Signature, detail: &Value) -> (Option<i64>, bool) {
    let says = |key: &str| detail.get(key).and_then(Value::as_bool).unwrap_or(false);
    let oom = signature == Signature::ExitOom || says("oom") || says("oom_killed") || says("out_of_memory");
    (detail.get("exit_code").and_then(Value::as_i64), oom)
}

/// Those that fit a failure, the best first.
pub fn matching(signature: Signature, detail: &Value) -> Vec<&'static Runbook> {
    fitting(signature.word(), ended(signature, detail))
}

fn fitting(signature: &str, ended: (Option<i64>, bool)) -> Vec<&'static Runbook> {
    let mut found: Vec<_> = ALL
        .iter()
        .filter_map(|runbook| Some((runbook.fits(signature, ended)?, runbook)))
        .collect();
    found.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    found.into_iter().map(|(_, runbook)| runbook).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTIONS: [&str; 4] = ["start", "restart", "resize", "restore"];

    #[test]
    fn each_can_be_read_and_each_signature_has_one() {
        for (slug, text) in FILES {
            let runbook = Runbook::parse(slug, text).unwrap_or_else(|error| panic!("{slug}: {error}"));
            assert!(runbook.steps().count() >= 5, "{slug}");
            let known = |word: &String| Signature::ALL.iter().any(|one| one.word() == word);
            assert!(runbook.signatures.iter().all(known), "{slug}");
            assert!(
                runbook
                    .actions
                    .iter()
                    .all(|verb| ACTIONS.contains(&verb.as_str())),
                "{slug}"
            );
        }
        assert_eq!(all().len(), FILES.len());
        for signature in Signature::ALL {
            let ended = (Some(1), *signature == Signature::ExitOom);
            assert!(!fitting(signature.word(), ended).is_empty(), "{signature:?}");
        }
    }

    #[test]
    fn the_one_that_knows_most_comes_first() {
        let slugs = |signature, ended| -> Vec<_> {
            fitting(signature, ended)
                .iter()
                .map(|runbook| runbook.slug)
                .collect()
        };
        assert_eq!(slugs("exit_oom", (Some(137), true)), ["out-of-memory"]);
        assert_eq!(
            slugs("exit_code", (Some(137), false)),
            ["killed-by-a-signal", "ended-by-itself"]
        );
        assert_eq!(
            slugs("exit_code", (Some(127), false)),
            ["program-not-found", "ended-by-itself"]
        );
        assert_eq!(
            slugs("crash_loop", (Some(137), true)),
            ["out-of-memory", "crash-loop"]
        );
        assert_eq!(slugs("exit_code", (None, false)), ["ended-by-itself"]);
    }

    #[test]
    fn a_text_is_read_in_parts() {
        let text = "+++\ntitle = \"T\"\nsummary = \"S\"\nsignatures = [\"tcp\"]\nactions = []\n+++\nSee `x`.\n\n## Steps\n\n1. One <b>\n2. `two`\n\n- p\n";
        let runbook = Runbook::parse("t", text).unwrap();
        assert_eq!(runbook.blocks.len(), 5);
        let steps: Vec<_> = runbook.steps().map(|step| (step.place, step.text())).collect();
        assert_eq!(steps, [(0, "One <b>".to_owned()), (1, "two".to_owned())]);
        assert!(Runbook::parse("t", "no head").is_err());
        assert!(Runbook::parse("t", "+++\ntitle = 1\n+++\n").is_err());
    }
}
