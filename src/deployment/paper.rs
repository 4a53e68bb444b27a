//! A plan, a comparison and what was tried out, as they are printed and given out.

use jiff::Timestamp;

use super::comparison::{Comparison, Parts, totals};
use super::model::clock;
use super::store::{Plan, RestsOn};
use crate::document::{Block, Paper, Table};
use crate::web::show;

fn table(columns: &[(&str, u32)], rows: Vec<Vec<String>>) -> Block {
    let columns = columns.iter().map(|(name, width)| ((*name).to_owned(), *width)).collect();
    Block::Table(Table { columns, rows })
}

/// `张三 11月18日 星期三 19:42`
pub fn signed(name: Option<&str>, at: Option<Timestamp>) -> String {
    at.map_or_else(String::new, |at| format!("{} {}", name.unwrap_or_default(), show::moment(&at)).trim().to_owned())
}

pub fn plan(plan: &Plan, parts: &Parts, surveys: &[RestsOn], mark: &str) -> Paper {
    let mut paper = Paper::new(format!("{}警力部署方案（第 {} 版）", plan.organisation_name, plan.version));
    paper.landscape = true;
    paper.text("内部使用，不外传。");
    let rests = surveys.iter().map(|survey| format!("{}第 {} 版", survey.school_name, survey.version));
    paper.facts(&[
        ("名称", plan.name.clone()),
        ("执行日期", format!("{}起", show::kept_day(&plan.effective_from))),
        ("理由", plan.reason.clone()),
        ("依据的调研", rests.collect::<Vec<_>>().join("、")),
        ("状态", plan.state.label().to_owned()),
        ("制定", signed(plan.made_name.as_deref(), Some(plan.made_at))),
        ("批准", signed(plan.approved_name.as_deref(), plan.approved_at)),
    ]);
    paper.heading("一、定点守护");
    let post = |post: &super::store::Post| {
        vec![
            post.school_name.clone(),
            post.gate_name.clone(),
            post.peak.label().to_owned(),
            post.hours(),
            post.people.to_string(),
            post.police.to_string(),
        ]
    };
    let columns = [("学校", 26), ("岗位", 22), ("时段", 16), ("时间", 16), ("人数", 10), ("警力", 10)];
    paper.blocks.push(table(&columns, parts.posts.iter().map(post).collect()));
    paper.heading("二、巡逻");
    let patrol = |patrol: &super::store::Patrol| {
        vec![
            patrol.name.clone(),
            format!("{}–{}", clock(patrol.from_minute), clock(patrol.to_minute)),
            patrol.people.to_string(),
            patrol.vehicles.to_string(),
            format!("{} 分钟", patrol.interval_minutes),
        ]
    };
    if parts.patrols.is_empty() {
        paper.text("没有安排巡逻。");
    } else {
        let columns = [("路线", 36), ("时间", 22), ("人数", 12), ("车辆", 12), ("间隔", 18)];
        paper.blocks.push(table(&columns, parts.patrols.iter().map(patrol).collect()));
    }
    paper.heading("三、动态备勤");
    if parts.reserves.is_empty() {
        paper.text("没有安排备勤。");
    } else {
        let rows = parts.reserves.iter().map(|reserve| {
            let ways = parts.reaches.iter().filter(|reach| reach.reserve_id == reserve.id);
            let ways: Vec<String> = ways.map(|reach| format!("{} {} 分钟", reach.school_name, reach.minutes)).collect();
            vec![
                reserve.name.clone(),
                reserve.base.clone(),
                reserve.people.to_string(),
                format!("{} 分钟", reserve.response_minutes),
                ways.join("、"),
            ]
        });
        let columns = [("备勤组", 18), ("驻地", 18), ("人数", 8), ("目标", 10), ("到校", 46)];
        paper.blocks.push(table(&columns, rows.collect()));
    }
    paper.heading("四、合计");
    let rows = totals(&Parts::default(), parts).into_iter().map(|total| vec![total.what, total.after.to_string()]);
    paper.blocks.push(table(&[("时段", 60), ("人数", 40)], rows.collect()));
    paper.text(mark);
    paper.signatures(&["制定", "批准"]);
    paper
}

pub fn comparison(before: &Plan, after: &Plan, told: &Comparison, mark: &str) -> Paper {
    let title = format!("{}部署方案比较：第 {} 版和第 {} 版", after.organisation_name, before.version, after.version);
    let mut paper = Paper::new(title);
    paper.landscape = true;
    paper.text("只列不一样的。内部使用，不外传。");
    let said = |plan: &Plan| format!("{}，{}起，{}", plan.name, show::kept_day(&plan.effective_from), plan.reason);
    let (old, new) = (format!("第 {} 版", before.version), format!("第 {} 版", after.version));
    paper.facts(&[(old.as_str(), said(before)), (new.as_str(), said(after))]);
    if told.groups.is_empty() {
        paper.text("岗位、巡逻、备勤都一样。");
    }
    for (group, lines) in &told.groups {
        paper.heading(group.clone());
        let row = |line: &super::comparison::Line| {
            vec![line.what.clone(), line.before.clone(), line.after.clone(), line.change.clone()]
        };
        let columns = [("什么", 24), (old.as_str(), 30), (new.as_str(), 30), ("变化", 16)];
        paper.blocks.push(table(&columns, lines.iter().map(row).collect()));
    }
    paper.heading("合计");
    let row = |total: &super::comparison::Total| {
        vec![total.what.clone(), total.before.to_string(), total.after.to_string(), total.change()]
    };
    let columns = [("时段", 40), (old.as_str(), 20), (new.as_str(), 20), ("变化", 20)];
    paper.blocks.push(table(&columns, told.totals.iter().map(row).collect()));
    paper.text(mark);
    paper
}

/// What was tried out: `versions` names each version, and each row has a post or an event with what becomes of it in each.
pub fn simulation(
    title: &str,
    facts: &[(&str, String)],
    versions: &[String],
    (events, posts): (Vec<Vec<String>>, Vec<Vec<String>>),
    mark: &str,
) -> Paper {
    let mut paper = Paper::new(title);
    paper.landscape = true;
    paper.text("内部使用，不外传。");
    paper.facts(facts);
    let width = 70 / versions.len().max(1) as u32;
    let mut columns = vec![("什么".to_owned(), 30)];
    columns.extend(versions.iter().map(|version| (version.clone(), width)));
    if !events.is_empty() {
        paper.heading("出的事");
        paper.blocks.push(Block::Table(Table { columns: columns.clone(), rows: events }));
    }
    paper.heading("岗位");
    paper.blocks.push(Block::Table(Table { columns, rows: posts }));
    paper.text(mark);
    paper
}
