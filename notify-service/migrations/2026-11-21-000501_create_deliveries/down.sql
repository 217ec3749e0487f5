drop table call_budget; drop table attempts; drop table deliveries; drop table recipients; drop table notices; drop table people;
