-- « feu » is found by « feux », « pneus » by « pneu »: plurals that the French stemmer leaves as they are.

create function singular(plain text) returns text language sql immutable strict parallel safe
    return regexp_replace(
        regexp_replace(
            plain,
            '\m(adieu|aveu|cheveu|dieu|enjeu|epieu|essieu|feu|jeu|lieu|milieu|moyeu|neveu|pieu|voeu'
            '|bijou|caillou|chou|genou|hibou|joujou|pou|boyau|etau|fleau|joyau|noyau|preau|tuyau)x\M', '\1', 'g'
        ),
        '\m(\w{2,}[aiou])s\M', '\1', 'g'
    );
comment on function singular is 'A folded text without the plurals that the French stemmer leaves. Rules look for words in the same way.';

create or replace function stems(written text) returns tsvector language sql immutable parallel safe
    return to_tsvector('pg_catalog.french'::regconfig, translate(written, '-', ' '))
        || to_tsvector('pg_catalog.french'::regconfig, singular(fold(translate(written, '-', ' '))));
comment on function stems is 'French stems of a text as it was written, and without accents and plurals. Words with hyphens are several.';

create or replace function wanted(asked text) returns tsquery language sql immutable parallel safe
    return websearch_to_tsquery('pg_catalog.french'::regconfig, asked)
        || websearch_to_tsquery('pg_catalog.french'::regconfig, singular(fold(asked)));
comment on function wanted is 'What somebody searches for, as they wrote it or without accents and plurals.';

update ticket_text x set words = stems(ticket_body(t.reference, c.address, c.description))
from ticket t join concern c on c.id = t.concern_id
where x.part = 'concern' and x.ticket_id = t.id and x.source_id = c.id;

update ticket_text x set words = stems(n.text)
from note n
where x.part = 'note' and x.ticket_id = n.ticket_id and x.source_id = n.id;
