//! The chart: server CPU a call, a bar a target, with a mark where the most is that it may take.

use std::fmt::{Error, Write as _};

use crate::bars::{CPU_WITH_KEY, CPU_WITHOUT_KEY};
use crate::prompt_bars::CPU_FROM_CACHE;
use crate::rounds::Run;
use crate::stats::median;
use crate::targets::{Kind, Row};
use crate::world::BATCH;

/// Sizes in pixels.
const WIDTH: f64 = 720.0;
const LEFT: f64 = 330.0;
const ROW: f64 = 34.0;
const TOP: f64 = 44.0;
const HEAD: f64 = 30.0;

/// A bar: what it is of, and µs.
type Bar = (String, Kind, f64);

/// Draws a run as an SVG document, one database below the other.
pub(crate) fn draw(run: &Run) -> Result<String, Error> {
    let groups: Vec<(&'static str, Vec<Bar>)> = run
        .on
        .iter()
        .map(|on| (on.database.title(), on.rows.iter().map(bar).collect()))
        .collect();
    let longest = groups
        .iter()
        .flat_map(|(_, bars)| {
            bars.iter()
                .map(|bar| bar.2.max(limit(bars, bar.1) * CPU_WITH_KEY))
        })
        .fold(1.0, f64::max);
    let scale = (WIDTH - LEFT - 110.0) / longest;
    let rows = groups.iter().flat_map(|(_, bars)| bars.iter());
    let height = rows.fold(TOP, |below, _| below + ROW);
    let height = groups.iter().fold(height, |below, _| below + HEAD) + 12.0;
    let mut svg = String::new();
    writeln!(
        svg,
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13">
<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>
<text x="12" y="24" font-size="15">Server CPU a call, µs (red: the most that a bar allows)</text>"##
    )?;
    let mut y = TOP;
    for (database, bars) in &groups {
        let middle = y + 16.0;
        writeln!(
            svg,
            r#"<text x="12" y="{middle}" font-weight="bold">{database}</text>"#
        )?;
        y += HEAD;
        for bar in bars {
            draw_bar(&mut svg, bar, limit(bars, bar.1), y, scale)?;
            y += ROW;
        }
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}

/// A batch is shown by the account: the other bars would be lost beside it.
fn bar(row: &Row) -> Bar {
    let cpu = median(row.rounds.iter().map(|m| m.cpu_us));
    match row.kind {
        Kind::Batch => {
            let title = "a batch of 100, by the account".to_owned();
            (title, row.kind, cpu / f64::from(BATCH))
        }
        kind => (kind.title().to_owned(), kind, cpu),
    }
}

/// What the no-op of a target takes.
fn limit(bars: &[Bar], of: Kind) -> f64 {
    let found = bars.iter().find(|(_, kind, _)| *kind == of.limit());
    found.map_or(1.0, |(_, _, cpu)| *cpu)
}

fn draw_bar(
    svg: &mut String,
    (title, kind, cpu): &Bar,
    noop: f64,
    y: f64,
    scale: f64,
) -> Result<(), Error> {
    let (length, middle) = (cpu * scale, y + 16.0);
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
        Kind::WithoutKey => CPU_WITHOUT_KEY,
        Kind::WithKey => CPU_WITH_KEY,
        Kind::GlobalPrompt | Kind::OwnPrompt | Kind::ManyOwnPrompt => CPU_FROM_CACHE,
        Kind::Noop
        | Kind::PlainNoop
        | Kind::Batch
        | Kind::ManyAccounts
        | Kind::PromptNoop
        | Kind::Render
        | Kind::StoredPrompt => return Ok(()),
    };
    let x = LEFT + noop * most * scale;
    let (from, to) = (y - 3.0, y + 25.0);
    writeln!(
        svg,
        r##"<line x1="{x:.1}" y1="{from}" x2="{x:.1}" y2="{to}" stroke="#c0392b" stroke-width="2"/>"##
    )
}
