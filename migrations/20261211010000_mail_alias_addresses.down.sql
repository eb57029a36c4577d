drop index mail_address_alias;
