alter table server drop column is_disk_enforced;
