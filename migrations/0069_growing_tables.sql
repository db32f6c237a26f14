-- What only grows is looked at after a fiftieth, too: otherwise plans would be made from what there was months ago (0044).
alter table concern set (autovacuum_analyze_scale_factor = 0.02);
alter table ticket_event set (autovacuum_analyze_scale_factor = 0.02);
alter table ticket_text set (autovacuum_analyze_scale_factor = 0.02);
alter table feed set (autovacuum_analyze_scale_factor = 0.02);
