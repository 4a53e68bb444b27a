//! Minors among the volunteers: nobody of them is on the roll, at an activity or on the board without a guardian who has agreed, and of a
//! child nothing is kept before that which is not needed to ask.

use doorstep::access::Role;
use doorstep::error::Error;
use doorstep::upkeep;
use doorstep::volunteer::{self, Field, NewVolunteer, Outcome, Place, Post, Purpose, State, Target, Values, Way};
use jiff::SignedDuration;
use jiff::civil::date;
use uuid::Uuid;

use crate::stories::cast::{estate, photo};
use crate::support::{Browser, TestApp};
use crate::volunteer::{at, step, team, volunteer as joined};
use crate::volunteer_activity::{plan, planned, sign_up};
use crate::volunteer_hours::{book, refused, span};

/// Born on 2012-03-07.
const CHILD: &str = "141199201203070018";

const GUARDIAN: [(&str, &str); 4] = [
    ("agreed_on", "2026-11-01"),
    ("guardian_name", "高建国"),
    ("guardian_relation", "父亲"),
    ("guardian_phone", "13800002222"),
];

db::statements! {
    BORN = "UPDATE volunteers SET birth_date = $3, guardian_agreed_on = NULL WHERE tenant_id = $1 AND id = $2";
    TEXTS = "SELECT c.how, t.wording FROM volunteer_consents c JOIN volunteer_consent_texts t ON t.tenant_id = c.tenant_id AND t.edition = c.edition
        WHERE c.tenant_id = $1 AND c.volunteer_id = $2 AND c.withdrawn_at IS NULL";
}

db::record! {
    struct Text { how: String, wording: String }
}

async fn card(app: &TestApp, id: Uuid) -> volunteer::Card {
    volunteer::card(&mut app.db.read().await.unwrap(), &app.act(), id).await.unwrap()
}

async fn place_of(app: &TestApp, activity: Uuid, person: Uuid) -> Option<Place> {
    let found =
        volunteer::sign_up_of(&mut app.db.read().await.unwrap(), app.home.tenant, activity, person).await.unwrap();
    found.map(|down| down.state)
}

async fn texts(app: &TestApp, id: Uuid) -> Vec<Text> {
    app.db.read().await.unwrap().all(TEXTS.bind(app.home.tenant).bind(id)).await.unwrap()
}

/// Somebody applies on the board: the page of their own, and the id that staff see.
async fn applied(app: &TestApp, staff: &Browser, birth: &str) -> (String, String) {
    let form = [
        ("name", "高子涵"),
        ("phone", "13800001111"),
        ("sex", "2"),
        ("birth_date", birth),
        ("skills", "画画"),
        ("agrees", "yes"),
        GUARDIAN[1],
        GUARDIAN[2],
        GUARDIAN[3],
    ];
    let own = app.browser().post(&format!("/board/{}/volunteers", app.home.code), &form).await.assert_ok().url.clone();
    let id = staff.get("/volunteers?state=applied").await.link("/volunteers/0").rsplit('/').next().unwrap().to_owned();
    (own, id)
}

db_test! {
    async fn of_a_child_only_what_it_takes_to_ask_is_kept_until_the_guardian_agrees(app: TestApp) {
        at(&app, "2026-11-27T09:00:00+08:00");
        let staff = app.person(Role::Staff).browser().await;
        let (own, id) = applied(&app, &staff, "2015-05-01").await;
        let uuid: Uuid = id.parse().unwrap();
        let kept: Vec<Field> = card(&app, uuid).await.values.into_keys().filter(|field| *field != Field::Sex).collect();
        assert_eq!(kept, [Field::Name, Field::Birth]);
        assert!(card(&app, uuid).await.guardian.is_some());
        assert!(texts(&app, uuid).await.is_empty(), "a child's own tick is no consent");
        app.browser().get(&own).await.assert_contains("签字以前只留姓名");
        step(&staff, &id, "confirmation", &[]).await.assert_status(422).assert_contains("监护人的书面同意");
        step(&staff, &id, "guardian", &GUARDIAN[..1]).await.assert_ok();
        let [text] = &texts(&app, uuid).await[..] else { panic!("one consent") };
        assert_eq!(text.how, "guardian");
        assert!(text.wording.contains("谁登记：") && text.wording.contains("投诉"), "{}", text.wording);
        staff.get(&format!("/volunteers/{id}")).await.assert_contains("当时看到的说明").assert_contains("谁登记：");
        step(&staff, &id, "confirmation", &[]).await.assert_ok();

        // Of whoever the community does not answer nothing is kept after the days of the setting.
        let form = [("name", "刘建军"), ("phone", "13800001234"), ("sex", "1"), ("birth_date", "1990-03-07"), ("agrees", "yes")];
        app.browser().post(&format!("/board/{}/volunteers", app.home.code), &form).await.assert_ok();
        let waits = staff.get("/volunteers?state=applied").await.link("/volunteers/0").rsplit('/').next().unwrap().parse().unwrap();
        for (days, state) in [(59, State::Applied), (2, State::Declined)] {
            app.means.clock.set(app.means.now() + SignedDuration::from_hours(24 * days));
            upkeep::once(&app.app).await.unwrap();
            assert_eq!(card(&app, waits).await.state, state);
        }
    }

    async fn a_number_that_says_somebody_is_a_minor_is_no_way_round_the_guardian(app: TestApp) {
        at(&app, "2026-11-02T09:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[place.estate], &[]).await;
        let (person, own) = joined(&app, "高子涵", team, Post::Member).await;
        book(&app, person, team, span("2026-11-02T10:00:00+08:00", "2026-11-02T12:00:00+08:00")).await;
        let phone = app.browser();
        phone.post(&format!("{own}/certificates"), &[("identity", CHILD)]).await.assert_status(422).assert_contains("监护人的书面同意");
        let staff = app.person(Role::Staff).browser().await;
        let id = person.to_string();
        let change = [("name", "高子涵"), ("identity", CHILD)];
        step(&staff, &id, "particulars", &change).await.assert_status(422).assert_contains("监护人的书面同意");
        assert_eq!(card(&app, person).await.get(Field::Birth), Some("1990-03-07"));
        staff.get(&format!("/volunteers/{id}")).await.assert_contains("登记监护人的书面同意");
        step(&staff, &id, "guardian", &GUARDIAN).await.assert_ok();
        step(&staff, &id, "particulars", &change).await.assert_ok();
        assert_eq!(card(&app, person).await.get(Field::Birth), Some("2012-03-07"));
        let activity = planned(&app, team, &plan("2026-12-05T08:00:00+08:00", 6)).await;
        assert_eq!(sign_up(&app, activity, person).await.unwrap(), Place::Confirmed);

        // Whoever came onto the roll before takes part in nothing, and the form for the guardian is open.
        let (before, _) = joined(&app, "薛小明", team, Post::Member).await;
        let mut tx = app.db.begin().await.unwrap();
        tx.execute_one(BORN.bind(app.home.tenant).bind(before).bind("2011-01-01")).await.unwrap();
        tx.commit().await.unwrap();
        refused(sign_up(&app, activity, before).await, "监护人的书面同意");
        staff.get(&format!("/volunteers/{before}")).await.assert_contains("<details class=\"act\" open><summary>登记监护人的书面同意</summary>");
    }

    async fn staff_put_right_an_applicant_who_is_a_minor(app: TestApp) {
        at(&app, "2026-11-27T09:00:00+08:00");
        let staff = app.person(Role::Staff).browser().await;
        let values = Values::from([(Field::Name, "高子涵".to_owned()), (Field::Birth, "1990-05-01".to_owned())]);
        let new = NewVolunteer { way: Way::Applied, values, team: None, estate: None, recommender: None, guardian: None };
        let mut tx = app.db.begin().await.unwrap();
        let id = volunteer::apply(&mut tx, &app.act(), new).await.unwrap().id.to_string();
        tx.commit().await.unwrap();
        step(&staff, &id, "particulars", &[("name", "高子涵"), ("birth_date", "2020-05-01")]).await.assert_status(422).assert_contains("不满 8 岁");
        step(&staff, &id, "particulars", &[("name", "高子涵"), ("birth_date", "2010-05-01")]).await.assert_ok();
        let refused = step(&staff, &id, "confirmation", &[]).await;
        refused.assert_status(422).assert_contains("请先登记同意书").assert_contains("<details class=\"act\" open><summary>登记监护人的书面同意</summary>");
        step(&staff, &id, "guardian", &GUARDIAN).await.assert_ok();
        step(&staff, &id, "confirmation", &[]).await.assert_ok();
    }

    async fn a_minor_is_named_on_the_board_when_the_guardian_says_so_by_itself(app: TestApp) {
        at(&app, "2026-11-27T09:00:00+08:00");
        let staff = app.person(Role::Staff).browser().await;
        let (own, id) = applied(&app, &staff, "2010-05-01").await;
        step(&staff, &id, "guardian", &GUARDIAN[..1]).await.assert_ok();
        step(&staff, &id, "confirmation", &[]).await.assert_ok();
        let given = [("honour", "优秀志愿者"), ("given_by", "社区居委会"), ("honoured_on", "2026-11-26")];
        staff.post(&format!("/volunteers/{id}/honours"), &given).await.assert_ok();
        let board = format!("/board/{}/honours", app.home.code);
        let child = app.browser();
        child.get(&own).await.assert_lacks("同意写上我");
        child.post(&format!("{own}/honours"), &[("agrees", "yes")]).await.assert_status(422).assert_contains("监护人到社区书面同意");
        // What they have agreed to by themselves before is not shown either.
        let mut tx = app.db.begin().await.unwrap();
        volunteer::consent(&mut tx, &app.act(), id.parse().unwrap(), Purpose::Honour, volunteer::How::Link).await.unwrap();
        tx.commit().await.unwrap();
        app.browser().get(&board).await.assert_ok().assert_lacks("高子涵");
        child.post(&format!("{own}/honours"), &[("agrees", "no")]).await.assert_ok();
        step(&staff, &id, "guardian", &[GUARDIAN[0], ("honour_too", "yes")]).await.assert_ok();
        app.browser().get(&board).await.assert_contains("高子涵");
        child.post(&format!("{own}/honours"), &[("agrees", "no")]).await.assert_ok();
        app.browser().get(&board).await.assert_lacks("高子涵");
    }

    async fn whoever_has_not_passed_is_with_no_children_any_more(app: TestApp) {
        at(&app, "2026-11-27T09:00:00+08:00");
        let place = estate(&app).await;
        let id = team(&app, "七色阳光志愿服务队", &[place.estate], &[Target::Elderly]).await;
        let (passed, _) = joined(&app, "刘建军", id, Post::Member).await;
        let (unasked, _) = joined(&app, "王秀兰", id, Post::Member).await;
        let (leader, leads) = joined(&app, "高月英", id, Post::Leader).await;
        let mut tx = app.db.begin().await.unwrap();
        for person in [passed, leader] {
            volunteer::vet(&mut tx, &app.act(), person, (Outcome::Passed, date(2026, 11, 20)), "").await.unwrap();
        }
        tx.commit().await.unwrap();
        let first = planned(&app, id, &plan("2026-12-05T08:00:00+08:00", 6)).await;
        let second = planned(&app, id, &plan("2026-12-12T08:00:00+08:00", 6)).await;
        for (activity, person) in [(first, passed), (first, unasked), (first, leader), (second, passed)] {
            sign_up(&app, activity, person).await.unwrap();
        }
        // From now on the team is with children.
        let staff = app.person(Role::Staff).browser().await;
        let version = staff.get(&format!("/volunteer-teams/{id}/particulars")).await.input("version");
        let estate = place.estate.to_string();
        let form = [("version", version.as_str()), ("name", "七色阳光志愿服务队"), ("kind", "general"), ("target", "children"), ("estate", &estate)];
        staff.post(&format!("/volunteer-teams/{id}/particulars"), &form).await.assert_ok().assert_contains("报上的 1 个名额已取消");
        assert_eq!(place_of(&app, first, unasked).await, Some(Place::Cancelled));
        assert_eq!(place_of(&app, first, passed).await, Some(Place::Confirmed));
        staff.get(&format!("/activities/{first}")).await.assert_contains("还没有有效的从业查询");

        // One query later he may not be there; what has begun he cannot give up, so the door does not let him in.
        at(&app, "2026-12-05T07:50:00+08:00");
        let now = volunteer::activity(&mut app.db.read().await.unwrap(), app.home.tenant, first).await.unwrap();
        at(&app, "2026-12-05T08:05:00+08:00");
        let act = app.act();
        let mut tx = app.db.begin().await.unwrap();
        let given_up = volunteer::vet(&mut tx, &act, passed, (Outcome::Failed, date(2026, 12, 4)), "").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(given_up, 1);
        assert_eq!(place_of(&app, second, passed).await, Some(Place::Cancelled));
        assert_eq!(place_of(&app, first, passed).await, Some(Place::Confirmed), "what has begun is on record");
        let mut tx = app.db.begin().await.unwrap();
        let came = volunteer::note(&mut tx, &act, &now, passed, volunteer::Arrival::Comes).await;
        assert!(matches!(came, Err(Error::Refused(why)) if why.contains("从业查询")));
        drop(tx);
        let (passed, leader, picture) = (passed.to_string(), leader.to_string(), photo());
        let both = [("way", "came"), ("person", leader.as_str()), ("person", passed.as_str())];
        let lead = app.browser();
        let presence = format!("{leads}/activities/{first}/presence");
        lead.post_files(&presence, &both, &[("photos", "g.jpg", &picture[..])]).await.assert_status(422).assert_contains("刘建军：");
        lead.post_files(&presence, &both[..2], &[("photos", "g.jpg", &picture[..])]).await.assert_ok();
    }
}
