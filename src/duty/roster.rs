//! A roster for a period, from the posts and the people, by `rostering`: made as a draft that somebody publishes, with a reason for every seat
//! that stays empty; and mended by as few changes as possible when somebody cannot come.

use std::collections::HashMap;
use std::ops::ControlFlow;

use db::Tx;
use jiff::Timestamp;
use jiff::civil::Date;
use rostering::{
    Clash, DAY, Effort, Fixed, Flaw, Kind, Kinds, MOST_PER_DAY, Most, Post, Prepared, Problem, Rule, Seat, Span,
    Travel, Whom, bound, explain, repair, solve,
};
use serde::Deserialize;
use uuid::Uuid;

use super::coverage::{Need, Posts, needs};
use super::model::{Alone, Peak, PersonKind, Qualification, ShiftState, Windows, clock, day_of, monday, short};
use super::shift;
use super::shift_store::{
    self, ADD, ADD_GAP, ADD_ROSTER, DROP_ROSTER, DROP_SHIFTS, OF_ROSTER, PUBLISH, PUBLISH_SHIFTS, RosterRow, Shift,
};
use super::store::{self, LEAVES, Leave, Person, REACHES, ReachRow};
use crate::access::{Act, Scope};
use crate::audit;
use crate::error::{Error, Result};
use crate::settings::{self, Setting};

/// What a roster keeps to besides the limits of each person.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Rostering {
    /// Between the last duty of a day and the first of the next.
    pub rest_hours: i64,
    /// The longest period that is made at once.
    pub roster_days: i64,
}

impl Setting for Rostering {
    const NAME: &'static str = "duty.rostering";
}

/// The problem with what its indices mean.
struct Built {
    problem: Problem,
    people: Vec<Person>,
    needs: Vec<Need>,
    /// Of each slot: its need, and the number of each of its seats.
    slots: Vec<(usize, Vec<i64>)>,
    /// What is down already: slot, seat, person and the shift's id.
    known: Vec<(usize, usize, usize, Shift)>,
    /// Seats of slots that somebody has against the rules: they stay as they are, and nobody else takes them.
    settled: Vec<(usize, usize)>,
    /// 定责 of each gate.
    duties: HashMap<Uuid, String>,
}

fn kind(kind: PersonKind) -> Kind {
    match kind {
        PersonKind::Officer => Kind::Officer,
        PersonKind::Auxiliary => Kind::Auxiliary,
        PersonKind::Patrol => Kind::Patrol,
        PersonKind::Security => Kind::SchoolSecurity,
        PersonKind::Teacher => Kind::Teacher,
        PersonKind::Parent => Kind::Parent,
    }
}

fn bits(has: impl Fn(&str) -> bool) -> u32 {
    Qualification::ALL.iter().enumerate().filter(|(_, one)| has(one.code())).map(|(at, _)| 1 << at).sum()
}

/// A qualification that is on no list.
const NOBODY_HAS: u32 = 1 << 31;

fn at(day: i64, minute: i64) -> i32 {
    (day * i64::from(DAY) + minute).clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
}

/// Days and minutes since the midnight of a day.
struct Since(Timestamp);

impl Since {
    fn minutes(&self, at: Timestamp) -> i64 {
        (at.as_second() - self.0.as_second()).div_euclid(60)
    }
}

impl Built {
    async fn read(tx: &mut Tx, act: &Act, scope: &Scope, days: (Date, Date)) -> Result<Built> {
        let windows: Windows = settings::read(tx, act.tenant, act.at).await?;
        let alone: Alone = settings::read(tx, act.tenant, act.at).await?;
        let rules: Rostering = settings::read(tx, act.tenant, act.at).await?;
        let posts = Posts::read(tx, act.tenant, scope).await?;
        let (needs, unknown) = needs(tx, act.tenant, &posts, &windows, days).await?;
        if let Some(one) = unknown.first() {
            let school = posts.schools.iter().find(|school| school.id == one.school);
            let school = school.map_or("", |school| school.name.as_str());
            return Err(Error::refused(format!(
                "不知道 {} {school}上不上课：{}。先在“学期和特殊日子”登记，再排班",
                short(one.day),
                one.why
            )));
        }
        let people = store::all_people(tx, act.tenant, scope).await?;
        let (from, to) = (days.0.to_string(), days.1.to_string());
        let reaches: Vec<ReachRow> = tx.all(REACHES.bind(act.tenant)).await?;
        let leaves: Vec<Leave> = tx.all(LEAVES.bind(act.tenant).bind(&from).bind(&to)).await?;
        let standing = shift_store::of_days(tx, act.tenant, scope, (&from, &to)).await?;
        Built::of(&posts, needs, people, (&reaches, &leaves, standing), (&alone, &rules), days.0)
    }

    fn of(
        posts: &Posts,
        needs: Vec<Need>,
        people: Vec<Person>,
        (reaches, leaves, standing): (&[ReachRow], &[Leave], Vec<Shift>),
        (alone, rules): (&Alone, &Rostering),
        first: Date,
    ) -> Result<Built> {
        let first = monday(first);
        let since = Since(super::model::moment(first, 0).ok_or(Error::NotFound)?);
        let school_at: HashMap<Uuid, usize> = posts.schools.iter().enumerate().map(|(at, one)| (one.id, at)).collect();
        let gate_at: HashMap<Uuid, usize> = posts.gates.iter().enumerate().map(|(at, one)| (one.id, at)).collect();
        let person_at: HashMap<Uuid, usize> = people.iter().enumerate().map(|(at, one)| (one.id, at)).collect();
        let mut travel = Travel::new(posts.schools.len() + people.len());
        for row in reaches {
            if let Some((person, school)) = person_at.get(&row.person_id).zip(school_at.get(&row.school_id)) {
                travel.set(posts.schools.len() + person, *school, row.minutes.clamp(0, 600) as u16);
            }
        }
        let mut teams: Vec<Uuid> = people.iter().map(|person| person.organisation_id).collect();
        teams.sort_unstable();
        teams.dedup();
        let day_at = |text: &str| text.parse::<Date>().map_or(0, |day| i64::from((day - first).get_days()));
        let person = |(at_base, one): (usize, &Person)| rostering::Person {
            kind: kind(one.kind),
            qualifications: bits(|code| one.has(code)),
            stands_alone: alone.may(one.kind),
            base: posts.schools.len() + at_base,
            team: teams.iter().position(|team| *team == one.organisation_id).unwrap_or(0),
            away: leaves
                .iter()
                .filter(|leave| leave.person_id == one.id)
                .map(|leave| Span { from: at(day_at(&leave.first_day), 0), to: at(day_at(&leave.last_day) + 1, 0) })
                .collect(),
            barred_slots: Vec::new(),
            barred_posts: Vec::new(),
            most: Most {
                per_day: (one.daily as u16).min(MOST_PER_DAY),
                per_week: one.weekly as u16,
                per_period: 10_000,
            },
            rest: (rules.rest_hours * 60).clamp(0, i64::from(DAY)) as i32,
            carried: [0, 0],
        };
        let mut problem = Problem {
            people: people.iter().enumerate().map(person).collect(),
            posts: posts
                .gates
                .iter()
                .map(|gate| Post {
                    school: school_at.get(&gate.school_id).copied().unwrap_or(0),
                    place: school_at.get(&gate.school_id).copied().unwrap_or(0),
                })
                .collect(),
            travel,
            ..Problem::default()
        };
        let police = Kind::Officer | Kind::Auxiliary | Kind::Patrol;
        let mut taken: HashMap<(String, Uuid, Uuid), Vec<Shift>> = HashMap::new();
        for shift in standing.into_iter().filter(|shift| shift.absent_at.is_none()) {
            match shift.gate_id.zip(shift.slot_id) {
                Some((gate, slot)) => taken.entry((shift.day.clone(), gate, slot)).or_default().push(shift),
                None => keep_away(&mut problem, &person_at, &shift, &since),
            }
        }
        let (mut slots, mut known) = (Vec::new(), Vec::new());
        for (index, need) in needs.iter().enumerate() {
            let Some(&post) = gate_at.get(&need.gate) else { continue };
            let gate = &posts.gates[post];
            let day = i64::from((need.day - first).get_days());
            let (from, to) = (
                since.minutes(need.starts_at) - day * i64::from(DAY),
                since.minutes(need.ends_at) - day * i64::from(DAY),
            );
            let window =
                Span { from: from.clamp(0, i64::from(DAY) - 1) as i32, to: to.clamp(1, i64::from(DAY)) as i32 };
            let qualifications = gate.qualification.as_deref().map_or(0, |needed| bits(|code| code == needed));
            let there = taken.remove(&(need.day.to_string(), need.gate, need.slot)).unwrap_or_default();
            let (mut seats, mut numbers, mut own) = (Vec::new(), Vec::new(), Vec::new());
            for number in 0..gate.seats {
                let kinds = if number < gate.officers { police } else { Kinds::ALL };
                let who = there.iter().find(|shift| shift.seat == number && shift.person_id.is_some());
                if let Some(shift) = who {
                    let person = shift.person_id.and_then(|id| person_at.get(&id).copied());
                    let fits = person.filter(|&person| {
                        let one = &problem.people[person];
                        kinds.has(one.kind)
                            && one.qualifications & qualifications == qualifications
                            && problem.travel.get(one.base, problem.posts[post].place).is_some()
                    });
                    let Some(person) = fits else {
                        // Somebody of another unit, or whom the rules would not put there: their seat is settled.
                        keep_away(&mut problem, &person_at, shift, &since);
                        continue;
                    };
                    own.push((seats.len(), person, shift.clone()));
                }
                seats.push(Seat { kinds, qualifications });
                numbers.push(number);
            }
            if seats.is_empty() {
                continue;
            }
            let peak = slot_peak(posts, need.slot);
            known.extend(own.into_iter().map(|(seat, person, shift)| (problem.slots.len(), seat, person, shift)));
            slots.push((index, numbers));
            problem.slots.push(rostering::Slot { post, day: day as usize, window, peak, seats, pair: false });
        }
        let duties = posts.gates.iter().map(|gate| (gate.id, gate.duty.clone())).collect();
        Ok(Built { problem, people, needs, slots, known, settled: Vec::new(), duties })
    }

    /// With what is down already as it is. What the rules would not allow is taken out of the problem, and whoever has it is left alone that day.
    fn fixed(mut self) -> Result<(Prepared, Built)> {
        let all = |built: &Built| -> Vec<Fixed> {
            built
                .known
                .iter()
                .map(|(slot, seat, person, _)| Fixed { person: *person, slot: *slot, seat: *seat })
                .collect()
        };
        loop {
            self.problem.fixed = all(&self);
            match Prepared::new(self.problem.clone()) {
                Ok(prepared) => return Ok((prepared, self)),
                Err(flaws) => {
                    let against: Vec<(usize, usize)> = flaws
                        .iter()
                        .filter_map(|flaw| match flaw {
                            Flaw::FixedAgainst { person, slot, .. } => Some((*person, *slot)),
                            _ => None,
                        })
                        .collect();
                    if against.is_empty() {
                        return Err(Error::Internal(anyhow::anyhow!("a roster cannot be made: {flaws:?}")));
                    }
                    for (person, slot) in &against {
                        let day = self.problem.slots[*slot].day as i64;
                        self.problem.people[*person].away.push(Span { from: at(day, 0), to: at(day + 1, 0) });
                    }
                    let before = self.known.len();
                    for (slot, seat, person, _) in &self.known {
                        if against.contains(&(*person, *slot)) {
                            self.problem.slots[*slot].seats[*seat].qualifications = NOBODY_HAS;
                            self.settled.push((*slot, *seat));
                        }
                    }
                    self.known.retain(|(slot, _, person, _)| !against.contains(&(*person, *slot)));
                    if self.known.len() == before {
                        return Err(Error::Internal(anyhow::anyhow!("a roster cannot be made: {flaws:?}")));
                    }
                }
            }
        }
    }

    fn need(&self, slot: usize) -> &Need {
        &self.needs[self.slots[slot].0]
    }

    fn name(&self, person: usize) -> &str {
        &self.people[person].name
    }

    /// `没有空：3 人当天请假；2 人一周已满`
    fn words(&self, clash: &Clash) -> String {
        let mut parts: Vec<(Rule, usize)> = Vec::new();
        for (rule, _) in clash.rules.iter().filter(|(_, whom)| matches!(whom, Whom::Person(_))) {
            match parts.iter_mut().find(|(known, _)| known == rule) {
                Some((_, count)) => *count += 1,
                None => parts.push((*rule, 1)),
            }
        }
        parts.sort();
        let mut words: Vec<String> =
            parts.into_iter().map(|(rule, count)| format!("{count} 人{}", because(rule))).collect();
        if clash.rules.iter().any(|(rule, _)| *rule == Rule::Company) {
            words.push("只剩不能单独上岗的人".to_owned());
        }
        if !clash.seats.is_empty() {
            words.push(format!("能来的人都要留给别的 {} 个岗位", clash.seats.len()));
        }
        if words.is_empty() { "名单上没有人".to_owned() } else { words.join("；") }
    }
}

fn slot_peak(posts: &Posts, slot: Uuid) -> rostering::Peak {
    match posts.slots.iter().find(|one| one.id == slot).map(|one| one.kind) {
        Some(Peak::MorningIn) => rostering::Peak::Early,
        Some(Peak::EveningOut | Peak::LateOut) => rostering::Peak::Late,
        _ => rostering::Peak::Midday,
    }
}

/// Somebody who is down elsewhere is left alone that day.
fn keep_away(problem: &mut Problem, people: &HashMap<Uuid, usize>, shift: &Shift, since: &Since) {
    let person = shift.person_id.and_then(|id| people.get(&id));
    if let Some((person, start)) = person.zip(shift.starts_at) {
        let day = since.minutes(start).div_euclid(i64::from(DAY));
        problem.people[*person].away.push(Span { from: at(day, 0), to: at(day + 1, 0) });
    }
}

fn because(rule: Rule) -> &'static str {
    match rule {
        Rule::Qualified => "不是要的人员或者缺资格",
        Rule::Available => "请假或者当天另有安排",
        Rule::Barred => "不能站这个岗",
        Rule::WayKnown => "没有填到这所学校要几分钟",
        Rule::OneAtATime => "同一天站别的学校，赶不过来",
        Rule::Rest => "休息不够",
        Rule::PerDay => "当天已满",
        Rule::PerWeek => "这一周已满",
        Rule::PerPeriod => "已满",
        Rule::Company => "不能单独上岗",
    }
}

/// The same posts and people with the same seed give the same roster, whatever machine makes it.
fn effort(seats: usize, seed: i64) -> Effort {
    Effort { seed: seed as u64, threads: 2, rounds: 3, steps: (seats as u64 * 200).clamp(20_000, 400_000) }
}

fn within(days: (Date, Date), most: i64) -> Result<()> {
    if days.1 < days.0 {
        return Err(Error::refused("最后一天要在第一天以后"));
    }
    if i64::from((days.1 - days.0).get_days()) >= most {
        return Err(Error::refused(format!("一次最多排 {most} 天，请分几次排")));
    }
    Ok(())
}

/// A roster that has been worked out and not written down yet.
pub struct Draft {
    days: (Date, Date),
    seed: i64,
    built: Built,
    prepared: Prepared,
    roster: rostering::Roster,
    clashes: Vec<Clash>,
    least: i64,
}

/// Works a roster out for a period: whoever is down already stays, the other seats are filled. It takes some seconds and only reads, so that
/// nobody waits for it at a gate.
///
/// Errors: refused if it is not known whether there is school, nobody is on the list, or nothing is to be kept.
pub async fn work_out(tx: &mut Tx, act: &Act, scope: &Scope, days: (Date, Date), seed: i64) -> Result<Draft> {
    let rules: Rostering = settings::read(tx, act.tenant, act.at).await?;
    within(days, rules.roster_days)?;
    if days.0 < day_of(act.at) {
        return Err(Error::refused("从今天或者以后排起"));
    }
    let built = Built::read(tx, act, scope, days).await?;
    if built.people.is_empty() {
        return Err(Error::refused("人员名单还是空的，先登记人员"));
    }
    if built.problem.slots.is_empty() {
        return Err(Error::refused("这几天没有要排的岗位：不上课，或者都已经排满"));
    }
    let (prepared, built) = built.fixed()?;
    let worked = tokio::task::spawn_blocking(move || {
        let roster = solve(&prepared, None, &effort(prepared.seats(), seed), &|_| ControlFlow::Continue(()));
        let (clashes, least) = (explain(&prepared, &roster), bound(&prepared).unfilled);
        (prepared, roster, clashes, least)
    });
    let (prepared, roster, mut clashes, least) = worked.await.map_err(|error| Error::Internal(error.into()))?;
    clashes.retain(|clash| !built.settled.contains(&prepared.slot_of(clash.seat)));
    let least = (least - built.settled.len() as i64).max(0);
    Ok(Draft { days, seed, built, prepared, roster, clashes, least })
}

/// Writes down what [`work_out`] has found, for somebody to publish. What has changed since is found then.
pub async fn draft(tx: &mut Tx, act: &Act, draft: &Draft) -> Result<Uuid> {
    let Draft { days, seed, built, prepared, roster, clashes, least } = draft;
    let unit = act.organisation.ok_or(Error::Forbidden)?;
    let id = act.id();
    let row = ADD_ROSTER.bind(act.tenant).bind(id).bind(unit).bind(days.0.to_string()).bind(days.1.to_string());
    let row = row.bind(*seed).bind(prepared.seats() as i64).bind(clashes.len() as i64).bind(*least).bind(act.account);
    tx.execute(row.bind(act.at)).await?;
    let mut shifts = Vec::new();
    for seat in 0..prepared.seats() {
        let (slot, of_slot) = prepared.slot_of(seat);
        let fixed = built.known.iter().any(|(known, number, ..)| *known == slot && *number == of_slot);
        let empty = clashes.iter().any(|clash| clash.seat == seat);
        let Some(person) = roster.who(seat).filter(|_| !fixed && !empty) else { continue };
        let need = built.need(slot);
        let duty = built.duties.get(&need.gate).map_or("", String::as_str);
        let row = ADD.bind(act.tenant).bind(act.id()).bind(id).bind(need.school).bind(need.day.to_string());
        let row = row.bind(need.gate).bind(need.slot).bind(built.slots[slot].1[of_slot]).bind(built.people[person].id);
        let row = row.bind(duty).bind(need.starts_at).bind(need.ends_at).bind(ShiftState::Draft).bind(false).bind("");
        shifts.push(row.bind(None::<Uuid>).bind(None::<Timestamp>).bind("").bind(act.at).bind(1));
    }
    tx.execute_many(ADD, shifts).await?;
    let gaps = clashes.iter().map(|clash| {
        let (slot, of_slot) = prepared.slot_of(clash.seat);
        let need = built.need(slot);
        let row = ADD_GAP.bind(act.tenant).bind(id).bind(need.day.to_string()).bind(need.gate).bind(need.slot);
        row.bind(built.slots[slot].1[of_slot]).bind(built.words(clash)).bind(clash.proved)
    });
    tx.execute_many(ADD_GAP, gaps.collect()).await?;
    audit::record(tx, act, "create", ("duty_roster", id), "", &[]).await?;
    Ok(id)
}

/// What is wrong with putting a draft in force as it is; nothing if all is well.
pub(super) async fn conflicts(tx: &mut Tx, act: &Act, roster: &RosterRow, drafts: &[Shift]) -> Result<Vec<String>> {
    let scope = Scope::tenant();
    let standing = shift_store::of_days(tx, act.tenant, &scope, (&roster.first_day, &roster.last_day)).await?;
    let mut found = Vec::new();
    for draft in drafts {
        let touches = |other: &&Shift| {
            let same = draft.person_id.is_some() && other.person_id == draft.person_id && other.absent_at.is_none();
            let times = draft.starts_at.zip(draft.ends_at).zip(other.starts_at.zip(other.ends_at));
            same && times.is_some_and(|((from, to), (start, end))| from < end && start < to)
        };
        if let Some(other) = standing.iter().find(touches) {
            found.push(format!("{} {} 已经排在{}", draft.day, draft.who(), other.place()));
        }
        let seat = |other: &&Shift| {
            other.absent_at.is_none()
                && (&other.day, other.gate_id, other.slot_id, other.seat)
                    == (&draft.day, draft.gate_id, draft.slot_id, draft.seat)
        };
        if let Some(other) = standing.iter().find(seat) {
            found.push(format!("{} {} 已经由{}站", draft.day, draft.place(), other.who()));
        }
    }
    Ok(found)
}

/// The shifts of a draft.
pub(super) async fn drafts(tx: &mut Tx, tenant: Uuid, roster: Uuid) -> Result<Vec<Shift>> {
    Ok(tx.all(OF_ROSTER.bind(tenant).bind(roster).bind("")).await?)
}

/// Puts a draft in force. Whoever knows that seats are empty says so.
///
/// Errors: refused if somebody has been put down otherwise since, or if empty seats were not looked at.
pub async fn publish(tx: &mut Tx, act: &Act, roster: &RosterRow, seen: i64, in_spite: bool) -> Result<()> {
    let drafts = drafts(tx, act.tenant, roster.id).await?;
    let found = conflicts(tx, act, roster, &drafts).await?;
    if let Some(first) = found.first() {
        return Err(Error::refused(format!("草稿做好以后有 {} 处变了：{first}。请放弃这份，重新排一次", found.len())));
    }
    if roster.empty > 0 && !in_spite {
        return Err(Error::refused(format!("还有 {} 个位置没有人。确实要这样发布，请勾选", roster.empty)));
    }
    let row = PUBLISH.bind(act.tenant).bind(roster.id).bind(seen).bind(act.account).bind(act.at);
    if tx.execute(row).await? == 0 {
        return Err(Error::Stale("这份排班刚刚有人发布或者放弃了。".to_owned()));
    }
    match tx.execute(PUBLISH_SHIFTS.bind(act.tenant).bind(roster.id)).await {
        Err(db::Error::Duplicate(_)) => return Err(Error::Stale("有岗位刚刚排上了人，请重新排一次。".to_owned())),
        other => other?,
    };
    audit::record(tx, act, "publish", ("duty_roster", roster.id), "", &[]).await
}

/// Gives a draft up.
///
/// Errors: refused once it is published.
pub(super) async fn drop_draft(tx: &mut Tx, act: &Act, id: Uuid) -> Result<()> {
    if tx.execute(DROP_ROSTER.bind(act.tenant).bind(id)).await? == 0 {
        return Err(Error::refused("已经发布的排班不能放弃，要改就一班一班地改"));
    }
    tx.execute(DROP_SHIFTS.bind(act.tenant).bind(id)).await?;
    audit::record(tx, act, "give_up", ("duty_roster", id), "", &[]).await
}

/// One seat that changes when somebody cannot come.
#[derive(Debug, Clone)]
pub struct Mended {
    pub need: Need,
    /// The shift as it stands; `None` for a seat that was empty.
    pub shift: Option<Shift>,
    pub to: Option<(Uuid, String)>,
}

impl Mended {
    /// `9月1日 周二 07:10–08:20`
    pub fn when(&self) -> String {
        format!("{} {}–{}", short(self.need.day), clock(self.need.starts_at), clock(self.need.ends_at))
    }

    pub fn before(&self) -> &str {
        self.shift.as_ref().map_or("（空着）", Shift::who)
    }

    pub fn after(&self) -> &str {
        self.to.as_ref().map_or("没有人能站", |(_, name)| name)
    }
}

/// How what is down from one day to another has to change so that somebody need not come: as few seats as are found, pinned ones never.
/// Nothing is written.
///
/// Errors: refused if it is not known whether there is school.
pub async fn mend(tx: &mut Tx, act: &Act, scope: &Scope, person: Uuid, days: (Date, Date)) -> Result<Vec<Mended>> {
    let rules: Rostering = settings::read(tx, act.tenant, act.at).await?;
    within(days, rules.roster_days)?;
    let mut built = Built::read(tx, act, scope, days).await?;
    let Some(absent) = built.people.iter().position(|one| one.id == person) else { return Err(Error::NotFound) };
    let first = monday(days.0);
    let span = {
        let day = |day: Date| i64::from((day - first).get_days());
        Span { from: at(day(days.0), 0), to: at(day(days.1) + 1, 0) }
    };
    if built.problem.slots.is_empty() {
        return Ok(Vec::new());
    }
    let since = Since(super::model::moment(first, 0).ok_or(Error::NotFound)?);
    let now = since.minutes(act.at).clamp(0, i64::from(i32::MAX)) as i32;
    // What has been pinned stays, unless it is theirs.
    let pinned = |(slot, seat, who, shift): &(usize, usize, usize, Shift)| {
        (shift.pinned && *who != absent).then_some(Fixed { person: *who, slot: *slot, seat: *seat })
    };
    built.problem.fixed = built.known.iter().filter_map(pinned).collect();
    let broken = |flaws: Vec<Flaw>| Error::Internal(anyhow::anyhow!("a roster cannot be mended: {flaws:?}"));
    let prepared = match Prepared::new(built.problem.with_absence(absent, span)) {
        Ok(prepared) => prepared,
        // A pin against the rules is a wish of staff: then nothing is fixed.
        Err(_) => {
            built.problem.fixed.clear();
            Prepared::new(built.problem.with_absence(absent, span)).map_err(broken)?
        }
    };
    let mut old = rostering::Roster::empty(&prepared);
    for (slot, seat, who, _) in &built.known {
        old.put(prepared.seat(*slot, *seat), Some(*who));
    }
    let worked = tokio::task::spawn_blocking(move || {
        let mended = repair(&prepared, &old, now, 1);
        (prepared, mended)
    });
    let (prepared, mended) = worked.await.map_err(|error| Error::Internal(error.into()))?;
    let change = |change: &rostering::Change| {
        let (slot, seat) = prepared.slot_of(change.seat);
        let shift = built.known.iter().find(|(known, number, ..)| (*known, *number) == (slot, seat));
        Mended {
            need: built.need(slot).clone(),
            shift: shift.map(|(.., shift)| shift.clone()),
            to: change.after.map(|after| (built.people[after].id, built.name(after).to_owned())),
        }
    };
    Ok(mended.changes.iter().map(change).collect())
}

/// Writes what [`mend`] has found: first everybody is taken off, then put down, so that nobody is at two posts in between.
///
/// Errors: refused or stale if something has changed since.
pub async fn apply(tx: &mut Tx, act: &Act, changes: &[Mended]) -> Result<()> {
    for change in changes {
        if let Some(one) = &change.shift {
            let to = (None, one.duty.as_str(), one.starts_at.zip(one.ends_at), one.pinned);
            shift::change(tx, act, one, one.lock_version, to).await?;
        }
    }
    for change in changes {
        let Some((person, _)) = &change.to else { continue };
        match &change.shift {
            Some(one) => {
                let to = (Some(*person), one.duty.as_str(), one.starts_at.zip(one.ends_at), one.pinned);
                shift::change(tx, act, one, one.lock_version + 1, to).await?;
            }
            None => {
                let need = &change.need;
                let duty = store::gate(tx, act.tenant, need.gate).await?.duty;
                let new = shift::NewShift {
                    school: need.school,
                    day: need.day,
                    post: Some((need.gate, need.slot)),
                    person: Some(*person),
                    duty,
                    span: Some((need.starts_at, need.ends_at)),
                    pinned: false,
                    stands_for: None,
                };
                shift::put(tx, act, &new).await?;
            }
        }
    }
    Ok(())
}
