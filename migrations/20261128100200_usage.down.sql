drop function usage_parts;
drop table usage_10s, usage_5m, usage_1h, usage_rollup, usage_disk;
