//! What the parts of a stack know of each other: answers that nobody changes at one of them alone.

use crate::app::App;
use crate::platform::error::FieldErrors;

use super::super::model::{Server, StoredVariable};
use super::settings::{SettingsInput, VariableChange};

/// What the parts of a stack know of each other is not changed at one of them: the others would not find it any more.
pub(super) fn refuse_tied(
    app: &App,
    server: &Server,
    stored: &[StoredVariable],
    input: &SettingsInput,
    errors: &mut FieldErrors,
) {
    for (key, change) in &input.variables {
        let now = stored.iter().find(|variable| variable.key == *key);
        let now = now.and_then(|variable| variable.value.clone());
        let is_change = now.map(VariableChange::Set).as_ref() != Some(change);
        if is_change && is_tied(app, server, key) {
            let message = "This is what the parts of its stack know of each other. A password is changed for all of them on the stack's page; the rest stays.";
            errors.add(&format!("variables.{key}"), message);
        }
    }
}

/// Whether a server's variable hangs together with other parts of its stack.
pub fn is_tied(app: &App, server: &Server, key: &str) -> bool {
    let Some(place) = &server.stack else {
        return false;
    };
    let blueprint = app.catalogue.blueprint(&place.blueprint);
    blueprint.is_some_and(|blueprint| blueprint.is_tied(&place.part, key))
}
