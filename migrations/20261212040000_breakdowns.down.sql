drop table ticket_act, breakdown_evidence, breakdown;
