//! One campaign: how far it has come, who knocks where, what was found; and one door of it.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use codes::PersonName;
use db::{Cursor, Tx};
use serde::Deserialize;
use uuid::Uuid;

use super::Eyes;
use crate::access::{self, Act, Permission, Routes, Viewer};
use crate::app::App;
use crate::audit;
use crate::error::{Error, Result};
use crate::issue::Category;
use crate::place::{self, Spot};
use crate::registry::import::Column;
use crate::visit::model::State as Stage;
use crate::visit::plan;
use crate::visit::results::{self, Counted, Shown, Told};
use crate::visit::store::{self, AnsweredDoor, Campaign, Coverage, FoundIssue, ListedWalker};
use crate::web::{Form, Shell, page, redirect, show};
use crate::workbook;

pub fn routes() -> Routes {
    use Permission::{ResidentExport, ResidentRead, VisitPlan, VisitRecord};
    Routes::default()
        .get("/campaigns/{id}", VisitRecord, show)
        .post("/campaigns/{id}/opening", VisitPlan, open)
        .post("/campaigns/{id}/extension", VisitPlan, extend)
        .post("/campaigns/{id}/end", VisitPlan, end)
        .post("/campaigns/{id}/withdrawal", VisitPlan, withdraw)
        .post("/campaigns/{id}/dealing", VisitPlan, deal)
        .post("/campaigns/{id}/assignments", VisitPlan, assign)
        .post("/campaigns/{id}/walkers", VisitPlan, add_walker)
        .post("/campaigns/{id}/walkers/{account}/removal", VisitPlan, remove_walker)
        .post("/campaigns/{id}/participation", VisitRecord, join)
        .get("/campaigns/{id}/answers", ResidentRead, answers)
        .post("/campaigns/{id}/answers/workbook", ResidentExport, take_away)
        .get("/campaigns/{id}/texts", ResidentRead, texts)
        .get("/dwellings/{id}/visits", ResidentRead, visits)
}

#[derive(Template)]
#[template(path = "visit/web/show.html")]
struct ShowPage {
    shell: Shell,
    campaign: Campaign,
    buildings: Vec<CoveredBuilding>,
    doors: i64,
    settled: i64,
    walkers: Vec<ListedWalker>,
    /// Each who knocks, with doors and settled ones.
    loads: Vec<(String, i64, i64)>,
    /// Who could knock too.
    others: Vec<(String, String)>,
    counted: Vec<Counted>,
    issues: Vec<FoundIssue>,
    categories: Vec<(Category, usize)>,
    plans: bool,
    walks: bool,
    sees_people: bool,
    reviews: bool,
}

/// A building of a campaign with those who knock there.
struct CoveredBuilding {
    id: Uuid,
    name: String,
    walkers: Vec<String>,
    doors: i64,
    done: i64,
    again: i64,
    given_up: i64,
    refused: i64,
}

impl CoveredBuilding {
    fn settled(&self) -> i64 {
        self.done + self.given_up
    }

    fn left(&self) -> i64 {
        self.doors - self.settled() - self.again
    }
}

impl ShowPage {
    fn is(&self, state: &str) -> bool {
        self.campaign.state.code() == state
    }
}

fn covered(coverage: &[Coverage]) -> Vec<CoveredBuilding> {
    let mut buildings: Vec<CoveredBuilding> = Vec::new();
    for row in coverage {
        if buildings.last().is_none_or(|last| last.id != row.building_id) {
            let name = format!("{} {}", row.estate_name, row.building_name);
            buildings.push(CoveredBuilding {
                id: row.building_id,
                name,
                walkers: Vec::new(),
                doors: 0,
                done: 0,
                again: 0,
                given_up: 0,
                refused: 0,
            });
        }
        let Some(last) = buildings.last_mut() else { continue };
        last.walkers.extend(row.walker.clone());
        last.doors += row.doors;
        last.done += row.done;
        last.again += row.again;
        last.given_up += row.given_up;
        last.refused += row.refused;
    }
    buildings
}

/// Whether somebody plans a campaign that they may see, rather than only knocks for it.
async fn plans(tx: &mut Tx, viewer: &Viewer, campaign: &Campaign) -> Result<bool> {
    if !viewer.may(Permission::VisitPlan) {
        return Ok(false);
    }
    let scope = viewer.scope(Permission::VisitPlan);
    if scope.account.is_none() || campaign.organisation_id == viewer.organisation {
        return Ok(true);
    }
    let Some(estate) = campaign.estate_id else { return Ok(false) };
    Ok(place::estate_within(tx, viewer.tenant, &scope, estate).await.is_ok())
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let eyes = Eyes::of(&viewer);
    let mut tx = app.db.read().await?;
    let campaign = store::seen(&mut tx, &eyes.sight(&viewer), id).await?;
    let coverage = store::coverage(&mut tx, viewer.tenant, id).await?;
    let walkers = store::walkers(&mut tx, viewer.tenant, id).await?;
    let plans = plans(&mut tx, &viewer, &campaign).await?;
    let others = if plans {
        let holders = access::holders(&mut tx, viewer.tenant, Permission::VisitRecord).await?;
        let others =
            holders.into_iter().filter(|holder| !walkers.iter().any(|walker| walker.account_id == holder.account));
        others.map(|holder| (holder.account.to_string(), holder.name)).collect()
    } else {
        Vec::new()
    };
    let counted = results::counted(&mut tx, viewer.tenant, &campaign).await?;
    let issues = results::issues(&mut tx, viewer.tenant, id).await?;
    let buildings = covered(&coverage);
    page(&ShowPage {
        shell,
        doors: buildings.iter().map(|building| building.doors).sum(),
        settled: buildings.iter().map(CoveredBuilding::settled).sum(),
        loads: plan::by_walker(&coverage),
        categories: results::by_category(&issues),
        walks: walkers.iter().any(|walker| walker.account_id == viewer.account),
        sees_people: viewer.may(Permission::ResidentRead),
        reviews: viewer.may(Permission::ResidentEdit),
        campaign,
        buildings,
        walkers,
        others,
        counted,
        issues,
        plans,
    })
}

/// A campaign that somebody plans, to be changed; not found otherwise.
async fn planned(tx: &mut Tx, app: &App, viewer: &Viewer, id: Uuid) -> Result<Act> {
    let act = app.act(viewer, Permission::VisitPlan)?;
    let campaign = store::seen(tx, &Eyes::of(viewer).sight(viewer), id).await?;
    if plans(tx, viewer, &campaign).await? { Ok(act) } else { Err(Error::NotFound) }
}

fn to(id: Uuid) -> String {
    format!("/campaigns/{id}")
}

/// Ends a change of a campaign: what was done, or why not.
async fn done(tx: Tx, id: Uuid, what: Result<()>, words: &str) -> Result<Response> {
    match what {
        Ok(()) => {
            tx.commit().await?;
            Ok(redirect(&to(id), words))
        }
        Err(Error::Refused(sentence) | Error::Stale(sentence)) => Ok(redirect(&to(id), &sentence)),
        Err(error) => Err(error),
    }
}

async fn open(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, form: Form) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let act = planned(&mut tx, &app, &viewer, id).await?;
    let opened = plan::open(&mut tx, &act, id, form.version()).await;
    done(tx, id, opened, "已开始，门已经到各人的手机上").await
}

async fn extend(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, mut form: Form) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let act = planned(&mut tx, &app, &viewer, id).await?;
    let Some(until) = form.last_day("until", "走到哪一天") else {
        return Ok(redirect(&to(id), "请选择走到哪一天"));
    };
    let extended = plan::extend(&mut tx, &act, id, form.version(), until).await;
    done(tx, id, extended, "已改好截止的日子").await
}

async fn end(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, form: Form) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let act = planned(&mut tx, &app, &viewer, id).await?;
    let ended = plan::end(&mut tx, &act, id, form.version(), false).await;
    done(tx, id, ended, "已结束。手机上还没上传的走访，传上来照样登记").await
}

async fn withdraw(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, form: Form) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let act = planned(&mut tx, &app, &viewer, id).await?;
    let withdrawn = plan::end(&mut tx, &act, id, form.version(), true).await;
    done(tx, id, withdrawn, "已撤回。手机上已经记下的走访，传上来照样登记").await
}

async fn deal(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _form: Form) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let act = planned(&mut tx, &app, &viewer, id).await?;
    let dealt = plan::redeal(&mut tx, &act, id).await;
    done(tx, id, dealt, "没走的门已重新分好").await
}

async fn assign(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, form: Form) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let act = planned(&mut tx, &app, &viewer, id).await?;
    let (Ok(building), Ok(account)) = (form.value("building").parse(), form.value("account").parse()) else {
        return Ok(redirect(&to(id), "请选择楼栋和人"));
    };
    let assigned = plan::assign(&mut tx, &act, id, building, account).await;
    done(tx, id, assigned, "这栋楼没走的门已换人").await
}

async fn add_walker(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, form: Form) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let act = planned(&mut tx, &app, &viewer, id).await?;
    let account = form.value("account").parse::<Uuid>().ok();
    let holders = access::holders(&mut tx, act.tenant, Permission::VisitRecord).await?;
    let Some(account) = account.filter(|account| holders.iter().any(|holder| holder.account == *account)) else {
        return Ok(redirect(&to(id), "请选择要加的人"));
    };
    let joined = plan::join(&mut tx, &act, id, account).await;
    done(tx, id, joined, "已加上。要把门分给他，点“重新分派”").await
}

async fn remove_walker(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, account)): Path<(Uuid, Uuid)>,
    _form: Form,
) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let act = planned(&mut tx, &app, &viewer, id).await?;
    let left = plan::leave(&mut tx, &act, id, account).await;
    done(tx, id, left, "已去掉，他没走的门分给了别人").await
}

/// Somebody joins by themselves a campaign that is under way in their reach.
async fn join(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::VisitRecord)?;
    let mut tx = app.db.begin().await?;
    let campaign = store::seen(&mut tx, &Eyes::of(&viewer).sight(&viewer), id).await?;
    if !matches!(campaign.state, Stage::Draft | Stage::Open) {
        return Ok(redirect(&to(id), "这次走访已经结束"));
    }
    let joined = plan::join(&mut tx, &act, id, viewer.account).await;
    done(tx, id, joined, "您已参加。组织的人重新分派后，门会到您的手机上").await
}

// ---------- who answered what ----------

const PAGE: usize = 50;

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    question: String,
    #[serde(default)]
    value: String,
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "visit/web/answers.html")]
struct AnswersPage {
    shell: Shell,
    campaign: Campaign,
    question: String,
    answer: String,
    /// What was asked for, to ask for it again as a workbook.
    asked: Asked,
    doors: Vec<AnsweredDoor>,
    next: Option<String>,
    exports: bool,
}

/// The list that a programme starts from: the homes at which something was answered.
async fn answers(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let scope = viewer.scope(Permission::ResidentRead);
    let mut tx = app.db.read().await?;
    let campaign = store::seen(&mut tx, &Eyes::of(&viewer).sight(&viewer), id).await?;
    let question = campaign.questions.0.iter().find(|question| question.id == asked.question && question.is_counted());
    let Some(question) = question.cloned() else { return Ok(redirect(&to(id), "请选择一个问题的回答")) };
    let (within, what) = ((viewer.tenant, &scope), (asked.question.as_str(), asked.value.as_str()));
    let after = asked.after.as_deref().and_then(|after| after.parse().ok());
    let doors = results::answered(&mut tx, within, id, what, after.unwrap_or(Cursor::FIRST), PAGE).await?;
    let next = doors.next.map(|after| {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("question", &asked.question)
            .append_pair("value", &asked.value)
            .append_pair("after", &after.to_string())
            .finish();
        format!("/campaigns/{id}/answers?{query}")
    });
    let answer = store::label(&question.options(), &asked.value).to_owned();
    let exports = viewer.may(Permission::ResidentExport);
    page(&AnswersPage { shell, campaign, question: question.text, answer, asked, doors: doors.items, next, exports })
}

/// The same list as a workbook, with the names masked, for whoever starts the programme.
async fn take_away(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::ResidentExport)?;
    let scope = viewer.scope(Permission::ResidentExport);
    let mut tx = app.db.begin().await?;
    let campaign = store::seen(&mut tx, &Eyes::of(&viewer).sight(&viewer), id).await?;
    let (question, value) = (form.value("question"), form.value("value"));
    let what = (question, value);
    let doors = results::answered(&mut tx, (viewer.tenant, &scope), id, what, Cursor::FIRST, MOST).await?.items;
    let rows = doors.into_iter().map(|door| {
        let head = door.head_name.as_deref().and_then(|head| PersonName::parse(head).ok());
        vec![
            (Column::Estate, door.estate_name),
            (Column::Building, door.building_name),
            (Column::Unit, door.unit_key),
            (Column::Room, place::room_words(&door.room)),
            (Column::Head, head.map(|head| head.masked()).unwrap_or_default()),
        ]
    });
    let question = campaign.questions.0.iter().find(|known| known.id == question).ok_or(Error::NotFound)?;
    let title = format!("{}：{}", question.text, store::label(&question.options(), value));
    let mark = format!("{title} · {} {} 导出，姓名已隐去", viewer.name, show::day_and_time(&act.at));
    let content = workbook::filled(rows.collect(), Some(&mark))?;
    audit::record(&mut tx, &act, "export", ("campaign", id), &title, &[]).await?;
    tx.commit().await?;
    Ok(workbook::response(content, "走访名单.xlsx"))
}

/// So many homes stand in a workbook; a campaign has no more.
const MOST: usize = 10_000;

#[derive(Template)]
#[template(path = "visit/web/texts.html")]
struct TextsPage {
    shell: Shell,
    campaign: Campaign,
    question: String,
    told: Vec<Told>,
    next: Option<String>,
}

/// What was said to a question that asks for a text.
async fn texts(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ResidentRead)?;
    let scope = viewer.scope(Permission::ResidentRead);
    let mut tx = app.db.read().await?;
    let campaign = store::seen(&mut tx, &Eyes::of(&viewer).sight(&viewer), id).await?;
    let question = campaign.questions.0.iter().find(|question| question.id == asked.question && !question.is_counted());
    let Some(question) = question.map(|question| question.text.clone()) else {
        return Ok(redirect(&to(id), "请选择一个填文字的问题"));
    };
    let before = asked.after.as_deref().and_then(|after| after.parse().ok()).unwrap_or(Cursor::LAST);
    let told = results::told(&mut tx, (&act, &scope), &campaign, &asked.question, before, PAGE).await?;
    let next = told.next.map(|after| format!("/campaigns/{id}/texts?question={}&after={after}", asked.question));
    page(&TextsPage { shell, campaign, question, told: told.items, next })
}

// ---------- one door ----------

#[derive(Template)]
#[template(path = "visit/web/visits.html")]
struct VisitsPage {
    shell: Shell,
    spot: Spot,
    room: String,
    visits: Vec<Shown>,
}

async fn visits(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let act = app.act(&viewer, Permission::ResidentRead)?;
    let mut tx = app.db.read().await?;
    let dwelling = place::dwelling(&mut tx, act.tenant, id).await?;
    let scope = viewer.scope(Permission::ResidentRead);
    place::building_in_reach(&mut tx, act.tenant, &scope, dwelling.building_id).await?;
    let spot = place::spot_of_unit(&mut tx, act.tenant, dwelling.unit_id).await?;
    let visits = results::visits(&mut tx, &act, id).await?;
    page(&VisitsPage { shell, spot, room: place::room_words(&dwelling.room), visits })
}
