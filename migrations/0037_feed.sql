-- The city's events in one order, which never changes and has no gap: what other programs follow.

create table feed_due (
    seq bigint not null generated always as identity primary key,
    id uuid not null,
    type text not null,
    at timestamptz not null,
    ticket_id uuid,
    version bigint,
    cafe_id uuid,
    source_id uuid,
    state text not null,
    services text[] not null,
    category_code text,
    areas jsonb not null,
    secrecy text not null
);
comment on table feed_due is 'Events that have no place in the feed yet, appended by the transaction in which they happened. Nothing is unique, so that nobody waits.';

create table feed (
    position bigint primary key,
    id uuid not null,
    type text not null,
    at timestamptz not null,
    ticket_id uuid,
    version bigint,
    cafe_id uuid,
    source_id uuid,
    state text not null,
    services text[] not null,
    category_code text,
    areas jsonb not null,
    secrecy text not null,
    constraint feed_secrecy_known check (secrecy in ('standard', 'restricted', 'hidden_from_referrer')),
    constraint feed_is_about_something check ((ticket_id is null) <> (cafe_id is null))
);
create index feed_at_idx on feed (at);
comment on table feed is 'What happened, in the order in which it was committed: positions rise by one. Whoever has seen a position will see no lower one that is new.';
comment on column feed.id is 'The same wherever the event is told, however often.';
comment on column feed.version is 'Of a change of the ticket: its event (ticket_event).';
comment on column feed.source_id is 'Of something that was written or answered: the row that holds it.';
comment on column feed.state is 'Of the ticket or the café, once it had happened.';
comment on column feed.services is 'Who had the ticket once it had happened, and before, if that was another service.';
comment on column feed.secrecy is 'How far the ticket is kept from others.';

create table feed_head (
    single boolean primary key default true,
    position bigint not null,
    expired bigint not null,
    constraint feed_head_is_one_row check (single)
);
insert into feed_head (position, expired) values (0, 0);
comment on table feed_head is 'One row. Its lock is the turn to give positions: one at a time.';
comment on column feed_head.position is 'The last position that was given.';
comment on column feed_head.expired is 'The last position that is no longer kept.';

create function secrecy_of(sensitivity text, hidden_from_referrer boolean) returns text language sql immutable as $$
    select case when hidden_from_referrer then 'hidden_from_referrer' else sensitivity end
$$;

create function ticket_events_are_due() returns trigger language plpgsql set search_path from current as $$
begin
    insert into feed_due (id, type, at, ticket_id, version, state, services, category_code, areas, secrecy)
    select h.id, 'ticket.' || (h.fact ->> 'type'), h.at, t.id, h.version, t.state,
        case h.fact ->> 'type' when 'rerouted' then array[h.fact ->> 'service', h.fact ->> 'from'] else array[t.service_code] end,
        t.category_code, t.areas, secrecy_of(t.sensitivity, t.hidden_from_referrer)
    from happened h join ticket t on t.id = h.ticket_id order by h.id;
    return null;
end;
$$;
create trigger ticket_event_is_due after insert on ticket_event
    referencing new table as happened for each statement execute function ticket_events_are_due();

create function writing_is_due() returns trigger language plpgsql set search_path from current as $$
begin
    insert into feed_due (id, type, at, ticket_id, source_id, state, services, category_code, areas, secrecy)
    select new.id, tg_argv[0], new.at, t.id, new.id, t.state, array[t.service_code], t.category_code, t.areas,
        secrecy_of(t.sensitivity, t.hidden_from_referrer)
    from ticket t where t.id = new.ticket_id;
    return null;
end;
$$;
create trigger note_is_due after insert on note
    for each row execute function writing_is_due('ticket.note_added');
create trigger referrer_message_is_due after insert on referrer_message
    for each row execute function writing_is_due('ticket.referrer_message_written');
create trigger resident_message_is_due after insert on resident_message
    for each row execute function writing_is_due('ticket.resident_message_written');
create trigger feedback_is_due after insert on feedback
    for each row execute function writing_is_due('ticket.feedback_given');

create function cafe_is_due() returns trigger language plpgsql set search_path from current as $$
begin
    insert into feed_due (id, type, at, cafe_id, state, services, areas, secrecy) values (
        gen_random_uuid(),
        case
            when tg_op = 'INSERT' then 'cafe.planned'
            when new.state = 'cancelled' and old.state <> 'cancelled' then 'cafe.cancelled'
            when new.state = 'reported' then 'cafe.reported'
            when new.state = 'held' and old.state <> 'held' then 'cafe.held'
            when new.announced_at is not null and old.announced_at is null then 'cafe.announced'
            else 'cafe.changed'
        end,
        new.changed_at, new.id, new.state, '{}', new.areas, 'standard'
    );
    return null;
end;
$$;
create trigger cafe_planned_is_due after insert on cafe for each row execute function cafe_is_due();
create trigger cafe_changed_is_due after update on cafe
    for each row when (old.version is distinct from new.version) execute function cafe_is_due();
