//! What many tickets of a page have in common: it is put into words and written as JSON once for all of them.

use std::cell::RefCell;
use std::rc::Rc;

use domain::ticket::{Action, State};
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use utoipa::ToSchema;

/// The rule that sent a concern to the ticket's first service, and why.
#[derive(Serialize, ToSchema)]
pub(super) struct Routing<'a> {
    /// The rule's code.
    pub(super) rule: &'a str,
    /// The version of the rule set.
    pub(super) version: i32,
    /// Why the rule matched, in words.
    #[schema(examples("le motif est « Dépôt sauvage »"))]
    pub(super) explanation: String,
}

/// An action that the reader may do now.
#[derive(Serialize, ToSchema)]
pub(super) struct Offered {
    /// The action: the last part of its path.
    action: Action,
    /// The fields that its body must have.
    #[schema(value_type = Vec<String>)]
    needs: &'static [&'static str],
    /// The fields that its body may have besides.
    #[schema(value_type = Vec<String>)]
    takes: &'static [&'static str],
}

impl Offered {
    pub(super) const fn new(action: Action, state: State) -> Self {
        let (needs, takes) = fields(action, state);
        Self { action, needs, takes }
    }
}

/// The fields that the body of an action must have, and those that it may have besides. A test compares them with the
/// OpenAPI document.
const fn fields(action: Action, state: State) -> (&'static [&'static str], &'static [&'static str]) {
    match action {
        Action::Receive => (&[], &[]),
        Action::Acknowledge => (&[], &["assignee", "expected_on", "note"]),
        Action::Refuse => (&["reason"], &["service", "note"]),
        Action::Reroute => (&["service", "note"], &[]),
        Action::Schedule => (&["scheduled_for"], &["note"]),
        Action::Start | Action::Resume => (&[], &["note"]),
        Action::Hold => (&["reason", "resume_on"], &["note"]),
        Action::Resolve => (&["closure_reason", "message_to_resident"], &["body_told", "note"]),
        Action::Reopen | Action::Unmerge => (&["note"], &[]),
        Action::Cancel => (&["note"], &["message_to_resident"]),
        Action::Close => match state {
            State::Refused => (&["closure_reason"], &["body_told", "message_to_resident", "note"]),
            State::Submitted
            | State::Acknowledged
            | State::Scheduled
            | State::InProgress
            | State::OnHold
            | State::Resolved
            | State::Closed
            | State::Cancelled => (&[], &["message_to_resident", "note"]),
        },
        Action::Merge => (&["duplicate_of"], &["note"]),
        Action::Assign => (&[], &["assignee", "note"]),
        Action::Prioritise => (&["priority"], &["note"]),
        Action::Split => (&["services", "note"], &[]),
    }
}

/// A part of a ticket, as JSON.
#[derive(Clone)]
pub(super) struct Made(Rc<RawValue>);

impl Made {
    fn new(part: &impl Serialize) -> Self {
        let json = to_raw_value(part).expect("views are structs with string keys, which always serialise");
        Self(json.into())
    }
}

impl Serialize for Made {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_ref().serialize(serializer)
    }
}

/// The parts that were made, each with what it was made of.
pub(super) struct Parts<K>(RefCell<Vec<(K, Made)>>);

impl<K> Default for Parts<K> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<K> Parts<K> {
    /// The part that was made of the same, or else a new one.
    pub(super) fn part<T: Serialize>(&self, same: impl Fn(&K) -> bool, new: impl FnOnce() -> (K, T)) -> Made {
        let mut parts = self.0.borrow_mut();
        if let Some((_, made)) = parts.iter().find(|(key, _)| same(key)) {
            return made.clone();
        }
        let (key, part) = new();
        let made = Made::new(&part);
        parts.push((key, made.clone()));
        made
    }
}
