drop function mail_erase_kept, mail_lock_total, mail_limits;
drop table mail_erasure, mail_address, mail_alias, mailbox_filter, mailbox_send_as, mailbox_app_password, mailbox, mail_key,
  mail_domain, mail_total, plan_mail;
drop function mail_take_address, mail_count, mail_count_domain, mail_sum_used;
