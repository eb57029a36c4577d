-- Whether a mailbox may send as an address.
select exists (select from mail_api.senders(%(address)s) as login where login = %(login)s)
