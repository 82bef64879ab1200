//! Tables of figures, and their place in `BENCHMARKS.md`.

use std::path::Path;

/// A table, as Markdown writes it.
#[derive(Clone, Debug)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns.
    pub fn new<S: Into<String>>(columns: impl IntoIterator<Item = S>) -> Self {
        Self { rows: vec![columns.into_iter().map(Into::into).collect()] }
    }

    /// Adds a row.
    pub fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// The table in Markdown.
    pub fn markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let rule = format!("|{}\n", "---|".repeat(self.rows[0].len()));
        let rows: String = self.rows[1..].iter().map(|row| line(row)).collect();
        [line(&self.rows[0]), rule, rows].concat()
    }
}

/// Nanoseconds in a unit that reads well.
pub fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        _ if nanoseconds < 10_000.0 => format!("{nanoseconds:.0} ns"),
        _ if nanoseconds < 10_000_000.0 => format!("{:.1} µs", nanoseconds / 1e3),
        _ => format!("{:.1} ms", nanoseconds / 1e6),
    }
}

/// Bytes in a unit that reads well.
pub fn bytes(bytes: f64) -> String {
    match bytes {
        _ if bytes < 10_240.0 => format!("{bytes:.0} B"),
        _ if bytes < 10_240_000.0 => format!("{:.1} KB", bytes / 1024.0),
        _ => format!("{:.1} MB", bytes / (1024.0 * 1024.0)),
    }
}

/// A ratio with as many digits as matter.
pub fn ratio(ratio: f64) -> String {
    match ratio {
        _ if ratio < 0.095 => format!("{ratio:.3}"),
        _ if ratio < 9.5 => format!("{ratio:.2}"),
        _ if ratio < 95.0 => format!("{ratio:.1}"),
        _ => format!("{ratio:.0}"),
    }
}

/// Puts `content` between the marks of `section` in a file, in the place of what stood there.
///
/// # Panics
/// Where the file or the marks are missing.
pub fn write_section(file: &Path, section: &str, content: &str) {
    let (begin, end) = (format!("<!-- {section}: written by the bench -->\n"), format!("<!-- {section}: end -->\n"));
    let text = std::fs::read_to_string(file).expect("the file with the figures");
    let (before, rest) = text.split_once(&begin).expect("the mark before the figures");
    let (_, after) = rest.split_once(&end).expect("the mark after the figures");
    std::fs::write(file, format!("{before}{begin}\n{content}\n{end}{after}")).expect("a file that can be written");
}

/// How busy the machine is, as the kernel says: the number of tasks that wanted a processor in the last minute, on average.
pub fn load_average() -> String {
    let told = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    told.split(' ').next().filter(|load| !load.is_empty()).unwrap_or("unknown").to_owned()
}
