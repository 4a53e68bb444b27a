//! 志愿服务: 场次, 人次 and 小时 by team, and what was given for it, as the ledger has it.

use db::Tx;

use super::Asked;
use crate::access::Permission;
use crate::error::Result;
use crate::report::sheet::{Gauge, Row, Sheet};
use crate::volunteer::{self, OfTeam, in_hours, in_words};

const GAUGES: &[Gauge] = &[
    Gauge { code: "activities", label: "场次", meaning: "这段时间里办的、时长已经入账的活动" },
    Gauge {
        code: "people", label: "人次", meaning: "这段时间里的服务，一人一次算一次，不算培训"
    },
    Gauge {
        code: "minutes", label: "服务分钟", meaning: "这些服务的时长加起来，以分钟计，只算已经入账的"
    },
    Gauge { code: "training", label: "培训分钟", meaning: "这段时间里的培训，以分钟计，另外记" },
    Gauge { code: "stars", label: "授予星级", meaning: "这段时间里授予的星级志愿者" },
    Gauge { code: "honours", label: "表彰奖励", meaning: "这段时间里志愿者得到的表彰" },
    Gauge {
        code: "certificates", label: "出具证明", meaning: "这段时间里出具、没有撤销的服务记录证明"
    },
];

pub async fn read(tx: &mut Tx, asked: &Asked<'_>) -> Result<Sheet> {
    let (from, until) = (asked.period.from, asked.period.until);
    let wanted = volunteer::Wanted { scope: asked.scope, from, until, estate: asked.estate, now: asked.now };
    let figures = volunteer::figures(tx, asked.viewer.tenant, &wanted).await?;
    let (.., minutes) = figures.sums();
    let mut rows: Vec<Row> = figures.teams.into_iter().enumerate().map(|row| of_team(asked, row)).collect();
    let given = figures.stars.iter().map(|of| (volunteer::star_name(of.star), "stars", of.people));
    let given = given.chain([
        ("表彰奖励".to_owned(), "honours", figures.honours),
        ("服务记录证明".to_owned(), "certificates", figures.certificates),
    ]);
    rows.extend(given.filter(|(.., amount)| *amount > 0).map(|(title, code, amount)| Row {
        key: format!("{code} {title}"),
        href: None,
        title,
        note: String::new(),
        estate: None,
        cells: None,
        counted: vec![(code, amount)],
    }));
    Ok(Sheet {
        gauges: GAUGES,
        undrawn: &["minutes", "training"],
        shares: &[],
        columns: vec![("服务队", 26), ("小区", 20), ("场次", 8), ("人次", 8), ("小时", 10), ("培训小时", 10)],
        rows,
        beside: vec![("服务时长", in_words(minutes), String::new())],
        opens: false,
    })
}

fn of_team(asked: &Asked<'_>, (at, of): (usize, OfTeam)) -> Row {
    let estate = of.estate_id.zip(of.estate_name);
    let place = estate.as_ref().map_or("整个社区", |(_, name)| name).to_owned();
    let amounts = [of.activities.to_string(), of.people.to_string(), in_hours(of.minutes), in_hours(of.training)];
    Row {
        key: at.to_string(),
        href: asked.href(Permission::VolunteerRead, format!("/volunteer-teams/{}", of.team_id)),
        note: format!("{place}，{} 场，{} 人次，{}", of.activities, of.people, in_words(of.minutes)),
        cells: Some([of.team_name.clone(), place].into_iter().chain(amounts).collect()),
        title: of.team_name,
        estate,
        counted: vec![
            ("activities", of.activities),
            ("people", of.people),
            ("minutes", of.minutes),
            ("training", of.training),
        ],
    }
}
