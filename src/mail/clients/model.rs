//! What a mail program has to know, and reading what programs ask. Pure.

use serde::Serialize;
use utoipa::ToSchema;
use xmltree::Element;

use crate::drivers::mail::MailPorts;
use crate::mail::model::{Address, DomainName};

/// How a connection is kept from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MailEncryption)]
pub enum Encryption {
    /// From its first byte on (RFC 8314, 3).
    Tls,
    /// After the word STARTTLS (RFC 3207).
    StartTls,
}

impl Encryption {
    /// What programs call it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Tls => "SSL/TLS",
            Self::StartTls => "STARTTLS",
        }
    }
}

/// A service that programs connect to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Server {
    /// `imap`, `pop3` or `smtp`.
    pub protocol: &'static str,
    /// What it is for.
    pub label: &'static str,
    /// Where on the mail service's host.
    pub port: u16,
    /// How it is kept from others.
    pub encryption: Encryption,
}

impl Server {
    /// Whether mail is sent by it.
    pub fn sends(&self) -> bool {
        self.protocol == "smtp"
    }
}

/// All services, the ones that programs are to prefer first.
pub fn servers(ports: MailPorts) -> [Server; 4] {
    let server = |protocol, label, port, encryption| Server {
        protocol,
        label,
        port,
        encryption,
    };
    [
        server("imap", "Incoming mail (IMAP)", ports.imaps, Encryption::Tls),
        server("pop3", "Incoming mail (POP3)", ports.pop3s, Encryption::Tls),
        server("smtp", "Outgoing mail (SMTP)", ports.submissions, Encryption::Tls),
        server(
            "smtp",
            "Outgoing mail (SMTP), if the other is blocked",
            ports.submission,
            Encryption::StartTls,
        ),
    ]
}

/// Text as it stands in XML 1.0, between tags and in values. What XML can't hold at all is left out.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' | '\n' | '\r' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => {}
            c => out.push(c),
        }
    }
    out
}

/// The domain that a program asks about: that of the address, or, if it names none, that of the host it asks at
/// (`autoconfig.example.com` is about `example.com`).
pub fn domain_asked(address: Option<&str>, host: Option<&str>) -> Option<DomainName> {
    if let Some(address) = address.filter(|address| !address.trim().is_empty()) {
        let (_, domain) = address.rsplit_once('@')?;
        return DomainName::parse(domain).ok();
    }
    let name = host?.split(':').next()?;
    let name = ["autoconfig.", "autodiscover."]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .unwrap_or(name);
    DomainName::parse(name).ok()
}

/// As long as a request of a mail program may be.
pub const LONGEST: usize = 16 * 1024;
/// As many tags as it may have. Building a tree takes the stack, and a real request has a dozen.
const MOST_TAGS: usize = 64;

/// The address in Microsoft's question (`MS-OXDSCLI`, 2.2.3.1), or why there is none.
///
/// # Errors
/// A sentence for whoever wrote the program.
pub fn address_asked(body: &[u8]) -> Result<Address, &'static str> {
    if body.len() > LONGEST {
        return Err("The request is too long.");
    }
    let text = std::str::from_utf8(body).map_err(|_| "The request is not UTF-8.")?;
    if text.contains("<!") {
        // Neither a document type, whose entities could grow without end, nor anything else that no program sends.
        return Err("The request has declarations in it.");
    }
    if text.matches('<').count() > MOST_TAGS {
        return Err("The request has too many tags.");
    }
    let text = text.trim_start_matches('\u{FEFF}').trim_start();
    let root = Element::parse(text.as_bytes()).map_err(|_| "The request is not XML.")?;
    let request = root.get_child("Request");
    let address = request.and_then(|request| request.get_child("EMailAddress"));
    let address = address.and_then(Element::get_text);
    let address = address.ok_or("The request names no EMailAddress.")?;
    Address::parse(address.trim()).map_err(|_| "The request's EMailAddress is no address.")
}

/// The answer to Mozilla's question (wiki.mozilla.org/Thunderbird:Autoconfiguration:ConfigFileFormat). Programs put their own
/// address where the placeholder stands.
pub fn mozilla(domain: &DomainName, host: &str, servers: &[Server]) -> String {
    let mut out =
        String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<clientConfig version=\"1.1\">\n");
    let (name, shown) = (escaped(domain.as_str()), escaped(&domain.shown()));
    out.push_str(
        &[
            "<emailProvider id=\"",
            &name,
            "\">\n<domain>",
            &name,
            "</domain>\n<displayName>",
            &shown,
            "</displayName>\n<displayShortName>",
            &shown,
            "</displayShortName>\n",
        ]
        .concat(),
    );
    for server in servers {
        let tag = if server.sends() {
            "outgoingServer"
        } else {
            "incomingServer"
        };
        let socket = match server.encryption {
            Encryption::Tls => "SSL",
            Encryption::StartTls => "STARTTLS",
        };
        out.push_str(&[
            "<", tag, " type=\"", server.protocol, "\">\n<hostname>", &escaped(host), "</hostname>\n<port>",
            &server.port.to_string(), "</port>\n<socketType>", socket,
            "</socketType>\n<authentication>password-cleartext</authentication>\n<username>%EMAILADDRESS%</username>\n</",
            tag, ">\n",
        ]
        .concat());
    }
    out.push_str("</emailProvider>\n</clientConfig>\n");
    out
}

/// The answer to Microsoft's question (`MS-OXDSCLI`, 2.2.4.1.1.2).
pub fn microsoft(address: &Address, host: &str, servers: &[Server]) -> String {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006\">\n\
         <Response xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a\">\n\
         <Account>\n<AccountType>email</AccountType>\n<Action>settings</Action>\n",
    );
    for server in servers {
        let encryption = match server.encryption {
            Encryption::Tls => "<SSL>on</SSL>\n<Encryption>SSL</Encryption>",
            Encryption::StartTls => "<SSL>on</SSL>\n<Encryption>TLS</Encryption>",
        };
        out.push_str(
            &[
                "<Protocol>\n<Type>",
                &server.protocol.to_ascii_uppercase(),
                "</Type>\n<Server>",
                &escaped(host),
                "</Server>\n<Port>",
                &server.port.to_string(),
                "</Port>\n<LoginName>",
                &escaped(address.as_str()),
                "</LoginName>\n<DomainRequired>off</DomainRequired>\n<SPA>off</SPA>\n",
                encryption,
                "\n<AuthRequired>on</AuthRequired>\n</Protocol>\n",
            ]
            .concat(),
        );
    }
    out.push_str("</Account>\n</Response>\n</Autodiscover>\n");
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asked(address: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\
             <Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006\"><Request>\
             <EMailAddress>{address}</EMailAddress><AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/\
             outlook/responseschema/2006a</AcceptableResponseSchema></Request></Autodiscover>"
        )
    }

    #[test]
    fn what_outlook_asks_is_read() {
        let address = address_asked(asked("ada@example.com").as_bytes()).unwrap();
        assert_eq!(address.as_str(), "ada@example.com");
        address_asked(format!("\u{FEFF}{}", asked(" ada@example.com ")).as_bytes()).unwrap();
    }

    #[test]
    fn what_is_hostile_is_refused() {
        let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;&b;\">]>".to_owned() + &asked("&c;");
        let deep = "<a>".repeat(5_000) + &"</a>".repeat(5_000);
        let long = asked(&"a".repeat(LONGEST));
        for body in [
            bomb.as_str(),
            &deep,
            &long,
            "",
            "ada@example.com",
            "<Autodiscover/>",
            &asked("ada"),
        ] {
            assert!(address_asked(body.as_bytes()).is_err(), "{body:.60}");
        }
        assert!(address_asked(&[0xff, 0xfe]).is_err());
    }

    #[test]
    fn the_domain_is_of_the_address_or_of_the_host() {
        let asked = |address, host| domain_asked(address, host).map(|name| name.as_str().to_owned());
        assert_eq!(
            asked(Some("a@Example.com"), Some("panel.test")).as_deref(),
            Some("example.com")
        );
        assert_eq!(
            asked(None, Some("autoconfig.example.com:443")).as_deref(),
            Some("example.com")
        );
        assert_eq!(
            asked(Some(" "), Some("example.com")).as_deref(),
            Some("example.com")
        );
        assert_eq!(asked(Some("nobody"), Some("example.com")), None);
        assert_eq!(asked(None, None), None);
    }

    #[test]
    fn the_answers_are_xml_whatever_the_host_is_called() {
        let domain = DomainName::trusted("example.com".to_owned());
        let all = servers(MailPorts::default());
        let text = mozilla(&domain, "mail.<b>&\"", &all);
        let root = Element::parse(text.as_bytes()).unwrap();
        let provider = root.get_child("emailProvider").unwrap();
        let incoming = provider.get_child("incomingServer").unwrap();
        let host = incoming.get_child("hostname").and_then(Element::get_text);
        assert_eq!(host.as_deref(), Some("mail.<b>&\""));
        let address = Address::parse("ada&bob@example.com").unwrap();
        let root = Element::parse(microsoft(&address, "mail.test", &all).as_bytes()).unwrap();
        let account = root
            .get_child("Response")
            .and_then(|response| response.get_child("Account"));
        let protocol = account.and_then(|account| account.get_child("Protocol")).unwrap();
        let login = protocol.get_child("LoginName").and_then(Element::get_text);
        assert_eq!(login.as_deref(), Some("ada&bob@example.com"));
    }

    proptest! {
        #[test]
        fn reading_never_panics(body in prop::collection::vec(any::<u8>(), 0..200), text in "[<>/a&;!?\"= ]{0,80}") {
            let _ = address_asked(&body);
            let _ = address_asked(text.as_bytes());
            let _ = domain_asked(Some(&text), Some(&text));
        }

        #[test]
        fn whatever_is_escaped_is_text(text in "\\PC{0,40}") {
            let read = Element::parse(format!("<a>{}</a>", escaped(&text)).as_bytes());
            prop_assert!(read.is_ok());
        }
    }
}
