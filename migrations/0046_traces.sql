-- Traces go on where an event is sent: each event keeps the trace of the request in which it happened, if that trace is
-- sent to a collector. The transaction says which it is; nothing is written for any other.

alter table feed_due add column traceparent text default nullif(current_setting('continuum.traceparent', true), '');
alter table feed add column traceparent text;
comment on column feed_due.traceparent is 'The trace in which it happened (W3C Trace Context), if that is sent to a collector.';
comment on column feed.traceparent is 'The trace in which it happened (W3C Trace Context), if that is sent to a collector.';
