//! The roll call on a phone: for staff under the session's address, for whoever of the rota has no account by a link of the day.

use std::collections::HashSet;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::Timestamp;
use uuid::Uuid;

use super::{Options, read_person};
use crate::access::{self, Act, Link, Need, Permission, Routes, Viewer};
use crate::after_school::incident_model::Rules as IncidentRules;
use crate::after_school::model::Particulars;
use crate::after_school::names::{self, Named};
use crate::after_school::picture::{self, Picture};
use crate::after_school::presence::{Keeper, Standing};
use crate::after_school::roll::{self, Fetch, Row, Step, Taken};
use crate::after_school::rota;
use crate::after_school::session_model::{Answer, Call, RotaKeeper, Rules};
use crate::after_school::session_store::{self, Session};
use crate::app::App;
use crate::error::{Error, Result};
use crate::web::{Form, Shell, page, page_again, qr, redirect};
use crate::{settings, volunteer};

pub fn routes() -> Routes {
    use Permission::ChildManage;
    Routes::default()
        .get("/class-sessions/{id}", ChildManage, show)
        .post("/class-sessions/{id}/steps", ChildManage, step)
        .get("/class-keepers/{link}", Need::Public, show_to_keeper)
        .post("/class-keepers/{link}/steps", Need::Public, step_of_keeper)
}

/// What went wrong, and where the form stands that has to come back.
#[derive(Default)]
pub(super) struct Problem {
    pub part: &'static str,
    pub child: Option<Uuid>,
    pub sentence: String,
    pub form: Form,
}

/// What staff have besides the roll call.
struct Desk {
    /// Of each of the rota their link, and the same as a picture.
    links: Vec<(Uuid, String, String)>,
    candidates: Options,
    /// Children who may be put down, without their names: all of them where they are few, otherwise whoever was looked for or is ticked.
    others: Options,
    /// So many are there to be looked for.
    on_roll: usize,
    /// So many more were found than are shown.
    more: usize,
    /// Pictures of which nobody has said who is in them.
    unshown: Vec<Picture>,
}

/// So many children are offered at once.
const OFFERED: usize = 20;

/// The children who can be put down at a session, as the form has looked for them.
fn offered(known: &[Named], rows: &[Row], form: &Form) -> (Options, usize, usize) {
    let known: Vec<Named> =
        known.iter().filter(|one| !rows.iter().any(|row| row.child.id == one.id)).cloned().collect();
    let ticked = |one: &&Named| form.is("child", &one.id.to_string());
    let mut shown: Vec<&Named> = known.iter().filter(ticked).collect();
    let found = match known.len() <= OFFERED {
        true => known.iter().collect(),
        false => names::search(&known, form.value("look")),
    };
    let found: Vec<&Named> = found.into_iter().filter(|one| !ticked(one)).collect();
    let more = found.len().saturating_sub(OFFERED);
    shown.extend(found.into_iter().take(OFFERED));
    let words = |one: &&Named| {
        let Particulars { grade, .. } = &one.particulars;
        (one.id.to_string(), format!("{} {grade} {}", one.particulars.masked_name(), one.home()))
    };
    (shown.iter().map(words).collect(), known.len(), more)
}

#[derive(Template)]
#[template(path = "after_school/web/roll.html")]
struct RollPage {
    shell: Shell,
    base: String,
    session: Session,
    rota: Vec<RotaKeeper>,
    rows: Vec<Row>,
    /// The reader holds the session today, and so reads names.
    named: bool,
    /// The link is not good on this day.
    another_day: bool,
    reader: Keeper,
    /// Whose line of the rota the reader is.
    own: Option<Uuid>,
    needed: i64,
    /// What became of the children of a class that was never opened, for staff.
    account: Option<String>,
    /// Whom to call when something has happened.
    numbers: IncidentRules,
    act: Act,
    desk: Option<Desk>,
    problem: Problem,
}

impl RollPage {
    fn form(&self) -> &Form {
        &self.problem.form
    }

    fn failed(&self, part: &str) -> bool {
        self.problem.part == part
    }

    fn failed_absence(&self, keeper: &RotaKeeper) -> bool {
        self.failed("absence") && self.form().value("keeper") == keeper.id.to_string()
    }

    fn failed_at(&self, row: &Row) -> bool {
        self.problem.child == Some(row.child.id)
    }

    fn standing(&self) -> &'static str {
        self.session.state_words(self.act.at)
    }

    fn name(&self, row: &Row) -> String {
        if self.named { row.child.name().to_owned() } else { row.child.particulars.masked_name() }
    }

    fn candidates(&self) -> &[(String, String)] {
        self.desk.as_ref().map_or(&[], |desk| &desk.candidates)
    }

    fn others(&self) -> &[(String, String)] {
        self.desk.as_ref().map_or(&[], |desk| &desk.others)
    }

    /// There are more than can be read through.
    fn looks(&self) -> bool {
        self.desk.as_ref().is_some_and(|desk| desk.on_roll > OFFERED)
    }

    fn more(&self) -> usize {
        self.desk.as_ref().map_or(0, |desk| desk.more)
    }

    fn on_roll(&self) -> usize {
        self.desk.as_ref().map_or(0, |desk| desk.on_roll)
    }

    fn unshown(&self) -> &[Picture] {
        self.desk.as_ref().map_or(&[], |desk| &desk.unshown)
    }

    /// The families who have to be told that the session is cancelled or moved, or were.
    fn families(&self) -> Vec<&Row> {
        let concerned = |row: &&Row| row.told.is_some() || row.to_tell(&self.session);
        let begun = self.is_open() || (!self.is_cancelled() && self.session.ends_at <= self.act.at);
        if begun { Vec::new() } else { self.rows.iter().filter(concerned).collect() }
    }

    /// Whom to call is read until they are told, and not much longer than the session.
    fn calls(&self, row: &Row) -> bool {
        row.to_tell(&self.session) && self.session.calls_until() > self.act.at
    }

    fn is_own(&self, keeper: &RotaKeeper) -> bool {
        self.own == Some(keeper.id)
    }

    /// So many adults are still to be put on the rota.
    fn missing(&self) -> i64 {
        let names: HashSet<&str> = self.rota.iter().map(|keeper| keeper.name.as_str()).collect();
        self.needed - names.len() as i64
    }

    fn there(&self) -> i64 {
        roll::there(&self.rota)
    }

    fn is_open(&self) -> bool {
        self.session.opened_at.is_some()
    }

    /// Where the reader writes down what has happened; whoever has no account may only while they hold the class.
    fn incident_form(&self) -> Option<String> {
        match &self.desk {
            Some(_) => Some(format!("/class-incidents/new?estate={}", self.session.estate_id)),
            None => self.named.then(|| format!("{}/incidents/new", self.base)),
        }
    }

    fn is_cancelled(&self) -> bool {
        self.session.cancelled_at.is_some()
    }

    /// It has not begun, so that it can still be arranged.
    fn may_arrange(&self) -> bool {
        !self.is_cancelled() && self.session.ends_at > self.act.at
    }

    fn count(&self, code: &str) -> usize {
        self.rows.iter().filter(|row| row.presence.standing.code() == code).count()
    }

    fn alarms(&self) -> Vec<&Row> {
        self.rows.iter().filter(|row| row.presence.alarm_at.is_some()).collect()
    }

    fn is(&self, row: &Row, code: &str) -> bool {
        row.presence.standing.code() == code
    }

    fn late(&self, row: &Row) -> bool {
        row.call_due_at.is_some_and(|due| due < self.act.at)
    }

    fn to_call(&self, row: &Row) -> bool {
        row.to_call(self.act.at)
    }

    /// It was never opened, is over, and nobody has said what became of the children.
    fn unaccounted(&self) -> bool {
        let never = !self.is_open() && !self.is_cancelled() && self.session.ends_at <= self.act.at;
        never && self.account.is_none() && !self.rows.is_empty()
    }

    fn answers(&self) -> &'static [Answer] {
        Answer::ALL
    }

    fn outcomes(&self) -> &'static [Call] {
        Call::ALL
    }

    /// The emergency was asked for by somebody else, so that the reader may agree.
    fn may_agree(&self, row: &Row) -> bool {
        row.asked.as_ref().is_some_and(|(_, by, _)| by.id != self.reader.id && by.name != self.reader.name)
    }

    fn link_of(&self, keeper: &RotaKeeper) -> Option<&(Uuid, String, String)> {
        self.desk.as_ref()?.links.iter().find(|(id, ..)| *id == keeper.id)
    }

    /// Those who need something first, then those who are here, then whoever is still to come, and in the end who is not.
    fn ordered(&self) -> Vec<&Row> {
        let mut rows: Vec<&Row> = self.rows.iter().collect();
        rows.sort_by_key(|row| match row.presence.standing {
            Standing::Here if row.presence.alarm_at.is_some() => 0,
            Standing::Absent | Standing::Expected if self.to_call(row) => 1,
            Standing::Expected => 2,
            Standing::Here => 3,
            Standing::OnLeave => 4,
            Standing::Absent => 5,
            Standing::Released => 6,
        });
        rows
    }
}

/// The page of a session for whoever reads it. What they read of children is noted before they do.
async fn roll_page(
    app: &App,
    act: Act,
    session: Session,
    (reader, is_staff): (Keeper, bool),
    base: String,
    shell: Shell,
    problem: Problem,
) -> Result<RollPage> {
    let mut tx = app.db.read().await?;
    let rota = rota::keepers(&mut tx, &act, &session).await?;
    let own = rota.iter().find(|keeper| keeper.person() == reader.id);
    let named = roll::may_read(&act, &session, own) && session.cancelled_at.is_none();
    let another_day = !is_staff && !rota::is_the_day(&act, &session);
    let rows = if another_day { Vec::new() } else { roll::rows(&mut tx, &act, &session).await? };
    // Whoever calls the families of a session that is cancelled or moved reads whom to call.
    let calls = is_staff && !named && session.opened_at.is_none() && session.calls_until() > act.at;
    let read: Vec<&Row> = rows.iter().filter(|row| named || (calls && row.to_tell(&session))).collect();
    let anew = !read.is_empty() && roll::sees_anew(&mut tx, &act, &session, &read, reader.id).await?;
    let rules: Rules = settings::read(&mut tx, act.tenant, act.at).await?;
    let numbers = settings::read(&mut tx, act.tenant, act.at).await?;
    let desk = match is_staff {
        true => {
            let day = session.span().day();
            let volunteers = volunteer::vetted(&mut tx, act.tenant, day).await?;
            let mut candidates: Options = rota::staff_at(&mut tx, &act, session.estate_id)
                .await?
                .into_iter()
                .map(|holder| (format!("account:{}", holder.account), format!("{}（工作人员）", holder.name)))
                .collect();
            candidates.extend(
                volunteers.into_iter().map(|(id, name)| (format!("volunteer:{id}"), format!("{name}（志愿者）"))),
            );
            let known = names::in_estate(&mut tx, &act, session.estate_id).await?;
            let (others, on_roll, more) = offered(&known, &rows, &problem.form);
            let link = |keeper: &RotaKeeper| -> Result<(Uuid, String, String)> {
                let address =
                    app.link(&format!("/class-keepers/{}", rota::link(act.tenant, keeper.id, &app.means.keys)));
                let picture = qr(&address)?;
                Ok((keeper.id, address, picture))
            };
            Some(Desk {
                links: rota
                    .iter()
                    // Whoever holds the class would be two people with somebody else's link.
                    .filter(|keeper| keeper.volunteer.is_some() && own.is_none())
                    .map(link)
                    .collect::<Result<_>>()?,
                candidates,
                others,
                on_roll,
                more,
                unshown: picture::unshown(&mut tx, act.tenant, session.id).await?,
            })
        }
        false => None,
    };
    drop(tx);
    if anew {
        let mut tx = app.db.begin().await?;
        let why = match (named, session.cancelled_at.is_some()) {
            (true, _) => "带班",
            (false, true) => "通知课取消了",
            (false, false) => "通知课改了",
        };
        roll::see(&mut tx, &act, &session, &read, &reader, why).await?;
        tx.commit().await?;
    }
    Ok(RollPage {
        account: if is_staff { roll::accounted(&act, &session)? } else { None },
        needed: roll::adults_for(&act, &rules, rows.iter().filter(|row| roll::counted(row))),
        own: own.map(|keeper| keeper.id),
        numbers,
        shell,
        base,
        session,
        rows,
        named,
        another_day,
        reader,
        act,
        desk,
        problem,
        rota,
    })
}

// ---------- for staff ----------

async fn staff_page(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, problem: Problem) -> Result<RollPage> {
    let act = app.act(viewer, Permission::ChildManage)?;
    let scope = viewer.scope(Permission::ChildManage);
    let session = session_store::in_reach(&mut app.db.read().await?, viewer.tenant, &scope, id).await?;
    let reader = (Keeper { id: viewer.account, name: viewer.name.clone() }, true);
    roll_page(app, act, session, reader, format!("/class-sessions/{id}"), shell, problem).await
}

/// The page with what somebody has looked for.
pub(super) async fn staff_found(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    problem: Problem,
) -> Result<Response> {
    page(&staff_page(app, viewer, shell, id, problem).await?)
}

/// The page with a form that has to come back.
pub(super) async fn staff_again(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    problem: Problem,
) -> Result<Response> {
    page_again(&staff_page(app, viewer, shell, id, problem).await?)
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&staff_page(&app, &viewer, shell, id, Problem::default()).await?)
}

async fn step(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ChildManage)?;
    let scope = viewer.scope(Permission::ChildManage);
    let mut tx = app.db.read().await?;
    let session = session_store::in_reach(&mut tx, viewer.tenant, &scope, id).await?;
    let rota = rota::keepers(&mut tx, &act, &session).await?;
    drop(tx);
    let by = Keeper { id: viewer.account, name: viewer.name.clone() };
    let holds = rota.iter().any(|keeper| keeper.account == Some(viewer.account) && keeper.obstacle.is_none());
    let done = if form.value("step") == "account" {
        accounted(&app, &act, &session, &by, &form).await
    } else if holds || OF_ALL_STAFF.contains(&form.value("step")) {
        taken(&app, &act, &session, &by, &mut form).await
    } else {
        Err(Error::refused("您不在这次课的带班表上，点名、放行要由带班的来。请先点“把我排上”"))
    };
    match ended(done, &format!("/class-sessions/{id}"), form)? {
        Ok(response) => Ok(response),
        Err(problem) => staff_again(&app, &viewer, shell, id, problem).await,
    }
}

/// What staff may do who do not hold the session: look after what else would stay undone.
const OF_ALL_STAFF: [&str; 2] = ["answer", "call"];

// ---------- by a keeper's link ----------

/// Errors: not found by a link that is not good.
async fn by_link(app: &App, text: &str) -> Result<(Act, Session, RotaKeeper)> {
    let link: Link = text.parse().map_err(|()| Error::NotFound)?;
    let act = Act::resident(link.tenant, &app.means);
    let (session, keeper) = rota::by_link(&mut app.db.read().await?, &act, &link).await?;
    Ok((act, session, keeper))
}

/// A roll call taps more often in an hour than an address may post without an account, and several may share one: it is counted by the link.
///
/// Errors: too many.
pub(super) fn taps(app: &App, keeper: &RotaKeeper) -> Result<()> {
    app.token_requests.take(&keeper.id).map_err(Error::TooMany)
}

async fn keeper_page(app: &App, shell: Shell, link: &str, problem: Problem) -> Result<RollPage> {
    let (act, session, keeper) = by_link(app, link).await?;
    let community = access::tenant(&mut app.db.read().await?, act.tenant).await?;
    let shell = shell.of_community(&community.name, &community.code);
    let reader = (Keeper { id: keeper.person(), name: keeper.name }, false);
    roll_page(app, act, session, reader, format!("/class-keepers/{link}"), shell, problem).await
}

async fn show_to_keeper(State(app): State<App>, shell: Shell, Path(link): Path<String>) -> Result<Response> {
    page(&keeper_page(&app, shell, &link, Problem::default()).await?)
}

async fn step_of_keeper(
    State(app): State<App>,
    shell: Shell,
    Path(link): Path<String>,
    mut form: Form,
) -> Result<Response> {
    let (act, session, keeper) = by_link(&app, &link).await?;
    taps(&app, &keeper)?;
    let by = Keeper { id: keeper.person(), name: keeper.name };
    let done = match keeper.obstacle {
        Some(obstacle) => Err(Error::refused(obstacle)),
        None if !rota::is_the_day(&act, &session) => Err(Error::refused("这个链接只在上课那天能用")),
        None => taken(&app, &act, &session, &by, &mut form).await,
    };
    match ended(done, &format!("/class-keepers/{link}"), form)? {
        Ok(response) => Ok(response),
        Err(problem) => page_again(&keeper_page(&app, shell, &link, problem).await?),
    }
}

// ---------- who holds a session ----------

/// Somebody who holds a session on its day, and so reads the children's names.
pub(super) struct Holding {
    pub act: Act,
    pub session: Session,
    pub by: Keeper,
    /// Where the pages of the session are for them.
    pub base: String,
}

impl Holding {
    /// Errors: refused of whoever does not hold it, and on another day.
    fn of(act: Act, session: Session, by: Keeper, keeper: Option<&RotaKeeper>, base: String) -> Result<Holding> {
        if !roll::may_read(&act, &session, keeper) {
            return Err(Error::refused("只有带班的人、只有上课那天能看。请先排在带班表上"));
        }
        Ok(Holding { act, session, by, base })
    }
}

pub(super) async fn held_by_staff(app: &App, viewer: &Viewer, id: Uuid) -> Result<Holding> {
    let act = app.act(viewer, Permission::ChildManage)?;
    let scope = viewer.scope(Permission::ChildManage);
    let mut tx = app.db.read().await?;
    let session = session_store::in_reach(&mut tx, viewer.tenant, &scope, id).await?;
    let rota = rota::keepers(&mut tx, &act, &session).await?;
    let own = rota.iter().find(|keeper| keeper.account == Some(viewer.account));
    let by = Keeper { id: viewer.account, name: viewer.name.clone() };
    Holding::of(act, session, by, own, format!("/class-sessions/{id}"))
}

pub(super) async fn held_by_keeper(app: &App, link: &str) -> Result<Holding> {
    let (act, session, keeper) = by_link(app, link).await?;
    taps(app, &keeper)?;
    let by = Keeper { id: keeper.person(), name: keeper.name.clone() };
    Holding::of(act, session, by, Some(&keeper), format!("/class-keepers/{link}"))
}

// ---------- one step ----------

async fn accounted(app: &App, act: &Act, session: &Session, by: &Keeper, form: &Form) -> Result<String> {
    let mut tx = app.db.begin().await?;
    roll::account(&mut tx, act, session.id, form.value("account"), by).await?;
    tx.commit().await?;
    Ok("记下了".to_owned())
}

/// Takes the step that a form names. A code that was wrong is kept as one that was tried.
async fn taken(app: &App, act: &Act, session: &Session, by: &Keeper, form: &mut Form) -> Result<String> {
    let mut tx = app.db.begin().await?;
    let value = form.value("value").to_owned();
    let said = match form.value("step") {
        "came" => {
            let keeper = value.parse().map_err(|_| Error::NotFound)?;
            let rota = rota::keepers(&mut tx, act, session).await?;
            if !rota.iter().any(|one| one.id == keeper && one.person() == by.id) {
                return Err(Error::refused("“到了”要本人在自己的手机上点"));
            }
            roll::came(&mut tx, act, session.id, keeper, by).await?;
            Taken::Done("记下了：到了".to_owned())
        }
        "open" => {
            roll::open(&mut tx, act, session.id, by).await?;
            Taken::Done("开课了，请点名".to_owned())
        }
        "unexpected" => {
            let known = names::in_estate(&mut tx, act, session.estate_id).await?;
            let child = names::one(&known, form.value("unexpected")).map_err(Error::refused)?.id;
            roll::arrive_unexpected(&mut tx, act, session.id, child, by).await?
        }
        name => {
            let child = form.value("child").parse().map_err(|_| Error::NotFound)?;
            let step = match name {
                "arrive" => Step::Arrive,
                "leave" => Step::StayAway(true),
                "absent" => Step::StayAway(false),
                "listed" => Step::Fetch(Fetch::Listed(value.parse().map_err(|_| Error::NotFound)?)),
                "alone" => Step::Fetch(Fetch::Alone),
                "agree" => {
                    let seen = value.parse().ok().and_then(|at| Timestamp::from_millisecond(at).ok());
                    Step::Fetch(Fetch::Emergency(seen.ok_or(Error::NotFound)?))
                }
                "take_back" => {
                    let why = form.value("why").trim().to_owned();
                    if why.is_empty() {
                        return Err(Error::refused("请写为什么撤回，如“点错了孩子”"));
                    }
                    Step::TakeBack(why)
                }
                "code" => {
                    let digits: String = form.value("digits").chars().filter(char::is_ascii_digit).collect();
                    let name = form.person_name("fetcher").ok_or_else(|| Error::refused("请写来接的人的姓名"))?;
                    Step::Fetch(Fetch::Code { digits, name })
                }
                "ask" => {
                    let who = read_person(form, "urgent");
                    let who = who.filter(|_| form.ok());
                    Step::Ask(who.ok_or_else(|| Error::refused("紧急放行要写全来人的姓名、是孩子的什么人、电话"))?)
                }
                "call" => Step::Called(Call::parse(&value).ok_or(Error::NotFound)?),
                "answer" => Step::Answer(Answer::parse(&value).ok_or(Error::NotFound)?),
                _ => return Err(Error::NotFound),
            };
            roll::take(&mut tx, act, session.id, child, by, step).await?
        }
    };
    match said {
        Taken::Done(words) => {
            tx.commit().await?;
            Ok(words)
        }
        Taken::Wrong(why) => {
            tx.commit().await?;
            Err(Error::refused(why))
        }
    }
}

/// Back to the child of whom it was, or the page again with what stands in the way.
fn ended(done: Result<String>, base: &str, form: Form) -> Result<std::result::Result<Response, Problem>> {
    let child: Option<Uuid> = form.value("child").parse().ok();
    match done {
        Ok(words) => {
            let at = child.map(|child| format!("#child-{child}")).unwrap_or_default();
            Ok(Ok(redirect(&format!("{base}{at}"), &words)))
        }
        Err(Error::Refused(sentence) | Error::Stale(sentence)) => {
            Ok(Err(Problem { part: "step", child, sentence, form }))
        }
        Err(error) => Err(error),
    }
}
