-- A breakdown that comes back has evidence of its own, and a log that could not be read follows.

alter table breakdown
  -- When it opened, or came back last.
  add column failed_at timestamptz;
update breakdown set failed_at = opened_at;
alter table breakdown alter column failed_at set not null;

alter table breakdown_evidence
  -- The opening or relapse that it is of.
  add column failed_at timestamptz,
  -- When the log, which could not be read, is asked for next; null if it was read, or is given up.
  add column log_next_at timestamptz,
  add column log_tries int not null default 0;
update breakdown_evidence e set failed_at = b.failed_at from breakdown b
  where b.incident_id = e.incident_id and b.ticket_id = e.ticket_id;
alter table breakdown_evidence
  alter column failed_at set not null,
  drop constraint breakdown_evidence_pkey,
  add primary key (incident_id, ticket_id, failed_at);
create index breakdown_evidence_log on breakdown_evidence (log_next_at) where log_next_at is not null;

-- An incident's cause was made longer by each move of its server, until no move was possible any more.
update incident set cause = regexp_replace(cause, '(:' || id || ')+$', ':' || id) where cause like '%:' || id || ':' || id;

create or replace function move_server(wanted uuid, target uuid, new_name text, new_host_name text, at timestamptz) returns void
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform from server where id = wanted for update;
  update backup set server_id = null where server_id = wanted;
  update restore_drill set server_id = null where server_id = wanted;
  delete from restore_proof where server_id = wanted;
  delete from backup_restore where server_id = wanted;
  delete from backup_alert where server_id = wanted;
  update ticket_about set server_id = null where server_id = wanted;
  update incident_span s set ended_at = greatest(at, s.began_at)
    from incident i where i.id = s.incident_id and i.server_id = wanted and s.ended_at is null;
  update incident set state = 'closed', ended_at = greatest(at, began_at), closed_by = 'Berth',
    close_reason = 'The server was moved to another organisation.', owes_news = told_summary is not null, changed_at = at
    where server_id = wanted and state = 'open';
  -- What fails from now on is no relapse of theirs. What an earlier move has named so keeps its name.
  update incident set cause = cause || ':' || id, is_dismissed = false
    where server_id = wanted and cause not like '%:' || id;
  perform move_server_rows(wanted, target, new_name, new_host_name, at);
end $$;
