drop function mail_erase_kept;
drop index mail_domain_by_name;
