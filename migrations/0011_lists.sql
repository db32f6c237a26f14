-- Lists of tickets: narrowed, sorted, counted, searched in French; and the filters that people keep.

-- Two extensions of PostgreSQL itself, both trusted: the owner of the database may create them. They are shared by the
-- cities of a database; where an operator has put them elsewhere, they are used there.
create extension if not exists unaccent with schema public;
create extension if not exists pg_trgm with schema public;

create function area_codes(areas jsonb) returns text[] language sql immutable strict parallel safe
    return (select coalesce(array_agg(key || ':' || value order by key), '{}') from jsonb_each_text(areas));
comment on function area_codes is 'The areas of a place, one text each: {"secteurs:nord"}.';

alter table ticket
    add column urgency smallint not null generated always as (
        case priority when 'urgent' then 3 when 'high' then 2 when 'normal' then 1 else 0 end
    ) stored,
    add column area_codes text[] not null generated always as (area_codes(areas)) stored;
comment on column ticket.urgency is 'The priority as a number, so that lists are sorted by it.';
comment on column ticket.area_codes is 'The areas as an array: PostgreSQL keeps statistics of its elements, not of those of jsonb.';

-- Each one answers a query of its own. Narrowed by status, without a service:
create index ticket_state_idx on ticket (state, filed_at desc, id desc);
-- By origin:
create index ticket_origin_idx on ticket (origin, filed_at desc, id desc);
-- By assignee, in the order of a list:
drop index ticket_assignee_idx;
create index ticket_assignee_idx on ticket (assignee_id, filed_at desc, id desc) where assignee_id is not null;
-- Those that were reopened:
create index ticket_reopened_idx on ticket (filed_at desc, id desc) where reopened > 0;
-- Within a box or a circle:
create index ticket_place_idx on ticket (lat, lon);
-- In an area of any zoning:
create index ticket_area_codes_idx on ticket using gin (area_codes);
drop index ticket_areas_idx;
-- Sorted otherwise than by the time of filing:
create index ticket_urgency_idx on ticket (urgency desc, filed_at desc, id desc);
create index ticket_by_ack_due_idx on ticket (ack_due_at, id);
create index ticket_by_resolve_due_idx on ticket (resolve_due_at, id);

create table ticket_text (
    ticket_id uuid not null,
    part text not null,
    source_id uuid not null,
    body text not null,
    words tsvector not null,
    primary key (ticket_id, part, source_id),
    constraint ticket_text_part_known check (part in ('concern')),
    constraint ticket_text_ticket_fk foreign key (ticket_id) references ticket on delete cascade
);
comment on table ticket_text is 'What a ticket is searched by, kept apart from it: it does not change with its state. Derived; filled by triggers.';
comment on column ticket_text.part is 'What the text is of; who may read another part than the concern is told by the query that searches.';
comment on column ticket_text.source_id is 'The row that it was taken from.';
comment on column ticket_text.words is 'The stems of the text as it was written, and without accents: « abandonnée » is found by « abandonné », « eclairage » finds « éclairage ».';
comment on column ticket_text.body is 'Lower case, without accents; a reference stands in it without hyphens, and its number alone.';
create index ticket_text_words_idx on ticket_text using gin (words);

do $do$
declare
    unaccent_in text := (
        select quote_ident(n.nspname) from pg_extension e join pg_namespace n on n.oid = e.extnamespace
        where e.extname = 'unaccent'
    );
    trgm_in text := (
        select quote_ident(n.nspname) from pg_extension e join pg_namespace n on n.oid = e.extnamespace
        where e.extname = 'pg_trgm'
    );
begin
    -- Immutable, as far as nobody edits the dictionary: then the texts would have to be filled again.
    execute format(
        $f$create function fold(t text) returns text language sql immutable strict parallel safe
            return lower(%1$s.unaccent('%1$s.unaccent'::regdictionary, t))$f$,
        unaccent_in
    );
    -- Inlined into the query, so that the index is used. How much must be alike is a setting of the connection.
    execute format(
        $f$create function resembles(word text, body text) returns boolean language sql stable parallel safe
            return word operator(%s.<%%) body$f$,
        trgm_in
    );
    execute format(
        $f$create function likeness(word text, body text) returns real language sql immutable strict parallel safe
            return %s.word_similarity(word, body)$f$,
        trgm_in
    );
    execute format('create index ticket_text_body_idx on ticket_text using gin (body %s.gin_trgm_ops)', trgm_in);
end;
$do$;
comment on function fold is 'Lower case, without accents.';
comment on function resembles is 'Whether a word is like one of the text, by trigrams.';
comment on function likeness is 'How much a word is like one of the text, 0 to 1.';

create function stems(written text) returns tsvector language sql immutable parallel safe
    return to_tsvector('pg_catalog.french'::regconfig, translate(written, '-', ' '))
        || to_tsvector('pg_catalog.french'::regconfig, fold(translate(written, '-', ' ')));
comment on function stems is 'French stems of a text as it was written, and without accents. Words with hyphens are several.';

create function wanted(asked text) returns tsquery language sql immutable parallel safe
    return websearch_to_tsquery('pg_catalog.french'::regconfig, asked)
        || websearch_to_tsquery('pg_catalog.french'::regconfig, fold(asked));
comment on function wanted is 'What somebody searches for, as they wrote it or without accents.';

create function ticket_body(reference text, address text, description text) returns text
    language sql immutable parallel safe
    return concat_ws(
        ' ', replace(reference, '-', ''), split_part(reference, '-', 3), ltrim(split_part(reference, '-', 3), '0'),
        address, description
    );
comment on function ticket_body is 'What a ticket is searched by, as far as its concern tells.';

create function keep_ticket_text() returns trigger language plpgsql set search_path from current as $$
begin
    insert into ticket_text (ticket_id, part, source_id, body, words)
    select t.id, 'concern', c.id, fold(b.written), stems(b.written)
    from opened t join concern c on c.id = t.concern_id
    cross join lateral (select ticket_body(t.reference, c.address, c.description) as written) b;
    return null;
end;
$$;
comment on function keep_ticket_text is 'Makes tickets that were opened searchable.';
create trigger ticket_is_searchable after insert on ticket
    referencing new table as opened for each statement execute function keep_ticket_text();

create function change_ticket_text() returns trigger language plpgsql set search_path from current as $$
begin
    update ticket_text x set body = fold(b.written), words = stems(b.written)
    from ticket t
    cross join lateral (select ticket_body(t.reference, new.address, new.description) as written) b
    where t.concern_id = new.id and x.ticket_id = t.id and x.part = 'concern' and x.source_id = new.id;
    return null;
end;
$$;
comment on function change_ticket_text is 'What a concern no longer says is no longer found.';
create trigger concern_stays_searchable after update of address, description on concern
    for each row when (old.address is distinct from new.address or old.description is distinct from new.description)
    execute function change_ticket_text();

insert into ticket_text (ticket_id, part, source_id, body, words)
select t.id, 'concern', c.id, fold(b.written), stems(b.written)
from ticket t join concern c on c.id = t.concern_id
cross join lateral (select ticket_body(t.reference, c.address, c.description) as written) b;

create table saved_filter (
    id uuid primary key,
    owner_id uuid,
    service_code text,
    name text not null,
    parameters jsonb not null,
    version bigint not null,
    created_at timestamptz not null,
    constraint saved_filter_owner_fk foreign key (owner_id) references user_account,
    constraint saved_filter_service_fk foreign key (service_code) references service,
    constraint saved_filter_has_one_holder check ((owner_id is null) <> (service_code is null))
);
create unique index saved_filter_owner_key on saved_filter (owner_id, lower(name)) where owner_id is not null;
create unique index saved_filter_service_key on saved_filter (service_code, lower(name)) where service_code is not null;
comment on table saved_filter is 'Lists of tickets that a person keeps for themselves, or a service''s manager for the service.';
comment on column saved_filter.parameters is 'The parameters of GET /v1/tickets, as they were checked: {"status": ["submitted"]}.';
