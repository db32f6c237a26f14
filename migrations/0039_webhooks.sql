-- Webhooks: the feed, sent to programs.

create table webhook (
    id uuid primary key,
    client_id uuid not null,
    url text not null,
    types text[] not null,
    services text[] not null,
    categories text[] not null,
    areas text[] not null,
    version bigint not null,
    created_at timestamptz not null,
    position bigint not null,
    replay_after bigint,
    replay_until bigint,
    ping_id uuid,
    failures integer not null default 0,
    failing_since timestamptz,
    attempt_at timestamptz,
    disabled_at timestamptz,
    disabled_because text,
    lease uuid,
    leased_until timestamptz,
    constraint webhook_client_fk foreign key (client_id) references api_client,
    constraint webhook_replay_whole check ((replay_after is null) = (replay_until is null)),
    constraint webhook_disabled_whole check ((disabled_at is null) = (disabled_because is null)),
    constraint webhook_disabled_known check (disabled_because in ('asked', 'failing', 'gone')),
    constraint webhook_failing_whole check ((failures = 0) = (failing_since is null))
);
create index webhook_client_idx on webhook (client_id, id);
comment on table webhook is 'Where a program has its events sent, one after the other.';
comment on column webhook.areas is 'Each as zoning:area.';
comment on column webhook.position is 'In the feed: everything up to it was delivered, or was not asked for.';
comment on column webhook.replay_after is 'Delivered again, before anything else: what comes after this position, up to replay_until.';
comment on column webhook.ping_id is 'The id of a ping that is to be sent.';
comment on column webhook.failures is 'How many attempts have failed in a row.';
comment on column webhook.attempt_at is 'Not attempted again before.';
comment on column webhook.lease is 'Of the worker that delivers. Whoever holds another one no longer does.';

create table webhook_secret (
    id uuid primary key,
    webhook_id uuid not null,
    key_id text not null,
    sealed bytea not null,
    created_at timestamptz not null,
    signs_until timestamptz,
    constraint webhook_secret_webhook_fk foreign key (webhook_id) references webhook on delete cascade
);
create index webhook_secret_webhook_idx on webhook_secret (webhook_id);
comment on table webhook_secret is 'What the deliveries of a webhook are signed with. The newest has no end; former ones sign for a while too.';

create table webhook_delivery (
    seq bigint generated always as identity primary key,
    webhook_id uuid not null,
    url text not null,
    event_id uuid not null,
    type text not null,
    position bigint,
    attempt integer not null,
    at timestamptz not null,
    duration_ms integer not null,
    request_bytes integer not null,
    request_sha256 bytea not null,
    status smallint,
    error text,
    answer text,
    constraint webhook_delivery_webhook_fk foreign key (webhook_id) references webhook on delete cascade,
    constraint webhook_delivery_ended check ((status is null) = (error is not null))
);
create index webhook_delivery_webhook_idx on webhook_delivery (webhook_id, seq);
create index webhook_delivery_at_idx on webhook_delivery (at);
comment on table webhook_delivery is 'Attempts to deliver, kept for 30 days. What was sent is told by its digest: events may hold what people wrote.';
comment on column webhook_delivery.position is 'Of the event in the feed; none of a ping.';
comment on column webhook_delivery.answer is 'The first 1,000 bytes.';
