//! `aiconfig import`: reads a file of another system, and says what became of it.

mod prices;

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

use aiconfig_application::{Dump, ImportOptions, ImportReport, KindCounts, Totals, WriteCall};
use aiconfig_domain::Plan;
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};

use crate::config::Config;
use crate::start::{self, Failure};

/// What is imported.
#[derive(Args)]
pub(crate) struct Import {
    #[command(subcommand)]
    source: Source,
}

#[derive(Subcommand)]
enum Source {
    /// Import the old Django tables from a file that `manage.py dumpdata` wrote.
    ///
    /// Accounts, their settings, prompts, author profiles, strategies and modules, the models, the
    /// credit costs and the platform's keys and settings are taken over in one transaction: all of
    /// it or nothing. Keys go to the vault;
    /// no other credential is kept, and none is ever shown. Whatever was not taken as it was is
    /// reported, the most consequential first.
    ///
    /// Run it with --dry-run first and read the report. A second run changes nothing, takes what
    /// is new in the file, and leaves what was changed here since. A server that is running on
    /// the same database takes the changes up by itself.
    #[command(after_help = "\
Examples:
  python manage.py dumpdata igny8_core_auth system billing > dump.json
  aiconfig import django dump.json --dry-run
  aiconfig import django dump.json --plan-map enterprise=scale")]
    Django(Box<Django>),
    /// Take over the prices of a public price file: litellm's, or that of genai-prices.
    ///
    /// Prices of the catalogue's models change from now on, or from the day that the file says, in
    /// one transaction; what was, stays on record. Activity, defaults and credits are never
    /// touched. Run it with --dry-run first and read the diff. A second run changes nothing.
    #[command(after_help = "\
Examples:
  aiconfig import prices model_prices_and_context_window_backup.json --dry-run
  aiconfig import prices prices.json --source litellm --source-version 1.109.1")]
    Prices(prices::Prices),
}

#[derive(Args)]
struct Django {
    /// The dump, a JSON list of rows; `-` reads it from standard input.
    file: PathBuf,
    /// Say what would be done, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
    /// The plan of accounts whose old plan is none of FREE, STARTER, GROWTH and SCALE; without
    /// one they become FREE, and their overrides have no effect. May be repeated.
    #[arg(long, value_name = "SLUG=PLAN", value_parser = plan_mapping)]
    plan_map: Vec<(String, Plan)>,
    /// Make the default model of a credit cost the default of the functions charged as it. This
    /// can move every account without a model of its own to a dearer one.
    #[arg(long)]
    operation_models: bool,
}

impl Import {
    /// Runs the import and prints its report.
    pub(crate) async fn run(self, config: &Config) -> Result<(), Failure> {
        let django = match self.source {
            Source::Django(django) => django,
            Source::Prices(prices) => return prices.run(config).await,
        };
        let Django {
            file,
            dry_run,
            json,
            plan_map,
            operation_models,
        } = *django;
        // A file that is no dump is found before anything is opened.
        let reading = tokio::task::spawn_blocking(move || read(&file));
        let dump = reading.await??;
        let app = start::open(config, false).await?;
        let call = WriteCall {
            validate_only: dry_run,
            ..start::command_line(&app, "cli/import django", "import of the old Django tables")
        };
        let import = ImportOptions {
            plan_map: plan_map.into_iter().collect(),
            operation_models,
        };
        let report = app.import_django(&call, dump, &import).await?;
        let mut out = io::BufWriter::new(io::stdout().lock());
        let printed = if json {
            serde_json::to_writer_pretty(&mut out, &report)
                .map_err(io::Error::from)
                .and_then(|()| writeln!(out))
        } else {
            print(&report, &mut out)
        };
        match printed.and_then(|()| out.flush()) {
            // Who reads only the first lines has not made the import fail.
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
            _ => Ok(()),
        }
    }
}

fn plan_mapping(text: &str) -> Result<(String, Plan), String> {
    let (slug, plan) = text
        .split_once('=')
        .filter(|(slug, _)| !slug.trim().is_empty())
        .ok_or("two names with = between them, such as enterprise=scale")?;
    let plan = Plan::parse(plan.trim())
        .ok_or("the plan behind = must be one of free, starter, growth and scale")?;
    Ok((slug.trim().to_ascii_lowercase(), plan))
}

/// Reads the dump, with a bar on the terminal where there is one.
fn read(file: &Path) -> Result<Dump, Failure> {
    let dump = if file == Path::new("-") {
        Dump::read(io::stdin().lock())
    } else {
        let opened = File::open(file).and_then(|source| Ok((source.metadata()?.len(), source)));
        let (length, source) = opened.map_err(|error| format!("{}: {error}", file.display()))?;
        let bar = bar(length);
        let dump = Dump::read(bar.wrap_read(source));
        bar.finish_and_clear();
        dump
    };
    dump.map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        format!("{}: {error}{}", file.display(), cause.unwrap_or_default()).into()
    })
}

fn bar(length: u64) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(length);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes} {eta}") {
        bar.set_style(style);
    }
    bar
}

/// The report as text: what changed, counts by model, and the lines under their headings.
fn print(report: &ImportReport, out: &mut impl Write) -> io::Result<()> {
    match (report.dry_run, report.revision) {
        (true, _) if report.changed => writeln!(out, "Dry run: nothing was written.")?,
        (true, _) => writeln!(out, "Dry run: there is nothing to change.")?,
        (false, Some(revision)) => writeln!(out, "Imported as revision {revision}.")?,
        (false, None) => writeln!(out, "Nothing was changed.")?,
    }
    let Totals {
        accounts,
        overrides,
        global_fields,
        models,
        credit_operations,
        functions,
        global_prompts,
        account_prompts,
        author_profiles,
        strategies,
        modules,
        keys_primary,
        keys_standby,
        credentials_dropped,
    } = report.totals;
    writeln!(
        out,
        "Changes: {accounts} accounts, {overrides} override rows, {global_fields} global \
         settings, {models} models, {credit_operations} credit operations, {functions} functions,\n\
         {global_prompts} prompts of the library and {account_prompts} of accounts, \
         {author_profiles} author profiles, {strategies} strategies, {modules} rows of modules.\n\
         Keys: {keys_primary} primary, {keys_standby} standby. Credentials dropped: \
         {credentials_dropped}.\n"
    )?;
    let width = report.counts.keys().map(String::len).max().unwrap_or(0);
    writeln!(
        out,
        "{:width$} {:>8} {:>8} {:>8} {:>9} {:>8}",
        "rows of", "read", "taken", "adjusted", "unchanged", "left"
    )?;
    for (label, counts) in &report.counts {
        let KindCounts {
            read,
            taken,
            adjusted,
            unchanged,
            left,
        } = counts;
        writeln!(
            out,
            "{label:width$} {read:>8} {taken:>8} {adjusted:>8} {unchanged:>9} {left:>8}"
        )?;
    }
    let mut heading = None;
    for line in &report.lines {
        if heading != Some(line.consequence) {
            heading = Some(line.consequence);
            let same =
                |other: &&aiconfig_application::ReportLine| other.consequence == line.consequence;
            let count = report.lines.iter().filter(same).count();
            writeln!(out, "\n{} ({count})", line.consequence.title())?;
        }
        let place: Vec<&str> = [&line.model, &line.pk, &line.field]
            .into_iter()
            .map(String::as_str)
            .filter(|part| !part.is_empty())
            .collect();
        let text = format!("  {}: {} ({})", place.join(" "), line.done, line.why);
        // Names of a dump must not be able to move the cursor of a terminal.
        writeln!(out, "{}", text.replace(char::is_control, "\u{fffd}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plan_mappings() {
        let mapped = plan_mapping("Enterprise = scale");
        assert_eq!(mapped, Ok(("enterprise".to_owned(), Plan::Scale)));
        for text in ["enterprise", "=scale", "enterprise=", "enterprise=gold"] {
            assert!(plan_mapping(text).is_err(), "{text}");
        }
    }
}
