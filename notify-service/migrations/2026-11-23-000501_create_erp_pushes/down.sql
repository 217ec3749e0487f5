drop table erp_attempts, erp_pushes, erp_early_facts, erp_lines, erp_endpoints;
