//! What is taken away on paper or as a workbook: the ledger in the columns of 隐患排查整改台账, a simple list to be hung up in the office, and
//! the letter with which a hazard goes to another body.

use jiff::Timestamp;

use super::model::Limits;
use super::store::{Hazard, Transfer};
use crate::access::Act;
use crate::document::{Block, Paper, Table as PaperTable};
use crate::error::Result;
use crate::web::show;
use crate::workbook::{Cell, Table};

/// The columns of the ledger, each with its width in characters.
const COLUMNS: &[(&str, u16)] = &[
    ("序号", 6),
    ("编号", 14),
    ("发现时间", 12),
    ("发现人", 10),
    ("学校", 20),
    ("位置", 24),
    ("离校门（米）", 10),
    ("类别", 14),
    ("描述", 40),
    ("照片（张）", 8),
    ("等级", 8),
    ("整改方式", 10),
    ("责任单位", 18),
    ("责任人", 10),
    ("整改措施", 30),
    ("整改时限", 12),
    ("整改情况", 30),
    ("整改完成", 12),
    ("复查人", 10),
    ("复查时间", 12),
    ("结论", 20),
    ("销号人", 10),
    ("销号时间", 12),
    ("移送部门", 18),
    ("挂牌督办", 12),
    ("状态", 12),
    ("是否超期", 8),
];

fn date(at: Option<Timestamp>) -> String {
    at.map(|at| show::date(&at)).unwrap_or_default()
}

/// The ledger as a worksheet. Whoever answers for fixing outside the bureau is masked.
pub fn ledger(act: &Act, hazards: &[Hazard]) -> Result<Table> {
    let mut rows = Vec::with_capacity(hazards.len());
    for (number, hazard) in (1i64..).zip(hazards) {
        let contact = hazard.contact(act)?.map(|contact| contact.masked());
        let text = |text: &str| Cell::Text(text.to_owned());
        let some = |text: &Option<String>| Cell::Text(text.clone().unwrap_or_default());
        let day = |at| Cell::Text(date(at));
        rows.push(vec![
            Cell::Number(number),
            text(&hazard.number),
            day(Some(hazard.found_at)),
            some(&hazard.found_name),
            text(&hazard.school_name),
            text(&hazard.place),
            Cell::Number(hazard.distance),
            text(hazard.kind.label()),
            text(&hazard.description),
            Cell::Number(hazard.photos),
            text(hazard.level.map_or("", |level| level.label())),
            text(hazard.mode.map_or("", |mode| mode.label())),
            text(&hazard.owner_unit),
            Cell::Text(hazard.owner_name.clone().or(contact).unwrap_or_default()),
            text(&hazard.measures),
            day(hazard.fix_due_at),
            text(&hazard.result),
            day(hazard.fixed_at),
            some(&hazard.rechecked_name),
            day(hazard.rechecked_at),
            text(&hazard.conclusion),
            some(&hazard.closed_name),
            day(hazard.closed_at),
            some(&hazard.transferred_to),
            text(hazard.supervision.map_or("", |supervision| supervision.label())),
            text(hazard.state.label()),
            text(if hazard.late(act.at) { "超期" } else { "" }),
        ]);
    }
    let columns = COLUMNS.iter().map(|(name, width)| ((*name).to_owned(), *width)).collect();
    Ok(Table { name: "隐患排查整改台账".to_owned(), columns, rows })
}

/// A list that is read at a glance.
pub fn list(hazards: &[Hazard], limits: &Limits, title: &str, now: Timestamp) -> Paper {
    let mut paper = Paper::new(title);
    paper.landscape = true;
    paper.text(&format!("共 {} 处，{} 打印。内部使用，不外传。", hazards.len(), show::day(&now)));
    let columns = [("编号", 13), ("学校", 17), ("位置", 22), ("类别", 13), ("等级", 7), ("状态", 10), ("最晚", 18)];
    let row = |hazard: &Hazard| {
        let late = if hazard.late(now) { "（超期）" } else { "" };
        vec![
            hazard.number.clone(),
            hazard.school_name.clone(),
            format!("{}（{}）", hazard.place, limits.ring(hazard.distance)),
            hazard.kind.to_string(),
            hazard.level.map_or_else(String::new, |level| level.to_string()),
            hazard.state.to_string(),
            format!("{}{late}", show::month_and_day(&hazard.due_at)),
        ]
    };
    paper.blocks.push(Block::Table(PaperTable {
        columns: columns.iter().map(|(name, width)| ((*name).to_owned(), *width)).collect(),
        rows: hazards.iter().map(row).collect(),
    }));
    paper
}

/// 移送函: what goes to the other body. It names nobody.
pub fn letter(hazard: &Hazard, transfer: &Transfer, from: &str) -> Paper {
    let mut paper = Paper::new("校园周边安全隐患移送函");
    paper.facts(&[("文号", transfer.number.clone()), ("隐患编号", hazard.number.clone())]);
    paper.text(&format!("{}：", transfer.body));
    paper.text(&format!(
        "{}，我单位在校园及周边安全隐患排查中，发现下列隐患属于贵单位职责范围，现予移送，请依法处理。",
        show::day(&hazard.found_at)
    ));
    paper.facts(&[
        ("学校", hazard.school_name.clone()),
        ("位置", format!("{}（{}）", hazard.place, hazard.whereabouts())),
        ("类别", hazard.kind.to_string()),
        ("等级", hazard.level.map_or_else(String::new, |level| level.to_string())),
        ("情况", hazard.description.clone()),
        ("请求事项", transfer.words.clone()),
    ]);
    paper.text(&format!("请于 {} 前书面回复处理情况。", show::day(&transfer.reply_due_at)));
    paper.text(&format!("移送单位：{from}（盖章）"));
    paper.text(&show::day(&transfer.sent_at));
    paper.heading("回执");
    paper.text("处理情况：");
    paper.signatures(&["承办单位（盖章）", "承办人", "日期"]);
    paper
}
