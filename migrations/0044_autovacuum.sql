-- By itself, PostgreSQL cleans a table up once a fifth of its rows are dead, and looks at its values again once a tenth are
-- new. In a city of a million tickets these are months: until then lists walk past the former versions of each row, and what
-- was filed since is not in the statistics that their plans are made from. Those tables whose rows change are looked at after a
-- fiftieth.
alter table ticket set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
alter table handover set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
alter table outbox set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
alter table ticket_figure set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);
