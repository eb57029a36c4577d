//! A report to print: plain lines on pages of A4. Its fonts are those that every reader has, so nothing is embedded; they have the
//! letters of western Europe, and what is none of those is shown as a question mark. The page and the CSV have all letters.

use pdf_writer::{Content, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr};

use super::model::{At, Percent, Report, Verdict, lasted};

const WIDTH: f32 = 595.0;
const HEIGHT: f32 = 842.0;
const MARGIN: f32 = 50.0;
const REGULAR: Name<'static> = Name(b"F1");
const BOLD: Name<'static> = Name(b"F2");

/// Where a column begins, and how many letters fit into it.
type Column = (f32, usize);

const POLICIES: [Column; 6] = [
    (MARGIN, 22),
    (165.0, 17),
    (260.0, 17),
    (355.0, 12),
    (425.0, 12),
    (495.0, 8),
];
const SERVERS: [Column; 4] = [(MARGIN, 40), (300.0, 12), (380.0, 14), (470.0, 14)];
const OUTAGES: [Column; 4] = [(MARGIN, 20), (165.0, 17), (260.0, 12), (330.0, 40)];
const TICKETS: [Column; 6] = [
    (MARGIN, 8),
    (95.0, 38),
    (310.0, 4),
    (345.0, 12),
    (430.0, 10),
    (490.0, 8),
];

/// A letter of `WinAnsi`.
fn letter(c: char) -> u8 {
    match c {
        ' '..='~' | '\u{a0}'..='ÿ' => u8::try_from(u32::from(c)).unwrap_or(b'?'),
        '€' => 0x80,
        '…' => 0x85,
        '‘' => 0x91,
        '’' => 0x92,
        '“' => 0x93,
        '”' => 0x94,
        '–' => 0x96,
        '—' => 0x97,
        _ => b'?',
    }
}

/// Text, cut so that it fits.
fn cut(text: &str, most: usize) -> Vec<u8> {
    let mut letters: Vec<u8> = text.chars().take(most + 1).map(letter).collect();
    if letters.len() > most {
        letters.truncate(most.saturating_sub(1));
        letters.push(letter('…'));
    }
    letters
}

/// Pages that are written from the top.
struct Paper {
    pages: Vec<Content>,
    y: f32,
}

impl Paper {
    fn new() -> Self {
        Self {
            pages: vec![Content::new()],
            y: HEIGHT - MARGIN,
        }
    }

    /// Goes down, to a new page if this one is full.
    fn down(&mut self, by: f32) {
        self.y -= by;
        if self.y < MARGIN {
            self.pages.push(Content::new());
            self.y = HEIGHT - MARGIN - by;
        }
    }

    fn put(&mut self, (font, size): (Name<'_>, f32), x: f32, text: &[u8]) {
        let y = self.y;
        if let Some(page) = self.pages.last_mut() {
            page.begin_text()
                .set_font(font, size)
                .next_line(x, y)
                .show(Str(text))
                .end_text();
        }
    }

    fn line(&mut self, text: &str) {
        self.down(14.0);
        self.put((REGULAR, 10.0), MARGIN, &cut(text, 105));
    }

    fn heading(&mut self, text: &str) {
        self.down(28.0);
        self.put((BOLD, 12.0), MARGIN, &cut(text, 70));
    }

    fn row(&mut self, font: Name<'_>, columns: &[Column], cells: &[&str]) {
        self.down(13.0);
        for ((x, most), cell) in columns.iter().zip(cells) {
            self.put((font, 9.0), *x, &cut(cell, *most));
        }
    }

    fn finish(self, title: &str) -> Vec<u8> {
        let mut next = Ref::new(1);
        let (catalog, tree, info) = (next.bump(), next.bump(), next.bump());
        let (regular, bold) = (next.bump(), next.bump());
        let pages: Vec<(Ref, Ref, Content)> = self
            .pages
            .into_iter()
            .map(|content| (next.bump(), next.bump(), content))
            .collect();
        let mut pdf = Pdf::new();
        pdf.catalog(catalog).pages(tree);
        pdf.document_info(info)
            .title(TextStr(title))
            .producer(TextStr("Berth"));
        let count = i32::try_from(pages.len()).unwrap_or(i32::MAX);
        pdf.pages(tree)
            .kids(pages.iter().map(|(page, ..)| *page))
            .count(count);
        for (name, font) in [(regular, "Helvetica"), (bold, "Helvetica-Bold")] {
            let mut written = pdf.type1_font(name);
            written.base_font(Name(font.as_bytes()));
            written.encoding_predefined(Name(b"WinAnsiEncoding"));
        }
        for (id, content_id, content) in pages {
            let mut page = pdf.page(id);
            page.parent(tree);
            page.media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT));
            page.contents(content_id);
            page.resources().fonts().pair(REGULAR, regular).pair(BOLD, bold);
            page.finish();
            pdf.stream(content_id, &content.finish());
        }
        pdf.finish()
    }
}

fn short(at: At) -> String {
    at.format("%Y-%m-%d %H:%M").to_string()
}

/// What held when, if not one policy held all the time.
fn policies(paper: &mut Paper, report: &Report) {
    let share = |share: Option<Percent>| share.map_or_else(|| "–".to_owned(), |share| format!("{share} %"));
    if report.parts.len() < 2 {
        return;
    }
    paper.heading("Policies (times in UTC)");
    let head = ["Policy", "From", "Until", "Promised", "Available", "Credit"];
    paper.row(BOLD, &POLICIES, &head);
    for part in &report.parts {
        let cells = [
            part.policy.clone(),
            short(part.from),
            short(part.until),
            share(part.promised),
            share(part.availability),
            format!("{} %", part.credit),
        ];
        paper.row(REGULAR, &POLICIES, &cells.each_ref().map(String::as_str));
    }
}

fn servers(paper: &mut Paper, report: &Report) {
    paper.heading("Servers");
    paper.row(BOLD, &SERVERS, &["Server", "Available", "Counted", "Out"]);
    for line in &report.servers {
        let share = format!("{} %", line.availability);
        let cells = [&line.name, &share, &lasted(line.counted), &lasted(line.down)];
        paper.row(REGULAR, &SERVERS, &cells.map(String::as_str));
    }
}

fn outages(paper: &mut Paper, report: &Report) {
    paper.heading("Outages (times in UTC)");
    if report.outages.is_empty() {
        paper.line("None.");
        return;
    }
    paper.row(BOLD, &OUTAGES, &["Server", "Began", "Counted", "What it was"]);
    for line in &report.outages {
        let cells = [
            &line.name,
            &short(line.began),
            &lasted(line.counted),
            &line.summary,
        ];
        paper.row(REGULAR, &OUTAGES, &cells.map(String::as_str));
    }
}

fn tickets(paper: &mut Paper, report: &Report) {
    paper.heading("Tickets");
    if report.tickets.is_empty() {
        paper.line("None.");
        return;
    }
    let head = ["Number", "Subject", "", "First answer", "Updates", "Restore"];
    paper.row(BOLD, &TICKETS, &head);
    for line in &report.tickets {
        let number = format!("#{}", line.number);
        let answered = line.answered_after.map(lasted).unwrap_or_default();
        let first = format!("{} {answered}", line.first_answer.label());
        let severity = line.severity.to_uppercase();
        let word = |verdict: Verdict| verdict.label();
        let cells = [
            number.as_str(),
            &line.subject,
            &severity,
            &first,
            word(line.update),
            word(line.restore),
        ];
        paper.row(REGULAR, &TICKETS, &cells);
    }
}

/// The report as PDF. `credit` says what became of the credit.
pub(super) fn write(report: &Report, credit: &str) -> Vec<u8> {
    let title = format!("SLA report {} – {}", report.month.label(), report.tenant_name);
    let mut paper = Paper::new();
    paper.put((BOLD, 16.0), MARGIN, &cut(&title, 55));
    paper.line(&format!(
        "From {} to {} UTC, the month of {}.",
        short(report.from),
        short(report.until),
        report.time_zone
    ));
    let policy = report.policy.as_deref().unwrap_or("none");
    let promised = report
        .promised
        .map_or_else(|| "not promised".to_owned(), |share| format!("{share} %"));
    let was = report
        .availability
        .map_or_else(|| "no servers".to_owned(), |share| format!("{share} %"));
    paper.line(&format!(
        "Policy: {policy}. Availability promised: {promised}. Availability: {was}."
    ));
    paper.line(&format!(
        "Answers and repairs that were late: {}. {credit}",
        report.late()
    ));
    policies(&mut paper, report);
    servers(&mut paper, report);
    outages(&mut paper, report);
    tickets(&mut paper, report);
    paper.finish(&title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_the_fonts_lack_are_question_marks() {
        assert_eq!(cut("Zürich – 東京", 20), b"Z\xfcrich \x96 ??");
        assert_eq!(cut("abcdef", 4), b"abc\x85");
        assert_eq!(cut("abcd", 4), b"abcd");
    }

    #[test]
    fn a_full_page_is_followed_by_another() {
        let mut paper = Paper::new();
        for number in 0..100 {
            paper.line(&format!("({number}) \\ line"));
        }
        assert_eq!(paper.pages.len(), 2);
        let bytes = paper.finish("x");
        assert!(bytes.starts_with(b"%PDF-1.") && bytes.ends_with(b"%%EOF"));
    }
}
