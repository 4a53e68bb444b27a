use db::{Cursor, Page, Tx, record, statements};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::{
    Advice, Cause, Confirmation, Ending, Form, Kind, Matter, Origin, Part, Particulars, Relation, SignatureWay, Term,
    Terms, Way, Words,
};
use super::transition::{State, Step};
use crate::access::{Act, Permission, Role, Scope, Viewer};
use crate::error::Result;
use crate::in_reach;

macro_rules! mediations {
    ($where:expr) => {
        concat!(
            "SELECT m.id, m.kind, m.number, m.cause, m.origin, m.estate_id, e.name AS estate_name, m.issue_id, m.state, m.words_sealed,
                m.registered_at, m.accepted_on, m.limit_on, m.due_on, m.form, m.agreed_on, m.effective_on, m.confirm_by, m.confirmation,
                m.confirmation_on, m.ending, m.advice, m.term, m.archived_on, m.keep_until, m.erased_at, m.lock_version
            FROM mediations m LEFT JOIN estates e ON e.tenant_id = m.tenant_id AND e.id = m.estate_id WHERE m.tenant_id = $1 AND ",
            $where
        )
    };
}

/// Who reads a case: whoever registers and assigns within their reach, of 人民调解 only for the whole community; and the mediators
/// named in it, until it is in the archive. Bound to $2 and $3 is the scope of the former, to $4 the account.
macro_rules! readable {
    () => {
        concat!(
            "(((CAST($2 AS UUID) IS NULL OR m.kind <> 'people') AND ",
            in_reach!("$2", "$3", "m.tenant_id", "m.estate_id", "NULL", "NULL"),
            ") OR (m.state <> 'archived' AND EXISTS (SELECT 1 FROM mediators d WHERE d.tenant_id = m.tenant_id AND d.mediation_id = m.id
                AND d.account_id = $4 AND d.until_at IS NULL)))"
        )
    };
}

statements! {
    ADD = "INSERT INTO mediations (tenant_id, id, kind, number, cause, origin, estate_id, issue_id, state, words_sealed, registered_at, due_on,
            created_by, lock_version, move)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'registered', $9, $10, $11, $12, 1, '>registered>registered')";
    /// What a step changes. The database refuses a move that is not in its table.
    ADVANCE = "UPDATE mediations SET move = state || '>' || $5 || '>' || $4, state = $4, words_sealed = $6, accepted_on = $7, limit_on = $8, due_on = $9,
            form = $10, agreed_on = $11, effective_on = $12, confirm_by = $13, confirmation = $14, confirmation_on = $15, ending = $16, advice = $17,
            term = $18, archived_on = $19, keep_until = $20, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    GET = mediations!("m.id = $2");
    READABLE = mediations!(concat!("m.id = $5 AND ", readable!()));
    LIST = mediations!(concat!(readable!(), " AND (m.registered_at, m.id) < ($5, $6) ORDER BY m.registered_at DESC, m.id DESC LIMIT $7"));
    DUE = mediations!(concat!("m.state <> 'archived' AND m.due_on <= $5 AND ", readable!(), " ORDER BY m.due_on, m.id LIMIT 50"));
    TO_CONFIRM = mediations!(concat!("m.state <> 'archived' AND m.confirmation IS NULL AND m.confirm_by IS NOT NULL AND m.confirm_by >= $5 AND ", readable!(),
        " ORDER BY m.confirm_by, m.id LIMIT 50"));
    OPEN_OF_ISSUE = mediations!("m.issue_id = $2 AND m.state NOT IN ('failed', 'terminated', 'archived') LIMIT 1");
    /// Of a year, by the days on which they were taken on: how many, and how many of them were agreed.
    FIGURES = "SELECT COUNT(*) AS taken_on, COUNT(*) FILTER (WHERE effective_on IS NOT NULL) AS agreed FROM mediations
        WHERE tenant_id = $1 AND accepted_on >= $2 AND accepted_on < $3";
    /// The same of some days within reach, or of one estate, by kind and estate. Nothing more of a case leaves this slice.
    COUNTS = concat!("SELECT m.kind, m.estate_id, e.name AS estate_name, COUNT(*) AS taken_on, COUNT(*) FILTER (WHERE m.effective_on IS NOT NULL) AS agreed,
            COUNT(*) FILTER (WHERE m.effective_on IS NULL AND m.ending IS NOT NULL) AS ended, COUNT(*) FILTER (WHERE m.confirmation = 'confirmed') AS confirmed
        FROM mediations m LEFT JOIN estates e ON e.tenant_id = m.tenant_id AND e.id = m.estate_id
        WHERE m.tenant_id = $1 AND m.accepted_on >= $4 AND m.accepted_on <= $5 AND (CAST($6 AS UUID) IS NULL OR m.estate_id = $6) AND ",
        in_reach!("$2", "$3", "m.tenant_id", "m.estate_id", "NULL", "NULL"), " GROUP BY m.kind, m.estate_id, e.name ORDER BY e.name, m.kind");
    TO_ERASE = mediations!("m.erased_at IS NULL AND m.keep_until IS NOT NULL AND m.keep_until < $2 ORDER BY m.keep_until, m.id LIMIT 50");
    LAST_EVENT = "SELECT v.step, v.at, v.role FROM mediation_events v WHERE v.tenant_id = $1 AND v.mediation_id = $2 ORDER BY v.position DESC LIMIT 1";
    ADD_EVENT = "INSERT INTO mediation_events (tenant_id, id, mediation_id, position, step, at, account_id, role, words_sealed)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    EVENTS = "SELECT v.step, v.at, v.role, v.words_sealed, a.name AS account_name FROM mediation_events v
        LEFT JOIN accounts a ON a.tenant_id = v.tenant_id AND a.id = v.account_id
        WHERE v.tenant_id = $1 AND v.mediation_id = $2 ORDER BY v.position LIMIT 2000";

    ADD_PARTY = "INSERT INTO mediation_parties (tenant_id, id, mediation_id, position, side, sealed)
        VALUES ($1, $2, $3, (SELECT COUNT(*) FROM mediation_parties WHERE tenant_id = $1 AND mediation_id = $3), $4, $5)";
    CHANGE_PARTY = "UPDATE mediation_parties SET sealed = $4 WHERE tenant_id = $1 AND mediation_id = $2 AND id = $3";
    REMOVE_PARTY = "UPDATE mediation_parties SET removed_at = $4, sealed = $5 WHERE tenant_id = $1 AND mediation_id = $2 AND id = $3 AND removed_at IS NULL";
    /// Whoever is a party, and whoever was.
    PARTIES = "SELECT id, side, sealed, agrees, agreed_at, agreed_way, removed_at FROM mediation_parties WHERE tenant_id = $1 AND mediation_id = $2
        ORDER BY side, position, id LIMIT 80";
    PARTY = "SELECT mediation_id AS id FROM mediation_parties WHERE tenant_id = $1 AND id = $2 AND removed_at IS NULL";
    SAY = "UPDATE mediation_parties SET agrees = $4, agreed_at = $5, agreed_way = $6 WHERE tenant_id = $1 AND mediation_id = $2 AND id = $3";
    ADD_CONSENT = "INSERT INTO mediation_consents (tenant_id, id, mediation_id, party_id, matter, given, way, recorded_by, at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    CONSENTS = "SELECT c.party_id, p.side, p.removed_at, c.matter, c.given, c.way, c.at, a.name AS recorded_by FROM mediation_consents c
        JOIN mediation_parties p ON p.tenant_id = c.tenant_id AND p.id = c.party_id
        LEFT JOIN accounts a ON a.tenant_id = c.tenant_id AND a.id = c.recorded_by
        WHERE c.tenant_id = $1 AND c.mediation_id = $2 ORDER BY c.at, c.id LIMIT 500";
    ADD_MEDIATOR = "INSERT INTO mediators (tenant_id, id, mediation_id, account_id, name, since_at) VALUES ($1, $2, $3, $4, $5, $6)";
    END_MEDIATOR = "UPDATE mediators SET until_at = $4 WHERE tenant_id = $1 AND mediation_id = $2 AND id = $3 AND until_at IS NULL";
    READ = "UPDATE mediators SET read_on = $3 WHERE tenant_id = $1 AND id = $2 AND (read_on IS NULL OR read_on < $3)";
    MEDIATORS = "SELECT id, account_id, name, since_at, read_on FROM mediators WHERE tenant_id = $1 AND mediation_id = $2 AND until_at IS NULL
        ORDER BY since_at, id LIMIT 20";
    MEDIATOR = "SELECT mediation_id AS id FROM mediators WHERE tenant_id = $1 AND id = $2 AND until_at IS NULL AND account_id IS NULL";
    ADD_GUEST = "INSERT INTO mediation_guests (tenant_id, id, mediation_id, relation, name_sealed, invited_at) VALUES ($1, $2, $3, $4, $5, $6)";
    GUESTS = "SELECT id, relation, name_sealed FROM mediation_guests WHERE tenant_id = $1 AND mediation_id = $2 ORDER BY invited_at, id LIMIT 40";
    ADD_SESSION = "INSERT INTO mediation_sessions (tenant_id, id, mediation_id, position, held_at, open, sealed, recorder, recorded_by, recorded_at)
        VALUES ($1, $2, $3, (SELECT COUNT(*) FROM mediation_sessions WHERE tenant_id = $1 AND mediation_id = $3), $4, $5, $6, $7, $8, $9)";
    SESSIONS = "SELECT id, held_at, open, sealed, recorder, recorded_at FROM mediation_sessions WHERE tenant_id = $1 AND mediation_id = $2
        ORDER BY held_at, position, id LIMIT 100";
    ADD_CORRECTION = "INSERT INTO mediation_corrections (tenant_id, id, mediation_id, session_id, sealed, made_by, made_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    CORRECTIONS = "SELECT c.session_id, c.sealed, c.made_at, a.name AS made_by FROM mediation_corrections c
        LEFT JOIN accounts a ON a.tenant_id = c.tenant_id AND a.id = c.made_by
        WHERE c.tenant_id = $1 AND c.mediation_id = $2 ORDER BY c.made_at, c.id LIMIT 500";
    DRAFT = "INSERT INTO mediation_agreements (tenant_id, mediation_id, sealed) VALUES ($1, $2, $3)
        ON CONFLICT (tenant_id, mediation_id) DO UPDATE SET sealed = excluded.sealed";
    TERMS = "SELECT sealed FROM mediation_agreements WHERE tenant_id = $1 AND mediation_id = $2";
    SIGN = "INSERT INTO mediation_signatures (tenant_id, id, mediation_id, signer_id, way, signed_on, recorded_by, recorded_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    SIGNATURES = "SELECT signer_id, way, signed_on FROM mediation_signatures WHERE tenant_id = $1 AND mediation_id = $2
        ORDER BY recorded_at, id LIMIT 60";
    /// What was signed is not what will be agreed.
    VOID_SIGNATURES = "DELETE FROM mediation_signatures WHERE tenant_id = $1 AND mediation_id = $2";
    ADD_DUTY = "INSERT INTO mediation_duties (tenant_id, id, mediation_id, position, sealed, due_on)
        VALUES ($1, $2, $3, (SELECT COUNT(*) FROM mediation_duties WHERE tenant_id = $1 AND mediation_id = $3), $4, $5)";
    REMOVE_DUTY = "DELETE FROM mediation_duties WHERE tenant_id = $1 AND mediation_id = $2 AND id = $3 AND performed_on IS NULL";
    PERFORM = "UPDATE mediation_duties SET sealed = $4, performed_on = $5 WHERE tenant_id = $1 AND mediation_id = $2 AND id = $3 AND performed_on IS NULL";
    DUTIES = "SELECT id, sealed, due_on, performed_on FROM mediation_duties WHERE tenant_id = $1 AND mediation_id = $2
        ORDER BY due_on, position, id LIMIT 60";
    FILE_PAPER = "INSERT INTO mediation_papers (tenant_id, id, mediation_id, part, sealed, pages, filed_by, filed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    PAPERS = "SELECT part, sealed, pages, filed_at FROM mediation_papers WHERE tenant_id = $1 AND mediation_id = $2 ORDER BY filed_at, id LIMIT 500";
    OPEN = "INSERT INTO mediation_openings (tenant_id, id, mediation_id, account_id, until_at) VALUES ($1, $2, $3, $4, $5)";
    OPENED = "SELECT MAX(until_at) AS until_at FROM mediation_openings WHERE tenant_id = $1 AND mediation_id = $2 AND account_id = $3 AND until_at > $4";

    ERASE = "UPDATE mediations SET words_sealed = NULL, erased_at = $3, lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2";
    ERASE_PARTIES = "UPDATE mediation_parties SET sealed = NULL WHERE tenant_id = $1 AND mediation_id = $2";
    ERASE_MEDIATORS = "UPDATE mediators SET name = '' WHERE tenant_id = $1 AND mediation_id = $2";
    ERASE_GUESTS = "UPDATE mediation_guests SET name_sealed = NULL WHERE tenant_id = $1 AND mediation_id = $2";
    ERASE_SESSIONS = "UPDATE mediation_sessions SET sealed = NULL, recorder = '' WHERE tenant_id = $1 AND mediation_id = $2";
    ERASE_CORRECTIONS = "UPDATE mediation_corrections SET sealed = NULL WHERE tenant_id = $1 AND mediation_id = $2";
    ERASE_TERMS = "UPDATE mediation_agreements SET sealed = NULL WHERE tenant_id = $1 AND mediation_id = $2";
    ERASE_DUTIES = "UPDATE mediation_duties SET sealed = NULL WHERE tenant_id = $1 AND mediation_id = $2";
    ERASE_PAPERS = "UPDATE mediation_papers SET sealed = NULL WHERE tenant_id = $1 AND mediation_id = $2";
    ERASE_EVENTS = "UPDATE mediation_events SET words_sealed = NULL WHERE tenant_id = $1 AND mediation_id = $2";
}

record! {
    #[derive(Debug, Clone)]
    pub struct Mediation {
        pub id: Uuid, pub kind: Kind, pub number: String, pub cause: Cause, pub origin: Origin, pub estate_id: Option<Uuid>,
        pub estate_name: Option<String>, pub issue_id: Option<Uuid>, pub state: State, pub words_sealed: Option<Vec<u8>>,
        pub registered_at: Timestamp, pub accepted_on: Option<String>, pub limit_on: Option<String>, pub due_on: String, pub form: Option<Form>,
        pub agreed_on: Option<String>, pub effective_on: Option<String>, pub confirm_by: Option<String>,
        pub confirmation: Option<Confirmation>, pub confirmation_on: Option<String>, pub ending: Option<Ending>, pub advice: Option<Advice>,
        pub term: Option<Term>, pub archived_on: Option<String>, pub keep_until: Option<String>, pub erased_at: Option<Timestamp>,
        pub lock_version: i64,
    }
    #[derive(Debug, Clone)]
    pub struct Mediator { pub id: Uuid, pub account_id: Option<Uuid>, pub name: String, pub since_at: Timestamp, pub read_on: Option<String> }
    #[derive(Debug, Clone)]
    pub struct Consent {
        pub party_id: Uuid, pub side: i64, pub removed_at: Option<Timestamp>, pub matter: Matter, pub given: bool, pub way: Way, pub at: Timestamp,
        pub recorded_by: Option<String>,
    }
    #[derive(Debug, Clone)]
    pub struct Signature { pub signer_id: Option<Uuid>, pub way: SignatureWay, pub signed_on: String }
    /// How many cases of a kind in an estate were taken on, agreed, ended without an agreement and confirmed by a court.
    #[derive(Debug, Clone)]
    pub struct Counts {
        pub kind: Kind, pub estate_id: Option<Uuid>, pub estate_name: Option<String>, pub taken_on: i64, pub agreed: i64, pub ended: i64,
        pub confirmed: i64,
    }
    #[derive(Debug, Clone, Copy)]
    pub struct Figures { pub taken_on: i64, pub agreed: i64 }
    pub(super) struct LastEvent { pub step: Step, pub at: Timestamp, pub role: Role }
    struct SealedParty {
        id: Uuid, side: i64, sealed: Option<Vec<u8>>, agrees: Option<bool>, agreed_at: Option<Timestamp>, agreed_way: Option<Way>,
        removed_at: Option<Timestamp>,
    }
    struct SealedGuest { id: Uuid, relation: Relation, name_sealed: Option<Vec<u8>> }
    struct SealedSession { id: Uuid, held_at: Timestamp, open: bool, sealed: Option<Vec<u8>>, recorder: String, recorded_at: Timestamp }
    struct SealedCorrection { session_id: Uuid, sealed: Option<Vec<u8>>, made_at: Timestamp, made_by: Option<String> }
    struct SealedTerms { sealed: Option<Vec<u8>> }
    struct SealedDuty { id: Uuid, sealed: Option<Vec<u8>>, due_on: String, performed_on: Option<String> }
    struct SealedPaper { part: Part, sealed: Option<Vec<u8>>, pages: i64, filed_at: Timestamp }
    struct SealedEvent { step: Step, at: Timestamp, role: Role, words_sealed: Option<Vec<u8>>, account_name: Option<String> }
    struct Id { id: Uuid }
    struct Until { until_at: Option<Timestamp> }
}

#[derive(Debug, Clone)]
pub struct Party {
    pub id: Uuid,
    pub side: i64,
    pub particulars: Particulars,
    pub agrees: Option<bool>,
    pub agreed_at: Option<Timestamp>,
    pub agreed_way: Option<Way>,
    /// Since when they have been none any more.
    pub removed_at: Option<Timestamp>,
}

#[derive(Debug, Clone)]
pub struct Guest {
    pub id: Uuid,
    pub relation: Relation,
    pub name: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Talk {
    pub place: String,
    /// `甲方 王秀兰`, and so on.
    pub present: Vec<String>,
    pub notes: String,
}

#[derive(Debug, Clone)]
pub struct Session {
    pub id: Uuid,
    pub held_at: Timestamp,
    pub open: bool,
    pub talk: Talk,
    pub recorder: String,
    pub recorded_at: Timestamp,
    pub corrections: Vec<Correction>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Correct {
    pub words: String,
    pub reason: String,
}

#[derive(Debug, Clone)]
pub struct Correction {
    pub correct: Correct,
    pub made_at: Timestamp,
    pub made_by: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Task {
    /// `甲方` and what they do.
    pub what: String,
    /// How one knows that it was done.
    pub proof: String,
}

#[derive(Debug, Clone)]
pub struct Duty {
    pub id: Uuid,
    pub task: Task,
    pub due_on: String,
    pub performed_on: Option<String>,
}

/// Something that lies in the file on paper.
#[derive(Debug, Clone)]
pub struct Filed {
    pub part: Part,
    pub title: String,
    pub pages: i64,
    pub filed_at: Timestamp,
}

#[derive(Debug, Clone)]
pub struct Event {
    pub step: Step,
    pub at: Timestamp,
    pub who: String,
    pub words: String,
}

/// A case with everything in it.
#[derive(Debug, Clone)]
pub struct Case {
    pub mediation: Mediation,
    pub words: Words,
    pub parties: Vec<Party>,
    /// Who was a party: their names alone.
    pub former: Vec<Party>,
    pub consents: Vec<Consent>,
    pub mediators: Vec<Mediator>,
    pub guests: Vec<Guest>,
    pub sessions: Vec<Session>,
    pub terms: Terms,
    pub signatures: Vec<Signature>,
    pub duties: Vec<Duty>,
    pub filed: Vec<Filed>,
    pub events: Vec<Event>,
}

fn day(text: Option<&String>) -> Option<Date> {
    text?.parse().ok()
}

impl Mediation {
    pub fn limit(&self) -> Option<Date> {
        day(self.limit_on.as_ref())
    }

    pub fn confirmable_until(&self) -> Option<Date> {
        day(self.confirm_by.as_ref())
    }

    pub fn kept_until(&self) -> Option<Date> {
        day(self.keep_until.as_ref())
    }

    /// `人民调解 (2026)人调字第001号`, which names nobody.
    pub fn title(&self) -> String {
        format!("{} {}", self.kind, self.number)
    }
}

/// What the seals of this slice are for.
const PURPOSE: &str = "mediation";

pub(super) fn seal<T: Serialize>(act: &Act, value: &T) -> Result<Vec<u8>> {
    act.seal(PURPOSE, &serde_json::to_string(value).map_err(anyhow::Error::from)?)
}

/// What is sealed; nothing once it has been erased.
pub(super) fn open<T: DeserializeOwned + Default>(act: &Act, sealed: Option<&[u8]>) -> Result<T> {
    match sealed {
        None => Ok(T::default()),
        Some(sealed) => Ok(serde_json::from_str(&act.open(PURPOSE, sealed)?).map_err(anyhow::Error::from)?),
    }
}

pub(super) async fn mediation(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Mediation> {
    Ok(tx.one(GET.bind(tenant).bind(id)).await?)
}

/// A case that somebody may read; not found otherwise.
pub(super) async fn readable(tx: &mut Tx, viewer: &Viewer, id: Uuid) -> Result<Mediation> {
    let Scope { account, roles } = viewer.scope(Permission::MediationManage);
    Ok(tx.one(READABLE.bind(viewer.tenant).bind(account).bind(roles).bind(viewer.account).bind(id)).await?)
}

/// The latest first.
pub(super) async fn mediations(tx: &mut Tx, viewer: &Viewer, before: Cursor, size: usize) -> Result<Page<Mediation>> {
    let Scope { account, roles } = viewer.scope(Permission::MediationManage);
    let query =
        LIST.bind(viewer.tenant).bind(account).bind(roles).bind(viewer.account).bind(before.key).bind(before.id);
    let items: Vec<Mediation> = tx.all(query.bind(size as i64 + 1)).await?;
    Ok(Page::of(items, size, |item| Cursor { key: item.registered_at.as_millisecond(), id: item.id }))
}

/// Cases of which something is due until a day, and those that a court can still confirm.
pub(super) async fn waiting(
    tx: &mut Tx,
    viewer: &Viewer,
    today: Date,
    until: Date,
) -> Result<(Vec<Mediation>, Vec<Mediation>)> {
    let Scope { account, roles } = viewer.scope(Permission::MediationManage);
    let bound = |statement: db::Statement, day: Date| {
        let query = statement.bind(viewer.tenant).bind(account).bind(roles.clone());
        query.bind(viewer.account).bind(day.to_string())
    };
    let due = tx.all(bound(DUE, until)).await?;
    Ok((due, tx.all(bound(TO_CONFIRM, today)).await?))
}

/// The case into which an issue has been turned, as long as it is not over.
pub(super) async fn open_of_issue(tx: &mut Tx, tenant: Uuid, issue: Uuid) -> Result<Option<Mediation>> {
    Ok(tx.optional(OPEN_OF_ISSUE.bind(tenant).bind(issue)).await?)
}

/// Of the cases taken on in a year.
pub(super) async fn figures(tx: &mut Tx, tenant: Uuid, year: i16) -> Result<Figures> {
    Ok(tx.one(FIGURES.bind(tenant).bind(format!("{year}-01-01")).bind(format!("{}-01-01", year + 1))).await?)
}

/// How many cases were taken on from one day to another, as far as a scope reaches, and what has become of them. No case can be told
/// from it.
pub async fn counts(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    days: (Date, Date),
    estate: Option<Uuid>,
) -> Result<Vec<Counts>> {
    let query =
        COUNTS.bind(tenant).bind(scope.account).bind(&scope.roles).bind(days.0.to_string()).bind(days.1.to_string());
    Ok(tx.all(query.bind(estate)).await?)
}

/// The case of a party.
pub(super) async fn of_party(tx: &mut Tx, tenant: Uuid, party: Uuid) -> Result<Mediation> {
    let Id { id } = tx.one(PARTY.bind(tenant).bind(party)).await?;
    mediation(tx, tenant, id).await
}

/// The case of a mediator who has no account, as long as they mediate.
pub(super) async fn of_mediator(tx: &mut Tx, tenant: Uuid, mediator: Uuid) -> Result<Mediation> {
    let Id { id } = tx.one(MEDIATOR.bind(tenant).bind(mediator)).await?;
    mediation(tx, tenant, id).await
}

/// Who is a party, and who was.
pub(super) async fn ever_parties(tx: &mut Tx, act: &Act, id: Uuid) -> Result<(Vec<Party>, Vec<Party>)> {
    let sealed: Vec<SealedParty> = tx.all(PARTIES.bind(act.tenant).bind(id)).await?;
    let party = |SealedParty { id, side, sealed, agrees, agreed_at, agreed_way, removed_at }| {
        let particulars = open(act, sealed.as_deref())?;
        Ok(Party { id, side, particulars, agrees, agreed_at, agreed_way, removed_at })
    };
    let all = sealed.into_iter().map(party).collect::<Result<Vec<Party>>>()?;
    Ok(all.into_iter().partition(|party| party.removed_at.is_none()))
}

pub(super) async fn parties(tx: &mut Tx, act: &Act, id: Uuid) -> Result<Vec<Party>> {
    Ok(ever_parties(tx, act, id).await?.0)
}

/// Who mediates now.
pub(super) async fn mediators(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Vec<Mediator>> {
    Ok(tx.all(MEDIATORS.bind(tenant).bind(id)).await?)
}

pub(super) async fn guests(tx: &mut Tx, act: &Act, id: Uuid) -> Result<Vec<Guest>> {
    let sealed: Vec<SealedGuest> = tx.all(GUESTS.bind(act.tenant).bind(id)).await?;
    let guest = |SealedGuest { id, relation, name_sealed }| {
        Ok(Guest { id, relation, name: open(act, name_sealed.as_deref())? })
    };
    sealed.into_iter().map(guest).collect()
}

pub(super) async fn sessions(tx: &mut Tx, act: &Act, id: Uuid) -> Result<Vec<Session>> {
    let sealed: Vec<SealedSession> = tx.all(SESSIONS.bind(act.tenant).bind(id)).await?;
    let corrections: Vec<SealedCorrection> = tx.all(CORRECTIONS.bind(act.tenant).bind(id)).await?;
    let session = |SealedSession { id, held_at, open: public, sealed, recorder, recorded_at }| {
        let of_it = corrections.iter().filter(|correction| correction.session_id == id);
        let of_it = of_it.map(|SealedCorrection { sealed, made_at, made_by, .. }| {
            let made_by = made_by.clone().unwrap_or_default();
            Ok(Correction { correct: open(act, sealed.as_deref())?, made_at: *made_at, made_by })
        });
        let (talk, corrections) = (open(act, sealed.as_deref())?, of_it.collect::<Result<_>>()?);
        Ok(Session { id, held_at, open: public, talk, recorder, recorded_at, corrections })
    };
    sealed.into_iter().map(session).collect()
}

pub(super) async fn terms(tx: &mut Tx, act: &Act, id: Uuid) -> Result<Terms> {
    let sealed: Option<SealedTerms> = tx.optional(TERMS.bind(act.tenant).bind(id)).await?;
    open(act, sealed.and_then(|row| row.sealed).as_deref())
}

pub(super) async fn signatures(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Vec<Signature>> {
    Ok(tx.all(SIGNATURES.bind(tenant).bind(id)).await?)
}

/// By the days on which they are due.
pub(super) async fn duties(tx: &mut Tx, act: &Act, id: Uuid) -> Result<Vec<Duty>> {
    let sealed: Vec<SealedDuty> = tx.all(DUTIES.bind(act.tenant).bind(id)).await?;
    let duty = |SealedDuty { id, sealed, due_on, performed_on }| {
        Ok(Duty { id, task: open(act, sealed.as_deref())?, due_on, performed_on })
    };
    sealed.into_iter().map(duty).collect()
}

/// What lies in the file on paper.
pub(super) async fn papers(tx: &mut Tx, act: &Act, id: Uuid) -> Result<Vec<Filed>> {
    let sealed: Vec<SealedPaper> = tx.all(PAPERS.bind(act.tenant).bind(id)).await?;
    let filed = |SealedPaper { part, sealed, pages, filed_at }| {
        Ok(Filed { part, title: open(act, sealed.as_deref())?, pages, filed_at })
    };
    sealed.into_iter().map(filed).collect()
}

/// Everything in a case.
pub(super) async fn case(tx: &mut Tx, act: &Act, mediation: Mediation) -> Result<Case> {
    let id = mediation.id;
    let events: Vec<SealedEvent> = tx.all(EVENTS.bind(act.tenant).bind(id)).await?;
    let event = |SealedEvent { step, at, role, words_sealed, account_name }| {
        let who = account_name.map_or_else(|| role.to_string(), |name| format!("{role} {name}"));
        Ok(Event { step, at, who, words: open(act, words_sealed.as_deref())? })
    };
    let (parties, former) = ever_parties(tx, act, id).await?;
    Ok(Case {
        words: open(act, mediation.words_sealed.as_deref())?,
        parties,
        former,
        consents: tx.all(CONSENTS.bind(act.tenant).bind(id)).await?,
        mediators: mediators(tx, act.tenant, id).await?,
        guests: guests(tx, act, id).await?,
        sessions: sessions(tx, act, id).await?,
        terms: terms(tx, act, id).await?,
        signatures: signatures(tx, act.tenant, id).await?,
        duties: duties(tx, act, id).await?,
        filed: papers(tx, act, id).await?,
        events: events.into_iter().map(event).collect::<Result<_>>()?,
        mediation,
    })
}

/// Until when somebody reads names and numbers in full, if they have said why.
pub(super) async fn opened(tx: &mut Tx, act: &Act, id: Uuid) -> Result<Option<Timestamp>> {
    let until: Until = tx.one(OPENED.bind(act.tenant).bind(id).bind(act.account).bind(act.at)).await?;
    Ok(until.until_at)
}

pub(super) async fn to_erase(tx: &mut Tx, tenant: Uuid, today: Date) -> Result<Vec<Mediation>> {
    Ok(tx.all(TO_ERASE.bind(tenant).bind(today.to_string())).await?)
}

/// Every statement that takes the words out of a case.
pub(super) const ERASURES: [db::Statement; 9] = [
    ERASE_PARTIES,
    ERASE_MEDIATORS,
    ERASE_GUESTS,
    ERASE_SESSIONS,
    ERASE_CORRECTIONS,
    ERASE_TERMS,
    ERASE_DUTIES,
    ERASE_PAPERS,
    ERASE_EVENTS,
];
