-- Photographs of requests over Open311 that are elsewhere (media_url), until they were fetched.

create table photograph_to_fetch (
    id uuid primary key,
    ticket_id uuid not null,
    client_id uuid not null,
    url text not null,
    attempts integer not null default 0,
    attempt_at timestamptz not null,
    constraint photograph_to_fetch_ticket_fk foreign key (ticket_id) references ticket,
    constraint photograph_to_fetch_client_fk foreign key (client_id) references api_client
);
create index photograph_to_fetch_ticket_idx on photograph_to_fetch (ticket_id);
create index photograph_to_fetch_client_idx on photograph_to_fetch (client_id);
create index photograph_to_fetch_attempt_idx on photograph_to_fetch (attempt_at);
comment on table photograph_to_fetch is 'Photographs that a program named by their URL over Open311 (media_url): fetched by a worker, then gone from here.';
comment on column photograph_to_fetch.client_id is 'The program that named it: it is who adds it.';
comment on column photograph_to_fetch.attempts is 'How often it was begun to fetch it.';
comment on column photograph_to_fetch.attempt_at is 'Not fetched before: also while a worker is at it.';
