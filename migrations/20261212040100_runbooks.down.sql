drop table runbook_use;
