-- A concern may have an address that nobody has put on the map: without network, that is what an officer has.

alter table concern
    drop constraint concern_else_has_text_and_place,
    add constraint concern_else_has_text_and_place check (
        outcome = 'signposted' or (description is not null and (lat is not null or address is not null))
    ),
    add constraint concern_point_is_whole check ((lat is null) = (lon is null));
alter table ticket
    alter column lat drop not null,
    alter column lon drop not null,
    add constraint ticket_has_place check ((lat is null) = (lon is null) and (lat is not null or address is not null));
