-- What is no longer kept here goes elsewhere too. And a duplicate that is parted again goes to the dispatcher's desk when its service
-- may not have it any more: both are told.

-- Programs of services that had the ticket before may hold copies of it: they hear that what was said is erased (RGPD, article 19).
create or replace function ticket_events_are_due() returns trigger language plpgsql set search_path from current as $$
begin
    insert into feed_due (id, type, at, ticket_id, version, state, services, category_code, areas, secrecy)
    select h.id, 'ticket.' || (h.fact ->> 'type'), h.at, t.id, h.version, t.state,
        case
            when h.fact ->> 'type' in ('rerouted', 'reopened', 'unmerged') and h.fact ? 'from'
                then array[h.fact ->> 'service', h.fact ->> 'from']
            when h.fact ->> 'type' = 'pseudonymised' then array[t.service_code] || array(
                select distinct o.service_code from handover o
                where o.ticket_id = t.id and o.service_code <> t.service_code order by o.service_code
            )
            else array[t.service_code]
        end,
        t.category_code, t.areas, secrecy_of(t.sensitivity, t.hidden_from_referrer)
    from happened h join ticket t on t.id = h.ticket_id order by h.id;
    return null;
end;
$$;
comment on column feed.services is 'Who had the ticket once it had happened, and before, if that was another service; of what is erased, whoever ever had it.';

-- What programs answered to events, and what files were called that came by e-mail and were not kept, goes with what was said.
create index webhook_delivery_answer_idx on webhook_delivery (event_id) where answer is not null;
comment on column webhook_delivery.answer is 'The first 1,000 bytes; nothing any more once what was said about the ticket is erased: they may repeat it.';
create index inbound_mail_refused_idx on inbound_mail ((outcome ->> 'ticket')) where outcome -> 'refused' <> '[]';
comment on column inbound_mail.outcome is 'As it was answered; without the names of attachments that were not kept once what was said about the ticket is erased.';
