//! All that is kept of a child, for its guardian.

use db::Tx;

use super::attendance;
use super::child::{Child, adults, consents};
use super::message::messages;
use super::store::openings;
use crate::access::Act;
use crate::document::{Block, Paper, Table};
use crate::error::Result;
use crate::web::show;

/// More sessions than these are not in one file: three a week for ten years.
const MOST: i64 = 1500;

pub(super) async fn copy(tx: &mut Tx, act: &Act, child: &Child) -> Result<Paper> {
    let mut paper = Paper::new("七彩四点半 孩子的登记资料");
    let facts: Vec<(&str, String)> = child.facts().into_iter().map(|(_, label, value)| (label, value)).collect();
    paper.facts(&facts);
    let adults = adults(tx, act, child.id).await?;
    let mut people = |heading: &str, barred: bool| {
        let names: Vec<String> =
            adults.iter().filter(|adult| adult.barred == barred).map(|adult| adult.person.with_phone()).collect();
        if !names.is_empty() {
            paper.heading(heading);
            paper.text(&names.join("\n"));
        }
    };
    people("可以接孩子的人", false);
    people("不能接孩子的人", true);
    let visits = attendance::of_child(tx, act, child.id, MOST).await?.into_iter();
    let visits = visits.map(|visit| vec![visit.when, visit.what, visit.how]);
    paper.heading("上过的课、要上的课");
    paper.blocks.push(table(&[("时间", 25), ("课", 30), ("怎么样", 45)], visits.collect()));
    let rows = consents(tx, act, child.id).await?.into_iter().map(|consent| {
        let until = consent.withdrawn_at.map(|at| show::day_and_time(&at)).unwrap_or_default();
        let guardian = consent.guardian.unwrap_or_default();
        vec![
            consent.purpose.to_string(),
            guardian,
            consent.how.to_string(),
            show::day_and_time(&consent.given_at),
            until,
        ]
    });
    let columns = [("事项", 20), ("监护人", 20), ("怎么同意的", 20), ("同意时间", 20), ("撤回时间", 20)];
    paper.heading("同意记录");
    paper.blocks.push(table(&columns, rows.collect()));
    let rows = messages(tx, act, child.id).await?.into_iter();
    let rows = rows.map(|one| vec![show::day_and_time(&one.at), one.writer, one.words]);
    paper.heading("和社区说的话");
    paper.blocks.push(table(&[("时间", 25), ("谁", 20), ("内容", 55)], rows.collect()));
    let rows = openings(tx, act.tenant, child.id).await?.into_iter();
    let rows = rows.map(|opening| vec![show::day_and_time(&opening.at), opening.reader_name, opening.purpose]);
    paper.heading("谁看过");
    paper.blocks.push(table(&[("时间", 35), ("谁", 20), ("为什么", 45)], rows.collect()));
    Ok(paper)
}

fn table(columns: &[(&str, u32)], rows: Vec<Vec<String>>) -> Block {
    let columns = columns.iter().map(|(name, width)| ((*name).to_owned(), *width)).collect();
    Block::Table(Table { columns, rows })
}
