//! The library is played by the tests, so that miri can see all of it.

use std::thread;

use super::*;
use crate::aio::block_on::{block_on, Panics, Unpark};

/// A pointer that goes to the thread that answers.
struct UserData(*mut c_void);
// SAFETY: it is an Arc's.
unsafe impl Send for UserData {}

impl UserData {
    fn answer(self) {
        // SAFETY: once, as the library does.
        unsafe { on_done(self.0, sys::DBPOOL_OK, ptr::null_mut()) }
    }
}

fn submit(call: &Arc<Call>) -> UserData {
    let mut given = None;
    let started = call.start(|user, _, _| {
        given = Some(UserData(user));
        sys::DBPOOL_PENDING
    });
    assert!(matches!(started, Ok(Started::Pending)));
    given.unwrap()
}

#[test]
fn an_answer_from_another_thread_wakes_who_waits() {
    let call = Call::new();
    for _ in 0..20 {
        let user = submit(&call);
        let library = thread::spawn(|| user.answer());
        assert!(matches!(block_on(call.answer(OnDrop::Leave)), Ok(Answer::Done)));
        library.join().unwrap();
        assert!(!call.is_open());
    }
}

#[test]
fn an_answer_may_come_before_the_submission_has_returned() {
    let call = Call::new();
    let started = call.start(|user, _, _| {
        UserData(user).answer();
        sys::DBPOOL_PENDING
    });
    assert!(matches!(started, Ok(Started::Pending)));
    assert!(matches!(block_on(call.answer(OnDrop::Leave)), Ok(Answer::Done)));
}

#[test]
fn an_answer_at_once_leaves_nothing_open() {
    let call = Call::new();
    assert!(matches!(call.start(|_, _, _| sys::DBPOOL_DONE), Ok(Started::Now(sys::DBPOOL_DONE))));
    assert!(!call.is_open());
    assert_eq!(Arc::strong_count(&call), 1);
}

#[test]
fn a_future_that_is_dropped_leaves_its_answer_to_the_next() {
    let call = Call::new();
    let user = submit(&call);
    drop(call.answer(OnDrop::Leave));
    assert!(call.is_open());
    user.answer();
    assert!(call.is_open());
    assert!(matches!(block_on(call.answer(OnDrop::Leave)), Ok(Answer::Done)));
    assert!(!call.is_open());
}

#[test]
fn the_callback_may_be_the_last_to_know_the_call() {
    let call = Call::new();
    let user = submit(&call);
    assert_eq!(Arc::strong_count(&call), 2);
    drop(call);
    user.answer();
}

#[test]
fn the_waker_of_the_last_poll_counts() {
    let call = Call::new();
    let user = submit(&call);
    let mut waiting = call.answer(OnDrop::Leave);
    let poll = |waiting: &mut Waiting, waker: &Waker| {
        Pin::new(waiting).poll(&mut Context::from_waker(waker)).is_pending()
    };
    assert!(poll(&mut waiting, Waker::noop()));
    let waker = Arc::new(Unpark(thread::current())).into();
    assert!(poll(&mut waiting, &waker));
    user.answer();
    thread::park(); // for ever, had the first waker been woken
    assert!(matches!(block_on(waiting), Ok(Answer::Done)));
}

#[test]
fn a_waker_that_panics_costs_no_answer() {
    let call = Call::new();
    let user = submit(&call);
    let mut waiting = call.answer(OnDrop::Leave);
    let waker = Arc::new(Panics).into();
    assert!(Pin::new(&mut waiting).poll(&mut Context::from_waker(&waker)).is_pending());
    user.answer();
    assert!(matches!(block_on(waiting), Ok(Answer::Done)));
}
