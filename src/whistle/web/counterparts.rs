//! Who stands above and below: invitations made, taken, and links ended.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use uuid::Uuid;

use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::web::{Form, Shell, page, page_again, redirect};
use crate::whistle::counterpart::{self, Invitation};
use crate::whistle::store::{self, Counterpart};

pub fn routes() -> Routes {
    use Permission::CounterpartManage;
    Routes::default()
        .get("/counterparts", CounterpartManage, list)
        .post("/counterparts/invitations", CounterpartManage, invite)
        .post("/counterparts", CounterpartManage, join)
        .post("/counterparts/{id}/end", CounterpartManage, end)
}

#[derive(Template)]
#[template(path = "whistle/web/counterparts.html")]
struct ListPage {
    shell: Shell,
    counterparts: Vec<Counterpart>,
    form: Form,
    /// One that has just been made; it is not shown again.
    invitation: Option<(String, String)>,
}

async fn list_page(app: &App, viewer: &Viewer, shell: Shell, form: Form) -> Result<ListPage> {
    let counterparts = store::counterparts(&mut app.db.read().await?, viewer.tenant).await?;
    Ok(ListPage { shell, counterparts, form, invitation: None })
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    page(&list_page(&app, &viewer, shell, Form::default()).await?)
}

async fn invite(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::CounterpartManage)?;
    let name = form.text("name", "下级单位的名称", 2..=60);
    if !form.ok() {
        return page_again(&list_page(&app, &viewer, shell, form).await?);
    }
    let mut tx = app.db.begin().await?;
    let invitation = counterpart::invite(&mut tx, &act, &app, &name).await?;
    tx.commit().await?;
    let shown = ListPage {
        invitation: Some((name, invitation.to_string())),
        ..list_page(&app, &viewer, shell, Form::default()).await?
    };
    page(&shown)
}

async fn join(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::CounterpartManage)?;
    let invitation = match form.value("invitation").parse::<Invitation>() {
        Ok(invitation) => invitation,
        Err(sentence) => {
            form.fail("invitation", sentence);
            return page_again(&list_page(&app, &viewer, shell, form).await?);
        }
    };
    let mut tx = app.db.begin().await?;
    let joined = counterpart::join(&mut tx, &act, &app, &invitation).await;
    if form.noted("invitation", joined)?.is_none() {
        drop(tx);
        return page_again(&list_page(&app, &viewer, shell, form).await?);
    }
    tx.commit().await?;
    Ok(redirect("/counterparts", "记下了，正在和上级接通"))
}

async fn end(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::CounterpartManage)?;
    let mut tx = app.db.begin().await?;
    let known = store::counterpart(&mut tx, viewer.tenant, id).await?;
    counterpart::end(&mut tx, &act, &known, form.version()).await?;
    tx.commit().await?;
    Ok(redirect("/counterparts", "已解除，互相不再收发"))
}
