//! The table of all figures, in Markdown.

use std::fmt::Write as _;

/// One row: a figure of ours, beside its limit and other clients. An empty cell is shown as a dash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// What is measured.
    pub what: String,
    /// The figure of `apptoken`.
    pub ours: String,
    /// The figure that cannot be beaten, and what it is.
    pub limit: String,
    /// A script with curl and openssl.
    pub shell: String,
    /// Kaltura's client for Node.
    pub node: String,
    /// Kaltura's client for Python.
    pub python: String,
    /// What the server counted for one run of ours.
    pub counts: String,
}

/// Writes the rows as a table.
#[must_use]
pub fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| | apptoken | limit | curl + openssl | Node client | Python client | requests, connections, handshakes |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for Row { what, ours, limit, shell, node, python, counts } in rows {
        let cells = [what, ours, limit, shell, node, python, counts].map(|cell| shown_cell(cell));
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text
}

fn shown_cell(cell: &str) -> String {
    if cell.is_empty() { "–".into() } else { cell.replace('|', "\\|") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_has_a_cell_for_each_column() {
        let row = Row { what: "a | b".into(), ours: "1 ms".into(), ..Row::default() };
        let table = table(&[row.clone(), row]);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), 4);
        assert_eq!(lines.last().copied(), Some("| a \\| b | 1 ms | – | – | – | – | – |"));
        for line in lines {
            assert_eq!(line.replace("\\|", "").matches('|').count(), 8, "{line}");
        }
    }
}
