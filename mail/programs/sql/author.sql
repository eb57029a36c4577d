-- Whether a mailbox may send as each of some addresses, and the key that signs for the first one's domain.
select is_owner, selector, private_key from mail_api.author(%(login)s, %(authors)s)
