-- Nothing: the functions of older versions work with this search path as well, and none of them needs a caller's tables.
select 1;
