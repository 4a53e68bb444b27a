//! Patrols of the bureau: a week of rounds around a school and along a street, past the places of the list.

use calendar::{WorkingDays, shanghai};
use db::Db;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use uuid::Uuid;

use super::community::act_at;
use super::guards;
use crate::access::{self, Act, Scope};
use crate::duty::{self, SchoolDay};
use crate::error::{Error, Result};
use crate::hazard;
use crate::means::Means;
use crate::patrol::{self, Asked, Days, How, NewCheck, PointSketch, Route, RouteKind, RouteSketch};

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
pub async fn week(db: &Db, means: &Means, now: Timestamp) -> Result<()> {
    let mut tx = db.begin().await?;
    let tenant = access::tenant_by_code(&mut tx, guards::CODE).await?.ok_or(Error::NotFound)?.tenant_id;
    let units = access::organisations(&mut tx, tenant).await?;
    let unit = |name: &str| units.iter().find(|unit| unit.name == name).map(|unit| unit.id).ok_or(Error::NotFound);
    let (station, patrol_unit) = (unit("田家会派出所")?, unit("巡特警大队")?);
    let then = |at: Timestamp| Act { organisation: Some(station), ..act_at(tenant, means, at) };
    let began = then(now - SignedDuration::from_hours(24 * 8));
    let people = duty::people(&mut tx, tenant, &Scope::tenant()).await?;
    let person = |at: usize| {
        let found = people.iter().find(|one| one.name == guards::PEOPLE[at].0);
        found.map(|one| one.id).ok_or(Error::NotFound)
    };
    let schools = hazard::schools(&mut tx, tenant, &Scope::tenant()).await?;
    let school =
        schools.iter().find(|one| one.name == guards::SCHOOLS[0].name).map(|one| one.id).ok_or(Error::NotFound)?;
    let listed = hazard::listed_places(&mut tx, tenant, &Scope::tenant()).await?;
    let places: Vec<_> = listed.into_iter().map(|place| (place.name, place.school_id, Some(place.id))).collect();
    let sketch =
        |unit, name: &str, kind, asked| RouteSketch { unit, name: name.to_owned(), kind, asked, closed_at: None };
    let asked = Asked { interval: 45, tolerance: 5, from: 420, to: 1110, days: Days::School, school: Some(school) };
    let gates = ["正门", "校门前路口"].map(|name| (name.to_owned(), school, None));
    let near = places.iter().filter(|(_, at, _)| *at == school).take(1).cloned().collect::<Vec<_>>();
    let around = [&gates[..], &near[..]].concat();
    let route = sketch(patrol_unit, "第一小学周边", RouteKind::School, asked);
    let mut around = beat(&mut tx, &began, route, &around).await?;
    around.teams = [vec![person(8)?], vec![person(9)?]];
    let asked = Asked { interval: 60, tolerance: 5, from: 1020, to: 1320, days: Days::Every, school: None };
    let route = sketch(station, "滨河路街面", RouteKind::Street, asked);
    let mut street = beat(&mut tx, &began, route, &places[..places.len().min(3)]).await?;
    street.teams = [vec![person(1)?, person(5)?], vec![person(2)?, person(6)?]];

    let today = now.to_zoned_datetime(shanghai()).date();
    let first = today.saturating_sub(6.days());
    let table = duty::timetable(&mut tx, tenant, first, today).await?;
    for day in first.series(1.day()).take_while(|day| *day <= today) {
        let lessons = table.of(school, day, WorkingDays::embedded());
        if matches!(lessons, SchoolDay::Lessons | SchoolDay::Exams) {
            walk(&mut tx, &then, &around, day, now).await?;
        }
        walk(&mut tx, &then, &street, day, now).await?;
    }
    Ok(tx.commit().await?)
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
        let round = match patrol::plan(tx, &morning, &beat.route, (day, Some((at(from), half))), &people).await {
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
                let note = match (seen, beat.route.kind) {
                    (true, RouteKind::School) => "校门前路灯坏了两盏，晚自习放学看不清",
                    (true, RouteKind::Street) => "摊位占了消防通道，已经劝离，还会再摆出来",
                    _ => "",
                };
                let (at, person) = (at(come), team[0]);
                let (note, photos) = (note.to_owned(), Vec::new());
                let new = NewCheck { round, point: *point, person, at, how: How::Link, note, photos };
                match patrol::check(tx, &then(at), &new).await {
                    // Still at a post.
                    Err(Error::Refused(_)) => continue,
                    other => other?,
                }
                last = Some(at);
            }
        }
        if let Some(last) = last.filter(|_| at(to) <= now) {
            let end = then(last + SignedDuration::from_mins(1));
            patrol::end(tx, &end, round, team.first().copied(), "路面平稳，没有异常").await?;
        }
    }
    Ok(())
}
