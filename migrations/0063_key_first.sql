-- A request under an idempotency key is done by the statement that keeps its answer; it is undone as a whole when its ticket is not as it was read.

create function ticket_as_read() returns integer language plpgsql as $$
begin
    raise exception 'the ticket was written since it was read'
        using errcode = 'check_violation', constraint = 'ticket_as_read';
end;
$$;
comment on function ticket_as_read is 'Undoes a statement whose change found its ticket written since.';

comment on column idempotency_key.fingerprint is 'SHA-256 of method, path and body: another request under the same key is refused. Empty once what was answered is erased: any request is another one then.';
