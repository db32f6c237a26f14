-- Notes among colleagues are searched too, by those who read them.

alter table ticket_text
    drop constraint ticket_text_part_known,
    add constraint ticket_text_part_known check (part in ('concern', 'note'));

create function keep_note_text() returns trigger language plpgsql set search_path from current as $$
begin
    insert into ticket_text (ticket_id, part, source_id, body, words)
    values (new.ticket_id, 'note', new.id, fold(new.text), stems(new.text));
    return null;
end;
$$;
comment on function keep_note_text is 'Makes notes searchable.';
create trigger note_is_searchable after insert on note for each row execute function keep_note_text();

insert into ticket_text (ticket_id, part, source_id, body, words)
select ticket_id, 'note', id, fold(text), stems(text) from note;
