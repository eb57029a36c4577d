//! Files as answers. What customers made is never a page of ours: it is saved, and where it is shown it is a picture in a
//! sandbox that runs nothing and loads nothing.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use crate::drivers::engine::{EngineStream, OpenFile, VolumePath};

use super::actions::version_of;
use super::model::ImageKind;

/// The policy of what customers made: it runs nothing and loads nothing.
pub const SANDBOX: &str = "default-src 'none'; sandbox";
/// The bytes of `attr-char` (RFC 8187, 3.2.1) stay as they are.
const ATTRIBUTE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// A file, to be saved.
pub fn file(path: &VolumePath, file: OpenFile) -> Response {
    let mut response = saved(
        "application/octet-stream",
        path.name().unwrap_or_default(),
        file.content,
    );
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(file.entry.size));
    if let Ok(tag) = HeaderValue::from_str(&version_of(&file.entry)) {
        headers.insert(header::ETAG, tag);
    }
    response
}

/// A folder, to be saved.
pub fn tar(path: &VolumePath, tar: EngineStream<Bytes>) -> Response {
    let name = path.name().unwrap_or(path.volume().as_bytes());
    saved("application/x-tar", &[name, b".tar"].concat(), tar)
}

/// A picture, to be shown.
pub fn picture(kind: ImageKind, file: OpenFile) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind.media_type()),
        (header::CONTENT_SECURITY_POLICY, SANDBOX),
    ];
    (headers, Body::from_stream(file.content)).into_response()
}

fn saved(media_type: &'static str, name: &[u8], content: EngineStream<Bytes>) -> Response {
    let headers: [(HeaderName, HeaderValue); 3] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(SANDBOX)),
        (header::CONTENT_DISPOSITION, disposition(name)),
    ];
    (headers, Body::from_stream(content)).into_response()
}

/// `attachment` with the name twice (RFC 6266): for old programs in plain letters, and as it is.
pub fn disposition(name: &[u8]) -> HeaderValue {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_. ()".contains(c);
    let lossy = String::from_utf8_lossy(name);
    let plain: String = lossy.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    let exact = percent_encode(lossy.as_bytes(), ATTRIBUTE);
    let value = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{exact}");
    HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static("attachment"))
}

#[cfg(test)]
mod tests {
    use super::disposition;

    #[test]
    fn names_of_downloads_break_no_header() {
        for (name, value) in [
            (
                &b"a.txt"[..],
                "attachment; filename=\"a.txt\"; filename*=UTF-8''a.txt",
            ),
            (
                "Straße \"1\";\r\nx".as_bytes(),
                "attachment; filename=\"Stra_e _1____x\"; filename*=UTF-8''Stra%C3%9Fe%20%221%22%3B%0D%0Ax",
            ),
            (
                b"x\xE9",
                "attachment; filename=\"x_\"; filename*=UTF-8''x%EF%BF%BD",
            ),
        ] {
            assert_eq!(disposition(name).to_str().unwrap(), value);
        }
    }
}
