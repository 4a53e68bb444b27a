//! What staff see of lectures: what is coming, what schools have asked for, one session with its steps.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::{Cursor, Tx};
use serde::Deserialize;
use uuid::Uuid;

use super::{Options, a_day, chosen, days, number, offered, ticked};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::lecture::model::{NoteKind, RequestState, SessionState, SubjectKind, at_day, clock, today};
use crate::lecture::session::{self, Record, SessionSketch};
use crate::lecture::session_store::{
    self, AGREEMENTS, Agreement, CALLS, CAMPAIGNS, Call, Campaign, NOTES, Note, PHOTO, PHOTOS, Photo, REQUEST, Request,
    Session, Topic, WAITING,
};
use crate::lecture::store::{self, Class, Lecturer, Material, USABLE_MATERIALS};
use crate::photo;
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::{LectureArrange, LectureEdit, LectureRead};
    Routes::default()
        .get("/lectures", LectureRead, list)
        .get("/lectures/new", LectureArrange, new)
        .post("/lectures", LectureArrange, create)
        .get("/lectures/{id}", LectureRead, show)
        .get("/lectures/{id}/particulars", LectureArrange, edit)
        .post("/lectures/{id}/particulars", LectureArrange, change)
        .post("/lectures/{id}/cancellation", LectureArrange, cancel)
        .post("/lectures/{id}/materials", LectureArrange, attach)
        .post("/lectures/{id}/record", LectureArrange, record)
        .post("/lectures/{id}/questions", LectureArrange, ask)
        .post("/lectures/{id}/questions/{question}", LectureArrange, answer)
        .post("/lectures/{id}/photos", LectureArrange, add_photos)
        .get("/lectures/{id}/photos/{photo}", LectureRead, show_photo)
        .post("/lectures/{id}/photos/{photo}/removal", LectureArrange, drop_photo)
        .get("/lecture-requests/{id}", LectureRead, show_request)
        .post("/lecture-requests/{id}/refusal", LectureArrange, refuse)
        .get("/lecture-plans", LectureRead, plans)
        .post("/lecture-calls", LectureEdit, add_call)
        .post("/lecture-campaigns", LectureEdit, add_campaign)
        .post("/lecture-agreements", LectureEdit, add_agreement)
}

const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "lecture/web/list.html")]
struct ListPage {
    shell: Shell,
    sessions: Vec<Session>,
    requests: Vec<Request>,
    next: Option<String>,
    may_arrange: bool,
}

#[derive(Deserialize)]
struct Paging {
    after: Option<String>,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(paging): Query<Paging>) -> Result<Response> {
    let now = app.means.now();
    // From the beginning of today on, so that what is being given can be found.
    let since = now.as_millisecond() - 24 * 3_600_000;
    let after = paging.after.and_then(|text| text.parse().ok()).unwrap_or(Cursor { key: since, id: Uuid::nil() });
    let mut tx = app.db.read().await?;
    let sessions = session_store::coming(&mut tx, viewer.tenant, after, PAGE).await?;
    page(&ListPage {
        shell,
        next: sessions.next.map(|cursor| format!("/lectures?after={cursor}")),
        sessions: sessions.items,
        requests: tx.all(WAITING.bind(viewer.tenant)).await?,
        may_arrange: viewer.may(Permission::LectureArrange),
    })
}

/// What there is to be chosen from at a school.
struct Choices {
    schools: Options,
    halls: Options,
    classes: Vec<Class>,
    topics: Options,
    forms: Options,
    lecturers: Options,
    campaigns: Options,
}

impl Choices {
    async fn of(tx: &mut Tx, tenant: Uuid, school: Option<Uuid>) -> Result<Choices> {
        let schools = store::schools(tx, tenant).await?;
        let (halls, classes) = match school {
            Some(school) => (store::halls(tx, tenant, school).await?, store::classes(tx, tenant, school).await?),
            None => (Vec::new(), Vec::new()),
        };
        let lecturers = store::lecturers(tx, tenant).await?;
        let campaigns: Vec<Campaign> = tx.all(CAMPAIGNS.bind(tenant)).await?;
        Ok(Choices {
            schools: schools.into_iter().map(|one| (one.id.to_string(), one.name)).collect(),
            halls: halls.into_iter().map(|one| (one.id.to_string(), format!("{}（{} 人）", one.name, one.seats))).collect(),
            classes,
            topics: offered(&store::subjects(tx, tenant, SubjectKind::Topic).await?),
            forms: offered(&store::subjects(tx, tenant, SubjectKind::Form).await?),
            lecturers: lecturers.into_iter().map(|one| (one.id.to_string(), format!("{}（{}）", one.name, one.grades()))).collect(),
            campaigns: campaigns.into_iter().map(|one| (one.id.to_string(), one.theme)).collect(),
        })
    }

    fn classes(&self) -> Options {
        self.classes.iter().map(|one| (one.id.to_string(), format!("{}（{} 人）", one.full_name(), one.pupils))).collect()
    }
}

#[derive(Template)]
#[template(path = "lecture/web/form.html")]
struct FormPage {
    shell: Shell,
    form: Form,
    choices: Choices,
    school: Option<(Uuid, String)>,
    session: Option<Session>,
    request: Option<Request>,
}

impl FormPage {
    fn ticked(&self, name: &str, id: &str) -> bool {
        self.form.values(name).any(|one| one == id)
    }

    fn classes(&self) -> Options {
        self.choices.classes()
    }
}

#[derive(Deserialize, Default)]
struct About {
    school: Option<String>,
    request: Option<String>,
    day: Option<String>,
    lecturer: Option<String>,
    topic: Option<String>,
    /// Its classes are ticked.
    grade: Option<i64>,
}

async fn form_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    (form, session): (Form, Option<Session>),
) -> Result<FormPage> {
    let mut tx = app.db.read().await?;
    let request: Option<Request> = match form.value("request").parse::<Uuid>() {
        Ok(id) => tx.optional(REQUEST.bind(viewer.tenant).bind(id)).await?,
        Err(_) => None,
    };
    let school = session.as_ref().map(|session| session.school_id);
    let school = school.or(request.as_ref().map(|request| request.school_id)).or(form.value("school").parse().ok());
    let choices = Choices::of(&mut tx, viewer.tenant, school).await?;
    let school = school.and_then(|id| {
        let (_, name) = choices.schools.iter().find(|(known, _)| *known == id.to_string())?;
        Some((id, name.clone()))
    });
    Ok(FormPage { shell, form, choices, school, session, request })
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell, Query(about): Query<About>) -> Result<Response> {
    let mut form = Form::filled(&[
        ("school", about.school.as_deref().unwrap_or_default()),
        ("request", about.request.as_deref().unwrap_or_default()),
    ]);
    for (field, value) in [("day", &about.day), ("lecturer", &about.lecturer), ("topic", &about.topic)] {
        if let Some(value) = value {
            form.set(field, value.as_str());
        }
    }
    let known: Option<Request> = match form.value("request").parse::<Uuid>() {
        Ok(id) => app.db.read().await?.optional(REQUEST.bind(viewer.tenant).bind(id)).await?,
        Err(_) => None,
    };
    if let Some(known) = known {
        form.add("topic", known.topic_id.to_string());
        form.set("form", known.form_id.to_string());
        form.set("day", known.first_day);
        form.set("title", format!("{}法治课", known.topic_name));
    }
    let mut shown = form_page(&app, &viewer, shell, (form, None)).await?;
    let classes = shown.choices.classes.iter().filter(|class| Some(class.grade) == about.grade).map(|class| class.id);
    for id in classes.collect::<Vec<_>>() {
        shown.form.add("class", id.to_string());
    }
    page(&shown)
}

fn sketch(form: &mut Form, choices: &Choices, school: Uuid) -> Option<SessionSketch> {
    let title = form.text("title", "题目", 2..=60);
    let hall = form.choice("hall", "场地", |code| chosen(&choices.halls, code));
    let kind = form.choice("form", "形式", |code| chosen(&choices.forms, code));
    let campaign = form.optional_choice("campaign", "专项活动", |code| chosen(&choices.campaigns, code));
    let span = form.span();
    let why = form.open_text("why", "为什么这样安排", 2..=200, "不要写电话或身份证号");
    let topics = ticked(form, "topic", &choices.topics);
    let lecturers = ticked(form, "lecturer", &choices.lecturers);
    let classes = ticked(form, "class", &choices.classes());
    for (list, field, sentence) in
        [(&topics, "topics", "请选主题"), (&lecturers, "lecturers", "请选讲师"), (&classes, "classes", "请选哪些班来听")]
    {
        if list.is_empty() {
            form.fail(field, sentence);
        }
    }
    let request = form.value("request").parse().ok();
    let (hall, kind, span) = (hall?, kind?, span?);
    let sketch = SessionSketch { request, school, hall, form: kind, campaign, title, span, why, topics, lecturers, classes };
    form.ok().then_some(sketch)
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureArrange)?;
    let known = form_page(&app, &viewer, shell.clone(), (form.clone(), None)).await?;
    let Some((school, _)) = known.school else {
        form.fail("school", "请选择哪所学校");
        return page_again(&form_page(&app, &viewer, shell, (form, None)).await?);
    };
    if let Some(new) = sketch(&mut form, &known.choices, school) {
        let mut tx = app.db.begin().await?;
        let done = session::propose(&mut tx, &act, &new).await;
        if let Some(id) = form.ended(tx, "day", done).await? {
            return Ok(redirect(&format!("/lectures/{id}"), "已提出，等学校确认"));
        }
    }
    page_again(&form_page(&app, &viewer, shell, (form, None)).await?)
}

async fn edit(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let known = session_store::session(&mut tx, viewer.tenant, id).await?;
    let mut form = Form::filled(&[
        ("title", &known.title),
        ("hall", &known.hall_id.to_string()),
        ("form", &known.form_id.to_string()),
        ("campaign", &known.campaign_id.map(|id| id.to_string()).unwrap_or_default()),
        ("day", &at_day(known.starts_at).to_string()),
        ("from", &clock(known.starts_at)),
        ("until", &clock(known.ends_at)),
        ("why", &known.why),
        ("version", &known.lock_version.to_string()),
    ]);
    for topic in session_store::topics(&mut tx, viewer.tenant, id).await? {
        form.add("topic", topic.id.to_string());
    }
    for lecturer in session_store::lecturers(&mut tx, viewer.tenant, id).await? {
        form.add("lecturer", lecturer.id.to_string());
    }
    for class in session_store::classes(&mut tx, viewer.tenant, id).await? {
        form.add("class", class.id.to_string());
    }
    drop(tx);
    page(&form_page(&app, &viewer, shell, (form, Some(known))).await?)
}

async fn change(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureArrange)?;
    let mut tx = app.db.begin().await?;
    let known = session_store::session(&mut tx, viewer.tenant, id).await?;
    let choices = Choices::of(&mut tx, viewer.tenant, Some(known.school_id)).await?;
    let reason = form.open_text("reason", "为什么改", 2..=100, "不要写电话或身份证号");
    if let Some(to) = sketch(&mut form, &choices, known.school_id) {
        let seen = form.version();
        let done = session::change(&mut tx, &act, &known, seen, (&to, &reason)).await;
        if form.ended(tx, "day", done).await?.is_some() {
            return Ok(redirect(&format!("/lectures/{id}"), "已改，等学校重新确认"));
        }
    } else {
        drop(tx);
    }
    page_again(&form_page(&app, &viewer, shell, (form, Some(known))).await?)
}

#[derive(Template)]
#[template(path = "lecture/web/show.html")]
struct SessionPage {
    shell: Shell,
    session: Session,
    topics: Vec<Topic>,
    lecturers: Vec<Lecturer>,
    classes: Vec<Class>,
    materials: Vec<Material>,
    usable: Options,
    notes: Vec<Note>,
    photos: Vec<Photo>,
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

    fn questions(&self) -> impl Iterator<Item = &Note> {
        self.notes.iter().filter(|note| note.kind == NoteKind::Question)
    }

    fn course(&self) -> impl Iterator<Item = &Note> {
        self.notes.iter().filter(|note| note.kind != NoteKind::Question)
    }

    fn may_record(&self) -> bool {
        self.may_arrange
            && self.begun
            && self.session.school_confirmed_at.is_none()
            && matches!(self.session.state, SessionState::Agreed | SessionState::Held)
    }
}

async fn session_page(
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
    let form = form.unwrap_or_else(|| {
        let taught = (session.ends_at.as_second() - session.starts_at.as_second()) / 60;
        Form::filled(&[
            ("pupils", &text(session.pupils)),
            ("teachers", &text(session.teachers.or(Some(0)))),
            ("parents", &text(session.parents.or(Some(0)))),
            ("handouts", &text(session.handouts.or(Some(0)))),
            ("minutes", &text(session.minutes.or(Some(taught)))),
            ("course", &session.course),
            ("own_words", &session.own_words),
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

/// What a form says about what became of a session.
pub(super) fn what_became(form: &mut Form) -> Option<Record> {
    let pupils = number(form, "pupils", "到场学生", 0..=5000);
    let teachers = number(form, "teachers", "到场教师", 0..=500);
    let parents = number(form, "parents", "到场家长", 0..=5000);
    let handouts = number(form, "handouts", "发放资料", 0..=20_000);
    let minutes = number(form, "minutes", "讲了几分钟", 1..=480);
    let course = form.open_text("course", "讲课和互动情况", 0..=600, "不要写学生的姓名、电话或身份证号");
    let own_words = form.open_text("own_words", "讲师自评", 0..=600, "不要写学生的姓名、电话或身份证号");
    let (pupils, teachers, parents) = (pupils?, teachers?, parents?);
    let (handouts, minutes) = (handouts?, minutes?);
    form.ok().then_some(Record { pupils, teachers, parents, handouts, minutes, course, own_words })
}

async fn record(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureArrange)?;
    let mut tx = app.db.begin().await?;
    let known = session_store::session(&mut tx, viewer.tenant, id).await?;
    if let Some(what) = what_became(&mut form) {
        let done = session::record(&mut tx, &act, &known, form.version(), &what).await;
        if form.ended(tx, "pupils", done).await?.is_some() {
            return Ok(redirect(&format!("/lectures/{id}"), "已登记，等学校确认"));
        }
    } else {
        drop(tx);
    }
    page_again(&session_page(&app, &viewer, shell, id, (Some(form), "record")).await?)
}

async fn ask(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureArrange)?;
    let mut tx = app.db.begin().await?;
    session_store::session(&mut tx, viewer.tenant, id).await?;
    let words = form.open_text("question", "问了什么", 2..=300, "不要写学生的姓名、电话或身份证号");
    if form.ok() {
        session::add_question(&mut tx, &act, id, &words).await?;
        tx.commit().await?;
        return Ok(redirect(&format!("/lectures/{id}"), "问题已记下"));
    }
    drop(tx);
    page_again(&session_page(&app, &viewer, shell, id, (Some(form), "question")).await?)
}

async fn answer(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path((id, question)): Path<(Uuid, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureArrange)?;
    let mut tx = app.db.begin().await?;
    session_store::session(&mut tx, viewer.tenant, id).await?;
    let words = form.open_text("answer", "怎么回复、怎么跟进的", 2..=300, "不要写学生的姓名、电话或身份证号");
    if form.ok() {
        let done = session::answer_question(&mut tx, &act, id, question, &words).await;
        if form.ended(tx, "answer", done).await?.is_some() {
            return Ok(redirect(&format!("/lectures/{id}"), "已记下"));
        }
    } else {
        drop(tx);
    }
    page_again(&session_page(&app, &viewer, shell, id, (Some(form), "answer")).await?)
}

const MOST_PHOTOS: usize = 9;

async fn add_photos(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureArrange)?;
    session_store::session(&mut app.db.read().await?, viewer.tenant, id).await?;
    let consent = form.open_text("consent", "谁同意拍、怎么同意的", 4..=100, "不要写电话或身份证号");
    let photos = photo::from_form(&app, &act, &mut form, "photos", MOST_PHOTOS).await?;
    if photos.is_empty() {
        form.fail("photos", "请选照片");
    }
    if form.ok() {
        let mut tx = app.db.begin().await?;
        session::add_photos(&mut tx, &act, id, &photos, &consent).await?;
        tx.commit().await?;
        return Ok(redirect(&format!("/lectures/{id}"), "照片已存"));
    }
    page_again(&session_page(&app, &viewer, shell, id, (Some(form), "photo")).await?)
}

async fn show_photo(State(app): State<App>, viewer: Viewer, Path((id, picture)): Path<(Uuid, Uuid)>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let known: Photo = tx.one(PHOTO.bind(viewer.tenant).bind(id).bind(picture)).await?;
    Ok(photo::response(photo::read(&mut tx, viewer.tenant, known.photo_id, photo::Size::Full).await?))
}

async fn drop_photo(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, picture)): Path<(Uuid, Uuid)>,
    _form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureArrange)?;
    let mut tx = app.db.begin().await?;
    session::drop_photo(&mut tx, &act, id, picture).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/lectures/{id}"), "已不再显示"))
}

#[derive(Template)]
#[template(path = "lecture/web/request.html")]
struct RequestPage {
    shell: Shell,
    request: Request,
    form: Form,
    may_arrange: bool,
}

async fn show_request(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let request = session_store::request(&mut app.db.read().await?, viewer.tenant, id).await?;
    page(&RequestPage { shell, request, form: Form::default(), may_arrange: viewer.may(Permission::LectureArrange) })
}

async fn refuse(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureArrange)?;
    let mut tx = app.db.begin().await?;
    let request = session_store::request(&mut tx, viewer.tenant, id).await?;
    let why = form.open_text("why", "不受理的原因", 2..=100, "不要写电话或身份证号");
    if form.ok() {
        let done = session::end_request(&mut tx, &act, &request, RequestState::Refused, &why).await;
        if form.ended(tx, "why", done).await?.is_some() {
            return Ok(redirect("/lectures", "已答复学校"));
        }
    } else {
        drop(tx);
    }
    page_again(&RequestPage { shell, request, form, may_arrange: true })
}

#[derive(Template)]
#[template(path = "lecture/web/plans.html")]
struct PlansPage {
    shell: Shell,
    calls: Vec<Call>,
    campaigns: Vec<Campaign>,
    agreements: Vec<Agreement>,
    schools: Options,
    may_edit: bool,
    form: Form,
    /// Which form has to come back: call, campaign or agreement.
    failed: &'static str,
}

async fn plans_page(app: &App, viewer: &Viewer, shell: Shell, form: Form, failed: &'static str) -> Result<PlansPage> {
    let mut tx = app.db.read().await?;
    let day = today(app.means.now()).to_string();
    let schools = store::schools(&mut tx, viewer.tenant).await?;
    Ok(PlansPage {
        shell,
        calls: tx.all(CALLS.bind(viewer.tenant).bind(day)).await?,
        campaigns: tx.all(CAMPAIGNS.bind(viewer.tenant)).await?,
        agreements: tx.all(AGREEMENTS.bind(viewer.tenant)).await?,
        schools: schools.into_iter().map(|one| (one.id.to_string(), one.name)).collect(),
        may_edit: viewer.may(Permission::LectureEdit),
        form,
        failed,
    })
}

async fn plans(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    page(&plans_page(&app, &viewer, shell, Form::default(), "").await?)
}

async fn add_call(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let title = form.text("call_title", "标题", 2..=40);
    let words = form.open_text("call_words", "说明", 0..=300, "不要写电话或身份证号");
    let last = form.choice("call_last", "截止哪天", a_day);
    if form.ok()
        && let Some(last) = last
    {
        let mut tx = app.db.begin().await?;
        let done = session::call(&mut tx, &act, &title, &words, last).await;
        if form.ended(tx, "call_last", done).await?.is_some() {
            return Ok(redirect("/lecture-plans", "已发出，各学校的链接上看得到"));
        }
    }
    page_again(&plans_page(&app, &viewer, shell, form, "call").await?)
}

async fn add_campaign(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let theme = form.text("theme", "主题", 2..=40);
    let intended = number(&mut form, "intended", "打算讲几场", 1..=2000);
    let days = days(&mut form);
    if form.ok()
        && let Some((intended, days)) = intended.zip(days)
    {
        let mut tx = app.db.begin().await?;
        session::add_campaign(&mut tx, &act, (&theme, days, intended)).await?;
        tx.commit().await?;
        return Ok(redirect("/lecture-plans", "专项活动已登记"));
    }
    page_again(&plans_page(&app, &viewer, shell, form, "campaign").await?)
}

async fn add_agreement(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureEdit)?;
    let mut tx = app.db.begin().await?;
    let schools: Options =
        store::schools(&mut tx, viewer.tenant).await?.into_iter().map(|one| (one.id.to_string(), one.name)).collect();
    let school = form.choice("school", "哪所学校", |code| chosen(&schools, code));
    let title = form.text("agreement_title", "协议名称", 2..=40);
    let intended = number(&mut form, "agreement_intended", "每年打算讲几场", 1..=200);
    let first = form.choice("agreement_first", "从哪天", a_day);
    let last = form.choice("agreement_last", "到哪天", a_day);
    if first.zip(last).is_some_and(|(first, last)| last < first) {
        form.fail("agreement_last", "最后一天要在第一天以后");
    }
    if form.ok()
        && let Some(((school, intended), days)) = school.zip(intended).zip(first.zip(last))
    {
        session::add_agreement(&mut tx, &act, school, (&title, days, intended)).await?;
        tx.commit().await?;
        return Ok(redirect("/lecture-plans", "共建协议已登记"));
    }
    drop(tx);
    page_again(&plans_page(&app, &viewer, shell, form, "agreement").await?)
}
