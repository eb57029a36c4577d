//! `berth openapi`: the API's description, as committed in `openapi.json`.

/// The document as pretty JSON.
pub(super) fn document() -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(&crate::routes::all().document())?)
}
