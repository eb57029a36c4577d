//! A profile that Apple's devices set a mailbox up from (Configuration Profile Reference, "Mail payload"). It holds no password:
//! the device asks for it.

use uuid::Uuid;

use crate::platform::ids::MailboxId;

use super::model::{Server, escaped};

/// What a profile says.
pub(super) struct Profile<'a> {
    /// Whose.
    pub mailbox: MailboxId,
    /// Its address.
    pub address: &'a str,
    /// The person's name; the address if it is empty.
    pub name: &'a str,
    /// Who provides it.
    pub organisation: &'a str,
    /// The mail service's host.
    pub host: &'a str,
    /// Where mail is read.
    pub incoming: Server,
    /// Where it is sent.
    pub outgoing: Server,
}

fn text(key: &str, value: &str) -> String {
    format!("<key>{key}</key><string>{}</string>\n", escaped(value))
}

fn number(key: &str, value: u16) -> String {
    format!("<key>{key}</key><integer>{value}</integer>\n")
}

fn yes(key: &str) -> String {
    format!("<key>{key}</key><true/>\n")
}

impl Profile<'_> {
    fn payload(&self) -> String {
        let name = if self.name.is_empty() {
            self.address
        } else {
            self.name
        };
        // The same each time, so that a device replaces what it has.
        let id = Uuid::from_u128(self.mailbox.0.as_u128() ^ 1);
        [
            text("EmailAccountDescription", self.address),
            text("EmailAccountName", name),
            text("EmailAccountType", "EmailTypeIMAP"),
            text("EmailAddress", self.address),
            text("IncomingMailServerAuthentication", "EmailAuthPassword"),
            text("IncomingMailServerHostName", self.host),
            number("IncomingMailServerPortNumber", self.incoming.port),
            yes("IncomingMailServerUseSSL"),
            text("IncomingMailServerUsername", self.address),
            text("OutgoingMailServerAuthentication", "EmailAuthPassword"),
            text("OutgoingMailServerHostName", self.host),
            number("OutgoingMailServerPortNumber", self.outgoing.port),
            yes("OutgoingMailServerUseSSL"),
            text("OutgoingMailServerUsername", self.address),
            yes("OutgoingPasswordSameAsIncomingPassword"),
            text("PayloadDisplayName", self.address),
            text("PayloadIdentifier", &format!("{}.mail", self.identifier())),
            text("PayloadType", "com.apple.mail.managed"),
            text("PayloadUUID", &id.to_string()),
            number("PayloadVersion", 1),
        ]
        .concat()
    }

    fn identifier(&self) -> String {
        format!("berth.{}.{}", self.host, self.mailbox)
    }

    /// The profile as a property list.
    pub(super) fn plist(&self) -> String {
        [
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
             <plist version=\"1.0\">\n<dict>\n<key>PayloadContent</key>\n<array>\n<dict>\n"
                .to_owned(),
            self.payload(),
            "</dict>\n</array>\n".to_owned(),
            text("PayloadDescription", &format!("Sets up the mailbox {}.", self.address)),
            text("PayloadDisplayName", &format!("Mail of {}", self.address)),
            text("PayloadIdentifier", &self.identifier()),
            text("PayloadOrganization", self.organisation),
            text("PayloadType", "Configuration"),
            text("PayloadUUID", &self.mailbox.0.to_string()),
            number("PayloadVersion", 1),
            "</dict>\n</plist>\n".to_owned(),
        ]
        .concat()
    }
}
