drop function schema_version, enqueue_job;
drop table instance_setting, idempotency_key, operation_step, operation, outbox, audit_event;
drop function outbox_notify, berth_user, berth_tenant;
