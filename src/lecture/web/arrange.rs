//! The form by which a lecture is arranged, and by which its date, its lecturers and its classes are changed.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::Tx;
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::{Options, asks_for_days, chosen, ticked};
use crate::access::{Act, Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::lecture::model::{Rules, SubjectKind, at_day, clock, today};
use crate::lecture::session::{self, Answers, SessionSketch};
use crate::lecture::session_store::{self, CAMPAIGNS, Campaign, REQUEST, Request, Session};
use crate::lecture::store::{self, Class, Subject};
use crate::lecture::{offer, quiz_store, school, turn};
use crate::settings;
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::LectureArrange;
    Routes::default()
        .get("/lectures/new", LectureArrange, new)
        .post("/lectures", LectureArrange, create)
        .get("/lectures/{id}/particulars", LectureArrange, edit)
        .post("/lectures/{id}/particulars", LectureArrange, change)
}

/// What there is to be chosen from at a school.
struct Choices {
    schools: Options,
    halls: Options,
    classes: Vec<Class>,
    /// When it is, or now: whatever is put away by then is not there.
    then: Timestamp,
    topics: Options,
    forms: Options,
    lecturers: Options,
    campaigns: Options,
}

impl Choices {
    async fn of(
        tx: &mut Tx,
        tenant: Uuid,
        school: Option<Uuid>,
        (now, session): (Timestamp, Option<&Session>),
    ) -> Result<Choices> {
        // With what a session is arranged already, and of one that has begun what was there then: whatever was put away since, nothing that is ticked
        // is lost by looking at it.
        let as_of = session.map_or((now, Uuid::nil()), |one| (one.starts_at.min(now), one.id));
        let schools = store::schools(tx, tenant).await?;
        let (halls, classes) = match school {
            Some(school) => {
                let classes = match session {
                    Some(one) => {
                        // Those that are there then: in summer a school has those who leave and those who come.
                        let mut classes = store::classes_at(tx, tenant, school, (one.starts_at, one.id)).await?;
                        let of = (at_day(one.starts_at), Some(one), one.starts_at <= now);
                        turn::put_back(tx, tenant, school, of, &mut classes).await?;
                        classes
                    }
                    // One that leaves with the school year is not chosen any more.
                    None => store::classes(tx, tenant, school).await?,
                };
                (store::halls_at(tx, tenant, school, as_of).await?, classes)
            }
            None => (Vec::new(), Vec::new()),
        };
        let lecturers = store::lecturers_at(tx, tenant, as_of).await?;
        let mut own: Vec<Uuid> = Vec::new();
        if let Some(session) = session {
            own.push(session.form_id);
            own.extend(session_store::topics(tx, tenant, session.id).await?.into_iter().map(|one| one.id));
        }
        let usable = |subjects: Vec<Subject>| -> Options {
            let there = |one: &Subject| one.closed_at.is_none_or(|closed| closed > as_of.0) || own.contains(&one.id);
            subjects.into_iter().filter(there).map(|one| (one.id.to_string(), one.name)).collect()
        };
        let campaigns: Vec<Campaign> = tx.all(CAMPAIGNS.bind(tenant)).await?;
        Ok(Choices {
            schools: schools.into_iter().map(|one| (one.id.to_string(), one.name)).collect(),
            halls: halls
                .into_iter()
                .map(|one| (one.id.to_string(), format!("{}（{} 人）", one.name, one.seats)))
                .collect(),
            classes,
            then: session.map_or(now, |one| one.starts_at),
            topics: usable(store::subjects(tx, tenant, SubjectKind::Topic).await?),
            forms: usable(store::subjects(tx, tenant, SubjectKind::Form).await?),
            lecturers: lecturers
                .into_iter()
                .map(|one| (one.id.to_string(), format!("{}（{}）", one.name, one.grades())))
                .collect(),
            campaigns: campaigns.into_iter().map(|one| (one.id.to_string(), one.theme)).collect(),
        })
    }

    fn classes(&self) -> Options {
        let label = |one: &Class| {
            let gone = if one.closed_at.is_some_and(|at| at <= self.then) { "，不再列出" } else { "" };
            format!("{}（{} 人{gone}）", one.full_name(), one.pupils)
        };
        self.classes.iter().map(|one| (one.id.to_string(), label(one))).collect()
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
    /// It has begun: it is put as it was.
    begun: bool,
    /// Pupils may have answered its quiz.
    answered: bool,
    request: Option<Request>,
    /// Working days ahead, and the first day for which something can still be arranged.
    ahead: i64,
    earliest: String,
    hours: (i64, i64),
}

impl FormPage {
    fn asks_for_days(&self) -> bool {
        self.form.error("day").is_some_and(asks_for_days)
    }

    fn ticked(&self, name: &str, id: &str) -> bool {
        self.form.values(name).any(|one| one == id)
    }

    fn classes(&self) -> Options {
        self.choices.classes()
    }

    fn heading(&self) -> &'static str {
        match (self.session.is_some(), self.begun) {
            (_, true) => "照实改",
            (true, false) => "改期、换人",
            (false, false) => "安排一节课",
        }
    }

    fn day_hint(&self) -> String {
        let (from, until) = self.hours;
        if self.session.as_ref().is_some_and(Session::unconfirmed) {
            return "照实填是哪天、几点上的，改好以后重新登记。没有上成的，撤回登记。".to_owned();
        }
        if self.begun {
            return "照实填是哪天、几点上的；改到以后的，学校要重新同意。".to_owned();
        }
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
    let now = app.means.now();
    let choices = Choices::of(&mut tx, viewer.tenant, school, (now, session.as_ref())).await?;
    let school = school.and_then(|id| match &session {
        // Also where nobody goes to the school any more.
        Some(session) => Some((id, session.school_name.clone())),
        None => {
            let (_, name) = choices.schools.iter().find(|(known, _)| *known == id.to_string())?;
            Some((id, name.clone()))
        }
    });
    let begun = session.as_ref().is_some_and(|session| session.starts_at <= now);
    let answered = match &session {
        Some(session) => quiz_store::has_begun(&mut tx, viewer.tenant, session.id).await?,
        None => false,
    };
    let rules: Rules = settings::read(&mut tx, viewer.tenant, now).await?;
    let earliest = match &school {
        Some((id, _)) => {
            let table = school::timetable(&mut tx, viewer.tenant, today(now)).await?;
            rules.earliest_with(today(now), &table, *id)
        }
        None => rules.earliest(today(now)),
    };
    let earliest = earliest.map_or(String::new(), |day| day.to_string());
    let hours = (rules.first_hour, rules.last_hour);
    let ahead = rules.lead_days;
    Ok(FormPage { shell, form, choices, school, session, begun, answered, request, ahead, earliest, hours })
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

/// Where pupils have answered about what was not given, or where none of them was there, that goes; whoever says so knows it.
async fn knowing(tx: &mut Tx, act: &Act, form: &mut Form, (known, to): (&Session, &SessionSketch)) -> Result<bool> {
    let lost = session::puts_right(known, act.at, to.span)
        && session::answers(tx, act, known, to).await? == Answers::Go
        && quiz_store::has_begun(tx, act.tenant, known.id).await?;
    if lost && !form.is("anew", "yes") {
        form.fail("anew", "主题改了，或者来听的班全换了：学生交过的问卷都不再算，知道了就勾上");
    }
    Ok(form.ok())
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
    let choices = Choices::of(&mut tx, viewer.tenant, Some(known.school_id), (act.at, Some(&known))).await?;
    let reason = form.open_text("reason", "为什么改", 2..=100, "不要写电话或身份证号");
    if let Some(to) = sketch(&mut form, &choices, known.school_id)
        && knowing(&mut tx, &act, &mut form, (&known, &to)).await?
    {
        let seen = form.version();
        let done = session::change(&mut tx, &act, &known, seen, (&to, &reason)).await;
        if form.ended(tx, "day", done).await?.is_some() {
            let right = session::puts_right(&known, act.at, to.span);
            let said = if right { "已改，请重新登记上课情况" } else { "已改，等学校重新确认" };
            return Ok(redirect(&format!("/lectures/{id}"), said));
        }
    } else {
        drop(tx);
    }
    page_again(&form_page(&app, &viewer, shell, (form, Some(known))).await?)
}
