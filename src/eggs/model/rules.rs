//! The rules of an egg's variables (Laravel's validation rules) as ours.
//!
//! What must hold: a rule that we cannot keep is told, never kept in part without a word. Patterns run in linear time, as
//! the `regex` crate has neither look-around nor back-references; eggs that need them lose the pattern.

use regex::{Regex, RegexBuilder};

use crate::catalogue::{Kind, Pattern};

/// The longest pattern that is compiled, in bytes.
const LONGEST_PATTERN: usize = 1_000;
/// What a compiled pattern may take, in bytes; `(a{999}){999}` would take far more.
const LARGEST_PATTERN: usize = 512 * 1024;
/// The longest answer without a rule about its length.
const USUAL_MAX: usize = 2_000;

/// What rules come to.
#[derive(Debug)]
pub(super) struct Ruled {
    pub(super) kind: Kind,
    pub(super) required: bool,
    /// What is not kept, a sentence each.
    pub(super) lost: Vec<String>,
}

/// Compiles a pattern within limits.
pub(super) fn compile(source: &str) -> Result<Regex, &'static str> {
    if source.len() > LONGEST_PATTERN {
        return Err("it is too long");
    }
    RegexBuilder::new(source)
        .size_limit(LARGEST_PATTERN)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "it would grow too large",
            _ if source.contains("(?=") || source.contains("(?!") || source.contains("(?<") => {
                "it looks around, which takes unbounded time"
            }
            _ => "it is not a pattern that is understood here",
        })
}

/// Splits `required|string|regex:/^(a|b)$/`; a pipe inside of a pattern separates nothing.
pub(super) fn split(rules: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for part in rules.split('|') {
        match all.last_mut() {
            Some(open) if is_open(open) => {
                open.push('|');
                open.push_str(part);
            }
            _ => all.push(part.to_owned()),
        }
    }
    all.into_iter()
        .map(|rule| rule.trim().to_owned())
        .filter(|rule| !rule.is_empty())
        .collect()
}

/// Whether it is a pattern whose end has not come yet.
fn is_open(rule: &str) -> bool {
    let Some(pattern) = rule
        .trim_start()
        .strip_prefix("regex:")
        .or(rule.trim_start().strip_prefix("not_regex:"))
    else {
        return false;
    };
    pattern.starts_with(['/', '#', '~', '@']) && delimited(pattern).is_none()
}

/// The inside and the flags of `/…/i`.
fn delimited(pattern: &str) -> Option<(&str, &str)> {
    let pattern = pattern.trim();
    let delimiter = pattern.chars().next().filter(char::is_ascii_punctuation)?;
    let end = pattern.rfind(delimiter).filter(|end| *end > 0)?;
    let flags = &pattern[end + 1..];
    flags
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b == b'D')
        .then_some((&pattern[1..end], flags))
}

/// What is known after all rules were looked at.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a rule of its own, given or not"
)]
struct Known {
    required: bool,
    integer: bool,
    numeric: bool,
    boolean: bool,
    email: bool,
    choices: Option<Vec<String>>,
    pattern: Option<Pattern>,
    min: Option<f64>,
    max: Option<f64>,
    lost: Vec<String>,
}

/// Reads the rules of a variable whose default is `default`.
pub(super) fn read(rules: &[String], default: &str) -> Ruled {
    let mut known = Known::default();
    for rule in rules {
        let (name, argument) = rule.split_once(':').unwrap_or((rule, ""));
        known.take(&name.trim().to_ascii_lowercase(), argument, rule);
    }
    known.ruled(default)
}

impl Known {
    fn take(&mut self, name: &str, argument: &str, rule: &str) {
        let number = || argument.trim().parse::<f64>().ok();
        match name {
            "required" | "filled" => self.required = true,
            "nullable" | "sometimes" | "present" | "string" | "bail" | "optional" => {}
            "integer" | "int" => self.integer = true,
            "numeric" | "decimal" => self.numeric = true,
            "boolean" | "bool" | "accepted" => self.boolean = true,
            "email" => self.email = true,
            "min" | "gte" => self.min = number(),
            "max" | "lte" => self.max = number(),
            "size" => (self.min, self.max) = (number(), number()),
            "between" => {
                let (min, max) = argument.split_once(',').unwrap_or((argument, ""));
                (self.min, self.max) = (min.trim().parse().ok(), max.trim().parse().ok());
            }
            "in" => self.choices = Some(list(argument)),
            "regex" => self.regex(argument),
            _ => self.shape(name, argument, rule),
        }
    }

    /// Rules that a pattern of ours keeps.
    fn shape(&mut self, name: &str, argument: &str, rule: &str) {
        let any = || {
            list(argument)
                .iter()
                .map(|one| regex::escape(one))
                .collect::<Vec<_>>()
                .join("|")
        };
        let source = match name {
            "alpha_dash" => r"[\p{L}\p{M}\p{N}_-]*".to_owned(),
            "alpha_num" => r"[\p{L}\p{M}\p{N}]*".to_owned(),
            "alpha" => r"[\p{L}\p{M}]*".to_owned(),
            "url" | "active_url" => r"[a-zA-Z][a-zA-Z0-9+.-]*://\S+".to_owned(),
            "ip" => r"[0-9a-fA-F:.]{2,45}".to_owned(),
            "ipv4" => r"([0-9]{1,3}\.){3}[0-9]{1,3}".to_owned(),
            "uuid" => r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}".to_owned(),
            "starts_with" => format!("(?:{}).*", any()),
            "ends_with" => format!(".*(?:{})", any()),
            "digits" if argument.trim().parse::<u8>().is_ok() => format!("[0-9]{{{}}}", argument.trim()),
            "digits_between" => match argument
                .split_once(',')
                .map(|(a, b)| (a.trim().parse::<u8>(), b.trim().parse::<u8>()))
            {
                Some((Ok(least), Ok(most))) if least <= most => format!("[0-9]{{{least},{most}}}"),
                _ => return self.lose(rule),
            },
            _ => return self.lose(rule),
        };
        if self.pattern.is_some() {
            return self.lose(rule);
        }
        match Pattern::new(&source) {
            Ok(pattern) => self.pattern = Some(pattern),
            Err(_) => self.lose(rule),
        }
    }

    fn lose(&mut self, rule: &str) {
        let rule: String = rule.chars().take(80).collect();
        self.lost.push(format!("The rule {rule} is not checked."));
    }

    /// Laravel finds a pattern anywhere in the answer; ours must match the whole of it.
    fn regex(&mut self, argument: &str) {
        let shown: String = argument.chars().take(80).collect();
        let Some((inside, flags)) = delimited(argument) else {
            return self
                .lost
                .push(format!("The pattern {shown} has no end and is not checked."));
        };
        let anchored = inside.strip_prefix('^').and_then(|rest| rest.strip_suffix('$'));
        let whole = anchored.filter(|rest| !rest.contains('|') && !rest.ends_with('\\'));
        let whole = whole.map_or_else(|| format!(".*(?:{inside}).*"), str::to_owned);
        let source = if flags.contains('i') {
            format!("(?i){whole}")
        } else {
            whole
        };
        let compiled = compile(inside).and_then(|_| compile(&format!("^(?:{source})$")));
        match compiled.map(|_| Pattern::new(&source)) {
            Ok(Ok(pattern)) => self.pattern = Some(pattern),
            Ok(Err(_)) => self.lost.push(format!("The pattern {shown} is not checked.")),
            Err(why) => self
                .lost
                .push(format!("The pattern {shown} is not checked: {why}.")),
        }
    }

    fn ruled(self, default: &str) -> Ruled {
        let required = self.required;
        let mut lost = self.lost.clone();
        if self.pattern.is_some() && (self.integer || self.numeric || self.email || self.choices.is_some()) {
            lost.push("Its pattern is not checked besides its other rules.".to_owned());
        }
        let kind = self.kind(default, &mut lost);
        Ruled { kind, required, lost }
    }

    fn kind(self, default: &str, lost: &mut Vec<String>) -> Kind {
        if let Some(choices) = self.choices.clone().filter(|choices| !choices.is_empty()) {
            return Kind::Choice { choices };
        }
        if self.boolean {
            let words = matches!(default.trim().to_ascii_lowercase().as_str(), "true" | "false");
            let choices = if words { ["true", "false"] } else { ["1", "0"] };
            return Kind::Choice {
                choices: choices.map(str::to_owned).into(),
            };
        }
        if self.email {
            return Kind::Email;
        }
        let (min, max) = (self.min, self.max);
        if self.integer {
            let (least, most) = (
                whole(min.map(f64::ceil), i64::MIN),
                whole(max.map(f64::floor), i64::MAX),
            );
            if least <= most {
                return Kind::Integer {
                    min: least,
                    max: most,
                };
            }
            lost.push("Its least value is above its greatest; neither is checked.".to_owned());
            return Kind::Integer {
                min: i64::MIN,
                max: i64::MAX,
            };
        }
        if self.numeric {
            return Kind::Number {
                min: min.unwrap_or(f64::MIN),
                max: max.unwrap_or(f64::MAX),
            };
        }
        let length = |bound: Option<f64>, otherwise: usize| {
            usize::try_from(whole(bound, 0).max(0))
                .ok()
                .filter(|_| bound.is_some())
                .unwrap_or(otherwise)
        };
        let max_length = length(max, USUAL_MAX).clamp(1, USUAL_MAX);
        Kind::Text {
            min_length: length(min, 0).min(max_length),
            max_length,
            pattern: self.pattern,
        }
    }
}

/// A bound as a whole number.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast from f64 stops at the ends of i64"
)]
fn whole(bound: Option<f64>, otherwise: i64) -> i64 {
    bound.map_or(otherwise, |bound| bound as i64)
}

/// `a,b,"c"`, each once.
fn list(argument: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for one in argument.split(',') {
        let one = one.trim().trim_matches('"').trim();
        if !one.is_empty() && !all.iter().any(|known| known == one) {
            all.push(one.to_owned());
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ruled(rules: &str, default: &str) -> Ruled {
        read(&split(rules), default)
    }

    #[test]
    fn rules_become_kinds() {
        let text = |min_length, max_length| Kind::Text {
            min_length,
            max_length,
            pattern: None,
        };
        let choice = |all: &[&str]| Kind::Choice {
            choices: all.iter().map(|one| (*one).to_owned()).collect(),
        };
        for (rules, default, kind) in [
            ("required|string|max:20", "a", text(0, 20)),
            ("nullable|string|between:3,8", "", text(3, 8)),
            ("required|in:a,b, c,a", "a", choice(&["a", "b", "c"])),
            ("required|boolean", "1", choice(&["1", "0"])),
            ("required|boolean", "true", choice(&["true", "false"])),
            (
                "required|integer|between:1,65535",
                "1",
                Kind::Integer { min: 1, max: 65_535 },
            ),
            (
                "required|numeric|min:0.5",
                "1",
                Kind::Number {
                    min: 0.5,
                    max: f64::MAX,
                },
            ),
            (
                "required|int|min:1|max:10",
                "1",
                Kind::Integer { min: 1, max: 10 },
            ),
            ("", "", text(0, USUAL_MAX)),
        ] {
            let ruled = ruled(rules, default);
            assert_eq!(ruled.kind, kind, "{rules}");
            assert!(ruled.lost.is_empty(), "{rules}: {:?}", ruled.lost);
            assert_eq!(ruled.required, rules.contains("required"), "{rules}");
        }
    }

    fn takes(rules: &str, answer: &str) -> bool {
        ruled(rules, "").kind.check(answer).is_ok()
    }

    #[test]
    fn patterns_hold_as_in_laravel() {
        let jar = r"required|regex:/^([\w\d._-]+)(\.jar)$/";
        assert!(takes(jar, "server.jar") && !takes(jar, "server.zip"));
        let either = "required|string|regex:/^(latest|[0-9.]+)$/|max:10";
        assert!(takes(either, "latest") && takes(either, "1.20") && !takes(either, "newest"));
        assert!(takes("regex:/bc/", "abcd") && !takes("regex:/bc/", "acbd"));
        assert!(takes("regex:/^ABC$/i", "abc"));
        assert!(takes("regex:/^a|b$/", "xb") && !takes("regex:/^a|b$/", "bx"));
        assert!(takes("alpha_dash", "a-b_1") && !takes("alpha_dash", "a b"));
        assert!(takes("digits_between:2,3", "123") && !takes("digits_between:2,3", "1"));
        assert!(takes("starts_with:http,ftp", "ftp.x") && !takes("starts_with:http,ftp", "x"));
        assert!(takes("numeric|between:0,1", "0.25") && !takes("numeric|between:0,1", "1.5"));
    }

    #[test]
    fn what_is_not_kept_is_told() {
        for rules in [
            "regex:/^(?=.*x).+$/",
            "regex:/(a{1000}){1000}/",
            "regex:/open",
            "required_if:OTHER,1",
            "not_in:a,b",
        ] {
            assert_eq!(ruled(rules, "").lost.len(), 1, "{rules}");
        }
        let long = format!("regex:/^{}$/", "a".repeat(5_000));
        assert!(ruled(&long, "").lost[0].contains("too long"));
    }
}
