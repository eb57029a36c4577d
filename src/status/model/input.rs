//! What somebody types: one parser for forms and programs, which tells every mistake by its field.

use chrono::TimeDelta;

use crate::platform::error::FieldErrors;
use crate::platform::ids::StatusComponentId;

use super::{PostState, State, Target, Visibility};

/// A week.
const LONGEST: i64 = 7 * 24 * 60;

/// A page as it was written.
#[derive(Debug, Clone, Default)]
pub struct PageText {
    /// What it is called.
    pub title: String,
    /// What stands below that.
    pub intro: String,
    /// Its name in addresses; nothing for one that nobody guesses.
    pub slug: String,
    /// Who may read it.
    pub visibility: String,
}

/// A page that can be.
#[derive(Debug, Clone)]
pub struct NewPage {
    /// What it is called.
    pub title: String,
    /// What stands below that.
    pub intro: String,
    /// Its name in addresses, if one was chosen.
    pub slug: Option<String>,
    /// Who may read it.
    pub visibility: Visibility,
}

impl PageText {
    /// Takes it, or says what is wrong with each field.
    pub fn parse(&self, is_provider: bool) -> Result<NewPage, FieldErrors> {
        let mut errors = FieldErrors::default();
        let title = errors.check("title", line(&self.title, 80));
        let intro = errors.check("intro", text(&self.intro, 0, 500));
        let slug = errors.check("slug", slug(&self.slug));
        let other = if is_provider {
            Visibility::Staff
        } else {
            Visibility::Members
        };
        let chosen = Visibility::parse(&self.visibility);
        let chosen = chosen.filter(|one| [Visibility::Public, other].contains(one));
        let visibility = errors.check("visibility", chosen.ok_or("Choose who may read it."));
        match (title, intro, slug, visibility) {
            (Some(title), Some(intro), Some(slug), Some(visibility)) => Ok(NewPage {
                title,
                intro,
                slug,
                visibility,
            }),
            _ => Err(errors),
        }
    }
}

/// A component as it was written.
#[derive(Debug, Clone, Default)]
pub struct ComponentText {
    /// What readers call it.
    pub name: String,
    /// What stands below that.
    pub note: String,
    /// What it stands for.
    pub target: String,
    /// Its place; the last if nothing is said.
    pub position: String,
}

/// A component that can be.
#[derive(Debug, Clone)]
pub struct NewComponent {
    /// What readers call it.
    pub name: String,
    /// What stands below that.
    pub note: String,
    /// What it stands for.
    pub target: Target,
    /// Its place, if one was chosen.
    pub position: Option<i32>,
}

impl ComponentText {
    /// Takes it, or says what is wrong with each field. A tenant's stands for a server.
    pub fn parse(&self, is_provider: bool) -> Result<NewComponent, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.check("name", line(&self.name, 60));
        let note = errors.check("note", text(&self.note, 0, 200));
        let target = self.target.trim().parse::<Target>().and_then(|target| {
            let is_theirs = is_provider || target.server().is_some();
            is_theirs.then_some(target).ok_or("Choose one of your servers.")
        });
        let target = errors.check("target", target);
        let position = match self.position.trim() {
            "" => Ok(None),
            number => {
                let place = number
                    .parse::<i32>()
                    .ok()
                    .filter(|place| (0..=999).contains(place));
                place.map(Some).ok_or("Use a number from 0 to 999.")
            }
        };
        let position = errors.check("position", position);
        match (name, note, target, position) {
            (Some(name), Some(note), Some(target), Some(position)) => Ok(NewComponent {
                name,
                note,
                target,
                position,
            }),
            _ => Err(errors),
        }
    }
}

/// An override as it was written.
#[derive(Debug, Clone, Default)]
pub struct OverrideText {
    /// How it is.
    pub state: String,
    /// For how long.
    pub minutes: String,
    /// Why.
    pub reason: String,
}

/// An override that can be.
#[derive(Debug, Clone)]
pub struct NewOverride {
    /// How it is.
    pub state: State,
    /// For how long.
    pub lasts: TimeDelta,
    /// Why.
    pub reason: String,
}

impl OverrideText {
    /// Takes it, or says what is wrong with each field.
    pub fn parse(&self) -> Result<NewOverride, FieldErrors> {
        let mut errors = FieldErrors::default();
        let state = errors.check("state", State::parse(&self.state).ok_or("Choose how it is."));
        let minutes = self.minutes.trim().parse::<i64>().ok();
        let minutes = minutes.filter(|minutes| (5..=LONGEST).contains(minutes));
        let minutes = errors.check(
            "minutes",
            minutes.ok_or("Use 5 minutes to 10080, which is a week: it ends by itself."),
        );
        let reason = errors.check("reason", line(&self.reason, 200));
        match (state, minutes, reason) {
            (Some(state), Some(minutes), Some(reason)) => Ok(NewOverride {
                state,
                lasts: TimeDelta::minutes(minutes),
                reason,
            }),
            _ => Err(errors),
        }
    }
}

/// Something to be said, as it was written.
#[derive(Debug, Clone, Default)]
pub struct PostText {
    /// In a line; nothing where it is said of a post that is there.
    pub title: String,
    /// How far they are.
    pub state: String,
    /// What is said.
    pub body: String,
    /// The components that it is about.
    pub components: Vec<String>,
}

/// Something that can be said.
#[derive(Debug, Clone)]
pub struct NewPost {
    /// In a line; empty for an update.
    pub title: String,
    /// How far they are.
    pub state: PostState,
    /// What is said.
    pub body: String,
    /// The components that it is about.
    pub components: Vec<StatusComponentId>,
}

impl PostText {
    /// Takes a new post, or says what is wrong with each field.
    pub fn parse(&self) -> Result<NewPost, FieldErrors> {
        self.parse_as(true)
    }

    /// The same of an update, which has no line of its own.
    pub fn parse_update(&self) -> Result<NewPost, FieldErrors> {
        self.parse_as(false)
    }

    fn parse_as(&self, is_new: bool) -> Result<NewPost, FieldErrors> {
        let mut errors = FieldErrors::default();
        let title = if is_new {
            line(&self.title, 120)
        } else {
            Ok(String::new())
        };
        let title = errors.check("title", title);
        let state = errors.check(
            "state",
            PostState::parse(&self.state).ok_or("Choose how far you are."),
        );
        let body = errors.check("body", text(&self.body, 1, 4000));
        let components = self
            .components
            .iter()
            .map(|id| id.parse::<StatusComponentId>())
            .collect::<Result<Vec<_>, _>>();
        let components = errors.check(
            "components",
            components.map_err(|_| "There is no such component."),
        );
        match (title, state, body, components) {
            (Some(title), Some(state), Some(body), Some(components)) => Ok(NewPost {
                title,
                state,
                body,
                components,
            }),
            _ => Err(errors),
        }
    }
}

fn line(text: &str, longest: usize) -> Result<String, String> {
    let line = text.trim();
    let is_good = (1..=longest).contains(&line.chars().count()) && !line.chars().any(char::is_control);
    is_good
        .then(|| line.to_owned())
        .ok_or_else(|| format!("Use one line of 1 to {longest} characters."))
}

/// Feeds are XML, which has no other control characters.
fn text(text: &str, least: usize, longest: usize) -> Result<String, String> {
    let text = text.trim().replace("\r\n", "\n");
    let is_good = (least..=longest).contains(&text.chars().count())
        && !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t');
    is_good
        .then_some(text)
        .ok_or_else(|| format!("Use {least} to {longest} characters."))
}

fn slug(text: &str) -> Result<Option<String>, &'static str> {
    let text = text.trim();
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let is_good = (3..=63).contains(&text.len())
        && text.starts_with(is_plain)
        && text.chars().all(|c| is_plain(c) || c == '-');
    match text {
        "" => Ok(None),
        _ if is_good => Ok(Some(text.to_owned())),
        _ => Err(
            "Use 3 to 63 lower-case letters, digits and dashes, or nothing for an address that nobody guesses.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_told_by_its_field() {
        let fields = |errors: FieldErrors| errors.0.into_iter().map(|error| error.field).collect::<Vec<_>>();
        let page = PageText {
            slug: "No".to_owned(),
            visibility: "staff".to_owned(),
            ..PageText::default()
        };
        assert_eq!(
            fields(page.parse(false).unwrap_err()),
            ["title", "slug", "visibility"]
        );
        assert_eq!(fields(page.parse(true).unwrap_err()), ["title", "slug"]);
        let component = ComponentText {
            target: "panel".to_owned(),
            position: "-1".to_owned(),
            ..ComponentText::default()
        };
        assert_eq!(
            fields(component.parse(false).unwrap_err()),
            ["name", "target", "position"]
        );
        let said = OverrideText {
            minutes: "99999".to_owned(),
            ..OverrideText::default()
        };
        assert_eq!(fields(said.parse().unwrap_err()), ["state", "minutes", "reason"]);
        let post = PostText {
            title: "x".to_owned(),
            body: "a\u{1}".to_owned(),
            components: vec!["srv_1".to_owned()],
            ..PostText::default()
        };
        assert_eq!(fields(post.parse().unwrap_err()), ["state", "body", "components"]);
    }

    #[test]
    fn targets_are_read_as_they_are_written() {
        for text in [
            "panel",
            "mail",
            "loc_01h455vb4pex5vsknk084sn02q",
            "srv_01h455vb4pex5vsknk084sn02q",
        ] {
            assert_eq!(text.parse::<Target>().unwrap().to_string(), text);
        }
        assert!("ten_01h455vb4pex5vsknk084sn02q".parse::<Target>().is_err());
    }
}
