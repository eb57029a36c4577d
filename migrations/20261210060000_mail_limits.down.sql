drop function mail_lock_total;
