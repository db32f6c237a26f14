-- Closing the loop: sheets of what was said and what became of it, published by a link; and places that come back.

create table restitution (
    id uuid primary key,
    cafe_id uuid,
    zoning_code text,
    area_code text,
    from_on date,
    to_on date,
    generation integer not null,
    digest bytea not null,
    content jsonb not null,
    published_by uuid not null,
    published_at timestamptz not null,
    withdrawn_by uuid,
    withdrawn_at timestamptz,
    constraint restitution_cafe_key unique (cafe_id),
    constraint restitution_area_key unique (zoning_code, area_code, from_on, to_on),
    constraint restitution_digest_key unique (digest),
    constraint restitution_is_of_one_thing check (
        case when cafe_id is null then num_nulls(zoning_code, area_code, from_on, to_on) = 0
        else num_nonnulls(zoning_code, area_code, from_on, to_on) = 0 end
    ),
    constraint restitution_ends_after_it_begins check (to_on >= from_on),
    constraint restitution_withdrawn_by_somebody check ((withdrawn_by is null) = (withdrawn_at is null)),
    constraint restitution_cafe_fk foreign key (cafe_id) references cafe,
    constraint restitution_published_by_fk foreign key (published_by) references user_account,
    constraint restitution_withdrawn_by_fk foreign key (withdrawn_by) references user_account
);
create index restitution_published_by_idx on restitution (published_by);
create index restitution_withdrawn_by_idx on restitution (withdrawn_by) where withdrawn_by is not null;
comment on table restitution is 'Sheets « Vous avez dit, nous avons fait » that were published: of a café, or of an area and a time.';
comment on column restitution.content is 'What the link shows: as it was when it was last published.';
comment on column restitution.generation is 'Rises when it is published after it was withdrawn: the link of before stays dead.';
comment on column restitution.digest is 'SHA-256 of the link''s token, which is derived from the key and this row.';

create table restitution_count (
    concern_id uuid primary key,
    restitution_id uuid not null,
    constraint restitution_count_concern_fk foreign key (concern_id) references concern on delete cascade,
    constraint restitution_count_restitution_fk foreign key (restitution_id) references restitution
);
create index restitution_count_restitution_idx on restitution_count (restitution_id);
comment on table restitution_count is 'Which sheet has counted a concern in a number that it showed, be it withdrawn since: no other one ever does. So no two numbers can be subtracted from each other.';

create table hotspot (
    id uuid primary key,
    family_code text not null,
    active boolean not null,
    lat double precision not null,
    lon double precision not null,
    street text,
    areas jsonb not null,
    area_codes text[] not null generated always as (area_codes(areas)) stored,
    concerns integer not null default 0,
    concerns_ever integer not null default 0,
    months jsonb not null default '{}',
    first_at timestamptz not null,
    last_at timestamptz not null,
    found_at timestamptz not null
);
create index hotspot_list_idx on hotspot (last_at desc, id desc);
create index hotspot_area_codes_idx on hotspot using gin (area_codes);
create index hotspot_place_idx on hotspot (family_code, lat, lon);
comment on table hotspot is 'Places that come back: three concerns of a family of categories within 100 m in 12 months. Derived; kept by the worker.';
comment on column hotspot.family_code is 'The group of categories.';
comment on column hotspot.active is 'There are three now. Those that are not stay: they may come back.';
comment on column hotspot.lat is 'Of the concern with most others around it.';
comment on column hotspot.concerns is 'How many there are now, of the last 12 months.';
comment on column hotspot.concerns_ever is 'With those that have grown too old since.';
comment on column hotspot.months is 'How many were filed in each month: {"2026-03": 4}.';

create table hotspot_concern (
    concern_id uuid primary key,
    hotspot_id uuid not null,
    current boolean not null,
    constraint hotspot_concern_concern_fk foreign key (concern_id) references concern on delete cascade,
    constraint hotspot_concern_hotspot_fk foreign key (hotspot_id) references hotspot on delete cascade
);
create index hotspot_concern_hotspot_idx on hotspot_concern (hotspot_id);
comment on table hotspot_concern is 'Which concerns make a hotspot, and which ones did: its history.';
comment on column hotspot_concern.current is 'It makes the hotspot; else it did, and has grown too old.';

create table hotspot_due (
    seq bigint not null generated always as identity primary key,
    concern_id uuid not null
);
comment on table hotspot_due is 'Concerns around which to look for hotspots, appended by the transaction that filed them.';

create table hotspot_progress (
    singleton boolean primary key default true,
    since timestamptz not null,
    revision bigint not null,
    constraint hotspot_progress_singleton check (singleton)
);
comment on table hotspot_progress is 'Up to where concerns have grown too old, and with which city, of which families and areas depend: all is looked through again when it changes.';

create index concern_place_idx on concern (category_code, lat, lon) where lat is not null;

create function hotspots_are_due() returns trigger language plpgsql set search_path from current as $$
begin
    insert into hotspot_due (concern_id) select id from filed where lat is not null;
    return null;
end;
$$;
create trigger concern_makes_hotspots_due after insert on concern
    referencing new table as filed for each statement execute function hotspots_are_due();
