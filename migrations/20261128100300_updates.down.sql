alter table server
  drop constraint server_failed_update,
  drop column rollback_generation,
  drop column failed_reason,
  drop column failed_image,
  drop column proven_image;
