//! The shape of every report but the first: rows, and questions to them. What a gauge counts and the rows that it opens are the same;
//! pages, workbooks, papers and a superior's form are made of a sheet by the same code, whatever it is about.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::model::{Ratio, Rules};
use crate::document::{self, Block, Paper};
use crate::workbook::{Cell, Table};

/// A question to the rows of a report.
#[derive(Debug, Clone, Copy)]
pub struct Gauge {
    pub code: &'static str,
    pub label: &'static str,
    pub meaning: &'static str,
}

/// One gauge as a part of another.
#[derive(Debug, Clone, Copy)]
pub struct Share {
    pub label: &'static str,
    pub part: &'static str,
    pub whole: &'static str,
}

#[derive(Debug, Clone)]
pub struct Row {
    /// By which a list of rows goes on.
    pub key: String,
    pub href: Option<String>,
    pub title: String,
    pub note: String,
    pub estate: Option<(Uuid, String)>,
    /// How it stands in the table that is taken away; nothing of a row that is only counted.
    pub cells: Option<Vec<String>>,
    /// By which gauges it is counted, and as how many.
    pub counted: Vec<(&'static str, i64)>,
}

pub struct Sheet {
    pub gauges: &'static [Gauge],
    /// Those of them that are minutes, not cases: no bar can stand for both.
    pub undrawn: &'static [&'static str],
    pub shares: &'static [Share],
    /// Of the table, each with its width in characters.
    pub columns: Vec<(&'static str, u16)>,
    pub rows: Vec<Row>,
    /// What is no count: its name, what it comes to, and of how many.
    pub beside: Vec<(&'static str, String, String)>,
    /// Whether somebody may look at the rows behind a figure, or only knows how many.
    pub opens: bool,
}

impl Row {
    fn amount(&self, code: &str) -> i64 {
        self.counted.iter().filter(|(by, _)| *by == code).map(|(_, amount)| amount).sum()
    }
}

impl Sheet {
    pub fn gauge(&self, code: &str) -> Option<Gauge> {
        self.gauges.iter().find(|gauge| gauge.code == code).copied()
    }

    pub fn rows_of<'a>(&'a self, code: &'a str) -> impl Iterator<Item = &'a Row> {
        self.rows.iter().filter(move |row| row.amount(code) > 0)
    }

    pub fn count(&self, code: &str) -> i64 {
        self.rows.iter().map(|row| row.amount(code)).sum()
    }

    fn count_in(&self, code: &str, estate: Uuid) -> i64 {
        let here = self.rows.iter().filter(|row| row.estate.as_ref().is_some_and(|(id, _)| *id == estate));
        here.map(|row| row.amount(code)).sum()
    }

    pub fn counts(&self) -> impl Iterator<Item = (Gauge, i64)> {
        self.gauges.iter().map(|gauge| (*gauge, self.count(gauge.code)))
    }

    pub fn ratio(&self, share: &Share) -> Ratio {
        Ratio { count: self.count(share.part), of: self.count(share.whole) }
    }

    /// How the parts of `12 户中 3 户` are called.
    pub fn part_words(&self, share: &Share) -> String {
        let label = |code| self.gauge(code).map_or("", |gauge| gauge.label);
        format!("{} ÷ {}", label(share.part), label(share.whole))
    }

    /// The gauges and shares of each estate that has any row, by its name.
    pub fn estates(&self) -> Vec<OfEstate> {
        let known: BTreeMap<(String, Uuid), ()> =
            self.rows.iter().filter_map(|row| row.estate.clone()).map(|(id, name)| ((name, id), ())).collect();
        let of = |((name, id), ()): ((String, Uuid), ())| OfEstate {
            counts: self.gauges.iter().map(|gauge| (*gauge, self.count_in(gauge.code, id))).collect(),
            shares: self
                .shares
                .iter()
                .map(|share| {
                    let (count, of) = (self.count_in(share.part, id), self.count_in(share.whole, id));
                    (*share, Ratio { count, of })
                })
                .collect(),
            id,
            name,
        };
        known.into_iter().map(of).collect()
    }

    pub fn draws(&self, gauge: &Gauge) -> bool {
        !self.undrawn.contains(&gauge.code)
    }

    /// The largest count, by which all are drawn.
    pub fn most(&self) -> i64 {
        let drawn = self.counts().filter(|(gauge, _)| self.draws(gauge));
        drawn.map(|(_, count)| count).max().unwrap_or(0).max(1)
    }

    /// The workbook: the figures, each estate's, and the table.
    pub fn tables(&self, name: &str, rules: &Rules) -> Vec<Table> {
        let text = |words: &str| Cell::Text(words.to_owned());
        let counted =
            self.counts().map(|(gauge, count)| vec![text(gauge.label), Cell::Number(count), text(gauge.meaning)]);
        let shares = self.shares.iter().map(|share| {
            let ratio = self.ratio(share);
            let how = format!("{}（{} ÷ {}）", self.part_words(share), ratio.count, ratio.of);
            vec![text(share.label), Cell::Text(ratio.words(rules)), Cell::Text(how)]
        });
        let beside = self.beside.iter().map(|(label, words, of)| vec![text(label), text(words), text(of)]);
        let figures = Table {
            name: "数据".to_owned(),
            columns: headings(&[("指标", 20), ("数", 14), ("怎么算的", 60)]),
            rows: counted.chain(shares).chain(beside).collect(),
        };
        let labels = self.gauges.iter().map(|gauge| (gauge.label, 12));
        let labels: Vec<_> = std::iter::once(("小区", 20))
            .chain(labels)
            .chain(self.shares.iter().map(|share| (share.label, 14)))
            .collect();
        let estate = |estate: OfEstate| {
            let counts = estate.counts.iter().map(|(_, count)| Cell::Number(*count));
            let shares = estate.shares.iter().map(|(_, ratio)| Cell::Text(ratio.words(rules)));
            std::iter::once(Cell::Text(estate.name.clone())).chain(counts).chain(shares).collect()
        };
        let estates = Table {
            name: "小区".to_owned(),
            columns: headings(&labels),
            rows: self.estates().into_iter().map(estate).collect(),
        };
        let rows = self.listed().map(|cells| cells.iter().cloned().map(Cell::Text).collect());
        let list = Table { name: name.to_owned(), columns: headings(&self.columns), rows: rows.collect() };
        vec![list, figures, estates]
    }

    fn listed(&self) -> impl Iterator<Item = &Vec<String>> {
        self.rows.iter().filter_map(|row| row.cells.as_ref())
    }

    /// The same on paper: the figures in sentences, each estate's, and the table, unless it is too long to be read on paper.
    pub fn paper(&self, title: String, rules: &Rules) -> Paper {
        let mut paper = Paper::new(title);
        paper.landscape = true;
        let said: Vec<String> = self.counts().map(|(gauge, count)| format!("{} {count}", gauge.label)).collect();
        paper.text(&format!("{}。", said.join("，")));
        let shares = self.shares.iter().map(|share| {
            let ratio = self.ratio(share);
            match ratio.per_mille(rules) {
                Some(_) => format!("{} {}（{} 中 {}）", share.label, ratio.words(rules), ratio.of, ratio.count),
                None => format!("{}因只有 {} 不作统计", share.label, ratio.of),
            }
        });
        let beside = self.beside.iter().map(|(label, words, of)| match of.as_str() {
            "" => format!("{label} {words}"),
            of => format!("{label} {words}（{of}）"),
        });
        let said: Vec<String> = shares.chain(beside).collect();
        if !said.is_empty() {
            paper.text(&format!("{}。", said.join("，")));
        }
        let estates = self.estates();
        if estates.len() > 1 {
            paper.heading("各小区");
            let names = self.gauges.iter().map(|gauge| gauge.label).chain(self.shares.iter().map(|share| share.label));
            let rows = estates.iter().map(|estate| {
                let counts = estate.counts.iter().map(|(_, count)| count.to_string());
                let shares = estate.shares.iter().map(|(_, ratio)| ratio.words(rules));
                std::iter::once(estate.name.clone()).chain(counts).chain(shares).collect()
            });
            let columns: Vec<_> = std::iter::once(("小区", 2)).chain(names.map(|name| (name, 1))).collect();
            paper.blocks.push(table(&columns, rows.collect()));
        }
        let rows = self.listed().count();
        match rows {
            0 => {}
            1..=ON_PAPER => {
                paper.heading("明细");
                let columns: Vec<_> = self.columns.iter().map(|(name, width)| (*name, u32::from(*width))).collect();
                paper.blocks.push(table(&columns, self.listed().cloned().collect()));
            }
            _ => paper.text(&format!("明细共 {rows} 行，见 Excel 表。")),
        }
        paper
    }
}

/// More rows than that nobody reads on paper.
const ON_PAPER: usize = 300;

pub struct OfEstate {
    pub id: Uuid,
    pub name: String,
    pub counts: Vec<(Gauge, i64)>,
    pub shares: Vec<(Share, Ratio)>,
}

fn headings(columns: &[(&str, u16)]) -> Vec<(String, u16)> {
    columns.iter().map(|(name, width)| ((*name).to_owned(), *width)).collect()
}

/// Widths become percents, of which none is missing.
fn table(columns: &[(&str, u32)], rows: Vec<Vec<String>>) -> Block {
    let whole: u32 = columns.iter().map(|(_, width)| width).sum();
    let mut columns: Vec<(String, u32)> =
        columns.iter().map(|(name, width)| ((*name).to_owned(), width * 100 / whole.max(1))).collect();
    let left = 100 - columns.iter().map(|(_, percent)| percent).sum::<u32>();
    if let Some((_, first)) = columns.first_mut() {
        *first += left;
    }
    Block::Table(document::Table { columns, rows })
}
