//! 议事会议记录 and 联席会议表: what was talked about, decided and given to somebody, in the columns that superiors ask for.

use db::Tx;

use super::Asked;
use crate::error::Result;
use crate::meeting::{self, Held, Kind, Outcome, Span, State};
use crate::report::sheet::{Gauge, Row, Share, Sheet};
use crate::web::show;

const DELIBERATIONS: &[Gauge] = &[
    Gauge { code: "meetings", label: "会议", meaning: "这段时间里散了会的说事议事会" },
    Gauge { code: "inquorate", label: "流会", meaning: "人没有到齐、没有开成的" },
    Gauge { code: "items", label: "议题", meaning: "开成的会上议过的题目" },
    Gauge { code: "resolved", label: "有决议", meaning: "其中形成决议的" },
    Gauge { code: "deferred", label: "下次议", meaning: "其中放到下一次再议的" },
    Gauge { code: "rejected", label: "没通过", meaning: "其中表决没有通过的" },
];

impl Asked<'_> {
    fn span(&self) -> Span<'_> {
        let (from, until) = (self.period.from, self.period.until);
        Span { tenant: self.viewer.tenant, scope: self.scope, from, until, estate: self.estate }
    }
}

/// By which gauge an item is counted beside the number of all.
fn became(outcome: Outcome) -> Option<(&'static str, i64)> {
    match outcome {
        Outcome::Resolved => Some(("resolved", 1)),
        Outcome::Deferred => Some(("deferred", 1)),
        Outcome::Rejected => Some(("rejected", 1)),
        Outcome::Pending | Outcome::Dropped | Outcome::Held => None,
    }
}

pub async fn deliberations(tx: &mut Tx, asked: &Asked<'_>) -> Result<Sheet> {
    let held = meeting::held(tx, &asked.span(), Kind::Deliberation).await?;
    let people: i64 = held.iter().flat_map(|held| held.came.values()).sum();
    let rows = held.iter().flat_map(of_meeting).collect();
    Ok(Sheet {
        gauges: DELIBERATIONS,
        undrawn: &[],
        shares: &[Share { label: "决议率", part: "resolved", whole: "items" }],
        columns: vec![
            ("时间", 16),
            ("地点", 14),
            ("主持人", 9),
            ("记录人", 9),
            ("参加人员", 18),
            ("议题", 22),
            ("讨论意见", 34),
            ("表决结果", 18),
            ("决议", 30),
            ("落实责任人", 14),
            ("时限", 12),
        ],
        rows,
        beside: vec![("到会人次", people.to_string(), String::new())],
        opens: true,
    })
}

/// The meeting itself, and each of its items.
fn of_meeting(held: &Held) -> Vec<Row> {
    let meeting = &held.meeting;
    let people = held.people();
    // In figures, since the columns of the table are narrow.
    let at = meeting.planned_at.to_zoned_datetime(calendar::shanghai()).strftime("%Y-%m-%d %H:%M").to_string();
    let estate = Some((meeting.estate_id, meeting.estate_name.clone()));
    let href = Some(format!("/meetings/{}", meeting.id));
    let ended = meeting.state == State::Ended;
    let itself = Row {
        key: meeting.id.to_string(),
        href: href.clone(),
        title: meeting.title.clone(),
        note: [at.clone(), format!("{} 个议题", held.items.len()), people.clone()].join("，"),
        estate: estate.clone(),
        cells: None,
        counted: vec![(if ended { "meetings" } else { "inquorate" }, 1)],
    };
    let item = |item: &meeting::Item| Row {
        key: item.id.to_string(),
        href: href.clone(),
        title: item.title.clone(),
        note: format!("{at}，{}", item.voted()),
        estate: estate.clone(),
        cells: Some(vec![
            at.clone(),
            meeting.place.clone(),
            meeting.host.clone(),
            meeting.recorder.clone(),
            people.clone(),
            item.title.clone(),
            item.discussion.clone(),
            if ended { item.voted() } else { "流会".to_owned() },
            item.resolution.clone(),
            item.organisation_name.clone().unwrap_or_default(),
            item.due_at.map(|due| show::date(&due)).unwrap_or_default(),
        ]),
        counted: std::iter::once(("items", 1)).chain(became(item.outcome)).filter(|_| ended).collect(),
    };
    std::iter::once(itself).chain(held.items.iter().map(item)).collect()
}

const JOINT: &[Gauge] = &[
    Gauge {
        code: "due",
        label: "应开",
        meaning: "每个小区按参数里定的（一般每月一次）应当开的次数；小区登记以前的、还没有过完的月份，开了才算",
    },
    Gauge { code: "held", label: "已开", meaning: "其中开了的，一个月开几次只算一次" },
    Gauge {
        code: "complete", label: "各方到齐", meaning: "其中物业、党员、居民等要请的各方都到了的"
    },
    Gauge { code: "topics", label: "议题", meaning: "会上议过的事" },
    Gauge { code: "resolved", label: "有结论", meaning: "其中定了谁来办的" },
    Gauge { code: "deferred", label: "下次议", meaning: "其中放到下一次再议的" },
];

pub async fn joint(tx: &mut Tx, asked: &Asked<'_>) -> Result<Sheet> {
    let days = (asked.period.first, asked.period.last);
    let terms = meeting::joint_terms(tx, &asked.span(), asked.estates, days, asked.now).await?;
    let topics = meeting::joint_topics(tx, &asked.span()).await?;
    let term = |term: meeting::Term| {
        let held = term.held.is_some().then_some(("held", 1));
        let complete = term.held.as_ref().is_some_and(|(_, missing)| missing.is_empty()).then_some(("complete", 1));
        let note = match &term.held {
            None => "没有开".to_owned(),
            Some((at, missing)) if missing.is_empty() => format!("已开，{}", show::day(at)),
            Some((at, missing)) => format!("{}开了，没有请到{}", show::day(at), meeting::named(missing)),
        };
        Row {
            key: format!("{}{}", term.estate, term.first),
            href: Some(format!("/estates/{}/joint-meetings?month={}", term.estate, term.first)),
            title: format!("{}{}", term.estate_name, term.name),
            note,
            estate: Some((term.estate, term.estate_name)),
            cells: None,
            counted: std::iter::once(("due", 1)).chain(held).chain(complete).collect(),
        }
    };
    let topic = |(number, talked): (usize, meeting::Talked)| {
        let month = talked.held_at.to_zoned_datetime(calendar::shanghai()).strftime("%Y年%-m月").to_string();
        let title = talked.cells.get(1).cloned().unwrap_or_default();
        Row {
            key: format!("{}{number}", talked.meeting),
            href: Some(format!("/meetings/{}", talked.meeting)),
            title,
            note: format!("{}，{}", show::day(&talked.held_at), talked.outcome),
            cells: Some([vec![month, talked.estate_name.clone()], talked.cells].concat()),
            estate: Some((talked.estate, talked.estate_name)),
            counted: std::iter::once(("topics", 1))
                .chain(became(talked.outcome))
                .filter(|(by, _)| *by != "rejected")
                .collect(),
        }
    };
    let rows = terms.into_iter().map(term).chain(topics.into_iter().enumerate().map(topic)).collect();
    let of_table = meeting::joint_columns().map(|name| match name {
        "问题" | "措施" => (name, 30),
        "反馈" => (name, 24),
        _ => (name, 12),
    });
    Ok(Sheet {
        gauges: JOINT,
        undrawn: &[],
        shares: &[
            Share { label: "召开率", part: "held", whole: "due" },
            Share { label: "各方到齐率", part: "complete", whole: "held" },
        ],
        columns: [("月份", 12), ("小区", 16)].into_iter().chain(of_table).collect(),
        rows,
        beside: Vec::new(),
        opens: true,
    })
}
