-- A search looks back as far as what it has found so far lets expect a page, instead of by fixed steps.

create function searched_since(
    last timestamptz, since timestamptz, hits integer, page integer, first timestamptz
) returns timestamptz
language plpgsql immutable parallel safe as $$
declare
    seen float8 := extract(epoch from last - since) / 86400;
    -- A third more than what would fill the page, were there as many before and two more: no more than six times what was looked through,
    -- since words have their seasons; and as much at least, or the looks for a word that nobody uses any more would grow too slowly.
    days float8 := greatest(least(1.3 * (page - hits) * seen / (hits + 2), 6 * seen), seen, 1);
    unit text := case when days <= 14 then 'day' when days <= 500 then 'month' else 'year' end;
begin
    if since > last then
        return greatest(date_trunc('day', last - interval '24 hours', 'UTC'), first);
    elsif days > 700 then
        return first;
    end if;
    return greatest(date_trunc(unit, since - days * interval '24 hours', 'UTC'), first);
end;
$$;
comment on function searched_since is 'From when on a search of tickets looks next, the last filed first, when it has found so many from since to last, and wants a page: the first instant of a day, a month or a year, or the very first.';

create function filed_between(since timestamptz, before timestamptz) returns tsquery
language plpgsql immutable parallel safe as $$
declare
    span constant interval := before - since;
    unit constant text := case when span <= '16 days' then 'day' when span <= '20 months' then 'month' else 'year' end;
    form constant text := case unit when 'day' then 'YYYYMMDD' when 'month' then 'YYYYMM' else 'YYYY' end;
    at timestamp := date_trunc(unit, since at time zone 'UTC');
    words text[];
begin
    if since <= 'epoch' then
        return null;
    end if;
    while at < before at time zone 'UTC' loop
        words := words || quote_literal(' ' || to_char(at, form));
        at := at + ('1 ' || unit)::interval;
    end loop;
    return array_to_string(words, '|')::tsquery;
end;
$$;
comment on function filed_between is 'The days, months or years in which tickets were filed then, as filed_in has them, and some that are beside; null for all of the past.';

create or replace function wanted(asked text) returns tsquery
language plpgsql immutable strict parallel safe as $$
declare
    plain constant tsquery := websearch_to_tsquery('pg_catalog.french'::regconfig, singular(fold(asked)));
    written tsquery;
begin
    -- What is left out is left out however it is written: a text has the plain words always.
    if position('-' in asked) > 0 then
        asked := (
            select string_agg(case when word like '-%' then singular(fold(word)) else word end, ' ' order by place)
            from string_to_table(asked, ' ') with ordinality as w(word, place)
        );
    end if;
    written := websearch_to_tsquery('pg_catalog.french'::regconfig, asked);
    return case when plain = written then written else written || plain end;
end;
$$;

-- Each search reads through what waits to be indexed, and whoever files the ninety-fifth concern waits until it is: nothing waits.
alter index ticket_text_idx reset (gin_pending_list_limit);
alter index ticket_text_idx set (fastupdate = off);
select gin_clean_pending_list('ticket_text_idx');
