//! An inbox by IMAP (RFC 9051, and 3501 before it). The connection is kept from look to look; whatever goes wrong ends it, and the
//! next look begins a new one. Between looks the server is asked to tell of new mail (RFC 2177), if it offers to.

use std::fmt::{self, Write as _};
use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use axum::http::Uri;
use percent_encoding::percent_decode_str;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::wire::{Stream, Wire, found, is_word, number_after, quoted, shorten};
use super::{Inbox, InboxError, MailKey};
use crate::drivers::http::start_tls;
use crate::platform::secret::Secret;

/// For one command with its answer.
const PATIENCE: Duration = Duration::from_mins(1);
/// What marks a mail as taken. `\Seen` would not do: people look into mailboxes, too.
const MARK: &str = "$BerthDone";

/// Why an inbox can't be used as it was written.
#[derive(Debug, thiserror::Error)]
#[error("use imaps://user:password@host, and write @ in a name as %40: {0}")]
pub struct InboxSettingError(&'static str);

/// How the connection is kept from others' eyes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tls {
    /// From the first byte, with a certificate that somebody vouches for.
    Checked,
    /// The same with any certificate.
    Unchecked,
    /// Not at all.
    None,
}

/// A mailbox of a server.
pub struct Imap {
    host: String,
    port: u16,
    tls: Tls,
    user: Secret,
    password: Secret,
    kept: Mutex<Option<Session>>,
}

impl fmt::Debug for Imap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Imap({}:{})", self.host, self.port)
    }
}

/// A connection on which the mailbox is open.
struct Session {
    wire: Wire,
    validity: u32,
    /// Whether the server keeps marks of ours; if not, what was seen is taken for done.
    has_marks: bool,
    /// Whether the server tells of new mail by itself.
    can_tell: bool,
}

impl Imap {
    /// The mailbox at an address. `?tls=unchecked` takes any certificate; `imap://` is for this machine itself, or with `?tls=none`
    /// for a network of one's own.
    pub fn new(url: &str) -> Result<Self, InboxSettingError> {
        let uri: Uri = url.parse().map_err(|_| InboxSettingError("it can't be read"))?;
        let authority = uri.authority().ok_or(InboxSettingError("no host"))?;
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let is_here =
            host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        let (tls, port) = match (uri.scheme_str(), uri.query()) {
            (Some("imaps"), None) => (Tls::Checked, 993),
            (Some("imaps"), Some("tls=unchecked")) => (Tls::Unchecked, 993),
            (Some("imap"), Some("tls=none")) => (Tls::None, 143),
            (Some("imap"), None) if is_here => (Tls::None, 143),
            (Some("imap"), None) => return Err(InboxSettingError("over the network it has to be imaps")),
            _ => return Err(InboxSettingError("no such way")),
        };
        let (who, _) = authority
            .as_str()
            .rsplit_once('@')
            .ok_or(InboxSettingError("no user"))?;
        let (user, password) = who.split_once(':').ok_or(InboxSettingError("no password"))?;
        let secret = |text: &str| match percent_decode_str(text).decode_utf8() {
            Ok(text) if !text.is_empty() && text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) => {
                Ok(Secret::new(text.into_owned()))
            }
            _ => Err(InboxSettingError(
                "user and password are of ASCII's visible characters",
            )),
        };
        Ok(Self {
            user: secret(user)?,
            password: secret(password)?,
            port: authority.port_u16().unwrap_or(port),
            host,
            tls,
            kept: Mutex::new(None),
        })
    }

    async fn connect(&self) -> Result<Session, InboxError> {
        let tcp = TcpStream::connect((&*self.host, self.port))
            .await
            .map_err(|error| InboxError::Away(error.to_string()))?;
        let stream: Box<dyn Stream> = if self.tls == Tls::None {
            Box::new(tcp)
        } else {
            let begun = start_tls(tcp, &self.host, self.tls == Tls::Checked).await;
            Box::new(begun.map_err(InboxError::Away)?.0)
        };
        let mut wire = Wire::new(stream);
        let greeting = wire.read().await?.line;
        if !is_word(&greeting, "* OK") {
            return Err(InboxError::Refused(shorten(&greeting)));
        }
        let login = format!(
            "LOGIN {} {}",
            quoted(self.user.expose()),
            quoted(self.password.expose())
        );
        wire.ask(&login, 0).await?;
        let offered = wire.ask("CAPABILITY", 0).await?;
        let mut words = offered.iter().flat_map(|answer| answer.line.split(' '));
        let can_tell = words.any(|word| word.eq_ignore_ascii_case("IDLE"));
        let opened = wire.ask("SELECT INBOX", 0).await?;
        let validity = opened
            .iter()
            .find_map(|answer| number_after(&answer.line, "UIDVALIDITY"));
        let marks = opened
            .iter()
            .find(|answer| answer.line.contains("[PERMANENTFLAGS"));
        Ok(Session {
            wire,
            validity: validity.ok_or_else(|| InboxError::Strange("no UIDVALIDITY".to_owned()))?,
            has_marks: marks.is_some_and(|answer| answer.line.contains("\\*") || answer.line.contains(MARK)),
            can_tell,
        })
    }

    /// The connection that is there, or a new one. Whoever takes it puts it back if all went well.
    async fn session(&self, kept: &mut Option<Session>) -> Result<Session, InboxError> {
        match kept.take() {
            Some(session) => Ok(session),
            None => in_time(self.connect()).await,
        }
    }

    /// Sets flags of a mail.
    async fn flag(&self, key: MailKey, also: &str) -> Result<(), InboxError> {
        let mut kept = self.kept.lock().await;
        let mut session = self.session(&mut kept).await?;
        if session.validity == key.validity {
            let marks = if session.has_marks { MARK } else { "\\Seen" };
            let command = format!("UID STORE {} +FLAGS.SILENT ({marks}{also})", key.uid);
            in_time(session.wire.ask(&command, 0)).await?;
        }
        *kept = Some(session);
        Ok(())
    }
}

async fn in_time<T>(work: impl Future<Output = Result<T, InboxError>>) -> Result<T, InboxError> {
    within(PATIENCE, work).await
}

async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, InboxError>>,
) -> Result<T, InboxError> {
    match timeout(limit, work).await {
        Ok(outcome) => outcome,
        Err(_) => Err(InboxError::Away("it took too long".to_owned())),
    }
}

#[async_trait]
impl Inbox for Imap {
    async fn new_mails(&self, after: u32, most: usize) -> Result<Vec<MailKey>, InboxError> {
        let mut kept = self.kept.lock().await;
        // A server ends connections that rest, and restarts: that is no reason to wait for the next look.
        let begun = match kept.take() {
            Some(mut session) => in_time(session.wire.ask("NOOP", 0))
                .await
                .is_ok()
                .then_some(session),
            None => None,
        };
        *kept = begun;
        let mut session = self.session(&mut kept).await?;
        let mut search = if session.has_marks {
            format!("UID SEARCH UNDELETED UNKEYWORD {MARK}")
        } else {
            "UID SEARCH UNDELETED UNSEEN".to_owned()
        };
        if let (Some(first), true) = (after.checked_add(1), after > 0) {
            // Where there is none behind, a server gives the last one before (RFC 9051, 9).
            let _ = write!(search, " UID {first}:*");
        }
        session.wire.forget_news();
        let answers = in_time(session.wire.ask(&search, 0)).await?;
        let validity = session.validity;
        *kept = Some(session);
        let uids = found(&answers).into_iter().filter(|uid| *uid > after);
        let keys = uids.map(|uid| MailKey { validity, uid });
        Ok(keys.take(most).collect())
    }

    async fn fetch(&self, key: MailKey, limit: usize) -> Result<Option<Vec<u8>>, InboxError> {
        let mut kept = self.kept.lock().await;
        let mut session = self.session(&mut kept).await?;
        if session.validity != key.validity {
            *kept = Some(session);
            return Ok(None);
        }
        let command = format!("UID FETCH {} (BODY.PEEK[]<0.{limit}>)", key.uid);
        let answers = in_time(session.wire.ask(&command, limit)).await?;
        *kept = Some(session);
        let ours = answers.into_iter().find(|answer| {
            number_after(&answer.line, "(UID ").or_else(|| number_after(&answer.line, " UID "))
                == Some(key.uid)
        });
        Ok(ours.and_then(|answer| answer.literals.into_iter().next()))
    }

    async fn mark_done(&self, key: MailKey) -> Result<(), InboxError> {
        self.flag(key, "").await
    }

    async fn put_aside(&self, key: MailKey) -> Result<(), InboxError> {
        self.flag(key, " \\Flagged").await
    }

    async fn wait(&self, longest: Duration) -> Result<bool, InboxError> {
        let mut kept = self.kept.lock().await;
        let mut session = self.session(&mut kept).await?;
        if session.can_tell {
            in_time(session.wire.begin_idle()).await?;
            within(longest + PATIENCE, session.wire.listen(longest)).await?;
            in_time(session.wire.end_idle()).await?;
        }
        let can_tell = session.can_tell;
        *kept = Some(session);
        Ok(can_tell)
    }

    fn host(&self) -> &str {
        &self.host
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn inboxes_are_written_as_addresses() {
        let imap = Imap::new("imaps://support%40example.com:p%3Aw@mail.example.com").unwrap();
        assert_eq!(
            (imap.host(), imap.port, imap.tls),
            ("mail.example.com", 993, Tls::Checked)
        );
        assert_eq!(
            (&**imap.user.expose(), &**imap.password.expose()),
            ("support@example.com", "p:w")
        );
        assert_eq!(format!("{imap:?}"), "Imap(mail.example.com:993)");
        assert!(Imap::new("imap://u:p@[::1]:1143").is_ok() && Imap::new("imap://u:p@mail?tls=none").is_ok());
        for wrong in [
            "",
            "mail.example.com",
            "imaps://mail.example.com",
            "imaps://u@mail.example.com",
            "imap://u:p@mail.example.com",
            "imaps://u:%0d@mail.example.com",
            "imaps://u:p@mail.example.com?tls=none",
            "https://u:p@mail.example.com",
        ] {
            assert!(Imap::new(wrong).is_err(), "{wrong}");
        }
    }

    const SELECTED: &str = "* FLAGS (\\Seen)\r\n* OK [PERMANENTFLAGS (\\Seen \\*)] x\r\n* OK [UIDVALIDITY 7] x\r\nb3 OK [READ-WRITE] done\r\n";

    /// A server that says its lines in turn, each after one of ours, and tells what ours were.
    async fn serve(listener: TcpListener, script: &[&str]) -> Vec<String> {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (read, mut write) = stream.split();
        let mut lines = BufReader::new(read).lines();
        let mut heard = Vec::new();
        for (turn, said) in script.iter().enumerate() {
            if turn > 0 {
                heard.push(lines.next_line().await.unwrap().unwrap());
            }
            write.write_all(said.as_bytes()).await.unwrap();
        }
        heard
    }

    #[tokio::test]
    async fn a_mail_is_found_fetched_and_marked() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let imap = Imap::new(&format!("imap://u:p%22@127.0.0.1:{port}")).unwrap();
        let script = [
            "* OK ready\r\n",
            "b1 OK in\r\n",
            "* CAPABILITY IMAP4rev1\r\nb2 OK done\r\n",
            SELECTED,
            "* SEARCH 12 3\r\nb4 OK done\r\n",
            "* 1 FETCH (UID 3 BODY[]<0> {4}\r\na\r\nb)\r\nb5 OK done\r\n",
            "b6 OK done\r\n",
            "b7 OK done\r\n",
            "b8 OK still here\r\n",
            "* SEARCH 12\r\nb9 OK done\r\n",
        ];
        let ours = async {
            let new = imap.new_mails(0, 1).await.unwrap();
            let [key] = new[..] else { panic!("{new:?}") };
            assert_eq!((key.validity, key.uid), (7, 3));
            assert_eq!(imap.fetch(key, 9).await.unwrap().as_deref(), Some(&b"a\r\nb"[..]));
            imap.mark_done(key).await.unwrap();
            imap.put_aside(key).await.unwrap();
            assert!(!imap.wait(Duration::from_mins(5)).await.unwrap(), "it can't tell");
            assert!(imap.new_mails(12, 9).await.unwrap().is_empty());
        };
        let ((), heard) = tokio::join!(ours, serve(listener, &script));
        assert_eq!(
            heard,
            [
                "b1 LOGIN \"u\" \"p\\\"\"",
                "b2 CAPABILITY",
                "b3 SELECT INBOX",
                "b4 UID SEARCH UNDELETED UNKEYWORD $BerthDone",
                "b5 UID FETCH 3 (BODY.PEEK[]<0.9>)",
                "b6 UID STORE 3 +FLAGS.SILENT ($BerthDone)",
                "b7 UID STORE 3 +FLAGS.SILENT ($BerthDone \\Flagged)",
                "b8 NOOP",
                "b9 UID SEARCH UNDELETED UNKEYWORD $BerthDone UID 13:*",
            ]
        );
    }

    #[tokio::test]
    async fn a_server_that_can_tells_of_new_mail() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let imap = Imap::new(&format!("imap://u:p@127.0.0.1:{port}")).unwrap();
        let script = [
            "* OK ready\r\n",
            "b1 OK in\r\n",
            "* CAPABILITY IMAP4rev1 Idle\r\nb2 OK done\r\n",
            SELECTED,
            "* SEARCH\r\nb4 OK done\r\n",
            "+ idling\r\n* OK still here\r\n* 1 EXISTS\r\n",
            "b5 OK done\r\n",
            "b6 OK still here\r\n",
            // One that comes while the server searches is not in what it found, and not forgotten.
            "* SEARCH 1\r\n* 2 EXISTS\r\nb7 OK done\r\n",
            "+ idling\r\n",
            "b8 OK done\r\n",
        ];
        let ours = async {
            assert!(imap.new_mails(0, 9).await.unwrap().is_empty());
            assert!(imap.wait(Duration::from_mins(5)).await.unwrap());
            assert_eq!(imap.new_mails(0, 9).await.unwrap().len(), 1);
            assert!(imap.wait(Duration::from_mins(5)).await.unwrap());
        };
        let ((), heard) = tokio::join!(ours, serve(listener, &script));
        assert_eq!(heard[4..6], ["b5 IDLE", "DONE"]);
        assert_eq!(heard[8..], ["b8 IDLE", "DONE"]);
        // The server is gone, and the next look finds that out.
        imap.wait(Duration::from_mins(5)).await.unwrap_err();
        imap.wait(Duration::from_mins(5)).await.unwrap_err();
    }
}
