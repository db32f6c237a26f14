-- A ticket that a dispatcher opened was sent by no rule; how often a ticket was passed on is not how often it came back.

alter table ticket alter column sent drop not null;
comment on column ticket.sent is 'The rule and the version of the rule set that sent it, and why the rule matched; null when a dispatcher opened it at its service.';
update ticket t set sent = null
from ticket_event e where e.ticket_id = t.id and e.version = 1 and e.fact ->> 'note' is not null;

alter table ticket add column reroutes integer not null default 0;
comment on column ticket.reroutes is 'How often somebody passed it on to another service.';
update ticket t set reroutes = passed.times
from (select ticket_id, count(*) as times from ticket_event where fact ->> 'type' = 'rerouted' group by ticket_id) passed
where passed.ticket_id = t.id;
