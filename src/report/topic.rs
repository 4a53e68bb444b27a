//! What the other reports are about, and how the sheet of each is read.

mod classes;
mod coverage;
mod loops;
mod meetings;
mod services;
mod volunteering;
mod whistles;

use db::{Tx, text_enum};
use jiff::Timestamp;
use uuid::Uuid;

use super::model::{Period, Report};
use super::sheet::{Gauge, Row, Share, Sheet};
use super::store;
use crate::access::{Permission, Scope, Viewer};
use crate::error::Result;
use crate::mediation;
use crate::place::Estate;

text_enum! {
    pub enum Topic {
        Coverage = "coverage" "入户覆盖",
        Deliberations = "deliberations" "议事会议",
        JointMeetings = "joint_meetings" "联席会议",
        Surveys = "surveys" "测评覆盖",
        Levels = "levels" "办理层级",
        Whistles = "whistles" "吹哨报到",
        Mediations = "mediations" "调解",
        Volunteering = "volunteering" "志愿服务",
        Services = "services" "为民服务",
        Classes = "classes" "七彩四点半",
    }
}

/// Whose report it is, of which days.
pub struct Asked<'a> {
    pub viewer: &'a Viewer,
    pub scope: &'a Scope,
    pub period: Period,
    pub estate: Option<Uuid>,
    /// Those within reach.
    pub estates: &'a [Estate],
    pub now: Timestamp,
}

impl Topic {
    /// What the report tells, for whoever opens it the first time.
    pub fn about(self) -> &'static str {
        match self {
            Topic::Coverage => "敲门行动里上过门的住房，不算商铺。一户去了几次只算一次。",
            Topic::Deliberations => "散了会的说事议事会，会议记录按上级要的栏目排好。参加人员只列人数，不列姓名。",
            Topic::JointMeetings => "物业联席会议议了哪些事、谁负责、办到哪一步；每个小区每个月开没开。",
            Topic::Surveys => "报了办结的，回头问过反映人没有。",
            Topic::Levels => "销号的事是在哪一级办成的：小事不出小区，大事不出社区。",
            Topic::Whistles => "向上级吹的哨和下级吹来的哨，按时报到、按时答复了没有，双方打了几分。",
            Topic::Volunteering => {
                "志愿服务的场次、人次、时长，只算已经入账的；还在确认、审核、异议期里的不算。没有姓名。"
            }
            Topic::Services => {
                "志愿者挨家挨户去了多少场、多少户、发了多少份，外来服务来了多少，居民的需要办好多少。没有姓名和门牌。"
            }
            Topic::Classes => "七彩四点半开了多少场、来了多少人次、做的是什么。没有姓名。",
            Topic::Mediations => "只有件数。谁跟谁、为什么事，除了调解员，报表上也看不到。",
        }
    }

    /// What to do where there is nothing to count.
    pub fn empty(self) -> &'static str {
        match self {
            Topic::Coverage => "还没有登记住房。先在“楼栋”里录入，或者导入登记表。",
            Topic::Deliberations => "换一段时间看看；要开会的，在“议事”里安排。",
            Topic::JointMeetings => "还没有哪个月该开。要开的，在“议事”里安排联席会议。",
            Topic::Surveys => "换一段时间看看；办理单位报了办结，这里就有。",
            Topic::Levels => "换一段时间看看；有销号的，这里就有。",
            Topic::Whistles => "没有吹过哨。社区办不了的事，在诉求页面上点“吹哨请上级来办”。",
            Topic::Volunteering => "换一段时间看看；活动结束以后，队长确认、社区审核，入账了这里就有。",
            Topic::Services => "换一段时间看看；在“为民服务”里排入户、登记外来服务和居民的需要，这里就有。",
            Topic::Classes => "换一段时间看看；在“七彩四点半”里排课，开了课这里就有。",
            Topic::Mediations => "换一段时间看看；要登记的，在“调解”里登记。",
        }
    }

    /// Where its page is.
    pub fn path(self) -> String {
        format!("/reports/topics/{}", self.code())
    }

    pub async fn read(self, tx: &mut Tx, asked: &Asked<'_>) -> Result<Sheet> {
        match self {
            Topic::Coverage => coverage::read(tx, asked).await,
            Topic::Deliberations => meetings::deliberations(tx, asked).await,
            Topic::JointMeetings => meetings::joint(tx, asked).await,
            Topic::Surveys => Ok(loops::surveys(&issues(tx, asked).await?)),
            Topic::Levels => Ok(loops::levels(&issues(tx, asked).await?)),
            Topic::Whistles => whistles::read(tx, asked).await,
            Topic::Mediations => mediations(tx, asked).await,
            Topic::Volunteering => volunteering::read(tx, asked).await,
            Topic::Services => services::read(tx, asked).await,
            Topic::Classes => classes::read(tx, asked).await,
        }
    }
}

async fn issues(tx: &mut Tx, asked: &Asked<'_>) -> Result<Report> {
    let Asked { viewer, scope, period, estate, now, .. } = asked;
    let records = store::records(tx, viewer.tenant, scope, period, *estate).await?;
    Ok(Report { period: *period, now: *now, records })
}

impl Asked<'_> {
    /// Where somebody may look further, if they may.
    fn href(&self, permission: Permission, address: String) -> Option<String> {
        self.viewer.may(permission).then_some(address)
    }
}

/// Only how many: no case leaves the slice of the mediators.
async fn mediations(tx: &mut Tx, asked: &Asked<'_>) -> Result<Sheet> {
    const GAUGES: &[Gauge] = &[
        Gauge { code: "taken_on", label: "受理", meaning: "这段时间里受理的" },
        Gauge { code: "agreed", label: "达成协议", meaning: "其中协议已经生效的" },
        Gauge { code: "ended", label: "没有达成", meaning: "其中没有谈成、一方不同意或者终止的" },
        Gauge { code: "going", label: "还在调解", meaning: "其中还没有结果的" },
        Gauge { code: "confirmed", label: "司法确认", meaning: "其中法院确认了协议的" },
    ];
    let days = (asked.period.first, asked.period.last);
    let counts = mediation::counts(tx, asked.viewer.tenant, asked.scope, days, asked.estate).await?;
    let row = |(key, of): (usize, mediation::Counts)| {
        let going = of.taken_on - of.agreed - of.ended;
        let estate = of.estate_id.zip(of.estate_name);
        let name = estate.as_ref().map_or("整个社区", |(_, name)| name).to_owned();
        let amounts = [of.taken_on, of.agreed, of.ended, going, of.confirmed];
        let cells = [name, of.kind.to_string()].into_iter().chain(amounts.iter().map(i64::to_string)).collect();
        Row {
            key: key.to_string(),
            href: None,
            title: of.kind.to_string(),
            note: String::new(),
            estate,
            cells: Some(cells),
            counted: GAUGES.iter().map(|gauge| gauge.code).zip(amounts).collect(),
        }
    };
    Ok(Sheet {
        gauges: GAUGES,
        undrawn: &[],
        shares: &[Share { label: "调解成功率", part: "agreed", whole: "taken_on" }],
        columns: vec![
            ("小区", 20),
            ("调解种类", 16),
            ("受理", 10),
            ("达成协议", 10),
            ("没有达成", 10),
            ("还在调解", 10),
            ("司法确认", 10),
        ],
        rows: counts.into_iter().enumerate().map(row).collect(),
        beside: Vec::new(),
        opens: false,
    })
}
