-- A ticket that is reopened after its service had refused it goes to the dispatcher's desk: both are told, as when it is passed on.

create or replace function ticket_events_are_due() returns trigger language plpgsql set search_path from current as $$
begin
    insert into feed_due (id, type, at, ticket_id, version, state, services, category_code, areas, secrecy)
    select h.id, 'ticket.' || (h.fact ->> 'type'), h.at, t.id, h.version, t.state,
        case when h.fact ->> 'type' in ('rerouted', 'reopened') and h.fact ? 'from'
            then array[h.fact ->> 'service', h.fact ->> 'from'] else array[t.service_code] end,
        t.category_code, t.areas, secrecy_of(t.sensitivity, t.hidden_from_referrer)
    from happened h join ticket t on t.id = h.ticket_id order by h.id;
    return null;
end;
$$;
