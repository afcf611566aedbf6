use std::time::{Duration, Instant};

/// How time is told. What runs on one thread is measured by that thread's own clock, which stands still while others have
/// the processor; the rest by the clock on the wall.
#[derive(Clone, Copy)]
pub enum Clock {
    Thread,
    Wall,
}

impl Clock {
    fn time(self, work: &mut dyn FnMut()) -> Duration {
        match self {
            Self::Wall => {
                let begun = Instant::now();
                work();
                begun.elapsed()
            }
            Self::Thread => {
                let begun = thread_time();
                work();
                thread_time() - begun
            }
        }
    }
}

fn thread_time() -> Duration {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is written during the call.
    let status = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut now) };
    assert_eq!(status, 0);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// One way to do it: a name, and work of a number of operations.
pub struct Entry<'a> {
    pub name: &'static str,
    pub work: Box<dyn FnMut() + 'a>,
}

/// Medians, and whether goals were met.
pub struct Table {
    quick: bool,
    lines: Vec<String>,
}

impl Table {
    pub fn new(quick: bool) -> Self {
        Self { quick, lines: Vec::new() }
    }

    /// How many operations a round has.
    pub fn operations(&self, many: u32) -> u32 {
        if self.quick { (many / 100).max(1) } else { many }
    }

    /// Rounds in turn, so that a busy moment hits all alike. The first entry is ours; `goals` are how many times faster it
    /// shall be than each of the others. The ratio is the median of those of neighbours.
    pub fn compare(
        &mut self,
        what: &str,
        clock: Clock,
        operations: u32,
        mut entries: Vec<Entry<'_>>,
        goals: &[f64],
    ) {
        let rounds = if self.quick { 3 } else { 15 };
        let mut times: Vec<Vec<f64>> = vec![Vec::new(); entries.len()];
        for entry in &mut entries {
            (entry.work)(); // warm
        }
        for _ in 0..rounds {
            for (entry, times) in entries.iter_mut().zip(&mut times) {
                times.push(clock.time(&mut entry.work).as_secs_f64() / f64::from(operations));
            }
        }
        for (index, entry) in entries.iter().enumerate() {
            let ratios = times[index].iter().zip(&times[0]).map(|(theirs, ours)| theirs / ours);
            let ratio = median(ratios.collect());
            let verdict = match index.checked_sub(1).and_then(|index| goals.get(index)) {
                None => String::new(),
                Some(goal) if ratio >= *goal => format!("{ratio:.2}x, goal {goal}x: met"),
                Some(goal) => format!("{ratio:.2}x, goal {goal}x: MISSED"),
            };
            let time = median(times[index].clone());
            self.lines.push(format!("{what:<44} {:<34} {:>12}  {verdict}", entry.name, text(time)));
        }
    }

    pub fn print(&self) {
        println!("{:<44} {:<34} {:>12}  we are faster by", "what", "by", "an operation");
        self.lines.iter().for_each(|line| println!("{line}"));
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn text(seconds: f64) -> String {
    match seconds {
        s if s < 1e-6 => format!("{:.1} ns", s * 1e9),
        s if s < 1e-3 => format!("{:.2} us", s * 1e6),
        s => format!("{:.2} ms", s * 1e3),
    }
}
