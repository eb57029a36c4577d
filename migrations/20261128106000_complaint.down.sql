alter table server drop column observed_complaint;
