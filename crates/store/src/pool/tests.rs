//! Who gets a connection, and when one moves.

use super::*;

/// Somebody who has waited for so many milliseconds.
fn waiting(home: Home, now: Instant, milliseconds: u64) -> Waiting {
    Waiting {
        home,
        since: now.checked_sub(Duration::from_millis(milliseconds)).unwrap(),
        for_open: false,
        turn: oneshot::channel().0,
    }
}

fn threads() -> (Home, Home) {
    let another = thread::spawn(|| thread::current().id()).join().unwrap();
    (Some(thread::current().id()), Some(another))
}

#[test]
fn what_is_given_back_goes_to_somebody_at_home_unless_another_one_has_waited_longer() {
    let (here, there) = threads();
    let now = Instant::now();
    let mut state = State::default();
    state.waiting.extend([(there, 50), (here, 45), (there, 20), (here, 5)].map(|(home, ms)| waiting(home, now, ms)));
    let mut next = |home| state.next(home).map(|next| (next.home, (now - next.since).as_millis()));
    assert_eq!(next(Some(here)), Some((here, 45)), "hardly younger");
    assert_eq!(next(Some(here)), Some((there, 50)), "much older");
    assert_eq!(next(Some(None)), Some((there, 20)), "nobody is at home there: who came first");
    assert_eq!(next(None), Some((here, 5)), "a place without a connection: who came first");
    assert_eq!(next(Some(here)), None);
    let for_open = || Waiting { for_open: true, ..waiting(here, now, 0) };
    state.opens(there);
    state.waiting.extend([for_open(), for_open()]);
    assert!(state.next(None).is_none(), "who can open none waits for one that is open");
    assert!(state.next(Some(there)).is_some());
    state.closes(there);
    assert!(state.next(None).is_some(), "no longer, when none is");
}

#[test]
fn connections_move_to_threads_that_have_fewer() {
    let (here, there) = threads();
    let mut state = State::default();
    for home in [here, there, there, there, None] {
        state.opens(home);
    }
    state.waiting.push_back(waiting(there, Instant::now(), 0));
    assert!(!state.moves(there, here), "one here, where nobody else waits");
    state.waiting.push_back(waiting(here, Instant::now(), 0));
    assert!(
        !state.moves(here, here) && !state.moves(there, None),
        "only from elsewhere, to threads that serve requests"
    );
    assert!(state.moves(there, here), "one here, three there");
    state.closes(there);
    state.opens(here);
    assert!(!state.moves(None, here), "and no second one at once");
    state.moved = None;
    assert!(!state.moves(there, here), "two here, two there, where somebody waits");
    assert!(state.moves(None, here), "of the others, none of whom waits");
    assert_eq!((state.open(), state.of(here), state.of(there), state.of(None)), (5, 2, 2, 1));
}
