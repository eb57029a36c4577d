-- How a check fails: a certificate that runs out is no outage, and each is told by itself.
alter table monitor_check
  -- The last looks as in recent, set where more than the certificate failed; and since when they say of that what the newest says.
  add column outages int not null default 0,
  add column outage_at timestamptz,
  -- Whether its certificate was told to be failing, and not yet to be well again. The rest is told_bad.
  add column told_certificate boolean not null default false;
update monitor_check set outages = recent where not is_certificate;

-- What is failing for a certificate is told under a cause of its own.
update monitor_check c set told_certificate = true, told_bad = false
  from incident i where i.cause = 'check:' || c.id and i.state = 'open' and i.signature = 'certificate';
update breakdown b set cause = b.cause || ':certificate'
  from incident i where i.id = b.incident_id and i.cause = 'check:' || i.check_id and i.state = 'open' and i.signature = 'certificate';
update incident set cause = cause || ':certificate'
  where cause = 'check:' || check_id and state = 'open' and signature = 'certificate';

drop index monitor_check_untold;
create index monitor_check_untold on monitor_check (state_at)
  where (told_bad <> (state = 'bad' and not is_certificate)
    or told_certificate <> (state = 'bad' and (is_certificate or told_certificate)));

-- A server goes to another tenant although a check of another server waits for one of its own, or the other way round: its checks
-- end with that, and the dependence with them. That both are of one tenant is looked at when it is made.
alter table monitor_check
  drop constraint monitor_check_tenant_id_depends_on_fkey,
  add constraint monitor_check_depends_on_fkey foreign key (depends_on) references monitor_check on delete set null;
drop index monitor_check_depends;
create index monitor_check_depends on monitor_check (depends_on) where depends_on is not null;
