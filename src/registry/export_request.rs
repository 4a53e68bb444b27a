//! 导出审批: a roll with whole numbers is asked for with a reason, approved by somebody else, and taken away once.

use db::{Cursor, Page, Tx, record, statements, text_enum};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use uuid::Uuid;

use crate::access::{Act, Permission, Viewer};
use crate::audit;
use crate::error::{Error, Result};
use crate::settings::{self, Setting};
use crate::web::Todo;
use crate::web::show::{self, Deadline};

text_enum! {
    /// Which list.
    pub enum Kind { Residents = "residents" "居民名单", Volunteers = "volunteers" "志愿服务记录" }
    pub enum State {
        Open = "open" "等审批",
        Approved = "approved" "已批准",
        Refused = "refused" "没有批准",
        Taken = "taken" "已领取",
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct Rules {
    take_hours: i64,
}

impl Setting for Rules {
    const NAME: &'static str = "registry.exports";
}

macro_rules! exports {
    ($where:expr) => {
        concat!(
            "SELECT x.id, x.kind, x.query, x.words, x.people, x.reason, x.state, x.asked_by, x.asked_at, x.decided_at, x.answer, x.expires_at,
                x.taken_at, a.name AS asker, d.name AS decider FROM export_requests x
            LEFT JOIN accounts a ON a.tenant_id = x.tenant_id AND a.id = x.asked_by
            LEFT JOIN accounts d ON d.tenant_id = x.tenant_id AND d.id = x.decided_by WHERE x.tenant_id = $1 AND ",
            $where
        )
    };
}

statements! {
    ADD = "INSERT INTO export_requests (tenant_id, id, kind, query, words, people, reason, state, asked_by, asked_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', $8, $9)";
    BY_ID = exports!("x.id = $2");
    /// Of one account, or of all.
    LIST = exports!("(CAST($2 AS UUID) IS NULL OR x.asked_by = $2) AND (x.asked_at, x.id) < ($3, $4)
        ORDER BY x.asked_at DESC, x.id DESC LIMIT $5");
    WAITING = exports!("x.state = $2 AND x.state IN ('open', 'approved') ORDER BY x.asked_at LIMIT 50");
    DECIDE = "UPDATE export_requests SET state = $3, decided_by = $4, decided_at = $5, answer = $6, expires_at = $7
        WHERE tenant_id = $1 AND id = $2 AND state = 'open'";
    TAKE = "UPDATE export_requests SET state = 'taken', taken_at = $4
        WHERE tenant_id = $1 AND id = $2 AND asked_by = $3 AND state = 'approved' AND expires_at > $4";
}

record! {
    pub struct ExportRequest {
        pub id: Uuid, pub kind: Kind, pub query: String, pub words: String, pub people: i64, pub reason: String, pub state: State, pub asked_by: Uuid,
        pub asked_at: Timestamp, pub decided_at: Option<Timestamp>, pub answer: Option<String>, pub expires_at: Option<Timestamp>,
        pub taken_at: Option<Timestamp>, pub asker: Option<String>, pub decider: Option<String>,
    }
}

impl ExportRequest {
    /// It can still be taken away.
    pub fn is_ready(&self, now: Timestamp) -> bool {
        self.state == State::Approved && self.expires_at.is_some_and(|until| until > now)
    }

    /// Where whoever asked takes it away.
    pub fn workbook(&self) -> String {
        match self.kind {
            Kind::Residents => format!("/residents/exports/{}/workbook", self.id),
            Kind::Volunteers => format!("/volunteer-exports/{}/workbook", self.id),
        }
    }
}

/// What somebody asks for: a query that whoever writes the list understands, the same in words, and how many are on it.
pub struct Roll {
    pub query: String,
    pub words: String,
    pub people: i64,
}

pub async fn ask(tx: &mut Tx, act: &Act, kind: Kind, roll: Roll, reason: &str) -> Result<Uuid> {
    let id = act.id();
    let row =
        ADD.bind(act.tenant).bind(id).bind(kind).bind(roll.query).bind(&roll.words).bind(roll.people).bind(reason);
    tx.execute(row.bind(act.account).bind(act.at)).await?;
    audit::record(tx, act, "ask_export", ("export_request", id), &format!("{}：{reason}", roll.words), &[]).await?;
    Ok(id)
}

pub(super) async fn export_request(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<ExportRequest> {
    Ok(tx.one(BY_ID.bind(tenant).bind(id)).await?)
}

/// What somebody has asked for and may take away now.
///
/// Errors: not found of another list, or if somebody else has asked; refused where it was taken, not approved, or too long ago.
pub async fn ready(tx: &mut Tx, act: &Act, kind: Kind, id: Uuid) -> Result<ExportRequest> {
    let request = export_request(tx, act.tenant, id).await?;
    if request.kind != kind || Some(request.asked_by) != act.account {
        return Err(Error::NotFound);
    }
    if request.is_ready(act.at) { Ok(request) } else { Err(not_ready()) }
}

/// The requests of one account, or of all, the latest first.
pub(super) async fn list(
    tx: &mut Tx,
    tenant: Uuid,
    account: Option<Uuid>,
    after: Cursor,
    size: usize,
) -> Result<Page<ExportRequest>> {
    let found = tx.all(LIST.bind(tenant).bind(account).bind(after.key).bind(after.id).bind(size as i64 + 1)).await?;
    Ok(Page::of(found, size, |found: &ExportRequest| Cursor { key: found.asked_at.as_millisecond(), id: found.id }))
}

/// Approves a request, or refuses it with the answer that says why.
///
/// Errors: refused to whoever asked; stale if somebody has decided.
pub async fn decide(tx: &mut Tx, act: &Act, id: Uuid, refusal: Option<&str>) -> Result<()> {
    let asked = export_request(tx, act.tenant, id).await?;
    if act.account == Some(asked.asked_by) {
        return Err(Error::refused("自己申请的不能自己批，请另一位社区书记审批"));
    }
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    let (state, until) = match refusal {
        Some(_) => (State::Refused, None),
        None => (State::Approved, Some(act.at + SignedDuration::from_hours(rules.take_hours))),
    };
    let row = DECIDE.bind(act.tenant).bind(id).bind(state).bind(act.account).bind(act.at).bind(refusal).bind(until);
    if tx.execute(row).await? == 0 {
        return Err(Error::Stale("这个申请刚刚有别人批过，请刷新页面再看。".to_owned()));
    }
    let action = if refusal.is_some() { "refuse_export" } else { "approve_export" };
    audit::record(tx, act, action, ("export_request", id), refusal.unwrap_or_default(), &[]).await
}

/// Notes that the roll is being taken away; it can be only once, and only by whoever asked.
///
/// Errors: refused where it was taken, not approved, or too long ago.
pub async fn take(tx: &mut Tx, act: &Act, id: Uuid, people: usize) -> Result<()> {
    if tx.execute(TAKE.bind(act.tenant).bind(id).bind(act.account).bind(act.at)).await? == 0 {
        return Err(not_ready());
    }
    audit::record(tx, act, "export_whole", ("export_request", id), &format!("{people} 人，号码完整"), &[]).await
}

/// Why a roll cannot be taken away.
fn not_ready() -> Error {
    Error::refused("这份名单不能领取：没有批准、已经领过、过了时限，或者不是您申请的。需要的请再申请一次")
}

/// What waits to be approved by somebody, and what somebody may take away.
pub async fn todo(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Vec<Todo>> {
    let mut todos = Vec::new();
    let mut add = |verb, request: ExportRequest, due, deadline| {
        let (title, href) = (format!("完整号码的名单：{}", request.words), "/residents/exports".to_owned());
        todos.push(Todo {
            verb,
            title,
            detail: format!("{} 人；{}", request.people, request.reason),
            href,
            due,
            deadline,
        });
    };
    if viewer.may(Permission::ResidentExportApprove) {
        let open: Vec<ExportRequest> = tx.all(WAITING.bind(viewer.tenant).bind(State::Open)).await?;
        for request in open.into_iter().filter(|request| request.asked_by != viewer.account) {
            let at = request.asked_at;
            add("审批导出", request, at, Deadline { class: "soon", text: show::since(at, now) });
        }
    }
    if viewer.may(Permission::ResidentExport) {
        let approved: Vec<ExportRequest> = tx.all(WAITING.bind(viewer.tenant).bind(State::Approved)).await?;
        for request in
            approved.into_iter().filter(|request| request.asked_by == viewer.account && request.is_ready(now))
        {
            let until = request.expires_at.unwrap_or(now);
            add("领取名单", request, until, show::deadline(until, now, true));
        }
    }
    Ok(todos)
}
