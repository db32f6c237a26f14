-- A search walks back in time until a page is full (`store::ticket::list`), all of it in one statement: some days, some months, some
-- years. The day and the year in which a ticket was filed are words of its texts now, like the month (migration 0049). Words that
-- only resemble are looked for with these in one index, so that no more than the same days, months and years are read for them.

create or replace function filed_in(filed_at timestamptz) returns tsvector language sql immutable strict parallel safe
    return array_to_tsvector(array[
        ' ' || extract(year from filed_at at time zone 'UTC'),
        ' ' || (extract(year from filed_at at time zone 'UTC') * 100 + extract(month from filed_at at time zone 'UTC')),
        ' ' || (
            extract(year from filed_at at time zone 'UTC') * 10000 + extract(month from filed_at at time zone 'UTC') * 100
            + extract(day from filed_at at time zone 'UTC')
        )
    ]);
comment on function filed_in is 'The year, the month and the day (UTC) in which a ticket was filed, as words that no text holds: « 2026», « 202611» and « 20261127» with a space before.';

drop index ticket_text_words_idx, ticket_text_body_idx;
update ticket_text x set words = x.words || filed_in(t.filed_at) from ticket t where t.id = x.ticket_id;
do $do$
declare
    trgm_in text := (
        select quote_ident(n.nspname) from pg_extension e join pg_namespace n on n.oid = e.extnamespace
        where e.extname = 'pg_trgm'
    );
begin
    execute format('create index ticket_text_idx on ticket_text using gin (words, body %s.gin_trgm_ops)', trgm_in);
end;
$do$;

comment on column ticket_text.words is 'The stems of the text as it was written, and without accents and plurals; and when the ticket was filed, as filed_in has it.';
