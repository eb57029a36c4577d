drop table server_note;
alter table server
  drop column tags,
  drop column rebuild_seq,
  drop column suspended_at,
  drop column suspended_reason;
