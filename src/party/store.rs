use std::collections::HashSet;

use db::{Cursor, Page, Tx, record, statements};
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use super::member_list::State;
use super::model::{Counting, Departure, Heads, How, Kind, Member, Post, Roll, Situation, Status, Tie, first_day};
use crate::access::{Act, Scope};
use crate::error::{Error, Result};
use crate::{in_batch, in_reach, settings};

// `in_reach!` has an `o` of its own, so the organisation of a row is `po` here.
macro_rules! organisations {
    ($where:expr) => {
        concat!(
            "SELECT po.id, po.parent_id, po.kind, po.name, po.estate_id, e.name AS estate_name, po.organisation_id, po.founded_on,
                po.term_began_on, po.term_ends_on, po.lock_version
            FROM party_organisations po LEFT JOIN estates e ON e.tenant_id = po.tenant_id AND e.id = po.estate_id
            WHERE po.tenant_id = $1 AND ",
            in_reach!("$2", "$3", "$1", "po.estate_id", "NULL", "po.organisation_id"),
            " AND ",
            $where
        )
    };
}

macro_rules! cards_of_all {
    ($where:expr) => {
        concat!(
            "SELECT m.id, m.party_organisation_id, po.name AS organisation_name, m.group_id, m.resident_id, m.name, m.sex, m.ethnic_group,
                m.birth_date, m.identity_sealed, m.phone_sealed, m.education, m.joined_on, m.full_since, m.home_organisation, m.status,
                m.link, m.note_sealed, m.ended, m.ended_on, m.lock_version
            FROM party_members m JOIN party_organisations po ON po.tenant_id = m.tenant_id AND po.id = m.party_organisation_id
            WHERE m.tenant_id = $1 AND ",
            $where
        )
    };
}

macro_rules! cards {
    ($where:expr) => {
        cards_of_all!(concat!(
            in_reach!("$2", "$3", "$1", "po.estate_id", "NULL", "po.organisation_id"),
            " AND ",
            $where
        ))
    };
}

/// Members as lists have them.
macro_rules! members {
    ($where:expr) => {
        members!("party_members m", $where)
    };
    ($from:expr, $where:expr) => {
        concat!(
            "SELECT m.id, m.name, m.sex, m.joined_on, m.full_since, m.status, m.link, m.home_organisation, m.group_id, g.name AS group_name,
                b.name AS building_name, m.ended, m.ended_on
            FROM ",
            $from,
            " LEFT JOIN party_organisations g ON g.tenant_id = m.tenant_id AND g.id = m.group_id
            LEFT JOIN residents r ON r.tenant_id = m.tenant_id AND r.id = m.resident_id AND r.ended IS NULL
            LEFT JOIN buildings b ON b.tenant_id = r.tenant_id AND b.id = r.building_id
            WHERE m.tenant_id = $1 AND ",
            $where
        )
    };
}

statements! {
    ADD_ORGANISATION = "INSERT INTO party_organisations (tenant_id, id, parent_id, kind, name, estate_id, organisation_id, founded_on, created_at,
            lock_version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1)";
    CHANGE_ORGANISATION = "UPDATE party_organisations SET kind = $4, name = $5, estate_id = $6, founded_on = $7, term_began_on = $8,
            term_ends_on = $9, lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    ORGANISATIONS = organisations!("1 = 1 ORDER BY po.created_at, po.id LIMIT 500");
    ORGANISATION = organisations!("po.id = $4");
    NAMED = organisations!("po.name = $4 ORDER BY po.created_at, po.id LIMIT 2");
    TERMS_ENDING = organisations!("po.term_ends_on <= $4 ORDER BY po.term_ends_on, po.id LIMIT 50");
    BRANCH_OF = "SELECT id FROM party_organisations WHERE tenant_id = $1 AND organisation_id = $2 AND kind <> 'party_group'";
    FIGURES = "SELECT m.party_organisation_id, m.group_id, COUNT(*) FILTER (WHERE m.link = 'here') AS members,
            COUNT(*) FILTER (WHERE m.link = 'here' AND m.status = 'formal') AS full_members, COUNT(*) FILTER (WHERE m.link <> 'here') AS others
        FROM party_members m WHERE m.tenant_id = $1 AND m.ended IS NULL GROUP BY m.party_organisation_id, m.group_id";

    ADD_POST = "INSERT INTO party_posts (tenant_id, id, party_organisation_id, member_id, post, since) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (tenant_id, party_organisation_id, member_id, post) WHERE until IS NULL DO NOTHING";
    END_POST = "UPDATE party_posts SET until = $4 WHERE tenant_id = $1 AND party_organisation_id = $2 AND id = $3 AND until IS NULL";
    /// The posts of a member: in one organisation and the 党小组 within it, or everywhere.
    END_POSTS = "UPDATE party_posts SET until = $3 WHERE tenant_id = $1 AND member_id = $2 AND until IS NULL
        AND (CAST($4 AS UUID) IS NULL OR party_organisation_id IN
            (SELECT id FROM party_organisations WHERE tenant_id = $1 AND (id = $4 OR parent_id = $4 AND kind = 'party_group')))";
    /// The posts of a committee whose term has ended.
    END_TERM = "UPDATE party_posts SET until = $3 WHERE tenant_id = $1 AND party_organisation_id = $2 AND until IS NULL AND since < $3
        AND post <> 'group_leader'";
    /// 书记 and 副书记 alone are no committee: a commissioner is, and so are three people.
    WITH_COMMITTEE = "SELECT party_organisation_id AS id FROM party_posts WHERE tenant_id = $1 AND until IS NULL AND post <> 'group_leader'
        GROUP BY party_organisation_id HAVING COUNT(DISTINCT member_id) >= 3 OR COUNT(*) FILTER (WHERE post NOT IN ('secretary', 'deputy')) > 0";
    POSTS = "SELECT p.id, p.party_organisation_id, p.member_id, m.name, p.post, p.since FROM party_posts p
        JOIN party_members m ON m.tenant_id = p.tenant_id AND m.id = p.member_id
        WHERE p.tenant_id = $1 AND p.until IS NULL ORDER BY p.since, p.id LIMIT 2000";
    POSTS_OF_MEMBER = "SELECT po.name AS organisation_name, p.party_organisation_id, p.post, p.since, p.until FROM party_posts p
        JOIN party_organisations po ON po.tenant_id = p.tenant_id AND po.id = p.party_organisation_id
        WHERE p.tenant_id = $1 AND p.member_id = $2 ORDER BY p.since DESC, p.id DESC LIMIT 50";

    ADD_MEMBER = "INSERT INTO party_members (tenant_id, id, party_organisation_id, group_id, resident_id, name, sex, ethnic_group, birth_date,
            identity_sealed, identity_fingerprint, phone_sealed, education, joined_on, full_since, home_organisation, status, link, note_sealed,
            updated_at, lock_version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, 1)";
    CHANGE_MEMBER = "UPDATE party_members SET party_organisation_id = $4, group_id = $5, resident_id = $6, name = $7, sex = $8, ethnic_group = $9,
            birth_date = $10, identity_sealed = $11, identity_fingerprint = $12, phone_sealed = $13, education = $14, joined_on = $15,
            full_since = $16, home_organisation = $17, status = $18, link = $19, note_sealed = $20, ended = $21, ended_on = $22,
            updated_at = $23, lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    /// A page of who belongs to an organisation, or to a 党小组 of it, or of who has left.
    MEMBERS = members!("m.party_organisation_id = $2 AND (CAST($3 AS UUID) IS NULL OR m.group_id = $3) AND (m.ended IS NULL) = $4
        AND (m.name, m.id) > ($5, $6) ORDER BY m.name, m.id LIMIT $7");
    MEMBER = members!("m.id = $2");
    /// Everybody who belonged to an organisation on a day, wherever they have gone since: those of today and those who moved away
    /// later, without those who came later.
    ROLL = members!("(SELECT id FROM party_members WHERE tenant_id = $1 AND party_organisation_id = $2
            UNION SELECT member_id FROM party_moves WHERE tenant_id = $1 AND from_id = $2 AND moved_on > $3) p CROSS JOIN party_members m",
        "m.id = p.id AND COALESCE((SELECT v.from_id FROM party_moves v WHERE v.tenant_id = $1 AND v.member_id = m.id AND v.moved_on > $3
            ORDER BY v.moved_on, v.id LIMIT 1), m.party_organisation_id) = $2
        AND (m.ended IS NULL OR m.ended_on > $3) ORDER BY m.name, m.id LIMIT $4");
    /// Everybody who belonged on a day to an organisation or to one below it, down to four levels.
    ROLL_OF_ALL = members!("(SELECT id FROM party_members WHERE tenant_id = $1
            UNION SELECT member_id FROM party_moves WHERE tenant_id = $1 AND moved_on > $3) p CROSS JOIN party_members m",
        "m.id = p.id AND COALESCE((SELECT v.from_id FROM party_moves v WHERE v.tenant_id = $1 AND v.member_id = m.id AND v.moved_on > $3
            ORDER BY v.moved_on, v.id LIMIT 1), m.party_organisation_id) IN
            (SELECT a.id FROM party_organisations a
             LEFT JOIN party_organisations b ON b.tenant_id = a.tenant_id AND b.id = a.parent_id
             LEFT JOIN party_organisations c ON c.tenant_id = b.tenant_id AND c.id = b.parent_id
             LEFT JOIN party_organisations d ON d.tenant_id = c.tenant_id AND d.id = c.parent_id
             WHERE a.tenant_id = $1 AND (a.id = $2 OR b.id = $2 OR c.id = $2 OR d.id = $2))
        AND (m.ended IS NULL OR m.ended_on > $3) ORDER BY m.name, m.id LIMIT $4");
    /// Who held a post of an organisation on a day.
    COMMITTEE = members!("(SELECT DISTINCT member_id AS id FROM party_posts WHERE tenant_id = $1 AND party_organisation_id = $2
            AND post <> 'group_leader' AND since <= $3 AND (until IS NULL OR until > $3)) p CROSS JOIN party_members m",
        "m.id = p.id ORDER BY m.name, m.id LIMIT 50");
    MOVE = "INSERT INTO party_moves (tenant_id, id, member_id, from_id, moved_on) VALUES ($1, $2, $3, $4, $5)";
    /// The last move of a member after a day.
    MOVED_AFTER = "SELECT moved_on FROM party_moves WHERE tenant_id = $1 AND member_id = $2 AND moved_on > $3 ORDER BY moved_on DESC, id DESC LIMIT 1";
    /// In which situation how many are on a day.
    HEADS = "SELECT m.status, m.link, m.ended, CASE WHEN m.joined_on > $4 THEN 1 ELSE 0 END AS joins_later,
            CASE WHEN m.full_since > $4 THEN 1 ELSE 0 END AS full_later, COUNT(*) AS amount
        FROM party_members m WHERE m.tenant_id = $1 AND m.party_organisation_id = $2 AND (CAST($3 AS UUID) IS NULL OR m.group_id = $3)
        GROUP BY m.status, m.link, m.ended, 4, 5";
    CARD = cards!("m.id = $4");
    BY_IDENTITY = cards!("m.identity_fingerprint = $4");
    BY_NAME = cards!("m.name = $4 AND m.ended IS NULL LIMIT 5");
    WITH_IDENTITIES = cards_of_all!(concat!("m.identity_fingerprint IN ", in_batch!(), " LIMIT 64"));
    WITH_NAMES = cards_of_all!(concat!("m.name IN ", in_batch!(), " AND m.ended IS NULL LIMIT $66"));
    OF_ORGANISATION = cards!("m.party_organisation_id = $4 AND m.ended IS NULL ORDER BY m.name, m.id LIMIT $5");
    RESIDENT_OF = "SELECT id FROM residents WHERE tenant_id = $1 AND identity_fingerprint = $2";

    AGREE = "INSERT INTO party_consents (tenant_id, id, member_id, how, given_on, recorded_by, recorded_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (tenant_id, member_id) WHERE withdrawn_at IS NULL DO NOTHING";
    WITHDRAW = "UPDATE party_consents SET withdrawn_how = $3, withdrawn_on = $4, withdrawn_by = $5, withdrawn_at = $6
        WHERE tenant_id = $1 AND member_id = $2 AND withdrawn_at IS NULL";
    CONSENTS = "SELECT c.how, c.given_on, a.name AS recorded_by, c.withdrawn_how, c.withdrawn_on, w.name AS withdrawn_by FROM party_consents c
        LEFT JOIN accounts a ON a.tenant_id = c.tenant_id AND a.id = c.recorded_by
        LEFT JOIN accounts w ON w.tenant_id = c.tenant_id AND w.id = c.withdrawn_by
        WHERE c.tenant_id = $1 AND c.member_id = $2 ORDER BY c.recorded_at DESC, c.id DESC LIMIT 50";
    /// Those who may be shown in an estate, a row for each post, building by building.
    SHOWN = "SELECT m.id, m.name, b.name AS building_name, p.post, pp.kind AS post_kind FROM party_consents c
        JOIN party_members m ON m.tenant_id = c.tenant_id AND m.id = c.member_id
        JOIN party_organisations po ON po.tenant_id = m.tenant_id AND po.id = m.party_organisation_id
        LEFT JOIN residents r ON r.tenant_id = m.tenant_id AND r.id = m.resident_id AND r.ended IS NULL
        LEFT JOIN buildings b ON b.tenant_id = r.tenant_id AND b.id = r.building_id
        LEFT JOIN party_posts p ON p.tenant_id = m.tenant_id AND p.member_id = m.id AND p.until IS NULL
        LEFT JOIN party_organisations pp ON pp.tenant_id = p.tenant_id AND pp.id = p.party_organisation_id
        WHERE c.tenant_id = $1 AND c.withdrawn_at IS NULL AND m.ended IS NULL AND COALESCE(b.estate_id, po.estate_id) = $2
        ORDER BY CASE WHEN b.id IS NULL THEN 1 ELSE 0 END, b.position, b.key, m.name, m.id LIMIT 1000";

    ADD_IMPORT = "INSERT INTO party_imports (tenant_id, id, party_organisation_id, file_name, state, sealed, outcome, account_id, created_at)
        VALUES ($1, $2, $3, $4, 'checked', $5, '', $6, $7)";
    END_IMPORT = "UPDATE party_imports SET state = $3, sealed = $4, outcome = $5 WHERE tenant_id = $1 AND id = $2 AND state = 'checked'";
    IMPORT = concat!("SELECT i.id, i.party_organisation_id, po.name AS organisation_name, i.file_name, i.state, i.sealed, i.outcome, i.created_at
        FROM party_imports i JOIN party_organisations po ON po.tenant_id = i.tenant_id AND po.id = i.party_organisation_id
        WHERE i.tenant_id = $1 AND i.id = $4 AND ", in_reach!("$2", "$3", "$1", "po.estate_id", "NULL", "po.organisation_id"));
    IMPORTS = concat!("SELECT i.id, i.party_organisation_id, po.name AS organisation_name, i.file_name, i.state, CAST(NULL AS BYTEA) AS sealed,
            i.outcome, i.created_at
        FROM party_imports i JOIN party_organisations po ON po.tenant_id = i.tenant_id AND po.id = i.party_organisation_id
        WHERE i.tenant_id = $1 AND (i.created_at, i.id) < ($4, $5) AND ", in_reach!("$2", "$3", "$1", "po.estate_id", "NULL", "po.organisation_id"),
        " ORDER BY i.created_at DESC, i.id DESC LIMIT $6");
    FORGET = "UPDATE party_imports SET sealed = NULL WHERE tenant_id = $1 AND created_at < $2 AND sealed IS NOT NULL";
}

record! {
    struct Found { id: Uuid }
    struct Alike { status: Status, link: Tie, ended: Option<Departure>, joins_later: i64, full_later: i64, amount: i64 }
    struct Moved { moved_on: String }
    struct Counted { party_organisation_id: Uuid, group_id: Option<Uuid>, members: i64, full_members: i64, others: i64 }

    #[derive(Debug, Clone)]
    /// A party organisation.
    pub struct Organisation {
        pub id: Uuid, pub parent_id: Option<Uuid>, pub kind: Kind, pub name: String, pub estate_id: Option<Uuid>,
        pub estate_name: Option<String>, pub organisation_id: Uuid, pub founded_on: Option<String>,
        pub term_began_on: Option<String>, pub term_ends_on: Option<String>, pub lock_version: i64,
    }
    #[derive(Debug, Clone)]
    pub(super) struct HeldPost {
        pub id: Uuid, pub party_organisation_id: Uuid, pub member_id: Uuid, pub name: String, pub post: Post, pub since: String,
    }
    pub(super) struct PastPost {
        pub organisation_name: String, pub party_organisation_id: Uuid, pub post: Post, pub since: String, pub until: Option<String>,
    }
    pub(super) struct Consent {
        pub how: How, pub given_on: String, pub recorded_by: Option<String>, pub withdrawn_how: Option<How>,
        pub withdrawn_on: Option<String>, pub withdrawn_by: Option<String>,
    }
    pub(super) struct ShownRow {
        pub id: Uuid, pub name: String, pub building_name: Option<String>, pub post: Option<Post>, pub post_kind: Option<Kind>,
    }
    pub(super) struct Import {
        pub id: Uuid, pub party_organisation_id: Uuid, pub organisation_name: String, pub file_name: String, pub state: State,
        pub sealed: Option<Vec<u8>>, pub outcome: String, pub created_at: Timestamp,
    }
}

impl Organisation {
    pub fn term_ends(&self) -> Option<Date> {
        self.term_ends_on.as_deref().and_then(first_day)
    }
}

impl Consent {
    pub fn stands(&self) -> bool {
        self.withdrawn_on.is_none()
    }
}

/// The organisations that have a committee.
pub async fn with_committee(tx: &mut Tx, tenant: Uuid) -> Result<HashSet<Uuid>> {
    let found: Vec<Found> = tx.all(WITH_COMMITTEE.bind(tenant)).await?;
    Ok(found.into_iter().map(|organisation| organisation.id).collect())
}

/// The organisations within reach, the oldest first; at most 500.
pub async fn organisations(tx: &mut Tx, tenant: Uuid, scope: &Scope) -> Result<Vec<Organisation>> {
    Ok(tx.all(ORGANISATIONS.bind(tenant).bind(scope.account).bind(&scope.roles)).await?)
}

/// A party organisation within reach.
pub async fn organisation(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<Organisation> {
    Ok(tx.one(ORGANISATION.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

/// The one organisation of a name within reach.
pub(super) async fn named(tx: &mut Tx, tenant: Uuid, scope: &Scope, name: &str) -> Result<Option<Organisation>> {
    let mut found: Vec<Organisation> =
        tx.all(NAMED.bind(tenant).bind(scope.account).bind(&scope.roles).bind(name)).await?;
    Ok(if found.len() == 1 { found.pop() } else { None })
}

pub(super) async fn branch_of(tx: &mut Tx, tenant: Uuid, organisation: Uuid) -> Result<Option<Uuid>> {
    let found: Option<Found> = tx.optional(BRANCH_OF.bind(tenant).bind(organisation)).await?;
    Ok(found.map(|found| found.id))
}

/// How many belong to each organisation and to each 党小组 within it.
pub(super) async fn figures(tx: &mut Tx, tenant: Uuid) -> Result<Vec<(Uuid, super::model::Figures)>> {
    let counted: Vec<Counted> = tx.all(FIGURES.bind(tenant)).await?;
    let of = |row: Counted| {
        let figures = super::model::Figures { members: row.members, full: row.full_members, others: row.others };
        [Some(row.party_organisation_id), row.group_id].into_iter().flatten().map(move |id| (id, figures))
    };
    Ok(counted.into_iter().flat_map(of).collect())
}

/// The posts that are held, of all organisations.
pub(super) async fn posts(tx: &mut Tx, tenant: Uuid) -> Result<Vec<HeldPost>> {
    Ok(tx.all(POSTS.bind(tenant)).await?)
}

/// Who holds which post now, in the order of the posts.
pub async fn posts_held(tx: &mut Tx, tenant: Uuid) -> Result<Vec<(Uuid, Post)>> {
    let mut held: Vec<(Uuid, Post)> =
        posts(tx, tenant).await?.into_iter().map(|held| (held.member_id, held.post)).collect();
    held.sort_by_key(|(_, post)| *post);
    Ok(held)
}

pub(super) async fn posts_of(tx: &mut Tx, tenant: Uuid, member: Uuid) -> Result<Vec<PastPost>> {
    Ok(tx.all(POSTS_OF_MEMBER.bind(tenant).bind(member)).await?)
}

/// Which members a list shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listed {
    pub organisation: Uuid,
    /// A 党小组 of it.
    pub group: Option<Uuid>,
    /// Those who are not here any more instead.
    pub left: bool,
}

/// A page of members in the order of their names, after one of them.
pub(super) async fn members(
    tx: &mut Tx,
    tenant: Uuid,
    listed: Listed,
    after: Option<Uuid>,
    size: usize,
) -> Result<Page<Member>> {
    // The address has the id, since a name does not belong there.
    let last = match after {
        Some(id) => member(tx, tenant, id).await?,
        None => None,
    };
    let (name, id) = last.map_or((String::new(), Uuid::nil()), |last| (last.name, last.id));
    let rows = MEMBERS.bind(tenant).bind(listed.organisation).bind(listed.group).bind(!listed.left).bind(name).bind(id);
    Ok(Page::of(tx.all(rows.bind(size as i64 + 1)).await?, size, |member: &Member| Cursor { key: 0, id: member.id }))
}

pub(super) async fn member(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Option<Member>> {
    Ok(tx.optional(MEMBER.bind(tenant).bind(id)).await?)
}

/// How many belong to an organisation, or to a 党小组 of it, and how they stand on a day.
pub(super) async fn heads(
    tx: &mut Tx,
    tenant: Uuid,
    (organisation, group): (Uuid, Option<Uuid>),
    (counting, on): (&Counting, Date),
) -> Result<Heads> {
    let mut heads = Heads::default();
    for row in tx.all::<Alike>(HEADS.bind(tenant).bind(organisation).bind(group).bind(on.to_string())).await? {
        let Alike { status, link, ended, joins_later, full_later, amount } = row;
        let (joins_later, full_later) = (joins_later > 0, full_later > 0);
        heads.add(Situation { status, link, ended, joins_later, full_later }, amount, counting);
    }
    Ok(heads)
}

/// More members than this are no one organisation's: nobody could call them to a meeting.
pub(super) const MOST_MEMBERS: usize = 5_000;

/// All rows of a list that must be whole.
pub(super) fn whole<T>(rows: Vec<T>) -> Result<Vec<T>> {
    if rows.len() > MOST_MEMBERS {
        return Err(Error::refused(format!("这个党组织的党员超过 {MOST_MEMBERS} 名，请先按党支部分开登记")));
    }
    Ok(rows)
}

/// The day of the last move of a member, if it was after a day.
pub(super) async fn moved_after(tx: &mut Tx, tenant: Uuid, member: Uuid, day: Date) -> Result<Option<String>> {
    let moved: Option<Moved> = tx.optional(MOVED_AFTER.bind(tenant).bind(member).bind(day.to_string())).await?;
    Ok(moved.map(|moved| moved.moved_on))
}

/// 应到 and 有表决权 of a meeting of an organisation on a day, everybody with the reason: those who belonged to it that day,
/// though they have moved to another branch since.
pub async fn roll(tx: &mut Tx, tenant: Uuid, organisation: Uuid, on: Date) -> Result<Roll> {
    let at = on.at(12, 0, 0, 0).to_zoned_datetime(calendar::shanghai()).map_err(anyhow::Error::from)?.timestamp();
    let counting: Counting = settings::read(tx, tenant, at).await?;
    let rows = ROLL.bind(tenant).bind(organisation).bind(on.to_string()).bind(MOST_MEMBERS as i64 + 1);
    Ok(Roll::of(whole(tx.all(rows).await?)?, &counting, on))
}

/// The roll of a 党委 or 党总支: those of all its branches.
pub async fn roll_of_all(tx: &mut Tx, tenant: Uuid, organisation: Uuid, on: Date) -> Result<Roll> {
    let at = on.at(12, 0, 0, 0).to_zoned_datetime(calendar::shanghai()).map_err(anyhow::Error::from)?.timestamp();
    let counting: Counting = settings::read(tx, tenant, at).await?;
    let rows = ROLL_OF_ALL.bind(tenant).bind(organisation).bind(on.to_string()).bind(MOST_MEMBERS as i64 + 1);
    Ok(Roll::of(whole(tx.all(rows).await?)?, &counting, on))
}

/// Who should attend a 支委会 on a day: whoever held a post then, each with a vote.
pub async fn committee_roll(tx: &mut Tx, tenant: Uuid, organisation: Uuid, on: Date) -> Result<Roll> {
    Ok(Roll::of_committee(tx.all(COMMITTEE.bind(tenant).bind(organisation).bind(on.to_string())).await?))
}

/// The resident with an identity number.
pub async fn resident_of(tx: &mut Tx, act: &Act, identity: &str) -> Result<Option<Uuid>> {
    let found: Option<Found> =
        tx.optional(RESIDENT_OF.bind(act.tenant).bind(act.fingerprint("identity", identity))).await?;
    Ok(found.map(|found| found.id))
}

pub(super) async fn consents(tx: &mut Tx, tenant: Uuid, member: Uuid) -> Result<Vec<Consent>> {
    Ok(tx.all(CONSENTS.bind(tenant).bind(member)).await?)
}

pub(super) async fn shown(tx: &mut Tx, tenant: Uuid, estate: Uuid) -> Result<Vec<ShownRow>> {
    Ok(tx.all(SHOWN.bind(tenant).bind(estate)).await?)
}

pub(super) async fn import(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<Import> {
    Ok(tx.one(IMPORT.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

/// What has been sent in, newest first, without its rows.
pub(super) async fn imports(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    before: Cursor,
    size: usize,
) -> Result<Page<Import>> {
    let rows = IMPORTS.bind(tenant).bind(scope.account).bind(&scope.roles).bind(before.key).bind(before.id);
    let items: Vec<Import> = tx.all(rows.bind(size as i64 + 1)).await?;
    Ok(Page::of(items, size, |item| Cursor { key: item.created_at.as_millisecond(), id: item.id }))
}
