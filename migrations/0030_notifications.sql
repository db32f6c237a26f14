-- When each message leaves: at once, together with others, or in a morning's digest; and what people wish to hear of.

alter table outbox
    add column planned boolean not null default true,
    add column bundled boolean not null default false,
    add column mail uuid,
    add column leaves_at timestamptz;
update outbox set mail = id where attempts > 0;
alter table outbox alter column planned set default false;
create index outbox_unplanned_idx on outbox (seq) where state = 'pending' and not planned;
create index outbox_left_idx on outbox (lane, finished_at) where state = 'sent';
create index outbox_mail_idx on outbox (mail) where mail is not null;
comment on column outbox.planned is 'Whether it is settled when it leaves and with which others. A worker settles it before it sends anything.';
comment on column outbox.bundled is 'It leaves in one e-mail with the bundled messages of its lane that are due.';
comment on column outbox.mail is 'The e-mail that it leaves in, from the first attempt on: the id of the first message in it, which is also the Message-ID. What is in an e-mail no longer changes.';
comment on column outbox.leaves_at is 'When it was settled to leave, unlike due_at also after attempts that failed.';
comment on column outbox.lane is 'Messages of one lane leave one after the other, in the order of seq. Once planned, one lane a recipient and ticket, or one a person and digest.';
comment on column outbox.recipient is 'Whom, never an address: {"type": "service", "code": …}, {"type": "person", "user": …}, {"type": "member", "user": …, "service": …} or {"type": "resident", "concern": …}.';

create table notification_wish (
    user_id uuid primary key,
    wishes jsonb not null,
    version bigint not null,
    constraint notification_wish_user_fk foreign key (user_id) references user_account
);
comment on table notification_wish is 'How people wish to be told. What they have not chosen follows from their roles.';
comment on column notification_wish.wishes is '{"progress": "daily", …}: only what was chosen.';

create table late_list (
    day date primary key
);
comment on table late_list is 'The mornings of which the lists of late tickets were put in the outbox: once, however many instances there are.';

create table letter (
    code text primary key,
    definition jsonb not null,
    position integer not null,
    active boolean not null default true
);
comment on table letter is 'Words of letters that the city wrote itself, in place of ours: {"code": "outcome.resident.fr", "source": …}.';
