//! What follows from the register: tags that nobody has to set (age, who lives alone), and how many people of each kind
//! live in each building. Both are counted anew, building by building, soon after a change and once a day, since people
//! grow older. Pages add up the buildings and never count people.

use std::collections::{BTreeMap, BTreeSet};

use codes::PartialDate;
use db::{Cursor, Db, Page, Tx, record, statements, text_enum};
use jiff::ToSpan;
use jiff::civil::Date;
use uuid::Uuid;

use super::model::age;
use super::tag::{ELDER_FROM, ResidenceState, Tag};
use crate::access::{Act, Scope};
use crate::error::{Error, Result};
use crate::in_reach;
use crate::means::Means;
use crate::place::Use;

/// From this age on somebody is 高龄 (the allowances of the provinces begin here).
pub const OLDEST_FROM: i16 = 80;
/// Below this age somebody is a child, whose data are sensitive (个人信息保护法, art. 28).
pub const CHILD_UNDER: i16 = 14;

text_enum! {
    pub enum AgeBand {
        Child = "child" "14岁以下",
        Adult = "adult" "14到59岁",
        Elder = "elder" "60到79岁",
        Oldest = "oldest" "80岁以上",
        Unknown = "unknown" "年龄不详",
    }
}

/// SQL: what a line of a table is made of.
macro_rules! in_a_table {
    () => {
        "('households', 'people', 'age:elder', 'age:oldest', 'dwellings', 'occupied', 'unknown')"
    };
}

statements! {
    /// A row for each change: what is not committed yet is not there to be taken away, and so is not missed.
    TOUCH = "INSERT INTO stale_buildings (tenant_id, id, building_id) VALUES ($1, $2, $3)";
    STALE = "SELECT DISTINCT tenant_id, building_id FROM stale_buildings LIMIT 20";
    TAKE = "DELETE FROM stale_buildings WHERE tenant_id = $1 AND building_id = $2";
    PEOPLE = "SELECT r.id, r.household_id, h.dwelling_id, r.birth_date, r.residence_state FROM residents r
        JOIN households h ON h.tenant_id = r.tenant_id AND h.id = r.household_id
        WHERE r.tenant_id = $1 AND r.building_id = $2 AND r.ended IS NULL LIMIT 20000";
    TAGS = "SELECT t.id, t.resident_id, t.tag FROM residents r CROSS JOIN resident_tags t
        WHERE t.tenant_id = r.tenant_id AND t.resident_id = r.id AND t.until IS NULL
            AND r.tenant_id = $1 AND r.building_id = $2 AND r.ended IS NULL LIMIT 50000";
    DWELLINGS = "SELECT id, use AS usage FROM dwellings WHERE tenant_id = $1 AND building_id = $2 LIMIT 20000";
    ADD_TAG = "INSERT INTO resident_tags (tenant_id, id, resident_id, tag, since, evidence, set_by, verified_at, position)
        VALUES ($1, $2, $3, $4, $5, $6, NULL, $5, (SELECT position FROM residents WHERE tenant_id = $1 AND id = $3))";
    END_TAG = "UPDATE resident_tags SET until = $3 WHERE tenant_id = $1 AND id = $2 AND until IS NULL";
    FORGET = "DELETE FROM building_figures WHERE tenant_id = $1 AND building_id = $2";
    ADD = "INSERT INTO building_figures (tenant_id, building_id, facet, amount) VALUES ($1, $2, $3, $4)
        ON CONFLICT (tenant_id, building_id, facet) DO UPDATE SET amount = excluded.amount";
    /// Buildings that were last counted on another day, or never.
    OF_YESTERDAY = "SELECT b.id FROM buildings b LEFT JOIN building_figures f ON f.tenant_id = b.tenant_id AND f.building_id = b.id
            AND f.facet = 'day' WHERE b.tenant_id = $1 AND (f.amount IS NULL OR f.amount <> $2) LIMIT 5000";
    /// All facets of a tenant.
    TOTAL = "SELECT facet, CAST(SUM(amount) AS BIGINT) AS amount FROM building_figures WHERE tenant_id = $1 GROUP BY facet LIMIT 1000";
    /// All facets of what somebody reaches, or of one estate of it.
    TOTAL_IN_REACH = concat!("SELECT f.facet, CAST(SUM(f.amount) AS BIGINT) AS amount FROM buildings b CROSS JOIN building_figures f
        WHERE b.tenant_id = $1 AND f.tenant_id = b.tenant_id AND f.building_id = b.id AND (CAST($4 AS UUID) IS NULL OR b.estate_id = $4)
            AND ", in_reach!("$2", "$3", "$1", "b.estate_id", "b.grid_id", "NULL"), " GROUP BY f.facet LIMIT 1000");
    /// The estates of which somebody reaches a building, a row for each facet of a table.
    ESTATES = concat!("SELECT e.id, e.name, e.created_at, f.facet, CAST(SUM(f.amount) AS BIGINT) AS amount
        FROM (SELECT a.id, a.name, a.created_at FROM estates a WHERE a.tenant_id = $1 AND (CAST($4 AS UUID) IS NULL OR a.id = $4)
            AND (a.created_at, a.id) > ($5, $6) AND EXISTS (SELECT 1 FROM buildings b WHERE b.tenant_id = $1 AND b.estate_id = a.id
                AND ", in_reach!("$2", "$3", "$1", "b.estate_id", "b.grid_id", "NULL"), ")
            ORDER BY a.created_at, a.id LIMIT $7) e
        JOIN buildings b ON b.tenant_id = $1 AND b.estate_id = e.id AND ",
            in_reach!("$2", "$3", "$1", "b.estate_id", "b.grid_id", "NULL"), "
        LEFT JOIN building_figures f ON f.tenant_id = $1 AND f.building_id = b.id AND f.facet IN ", in_a_table!(), "
        GROUP BY e.id, e.name, e.created_at, f.facet ORDER BY e.created_at, e.id LIMIT 10000");
    /// The buildings of an estate that somebody reaches, in the same way.
    BUILDINGS = concat!("SELECT b.id, b.name, b.position AS created_at, f.facet, f.amount FROM buildings b
        LEFT JOIN building_figures f ON f.tenant_id = b.tenant_id AND f.building_id = b.id AND f.facet IN ", in_a_table!(), "
        WHERE b.tenant_id = $1 AND b.estate_id = $4 AND ", in_reach!("$2", "$3", "$1", "b.estate_id", "b.grid_id", "NULL"), "
        ORDER BY b.position, b.key LIMIT 10000");
}

record! {
    struct Stale { tenant_id: Uuid, building_id: Uuid }
    struct Found { id: Uuid }
    struct Dwelling { id: Uuid, usage: Option<Use> }
    /// Somebody who is counted, and where.
    #[derive(Debug, Clone)]
    struct Counted {
        id: Uuid, household_id: Uuid, dwelling_id: Uuid, birth_date: Option<String>, residence_state: Option<ResidenceState>,
    }
    struct Held { id: Uuid, resident_id: Uuid, tag: Tag }
    struct Amount { facet: String, amount: i64 }
    struct LineRow { id: Uuid, name: String, created_at: i64, facet: Option<String>, amount: Option<i64> }
}

/// Says that something has changed about the people of a building.
pub async fn touch(tx: &mut Tx, act: &Act, building: Uuid) -> Result<()> {
    tx.execute(TOUCH.bind(act.tenant).bind(act.id()).bind(building)).await?;
    Ok(())
}

/// Counts some of the buildings that have changed, each in a transaction of its own; tells whether there may be more.
pub async fn count_some(db: &Db, means: &Means) -> Result<bool> {
    let stale: Vec<Stale> = db.read().await?.all(STALE).await?;
    for Stale { tenant_id, building_id } in &stale {
        let act = Act::system(*tenant_id, means);
        let mut tx = db.begin().await?;
        if tx.execute(TAKE.bind(*tenant_id).bind(*building_id)).await? > 0 {
            count(&mut tx, &act, *building_id).await?;
        }
        tx.commit().await?;
    }
    Ok(!stale.is_empty())
}

/// Lets the buildings that were not counted today be counted, since their people have grown older.
pub async fn grow_older(tx: &mut Tx, act: &Act) -> Result<()> {
    let old: Vec<Found> = tx.all(OF_YESTERDAY.bind(act.tenant).bind(number(today(act)))).await?;
    let rows = old.into_iter().map(|building| TOUCH.bind(act.tenant).bind(act.id()).bind(building.id)).collect();
    Ok(tx.execute_many(TOUCH, rows).await?)
}

/// `20261124`
fn number(day: Date) -> i64 {
    i64::from(day.year()) * 10_000 + i64::from(day.month()) * 100 + i64::from(day.day())
}

fn today(act: &Act) -> Date {
    act.at.to_zoned_datetime(calendar::shanghai()).date()
}

async fn count(tx: &mut Tx, act: &Act, building: Uuid) -> Result<()> {
    let people: Vec<Counted> = tx.all(PEOPLE.bind(act.tenant).bind(building)).await?;
    let mut held: Vec<Held> = tx.all(TAGS.bind(act.tenant).bind(building)).await?;
    let dwellings: Vec<Dwelling> = tx.all(DWELLINGS.bind(act.tenant).bind(building)).await?;
    let today = today(act);

    let alone: BTreeSet<Uuid> =
        held.iter().filter(|held| held.tag == Tag::LivingAlone).map(|held| held.resident_id).collect();
    let due = derive(&people, &alone, today);
    for gone in held.extract_if(.., |held| held.tag.is_derived() && !due.contains_key(&(held.resident_id, held.tag))) {
        tx.execute(END_TAG.bind(act.tenant).bind(gone.id).bind(act.at)).await?;
    }
    for ((resident, tag), why) in &due {
        if !held.iter().any(|held| held.resident_id == *resident && held.tag == *tag) {
            let id = act.id();
            tx.execute(ADD_TAG.bind(act.tenant).bind(id).bind(*resident).bind(*tag).bind(act.at).bind(why)).await?;
            held.push(Held { id, resident_id: *resident, tag: *tag });
        }
    }

    let mut figures = figures(&people, &dwellings, today);
    for held in &held {
        *figures.entry(format!("tag:{}", held.tag.code())).or_default() += 1;
    }
    figures.insert("day".to_owned(), number(today));
    tx.execute(FORGET.bind(act.tenant).bind(building)).await?;
    let rows = figures.into_iter().map(|(facet, amount)| ADD.bind(act.tenant).bind(building).bind(facet).bind(amount));
    Ok(tx.execute_many(ADD, rows.collect()).await?)
}

/// The tags that follow from who lives where and from their days of birth, each with the reason in words. `alone` are those
/// of whom somebody has said that they live alone, whoever else is registered there.
fn derive(people: &[Counted], alone: &BTreeSet<Uuid>, today: Date) -> BTreeMap<(Uuid, Tag), String> {
    let mut homes: BTreeMap<Uuid, Vec<&Counted>> = BTreeMap::new();
    for person in people.iter().filter(|person| person.lives_here()) {
        homes.entry(person.dwelling_id).or_default().push(person);
    }
    let mut due = BTreeMap::new();
    for person in people.iter().filter(|person| person.lives_here()) {
        let (Some(age), Some(birth)) = (age(person.birth_date.as_deref(), today), &person.birth_date) else { continue };
        let mut give = |tag, why: String| due.insert((person.id, tag), why);
        let home = &homes[&person.dwelling_id];
        if age < CHILD_UNDER {
            give(Tag::Child, format!("{birth}出生，不满{CHILD_UNDER}岁"));
        }
        if age >= OLDEST_FROM {
            give(Tag::OldestOld, format!("{birth}出生，满{OLDEST_FROM}岁"));
        }
        if age < ELDER_FROM {
            continue;
        }
        if home.len() == 1 {
            give(Tag::ElderLivingAlone, format!("{birth}出生，满{ELDER_FROM}岁，这套房只住一个人"));
        } else if alone.contains(&person.id) {
            give(Tag::ElderLivingAlone, format!("{birth}出生，满{ELDER_FROM}岁，登记为独居"));
        } else if home.iter().all(|other| age_of(other, today).is_some_and(|age| age >= ELDER_FROM)) {
            give(Tag::EmptyNestElder, format!("{birth}出生，这套房住的都满{ELDER_FROM}岁"));
        }
    }
    due
}

fn age_of(person: &Counted, today: Date) -> Option<i16> {
    age(person.birth_date.as_deref(), today)
}

impl Counted {
    fn lives_here(&self) -> bool {
        self.residence_state != Some(ResidenceState::RegisteredHereOnly)
    }
}

impl AgeBand {
    pub fn of(age: Option<i16>) -> AgeBand {
        match age {
            None => AgeBand::Unknown,
            Some(age) if age < CHILD_UNDER => AgeBand::Child,
            Some(age) if age < ELDER_FROM => AgeBand::Adult,
            Some(age) if age < OLDEST_FROM => AgeBand::Elder,
            Some(_) => AgeBand::Oldest,
        }
    }

    /// The last day of birth, as it is kept, of those who have reached an age on a day.
    pub fn born_before(age: i16, today: Date) -> String {
        PartialDate::from(today.saturating_sub(age.years())).to_string()
    }

    /// Those of the band were born after the first day and up to the second, as they are kept.
    pub fn births(self, today: Date) -> Option<(String, String)> {
        let ago = |years| AgeBand::born_before(years, today);
        let (first, last) = match self {
            AgeBand::Unknown => return None,
            AgeBand::Child => (ago(CHILD_UNDER), "9999".to_owned()),
            AgeBand::Adult => (ago(ELDER_FROM), ago(CHILD_UNDER)),
            AgeBand::Elder => (ago(OLDEST_FROM), ago(ELDER_FROM)),
            AgeBand::Oldest => (String::new(), ago(OLDEST_FROM)),
        };
        Some((first, last))
    }
}

fn figures(people: &[Counted], dwellings: &[Dwelling], today: Date) -> BTreeMap<String, i64> {
    let mut figures: BTreeMap<String, i64> = BTreeMap::new();
    let mut add = |facet: String, amount: usize| *figures.entry(facet).or_default() += amount as i64;
    let lived_in: BTreeSet<Uuid> =
        people.iter().filter(|person| person.lives_here()).map(|person| person.dwelling_id).collect();
    let known: BTreeSet<Uuid> = people.iter().map(|person| person.dwelling_id).collect();
    let households: BTreeSet<Uuid> = people.iter().map(|person| person.household_id).collect();
    let homes: Vec<&Dwelling> = dwellings.iter().filter(|dwelling| dwelling.usage != Some(Use::Commercial)).collect();
    let unknown = homes.iter().filter(|home| !known.contains(&home.id) && home.usage != Some(Use::Vacant)).count();
    add("dwellings".to_owned(), homes.len());
    add("occupied".to_owned(), homes.iter().filter(|home| lived_in.contains(&home.id)).count());
    add("unknown".to_owned(), unknown);
    add("households".to_owned(), households.len());
    add("people".to_owned(), people.len());
    for person in people {
        add(format!("age:{}", AgeBand::of(age_of(person, today)).code()), 1);
        if let Some(state) = person.residence_state {
            add(format!("state:{}", state.code()), 1);
        }
    }
    figures
}

/// What a table says of an estate or a building: homes, households, people and the old among them.
#[derive(Debug, Clone)]
pub struct Line {
    pub id: Uuid,
    pub name: String,
    pub figures: Figures,
    created_at: i64,
}

/// Amounts by facet: `people`, `age:elder`, `tag:disabled` …
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures(BTreeMap<String, i64>);

impl Figures {
    pub fn get(&self, facet: &str) -> i64 {
        self.0.get(facet).copied().unwrap_or_default()
    }

    /// Of a hundred homes so many are lived in; `None` where there are none.
    pub fn occupancy(&self) -> Option<i64> {
        let homes = self.get("dwellings");
        (homes > 0).then(|| (self.get("occupied") * 100 + homes / 2) / homes)
    }
}

/// The figures of everything within a scope, or of one estate.
pub async fn total(tx: &mut Tx, tenant: Uuid, scope: &Scope, estate: Option<Uuid>) -> Result<Figures> {
    let query = match (estate, scope.account) {
        (None, None) => TOTAL.bind(tenant),
        _ => TOTAL_IN_REACH.bind(tenant).bind(scope.account).bind(&scope.roles).bind(estate),
    };
    let amounts: Vec<Amount> = tx.all(query).await?;
    Ok(Figures(amounts.into_iter().map(|Amount { facet, amount }| (facet, amount)).collect()))
}

/// So many estates stand on a page at most; each has seven rows.
pub const ESTATES_AT_ONCE: usize = 1_000;

/// The estates of which a scope reaches a building, with the figures of what it reaches, oldest first.
pub async fn estates(tx: &mut Tx, tenant: Uuid, scope: &Scope, after: Cursor, size: usize) -> Result<Page<Line>> {
    let query = ESTATES.bind(tenant).bind(scope.account).bind(&scope.roles).bind(None::<Uuid>);
    let rows = tx.all(query.bind(after.key).bind(after.id).bind(size.min(ESTATES_AT_ONCE) as i64 + 1)).await?;
    Ok(Page::of(lines(rows), size, |line| Cursor { key: line.created_at, id: line.id }))
}

/// One estate of them.
///
/// Errors: not found where the scope reaches no building of it.
pub async fn estate(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<Line> {
    let query = ESTATES.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id);
    let rows = tx.all(query.bind(Cursor::FIRST.key).bind(Cursor::FIRST.id).bind(1_i64)).await?;
    lines(rows).pop().ok_or(Error::NotFound)
}

/// The buildings of an estate that a scope reaches, in the order of their numbers.
pub async fn buildings(tx: &mut Tx, tenant: Uuid, scope: &Scope, estate: Uuid) -> Result<Vec<Line>> {
    let rows = tx.all(BUILDINGS.bind(tenant).bind(scope.account).bind(&scope.roles).bind(estate)).await?;
    Ok(lines(rows))
}

fn lines(rows: Vec<LineRow>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for LineRow { id, name, created_at, facet, amount } in rows {
        if lines.last().is_none_or(|last| last.id != id) {
            lines.push(Line { id, name, created_at, figures: Figures::default() });
        }
        if let (Some(line), Some(facet), Some(amount)) = (lines.last_mut(), facet, amount) {
            line.figures.0.insert(facet, amount);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = jiff::civil::date(2026, 11, 24);

    fn person(id: u128, dwelling: u128, birth: &str) -> Counted {
        Counted {
            id: Uuid::from_u128(id),
            household_id: Uuid::from_u128(dwelling),
            dwelling_id: Uuid::from_u128(dwelling),
            birth_date: Some(birth.to_owned()),
            residence_state: None,
        }
    }

    fn tags(people: &[Counted], alone: &[u128]) -> Vec<(u128, Tag)> {
        let alone = alone.iter().map(|id| Uuid::from_u128(*id)).collect();
        derive(people, &alone, TODAY).into_keys().map(|(id, tag)| (id.as_u128(), tag)).collect()
    }

    #[test]
    fn who_lives_with_whom_decides() {
        let old = person(1, 1, "1946-11-24");
        assert_eq!(tags(std::slice::from_ref(&old), &[]), [(1, Tag::ElderLivingAlone), (1, Tag::OldestOld)]);
        let couple = [old.clone(), person(2, 1, "1950-01-01")];
        assert_eq!(tags(&couple, &[]), [(1, Tag::EmptyNestElder), (1, Tag::OldestOld), (2, Tag::EmptyNestElder)]);
        let family = [old.clone(), person(2, 1, "2012-11-25"), person(3, 1, "2012-11-24")];
        assert_eq!(tags(&family, &[]), [(1, Tag::OldestOld), (2, Tag::Child)]);
        assert_eq!(tags(&family, &[1]), [(1, Tag::ElderLivingAlone), (1, Tag::OldestOld), (2, Tag::Child)]);
        // Whoever is only registered here does not keep anybody company.
        let away = Counted { residence_state: Some(ResidenceState::RegisteredHereOnly), ..person(2, 1, "1990") };
        assert_eq!(tags(&[old, away], &[]), [(1, Tag::ElderLivingAlone), (1, Tag::OldestOld)]);
        assert!(tags(&[person(1, 1, "1966-11-25")], &[]).is_empty(), "sixty tomorrow");
    }

    #[test]
    fn a_band_is_the_same_by_age_and_by_birth() {
        for birth in ["1946-11-24", "1946-11-25", "1966-11-24", "1966-11-25", "2012-11-24", "2012-11-25", "2026-11-24"]
        {
            let band = AgeBand::of(age(Some(birth), TODAY));
            for other in AgeBand::ALL {
                let Some((first, last)) = other.births(TODAY) else { continue };
                let within = *birth > *first && *birth <= *last;
                assert_eq!(within, band == *other, "{birth} {other}");
            }
        }
    }

    #[test]
    fn shops_are_no_homes() {
        let dwelling = |id: u128, usage| Dwelling { id: Uuid::from_u128(id), usage };
        let dwellings =
            [dwelling(1, None), dwelling(2, Some(Use::Vacant)), dwelling(3, Some(Use::Commercial)), dwelling(4, None)];
        let figures = Figures(figures(&[person(1, 1, "1990"), person(2, 1, "1991")], &dwellings, TODAY));
        assert_eq!((figures.get("dwellings"), figures.get("occupied"), figures.get("unknown")), (3, 1, 1));
        assert_eq!((figures.get("people"), figures.get("households"), figures.occupancy()), (2, 1, Some(33)));
        assert_eq!(Figures::default().occupancy(), None);
    }
}
