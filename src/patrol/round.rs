//! A round is planned for people, who say at each point that they are there; what they saw on the way waits for the desk.

use db::Tx;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::model::{Departure, How, Rounds};
use super::store::{
    self, ADD_CHECK, ADD_NOTE, ADD_PHOTO, ADD_ROUND, ADD_WALKER, ANSWER, BEGIN_ROUND, BESIDES, Besides, CANCEL_ROUND,
    CHANGE_ROUND, Check, DROP_WALKERS, END_ROUND, HOLD_ROUND, HOLD_ROUTE, NEAR, Near, Round, Route, SETTLE, Walker,
};
use crate::access::Act;
use crate::audit;
use crate::duty::{self, Alone, Person};
use crate::error::{Error, Result};
use crate::{photo, settings};

/// The most people who go together.
pub const MOST_WALKERS: usize = 8;

/// How a round stands, as the class of a tag and its word. One of which nobody has said how long takes the usual minutes.
pub fn standing(round: &Round, usual_minutes: i64, now: Timestamp) -> (&'static str, &'static str) {
    let today = duty::day_of(now).to_string();
    if round.cancelled_at.is_some() {
        ("", "已取消")
    } else if round.ended_at.is_some() {
        ("done", "已结束")
    } else if round.begun_at.is_some() {
        let out = round.day >= today || round.due_back(usual_minutes).is_some_and(|back| back >= now);
        if out { ("done", "在走") } else { ("soon", "没有点结束") }
    } else if round.day < today {
        ("late", "没有走")
    } else if round.day == today && round.planned_at.is_some_and(|at| at < now) {
        ("late", "到点没出发")
    } else {
        ("", "待出发")
    }
}

impl Round {
    /// Somebody is on the way.
    pub fn out(&self) -> bool {
        self.begun_at.is_some() && self.ended_at.is_none() && self.cancelled_at.is_none()
    }

    /// Points can still be ticked off on its day.
    pub fn open(&self) -> bool {
        self.ended_at.is_none() && self.cancelled_at.is_none()
    }

    /// From when until when it is walked, as far as that is planned; one that has ended is over.
    fn hours(&self, rounds: &Rounds) -> Option<(Timestamp, Timestamp)> {
        let from = self.planned_at?;
        let expected = from + SignedDuration::from_mins(self.minutes.unwrap_or(rounds.round_minutes));
        Some((from, self.ended_at.unwrap_or(expected)))
    }

    /// When whoever has set out should be back, by the length that is planned or else the usual one.
    pub fn due_back(&self, usual_minutes: i64) -> Option<Timestamp> {
        Some(self.begun_at? + SignedDuration::from_mins(self.minutes.unwrap_or(usual_minutes)))
    }

    /// Who set out, and who at the desk entered it.
    pub fn begun_by(&self) -> String {
        by(self.begun_name.as_deref(), self.begun_desk.as_deref())
    }

    pub fn ended_by(&self) -> String {
        by(self.ended_name.as_deref(), self.ended_desk.as_deref())
    }
}

fn by(walker: Option<&str>, desk: Option<&str>) -> String {
    match (walker, desk) {
        (Some(walker), Some(desk)) => format!("{walker}，{desk}登记"),
        (None, Some(desk)) => format!("{desk}登记"),
        (walker, None) => walker.unwrap_or_default().to_owned(),
    }
}

/// When a round sets out, and how many minutes it is expected to take.
pub type Planned = (Timestamp, i64);

/// Whether these people can go on that day at that time.
///
/// Errors: refused if one of them cannot, or none of them may go without somebody else.
async fn fit(
    tx: &mut Tx,
    act: &Act,
    (route, day, planned): (Uuid, Date, Option<Planned>),
    known: Option<Uuid>,
    people: &[Person],
) -> Result<()> {
    if people.is_empty() || people.len() > MOST_WALKERS {
        return Err(Error::refused(format!("请选择谁去走，最多 {MOST_WALKERS} 人")));
    }
    // Of two who send the same people at once the second sees what the first did, and whoever puts them at a post does too.
    duty::hold(tx, act.tenant, people.iter().map(|person| person.id).collect()).await?;
    let alone: Alone = settings::read(tx, act.tenant, act.at).await?;
    if !people.iter().any(|person| alone.may(person.kind)) {
        return Err(Error::refused("这几位都不能单独执勤，请加上一名民警或者巡特警"));
    }
    let leaves = duty::on_leave(tx, act.tenant, day).await?;
    let usual: Rounds = settings::read(tx, act.tenant, act.at).await?;
    let planned_at = planned.map(|(at, _)| at);
    let hours = planned.map(|(at, minutes)| (at, at + SignedDuration::from_mins(minutes)));
    for person in people {
        let name = &person.name;
        if person.ended_at.is_some() || !person.kind.is_uniformed() {
            return Err(Error::refused(format!("{name}不能巡逻：只派在岗的民警、辅警、巡特警")));
        }
        if leaves.contains(&person.id) {
            return Err(Error::refused(format!("{name}这一天请假，请换一个人")));
        }
        let day_text = day.to_string();
        let rounds = store::rounds_of_person(tx, act.tenant, person.id, (&day_text, &day_text)).await?;
        let same = |round: &&Round| {
            Some(round.id) != known && round.route_id == route && round.open() && round.planned_at == planned_at
        };
        if rounds.iter().any(|round| same(&round)) {
            return Err(Error::refused(format!("{name}这一天同一个时间已经排在这条路线上")));
        }
        let Some((from, to)) = hours else { continue };
        let meets = |other: (Timestamp, Timestamp)| other.0 < to && from < other.1;
        let others = rounds.iter().filter(|round| Some(round.id) != known);
        let mut at_once = others.filter_map(|round| Some((round, round.hours(&usual)?)));
        if let Some((other, (begins, ends))) = at_once.find(|(_, hours)| meets(*hours)) {
            let (begins, ends) = (duty::clock(begins), duty::clock(ends));
            return Err(Error::refused(format!("{name}{begins}–{ends}在走{}，时间重了", other.route_name)));
        }
        let shifts = duty::shifts_of(tx, act.tenant, person.id, (day, day)).await?;
        let stands =
            |shift: &&duty::Shift| shift.absent_at.is_none() && shift.starts_at.zip(shift.ends_at).is_some_and(meets);
        if let Some(shift) = shifts.iter().find(stands) {
            return Err(Error::refused(format!("{name}这时候在{}站岗（{}）", shift.place(), shift.hours())));
        }
    }
    Ok(())
}

async fn set_walkers(tx: &mut Tx, act: &Act, round: Uuid, day: Date, people: &[Person]) -> Result<()> {
    let day = day.to_string();
    let row = |person: &Person| ADD_WALKER.bind(act.tenant).bind(round).bind(person.id).bind(&day);
    Ok(tx.execute_many(ADD_WALKER, people.iter().map(row).collect()).await?)
}

/// Plans a round of a route.
///
/// Errors: refused if the day is over, the route is not walked any more, or somebody cannot go.
pub async fn plan(
    tx: &mut Tx,
    act: &Act,
    route: &Route,
    (day, planned): (Date, Option<Planned>),
    people: &[Person],
) -> Result<Uuid> {
    if day < duty::day_of(act.at) {
        return Err(Error::refused("这一天已经过去了，请选今天或者以后的日子"));
    }
    // Whoever closes it meanwhile calls this one off too, or it is closed already.
    if tx.execute(HOLD_ROUTE.bind(act.tenant).bind(route.id)).await? == 0 {
        return Err(Error::refused("这条路线已经停走了"));
    }
    fit(tx, act, (route.id, day, planned), None, people).await?;
    let id = act.id();
    let row = ADD_ROUND.bind(act.tenant).bind(id).bind(route.id).bind(day.to_string());
    let row = row.bind(planned.map(|(at, _)| at)).bind(planned.map(|(_, minutes)| minutes));
    tx.execute(row.bind(act.account).bind(act.at)).await?;
    set_walkers(tx, act, id, day, people).await?;
    audit::record(tx, act, "create", ("patrol_round", id), "", &[]).await?;
    Ok(id)
}

/// What to look at, since nobody can say whether it is at the same time: rounds of the same people on that day of which one has no time. Empty
/// where there are none.
pub async fn caution(tx: &mut Tx, act: &Act, round: Uuid) -> Result<String> {
    let round = store::round(tx, act.tenant, round).await?;
    let others: Vec<Besides> = tx.all(BESIDES.bind(act.tenant).bind(round.id)).await?;
    let open = others.iter().filter(|other| round.planned_at.is_none() || other.planned_at.is_none());
    let said = open.take(3).map(|other| format!("{}还有{}", other.person_name, other.route_name));
    let said: Vec<String> = said.collect();
    if said.is_empty() {
        return Ok(String::new());
    }
    Ok(format!("。注意：这一天{}，有的没有定时间，请看看会不会重", said.join("，")))
}

/// Others go, or at another time. Whoever has checked in already stays.
///
/// Errors: refused if somebody cannot go, stale if somebody else was first or it has ended.
pub async fn change(
    tx: &mut Tx,
    act: &Act,
    round: &Round,
    seen: i64,
    planned: Option<Planned>,
    people: &[Person],
) -> Result<()> {
    let day: Date = round.day.parse().map_err(|error: jiff::Error| Error::Internal(error.into()))?;
    let row = CHANGE_ROUND.bind(act.tenant).bind(round.id).bind(seen).bind(planned.map(|(at, _)| at));
    if tx.execute(row.bind(planned.map(|(_, minutes)| minutes))).await? == 0 {
        return Err(Error::Stale("这一轮刚刚有变化（改过、结束了或者取消了），请看一下再改。".to_owned()));
    }
    let checks = store::checks_of_round(tx, act.tenant, round.id).await?;
    let gone = |check: &&Check| !people.iter().any(|person| person.id == check.person_id);
    if let Some(check) = checks.iter().find(gone) {
        return Err(Error::refused(format!("{}已经在这一轮到过点，不能去掉", check.person_name)));
    }
    fit(tx, act, (round.route_id, day, planned), Some(round.id), people).await?;
    tx.execute(DROP_WALKERS.bind(act.tenant).bind(round.id)).await?;
    set_walkers(tx, act, round.id, day, people).await?;
    audit::record(tx, act, "update", ("patrol_round", round.id), "", &[]).await
}

/// Errors: refused once somebody has set out: what happened stays.
pub async fn cancel(tx: &mut Tx, act: &Act, round: Uuid, why: &str) -> Result<()> {
    if tx.execute(CANCEL_ROUND.bind(act.tenant).bind(round).bind(act.at).bind(why)).await? == 0 {
        return Err(Error::refused("已经出发或者取消了的，不能再取消"));
    }
    audit::record(tx, act, "cancel", ("patrol_round", round), why, &[]).await
}

/// Takes the lock of a round and reads it as it stands then.
async fn held(tx: &mut Tx, act: &Act, round: Uuid) -> Result<Round> {
    tx.execute_one(HOLD_ROUND.bind(act.tenant).bind(round)).await?;
    let round = store::round(tx, act.tenant, round).await?;
    match round.cancelled_at {
        Some(_) => Err(Error::refused("这一轮已经取消了，请问值班室")),
        None => Ok(round),
    }
}

/// How long a round goes on beyond midnight: until whoever set out before should be back, and as much longer as it takes until the desk asks.
#[derive(Debug, Clone, Copy)]
pub struct Beyond {
    usual_minutes: i64,
    slack: SignedDuration,
}

impl Beyond {
    pub async fn read(tx: &mut Tx, act: &Act) -> Result<Beyond> {
        let rounds: Rounds = settings::read(tx, act.tenant, act.at).await?;
        let Departure { departure_minutes } = settings::read(tx, act.tenant, act.at).await?;
        let slack = SignedDuration::from_mins(departure_minutes);
        Ok(Beyond { usual_minutes: rounds.round_minutes, slack })
    }

    /// A moment belongs to a round: on its day, or in the night after it while they are still out.
    pub fn is_of(&self, round: &Round, at: Timestamp) -> bool {
        let until = round.ended_at.or_else(|| Some(round.due_back(self.usual_minutes)? + self.slack));
        let out = round.begun_at.is_some_and(|begun| begun <= at) && until.is_some_and(|until| at <= until);
        out || round.day == duty::day_of(at).to_string()
    }
}

/// The rounds that somebody can walk now: those of today, and those of yesterday on which they are still out.
pub async fn rounds_now(tx: &mut Tx, act: &Act, person: Uuid) -> Result<Vec<Round>> {
    let today = duty::day_of(act.at);
    let days = (today.yesterday().unwrap_or(today).to_string(), today.to_string());
    let mut rounds = store::rounds_of_person(tx, act.tenant, person, (&days.0, &days.1)).await?;
    let beyond = Beyond::read(tx, act).await?;
    rounds.retain(|round| beyond.is_of(round, act.at));
    Ok(rounds)
}

async fn refuse_another_day(tx: &mut Tx, act: &Act, round: &Round) -> Result<()> {
    if Beyond::read(tx, act).await?.is_of(round, act.at) {
        return Ok(());
    }
    let day = round.day.parse().map_or(round.day.clone(), duty::short_day);
    if round.day > duty::day_of(act.at).to_string() {
        return Err(Error::refused(format!("这一轮是{day}的，到那一天才能走")));
    }
    let end = if round.out() { "，走完了请点“结束这一轮”" } else { "" };
    Err(Error::refused(format!("这一轮是{day}的，那一天已经过了{end}")))
}

/// Whoever walks sets out. Saying it twice changes nothing.
pub async fn begin(tx: &mut Tx, act: &Act, round: Uuid, person: Uuid) -> Result<()> {
    let round = held(tx, act, round).await?;
    refuse_another_day(tx, act, &round).await?;
    set_out(tx, act, &round, person, act.at).await
}

async fn set_out(tx: &mut Tx, act: &Act, round: &Round, person: Uuid, at: Timestamp) -> Result<()> {
    if round.begun_at.is_none() {
        let row = BEGIN_ROUND.bind(act.tenant).bind(round.id).bind(at).bind(person).bind(act.account);
        tx.execute(row).await?;
        audit::record(tx, act, "begin_patrol", ("patrol_round", round.id), "", &[]).await?;
    }
    Ok(())
}

/// Somebody is at a point.
#[derive(Debug, Clone)]
pub struct NewCheck {
    pub round: Uuid,
    pub point: Uuid,
    pub person: Uuid,
    pub at: Timestamp,
    pub how: How,
    /// What they saw; may be empty.
    pub note: String,
    /// Of what they saw, and only with words.
    pub photos: Vec<Uuid>,
}

/// So close together, two check-ins of one person at one point are one.
const TWICE: SignedDuration = SignedDuration::from_secs(60);

/// Somebody who has signed on at a post and not off again is there, until the time there is over.
async fn refuse_at_post(tx: &mut Tx, act: &Act, new: &NewCheck, name: &str) -> Result<()> {
    let day = duty::day_of(new.at);
    let shifts = duty::shifts_of(tx, act.tenant, new.person, (day, day)).await?;
    let stands = |shift: &&duty::Shift| {
        shift.came_at.is_some_and(|came| came <= new.at)
            && shift.left_at.is_none_or(|left| left > new.at)
            && shift.ends_at.is_some_and(|ends| ends > new.at)
    };
    match shifts.iter().find(stands) {
        Some(shift) => {
            let (place, hours) = (shift.place(), shift.hours());
            Err(Error::refused(format!("{name}这时候在{place}站岗（{hours}），签退以后才能在巡逻里到点")))
        }
        None => Ok(()),
    }
}

/// Notes that somebody is at a point; the round begins with the first. Twice within a minute is once. Words and photos that come along the second
/// time are those of the first where it had none, and wait by themselves otherwise.
///
/// Errors: refused where there are photos and nobody says of what, the round is of another day or has ended, the point is not on its route, or they
/// stand at a post then; the desk may enter later what was told by radio, but not much later.
pub async fn check(tx: &mut Tx, act: &Act, new: &NewCheck) -> Result<()> {
    if new.note.is_empty() && !new.photos.is_empty() {
        return Err(Error::refused("照片已收到，请再写一句看到了什么"));
    }
    let round = held(tx, act, new.round).await?;
    if new.how == How::Desk {
        if !Beyond::read(tx, act).await?.is_of(&round, new.at) || new.at > act.at {
            return Err(Error::refused("时间要在这一轮的当天，不能晚于现在"));
        }
        let rounds: Rounds = settings::read(tx, act.tenant, act.at).await?;
        if new.at + SignedDuration::from_hours(rounds.desk_hours) < act.at {
            return Err(Error::refused(format!("电台里报的要在 {} 小时内登记，已经过了", rounds.desk_hours)));
        }
    } else {
        refuse_another_day(tx, act, &round).await?;
        if round.ended_at.is_some() {
            return Err(Error::refused("这一轮已经结束了；再走请值班室再排一轮"));
        }
    }
    let point = store::point(tx, act.tenant, new.point).await?;
    if point.route_id != round.route_id || point.closed_at.is_some_and(|closed| closed <= new.at) {
        return Err(Error::refused("这个点不在这条路线上，或者已经停用了"));
    }
    let walkers = store::walkers_of(tx, act.tenant, round.id).await?;
    let Some(walker) = walkers.iter().find(|walker| walker.person_id == new.person) else {
        return Err(Error::refused("请选择这一轮里的人"));
    };
    refuse_at_post(tx, act, new, &walker.name).await?;
    set_out(tx, act, &round, new.person, new.at).await?;
    if !new.note.is_empty() {
        tx.execute(SETTLE.bind(act.tenant)).await?;
    }
    let near = NEAR.bind(act.tenant).bind(point.id).bind(new.person).bind(new.at - TWICE).bind(new.at + TWICE);
    let near: Vec<Near> = tx.all(near).await?;
    let shown = match new.photos.is_empty() {
        true => Vec::new(),
        false => store::photos_of_round(tx, act.tenant, round.id).await?,
    };
    let shows = |near: &Near, photo: Uuid| shown.iter().any(|one| one.check_id == near.id && one.photo_id == photo);
    let said = |near: &Near| near.note.contains(&new.note) && new.photos.iter().all(|photo| shows(near, *photo));
    if near.iter().any(said) {
        return Ok(());
    }
    let id = match near.iter().find(|near| near.note.is_empty()) {
        Some(near) => {
            if tx.execute(ADD_NOTE.bind(act.tenant).bind(near.id).bind(&new.note)).await? == 0 {
                return Err(Error::Stale("同一处刚刚还记了一条，这几句还没有记下，请再点一次。".to_owned()));
            }
            near.id
        }
        None => {
            let id = act.id();
            let row = ADD_CHECK.bind(act.tenant).bind(id).bind(round.id).bind(point.id).bind(new.person).bind(new.at);
            let row = row.bind(new.how).bind(&new.note).bind(!new.note.is_empty());
            let told = new.how == How::Desk;
            tx.execute(row.bind(act.account.filter(|_| told)).bind(told.then_some(act.at))).await?;
            id
        }
    };
    for (position, photo) in new.photos.iter().enumerate() {
        photo::attach(tx, act.tenant, *photo).await?;
        tx.execute(ADD_PHOTO.bind(act.tenant).bind(id).bind(*photo).bind(position as i64)).await?;
    }
    audit::record(tx, act, "check_patrol", ("patrol_check", id), new.how.label(), &[]).await
}

/// The round is over, with what is handed over and what happened, said by one of them or entered at the desk. Saying it twice changes nothing.
///
/// Errors: refused before it has begun.
pub async fn end(tx: &mut Tx, act: &Act, round: Uuid, person: Option<Uuid>, words: &str) -> Result<()> {
    let round = held(tx, act, round).await?;
    if round.begun_at.is_none() {
        return Err(Error::refused("还没有出发，不用结束；不走了请值班室取消"));
    }
    let row = END_ROUND.bind(act.tenant).bind(round.id).bind(act.at).bind(words).bind(person).bind(act.account);
    if tx.execute(row).await? == 0 {
        return Ok(());
    }
    audit::record(tx, act, "end_patrol", ("patrol_round", round.id), "", &[]).await
}

/// Somebody at the desk has looked at a note, and it is no hazard.
///
/// Errors: refused if somebody has looked at it already.
pub async fn answer(tx: &mut Tx, act: &Act, check: &Check, words: &str) -> Result<()> {
    let row = ANSWER.bind(act.tenant).bind(check.id).bind(act.at).bind(act.account).bind(words);
    if check.hazard_id.is_some() || tx.execute(row).await? == 0 {
        return Err(Error::refused("这条情况已经有人处理过了"));
    }
    audit::record(tx, act, "answer_patrol", ("patrol_check", check.id), words, &[]).await
}

/// Of somebody's rounds along a route that are walked now, the one that they are on: begun before planned, the earlier first.
pub fn walked_now(rounds: &[Round], route: Uuid) -> Option<&Round> {
    let open = || rounds.iter().filter(|round| round.route_id == route && round.open());
    open().find(|round| round.begun_at.is_some()).or_else(|| open().next())
}

/// `郝志刚、雒小龙`
pub fn names(walkers: &[Walker], round: Uuid) -> String {
    let of = walkers.iter().filter(|walker| walker.round_id == round).map(|walker| walker.name.as_str());
    of.collect::<Vec<_>>().join("、")
}
