-- Updates that go back by themselves. proven_image is the image before the present one, kept until the check of the new
-- container has succeeded. When it fails, that image becomes the present one again under a generation of its own,
-- rollback_generation, and what failed stays to be told.
alter table server
  add column proven_image text,
  add column failed_image text,
  add column failed_reason text,
  add column rollback_generation bigint,
  add constraint server_failed_update check ((failed_image is null) = (failed_reason is null));
