//! Tables: aligned for people, tab-separated into a pipe.

use apptoken::value::Printable;
use comfy_table::Table;
use comfy_table::presets::NOTHING;

use crate::console::Console;
use crate::failure::Failure;

/// Writes rows under their headings. Into a pipe the headings are left out.
pub(crate) fn write(console: &Console, headings: &[&str], rows: &[Vec<String>]) -> Result<(), Failure> {
    if !console.stdout_is_terminal() {
        let lines = rows.iter().map(|row| {
            let cells: Vec<_> = row.iter().map(|cell| cell.replace(['\t', '\n', '\r'], " ")).collect();
            cells.join("\t") + "\n"
        });
        return console.data(lines.collect::<String>().as_bytes());
    }
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(headings.iter().map(|heading| heading.to_uppercase()));
    for row in rows {
        table.add_row(row.iter().map(|cell| Printable(cell).to_string()));
    }
    let lines: String =
        table.lines().map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(&line).trim_end())).collect();
    console.data(lines.as_bytes())
}

/// Writes names and values, one pair in a line.
pub(crate) fn write_pairs(console: &Console, pairs: &[(&str, String)]) -> Result<(), Failure> {
    let width = pairs.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let lines: String = pairs.iter().map(|(name, value)| format!("{name:width$}  {}\n", Printable(value))).collect();
    console.data(lines.as_bytes())
}
