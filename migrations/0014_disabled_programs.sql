-- Tokens of a program that was disabled stay refused once it is enabled again.

alter table api_client add column tokens_not_before timestamptz;
comment on column api_client.tokens_not_before is 'When it was last disabled: access tokens issued until then are refused, also once it is enabled again.';
