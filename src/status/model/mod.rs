//! What a status page is made of, and what somebody types. Pure.

mod history;
mod input;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::platform::ids::{LocationId, ServerId, StatusComponentId, StatusPageId, StatusPostId, TenantId};

pub use history::{DAYS, Day, Span, days, lasted, state_at, uptime};
pub use input::{ComponentText, NewPage, OverrideText, PageText, PostText};

/// Components that a page has at most.
pub const MAX_COMPONENTS: usize = 50;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident as $schema:ident, $count:literal { $($(#[$one:meta])* $variant:ident = $word:literal, $label:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        #[schema(as = $schema)]
        pub enum $name {$($(#[$one])* $variant,)*}

        impl $name {
            /// All of them.
            pub const ALL: [Self; $count] = [$(Self::$variant),*];

            /// As database, API and forms write it.
            pub fn word(self) -> &'static str {
                match self {$(Self::$variant => $word),*}
            }

            /// As pages write it.
            pub fn label(self) -> &'static str {
                match self {$(Self::$variant => $label),*}
            }

            /// The one of that word.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|one| one.word() == word)
            }
        }
    };
}

words! {
    /// How a component is, from well to worst.
    State as StatusState, 4 {
        /// It works.
        Operational = "operational", "Operational";
        /// It is worked on, as was announced.
        Maintenance = "maintenance", "Maintenance";
        /// It works badly.
        Degraded = "degraded", "Degraded";
        /// It does not work.
        Outage = "outage", "Outage";
    }
}

words! {
    /// How far somebody is with an incident that they write about.
    PostState as StatusPostState, 4 {
        /// Nobody knows yet what it is.
        Investigating = "investigating", "Investigating";
        /// It is known what it is.
        Identified = "identified", "Identified";
        /// It is mended, and is watched.
        Monitoring = "monitoring", "Monitoring";
        /// It is over.
        Resolved = "resolved", "Resolved";
    }
}

words! {
    /// Who may read a page.
    Visibility as StatusVisibility, 3 {
        /// Everybody who has its address.
        Public = "public", "Everybody who has its address";
        /// The organisation's members.
        Members = "members", "Members only";
        /// The provider's staff.
        Staff = "staff", "Staff only";
    }
}

impl State {
    /// Its place among all.
    pub fn index(self) -> usize {
        match self {
            Self::Operational => 0,
            Self::Maintenance => 1,
            Self::Degraded => 2,
            Self::Outage => 3,
        }
    }

    /// The tone of a status.
    pub fn tone(self) -> &'static str {
        match self {
            Self::Operational => "good",
            Self::Maintenance => "busy",
            Self::Degraded => "warn",
            Self::Outage => "bad",
        }
    }

    /// What a page says whose worst component is so.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Operational => "Everything works",
            Self::Maintenance => "Maintenance is under way",
            Self::Degraded => "Something works badly",
            Self::Outage => "Something does not work",
        }
    }
}

impl PostState {
    /// The tone of a status.
    pub fn tone(self) -> &'static str {
        match self {
            Self::Investigating => "bad",
            Self::Identified => "warn",
            Self::Monitoring => "busy",
            Self::Resolved => "good",
        }
    }
}

/// What a component stands for. Readers are never told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The panel itself.
    Panel,
    /// The mail service.
    Mail,
    /// A location.
    Location(LocationId),
    /// A server.
    Server(ServerId),
}

impl Target {
    /// As the database writes its kind.
    pub fn word(self) -> &'static str {
        match self {
            Self::Panel => "panel",
            Self::Mail => "mail",
            Self::Location(_) => "location",
            Self::Server(_) => "server",
        }
    }

    /// The location, if it is one.
    pub fn location(self) -> Option<LocationId> {
        match self {
            Self::Location(id) => Some(id),
            _ => None,
        }
    }

    /// The server, if it is one.
    pub fn server(self) -> Option<ServerId> {
        match self {
            Self::Server(id) => Some(id),
            _ => None,
        }
    }
}

/// As forms and API write it: `panel`, `mail`, or the id of a location or a server.
impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Panel | Self::Mail => f.write_str(self.word()),
            Self::Location(id) => write!(f, "{id}"),
            Self::Server(id) => write!(f, "{id}"),
        }
    }
}

impl std::str::FromStr for Target {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text {
            "panel" => Ok(Self::Panel),
            "mail" => Ok(Self::Mail),
            id => id
                .parse()
                .map(Self::Location)
                .or_else(|_| id.parse().map(Self::Server))
                .map_err(|_| "Choose what the component stands for."),
        }
    }
}

/// A page, for those whose it is.
#[derive(Debug, Clone)]
pub struct StatusPage {
    /// Its id.
    pub id: StatusPageId,
    /// Whose; the provider's if nobody's.
    pub tenant: Option<TenantId>,
    /// That tenant's name.
    pub tenant_name: Option<String>,
    /// Its name in addresses.
    pub slug: String,
    /// What it is called.
    pub title: String,
    /// What stands below that.
    pub intro: String,
    /// Who may read it.
    pub visibility: Visibility,
    /// Counts changes.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// A part of a page, for those whose it is.
#[derive(Debug, Clone)]
pub struct Component {
    /// Its id.
    pub id: StatusComponentId,
    /// What readers call it.
    pub name: String,
    /// What stands below that.
    pub note: String,
    /// What it stands for.
    pub target: Target,
    /// What that is called inside; nothing if it is not there any more.
    pub target_name: Option<String>,
    /// Its place.
    pub position: i32,
    /// What somebody said it is, until when and why.
    pub said: Option<Said>,
}

/// An override that stands.
#[derive(Debug, Clone)]
pub struct Said {
    /// How it is, whatever is seen.
    pub state: State,
    /// Until when.
    pub until: DateTime<Utc>,
    /// Why; readers are not told.
    pub reason: String,
    /// Who said so.
    pub by: String,
}

/// Something written about an incident.
#[derive(Debug, Clone)]
pub struct Post {
    /// Its id.
    pub id: StatusPostId,
    /// In a line.
    pub title: String,
    /// How far they are.
    pub state: PostState,
    /// The components that it is about.
    pub components: Vec<StatusComponentId>,
    /// Since when.
    pub began_at: DateTime<Utc>,
}
