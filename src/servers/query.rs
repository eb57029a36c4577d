//! What lists of servers are asked for, by pages and the API alike.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::TenantId;
use crate::platform::web::{Cursor, ListQuery, Listing};

use super::model::Server;
use super::store::{self, Filter, Sort, StateFilter};

/// Which servers, in which order.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ServerQuery {
    /// Finds it in the name.
    #[param(max_length = 200)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// `-created` (newest first, if nothing is said), `created`, `name`, `-name`, `state` or `-state`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// Only in this state.
    #[param(inline)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<StateFilter>,
    /// Only of this tenant. For staff; a tenant sees its own anyway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantId>,
    /// The cursor of the answer before: `next`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// How many, at most 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u16>,
}

impl ServerQuery {
    /// What every list is asked for.
    pub fn list(&self) -> ListQuery {
        ListQuery {
            q: self.q.clone(),
            sort: self.sort.clone(),
            after: self.after.clone(),
            limit: self.limit,
        }
    }

    /// The order's name.
    pub fn order(&self) -> &str {
        self.sort.as_deref().unwrap_or("-created")
    }

    fn sort(&self) -> Result<Sort, Error> {
        let after = self.after.as_deref();
        Ok(match self.order() {
            "-created" => Sort::Newest(Cursor::decode(after)?),
            "created" => Sort::Oldest(Cursor::decode(after)?),
            "name" => Sort::Name(Cursor::decode(after)?),
            "-name" => Sort::NameDown(Cursor::decode(after)?),
            "state" => Sort::State(Cursor::decode(after)?),
            "-state" => Sort::StateDown(Cursor::decode(after)?),
            _ => {
                let message = "Use name, -name, state, -state, created or -created.";
                return Err(Error::invalid("sort", message));
            }
        })
    }

    /// The page that is asked for: of one tenant, or of all.
    pub async fn run(
        &self,
        tx: &mut impl Scoped,
        tenant: Option<TenantId>,
    ) -> Result<Listing<Server>, Error> {
        let list = self.list();
        let filter = Filter {
            tenant,
            pattern: list.pattern()?,
            state: self.state,
        };
        let rows = store::list(tx, &filter, self.sort()?, list.fetch()?).await?;
        let column = self.order().trim_start_matches('-');
        Listing::new(rows, &list, |server| Key::of(server, column))
    }
}

/// What the cursor holds: the sort's value and the id.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Key {
    Time(DateTime<Utc>, Uuid),
    Text(String, Uuid),
}

impl Key {
    fn of(server: &Server, column: &str) -> Self {
        match column {
            "name" => Self::Text(server.name.to_lowercase(), server.id.0),
            "state" => Self::Text(server.observed.seen.word().to_owned(), server.id.0),
            _ => Self::Time(server.created_at, server.id.0),
        }
    }
}

/// What the list's page shows of the question.
impl ServerQuery {
    /// The search text as it was typed.
    pub fn text(&self) -> &str {
        self.q.as_deref().unwrap_or_default()
    }

    /// Whether a search or filter hides servers.
    pub fn is_narrowed(&self) -> bool {
        !self.text().is_empty() || self.state.is_some()
    }

    /// How a column is sorted, as `aria-sort` says it; empty if the list is not sorted by it.
    pub fn direction(&self, column: &str) -> &'static str {
        match self.order().strip_prefix('-') {
            Some(name) if name == column => "descending",
            None if self.order() == column => "ascending",
            _ => "",
        }
    }

    /// The address that sorts by a column, or turns its order round.
    pub fn sort_href(&self, column: &str) -> String {
        let turned = self.direction(column) == "ascending";
        let sort = if turned {
            format!("-{column}")
        } else {
            column.to_owned()
        };
        let query = Self {
            sort: Some(sort),
            after: None,
            ..self.clone()
        };
        format!("?{}", serde_html_form::to_string(&query).unwrap_or_default())
    }
}
