//! A page as its readers see it, made of what the database's functions tell. Pure, so that page, feed, JSON and export are one.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::platform::error::Error;
use crate::platform::ids::{StatusComponentId, StatusPageId, StatusPostId};

use super::model::{Day, PostState, Span, State, days, lasted, state_at, uptime};

#[derive(Debug, Deserialize)]
struct Told {
    id: Uuid,
    slug: String,
    title: String,
    intro: String,
    components: Vec<ToldComponent>,
    posts: Vec<ToldPost>,
    windows: Vec<ToldWindow>,
}

#[derive(Debug, Deserialize)]
struct ToldComponent {
    id: Uuid,
    name: String,
    note: String,
    since: DateTime<Utc>,
    spans: Vec<Span>,
}

#[derive(Debug, Deserialize)]
struct ToldPost {
    id: Uuid,
    title: String,
    state: PostState,
    began: DateTime<Utc>,
    resolved: Option<DateTime<Utc>>,
    components: Vec<Uuid>,
    updates: Vec<Update>,
}

#[derive(Debug, Deserialize)]
struct ToldWindow {
    begins: DateTime<Utc>,
    ends: DateTime<Utc>,
    announced: DateTime<Utc>,
    title: Option<String>,
    body: Option<String>,
    components: Vec<Uuid>,
}

/// What was said about an incident, at a time.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = StatusUpdate)]
pub struct Update {
    /// When.
    pub at: DateTime<Utc>,
    /// How far they were.
    pub state: PostState,
    /// What was said: plain text.
    pub body: String,
}

impl Update {
    /// When, for people.
    pub fn when(&self) -> String {
        shown(self.at)
    }

    /// The same for programs.
    pub fn iso(&self) -> String {
        iso(self.at)
    }
}

/// A status page, with what is known now.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = StatusNow)]
pub struct View {
    /// The page.
    pub page: StatusPageId,
    /// Its name in addresses.
    pub slug: String,
    /// What it is called.
    pub title: String,
    /// What stands below that.
    pub intro: String,
    /// How its worst component is.
    pub state: State,
    /// Its parts.
    pub components: Vec<ComponentView>,
    /// What was written about incidents: what lasts, and what ended within ninety days; the newest first, at most fifty.
    pub posts: Vec<PostView>,
    /// Maintenance that is under way or announced.
    pub maintenance: Vec<WindowView>,
}

/// A part of a status page.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = StatusComponentNow)]
pub struct ComponentView {
    /// Its id.
    pub id: StatusComponentId,
    /// What it is called.
    pub name: String,
    /// What stands below that.
    pub note: String,
    /// How it is.
    pub state: State,
    /// How much of the ninety days it worked, maintenance left out.
    #[schema(example = "99.98 %")]
    pub uptime: Option<String>,
    /// Ninety days by UTC, the oldest first.
    pub days: Vec<DayView>,
}

/// A day of a component.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = StatusDay)]
pub struct DayView {
    /// Which.
    pub date: chrono::NaiveDate,
    /// The worst that it was; null if nobody watched.
    pub worst: Option<State>,
    /// Seconds without service.
    pub outage_seconds: i64,
    /// Seconds of bad service.
    pub degraded_seconds: i64,
    /// Seconds of maintenance.
    pub maintenance_seconds: i64,
    /// In words.
    #[serde(skip)]
    pub words: String,
}

impl From<Day> for DayView {
    fn from(day: Day) -> Self {
        let worst = day.worst();
        let trouble = [State::Outage, State::Degraded, State::Maintenance].into_iter();
        let trouble: Vec<String> = trouble
            .filter(|state| !day.time(*state).is_zero())
            .map(|state| format!("{} {}", state.word(), lasted(day.time(state))))
            .collect();
        let words = match worst {
            None => "not watched".to_owned(),
            Some(State::Operational) => "no trouble".to_owned(),
            Some(_) => trouble.join(", "),
        };
        Self {
            date: day.date,
            worst,
            outage_seconds: day.time(State::Outage).num_seconds(),
            degraded_seconds: day.time(State::Degraded).num_seconds(),
            maintenance_seconds: day.time(State::Maintenance).num_seconds(),
            words: format!("{}: {words}", day.date.format("%-d %b %Y")),
        }
    }
}

impl DayView {
    /// The bar's class.
    pub fn class(&self) -> &'static str {
        self.worst.map_or("unwatched", State::word)
    }

    /// Whether there is something to tell of it.
    pub fn is_troubled(&self) -> bool {
        self.worst.is_some_and(|worst| worst != State::Operational)
    }
}

impl ComponentView {
    /// The days with something to tell, the newest first.
    pub fn troubled(&self) -> Vec<&DayView> {
        self.days.iter().rev().filter(|day| day.is_troubled()).collect()
    }

    /// What the bars show, for those who do not see them.
    pub fn summary(&self) -> String {
        let (troubled, watched) = (
            self.troubled().len(),
            self.days.iter().filter(|day| day.worst.is_some()).count(),
        );
        let uptime = self.uptime.as_deref().unwrap_or("unknown");
        let days = |count: usize| format!("{count} day{}", if count == 1 { "" } else { "s" });
        format!(
            "{} of history, {} with trouble, uptime {uptime}",
            days(watched),
            days(troubled)
        )
    }
}

/// What somebody wrote about an incident.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = StatusPost)]
pub struct PostView {
    /// Its id.
    pub id: StatusPostId,
    /// In a line.
    pub title: String,
    /// How far they are.
    pub state: PostState,
    /// Since when.
    pub began_at: DateTime<Utc>,
    /// When it was over.
    pub resolved_at: Option<DateTime<Utc>>,
    /// The components that it is about.
    pub components: Vec<StatusComponentId>,
    /// What was said, the newest first.
    pub updates: Vec<Update>,
    /// The names of those components.
    #[serde(skip)]
    pub about: String,
}

impl PostView {
    /// When it was changed last.
    pub fn changed(&self) -> DateTime<Utc> {
        self.updates.first().map_or(self.began_at, |update| update.at)
    }

    /// When it was changed last, for programs.
    pub fn iso(&self) -> String {
        iso(self.changed())
    }
}

/// Maintenance that was announced.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = StatusMaintenance)]
pub struct WindowView {
    /// In a line.
    pub title: String,
    /// What it means.
    pub body: String,
    /// From when.
    pub begins_at: DateTime<Utc>,
    /// Until when.
    pub ends_at: DateTime<Utc>,
    /// Since when it stands here.
    pub announced_at: DateTime<Utc>,
    /// The components that it is about.
    pub components: Vec<StatusComponentId>,
    /// The names of those components.
    #[serde(skip)]
    pub about: String,
}

impl WindowView {
    /// From when until when, for people.
    pub fn when(&self) -> String {
        format!("{} until {}", shown(self.begins_at), shown(self.ends_at))
    }

    /// From when, for programs.
    pub fn iso(&self) -> String {
        iso(self.begins_at)
    }

    /// Since when it stands here, for programs.
    pub fn announced(&self) -> String {
        iso(self.announced_at)
    }

    /// What tells it from others of the page, for as long as it stands here.
    pub fn key(&self) -> String {
        let first = self.components.first().map(StatusComponentId::to_string);
        format!("{}-{}", self.begins_at.timestamp(), first.unwrap_or_default())
    }
}

/// `10 Mar 2026, 12:00 UTC`.
pub fn shown(at: DateTime<Utc>) -> String {
    at.format("%-d %b %Y, %H:%M UTC").to_string()
}

fn iso(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Feeds are XML, which has no other control characters.
fn clean(text: &str) -> String {
    text.replace(|c: char| c.is_control() && c != '\n' && c != '\t', "")
}

impl View {
    /// Makes it of what the database told.
    pub fn new(told: Value, now: DateTime<Utc>) -> Result<Self, Error> {
        let told: Told = serde_json::from_value(told).map_err(Error::internal)?;
        let components: Vec<_> = told
            .components
            .into_iter()
            .map(|one| component(one, now))
            .collect();
        let name = |id: &StatusComponentId| components.iter().find(|one| one.id == *id).map(|one| &*one.name);
        let about = |ids: &[StatusComponentId]| ids.iter().filter_map(name).collect::<Vec<_>>().join(", ");
        let ids = |ids: Vec<Uuid>| ids.into_iter().map(StatusComponentId).collect::<Vec<_>>();
        let posts = told.posts.into_iter().map(|post| {
            let components = ids(post.components);
            PostView {
                id: StatusPostId(post.id),
                title: post.title,
                state: post.state,
                began_at: post.began,
                resolved_at: post.resolved,
                about: about(&components),
                components,
                updates: post.updates,
            }
        });
        let windows = told.windows.into_iter().map(|window| {
            let components = ids(window.components);
            WindowView {
                title: clean(window.title.as_deref().unwrap_or("Planned maintenance")),
                body: clean(window.body.as_deref().unwrap_or_default()),
                begins_at: window.begins,
                ends_at: window.ends,
                announced_at: window.announced,
                about: about(&components),
                components,
            }
        });
        Ok(Self {
            page: StatusPageId(told.id),
            slug: told.slug,
            title: told.title,
            intro: told.intro,
            state: components
                .iter()
                .map(|one| one.state)
                .max()
                .unwrap_or(State::Operational),
            posts: posts.collect(),
            maintenance: windows.collect(),
            components,
        })
    }

    /// What lasts.
    pub fn open(&self) -> Vec<&PostView> {
        self.posts
            .iter()
            .filter(|post| post.resolved_at.is_none())
            .collect()
    }

    /// What is over.
    pub fn past(&self) -> Vec<&PostView> {
        self.posts
            .iter()
            .filter(|post| post.resolved_at.is_some())
            .collect()
    }
}

fn component(told: ToldComponent, now: DateTime<Utc>) -> ComponentView {
    let days = days(&told.spans, told.since, now);
    ComponentView {
        id: StatusComponentId(told.id),
        name: told.name,
        note: told.note,
        state: state_at(&told.spans, now),
        uptime: uptime(&days),
        days: days.into_iter().map(DayView::from).collect(),
    }
}
