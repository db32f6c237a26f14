-- Figures say themselves of which service, category and areas a ticket is, and when it was filed: a year is counted by reading
-- that year's figures alone, where all figures were read beside that year's tickets.
--
-- All are copied while the city goes on; only the exchange at the end is waited for. The earlier version goes on answering, but its worker
-- keeps no figures, publishes no open data and finds no `ticket_figures` any more: what it wrote would leave out what it does not
-- know of. What is due waits in the queue for the new one.

create table wide_figure (
    ticket_id uuid not null,
    filed_at timestamptz not null,
    urgency smallint not null,
    open boolean not null,
    acknowledged boolean not null,
    acknowledged_on_time boolean not null,
    rerouted boolean not null,
    refused boolean not null,
    reopened boolean not null,
    hidden_from_referrer boolean not null,
    first_status_after bigint,
    first_status_after_working bigint,
    resolved_after bigint,
    residents_to_tell integer not null,
    residents_told integer not null,
    referrers_to_tell integer not null,
    referrers_told integer not null,
    service_code text not null,
    category_code text not null,
    sensitivity text not null,
    origin text not null,
    closure_reason text,
    areas jsonb not null,
    area_codes text[] not null
);
comment on table wide_figure is 'What is counted of each ticket, and among which it is counted. Derived: figures_of says how; the worker and a rebuild write what it gives.';
comment on column wide_figure.open is 'Neither resolved, nor closed, nor cancelled.';
comment on column wide_figure.closure_reason is 'Why it is resolved or closed; null before, and when it was cancelled.';
comment on column wide_figure.acknowledged is 'The service that it was last passed to has taken it in hand.';
comment on column wide_figure.acknowledged_on_time is 'And did so until ack_due_at.';
comment on column wide_figure.first_status_after is 'From the filing to the first time that a service took it in hand or refused it: seconds of real time.';
comment on column wide_figure.first_status_after_working is 'The same in working time of the service, in seconds; null unless the service that it was first passed to has said it, and nothing else since.';
comment on column wide_figure.resolved_after is 'From the filing to the resolution that stands: seconds of real time, waiting and reopening included.';
comment on column wide_figure.residents_to_tell is 'How many residents there was news about it for: taken in hand, settled, followed with another, called off. Those who left an e-mail address.';
comment on column wide_figure.residents_told is 'To how many of them one was sent.';
comment on column wide_figure.referrers_to_tell is 'How many people who filed a concern there was news about it for, not counting news of what they did themselves.';
comment on column wide_figure.referrers_told is 'To how many of them some was sent.';

-- Nobody keeps figures meanwhile.
select pg_advisory_xact_lock(7208121, 'ticket_figure'::regclass::oid::integer);
insert into wide_figure (
    ticket_id, filed_at, urgency, open, acknowledged, acknowledged_on_time, rerouted, refused, reopened,
    hidden_from_referrer, first_status_after, first_status_after_working, resolved_after, residents_to_tell,
    residents_told, referrers_to_tell, referrers_told, service_code, category_code, sensitivity, origin, closure_reason,
    areas, area_codes
)
select t.id, t.filed_at, t.urgency, f.open, f.acknowledged, f.acknowledged_on_time, f.rerouted, f.refused, f.reopened,
    t.hidden_from_referrer, f.first_status_after, f.first_status_after_working, f.resolved_after, f.residents_to_tell,
    f.residents_told, f.referrers_to_tell, f.referrers_told, t.service_code, t.category_code, t.sensitivity, t.origin,
    f.closure_reason, t.areas, t.area_codes
from ticket_figure f join ticket t on t.id = f.ticket_id
order by t.filed_at;
alter table wide_figure add constraint wide_figure_pkey primary key (ticket_id);
create index ticket_figure_filed_idx on wide_figure (filed_at);
-- As migration 0044 has it.
alter table wide_figure set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);
analyze wide_figure;

-- In the order in which statements that count take them.
lock table ticket in share row exclusive mode;
lock table ticket_figure in access exclusive mode;
drop function ticket_figures(uuid[]);
alter table ticket_figure rename to narrow_figure;
alter table narrow_figure rename constraint ticket_figure_pkey to narrow_figure_pkey;
alter table narrow_figure rename constraint ticket_figure_ticket_fk to narrow_figure_ticket_fk;
alter table wide_figure rename to ticket_figure;
alter table ticket_figure rename constraint wide_figure_pkey to ticket_figure_pkey;
alter table ticket_figure
    add constraint ticket_figure_ticket_fk foreign key (ticket_id) references ticket on delete cascade not valid;

create function figures_of(ids uuid[]) returns setof ticket_figure language sql stable set search_path from current as $$
    select t.id, t.filed_at, t.urgency,
        t.state not in ('resolved', 'closed', 'cancelled'),
        t.acknowledged_at is not null,
        coalesce(t.acknowledged_at <= t.ack_due_at, false),
        e.rerouted, e.refused, e.reopened,
        t.hidden_from_referrer,
        floor(extract(epoch from e.first_status_at - t.filed_at))::bigint,
        h.answered_after,
        case when t.state in ('resolved', 'closed') then floor(extract(epoch from t.resolved_at - t.filed_at))::bigint end,
        m.residents, m.residents_told, m.referrers, m.referrers_told,
        t.service_code, t.category_code, t.sensitivity, t.origin,
        case when t.state in ('resolved', 'closed') then t.closure_reason end,
        t.areas, t.area_codes
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
comment on function figures_of is 'The figures of these tickets, from the tickets, their events, handovers and messages as they are now.';

alter function figures_of_target_are_due() rename to figures_of_ticket_are_due;
create trigger ticket_areas_make_figures_due after update of areas on ticket
    for each row when (old.areas is distinct from new.areas) execute function figures_of_ticket_are_due();
