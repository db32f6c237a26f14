-- The audit log: who read what is restricted, who administered what, what was refused at the door. Append-only, chained
-- by hash, sealed each day with a key that is not in the database.

create table audit_entry (
    seq bigint primary key,
    at timestamptz not null,
    content text not null,
    previous bytea not null,
    hash bytea not null,
    act text not null generated always as (content::jsonb -> 'act' ->> 'type') stored,
    by_user uuid generated always as ((content::jsonb -> 'by' ->> 'user')::uuid) stored,
    by_client uuid generated always as ((content::jsonb -> 'by' ->> 'client')::uuid) stored,
    constraint audit_entry_previous_is_sha256 check (length(previous) = 32),
    constraint audit_entry_hash_is_sha256 check (length(hash) = 32)
);
create index audit_entry_at_idx on audit_entry (at);
create index audit_entry_act_idx on audit_entry (act, seq);
create index audit_entry_by_user_idx on audit_entry (by_user, seq) where by_user is not null;
create index audit_entry_by_client_idx on audit_entry (by_client, seq) where by_client is not null;
comment on table audit_entry is 'The audit log: one row an act, each with the hash of the one before. No personal data of residents, no e-mail addresses: identifiers and codes.';
comment on column audit_entry.seq is 'From 1, without gaps. Set by the trigger, like previous and hash: whatever an insert says of them is overwritten.';
comment on column audit_entry.content is 'JSON as the program wrote it: who, from where, what, why. Text, because the hash is over every byte of it.';
comment on column audit_entry.previous is 'The hash of the row before; thirty-two zeros for the first.';
comment on column audit_entry.hash is 'sha256 of: previous; seq, then at in microseconds since 1970, 8 bytes each, the highest first; content.';

create function chain_audit_entry() returns trigger language plpgsql as $$
declare
    head_seq bigint;
    head_hash bytea;
begin
    -- One writer at a time, until its transaction ends: a row that is rolled back leaves no gap, and a row that is
    -- visible follows rows that are. Whoever writes here does it last in a transaction, so that the others wait for a
    -- commit only (store::Tx::audit sees to that). The lock is this table's: each city has its own.
    perform pg_advisory_xact_lock(7208120, tg_relid::integer);
    -- Under READ COMMITTED each statement of this function has a snapshot of its own. This one is taken after the wait,
    -- and the lock is released after a commit has become visible: the last row is the last row. A transaction with an
    -- older snapshot (REPEATABLE READ) may find an earlier one; its row then has a number that is taken, and the
    -- primary key refuses it: the chain never forks. Dynamic, so that no search_path leads to another table.
    execute format('select seq, hash from %I.%I order by seq desc limit 1', tg_table_schema, tg_table_name)
        into head_seq, head_hash;
    new.seq := coalesce(head_seq, 0) + 1;
    new.previous := coalesce(head_hash, decode(repeat('00', 32), 'hex'));
    new.hash := sha256(
        new.previous || int8send(new.seq) || int8send((extract(epoch from new.at) * 1000000)::bigint)
        || convert_to(new.content, 'UTF8')
    );
    return new;
end;
$$;
comment on function chain_audit_entry is 'Numbers a row of the audit log, and chains it to the one before.';
create trigger audit_entry_is_chained before insert on audit_entry
    for each row execute function chain_audit_entry();
create trigger audit_entry_is_append_only before update or delete on audit_entry
    for each row execute function refuse_change();
create trigger audit_entry_is_never_emptied before truncate on audit_entry
    for each statement execute function refuse_change();

create table audit_seal (
    day date primary key,
    seq bigint not null,
    hash bytea not null,
    key_id text not null,
    signature bytea not null,
    sealed_at timestamptz not null,
    constraint audit_seal_hash_is_sha256 check (length(hash) = 32),
    constraint audit_seal_signature_is_ed25519 check (length(signature) = 64)
);
create index audit_seal_seq_idx on audit_seal (seq, day);
comment on table audit_seal is 'The end of the audit log as it was when a day was over, signed. A log that was cut or written anew no longer fits its seals.';
comment on column audit_seal.day is 'Europe/Paris.';
comment on column audit_seal.seq is 'The last row of the log when it was sealed; 0 when there was none. Not a foreign key: a sealed stretch may be exported and removed one day, the seal stays.';
comment on column audit_seal.key_id is 'Which key signed: the beginning of the SHA-256 of the public key.';
comment on column audit_seal.signature is 'Ed25519 over the lines "continuum audit seal v1", schema, day, seq, hash (hexadecimal), each ended by a line feed.';
create trigger audit_seal_is_append_only before update or delete on audit_seal
    for each row execute function refuse_change();
create trigger audit_seal_is_never_emptied before truncate on audit_seal
    for each statement execute function refuse_change();
