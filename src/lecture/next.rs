//! What the balance is reckoned from: what each school has had and been promised this year, on which half-days it has school, who is free then.

use std::collections::BTreeMap;

use db::Tx;
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::balance::{self, Balance, Half, Need, Slot, Supply};
use super::model::{Rules, SchoolDay, SubjectKind, at_day, today};
use super::school;
use super::session_store::{BUSY, Busy};
use super::store::{self, ALL_CLASSES, ALL_TOPICS, Class, Lecturer, Subject, TopicOf};
use super::summary::{begins, overlaps, vice_years};
use super::summary_store::{
    ALL_VICES, PROMISED, PROMISED_BY, Promised, PromisedBy, SUMS, Sum, TAUGHT_OR_PROMISED, Taught, VICE_HOURS,
    ViceHours, ViceOf,
};
use super::turn;
use crate::error::{Error, Result};
use crate::settings;

/// So many links of the net are reckoned at once: some seconds.
const MOST: usize = 600_000;

/// So often it is reckoned at most, each time with less counted on.
const ROUNDS: usize = 3;

/// What helps in the last days of a year: which days count towards the lead is said school by school then.
const UNPUBLISHED: &str = "国务院还没有公布明年的放假安排，年底这几天算不出接着去哪里讲。请在“学期和考试”里把要上课的日子登记为“上课”，再在“安排一节课”里一所学校一所学校地排";

pub struct Next {
    pub days: (Date, Date),
    pub needs: Vec<Need>,
    pub lecturers: Vec<Lecturer>,
    pub topics: Vec<Subject>,
    pub balance: Balance,
    pub owed: i64,
    /// Class-hours of a visit.
    pub lessons: i64,
    /// Schools of which it is not known whether there is school on some of these days: what is said to be short may not be.
    pub unknown: Vec<Uuid>,
}

/// What can be arranged until a day of this year, so that every school gets the class-hours of the year, and each 法治副校长 gives theirs there: what others
/// teach at a school counts for it and not for them.
///
/// Errors: refused where holidays are not known yet, and of so much at once that nobody would wait for it.
pub async fn next(tx: &mut Tx, tenant: Uuid, now: Timestamp, last: Option<Date>) -> Result<Next> {
    let day = today(now);
    let rules: Rules = settings::read(tx, tenant, now).await?;
    let first = rules.earliest(day).map_err(|_| Error::refused(UNPUBLISHED))?;
    let end_of_year = date(day.year(), 12, 31);
    let last = last.unwrap_or(end_of_year).min(end_of_year);
    let (year, end) = (begins(date(day.year(), 1, 1))?, begins(date(day.year() + 1, 1, 1))?);
    let (from, until) = (begins(first)?, begins(last.tomorrow().unwrap_or(last))?);
    let classes: Vec<Class> = tx.all(ALL_CLASSES.bind(tenant)).await?;
    let sums: Vec<Sum> = tx.all(SUMS.bind(tenant).bind(year).bind(end)).await?;
    // What is over and was not written down is nothing that comes.
    let promised: Vec<Promised> = tx.all(PROMISED.bind(tenant).bind(now).bind(end)).await?;
    let taught = TAUGHT_OR_PROMISED.bind(tenant).bind(year).bind(end).bind(now).bind(turn::began(day)?);
    let taught: Vec<Taught> = tx.all(taught.bind(i64::from(turn::year_after(day)))).await?;
    let promised_by: Vec<PromisedBy> = tx.all(PROMISED_BY.bind(tenant).bind(now).bind(end)).await?;
    let vices: Vec<ViceOf> = tx.all(ALL_VICES.bind(tenant)).await?;
    let hours: Vec<ViceHours> = tx.all(VICE_HOURS.bind(tenant).bind(year).bind(end)).await?;
    let busy: Vec<Busy> = tx.all(BUSY.bind(tenant).bind(from).bind(until)).await?;
    let known: Vec<TopicOf> = tx.all(ALL_TOPICS.bind(tenant)).await?;
    let mut topics: Vec<Subject> = store::subjects(tx, tenant, SubjectKind::Topic).await?;
    topics.retain(|topic| topic.closed_at.is_none());
    let schools = store::schools(tx, tenant).await?;
    let table = school::timetable(tx, tenant, first).await?;
    let ways = school::ways(tx, tenant).await?;
    let mut days = Vec::new();
    let mut at = first;
    while at <= last {
        days.push(at);
        let Ok(after) = at.tomorrow() else { break };
        at = after;
    }
    let lessons = rules.visit_lessons.max(1);
    let travels: BTreeMap<Uuid, i64> = schools.iter().map(|school| (school.id, school.travel_minutes)).collect();
    let lecturers = store::lecturers(tx, tenant).await?;
    let open = |id: Uuid| topics.iter().any(|topic| topic.id == id);
    let supplies: Vec<Supply> = lecturers
        .iter()
        .map(|one| {
            let own = busy.iter().filter(|row| row.lecturer_id == one.id);
            let taken: Vec<(Slot, Uuid, i64)> = own
                .flat_map(|row| {
                    let travel = travels.get(&row.school_id).copied().unwrap_or(0);
                    halves(row).into_iter().map(move |slot| (slot, row.school_id, travel))
                })
                .collect();
            let vetted = days.iter().filter(|day| one.unvetted(**day).is_none());
            let free = |slot: &Slot| !taken.iter().any(|(known, ..)| known == slot);
            Supply {
                lecturer: one.id,
                grades: (one.first_grade, one.last_grade),
                topics: known
                    .iter()
                    .filter(|row| row.lecturer_id == one.id && open(row.topic_id))
                    .map(|row| row.topic_id)
                    .collect(),
                slots: vetted.flat_map(|day| both(*day)).filter(free).collect(),
                taken,
            }
        })
        .collect();
    let mut unknown = Vec::new();
    let mut needs = Vec::new();
    let mut shares = Vec::new();
    for school in &schools {
        let mut grades: Vec<i64> =
            classes.iter().filter(|class| class.school_id == school.id).map(|class| class.grade).collect();
        grades.sort_unstable();
        grades.dedup();
        let heard = taught.iter().filter(|one| one.school_id == school.id);
        let heard: BTreeMap<(i64, Uuid), i64> = heard.map(|one| ((one.grade, one.topic_id), one.sessions)).collect();
        let in_hours = |(starts_at, ends_at): (Timestamp, Timestamp), youngest: i64| {
            rules.class_hours((ends_at.as_second() - starts_at.as_second()) / 60, youngest)
        };
        let had = sums.iter().find(|one| one.school_id == school.id).map_or(0, |one| one.class_hours);
        let arranged = promised.iter().filter(|one| one.school_id == school.id);
        let coming: i64 = arranged.map(|one| in_hours((one.starts_at, one.ends_at), one.youngest)).sum();
        let missing = (rules.vice_lessons - had - coming).max(0);
        let visited = (had + coming) / lessons;
        let taken: Vec<Slot> = busy.iter().filter(|one| one.school_id == school.id).flat_map(halves).collect();
        let mut slots = Vec::new();
        let mut is_unknown = false;
        for day in &days {
            match table.of(school.id, *day) {
                SchoolDay::Lessons => slots.extend(both(*day).into_iter().filter(|slot| !taken.contains(slot))),
                SchoolDay::No(_) => {}
                SchoolDay::Unknown(_) => is_unknown = true,
            }
        }
        if is_unknown {
            unknown.push(school.id);
        }
        let need = Need {
            slots,
            only: None,
            had: visited,
            visits: visits_of(missing, lessons),
            travel_minutes: school.travel_minutes,
            near: ways.of(school.id),
            school: school.id,
            name: school.name.clone(),
            grades,
            heard,
        };
        let mut share = Share { need: needs.len(), missing, visited, theirs: Vec::new() };
        let mut theirs = Vec::new();
        for person in vice_years(school.id, &[day.year()], &vices, &hours) {
            let posts: Vec<&ViceOf> =
                vices.iter().filter(|one| one.school_id == school.id && one.lecturer_id == person.lecturer).collect();
            let in_post = |day: Date| posts.iter().any(|one| overlaps(&one.first_day, &one.last_day, (day, day)));
            let own = promised_by.iter().filter(|one| {
                one.school_id == school.id && one.lecturer_id == person.lecturer && in_post(at_day(one.starts_at))
            });
            let coming: i64 = own.map(|one| in_hours((one.starts_at, one.ends_at), one.youngest)).sum();
            let missing = (rules.vice_lessons - person.class_hours - coming).max(0);
            // Whoever is none any more has nothing left to give.
            if missing == 0 || !days.iter().any(|day| in_post(*day)) {
                continue;
            }
            let visits = visits_of(missing, lessons);
            let open: Vec<Slot> = need.slots.iter().copied().filter(|(day, _)| in_post(*day)).collect();
            let able = supplies.iter().find(|supply| {
                let taught = need.grades.iter().any(|grade| (supply.grades.0..=supply.grades.1).contains(grade));
                supply.lecturer == person.lecturer && taught && !supply.topics.is_empty()
            });
            let free =
                able.map_or(0, |supply| open.iter().filter(|slot| supply.slots.binary_search(slot).is_ok()).count());
            theirs.push(Need { slots: open, only: Some(person.lecturer), visits, ..need.clone() });
            share.theirs.push((share.need + theirs.len(), visits.min(free as i64)));
        }
        needs.push(need);
        needs.append(&mut theirs);
        shares.push(share);
    }
    for share in &shares {
        share.ask(&mut needs, lessons);
    }
    if balance::size(&needs, &supplies) > MOST {
        return Err(Error::refused("学校、讲师和日子太多，一次算不完，请把“排到哪一天”改早一些"));
    }
    // It reckons for a while, in which others are served.
    let reckoned = tokio::task::spawn_blocking(move || {
        let found = shared(&mut needs, &mut shares, &supplies, lessons);
        (needs, found)
    });
    let (needs, balance) = reckoned.await.map_err(|error| Error::Internal(error.into()))?;
    Ok(Next { days: (first, last), needs, lecturers, topics, balance, owed: rules.vice_lessons, lessons, unknown })
}

/// As many visits as it takes to give so many class-hours.
fn visits_of(missing: i64, lessons: i64) -> i64 {
    (missing + lessons - 1) / lessons
}

/// What a school is owed in all, of which its 法治副校长 give a part: that is not asked of everybody as well.
struct Share {
    /// Where the school's own need stands among all.
    need: usize,
    /// Class-hours.
    missing: i64,
    visited: i64,
    /// Where each need of a 法治副校长 stands, and how many of its visits are counted on.
    theirs: Vec<(usize, i64)>,
}

impl Share {
    /// Asks everybody for what the others do not give; `true` if that is not what it was.
    fn ask(&self, needs: &mut [Need], lessons: i64) -> bool {
        let given: i64 = self.theirs.iter().map(|(_, visits)| visits).sum();
        let need = &mut needs[self.need];
        let before = need.visits;
        need.had = self.visited + given;
        need.visits = visits_of((self.missing - given * lessons).max(0), lessons);
        need.visits != before
    }
}

/// Whoever is 法治副校长 of several schools has each half-day once, and no school can know beforehand how many of them it gets. So it is reckoned with
/// as many as each could get; what turns out not to be given is asked of everybody, and it is reckoned again. A visit that nobody else can give either is
/// missing once and not twice: where asking everybody brings nothing more, it is left as it was before.
fn shared(needs: &mut [Need], shares: &mut [Share], supplies: &[Supply], lessons: i64) -> Balance {
    let mut found = balance::balance(needs, supplies);
    for _ in 1..ROUNDS {
        let before: Vec<(i64, i64)> = needs.iter().map(|need| (need.had, need.visits)).collect();
        let mut again = false;
        for share in shares.iter_mut() {
            for (need, visits) in &mut share.theirs {
                let met = found.suggestions.iter().filter(|one| one.school == *need).count();
                *visits = (*visits).min(met as i64);
            }
            again |= share.ask(needs, lessons);
        }
        if !again {
            break;
        }
        let too_many = balance::size(needs, supplies) > MOST;
        let then = if too_many { Balance::default() } else { balance::balance(needs, supplies) };
        if then.suggestions.len() <= found.suggestions.len() {
            for (need, (had, visits)) in needs.iter_mut().zip(before) {
                (need.had, need.visits) = (had, visits);
            }
            break;
        }
        found = then;
    }
    found
}

fn both(day: Date) -> [Slot; 2] {
    [(day, Half::Morning), (day, Half::Afternoon)]
}

/// The half-days in which a session lies, in whole or in part.
fn halves(busy: &Busy) -> Vec<Slot> {
    let half = |at: Timestamp| {
        if at.to_zoned_datetime(calendar::shanghai()).hour() < 12 { Half::Morning } else { Half::Afternoon }
    };
    let day = at_day(busy.starts_at);
    let (first, last) = (half(busy.starts_at), half(busy.ends_at - SignedDuration::from_secs(1)));
    if first == last { vec![(day, first)] } else { both(day).to_vec() }
}
