//! A superior's own form, an .xlsx in which the cells to fill have names, is filled from the same figures as the pages.

use super::model::{Composite, Figure, Report, Rules, Weights};
use super::sheet::Sheet;
use super::topic::Topic;
use crate::issue::Category;
use crate::workbook::fill::Value;

/// The figures by the names that a cell can be given in a workbook, where no bracket or comma may stand.
const FIGURES: [(&str, Figure); 16] = [
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
    ("剔除", Figure::Excluded),
    ("期末在办", Figure::Open),
    ("现在超期", Figure::Overdue),
];

/// A name that a cell can be given, what it means, and what is written there.
pub struct Named {
    pub name: String,
    pub meaning: String,
    pub value: Value,
}

impl Named {
    fn new(name: impl Into<String>, meaning: impl Into<String>, value: Value) -> Named {
        Named { name: name.into(), meaning: meaning.into(), value }
    }
}

/// A part of a whole as a number that a cell shows as a percentage, or the words that say why not.
fn portion(per_mille: Option<i64>) -> Value {
    per_mille.map_or_else(|| Value::Text("—".to_owned()), |rate| Value::Number(rate as f64 / 1000.0))
}

/// What is said of a portion.
fn as_portion(parts: &str) -> String {
    format!("{parts}，写成小数，格子请设成百分比；不足几件的写“—”")
}

/// Every name that is known.
pub fn named(
    place: &str,
    report: &Report,
    (rules, weights): (&Rules, &Weights),
    sheets: &[(Topic, Sheet)],
) -> Vec<Named> {
    let text = Value::Text;
    let number = |count: i64| Value::Number(count as f64);
    let rates = report.rates();
    let composite = Composite::of(&rates, rules, weights).and_then(|composite| composite.tenths);
    let composite = composite.map_or_else(|| text("—".to_owned()), |tenths| Value::Number(tenths as f64 / 10.0));
    let mut named = vec![
        Named::new("单位", "社区或小区的名称", text(place.to_owned())),
        Named::new("时段", "如“2026年11月”", text(report.period.words())),
        Named::new("开始日期", "如“2026-11-01”", text(report.period.first.to_string())),
        Named::new("结束日期", "如“2026-11-30”", text(report.period.last.to_string())),
    ];
    let figures =
        FIGURES.iter().map(|(name, figure)| Named::new(*name, figure.meaning(), number(report.count(*figure))));
    named.extend(figures);
    named.extend(rates.iter().map(|rate| {
        Named::new(rate.label, as_portion(&format!("{} ÷ {}", rate.part, rate.whole)), portion(rate.per_mille(rules)))
    }));
    let meaning = "三率按参数里定的权重合成，满分 100；没有定权重、或者不足几件的写“—”";
    named.push(Named::new("综合得分", meaning, composite));
    let counted = report.categories();
    named.extend(Category::ALL.iter().map(|category| {
        let count = counted.iter().find(|(known, _)| known == category).map_or(0, |(_, count)| *count);
        Named::new(format!("类别_{category}"), format!("新反映的，{category}"), number(count))
    }));
    for (topic, sheet) in sheets {
        named.extend(
            sheet
                .counts()
                .map(|(gauge, count)| Named::new(format!("{topic}_{}", gauge.label), gauge.meaning, number(count))),
        );
        named.extend(sheet.shares.iter().map(|share| {
            let ratio = sheet.ratio(share);
            Named::new(
                format!("{topic}_{}", share.label),
                as_portion(&sheet.part_words(share)),
                portion(ratio.per_mille(rules)),
            )
        }));
    }
    named
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::report::model::Period;

    #[test]
    fn every_name_is_told_once_and_can_be_given_to_a_cell() {
        let period = Period::month(jiff::civil::date(2026, 11, 23)).unwrap();
        let report = Report { period, now: period.from, records: Vec::new() };
        let rules = crate::settings::by_default().unwrap();
        let named = named("尉汾路社区", &report, (&rules, &Weights::NONE), &[]);
        assert!(FIGURES.len() == Figure::ALL.len() && named.len() > 30);
        let names: BTreeSet<&str> = named.iter().map(|named| named.name.as_str()).collect();
        assert_eq!(names.len(), named.len());
        assert!(names.iter().all(|name| name.chars().all(|c| c.is_alphanumeric() || c == '_')), "{names:?}");
        let value = |name: &str| named.iter().find(|named| named.name == name).map(|named| &named.value);
        assert_eq!(value("满意率"), Some(&Value::Text("—".to_owned())));
        assert_eq!(value("新反映"), Some(&Value::Number(0.0)));
        assert_eq!(value("类别_没有这一类"), None);
    }
}
