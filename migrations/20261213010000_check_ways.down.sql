drop index monitor_check_depends;
create index monitor_check_depends on monitor_check (tenant_id, depends_on) where depends_on is not null;
update monitor_check c set depends_on = null
  from monitor_check o where o.id = c.depends_on and o.tenant_id <> c.tenant_id;
alter table monitor_check
  drop constraint monitor_check_depends_on_fkey,
  add constraint monitor_check_tenant_id_depends_on_fkey foreign key (tenant_id, depends_on)
    references monitor_check (tenant_id, id) on delete set null (depends_on);

drop index monitor_check_untold;
-- Where both fail, the certificate's is over; it is told again when the other one is.
update incident_span s set ended_at = greatest(now(), s.began_at)
  from incident i, incident o where i.id = s.incident_id and s.ended_at is null and i.state = 'open'
    and i.cause = 'check:' || i.check_id || ':certificate' and o.cause = 'check:' || i.check_id and o.state = 'open';
update incident i set state = 'closed', ended_at = greatest(now(), i.began_at), changed_at = now()
  from incident o where i.state = 'open' and i.cause = 'check:' || i.check_id || ':certificate'
    and o.cause = 'check:' || i.check_id and o.state = 'open';
update breakdown set cause = left(cause, -char_length(':certificate')) where cause like 'check:%:certificate';
update incident set cause = 'check:' || check_id where cause = 'check:' || check_id || ':certificate';
update monitor_check set told_bad = true where told_certificate;
alter table monitor_check
  drop column outages,
  drop column outage_at,
  drop column told_certificate;
create index monitor_check_untold on monitor_check (state_at) where told_bad <> (state = 'bad');
