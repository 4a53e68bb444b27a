//! Writing a version: how it begins, what it is called and rests on, and its posts, patrols and reserves, each on a page of its own that fits a
//! phone. Every form carries the number of the version that was seen.

use std::collections::{BTreeMap, HashSet};

use askama::Template;
use axum::extract::{Path, Query, State as Shared};
use axum::response::Response;
use db::Tx;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;
use uuid::Uuid;

use super::{Field, Options, amount, number, reached, to, words};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::deployment::model::{State, Targets, clock};
use crate::deployment::plan::{self, ReserveSketch, Sketch};
use crate::deployment::store::{self, Patrol, Plan, Post, Reserve, Unit};
use crate::duty::{self, Guarded, School};
use crate::error::{Error, Result};
use crate::patrol::Route;
use crate::web::{Form, Shell, page, page_again, redirect, show};
use crate::{hazard, settings};

pub fn routes() -> Routes {
    use Permission::DutyPlan;
    Routes::default()
        .get("/deployment-plans/new", DutyPlan, new)
        .post("/deployment-plans", DutyPlan, create)
        .get("/deployment-plans/{id}/particulars", DutyPlan, edit)
        .post("/deployment-plans/{id}/particulars", DutyPlan, change)
        .get("/deployment-plans/{id}/posts", DutyPlan, edit_posts)
        .post("/deployment-plans/{id}/posts", DutyPlan, change_posts)
        .get("/deployment-plans/{id}/patrols", DutyPlan, edit_patrols)
        .post("/deployment-plans/{id}/patrols", DutyPlan, change_patrols)
        .get("/deployment-plans/{id}/reserves", DutyPlan, edit_reserves)
        .post("/deployment-plans/{id}/reserves", DutyPlan, add_reserve)
        .get("/deployment-plans/{id}/reserves/{reserve}", DutyPlan, edit_reserve)
        .post("/deployment-plans/{id}/reserves/{reserve}", DutyPlan, change_reserve)
        .post("/deployment-plans/{id}/reserves/{reserve}/removal", DutyPlan, drop_reserve)
}

fn a_day(text: &str) -> Option<Date> {
    text.trim().parse::<Date>().ok().filter(|date| (2000..=2200).contains(&date.year()))
}

fn sketch(form: &mut Form) -> Option<Sketch> {
    let name = words(form, "name", "名称", 2..=40);
    let effective_from = form.choice("effective_from", "执行日期", a_day);
    let reason = words(form, "reason", "理由", 2..=300);
    let effective_from = effective_from?;
    form.ok().then_some(Sketch { name, effective_from, reason })
}

#[derive(Template)]
#[template(path = "deployment/web/new.html")]
struct NewPage {
    shell: Shell,
    form: Form,
    units: Options,
    /// The version that it is copied from.
    from: Option<Plan>,
}

#[derive(Deserialize)]
struct From {
    from: Option<Uuid>,
}

fn options(units: Vec<Unit>) -> Options {
    units.into_iter().map(|unit| (unit.id.to_string(), unit.name)).collect()
}

/// The version that a form or an address names; of none the one to copy is the latest of the unit.
async fn named(tx: &mut Tx, viewer: &Viewer, from: Option<Uuid>) -> Result<Option<Plan>> {
    match from {
        Some(id) => Ok(Some(reached(tx, viewer, Permission::DutyPlan, id).await?)),
        None => Ok(None),
    }
}

async fn new(Shared(app): Shared<App>, viewer: Viewer, shell: Shell, Query(asked): Query<From>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let from = named(&mut tx, &viewer, asked.from).await?;
    let units = store::units(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyPlan)).await?;
    let today = duty::day_of(app.means.now());
    let soon = today.checked_add(1.day()).unwrap_or(today).to_string();
    let unit = from.as_ref().map_or(viewer.organisation, |from| from.organisation_id).to_string();
    let mut form = Form::filled(&[("unit", &unit), ("effective_from", &soon)]);
    if let Some(from) = &from {
        form.set("name", &from.name);
        form.set("from", from.id.to_string());
    }
    page(&NewPage { shell, form, units: options(units), from })
}

/// So many of those that were left out are named.
const MOST_NAMED: usize = 4;

/// `。没有抄过来（已经停用或者不归本单位）：滨河路、田家会小学 东门 早入校`
fn without(left: &[String]) -> String {
    if left.is_empty() {
        return String::new();
    }
    let named = left.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join("、");
    let more = if left.len() > MOST_NAMED { format!(" 等 {} 处", left.len()) } else { String::new() };
    format!("。没有抄过来（已经停用或者不归本单位）：{named}{more}")
}

async fn create(Shared(app): Shared<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyPlan)?;
    let mut tx = app.db.begin().await?;
    let units = options(store::units(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyPlan)).await?);
    let from = named(&mut tx, &viewer, form.value("from").parse().ok()).await?;
    let unit = match &from {
        Some(from) => Some(from.organisation_id),
        None => form.choice("unit", "单位", |code| units.iter().find(|(id, _)| id == code)?.0.parse::<Uuid>().ok()),
    };
    if let (Some(new), Some(unit)) = (sketch(&mut form), unit) {
        // Whoever has an approved version already goes on from the last. A draft is copied only by whoever asks for that, since whoever wrote in it
        // does not approve its copies.
        let latest = match &from {
            Some(from) => Some(from.clone()),
            None => {
                let versions = store::versions(&mut tx, viewer.tenant, unit).await?;
                versions.into_iter().find(|version| version.state == State::Approved)
            }
        };
        let done = plan::draft(&mut tx, &act, unit, &new, latest.as_ref()).await;
        if let Some(id) = form.noted("unit", done)? {
            let left = match &latest {
                Some(latest) => plan::left_out(&mut tx, viewer.tenant, latest.id, id).await?,
                None => Vec::new(),
            };
            tx.commit().await?;
            let said = match latest {
                Some(latest) => format!("已照第 {} 版做好草稿，改了再交批{}", latest.version, without(&left)),
                None => "已照登记的岗位、时段和备勤人员做好草稿，改了再交批".to_owned(),
            };
            return Ok(redirect(&to(id), &said));
        }
    }
    drop(tx);
    page_again(&NewPage { shell, form, units, from })
}

/// The surveys of a school, to be chosen from.
struct Surveys {
    school: Uuid,
    name: String,
    versions: Options,
    chosen: String,
}

#[derive(Template)]
#[template(path = "deployment/web/particulars.html")]
struct ParticularsPage {
    shell: Shell,
    form: Form,
    plan: Plan,
    surveys: Vec<Surveys>,
}

async fn surveys(tx: &mut Tx, viewer: &Viewer, plan: &Plan, form: &Form) -> Result<Vec<Surveys>> {
    let known = hazard::surveyed(tx, viewer.tenant).await?;
    let schools = duty::schools_of(tx, viewer.tenant, plan.organisation_id).await?;
    let of = |school: School| {
        let own = known.iter().filter(|survey| survey.school_id == school.id);
        let label = |survey: &hazard::Surveyed| {
            let day = show::month_and_day(&survey.made_at);
            (survey.version.to_string(), format!("第 {} 版（{}，{day}）", survey.version, survey.reason))
        };
        let chosen = form.value(&format!("survey-{}", school.id)).to_owned();
        Surveys { school: school.id, name: school.name, versions: own.map(label).collect(), chosen }
    };
    Ok(schools.into_iter().map(of).filter(|school| !school.versions.is_empty()).collect())
}

async fn own(tx: &mut Tx, viewer: &Viewer, id: Uuid) -> Result<Plan> {
    reached(tx, viewer, Permission::DutyPlan, id).await
}

/// One that can still be written: nobody fills in a form that will not be taken.
async fn open(tx: &mut Tx, viewer: &Viewer, id: Uuid) -> Result<Plan> {
    let plan = own(tx, viewer, id).await?;
    match plan.state.is_open() {
        true => Ok(plan),
        false => Err(Error::refused(format!("这一版现在是“{}”，不能再改。要改就照它做新的一版", plan.state))),
    }
}

async fn edit(Shared(app): Shared<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let plan = open(&mut tx, &viewer, id).await?;
    let mut form = Form::filled(&[
        ("name", &plan.name),
        ("effective_from", &plan.effective_from),
        ("reason", &plan.reason),
        ("version", &plan.lock_version.to_string()),
    ]);
    for survey in store::surveys(&mut tx, viewer.tenant, id).await? {
        form.set(&format!("survey-{}", survey.school_id), survey.version.to_string());
    }
    let surveys = surveys(&mut tx, &viewer, &plan, &form).await?;
    page(&ParticularsPage { shell, form, plan, surveys })
}

async fn change(
    Shared(app): Shared<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyPlan)?;
    let mut tx = app.db.begin().await?;
    let plan = own(&mut tx, &viewer, id).await?;
    let surveys = surveys(&mut tx, &viewer, &plan, &form).await?;
    let chosen = surveys.iter().filter_map(|school| {
        let (version, _) = school.versions.iter().find(|(version, _)| *version == school.chosen)?;
        Some((school.school, version.parse().ok()?))
    });
    let chosen: Vec<(Uuid, i64)> = chosen.collect();
    if let Some(new) = sketch(&mut form) {
        let done = plan::set_particulars(&mut tx, &act, &plan, form.version(), &new, &chosen).await;
        if form.noted("name", done)?.is_some() {
            tx.commit().await?;
            return Ok(redirect(&to(id), "已改好"));
        }
    }
    drop(tx);
    page_again(&ParticularsPage { shell, form, plan, surveys })
}

/// A gate in a peak, as a form asks for it.
struct PostRow {
    /// Empty where the school is that of the row before.
    school: String,
    /// `东门 早入校 07:10–08:20`
    what: String,
    /// `登记的是要 2 人，其中警力 1 人`
    asked: String,
    people: Field,
    police: Field,
}

#[derive(Template)]
#[template(path = "deployment/web/posts.html")]
struct PostsPage {
    shell: Shell,
    form: Form,
    plan: Plan,
    rows: Vec<PostRow>,
}

fn key(what: &str, one: &Guarded) -> String {
    format!("{what}-{}-{}", one.gate.simple(), one.slot.simple())
}

fn post_rows(form: &Form, guarded: &[Guarded]) -> Vec<PostRow> {
    let mut before = None;
    let mut rows = Vec::new();
    for one in guarded {
        let school = if before == Some(one.school) { String::new() } else { one.school_name.clone() };
        before = Some(one.school);
        let what = format!("{} {} {}–{}", one.gate_name, one.peak, clock(one.from), clock(one.to));
        rows.push(PostRow {
            school,
            asked: format!("登记的是要 {} 人，其中警力 {} 人", one.seats, one.officers),
            people: Field::of(form, key("people", one), "安排几人", &what),
            police: Field::of(form, key("police", one), "其中警力", &what),
            what,
        });
    }
    rows
}

async fn edit_posts(Shared(app): Shared<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let plan = open(&mut tx, &viewer, id).await?;
    let guarded = duty::guarded(&mut tx, viewer.tenant, plan.organisation_id, app.means.now()).await?;
    let posts = store::parts(&mut tx, viewer.tenant, id).await?.posts;
    let mut form = Form::filled(&[("version", &plan.lock_version.to_string())]);
    for one in &guarded {
        if let Some(post) = posts.iter().find(|post| post.gate_id == one.gate && post.slot_id == one.slot) {
            form.set(&key("people", one), post.people.to_string());
            form.set(&key("police", one), post.police.to_string());
        }
    }
    let rows = post_rows(&form, &guarded);
    page(&PostsPage { shell, form, plan, rows })
}

async fn change_posts(
    Shared(app): Shared<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyPlan)?;
    let mut tx = app.db.begin().await?;
    let plan = own(&mut tx, &viewer, id).await?;
    let guarded = duty::guarded(&mut tx, viewer.tenant, plan.organisation_id, act.at).await?;
    let mut posts: Vec<Post> = Vec::new();
    for one in &guarded {
        let what = format!("{} {} {}", one.school_name, one.gate_name, one.peak);
        let people = amount(&mut form, &key("people", one), &format!("{what}安排几人"), 50);
        let police = amount(&mut form, &key("police", one), &format!("{what}其中警力"), 50).unwrap_or(0);
        if police > people.unwrap_or(0) {
            form.fail(&key("police", one), format!("{what}：其中警力不能比总人数多"));
        }
        posts.extend(people.map(|people| plan::post(one, people, police)));
    }
    if form.ok() {
        let done = plan::set_posts(&mut tx, &act, &plan, form.version(), &posts).await;
        if form.noted("posts", done)?.is_some() {
            tx.commit().await?;
            return Ok(redirect(&to(id), "岗位已改好"));
        }
    }
    drop(tx);
    let rows = post_rows(&form, &guarded);
    page_again(&PostsPage { shell, form, plan, rows })
}

/// A route, as a form asks for it.
struct PatrolRow {
    name: String,
    hours: String,
    people: Field,
    vehicles: Field,
    interval: Field,
}

#[derive(Template)]
#[template(path = "deployment/web/patrols.html")]
struct PatrolsPage {
    shell: Shell,
    form: Form,
    plan: Plan,
    rows: Vec<PatrolRow>,
    /// Routes of this version that are closed or another unit's by now.
    gone: Vec<String>,
}

async fn routes_of(tx: &mut Tx, viewer: &Viewer, plan: &Plan) -> Result<Vec<Route>> {
    plan::routes_of(tx, viewer.tenant, plan.organisation_id, &viewer.scope(Permission::DutyPlan)).await
}

/// What the version has patrolled and the form does not ask for: whoever saves it takes that out, and is told so before.
fn gone(known: &[Patrol], routes: &[Route]) -> Vec<String> {
    let gone = known.iter().filter(|patrol| !routes.iter().any(|route| route.id == patrol.route_id));
    gone.map(|patrol| patrol.name.clone()).collect()
}

fn patrol_rows(form: &Form, routes: &[Route]) -> Vec<PatrolRow> {
    let row = |route: &Route| {
        let field =
            |what: &str, label: &str| Field::of(form, format!("{what}-{}", route.id.simple()), label, &route.name);
        PatrolRow {
            name: route.name.clone(),
            hours: format!("{}–{}", clock(route.from_minute), clock(route.to_minute)),
            people: field("people", "安排几人"),
            vehicles: field("vehicles", "几辆车（步行填 0）"),
            interval: field("interval", "最多间隔几分钟"),
        }
    };
    routes.iter().map(row).collect()
}

async fn edit_patrols(
    Shared(app): Shared<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let plan = open(&mut tx, &viewer, id).await?;
    let routes = routes_of(&mut tx, &viewer, &plan).await?;
    let known = store::parts(&mut tx, viewer.tenant, id).await?.patrols;
    let mut form = Form::filled(&[("version", &plan.lock_version.to_string())]);
    for route in &routes {
        let patrol = known.iter().find(|patrol| patrol.route_id == route.id);
        let id = route.id.simple();
        let interval = patrol.map_or(route.interval_minutes, |patrol| patrol.interval_minutes);
        form.set(&format!("interval-{id}"), interval.to_string());
        if let Some(patrol) = patrol {
            form.set(&format!("people-{id}"), patrol.people.to_string());
            form.set(&format!("vehicles-{id}"), patrol.vehicles.to_string());
        }
    }
    let (rows, gone) = (patrol_rows(&form, &routes), gone(&known, &routes));
    page(&PatrolsPage { shell, form, plan, rows, gone })
}

async fn change_patrols(
    Shared(app): Shared<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyPlan)?;
    let mut tx = app.db.begin().await?;
    let plan = own(&mut tx, &viewer, id).await?;
    let routes = routes_of(&mut tx, &viewer, &plan).await?;
    let gone = gone(&store::parts(&mut tx, viewer.tenant, id).await?.patrols, &routes);
    let mut patrols: Vec<Patrol> = Vec::new();
    for route in &routes {
        let field = |what: &str| format!("{what}-{}", route.id.simple());
        let Some(people) = amount(&mut form, &field("people"), &format!("{}安排几人", route.name), 50) else {
            continue;
        };
        let vehicles = amount(&mut form, &field("vehicles"), &format!("{}几辆车", route.name), 20).unwrap_or(0);
        let interval = number(&mut form, &field("interval"), &format!("{}最多间隔几分钟", route.name), 1..=1440);
        patrols.extend(interval.map(|interval| Patrol {
            route_id: route.id,
            name: route.name.clone(),
            from_minute: route.from_minute,
            to_minute: route.to_minute,
            people,
            vehicles,
            interval_minutes: interval,
        }));
    }
    if form.ok() {
        let done = plan::set_patrols(&mut tx, &act, &plan, form.version(), &patrols).await;
        if form.noted("patrols", done)?.is_some() {
            tx.commit().await?;
            return Ok(redirect(&to(id), "巡逻已改好"));
        }
    }
    drop(tx);
    let rows = patrol_rows(&form, &routes);
    page_again(&PatrolsPage { shell, form, plan, rows, gone })
}

#[derive(Template)]
#[template(path = "deployment/web/reserves.html")]
struct ReservesPage {
    shell: Shell,
    form: Form,
    plan: Plan,
    reserves: Vec<(Reserve, String)>,
    /// The one that is changed; nothing where another is added.
    reserve: Option<Uuid>,
    minutes: Vec<Field>,
}

fn minute_key(school: Uuid) -> String {
    format!("minutes-{}", school.simple())
}

fn minute_fields(form: &Form, schools: &[School]) -> Vec<Field> {
    let field = |school: &School| Field::of(form, minute_key(school.id), &format!("到{}几分钟", school.name), "");
    schools.iter().map(field).collect()
}

async fn reserves_page(
    tx: &mut Tx,
    shell: Shell,
    viewer: &Viewer,
    (plan, reserve): (Plan, Option<Uuid>),
    form: Form,
) -> Result<ReservesPage> {
    let schools = duty::schools_of(tx, viewer.tenant, plan.organisation_id).await?;
    let parts = store::parts(tx, viewer.tenant, plan.id).await?;
    let said = |reserve: &Reserve| (reserve.clone(), reserve.strength(&parts.reaches));
    let reserves = parts.reserves.iter().map(said).collect();
    let minutes = minute_fields(&form, &schools);
    Ok(ReservesPage { shell, form, plan, reserves, reserve, minutes })
}

/// What is known without asking: who of the unit is on standby, and how long it takes them.
async fn edit_reserves(
    Shared(app): Shared<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let plan = open(&mut tx, &viewer, id).await?;
    let targets: Targets = settings::read(&mut tx, viewer.tenant, app.means.now()).await?;
    let standby = duty::standby_of(&mut tx, viewer.tenant, plan.organisation_id).await?;
    let mut form = Form::filled(&[
        ("version", &plan.lock_version.to_string()),
        ("response", &targets.response_minutes.to_string()),
    ]);
    let mut slowest: BTreeMap<Uuid, i64> = BTreeMap::new();
    for (school, minutes) in standby.into_iter().flat_map(|group| group.minutes) {
        let most = slowest.entry(school).or_default();
        *most = minutes.max(*most);
    }
    for (school, minutes) in slowest {
        form.set(&minute_key(school), minutes.to_string());
    }
    page(&reserves_page(&mut tx, shell, &viewer, (plan, None), form).await?)
}

async fn edit_reserve(
    Shared(app): Shared<App>,
    viewer: Viewer,
    shell: Shell,
    Path((id, reserve)): Path<(Uuid, Uuid)>,
) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let plan = open(&mut tx, &viewer, id).await?;
    let parts = store::parts(&mut tx, viewer.tenant, id).await?;
    let known = parts.reserves.iter().find(|known| known.id == reserve).ok_or(Error::NotFound)?;
    let mut form = Form::filled(&[
        ("version", &plan.lock_version.to_string()),
        ("name", &known.name),
        ("base", &known.base),
        ("people", &known.people.to_string()),
        ("response", &known.response_minutes.to_string()),
    ]);
    for reach in parts.reaches.iter().filter(|reach| reach.reserve_id == reserve) {
        form.set(&minute_key(reach.school_id), reach.minutes.to_string());
    }
    page(&reserves_page(&mut tx, shell, &viewer, (plan, Some(reserve)), form).await?)
}

async fn reserve_sketch(tx: &mut Tx, viewer: &Viewer, plan: &Plan, form: &mut Form) -> Result<Option<ReserveSketch>> {
    let schools = duty::schools_of(tx, viewer.tenant, plan.organisation_id).await?;
    let name = words(form, "name", "备勤组名称", 2..=20);
    let base = words(form, "base", "驻地", 0..=40);
    let people = number(form, "people", "几个人", 1..=50);
    let response = number(form, "response", "目标几分钟到", 1..=240);
    let mut minutes = Vec::new();
    for school in &schools {
        let field = minute_key(school.id);
        if !form.value(&field).trim().is_empty() {
            let read = number(form, &field, &format!("到{}", school.name), 0..=240);
            minutes.extend(read.map(|read| (school.id, read)));
        }
    }
    let (Some(people), Some(response_minutes), true) = (people, response, form.ok()) else { return Ok(None) };
    Ok(Some(ReserveSketch { name, base, people, response_minutes, minutes }))
}

async fn add_reserve(
    Shared(app): Shared<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyPlan)?;
    let mut tx = app.db.begin().await?;
    let plan = own(&mut tx, &viewer, id).await?;
    if let Some(new) = reserve_sketch(&mut tx, &viewer, &plan, &mut form).await? {
        let done = plan::add_reserve(&mut tx, &act, &plan, form.version(), &new).await;
        if form.noted("name", done)?.is_some() {
            tx.commit().await?;
            return Ok(redirect(&to(id), "备勤已加上"));
        }
    }
    drop(tx);
    let mut tx = app.db.read().await?;
    page_again(&reserves_page(&mut tx, shell, &viewer, (plan, None), form).await?)
}

async fn change_reserve(
    Shared(app): Shared<App>,
    viewer: Viewer,
    shell: Shell,
    Path((id, reserve)): Path<(Uuid, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyPlan)?;
    let mut tx = app.db.begin().await?;
    let plan = own(&mut tx, &viewer, id).await?;
    let known: HashSet<Uuid> =
        store::parts(&mut tx, viewer.tenant, id).await?.reserves.into_iter().map(|known| known.id).collect();
    if !known.contains(&reserve) {
        return Err(Error::NotFound);
    }
    if let Some(to_be) = reserve_sketch(&mut tx, &viewer, &plan, &mut form).await? {
        let done = plan::change_reserve(&mut tx, &act, &plan, form.version(), reserve, &to_be).await;
        if form.noted("name", done)?.is_some() {
            tx.commit().await?;
            return Ok(redirect(&to(id), "备勤已改好"));
        }
    }
    drop(tx);
    let mut tx = app.db.read().await?;
    page_again(&reserves_page(&mut tx, shell, &viewer, (plan, Some(reserve)), form).await?)
}

async fn drop_reserve(
    Shared(app): Shared<App>,
    viewer: Viewer,
    Path((id, reserve)): Path<(Uuid, Uuid)>,
    form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyPlan)?;
    let mut tx = app.db.begin().await?;
    let plan = own(&mut tx, &viewer, id).await?;
    plan::drop_reserve(&mut tx, &act, &plan, form.version(), reserve).await?;
    tx.commit().await?;
    Ok(redirect(&to(id), "备勤组已删去"))
}
