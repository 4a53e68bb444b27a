//! A workbook as a re-survey 重新摸底: what it says differently from the register becomes findings, and the register stays
//! as it is until somebody has accepted them. Sure is what rests on an identity number: somebody whose number nobody here
//! has, and a field of somebody who was recognised by it.
//!
//! Who is born rather than moved in: whoever is under one year old, or a child of the head born after the household was
//! registered; the household itself must be known. Who may have left: whoever is registered behind a door of the workbook
//! and stands in none of its rows, unless a row of that door was given back. Who has turned 60 or 80 or come to live alone
//! since they were registered is told of once, in the buildings that the workbook enters. Which household of one dwelling
//! somebody belongs to is not compared.

use codes::tables::Relation;
use db::{Tx, record, statements};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use uuid::Uuid;

use super::place::Place;
use super::row::{self, Entry, Rejection};
use super::run::{self, member};
use super::store::{self, Import};
use crate::access::Act;
use crate::audit;
use crate::error::{Error, Result};
use crate::place::{self, Settler};
use crate::registry::enrol::{self, Foreseen, NewResident};
use crate::registry::figures::{AgeBand, OLDEST_FROM};
use crate::registry::finding::{self, Batch, BatchKind, Kind, Note, Payload, changed_words};
use crate::registry::particular::Particular;
use crate::registry::person::Person;
use crate::registry::tag::ELDER_FROM;
use crate::web::show;

statements! {
    HOUSEHOLD_SINCE = "SELECT created_at AS at FROM households
        WHERE tenant_id = $1 AND dwelling_id = $2 AND head_name = $3 AND ended_at IS NULL";
    SEEN = "UPDATE import_rows SET dwelling_id = $4, resident_id = $5 WHERE tenant_id = $1 AND import_id = $2 AND row_number = $3";
    DOORS = "SELECT row_number FROM import_rows
        WHERE tenant_id = $1 AND import_id = $2 AND state = 'applied' AND row_number > 0 ORDER BY row_number LIMIT $3";
    /// Who is registered behind the doors of some rows and stands in no row at all; a door of which a row was given back does
    /// not tell.
    MISSING = "SELECT DISTINCT r.id, r.building_id, h.dwelling_id, r.lock_version FROM import_rows w CROSS JOIN households h CROSS JOIN residents r
        WHERE h.tenant_id = w.tenant_id AND h.dwelling_id = w.dwelling_id AND h.ended_at IS NULL
            AND r.tenant_id = h.tenant_id AND r.household_id = h.id AND r.ended IS NULL AND w.tenant_id = $1 AND w.import_id = $2 AND w.state = 'applied' AND w.row_number BETWEEN $3 AND $4
            AND NOT EXISTS (SELECT 1 FROM import_rows s WHERE s.tenant_id = $1 AND s.import_id = $2 AND s.resident_id = r.id)
            AND NOT EXISTS (SELECT 1 FROM import_rows s WHERE s.tenant_id = $1 AND s.import_id = $2 AND s.door = w.door
                AND s.state = 'rejected') LIMIT 20000";
    COMPARED = "UPDATE import_rows SET state = 'compared'
        WHERE tenant_id = $1 AND import_id = $2 AND state = 'applied' AND row_number BETWEEN $3 AND $4";
    BUILDINGS = "SELECT DISTINCT d.building_id FROM import_rows w JOIN dwellings d ON d.tenant_id = w.tenant_id AND d.id = w.dwelling_id
        WHERE w.tenant_id = $1 AND w.import_id = $2 AND w.state = 'compared' LIMIT 5000";
    /// Who was born up to a day, and has not been told of in this kind.
    BORN_BY = "SELECT r.id, r.building_id, h.dwelling_id, r.birth_date, r.created_at AS since FROM residents r
        JOIN households h ON h.tenant_id = r.tenant_id AND h.id = r.household_id
        WHERE r.tenant_id = $1 AND r.building_id = $2 AND r.ended IS NULL AND r.birth_date <= $3
            AND NOT EXISTS (SELECT 1 FROM findings f WHERE f.tenant_id = r.tenant_id AND f.resident_id = r.id AND f.kind = $4) LIMIT 5000";
    /// Who has been alone from a day after they were registered, and has not been told of since.
    ALONE = "SELECT r.id, r.building_id, h.dwelling_id, r.birth_date, t.since FROM residents r
        CROSS JOIN resident_tags t CROSS JOIN households h
        WHERE t.tenant_id = r.tenant_id AND t.resident_id = r.id AND t.tag = 'elder_living_alone' AND t.until IS NULL
            AND h.tenant_id = r.tenant_id AND h.id = r.household_id
            AND r.tenant_id = $1 AND r.building_id = $2 AND r.ended IS NULL AND r.created_at < t.since - 86400000
            AND NOT EXISTS (SELECT 1 FROM findings f WHERE f.tenant_id = r.tenant_id AND f.resident_id = r.id
                AND f.kind = 'became_alone' AND f.found_at >= t.since) LIMIT 5000";
}

record! {
    struct Since { at: Option<Timestamp> }
    struct Door { row_number: i64 }
    struct Missing { id: Uuid, building_id: Uuid, dwelling_id: Uuid, lock_version: i64 }
    struct Entered { building_id: Uuid }
    struct Told { id: Uuid, building_id: Uuid, dwelling_id: Uuid, birth_date: Option<String>, since: Timestamp }
}

/// The place that a row names, as rows of one door have it in common.
pub fn door(place: &Place) -> String {
    let (estate, building, unit, room) = place.key();
    [estate, building, unit, room].join("/")
}

fn batch(import: &Import) -> Batch {
    Batch { kind: BatchKind::Import, id: import.batch(), source: import.id, by: import.account_id }
}

/// Notes what a row says differently. A row that is refused leaves nothing behind.
pub async fn compare_row(
    tx: &mut Tx,
    act: &Act,
    settler: &mut Settler,
    import: &Import,
    (number, entry): (i64, &Entry),
) -> Result<std::result::Result<Foreseen, Rejection>> {
    let Entry { place, usage, .. } = entry;
    let dwelling = store::dwelling(tx, act.tenant, place).await?;
    let (head, person) = member(tx, act, dwelling, entry).await?;
    let known = match enrol::recognise(tx, act, dwelling, &head, &person).await {
        Ok(known) => known,
        Err(Error::Refused(sentence)) => return Ok(Err(row::reject(super::Column::Name, sentence))),
        Err(error) => return Err(error),
    };
    // A finding stands at a door, so one that is not there yet is made; nobody lives behind it until somebody says so.
    let dwelling = settler.settle(tx, act, &place.estate, &place.building, &place.unit, &place.room).await?;
    let at = place::dwelling(tx, act.tenant, dwelling).await?;
    let seen = SEEN.bind(act.tenant).bind(import.id).bind(number).bind(dwelling);
    tx.execute(seen.bind(known.as_ref().map(|known| known.id))).await?;

    let door = (at.building_id, dwelling);
    let (mut notes, mut foreseen) = (Vec::new(), Foreseen::Updated);
    match &known {
        Some(known)
            if known.ended.is_none() && enrol::home(tx, act, known.household).await?.dwelling_id == dwelling =>
        {
            notes = differences(tx, act, door, known, &person).await?;
        }
        Some(known) => {
            let note = Note::of_person(Kind::MovedIn, door, Some(&head), &person);
            notes.push(Note { resident: Some(known.id), field: Some("household".into()), seen: known.version, ..note });
        }
        None => {
            let since = HOUSEHOLD_SINCE.bind(act.tenant).bind(dwelling).bind(head.as_str());
            let since = tx.optional::<Since>(since).await?.and_then(|since| since.at);
            let born = since.is_some_and(|since| is_newborn(&person, day(since), run::today(act)));
            let kind = if born { Kind::Born } else { Kind::MovedIn };
            let sure = !born && person.identity.is_some();
            notes.push(Note { sure, ..Note::of_person(kind, door, Some(&head), &person) });
            foreseen = Foreseen::Created;
        }
    }
    if let Some(usage) = usage.filter(|usage| at.usage != Some(*usage)) {
        let was = at.usage.map_or("没有登记", |usage| usage.label());
        let payload = Payload::Use { usage: usage.code().to_owned() };
        notes.push(Note::of(Kind::Particular, door, format!("住房性质：{was} → {usage}"), payload));
    }
    if notes.is_empty() {
        return Ok(Ok(Foreseen::Unchanged));
    }
    for note in notes {
        finding::put(tx, act, &batch(import), note).await?;
    }
    Ok(Ok(foreseen))
}

fn day(at: Timestamp) -> Date {
    at.to_zoned_datetime(calendar::shanghai()).date()
}

/// Under one year old, or a child of the head born after the household was registered.
fn is_newborn(person: &NewResident, registered: Date, today: Date) -> bool {
    let Some(birth) = person.birth.map(|birth| birth.to_string()) else { return false };
    let after = |date: Date| birth > codes::PartialDate::from(date).to_string();
    let child = matches!(person.relation, Some(Relation::Son | Relation::Daughter | Relation::Grandchild));
    after(today.saturating_sub(1.year())) || (child && after(registered))
}

/// What a row says differently about somebody who lives at its door, field by field and tag by tag.
async fn differences(
    tx: &mut Tx,
    act: &Act,
    door: (Uuid, Uuid),
    known: &Person,
    person: &NewResident,
) -> Result<Vec<Note>> {
    let now = person.upon(known);
    let by_number = known
        .get(Particular::Identity)
        .is_some_and(|number| person.identity.as_ref().is_some_and(|identity| identity.as_str() == number));
    let of = |kind, field: String, words, payload| Note {
        resident: Some(known.id),
        field: Some(field),
        seen: known.version,
        sure: by_number,
        ..Note::of(kind, door, words, payload)
    };
    let changed = Particular::ALL.iter().filter(|particular| known.get(**particular) != now.get(**particular));
    let mut notes: Vec<Note> = changed
        .map(|particular| {
            let (old, new) = (known.get(*particular), now.get(*particular));
            let kind = if *particular == Particular::Phone { Kind::Phone } else { Kind::Particular };
            let payload = Payload::Field { value: new.map(str::to_owned) };
            of(kind, particular.code().to_owned(), changed_words(*particular, old, new), payload)
        })
        .collect();
    let (missing, ended) = enrol::changed_tags(tx, act, known.id, person).await?;
    let tags = missing.into_iter().map(|tag| (tag, true)).chain(ended.into_iter().map(|tag| (tag, false)));
    notes.extend(tags.map(|((tag, evidence), holds)| {
        let words = if holds { format!("加标签：{tag}") } else { format!("去标签：{tag}") };
        of(Kind::Particular, format!("tag:{}", tag.code()), words, Payload::Tag { evidence, holds })
    }));
    Ok(notes)
}

/// Once every row has been compared: sees who is missing behind the next doors, and after the last what time has changed.
/// `false` when nothing is left.
pub async fn look_behind_doors(tx: &mut Tx, act: &Act, import: &Import, most: i64) -> Result<bool> {
    let doors: Vec<Door> = tx.all(DOORS.bind(act.tenant).bind(import.id).bind(most)).await?;
    let (Some(first), Some(last)) = (doors.first(), doors.last()) else {
        what_time_has_changed(tx, act, import).await?;
        return Ok(false);
    };
    let rows = |statement: db::Statement| {
        statement.bind(act.tenant).bind(import.id).bind(first.row_number).bind(last.row_number)
    };
    let missing: Vec<Missing> = tx.all(rows(MISSING)).await?;
    let many = missing.len();
    for person in missing {
        let payload = Payload::Gone { words: "登记表里这一户没有写他".to_owned() };
        let note = Note::of(Kind::MovedOut, (person.building_id, person.dwelling_id), String::new(), payload);
        let note = Note { resident: Some(person.id), seen: person.lock_version, ..note };
        finding::put(tx, act, &batch(import), note).await?;
    }
    tx.execute(rows(COMPARED)).await?;
    let words = format!("第 {} 至 {} 行的住房：登记在册、表里没有的 {many} 人", first.row_number, last.row_number);
    audit::record(tx, act, "apply_step", ("import", import.id), &words, &[]).await?;
    Ok(true)
}

async fn what_time_has_changed(tx: &mut Tx, act: &Act, import: &Import) -> Result<()> {
    let today = run::today(act);
    let buildings: Vec<Entered> = tx.all(BUILDINGS.bind(act.tenant).bind(import.id)).await?;
    let batch = batch(import);
    for Entered { building_id: building } in buildings {
        for (kind, age) in [(Kind::Turned60, ELDER_FROM), (Kind::Turned80, OLDEST_FROM)] {
            let by = AgeBand::born_before(age, today);
            let turned: Vec<Told> = tx.all(BORN_BY.bind(act.tenant).bind(building).bind(by).bind(kind)).await?;
            for person in turned {
                // Whoever was registered at that age already has not turned it since.
                let was = AgeBand::born_before(age, day(person.since));
                if person.birth_date.as_ref().is_some_and(|birth| *birth > was) {
                    tell(tx, act, &batch, kind, person).await?;
                }
            }
        }
        let alone: Vec<Told> = tx.all(ALONE.bind(act.tenant).bind(building)).await?;
        for person in alone {
            tell(tx, act, &batch, Kind::BecameAlone, person).await?;
        }
    }
    Ok(())
}

async fn tell(tx: &mut Tx, act: &Act, batch: &Batch, kind: Kind, person: Told) -> Result<()> {
    let words = match (kind, &person.birth_date) {
        (Kind::BecameAlone, _) => format!("{}起一个人住", show::day(&person.since)),
        (_, birth) => format!("{}出生", birth.as_deref().unwrap_or("不详")),
    };
    let note = Note::of(kind, (person.building_id, person.dwelling_id), words, Payload::Fact);
    finding::put(tx, act, batch, Note { resident: Some(person.id), ..note }).await?;
    Ok(())
}
