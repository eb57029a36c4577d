//! An answer that costs something, kept for a moment: however many want it at once, it is asked for once.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

/// The answer, while it is young.
#[derive(Debug)]
pub(super) struct Recent<T> {
    life: Duration,
    kept: Mutex<Option<(Instant, T)>>,
}

impl<T: Clone> Recent<T> {
    /// Answers live for so long.
    pub(super) fn new(life: Duration) -> Self {
        Self {
            life,
            kept: Mutex::new(None),
        }
    }

    /// The answer that is kept, or a new one. Whoever comes while somebody asks waits for that answer. A failure is not kept.
    pub(super) async fn get<E>(&self, ask: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let mut kept = self.kept.lock().await;
        if let Some((at, answer)) = kept.as_ref()
            && at.elapsed() < self.life
        {
            return Ok(answer.clone());
        }
        let answer = ask.await?;
        *kept = Some((Instant::now(), answer.clone()));
        Ok(answer)
    }

    /// What is asked from now on sees what was just done.
    pub(super) async fn forget(&self) {
        *self.kept.lock().await = None;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const LONG: Duration = Duration::from_hours(1);

    #[tokio::test]
    async fn many_who_ask_at_once_ask_once() {
        let (recent, asked) = (Recent::new(LONG), AtomicUsize::new(0));
        let ask = || async {
            tokio::task::yield_now().await;
            Ok::<_, ()>(asked.fetch_add(1, Ordering::Relaxed))
        };
        let (one, two) = tokio::join!(recent.get(ask()), recent.get(ask()));
        assert_eq!((one, two), (Ok(0), Ok(0)));
        recent.forget().await;
        assert_eq!(recent.get(ask()).await, Ok(1));
    }

    #[tokio::test]
    async fn an_old_answer_and_a_failure_are_none() {
        let recent = Recent::new(Duration::ZERO);
        assert_eq!(recent.get(async { Ok::<_, ()>(1) }).await, Ok(1));
        assert_eq!(recent.get(async { Ok::<_, ()>(2) }).await, Ok(2));
        let recent = Recent::new(LONG);
        assert_eq!(recent.get(async { Err::<i32, _>("away") }).await, Err("away"));
        assert_eq!(recent.get(async { Ok::<_, &str>(3) }).await, Ok(3));
    }
}
