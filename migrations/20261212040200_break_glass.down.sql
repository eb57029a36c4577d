drop table break_glass_use, break_glass;
