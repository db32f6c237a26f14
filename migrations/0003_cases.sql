-- Cafés, concerns, tickets and what happened to them.

create table cafe (
    id uuid primary key,
    title text not null,
    state text not null,
    lat double precision not null,
    lon double precision not null,
    address text,
    areas jsonb not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    held_at timestamptz,
    planned_by uuid not null,
    version bigint not null,
    constraint cafe_state_known check (state in ('planned', 'held', 'reported', 'cancelled')),
    constraint cafe_ends_after_it_starts check (ends_at > starts_at),
    constraint cafe_planned_by_fk foreign key (planned_by) references user_account
);
create index cafe_planned_by_idx on cafe (planned_by);
create index cafe_starts_at_idx on cafe (starts_at, id);
comment on table cafe is 'Sessions at which officers listen to residents.';
comment on column cafe.areas is 'The area of the place in each zoning, as it was when the café was planned: {"secteurs": "nord"}.';

create table concern (
    id uuid primary key,
    origin text not null,
    cafe_id uuid,
    category_code text not null,
    outcome text not null,
    description text,
    answer text,
    lat double precision,
    lon double precision,
    address text,
    areas jsonb not null,
    referrer_id uuid not null,
    filed_at timestamptz not null,
    constraint concern_origin_known
        check (origin in ('cafe', 'patrol', 'town_hall_desk', 'phone', 'email', 'partner', 'open311')),
    constraint concern_outcome_known check (outcome in ('referred', 'answered_on_the_spot', 'signposted')),
    constraint concern_cafe_named check ((origin = 'cafe') = (cafe_id is not null)),
    constraint concern_signposted_says_nothing check (
        outcome <> 'signposted'
        or (description is null and answer is null and lat is null and lon is null and address is null)
    ),
    constraint concern_else_has_text_and_place
        check (outcome = 'signposted' or (description is not null and lat is not null and lon is not null)),
    constraint concern_cafe_fk foreign key (cafe_id) references cafe,
    constraint concern_category_fk foreign key (category_code) references category,
    constraint concern_referrer_fk foreign key (referrer_id) references user_account
);
create index concern_cafe_idx on concern (cafe_id);
create index concern_category_idx on concern (category_code);
create index concern_referrer_idx on concern (referrer_id, filed_at);
comment on table concern is 'What one resident said, once. Its status is derived from its tickets, never stored.';
comment on column concern.description is 'As the officer confirmed it; passages that point to a person are masked otherwise. Null for an emergency or a crime.';
comment on column concern.areas is 'The area of the place in each zoning when filed; for an emergency or a crime, all that is kept of the place.';

create table resident_contact (
    concern_id uuid primary key,
    key_id text not null,
    sealed bytea not null,
    constraint resident_contact_concern_fk foreign key (concern_id) references concern
);
comment on table resident_contact is 'The only place with personal data of residents: name, e-mail, telephone, language, sealed with XChaCha20-Poly1305; the key is not in the database.';
comment on column resident_contact.key_id is 'Which key sealed it: the beginning of the key''s SHA-256.';
comment on column resident_contact.sealed is 'A nonce of 24 bytes, then the sealed JSON; the concern''s id is bound to it.';

create table tracking_link (
    concern_id uuid primary key,
    digest bytea not null,
    generation integer not null,
    constraint tracking_link_concern_fk foreign key (concern_id) references concern,
    constraint tracking_link_digest_key unique (digest)
);
comment on table tracking_link is 'The resident''s link. The token is derived from the key and this row; the database holds its SHA-256 only.';
comment on column tracking_link.generation is 'Rises when the link is renewed; earlier links are dead.';

create sequence ticket_number;
comment on sequence ticket_number is 'The last part of a ticket''s reference. Numbers may be skipped, never repeated.';

create table ticket (
    id uuid primary key,
    reference text not null,
    version bigint not null,
    state text not null,
    concern_id uuid not null,
    cafe_id uuid,
    category_code text not null,
    service_code text not null,
    priority text not null,
    sensitivity text not null,
    hidden_from_referrer boolean not null,
    referrer_id uuid not null,
    lat double precision not null,
    lon double precision not null,
    address text,
    areas jsonb not null,
    sent jsonb not null,
    handovers integer not null,
    assignee_id uuid,
    filed_at timestamptz not null,
    received_at timestamptz,
    acknowledged_at timestamptz,
    resolved_at timestamptz,
    closed_at timestamptz,
    ack_due_at timestamptz not null,
    resolve_due_at timestamptz not null,
    scheduled_for date,
    resume_on date,
    closure_reason text,
    duplicate_of uuid,
    constraint ticket_reference_key unique (reference),
    constraint ticket_state_known check (state in (
        'submitted', 'acknowledged', 'scheduled', 'in_progress', 'on_hold', 'refused', 'resolved', 'closed', 'cancelled'
    )),
    constraint ticket_priority_known check (priority in ('low', 'normal', 'high', 'urgent')),
    constraint ticket_sensitivity_known check (sensitivity in ('standard', 'restricted')),
    constraint ticket_hidden_is_restricted check (sensitivity = 'restricted' or not hidden_from_referrer),
    constraint ticket_resolved_has_reason check (state <> 'resolved' or closure_reason is not null),
    constraint ticket_closed_has_end check ((state = 'closed') = (closed_at is not null)),
    constraint ticket_concern_fk foreign key (concern_id) references concern,
    constraint ticket_cafe_fk foreign key (cafe_id) references cafe,
    constraint ticket_category_fk foreign key (category_code) references category,
    constraint ticket_service_fk foreign key (service_code) references service,
    constraint ticket_referrer_fk foreign key (referrer_id) references user_account,
    constraint ticket_assignee_fk foreign key (assignee_id) references user_account,
    constraint ticket_duplicate_of_fk foreign key (duplicate_of) references ticket
);
create index ticket_filed_idx on ticket (filed_at desc, id desc);
create index ticket_service_idx on ticket (service_code, filed_at desc, id desc);
create index ticket_service_state_idx on ticket (service_code, state, filed_at desc, id desc);
create index ticket_category_idx on ticket (category_code, filed_at desc, id desc);
create index ticket_referrer_idx on ticket (referrer_id, filed_at desc, id desc);
create index ticket_cafe_idx on ticket (cafe_id, filed_at desc, id desc);
create index ticket_concern_idx on ticket (concern_id);
create index ticket_assignee_idx on ticket (assignee_id) where assignee_id is not null;
create index ticket_duplicate_of_idx on ticket (duplicate_of) where duplicate_of is not null;
create index ticket_areas_idx on ticket using gin (areas jsonb_path_ops);
create index ticket_ack_due_idx on ticket (ack_due_at) where state in ('submitted', 'refused');
create index ticket_resolve_due_idx on ticket (resolve_due_at) where state in ('acknowledged', 'scheduled', 'in_progress');
comment on table ticket is 'The referral of a concern to one service. Category, café, place and areas are the concern''s as they were when it was filed.';
comment on column ticket.version is 'Rises by one with each change; the ETag, and the number of events.';
comment on column ticket.sent is 'The rule and the version of the rule set that sent it, and why the rule matched.';
comment on column ticket.handovers is 'How often it was passed to a service; 1 when filed.';
comment on column ticket.ack_due_at is 'Until when the service should take it in hand: working time of its calendar.';
comment on column ticket.resolve_due_at is 'Until when the service should settle it.';

create table ticket_event (
    ticket_id uuid not null,
    version bigint not null,
    id uuid not null,
    at timestamptz not null,
    actor jsonb not null,
    fact jsonb not null,
    primary key (ticket_id, version),
    constraint ticket_event_id_key unique (id),
    constraint ticket_event_ticket_fk foreign key (ticket_id) references ticket
);
comment on table ticket_event is 'The timelines: exactly one row a change, in the change''s own transaction.';
comment on column ticket_event.version is 'The ticket''s version once it had happened.';
comment on column ticket_event.actor is 'Who: {"type": "person", "user": …, "part": …}, {"type": "resident"} or {"type": "system"}.';
comment on column ticket_event.fact is 'What: {"type": "acknowledged", …}.';

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% rows are never changed or deleted', tg_table_name using errcode = 'restrict_violation';
end;
$$;
comment on function refuse_change is 'Keeps a table append-only.';
create trigger ticket_event_is_append_only before update or delete on ticket_event
    for each row execute function refuse_change();
create trigger routing_rule_set_is_append_only before update or delete on routing_rule_set
    for each row execute function refuse_change();
