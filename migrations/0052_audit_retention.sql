-- Entries of the audit log go when they were kept for long enough, the oldest first, up to one that a seal was made over: what is
-- left begins with the hash under that seal. What erases personal data removes none.

create function refuse_change_but_removing() returns trigger language plpgsql as $$
begin
    if current_setting('continuum.removing', true) = tg_table_name then
        return old;
    end if;
    raise exception '% rows are never changed or deleted', tg_table_name using errcode = 'restrict_violation';
end;
$$;
comment on function refuse_change_but_removing is 'Keeps a table from being deleted from, but by a transaction that says that it removes what was kept for long enough from this one.';
drop trigger audit_entry_is_append_only on audit_entry;
create trigger audit_entry_is_never_changed before update on audit_entry for each row execute function refuse_change();
create trigger audit_entry_is_append_only before delete on audit_entry
    for each row execute function refuse_change_but_removing();

comment on column audit_seal.seq is 'The last row of the log when it was sealed; 0 when there was none. Not a foreign key: entries go when they were kept for long enough, the seal over the last of them stays.';
