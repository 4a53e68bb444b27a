//! The form on which a resident turns to a member, what the member sees by their link, what the parties of a mediation see by theirs,
//! and the page from which the branch passes the word on.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::Cursor;
use serde::Deserialize;
use uuid::Uuid;

use super::answering::Side;
use super::store::{self, Help};
use super::{answering, asking};
use crate::access::{self, Act, Link, Need, Permission, Routes, Viewer};
use crate::app::{App, ClientAddress};
use crate::error::{Error, Result};
use crate::issue::{self, Issue, NAMES_SOMEBODY, Reporter, Source, personal_data_in};
use crate::party;
use crate::place::{self, Estate};
use crate::web::{Form, Shell, page, page_again, qr, redirect};

pub fn routes() -> Routes {
    use Permission::HelpTell;
    Routes::default()
        .get("/board/{code}/estates/{id}/members/{member}/help", Need::Public, new)
        .post("/board/{code}/estates/{id}/members/{member}/help", Need::Public, create)
        .get("/helps/{link}", Need::Public, show)
        .post("/helps/{link}/taking", Need::Public, take)
        .post("/helps/{link}/passing", Need::Public, pass_on)
        .post("/helps/{link}/mediation", Need::Public, mediate)
        .post("/helps/{link}/end", Need::Public, finish)
        .get("/consents/{link}", Need::Public, show_consent)
        .post("/consents/{link}", Need::Public, consent)
        .get("/member-helps", HelpTell, list)
        .get("/member-helps/{id}", HelpTell, show_word)
        .post("/member-helps/{id}/word", HelpTell, tell)
}

const PAGE: usize = 30;

#[derive(Template)]
#[template(path = "help/ask.html")]
struct AskPage {
    shell: Shell,
    code: String,
    estate: Estate,
    member: Uuid,
    name: String,
    form: Form,
    categories: Vec<(String, String)>,
}

async fn ask_page(app: &App, shell: Shell, code: String, (id, member): (Uuid, Uuid), form: Form) -> Result<AskPage> {
    let mut tx = app.db.read().await?;
    let tenant = access::tenant_by_code(&mut tx, &code).await?.ok_or(Error::NotFound)?;
    let estate = place::estate(&mut tx, tenant.tenant_id, id).await?;
    let name = party::shown_member(&mut tx, tenant.tenant_id, id, member).await?;
    let shell = shell.of_community(&tenant.name, &tenant.code);
    Ok(AskPage { shell, code, estate, member, name, form, categories: issue::categories() })
}

async fn new(
    State(app): State<App>,
    shell: Shell,
    Path((code, id, member)): Path<(String, Uuid, Uuid)>,
) -> Result<Response> {
    page(&ask_page(&app, shell, code, (id, member), Form::default()).await?)
}

async fn create(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path((code, id, member)): Path<(String, Uuid, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let tenant = access::tenant_by_code(&mut app.db.read().await?, &code).await?.ok_or(Error::NotFound)?;
    let act = Act::resident(tenant.tenant_id, &app.means);
    form.set("estate", id.to_string());
    let place = issue::chosen_place(&app, tenant.tenant_id, &mut form).await?;
    let read = issue::read_issue(&app, &act, Source::Help, place, &mut form).await?;
    let Some(new) = read else {
        return page_again(&ask_page(&app, shell, code, (id, member), form).await?);
    };
    app.posts.check(address)?;
    let mut tx = app.db.begin().await?;
    let filed = asking::ask(&mut tx, &act, (id, member), new, form.is("shares", "yes")).await?;
    tx.commit().await?;
    Ok(issue::filed(&app, &filed))
}

/// The help that a link leads to.
///
/// Errors: not found by a link that was not made for this.
async fn by_link(app: &App, text: &str, purpose: &str) -> Result<Help> {
    let link: Link = text.parse().map_err(|()| Error::NotFound)?;
    if !link.is_signed(purpose, &app.means.keys) {
        return Err(Error::NotFound);
    }
    store::help(&mut app.db.read().await?, link.tenant, link.id).await
}

fn tenant_of(text: &str) -> Result<Uuid> {
    text.parse::<Link>().map(|link| link.tenant).map_err(|()| Error::NotFound)
}

/// A party of a mediation, with the link by which they agree. It never passes through the hands of whoever mediates.
struct Party {
    who: &'static str,
    agreed: Option<bool>,
    picture: String,
    address: String,
}

#[derive(Template)]
#[template(path = "help/show.html")]
struct ShowPage {
    shell: Shell,
    link: String,
    help: Help,
    issue: Issue,
    /// Whoever asked, if they let the member know.
    reporter: Option<Reporter>,
    form: Form,
}

async fn show_page(app: &App, shell: Shell, text: &str, form: Form) -> Result<ShowPage> {
    let help = by_link(app, text, "help").await?;
    let tenant = tenant_of(text)?;
    let mut tx = app.db.read().await?;
    let issue = issue::issue(&mut tx, tenant, help.issue_id).await?;
    let community = access::tenant(&mut tx, tenant).await?;
    let act = Act::system(tenant, &app.means);
    // When it is out of the member's hands, who asked is none of their business any more.
    let open = help.waits() || help.in_hand();
    let reporter = if help.shares_phone && open { issue::reporter(&act, &issue)? } else { None };
    let shell = shell.of_community(&community.name, &community.code);
    Ok(ShowPage { shell, link: text.to_owned(), help, issue, reporter, form })
}

async fn show(State(app): State<App>, shell: Shell, Path(link): Path<String>) -> Result<Response> {
    page(&show_page(&app, shell, &link, Form::default()).await?)
}

async fn take(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Path(link): Path<String>,
    _form: Form,
) -> Result<Response> {
    let help = by_link(&app, &link, "help").await?;
    app.posts.check(address)?;
    let mut tx = app.db.begin().await?;
    answering::take(&mut tx, &app.means, tenant_of(&link)?, &help).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/helps/{link}"), "您接下了，谢谢！办好以后回到这一页写一句"))
}

/// Words of the member that everybody will read.
async fn public_words(app: &App, help: &Help, tenant: Uuid, form: &mut Form, field: &str) -> Result<String> {
    let words = form.text(field, "说明", 4..=200);
    if let Some(sentence) = personal_data_in(&words) {
        form.fail(field, sentence);
    }
    let mut tx = app.db.read().await?;
    let issue = issue::issue(&mut tx, tenant, help.issue_id).await?;
    if issue::names_somebody(&mut tx, &Act::system(tenant, &app.means), &issue, &words, help.shares_phone).await? {
        form.fail(field, NAMES_SOMEBODY);
    }
    Ok(words)
}

async fn pass_on(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path(link): Path<String>,
    mut form: Form,
) -> Result<Response> {
    let (help, tenant) = (by_link(&app, &link, "help").await?, tenant_of(&link)?);
    let why = public_words(&app, &help, tenant, &mut form, "why").await?;
    if !form.ok() {
        return page_again(&show_page(&app, shell, &link, form).await?);
    }
    app.posts.check(address)?;
    let mut tx = app.db.begin().await?;
    answering::pass_on(&mut tx, &app.means, tenant, &help, &why).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/helps/{link}"), "已转给支部，谢谢您"))
}

async fn mediate(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Path(link): Path<String>,
    _form: Form,
) -> Result<Response> {
    let help = by_link(&app, &link, "help").await?;
    app.posts.check(address)?;
    let mut tx = app.db.begin().await?;
    answering::mediate(&mut tx, &app.means, tenant_of(&link)?, &help).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/helps/{link}"), "支部会把同意码转给双方，都同意了再谈"))
}

async fn finish(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path(link): Path<String>,
    mut form: Form,
) -> Result<Response> {
    let (help, tenant) = (by_link(&app, &link, "help").await?, tenant_of(&link)?);
    let words = public_words(&app, &help, tenant, &mut form, "result").await?;
    if !form.ok() {
        return page_again(&show_page(&app, shell, &link, form).await?);
    }
    app.posts.check(address)?;
    let mut tx = app.db.begin().await?;
    let mut issue = issue::issue(&mut tx, tenant, help.issue_id).await?;
    answering::reconcile(&mut tx, &app.means, tenant, &help, &mut issue, &words).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/helps/{link}"), "记下了，谢谢您。社区会公示，网格员会上门问满意不满意"))
}

/// Whose consent a link is for.
async fn consent_of(app: &App, text: &str) -> Result<(Help, Side)> {
    for side in [Side::Reporter, Side::Other] {
        match by_link(app, text, side.purpose()).await {
            Err(Error::NotFound) => {}
            help => return Ok((help?, side)),
        }
    }
    Err(Error::NotFound)
}

#[derive(Template)]
#[template(path = "help/consent.html")]
struct ConsentPage {
    shell: Shell,
    link: String,
    help: Help,
    agreed: Option<bool>,
}

async fn show_consent(State(app): State<App>, shell: Shell, Path(link): Path<String>) -> Result<Response> {
    let (help, side) = consent_of(&app, &link).await?;
    let community = access::tenant(&mut app.db.read().await?, tenant_of(&link)?).await?;
    let agreed = match side {
        Side::Reporter => help.reporter_agreed,
        Side::Other => help.other_agreed,
    };
    page(&ConsentPage { shell: shell.of_community(&community.name, &community.code), link, help, agreed })
}

async fn consent(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Path(link): Path<String>,
    mut form: Form,
) -> Result<Response> {
    let (help, side) = consent_of(&app, &link).await?;
    let agrees = form.choice("agrees", "同意不同意", |answer| match answer {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    });
    let Some(agrees) = agrees else { return Err(Error::refused("请点“同意”或“不同意”")) };
    app.posts.check(address)?;
    let mut tx = app.db.begin().await?;
    answering::agree(&mut tx, &app.means, tenant_of(&link)?, &help, side, agrees).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/consents/{link}"), if agrees { "记下了：您同意" } else { "记下了：您不同意" }))
}

#[derive(Deserialize)]
struct Paging {
    before: Option<String>,
}

#[derive(Template)]
#[template(path = "help/list.html")]
struct ListPage {
    shell: Shell,
    helps: Vec<Help>,
    next: Option<String>,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(paging): Query<Paging>) -> Result<Response> {
    let before = paging.before.and_then(|text| text.parse().ok()).unwrap_or(Cursor::LAST);
    let scope = viewer.scope(Permission::HelpTell);
    let helps = store::helps(&mut app.db.read().await?, viewer.tenant, &scope, before, PAGE).await?;
    let next = helps.next.map(|cursor| format!("/member-helps?before={cursor}"));
    page(&ListPage { shell, helps: helps.items, next })
}

#[derive(Template)]
#[template(path = "help/word.html")]
struct WordPage {
    shell: Shell,
    help: Help,
    /// What is sent to the member.
    text: String,
    picture: String,
    /// Of a mediation that waits for consent.
    parties: Vec<Party>,
    may_read: bool,
}

/// Who has to agree to a mediation.
fn parties(app: &App, tenant: Uuid, help: &Help) -> Result<Vec<Party>> {
    if !help.mediates || !help.in_hand() {
        return Ok(Vec::new());
    }
    let party = |who, side: Side, agreed| -> Result<Party> {
        let link = Link::signed(tenant, help.id, side.purpose(), &app.means.keys);
        let address = app.link(&format!("/consents/{link}"));
        Ok(Party { who, agreed, picture: qr(&address)?, address })
    };
    Ok(vec![party("反映人", Side::Reporter, help.reporter_agreed)?, party("对方", Side::Other, help.other_agreed)?])
}

async fn show_word(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let scope = viewer.scope(Permission::HelpTell);
    let help = store::help_in_reach(&mut app.db.read().await?, viewer.tenant, &scope, id).await?;
    let address = app.link(&format!("/helps/{}", asking::link(viewer.tenant, id, &app.means.keys)));
    let text = format!(
        "{}同志：有居民在小区公示栏上找您帮忙。请点开看看，能办就接下，办不了点“转给支部”：{address}",
        help.member_name
    );
    let parties = parties(&app, viewer.tenant, &help)?;
    page(&WordPage { shell, help, text, picture: qr(&address)?, parties, may_read: viewer.may(Permission::IssueRead) })
}

async fn tell(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::HelpTell)?;
    let mut tx = app.db.begin().await?;
    let help = store::help_in_reach(&mut tx, viewer.tenant, &viewer.scope(Permission::HelpTell), id).await?;
    asking::tell(&mut tx, &act, help.id).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/member-helps/{id}"), "记下了，等党员回话"))
}
