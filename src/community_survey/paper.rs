//! The result as a paper and as a workbook.

use super::model::{LEVELS, per_mille, percent};
use super::results::{OfQuestion, Results};
use crate::document::{self, Block, Paper};
use crate::workbook::{Cell, Table};

pub fn paper(community: &str, results: &Results, wishes: &[String]) -> Paper {
    let survey = &results.survey;
    let mut paper = Paper::new(format!("{community}{}结果", survey.title));
    paper.heading("一、怎么调查的");
    paper.text(&format!(
        "{}，在登记里有人住的 {} 户中按小区分层随机抽取 {} 户，实际回答 {} 户，误差 {}（{}，已按总户数修正）。误差只说明抽样带来的出入；不愿意回答的人怎么想，这个数说明不了。",
        survey.days(),
        results.homes(),
        results.wanted(),
        results.answered(),
        results.margin_words(),
        results.confidence_words(),
    ));
    let rows = results.courses.iter().map(|course| {
        let counts = [course.homes, course.wanted, course.answered, course.refused, course.unreached, course.empty];
        let counts = counts.iter().map(ToString::to_string);
        std::iter::once(course.name.clone()).chain(counts).chain([percent(course.answered, course.asked())]).collect()
    });
    let columns = [
        ("小区", 23),
        ("住户", 11),
        ("应问", 11),
        ("回答", 11),
        ("不愿意", 11),
        ("没找到", 11),
        ("没人住", 11),
        ("回答率", 11),
    ];
    paper.blocks.push(table(&columns, rows.collect()));

    paper.heading("二、居民怎么说");
    let rows = results.questions.iter().map(|of| {
        let answers = of.tally.answers();
        let levels = of.tally.0.iter().map(|count| percent(*count, answers));
        let rest = [of.tally.mean(), percent(of.tally.satisfied(), answers), change(of)];
        std::iter::once(of.question.text.clone()).chain(levels).chain(rest).collect()
    });
    let mut columns = vec![("问题", 28)];
    columns.extend(LEVELS.iter().map(|(_, label)| (*label, 9)));
    columns.extend([("均分", 9), ("满意率", 9), ("比上次", 9)]);
    paper.blocks.push(table(&columns, rows.collect()));
    paper.text("满意率是非常满意和满意的户数除以回答这个问题的户数。");

    let several: Vec<&OfQuestion> = results.questions.iter().filter(|of| !of.groups.is_empty()).collect();
    if !several.is_empty() {
        paper.heading("三、各小区的满意率");
        let rows = several.iter().flat_map(|of| {
            of.groups.iter().map(|group| {
                let answers = group.tally.answers();
                vec![
                    of.question.text.clone(),
                    group.name.clone(),
                    answers.to_string(),
                    percent(group.tally.satisfied(), answers),
                ]
            })
        });
        paper.blocks.push(table(&[("问题", 40), ("小区", 34), ("回答", 13), ("满意率", 13)], rows.collect()));
        paper.text(&format!("回答不到 {} 户的小区和别的小区合在一起。", results.least));
    }
    if !wishes.is_empty() {
        paper.heading(survey.open_question.clone());
        wishes.iter().for_each(|wish| paper.text(wish));
    }
    paper
}

/// By how many percent points more are satisfied than the last time.
pub fn change(of: &OfQuestion) -> String {
    let Some(before) = &of.before else { return "—".to_owned() };
    let share = |satisfied, answers| per_mille(satisfied, answers).unwrap_or_default();
    let now = share(of.tally.satisfied(), of.tally.answers());
    let change = now - share(before.satisfied(), before.answers());
    let sign = if change < 0 { "-" } else { "+" };
    format!("{sign}{}.{}", change.abs() / 10, change.abs() % 10)
}

fn table(columns: &[(&str, u32)], rows: Vec<Vec<String>>) -> Block {
    let columns = columns.iter().map(|(name, percent)| ((*name).to_owned(), *percent)).collect();
    Block::Table(document::Table { columns, rows })
}

pub fn tables(results: &Results, wishes: &[String]) -> Vec<Table> {
    let text = |words: &str| Cell::Text(words.to_owned());
    let columns = |columns: &[(&str, u16)]| columns.iter().map(|(name, width)| ((*name).to_owned(), *width)).collect();
    let mut headings = vec![("问题", 40), ("回答户数", 10)];
    headings.extend(LEVELS.iter().map(|(_, label)| (*label, 10)));
    headings.extend([("均分", 8), ("满意率（4–5）", 14), ("基本满意以上（3–5）", 18), ("满意率比上次（百分点）", 20)]);
    let questions = results.questions.iter().map(|of| {
        let answers = of.tally.answers();
        let counts = [answers].into_iter().chain(of.tally.0).map(Cell::Number);
        let rest =
            [of.tally.mean(), percent(of.tally.satisfied(), answers), percent(of.tally.content(), answers), change(of)];
        std::iter::once(text(&of.question.text)).chain(counts).chain(rest.into_iter().map(Cell::Text)).collect()
    });
    let summary = Table { name: "结果".to_owned(), columns: columns(&headings), rows: questions.collect() };
    let courses = results.courses.iter().map(|course| {
        let counts = [
            course.homes,
            course.wanted,
            course.answered,
            course.waiting,
            course.refused,
            course.unreached,
            course.empty,
            course.reserve,
        ];
        let rate = Cell::Text(percent(course.answered, course.asked()));
        std::iter::once(text(&course.name)).chain(counts.map(Cell::Number)).chain([rate]).collect()
    });
    let headings = [
        ("小区", 20),
        ("有人住的户数", 12),
        ("应问", 8),
        ("回答", 8),
        ("还没问到", 10),
        ("不愿意", 8),
        ("几次没人", 10),
        ("没人住", 8),
        ("后备还剩", 10),
        ("回答率", 10),
    ];
    let courses = Table { name: "样本".to_owned(), columns: columns(&headings), rows: courses.collect() };
    let groups = results.questions.iter().flat_map(|of| {
        of.groups.iter().map(move |group| {
            let answers = group.tally.answers();
            let counts = [answers].into_iter().chain(group.tally.0).map(Cell::Number);
            let rest = [group.tally.mean(), percent(group.tally.satisfied(), answers)].map(Cell::Text);
            [Cell::Text(of.question.text.clone()), Cell::Text(group.name.clone())]
                .into_iter()
                .chain(counts)
                .chain(rest)
                .collect()
        })
    });
    let mut headings = vec![("问题", 40), ("小区", 30), ("回答户数", 10)];
    headings.extend(LEVELS.iter().map(|(_, label)| (*label, 10)));
    headings.extend([("均分", 8), ("满意率（4–5）", 14)]);
    let groups = Table { name: "小区".to_owned(), columns: columns(&headings), rows: groups.collect() };
    let mut tables = vec![summary, courses, groups];
    if !wishes.is_empty() {
        let rows = wishes.iter().map(|wish| vec![text(wish)]).collect();
        tables.push(Table { name: "居民的话".to_owned(), columns: columns(&[("居民的话", 80)]), rows });
    }
    tables
}
