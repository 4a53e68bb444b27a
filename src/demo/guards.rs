//! A police bureau beside the community: a station and a patrol unit, three schools with their gates and peaks, who stands there, and two weeks
//! that are published.

use calendar::shanghai;
use db::Db;
use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};
use uuid::Uuid;

use super::Shown;
use super::community::act_at;
use crate::access::{self, Act, Grant, NewAccount, OrganisationKind, Reach, Role, Scope, TenantKind};
use crate::duty::{
    self, Contact, GateKind, GateSketch, OnDays, Peak, PersonKind, PersonSketch, SchoolSketch, SlotSketch, Stage,
};
use crate::error::{Error, Result};
use crate::means::Means;

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
    for (name, first, last) in terms(today) {
        duty::add_term(&mut tx, &act, None, &name, (first, last)).await?;
    }
    let mut schools = Vec::new();
    for sketch in &SCHOOLS {
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
    tx.commit().await?;
    Ok(shown)
}
