-- Photographs and documents of tickets. The bytes are in the store of files, under the attachment's id.

create table attachment (
    id uuid primary key,
    ticket_id uuid not null,
    name text,
    media_type text not null,
    size bigint not null,
    sha256 bytea not null,
    width integer,
    height integer,
    added_at timestamptz not null,
    added_by jsonb not null,
    scanned_at timestamptz,
    removed_at timestamptz,
    removed_by jsonb,
    constraint attachment_ticket_fk foreign key (ticket_id) references ticket,
    constraint attachment_media_type_known check (media_type in ('image/jpeg', 'application/pdf')),
    constraint attachment_is_not_empty check (size > 0),
    constraint attachment_sha256_is_one check (length(sha256) = 32),
    constraint attachment_photograph_has_dimensions check ((media_type = 'image/jpeg') = (width is not null and height is not null)),
    constraint attachment_removal_is_whole check ((removed_at is null) = (removed_by is null)),
    constraint attachment_removed_has_no_name check ((removed_at is null) = (name is not null))
);
create index attachment_ticket_idx on attachment (ticket_id, id);
create index attachment_unscanned_idx on attachment (id) where scanned_at is null and removed_at is null;
comment on table attachment is 'Photographs and documents of tickets; their bytes are in the store of files, under the id.';
comment on column attachment.name is 'What it is called; gone once it was taken back.';
comment on column attachment.sha256 is 'Of the bytes that are kept, which are not those that were sent.';
comment on column attachment.scanned_at is 'When a virus scanner found nothing in it.';
comment on column attachment.removed_at is 'When it was taken back: its bytes are gone then.';

create table stray_file (
    id uuid primary key,
    due_at timestamptz not null,
    doomed boolean not null
);
create index stray_file_due_idx on stray_file (due_at);
comment on table stray_file is 'Files that belong to no attachment, or not yet. An upload stands here before its bytes are written, and no longer once it is an attachment: whatever interrupts it, what it left is found.';
comment on column stray_file.due_at is 'When its bytes are deleted, or deleted again should that have failed.';
comment on column stray_file.doomed is 'Its bytes are being deleted: it becomes no attachment any more.';
