//! What people tell a server to do, and what that means in its present state.

use crate::platform::error::Error;

use super::{Power, Server};

/// A command about power.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Run.
    Start,
    /// End in good order.
    Stop,
    /// End in good order and run again.
    Restart,
    /// End at once.
    Kill,
}

/// What a command comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Just this is under way: whoever asks again watches the same work.
    UnderWay,
    /// A new wish. One for what is already so makes the reconciler look at once, and ends as soon as it has.
    Wish,
}

/// Why a command can't be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is on its way out.
    #[error("This server is being deleted.")]
    Deleting,
    /// It is deleted, and kept.
    #[error("This server is deleted. Restore it first.")]
    Deleted,
    /// It is not deleted.
    #[error("This server is not deleted.")]
    NotDeleted,
    /// Its organisation may not have running servers.
    #[error("The organisation is not active, so its servers stay stopped. Resume it first.")]
    Inactive,
    /// It is being copied.
    #[error("This server is being copied and holds still for that. It goes on by itself when that is done.")]
    HoldsStill,
    /// The provider has suspended it.
    #[error("The provider has suspended this server, so it can't be started. Its page says why.")]
    Suspended,
    /// It goes and comes with its stack.
    #[error(
        "This server is a part of a stack. Scale the stack, or delete, restore or erase the stack as a whole."
    )]
    PartOfStack,
    /// It is by itself.
    #[error("This server is not a part of a stack.")]
    NotInStack,
    /// There is no newer image.
    #[error("This server has the newest image of its template.")]
    UpToDate,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal {
            Refusal::Deleting => "server-deleting",
            Refusal::Deleted => "server-deleted",
            Refusal::NotDeleted => "not-deleted",
            Refusal::Inactive => "tenant-inactive",
            Refusal::HoldsStill => "being-copied",
            Refusal::Suspended => "server-suspended",
            Refusal::PartOfStack => "part-of-stack",
            Refusal::NotInStack => "not-in-stack",
            Refusal::UpToDate => "up-to-date",
        };
        Self::conflict(code, refusal.to_string())
    }
}

impl Command {
    /// The word in addresses and operations.
    pub fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Kill => "kill",
        }
    }

    /// The command that a word means.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Start, Self::Stop, Self::Restart, Self::Kill]
            .into_iter()
            .find(|command| command.word() == word)
    }

    /// The name of its audit event and operation.
    pub fn action(self) -> &'static str {
        match self {
            Self::Start => "server.start",
            Self::Stop => "server.stop",
            Self::Restart => "server.restart",
            Self::Kill => "server.kill",
        }
    }

    /// The power state that it asks for.
    pub fn power(self) -> Power {
        match self {
            Self::Start | Self::Restart => Power::Running,
            Self::Stop => Power::Stopped,
            Self::Kill => Power::Killed,
        }
    }

    /// What the command comes to. After a failure it always counts anew, so that nobody has to wait for the next try.
    pub fn decide(self, server: &Server) -> Result<Decision, Refusal> {
        server.check_stays()?;
        if self.power() == Power::Running && !server.is_tenant_active {
            return Err(Refusal::Inactive);
        }
        if self.power() == Power::Running && server.suspension.is_some() {
            return Err(Refusal::Suspended);
        }
        if self.power() == Power::Running && server.still_for.is_some() {
            return Err(Refusal::HoldsStill);
        }
        let is_same = self.power() == server.power && (self == Self::Restart) == server.must_restart();
        if is_same && server.is_pending() && server.notes.error.is_none() {
            Ok(Decision::UnderWay)
        } else {
            Ok(Decision::Wish)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::server;
    use super::*;

    #[test]
    fn asking_twice_watches_the_same_work() {
        let mut server = server();
        server.generation = 2;
        assert_eq!(Command::Start.decide(&server), Ok(Decision::UnderWay));
        assert_eq!(Command::Stop.decide(&server), Ok(Decision::Wish));
        assert_eq!(Command::Restart.decide(&server), Ok(Decision::Wish));
        server.restart_seq = 1;
        assert_eq!(Command::Restart.decide(&server), Ok(Decision::UnderWay));
        server.notes.error = Some("image missing".to_owned());
        assert_eq!(Command::Restart.decide(&server), Ok(Decision::Wish));
    }

    #[test]
    fn asking_for_what_is_so_makes_the_reconciler_look() {
        assert_eq!(Command::Start.decide(&server()), Ok(Decision::Wish));
    }

    #[test]
    fn kill_overtakes_stop() {
        let mut server = server();
        (server.power, server.generation) = (Power::Stopped, 2);
        assert_eq!(Command::Stop.decide(&server), Ok(Decision::UnderWay));
        assert_eq!(Command::Kill.decide(&server), Ok(Decision::Wish));
    }

    #[test]
    fn what_can_not_be_is_refused() {
        let mut server = server();
        server.is_tenant_active = false;
        assert_eq!(Command::Start.decide(&server), Err(Refusal::Inactive));
        assert_eq!(Command::Kill.decide(&server), Ok(Decision::Wish));
        server.is_tenant_active = true;
        server.suspension = Some(super::super::Suspension {
            at: server.created_at,
            reason: "unpaid".to_owned(),
        });
        assert_eq!(Command::Restart.decide(&server), Err(Refusal::Suspended));
        assert_eq!(Command::Stop.decide(&server), Ok(Decision::Wish));
        server.suspension = None;
        server.still_for = Some(server.id);
        assert_eq!(Command::Start.decide(&server), Err(Refusal::HoldsStill));
        assert_eq!(Command::Stop.decide(&server), Ok(Decision::Wish));
        server.deleting_at = Some(server.created_at);
        assert_eq!(Command::Kill.decide(&server), Err(Refusal::Deleting));
    }

    #[test]
    fn words_name_commands() {
        for command in [Command::Start, Command::Stop, Command::Restart, Command::Kill] {
            assert_eq!(Command::parse(command.word()), Some(command));
        }
        assert_eq!(Command::parse("explode"), None);
    }
}
