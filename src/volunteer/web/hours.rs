//! Hours for staff: what waits, one record with all its versions and the steps that it may take, and the ledger of a volunteer.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use calendar::shanghai;
use db::{Cursor, Tx};
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::activity::{read_breaks, read_span};
use crate::access::{Act, Permission, Routes, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::volunteer::card::{self, Card};
use crate::volunteer::certificate_store::{self, Certificate};
use crate::volunteer::hours::{self, Correct};
use crate::volunteer::hours_model::{Stage, in_words};
use crate::volunteer::hours_store::{self, Record, Total, Version};
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::{HoursApprove, VolunteerEdit, VolunteerRead};
    Routes::default()
        .get("/volunteer-hours", VolunteerRead, list)
        .get("/volunteer-hours/{id}", VolunteerRead, show)
        .post("/volunteer-hours/{id}/confirmation", VolunteerEdit, confirm)
        .post("/volunteer-hours/{id}/approval", HoursApprove, approve)
        .post("/volunteer-hours/{id}/refusal", VolunteerEdit, refuse)
        .post("/volunteer-hours/{id}/correction", VolunteerEdit, correct)
        .post("/volunteer-hours/{id}/answer", HoursApprove, answer)
        .get("/volunteers/{id}/hours", VolunteerRead, ledger)
}

const PAGE: usize = 40;

#[derive(Template)]
#[template(path = "volunteer/web/hours.html")]
struct ListPage {
    shell: Shell,
    state: Stage,
    records: Vec<Record>,
    next: Option<String>,
    now: Timestamp,
}

impl ListPage {
    fn states(&self) -> &'static [Stage] {
        Stage::ALL
    }

    fn is(&self, state: &Stage) -> bool {
        self.state == *state
    }
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    state: String,
    before: Option<String>,
}

impl Asked {
    fn before(&self) -> Cursor {
        self.before.as_ref().and_then(|text| text.parse().ok()).unwrap_or(Cursor::LAST)
    }
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(asked): Query<Asked>) -> Result<Response> {
    let scope = viewer.scope(Permission::VolunteerRead);
    let state = Stage::parse(&asked.state).unwrap_or(Stage::Confirmed);
    let mut tx = app.db.read().await?;
    let records = hours_store::list(&mut tx, viewer.tenant, &scope, state, asked.before(), PAGE).await?;
    let next = records.next.map(|cursor| format!("/volunteer-hours?state={}&before={cursor}", state.code()));
    page(&ListPage { shell, state, records: records.items, next, now: app.means.now() })
}

#[derive(Template)]
#[template(path = "volunteer/web/ledger.html")]
struct LedgerPage {
    shell: Shell,
    card: Card,
    total: Total,
    under_way: i64,
    records: Vec<Record>,
    next: Option<String>,
    now: Timestamp,
}

impl LedgerPage {
    fn under_way_words(&self) -> String {
        in_words(self.under_way)
    }
}

async fn ledger(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::VolunteerRead)?;
    let mut tx = app.db.read().await?;
    let card = card::card_in_reach(&mut tx, &act, &viewer.scope(Permission::VolunteerRead), id).await?;
    let records = hours_store::of_volunteer(&mut tx, viewer.tenant, id, asked.before(), PAGE).await?;
    page(&LedgerPage {
        shell,
        card,
        total: hours_store::total(&mut tx, viewer.tenant, id, act.at).await?,
        under_way: hours_store::under_way(&mut tx, viewer.tenant, id, act.at).await?,
        next: records.next.map(|cursor| format!("/volunteers/{id}/hours?before={cursor}")),
        records: records.items,
        now: act.at,
    })
}

#[derive(Template)]
#[template(path = "volunteer/web/record.html")]
struct RecordPage {
    shell: Shell,
    record: Record,
    versions: Vec<Version>,
    /// Those in which it may be counted already.
    certificates: Vec<Certificate>,
    /// What whoever it is about has said against it.
    objection: Option<String>,
    may_edit: bool,
    may_approve: bool,
    now: Timestamp,
    form: Form,
    failed: &'static str,
}

impl RecordPage {
    fn opened(&self, part: &str) -> bool {
        self.failed == part
    }

    fn is(&self, state: &str) -> bool {
        self.record.state.code() == state
    }

    fn may_correct(&self) -> bool {
        match self.record.state {
            Stage::Confirmed => self.may_edit,
            Stage::Approved | Stage::Objected => self.may_edit && self.may_approve,
            Stage::Refused => self.may_edit && self.may_approve && self.record.may_restore(&self.now),
            Stage::Submitted => false,
        }
    }
}

async fn record_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    (failed, mut form): (&'static str, Form),
) -> Result<RecordPage> {
    let act = app.act(viewer, Permission::VolunteerRead)?;
    let mut tx = app.db.read().await?;
    let record = hours_store::in_reach(&mut tx, viewer.tenant, &viewer.scope(Permission::VolunteerRead), id).await?;
    let versions = hours_store::versions(&mut tx, viewer.tenant, id).await?;
    if let Some(last) = versions.first().filter(|_| failed != "correction") {
        let came = last.came_at.to_zoned_datetime(shanghai());
        form.set("day", came.date().to_string());
        form.set("from", came.strftime("%H:%M").to_string());
        form.set("until", last.left_at.to_zoned_datetime(shanghai()).strftime("%H:%M").to_string());
        form.set("breaks", last.breaks.to_string());
    }
    let certificates = certificate_store::about(&mut tx, viewer.tenant, record.volunteer_id, &record.on_day).await?;
    let objection = record.objection_sealed.as_ref().map(|sealed| act.open("objection", sealed)).transpose()?;
    Ok(RecordPage {
        shell,
        record,
        versions,
        certificates,
        objection,
        may_edit: viewer.may(Permission::VolunteerEdit),
        may_approve: viewer.may(Permission::HoursApprove),
        now: act.at,
        form,
        failed,
    })
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&record_page(&app, &viewer, shell, id, Default::default()).await?)
}

async fn reached(app: &App, viewer: &Viewer, id: Uuid, permission: Permission) -> Result<(Tx, Act, Record)> {
    let act = app.act(viewer, permission)?;
    let mut tx = app.db.begin().await?;
    let record = hours_store::in_reach(&mut tx, viewer.tenant, &viewer.scope(permission), id).await?;
    Ok((tx, act, record))
}

async fn again(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, failed: (&'static str, Form)) -> Result<Response> {
    page_again(&record_page(app, viewer, shell, id, failed).await?)
}

async fn confirm(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, record) = reached(&app, &viewer, id, Permission::VolunteerEdit).await?;
    let seen = form.version();
    let done = hours::confirm(&mut tx, &act, &record, seen, None).await;
    match form.ended(tx, "confirmation", done).await? {
        Some(()) => Ok(redirect(&format!("/volunteer-hours/{id}"), "已确认，等别人审核")),
        None => again(&app, &viewer, shell, id, ("confirmation", form)).await,
    }
}

async fn approve(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, record) = reached(&app, &viewer, id, Permission::HoursApprove).await?;
    let why = form.open_text("over_day", "理由", 0..=100, "不要写电话或身份证号");
    if !form.ok() {
        drop(tx);
        return again(&app, &viewer, shell, id, ("approval", form)).await;
    }
    let over_day = (!why.is_empty()).then_some(why.as_str());
    let seen = form.version();
    let done = hours::approve(&mut tx, &act, &record, seen, over_day).await;
    match form.ended(tx, "over_day", done).await? {
        Some(()) => Ok(redirect(&format!("/volunteer-hours/{id}"), "已审核，异议期过了就入账")),
        None => again(&app, &viewer, shell, id, ("approval", form)).await,
    }
}

async fn refuse(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, record) = reached(&app, &viewer, id, Permission::VolunteerEdit).await?;
    let why = form.open_text("refused_why", "为什么不计", 2..=100, "本人看得到，不要写电话或身份证号");
    // What whoever leads has confirmed only those may strike out who may approve it.
    if record.state != Stage::Submitted && !viewer.may(Permission::HoursApprove) {
        return Err(Error::Forbidden);
    }
    if !form.ok() {
        drop(tx);
        return again(&app, &viewer, shell, id, ("refusal", form)).await;
    }
    let seen = form.version();
    let done = hours::refuse(&mut tx, &act, &record, seen, None, &why).await;
    match form.ended(tx, "refused_why", done).await? {
        Some(()) => Ok(redirect(&format!("/volunteer-hours/{id}"), "没有计，本人看得到原因")),
        None => again(&app, &viewer, shell, id, ("refusal", form)).await,
    }
}

async fn correct(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, record) = reached(&app, &viewer, id, Permission::VolunteerEdit).await?;
    let there = read_span(&mut form);
    let breaks = read_breaks(&mut form, 1440);
    let why = form.open_text("why", "为什么更正", 2..=100, "不要写电话或身份证号");
    // What the community has approved is not taken out of the ledger by somebody who may not approve.
    if record.state != Stage::Confirmed && !viewer.may(Permission::HoursApprove) {
        return Err(Error::Forbidden);
    }
    let (Some(there), Some(breaks), true) = (there, breaks, form.ok()) else {
        drop(tx);
        return again(&app, &viewer, shell, id, ("correction", form)).await;
    };
    let seen = form.version();
    let done = hours::correct(&mut tx, &act, &record, seen, Correct { there, breaks }, &why).await;
    match form.ended(tx, "day", done).await? {
        Some(()) => Ok(redirect(&format!("/volunteer-hours/{id}"), "已更正，原来的还在；等别人审核")),
        None => again(&app, &viewer, shell, id, ("correction", form)).await,
    }
}

async fn answer(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, record) = reached(&app, &viewer, id, Permission::HoursApprove).await?;
    let words = form.open_text("answer", "答复", 2..=200, "本人看得到，不要写电话或身份证号");
    if !form.ok() {
        drop(tx);
        return again(&app, &viewer, shell, id, ("answer", form)).await;
    }
    let seen = form.version();
    let done = hours::answer(&mut tx, &act, &record, seen, &words).await;
    match form.ended(tx, "answer", done).await? {
        Some(()) => Ok(redirect(&format!("/volunteer-hours/{id}"), "已答复本人")),
        None => again(&app, &viewer, shell, id, ("answer", form)).await,
    }
}
