//! A few homes are surveyed again, somebody asks about their own data, and somebody wants a roll with whole numbers, so that
//! there is something to look at under 变化核对, 个人信息请求 and 导出审批.

use db::Db;
use jiff::Timestamp;
use uuid::Uuid;

use super::community::{Community, Home};
use super::people::Family;
use crate::access::Scope;
use crate::error::{Error, Result};
use crate::place;
use crate::registry::export_request::{self, Kind, Roll};
use crate::registry::figures;
use crate::registry::import::{Column, ImportOptions, import_file, workbook};
use crate::registry::request::{self, Channel, NewRequest, RequestKind};

/// So many homes stand in the workbook.
const HOMES: usize = 8;

/// Compares a workbook of the first homes with the register: in the first somebody is missing, in the next somebody has
/// another phone, then a child was born, then somebody moved in.
pub async fn again(db: &Db, community: &Community, homes: &[Home], families: &[Family], now: Timestamp) -> Result<()> {
    let act = community.act(community.cast.desk, now);
    let mut tx = db.read().await?;
    let mut lines = Vec::new();
    let several = homes.iter().zip(families).filter(|(_, family)| family.members.len() > 2);
    for (at, (home, family)) in several.take(HOMES).enumerate() {
        let place = place_of(&mut tx, act.tenant, home.dwelling).await?;
        let Some(head) = family.members.first() else { continue };
        let row = |name: &str| {
            let mut row = place.clone();
            row.extend([(Column::Head, head.name.clone()), (Column::Name, name.to_owned())]);
            row
        };
        let written = if at == 0 { family.members.len() - 1 } else { family.members.len() };
        for (n, person) in family.members.iter().take(written).enumerate() {
            let mut row = row(&person.name);
            row.push((Column::Relation, person.relation.to_string()));
            row.push((Column::Birth, person.birth.to_string()));
            row.extend(person.identity.as_ref().map(|number| (Column::Identity, number.as_str().to_owned())));
            if matches!(at, 1 | 2) && n == 0 {
                row.push((Column::Phone, format!("1990003500{at}")));
            }
            lines.push(row);
        }
        let today = now.to_zoned_datetime(calendar::shanghai()).date();
        let surname: String = head.name.chars().take(1).collect();
        match at {
            3 => {
                let birth = jiff::civil::Date::new(today.year(), 1, 8).unwrap_or(today).to_string();
                let child = [(Column::Relation, "子".to_owned()), (Column::Birth, birth)];
                lines.push(row(&format!("{surname}小满")).into_iter().chain(child).collect());
            }
            4 => {
                let guest =
                    [(Column::Relation, "其他".to_owned()), (Column::Identity, "141199199003070013".to_owned())];
                lines.push(row("贺知秋").into_iter().chain(guest).collect());
            }
            _ => {}
        }
    }
    drop(tx);
    let options = ImportOptions { compare: true, ..ImportOptions::default() };
    import_file(db, &act, "入户复查登记表.xlsx", workbook(lines)?, options, |_, _| {}).await?;
    Ok(())
}

/// Two requests of residents, and one for a roll. A deadline that the calendar does not know yet is left out.
pub async fn requests(db: &Db, community: &Community, residents: &[(Uuid, Uuid)], now: Timestamp) -> Result<()> {
    let act = community.act(community.cast.desk, now);
    let asked = [
        (RequestKind::Correction, Channel::Window, "本人，看了身份证", "工作单位早就换了，请改过来"),
        (RequestKind::Deletion, Channel::Phone, "本人来电，核对了姓名和门牌", "不想留电话和文化程度，请删掉"),
    ];
    let mut tx = db.begin().await?;
    for ((kind, channel, requester, words), (resident, building)) in asked.into_iter().zip(residents) {
        let (resident, building) = (*resident, *building);
        let (requester, words) = (requester.to_owned(), words.to_owned());
        let new = NewRequest { resident, building, kind, channel, requester, words };
        match request::file(&mut tx, &act, new).await {
            Ok(_) | Err(Error::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    let figures = figures::total(&mut tx, act.tenant, &Scope::tenant(), None).await?;
    let people = figures.get("tag:subsistence_allowance");
    let roll = Roll { query: "tag=subsistence_allowance".to_owned(), words: "低保".to_owned(), people };
    export_request::ask(&mut tx, &act, Kind::Residents, roll, "区民政局核对救助对象，月底销毁").await?;
    Ok(tx.commit().await?)
}

async fn place_of(tx: &mut db::Tx, tenant: Uuid, dwelling: Uuid) -> Result<Vec<(Column, String)>> {
    let dwelling = place::dwelling(tx, tenant, dwelling).await?;
    let spot = place::spot(tx, tenant, dwelling.building_id).await?;
    let units = place::units(tx, tenant, dwelling.building_id).await?;
    let unit = units.into_iter().find(|unit| unit.id == dwelling.unit_id).map_or_else(String::new, |unit| unit.key);
    Ok(vec![
        (Column::Estate, spot.estate_name),
        (Column::Building, spot.building_name),
        (Column::Unit, unit),
        (Column::Room, place::room_words(&dwelling.room)),
    ])
}
