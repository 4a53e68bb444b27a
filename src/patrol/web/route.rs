//! Routes and their points, drawn from the list of places or entered by hand, and the codes that hang there.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::{Cursor, Tx};
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::{MOST_PLACES, Options};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::duty;
use crate::error::{Error, Result};
use crate::hazard;
use crate::patrol::figure::{hours, minute};
use crate::patrol::model::{Asked, Days, RouteKind, Usual};
use crate::patrol::route::{self, PointSketch, RouteSketch, point_link};
use crate::patrol::store::{self, Point, Route, UNITS, Unit};
use crate::settings;
use crate::web::{Form, Shell, page, page_again, qr, redirect};

pub fn routes() -> Routes {
    use Permission::{DutyEdit, DutyRead};
    Routes::default()
        .get("/patrol-routes", DutyRead, list)
        .get("/patrol-routes/new", DutyEdit, new)
        .post("/patrol-routes", DutyEdit, create)
        .get("/patrol-routes/{id}", DutyRead, show)
        .get("/patrol-routes/{id}/particulars", DutyEdit, edit)
        .post("/patrol-routes/{id}/particulars", DutyEdit, change)
        .post("/patrol-routes/{id}/points", DutyEdit, add_point)
        .post("/patrol-routes/{id}/places", DutyEdit, draw)
        .get("/patrol-routes/{id}/points/{point}", DutyEdit, edit_point)
        .post("/patrol-routes/{id}/points/{point}", DutyEdit, change_point)
        .post("/patrol-routes/{id}/points/{point}/code", DutyEdit, renew_code)
        .get("/patrol-routes/{id}/posters", DutyEdit, posters)
}

const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "patrol/web/routes.html")]
struct ListPage {
    shell: Shell,
    routes: Vec<Route>,
    next: Option<String>,
    may_edit: bool,
}

impl ListPage {
    fn hours(&self, route: &Route) -> String {
        hours(route.from_minute, route.to_minute)
    }
}

#[derive(Deserialize)]
struct Paging {
    after: Option<String>,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(paging): Query<Paging>) -> Result<Response> {
    let after = paging.after.and_then(|text| text.parse().ok()).unwrap_or(Cursor::FIRST);
    let scope = viewer.scope(Permission::DutyRead);
    let found = store::list(&mut app.db.read().await?, viewer.tenant, &scope, after, PAGE).await?;
    let next = found.next.map(|cursor| format!("/patrol-routes?after={cursor}"));
    page(&ListPage { shell, routes: found.items, next, may_edit: viewer.may(Permission::DutyEdit) })
}

/// What a route is made of.
struct Choices {
    units: Options,
    schools: Options,
}

impl Choices {
    async fn read(tx: &mut Tx, viewer: &Viewer) -> Result<Choices> {
        let scope = viewer.scope(Permission::DutyEdit);
        let units: Vec<Unit> = tx.all(UNITS.bind(viewer.tenant).bind(scope.account).bind(&scope.roles)).await?;
        let schools = duty::schools(tx, viewer.tenant, &scope).await?;
        let schools = schools.into_iter().filter(|school| school.closed_at.is_none());
        Ok(Choices {
            units: units.into_iter().map(|unit| (unit.id.to_string(), unit.name)).collect(),
            schools: schools.map(|school| (school.id.to_string(), school.name)).collect(),
        })
    }

    /// A school that is not guarded any more, or belongs to others now, stays chosen.
    fn keep(&mut self, school: Option<Uuid>, name: Option<&str>) {
        if let Some((id, name)) = school.zip(name)
            && !self.schools.iter().any(|(known, _)| *known == id.to_string())
        {
            self.schools.push((id.to_string(), name.to_owned()));
        }
    }
}

fn chosen(options: &Options, code: &str) -> Option<Uuid> {
    options.iter().find(|(id, _)| id == code)?.0.parse().ok()
}

#[derive(Template)]
#[template(path = "patrol/web/route-form.html")]
struct FormPage {
    shell: Shell,
    form: Form,
    route: Option<Route>,
    units: Options,
    schools: Options,
}

impl FormPage {
    fn new(shell: Shell, form: Form, route: Option<Route>, choices: Choices) -> FormPage {
        FormPage { shell, form, route, units: choices.units, schools: choices.schools }
    }

    fn kinds(&self) -> Vec<(&'static str, &'static str)> {
        RouteKind::ALL.iter().map(|kind| (kind.code(), kind.label())).collect()
    }

    fn days(&self) -> Vec<(&'static str, &'static str)> {
        Days::ALL.iter().map(|days| (days.code(), days.label())).collect()
    }
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let usual: Usual = settings::read(&mut tx, viewer.tenant, app.means.now()).await?;
    let choices = Choices::read(&mut tx, &viewer).await?;
    let form = Form::filled(&[
        ("unit", &viewer.organisation.to_string()),
        ("kind", "school"),
        ("days", "school"),
        ("from", &minute(usual.walk_from_hour * 60)),
        ("to", &minute(usual.walk_to_hour * 60 % (24 * 60))),
        ("interval", &usual.between_minutes.to_string()),
        ("tolerance", &usual.patrol_tolerance_minutes.to_string()),
    ]);
    page(&FormPage::new(shell, form, None, choices))
}

/// What a form says about a route. What was asked of it before stays possible, also where it would be refused today: it has to be given another name
/// or be closed all the same.
fn sketch(
    form: &mut Form,
    choices: &Choices,
    closed_at: Option<Timestamp>,
    known: Option<&Route>,
) -> Option<RouteSketch> {
    let name = form.text("name", "路线名称", 2..=30);
    let unit = form.choice("unit", "哪个单位走", |code| chosen(&choices.units, code));
    let kind = form.choice("kind", "哪一类", RouteKind::parse);
    let days = form.choice("days", "哪些日子走", Days::parse);
    let school = form.optional_choice("school", "学校", |code| chosen(&choices.schools, code));
    let from = form.choice("from", "几点开始", duty::minute);
    // A field of a clock knows no 24:00.
    let to = form.choice("to", "几点结束", |text| match duty::minute(text) {
        Some(0) => Some(24 * 60),
        None if text == "24:00" => Some(24 * 60),
        other => other,
    });
    let interval = form.number("interval", "最长间隔", 1..=720);
    let tolerance = form.number("tolerance", "容差", 0..=60);
    let (unit, kind, days) = (unit?, kind?, days?);
    let (from, to, interval, tolerance) = (from?, to?, interval?, tolerance?);
    if to <= from {
        form.fail("to", "结束要在开始以后；过了半夜 12 点的，分成两条路线");
    }
    if days == Days::School && school.is_none() {
        form.fail("school", "按学校上课的日子走，要选是哪所学校");
    }
    let asked = Asked { interval, tolerance, from, to, days, school };
    if to > from
        && known.is_none_or(|known| known.asked() != asked)
        && let Some(why) = asked.too_rare()
    {
        form.fail("interval", why);
    }
    form.ok().then_some(RouteSketch { unit, name, kind, asked, closed_at })
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let mut tx = app.db.begin().await?;
    let choices = Choices::read(&mut tx, &viewer).await?;
    if let Some(new) = sketch(&mut form, &choices, None, None) {
        let done = route::create(&mut tx, &act, &new).await;
        if let Some(id) = form.noted("name", done)? {
            tx.commit().await?;
            return Ok(redirect(&format!("/patrol-routes/{id}"), "已登记。接着加点"));
        }
    }
    drop(tx);
    page_again(&FormPage::new(shell, form, None, choices))
}

async fn edit(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let known = store::route_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyEdit), id).await?;
    let mut choices = Choices::read(&mut tx, &viewer).await?;
    choices.keep(known.school_id, known.school_name.as_deref());
    let mut form = Form::filled(&[
        ("name", &known.name),
        ("unit", &known.organisation_id.to_string()),
        ("kind", known.kind.code()),
        ("days", known.days.code()),
        ("school", &known.school_id.map(|id| id.to_string()).unwrap_or_default()),
        ("from", &minute(known.from_minute)),
        ("to", &minute(known.to_minute % (24 * 60))),
        ("interval", &known.interval_minutes.to_string()),
        ("tolerance", &known.tolerance_minutes.to_string()),
        ("version", &known.lock_version.to_string()),
    ]);
    if known.closed_at.is_some() {
        form.set("closed", "yes");
    }
    page(&FormPage::new(shell, form, Some(known), choices))
}

async fn change(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let mut tx = app.db.begin().await?;
    let known = store::route_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyEdit), id).await?;
    let mut choices = Choices::read(&mut tx, &viewer).await?;
    choices.keep(known.school_id, known.school_name.as_deref());
    let closed = form.is("closed", "yes").then(|| known.closed_at.unwrap_or(act.at));
    if let Some(to) = sketch(&mut form, &choices, closed, Some(&known)) {
        let done = route::change(&mut tx, &act, &known, form.version(), &to).await;
        if let Some(called_off) = form.noted("name", done)? {
            tx.commit().await?;
            let said = match (known.closed_at.is_none() && closed.is_some(), called_off) {
                (false, _) => "已改好，从今天起照新的算".to_owned(),
                (true, 0) => "已停走".to_owned(),
                (true, many) => format!("已停走，取消了还没出发的 {many} 轮，请告诉要去走的人"),
            };
            return Ok(redirect(&format!("/patrol-routes/{id}"), &said));
        }
    }
    drop(tx);
    page_again(&FormPage::new(shell, form, Some(known), choices))
}

#[derive(Template)]
#[template(path = "patrol/web/route.html")]
struct RoutePage {
    shell: Shell,
    route: Route,
    points: Vec<Point>,
    /// The places of the list that are no open point of it.
    places: Vec<hazard::Place>,
    schools: Options,
    may_edit: bool,
    may_plan: bool,
    form: Form,
    /// Which form has to come back: point or places.
    failed: &'static str,
}

impl RoutePage {
    fn hours(&self) -> String {
        hours(self.route.from_minute, self.route.to_minute)
    }

    fn ticked(&self, place: &Uuid) -> bool {
        self.form.values("place").any(|id| id == place.to_string())
    }

    fn walked(&self) -> bool {
        self.points.iter().any(|point| point.closed_at.is_none())
    }
}

/// The places of the list around the schools within reach; those of the route's own school first.
async fn places(tx: &mut Tx, viewer: &Viewer, route: &Route, points: &[Point]) -> Result<Vec<hazard::Place>> {
    let schools = duty::schools(tx, viewer.tenant, &viewer.scope(Permission::DutyRead)).await?;
    let mut places = hazard::listed_places(tx, viewer.tenant, &viewer.scope(Permission::DutyRead)).await?;
    let open = || points.iter().filter(|point| point.closed_at.is_none());
    let drawn = |place: &hazard::Place| open().any(|point| point.place_id == Some(place.id));
    places.retain(|place| schools.iter().any(|school| school.id == place.school_id) && !drawn(place));
    places.sort_by_key(|place| (Some(place.school_id) != route.school_id, place.distance));
    places.truncate(MOST_PLACES);
    Ok(places)
}

async fn route_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    (form, failed): (Form, &'static str),
) -> Result<RoutePage> {
    let mut tx = app.db.read().await?;
    let route = store::route_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyRead), id).await?;
    let points = store::points_of(&mut tx, viewer.tenant, id).await?;
    let may_edit = viewer.may(Permission::DutyEdit);
    let (mut offered, mut schools) = (Vec::new(), Options::new());
    if may_edit {
        offered = places(&mut tx, viewer, &route, &points).await?;
        schools = Choices::read(&mut tx, viewer).await?.schools;
    }
    let may_plan = viewer.may(Permission::DutyPlan);
    Ok(RoutePage { shell, route, points, places: offered, schools, may_edit, may_plan, form, failed })
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&route_page(&app, &viewer, shell, id, (Form::default(), "")).await?)
}

async fn add_point(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let mut tx = app.db.begin().await?;
    let known = store::route_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyEdit), id).await?;
    let choices = Choices::read(&mut tx, &viewer).await?;
    let name = form.open_text("name", "点的名称", 2..=30, "点的名称不要写电话或身份证号");
    let school = form.optional_choice("school", "学校", |code| chosen(&choices.schools, code)).or(known.school_id);
    if form.ok() {
        let new = PointSketch { position: None, name, school, place: None, closed_at: None };
        let done = route::add_points(&mut tx, &act, id, &[new]).await;
        if form.noted("name", done)?.is_some() {
            tx.commit().await?;
            return Ok(redirect(&format!("/patrol-routes/{id}"), "点已加上"));
        }
    }
    drop(tx);
    page_again(&route_page(&app, &viewer, shell, id, (form, "point")).await?)
}

/// Places of the list become points.
async fn draw(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let mut tx = app.db.begin().await?;
    let known = store::route_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyEdit), id).await?;
    let points = store::points_of(&mut tx, viewer.tenant, id).await?;
    let offered = places(&mut tx, &viewer, &known, &points).await?;
    let wanted = offered.iter().filter(|place| form.is("place", &place.id.to_string()));
    let new: Vec<PointSketch> = wanted
        .map(|place| PointSketch {
            position: None,
            name: place.name.clone(),
            school: Some(place.school_id),
            place: Some(place.id),
            closed_at: None,
        })
        .collect();
    if new.is_empty() {
        form.fail("place", "请勾上要走的重点部位");
    } else {
        let done = route::add_points(&mut tx, &act, id, &new).await;
        if form.noted("place", done)?.is_some() {
            tx.commit().await?;
            return Ok(redirect(&format!("/patrol-routes/{id}"), &format!("加上了 {} 个点", new.len())));
        }
    }
    drop(tx);
    page_again(&route_page(&app, &viewer, shell, id, (form, "places")).await?)
}

#[derive(Template)]
#[template(path = "patrol/web/point.html")]
struct PointPage {
    shell: Shell,
    form: Form,
    point: Point,
    schools: Options,
}

/// A point of a route within reach.
async fn reached(tx: &mut Tx, viewer: &Viewer, (id, point): (Uuid, Uuid)) -> Result<Point> {
    store::route_within(tx, viewer.tenant, &viewer.scope(Permission::DutyEdit), id).await?;
    let point = store::point(tx, viewer.tenant, point).await?;
    if point.route_id == id { Ok(point) } else { Err(Error::NotFound) }
}

async fn edit_point(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(path): Path<(Uuid, Uuid)>,
) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let point = reached(&mut tx, &viewer, path).await?;
    let mut choices = Choices::read(&mut tx, &viewer).await?;
    choices.keep(point.school_id, point.school_name.as_deref());
    let mut form = Form::filled(&[
        ("name", &point.name),
        ("position", &point.position.to_string()),
        ("school", &point.school_id.map(|id| id.to_string()).unwrap_or_default()),
        ("version", &point.lock_version.to_string()),
    ]);
    if point.closed_at.is_some() {
        form.set("closed", "yes");
    }
    page(&PointPage { shell, form, point, schools: choices.schools })
}

async fn change_point(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(path): Path<(Uuid, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let mut tx = app.db.begin().await?;
    let point = reached(&mut tx, &viewer, path).await?;
    let mut choices = Choices::read(&mut tx, &viewer).await?;
    choices.keep(point.school_id, point.school_name.as_deref());
    let name = form.open_text("name", "点的名称", 2..=30, "点的名称不要写电话或身份证号");
    let position = form.number("position", "第几个", 1..=999);
    let school = form.optional_choice("school", "学校", |code| chosen(&choices.schools, code));
    let closed_at = form.is("closed", "yes").then(|| point.closed_at.unwrap_or(act.at));
    if form.ok() {
        let to = PointSketch { position, name, school, place: point.place_id, closed_at };
        let done = route::change_point(&mut tx, &act, &point, form.version(), &to).await;
        if form.noted("name", done)?.is_some() {
            tx.commit().await?;
            return Ok(redirect(&format!("/patrol-routes/{}", point.route_id), "点已改好"));
        }
    }
    drop(tx);
    page_again(&PointPage { shell, form, point, schools: choices.schools })
}

async fn renew_code(
    State(app): State<App>,
    viewer: Viewer,
    Path(path): Path<(Uuid, Uuid)>,
    _form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let mut tx = app.db.begin().await?;
    let point = reached(&mut tx, &viewer, path).await?;
    route::renew_code(&mut tx, &act, point.id).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/patrol-routes/{}/posters", point.route_id), "原来的码已经作废，请打印新的换上"))
}

/// A code that hangs at a point.
struct Label {
    name: String,
    picture: String,
}

#[derive(Template)]
#[template(path = "patrol/web/posters.html")]
struct PostersPage {
    shell: Shell,
    route: Route,
    labels: Vec<Label>,
}

async fn posters(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let route = store::route_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyEdit), id).await?;
    let points = store::points_of(&mut tx, viewer.tenant, id).await?;
    let mut labels = Vec::new();
    for point in points.into_iter().filter(|point| point.closed_at.is_none()) {
        let link = point_link(viewer.tenant, &point, &app.means.keys);
        labels.push(Label { picture: qr(&app.link(&format!("/patrol-points/{link}")))?, name: point.name });
    }
    page(&PostersPage { shell, route, labels })
}
