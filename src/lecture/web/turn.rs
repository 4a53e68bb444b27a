//! 新学年：年级加一, on the page of a school, and the grade of a class that was entered wrongly.

use axum::extract::{Path, State};
use axum::response::Response;
use jiff::SignedDuration;
use jiff::civil::Date;
use uuid::Uuid;

use super::school::{SchoolPage, school_page};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::lecture::model::{at_day, grade};
use crate::lecture::store::{self, Class, School};
use crate::lecture::{affected, turn};
use crate::web::{Form, Shell, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::LectureEdit;
    Routes::default()
        .post("/lecture-schools/{id}/turn", LectureEdit, move_up)
        .post("/lecture-schools/{id}/turn/removal", LectureEdit, take_back)
        .post("/lecture-schools/{id}/classes/{class}/grade", LectureEdit, regrade)
        .post("/lecture-schools/{id}/classes/{class}/return", LectureEdit, relist)
}

/// What becomes of a class.
pub(super) struct Step {
    pub class: Uuid,
    pub now: String,
    /// `四年级1班`; none of one that leaves.
    pub then: Option<String>,
    pub ticked: bool,
}

/// The step of a school year.
pub(super) struct Season {
    pub year: i16,
    /// It was done, and can be taken back.
    pub done: bool,
    pub steps: Vec<Step>,
}

/// What is offered at a school on a day. Ticked are the classes of the year that is over, or what was ticked in a form that comes back.
pub(super) fn season(school: &School, classes: &[Class], day: Date, back: Option<&Form>) -> Result<Option<Season>> {
    if school.closed_at.is_some() {
        return Ok(None);
    }
    let year = turn::offered(day);
    let done = school.turned_year == Some(i64::from(year));
    let mut steps = Vec::new();
    for class in classes.iter().filter(|_| !done) {
        let ticked = match back {
            Some(form) => form.is("moved", &class.id.to_string()),
            None => turn::was_there(class, year)?,
        };
        let then = school.stage.after(class.grade).map(|to| format!("{}{}", grade(to), class.name));
        steps.push(Step { class: class.id, now: class.full_name(), then, ticked });
    }
    let shown = done || (!steps.is_empty() && turn::due(classes, year, day)?);
    Ok(shown.then_some(Season { year, done, steps }))
}

impl SchoolPage {
    /// Whether the form for the grade of a class has to come back, which stands beside that for its pupils.
    pub(super) fn regrading(&self, row: &Uuid) -> bool {
        self.changed == Some(*row) && self.failed == "grade"
    }

    /// Since when a class is not listed: whoever leaves is gone a moment before the new school year begins.
    pub(super) fn gone_since(&self, class: &Class) -> String {
        class.closed_at.map_or(String::new(), |at| at_day(at + SignedDuration::from_secs(1)).to_string())
    }

    /// Whether a grade is chosen in it.
    pub(super) fn graded(&self, class: &Class, code: &str) -> bool {
        if self.regrading(&class.id) { self.form.value("new_grade") == code } else { code == class.grade.to_string() }
    }
}

async fn move_up(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    let school = store::school(&mut tx, viewer.tenant, id).await?;
    let moved: Vec<Uuid> = form.values("moved").filter_map(|text| text.parse().ok()).collect();
    let done = turn::turn(&mut tx, &act, &school, &moved).await;
    if form.noted("turn", done)?.is_some() {
        let said = affected::told(&mut tx, viewer.tenant, act.at, "年级已加一，接着登记一年级等新来的班").await?;
        tx.commit().await?;
        return Ok(redirect(&format!("/lecture-schools/{id}"), &said));
    }
    drop(tx);
    page_again(&school_page(&app, &viewer, shell, id, (form, "turn")).await?)
}

async fn take_back(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    let school = store::school(&mut tx, viewer.tenant, id).await?;
    let done = turn::take_back(&mut tx, &act, &school).await;
    if form.noted("turn", done)?.is_some() {
        let said = affected::told(&mut tx, viewer.tenant, act.at, "已撤销，年级和原来一样").await?;
        tx.commit().await?;
        return Ok(redirect(&format!("/lecture-schools/{id}"), &said));
    }
    drop(tx);
    page_again(&school_page(&app, &viewer, shell, id, (form, "turn")).await?)
}

async fn regrade(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path((id, class)): Path<(Uuid, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    let school = store::school(&mut tx, viewer.tenant, id).await?;
    let to = form.choice("new_grade", "年级", |code| code.parse::<i64>().ok());
    let name = form.text("new_class", "班级名称", 1..=20);
    if form.ok()
        && let Some(to) = to
    {
        let done = turn::regrade(&mut tx, &act, &school, class, (to, &name)).await;
        if form.noted("new_class", done)?.is_some() {
            let said = affected::told(&mut tx, viewer.tenant, act.at, "班级已改").await?;
            tx.commit().await?;
            return Ok(redirect(&format!("/lecture-schools/{id}"), &said));
        }
    }
    drop(tx);
    page_again(&school_page(&app, &viewer, shell, id, (form, "grade")).await?.of_row(class))
}

async fn relist(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path((id, class)): Path<(Uuid, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    store::school(&mut tx, viewer.tenant, id).await?;
    let done = turn::relist(&mut tx, &act, id, class).await;
    if form.noted("gone", done)?.is_some() {
        let said = affected::told(&mut tx, viewer.tenant, act.at, "这个班重新列出了").await?;
        tx.commit().await?;
        return Ok(redirect(&format!("/lecture-schools/{id}"), &said));
    }
    drop(tx);
    page_again(&school_page(&app, &viewer, shell, id, (form, "gone")).await?)
}
