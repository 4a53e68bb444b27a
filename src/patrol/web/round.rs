//! One round: who goes along which route, where they have been and what they said; planned, changed and helped along by the desk.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::Tx;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use uuid::Uuid;

use super::{NO_NUMBERS, Options, a_day, day_or_today, photos_of};
use crate::access::{Act, Permission, Routes, Viewer};
use crate::app::App;
use crate::duty::{self, Person};
use crate::error::{Error, Result};
use crate::patrol::model::{How, Rounds};
use crate::patrol::round::{self, NewCheck, Planned};
use crate::patrol::store::{self, Check, CheckPhoto, Point, Round, Route, Walker};
use crate::photo::{self, Size};
use crate::settings;
use crate::web::{Form, Shell, page, page_again, redirect, show};

pub fn routes() -> Routes {
    use Permission::{DutyPlan, DutyRead};
    Routes::default()
        .get("/patrol-rounds/new", DutyPlan, new)
        .post("/patrol-rounds", DutyPlan, create)
        .get("/patrol-rounds/{id}", DutyRead, show)
        .post("/patrol-rounds/{id}/particulars", DutyPlan, change)
        .post("/patrol-rounds/{id}/cancellation", DutyPlan, cancel)
        .post("/patrol-rounds/{id}/checks", DutyPlan, check)
        .post("/patrol-rounds/{id}/closure", DutyPlan, end)
        .get("/patrol-notes/{id}/photos/{photo}", DutyRead, show_photo)
}

#[derive(Deserialize)]
struct Wanted {
    day: Option<String>,
    route: Option<Uuid>,
}

#[derive(Template)]
#[template(path = "patrol/web/round-form.html")]
struct NewPage {
    shell: Shell,
    form: Form,
    routes: Options,
    people: Options,
}

impl NewPage {
    fn ticked(&self, id: &str) -> bool {
        self.form.values("person").any(|one| one == id)
    }
}

/// Who may be sent: police in uniform within reach.
async fn people(tx: &mut Tx, viewer: &Viewer) -> Result<Vec<Person>> {
    let people = duty::people(tx, viewer.tenant, &viewer.scope(Permission::DutyPlan)).await?;
    Ok(people.into_iter().filter(|person| person.kind.is_uniformed()).collect())
}

fn options(people: &[Person]) -> Options {
    let label = |one: &Person| format!("{}（{}，{}）", one.name, one.kind, one.organisation_name);
    people.iter().map(|one| (one.id.to_string(), label(one))).collect()
}

/// When a form says that a round sets out, and how long it takes.
async fn planned(tx: &mut Tx, act: &Act, form: &mut Form, day: Option<Date>) -> Result<Option<Planned>> {
    let at = time(form, "at", "几点出发（如 07:10）", day);
    let usual: Rounds = settings::read(tx, act.tenant, act.at).await?;
    let minutes = match form.value("minutes").trim().is_empty() {
        true => Some(usual.round_minutes),
        false => form.number("minutes", "大约走多久", 5..=720),
    };
    Ok(at.zip(minutes))
}

struct Choices {
    routes: Vec<Route>,
    people: Vec<Person>,
}

impl Choices {
    async fn read(tx: &mut Tx, viewer: &Viewer) -> Result<Choices> {
        let mut routes = store::routes_within(tx, viewer.tenant, &viewer.scope(Permission::DutyPlan)).await?;
        routes.retain(|route| route.closed_at.is_none());
        Ok(Choices { routes, people: people(tx, viewer).await? })
    }

    fn page(self, shell: Shell, form: Form) -> NewPage {
        let routes = self.routes.into_iter().map(|route| (route.id.to_string(), route.name)).collect();
        NewPage { shell, form, routes, people: options(&self.people) }
    }
}

/// The people that a form ticks, of those who may be.
fn ticked(form: &Form, people: &[Person]) -> Vec<Person> {
    people.iter().filter(|person| form.is("person", &person.id.to_string())).cloned().collect()
}

/// A clock of a day, or nothing.
fn time(form: &mut Form, name: &str, label: &str, day: Option<Date>) -> Option<Timestamp> {
    form.optional_choice(name, label, |text| duty::moment(day?, duty::minute(text)?))
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell, Query(wanted): Query<Wanted>) -> Result<Response> {
    let choices = Choices::read(&mut app.db.read().await?, &viewer).await?;
    let day = day_or_today(wanted.day.as_deref(), app.means.now());
    let route = wanted.route.map(|id| id.to_string()).unwrap_or_default();
    page(&choices.page(shell, Form::filled(&[("day", &day.to_string()), ("route", &route)])))
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyPlan)?;
    let mut tx = app.db.begin().await?;
    let choices = Choices::read(&mut tx, &viewer).await?;
    let route = form.choice("route", "路线", |id| {
        let id: Uuid = id.parse().ok()?;
        choices.routes.iter().find(|route| route.id == id).cloned()
    });
    let day = form.choice("day", "哪一天", a_day);
    let planned = planned(&mut tx, &act, &mut form, day).await?;
    let who = ticked(&form, &choices.people);
    if let (Some(route), Some(day), true) = (route, day, form.ok()) {
        let done = round::plan(&mut tx, &act, &route, (day, planned), &who).await;
        if let Some(id) = form.noted("person", done)? {
            let caution = round::caution(&mut tx, &act, id).await?;
            tx.commit().await?;
            let said = format!("已排上，本人的链接上看得到{caution}");
            return Ok(redirect(&format!("/patrol-rounds/{id}"), &said));
        }
    }
    drop(tx);
    page_again(&choices.page(shell, form))
}

#[derive(Template)]
#[template(path = "patrol/web/round.html")]
struct RoundPage {
    shell: Shell,
    round: Round,
    walkers: Vec<(Walker, String)>,
    checks: Vec<Check>,
    photos: Vec<CheckPhoto>,
    /// Where a check can be entered.
    points: Vec<Point>,
    people: Options,
    now: Timestamp,
    may_plan: bool,
    /// So many hours long the desk enters what was told by radio.
    desk_hours: i64,
    usual_minutes: i64,
    form: Form,
    failed: &'static str,
}

impl RoundPage {
    fn day(&self) -> String {
        self.round.day.parse().map_or(self.round.day.clone(), duty::short_day)
    }

    fn state(&self) -> (&'static str, &'static str) {
        round::standing(&self.round, self.usual_minutes, self.now)
    }

    fn clock(&self, at: &Timestamp) -> String {
        duty::clock(*at)
    }

    fn points_to_choose(&self) -> Options {
        self.points.iter().map(|point| (point.id.to_string(), point.name.clone())).collect()
    }

    fn walkers_to_choose(&self) -> Options {
        self.walkers.iter().map(|(walker, _)| (walker.person_id.to_string(), walker.name.clone())).collect()
    }

    fn ticked(&self, id: &str) -> bool {
        self.form.values("person").any(|one| one == id)
    }

    /// Something of the day itself can be entered, and still may be.
    fn has_come(&self) -> bool {
        let over = self.round.day.parse::<Date>().ok().and_then(|day| duty::moment(day, 24 * 60));
        let late = over.is_some_and(|over| over + SignedDuration::from_hours(self.desk_hours) < self.now);
        let begun = self.round.day <= duty::day_of(self.now).to_string();
        self.may_plan && self.round.cancelled_at.is_none() && begun && !late
    }

    /// Who entered a check at the desk, and when.
    fn entered(&self, check: &Check) -> String {
        match (&check.entered_name, &check.entered_at) {
            (Some(name), Some(at)) => format!("（{name} {} 登记）", show::day_and_time(at)),
            _ => String::new(),
        }
    }

    fn photos_of(&self, check: &Check) -> Vec<Uuid> {
        photos_of(&self.photos, check)
    }

    fn cancellable(&self) -> bool {
        self.may_plan && self.round.begun_at.is_none() && self.round.cancelled_at.is_none()
    }

    fn came_of(&self, check: &Check) -> String {
        match (&check.hazard_number, check.seen_at) {
            (Some(number), _) => format!("已登记为隐患 {number}"),
            (None, Some(_)) => format!("{}：{}", check.seen_name.as_deref().unwrap_or("值班室"), check.answer),
            (None, None) => "等值班室看".to_owned(),
        }
    }
}

async fn round_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    (form, failed): (Option<Form>, &'static str),
) -> Result<RoundPage> {
    let act = app.act(viewer, Permission::DutyRead)?;
    let mut tx = app.db.read().await?;
    let usual: Rounds = settings::read(&mut tx, viewer.tenant, act.at).await?;
    let round = store::round_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyRead), id).await?;
    let mut walkers = Vec::new();
    for walker in store::walkers_of(&mut tx, viewer.tenant, id).await? {
        let phone = duty::person_phone(&act, walker.phone_sealed.as_deref())?;
        walkers.push((walker, phone));
    }
    let mut points = store::points_of(&mut tx, viewer.tenant, round.route_id).await?;
    points.retain(|point| point.closed_at.is_none());
    let mut people = options(&people(&mut tx, viewer).await?);
    // Whoever walks may belong to another unit; the form keeps them.
    for (walker, _) in &walkers {
        if !people.iter().any(|(id, _)| *id == walker.person_id.to_string()) {
            people.push((walker.person_id.to_string(), walker.name.clone()));
        }
    }
    // The form of who goes shows who does, unless it is the one that has to come back.
    let mut form = form.unwrap_or_default();
    if failed != "change" {
        form.set("at", round.planned_at.map(duty::clock).unwrap_or_default());
        form.set("minutes", round.minutes.unwrap_or(usual.round_minutes).to_string());
        form.set("version", round.lock_version.to_string());
        for (walker, _) in &walkers {
            form.add("person", walker.person_id.to_string());
        }
    }
    Ok(RoundPage {
        shell,
        checks: store::checks_of_round(&mut tx, viewer.tenant, id).await?,
        photos: store::photos_of_round(&mut tx, viewer.tenant, id).await?,
        round,
        walkers,
        points,
        people,
        now: act.at,
        may_plan: viewer.may(Permission::DutyPlan),
        desk_hours: usual.desk_hours,
        usual_minutes: usual.round_minutes,
        form,
        failed,
    })
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&round_page(&app, &viewer, shell, id, (None, "")).await?)
}

async fn show_photo(State(app): State<App>, viewer: Viewer, Path((id, photo)): Path<(Uuid, Uuid)>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    store::check_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyRead), id).await?;
    if !store::has_photo(&mut tx, viewer.tenant, id, photo).await? {
        return Err(Error::NotFound);
    }
    Ok(photo::response(photo::read(&mut tx, viewer.tenant, photo, Size::Full).await?))
}

/// Begins the transaction of a step at a round within reach.
async fn reached(app: &App, viewer: &Viewer, id: Uuid) -> Result<(Tx, Act, Round)> {
    let act = app.act(viewer, Permission::DutyPlan)?;
    let mut tx = app.db.begin().await?;
    let round = store::round_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyPlan), id).await?;
    Ok((tx, act, round))
}

/// Ends a step: goes on to the round, or shows it again with what was refused.
async fn ended(
    (app, viewer, shell): (&App, &Viewer, Shell),
    id: Uuid,
    (tx, mut form): (Tx, Form),
    (name, failed, said): (&str, &'static str, &str),
    done: Result<()>,
) -> Result<Response> {
    if form.ok() && form.ended(tx, name, done).await?.is_some() {
        return Ok(redirect(&format!("/patrol-rounds/{id}"), said));
    }
    page_again(&round_page(app, viewer, shell, id, (Some(form), failed)).await?)
}

async fn change(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, known) = reached(&app, &viewer, id).await?;
    let planned = planned(&mut tx, &act, &mut form, known.day.parse().ok()).await?;
    // Whoever walks already may belong to another unit.
    let mut may = people(&mut tx, &viewer).await?;
    for walker in store::walkers_of(&mut tx, viewer.tenant, id).await? {
        if !may.iter().any(|person| person.id == walker.person_id) {
            may.push(duty::person(&mut tx, viewer.tenant, walker.person_id).await?);
        }
    }
    let who = ticked(&form, &may);
    let done = match form.ok() {
        true => round::change(&mut tx, &act, &known, form.version(), planned, &who).await,
        false => Ok(()),
    };
    let caution = if done.is_ok() { round::caution(&mut tx, &act, id).await? } else { String::new() };
    let said = format!("已改好{caution}");
    ended((&app, &viewer, shell), id, (tx, form), ("person", "change", said.as_str()), done).await
}

async fn cancel(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, _) = reached(&app, &viewer, id).await?;
    let why = form.open_text("why", "取消的原因", 2..=100, NO_NUMBERS);
    let done = if form.ok() { round::cancel(&mut tx, &act, id, &why).await } else { Ok(()) };
    ended((&app, &viewer, shell), id, (tx, form), ("why", "why", "这一轮已取消"), done).await
}

/// What was told by radio is entered for whoever was there.
async fn check(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, known) = reached(&app, &viewer, id).await?;
    let point = form.choice("point", "到了哪个点", |id| id.parse::<Uuid>().ok());
    let person = form.choice("who", "谁到的", |id| id.parse::<Uuid>().ok());
    let at = time(&mut form, "checked_at", "几点到的（如 07:35）", known.day.parse().ok()).unwrap_or(act.at);
    // After midnight a time is one of the day after, if they were still out then.
    let after = at + SignedDuration::from_hours(24);
    let beyond = known.begun_at.is_some_and(|begun| at < begun) && after <= act.at;
    let at = if beyond && round::Beyond::read(&mut tx, &act).await?.is_of(&known, after) { after } else { at };
    let note = form.open_text("note", "看到的情况", 0..=300, NO_NUMBERS);
    let done = match (point, person, form.ok()) {
        (Some(point), Some(person), true) => {
            let new = NewCheck { round: id, point, person, at, how: How::Desk, note, photos: Vec::new() };
            round::check(&mut tx, &act, &new).await
        }
        _ => Ok(()),
    };
    ended((&app, &viewer, shell), id, (tx, form), ("point", "check", "已登记"), done).await
}

async fn end(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, _) = reached(&app, &viewer, id).await?;
    let words = form.open_text("words", "交接和情况", 0..=300, NO_NUMBERS);
    let done = if form.ok() { round::end(&mut tx, &act, id, None, &words).await } else { Ok(()) };
    ended((&app, &viewer, shell), id, (tx, form), ("words", "words", "这一轮已结束"), done).await
}
