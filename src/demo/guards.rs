//! A police bureau beside the community: a station and a patrol unit, three schools with their gates and peaks, who stands there, a week in which
//! they came and went, today as far as it has gone, and two weeks that are published.

use calendar::shanghai;
use db::Db;
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp, ToSpan};
use uuid::Uuid;

use super::Shown;
use super::community::act_at;
use crate::access::{self, Act, Grant, NewAccount, OrganisationKind, Reach, Role, Scope, TenantKind};
use crate::duty::{
    self, Contact, GateKind, GateSketch, How, OnDays, Peak, PersonKind, PersonSketch, SchoolSketch, Shift, SlotSketch,
    Stage, Times, Weekdays,
};
use crate::error::{Error, Result};
use crate::means::Means;

pub(super) const CODE: &str = "141102000000";
const NAME: &str = "离石分局";

/// The accounts that are shown, each with its role and login name.
const ACCOUNTS: [(Role, &str, &str); 4] = [
    (Role::DutyChief, "护学岗勤务负责人", "qinwu"),
    (Role::DutyStaff, "田家会派出所值班员", "zhiban"),
    (Role::SecurityAdmin, "分局安全管理员", "fjanquan"),
    (Role::SystemAdmin, "分局系统管理员", "fjxitong"),
];

pub(super) struct Sketch {
    pub(super) name: &'static str,
    stage: Stage,
    /// Posts, each with how many people are needed.
    gates: &'static [(&'static str, GateKind, i64)],
    morning: &'static [(i64, &'static str)],
    evening: &'static [(i64, &'static str)],
    /// After evening lessons, from Monday to Thursday: on Friday everybody goes home earlier.
    late: &'static [(i64, &'static str)],
}

pub(super) const SCHOOLS: [Sketch; 3] = [
    Sketch {
        name: "田家会第一小学",
        stage: Stage::Primary,
        gates: &[("正门", GateKind::Gate, 2), ("校门前路口", GateKind::Crossing, 1)],
        morning: &[(460, "一二年级"), (470, "三四年级"), (480, "五六年级")],
        evening: &[(980, "一二年级"), (1000, "三四年级"), (1020, "五六年级")],
        late: &[],
    },
    Sketch {
        name: "田家会第二小学",
        stage: Stage::Primary,
        gates: &[("正门", GateKind::Gate, 1)],
        morning: &[(470, "")],
        evening: &[(1000, "")],
        late: &[],
    },
    Sketch {
        name: "田家会中学",
        stage: Stage::Junior,
        gates: &[("东门", GateKind::Gate, 1), ("接送区", GateKind::PickUp, 1)],
        morning: &[(440, "")],
        evening: &[(1060, "七八年级"), (1080, "九年级")],
        late: &[(1260, "九年级")],
    },
];

/// Who stands there: name, kind, minutes to each school, and whether they are on standby.
pub(super) const PEOPLE: [(&str, PersonKind, [i64; 3], bool); 12] = [
    ("郝志刚", PersonKind::Officer, [5, 8, 10], false),
    ("成海军", PersonKind::Officer, [6, 7, 12], false),
    ("严建忠", PersonKind::Officer, [8, 5, 9], false),
    ("车丽芳", PersonKind::Officer, [7, 9, 6], true),
    ("白俊平", PersonKind::Officer, [9, 10, 5], false),
    ("雒小龙", PersonKind::Auxiliary, [5, 8, 10], false),
    ("闫旭东", PersonKind::Auxiliary, [6, 6, 11], false),
    ("呼改梅", PersonKind::Auxiliary, [8, 6, 8], false),
    ("康永胜", PersonKind::Patrol, [10, 12, 9], false),
    ("武晓峰", PersonKind::Patrol, [11, 10, 9], true),
    ("侯桂花", PersonKind::Security, [1, 20, 25], false),
    ("秦彩云", PersonKind::Parent, [10, 15, 20], false),
];

/// Who must not stand at the third school.
const NOT_AT_THE_THIRD: &str = "严建忠";

/// Autumn and spring, so that every day of a year is in a term or in the holidays.
pub(super) fn terms(today: Date) -> [(String, Date, Date); 3] {
    let year = today.year();
    [
        (format!("{}年秋季学期", year - 1), date(year - 1, 9, 1), date(year, 1, 25)),
        (format!("{year}年春季学期"), date(year, 2, 24), date(year, 7, 10)),
        (format!("{year}年秋季学期"), date(year, 9, 1), date(year + 1, 1, 25)),
    ]
}

async fn school(tx: &mut db::Tx, act: &Act, units: (Uuid, Uuid), sketch: &Sketch) -> Result<Uuid> {
    let new = SchoolSketch {
        station: units.0,
        others: vec![units.1],
        name: sketch.name.to_owned(),
        stage: sketch.stage,
        address: String::new(),
        contact: Some(Contact { name: "安保干部".to_owned(), phone: "0358-0000410".to_owned() }),
        phone: "0358-0000110".to_owned(),
        closed_at: None,
    };
    let school = duty::create_school(tx, act, &new).await?;
    let mut gates = Vec::new();
    for (name, kind, seats) in sketch.gates {
        let gate = GateSketch {
            kind: *kind,
            name: (*name).to_owned(),
            duty: "疏导接送车辆，看护学生过马路，发现可疑情况先处置再报告".to_owned(),
            seats: *seats,
            officers: 1,
            qualification: None,
            closed_at: None,
        };
        let id = duty::add_gate(tx, act, school, &gate).await?;
        // Where there are seats for two, it takes two.
        if *seats == 2 {
            duty::set_pair(tx, act, id, true).await?;
        }
        gates.push(id);
    }
    let peaks = [(Peak::MorningIn, sketch.morning), (Peak::EveningOut, sketch.evening), (Peak::LateOut, sketch.late)];
    for (kind, bells) in peaks.into_iter().filter(|(_, bells)| !bells.is_empty()) {
        let bells = bells.iter().map(|(minute, grades)| (*minute, (*grades).to_owned())).collect();
        let slot = SlotSketch { kind, days: OnDays::Every, early: None, stay: Some(20), bells, gates: gates.clone() };
        let id = duty::add_slot(tx, act, school, &slot).await?;
        if kind == Peak::LateOut {
            duty::set_weekdays(tx, act, school, id, Weekdays::of(1..=4)).await?;
        }
    }
    Ok(school)
}

/// Minutes from each school to the others.
const WAYS: [(usize, usize, i64); 6] = [(0, 1, 12), (1, 0, 12), (0, 2, 15), (2, 0, 18), (1, 2, 20), (2, 1, 20)];

/// So many days ago the bureau began.
const BEFORE: i64 = 8;

/// Sets the bureau up as it was some days ago and publishes the time from then to two weeks from today; where nobody knows whether there is school
/// then, it stays empty. Then the days pass until now.
pub async fn stand(db: &Db, means: &Means, password: &str, now: Timestamp) -> Result<Vec<Shown>> {
    let act = act_at(means.id(), means, now);
    let mut tx = db.begin().await?;
    let home = access::create_tenant(&mut tx, &act, TenantKind::Police, CODE, NAME).await?;
    let act = Act { organisation: Some(home), ..act };
    let kind = OrganisationKind::PoliceUnit;
    let station = access::create_organisation(&mut tx, &act, Some(home), kind, "田家会派出所", None).await?;
    let patrol = access::create_organisation(&mut tx, &act, Some(home), kind, "巡特警大队", None).await?;
    let mut shown = Vec::new();
    for (role, name, login) in ACCOUNTS {
        let own = role == Role::DutyStaff;
        let (reach, reach_id) = if own { (Reach::Organisation, Some(station)) } else { (Reach::Tenant, None) };
        let new = NewAccount {
            name: name.to_owned(),
            organisation: if own { station } else { home },
            login: Some((login.to_owned(), password.to_owned())),
            grants: vec![Grant { role, reach, reach_id }],
        };
        access::create_account(&mut tx, &act, new).await?;
        shown.push(Shown { role, name: name.to_owned(), login });
    }
    let today = now.to_zoned_datetime(shanghai()).date();
    let first = today.saturating_sub(BEFORE.days());
    let began = duty::moment(first, 0).unwrap_or(now);
    let act = Act { organisation: act.organisation, ..act_at(act.tenant, means, began) };
    for (name, first, last) in terms(today) {
        duty::add_term(&mut tx, &act, None, &name, (first, last)).await?;
    }
    let mut schools = Vec::new();
    // One after the other, which is the order in which they are listed.
    for (number, sketch) in (0i64..).zip(&SCHOOLS) {
        let at = began + SignedDuration::from_secs(number);
        let act = Act { organisation: act.organisation, ..act_at(act.tenant, means, at) };
        schools.push(school(&mut tx, &act, (station, patrol), sketch).await?);
    }
    for (at, (name, kind, minutes, standby)) in PEOPLE.into_iter().enumerate() {
        let new = PersonSketch {
            unit: if kind == PersonKind::Patrol { patrol } else { station },
            kind,
            name: name.to_owned(),
            phone: format!("0358-00004{:02}", 20 + at),
            qualifications: Vec::new(),
            daily: 2,
            weekly: 10,
            standby,
            ended_at: None,
        };
        let person = duty::create_person(&mut tx, &act, &new).await?;
        let minutes: Vec<(Uuid, i64)> = schools.iter().copied().zip(minutes).collect();
        duty::set_reaches(&mut tx, &act, person, &minutes).await?;
        // A parent who works in the afternoon, and an officer whose child goes to the third school.
        if kind == PersonKind::Parent {
            duty::set_times(&mut tx, &act, person, Times::daily(&[Peak::MorningIn])).await?;
        }
        if name == NOT_AT_THE_THIRD
            && let Some(third) = schools.get(2)
        {
            duty::bar(&mut tx, &act, person, (*third, None), "孩子在这里上学").await?;
        }
        // The guard and the parents are the first school's own.
        if matches!(kind, PersonKind::Security | PersonKind::Parent) {
            duty::set_school(&mut tx, &act, person, schools.first().copied()).await?;
        }
    }
    let ways: Vec<_> = WAYS.iter().map(|(from, to, minutes)| (schools[*from], schools[*to], Some(*minutes))).collect();
    duty::set_ways(&mut tx, &act, &ways).await?;
    let last = today.saturating_add(13.days()).min(date(today.year(), 12, 31));
    match duty::work_roster_out(&mut tx, &act, &Scope::tenant(), (first, last), 1).await {
        Ok(worked) => {
            let id = duty::draft_roster(&mut tx, &act, &worked).await?;
            let roster = duty::roster(&mut tx, act.tenant, id).await?;
            duty::publish_roster(&mut tx, &act, &roster, roster.lock_version, |_| true).await?;
        }
        // The holidays, or a year of which no table is known yet.
        Err(Error::Refused(_)) => {}
        Err(error) => return Err(error),
    }
    tx.commit().await?;
    // The schools have heard of it by the evening.
    let evening = began + SignedDuration::from_hours(18);
    while duty::watch_plans(db, &act_at(act.tenant, means, evening).means).await? {}
    let mut tx = db.begin().await?;
    for school in schools {
        if duty::school(&mut tx, act.tenant, school).await?.plan_changed_at.is_some() {
            duty::school_told(&mut tx, &act_at(act.tenant, means, evening), school).await?;
        }
    }
    pass(&mut tx, means, &act, (first, last), now).await?;
    tx.commit().await?;
    Ok(shown)
}

/// What happened from the first day until now: nearly everybody came in time, some were late, somebody was absent and was replaced, and tomorrow a
/// post has lost its officer.
async fn pass(tx: &mut db::Tx, means: &Means, act: &Act, days: (Date, Date), now: Timestamp) -> Result<()> {
    let at = |moment: Timestamp| Act { organisation: act.organisation, ..act_at(act.tenant, means, moment) };
    let minutes = SignedDuration::from_mins;
    let (from, to) = (days.0.to_string(), days.1.to_string());
    let shifts = duty::shifts(tx, act.tenant, &Scope::tenant(), (&from, &to)).await?;
    let absent = shifts
        .iter()
        .filter(|one| {
            one.person_kind == Some(PersonKind::Officer) && one.starts_at.is_some_and(|at| at - minutes(20) <= now)
        })
        .max_by_key(|one| (one.starts_at, one.id));
    for (number, shift) in (0i64..).zip(&shifts) {
        let Some((start, end)) = shift.starts_at.zip(shift.ends_at) else { continue };
        let asked = start - minutes(60 * 11);
        if asked > now {
            continue;
        }
        duty::confirm(tx, &at(asked), shift.id).await?;
        if absent.is_some_and(|one| one.id == shift.id) {
            replace(tx, &at, shift, now).await?;
            continue;
        }
        let came = if number % 17 == 5 { start + minutes(4) } else { start - minutes(3 + number % 9) };
        if came <= now {
            let how = if number % 3 == 0 { How::Code } else { How::Link };
            duty::come(tx, &at(came), shift.id, how, "").await?;
        }
        let left = end + minutes(number % 6);
        if left <= now {
            duty::leave(tx, &at(left), shift.id).await?;
        }
    }
    let next = shifts.iter().filter(|one| one.starts_at.is_some_and(|at| at > now + minutes(60 * 12)));
    if let Some(shift) = next.min_by_key(|one| (one.starts_at, one.id)) {
        duty::cancel_shift(tx, &at(now), shift.id, "临时抽调").await?;
    }
    Ok(())
}

/// Somebody says twenty minutes before that they are ill; whoever is nearest on standby answers two minutes later, and is there in time.
async fn replace(tx: &mut db::Tx, at: &impl Fn(Timestamp) -> Act, shift: &Shift, now: Timestamp) -> Result<()> {
    let Some((start, end)) = shift.starts_at.zip(shift.ends_at) else { return Ok(()) };
    let said = start - SignedDuration::from_mins(20);
    let act = at(said);
    let Some(call) = duty::miss(tx, &act, shift.id, "身体不适").await? else { return Ok(()) };
    let answered = said + SignedDuration::from_mins(2);
    if answered > now {
        return Ok(());
    }
    duty::answer_call(tx, &at(answered), call.id, true).await?;
    let day = shift.day.as_str();
    let there = duty::shifts(tx, act.tenant, &Scope::tenant(), (day, day)).await?;
    let Some(instead) = there.iter().find(|one| one.stands_for == Some(shift.id)) else { return Ok(()) };
    let came = instead.reach_by.unwrap_or(start);
    if came <= now {
        duty::come(tx, &at(came), instead.id, How::Link, "").await?;
    }
    if end <= now {
        duty::leave(tx, &at(end), instead.id).await?;
    }
    Ok(())
}
