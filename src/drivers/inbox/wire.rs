//! Commands and answers of IMAP (RFC 9051) over a stream: as much of the grammar as a few commands need. What a server sends is bounded
//! in every direction.

use std::time::Duration;

use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::time::{Instant, timeout_at};

use super::InboxError;

/// Lines that are longer are no answers. A search of a full mailbox is one line.
const LONGEST_LINE: u64 = 4 << 20;
/// So many lines answer one command at most.
const MOST_ANSWERS: usize = 10_000;

/// What a connection runs over.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// One answer: its line, in which `{}` stands for each literal, and those.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) line: String,
    pub(super) literals: Vec<Vec<u8>>,
}

/// A connection.
pub(super) struct Wire {
    stream: BufReader<Box<dyn Stream>>,
    tag: u32,
    /// A literal may be as long as this.
    limit: usize,
    /// Whether the server has told that mail has come since [`Wire::forget_news`].
    has_news: bool,
}

impl Wire {
    pub(super) fn new(stream: Box<dyn Stream>) -> Self {
        Self {
            stream: BufReader::new(stream),
            tag: 0,
            limit: 0,
            has_news: false,
        }
    }

    /// What was told up to now is looked at next.
    pub(super) fn forget_news(&mut self) {
        self.has_news = false;
    }

    /// Reads one answer.
    pub(super) async fn read(&mut self) -> Result<Answer, InboxError> {
        let (mut line, mut literals) = (String::new(), Vec::new());
        loop {
            let mut bytes = Vec::new();
            let mut part = (&mut self.stream).take(LONGEST_LINE);
            part.read_until(b'\n', &mut bytes)
                .await
                .map_err(|error| away(&error))?;
            let Some(text) = bytes.strip_suffix(b"\n") else {
                return Err(match bytes.len() {
                    0 => InboxError::Away("it closed the connection".to_owned()),
                    _ => InboxError::Strange("a line without an end".to_owned()),
                });
            };
            let text = String::from_utf8_lossy(text.strip_suffix(b"\r").unwrap_or(text)).into_owned();
            let Some((before, length)) = literal(&text) else {
                line.push_str(&text);
                return Ok(Answer { line, literals });
            };
            if length > self.limit || !literals.is_empty() {
                return Err(InboxError::Strange(format!(
                    "{length} bytes that nobody asked for"
                )));
            }
            let mut bytes = vec![0; length];
            self.stream
                .read_exact(&mut bytes)
                .await
                .map_err(|error| away(&error))?;
            line.push_str(before);
            line.push_str("{}");
            literals.push(bytes);
        }
    }

    /// Says something and reads what is answered to it, up to the line that ends it. A literal may have `limit` bytes.
    pub(super) async fn ask(&mut self, command: &str, limit: usize) -> Result<Vec<Answer>, InboxError> {
        self.begin(command, limit).await?;
        self.answers().await
    }

    fn tag(&self) -> String {
        format!("b{} ", self.tag)
    }

    async fn begin(&mut self, command: &str, limit: usize) -> Result<(), InboxError> {
        self.tag += 1;
        self.limit = limit;
        self.say(&format!("{}{command}", self.tag())).await
    }

    async fn say(&mut self, line: &str) -> Result<(), InboxError> {
        self.stream
            .write_all(format!("{line}\r\n").as_bytes())
            .await
            .map_err(|error| away(&error))?;
        self.stream.flush().await.map_err(|error| away(&error))
    }

    /// What is answered to the last command, up to the line that ends it.
    async fn answers(&mut self) -> Result<Vec<Answer>, InboxError> {
        let (tag, mut answers) = (self.tag(), Vec::new());
        while answers.len() < MOST_ANSWERS {
            let answer = self.read().await?;
            match answer.line.strip_prefix(&*tag) {
                Some(done) if is_word(done, "OK") => return Ok(answers),
                Some(refused) => return Err(InboxError::Refused(shorten(refused))),
                None => {
                    self.hear(&answer.line)?;
                    answers.push(answer);
                }
            }
        }
        Err(InboxError::Strange("too many lines".to_owned()))
    }

    /// What a server says of its own accord, between answers: that it goes, or that mail has come.
    fn hear(&mut self, line: &str) -> Result<(), InboxError> {
        if is_word(line, "* BYE") {
            return Err(InboxError::Away(shorten(line)));
        }
        let word = line.split(' ').nth(2);
        self.has_news |= word.is_some_and(|word| word.eq_ignore_ascii_case("EXISTS"));
        Ok(())
    }

    /// Has the server tell what happens (RFC 2177), until [`Wire::end_idle`].
    pub(super) async fn begin_idle(&mut self) -> Result<(), InboxError> {
        self.begin("IDLE", 0).await?;
        let tag = self.tag();
        for _ in 0..MOST_ANSWERS {
            let line = self.read().await?.line;
            if line.starts_with('+') {
                return Ok(());
            }
            if let Some(refused) = line.strip_prefix(&*tag) {
                return Err(InboxError::Refused(shorten(refused)));
            }
            self.hear(&line)?;
        }
        Err(InboxError::Strange("too many lines".to_owned()))
    }

    /// Waits until it tells that mail has come, if it has not yet, or for so long. A line that has begun is read to its end: whoever
    /// stopped within one would not understand the next.
    pub(super) async fn listen(&mut self, longest: Duration) -> Result<(), InboxError> {
        let end = Instant::now() + longest;
        while !self.has_news && Instant::now() < end {
            let Ok(filled) = timeout_at(end, self.stream.fill_buf()).await else {
                break;
            };
            filled.map_err(|error| away(&error))?;
            let line = self.read().await?.line;
            self.hear(&line)?;
        }
        Ok(())
    }

    /// Ends what [`Wire::begin_idle`] began.
    pub(super) async fn end_idle(&mut self) -> Result<(), InboxError> {
        self.say("DONE").await?;
        self.answers().await.map(drop)
    }
}

fn away(error: &std::io::Error) -> InboxError {
    InboxError::Away(error.to_string())
}

/// A server's own words, for a page.
pub(super) fn shorten(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// Whether a line begins with words, in letters of any size.
pub(super) fn is_word(line: &str, words: &str) -> bool {
    let begin = line
        .get(..words.len())
        .is_some_and(|begin| begin.eq_ignore_ascii_case(words));
    begin && line[words.len()..].chars().next().is_none_or(|c| c == ' ')
}

/// A line before the literal that follows it, and how long that is.
fn literal(line: &str) -> Option<(&str, usize)> {
    let (before, length) = line.strip_suffix('}')?.rsplit_once('{')?;
    Some((before, length.parse().ok()?))
}

/// A text as commands take it (a quoted string).
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The number after a word of a line, such as `UIDVALIDITY`.
pub(super) fn number_after(line: &str, word: &str) -> Option<u32> {
    let upper = line.to_ascii_uppercase();
    let rest = line.get(upper.find(word)? + word.len()..)?.trim_start();
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

/// The numbers that a search found.
pub(super) fn found(answers: &[Answer]) -> Vec<u32> {
    let lines = answers.iter().filter(|answer| is_word(&answer.line, "* SEARCH"));
    let numbers = lines.flat_map(|answer| answer.line.split(' ').skip(2));
    let mut numbers: Vec<u32> = numbers.filter_map(|word| word.parse().ok()).collect();
    numbers.sort_unstable();
    numbers
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;

    #[tokio::test]
    async fn answers_are_read_with_their_literals() {
        let (ours, mut theirs) = duplex(4096);
        let mut wire = Wire::new(Box::new(ours));
        theirs
            .write_all(
                b"* 1 FETCH (UID 7 BODY[]<0> {5}\r\na\r\nb) RFC822.SIZE 5)\r\n* SEARCH 9 7\r\nb1 OK done\r\n",
            )
            .await
            .unwrap();
        let answers = wire.ask("UID FETCH 7 (BODY.PEEK[])", 5).await.unwrap();
        assert_eq!(answers[0].line, "* 1 FETCH (UID 7 BODY[]<0> {} RFC822.SIZE 5)");
        assert_eq!(answers[0].literals, [b"a\r\nb)".to_vec()]);
        assert_eq!(found(&answers), [7, 9]);
        theirs.write_all(b"b2 NO no such thing\r\n").await.unwrap();
        let refused = wire.ask("SELECT x", 0).await.unwrap_err();
        assert_eq!(refused, InboxError::Refused("NO no such thing".to_owned()));
    }

    #[tokio::test]
    async fn a_server_that_sends_too_much_or_nothing_is_left() {
        for answer in [
            &b"* 1 FETCH {6}\r\nabcdef\r\n"[..],
            b"* 1 FETCH {99999999999999999999999}x",
            b"* BYE\r\n",
            b"",
        ] {
            let (ours, mut theirs) = duplex(4096);
            let mut wire = Wire::new(Box::new(ours));
            theirs.write_all(answer).await.unwrap();
            drop(theirs);
            wire.ask("NOOP", 5).await.unwrap_err();
        }
    }

    #[tokio::test]
    async fn a_server_that_tells_nothing_is_asked_anew_and_one_that_goes_is_left() {
        let (ours, mut theirs) = duplex(4096);
        let mut wire = Wire::new(Box::new(ours));
        theirs
            .write_all(b"+ idling\r\n* OK still here\r\n")
            .await
            .unwrap();
        wire.begin_idle().await.unwrap();
        wire.listen(Duration::from_millis(20)).await.unwrap();
        theirs.write_all(b"b1 OK done\r\n").await.unwrap();
        wire.end_idle().await.unwrap();
        let mut heard = [0; 15];
        theirs.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"b1 IDLE\r\nDONE\r\n");
        theirs.write_all(b"b2 BAD what is that\r\n").await.unwrap();
        let refused = wire.begin_idle().await.unwrap_err();
        assert_eq!(refused, InboxError::Refused("BAD what is that".to_owned()));
        theirs.write_all(b"+ idling\r\n* BYE\r\n").await.unwrap();
        wire.begin_idle().await.unwrap();
        wire.listen(Duration::from_mins(5)).await.unwrap_err();
    }

    #[test]
    fn words_and_numbers_are_found() {
        assert_eq!(
            number_after("* OK [UIDVALIDITY 3857529045] UIDs valid", "UIDVALIDITY"),
            Some(3_857_529_045)
        );
        assert_eq!(number_after("* OK [UIDVALIDITY x]", "UIDVALIDITY"), None);
        assert!(
            is_word("ok", "OK") && is_word("OK [x]", "OK") && !is_word("OKAY", "OK") && !is_word("ä", "OK")
        );
        assert_eq!(quoted(r#"a"\b"#), r#""a\"\\b""#);
    }
}
