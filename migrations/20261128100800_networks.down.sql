drop table common_member, network_member, network;
alter table plan drop column max_networks;
