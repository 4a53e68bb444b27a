use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::{Cursor, Tx};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use uuid::Uuid;

use crate::access::account::{add_grant, remove_grant};
use crate::access::store::{self, Account, LiveSession, Reachable, ShownGrant};
use crate::access::{
    Grant, NewAccount, Permission, Reach, Role, Routes, Viewer, create_account, credential, password, session,
};
use crate::app::App;
use crate::error::{Error, Result};
use crate::settings::{self, Sessions};
use crate::web::{Form, Shell, page, page_again, qr, redirect};

pub fn routes() -> Routes {
    use Permission::AccountManage;
    Routes::default()
        .get("/accounts", AccountManage, list)
        .post("/accounts", AccountManage, create)
        .get("/accounts/new", AccountManage, show_new)
        .get("/accounts/{id}", AccountManage, show)
        .post("/accounts/{id}/invitation", AccountManage, invite)
        .post("/accounts/{id}/password", AccountManage, reset_password)
        .post("/accounts/{id}/grants", AccountManage, grant)
        .post("/accounts/{id}/grants/{grant}/revocation", AccountManage, revoke_grant)
        .post("/accounts/{id}/sessions/{session}/revocation", AccountManage, revoke_session)
        .post("/accounts/{id}/disabling", AccountManage, disable)
        .post("/accounts/{id}/enabling", AccountManage, enable)
}

const PAGE: usize = 50;

impl Account {
    /// How the account stands, as the class of a tag and its word.
    fn state(&self, now: Timestamp) -> (&'static str, &'static str) {
        let after_now = |moment: Option<Timestamp>| moment.is_some_and(|moment| moment > now);
        if self.disabled_at.is_some() {
            ("", "已停用")
        } else if after_now(self.locked_until) {
            ("soon", "已锁定")
        } else if after_now(self.invited_until) {
            ("soon", "邀请还没有用")
        } else if self.login_name.is_none() && self.seen_at.is_none() {
            ("soon", "等待邀请")
        } else {
            ("done", "正常")
        }
    }
}

impl ShownGrant {
    /// What the grant reaches, in words.
    pub fn place(&self) -> &str {
        self.reach_name.as_deref().unwrap_or(self.reach.label())
    }
}

/// An account with its grants and how it stands.
struct Shown {
    account: Account,
    grants: Vec<ShownGrant>,
    state: (&'static str, &'static str),
}

impl Shown {
    fn of((account, grants): (Account, Vec<ShownGrant>), now: Timestamp) -> Shown {
        Shown { state: account.state(now), account, grants }
    }

    fn path(&self) -> String {
        format!("/accounts/{}", self.account.id)
    }
}

#[derive(Template)]
#[template(path = "access/web/accounts.html")]
struct AccountsPage {
    shell: Shell,
    accounts: Vec<Shown>,
    next: Option<String>,
    /// Nobody hears the alarms of the class after school.
    unheld: bool,
}

#[derive(Deserialize)]
struct Paging {
    after: Option<String>,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(paging): Query<Paging>) -> Result<Response> {
    let after = paging.after.and_then(|text| text.parse().ok()).unwrap_or(Cursor::FIRST);
    let accounts = store::accounts(&mut app.db.read().await?, viewer.tenant, after, PAGE).await?;
    let next = accounts.next.map(|cursor| format!("/accounts?after={cursor}"));
    let now = app.means.now();
    let accounts = accounts.items.into_iter().map(|account| Shown::of(account, now)).collect();
    let unheld = store::holders(&mut app.db.read().await?, viewer.tenant, Permission::ChildManage).await?.is_empty();
    page(&AccountsPage { shell, accounts, next, unheld })
}

/// What can be chosen for an account.
struct Choices {
    organisations: Vec<(String, String)>,
    roles: Vec<(&'static str, &'static str)>,
    /// What the reach of everything is called here.
    whole: &'static str,
    reaches: Vec<(String, String)>,
    reachable: Vec<Reachable>,
}

const WHOLE: &str = "tenant";

impl Choices {
    async fn of(tx: &mut Tx, tenant: Uuid) -> Result<Choices> {
        let kind = store::tenant(tx, tenant).await?.kind;
        let organisations = store::organisations(tx, tenant).await?;
        let organisations = organisations.into_iter().map(|o| (o.id.to_string(), format!("{}（{}）", o.name, o.kind)));
        let reachable = store::reaches(tx, tenant).await?;
        let limited = reachable.iter().map(|r| (reach_code(r), format!("{}：{}", r.reach, r.name)));
        let whole = kind.whole();
        Ok(Choices {
            organisations: organisations.collect(),
            roles: Role::assignable().filter(|role| role.fits(kind)).map(|role| (role.code(), role.label())).collect(),
            whole,
            reaches: std::iter::once((WHOLE.to_owned(), whole.to_owned())).chain(limited).collect(),
            reachable,
        })
    }

    fn organisation(&self, code: &str) -> Option<Uuid> {
        self.organisations.iter().find(|(id, _)| id == code)?.0.parse().ok()
    }

    fn reach(&self, code: &str) -> Option<(Reach, Option<Uuid>)> {
        if code == WHOLE {
            return Some((Reach::Tenant, None));
        }
        self.reachable.iter().find(|r| reach_code(r) == code).map(|r| (r.reach, Some(r.id)))
    }
}

/// A choice of reach as the form sends it: `estate:UUID`.
fn reach_code(reachable: &Reachable) -> String {
    format!("{}:{}", reachable.reach.code(), reachable.id)
}

#[derive(Template)]
#[template(path = "access/web/account-new.html")]
struct NewAccountPage {
    shell: Shell,
    form: Form,
    choices: Choices,
}

async fn show_new(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let choices = Choices::of(&mut app.db.read().await?, viewer.tenant).await?;
    page(&NewAccountPage { shell, form: Form::default(), choices })
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::AccountManage)?;
    let choices = Choices::of(&mut app.db.read().await?, viewer.tenant).await?;
    let Some(new) = read_account(&mut form, &choices) else {
        return page_again(&NewAccountPage { shell, form, choices });
    };
    let mut tx = app.db.begin().await?;
    match create_account(&mut tx, &act, new).await {
        Ok(account) => {
            credential::expire_password(&mut tx, &act, account).await?;
            tx.commit().await?;
            Ok(redirect(&format!("/accounts/{account}"), "账号已建好"))
        }
        // All other rules are checked above; what is left is a login name that somebody has.
        Err(Error::Refused(sentence)) => {
            form.fail("login", sentence);
            page_again(&NewAccountPage { shell, form, choices })
        }
        Err(error) => Err(error),
    }
}

fn read_account(form: &mut Form, choices: &Choices) -> Option<NewAccount> {
    let name = form.text("name", "姓名", 2..=30);
    let organisation = form.choice("organisation", "所在单位", |code| choices.organisation(code));
    let grant = read_grant(form, choices);
    let login = form.text("login", "登录名", 0..=32).to_lowercase();
    let secret = form.value("password").to_owned();
    if !login.is_empty() {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_');
        if login.len() < 3 || !login.chars().all(plain) {
            form.fail("login", "登录名用 3 到 32 个英文字母、数字或 . - _");
        }
        if let Some(weakness) = password::weakness(&secret, &login) {
            form.fail("password", weakness);
        }
    } else if !secret.is_empty() {
        form.fail("login", "填了初始密码，还要填登录名；用手机邀请码的人两样都不填");
    }
    let login = (!login.is_empty()).then_some((login, secret));
    let new = NewAccount { name, organisation: organisation?, login, grants: vec![grant?] };
    form.ok().then_some(new)
}

fn read_grant(form: &mut Form, choices: &Choices) -> Option<Grant> {
    let role = form.choice("role", "角色", |code| {
        let known = choices.roles.iter().any(|(offered, _)| *offered == code);
        Role::parse(code).filter(|_| known)
    });
    let reach = form.choice("reach", "管理范围", |code| choices.reach(code));
    let (role, (reach, reach_id)) = (role?, reach?);
    let whole = choices.whole;
    if role.is_administrator() && reach != Reach::Tenant {
        form.fail("reach", format!("{role}管的是{whole}的系统，请选择“{whole}”"));
        return None;
    }
    if matches!(role, Role::LectureLead | Role::LectureStaff) && reach != Reach::Tenant {
        form.fail("reach", format!("{role}管全部学校，请选择“{whole}”"));
        return None;
    }
    Some(Grant { role, reach, reach_id })
}

#[derive(Template)]
#[template(path = "access/web/account.html")]
struct AccountPage {
    shell: Shell,
    form: Form,
    shown: Shown,
    sessions: Vec<LiveSession>,
    choices: Choices,
    viewer: Viewer,
    own: bool,
}

impl AccountPage {
    async fn of(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, form: Form) -> Result<AccountPage> {
        let now = app.means.now();
        let mut tx = app.db.read().await?;
        let shown = Shown::of(store::account(&mut tx, viewer.tenant, id).await?, now);
        let sessions = session::live_sessions(&mut tx, viewer.tenant, id, now).await?;
        let choices = Choices::of(&mut tx, viewer.tenant).await?;
        Ok(AccountPage { shell, form, shown, sessions, choices, viewer: viewer.clone(), own: id == viewer.account })
    }
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&AccountPage::of(&app, &viewer, shell, id, Form::default()).await?)
}

#[derive(Template)]
#[template(path = "access/web/invitation-sheet.html")]
struct InvitationSheet {
    shell: Shell,
    shown: Shown,
    qr: String,
    until: Timestamp,
}

/// Shows the invitation in the answer itself: the link is a secret, of which only the hash is kept.
async fn invite(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    _: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::AccountManage)?;
    let mut tx = app.db.begin().await?;
    let shown = Shown::of(store::account(&mut tx, viewer.tenant, id).await?, act.at);
    if shown.account.disabled_at.is_some() {
        return Err(Error::refused("这个账号已停用，邀请码扫了也进不来。请先恢复账号，再做邀请码。"));
    }
    let link = session::invite(&mut tx, &act, id).await?;
    let rules: Sessions = settings::read(&mut tx, viewer.tenant, act.at).await?;
    tx.commit().await?;
    let qr = qr(&app.link(&format!("/join/{link}")))?;
    let until = act.at + SignedDuration::from_hours(rules.invitation_hours);
    page(&InvitationSheet { shell, shown, qr, until })
}

async fn reset_password(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::AccountManage)?;
    let secret = form.value("password").to_owned();
    let mut tx = app.db.begin().await?;
    let (account, _) = store::account(&mut tx, viewer.tenant, id).await?;
    let Some(login_name) = account.login_name else {
        return Err(Error::refused("这个账号没有登录名，用手机邀请码进入。请给本人一张新的邀请码。"));
    };
    let mut done = credential::reset_password(&mut tx, &act, id, &login_name, secret).await;
    if done.is_ok() {
        done = credential::expire_password(&mut tx, &act, id).await;
    }
    match form.ended(tx, "password", done).await? {
        Some(()) => Ok(redirect(&format!("/accounts/{id}"), "密码已重设，原来的登录都已退出")),
        None => page_again(&AccountPage::of(&app, &viewer, shell, id, form).await?),
    }
}

async fn grant(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::AccountManage)?;
    let choices = Choices::of(&mut app.db.read().await?, viewer.tenant).await?;
    let Some(grant) = read_grant(&mut form, &choices) else {
        return page_again(&AccountPage::of(&app, &viewer, shell, id, form).await?);
    };
    let mut tx = app.db.begin().await?;
    let done = add_grant(&mut tx, &act, id, grant).await;
    match form.ended(tx, "role", done).await? {
        Some(()) => Ok(redirect(&format!("/accounts/{id}"), "角色已给，马上生效")),
        None => page_again(&AccountPage::of(&app, &viewer, shell, id, form).await?),
    }
}

async fn revoke_grant(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, grant)): Path<(Uuid, Uuid)>,
    _: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::AccountManage)?;
    let mut tx = app.db.begin().await?;
    remove_grant(&mut tx, &act, id, grant).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/accounts/{id}"), "角色已收回，马上生效"))
}

async fn revoke_session(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, session)): Path<(Uuid, Uuid)>,
    _: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::AccountManage)?;
    let mut tx = app.db.begin().await?;
    session::revoke(&mut tx, &act, id, session).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/accounts/{id}"), "那里的登录已退出"))
}

async fn disable(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::AccountManage)?;
    let reason = form.text("reason", "停用的原因", 2..=200);
    if !form.ok() {
        return page_again(&AccountPage::of(&app, &viewer, shell, id, form).await?);
    }
    let mut tx = app.db.begin().await?;
    session::disable(&mut tx, &act, id, &reason).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/accounts/{id}"), "账号已停用，所有登录都已退出"))
}

async fn enable(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::AccountManage)?;
    let mut tx = app.db.begin().await?;
    session::enable(&mut tx, &act, id).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/accounts/{id}"), "账号已恢复，可以登录"))
}
