use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use uuid::Uuid;

use crate::access::store::{self, Account, LiveSession, ShownGrant};
use crate::access::{Act, Need, Routes, SessionKind, Viewer, credential, session};
use crate::app::App;
use crate::error::{Error, Result};
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    Routes::default()
        .get("/me", Need::Account, show)
        .post("/me/password", Need::Account, change_password)
        .post("/me/pin", Need::Account, change_pin)
        .post("/me/sessions/{id}/revocation", Need::Account, revoke_session)
}

#[derive(Template)]
#[template(path = "access/web/me.html")]
struct MePage {
    shell: Shell,
    form: Form,
    viewer: Viewer,
    account: Account,
    grants: Vec<ShownGrant>,
    sessions: Vec<LiveSession>,
}

impl MePage {
    async fn of(app: &App, viewer: Viewer, shell: Shell, form: Form) -> Result<MePage> {
        let mut tx = app.db.read().await?;
        let (account, grants) = store::account(&mut tx, viewer.tenant, viewer.account).await?;
        let sessions = session::live_sessions(&mut tx, viewer.tenant, viewer.account, app.means.now()).await?;
        Ok(MePage { shell, form, viewer, account, grants, sessions })
    }
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    page(&MePage::of(&app, viewer, shell, Form::default()).await?)
}

async fn change_password(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let (old, new) = (form.value("old").to_owned(), form.value("password").to_owned());
    if form.value("again") != new {
        form.fail("again", "两次输入的新密码不一样，请再输一遍");
        return page_again(&MePage::of(&app, viewer, shell, form).await?);
    }
    match credential::change_password(&app.db, &app.means, &viewer, old, new).await {
        Ok(true) => return Ok(redirect("/me", "密码已换好，别处的登录都已退出")),
        Ok(false) => form.fail("old", "现在的密码不对，密码没有换。连续输错几次，账号会锁定一段时间。"),
        Err(Error::Refused(sentence)) => form.fail("password", sentence),
        Err(error) => return Err(error),
    }
    page_again(&MePage::of(&app, viewer, shell, form).await?)
}

async fn change_pin(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let (old, new) = (form.value("old_pin").to_owned(), form.value("pin").to_owned());
    if form.value("pin_again") != new {
        form.fail("pin_again", "两次输入的新 PIN 码不一样，请再输一遍");
        return page_again(&MePage::of(&app, viewer, shell, form).await?);
    }
    match credential::change_pin(&app.db, &app.means, &viewer, old, new).await {
        Ok(true) => return Ok(redirect("/me", "PIN 码已换好，下次打开用新的")),
        Ok(false) => form.fail("old_pin", "现在的 PIN 码不对，没有换。连续输错几次，账号会锁定一段时间。"),
        Err(Error::Refused(sentence)) => form.fail("pin", sentence),
        Err(error) => return Err(error),
    }
    page_again(&MePage::of(&app, viewer, shell, form).await?)
}

async fn revoke_session(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _: Form) -> Result<Response> {
    let act = Act::own(&viewer, &app.means);
    let mut tx = app.db.begin().await?;
    session::revoke(&mut tx, &act, viewer.account, id).await?;
    tx.commit().await?;
    Ok(redirect("/me", "那里的登录已退出"))
}
