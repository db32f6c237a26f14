-- No statement of the program uses these: seen by its tests with sequential scans and sorts turned off, none of which scanned one
-- of them, and by reading its statements. Each was written with every concern, handover or entry of the audit log.

drop index concern_category_idx, concern_client_idx, handover_service_idx, audit_entry_by_client_idx;
