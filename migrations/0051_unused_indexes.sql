-- No statement of the program uses these: seen by its tests with sequential scans and sorts turned off, none of which scanned one
-- of them, and by reading its statements. Each was written with every concern, or entry of the audit log. Others that were never
-- scanned stay where they are a foreign key's only one.

drop index concern_category_idx, audit_entry_by_client_idx;
