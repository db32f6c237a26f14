create table identity (
    issuer text not null,
    idp text not null,
    subject text not null,
    user_id uuid not null,
    linked_at timestamptz not null,
    primary key (issuer, idp, subject),
    constraint identity_user_fk foreign key (user_id) references user_account
);
create index identity_user_idx on identity (user_id);
comment on table identity is 'Who people are at identity providers (OpenID Connect). An e-mail address is no part of it: anybody''s provider may claim one.';
comment on column identity.idp is 'The provider behind the issuer, where there are several (ProConnect); empty where there is one.';

create table sign_in (
    id uuid primary key,
    stage text not null,
    digest bytea not null,
    sealed bytea not null,
    expires_at timestamptz not null,
    constraint sign_in_digest_key unique (digest),
    constraint sign_in_stage_known check (stage in ('attempt', 'granted'))
);
create index sign_in_expires_idx on sign_in (expires_at);
comment on table sign_in is 'Sign-ins at an identity provider that are under way: taken out by the one answer that is accepted.';
comment on column sign_in.digest is 'The SHA-256 of what the browser holds: a cookie while it is at the provider, then the code that gets a session.';
comment on column sign_in.sealed is 'What is remembered meanwhile (state, nonce; then the account), sealed with the accounts'' key.';
