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
  -- What fails from now on is no relapse of theirs.
  update incident set cause = cause || ':' || id, is_dismissed = false where server_id = wanted;
  perform move_server_rows(wanted, target, new_name, new_host_name, at);
end $$;

-- One for each incident and ticket, as before: the newest.
delete from breakdown_evidence e using breakdown_evidence newer
  where newer.incident_id = e.incident_id and newer.ticket_id = e.ticket_id and newer.failed_at > e.failed_at;
drop index breakdown_evidence_log;
alter table breakdown_evidence
  drop constraint breakdown_evidence_pkey,
  add primary key (incident_id, ticket_id),
  drop column failed_at,
  drop column log_next_at,
  drop column log_tries;
alter table breakdown drop column failed_at;
