drop table errands, incidents, subscriptions, timers, tasks, steps, instances, orders, running_numbers, people, start_points, online_processes, form_uses, forms;
drop sequence step_numbers, order_numbers;
alter table flow_versions drop column digest;
alter table flows drop column request_key;
