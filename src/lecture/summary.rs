//! What a period came to: which topics each grade of each school has heard and which not, class-hours of 法治副校长, agreements and campaigns
//! against what was intended, what pupils knew before and after. One paper of it is the page, the Word file and the workbook.

use db::Tx;
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use super::model::{Phase, Rules, SubjectKind, at_day, grade};
use super::quiz::{Outcome, percent};
use super::session_store::{AGREEMENTS, Agreement, CAMPAIGNS, Campaign};
use super::store::{self, ALL_CLASSES, Class, School, Subject};
use super::summary_store::{
    ALL_VICES, CONTENT, Content, FOLLOWED, Followed, KNOWN, Known, OF_CAMPAIGNS, OfCampaign, REACHED, Reached, SUMS, Sum,
    TAUGHT, Taught, VICE_HOURS, ViceHours, ViceOf,
};
use crate::document::{Block, Paper, Table};
use crate::error::{Error, Result};
use crate::settings;

/// The grades of a school in one line, each with how often it has heard of each topic.
#[derive(Debug, Clone)]
pub struct Row {
    pub school: String,
    pub grade: i64,
    pub counts: Vec<i64>,
}

/// What a school has had, against what it is owed.
#[derive(Debug, Clone)]
pub struct Standing {
    pub school: String,
    pub sessions: i64,
    pub class_hours: i64,
    pub pupils: i64,
    pub handouts: i64,
    pub classes: i64,
    pub reached: i64,
    /// Each 法治副校长 with their class-hours here in the period.
    pub vices: Vec<(String, i64)>,
    pub intended: i64,
}

#[derive(Debug, Clone)]
pub struct Summary {
    pub days: (Date, Date),
    pub topics: Vec<String>,
    pub rows: Vec<Row>,
    pub standings: Vec<Standing>,
    pub campaigns: Vec<(String, i64, i64)>,
    pub before: Outcome,
    pub after: Outcome,
    /// In tenths of a percent.
    pub content: Option<i64>,
    pub asked: i64,
    pub answered: i64,
    pub owed: i64,
}

/// The moment at which a day begins.
pub(super) fn begins(day: Date) -> Result<Timestamp> {
    let at = day.to_zoned_datetime(calendar::shanghai()).map_err(|error| Error::Internal(error.into()))?;
    Ok(at.timestamp())
}

pub async fn of_period(tx: &mut Tx, tenant: Uuid, days: (Date, Date)) -> Result<Summary> {
    let (from, until) = (begins(days.0)?, begins(days.1.tomorrow().unwrap_or(days.1))?);
    let rules: Rules = settings::read(tx, tenant, from).await?;
    let schools: Vec<School> = store::schools(tx, tenant).await?;
    let classes: Vec<Class> = tx.all(ALL_CLASSES.bind(tenant)).await?;
    let mut topics: Vec<Subject> = store::subjects(tx, tenant, SubjectKind::Topic).await?;
    let taught: Vec<Taught> = tx.all(TAUGHT.bind(tenant).bind(from).bind(until)).await?;
    topics.retain(|topic| topic.closed_at.is_none() || taught.iter().any(|one| one.topic_id == topic.id));
    let sums: Vec<Sum> = tx.all(SUMS.bind(tenant).bind(from).bind(until)).await?;
    let reached: Vec<Reached> = tx.all(REACHED.bind(tenant).bind(from).bind(until)).await?;
    let hours: Vec<ViceHours> = tx.all(VICE_HOURS.bind(tenant).bind(from).bind(until)).await?;
    let vices: Vec<ViceOf> = tx.all(ALL_VICES.bind(tenant)).await?;
    let agreements: Vec<Agreement> = tx.all(AGREEMENTS.bind(tenant)).await?;
    let mut rows = Vec::new();
    let mut standings = Vec::new();
    let (first_day, last_day) = (days.0.to_string(), days.1.to_string());
    for school in &schools {
        let own: Vec<&Class> = classes.iter().filter(|class| class.school_id == school.id).collect();
        let mut grades: Vec<i64> = own.iter().map(|class| class.grade).collect();
        grades.sort_unstable();
        grades.dedup();
        for at in grades {
            let count = |topic: &Subject| {
                let here = taught.iter().find(|one| one.school_id == school.id && one.topic_id == topic.id && one.grade == at);
                here.map_or(0, |one| one.sessions)
            };
            rows.push(Row { school: school.name.clone(), grade: at, counts: topics.iter().map(count).collect() });
        }
        let sum = sums.iter().find(|one| one.school_id == school.id);
        let within = |one: &&ViceHours| {
            let day = at_day(one.starts_at).to_string();
            one.school_id == school.id && one.first_day <= day && day <= one.last_day
        };
        let serving = vices.iter().filter(|one| {
            one.school_id == school.id && one.first_day <= last_day && one.last_day >= first_day
        });
        let mut held: Vec<(String, i64)> = Vec::new();
        for vice in serving {
            let given = hours.iter().filter(within).filter(|one| one.name == vice.name && one.first_day == vice.first_day);
            held.push((vice.name.clone(), given.map(|one| one.class_hours.unwrap_or_default()).sum()));
        }
        let promised = agreements.iter().filter(|one| {
            one.school_id == school.id && one.first_day <= last_day && one.last_day >= first_day
        });
        standings.push(Standing {
            school: school.name.clone(),
            sessions: sum.map_or(0, |one| one.sessions),
            class_hours: sum.map_or(0, |one| one.class_hours),
            pupils: sum.map_or(0, |one| one.pupils),
            handouts: sum.map_or(0, |one| one.handouts),
            classes: own.len() as i64,
            reached: reached.iter().find(|one| one.school_id == school.id).map_or(0, |one| one.classes),
            vices: held,
            intended: promised.map(|one| one.intended).sum(),
        });
    }
    let known: Vec<Known> = tx.all(KNOWN.bind(tenant).bind(from).bind(until)).await?;
    let of = |phase: Phase| {
        let one = known.iter().find(|one| one.phase == phase);
        Outcome { sheets: 0, answered: one.map_or(0, |one| one.answered), correct: one.map_or(0, |one| one.correct) }
    };
    let scores: Vec<Content> = tx.all(CONTENT.bind(tenant).bind(from).bind(until)).await?;
    let all: i64 = scores.iter().map(|one| one.count).sum();
    let good: i64 = scores.iter().filter(|one| one.score >= 4).map(|one| one.count).sum();
    let followed: Followed = tx.one(FOLLOWED.bind(tenant).bind(from).bind(until)).await?;
    let of_campaigns: Vec<OfCampaign> = tx.all(OF_CAMPAIGNS.bind(tenant).bind(from).bind(until)).await?;
    let campaigns: Vec<Campaign> = tx.all(CAMPAIGNS.bind(tenant)).await?;
    let campaigns = campaigns.into_iter().filter(|one| one.first_day <= last_day && one.last_day >= first_day).map(|one| {
        let held = of_campaigns.iter().find(|sum| sum.campaign_id == one.id).map_or(0, |sum| sum.sessions);
        (one.theme, held, one.intended)
    });
    Ok(Summary {
        days,
        topics: topics.into_iter().map(|topic| topic.name).collect(),
        rows,
        standings,
        campaigns: campaigns.collect(),
        before: of(Phase::Before),
        after: of(Phase::After),
        content: (all > 0).then(|| (good * 1000 + all / 2) / all),
        asked: followed.asked,
        answered: followed.answered,
        owed: rules.vice_lessons,
    })
}

impl Standing {
    /// `任建平 3 课时，还差 1`
    pub fn vice_words(&self, owed: i64) -> String {
        let one = |(name, hours): &(String, i64)| {
            if *hours < owed { format!("{name} {hours} 课时，还差 {}", owed - hours) } else { format!("{name} {hours} 课时") }
        };
        if self.vices.is_empty() { "没有登记".to_owned() } else { self.vices.iter().map(one).collect::<Vec<_>>().join("；") }
    }
}

impl Summary {
    /// Grades that have heard of nothing, and topics of which nobody has heard.
    pub fn gaps(&self) -> Vec<String> {
        let mut gaps: Vec<String> = self
            .rows
            .iter()
            .filter(|row| row.counts.iter().all(|count| *count == 0))
            .map(|row| format!("{}{}一次课也没有", row.school, grade(row.grade)))
            .collect();
        for (at, topic) in self.topics.iter().enumerate() {
            if !self.rows.is_empty() && self.rows.iter().all(|row| row.counts.get(at).is_none_or(|count| *count == 0)) {
                gaps.push(format!("“{topic}”哪里都没有讲过"));
            }
        }
        gaps
    }

    fn totals(&self) -> (i64, i64, i64, i64, i64) {
        let sum = |of: fn(&Standing) -> i64| self.standings.iter().map(of).sum();
        (sum(|one| one.sessions), sum(|one| one.class_hours), sum(|one| one.pupils), sum(|one| one.reached), sum(|one| one.classes))
    }

    pub fn tables(&self) -> Vec<(String, Table)> {
        let standings = Table {
            columns: [("学校", 18), ("场次", 7), ("课时", 7), ("学生人次", 10), ("发放资料", 10), ("覆盖班级", 12), ("共建场次", 12), ("法治副校长", 24)]
                .map(|(name, width)| (name.to_owned(), width))
                .to_vec(),
            rows: self
                .standings
                .iter()
                .map(|one| {
                    vec![
                        one.school.clone(),
                        one.sessions.to_string(),
                        one.class_hours.to_string(),
                        one.pupils.to_string(),
                        one.handouts.to_string(),
                        format!("{} / {}", one.reached, one.classes),
                        if one.intended == 0 { "没有协议".to_owned() } else { format!("{} / {}", one.sessions, one.intended) },
                        one.vice_words(self.owed),
                    ]
                })
                .collect(),
        };
        let width = 70 / u32::try_from(self.topics.len().max(1)).unwrap_or(1);
        let mut columns = vec![("学校".to_owned(), 20), ("年级".to_owned(), 10)];
        columns.extend(self.topics.iter().map(|topic| (topic.clone(), width.max(1))));
        let line = |row: &Row| {
            let counts = row.counts.iter().map(|count| if *count == 0 { "缺".to_owned() } else { count.to_string() });
            [row.school.clone(), grade(row.grade).to_owned()].into_iter().chain(counts).collect()
        };
        let matrix = Table { columns, rows: self.rows.iter().map(line).collect() };
        vec![("各校情况".to_owned(), standings), ("主题和年级".to_owned(), matrix)]
    }

    pub fn paper(&self) -> Paper {
        let (sessions, hours, pupils, reached, classes) = self.totals();
        let mut paper = Paper::new(format!("法治进校园情况（{} 到 {}）", self.days.0, self.days.1));
        paper.landscape = true;
        paper.facts(&[
            ("场次和课时", format!("{sessions} 场，{hours} 课时")),
            ("学生", format!("{pupils} 人次")),
            ("覆盖班级", format!("{reached} / {classes}")),
            ("知晓率", format!("课前 {}，课后 {}（答对的题数 ÷ 答了的题数）", percent(self.before.known()), percent(self.after.known()))),
            ("满意度", percent(self.content)),
            ("学生的问题", format!("{} 个，已回复 {} 个", self.asked, self.answered)),
        ]);
        for (theme, held, intended) in &self.campaigns {
            paper.text(&format!("“{theme}”讲了 {held} 场，打算讲 {intended} 场。"));
        }
        for (name, table) in self.tables() {
            paper.heading(name);
            paper.blocks.push(Block::Table(table));
        }
        let gaps = self.gaps();
        paper.heading("还缺什么");
        paper.text(&if gaps.is_empty() { "每个年级都讲过，每个主题都讲过。".to_owned() } else { format!("{}。", gaps.join("；")) });
        paper
    }
}
