//! 排查: a school is looked at by the checklist, which is a setting, and by the places of the list that lie around it. Each problem is a hazard
//! from then on, in the same transaction; the rest is kept as what was fine.

use db::{Cursor, Page, Tx, record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use super::School;
use super::course::{self, NewHazard};
use super::model::{Checklist, Kind, PlaceKind, RoundState, Verdict};
use super::store::OF_ROUND;
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
            in_reach!("$2", "$3", "r.tenant_id", "NULL", "NULL", "r.organisation_id"),
            $where
        )
    };
}

macro_rules! places {
    ($where:expr) => {
        concat!(
            "SELECT l.id, l.school_id, s.name AS school_name, l.kind, l.name, l.place, l.distance, l.busy, l.closed_at FROM hazard_places l
            JOIN duty_schools s ON s.tenant_id = l.tenant_id AND s.id = l.school_id WHERE l.tenant_id = $1 AND ",
            in_reach!("$2", "$3", "l.tenant_id", "NULL", "NULL", "l.organisation_id"),
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
    ADD_ANSWER = "INSERT INTO hazard_answers (tenant_id, round_id, position, title, verdict, words, hazard_id) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    ADD_PLACE = "INSERT INTO hazard_places (tenant_id, id, organisation_id, school_id, kind, name, place, distance, busy, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (tenant_id, school_id, name) DO NOTHING";
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
    /// Of a place on the list.
    pub place: Option<Place>,
}

/// What was seen of a line; a problem has words.
#[derive(Debug, Clone)]
pub struct Seen {
    pub verdict: Verdict,
    pub words: String,
    /// Metres from the gate, of a problem.
    pub distance: i64,
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
        place: None,
    });
    let mut lines: Vec<Line> = items.collect();
    lines.extend(places_of(tx, act.tenant, school).await?.into_iter().map(|place| Line {
        key: place.id.simple().to_string(),
        title: format!("{}：{}（{}）", place.kind, place.name, place.place),
        kind: place.kind.hazard(),
        place: Some(place),
    }));
    Ok(lines)
}

/// Ends a round with what was seen of each line. Every problem becomes a hazard; gives how many.
///
/// Errors: stale if somebody has ended it already.
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
        let mut hazard = None;
        if seen.verdict == Verdict::Problem {
            found += 1;
            let whereabouts = line.place.as_ref().map_or("校园及周边", |place| &place.place);
            let new = NewHazard {
                school: school.clone(),
                gate: None,
                distance: line.place.as_ref().map_or(seen.distance, |place| place.distance),
                place: whereabouts.to_owned(),
                kind: line.kind,
                description: format!("{}：{}", line.title, seen.words),
                inspection: Some(round.id),
                listed_place: line.place.as_ref().map(|place| place.id),
                origin: None,
                photos: Vec::new(),
            };
            hazard = Some(course::register(tx, act, new).await?);
        }
        let row = ADD_ANSWER.bind(act.tenant).bind(round.id).bind(position).bind(&line.title).bind(seen.verdict);
        tx.execute(row.bind(&seen.words).bind(hazard)).await?;
    }
    audit::record(tx, act, "finish_round", ("hazard_round", round.id), "", &[]).await?;
    Ok(found)
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
    let when = round.done_at.map_or_else(String::new, |at| format!("，在 {}", show::moment(&at)));
    Err(Error::Stale(format!("这次排查已经有人登记完了{when}。您刚才的没有存，有新发现的请直接登记隐患。")))
}

/// Puts a place on the list.
///
/// Errors: refused if the school has one of that name.
pub async fn add_place(
    tx: &mut Tx,
    act: &Act,
    school: &School,
    kind: PlaceKind,
    (name, place, busy): (&str, &str, &str),
    distance: i64,
) -> Result<Uuid> {
    let id = act.id();
    let row = ADD_PLACE.bind(act.tenant).bind(id).bind(school.organisation_id).bind(school.id).bind(kind).bind(name);
    if tx.execute(row.bind(place).bind(distance).bind(busy).bind(act.at)).await? == 0 {
        return Err(Error::refused(format!("{}已经登记过“{name}”", school.name)));
    }
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
