-- What concerns may be about, learnt from those that were filed.

create table suggestion_model (
    singleton boolean primary key default true,
    revision bigint not null default 0,
    claimed_until timestamptz,
    trained_at timestamptz,
    model jsonb,
    constraint suggestion_model_singleton check (singleton),
    constraint suggestion_model_trained check ((model is null) = (trained_at is null))
);
comment on table suggestion_model is 'In how many concerns of which category each word was found: counts, no text. Learnt anew each day from the concerns that there are then.';
comment on column suggestion_model.revision is 'Rises with each training: instances read the model again.';
comment on column suggestion_model.claimed_until is 'A worker is training: the others leave it alone until then.';
