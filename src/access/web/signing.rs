use askama::Template;
use axum::extract::{Extension, Path, State};
use axum::http::header::{SET_COOKIE, USER_AGENT};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use codes::PersonName;

use super::LockedViewer;
use crate::access::store::{self, ShownGrant};
use crate::access::{Link, Need, Routes, Viewer, password, session};
use crate::app::{App, ClientAddress};
use crate::error::{Error, Result};
use crate::settings::{self, Sessions};
use crate::web::{Form, Shell, clear_cookie, page, page_again, redirect, set_cookie};

pub fn routes() -> Routes {
    Routes::default()
        .get("/login", Need::Public, show_login)
        .post("/login", Need::Public, sign_in)
        .post("/logout", Need::Account, sign_out)
        .get("/join/{link}", Need::Public, show_invitation)
        .post("/join/{link}", Need::Public, join)
        .get("/unlock", Need::Public, show_locked)
        .post("/unlock", Need::Public, unlock)
}

#[derive(Template)]
#[template(path = "access/web/login.html")]
struct LoginPage {
    shell: Shell,
    form: Form,
}

async fn show_login(viewer: Option<Extension<Viewer>>, shell: Shell) -> Result<Response> {
    match viewer {
        Some(_) => Ok(Redirect::to("/").into_response()),
        None => page(&LoginPage { shell, form: Form::default() }),
    }
}

async fn sign_in(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    headers: HeaderMap,
    mut form: Form,
) -> Result<Response> {
    // An account locks after a few failures; this keeps one machine from trying a few passwords on every account.
    app.sign_ins.check(address)?;
    let agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let label = browser_words(agent);
    let secret = form.value("password").to_owned();
    match session::sign_in(&app.db, &app.means, form.value("login"), secret, &label).await {
        Ok(Some(link)) => return enter(&app, &link, |rules| rules.password_hours).await,
        Ok(None) => form.fail("password", "账号或密码不对，请核对后再试。连续输错几次，账号会锁定一段时间。"),
        Err(Error::Refused(sentence)) => form.fail("login", sentence),
        Err(error) => return Err(error),
    }
    page_again(&LoginPage { shell, form })
}

/// A browser as its owner knows it, from what it calls itself: `Windows 电脑上的 Edge`.
fn browser_words(agent: &str) -> String {
    let first = |known: &[(&str, &'static str)], other| {
        known.iter().find(|(code, _)| agent.contains(code)).map_or(other, |(_, words)| *words)
    };
    // Later names are also part of what earlier ones call themselves.
    let machines = [
        ("HarmonyOS", "鸿蒙设备"),
        ("iPhone", "iPhone "),
        ("iPad", "iPad "),
        ("Android", "安卓设备"),
        ("Windows", "Windows 电脑"),
        ("Macintosh", "苹果电脑"),
        ("Linux", "Linux 电脑"),
    ];
    let browsers = [
        ("MicroMessenger", "微信"),
        ("Edg", " Edge"),
        ("Firefox", "火狐"),
        ("Chrome", " Chrome"),
        ("Safari", " Safari"),
    ];
    format!("{}上的{}", first(&machines, "电脑"), first(&browsers, "浏览器"))
}

async fn sign_out(State(app): State<App>, viewer: Viewer, _: Form) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    session::sign_out(&mut tx, &viewer, &app.means).await?;
    tx.commit().await?;
    Ok((cookie(clear_cookie("session", "/")), redirect("/login", "已退出登录")).into_response())
}

#[derive(Template)]
#[template(path = "access/web/invitation.html")]
struct InvitationPage {
    shell: Shell,
    form: Form,
    /// Masked: whoever holds the paper may not be the one whom it is for.
    name: String,
    community: String,
    grants: Vec<ShownGrant>,
}

impl InvitationPage {
    /// Errors: not found or refused with the reason if the invitation does not work any more.
    async fn of(app: &App, shell: Shell, link: &Link, form: Form) -> Result<InvitationPage> {
        let mut tx = app.db.read().await?;
        let (account, name, community) = session::invitation(&mut tx, link, app.means.now()).await?;
        let grants = store::shown_grants(&mut tx, link.tenant, account).await?;
        // Somebody may be signed in on this very phone; the page is for the one who is invited.
        let shell = Shell { community: community.clone(), viewer: None, ..shell };
        Ok(InvitationPage { shell, form, name: masked(&name), community, grants })
    }
}

async fn show_invitation(State(app): State<App>, shell: Shell, Path(link): Path<String>) -> Result<Response> {
    let link: Link = link.parse().map_err(|()| Error::NotFound)?;
    page(&InvitationPage::of(&app, shell, &link, Form::filled(&[("device", "我的手机")])).await?)
}

async fn join(State(app): State<App>, shell: Shell, Path(link): Path<String>, mut form: Form) -> Result<Response> {
    let link: Link = link.parse().map_err(|()| Error::NotFound)?;
    let pin = form.value("pin").to_owned();
    let device = form.text("device", "手机的名称", 1..=20);
    if let Some(weakness) = password::pin_weakness(&pin) {
        form.fail("pin", weakness);
    } else if form.value("again") != pin {
        form.fail("again", "两次输入的 PIN 码不一样，请再输一遍");
    }
    if !form.ok() {
        return page_again(&InvitationPage::of(&app, shell, &link, form).await?);
    }
    let session = session::join(&app.db, &app.means, &link, pin, &device).await?;
    enter(&app, &session, |rules| 24 * rules.device_days).await
}

#[derive(Template)]
#[template(path = "access/web/unlock.html")]
struct UnlockPage {
    shell: Shell,
    form: Form,
    name: String,
}

impl UnlockPage {
    fn of(viewer: &Viewer, shell: Shell, form: Form) -> UnlockPage {
        let shell = Shell { community: viewer.tenant_name.clone(), ..shell };
        UnlockPage { shell, form, name: masked(&viewer.name) }
    }
}

async fn show_locked(viewer: Option<Extension<LockedViewer>>, shell: Shell) -> Result<Response> {
    match viewer {
        Some(Extension(LockedViewer(viewer))) => page(&UnlockPage::of(&viewer, shell, Form::default())),
        None => Ok(Redirect::to("/").into_response()),
    }
}

async fn unlock(
    State(app): State<App>,
    viewer: Option<Extension<LockedViewer>>,
    shell: Shell,
    mut form: Form,
) -> Result<Response> {
    let Some(Extension(LockedViewer(viewer))) = viewer else { return Ok(Redirect::to("/").into_response()) };
    match session::unlock(&app.db, &app.means, &viewer, form.value("pin").to_owned()).await {
        Ok(true) => return Ok(Redirect::to("/").into_response()),
        Ok(false) => form.fail("pin", "PIN 码不对，请再试一次。连续输错几次，账号会锁定一段时间。"),
        Err(Error::Refused(sentence)) => form.fail("pin", sentence),
        Err(error) => return Err(error),
    }
    page_again(&UnlockPage::of(&viewer, shell, form))
}

/// Gives the browser its session, which lasts as long as its kind, and goes to work.
async fn enter(app: &App, link: &Link, hours: fn(&Sessions) -> i64) -> Result<Response> {
    let rules = settings::read(&mut app.db.read().await?, link.tenant, app.means.now()).await?;
    let session = set_cookie("session", &link.to_string(), "/", 3600 * hours(&rules), app.secure());
    Ok((cookie(session), Redirect::to("/")).into_response())
}

fn cookie(value: HeaderValue) -> AppendHeaders<[(axum::http::HeaderName, HeaderValue); 1]> {
    AppendHeaders([(SET_COOKIE, value)])
}

fn masked(name: &str) -> String {
    PersonName::parse(name).map_or_else(|_| name.to_owned(), |name| name.masked())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_named_as_their_owners_know_them() {
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0";
        assert_eq!(browser_words(edge), "Windows 电脑上的 Edge");
        let phone =
            "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36 MicroMessenger/8.0";
        assert_eq!(browser_words(phone), "安卓设备上的微信");
        assert_eq!(browser_words(""), "电脑上的浏览器");
    }
}
