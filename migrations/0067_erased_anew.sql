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
