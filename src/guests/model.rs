//! What can be given to a guest, how it is told on a form, and until when.

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, Utc};

use crate::accounts::Offer;
use crate::platform::access::{Permission, guest_may};
use crate::platform::error::FieldErrors;
use crate::platform::ids::{ServerId, UserId};

/// How far ahead a last day can be.
const MAX_AHEAD: Duration = Duration::days(5 * 366);

/// Somebody whom a server is shared with.
#[derive(Debug, Clone)]
pub struct Guest {
    /// The person.
    pub user: UserId,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Whether their account is disabled.
    pub is_disabled: bool,
    /// What they may do.
    pub permissions: Vec<Permission>,
    /// Until when.
    pub until: Option<DateTime<Utc>>,
    /// Counts changes.
    pub version: i64,
    /// Who invited them.
    pub invited_by: String,
    /// Since when.
    pub since: DateTime<Utc>,
}

impl Guest {
    /// Whether their time is over.
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

/// One line of the checklist.
#[derive(Debug, Clone, Copy)]
pub struct Choice {
    /// What it gives.
    pub permission: Permission,
    /// Its words, as an owner reads them.
    pub label: &'static str,
    /// What to know of it; may be empty.
    pub hint: &'static str,
}

/// A part of the checklist.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// What it is about.
    pub title: &'static str,
    /// Its lines.
    pub choices: &'static [Choice],
}

const fn choice(permission: Permission, label: &'static str, hint: &'static str) -> Choice {
    Choice {
        permission,
        label,
        hint,
    }
}

/// All that can be given, but for seeing the server, which every guest may.
pub const CHECKLIST: &[Group] = &[
    Group {
        title: "Watch",
        choices: &[
            choice(Permission::ServerLogs, "Read the logs", ""),
            choice(Permission::ServerConsoleWatch, "Look at the console", ""),
            choice(
                Permission::FileRead,
                "See and download files",
                "Files may hold passwords.",
            ),
            choice(
                Permission::SnapshotRead,
                "See snapshots",
                "Files in them with seeing files.",
            ),
            choice(
                Permission::ScheduleRead,
                "See schedules",
                "And what their commands printed.",
            ),
        ],
    },
    Group {
        title: "Work",
        choices: &[
            choice(
                Permission::ServerConsole,
                "Type into the console",
                "In a shell that is all that the server can do, in your network too. Includes looking at it.",
            ),
            choice(
                Permission::FileWrite,
                "Upload, change and delete files",
                "Includes seeing them.",
            ),
            choice(Permission::ServerPower, "Start, stop, restart and kill", ""),
            choice(
                Permission::SnapshotWrite,
                "Take, restore and delete snapshots",
                "Restoring stops the server and replaces its data. Includes seeing them.",
            ),
            choice(
                Permission::ScheduleWrite,
                "Manage schedules",
                "With steps that they may do themselves: power, and commands if they may type into the console. What they \
                 made goes on when their access ends. Includes seeing them.",
            ),
        ],
    },
    Group {
        title: "Set up",
        choices: &[
            choice(
                Permission::ServerConfigure,
                "Change name and variables, update, reinstall",
                "Not the size, which your organisation pays for.",
            ),
            choice(
                Permission::ServerResize,
                "Change the size",
                "Within your plan. Includes changing its settings.",
            ),
            choice(
                Permission::ServerSecrets,
                "Reveal secret variables",
                "Each time is written into the audit log.",
            ),
        ],
    },
];

/// What a permission needs beside itself.
fn needs(permission: Permission) -> Option<Permission> {
    match permission {
        Permission::ServerConsole => Some(Permission::ServerConsoleWatch),
        Permission::FileWrite => Some(Permission::FileRead),
        Permission::ScheduleWrite => Some(Permission::ScheduleRead),
        Permission::ServerResize => Some(Permission::ServerConfigure),
        _ => None,
    }
}

/// Reads what was chosen. Seeing the server, and what a choice needs, come with it.
pub fn permissions<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Vec<Permission>, String> {
    let mut chosen = vec![Permission::ServerRead];
    for name in names {
        let known: Result<Permission, _> = name.parse();
        let permission = known
            .ok()
            .filter(|one| guest_may(*one))
            .ok_or_else(|| format!("{name} can't be given to a guest."))?;
        chosen.push(permission);
        chosen.extend(needs(permission));
    }
    chosen.sort_unstable();
    chosen.dedup();
    Ok(chosen)
}

fn in_time(until: DateTime<Utc>, now: DateTime<Utc>) -> Result<DateTime<Utc>, &'static str> {
    if until <= now {
        Err("Choose a time that is still to come, or none.")
    } else if until > now + MAX_AHEAD {
        Err("Choose a time within five years, or none.")
    } else {
        Ok(until)
    }
}

/// What should be given, as typed: a day and the names of permissions.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// Names of permissions.
    pub permissions: Vec<&'a str>,
    /// Until when.
    pub until: Until<'a>,
}

/// Until when, as pages and programs say it.
#[derive(Debug)]
pub enum Until<'a> {
    /// The last day, `2026-12-31`, in UTC; empty for no end.
    Day(&'a str),
    /// A moment.
    Moment(Option<DateTime<Utc>>),
}

impl Until<'_> {
    fn parse(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, &'static str> {
        let moment = match self {
            Self::Moment(moment) => *moment,
            Self::Day(text) if text.trim().is_empty() => None,
            Self::Day(text) => Some(end_of(text.trim()).ok_or("Enter a day like 2026-12-31, or nothing.")?),
        };
        moment.map(|moment| in_time(moment, now)).transpose()
    }
}

/// The end of a day.
fn end_of(text: &str) -> Option<DateTime<Utc>> {
    let day: NaiveDate = text.parse().ok()?;
    Some(day.succ_opt()?.and_time(NaiveTime::MIN).and_utc())
}

/// The last day of somebody whose access ends at `until`, as a form shows it.
pub fn last_day(until: DateTime<Utc>) -> String {
    (until - Duration::seconds(1)).format("%Y-%m-%d").to_string()
}

impl Wanted<'_> {
    /// What to give of `server`, or all that is wrong with it.
    pub fn parse(&self, server: ServerId, now: DateTime<Utc>) -> Result<Offer, FieldErrors> {
        let mut errors = FieldErrors::default();
        let permissions = errors.check("permissions", permissions(self.permissions.iter().copied()));
        let until = errors.check("until", self.until.parse(now));
        match (permissions, until) {
            (Some(permissions), Some(until)) => Ok(Offer {
                server,
                permissions,
                until,
            }),
            _ => Err(errors),
        }
    }
}

/// Permissions in the words of the checklist, for lists.
pub fn in_words(permissions: &[Permission]) -> String {
    let words: Vec<&str> = CHECKLIST
        .iter()
        .flat_map(|group| group.choices)
        .filter(|choice| permissions.contains(&choice.permission))
        .map(|choice| choice.label)
        .collect();
    if words.is_empty() {
        "See the server".to_owned()
    } else {
        format!("See the server; {}", words.join("; ").to_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-03-10T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn the_checklist_has_all_that_guests_can_have_once() {
        let listed: Vec<_> = CHECKLIST
            .iter()
            .flat_map(|group| group.choices)
            .map(|choice| choice.permission)
            .chain([Permission::ServerRead])
            .collect();
        for permission in Permission::ALL {
            let times = listed.iter().filter(|one| *one == permission).count();
            assert_eq!(times, usize::from(guest_may(*permission)), "{permission:?}");
        }
    }

    #[test]
    fn a_choice_brings_what_it_needs() {
        let given = permissions(["servers:console", "files:write"]).unwrap();
        for needed in [
            Permission::ServerRead,
            Permission::ServerConsoleWatch,
            Permission::FileRead,
        ] {
            assert!(given.contains(&needed), "{needed:?}");
        }
        assert_eq!(permissions([]).unwrap(), [Permission::ServerRead]);
    }

    #[test]
    fn what_is_the_tenants_own_is_refused() {
        for name in [
            "servers:delete",
            "servers:create",
            "members:write",
            "guests:write",
            "audit:read",
            "staff.servers:console",
            "nonsense",
            "",
        ] {
            assert!(permissions([name]).is_err(), "{name}");
        }
    }

    #[test]
    fn the_last_day_counts_in_full() {
        let until = Until::Day("2026-03-10").parse(now()).unwrap().unwrap();
        assert_eq!(until.to_rfc3339(), "2026-03-11T00:00:00+00:00");
        assert_eq!(last_day(until), "2026-03-10");
        assert_eq!(Until::Day("").parse(now()), Ok(None));
        for bad in ["2026-03-09", "tomorrow", "2026-02-30", "2099-01-01"] {
            assert!(Until::Day(bad).parse(now()).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_day_or_a_mistake(text in "\\PC*") {
            let _ = Until::Day(&text).parse(now());
        }
    }
}
