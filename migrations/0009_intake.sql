-- Intake: what was answered to the questions of a category.

alter table concern
    add column answers jsonb not null default '{}',
    add constraint concern_signposted_answers_nothing check (outcome <> 'signposted' or answers = '{}');
alter table ticket add column answers jsonb not null default '{}';
comment on column concern.answers is 'What was answered to the category''s questions, by question: {"volume": 3}. Texts are masked like the description.';
comment on column ticket.answers is 'The concern''s answers, as they were when it was filed.';
