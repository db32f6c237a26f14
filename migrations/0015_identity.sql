-- Identities can be told apart, listed and taken away; a person is asked before one is linked with their account.

alter table identity
    add column id uuid not null default gen_random_uuid(),
    add column name text,
    add constraint identity_id_key unique (id);
comment on column identity.name is 'What the provider called the person when the two were linked, so that they recognise it; nothing else goes by it.';

alter table sign_in
    drop constraint sign_in_stage_known,
    add constraint sign_in_stage_known check (stage in ('attempt', 'question', 'granted'));
comment on column sign_in.digest is 'The SHA-256 of what the browser holds: a cookie while it is at the provider, the same with what the form brings while the person is asked, then the code that gets a session.';
