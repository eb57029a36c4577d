drop table provider_breakdown;
