//! Bars, as numbers that a template draws (SVG): lengths are on one scale, labels beside, values at the end. The table
//! beside a chart says the same.

use serde::Serialize;

/// How long the longest bar is, and how high a row, in units of the drawing.
const LONGEST: u64 = 380;
const ROW: u64 = 22;
/// How many characters of a label have room.
const LABEL: usize = 34;

/// A row to be drawn.
pub(super) struct Row {
    pub(super) label: String,
    /// How long its bar is; none when that is not shown.
    pub(super) all: Option<u64>,
    /// How much of it is dark.
    pub(super) part: Option<u64>,
    /// What stands at its end.
    pub(super) value: String,
}

#[derive(Serialize)]
struct Bar {
    label: String,
    value: String,
    /// The upper edge, and the line on which text stands.
    top: u64,
    baseline: u64,
    length: u64,
    dark: u64,
    end: u64,
}

/// A chart.
#[derive(Serialize)]
pub(super) struct Chart {
    height: u64,
    bars: Vec<Bar>,
}

/// Where bars begin.
const BEGIN: u64 = 232;

impl Chart {
    pub(super) fn new(rows: Vec<Row>) -> Self {
        let most = rows.iter().filter_map(|row| row.all).max().unwrap_or_default().max(1);
        let long = |count: Option<u64>| count.unwrap_or_default().saturating_mul(LONGEST) / most;
        let height = ROW * rows.len() as u64;
        let bar = |(at, row): (usize, Row)| {
            let (top, length) = (ROW * at as u64, long(row.all));
            let dark = long(row.part).min(length);
            let label = shortened(row.label);
            Bar { label, value: row.value, top: top + 3, baseline: top + 15, length, dark, end: BEGIN + length + 6 }
        };
        Self { height, bars: rows.into_iter().enumerate().map(bar).collect() }
    }
}

fn shortened(label: String) -> String {
    if label.chars().count() <= LABEL {
        return label;
    }
    let begin: String = label.chars().take(LABEL - 1).collect();
    format!("{}…", begin.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_on_one_scale_and_what_is_not_shown_has_none() {
        let row = |all, part| Row { label: "é".repeat(40), all, part, value: String::new() };
        let chart = Chart::new(vec![row(Some(200), Some(100)), row(Some(50), Some(60)), row(None, None)]);
        let lengths: Vec<(u64, u64)> = chart.bars.iter().map(|bar| (bar.length, bar.dark)).collect();
        assert_eq!(lengths, [(380, 190), (95, 95), (0, 0)]);
        assert_eq!((chart.height, chart.bars[2].top, chart.bars[0].label.chars().count()), (66, 47, 34));
        assert_eq!(Chart::new(Vec::new()).height, 0);
    }
}
