//! `aiconfig import prices`: the prices of a public price file.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use aiconfig_application::{
    PRICE_FILE_LIMIT, PriceFile, PriceLine, PriceOptions, PriceReport, PriceSource, WriteCall,
    Written,
};
use clap::Args;

use super::bar;
use crate::config::Config;
use crate::start::{self, Failure};

#[derive(Args)]
pub(super) struct Prices {
    /// The price file; `-` reads it from standard input.
    file: PathBuf,
    /// The kind of file; found by how it begins if it is not given.
    #[arg(long, value_name = "KIND", value_parser = source)]
    source: Option<PriceSource>,
    /// The version of the file, such as 1.109.1; it is noted with each new price.
    #[arg(long, value_name = "VERSION", default_value = "", value_parser = version)]
    source_version: String,
    /// Say what would be done, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Add the models of known providers that are not there, inactive.
    #[arg(long)]
    create_missing: bool,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

fn source(text: &str) -> Result<PriceSource, String> {
    PriceSource::parse(text).ok_or_else(|| {
        let names = PriceSource::ALL.map(PriceSource::as_str);
        format!("must be one of {}", names.join(", "))
    })
}

fn version(text: &str) -> Result<String, &'static str> {
    let fits = text.len() <= 64 && text.bytes().all(|b| b.is_ascii_graphic());
    fits.then(|| text.to_owned())
        .ok_or("up to 64 printable ASCII characters without blanks")
}

impl Prices {
    /// Runs the import and prints its report.
    pub(super) async fn run(self, config: &Config) -> Result<(), Failure> {
        let (path, source) = (self.file, self.source);
        // A file that is no price file is found before anything is opened.
        let file = tokio::task::spawn_blocking(move || read(&path, source)).await??;
        let app = start::open(config, false).await?;
        let call = WriteCall {
            validate_only: self.dry_run,
            ..start::command_line(&app, "cli/import prices", "import of a price file")
        };
        let options = PriceOptions {
            version: self.source_version,
            create_missing: self.create_missing,
        };
        let written = app
            .import_prices(&call, &file, &options, |report, _| report, |_| Vec::new())
            .await?;
        let Written::Fresh(report) = written else {
            return Err("the outcome of an earlier run came back".into());
        };
        let mut out = io::BufWriter::new(io::stdout().lock());
        let printed = if self.json {
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

/// Reads the file, with a bar on the terminal where there is one.
fn read(path: &Path, source: Option<PriceSource>) -> Result<PriceFile, Failure> {
    let named = |error: String| format!("{}: {error}", path.display());
    let mut content = Vec::new();
    // One byte more shows that there is more.
    let limit = PRICE_FILE_LIMIT as u64 + 1;
    let taken = if path == Path::new("-") {
        io::stdin().lock().take(limit).read_to_end(&mut content)
    } else {
        let opened = File::open(path).and_then(|file| Ok((file.metadata()?.len(), file)));
        let (length, file) = opened.map_err(|error| named(error.to_string()))?;
        let bar = bar(length);
        let taken = bar.wrap_read(file).take(limit).read_to_end(&mut content);
        bar.finish_and_clear();
        taken
    };
    taken.map_err(|error| named(error.to_string()))?;
    if content.len() > PRICE_FILE_LIMIT {
        return Err(named(format!("it is over {PRICE_FILE_LIMIT} bytes")).into());
    }
    PriceFile::read(&content, source).map_err(|error| named(error.to_string()).into())
}

/// The report as text: what changed, the diff, and what was not taken.
fn print(report: &PriceReport, out: &mut impl Write) -> io::Result<()> {
    match (report.dry_run, report.revision) {
        (true, _) if report.changed => writeln!(out, "Dry run: nothing was written.")?,
        (true, _) => writeln!(out, "Dry run: there is nothing to change.")?,
        (false, Some(revision)) => writeln!(out, "Imported as revision {revision}.")?,
        (false, None) => writeln!(out, "Nothing was changed.")?,
    }
    writeln!(
        out,
        "Source {}: {} models with {} prices; {} prices refused.\nModels matched: {}. Prices \
         unchanged: {}, changed: {}. Models added: {}, not in the catalogue: {}.",
        report.source,
        report.models_in_file,
        report.prices_in_file,
        report.refused_in_file,
        report.matched,
        report.unchanged,
        report.changes.len(),
        report.created.len(),
        report.missing.len(),
    )?;
    let changes = report.changes.iter().map(change);
    section(
        out,
        "Prices changed, in USD per 1M tokens or per image",
        changes,
    )?;
    section(
        out,
        "Models added, inactive",
        report.created.iter().cloned(),
    )?;
    let refused = report.refused.iter();
    let refused = refused.map(|row| format!("{} {}: {}", row.model, row.price, row.why));
    section(out, "Prices refused", refused)?;
    let left = report.left.iter();
    let left = left.map(|row| format!("{} {}: {}", row.model, row.price, row.why));
    section(out, "Left as it is", left)
}

fn section(
    out: &mut impl Write,
    heading: &str,
    lines: impl ExactSizeIterator<Item = String>,
) -> io::Result<()> {
    if lines.len() > 0 {
        writeln!(out, "\n{heading} ({})", lines.len())?;
    }
    for line in lines {
        // Names of a file must not be able to move the cursor of a terminal.
        writeln!(out, "  {}", line.replace(char::is_control, "\u{fffd}"))?;
    }
    Ok(())
}

fn change(line: &PriceLine) -> String {
    let mut text = format!("{} {}", line.model, line.dimension);
    for part in [&line.size, &line.quality] {
        if !part.is_empty() {
            text.push(' ');
            text.push_str(part);
        }
    }
    if line.from_tokens > 0 {
        text.push_str(" from ");
        text.push_str(&line.from_tokens.to_string());
    }
    let old = match line.old_micro_usd {
        Some(old) if line.old_source.is_empty() => usd(old),
        Some(old) => format!("{} ({})", usd(old), line.old_source),
        None => "none".to_owned(),
    };
    let (new, source, from) = (
        usd(line.new_micro_usd),
        &line.new_source,
        &line.effective_from,
    );
    format!("{text}: {old} -> {new} ({source}) from {from}")
}

/// Micro-USD as a decimal number of USD.
fn usd(micro: i64) -> String {
    let text = format!("{}.{:06}", micro / 1_000_000, micro % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_in_usd() {
        for (micro, text) in [
            (150_000, "0.15"),
            (30_000_000, "30"),
            (1, "0.000001"),
            (0, "0"),
        ] {
            assert_eq!(usd(micro), text);
        }
    }
}
