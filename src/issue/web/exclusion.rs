//! 剔除: whether an issue counts in the three rates, who wants it left out and why, and who has agreed.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use db::Tx;
use uuid::Uuid;

use crate::access::{Act, Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::issue::exclusion::{self, Exclusion, Ground, Grounds, State as Stands};
use crate::issue::store::{self, Issue};
use crate::issue::{names_somebody, personal_data_in};
use crate::settings;
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::{ExclusionApprove, IssueDecide};
    Routes::default()
        .get("/issues/{id}/exclusions", IssueDecide, show)
        .post("/issues/{id}/exclusions", IssueDecide, propose)
        .post("/issues/{id}/exclusion-decisions", ExclusionApprove, decide)
        .post("/issues/{id}/exclusion-revocations", ExclusionApprove, revoke)
}

#[derive(Template)]
#[template(path = "issue/web/exclusions.html")]
struct ExclusionsPage {
    shell: Shell,
    issue: Issue,
    exclusions: Vec<Exclusion>,
    grounds: Vec<(&'static str, &'static str)>,
    account: Uuid,
    may_approve: bool,
    form: Form,
}

impl ExclusionsPage {
    /// The one that waits or holds.
    fn standing(&self) -> Option<&Exclusion> {
        self.exclusions.iter().find(|exclusion| matches!(exclusion.state, Stands::Proposed | Stands::Approved))
    }
}

async fn exclusions_page(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, form: Form) -> Result<ExclusionsPage> {
    let mut tx = app.db.read().await?;
    let issue = store::issue_in_scope(&mut tx, viewer.tenant, id, viewer.scope(Permission::IssueDecide)).await?;
    let exclusions = exclusion::of_issue(&mut tx, viewer.tenant, id).await?;
    let grounds: Grounds = settings::read(&mut tx, viewer.tenant, app.means.now()).await?;
    let grounds = grounds.allowed().map(|ground| (ground.code(), ground.label())).collect();
    let may_approve = viewer.may(Permission::ExclusionApprove);
    Ok(ExclusionsPage { shell, issue, exclusions, grounds, account: viewer.account, may_approve, form })
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&exclusions_page(&app, &viewer, shell, id, Form::default()).await?)
}

/// What is written here stays in the audit log for good.
const OPEN_WORDS: &str = "这些话会一直留在审计记录和报表里，不能有姓名、电话和证件号，请写“反映人”“一位居民”";

/// Notes an error where words that stay for good name somebody.
async fn check_open(tx: &mut Tx, app: &App, viewer: &Viewer, issue: &Issue, form: &mut Form, name: &str) -> Result<()> {
    let text = form.value(name).to_owned();
    let act = Act::system(viewer.tenant, &app.means);
    let knows = viewer.may(Permission::IssueFile);
    if personal_data_in(&text).is_some() || names_somebody(tx, &act, issue, &text, knows).await? {
        form.fail(name, OPEN_WORDS);
    }
    Ok(())
}

async fn propose(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let ground = form.choice("ground", "为什么剔除", Ground::parse);
    let reason = form.text("reason", "具体情况", 4..=200);
    if let (Some(ground), true) = (ground, form.ok()) {
        let act = app.act(&viewer, Permission::IssueDecide)?;
        let mut tx = app.db.begin().await?;
        let issue = store::issue_in_scope(&mut tx, viewer.tenant, id, viewer.scope(Permission::IssueDecide)).await?;
        check_open(&mut tx, &app, &viewer, &issue, &mut form, "reason").await?;
        let proposed = exclusion::propose(&mut tx, &act, id, ground, &reason).await;
        if form.noted("ground", proposed)?.is_some() && form.ok() {
            tx.commit().await?;
            return Ok(redirect(&format!("/issues/{id}/exclusions"), "已提出，等另一位同事审批"));
        }
    }
    page_again(&exclusions_page(&app, &viewer, shell, id, form).await?)
}

async fn decide(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let approved = form.choice("decision", "批不批准", |choice| match choice {
        "approved" => Some(true),
        "refused" => Some(false),
        _ => None,
    });
    let least = if approved == Some(false) { 4 } else { 0 };
    let answer = form.text("answer", "审批意见", least..=200);
    let exclusion: Option<Uuid> = form.value("exclusion").parse().ok();
    if let (Some(approved), Some(exclusion), true) = (approved, exclusion, form.ok()) {
        let act = app.act(&viewer, Permission::ExclusionApprove)?;
        let mut tx = app.db.begin().await?;
        let issue =
            store::issue_in_scope(&mut tx, viewer.tenant, id, viewer.scope(Permission::ExclusionApprove)).await?;
        check_open(&mut tx, &app, &viewer, &issue, &mut form, "answer").await?;
        let decided = exclusion::decide(&mut tx, &act, id, exclusion, approved, &answer).await;
        if form.noted("decision", decided)?.is_some() && form.ok() {
            tx.commit().await?;
            let flash = if approved { "已批准，不再计入三率" } else { "没有批准，照常计入三率" };
            return Ok(redirect(&format!("/issues/{id}/exclusions"), flash));
        }
    }
    page_again(&exclusions_page(&app, &viewer, shell, id, form).await?)
}

async fn revoke(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let reason = form.text("revocation", "为什么取消剔除", 4..=200);
    let exclusion: Option<Uuid> = form.value("exclusion").parse().ok();
    if let (Some(exclusion), true) = (exclusion, form.ok()) {
        let act = app.act(&viewer, Permission::ExclusionApprove)?;
        let mut tx = app.db.begin().await?;
        let issue =
            store::issue_in_scope(&mut tx, viewer.tenant, id, viewer.scope(Permission::ExclusionApprove)).await?;
        check_open(&mut tx, &app, &viewer, &issue, &mut form, "revocation").await?;
        let revoked = exclusion::revoke(&mut tx, &act, id, exclusion, &reason).await;
        if form.noted("revocation", revoked)?.is_some() && form.ok() {
            tx.commit().await?;
            return Ok(redirect(&format!("/issues/{id}/exclusions"), "已取消剔除，照常计入三率"));
        }
    }
    page_again(&exclusions_page(&app, &viewer, shell, id, form).await?)
}
