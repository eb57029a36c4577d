//! A form whose session ended while somebody typed: it comes back filled in, after they have signed in again.
//!
//! Nothing is stored. What was typed is sealed into the page that asks to sign in, goes through sign-in with it, and is
//! opened by the guard of the form's own address, whose handler shows the form again ([`FormData::submit`]).
//!
//! What must hold: passwords and secrets are never kept; only the person whose session it was gets the form back, and only
//! at its own address; nothing is done before they send it once more. Whose it was, a cookie tells that goes with the
//! session's and outlives it: sealed as well, and no proof of anything else. A form from another site gets here no more
//! than anywhere else ([`super::refuse_cross_origin`]).

use axum::body::Body;
use axum::extract::{FromRequest as _, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use crate::platform::access::Actor;
use crate::platform::error::Error;
use crate::platform::ids::UserId;
use crate::platform::secret::Keyring;

use super::extract::body;
use super::form::FormData;
use super::guard::Kit;
use super::page::Ctx;

/// Who signed in here last. The prefix is that of the session's cookie.
const COOKIE: &str = "__Host-berth-who";
/// The field of sign-in and of the way back that carries a kept form.
pub const KEPT: &str = "kept";
/// The query of a form's address that says: this is one that comes back.
const QUERY: &str = "returned";
/// Until the next morning, for who leaves a form open in the evening.
const KEPT_FOR: Duration = Duration::hours(24);
/// Bytes of a kept form as it is sent. Far more than our forms take; what is longer is not carried through sign-in.
const MAX_KEPT: usize = 96 * 1024;

/// Draws the page that asks to sign in again, with a kept form; set by `routes.rs`, which knows the features.
#[derive(Clone, Copy)]
pub struct AskAgain(pub fn(Ctx, String) -> Response);

/// A form, and for whom it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    user: UserId,
    path: String,
    fields: Vec<(String, String)>,
    until: DateTime<Utc>,
}

/// Seals for a cookie or a form; nothing if the key file is empty.
fn seal(keyring: &Keyring, context: &str, plain: &[u8]) -> Option<String> {
    let sealed = keyring.seal(context, plain).ok()?;
    Some(URL_SAFE_NO_PAD.encode(sealed))
}

fn open(keyring: &Keyring, context: &str, sealed: &str) -> Option<Vec<u8>> {
    let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
    Some(keyring.open(context, &sealed).ok()?.to_vec())
}

/// The cookie that tells, once the session is over, whose it was; removed when somebody signs out.
pub fn who_cookie(keyring: &Keyring, user: Option<UserId>) -> Cookie<'static> {
    let value = user.and_then(|user| seal(keyring, COOKIE, user.0.as_bytes()));
    let is_gone = value.is_none();
    let mut cookie = Cookie::build((COOKIE, value.unwrap_or_default()))
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .build();
    if is_gone {
        cookie.make_removal();
    }
    cookie
}

fn whose(keyring: &Keyring, headers: &HeaderMap) -> Option<UserId> {
    let cookies = CookieJar::from_headers(headers);
    let id = open(keyring, COOKIE, cookies.get(COOKIE)?.value())?;
    uuid::Uuid::from_slice(&id).ok().map(UserId)
}

/// Asks to sign in, and carries the form if it is known whose it is.
pub(super) async fn ask_again(kit: &Kit, request: Request) -> Response {
    let ctx = Ctx::plain(request.extensions(), "/sign-in");
    let ask = request.extensions().get::<AskAgain>().copied();
    let (Some(AskAgain(ask)), Some(kept)) = (ask, keep(kit, request).await) else {
        return Error::SignInRequired.into_response();
    };
    let challenge = [(header::WWW_AUTHENTICATE, "Cookie realm=\"berth\"")];
    (StatusCode::UNAUTHORIZED, challenge, ask(ctx, kept)).into_response()
}

async fn keep(kit: &Kit, request: Request) -> Option<String> {
    let user = whose(&kit.keyring, request.headers())?;
    let path = request.uri().path().to_owned();
    let fields = typed(request).await?.without_secrets();
    let kept = Kept {
        user,
        path,
        fields,
        until: kit.clock.now() + KEPT_FOR,
    };
    seal(&kit.keyring, KEPT, &serde_json::to_vec(&kept).ok()?).filter(|sealed| sealed.len() <= MAX_KEPT)
}

/// What was typed into a form. Of one with files those are not kept, nor what stands after them.
async fn typed(request: Request) -> Option<FormData> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Ok(boundary) = multer::parse_boundary(kind) else {
        return FormData::from_request(request, &()).await.ok();
    };
    let mut parts = multer::Multipart::new(request.into_body().into_data_stream(), boundary);
    let (mut fields, mut size) = (Vec::new(), 0);
    while let Some(mut part) = parts.next_field().await.ok()? {
        if part.file_name().is_some() {
            break;
        }
        let name = part.name().unwrap_or_default().to_owned();
        let mut value: Vec<u8> = Vec::new();
        while let Some(piece) = part.chunk().await.ok()? {
            size += piece.len();
            if size > MAX_KEPT {
                return None;
            }
            value.extend_from_slice(&piece);
        }
        fields.push((name, String::from_utf8(value).ok()?));
    }
    Some(fields.into_iter().collect())
}

/// Where `user` gets a kept form back: the address to post it to. Nothing if it is another's, too old or no such thing.
pub fn way_back(keyring: &Keyring, kept: &str, user: UserId, now: DateTime<Utc>) -> Option<String> {
    let kept = opened(keyring, kept, user, now)?;
    Some(format!("{}?{QUERY}", kept.path))
}

fn opened(keyring: &Keyring, kept: &str, user: UserId, now: DateTime<Utc>) -> Option<Kept> {
    let kept: Kept = serde_json::from_slice(&open(keyring, KEPT, kept)?).ok()?;
    (kept.user == user && now < kept.until).then_some(kept)
}

/// Puts a kept form that comes back in the place of what was sent; any other request stays as it is.
pub(super) async fn bring_back(kit: &Kit, request: Request) -> Result<Request, Error> {
    if request.uri().query() != Some(QUERY) {
        return Ok(request);
    }
    let (mut parts, content) = request.into_parts();
    let bytes = body(Request::from_parts(parts.clone(), content), &()).await?;
    let sent = serde_html_form::from_bytes::<Vec<(String, String)>>(&bytes).unwrap_or_default();
    // A form without an address of its own is sent to that of the page: this one.
    if let Some((_, sealed)) = sent.iter().find(|(name, _)| name == KEPT) {
        let user = parts.extensions.get::<Actor>().map(|actor| actor.user);
        let kept = user.and_then(|user| opened(&kit.keyring, sealed, user, kit.clock.now()));
        let kept = kept.filter(|kept| kept.path == parts.uri.path());
        let kept = kept.ok_or_else(|| Error::BadRequest {
            code: "bad-form",
            message: "What was typed here is no longer kept".to_owned(),
        })?;
        parts.extensions.insert(FormData::returned(kept.fields));
    }
    Ok(Request::from_parts(parts, Body::from(bytes)))
}
