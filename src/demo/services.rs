//! 为民服务: what the Saturday round through 水保所家属院 found at the doors, and a few needs that wait.

use calendar::shanghai;
use db::Db;
use jiff::civil::Weekday;
use jiff::{SignedDuration, Timestamp, ToSpan};
use uuid::Uuid;

use super::community::Community;
use crate::access::Scope;
use crate::error::Result;
use crate::place;
use crate::service::{self, NewNeed, NewRound, Origin, Particulars, Wanted};
use crate::volunteer;

/// So many go from door to door, and so many needs wait.
const WALKING: usize = 6;
const NEEDS: usize = 3;

pub async fn serve(db: &Db, community: &Community, now: Timestamp) -> Result<()> {
    let desk = |at: Timestamp| community.act(community.cast.desk, at);
    let began = desk(now - SignedDuration::from_hours(24 * 20));
    let everything = Scope::tenant();
    let mut tx = db.begin().await?;
    service::enter_usual(&mut tx, &began).await?;
    service::enter_usual_outcomes(&mut tx, &began).await?;
    let estate = community.estates.iter().find(|estate| estate.name == "水保所家属院");
    let teams = volunteer::teams(&mut tx, community.tenant, &everything).await?;
    let team = estate.and_then(|estate| teams.iter().find(|it| it.people > 0 && it.estates.contains(&estate.id)));
    let today = now.to_zoned_datetime(shanghai()).date();
    let saturday = today.series((-1).days()).skip(1).find(|day| day.weekday() == Weekday::Saturday);
    let (Some(estate), Some(team), Some(day)) = (estate, team, saturday) else { return Ok(tx.commit().await?) };
    let Some(building) = place::buildings(&mut tx, community.tenant, estate.id).await?.into_iter().next() else {
        return Ok(tx.commit().await?);
    };
    let morning = day.at(8, 0, 0, 0).to_zoned_datetime(shanghai()).map_err(anyhow::Error::from)?.timestamp();
    let new = NewRound {
        estate: estate.id,
        building: Some(building.id),
        origin: Origin::Place,
        tag: None,
        team: team.team.id,
        activity: None,
        title: "教老人用手机、装反诈App、清院子".to_owned(),
        day,
    };
    let id = service::plan_round(&mut tx, &desk(morning), &everything, new).await?;
    let members = volunteer::members(&mut tx, community.tenant, team.team.id).await?;
    let people: Vec<Uuid> = members.iter().take(WALKING).map(|member| member.volunteer_id).collect();
    let round = service::round(&mut tx, community.tenant, id).await?;
    service::deal(&mut tx, &desk(morning), &round, round.lock_version, &people).await?;
    let outcomes = service::outcomes(&mut tx, community.tenant).await?;
    let doors = service::doors(&mut tx, community.tenant, id).await?;
    for (at, door) in doors.iter().enumerate() {
        let moment = morning + SignedDuration::from_mins(10 + 4 * at as i64);
        let wanted: &[usize] = match at % 6 {
            0 => &[0, 1, 2],
            1 => &[1, 4],
            2 => &[3],
            3 => &[5],
            4 => &[0, 1],
            _ => &[6],
        };
        let came: Vec<(Uuid, i64)> = wanted
            .iter()
            .filter_map(|at| outcomes.get(*at))
            .map(|outcome| (outcome.id, if outcome.counted { 2 } else { 1 }))
            .collect();
        let own = community.resident(moment);
        service::note_door(&mut tx, &own, door.id, door.volunteer_id, &came).await?;
    }
    let kinds = service::kinds(&mut tx, community.tenant).await?;
    for (at, (kind, door)) in kinds.iter().zip(&doors).take(NEEDS).enumerate() {
        let Some(dwelling) = door.dwelling_id else { continue };
        let words = ["一个人住，想有人定期量量血压", "不会用手机，想学视频通话", "院里杂物多，搬不动"];
        let particulars =
            Particulars { words: words.get(at).copied().unwrap_or_default().to_owned(), ..Particulars::default() };
        let wanted = Wanted::read("6,7", "morning");
        let new =
            NewNeed { kind: kind.id, dwelling, building: building.id, particulars, wanted, keeps: None, shares: false };
        let act = desk(now - SignedDuration::from_hours(30 - 8 * at as i64));
        service::file(&mut tx, &act, new).await?;
    }
    Ok(tx.commit().await?)
}
