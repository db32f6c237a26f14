-- What happened while migration 0060 copied figures: tickets that were removed, areas that were made to fit. Then what it copied from
-- goes, for which tickets are locked for a moment.
delete from ticket_figure f where not exists (select from ticket t where t.id = f.ticket_id);
alter table ticket_figure validate constraint ticket_figure_ticket_fk;
insert into figure_due (ticket_id, at)
select t.id, now() from ticket t join ticket_figure f on f.ticket_id = t.id where t.areas is distinct from f.areas;
drop table narrow_figure;
