//! 四议两公开 as a wizard: which matters go this way, where each of them stands, and what has to be done next.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::{Cursor, Tx};
use serde::Deserialize;
use uuid::Uuid;

use super::page::check_public;
use crate::access::{Permission, Routes, Scope, Viewer};
use crate::app::App;
use crate::body;
use crate::document::{self, Block, Paper, Table};
use crate::error::{Error, Result};
use crate::meeting::model::Kind;
use crate::meeting::procedure::{self, Above, NewProcedure, Procedure, Step, Taken};
use crate::meeting::store;
use crate::party;
use crate::place;
use crate::web::{Form, Shell, page, page_again, redirect, show};

pub fn routes() -> Routes {
    // What is proposed is nobody's business outside the party until the representatives resolve it.
    use Permission::{MeetingHold, PartyRead};
    Routes::default()
        .get("/procedures", PartyRead, list)
        .get("/procedures/new", MeetingHold, new)
        .post("/procedures", MeetingHold, propose)
        .get("/procedures/{id}", PartyRead, show_one)
        .get("/procedures/{id}/record", PartyRead, show_record)
        .get("/procedures/{id}/record.docx", PartyRead, record_file)
        .post("/procedures/{id}/stop", MeetingHold, stop)
}

const PAGE: usize = 20;

#[derive(Deserialize)]
struct Paging {
    before: Option<String>,
}

#[derive(Template)]
#[template(path = "meeting/web/procedures.html")]
struct ListPage {
    shell: Shell,
    /// Each with where it stands.
    procedures: Vec<(Procedure, String)>,
    next: Option<String>,
    may_hold: bool,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(paging): Query<Paging>) -> Result<Response> {
    let before = paging.before.and_then(|text| text.parse().ok()).unwrap_or(Cursor::LAST);
    let mut tx = app.db.read().await?;
    let found = procedure::procedures(&mut tx, &viewer, before, PAGE).await?;
    let taken = procedure::taken_of_all(&mut tx, viewer.tenant).await?;
    let stands = |procedure: Procedure| {
        let words = stands(&procedure, taken.get(&procedure.id).map_or(&[], Vec::as_slice));
        (procedure, words)
    };
    let next = found.next.map(|cursor| format!("/procedures?before={cursor}"));
    let procedures = found.items.into_iter().map(stands).collect();
    page(&ListPage { shell, procedures, next, may_hold: viewer.may(Permission::MeetingHold) })
}

/// `第二步：两委商议，会议已通知`
fn stands(procedure: &Procedure, taken: &[Taken]) -> String {
    if procedure.stopped_at.is_some() {
        return "停办".to_owned();
    }
    let Some(step) = procedure::current(taken) else { return "四步都走完了".to_owned() };
    let last = taken.iter().find(|taken| taken.step == step);
    let words = last.map_or_else(|| "还没开会".to_owned(), Taken::words);
    format!("第{}步：{step}，{words}", step.number())
}

#[derive(Template)]
#[template(path = "meeting/web/procedure-new.html")]
struct NewPage {
    shell: Shell,
    form: Form,
    organisations: Vec<(String, String)>,
    estates: Vec<(String, String)>,
}

async fn new_page(app: &App, viewer: &Viewer, shell: Shell, form: Form) -> Result<NewPage> {
    let mut tx = app.db.read().await?;
    let scope = viewer.scope(Permission::MeetingHold);
    let organisations = party::organisations(&mut tx, viewer.tenant, &scope).await?;
    let organisations = organisations.into_iter().filter(|known| known.kind != party::Kind::Group);
    let organisations = organisations.map(|known| (known.id.to_string(), known.name)).collect();
    let estates = place::estates_within(&mut tx, viewer.tenant, &scope).await?;
    let estates = estates.into_iter().map(|estate| (estate.id.to_string(), estate.name)).collect();
    Ok(NewPage { shell, form, organisations, estates })
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let mut shown = new_page(&app, &viewer, shell, Form::default()).await?;
    for (name, options) in [("organisation", &shown.organisations), ("estate", &shown.estates)] {
        if let [(only, _)] = options.as_slice() {
            shown.form.set(name, only.as_str());
        }
    }
    page(&shown)
}

async fn propose(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let title = form.text("title", "提议的事", 4..=60);
    check_public(&mut form, "title");
    let reason = form.text("reason", "为什么提", 4..=500);
    let organisation = form.choice("organisation", "哪个党支部提议", |id| id.parse::<Uuid>().ok());
    let estate = form.choice("estate", "哪个小区的事", |id| id.parse::<Uuid>().ok());
    let (Some(organisation), Some(estate), true) = (organisation, estate, form.ok()) else {
        return page_again(&new_page(&app, &viewer, shell, form).await?);
    };
    let act = app.act(&viewer, Permission::MeetingHold)?;
    let scope = viewer.scope(Permission::MeetingHold);
    let mut tx = app.db.begin().await?;
    party::organisation(&mut tx, viewer.tenant, &scope, organisation).await?;
    place::estate_within(&mut tx, viewer.tenant, &scope, estate).await?;
    let id = procedure::propose(&mut tx, &act, NewProcedure { title, reason, organisation, estate }).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/procedures/{id}"), "已登记，接着走第一步：支部提议"))
}

/// A step as the page shows it.
struct Shown {
    step: Step,
    /// Each meeting that had it on its agenda, the latest first.
    taken: Vec<Taken>,
    done: bool,
    current: bool,
    /// Where the meeting for it is called, if it is what has to be done now; and what is missing where it cannot be.
    call: Option<(String, &'static str)>,
}

#[derive(Template)]
#[template(path = "meeting/web/procedure.html")]
struct ProcedurePage {
    shell: Shell,
    procedure: Procedure,
    steps: Vec<Shown>,
    /// The item that resolved it in the end.
    resolved: Option<Taken>,
    may_hold: bool,
    form: Form,
}

async fn show_page(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, form: Form) -> Result<ProcedurePage> {
    let mut tx = app.db.read().await?;
    let procedure = procedure::procedure_for(&mut tx, viewer, id, Permission::MeetingRead).await?;
    let all = procedure::taken(&mut tx, viewer.tenant, id).await?;
    let may_hold = viewer.may(Permission::MeetingHold);
    let current = procedure::current(&all).filter(|_| procedure.stopped_at.is_none());
    let call = match procedure::next(&all).filter(|_| may_hold && procedure.stopped_at.is_none()) {
        Some(step) => Some(call(&mut tx, viewer.tenant, &procedure, step).await?),
        None => None,
    };
    let mut call = call;
    let shown = |step: &Step| Shown {
        step: *step,
        taken: all.iter().filter(|taken| taken.step == *step).cloned().collect(),
        done: all.iter().any(|taken| taken.step == *step && taken.done()),
        current: current == Some(*step),
        call: if current == Some(*step) { call.take() } else { None },
    };
    let steps = Step::ALL.iter().map(shown).collect();
    let resolved = all.iter().find(|taken| taken.step == Step::Resolve && taken.done()).cloned();
    Ok(ProcedurePage { shell, procedure, steps, resolved, may_hold, form })
}

/// Where the meeting for a step is called.
async fn call(tx: &mut Tx, tenant: Uuid, procedure: &Procedure, step: Step) -> Result<(String, &'static str)> {
    let proposer = procedure.party_organisation_id;
    let bodies = body::bodies(tx, tenant, &Scope::tenant()).await?;
    let of_party = |organisation: Uuid, kind: Kind| {
        format!("/party/organisations/{organisation}/meetings/new?kind={}", kind.code())
    };
    Ok(match step {
        Step::Propose => {
            let committees = party::with_committee(tx, tenant).await?;
            let kind = if committees.contains(&proposer) { Kind::Committee } else { Kind::Assembly };
            (of_party(proposer, kind), "")
        }
        Step::Consult if !bodies.iter().any(|body| body.kind == body::Kind::ResidentsCommittee) => {
            ("/bodies/new".to_owned(), "还没有登记居委会，先登记居委会和它的成员")
        }
        Step::Consult => (of_party(Above::read(tx, tenant).await?.root(proposer), Kind::TwoCommittees), ""),
        Step::Review => (of_party(proposer, Kind::Assembly), ""),
        Step::Resolve => {
            let mut fitting: Vec<&body::Body> = bodies
                .iter()
                .filter(|body| body.kind == body::Kind::Representatives)
                .filter(|body| body.estate_id.is_none_or(|estate| estate == procedure.estate_id))
                .collect();
            // Those of the estate itself before those of the whole community.
            fitting.sort_by_key(|body| body.estate_id.is_none());
            match fitting.first() {
                Some(body) => (format!("/bodies/{}/meetings/new", body.id), ""),
                None => ("/bodies/new".to_owned(), "还没有登记居民代表，先登记居民代表"),
            }
        }
    })
}

async fn show_one(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&show_page(&app, &viewer, shell, id, Form::default()).await?)
}

async fn stop(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::MeetingHold)?;
    let mut tx = app.db.begin().await?;
    let procedure = procedure::procedure_for(&mut tx, &viewer, id, Permission::MeetingHold).await?;
    let why = form.text("why", "为什么停办", 4..=200);
    if !form.ok() {
        drop(tx);
        return page_again(&show_page(&app, &viewer, shell, id, form).await?);
    }
    if form.version() != procedure.lock_version {
        return Err(Error::Stale("这件事刚刚有同事改过，请刷新后再看。".to_owned()));
    }
    procedure::stop(&mut tx, &act, &procedure, &why).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/procedures/{id}"), "已停办，记录还在"))
}

// ---------- the record ----------

#[derive(Template)]
#[template(path = "meeting/web/procedure-record.html")]
struct RecordPage {
    shell: Shell,
    procedure: Procedure,
    paper: Paper,
}

/// 四议两公开记录表: a row for each step that has been taken.
async fn record(app: &App, viewer: &Viewer, id: Uuid) -> Result<(Procedure, Paper)> {
    let mut tx = app.db.read().await?;
    let procedure = procedure::procedure_for(&mut tx, viewer, id, Permission::MeetingRead).await?;
    let taken = procedure::taken(&mut tx, viewer.tenant, id).await?;
    let mut paper = Paper::new("四议两公开记录表");
    paper.facts(&[
        ("提议事项", procedure.title.clone()),
        ("动议事由", procedure.reason.clone()),
        ("提议的党组织", procedure.organisation_name.clone()),
        ("小区", procedure.estate_name.clone()),
        ("停办", procedure.stopped_why.clone()),
    ]);
    let mut rows = Vec::new();
    // The four steps at most, each with its last meeting.
    for step in Step::ALL {
        let Some(last) = taken.iter().find(|taken| taken.step == *step) else {
            rows.push(vec![
                step.to_string(),
                String::new(),
                String::new(),
                String::new(),
                String::new(),
                String::new(),
                String::new(),
            ]);
            continue;
        };
        let heads = store::heads(&mut tx, viewer.tenant, last.meeting_id).await?;
        let share = match heads.expected {
            0 => String::new(),
            expected => format!("{}%", heads.came * 100 / expected),
        };
        let said = match last.resolution.as_str() {
            "" => last.words(),
            resolution => format!("{resolution}（{}）", last.words()),
        };
        let (expected, came) = (heads.expected.to_string(), heads.came.to_string());
        rows.push(vec![step.to_string(), show::day(&last.planned_at), expected, came, share, said, String::new()]);
    }
    let columns = [("步骤", 16), ("时间", 14), ("应到", 8), ("实到", 8), ("比例", 9), ("内容", 30), ("签字", 15)];
    let columns = columns.map(|(name, percent)| (name.to_owned(), percent)).to_vec();
    paper.blocks.push(Block::Table(Table { columns, rows }));
    if let Some(last) = taken.iter().find(|taken| taken.step == Step::Resolve && taken.done()) {
        paper.facts(&[
            ("决议公开", "散会时登在小区公示栏".to_owned()),
            ("实施结果公开", last.issue_state.map(|state| format!("诉求{state}")).unwrap_or_default()),
        ]);
    }
    Ok((procedure, paper))
}

async fn show_record(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let (procedure, paper) = record(&app, &viewer, id).await?;
    page(&RecordPage { shell, procedure, paper })
}

async fn record_file(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>) -> Result<Response> {
    document::response(&record(&app, &viewer, id).await?.1)
}
