-- A duplicate that is parted again goes to the dispatcher's desk when its service may not have it any more: both are told.

create or replace function ticket_events_are_due() returns trigger language plpgsql set search_path from current as $$
begin
    insert into feed_due (id, type, at, ticket_id, version, state, services, category_code, areas, secrecy)
    select h.id, 'ticket.' || (h.fact ->> 'type'), h.at, t.id, h.version, t.state,
        case when h.fact ->> 'type' in ('rerouted', 'reopened', 'unmerged') and h.fact ? 'from'
            then array[h.fact ->> 'service', h.fact ->> 'from'] else array[t.service_code] end,
        t.category_code, t.areas, secrecy_of(t.sensitivity, t.hidden_from_referrer)
    from happened h join ticket t on t.id = h.ticket_id order by h.id;
    return null;
end;
$$;

-- What is written after the texts of a concern were erased goes in its turn, whatever says it: of the ticket's own concern, and of
-- that whose resident wrote it.

create or replace function concern_has_texts_again() returns trigger language plpgsql set search_path from current as $$
declare
    written jsonb := to_jsonb(new);
    by_resident_of uuid := coalesce(
        written ->> 'concern_id', written -> 'actor' ->> 'concern', written -> 'added_by' ->> 'concern'
    );
begin
    update concern set texts_erased_at = null
    from ticket t
    where t.id = new.ticket_id and concern.id in (t.concern_id, by_resident_of) and texts_erased_at is not null;
    return null;
end;
$$;

drop trigger ticket_event_is_text on ticket_event;
create trigger ticket_event_is_text after insert on ticket_event
    for each row when (new.fact ?| array['note', 'message_to_resident', 'body_told'])
    execute function concern_has_texts_again();
