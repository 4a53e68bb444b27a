//! On the board: what is offered, the form on which a resident says what they need, and their own page, from which they take it back.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use db::Tx;

use super::{DAYS, Options, file_once, fresh, kind_options, offered, part_options, read_need};
use crate::access::{self, Act, Link, Need as Asks, Routes, Scope};
use crate::app::{App, ClientAddress};
use crate::error::{Error, Result};
use crate::service::call::{self, Call};
use crate::service::kind::Kind;
use crate::service::model::{How, Purpose, Rules};
use crate::service::need::{self, Need};
use crate::service::once;
use crate::service::provider;
use crate::service::provider_store::Date;
use crate::service::store::{self, Consent};
use crate::settings;
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    Routes::default()
        .get("/board/{code}/services", Asks::Public, list)
        .get("/board/{code}/services/new", Asks::Public, new)
        .post("/board/{code}/services", Asks::Public, create)
        .get("/needs/{link}", Asks::Public, show)
        .post("/needs/{link}/withdrawal", Asks::Public, withdraw)
        .post("/needs/{link}/privacy", Asks::Public, stop_sharing)
}

#[derive(Template)]
#[template(path = "service/web/board.html")]
struct BoardPage {
    shell: Shell,
    code: String,
    kinds: Vec<Kind>,
    coming: Vec<Date>,
}

async fn list(State(app): State<App>, shell: Shell, Path(code): Path<String>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let tenant = access::tenant_by_code(&mut tx, &code).await?.ok_or(Error::NotFound)?;
    let kinds = offered(&mut tx, tenant.tenant_id).await?;
    let coming = provider::coming(&mut tx, &Act::resident(tenant.tenant_id, &app.means)).await?;
    page(&BoardPage { shell: shell.of_community(&tenant.name, &tenant.code), code, kinds, coming })
}

#[derive(Template)]
#[template(path = "service/web/ask.html")]
struct AskPage {
    shell: Shell,
    code: String,
    form: Form,
    kinds: Options,
    buildings: Options,
    keep: Vec<String>,
    share: Vec<String>,
}

impl AskPage {
    fn days(&self) -> [(&'static str, &'static str); 7] {
        DAYS
    }

    fn parts(&self) -> Vec<(&'static str, &'static str)> {
        part_options()
    }
}

async fn ask_page(app: &App, shell: Shell, code: String) -> Result<(Act, AskPage)> {
    let mut tx = app.db.read().await?;
    let tenant = access::tenant_by_code(&mut tx, &code).await?.ok_or(Error::NotFound)?;
    let act = Act::resident(tenant.tenant_id, &app.means);
    let rules: Rules = settings::read(&mut tx, act.tenant, act.at).await?;
    let shown = AskPage {
        shell: shell.of_community(&tenant.name, &tenant.code),
        code,
        form: fresh(app),
        kinds: kind_options(&offered(&mut tx, act.tenant).await?),
        buildings: store::buildings(&mut tx, act.tenant, &Scope::tenant()).await?,
        keep: Purpose::Keep.wording(How::Form, &tenant.name, &rules),
        share: Purpose::Share.wording(How::Form, &tenant.name, &rules),
    };
    Ok((act, shown))
}

async fn new(State(app): State<App>, shell: Shell, Path(code): Path<String>) -> Result<Response> {
    page(&ask_page(&app, shell, code).await?.1)
}

async fn create(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path(code): Path<String>,
    mut form: Form,
) -> Result<Response> {
    let (act, shown) = ask_page(&app, shell, code).await?;
    if form.value("name").trim().is_empty() {
        form.fail("name", "请填写怎么称呼您");
    }
    if form.value("phone").trim().is_empty() {
        form.fail("phone", "请填写电话，好和您约时间");
    }
    if !form.is("keeps", "yes") {
        form.fail("keeps", "看过上面的说明，同意了才能登记；不同意就什么也不记");
    }
    // What is tried out counts as well, so that nobody looks for doors here.
    app.posts.check(address)?;
    let mut tx = app.db.begin().await?;
    let read = read_need(&mut tx, &act, &mut form, (&shown.kinds, &shown.buildings), How::Form).await?;
    if let Some(new) = read {
        if let Some(id) = once::made(&mut tx, &act, &form).await?.and_then(|made| made.made_id) {
            let link = need::need(&mut tx, &act, id).await?.link(act.tenant, &app.means.keys);
            return Ok(redirect(&format!("/needs/{link}"), "已经收到了，不用再交一次。请收藏这一页"));
        }
        let done = file_once(&mut tx, &act, &form, new).await;
        if let Some(need) = form.ended(tx, "kind", done).await? {
            let link = need.link(act.tenant, &app.means.keys);
            return Ok(redirect(&format!("/needs/{link}"), "收到了！请收藏这一页，以后从这里看结果"));
        }
    }
    page_again(&AskPage { form, ..shown })
}

#[derive(Template)]
#[template(path = "service/web/own-need.html")]
struct OwnPage {
    shell: Shell,
    code: String,
    link: String,
    need: Need,
    /// Where somebody is to come.
    visit: Option<Call>,
    /// What they have agreed to, as they read it then.
    consents: Vec<Consent>,
}

async fn by_link(app: &App, tx: &mut Tx, text: &str) -> Result<(Act, Need)> {
    let link: Link = text.parse().map_err(|()| Error::NotFound)?;
    let act = Act::resident(link.tenant, &app.means);
    let need = need::by_link(tx, &act, &link).await?;
    Ok((act, need))
}

async fn show(State(app): State<App>, shell: Shell, Path(link): Path<String>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let (act, need) = by_link(&app, &mut tx, &link).await?;
    let tenant = access::tenant(&mut tx, act.tenant).await?;
    let visit = call::calls(&mut tx, act.tenant, need.id).await?.into_iter();
    let visit = visit.filter(|call| !call.called_off()).find(|call| call.state.stands());
    let consents = store::consents(&mut tx, act.tenant, need.id).await?;
    let consents = consents.into_iter().filter(|consent| consent.withdrawn_at.is_none()).collect();
    let (shell, code) = (shell.of_community(&tenant.name, &tenant.code), tenant.code);
    page(&OwnPage { shell, code, link, need, visit, consents })
}

async fn withdraw(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Path(link): Path<String>,
    _form: Form,
) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let (act, need) = by_link(&app, &mut tx, &link).await?;
    app.posts.check(address)?;
    need::withdraw(&mut tx, &act, &need).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/needs/{link}"), "撤回了，您填的都删掉了"))
}

async fn stop_sharing(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Path(link): Path<String>,
    _form: Form,
) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let (act, need) = by_link(&app, &mut tx, &link).await?;
    app.posts.check(address)?;
    need::stop_sharing(&mut tx, &act, &need).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/needs/{link}"), "好的，不再给上门的志愿者看"))
}
