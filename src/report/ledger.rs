//! 问题台账, in the columns that offices keep it in, and the figures of a period, as one workbook. A ledger leaves the building, so
//! who reported is masked in it.

use super::model::{Composite, Figure, Record, Report, Rules, Weights};
use crate::access::Act;
use crate::error::Result;
use crate::issue::{self, State, Step};
use crate::web::show;
use crate::workbook::{Cell, Table};

const COLUMNS: [(&str, u16); 19] = [
    ("序号", 6),
    ("问题编号", 22),
    ("登记日期", 12),
    ("来源", 12),
    ("反映人", 10),
    ("联系电话", 14),
    ("所在小区", 16),
    ("楼栋房号", 12),
    ("问题类别", 12),
    ("问题描述", 40),
    ("责任单位", 18),
    ("责任人", 10),
    ("办理时限", 12),
    ("办理措施", 30),
    ("办理结果", 30),
    ("办结日期", 12),
    ("满意度", 10),
    ("是否销号", 10),
    ("备注", 16),
];

/// Every issue that was reported, worked on or open in the period.
pub fn table(act: &Act, report: &Report) -> Result<Table> {
    let rows = report.concerned().zip(1i64..).map(|(record, serial)| row(act, record, serial));
    Ok(Table { name: "问题台账".to_owned(), columns: columns(&COLUMNS), rows: rows.collect::<Result<_>>()? })
}

fn row(act: &Act, record: &Record, serial: i64) -> Result<Vec<Cell>> {
    let reporter = issue::masked_reporter(act, record.reporter_sealed.as_deref())?.unwrap_or_default();
    let done = record.result();
    let due = if record.state.open() { show::date(&record.due_at) } else { String::new() };
    let end = match record.state {
        State::Closed => "是".to_owned(),
        state if state.open() => "否".to_owned(),
        state => state.to_string(),
    };
    let stands = record.state.open().then(|| record.state.to_string());
    let excluded = record.excluded.as_ref().map(|(ground, _)| format!("三率剔除：{ground}"));
    let note = stands.into_iter().chain(excluded).collect::<Vec<_>>().join("；");
    let texts = [
        record.number.clone(),
        show::date(&record.reported_at),
        record.source.to_string(),
        reporter.name,
        reporter.phone,
        record.estate.as_ref().map(|(_, name)| name.clone()).unwrap_or_default(),
        record.building.as_ref().map(|(_, name)| name.clone()).unwrap_or_default(),
        record.category.to_string(),
        record.description.clone(),
        record.party.clone().unwrap_or_default(),
        String::new(),
        due,
        record.last(Step::Dispatched).map(|taken| taken.note.clone()).unwrap_or_default(),
        done.map(|taken| taken.note.clone()).unwrap_or_default(),
        done.map(|taken| show::date(&taken.at)).unwrap_or_default(),
        record.answer.map(|answer| answer.score.label().to_owned()).unwrap_or_default(),
        end,
        note,
    ];
    Ok(std::iter::once(Cell::Number(serial)).chain(texts.into_iter().map(Cell::Text)).collect())
}

/// The figures of the period, of its categories and of its estates.
pub fn figures(report: &Report, rules: &Rules, weights: &Weights) -> Vec<Table> {
    let text = |words: &str| Cell::Text(words.to_owned());
    let counted = Figure::ALL
        .iter()
        .map(|figure| vec![text(figure.label()), Cell::Number(report.count(*figure)), text(figure.meaning())]);
    let rates = report.rates().into_iter().map(|rate| {
        let how = format!("{} ÷ {}（{} ÷ {}）", rate.part, rate.whole, rate.count, rate.of);
        vec![text(rate.label), Cell::Text(rate.words(rules)), Cell::Text(how)]
    });
    let composite = Composite::of(&report.rates(), rules, weights)
        .map(|composite| vec![text("综合得分"), Cell::Text(composite.words()), text(&composite.formula)]);
    let summary = Table {
        name: "数据".to_owned(),
        columns: columns(&[("指标", 34), ("数", 10), ("怎么算的", 60)]),
        rows: counted.chain(rates).chain(composite).collect(),
    };
    let categories = Table {
        name: "类别".to_owned(),
        columns: columns(&[("类别", 16), ("新反映", 10)]),
        rows: report
            .categories()
            .into_iter()
            .map(|(category, count)| vec![text(category.label()), Cell::Number(count)])
            .collect(),
    };
    let estates = report.estates().into_iter().map(|estate| {
        let counts = estate.counts.iter().map(|(_, count)| Cell::Number(*count));
        let rates = estate.rates.iter().map(|rate| Cell::Text(rate.words(rules)));
        std::iter::once(Cell::Text(estate.name.clone())).chain(counts).chain(rates).collect()
    });
    let headings = [
        ("小区", 20),
        ("新反映", 10),
        ("办结", 10),
        ("销号", 10),
        ("期末在办", 10),
        ("响应率", 10),
        ("解决率", 10),
        ("满意率", 10),
        ("物业类占比", 12),
    ];
    let estates = Table { name: "小区".to_owned(), columns: columns(&headings), rows: estates.collect() };
    vec![summary, categories, estates]
}

fn columns(columns: &[(&str, u16)]) -> Vec<(String, u16)> {
    columns.iter().map(|(name, width)| ((*name).to_owned(), *width)).collect()
}
