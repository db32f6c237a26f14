-- The whole life of a ticket: handovers, waiting, reminders.

alter table ticket
    add column if not exists origin text,
    add column if not exists reopened integer not null default 0,
    add column handed_over_at timestamptz,
    add column pauses jsonb not null default '[]',
    add column remind_at timestamptz,
    add column rungs smallint not null default 0,
    add column wound_at bigint not null default 0;
update ticket t set
    origin = (select c.origin from concern c where c.id = t.concern_id),
    handed_over_at = coalesce(r.last, t.filed_at),
    reopened = coalesce(r.times, 0)
from ticket o
left join (
    select ticket_id, max(at) as last, count(*) as times from ticket_event where fact ->> 'type' = 'reopened'
    group by ticket_id
) r on r.ticket_id = o.id
where o.id = t.id;
alter table ticket alter column handed_over_at set not null, alter column origin set not null;
create index ticket_remind_idx on ticket (remind_at) where remind_at is not null;
create index ticket_resume_idx on ticket (resume_on) where state = 'on_hold';
create index ticket_resolved_idx on ticket (resolved_at) where state = 'resolved';
create index ticket_wound_idx on ticket (wound_at)
    where state in ('submitted', 'acknowledged', 'scheduled', 'in_progress', 'on_hold', 'refused');
comment on column ticket.origin is 'How the concern was heard, as it stands there.';
comment on column ticket.handovers is 'How often it was passed to a service; 1 when filed. The number of its last handover.';
comment on column ticket.reopened is 'How often it was reopened.';
comment on column ticket.handed_over_at is 'When it was last passed to its service: the clocks count from then.';
comment on column ticket.pauses is 'When it waited since then: [{"from": …, "to": …}]; the resolution clock stood still.';
comment on column ticket.remind_at is 'When the next rung of the ladder of reminders is due.';
comment on column ticket.rungs is 'How many rungs were climbed since the clock that runs began.';
comment on column ticket.wound_at is 'The revision of the city that its clocks were last wound by.';

create table handover (
    ticket_id uuid not null,
    number integer not null,
    service_code text not null,
    sent_at timestamptz not null,
    received_at timestamptz,
    answered_at timestamptz,
    answer text,
    answered_by jsonb,
    answered_after bigint,
    ended_at timestamptz,
    primary key (ticket_id, number),
    constraint handover_ticket_fk foreign key (ticket_id) references ticket,
    constraint handover_service_fk foreign key (service_code) references service,
    constraint handover_answer_known check (answer in ('accepted', 'refused')),
    constraint handover_answer_is_whole check ((answer is null) = (answered_at is null) and (answer is null) = (answered_by is null)),
    constraint handover_one_runs exclude (ticket_id with =) where (ended_at is null) deferrable initially deferred
);
create index handover_service_idx on handover (service_code, sent_at);
comment on table handover is 'Each passing of a ticket to a service. A ticket that has not ended has exactly one that has not.';
comment on column handover.answered_after is 'Working time of the service between sending and answer, in seconds.';
comment on column handover.ended_at is 'When the ticket left the service: passed on, or ended.';
insert into handover (ticket_id, number, service_code, sent_at, received_at, answered_at, answer, answered_by, ended_at)
select t.id, t.handovers, t.service_code, t.handed_over_at, t.received_at, e.at,
    case e.fact ->> 'type' when 'acknowledged' then 'accepted' when 'refused' then 'refused' end, e.actor,
    case when t.state in ('closed', 'cancelled') then
        (select max(l.at) from ticket_event l where l.ticket_id = t.id)
    end
from ticket t
left join lateral (
    select * from ticket_event a
    where a.ticket_id = t.id and a.at >= t.handed_over_at and a.fact ->> 'type' in ('acknowledged', 'refused')
    order by a.version desc limit 1
) e on true;
