drop table ticket_mail_bad;
update ticket_mail_in set outcome = 'discarded' where outcome = 'expired';
update ticket_mail_in set outcome = 'ignored' where outcome = 'aside';
alter table ticket_mail_in
  drop constraint ticket_mail_in_outcome_check,
  add constraint ticket_mail_in_outcome_check check (outcome in
    ('opened', 'replied', 'triage', 'ignored', 'silenced', 'discarded'));
drop index ticket_mail_out_waiting;
alter table ticket_mail_out
  drop column begun_at,
  drop column due_at;
