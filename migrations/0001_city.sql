-- A city as data: loaded from its files as a whole, held in memory by every instance.
--
-- Each of these tables keeps the definition as the file says it and draws from it the columns that SQL needs. What is
-- no longer in the files is retired (active = false), never deleted: old tickets still name it.

create table city (
    singleton boolean primary key default true constraint city_is_one check (singleton),
    settings jsonb not null,
    revision bigint not null
);
comment on table city is 'What holds for the whole city; one row.';
comment on column city.revision is 'Rises with every change of any table of this file; instances reload when it does.';

create table organisation (
    code text primary key,
    definition jsonb not null,
    position integer not null,
    active boolean not null default true,
    constraint organisation_code_is_in_definition check (definition ->> 'code' = code)
);
comment on table organisation is 'The bodies that services belong to: city, epci, department, state, landlord, association.';

create table calendar (
    code text primary key,
    definition jsonb not null,
    position integer not null,
    active boolean not null default true,
    constraint calendar_code_is_in_definition check (definition ->> 'code' = code)
);
comment on table calendar is 'When services are open: targets are counted in this working time.';

create table service (
    code text primary key,
    definition jsonb not null,
    position integer not null,
    active boolean not null default true,
    organisation_code text not null generated always as (definition ->> 'organisation') stored,
    calendar_code text not null generated always as (definition ->> 'calendar') stored,
    mailbox text not null generated always as (definition ->> 'mailbox') stored,
    constraint service_code_is_in_definition check (definition ->> 'code' = code),
    constraint service_organisation_fk foreign key (organisation_code) references organisation,
    constraint service_calendar_fk foreign key (calendar_code) references calendar
);
create index service_organisation_idx on service (organisation_code);
create index service_calendar_idx on service (calendar_code);
comment on table service is 'Who receives tickets: services of the town hall, and partners outside it.';
comment on column service.mailbox is 'Where tickets are announced.';

create table category (
    code text primary key,
    definition jsonb not null,
    position integer not null,
    active boolean not null default true,
    parent_code text generated always as (definition ->> 'parent') stored,
    constraint category_code_is_in_definition check (definition ->> 'code' = code),
    constraint category_parent_fk foreign key (parent_code) references category
);
create index category_parent_idx on category (parent_code);
comment on table category is 'The catalogue: what concerns are about, two levels at most.';

create table zoning (
    code text primary key,
    definition jsonb not null,
    position integer not null,
    active boolean not null default true,
    constraint zoning_code_is_in_definition check (definition ->> 'code' = code)
);
comment on table zoning is 'Ways of dividing the city, several side by side; the areas with their shapes (GeoJSON) inside the definition.';

create table routing_rule_set (
    version integer primary key,
    rules jsonb not null,
    published_at timestamptz not null
);
comment on table routing_rule_set is 'The routing rules, each published version whole; the highest one is in force. Rows never change.';
