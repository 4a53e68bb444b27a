//! 为民服务: what follows whom, what is forgotten with whom, what a form that comes twice makes, and what is counted in the report.

use db::{record, statements};
use doorstep::access::{Reach, Role, Scope};
use doorstep::app::handlers;
use doorstep::error::Error;
use doorstep::place::{self, Settler};
use doorstep::registry::enrol::{NewResident, Outcome, enrol};
use doorstep::registry::life;
use doorstep::service::{
    self, Answer, End, How, Need, NewNeed, NewRound, NewStanding, Origin, Particulars, ProviderSketch, Served, State,
    Wanted, Whom,
};
use doorstep::volunteer::{Post, Span};
use doorstep::{audit, outbox, upkeep};
use jiff::SignedDuration;
use jiff::civil::date;
use uuid::Uuid;

use crate::service_round::morning;
use crate::stories::cast::{Estate, estate};
use crate::support::{Browser, Page, TestApp};
use crate::volunteer::{at, team, volunteer};
use crate::volunteer_activity::{plan, planned, sign_up};

statements! {
    OF_NEED = "SELECT reason, answer FROM service_calls WHERE tenant_id = $1 AND need_id = $2";
    NEEDS = "SELECT COUNT(*) AS many FROM service_needs WHERE tenant_id = $1";
    ISSUES = "SELECT COUNT(*) AS many FROM issues WHERE tenant_id = $1";
    ENGAGEMENTS = "SELECT COUNT(*) AS many FROM volunteer_engagements WHERE tenant_id = $1";
    NOTED = "SELECT COUNT(*) AS many FROM service_round_doors WHERE tenant_id = $1 AND noted_by_volunteer IS NOT NULL";
}

record! {
    struct Said { reason: String, answer: String }
    struct Counted { many: i64 }
}

async fn count(app: &TestApp, statement: db::Statement) -> i64 {
    app.db.read().await.unwrap().one::<Counted>(statement.bind(app.home.tenant)).await.unwrap().many
}

struct Story {
    place: Estate,
    building: Uuid,
    dwelling: Uuid,
    /// 松土施肥, for which nothing is asked of whoever goes, and 量血压, for which the clinic comes.
    garden: Uuid,
    pressure: Uuid,
    staff: Browser,
}

/// Friday, 27 November 2026, in the morning.
async fn set_up(app: &TestApp) -> Story {
    at(app, "2026-11-27T09:00:00+08:00");
    let place = estate(app).await;
    let act = app.act();
    let mut tx = app.db.begin().await.unwrap();
    let room = codes::address::parse_room("1302").unwrap();
    let dwelling = Settler::default().settle(&mut tx, &act, "王府名苑小区", "3号楼", "2单元", &room).await.unwrap();
    let building = place::dwelling(&mut tx, act.tenant, dwelling).await.unwrap().building_id;
    service::enter_usual(&mut tx, &act).await.unwrap();
    service::enter_usual_outcomes(&mut tx, &act).await.unwrap();
    let kinds = service::kinds(&mut tx, act.tenant).await.unwrap();
    let kind = |name: &str| kinds.iter().find(|kind| kind.name == name).unwrap().id;
    assert_eq!(kinds[0].name, "量血压", "in the order in which they are entered");
    tx.commit().await.unwrap();
    let staff = app.person(Role::Staff).browser().await;
    Story { place, building, dwelling, garden: kind("松土施肥"), pressure: kind("量血压"), staff }
}

impl Story {
    fn wish(&self, kind: Uuid, name: &str) -> NewNeed {
        let particulars = Particulars { name: name.to_owned(), ..Particulars::default() };
        let keeps = (!name.is_empty()).then_some(How::Told);
        let (dwelling, building, wanted) = (self.dwelling, self.building, Wanted::read("6", "morning"));
        NewNeed { kind, dwelling, building, particulars, wanted, keeps, shares: false }
    }

    async fn need(&self, app: &TestApp, kind: Uuid, name: &str) -> Need {
        let mut tx = app.db.begin().await.unwrap();
        let need = service::file(&mut tx, &app.act(), self.wish(kind, name)).await.unwrap();
        tx.commit().await.unwrap();
        need
    }

    fn round(&self, team: Uuid, activity: Option<Uuid>) -> NewRound {
        NewRound {
            estate: self.place.estate,
            building: None,
            origin: Origin::Place,
            tag: None,
            team,
            activity,
            title: "装反诈App、清院子".to_owned(),
            span: morning(date(2026, 11, 28)),
        }
    }
}

async fn known(app: &TestApp, id: Uuid) -> Need {
    service::need(&mut app.db.read().await.unwrap(), &app.act(), id).await.unwrap()
}

/// The first who is suggested is asked.
async fn asked(app: &TestApp, need: &Need) -> service::Call {
    let mut tx = app.db.begin().await.unwrap();
    let (act, everything) = (app.act(), Scope::tenant());
    let key = service::suggestions(&mut tx, &act, &everything, need).await.unwrap()[0].key();
    let call = service::accept(&mut tx, &act, &everything, need, need.version, &key).await.unwrap();
    tx.commit().await.unwrap();
    call
}

async fn deliver(app: &TestApp) {
    while outbox::work(&app.app, &handlers()).await.unwrap() > 0 {}
}

/// Why somebody was suggested for a need, and what they said.
async fn said(app: &TestApp, need: Uuid) -> (String, String) {
    let mut tx = app.db.read().await.unwrap();
    let Said { reason, answer } = tx.one(OF_NEED.bind(app.home.tenant).bind(need)).await.unwrap();
    (reason, answer)
}

db_test! {
    async fn a_need_follows_what_the_register_merges_and_goes_with_what_it_erases(app: TestApp) {
        let story = set_up(&app).await;
        let mut tx = app.db.begin().await.unwrap();
        let mut residents = Vec::new();
        for name in ["王桂香甲", "王桂香"] {
            let name = codes::PersonName::parse(name).unwrap();
            let done = enrol(&mut tx, &app.act(), story.dwelling, &name, &NewResident::named(name.clone())).await.unwrap();
            let Outcome::Created(resident) = done else { panic!("somebody new") };
            residents.push(resident);
        }
        tx.commit().await.unwrap();
        let (need, nobodys) = (story.need(&app, story.garden, "王桂香").await, story.need(&app, story.garden, "").await);
        assert_eq!((need.resident, nobodys.resident), (Some(residents[1]), None));
        let mut tx = app.db.begin().await.unwrap();
        life::merge(&mut tx, &app.act(), residents[0], residents[1], "重复登记").await.unwrap();
        tx.commit().await.unwrap();
        deliver(&app).await;
        assert_eq!(known(&app, need.id).await.resident, Some(residents[0]));
        assert_eq!(known(&app, nobodys.id).await.resident, None);
        let mut tx = app.db.begin().await.unwrap();
        doorstep::registry::erasure::erase(&mut tx, &app.act(), residents[0], "本人要求").await.unwrap();
        tx.commit().await.unwrap();
        deliver(&app).await;
        for id in [need.id, nobodys.id] {
            let gone = known(&app, id).await;
            assert!(gone.erased && gone.dwelling.is_none() && gone.state == State::Withdrawn, "{gone:?}");
        }
    }

    async fn what_a_volunteer_said_goes_with_them_and_in_time(app: TestApp) {
        let story = set_up(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[story.place.estate], &[]).await;
        let (person, own) = volunteer(&app, "刘建军", team, Post::Member).await;
        let need = story.need(&app, story.garden, "").await;
        let call = asked(&app, &need).await;
        assert_eq!(call.volunteer_id, Some(person));
        let browser = app.browser();
        browser.get(&own).await.assert_ok().assert_contains("看派了我去哪一户（1 次）");
        let answer = [("answer", "declined"), ("words", "老伴住院了")];
        browser.post(&format!("{own}/calls/{}/answer", call.id), &answer).await.assert_ok();
        // A door of a round that they note.
        let mut tx = app.db.begin().await.unwrap();
        let act = app.act();
        let round = service::plan_round(&mut tx, &act, &Scope::tenant(), story.round(team, None)).await.unwrap();
        let seen = service::round(&mut tx, act.tenant, round).await.unwrap();
        service::deal(&mut tx, &act, &seen, seen.lock_version, &[person]).await.unwrap();
        tx.commit().await.unwrap();
        at(&app, "2026-11-28T09:00:00+08:00");
        let mut tx = app.db.begin().await.unwrap();
        let door = service::doors(&mut tx, act.tenant, round).await.unwrap().remove(0);
        let outcome = service::outcomes(&mut tx, act.tenant).await.unwrap().remove(0);
        service::note_door(&mut tx, &app.act(), (door.id, None), Some(person), &[(outcome.id, 1)]).await.unwrap();
        tx.commit().await.unwrap();
        let (reason, words) = said(&app, need.id).await;
        assert!(!reason.is_empty() && words == "老伴住院了" && count(&app, NOTED).await == 1);

        browser.post(&format!("{own}/departure"), &[]).await.assert_ok();
        browser.post(&format!("{own}/erasure"), &[]).await.assert_ok();
        deliver(&app).await;
        assert_eq!(said(&app, need.id).await, (String::new(), String::new()));
        assert_eq!(count(&app, NOTED).await, 0);
        let came = service::of_round(&mut app.db.read().await.unwrap(), app.home.tenant, round).await.unwrap();
        assert_eq!(came.len(), 1, "what came of the door stays");
        let staff = app.person(Role::Staff).browser().await;
        staff.get(&format!("/services/{}", need.id)).await.assert_ok().assert_contains("志愿者（已删去）").assert_lacks("老伴住院了");

        // Of somebody who stays it goes in time, with the particulars of the need; and so does where they were.
        let (_, other) = volunteer(&app, "王秀兰", team, Post::Member).await;
        let need = story.need(&app, story.garden, "").await;
        let call = asked(&app, &need).await;
        browser.post(&format!("{other}/calls/{}/answer", call.id), &[("answer", "accepted")]).await.assert_ok();
        at(&app, "2026-12-06T10:00:00+08:00");
        browser.post(&format!("{other}/calls/{}/answer", call.id), &[("answer", "done"), ("words", "地翻好了")]).await.assert_ok();
        let before = known(&app, need.id).await;
        let mut tx = app.db.begin().await.unwrap();
        service::end(&mut tx, &app.act(), &before, before.version, End::Met).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(count(&app, ENGAGEMENTS).await, 1);
        at(&app, "2027-01-10T09:00:00+08:00");
        upkeep::once(&app.app).await.unwrap();
        assert_eq!((count(&app, ENGAGEMENTS).await, said(&app, need.id).await.1.as_str()), (0, "地翻好了"));
        at(&app, "2027-06-10T09:00:00+08:00");
        upkeep::once(&app.app).await.unwrap();
        assert_eq!(said(&app, need.id).await, (String::new(), String::new()));
        assert!(known(&app, need.id).await.erased);
        let verdict = audit::verify(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap();
        assert_eq!(verdict.broken, None);
    }

    async fn a_form_that_comes_twice_makes_one_need_and_one_issue(app: TestApp) {
        let story = set_up(&app).await;
        let (building, kind) = (story.building.to_string(), story.garden.to_string());
        let said = [("kind", kind.as_str()), ("building", building.as_str()), ("unit", "2"), ("room", "1302")];
        // Staff, and a resident; what was refused may be sent again.
        let form = story.staff.get("/services/new").await.input("form");
        let filed = [&said[..], &[("form", form.as_str())]].concat();
        let first = story.staff.post("/services", &filed).await;
        assert_eq!(story.staff.post("/services", &filed).await.assert_ok().assert_contains("已经记过了").url, first.url);
        let (board, resident) = (format!("/board/{}/services", app.home.code), app.browser());
        let form = resident.get(&format!("{board}/new")).await.input("form");
        let named = [&said[..], &[("form", form.as_str()), ("name", "王桂香"), ("phone", "13800001234")]].concat();
        let again = resident.post(&board, &named).await.assert_status(422).input("form");
        assert_eq!(again, form);
        let agreed = [&named[..], &[("keeps", "yes")]].concat();
        let first = resident.post(&board, &agreed).await;
        assert_eq!(resident.post(&board, &agreed).await.assert_ok().assert_contains("不用再交一次").url, first.assert_ok().url);
        assert_eq!(count(&app, NEEDS).await, 2);

        // At a door: both forms of it.
        let team = team(&app, "雷锋大妈志愿服务队", &[story.place.estate], &[]).await;
        let (person, own) = volunteer(&app, "刘建军", team, Post::Member).await;
        let mut tx = app.db.begin().await.unwrap();
        let act = app.act();
        let new = NewRound { span: morning(date(2026, 11, 27)), ..story.round(team, None) };
        let round = service::plan_round(&mut tx, &act, &Scope::tenant(), new).await.unwrap();
        let seen = service::round(&mut tx, act.tenant, round).await.unwrap();
        service::deal(&mut tx, &act, &seen, seen.lock_version, &[person]).await.unwrap();
        let door = service::doors(&mut tx, act.tenant, round).await.unwrap().remove(0).id;
        tx.commit().await.unwrap();
        let page = resident.get(&format!("{own}/rounds")).await;
        let forms: Vec<&str> = page.assert_ok().between_all("name=\"form\" value=\"", "\"").collect();
        assert!(forms.len() >= 2 && forms[0] != forms[1], "{forms:?}");
        let need = [("kind", kind.as_str()), ("form", forms[0])];
        let needs = format!("{own}/doors/{door}/needs");
        resident.post(&needs, &need).await.assert_ok().assert_contains("记下了");
        resident.post(&needs, &need).await.assert_ok().assert_contains("已经记过了");
        assert_eq!(count(&app, NEEDS).await, 3);
        let issue = [("category", "lighting"), ("description", "楼道灯不亮"), ("form", forms[1])];
        let issues = format!("{own}/doors/{door}/issues");
        let first = resident.post(&issues, &issue).await;
        let number = first.assert_ok().between_all("报上去了，编号 ", "<").next().unwrap().to_owned();
        resident.post(&issues, &issue).await.assert_ok().assert_contains(&format!("已经报过了，编号 {number}"));
        assert_eq!(count(&app, ISSUES).await, 1);
        // What is kept of forms goes after two days.
        at(&app, "2026-11-30T09:00:00+08:00");
        upkeep::once(&app.app).await.unwrap();
    }

    async fn a_need_waits_again_when_nobody_comes_on_the_date(app: TestApp) {
        let story = set_up(&app).await;
        let act = app.act();
        let sketch = ProviderSketch {
            name: "城关卫生院".to_owned(),
            contact: String::new(),
            agreed_from: date(2026, 9, 1),
            agreed_until: date(2026, 12, 31),
        };
        let starts_at: jiff::Timestamp = "2026-11-28T09:00:00+08:00".parse().unwrap();
        let mut tx = app.db.begin().await.unwrap();
        let provider = service::add_provider(&mut tx, &act, &sketch).await.unwrap();
        let new = NewStanding {
            provider,
            estate: story.place.estate,
            kind: Some(story.pressure),
            issue: None,
            title: "量血压、测血糖".to_owned(),
            place: "党群服务站".to_owned(),
            span: Span { starts_at, ends_at: starts_at + SignedDuration::from_hours(3) },
        };
        service::set_up_standing(&mut tx, &act, new, None).await.unwrap();
        tx.commit().await.unwrap();
        let need = story.need(&app, story.pressure, "").await;
        let call = asked(&app, &need).await;
        assert_eq!((call.state, known(&app, need.id).await.state), (Answer::Accepted, State::Matched));
        // Nobody is asked to answer for the clinic.
        story.staff.get("/today").await.assert_lacks("催答复");
        story.staff.get(&format!("/services/{}", need.id)).await.assert_contains("城关卫生院来的那一次").assert_lacks("队长");
        let mut tx = app.db.begin().await.unwrap();
        let (_, dates) = service::of_provider(&mut tx, act.tenant, provider).await.unwrap();
        service::miss_date(&mut tx, &act, &dates[0], dates[0].lock_version, "医生下乡了").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(known(&app, need.id).await.state, State::Open);
        let page = story.staff.get(&format!("/services/{}", need.id)).await;
        page.assert_contains("取消了").assert_contains("可以派谁去");
        let mut tx = app.db.begin().await.unwrap();
        let found = service::suggestions(&mut tx, &act, &Scope::tenant(), &known(&app, need.id).await).await.unwrap();
        assert!(found.iter().all(|one| !matches!(one.whom, Whom::Date(_))), "{found:?}");
    }

    async fn whoever_signed_up_goes_on_the_round_of_an_activity(app: TestApp) {
        let story = set_up(&app).await;
        let (ours, others) = (
            team(&app, "雷锋大妈志愿服务队", &[story.place.estate], &[]).await,
            team(&app, "引领先锋志愿服务队", &[story.place.estate], &[]).await,
        );
        let (guest, own) = volunteer(&app, "刘建军", others, Post::Member).await;
        let activity = planned(&app, ours, &plan("2026-11-28T08:00:00+08:00", 6)).await;
        let foreign = planned(&app, others, &plan("2026-11-28T08:00:00+08:00", 6)).await;
        let mut tx = app.db.begin().await.unwrap();
        let act = app.act();
        let refused = service::plan_round(&mut tx, &act, &Scope::tenant(), story.round(ours, Some(foreign))).await;
        assert!(matches!(&refused, Err(Error::Refused(why)) if why.contains("不是这支队")), "{refused:?}");
        drop(tx);
        let mut tx = app.db.begin().await.unwrap();
        let id = service::plan_round(&mut tx, &act, &Scope::tenant(), story.round(ours, Some(activity))).await.unwrap();
        tx.commit().await.unwrap();
        let deal = async || {
            let mut tx = app.db.begin().await.unwrap();
            let round = service::round(&mut tx, act.tenant, id).await.unwrap();
            let done = service::deal(&mut tx, &app.act(), &round, round.lock_version, &[guest]).await;
            if done.is_ok() {
                tx.commit().await.unwrap();
            }
            done
        };
        assert!(matches!(deal().await, Err(Error::Refused(why)) if why.contains("报了名")));
        sign_up(&app, activity, guest).await.unwrap();
        deal().await.unwrap();
        story.staff.get(&format!("/service-rounds/{id}")).await.assert_ok().assert_contains("刘建军");
        at(&app, "2026-11-28T08:00:00+08:00");
        app.browser().get(&format!("{own}/rounds")).await.assert_contains("1302");
    }

    async fn a_report_counts_rounds_dates_and_needs(app: TestApp) {
        let story = set_up(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[story.place.estate], &[]).await;
        let (person, _) = volunteer(&app, "刘建军", team, Post::Member).await;
        let act = app.act();
        let mut tx = app.db.begin().await.unwrap();
        let mut settler = Settler::default();
        for room in ["101", "102"] {
            let room = codes::address::parse_room(room).unwrap();
            settler.settle(&mut tx, &act, "王府名苑小区", "3号楼", "2单元", &room).await.unwrap();
        }
        let sketch = ProviderSketch {
            name: "城关卫生院".to_owned(),
            contact: String::new(),
            agreed_from: date(2026, 9, 1),
            agreed_until: date(2026, 12, 31),
        };
        let provider = service::add_provider(&mut tx, &act, &sketch).await.unwrap();
        let starts_at = act.at + SignedDuration::from_hours(1);
        let new = NewStanding {
            provider,
            estate: story.place.estate,
            kind: None,
            issue: None,
            title: "量血压、测血糖".to_owned(),
            place: String::new(),
            span: Span { starts_at, ends_at: starts_at + SignedDuration::from_hours(2) },
        };
        service::set_up_standing(&mut tx, &act, new, None).await.unwrap();
        let round = service::plan_round(&mut tx, &act, &Scope::tenant(), story.round(team, None)).await.unwrap();
        let seen = service::round(&mut tx, act.tenant, round).await.unwrap();
        service::deal(&mut tx, &act, &seen, seen.lock_version, &[person]).await.unwrap();
        // One that nobody has gone on counts nowhere.
        service::plan_round(&mut tx, &act, &Scope::tenant(), story.round(team, None)).await.unwrap();
        tx.commit().await.unwrap();
        story.need(&app, story.garden, "").await;
        let met = story.need(&app, story.garden, "").await;
        asked(&app, &met).await;
        at(&app, "2026-11-28T10:00:00+08:00");
        let (act, before) = (app.act(), known(&app, met.id).await);
        let mut tx = app.db.begin().await.unwrap();
        service::end(&mut tx, &act, &before, before.version, End::Met).await.unwrap();
        let outcomes = service::outcomes(&mut tx, act.tenant).await.unwrap();
        let (leaflet, nobody) = (outcomes.iter().find(|one| one.counted).unwrap().id, outcomes.iter().find(|one| one.alone).unwrap().id);
        for (door, came) in service::doors(&mut tx, act.tenant, round).await.unwrap().iter().zip([(leaflet, 3), (nobody, 1)]) {
            service::note_door(&mut tx, &act, (door.id, None), Some(person), &[came]).await.unwrap();
        }
        let (_, dates) = service::of_provider(&mut tx, act.tenant, provider).await.unwrap();
        let served = Served { doors: 12, people: 30, leaflets: 40 };
        service::count_served(&mut tx, &act, &dates[0], dates[0].lock_version, served).await.unwrap();
        tx.commit().await.unwrap();

        let asked = "from=2026-11-01&to=2026-11-30";
        let staff = app.person(Role::Staff).browser().await;
        let page = staff.get(&format!("/reports/topics/services?{asked}")).await;
        page.assert_ok().assert_lacks("1302").assert_lacks("刘建军");
        const LABELS: [&str; 8] = ["入户场次", "入户户数", "外来场次", "外来户数", "外来人次", "发放份数", "居民需要", "办好了"];
        let figures = |page: &Page| LABELS.map(|label| {
            let row = page.body.split(&format!("<th scope=\"row\">{label}<")).nth(1).unwrap();
            row.split("<td class=\"num\">").nth(1).unwrap().split('<').next().unwrap().to_owned()
        });
        assert_eq!(figures(&page), ["1", "2", "1", "12", "30", "43", "2", "1"]);
        // Nothing of another month, and nothing for whoever reaches another estate only.
        let before = staff.get("/reports/topics/services?from=2026-10-01&to=2026-10-31").await;
        assert_eq!(figures(before.assert_ok()), ["0"; 8]);
        let mut tx = app.db.begin().await.unwrap();
        let other = place::create_estate(&mut tx, &app.act(), "水保所家属院", None, None).await.unwrap();
        tx.commit().await.unwrap();
        let branch = app.person(Role::BranchSecretary).reaching(Reach::Estate, other).browser().await;
        let elsewhere = branch.get(&format!("/reports/topics/services?{asked}")).await;
        assert_eq!(figures(elsewhere.assert_ok()), ["0"; 8]);
        let paper = crate::support::office::words(&staff.download_by_form(&format!("/reports/topics/services/papers?{asked}"), &[]).await);
        for words in ["入户服务", "其中：留了宣传册", "外来服务：城关卫生院", "居民的需要：松土施肥"] {
            assert!(paper.contains(words), "{words}: {paper}");
        }
        assert!(!paper.contains("1302"), "{paper}");
    }
}
