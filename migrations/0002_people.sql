-- People with an account.

create table user_account (
    id uuid primary key,
    email text not null,
    name text not null,
    language text not null default 'fr',
    roles text[] not null,
    password_hash text,
    active boolean not null default true,
    created_at timestamptz not null,
    constraint user_account_language_known check (language in ('fr', 'en')),
    constraint user_account_roles_known check (roles <@ array['agent', 'service_member', 'dispatcher', 'admin'])
);
create unique index user_account_email_key on user_account (lower(email));
comment on table user_account is 'People who log in: officers, members of services, dispatchers, administrators. No residents.';
comment on column user_account.password_hash is 'argon2id, PHC string; null until a password is set.';

create table service_member (
    user_id uuid not null,
    service_code text not null,
    primary key (user_id, service_code),
    constraint service_member_user_fk foreign key (user_id) references user_account,
    constraint service_member_service_fk foreign key (service_code) references service
);
create index service_member_service_idx on service_member (service_code);
comment on table service_member is 'Who works in which service.';

create table session (
    id uuid primary key,
    user_id uuid not null,
    refresh_digest bytea not null,
    spent_digest bytea,
    created_at timestamptz not null,
    refreshed_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz,
    constraint session_user_fk foreign key (user_id) references user_account,
    constraint session_refresh_digest_key unique (refresh_digest)
);
create index session_user_idx on session (user_id);
create index session_spent_digest_idx on session (spent_digest);
comment on table session is 'Login sessions. Access tokens are not kept; of refresh tokens, SHA-256 digests.';
comment on column session.spent_digest is 'The refresh token before the current one: who presents it has stolen one or been stolen from, and the session ends.';
