//! A superior's own form, an .xlsx in which the cells to fill have names, is filled from the same figures as the pages.

use super::model::{Figure, Report, Rules};
use crate::issue::Category;
use crate::workbook::fill::Value;

/// The figures by the names that a cell can be given in a workbook, where no bracket or comma may stand.
const FIGURES: [(&str, Figure); 15] = [
    ("新反映", Figure::Reported),
    ("物业类", Figure::Property),
    ("派单", Figure::Dispatched),
    ("按时受理", Figure::Responded),
    ("办结", Figure::Done),
    ("超期办结", Figure::DoneLate),
    ("销号", Figure::Closed),
    ("未办结束", Figure::Otherwise),
    ("不满意重办", Figure::Reopened),
    ("已测评", Figure::Surveyed),
    ("已解决", Figure::Solved),
    ("满意", Figure::Satisfied),
    ("联系不上", Figure::Unreachable),
    ("期末在办", Figure::Open),
    ("现在超期", Figure::Overdue),
];

/// What stands before the name of a category: `类别_停车`.
const CATEGORY: &str = "类别_";

/// Every name that is known, with what is written there.
pub fn names(report: &Report) -> Vec<(String, String)> {
    let texts = [
        ("单位", "社区或小区的名称"),
        ("时段", "如“2026年11月”"),
        ("开始日期", "如“2026-11-01”"),
        ("结束日期", "如“2026-11-30”"),
    ];
    let texts = texts.map(|(name, meaning)| (name.to_owned(), meaning.to_owned()));
    let figures = FIGURES.map(|(name, figure)| (name.to_owned(), figure.meaning().to_owned()));
    let rates = report.rates().into_iter().map(|rate| {
        (rate.label.to_owned(), format!("{} ÷ {}，写成小数，格子请设成百分比；不足几件的写“—”", rate.part, rate.whole))
    });
    let categories =
        Category::ALL.iter().map(|category| (format!("{CATEGORY}{category}"), format!("新反映的，{category}")));
    texts.into_iter().chain(figures).chain(rates).chain(categories).collect()
}

/// What belongs into a cell of a name; nothing if the name is not known.
pub fn value(place: &str, report: &Report, rules: &Rules, name: &str) -> Option<Value> {
    let number = |count: i64| Some(Value::Number(count as f64));
    if let Some((_, figure)) = FIGURES.iter().find(|(known, _)| *known == name) {
        return number(report.count(*figure));
    }
    if let Some(rate) = report.rates().into_iter().find(|rate| rate.label == name) {
        let shown = rate.per_mille(rules).map(|rate| Value::Number(rate as f64 / 1000.0));
        return Some(shown.unwrap_or_else(|| Value::Text(rate.words(rules))));
    }
    if let Some(category) = name.strip_prefix(CATEGORY) {
        let category = Category::ALL.iter().find(|known| known.label() == category)?;
        return number(report.rows(Figure::Reported).filter(|record| record.category == *category).count() as i64);
    }
    let text = match name {
        "单位" => place.to_owned(),
        "时段" => report.period.words(),
        "开始日期" => report.period.first.to_string(),
        "结束日期" => report.period.last.to_string(),
        _ => return None,
    };
    Some(Value::Text(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::model::Period;

    #[test]
    fn every_name_that_is_told_is_known_and_can_be_given_to_a_cell() {
        let day = jiff::civil::date(2026, 11, 23);
        let period = Period::month(day).unwrap();
        let report = Report { period, now: period.from, records: Vec::new() };
        let rules = crate::settings::by_default().unwrap();
        let names = names(&report);
        assert!(FIGURES.len() == Figure::ALL.len() && names.len() > 30);
        for (name, _) in names {
            assert!(name.chars().all(|c| c.is_alphanumeric() || c == '_'), "{name}");
            assert!(value("尉汾路社区", &report, &rules, &name).is_some(), "{name}");
        }
        assert_eq!(value("", &report, &rules, "类别_没有这一类"), None);
        assert_eq!(value("", &report, &rules, "满意率"), Some(Value::Text("—".to_owned())));
    }
}
