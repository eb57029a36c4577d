//! A server to start tests from: wanted running, reached once, without container.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::ids::{LocationId, ServerId, TenantId};

use super::{Notes, Observation, Power, Resources, Server, Update};

pub(in crate::servers) fn server() -> Server {
    let at = DateTime::<Utc>::UNIX_EPOCH;
    Server {
        id: ServerId(Uuid::from_u128(1)),
        tenant: TenantId(Uuid::from_u128(2)),
        tenant_slug: "acme".to_owned(),
        tenant_name: "Acme".to_owned(),
        is_tenant_active: true,
        is_engine_away: false,
        location: LocationId(Uuid::from_u128(3)),
        name: "web".to_owned(),
        host_name: "web".to_owned(),
        template: "static-site".to_owned(),
        image: "berth/static-site:0123456789ab".to_owned(),
        rebuild_seq: 0,
        tags: Vec::new(),
        suspension: None,
        update: Update::default(),
        stack: None,
        volumes_of: None,
        size: "small-box".to_owned(),
        resources: Resources {
            cpu_millis: 250,
            memory_mib: 256,
            disk_mib: 2048,
        },
        is_disk_enforced: None,
        version: 1,
        power: Power::Running,
        restart_seq: 0,
        deletion: None,
        deleting_at: None,
        stop_reason: None,
        still_for: None,
        generation: 1,
        observed_generation: 1,
        observed_restart_seq: 0,
        observed: Observation::default(),
        notes: Notes::default(),
        created_by: "ada@example.org".to_owned(),
        created_at: at,
        updated_at: at,
    }
}
