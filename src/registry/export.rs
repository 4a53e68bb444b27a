//! A roll as rows of the 居民信息登记表. Numbers are masked unless somebody has approved otherwise; what is only for those who
//! asked why, health and notes, is left out in any case.

use codes::PersonName;
use db::Tx;
use jiff::civil::Date;

use super::import::Column;
use super::particular::Particular;
use super::person::{self, Person};
use super::roll::{self, Filter};
use super::store;
use super::tag::Tag;
use crate::access::{Act, Scope};
use crate::error::{Error, Result};
use crate::place::room_words;

/// A workbook of more people is taken away in parts.
pub const MOST: usize = 5_000;
const STEP: usize = 64;

/// The rows of a roll, in the order of its pages; with `whole` numbers or masked.
///
/// Errors: refused if there are more than [`MOST`].
pub(super) async fn rows(
    tx: &mut Tx,
    act: &Act,
    scope: &Scope,
    filter: &Filter,
    (today, whole): (Date, bool),
) -> Result<Vec<Vec<(Column, String)>>> {
    let (mut rows, mut before) = (Vec::new(), i64::MAX);
    loop {
        let within = (act.tenant, scope, today);
        let (positions, next) = roll::positions(tx, within, filter, before, STEP).await?;
        let people = person::at_positions(tx, act, &positions).await?;
        let doors = store::at_positions(tx, act.tenant, scope, &positions).await?;
        for person in people {
            let of_person: Vec<_> = doors.iter().filter(|row| row.id == person.id).collect();
            let tags: Vec<Tag> = of_person.iter().filter_map(|row| row.tag).collect();
            let Some(door) = of_person.first() else { continue };
            let place = [
                (Column::Serial, (rows.len() + 1).to_string()),
                (Column::Estate, door.estate_name.clone()),
                (Column::Building, door.building_name.clone()),
                (Column::Unit, door.unit_key.clone()),
                (Column::Room, room_words(&door.room)),
                (Column::Head, if whole { door.head_name.clone() } else { masked_name(&door.head_name) }),
            ];
            rows.push(place.into_iter().chain(particulars(&person, whole)).chain(said(&tags)).collect());
        }
        if rows.len() > MOST {
            return Err(Error::refused(format!("一次最多导出 {MOST} 人，请按小区或楼栋分几次导出")));
        }
        let Some(next) = next else { return Ok(rows) };
        before = next;
    }
}

fn particulars(person: &Person, whole: bool) -> impl Iterator<Item = (Column, String)> {
    let columns = [
        (Column::Relation, Particular::Relation),
        (Column::Name, Particular::Name),
        (Column::Sex, Particular::Sex),
        (Column::Ethnic, Particular::Ethnic),
        (Column::Identity, Particular::Identity),
        (Column::Birth, Particular::BirthDate),
        (Column::Phone, Particular::Phone),
        (Column::RegisteredAddress, Particular::RegisteredAddress),
        (Column::ResidenceState, Particular::ResidenceState),
        (Column::Political, Particular::Political),
        (Column::Education, Particular::Education),
        (Column::Marital, Particular::Marital),
        (Column::Workplace, Particular::Workplace),
    ];
    columns.into_iter().filter_map(move |(column, particular)| {
        let kept = person.get(particular)?;
        Some((column, if whole { particular.words(kept) } else { shown(particular, kept) }))
    })
}

/// What a workbook shows that nobody has approved: a list leaves the building, so the names are masked in it too.
pub fn shown(particular: Particular, kept: &str) -> String {
    if particular == Particular::Name { masked_name(kept) } else { particular.masked(kept) }
}

fn masked_name(name: &str) -> String {
    PersonName::parse(name).map_or_else(|_| name.to_owned(), |name| name.masked())
}

/// What the columns for tags say. Health is left out.
fn said(tags: &[Tag]) -> impl Iterator<Item = (Column, String)> {
    let of_health = |tag: &&Tag| matches!(tag, Tag::SeriousIllness | Tag::ChronicIllness | Tag::Pregnant);
    let words: Vec<&str> = tags.iter().filter(|tag| !of_health(tag)).map(|tag| tag.label()).collect();
    let yes = |column, tag| tags.contains(&tag).then(|| (column, "是".to_owned()));
    let plain = [
        yes(Column::PartyHousehold, Tag::PartyMemberHousehold),
        yes(Column::Needy, Tag::Needy),
        yes(Column::Alone, Tag::LivingAlone),
        yes(Column::Disabled, Tag::Disabled),
    ];
    std::iter::once((Column::Category, words.join("、"))).chain(plain.into_iter().flatten())
}
