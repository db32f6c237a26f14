-- Intake: what was answered to the questions of a category.

alter table concern
    add column answers jsonb not null default '{}',
    add constraint concern_signposted_answers_nothing check (outcome <> 'signposted' or answers = '{}');
alter table ticket add column answers jsonb not null default '{}';
comment on column concern.answers is 'What was answered to the category''s questions, by question: {"volume": 3}. Texts are masked like the description.';
comment on column ticket.answers is 'The concern''s answers, as they were when it was filed.';

-- Proposals at intake: tickets nearby, and how much what was said is alike. Two extensions of PostgreSQL itself, both
-- trusted: the owner of the database may create them. The cities of a database share them; where an operator has put
-- them elsewhere, they are used there.
create extension if not exists pg_trgm with schema public;
create extension if not exists unaccent with schema public;
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
    execute format(
        $f$create function text_similarity(one text, other text) returns real language sql stable strict parallel safe
            return %2$s.similarity(
                %1$s.unaccent('%1$s.unaccent'::regdictionary, one), %1$s.unaccent('%1$s.unaccent'::regdictionary, other)
            )$f$,
        unaccent_in, trgm_in
    );
end;
$do$;
comment on function text_similarity is 'How much two texts are alike, 0 to 1: the trigrams that they share, without regard to case and accents.';
create index ticket_near_idx on ticket (category_code, lat, lon)
    where state in ('submitted', 'acknowledged', 'scheduled', 'in_progress', 'on_hold', 'refused');

-- Concerns attached to a ticket of another one instead of opening tickets of their own.
create table concern_follow (
    concern_id uuid primary key,
    ticket_id uuid not null,
    since timestamptz not null,
    constraint concern_follow_concern_fk foreign key (concern_id) references concern,
    constraint concern_follow_ticket_fk foreign key (ticket_id) references ticket
);
create index concern_follow_ticket_idx on concern_follow (ticket_id);
comment on table concern_follow is 'Concerns that were attached to a ticket when they were filed: who raised and who filed them hear what becomes of it.';
alter table ticket add column followers integer not null default 0;
comment on column ticket.followers is 'How many concerns were attached to it.';
