//! Every code that a problem document of the API can carry: what it means and what to do. The anchors on the reference page
//! are these codes, and `type` of a problem document points to them.

/// A code.
#[derive(Debug, Clone, Copy)]
pub(super) struct Code {
    /// The stable slug.
    pub(super) name: &'static str,
    /// The status that it comes with.
    pub(super) status: u16,
    /// What it means.
    pub(super) meaning: &'static str,
    /// What to do.
    pub(super) advice: &'static str,
}

/// Codes that only pages answer; they never get into a problem document.
#[cfg(test)]
pub(super) const PAGES_ONLY: &[&str] = &[
    "already-member",
    "already-staff",
    "bad-autodiscover",
    "bad-form",
    "bad-name",
    "not-editable",
    "sign-in-first",
    "too-many-tokens",
];

macro_rules! codes {
    ($($status:literal { $($name:literal: $meaning:literal, $advice:literal;)* })*) => {
        /// All of them, by status.
        pub(super) const CODES: &[Code] = &[$($(
            Code { name: $name, status: $status, meaning: $meaning, advice: $advice },
        )*)*];
    };
}

codes! {
    400 {
        "bad-request": "The request can't be understood.", "Compare it with the operation's description.";
        "bad-json": "The body is not JSON.", "Correct it; `title` says where reading ended.";
        "bad-body": "The body broke off.", "Send it again.";
        "bad-query": "A parameter of the query has the wrong form.", "Correct it; `title` names it.";
        "bad-cursor": "`after` is not a cursor of this list in this order.", "Begin again without `after`.";
        "bad-time": "A time lies outside of the calendar.", "Use a year from 1 to 9999.";
        "bad-text": "A text holds a NUL character.", "Take it out.";
        "bad-if-match": "`If-Match` can't be read.", "Send the `ETag` as it was answered, with its quotes.";
        "bad-idempotency-key": "`Idempotency-Key` is empty, too long or not visible ASCII.", "Use 1 to 128 characters, such as a UUID.";
    }
    401 {
        "sign-in-required": "There is no token, or it is unknown, expired or revoked, or its owner is disabled.", "Make a new token under Your account, API tokens.";
    }
    403 {
        "forbidden": "The token lacks the scope, or its owner's role does not allow this.", "Make a token with the operation's scope, or ask an owner for another role.";
        "tenant-suspended": "The organisation is suspended: reading works, changing does not.", "Read the reason in `title` and ask your provider.";
        "cross-origin": "A browser sent the request for another site.", "Call the API from a program, not from another site's page.";
    }
    404 {
        "not-found": "It is not there, or it belongs to somebody else. The API does not tell which.", "Check the address, and which tenant the token is for.";
    }
    405 {
        "method-not-allowed": "The address exists, but does not take this method.", "Use a method of the header `Allow`.";
    }
    409 {
        "sla-credit-decided": "The credit of this month was approved or refused before.", "Read the report: it says what was decided.";
        "sla-no-credit": "No credit is proposed for this month, so there is nothing to decide.", "Nothing is to be done.";
        "sla-month-not-over": "The month's report is not final yet.", "Decide when it is: within some hours of the end of the month.";
        "incident-closed": "The incident is over already, so there is nothing to close.", "Read it again.";
        "maintenance-announced": "Customers were told of the maintenance already, or it has begun, so its time and place stay.", "Call it off and announce a new one.";
        "maintenance-cancelled": "The maintenance was called off.", "Announce a new one.";
        "maintenance-not-running": "The maintenance is not under way, so there is nothing to end.", "Call it off instead, if it must not take place.";
        "ticket-state": "The ticket's state does not lead to the one that was asked for; `title` names both.", "Read the ticket again: somebody may have brought it further.";
        "ticket-mail-not-failed": "Only a mail of a ticket that could not be sent can be sent again.", "Nothing has to be done.";
        "ticket-closed": "The ticket was closed more than 14 days ago.", "Open a new one, and name the old one in it.";
        "ticket-merged": "The ticket was merged into another one.", "Go on with the ticket that `merged_into` names.";
        "ticket-about-others": "The ticket is about something that the organisation does not have, or that is gone.", "Open another ticket for it, about its own.";
        "ticket-has-tenant": "The ticket is an organisation's already.", "Open another ticket for the other organisation.";
        "status-page-exists": "The organisation has a status page already.", "Change that one.";
        "too-many-components": "The status page has as many components as a page can have.", "Remove one that nobody needs.";
        "too-many-attachments": "The post has as many files as a post can have.", "Write another post for the others.";
        "too-many-checklists": "The ticket has as many checklists as a ticket can have.", "Take one off first.";
        "ticket-linked": "The two tickets are linked already.", "Take that link away first.";
        "ticket-link-loop": "The other ticket leads back to this one by links of the same kind.", "Link them the other way round, or as related.";
        "ticket-open": "There is still something to do about the ticket.", "Say how it went when it is resolved or closed.";
        "satisfaction-settled": "The answer was given more than 7 days ago.", "Write on the ticket what is left to say.";
        "too-many-watchers": "As many people watch the ticket as can.", "Take somebody away first.";
        "volume-attached": "The volume is attached to servers, which `title` names.", "Detach it from them, then repeat the request.";
        "volumes-attached": "Volumes of its organisation are attached to the server, which `title` names.", "Detach them, then repeat the request.";
        "volume-missing": "The engine does not have the volume any more, so it can be neither attached nor resized nor backed up, and its files can't be reached.", "Ask your provider to bring it back, or use another volume.";
        "volume-not-made": "The volume is being made, so there are no files in it yet, and nothing to back up.", "Read it again until it is `ready`.";
        "volume-filling": "The volume is being filled from a backup, so it can be neither attached nor resized yet.", "Read it again until it is `ready`. If it can't be filled, it goes.";
        "volume-deleting": "The volume is being deleted.", "Use another volume.";
        "too-many-volumes": "There are as many volumes as there can be.", "Delete or detach one that nobody needs.";
        "limit-reached": "The plan allows no more. `limit` and `used` are the numbers.", "Delete something, or ask your provider for a larger plan.";
        "idempotency-key-in-use": "The first request with this key is still running.", "Wait and repeat the request.";
        "idempotency-key-done": "The request with this key was done, and its answer is lost.", "Read what it changed; use a new key for another request.";
        "mail-domain-not-proved": "The record that proves the domain is not in DNS, or not as it has to be; `title` says what is wrong.", "Publish the record of the kind `proof` and verify again.";
        "mail-domain-taken": "Another organisation on this installation has proved the domain.", "Ask your provider if it should be yours.";
        "mail-domain-in-use": "The mail domain still has mailboxes, aliases or alias domains, which `title` counts.", "Delete them first.";
        "mail-domain-is-alias": "The mail domain has the addresses of another one, and none of its own.", "Work with that one: what is made there holds for both.";
        "dns-away": "No name server answers now, so nothing can be looked up.", "Repeat the request in a minute.";
        "mail-key-waits": "A key of the mail domain waits to take over already.", "Activate it, or remove it first.";
        "too-many-mail-keys": "A mail domain has at most 12 keys.", "Remove retired ones.";
        "mail-key-not-published": "DNS does not show the key's record as it has to be; `title` says what is wrong.", "Publish it, or give a `reason`.";
        "mail-key-not-next": "The key signs already, or was replaced.", "Make the next one.";
        "mail-key-is-active": "The key signs the domain's mail.", "Let another one take over first.";
        "mail-key-under-way": "Mail that the key signed may still be under way.", "Remove it a week after it was replaced.";
        "not-a-file-share": "The server is of another template, or has no files of its own.", "Make a server of the template `file-share`.";
        "too-many-shares": "A server has at most 50 shares.", "Delete one that nobody needs.";
        "too-many-share-links": "A share has at most 50 links, those that have ended among them.", "Remove one.";
        "too-many-share-people": "The shares of a server have at most 200 people.", "Take somebody out first.";
        "mailbox-deleted": "The mailbox is deleted, and kept for a while.", "Restore it first.";
        "mailbox-not-deleted": "Only a deleted mailbox can be restored or erased.", "Delete it first, or leave it.";
        "mailbox-disabled": "The mailbox is disabled, so a set-up link would not work.", "Enable it first.";
        "mailbox-links-limit": "As many set-up links were mailed in this hour as an organisation may.", "Go on in the next hour, or leave the address empty and pass the link on yourself.";
        "mailbox-limit-moved": "The last mailbox of the plan was taken, and is free again.", "Repeat the request.";
        "address-taken": "Another mailbox or an alias has the address of the deleted mailbox.", "Delete that one first, then restore this one.";
        "too-many-app-passwords": "A mailbox has at most 50 app passwords.", "Remove one that nothing uses.";
        "too-many-send-as": "A mailbox may send as at most 100 other addresses.", "Remove one first.";
        "no-mail-service": "This installation has no mail service.", "Ask the provider for one.";
        "too-many-mail-fetches": "At most 100 mailboxes wait for mail of other servers, or get it, at once.", "Repeat the request when some have ended.";
        "too-many-guests": "The server is shared with as many people as it can be, open invitations among them.", "End somebody's access, or take an invitation back.";
        "offer-over": "The last day of what an invitation offers is over.", "Take it back, and invite with another day.";
        "file-exists": "There is something at that place already.", "Choose another name; when writing, leave `If-None-Match` out to replace it.";
        "not-a-folder": "A part of the path, or the entry, is not a folder.", "List the folder above to see what is there.";
        "is-a-folder": "The entry is a folder, not a file.", "Ask for `archive` to download it.";
        "is-a-link": "The entry is a symbolic link, or the path leads over one. Links are never followed.", "Use the path in `leads_to`.";
        "not-a-file": "The entry is a socket, a pipe or a device.", "It can be moved and deleted, and not be read or changed.";
        "file-locked": "The author of the server's template keeps people from that file or folder, or from something in it.", "Leave it to the server. A folder around it can be downloaded without it.";
        "impossible-place": "An entry can't be moved to another volume or into itself, and a volume itself can't be changed.", "Choose another place.";
        "too-deep": "There are too many folders in each other.", "Take a folder that is further inside.";
        "file-system-denies": "The volume's file system does not allow it.", "Ask your provider.";
        "disk-full": "The disk that holds the volume is full. It is the host's, not your quota.", "Tell your provider.";
        "no-mail-server": "No mail server is set.", "Set `BERTH_SMTP_URL` and start the panel again.";
        "notification-not-failed": "Only a mail that could not be sent can be sent again.", "Nothing has to be done.";
        "no-snapshots": "The server's data is not in a pool of storage, so there are no snapshots of it.", "Ask your provider, or copy the server to where there is one.";
        "files-elsewhere": "The server has the files of the first server of its part of a stack.", "Use the snapshots of that one.";
        "server-not-made": "The server has no data yet.", "Wait until it was made.";
        "snapshot-not-ready": "The snapshot is still being taken.", "Read it again until it is `ready`.";
        "snapshot-failed": "The snapshot could not be taken. Its `error` says why.", "Delete it, and take another.";
        "snapshot-gone": "The snapshot is being deleted.", "Choose another.";
        "snapshot-under-way": "The snapshot failed, and others that were asked for together with it are still being taken.", "Wait until their operation has ended.";
        "snapshot-in-use": "Another server is being made from the snapshot.", "Wait until that is complete.";
        "being-restored": "The server is being restored.", "Wait until its operation has ended.";
        "too-many-snapshots": "The server has as many snapshots as it can have.", "Delete one first.";
        "quota-used-up": "The disk quota of the server or volume, or the plan's, is used up.", "Delete files, or choose a larger size.";
        "upload-offset": "There is another amount of the upload than `offset` says.", "Read the upload's offset and go on from there.";
        "upload-busy": "Another request is writing to the upload.", "Wait a moment, read its offset and go on from there.";
        "backup-not-done": "The backup is not whole, so there is nothing to look into.", "Wait until it is done, or take another one.";
        "archive-under-way": "An archive of the organisation is being downloaded already.", "Wait until that is complete, or break it off and try again after a minute.";
        "drill-under-way": "A backup of this server is being proven.", "Read the proof until that has ended.";
        "nothing-to-prove": "The server has no whole backup.", "Make one first.";
        "backup-under-way": "A backup of this server or volume is being made.", "Wait until it is done.";
        "backup-unreadable": "The repository that the backup is in cannot be read now.", "Try again later; if it stays so, ask the provider.";
        "backup-of-another-kind": "The backup is of a server of another template.", "Make a server of that template, and restore into it.";
        "key-was-shown": "A repository's key is shown once.", "Ask whoever it was shown to: the page “Backups” says who.";
        "same-size": "The server has this size already.", "Choose another one.";
        "glass-closed": "Staff see this only while they have broken the glass for the organisation, with a reason and for a time.", "Open access with a ticket of the organisation, then repeat the request.";
        "glass-open": "You have access to this organisation already.", "End it first to open it for another reason, time or part.";
        "restore-under-way": "The server is being restored from a backup.", "Wait until that is done.";
        "volumes-shared": "Several servers of a stack have the same files open.", "Get single files back, or make another server of it.";
        "nothing-to-snapshot": "None of the stack's servers keeps files.", "Nothing has to be done.";
        "nothing-to-back-up": "None of the stack's servers keeps files.", "Nothing has to be done.";
        "too-many-backups": "A server or volume has at most 60 backups.", "Delete one, or let its schedules keep fewer.";
        "target-stays": "The panel's own machine stays a target of backups.", "Let new backups go elsewhere instead.";
        "target-is-default": "New backups go to that target.", "Let them go to another one first.";
        "target-in-use": "Organisations have repositories at that target.", "Leave it; new backups can go elsewhere.";
        "check-under-way": "Somebody asked for a check of the repository already.", "Wait until that is over.";
        "nothing-to-check": "Nothing whole is in the repository yet.", "Wait for its first backup.";
        "no-backup-target": "The provider has not said where backups go.", "Ask the provider.";
        "too-many-schedules": "A server has at most 20 schedules.", "Delete one, or put its steps into another.";
        "schedule-running": "The schedule runs at present, and no schedule runs twice at once.", "Wait until the run has ended.";
        "too-many-checks": "A server has at most 30 checks.", "Delete one first.";
        "check-paused": "The check is paused, so nobody looks.", "Resume it first.";
        "up-to-date": "There is no newer image of the server's template.", "Nothing has to be done.";
        "server-deleted": "The server is deleted, and kept until `kept_until`.", "Restore it first.";
        "not-deleted": "Only a deleted server can be restored or erased.", "Delete it first, or leave it.";
        "server-deleting": "The server is being deleted.", "Nothing can be done with it any more.";
        "tenant-inactive": "The organisation is suspended or closed, so its servers stay stopped.", "Have the organisation resumed first.";
        "server-suspended": "The provider has suspended the server, so it can't be started.", "Read the reason in its `suspension`, and ask your provider.";
        "too-many-tags": "The server would have more than 10 tags.", "Take another of its tags away first.";
        "not-suspended": "The server is not suspended.", "Nothing has to be done.";
        "no-free-port": "The location has no port left for the server.", "Ask your provider for more.";
        "template-gone": "The server's template is no longer in the catalogue, so its variables can't be changed, it can be neither copied nor moved, and no volume is attached or detached.", "Leave `variables` out, or ask your provider for the template.";
        "being-copied": "The server is being copied, or its own data is still being copied from another.", "Wait until that is done, or delete the copy.";
        "copy-failed": "The server is a copy whose data could not be copied.", "Copy its data again, or delete it.";
        "copy-not-failed": "The server is no copy whose data could not be copied.", "Nothing has to be done.";
        "source-gone": "What the data is to be copied from is deleted.", "Restore it first, or delete the copy.";
        "network-not-empty": "Servers are in the network.", "Take them out first, or send `disconnect=true`: then they leave it.";
        "network-deleting": "The network is being deleted.", "Nothing can be done with it any more.";
        "only-network": "A server would be in no network then.", "Put it into another one first.";
        "part-of-stack": "The server is a part of a stack, and goes and comes back with it.", "Scale the stack, or delete, restore or erase the stack.";
        "not-in-stack": "The server is not a part of a stack.", "Use what is for single servers.";
        "stack-deleted": "The stack is deleted, and kept until `kept_until`.", "Restore it first.";
        "stack-not-deleted": "Only a deleted stack can be restored or erased.", "Delete it first, or leave it.";
        "stack-erasing": "The stack is being erased.", "Nothing can be done with it any more.";
        "stack-network": "The network belongs to a stack: only the stack's servers are in it, and it is renamed and goes with the stack.", "Put servers into another network to connect them.";
        "blueprint-gone": "The stack's blueprint is no longer in the catalogue, so its parts can't be scaled or get another password.", "Ask your provider for the blueprint.";
        "common-network": "The common network has no name of its own and stays.", "Only networks that were made can be renamed and deleted.";
        "storage-full": "What is used fills the plan's storage, and the plan refuses new and larger things meanwhile.", "Delete files, erase deleted servers, or ask your provider for a larger plan.";
        "no-capacity": "The location has too little left for a server of this size, and sells no more than it has.", "Choose a smaller size, or ask your provider.";
        "other-location": "The server is in another place than the network.", "Make a network where the server is.";
        "egg-in-use": "Servers use the egg, of whatever version.", "Take it out of offer, or have the servers deleted first.";
        "not-imported": "The server's template is one of the catalogue, which installs nothing.", "Only servers of imported templates are installed and updated so.";
        "not-failed": "The server's last installation did not fail.", "Read its installation.";
        "template-newest": "The server has the newest version of its template that is offered.", "Nothing has to be done.";
        "too-many-mail-imports": "As many lists as there can be wait to be started.", "Start or cancel one of them.";
        "mail-import-not-waiting": "The import was started or cancelled already.", "Upload the list again.";
        "mail-import-empty": "None of the list's lines can be used.", "Read its lines, correct the file, and upload it again.";
        "mail-import-too-large": "The plan has no room for all that the list would make.", "Upload a shorter list, or ask your provider for another plan.";
        "mail-import-ended": "The import has ended.", "Delete what it made where it is.";
        "last-owner": "This is the last owner.", "Make somebody else an owner first.";
        "tenant-closed": "The organisation is closed.", "Reopen it first.";
        "tenant-status": "The organisation's status does not allow this change: for example, what is closed can't be suspended.", "Read the tenant and look at `status`.";
        "not-staff": "The person is not on the staff, so has no staff role to change.", "Invite the person to the staff.";
        "own-account": "Nobody can disable their own account.", "Let another owner do it.";
        "person-disabled": "The account is disabled.", "Enable it first.";
        "rota-in-use": "A chain of escalation pages this rota.", "Take it out of the chain first; `title` names it.";
        "rota-gone": "The rota was deleted meanwhile.", "Choose another one.";
        "escalation-is-default": "Tickets page by this chain.", "Let them page by another one first.";
        "already-on-call": "Whoever asks is on duty by this rota already.", "There is nothing to take over.";
        "too-many-webhooks": "There are as many webhooks as are possible.", "Delete one that you don't need.";
        "webhook-off": "The webhook is paused or disabled.", "Let it be told again first.";
        "mail-service-refused": "The mail service does not do that.", "Read its words in `title`.";
    }
    412 {
        "precondition-failed": "It was changed since you read it.", "Read it again, look at what changed, and send the change with the new `ETag`.";
    }
    413 {
        "too-large": "The body is too large.", "Send less at once.";
    }
    415 {
        "unsupported-media-type": "The body has another type than the operation takes.", "Send the header `Content-Type: application/json`.";
    }
    422 {
        "invalid": "Some fields are wrong, are missing or are not known. `errors` lists each with its `field` and `message`.", "Correct the fields.";
    }
    429 {
        "too-many-requests": "There were too many requests in a short time.", "Wait for the seconds in the header `Retry-After`.";
    }
    500 {
        "internal": "A defect of the panel. It was logged.", "Tell your provider the `request_id`.";
    }
    503 {
        "unavailable": "A part of the system does not answer. Nothing was done by halves.", "Try again later, with the same `Idempotency-Key`.";
    }
}

/// Whether the reference explains a code. The tests' client asks this about every problem document that it gets.
#[cfg(feature = "testing")]
pub(crate) fn is_known(name: &str) -> bool {
    CODES.iter().any(|code| code.name == name)
}
