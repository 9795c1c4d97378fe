//! The plot: groups of horizontal bars, as SVG.

use std::fmt::Write as _;

/// The bars of one measurement.
#[derive(Clone, Debug)]
pub struct Group {
    /// What is measured.
    pub title: String,
    /// One bar for each client.
    pub bars: Vec<Bar>,
}

/// One bar.
#[derive(Clone, Debug)]
pub struct Bar {
    /// Whose figure it is.
    pub name: String,
    /// The figure.
    pub value: f64,
    /// The figure as text.
    pub shown: String,
    /// Whether it is a figure of ours, which has a colour of its own.
    pub is_ours: bool,
}

const WIDTH: f64 = 720.0;
const NAMES: f64 = 170.0;
/// For the text after the longest bar.
const TEXT: f64 = 80.0;
const LINE: f64 = 24.0;

/// Draws the groups below each other, on one scale.
#[must_use]
pub fn plot(title: &str, groups: &[Group]) -> String {
    let longest = groups.iter().flat_map(|group| &group.bars).map(|bar| bar.value).fold(f64::MIN_POSITIVE, f64::max);
    let scale = (WIDTH - NAMES - TEXT) / longest;
    let mut y = 44.0;
    let mut body = String::new();
    for Group { title, bars } in groups {
        let _ = writeln!(body, r#"<text class="group" x="12" y="{:.0}">{}</text>"#, y + 6.0, escaped(title));
        y += LINE;
        for Bar { name, value, shown, is_ours } in bars {
            let (middle, width) = (y - 3.0, value * scale);
            let class = if *is_ours { "ours" } else { "other" };
            let _ = writeln!(
                body,
                r#"<text x="{:.0}" y="{:.0}" text-anchor="end">{}</text><rect class="{class}" x="{NAMES:.0}" y="{:.0}" width="{width:.1}" height="16" rx="2"/><text x="{:.1}" y="{:.0}">{}</text>"#,
                NAMES - 8.0,
                middle + 5.0,
                escaped(name),
                middle - 8.0,
                NAMES + width + 6.0,
                middle + 5.0,
                escaped(shown),
            );
            y += LINE;
        }
        y += 14.0;
    }
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0} {y:.0}" width="{WIDTH:.0}" height="{y:.0}" role="img" aria-label="{0}">
<style>
text {{ font: 13px system-ui, sans-serif; fill: #1f2328 }}
.title {{ font-size: 15px; font-weight: 600 }}
.group {{ font-weight: 600 }}
.ours {{ fill: #1a7f37 }}
.other {{ fill: #8c959f }}
@media (prefers-color-scheme: dark) {{
text {{ fill: #e6edf3 }}
.ours {{ fill: #3fb950 }}
.other {{ fill: #6e7681 }}
}}
</style>
<text class="title" x="12" y="24">{0}</text>
{body}</svg>
"#,
        escaped(title)
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(name: &str, value: f64) -> Bar {
        Bar { name: name.into(), value, shown: format!("{value} ms"), is_ours: value == 1.0 }
    }

    #[test]
    fn bars_have_lengths_in_proportion_to_their_values() {
        let groups = [Group { title: "login".into(), bars: vec![bar("ours", 1.0), bar("another", 4.0)] }];
        let svg = plot("title", &groups);
        let widths: Vec<f64> = svg
            .split(r#"width=""#)
            .filter_map(|rest| rest.split('"').next()?.parse().ok())
            .filter(|width| *width != WIDTH)
            .collect();
        assert_eq!(widths, [117.5, 470.0]);
        assert_eq!(svg.matches(r#"<rect class="ours""#).count(), 1);
    }

    #[test]
    fn names_are_escaped() {
        let groups = [Group { title: "<a>".into(), bars: vec![bar("a & \"b\"", 1.0)] }];
        let svg = plot("t", &groups);
        assert!(svg.contains("&lt;a>") && svg.contains("a &amp; &quot;b&quot;"), "{svg}");
    }

    #[test]
    fn a_plot_of_nothing_is_still_a_picture() {
        let svg = plot("t", &[]);
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n") && !svg.contains("NaN"), "{svg}");
    }
}
