-- A café from its announcement to its report; and concerns that were noted offline, filed once however often they are sent.

alter table cafe
    add column announced_at timestamptz,
    add column cancelled_at timestamptz,
    add column cancel_reason text,
    add column report jsonb,
    add column changed_at timestamptz not null default now(),
    add column reminded_at timestamptz,
    add constraint cafe_cancelled_says_why check (
        (state = 'cancelled') = (cancelled_at is not null) and (state = 'cancelled') = (cancel_reason is not null)
    ),
    add constraint cafe_reported_has_report check ((state = 'reported') = (report is not null));
alter table cafe alter column changed_at drop default;
create index cafe_announced_idx on cafe (starts_at, id) where announced_at is not null;
create index cafe_to_remind_idx on cafe (starts_at) where state = 'planned' and reminded_at is null;
comment on column cafe.announced_at is 'Since when it stands in the public calendar.';
comment on column cafe.report is 'What came of it: {"headcount": 23, "conversations": [{"category": …, "count": …}], "officers": […], …}.';
comment on column cafe.changed_at is 'When the version rose last.';
comment on column cafe.reminded_at is 'When the services that owe an answer were told of it.';

create table concern_noted (
    cafe_id uuid not null,
    sender_id uuid not null,
    id uuid not null,
    concern_id uuid not null,
    noted_at timestamptz not null,
    seal text not null,
    primary key (cafe_id, sender_id, id),
    constraint concern_noted_concern_key unique (concern_id),
    constraint concern_noted_cafe_fk foreign key (cafe_id) references cafe,
    constraint concern_noted_concern_fk foreign key (concern_id) references concern deferrable initially deferred
);
comment on table concern_noted is 'Concerns that were noted offline at a café: each is filed once, in the transaction that writes its row here.';
comment on column concern_noted.sender_id is 'Who sent it, a person or a program: notes of two of them never meet.';
comment on column concern_noted.id is 'Made by the sender''s device.';
comment on column concern_noted.seal is 'HMAC-SHA-256 of what was sent, under the key that is not in the database: another content under the same id is refused.';
