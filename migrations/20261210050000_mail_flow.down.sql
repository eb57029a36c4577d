drop table mail_message, mail_step, mail_flow, mail_log_reader;
