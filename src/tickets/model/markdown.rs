//! What people wrote, as HTML that can do nothing: no markup of their own, no pictures from elsewhere, no links but to the web
//! and to mail addresses. Two walls stand one behind the other: what the Markdown makes, and what the sanitiser leaves of it.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};

/// Lists and quotes in each other deeper than this are drawn flat: a browser lays out a thousand of them for seconds.
const DEEPEST: usize = 16;

/// The elements that the Markdown can make, but for pictures.
const ELEMENTS: [&str; 25] = [
    "a",
    "blockquote",
    "br",
    "code",
    "del",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "strong",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
];

static CLEAN: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut clean = Builder::new();
    clean
        .tags(HashSet::from(ELEMENTS))
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href", "title"])),
            ("ol", HashSet::from(["start"])),
        ]))
        .generic_attributes(HashSet::new())
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("nofollow noopener noreferrer"));
    clean
});

/// HTML that [`render`] made, which a template prints as it is.
#[derive(Debug, Clone)]
pub struct Html(String);

impl std::fmt::Display for Html {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::ops::Deref for Html {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

/// Draws Markdown as safe HTML.
pub fn render(body: &str) -> Html {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let mut kept = Vec::new();
    let events = Parser::new_ext(body, options).filter_map(|event| shallow(plain(event), &mut kept));
    let mut made = String::with_capacity(body.len() * 3 / 2);
    html::push_html(&mut made, events);
    Html(CLEAN.clean(&made).to_string())
}

/// Markup becomes the text that it is, a picture a link to it, and an end of a line one: people write as they do in a mail.
fn plain(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::HtmlBlock) => Event::Start(Tag::Paragraph),
        Event::End(TagEnd::HtmlBlock) => Event::End(TagEnd::Paragraph),
        Event::Start(Tag::Image {
            link_type,
            dest_url,
            title,
            id,
        }) => Event::Start(Tag::Link {
            link_type,
            dest_url,
            title,
            id,
        }),
        Event::End(TagEnd::Image) => Event::End(TagEnd::Link),
        Event::SoftBreak => Event::HardBreak,
        other => other,
    }
}

/// Leaves out what begins too deep, with its end. `kept` tells of all that has begun and not ended whether it was kept.
fn shallow<'a>(event: Event<'a>, kept: &mut Vec<bool>) -> Option<Event<'a>> {
    let is_kept = match event {
        Event::Start(_) => {
            let is_kept = kept.len() < DEEPEST;
            kept.push(is_kept);
            is_kept
        }
        Event::End(_) => kept.pop().unwrap_or_default(),
        _ => true,
    };
    is_kept.then_some(event)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_people_write_looks_as_they_mean_it() {
        let html = render("# Down\n\n**Not** `up`\nsince *noon*:\n\n- a\n- ~~b~~\n\n```sh\nls <dir>\n```\n");
        for part in [
            "<h1>Down</h1>",
            "<strong>Not</strong> <code>up</code><br>",
            "<em>noon</em>",
            "<del>b</del>",
            "ls &lt;dir&gt;",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        let table = render("|a|b|\n|-|-|\n|1|2|\n");
        assert!(table.contains("<td>1</td>"), "{table}");
        let link = render("[status](https://example.com/?a=1&b=2 \"now\") <ada@example.com>");
        assert!(link.contains("rel=\"nofollow noopener noreferrer\""), "{link}");
        assert!(
            link.contains("href=\"https://example.com/?a=1&amp;b=2\""),
            "{link}"
        );
        assert!(link.contains("href=\"mailto:ada@example.com\""), "{link}");
    }

    #[test]
    fn hostile_text_stays_text() {
        let hostile = [
            "<script>alert(1)</script>",
            "a <img src=x onerror=alert(1)> b",
            "<svg onload=alert(1)><script href=data:,alert(1) /></svg>",
            "<svg><animate onbegin=alert(1) attributeName=x></svg>",
            "<a href=\"javascript:alert(1)\">x</a>",
            "[x](javascript:alert(1))",
            "[x](JaVa\tScript:alert(1))",
            "[x](&#106;avascript:alert(1))",
            "[x](data:text/html;base64,PHNjcmlwdD4=)",
            "[x](vbscript:x)",
            "[x](//evil.example/)",
            "[x](/staff/people)",
            "<javascript:alert(1)>",
            "![p](https://evil.example/pixel.gif)",
            "![p](data:image/svg+xml;base64,PHN2Zz4=)",
            "[x]: javascript:alert(1)\n\n[x]",
            "<style>body{display:none}</style>",
            "<iframe src=https://evil.example></iframe>",
            "<form action=/sign-out method=post><button>x</button></form>",
            "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
            "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
            "`</code><script>alert(1)</script>`",
            "```\"onmouseover=alert(1) x=\"\ncode\n```",
            "# h {onclick=alert(1) .x #y}",
        ];
        for text in hostile {
            check(text);
        }
        let picture = render("![p](https://evil.example/pixel.gif)");
        assert!(
            picture.contains("<a href=\"https://evil.example/pixel.gif\""),
            "{picture}"
        );
        assert!(render("a <b>x</b>").contains("&lt;b&gt;"));
    }

    /// Parses what was made as a browser does, and looks at what it would do.
    fn check(text: &str) {
        let html = render(text);
        let page = scraper::Html::parse_fragment(&html);
        for node in page.tree.values() {
            let Some(element) = node.as_element() else {
                continue;
            };
            let name = element.name();
            assert!(
                ELEMENTS.contains(&name) || ["html", "head", "body"].contains(&name),
                "{name} in {html} of {text}"
            );
            for (attribute, value) in element.attrs() {
                assert!(
                    ["href", "title", "rel", "start"].contains(&attribute),
                    "{attribute} in {html}"
                );
                let goes = ["http://", "https://", "mailto:"];
                let is_good = attribute != "href" || goes.iter().any(|scheme| value.starts_with(scheme));
                assert!(is_good, "{value} in {html} of {text}");
            }
        }
    }

    #[test]
    fn depth_is_bounded() {
        let bombs = [
            ">".repeat(60_000),
            "> ".repeat(30_000) + "deep",
            "- ".repeat(30_000) + "deep",
            "[".repeat(60_000),
            "![".repeat(30_000) + &"](x)".repeat(8_000),
            "*a ".repeat(20_000),
            "<b>".repeat(20_000),
        ];
        for bomb in bombs {
            let html = render(&bomb);
            let quotes = html.matches("<blockquote").count() + html.matches("<ul").count();
            assert!(quotes <= DEEPEST, "{quotes}");
        }
        assert!(render(&("> ".repeat(100) + "deep")).contains("deep"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn nothing_that_can_be_typed_does_anything(text in "[a<>\\[\\]()!`#*>:/\"'=& \n]{0,80}|(<[a-z]{1,8} on[a-z]{4}=[a-z(]{1,6}>|\\[x\\]\\([a-z]{4,10}:[a-z/]{1,9}\\)){1,6}") {
            check(&text);
        }
    }
}
