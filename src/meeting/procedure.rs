//! 四议两公开: a matter that concerns everybody is proposed by the branch, talked over by the two committees, reviewed by all
//! members and resolved by the residents' representatives, each in a meeting of its own; the resolution and what came of it are
//! published. A step can be taken only when the minutes of the one before are kept.

use std::collections::HashMap;

use db::{Tx, record, statements, text_enum};
use jiff::Timestamp;
use uuid::Uuid;

use super::minutes::Stage;
use super::model::{Kind, Outcome, State};
use super::store::Circle;
use crate::access::{Act, Permission, Scope, Viewer};
use crate::error::{Error, Result};
use crate::{audit, body, in_reach, issue, party, place};

text_enum! {
    pub enum Step {
        Propose = "propose" "支部提议",
        Consult = "consult" "两委商议",
        Review = "review" "党员大会审议",
        Resolve = "resolve" "居民代表会议决议",
    }
}

impl Step {
    pub fn number(self) -> &'static str {
        ["一", "二", "三", "四"][self as usize]
    }

    /// The meetings at which it can be taken. A branch without a committee proposes at a meeting of all its members.
    pub fn kinds(self) -> &'static [Kind] {
        match self {
            Step::Propose => &[Kind::Committee, Kind::Assembly],
            Step::Consult => &[Kind::TwoCommittees],
            Step::Review => &[Kind::Assembly],
            Step::Resolve => &[Kind::Representatives],
        }
    }

    pub fn fits(self, kind: Kind) -> bool {
        self.kinds().contains(&kind)
    }
}

macro_rules! procedures {
    ($where:expr) => {
        concat!(
            "SELECT p.id, p.title, p.reason, p.party_organisation_id, po.name AS organisation_name, p.estate_id, e.name AS estate_name,
                p.stopped_at, p.stopped_why, p.created_at, p.lock_version
            FROM procedures p
            JOIN party_organisations po ON po.tenant_id = p.tenant_id AND po.id = p.party_organisation_id
            JOIN estates e ON e.tenant_id = p.tenant_id AND e.id = p.estate_id WHERE p.tenant_id = $1 AND ",
            $where
        )
    };
}

/// Within the reach of whoever may read meetings and members there, as for the meetings of a branch.
macro_rules! reached {
    () => {
        concat!(
            in_reach!("$2", "$3", "p.tenant_id", "po.estate_id", "NULL", "po.organisation_id"),
            " AND ",
            in_reach!("$4", "$5", "p.tenant_id", "po.estate_id", "NULL", "po.organisation_id")
        )
    };
}

statements! {
    ADD = "INSERT INTO procedures (tenant_id, id, title, reason, party_organisation_id, estate_id, stopped_why, created_by, created_at, lock_version)
        VALUES ($1, $2, $3, $4, $5, $6, '', $7, $8, 1)";
    STOP = "UPDATE procedures SET stopped_at = $4, stopped_why = $5, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND stopped_at IS NULL";
    GET = procedures!("p.id = $2");
    GET_IN_SCOPE = procedures!(concat!(reached!(), " AND p.id = $6"));
    LIST = procedures!(concat!(reached!(), " AND (p.created_at, p.id) < ($6, $7) ORDER BY p.created_at DESC, p.id DESC LIMIT $8"));
    /// Those that have not been stopped and are not through, the oldest first.
    OPEN = procedures!("p.stopped_at IS NULL AND NOT EXISTS (SELECT 1 FROM agenda_items a
            JOIN minutes mi ON mi.tenant_id = a.tenant_id AND mi.meeting_id = a.meeting_id
            WHERE a.tenant_id = p.tenant_id AND a.procedure_id = p.id AND a.procedure_step = 'resolve' AND a.outcome = 'resolved' AND mi.state = 'archived')
        ORDER BY p.created_at, p.id LIMIT 50");
    /// Every time a step was put on an agenda that was not called off: of one procedure, or of all that are open.
    TAKEN = "SELECT a.procedure_id, a.procedure_step AS step, a.id AS item_id, a.outcome, a.resolution, a.issue_id, i.receipt_code, i.state AS issue_state,
            m.id AS meeting_id, m.title, m.state, m.planned_at, mi.state AS stage
        FROM agenda_items a JOIN meetings m ON m.tenant_id = a.tenant_id AND m.id = a.meeting_id
        LEFT JOIN minutes mi ON mi.tenant_id = m.tenant_id AND mi.meeting_id = m.id
        LEFT JOIN issues i ON i.tenant_id = a.tenant_id AND i.id = a.issue_id
        WHERE a.tenant_id = $1 AND a.procedure_id IS NOT NULL AND m.state <> 'cancelled'
          AND (CAST($2 AS UUID) IS NULL OR a.procedure_id = $2)
          AND EXISTS (SELECT 1 FROM procedures p WHERE p.tenant_id = a.tenant_id AND p.id = a.procedure_id
              AND (CAST($2 AS UUID) IS NOT NULL OR p.stopped_at IS NULL))
        ORDER BY m.planned_at DESC, a.id DESC LIMIT 500";
}

record! {
    #[derive(Debug, Clone)]
    pub struct Procedure {
        pub id: Uuid, pub title: String, pub reason: String, pub party_organisation_id: Uuid, pub organisation_name: String,
        pub estate_id: Uuid, pub estate_name: String, pub stopped_at: Option<Timestamp>, pub stopped_why: String,
        pub created_at: Timestamp, pub lock_version: i64,
    }
    /// A step at a meeting.
    #[derive(Debug, Clone)]
    pub struct Taken {
        pub procedure_id: Uuid, pub step: Step, pub item_id: Uuid, pub outcome: Outcome, pub resolution: String, pub issue_id: Option<Uuid>,
        pub receipt_code: Option<String>, pub issue_state: Option<issue::State>, pub meeting_id: Uuid, pub title: String,
        pub state: State, pub planned_at: Timestamp, pub stage: Option<Stage>,
    }
}

impl Taken {
    /// It was resolved and the minutes are kept: the next step may follow.
    pub fn done(&self) -> bool {
        self.outcome == Outcome::Resolved && self.stage == Some(Stage::Archived)
    }

    /// What it waits for, or how it ended.
    pub fn words(&self) -> String {
        match (self.state, self.outcome) {
            (_, Outcome::Resolved) if self.done() => "通过，记录已归档".to_owned(),
            (State::Ended, Outcome::Resolved) => "通过，等会议记录归档".to_owned(),
            (State::Ended | State::Inquorate, outcome) => format!("{outcome}"),
            (state, _) => format!("会议{state}"),
        }
    }

    /// It stands on an agenda, or waits for its minutes: it need not be put on another.
    fn under_way(&self) -> bool {
        self.state.open() || self.outcome == Outcome::Resolved
    }
}

/// A matter that is to go the whole way.
#[derive(Debug, Clone)]
pub struct NewProcedure {
    pub title: String,
    pub reason: String,
    pub organisation: Uuid,
    pub estate: Uuid,
}

pub async fn propose(tx: &mut Tx, act: &Act, new: NewProcedure) -> Result<Uuid> {
    place::estate(tx, act.tenant, new.estate).await?;
    let id = act.id();
    let row = ADD.bind(act.tenant).bind(id).bind(&new.title).bind(&new.reason).bind(new.organisation).bind(new.estate);
    tx.execute(row.bind(act.account).bind(act.at)).await?;
    audit::record(tx, act, "create", ("procedure", id), &new.title, &[]).await?;
    Ok(id)
}

/// It goes no further, and why.
///
/// Errors: stale if somebody else has stopped it.
pub async fn stop(tx: &mut Tx, act: &Act, procedure: &Procedure, why: &str) -> Result<()> {
    let row = STOP.bind(act.tenant).bind(procedure.id).bind(procedure.lock_version).bind(act.at).bind(why);
    if tx.execute(row).await? == 0 {
        return Err(Error::Stale("这件事刚刚有同事改过，请刷新后再看。".to_owned()));
    }
    audit::record(tx, act, "cancel", ("procedure", procedure.id), why, &[]).await
}

pub(super) async fn procedure_for(tx: &mut Tx, viewer: &Viewer, id: Uuid, permission: Permission) -> Result<Procedure> {
    let [of_meetings, within_party] = scopes(viewer, permission);
    let query = GET_IN_SCOPE.bind(viewer.tenant).bind(of_meetings.account).bind(of_meetings.roles);
    Ok(tx.one(query.bind(within_party.account).bind(within_party.roles).bind(id)).await?)
}

/// The latest first.
pub(super) async fn procedures(
    tx: &mut Tx,
    viewer: &Viewer,
    before: db::Cursor,
    size: usize,
) -> Result<db::Page<Procedure>> {
    let [of_meetings, within_party] = scopes(viewer, Permission::MeetingRead);
    let query = LIST.bind(viewer.tenant).bind(of_meetings.account).bind(of_meetings.roles);
    let query = query.bind(within_party.account).bind(within_party.roles).bind(before.key).bind(before.id);
    let items: Vec<Procedure> = tx.all(query.bind(size as i64 + 1)).await?;
    Ok(db::Page::of(items, size, |item| db::Cursor { key: item.created_at.as_millisecond(), id: item.id }))
}

fn scopes(viewer: &Viewer, permission: Permission) -> [Scope; 2] {
    [permission, Permission::PartyRead].map(|permission| viewer.scope(permission))
}

/// Each time a step of a procedure was taken or is to be, the latest first.
pub(super) async fn taken(tx: &mut Tx, tenant: Uuid, procedure: Uuid) -> Result<Vec<Taken>> {
    Ok(tx.all(TAKEN.bind(tenant).bind(procedure)).await?)
}

/// Each time a step of any procedure that is not stopped was taken or is to be.
pub(super) async fn taken_of_all(tx: &mut Tx, tenant: Uuid) -> Result<HashMap<Uuid, Vec<Taken>>> {
    let mut all: HashMap<Uuid, Vec<Taken>> = HashMap::new();
    for taken in tx.all::<Taken>(TAKEN.bind(tenant).bind(None::<Uuid>)).await? {
        all.entry(taken.procedure_id).or_default().push(taken);
    }
    Ok(all)
}

/// The first step that is not done.
pub fn current(taken: &[Taken]) -> Option<Step> {
    Step::ALL.iter().copied().find(|step| !taken.iter().any(|taken| taken.step == *step && taken.done()))
}

/// The first step that is not done, unless it is under way already.
pub fn next(taken: &[Taken]) -> Option<Step> {
    current(taken).filter(|step| !taken.iter().any(|taken| taken.step == *step && taken.under_way()))
}

/// The procedures whose next step a circle can take.
pub(super) async fn due(tx: &mut Tx, tenant: Uuid, circle: Circle) -> Result<Vec<(Procedure, Step)>> {
    if circle.party.is_none() && circle.body.is_none() {
        return Ok(Vec::new());
    }
    let open: Vec<Procedure> = tx.all(OPEN.bind(tenant)).await?;
    if open.is_empty() {
        return Ok(Vec::new());
    }
    let taken = taken_of_all(tx, tenant).await?;
    let above = Above::read(tx, tenant).await?;
    let body = match circle.body {
        Some(id) => Some(body::body(tx, tenant, &Scope::tenant(), id).await?),
        None => None,
    };
    let mut due = Vec::new();
    for procedure in open {
        let Some(step) = next(taken.get(&procedure.id).map_or(&[], Vec::as_slice)) else { continue };
        let proposer = procedure.party_organisation_id;
        let own = match step {
            Step::Propose | Step::Review => circle.party == Some(proposer) && circle.body.is_none(),
            Step::Consult => circle.party.is_some_and(|party| above.is_at_or_above(party, proposer)),
            Step::Resolve => {
                circle.party.is_none()
                    && body.as_ref().is_some_and(|body| {
                        body.kind == body::Kind::Representatives
                            && body.estate_id.is_none_or(|id| id == procedure.estate_id)
                    })
            }
        };
        if own {
            due.push((procedure, step));
        }
    }
    Ok(due)
}

/// A procedure and its next step, if a meeting can take it, and how often that step will have been on an agenda.
///
/// Errors: refused with what has to be done first.
pub(super) async fn next_at(
    tx: &mut Tx,
    tenant: Uuid,
    (circle, kind): (Circle, Kind),
    id: Uuid,
) -> Result<(Procedure, Step, i64)> {
    let procedure: Procedure = tx.one(GET.bind(tenant).bind(id)).await?;
    if procedure.stopped_at.is_some() {
        return Err(Error::refused(format!("“{}”已经停办", procedure.title)));
    }
    let taken = taken(tx, tenant, id).await?;
    let Some(step) = next(&taken) else {
        let waits = current(&taken).and_then(|step| taken.iter().find(|taken| taken.step == step));
        return Err(Error::refused(match waits {
            Some(waits) => format!("“{}”的{}：{}，不用再列", procedure.title, waits.step, waits.words()),
            None => format!("“{}”四步都走完了", procedure.title),
        }));
    };
    let owed = due(tx, tenant, circle).await?;
    if !step.fits(kind) || !owed.iter().any(|(due, _)| due.id == id) {
        let kinds: Vec<&str> = step.kinds().iter().map(|kind| kind.label()).collect();
        let number = step.number();
        return Err(Error::refused(format!(
            "“{}”现在该走第{number}步“{step}”，要由{}来议",
            procedure.title,
            kinds.join("或者")
        )));
    }
    let times = 1 + taken.iter().filter(|taken| taken.step == step).count() as i64;
    Ok((procedure, step, times))
}

/// Which party organisation stands under which.
pub(super) struct Above(HashMap<Uuid, Option<Uuid>>);

impl Above {
    pub async fn read(tx: &mut Tx, tenant: Uuid) -> Result<Above> {
        let all = party::organisations(tx, tenant, &Scope::tenant()).await?;
        Ok(Above(all.into_iter().map(|organisation| (organisation.id, organisation.parent_id)).collect()))
    }

    fn chain(&self, from: Uuid) -> impl Iterator<Item = Uuid> {
        // A tree is not deeper than it has organisations, whatever its rows say.
        let up = move |id: &Uuid| self.0.get(id).copied().flatten();
        std::iter::successors(Some(from), up).take(self.0.len().max(1))
    }

    fn is_at_or_above(&self, party: Uuid, below: Uuid) -> bool {
        self.chain(below).any(|id| id == party)
    }

    /// The highest organisation over one.
    pub fn root(&self, from: Uuid) -> Uuid {
        self.chain(from).last().unwrap_or(from)
    }
}
