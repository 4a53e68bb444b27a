//! Calls, campaigns and agreements.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::civil::Date;
use uuid::Uuid;

use super::{Options, a_day, chosen, days, number};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::lecture::model::today;
use crate::lecture::plan::{self, Planned};
use crate::lecture::session_store::{
    AGREEMENT, AGREEMENTS, ANSWERS, Agreement, Answer, CALL, CALLS, CAMPAIGN, CAMPAIGNS, Call, Campaign,
    VOIDED_AGREEMENTS, VOIDED_CALLS, VOIDED_CAMPAIGNS, Voided,
};
use crate::lecture::store;
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::{LectureEdit, LectureRead};
    Routes::default()
        .get("/lecture-plans", LectureRead, plans)
        .post("/lecture-calls", LectureEdit, add_call)
        .post("/lecture-campaigns", LectureEdit, add_campaign)
        .post("/lecture-agreements", LectureEdit, add_agreement)
        .post("/lecture-calls/{id}/particulars", LectureEdit, change_call)
        .post("/lecture-calls/{id}/removal", LectureEdit, void_call)
        .post("/lecture-campaigns/{id}/particulars", LectureEdit, change_campaign)
        .post("/lecture-campaigns/{id}/removal", LectureEdit, void_campaign)
        .post("/lecture-agreements/{id}/particulars", LectureEdit, change_agreement)
        .post("/lecture-agreements/{id}/removal", LectureEdit, void_agreement)
}

#[derive(Template)]
#[template(path = "lecture/web/plans.html")]
struct PlansPage {
    shell: Shell,
    calls: Vec<Call>,
    answers: Vec<Answer>,
    campaigns: Vec<Campaign>,
    agreements: Vec<Agreement>,
    voided_calls: Vec<Voided>,
    voided_campaigns: Vec<Voided>,
    voided_agreements: Vec<Voided>,
    schools: Options,
    may_edit: bool,
    form: Form,
    /// Which form has to come back: call, campaign or agreement.
    failed: &'static str,
    /// What is planned and has its own form come back, and which: change or void.
    row: Option<(Uuid, &'static str)>,
}

impl PlansPage {
    /// The schools that have answered a call, and those that have not.
    fn answered(&self, call: &Uuid) -> (String, String) {
        let has = |id: &str| self.answers.iter().any(|one| one.call_id == *call && one.school_id.to_string() == id);
        let names = |wanted: bool| {
            let found = self.schools.iter().filter(|(id, _)| has(id) == wanted).map(|(_, name)| name.as_str());
            found.collect::<Vec<_>>().join("、")
        };
        (names(true), names(false))
    }

    /// The schools of which an agreement may be: one to which nobody goes any more keeps its own.
    fn schools_of(&self, one: &Agreement) -> Options {
        let own = one.school_id.to_string();
        let mut schools = self.schools.clone();
        if !schools.iter().any(|(id, _)| *id == own) {
            schools.push((own, one.school_name.clone()));
        }
        schools
    }

    fn is_school(&self, one: &Agreement, id: &str) -> bool {
        self.shown(&one.id, "row_school", &one.school_id) == id
    }

    fn opened(&self, row: &Uuid, form: &str) -> bool {
        self.row.is_some_and(|(id, failed)| id == *row && failed == form)
    }

    /// Each row has these forms: what is wrong in the one that comes back is found by its plain name.
    fn field_id(&self, row: &Uuid, field: &str) -> String {
        if self.row.is_some_and(|(id, _)| id == *row) { field.to_owned() } else { format!("{field}-{row}") }
    }

    /// What a field of the form of a row shows: what was typed where it has to come back, otherwise what is known.
    fn shown(&self, row: &Uuid, field: &str, known: &dyn std::fmt::Display) -> String {
        if self.opened(row, "change") { self.form.value(field).to_owned() } else { known.to_string() }
    }
}

async fn plans_page(app: &App, viewer: &Viewer, shell: Shell, form: Form, failed: &'static str) -> Result<PlansPage> {
    let mut tx = app.db.read().await?;
    let day = today(app.means.now()).to_string();
    let schools = store::schools(&mut tx, viewer.tenant).await?;
    Ok(PlansPage {
        shell,
        calls: tx.all(CALLS.bind(viewer.tenant).bind(&day)).await?,
        answers: tx.all(ANSWERS.bind(viewer.tenant).bind(&day)).await?,
        campaigns: tx.all(CAMPAIGNS.bind(viewer.tenant)).await?,
        agreements: tx.all(AGREEMENTS.bind(viewer.tenant)).await?,
        voided_calls: tx.all(VOIDED_CALLS.bind(viewer.tenant)).await?,
        voided_campaigns: tx.all(VOIDED_CAMPAIGNS.bind(viewer.tenant)).await?,
        voided_agreements: tx.all(VOIDED_AGREEMENTS.bind(viewer.tenant)).await?,
        schools: schools.into_iter().map(|one| (one.id.to_string(), one.name)).collect(),
        may_edit: viewer.may(Permission::LectureEdit),
        form,
        failed,
        row: None,
    })
}

async fn plans(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    page(&plans_page(&app, &viewer, shell, Form::default(), "").await?)
}

async fn add_call(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let title = form.text("call_title", "标题", 2..=40);
    let words = form.open_text("call_words", "说明", 0..=300, "不要写电话或身份证号");
    let last = form.choice("call_last", "截止哪天", a_day);
    if form.ok()
        && let Some(last) = last
    {
        let mut tx = app.db.begin().await?;
        let done = plan::call(&mut tx, &act, &title, &words, last).await;
        if form.ended(tx, "call_last", done).await?.is_some() {
            return Ok(redirect("/lecture-plans", "已发出，各学校的链接上看得到"));
        }
    }
    page_again(&plans_page(&app, &viewer, shell, form, "call").await?)
}

async fn add_campaign(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let theme = form.text("theme", "主题", 2..=40);
    let intended = number(&mut form, "intended", "打算讲几场", 1..=2000);
    let days = days(&mut form);
    if form.ok()
        && let Some((intended, days)) = intended.zip(days)
    {
        let mut tx = app.db.begin().await?;
        plan::add_campaign(&mut tx, &act, (&theme, days, intended)).await?;
        tx.commit().await?;
        return Ok(redirect("/lecture-plans", "专项活动已登记"));
    }
    page_again(&plans_page(&app, &viewer, shell, form, "campaign").await?)
}

async fn add_agreement(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    let schools: Options =
        store::schools(&mut tx, viewer.tenant).await?.into_iter().map(|one| (one.id.to_string(), one.name)).collect();
    let school = form.choice("school", "哪所学校", |code| chosen(&schools, code));
    let title = form.text("agreement_title", "协议名称", 2..=40);
    let intended = number(&mut form, "agreement_intended", "每年打算讲几场", 1..=200);
    let first = form.choice("agreement_first", "从哪天", a_day);
    let last = form.choice("agreement_last", "到哪天", a_day);
    if first.zip(last).is_some_and(|(first, last)| last < first) {
        form.fail("agreement_last", "最后一天要在第一天以后");
    }
    if form.ok()
        && let Some(((school, intended), days)) = school.zip(intended).zip(first.zip(last))
    {
        plan::add_agreement(&mut tx, &act, school, (&title, days, intended)).await?;
        tx.commit().await?;
        return Ok(redirect("/lecture-plans", "共建协议已登记"));
    }
    drop(tx);
    page_again(&plans_page(&app, &viewer, shell, form, "agreement").await?)
}

/// The days of a row's own form, the second not before the first.
fn row_days(form: &mut Form) -> Option<(Date, Date)> {
    let first = form.choice("row_first", "第一天", a_day);
    let last = form.choice("row_last", "最后一天", a_day);
    let (first, last) = (first?, last?);
    if last < first {
        form.fail("row_last", "最后一天要在第一天以后");
        return None;
    }
    Some((first, last))
}

/// The page with the own form of a row, which has to come back.
async fn row_again(
    (app, viewer, shell): (&App, &Viewer, Shell),
    form: Form,
    row: (Uuid, &'static str),
) -> Result<Response> {
    let shown = plans_page(app, viewer, shell, form, "").await?;
    page_again(&PlansPage { row: Some(row), ..shown })
}

async fn change_call(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    let _: Call = tx.one(CALL.bind(viewer.tenant).bind(id)).await?;
    let title = form.text("row_title", "标题", 2..=40);
    let words = form.open_text("row_words", "说明", 0..=300, "不要写电话或身份证号");
    let last = form.choice("row_last", "截止哪天", a_day);
    if form.ok()
        && let Some(last) = last
    {
        let done = plan::change_call(&mut tx, &act, (id, form.version()), (&title, &words, last)).await;
        if form.ended(tx, "row_last", done).await?.is_some() {
            return Ok(redirect("/lecture-plans", "需求征集已改"));
        }
    } else {
        drop(tx);
    }
    row_again((&app, &viewer, shell), form, (id, "change")).await
}

async fn change_campaign(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    let _: Campaign = tx.one(CAMPAIGN.bind(viewer.tenant).bind(id)).await?;
    let theme = form.text("row_title", "主题", 2..=40);
    let intended = number(&mut form, "row_intended", "打算讲几场", 1..=2000);
    let days = row_days(&mut form);
    if form.ok()
        && let Some((intended, days)) = intended.zip(days)
    {
        plan::change_campaign(&mut tx, &act, (id, form.version()), (&theme, days, intended)).await?;
        tx.commit().await?;
        return Ok(redirect("/lecture-plans", "专项活动已改"));
    }
    drop(tx);
    row_again((&app, &viewer, shell), form, (id, "change")).await
}

async fn change_agreement(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    let known: Agreement = tx.one(AGREEMENT.bind(viewer.tenant).bind(id)).await?;
    let schools = store::schools(&mut tx, viewer.tenant).await?;
    let mut schools: Options = schools.into_iter().map(|one| (one.id.to_string(), one.name)).collect();
    // One to which nobody goes any more keeps its agreement.
    schools.push((known.school_id.to_string(), known.school_name));
    let school = form.choice("row_school", "哪所学校", |code| chosen(&schools, code));
    let title = form.text("row_title", "协议名称", 2..=40);
    let intended = number(&mut form, "row_intended", "每年打算讲几场", 1..=200);
    let days = row_days(&mut form);
    if form.ok()
        && let Some(((school, intended), days)) = school.zip(intended).zip(days)
    {
        plan::change_agreement(&mut tx, &act, (id, form.version()), school, (&title, days, intended)).await?;
        tx.commit().await?;
        return Ok(redirect("/lecture-plans", "共建协议已改"));
    }
    drop(tx);
    row_again((&app, &viewer, shell), form, (id, "change")).await
}

/// What was entered wrongly counts no more, with a reason.
async fn void(
    (app, viewer, shell): (&App, &Viewer, Shell),
    (mut tx, what, id): (db::Tx, Planned, Uuid),
    mut form: Form,
) -> Result<Response> {
    let act = app.act(viewer, Permission::LectureEdit)?;
    let why = form.open_text("row_why", "为什么作废", 2..=100, "不要写电话或身份证号");
    if form.ok() {
        let done = plan::void(&mut tx, &act, what, id, &why).await;
        if form.ended(tx, "row_why", done).await?.is_some() {
            let said = match what {
                Planned::Call => "已作废，学校不再看到",
                Planned::Agreement | Planned::Campaign => "已作废，统计里不再算",
            };
            return Ok(redirect("/lecture-plans", said));
        }
    } else {
        drop(tx);
    }
    row_again((app, viewer, shell), form, (id, "void")).await
}

async fn void_call(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    form: Form,
) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let _: Call = tx.one(CALL.bind(viewer.tenant).bind(id)).await?;
    void((&app, &viewer, shell), (tx, Planned::Call, id), form).await
}

async fn void_campaign(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    form: Form,
) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let _: Campaign = tx.one(CAMPAIGN.bind(viewer.tenant).bind(id)).await?;
    void((&app, &viewer, shell), (tx, Planned::Campaign, id), form).await
}

async fn void_agreement(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    form: Form,
) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let _: Agreement = tx.one(AGREEMENT.bind(viewer.tenant).bind(id)).await?;
    void((&app, &viewer, shell), (tx, Planned::Agreement, id), form).await
}
