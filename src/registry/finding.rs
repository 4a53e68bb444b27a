//! What a survey found to be different from the register: 变化核对. A workbook that is compared, or a visit at the door,
//! notes what it has found; somebody accepts or refuses each, and only then the register changes. The same is noted once,
//! however often it is said.

use std::collections::BTreeMap;

use codes::PersonName;
use codes::tables::Relation;
use db::{Cursor, Db, Page, Tx, record, statements, text_enum};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::enrol::{self, NewResident, Outcome};
use super::figures;
use super::life;
use super::particular::{Particular, Values};
use super::person::{self, Clash, Edit, Ending};
use super::tag::Tag;
use super::tagging;
use crate::access::{Act, Permission, Scope, Viewer};
use crate::audit;
use crate::error::{Error, Result};
use crate::in_reach;
use crate::place::{self, Use};
use crate::web::show::Deadline;
use crate::web::{Todo, show};

text_enum! {
    /// Where findings come from.
    pub enum BatchKind { Import = "import" "登记表", Campaign = "campaign" "敲门行动" }
    pub enum Kind {
        MovedIn = "moved_in" "新住进来",
        MovedOut = "moved_out" "可能迁出",
        Born = "born" "新出生",
        Died = "died" "去世",
        Phone = "phone" "电话变了",
        Particular = "particular" "其他登记变了",
        Clash = "clash" "两个人改得不一样",
        Turned60 = "turned_60" "满60岁",
        Turned80 = "turned_80" "满80岁",
        BecameAlone = "became_alone" "成了独居老人",
    }
    pub enum Decision { Accepted = "accepted" "已采纳", Refused = "refused" "没有采纳" }
}

impl Kind {
    /// A fact to take note of: the register does not change by it.
    pub const fn is_fact(self) -> bool {
        matches!(self, Kind::Turned60 | Kind::Turned80 | Kind::BecameAlone)
    }
}

/// A survey: all that one workbook says, or one campaign.
#[derive(Debug, Clone, Copy)]
pub struct Batch {
    pub kind: BatchKind,
    pub id: Uuid,
    /// The import, or the record of the visit.
    pub source: Uuid,
    pub by: Option<Uuid>,
}

/// What somebody said. `seen` is the version of the resident that they had before them.
pub enum Said {
    /// Without a head they belong to the only household of the dwelling, or else make one of their own.
    MovedIn {
        dwelling: Uuid,
        head: Option<PersonName>,
        person: Box<NewResident>,
    },
    Born {
        household: Uuid,
        person: Box<NewResident>,
    },
    MovedOut {
        resident: Uuid,
        seen: i64,
        words: String,
    },
    Died {
        resident: Uuid,
        seen: i64,
        words: String,
    },
    /// Two people changed one field; `mine` of the second is what is proposed.
    Clash {
        resident: Uuid,
        clash: Clash,
    },
}

/// A finding before it is kept.
pub(super) struct Note {
    pub kind: Kind,
    /// The building and the dwelling.
    pub door: (Uuid, Uuid),
    pub resident: Option<Uuid>,
    pub field: Option<String>,
    pub seen: i64,
    pub sure: bool,
    /// Masked.
    pub words: String,
    pub payload: Payload,
}

/// What was said, as it is kept sealed until it has been decided.
#[derive(Serialize, Deserialize)]
pub(super) enum Payload {
    Person { head: Option<String>, values: BTreeMap<String, String>, tags: Vec<(String, String)> },
    Gone { words: String },
    Field { value: Option<String> },
    Tag { evidence: String, holds: bool },
    Use { usage: String },
    Fact,
}

macro_rules! findings {
    ($where:expr) => {
        concat!(
            "SELECT f.id, f.kind, f.batch_kind, f.batch_id, f.source_id, f.dwelling_id, f.resident_id, f.field, f.words, f.payload_sealed,
                f.seen_version, f.sure, f.found_at, a.name AS finder, r.name, r.lock_version, e.name AS estate_name,
                b.name AS building_name, u.key AS unit_key, d.room,
                CASE WHEN r.id IS NULL OR f.kind IN ('turned_60', 'turned_80', 'became_alone') THEN FALSE
                    WHEN r.ended IS NOT NULL AND f.kind <> 'moved_in' THEN TRUE
                    WHEN f.field IS NULL THEN r.lock_version > f.seen_version
                    ELSE EXISTS (SELECT 1 FROM resident_fields c WHERE c.tenant_id = f.tenant_id AND c.resident_id = r.id
                        AND c.field = f.field AND c.version > f.seen_version) END AS stale
            FROM findings f JOIN dwellings d ON d.tenant_id = f.tenant_id AND d.id = f.dwelling_id
            JOIN units u ON u.tenant_id = d.tenant_id AND u.id = d.unit_id
            JOIN buildings b ON b.tenant_id = f.tenant_id AND b.id = f.building_id
            JOIN estates e ON e.tenant_id = b.tenant_id AND e.id = b.estate_id
            LEFT JOIN residents r ON r.tenant_id = f.tenant_id AND r.id = f.resident_id
            LEFT JOIN accounts a ON a.tenant_id = f.tenant_id AND a.id = f.found_by
            WHERE f.tenant_id = $1 AND f.decision IS NULL AND ",
            in_reach!("$2", "$3", "$1", "b.estate_id", "b.grid_id", "NULL"),
            " AND ",
            $where
        )
    };
}

/// The conditions of a page besides the kind: `$4` the batch, `$5` the estate, `$6` the building.
macro_rules! among {
    () => {
        "(CAST($4 AS UUID) IS NULL OR f.batch_id = $4) AND (CAST($5 AS UUID) IS NULL OR b.estate_id = $5)
            AND (CAST($6 AS UUID) IS NULL OR f.building_id = $6)"
    };
}

statements! {
    /// Does nothing where the same is open, or was said in the same batch before.
    ADD = "INSERT INTO findings (tenant_id, id, batch_kind, batch_id, source_id, kind, building_id, dwelling_id, resident_id, field, words,
            payload_sealed, mark, seen_version, sure, found_at, found_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) ON CONFLICT DO NOTHING";
    OPEN_AS = "SELECT id FROM findings WHERE tenant_id = $1 AND mark = $2 AND decision IS NULL";
    IN_BATCH_AS = "SELECT id FROM findings WHERE tenant_id = $1 AND batch_id = $3 AND mark = $2";
    BY_ID = findings!("f.id = $4");
    LIST = concat!(findings!(among!()), " AND f.kind = $7 AND (f.found_at, f.id) > ($8, $9) ORDER BY f.found_at, f.id LIMIT $10");
    SURE = concat!(findings!(among!()), " AND f.sure AND f.id > $7 ORDER BY f.id LIMIT $8");
    COUNTS = concat!("SELECT c.kind, COUNT(*) AS amount, CAST(SUM(CASE WHEN c.sure THEN 1 ELSE 0 END) AS BIGINT) AS sure FROM (
            SELECT f.kind, f.sure FROM findings f JOIN buildings b ON b.tenant_id = f.tenant_id AND b.id = f.building_id
            WHERE f.tenant_id = $1 AND f.decision IS NULL AND ", in_reach!("$2", "$3", "$1", "b.estate_id", "b.grid_id", "NULL"),
        " AND ", among!(), " LIMIT 10001) c GROUP BY c.kind");
    /// The batches of which something is open, the latest first.
    BATCHES = concat!("SELECT f.batch_kind, f.batch_id, i.file_name, MIN(f.found_at) AS found_at, COUNT(*) AS amount
        FROM findings f JOIN buildings b ON b.tenant_id = f.tenant_id AND b.id = f.building_id
        LEFT JOIN imports i ON i.tenant_id = f.tenant_id AND i.id = f.batch_id
        WHERE f.tenant_id = $1 AND f.decision IS NULL AND ", in_reach!("$2", "$3", "$1", "b.estate_id", "b.grid_id", "NULL"),
        " GROUP BY f.batch_kind, f.batch_id, i.file_name ORDER BY MIN(f.found_at) DESC LIMIT 30");
    DECIDE = "UPDATE findings SET decision = $3, decided_by = $4, decided_at = $5, payload_sealed = NULL
        WHERE tenant_id = $1 AND id = $2 AND decision IS NULL";
    /// Locks a finding until the transaction is over, so that of two who decide the second is told.
    HOLD = "UPDATE findings SET sure = sure WHERE tenant_id = $1 AND id = $2 AND decision IS NULL";
}

record! {
    struct Found { id: Uuid }
    /// A finding that nobody has decided on.
    pub(super) struct Finding {
        pub id: Uuid, pub kind: Kind, pub batch_kind: BatchKind, pub batch_id: Uuid, pub source_id: Uuid, pub dwelling_id: Uuid,
        pub resident_id: Option<Uuid>, pub field: Option<String>, pub words: String, pub payload_sealed: Option<Vec<u8>>,
        pub seen_version: i64, pub sure: bool, pub found_at: Timestamp, pub finder: Option<String>, pub name: Option<String>,
        pub lock_version: Option<i64>, pub estate_name: String, pub building_name: String, pub unit_key: String, pub room: String,
        /// Somebody has changed since what it is about.
        pub stale: bool,
    }
    pub(super) struct Count { pub kind: Kind, pub amount: i64, pub sure: i64 }
    pub(super) struct ListedBatch {
        pub batch_kind: BatchKind, pub batch_id: Uuid, pub file_name: Option<String>, pub found_at: Timestamp, pub amount: i64,
    }
}

/// Which findings somebody looks at.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Filter {
    pub batch: Option<Uuid>,
    pub estate: Option<Uuid>,
    pub building: Option<Uuid>,
}

/// Notes what somebody said, unless the same is known already, and gives the finding.
///
/// Errors: not found if there is no such dwelling, household or resident.
pub async fn note(tx: &mut Tx, act: &Act, batch: &Batch, said: Said) -> Result<Uuid> {
    let note = match said {
        Said::MovedIn { dwelling, head, person } => {
            let building = place::dwelling(tx, act.tenant, dwelling).await?.building_id;
            Note::of_person(Kind::MovedIn, (building, dwelling), head.as_ref(), &person)
        }
        Said::Born { household, person } => {
            let home = enrol::home(tx, act, household).await?;
            let building = place::dwelling(tx, act.tenant, home.dwelling_id).await?.building_id;
            let head = PersonName::parse(&home.head_name).ok();
            Note::of_person(Kind::Born, (building, home.dwelling_id), head.as_ref(), &person)
        }
        Said::MovedOut { resident, seen, words } => gone(tx, act, Kind::MovedOut, resident, seen, words).await?,
        Said::Died { resident, seen, words } => gone(tx, act, Kind::Died, resident, seen, words).await?,
        Said::Clash { resident, clash } => {
            let person = person::person(tx, act, resident).await?;
            let dwelling = enrol::home(tx, act, person.household).await?.dwelling_id;
            let Clash { particular, theirs, mine } = clash;
            let words = changed_words(particular, theirs.as_deref(), mine.as_deref());
            Note {
                resident: Some(resident),
                field: Some(particular.code().to_owned()),
                seen: person.version,
                ..Note::of(Kind::Clash, (person.building, dwelling), words, Payload::Field { value: mine })
            }
        }
    };
    let (id, new) = put(tx, act, batch, note).await?;
    if new {
        audit::record(tx, act, "note", ("finding", id), batch.kind.label(), &[]).await?;
    }
    Ok(id)
}

async fn gone(tx: &mut Tx, act: &Act, kind: Kind, resident: Uuid, seen: i64, words: String) -> Result<Note> {
    let person = person::person(tx, act, resident).await?;
    let dwelling = enrol::home(tx, act, person.household).await?.dwelling_id;
    let note = Note::of(kind, (person.building, dwelling), String::new(), Payload::Gone { words });
    Ok(Note { resident: Some(resident), seen, ..note })
}

/// `电话：138****1234 → 139****5678`
pub(super) fn changed_words(particular: Particular, old: Option<&str>, new: Option<&str>) -> String {
    let shown = |value: Option<&str>| value.map_or("空".to_owned(), |kept| particular.masked(kept));
    format!("{}：{} → {}", particular.label(), shown(old), shown(new))
}

impl Note {
    pub fn of(kind: Kind, door: (Uuid, Uuid), words: String, payload: Payload) -> Note {
        Note { kind, door, resident: None, field: None, seen: 0, sure: false, words, payload }
    }

    /// Somebody at a door whom the register does not have there.
    pub fn of_person(kind: Kind, door: (Uuid, Uuid), head: Option<&PersonName>, person: &NewResident) -> Note {
        let values = person.values();
        let shown =
            [Particular::Sex, Particular::BirthDate, Particular::Relation, Particular::Identity, Particular::Phone];
        let shown = shown.into_iter().filter_map(|particular| {
            let kept = values.get(&particular).filter(|kept| particular != Particular::Sex || *kept != "0")?;
            let shown = particular.masked(kept);
            Some(match particular {
                Particular::Sex => shown,
                Particular::BirthDate => format!("{shown} 出生"),
                _ => format!("{} {shown}", particular.label()),
            })
        });
        let words = shown.collect::<Vec<_>>().join("，");
        let payload = Payload::Person {
            head: head.map(|head| head.as_str().to_owned()),
            tags: person.tags.iter().map(|(tag, evidence)| (tag.code().to_owned(), evidence.clone())).collect(),
            values: values.into_iter().map(|(particular, value)| (particular.code().to_owned(), value)).collect(),
        };
        Note::of(kind, door, words, payload)
    }

    /// What makes it the same finding when it is said again.
    fn mark(&self, act: &Act) -> Vec<u8> {
        let said = match &self.payload {
            Payload::Person { values, .. } => {
                let value = |particular: Particular| values.get(particular.code()).map_or("", String::as_str);
                let by_name = || format!("{} {}", value(Particular::Name), value(Particular::BirthDate));
                Some(value(Particular::Identity).to_owned()).filter(|number| !number.is_empty()).unwrap_or_else(by_name)
            }
            Payload::Field { value } => value.clone().unwrap_or_default(),
            Payload::Tag { holds, .. } => holds.to_string(),
            Payload::Use { usage } => usage.clone(),
            Payload::Gone { .. } => String::new(),
            Payload::Fact => self.words.clone(),
        };
        let subject = self.resident.unwrap_or(self.door.1);
        let field = self.field.as_deref().unwrap_or_default();
        act.fingerprint("finding", &format!("{} {} {subject} {field} {said}", self.kind.code(), self.door.1))
    }
}

/// Keeps a finding, and tells which it is and whether it is new.
pub(super) async fn put(tx: &mut Tx, act: &Act, batch: &Batch, note: Note) -> Result<(Uuid, bool)> {
    let (id, mark) = (act.id(), note.mark(act));
    let payload = serde_json::to_string(&note.payload).map_err(anyhow::Error::from)?;
    let row = ADD.bind(act.tenant).bind(id).bind(batch.kind).bind(batch.id).bind(batch.source).bind(note.kind);
    let row = row.bind(note.door.0).bind(note.door.1).bind(note.resident).bind(note.field).bind(note.words);
    let row = row.bind(act.seal("finding", &payload)?).bind(mark.as_slice()).bind(note.seen).bind(note.sure);
    if tx.execute(row.bind(act.at).bind(batch.by)).await? > 0 {
        return Ok((id, true));
    }
    let known: Option<Found> = tx.optional(OPEN_AS.bind(act.tenant).bind(mark.as_slice())).await?;
    let known = match known {
        Some(known) => known,
        None => tx.one(IN_BATCH_AS.bind(act.tenant).bind(mark.as_slice()).bind(batch.id)).await?,
    };
    Ok((known.id, false))
}

// ---------- looking ----------

/// A finding of a kind within a scope, the first found first.
pub(super) async fn list(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    (filter, kind): (&Filter, Kind),
    after: Cursor,
    size: usize,
) -> Result<Page<Finding>> {
    let query = filter.bind(LIST, tenant, scope).bind(kind).bind(after.key).bind(after.id).bind(size as i64 + 1);
    let found = tx.all(query).await?;
    Ok(Page::of(found, size, |found: &Finding| Cursor { key: found.found_at.as_millisecond(), id: found.id }))
}

/// How many of each kind there are, in the order of the kinds.
pub(super) async fn counts(tx: &mut Tx, tenant: Uuid, scope: &Scope, filter: &Filter) -> Result<Vec<Count>> {
    let mut counts: Vec<Count> = tx.all(filter.bind(COUNTS, tenant, scope)).await?;
    counts.sort_by_key(|count| count.kind);
    Ok(counts)
}

pub(super) async fn batches(tx: &mut Tx, tenant: Uuid, scope: &Scope) -> Result<Vec<ListedBatch>> {
    Ok(tx.all(BATCHES.bind(tenant).bind(scope.account).bind(&scope.roles)).await?)
}

pub(super) async fn finding(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<Finding> {
    Ok(tx.one(BY_ID.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

impl Filter {
    fn bind(&self, statement: db::Statement, tenant: Uuid, scope: &Scope) -> db::Query {
        let query = statement.bind(tenant).bind(scope.account).bind(&scope.roles);
        query.bind(self.batch).bind(self.estate).bind(self.building)
    }
}

impl Finding {
    pub fn payload(&self, act: &Act) -> Result<Payload> {
        let Some(sealed) = &self.payload_sealed else { return Ok(Payload::Fact) };
        Ok(serde_json::from_str(&act.open("finding", sealed)?).map_err(anyhow::Error::from)?)
    }
}

impl Payload {
    /// The name of somebody whom the register does not have.
    pub fn name(&self) -> Option<&str> {
        match self {
            Payload::Person { values, .. } => values.get(Particular::Name.code()).map(String::as_str),
            _ => None,
        }
    }

    /// What somebody wrote about it.
    pub fn words(&self) -> &str {
        match self {
            Payload::Gone { words } => words,
            _ => "",
        }
    }
}

// ---------- deciding ----------

/// Somebody has looked at a finding. Accepted, it changes the register. What the register knows better by now is only
/// overwritten `anyway`.
///
/// Errors: stale if the resident has changed since, or somebody else has decided; refused as the operation that follows.
pub(super) async fn decide(tx: &mut Tx, act: &Act, found: &Finding, decision: Decision, anyway: bool) -> Result<()> {
    if tx.execute(HOLD.bind(act.tenant).bind(found.id)).await? == 0 {
        return Err(Error::Stale("这一条刚刚有别人处理过，请刷新页面再看。".to_owned()));
    }
    if decision == Decision::Accepted {
        if found.stale && !anyway {
            return Err(Error::Stale("登记后来有人改过，请先看看现在的登记，再决定。".to_owned()));
        }
        accept(tx, act, found, anyway).await?;
    }
    tx.execute_one(DECIDE.bind(act.tenant).bind(found.id).bind(decision).bind(act.account).bind(act.at)).await?;
    let action = if decision == Decision::Accepted { "accept_finding" } else { "refuse_finding" };
    audit::record(tx, act, action, ("finding", found.id), found.kind.label(), &[]).await
}

async fn accept(tx: &mut Tx, act: &Act, found: &Finding, anyway: bool) -> Result<()> {
    let reason = format!("变化核对（{}）", found.batch_kind);
    let missing = || Error::Internal(anyhow::anyhow!("a finding has lost what it is about"));
    match (found.payload(act)?, found.resident_id) {
        (Payload::Person { head, values, tags }, _) => {
            let values = values.into_iter().filter_map(|(code, value)| Some((Particular::parse(&code)?, value)));
            let mut new = NewResident::of(&values.collect::<Values>()).ok_or_else(missing)?;
            new.tags = tags.into_iter().filter_map(|(code, evidence)| Some((Tag::parse(&code)?, evidence))).collect();
            let mut head = head.and_then(|head| PersonName::parse(&head).ok());
            if head.is_none() {
                head = enrol::head_at(tx, act, found.dwelling_id, &new).await?;
            }
            let head = head.unwrap_or_else(|| new.name.clone());
            if head == new.name {
                new.relation = new.relation.or(Some(Relation::Head));
            }
            let known = enrol::recognise(tx, act, Some(found.dwelling_id), &head, &new).await?;
            if known.is_some() && found.resident_id.is_none() && !anyway {
                return Err(Error::Stale("这个人后来已经登记在册，请先找到他的登记看看。".to_owned()));
            }
            if let Outcome::Created(id) = enrol::write(tx, act, found.dwelling_id, &head, known, &new).await? {
                audit::record(tx, act, "create", ("resident", id), &reason, &[]).await?;
            }
        }
        (Payload::Gone { words }, Some(resident)) => {
            let ending = if found.kind == Kind::Died { Ending::Died } else { Ending::MovedOut };
            let seen = found.lock_version.ok_or_else(missing)?;
            let reason = if words.is_empty() { reason } else { format!("{reason}：{words}") };
            life::leave(tx, act, resident, seen, ending, found.found_at, &reason).await?;
        }
        (Payload::Field { value }, Some(resident)) => {
            let particular = found.field.as_deref().and_then(Particular::parse).ok_or_else(missing)?;
            let seen = if anyway { found.lock_version.ok_or_else(missing)? } else { found.seen_version };
            let edit = Edit { seen, made_at: act.at, values: vec![(particular, value)] };
            if !person::edit(tx, act, resident, &edit, &reason).await?.is_empty() {
                return Err(Error::Stale("这一项后来有人改过，请先看看现在的登记，再决定。".to_owned()));
            }
        }
        (Payload::Tag { evidence, holds }, Some(resident)) => {
            let tag = found.field.as_deref().and_then(|field| Tag::parse(field.strip_prefix("tag:")?));
            let tag = tag.ok_or_else(missing)?;
            if holds {
                tagging::set(tx, act, resident, tag, &evidence, &reason).await?;
            } else {
                tagging::end(tx, act, resident, tag, &evidence, &reason).await?;
            }
        }
        (Payload::Use { usage }, _) => {
            let usage = Use::parse(&usage).ok_or_else(missing)?;
            if place::set_use(tx, act, found.dwelling_id, usage).await? {
                let building = place::dwelling(tx, act.tenant, found.dwelling_id).await?.building_id;
                figures::touch(tx, act, building).await?;
            }
        }
        (Payload::Fact, _) => {}
        (_, None) => return Err(missing()),
    }
    Ok(())
}

/// So many findings are accepted in one transaction.
const STEP: i64 = 50;

/// Accepts the next sure findings after one of them, and gives how many were accepted and the last that was looked at; what
/// has become stale is left for somebody to see.
pub(super) async fn accept_some(
    db: &Db,
    act: &Act,
    scope: &Scope,
    filter: &Filter,
    after: Uuid,
) -> Result<(usize, Option<Uuid>)> {
    let mut tx = db.begin().await?;
    let sure: Vec<Finding> = tx.all(filter.bind(SURE, act.tenant, scope).bind(after).bind(STEP)).await?;
    let mut accepted = 0;
    for found in &sure {
        match decide(&mut tx, act, found, Decision::Accepted, false).await {
            Ok(()) => accepted += 1,
            Err(Error::Stale(_) | Error::Refused(_)) => {} // neither has written anything
            Err(error) => return Err(error),
        }
    }
    tx.commit().await?;
    Ok((accepted, sure.last().map(|found| found.id)))
}

/// The surveys of which something waits for somebody to look at.
pub async fn todo(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Vec<Todo>> {
    if !viewer.may(Permission::ResidentEdit) {
        return Ok(Vec::new());
    }
    let batches = batches(tx, viewer.tenant, &viewer.scope(Permission::ResidentEdit)).await?;
    let todos = batches.into_iter().map(|batch| {
        let deadline = Deadline { class: "soon", text: show::since(batch.found_at, now) };
        let href = format!("/residents/changes?batch={}", batch.batch_id);
        let detail = format!("{} 条变化，采纳了登记才会改", batch.amount);
        Todo { verb: "核对变化", title: batch.title(), detail, href, due: batch.found_at, deadline }
    });
    Ok(todos.collect())
}

impl ListedBatch {
    /// `登记表 王府名苑2026.xlsx`
    pub fn title(&self) -> String {
        format!("{} {}", self.batch_kind, self.file_name.as_deref().unwrap_or_default()).trim_end().to_owned()
    }
}
