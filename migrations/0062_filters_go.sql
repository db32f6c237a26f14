-- The words that a kept list looks for may name somebody: such a list goes a while after it was saved last, as texts do.
alter table saved_filter add column saved_at timestamptz not null default now();
update saved_filter set saved_at = created_at;
comment on column saved_filter.saved_at is 'When it was kept or changed last: a list that looks for words goes when what was said then would go.';
