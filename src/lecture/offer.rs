//! How a request could be met: days on which the school has lessons and nothing else, with lecturers who may teach its topic and grades and are
//! free, each with its reasons. Where there is none, why.

use db::Tx;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use uuid::Uuid;

use super::model::{Rules, SchoolDay, at_day, grades, today, way_out};
use super::school;
use super::session_store::{BUSY, Busy, Request};
use super::store::{self, ALL_TOPICS, Lecturer, TopicOf};
use super::summary::begins;
use crate::error::{Error, Result};
use crate::settings;

/// So many days are offered, and so many of a request are looked at.
const OFFERS: usize = 3;
const LOOKED_AT: i64 = 120;
/// So many lecturers go together: one speaks, the other helps.
const TOGETHER: usize = 2;

#[derive(Debug, Clone)]
pub struct Offer {
    pub day: Date,
    pub lecturers: Vec<(Uuid, String)>,
    pub why: String,
}

/// At most three, the soonest first; otherwise a sentence that says why there is none.
pub async fn offers(tx: &mut Tx, tenant: Uuid, now: Timestamp, request: &Request) -> Result<(Vec<Offer>, String)> {
    let rules: Rules = settings::read(tx, tenant, now).await?;
    let table = school::timetable(tx, tenant, today(now)).await?;
    // Towards the end of a year nobody may know the working days to come yet: then that is what is said.
    let earliest = match rules.earliest_with(today(now), &table, request.school_id) {
        Ok(day) => day,
        Err(Error::Refused(why)) => return Ok((Vec::new(), why)),
        Err(other) => return Err(other),
    };
    let day = |text: &str| text.parse::<Date>().unwrap_or(earliest);
    let first = day(&request.first_day).max(earliest);
    let last = day(&request.last_day).min(first.saturating_add(LOOKED_AT.days()));
    if first > last {
        return Ok((Vec::new(), format!("学校要的日子都太近了，最早可以约 {earliest}")));
    }
    let school = store::school(tx, tenant, request.school_id).await?;
    let known: Vec<TopicOf> = tx.all(ALL_TOPICS.bind(tenant)).await?;
    let able: Vec<Lecturer> = store::lecturers(tx, tenant)
        .await?
        .into_iter()
        .filter(|one| known.iter().any(|row| row.lecturer_id == one.id && row.topic_id == request.topic_id))
        .filter(|one| one.first_grade <= request.first_grade && request.last_grade <= one.last_grade)
        .collect();
    let asked = grades(request.first_grade, request.last_grade);
    if able.is_empty() {
        return Ok((Vec::new(), format!("没有讲师既讲{}又讲{asked}", request.topic_name)));
    }
    let (from, until) = (begins(first)?, begins(last.tomorrow().unwrap_or(last))?);
    let busy: Vec<Busy> = tx.all(BUSY.bind(tenant).bind(from).bind(until)).await?;
    let (mut offers, mut lessons) = (Vec::new(), 0);
    let mut unknown: Vec<String> = Vec::new();
    let mut at = first;
    while at <= last && offers.len() < OFFERS {
        let here = |one: &&Busy| at_day(one.starts_at) == at;
        let taken = busy.iter().filter(here).any(|one| one.school_id == school.id);
        let lesson = match table.of(school.id, at) {
            SchoolDay::Lessons => true,
            SchoolDay::No(_) => false,
            SchoolDay::Unknown(why) => {
                unknown.push(why);
                false
            }
        };
        if lesson && !taken {
            lessons += 1;
            let mut free: Vec<&Lecturer> = able
                .iter()
                .filter(|one| one.unvetted(at).is_none())
                .filter(|one| !busy.iter().filter(here).any(|row| row.lecturer_id == one.id))
                .collect();
            // Whoever has the fewest lectures around that time goes first.
            free.sort_by_key(|one| busy.iter().filter(|row| row.lecturer_id == one.id).count());
            free.truncate(TOGETHER);
            if !free.is_empty() {
                let lecturers: Vec<(Uuid, String)> = free.iter().map(|one| (one.id, one.name.clone())).collect();
                let names = lecturers.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join("、");
                let why = format!(
                    "学校这一天上课，避开考试和假期；{names}讲{}、讲{asked}，从业查询有效，当天没有别的课；路上 {} 分钟",
                    request.topic_name, school.travel_minutes
                );
                offers.push(Offer { day: at, lecturers, why });
            }
        }
        let Ok(after) = at.tomorrow() else { break };
        at = after;
    }
    if !offers.is_empty() {
        return Ok((offers, String::new()));
    }
    // Days of which nobody knows whether there is school are no days without school.
    let open = unknown.first().map(|why| format!("有 {} 天上不上课还不知道：{why}。{}", unknown.len(), way_out(why)));
    let none = match (lessons, open) {
        (0, Some(open)) => format!("{first} 到 {last}，{open}"),
        (0, None) => format!("{first} 到 {last}，学校没有空着的上课日"),
        (_, None) => format!("{first} 到 {last}，讲得了的讲师没有一天有空，或者从业查询过期了"),
        (_, Some(open)) => {
            format!("{first} 到 {last}，讲得了的讲师没有一天有空，或者从业查询过期了；另外{open}")
        }
    };
    Ok((offers, none))
}
