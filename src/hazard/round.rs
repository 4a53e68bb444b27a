//! 排查: a school is looked at by the checklist, which is a setting, and by the places of the list that lie around it. Each problem is a hazard
//! from then on, in the same transaction; the rest is kept as what was fine.

use db::{Cursor, Page, Tx, record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use super::School;
use super::course::{self, NewHazard};
use super::model::{Checklist, Item, Kind, PlaceKind, RoundState, Verdict};
use super::school::school_in_reach;
use super::step::Words;
use super::store::{self, OF_ROUND};
use crate::access::{Act, Scope};
use crate::error::{Error, Result};
use crate::web::show;
use crate::{audit, in_reach, settings};

macro_rules! rounds {
    ($where:expr) => {
        concat!(
            "SELECT r.id, r.school_id, s.name AS school_name, r.name, r.planned_at, r.state, r.words, r.done_at, a.name AS done_name, r.lock_version,
                (SELECT COUNT(*) FROM hazard_answers w WHERE w.tenant_id = r.tenant_id AND w.round_id = r.id AND w.verdict = 'problem') AS problems
            FROM hazard_rounds r JOIN duty_schools s ON s.tenant_id = r.tenant_id AND s.id = r.school_id
            LEFT JOIN accounts a ON a.tenant_id = r.tenant_id AND a.id = r.done_by
            WHERE r.tenant_id = $1 AND ",
            school_in_reach!("r.school_id"),
            $where
        )
    };
}

macro_rules! places {
    ($where:expr) => {
        concat!(
            "SELECT l.id, l.school_id, s.name AS school_name, l.kind, l.name, l.place, l.distance, l.busy, l.closed_at FROM hazard_places l
            JOIN duty_schools s ON s.tenant_id = l.tenant_id AND s.id = l.school_id WHERE l.tenant_id = $1 AND ",
            school_in_reach!("l.school_id"),
            $where
        )
    };
}

statements! {
    ADD = "INSERT INTO hazard_rounds (tenant_id, id, organisation_id, school_id, name, planned_at, state, words, created_by, created_at, lock_version)
        VALUES ($1, $2, $3, $4, $5, $6, 'planned', '', $7, $8, 1)";
    GET = rounds!(" AND r.id = $4");
    LIST = rounds!(" AND (r.planned_at, r.id) < ($4, $5) ORDER BY r.planned_at DESC, r.id DESC LIMIT $6");
    PLANNED = rounds!(" AND r.state = 'planned' AND r.planned_at <= $4 ORDER BY r.planned_at, r.id LIMIT 50");
    /// Of two who send what they have seen, one finds it done.
    FINISH = "UPDATE hazard_rounds SET state = $3, words = $4, done_by = $5, done_at = $6, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND state = 'planned'";
    ADD_ANSWER = "INSERT INTO hazard_answers (tenant_id, round_id, position, item, place_id, title, verdict, words, hazard_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    /// What the last round that asked it has said of an item, school by school; not of schools without such a thing.
    SAID = concat!("SELECT w.item, COUNT(*) AS schools, COUNT(*) FILTER (WHERE w.verdict = 'fine') AS fine FROM hazard_answers w
        JOIN hazard_rounds r ON r.tenant_id = w.tenant_id AND r.id = w.round_id
        WHERE w.tenant_id = $1 AND w.verdict <> 'absent' AND $6 LIKE '%,' || w.item || ',%'
        AND r.done_at >= $4 AND r.done_at < $5 AND ", school_in_reach!("r.school_id"), "
        AND NOT EXISTS (SELECT 1 FROM hazard_answers y JOIN hazard_rounds z ON z.tenant_id = y.tenant_id AND z.id = y.round_id
            WHERE y.tenant_id = w.tenant_id AND y.item = w.item AND z.school_id = r.school_id AND (z.done_at, z.id) > (r.done_at, r.id) AND z.done_at < $5)
        GROUP BY w.item ORDER BY w.item");
    ADD_PLACE = "INSERT INTO hazard_places (tenant_id, id, organisation_id, school_id, kind, name, place, distance, busy, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (tenant_id, school_id, name) DO NOTHING";
    /// A place that was taken off the list is put back on it as it is now.
    REOPEN_PLACE = "UPDATE hazard_places SET kind = $4, place = $5, distance = $6, busy = $7, closed_at = NULL
        WHERE tenant_id = $1 AND school_id = $2 AND name = $3 AND closed_at IS NOT NULL RETURNING id";
    CLOSE_PLACE = "UPDATE hazard_places SET closed_at = $3 WHERE tenant_id = $1 AND id = $2 AND closed_at IS NULL";
    PLACE = places!(" AND l.id = $4");
    PLACES = places!(" AND l.closed_at IS NULL AND (l.distance, l.id) > ($4, $5) ORDER BY l.distance, l.id LIMIT $6");
    PLACES_OF_SCHOOL = places!(" AND l.school_id = $4 AND l.closed_at IS NULL ORDER BY l.distance, l.id LIMIT 100");
}

record! {
    #[derive(Debug, Clone)]
    pub struct Round {
        pub id: Uuid, pub school_id: Uuid, pub school_name: String, pub name: String, pub planned_at: Timestamp, pub state: RoundState,
        pub words: String, pub done_at: Option<Timestamp>, pub done_name: Option<String>, pub lock_version: i64, pub problems: i64,
    }
    #[derive(Debug, Clone)]
    pub struct Place {
        pub id: Uuid, pub school_id: Uuid, pub school_name: String, pub kind: PlaceKind, pub name: String, pub place: String, pub distance: i64,
        pub busy: String, pub closed_at: Option<Timestamp>,
    }
    struct Placed { id: Uuid }
    /// Of how many schools an item was asked, and of how many it is fine.
    #[derive(Debug, Clone)]
    pub struct Said { pub item: Item, pub schools: i64, pub fine: i64 }
    /// A line of what was found, as it is kept.
    #[derive(Debug, Clone)]
    pub struct Answered { pub title: String, pub verdict: Verdict, pub words: String, pub hazard_id: Option<Uuid>, pub number: Option<String> }
}

/// Something that a round looks at.
#[derive(Debug, Clone)]
pub struct Line {
    /// How the form's fields of it end.
    pub key: String,
    pub title: String,
    pub kind: Kind,
    /// Of the checklist.
    pub item: Option<Item>,
    /// Of a place on the list.
    pub place: Option<Place>,
    /// What is open of that place already, with its number.
    pub open: Option<(Uuid, String)>,
}

/// What was seen of a line; a problem has words.
#[derive(Debug, Clone)]
pub struct Seen {
    pub verdict: Verdict,
    pub words: String,
    /// Where, of a problem that is at no place of the list.
    pub place: String,
    /// Metres from the gate, of a problem.
    pub distance: i64,
    /// Of a problem, as it was found.
    pub photos: Vec<Uuid>,
}

pub async fn round(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<Round> {
    Ok(tx.one(GET.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

/// The latest first.
pub async fn rounds(tx: &mut Tx, tenant: Uuid, scope: &Scope, before: Cursor, size: usize) -> Result<Page<Round>> {
    let query = LIST.bind(tenant).bind(scope.account).bind(&scope.roles).bind(before.key).bind(before.id);
    let found: Vec<Round> = tx.all(query.bind(size as i64 + 1)).await?;
    Ok(Page::of(found, size, |round| Cursor { key: round.planned_at.as_millisecond(), id: round.id }))
}

/// Those that are to be done until a moment.
pub async fn planned(tx: &mut Tx, tenant: Uuid, scope: &Scope, until: Timestamp) -> Result<Vec<Round>> {
    Ok(tx.all(PLANNED.bind(tenant).bind(scope.account).bind(&scope.roles).bind(until)).await?)
}

/// Of the rounds of a span, what each of the indicators says.
pub async fn said(tx: &mut Tx, tenant: Uuid, scope: &Scope, span: (Timestamp, Timestamp)) -> Result<Vec<Said>> {
    let asked: String = Item::INDICATORS.iter().map(|item| format!(",{}", item.code())).collect();
    let query = SAID.bind(tenant).bind(scope.account).bind(&scope.roles).bind(span.0).bind(span.1);
    Ok(tx.all(query.bind(format!("{asked},"))).await?)
}

pub async fn answers(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Vec<Answered>> {
    Ok(tx.all(OF_ROUND.bind(tenant).bind(id)).await?)
}

/// Plans a round of a school, to be done by a day.
pub async fn plan(tx: &mut Tx, act: &Act, school: &School, name: &str, by: Timestamp) -> Result<Uuid> {
    if by <= act.at {
        return Err(Error::refused("排查的日子不能早于今天"));
    }
    let id = act.id();
    let row = ADD.bind(act.tenant).bind(id).bind(school.organisation_id).bind(school.id).bind(name).bind(by);
    tx.execute(row.bind(act.account).bind(act.at)).await?;
    audit::record(tx, act, "create", ("hazard_round", id), "", &[]).await?;
    Ok(id)
}

/// What a round of a school looks at, as the checklist and the list of places stand now.
pub async fn lines(tx: &mut Tx, act: &Act, school: Uuid) -> Result<Vec<Line>> {
    let checklist: Checklist = settings::read(tx, act.tenant, act.at).await?;
    let items = checklist.items().map(|item| Line {
        key: item.code().to_owned(),
        title: item.label().to_owned(),
        kind: item.kind(),
        item: Some(item),
        place: None,
        open: None,
    });
    let mut lines: Vec<Line> = items.collect();
    let open = store::of_places(tx, act.tenant, school).await?;
    lines.extend(places_of(tx, act.tenant, school).await?.into_iter().map(|place| Line {
        key: place.id.simple().to_string(),
        title: format!("{}：{}（{}）", place.kind, place.name, place.place),
        kind: place.kind.hazard(),
        item: None,
        open: open.iter().find(|open| open.place_id == place.id).map(|open| (open.id, open.number.clone())),
        place: Some(place),
    }));
    Ok(lines)
}

/// Ends a round with what was seen of each line. Every problem becomes a hazard, and what is in the ledger already is supplemented; gives how many
/// are new.
///
/// Errors: stale if somebody has ended it already; refused if what is said to be known has ended meanwhile.
pub async fn finish(
    tx: &mut Tx,
    act: &Act,
    round: &Round,
    school: &School,
    seen: &[(Line, Seen)],
    words: &str,
) -> Result<usize> {
    end(tx, act, round, RoundState::Done, words).await?;
    let mut found = 0;
    for (position, (line, seen)) in (0i64..).zip(seen) {
        let hazard = match (seen.verdict, &line.open) {
            (Verdict::Problem, _) => {
                found += 1;
                Some(course::register(tx, act, new(round, school, line, seen)).await?)
            }
            (Verdict::Known, Some((open, _))) => {
                let mut known = store::hazard(tx, act.tenant, *open).await?;
                let version = known.lock_version;
                let said = format!("排查时还是老问题。{}", seen.words);
                let words = Words { words: &said, photos: &seen.photos };
                course::supplement(tx, act, &mut known, version, words).await?;
                Some(*open)
            }
            (Verdict::Known, None) => {
                return Err(Error::refused(format!("“{}”没有还没销号的隐患，请选“有隐患”", line.title)));
            }
            (Verdict::Fine | Verdict::Absent, _) => None,
        };
        let row = ADD_ANSWER.bind(act.tenant).bind(round.id).bind(position).bind(line.item);
        let row = row.bind(line.place.as_ref().map(|place| place.id)).bind(&line.title).bind(seen.verdict);
        tx.execute(row.bind(&seen.words).bind(hazard)).await?;
    }
    audit::record(tx, act, "finish_round", ("hazard_round", round.id), "", &[]).await?;
    Ok(found)
}

/// What a problem that was seen in a round is registered as.
fn new(round: &Round, school: &School, line: &Line, seen: &Seen) -> NewHazard {
    let (place, distance) = match &line.place {
        Some(listed) => (listed.place.clone(), listed.distance),
        None => (seen.place.clone(), seen.distance),
    };
    NewHazard {
        school: school.clone(),
        gate: None,
        distance,
        place,
        kind: line.kind,
        description: format!("{}（排查的是：{}）", seen.words, line.title),
        inspection: Some(round.id),
        listed_place: line.place.as_ref().map(|place| place.id),
        origin: None,
        photos: seen.photos.clone(),
        found_at: None,
    }
}

/// It is not going to be done.
pub async fn cancel(tx: &mut Tx, act: &Act, round: &Round, words: &str) -> Result<()> {
    end(tx, act, round, RoundState::Cancelled, words).await?;
    audit::record(tx, act, "cancel", ("hazard_round", round.id), words, &[]).await
}

async fn end(tx: &mut Tx, act: &Act, round: &Round, state: RoundState, words: &str) -> Result<()> {
    let done = (state == RoundState::Done).then_some(act.at);
    let row = FINISH.bind(act.tenant).bind(round.id).bind(state).bind(words).bind(act.account).bind(done);
    if tx.execute(row).await? == 1 {
        return Ok(());
    }
    let now = self::round(tx, act.tenant, &Scope::tenant(), round.id).await?;
    let how = match now.done_at {
        Some(at) => format!("已经有人在 {} 登记完了", show::moment(&at)),
        None => "已经有人取消了".to_owned(),
    };
    Err(Error::Stale(format!("这次排查{how}。您刚才的没有存，有新发现的请直接登记隐患。")))
}

/// Puts a place on the list, or back on it.
///
/// Errors: refused if the school has one of that name on it.
pub async fn add_place(
    tx: &mut Tx,
    act: &Act,
    school: &School,
    kind: PlaceKind,
    (name, place, busy): (&str, &str, &str),
    distance: i64,
) -> Result<Uuid> {
    let again = REOPEN_PLACE.bind(act.tenant).bind(school.id).bind(name).bind(kind).bind(place);
    let id = match tx.optional::<Placed>(again.bind(distance).bind(busy)).await? {
        Some(Placed { id }) => id,
        None => {
            let id = act.id();
            let row = ADD_PLACE.bind(act.tenant).bind(id).bind(school.organisation_id).bind(school.id).bind(kind);
            if tx.execute(row.bind(name).bind(place).bind(distance).bind(busy).bind(act.at)).await? == 0 {
                return Err(Error::refused(format!("{}已经登记过“{name}”", school.name)));
            }
            id
        }
    };
    audit::record(tx, act, "create", ("hazard_place", id), "", &[]).await?;
    Ok(id)
}

/// It is not what it was; rounds leave it out.
pub async fn close_place(tx: &mut Tx, act: &Act, id: Uuid, reason: &str) -> Result<()> {
    tx.execute_one(CLOSE_PLACE.bind(act.tenant).bind(id).bind(act.at)).await?;
    audit::record(tx, act, "remove", ("hazard_place", id), reason, &[]).await
}

pub async fn place(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<Place> {
    Ok(tx.one(PLACE.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

/// From the nearest to the farthest.
pub async fn places(tx: &mut Tx, tenant: Uuid, scope: &Scope, after: Cursor, size: usize) -> Result<Page<Place>> {
    let query = PLACES.bind(tenant).bind(scope.account).bind(&scope.roles).bind(after.key).bind(after.id);
    let found: Vec<Place> = tx.all(query.bind(size as i64 + 1)).await?;
    Ok(Page::of(found, size, |place| Cursor { key: place.distance, id: place.id }))
}

pub async fn places_of(tx: &mut Tx, tenant: Uuid, school: Uuid) -> Result<Vec<Place>> {
    let whole = Scope::tenant();
    Ok(tx.all(PLACES_OF_SCHOOL.bind(tenant).bind(whole.account).bind(&whole.roles).bind(school)).await?)
}
