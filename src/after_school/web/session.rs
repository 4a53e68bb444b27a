//! Sessions for staff: the list, the form, the rota, who is expected, and whose family is told when one is cancelled. The roll call itself is
//! `roll`.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use calendar::shanghai;
use db::Cursor;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use uuid::Uuid;

use super::Options;
use super::roll::{self, Problem};
use crate::access::{Act, Permission, Routes, Viewer};
use crate::after_school::rota::{self, Added, Who};
use crate::after_school::session_model::{Kind, Plan, Rules};
use crate::after_school::session_store::{self, Session, Vetting};
use crate::after_school::{child, picture, session};
use crate::app::App;
use crate::error::{Error, Result};
use crate::volunteer::{Following, Outcome, Span};
use crate::web::{Form, Shell, page, page_again, redirect};
use crate::{place, settings};

pub fn routes() -> Routes {
    use Permission::ChildManage;
    Routes::default()
        .get("/class-sessions", ChildManage, list)
        .get("/class-sessions/new", ChildManage, new)
        .post("/class-sessions", ChildManage, create)
        .get("/class-sessions/{id}/particulars", ChildManage, edit)
        .post("/class-sessions/{id}/particulars", ChildManage, change)
        .post("/class-sessions/{id}/cancellation", ChildManage, cancel)
        .post("/class-sessions/{id}/calls", ChildManage, told)
        .post("/class-sessions/{id}/children", ChildManage, expect)
        .post("/class-sessions/{id}/children/removal", ChildManage, not_expected)
        .post("/class-sessions/{id}/keepers", ChildManage, add_keeper)
        .post("/class-sessions/{id}/keepers/removal", ChildManage, remove_keeper)
        .post("/class-sessions/{id}/keepers/absence", ChildManage, not_there)
        .post("/class-sessions/{id}/pictures/removal", ChildManage, remove_picture)
        .get("/class-vettings", ChildManage, vettings)
        .post("/class-vettings", ChildManage, vet)
}

const PAGE: usize = 40;

#[derive(Template)]
#[template(path = "after_school/web/sessions.html")]
struct ListPage {
    shell: Shell,
    sessions: Vec<Session>,
    past: bool,
    next: Option<String>,
    now: Timestamp,
}

impl ListPage {
    fn standing(&self, session: &Session) -> &'static str {
        session.state_words(self.now)
    }
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    past: String,
    at: Option<String>,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(asked): Query<Asked>) -> Result<Response> {
    let scope = viewer.scope(Permission::ChildManage);
    let (now, past) = (app.means.now(), asked.past == "yes");
    let first = if past { Cursor::LAST } else { Cursor::FIRST };
    let from = asked.at.and_then(|text| text.parse().ok()).unwrap_or(first);
    let mut tx = app.db.read().await?;
    let found = session_store::list(&mut tx, viewer.tenant, &scope, (past, now), from, PAGE).await?;
    let which = if past { "past=yes&" } else { "" };
    let next = found.next.map(|cursor| format!("/class-sessions?{which}at={cursor}"));
    page(&ListPage { shell, sessions: found.items, past, next, now })
}

#[derive(Template)]
#[template(path = "after_school/web/session-form.html")]
struct FormPage {
    shell: Shell,
    form: Form,
    /// The one that is changed; `None` for a new one.
    session: Option<Session>,
    estates: Options,
    rules: Rules,
}

impl FormPage {
    fn kinds(&self) -> Options {
        Kind::ALL.iter().map(|kind| (kind.code().to_owned(), kind.label().to_owned())).collect()
    }
}

async fn form_page(app: &App, viewer: &Viewer, shell: Shell, form: Form, session: Option<Session>) -> Result<FormPage> {
    let mut tx = app.db.read().await?;
    let estates = place::estates_within(&mut tx, viewer.tenant, &viewer.scope(Permission::ChildManage)).await?;
    let estates = estates.into_iter().map(|estate| (estate.id.to_string(), estate.name)).collect();
    let rules = settings::read(&mut tx, viewer.tenant, app.means.now()).await?;
    Ok(FormPage { shell, form, session, estates, rules })
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let form = Form::filled(&[("from", "16:30"), ("until", "18:00"), ("capacity", "20"), ("kind", "homework")]);
    page(&form_page(&app, &viewer, shell, form, None).await?)
}

/// What a form says about a session; its estate is not changed.
fn read(form: &mut Form, estate: Option<Uuid>) -> Option<Plan> {
    let sentence = "家长都看得到，不要写电话或身份证号";
    let place = form.open_text("place", "在哪里上课", 1..=60, sentence);
    let theme = form.open_text("theme", "这次做什么", 0..=60, sentence);
    let kind = form.choice("kind", "上什么课", Kind::parse);
    let capacity = form.choice("capacity", "名额（1 到 100）", |text| {
        text.parse::<i64>().ok().filter(|capacity| (1..=100).contains(capacity))
    });
    let span = form.span().map(|(starts_at, ends_at)| Span { starts_at, ends_at });
    let plan = Plan { estate: estate?, place, kind: kind?, theme, span: span?, capacity: capacity? };
    form.ok().then_some(plan)
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::ChildManage)?;
    let scope = viewer.scope(Permission::ChildManage);
    let estate = form.choice("estate", "在哪个小区", |id| id.parse::<Uuid>().ok());
    if let Some(estate) = estate {
        place::estate_within(&mut app.db.read().await?, viewer.tenant, &scope, estate).await?;
    }
    let plan = read(&mut form, estate);
    let rules: Rules = settings::read(&mut app.db.read().await?, viewer.tenant, act.at).await?;
    let repeat = form.recurrence(plan.as_ref().map(|plan| plan.span.day()), rules.term_days);
    if let (Some(plan), true) = (plan, form.ok()) {
        let mut tx = app.db.begin().await?;
        let done = session::plan(&mut tx, &act, &plan, repeat.as_ref()).await;
        if let Some((id, times)) = form.ended(tx, "day", done).await? {
            let words =
                if times == 1 { "安排好了".to_owned() } else { format!("安排好了，一共 {times} 次") };
            return Ok(redirect(&format!("/class-sessions/{id}"), &words));
        }
    }
    page_again(&form_page(&app, &viewer, shell, form, None).await?)
}

async fn reached(app: &App, viewer: &Viewer, id: Uuid) -> Result<(Act, Session)> {
    let act = app.act(viewer, Permission::ChildManage)?;
    let scope = viewer.scope(Permission::ChildManage);
    let session = session_store::in_reach(&mut app.db.read().await?, viewer.tenant, &scope, id).await?;
    Ok((act, session))
}

async fn edit(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let (_, session) = reached(&app, &viewer, id).await?;
    let time = |at: Timestamp| at.to_zoned_datetime(shanghai()).strftime("%H:%M").to_string();
    let form = Form::filled(&[
        ("place", &session.place),
        ("theme", &session.theme),
        ("kind", session.kind.code()),
        ("capacity", &session.capacity.to_string()),
        ("day", &session.span().day().to_string()),
        ("from", &time(session.starts_at)),
        ("until", &time(session.ends_at)),
        ("version", &session.lock_version.to_string()),
    ]);
    page(&form_page(&app, &viewer, shell, form, Some(session)).await?)
}

async fn change(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (act, known) = reached(&app, &viewer, id).await?;
    if let Some(plan) = read(&mut form, Some(known.estate_id)) {
        let mut tx = app.db.begin().await?;
        let done = session::change(&mut tx, &act, &known, form.version(), &plan).await;
        if form.ended(tx, "day", done).await?.is_some() {
            return Ok(redirect(&format!("/class-sessions/{id}"), "改好了。改了时间、地点的，请照下面的名单告诉家长"));
        }
    }
    page_again(&form_page(&app, &viewer, shell, form, Some(known)).await?)
}

fn following(form: &Form) -> Following {
    if form.is("following", "yes") { Following::AllThatFollow } else { Following::ThisOne }
}

async fn cancel(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (act, known) = reached(&app, &viewer, id).await?;
    let why = form.open_text("why", "为什么取消", 2..=60, "家长都看得到，不要写电话或身份证号");
    if form.ok() {
        let mut tx = app.db.begin().await?;
        let done = session::cancel(&mut tx, &act, &known, form.version(), &why, following(&form)).await;
        if form.ended(tx, "why", done).await?.is_some() {
            return Ok(redirect(&format!("/class-sessions/{id}"), "取消了。请照下面的名单给家长打电话"));
        }
    }
    roll::staff_again(&app, &viewer, shell, id, Problem { part: "cancellation", form, ..Problem::default() }).await
}

async fn told(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, form: Form) -> Result<Response> {
    let (act, known) = reached(&app, &viewer, id).await?;
    let child = form.value("child").parse().map_err(|_| Error::NotFound)?;
    let mut tx = app.db.begin().await?;
    let words = match session::told(&mut tx, &act, &known, form.version(), child, &viewer.name).await {
        Err(Error::Stale(sentence) | Error::Refused(sentence)) => sentence,
        done => done.map(|()| "记下了：已经通知".to_owned())?,
    };
    tx.commit().await?;
    Ok(redirect(&format!("/class-sessions/{id}"), &words))
}

async fn expect(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (act, known) = reached(&app, &viewer, id).await?;
    if form.is("step", "look") {
        // Somebody's name is no part of an address.
        return roll::staff_found(&app, &viewer, shell, id, Problem { part: "children", form, ..Problem::default() })
            .await;
    }
    let mut tx = app.db.begin().await?;
    let enrolled = child::enrolled(&mut tx, &act, known.estate_id).await?;
    let wanted: Vec<Uuid> = form.values("child").filter_map(|id| id.parse().ok()).collect();
    let children: Vec<child::Child> = enrolled.into_iter().filter(|child| wanted.contains(&child.id)).collect();
    let done = session::expect(&mut tx, &act, &known, &children, following(&form)).await;
    if let Some(times) = form.ended(tx, "child", done).await? {
        let words = format!("加了 {} 个孩子，{times} 次课", children.len());
        return Ok(redirect(&format!("/class-sessions/{id}"), &words));
    }
    roll::staff_again(&app, &viewer, shell, id, Problem { part: "children", form, ..Problem::default() }).await
}

async fn not_expected(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, form: Form) -> Result<Response> {
    let (act, known) = reached(&app, &viewer, id).await?;
    let child = form.value("child").parse().map_err(|_| Error::NotFound)?;
    let mut tx = app.db.begin().await?;
    session::not_expected(&mut tx, &act, &known, child).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/class-sessions/{id}"), "这次课去掉了"))
}

async fn add_keeper(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (act, known) = reached(&app, &viewer, id).await?;
    let who = match form.value("who") {
        "me" => Some(Who::Account(viewer.account)),
        text => {
            let who = text.split_once(':').and_then(|(kind, id)| Some((kind, id.parse::<Uuid>().ok()?)));
            match who {
                Some(("volunteer", id)) => Some(Who::Volunteer(id)),
                Some(("account", id)) => Some(Who::Account(id)),
                _ => None,
            }
        }
    };
    if let Some(who) = who {
        let mut tx = app.db.begin().await?;
        let done = rota::add(&mut tx, &act, &known, who, following(&form)).await;
        if let Some(added) = form.ended(tx, "who", done).await? {
            return Ok(redirect(&format!("/class-sessions/{id}"), &words(&added)));
        }
    } else {
        form.fail("who", "请选一个人");
    }
    roll::staff_again(&app, &viewer, shell, id, Problem { part: "keepers", form, ..Problem::default() }).await
}

/// So many of those that somebody is not on are told.
const LEFT: usize = 3;

/// `排上了 12 次。2 次没排上：12月9日 星期三 16:30–18:00：…`
fn words(added: &Added) -> String {
    let mut words = if added.times == 1 { "排上了".to_owned() } else { format!("排上了 {} 次", added.times) };
    if !added.left.is_empty() {
        let some: Vec<&str> = added.left.iter().take(LEFT).map(String::as_str).collect();
        words.push_str(&format!("。还有 {} 次没排上：{}", added.left.len(), some.join("；")));
    }
    words
}

/// Somebody of the rota was noted as there by mistake.
async fn not_there(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (act, known) = reached(&app, &viewer, id).await?;
    let keeper = form.value("keeper").parse().map_err(|_| Error::NotFound)?;
    let why = form.open_text("absence", "为什么撤回", 2..=60, "本人看得到，不要写电话或身份证号");
    if form.ok() {
        let mut tx = app.db.begin().await?;
        let done = rota::not_there(&mut tx, &act, &known, keeper, &why).await;
        if form.ended(tx, "absence", done).await?.is_some() {
            return Ok(redirect(&format!("/class-sessions/{id}"), "撤回了，时长也不记"));
        }
    }
    roll::staff_again(&app, &viewer, shell, id, Problem { part: "absence", form, ..Problem::default() }).await
}

/// A picture of which nobody has said who is in it.
async fn remove_picture(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, form: Form) -> Result<Response> {
    let (act, known) = reached(&app, &viewer, id).await?;
    let picture = form.value("picture").parse().map_err(|_| Error::NotFound)?;
    let mut tx = app.db.begin().await?;
    picture::remove_unshown(&mut tx, &act, known.id, picture).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/class-sessions/{id}"), "照片删掉了"))
}

async fn remove_keeper(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, form: Form) -> Result<Response> {
    let (act, known) = reached(&app, &viewer, id).await?;
    let keeper = form.value("keeper").parse().map_err(|_| Error::NotFound)?;
    let mut tx = app.db.begin().await?;
    rota::remove(&mut tx, &act, &known, keeper).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/class-sessions/{id}"), "从带班表去掉了"))
}

// ---------- the vettings of staff ----------

struct Vetted {
    account: Uuid,
    name: String,
    last: Option<Vetting>,
}

#[derive(Template)]
#[template(path = "after_school/web/vettings.html")]
struct VettingsPage {
    shell: Shell,
    staff: Vec<Vetted>,
    form: Form,
    today: String,
}

impl VettingsPage {
    fn names(&self) -> Options {
        self.staff.iter().map(|one| (one.account.to_string(), one.name.clone())).collect()
    }

    fn outcomes(&self) -> Options {
        Outcome::ALL.iter().map(|outcome| (outcome.code().to_owned(), outcome.label().to_owned())).collect()
    }

    fn good(&self, vetting: &Vetting) -> bool {
        vetting.result == Outcome::Passed && vetting.expires_on.as_str() >= self.today.as_str()
    }
}

async fn vettings_page(app: &App, viewer: &Viewer, shell: Shell, form: Form) -> Result<VettingsPage> {
    let act = app.act(viewer, Permission::ChildManage)?;
    let mut tx = app.db.read().await?;
    let mut known = rota::vettings(&mut tx, &act).await?;
    let mut last = |account: Uuid| {
        let at = known.iter().position(|vetting| vetting.account_id == account)?;
        Some(known.swap_remove(at))
    };
    let staff = rota::staff(&mut tx, &act).await?;
    let staff = staff
        .into_iter()
        .map(|holder| Vetted { last: last(holder.account), account: holder.account, name: holder.name })
        .collect();
    Ok(VettingsPage { shell, staff, form, today: child::today(&act).to_string() })
}

async fn vettings(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    page(&vettings_page(&app, &viewer, shell, Form::default()).await?)
}

async fn vet(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::ChildManage)?;
    let account = form.choice("account", "是谁", |id| id.parse::<Uuid>().ok());
    let result = form.choice("result", "查询结果", Outcome::parse);
    let checked_on = form.choice("checked_on", "哪天查的", |day| day.parse::<Date>().ok());
    let proof_no = form.text("proof_no", "查询证明编号", 0..=40);
    if let (Some(account), Some(result), Some(day), true) = (account, result, checked_on, form.ok()) {
        let mut tx = app.db.begin().await?;
        let done = rota::vet(&mut tx, &act, account, (result, day), &proof_no).await;
        if form.ended(tx, "checked_on", done).await?.is_some() {
            return Ok(redirect("/class-vettings", "登记好了"));
        }
    }
    page_again(&vettings_page(&app, &viewer, shell, form).await?)
}
