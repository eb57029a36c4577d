drop table location_inventory;
drop table incident_span;
drop table incident;
