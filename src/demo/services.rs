//! 为民服务: what the Saturday round through 水保所家属院 found at the doors, needs in every state, and a clinic that comes every other week.

use calendar::{Every, Recurrence, Skip, WorkingDays, shanghai};
use db::{Cursor, Db, Tx};
use jiff::civil::{Time, Weekday};
use jiff::{SignedDuration, Timestamp, ToSpan};
use uuid::Uuid;

use super::community::{Actor, Community, Home, SettledEstate};
use super::people::{Family, Person};
use crate::access::{Act, Scope};
use crate::error::Result;
use crate::place;
use crate::registry::Tag;
use crate::service::{
    self, Answer, Call, End, How, Need, NewNeed, NewRound, NewStanding, Origin, Part, Particulars, ProviderSketch,
    Served, Wanted, Whom,
};
use crate::volunteer::{self, Field, Span};

/// So many of the team go from door to door on a Saturday.
const WALKING: usize = 6;

/// What some of the team can do, by their place in it. The first six go from door to door; whoever is asked for a visit on another day is none of them.
const ABLE: [(usize, &[(Field, &str)]); 5] = [
    (1, &[(Field::Skills, "量血压、护理"), (Field::Qualifications, "护士执业证")]),
    (3, &[(Field::Skills, "用手机、修电脑")]),
    (4, &[(Field::Skills, "干农活"), (Field::Insurance, "RS-2026-0004")]),
    (6, &[(Field::Skills, "用手机"), (Field::Available, "每天")]),
    (7, &[(Field::Skills, "干农活"), (Field::Available, "每天"), (Field::Insurance, "RS-2026-0007")]),
];

const fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

pub async fn serve(db: &Db, community: &Community, lived_in: &[(Home, Family)], now: Timestamp) -> Result<()> {
    let desk = community.cast.desk;
    let mut tx = db.begin().await?;
    let began = community.act(desk, now - hours(24 * 100));
    service::enter_usual(&mut tx, &began).await?;
    service::enter_usual_outcomes(&mut tx, &began).await?;
    clinic(&mut tx, community, now).await?;
    let courtyard = community.estates.iter().find(|estate| estate.name == "水保所家属院");
    let teams = volunteer::teams(&mut tx, community.tenant, &Scope::tenant()).await?;
    let team = teams.iter().find(|placed| placed.team.name == "雷锋大妈志愿服务队");
    let (Some(courtyard), Some(team)) = (courtyard, team) else { return Ok(tx.commit().await?) };
    let members = volunteer::members(&mut tx, community.tenant, team.team.id).await?;
    let team = (team.team.id, members.into_iter().map(|member| member.volunteer_id).collect::<Vec<Uuid>>());
    enable(&mut tx, &community.act(desk, now - hours(24 * 60)), &team.1).await?;
    saturday(&mut tx, community, courtyard, &team, now).await?;
    let wishes = Wishes::new(&mut tx, community, courtyard, lived_in, now).await?;
    wishes.play(&mut tx).await?;
    Ok(tx.commit().await?)
}

/// The community enters what an application did not ask for.
async fn enable(tx: &mut Tx, act: &Act, members: &[Uuid]) -> Result<()> {
    for (at, fields) in ABLE {
        let Some(member) = members.get(at) else { continue };
        let card = volunteer::card(tx, act, *member).await?;
        let mut now = card.clone();
        now.values.extend(fields.iter().map(|(field, value)| (*field, (*value).to_owned())));
        volunteer::change(tx, act, &card, &now, "").await?;
    }
    Ok(())
}

/// The clinic takes the pressure and the sugar of the blood, looks at children's teeth and gives leaflets. Once nobody came; of the last date nobody
/// has said yet how many were there.
async fn clinic(tx: &mut Tx, community: &Community, now: Timestamp) -> Result<()> {
    let Some(estate) = community.estates.first() else { return Ok(()) };
    let today = now.to_zoned_datetime(shanghai()).date();
    let thursday = (today - 70.days()).series(1.day()).take(7).find(|day| day.weekday() == Weekday::Thursday);
    let Some(first) = thursday else { return Ok(()) };
    let at = |day: jiff::civil::Date, time: Time| -> Result<Timestamp> {
        Ok(day.to_datetime(time).to_zoned_datetime(shanghai()).map_err(anyhow::Error::from)?.timestamp())
    };
    let span =
        Span { starts_at: at(first, Time::constant(9, 0, 0, 0))?, ends_at: at(first, Time::constant(11, 30, 0, 0))? };
    let desk = |at: Timestamp| community.act(community.cast.desk, at);
    let agreed = desk(span.starts_at - hours(24 * 10));
    let sketch = ProviderSketch {
        name: "城北街道社区卫生服务站".to_owned(),
        contact: "刘医生 0358-0003001".to_owned(),
        agreed_from: first - 10.days(),
        agreed_until: first + 300.days(),
    };
    let provider = service::add_provider(tx, &agreed, &sketch).await?;
    let kinds = service::kinds(tx, community.tenant).await?;
    let until = today + 56.days();
    // Of a year whose holidays are not known nothing is left out.
    let known = WorkingDays::embedded().is_working(until).is_ok();
    let repeat = Recurrence {
        every: Every::Weeks { interval: 2, days: Vec::new() },
        until,
        skip: if known { Skip::Holidays } else { Skip::Nothing },
    };
    let new = NewStanding {
        provider,
        estate: estate.id,
        kind: kinds.iter().find(|kind| kind.name == "量血压").map(|kind| kind.id),
        issue: None,
        title: "量血压、测血糖，儿童口腔检查，发健康宣传册".to_owned(),
        place: "党群服务站".to_owned(),
        span,
    };
    service::set_up_standing(tx, &agreed, new, Some(&repeat)).await?;
    let (_, mut dates) = service::of_provider(tx, community.tenant, provider).await?;
    dates.retain(|date| date.ends_at + hours(1) < now);
    dates.sort_by_key(|date| date.starts_at);
    dates.pop();
    for (at, date) in (0..).zip(&dates) {
        let after = desk(date.ends_at + hours(1));
        if at == 2 {
            service::miss_date(tx, &after, date, date.lock_version, "那天医生下乡义诊").await?;
        } else {
            let served = Served { doors: 18 + 3 * at, people: 26 + 4 * at, leaflets: 40 + 5 * at };
            service::count_served(tx, &after, date, date.lock_version, served).await?;
        }
    }
    Ok(())
}

/// On the last Saturday at eight six of the team went from door to door.
async fn saturday(
    tx: &mut Tx,
    community: &Community,
    estate: &SettledEstate,
    (team, members): &(Uuid, Vec<Uuid>),
    now: Timestamp,
) -> Result<()> {
    let today = now.to_zoned_datetime(shanghai()).date();
    let last = today.series((-1).days()).skip(1).find(|day| day.weekday() == Weekday::Saturday);
    let (Some(day), Some(building)) = (last, estate.buildings.values().next()) else { return Ok(()) };
    let eight = day.at(8, 0, 0, 0).to_zoned_datetime(shanghai()).map_err(anyhow::Error::from)?.timestamp();
    let desk = |at: Timestamp| community.act(community.cast.desk, at);
    // They have signed up for the Saturday's activity, in the course of which they go.
    let near = volunteer::coming(tx, community.tenant, &Scope::tenant(), eight - hours(1), Cursor::FIRST, 50).await?;
    let along = near.items.into_iter().find(|one| one.team_id == *team && one.starts_at == eight);
    let new = NewRound {
        estate: estate.id,
        building: Some(*building),
        origin: Origin::Place,
        tag: None,
        team: *team,
        activity: along.map(|activity| activity.id),
        title: "教老人用手机、装反诈App、清院子".to_owned(),
        span: Span { starts_at: eight, ends_at: eight + hours(3) },
    };
    let id = service::plan_round(tx, &desk(eight - hours(40)), &Scope::tenant(), new).await?;
    let people: Vec<Uuid> = members.iter().copied().take(WALKING).collect();
    let round = service::round(tx, community.tenant, id).await?;
    service::deal(tx, &desk(eight), &round, round.lock_version, &people).await?;
    let (alone, doing): (Vec<_>, Vec<_>) =
        service::outcomes(tx, community.tenant).await?.into_iter().partition(|outcome| outcome.alone);
    for (at, door) in service::doors(tx, community.tenant, id).await?.iter().enumerate() {
        let own = community.resident(eight + SignedDuration::from_mins(10 + 6 * at as i64));
        // At every fourth door nobody was there, or nothing was wanted.
        let chosen: Vec<&service::Outcome> = match at % 4 {
            3 => alone.iter().cycle().skip(at / 4).take(1).collect(),
            _ => doing.iter().cycle().skip(at).take(2).collect(),
        };
        let number = |outcome: &service::Outcome| if outcome.counted { 1 + at as i64 % 3 } else { 1 };
        let came: Vec<(Uuid, i64)> = chosen.into_iter().map(|outcome| (outcome.id, number(outcome))).collect();
        service::note_door(tx, &own, (door.id, door.noted_at), door.volunteer_id, &came).await?;
    }
    Ok(())
}

async fn in_first_building<'a>(
    tx: &mut Tx,
    community: &Community,
    lived_in: &'a [(Home, Family)],
) -> Result<Option<((Home, &'a Person), Actor)>> {
    let Some(estate) = community.estates.first() else { return Ok(None) };
    let worker = estate.grid().and_then(|grid| community.cast.workers.get(&grid)).copied();
    for (home, family) in lived_in.iter().filter(|(home, _)| home.estate == estate.id) {
        let building = place::dwelling(tx, community.tenant, home.dwelling).await?.building_id;
        if estate.buildings.get("1号楼") == Some(&building) {
            return Ok(family.members.first().map(|person| (*home, person)).zip(worker));
        }
    }
    Ok(None)
}

/// What residents of an estate have needed lately.
struct Wishes<'a> {
    community: &'a Community,
    /// Who goes from door to door there as a grid worker.
    worker: Actor,
    /// Homes, those of old people who live alone first, each with one who lives there; the last is in the first estate.
    homes: Vec<(Home, &'a Person)>,
    /// A home in the first building of the first estate, and its grid worker.
    elsewhere: Option<((Home, &'a Person), Actor)>,
    kinds: Vec<service::Kind>,
    now: Timestamp,
}

impl<'a> Wishes<'a> {
    async fn new(
        tx: &mut Tx,
        community: &'a Community,
        estate: &SettledEstate,
        lived_in: &'a [(Home, Family)],
        now: Timestamp,
    ) -> Result<Wishes<'a>> {
        let here = lived_in.iter().filter(|(home, _)| home.estate == estate.id);
        let mut homes: Vec<(Home, &Person)> =
            here.filter_map(|(home, family)| Some((*home, family.members.first()?))).collect();
        homes.sort_by_key(|(_, person)| !person.tags.iter().any(|(tag, _)| *tag == Tag::LivingAlone));
        let worker = estate.grid().and_then(|grid| community.cast.workers.get(&grid)).copied();
        let worker = worker.unwrap_or(community.cast.desk);
        let elsewhere = in_first_building(tx, community, lived_in).await?;
        Ok(Wishes { community, worker, homes, elsewhere, kinds: service::kinds(tx, community.tenant).await?, now })
    }

    fn ago(&self, ago: i64) -> Timestamp {
        self.now - hours(ago)
    }

    fn desk(&self, ago: i64) -> Act {
        self.community.act(self.community.cast.desk, self.ago(ago))
    }

    /// Somebody needs something; `None` where there is no such kind or home.
    async fn file(
        &self,
        tx: &mut Tx,
        act: &Act,
        (kind, home, words): (&str, usize, &str),
        wanted: Wanted,
        keeps: Option<How>,
    ) -> Result<Option<Need>> {
        let kind = self.kinds.iter().find(|known| known.name.starts_with(kind));
        let (Some(kind), Some((home, person))) = (kind, self.homes.get(home)) else { return Ok(None) };
        let mut particulars = Particulars { words: words.to_owned(), ..Particulars::default() };
        if keeps.is_some() {
            particulars.name = person.name.clone();
            particulars.phone = person.phone.clone().unwrap_or_default();
        }
        let building = place::dwelling(tx, act.tenant, home.dwelling).await?.building_id;
        let (kind, dwelling, shares) = (kind.id, home.dwelling, keeps.is_some());
        let new = NewNeed { kind, dwelling, building, particulars, wanted, keeps, shares };
        service::file(tx, act, new).await.map(Some)
    }

    /// Staff ask the first volunteer who is suggested.
    async fn ask(&self, tx: &mut Tx, act: &Act, need: &Need) -> Result<Option<Call>> {
        let everything = Scope::tenant();
        let found = service::suggestions(tx, act, &everything, need).await?;
        let volunteer = found.into_iter().find(|suggestion| matches!(suggestion.whom, Whom::Volunteer(_)));
        let Some(volunteer) = volunteer else { return Ok(None) };
        service::accept(tx, act, &everything, need, need.version, &volunteer.key()).await.map(Some)
    }

    async fn answer(&self, tx: &mut Tx, at: Timestamp, call: &Call, says: Answer, words: &str) -> Result<()> {
        let Some(volunteer) = call.volunteer_id else { return Ok(()) };
        service::answer(tx, &self.community.resident(at), volunteer, call.id, says, words).await
    }

    async fn end(&self, tx: &mut Tx, act: &Act, id: Uuid, end: End) -> Result<()> {
        let need = service::need(tx, act, id).await?;
        service::end(tx, act, &need, need.version, end).await
    }

    async fn play(&self, tx: &mut Tx) -> Result<()> {
        self.ended(tx).await?;
        self.visited(tx).await?;
        // Nobody has answered yet.
        let yard = ("清理院子", 3, "院里堆的旧木头自己搬不动");
        if let Some(need) = self.file(tx, &self.desk(70), yard, Wanted::default(), None).await? {
            self.ask(tx, &self.desk(20), &need).await?;
        }
        // These wait: two were taken down at the door, one came from the board.
        let worker = self.community.act(self.worker, self.ago(30));
        let pressure = ("量血压", 0, "一个人住，想定期量量血压");
        self.file(tx, &worker, pressure, Wanted::read("6,7", "morning"), Some(How::Told)).await?;
        let resident = self.community.resident(self.ago(6));
        let video = ("教手机", 1, "想学和孙子视频通话");
        self.file(tx, &resident, video, Wanted::default(), Some(How::Form)).await?;
        if let Some((elsewhere, worker)) = &self.elsewhere {
            let doctor = ("陪老人就医", 0, "每月要去医院拿药，一个人去不了");
            let there = Wishes { homes: vec![*elsewhere], elsewhere: None, kinds: self.kinds.clone(), ..*self };
            let act = self.community.act(*worker, self.ago(26));
            there.file(tx, &act, doctor, Wanted::read("1,2,3,4,5", ""), None).await?;
        }
        Ok(())
    }

    async fn ended(&self, tx: &mut Tx) -> Result<()> {
        let garden = ("松土施肥", 2, "院里的菜地翻不动了");
        if let Some(need) = self.file(tx, &self.desk(24 * 16), garden, Wanted::read("6", ""), None).await?
            && let Some(call) = self.ask(tx, &self.desk(24 * 15), &need).await?
        {
            self.answer(tx, self.ago(24 * 15 - 3), &call, Answer::Accepted, "").await?;
            self.answer(tx, call.ends_at, &call, Answer::Done, "菜地翻完了，还施了肥").await?;
            let asked = self.community.act(self.worker, call.ends_at + hours(24));
            self.end(tx, &asked, need.id, End::Met).await?;
        }
        let lamp = ("高处换灯", 4, "过道的灯不亮，够不着");
        if let Some(need) = self.file(tx, &self.desk(24 * 12), lamp, Wanted::default(), None).await? {
            let why = "没有合适的电工，请物业来换".to_owned();
            self.end(tx, &self.desk(24 * 10), need.id, End::Unmet(why)).await?;
        }
        let doctor = ("陪老人就医", 5, "下周要去医院复查");
        if let Some(need) = self.file(tx, &self.desk(24 * 9), doctor, Wanted::default(), None).await? {
            self.end(tx, &self.desk(24 * 8), need.id, End::Withdrawn("女儿回来陪着去了".to_owned())).await?;
        }
        Ok(())
    }

    /// Somebody has agreed to go, and it is time, or has been for less than a day: they can say now that they were there.
    async fn visited(&self, tx: &mut Tx) -> Result<()> {
        let now = self.now.to_zoned_datetime(shanghai());
        let (day, part) = match now.time().hour() {
            ..10 => (now.date() - 1.days(), Part::Afternoon),
            10..16 => (now.date(), Part::Morning),
            _ => (now.date(), Part::Afternoon),
        };
        let noon = day.at(12, 0, 0, 0).to_zoned_datetime(shanghai()).map_err(anyhow::Error::from)?.timestamp();
        let wanted = Wanted { days: vec![day.weekday().to_monday_one_offset()], parts: vec![part] };
        let act = |before: i64| self.community.act(self.community.cast.desk, noon - hours(before));
        let phone = ("教手机", 6, "手机上总有人打电话，想装反诈App");
        if let Some(need) = self.file(tx, &act(70), phone, wanted, Some(How::Told)).await?
            && let Some(call) = self.ask(tx, &act(44), &need).await?
        {
            self.answer(tx, noon - hours(40), &call, Answer::Accepted, "").await?;
        }
        Ok(())
    }
}
