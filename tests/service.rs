//! 为民服务, the needs of residents: who reads and takes down what, who is suggested and why, and that nobody is booked twice.

use db::{record, statements};
use doorstep::access::{Reach, Role};
use doorstep::app::handlers;
use doorstep::error::Error;
use doorstep::place::{self, Settler};
use doorstep::registry::enrol::{NewResident, enrol};
use doorstep::registry::erasure;
use doorstep::service::{self, How, KindSketch, Need, NewNeed, Particulars, State, Suggestion, Wanted, Whom};
use doorstep::volunteer::{self, Field, NewVolunteer, Post, Risk, Target, Values, Way};
use doorstep::{audit, outbox, upkeep};
use futures_util::future::join_all;
use jiff::civil::date;
use uuid::Uuid;

use crate::stories::cast::{Estate, estate};
use crate::support::{Browser, Page, TestApp};
use crate::volunteer::{at, team};
use crate::volunteer_activity::{plan, planned, sign_up};

struct Story {
    place: Estate,
    building: Uuid,
    dwelling: Uuid,
    /// 量血压, which asks for a skill; 修灯, which is dangerous.
    pressure: Uuid,
    lamps: Uuid,
    staff: Browser,
}

fn sketch(name: &str, skill: &str, risk: Risk) -> KindSketch {
    KindSketch {
        name: name.to_owned(),
        skill: skill.to_owned(),
        qualification: String::new(),
        target: Some(Target::Elderly),
        risk,
        insured: false,
        ended: false,
    }
}

/// Friday, 27 November 2026, in the morning.
async fn set_up(app: &TestApp) -> Story {
    at(app, "2026-11-27T09:00:00+08:00");
    let place = estate(app).await;
    let mut tx = app.db.begin().await.unwrap();
    let act = app.act();
    let building = place::buildings(&mut tx, act.tenant, place.estate).await.unwrap().remove(0).id;
    let room = codes::address::parse_room("1302").unwrap();
    let dwelling = Settler::default().settle(&mut tx, &act, "王府名苑小区", "3号楼", "2单元", &room).await.unwrap();
    let pressure = service::add_kind(&mut tx, &act, None, &sketch("量血压", "血压", Risk::Low)).await.unwrap();
    let lamps = service::add_kind(&mut tx, &act, None, &sketch("修灯", "", Risk::High)).await.unwrap();
    tx.commit().await.unwrap();
    let staff = app.person(Role::Staff).browser().await;
    Story { place, building, dwelling, pressure, lamps, staff }
}

impl Story {
    fn wish(&self, kind: Uuid, days: &str) -> NewNeed {
        let particulars = Particulars { words: "一个人住，想量量".to_owned(), ..Particulars::default() };
        let wanted = Wanted::read(days, "morning");
        let (dwelling, building) = (self.dwelling, self.building);
        NewNeed { kind, dwelling, building, particulars, wanted, keeps: None, shares: false }
    }

    async fn need(&self, app: &TestApp, kind: Uuid, days: &str) -> Need {
        let mut tx = app.db.begin().await.unwrap();
        let need = service::file(&mut tx, &app.act(), self.wish(kind, days)).await.unwrap();
        tx.commit().await.unwrap();
        need
    }

    fn form<'a>(&self, fields: &[(&'a str, &'a str)], building: &'a str, kind: &'a str) -> Vec<(&'a str, &'a str)> {
        [&[("kind", kind), ("building", building), ("unit", "2"), ("room", "1302")], fields].concat()
    }
}

/// Somebody on the roll of a team, with what they have written.
pub async fn helper(app: &TestApp, team: Uuid, name: &str, fields: &[(Field, &str)]) -> (Uuid, String) {
    let act = app.act();
    let usual = [(Field::Name, name), (Field::Sex, "1"), (Field::Birth, "1990-03-07"), (Field::Phone, "13800001234")];
    let values: Values = usual.iter().chain(fields).map(|(field, value)| (*field, (*value).to_owned())).collect();
    let new = NewVolunteer { way: Way::Applied, values, team: None, estate: None, recommender: None, guardian: None };
    let mut tx = app.db.begin().await.unwrap();
    let card = volunteer::apply(&mut tx, &act, new).await.unwrap();
    volunteer::confirm(&mut tx, &act, &card).await.unwrap();
    volunteer::join(&mut tx, &act, team, card.id, Post::Member, Way::Applied, date(2026, 11, 1)).await.unwrap();
    // An application does not ask for everything; the community enters the rest.
    let card = volunteer::card(&mut tx, &act, card.id).await.unwrap();
    let mut now = card.clone();
    now.values.extend(fields.iter().map(|(field, value)| (*field, (*value).to_owned())));
    volunteer::change(&mut tx, &act, &card, &now, "").await.unwrap();
    tx.commit().await.unwrap();
    (card.id, format!("/volunteering/{}", card.link(act.tenant, &app.means.keys)))
}

async fn suggested(app: &TestApp, need: &Need) -> Vec<Suggestion> {
    let scope = doorstep::access::Scope::tenant();
    service::suggestions(&mut app.db.read().await.unwrap(), &app.act(), &scope, need).await.unwrap()
}

async fn known(app: &TestApp, id: Uuid) -> Need {
    service::need(&mut app.db.read().await.unwrap(), &app.act(), id).await.unwrap()
}

async fn accept(app: &TestApp, need: &Need, key: &str) -> Result<service::Call, Error> {
    let mut tx = app.db.begin().await.unwrap();
    let scope = doorstep::access::Scope::tenant();
    let call = service::accept(&mut tx, &app.act(), &scope, need, need.version, key).await?;
    tx.commit().await.unwrap();
    Ok(call)
}

statements! {
    CONTACTS = "SELECT COUNT(*) AS many FROM field_histories WHERE tenant_id = $1 AND subject_id = $2 AND field = 'contact'";
}

record! {
    struct Counted { many: i64 }
}

/// How often the history of a need has a name or a phone.
async fn contacts(app: &TestApp, need: Uuid) -> i64 {
    let mut tx = app.db.read().await.unwrap();
    tx.one::<Counted>(CONTACTS.bind(app.home.tenant).bind(need)).await.unwrap().many
}

fn id_of(page: &Page) -> String {
    page.url.rsplit('/').next().unwrap().to_owned()
}

db_test! {
    async fn a_resident_asks_on_the_board_and_takes_it_back(app: TestApp) {
        let story = set_up(&app).await;
        let (building, kind) = (story.building.to_string(), story.pressure.to_string());
        let board = format!("/board/{}/services", app.home.code);
        let resident = app.browser();
        resident.get(&format!("/board/{}", app.home.code)).await.assert_contains(&board);
        resident.get(&board).await.assert_ok().assert_contains("量血压");
        resident.get(&format!("{board}/new")).await.assert_ok().assert_contains("不同意，就什么也不记").assert_contains("180 天");
        let said = [("words", "老伴想量血压"), ("name", "王桂香"), ("phone", "13800001234"), ("day", "6"), ("part", "morning")];
        let refused = resident.post(&board, &story.form(&said, &building, &kind)).await;
        refused.assert_status(422).assert_contains("同意了才能登记").assert_contains("老伴想量血压");
        story.staff.get("/services").await.assert_lacks("1302");
        let agreed = [&said[..], &[("keeps", "yes"), ("shares", "yes")]].concat();
        let wrong = story.form(&agreed, &building, &kind).iter().map(|(n, v)| (*n, if *n == "room" { "9909" } else { v })).collect::<Vec<_>>();
        resident.post(&board, &wrong).await.assert_status(422).assert_contains("没有登记这个门牌");
        let own = resident.post(&board, &story.form(&agreed, &building, &kind)).await;
        own.assert_ok().assert_contains("收到了").assert_contains("138****1234").assert_lacks("13800001234");

        // Staff read it masked, and in full for a reason.
        let list = story.staff.get("/services").await;
        list.assert_contains("量血压").assert_contains("居民在公示栏提出").assert_contains("周六 上午").assert_lacks("王桂香");
        let path = list.link("/services/0");
        let shown = story.staff.get(&path).await;
        shown.assert_contains("记下姓名和电话").assert_contains("告诉上门的志愿者").assert_contains("本人在公示栏上点的").assert_lacks("王桂香");
        story.staff.post(&format!("{path}/reveals"), &[("reason", "约上门时间")]).await.assert_ok().assert_contains("王桂香 13800001234");
        story.staff.get("/today").await.assert_contains("派人上门").assert_contains("1302").assert_lacks("王桂香");

        // A door asks only so often a day.
        for _ in 0..2 {
            resident.post(&board, &story.form(&agreed, &building, &kind)).await.assert_ok();
        }
        resident.post(&board, &story.form(&agreed, &building, &kind)).await.assert_status(422).assert_contains("已经够多了");

        let link = own.url.clone();
        resident.get(&link).await.assert_contains("老伴想量血压");
        resident.post(&format!("{link}/withdrawal"), &[]).await.assert_ok().assert_contains("都删掉了").assert_lacks("老伴");
        story.staff.get(&path).await.assert_contains("撤回").assert_contains("不需要了").assert_lacks("老伴").assert_lacks("1302").assert_lacks("周六");
        resident.get(&link).await.assert_lacks("1302");
        resident.get("/needs/x").await.assert_status(404);
        let verdict = audit::verify(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap();
        assert_eq!(verdict.broken, None);
    }

    async fn a_grid_worker_takes_down_what_is_in_their_grid_and_sees_no_other(app: TestApp) {
        let story = set_up(&app).await;
        let mut tx = app.db.begin().await.unwrap();
        let other = place::create_grid(&mut tx, &app.act(), "141102004999002", "第二网格").await.unwrap();
        tx.commit().await.unwrap();
        let worker = app.person(Role::GridWorker).reaching(Reach::Grid, story.place.grid).browser().await;
        let stranger = app.person(Role::GridWorker).reaching(Reach::Grid, other).browser().await;
        let (building, kind) = (story.building.to_string(), story.pressure.to_string());
        let filed = worker.post("/services", &story.form(&[("words", "量血压")], &building, &kind)).await;
        filed.assert_ok().assert_contains("网格员登记").assert_lacks("可以派谁去");
        let id = id_of(&filed);
        stranger.get("/services").await.assert_ok().assert_lacks("1302");
        stranger.get(&format!("/services/{id}")).await.assert_status(404);
        stranger.get("/services/new").await.assert_lacks(&building);
        stranger.post("/services", &story.form(&[], &building, &kind)).await.assert_status(422).assert_contains("请选择哪栋楼");
        worker.get("/service-kinds").await.assert_status(403);
        let named = [("name", "王桂香"), ("phone", "13800001234")];
        worker.post("/services", &story.form(&named, &building, &kind)).await.assert_status(422).assert_contains("本人同意了才能记");

        // It is put right from the version that somebody saw.
        let edit = worker.get(&format!("/services/{id}/particulars")).await;
        let version = edit.assert_ok().input("version");
        let form = [("version", version.as_str()), ("kind", kind.as_str()), ("words", "量血压，耳朵背"), ("day", "6")];
        worker.post(&format!("/services/{id}/particulars"), &form).await.assert_ok().assert_contains("耳朵背").assert_contains("周六");
        worker.post(&format!("/services/{id}/particulars"), &form).await.assert_status(409);
        // Another community has none of it.
        let far = app.community("141102004998", "凤山社区").await;
        let foreign = app.person(Role::Staff).of_community(&far).browser().await;
        foreign.get(&format!("/services/{id}")).await.assert_status(404);
        foreign.get("/services").await.assert_lacks("1302");
        foreign.get("/service-kinds").await.assert_lacks("量血压");
    }

    async fn whoever_can_is_free_and_may_is_suggested_and_why(app: TestApp) {
        let story = set_up(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[story.place.estate], &[Target::Elderly]).await;
        let (nurse, own) = helper(&app, team, "秦护士", &[(Field::Skills, "量血压、护理"), (Field::Available, "周六上午")]).await;
        let (other, _) = helper(&app, team, "韩没空", &[(Field::Skills, "量血压"), (Field::Available, "周一晚上")]).await;
        helper(&app, team, "赵不会", &[(Field::Skills, "修水管"), (Field::Available, "周六上午")]).await;
        let (vague, _) = helper(&app, team, "钱没写", &[(Field::Skills, "血压")]).await;
        let need = story.need(&app, story.pressure, "6").await;
        let found = suggested(&app, &need).await;
        let whom: Vec<Whom> = found.iter().map(|one| one.whom).collect();
        assert_eq!(whom, [Whom::Volunteer(nurse), Whom::Volunteer(vague)]);
        assert!(found[0].reason.contains("会血压") && found[0].reason.contains("周六上午有空") && found[0].reason.contains("近期没有派过"), "{}", found[0].reason);
        assert!(found[1].reason.contains("没写什么时候有空"), "{}", found[1].reason);
        assert_eq!(found[0].span.day(), date(2026, 11, 28));

        // An activity of a team that serves such people there, at a time that suits.
        let mut there = plan("2026-12-05T08:00:00+08:00", 6);
        there.estate = Some(story.place.estate);
        there.least_age = 18;
        let saturday = planned(&app, team, &there).await;
        assert!(!suggested(&app, &need).await.iter().any(Suggestion::is_activity), "nobody comes yet");
        sign_up(&app, saturday, other).await.unwrap();
        planned(&app, team, &plan("2026-12-04T08:00:00+08:00", 6)).await;
        let found = suggested(&app, &need).await;
        assert_eq!(found[0].whom, Whom::Activity(saturday));
        assert!(found[0].reason.contains("服务老年人") && found[0].reason.contains("王府名苑小区"), "{}", found[0].reason);
        assert_eq!(found.iter().filter(|one| one.is_activity()).count(), 1);

        // Whoever has an activity at that time goes another Saturday.
        let busy = planned(&app, team, &plan("2026-11-28T08:00:00+08:00", 6)).await;
        sign_up(&app, busy, nurse).await.unwrap();
        let found = suggested(&app, &need).await;
        let nurses = found.iter().find(|one| one.whom == Whom::Volunteer(nurse)).unwrap();
        assert_eq!(nurses.span.day(), date(2026, 12, 5));

        // They are asked, answer on their own page, and cannot sign up for anything else meanwhile.
        let path = format!("/services/{}", need.id);
        let page = story.staff.get(&path).await;
        page.assert_contains("秦护士").assert_contains("就这样派");
        let (key, version) = (nurses.key(), page.input("version"));
        story.staff.post(&format!("{path}/calls"), &[("version", &version), ("suggestion", "v.x")]).await.assert_status(422).assert_contains("不合适了");
        story.staff.post(&format!("{path}/calls"), &[("version", &version), ("suggestion", &key)]).await.assert_ok().assert_contains("派给了秦护士");
        assert!(matches!(sign_up(&app, saturday, nurse).await, Err(Error::Refused(why)) if why.contains("要上门")));
        let volunteer = app.browser();
        volunteer.get(&own).await.assert_contains("/calls");
        let calls = format!("{own}/calls");
        let page = volunteer.get(&calls).await;
        page.assert_ok().assert_contains("量血压").assert_contains("1302").assert_lacks("一个人住");
        let call = page.between_all("/calls/", "/answer").next().unwrap().to_owned();
        let answer = format!("{calls}/{call}/answer");
        volunteer.post(&answer, &[("answer", "done")]).await.assert_status(422);
        volunteer.post(&answer, &[("answer", "declined"), ("words", "")]).await.assert_status(422);
        volunteer.post(&answer, &[("answer", "declined"), ("words", "家里有事")]).await.assert_ok().assert_contains("另外派人");
        story.staff.get(&path).await.assert_contains("等安排").assert_contains("家里有事");
        // Free again, and asked once more.
        let need = known(&app, need.id).await;
        let found = suggested(&app, &need).await;
        let again = found.iter().find(|one| one.whom == Whom::Volunteer(nurse)).unwrap().key();
        let call = accept(&app, &need, &again).await.unwrap();
        let answer = format!("{calls}/{}/answer", call.id);
        volunteer.post(&answer, &[("answer", "accepted")]).await.assert_ok().assert_contains("答应了");
        volunteer.post(&answer, &[("answer", "done")]).await.assert_status(422).assert_contains("还没有到时间");
        app.browser().post(&format!("{calls}x/{}/answer", call.id), &[("answer", "accepted")]).await.assert_status(404);
        at(&app, "2026-12-05T10:30:00+08:00");
        volunteer.post(&answer, &[("answer", "done"), ("words", "量了，正常")]).await.assert_ok().assert_contains("辛苦了");
        let staff = app.person(Role::Staff).browser().await;
        staff.get("/today").await.assert_contains("问办好没");
        let version = staff.get(&path).await.input("version");
        staff.post(&format!("{path}/end"), &[("version", &version), ("outcome", "unmet")]).await.assert_status(422).assert_contains("原因");
        staff.post(&format!("{path}/end"), &[("version", &version), ("outcome", "met")]).await.assert_ok().assert_contains("办好了");
        let need = known(&app, need.id).await;
        assert_eq!((need.state, need.met), (State::Done, Some(true)));
        let verdict = audit::verify(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap();
        assert_eq!(verdict.broken, None);
    }

    async fn nobody_goes_into_danger_uninsured(app: TestApp) {
        let story = set_up(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[story.place.estate], &[Target::Elderly]).await;
        helper(&app, team, "没保险", &[(Field::Available, "每天")]).await;
        let need = story.need(&app, story.lamps, "").await;
        assert!(suggested(&app, &need).await.is_empty());
        let (insured, _) = helper(&app, team, "有保险", &[(Field::Available, "每天"), (Field::Insurance, "PICC-1"), (Field::InsuredUntil, "2099-12-31")]).await;
        let found = suggested(&app, &need).await;
        assert_eq!(found.iter().map(|one| one.whom).collect::<Vec<_>>(), [Whom::Volunteer(insured)]);
        assert!(found[0].reason.contains("有保险"));
        let key = found[0].key();

        // The kind asks for more by then: what it asks now counts, and the need keeps the words that it was taken down with.
        let mut tx = app.db.begin().await.unwrap();
        let kind = service::kinds(&mut tx, app.home.tenant).await.unwrap().into_iter().find(|kind| kind.id == story.lamps).unwrap();
        let stricter = KindSketch { name: "高处修灯".to_owned(), qualification: "电工".to_owned(), ..kind.sketch() };
        service::change_kind(&mut tx, &app.act(), &kind, 1, &stricter).await.unwrap();
        assert!(matches!(service::change_kind(&mut tx, &app.act(), &kind, 1, &stricter).await, Err(Error::Stale(_))));
        tx.commit().await.unwrap();
        assert!(matches!(accept(&app, &need, &key).await, Err(Error::Refused(_))));
        assert_eq!(known(&app, need.id).await.kind_name, "修灯");
        let page = story.staff.get(&format!("/service-kinds/{}", story.lamps)).await;
        page.assert_ok().assert_contains("第 2 版 高处修灯").assert_contains("第 1 版 修灯");
        // A branch does not change what the whole community offers, but has kinds of its own.
        let branch = app.person(Role::BranchSecretary).reaching(Reach::Estate, story.place.estate).browser().await;
        branch.get(&format!("/service-kinds/{}", story.lamps)).await.assert_status(404);
        branch.post("/service-kinds", &[("name", "扫雪")]).await.assert_status(422).assert_contains("请选择小区");
        let own = story.place.estate.to_string();
        branch.post("/service-kinds", &[("name", "扫雪"), ("estate", &own)]).await.assert_ok().assert_contains("扫雪");
        branch.post("/service-kinds/usual", &[]).await.assert_status(422);
    }

    async fn of_two_who_assign_at_once_one_succeeds(app: TestApp) {
        let story = set_up(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[story.place.estate], &[]).await;
        let (nurse, _) = helper(&app, team, "秦护士", &[(Field::Skills, "量血压"), (Field::Available, "周六上午")]).await;
        // The same need twice, and the same volunteer at the same time for two needs.
        let first = story.need(&app, story.pressure, "6").await;
        let key = suggested(&app, &first).await[0].key();
        let tries = (0..2).map(|_| {
            let (db, act, need, key) = (app.db.clone(), app.act(), first.clone(), key.clone());
            tokio::spawn(async move {
                let mut tx = db.begin().await.unwrap();
                let scope = doorstep::access::Scope::tenant();
                let call = service::accept(&mut tx, &act, &scope, &need, need.version, &key).await?;
                tx.commit().await.unwrap();
                Ok::<_, Error>(call.volunteer_id)
            })
        });
        let answers: Vec<_> = join_all(tries.collect::<Vec<_>>()).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers.iter().filter(|answer| matches!(answer, Ok(Some(id)) if *id == nurse)).count(), 1);
        assert_eq!(answers.iter().filter(|answer| matches!(answer, Err(Error::Stale(_)))).count(), 1);
        let (second, third) = (story.need(&app, story.pressure, "6").await, story.need(&app, story.pressure, "6").await);
        let key = suggested(&app, &second).await[0].key();
        assert_eq!(key, suggested(&app, &third).await[0].key(), "another Saturday for either");
        let tries = [second, third].map(|need| {
            let (db, act, key) = (app.db.clone(), app.act(), key.clone());
            tokio::spawn(async move {
                let mut tx = db.begin().await.unwrap();
                let scope = doorstep::access::Scope::tenant();
                service::accept(&mut tx, &act, &scope, &need, need.version, &key).await?;
                tx.commit().await.unwrap();
                Ok::<_, Error>(())
            })
        });
        let answers: Vec<_> = join_all(tries).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
        assert_eq!(answers.iter().filter(|answer| matches!(answer, Err(Error::Refused(_)))).count(), 1, "{answers:?}");
    }

    async fn what_somebody_needed_is_erased_with_them_or_in_time(app: TestApp) {
        let story = set_up(&app).await;
        let name = codes::PersonName::parse("王桂香").unwrap();
        let mut tx = app.db.begin().await.unwrap();
        let act = app.act();
        enrol(&mut tx, &act, story.dwelling, &name, &NewResident::named(name.clone())).await.unwrap();
        let mut new = story.wish(story.pressure, "6");
        new.particulars.name = "王桂香".to_owned();
        assert!(service::file(&mut tx, &act, new.clone()).await.is_err(), "nobody has agreed");
        new.keeps = Some(How::Told);
        let tied = service::file(&mut tx, &act, new).await.unwrap();
        let nobodys = service::file(&mut tx, &act, story.wish(story.pressure, "6")).await.unwrap();
        let resident = tied.resident.expect("the register knows her");
        assert_eq!(nobodys.resident, None);
        tx.commit().await.unwrap();
        let mut tx = app.db.begin().await.unwrap();
        erasure::erase(&mut tx, &act, resident, "本人要求").await.unwrap();
        tx.commit().await.unwrap();
        for _ in 0..2 {
            while outbox::work(&app.app, &handlers()).await.unwrap() > 0 {}
        }
        for id in [tied.id, nobodys.id] {
            let need = known(&app, id).await;
            assert!(need.erased && need.resident.is_none() && need.state == State::Withdrawn, "{need:?}");
        }
        // What has ended is kept for so long.
        let old = story.need(&app, story.pressure, "6").await;
        let mut tx = app.db.begin().await.unwrap();
        service::end(&mut tx, &app.act(), &old, old.version, service::End::Unmet("没有人会".to_owned())).await.unwrap();
        tx.commit().await.unwrap();
        at(&app, "2027-05-20T09:00:00+08:00");
        upkeep::once(&app.app).await.unwrap();
        assert!(!known(&app, old.id).await.erased);
        at(&app, "2027-05-27T09:00:00+08:00");
        upkeep::once(&app.app).await.unwrap();
        let old = known(&app, old.id).await;
        assert!(old.erased && old.state == State::Unmet && old.ended_why.is_empty());
        assert!(old.dwelling.is_none() && old.building.is_none() && old.wanted == Wanted::default() && old.estate == story.place.estate);
        let verdict = audit::verify(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap();
        assert_eq!(verdict.broken, None);
    }

    async fn how_somebody_agreed_stays_as_it_was_and_what_they_take_back_goes(app: TestApp) {
        let story = set_up(&app).await;
        let (building, kind) = (story.building.to_string(), story.pressure.to_string());
        let board = format!("/board/{}/services", app.home.code);
        let agreed = [("words", "量血压"), ("name", "王桂香"), ("phone", "13800001234"), ("keeps", "yes"), ("shares", "yes")];
        let own = app.browser().post(&board, &story.form(&agreed, &building, &kind)).await;
        own.assert_ok().assert_contains("您同意了：记下姓名和电话").assert_contains("不留是哪一户");
        let path = story.staff.get("/services").await.link("/services/0");
        story.staff.get(&path).await.assert_contains(own.url.rsplit('/').next().unwrap());
        // Days later staff put the words right: who has agreed, how and when stays.
        at(&app, "2026-11-27T15:00:00+08:00");
        let staff = app.person(Role::Staff).browser().await;
        let edit = staff.get(&format!("{path}/particulars")).await;
        edit.assert_ok().assert_contains("请先念给本人听").assert_contains("跟社区说一声");
        let version = edit.input("version");
        let put = [("version", version.as_str()), ("kind", &kind), ("words", "量血压，慢点"), ("phone", "13800001235"), ("keeps", "yes"), ("shares", "yes")];
        let shown = staff.post(&format!("{path}/particulars"), &put).await;
        shown.assert_ok().assert_contains("慢点").assert_contains("本人在公示栏上点的").assert_contains("9:00").assert_lacks("本人口头同意");
        let id: Uuid = path.rsplit('/').next().unwrap().parse().unwrap();
        assert_eq!(contacts(&app, id).await, 1);
        // She does not want that whoever comes reads it.
        app.browser().post(&format!("{}/privacy", own.url), &[]).await.assert_ok().assert_lacks("您同意了：告诉上门的志愿者");
        staff.get(&path).await.assert_contains("撤回");
        // And then not that it is kept: nothing of it stays in the history.
        let version = staff.get(&format!("{path}/particulars")).await.input("version");
        let put = [("version", version.as_str()), ("kind", &kind), ("words", "量血压，慢点")];
        staff.post(&format!("{path}/particulars"), &put).await.assert_ok();
        let need = known(&app, id).await;
        assert!(!need.particulars.has_contact() && !need.shares);
        assert_eq!(contacts(&app, id).await, 0);
        // She tells staff that nothing may be kept.
        let page = staff.post(&format!("{path}/withdrawal"), &[]).await;
        page.assert_ok().assert_contains("都删掉了");
        let need = known(&app, id).await;
        assert!(need.erased && need.dwelling.is_none() && need.ended_why.is_empty() && need.state == State::Withdrawn, "{need:?}");
        staff.get(&path).await.assert_ok().assert_lacks("慢点").assert_lacks("1302");
        let verdict = audit::verify(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap();
        assert_eq!(verdict.broken, None);
    }

    async fn what_was_not_what_was_needed_waits_for_somebody_else(app: TestApp) {
        let story = set_up(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[story.place.estate], &[Target::Elderly]).await;
        let (_, own) = helper(&app, team, "秦护士", &[(Field::Skills, "量血压"), (Field::Available, "周六上午")]).await;
        let (stranger, other) = helper(&app, team, "赵不会", &[(Field::Skills, "修水管")]).await;
        let need = story.need(&app, story.pressure, "6").await;
        let key = suggested(&app, &need).await[0].key();
        let call = accept(&app, &need, &key).await.unwrap();
        story.staff.get("/today").await.assert_contains("催答复").assert_lacks("问办好没");
        // Whose it is not does not answer; whoever is to go does not leave; and nobody changes what they go for.
        let volunteer = app.browser();
        volunteer.post(&format!("{other}/calls/{}/answer", call.id), &[("answer", "accepted")]).await.assert_status(404);
        let mut tx = app.db.begin().await.unwrap();
        let card = volunteer::card(&mut tx, &app.act(), call.volunteer_id.unwrap()).await.unwrap();
        let stays = volunteer::leave(&mut tx, &app.act(), &card, "搬走了").await;
        assert!(matches!(&stays, Err(Error::Refused(why)) if why.contains("上门量血压")), "{stays:?}");
        let card = volunteer::card(&mut tx, &app.act(), stranger).await.unwrap();
        volunteer::leave(&mut tx, &app.act(), &card, "搬走了").await.unwrap();
        let before = known(&app, need.id).await;
        let mut moved = story.wish(story.pressure, "7");
        moved.particulars = before.particulars.clone();
        let refused = service::change(&mut tx, &app.act(), &before, before.version, moved).await;
        assert!(matches!(&refused, Err(Error::Refused(why)) if why.contains("不能改")), "{refused:?}");
        drop(tx);
        let answer = format!("{own}/calls/{}/answer", call.id);
        volunteer.post(&answer, &[("answer", "accepted")]).await.assert_ok();
        let path = format!("/services/{}", need.id);
        let version = story.staff.get(&path).await.input("version");
        story.staff.post(&format!("{path}/reopening"), &[("version", &version)]).await.assert_status(422);
        at(&app, "2026-11-28T10:30:00+08:00");
        let staff = app.person(Role::Staff).browser().await;
        volunteer.post(&answer, &[("answer", "done")]).await.assert_ok();
        let page = staff.get(&path).await;
        page.assert_contains("没办好，另外派人");
        staff.post(&format!("{path}/reopening"), &[("version", &page.input("version"))]).await.assert_ok().assert_contains("等安排");
        assert_eq!(known(&app, need.id).await.state, State::Open);
        staff.get("/today").await.assert_contains("派人上门").assert_lacks("问办好没");
    }

    async fn a_need_keeps_the_version_of_its_kind_and_ends_with_a_free_volunteer(app: TestApp) {
        let story = set_up(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[story.place.estate], &[Target::Elderly]).await;
        let (nurse, _) = helper(&app, team, "秦护士", &[(Field::Skills, "量血压"), (Field::Available, "周六上午")]).await;
        let need = story.need(&app, story.pressure, "6").await;
        let mut tx = app.db.begin().await.unwrap();
        let act = app.act();
        let kind = service::kinds(&mut tx, act.tenant).await.unwrap().into_iter().find(|kind| kind.id == story.pressure).unwrap();
        let renamed = KindSketch { name: "量血压和血糖".to_owned(), ..kind.sketch() };
        service::change_kind(&mut tx, &act, &kind, 1, &renamed).await.unwrap();
        let mut new = story.wish(story.pressure, "6");
        new.particulars.words = "改几个字".to_owned();
        service::change(&mut tx, &act, &need, need.version, new).await.unwrap();
        tx.commit().await.unwrap();
        let need = known(&app, need.id).await;
        assert_eq!((need.kind_version, need.kind_name.as_str()), (1, "量血压"));
        let key = suggested(&app, &need).await[0].key();
        accept(&app, &need, &key).await.unwrap();
        let mut tx = app.db.begin().await.unwrap();
        let need = service::need(&mut tx, &act, need.id).await.unwrap();
        service::withdraw(&mut tx, &act, &need).await.unwrap();
        tx.commit().await.unwrap();
        let again = story.need(&app, story.pressure, "6").await;
        let found = suggested(&app, &again).await;
        assert_eq!((found[0].whom, found[0].key()), (Whom::Volunteer(nurse), key), "free at that time again");
    }

    async fn a_week_of_visits_is_any_seven_days(app: TestApp) {
        let story = set_up(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[story.place.estate], &[]).await;
        helper(&app, team, "秦护士", &[(Field::Skills, "量血压"), (Field::Available, "每天")]).await;
        let mut days = Vec::new();
        for _ in 0..12 {
            let need = story.need(&app, story.pressure, "").await;
            let Some(first) = suggested(&app, &need).await.into_iter().find(|one| !one.is_activity()) else { break };
            accept(&app, &need, &first.key()).await.unwrap();
            days.push(first.span.day());
        }
        let most = days.iter().map(|day| days.iter().filter(|other| **other >= *day && **other < day.saturating_add(jiff::Span::new().days(7))).count()).max();
        assert!(days.len() > 3 && most <= Some(3), "{days:?}");
    }

    async fn whoever_leads_an_activity_answers_for_all_who_come(app: TestApp) {
        let story = set_up(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[story.place.estate], &[Target::Elderly]).await;
        let (_, leader) = crate::volunteer::volunteer(&app, "队长", team, Post::Leader).await;
        let (member, own) = crate::volunteer::volunteer(&app, "队员", team, Post::Member).await;
        let (_, stranger) = crate::volunteer::volunteer(&app, "没报名", team, Post::Member).await;
        let need = story.need(&app, story.pressure, "6").await;
        // Whoever is fourteen may come to the first, so nobody is sent to a door with it.
        let mut there = plan("2026-12-05T08:00:00+08:00", 6);
        there.estate = Some(story.place.estate);
        let young = planned(&app, team, &there).await;
        sign_up(&app, young, member).await.unwrap();
        assert!(suggested(&app, &need).await.is_empty());
        let mut grown = plan("2026-12-12T08:00:00+08:00", 6);
        (grown.estate, grown.least_age) = (Some(story.place.estate), 18);
        let activity = planned(&app, team, &grown).await;
        sign_up(&app, activity, member).await.unwrap();
        let found = suggested(&app, &need).await;
        assert_eq!(found.iter().map(|one| one.whom).collect::<Vec<_>>(), [Whom::Activity(activity)]);
        let call = accept(&app, &need, &found[0].key()).await.unwrap();
        let browser = app.browser();
        browser.get(&format!("{own}/calls")).await.assert_contains("由队长答复").assert_lacks("1302").assert_lacks("我去");
        browser.get(&format!("{stranger}/calls")).await.assert_lacks("1302");
        let answer = |link: &str| format!("{link}/calls/{}/answer", call.id);
        browser.post(&answer(&own), &[("answer", "accepted")]).await.assert_status(404);
        browser.get(&format!("{leader}/calls")).await.assert_contains("我去").assert_contains("1302");
        browser.post(&answer(&leader), &[("answer", "accepted")]).await.assert_ok().assert_contains("答应了");
        story.staff.get(&format!("/services/{}", need.id)).await.assert_contains("答应了");
    }
}
