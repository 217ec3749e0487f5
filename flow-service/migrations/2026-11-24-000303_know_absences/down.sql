drop table absences;
