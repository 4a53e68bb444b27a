//! Volunteers go from door to door: a list of doors is made, dealt out among those who come, and what came of each door is noted by them on
//! that day, or by staff from paper. Volunteers see their own doors only, and nothing of why a door is on the list. What was made from a tag is
//! forgotten first; what came of the doors stays as numbers.

use std::collections::HashSet;

use db::{Tx, text_enum};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::Deserialize;
use uuid::Uuid;

use super::kind;
use super::model::{Particulars, Rules as Needed, State};
use super::round_store::{
    self, ADD_DOOR, ADD_DOOR_OUTCOME, ADD_OUTCOME, ADD_ROUND, CANCEL_ROUND, DOOR, DOORS, DROP_OUTCOMES, Door,
    END_OUTCOME, FORGET_DOORS, FORGET_DWELLING, FORGET_ROUND, Found, GIVE, HOLD_ROUND, MATCH, MOVE_ROUND, NEEDS_LEFT,
    NEEDY, NOTE, Needy, OLD_ROUNDS, OWN_DOORS, OWN_ROUNDS, Outcome, ROUND, ROUND_IN_REACH, ROUNDS_OF_DAY, Round,
    SETTLE, TAKE_ROUND,
};
use crate::access::{Act, Scope};
use crate::audit::{self, Change};
use crate::error::{Error, Result};
use crate::place;
use crate::registry::Tag;
use crate::registry::roll::{self, Filter};
use crate::settings::{self, Setting};
use crate::volunteer::{self, Span};

text_enum! {
    /// From what a list of doors was made.
    pub enum Origin { Place = "place" "小区或楼栋", Tag = "tag" "登记的标签", Needs = "needs" "等安排的需要" }
}

text_enum! {
    /// How something is noted of a door.
    pub enum Manner { Plain = "plain" "做了就勾", Counted = "counted" "要记份数", Alone = "alone" "只能单独选，如“不需要”", Away = "away" "没见到人，还要再去，如“没人”" }
}

/// How many doors a round has, and how long lists are kept.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Rounds {
    pub most_doors: i64,
    /// So many days after the day of a round volunteers may still note.
    pub note_days: i64,
    pub keep_list_days: i64,
}

impl Setting for Rounds {
    const NAME: &'static str = "service.rounds";
}

/// Which doors, whose team, and when.
#[derive(Debug, Clone)]
pub struct NewRound {
    pub estate: Uuid,
    pub building: Option<Uuid>,
    pub origin: Origin,
    pub tag: Option<Tag>,
    pub team: Uuid,
    pub activity: Option<Uuid>,
    pub title: String,
    pub span: Span,
}

/// What the seed's volunteers note at the doors.
const USUAL: [(&str, Manner); 7] = [
    ("装了反诈App", Manner::Plain),
    ("留了宣传册（电信诈骗、非法集资）", Manner::Counted),
    ("教了手机", Manner::Plain),
    ("翻了土", Manner::Plain),
    ("清了院子", Manner::Plain),
    ("没人", Manner::Away),
    ("不需要", Manner::Alone),
];

impl Round {
    pub fn span(&self) -> Span {
        Span { starts_at: self.starts_at, ends_at: self.ends_at }
    }

    /// `12月5日 星期六 08:00–11:00`
    pub fn when(&self) -> String {
        self.span().words()
    }

    pub fn open(&self) -> bool {
        self.cancelled_at.is_none() && self.forgotten_at.is_none()
    }
}

impl Door {
    /// `3号楼 2单元 1302`
    pub fn words(&self) -> String {
        let unit = place::unit_words(self.unit_key.as_deref().unwrap_or_default());
        let parts =
            [self.building_name.as_deref().unwrap_or_default(), &unit, self.room.as_deref().unwrap_or_default()];
        let words = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        if words.is_empty() { "（门牌已不再保存）".to_owned() } else { words }
    }

    /// What is noted there, as a form names it: when it was.
    pub fn version(&self) -> String {
        self.noted_at.map(|at| at.as_millisecond().to_string()).unwrap_or_default()
    }

    /// What whoever goes there may read of whoever asked for it.
    pub fn told(&self, act: &Act) -> Result<Option<Particulars>> {
        let Some(sealed) = self.sealed.as_ref().filter(|_| self.shares == Some(true)) else { return Ok(None) };
        Ok(Some(serde_json::from_str(&act.open("service need", sealed)?).map_err(anyhow::Error::from)?))
    }
}

fn today(act: &Act) -> Date {
    act.at.to_zoned_datetime(calendar::shanghai()).date()
}

pub async fn round(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Round> {
    Ok(tx.one(ROUND.bind(tenant).bind(id)).await?)
}

pub(super) async fn in_reach(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<Round> {
    Ok(tx.one(ROUND_IN_REACH.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

pub(super) async fn of_day(tx: &mut Tx, tenant: Uuid, scope: &Scope, day: Date) -> Result<Vec<Round>> {
    Ok(tx.all(ROUNDS_OF_DAY.bind(tenant).bind(scope.account).bind(&scope.roles).bind(day.to_string())).await?)
}

pub async fn doors(tx: &mut Tx, tenant: Uuid, round: Uuid) -> Result<Vec<Door>> {
    Ok(tx.all(DOORS.bind(tenant).bind(round)).await?)
}

/// What can come of a door, entered by the community.
pub async fn add_outcome(tx: &mut Tx, act: &Act, name: &str, manner: Manner) -> Result<Uuid> {
    let id = act.id();
    let row = ADD_OUTCOME.bind(act.tenant).bind(id).bind(name).bind(manner == Manner::Counted);
    let row = row.bind(matches!(manner, Manner::Alone | Manner::Away)).bind(manner == Manner::Away);
    tx.execute(row.bind(act.at)).await?;
    audit::record(tx, act, "create", ("service_outcome", id), name, &[]).await?;
    Ok(id)
}

/// Nothing new is noted as this, or it is again.
///
/// Errors: not found of none; stale if somebody else has changed it since.
pub async fn end_outcome(tx: &mut Tx, act: &Act, id: Uuid, seen: i64, ended: bool) -> Result<()> {
    if !round_store::outcomes(tx, act.tenant).await?.iter().any(|outcome| outcome.id == id) {
        return Err(Error::NotFound);
    }
    let row = END_OUTCOME.bind(act.tenant).bind(id).bind(seen).bind(ended.then_some(act.at));
    if tx.execute(row).await? == 0 {
        return Err(Error::Stale("这一种结果刚刚有别人改过，请看一下再改。".to_owned()));
    }
    let action = if ended { "disable" } else { "enable" };
    audit::record(tx, act, action, ("service_outcome", id), "", &[]).await
}

/// Enters what is usually noted, where nothing is yet.
pub async fn enter_usual_outcomes(tx: &mut Tx, act: &Act) -> Result<()> {
    if !round_store::outcomes(tx, act.tenant).await?.is_empty() {
        return Err(Error::refused("已经登记了上门结果，请在列表里改"));
    }
    for (at, (name, manner)) in (0..).zip(USUAL) {
        // One after the other, since they are shown in the order in which they were entered.
        let then = Act { at: act.at + SignedDuration::from_millis(at), ..act.clone() };
        add_outcome(tx, &then, name, manner).await?;
    }
    Ok(())
}

fn refuse_impossible(act: &Act, span: Span) -> Result<()> {
    if span.day() < today(act) {
        return Err(Error::refused("这一天已经过了，请选今天或以后"));
    }
    if span.minutes() <= 0 {
        return Err(Error::refused("结束要晚于开始"));
    }
    Ok(())
}

/// Makes the list of doors of a round. `scope` is of whoever may read what the list is made from.
///
/// Errors: refused of no doors, of too many, of a day that is over, and of an activity that is not the team's; stale if somebody else has
/// just arranged for one of the needs.
pub async fn plan(tx: &mut Tx, act: &Act, scope: &Scope, new: NewRound) -> Result<Uuid> {
    let rules: Rounds = settings::read(tx, act.tenant, act.at).await?;
    refuse_impossible(act, new.span)?;
    if let Some(activity) = new.activity
        && volunteer::activity(tx, act.tenant, activity).await?.team_id != new.team
    {
        return Err(Error::refused("这次活动不是这支队的"));
    }
    let most = usize::try_from(rules.most_doors).unwrap_or_default();
    let doors: Vec<(Uuid, Option<Uuid>)> = match new.origin {
        Origin::Needs => {
            let query = NEEDY.bind(act.tenant).bind(scope.account).bind(&scope.roles).bind(new.estate);
            let found: Vec<Needy> = tx.all(query.bind(most as i64 + 1).bind(new.building)).await?;
            // One need of a door at a time; another one of the same door waits on.
            let mut known = HashSet::new();
            let found = found.into_iter().filter(|row| known.insert(row.dwelling_id));
            found.map(|row| (row.dwelling_id, Some(row.id))).collect()
        }
        Origin::Place | Origin::Tag => {
            let tag = new.tag.filter(|_| new.origin == Origin::Tag);
            let filter = Filter { estate: Some(new.estate), building: new.building, tag, ..Filter::default() };
            let homes = roll::homes(tx, act.tenant, scope, &filter, today(act), most).await?;
            homes.into_iter().map(|home| (home.dwelling_id, None)).collect()
        }
    };
    if doors.is_empty() {
        return Err(Error::refused("没有符合的人家，请换一个楼栋或办法"));
    }
    if doors.len() > most {
        return Err(Error::refused(format!("一次最多走 {most} 户，请按楼栋分几次")));
    }
    let mut needs: Vec<Uuid> = doors.iter().filter_map(|(_, need)| *need).collect();
    needs.sort();
    for need in needs {
        if tx.execute(MATCH.bind(act.tenant).bind(need)).await? == 0 {
            return Err(Error::Stale("名单里的需要刚刚有别人安排了，请再排一次。".to_owned()));
        }
    }
    let id = act.id();
    let row = ADD_ROUND.bind(act.tenant).bind(id).bind(new.estate).bind(new.team).bind(new.activity).bind(&new.title);
    let row = row.bind(new.origin).bind(new.tag.filter(|_| new.origin == Origin::Tag)).bind(new.span.day().to_string());
    let row = row.bind(new.span.starts_at).bind(new.span.ends_at);
    tx.execute(row.bind(act.at).bind(act.account)).await?;
    let row = |(at, (dwelling, need)): (usize, &(Uuid, Option<Uuid>))| {
        ADD_DOOR.bind(act.tenant).bind(act.id()).bind(id).bind(at as i64 + 1).bind(*dwelling).bind(*need)
    };
    tx.execute_many(ADD_DOOR, doors.iter().enumerate().map(row).collect()).await?;
    audit::record(tx, act, "create", ("service_round", id), &format!("{} 户", doors.len()), &[]).await?;
    Ok(id)
}

/// Nobody else does anything with a round until the transaction ends, from the version that somebody saw.
async fn hold(tx: &mut Tx, act: &Act, round: Uuid, seen: i64) -> Result<()> {
    if tx.execute(HOLD_ROUND.bind(act.tenant).bind(round).bind(seen)).await? == 0 {
        return Err(Error::Stale("这次入户刚刚有别人动过，请看一下再办。".to_owned()));
    }
    Ok(())
}

/// Deals the doors of which nothing is noted out among some volunteers of the team, neighbours together.
///
/// Errors: refused without anybody, of somebody who is not in the team, and of whoever may not go to a door by their age or by what the kind of
/// service there asks for; stale if somebody else was first.
pub async fn deal(tx: &mut Tx, act: &Act, round: &Round, seen: i64, people: &[Uuid]) -> Result<()> {
    hold(tx, act, round.id, seen).await?;
    let members = volunteer::members(tx, act.tenant, round.team_id).await?;
    let signed_up = match round.activity_id {
        Some(activity) => volunteer::sign_ups(tx, act.tenant, activity).await?,
        None => Vec::new(),
    };
    let known = |id: &Uuid| {
        members.iter().any(|member| member.volunteer_id == *id) || signed_up.iter().any(|up| up.volunteer_id == *id)
    };
    if people.is_empty() || !people.iter().all(known) {
        return Err(Error::refused("请勾选来了的人，只能是这支队或报了名的"));
    }
    let doors = doors(tx, act.tenant, round.id).await?;
    let left: Vec<&Door> = doors.iter().filter(|door| door.noted_at.is_none()).collect();
    // A stretch of the way for each, in one statement; what is noted along it stays whose it was.
    let stretch = |at: usize| &left[left.len() * at / people.len()..left.len() * (at + 1) / people.len()];
    let mut chosen = Vec::with_capacity(left.len());
    for (at, person) in people.iter().enumerate() {
        chosen.extend(stretch(at).iter().map(|door| (*door, *person)));
    }
    refuse_unfit(tx, act, round, &chosen).await?;
    book(tx, act, (round, round.span()), people.to_vec()).await?;
    for (at, person) in people.iter().enumerate() {
        if let (Some(first), Some(last)) = (stretch(at).first(), stretch(at).last()) {
            let row = GIVE.bind(act.tenant).bind(round.id).bind(*person).bind(first.position).bind(last.position);
            tx.execute(row).await?;
        }
    }
    let words = format!("{} 户分给 {} 人", left.len(), people.len());
    audit::record(tx, act, "deal", ("service_round", round.id), &words, &[]).await
}

/// Whoever goes from door to door is nowhere else meanwhile. Those who were booked for the round before are not any more.
///
/// Errors: refused of somebody who is elsewhere at that time.
async fn book(tx: &mut Tx, act: &Act, (round, span): (&Round, Span), mut people: Vec<Uuid>) -> Result<()> {
    volunteer::release(tx, act, round.id).await?;
    if span.ends_at <= act.at {
        return Ok(());
    }
    let rules: Needed = settings::read(tx, act.tenant, act.at).await?;
    let booking = volunteer::Booking { subject: round.id, title: &round.title, span, activity: round.activity_id };
    // Rows of volunteers are taken in one order by everybody.
    people.sort();
    people.dedup();
    for person in people {
        volunteer::engage(tx, act, person, booking, volunteer::Asked::of_age(rules.visitor_age)).await?;
    }
    Ok(())
}

/// A round asks of whoever goes to a door what a single visit there asks.
async fn refuse_unfit(tx: &mut Tx, act: &Act, round: &Round, chosen: &[(&Door, Uuid)]) -> Result<()> {
    let rules: Needed = settings::read(tx, act.tenant, act.at).await?;
    let joining: volunteer::Joining = settings::read(tx, act.tenant, act.at).await?;
    let day: Date = round.on_day.parse().map_err(anyhow::Error::from)?;
    let kinds = kind::kinds(tx, act.tenant).await?;
    let people = volunteer::candidates(tx, act.tenant, &Scope::tenant()).await?;
    for (door, who) in chosen {
        let Some(person) = people.iter().find(|person| person.id == *who) else {
            return Err(Error::refused("有人已经不在册了，请另选"));
        };
        let kind = kinds.iter().find(|kind| Some(kind.id) == door.kind_id);
        let asked = kind.map_or(volunteer::Asked::of_age(rules.visitor_age), |kind| kind.asked(&rules));
        if !person.fits(&asked, joining.adult_age, day) {
            let (name, least) = (&person.name, rules.visitor_age);
            return Err(Error::refused(match kind {
                Some(kind) => {
                    format!("{name}不能去 {}：“{}”{}，还要满 {least} 岁", door.words(), kind.name, kind.demands())
                }
                None => format!("{name}不能上门：要登记了出生日期，满 {least} 岁"),
            }));
        }
    }
    Ok(())
}

/// The needs for which nobody goes any more wait again.
async fn let_go(tx: &mut Tx, act: &Act, round: Uuid) -> Result<()> {
    let found: Vec<Found> = tx.all(NEEDS_LEFT.bind(act.tenant).bind(round)).await?;
    let mut needs: Vec<Uuid> = found.into_iter().map(|row| row.id).collect();
    needs.sort();
    for need in needs {
        tx.execute(SETTLE.bind(act.tenant).bind(need).bind(State::Open).bind(round)).await?;
    }
    Ok(())
}

/// Puts a round off, or forward.
///
/// Errors: refused once something is noted, of a day that is over, and where somebody is elsewhere then; stale if somebody else was first.
pub async fn move_to(tx: &mut Tx, act: &Act, round: &Round, seen: i64, span: Span) -> Result<()> {
    hold(tx, act, round.id, seen).await?;
    let round = self::round(tx, act.tenant, round.id).await?;
    if round.noted > 0 {
        return Err(Error::refused("已经有人家登记了结果，不能再改日子；剩下的请另排一次"));
    }
    refuse_impossible(act, span)?;
    let doors = doors(tx, act.tenant, round.id).await?;
    book(tx, act, (&round, span), doors.iter().filter_map(|door| door.volunteer_id).collect()).await?;
    let row = MOVE_ROUND.bind(act.tenant).bind(round.id).bind(span.day().to_string());
    tx.execute(row.bind(span.starts_at).bind(span.ends_at)).await?;
    let change = Change { field: "span", old: Some(round.span().words()), new: Some(span.words()) };
    audit::record(tx, act, "update", ("service_round", round.id), "", &[change]).await
}

/// Calls a round off.
///
/// Errors: refused once something is noted; stale if somebody else was first.
pub async fn cancel(tx: &mut Tx, act: &Act, round: &Round, seen: i64, why: &str) -> Result<()> {
    hold(tx, act, round.id, seen).await?;
    let round = self::round(tx, act.tenant, round.id).await?;
    if round.noted > 0 {
        return Err(Error::refused("已经有人家登记了结果，不能再取消"));
    }
    let_go(tx, act, round.id).await?;
    volunteer::release(tx, act, round.id).await?;
    tx.execute(CANCEL_ROUND.bind(act.tenant).bind(round.id).bind(act.at).bind(why)).await?;
    audit::record(tx, act, "cancel", ("service_round", round.id), why, &[]).await
}

pub async fn door(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Door> {
    Ok(tx.one(DOOR.bind(tenant).bind(id)).await?)
}

/// A volunteer's own doors of a round of these days, with the rounds.
pub async fn own(tx: &mut Tx, act: &Act, volunteer: Uuid) -> Result<(Vec<Round>, Vec<Door>)> {
    let rules: Rounds = settings::read(tx, act.tenant, act.at).await?;
    let today = today(act);
    let from = today.checked_sub(rules.note_days.days()).map_err(anyhow::Error::from)?;
    let of_days = |statement: db::Statement| {
        statement.bind(act.tenant).bind(volunteer).bind(from.to_string()).bind(today.to_string())
    };
    Ok((tx.all(of_days(OWN_ROUNDS)).await?, tx.all(of_days(OWN_DOORS)).await?))
}

/// Notes what came of a door, each with its number; it replaces what was noted there before, which somebody has seen as it was noted at `seen`. `by` is the volunteer, if it is one, who notes their
/// own doors on the day of the round and shortly after.
///
/// Errors: not found of a door that is not theirs, or not on this day; refused of nothing, of what is not noted any more, and of what goes with
/// nothing else; stale if somebody else has noted something there since.
pub async fn note(
    tx: &mut Tx,
    act: &Act,
    (door_id, seen): (Uuid, Option<Timestamp>),
    by: Option<Uuid>,
    came: &[(Uuid, i64)],
) -> Result<()> {
    let round = door(tx, act.tenant, door_id).await?.round_id;
    if tx.execute(TAKE_ROUND.bind(act.tenant).bind(round)).await? == 0 {
        return Err(Error::refused("这次入户已经取消，或者已过保存期"));
    }
    let door = door(tx, act.tenant, door_id).await?;
    let round = self::round(tx, act.tenant, round).await?;
    let day: Date = round.on_day.parse().map_err(anyhow::Error::from)?;
    if let Some(by) = by {
        let (_, own) = own(tx, act, by).await?;
        if !own.iter().any(|own| own.id == door.id) {
            return Err(Error::NotFound);
        }
    } else if day > today(act) {
        return Err(Error::refused("还没有到这一天，去过以后再登记"));
    }
    if door.noted_at != seen {
        return Err(Error::Stale("这一户刚刚有别人登记了结果，请看一下再改。".to_owned()));
    }
    let known = round_store::outcomes(tx, act.tenant).await?;
    let before = round_store::of_round(tx, act.tenant, round.id).await?;
    // What has ended since may stay where it was noted.
    let usable = |outcome: &Outcome| {
        let noted = before.iter().any(|came| came.door_id == door.id && came.outcome_id == outcome.id);
        outcome.ended_at.is_none() || noted
    };
    let chosen: Option<Vec<&Outcome>> = came
        .iter()
        .map(|(id, number)| {
            let outcome = known.iter().find(|outcome| outcome.id == *id)?;
            let number_fits = (1..=999).contains(number) && (outcome.counted || *number == 1);
            Some(outcome).filter(|outcome| number_fits && usable(outcome))
        })
        .collect();
    let Some(chosen) = chosen.filter(|chosen| !chosen.is_empty()) else {
        return Err(Error::refused("请至少选一样，份数写 1 到 999"));
    };
    let twice = (1..came.len()).any(|at| came[..at].iter().any(|(id, _)| *id == came[at].0));
    if twice || chosen.len() > 1 && chosen.iter().any(|outcome| outcome.alone) {
        return Err(Error::refused("“没人”“不需要”这样的只能单独选"));
    }
    if let Some(need) = door.need_id {
        // Where nobody was, somebody has to go again.
        let state = if chosen.iter().any(|outcome| outcome.away) { State::Open } else { State::Matched };
        tx.execute(SETTLE.bind(act.tenant).bind(need).bind(state).bind(round.id)).await?;
    }
    tx.execute(DROP_OUTCOMES.bind(act.tenant).bind(door.id)).await?;
    let row = |(outcome, number): &(Uuid, i64)| {
        ADD_DOOR_OUTCOME.bind(act.tenant).bind(door.id).bind(*outcome).bind(round.id).bind(*number)
    };
    tx.execute_many(ADD_DOOR_OUTCOME, came.iter().map(row).collect()).await?;
    tx.execute(NOTE.bind(act.tenant).bind(door.id).bind(act.at).bind(act.account).bind(by)).await?;
    let by = by.map(|by| Change { field: "volunteer", old: None, new: Some(by.to_string()) });
    let changes: Vec<Change> = by.into_iter().collect();
    audit::record(tx, act, "note_door", ("service_round", round.id), &format!("第 {} 户", door.position), &changes)
        .await
}

/// The home of somebody whose data were erased is on no list any more.
pub(super) async fn erase_door(tx: &mut Tx, act: &Act, dwelling: Uuid) -> Result<()> {
    tx.execute(FORGET_DWELLING.bind(act.tenant).bind(dwelling)).await?;
    Ok(())
}

/// Removes the doors, the tag and who went there of rounds longer ago than the setting says; what came of them stays as numbers.
pub async fn forget_old(tx: &mut Tx, act: &Act) -> Result<()> {
    let rules: Rounds = settings::read(tx, act.tenant, act.at).await?;
    let before = today(act).checked_sub(rules.keep_list_days.days()).map_err(anyhow::Error::from)?;
    let mut old: Vec<Uuid> = tx
        .all::<Found>(OLD_ROUNDS.bind(act.tenant).bind(before.to_string()))
        .await?
        .into_iter()
        .map(|row| row.id)
        .collect();
    old.sort();
    // All rows are taken before the chain of the audit is.
    for id in &old {
        tx.execute(FORGET_ROUND.bind(act.tenant).bind(*id).bind(act.at)).await?;
        let_go(tx, act, *id).await?;
        tx.execute(FORGET_DOORS.bind(act.tenant).bind(*id)).await?;
    }
    for id in old {
        audit::erase(tx, act, id, None).await?;
        audit::record(tx, act, "erase", ("service_round", id), "保存期已满", &[]).await?;
    }
    Ok(())
}
