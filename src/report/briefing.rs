//! 简报: a page about a period for a superior, in the sentences and tables that such a paper usually has.

use super::model::{Composite, Figure, Report, Rules, Weights};
use crate::document::{Block, Paper, Table};

/// How many categories are named in a sentence.
const NAMED: usize = 3;

pub fn paper(place: &str, of_estate: bool, report: &Report, rules: &Rules, weights: &Weights) -> Paper {
    let mut paper = Paper::new(format!("{place}{}诉求办理简报", report.period.words()));
    let count = |figure| report.count(figure);
    paper.heading("一、总的情况");
    paper.text(&format!(
        "居民新反映 {} 件，其中物业管理类 {} 件；办结 {} 件，其中超期 {} 件；销号 {} 件；不予受理、转其他渠道、并案和撤回 {} 件。期末在办 {} 件。",
        count(Figure::Reported),
        count(Figure::Property),
        count(Figure::Done),
        count(Figure::DoneLate),
        count(Figure::Closed),
        count(Figure::Otherwise),
        count(Figure::Open),
    ));
    let rates = report.rates();
    let said = rates.iter().map(|rate| match rate.per_mille(rules) {
        Some(_) => format!("{} {}（{} 件中 {} 件）", rate.label, rate.words(rules), rate.of, rate.count),
        None => format!("{}因样本只有 {} 件不作统计", rate.label, rate.of),
    });
    paper.text(&format!("{}。", said.collect::<Vec<_>>().join("，")));
    if let Some(composite) = Composite::of(&rates, rules, weights) {
        paper.text(&format!("综合得分 {}，按{}计算。", composite.words(), composite.formula));
    }
    if count(Figure::Excluded) > 0 {
        paper.text(&format!("经审批不计入三率的 {} 件。", count(Figure::Excluded)));
    }

    paper.heading("二、反映的问题");
    let categories = report.categories();
    let most: Vec<String> =
        categories.iter().take(NAMED).map(|(category, count)| format!("{category} {count} 件")).collect();
    match most.is_empty() {
        true => paper.text("这段时间没有新反映的问题。"),
        false => paper.text(&format!("反映最多的是{}。", most.join("、"))),
    }
    if !categories.is_empty() {
        let all = count(Figure::Reported);
        let rows = categories.iter().map(|(category, count)| {
            vec![category.to_string(), count.to_string(), format!("{}%", (count * 100 + all / 2) / all)]
        });
        paper.blocks.push(table(&[("类别", 50), ("件数", 25), ("占比", 25)], rows.collect()));
    }

    let estates = report.estates();
    if !of_estate && !estates.is_empty() {
        paper.heading("三、各小区");
        let rows = estates.iter().map(|estate| {
            let counts = estate.counts.iter().map(|(_, count)| count.to_string());
            let rates = estate.rates.iter().filter(|rate| rate.part != Figure::Property).map(|rate| rate.words(rules));
            std::iter::once(estate.name.clone()).chain(counts).chain(rates).collect()
        });
        let columns = [
            ("小区", 23),
            ("新反映", 11),
            ("办结", 11),
            ("销号", 11),
            ("在办", 11),
            ("响应率", 11),
            ("解决率", 11),
            ("满意率", 11),
        ];
        paper.blocks.push(table(&columns, rows.collect()));
        paper.text(&format!("不足 {} 件的比率不列。", rules.least_cases));
    }
    paper
}

fn table(columns: &[(&str, u32)], rows: Vec<Vec<String>>) -> Block {
    Block::Table(Table {
        columns: columns.iter().map(|(name, percent)| ((*name).to_owned(), *percent)).collect(),
        rows,
    })
}
