//! Style sheets, scripts and icons: embedded in the binary, named by the hash of their content, cached for ever.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::platform::error::Error;

use super::extract::Path;

#[derive(RustEmbed)]
#[folder = "static/"]
struct Files;

/// Hash prefix of each file, by name. 72 bits are plenty to tell versions of one file apart.
static HASHES: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let hash = |file: EmbeddedFile| URL_SAFE_NO_PAD.encode(&file.metadata.sha256_hash()[..9]);
    Files::iter()
        .filter_map(|name| Some((name.to_string(), hash(Files::get(&name)?))))
        .collect()
});

/// The address of the embedded file `name`. A file that isn't there gives an address that answers 404.
pub fn asset_path(name: &str) -> String {
    HASHES.get(name).map_or_else(
        || format!("/static/missing/{name}"),
        |hash| format!("/static/{hash}/{name}"),
    )
}

/// Answers `/static/{hash}/{*name}`.
pub async fn asset(Path((hash, name)): Path<(String, String)>) -> Result<Response, Error> {
    let file = Files::get(&name)
        .filter(|_| HASHES.get(&name) == Some(&hash))
        .ok_or(Error::NotFound)?;
    let headers = [
        (header::CONTENT_TYPE, file.metadata.mimetype().to_owned()),
        (
            header::CACHE_CONTROL,
            "public, max-age=31536000, immutable".to_owned(),
        ),
    ];
    Ok((StatusCode::OK, headers, file.data).into_response())
}
