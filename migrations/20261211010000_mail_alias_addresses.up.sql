-- What Postfix asks of each recipient looks among mailboxes and among aliases. Of a million mailboxes with few aliases the second
-- look went through all of their addresses to find that this one is no alias: of this index it learns it at once.
create index mail_address_alias on mail_address (address) where kind = 'alias';
