-- Webhooks that answer at once wait for none that do not; the log tells the whole request.

alter table webhook add prompt boolean not null default false;
comment on column webhook.prompt is 'The last attempt took a second at most: it is delivered to in a lane of its own.';

alter table webhook_delivery add id uuid not null default gen_random_uuid(),
    add request_headers jsonb not null default '{}',
    add constraint webhook_delivery_id_unique unique (id);
alter table webhook_delivery alter id drop default, alter request_headers drop default;
comment on table webhook_delivery is 'Attempts to deliver, kept for 30 days. The body is not kept: events may hold what people wrote, which is in one place only. It is told again, and its digest says whether it is the same.';
