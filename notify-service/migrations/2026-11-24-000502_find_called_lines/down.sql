drop index erp_lines_called;
