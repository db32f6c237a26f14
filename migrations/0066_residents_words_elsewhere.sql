-- What a resident said where another's ticket stands for their concern is found by their concern: to be handed out to them, and
-- to be erased with what they said. Who did something says since then of which concern a resident is.

create index resident_message_concern_idx on resident_message (((actor ->> 'concern')::uuid)) where actor ? 'concern';
create index attachment_concern_idx on attachment (((added_by ->> 'concern')::uuid)) where added_by ? 'concern';
create index ticket_event_concern_idx on ticket_event (((actor ->> 'concern')::uuid)) where actor ? 'concern';
