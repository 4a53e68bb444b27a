//! What a school and a lecturer see by their own links.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use db::Tx;
use icalendar::{Alarm, Calendar, Component, Event, EventLike, EventStatus, Property, Trigger};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::about::About;
use super::given::what_became;
use super::{Options, chosen, material, number, offered, two_grades};
use crate::access::{self, Act, Link, Need, Routes};
use crate::app::App;
use crate::error::{Error, Result};
use crate::keys::Keys;
use crate::lecture::model::{RequestState, Rules, SessionState, SubjectKind, grade, today};
use crate::lecture::plan::{self, RequestSketch};
use crate::lecture::session_store::{
    self, CALLS, Call, MATERIALS_OF_LECTURER, MOVED_OF_SCHOOL, Named, OF_LECTURER, OF_SCHOOL, OwnWords, REQUESTS_OF,
    Request, SIGN_INS_OF_LECTURER, SIGN_INS_OF_SCHOOL, Session, Shown, SignIn, WORDS_OF_LECTURER,
};
use crate::lecture::store::{self, Class, FILE, File, Lecturer, PART, School};
use crate::lecture::{confidence, given, lecturer, presence, school, session};
use crate::settings;
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    Routes::default()
        .get("/lecture-guests/{link}", Need::Public, show_school)
        .get("/lecture-guests/{link}/calendar", Need::Public, school_calendar)
        .post("/lecture-guests/{link}/requests", Need::Public, ask)
        .post("/lecture-guests/{link}/requests/{asked}/withdrawal", Need::Public, withdraw)
        .post("/lecture-guests/{link}/sessions/{session}", Need::Public, answer)
        .get("/lecture-sign-in/{link}/{audience}", Need::Public, show_sign_in)
        .post("/lecture-sign-in/{link}/{audience}", Need::Public, sign_in)
        .get("/lecturing/{link}", Need::Public, show_lecturer)
        .get("/lecturing/{link}/calendar", Need::Public, lecturer_calendar)
        .get("/lecturing/{link}/materials/{material}", Need::Public, file)
        .post("/lecturing/{link}/sessions/{session}/record", Need::Public, record)
        .post("/lecturing/{link}/sessions/{session}/own-words", Need::Public, say)
}

/// So long after a session it is still shown.
const SHOWN: SignedDuration = SignedDuration::from_hours(24 * 60);

#[derive(Template)]
#[template(path = "lecture/web/guest.html")]
struct GuestPage {
    shell: Shell,
    link: String,
    school: School,
    calls: Vec<Call>,
    requests: Vec<Request>,
    sessions: Vec<Session>,
    about: About,
    moved: Vec<Named>,
    topics: Options,
    forms: Options,
    sign_ins: Vec<SignIn>,
    /// Those that were proposed for a day so near that the school has to say that it can do that.
    near: Vec<Uuid>,
    lead_days: i64,
    earliest: String,
    tenant: Uuid,
    keys: std::sync::Arc<Keys>,
    now: Timestamp,
    form: Form,
    failed: Option<Uuid>,
}

impl GuestPage {
    fn lecturers(&self, id: &Uuid) -> String {
        self.about.lecturers(id)
    }

    fn taught(&self, id: &Uuid) -> String {
        self.about.topics(id)
    }

    fn heard_by(&self, id: &Uuid) -> String {
        self.about.classes(id)
    }

    /// When it was to be before it was moved last; empty if it was not. Why it was moved may be about somebody, and is not the school's to read.
    fn was(&self, id: &Uuid) -> &str {
        let last = self.moved.iter().rfind(|one| one.session_id == *id);
        last.and_then(|one| one.name.split('：').next()).unwrap_or("")
    }

    fn call_options(&self) -> Options {
        self.calls.iter().map(|call| (call.id.to_string(), call.title.clone())).collect()
    }

    fn is_near(&self, id: &Uuid) -> bool {
        self.near.contains(id)
    }

    /// What waits for nobody but the school is said as that.
    fn state(&self, session: &Session) -> String {
        match session.state {
            _ if session.disputed() => "等对方核对".to_owned(),
            SessionState::Proposed if session.starts_at > self.now => "等学校确认".to_owned(),
            SessionState::Proposed => "没有答复".to_owned(),
            state => state.to_string(),
        }
    }

    /// It is near enough for classes to be signed in.
    fn signs_in(&self, session: &Session) -> bool {
        (session.state == SessionState::Agreed || session.written_down()) && session.school_confirmed_at.is_none()
    }

    /// Each class with the address by which it is signed in, and how many were.
    fn to_sign_in(&self, id: &Uuid) -> Vec<(String, String, Option<i64>)> {
        let own = self.about.classes.iter().filter(|class| class.session_id == *id);
        own.map(|class| {
            let there = self.sign_ins.iter().find(|one| one.session_id == *id && one.class_id == class.id);
            let path = sign_in_path(self.tenant, *id, class.id, &self.keys);
            (format!("{}{}", grade(class.grade), class.name), path, there.map(|one| one.present))
        })
        .collect()
    }

    fn grades(&self) -> Options {
        let (first, last) = self.school.stage.grades();
        (first..=last).map(|at| (at.to_string(), grade(at).to_owned())).collect()
    }

    fn opened(&self, id: &Uuid) -> bool {
        self.failed == Some(*id)
    }

    /// Which version a form is of: one that comes back was filled in by what was read then, and not by what somebody has changed meanwhile.
    fn seen(&self, session: &Session) -> i64 {
        if self.opened(&session.id) { self.form.version() } else { session.lock_version }
    }

    fn to_answer(&self, session: &Session) -> bool {
        session.state == SessionState::Proposed && session.starts_at > self.now
    }

    fn to_confirm(&self, session: &Session) -> bool {
        session.unconfirmed()
    }

    /// How long until it takes place, for those that are agreed; empty otherwise.
    fn countdown(&self, session: &Session) -> String {
        if session.state != SessionState::Agreed || session.starts_at <= self.now {
            return String::new();
        }
        match (session.starts_at.as_second() - self.now.as_second()) / 86_400 {
            0 => "不到一天就上课，请准备场地和投影。".to_owned(),
            days => format!("还有 {days} 天。"),
        }
    }
}

async fn school_by(app: &App, tx: &mut Tx, text: &str) -> Result<(Act, School)> {
    let link: Link = text.parse().map_err(|()| Error::NotFound)?;
    let school = school::by_link(tx, &link, &app.means.keys).await?;
    Ok((Act::resident(link.tenant, &app.means), school))
}

async fn guest_page(app: &App, shell: Shell, link: String, form: Form, failed: Option<Uuid>) -> Result<GuestPage> {
    let mut tx = app.db.read().await?;
    let (act, school) = school_by(app, &mut tx, &link).await?;
    let tenant = access::tenant(&mut tx, act.tenant).await?;
    let since = act.at - SHOWN;
    let rules: Rules = settings::read(&mut tx, act.tenant, act.at).await?;
    let sessions: Vec<Session> = tx.all(OF_SCHOOL.bind(act.tenant).bind(school.id).bind(since)).await?;
    // As it was known since the first of those that wait for an answer was proposed.
    let open: Vec<&Session> = sessions.iter().filter(|one| one.state == SessionState::Proposed).collect();
    let first = open.iter().filter_map(|one| one.team_agreed_at).min().unwrap_or(act.at);
    let table = school::timetable(&mut tx, act.tenant, today(first)).await?;
    let near = open.iter().filter(|one| session::at_short_notice(one, &rules, &table)).map(|one| one.id).collect();
    Ok(GuestPage {
        shell: shell.of_community(&tenant.name, ""),
        calls: tx.all(CALLS.bind(act.tenant).bind(today(act.at).to_string())).await?,
        requests: tx.all(REQUESTS_OF.bind(act.tenant).bind(school.id)).await?,
        sessions,
        near,
        lead_days: rules.lead_days,
        earliest: rules.earliest_with(today(act.at), &table, school.id).map_or(String::new(), |day| day.to_string()),
        about: About::of_school(&mut tx, act.tenant, school.id, since).await?,
        moved: tx.all(MOVED_OF_SCHOOL.bind(act.tenant).bind(school.id).bind(since)).await?,
        sign_ins: tx.all(SIGN_INS_OF_SCHOOL.bind(act.tenant).bind(school.id).bind(since)).await?,
        tenant: act.tenant,
        keys: app.means.keys.clone(),
        topics: offered(&store::subjects(&mut tx, act.tenant, SubjectKind::Topic).await?),
        forms: offered(&store::subjects(&mut tx, act.tenant, SubjectKind::Form).await?),
        now: act.at,
        link,
        school,
        form,
        failed,
    })
}

/// Notes at a field that so much comes by one link that it has to wait; what was typed comes back with it. A school or an office is one address with
/// many people behind it, so what is counted is the link.
fn too_many(app: &App, of: (Uuid, &'static str), form: &mut Form, field: &str) {
    if let Err(seconds) = app.links.take(&of) {
        form.fail(field, format!("现在提交的太多，您填的还在下面，过 {seconds} 秒再点一次"));
    }
}

async fn show_school(State(app): State<App>, shell: Shell, Path(link): Path<String>) -> Result<Response> {
    page(&guest_page(&app, shell, link, Form::default(), None).await?)
}

async fn ask(State(app): State<App>, shell: Shell, Path(link): Path<String>, mut form: Form) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let (act, school) = school_by(&app, &mut tx, &link).await?;
    too_many(&app, (school.id, "guest"), &mut form, "first");
    let topics = offered(&store::subjects(&mut tx, act.tenant, SubjectKind::Topic).await?);
    let forms = offered(&store::subjects(&mut tx, act.tenant, SubjectKind::Form).await?);
    let calls: Vec<Call> = tx.all(CALLS.bind(act.tenant).bind(today(act.at).to_string())).await?;
    let calls: Options = calls.into_iter().map(|call| (call.id.to_string(), call.title)).collect();
    let call = form.optional_choice("call", "征集", |code| chosen(&calls, code));
    let topic = form.choice("topic", "主题", |code| chosen(&topics, code));
    let kind = form.choice("form", "形式", |code| chosen(&forms, code));
    let grades = two_grades(&mut form);
    let days = super::days(&mut form);
    let words = form.open_text("words", "说明", 0..=300, "不要写学生的姓名、电话或身份证号");
    if form.ok()
        && let Some(((topic, kind), (grades, days))) = topic.zip(kind).zip(grades.zip(days))
    {
        let new = RequestSketch { call, topic, form: kind, grades, days, words };
        let done = plan::ask(&mut tx, &act, school.id, &new).await;
        if form.ended(tx, "first", done).await?.is_some() {
            return Ok(redirect(&format!("/lecture-guests/{link}"), "需求已提出，安排好以后这里看得到"));
        }
    } else {
        drop(tx);
    }
    page_again(&guest_page(&app, shell, link, form, None).await?)
}

async fn withdraw(
    State(app): State<App>,
    shell: Shell,
    Path((link, id)): Path<(String, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let (act, school) = school_by(&app, &mut tx, &link).await?;
    too_many(&app, (school.id, "guest"), &mut form, "why");
    let request = session_store::request(&mut tx, act.tenant, id).await?;
    if request.school_id != school.id {
        return Err(Error::NotFound);
    }
    let why = form.open_text("why", "撤回的原因", 2..=100, "不要写电话或身份证号");
    if form.ok() {
        let done = plan::end_request(&mut tx, &act, &request, RequestState::Withdrawn, &why).await;
        if form.ended(tx, "why", done).await?.is_some() {
            return Ok(redirect(&format!("/lecture-guests/{link}"), "已撤回"));
        }
    } else {
        drop(tx);
    }
    page_again(&guest_page(&app, shell, link, form, Some(id)).await?)
}

async fn answer(
    State(app): State<App>,
    shell: Shell,
    Path((link, id)): Path<(String, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let (act, school) = school_by(&app, &mut tx, &link).await?;
    let known = session_store::session(&mut tx, act.tenant, id).await?;
    if known.school_id != school.id {
        return Err(Error::NotFound);
    }
    too_many(&app, (school.id, "guest"), &mut form, "step");
    if !form.ok() {
        drop(tx);
        return page_again(&guest_page(&app, shell, link, form, Some(id)).await?);
    }
    let seen = form.version();
    let (field, said, done) = match form.value("step") {
        "agree" => {
            let near = form.is("near", "yes");
            ("step", "已同意，日子定下来了", session::agree(&mut tx, &act, &known, seen, near).await)
        }
        "decline" => {
            let why = form.open_text("why", "原因", 2..=100, "不要写电话或身份证号");
            let done =
                if form.ok() { session::cancel(&mut tx, &act, &known, seen, (true, &why)).await } else { Ok(()) };
            ("why", "已告诉对方，会另外约", done)
        }
        "confirm" => {
            let words = form.open_text("words", "学校的意见", 0..=300, "不要写学生的姓名、电话或身份证号");
            let done = if form.ok() { given::confirm(&mut tx, &act, &known, seen, &words).await } else { Ok(()) };
            ("words", "已确认", done)
        }
        "dispute" => {
            let why = form.open_text("wrong", "哪里不属实", 2..=200, "不要写学生的姓名、电话或身份证号");
            let done = if form.ok() { given::dispute(&mut tx, &act, &known, seen, &why).await } else { Ok(()) };
            ("wrong", "已告诉对方，核对以后重新登记，再请学校确认", done)
        }
        _ => ("step", "", Err(Error::refused("没有看懂要做什么，请再点一次"))),
    };
    if form.ok() && form.noted(field, done)?.is_some() {
        tx.commit().await?;
        return Ok(redirect(&format!("/lecture-guests/{link}"), said));
    }
    drop(tx);
    page_again(&guest_page(&app, shell, link, form, Some(id)).await?)
}

/// The address by which whoever brings a class says how many of it are there.
pub(super) fn sign_in_path(tenant: Uuid, session: Uuid, class: Uuid, keys: &Keys) -> String {
    format!("/lecture-sign-in/{}/{class}", presence::sign_in_link(tenant, session, class, keys))
}

#[derive(Template)]
#[template(path = "lecture/web/sign-in.html")]
struct SignInPage {
    shell: Shell,
    link: String,
    session: Session,
    class: Class,
    present: Option<i64>,
    closed: Option<&'static str>,
    form: Form,
}

async fn sign_in_page(
    app: &App,
    tx: &mut Tx,
    shell: Shell,
    (link, class): (String, Uuid),
    form: Form,
) -> Result<(Act, SignInPage)> {
    let read: Link = link.parse().map_err(|()| Error::NotFound)?;
    if !presence::is_sign_in_link(&read, class, &app.means.keys) {
        return Err(Error::NotFound);
    }
    let act = Act::resident(read.tenant, &app.means);
    let session = session_store::session(tx, act.tenant, read.id).await?;
    let classes = session_store::classes(tx, act.tenant, session.id).await?;
    let class = classes.into_iter().find(|one| one.id == class).ok_or(Error::NotFound)?;
    let sign_ins = session_store::sign_ins(tx, act.tenant, session.id).await?;
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    let tenant = access::tenant(tx, act.tenant).await?;
    let page = SignInPage {
        shell: shell.of_community(&tenant.name, ""),
        link,
        present: sign_ins.iter().find(|one| one.class_id == class.id).map(|one| one.present),
        closed: presence::sign_in_closed(&session, &rules, act.at),
        session,
        class,
        form,
    };
    Ok((act, page))
}

async fn show_sign_in(
    State(app): State<App>,
    shell: Shell,
    Path((link, class)): Path<(String, Uuid)>,
) -> Result<Response> {
    page(&sign_in_page(&app, &mut app.db.read().await?, shell, (link, class), Form::default()).await?.1)
}

async fn sign_in(
    State(app): State<App>,
    shell: Shell,
    Path((link, class)): Path<(String, Uuid)>,
    form: Form,
) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let (act, mut shown) = sign_in_page(&app, &mut tx, shell, (link.clone(), class), form).await?;
    too_many(&app, (shown.class.id, "sign in"), &mut shown.form, "present");
    let present = number(&mut shown.form, "present", "到场人数", 0..=200);
    if let Some(present) = present.filter(|_| shown.form.ok()) {
        let done = presence::sign_in(&mut tx, &act, &shown.session, &shown.class, present).await;
        if shown.form.ended(tx, "present", done).await?.is_some() {
            return Ok(redirect(&format!("/lecture-sign-in/{link}/{class}"), "已签到，改了再报一次就行"));
        }
    }
    page_again(&shown)
}

/// `20261126T010000Z`
fn utc(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// A phone reminds the day before, and in time to set out or to make the room ready. The same identity and a higher sequence replace what a calendar has already; a session that is called off is taken out of it.
fn calendar(
    (sessions, about, with): (&[Session], &About, &str),
    (name, page): (&str, &str),
    ahead: u16,
    now: Timestamp,
) -> Response {
    let mut calendar = Calendar::new();
    calendar.name(name).append_property(("REFRESH-INTERVAL;VALUE=DURATION", "PT4H"));
    for session in sessions {
        let status = match session.state {
            SessionState::Cancelled => EventStatus::Cancelled,
            SessionState::Proposed => EventStatus::Tentative,
            _ => EventStatus::Confirmed,
        };
        let mut event = Event::new();
        event
            .uid(&format!("{}@doorstep", session.id))
            .summary(&session.title)
            .location(&format!("{} {}", session.school_name, session.hall_name))
            .description(&about.words(session, with))
            .url(page)
            .status(status)
            .add_property("SEQUENCE", session.lock_version.to_string())
            .add_property("DTSTAMP", utc(now))
            .add_property("DTSTART", utc(session.starts_at))
            .add_property("DTEND", utc(session.ends_at));
        if matches!(session.state, SessionState::Proposed | SessionState::Agreed) {
            for before in ["P1D".to_owned(), format!("PT{ahead}M")] {
                if let Ok(Trigger::Duration(time, _)) = Trigger::try_from(&Property::new("TRIGGER", before)) {
                    event.alarm(Alarm::display(&session.title, Trigger::before_start(time)));
                }
            }
        }
        calendar.push(event.done());
    }
    let kind = (CONTENT_TYPE, "text/calendar; charset=utf-8");
    ([kind, (CONTENT_DISPOSITION, "inline; filename=\"lectures.ics\"")], calendar.done().to_string()).into_response()
}

async fn school_calendar(State(app): State<App>, Path(link): Path<String>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let (act, school) = school_by(&app, &mut tx, &link).await?;
    let since = act.at - SHOWN;
    let sessions: Vec<Session> = tx.all(OF_SCHOOL.bind(act.tenant).bind(school.id).bind(since)).await?;
    let about = About::of_school(&mut tx, act.tenant, school.id, since).await?;
    let page = app.link(&format!("/lecture-guests/{link}"));
    Ok(calendar((&sessions, &about, "讲师"), ("法治课", &page), 60, act.at))
}

#[derive(Template)]
#[template(path = "lecture/web/lecturing.html")]
struct LecturerPage {
    shell: Shell,
    link: String,
    lecturer: Lecturer,
    sessions: Vec<Session>,
    about: About,
    materials: Vec<Shown>,
    sign_ins: Vec<SignIn>,
    own_words: Vec<OwnWords>,
    /// Where they write down what a pupil has told them, by session.
    tenant: Uuid,
    keys: std::sync::Arc<Keys>,
    unvetted: Option<String>,
    now: Timestamp,
    form: Form,
    failed: Option<Uuid>,
}

impl LecturerPage {
    fn topics(&self, id: &Uuid) -> String {
        self.about.topics(id)
    }

    fn heard_by(&self, id: &Uuid) -> String {
        self.about.classes(id)
    }

    /// Those who give it with them.
    fn beside(&self, id: &Uuid) -> String {
        self.about.lecturers(id)
    }

    fn materials(&self, id: &Uuid) -> Vec<&Shown> {
        self.materials.iter().filter(|one| one.session_id == *id).collect()
    }

    fn opened(&self, id: &Uuid) -> bool {
        self.failed == Some(*id)
    }

    /// Which version a form is of: one that comes back was filled in by what was read then, and not by what somebody has changed meanwhile.
    fn seen(&self, session: &Session) -> i64 {
        if self.opened(&session.id) { self.form.version() } else { session.lock_version }
    }

    /// What stands in a field of the record: what was typed, what was written down before, or what the classes say.
    fn filled(&self, session: &Session, name: &str) -> String {
        if self.opened(&session.id) {
            return self.form.value(name).to_owned();
        }
        let number = |number: Option<i64>| number.map_or(String::new(), |number| number.to_string());
        let counted: Vec<i64> =
            self.sign_ins.iter().filter(|one| one.session_id == session.id).map(|one| one.present).collect();
        let present = (!counted.is_empty()).then(|| counted.iter().sum());
        let planned = (session.ends_at.as_second() - session.starts_at.as_second()) / 60;
        match name {
            "pupils" => number(session.pupils.or(present)),
            "teachers" => number(session.teachers.or(Some(0))),
            "parents" => number(session.parents.or(Some(0))),
            "handouts" => number(session.handouts.or(Some(0))),
            "minutes" => number(session.minutes.or(Some(planned))),
            "course" => session.course.clone(),
            "own_words" => {
                let own = self.own_words.iter().find(|one| one.session_id == session.id);
                own.map_or(String::new(), |one| one.own_words.clone())
            }
            _ => String::new(),
        }
    }

    fn help(&self, id: &Uuid) -> String {
        format!("/lecture-help/{}", confidence::help_link(self.tenant, *id, &self.keys))
    }

    fn may_record(&self, session: &Session) -> bool {
        session.may_be_put_right(self.now)
    }

    /// The record is closed, and what they think of it is still theirs to say.
    fn may_say(&self, session: &Session) -> bool {
        session.school_confirmed_at.is_some()
    }
}

impl Shown {
    pub fn is_video(&self) -> bool {
        self.media_type.starts_with("video/")
    }
}

async fn lecturer_by(app: &App, tx: &mut Tx, text: &str) -> Result<(Act, Lecturer)> {
    let link: Link = text.parse().map_err(|()| Error::NotFound)?;
    let lecturer = lecturer::by_link(tx, &link, &app.means.keys).await?;
    Ok((Act::resident(link.tenant, &app.means), lecturer))
}

async fn own_page(app: &App, shell: Shell, link: String, form: Form, failed: Option<Uuid>) -> Result<LecturerPage> {
    let mut tx = app.db.read().await?;
    let (act, lecturer) = lecturer_by(app, &mut tx, &link).await?;
    let tenant = access::tenant(&mut tx, act.tenant).await?;
    Ok(LecturerPage {
        shell: shell.of_community(&tenant.name, ""),
        sessions: tx.all(OF_LECTURER.bind(act.tenant).bind(lecturer.id).bind(act.at - SHOWN)).await?,
        about: About::of_lecturer(&mut tx, act.tenant, lecturer.id, act.at - SHOWN).await?,
        materials: tx.all(MATERIALS_OF_LECTURER.bind(act.tenant).bind(lecturer.id)).await?,
        sign_ins: tx.all(SIGN_INS_OF_LECTURER.bind(act.tenant).bind(lecturer.id).bind(act.at - SHOWN)).await?,
        own_words: tx.all(WORDS_OF_LECTURER.bind(act.tenant).bind(lecturer.id)).await?,
        tenant: act.tenant,
        keys: app.means.keys.clone(),
        unvetted: lecturer.unvetted(today(act.at)),
        now: act.at,
        link,
        lecturer,
        form,
        failed,
    })
}

async fn show_lecturer(State(app): State<App>, shell: Shell, Path(link): Path<String>) -> Result<Response> {
    page(&own_page(&app, shell, link, Form::default(), None).await?)
}

async fn lecturer_calendar(State(app): State<App>, Path(link): Path<String>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let (act, lecturer) = lecturer_by(&app, &mut tx, &link).await?;
    let sessions: Vec<Session> = tx.all(OF_LECTURER.bind(act.tenant).bind(lecturer.id).bind(act.at - SHOWN)).await?;
    let about = About::of_lecturer(&mut tx, act.tenant, lecturer.id, act.at - SHOWN).await?;
    // Whoever has the longest way sets out with half an hour to spare.
    let farthest = store::schools(&mut tx, act.tenant).await?.iter().map(|one| one.travel_minutes).max().unwrap_or(0);
    let ahead = u16::try_from(farthest + 30).unwrap_or(60);
    let page = app.link(&format!("/lecturing/{link}"));
    Ok(calendar((&sessions, &about, "一起讲的"), ("我的法治课", &page), ahead, act.at))
}

/// A material of one of their own sessions.
async fn file(State(app): State<App>, Path((link, id)): Path<(String, Uuid)>, headers: HeaderMap) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let (act, lecturer) = lecturer_by(&app, &mut tx, &link).await?;
    let own: Vec<Shown> = tx.all(MATERIALS_OF_LECTURER.bind(act.tenant).bind(lecturer.id)).await?;
    if !own.iter().any(|one| one.id == id) {
        return Err(Error::NotFound);
    }
    let file: File = tx.one(FILE.bind(act.tenant).bind(id)).await?;
    material::answer(&mut tx, (PART, act.tenant, id), file, &headers).await
}

/// What they think of it themselves, also when the record is closed.
async fn say(
    State(app): State<App>,
    shell: Shell,
    Path((link, id)): Path<(String, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let (act, lecturer) = lecturer_by(&app, &mut tx, &link).await?;
    let known = session::of_lecturer(&mut tx, act.tenant, &lecturer, id).await?;
    too_many(&app, (lecturer.id, "lecturing"), &mut form, "own_words");
    let words = form.open_text("own_words", "自评", 0..=600, "不要写学生的姓名、电话或身份证号");
    if form.ok() {
        let done = given::say(&mut tx, &act, &known, lecturer.id, &words).await;
        if form.ended(tx, "own_words", done).await?.is_some() {
            return Ok(redirect(&format!("/lecturing/{link}"), "自评已存"));
        }
    } else {
        drop(tx);
    }
    page_again(&own_page(&app, shell, link, form, Some(id)).await?)
}

async fn record(
    State(app): State<App>,
    shell: Shell,
    Path((link, id)): Path<(String, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let (act, lecturer) = lecturer_by(&app, &mut tx, &link).await?;
    let known = session::of_lecturer(&mut tx, act.tenant, &lecturer, id).await?;
    too_many(&app, (lecturer.id, "lecturing"), &mut form, "pupils");
    if let Some(what) = what_became(&mut form, Some(lecturer.id)) {
        let done = given::record(&mut tx, &act, &known, form.version(), &what).await;
        if form.ended(tx, "pupils", done).await?.is_some() {
            return Ok(redirect(&format!("/lecturing/{link}"), "已登记，等学校确认"));
        }
    } else {
        drop(tx);
    }
    page_again(&own_page(&app, shell, link, form, Some(id)).await?)
}
