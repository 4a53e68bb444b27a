//! Where staff look after what hangs: all of it in order, notices of their own, what people say against it, photos of the board of
//! wood, and taking something down.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::Tx;
use jiff::Timestamp;
use uuid::Uuid;

use super::model::{NewPublication, PublicationKind, Snapshot};
use super::objection::{self, NewObjection, Objection, Verdict};
use super::period::Period;
use super::store::{self, Proof, Publication};
use super::web::Paging;
use crate::access::{Act, Permission, Routes, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::web::{Form, Shell, page, page_again, redirect};
use crate::{photo, place};

pub fn routes() -> Routes {
    use Permission::PublicationManage;
    Routes::default()
        .get("/publications", PublicationManage, list)
        .get("/publications/new", PublicationManage, new)
        .post("/publications", PublicationManage, create)
        .get("/publications/{id}", PublicationManage, show)
        .post("/publications/{id}/objections/{objection}/answer", PublicationManage, answer)
        .post("/publications/{id}/proofs", PublicationManage, add_proofs)
        .get("/publications/{id}/proofs/{photo}", PublicationManage, show_proof)
        .post("/publications/{id}/withdrawal", PublicationManage, withdraw)
}

const PAGE: usize = 30;
const MOST_PHOTOS: usize = 6;
/// How long a notice of one's own hangs unless somebody says otherwise, and at most.
const DAYS: (i64, i64) = (7, 90);

#[derive(Template)]
#[template(path = "board/desk.html")]
struct ListPage {
    shell: Shell,
    publications: Vec<Publication>,
    next: Option<String>,
    now: Timestamp,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(paging): Query<Paging>) -> Result<Response> {
    let scope = viewer.scope(Permission::PublicationManage);
    let mut tx = app.db.read().await?;
    let publications = store::publications_in_reach(&mut tx, viewer.tenant, &scope, paging.cursor(), PAGE).await?;
    let next = publications.next.map(|cursor| format!("/publications?before={cursor}"));
    page(&ListPage { shell, publications: publications.items, next, now: app.means.now() })
}

#[derive(Template)]
#[template(path = "board/notice.html")]
struct NoticePage {
    shell: Shell,
    form: Form,
    estates: Vec<(String, String)>,
    /// Whether it can hang in every estate.
    for_all: bool,
}

async fn notice_page(app: &App, viewer: &Viewer, shell: Shell, form: Form) -> Result<NoticePage> {
    let scope = viewer.scope(Permission::PublicationManage);
    let estates = place::estates_within(&mut app.db.read().await?, viewer.tenant, &scope).await?;
    let estates = estates.into_iter().map(|estate| (estate.id.to_string(), estate.name)).collect();
    Ok(NoticePage { shell, form, estates, for_all: scope.account.is_none() })
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let form = Form::filled(&[("days", &DAYS.0.to_string())]);
    page(&notice_page(&app, &viewer, shell, form).await?)
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::PublicationManage)?;
    let scope = viewer.scope(Permission::PublicationManage);
    let estate = form.optional_choice("estate", "小区", |id| id.parse::<Uuid>().ok());
    if estate.is_none() && scope.account.is_some() {
        form.fail("estate", "请选择贴在哪个小区");
    }
    let title = form.text("title", "标题", 2..=40);
    let text = form.text("text", "内容", 5..=2000);
    let days = form.choice("days", "公示几天", |text| {
        text.trim().parse::<i64>().ok().filter(|days| (1..=DAYS.1).contains(days))
    });
    let photos = photo::from_form(&app, &act, &mut form, "photos", MOST_PHOTOS).await?;
    if let (Some(days), true) = (days, form.ok()) {
        let mut tx = app.db.begin().await?;
        if let Some(estate) = estate {
            place::estate_within(&mut tx, viewer.tenant, &scope, estate).await?;
        }
        for photo in &photos {
            photo::attach(&mut tx, viewer.tenant, *photo).await?;
        }
        let snapshot = Snapshot { text, facts: Vec::new(), photos, link: None };
        let new = NewPublication {
            kind: PublicationKind::Announcement,
            estate,
            subject: act.id(),
            title,
            snapshot,
            period: Period::days(days),
            named: Vec::new(),
        };
        let done = store::publish(&mut tx, &act, new).await;
        if let Some(id) = form.noted("text", done)? {
            tx.commit().await?;
            return Ok(redirect(&format!("/publications/{id}"), "已登在公示栏"));
        }
    }
    page_again(&notice_page(&app, &viewer, shell, form).await?)
}

#[derive(Template)]
#[template(path = "board/manage.html")]
struct ShowPage {
    shell: Shell,
    publication: Publication,
    objections: Vec<(Objection, NewObjection)>,
    proofs: Vec<Proof>,
    now: Timestamp,
    form: Form,
}

impl ShowPage {
    fn verdicts(&self) -> Vec<(&'static str, &'static str)> {
        Verdict::ALL.iter().map(|verdict| (verdict.code(), verdict.label())).collect()
    }

    /// Whether the form that was refused answers this objection.
    fn answers(&self, objection: &Objection) -> bool {
        self.form.is("objection", &objection.id.to_string())
    }
}

async fn show_page(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, form: Form) -> Result<ShowPage> {
    let act = app.act(viewer, Permission::PublicationManage)?;
    let scope = viewer.scope(Permission::PublicationManage);
    let mut tx = app.db.read().await?;
    let publication = store::publication_in_reach(&mut tx, viewer.tenant, &scope, id).await?;
    let objections = objection::of_publication(&mut tx, viewer.tenant, id).await?;
    let opened = |objection: Objection| objection.open(&act).map(|words| (objection, words));
    let objections = objections.into_iter().map(opened).collect::<Result<_>>()?;
    let proofs = store::proofs(&mut tx, viewer.tenant, id).await?;
    Ok(ShowPage { shell, publication, objections, proofs, now: app.means.now(), form })
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&show_page(&app, &viewer, shell, id, Form::default()).await?)
}

/// Begins the transaction of a change, with the publication if it is within reach.
async fn reached(app: &App, viewer: &Viewer, id: Uuid) -> Result<(Tx, Act, Publication)> {
    let act = app.act(viewer, Permission::PublicationManage)?;
    let scope = viewer.scope(Permission::PublicationManage);
    let mut tx = app.db.begin().await?;
    let publication = store::publication_in_reach(&mut tx, viewer.tenant, &scope, id).await?;
    Ok((tx, act, publication))
}

async fn answer(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path((id, objection)): Path<(Uuid, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    form.set("objection", objection.to_string());
    let verdict = form.choice("verdict", "怎么处理", Verdict::parse);
    let words = form.text("answer", "答复", 4..=500);
    if let (Some(verdict), true) = (verdict, form.ok()) {
        let (mut tx, act, publication) = reached(&app, &viewer, id).await?;
        let done = objection::answer(&mut tx, &act, &publication, objection, verdict, &words).await;
        if let Some(()) = form.noted("answer", done)? {
            tx.commit().await?;
            return Ok(redirect(&format!("/publications/{id}"), "已答复，公示栏上可以看到"));
        }
    }
    page_again(&show_page(&app, &viewer, shell, id, form).await?)
}

async fn add_proofs(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::PublicationManage)?;
    let photos = photo::from_form(&app, &act, &mut form, "photos", MOST_PHOTOS).await?;
    if photos.is_empty() {
        form.fail("photos", "请拍一张公示栏的照片，或从相册里选");
    }
    if !form.ok() {
        return page_again(&show_page(&app, &viewer, shell, id, form).await?);
    }
    let (mut tx, act, publication) = reached(&app, &viewer, id).await?;
    for photo in photos {
        store::add_proof(&mut tx, &act, publication.id, photo).await?;
    }
    tx.commit().await?;
    Ok(redirect(&format!("/publications/{id}"), "照片已存"))
}

async fn show_proof(State(app): State<App>, viewer: Viewer, Path((id, photo)): Path<(Uuid, Uuid)>) -> Result<Response> {
    let scope = viewer.scope(Permission::PublicationManage);
    let mut tx = app.db.read().await?;
    let publication = store::publication_in_reach(&mut tx, viewer.tenant, &scope, id).await?;
    let proofs = store::proofs(&mut tx, viewer.tenant, publication.id).await?;
    if !proofs.iter().any(|proof| proof.photo_id == photo) {
        return Err(Error::NotFound);
    }
    Ok(photo::response(photo::read(&mut tx, viewer.tenant, photo, photo::Size::Full).await?))
}

async fn withdraw(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let why = form.text("why", "为什么撤下", 4..=100);
    if !form.ok() {
        return page_again(&show_page(&app, &viewer, shell, id, form).await?);
    }
    let (mut tx, act, publication) = reached(&app, &viewer, id).await?;
    let down = store::take_down(&mut tx, &act, &publication, form.version(), &why).await;
    if form.noted("why", down)?.is_none() {
        drop(tx);
        return page_again(&show_page(&app, &viewer, shell, id, form).await?);
    }
    tx.commit().await?;
    Ok(redirect(&format!("/publications/{id}"), "已从公示栏撤下，记录还在"))
}
