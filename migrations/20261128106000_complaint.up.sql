-- What a server's check printed when it failed last: the customer's first question about an unhealthy server.
alter table server add column observed_complaint text;
