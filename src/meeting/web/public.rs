//! What residents do without an account: read a notice, enrol, leave an opinion.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use db::Tx;
use uuid::Uuid;

use crate::access::{self, Act, Need, Routes, Tenant};
use crate::app::{App, ClientAddress};
use crate::error::{Error, Result};
use crate::issue::number_in;
use crate::meeting::model::{Side, State as Stage};
use crate::meeting::store::{self, Heads, Item, Meeting};
use crate::meeting::{Person, attendance};
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    Routes::default()
        .get("/board/{code}/meetings/{id}", Need::Public, show)
        .post("/board/{code}/meetings/{id}/enrolments", Need::Public, enrol)
        .post("/board/{code}/meetings/{id}/opinions", Need::Public, leave_opinion)
}

#[derive(Template)]
#[template(path = "meeting/web/public.html")]
struct PublicPage {
    shell: Shell,
    code: String,
    meeting: Meeting,
    items: Vec<Item>,
    topics: Vec<(String, String)>,
    heads: Heads,
    /// Residents can still enrol or leave an opinion.
    open: bool,
    form: Form,
}

/// A meeting that has been made known; nobody outside hears of one that is still being prepared, or that is held within the party.
pub(super) async fn announced(tx: &mut Tx, code: &str, id: Uuid) -> Result<(Tenant, Meeting)> {
    let tenant = access::tenant_by_code(tx, code).await?.ok_or(Error::NotFound)?;
    let meeting = store::meeting(tx, tenant.tenant_id, id).await?;
    let known = meeting.announced_at.is_some() && !meeting.kind.private();
    if known { Ok((tenant, meeting)) } else { Err(Error::NotFound) }
}

async fn public_page(app: &App, shell: Shell, code: String, id: Uuid, form: Form) -> Result<PublicPage> {
    let mut tx = app.db.read().await?;
    let (tenant, meeting) = announced(&mut tx, &code, id).await?;
    let items = store::items(&mut tx, tenant.tenant_id, id).await?;
    let heads = store::heads(&mut tx, tenant.tenant_id, id).await?;
    let topics = items.iter().map(|item| (item.id.to_string(), item.title.clone())).collect();
    let open = meeting.state == Stage::Announced && meeting.planned_at > app.means.now();
    Ok(PublicPage {
        shell: shell.of_community(&tenant.name, &tenant.code),
        code,
        meeting,
        items,
        topics,
        heads,
        open,
        form,
    })
}

async fn show(State(app): State<App>, shell: Shell, Path((code, id)): Path<(String, Uuid)>) -> Result<Response> {
    page(&public_page(&app, shell, code, id, Form::filled(&[("side", Side::Resident.code())])).await?)
}

async fn enrol(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path((code, id)): Path<(String, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let (tenant, _) = announced(&mut app.db.read().await?, &code, id).await?;
    let side = form.choice("side", "您是居民还是党员", Side::parse).filter(|side| Side::OF_RESIDENTS.contains(side));
    let person = person(&mut form);
    let (Some(side), Some(person)) = (side, person) else {
        return page_again(&public_page(&app, shell, code, id, form).await?);
    };
    app.posts.check(address)?;
    let act = Act::resident(tenant.tenant_id, &app.means);
    let mut tx = app.db.begin().await?;
    let (_, meeting) = announced(&mut tx, &code, id).await?;
    if form.noted("name", attendance::enrol(&mut tx, &act, &meeting, side, &person).await)?.is_none() {
        drop(tx);
        return page_again(&public_page(&app, shell, code, id, form).await?);
    }
    tx.commit().await?;
    Ok(redirect(&format!("/board/{code}/meetings/{id}"), "报名收到了，到时候见"))
}

/// Name and phone from a form.
pub(super) fn person(form: &mut Form) -> Option<Person> {
    let (name, phone) = (form.person_name("name"), form.optional_phone("phone"));
    Some(Person { name: name?, phone: phone? })
}

async fn leave_opinion(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path((code, id)): Path<(String, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let (tenant, _) = announced(&mut tx, &code, id).await?;
    let item = form.optional_choice("item", "议题", |id| id.parse::<Uuid>().ok());
    let text = form.text("text", "您想说的", 4..=500);
    if let Some(sentence) = number_in(&text) {
        form.fail("text", sentence);
    }
    let items = store::items(&mut tx, tenant.tenant_id, id).await?;
    drop(tx);
    if item.is_some_and(|item| !items.iter().any(|known| known.id == item)) {
        form.fail("item", "这个议题已经撤下，请另选一个");
    }
    if !form.ok() {
        return page_again(&public_page(&app, shell, code, id, form).await?);
    }
    app.posts.check(address)?;
    let act = Act::resident(tenant.tenant_id, &app.means);
    let mut tx = app.db.begin().await?;
    let (_, meeting) = announced(&mut tx, &code, id).await?;
    let left = attendance::leave_opinion(&mut tx, &act, &meeting, item, &text).await;
    if form.noted("text", left)?.is_none() {
        drop(tx);
        return page_again(&public_page(&app, shell, code, id, form).await?);
    }
    tx.commit().await?;
    Ok(redirect(&format!("/board/{code}/meetings/{id}"), "留言收到了，会上会念给大家听"))
}
