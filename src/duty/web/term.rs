//! The days on which there is school: terms and special days, of one school or of all.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::ToSpan;
use uuid::Uuid;

use super::{Options, a_day, days};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::duty::model::{DayKind, weekday_name, written};
use crate::duty::store::{self, DAY, DayRow, TERM, TermRow};
use crate::duty::{calling_off, coverage, school};
use crate::error::{Error, Result};
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::{DutyEdit, DutyRead};
    Routes::default()
        .get("/duty-terms", DutyRead, terms)
        .post("/duty-terms", DutyEdit, add_term)
        .post("/duty-terms/{id}/particulars", DutyEdit, change_term)
        .post("/duty-terms/{id}/removal", DutyEdit, drop_term)
        .post("/duty-days", DutyEdit, set_day)
        .post("/duty-days/{id}/removal", DutyEdit, drop_day)
}

#[derive(Template)]
#[template(path = "duty/web/terms.html")]
struct TermsPage {
    shell: Shell,
    terms: Vec<TermRow>,
    days: Vec<DayRow>,
    schools: Options,
    /// Whether it can be said of all schools.
    for_all: bool,
    may_edit: bool,
    known_until: String,
    form: Form,
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

    fn weekdays(&self) -> Vec<(String, &'static str)> {
        (1..=5).map(|day| (day.to_string(), weekday_name(day))).collect()
    }

    fn weekday(&self, day: &i64) -> &'static str {
        weekday_name(*day)
    }

    fn day_kinds(&self) -> Vec<(&'static str, &'static str)> {
        DayKind::ALL.iter().map(|kind| (kind.code(), kind.label())).collect()
    }
}

async fn terms_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    (form, failed): (Form, &'static str),
) -> Result<TermsPage> {
    let scope = viewer.scope(Permission::DutyRead);
    let today = coverage::today(app.means.now());
    let shifted = |days: i64| today.checked_add(days.days()).unwrap_or(today).to_string();
    let mut tx = app.db.read().await?;
    let schools = store::schools(&mut tx, viewer.tenant, &scope).await?;
    let within = |school: Option<Uuid>| school.is_none_or(|id| schools.iter().any(|one| one.id == id));
    let terms = store::terms(&mut tx, viewer.tenant).await?;
    let days = store::days(&mut tx, viewer.tenant, &shifted(-60), &shifted(400)).await?;
    let last_year = calendar::WorkingDays::embedded().years().last();
    Ok(TermsPage {
        shell,
        terms: terms.into_iter().filter(|term| within(term.school_id)).collect(),
        days: days.into_iter().filter(|day| within(day.school_id)).collect(),
        schools: schools.iter().map(|school| (school.id.to_string(), school.name.clone())).collect(),
        for_all: scope.account.is_none(),
        may_edit: viewer.may(Permission::DutyEdit),
        known_until: last_year.map_or(String::new(), |year| written(jiff::civil::date(year, 12, 31))),
        form,
        failed,
        changed: None,
    })
}

async fn terms(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    page(&terms_page(&app, &viewer, shell, (Form::default(), "")).await?)
}

/// Which school a form means; nothing for all of them, which only whoever reaches the whole bureau may say.
async fn which(app: &App, viewer: &Viewer, form: &mut Form) -> Result<Option<Uuid>> {
    let scope = viewer.scope(Permission::DutyEdit);
    let school = form.optional_choice("school", "学校", |id| id.parse::<Uuid>().ok());
    if school.is_none() && scope.account.is_some() {
        form.fail("school", "请选择学校；全部学校的由分局登记");
    }
    if let Some(school) = school {
        store::school_within(&mut app.db.read().await?, viewer.tenant, &scope, school).await?;
    }
    Ok(school)
}

async fn add_term(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let school = which(&app, &viewer, &mut form).await?;
    let name = form.text("name", "学期名称", 2..=30);
    if let (Some(days), true) = (days(&mut form), form.ok()) {
        let mut tx = app.db.begin().await?;
        let done = school::enter_term(&mut tx, &act, school, &name, days).await;
        if let Some((_, cancelled)) = form.ended(tx, "first", done).await? {
            return Ok(redirect("/duty-terms", &format!("学期已登记{}", calling_off::said(&app, &cancelled))));
        }
    }
    page_again(&terms_page(&app, &viewer, shell, (form, "term")).await?)
}

async fn set_day(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let school = which(&app, &viewer, &mut form).await?;
    let day = form.choice("day", "哪一天", a_day);
    let kind = form.choice("kind", "这一天怎样", DayKind::parse);
    let note = form.text("note", "说明", 0..=30);
    let follows = form
        .optional_choice("follows", "补周几的课", |text| text.parse().ok().filter(|day| (1..=5).contains(day)));
    if follows.is_some() && kind == Some(DayKind::Off) {
        form.fail("follows", "不上课的日子不用选补周几的课");
    }
    if let (Some(day), Some(kind), true) = (day, kind, form.ok()) {
        let mut tx = app.db.begin().await?;
        let done = school::set_day_like(&mut tx, &act, school, day, (kind, &note, follows)).await;
        if let Some((_, changed, cancelled)) = form.ended(tx, "day", done).await? {
            let done = if changed { "已改" } else { "已登记" };
            return Ok(redirect("/duty-terms", &format!("{done}{}", calling_off::said(&app, &cancelled))));
        }
    }
    page_again(&terms_page(&app, &viewer, shell, (form, "day")).await?)
}

/// What belongs to all schools is changed by whoever reaches them all.
async fn reached(app: &App, viewer: &Viewer, school: Option<Uuid>) -> Result<()> {
    let scope = viewer.scope(Permission::DutyEdit);
    match school {
        Some(school) => store::school_within(&mut app.db.read().await?, viewer.tenant, &scope, school).await.map(drop),
        None if scope.account.is_none() => Ok(()),
        None => Err(Error::Forbidden),
    }
}

async fn change_term(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let term: TermRow = app.db.read().await?.one(TERM.bind(viewer.tenant).bind(id)).await?;
    reached(&app, &viewer, term.school_id).await?;
    let name = form.text("term_name", "学期名称", 2..=30);
    let first = form.choice("term_first", "第一天", a_day);
    let last = form.choice("term_last", "最后一天", a_day);
    if first.zip(last).is_some_and(|(first, last)| last < first) {
        form.fail("term_last", "最后一天要在第一天以后");
    }
    if let (Some(days), true) = (first.zip(last), form.ok()) {
        let mut tx = app.db.begin().await?;
        let done = school::change_term(&mut tx, &act, &term, &name, days).await;
        if let Some(cancelled) = form.ended(tx, "term_first", done).await? {
            return Ok(redirect("/duty-terms", &format!("学期已改{}", calling_off::said(&app, &cancelled))));
        }
    }
    let shown = terms_page(&app, &viewer, shell, (form, "")).await?;
    page_again(&TermsPage { changed: Some(id), ..shown })
}

async fn drop_term(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let term: TermRow = app.db.read().await?.one(TERM.bind(viewer.tenant).bind(id)).await?;
    reached(&app, &viewer, term.school_id).await?;
    let mut tx = app.db.begin().await?;
    let cancelled = school::drop_term(&mut tx, &act, &term).await?;
    tx.commit().await?;
    let said = format!("学期已删去，那些日子不再算上课{}", calling_off::said(&app, &cancelled));
    Ok(redirect("/duty-terms", &said))
}

async fn drop_day(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let day: DayRow = app.db.read().await?.one(DAY.bind(viewer.tenant).bind(id)).await?;
    reached(&app, &viewer, day.school_id).await?;
    let mut tx = app.db.begin().await?;
    let cancelled = school::drop_day(&mut tx, &act, &day).await?;
    tx.commit().await?;
    let said = format!("已删去，这一天按平常算{}", calling_off::said(&app, &cancelled));
    Ok(redirect("/duty-terms", &said))
}
