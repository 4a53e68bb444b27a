//! The sessions of 七彩四点半: one a week for two and a half years, each held by two of the team with a dozen children, and those of the coming weeks.

use calendar::{Every, Recurrence, Skip, WorkingDays, shanghai};
use db::{Db, Tx};
use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, Timestamp, ToSpan};
use uuid::Uuid;

use super::care::{self, Odd};
use super::community::Community;
use crate::access::Act;
use crate::after_school::presence::{Keeper, Standing};
use crate::after_school::{self, Child, Fetch, Kind, Plan, Session, Step, Who};
use crate::error::Result;
use crate::volunteer::{self, Following, Span};

/// So many weeks have been, and so many are planned.
const WEEKS_BEFORE: i64 = 130;
const WEEKS_AHEAD: i64 = 12;
/// So many children come to a session.
const AT_ONCE: usize = 12;
const THEMES: [(Kind, &str); 6] = [
    (Kind::Homework, ""),
    (Kind::Crafts, "剪窗花"),
    (Kind::Classics, "弟子规"),
    (Kind::Homework, ""),
    (Kind::Crafts, "捏面人"),
    (Kind::Classics, "唐诗"),
];

/// Two and a half years of Wednesdays.
pub async fn hold(db: &Db, community: &Community, now: Timestamp) -> Result<()> {
    let Some(estate) = community.estates.first() else { return Ok(()) };
    let mut tx = db.read().await?;
    let desk = community.act(community.cast.desk, now);
    let children = after_school::enrolled(&mut tx, &desk, estate.id).await?;
    let today = now.to_zoned_datetime(shanghai()).date();
    let keepers = keepers(&mut tx, community, today).await?;
    drop(tx);
    let Some(last) = today.yesterday().ok().and_then(|day| day.nth_weekday(-1, Weekday::Wednesday).ok()) else {
        return Ok(());
    };
    // On a holiday it is the first day after it. Of years whose holidays are not known nothing is said.
    let weeks = (0..WEEKS_BEFORE).rev().map(|week| last - (7 * week).days());
    let mut days: Vec<Date> = weeks.filter_map(|day| WorkingDays::embedded().on_or_after(day).ok()).collect();
    days.dedup();
    days.retain(|day| *day < today);
    let held = days.len();
    for (at, day) in days.into_iter().enumerate() {
        let (kind, theme) = THEMES[at % THEMES.len()];
        let plan = Plan { kind, theme: theme.to_owned(), ..weekly(estate.id, day)? };
        // Everybody on the roll has a turn.
        let on_roll = children.iter().filter(|child| child.enrolled_on.as_deref() <= Some(day.to_string().as_str()));
        let on_roll: Vec<&Child> = on_roll.collect();
        let turn = on_roll.iter().cycle().skip(at * AT_ONCE % on_roll.len().max(1));
        let there: Vec<Child> = turn.take(AT_ONCE.min(on_roll.len())).map(|child| (*child).clone()).collect();
        let mut tx = db.begin().await?;
        past(&mut tx, community, (&plan, now), &there, &keepers, (at, Odd::of(held - 1 - at))).await?;
        tx.commit().await?;
    }
    let mut tx = db.begin().await?;
    coming(&mut tx, &desk, &weekly(estate.id, last + 7.days())?, &children, &keepers).await?;
    if let Some(child) = children.first() {
        care::code(&mut tx, community, child, now).await?;
    }
    Ok(tx.commit().await?)
}

fn weekly(estate: Uuid, day: Date) -> Result<Plan> {
    let at = |hour, minute| -> Result<Timestamp> {
        let at = day.at(hour, minute, 0, 0).to_zoned_datetime(shanghai()).map_err(anyhow::Error::from)?;
        Ok(at.timestamp())
    };
    Ok(Plan {
        estate,
        place: "党群服务站".to_owned(),
        kind: Kind::Homework,
        theme: String::new(),
        span: Span { starts_at: at(16, 0)?, ends_at: at(17, 30)? },
        capacity: 20,
    })
}

/// Those of the teams for children who have been asked about.
async fn keepers(tx: &mut Tx, community: &Community, today: Date) -> Result<Vec<Keeper>> {
    let vetted = volunteer::vetted(tx, community.tenant, today).await?;
    Ok(vetted.into_iter().map(|(id, name)| Keeper { id, name }).collect())
}

/// A session that has been: two adults were there before any child, most children came, and all of them went with somebody whom their
/// guardians let fetch them, but for what was `odd`.
async fn past(
    tx: &mut Tx,
    community: &Community,
    (plan, now): (&Plan, Timestamp),
    children: &[Child],
    keepers: &[Keeper],
    (at, odd): (usize, Option<Odd>),
) -> Result<()> {
    let minutes = SignedDuration::from_mins;
    let (starts_at, ends_at) = (plan.span.starts_at, plan.span.ends_at);
    let desk = community.act(community.cast.desk, starts_at - SignedDuration::from_hours(50));
    let Some((id, pair)) = arranged(tx, &desk, plan, None, (children, keepers, at)).await? else { return Ok(()) };
    let session = after_school::session(tx, desk.tenant, id).await?;
    let rota = after_school::keepers(tx, &desk, &session).await?;
    let own = |at: Timestamp| community.resident(at);
    for line in &rota {
        after_school::keeper_came(tx, &own(starts_at - minutes(15)), id, line.id, pair[0]).await?;
    }
    after_school::open_session(tx, &own(starts_at - minutes(10)), id, pair[0]).await?;
    for (place, child) in children.iter().enumerate() {
        let (step, when) = match (at + 5 * place) % 23 {
            0 => (Step::StayAway(true), -5),
            1 => (Step::StayAway(false), 12),
            2 => (Step::Arrive, 14),
            _ => (Step::Arrive, place as i64 - 8),
        };
        after_school::take(tx, &own(starts_at + minutes(when)), id, child.id, pair[0], step).await?;
    }
    let (mut by_code, mut late) = (odd == Some(Odd::Lively), None);
    for row in after_school::rows(tx, &own(ends_at), &session).await? {
        let child = row.child.id;
        if row.is(Standing::Absent) {
            let call = Step::Called(after_school::Call::NotComing);
            after_school::take(tx, &own(starts_at + minutes(18)), id, child, pair[1], call).await?;
        }
        let Some(adult) = row.adults.iter().find(|adult| !adult.barred) else { continue };
        if row.is(Standing::Here) && std::mem::take(&mut by_code) {
            care::by_code(tx, community, &session, &row.child, pair[1]).await?;
        } else if row.is(Standing::Here) && odd == Some(Odd::Late) && late.is_none() {
            late = Some(row);
        } else if row.is(Standing::Here) {
            let fetch = Step::Fetch(Fetch::Listed(adult.id));
            after_school::take(tx, &own(ends_at + minutes(5)), id, child, pair[1], fetch).await?;
        }
    }
    if let Some(row) = late {
        care::late(tx, community, &session, &row, pair[1]).await?;
    }
    match odd {
        Some(Odd::Lively) => {
            care::pictures(tx, community, &session, pair[0]).await?;
            let rows = after_school::rows(tx, &own(ends_at + minutes(10)), &session).await?;
            care::quarrel(tx, community, &session, &rows, pair[0]).await?;
        }
        Some(Odd::Fall) => {
            let rows = after_school::rows(tx, &own(ends_at + minutes(10)), &session).await?;
            care::fall(tx, community, &session, &rows, pair[0]).await?;
        }
        Some(Odd::Late) | None => (),
    }
    booked(tx, community, (&session, now)).await
}

/// When a class is over, the hours of whoever held it are written; the desk confirms them and the secretary approves, if that was so long ago.
async fn booked(tx: &mut Tx, community: &Community, (session, now): (&Session, Timestamp)) -> Result<()> {
    let hours = |hours| session.ends_at + SignedDuration::from_hours(hours);
    if hours(28) > now {
        return Ok(());
    }
    after_school::over(tx, &community.resident(hours(1)), session).await?;
    let rota = after_school::keepers(tx, &community.resident(hours(1)), session).await?;
    let (desk, secretary) =
        (community.act(community.cast.desk, hours(3)), community.act(community.cast.secretary, hours(28)));
    for id in rota.into_iter().filter_map(|keeper| keeper.record) {
        let record = volunteer::record(tx, community.tenant, id).await?;
        volunteer::confirm_hours(tx, &desk, &record, record.lock_version, None).await?;
        let record = volunteer::record(tx, community.tenant, id).await?;
        volunteer::approve_hours(tx, &secretary, &record, record.lock_version, None).await?;
    }
    Ok(())
}

/// The sessions of the coming weeks, as far as the holidays are known.
async fn coming(tx: &mut Tx, desk: &Act, plan: &Plan, children: &[Child], keepers: &[Keeper]) -> Result<()> {
    let first = plan.span.day();
    let Some(known) = WorkingDays::embedded().years().max().map(|year| jiff::civil::date(year, 12, 31)) else {
        return Ok(());
    };
    if first > known {
        return Ok(());
    }
    let every = Every::Weeks { interval: 1, days: Vec::new() };
    let until = (first + WEEKS_AHEAD.weeks()).min(known);
    let repeat = Recurrence { every, until, skip: Skip::NoSchool };
    let there: Vec<Child> = children.iter().take(AT_ONCE).cloned().collect();
    arranged(tx, desk, plan, Some(&repeat), (&there, keepers, 0)).await?;
    Ok(())
}

/// A session or a term is planned, and the children and two of the keepers are put down. Nothing where nobody could hold it.
async fn arranged<'a>(
    tx: &mut Tx,
    desk: &Act,
    plan: &Plan,
    repeat: Option<&Recurrence>,
    (children, keepers, at): (&[Child], &'a [Keeper], usize),
) -> Result<Option<(Uuid, [&'a Keeper; 2])>> {
    let pair = [keepers.get(at % keepers.len().max(1)), keepers.get((at + 1) % keepers.len().max(1))];
    let ([Some(one), Some(other)], false) = (pair, children.is_empty() || keepers.len() < 2) else { return Ok(None) };
    let (id, _) = after_school::plan(tx, desk, plan, repeat).await?;
    let session = after_school::session(tx, desk.tenant, id).await?;
    after_school::expect(tx, desk, &session, children, Following::AllThatFollow).await?;
    for keeper in [one, other] {
        after_school::add_keeper(tx, desk, &session, Who::Volunteer(keeper.id), Following::AllThatFollow).await?;
    }
    Ok(Some((id, [one, other])))
}
