//! What whoever walks sees by their own link: their rounds, and a tap at each point; and the page behind the code at a point.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{AppendHeaders, IntoResponse, Response};
use db::Tx;
use jiff::{Timestamp, ToSpan};
use uuid::Uuid;

use super::NO_NUMBERS;
use crate::access::{self, Act, Link, Need, Routes};
use crate::app::{App, ClientAddress};
use crate::duty::{self, Person};
use crate::error::{Error, Result};
use crate::hazard::MOST_PHOTOS;
use crate::patrol::figure::hours;
use crate::patrol::model::{How, Rounds, next_point};
use crate::patrol::round::{self, NewCheck, walked_now};
use crate::patrol::route::point_by_link;
use crate::patrol::store::{self, Check, Point, Round, Route, Walker};
use crate::web::{Form, Shell, page, page_again, redirect};
use crate::{photo, settings};

pub fn routes() -> Routes {
    Routes::default()
        .get("/patrol-own/{link}", Need::Public, show)
        .post("/patrol-own/{link}/rounds/{patrol}", Need::Public, step)
        .get("/patrol-points/{link}", Need::Public, show_point)
        .post("/patrol-points/{link}", Need::Public, arrive)
}

/// A round of today, or of yesterday on which they are still out, with the points of its route.
struct Mine {
    /// They can say now where they are.
    walked: bool,
    round: Round,
    route: Route,
    points: Vec<Point>,
    checks: Vec<Check>,
}

impl Mine {
    fn last(&self, point: &Uuid) -> Option<&Check> {
        self.checks.iter().rev().find(|check| check.point_id == *point)
    }

    /// Where they go next.
    fn next(&self) -> Option<Uuid> {
        let points: Vec<Uuid> = self.points.iter().map(|point| point.id).collect();
        next_point(&points, self.checks.last().map(|check| check.point_id))
    }

    fn is_next(&self, point: &Uuid) -> bool {
        self.next() == Some(*point)
    }

    fn hours(&self) -> String {
        hours(self.route.from_minute, self.route.to_minute)
    }
}

#[derive(Template)]
#[template(path = "patrol/web/own.html")]
struct OwnPage {
    shell: Shell,
    link: String,
    person: Person,
    /// What is walked today, and since yesterday.
    today: Vec<Mine>,
    /// What is walked on the days to come, of which only the name is told.
    later: Vec<Round>,
    walkers: Vec<Walker>,
    usual: Rounds,
    now: Timestamp,
    form: Form,
    failed: Option<Uuid>,
}

impl OwnPage {
    fn state(&self, round: &Round) -> (&'static str, &'static str) {
        round::standing(round, self.usual.round_minutes, self.now)
    }

    /// It is of yesterday.
    fn before(&self, round: &Round) -> bool {
        round.day < duty::day_of(self.now).to_string()
    }

    fn day(&self, day: &str) -> String {
        day.parse().map_or(day.to_owned(), duty::short_day)
    }

    fn clock(&self, at: &Timestamp) -> String {
        duty::clock(*at)
    }

    /// Who else goes.
    fn with(&self, round: &Uuid) -> String {
        let others = self.walkers.iter().filter(|one| one.round_id == *round && one.person_id != self.person.id);
        others.map(|one| one.name.as_str()).collect::<Vec<_>>().join("、")
    }

    fn failed_at(&self, round: &Uuid, point: &Uuid) -> bool {
        self.failed == Some(*round) && self.form.is("point", &point.to_string())
    }

    /// What is wrong with the words of a form stands at their own field, to which the list of errors leads by this name.
    fn note_id(&self, round: &Uuid, point: &Uuid) -> String {
        if self.failed_at(round, point) { "note".to_owned() } else { format!("note-{round}-{point}") }
    }

    fn words_id(&self, round: &Uuid) -> String {
        if self.failed_end(round) { "words".to_owned() } else { format!("words-{round}") }
    }

    fn photos_field(&self, round: &Uuid, point: &Uuid) -> String {
        photos_field(*round, *point)
    }

    fn failed_end(&self, round: &Uuid) -> bool {
        self.failed == Some(*round) && self.form.is("step", "end")
    }
}

/// Errors: not found by a link that was not made for this, is not good any more, or belongs to somebody who is never sent on patrol.
async fn by_link(app: &App, tx: &mut Tx, text: &str) -> Result<(Act, Person)> {
    let link: Link = text.parse().map_err(|()| Error::NotFound)?;
    let person = duty::person_by_link(tx, &link, &app.means.keys).await?;
    if !person.kind.is_uniformed() {
        return Err(Error::NotFound);
    }
    Ok((Act::guard(link.tenant, &app.means), person))
}

/// Under which name a point's form sends photos: of several forms on the page none shows those of another.
fn photos_field(round: Uuid, point: Uuid) -> String {
    format!("photos-{round}-{point}")
}

/// Whoever walks a round, by their own link.
///
/// Errors: not found if it is somebody else's round.
async fn walking(app: &App, tx: &mut Tx, link: &str, round: Uuid) -> Result<(Act, Person)> {
    let (act, person) = by_link(app, tx, link).await?;
    let walkers = store::walkers_of(tx, act.tenant, round).await?;
    if walkers.iter().any(|walker| walker.person_id == person.id) { Ok((act, person)) } else { Err(Error::NotFound) }
}

async fn own_page(app: &App, shell: Shell, link: String, form: Form, failed: Option<Uuid>) -> Result<OwnPage> {
    let mut tx = app.db.read().await?;
    let (act, person) = by_link(app, &mut tx, &link).await?;
    let tenant = access::tenant(&mut tx, act.tenant).await?;
    let today = duty::day_of(act.at);
    let last = today.checked_add(14.days()).unwrap_or(today).to_string();
    // Whoever set out before midnight has to end the round, and may still be on it.
    let first = today.yesterday().unwrap_or(today).to_string();
    let today = today.to_string();
    let rounds = store::rounds_of_person(&mut tx, act.tenant, person.id, (&first, &last)).await?;
    let walkers = store::walkers_with(&mut tx, act.tenant, person.id, (&first, &last)).await?;
    let (later, now): (Vec<Round>, Vec<Round>) = rounds.into_iter().partition(|round| round.day > today);
    let beyond = round::Beyond::read(&mut tx, &act).await?;
    let mut mine = Vec::new();
    for round in now.into_iter().filter(|round| round.day == today || round.out()) {
        let mut points = store::points_of(&mut tx, act.tenant, round.route_id).await?;
        points.retain(|point| point.closed_at.is_none());
        let checks = store::checks_of_round(&mut tx, act.tenant, round.id).await?;
        let route = store::route(&mut tx, act.tenant, round.route_id).await?;
        let walked = round.open() && beyond.is_of(&round, act.at);
        mine.push(Mine { walked, round, route, points, checks });
    }
    let shell = shell.of_community(&tenant.name, "");
    let usual = settings::read(&mut tx, act.tenant, act.at).await?;
    Ok(OwnPage { shell, link, person, today: mine, later, walkers, usual, now: act.at, form, failed })
}

async fn show(State(app): State<App>, shell: Shell, Path(link): Path<String>) -> Result<Response> {
    let shown = own_page(&app, shell, link.clone(), Form::default(), None).await?;
    Ok((AppendHeaders(duty::remember_phone(&app, &link)), page(&shown)?).into_response())
}

async fn step(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path((link, id)): Path<(String, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    // A whole unit checks in from one address.
    app.sign_ins.check(address)?;
    let mut tx = app.db.read().await?;
    let (act, _) = walking(&app, &mut tx, &link, id).await?;
    drop(tx);
    // Photos are taken in before anything is held, and stay where the form comes back.
    let at_point = form.value("point").parse::<Uuid>().ok().filter(|_| form.value("step") == "check");
    let photos = match at_point {
        Some(point) => photo::from_form(&app, &act, &mut form, &photos_field(id, point), MOST_PHOTOS).await?,
        None => Vec::new(),
    };
    let mut tx = app.db.begin().await?;
    let (act, person) = walking(&app, &mut tx, &link, id).await?;
    let (field, said, done) = match form.value("step") {
        "begin" => ("step", "出发了，注意安全".to_owned(), round::begin(&mut tx, &act, id, person.id).await),
        "check" => {
            let note = form.open_text("note", "看到的情况", 0..=300, NO_NUMBERS);
            let point = form.choice("point", "到了哪个点", |id| id.parse::<Uuid>().ok());
            let new = point.filter(|_| form.ok()).map(|point| NewCheck {
                round: id,
                point,
                person: person.id,
                at: act.at,
                how: How::Link,
                note,
                photos,
            });
            let done = match &new {
                Some(new) => round::check(&mut tx, &act, new).await,
                None => Ok(()),
            };
            ("note", format!("{} 到了，已记下", duty::clock(act.at)), done)
        }
        "end" => {
            let words = form.open_text("words", "交接和情况", 0..=300, NO_NUMBERS);
            let done = if form.ok() { round::end(&mut tx, &act, id, Some(person.id), &words).await } else { Ok(()) };
            ("words", "这一轮结束了，辛苦了".to_owned(), done)
        }
        _ => ("step", String::new(), Err(Error::refused("没有看懂要做什么，请再点一次"))),
    };
    if form.ok() && form.noted(field, done)?.is_some() {
        tx.commit().await?;
        return Ok(redirect(&format!("/patrol-own/{link}"), &said));
    }
    drop(tx);
    page_again(&own_page(&app, shell, link, form, Some(id)).await?)
}

/// Whose phone it is, and nobody else's business: the point, their round there, and when they were there last.
type Here = (Person, Point, Option<Round>, Option<String>);

#[derive(Template)]
#[template(path = "patrol/web/point-code.html")]
struct PointPage {
    shell: Shell,
    link: String,
    here: Option<Here>,
    form: Form,
}

/// The point of a code, for the phone's owner if it is known.
async fn at_point(app: &App, tx: &mut Tx, headers: &HeaderMap, text: &str) -> Result<(Act, Option<Here>)> {
    let link: Link = text.parse().map_err(|()| Error::NotFound)?;
    let point = point_by_link(tx, &link, &app.means.keys).await?;
    let act = Act::guard(link.tenant, &app.means);
    let mut here = None;
    let person = duty::whose_phone(tx, headers, link.tenant, &app.means.keys).await?;
    if let Some(person) = person.filter(|person| person.kind.is_uniformed()) {
        let rounds = round::rounds_now(tx, &act, person.id).await?;
        let round = walked_now(&rounds, point.route_id).cloned();
        let last = match &round {
            Some(round) => store::checks_of_round(tx, link.tenant, round.id).await?,
            None => Vec::new(),
        };
        let mine = |check: &&Check| check.point_id == point.id && check.person_id == person.id;
        let last = last.iter().rev().find(mine).map(|check| duty::clock(check.at));
        here = Some((person, point, round, last));
    }
    Ok((act, here))
}

async fn point_page(
    app: &App,
    tx: &mut Tx,
    (shell, headers): (Shell, &HeaderMap),
    text: &str,
    form: Form,
) -> Result<(Act, PointPage)> {
    let (act, here) = at_point(app, tx, headers, text).await?;
    let tenant = access::tenant(tx, act.tenant).await?;
    let shell = shell.of_community(&tenant.name, "");
    Ok((act, PointPage { shell, link: text.to_owned(), here, form }))
}

async fn show_point(
    State(app): State<App>,
    shell: Shell,
    headers: HeaderMap,
    Path(link): Path<String>,
) -> Result<Response> {
    let mut tx = app.db.read().await?;
    page(&point_page(&app, &mut tx, (shell, &headers), &link, Form::default()).await?.1)
}

async fn arrive(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    headers: HeaderMap,
    Path(link): Path<String>,
    mut form: Form,
) -> Result<Response> {
    app.sign_ins.check(address)?;
    let mut tx = app.db.read().await?;
    let (act, here) = at_point(&app, &mut tx, &headers, &link).await?;
    drop(tx);
    // Photos are taken in before anything is held, and only from whoever walks here now.
    let photos = match here {
        Some((_, _, Some(_), _)) => photo::from_form(&app, &act, &mut form, "photos", MOST_PHOTOS).await?,
        _ => Vec::new(),
    };
    let mut tx = app.db.begin().await?;
    let note = form.open_text("note", "看到的情况", 0..=300, NO_NUMBERS);
    let (act, mut shown) = point_page(&app, &mut tx, (shell, &headers), &link, form).await?;
    let new = match &shown.here {
        Some((person, point, Some(round), _)) => {
            let (round, point, person) = (round.id, point.id, person.id);
            Some(NewCheck { round, point, person, at: act.at, how: How::Code, note, photos })
        }
        _ => None,
    };
    match new {
        None => shown.form.fail("note", "今天这条路线没有您的巡逻，或者这一轮已经结束了"),
        Some(new) if shown.form.ok() => {
            let done = round::check(&mut tx, &act, &new).await;
            if shown.form.noted("note", done)?.is_some() {
                tx.commit().await?;
                return Ok(redirect(&format!("/patrol-points/{link}"), "到了，已记下"));
            }
        }
        Some(_) => {}
    }
    page_again(&shown)
}
