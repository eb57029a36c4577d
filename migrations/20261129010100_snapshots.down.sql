drop table snapshot_copy, snapshot;
