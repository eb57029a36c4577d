//! Python's own SMTP and IMAP clients (`client.py`), with a line of JSON for a question and one for its answer.

use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// The program, with the sessions that it has open.
pub(crate) struct MailClient {
    // Killed when dropped.
    _child: Child,
    to: ChildStdin,
    from: Lines<BufReader<ChildStdout>>,
}

impl MailClient {
    /// Starts the program.
    pub(crate) fn start() -> Self {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/mail_service/client.py");
        let mut child = Command::new("python3")
            .arg("-u")
            .arg(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("python3 with dkimpy, which make setup installs");
        let (to, from) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self {
            _child: child,
            to,
            from: BufReader::new(from).lines(),
        }
    }

    /// Asks, and gives the answer whatever it is.
    pub(crate) async fn try_ask(&mut self, verb: &str, arguments: Value) -> Value {
        let line = format!("{}\n", json!({ "verb": verb, "arguments": arguments }));
        self.to.write_all(line.as_bytes()).await.unwrap();
        let answer = self.from.next_line().await.unwrap();
        serde_json::from_str(&answer.expect("the mail client died")).unwrap()
    }

    /// Asks what must not break.
    pub(crate) async fn ask(&mut self, verb: &str, arguments: Value) -> Value {
        let answer = self.try_ask(verb, arguments.clone()).await;
        assert!(answer.get("broken").is_none(), "{verb} {arguments}: {answer}");
        answer
    }
}
