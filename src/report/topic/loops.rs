//! 测评覆盖 and 办理层级: two more questions to the issues of a period, whether those who reported them were asked, and on which level
//! they were solved.

use crate::access::OrganisationKind;
use crate::issue::{Level, Step};
use crate::report::model::{Figure, Record, Report, Taken};
use crate::report::sheet::{Gauge, Row, Share, Sheet};
use crate::web::show;

fn row(record: &Record, note: String, cells: Vec<String>, counted: Vec<(&'static str, i64)>) -> Row {
    let estate = record.estate.as_ref().map(|(_, name)| name.clone()).unwrap_or_default();
    Row {
        key: record.id.to_string(),
        href: Some(format!("/issues/{}", record.id)),
        title: record.title.clone(),
        note,
        estate: record.estate.clone(),
        cells: Some([vec![record.number.clone(), record.title.clone(), estate], cells].concat()),
        counted,
    }
}

pub fn surveys(report: &Report) -> Sheet {
    const GAUGES: &[Gauge] = &[
        Gauge { code: "done", label: "办结", meaning: "这段时间里报办结的，一件只算最后一次" },
        Gauge { code: "asked", label: "已测评", meaning: "其中办结以后问过了的，哪天问的都算" },
        Gauge { code: "unreachable", label: "联系不上", meaning: "其中上门几次都联系不上的" },
        Gauge { code: "unasked", label: "还没问", meaning: "其中到现在还没有问的" },
    ];
    let of = |record: &Record| {
        let done = record.taken.iter().rfind(|taken| taken.step == Step::Done && report.period.has(taken.at))?;
        let later =
            |steps: &[Step]| record.taken.iter().any(|taken| taken.at >= done.at && steps.contains(&taken.step));
        let (code, words) = if later(&[Step::Surveyed, Step::Reopened]) {
            ("asked", "已测评")
        } else if later(&[Step::Unreachable]) {
            ("unreachable", "联系不上")
        } else {
            ("unasked", "还没有测评")
        };
        let (day, score) = (show::day(&done.at), record.answer.map(|answer| answer.score.label()).unwrap_or_default());
        let cells = vec![day.clone(), words.to_owned(), score.to_owned()];
        Some(row(record, format!("{day}办结，{words}"), cells, vec![("done", 1), (code, 1)]))
    };
    Sheet {
        gauges: GAUGES,
        undrawn: &[],
        shares: &[Share { label: "测评覆盖率", part: "asked", whole: "done" }],
        columns: vec![("编号", 20), ("事项", 36), ("小区", 18), ("办结时间", 16), ("测评", 12), ("满意度", 12)],
        rows: report.rows(Figure::Done).filter_map(of).collect(),
        beside: Vec::new(),
        opens: true,
    }
}

/// On which level an issue was solved: by the level above, where that has reported its last result; otherwise where it was led.
fn level(record: &Record, done: Option<&Taken>) -> (&'static str, &'static str) {
    match (done.and_then(|done| done.party), record.level) {
        (Some(OrganisationKind::Superior), _) => ("superior", "街道以上"),
        (_, Level::Grid | Level::Branch) => ("estate", "小区"),
        (_, Level::Community) => ("community", "社区"),
    }
}

pub fn levels(report: &Report) -> Sheet {
    const GAUGES: &[Gauge] = &[
        Gauge { code: "closed", label: "销号", meaning: "这段时间里销号的" },
        Gauge {
            code: "estate", label: "小区办成", meaning: "其中没有上报社区、由网格或小区党支部牵头办成的"
        },
        Gauge {
            code: "community", label: "社区办成", meaning: "其中上报了社区，或者不在小区里、由社区牵头办成的"
        },
        Gauge { code: "superior", label: "街道以上", meaning: "其中吹哨以后由上级办成的" },
        Gauge { code: "within", label: "社区以内", meaning: "其中由小区和社区办成的" },
    ];
    let of = |record: &Record| {
        let closed = record.taken.iter().rfind(|taken| taken.step == Step::Closed && report.period.has(taken.at))?;
        let before = |taken: &&Taken| taken.step == Step::Done && taken.at <= closed.at;
        let (code, words) = level(record, record.taken.iter().rfind(before));
        let within = (code != "superior").then_some(("within", 1));
        let cells = vec![record.party.clone().unwrap_or_default(), words.to_owned(), show::day(&closed.at)];
        let counted = [("closed", 1), (code, 1)].into_iter().chain(within).collect();
        Some(row(record, format!("{words}办成，{}销号", show::day(&closed.at)), cells, counted))
    };
    Sheet {
        gauges: GAUGES,
        undrawn: &[],
        shares: &[
            Share { label: "小区化解率", part: "estate", whole: "closed" },
            Share { label: "社区以内化解率", part: "within", whole: "closed" },
        ],
        columns: vec![("编号", 20), ("事项", 36), ("小区", 18), ("办理单位", 20), ("办成的层级", 12), ("销号时间", 16)],
        rows: report.rows(Figure::Closed).filter_map(of).collect(),
        beside: Vec::new(),
        opens: true,
    }
}
