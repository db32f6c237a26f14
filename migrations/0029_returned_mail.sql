-- Mail that comes back: addresses that take none, and what people answer.

alter table outbox
    drop constraint outbox_state_known,
    add constraint outbox_state_known check (state in ('pending', 'sent', 'dead', 'stopped', 'bounced'));
create index outbox_bounced_idx on outbox (seq) where state = 'bounced';
comment on column outbox.state is 'bounced: the address takes no mail, which is still to be told; stopped: not sent, for a reason that is no error.';

create table muted_address (
    digest bytea primary key,
    since timestamptz not null
);
comment on table muted_address is 'Addresses that take no mail: nothing is sent to them.';
comment on column muted_address.digest is 'HMAC-SHA-256 of the address in lower case; the key is not in the database.';
alter table resident_contact add column bounced_at timestamptz;
comment on column resident_contact.bounced_at is 'Since when it is known that the e-mail address takes no mail.';
create index resident_contact_bounced_idx on resident_contact (concern_id) where bounced_at is not null;

create table inbound_mail (
    digest bytea primary key,
    received_at timestamptz not null,
    outcome jsonb not null
);
create index inbound_mail_received_idx on inbound_mail (received_at);
comment on table inbound_mail is 'What became of e-mails that came in, for 90 days: the same one coming again does nothing.';
comment on column inbound_mail.digest is 'SHA-256 of the Message-ID and the address that it came to.';

create table unplaced_mail (
    id uuid primary key,
    received_at timestamptz not null,
    why text not null,
    ticket_id uuid,
    key_id text not null,
    sealed bytea not null,
    settled_at timestamptz,
    settled_by uuid,
    constraint unplaced_mail_ticket_fk foreign key (ticket_id) references ticket,
    constraint unplaced_mail_settled_by_fk foreign key (settled_by) references user_account,
    constraint unplaced_mail_settled_by_somebody check ((settled_at is null) = (settled_by is null))
);
create index unplaced_mail_received_idx on unplaced_mail (received_at);
create index unplaced_mail_open_idx on unplaced_mail (id) where settled_at is null;
create index unplaced_mail_settled_idx on unplaced_mail (settled_at) where settled_at is not null;
create index unplaced_mail_ticket_idx on unplaced_mail (ticket_id) where ticket_id is not null;
create index unplaced_mail_settled_by_idx on unplaced_mail (settled_by) where settled_by is not null;
comment on table unplaced_mail is 'E-mails that came in and could not be put with a ticket: read and settled by dispatchers, deleted 30 days later.';
comment on column unplaced_mail.ticket_id is 'The ticket that it answers to, where somebody else than its recipient wrote it.';
comment on column unplaced_mail.sealed is 'A nonce of 24 bytes, then the sealed JSON: who wrote it, subject, text. The id is bound to it.';
