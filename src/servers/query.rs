//! What lists of servers are asked for, by pages and the API alike.

use serde::{Deserialize, Serialize};

use crate::catalogue::Catalogue;
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::TenantId;
use crate::platform::web::{Cursor, ListQuery, Listing, SortKey, Sorted};

use super::model::Server;
use super::store::{self, Filter, Sort, StateFilter};
use super::updates::newest;

/// Which servers by their image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UpdateFilter {
    /// Those whose template has a newer image.
    Available,
}

/// Which servers.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ServerFilter {
    /// Only in this state.
    #[param(inline)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<StateFilter>,
    /// Only those with an update.
    #[param(inline)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update: Option<UpdateFilter>,
    /// Only those with this tag.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[param(example = "prod")]
    pub tag: String,
    /// Only of this tenant. For staff; a tenant sees its own anyway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantId>,
}

impl ServerFilter {
    /// The tag that is asked for, as tags are written.
    fn tag(&self) -> Option<String> {
        let tag = self.tag.trim().to_lowercase();
        Some(tag).filter(|tag| !tag.is_empty())
    }
}

/// A page of deleted servers, of one tenant or of all, the newest first.
pub async fn deleted(
    tx: &mut impl Scoped,
    tenant: Option<TenantId>,
    query: &ListQuery,
) -> Result<Listing<Server>, Error> {
    if !matches!(query.sort.as_deref(), None | Some("-deleted")) {
        return Err(Error::invalid("sort", "Use -deleted, or nothing."));
    }
    let before = Cursor::decode(query.after.as_deref())?.unwrap_or(store::END_OF_TIME);
    let pattern = query.pattern()?;
    let rows = store::list_deleted(tx, tenant, pattern.as_deref(), before, query.fetch()?).await?;
    Listing::new(rows, query, |server| {
        let at = server
            .deletion
            .as_ref()
            .map_or(server.updated_at, |deletion| deletion.at);
        (at, server.id.0)
    })
}

/// Which servers, in which order.
pub type ServerQuery = Sorted<ServerFilter>;

impl ServerQuery {
    fn sort(&self) -> Result<Sort, Error> {
        let after = self.list.after.as_deref();
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
        catalogue: &Catalogue,
        tx: &mut impl Scoped,
        tenant: Option<TenantId>,
    ) -> Result<Listing<Server>, Error> {
        let filter = Filter {
            tenant,
            pattern: self.list.pattern()?,
            tag: self.filter.tag(),
            state: self.filter.state,
            newest: self
                .filter
                .update
                .map(|UpdateFilter::Available| newest(catalogue)),
        };
        let rows = store::list(tx, &filter, self.sort()?, self.list.fetch()?).await?;
        let column = self.order().trim_start_matches('-');
        Listing::new(rows, &self.list, |server| key(server, column))
    }

    /// The address of the same page.
    pub fn address(&self) -> String {
        format!("?{}", serde_html_form::to_string(self).unwrap_or_default())
    }

    /// Whether a search or filter hides servers.
    pub fn is_narrowed(&self) -> bool {
        !self.list.text().is_empty()
            || self.filter.state.is_some()
            || self.filter.tenant.is_some()
            || self.filter.tag().is_some()
            || self.wants_outdated()
    }

    /// Whether only servers with an update are shown.
    pub fn wants_outdated(&self) -> bool {
        self.filter.update.is_some()
    }
}

fn key(server: &Server, column: &str) -> SortKey {
    match column {
        "name" => SortKey::Text(server.name.to_lowercase(), server.id.0),
        "state" => SortKey::Text(server.observed.seen.word().to_owned(), server.id.0),
        _ => SortKey::Time(server.created_at, server.id.0),
    }
}
