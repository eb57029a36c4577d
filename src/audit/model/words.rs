//! An audit event in words, for people who look at what happened lately.

/// What was done to what: `created the server`, followed by its name. The verb alone where the target is the actor
/// or is named by the verb. An action without words of its own is shown as it is written.
pub fn words(action: &str, target: &str) -> String {
    if let Some((_, words)) = ALONE.iter().find(|(name, _)| *name == action) {
        return (*words).to_owned();
    }
    let known = WITH_TARGET.iter().find(|(name, _)| *name == action);
    match known {
        Some((_, words)) => format!("{words} {target}"),
        None => format!("{} {target}", action.replace(['.', '_'], " ")),
    }
}

const ALONE: [(&str, &str); 11] = [
    ("setup.complete", "Set Berth up"),
    ("session.start", "Signed in"),
    ("session.end", "Signed out"),
    ("session.refuse", "Sign-in refused"),
    ("session.revoke", "Ended a session"),
    ("session.revoke_others", "Ended all other sessions"),
    ("account.lock", "Account locked after wrong passwords"),
    ("password.change", "Changed the password"),
    ("password.reset", "Set a new password by link"),
    ("user.rename", "Changed the own name"),
    ("invitation.accept", "Joined by invitation"),
];

const WITH_TARGET: [(&str, &str); 116] = [
    ("server.create", "Created the server"),
    ("server.start", "Started the server"),
    ("server.stop", "Stopped the server"),
    ("server.restart", "Restarted the server"),
    ("server.kill", "Killed the server"),
    ("server.delete", "Deleted the server"),
    ("server.restore", "Restored the server"),
    ("server.erase", "Asked to erase the server"),
    ("server.clone", "Made by copying the server"),
    ("server.copy", "Copied the data again of"),
    ("server.move", "Moved the server"),
    ("server.configure", "Changed the server"),
    ("server.tag", "Changed the server's tags"),
    ("server.rebuild", "Asked to rebuild the server"),
    ("server.suspend", "Suspended the server"),
    ("server.resume", "Resumed the server"),
    ("server.reveal", "Revealed a secret of the server"),
    ("mail_alias.create", "Created the alias"),
    ("mail_alias.change", "Changed the alias"),
    ("mail_alias.delete", "Deleted the alias"),
    ("mail_import.create", "Uploaded the list"),
    ("mail_import.start", "Started the import of"),
    ("mail_import.cancel", "Cancelled the import of"),
    ("mail_import.finish", "Finished the import of"),
    ("share.create", "Created the share"),
    ("share.delete", "Deleted the share"),
    ("share.give", "Gave somebody the share"),
    ("share.link", "Made a link to the share"),
    ("share.unlink", "Took back a link to the share"),
    ("share.fetch", "Fetched by link from the share"),
    ("share.bring", "Sent by link to the share"),
    ("share.password", "Made a new password for somebody in the share"),
    ("share.take", "Took from somebody the share"),
    ("file.write", "Wrote a file of"),
    ("file.folder", "Made a folder in"),
    ("file.move", "Moved a file of"),
    ("file.mode", "Changed who may use a file of"),
    ("file.delete", "Deleted files of"),
    ("file.archive", "Downloaded files of"),
    ("console.open", "Opened the console of"),
    ("console.close", "Closed the console of"),
    ("backup.create", "Began a backup of"),
    ("backup.delete", "Deleted a backup of"),
    ("backup.restore", "Restored from a backup of"),
    ("backup.restore_over", "Restored in place from a backup of"),
    ("backup.restore_volume", "Made another volume from a backup of"),
    ("backup-repository.reveal", "Saw the key of the repository at"),
    ("backup-repository.check", "Asked to check the repository at"),
    (
        "backup-repository.check_fail",
        "Found something wrong in the repository at",
    ),
    (
        "backup-repository.check_recover",
        "Found all well again in the repository at",
    ),
    ("backup-target.create", "Added the backup target"),
    ("backup-target.change", "Changed the backup target"),
    ("backup-target.default", "Let new backups go to"),
    ("backup-target.delete", "Deleted the backup target"),
    ("backup-target.test", "Tested the backup target"),
    ("backup.fail", "Failed to back up"),
    ("snapshot.take", "Took a snapshot of the server"),
    ("snapshot.delete", "Deleted a snapshot of the server"),
    ("volume.create", "Created the volume"),
    ("volume.change", "Changed the volume"),
    ("volume.delete", "Deleted the volume"),
    ("volume.unfilled", "Could not fill from a backup the volume"),
    ("volume.attach", "Attached to a server the volume"),
    ("volume.detach", "Detached from a server the volume"),
    ("snapshot.restore", "Restored to a snapshot the server"),
    ("schedule.create", "Created the schedule"),
    ("schedule.update", "Changed the schedule"),
    ("schedule.pause", "Paused the schedule"),
    ("schedule.resume", "Resumed the schedule"),
    ("schedule.run", "Ran the schedule"),
    ("schedule.delete", "Deleted the schedule"),
    ("tenant.time_zone", "Changed the time zone of"),
    ("tenant.create", "Created the tenant"),
    ("tenant.update", "Changed the tenant"),
    ("tenant.suspend", "Suspended the tenant"),
    ("tenant.resume", "Resumed the tenant"),
    ("tenant.close", "Closed the tenant"),
    ("tenant.reopen", "Reopened the tenant"),
    ("tenant.purge", "Erased the tenant"),
    ("tenant.export", "Downloaded all that there is of"),
    ("drill.ask", "Asked to prove a backup of"),
    ("drill.fail", "Could not restore a backup of"),
    ("drill.recover", "Could restore a backup again of"),
    ("drill.tenant", "Changed whether backups are proven of"),
    ("drill.set", "Changed when backups are proven:"),
    ("storage.warn", "Warned about the storage of"),
    ("location.selling", "Changed what may be sold of"),
    ("plan.overuse", "Said what happens on overuse of the plan"),
    ("plan.create", "Created the plan"),
    ("plan.update", "Changed the plan"),
    ("plan.archive", "Archived the plan"),
    ("plan.restore", "Restored the plan"),
    ("plan.set", "Changed the plan of"),
    ("catalogue.build", "Asked for the image of"),
    ("egg.import", "Imported the egg"),
    ("egg.update", "Imported a new version of the egg"),
    ("egg.enable", "Offered the egg"),
    ("egg.disable", "Took the egg out of offer"),
    ("egg.remove", "Removed the egg"),
    ("server.reinstall", "Asked to reinstall"),
    ("server.update_template", "Asked to update"),
    ("server.accept_installation", "Took the installation as it is of"),
    ("member.role", "Changed the role of"),
    ("member.remove", "Removed the member"),
    ("member.leave", "Left the tenant"),
    ("guest.invite", "Offered to share a server with"),
    ("guest.renew", "Made a new invitation link to a server for"),
    (
        "guest.revoke_invitation",
        "Took back the offer to share a server with",
    ),
    ("guest.accept", "Accepted to share a server:"),
    ("guest.change", "Changed what is shared with"),
    ("guest.revoke", "Ended the access of the guest"),
    ("invitation.create", "Invited"),
    ("invitation.revoke", "Took back the invitation of"),
    ("token.create", "Created the API token"),
    ("token.revoke", "Revoked the API token"),
    ("password.link", "Made a password link for"),
];

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn actions_read_as_sentences() {
        assert_eq!(words("server.create", "website"), "Created the server website");
        assert_eq!(words("session.start", "ada@example.org"), "Signed in");
        assert_eq!(words("volume.resize_online", "data"), "volume resize online data");
    }
}
