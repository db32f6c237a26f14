-- What is written about tickets beside their timelines.

create table note (
    id uuid primary key,
    ticket_id uuid not null,
    at timestamptz not null,
    actor jsonb not null,
    text text not null,
    mentions uuid[] not null,
    constraint note_ticket_fk foreign key (ticket_id) references ticket
);
create index note_ticket_idx on note (ticket_id, id);
comment on table note is 'Notes among colleagues: a ticket''s service and the dispatchers.';
comment on column note.mentions is 'The people who were told of it.';
create trigger note_is_append_only before update or delete on note for each row execute function refuse_change();

create table referrer_message (
    id uuid primary key,
    ticket_id uuid not null,
    at timestamptz not null,
    actor jsonb not null,
    text text not null,
    constraint referrer_message_ticket_fk foreign key (ticket_id) references ticket
);
create index referrer_message_ticket_idx on referrer_message (ticket_id, id);
comment on table referrer_message is 'What the service, or a dispatcher, and the referrer write to one another.';
create trigger referrer_message_is_append_only before update or delete on referrer_message
    for each row execute function refuse_change();

create table resident_message (
    id uuid primary key,
    ticket_id uuid not null,
    at timestamptz not null,
    actor jsonb not null,
    text text not null,
    leaves_at timestamptz not null,
    taken_back_at timestamptz,
    constraint resident_message_ticket_fk foreign key (ticket_id) references ticket,
    constraint resident_message_taken_back_in_time check (taken_back_at < leaves_at)
);
create index resident_message_ticket_idx on resident_message (ticket_id, id);
comment on table resident_message is 'Messages to the resident, who reads them from leaves_at on unless they were taken back before.';
