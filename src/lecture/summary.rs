//! What a period came to: which topics each grade of each school has heard and which not, what was given in each term against the agreements, what
//! pupils knew before and after. Class-hours of 法治副校长 are counted by the calendar years that the period touches, sessions of an agreement by its
//! own years, which begin with its first day, whatever part of them the period is. One paper of it is the page, the Word file and the workbook.

use std::collections::{BTreeMap, BTreeSet};

use db::Tx;
use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};
use uuid::Uuid;

use super::model::{Rules, SchoolYear, SubjectKind, at_day, grade};
use super::quiz::{Outcome, gain, percent, share};
use super::school;
use super::session_store::{AGREEMENTS, Agreement, CAMPAIGNS, Campaign};
use super::store::{self, Subject};
use super::summary_store::{
    ALL_VICES, CLASSES_OF_PERIOD, CONTENT, CONTENT_TOGETHER, ClassOf, Content, EVERY_SCHOOL, FOLLOWED, Followed, HELD,
    Held, KNOWN, Known, OF_CAMPAIGNS, OfCampaign, REACHED, Reached, SUMS, SchoolOf, Sum, TAUGHT, Taught, VICE_HOURS,
    ViceHours, ViceOf,
};
use super::turn;
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
    /// That there were within the period, and those of them that were reached.
    pub classes: i64,
    pub reached: i64,
    /// Each 法治副校长 with their class-hours here in a year.
    pub vices: Vec<ViceYear>,
    /// What was given in the years of the agreements, and what they intend.
    pub agreed: Vec<AgreedYear>,
}

/// A year of an agreement, which begins with the agreement's first day, not with the calendar's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreedYear {
    pub days: (Date, Date),
    pub given: i64,
    pub intended: i64,
}

#[derive(Debug, Clone)]
pub struct ViceYear {
    pub lecturer: Uuid,
    pub name: String,
    pub year: i16,
    pub class_hours: i64,
}

/// 常态化: what a school was given in a term.
#[derive(Debug, Clone)]
pub struct TermOf {
    pub school: String,
    pub term: String,
    pub sessions: i64,
    /// Of those, within a campaign.
    pub of_campaigns: i64,
    /// The term's part of what the agreements intend for a year, by its days; none without an agreement.
    pub intended: Option<i64>,
}

#[derive(Debug, Clone)]
pub struct Summary {
    pub days: (Date, Date),
    pub topics: Vec<String>,
    pub rows: Vec<Row>,
    pub standings: Vec<Standing>,
    pub terms: Vec<TermOf>,
    pub campaigns: Vec<(String, i64, i64)>,
    /// Of what classes have answered before and after.
    pub before: Outcome,
    pub after: Outcome,
    /// In tenths of a percent.
    pub content: Option<i64>,
    pub asked: i64,
    pub answered: i64,
    pub owed: i64,
    pub year: SchoolYear,
}

/// The moment at which a day begins.
pub(super) fn begins(day: Date) -> Result<Timestamp> {
    let at = day.to_zoned_datetime(calendar::shanghai()).map_err(|error| Error::Internal(error.into()))?;
    Ok(at.timestamp())
}

/// So many years of a long period are looked at for what is owed by the year.
const YEARS: i16 = 3;

/// An agreement is followed for so many years.
const AGREED_YEARS: i32 = 20;

fn parsed(text: &str) -> Result<Date> {
    text.parse().map_err(|error: jiff::Error| Error::Internal(error.into()))
}

/// When a row was made: identities begin with it.
pub(super) fn made_at(id: Uuid) -> Timestamp {
    let seconds = id.get_timestamp().map_or(0, |at| at.to_unix().0);
    i64::try_from(seconds).ok().and_then(|at| Timestamp::from_second(at).ok()).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// What was given, by school, each with its day and whether it was within a campaign.
struct Given(BTreeMap<Uuid, Vec<(Date, bool)>>);

impl Given {
    fn within(&self, school: Uuid, holds: impl Fn(Date) -> bool) -> impl Iterator<Item = bool> {
        let all = self.0.get(&school).map(Vec::as_slice).unwrap_or_default();
        all.iter().filter(move |(day, _)| holds(*day)).map(|(_, campaign)| *campaign)
    }

    /// The soonest first.
    fn days(&self, school: Uuid) -> impl Iterator<Item = Date> {
        self.0.get(&school).map(Vec::as_slice).unwrap_or_default().iter().map(|(day, _)| *day)
    }
}

fn days_of((first, last): (Date, Date)) -> i64 {
    i64::from((last - first).get_days()) + 1
}

/// The years of an agreement, nothing given yet. A part of a year, the first or what is left over at the end, is owed by its days, as a term's part is.
fn agreed_years(agreement: &Agreement) -> Result<Vec<AgreedYear>> {
    let (first, end) = (parsed(&agreement.first_day)?, parsed(&agreement.last_day)?);
    let mut years = Vec::new();
    for at in 0..AGREED_YEARS {
        let begin = first.saturating_add(at.years());
        if begin > end {
            break;
        }
        let whole = first.saturating_add((at + 1).years()).yesterday().unwrap_or(end);
        let last = whole.min(end);
        let part = (agreement.intended * days_of((begin, last)) + 364) / 365;
        let intended = if last < whole { part.min(agreement.intended) } else { agreement.intended };
        years.push(AgreedYear { days: (begin, last), given: 0, intended });
    }
    Ok(years)
}

/// Each lecture counts once: for the year that is over first of those that still want one.
fn count_agreed(years: &mut [AgreedYear], given: impl Iterator<Item = Date>) {
    for day in given {
        let running = years.iter_mut().filter(|one| one.days.0 <= day && day <= one.days.1);
        if let Some(one) = running.min_by_key(|one| (one.given >= one.intended, one.days.1, one.days.0)) {
            one.given += 1;
        }
    }
}

/// What agreements intend for a term: its part of the school year's days, whatever other terms are entered, as far as they are in force on them.
fn intended_for(agreements: &[&Agreement], term: (Date, Date), year: SchoolYear) -> Result<Option<i64>> {
    let mut sum = 0;
    for one in agreements {
        let both = (parsed(&one.first_day)?.max(term.0), parsed(&one.last_day)?.min(term.1));
        if both.0 <= both.1 {
            sum += one.intended * days_of(both);
        }
    }
    let whole = year.days();
    Ok((sum > 0).then_some(((sum + whole / 2) / whole).max(1)))
}

pub(super) fn overlaps(first: &str, last: &str, days: (Date, Date)) -> bool {
    first <= days.1.to_string().as_str() && last >= days.0.to_string().as_str()
}

pub async fn of_period(tx: &mut Tx, tenant: Uuid, days: (Date, Date)) -> Result<Summary> {
    let (from, until) = (begins(days.0)?, begins(days.1.tomorrow().unwrap_or(days.1))?);
    let rules: Rules = settings::read(tx, tenant, from).await?;
    let year: SchoolYear = settings::read(tx, tenant, from).await?;
    let years: Vec<i16> = (days.0.year().max(days.1.year() - YEARS + 1)..=days.1.year()).collect();
    let terms = school::terms_within(tx, tenant, days).await?;
    // All of the years and of the terms that the period touches.
    let (mut first, mut last) = (date(years[0], 1, 1).min(days.0), date(days.1.year(), 12, 31));
    for term in &terms {
        (first, last) = (first.min(parsed(&term.first_day)?), last.max(parsed(&term.last_day)?));
    }
    // A school's own term takes the place of one of all also where the period does not touch it.
    let around = school::terms_within(tx, tenant, (first, last)).await?;
    let mut agreements: Vec<Agreement> = tx.all(AGREEMENTS.bind(tenant)).await?;
    // And of all agreements that touch these days, with those that run beside them: which of two a lecture counts for does not depend on the period.
    agreements.sort_by(|one, other| {
        (&other.last_day, &other.first_day, other.id).cmp(&(&one.last_day, &one.first_day, one.id))
    });
    for one in &agreements {
        if overlaps(&one.first_day, &one.last_day, (first, days.1)) {
            (first, last) = (first.min(parsed(&one.first_day)?), last.max(parsed(&one.last_day)?));
        }
    }
    let (widest, end) = (begins(first)?, begins(last.saturating_add(1.day()))?);
    let schools: Vec<SchoolOf> = tx.all(EVERY_SCHOOL.bind(tenant)).await?;
    let mut classes: Vec<ClassOf> = tx.all(CLASSES_OF_PERIOD.bind(tenant).bind(from)).await?;
    // Each in the grade in which it was when the period ended.
    let then = turn::grades_on(tx, tenant, days.1).await?;
    for class in &mut classes {
        class.grade = then.get(&class.id).copied().unwrap_or(class.grade);
    }
    let mut topics: Vec<Subject> = store::subjects(tx, tenant, SubjectKind::Topic).await?;
    let taught: Vec<Taught> = tx.all(TAUGHT.bind(tenant).bind(from).bind(until)).await?;
    topics.retain(|topic| topic.closed_at.is_none() || taught.iter().any(|one| one.topic_id == topic.id));
    let sums: Vec<Sum> = tx.all(SUMS.bind(tenant).bind(from).bind(until)).await?;
    let reached: Vec<Reached> = tx.all(REACHED.bind(tenant).bind(from).bind(until)).await?;
    let reached: BTreeSet<Uuid> = reached.into_iter().map(|one| one.class_id).collect();
    let held: Vec<Held> = tx.all(HELD.bind(tenant).bind(widest).bind(end)).await?;
    let hours: Vec<ViceHours> = tx.all(VICE_HOURS.bind(tenant).bind(widest).bind(end)).await?;
    let vices: Vec<ViceOf> = tx.all(ALL_VICES.bind(tenant)).await?;
    let mut given = Given(BTreeMap::new());
    for one in &held {
        let day = at_day(one.starts_at);
        given.0.entry(one.school_id).or_default().push((day, one.campaign_id.is_some()));
    }
    let mut rows = Vec::new();
    let mut standings = Vec::new();
    let mut of_terms = Vec::new();
    for school in &schools {
        let sum = sums.iter().find(|one| one.school_id == school.id);
        // One to which nobody goes any more was there until then.
        if sum.is_none() && school.closed_at.is_some_and(|at| at < from) {
            continue;
        }
        let own: Vec<&ClassOf> = classes
            .iter()
            .filter(|class| class.school_id == school.id)
            .filter(|class| turn::there_since(class.id) < until || reached.contains(&class.id))
            .collect();
        let mut grades: Vec<i64> = own.iter().map(|class| class.grade).collect();
        grades.extend(taught.iter().filter(|one| one.school_id == school.id).map(|one| one.grade));
        grades.sort_unstable();
        grades.dedup();
        for at in grades {
            let count = |topic: &Subject| {
                let here =
                    taught.iter().find(|one| one.school_id == school.id && one.topic_id == topic.id && one.grade == at);
                here.map_or(0, |one| one.sessions)
            };
            rows.push(Row { school: school.name.clone(), grade: at, counts: topics.iter().map(count).collect() });
        }
        let of_school: Vec<&Agreement> = agreements.iter().filter(|one| one.school_id == school.id).collect();
        let mut agreed = Vec::new();
        for one in &of_school {
            agreed.extend(agreed_years(one)?);
        }
        agreed.sort_by_key(|one| one.days);
        count_agreed(&mut agreed, given.days(school.id));
        let shown = days.0.max(date(years[0], 1, 1));
        agreed.retain(|one| one.days.0 <= days.1 && shown <= one.days.1);
        for term in terms.iter().filter(|term| school::is_term_of(term, school.id, &around)) {
            let span = (parsed(&term.first_day)?, parsed(&term.last_day)?);
            let sessions: Vec<bool> = given.within(school.id, |day| span.0 <= day && day <= span.1).collect();
            of_terms.push(TermOf {
                school: school.name.clone(),
                term: term.name.clone(),
                sessions: sessions.len() as i64,
                of_campaigns: sessions.iter().filter(|campaign| **campaign).count() as i64,
                intended: intended_for(&of_school, span, year)?,
            });
        }
        standings.push(Standing {
            school: school.name.clone(),
            sessions: sum.map_or(0, |one| one.sessions),
            class_hours: sum.map_or(0, |one| one.class_hours),
            pupils: sum.map_or(0, |one| one.pupils),
            handouts: sum.map_or(0, |one| one.handouts),
            classes: own.len() as i64,
            reached: own.iter().filter(|class| reached.contains(&class.id)).count() as i64,
            vices: vice_years(school.id, &years, &vices, &hours),
            agreed,
        });
    }
    let known: Known = tx.one(KNOWN.bind(tenant).bind(from).bind(until)).await?;
    let content: Content = tx.one(CONTENT.bind(tenant).bind(from).bind(until)).await?;
    let together: Content = tx.one(CONTENT_TOGETHER.bind(tenant).bind(from).bind(until)).await?;
    let followed: Followed = tx.one(FOLLOWED.bind(tenant).bind(from).bind(until)).await?;
    let campaigns: Vec<Campaign> = tx.all(CAMPAIGNS.bind(tenant)).await?;
    let campaigns: Vec<Campaign> =
        campaigns.into_iter().filter(|one| overlaps(&one.first_day, &one.last_day, days)).collect();
    let mut since = days.0;
    for one in &campaigns {
        since = since.min(parsed(&one.first_day)?);
    }
    // One may have begun before its campaign was to begin.
    let since = begins(since.saturating_sub(1.year()))?;
    let of_campaigns: Vec<OfCampaign> = tx.all(OF_CAMPAIGNS.bind(tenant).bind(since)).await?;
    let campaigns = campaigns.into_iter().map(|one| {
        let held = of_campaigns.iter().find(|row| row.campaign_id == one.id).map_or(0, |row| row.sessions);
        (one.theme, held, one.intended)
    });
    Ok(Summary {
        days,
        topics: topics.into_iter().map(|topic| topic.name).collect(),
        rows,
        standings,
        terms: of_terms,
        campaigns: campaigns.collect(),
        before: Outcome { answered: known.answered_before, correct: known.correct_before },
        after: Outcome { answered: known.answered_after, correct: known.correct_after },
        content: share(content.good + together.good, content.given + together.given),
        asked: followed.asked,
        answered: followed.answered,
        owed: rules.vice_lessons,
        year,
    })
}

/// The class-hours of everybody who was 法治副校长 of a school, by the years in which they were. Whoever is appointed anew goes on counting.
pub(super) fn vice_years(school: Uuid, years: &[i16], vices: &[ViceOf], hours: &[ViceHours]) -> Vec<ViceYear> {
    let own: Vec<&ViceOf> = vices.iter().filter(|one| one.school_id == school).collect();
    let mut found = Vec::new();
    for &year in years {
        let span = (date(year, 1, 1), date(year, 12, 31));
        let mut seen = BTreeSet::new();
        for vice in own.iter().filter(|one| overlaps(&one.first_day, &one.last_day, span)) {
            if !seen.insert(vice.lecturer_id) {
                continue;
            }
            let posts: Vec<Uuid> =
                own.iter().filter(|one| one.lecturer_id == vice.lecturer_id).map(|one| one.id).collect();
            let given = hours.iter().filter(|one| {
                let day = at_day(one.starts_at);
                posts.contains(&one.vice_id)
                    && day.year() == year
                    && overlaps(&one.first_day, &one.last_day, (day, day))
            });
            let class_hours = given.map(|one| one.class_hours.unwrap_or_default()).sum();
            found.push(ViceYear { lecturer: vice.lecturer_id, name: vice.name.clone(), year, class_hours });
        }
    }
    found
}

impl Standing {
    /// `武晓峰 2026 年 3 课时，还差 1`
    pub fn vice_words(&self, owed: i64) -> String {
        let one = |ViceYear { name, year, class_hours, .. }: &ViceYear| {
            let missing = if *class_hours < owed { format!("，还差 {}", owed - class_hours) } else { String::new() };
            format!("{name} {year} 年 {class_hours} 课时{missing}")
        };
        if self.vices.is_empty() {
            "没有登记".to_owned()
        } else {
            self.vices.iter().map(one).collect::<Vec<_>>().join("；")
        }
    }

    /// `2026 年 3 / 4`, or with its days where the agreement's year is not the calendar's: `2026-09-01 到 2027-08-31 3 / 4`
    fn agreed_words(&self) -> String {
        let one = |AgreedYear { days: (first, last), given, intended }: &AgreedYear| {
            if (*first, *last) == (date(first.year(), 1, 1), date(first.year(), 12, 31)) {
                format!("{} 年 {given} / {intended}", first.year())
            } else {
                format!("{first} 到 {last} {given} / {intended}")
            }
        };
        if self.agreed.is_empty() {
            "没有协议".to_owned()
        } else {
            self.agreed.iter().map(one).collect::<Vec<_>>().join("；")
        }
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

    fn facts(&self) -> Vec<(&'static str, String)> {
        let sum = |of: fn(&Standing) -> i64| self.standings.iter().map(of).sum::<i64>();
        let known = match self.before.known().zip(self.after.known()) {
            None => "还没有能比的答卷".to_owned(),
            Some((before, after)) => format!(
                "课前 {}，课后 {}，{}（答对的题数 ÷ 答了的题数，同一个班课前、课后都答了的题）",
                percent(Some(before)),
                percent(Some(after)),
                gain(&self.before, &self.after)
            ),
        };
        vec![
            ("场次和课时", format!("{} 场，{} 课时", sum(|one| one.sessions), sum(|one| one.class_hours))),
            ("学生", format!("{} 人次", sum(|one| one.pupils))),
            ("发放资料", format!("{} 份", sum(|one| one.handouts))),
            ("覆盖班级", format!("{} / {}", sum(|one| one.reached), sum(|one| one.classes))),
            ("知晓率", known),
            ("满意度", percent(self.content)),
            ("学生的问题", format!("{} 个，已回复 {} 个", self.asked, self.answered)),
        ]
    }

    /// What each campaign came to.
    fn campaign_words(&self) -> Vec<String> {
        let one =
            |(theme, held, intended): &(String, i64, i64)| format!("“{theme}”讲了 {held} 场，打算讲 {intended} 场。");
        self.campaigns.iter().map(one).collect()
    }

    fn gap_words(&self) -> String {
        let gaps = self.gaps();
        if gaps.is_empty() {
            "每个年级都讲过，每个主题都讲过。".to_owned()
        } else {
            format!("{}。", gaps.join("；"))
        }
    }

    /// What the paper says before its tables, as a table: a workbook has nothing else.
    pub fn overview(&self) -> (String, Table) {
        let mut rows = vec![vec!["时间".to_owned(), format!("{} 到 {}", self.days.0, self.days.1)]];
        rows.extend(self.facts().into_iter().map(|(name, what)| vec![name.to_owned(), what]));
        rows.extend(self.campaign_words().into_iter().map(|words| vec!["专项活动".to_owned(), words]));
        rows.push(vec!["还缺什么".to_owned(), self.gap_words()]);
        ("概况".to_owned(), Table { columns: vec![("项目".to_owned(), 20), ("内容".to_owned(), 80)], rows })
    }

    pub fn tables(&self) -> Vec<(String, Table)> {
        let named =
            |columns: &[(&str, u32)]| columns.iter().map(|(name, width)| ((*name).to_owned(), *width)).collect();
        let standings = Table {
            columns: named(&[
                ("学校", 16),
                ("场次", 6),
                ("课时", 6),
                ("学生人次", 9),
                ("发放资料", 9),
                ("覆盖班级", 10),
                ("共建场次（协议年）", 18),
                ("法治副校长（全年课时）", 26),
            ]),
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
                        one.agreed_words(),
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
        let term = |one: &TermOf| {
            let done = one.intended.and_then(|intended| share(one.sessions, intended));
            vec![
                one.school.clone(),
                one.term.clone(),
                one.sessions.to_string(),
                one.of_campaigns.to_string(),
                one.intended.map_or("没有协议".to_owned(), |intended| intended.to_string()),
                percent(done),
            ]
        };
        let terms = Table {
            columns: named(&[
                ("学校", 24),
                ("学期", 26),
                ("整学期场次", 12),
                ("其中专项", 12),
                ("学期打算", 12),
                ("完成", 14),
            ]),
            rows: self.terms.iter().map(term).collect(),
        };
        vec![("各校情况".to_owned(), standings), ("常态化".to_owned(), terms), ("主题和年级".to_owned(), matrix)]
    }

    pub fn paper(&self) -> Paper {
        let mut paper = Paper::new(format!("法治进校园情况（{} 到 {}）", self.days.0, self.days.1));
        paper.landscape = true;
        paper.facts(&self.facts());
        for words in self.campaign_words() {
            paper.text(&words);
        }
        for (name, table) in self.tables() {
            paper.heading(name.clone());
            if name == "常态化" {
                let (days, weeks) = (self.year.days(), self.year.term_weeks);
                paper.text(&format!("学期打算 ＝ 共建协议一年打算的场次 × 学期里有协议的天数 ÷ {days} 天（一学年 {weeks} 周），四舍五入，至少一场。"));
            }
            paper.blocks.push(Block::Table(table));
        }
        paper.heading("还缺什么");
        paper.text(&self.gap_words());
        paper
    }
}
