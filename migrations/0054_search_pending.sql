-- What was just written waits in a list that each search reads through, until it is long enough to be taken into the index: four
-- megabytes are what a city of a million tickets writes in a week, and a third of that makes a search take twice as long.
alter index ticket_text_idx set (gin_pending_list_limit = 256);
