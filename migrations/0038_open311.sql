-- What programs say of requests over Open311, and a quick look at what happened when.

create index ticket_event_at_idx on ticket_event (at);

create table open311_update (
    client_id uuid not null,
    update_id text not null,
    ticket_id uuid not null,
    id uuid not null,
    at timestamptz not null,
    primary key (client_id, update_id),
    constraint open311_update_client_fk foreign key (client_id) references api_client,
    constraint open311_update_ticket_fk foreign key (ticket_id) references ticket
);
create index open311_update_ticket_idx on open311_update (ticket_id);
comment on table open311_update is 'Updates that programs sent over Open311 (servicerequestupdates): the same update_id twice is one update.';
comment on column open311_update.update_id is 'As the program calls it; each program has its own.';
comment on column open311_update.id is 'As it is called in the answer: what was written, or the event that it made.';
