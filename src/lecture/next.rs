//! What the balance is reckoned from: what each school has had and been promised this year, on which days it has school, who is free then.

use db::Tx;
use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};
use uuid::Uuid;

use super::balance::{Balance, Need, Supply, balance};
use super::model::{Rules, SchoolDay, SubjectKind, at_day, today};
use super::school;
use super::session_store::{BUSY, Busy};
use super::store::{self, ALL_CLASSES, ALL_TOPICS, Class, Lecturer, Subject, TopicOf};
use super::summary::begins;
use super::summary_store::{PROMISED, Promised, SUMS, Sum, TAUGHT, Taught};
use crate::error::Result;
use crate::settings;

/// Class-hours of a visit: two in a row save a way.
const HOURS_OF_VISIT: i64 = 2;
/// So far ahead nobody arranges.
const FURTHEST: i64 = 200;

pub struct Next {
    pub days: (Date, Date),
    pub needs: Vec<Need>,
    pub lecturers: Vec<Lecturer>,
    pub topics: Vec<Subject>,
    pub balance: Balance,
    pub owed: i64,
}

/// What can be arranged until a day, so that every school gets the class-hours of this year.
pub async fn next(tx: &mut Tx, tenant: Uuid, now: Timestamp, last: Option<Date>) -> Result<Next> {
    let day = today(now);
    let rules: Rules = settings::read(tx, tenant, now).await?;
    // Where the holidays of the days ahead are not known yet, a week is left.
    let first = rules.earliest(day).unwrap_or_else(|_| day.saturating_add(7.days()));
    let last = last.unwrap_or(date(day.year(), 12, 31)).min(first.saturating_add(FURTHEST.days())).max(first);
    let (year, end) = (begins(date(day.year(), 1, 1))?, begins(date(day.year() + 1, 1, 1))?);
    let (from, until) = (begins(first)?, begins(last.tomorrow().unwrap_or(last))?);
    let classes: Vec<Class> = tx.all(ALL_CLASSES.bind(tenant)).await?;
    let sums: Vec<Sum> = tx.all(SUMS.bind(tenant).bind(year).bind(end)).await?;
    let promised: Vec<Promised> = tx.all(PROMISED.bind(tenant).bind(year).bind(end)).await?;
    let taught: Vec<Taught> = tx.all(TAUGHT.bind(tenant).bind(year).bind(end)).await?;
    let busy: Vec<Busy> = tx.all(BUSY.bind(tenant).bind(from).bind(until)).await?;
    let known: Vec<TopicOf> = tx.all(ALL_TOPICS.bind(tenant)).await?;
    let mut topics: Vec<Subject> = store::subjects(tx, tenant, SubjectKind::Topic).await?;
    topics.retain(|topic| topic.closed_at.is_none());
    let table = school::timetable(tx, tenant, first).await?;
    let mut all = Vec::new();
    let mut at = first;
    while at <= last {
        all.push(at);
        let Ok(after) = at.tomorrow() else { break };
        at = after;
    }
    let mut needs = Vec::new();
    for school in store::schools(tx, tenant).await? {
        let mut grades: Vec<i64> = classes.iter().filter(|class| class.school_id == school.id).map(|class| class.grade).collect();
        grades.sort_unstable();
        grades.dedup();
        let heard = |of: &dyn Fn(&Taught) -> bool| -> i64 {
            taught.iter().filter(|one| one.school_id == school.id && of(one)).map(|one| one.sessions).sum()
        };
        grades.sort_by_key(|grade| heard(&|one: &Taught| one.grade == *grade));
        let mut wanted: Vec<Uuid> = topics.iter().map(|topic| topic.id).collect();
        wanted.sort_by_key(|topic| heard(&|one: &Taught| one.topic_id == *topic));
        let had = sums.iter().find(|one| one.school_id == school.id).map_or(0, |one| one.class_hours);
        let minutes = promised.iter().filter(|one| one.school_id == school.id).map(|one| (one.ends_at.as_second() - one.starts_at.as_second()) / 60);
        let coming: i64 = minutes.map(|minutes| rules.class_hours(minutes, school.stage.grades().0)).sum();
        let missing = (rules.vice_lessons - had - coming).max(0);
        let taken = |day: &Date| busy.iter().any(|one| one.school_id == school.id && at_day(one.starts_at) == *day);
        let open = |day: &&Date| table.of(school.id, **day) == SchoolDay::Lessons && !taken(*day);
        needs.push(Need {
            days: all.iter().filter(open).copied().collect(),
            visits: (missing + HOURS_OF_VISIT - 1) / HOURS_OF_VISIT,
            travel_minutes: school.travel_minutes,
            school: school.id,
            name: school.name,
            grades,
            topics: wanted,
        });
    }
    let lecturers = store::lecturers(tx, tenant).await?;
    let supplies: Vec<Supply> = lecturers
        .iter()
        .map(|one| {
            let taken = |day: &Date| busy.iter().any(|row| row.lecturer_id == one.id && at_day(row.starts_at) == *day);
            Supply {
                lecturer: one.id,
                grades: (one.first_grade, one.last_grade),
                topics: known.iter().filter(|row| row.lecturer_id == one.id).map(|row| row.topic_id).collect(),
                days: all.iter().filter(|day| one.unvetted(**day).is_none() && !taken(day)).copied().collect(),
            }
        })
        .collect();
    let balance = balance(&needs, &supplies);
    Ok(Next { days: (first, last), needs, lecturers, topics, balance, owed: rules.vice_lessons })
}
