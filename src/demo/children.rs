//! The children of 七彩四点半: those of the first estate, whose guardians have agreed by their links, and one who is being asked.

use calendar::shanghai;
use codes::tables::Sex;
use db::Db;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::community::{Community, Home};
use super::people::{Family, Person};
use crate::access::Act;
use crate::after_school::{self, Particulars, Sketch, Wishes};
use crate::error::Result;
use crate::place;

/// So many are on the roll, as the page tells.
const CHILDREN: usize = 255;
const LEAST_AGE: i64 = 6;
const GRADES: [&str; 9] = ["一年级", "二年级", "三年级", "四年级", "五年级", "六年级", "初一", "初二", "初三"];

/// A child of an age for the class, and the grown-up of the family whom one can call.
fn pairs(family: &Family) -> impl Iterator<Item = (&Person, &Person)> {
    let guardian = family.members.iter().find(|person| (24..=75).contains(&person.age) && person.phone.is_some());
    let children = family.members.iter().filter(|person| (6..=15).contains(&person.age));
    children.filter_map(move |child| Some((child, guardian?)))
}

fn birth_month(child: &Person) -> String {
    child.birth.strftime("%Y-%m").to_string()
}

/// Whoever was old enough came when the class began, two and a half years ago, others more than a year ago or lately.
fn days_ago(child: &Person) -> i64 {
    460 * i64::from((child.age - 7).clamp(0, 2)) + 20
}

fn grown_up(guardian: &Person, child: &Person) -> after_school::Person {
    let relation = match (guardian.age - child.age >= 45, guardian.sex == Sex::Female) {
        (false, false) => "父亲",
        (false, true) => "母亲",
        (true, false) => "爷爷",
        (true, true) => "奶奶",
    };
    let phone = guardian.phone.clone().unwrap_or_default();
    after_school::Person { name: guardian.name.clone(), relation: relation.to_owned(), phone }
}

pub async fn enrol(db: &Db, community: &Community, lived_in: &[(Home, Family)], now: Timestamp) -> Result<()> {
    let Some(estate) = community.estates.first().map(|estate| estate.id) else { return Ok(()) };
    let here = lived_in.iter().filter(|(home, _)| home.estate == estate);
    let today = now.to_zoned_datetime(shanghai()).date();
    let old_enough = |child: &Person| {
        let then = today - (days_ago(child) + 14).days();
        after_school::age(&birth_month(child), then).is_some_and(|age| age >= LEAST_AGE)
    };
    let pairs = here.flat_map(|(home, family)| pairs(family).map(move |pair| (home, pair)));
    let pairs = pairs.filter(|(_, (child, _))| old_enough(child));
    let mut tx = db.begin().await?;
    for (at, (home, (child, guardian))) in pairs.take(CHILDREN + 1).enumerate() {
        // The last one has been asked lately, and has not answered yet.
        let hours = if at < CHILDREN { 24 * days_ago(child) + at as i64 } else { 50 };
        let desk = community.act(community.cast.desk, now - SignedDuration::from_hours(hours));
        let own: Act = community.resident(now - SignedDuration::from_hours(hours - 1));
        let person = grown_up(guardian, child);
        let grade = usize::try_from(child.age - 7).unwrap_or_default().min(GRADES.len() - 1);
        let building = place::dwelling(&mut tx, desk.tenant, home.dwelling).await?.building_id;
        let particulars = Particulars {
            name: child.name.clone(),
            sex: child.sex.code().to_owned(),
            birth_month: birth_month(child),
            school: if grade < 6 { "城内小学" } else { "城内中学" }.to_owned(),
            grade: GRADES[grade].to_owned(),
            guardians: vec![person.clone()],
            ..Particulars::default()
        };
        let sketch =
            Sketch { estate, building, particulars, medical: (at % 20 == 3).then(|| "花生过敏".to_owned()) };
        let invited = after_school::invite(&mut tx, &desk, sketch.clone()).await?;
        if at < CHILDREN {
            let wishes = Wishes { adults: vec![(false, person)], photos: at % 3 != 0, alone: false };
            after_school::agree(&mut tx, &own, &invited, sketch, &wishes).await?;
        }
    }
    Ok(tx.commit().await?)
}
