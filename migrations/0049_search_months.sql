-- A search lists the last filed first, and nearly always ends within the last months; PostgreSQL's index of words knows nothing of
-- time, so that each search for a word that thousands of tickets hold looked at all of them. The month in which a ticket was filed
-- is now one more word of its texts: the months are asked for one after the other, until a page is full (`store::ticket::list`).

create function filed_in(filed_at timestamptz) returns tsvector language sql immutable strict parallel safe
    return array_to_tsvector(array[
        ' ' || (extract(year from filed_at at time zone 'UTC') * 100 + extract(month from filed_at at time zone 'UTC'))::integer
    ]);
comment on function filed_in is 'The month (UTC) in which a ticket was filed, as a word that no text holds: « 202611» with a space before.';

update ticket_text x set words = x.words || filed_in(t.filed_at) from ticket t where t.id = x.ticket_id;

create or replace function keep_ticket_text() returns trigger language plpgsql set search_path from current as $$
begin
    insert into ticket_text (ticket_id, part, source_id, body, words)
    select t.id, 'concern', c.id, fold(b.written), stems(b.written) || filed_in(t.filed_at)
    from opened t join concern c on c.id = t.concern_id
    cross join lateral (select ticket_body(t.reference, c.address, c.description) as written) b;
    return null;
end;
$$;

create or replace function keep_note_text() returns trigger language plpgsql set search_path from current as $$
begin
    insert into ticket_text (ticket_id, part, source_id, body, words)
    select t.id, 'note', new.id, fold(new.text), stems(new.text) || filed_in(t.filed_at) from ticket t where t.id = new.ticket_id;
    return null;
end;
$$;

create or replace function change_ticket_text() returns trigger language plpgsql set search_path from current as $$
begin
    update ticket_text x set body = fold(b.written), words = stems(b.written) || filed_in(t.filed_at)
    from ticket t
    cross join lateral (select ticket_body(t.reference, new.address, new.description) as written) b
    where t.concern_id = new.id and x.ticket_id = t.id and x.part = 'concern' and x.source_id = new.id;
    return null;
end;
$$;

comment on column ticket_text.words is 'The stems of the text as it was written, and without accents and plurals; and the month of the ticket, as filed_in has it.';
