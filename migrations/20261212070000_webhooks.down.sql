drop table webhook_delivery, webhook_secret, webhook;
