drop function idempotency_done;
alter table idempotency_key drop column is_done;
alter table tenant_network drop constraint tenant_network_tenant_id_fkey;
alter table tenant_network add constraint tenant_network_tenant_id_fkey foreign key (tenant_id) references tenant;
drop trigger membership_ended on membership;
drop function membership_ended;
