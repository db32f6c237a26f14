-- A code of a sign-in that comes a second time ends the session that it got: somebody has a copy of it.

alter table session add column code_digest bytea;
create unique index session_code_idx on session (code_digest) where code_digest is not null;
comment on column session.code_digest is 'The SHA-256 of the code of the sign-in that got the session, if it was one; null otherwise.';
