-- Refusals of which the audit log holds the first ones only, so that nobody can fill it: how many more there were.

create table withheld_refusal (
    key bytea primary key,
    act text not null,
    user_id uuid,
    address text,
    since timestamptz not null,
    until timestamptz not null,
    count bigint not null
);
create index withheld_refusal_since_idx on withheld_refusal (since);
comment on table withheld_refusal is 'Refusals that were not recorded one by one, counted until a worker records them as one entry, a quarter of an hour after the first.';
comment on column withheld_refusal.key is 'What they have in common: the key of the throttle that keeps them out of the log.';
comment on column withheld_refusal.act is 'As what each would have been recorded.';
comment on column withheld_refusal.user_id is 'Whose account it was about, if it was about one.';
