use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::Cursor;
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::model::{Post, PublicationKind};
use super::objection::{self, NewObjection, Objection};
use super::store::{self, Contact, NewContact, Publication};
use super::{desk, display};
use crate::access::{self, Act, Need, Permission, Routes, Tenant, Viewer};
use crate::app::{App, ClientAddress};
use crate::error::{Error, Result};
use crate::photo;
use crate::place::{self, Estate};
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    display::routes()
        .merge(desk::routes())
        .get("/board/{code}", Need::Public, show_community)
        .get("/board/{code}/estates/{id}", Need::Public, show_estate)
        .get("/board/{code}/publications/{id}", Need::Public, show_publication)
        .get("/board/{code}/publications/{id}/photos/{photo}", Need::Public, show_photo)
        .post("/board/{code}/publications/{id}/objections", Need::Public, object)
        .get("/board/{code}/objections/{objection_code}", Need::Public, show_objection)
        .get("/estates/{id}/contacts", Permission::ContactEdit, edit_contacts)
        .post("/estates/{id}/contacts", Permission::ContactEdit, add_contact)
        .post("/estates/{id}/contacts/{contact}/removal", Permission::ContactEdit, remove_contact)
}

const PAGE: usize = 20;

#[derive(Deserialize)]
pub(super) struct Paging {
    before: Option<String>,
}

impl Paging {
    pub(super) fn cursor(&self) -> Cursor {
        self.before.as_deref().and_then(|text| text.parse().ok()).unwrap_or(Cursor::LAST)
    }
}

/// A publication on a list, with its address and whether its period is running.
struct Entry {
    publication: Publication,
    href: String,
    running: bool,
}

fn entries(code: &str, now: Timestamp, publications: Vec<Publication>) -> Vec<Entry> {
    let entry = |publication: Publication| Entry {
        href: format!("/board/{code}/publications/{}", publication.id),
        running: publication.is_running(now),
        publication,
    };
    let mut entries: Vec<Entry> = publications.into_iter().map(entry).collect();
    // A meeting to which one can still go stands first.
    entries.sort_by_key(|entry| !(entry.running && entry.publication.kind == PublicationKind::Meeting));
    entries
}

#[derive(Template)]
#[template(path = "board/home.html")]
struct HomePage {
    shell: Shell,
    communities: Vec<Tenant>,
}

/// The first page of the site: every community's board.
pub async fn home(app: &App, shell: Shell) -> Result<Response> {
    let mut communities = access::tenants(&mut app.db.read().await?).await?;
    communities.retain(|tenant| tenant.kind == access::TenantKind::Community);
    page(&HomePage { shell, communities })
}

#[derive(Template)]
#[template(path = "board/community.html")]
struct CommunityPage {
    shell: Shell,
    code: String,
    estates: Vec<Estate>,
    entries: Vec<Entry>,
    next: Option<String>,
}

async fn show_community(
    State(app): State<App>,
    shell: Shell,
    Path(code): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let tenant = community(&mut tx, &code).await?;
    let estates = place::estates(&mut tx, tenant.tenant_id).await?;
    let publications = store::publications(&mut tx, tenant.tenant_id, None, paging.cursor(), PAGE).await?;
    let next = publications.next.map(|cursor| format!("/board/{code}?before={cursor}"));
    let entries = entries(&code, app.means.now(), publications.items);
    page(&CommunityPage { shell: shell.of_community(&tenant.name, &tenant.code), code, estates, entries, next })
}

#[derive(Template)]
#[template(path = "board/estate.html")]
struct EstatePage {
    shell: Shell,
    code: String,
    estate: Estate,
    contacts: Vec<Contact>,
    entries: Vec<Entry>,
    next: Option<String>,
}

async fn show_estate(
    State(app): State<App>,
    shell: Shell,
    Path((code, id)): Path<(String, Uuid)>,
    Query(paging): Query<Paging>,
) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let tenant = community(&mut tx, &code).await?;
    let estate = place::estate(&mut tx, tenant.tenant_id, id).await?;
    let contacts = store::contacts(&mut tx, tenant.tenant_id, id).await?;
    let publications = store::publications(&mut tx, tenant.tenant_id, Some(id), paging.cursor(), PAGE).await?;
    let next = publications.next.map(|cursor| format!("/board/{code}/estates/{id}?before={cursor}"));
    let entries = entries(&code, app.means.now(), publications.items);
    page(&EstatePage { shell: shell.of_community(&tenant.name, &tenant.code), code, estate, contacts, entries, next })
}

#[derive(Template)]
#[template(path = "board/publication.html")]
struct PublicationPage {
    shell: Shell,
    code: String,
    publication: Publication,
    objections: Vec<Objection>,
    now: Timestamp,
    form: Form,
}

async fn publication_page(app: &App, shell: Shell, code: String, id: Uuid, form: Form) -> Result<PublicationPage> {
    let mut tx = app.db.read().await?;
    let tenant = community(&mut tx, &code).await?;
    let publication = store::publication(&mut tx, tenant.tenant_id, id).await?;
    let objections = objection::of_publication(&mut tx, tenant.tenant_id, id).await?;
    let shell = shell.of_community(&tenant.name, &tenant.code);
    Ok(PublicationPage { shell, code, publication, objections, now: app.means.now(), form })
}

async fn show_publication(
    State(app): State<App>,
    shell: Shell,
    Path((code, id)): Path<(String, Uuid)>,
) -> Result<Response> {
    page(&publication_page(&app, shell, code, id, Form::default()).await?)
}

async fn object(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path((code, id)): Path<(String, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let text = form.text("objection", "有什么不同意见", 4..=500);
    let name = form.text("name", "称呼", 0..=30);
    let phone = form.optional_phone("phone").unwrap_or_default();
    if !form.ok() {
        return page_again(&publication_page(&app, shell, code, id, form).await?);
    }
    app.posts.check(address)?;
    let mut tx = app.db.begin().await?;
    let tenant = community(&mut tx, &code).await?;
    let act = Act::resident(tenant.tenant_id, &app.means);
    let read = objection::object(&mut tx, &act, id, NewObjection { text, name, phone }).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/board/{code}/objections/{read}"), "已收到您的异议，三天内答复"))
}

#[derive(Template)]
#[template(path = "board/objection.html")]
struct ObjectionPage {
    shell: Shell,
    code: String,
    objection: Objection,
    publication: Publication,
}

async fn show_objection(
    State(app): State<App>,
    shell: Shell,
    Path((code, objection)): Path<(String, String)>,
) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let tenant = community(&mut tx, &code).await?;
    let objection = objection::by_code(&mut tx, tenant.tenant_id, &objection).await?;
    let publication = store::any_publication(&mut tx, tenant.tenant_id, objection.publication_id).await?;
    page(&ObjectionPage { shell: shell.of_community(&tenant.name, &tenant.code), code, objection, publication })
}

async fn show_photo(State(app): State<App>, Path((code, id, photo)): Path<(String, Uuid, Uuid)>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let tenant = community(&mut tx, &code).await?;
    let publication = store::publication(&mut tx, tenant.tenant_id, id).await?;
    if !publication.body.0.photos.contains(&photo) {
        return Err(Error::NotFound);
    }
    Ok(photo::response(photo::read(&mut tx, tenant.tenant_id, photo, photo::Size::Full).await?))
}

async fn community(tx: &mut db::Tx, code: &str) -> Result<Tenant> {
    access::tenant_by_code(tx, code).await?.ok_or(Error::NotFound)
}

#[derive(Template)]
#[template(path = "board/contacts.html")]
struct ContactsPage {
    shell: Shell,
    estate: Estate,
    contacts: Vec<Contact>,
    form: Form,
    posts: Vec<(&'static str, &'static str)>,
}

async fn contacts_page(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, form: Form) -> Result<ContactsPage> {
    let mut tx = app.db.read().await?;
    let estate = place::estate(&mut tx, viewer.tenant, id).await?;
    let contacts = store::contacts(&mut tx, viewer.tenant, id).await?;
    let posts = Post::ALL.iter().map(|post| (post.code(), post.label())).collect();
    Ok(ContactsPage { shell, estate, contacts, form, posts })
}

async fn edit_contacts(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&contacts_page(&app, &viewer, shell, id, Form::default()).await?)
}

async fn add_contact(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let post = form.choice("post", "职务", Post::parse);
    let (name, phone) = (form.person_name("name"), form.phone("phone"));
    if !form.is("consent", "yes") {
        form.fail("consent", "公开姓名和电话前，要先征得本人同意");
    }
    let (Some(post), Some(name), Some(phone), true) = (post, name, phone, form.ok()) else {
        return page_again(&contacts_page(&app, &viewer, shell, id, form).await?);
    };
    let act = app.act(&viewer, Permission::ContactEdit)?;
    let mut tx = app.db.begin().await?;
    place::estate(&mut tx, viewer.tenant, id).await?;
    store::add_contact(&mut tx, &act, NewContact { estate: id, post, name, phone }).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/estates/{id}/contacts"), "已添加，公示栏上可以看到了"))
}

async fn remove_contact(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, contact)): Path<(Uuid, Uuid)>,
    _form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ContactEdit)?;
    let mut tx = app.db.begin().await?;
    store::remove_contact(&mut tx, &act, id, contact).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/estates/{id}/contacts"), "已从公示栏撤下"))
}
