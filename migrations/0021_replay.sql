-- Past concerns are looked through again, the last ones first, to see where other rules would have sent them.

create index concern_filed_idx on concern (filed_at desc, id desc);
