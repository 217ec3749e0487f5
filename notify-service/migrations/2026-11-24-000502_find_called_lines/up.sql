-- Orders that stand in another's line are found by it: it may turn out to stand in a third one's.
create index erp_lines_called on erp_lines (tenant, root_id) where root_id <> order_id;
