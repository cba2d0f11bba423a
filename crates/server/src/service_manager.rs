//! What the service manager is told (`sd_notify`): that the server is ready, how it is, that it
//! gets on with its work, and that it stops. Without a service manager nothing is sent.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aiconfig_application::Application;
use futures::stream::unfold;
use futures::{Stream, StreamExt as _};
use sd_notify::NotifyState;
use tokio::sync::watch;

/// How often the status line is looked at; it is sent when it differs.
const STATUS: Duration = Duration::from_secs(5);
/// How often the accept loop shows that it is alive.
const BEAT: Duration = Duration::from_millis(500);
/// The age of the state from which the status says that the database is away.
const AWAY: Duration = Duration::from_secs(5);

/// Says what a start is at.
pub(crate) fn starting(at: &str) {
    tell(&[NotifyState::Status(&format!("starting: {at}"))]);
}

/// Says that calls are answered.
pub(crate) fn ready(app: &Application) {
    tell(&[NotifyState::Ready, NotifyState::Status(&status(app))]);
}

/// Says that no new calls are taken.
pub(crate) fn stopping() {
    let what = NotifyState::Status("stopping: open calls may end");
    tell(&[NotifyState::Stopping, what]);
}

/// Keeps the status line true until it is dropped.
pub(crate) async fn keep_status(app: Arc<Application>) {
    let mut told = status(&app);
    let mut ticks = tokio::time::interval(STATUS);
    loop {
        ticks.tick().await;
        let present = status(&app);
        if present != told {
            tell(&[NotifyState::Status(&present)]);
            told = present;
        }
    }
}

/// One line for `systemctl status`.
fn status(app: &Application) -> String {
    let live = app.live();
    let mut text = format!("serving at revision {}", live.snapshot.revision());
    let age = app.staleness();
    if age >= AWAY {
        text.push_str(", the database is away: reads go on, writes do not");
    }
    let health = live.vault_health();
    let (missing, damaged) = (health.missing.len(), health.damaged.len());
    let unusable = live.unusable_keys().count();
    if !health.is_sound() {
        text = format!(
            "{text}, vault degraded: key-encryption keys missing: {missing}, rows damaged: {damaged}"
        );
    } else if unusable > 0 {
        text = format!("{text}, stored keys that do not open: {unusable}");
    }
    text
}

/// When the accept loop was last seen at work.
#[derive(Clone)]
pub(crate) struct Pulse(watch::Sender<Instant>);

impl Pulse {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(Instant::now()))
    }

    /// The same connections, noting that whoever takes them still asks for more.
    pub(crate) fn of<S>(&self, incoming: S) -> impl Stream<Item = S::Item> + use<S>
    where
        S: Stream,
    {
        let beat = self.0.clone();
        let state = (Box::pin(incoming), tokio::time::interval(BEAT));
        unfold(state, move |(mut incoming, mut ticks)| {
            let beat = beat.clone();
            async move {
                loop {
                    tokio::select! {
                        next = incoming.next() => return next.map(|next| (next, (incoming, ticks))),
                        _ = ticks.tick() => { beat.send_replace(Instant::now()); }
                    }
                }
            }
        })
    }

    fn age(&self) -> Duration {
        self.0.borrow().elapsed()
    }
}

/// Tells the service manager's watchdog, where there is one, that the server gets on: the accept
/// loop was at work since the last time, and `probe`, a call through the gate, is answered. Neither
/// needs the database, a free connection or room for a call, so that no load and no fault outside
/// of this process has it killed.
pub(crate) async fn feed_watchdog<P>(pulse: Pulse, probe: impl Fn() -> P + Send)
where
    P: Future<Output = bool> + Send,
{
    let Some(limit) = sd_notify::watchdog_enabled().filter(|limit| !limit.is_zero()) else {
        return;
    };
    // Twice in the time is what systemd asks for; one more leaves room for a slow one.
    let every = limit / 3;
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if gets_on(&pulse, every, probe()).await {
            tell(&[NotifyState::Watchdog]);
        } else {
            tracing::error!("the server does not get on; the watchdog is not told");
        }
    }
}

async fn gets_on(pulse: &Pulse, within: Duration, probe: impl Future<Output = bool>) -> bool {
    let answered = tokio::time::timeout(within, probe).await;
    pulse.age() <= within.max(BEAT * 4) && answered == Ok(true)
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager was not told");
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use futures::stream;

    use super::*;

    const SOON: Duration = Duration::from_millis(50);

    #[tokio::test]
    async fn a_pulse_beats_while_connections_are_asked_for() {
        let pulse = Pulse::new();
        let mut incoming = Box::pin(pulse.of(stream::pending::<()>()));
        let before = *pulse.0.borrow();
        let _ = tokio::time::timeout(BEAT * 3, incoming.next()).await;
        assert!(*pulse.0.borrow() > before);
        // Nobody asks any more: it stands still.
        let before = *pulse.0.borrow();
        tokio::time::sleep(BEAT * 3).await;
        assert_eq!(*pulse.0.borrow(), before);
    }

    #[tokio::test]
    async fn connections_pass() {
        let pulse = Pulse::new();
        let passed: Vec<_> = pulse.of(stream::iter([1, 2, 3])).collect().await;
        assert_eq!(passed, [1, 2, 3]);
    }

    #[tokio::test]
    async fn the_watchdog_is_told_only_of_progress() {
        let pulse = Pulse::new();
        assert!(gets_on(&pulse, SOON, ready(true)).await);
        assert!(!gets_on(&pulse, SOON, ready(false)).await);
        assert!(!gets_on(&pulse, SOON, pending()).await);
        let old = Instant::now().checked_sub(BEAT * 5).unwrap();
        pulse.0.send_replace(old);
        assert!(!gets_on(&pulse, SOON, ready(true)).await);
    }
}
