-- Who follows events, or reads tickets, with a program's token is remembered too, as people are (migration 0053).

create function token_holder(holder_id uuid, token_id uuid, issued_at timestamptz)
    returns table (scopes text[], services text[], categories text[])
language sql stable parallel safe as $$
    select c.scopes, c.services, c.categories from api_client c
    where c.id = $1 and c.active and (c.tokens_not_before is null or c.tokens_not_before < $3)
        and not exists (select from revoked_token r where r.id = $2)
$$;
comment on function token_holder is 'What the program of an access token may do; no row when it is disabled, was disabled since the token was issued (to the second), or the token was revoked.';

create function token_holds(
    holder_id uuid, token_id uuid, issued_at timestamptz,
    known_scopes text[], others_asked text[], known_services text[], known_categories text[]
) returns boolean
language plpgsql stable parallel safe as $$
begin
    return exists (
        select from token_holder(holder_id, token_id, issued_at) h
        where h.scopes @> known_scopes and not h.scopes && others_asked
            and h.services @> known_services and h.services <@ known_services
            and h.categories @> known_categories and h.categories <@ known_categories
    );
end;
$$;
comment on function token_holds is 'Whether an access token holds, and its program may do the same of what it asks for, and nothing else of that, for these services and categories and no others.';
