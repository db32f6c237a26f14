-- The messages that residents are sent, by their concern: to erase a contact, all messages were read through, for each fifty concerns.
create index outbox_resident_idx on outbox (((recipient ->> 'concern')::uuid)) where recipient ->> 'type' = 'resident';
