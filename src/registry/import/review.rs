//! What only the rows together tell: whose household a member without a named head belongs to, and who stands there twice.
//! The columns about heads are optional, so where nobody at a place is named as one, its first row is supposed to be.

use std::collections::{BTreeSet, HashMap};

use codes::PersonName;
use jiff::civil::Date;

use super::column::Column;
use super::place::PlaceKey;
use super::row::{self, Entry, Rejection, reject};
use crate::place::Use;
use crate::workbook;

type Sheet = workbook::Sheet<Column>;

/// Reads every row of a sheet, in its order. Each entry that is taken has a head of its household, and nobody is taken twice.
pub fn review(sheet: &Sheet, today: Date) -> Vec<Result<Entry, Rejection>> {
    let heads = Heads::of(sheet);
    let mut seen = Seen::default();
    let rows = sheet.rows.iter().map(|row| {
        let mut entry = row::read(&sheet.header, &row.cells, today)?;
        if entry.head.is_none() {
            let (head, supposed) = heads.only_one_at(&entry.place.key(), sheet.header.has(Column::Head))?;
            (entry.head, entry.supposed) = (Some(head), supposed);
        }
        seen.take(&entry, row.number)?;
        Ok(entry)
    });
    rows.collect()
}

/// The heads of the households at each place, also of those whose own row is given back for another reason.
#[derive(Default)]
struct Heads {
    named: HashMap<PlaceKey, BTreeSet<PersonName>>,
    /// The first at each place who is not said to be somebody's relative.
    first: HashMap<PlaceKey, PersonName>,
}

impl Heads {
    fn of(sheet: &Sheet) -> Heads {
        let mut heads = Heads::default();
        for member in sheet.rows.iter().filter_map(|row| row::member(&sheet.header, &row.cells)) {
            let place = member.place.key();
            match (member.head, member.relation) {
                (Some(head), _) => _ = heads.named.entry(place).or_default().insert(head),
                (None, None) => _ = heads.first.entry(place).or_insert(member.name),
                (None, Some(_)) => {}
            }
        }
        heads
    }

    /// The head at a place, and whether they are only supposed to be it.
    fn only_one_at(&self, place: &PlaceKey, has_column: bool) -> Result<(PersonName, bool), Rejection> {
        let column = if has_column { Column::Head } else { Column::Relation };
        let mut heads = self.named.get(place).into_iter().flatten();
        match (heads.next(), heads.next(), self.first.get(place)) {
            (Some(head), None, _) => Ok((head.clone(), false)),
            (None, _, Some(first)) => Ok((first.clone(), true)),
            (None, _, None) => {
                Err(reject(column, "不知道户主是谁：请填写户主姓名，或在户主那一行的“与户主关系”里写“户主”"))
            }
            (Some(_), Some(_), _) => Err(reject(column, "这套房里有几户，请填写这个人的户主姓名")),
        }
    }
}

/// A person without a document: where, in whose household, called what, born when.
type Undocumented = (PlaceKey, PersonName, PersonName, Option<String>);

/// Who and what the rows above have named, each with the number of its row.
#[derive(Default)]
struct Seen {
    identities: HashMap<String, u32>,
    undocumented: HashMap<Undocumented, u32>,
    uses: HashMap<PlaceKey, (Use, u32)>,
}

impl Seen {
    fn take(&mut self, entry: &Entry, number: u32) -> Result<(), Rejection> {
        let (person, place) = (&entry.person, entry.place.key());
        if let (Some(said), Some((known, first))) = (entry.usage, self.uses.get(&place))
            && said != *known
        {
            let sentence = format!("同一套房第 {first} 行写的是“{known}”，这里写的是“{said}”，请统一");
            return Err(reject(Column::Housing, sentence));
        }
        let first = match &person.identity {
            Some(identity) => *self.identities.entry(identity.as_str().to_owned()).or_insert(number),
            None => {
                let head = entry.head.clone().unwrap_or_else(|| person.name.clone());
                let birth = person.birth.map(|birth| birth.to_string());
                *self.undocumented.entry((place.clone(), head, person.name.clone(), birth)).or_insert(number)
            }
        };
        if first != number {
            let column = if person.identity.is_some() { Column::Identity } else { Column::Name };
            return Err(reject(column, format!("与第 {first} 行是同一个人，请留下对的一行，删去另一行")));
        }
        if let Some(usage) = entry.usage {
            self.uses.entry(place).or_insert((usage, number));
        }
        Ok(())
    }
}
