//! 为民服务, rounds from door to door: whose doors volunteers see and when, and that what came of them is counted as it was noted.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;

use doorstep::access::{Reach, Role, Scope};
use doorstep::app::{App, handlers, router};
use doorstep::config::Config;
use doorstep::error::Error;
use doorstep::place::{self, Settler};
use doorstep::registry::Tag;
use doorstep::registry::enrol::{NewResident, enrol};
use doorstep::service::{self, Door, NewRound, Origin, Round, State};
use doorstep::volunteer::{Post, Span};
use doorstep::{audit, outbox, upkeep};
use jiff::SignedDuration;
use jiff::civil::{Date, date};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::stories::cast::{Estate, estate};
use crate::support::{Browser, TestApp};
use crate::volunteer::{at, team, volunteer};

struct Story {
    place: Estate,
    team: Uuid,
    people: Vec<(Uuid, String)>,
    staff: Browser,
}

const ROOMS: [&str; 6] = ["101", "102", "201", "202", "301", "1302"];

/// Saturday, 28 November 2026, at eight: six doors, in one of which somebody old lives alone, and three volunteers.
async fn set_up(app: &TestApp) -> Story {
    at(app, "2026-11-28T08:00:00+08:00");
    let place = estate(app).await;
    let act = app.act();
    let mut tx = app.db.begin().await.unwrap();
    let mut settler = Settler::default();
    for room in ROOMS {
        let parsed = codes::address::parse_room(room).unwrap();
        let dwelling = settler.settle(&mut tx, &act, "王府名苑小区", "3号楼", "2单元", &parsed).await.unwrap();
        if room == "201" {
            let name = codes::PersonName::parse("王桂香").unwrap();
            let mut new = NewResident::named(name.clone());
            new.tags = vec![(Tag::Disabled, "残疾证".to_owned())];
            enrol(&mut tx, &act, dwelling, &name, &new).await.unwrap();
        }
    }
    service::enter_usual_outcomes(&mut tx, &act).await.unwrap();
    service::enter_usual(&mut tx, &act).await.unwrap();
    tx.commit().await.unwrap();
    let team = team(app, "雷锋大妈志愿服务队", &[place.estate], &[]).await;
    let mut people = Vec::new();
    for name in ["甲一", "乙二", "丙三"] {
        people.push(volunteer(app, name, team, Post::Member).await);
    }
    Story { place, team, people, staff: app.person(Role::Staff).browser().await }
}

/// From eight to eleven.
pub fn morning(day: Date) -> Span {
    let eight = day.at(8, 0, 0, 0).to_zoned_datetime(calendar::shanghai()).unwrap().timestamp();
    Span { starts_at: eight, ends_at: eight + SignedDuration::from_hours(3) }
}

impl Story {
    fn of_origin(&self, origin: Origin, day: Date) -> NewRound {
        NewRound {
            estate: self.place.estate,
            building: None,
            origin,
            tag: (origin == Origin::Tag).then_some(Tag::Disabled),
            team: self.team,
            activity: None,
            title: "装反诈App、清院子".to_owned(),
            span: morning(day),
        }
    }

    async fn planned(&self, app: &TestApp, origin: Origin, day: Date) -> Uuid {
        let mut tx = app.db.begin().await.unwrap();
        let id = service::plan_round(&mut tx, &app.act(), &Scope::tenant(), self.of_origin(origin, day)).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    async fn building(&self, app: &TestApp, name: &str) -> Uuid {
        let mut tx = app.db.begin().await.unwrap();
        let room = codes::address::parse_room("101").unwrap();
        let dwelling =
            Settler::default().settle(&mut tx, &app.act(), "王府名苑小区", name, "1单元", &room).await.unwrap();
        let building = place::dwelling(&mut tx, app.home.tenant, dwelling).await.unwrap().building_id;
        tx.commit().await.unwrap();
        building
    }

    /// Needs at the doors of some rooms, for which nothing is asked of whoever goes.
    async fn wished(&self, app: &TestApp, rooms: &[&str]) -> Vec<Uuid> {
        let mut tx = app.db.begin().await.unwrap();
        let act = app.act();
        let kind = service::kinds(&mut tx, act.tenant)
            .await
            .unwrap()
            .into_iter()
            .find(|kind| kind.name == "松土施肥")
            .unwrap()
            .id;
        let mut needs = Vec::new();
        for room in rooms {
            let room = codes::address::parse_room(room).unwrap();
            let dwelling =
                Settler::default().settle(&mut tx, &act, "王府名苑小区", "3号楼", "2单元", &room).await.unwrap();
            let building = place::dwelling(&mut tx, act.tenant, dwelling).await.unwrap().building_id;
            let (particulars, wanted) = (service::Particulars::default(), service::Wanted::default());
            let new = service::NewNeed { kind, dwelling, building, particulars, wanted, keeps: None, shares: false };
            needs.push(service::file(&mut tx, &act, new).await.unwrap().id);
        }
        tx.commit().await.unwrap();
        needs
    }

    /// Dealt out among all three.
    async fn dealt(&self, app: &TestApp, id: Uuid) -> Vec<Door> {
        let people: Vec<Uuid> = self.people.iter().map(|(id, _)| *id).collect();
        let round = known(app, id).await;
        let mut tx = app.db.begin().await.unwrap();
        service::deal(&mut tx, &app.act(), &round, round.lock_version, &people).await.unwrap();
        tx.commit().await.unwrap();
        doors(app, id).await
    }
}

async fn known(app: &TestApp, id: Uuid) -> Round {
    service::round(&mut app.db.read().await.unwrap(), app.home.tenant, id).await.unwrap()
}

async fn doors(app: &TestApp, id: Uuid) -> Vec<Door> {
    service::doors(&mut app.db.read().await.unwrap(), app.home.tenant, id).await.unwrap()
}

async fn state(app: &TestApp, need: Uuid) -> State {
    service::need(&mut app.db.read().await.unwrap(), &app.act(), need).await.unwrap().state
}

/// The ids of what can come of a door, by name.
async fn outcomes(app: &TestApp) -> BTreeMap<String, String> {
    let known = service::outcomes(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap();
    known.into_iter().map(|outcome| (outcome.name.chars().take(3).collect(), outcome.id.to_string())).collect()
}

db_test! {
    async fn each_sees_their_own_doors_on_the_day_and_the_day_after(app: TestApp) {
        let story = set_up(&app).await;
        let id = story.planned(&app, Origin::Place, date(2026, 11, 28)).await;
        let dealt = story.dealt(&app, id).await;
        assert_eq!(dealt.len(), 6);
        let (first, own) = &story.people[0];
        let mine: Vec<&Door> = dealt.iter().filter(|door| door.volunteer_id == Some(*first)).collect();
        assert_eq!(mine.len(), 2, "six among three");
        let others = dealt.iter().find(|door| door.volunteer_id != Some(*first)).unwrap();
        let volunteer = app.browser();
        let page = volunteer.get(&format!("{own}/rounds")).await;
        page.assert_ok().assert_contains(&mine[0].words()).assert_lacks(&others.words()).assert_lacks("王桂香");
        story.staff.get("/today").await.assert_contains("入户").assert_contains("0/6 户");

        let outcome = outcomes(&app).await;
        let note = |door: &Door| format!("{own}/doors/{}/outcomes", door.id);
        let leaflets = format!("number_{}", outcome["留了宣"]);
        let both = [("outcome", outcome["装了反"].as_str()), ("outcome", outcome["留了宣"].as_str()), (leaflets.as_str(), "3")];
        volunteer.post(&note(mine[0]), &both).await.assert_ok().assert_contains("留了宣传册（电信诈骗、非法集资） 3 份");
        volunteer.post(&note(mine[0]), &[]).await.assert_status(409);
        let page = volunteer.get(&format!("{own}/rounds")).await;
        let noted = page.between_all("name=\"noted\" value=\"", "\"").find(|noted| !noted.is_empty()).unwrap().to_owned();
        page.assert_contains("max=\"999\" value=\"3\"");
        volunteer.post(&note(mine[0]), &[("noted", &noted)]).await.assert_status(422).assert_contains("至少选一样");
        // What was noted may stay when nothing new is noted as this any more, and its number with it.
        let leaflet: Uuid = outcome["留了宣"].parse().unwrap();
        let mut tx = app.db.begin().await.unwrap();
        service::end_outcome(&mut tx, &app.act(), leaflet, 1, true).await.unwrap();
        tx.commit().await.unwrap();
        at(&app, "2026-11-28T08:10:00+08:00");
        let again = [&both[..], &[("noted", noted.as_str())]].concat();
        volunteer.post(&note(mine[0]), &again).await.assert_ok().assert_contains(" 3 份").assert_contains("max=\"999\" value=\"3\"");
        let unnoted = [("outcome", outcome["留了宣"].as_str()), (leaflets.as_str(), "7")];
        volunteer.post(&note(mine[1]), &unnoted).await.assert_status(422);

        let clash = [("outcome", outcome["没人"].as_str()), ("outcome", outcome["装了反"].as_str())];
        volunteer.post(&note(mine[1]), &clash).await.assert_status(422).assert_contains("单独选").assert_contains(&format!("{}\" checked", outcome["没人"]));
        volunteer.post(&note(others), &both).await.assert_status(404);
        // A need and an issue are raised at the door.
        let page = volunteer.get(&format!("{own}/rounds")).await;
        let kind = page.between_all("<option value=\"0", "\"").next().map(|id| format!("0{id}")).unwrap();
        let raise = |what: &str| format!("{own}/doors/{}/{what}", mine[1].id);
        volunteer.post(&raise("needs"), &[("kind", &kind), ("words", "灶台要修")]).await.assert_ok().assert_contains("社区会安排");
        volunteer.post(&raise("needs"), &[("kind", &kind), ("words", "打 13800001234")]).await.assert_status(422).assert_contains("value=\"打 13800001234\"");
        story.staff.get("/services").await.assert_contains("志愿者上门时提出");
        volunteer.post(&raise("issues"), &[("category", "lighting"), ("description", "楼道灯不亮")]).await.assert_ok().assert_contains("编号");
        story.staff.get("/issues").await.assert_contains("公共照明");

        at(&app, "2026-11-29T20:00:00+08:00");
        volunteer.get(&format!("{own}/rounds")).await.assert_contains(&mine[0].words());
        volunteer.post(&note(mine[1]), &[("outcome", outcome["没人"].as_str())]).await.assert_ok();
        at(&app, "2026-11-30T08:00:00+08:00");
        volunteer.get(&format!("{own}/rounds")).await.assert_ok().assert_lacks(&mine[0].words());
        volunteer.post(&note(mine[1]), &both).await.assert_status(404);
        let staff = app.person(Role::Staff).browser().await;
        staff.get("/today").await.assert_contains("入户").assert_contains("2/6 户");
    }

    async fn what_came_of_doors_is_counted_as_it_was_noted(app: TestApp) {
        let story = set_up(&app).await;
        let outcome = outcomes(&app).await;
        let ids: Vec<Uuid> = outcome.values().map(|id| id.parse().unwrap()).collect();
        let known = service::outcomes(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap();
        // An account of our own, beside the program's: outcome → (doors, number).
        let mut recount: BTreeMap<String, (i64, i64)> = BTreeMap::new();
        for (day, moment) in [(date(2026, 11, 28), "2026-11-28T10:00:00+08:00"), (date(2026, 12, 5), "2026-12-05T10:00:00+08:00")] {
            let id = story.planned(&app, Origin::Place, day).await;
            at(&app, moment);
            for (number, door) in story.dealt(&app, id).await.iter().enumerate() {
                let usable: Vec<_> = known.iter().filter(|one| !one.alone && (one.id.as_u128() as usize + number).is_multiple_of(2)).collect();
                let came: Vec<(Uuid, i64)> = match usable.is_empty() {
                    true => vec![(known.iter().find(|one| one.alone).unwrap().id, 1)],
                    false => usable.iter().map(|one| (one.id, if one.counted { number as i64 + 1 } else { 1 })).collect(),
                };
                let mut tx = app.db.begin().await.unwrap();
                // Once wrong, and then right: what is noted again replaces it.
                service::note_door(&mut tx, &app.act(), (door.id, None), None, &[(ids[0], 1)]).await.unwrap();
                // Whoever has not seen that does not overwrite it.
                let unseen = service::note_door(&mut tx, &app.act(), (door.id, None), None, &came).await;
                assert!(matches!(unseen, Err(Error::Stale(_))));
                service::note_door(&mut tx, &app.act(), (door.id, Some(app.act().at)), door.volunteer_id, &came).await.unwrap();
                tx.commit().await.unwrap();
                if day == date(2026, 12, 5) {
                    for (id, number) in came {
                        let name = known.iter().find(|one| one.id == id).unwrap().name.clone();
                        let entry = recount.entry(name).or_default();
                        *entry = (entry.0 + 1, entry.1 + number);
                    }
                }
            }
        }
        let sums = async |from: &str, until: &str| {
            let mut tx = app.db.read().await.unwrap();
            let sums = service::sums(&mut tx, app.home.tenant, &Scope::tenant(), (from, until)).await.unwrap();
            sums.into_iter().map(|sum| (sum.name, (sum.doors, sum.number))).collect::<BTreeMap<_, _>>()
        };
        assert_eq!(sums("2026-12-01", "2026-12-31").await, recount);
        assert!(!recount.is_empty() && sums("2026-10-01", "2026-10-31").await.is_empty());
        let staff = app.person(Role::Staff).browser().await;
        let page = staff.get("/service-rounds?month=2026-12").await;
        for (name, (doors, _)) in &recount {
            page.assert_contains(&format!("{name} {doors} 户"));
        }
        // Who reaches another estate only counts nothing of this one.
        let mut tx = app.db.begin().await.unwrap();
        let other = place::create_estate(&mut tx, &app.act(), "水保所家属院", None, None).await.unwrap();
        tx.commit().await.unwrap();
        let branch = app.person(Role::BranchSecretary).reaching(Reach::Estate, other).browser().await;
        branch.get("/service-rounds?month=2026-12").await.assert_ok().assert_contains("还没有登记结果").assert_contains("还没有排过");
    }

    async fn staff_move_call_off_and_enter_from_paper(app: TestApp) {
        let story = set_up(&app).await;
        let (estate, team) = (story.place.estate.to_string(), story.team.to_string());
        story.staff.get("/service-rounds/new").await.assert_ok().assert_contains("登记的标签");
        let form = [("title", "清院子"), ("day", "2026-12-05"), ("from", "08:00"), ("until", "11:00"), ("team", &team), ("estate", &estate), ("origin", "place")];
        let made = story.staff.post("/service-rounds", &form).await;
        made.assert_ok().assert_contains("0/6 户有结果");
        let path = made.url.clone();
        let id: Uuid = path.rsplit('/').next().unwrap().parse().unwrap();
        let door = doors(&app, id).await[0].id;
        let outcome = outcomes(&app).await;
        let paper = format!("{path}/doors/{door}");
        let came = [("outcome", outcome["清了院"].as_str())];
        story.staff.post(&paper, &came).await.assert_status(422).assert_contains("还没有到这一天");
        let version = story.staff.get(&path).await.input("version");
        story.staff.post(&format!("{path}/day"), &[("version", &version), ("day", "2026-11-20"), ("from", "08:00"), ("until", "11:00")]).await.assert_status(422).assert_contains("已经过了");
        story.staff.post(&format!("{path}/day"), &[("version", &version), ("day", "2026-11-28"), ("from", "08:00"), ("until", "11:00")]).await.assert_ok().assert_contains("11月28日");
        story.staff.post(&format!("{path}/day"), &[("version", &version), ("day", "2026-11-29"), ("from", "08:00"), ("until", "11:00")]).await.assert_status(409);
        let version = story.staff.get(&path).await.input("version");
        story.staff.post(&format!("{path}/dealing"), &[("version", &version)]).await.assert_status(422).assert_contains("请勾选");
        story.staff.post(&paper, &came).await.assert_ok().assert_contains("清了院子");
        let version = story.staff.get(&path).await.input("version");
        let off = [("version", version.as_str()), ("why", "下大雨")];
        story.staff.post(&format!("{path}/cancellation"), &off).await.assert_status(422).assert_contains("不能再取消");
        let second = format!("/service-rounds/{}", story.planned(&app, Origin::Place, date(2026, 12, 5)).await);
        let version = story.staff.get(&second).await.input("version");
        let off = [("version", version.as_str()), ("why", "下大雨")];
        story.staff.post(&format!("{second}/cancellation"), &off).await.assert_ok().assert_contains("取消了：下大雨");
        // Another community, and a branch that does not read residents.
        let far = app.community("141102004998", "凤山社区").await;
        let foreign = app.person(Role::Staff).of_community(&far).browser().await;
        foreign.get(&path).await.assert_status(404);
        let branch = app.person(Role::BranchSecretary).reaching(Reach::Estate, story.place.estate).browser().await;
        branch.get("/service-rounds/new").await.assert_ok().assert_lacks("登记的标签");
        let tagged = [&form[..4], &[("origin", "tag"), ("tag", "disabled")]].concat();
        branch.post("/service-rounds", &tagged).await.assert_status(422);
        branch.post("/service-outcomes", &[("name", "修水管")]).await.assert_status(422);
    }

    async fn a_list_made_from_a_tag_is_not_kept_and_shows_nobody_why(app: TestApp) {
        let story = set_up(&app).await;
        let id = story.planned(&app, Origin::Tag, date(2026, 11, 28)).await;
        let dealt = story.dealt(&app, id).await;
        assert_eq!(dealt.iter().map(Door::words).collect::<Vec<_>>(), ["3号楼 2单元 201"]);
        let (person, own) = story.people.iter().find(|(id, _)| dealt[0].volunteer_id == Some(*id)).unwrap();
        app.browser().get(&format!("{own}/rounds")).await.assert_contains("201").assert_lacks("残疾").assert_lacks("标签");
        story.staff.get(&format!("/service-rounds/{id}")).await.assert_contains("残疾人");
        let none = NewRound { tag: Some(Tag::Veteran), ..story.of_origin(Origin::Tag, date(2026, 11, 28)) };
        let mut tx = app.db.begin().await.unwrap();
        let refused = service::plan_round(&mut tx, &app.act(), &Scope::tenant(), none).await;
        assert!(matches!(refused, Err(Error::Refused(_))));
        drop(tx);
        let outcome = service::outcomes(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap().remove(0);
        let mut tx = app.db.begin().await.unwrap();
        service::note_door(&mut tx, &app.act(), (dealt[0].id, None), Some(*person), &[(outcome.id, 1)]).await.unwrap();
        tx.commit().await.unwrap();
        at(&app, "2026-12-28T09:00:00+08:00");
        upkeep::once(&app.app).await.unwrap();
        assert!(known(&app, id).await.forgotten_at.is_none());
        at(&app, "2026-12-30T09:00:00+08:00");
        upkeep::once(&app.app).await.unwrap();
        let round = known(&app, id).await;
        assert!(round.forgotten_at.is_some() && round.tag.is_none());
        let left = doors(&app, id).await;
        assert!(left.iter().all(|door| door.dwelling_id.is_none() && door.volunteer_id.is_none()));
        let came = service::of_round(&mut app.db.read().await.unwrap(), app.home.tenant, id).await.unwrap();
        assert_eq!(came.len(), 1, "what came of it stays as a number");
        while outbox::work(&app.app, &handlers()).await.unwrap() > 0 {}
        let verdict = audit::verify(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap();
        assert_eq!(verdict.broken, None);
    }

    async fn a_need_on_a_round_is_matched_and_waits_again_where_nobody_was(app: TestApp) {
        let story = set_up(&app).await;
        let wished = story.wished(&app, &["101", "102", "102", "201"]).await;
        let other = story.building(&app, "5号楼").await;
        let mut tx = app.db.begin().await.unwrap();
        let elsewhere = NewRound { building: Some(other), ..story.of_origin(Origin::Needs, date(2026, 11, 28)) };
        assert!(matches!(service::plan_round(&mut tx, &app.act(), &Scope::tenant(), elsewhere).await, Err(Error::Refused(_))));
        drop(tx);
        let id = story.planned(&app, Origin::Needs, date(2026, 11, 28)).await;
        assert_eq!(doors(&app, id).await.len(), 3, "two needs at one door");
        // Which of the two waits on is all the same.
        let (first, left) = match state(&app, wished[1]).await {
            State::Matched => (wished[1], wished[2]),
            _ => (wished[2], wished[1]),
        };
        let rooms = [wished[0], first, wished[3]];
        for need in rooms {
            assert_eq!(state(&app, need).await, State::Matched);
        }
        assert_eq!(state(&app, left).await, State::Open);
        let dealt = story.dealt(&app, id).await;
        let all = service::outcomes(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap();
        let (nobody, did) = (all.iter().find(|one| one.alone).unwrap().id, all.iter().find(|one| !one.alone && !one.counted).unwrap().id);
        for (need, outcome, after) in [(rooms[0], nobody, State::Open), (rooms[1], did, State::Matched)] {
            let door = dealt.iter().find(|door| door.need_id == Some(need)).unwrap();
            let mut tx = app.db.begin().await.unwrap();
            service::note_door(&mut tx, &app.act(), (door.id, None), door.volunteer_id, &[(outcome, 1)]).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(state(&app, need).await, after);
        }
        story.staff.get("/today").await.assert_contains("问办好没");
        // Whoever takes it back is not gone to.
        let mut tx = app.db.begin().await.unwrap();
        let need = service::need(&mut tx, &app.act(), rooms[2]).await.unwrap();
        service::withdraw(&mut tx, &app.act(), &need).await.unwrap();
        tx.commit().await.unwrap();
        assert!(doors(&app, id).await.iter().all(|door| door.need_id != Some(rooms[2]) && door.kind_name.as_deref() != Some("修灯")));
        assert_eq!(doors(&app, id).await.len(), 2);
        // A round that is called off lets them go.
        let second = story.planned(&app, Origin::Needs, date(2026, 12, 5)).await;
        assert_eq!(state(&app, left).await, State::Matched);
        let round = known(&app, second).await;
        let mut tx = app.db.begin().await.unwrap();
        service::cancel_round(&mut tx, &app.act(), &round, round.lock_version, "下大雨").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(state(&app, left).await, State::Open);
    }

    /// Of two rounds that have the same need on their list one after the other, what is put right on the first changes nothing of the second.
    async fn a_need_to_which_another_round_goes_is_not_open(app: TestApp) {
        let story = set_up(&app).await;
        let wished = story.wished(&app, &["101"]).await;
        let first = story.planned(&app, Origin::Needs, date(2026, 11, 28)).await;
        let door = story.dealt(&app, first).await.remove(0);
        let all = service::outcomes(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap();
        let of = |name: &str| all.iter().find(|one| one.name == name).unwrap().id;
        let note = async |name: &str| {
            let mut tx = app.db.begin().await.unwrap();
            let seen = service::doors(&mut tx, app.home.tenant, first).await.unwrap().remove(0).noted_at;
            service::note_door(&mut tx, &app.act(), (door.id, seen), door.volunteer_id, &[(of(name), 1)]).await.unwrap();
            tx.commit().await.unwrap();
        };
        // Nobody was there: somebody has to go again. Nothing was wanted: staff ask whether that is so.
        note("没人").await;
        assert_eq!(state(&app, wished[0]).await, State::Open);
        note("不需要").await;
        assert_eq!(state(&app, wished[0]).await, State::Matched);
        note("没人").await;
        let second = story.planned(&app, Origin::Needs, date(2026, 12, 5)).await;
        assert_eq!(state(&app, wished[0]).await, State::Matched);
        note("没人").await;
        assert_eq!(state(&app, wished[0]).await, State::Matched, "the second round goes there");
        let round = known(&app, second).await;
        let mut tx = app.db.begin().await.unwrap();
        service::cancel_round(&mut tx, &app.act(), &round, round.lock_version, "下大雨").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(state(&app, wished[0]).await, State::Open);
    }

    async fn whoever_goes_from_door_to_door_is_nowhere_else(app: TestApp) {
        let story = set_up(&app).await;
        let saturday = date(2026, 12, 5);
        let first = story.planned(&app, Origin::Place, saturday).await;
        story.dealt(&app, first).await;
        let second = story.planned(&app, Origin::Place, saturday).await;
        let deal = async |id: Uuid, person: Uuid| {
            let round = known(&app, id).await;
            let mut tx = app.db.begin().await.unwrap();
            let done = service::deal(&mut tx, &app.act(), &round, round.lock_version, &[person]).await;
            tx.commit().await.unwrap();
            done
        };
        let (person, own) = &story.people[0];
        let refused = deal(second, *person).await;
        assert!(matches!(&refused, Err(Error::Refused(why)) if why.contains("同一时间已经有“装反诈App、清院子”")), "{refused:?}");
        // Nobody leaves who is to go.
        app.browser().post(&format!("{own}/departure"), &[("sure", "yes")]).await.assert_status(422).assert_contains("还有“装反诈App、清院子”没有去");
        // Put off into the time of another round it takes nobody along.
        let third = story.planned(&app, Origin::Place, date(2026, 12, 12)).await;
        deal(third, *person).await.unwrap();
        let seen = known(&app, third).await;
        let mut tx = app.db.begin().await.unwrap();
        let moved = service::move_round(&mut tx, &app.act(), &seen, seen.lock_version, morning(saturday)).await;
        assert!(matches!(moved, Err(Error::Refused(_))), "{moved:?}");
        drop(tx);
        // Dealt anew, or called off, it lets them go.
        deal(first, story.people[1].0).await.unwrap();
        deal(second, *person).await.unwrap();
        for id in [second, third] {
            let round = known(&app, id).await;
            let mut tx = app.db.begin().await.unwrap();
            service::cancel_round(&mut tx, &app.act(), &round, round.lock_version, "下大雨").await.unwrap();
            tx.commit().await.unwrap();
        }
        app.browser().post(&format!("{own}/departure"), &[("sure", "yes")]).await.assert_ok();
    }

    async fn nobody_is_dealt_a_door_to_which_they_may_not_go(app: TestApp) {
        let story = set_up(&app).await;
        story.wished(&app, &["101"]).await;
        let mut tx = app.db.begin().await.unwrap();
        let act = app.act();
        let kind = service::kinds(&mut tx, act.tenant).await.unwrap().into_iter().find(|kind| kind.name == "松土施肥").unwrap();
        let sketch = service::KindSketch { risk: doorstep::volunteer::Risk::High, ..kind.sketch() };
        service::change_kind(&mut tx, &act, &kind, kind.version, &sketch).await.unwrap();
        tx.commit().await.unwrap();
        let id = story.planned(&app, Origin::Needs, date(2026, 11, 28)).await;
        let people: Vec<Uuid> = story.people.iter().map(|(id, _)| *id).collect();
        let round = known(&app, id).await;
        let mut tx = app.db.begin().await.unwrap();
        let refused = service::deal(&mut tx, &act, &round, round.lock_version, &people).await;
        assert!(matches!(&refused, Err(Error::Refused(why)) if why.contains("不能去")), "{refused:?}");
        drop(tx);
        // No door at all for somebody too young.
        let young = story.people[0].0;
        let mut tx = app.db.begin().await.unwrap();
        let card = doorstep::volunteer::card(&mut tx, &act, young).await.unwrap();
        let (name, relation, phone) = ("高建国".to_owned(), "父亲".to_owned(), "13800002222".to_owned());
        let guardian = doorstep::volunteer::Guardian { name, relation, phone };
        doorstep::volunteer::guardian_agrees(&mut tx, &act, &card, guardian, date(2026, 11, 1)).await.unwrap();
        let card = doorstep::volunteer::card(&mut tx, &act, young).await.unwrap();
        let mut now = card.clone();
        now.values.insert(doorstep::volunteer::Field::Birth, "2008-12-30".to_owned());
        doorstep::volunteer::change(&mut tx, &act, &card, &now, "").await.unwrap();
        tx.commit().await.unwrap();
        let id = story.planned(&app, Origin::Place, date(2026, 11, 28)).await;
        let round = known(&app, id).await;
        let mut tx = app.db.begin().await.unwrap();
        let refused = service::deal(&mut tx, &act, &round, round.lock_version, &[young]).await;
        assert!(matches!(&refused, Err(Error::Refused(why)) if why.contains("不能上门")), "{refused:?}");
    }

    /// They go together, from one telephone's network.
    async fn a_round_is_noted_from_one_address(app: TestApp) {
        let story = set_up(&app).await;
        let id = story.planned(&app, Origin::Place, date(2026, 11, 28)).await;
        let dealt = story.dealt(&app, id).await;
        let config = Config { public_posts_per_hour: NonZeroU32::MIN, ..(*app.app.config).clone() };
        let service = router(App::new(app.db.clone(), app.means.clone(), config)).into_make_service_with_connect_info::<SocketAddr>();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let phone = Browser::new(&format!("http://{}", listener.local_addr().unwrap()));
        tokio::spawn(async move { axum::serve(listener, service).await });
        let outcome = outcomes(&app).await;
        for door in &dealt {
            let own = &story.people.iter().find(|(id, _)| door.volunteer_id == Some(*id)).unwrap().1;
            phone.get(&format!("{own}/rounds")).await.assert_ok();
            phone.post(&format!("{own}/doors/{}/outcomes", door.id), &[("outcome", outcome["没人"].as_str())]).await.assert_ok();
        }
    }

    async fn what_was_noted_meanwhile_stops_moving_and_calling_off(app: TestApp) {
        let story = set_up(&app).await;
        let id = story.planned(&app, Origin::Place, date(2026, 11, 28)).await;
        let dealt = story.dealt(&app, id).await;
        let seen = known(&app, id).await;
        let outcome = service::outcomes(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap().remove(0);
        let mut tx = app.db.begin().await.unwrap();
        service::note_door(&mut tx, &app.act(), (dealt[0].id, None), dealt[0].volunteer_id, &[(outcome.id, 1)]).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = app.db.begin().await.unwrap();
        let moved = service::move_round(&mut tx, &app.act(), &seen, seen.lock_version, morning(date(2026, 12, 5))).await;
        assert!(matches!(moved, Err(Error::Refused(_))));
        drop(tx);
        let mut tx = app.db.begin().await.unwrap();
        assert!(matches!(service::cancel_round(&mut tx, &app.act(), &seen, seen.lock_version, "下大雨").await, Err(Error::Refused(_))));
    }
}
