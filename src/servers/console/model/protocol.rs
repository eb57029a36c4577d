//! The words between the panel and whoever shows a terminal; `docs/console.md` describes them to programs.

use serde::{Deserialize, Serialize};

use crate::catalogue;

/// What is typed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in super::super) enum Way {
    /// A shell beside the server.
    Shell,
    /// The server's own process.
    Attach,
}

impl Way {
    /// The name in messages, audit events and the database.
    pub(in super::super) fn name(self) -> &'static str {
        match self {
            Self::Shell => "shell",
            Self::Attach => "attach",
        }
    }
}

impl From<catalogue::Console> for Way {
    fn from(console: catalogue::Console) -> Self {
        match console {
            catalogue::Console::Shell => Self::Shell,
            catalogue::Console::Attach => Self::Attach,
        }
    }
}

/// What a viewer asks for besides typing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(in super::super) enum Order {
    /// The viewer's screen shows so much.
    Resize {
        /// Characters in a line.
        columns: u16,
        /// Lines.
        rows: u16,
    },
    /// Opens the terminal again after it has ended.
    Open,
}

/// What a viewer is told besides what the terminal shows.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(in super::super) enum Event {
    /// The first message.
    Hello {
        /// What is typed to.
        way: Way,
        /// Whether what this viewer types counts.
        may_type: bool,
        /// After how many seconds without typing the session ends.
        idle_seconds: u64,
    },
    /// How the terminal is.
    State {
        /// One word of it.
        state: StateWord,
        /// The same as a sentence; empty where there is nothing to say.
        text: String,
    },
    /// How much the terminal shows, for all viewers the same.
    Size {
        /// Characters in a line.
        columns: u16,
        /// Lines.
        rows: u16,
    },
    /// Who looks at present.
    Viewers {
        /// All, the oldest first.
        viewers: Vec<ViewerOut>,
    },
    /// The session ends soon for want of typing.
    Idle {
        /// So soon.
        seconds: u64,
    },
    /// It does not, as somebody typed.
    Awake,
    /// Something about what this viewer sent.
    Notice {
        /// A sentence.
        text: String,
    },
    /// The last message.
    End {
        /// The word for it.
        reason: &'static str,
        /// A sentence.
        text: &'static str,
        /// Whether connecting again makes sense.
        again: bool,
    },
}

impl Event {
    /// As it is sent.
    pub(in super::super) fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// A viewer, as the others see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in super::super) struct ViewerOut {
    /// The person's address.
    pub(in super::super) name: String,
    /// Whether what they type counts.
    pub(in super::super) may_type: bool,
}

/// How a terminal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in super::super) enum StateWord {
    /// Nobody who may type has opened it yet.
    Waiting,
    /// It is being opened.
    Opening,
    /// It is there.
    Open,
    /// What ran in it has ended; `open` begins anew.
    Ended,
    /// The server does not run.
    Stopped,
    /// The server did not run and does now; `open` goes on.
    Ready,
    /// It could not be opened.
    Failed,
}

macro_rules! ends {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $code:literal, $again:literal, $text:literal;)*) => {
        /// Why a viewer's connection ends.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(in super::super) enum End {$(
            $(#[$doc])*
            $name,
        )*}

        impl End {
            /// The stable word.
            pub(in super::super) fn word(self) -> &'static str {
                match self {$(Self::$name => $word),*}
            }

            /// The close code (RFC 6455, 7.4; those from 4000 on are ours).
            pub(in super::super) fn code(self) -> u16 {
                match self {$(Self::$name => $code),*}
            }

            /// The last message.
            pub(in super::super) fn event(self) -> Event {
                let (text, again) = match self {$(Self::$name => ($text, $again)),*};
                Event::End { reason: self.word(), text, again }
            }
        }
    };
}

ends! {
    /// The viewer went.
    Left = "left", 1000, false, "You left.";
    /// The panel stops or is replaced.
    Shutdown = "shutdown", 1001, true, "The panel restarts. This page connects again by itself.";
    /// A message that is none of ours.
    Protocol = "protocol", 1003, false, "The panel does not understand what this page sent. Reload it.";
    /// Access is gone.
    Access = "access", 4001, false, "You may not use this console any more: your sign-in ended, or your rights changed.";
    /// Nobody typed for a while.
    Idle = "idle", 4002, false, "Nothing was typed for a while, so the console was closed.";
    /// The viewer could not keep up.
    Slow = "slow", 4003, true, "Your connection could not keep up with the output.";
    /// The server is deleted.
    Gone = "gone", 4004, false, "This server is gone.";
    /// The session ended between being found and being entered.
    Over = "over", 4005, true, "The session has just ended.";
    /// Too many look.
    Full = "limit", 4006, false, "Too many people look at this console. Close one and reconnect.";
    /// Too many sessions of this tenant, or in this process.
    Crowded = "crowded", 4007, false, "Too many consoles are open. Close one of another server and reconnect.";
    /// The panel cannot do its part.
    Trouble = "unavailable", 4008, true, "The panel can't check your access at present.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_look_as_they_are_described() {
        let json = |event: Event| event.json();
        assert_eq!(
            json(Event::Hello {
                way: Way::Attach,
                may_type: true,
                idle_seconds: 900
            }),
            r#"{"type":"hello","way":"attach","may_type":true,"idle_seconds":900}"#
        );
        assert_eq!(
            json(Event::State {
                state: StateWord::Ready,
                text: String::new()
            }),
            r#"{"type":"state","state":"ready","text":""}"#
        );
        assert_eq!(json(Event::Awake), r#"{"type":"awake"}"#);
        let end = json(End::Full.event());
        assert!(
            end.starts_with(r#"{"type":"end","reason":"limit","text":"Too many"#),
            "{end}"
        );
    }

    #[test]
    fn orders_are_read_strictly() {
        let read = |text: &str| serde_json::from_str::<Order>(text).ok();
        assert_eq!(
            read(r#"{"type":"resize","columns":80,"rows":24}"#),
            Some(Order::Resize {
                columns: 80,
                rows: 24
            })
        );
        assert_eq!(read(r#"{"type":"open"}"#), Some(Order::Open));
        for bad in [
            "",
            "{}",
            r#"{"type":"shout"}"#,
            r#"{"type":"resize","columns":80}"#,
            r#"{"type":"resize","columns":70000,"rows":24}"#,
            r#"{"type":"resize","columns":80,"rows":24,"depth":3}"#,
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
