-- Rule sets that people write: drafts, and who published what, why.

alter table routing_rule_set
    add column author_id uuid,
    add column reason text,
    add column restored_from integer,
    add constraint routing_rule_set_author_fk foreign key (author_id) references user_account,
    add constraint routing_rule_set_restored_from_fk foreign key (restored_from) references routing_rule_set,
    add constraint routing_rule_set_author_has_reason check ((author_id is null) = (reason is null));
create index routing_rule_set_author_idx on routing_rule_set (author_id) where author_id is not null;
create index routing_rule_set_restored_from_idx on routing_rule_set (restored_from) where restored_from is not null;
comment on column routing_rule_set.author_id is 'Who published it; null when it was loaded from the city''s files.';
comment on column routing_rule_set.restored_from is 'The former version whose rules these are, when somebody went back to it.';

create table routing_draft (
    id uuid primary key,
    name text not null,
    rules jsonb not null,
    based_on integer not null,
    version bigint not null,
    changed_at timestamptz not null,
    changed_by uuid not null,
    constraint routing_draft_name_key unique (name),
    constraint routing_draft_based_on_fk foreign key (based_on) references routing_rule_set,
    constraint routing_draft_changed_by_fk foreign key (changed_by) references user_account
);
create index routing_draft_based_on_idx on routing_draft (based_on);
create index routing_draft_changed_by_idx on routing_draft (changed_by);
comment on table routing_draft is 'Rule sets that somebody is writing: in force for nobody.';
comment on column routing_draft.based_on is 'The published version that it is meant to follow: publishing over another one would undo it unseen.';
