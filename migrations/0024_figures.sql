-- Figures: for each ticket, what the city's numbers need of it, kept by the worker.

create table ticket_figure (
    ticket_id uuid primary key,
    open boolean not null,
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
    referrers_told integer not null,
    constraint ticket_figure_ticket_fk foreign key (ticket_id) references ticket on delete cascade
);
comment on table ticket_figure is 'What is counted of each ticket. Derived: ticket_figures says how; the worker and a rebuild write what it gives.';
comment on column ticket_figure.open is 'Neither resolved, nor closed, nor cancelled.';
comment on column ticket_figure.closure_reason is 'Why it is resolved or closed; null before, and when it was cancelled.';
comment on column ticket_figure.acknowledged is 'The service that it was last passed to has taken it in hand.';
comment on column ticket_figure.acknowledged_on_time is 'And did so until ack_due_at.';
comment on column ticket_figure.first_status_after is 'From the filing to the first time that a service took it in hand or refused it: seconds of real time.';
comment on column ticket_figure.first_status_after_working is 'The same in working time of the service, in seconds; null unless the service that it was first passed to has said it, and nothing else since.';
comment on column ticket_figure.resolved_after is 'From the filing to the resolution that stands: seconds of real time, waiting and reopening included.';
comment on column ticket_figure.residents_to_tell is 'How many residents there was news about it for: taken in hand, settled, followed with another, called off. Those who left an e-mail address.';
comment on column ticket_figure.residents_told is 'To how many of them one was sent.';
comment on column ticket_figure.referrers_to_tell is 'How many people who filed a concern there was news about it for, not counting news of what they did themselves.';
comment on column ticket_figure.referrers_told is 'To how many of them some was sent.';

create table figure_due (
    seq bigint not null generated always as identity primary key,
    ticket_id uuid not null,
    at timestamptz not null
);
comment on table figure_due is 'Tickets whose figures may have changed, appended by the transaction that changed them. Nothing is unique, so that nobody waits for the worker.';
comment on column figure_due.at is 'When it changed.';

create function ticket_figures(ids uuid[]) returns setof ticket_figure language sql stable set search_path from current as $$
    select t.id,
        t.state not in ('resolved', 'closed', 'cancelled'),
        case when t.state in ('resolved', 'closed') then t.closure_reason end,
        t.acknowledged_at is not null,
        coalesce(t.acknowledged_at <= t.ack_due_at, false),
        floor(extract(epoch from e.first_status_at - t.filed_at))::bigint,
        h.answered_after,
        case when t.state in ('resolved', 'closed') then floor(extract(epoch from t.resolved_at - t.filed_at))::bigint end,
        e.rerouted, e.refused, e.reopened,
        m.residents, m.residents_told, m.referrers, m.referrers_told
    from ticket t
    cross join lateral (
        select min(v.at) filter (where v.fact ->> 'type' in ('acknowledged', 'refused')) as first_status_at,
            coalesce(bool_or(v.fact ->> 'type' = 'rerouted'), false) as rerouted,
            coalesce(bool_or(v.fact ->> 'type' = 'refused'), false) as refused,
            coalesce(bool_or(v.fact ->> 'type' = 'reopened'), false) as reopened
        from ticket_event v where v.ticket_id = t.id
    ) e
    left join handover h on h.ticket_id = t.id and h.number = 1 and h.answered_at = e.first_status_at
    cross join lateral (
        select count(distinct o.concern) as residents,
            count(distinct o.concern) filter (where o.sent) as residents_told,
            count(distinct o.person) as referrers,
            count(distinct o.person) filter (where o.sent) as referrers_told
        from (
            select state = 'sent' as sent,
                case when recipient ->> 'type' = 'resident' then recipient ->> 'concern' end as concern,
                case when recipient ->> 'type' = 'person' then recipient ->> 'user' end as person
            from outbox where ticket_id = t.id and kind in ('acknowledged', 'progress', 'outcome', 'merged', 'cancelled')
        ) o
    ) m
    where t.id = any (ids)
$$;
comment on function ticket_figures is 'The figures of these tickets, from the tickets, their events, handovers and messages as they are now.';

create function figures_of_events_are_due() returns trigger language plpgsql set search_path from current as $$
begin
    insert into figure_due (ticket_id, at) select ticket_id, max(at) from happened group by ticket_id;
    return null;
end;
$$;
create trigger ticket_event_makes_figures_due after insert on ticket_event
    referencing new table as happened for each statement execute function figures_of_events_are_due();

create function figures_of_message_are_due() returns trigger language plpgsql set search_path from current as $$
begin
    insert into figure_due (ticket_id, at) values (new.ticket_id, coalesce(new.finished_at, now()));
    return null;
end;
$$;
create trigger outbox_makes_figures_due after update of state on outbox
    for each row when (new.ticket_id is not null and old.state is distinct from new.state)
    execute function figures_of_message_are_due();

create function figures_of_target_are_due() returns trigger language plpgsql set search_path from current as $$
begin
    insert into figure_due (ticket_id, at) values (new.id, now());
    return null;
end;
$$;
create trigger ticket_target_makes_figures_due after update of ack_due_at on ticket
    for each row when (new.acknowledged_at is not null and old.ack_due_at is distinct from new.ack_due_at)
    execute function figures_of_target_are_due();

insert into ticket_figure select * from ticket_figures(array(select id from ticket));
