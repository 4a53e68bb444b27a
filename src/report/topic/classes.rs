//! 七彩四点半: how often the class was held, what was done there and how many children came. No child is told of, and no row is opened.

use db::Tx;

use super::Asked;
use crate::after_school::{self, Kind};
use crate::error::Result;
use crate::report::sheet::{Gauge, Row, Sheet};

const GAUGES: &[Gauge] = &[
    Gauge { code: "sessions", label: "场次", meaning: "这段时间里开了课的，排了没有开的不算" },
    Gauge { code: "children", label: "人次", meaning: "这些课到场的孩子，一人一次算一次" },
    Gauge { code: "homework", label: "作业辅导", meaning: "其中的场次" },
    Gauge { code: "crafts", label: "手工制作", meaning: "其中的场次" },
    Gauge { code: "classics", label: "诵读经典", meaning: "其中的场次" },
];

pub async fn read(tx: &mut Tx, asked: &Asked<'_>) -> Result<Sheet> {
    let (from, until) = (asked.period.from, asked.period.until);
    let wanted = after_school::Wanted { scope: asked.scope, from, until, estate: asked.estate };
    let figures = after_school::figures(tx, asked.viewer.tenant, &wanted).await?;
    let row = |of: after_school::OfKind| Row {
        key: format!("{} {}", of.estate_id, of.kind.code()),
        href: None,
        title: of.kind.to_string(),
        note: format!("{}，{} 场，{} 人次", of.estate_name, of.sessions, of.children),
        cells: Some(vec![
            of.estate_name.clone(),
            of.kind.to_string(),
            of.sessions.to_string(),
            of.children.to_string(),
        ]),
        estate: Some((of.estate_id, of.estate_name)),
        counted: vec![("sessions", of.sessions), ("children", of.children), (by_kind(of.kind), of.sessions)],
    };
    Ok(Sheet {
        gauges: GAUGES,
        undrawn: &[],
        shares: &[],
        columns: vec![("小区", 20), ("做什么", 14), ("场次", 8), ("人次", 8)],
        rows: figures.kinds.into_iter().map(row).collect(),
        // No gauge: the estates and kinds of a gauge are added up, and a child that came to two would be two.
        beside: vec![
            ("来过的孩子", figures.served.to_string(), String::new()),
            ("现在在册的孩子", figures.on_roll.to_string(), String::new()),
        ],
        opens: false,
    })
}

fn by_kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Homework => "homework",
        Kind::Crafts => "crafts",
        Kind::Classics => "classics",
    }
}
