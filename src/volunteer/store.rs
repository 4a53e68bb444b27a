use db::{Cursor, Page, Tx, record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use super::model::{How, Outcome, Post, Purpose, State, Target, TeamKind, Way};
use super::roster::Stage;
use crate::access::Scope;
use crate::error::Result;
use crate::in_reach;

/// Bound to $2 and $3: whoever lives in an estate within reach, or is in a team that serves one, or wants to be.
macro_rules! in_reach_of_volunteer {
    () => {
        concat!(
            "(",
            in_reach!("$2", "$3", "v.tenant_id", "v.estate_id", "NULL", "NULL"),
            " OR EXISTS (SELECT 1 FROM volunteer_team_estates s WHERE s.tenant_id = v.tenant_id AND s.team_id = v.team_id AND ",
            in_reach!("$2", "$3", "s.tenant_id", "s.estate_id", "NULL", "NULL"),
            ") OR EXISTS (SELECT 1 FROM volunteer_memberships n WHERE n.tenant_id = v.tenant_id AND n.volunteer_id = v.id AND n.left_on IS NULL
                AND EXISTS (SELECT 1 FROM volunteer_team_estates s WHERE s.tenant_id = n.tenant_id AND s.team_id = n.team_id AND ",
            in_reach!("$2", "$3", "s.tenant_id", "s.estate_id", "NULL", "NULL"),
            ")))"
        )
    };
}
pub(super) use in_reach_of_volunteer;

macro_rules! volunteers {
    ($where:expr) => {
        concat!(
            "SELECT v.id, v.state, v.way, v.team_id, v.estate_id, e.name AS estate_name, v.resident_id, v.name, v.sex, v.birth_date, v.identity_sealed,
                v.phone_sealed, v.political_status, v.source, v.skills, v.qualifications, v.services, v.available, v.national_no,
                v.insurance_no, v.insured_until, v.note_sealed, v.recommender_sealed, v.guardian_sealed, v.guardian_agreed_on, v.ended_why, v.applied_at,
                v.joined_on, v.ended_on, v.link_number, v.lock_version
            FROM volunteers v LEFT JOIN estates e ON e.tenant_id = v.tenant_id AND e.id = v.estate_id WHERE v.tenant_id = $1 AND ",
            $where
        )
    };
}

macro_rules! teams {
    ($where:expr) => {
        concat!(
            "SELECT t.id, t.name, t.named, t.kind, t.slogan, t.founded_on, t.ended_on, t.position, t.lock_version FROM volunteer_teams t
            WHERE t.tenant_id = $1 AND ",
            $where
        )
    };
}

macro_rules! in_reach_of_team {
    () => {
        concat!(
            "(CAST($2 AS UUID) IS NULL OR EXISTS (SELECT 1 FROM volunteer_team_estates s WHERE s.tenant_id = t.tenant_id AND s.team_id = t.id AND ",
            in_reach!("$2", "$3", "s.tenant_id", "s.estate_id", "NULL", "NULL"),
            "))"
        )
    };
}

statements! {
    ADD = "INSERT INTO volunteers (tenant_id, id, state, way, team_id, estate_id, resident_id, name, sex, birth_date, identity_sealed,
            identity_fingerprint, phone_sealed, political_status, source, skills, qualifications, services, available, national_no, insurance_no,
            note_sealed, recommender_sealed, guardian_sealed, guardian_agreed_on, ended_why, applied_at, joined_on, ended_on, link_number, insured_until, lock_version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, 1)";
    CHANGE = "UPDATE volunteers SET state = $4, way = $5, team_id = $6, estate_id = $7, resident_id = $8, name = $9, sex = $10, birth_date = $11,
            identity_sealed = $12, identity_fingerprint = $13, phone_sealed = $14, political_status = $15, source = $16, skills = $17,
            qualifications = $18, services = $19, available = $20, national_no = $21, insurance_no = $22, note_sealed = $23,
            recommender_sealed = $24, guardian_sealed = $25, guardian_agreed_on = $26, ended_why = $27, joined_on = $28, ended_on = $29,
            link_number = $30, insured_until = $31, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    GET = volunteers!("v.id = $2");
    GET_IN_REACH = volunteers!(concat!("v.id = $4 AND ", in_reach_of_volunteer!()));
    LIST = volunteers!(concat!("v.state = $4 AND (CAST($5 AS UUID) IS NULL OR EXISTS (SELECT 1 FROM volunteer_memberships m
            WHERE m.tenant_id = v.tenant_id AND m.team_id = $5 AND m.volunteer_id = v.id AND m.left_on IS NULL))
        AND (v.applied_at, v.id) < ($6, $7) AND ", in_reach_of_volunteer!(), " ORDER BY v.applied_at DESC, v.id DESC LIMIT $8"));
    /// Everybody on the roll, for the workbook.
    ROLL = volunteers!(concat!("v.state = 'active' AND ", in_reach_of_volunteer!(), " ORDER BY v.applied_at, v.id LIMIT $4"));
    /// Everybody on the roll, and whoever has hours in the ledger of some days.
    SERVED = volunteers!(concat!("(v.state = 'active' OR EXISTS (SELECT 1 FROM volunteer_records r WHERE r.tenant_id = v.tenant_id AND r.volunteer_id = v.id
            AND r.state = 'approved' AND r.counts_from >= $4 AND r.counts_from < $5 AND r.books_at <= $6)) AND v.name <> '' AND ",
        in_reach_of_volunteer!(), " ORDER BY v.applied_at, v.id LIMIT $7"));
    WAITING = concat!("SELECT v.id, v.way, v.applied_at, e.name AS estate_name FROM volunteers v
        LEFT JOIN estates e ON e.tenant_id = v.tenant_id AND e.id = v.estate_id
        WHERE v.tenant_id = $1 AND v.state = 'applied' AND ", in_reach_of_volunteer!(), " ORDER BY v.applied_at, v.id LIMIT 50");
    BY_IDENTITY = volunteers!("v.identity_fingerprint = $2 AND v.state = 'active'");
    KNOWN = volunteers!("v.state IN ('active', 'applied', 'invited') ORDER BY v.applied_at, v.id LIMIT $2");
    /// Those of whom nothing may be kept any more: nobody has answered in time, they or the community, or they were refused long ago.
    UNANSWERED = volunteers!("v.state IN ('invited', 'refused', 'applied') AND (v.state = 'invited' AND v.applied_at < $2 OR v.state = 'refused' AND v.ended_on < $3 OR v.state = 'applied' AND v.applied_at < $4) AND v.name <> '' ORDER BY v.applied_at, v.id LIMIT 200");
    RELINK = "UPDATE volunteers SET resident_id = $3, lock_version = lock_version + 1 WHERE tenant_id = $1 AND resident_id = $2 RETURNING id";

    ADD_TEAM = "INSERT INTO volunteer_teams (tenant_id, id, name, named, kind, slogan, founded_on, position, lock_version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, (SELECT COUNT(*) FROM volunteer_teams WHERE tenant_id = $1), 1)";
    CHANGE_TEAM = "UPDATE volunteer_teams SET name = $4, named = $5, kind = $6, slogan = $7, founded_on = $8, ended_on = $9,
            lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    TEAM = teams!("t.id = $2");
    TEAM_NAMED = teams!("t.name = $2");
    TEAMS = teams!(concat!(in_reach_of_team!(), " ORDER BY t.position, t.id LIMIT 200"));
    TEAM_IN_REACH = teams!(concat!("t.id = $4 AND ", in_reach_of_team!()));
    DROP_TEAM_ESTATES = "DELETE FROM volunteer_team_estates WHERE tenant_id = $1 AND team_id = $2";
    ADD_TEAM_ESTATE = "INSERT INTO volunteer_team_estates (tenant_id, team_id, estate_id) VALUES ($1, $2, $3)";
    DROP_TEAM_TARGETS = "DELETE FROM volunteer_team_groups WHERE tenant_id = $1 AND team_id = $2";
    ADD_TEAM_TARGET = "INSERT INTO volunteer_team_groups (tenant_id, team_id, target) VALUES ($1, $2, $3)";
    TEAM_ESTATES = "SELECT s.team_id, s.estate_id FROM volunteer_team_estates s WHERE s.tenant_id = $1 LIMIT 20000";
    TEAM_TARGETS = "SELECT g.team_id, g.target FROM volunteer_team_groups g WHERE g.tenant_id = $1 LIMIT 2000";
    /// How many are in each team.
    TEAM_SIZES = "SELECT team_id, COUNT(*) AS people FROM volunteer_memberships WHERE tenant_id = $1 AND left_on IS NULL GROUP BY team_id";
    /// Who leads the teams, with the phone and whether they have agreed to be shown.
    LEADERS = "SELECT m.team_id, m.post, v.id AS volunteer_id, v.name, v.phone_sealed, CASE WHEN c.id IS NULL THEN 0 ELSE 1 END AS shown
        FROM volunteer_memberships m JOIN volunteers v ON v.tenant_id = m.tenant_id AND v.id = m.volunteer_id
        LEFT JOIN volunteer_consents c ON c.tenant_id = m.tenant_id AND c.volunteer_id = m.volunteer_id AND c.purpose = 'contact' AND c.withdrawn_at IS NULL
        WHERE m.tenant_id = $1 AND m.left_on IS NULL AND m.post <> 'member' ORDER BY m.team_id, m.post DESC, v.name, v.id LIMIT 1000";

    JOIN = "INSERT INTO volunteer_memberships (tenant_id, id, team_id, volunteer_id, post, way, joined_on) VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (tenant_id, team_id, volunteer_id) WHERE left_on IS NULL DO NOTHING";
    QUIT = "UPDATE volunteer_memberships SET left_on = $4 WHERE tenant_id = $1 AND team_id = $2 AND volunteer_id = $3 AND left_on IS NULL";
    QUIT_ALL = "UPDATE volunteer_memberships SET left_on = $3 WHERE tenant_id = $1 AND volunteer_id = $2 AND left_on IS NULL";
    /// There is one leader.
    STEP_DOWN = "UPDATE volunteer_memberships SET post = 'member' WHERE tenant_id = $1 AND team_id = $2 AND left_on IS NULL AND post = 'leader' AND volunteer_id <> $3
        RETURNING volunteer_id AS id";
    SET_POST = "UPDATE volunteer_memberships SET post = $4 WHERE tenant_id = $1 AND team_id = $2 AND volunteer_id = $3 AND left_on IS NULL";
    MEMBERSHIPS = "SELECT m.team_id, t.name AS team_name, m.volunteer_id, v.name, m.post, m.way, m.joined_on, m.left_on FROM volunteer_memberships m
        JOIN volunteer_teams t ON t.tenant_id = m.tenant_id AND t.id = m.team_id
        JOIN volunteers v ON v.tenant_id = m.tenant_id AND v.id = m.volunteer_id
        WHERE m.tenant_id = $1 AND m.volunteer_id = $2 ORDER BY m.joined_on, m.id LIMIT 100";
    MEMBERS = "SELECT m.team_id, t.name AS team_name, m.volunteer_id, v.name, m.post, m.way, m.joined_on, m.left_on FROM volunteer_memberships m
        JOIN volunteer_teams t ON t.tenant_id = m.tenant_id AND t.id = m.team_id
        JOIN volunteers v ON v.tenant_id = m.tenant_id AND v.id = m.volunteer_id
        WHERE m.tenant_id = $1 AND m.team_id = $2 AND m.left_on IS NULL
        ORDER BY CASE m.post WHEN 'leader' THEN 0 WHEN 'deputy' THEN 1 ELSE 2 END, v.name, v.id LIMIT 500";
    /// Who is in which team, of everybody.
    ALL_MEMBERSHIPS = "SELECT m.team_id, t.name AS team_name, m.volunteer_id, '' AS name, m.post, m.way, m.joined_on, m.left_on FROM volunteer_memberships m
        JOIN volunteer_teams t ON t.tenant_id = m.tenant_id AND t.id = m.team_id
        WHERE m.tenant_id = $1 AND m.left_on IS NULL ORDER BY t.position, m.id LIMIT 20000";

    AGREE = "INSERT INTO volunteer_consents (tenant_id, id, volunteer_id, purpose, how, edition, given_at, recorded_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (tenant_id, volunteer_id, purpose) WHERE withdrawn_at IS NULL DO NOTHING";
    TAKE_BACK = "UPDATE volunteer_consents SET withdrawn_at = $4 WHERE tenant_id = $1 AND volunteer_id = $2 AND purpose = $3 AND withdrawn_at IS NULL";
    KEEP_TEXT = "INSERT INTO volunteer_consent_texts (tenant_id, edition, wording) VALUES ($1, $2, $3) ON CONFLICT (tenant_id, edition) DO NOTHING";
    CONSENTS = "SELECT c.purpose, c.how, c.edition, t.wording, c.given_at, c.withdrawn_at, a.name AS recorded_by FROM volunteer_consents c
        LEFT JOIN volunteer_consent_texts t ON t.tenant_id = c.tenant_id AND t.edition = c.edition
        LEFT JOIN accounts a ON a.tenant_id = c.tenant_id AND a.id = c.recorded_by
        WHERE c.tenant_id = $1 AND c.volunteer_id = $2 ORDER BY c.given_at DESC, c.id DESC LIMIT 50";

    ADD_VETTING = "INSERT INTO volunteer_vettings (tenant_id, id, volunteer_id, result, checked_on, expires_on, proof_no, recorded_by, recorded_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    DROP_VETTINGS = "DELETE FROM volunteer_vettings WHERE tenant_id = $1 AND volunteer_id = $2";
    VETTINGS = "SELECT w.result, w.checked_on, w.expires_on, w.proof_no, a.name AS recorded_by FROM volunteer_vettings w
        LEFT JOIN accounts a ON a.tenant_id = w.tenant_id AND a.id = w.recorded_by
        WHERE w.tenant_id = $1 AND w.volunteer_id = $2 ORDER BY w.recorded_at DESC, w.id DESC LIMIT 20";

    ADD_IMPORT = "INSERT INTO volunteer_imports (tenant_id, id, agreed, file_name, state, sealed, outcome, account_id, created_at)
        VALUES ($1, $2, $3, $4, 'checked', $5, '', $6, $7)";
    END_IMPORT = "UPDATE volunteer_imports SET state = $3, sealed = $4, outcome = $5 WHERE tenant_id = $1 AND id = $2 AND state = 'checked'";
    IMPORT = "SELECT id, agreed, file_name, state, sealed, outcome, created_at FROM volunteer_imports WHERE tenant_id = $1 AND id = $2";
    IMPORTS = "SELECT id, agreed, file_name, state, CAST(NULL AS BYTEA) AS sealed, outcome, created_at FROM volunteer_imports
        WHERE tenant_id = $1 AND (created_at, id) < ($2, $3) ORDER BY created_at DESC, id DESC LIMIT $4";
    FORGET = "UPDATE volunteer_imports SET sealed = NULL WHERE tenant_id = $1 AND created_at < $2 AND sealed IS NOT NULL";
}

record! {
    #[derive(Debug, Clone)]
    pub struct Team {
        pub id: Uuid, pub name: String, pub named: bool, pub kind: TeamKind, pub slogan: String, pub founded_on: Option<String>,
        pub ended_on: Option<String>, pub position: i64, pub lock_version: i64,
    }
    struct Serves { team_id: Uuid, estate_id: Uuid }
    struct Looks { team_id: Uuid, target: Target }
    struct Size { team_id: Uuid, people: i64 }
    pub(super) struct Leader {
        pub team_id: Uuid, pub post: Post, pub volunteer_id: Uuid, pub name: String, pub phone_sealed: Option<Vec<u8>>, pub shown: i64,
    }
    #[derive(Debug, Clone)]
    pub struct Membership {
        pub team_id: Uuid, pub team_name: String, pub volunteer_id: Uuid, pub name: String, pub post: Post, pub way: Way,
        pub joined_on: String, pub left_on: Option<String>,
    }
    pub(super) struct Consent {
        pub purpose: Purpose, pub how: How, pub edition: String,
        /// What they have read; `None` of what was agreed to before the words were kept.
        pub wording: Option<String>, pub given_at: Timestamp, pub withdrawn_at: Option<Timestamp>,
        pub recorded_by: Option<String>,
    }
    pub(super) struct Vetting {
        pub result: Outcome, pub checked_on: String, pub expires_on: String, pub proof_no: String, pub recorded_by: Option<String>,
    }
    pub(super) struct Import {
        pub id: Uuid, pub agreed: bool, pub file_name: String, pub state: Stage, pub sealed: Option<Vec<u8>>, pub outcome: String,
        pub created_at: Timestamp,
    }
    pub(super) struct Linked { pub id: Uuid }
    pub(super) struct Waiting { pub id: Uuid, pub way: Way, pub applied_at: Timestamp, pub estate_name: Option<String> }
}

impl Membership {
    pub fn leads(&self) -> bool {
        self.left_on.is_none() && self.post != Post::Member
    }
}

/// A team with where and whom it serves, and how many are in it.
#[derive(Debug, Clone)]
pub struct Placed {
    pub team: Team,
    pub estates: Vec<Uuid>,
    pub targets: Vec<Target>,
    pub people: i64,
}

pub async fn team(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Team> {
    Ok(tx.one(TEAM.bind(tenant).bind(id)).await?)
}

pub(super) async fn team_in_reach(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<Team> {
    Ok(tx.one(TEAM_IN_REACH.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

pub async fn team_named(tx: &mut Tx, tenant: Uuid, name: &str) -> Result<Option<Team>> {
    Ok(tx.optional(TEAM_NAMED.bind(tenant).bind(name)).await?)
}

/// The teams within reach with all that the grid asks of them, in their order; at most 200.
pub async fn teams(tx: &mut Tx, tenant: Uuid, scope: &Scope) -> Result<Vec<Placed>> {
    let teams: Vec<Team> = tx.all(TEAMS.bind(tenant).bind(scope.account).bind(&scope.roles)).await?;
    let estates: Vec<Serves> = tx.all(TEAM_ESTATES.bind(tenant)).await?;
    let targets: Vec<Looks> = tx.all(TEAM_TARGETS.bind(tenant)).await?;
    let sizes: Vec<Size> = tx.all(TEAM_SIZES.bind(tenant)).await?;
    let placed = |team: Team| {
        let id = team.id;
        let mut looks: Vec<Target> = targets.iter().filter(|row| row.team_id == id).map(|row| row.target).collect();
        looks.sort_unstable();
        Placed {
            team,
            estates: estates.iter().filter(|row| row.team_id == id).map(|row| row.estate_id).collect(),
            targets: looks,
            people: sizes.iter().find(|row| row.team_id == id).map_or(0, |row| row.people),
        }
    };
    Ok(teams.into_iter().map(placed).collect())
}

pub(super) async fn leaders(tx: &mut Tx, tenant: Uuid) -> Result<Vec<Leader>> {
    Ok(tx.all(LEADERS.bind(tenant)).await?)
}

/// The teams of a volunteer, those that they have left among them.
pub async fn memberships(tx: &mut Tx, tenant: Uuid, volunteer: Uuid) -> Result<Vec<Membership>> {
    Ok(tx.all(MEMBERSHIPS.bind(tenant).bind(volunteer)).await?)
}

/// Who is in a team, its leader first; at most 500.
pub async fn members(tx: &mut Tx, tenant: Uuid, team: Uuid) -> Result<Vec<Membership>> {
    Ok(tx.all(MEMBERS.bind(tenant).bind(team)).await?)
}

/// Who is in which team, of everybody; at most 20,000.
pub(super) async fn all_memberships(tx: &mut Tx, tenant: Uuid) -> Result<Vec<Membership>> {
    Ok(tx.all(ALL_MEMBERSHIPS.bind(tenant)).await?)
}

pub(super) async fn consents(tx: &mut Tx, tenant: Uuid, volunteer: Uuid) -> Result<Vec<Consent>> {
    Ok(tx.all(CONSENTS.bind(tenant).bind(volunteer)).await?)
}

/// The latest first.
pub(super) async fn vettings(tx: &mut Tx, tenant: Uuid, volunteer: Uuid) -> Result<Vec<Vetting>> {
    Ok(tx.all(VETTINGS.bind(tenant).bind(volunteer)).await?)
}

/// Those who wait for the community; at most 50.
pub(super) async fn waiting(tx: &mut Tx, tenant: Uuid, scope: &Scope) -> Result<Vec<Waiting>> {
    Ok(tx.all(WAITING.bind(tenant).bind(scope.account).bind(&scope.roles)).await?)
}

pub(super) async fn import(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Import> {
    Ok(tx.one(IMPORT.bind(tenant).bind(id)).await?)
}

/// What has been sent in, newest first, without its rows.
pub(super) async fn imports(tx: &mut Tx, tenant: Uuid, before: Cursor, size: usize) -> Result<Page<Import>> {
    let items: Vec<Import> =
        tx.all(IMPORTS.bind(tenant).bind(before.key).bind(before.id).bind(size as i64 + 1)).await?;
    Ok(Page::of(items, size, |item| Cursor { key: item.created_at.as_millisecond(), id: item.id }))
}

/// Which volunteers a list shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listed {
    pub state: State,
    pub team: Option<Uuid>,
}
