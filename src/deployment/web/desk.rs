//! The list of versions, and one of them with what it is made of, the steps that its reader may take, and the schools that have to know.

use std::collections::HashSet;

use askama::Template;
use axum::extract::{Path, Query, State as Shared};
use axum::response::Response;
use db::Cursor;
use serde::Deserialize;
use uuid::Uuid;

use super::{PaperPage, mark, reached, to, words};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::deployment::comparison::{Parts, Total, totals};
use crate::deployment::model::State;
use crate::deployment::store::{self, Plan, Post, RestsOn};
use crate::deployment::{notice, paper, plan};
use crate::document;
use crate::error::{Error, Result};
use crate::web::{Form, Revealed, Shell, ValueForm, page, page_again, redirect, show};
use crate::{audit, duty};

pub fn routes() -> Routes {
    use Permission::{DutyEdit, DutyPlan, DutyRead};
    Routes::default()
        .get("/deployment-plans", DutyRead, list)
        .get("/deployment-plans/{id}", DutyRead, show)
        .post("/deployment-plans/{id}/submission", DutyPlan, submit)
        .post("/deployment-plans/{id}/approval", DutyEdit, approve)
        .post("/deployment-plans/{id}/return", DutyEdit, give_back)
        .get("/deployment-plans/{id}/paper", DutyRead, print)
        .get("/deployment-plans/{id}/plan.docx", DutyRead, file)
        .post("/deployment-plans/{id}/contacts/{school}", DutyPlan, reveal)
}

const PAGE: usize = 30;

#[derive(Deserialize)]
struct Paging {
    before: Option<String>,
}

#[derive(Template)]
#[template(path = "deployment/web/list.html")]
struct ListPage {
    shell: Shell,
    plans: Vec<Plan>,
    in_force: HashSet<Uuid>,
    next: Option<String>,
    may_plan: bool,
}

impl ListPage {
    fn holds(&self, plan: &Plan) -> bool {
        self.in_force.contains(&plan.id)
    }
}

async fn list(
    Shared(app): Shared<App>,
    viewer: Viewer,
    shell: Shell,
    Query(paging): Query<Paging>,
) -> Result<Response> {
    let before = paging.before.and_then(|text| text.parse().ok()).unwrap_or(Cursor::LAST);
    let scope = viewer.scope(Permission::DutyRead);
    let today = duty::day_of(app.means.now()).to_string();
    let mut tx = app.db.read().await?;
    let plans = store::plans(&mut tx, viewer.tenant, &scope, before, PAGE).await?;
    let in_force = store::all_in_force(&mut tx, viewer.tenant, &today).await?.into_iter().collect();
    let next = plans.next.map(|cursor| format!("/deployment-plans?before={cursor}"));
    page(&ListPage { shell, plans: plans.items, in_force, next, may_plan: viewer.may(Permission::DutyPlan) })
}

/// A school that has to know, and how it is told.
struct Told {
    school: Uuid,
    name: String,
    /// Name and masked number of its security; empty if none is entered.
    contact: String,
    /// When somebody has said that they know, and who.
    seen: Option<(String, String)>,
    /// To be copied.
    words: String,
}

#[derive(Template)]
#[template(path = "deployment/web/show.html")]
struct ShowPage {
    shell: Shell,
    plan: Plan,
    parts: Parts,
    totals: Vec<Total>,
    surveys: Vec<RestsOn>,
    told: Vec<Told>,
    holds: bool,
    /// The number of the version that holds in its place from the same day on.
    beaten_by: Option<i64>,
    /// The version before it, if there is one to compare it with.
    compared: bool,
    may_plan: bool,
    /// They may approve, and had no hand in it.
    may_decide: bool,
    /// They might, but had a hand in it.
    has_hand: bool,
    form: Form,
    failed: &'static str,
}

impl ShowPage {
    /// Posts of a school one after the other: whether this one is its first.
    fn begins(&self, at: &usize) -> bool {
        *at == 0 || self.parts.posts[*at].school_id != self.parts.posts[*at - 1].school_id
    }

    fn ends(&self, at: &usize) -> bool {
        self.parts.posts.get(*at + 1).is_none_or(|next| next.school_id != self.parts.posts[*at].school_id)
    }

    fn signed(&self, name: &Option<String>, at: &Option<jiff::Timestamp>) -> String {
        paper::signed(name.as_deref(), *at)
    }

    fn unseen(&self) -> usize {
        self.told.iter().filter(|told| told.seen.is_none()).count()
    }

    fn opened(&self, what: &str) -> bool {
        self.failed == what
    }

    /// What is wrong with why somebody wants to see the number of a school.
    fn failing(&self, school: &Uuid) -> Option<&str> {
        self.form.error("reason").filter(|_| self.form.value("school") == school.to_string())
    }

    fn reason(&self, school: &Uuid) -> &str {
        if self.failing(school).is_some() { self.form.value("reason") } else { "" }
    }
}

async fn told(app: &App, viewer: &Viewer, tx: &mut db::Tx, plan: &Plan, posts: &[Post]) -> Result<Vec<Told>> {
    let act = app.act(viewer, Permission::DutyRead)?;
    let notices = store::notices(tx, viewer.tenant, plan.id).await?;
    if notices.is_empty() {
        return Ok(Vec::new());
    }
    let schools = duty::schools(tx, viewer.tenant, &crate::access::Scope::tenant()).await?;
    let mut told = Vec::new();
    for notice in notices {
        let Some(school) = schools.iter().find(|school| school.id == notice.school_id) else { continue };
        let link = school.link(viewer.tenant, &app.means.keys);
        let address = app.link(&format!("/deployment-watch/{link}"));
        told.push(Told {
            school: school.id,
            name: school.name.clone(),
            contact: school.contact(&act)?.map_or_else(String::new, |contact| contact.masked()),
            seen: notice.seen_at.map(|at| (show::moment(&at), notice.seen_by.unwrap_or_default())),
            words: notice::words(plan, posts, school, &address),
        });
    }
    Ok(told)
}

async fn show_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    (form, failed): (Form, &'static str),
) -> Result<ShowPage> {
    let today = duty::day_of(app.means.now()).to_string();
    let mut tx = app.db.read().await?;
    let plan = reached(&mut tx, viewer, Permission::DutyRead, id).await?;
    let parts = store::parts(&mut tx, viewer.tenant, id).await?;
    let surveys = store::surveys(&mut tx, viewer.tenant, id).await?;
    let beaten_by = store::beaten_by(&mut tx, viewer.tenant, &plan).await?.map(|latest| latest.version);
    // Of what never holds schools need not know any more.
    let told = match beaten_by {
        Some(_) => Vec::new(),
        None => told(app, viewer, &mut tx, &plan, &parts.posts).await?,
    };
    let holds = store::in_force(&mut tx, viewer.tenant, plan.organisation_id, &today).await?;
    let compared = store::versions(&mut tx, viewer.tenant, plan.organisation_id).await?.len() > 1;
    let has_hand = store::has_hand(&mut tx, viewer.tenant, id, viewer.account).await?;
    let leads = viewer.may(Permission::DutyEdit);
    Ok(ShowPage {
        shell,
        totals: totals(&Parts::default(), &parts),
        holds: holds.is_some_and(|holds| holds.id == id),
        beaten_by,
        compared,
        may_plan: viewer.may(Permission::DutyPlan),
        may_decide: leads && plan.state == State::Submitted && !has_hand,
        has_hand: leads && plan.state == State::Submitted && has_hand,
        plan,
        parts,
        surveys,
        told,
        form,
        failed,
    })
}

async fn show(Shared(app): Shared<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&show_page(&app, &viewer, shell, id, (Form::default(), "")).await?)
}

async fn submit(
    Shared(app): Shared<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyPlan)?;
    let mut tx = app.db.begin().await?;
    let known = reached(&mut tx, &viewer, Permission::DutyPlan, id).await?;
    let done = plan::submit(&mut tx, &act, &known, form.version()).await;
    match form.ended(tx, "submission", done).await? {
        Some(()) => Ok(redirect(&to(id), "已交批，批准前不能再改")),
        None => page_again(&show_page(&app, &viewer, shell, id, (form, "submission")).await?),
    }
}

async fn approve(
    Shared(app): Shared<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let mut tx = app.db.begin().await?;
    let known = reached(&mut tx, &viewer, Permission::DutyEdit, id).await?;
    let said = words(&mut form, "approval", "批准意见", 0..=300);
    if form.ok() {
        let done = plan::approve(&mut tx, &act, &known, form.version(), &said).await;
        if form.noted("approval", done)?.is_some() {
            tx.commit().await?;
            return Ok(redirect(&format!("{}#schools", to(id)), "已批准，下面的学校要知道"));
        }
    }
    drop(tx);
    page_again(&show_page(&app, &viewer, shell, id, (form, "approval")).await?)
}

async fn give_back(
    Shared(app): Shared<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let mut tx = app.db.begin().await?;
    let known = reached(&mut tx, &viewer, Permission::DutyEdit, id).await?;
    let why = words(&mut form, "return", "退回的原因", 2..=300);
    if form.ok() {
        let done = plan::give_back(&mut tx, &act, &known, form.version(), &why).await;
        if form.noted("return", done)?.is_some() {
            tx.commit().await?;
            return Ok(redirect(&to(id), "已退回，改好了再交"));
        }
    }
    drop(tx);
    page_again(&show_page(&app, &viewer, shell, id, (form, "return")).await?)
}

async fn a_paper(app: &App, viewer: &Viewer, id: Uuid, what: &str) -> Result<(Plan, document::Paper)> {
    let mut tx = app.db.read().await?;
    let plan = reached(&mut tx, viewer, Permission::DutyRead, id).await?;
    let parts = store::parts(&mut tx, viewer.tenant, id).await?;
    let surveys = store::surveys(&mut tx, viewer.tenant, id).await?;
    let paper = paper::plan(&plan, &parts, &surveys, &mark(viewer, &app.means.now(), what));
    Ok((plan, paper))
}

async fn print(Shared(app): Shared<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let (plan, paper) = a_paper(&app, &viewer, id, "打印").await?;
    page(&PaperPage { shell, paper, back: (to(id), plan.title()), file: Some(format!("{}/plan.docx", to(id))) })
}

/// That it was taken along is written down: it says how strong the police are where.
async fn file(Shared(app): Shared<App>, viewer: Viewer, Path(id): Path<Uuid>) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyRead)?;
    let (plan, paper) = a_paper(&app, &viewer, id, "导出").await?;
    let mut tx = app.db.begin().await?;
    audit::record(&mut tx, &act, "export", ("deployment_plan", id), &plan.title(), &[]).await?;
    tx.commit().await?;
    document::response(&paper)
}

async fn reveal(
    Shared(app): Shared<App>,
    viewer: Viewer,
    shell: Shell,
    Path((id, school)): Path<(Uuid, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyPlan)?;
    let mut tx = app.db.begin().await?;
    reached(&mut tx, &viewer, Permission::DutyPlan, id).await?;
    let notices = store::notices(&mut tx, viewer.tenant, id).await?;
    if !notices.iter().any(|notice| notice.school_id == school) {
        return Err(Error::NotFound);
    }
    let school = duty::school(&mut tx, viewer.tenant, school).await?;
    let reason = form.reveal_reason("reason");
    if !form.ok() {
        drop(tx);
        form.set("school", school.id.to_string());
        return page_again(&show_page(&app, &viewer, shell, id, (form, "reveal")).await?);
    }
    let Some(contact) = school.contact(&act)? else {
        return Err(Error::refused("没有登记学校的安保联系人，不用查看。这次没有记入审计记录。"));
    };
    audit::record(&mut tx, &act, "reveal", ("duty_school", school.id), &reason, &[]).await?;
    tx.commit().await?;
    let name = format!("{}安保{}", school.name, contact.name);
    let back = (to(id), "回到部署方案");
    Revealed { shell, name, what: "电话", value: contact.phone, form: ValueForm::Phone, reason, back }.page()
}
