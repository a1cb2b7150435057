//! Numbers as they are read at night: short, with their unit, never ambiguous.

use crate::metrics::Unit;

/// A value in at most eight columns: `412`, `81.2 k`, `1.2 GiB`, `97 %`, `420 ms`.
pub fn shown(v: f64, unit: Unit) -> String {
    if !v.is_finite() {
        return "–".into();
    }
    match unit {
        Unit::Percent => format!("{} %", short(v)),
        Unit::Bytes => scaled(v, 1024.0, &["B", "KiB", "MiB", "GiB", "TiB", "PiB"]),
        Unit::Seconds if v.abs() >= 0.9995 => format!("{} s", short(v)),
        Unit::Seconds if v.abs() >= 0.0009995 || v == 0.0 => format!("{} ms", plain(v * 1e3)),
        Unit::Seconds => format!("{} µs", plain(v * 1e6)),
        Unit::Count | Unit::Credits | Unit::State => count(v),
    }
}

fn short(v: f64) -> String {
    if v.abs() < 9999.5 { plain(v) } else { count(v) }
}

/// `412`, `3,911`, `81.2 k`, `1.24 M`.
pub fn count(v: f64) -> String {
    if v.abs() < 9999.5 { grouped(v) } else { scaled(v, 1000.0, &["", "k", "M", "G", "T", "P", "E"]) }
}

fn grouped(v: f64) -> String {
    if v.abs() < 999.5 {
        return plain(v);
    }
    let whole = v.abs().round() as u64;
    format!("{}{},{:03}", if v < 0.0 { "−" } else { "" }, whole / 1000, whole % 1000)
}

/// Three figures are enough; whole numbers stay whole.
fn plain(v: f64) -> String {
    let size = v.abs();
    let digits = if (size - size.round()).abs() < 1e-9 || size >= 99.95 {
        0
    } else if size >= 9.995 {
        1
    } else {
        2
    };
    let text = format!("{v:.digits$}");
    match text.strip_prefix('-') {
        Some(positive) => format!("−{positive}"),
        None => text,
    }
}

fn scaled(v: f64, base: f64, units: &[&str]) -> String {
    let (mut v, mut i) = (v, 0);
    while v.abs() >= base * 0.9995 && i + 1 < units.len() {
        v /= base;
        i += 1;
    }
    let text = format!("{} {}", plain(v), units[i]);
    text.trim_end().to_owned()
}

/// With its sign in front: `+12`, `−3.1 k`.
pub fn signed(v: f64, unit: Unit) -> String {
    if v > 0.0 { format!("+{}", shown(v, unit)) } else { shown(v, unit) }
}

/// `×3.1` or, below one half, `÷4`; `new` when there was nothing before.
pub fn ratio(now: f64, before: f64) -> String {
    if !now.is_finite() || !before.is_finite() {
        return "–".into();
    }
    if before.abs() < f64::EPSILON {
        return if now.abs() < f64::EPSILON { "=".into() } else { "+∞".into() };
    }
    let times = now / before;
    if (0.995..1.005).contains(&times) { "=".into() } else { format!("×{}", plain(times)) }
}

/// The lowest of 1, 2, 2.5, 5 times a power of ten that is not below `v`.
pub fn nice_ceiling(v: f64) -> f64 {
    if v <= 0.0 || !v.is_finite() {
        return 1.0;
    }
    let power = 10f64.powf(v.log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0];
    steps.iter().map(|s| s * power).find(|s| *s >= v * 0.999_999).unwrap_or(10.0 * power)
}

/// US dollars, to the cent or the tenth of a cent; what is less is said to be less.
pub fn dollars(v: f64) -> String {
    match v {
        v if v >= 1.0 => format!("${v:.2}"),
        v if v > 0.0 && v < 0.0005 => "<$0.001".into(),
        v => format!("${v:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_are_short_and_say_their_unit() {
        for (v, unit, text) in [
            (412.0, Unit::Count, "412"),
            (3911.0, Unit::Count, "3,911"),
            (81_234.0, Unit::Count, "81.2 k"),
            (9_999.6, Unit::Count, "10.0 k"),
            (1.3e9, Unit::Bytes, "1.21 GiB"),
            (97.0, Unit::Percent, "97 %"),
            (33.333, Unit::Percent, "33.3 %"),
            (0.42, Unit::Seconds, "420 ms"),
            (10.0, Unit::Seconds, "10 s"),
            (0.000_012, Unit::Seconds, "12 µs"),
            (f64::NAN, Unit::Count, "–"),
        ] {
            assert_eq!(shown(v, unit), text);
        }
        assert_eq!(ratio(310.0, 100.0), "×3.10");
    }

    proptest! {
        #[test]
        fn any_number_fits_its_column(v in proptest::num::f64::ANY) {
            for unit in [Unit::Count, Unit::Percent, Unit::Bytes, Unit::Seconds] {
                if v.abs() < 1e15 && v.abs() > 1e-6 { prop_assert!(shown(v, unit).chars().count() <= 10, "{}", shown(v, unit)); }
            }
            prop_assert!(nice_ceiling(v) > 0.0);
        }
    }
}
