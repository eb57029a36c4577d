//! How a row becomes a [`Server`].

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::ids::{LocationId, ServerId, StackId, TenantId};

use super::super::model::{
    Condition, Deletion, FailedUpdate, Notes, Observation, Power, Resources, Seen, Server, StackPlace, Step,
    Suspension, Update,
};

/// The columns of a server with what is shown beside it everywhere.
#[expect(clippy::struct_excessive_bools, reason = "a row as the table has it")]
pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) tenant_id: Uuid,
    pub(super) tenant_slug: String,
    pub(super) tenant_name: String,
    pub(super) is_tenant_active: bool,
    pub(super) is_engine_away: bool,
    pub(super) location_id: Uuid,
    pub(super) name: String,
    pub(super) host_name: String,
    pub(super) template: String,
    pub(super) image: String,
    pub(super) rebuild_seq: i64,
    pub(super) tags: Vec<String>,
    pub(super) suspended_at: Option<DateTime<Utc>>,
    pub(super) suspended_reason: Option<String>,
    pub(super) proven_image: Option<String>,
    pub(super) failed_image: Option<String>,
    pub(super) failed_reason: Option<String>,
    pub(super) rollback_generation: Option<i64>,
    pub(super) stack_id: Option<Uuid>,
    pub(super) stack_blueprint: Option<String>,
    pub(super) stack_part: Option<String>,
    pub(super) stack_replica: Option<i32>,
    pub(super) volumes_of: Option<Uuid>,
    pub(super) size_id: String,
    pub(super) cpu_millis: i64,
    pub(super) memory_mib: i64,
    pub(super) disk_mib: i64,
    pub(super) is_disk_enforced: Option<bool>,
    pub(super) version: i64,
    pub(super) power: String,
    pub(super) restart_seq: i64,
    pub(super) deleted_at: Option<DateTime<Utc>>,
    pub(super) deleted_by: Option<String>,
    pub(super) kept_until: Option<DateTime<Utc>>,
    pub(super) deleting_at: Option<DateTime<Utc>>,
    pub(super) stop_reason: Option<String>,
    pub(super) still_for: Option<Uuid>,
    pub(super) generation: i64,
    pub(super) observed_generation: i64,
    pub(super) observed_restart_seq: i64,
    pub(super) observed_state: String,
    pub(super) observed_health: String,
    pub(super) observed_complaint: Option<String>,
    pub(super) observed_exit_code: Option<i64>,
    pub(super) observed_oom: bool,
    pub(super) observed_restarts: i64,
    pub(super) observed_spec: Option<String>,
    pub(super) observed_outdated: bool,
    pub(super) running_since: Option<DateTime<Utc>>,
    pub(super) current_step: Option<String>,
    pub(super) last_error: Option<String>,
    pub(super) error_count: i32,
    pub(super) retry_at: Option<DateTime<Utc>>,
    pub(super) created_by: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
}

/// The checked macro takes literals only, so what all queries of servers have in common is put together here.
macro_rules! select {
    ($rest:expr, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            $crate::servers::store::rows::Row,
            "select s.id, s.tenant_id, t.slug as tenant_slug, t.name as tenant_name, \
             t.status = 'active' as \"is_tenant_active!\", l.engine_error is not null as \"is_engine_away!\", \
             s.location_id, s.name, s.host_name, s.template, s.image, s.rebuild_seq, s.tags, \
             s.suspended_at, s.suspended_reason, s.proven_image, s.failed_image, s.failed_reason, \
             s.rollback_generation, s.stack_id, s.stack_blueprint, s.stack_part, s.stack_replica, s.volumes_of, s.size_id, s.cpu_millis, s.memory_mib, s.disk_mib, \
             s.is_disk_enforced, s.version, \
             s.power, s.restart_seq, s.deleted_at, s.deleted_by, s.kept_until, s.deleting_at, s.stop_reason, s.still_for, s.generation, s.observed_generation, s.observed_restart_seq, \
             s.observed_state, s.observed_health, s.observed_complaint, s.observed_exit_code, s.observed_oom, s.observed_restarts, \
             s.observed_spec, s.observed_outdated, s.running_since, s.current_step, s.last_error, s.error_count, \
             s.retry_at, s.created_by, s.created_at, s.updated_at \
             from server s join tenant t on t.id = s.tenant_id join location l on l.id = s.location_id "
                + $rest,
            $($argument),+
        )
    };
}
pub(super) use select;

impl Row {
    /// Its place in a stack: all four columns, or none.
    fn place(&self) -> Option<StackPlace> {
        Some(StackPlace {
            stack: StackId(self.stack_id?),
            blueprint: self.stack_blueprint.clone()?,
            part: self.stack_part.clone()?,
            replica: self.stack_replica?,
        })
    }

    fn resources(&self) -> Resources {
        Resources {
            cpu_millis: self.cpu_millis,
            memory_mib: self.memory_mib,
            disk_mib: self.disk_mib,
        }
    }

    /// What was seen of its container last.
    fn observed(&self) -> Observation {
        Observation {
            seen: Seen::read(&self.observed_state),
            health: Condition::read(&self.observed_health),
            complaint: self.observed_complaint.clone(),
            exit_code: self.observed_exit_code,
            out_of_memory: self.observed_oom,
            restarts: self.observed_restarts,
            spec: self.observed_spec.clone(),
            running_since: self.running_since,
        }
    }
}

impl From<Row> for Server {
    fn from(row: Row) -> Self {
        let (observed, stack, resources) = (row.observed(), row.place(), row.resources());
        Self {
            id: ServerId(row.id),
            tenant: TenantId(row.tenant_id),
            tenant_slug: row.tenant_slug,
            tenant_name: row.tenant_name,
            is_tenant_active: row.is_tenant_active,
            is_engine_away: row.is_engine_away,
            location: LocationId(row.location_id),
            name: row.name,
            host_name: row.host_name,
            template: row.template,
            image: row.image,
            rebuild_seq: row.rebuild_seq,
            tags: row.tags,
            suspension: row
                .suspended_at
                .zip(row.suspended_reason)
                .map(|(at, reason)| Suspension { at, reason }),
            update: Update {
                proven: row.proven_image,
                failed: row
                    .failed_image
                    .zip(row.failed_reason)
                    .map(|(image, reason)| FailedUpdate { image, reason }),
                rollback_generation: row.rollback_generation,
            },
            stack,
            volumes_of: row.volumes_of.map(ServerId),
            size: row.size_id,
            resources,
            is_disk_enforced: row.is_disk_enforced,
            version: row.version,
            power: Power::read(&row.power),
            restart_seq: row.restart_seq,
            deletion: row.deleted_at.map(|at| Deletion {
                at,
                by: row.deleted_by,
                kept_until: row.kept_until,
            }),
            deleting_at: row.deleting_at,
            stop_reason: row.stop_reason,
            still_for: row.still_for.map(ServerId),
            generation: row.generation,
            observed_generation: row.observed_generation,
            observed_restart_seq: row.observed_restart_seq,
            observed,
            notes: Notes {
                step: row.current_step.as_deref().and_then(Step::read),
                error: row.last_error,
                failures: row.error_count,
                retry_at: row.retry_at,
                is_outdated: row.observed_outdated,
            },
            created_by: row.created_by,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
