use db::{Tx, record, statements};
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use super::help_model::{Help, HelpRules, Reason, born_before};
use super::store::Opening;
use crate::access::{Act, Scope, Viewer};
use crate::error::Result;
use crate::in_reach;

/// How many of a child's own household live there and fit a condition; who is registered there and lives elsewhere does not. Another
/// household behind the same door has nothing to do with the child. A condition must not lead away from the index of the household.
macro_rules! in_household {
    ($who:expr) => {
        concat!(
            "(SELECT COUNT(*) FROM residents a WHERE a.tenant_id = h.tenant_id AND a.household_id = h.id AND a.id <> p.id AND a.ended IS NULL
                AND (a.residence_state IS NULL OR a.residence_state <> 'registered_here_only') AND ",
            $who,
            ")"
        )
    };
}

/// Who of a household may be a parent of a child, by what both are to its head (GB/T 4761); where it was not written down, anybody may
/// but a child of the head.
macro_rules! may_be_parent {
    () => {
        "(CASE WHEN a.relation IS NULL THEN 1
            WHEN p.relation IN ('20', '30') AND a.relation IN ('01', '02', '10') THEN 1
            WHEN p.relation = '40' AND a.relation IN ('20', '30', '80') THEN 1
            WHEN p.relation IN ('01', '02', '70') AND a.relation = '50' THEN 1
            WHEN (p.relation IS NULL OR p.relation IN ('10', '50', '60', '80')) AND a.relation NOT IN ('20', '30', '40') THEN 1
            ELSE 0 END) = 1"
    };
}

macro_rules! tagged {
    ($tag:literal) => {
        concat!(
            "(SELECT COUNT(*) FROM resident_tags t WHERE t.tenant_id = p.tenant_id AND t.resident_id = p.id AND t.until IS NULL AND t.tag = '",
            $tag,
            "')"
        )
    };
}

/// Children of the register within reach ($2, $3) who live here: younger than $4 says and as old as $5, of whom those younger than $6
/// are asked after for any reason and the others where they are tagged, also those whose day of birth nobody has written down, with an empty
/// one. $7 and $8 are when elders and adults were born.
macro_rules! children {
    ($condition:expr, $kept:expr) => {
        concat!(
            "SELECT p.* FROM (
                SELECT p.id, p.position, p.name, p.sex, COALESCE(p.birth_date, '') AS birth_date, p.relation, p.household_id, h.dwelling_id, b.id AS building_id,
                    b.name AS building_name, b.estate_id, e.name AS estate_name, s.kind, s.next_on, ",
            tagged!("left_behind_child"), " AS left_behind, ",
            tagged!("child_in_difficulty"), " AS in_difficulty, ",
            in_household!(concat!("COALESCE(a.birth_date, '9999') <= $8 AND COALESCE(a.birth_date, '') > $7 AND ", may_be_parent!())), " AS parents, ",
            in_household!(concat!("a.birth_date IS NULL AND ", may_be_parent!())), " AS unsure, ",
            in_household!("COALESCE(a.birth_date, '9999') <= $8"), " AS grown
                FROM (SELECT n.tenant_id, n.id, n.position, n.name, n.sex, n.birth_date, n.relation, n.household_id, n.building_id, n.residence_state
                    FROM residents n WHERE n.tenant_id = $1 AND n.ended IS NULL AND n.birth_date > $4 AND n.birth_date <= $5
                    UNION ALL SELECT n.tenant_id, n.id, n.position, n.name, n.sex, n.birth_date, n.relation, n.household_id, n.building_id, n.residence_state
                    FROM residents n WHERE n.tenant_id = $1 AND n.ended IS NULL AND n.birth_date IS NULL AND n.id IN (SELECT t.resident_id FROM resident_tags t
                        WHERE t.tenant_id = $1 AND t.until IS NULL AND t.tag IN ('left_behind_child', 'child_in_difficulty'))) p CROSS JOIN households h CROSS JOIN buildings b CROSS JOIN estates e
                LEFT JOIN class_help s ON s.tenant_id = p.tenant_id AND s.resident_id = p.id
                WHERE h.tenant_id = p.tenant_id AND h.id = p.household_id AND b.tenant_id = p.tenant_id AND b.id = p.building_id
                AND e.tenant_id = b.tenant_id AND e.id = b.estate_id AND p.tenant_id = $1
                AND (p.residence_state IS NULL OR p.residence_state <> 'registered_here_only') AND ",
            $condition,
            " AND ",
            in_reach!("$2", "$3", "$1", "b.estate_id", "b.grid_id", "NULL"),
            ") p WHERE (p.left_behind + p.in_difficulty > 0 OR (p.birth_date > $6 AND ",
            $kept,
            ")) ORDER BY p.position + 0 DESC LIMIT 51"
        )
    };
}

statements! {
    /// With $9 also those for whom nothing speaks; with $11 those whose turn it is by $10, or else the others; below the position $12.
    LIST = children!("p.position + 0 < $12 AND (CASE WHEN s.kind IS NULL OR s.next_on <= $10 THEN 1 ELSE 0 END) = CAST($11 AS BIGINT)", "($9 OR p.parents = 0 OR p.next_on <= $10)");
    /// Whose turn it is by $9: all of them stand on the list, whatever speaks for them.
    DUE = children!("s.next_on <= $9", "1 = 1");
    ONE = children!("p.id = $9", "1 = 1");
    /// Who could be asked for a child: the adults of its own household.
    ADULTS = "SELECT a.id, a.name, a.sex, a.relation, a.birth_date, a.phone_sealed, k.head_name FROM households k CROSS JOIN residents a
        WHERE a.tenant_id = k.tenant_id AND a.household_id = k.id AND k.tenant_id = $1 AND k.id = $2 AND k.ended_at IS NULL AND a.ended IS NULL
        AND (a.residence_state IS NULL OR a.residence_state <> 'registered_here_only') AND COALESCE(a.birth_date, '9999') <= $3
        ORDER BY COALESCE(a.birth_date, '9999') DESC, a.id LIMIT 30";
    /// Nobody else asks for this child until the transaction ends.
    HOLD = "INSERT INTO class_help (tenant_id, resident_id, kind, next_on, changed_at) VALUES ($1, $2, 'invited', NULL, $3)
        ON CONFLICT (tenant_id, resident_id) DO UPDATE SET changed_at = excluded.changed_at";
    NOTE = "INSERT INTO class_help (tenant_id, resident_id, kind, next_on, changed_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (tenant_id, resident_id) DO UPDATE SET kind = excluded.kind, next_on = excluded.next_on, changed_at = excluded.changed_at";
    ADD_STEP = "INSERT INTO class_help_steps (tenant_id, id, resident_id, kind, sealed, next_on, made_at, made_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    STEPS = "SELECT s.kind, s.sealed, s.next_on, s.made_at, a.name AS made_by FROM class_help_steps s
        LEFT JOIN accounts a ON a.tenant_id = s.tenant_id AND a.id = s.made_by
        WHERE s.tenant_id = $1 AND s.resident_id = $2 ORDER BY s.made_at DESC, s.id DESC LIMIT 50";
    OPEN = "INSERT INTO class_help_openings (tenant_id, id, account_id, purpose, at, until_at) VALUES ($1, $2, $3, $4, $5, $6)";
    OPENED = "SELECT id, until_at FROM class_help_openings WHERE tenant_id = $1 AND account_id = $2 AND until_at > $3 ORDER BY until_at DESC, id DESC LIMIT 1";
    /// Somebody looks at one child of the list, once for each time that they have said why.
    LOOK = "INSERT INTO class_help_looks (tenant_id, opening_id, resident_id, at) VALUES ($1, $2, $3, $4) ON CONFLICT (tenant_id, opening_id, resident_id) DO NOTHING";
    LOOKED = "SELECT l.resident_id FROM class_help_looks l WHERE l.tenant_id = $1 AND l.opening_id = $2 AND l.resident_id = $3";
    LOOKS = "SELECT COALESCE(a.name, '') AS reader_name, o.purpose, l.at FROM class_help_looks l JOIN class_help_openings o ON o.tenant_id = l.tenant_id AND o.id = l.opening_id
        LEFT JOIN accounts a ON a.tenant_id = o.tenant_id AND a.id = o.account_id
        WHERE l.tenant_id = $1 AND l.resident_id = $2 ORDER BY l.at DESC, l.opening_id DESC LIMIT 50";
    /// Those at the child of the register who was invited as a child of the class.
    LOOKS_AT_CHILD = "SELECT COALESCE(a.name, '') AS reader_name, o.purpose, l.at FROM class_help s CROSS JOIN class_help_looks l
        CROSS JOIN class_help_openings o LEFT JOIN accounts a ON a.tenant_id = o.tenant_id AND a.id = o.account_id
        WHERE s.tenant_id = $1 AND s.child_id = $2 AND l.tenant_id = s.tenant_id AND l.resident_id = s.resident_id
        AND o.tenant_id = l.tenant_id AND o.id = l.opening_id ORDER BY l.at DESC, l.opening_id DESC LIMIT 50";
    /// Which child of the class came of an invitation.
    CAME = "UPDATE class_help SET child_id = $3 WHERE tenant_id = $1 AND resident_id = $2";
    /// Of somebody of whom nothing may be kept any more.
    ERASE_STEPS = "DELETE FROM class_help_steps WHERE tenant_id = $1 AND resident_id = $2";
    ERASE = "DELETE FROM class_help WHERE tenant_id = $1 AND resident_id = $2";
    ERASE_LOOKS = "DELETE FROM class_help_looks WHERE tenant_id = $1 AND resident_id = $2";
    /// Two who were one. What is known of the one that stays counts.
    MOVE_STEPS = "UPDATE class_help_steps SET resident_id = $3 WHERE tenant_id = $1 AND resident_id = $2";
    /// Somebody has looked at both of them.
    DOUBLE_LOOKS = "DELETE FROM class_help_looks WHERE tenant_id = $1 AND resident_id = $2
        AND opening_id IN (SELECT k.opening_id FROM class_help_looks k WHERE k.tenant_id = $1 AND k.resident_id = $3)";
    MOVE_LOOKS = "UPDATE class_help_looks SET resident_id = $3 WHERE tenant_id = $1 AND resident_id = $2";
    MOVE = "UPDATE class_help SET resident_id = $3 WHERE tenant_id = $1 AND resident_id = $2
        AND NOT EXISTS (SELECT 1 FROM class_help k WHERE k.tenant_id = $1 AND k.resident_id = $3)";
    MOVE_CHILD = "UPDATE class_help SET child_id = (SELECT s.child_id FROM class_help s WHERE s.tenant_id = $1 AND s.resident_id = $2)
        WHERE tenant_id = $1 AND resident_id = $3 AND child_id IS NULL";
    FORGET_LOOKS = "DELETE FROM class_help_looks WHERE tenant_id = $1 AND opening_id IN (SELECT o.id FROM class_help_openings o WHERE o.tenant_id = $1 AND o.at < $2)";
    FORGET_OPENINGS = "DELETE FROM class_help_openings WHERE tenant_id = $1 AND at < $2";
    FORGET_STEPS = "DELETE FROM class_help_steps WHERE tenant_id = $1 AND made_at < $2";
    FORGET = "DELETE FROM class_help WHERE tenant_id = $1 AND changed_at < $2";
}

record! {
    /// A child of the register, and what speaks for looking after it.
    #[derive(Debug, Clone)]
    pub struct Wanted {
        pub id: Uuid, pub position: i64, pub name: String, pub sex: String, pub birth_date: String, pub relation: Option<String>,
        pub household_id: Uuid, pub dwelling_id: Uuid, pub building_id: Uuid, pub building_name: String,
        pub estate_id: Uuid, pub estate_name: String, pub kind: Option<Help>, pub next_on: Option<String>, pub left_behind: i64,
        pub in_difficulty: i64, pub parents: i64, pub unsure: i64, pub grown: i64,
    }
    pub(super) struct StoredAdult {
        pub id: Uuid, pub name: String, pub sex: String, pub relation: Option<String>, pub birth_date: Option<String>,
        pub phone_sealed: Option<Vec<u8>>, pub head_name: String,
    }
    pub(super) struct StoredStep {
        pub kind: Help, pub sealed: Vec<u8>, pub next_on: Option<String>, pub made_at: Timestamp, pub made_by: Option<String>,
    }
    /// The list is open to somebody who has said why, until a moment.
    #[derive(Debug, Clone, Copy)]
    pub struct Opened { pub id: Uuid, pub until_at: Timestamp }
    struct Noted { resident_id: Uuid }
}

impl Wanted {
    /// Why the child stands on the list.
    pub fn reasons(&self, rules: &HelpRules, today: Date) -> Vec<Reason> {
        let young = self.birth_date > born_before(today, rules.under_age);
        let of = [
            (Reason::Alone, young && self.grown + self.unsure == 0),
            (Reason::InDifficulty, self.in_difficulty > 0),
            (Reason::LeftBehind, self.left_behind > 0),
            (Reason::OnlyElders, young && self.grown > 0 && self.parents + self.unsure == 0),
            (Reason::AgesUnknown, young && self.unsure > 0 && self.parents == 0),
        ];
        let found: Vec<Reason> = of.into_iter().filter(|(_, holds)| *holds).map(|(reason, _)| reason).collect();
        if found.is_empty() { vec![Reason::NotInClass] } else { found }
    }
}

/// The list that somebody asks for.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// Also those for whom nothing speaks but that they are not in the class.
    pub all: bool,
    /// Those whose turn it is, or those who wait for another day or need nothing.
    pub now: bool,
    /// Below this position.
    pub before: i64,
}

fn bounds(query: db::Query, rules: &HelpRules, today: Date) -> db::Query {
    let oldest = rules.tagged_under_age.max(rules.under_age);
    [oldest, rules.from_age, rules.under_age, rules.elder_age, rules.grown_age]
        .into_iter()
        .fold(query, |query, years| query.bind(born_before(today, years)))
}

/// One more than fits on a page of fifty.
pub(super) async fn list(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    (rules, today): (&HelpRules, Date),
    asked: Asked,
) -> Result<Vec<Wanted>> {
    let query = bounds(LIST.bind(tenant).bind(scope.account).bind(&scope.roles), rules, today);
    let query = query.bind(asked.all).bind(today.to_string()).bind(i64::from(asked.now)).bind(asked.before);
    Ok(tx.all(query).await?)
}

/// Whose next look is due, as far as they would stand on the list; at most 51.
pub(super) async fn due(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    (rules, today): (&HelpRules, Date),
) -> Result<Vec<Wanted>> {
    let query = bounds(DUE.bind(tenant).bind(scope.account).bind(&scope.roles), rules, today);
    Ok(tx.all(query.bind(today.to_string())).await?)
}

/// Errors: not found of anybody who would not stand on the list.
pub(super) async fn one(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    (rules, today): (&HelpRules, Date),
    id: Uuid,
) -> Result<Wanted> {
    let query = bounds(ONE.bind(tenant).bind(scope.account).bind(&scope.roles), rules, today);
    Ok(tx.one(query.bind(id)).await?)
}

/// The last time that somebody said why, as long as the list is open to them.
pub(super) async fn opened(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Option<Opened>> {
    Ok(tx.optional(OPENED.bind(viewer.tenant).bind(viewer.account).bind(now)).await?)
}

/// Whether it is noted already that somebody looked at a child since they said why.
pub(super) async fn has_looked(tx: &mut Tx, tenant: Uuid, opening: Uuid, resident: Uuid) -> Result<bool> {
    let noted: Option<Noted> = tx.optional(LOOKED.bind(tenant).bind(opening).bind(resident)).await?;
    Ok(noted.is_some_and(|noted| noted.resident_id == resident))
}

/// Who has looked at one child of the list and why, the latest first; at most 50.
pub(super) async fn looks(tx: &mut Tx, tenant: Uuid, resident: Uuid) -> Result<Vec<Opening>> {
    Ok(tx.all(LOOKS.bind(tenant).bind(resident)).await?)
}

/// The same of the child of the register who was invited as a child of the class, as its guardian reads it.
pub(super) async fn looks_at_child(tx: &mut Tx, tenant: Uuid, child: Uuid) -> Result<Vec<Opening>> {
    let mut looks: Vec<Opening> = tx.all(LOOKS_AT_CHILD.bind(tenant).bind(child)).await?;
    looks.iter_mut().for_each(|look| look.purpose = format!("帮扶名单：{}", look.purpose));
    Ok(looks)
}

/// Nothing is kept of a resident, or it is kept of another.
pub(super) async fn carry(tx: &mut Tx, act: &Act, resident: Uuid, to: Option<Uuid>) -> Result<()> {
    if let Some(to) = to {
        for statement in [MOVE_STEPS, DOUBLE_LOOKS, MOVE_LOOKS, MOVE, MOVE_CHILD] {
            tx.execute(statement.bind(act.tenant).bind(resident).bind(to)).await?;
        }
    }
    tx.execute(ERASE_LOOKS.bind(act.tenant).bind(resident)).await?;
    tx.execute(ERASE_STEPS.bind(act.tenant).bind(resident)).await?;
    tx.execute(ERASE.bind(act.tenant).bind(resident)).await?;
    Ok(())
}
