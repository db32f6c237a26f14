//! The events as they happen: server-sent events (WHATWG HTML, 9.2).

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, HeaderName};
use actix_web::rt::time::{Instant, sleep, sleep_until};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use auth::permission::FollowEvents;
use domain::feed::{CloudEvent, Filter, Position, sequence};
use tokio::sync::Notify;
use usecases::feed::{Begin, FeedError};
use usecases::{Context, Origin};
use utoipa::IntoParams;
use uuid::Uuid;

use super::{FilterEvents, after, filter, position};
use crate::front::Front;
use crate::guard;
use crate::problem::{At, Code, FieldError, Problem};
use crate::request::caller::{Caller, Visitor};
use crate::request::query::Query;
use crate::stream::{Pieces, stream};

/// How many streams a program may have open at one instance.
const MOST: usize = 5;

/// How many events are read at once. No more are read before these are on their way: a client that does not read is not
/// read for.
const PAGE: u64 = 100;

/// How long nothing is said at most.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// What is said when there is nothing to tell.
const HERE: &str = ": still here\n\n";

/// How long a client waits before it connects again, milliseconds.
const RETRY: u32 = 3000;

/// How often, and how long each time, it is waited for a stream that was left to be noticed: what is said to it first is
/// lost, what is said next fails.
const LOOKS: u32 = 5;
const LOOK: Duration = Duration::from_millis(200);

/// The streams that are open at this instance, by program.
#[derive(Clone, Default)]
pub(crate) struct Streams(Arc<Mutex<HashMap<Uuid, Followed>>>);

/// The streams of a program.
#[derive(Default)]
struct Followed {
    count: usize,
    /// Has each say something, so that those are found that nobody reads any more.
    say: Arc<Notify>,
}

/// One of them; gives its place back when dropped.
struct Open {
    streams: Streams,
    client: Uuid,
    say: Arc<Notify>,
}

impl Streams {
    /// A place, once one of those that nobody reads any more is given back, if all are taken.
    async fn open(&self, client: Uuid) -> Option<Open> {
        for _ in 0..LOOKS {
            match self.try_open(client) {
                Ok(open) => return Some(open),
                Err(say) => say.notify_waiters(),
            }
            sleep(LOOK).await;
        }
        self.try_open(client).ok()
    }

    fn try_open(&self, client: Uuid) -> Result<Open, Arc<Notify>> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let followed = open.entry(client).or_default();
        let say = followed.say.clone();
        if followed.count >= MOST {
            return Err(say);
        }
        followed.count += 1;
        Ok(Open { streams: self.clone(), client, say })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut open = self.streams.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(followed) = open.get_mut(&self.client) {
            followed.count -= 1;
            if followed.count == 0 {
                open.remove(&self.client);
            }
        }
    }
}

/// Where a stream begins.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only documents the parameters that `Query` takes")]
pub(crate) struct BeginStream {
    /// Only what came after the event of this `sequence`; from now on, when left out or `latest`.
    #[param(pattern = "^([0-9]{1,20}|latest)$", example = "00000000000000004217")]
    after: Option<String>,
}

/// Where a broken stream goes on.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "only documents the header")]
pub(crate) struct ResumeStream {
    /// The `id` that was read last: clients send it by themselves when they connect again. It goes before `after`.
    #[param(rename = "Last-Event-ID", pattern = "^[0-9]{1,20}$", example = "00000000000000004217")]
    last_event_id: Option<String>,
}

/// Follow events as they happen
///
/// The same events as `GET /v1/events`, as server-sent events: `event` is the type, `data` the `CloudEvent`, `id` its
/// `sequence`, with which a client that connects again goes on where it was. At least every 15 seconds something is sent,
/// be it an `id` alone that tells up to where nothing else was asked for. A program may have five streams open at an
/// instance; a stream ends when the program's token does, so that clients connect again with a new one, and when the instance
/// stops: then it says how long to wait (`retry`) before connecting to another.
#[utoipa::path(
    operation_id = "event_stream",
    tag = "events",
    params(FilterEvents, BeginStream, ResumeStream),
    responses(
        (status = 200, description = "The stream", body = String, content_type = "text/event-stream"),
        (status = 410, description = "`events_expired`, `events_ahead`"),
        (status = 429, description = "`too_many_streams`, `rate_limited`"),
    ),
    security(("bearer" = []))
)]
#[get("/v1/events/stream")]
pub(crate) async fn follow(
    caller: Caller<FollowEvents>,
    visitor: Visitor,
    cx: Data<Context>,
    front: Data<Front>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(&request);
    let filter = filter(&mut query, &*cx.city()?);
    let begin = after(&mut query);
    // None yet: clients may say so by nothing.
    let resume = request
        .headers()
        .get("last-event-id")
        .filter(|value| !value.is_empty())
        .map(|value| value.to_str().ok().and_then(position));
    query.finish()?;
    let begin = match resume {
        Some(None) => {
            let texts = ("Attendu : la `sequence` d’un événement.", "Expected: the `sequence` of an event.");
            let error = FieldError::new(At::Header("Last-Event-ID"), "bad_value", texts);
            return Err(Problem::new(Code::InvalidHeader).errors(vec![error]));
        }
        Some(Some(position)) => Begin::After(position),
        None => begin.unwrap_or(Begin::Latest),
    };
    let client = caller.grant.holder().client.0;
    let open = front.streams().open(client).await.ok_or_else(|| Problem::new(Code::TooManyStreams).retry_after(60))?;
    // Where it cannot begin is told before anything else is.
    let page = usecases::feed::read(&cx, &caller.grant.into(), &filter, begin, 1).await?;
    let at = if let Begin::After(position) = begin { position } else { page.until };
    let token = guard::bearer(request.headers())?;
    let follower = Follower { cx, filter, token, origin: visitor.0, open };
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((CACHE_CONTROL, "no-store"))
        // Proxies pass on what they get at once.
        .insert_header((HeaderName::from_static("x-accel-buffering"), "no"))
        .streaming(stream(async move |to| follower.follow(at, &to).await)))
}

/// Somebody who follows.
struct Follower {
    cx: Data<Context>,
    filter: Filter,
    token: String,
    origin: Origin,
    open: Open,
}

impl Follower {
    async fn follow(self, mut at: Position, to: &Pieces) -> Result<(), FeedError> {
        let mut text = format!("retry: {RETRY}\n\n");
        let mut said = Instant::now();
        loop {
            // What is announced from here on is not missed.
            let mut fed = pin!(self.cx.fed.notified());
            // What the program may read, it may read now: its token and its rights are looked at each time.
            let Ok(principal) = guard::recognise(&self.cx, self.token.clone(), &self.origin).await else {
                return Ok(());
            };
            let Ok(grant) = principal.grant::<FollowEvents>() else { return Ok(()) };
            let page = usecases::feed::read(&self.cx, &grant.into(), &self.filter, Begin::After(at), PAGE).await?;
            text.extend(page.items.iter().map(block));
            if page.until > at && page.items.is_empty() {
                text.extend(["id: ", &sequence(page.until), "\n\n"]);
            }
            at = page.until;
            if !text.is_empty() {
                if to.send(std::mem::take(&mut text).into_bytes()).await.is_err() {
                    return Ok(());
                }
                said = Instant::now();
            }
            if page.more && !self.cx.stopping.is_cancelled() {
                continue;
            }
            loop {
                tokio::select! {
                    () = &mut fed => break,
                    () = sleep_until(said + HEARTBEAT) => {
                        text.push_str(HERE);
                        break;
                    }
                    // Nothing is read for that.
                    () = self.open.say.notified() => {
                        if to.send(HERE.into()).await.is_err() {
                            return Ok(());
                        }
                    }
                    () = to.left() => return Ok(()),
                    () = self.cx.stopping.cancelled() => {
                        let wait = u64::from(RETRY) / 2 + self.cx.ids.next().as_u64_pair().1 % u64::from(RETRY);
                        drop(to.send(format!("retry: {wait}\n\n").into_bytes()).await);
                        return Ok(());
                    }
                }
            }
        }
    }
}

/// An event, as a stream says it. JSON has no line breaks of its own.
fn block(event: &CloudEvent) -> String {
    let data = serde_json::to_string(event).expect("an event is made of maps with string keys");
    format!("id: {}\nevent: {}\ndata: {data}\n\n", event.sequence(), event.event_type())
}
