-- What is said beside the task's own words, such as which urge it is, or a comment.
alter table notices add column note text not null default '';
