-- Residents' mails: which concerns share an address, and links that were replaced but still stop the mails.

alter table resident_contact add column address_digest bytea;
comment on column resident_contact.address_digest is 'HMAC-SHA-256 of the e-mail address in lower case, as in muted_address; empty where there is none; null until a worker has made it. The key is not in the database.';
comment on column resident_contact.bounced_at is 'Since when it is known of this concern that the e-mail address takes no mail: who filed it was told then.';
create index resident_contact_address_idx on resident_contact (address_digest) where address_digest <> '';
create index resident_contact_undigested_idx on resident_contact (concern_id) where address_digest is null;
drop index resident_contact_bounced_idx;

create table former_link (
    digest bytea primary key,
    concern_id uuid not null,
    constraint former_link_concern_fk foreign key (concern_id) references tracking_link
);
create index former_link_concern_idx on former_link (concern_id);
comment on table former_link is 'Links that were replaced by another: they lead nowhere, but whoever got one by e-mail can still stop the mails.';
comment on column former_link.digest is 'SHA-256 of the token.';
