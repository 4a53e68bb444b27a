//! Satisfaction at the door: a grid worker asks about what others have handled.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::Cursor;
use serde::Deserialize;
use uuid::Uuid;

use super::desk::{Row, rows};
use super::public::{Options, check_numbers};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::issue::closure::{self, Answer};
use crate::issue::model::{Respondent, Score, Solved, Step};
use crate::issue::store::{self, Event, Issue, Joined};
use crate::web::{Form, Shell, page, page_again, redirect, show};

pub fn routes() -> Routes {
    use Permission::IssueSurvey;
    Routes::default()
        .get("/surveys", IssueSurvey, list)
        .get("/issues/{id}/survey", IssueSurvey, new)
        .post("/issues/{id}/surveys", IssueSurvey, create)
        .post("/issues/{id}/contact-attempts", IssueSurvey, note_attempt)
}

const PAGE: usize = 30;

#[derive(Deserialize)]
struct Paging {
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "issue/web/surveys.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<Row>,
    next: Option<String>,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(paging): Query<Paging>) -> Result<Response> {
    let after = paging.after.and_then(|text| text.parse().ok()).unwrap_or(Cursor::FIRST);
    let scope = viewer.scope(Permission::IssueSurvey);
    let mut tx = app.db.read().await?;
    let issues = store::to_survey(&mut tx, viewer.tenant, viewer.account, scope, after, PAGE).await?;
    let next = issues.next.map(|cursor| format!("/surveys?after={cursor}"));
    let rows = rows(&mut tx, &app, viewer.tenant, issues.items).await?;
    page(&ListPage { shell, rows, next })
}

#[derive(Template)]
#[template(path = "issue/web/survey.html")]
struct SurveyPage {
    shell: Shell,
    form: Form,
    issue: Issue,
    result: Option<Event>,
    attempts: usize,
    demanded: usize,
    /// Others who reported the same.
    reports: Vec<Joined>,
}

impl SurveyPage {
    fn first(&self) -> String {
        format!("{}，{}反映", self.issue.number, show::day(&self.issue.reported_at))
    }

    fn others(&self) -> Options {
        let other = |report: &Joined| {
            let place = if report.place_text.is_empty() { String::new() } else { format!("，{}", report.place_text) };
            (report.id.to_string(), format!("{}，{}反映{place}", report.number, show::day(&report.reported_at)))
        };
        self.reports.iter().map(other).collect()
    }
}

async fn survey_page(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, form: Form) -> Result<SurveyPage> {
    let mut tx = app.db.read().await?;
    let issue = store::issue_in_scope(&mut tx, viewer.tenant, id, viewer.scope(Permission::IssueSurvey)).await?;
    if store::took_part(&mut tx, viewer.tenant, id, viewer.account).await? {
        return Err(Error::refused("您参与办理过这件事，不能再来测评。请另一位网格员上门。"));
    }
    let events = store::events(&mut tx, viewer.tenant, id).await?;
    let in_round = |step: Step| events.iter().filter(move |event| event.kind == step && event.round == issue.round);
    let day = |event: &Event| show::day(&event.at);
    let attempts = in_round(Step::ContactFailed).map(day).collect::<BTreeSet<_>>().len();
    let result = in_round(Step::Done).next_back().cloned();
    let demanded = super::limits(&mut tx, app, viewer.tenant).await?.steps.contact_attempts;
    let reports = store::reports(&mut tx, viewer.tenant, id).await?;
    Ok(SurveyPage { shell, form, result, attempts, demanded, reports, issue })
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let form = Form::filled(&[("respondent", Respondent::Reporter.code())]);
    page(&survey_page(&app, &viewer, shell, id, form).await?)
}

async fn create(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let respondent = form.choice("respondent", "问的是谁", Respondent::parse);
    // Of a neighbour nobody asks whose report it was.
    let report = form
        .optional_choice("report", "哪一位反映人", |id| id.parse().ok())
        .filter(|_| respondent == Some(Respondent::Reporter));
    let solved = form.choice("solved", "问题解决了没有", Solved::parse);
    let score = form.choice("score", "满意程度", Score::parse);
    let comment = form.text("comment", "居民原话", 0..=500);
    check_numbers(&mut form, "comment");
    let (Some(respondent), Some(solved), Some(score), true) = (respondent, solved, score, form.ok()) else {
        return page_again(&survey_page(&app, &viewer, shell, id, form).await?);
    };
    let act = app.act(&viewer, Permission::IssueSurvey)?;
    let mut tx = app.db.begin().await?;
    let scope = viewer.scope(Permission::IssueSurvey);
    let mut issue = store::issue_in_scope(&mut tx, viewer.tenant, id, scope).await?;
    let answer = Answer { respondent, report, score, solved, comment };
    closure::survey(&mut tx, &act, &mut issue, form.version(), answer).await?;
    tx.commit().await?;
    let flash = if score.is_bad() {
        "已记下。居民不满意，会重新办理或由支部复核"
    } else {
        "已记下，谢谢"
    };
    Ok(redirect("/surveys", flash))
}

async fn note_attempt(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let words = form.text("attempt_words", "当时的情况", 0..=200);
    check_numbers(&mut form, "attempt_words");
    if !form.ok() {
        return page_again(&survey_page(&app, &viewer, shell, id, form).await?);
    }
    let act = app.act(&viewer, Permission::IssueSurvey)?;
    let mut tx = app.db.begin().await?;
    let scope = viewer.scope(Permission::IssueSurvey);
    let mut issue = store::issue_in_scope(&mut tx, viewer.tenant, id, scope).await?;
    closure::contact_failed(&mut tx, &act, &mut issue, form.version(), &words).await?;
    tx.commit().await?;
    Ok(redirect("/surveys", "已记一次没联系上"))
}
