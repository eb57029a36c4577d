drop function location_lacks;
drop function location_sold;
drop table location_capacity;
