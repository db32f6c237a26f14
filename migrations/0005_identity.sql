-- Accounts, sessions, programs, and what keeps them from being guessed.

alter table user_account
    drop constraint user_account_roles_known,
    add constraint user_account_roles_known check (
        roles <@ array['agent', 'service_member', 'service_manager', 'dispatcher', 'auditor', 'admin']
    ),
    add column version bigint not null default 1,
    add column password_set_at timestamptz;
create index user_account_name_idx on user_account (lower(name), id);
comment on column user_account.version is 'Rises by one with each change; the ETag.';
comment on column user_account.active is 'False: disabled. The account keeps its history and can do nothing.';

create table second_factor (
    user_id uuid primary key,
    key_id text not null,
    sealed bytea not null,
    created_at timestamptz not null,
    confirmed_at timestamptz,
    last_step bigint not null default 0,
    constraint second_factor_user_fk foreign key (user_id) references user_account
);
comment on table second_factor is 'Seeds of one-time codes (TOTP, RFC 6238), sealed with the accounts'' key, which is not in the database.';
comment on column second_factor.confirmed_at is 'When the first code was given; before, the factor is not asked for.';
comment on column second_factor.last_step is 'The half minute of the last code that was accepted: an earlier one, or the same, is not accepted again.';

create table recovery_code (
    digest bytea primary key,
    user_id uuid not null,
    used_at timestamptz,
    constraint recovery_code_user_fk foreign key (user_id) references second_factor on delete cascade
);
create index recovery_code_user_idx on recovery_code (user_id);
comment on table recovery_code is 'SHA-256 digests of the codes that stand in for a lost second factor, each once.';

create table account_link (
    id uuid primary key,
    user_id uuid not null,
    purpose text not null,
    digest bytea not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    constraint account_link_user_fk foreign key (user_id) references user_account,
    constraint account_link_digest_key unique (digest),
    constraint account_link_purpose_known check (purpose in ('invitation', 'reset'))
);
create index account_link_user_idx on account_link (user_id);
comment on table account_link is 'Links that let somebody choose a password, once. The token is derived from the accounts'' key and this row; the database holds its SHA-256 only.';

alter table session
    drop column spent_digest,
    add column method text not null default 'password',
    add column address text,
    add column agent text,
    add column limited boolean not null default false,
    add column id_token bytea,
    add constraint session_method_known check (method in ('password', 'oidc'));
create index session_live_idx on session (user_id, refreshed_at desc) where ended_at is null;
create index session_expires_idx on session (expires_at);
comment on table session is 'Login sessions. Access tokens are not kept; of refresh tokens, SHA-256 digests.';
comment on column session.address is 'Where it was begun or last refreshed from, so that its owner can recognise it.';
comment on column session.agent is 'The User-Agent header of that request, cut at 200 characters.';
comment on column session.limited is 'The person has to set up a second factor before anything else.';
comment on column session.id_token is 'The provider''s ID token, for logging out there; sealed with the accounts'' key.';

create table spent_refresh_token (
    digest bytea primary key,
    session_id uuid not null,
    constraint spent_refresh_token_session_fk foreign key (session_id) references session on delete cascade
);
create index spent_refresh_token_session_idx on spent_refresh_token (session_id);
comment on table spent_refresh_token is 'Who presents one of these has stolen it or been stolen from: its session ends.';

create table throttle (
    key bytea primary key,
    free_at timestamptz not null
);
create index throttle_free_idx on throttle (free_at);
comment on table throttle is 'How often something may be tried, by the generic cell rate algorithm: a key is the SHA-256 of what is counted.';
comment on column throttle.free_at is 'When all that was tried is forgotten.';

create table api_client (
    id uuid primary key,
    name text not null,
    contact text not null,
    scopes text[] not null,
    services text[] not null,
    categories text[] not null,
    jwks jsonb,
    active boolean not null default true,
    version bigint not null default 1,
    created_at timestamptz not null,
    created_by uuid not null,
    last_used_at timestamptz,
    constraint api_client_created_by_fk foreign key (created_by) references user_account
);
create unique index api_client_name_key on api_client (lower(name));
create index api_client_created_by_idx on api_client (created_by);
comment on table api_client is 'Programs that use the API.';
comment on column api_client.contact is 'The e-mail address of who looks after the program; told before a secret expires.';
comment on column api_client.services is 'The services that it is limited to, by code; empty: not limited.';
comment on column api_client.jwks is 'Public keys with which it proves who it is (private_key_jwt, RFC 7523).';

create table client_secret (
    id uuid primary key,
    client_id uuid not null,
    kind text not null,
    digest bytea not null,
    hint text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    last_used_at timestamptz,
    warned_at timestamptz,
    constraint client_secret_client_fk foreign key (client_id) references api_client,
    constraint client_secret_digest_key unique (digest),
    constraint client_secret_kind_known check (kind in ('secret', 'api_key'))
);
create index client_secret_client_idx on client_secret (client_id);
create index client_secret_expires_idx on client_secret (expires_at) where revoked_at is null and warned_at is null;
comment on table client_secret is 'Programs'' secrets and API keys: 256 random bits, shown once; the SHA-256 is kept. Two of a kind are valid at a time at most.';
comment on column client_secret.hint is 'The last four characters, so that people can tell them apart.';

create table revoked_token (
    id uuid primary key,
    expires_at timestamptz not null
);
create index revoked_token_expires_idx on revoked_token (expires_at);
comment on table revoked_token is 'Access tokens of programs that were revoked (RFC 7009), until they would have expired.';

create table client_assertion (
    client_id uuid not null,
    jti text not null,
    expires_at timestamptz not null,
    primary key (client_id, jti),
    constraint client_assertion_client_fk foreign key (client_id) references api_client
);
create index client_assertion_expires_idx on client_assertion (expires_at);
comment on table client_assertion is 'Assertions that were used (RFC 7523, 3): each is accepted once.';

alter table concern
    alter column referrer_id drop not null,
    add column client_id uuid,
    add constraint concern_client_fk foreign key (client_id) references api_client,
    add constraint concern_has_one_referrer check ((referrer_id is null) <> (client_id is null));
create index concern_client_idx on concern (client_id, filed_at) where client_id is not null;
comment on column concern.client_id is 'The program that filed it, if no officer did.';

alter table ticket
    alter column referrer_id drop not null,
    add column client_id uuid,
    add constraint ticket_client_fk foreign key (client_id) references api_client,
    add constraint ticket_has_one_referrer check ((referrer_id is null) <> (client_id is null));
create index ticket_client_idx on ticket (client_id, filed_at desc, id desc) where client_id is not null;

alter table outbox
    alter column ticket_id drop not null,
    alter column event_version drop not null,
    add column about jsonb,
    add column since timestamptz,
    add constraint outbox_about_one_thing check (
        (ticket_id is null) = (event_version is null) and (ticket_id is null) = (about is not null)
    );
comment on column outbox.about is 'What a message tells of that no ticket is part of: {"type": "account_link", "link": …}, {"type": "session_ended", "session": …}…';
comment on column outbox.since is 'When such a message was appended; the others take their event''s time.';
