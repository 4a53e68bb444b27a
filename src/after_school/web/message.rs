//! Messages: staff and the guardian of one child, everybody of an estate, and what a guardian sees by their link.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::Timestamp;
use uuid::Uuid;

use super::Options;
use super::guardian::by_link;
use crate::access::{self, Need, Permission, Routes, Viewer};
use crate::after_school::child::{self, Child};
use crate::after_school::message::{self, LENGTH, Message, MessageRules, ToAll};
use crate::after_school::{message_store, store};
use crate::app::{App, ClientAddress};
use crate::error::{Error, Result};
use crate::place;
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::ChildManage;
    Routes::default()
        .get("/class-messages", ChildManage, board)
        .post("/class-messages", ChildManage, send_all)
        .get("/children/{id}/messages", ChildManage, show)
        .post("/children/{id}/messages", ChildManage, send)
        .post("/children/{id}/messages/seen", ChildManage, see)
        .get("/guardians/{link}/messages", Need::Public, read)
        .post("/guardians/{link}/messages", Need::Public, answer)
        .post("/guardians/{link}/messages/seen", Need::Public, have_read)
}

// ---------- to all of an estate ----------

#[derive(Template)]
#[template(path = "after_school/web/messages_all.html")]
struct BoardPage {
    shell: Shell,
    form: Form,
    estates: Options,
    sent: Vec<ToAll>,
    rules: MessageRules,
}

async fn board_page(app: &App, viewer: &Viewer, shell: Shell, mut form: Form) -> Result<BoardPage> {
    let act = app.act(viewer, Permission::ChildManage)?;
    let scope = viewer.scope(Permission::ChildManage);
    let mut tx = app.db.read().await?;
    let estates = place::estates_within(&mut tx, viewer.tenant, &scope).await?;
    if let [only] = &estates[..]
        && form.value("estate").is_empty()
    {
        form.set("estate", only.id.to_string());
    }
    let estates = estates.into_iter().map(|estate| (estate.id.to_string(), estate.name)).collect();
    let sent = message::to_all(&mut tx, &act, &scope).await?;
    Ok(BoardPage { rules: message::rules(&mut tx, &act).await?, shell, form, estates, sent })
}

async fn board(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    page(&board_page(&app, &viewer, shell, Form::default()).await?)
}

async fn send_all(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::ChildManage)?;
    let mut tx = app.db.begin().await?;
    let estates = place::estates_within(&mut tx, viewer.tenant, &viewer.scope(Permission::ChildManage)).await?;
    let estate = form.choice("estate", "发给哪个小区", |id| {
        let id: Uuid = id.parse().ok()?;
        estates.iter().find(|estate| estate.id == id).map(|estate| estate.id)
    });
    let words = form.text("words", "内容", 2..=LENGTH);
    if let (Some(estate), true) = (estate, form.ok()) {
        let sent =
            message::say_all(&mut tx, &act, estate, &words, (form.is("aloud", "yes"), form.is("sure", "yes"))).await;
        if let Some(people) = form.noted("words", sent)? {
            tx.commit().await?;
            return Ok(redirect("/class-messages", &format!("已发给 {people} 位监护人")));
        }
    }
    drop(tx);
    page_again(&board_page(&app, &viewer, shell, form).await?)
}

// ---------- staff and one guardian ----------

#[derive(Template)]
#[template(path = "after_school/web/messages.html")]
struct ShowPage {
    shell: Shell,
    child: Child,
    /// What was said is open to the reader, who has said why.
    opened: bool,
    messages: Vec<Message>,
    unread: i64,
    form: Form,
}

impl ShowPage {
    /// Up to which message the reader has seen what the guardian wrote.
    fn until(&self) -> String {
        message::newest(&self.messages, true)
    }

    fn name(&self) -> String {
        if self.opened { self.child.name().to_owned() } else { self.child.particulars.masked_name() }
    }

    fn is(&self, state: &str) -> bool {
        self.child.state.code() == state
    }
}

async fn show_page(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, form: Form) -> Result<ShowPage> {
    let act = app.act(viewer, Permission::ChildManage)?;
    let mut tx = app.db.read().await?;
    let child = child::in_reach(&mut tx, &act, &viewer.scope(Permission::ChildManage), id).await?;
    let opened = store::opened(&mut tx, act.tenant, id, act.account, act.at).await?.is_some();
    let messages = if opened { message::messages(&mut tx, &act, id).await? } else { Vec::new() };
    let unread = message_store::unread(&mut tx, act.tenant, id, true).await?;
    Ok(ShowPage { shell, child, opened, messages, unread, form })
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&show_page(&app, &viewer, shell, id, Form::default()).await?)
}

async fn send(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ChildManage)?;
    let mut tx = app.db.begin().await?;
    let child = child::in_reach(&mut tx, &act, &viewer.scope(Permission::ChildManage), id).await?;
    let words = form.text("words", "内容", 2..=LENGTH);
    if form.ok() {
        let said = message::say(&mut tx, &act, &child, &words, form.is("sure", "yes")).await;
        if form.noted("words", said)?.is_some() {
            tx.commit().await?;
            return Ok(redirect(&format!("/children/{id}/messages"), "已发，监护人打开链接就看得到"));
        }
    }
    drop(tx);
    page_again(&show_page(&app, &viewer, shell, id, form).await?)
}

/// The moment of the newest message that stood on the page from which a form comes.
fn until(form: &Form) -> Option<Timestamp> {
    Timestamp::from_millisecond(form.value("until").parse().ok()?).ok()
}

fn look_again() -> Error {
    Error::refused("请打开消息看过再点")
}

/// Errors: refused unless what was said is open to the reader.
async fn see(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::ChildManage)?;
    let mut tx = app.db.begin().await?;
    child::in_reach(&mut tx, &act, &viewer.scope(Permission::ChildManage), id).await?;
    if store::opened(&mut tx, act.tenant, id, act.account, act.at).await?.is_none() {
        return Err(Error::refused("请先打开孩子的资料，看过再点"));
    }
    message::seen(&mut tx, &act, id, true, until(&form).ok_or_else(look_again)?).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/children/{id}/messages"), "记下了：看过了"))
}

// ---------- by the guardian's link ----------

#[derive(Template)]
#[template(path = "after_school/web/guardian_messages.html")]
struct GuardianPage {
    shell: Shell,
    link: String,
    child: Child,
    messages: Vec<Message>,
    unread: i64,
    form: Form,
    rules: MessageRules,
}

impl GuardianPage {
    /// Up to which message the guardian has seen what staff wrote.
    fn until(&self) -> String {
        message::newest(&self.messages, false)
    }

    fn is(&self, state: &str) -> bool {
        self.child.state.code() == state
    }
}

async fn guardian_page(app: &App, shell: Shell, link: String, form: Form) -> Result<GuardianPage> {
    let mut tx = app.db.read().await?;
    let (act, child) = by_link(app, &mut tx, &link).await?;
    let community = access::tenant(&mut tx, act.tenant).await?;
    Ok(GuardianPage {
        messages: message::messages(&mut tx, &act, child.id).await?,
        unread: message_store::unread(&mut tx, act.tenant, child.id, false).await?,
        rules: message::rules(&mut tx, &act).await?,
        shell: shell.of_community(&community.name, &community.code),
        link,
        child,
        form,
    })
}

async fn read(State(app): State<App>, shell: Shell, Path(link): Path<String>) -> Result<Response> {
    page(&guardian_page(&app, shell, link, Form::default()).await?)
}

async fn answer(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path(link): Path<String>,
    mut form: Form,
) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let (act, child) = by_link(&app, &mut tx, &link).await?;
    app.posts.check(address)?;
    let words = form.text("words", "内容", 1..=LENGTH);
    if form.ok() {
        let said = message::answer(&mut tx, &act, &child, &words, until(&form)).await;
        if form.noted("words", said)?.is_some() {
            tx.commit().await?;
            return Ok(redirect(&format!("/guardians/{link}/messages"), "已发给社区"));
        }
    }
    drop(tx);
    page_again(&guardian_page(&app, shell, link, form).await?)
}

async fn have_read(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Path(link): Path<String>,
    form: Form,
) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let (act, child) = by_link(&app, &mut tx, &link).await?;
    app.posts.check(address)?;
    message::seen(&mut tx, &act, child.id, false, until(&form).ok_or_else(look_again)?).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/guardians/{link}/messages"), "记下了：看过了"))
}
