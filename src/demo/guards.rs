//! A police bureau beside the community: a station and a patrol unit, three schools with their gates and peaks, who stands there, two weeks
//! that are published, and a week of patrols around a school and along a street.

use calendar::{WorkingDays, shanghai};
use db::Db;
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp, ToSpan};
use uuid::Uuid;

use super::community::act_at;
use super::{Shown, deployments};
use crate::access::{self, Act, Grant, NewAccount, OrganisationKind, Reach, Role, Scope, TenantKind};
use crate::duty::{
    self, Contact, GateKind, GateSketch, OnDays, Peak, PersonKind, PersonSketch, SchoolDay, SchoolSketch, SlotSketch,
    Stage,
};
use crate::error::{Error, Result};
use crate::hazard::{self, PlaceKind};
use crate::means::Means;
use crate::patrol::{self, Asked, Days, How, NewCheck, PointSketch, Route, RouteKind, RouteSketch};

const CODE: &str = "141102000000";
const NAME: &str = "离石分局";

/// The accounts that are shown, each with its role and login name.
const ACCOUNTS: [(Role, &str, &str); 4] = [
    (Role::DutyChief, "护学岗勤务负责人", "qinwu"),
    (Role::DutyStaff, "田家会派出所值班员", "zhiban"),
    (Role::SecurityAdmin, "分局安全管理员", "fjanquan"),
    (Role::SystemAdmin, "分局系统管理员", "fjxitong"),
];

struct Sketch {
    name: &'static str,
    stage: Stage,
    /// Posts, each with how many people are needed.
    gates: &'static [(&'static str, GateKind, i64)],
    morning: &'static [(i64, &'static str)],
    evening: &'static [(i64, &'static str)],
}

const SCHOOLS: [Sketch; 3] = [
    Sketch {
        name: "田家会第一小学",
        stage: Stage::Primary,
        gates: &[("正门", GateKind::Gate, 2), ("校门前路口", GateKind::Crossing, 1)],
        morning: &[(460, "一二年级"), (470, "三四年级"), (480, "五六年级")],
        evening: &[(980, "一二年级"), (1000, "三四年级"), (1020, "五六年级")],
    },
    Sketch {
        name: "田家会第二小学",
        stage: Stage::Primary,
        gates: &[("正门", GateKind::Gate, 1)],
        morning: &[(470, "")],
        evening: &[(1000, "")],
    },
    Sketch {
        name: "田家会中学",
        stage: Stage::Junior,
        gates: &[("东门", GateKind::Gate, 1), ("接送区", GateKind::PickUp, 1)],
        morning: &[(440, "")],
        evening: &[(1060, "七八年级"), (1080, "九年级")],
    },
];

/// Who stands there: name, kind, minutes to each school, and whether they are on standby.
const PEOPLE: [(&str, PersonKind, [i64; 3], bool); 12] = [
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

/// Autumn and spring, so that every day of a year is in a term or in the holidays.
fn terms(today: Date) -> [(String, Date, Date); 3] {
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
        gates.push(duty::add_gate(tx, act, school, &gate).await?);
    }
    for (kind, bells) in [(Peak::MorningIn, sketch.morning), (Peak::EveningOut, sketch.evening)] {
        let bells = bells.iter().map(|(minute, grades)| (*minute, (*grades).to_owned())).collect();
        let slot = SlotSketch { kind, days: OnDays::Every, early: None, stay: Some(20), bells, gates: gates.clone() };
        duty::add_slot(tx, act, school, &slot).await?;
    }
    Ok(school)
}

/// Sets the bureau up and publishes the two weeks from today; where nobody knows whether there is school then, they stay empty.
pub async fn stand(db: &Db, means: &Means, password: &str, now: Timestamp) -> Result<Vec<Shown>> {
    let act = act_at(means.id(), means, now);
    let mut tx = db.begin().await?;
    let home = access::create_tenant(&mut tx, &act, TenantKind::Police, CODE, NAME).await?;
    let act = Act { organisation: Some(home), ..act };
    let kind = OrganisationKind::PoliceUnit;
    let station = access::create_organisation(&mut tx, &act, Some(home), kind, "田家会派出所", None).await?;
    let patrol = access::create_organisation(&mut tx, &act, Some(home), kind, "巡特警大队", None).await?;
    let (mut shown, mut accounts) = (Vec::new(), Vec::new());
    for (role, name, login) in ACCOUNTS {
        let own = role == Role::DutyStaff;
        let (reach, reach_id) = if own { (Reach::Organisation, Some(station)) } else { (Reach::Tenant, None) };
        let new = NewAccount {
            name: name.to_owned(),
            organisation: if own { station } else { home },
            login: Some((login.to_owned(), password.to_owned())),
            grants: vec![Grant { role, reach, reach_id }],
        };
        accounts.push(access::create_account(&mut tx, &act, new).await?);
        shown.push(Shown { role, name: name.to_owned(), login });
    }
    let today = now.to_zoned_datetime(shanghai()).date();
    for (name, first, last) in terms(today) {
        duty::add_term(&mut tx, &act, None, &name, (first, last)).await?;
    }
    let mut schools = Vec::new();
    for sketch in &SCHOOLS {
        schools.push(school(&mut tx, &act, (station, patrol), sketch).await?);
    }
    let mut people = Vec::new();
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
        people.push(person);
        let minutes: Vec<(Uuid, i64)> = schools.iter().copied().zip(minutes).collect();
        duty::set_reaches(&mut tx, &act, person, &minutes).await?;
    }
    let last = today.saturating_add(13.days()).min(date(today.year(), 12, 31));
    match duty::work_roster_out(&mut tx, &act, &Scope::tenant(), (today, last), 1).await {
        Ok(worked) => {
            let id = duty::draft_roster(&mut tx, &act, &worked).await?;
            let roster = duty::roster(&mut tx, act.tenant, id).await?;
            duty::publish_roster(&mut tx, &act, &roster, roster.lock_version, true).await?;
        }
        // The holidays, or a year of which no table is known yet.
        Err(Error::Refused(_)) => {}
        Err(error) => return Err(error),
    }
    patrols(&mut tx, means, (&act, now), (station, patrol), &schools, &people).await?;
    let [leader, planner, ..] = accounts[..] else { return Err(Error::NotFound) };
    let desk = deployments::Desk { tenant: act.tenant, station, planner, leader };
    let begun = deployments::begun(&terms(today), today)?;
    deployments::deploy(&mut tx, means, desk, &schools, begun, now).await?;
    tx.commit().await?;
    Ok(shown)
}

/// What lies around the first school: 治安复杂地区 and 人员聚集区.
const PLACES: [(PlaceKind, &str, &str, i64, &str); 3] = [
    (PlaceKind::Crowd, "滨河路夜市", "滨河路中段", 180, "18:00 到 22:00"),
    (PlaceKind::Disorder, "网吧一条街", "滨河路南口", 320, "晚上"),
    (PlaceKind::Crowd, "城乡公交枢纽", "正门外公交枢纽", 90, "上下学"),
];

/// A route with its points and hours, and who walks it in the first and the second half.
struct Beat {
    route: Route,
    points: Vec<Uuid>,
    asked: Asked,
    teams: [Vec<Uuid>; 2],
}

async fn beat(
    tx: &mut db::Tx,
    act: &Act,
    sketch: RouteSketch,
    places: &[(String, Uuid, Option<Uuid>)],
) -> Result<Beat> {
    let id = patrol::create(tx, act, &sketch).await?;
    let points = places.iter().map(|(name, school, place)| PointSketch {
        position: None,
        name: name.clone(),
        school: Some(*school),
        place: *place,
        closed_at: None,
    });
    let points = patrol::add_points(tx, act, id, &points.collect::<Vec<_>>()).await?;
    let route = patrol::route(tx, act.tenant, id).await?;
    Ok(Beat { route, points, asked: sketch.asked, teams: [Vec::new(), Vec::new()] })
}

/// A week of rounds until now: around the first school on its school days, and along a street every evening. Here and there somebody comes
/// too late.
async fn patrols(
    tx: &mut db::Tx,
    means: &Means,
    (act, now): (&Act, Timestamp),
    (station, patrol_unit): (Uuid, Uuid),
    schools: &[Uuid],
    people: &[Uuid],
) -> Result<()> {
    let then = |at: Timestamp| Act { organisation: act.organisation, ..act_at(act.tenant, means, at) };
    let began = then(now - SignedDuration::from_hours(24 * 8));
    let school = schools[0];
    let known = hazard::school(tx, act.tenant, &Scope::tenant(), school).await?;
    let mut places = Vec::new();
    for (kind, name, place, distance, busy) in PLACES {
        let id = hazard::add_place(tx, &began, &known, kind, (name, place, busy), distance).await?;
        places.push((name.to_owned(), school, Some(id)));
    }
    let sketch =
        |unit, name: &str, kind, asked| RouteSketch { unit, name: name.to_owned(), kind, asked, closed_at: None };
    let asked = Asked { interval: 45, tolerance: 5, from: 420, to: 1110, days: Days::School, school: Some(school) };
    let gates = ["正门", "校门前路口"].map(|name| (name.to_owned(), school, None));
    let around = [&gates[..], &places[2..]].concat();
    let route = sketch(patrol_unit, "第一小学周边", RouteKind::School, asked);
    let mut around = beat(tx, &began, route, &around).await?;
    around.teams = [vec![people[8]], vec![people[9]]];
    let asked = Asked { interval: 60, tolerance: 5, from: 1020, to: 1320, days: Days::Every, school: None };
    let route = sketch(station, "滨河路街面", RouteKind::Street, asked);
    let mut street = beat(tx, &began, route, &places).await?;
    street.teams = [vec![people[1], people[5]], vec![people[2], people[6]]];

    let today = now.to_zoned_datetime(shanghai()).date();
    let first = today.saturating_sub(6.days());
    let table = duty::timetable(tx, act.tenant, first, today).await?;
    for day in first.series(1.day()).take_while(|day| *day <= today) {
        let lessons = table.of(school, day, WorkingDays::embedded());
        if matches!(lessons, SchoolDay::Lessons | SchoolDay::Exams) {
            walk(tx, &then, &around, day, now).await?;
        }
        walk(tx, &then, &street, day, now).await?;
    }
    Ok(())
}

/// The two rounds of a route on a day, as far as the day has come.
async fn walk(tx: &mut db::Tx, then: &impl Fn(Timestamp) -> Act, beat: &Beat, day: Date, now: Timestamp) -> Result<()> {
    let at = |minute: i64| duty::moment(day, minute).unwrap_or(now);
    let morning = then(at(0).min(now));
    let (interval, half) = (beat.asked.interval, (beat.asked.to - beat.asked.from) / 2);
    for (turn, team) in (0i64..).zip(&beat.teams) {
        let mut people = Vec::new();
        for person in team {
            people.push(duty::person(tx, morning.tenant, *person).await?);
        }
        let (from, to) = (beat.asked.from + turn * half, beat.asked.from + (turn + 1) * half);
        let round = match patrol::plan(tx, &morning, &beat.route, (day, Some(at(from))), &people).await {
            // They stand at a post then, and set out when they can.
            Err(Error::Refused(_)) => patrol::plan(tx, &morning, &beat.route, (day, None), &people).await?,
            other => other?,
        };
        let mut last = None;
        for (lap, minute) in (from..to).step_by(interval as usize).enumerate() {
            for (place, point) in (0i64..).zip(&beat.points) {
                let come = minute + 3 + place * 4;
                // The last point is left out once in a while.
                let left_out = place == 2 && (i64::from(day.day()) + lap as i64 + turn) % 5 == 2;
                if come >= to || at(come) > now || left_out {
                    continue;
                }
                // What was seen lately waits for the desk.
                let lately = at(come) > now - SignedDuration::from_hours(30);
                let seen = lately && place == 1 && turn == 0 && lap == 1;
                let note = if seen { "摊位占了消防通道，已经劝离，还会再摆出来" } else { "" };
                let (at, person) = (at(come), team[0]);
                let new = NewCheck { round, point: *point, person, at, how: How::Link, note: note.to_owned() };
                patrol::check(tx, &then(at), &new).await?;
                last = Some(at);
            }
        }
        if let Some(last) = last.filter(|_| at(to) <= now) {
            patrol::end(tx, &then(last + SignedDuration::from_mins(1)), round, "路面平稳，没有异常").await?;
        }
    }
    Ok(())
}
