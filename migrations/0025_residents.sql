-- Residents: links that end, slips of paper, mails that they stopped, what they say of the outcome.

alter table tracking_link
    add column ended_at timestamptz,
    add column mails_stopped_at timestamptz;
comment on column tracking_link.ended_at is 'The link leads nowhere since then, and nothing is mailed to the resident, until it is renewed.';
comment on column tracking_link.mails_stopped_at is 'The resident wants no mails since then; the link goes on.';

create table tracking_slip (
    concern_id uuid primary key,
    number integer not null,
    code_digest bytea not null,
    factor_digest bytea not null,
    made_at timestamptz not null,
    constraint tracking_slip_link_fk foreign key (concern_id) references tracking_link,
    constraint tracking_slip_code_key unique (code_digest)
);
comment on table tracking_slip is 'The short code on a slip of paper. Both digests are keyed (HMAC-SHA256): without the key nobody can try codes or street numbers.';
comment on column tracking_slip.number is 'Rises with each slip; the earlier ones are dead. The code is derived from the key, the concern, the link''s generation and this.';
comment on column tracking_slip.factor_digest is 'What the resident must know besides the code, such as the number of their house.';

alter table outbox
    add column concern_id uuid,
    add constraint outbox_concern_fk foreign key (concern_id) references concern,
    drop constraint outbox_about_one_thing,
    add constraint outbox_about_one_thing check (
        (ticket_id is null) = (event_version is null) and num_nonnulls(ticket_id, about, concern_id) = 1
    ),
    drop constraint outbox_state_known,
    add constraint outbox_state_known check (state in ('pending', 'sent', 'dead', 'stopped'));
comment on column outbox.concern_id is 'The concern that a message tells of as a whole, not one of its tickets.';
comment on column outbox.state is 'stopped: not sent, because there was no need any more; last_error says why.';

create table feedback (
    id uuid primary key,
    ticket_id uuid not null,
    concern_id uuid not null,
    handover integer not null,
    at timestamptz not null,
    solved boolean not null,
    reason text,
    text text,
    reopened boolean not null,
    constraint feedback_ticket_fk foreign key (ticket_id) references ticket,
    constraint feedback_concern_fk foreign key (concern_id) references concern,
    constraint feedback_solved_gives_no_reason check (not solved or (reason is null and not reopened))
);
create index feedback_ticket_idx on feedback (ticket_id, id);
comment on table feedback is 'What residents say of how their tickets ended. The last answer counts; all are kept.';
comment on column feedback.handover is 'How often the ticket had been passed to a service: what was said before it was reopened is past.';
create trigger feedback_is_append_only before update or delete on feedback for each row execute function refuse_change();

alter table ticket
    add column feedback text not null default 'not_asked',
    add constraint ticket_feedback_known check (
        feedback in ('not_asked', 'asked', 'asked_again', 'no_answer', 'solved', 'not_solved')
    );
create index ticket_asked_idx on ticket (resolved_at) where feedback = 'asked';
comment on column ticket.feedback is 'Whether residents were asked if it is solved, and what they say; since it last ended.';

create index outbox_concern_idx on outbox (concern_id) where concern_id is not null;
create index feedback_concern_idx on feedback (concern_id);
