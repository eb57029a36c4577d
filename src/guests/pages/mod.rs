//! The tab of a server that tells whom it is shared with, for those who may share it.

pub mod edit;
pub mod list;

use crate::platform::access::TenantScope;
use crate::platform::error::FieldError;
use crate::platform::ids::ServerId;
use crate::platform::web::{FormData, FormState};

use super::model::{CHECKLIST, Group, Until, Wanted};

/// Where the tab is.
fn path(scope: &TenantScope, id: ServerId) -> String {
    format!("/t/{}/servers/{id}/guests", scope.member.slug)
}

/// What to give, in a form that came in, or that is to be shown.
#[derive(Debug, Default)]
pub struct Fields(FormState);

impl Fields {
    fn checklist(&self) -> &'static [Group] {
        CHECKLIST
    }

    /// Whether a box is set.
    fn has(&self, name: &str) -> bool {
        self.0.has("permissions", name)
    }

    fn error(&self, field: &str) -> &str {
        self.0.error(field)
    }

    fn errors(&self) -> &[FieldError] {
        self.0.errors()
    }

    fn value(&self, field: &str) -> &str {
        self.0.value(field)
    }
}

/// What a form asks to give.
fn wanted(form: &FormData) -> Wanted<'_> {
    Wanted {
        permissions: form.all("permissions").collect(),
        until: Until::Day(form.get("until")),
    }
}
