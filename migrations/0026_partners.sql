-- Partners without accounts: a link to each ticket that is passed to one, and who followed it.

create table partner_link (
    id uuid primary key,
    ticket_id uuid not null,
    handover integer not null,
    service_code text not null,
    access jsonb not null,
    digest bytea not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    constraint partner_link_digest_is_unique unique (digest),
    constraint partner_link_handover_fk foreign key (ticket_id, handover) references handover (ticket_id, number),
    constraint partner_link_service_fk foreign key (service_code) references service
);
create index partner_link_ticket_idx on partner_link (ticket_id, service_code, id);
create index partner_link_handover_idx on partner_link (ticket_id, handover);
create index partner_link_service_idx on partner_link (service_code);
comment on table partner_link is 'The links that were sent to partners without accounts: one for each handover, and one more each time that it is renewed. Whether one still leads to its ticket follows from the ticket.';
comment on column partner_link.access is 'What the partner could see when the link was sent, and for which purpose: {"purpose": {"fr": …, "en": …}, "may_see": […]}.';
comment on column partner_link.digest is 'SHA-256 of the token, which is derived from the accounts'' key and the id.';
create trigger partner_link_is_append_only before update or delete on partner_link
    for each row execute function refuse_change();

create table partner_opening (
    id uuid primary key,
    ticket_id uuid not null,
    link_id uuid not null,
    at timestamptz not null,
    what text not null,
    address text,
    constraint partner_opening_ticket_fk foreign key (ticket_id) references ticket,
    constraint partner_opening_link_fk foreign key (link_id) references partner_link
);
create index partner_opening_ticket_idx on partner_opening (ticket_id, id);
create index partner_opening_link_idx on partner_opening (link_id);
create index partner_opening_at_idx on partner_opening (at);
comment on table partner_opening is 'Each time that a link was followed, be it that it led nowhere any more, or something was done through it. Kept for a year.';
comment on column partner_opening.what is 'opened, photo, expired, over, or what was done.';
comment on column partner_opening.address is 'Where from; an IPv6 address is cut to its /64.';
