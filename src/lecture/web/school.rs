//! Schools with halls, classes and 法治副校长; terms; topics and forms.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::{SignedDuration, ToSpan};
use uuid::Uuid;

use super::turn::{self, Season};
use super::{Options, a_day, chosen, contact, days, link_page, number};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::lecture::affected;
use crate::lecture::model::{PeriodKind, Stage, SubjectKind, grade, today};
use crate::lecture::school::{self, Contact, SchoolSketch};
use crate::lecture::session_store::{OF_SCHOOL, Session};
use crate::lecture::sharing;
use crate::lecture::store::{
    self, CLOSED_CLASSES, CLOSED_SCHOOLS, Class, Hall, PeriodRow, School, Subject, TERM, TermRow, Vice,
};
use crate::web::{Form, Shell, masked_phone, page, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::{LectureEdit, LectureRead};
    Routes::default()
        .get("/lecture-schools", LectureRead, list)
        .get("/lecture-schools/new", LectureEdit, new)
        .post("/lecture-schools", LectureEdit, create)
        .get("/lecture-schools/{id}", LectureRead, show)
        .get("/lecture-schools/{id}/particulars", LectureEdit, edit)
        .post("/lecture-schools/{id}/particulars", LectureEdit, change)
        .post("/lecture-schools/{id}/link", LectureEdit, give_link)
        .post("/lecture-schools/{id}/halls", LectureEdit, add_hall)
        .post("/lecture-schools/{id}/halls/{hall}/removal", LectureEdit, close_hall)
        .post("/lecture-schools/{id}/classes", LectureEdit, add_class)
        .post("/lecture-schools/{id}/classes/{class}/removal", LectureEdit, close_class)
        .post("/lecture-schools/{id}/ways", LectureEdit, set_way)
        .post("/lecture-schools/{id}/ways/{other}/removal", LectureEdit, drop_way)
        .post("/lecture-schools/{id}/vice-principals", LectureEdit, appoint)
        .post("/lecture-schools/{id}/vice-principals/{vice}/removal", LectureEdit, end_post)
        .get("/lecture-terms", LectureRead, terms)
        .post("/lecture-terms", LectureEdit, add_term)
        .post("/lecture-terms/{id}/particulars", LectureEdit, change_term)
        .post("/lecture-terms/{id}/removal", LectureEdit, drop_term)
        .post("/lecture-periods", LectureEdit, add_period)
        .post("/lecture-periods/{id}/removal", LectureEdit, drop_period)
        .get("/lecture-subjects", LectureRead, subjects)
        .post("/lecture-subjects", LectureEdit, add_subject)
        .post("/lecture-subjects/usual", LectureEdit, add_usual)
        .post("/lecture-subjects/{id}/removal", LectureEdit, close_subject)
        .post("/lecture-subjects/{id}/sendings", Permission::LectureArrange, share_topic)
}

#[derive(Template)]
#[template(path = "lecture/web/schools.html")]
struct ListPage {
    shell: Shell,
    schools: Vec<School>,
    /// Those to which nobody goes any more.
    closed: Vec<School>,
    may_edit: bool,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let schools = store::schools(&mut tx, viewer.tenant).await?;
    let closed = tx.all(CLOSED_SCHOOLS.bind(viewer.tenant)).await?;
    page(&ListPage { shell, schools, closed, may_edit: viewer.may(Permission::LectureEdit) })
}

#[derive(Template)]
#[template(path = "lecture/web/school-form.html")]
struct FormPage {
    shell: Shell,
    form: Form,
    school: Option<School>,
    /// Beside the number of the contact, which is not shown; empty if nobody is known.
    contact_hint: String,
}

impl FormPage {
    fn stages(&self) -> Vec<(&'static str, &'static str)> {
        Stage::ALL.iter().map(|stage| (stage.code(), stage.label())).collect()
    }
}

async fn new(shell: Shell) -> Result<Response> {
    let form = Form::filled(&[("stage", "junior"), ("travel", "30")]);
    page(&FormPage { shell, form, school: None, contact_hint: String::new() })
}

/// What a form says about a school, whose contact is known or not.
fn sketch(form: &mut Form, known: Option<&Contact>, closed: Option<jiff::Timestamp>) -> Option<SchoolSketch> {
    let name = form.text("name", "校名", 2..=40);
    let stage = form.choice("stage", "学段", Stage::parse);
    let address = form.text("address", "地址", 0..=80);
    let travel = number(form, "travel", "路上几分钟", 0..=600);
    let contact = contact::named(form, known);
    let (stage, travel_minutes) = (stage?, travel?);
    form.ok().then_some(SchoolSketch { name, stage, address, travel_minutes, contact, closed_at: closed })
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    if let Some(new) = sketch(&mut form, None, None) {
        let done = school::create(&mut tx, &act, &new).await;
        if let Some(id) = form.noted("name", done)? {
            tx.commit().await?;
            return Ok(redirect(&format!("/lecture-schools/{id}"), "已登记。接着登记班级和场地"));
        }
    }
    drop(tx);
    page_again(&FormPage { shell, form, school: None, contact_hint: String::new() })
}

async fn edit(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let school = store::school(&mut app.db.read().await?, viewer.tenant, id).await?;
    let contact = school.contact(&act)?;
    let mut form = Form::filled(&[
        ("name", &school.name),
        ("stage", school.stage.code()),
        ("address", &school.address),
        ("travel", &school.travel_minutes.to_string()),
        ("contact_name", contact.as_ref().map_or("", |contact| contact.name.as_str())),
        ("version", &school.lock_version.to_string()),
    ]);
    if school.closed_at.is_some() {
        form.set("closed", "yes");
    }
    let contact_hint = contact::hint(contact.as_ref());
    page(&FormPage { shell, form, school: Some(school), contact_hint })
}

async fn change(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    let known = store::school(&mut tx, viewer.tenant, id).await?;
    let closed = form.is("closed", "yes").then(|| known.closed_at.unwrap_or(act.at));
    let contact = known.contact(&act)?;
    if let Some(to) = sketch(&mut form, contact.as_ref(), closed) {
        let done = school::change(&mut tx, &act, id, form.version(), &to).await;
        if let Some(()) = form.noted("name", done)? {
            let said = affected::told(&mut tx, viewer.tenant, act.at, "已改好").await?;
            tx.commit().await?;
            return Ok(redirect(&format!("/lecture-schools/{id}"), &said));
        }
    }
    drop(tx);
    let contact_hint = contact::hint(contact.as_ref());
    page_again(&FormPage { shell, form, school: Some(known), contact_hint })
}

/// So long after a session it is listed with its school.
const SHOWN: SignedDuration = SignedDuration::from_hours(24 * 400);

#[derive(Template)]
#[template(path = "lecture/web/school.html")]
pub(super) struct SchoolPage {
    shell: Shell,
    school: School,
    contact: Option<Contact>,
    halls: Vec<Hall>,
    classes: Vec<Class>,
    /// Those that are not listed any more.
    gone: Vec<Class>,
    season: Option<Season>,
    vices: Vec<Vice>,
    sessions: Vec<Session>,
    lecturers: Options,
    /// Other schools to which the way is entered, by identity and name, with the minutes.
    ways: Vec<(Uuid, String, i64)>,
    others: Options,
    today: String,
    may_edit: bool,
    may_reveal: bool,
    pub(super) form: Form,
    /// Which form has to come back: hall, way, class, turn, grade, gone or vice.
    pub(super) failed: &'static str,
    /// The class, hall or post whose own form has to come back.
    pub(super) changed: Option<Uuid>,
}

impl SchoolPage {
    fn grades(&self) -> Options {
        let (first, last) = self.school.stage.grades();
        (first..=last).map(|at| (at.to_string(), grade(at).to_owned())).collect()
    }

    fn pupils(&self) -> i64 {
        self.classes.iter().map(|class| class.pupils).sum()
    }

    fn ahead(&self, vice: &Vice) -> bool {
        vice.first_day <= self.today && vice.last_day > self.today
    }

    /// As much of the contact's number as everybody here sees.
    fn masked(&self, number: &str) -> String {
        masked_phone(number)
    }

    /// The same with the own form of a class, a hall or a post, which has to come back.
    pub(super) fn of_row(self, row: Uuid) -> SchoolPage {
        SchoolPage { changed: Some(row), ..self }
    }

    fn changing(&self, row: &Uuid) -> bool {
        self.changed == Some(*row) && self.failed != "grade"
    }

    /// Each row has this form: what is wrong in the one that comes back is found by its plain name.
    fn field_id(&self, row: &Uuid, field: &str) -> String {
        if self.changing(row) { field.to_owned() } else { format!("{field}-{row}") }
    }

    /// What a field of the form of a row shows: what was typed where it has to come back, otherwise what is known.
    fn shown(&self, row: &Uuid, field: &str, known: &dyn std::fmt::Display) -> String {
        if self.changing(row) { self.form.value(field).to_owned() } else { known.to_string() }
    }
}

pub(super) async fn school_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    (form, failed): (Form, &'static str),
) -> Result<SchoolPage> {
    let act = app.act(viewer, Permission::LectureRead)?;
    let mut tx = app.db.read().await?;
    let school = store::school(&mut tx, viewer.tenant, id).await?;
    let classes = store::classes(&mut tx, viewer.tenant, id).await?;
    let season = turn::season(&school, &classes, today(act.at), (failed == "turn").then_some(&form))?;
    let lecturers = store::lecturers(&mut tx, viewer.tenant).await?;
    let mut others = store::schools(&mut tx, viewer.tenant).await?;
    others.retain(|other| other.id != id);
    let ways = school::ways(&mut tx, viewer.tenant).await?.of(id);
    let known = others.iter().filter_map(|other| Some((other.id, other.name.clone(), *ways.get(&other.id)?)));
    Ok(SchoolPage {
        ways: known.collect(),
        others: others.iter().map(|other| (other.id.to_string(), other.name.clone())).collect(),
        shell,
        contact: school.contact(&act)?,
        halls: store::halls(&mut tx, viewer.tenant, id).await?,
        classes,
        gone: tx.all(CLOSED_CLASSES.bind(viewer.tenant).bind(id)).await?,
        season,
        vices: school::vices(&mut tx, viewer.tenant, id).await?,
        sessions: tx.all(OF_SCHOOL.bind(viewer.tenant).bind(id).bind(act.at - SHOWN)).await?,
        lecturers: lecturers.into_iter().map(|one| (one.id.to_string(), one.name)).collect(),
        school,
        today: today(act.at).to_string(),
        may_edit: viewer.may(Permission::LectureEdit),
        may_reveal: viewer.may(Permission::LectureArrange),
        form,
        failed,
        changed: None,
    })
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&school_page(&app, &viewer, shell, id, (Form::default(), "")).await?)
}

/// The school gets a new link; the one before is void.
async fn give_link(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    _form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    store::school(&mut tx, viewer.tenant, id).await?;
    school::renew_link(&mut tx, &act, id).await?;
    let school = store::school(&mut tx, viewer.tenant, id).await?;
    tx.commit().await?;
    let address = app.link(&format!("/lecture-guests/{}", school.link(viewer.tenant, &app.means.keys)));
    let words = "只转给这所学校负责法治课的老师。从这个链接提需求、同意或者不同意日子、课后确认；别的学校看不到。";
    link_page(shell, school.name, format!("/lecture-schools/{id}"), words, address)
}

async fn add_hall(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    store::school(&mut tx, viewer.tenant, id).await?;
    let name = form.text("hall_name", "场地名称", 1..=30);
    let seats = number(&mut form, "seats", "坐多少人", 1..=5000);
    if form.ok()
        && let Some(seats) = seats
    {
        let done = school::add_hall(&mut tx, &act, id, &name, seats).await;
        if form.noted("hall_name", done)?.is_some() {
            tx.commit().await?;
            return Ok(redirect(&format!("/lecture-schools/{id}"), "场地已登记"));
        }
    }
    drop(tx);
    page_again(&school_page(&app, &viewer, shell, id, (form, "hall")).await?)
}

async fn close_hall(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, hall)): Path<(Uuid, Uuid)>,
    _form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    school::close_hall(&mut tx, &act, id, hall).await?;
    let said = affected::told(&mut tx, viewer.tenant, act.at, "这个场地不再用了").await?;
    tx.commit().await?;
    Ok(redirect(&format!("/lecture-schools/{id}"), &said))
}

/// How long it takes from this school to another.
async fn set_way(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    store::school(&mut tx, viewer.tenant, id).await?;
    let schools = store::schools(&mut tx, viewer.tenant).await?;
    let schools: Options = schools.into_iter().map(|school| (school.id.to_string(), school.name)).collect();
    let other = form.choice("other", "哪所学校", |code| chosen(&schools, code));
    let minutes = number(&mut form, "way", "路上几分钟", 0..=600);
    if let Some((other, minutes)) = other.zip(minutes) {
        let done = school::set_way(&mut tx, &act, id, other, Some(minutes)).await;
        if form.noted("other", done)?.is_some() {
            let said = affected::told(&mut tx, viewer.tenant, act.at, "两所学校之间的路已登记").await?;
            tx.commit().await?;
            return Ok(redirect(&format!("/lecture-schools/{id}"), &said));
        }
    }
    drop(tx);
    page_again(&school_page(&app, &viewer, shell, id, (form, "way")).await?)
}

async fn drop_way(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, other)): Path<(Uuid, Uuid)>,
    _form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    store::school(&mut tx, viewer.tenant, id).await?;
    school::set_way(&mut tx, &act, id, other, None).await?;
    let said = affected::told(&mut tx, viewer.tenant, act.at, "已删去，按两段路加起来算").await?;
    tx.commit().await?;
    Ok(redirect(&format!("/lecture-schools/{id}"), &said))
}

async fn add_class(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    let school = store::school(&mut tx, viewer.tenant, id).await?;
    let at = form.choice("grade", "年级", |code| code.parse::<i64>().ok());
    let name = form.text("class_name", "班级名称", 1..=20);
    let pupils = number(&mut form, "pupils", "学生人数", 1..=200);
    if form.ok()
        && let Some((at, pupils)) = at.zip(pupils)
    {
        let done = school::add_class(&mut tx, &act, &school, (at, &name, pupils)).await;
        if form.noted("class_name", done)?.is_some() {
            tx.commit().await?;
            return Ok(redirect(&format!("/lecture-schools/{id}"), "班级已登记"));
        }
    }
    drop(tx);
    page_again(&school_page(&app, &viewer, shell, id, (form, "class")).await?)
}

async fn close_class(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, class)): Path<(Uuid, Uuid)>,
    _form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    school::close_class(&mut tx, &act, id, class).await?;
    let said = affected::told(&mut tx, viewer.tenant, act.at, "这个班不再列出").await?;
    tx.commit().await?;
    Ok(redirect(&format!("/lecture-schools/{id}"), &said))
}

async fn appoint(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    store::school(&mut tx, viewer.tenant, id).await?;
    let lecturers = store::lecturers(&mut tx, viewer.tenant).await?;
    let lecturers: Options = lecturers.into_iter().map(|one| (one.id.to_string(), one.name)).collect();
    let lecturer = form.choice("lecturer", "法治副校长", |code| chosen(&lecturers, code));
    let days = days(&mut form);
    if let Some((lecturer, days)) = lecturer.zip(days) {
        let done = school::appoint(&mut tx, &act, id, lecturer, days).await;
        if form.noted("lecturer", done)?.is_some() {
            tx.commit().await?;
            return Ok(redirect(&format!("/lecture-schools/{id}"), "法治副校长已登记"));
        }
    }
    drop(tx);
    page_again(&school_page(&app, &viewer, shell, id, (form, "vice")).await?)
}

async fn end_post(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path((id, vice)): Path<(Uuid, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    store::school(&mut tx, viewer.tenant, id).await?;
    if !form.is("sure", "yes") {
        form.fail("sure", "请勾上确认：任期今天结束");
        drop(tx);
        return page_again(&school_page(&app, &viewer, shell, id, (form, "vice")).await?);
    }
    school::end_post(&mut tx, &act, id, vice).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/lecture-schools/{id}"), "任期到今天为止"))
}

#[derive(Template)]
#[template(path = "lecture/web/terms.html")]
struct TermsPage {
    shell: Shell,
    terms: Vec<TermRow>,
    periods: Vec<PeriodRow>,
    schools: Options,
    may_edit: bool,
    form: Form,
    /// Which form has to come back: term or period.
    failed: &'static str,
    /// The term whose own form has to come back.
    changed: Option<Uuid>,
}

impl TermsPage {
    fn changing(&self, term: &TermRow) -> bool {
        self.changed == Some(term.id)
    }

    /// Each term has this form: what is wrong in the one that comes back is found by its plain name.
    fn field_id(&self, term: &TermRow, field: &str) -> String {
        if self.changing(term) { field.to_owned() } else { format!("{field}-{}", term.id) }
    }

    /// What a field of the form of a term shows: what was typed where it has to come back, otherwise what is known.
    fn shown<'a>(&'a self, term: &TermRow, field: &str, known: &'a str) -> &'a str {
        if self.changing(term) { self.form.value(field) } else { known }
    }

    fn kinds(&self) -> Vec<(&'static str, &'static str)> {
        PeriodKind::ALL.iter().map(|kind| (kind.code(), kind.label())).collect()
    }
}

async fn terms_page(app: &App, viewer: &Viewer, shell: Shell, form: Form, failed: &'static str) -> Result<TermsPage> {
    let mut tx = app.db.read().await?;
    let from = today(app.means.now()).saturating_sub(200.days());
    let schools = store::schools(&mut tx, viewer.tenant).await?;
    Ok(TermsPage {
        shell,
        terms: school::terms(&mut tx, viewer.tenant).await?,
        periods: school::periods(&mut tx, viewer.tenant, from).await?,
        schools: schools.into_iter().map(|school| (school.id.to_string(), school.name)).collect(),
        may_edit: viewer.may(Permission::LectureEdit),
        form,
        failed,
        changed: None,
    })
}

async fn terms(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    page(&terms_page(&app, &viewer, shell, Form::default(), "").await?)
}

/// Which school a form means; `Some(None)` is all of them.
async fn one_or_all(tx: &mut db::Tx, viewer: &Viewer, form: &mut Form) -> Result<Option<Option<Uuid>>> {
    let schools = store::schools(tx, viewer.tenant).await?;
    let schools: Options = schools.into_iter().map(|school| (school.id.to_string(), school.name)).collect();
    if form.value("school").is_empty() {
        return Ok(Some(None));
    }
    Ok(form.choice("school", "哪所学校", |code| chosen(&schools, code)).map(Some))
}

async fn add_term(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    let name = form.text("name", "学期名称", 2..=30);
    let school = one_or_all(&mut tx, &viewer, &mut form).await?;
    let days = days(&mut form);
    if form.ok()
        && let Some((school, days)) = school.zip(days)
    {
        let done = school::add_term(&mut tx, &act, school, &name, days).await;
        if form.noted("first", done)?.is_some() {
            let said = affected::told(&mut tx, viewer.tenant, act.at, "学期已登记").await?;
            tx.commit().await?;
            return Ok(redirect("/lecture-terms", &said));
        }
    }
    drop(tx);
    page_again(&terms_page(&app, &viewer, shell, form, "term").await?)
}

async fn change_term(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    let term: TermRow = tx.one(TERM.bind(viewer.tenant).bind(id)).await?;
    let name = form.text("term_name", "学期名称", 2..=30);
    let first = form.choice("term_first", "第一天", a_day);
    let last = form.choice("term_last", "最后一天", a_day);
    if first.zip(last).is_some_and(|(first, last)| last < first) {
        form.fail("term_last", "最后一天要在第一天以后");
    }
    if form.ok()
        && let Some(days) = first.zip(last)
    {
        let done = school::change_term(&mut tx, &act, &term, &name, days).await;
        if form.noted("term_first", done)?.is_some() {
            let said = affected::told(&mut tx, viewer.tenant, act.at, "学期已改").await?;
            tx.commit().await?;
            return Ok(redirect("/lecture-terms", &said));
        }
    }
    drop(tx);
    let shown = terms_page(&app, &viewer, shell, form, "").await?;
    page_again(&TermsPage { changed: Some(id), ..shown })
}

async fn drop_term(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    school::drop_term(&mut tx, &act, id).await?;
    let said = affected::told(&mut tx, viewer.tenant, act.at, "已删去").await?;
    tx.commit().await?;
    Ok(redirect("/lecture-terms", &said))
}

async fn add_period(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    let kind = form.choice("kind", "这几天怎样", PeriodKind::parse);
    let note = form.text("note", "说明", 0..=30);
    let school = one_or_all(&mut tx, &viewer, &mut form).await?;
    let days = days(&mut form);
    if form.ok()
        && let Some(((kind, school), days)) = kind.zip(school).zip(days)
    {
        let done = school::add_period(&mut tx, &act, school, days, (kind, &note)).await;
        if form.noted("first", done)?.is_some() {
            let said = affected::told(&mut tx, viewer.tenant, act.at, "已登记").await?;
            tx.commit().await?;
            return Ok(redirect("/lecture-terms", &said));
        }
    }
    drop(tx);
    page_again(&terms_page(&app, &viewer, shell, form, "period").await?)
}

async fn drop_period(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    school::drop_period(&mut tx, &act, id).await?;
    let said = affected::told(&mut tx, viewer.tenant, act.at, "已删去").await?;
    tx.commit().await?;
    Ok(redirect("/lecture-terms", &said))
}

#[derive(Template)]
#[template(path = "lecture/web/subjects.html")]
struct SubjectsPage {
    shell: Shell,
    topics: Vec<Subject>,
    forms: Vec<Subject>,
    may_edit: bool,
    may_arrange: bool,
    form: Form,
}

impl SubjectsPage {
    fn kinds(&self) -> Vec<(&'static str, &'static str)> {
        SubjectKind::ALL.iter().map(|kind| (kind.code(), kind.label())).collect()
    }
}

async fn subjects_page(app: &App, viewer: &Viewer, shell: Shell, form: Form) -> Result<SubjectsPage> {
    let mut tx = app.db.read().await?;
    let (mut topics, mut forms) = (
        store::subjects(&mut tx, viewer.tenant, SubjectKind::Topic).await?,
        store::subjects(&mut tx, viewer.tenant, SubjectKind::Form).await?,
    );
    topics.retain(|subject| subject.closed_at.is_none());
    forms.retain(|subject| subject.closed_at.is_none());
    let (may_edit, may_arrange) = (viewer.may(Permission::LectureEdit), viewer.may(Permission::LectureArrange));
    Ok(SubjectsPage { shell, topics, forms, may_edit, may_arrange, form })
}

async fn subjects(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    page(&subjects_page(&app, &viewer, shell, Form::filled(&[("kind", "topic")])).await?)
}

async fn add_subject(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    let kind = form.choice("kind", "主题还是形式", SubjectKind::parse);
    let name = form.text("name", "名称", 2..=20);
    let words = form.text("words", "说明", 0..=60);
    if form.ok()
        && let Some(kind) = kind
    {
        let done = school::add_subject(&mut tx, &act, kind, &name, &words).await;
        if form.noted("name", done)?.is_some() {
            tx.commit().await?;
            return Ok(redirect("/lecture-subjects", "已加上"));
        }
    }
    drop(tx);
    page_again(&subjects_page(&app, &viewer, shell, form).await?)
}

async fn add_usual(State(app): State<App>, viewer: Viewer, _form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    let added = school::add_usual_subjects(&mut tx, &act).await?;
    tx.commit().await?;
    Ok(redirect("/lecture-subjects", &format!("已加上 {added} 项")))
}

async fn close_subject(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    school::close_subject(&mut tx, &act, id).await?;
    tx.commit().await?;
    Ok(redirect("/lecture-subjects", "不再用了，已经讲过的不变"))
}

/// A topic goes to a community as a message.
async fn share_topic(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureArrange)?;
    let mut tx = app.db.begin().await?;
    let code = codes::text::half_width(form.value("code").trim());
    let done = sharing::share_topic(&mut tx, &act, id, &code).await;
    if form.ended(tx, "code", done).await?.is_some() {
        return Ok(redirect("/lecture-subjects", "主题已送出"));
    }
    page_again(&subjects_page(&app, &viewer, shell, form).await?)
}
