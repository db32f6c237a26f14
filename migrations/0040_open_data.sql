-- Open data: months that were published, each once and for good.

create table open_data_month (
    month date primary key,
    rows jsonb not null,
    published_at timestamptz not null,
    constraint open_data_month_begins_month check (extract(day from month) = 1)
);
comment on table open_data_month is 'What the open data tell of a month. A month is counted once: what would change it later could be read off the difference.';
comment on column open_data_month.month is 'Its first day.';
comment on column open_data_month.rows is 'The rows, of five tickets or more each; none for a month with fewer.';
create trigger open_data_month_is_append_only before update or delete on open_data_month
    for each row execute function refuse_change();
