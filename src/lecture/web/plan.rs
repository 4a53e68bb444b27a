//! Calls, campaigns and agreements.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use uuid::Uuid;

use super::{Options, a_day, chosen, days, number};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::lecture::model::today;
use crate::lecture::plan;
use crate::lecture::session_store::{AGREEMENTS, ANSWERS, Agreement, Answer, CALLS, CAMPAIGNS, Call, Campaign};
use crate::lecture::store;
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::{LectureEdit, LectureRead};
    Routes::default()
        .get("/lecture-plans", LectureRead, plans)
        .post("/lecture-calls", LectureEdit, add_call)
        .post("/lecture-campaigns", LectureEdit, add_campaign)
        .post("/lecture-agreements", LectureEdit, add_agreement)
}

#[derive(Template)]
#[template(path = "lecture/web/plans.html")]
struct PlansPage {
    shell: Shell,
    calls: Vec<Call>,
    answers: Vec<Answer>,
    campaigns: Vec<Campaign>,
    agreements: Vec<Agreement>,
    schools: Options,
    may_edit: bool,
    form: Form,
    /// Which form has to come back: call, campaign or agreement.
    failed: &'static str,
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
        schools: schools.into_iter().map(|one| (one.id.to_string(), one.name)).collect(),
        may_edit: viewer.may(Permission::LectureEdit),
        form,
        failed,
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
