//! The parts of an archive, in their order. Whoever gives tenants something new to have, such as mail, adds a line with a
//! function that puts it in.

mod logs;
mod mail;
mod organisation;
mod readme;
mod servers;
mod support;
mod volumes;

use std::pin::Pin;

use crate::files::WholeVolumes;

use super::outer::{Outer, Stop};
use super::source::Source;

type Written<'a> = Pin<Box<dyn Future<Output = Result<(), Stop>> + Send + 'a>>;

/// A part of an archive.
pub struct Section {
    /// Where it is.
    pub place: &'static str,
    /// What is in it, for `README.txt`.
    pub about: &'static str,
    /// Puts it in.
    pub write: for<'a> fn(&'a Source, &'a mut Outer) -> Written<'a>,
}

/// Puts volumes in, each as a folder of its name; `lost` stands for one that the engine does not have any more: who leaves must
/// learn of it, and still get everything else.
async fn put_volumes(
    outer: &mut Outer,
    (whole, folder): (&WholeVolumes, &str),
    lost: &[u8],
) -> Result<(), Stop> {
    for name in &whole.names {
        match whole.tar(name).await? {
            Some(tar) => outer.splice(&format!("{folder}/"), tar).await?,
            None => outer.file(&format!("{folder}/{name}.MISSING.txt"), lost).await?,
        }
    }
    Ok(())
}

/// All of them.
pub const SECTIONS: &[Section] = &[
    Section {
        place: "README.txt",
        about: "this file",
        write: |source, outer| Box::pin(readme::write(source, outer)),
    },
    Section {
        place: "tenant.json, members.json",
        about: "the organisation with its plan, its people and open invitations",
        write: |source, outer| Box::pin(organisation::write(source, outer)),
    },
    Section {
        place: "networks.json, stacks.json, backups.json",
        about: "networks and who is in them, stacks, and which backups there are",
        write: |source, outer| Box::pin(organisation::write_things(source, outer)),
    },
    Section {
        place: "servers/NAME/",
        about: "server.json (what it is made of, its ports, variables, schedules, checks, snapshots, shares, and whom it is shared with), \
                usage.csv (what it used, by the hour), share-uses/ (who used its shares), and volumes/VOLUME/ with all of its files",
        write: |source, outer| Box::pin(servers::write(source, outer)),
    },
    Section {
        place: "deleted-servers/NAME/",
        about: "server.json of servers that are deleted and still kept; restore one before you take an archive to have its files",
        write: |source, outer| Box::pin(servers::write_deleted(source, outer)),
    },
    Section {
        place: "volumes/NAME/",
        about: "volume.json (its size, and which servers have it where), and data/ with all of the files in it",
        write: |source, outer| Box::pin(volumes::write(source, outer)),
    },
    Section {
        place: "mail/",
        about: "domains.json, mailboxes/NUMBER.json (with filters, without passwords) and aliases/NUMBER.json; fetch the mail itself by \
                IMAP before you leave",
        write: |source, outer| Box::pin(mail::write(source, outer)),
    },
    Section {
        place: "tickets/NUMBER/",
        about: "ticket.json (what was said and what happened) and files/ with what was attached",
        write: |source, outer| Box::pin(support::write_tickets(source, outer)),
    },
    Section {
        place: "incidents/NUMBER.json",
        about: "when something did not work, the oldest first",
        write: |source, outer| Box::pin(support::write_incidents(source, outer)),
    },
    Section {
        place: "sla/MONTH.json",
        about: "what was promised in months that are over, and what came of it",
        write: |source, outer| Box::pin(support::write_sla(source, outer)),
    },
    Section {
        place: "audit/NUMBER.csv",
        about: "the audit log, the newest first",
        write: |source, outer| Box::pin(logs::write_audit(source, outer)),
    },
];
