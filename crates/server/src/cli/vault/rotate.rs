//! `aiconfig vault rotate-kek`, `rotate-dek` and `destroy-dek`.

use std::io::{self, IsTerminal as _};

use aiconfig_application::{Application, DekOptions, DekRotation, DekStep, WriteCall};
use indicatif::{ProgressBar, ProgressStyle};

use super::super::say;
use crate::start::{Failure, command_line};

#[derive(clap::Args)]
pub(in crate::cli) struct KekArgs {
    /// Open every row of the ring and say what would be wrapped anew; change nothing.
    #[arg(long)]
    dry_run: bool,
}

#[derive(clap::Args)]
pub(in crate::cli) struct DekArgs {
    /// Open every key and say what would be sealed anew; change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Only end a rotation that was begun; where there is none, do nothing.
    #[arg(long)]
    resume: bool,
    /// Keys that one transaction seals anew. Other writes wait for so long.
    #[arg(long, value_name = "KEYS", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
    batch: u16,
}

#[derive(clap::Args)]
pub(in crate::cli) struct DestroyArgs {
    /// The version of the data key, as `aiconfig vault status` shows it.
    version: u32,
    /// Say whether it could be; change nothing.
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn kek(app: &Application, args: &KekArgs) -> Result<(), Failure> {
    let call = call(app, "vault rotate-kek", args.dry_run);
    let rotation = app.rotate_kek(&call).await?;
    let verb = if args.dry_run { "would move" } else { "moved" };
    for (row, from) in &rotation.moved {
        say(&format!("{verb:10}  {row} from {from}"))?;
    }
    let (moved, unchanged) = (rotation.moved.len(), rotation.unchanged);
    let primary = rotation.primary;
    let done = match (args.dry_run, rotation.revision) {
        (true, _) => "dry run, nothing was changed".to_owned(),
        (false, Some(revision)) => format!("revision {revision}"),
        (false, None) => "nothing to do".to_owned(),
    };
    say(&format!(
        "{moved} rows {verb} to {primary}, which wraps {unchanged} already: {done}"
    ))?;
    Ok(())
}

pub(super) async fn dek(app: &Application, args: &DekArgs) -> Result<(), Failure> {
    let call = call(app, "vault rotate-dek", args.dry_run);
    let options = DekOptions {
        resume: args.resume,
        batch: usize::from(args.batch),
    };
    let mut shown = Shown::new();
    let outcome = app
        .rotate_dek(&call, options, &mut |step| shown.step(step))
        .await;
    shown.bar.finish_and_clear();
    shown.told?;
    let DekRotation {
        version,
        added,
        resealed,
        unchanged,
        disabled,
    } = outcome?;
    let new = if added { "new " } else { "" };
    if args.dry_run {
        let disabled = list(&disabled);
        say(&format!(
            "dry run, nothing was changed: {new}data key {version} would seal {resealed} keys anew and seals {unchanged} already; afterwards disabled: {disabled}"
        ))?;
    } else {
        say(&format!(
            "{new}data key {version} seals all keys: {resealed} sealed anew, {unchanged} were already"
        ))?;
    }
    Ok(())
}

pub(super) async fn destroy(app: &Application, args: &DestroyArgs) -> Result<(), Failure> {
    let call = call(app, "vault destroy-dek", args.dry_run);
    let version = args.version;
    let destroyed = app.destroy_dek(&call, version).await?;
    say(&match (destroyed, args.dry_run) {
        (false, _) => format!("data key {version} is destroyed already"),
        (true, true) => format!("dry run: data key {version} can be destroyed"),
        (true, false) => format!("data key {version} is destroyed"),
    })?;
    Ok(())
}

fn call(app: &Application, rpc: &'static str, dry_run: bool) -> WriteCall {
    WriteCall {
        validate_only: dry_run,
        ..command_line(app, rpc, "")
    }
}

fn list(versions: &[u32]) -> String {
    if versions.is_empty() {
        return "none".to_owned();
    }
    let texts: Vec<String> = versions.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

/// The steps as lines, and keys as a bar where there is a terminal, else as a line each tenth.
struct Shown {
    bar: ProgressBar,
    terminal: bool,
    /// The last tenth that a line told of.
    tenth: u64,
    told: io::Result<()>,
}

impl Shown {
    fn new() -> Self {
        Self {
            bar: ProgressBar::hidden(),
            terminal: io::stderr().is_terminal(),
            tenth: 0,
            told: Ok(()),
        }
    }

    fn step(&mut self, step: DekStep) {
        let line = match step {
            DekStep::Resumed { version } => {
                format!("going on with data key {version}")
            }
            DekStep::Added { version } => format!("added data key {version}"),
            DekStep::Activated { version } => format!("data key {version} seals from now on"),
            DekStep::Disabled { version } => format!("disabled data key {version}"),
            DekStep::Looked { done, total } => return self.looked(done, total),
        };
        self.tell(&line);
    }

    fn looked(&mut self, done: u64, total: u64) {
        if self.terminal {
            if self.bar.is_hidden() {
                self.bar = ProgressBar::new(total);
                let style = "{wide_bar} {pos}/{len} keys {eta}";
                if let Ok(style) = ProgressStyle::with_template(style) {
                    self.bar.set_style(style);
                }
            }
            self.bar.set_position(done);
            return;
        }
        let tenth = (done * 10).checked_div(total).unwrap_or(10);
        if tenth > self.tenth {
            self.tenth = tenth;
            self.tell(&format!("{done} of {total} keys"));
        }
    }

    fn tell(&mut self, line: &str) {
        let told = self.bar.suspend(|| say(line));
        // The first line that cannot be told ends the command as a failure, when all is done.
        if self.told.is_ok() {
            self.told = told;
        }
    }
}
