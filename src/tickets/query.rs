//! What lists of tickets are asked for, by pages, saved views and the API alike.

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{TenantId, UserId};
use crate::platform::web::{Cursor, ListQuery, Listing, Sorted};

use super::model::{Severity, Sought, State, Ticket, parse_tag};
use super::store::{self, END_OF_TIME, Filter, Sort};

/// Which tickets.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TicketFilter {
    /// `open` (if nothing is said), `all`, or states with commas between.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[param(example = "new,reopened")]
    pub state: String,
    /// Severities with commas between.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[param(example = "p1,p2")]
    pub severity: String,
    /// `me`, `none`, or the id of one of the staff.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[param(example = "me")]
    pub assignee: String,
    /// Only those of this team.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub team: String,
    /// Only those with this tag.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[param(example = "disk")]
    pub tag: String,
    /// Only those of this tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantId>,
    /// `true`: only those in which something that was promised is late.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overdue: bool,
    /// `true`: only those that no tenant has yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub triage: bool,
}

/// Which tickets of a tenant.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TenantTicketFilter {
    /// `all` (if nothing is said), `open`, or states with commas between.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[param(example = "open")]
    pub state: String,
}

/// Which tickets of the queue, in which order.
pub type TicketQuery = Sorted<TicketFilter>;
/// Which tickets of a tenant, in which order.
pub type TenantTicketQuery = Sorted<TenantTicketFilter>;

/// What words with commas between mean.
fn words<'a, T>(
    field: &str,
    text: &'a str,
    parse: impl Fn(&'a str) -> Result<T, String>,
) -> Result<Option<Vec<T>>, Error> {
    let given = text.split(',').map(str::trim).filter(|word| !word.is_empty());
    let read = given.map(parse).collect::<Result<Vec<_>, _>>();
    let read = read.map_err(|message| Error::invalid(field, message))?;
    Ok(Some(read).filter(|read| !read.is_empty()))
}

/// Whether open tickets only are meant, and which states.
fn states(text: &str, default: &str) -> Result<(bool, Option<Vec<String>>), Error> {
    let asked = Some(text.trim()).filter(|text| !text.is_empty());
    match asked.unwrap_or(default) {
        "open" => Ok((true, None)),
        "all" => Ok((false, None)),
        text => {
            let states = words("state", text, State::parse)?.unwrap_or_default();
            let is_open = states.iter().all(|state| state.is_open());
            let states = states.into_iter().map(|state| state.word().to_owned());
            Ok((is_open, Some(states.collect())))
        }
    }
}

fn sort_of(order: &str, after: Option<&str>, is_open: bool) -> Result<Sort, Error> {
    Ok(match order {
        "due" if is_open => Sort::Due(Cursor::decode(after)?),
        "severity" if is_open => Sort::Severity(Cursor::decode(after)?),
        "due" | "severity" => {
            let message =
                "Open tickets alone are sorted by due and severity. Use -changed, -created or created.";
            return Err(Error::invalid("sort", message));
        }
        "-changed" => Sort::Changed(Cursor::decode(after)?),
        "-created" => Sort::Newest(Cursor::decode(after)?),
        "created" => Sort::Oldest(Cursor::decode(after)?),
        _ => {
            let message = "Use due, severity, -changed, -created or created.";
            return Err(Error::invalid("sort", message));
        }
    })
}

fn key(ticket: &Ticket, order: &str) -> Value {
    let id = ticket.id.0;
    match order {
        "due" => json!([ticket.due_at.unwrap_or(END_OF_TIME.0), id]),
        "severity" => json!([ticket.severity.word(), ticket.opened_at, id]),
        "-changed" => json!([ticket.changed_at, id]),
        _ => json!([ticket.opened_at, id]),
    }
}

async fn page(
    tx: &mut impl Scoped,
    list: &ListQuery,
    filter: &Filter,
    default: &str,
) -> Result<Listing<Ticket>, Error> {
    let order = list.sort.as_deref().unwrap_or(default);
    let sort = sort_of(order, list.after.as_deref(), filter.is_open)?;
    let rows = store::list(tx, filter, sort, list.fetch()?).await?;
    Listing::new(rows, list, |ticket| key(ticket, order))
}

/// A part of a query that an address has.
fn part<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_html_form::from_str(text).map_err(|error| Error::BadRequest {
        code: "bad-query",
        message: format!("The query of the address can't be read: {error}."),
    })
}

/// The address of a query.
fn address(query: &impl Serialize) -> String {
    format!("?{}", serde_html_form::to_string(query).unwrap_or_default())
}

impl TicketQuery {
    /// The query that an address has behind its question mark.
    pub fn read(text: &str) -> Result<Self, Error> {
        let given: Vec<&str> = text.split('&').filter(|pair| !pair.ends_with('=')).collect();
        let given = given.join("&");
        Ok(Self {
            list: part(&given)?,
            filter: part(&given)?,
        })
    }

    /// The order that the queue has: what is due first, unless something else is said or what is over is shown, too.
    pub fn order_or_default(&self) -> &str {
        let default = match states(&self.filter.state, "open") {
            Ok((false, _)) => "-changed",
            _ => "due",
        };
        self.list.sort.as_deref().unwrap_or(default)
    }

    fn filter(&self, me: Option<UserId>, now: DateTime<Utc>) -> Result<Filter, Error> {
        let asked = &self.filter;
        let (is_open, states) = states(&asked.state, "open")?;
        let severities = words("severity", &asked.severity, Severity::parse)?;
        let severities = severities.map(|all| all.into_iter().map(|one| one.word().to_owned()).collect());
        let assignee =
            match asked.assignee.trim() {
                "" | "none" => None,
                "me" => Some(me.ok_or_else(|| Error::invalid("assignee", "Nobody asks here."))?),
                id => Some(id.parse::<UserId>().map_err(|_| {
                    Error::invalid("assignee", "Use me, none, or the id of one of the staff.")
                })?),
            };
        let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let tag = text(&asked.tag).map(|tag| parse_tag(&tag).map_err(|why| Error::invalid("tag", why)));
        Ok(Filter {
            tenant: asked.tenant,
            is_triage: asked.triage,
            is_open,
            states,
            severities,
            assignee,
            is_unassigned: asked.assignee.trim() == "none",
            team: text(&asked.team),
            tag: tag.transpose()?,
            due_before: asked.overdue.then_some(now),
            sought: Sought::parse(self.list.text())?,
            is_own: false,
        })
    }

    /// The page of the queue that `me` asks for.
    pub async fn run(
        &self,
        tx: &mut impl Scoped,
        me: Option<UserId>,
        now: DateTime<Utc>,
    ) -> Result<Listing<Ticket>, Error> {
        page(tx, &self.list, &self.filter(me, now)?, self.order_or_default()).await
    }

    /// Whether the query can be asked, for whoever keeps it.
    pub fn check(&self, me: UserId, now: DateTime<Utc>) -> Result<(), Error> {
        let filter = self.filter(Some(me), now)?;
        sort_of(self.order_or_default(), None, filter.is_open).map(drop)
    }

    /// The address of the same page.
    pub fn address(&self) -> String {
        address(self)
    }

    /// Whether something narrows the queue, the state aside.
    pub fn is_narrowed(&self) -> bool {
        let TicketFilter {
            severity,
            assignee,
            team,
            tag,
            tenant,
            overdue,
            triage,
            ..
        } = &self.filter;
        let texts = [severity, assignee, team, tag];
        !self.list.text().is_empty()
            || texts.iter().any(|text| !text.is_empty())
            || tenant.is_some()
            || *overdue
            || *triage
    }
}

impl TenantTicketQuery {
    /// The page of a tenant's tickets.
    pub async fn run(&self, tx: &mut impl Scoped, tenant: TenantId) -> Result<Listing<Ticket>, Error> {
        let (is_open, states) = states(&self.filter.state, "all")?;
        let filter = Filter {
            tenant: Some(tenant),
            is_open,
            states,
            sought: Sought::parse(self.list.text())?,
            is_own: true,
            ..Filter::default()
        };
        page(tx, &self.list, &filter, "-changed").await
    }

    /// The address of the same page.
    pub fn address(&self) -> String {
        address(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_as_it_is_written() {
        let query =
            TicketQuery::read("q=disk+full&sort=due&state=new%2Creopened&assignee=me&tag=&overdue=true");
        let query = query.unwrap();
        assert_eq!(
            query.address(),
            "?q=disk+full&sort=due&state=new%2Creopened&assignee=me&overdue=true"
        );
        let me = UserId(uuid::Uuid::from_u128(1));
        let filter = query.filter(Some(me), DateTime::UNIX_EPOCH).unwrap();
        assert_eq!(filter.states.unwrap(), ["new", "reopened"]);
        assert_eq!((filter.is_open, filter.assignee), (true, Some(me)));
        assert_eq!(filter.due_before, Some(DateTime::UNIX_EPOCH));
        for bad in [
            "state=gone",
            "severity=p9",
            "assignee=you",
            "tag=a+b",
            "sort=name",
            "state=all&sort=due",
        ] {
            let query = TicketQuery::read(bad).unwrap();
            assert!(query.check(me, DateTime::UNIX_EPOCH).is_err(), "{bad}");
        }
        assert!(TicketQuery::read("tenant=acme").is_err());
        assert_eq!(
            TicketQuery::read("state=all").unwrap().order_or_default(),
            "-changed"
        );
        assert_eq!(TicketQuery::read("").unwrap().order_or_default(), "due");
    }
}
