//! A call that answers later: what the future and the library's callback share.

use std::ffi::c_void;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::error::{Error, Result};
use crate::ffi::contain;
use crate::note::{self, Note};
use crate::pool::Pool;
use crate::rows::ResultHandle;
use crate::sys;

/// A lease, released with this.
pub(crate) struct Lease(sys::dbpool_conn);

impl Lease {
    /// # Safety
    /// It is a lease that nobody else releases.
    pub(crate) unsafe fn new(token: sys::dbpool_conn) -> Self {
        Self(token)
    }

    pub(crate) fn token(&self) -> sys::dbpool_conn {
        self.0
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // SAFETY: it is ours. It can fail in a forked child alone, which has nothing to give back.
        unsafe { sys::dbpool_release(self.0) };
    }
}

/// A batch of rows on its way: the cells are of the result that was asked, which its owner keeps.
pub(crate) struct Batch(pub(crate) sys::dbpool_batch);

// SAFETY: nobody reads the cells but the owner of the result.
unsafe impl Send for Batch {}

/// What a callback brought. Dropped, it gives back what it has.
pub(crate) enum Answer {
    Lease(Lease),
    Result(ResultHandle),
    /// `None`: after the last row.
    Batch(Option<Batch>),
    Pool(Pool),
    Done,
}

enum State {
    Idle,
    /// `op` is 0 until the submitting call has returned.
    Pending {
        op: sys::dbpool_op,
        waker: Option<Waker>,
    },
    Answered(Result<Answer>),
}

struct Inside {
    state: State,
    /// The connection was dropped while the call was under way: its lease goes with the last who knows the call.
    left_behind: Option<Lease>,
    /// Where failures are noted, for transactions as closures.
    note: Option<Arc<Note>>,
}

/// One call at a time, many in a row: a connection uses the same for all of its calls.
pub(crate) struct Call(Mutex<Inside>);

/// What a submission led to.
pub(crate) enum Started {
    /// The library answered at once; no callback comes.
    Now(sys::dbpool_status),
    Pending,
}

impl Call {
    pub(crate) fn new() -> Arc<Self> {
        Self::in_state(State::Idle)
    }

    /// As it is during its submission.
    pub(crate) fn new_pending() -> Arc<Self> {
        Self::in_state(State::Pending { op: 0, waker: None })
    }

    fn in_state(state: State) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Inside { state, left_behind: None, note: None })))
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Submits a call; REQUIRES: none is under way. `submit` gets user_data, out_op and error.
    pub(crate) fn start(
        self: &Arc<Self>,
        submit: impl FnOnce(
            *mut c_void,
            *mut sys::dbpool_op,
            *mut *mut sys::dbpool_error,
        ) -> sys::dbpool_status,
    ) -> Result<Started> {
        // Before the call, as the callback may come before it returns.
        self.lock().state = State::Pending { op: 0, waker: None };
        let user_data = Arc::into_raw(self.clone());
        let (mut op, mut error) = (0, ptr::null_mut());
        let status = submit(user_data.cast_mut().cast(), &mut op, &mut error);
        if status == sys::DBPOOL_PENDING {
            self.is_known_as(op);
            return Ok(Started::Pending);
        }
        self.lock().state = State::Idle;
        // SAFETY: no callback comes, so that its reference is ours again.
        drop(unsafe { Arc::from_raw(user_data) });
        if status >= 0 {
            return Ok(Started::Now(status));
        }
        // SAFETY: the call failed, so that the error is ours.
        Err(unsafe { self.failure(status, error) })
    }

    /// After its submission.
    pub(crate) fn is_known_as(&self, number: sys::dbpool_op) {
        if let State::Pending { op, .. } = &mut self.lock().state {
            *op = number;
        }
    }

    /// The answer to the call under way. Dropped before it came, `on_drop` says what becomes of the call.
    pub(crate) fn answer(self: &Arc<Self>, on_drop: OnDrop) -> Waiting {
        Waiting { call: self.clone(), on_drop }
    }

    /// Whether a call was started whose answer nobody has taken.
    pub(crate) fn is_open(&self) -> bool {
        !matches!(self.lock().state, State::Idle)
    }

    /// From now on failures are noted here, or not at all.
    pub(crate) fn note_failures(&self, note: Option<Arc<Note>>) {
        self.lock().note = note;
    }

    /// # Safety
    /// `error` is NULL or an error that the library gave and nobody else frees.
    unsafe fn failure(&self, status: sys::dbpool_status, error: *mut sys::dbpool_error) -> Error {
        let note = self.lock().note.clone();
        // SAFETY: by the contract of this function.
        unsafe { note::failure(note.as_deref(), status, error) }
    }

    /// Asks the call under way to end.
    pub(crate) fn cancel(&self) {
        let op = match &self.lock().state {
            State::Pending { op, .. } => *op,
            _ => return,
        };
        // SAFETY: an op may be any number. It may have been answered already.
        unsafe { sys::dbpool_op_cancel(op) };
    }

    /// Releases the lease, now or when the call under way has been answered: until then it is in use.
    pub(crate) fn leave(&self, lease: Lease) {
        let mut inside = self.lock();
        if let State::Pending { .. } = inside.state {
            inside.left_behind = Some(lease);
        } else {
            drop(inside);
            drop(lease);
        }
    }

    fn poll(&self, context: &Context<'_>) -> Poll<Result<Answer>> {
        let mut inside = self.lock();
        match &mut inside.state {
            State::Pending { waker: Some(waker), .. } => {
                waker.clone_from(context.waker());
                Poll::Pending
            }
            State::Pending { waker, .. } => {
                *waker = Some(context.waker().clone());
                Poll::Pending
            }
            state => match mem::replace(state, State::Idle) {
                State::Answered(answer) => Poll::Ready(answer),
                _ => unreachable!("no call is under way"),
            },
        }
    }
}

/// What becomes of a call whose future is dropped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnDrop {
    Cancel,
    /// It goes on; its answer is waited for by whoever comes next.
    Leave,
}

/// Waits for an answer.
pub(crate) struct Waiting {
    call: Arc<Call>,
    on_drop: OnDrop,
}

impl Future for Waiting {
    type Output = Result<Answer>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = self.call.poll(context);
        if answer.is_ready() {
            self.on_drop = OnDrop::Leave;
        }
        answer
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if self.on_drop == OnDrop::Cancel {
            self.call.cancel();
        }
    }
}

/// # Safety
/// `user_data` is of [`Call::start`], and this is the one callback of it; on failure the error is ours.
unsafe fn answered(
    user_data: *mut c_void,
    status: sys::dbpool_status,
    error: *mut sys::dbpool_error,
    answer: impl FnOnce() -> Answer,
) {
    // SAFETY: by the contract of this function.
    let (call, answer) = unsafe {
        let call = Arc::from_raw(user_data.cast_const().cast::<Call>());
        let answer = if status < 0 { Err(call.failure(status, error)) } else { Ok(answer()) };
        (call, answer)
    };
    let mut inside = call.lock();
    let before = mem::replace(&mut inside.state, State::Answered(answer));
    drop(inside);
    // The last to know the call drops its answer, and the lease that was left behind. Whoever waits is the last: memory
    // that his thread took is given back there.
    drop(call);
    if let State::Pending { waker: Some(waker), .. } = before {
        contain(|| waker.wake());
    }
}

pub(crate) unsafe extern "C" fn on_acquire(
    user_data: *mut c_void,
    status: sys::dbpool_status,
    conn: sys::dbpool_conn,
    error: *mut sys::dbpool_error,
) {
    // SAFETY: by the rules of async.h; the lease is ours.
    unsafe { answered(user_data, status, error, || Answer::Lease(Lease::new(conn))) }
}

pub(crate) unsafe extern "C" fn on_query(
    user_data: *mut c_void,
    status: sys::dbpool_status,
    result: *mut sys::dbpool_result,
    error: *mut sys::dbpool_error,
) {
    // SAFETY: by the rules of async.h; the result is ours.
    unsafe { answered(user_data, status, error, || Answer::Result(ResultHandle::new(result))) }
}

pub(crate) unsafe extern "C" fn on_fetch(
    user_data: *mut c_void,
    status: sys::dbpool_status,
    batch: *const sys::dbpool_batch,
    error: *mut sys::dbpool_error,
) {
    // SAFETY: by the rules of async.h; the batch is valid now, its cells longer.
    unsafe {
        let batch = (status == sys::DBPOOL_OK).then(|| Batch(*batch));
        answered(user_data, status, error, || Answer::Batch(batch));
    }
}

pub(crate) unsafe extern "C" fn on_done(
    user_data: *mut c_void,
    status: sys::dbpool_status,
    error: *mut sys::dbpool_error,
) {
    // SAFETY: by the rules of async.h.
    unsafe { answered(user_data, status, error, || Answer::Done) }
}

pub(crate) unsafe extern "C" fn on_create(
    user_data: *mut c_void,
    status: sys::dbpool_status,
    pool: *mut sys::dbpool,
    error: *mut sys::dbpool_error,
) {
    // SAFETY: by the rules of async.h; the reference is ours.
    unsafe { answered(user_data, status, error, || Answer::Pool(Pool::from_raw(pool))) }
}

#[cfg(test)]
#[path = "call_tests.rs"]
mod tests;
