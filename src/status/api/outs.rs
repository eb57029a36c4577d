//! What programs read and write of status pages.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::ids::{StatusComponentId, StatusPageId, StatusPostId, TenantId};

use super::super::model::{Component, PageText, Post, PostState, State, StatusPage, Visibility};

/// A status page, for those whose it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatusPage)]
pub(super) struct PageOut {
    /// Its id.
    pub(super) id: StatusPageId,
    /// Whose; null for the provider's.
    pub(super) tenant_id: Option<TenantId>,
    /// Its name in addresses.
    pub(super) slug: String,
    /// Where the world reads it, if it may.
    pub(super) url: Option<String>,
    /// What it is called.
    pub(super) title: String,
    /// What stands below that.
    pub(super) intro: String,
    /// Who may read it.
    pub(super) visibility: Visibility,
    /// When it was made.
    pub(super) created_at: DateTime<Utc>,
}

impl PageOut {
    pub(super) fn new(app: &App, page: StatusPage) -> Self {
        let is_public = page.visibility == Visibility::Public;
        Self {
            id: page.id,
            tenant_id: page.tenant,
            url: is_public.then(|| app.config.link(&format!("/status/{}", page.slug))),
            slug: page.slug,
            title: page.title,
            intro: page.intro,
            visibility: page.visibility,
            created_at: page.created_at,
        }
    }
}

/// A status page with its components.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatusPageDetail)]
pub(super) struct DetailOut {
    #[serde(flatten)]
    pub(super) page: PageOut,
    /// Its components, in their order.
    pub(super) components: Vec<ComponentOut>,
}

/// A component, for those whose page it is on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatusComponent)]
pub(super) struct ComponentOut {
    /// Its id.
    pub(super) id: StatusComponentId,
    /// What readers call it.
    pub(super) name: String,
    /// What stands below that.
    pub(super) note: String,
    /// What it stands for: `panel`, `mail`, or the id of a location or a server.
    #[schema(example = "srv_01kb2m4v0xf9ya8e3m1v6gq0ht")]
    pub(super) target: String,
    /// Its place.
    pub(super) position: i32,
    /// What somebody says that it is, whatever is seen.
    pub(super) said: Option<SaidOut>,
}

/// What somebody says against what was seen.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatusOverride)]
pub(super) struct SaidOut {
    /// How it is.
    pub(super) state: State,
    /// Until when.
    pub(super) until: DateTime<Utc>,
    /// Why; readers are not told.
    pub(super) reason: String,
    /// Who said so.
    pub(super) by: String,
}

impl From<Component> for ComponentOut {
    fn from(one: Component) -> Self {
        Self {
            id: one.id,
            name: one.name,
            note: one.note,
            target: one.target.to_string(),
            position: one.position,
            said: one.said.map(|said| SaidOut {
                state: said.state,
                until: said.until,
                reason: said.reason,
                by: said.by,
            }),
        }
    }
}

/// Something written about an incident.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatusPostMade)]
pub(super) struct PostOut {
    /// Its id.
    pub(super) id: StatusPostId,
    /// In a line.
    pub(super) title: String,
    /// How far they are.
    pub(super) state: PostState,
    /// The components that it is about.
    pub(super) components: Vec<StatusComponentId>,
    /// Since when.
    pub(super) began_at: DateTime<Utc>,
}

impl From<Post> for PostOut {
    fn from(one: Post) -> Self {
        Self {
            id: one.id,
            title: one.title,
            state: one.state,
            components: one.components,
            began_at: one.began_at,
        }
    }
}

/// A status page to be made, or changed: what is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StatusPageIn)]
pub(super) struct PageIn {
    /// What it is called.
    #[schema(min_length = 1, max_length = 80, example = "Acme")]
    pub(super) title: Option<String>,
    /// What stands below that.
    #[schema(max_length = 500)]
    pub(super) intro: Option<String>,
    /// Its name in addresses; without one a new page gets one that nobody guesses.
    #[schema(min_length = 3, max_length = 63, pattern = "^[a-z0-9][a-z0-9-]{2,62}$")]
    pub(super) slug: Option<String>,
    /// Who may read it; everybody who has its address if nothing is said of a new page.
    pub(super) visibility: Option<Visibility>,
}

impl PageIn {
    pub(super) fn over(self, text: PageText) -> PageText {
        PageText {
            title: self.title.unwrap_or(text.title),
            intro: self.intro.unwrap_or(text.intro),
            slug: self.slug.unwrap_or(text.slug),
            visibility: self
                .visibility
                .map_or(text.visibility, |one| one.word().to_owned()),
        }
    }
}

/// A component to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StatusComponentIn)]
pub(super) struct ComponentIn {
    /// What readers call it.
    #[schema(min_length = 1, max_length = 60, example = "Shop")]
    pub(super) name: String,
    /// What stands below that.
    #[schema(max_length = 200)]
    pub(super) note: Option<String>,
    /// What it stands for: the id of a server; on pages of the provider `panel`, `mail` or the id of a location too.
    #[schema(example = "srv_01kb2m4v0xf9ya8e3m1v6gq0ht")]
    pub(super) target: String,
    /// Its place; the last if nothing is said.
    #[schema(minimum = 0, maximum = 999)]
    pub(super) position: Option<i32>,
}

/// What is to be changed of a component: what is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StatusComponentChange)]
pub(super) struct ComponentChange {
    /// What readers call it.
    #[schema(min_length = 1, max_length = 60)]
    pub(super) name: Option<String>,
    /// What stands below that.
    #[schema(max_length = 200)]
    pub(super) note: Option<String>,
    /// Its place.
    #[schema(minimum = 0, maximum = 999)]
    pub(super) position: Option<i32>,
}

/// What a component is to be, whatever is seen.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StatusOverrideIn)]
pub(super) struct OverrideIn {
    /// How it is.
    pub(super) state: State,
    /// For how long.
    #[schema(minimum = 5, maximum = 10080)]
    pub(super) minutes: i64,
    /// Why; readers are not told.
    #[schema(min_length = 1, max_length = 200)]
    pub(super) reason: String,
}

/// Something to be written about an incident.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StatusPostIn)]
pub(super) struct PostIn {
    /// In a line.
    #[schema(min_length = 1, max_length = 120, example = "The shop is slow")]
    pub(super) title: String,
    /// How far you are.
    pub(super) state: PostState,
    /// What is said: plain text.
    #[schema(min_length = 1, max_length = 4000)]
    pub(super) body: String,
    /// The components that it is about.
    #[serde(default)]
    pub(super) components: Vec<StatusComponentId>,
}

/// What is said next.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StatusUpdateIn)]
pub(super) struct UpdateIn {
    /// How far you are.
    pub(super) state: PostState,
    /// What is said: plain text.
    #[schema(min_length = 1, max_length = 4000)]
    pub(super) body: String,
}
