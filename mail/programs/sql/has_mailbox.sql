-- Whether there is a mailbox with an address.
select exists (select from mail_api.mailboxes(%(address)s))
