use db::{Cursor, Json, Page, Query, Statement, Tx, record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use super::decision::Ballot;
use super::election::Election;
use super::minutes::Stage;
use super::model::{Excuse, Kind, Outcome, Side, State, Way};
use super::procedure::Step;
use super::rule::{Counted, Motion};
use crate::access::{Permission, Viewer};
use crate::error::Result;
use crate::{in_reach, issue, party};

macro_rules! meeting_columns {
    () => {
        "m.id, m.kind, m.estate_id, m.title, m.planned_at, m.place, m.host, m.recorder, m.state, m.notice, m.announced_at,
         m.began_at, m.ended_at, m.remarks, m.lock_version, e.name AS estate_name, m.party_organisation_id, m.body_id,
         COALESCE(po.name, bo.name) AS caller, po.kind AS party_kind
         FROM meetings m JOIN estates e ON e.tenant_id = m.tenant_id AND e.id = m.estate_id
         LEFT JOIN party_organisations po ON po.tenant_id = m.tenant_id AND po.id = m.party_organisation_id
         LEFT JOIN bodies bo ON bo.tenant_id = m.tenant_id AND bo.id = m.body_id"
    };
}

macro_rules! item_columns {
    () => {
        "a.id, a.meeting_id, a.position, a.title, a.issue_id, a.carried_from, a.announced, a.outcome, a.discussion, a.present, a.yes, a.no,
         a.abstain, a.eligible, a.rule, a.ballot, a.resolution, a.public_words, a.times, a.procedure_id, a.procedure_step, a.motion, a.election, a.without_owners, a.speaker, a.half_hours, a.by_secretary, a.organisation_id, a.due_at, a.decided_at, i.state AS issue_state,
         i.number AS issue_number, i.receipt_code, i.remedy, i.due_at AS issue_due_at, i.open AS issue_open, o.name AS organisation_name
         FROM agenda_items a
         LEFT JOIN issues i ON i.tenant_id = a.tenant_id AND i.id = a.issue_id
         LEFT JOIN organisations o ON o.tenant_id = a.tenant_id AND o.id = a.organisation_id"
    };
}

/// The ids of a circle's meetings, bound to `$2` (its estate), `$3` and `$4`. A party organisation or a body has meetings wherever
/// it meets. Each part reads an index of its own.
macro_rules! of_circle {
    () => {
        "(SELECT c.id FROM meetings c WHERE c.tenant_id = $1 AND c.estate_id = $2 AND c.party_organisation_id IS NULL AND c.body_id IS NULL
            AND CAST($3 AS UUID) IS NULL AND CAST($4 AS UUID) IS NULL
          UNION ALL SELECT c.id FROM meetings c WHERE c.tenant_id = $1 AND c.party_organisation_id = $3 AND c.body_id IS NOT DISTINCT FROM $4
          UNION ALL SELECT c.id FROM meetings c WHERE c.tenant_id = $1 AND c.body_id = $4 AND c.party_organisation_id IS NULL AND CAST($3 AS UUID) IS NULL)"
    };
}

/// Is a meeting within a scope? A grid reaches the meetings of every estate in which it has a building. Who belongs to the party is
/// nothing for those who may not see its members there, so a meeting of members must be reached as its organisation's members are.
macro_rules! reached {
    ($account:literal, $roles:literal, $party_account:literal, $party_roles:literal) => {
        concat!(
            "((m.party_organisation_id IS NOT NULL AND ",
            in_reach!($account, $roles, "m.tenant_id", "po.estate_id", "NULL", "po.organisation_id"),
            " AND ",
            in_reach!($party_account, $party_roles, "m.tenant_id", "po.estate_id", "NULL", "po.organisation_id"),
            ") OR (m.party_organisation_id IS NULL AND ",
            in_reach!($account, $roles, "m.tenant_id", "m.estate_id", "NULL", "NULL"),
            ") OR (m.party_organisation_id IS NULL AND EXISTS
                (SELECT 1 FROM buildings b WHERE b.tenant_id = m.tenant_id AND b.estate_id = m.estate_id AND ",
            in_reach!($account, $roles, "b.tenant_id", "b.estate_id", "b.grid_id", "NULL"),
            ")))"
        )
    };
}

/// Of a kind, held within a span in the estates within reach, or in one of them.
macro_rules! within {
    () => {
        concat!(
            " WHERE m.tenant_id = $1 AND m.planned_at >= $4 AND m.planned_at < $5 AND m.kind = $7 AND m.state IN ('ended', 'inquorate')
                AND (CAST($6 AS UUID) IS NULL OR m.estate_id = $6) AND ",
            in_reach!("$2", "$3", "m.tenant_id", "m.estate_id", "NULL", "NULL")
        )
    };
}

statements! {
    ADD = "INSERT INTO meetings (tenant_id, id, kind, estate_id, title, planned_at, place, host, recorder, state, notice, remarks,
            created_by, created_at, lock_version, party_organisation_id, body_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'draft', '', '', $10, $11, 1, $12, $13)";
    GET = concat!("SELECT ", meeting_columns!(), " WHERE m.tenant_id = $1 AND m.id = $2");
    GET_IN_SCOPE = concat!("SELECT ", meeting_columns!(), " WHERE m.tenant_id = $1 AND m.id = $2 AND ",
        reached!("$3", "$4", "$5", "$6"));
    /// The nearest first.
    COMING = concat!("SELECT ", meeting_columns!(), " WHERE m.tenant_id = $1 AND m.state IN ('draft', 'announced', 'in_session') AND ",
        reached!("$2", "$3", "$4", "$5"),
        " AND (m.planned_at, m.id) > ($6, $7) ORDER BY m.planned_at, m.id LIMIT $8");
    /// Meetings that are not over and begin before a moment, the nearest first.
    NEAR = concat!("SELECT ", meeting_columns!(), " WHERE m.tenant_id = $1 AND m.state IN ('draft', 'announced', 'in_session') AND ",
        reached!("$2", "$3", "$4", "$5"), " AND m.planned_at < $6 ORDER BY m.planned_at, m.id LIMIT 50");
    /// Held within a span, or come to nothing, the earliest first; with their items and with who came.
    HELD_WITHIN = concat!("SELECT ", meeting_columns!(), within!(), " ORDER BY m.planned_at, m.id LIMIT $8");
    ITEMS_WITHIN = concat!("SELECT ", item_columns!(), " WHERE a.tenant_id = $1 AND a.meeting_id IN (SELECT m.id FROM meetings m", within!(),
        ") ORDER BY a.meeting_id, a.position, a.id LIMIT 20000");
    CAME_WITHIN = concat!("SELECT m.id AS meeting_id, a.side, COUNT(*) AS people FROM meetings m
        JOIN attendances a ON a.tenant_id = m.tenant_id AND a.meeting_id = m.id AND a.arrived_at IS NOT NULL", within!(), " GROUP BY m.id, a.side");
    /// The latest first.
    PAST = concat!("SELECT ", meeting_columns!(), " WHERE m.tenant_id = $1 AND m.state IN ('ended', 'cancelled', 'inquorate') AND ",
        reached!("$2", "$3", "$4", "$5"),
        " AND (m.planned_at, m.id) < ($6, $7) ORDER BY m.planned_at DESC, m.id DESC LIMIT $8");
    /// Made known to the neighbours of an estate, as far as its kind is, from a moment on.
    OF_BOARD = concat!("SELECT ", meeting_columns!(), " WHERE m.tenant_id = $1 AND m.estate_id = $2 AND m.planned_at > $3
        AND m.announced_at IS NOT NULL ORDER BY m.planned_at, m.id LIMIT 300");
    /// All that a party organisation or a body has called, the latest first.
    OF_PARTY = concat!("SELECT ", meeting_columns!(), " WHERE m.tenant_id = $1 AND m.party_organisation_id = $2 AND (m.planned_at, m.id) < ($3, $4)
        ORDER BY m.planned_at DESC, m.id DESC LIMIT $5");
    OF_BODY = concat!("SELECT ", meeting_columns!(), " WHERE m.tenant_id = $1 AND m.body_id = $2 AND (m.planned_at, m.id) < ($3, $4)
        ORDER BY m.planned_at DESC, m.id DESC LIMIT $5");
    /// By the circle, and not along all meetings in the order of time, as SQLite would: hence the sum.
    LATEST = concat!("SELECT ", meeting_columns!(), " WHERE m.tenant_id = $1 AND m.state <> 'cancelled' AND m.id IN ", of_circle!(), "
        ORDER BY m.planned_at + 0 DESC, m.id DESC LIMIT 1");
    /// The same of one kind.
    LATEST_OF = concat!("SELECT ", meeting_columns!(), " WHERE m.tenant_id = $1 AND m.state <> 'cancelled' AND m.kind = $5 AND m.id IN ", of_circle!(), "
        ORDER BY m.planned_at + 0 DESC, m.id DESC LIMIT 1");
    /// What was held or is to be held within a time, as far as it may be said of whoever should have held it.
    DATED = "SELECT m.kind, m.estate_id, m.party_organisation_id, m.body_id, m.state, m.planned_at,
            EXISTS (SELECT 1 FROM agenda_items a WHERE a.tenant_id = m.tenant_id AND a.meeting_id = m.id AND a.by_secretary) AS by_secretary
        FROM meetings m WHERE m.tenant_id = $1 AND m.planned_at >= $2 AND m.planned_at < $3 AND m.state IN ('announced', 'in_session', 'ended')";
    /// Who was at the meetings with the property company.
    SIDES_OF_JOINT = "SELECT DISTINCT m.estate_id, a.side FROM meetings m CROSS JOIN attendances a
        WHERE a.tenant_id = m.tenant_id AND a.meeting_id = m.id AND a.arrived_at IS NOT NULL AND m.tenant_id = $1 AND m.kind = 'joint_meeting' AND m.state = 'ended' AND m.planned_at >= $2 AND m.planned_at < $3";
    /// Changes a meeting. Nothing is changed if somebody else was first.
    UPDATE = "UPDATE meetings SET title = $4, planned_at = $5, place = $6, host = $7, recorder = $8, state = $9, notice = $10,
            announced_at = $11, began_at = $12, ended_at = $13, remarks = $14, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";

    ADD_ITEM = "INSERT INTO agenda_items (tenant_id, id, meeting_id, position, title, issue_id, carried_from, times, procedure_id, procedure_step, motion,
            election, community_survey_id, announced, outcome, discussion, resolution)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, FALSE, 'pending', '', '')";
    /// How often an issue has been on an agenda that was not called off.
    TIMES = "SELECT COUNT(*) AS times FROM agenda_items a JOIN meetings m ON m.tenant_id = a.tenant_id AND m.id = a.meeting_id
        WHERE a.tenant_id = $1 AND a.issue_id = $2 AND m.state <> 'cancelled'";
    ANNOUNCE_ITEMS = "UPDATE agenda_items SET announced = TRUE WHERE tenant_id = $1 AND meeting_id = $2";
    REWORD_ITEM = "UPDATE agenda_items SET title = $4, motion = $5, election = $6 WHERE tenant_id = $1 AND meeting_id = $2 AND id = $3";
    REMOVE_ITEM = "DELETE FROM agenda_items WHERE tenant_id = $1 AND meeting_id = $2 AND id = $3 AND outcome = 'pending'";
    ITEMS = concat!("SELECT ", item_columns!(), " WHERE a.tenant_id = $1 AND a.meeting_id = $2 ORDER BY a.position, a.id");
    ITEM = concat!("SELECT ", item_columns!(), " WHERE a.tenant_id = $1 AND a.meeting_id = $2 AND a.id = $3");
    /// Two people who write down the same item do not overwrite one another: it must stand as they have seen it.
    DECIDE_ITEM = "UPDATE agenda_items SET outcome = $5, discussion = $6, present = $7, yes = $8, no = $9, abstain = $10, eligible = $11,
            rule = $12, ballot = $13, resolution = $14, public_words = $15, organisation_id = $16, due_at = $17, decided_at = $18, without_owners = $19, speaker = $20, half_hours = $21, by_secretary = $22
        WHERE tenant_id = $1 AND meeting_id = $2 AND id = $3 AND COALESCE(decided_at, 0) = COALESCE($4, 0)";
    FILED = "UPDATE agenda_items SET issue_id = $4 WHERE tenant_id = $1 AND meeting_id = $2 AND id = $3";
    DEFER_PENDING = "UPDATE agenda_items SET outcome = 'deferred', decided_at = $3
        WHERE tenant_id = $1 AND meeting_id = $2 AND outcome = 'pending'";
    /// What ended meetings of a circle left unfinished and no other meeting has taken up: deferred items, and resolutions whose
    /// issue is still open after its time. What members talked about comes back to them alone, and of what an estate holds each
    /// kind comes back to its own (`$6`); a meeting with the property company looks at all that is not done, late or not.
    UNFINISHED = concat!("SELECT ", item_columns!(), "
        JOIN meetings m ON m.tenant_id = a.tenant_id AND m.id = a.meeting_id
        WHERE a.tenant_id = $1 AND a.meeting_id IN
            ", of_circle!(), " AND m.state IN ('ended', 'inquorate')
          AND (a.outcome = 'deferred' OR (a.outcome = 'resolved' AND i.open AND i.state IN ('accepted', 'dispatched', 'suspended', 'escalated')
              AND (i.due_at < $5 OR m.kind = 'joint_meeting')))
          AND m.kind = COALESCE($6, m.kind)
          AND NOT EXISTS (SELECT 1 FROM agenda_items l JOIN meetings n ON n.tenant_id = l.tenant_id AND n.id = l.meeting_id
              WHERE l.tenant_id = a.tenant_id AND l.carried_from = a.id AND n.state <> 'cancelled')
          AND (i.id IS NULL OR i.open)
        ORDER BY m.planned_at, a.position LIMIT 50");
    /// The surveys of whose results a circle has talked, or will.
    SURVEYS = concat!("SELECT a.community_survey_id AS survey_id FROM agenda_items a JOIN meetings m ON m.tenant_id = a.tenant_id AND m.id = a.meeting_id
        WHERE a.tenant_id = $1 AND a.community_survey_id IS NOT NULL AND m.state <> 'cancelled' AND a.meeting_id IN ", of_circle!());
    /// The issues that wait on the agendas of an estate's meetings that have not ended.
    PENDING_ISSUES = "SELECT a.issue_id FROM agenda_items a
        JOIN meetings m ON m.tenant_id = a.tenant_id AND m.id = a.meeting_id
        WHERE a.tenant_id = $1 AND m.estate_id = $2 AND m.state IN ('draft', 'announced', 'in_session')
          AND a.outcome = 'pending' AND a.issue_id IS NOT NULL";

    ADD_ATTENDANCE = "INSERT INTO attendances (tenant_id, id, meeting_id, side, votes, person_sealed, phone_fingerprint, enrolled_at, arrived_at, way)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (tenant_id, meeting_id, phone_fingerprint) DO NOTHING";
    CALL = "INSERT INTO attendances (tenant_id, id, meeting_id, side, votes, person_sealed, member_id, expected, why)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (tenant_id, meeting_id, member_id) DO UPDATE SET votes = excluded.votes, expected = excluded.expected, why = excluded.why,
            side = excluded.side, person_sealed = excluded.person_sealed";
    UNCALL = "DELETE FROM attendances WHERE tenant_id = $1 AND meeting_id = $2 AND id = $3 AND arrived_at IS NULL";
    /// Whoever is not on the roll any more and has come all the same is a guest.
    HEAR = "UPDATE attendances SET side = 'guest', votes = FALSE, expected = FALSE, why = $4
        WHERE tenant_id = $1 AND meeting_id = $2 AND id = $3 AND side <> 'guest'";
    /// Keeps a meeting from being ended while something is written down about it. Nothing is kept of one that is at an end.
    HOLD_OPEN = "UPDATE meetings SET state = state WHERE tenant_id = $1 AND id = $2 AND state IN ('draft', 'announced', 'in_session')";
    /// Changes somebody who is there already; the rest of the row is for the form of the statement. Whatever leave was asked for is
    /// decided by it.
    MARK = "INSERT INTO attendances (tenant_id, id, meeting_id, side, votes, person_sealed, arrived_at, way, left_at, excuse, refused_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (tenant_id, id) DO UPDATE SET
            arrived_at = CASE WHEN excluded.arrived_at IS NULL THEN NULL ELSE COALESCE(attendances.arrived_at, excluded.arrived_at) END,
            way = CASE WHEN excluded.arrived_at IS NULL THEN NULL ELSE COALESCE(attendances.way, excluded.way) END,
            left_at = excluded.left_at, excuse = excluded.excuse, asked = NULL, refused_at = excluded.refused_at";
    /// Leave that was approved stays: whoever comes all the same signs in.
    REPLY = "UPDATE attendances SET replied_at = $4, asked = $5, refused_at = NULL WHERE tenant_id = $1 AND meeting_id = $2 AND id = $3 AND member_id IS NOT NULL";
    ARRIVE = "UPDATE attendances SET arrived_at = $4, way = $5 WHERE tenant_id = $1 AND meeting_id = $2 AND id = $3 AND arrived_at IS NULL";
    ATTENDANCES = "SELECT id, side, votes, person_sealed, enrolled_at, arrived_at, way, member_id, expected, why, excuse, left_at, replied_at, asked, refused_at
        FROM attendances
        WHERE tenant_id = $1 AND meeting_id = $2 ORDER BY id LIMIT 1000";
    BY_PHONE = "SELECT id, side, votes, person_sealed, enrolled_at, arrived_at, way, member_id, expected, why, excuse, left_at, replied_at, asked, refused_at
        FROM attendances
        WHERE tenant_id = $1 AND meeting_id = $2 AND phone_fingerprint = $3";
    HEADS = "SELECT COUNT(*) FILTER (WHERE enrolled_at IS NOT NULL) AS enrolled, COUNT(arrived_at) AS present,
            COUNT(*) FILTER (WHERE votes AND arrived_at IS NOT NULL AND left_at IS NULL) AS voters,
            COUNT(*) FILTER (WHERE votes AND arrived_at IS NOT NULL) AS came_voters, COUNT(*) FILTER (WHERE expected) AS expected,
            COUNT(*) FILTER (WHERE expected AND votes) AS eligible, COUNT(*) FILTER (WHERE expected AND votes AND side = 'owner') AS owners,
            COUNT(*) FILTER (WHERE votes AND side = 'owner' AND arrived_at IS NOT NULL AND left_at IS NULL) AS owners_there,
            COUNT(*) FILTER (WHERE votes AND side = 'owner' AND arrived_at IS NOT NULL) AS came_owners, COUNT(*) FILTER (WHERE expected AND arrived_at IS NOT NULL) AS came,
            COUNT(*) FILTER (WHERE expected AND arrived_at IS NULL AND excuse IS NOT NULL) AS excused,
            COUNT(*) FILTER (WHERE expected AND replied_at IS NOT NULL AND asked IS NULL AND excuse IS NULL AND refused_at IS NULL) AS coming,
            COUNT(*) FILTER (WHERE expected AND excuse IS NULL AND (replied_at IS NULL OR (refused_at IS NOT NULL AND arrived_at IS NULL))) AS silent
        FROM attendances WHERE tenant_id = $1 AND meeting_id = $2";

    MINUTES = "SELECT mi.state, mi.paper_sealed, mi.submitted_by, mi.submitted_at, mi.reviewed_at, mi.remark, mi.lock_version,
            s.name AS submitter, r.name AS reviewer
        FROM minutes mi LEFT JOIN accounts s ON s.tenant_id = mi.tenant_id AND s.id = mi.submitted_by
        LEFT JOIN accounts r ON r.tenant_id = mi.tenant_id AND r.id = mi.reviewed_by
        WHERE mi.tenant_id = $1 AND mi.meeting_id = $2";
    SUBMIT = "INSERT INTO minutes (tenant_id, meeting_id, state, paper_sealed, submitted_by, submitted_at, remark, lock_version)
        VALUES ($1, $2, 'submitted', $3, $4, $5, '', 1)
        ON CONFLICT (tenant_id, meeting_id) DO UPDATE SET state = 'submitted', paper_sealed = excluded.paper_sealed,
            submitted_by = excluded.submitted_by, submitted_at = excluded.submitted_at, remark = '', reviewed_by = NULL, reviewed_at = NULL,
            lock_version = minutes.lock_version + 1
        WHERE minutes.state = 'returned'";
    REVIEW = "UPDATE minutes SET state = $4, reviewed_by = $5, reviewed_at = $6, remark = $7, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND meeting_id = $2 AND lock_version = $3 AND state = 'submitted'";
    REWORD = "UPDATE agenda_items SET discussion = $4 WHERE tenant_id = $1 AND meeting_id = $2 AND id = $3";
    ADD_CORRECTION = "INSERT INTO minutes_corrections (tenant_id, id, meeting_id, words_sealed, reason, made_by, made_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    CORRECTIONS = "SELECT c.words_sealed, c.reason, c.made_at, a.name AS made_by FROM minutes_corrections c
        LEFT JOIN accounts a ON a.tenant_id = c.tenant_id AND a.id = c.made_by
        WHERE c.tenant_id = $1 AND c.meeting_id = $2 ORDER BY c.made_at, c.id LIMIT 200";
    /// Meetings whose minutes wait for somebody else than the one who has submitted them.
    TO_REVIEW = concat!("SELECT ", meeting_columns!(), " WHERE m.tenant_id = $1 AND ", reached!("$2", "$3", "$4", "$5"),
        " AND m.id IN (SELECT meeting_id FROM minutes WHERE tenant_id = $1 AND state = 'submitted' AND submitted_by <> $6)
        ORDER BY m.planned_at, m.id LIMIT 20");

    ADD_OPINION = "INSERT INTO opinions (tenant_id, id, meeting_id, item_id, text, at) VALUES ($1, $2, $3, $4, $5, $6)";
    OPINIONS = "SELECT item_id, text, at FROM opinions WHERE tenant_id = $1 AND meeting_id = $2 ORDER BY at, id LIMIT 500";
}

record! {
    #[derive(Debug, Clone)]
    pub struct Meeting {
        pub id: Uuid, pub kind: Kind, pub estate_id: Uuid, pub title: String, pub planned_at: Timestamp, pub place: String,
        pub host: String, pub recorder: String, pub state: State, pub notice: String, pub announced_at: Option<Timestamp>,
        pub began_at: Option<Timestamp>, pub ended_at: Option<Timestamp>, pub remarks: String, pub lock_version: i64,
        pub estate_name: String, pub party_organisation_id: Option<Uuid>, pub body_id: Option<Uuid>, pub caller: Option<String>,
        pub party_kind: Option<party::Kind>,
    }
    #[derive(Debug, Clone)]
    pub struct Item {
        pub id: Uuid, pub meeting_id: Uuid, pub position: i64, pub title: String, pub issue_id: Option<Uuid>,
        pub carried_from: Option<Uuid>, pub announced: bool, pub outcome: Outcome, pub discussion: String, pub present: Option<i64>,
        pub yes: Option<i64>, pub no: Option<i64>, pub abstain: Option<i64>, pub eligible: Option<i64>, pub rule: Option<Json<Counted>>,
        pub ballot: Option<Json<Ballot>>, pub public_words: String, pub times: i64, pub procedure_id: Option<Uuid>,
        pub procedure_step: Option<Step>, pub motion: Option<Motion>, pub election: Option<Json<Election>>,
        pub without_owners: Option<String>, pub speaker: Option<String>, pub half_hours: Option<i64>, pub by_secretary: bool,
        pub resolution: String, pub organisation_id: Option<Uuid>, pub due_at: Option<Timestamp>,
        pub decided_at: Option<Timestamp>, pub issue_state: Option<issue::State>, pub issue_number: Option<String>,
        pub receipt_code: Option<String>, pub remedy: Option<issue::Remedy>, pub issue_due_at: Option<Timestamp>,
        pub issue_open: Option<bool>, pub organisation_name: Option<String>,
    }
    #[derive(Debug, Clone)]
    pub struct Attendance {
        pub id: Uuid, pub side: Side, pub votes: bool, pub person_sealed: Vec<u8>, pub enrolled_at: Option<Timestamp>,
        pub arrived_at: Option<Timestamp>, pub way: Option<Way>, pub member_id: Option<Uuid>, pub expected: bool,
        pub why: Option<String>, pub excuse: Option<Excuse>, pub left_at: Option<Timestamp>, pub replied_at: Option<Timestamp>,
        pub asked: Option<Excuse>, pub refused_at: Option<Timestamp>,
    }
    #[derive(Debug, Clone)]
    pub struct Minutes {
        pub state: Stage, pub paper_sealed: Vec<u8>, pub submitted_by: Option<Uuid>, pub submitted_at: Timestamp,
        pub reviewed_at: Option<Timestamp>, pub remark: String, pub lock_version: i64, pub submitter: Option<String>,
        pub reviewer: Option<String>,
    }
    pub(super) struct SealedCorrection {
        pub words_sealed: Vec<u8>, pub reason: String, pub made_at: Timestamp, pub made_by: Option<String>,
    }
    #[derive(Debug, Clone)]
    pub struct Opinion { pub item_id: Option<Uuid>, pub text: String, pub at: Timestamp }
    /// How many people enrolled and came; how many with a vote are there, and came; how many should attend, of these have a vote,
    /// are owners with a vote, and of those are there, and came; how many who should attend came, have leave, have said that they come, and have not answered.
    #[derive(Debug, Clone, Copy)]
    pub struct Heads {
        pub enrolled: i64, pub present: i64, pub voters: i64, pub came_voters: i64, pub expected: i64, pub eligible: i64, pub owners: i64, pub owners_there: i64,
        pub came_owners: i64, pub came: i64,
        pub excused: i64, pub coming: i64, pub silent: i64,
    }
    #[derive(Debug, Clone)]
    pub(super) struct Dated {
        pub kind: Kind, pub estate_id: Uuid, pub party_organisation_id: Option<Uuid>, pub body_id: Option<Uuid>, pub state: State,
        pub planned_at: Timestamp, pub by_secretary: bool,
    }
    pub(super) struct CameWithin { pub meeting_id: Uuid, pub side: Side, pub people: i64 }
    pub(super) struct SideOfMonth { pub estate_id: Uuid, pub side: Side }
    struct OfIssue { issue_id: Uuid }
    struct OfSurvey { survey_id: Uuid }
    struct Times { times: i64 }
}

/// What was put right in minutes that are kept.
pub struct Correction {
    pub words: String,
    pub reason: String,
    pub made_at: Timestamp,
    pub made_by: Option<String>,
}

impl Meeting {
    pub fn circle(&self) -> Circle {
        Circle { estate: self.estate_id, party: self.party_organisation_id, body: self.body_id }
    }

    /// What it is called: the committees of each level have names of their own.
    pub fn name(&self) -> &'static str {
        self.kind.of_level(self.party_kind)
    }

    /// Who holds it: the estate, the party organisation, or the body.
    pub fn caller(&self) -> &str {
        self.caller.as_deref().unwrap_or(&self.estate_name)
    }

    pub fn cursor(&self) -> Cursor {
        Cursor { key: self.planned_at.as_millisecond(), id: self.id }
    }
}

impl Heads {
    /// The same as if nobody had gone before the end.
    pub fn as_they_came(self) -> Heads {
        Heads { voters: self.came_voters, owners_there: self.came_owners, ..self }
    }
}

pub async fn meeting(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Meeting> {
    Ok(tx.one(GET.bind(tenant).bind(id)).await?)
}

/// A meeting that somebody may see or hold.
pub async fn meeting_for(tx: &mut Tx, viewer: &Viewer, id: Uuid, permission: Permission) -> Result<Meeting> {
    let [of_meetings, of_members] = [permission, Permission::PartyRead].map(|permission| viewer.scope(permission));
    let query = GET_IN_SCOPE.bind(viewer.tenant).bind(id).bind(of_meetings.account).bind(of_meetings.roles);
    Ok(tx.one(query.bind(of_members.account).bind(of_members.roles)).await?)
}

/// Meetings that have not been held yet, the nearest first.
pub async fn coming(tx: &mut Tx, viewer: &Viewer, after: Cursor, size: usize) -> Result<Page<Meeting>> {
    let query = within(COMING, viewer, Permission::MeetingRead).bind(after.key).bind(after.id);
    Ok(Page::of(tx.all(query.bind(size as i64 + 1)).await?, size, Meeting::cursor))
}

/// Meetings that have been held or called off, the latest first.
pub async fn past(tx: &mut Tx, viewer: &Viewer, before: Cursor, size: usize) -> Result<Page<Meeting>> {
    let query = within(PAST, viewer, Permission::MeetingRead).bind(before.key).bind(before.id);
    Ok(Page::of(tx.all(query.bind(size as i64 + 1)).await?, size, Meeting::cursor))
}

/// What a party organisation, or a body, has called, the latest first.
pub(super) async fn called_by(
    tx: &mut Tx,
    tenant: Uuid,
    (party, id): (bool, Uuid),
    before: Cursor,
    size: usize,
) -> Result<Page<Meeting>> {
    let query = if party { OF_PARTY } else { OF_BODY }.bind(tenant).bind(id).bind(before.key).bind(before.id);
    Ok(Page::of(tx.all(query.bind(size as i64 + 1)).await?, size, Meeting::cursor))
}

/// Meetings that are not over and begin before `until`, the nearest first; at most 50.
pub(super) async fn near(
    tx: &mut Tx,
    viewer: &Viewer,
    permission: Permission,
    until: Timestamp,
) -> Result<Vec<Meeting>> {
    Ok(tx.all(within(NEAR, viewer, permission).bind(until)).await?)
}

/// Meetings whose minutes wait to be read by somebody; at most 20.
pub(super) async fn to_review(tx: &mut Tx, viewer: &Viewer) -> Result<Vec<Meeting>> {
    Ok(tx.all(within(TO_REVIEW, viewer, Permission::MeetingHold).bind(viewer.account)).await?)
}

fn within(statement: Statement, viewer: &Viewer, permission: Permission) -> Query {
    let [of_meetings, of_members] = [permission, Permission::PartyRead].map(|permission| viewer.scope(permission));
    let query = statement.bind(viewer.tenant).bind(of_meetings.account).bind(of_meetings.roles);
    query.bind(of_members.account).bind(of_members.roles)
}

/// When meetings of each kind were or are to be held between two moments.
pub(super) async fn dated(tx: &mut Tx, tenant: Uuid, from: Timestamp, until: Timestamp) -> Result<Vec<Dated>> {
    Ok(tx.all(DATED.bind(tenant).bind(from).bind(until)).await?)
}

/// Which sides came to the meetings with the property company between two moments.
pub(super) async fn sides_of_joint(
    tx: &mut Tx,
    tenant: Uuid,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<SideOfMonth>> {
    Ok(tx.all(SIDES_OF_JOINT.bind(tenant).bind(from).bind(until)).await?)
}

/// Whose meeting it is: of the neighbours of an estate, of a party organisation, of a body, or of both together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Circle {
    /// Where they meet, and whose issues they may talk about.
    pub estate: Uuid,
    pub party: Option<Uuid>,
    pub body: Option<Uuid>,
}

impl Circle {
    pub fn of_estate(estate: Uuid) -> Circle {
        Circle { estate, party: None, body: None }
    }

    pub fn of_party(estate: Uuid, organisation: Uuid) -> Circle {
        Circle { estate, party: Some(organisation), body: None }
    }

    pub fn of_body(estate: Uuid, body: Uuid) -> Circle {
        Circle { estate, party: None, body: Some(body) }
    }

    fn bound(self, statement: Statement, tenant: Uuid) -> Query {
        statement.bind(tenant).bind(self.estate).bind(self.party).bind(self.body)
    }
}

/// The last meeting of a circle: the next one is often like it.
pub async fn latest(tx: &mut Tx, tenant: Uuid, circle: Circle) -> Result<Option<Meeting>> {
    Ok(tx.optional(circle.bound(LATEST, tenant)).await?)
}

/// The last meeting of a kind that a circle has had.
pub(super) async fn latest_of(tx: &mut Tx, tenant: Uuid, circle: Circle, kind: Kind) -> Result<Option<Meeting>> {
    Ok(tx.optional(circle.bound(LATEST_OF, tenant).bind(kind)).await?)
}

pub async fn items(tx: &mut Tx, tenant: Uuid, meeting: Uuid) -> Result<Vec<Item>> {
    Ok(tx.all(ITEMS.bind(tenant).bind(meeting)).await?)
}

pub async fn item(tx: &mut Tx, tenant: Uuid, meeting: Uuid, id: Uuid) -> Result<Item> {
    Ok(tx.one(ITEM.bind(tenant).bind(meeting).bind(id)).await?)
}

/// What earlier meetings of a circle left unfinished, the oldest first; at most 50.
pub async fn unfinished(tx: &mut Tx, tenant: Uuid, circle: Circle, kind: Kind, now: Timestamp) -> Result<Vec<Item>> {
    let of_kind = (circle.party.is_none() && circle.body.is_none()).then_some(kind);
    Ok(tx.all(circle.bound(UNFINISHED, tenant).bind(now).bind(of_kind)).await?)
}

/// The issues of an estate that wait on an agenda already.
pub async fn pending_issues(tx: &mut Tx, tenant: Uuid, estate: Uuid) -> Result<Vec<Uuid>> {
    let pending: Vec<OfIssue> = tx.all(PENDING_ISSUES.bind(tenant).bind(estate)).await?;
    Ok(pending.into_iter().map(|item| item.issue_id).collect())
}

/// The surveys of whose results a circle has talked, or will.
pub(super) async fn surveys(tx: &mut Tx, tenant: Uuid, circle: Circle) -> Result<Vec<Uuid>> {
    let known: Vec<OfSurvey> = tx.all(circle.bound(SURVEYS, tenant)).await?;
    Ok(known.into_iter().map(|item| item.survey_id).collect())
}

/// How often an issue has been on an agenda.
pub(super) async fn times(tx: &mut Tx, tenant: Uuid, issue: Uuid) -> Result<i64> {
    Ok(tx.one::<Times>(TIMES.bind(tenant).bind(issue)).await?.times)
}

pub async fn attendances(tx: &mut Tx, tenant: Uuid, meeting: Uuid) -> Result<Vec<Attendance>> {
    Ok(tx.all(ATTENDANCES.bind(tenant).bind(meeting)).await?)
}

pub async fn heads(tx: &mut Tx, tenant: Uuid, meeting: Uuid) -> Result<Heads> {
    Ok(tx.one(HEADS.bind(tenant).bind(meeting)).await?)
}

pub async fn opinions(tx: &mut Tx, tenant: Uuid, meeting: Uuid) -> Result<Vec<Opinion>> {
    Ok(tx.all(OPINIONS.bind(tenant).bind(meeting)).await?)
}
