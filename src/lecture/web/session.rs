//! What staff see of lectures: what is coming, what schools have asked for, one session with its steps.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::{Cursor, Tx};
use serde::Deserialize;
use uuid::Uuid;

use super::own::sign_in_path;
use super::{Options, a_day, chosen, days, number, offered, ticked};
use crate::access::{Act, Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::lecture::affected::{Affected, affected};
use crate::lecture::model::{NoteKind, RequestState, Rules, SessionState, SubjectKind, at_day, clock, today};
use crate::lecture::offer::{self, Offer};
use crate::lecture::session::{self, Paper, Record, SessionSketch};
use crate::lecture::session_store::{
    self, AGREEMENTS, ANSWERS, Agreement, Answer, CALLS, CAMPAIGNS, Call, Campaign, NOTES, Note, OwnWords, PHOTO,
    PHOTOS, Photo, REQUEST, Request, Session, SignIn, Topic, WAITING, WORDS_OF_SESSION,
};
use crate::lecture::store::{self, Class, Lecturer, Material, USABLE_MATERIALS};
use crate::web::{Form, Shell, page, page_again, qr, redirect};
use crate::{photo, settings};

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
        .get("/lectures/{id}/sign-in", LectureRead, sign_in_codes)
        .post("/lectures/{id}/sign-in", LectureArrange, set_present)
        .post("/lectures/{id}/materials", LectureArrange, attach)
        .post("/lectures/{id}/record", LectureArrange, record)
        .post("/lectures/{id}/confirmation", LectureArrange, confirm)
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
            halls: halls
                .into_iter()
                .map(|one| (one.id.to_string(), format!("{}（{} 人）", one.name, one.seats)))
                .collect(),
            classes,
            topics: offered(&store::subjects(tx, tenant, SubjectKind::Topic).await?),
            forms: offered(&store::subjects(tx, tenant, SubjectKind::Form).await?),
            lecturers: lecturers
                .into_iter()
                .map(|one| (one.id.to_string(), format!("{}（{}）", one.name, one.grades())))
                .collect(),
            campaigns: campaigns.into_iter().map(|one| (one.id.to_string(), one.theme)).collect(),
        })
    }

    fn classes(&self) -> Options {
        self.classes
            .iter()
            .map(|one| (one.id.to_string(), format!("{}（{} 人）", one.full_name(), one.pupils)))
            .collect()
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
    /// Working days ahead, and the first day for which something can still be arranged.
    ahead: i64,
    earliest: String,
    hours: (i64, i64),
}

impl FormPage {
    fn ticked(&self, name: &str, id: &str) -> bool {
        self.form.values(name).any(|one| one == id)
    }

    fn classes(&self) -> Options {
        self.choices.classes()
    }

    fn day_hint(&self) -> String {
        let (from, until) = self.hours;
        let hours = format!("避开考试和假期，{from} 点到 {until} 点之间。");
        match (self.session.is_some(), self.earliest.is_empty()) {
            (true, _) => format!("{hours}离上课不到 {} 个工作日的，学校要说明来得及。", self.ahead),
            (false, true) => format!("{hours}至少提前 {} 个工作日。", self.ahead),
            (false, false) => format!("{hours}至少提前 {} 个工作日，最早 {}。", self.ahead, self.earliest),
        }
    }
}

#[derive(Deserialize, Default)]
struct About {
    school: Option<String>,
    request: Option<String>,
    day: Option<String>,
    /// Several with commas between.
    lecturer: Option<String>,
    topic: Option<String>,
    grade: Option<String>,
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
    let now = app.means.now();
    let rules: Rules = settings::read(&mut tx, viewer.tenant, now).await?;
    let earliest = rules.earliest(today(now)).map_or(String::new(), |day| day.to_string());
    let hours = (rules.first_hour, rules.last_hour);
    Ok(FormPage { shell, form, choices, school, session, request, ahead: rules.lead_days, earliest, hours })
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell, Query(about): Query<About>) -> Result<Response> {
    let mut form = Form::filled(&[
        ("school", about.school.as_deref().unwrap_or_default()),
        ("request", about.request.as_deref().unwrap_or_default()),
    ]);
    for (field, value) in [("day", &about.day), ("topic", &about.topic)] {
        if let Some(value) = value {
            form.set(field, value.as_str());
        }
    }
    for lecturer in about.lecturer.as_deref().unwrap_or_default().split(',') {
        form.add("lecturer", lecturer);
    }
    let known: Option<Request> = match form.value("request").parse::<Uuid>() {
        Ok(id) => app.db.read().await?.optional(REQUEST.bind(viewer.tenant).bind(id)).await?,
        Err(_) => None,
    };
    let mut grades = about.grade.as_deref().and_then(|text| text.parse::<i64>().ok()).map(|grade| grade..=grade);
    if let Some(known) = known {
        let mut tx = app.db.read().await?;
        let (offers, _) = offer::offers(&mut tx, viewer.tenant, app.means.now(), &known).await?;
        if let Some(chosen) = offers.iter().find(|one| Some(one.day.to_string()) == about.day) {
            form.set("why", chosen.why.clone());
        } else {
            form.set("day", known.first_day.clone());
        }
        form.add("topic", known.topic_id.to_string());
        form.set("form", known.form_id.to_string());
        form.set("title", format!("{}法治课", known.topic_name));
        grades = Some(known.first_grade..=known.last_grade);
    }
    let mut shown = form_page(&app, &viewer, shell, (form, None)).await?;
    // Those who are meant hear it.
    if let Some(grades) = grades {
        for class in shown.choices.classes.iter().filter(|class| grades.contains(&class.grade)) {
            shown.form.add("class", class.id.to_string());
        }
    }
    page(&shown)
}

fn sketch(form: &mut Form, choices: &Choices, school: Uuid) -> Option<SessionSketch> {
    let title = form.open_text("title", "题目", 2..=60, "题目里不要写电话或身份证号");
    let hall = form.choice("hall", "场地", |code| chosen(&choices.halls, code));
    let kind = form.choice("form", "形式", |code| chosen(&choices.forms, code));
    let campaign = form.optional_choice("campaign", "专项活动", |code| chosen(&choices.campaigns, code));
    let span = form.span();
    let why = form.open_text("why", "为什么这样安排", 2..=200, "不要写电话或身份证号");
    let topics = ticked(form, "topic", &choices.topics);
    let lecturers = ticked(form, "lecturer", &choices.lecturers);
    let classes = ticked(form, "class", &choices.classes());
    for (list, field, sentence) in [
        (&topics, "topics", "请选主题"),
        (&lecturers, "lecturers", "请选讲师"),
        (&classes, "classes", "请选哪些班来听"),
    ] {
        if list.is_empty() {
            form.fail(field, sentence);
        }
    }
    let request = form.value("request").parse().ok();
    let (hall, kind, span) = (hall?, kind?, span?);
    let sketch =
        SessionSketch { request, school, hall, form: kind, campaign, title, span, why, topics, lecturers, classes };
    form.ok().then_some(sketch)
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureArrange)?;
    let known = form_page(&app, &viewer, shell.clone(), (form.clone(), None)).await?;
    let Some((school, _)) = known.school else {
        form.fail("school", "请选择哪所学校");
        return page_again(&form_page(&app, &viewer, shell, (form, None)).await?);
    };
    if let Some(mut new) = sketch(&mut form, &known.choices, school)
        && explained(&app, &act, &mut form, &known.request, &mut new).await?
    {
        let mut tx = app.db.begin().await?;
        let done = session::propose(&mut tx, &act, &new).await;
        if let Some(id) = form.ended(tx, "day", done).await? {
            return Ok(redirect(&format!("/lectures/{id}"), "已提出，等学校确认"));
        }
    }
    page_again(&form_page(&app, &viewer, shell, (form, None)).await?)
}

/// Where a proposal is not what the school has asked for, somebody says why, and the school reads it.
async fn explained(
    app: &App,
    act: &Act,
    form: &mut Form,
    request: &Option<Request>,
    new: &mut SessionSketch,
) -> Result<bool> {
    let Some(request) = request else { return Ok(true) };
    let apart = session::apart(&mut app.db.read().await?, act, request, new).await?;
    if apart.is_empty() {
        return Ok(true);
    }
    let why = form.open_text("apart", "为什么和需求不一样", 0..=100, "不要写电话或身份证号");
    if why.is_empty() {
        form.fail("apart", format!("和学校的需求不一样：{}。照需求改，或者写明为什么", apart.join("；")));
    } else {
        new.why = format!("{}。和需求不一样（{}）：{why}", new.why, apart.join("；"));
    }
    Ok(form.ok())
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

/// What a form says about what became of a session.
pub(super) fn what_became(form: &mut Form, own: Option<Uuid>) -> Option<Record> {
    let pupils = number(form, "pupils", "到场学生", 0..=5000);
    let teachers = number(form, "teachers", "到场教师", 0..=500);
    let parents = number(form, "parents", "到场家长", 0..=5000);
    let handouts = number(form, "handouts", "发放资料", 0..=20_000);
    let minutes = number(form, "minutes", "讲了几分钟", 1..=480);
    let course = form.open_text("course", "讲课和互动情况", 0..=600, "不要写学生的姓名、电话或身份证号");
    let own = own.map(|id| (id, form.open_text("own_words", "讲师自评", 0..=600, "不要写学生的姓名、电话或身份证号")));
    let knowing = form.is("knowing", "yes");
    let (pupils, teachers, parents) = (pupils?, teachers?, parents?);
    let (handouts, minutes) = (handouts?, minutes?);
    form.ok().then_some(Record { pupils, teachers, parents, handouts, minutes, course, own, knowing })
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
    if let Some(what) = what_became(&mut form, None) {
        let done = session::record(&mut tx, &act, &known, form.version(), &what).await;
        if form.ended(tx, "pupils", done).await?.is_some() {
            return Ok(redirect(&format!("/lectures/{id}"), "已登记，等学校确认"));
        }
    } else {
        drop(tx);
    }
    page_again(&session_page(&app, &viewer, shell, id, (Some(form), "record")).await?)
}

/// The school has said on paper that it was so.
async fn confirm(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureArrange)?;
    let mut tx = app.db.begin().await?;
    let known = session_store::session(&mut tx, viewer.tenant, id).await?;
    let by = form.open_text("paper_by", "谁签字、盖章的", 2..=40, "不要写电话或身份证号");
    let words = form.open_text("paper_words", "学校的意见", 0..=300, "不要写学生的姓名、电话或身份证号");
    let day = form.choice("paper_day", "哪天签字、盖章的", a_day);
    if form.ok()
        && let Some(day) = day
    {
        let done = session::confirm_on_paper(&mut tx, &act, &known, form.version(), &Paper { by, day, words }).await;
        if form.ended(tx, "paper_day", done).await?.is_some() {
            return Ok(redirect(&format!("/lectures/{id}"), "已登记学校的确认"));
        }
    } else {
        drop(tx);
    }
    page_again(&session_page(&app, &viewer, shell, id, (Some(form), "paper")).await?)
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

async fn show_photo(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, picture)): Path<(Uuid, Uuid)>,
) -> Result<Response> {
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
    offers: Vec<Offer>,
    /// Why there is none.
    none: String,
    form: Form,
    may_arrange: bool,
}

impl RequestPage {
    /// The form, filled with an offer.
    fn arranged(&self, offer: &Offer) -> String {
        let lecturers: Vec<String> = offer.lecturers.iter().map(|(id, _)| id.to_string()).collect();
        format!("/lectures/new?request={}&day={}&lecturer={}", self.request.id, offer.day, lecturers.join(","))
    }

    fn names(&self, offer: &Offer) -> String {
        offer.lecturers.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join("、")
    }
}

async fn request_page(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, form: Form) -> Result<RequestPage> {
    let mut tx = app.db.read().await?;
    let request = session_store::request(&mut tx, viewer.tenant, id).await?;
    let (offers, none) = match request.state {
        RequestState::Waiting => offer::offers(&mut tx, viewer.tenant, app.means.now(), &request).await?,
        _ => (Vec::new(), String::new()),
    };
    Ok(RequestPage { shell, request, offers, none, form, may_arrange: viewer.may(Permission::LectureArrange) })
}

async fn show_request(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&request_page(&app, &viewer, shell, id, Form::default()).await?)
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
    page_again(&request_page(&app, &viewer, shell, id, form).await?)
}

#[derive(Template)]
#[template(path = "lecture/web/plans.html")]
struct PlansPage {
    shell: Shell,
    calls: Vec<Call>,
    answers: Vec<Answer>,
    campaigns: Vec<Campaign>,
    agreements: Vec<Agreement>,
    schools: Options,
    may_edit: bool,
    form: Form,
    /// Which form has to come back: call, campaign or agreement.
    failed: &'static str,
}

impl PlansPage {
    /// The schools that have answered a call, and those that have not.
    fn answered(&self, call: &Uuid) -> (String, String) {
        let has = |id: &str| self.answers.iter().any(|one| one.call_id == *call && one.school_id.to_string() == id);
        let names = |wanted: bool| {
            let found = self.schools.iter().filter(|(id, _)| has(id) == wanted).map(|(_, name)| name.as_str());
            found.collect::<Vec<_>>().join("、")
        };
        (names(true), names(false))
    }
}

async fn plans_page(app: &App, viewer: &Viewer, shell: Shell, form: Form, failed: &'static str) -> Result<PlansPage> {
    let mut tx = app.db.read().await?;
    let day = today(app.means.now()).to_string();
    let schools = store::schools(&mut tx, viewer.tenant).await?;
    Ok(PlansPage {
        shell,
        calls: tx.all(CALLS.bind(viewer.tenant).bind(&day)).await?,
        answers: tx.all(ANSWERS.bind(viewer.tenant).bind(&day)).await?,
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

/// The links by which each class is signed in.
#[derive(Template)]
#[template(path = "lecture/web/sign-in-codes.html")]
struct SignInCodesPage {
    shell: Shell,
    session: Session,
    /// Each class with how many were there, the address and its picture.
    classes: Vec<(Class, Option<i64>, String, String)>,
    /// Whoever arranges may put these numbers right.
    may_set: bool,
    form: Form,
    /// The form of which class has to come back.
    failed: Option<Uuid>,
}

impl SignInCodesPage {
    fn opened(&self, class: &Uuid) -> bool {
        self.failed == Some(*class)
    }
}

async fn sign_in_codes(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&sign_in_codes_page(&app, &viewer, shell, id, (Form::default(), None)).await?)
}

async fn sign_in_codes_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    (form, failed): (Form, Option<Uuid>),
) -> Result<SignInCodesPage> {
    let now = app.means.now();
    let mut tx = app.db.read().await?;
    let session = session_store::session(&mut tx, viewer.tenant, id).await?;
    let sign_ins = session_store::sign_ins(&mut tx, viewer.tenant, id).await?;
    let mut classes = Vec::new();
    for class in session_store::classes(&mut tx, viewer.tenant, id).await? {
        let present = sign_ins.iter().find(|one| one.class_id == class.id).map(|one| one.present);
        let address = app.link(&sign_in_path(viewer.tenant, id, class.id, &app.means.keys));
        let picture = qr(&address)?;
        classes.push((class, present, address, picture));
    }
    let rules: Rules = settings::read(&mut tx, viewer.tenant, now).await?;
    let closed = session::numbers_closed(&session, &rules, now).is_some();
    let may_set = viewer.may(Permission::LectureArrange) && !closed;
    Ok(SignInCodesPage { shell, session, classes, may_set, form, failed })
}

/// A class that was counted wrongly, or not at all, is put right by the team until the school has confirmed it.
async fn set_present(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureArrange)?;
    let mut tx = app.db.begin().await?;
    let known = session_store::session(&mut tx, viewer.tenant, id).await?;
    let classes = session_store::classes(&mut tx, viewer.tenant, id).await?;
    let of = |code: &str| classes.iter().find(|one| one.id.to_string() == code);
    let class = form.choice("class", "哪个班", of);
    let present = number(&mut form, "present", "到场人数", 0..=200);
    if let Some((class, present)) = class.zip(present) {
        let done = session::set_present(&mut tx, &act, &known, class, present).await;
        if form.ended(tx, "present", done).await?.is_some() {
            return Ok(redirect(&format!("/lectures/{id}/sign-in"), "人数已改"));
        }
    } else {
        drop(tx);
    }
    let failed = class.map(|class| class.id);
    page_again(&sign_in_codes_page(&app, &viewer, shell, id, (form, failed)).await?)
}
