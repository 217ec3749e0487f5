-- Openings wait here, one row for each, until their pushes can go out: DingTalk takes 20 a second of
-- an enterprise, and a delivery that cannot go out yet need not be written yet.
create table changes (
    tenant text not null,
    id bigint generated always as identity,
    -- The event as it was heard.
    payload text not null,
    primary key (tenant, id)
);
-- Rows come in the order of their time: a summary is enough for the sweep.
drop index notices_created_at;
create index notices_created_at on notices using brin (created_at);
