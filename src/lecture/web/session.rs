//! What staff see of lectures: the list of what is coming or was given, and one session.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::Cursor;
use serde::Deserialize;
use uuid::Uuid;

use super::Options;
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::lecture::affected::{Affected, affected};
use crate::lecture::model::{NoteKind, SessionState};
use crate::lecture::session;
use crate::lecture::session_store::{
    self, NOTES, Note, OwnWords, PHOTOS, Photo, Request, Session, SignIn, Topic, WAITING, WORDS_OF_SESSION,
};
use crate::lecture::store::{Class, Lecturer, Material, USABLE_MATERIALS};
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::{LectureArrange, LectureRead};
    Routes::default()
        .get("/lectures", LectureRead, list)
        .get("/lectures/{id}", LectureRead, show)
        .post("/lectures/{id}/cancellation", LectureArrange, cancel)
        .post("/lectures/{id}/materials", LectureArrange, attach)
}

const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "lecture/web/list.html")]
struct ListPage {
    shell: Shell,
    sessions: Vec<Session>,
    requests: Vec<Request>,
    /// What is arranged and cannot take place like that any more.
    affected: Vec<Affected>,
    next: Option<String>,
    /// The list of those that have begun, and which state of them.
    past: bool,
    state: String,
    may_arrange: bool,
}

impl ListPage {
    fn states(&self) -> Vec<(&'static str, &'static str)> {
        std::iter::once(("", "全部"))
            .chain(SessionState::ALL.iter().map(|state| (state.code(), state.label())))
            .collect()
    }
}

#[derive(Deserialize)]
struct Paging {
    after: Option<String>,
    before: Option<String>,
    past: Option<String>,
    state: Option<String>,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(paging): Query<Paging>) -> Result<Response> {
    let now = app.means.now();
    // From the beginning of today on, so that what is being given can be found.
    let since = now.as_millisecond() - 24 * 3_600_000;
    let mut tx = app.db.read().await?;
    if paging.past.is_some() || paging.before.is_some() {
        let state = paging.state.as_deref().and_then(SessionState::parse);
        let before = paging.before.and_then(|text| text.parse().ok());
        let before = before.unwrap_or(Cursor { key: now.as_millisecond(), id: Uuid::max() });
        let sessions = session_store::past(&mut tx, viewer.tenant, before, state, PAGE).await?;
        let state = state.map_or("", |state| state.code());
        return page(&ListPage {
            shell,
            next: sessions.next.map(|cursor| format!("/lectures?past=1&state={state}&before={cursor}")),
            sessions: sessions.items,
            requests: Vec::new(),
            affected: Vec::new(),
            past: true,
            state: state.to_owned(),
            may_arrange: viewer.may(Permission::LectureArrange),
        });
    }
    let after = paging.after.and_then(|text| text.parse().ok()).unwrap_or(Cursor { key: since, id: Uuid::nil() });
    let sessions = session_store::coming(&mut tx, viewer.tenant, after, PAGE).await?;
    page(&ListPage {
        shell,
        next: sessions.next.map(|cursor| format!("/lectures?after={cursor}")),
        sessions: sessions.items,
        requests: tx.all(WAITING.bind(viewer.tenant)).await?,
        affected: affected(&mut tx, viewer.tenant, now).await?,
        past: false,
        state: String::new(),
        may_arrange: viewer.may(Permission::LectureArrange),
    })
}

#[derive(Template)]
#[template(path = "lecture/web/show.html")]
pub(super) struct SessionPage {
    shell: Shell,
    session: Session,
    topics: Vec<Topic>,
    lecturers: Vec<Lecturer>,
    classes: Vec<Class>,
    materials: Vec<Material>,
    usable: Options,
    notes: Vec<Note>,
    photos: Vec<Photo>,
    sign_ins: Vec<SignIn>,
    own_words: Vec<OwnWords>,
    /// Those who had no valid query on that day.
    unvetted: Vec<String>,
    form: Form,
    /// Which form has to come back.
    failed: &'static str,
    may_arrange: bool,
    begun: bool,
}

impl SessionPage {
    fn topic_names(&self) -> String {
        self.topics.iter().map(|topic| topic.name.as_str()).collect::<Vec<_>>().join("、")
    }

    fn class_names(&self) -> String {
        self.classes.iter().map(Class::full_name).collect::<Vec<_>>().join("、")
    }

    fn pupils(&self) -> i64 {
        self.classes.iter().map(|class| class.pupils).sum()
    }

    /// `七年级1班 48 / 50`, for those that were signed in.
    fn signed_in(&self) -> Vec<String> {
        let of = |one: &SignIn| {
            let class = self.classes.iter().find(|class| class.id == one.class_id)?;
            Some(format!("{} {} / {}", class.full_name(), one.present, class.pupils))
        };
        self.sign_ins.iter().filter_map(of).collect()
    }

    fn present(&self) -> i64 {
        self.sign_ins.iter().map(|one| one.present).sum()
    }

    /// What is sent to the school in the group in which its teachers are.
    fn words_for_school(&self) -> String {
        let session = &self.session;
        let what = match session.state {
            _ if session.disputed() => "学校说登记的情况不属实，我们核对以后重新登记，再请在学校的链接上确认。",
            SessionState::Proposed if self.begun => {
                "学校还没有答复，时间已经过了。上了的，我们登记以后请在学校的链接上确认。"
            }
            SessionState::Proposed => "请在学校的链接上确认。",
            SessionState::Agreed => "请准备好场地和投影，通知来听的班；快上课时各班在学校的链接上签到。",
            SessionState::Held => "请在学校的链接上确认上课情况。",
            SessionState::Cancelled => "这节课取消了。",
        };
        format!(
            "【法治进校园】{}，{}，{}，主题：{}，来听的班：{}。{what}",
            session.when(),
            session.hall_name,
            session.title,
            self.topic_names(),
            self.class_names()
        )
    }

    fn questions(&self) -> impl Iterator<Item = &Note> {
        self.notes.iter().filter(|note| note.kind == NoteKind::Question)
    }

    /// It has begun and was not called off: questions and pictures are added.
    fn takes_more(&self) -> bool {
        self.begun && self.session.state != SessionState::Cancelled
    }

    /// What was asked is answered, whatever became of the lecture.
    fn shows_questions(&self) -> bool {
        self.takes_more() || self.questions().next().is_some()
    }

    /// A picture is taken away, whatever became of the lecture.
    fn shows_photos(&self) -> bool {
        self.takes_more() || !self.photos.is_empty()
    }

    fn course(&self) -> impl Iterator<Item = &Note> {
        self.notes.iter().filter(|note| note.kind != NoteKind::Question)
    }

    /// Which version a form is of: one that comes back was filled in by what was read then, and not by what somebody has changed meanwhile.
    fn seen(&self, form: &str) -> i64 {
        if self.failed == form { self.form.version() } else { self.session.lock_version }
    }

    fn may_record(&self) -> bool {
        self.may_arrange
            && self.begun
            && self.session.school_confirmed_at.is_none()
            && self.session.state != SessionState::Cancelled
    }

    /// What is still to come is moved; what has begun is put as it was.
    fn may_change(&self) -> bool {
        self.may_arrange && (self.session.open() || self.session.unconfirmed())
    }
}

pub(super) async fn session_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    (form, failed): (Option<Form>, &'static str),
) -> Result<SessionPage> {
    let tenant = viewer.tenant;
    let mut tx = app.db.read().await?;
    let session = session_store::session(&mut tx, tenant, id).await?;
    let text = |number: Option<i64>| number.map_or(String::new(), |number| number.to_string());
    let sign_ins = session_store::sign_ins(&mut tx, tenant, id).await?;
    let present = (!sign_ins.is_empty()).then(|| sign_ins.iter().map(|one| one.present).sum());
    let form = form.unwrap_or_else(|| {
        let taught = (session.ends_at.as_second() - session.starts_at.as_second()) / 60;
        Form::filled(&[
            ("pupils", &text(session.pupils.or(present))),
            ("teachers", &text(session.teachers.or(Some(0)))),
            ("parents", &text(session.parents.or(Some(0)))),
            ("handouts", &text(session.handouts.or(Some(0)))),
            ("minutes", &text(session.minutes.or(Some(taught)))),
            ("course", &session.course),
        ])
    });
    let materials = session_store::materials(&mut tx, tenant, id).await?;
    let usable: Vec<Material> = tx.all(USABLE_MATERIALS.bind(tenant)).await?;
    let usable = usable.into_iter().filter(|one| !materials.iter().any(|known| known.id == one.id));
    Ok(SessionPage {
        shell,
        topics: session_store::topics(&mut tx, tenant, id).await?,
        lecturers: session_store::lecturers(&mut tx, tenant, id).await?,
        classes: session_store::classes(&mut tx, tenant, id).await?,
        usable: usable.map(|one| (one.id.to_string(), format!("{}：{}", one.kind, one.title))).collect(),
        materials,
        notes: tx.all(NOTES.bind(tenant).bind(id)).await?,
        photos: tx.all(PHOTOS.bind(tenant).bind(id)).await?,
        own_words: tx.all(WORDS_OF_SESSION.bind(tenant).bind(id)).await?,
        unvetted: match session.state {
            SessionState::Cancelled => Vec::new(),
            _ => session::unvetted(&mut tx, tenant, &session).await?,
        },
        sign_ins,
        begun: session.starts_at <= app.means.now(),
        session,
        form,
        failed,
        may_arrange: viewer.may(Permission::LectureArrange),
    })
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&session_page(&app, &viewer, shell, id, (None, "")).await?)
}

async fn cancel(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureArrange)?;
    let mut tx = app.db.begin().await?;
    let known = session_store::session(&mut tx, viewer.tenant, id).await?;
    let why = form.open_text("cancel_why", "取消的原因", 2..=100, "不要写电话或身份证号");
    if form.ok() {
        let done = session::cancel(&mut tx, &act, &known, form.version(), (false, &why)).await;
        if form.ended(tx, "cancel_why", done).await?.is_some() {
            return Ok(redirect(&format!("/lectures/{id}"), "已取消，学校的链接上看得到原因"));
        }
    } else {
        drop(tx);
    }
    page_again(&session_page(&app, &viewer, shell, id, (Some(form), "cancel")).await?)
}

async fn attach(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureArrange)?;
    let mut tx = app.db.begin().await?;
    session_store::session(&mut tx, viewer.tenant, id).await?;
    if let Some(material) = form.choice("material", "材料", |code| code.parse::<Uuid>().ok()) {
        let (said, done) = if form.is("step", "detach") {
            ("已拿掉", session::detach(&mut tx, &act, id, material).await)
        } else {
            ("已加上", session::attach(&mut tx, &act, id, material).await)
        };
        if form.ended(tx, "material", done).await?.is_some() {
            return Ok(redirect(&format!("/lectures/{id}"), said));
        }
    } else {
        drop(tx);
    }
    page_again(&session_page(&app, &viewer, shell, id, (Some(form), "material")).await?)
}
