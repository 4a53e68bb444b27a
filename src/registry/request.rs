//! 个人信息请求: somebody asks for a copy of what is known of them, for a correction, for an erasure, or takes a consent back
//! (个人信息保护法, art. 15 and 44 to 50). Staff enter it at the window or on the phone; it is answered before a deadline.

use db::{Cursor, Page, Tx, record, statements, text_enum};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use uuid::Uuid;

use super::erasure;
use crate::access::{Act, Permission, Scope, Viewer};
use crate::audit;
use crate::error::{Error, Result};
use crate::in_reach;
use crate::settings::{self, Setting};
use crate::web::show::Deadline;
use crate::web::{Todo, show};

text_enum! {
    pub enum RequestKind {
        Copy = "copy" "查阅、复制",
        Correction = "correction" "更正",
        Deletion = "deletion" "删除",
        Withdrawal = "withdrawal" "撤回同意",
    }
    pub enum Channel { Window = "window" "到窗口", Phone = "phone" "打电话", Home = "home" "上门时说的" }
    pub enum State { Open = "open" "待处理", Done = "done" "已办理", Refused = "refused" "已拒绝" }
}

impl RequestKind {
    /// Handled by an erasure.
    pub const fn erases(self) -> bool {
        matches!(self, RequestKind::Deletion | RequestKind::Withdrawal)
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct Rules {
    answer_days: i64,
    soon_days: i64,
    clock: Clock,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Clock {
    Natural,
    Working,
}

impl Setting for Rules {
    const NAME: &'static str = "registry.requests";
}

/// A request as it comes in.
pub struct NewRequest {
    pub resident: Uuid,
    pub building: Uuid,
    pub kind: RequestKind,
    pub channel: Channel,
    /// Who asks, and how that was checked.
    pub requester: String,
    pub words: String,
}

macro_rules! requests {
    ($where:expr) => {
        concat!(
            "SELECT q.id, q.resident_id, q.kind, q.channel, q.state, q.requester_sealed, q.words_sealed, q.answer_sealed, q.filed_at,
                q.due_at, q.decided_at, r.name, f.name AS filed_by, d.name AS decided_by, e.name AS estate_name, b.name AS building_name
            FROM data_requests q JOIN residents r ON r.tenant_id = q.tenant_id AND r.id = q.resident_id
            JOIN buildings b ON b.tenant_id = q.tenant_id AND b.id = q.building_id
            JOIN estates e ON e.tenant_id = b.tenant_id AND e.id = b.estate_id
            LEFT JOIN accounts f ON f.tenant_id = q.tenant_id AND f.id = q.filed_by
            LEFT JOIN accounts d ON d.tenant_id = q.tenant_id AND d.id = q.decided_by
            WHERE q.tenant_id = $1 AND ",
            in_reach!("$2", "$3", "$1", "b.estate_id", "b.grid_id", "NULL"),
            " AND ",
            $where
        )
    };
}

statements! {
    ADD = "INSERT INTO data_requests (tenant_id, id, resident_id, building_id, kind, channel, state, requester_sealed, words_sealed, filed_at,
            filed_by, due_at) VALUES ($1, $2, $3, $4, $5, $6, 'open', $7, $8, $9, $10, $11)";
    BY_ID = requests!("q.id = $4");
    OPEN = requests!("q.state = 'open' AND (q.due_at, q.id) > ($4, $5) ORDER BY q.due_at, q.id LIMIT $6");
    ENDED = requests!("q.state <> 'open' AND (q.decided_at, q.id) < ($4, $5) ORDER BY q.decided_at DESC, q.id DESC LIMIT $6");
    DECIDE = "UPDATE data_requests SET state = $3, answer_sealed = $4, decided_at = $5, decided_by = $6
        WHERE tenant_id = $1 AND id = $2 AND state = 'open'";
}

record! {
    struct Stored {
        id: Uuid, resident_id: Uuid, kind: RequestKind, channel: Channel, state: State, requester_sealed: Vec<u8>, words_sealed: Vec<u8>,
        answer_sealed: Option<Vec<u8>>, filed_at: Timestamp, due_at: Timestamp, decided_at: Option<Timestamp>, name: String,
        filed_by: Option<String>, decided_by: Option<String>, estate_name: String, building_name: String,
    }
}

/// A request, opened.
pub struct Request {
    pub id: Uuid,
    pub resident: Uuid,
    pub kind: RequestKind,
    pub channel: Channel,
    pub state: State,
    pub requester: String,
    pub words: String,
    pub answer: String,
    pub filed_at: Timestamp,
    pub due_at: Timestamp,
    pub decided_at: Option<Timestamp>,
    /// The resident's name, as the register has it now.
    pub name: String,
    pub filed_by: Option<String>,
    pub decided_by: Option<String>,
    pub place: String,
}

impl Stored {
    fn open(self, act: &Act) -> Result<Request> {
        let open = |sealed: &[u8]| act.open("data_request", sealed);
        Ok(Request {
            id: self.id,
            resident: self.resident_id,
            kind: self.kind,
            channel: self.channel,
            state: self.state,
            requester: open(&self.requester_sealed)?,
            words: open(&self.words_sealed)?,
            answer: self.answer_sealed.as_deref().map(open).transpose()?.unwrap_or_default(),
            filed_at: self.filed_at,
            due_at: self.due_at,
            decided_at: self.decided_at,
            name: self.name,
            filed_by: self.filed_by,
            decided_by: self.decided_by,
            place: format!("{} {}", self.estate_name, self.building_name),
        })
    }
}

/// Notes a request, and when it has to be answered.
///
/// Errors: refused where the working days of the coming year are not known yet.
pub async fn file(tx: &mut Tx, act: &Act, new: NewRequest) -> Result<Uuid> {
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    let clock = match rules.clock {
        Clock::Natural => calendar::Clock::Natural,
        Clock::Working => calendar::Clock::Working,
    };
    let due = calendar::deadline(calendar::WorkingDays::embedded(), act.at, rules.answer_days * 24 * 60, clock)
        .map_err(|error| Error::refused(error.to_string()))?;
    let id = act.id();
    let row = ADD.bind(act.tenant).bind(id).bind(new.resident).bind(new.building).bind(new.kind).bind(new.channel);
    let row = row.bind(act.seal("data_request", &new.requester)?).bind(act.seal("data_request", &new.words)?);
    tx.execute(row.bind(act.at).bind(act.account).bind(due)).await?;
    audit::record(tx, act, "file_request", ("data_request", id), new.kind.label(), &[]).await?;
    Ok(id)
}

/// The request has been done as asked; an erasure happens here.
///
/// Errors: stale if somebody has ended it.
pub async fn complete(tx: &mut Tx, act: &Act, request: &Request, answer: &str) -> Result<()> {
    decide(tx, act, request, State::Done, answer).await?;
    if request.kind.erases() {
        erasure::erase(tx, act, request.resident, &format!("按本人请求{}", request.kind)).await?;
    }
    Ok(())
}

/// It is not done, for a reason that the requester is told.
///
/// Errors: stale if somebody has ended it.
pub async fn refuse(tx: &mut Tx, act: &Act, request: &Request, reason: &str) -> Result<()> {
    decide(tx, act, request, State::Refused, reason).await
}

async fn decide(tx: &mut Tx, act: &Act, request: &Request, state: State, answer: &str) -> Result<()> {
    let answer = act.seal("data_request", answer)?;
    let row = DECIDE.bind(act.tenant).bind(request.id).bind(state).bind(answer).bind(act.at).bind(act.account);
    if tx.execute(row).await? == 0 {
        return Err(Error::Stale("这个请求刚刚有别人办过，请刷新页面再看。".to_owned()));
    }
    let action = if state == State::Done { "complete_request" } else { "refuse_request" };
    audit::record(tx, act, action, ("data_request", request.id), request.kind.label(), &[]).await
}

pub(super) async fn request(tx: &mut Tx, act: &Act, scope: &Scope, id: Uuid) -> Result<Request> {
    tx.one::<Stored>(BY_ID.bind(act.tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?.open(act)
}

/// Those that wait, the most urgent first, or those that have ended, the latest first.
pub(super) async fn list(
    tx: &mut Tx,
    act: &Act,
    scope: &Scope,
    ended: bool,
    after: Option<Cursor>,
    size: usize,
) -> Result<Page<Request>> {
    let (statement, first) = if ended { (ENDED, Cursor::LAST) } else { (OPEN, Cursor::FIRST) };
    let after = after.unwrap_or(first);
    let query = statement.bind(act.tenant).bind(scope.account).bind(&scope.roles).bind(after.key).bind(after.id);
    let stored: Vec<Stored> = tx.all(query.bind(size as i64 + 1)).await?;
    let requests = stored.into_iter().map(|stored| stored.open(act)).collect::<Result<Vec<_>>>()?;
    Ok(Page::of(requests, size, |request: &Request| {
        let at = request.decided_at.filter(|_| ended).unwrap_or(request.due_at);
        Cursor { key: at.as_millisecond(), id: request.id }
    }))
}

/// How the deadlines of requests stand now.
pub(super) async fn deadlines(
    tx: &mut Tx,
    tenant: Uuid,
    now: Timestamp,
) -> Result<impl Fn(Timestamp) -> Deadline + use<>> {
    let rules: Rules = settings::read(tx, tenant, now).await?;
    let soon = now + SignedDuration::from_hours(24 * rules.soon_days);
    Ok(move |due| show::deadline(due, now, due < soon))
}

/// The requests that wait for an answer; at most 20.
pub async fn todo(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Vec<Todo>> {
    if !viewer.may(Permission::DataRequestHandle) {
        return Ok(Vec::new());
    }
    let scope = viewer.scope(Permission::DataRequestHandle);
    let query = OPEN.bind(viewer.tenant).bind(scope.account).bind(&scope.roles).bind(Cursor::FIRST.key);
    let open: Vec<Stored> = tx.all(query.bind(Cursor::FIRST.id).bind(20i64)).await?;
    let stands = deadlines(tx, viewer.tenant, now).await?;
    let todos = open.into_iter().map(|request| Todo {
        verb: "答复",
        title: format!("个人信息请求：{}", request.kind),
        detail: format!("{} {}", request.estate_name, request.building_name),
        href: format!("/data-requests/{}", request.id),
        due: request.due_at,
        deadline: stands(request.due_at),
    });
    Ok(todos.collect())
}
