//! Rows in, a Markdown table on standard output out.

use std::time::Duration;

/// A table that is printed when it is complete, so that its columns line up.
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns; the first one is read from the left, the
    /// others are figures.
    pub fn new(columns: &[&str]) -> Table {
        Table {
            rows: vec![columns.iter().map(ToString::to_string).collect()],
        }
    }

    /// Adds a row.
    ///
    /// # Panics
    ///
    /// When it has another number of cells than there are columns.
    pub fn row(&mut self, cells: Vec<String>) {
        assert_eq!(cells.len(), self.rows[0].len(), "a cell for each column");
        self.rows.push(cells);
    }

    /// Prints it, and an empty line.
    pub fn print(&self) {
        let widths: Vec<usize> = (0..self.rows[0].len())
            .map(|column| {
                let width = |row: &Vec<String>| row[column].chars().count();
                self.rows.iter().map(width).max().unwrap_or_default()
            })
            .collect();
        for (number, row) in self.rows.iter().enumerate() {
            let cells: Vec<String> = row
                .iter()
                .zip(&widths)
                .enumerate()
                .map(|(column, (cell, width))| match column {
                    0 => format!("{cell:<width$}"),
                    _ => format!("{cell:>width$}"),
                })
                .collect();
            println!("| {} |", cells.join(" | "));
            if number == 0 {
                let lines: Vec<String> = widths
                    .iter()
                    .enumerate()
                    .map(|(column, width)| match column {
                        0 => "-".repeat(width + 2),
                        _ => format!("{}:", "-".repeat(width + 1)),
                    })
                    .collect();
                println!("|{}|", lines.join("|"));
            }
        }
        println!();
    }
}

/// Three digits and a unit: `7.31 ns`, `1.90 µs`, `44.0 ms`.
pub fn time(nanoseconds: f64) -> String {
    let (value, unit) = match nanoseconds {
        ns if ns < 1e3 => (ns, "ns"),
        ns if ns < 1e6 => (ns / 1e3, "µs"),
        ns if ns < 1e9 => (ns / 1e6, "ms"),
        ns => (ns / 1e9, "s"),
    };
    let digits = match value {
        value if value < 10.0 => 2,
        value if value < 100.0 => 1,
        _ => 0,
    };
    format!("{value:.digits$} {unit}")
}

/// The same of a [`Duration`].
pub fn duration(taken: Duration) -> String {
    time(taken.as_nanos() as f64)
}

/// How many times as long, in as many digits as the machine is steady:
/// `× 0.06`, `× 6.2`, `× 44`, `× 15,000`.
pub fn ratio(nanoseconds: f64, ours: f64) -> String {
    let times = nanoseconds / ours;
    if times < 0.5 {
        return format!("× {times:.2}");
    }
    if times < 9.95 {
        return format!("× {times:.1}");
    }
    let digits = times.log10().floor() as i32;
    let unit = 10_f64.powi((digits - 1).max(0));
    format!("× {}", thousands((times / unit).round() * unit))
}

/// A whole number with a comma every three digits.
pub fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits_and_the_unit_that_fits() {
        let shown: Vec<String> = [7.314, 73.14, 999.0, 1_900.0, 44e6, 1.5e9].map(time).into();
        assert_eq!(
            shown,
            [
                "7.31 ns", "73.1 ns", "999 ns", "1.90 µs", "44.0 ms", "1.50 s"
            ]
        );
    }

    #[test]
    fn ratios_are_towards_ours() {
        assert_eq!(ratio(62.0, 10.0), "× 6.2");
        assert_eq!(ratio(0.6, 10.0), "× 0.06");
        assert_eq!(ratio(9.97, 1.0), "× 10");
        assert_eq!(ratio(4_456.0, 10.0), "× 450");
        assert_eq!(ratio(8_901_850.0, 10.0), "× 890,000");
    }
}
