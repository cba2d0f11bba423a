//! `aiconfig export`.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use super::say;
use crate::config::Config;
use crate::start::{self, Failure};

#[derive(clap::Args)]
pub(super) struct Args {
    /// Where to; standard output by default. An existing file is not overwritten.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) async fn run(config: &Config, args: Args) -> Result<(), Failure> {
    let app = start::open(config, false).await?;
    let mut failed = None;
    let mut to: Box<dyn Write + Send> = match &args.output {
        Some(path) => {
            let file = File::create_new(path);
            let file = file.map_err(|error| format!("{}: {error}", path.display()))?;
            Box::new(BufWriter::new(file))
        }
        None => Box::new(BufWriter::new(std::io::stdout())),
    };
    let summary = app
        .export(|line| {
            if failed.is_none() {
                failed = writeln!(to, "{line}").err();
            }
        })
        .await?;
    if let Some(error) = failed {
        return Err(error.into());
    }
    to.flush()?;
    if args.output.is_some() {
        let aiconfig_application::ExportSummary {
            resources,
            texts,
            revision,
            digest,
        } = summary;
        say(&format!(
            "{resources} resources and {texts} prompt texts of revision {revision}, digest {digest}"
        ))?;
    }
    Ok(())
}
