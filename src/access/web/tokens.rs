//! The tokens of other programs: who has one, a new one, and the end of one.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::access::token::{self, Listed, NewToken, Rules, TokenScope, is_confidential, scopes};
use crate::access::{self, Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::settings;
use crate::web::{Form, Shell, page, page_again, redirect, show};

pub fn routes() -> Routes {
    use Permission::{InterfaceApprove, InterfaceManage};
    Routes::default()
        .get("/tokens", InterfaceManage, list)
        .post("/tokens", InterfaceManage, create)
        .get("/tokens/new", InterfaceManage, new)
        .post("/tokens/{id}/revocation", InterfaceManage, revoke)
        .get("/tokens/approvals", InterfaceApprove, approvals)
        .post("/tokens/{id}/approval", InterfaceApprove, approve)
        .post("/tokens/{id}/refusal", InterfaceApprove, refuse)
}

impl Listed {
    /// How the token stands, as the class of a tag and its word.
    fn state(&self, now: &Timestamp) -> (&'static str, &'static str) {
        match self.revoked_at {
            Some(_) => ("", "已作废"),
            None if self.expires_at <= *now => ("", "已到期"),
            None if self.waits() => ("soon", "等书记批准"),
            None if self.expires_at <= *now + SignedDuration::from_hours(14 * 24) => ("soon", "快到期"),
            None => ("done", "在用"),
        }
    }

    /// Nobody has approved yet that it shows what residents have said.
    pub fn waits(&self) -> bool {
        is_confidential(&self.scopes) && self.approved_at.is_none()
    }

    /// It lets in, or would if it were approved.
    pub fn lets_in(&self, now: &Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at > *now
    }

    pub fn opens(&self) -> String {
        scopes(&self.scopes).iter().map(|scope| scope.label()).collect::<Vec<_>>().join("；")
    }

    fn until(&self) -> String {
        show::date(&self.expires_at)
    }
}

#[derive(Template)]
#[template(path = "access/web/tokens.html")]
struct TokensPage {
    shell: Shell,
    tokens: Vec<Listed>,
    /// What everything is called in this tenant.
    whole: &'static str,
    now: Timestamp,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let tokens = token::list(&mut tx, viewer.tenant).await?;
    let whole = access::tenant(&mut tx, viewer.tenant).await?.kind.whole();
    page(&TokensPage { shell, tokens, whole, now: app.means.now() })
}

#[derive(Template)]
#[template(path = "access/web/token-new.html")]
struct NewTokenPage {
    shell: Shell,
    form: Form,
    estates: Vec<(String, String)>,
    whole: &'static str,
    longest_days: i64,
}

impl NewTokenPage {
    fn scopes(&self) -> &'static [TokenScope] {
        TokenScope::ALL
    }

    fn until_hint(&self) -> String {
        format!("最长 {} 天。到期前换一个新的，旧的作废。", self.longest_days)
    }
}

async fn form_page(app: &App, viewer: &Viewer, shell: Shell, form: Form) -> Result<NewTokenPage> {
    let mut tx = app.db.read().await?;
    let rules: Rules = settings::read(&mut tx, viewer.tenant, app.means.now()).await?;
    let estates = token::estates(&mut tx, viewer.tenant).await?;
    let estates = estates.into_iter().map(|estate| (estate.id.to_string(), estate.name)).collect();
    let whole = access::tenant(&mut tx, viewer.tenant).await?.kind.whole();
    Ok(NewTokenPage { shell, form, estates, whole, longest_days: rules.longest_days })
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    page(&form_page(&app, &viewer, shell, Form::default()).await?)
}

#[derive(Template)]
#[template(path = "access/web/token-sheet.html")]
struct TokenSheet {
    shell: Shell,
    name: String,
    token: String,
    opens: Vec<TokenScope>,
    until: String,
}

impl TokenSheet {
    fn waits(&self) -> bool {
        self.opens.iter().any(|scope| scope.is_confidential())
    }
}

/// Shows the token in the answer itself: it is a secret, of which only a hash is kept.
async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let shown = form_page(&app, &viewer, shell, Form::default()).await?;
    let name = form.text("name", "给哪个程序用", 2..=30);
    let chosen: Vec<TokenScope> = form.values("scopes").filter_map(TokenScope::parse).collect();
    if chosen.is_empty() {
        form.fail("scopes", "请至少选一项这个程序能做的事");
    }
    let estate = form.optional_choice("estate", "小区", |code| {
        shown.estates.iter().find(|(id, _)| id == code)?.0.parse::<Uuid>().ok()
    });
    let expires_at = form.last_day("until", "用到哪一天");
    let act = app.act(&viewer, Permission::InterfaceManage)?;
    let longest = act.at + SignedDuration::from_hours(24 * (shown.longest_days + 1));
    if expires_at.is_some_and(|at| at <= act.at || at > longest) {
        form.fail("until", format!("请选今天以后、{} 天以内的日子", shown.longest_days));
    }
    let (Some(expires_at), true) = (expires_at, form.ok()) else {
        return page_again(&NewTokenPage { form, ..shown });
    };
    let mut tx = app.db.begin().await?;
    let new = NewToken { name: name.clone(), scopes: chosen.clone(), estate, expires_at };
    let token = token::create(&mut tx, &act, new).await?.to_string();
    tx.commit().await?;
    page(&TokenSheet { shell: shown.shell, name, token, opens: chosen, until: show::date(&expires_at) })
}

async fn revoke(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::InterfaceManage)?;
    let mut tx = app.db.begin().await?;
    token::revoke(&mut tx, &act, id).await?;
    tx.commit().await?;
    Ok(redirect("/tokens", "已作废，用它的程序从现在起进不来"))
}

#[derive(Template)]
#[template(path = "access/web/token-approvals.html")]
struct ApprovalsPage {
    shell: Shell,
    tokens: Vec<Listed>,
    whole: &'static str,
}

/// The tokens that show what residents have said, or would.
async fn approvals(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let now = app.means.now();
    let mut tx = app.db.read().await?;
    let mut tokens = token::list(&mut tx, viewer.tenant).await?;
    let whole = access::tenant(&mut tx, viewer.tenant).await?.kind.whole();
    tokens.retain(|token| is_confidential(&token.scopes) && token.lets_in(&now));
    page(&ApprovalsPage { shell, tokens, whole })
}

async fn approve(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::InterfaceApprove)?;
    let mut tx = app.db.begin().await?;
    token::approve(&mut tx, &act, id).await?;
    tx.commit().await?;
    Ok(redirect("/tokens/approvals", "批准了，那个程序从现在起进得来"))
}

async fn refuse(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::InterfaceApprove)?;
    let mut tx = app.db.begin().await?;
    token::refuse(&mut tx, &act, id).await?;
    tx.commit().await?;
    Ok(redirect("/tokens/approvals", "已作废，那个程序进不来"))
}
