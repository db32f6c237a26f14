-- Whether a session holds is asked in one place, by a statement of its own or within another one: who reads tickets is remembered,
-- and the statement that finds the tickets finds none unless all that is remembered still holds.

create function session_holder(session_id uuid, person_id uuid, instant timestamptz)
    returns table (roles text[], limited boolean, services text[])
language sql stable parallel safe as $$
    select u.roles,
        s.limited or (
            s.method = 'password'
            and u.roles && array(
                select jsonb_array_elements_text(settings -> 'second_factor_required_for') from city
            )
            and not exists (select from second_factor f where f.user_id = u.id and f.confirmed_at is not null)
        ),
        array(select service_code from service_member m where m.user_id = u.id)
    from session s join user_account u on u.id = s.user_id and u.active
    where s.id = $1 and s.user_id = $2 and s.ended_at is null and s.expires_at > $3
$$;
comment on function session_holder is 'The roles and services of the person of a live session, and whether a second factor is due first; no row when it has ended or the account is disabled.';

-- Not in SQL, so that connections keep its plan, and do not plan it with each statement that asks it.
create function session_holds(session_id uuid, person_id uuid, instant timestamptz, known_roles text[], known_services text[])
    returns boolean
language plpgsql stable parallel safe as $$
begin
    return exists (
        select from session_holder(session_id, person_id, instant) h
        where not h.limited
            and h.roles @> known_roles and h.roles <@ known_roles
            and h.services @> known_services and h.services <@ known_services
    );
end;
$$;
comment on function session_holds is 'Whether a session is live, its person has these roles and services and no others, and no second factor is due first.';
