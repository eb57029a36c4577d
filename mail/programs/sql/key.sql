-- The key that signs for a domain.
select selector, private_key from mail_api.keys where domain = %(domain)s
