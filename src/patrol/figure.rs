//! Routes, points and what was checked, laid side by side: today over all routes, and one route over a day, a week, a term.

use std::collections::HashMap;

use calendar::WorkingDays;
use db::Tx;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use uuid::Uuid;

use super::model::{Asked, Kept, Standing, Sum, Walked};
use super::store::{self, Point, Round, Route, STAMPS, STAMPS_OF, Stamp, VERSIONS, VERSIONS_OF, Version, Walker};
use crate::access::Scope;
use crate::duty::{self, Timetable};
use crate::error::{Error, Result};

/// The longest period that is counted, in days.
pub const LONGEST: i64 = 220;

/// A route on a day.
#[derive(Debug, Clone)]
pub struct DayOf {
    pub day: Date,
    pub walked: Walked,
    /// What was asked of it then; nothing before there was the route.
    pub asked: Option<Asked>,
    pub window: Option<(Timestamp, Timestamp)>,
    /// Its points in their order, as far as they were there.
    pub points: Vec<(Uuid, Option<Kept>)>,
}

impl DayOf {
    /// Of a day on which it is not walked, nothing is counted.
    pub fn sum(&self) -> Sum {
        self.points.iter().filter_map(|(_, kept)| kept.as_ref()).map(Kept::sum).fold(Sum::default(), Sum::add)
    }

    pub fn of_point(&self, point: Uuid) -> Option<&Kept> {
        self.points.iter().find(|(id, _)| *id == point)?.1.as_ref()
    }

    pub fn standing(&self, point: Uuid, now: Timestamp) -> Option<Standing> {
        let (asked, window) = self.asked.as_ref().zip(self.window)?;
        Standing::of(self.of_point(point), window, asked, now)
    }
}

type Stamps = HashMap<Uuid, Vec<Timestamp>>;

fn by_point(stamps: Vec<Stamp>) -> Stamps {
    let mut found: Stamps = HashMap::new();
    for stamp in stamps {
        found.entry(stamp.point_id).or_default().push(stamp.at);
    }
    found
}

/// A route on a day, by what was asked of it then.
fn lay(
    route: &Route,
    points: &[Point],
    versions: &[Version],
    stamps: &Stamps,
    table: &Timetable,
    (day, now): (Date, Timestamp),
) -> DayOf {
    let text = day.to_string();
    let version = versions.iter().rfind(|version| version.route_id == route.id && version.from_day <= text);
    let asked = version.map(Version::asked);
    let window = asked.as_ref().and_then(|asked| asked.window(day));
    let Some((asked, (from, to))) = asked.zip(window) else {
        let walked = Walked::No("那时还没有这条路线".to_owned());
        return DayOf { day, walked, asked: None, window: None, points: Vec::new() };
    };
    let walked = match route.closed_at {
        Some(closed) if closed <= from => Walked::No("已经停走".to_owned()),
        _ => asked.walked(day, table, WorkingDays::embedded()),
    };
    let kept = |point: &Point| {
        if walked != Walked::Yes {
            return None;
        }
        // From when it was there, until it was taken away.
        let ends = [point.closed_at, route.closed_at].into_iter().flatten().fold(to, Timestamp::min);
        let begins = from.max(point.created_at);
        let checks = stamps.get(&point.id).map_or(&[][..], Vec::as_slice);
        if begins < ends { Kept::of((begins, ends), asked.allowed(), checks, now) } else { None }
    };
    let there = |point: &&Point| point.created_at < to && point.closed_at.is_none_or(|closed| closed > from);
    let points = points.iter().filter(there).map(|point| (point.id, kept(point))).collect();
    DayOf { day, walked, asked: Some(asked), window: Some((from, to)), points }
}

/// A route today: its points, its rounds, and who walks them.
#[derive(Debug, Clone)]
pub struct Today {
    pub route: Route,
    pub points: Vec<Point>,
    pub of: DayOf,
    pub rounds: Vec<Round>,
    pub walkers: Vec<Walker>,
}

impl Today {
    /// The points at which nobody has been for too long.
    pub fn late(&self, now: Timestamp) -> Vec<(&Point, Standing)> {
        let stands = |point| self.of.standing(point, now).filter(|standing| standing.late);
        self.points.iter().filter_map(|point| Some((point, stands(point.id)?))).collect()
    }
}

fn midnight(day: Date, minute: i64) -> Result<Timestamp> {
    duty::moment(day, minute).ok_or_else(|| Error::refused("日子不对，请重新选"))
}

/// The routes within reach, as they stand on a day: those that are walked at all, and those that were closed since, or in the middle of it.
pub async fn of_day(tx: &mut Tx, tenant: Uuid, scope: &Scope, day: Date, now: Timestamp) -> Result<Vec<Today>> {
    let text = day.to_string();
    let reach = |statement: db::Statement| statement.bind(tenant).bind(scope.account).bind(&scope.roles);
    let routes = store::routes_within(tx, tenant, scope).await?;
    let span = (midnight(day, 0)?, midnight(day, 24 * 60)?);
    let points = store::points(tx, tenant, scope, span.0).await?;
    let versions: Vec<Version> = tx.all(reach(VERSIONS).bind(&text)).await?;
    let stamps = by_point(tx.all(reach(STAMPS).bind(span.0).bind(span.1)).await?);
    let table = duty::timetable(tx, tenant, day, day).await?;
    let rounds = store::rounds_of_day(tx, tenant, scope, &text).await?;
    let walkers = store::walkers_of_day(tx, tenant, scope, &text).await?;
    let of = |route: Route| {
        let points: Vec<Point> = points.iter().filter(|point| point.route_id == route.id).cloned().collect();
        let of = lay(&route, &points, &versions, &stamps, &table, (day, now));
        let rounds: Vec<Round> = rounds.iter().filter(|round| round.route_id == route.id).cloned().collect();
        let with = |walker: &&Walker| rounds.iter().any(|round| round.id == walker.round_id);
        let walkers = walkers.iter().filter(with).cloned().collect();
        let points = points.into_iter().filter(|point| of.points.iter().any(|(id, _)| *id == point.id)).collect();
        Today { route, points, of, rounds, walkers }
    };
    let there = |today: &Today| {
        let begun = |closed: Timestamp| today.of.window.is_some_and(|(from, _)| from < closed);
        today.route.closed_at.is_none_or(begun) || !today.rounds.is_empty()
    };
    Ok(routes.into_iter().map(of).filter(there).collect())
}

/// One route from one day to another, both included.
#[derive(Debug, Clone)]
pub struct Span {
    pub route: Route,
    /// Those that were there on any of the days.
    pub points: Vec<Point>,
    pub days: Vec<DayOf>,
}

impl Span {
    pub fn sum(&self) -> Sum {
        self.days.iter().map(DayOf::sum).fold(Sum::default(), Sum::add)
    }

    pub fn sum_of(&self, point: Uuid, (first, last): (Date, Date)) -> Sum {
        let days = self.days.iter().filter(|of| (first..=last).contains(&of.day));
        days.filter_map(|of| of.of_point(point)).map(Kept::sum).fold(Sum::default(), Sum::add)
    }

    /// Each thing that is not known, once, with how many days it concerns.
    pub fn questions(&self) -> Vec<(String, usize)> {
        let mut questions: Vec<(String, usize)> = Vec::new();
        for of in &self.days {
            let Walked::Unknown(why) = &of.walked else { continue };
            match questions.iter_mut().find(|(known, _)| known == why) {
                Some((_, count)) => *count += 1,
                None => questions.push((why.clone(), 1)),
            }
        }
        questions
    }
}

pub async fn of_route(
    tx: &mut Tx,
    tenant: Uuid,
    route: Route,
    (first, last): (Date, Date),
    now: Timestamp,
) -> Result<Span> {
    let known = store::points_of(tx, tenant, route.id).await?;
    let mut versions: Vec<Version> = tx.all(VERSIONS_OF.bind(tenant).bind(route.id).bind(last.to_string())).await?;
    versions.reverse();
    let span = (midnight(first, 0)?, midnight(last, 24 * 60)?);
    let stamps = tx.all(STAMPS_OF.bind(tenant).bind(route.id).bind(span.0).bind(span.1)).await?;
    let stamps = by_point(stamps);
    let table = duty::timetable(tx, tenant, first, last).await?;
    let mut points = known;
    points.sort_by_key(|point| (point.position, point.id));
    let days = first.series(1.day()).take_while(|day| *day <= last).take(LONGEST as usize);
    let days: Vec<DayOf> = days.map(|day| lay(&route, &points, &versions, &stamps, &table, (day, now))).collect();
    points.retain(|point| days.iter().any(|of| of.points.iter().any(|(id, _)| *id == point.id)));
    // One that was closed, and another that has its name since, are told apart.
    let names: Vec<String> = points.iter().map(|point| point.name.clone()).collect();
    for point in &mut points {
        let twice = names.iter().filter(|name| **name == point.name).count() > 1;
        if let Some(closed) = point.closed_at.filter(|_| twice) {
            point.name = format!("{}（{}停用）", point.name, duty::short_day(duty::day_of(closed)));
        }
    }
    Ok(Span { route, points, days })
}

/// From when until when a route is walked, in minutes of the day: `07:00–09:00`.
pub fn hours(from: i64, to: i64) -> String {
    format!("{}–{}", minute(from), minute(to))
}

/// `07:20`, and `24:00` at the end of a day.
pub fn minute(minute: i64) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}
