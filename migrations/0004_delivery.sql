-- What leaves: messages that follow from events; and what was answered: the record behind Idempotency-Key.

create table outbox (
    id uuid primary key,
    seq bigint not null generated always as identity,
    lane text not null,
    kind text not null,
    recipient jsonb not null,
    ticket_id uuid not null,
    event_version bigint not null,
    state text not null default 'pending',
    due_at timestamptz not null,
    leased_until timestamptz,
    attempts integer not null default 0,
    last_error text,
    finished_at timestamptz,
    constraint outbox_state_known check (state in ('pending', 'sent', 'dead')),
    constraint outbox_event_fk foreign key (ticket_id, event_version) references ticket_event
);
create index outbox_lane_idx on outbox (lane, seq) where state = 'pending';
create index outbox_pending_idx on outbox (seq) where state = 'pending';
create index outbox_dead_idx on outbox (seq) where state = 'dead';
create index outbox_event_idx on outbox (ticket_id, event_version);
comment on table outbox is 'Messages to be sent, appended by the transaction that they tell of, drained by the worker.';
comment on column outbox.id is 'Also the Message-ID: the same at every attempt, so that a receiver can drop repeats.';
comment on column outbox.lane is 'Messages of one lane leave one after the other, in the order of seq. One lane a ticket.';
comment on column outbox.recipient is 'Whom, never an address: {"type": "service", "code": …}, {"type": "person", "user": …} or {"type": "resident", "concern": …}.';
comment on column outbox.leased_until is 'A worker is sending it; after this time another may.';
comment on column outbox.last_error is 'The mail server''s words, e-mail addresses masked.';

create table idempotency_key (
    client uuid not null,
    key text not null,
    fingerprint bytea not null,
    created_at timestamptz not null,
    status smallint,
    etag text,
    location text,
    body text,
    primary key (client, key)
);
create index idempotency_key_created_idx on idempotency_key (created_at);
comment on table idempotency_key is 'First answers, given again to the same request for 24 hours. Written in the transaction of the work itself.';
comment on column idempotency_key.client is 'Who asked: keys of two clients never meet.';
comment on column idempotency_key.fingerprint is 'SHA-256 of method, path and body: another request under the same key is refused.';
