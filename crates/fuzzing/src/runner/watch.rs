//! Ends the process where an input takes too long: an endless loop does not end by itself.

use std::io::Write as _;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;
use std::{io, process, thread};

use super::finding;

/// Far above what any input takes without optimisation on a busy machine.
const LIMIT: Duration = Duration::from_mins(1);

/// Watches over one input at a time.
pub(super) struct Watch(Sender<Option<Vec<u8>>>);

impl Watch {
    pub(super) fn begin(target: &'static str) -> Self {
        let (sender, inputs) = channel::<Option<Vec<u8>>>();
        thread::spawn(move || {
            while let Ok(next) = inputs.recv() {
                let Some(input) = next else { continue };
                if let Err(RecvTimeoutError::Timeout) = inputs.recv_timeout(LIMIT) {
                    end(target, &input);
                }
            }
        });
        Self(sender)
    }

    /// Begins to watch.
    pub(super) fn on(&self, input: &[u8]) {
        // The thread ends with this sender, never before.
        let _ = self.0.send(Some(input.to_vec()));
    }

    /// The input is done.
    pub(super) fn off(&self) {
        let _ = self.0.send(None);
    }
}

fn end(target: &str, input: &[u8]) -> ! {
    let kept = finding::keep(target, input);
    let file = kept.map_or_else(|error| error.to_string(), |file| file.display().to_string());
    let limit = LIMIT.as_secs();
    let _ = writeln!(
        io::stderr(),
        "{target}: an input takes over {limit} s: {file}"
    );
    process::exit(1)
}
