//! Who gives lectures.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use uuid::Uuid;

use super::{Options, a_day, all_grades, link_page, offered, ticked, two_grades};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::audit;
use crate::error::{Error, Result};
use crate::lecture::affected;
use crate::lecture::lecturer::{self, LecturerSketch};
use crate::lecture::model::{SubjectKind, today};
use crate::lecture::session_store::{OF_LECTURER, Session};
use crate::lecture::store::{self, ALL_TOPICS, ENDED_LECTURERS, Lecturer, TOPICS_OF, TopicOf, VETTINGS, Vetting};
use crate::web::{Form, Revealed, Shell, ValueForm, masked_phone, page, page_again, phone_hint, redirect};

pub fn routes() -> Routes {
    use Permission::{LectureArrange, LectureEdit, LectureRead};
    Routes::default()
        .get("/lecturers", LectureRead, list)
        .get("/lecturers/new", LectureEdit, new)
        .post("/lecturers", LectureEdit, create)
        .get("/lecturers/{id}", LectureRead, show)
        .get("/lecturers/{id}/particulars", LectureEdit, edit)
        .post("/lecturers/{id}/particulars", LectureEdit, change)
        .post("/lecturers/{id}/link", LectureEdit, give_link)
        .post("/lecturers/{id}/vettings", LectureEdit, vet)
        .post("/lecturers/{id}/vettings/{vetting}/removal", LectureEdit, void_vetting)
        .post("/lecturers/{id}/reveals", LectureArrange, reveal)
}

#[derive(Template)]
#[template(path = "lecture/web/lecturers.html")]
struct ListPage {
    shell: Shell,
    /// Each with the topics, and why they must not teach today.
    lecturers: Vec<(Lecturer, String, Option<String>)>,
    /// Those who give no lectures any more.
    ended: Vec<Lecturer>,
    may_edit: bool,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let topics: Vec<TopicOf> = tx.all(ALL_TOPICS.bind(viewer.tenant)).await?;
    let day = today(app.means.now());
    let of = |id: Uuid| {
        let names = topics.iter().filter(|topic| topic.lecturer_id == id).map(|topic| topic.name.as_str());
        names.collect::<Vec<_>>().join("、")
    };
    let lecturers = store::lecturers(&mut tx, viewer.tenant).await?;
    let lecturers = lecturers.into_iter().map(|one| {
        let (topics, why) = (of(one.id), one.unvetted(day));
        (one, topics, why)
    });
    let ended = tx.all(ENDED_LECTURERS.bind(viewer.tenant)).await?;
    page(&ListPage { shell, lecturers: lecturers.collect(), ended, may_edit: viewer.may(Permission::LectureEdit) })
}

#[derive(Template)]
#[template(path = "lecture/web/lecturer-form.html")]
struct FormPage {
    shell: Shell,
    form: Form,
    lecturer: Option<Lecturer>,
    /// Beside the number, which is not shown; empty if none is known.
    phone_hint: String,
    topics: Options,
}

impl FormPage {
    fn grades(&self) -> Options {
        all_grades()
    }

    fn ticked(&self, id: &str) -> bool {
        self.form.values("topic").any(|one| one == id)
    }
}

async fn topics(tx: &mut db::Tx, tenant: Uuid) -> Result<Options> {
    Ok(offered(&store::subjects(tx, tenant, SubjectKind::Topic).await?))
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let topics = topics(&mut app.db.read().await?, viewer.tenant).await?;
    let form = Form::filled(&[("first_grade", "7"), ("last_grade", "12")]);
    page(&FormPage { shell, form, lecturer: None, phone_hint: String::new(), topics })
}

/// What a form says about somebody; `kept` is the number that is known.
fn sketch(form: &mut Form, topics: &Options, kept: &str, ended: Option<jiff::Timestamp>) -> Option<LecturerSketch> {
    let name = form.person_name("name");
    let title = form.text("title", "职务", 0..=20);
    let phone = form.kept_phone("phone", kept);
    let grades = two_grades(form);
    let chosen = ticked(form, "topic", topics);
    if chosen.is_empty() {
        form.fail("topics", "请选择能讲哪些主题");
    }
    let (name, phone, grades) = (name?, phone?, grades?);
    form.ok().then_some(LecturerSketch { name, title, phone, grades, topics: chosen, ended_at: ended })
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    let topics = topics(&mut tx, viewer.tenant).await?;
    if let Some(new) = sketch(&mut form, &topics, "", None) {
        let id = lecturer::create(&mut tx, &act, &new).await?;
        tx.commit().await?;
        return Ok(redirect(&format!("/lecturers/{id}"), "已登记。接着登记从业查询的结果"));
    }
    drop(tx);
    page_again(&FormPage { shell, form, lecturer: None, phone_hint: String::new(), topics })
}

async fn edit(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.read().await?;
    let known = store::lecturer(&mut tx, viewer.tenant, id).await?;
    let mut form = Form::filled(&[
        ("name", &known.name),
        ("title", &known.title),
        ("first_grade", &known.first_grade.to_string()),
        ("last_grade", &known.last_grade.to_string()),
        ("version", &known.lock_version.to_string()),
    ]);
    let own: Vec<TopicOf> = tx.all(TOPICS_OF.bind(viewer.tenant).bind(id)).await?;
    for topic in own {
        form.add("topic", topic.topic_id.to_string());
    }
    if known.ended_at.is_some() {
        form.set("ended", "yes");
    }
    let topics = topics(&mut tx, viewer.tenant).await?;
    let phone_hint = phone_hint(&known.phone(&act)?);
    page(&FormPage { shell, form, lecturer: Some(known), phone_hint, topics })
}

async fn change(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    let known = store::lecturer(&mut tx, viewer.tenant, id).await?;
    let topics = topics(&mut tx, viewer.tenant).await?;
    let kept = known.phone(&act)?;
    let ended = form.is("ended", "yes").then(|| known.ended_at.unwrap_or(act.at));
    if let Some(to) = sketch(&mut form, &topics, &kept, ended) {
        lecturer::change(&mut tx, &act, id, form.version(), &to).await?;
        let said = affected::told(&mut tx, viewer.tenant, act.at, "已改好").await?;
        tx.commit().await?;
        return Ok(redirect(&format!("/lecturers/{id}"), &said));
    }
    drop(tx);
    page_again(&FormPage { shell, form, lecturer: Some(known), phone_hint: phone_hint(&kept), topics })
}

#[derive(Template)]
#[template(path = "lecture/web/lecturer.html")]
struct LecturerPage {
    shell: Shell,
    lecturer: Lecturer,
    /// As much of the number as everybody here sees.
    phone: String,
    topics: String,
    unvetted: Option<String>,
    vettings: Vec<Vetting>,
    sessions: Vec<Session>,
    may_edit: bool,
    may_reveal: bool,
    form: Form,
    /// The query whose own form has to come back.
    voided: Option<Uuid>,
}

impl LecturerPage {
    fn voiding(&self, one: &Vetting) -> bool {
        self.voided == Some(one.id)
    }

    /// Each query has this form: what is wrong in the one that comes back is found by its plain name.
    fn why_id(&self, one: &Vetting) -> String {
        if self.voiding(one) { "void_why".to_owned() } else { format!("void_why-{}", one.id) }
    }

    /// Whether the form of a new query is open: it comes back, or there is none yet.
    fn vets(&self) -> bool {
        let of_another = self.voided.is_some() || self.form.error("reason").is_some();
        self.vettings.is_empty() || (!self.form.ok() && !of_another)
    }
}

async fn lecturer_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    (form, voided): (Form, Option<Uuid>),
) -> Result<LecturerPage> {
    let act = app.act(viewer, Permission::LectureRead)?;
    let mut tx = app.db.read().await?;
    let lecturer = store::lecturer(&mut tx, viewer.tenant, id).await?;
    let topics: Vec<TopicOf> = tx.all(TOPICS_OF.bind(viewer.tenant).bind(id)).await?;
    let since = act.at - jiff::SignedDuration::from_hours(24 * 30);
    Ok(LecturerPage {
        shell,
        phone: masked_phone(&lecturer.phone(&act)?),
        topics: topics.into_iter().map(|topic| topic.name).collect::<Vec<_>>().join("、"),
        unvetted: lecturer.unvetted(today(act.at)),
        vettings: tx.all(VETTINGS.bind(viewer.tenant).bind(id)).await?,
        sessions: tx.all(OF_LECTURER.bind(viewer.tenant).bind(id).bind(since)).await?,
        lecturer,
        may_edit: viewer.may(Permission::LectureEdit),
        may_reveal: viewer.may(Permission::LectureArrange),
        form,
        voided,
    })
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&lecturer_page(&app, &viewer, shell, id, (Form::default(), None)).await?)
}

async fn give_link(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    _form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    store::lecturer(&mut tx, viewer.tenant, id).await?;
    lecturer::renew_link(&mut tx, &act, id).await?;
    let lecturer = store::lecturer(&mut tx, viewer.tenant, id).await?;
    tx.commit().await?;
    let address = app.link(&format!("/lecturing/{}", lecturer.link(viewer.tenant, &app.means.keys)));
    let words = "只转给本人。从这个链接看自己的课、放课件和视频、加到手机日历；别人的课看不到。";
    link_page(shell, lecturer.name, format!("/lecturers/{id}"), words, address)
}

async fn vet(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    store::lecturer(&mut tx, viewer.tenant, id).await?;
    let day = form.choice("checked_on", "哪天查询的", a_day);
    let passed = form.choice("result", "查询结果", |code| match code {
        "passed" => Some(true),
        "failed" => Some(false),
        _ => None,
    });
    let proof = form.open_text("proof", "查询文书编号", 2..=40, "只写文书编号，不写身份证号和电话");
    if form.ok()
        && let Some((day, passed)) = day.zip(passed)
    {
        let done = lecturer::vet(&mut tx, &act, id, (passed, day), &proof).await;
        if form.noted("checked_on", done)?.is_some() {
            let said = affected::told(&mut tx, viewer.tenant, act.at, "查询结果已登记").await?;
            tx.commit().await?;
            return Ok(redirect(&format!("/lecturers/{id}"), &said));
        }
    }
    drop(tx);
    page_again(&lecturer_page(&app, &viewer, shell, id, (form, None)).await?)
}

/// A query was entered wrongly: it counts no more, and the lectures that rested on it are asked about.
async fn void_vetting(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path((id, vetting)): Path<(Uuid, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    store::lecturer(&mut tx, viewer.tenant, id).await?;
    let why = form.open_text("void_why", "为什么作废", 2..=100, "不要写身份证号和电话");
    if form.ok() {
        let done = lecturer::void_vetting(&mut tx, &act, id, vetting, &why).await;
        if form.noted("void_why", done)?.is_some() {
            let said = affected::told(&mut tx, viewer.tenant, act.at, "这条查询已作废，按其余的算").await?;
            tx.commit().await?;
            return Ok(redirect(&format!("/lecturers/{id}"), &said));
        }
    }
    drop(tx);
    page_again(&lecturer_page(&app, &viewer, shell, id, (form, Some(vetting))).await?)
}

/// The whole number of somebody, with a reason that stays.
async fn reveal(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureArrange)?;
    let mut tx = app.db.begin().await?;
    let lecturer = store::lecturer(&mut tx, viewer.tenant, id).await?;
    let reason = form.reveal_reason("reason");
    if !form.ok() {
        drop(tx);
        return page_again(&lecturer_page(&app, &viewer, shell, id, (form, None)).await?);
    }
    let value = lecturer.phone(&act)?;
    if value.is_empty() {
        return Err(Error::refused("没有登记手机，不用查看。这次没有记入审计记录。"));
    }
    audit::record(&mut tx, &act, "reveal", ("lecturer", id), &format!("手机：{reason}"), &[]).await?;
    tx.commit().await?;
    let back = (format!("/lecturers/{id}"), "回到这位讲师");
    Revealed { shell, name: lecturer.name, what: "手机", value, form: ValueForm::Phone, reason, back }.page()
}
