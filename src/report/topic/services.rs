//! 为民服务: 场次, 户数 and 份数 of those who went from door to door and of those who came from outside, and which needs were met.

use db::Tx;

use super::Asked;
use crate::access::Permission;
use crate::error::Result;
use crate::report::sheet::{Gauge, Row, Share, Sheet};
use crate::service;

const GAUGES: &[Gauge] = &[
    Gauge {
        code: "rounds", label: "入户场次", meaning: "这段时间里志愿者挨家挨户去的次数，有一户登记了结果就算"
    },
    Gauge {
        code: "round_doors", label: "入户户数", meaning: "其中登记了结果的户，一场里一户算一次"
    },
    Gauge {
        code: "dates", label: "外来场次", meaning: "这段时间里外来服务来过、登记了人数的次数"
    },
    Gauge { code: "date_doors", label: "外来户数", meaning: "这些次服务的户数加起来" },
    Gauge { code: "date_people", label: "外来人次", meaning: "这些次服务的人数加起来" },
    Gauge {
        code: "leaflets", label: "发放份数", meaning: "入户和外来服务发的宣传册这样记份数的，加起来"
    },
    Gauge { code: "needs", label: "居民需要", meaning: "这段时间里登记的居民的需要" },
    Gauge { code: "met", label: "办好了", meaning: "其中问过本人、已经办好的" },
];

/// One line: what it is, and what stands in the columns after it.
struct Line {
    key: String,
    estate: (uuid::Uuid, String),
    what: String,
    times: Option<i64>,
    doors: Option<i64>,
    people: Option<i64>,
    leaflets: Option<i64>,
}

impl Line {
    fn row(self, href: Option<String>, note: String, counted: Vec<(&'static str, i64)>) -> Row {
        let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
        let amounts = [self.times, self.doors, self.people, self.leaflets].map(number);
        let cells = [self.estate.1.clone(), self.what.clone()].into_iter().chain(amounts).collect();
        Row { key: self.key, href, title: self.what, note, estate: Some(self.estate), cells: Some(cells), counted }
    }
}

pub async fn read(tx: &mut Tx, asked: &Asked<'_>) -> Result<Sheet> {
    let days = (asked.period.from, asked.period.until);
    let figures = service::figures(tx, asked.viewer.tenant, asked.scope, days, asked.estate).await?;
    let mut rows = Vec::new();
    for of in figures.rounds {
        let outcomes: Vec<_> = figures.outcomes.iter().filter(|outcome| outcome.estate_id == of.estate_id).collect();
        let leaflets: i64 = outcomes.iter().map(|outcome| outcome.number).sum();
        let estate = (of.estate_id, of.estate_name);
        let note = format!("{}，{} 场，{} 户，{leaflets} 份", estate.1, of.times, of.doors);
        let line = Line {
            key: format!("rounds {}", estate.0),
            estate: estate.clone(),
            what: "入户服务".to_owned(),
            times: Some(of.times),
            doors: Some(of.doors),
            people: None,
            leaflets: Some(leaflets),
        };
        let href = asked.href(Permission::ServiceArrange, "/service-rounds".to_owned());
        let counted = vec![("rounds", of.times), ("round_doors", of.doors), ("leaflets", leaflets)];
        rows.push(line.row(href, note, counted));
        // What came of the doors is told beside, and counted nowhere twice.
        for (at, outcome) in outcomes.into_iter().enumerate() {
            let line = Line {
                key: format!("rounds {} {at}", estate.0),
                estate: estate.clone(),
                what: format!("其中：{}", outcome.name),
                times: None,
                doors: Some(outcome.doors),
                people: None,
                leaflets: outcome.counted.then_some(outcome.number),
            };
            rows.push(line.row(None, format!("{} 户", outcome.doors), Vec::new()));
        }
    }
    for of in figures.providers {
        let note =
            format!("{}，{} 场，{} 户，{} 人次，{} 份", of.estate_name, of.times, of.doors, of.people, of.leaflets);
        let line = Line {
            key: format!("dates {} {}", of.estate_id, of.provider_id),
            estate: (of.estate_id, of.estate_name),
            what: format!("外来服务：{}", of.provider_name),
            times: Some(of.times),
            doors: Some(of.doors),
            people: Some(of.people),
            leaflets: Some(of.leaflets),
        };
        let href = asked.href(Permission::ServiceArrange, format!("/service-providers/{}", of.provider_id));
        let counted =
            [("dates", of.times), ("date_doors", of.doors), ("date_people", of.people), ("leaflets", of.leaflets)];
        rows.push(line.row(href, note, counted.to_vec()));
    }
    for (at, of) in figures.needs.into_iter().enumerate() {
        let line = Line {
            key: format!("needs {} {at}", of.estate_id),
            estate: (of.estate_id, of.estate_name),
            what: format!("居民的需要：{}（办好 {}）", of.kind_name, of.met),
            times: Some(of.needs),
            doors: None,
            people: None,
            leaflets: None,
        };
        let note = format!("{} 项，办好 {} 项", of.needs, of.met);
        let href = asked.href(Permission::ServiceFile, "/services".to_owned());
        rows.push(line.row(href, note, vec![("needs", of.needs), ("met", of.met)]));
    }
    Ok(Sheet {
        gauges: GAUGES,
        undrawn: &[],
        shares: &[Share { label: "办好率", part: "met", whole: "needs" }],
        columns: vec![("小区", 20), ("做什么", 30), ("场次或项数", 10), ("户数", 8), ("人次", 8), ("份数", 8)],
        rows,
        beside: Vec::new(),
        opens: false,
    })
}
