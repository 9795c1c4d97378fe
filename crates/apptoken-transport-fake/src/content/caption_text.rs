//! Texts of captions: SRT and WebVTT.

/// What is shown for some time; times are in milliseconds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cue {
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) text: String,
}

const SRT: &str = "1";
const DFXP: &str = "2";
const WEB_VTT: &str = "3";

/// Whether a text is of a format, a number of `KalturaCaptionType`. Formats that the fake does not read take any text.
pub(super) fn is_of_format(text: &str, format: &str) -> bool {
    match format {
        SRT => !is_web_vtt(text) && !cues(text).is_empty(),
        DFXP => text.contains("<tt"),
        WEB_VTT => is_web_vtt(text),
        _ => true,
    }
}

/// The usual extension of a file of a format.
pub(super) fn extension(format: &str) -> &'static str {
    match format {
        SRT => "srt",
        DFXP => "dfxp",
        WEB_VTT => "vtt",
        _ => "",
    }
}

fn is_web_vtt(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').starts_with("WEBVTT")
}

/// The cues of a text: a line with two times, and the lines up to the next empty one.
pub(super) fn cues(text: &str) -> Vec<Cue> {
    let mut cues = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some((start, rest)) = line.split_once("-->") else { continue };
        // WebVTT has settings after the times.
        let end = rest.split_whitespace().next().unwrap_or_default();
        let (Some(start), Some(end)) = (milliseconds(start.trim()), milliseconds(end)) else { continue };
        let text: Vec<&str> = lines.by_ref().take_while(|line| !line.trim().is_empty()).collect();
        cues.push(Cue { start, end, text: text.join("\n") });
    }
    cues
}

/// Reads `00:01:02,003`; the hours can be missing, and a point can stand for the comma.
fn milliseconds(time: &str) -> Option<i64> {
    let (clock, fraction) = time.split_once([',', '.'])?;
    let mut total: i64 = 0;
    let parts: Vec<&str> = clock.split(':').collect();
    if !(2..=3).contains(&parts.len()) || fraction.len() != 3 {
        return None;
    }
    for part in parts {
        total = total.checked_mul(60)?.checked_add(i64::from(part.parse::<u32>().ok()?))?;
    }
    total.checked_mul(1_000)?.checked_add(i64::from(fraction.parse::<u32>().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cues_have_times_and_lines() {
        let srt = "1\n00:00:00,000 --> 00:00:02,000\nHello\nWorld\n\n2\n01:00:00,500 --> 01:00:01,250\nBye\n";
        let shown: Vec<_> = cues(srt).into_iter().map(|cue| (cue.start, cue.end, cue.text)).collect();
        let expected = [(0, 2_000, "Hello\nWorld".to_owned()), (3_600_500, 3_601_250, "Bye".to_owned())];
        assert_eq!(shown, expected);
        let vtt = "WEBVTT\n\n00:00.000 --> 00:02.000 align:start\nHello\n";
        assert_eq!(cues(vtt), [Cue { start: 0, end: 2_000, text: "Hello".to_owned() }]);
    }

    #[test]
    fn a_text_without_times_has_no_cues() {
        for text in ["", "Hello", "a --> b", "00:00 --> 00:01", "99999999999:00,000 --> 00:01,000"] {
            assert_eq!(cues(text), [], "{text}");
        }
    }

    #[test]
    fn a_text_of_another_format_is_broken() {
        let (srt, vtt) = ("1\n00:00:00,000 --> 00:00:02,000\nHello\n", "WEBVTT\n\n00:00.000 --> 00:02.000\nHello\n");
        assert!(is_of_format(srt, SRT) && is_of_format(vtt, WEB_VTT) && is_of_format("<tt/>", DFXP));
        assert!(!is_of_format(vtt, SRT) && !is_of_format(srt, WEB_VTT) && !is_of_format("x", SRT));
    }
}
