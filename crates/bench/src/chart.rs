//! The chart: server CPU a call, a bar a target, with a mark where the most is that it may take.

use std::fmt::{Error, Write as _};

use crate::bars::{CPU_WITH_KEY, CPU_WITHOUT_KEY};
use crate::prompt_bars::CPU_FROM_CACHE;
use crate::rounds::Run;
use crate::stats::median;
use crate::targets::Kind;
use crate::world::BATCH;

/// Sizes in pixels.
const WIDTH: f64 = 720.0;
const LEFT: f64 = 330.0;
const ROW: f64 = 34.0;
const TOP: f64 = 44.0;

/// Draws a run as an SVG document.
pub(crate) fn draw(run: &Run) -> Result<String, Error> {
    // A batch is shown by the account: the other bars would be lost beside it.
    let bars: Vec<(String, Kind, f64)> = run
        .rows
        .iter()
        .map(|row| {
            let cpu = median(row.rounds.iter().map(|m| m.cpu_us));
            match row.kind {
                Kind::Batch => (
                    "a batch of 100, by the account".to_owned(),
                    row.kind,
                    cpu / f64::from(BATCH),
                ),
                kind => (kind.title().to_owned(), kind, cpu),
            }
        })
        .collect();
    let limit = |of: Kind| {
        let found = bars.iter().find(|(_, kind, _)| *kind == of.limit());
        found.map_or(1.0, |(_, _, cpu)| *cpu)
    };
    let longest = bars
        .iter()
        .map(|(_, kind, cpu)| cpu.max(limit(*kind) * CPU_WITH_KEY))
        .fold(0.0, f64::max);
    let scale = (WIDTH - LEFT - 110.0) / longest;
    let height = bars.iter().fold(TOP, |below, _| below + ROW) + 12.0;
    let mut svg = String::new();
    writeln!(
        svg,
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13">
<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>
<text x="12" y="24" font-size="15">Server CPU a call, µs (red: the most that a bar allows)</text>"##
    )?;
    let mut y = TOP;
    for (title, kind, cpu) in &bars {
        let (length, middle) = (cpu * scale, y + 16.0);
        let noop = limit(*kind);
        let colour = if *kind == kind.limit() {
            "#9aa5b1"
        } else {
            "#2f6fb0"
        };
        let end = LEFT + length + 8.0;
        let times = cpu / noop;
        writeln!(
            svg,
            r#"<text x="{}" y="{middle}" text-anchor="end">{title}</text>
<rect x="{LEFT}" y="{y}" width="{length:.1}" height="22" fill="{colour}"/>
<text x="{end:.1}" y="{middle}">{cpu:.2} ({times:.2}×)</text>"#,
            LEFT - 10.0,
        )?;
        let most = match kind {
            Kind::WithoutKey => Some(CPU_WITHOUT_KEY),
            Kind::WithKey => Some(CPU_WITH_KEY),
            Kind::GlobalPrompt | Kind::OwnPrompt | Kind::ManyOwnPrompt => Some(CPU_FROM_CACHE),
            Kind::Noop
            | Kind::Batch
            | Kind::ManyAccounts
            | Kind::PromptNoop
            | Kind::Render
            | Kind::StoredPrompt => None,
        };
        if let Some(most) = most {
            let x = LEFT + noop * most * scale;
            let (from, to) = (y - 3.0, y + 25.0);
            writeln!(
                svg,
                r##"<line x1="{x:.1}" y1="{from}" x2="{x:.1}" y2="{to}" stroke="#c0392b" stroke-width="2"/>"##
            )?;
        }
        y += ROW;
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}
