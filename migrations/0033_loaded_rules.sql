-- Rules that the city's files put in force may say why, without an author of the database.

alter table routing_rule_set
    drop constraint routing_rule_set_author_has_reason,
    add constraint routing_rule_set_author_has_reason check (author_id is null or reason is not null);
comment on column routing_rule_set.reason is 'Why, as whoever published or loaded it says.';
