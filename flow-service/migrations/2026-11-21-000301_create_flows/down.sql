drop table flow_versions; drop table flows; drop table flow_groups;
