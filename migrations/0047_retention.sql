-- Personal data over time: contacts, then texts, then rows go, a while after a concern has ended.

alter table concern
    add column contact_erased_at timestamptz,
    add column texts_erased_at timestamptz,
    add column to_erase boolean not null default false;
comment on column concern.contact_erased_at is 'Since when nothing is kept any more by which the resident can be reached or found.';
comment on column concern.texts_erased_at is 'Since when nothing is kept any more of what was said and written, nor the exact place.';
comment on column concern.to_erase is 'Somebody asked for it: the texts go as soon as the concern has ended.';
create index concern_contact_kept_idx on concern (filed_at) where contact_erased_at is null;
create index concern_texts_kept_idx on concern (filed_at) where texts_erased_at is null;
create index concern_to_erase_idx on concern (id) where to_erase and texts_erased_at is null;

create function concern_ended_at(concern uuid) returns timestamptz language sql stable set search_path from current as $$
    with recursive followed (id) as (
        select t.id from ticket t where t.concern_id = concern
        union
        select f.ticket_id from concern_follow f where f.concern_id = concern
        union
        select t.duplicate_of from followed f join ticket t on t.id = f.id where t.duplicate_of is not null
    ), ends as (
        select case t.state
            when 'closed' then t.closed_at
            when 'cancelled' then (
                select max(e.at) from ticket_event e where e.ticket_id = t.id and e.fact ->> 'type' = 'cancelled'
            )
        end as at
        from followed join ticket t using (id)
    )
    select case
        when not exists (select from ends) then (select c.filed_at from concern c where c.id = concern)
        when not exists (select from ends where at is null) then (select max(at) from ends)
    end
$$;
comment on function concern_ended_at is 'When the last of the tickets ended by which a concern is followed; when it was filed, without any; null while one has not ended.';

-- What was written after the texts of a concern were erased, goes in its turn.
create function concern_has_texts_again() returns trigger language plpgsql set search_path from current as $$
begin
    update concern set texts_erased_at = null
    from ticket t where t.id = new.ticket_id and concern.id = t.concern_id and texts_erased_at is not null;
    return null;
end;
$$;
create trigger note_is_text after insert on note for each row execute function concern_has_texts_again();
create trigger referrer_message_is_text after insert on referrer_message
    for each row execute function concern_has_texts_again();
create trigger resident_message_is_text after insert on resident_message
    for each row execute function concern_has_texts_again();
create trigger feedback_is_text after insert on feedback for each row execute function concern_has_texts_again();
create trigger attachment_is_text after insert on attachment for each row execute function concern_has_texts_again();
create trigger ticket_event_is_text after insert on ticket_event
    for each row when (new.fact ->> 'type' = 'reopened') execute function concern_has_texts_again();

create function concern_has_contact_again() returns trigger language plpgsql set search_path from current as $$
begin
    update concern set contact_erased_at = null where id = new.concern_id and contact_erased_at is not null;
    return null;
end;
$$;
create trigger tracking_slip_is_contact after insert on tracking_slip
    for each row execute function concern_has_contact_again();

-- Nothing changes what happened, but that what was said of it is no longer kept.
create function refuse_change_but_erasing() returns trigger language plpgsql as $$
begin
    if current_setting('continuum.erasing', true) = 'on' then
        return case tg_op when 'DELETE' then old else new end;
    end if;
    raise exception '% rows are never changed or deleted', tg_table_name using errcode = 'restrict_violation';
end;
$$;
comment on function refuse_change_but_erasing is 'Keeps a table append-only, but for a transaction that says that it erases personal data.';
drop trigger ticket_event_is_append_only on ticket_event;
create trigger ticket_event_is_append_only before update or delete on ticket_event
    for each row execute function refuse_change_but_erasing();
drop trigger note_is_append_only on note;
create trigger note_is_append_only before update or delete on note
    for each row execute function refuse_change_but_erasing();
drop trigger referrer_message_is_append_only on referrer_message;
create trigger referrer_message_is_append_only before update or delete on referrer_message
    for each row execute function refuse_change_but_erasing();
drop trigger feedback_is_append_only on feedback;
create trigger feedback_is_append_only before update or delete on feedback
    for each row execute function refuse_change_but_erasing();
drop trigger partner_link_is_append_only on partner_link;
create trigger partner_link_is_append_only before update or delete on partner_link
    for each row execute function refuse_change_but_erasing();

create table past_figure (
    filed_at timestamptz not null,
    service_code text not null,
    category_code text not null,
    origin text,
    urgency smallint not null,
    sensitivity text not null,
    hidden_from_referrer boolean not null,
    areas jsonb not null,
    area_codes text[] not null generated always as (area_codes(areas)) stored,
    closure_reason text,
    acknowledged boolean not null,
    acknowledged_on_time boolean not null,
    first_status_after bigint,
    first_status_after_working bigint,
    resolved_after bigint,
    rerouted boolean not null,
    refused boolean not null,
    reopened boolean not null,
    residents_to_tell integer not null,
    residents_told integer not null,
    referrers_to_tell integer not null,
    referrers_told integer not null
);
create index past_figure_filed_idx on past_figure (filed_at);
comment on table past_figure is 'What is counted of tickets that are no longer kept: no row tells which ticket it was, whose, where exactly, or at what hour it was filed.';
comment on column past_figure.filed_at is 'Noon of the day, on the city''s clocks.';

alter table cafe add column past_concerns integer not null default 0;
comment on column cafe.past_concerns is 'How many of its concerns are no longer kept.';

create table gone (
    id uuid primary key,
    reference text,
    gone_at timestamptz not null
);
create unique index gone_reference_idx on gone (reference);
comment on table gone is 'The ids of concerns and tickets, and the references of tickets, that were kept for as long as the city keeps them: whoever asks is told that they are gone.';

create table erasure_to_note (
    concern_id uuid primary key
);
comment on table erasure_to_note is 'Concerns whose residents wished to be forgotten: a worker notes them beside the attachments, where a restored backup of the database finds them.';

alter table unplaced_mail add column from_digest bytea;
create index unplaced_mail_from_digest_idx on unplaced_mail (from_digest) where from_digest is not null;
comment on column unplaced_mail.from_digest is 'Of the address that wrote it, like resident_contact.address_digest.';

create table retention_run (
    id uuid primary key,
    planned_at timestamptz not null,
    contact_before timestamptz not null,
    texts_before timestamptz not null,
    rows_before timestamptz not null,
    state text not null,
    contacts_due integer not null,
    texts_due integer not null,
    rows_due integer not null,
    contacts integer not null default 0,
    texts integer not null default 0,
    rows integer not null default 0,
    confirmed_by uuid,
    confirmed_at timestamptz,
    finished_at timestamptz,
    constraint retention_run_state_known check (state in ('waiting', 'running', 'done')),
    constraint retention_run_confirmed_by_fk foreign key (confirmed_by) references user_account,
    constraint retention_run_ends_when_done check ((state = 'done') = (finished_at is not null))
);
create unique index retention_run_open_idx on retention_run ((true)) where state <> 'done';
create index retention_run_planned_idx on retention_run (planned_at);
create index retention_run_confirmed_by_idx on retention_run (confirmed_by) where confirmed_by is not null;
comment on table retention_run is 'What each night erased. One at most has not ended: it waits for a person when it would erase unusually much.';
comment on column retention_run.contact_before is 'Until when a concern must have ended for its contact to go; likewise the others.';
comment on column retention_run.contacts_due is 'How many concerns were found of which the contact is to go; likewise the others.';
comment on column retention_run.contacts is 'Of how many it is gone.';
