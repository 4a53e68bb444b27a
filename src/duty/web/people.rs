//! Who can stand at a post, in how many minutes they are there, and when they cannot.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::Cursor;
use serde::Deserialize;
use uuid::Uuid;

use super::{LinkPage, Options, chosen, days, limit, number, units};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::duty::coverage;
use crate::duty::model::{Alone, Peak, PersonKind, Qualification};
use crate::duty::person::{self, PersonSketch};
use crate::duty::shift_store::{self, Shift};
use crate::duty::store::{self, LEAVES_OF, Leave, Person, REACHES_OF, ReachRow, School};
use crate::duty::times::Times;
use crate::error::{Error, Result};
use crate::web::{Form, Revealed, Shell, ValueForm, masked_phone, page, page_again, qr, redirect};
use crate::{audit, settings};

pub fn routes() -> Routes {
    use Permission::{DutyEdit, DutyPlan, DutyRead};
    Routes::default()
        .get("/duty-people", DutyRead, list)
        .get("/duty-people/new", DutyEdit, new)
        .post("/duty-people", DutyEdit, create)
        .get("/duty-people/{id}", DutyRead, show)
        .get("/duty-people/{id}/particulars", DutyEdit, edit)
        .post("/duty-people/{id}/particulars", DutyEdit, change)
        .post("/duty-people/{id}/link", DutyEdit, give_link)
        .post("/duty-people/{id}/reaches", DutyEdit, set_reaches)
        .post("/duty-people/{id}/leaves", DutyPlan, add_leave)
        .post("/duty-people/{id}/leaves/{leave}/removal", DutyPlan, drop_leave)
        .post("/duty-people/{id}/reveals", DutyPlan, reveal)
}

const PAGE: usize = 100;

#[derive(Template)]
#[template(path = "duty/web/people.html")]
struct ListPage {
    shell: Shell,
    people: Vec<Person>,
    next: Option<String>,
    may_edit: bool,
    alone: Alone,
}

impl ListPage {
    fn stands_alone(&self, person: &Person) -> bool {
        self.alone.may(person.kind)
    }
}

#[derive(Deserialize)]
struct Paging {
    after: Option<String>,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(paging): Query<Paging>) -> Result<Response> {
    let after = paging.after.and_then(|text| text.parse().ok()).unwrap_or(Cursor::FIRST);
    let scope = viewer.scope(Permission::DutyRead);
    let mut tx = app.db.read().await?;
    let people = store::people(&mut tx, viewer.tenant, &scope, after, PAGE).await?;
    let alone: Alone = settings::read(&mut tx, viewer.tenant, app.means.now()).await?;
    let next = people.next.map(|cursor| format!("/duty-people?after={cursor}"));
    page(&ListPage { shell, people: people.items, next, may_edit: viewer.may(Permission::DutyEdit), alone })
}

#[derive(Template)]
#[template(path = "duty/web/person-form.html")]
struct FormPage {
    shell: Shell,
    form: Form,
    person: Option<Person>,
    /// As much of the known number as everybody sees; empty if there is none.
    phone: String,
    units: Options,
    schools: Options,
    /// Where they may be said to be not allowed to stand, and where that is known already.
    places: Options,
    bars: Options,
}

impl FormPage {
    /// A known number is not shown, and an empty field leaves it as it is.
    fn phone_hint(&self) -> String {
        let known = if self.phone.is_empty() {
            String::new()
        } else {
            format!("现在是 {}。不改就空着。", self.phone)
        };
        format!("叫备勤、催到岗时用。{known}")
    }

    fn kinds(&self) -> Vec<(&'static str, &'static str)> {
        PersonKind::ALL.iter().map(|kind| (kind.code(), kind.label())).collect()
    }

    fn qualifications(&self) -> Vec<(&'static str, &'static str)> {
        Qualification::ALL.iter().map(|one| (one.code(), one.label())).collect()
    }

    fn has(&self, code: &str) -> bool {
        self.form.values("qualification").any(|one| one == code)
    }

    fn peaks(&self) -> Vec<(&'static str, &'static str)> {
        Peak::ALL.iter().map(|peak| (peak.code(), peak.label())).collect()
    }

    fn days(&self) -> Vec<(i64, &'static str)> {
        limit::days()
    }

    fn comes(&self, day: &i64, peak: &str) -> bool {
        self.form.is("times", &format!("{day}:{peak}"))
    }

    fn lifts(&self, bar: &str) -> bool {
        self.form.is("lift", bar)
    }
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let (units, schools) = (units(&mut tx, &viewer).await?, schools(&mut tx, &viewer).await?);
    let places = limit::places(&mut tx, &viewer).await?;
    let unit = viewer.organisation.to_string();
    let form = Form::filled(&[("unit", &unit), ("kind", "officer"), ("daily", "2"), ("weekly", "10")]);
    page(&FormPage { shell, form, person: None, phone: String::new(), units, schools, places, bars: Vec::new() })
}

/// The schools whose own people somebody may be.
async fn schools(tx: &mut db::Tx, viewer: &Viewer) -> Result<Options> {
    let schools = store::schools(tx, viewer.tenant, &viewer.scope(Permission::DutyEdit)).await?;
    let open = schools.into_iter().filter(|school| school.closed_at.is_none());
    Ok(open.map(|school| (school.id.to_string(), school.name)).collect())
}

/// Of which school somebody is; police are of none.
fn own_school(form: &mut Form, schools: &Options, kind: PersonKind) -> Option<Uuid> {
    let school = form.optional_choice("school", "是哪所学校的人", |code| chosen(schools, code));
    if school.is_some() && !person::of_a_school(kind) {
        form.fail("school", "民警、辅警、巡特警不是学校的人，请不要选学校");
    }
    school
}

/// What a form says about somebody; `kept` is the number that is known.
fn sketch(form: &mut Form, units: &Options, kept: &str, ended: Option<jiff::Timestamp>) -> Option<PersonSketch> {
    let name = form.person_name("name");
    let unit = form.choice("unit", "单位", |code| chosen(units, code));
    let kind = form.choice("kind", "是什么人员", PersonKind::parse);
    let phone = form.kept_phone("phone", kept);
    let daily = number(form, "daily", "一天最多几班", 1..=6);
    let weekly = number(form, "weekly", "一周最多几班", 1..=50);
    let qualifications = form.values("qualification").filter_map(Qualification::parse).collect();
    let standby = form.is("standby", "yes");
    let (name, unit, kind, phone, daily, weekly) = (name?, unit?, kind?, phone?, daily?, weekly?);
    let sketch = PersonSketch { unit, kind, name, phone, qualifications, daily, weekly, standby, ended_at: ended };
    form.ok().then_some(sketch)
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let mut tx = app.db.begin().await?;
    let (units, schools) = (units(&mut tx, &viewer).await?, schools(&mut tx, &viewer).await?);
    let places = limit::places(&mut tx, &viewer).await?;
    let limits = limit::read(&mut form, &places, &Vec::new());
    if let Some(new) = sketch(&mut form, &units, "", None) {
        let school = own_school(&mut form, &schools, new.kind);
        if form.ok() {
            let id = person::create(&mut tx, &act, &new).await?;
            if school.is_some() {
                person::set_school(&mut tx, &act, id, school).await?;
            }
            limits.apply(&mut tx, &act, id, Times::ALWAYS).await?;
            tx.commit().await?;
            return Ok(redirect(&format!("/duty-people/{id}"), "已登记。接着填到各学校要几分钟"));
        }
    }
    drop(tx);
    page_again(&FormPage { shell, form, person: None, phone: String::new(), units, schools, places, bars: Vec::new() })
}

async fn edit(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let mut tx = app.db.read().await?;
    let known = store::person_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyEdit), id).await?;
    let (units, schools) = choices(&mut tx, &viewer, &known).await?;
    let places = limit::places(&mut tx, &viewer).await?;
    let bars = limit::bars(&mut tx, &act, id).await?;
    let mut form = Form::filled(&[
        ("name", &known.name),
        ("unit", &known.organisation_id.to_string()),
        ("kind", known.kind.code()),
        ("daily", &known.daily.to_string()),
        ("weekly", &known.weekly.to_string()),
        ("school", &known.school_id.map(|id| id.to_string()).unwrap_or_default()),
        ("version", &known.lock_version.to_string()),
    ]);
    for one in known.qualified() {
        form.add("qualification", one.code());
    }
    limit::fill(&mut form, Times(known.times));
    if known.standby {
        form.set("standby", "yes");
    }
    if known.ended_at.is_some() {
        form.set("ended", "yes");
    }
    let phone = masked_phone(&known.phone(&act)?);
    page(&FormPage { shell, form, person: Some(known), phone, units, schools, places, bars })
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
    let known = store::person_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyEdit), id).await?;
    let (units, schools) = choices(&mut tx, &viewer, &known).await?;
    let places = limit::places(&mut tx, &viewer).await?;
    let bars = limit::bars(&mut tx, &act, id).await?;
    let limits = limit::read(&mut form, &places, &bars);
    let kept = known.phone(&act)?;
    let ended = form.is("ended", "yes").then(|| known.ended_at.unwrap_or(act.at));
    if let Some(to) = sketch(&mut form, &units, &kept, ended) {
        let school = own_school(&mut form, &schools, to.kind);
        if form.ok() {
            let done = person::change(&mut tx, &act, &known, form.version(), &to).await;
            if let Some(()) = form.noted("kind", done)? {
                if school != known.school_id {
                    person::set_school(&mut tx, &act, id, school).await?;
                }
                let done = limits.apply(&mut tx, &act, id, Times(known.times)).await;
                if form.noted("bar", done)?.is_some() {
                    let said = limit::said(&mut tx, &act, id).await?;
                    tx.commit().await?;
                    return Ok(redirect(&format!("/duty-people/{id}"), &said));
                }
            }
        }
    }
    drop(tx);
    let phone = masked_phone(&kept);
    page_again(&FormPage { shell, form, person: Some(known), phone, units, schools, places, bars })
}

/// The units and schools to choose from, with those that somebody has already.
async fn choices(tx: &mut db::Tx, viewer: &Viewer, known: &Person) -> Result<(Options, Options)> {
    let (mut units, mut schools) = (units(tx, viewer).await?, schools(tx, viewer).await?);
    let unit = known.organisation_id.to_string();
    if !units.iter().any(|(id, _)| *id == unit) {
        units.push((unit, known.organisation_name.clone()));
    }
    if let Some((id, name)) = known.school_id.zip(known.school_name.clone()) {
        let school = id.to_string();
        if !schools.iter().any(|(id, _)| *id == school) {
            schools.push((school, name));
        }
    }
    Ok((units, schools))
}

/// The whole number of somebody, with a reason that stays.
async fn reveal(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyPlan)?;
    let mut tx = app.db.begin().await?;
    let person = store::person_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyPlan), id).await?;
    let reason = form.reveal_reason("reason");
    if !form.ok() {
        drop(tx);
        return page_again(&person_page(&app, &viewer, shell, id, (form, "reveal")).await?);
    }
    let value = person.phone(&act)?;
    if value.is_empty() {
        return Err(Error::refused("没有登记手机，不用查看。这次没有记入审计记录。"));
    }
    audit::record(&mut tx, &act, "reveal", ("duty_person", id), &format!("手机：{reason}"), &[]).await?;
    tx.commit().await?;
    let back = (format!("/duty-people/{id}"), "回到这个人");
    Revealed { shell, name: person.name, what: "手机", value, form: ValueForm::Phone, reason, back }.page()
}

#[derive(Template)]
#[template(path = "duty/web/person.html")]
struct PersonPage {
    shell: Shell,
    person: Person,
    phone: String,
    alone: bool,
    /// When they can come, in words; empty for always.
    times: String,
    /// Where they must not stand, each with why.
    bars: Options,
    schools: Vec<School>,
    reaches: Vec<ReachRow>,
    leaves: Vec<Leave>,
    shifts: Vec<Shift>,
    may_edit: bool,
    may_plan: bool,
    form: Form,
    failed: &'static str,
}

impl PersonPage {
    /// What stands in the field of a school.
    fn minutes(&self, school: &Uuid) -> String {
        if self.failed == "reaches" {
            return self.form.value(&format!("minutes-{school}")).to_owned();
        }
        let row = self.reaches.iter().find(|row| row.school_id == *school);
        row.map_or(String::new(), |row| row.minutes.to_string())
    }
}

async fn person_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    (form, failed): (Form, &'static str),
) -> Result<PersonPage> {
    let act = app.act(viewer, Permission::DutyRead)?;
    let scope = viewer.scope(Permission::DutyRead);
    let mut tx = app.db.read().await?;
    let person = store::person_within(&mut tx, viewer.tenant, &scope, id).await?;
    let alone: Alone = settings::read(&mut tx, viewer.tenant, act.at).await?;
    let schools = store::schools(&mut tx, viewer.tenant, &scope).await?;
    let today = coverage::today(act.at).to_string();
    let (from, to) = crate::duty::shift::shown(act.at);
    Ok(PersonPage {
        shell,
        phone: masked_phone(&person.phone(&act)?),
        alone: alone.may(person.kind),
        times: Times(person.times).words(),
        bars: limit::bars(&mut tx, &act, id).await?,
        schools: schools.into_iter().filter(|school| school.closed_at.is_none()).collect(),
        reaches: tx.all(REACHES_OF.bind(viewer.tenant).bind(id)).await?,
        leaves: tx.all(LEAVES_OF.bind(viewer.tenant).bind(id).bind(today)).await?,
        shifts: shift_store::of_person(&mut tx, viewer.tenant, id, (&from, &to)).await?,
        person,
        may_edit: viewer.may(Permission::DutyEdit),
        may_plan: viewer.may(Permission::DutyPlan),
        form,
        failed,
    })
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&person_page(&app, &viewer, shell, id, (Form::default(), "")).await?)
}

async fn give_link(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    _form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let mut tx = app.db.begin().await?;
    store::person_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyEdit), id).await?;
    person::renew_link(&mut tx, &act, id).await?;
    let person = store::person(&mut tx, viewer.tenant, id).await?;
    tx.commit().await?;
    let address = app.link(&format!("/duty-own/{}", person.link(viewer.tenant, &app.means.keys)));
    let words = "只转给本人。从这个链接看自己的班、确认、签到、签退、请求换岗；别人的班看不到。";
    let (title, back) = (person.name, format!("/duty-people/{id}"));
    page(&LinkPage { shell, title, back, words, picture: qr(&address)?, address })
}

async fn set_reaches(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let scope = viewer.scope(Permission::DutyEdit);
    let mut tx = app.db.begin().await?;
    store::person_within(&mut tx, viewer.tenant, &scope, id).await?;
    let schools = store::schools(&mut tx, viewer.tenant, &scope).await?;
    let mut minutes = Vec::new();
    for school in schools {
        let field = format!("minutes-{}", school.id);
        if form.value(&field).trim().is_empty() {
            continue;
        }
        let label = format!("到{}的分钟数", school.name);
        minutes.extend(number(&mut form, &field, &label, 0..=240).map(|n| (school.id, n)));
    }
    if form.ok() {
        person::set_reaches(&mut tx, &act, id, &minutes).await?;
        tx.commit().await?;
        return Ok(redirect(&format!("/duty-people/{id}"), "分钟数已记下"));
    }
    drop(tx);
    page_again(&person_page(&app, &viewer, shell, id, (form, "reaches")).await?)
}

async fn add_leave(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyPlan)?;
    let mut tx = app.db.begin().await?;
    store::person_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyPlan), id).await?;
    if let Some(days) = days(&mut form) {
        person::add_leave(&mut tx, &act, id, days).await?;
        tx.commit().await?;
        return Ok(redirect(&format!("/duty-people/{id}"), "请假已登记。已经排了的班，用下面的“重新安排”"));
    }
    drop(tx);
    page_again(&person_page(&app, &viewer, shell, id, (form, "leave")).await?)
}

async fn drop_leave(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, leave)): Path<(Uuid, Uuid)>,
    _form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyPlan)?;
    let mut tx = app.db.begin().await?;
    store::person_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyPlan), id).await?;
    person::drop_leave(&mut tx, &act, id, leave).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/duty-people/{id}"), "请假已取消"))
}
