//! The surveys of the community, and the form with which one is planned.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::Cursor;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;
use uuid::Uuid;

use super::{manages, must_manage};
use crate::access::{Act, Permission, Routes, Viewer};
use crate::app::App;
use crate::community_survey::model::{Asking, first_size_words, sample_size};
use crate::community_survey::plan::{self, Plan, Share, day_of};
use crate::community_survey::store::{self, Survey};
use crate::error::{Error, Result};
use crate::settings;
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::{CommunitySurveyManage, CommunitySurveyRead};
    Routes::default()
        .get("/community-surveys", CommunitySurveyRead, list)
        .get("/community-surveys/new", CommunitySurveyManage, new)
        .post("/community-surveys", CommunitySurveyManage, create)
        .get("/community-surveys/{id}/plan", CommunitySurveyManage, edit)
        .post("/community-surveys/{id}/plan", CommunitySurveyManage, rewrite)
}

const PAGE: usize = 30;

#[derive(Deserialize)]
struct Paging {
    before: Option<String>,
}

#[derive(Template)]
#[template(path = "community_survey/web/list.html")]
struct ListPage {
    shell: Shell,
    surveys: Vec<Survey>,
    next: Option<String>,
    manages: bool,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(paging): Query<Paging>) -> Result<Response> {
    let before = paging.before.and_then(|text| text.parse().ok()).unwrap_or(Cursor::LAST);
    let found = store::surveys(&mut app.db.read().await?, viewer.tenant, before, PAGE).await?;
    let next = found.next.map(|cursor| format!("/community-surveys?before={cursor}"));
    page(&ListPage { shell, surveys: found.items, next, manages: manages(&viewer) })
}

/// How the size of the sample comes about.
pub(super) struct Size {
    pub shares: Vec<Share>,
    pub wanted: i64,
    pub reserve: i64,
    /// The formula in words, a sentence a line.
    pub words: Vec<String>,
}

/// What would be drawn now.
pub(super) async fn size(app: &App, act: &Act) -> Result<Size> {
    let mut tx = app.db.read().await?;
    let (rules, shares) = plan::shares(&mut tx, act).await?;
    let sum = |of: fn(&Share) -> i64| shares.iter().map(of).sum::<i64>();
    let (homes, wanted, reserve) = (sum(|share| share.homes), sum(|share| share.wanted), sum(|share| share.reserve));
    let first = first_size_words(&rules);
    let whole = |per_mille: i64| match per_mille % 10 {
        0 => format!("{}%", per_mille / 10),
        rest => format!("{}.{rest}%", per_mille / 10),
    };
    let margin = whole(rules.margin_per_mille);
    let mut words = vec![
        format!(
            "要让误差不超过 ±{margin}：住户很多时要问 n₀ = z²·p·(1−p)÷e² = {first} 户（z = {}.{:02}，p = {}，e = {margin}）。",
            rules.confidence_z / 1000,
            rules.confidence_z % 1000 / 10,
            whole(rules.expected_per_mille),
        ),
        format!(
            "本社区有人住的是 N = {homes} 户，n = n₀ ÷ (1 + (n₀−1) ÷ N)，向上取整，是 {} 户。",
            sample_size(homes, &rules)
        ),
        "各小区按住户多少分，每个有人住的小区至少 1 户。".to_owned(),
    ];
    if wanted > sample_size(homes, &rules) {
        words.push(format!("小区比样本还多，所以问 {wanted} 户。"));
    }
    Ok(Size { shares, wanted, reserve, words })
}

#[derive(Template)]
#[template(path = "community_survey/web/new.html")]
struct NewPage {
    shell: Shell,
    form: Form,
    size: Size,
    most: i64,
    /// The draft that is written anew.
    draft: Option<Survey>,
}

async fn new_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    draft: Option<Survey>,
    form: Option<Form>,
) -> Result<NewPage> {
    must_manage(viewer)?;
    let act = app.act(viewer, Permission::CommunitySurveyManage)?;
    let mut tx = app.db.read().await?;
    let asking: Asking = settings::read(&mut tx, act.tenant, act.at).await?;
    let form = match (form, &draft) {
        (Some(form), _) => form,
        (None, Some(draft)) => {
            let questions: Vec<&str> = draft.questions.0.iter().map(|question| question.text.as_str()).collect();
            let mut form =
                Form::filled(&[("title", &draft.title), ("from", &draft.from_on), ("until", &draft.until_on)]);
            form.set("questions", questions.join("\n"));
            form.set("open_question", draft.open_question.as_str());
            form
        }
        (None, None) => {
            let (questions, open) = plan::usual(&mut tx, &act).await?;
            let today = day_of(act.at);
            let title = format!("{}年度满意度调查", today.year());
            let (from, until) = (today.to_string(), (today + 14.days()).to_string());
            let mut form = Form::filled(&[("title", &title), ("from", &from), ("until", &until)]);
            form.set("questions", questions.join("\n"));
            form.set("open_question", open);
            form
        }
    };
    drop(tx);
    Ok(NewPage { shell, form, size: size(app, &act).await?, most: asking.most_questions, draft })
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    page(&new_page(&app, &viewer, shell, None, None).await?)
}

/// A question is one that fits on a phone's screen.
const LONGEST: usize = 40;

fn read_plan(form: &mut Form) -> Option<Plan> {
    let title = form.text("title", "名称", 4..=40);
    let day = |text: &str| text.parse::<Date>().ok();
    let from = form.choice("from", "从哪天开始", day);
    let until = form.choice("until", "到哪天结束", day);
    if let (Some(from), Some(until)) = (from, until)
        && until < from
    {
        form.fail("until", "截止的日子要在开始之后");
    }
    let written = form.text("questions", "要问的问题", 1..=2000);
    let questions: Vec<String> =
        written.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    if let Some(long) = questions.iter().find(|text| !(4..=LONGEST).contains(&text.chars().count())) {
        form.fail("questions", format!("“{long}”要在 4 到 {LONGEST} 个字之间"));
    }
    let open_question = form.text("open_question", "最后一问", 0..=LONGEST);
    Some(Plan { title, from: from?, until: until?, questions, open_question }).filter(|_| form.ok())
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    must_manage(&viewer)?;
    if let Some(plan) = read_plan(&mut form) {
        let act = app.act(&viewer, Permission::CommunitySurveyManage)?;
        let mut tx = app.db.begin().await?;
        let created = plan::create(&mut tx, &act, &plan).await;
        if let Some(id) = form.noted("questions", created)? {
            tx.commit().await?;
            return Ok(redirect(&format!("/community-surveys/{id}"), "已保存，看好了再开始"));
        }
    }
    page_again(&new_page(&app, &viewer, shell, None, Some(form)).await?)
}

async fn draft(app: &App, viewer: &Viewer, id: Uuid) -> Result<Survey> {
    let survey = store::survey(&mut app.db.read().await?, viewer.tenant, id).await?;
    match survey.state {
        crate::community_survey::State::Draft => Ok(survey),
        _ => Err(Error::refused("调查已经开始，问题和样本不能再改")),
    }
}

async fn edit(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let draft = draft(&app, &viewer, id).await?;
    page(&new_page(&app, &viewer, shell, Some(draft), None).await?)
}

async fn rewrite(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let draft = draft(&app, &viewer, id).await?;
    must_manage(&viewer)?;
    if let Some(plan) = read_plan(&mut form) {
        let act = app.act(&viewer, Permission::CommunitySurveyManage)?;
        let mut tx = app.db.begin().await?;
        let rewritten = plan::rewrite(&mut tx, &act, id, form.version(), &plan).await;
        if form.noted("questions", rewritten)?.is_some() {
            tx.commit().await?;
            return Ok(redirect(&format!("/community-surveys/{id}"), "已保存"));
        }
    }
    page_again(&new_page(&app, &viewer, shell, Some(draft), Some(form)).await?)
}

impl NewPage {
    fn hint(&self) -> String {
        format!(
            "一行一个，最多 {} 个，都按五级回答：非常满意、满意、基本满意、不满意、非常不满意。一字不改的问题可以和去年比。",
            self.most
        )
    }
}
