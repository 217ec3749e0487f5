delete from notices where node_type in ('urge', 'remind', 'copy', 'mention', 'returned');
alter table notices drop column note;
