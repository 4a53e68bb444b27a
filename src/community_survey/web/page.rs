//! One survey: its plan, how far the doors have come, and what was answered.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use db::Tx;
use jiff::civil::Date;
use uuid::Uuid;

use super::desk::{Size, size};
use super::{manages, must_manage};
use crate::access::{Act, Permission, Routes, Viewer};
use crate::app::App;
use crate::community_survey::model::{self, LEVELS, percent};
use crate::community_survey::results::{self, Course, OfQuestion, Results, wishes};
use crate::community_survey::store::{self, ListedAsker, Survey};
use crate::community_survey::{paper, plan, publication};
use crate::document;
use crate::error::{Error, Result};
use crate::web::{Form, Shell, page, page_again, redirect};
use crate::workbook;

pub fn routes() -> Routes {
    use Permission::{CommunitySurveyManage, CommunitySurveyRead};
    Routes::default()
        .get("/community-surveys/{id}", CommunitySurveyRead, show)
        .post("/community-surveys/{id}/opening", CommunitySurveyManage, open)
        .post("/community-surveys/{id}/dealing", CommunitySurveyManage, deal)
        .post("/community-surveys/{id}/extension", CommunitySurveyManage, extend)
        .post("/community-surveys/{id}/ending", CommunitySurveyManage, end)
        .post("/community-surveys/{id}/withdrawal", CommunitySurveyManage, withdraw)
        .post("/community-surveys/{id}/publication", CommunitySurveyManage, publish)
        .get("/community-surveys/{id}/results.xlsx", CommunitySurveyRead, workbook_file)
        .get("/community-surveys/{id}/results.docx", CommunitySurveyRead, word_file)
}

#[derive(Template)]
#[template(path = "community_survey/web/show.html")]
struct ShowPage {
    shell: Shell,
    form: Form,
    survey: Survey,
    manages: bool,
    /// Of a draft: what would be drawn now.
    size: Option<Size>,
    /// Once it has been drawn.
    results: Option<Results>,
    askers: Vec<ListedAsker>,
    /// For those who decide what of it is published.
    wishes: Vec<String>,
}

impl ShowPage {
    fn is_draft(&self) -> bool {
        self.survey.state == model::State::Draft
    }

    fn is_open(&self) -> bool {
        self.survey.state == model::State::Open
    }

    fn is_ended(&self) -> bool {
        self.survey.state == model::State::Ended
    }

    fn levels(&self, of: &OfQuestion) -> Vec<(&'static str, i64, String)> {
        let answers = of.tally.answers();
        LEVELS.iter().zip(of.tally.0).map(|((_, label), count)| (*label, count, percent(count, answers))).collect()
    }

    fn percent(&self, part: i64, of: i64) -> String {
        percent(part, of)
    }

    fn rate(&self, course: &Course) -> String {
        percent(course.answered, course.asked())
    }

    fn satisfied(&self, of: &OfQuestion) -> String {
        percent(of.tally.satisfied(), of.tally.answers())
    }

    fn content(&self, of: &OfQuestion) -> String {
        percent(of.tally.content(), of.tally.answers())
    }

    fn change(&self, of: &OfQuestion) -> String {
        paper::change(of)
    }
}

/// The results, with the wishes for whoever may read them.
async fn drawn(tx: &mut Tx, act: &Act, viewer: &Viewer, survey: Survey) -> Result<(Results, Vec<String>)> {
    let results = results::results(tx, act, survey).await?;
    let wishes = if manages(viewer) { wishes(tx, act, &results).await? } else { Vec::new() };
    Ok((results, wishes))
}

async fn show_page(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, form: Form) -> Result<ShowPage> {
    let act = app.act(viewer, Permission::CommunitySurveyRead)?;
    let mut tx = app.db.read().await?;
    let survey = store::survey(&mut tx, viewer.tenant, id).await?;
    let (mut results, mut wishes, mut askers) = (None, Vec::new(), Vec::new());
    if survey.rules.is_some() {
        let (all, wished) = drawn(&mut tx, &act, viewer, survey.clone()).await?;
        (results, wishes) = (Some(all), wished);
        askers = store::askers(&mut tx, viewer.tenant, id).await?;
    }
    drop(tx);
    let size = if survey.state == model::State::Draft { Some(size(app, &act).await?) } else { None };
    Ok(ShowPage { shell, form, survey, manages: manages(viewer), size, results, askers, wishes })
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&show_page(&app, &viewer, shell, id, Form::default()).await?)
}

/// What every form of this page begins with.
async fn begin(app: &App, viewer: &Viewer, id: Uuid) -> Result<(Tx, Act)> {
    let act = app.act(viewer, Permission::CommunitySurveyManage)?;
    let mut tx = app.db.begin().await?;
    store::survey(&mut tx, viewer.tenant, id).await?;
    must_manage(viewer)?;
    Ok((tx, act))
}

/// What every form of this page ends with.
async fn done(
    (app, viewer, shell): (&App, &Viewer, Shell),
    (tx, id, mut form): (Tx, Uuid, Form),
    (field, outcome): (&str, Result<()>),
    flash: &str,
) -> Result<Response> {
    if form.noted(field, outcome)?.is_some() {
        tx.commit().await?;
        return Ok(redirect(&format!("/community-surveys/{id}"), flash));
    }
    drop(tx);
    page_again(&show_page(app, viewer, shell, id, form).await?)
}

async fn open(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    form: Form,
) -> Result<Response> {
    let (mut tx, act) = begin(&app, &viewer, id).await?;
    let opened = plan::open(&mut tx, &act, id, form.version()).await;
    done((&app, &viewer, shell), (tx, id, form), ("opening", opened), "抽好了，已分到网格员的手机上").await
}

async fn deal(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    form: Form,
) -> Result<Response> {
    let (mut tx, act) = begin(&app, &viewer, id).await?;
    let dealt = plan::deal_again(&mut tx, &act, id).await;
    done((&app, &viewer, shell), (tx, id, form), ("dealing", dealt), "还没问到的重新分好了").await
}

async fn extend(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act) = begin(&app, &viewer, id).await?;
    let Some(until) = form.choice("until", "新的截止日", |text| text.parse::<Date>().ok()) else {
        drop(tx);
        return page_again(&show_page(&app, &viewer, shell, id, form).await?);
    };
    let extended = plan::extend(&mut tx, &act, id, form.version(), until).await;
    done((&app, &viewer, shell), (tx, id, form), ("until", extended), "截止的日子改好了").await
}

async fn end(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    form: Form,
) -> Result<Response> {
    let (mut tx, act) = begin(&app, &viewer, id).await?;
    let ended = plan::end(&mut tx, &act, id, form.version()).await;
    done((&app, &viewer, shell), (tx, id, form), ("ending", ended), "调查结束，结果出来了").await
}

async fn withdraw(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    form: Form,
) -> Result<Response> {
    let (mut tx, act) = begin(&app, &viewer, id).await?;
    let withdrawn = plan::withdraw(&mut tx, &act, id, form.version()).await;
    done((&app, &viewer, shell), (tx, id, form), ("withdrawal", withdrawn), "取消了").await
}

async fn publish(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    form: Form,
) -> Result<Response> {
    let (mut tx, act) = begin(&app, &viewer, id).await?;
    let chosen: Vec<String> = form.values("wish").map(str::to_owned).collect();
    let published = publication::publish(&mut tx, &act, id, form.version(), &chosen).await.map(drop);
    done((&app, &viewer, shell), (tx, id, form), ("publication", published), "结果已经公示").await
}

/// What has been drawn and has come to its end.
async fn ended(app: &App, viewer: &Viewer, id: Uuid) -> Result<(Results, Vec<String>)> {
    let act = app.act(viewer, Permission::CommunitySurveyRead)?;
    let mut tx = app.db.read().await?;
    let survey = store::survey(&mut tx, viewer.tenant, id).await?;
    if survey.state != model::State::Ended {
        return Err(Error::refused("调查结束以后才有结果"));
    }
    drawn(&mut tx, &act, viewer, survey).await
}

async fn workbook_file(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>) -> Result<Response> {
    let (results, wishes) = ended(&app, &viewer, id).await?;
    let file = workbook::of_tables(&paper::tables(&results, &wishes))?;
    Ok(workbook::response(file, &format!("{}{}.xlsx", viewer.tenant_name, results.survey.title)))
}

async fn word_file(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>) -> Result<Response> {
    let (results, wishes) = ended(&app, &viewer, id).await?;
    document::response(&paper::paper(&viewer.tenant_name, &results, &wishes))
}
