//! Incidents for tests of what is pure.

use chrono::DateTime;
use serde_json::json;
use uuid::Uuid;

use crate::monitoring::{Incident, IncidentState, Signature};
use crate::platform::ids::IncidentId;

/// An open incident of nobody in particular.
pub(super) fn incident(signature: Signature, summary: &str) -> Incident {
    Incident {
        id: IncidentId(Uuid::from_u128(1)),
        tenant: None,
        location: None,
        server: None,
        check: None,
        cause: "test".to_owned(),
        signature,
        summary: summary.to_owned(),
        detail: json!({}),
        state: IncidentState::Open,
        began_at: DateTime::UNIX_EPOCH,
        opened_at: DateTime::UNIX_EPOCH,
        ended_at: None,
        flaps: 0,
        parent: None,
        maintenance: None,
    }
}
