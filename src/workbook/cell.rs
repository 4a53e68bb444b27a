use codes::PartialDate;
use codes::date::DateError;
use codes::text::half_width;

/// What people write to say that there is nothing to say.
pub fn is_nothing(written: &str) -> bool {
    matches!(
        written,
        "" | "无"
            | "没有"
            | "暂无"
            | "未填"
            | "不详"
            | "未知"
            | "/"
            | "\\"
            | "-"
            | "--"
            | "—"
            | "——"
            | "－"
            | "N/A"
            | "n/a"
    )
}

/// `同上`, `〃` and the like.
pub fn is_repetition(cell: &str) -> bool {
    matches!(cell, "同上" | "同前" | "同上行" | "〃" | "″" | "\"" | "”" | "''" | "′′" | "..")
}

/// What a formula leaves behind that could not be worked out.
pub fn is_formula_error(cell: &str) -> bool {
    const ERRORS: [&str; 8] = ["#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#DATA!"];
    ERRORS.contains(&cell)
}

/// A date as people write it, or as a spreadsheet counts it in days.
pub fn date(written: &str) -> Result<PartialDate, DateError> {
    let written = half_width(written).replace(' ', "");
    let serial = written.len() == 5 && written.bytes().all(|b| b.is_ascii_digit());
    match written.parse::<f64>().ok().filter(|_| serial).and_then(codes::date::from_excel_serial) {
        Some(date) => Ok(date),
        None => codes::date::parse(&written),
    }
}

/// A spreadsheet turns 1990.10 into 1990.1, so that nobody can tell October from January.
pub fn is_cut(written: &str) -> bool {
    let written = half_width(written).replace(' ', "");
    written.len() == 6 && written.ends_with(".1")
}

/// Enough of what was written to find it again.
pub fn shortened(written: &str) -> String {
    let mut short: String = written.chars().take(20).collect();
    if short.len() < written.len() {
        short.push('…');
    }
    short
}

/// A reason that quotes what was written in the wrong column, with the digits of personal data hidden.
pub fn without_numbers(reason: String) -> String {
    if codes::text::personal(&reason).is_none() {
        return reason;
    }
    let digit = |c: char| half_width(&c.to_string()).starts_with(|c: char| c.is_ascii_digit());
    reason.chars().map(|c| if digit(c) { '*' } else { c }).collect()
}
