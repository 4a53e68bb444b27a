//! 护学岗: when somebody can come, where they must not stand, and posts at which two stand or nobody; in a roster, by hand, from standby and in
//! a repair.

use doorstep::access::{Role, Scope};
use doorstep::duty::{self, DayKind, GateKind, GateSketch, NewShift, OnDays, Peak, PersonKind, SlotSketch, Times};
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use crate::duty::{Bureau, bureau};
use crate::duty_plan::{make_roster, publish, standing};
use crate::support::TestApp;

const DAY: &str = "2026-09-01";

fn at(app: &TestApp, moment: &str) {
    app.means.clock.set(moment.parse::<Timestamp>().unwrap());
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

/// One post in the whole bureau, for two people of whom one is police, in the morning and in the evening.
struct Place {
    bureau: Bureau,
    gate: Uuid,
    morning: Uuid,
    evening: Uuid,
}

async fn place(app: &TestApp) -> Place {
    at(app, "2026-08-31T09:00:00+08:00");
    let bureau = bureau(app).await;
    let act = bureau.act(app);
    let mut tx = app.db.begin().await.unwrap();
    let gate = GateSketch {
        kind: GateKind::PickUp,
        name: "接送区".to_owned(),
        duty: "疏导车辆".to_owned(),
        seats: 2,
        officers: 1,
        qualification: None,
        closed_at: None,
    };
    let gate = duty::add_gate(&mut tx, &act, bureau.schools[0], &gate).await.unwrap();
    let mut slots = Vec::new();
    for (kind, bell) in [(Peak::MorningIn, 460), (Peak::EveningOut, 1000)] {
        let bells = vec![(bell, String::new())];
        let slot = SlotSketch { kind, days: OnDays::Exams, early: Some(10), stay: Some(10), bells, gates: vec![gate] };
        slots.push(duty::add_slot(&mut tx, &act, bureau.schools[0], &slot).await.unwrap());
    }
    // On a day of exams the other posts of the school are kept as well; they are closed, and the other school has none.
    duty::set_day(&mut tx, &act, Some(bureau.schools[0]), date(DAY), DayKind::Exams, "").await.unwrap();
    duty::set_day(&mut tx, &act, Some(bureau.schools[1]), date(DAY), DayKind::Off, "").await.unwrap();
    tx.commit().await.unwrap();
    let chief = bureau.chief(app).await;
    for (gate, kind, name) in [(bureau.gate, "gate", "东门"), (bureau.crossing, "crossing", "校门前路口")] {
        let version = chief.get(&format!("/duty-gates/{gate}")).await.input("version");
        let form = [
            ("version", version.as_str()),
            ("kind", kind),
            ("name", name),
            ("duty", "看护"),
            ("seats", "1"),
            ("officers", "1"),
            ("closed", "yes"),
        ];
        chief.post(&format!("/duty-gates/{gate}"), &form).await.assert_ok();
    }
    Place { bureau, gate, morning: slots[0], evening: slots[1] }
}

impl Place {
    async fn comes(&self, app: &TestApp, person: Uuid, times: Times) {
        let mut tx = app.db.begin().await.unwrap();
        duty::set_times(&mut tx, &self.bureau.act(app), person, times).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn bar(&self, app: &TestApp, person: Uuid, gate: Option<Uuid>) {
        let mut tx = app.db.begin().await.unwrap();
        let place = (self.bureau.schools[0], gate);
        duty::bar(&mut tx, &self.bureau.act(app), person, place, "孩子在这里上学").await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Who stands there in a peak.
    async fn there(&self, app: &TestApp, slot: Uuid) -> Vec<Uuid> {
        let mut found: Vec<Uuid> = standing(app, &self.bureau, (DAY, DAY))
            .await
            .into_iter()
            .filter(|shift| shift.slot_id == Some(slot) && shift.absent_at.is_none())
            .filter_map(|shift| shift.person_id)
            .collect();
        found.sort();
        found
    }
}

fn sorted<const N: usize>(mut people: [Uuid; N]) -> Vec<Uuid> {
    people.sort();
    people.to_vec()
}

db_test! {
    async fn a_roster_puts_nobody_where_they_must_not_or_cannot_stand_and_says_why(app: TestApp) {
        let place = place(&app).await;
        let bureau = &place.bureau;
        let chief = bureau.chief(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let parent = bureau.person(&app, "高瑞芹", PersonKind::Parent, Some(5), false).await;
        // A parent who can come in the mornings only.
        place.comes(&app, parent, Times::daily(&[Peak::MorningIn])).await;
        let page = make_roster(&chief, (DAY, DAY), "1").await;
        page.assert_ok().assert_contains("1 人这个时段来不了").assert_lacks("不能站这个岗");
        publish(&chief, &page).await.assert_ok();
        assert_eq!(place.there(&app, place.morning).await, sorted([officer, parent]));
        assert_eq!(place.there(&app, place.evening).await, [officer]);
        // What was put down stays where it is when another roster is made, and the way is the same.
        make_roster(&chief, (DAY, DAY), "2").await.assert_ok().assert_contains("1 人这个时段来不了");
        for shift in standing(&app, bureau, (DAY, DAY)).await {
            chief.post(&format!("/duty-shifts/{}/cancellation", shift.id), &[("why", "重排")]).await.assert_ok();
        }

        // An officer whose child goes there: nobody in uniform is left, and so nobody at all, since a parent does not stand alone.
        let page = make_roster(&chief, (DAY, DAY), "1").await;
        place.bar(&app, officer, None).await;
        publish(&chief, &page).await.assert_status(422).assert_contains("冯志强登记了不能站田家会小学");
        let page = make_roster(&chief, (DAY, DAY), "1").await;
        page.assert_ok().assert_contains("1 人不能站这个岗");
        publish(&chief, &page).await.assert_ok();
        assert!(standing(&app, bureau, (DAY, DAY)).await.is_empty());
    }

    async fn somebody_who_comes_on_some_weekdays_stands_on_those_and_on_days_that_have_their_lessons(app: TestApp) {
        let place = place(&app).await;
        let bureau = &place.bureau;
        let chief = bureau.chief(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let teacher = bureau.person(&app, "高瑞芹", PersonKind::Teacher, Some(5), false).await;
        // The day is a Tuesday: they come on its mornings, or on those of the day before.
        place.comes(&app, teacher, Times::of([(2, Peak::MorningIn), (1, Peak::EveningOut)])).await;
        let page = make_roster(&chief, (DAY, DAY), "1").await;
        page.assert_ok().assert_contains("1 人这个时段来不了");
        publish(&chief, &page).await.assert_ok();
        assert_eq!(place.there(&app, place.morning).await, sorted([officer, teacher]));
        assert_eq!(place.there(&app, place.evening).await, [officer]);
        for shift in standing(&app, bureau, (DAY, DAY)).await {
            chief.post(&format!("/duty-shifts/{}/cancellation", shift.id), &[("why", "重排")]).await.assert_ok();
        }
        place.comes(&app, teacher, Times::of([(1, Peak::MorningIn), (1, Peak::EveningOut)])).await;
        let page = make_roster(&chief, (DAY, DAY), "1").await;
        publish(&chief, &page).await.assert_ok();
        assert_eq!(place.there(&app, place.morning).await, [officer]);

        // A Sunday counts as itself, until it is known whose lessons it has.
        let (who, morning) = (teacher.to_string(), format!("{}:{}", place.gate, place.morning));
        let form = [("day", "2026-09-20"), ("post", morning.as_str()), ("person", who.as_str()), ("duty", "看护")];
        let warned = chief.post("/duty-shifts", &form).await;
        warned.assert_status(422).assert_contains("高瑞芹登记的是只能站周一早入校、晚放学").assert_contains("知道，还是这样排");
        let day = [("day", "2026-09-20"), ("kind", "lessons"), ("follows", "1"), ("note", "补周一")];
        chief.post("/duty-days", &day).await.assert_ok();
        chief.post("/duty-shifts", &form).await.assert_ok().assert_contains("已排上");
    }

    async fn a_limit_that_is_entered_after_a_draft_is_listed_and_ticked_when_it_is_published(app: TestApp) {
        let place = place(&app).await;
        let bureau = &place.bureau;
        let chief = bureau.chief(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let parent = bureau.person(&app, "高瑞芹", PersonKind::Parent, Some(5), false).await;
        let page = make_roster(&chief, (DAY, DAY), "1").await;
        page.assert_ok().assert_lacks("发布以前请看");
        // Since then the parent has said that they come on the mornings of Tuesdays only, which the evening is not.
        place.comes(&app, parent, Times::of([(2, Peak::MorningIn)])).await;
        let against = "接送区 晚放学：高瑞芹登记的是只能站周二早入校";
        let shown = chief.get(&page.url).await;
        shown.assert_ok().assert_contains("发布以前请看").assert_contains(against).assert_lacks("接送区 早入校：").assert_lacks("id=\"in_spite\"");
        let (version, publication) = (shown.input("version"), format!("{}/publication", page.url));
        let asked = chief.post(&publication, &[("version", version.as_str())]).await;
        asked.assert_status(422).assert_contains(against).assert_contains("确实要这样发布");
        assert_eq!(asked.body.matches("id=\"in_spite\"").count(), 1, "it has to be ticked");
        assert!(standing(&app, bureau, (DAY, DAY)).await.is_empty(), "nothing is in force");
        // A tick is for what was listed: what was entered since is listed as well, and ticked anew.
        place.comes(&app, officer, Times::of([(2, Peak::MorningIn)])).await;
        let cautions = asked.input("cautions");
        let ticked = [("version", version.as_str()), ("cautions", cautions.as_str()), ("in_spite", "yes")];
        let asked = chief.post(&publication, &ticked).await;
        asked.assert_status(422).assert_contains(against).assert_contains("冯志强登记的是只能站周二早入校").assert_contains("id=\"in_spite\"");
        assert!(standing(&app, bureau, (DAY, DAY)).await.is_empty(), "nothing is in force");
        let cautions = asked.input("cautions");
        let ticked = [("version", version.as_str()), ("cautions", cautions.as_str()), ("in_spite", "yes")];
        chief.post(&publication, &ticked).await.assert_ok();
        assert_eq!(place.there(&app, place.evening).await, sorted([officer, parent]));
    }

    async fn a_limit_that_is_saved_while_a_draft_is_published_is_listed_as_well(app: TestApp) {
        let place = place(&app).await;
        let bureau = &place.bureau;
        let chief = bureau.chief(&app).await;
        bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let parent = bureau.person(&app, "高瑞芹", PersonKind::Parent, Some(5), false).await;
        let page = make_roster(&chief, (DAY, DAY), "1").await;
        page.assert_ok().assert_lacks("发布以前请看");
        let (version, publication) = (page.input("version"), format!("{}/publication", page.url));
        // Somebody is about to save when the parent can come: the draft waits for that, and has to know it then.
        let mut tx = app.db.begin().await.unwrap();
        duty::set_times(&mut tx, &bureau.act(&app), parent, Times::of([(2, Peak::MorningIn)])).await.unwrap();
        let saved = async {
            app.until_somebody_waits().await;
            tx.commit().await.unwrap();
        };
        let form = [("version", version.as_str())];
        let (asked, ()) = tokio::join!(chief.post(&publication, &form), saved);
        asked.assert_status(422).assert_contains("接送区 晚放学：高瑞芹登记的是只能站周二早入校").assert_contains("href=\"#in_spite\"");
        assert!(standing(&app, bureau, (DAY, DAY)).await.is_empty(), "nothing is in force");
    }

    async fn a_post_for_two_is_filled_by_two_or_by_nobody(app: TestApp) {
        let place = place(&app).await;
        let bureau = &place.bureau;
        let chief = bureau.chief(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let path = format!("/duty-gates/{}", place.gate);
        let version = chief.get(&path).await.input("version");
        let form = [("version", version.as_str()), ("kind", "pick_up"), ("name", "接送区"), ("duty", "疏导车辆"), ("officers", "1"), ("pair", "yes")];
        let one = [&form[..], &[("seats", "1")]].concat();
        chief.post(&path, &one).await.assert_status(422).assert_contains("至少要 2 个人");
        let two = [&form[..], &[("seats", "2")]].concat();
        chief.post(&path, &two).await.assert_ok().assert_contains("必须两人同时在");
        assert!(chief.get(&path).await.body.contains("name=\"pair\" value=\"yes\" checked"));
        let page = make_roster(&chief, (DAY, DAY), "1").await;
        page.assert_ok().assert_contains("必须两人同时在，凑不齐");
        publish(&chief, &page).await.assert_ok();
        assert!(standing(&app, bureau, (DAY, DAY)).await.is_empty(), "one alone is nobody");
        let other = bureau.person(&app, "薛改珍", PersonKind::Auxiliary, Some(5), false).await;
        let page = make_roster(&chief, (DAY, DAY), "1").await;
        publish(&chief, &page).await.assert_ok();
        for slot in [place.morning, place.evening] {
            assert_eq!(place.there(&app, slot).await, sorted([officer, other]));
        }
    }

    async fn by_hand_a_bar_is_refused_and_another_peak_is_a_warning(app: TestApp) {
        let place = place(&app).await;
        let bureau = &place.bureau;
        let chief = bureau.chief(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let barred = bureau.person(&app, "任建平", PersonKind::Officer, Some(5), false).await;
        place.comes(&app, officer, Times::daily(&[Peak::MorningIn, Peak::NoonIn])).await;
        place.bar(&app, barred, Some(place.gate)).await;
        let (who, evening) = (officer.to_string(), format!("{}:{}", place.gate, place.evening));
        let form = [("day", DAY), ("post", evening.as_str()), ("person", who.as_str()), ("duty", "看护")];
        let warned = chief.post("/duty-shifts", &form).await;
        warned.assert_status(422).assert_contains("冯志强登记的是只能站早入校、午返校").assert_contains("知道，还是这样排");
        let page = chief.post("/duty-shifts", &[&form[..], &[("in_spite", "yes")]].concat()).await;
        page.assert_ok();
        let shift = standing(&app, bureau, (DAY, DAY)).await[0].id;
        // A roster leaves whom the desk has put there all the same.
        let page = make_roster(&chief, (DAY, DAY), "1").await;
        publish(&chief, &page).await.assert_ok();
        assert_eq!(place.there(&app, place.evening).await, [officer]);
        assert_eq!(place.there(&app, place.morning).await, [officer]);

        // Nobody gets past a bar: not as somebody new, nor in a change, nor by a tick.
        let name = barred.to_string();
        let form = [("day", DAY), ("post", evening.as_str()), ("person", name.as_str()), ("duty", "看护"), ("in_spite", "yes")];
        chief.post("/duty-shifts", &form).await.assert_status(422).assert_contains("任建平登记了不能站田家会小学 · 接送区，请换一个人").assert_lacks("孩子");
        let version = chief.get(&format!("/duty-shifts/{shift}")).await.input("version");
        let form = [("version", version.as_str()), ("person", name.as_str()), ("duty", "看护"), ("from", "16:30"), ("to", "16:50"), ("in_spite", "yes")];
        chief.post(&format!("/duty-shifts/{shift}/particulars"), &form).await.assert_status(422).assert_contains("任建平登记了不能站");
        // Nor in a swap; the colleague is not told on.
        let (phone, own) = (app.browser(), bureau.link(&app, officer).await);
        let swap = [("step", "swap"), ("to", name.as_str())];
        phone.post(&format!("{own}/shifts/{shift}"), &swap).await.assert_status(422).assert_contains("对方这时候不能来").assert_lacks("登记了");
        // Whoever takes a shift over in another peak does so with the desk's knowledge.
        let third = bureau.person(&app, "薛改珍", PersonKind::Officer, Some(5), false).await;
        place.comes(&app, third, Times::daily(&[Peak::MorningIn])).await;
        let name = third.to_string();
        phone.post(&format!("{own}/shifts/{shift}"), &[("step", "swap"), ("to", name.as_str())]).await.assert_ok();
        let (theirs, link) = (app.browser(), bureau.link(&app, third).await);
        let answer = theirs.get(&link).await.between_all("action=\"", "\"").find(|action| action.contains("/swaps/")).unwrap().to_owned();
        theirs.post(&answer, &[("answer", "yes")]).await.assert_ok();
        let decision = format!("/duty-shifts/{shift}/swaps/{}/decision", answer.rsplit('/').next().unwrap());
        let yes = [("decision", "yes"), ("swap_why", "")];
        chief.post(&decision, &yes).await.assert_status(422).assert_contains("薛改珍登记的是只能站早入校").assert_contains("知道，还是这样排");
        chief.post(&decision, &[&yes[..], &[("in_spite", "yes")]].concat()).await.assert_ok().assert_contains("已同意换岗");
    }

    async fn whoever_must_not_stand_there_or_cannot_come_then_is_not_called_and_no_repair_puts_them_there(app: TestApp) {
        let place = place(&app).await;
        let bureau = &place.bureau;
        let ill = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let barred = bureau.person(&app, "任建平", PersonKind::Officer, Some(1), true).await;
        let barred_here = bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(2), true).await;
        let evenings = bureau.person(&app, "薛改珍", PersonKind::Officer, Some(3), true).await;
        let other_days = bureau.person(&app, "石海燕", PersonKind::Officer, Some(4), true).await;
        let far = bureau.person(&app, "郝春生", PersonKind::Officer, Some(9), true).await;
        place.bar(&app, barred, None).await;
        place.bar(&app, barred_here, Some(place.gate)).await;
        place.comes(&app, evenings, Times::daily(&[Peak::EveningOut])).await;
        // The day is a Tuesday.
        place.comes(&app, other_days, Times::of([(1, Peak::MorningIn), (3, Peak::MorningIn), (2, Peak::NoonOut)])).await;
        let day = date(DAY);
        let new = NewShift {
            school: bureau.schools[0], day, post: Some((place.gate, place.morning)), person: Some(ill), duty: "看护".to_owned(),
            span: duty::moment(day, 450).zip(duty::moment(day, 470)), pinned: false, stands_for: None,
        };
        let mut tx = app.db.begin().await.unwrap();
        let shift = duty::put_shift(&mut tx, &bureau.act(&app), &new).await.unwrap();
        // The only one who could fill the place of whoever is on leave.
        let changes = duty::mend(&mut tx, &bureau.act(&app), &Scope::tenant(), ill, (day, day)).await.unwrap();
        for change in &changes {
            let to = change.to.as_ref().map(|(who, _)| *who);
            assert!(to.is_none_or(|who| who == far || who == evenings && change.need.slot == place.evening), "{}", change.after());
        }
        assert!(changes.iter().any(|change| change.to.as_ref().is_some_and(|(who, _)| *who == far)));
        tx.commit().await.unwrap();
        at(&app, "2026-09-01T06:50:00+08:00");
        let mut tx = app.db.begin().await.unwrap();
        let call = duty::miss(&mut tx, &bureau.act(&app), shift, "发烧").await.unwrap();
        assert_eq!(call.map(|call| call.person_id), Some(far));
        tx.commit().await.unwrap();
    }

    async fn what_somebody_can_do_is_entered_with_their_particulars_and_why_not_stays_at_the_desk(app: TestApp) {
        let place = place(&app).await;
        let bureau = &place.bureau;
        let chief = bureau.chief(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let day = date(DAY);
        let new = NewShift {
            school: bureau.schools[0], day, post: Some((place.gate, place.morning)), person: Some(officer), duty: "看护".to_owned(),
            span: duty::moment(day, 450).zip(duty::moment(day, 470)), pinned: false, stands_for: None,
        };
        let mut tx = app.db.begin().await.unwrap();
        duty::put_shift(&mut tx, &bureau.act(&app), &new).await.unwrap();
        tx.commit().await.unwrap();
        let page = format!("/duty-people/{officer}");
        chief.get(&page).await.assert_ok().assert_contains("都可以");
        let path = format!("{page}/particulars");
        let form = chief.get(&path).await;
        form.assert_ok().assert_contains("田家会小学（所有岗位）").assert_contains("田家会小学 · 接送区");
        let (version, station, there) = (form.input("version"), bureau.stations[0].to_string(), format!("{}:{}", bureau.schools[0], place.gate));
        let base = [("name", "冯志强"), ("unit", station.as_str()), ("kind", "officer"), ("phone", ""), ("daily", "2"), ("weekly", "10")];
        let with = |version: &str, more: &[(&'static str, &str)]| -> Vec<(String, String)> {
            let pairs = base.iter().copied().chain([("version", version)]).chain(more.iter().copied());
            pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
        };
        let post = async |fields: Vec<(String, String)>| {
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            chief.post(&path, &fields).await
        };
        post(with(&version, &[("bar", there.as_str())])).await.assert_status(422).assert_contains("请填写为什么不能站");
        let asked = post(with(&version, &[("bar_why", "孩子在这里上学"), ("times", "0:noon_out"), ("times", "3:morning_in")])).await;
        asked.assert_status(422).assert_contains("请选择不能站的学校或岗位").assert_contains("孩子在这里上学");
        assert!(asked.body.contains("value=\"0:noon_out\" checked") && asked.body.contains("value=\"3:morning_in\" checked"), "what was ticked comes back");
        let done = post(with(&version, &[("bar", there.as_str()), ("bar_why", "孩子在这里上学"), ("times", "0:noon_out"), ("times", "0:evening_out")])).await;
        done.assert_ok().assert_contains("只能：午放学、晚放学").assert_contains("田家会小学 · 接送区（孩子在这里上学）");
        done.assert_contains("有 1 班和登记的不合");
        let form = chief.get(&path).await;
        assert!(form.body.contains("value=\"0:noon_out\" checked") && !form.body.contains("value=\"2:noon_out\" checked") && !form.body.contains("value=\"0:morning_in\" checked"));
        let bar = form.between_all("name=\"lift\" value=\"", "\"").next().unwrap().to_owned();
        let version = form.input("version");
        // Single days beside every day do not narrow it: which is meant is asked.
        let both = post(with(&version, &[("times", "0:noon_out"), ("times", "1:noon_out"), ("times", "3:noon_out"), ("times", "0:evening_out")])).await;
        both.assert_status(422).assert_contains("“午放学”勾了“每天”，又勾了单独的几天，请只留一种");
        both.assert_contains("href=\"#times\"").assert_contains("id=\"times\"").assert_contains("id=\"times-error\"");
        assert!(both.body.contains("value=\"0:noon_out\" checked") && both.body.contains("value=\"3:noon_out\" checked"), "what was ticked comes back");
        chief.get(&page).await.assert_contains("只能：午放学、晚放学");
        let again = post(with(&version, &[("bar", there.as_str()), ("bar_why", "孩子在这里上学")])).await;
        again.assert_status(422).assert_contains("已经登记了不能站田家会小学 · 接送区");
        // Why is read by the desk alone: not by whoever stands there, nor in the audit log, nor in the table that is downloaded.
        app.browser().get(&bureau.link(&app, officer).await).await.assert_ok().assert_lacks("孩子在这里上学");
        let auditor = app.person(Role::AuditAdmin).of_community(&bureau.community).browser().await;
        auditor.get("/audit").await.assert_ok().assert_contains("登记不能站的岗").assert_lacks("孩子在这里上学");
        chief.get("/duty/coverage?day=2026-09-01&span=week").await.assert_ok().assert_lacks("孩子在这里上学");
        // On the mornings of the day itself nothing is wrong with the shift, and on those of another it is.
        let fits = post(with(&version, &[("times", "2:morning_in")])).await;
        fits.assert_ok().assert_contains("只能：周二早入校").assert_contains("有 1 班和登记的不合，");
        let version = chief.get(&path).await.input("version");
        let done = post(with(&version, &[("times", "2:morning_in"), ("lift", bar.as_str())])).await;
        done.assert_ok().assert_lacks("不合");
        let version = chief.get(&path).await.input("version");
        post(with(&version, &[("times", "3:morning_in")])).await.assert_ok().assert_contains("只能：周三早入校").assert_contains("有 1 班和登记的不合");
        let version = chief.get(&path).await.input("version");
        // Nothing is ticked, and all times are all again.
        let done = post(with(&version, &[])).await;
        done.assert_ok().assert_contains("都可以").assert_lacks("接送区（").assert_lacks("不合");
        // Somebody new has it from the beginning.
        let new = [("name", "高瑞芹"), ("unit", station.as_str()), ("kind", "parent"), ("phone", ""), ("daily", "2"), ("weekly", "10"), ("times", "1:morning_in"), ("times", "3:morning_in"), ("times", "5:evening_out")];
        chief.post("/duty-people", &new).await.assert_ok().assert_contains("只能：周一、周三早入校；周五晚放学");
    }


    async fn a_repair_is_put_down_where_a_seat_before_the_one_that_changes_is_empty(app: TestApp) {
        let place = place(&app).await;
        let bureau = &place.bureau;
        let ill = bureau.person(&app, "任建平", PersonKind::Teacher, Some(5), false).await;
        let first = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let second = bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(5), false).await;
        let day = date(DAY);
        let new = NewShift {
            school: bureau.schools[0], day, post: Some((place.gate, place.morning)), person: Some(ill), duty: "看护".to_owned(),
            span: duty::moment(day, 450).zip(duty::moment(day, 470)), pinned: false, stands_for: None,
        };
        let mut tx = app.db.begin().await.unwrap();
        let shift = duty::put_shift(&mut tx, &bureau.act(&app), &new).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = app.db.begin().await.unwrap();
        let act = bureau.act(&app);
        assert_eq!(duty::shift(&mut tx, act.tenant, shift).await.unwrap().seat, 1, "the seat of the police is left open");
        let changes = duty::mend(&mut tx, &act, &Scope::tenant(), ill, (day, day)).await.unwrap();
        let fills = |change: &duty::Mended| change.shift.is_none() && change.need.slot == place.morning && change.to.is_some();
        assert!(changes.iter().any(fills), "{changes:?}");
        duty::apply_mending(&mut tx, &act, &changes).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(place.there(&app, place.morning).await, sorted([first, second]));
    }
}
