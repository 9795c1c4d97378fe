//! Figures, and how they are shown.

/// The median; `NaN` of no values.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A time with three digits and the unit that fits.
#[must_use]
pub fn shown_seconds(seconds: f64) -> String {
    let (value, unit) = match seconds {
        1.0.. => (seconds, "s"),
        1e-3.. => (seconds * 1e3, "ms"),
        1e-6.. => (seconds * 1e6, "µs"),
        _ => (seconds * 1e9, "ns"),
    };
    let decimals = match value {
        100.0.. => 0,
        10.0.. => 1,
        _ => 2,
    };
    format!("{value:.decimals$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_value() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn times_have_three_digits() {
        for (seconds, shown) in
            [(12.34, "12.3 s"), (0.3216, "322 ms"), (0.001, "1.00 ms"), (0.000_023_4, "23.4 µs"), (6.1e-8, "61.0 ns")]
        {
            assert_eq!(shown_seconds(seconds), shown);
        }
    }
}
