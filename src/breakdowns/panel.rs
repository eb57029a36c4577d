//! What a ticket's page shows staff of a breakdown: the evidence, the runbooks that fit, what can be done and what was done.

use askama::Template;
use chrono::{DateTime, Utc};

use crate::monitoring::Incident;
use crate::platform::access::{Permission as P, StaffScope};
use crate::platform::db::StaffTx;
use crate::platform::error::Error;
use crate::platform::ids::{BackupId, ServerId};
use crate::runbooks::{self, Runbook};
use crate::servers;
use crate::tickets::{self, About, Ticket};

use super::store::{self, Act, Evidence};

const MOST_ACTS: i64 = 20;
const MOST_BACKUPS: i64 = 5;
/// As many servers can be acted on from a page; the others have their own.
const MOST_SERVERS: usize = 10;

fn moment(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// A server that the ticket is about.
#[derive(Debug)]
pub struct ServerLine {
    id: ServerId,
    name: String,
    state: String,
    size: String,
    is_up: bool,
    is_suspended: bool,
    /// Ids, and when they were made.
    backups: Vec<(String, String)>,
}

/// A runbook that fits, and what was said about it here.
#[derive(Debug)]
pub struct RunbookLine {
    runbook: &'static Runbook,
    figures: String,
    said: &'static str,
    done: String,
}

/// A dialog that asks before something is done with a server: from the server's own row, or from a runbook.
struct Ask<'a> {
    id: String,
    verb: &'static str,
    server: &'a ServerLine,
    /// Empty if it is no runbook's.
    runbook: &'a str,
}

/// Something that was done.
#[derive(Debug)]
pub struct ActLine {
    what: String,
    tone: &'static str,
    word: &'static str,
    by: String,
    iso: String,
    at: String,
    error: String,
}

impl From<Act> for ActLine {
    fn from(act: Act) -> Self {
        let (tone, word) = match act.outcome.as_deref() {
            None => ("busy", "Under way"),
            Some("succeeded") => ("good", "Done"),
            Some("superseded") => ("idle", "Overtaken"),
            Some(_) => ("bad", "Failed"),
        };
        Self {
            what: format!("{} {}", act.verb, act.server_name),
            tone,
            word,
            by: act.by,
            iso: act.asked_at.to_rfc3339(),
            at: moment(act.asked_at),
            error: act.error.unwrap_or_default(),
        }
    }
}

/// The panel.
#[derive(Debug, Template)]
#[template(path = "breakdowns/panel.html")]
pub struct BreakdownView {
    /// The ticket's address.
    base: String,
    ticket: String,
    summary: String,
    incident: String,
    gathered: String,
    picture: String,
    picture_text: String,
    servers: Vec<ServerLine>,
    more_servers: usize,
    sizes: Vec<(String, String)>,
    runbooks: Vec<RunbookLine>,
    acts: Vec<ActLine>,
    /// Labels and addresses of the other tickets of the same incident.
    others: Vec<(String, String)>,
    may: May,
    may_look: bool,
}

/// What whoever looks may do from here: by the rules of the acts' addresses.
#[derive(Debug)]
struct May {
    power: bool,
    manage: bool,
    restore: bool,
}

impl From<&StaffScope> for May {
    fn from(scope: &StaffScope) -> Self {
        Self {
            power: scope.may(P::StaffServerPower),
            manage: scope.may(P::StaffServerManage),
            restore: scope.may(P::StaffBackupManage) && scope.may(P::StaffServerPower),
        }
    }
}

impl BreakdownView {
    /// What a runbook names and whoever looks may do with the first server: the word, the label, and whether a dialog asks before.
    fn offered(&self, line: &RunbookLine) -> Vec<(&'static str, &'static str, bool)> {
        let Some(server) = self.servers.first() else {
            return Vec::new();
        };
        let may = &self.may;
        let may_restore = may.restore && !server.backups.is_empty() && !server.is_suspended;
        let all = [
            ("start", "Start", false, may.power),
            ("restart", "Restart", false, may.power),
            ("resize", "Resize", true, may.manage && !server.is_suspended),
            ("restore", "Restore a backup of", true, may_restore),
            ("suspend", "Suspend", true, may.manage && !server.is_suspended),
        ];
        let is_named = |verb: &str| line.runbook.actions.iter().any(|action| action == verb);
        let offered = all
            .into_iter()
            .filter(|(verb, .., is_allowed)| *is_allowed && is_named(verb));
        offered
            .map(|(verb, label, is_asked, _)| (verb, label, is_asked))
            .collect()
    }

    /// What is asked about, each by a dialog of its own.
    fn asks(&self) -> Vec<Ask<'_>> {
        let own = self.servers.iter().flat_map(|server| {
            ["restart", "stop", "resize", "restore", "suspend"].map(|verb| Ask {
                id: format!("act-{verb}-{}", server.id),
                verb,
                server,
                runbook: "",
            })
        });
        let mut asks: Vec<_> = own.collect();
        let Some(server) = self.servers.first() else {
            return asks;
        };
        for line in &self.runbooks {
            let asked = self.offered(line).into_iter().filter(|(.., is_asked)| *is_asked);
            asks.extend(asked.map(|(verb, ..)| Ask {
                id: format!("runbook-{}-{verb}", line.runbook.slug),
                verb,
                server,
                runbook: line.runbook.slug,
            }));
        }
        asks
    }
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for BreakdownView {}

/// The panel of a ticket that tells of a breakdown, or is about servers.
pub async fn panel(
    tx: &mut StaffTx,
    scope: &StaffScope,
    ticket: &Ticket,
) -> Result<Option<BreakdownView>, Error> {
    let incident = super::incident_of(tx, ticket.id).await?;
    let about = tickets::about(tx, ticket.id).await?;
    let ids: Vec<ServerId> = about
        .into_iter()
        .filter_map(|about| match about {
            About::Server(id) => Some(id),
            About::Mailbox(_) | About::Domain(_) => None,
        })
        .collect();
    if incident.is_none() && ids.is_empty() {
        return Ok(None);
    }
    let evidence = store::evidence(tx, ticket.id).await?;
    let base = format!("/staff/tickets/{}", ticket.id);
    let acts = store::acts(tx, ticket.id, MOST_ACTS).await?;
    let sizes = servers::sizes(tx).await?.into_iter();
    Ok(Some(BreakdownView {
        picture: picture(&base, evidence.as_ref()),
        picture_text: evidence
            .as_ref()
            .map(|evidence| evidence.picture_text.clone())
            .unwrap_or_default(),
        gathered: evidence
            .map(|evidence| moment(evidence.gathered_at))
            .unwrap_or_default(),
        summary: incident
            .as_ref()
            .map(|incident| incident.summary.clone())
            .unwrap_or_default(),
        incident: incident
            .as_ref()
            .map(|incident| format!("/staff/incidents/{}", incident.id))
            .unwrap_or_default(),
        servers: lines(tx, &ids).await?,
        more_servers: ids.len().saturating_sub(MOST_SERVERS),
        sizes: sizes.map(|size| (size.id, size.name)).collect(),
        runbooks: fitting(tx, ticket, incident.as_ref()).await?,
        acts: acts.into_iter().map(ActLine::from).collect(),
        others: others(tx, ticket, incident.as_ref()).await?,
        may: May::from(scope),
        may_look: scope.may(P::StaffBreakGlass),
        ticket: ticket.id.to_string(),
        base,
    }))
}

fn picture(base: &str, evidence: Option<&Evidence>) -> String {
    let has_one = evidence.is_some_and(|evidence| evidence.picture.is_some());
    if has_one {
        format!("{base}/evidence.svg")
    } else {
        String::new()
    }
}

async fn lines(tx: &mut StaffTx, ids: &[ServerId]) -> Result<Vec<ServerLine>, Error> {
    let mut lines = Vec::new();
    for id in ids.iter().take(MOST_SERVERS) {
        let server = match servers::find(tx, *id).await {
            Err(Error::NotFound) => continue,
            other => other?,
        };
        if server.is_deleted() {
            continue;
        }
        let backups = store::backups(tx, *id, MOST_BACKUPS).await?.into_iter();
        lines.push(ServerLine {
            id: *id,
            state: server.observed.seen.word().to_owned(),
            size: server.size.clone(),
            is_up: server.power.word() == "running",
            is_suspended: server.suspension.is_some(),
            backups: backups
                .map(|(id, at)| (BackupId(id).to_string(), moment(at)))
                .collect(),
            name: server.name,
        });
    }
    Ok(lines)
}

async fn fitting(
    tx: &mut StaffTx,
    ticket: &Ticket,
    incident: Option<&Incident>,
) -> Result<Vec<RunbookLine>, Error> {
    let mut fitting = incident.map_or_else(Vec::new, |incident| {
        runbooks::matching(incident.signature, &incident.detail)
    });
    let marks = runbooks::uses_of(tx, ticket.id).await?;
    for mark in &marks {
        let known = fitting.iter().any(|runbook| runbook.slug == mark.runbook);
        fitting.extend(runbooks::find(&mark.runbook).filter(|_| !known));
    }
    let figures = runbooks::figures(tx).await?;
    let lines = fitting.into_iter().map(|runbook| {
        let mark = marks.iter().find(|mark| mark.runbook == runbook.slug);
        let done = mark.map_or(0, |mark| mark.ticked.len());
        RunbookLine {
            figures: figures.get(runbook.slug).copied().unwrap_or_default().words(),
            said: match mark.and_then(|mark| mark.helped) {
                Some(true) => "helped here",
                Some(false) => "did not help here",
                None => "",
            },
            done: format!("{done} of {} steps done", runbook.steps().count()),
            runbook,
        }
    });
    Ok(lines.collect())
}

async fn others(
    tx: &mut StaffTx,
    ticket: &Ticket,
    incident: Option<&Incident>,
) -> Result<Vec<(String, String)>, Error> {
    let Some(incident) = incident else {
        return Ok(Vec::new());
    };
    let mut others = Vec::new();
    for id in store::tickets_of(tx, incident.id).await? {
        if id != ticket.id && others.len() < 20 {
            let other = tickets::find(tx, id).await?;
            others.push((other.label(), format!("/staff/tickets/{id}")));
        }
    }
    Ok(others)
}
