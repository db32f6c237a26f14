-- A dash that stands before no word leaves nothing out. PostgreSQL takes each for a negation of what follows, and gives up at the
-- thirty-third (« tsquery stack too small »).
create or replace function wanted(asked text) returns tsquery
language plpgsql immutable strict parallel safe as $$
declare
    lone constant text := '-(?!"?[[:alnum:]])';
    plain constant tsquery := websearch_to_tsquery(
        'pg_catalog.french'::regconfig, singular(regexp_replace(fold(asked), lone, ' ', 'g'))
    );
    written tsquery;
begin
    -- What is left out is left out however it is written: a text has the plain words always.
    if position('-' in asked) > 0 then
        asked := (
            select string_agg(case when word like '-%' then singular(fold(word)) else word end, ' ' order by place)
            from string_to_table(asked, ' ') with ordinality as w(word, place)
        );
        asked := regexp_replace(asked, lone, ' ', 'g');
    end if;
    written := websearch_to_tsquery('pg_catalog.french'::regconfig, asked);
    return case when plain = written then written else written || plain end;
end;
$$;
