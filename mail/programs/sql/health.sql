-- Whether the database answers to mail_reader.
select count(*) from (select from mail_api.domains limit 1) as one
