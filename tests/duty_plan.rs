//! 护学岗 over time: peaks of some weekdays, ways between schools, rosters that know the rest of the week, what is past, and what a school hears.

use std::sync::Arc;

use doorstep::access::{Reach, Role, Scope};
use doorstep::app::{App, handlers};
use doorstep::config::{Config, Outgoing};
use doorstep::duty::{
    self, Contact, DayKind, GateKind, GateSketch, NewShift, OnDays, Peak, PersonKind, PersonSketch, SchoolSketch,
    SlotSketch, Stage, Weekdays,
};
use doorstep::outbox;
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use crate::duty::{Bureau, bureau};
use crate::support::{Browser, TestApp};

fn at(app: &TestApp, moment: &str) {
    app.means.clock.set(moment.parse::<Timestamp>().unwrap());
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

/// What stands on some days, anywhere in the bureau.
pub async fn standing(app: &TestApp, bureau: &Bureau, days: (&str, &str)) -> Vec<duty::Shift> {
    duty::shifts(&mut app.db.read().await.unwrap(), bureau.community.tenant, &Scope::tenant(), days).await.unwrap()
}

/// How many minutes of a day a gate is not kept; `None` if it need not be.
pub async fn open(app: &TestApp, bureau: &Bureau, day: &str, gate: Uuid) -> Option<i64> {
    let mut tx = app.db.read().await.unwrap();
    let days = (date(day), date(day));
    let table =
        duty::coverage(&mut tx, bureau.community.tenant, &Scope::tenant(), days, app.means.now()).await.unwrap();
    let kept = table.rows.iter().filter(|row| row.gate.id == gate).flat_map(|row| &row.kept);
    kept.map(|kept| kept.uncovered).reduce(|a, b| a + b)
}

async fn reach(app: &TestApp, bureau: &Bureau, person: Uuid, minutes: &[(Uuid, i64)]) {
    let mut tx = app.db.begin().await.unwrap();
    duty::set_reaches(&mut tx, &bureau.act(app), person, minutes).await.unwrap();
    tx.commit().await.unwrap();
}

async fn leave(app: &TestApp, bureau: &Bureau, person: Uuid, days: (&str, &str)) {
    let mut tx = app.db.begin().await.unwrap();
    duty::add_leave(&mut tx, &bureau.act(app), person, (date(days.0), date(days.1))).await.unwrap();
    tx.commit().await.unwrap();
}

/// A slot at a gate of the first school, and its id.
async fn slot(app: &TestApp, bureau: &Bureau, kind: Peak, minute: i64, gate: Uuid) -> Uuid {
    let bells = vec![(minute, String::new())];
    let new = SlotSketch { kind, days: OnDays::Every, early: Some(10), stay: Some(10), bells, gates: vec![gate] };
    let mut tx = app.db.begin().await.unwrap();
    let id = duty::add_slot(&mut tx, &bureau.act(app), bureau.schools[0], &new).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// Somebody at the gate of the far school, in its morning peak.
async fn put_far(app: &TestApp, bureau: &Bureau, day: &str, person: Uuid) -> Uuid {
    let day = date(day);
    let new = NewShift {
        school: bureau.schools[1],
        day,
        post: Some((bureau.far_gate, bureau.far_morning)),
        person: Some(person),
        duty: "看护学生过马路".to_owned(),
        span: duty::moment(day, 430).zip(duty::moment(day, 500)),
        pinned: false,
        stands_for: None,
    };
    let mut tx = app.db.begin().await.unwrap();
    let id = duty::put_shift(&mut tx, &bureau.act(app), &new).await.unwrap();
    tx.commit().await.unwrap();
    id
}

pub async fn make_roster(chief: &Browser, days: (&str, &str), seed: &str) -> crate::support::Page {
    chief.post("/duty-rosters", &[("first", days.0), ("last", days.1), ("seed", seed)]).await
}

/// Publishes the draft whose page this is, gaps or not, of which somebody has read what speaks against it.
pub async fn publish(chief: &Browser, draft: &crate::support::Page) -> crate::support::Page {
    let (version, cautions) = (draft.input("version"), chief.get(&draft.url).await.input("cautions"));
    let form = [("version", version.as_str()), ("cautions", cautions.as_str()), ("in_spite", "yes")];
    chief.post(&format!("{}/publication", draft.url), &form).await
}

/// The same program with a gateway for short messages that writes into a file.
pub fn with_sms(app: &TestApp, file: &std::path::Path) -> App {
    let outgoing = Outgoing { sms_file: Some(file.to_owned()), ..Outgoing::default() };
    App { config: Arc::new(Config { outgoing, ..(*app.app.config).clone() }), ..app.app.clone() }
}

db_test! {
    async fn a_peak_of_some_weekdays_is_asked_for_on_those_alone(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let chief = bureau.chief(&app).await;
        let school = format!("/duty-schools/{}", bureau.schools[0]);
        let gate = bureau.gate.to_string();
        let form = [("peak", "late_out"), ("bells", "21:00"), ("on_days", "every"), ("gate", gate.as_str()), ("weekday", "1"), ("weekday", "2"), ("weekday", "3"), ("weekday", "4")];
        let page = chief.post(&format!("{school}/slots"), &form).await;
        page.assert_ok().assert_contains("晚自习放学").assert_contains("只在周一到周四");
        // Thursday and Friday of the first week, by the minutes that are open at the gate: a morning of 70, and an evening of 60.
        assert_eq!(open(&app, &bureau, "2026-09-03", bureau.gate).await, Some(130));
        assert_eq!(open(&app, &bureau, "2026-09-04", bureau.gate).await, Some(70));
        chief.get("/duty/coverage?day=2026-09-03&span=week").await.assert_ok().assert_contains("晚自习放学（周一到周四）");

        // A Sunday that is made up for: whose lessons it has is not guessed, and no roster is made over it.
        chief.get("/duty?day=2026-09-20").await.assert_ok().assert_contains("9月20日 周日 补周几的课没有登记").assert_contains("东门");
        bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        make_roster(&chief, ("2026-09-20", "2026-09-20"), "1").await.assert_status(422).assert_contains("补周几的课没有登记");
        let day = [("day", "2026-09-20"), ("kind", "off"), ("follows", "4"), ("note", "补周四")];
        chief.post("/duty-days", &day).await.assert_status(422).assert_contains("不用选补周几的课").assert_contains("补周四");
        let day = [("day", "2026-09-20"), ("kind", "lessons"), ("follows", "4"), ("note", "补周四")];
        chief.post("/duty-days", &day).await.assert_ok().assert_contains("上周四的课");
        assert_eq!(open(&app, &bureau, "2026-09-20", bureau.gate).await, Some(130));
        make_roster(&chief, ("2026-09-20", "2026-09-20"), "1").await.assert_ok().assert_contains("晚自习放学");

        // On other days from now on.
        let action = page.between_all("action=\"", "\"").find(|path| path.ends_with("/weekdays")).unwrap().to_owned();
        let late = page.between_all("action=\"", "\"").filter(|path| path.ends_with("/weekdays")).count();
        assert_eq!(late, 2, "the morning and the evening");
        let last = page.between_all("action=\"", "\"").filter(|path| path.ends_with("/weekdays")).last().unwrap().to_owned();
        assert_ne!(action, last);
        chief.post(&last, &[("weekday", "5")]).await.assert_ok().assert_contains("只在周五");
        assert_eq!(open(&app, &bureau, "2026-09-03", bureau.gate).await, Some(70));
        assert_eq!(open(&app, &bureau, "2026-09-04", bureau.gate).await, Some(130));
    }

    async fn ways_between_schools_are_filled_in_and_somebody_stands_at_two_where_there_is_time(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let chief = bureau.chief(&app).await;
        let [near, far] = bureau.schools;
        let (there, back) = (format!("way-{near}-{far}"), format!("way-{far}-{near}"));
        let (seen_there, seen_back) = (format!("seen-{near}-{far}"), format!("seen-{far}-{near}"));
        chief.get("/duty-ways").await.assert_ok().assert_contains("还有 2 处没有填").assert_contains("从田家会小学到城北中学");
        chief.post("/duty-ways", &[(there.as_str(), "一刻钟"), (seen_there.as_str(), "")]).await.assert_status(422).assert_contains("一刻钟").assert_contains("0 到 240 的整数");

        // Nobody knows the way yet: the roster leaves the evening at the other school to somebody else, of whom there is nobody.
        let evening = {
            let bells = vec![(1000, String::new())];
            let new = SlotSketch { kind: Peak::EveningOut, days: OnDays::Every, early: Some(10), stay: Some(10), bells, gates: vec![bureau.far_gate] };
            let mut tx = app.db.begin().await.unwrap();
            let id = duty::add_slot(&mut tx, &bureau.act(&app), far, &new).await.unwrap();
            tx.commit().await.unwrap();
            id
        };
        // Somebody else has the morning there already.
        let there_already = bureau.person(&app, "任建平", PersonKind::Officer, None, false).await;
        put_far(&app, &bureau, "2026-09-01", there_already).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, None, false).await;
        reach(&app, &bureau, officer, &[(near, 5), (far, 10)]).await;
        let page = make_roster(&chief, ("2026-09-01", "2026-09-01"), "1").await;
        page.assert_ok().assert_contains("赶不过来");
        chief.post(&format!("{}/removal", page.url), &[]).await.assert_ok();

        let form = [(there.as_str(), "15"), (seen_there.as_str(), ""), (back.as_str(), "20"), (seen_back.as_str(), "")];
        chief.post("/duty-ways", &form).await.assert_ok().assert_contains("记下了 2 处").assert_contains("都填好了");
        // Whoever still sees the empty cell does not overwrite it.
        let stale = [(there.as_str(), "40"), (seen_there.as_str(), "")];
        chief.post("/duty-ways", &stale).await.assert_status(422).assert_contains("刚刚有人改成了“15”");
        let page = make_roster(&chief, ("2026-09-01", "2026-09-01"), "1").await;
        publish(&chief, &page).await.assert_ok();
        let shifts = standing(&app, &bureau, ("2026-09-01", "2026-09-01")).await;
        let schools: Vec<Uuid> = shifts.iter().filter(|shift| shift.person_id == Some(officer)).map(|shift| shift.school_id).collect();
        assert!(schools.contains(&near) && schools.contains(&far), "one person at both: {schools:?}");

        // By hand it is a warning, with the minutes, and whoever knows better goes on.
        let other = bureau.person(&app, "高瑞芹", PersonKind::Officer, None, false).await;
        bureau.put(&app, "2026-09-02", bureau.gate, Some(other)).await.unwrap();
        let (id, post) = (other.to_string(), format!("{}:{evening}", bureau.far_gate));
        let form = [("day", "2026-09-02"), ("post", post.as_str()), ("person", id.as_str()), ("duty", "看护"), ("from", "08:30"), ("to", "09:00")];
        let page = chief.post("/duty-shifts", &form).await;
        page.assert_status(422).assert_contains("路上要 15 分钟，中间只有 10 分钟").assert_contains("知道，还是这样排");
        chief.post("/duty-shifts", &[&form[..], &[("in_spite", "yes")]].concat()).await.assert_ok().assert_contains("已排上");
        // With an hour in between there is nothing to warn of.
        let third = bureau.person(&app, "薛改珍", PersonKind::Officer, None, false).await;
        bureau.put(&app, "2026-09-03", bureau.gate, Some(third)).await.unwrap();
        let id = third.to_string();
        let form = [("day", "2026-09-03"), ("post", post.as_str()), ("person", id.as_str()), ("duty", "看护"), ("from", "09:20"), ("to", "09:50")];
        chief.post("/duty-shifts", &form).await.assert_ok().assert_contains("已排上");
    }

    async fn what_is_pinned_in_a_draft_stays_when_it_is_worked_out_again(app: TestApp) {
        at(&app, "2026-08-25T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let chief = bureau.chief(&app).await;
        for name in ["冯志强", "高瑞芹", "薛改珍"] {
            bureau.person(&app, name, PersonKind::Officer, Some(5), false).await;
        }
        let late = bureau.person(&app, "任建平", PersonKind::Officer, Some(30), false).await;
        let draft = make_roster(&chief, ("2026-09-07", "2026-09-08"), "1").await;
        // The last of all stands nowhere by himself; staff put him down at the gate and pin it.
        let shift = draft.link("/duty-shifts/");
        let shown = chief.get(&shift).await;
        let (version, who) = (shown.input("version"), late.to_string());
        let form = [("version", version.as_str()), ("person", who.as_str()), ("duty", "看护"), ("from", "07:10"), ("to", "08:20")];
        chief.post(&format!("{shift}/particulars"), &form).await.assert_ok();
        let version = chief.get(&shift).await.input("version");
        chief.post(&format!("{shift}/pin"), &[("version", "0"), ("pinned", "yes")]).await.assert_status(409);
        chief.post(&format!("{shift}/pin"), &[("version", version.as_str()), ("pinned", "yes")]).await.assert_ok().assert_contains("再排时不动").assert_contains("固定</span>");
        chief.post(&format!("{}/successor", draft.url), &[("seed", "很多")]).await.assert_status(422).assert_contains("很多");
        let next = chief.post(&format!("{}/successor", draft.url), &[("seed", "7")]).await;
        next.assert_ok().assert_contains("固定的班没有动").assert_contains("编号 7").assert_contains("固定</span>");
        assert_ne!(next.url, draft.url);
        chief.get(&draft.url).await.assert_ok().assert_contains("已放弃");
        chief.post(&format!("{}/successor", draft.url), &[("seed", "8")]).await.assert_status(422).assert_contains("不能再排");
        publish(&chief, &next).await.assert_ok();
        let shifts = standing(&app, &bureau, ("2026-09-07", "2026-09-08")).await;
        assert_eq!(shifts.len(), 4, "two posts on two days, each once");
        let pinned: Vec<_> = shifts.iter().filter(|shift| shift.pinned).collect();
        assert_eq!((pinned.len(), pinned[0].person_id), (1, Some(late)));
    }

    async fn a_draft_is_looked_at_once_more_before_it_is_in_force(app: TestApp) {
        at(&app, "2026-08-25T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let chief = bureau.chief(&app).await;
        let mut people = Vec::new();
        for name in ["冯志强", "高瑞芹"] {
            people.push(bureau.person(&app, name, PersonKind::Officer, Some(5), false).await);
        }
        let days = ("2026-09-07", "2026-09-07");
        // Somebody has leave by now.
        let draft = make_roster(&chief, days, "1").await;
        leave(&app, &bureau, people[0], days).await;
        let page = publish(&chief, &draft).await;
        page.assert_status(422).assert_contains("请假").assert_contains("再排一次");
        // No tick helps against that, and so none is asked for, though a seat is empty as well.
        page.assert_contains("href=\"#publication\"").assert_contains("id=\"publication\"").assert_contains("id=\"publication-error\"");
        page.assert_contains("个位置没有人").assert_lacks("id=\"in_spite\"");
        // The same period again, without them: one post stays empty besides that of the other station.
        let next = chief.post(&format!("{}/successor", draft.url), &[("seed", "1")]).await;
        next.assert_ok();
        // Somebody else is put down at the empty post by hand: it is no gap any more. And a draft whose person is taken off is one.
        let version = next.input("version");
        let page = chief.post(&format!("{}/publication", next.url), &[("version", version.as_str())]).await;
        page.assert_status(422).assert_contains("还有 2 个位置没有人");
        let third = bureau.person(&app, "薛改珍", PersonKind::Officer, Some(5), false).await;
        let drafted = chief.get(&next.link("/duty-shifts/")).await;
        let free = if drafted.contains("东门") { bureau.crossing } else { bureau.gate };
        bureau.put(&app, "2026-09-07", free, Some(third)).await.unwrap();
        let page = chief.post(&format!("{}/publication", next.url), &[("version", version.as_str())]).await;
        page.assert_status(422).assert_contains("还有 1 个位置没有人");
        // On a day off nobody is asked for.
        let mut tx = app.db.begin().await.unwrap();
        duty::set_day(&mut tx, &bureau.act(&app), Some(bureau.schools[0]), date("2026-09-07"), DayKind::Off, "校运会").await.unwrap();
        tx.commit().await.unwrap();
        publish(&chief, &next).await.assert_status(422).assert_contains("不用站了");
    }

    async fn of_two_who_publish_drafts_of_the_same_people_at_once_one_is_refused(app: TestApp) {
        at(&app, "2026-08-25T09:00:00+08:00");
        let bureau = bureau(&app).await;
        for name in ["冯志强", "高瑞芹"] {
            bureau.person(&app, name, PersonKind::Officer, Some(5), false).await;
        }
        let (one, two) = (bureau.chief(&app).await, bureau.chief(&app).await);
        let days = ("2026-09-07", "2026-09-11");
        let (first, second) = (make_roster(&one, days, "1").await, make_roster(&two, days, "2").await);
        let (a, b) = tokio::join!(publish(&one, &first), publish(&two, &second));
        let mut statuses = [a.status, b.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 422], "{}\n{}", a.body, b.body);
        let shifts = standing(&app, &bureau, days).await;
        assert_eq!(shifts.len(), 10);
        for (at, shift) in shifts.iter().enumerate() {
            let twice = |other: &duty::Shift| other.person_id == shift.person_id && other.day == shift.day;
            assert!(!shifts[at + 1..].iter().any(twice), "{} twice on {}", shift.who(), shift.day);
        }
    }

    async fn a_roster_knows_the_rest_of_the_week_and_what_is_not_in_its_table(app: TestApp) {
        at(&app, "2026-08-25T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let chief = bureau.chief(&app).await;
        let new = PersonSketch {
            unit: bureau.stations[0],
            kind: PersonKind::Officer,
            name: "冯志强".to_owned(),
            phone: String::new(),
            qualifications: Vec::new(),
            daily: 2,
            weekly: 3,
            standby: false,
            ended_at: None,
        };
        let mut tx = app.db.begin().await.unwrap();
        let officer = duty::create_person(&mut tx, &bureau.act(&app), &new).await.unwrap();
        duty::set_reaches(&mut tx, &bureau.act(&app), officer, &[(bureau.schools[0], 5)]).await.unwrap();
        tx.commit().await.unwrap();
        // Two of three duties of the week are at a school to which no way is known, before the period begins; the third fits in.
        put_far(&app, &bureau, "2026-09-07", officer).await;
        put_far(&app, &bureau, "2026-09-08", officer).await;
        let page = make_roster(&chief, ("2026-09-09", "2026-09-11"), "1").await;
        publish(&chief, &page).await.assert_ok();
        let own = |shifts: Vec<duty::Shift>| shifts.iter().filter(|shift| shift.person_id == Some(officer)).count();
        assert_eq!(own(standing(&app, &bureau, ("2026-09-09", "2026-09-13")).await), 1);
        // A second roster of the same week finds it full; of the next week it is not.
        let page = make_roster(&chief, ("2026-09-10", "2026-09-14"), "1").await;
        page.assert_contains("这一周");
        publish(&chief, &page).await.assert_ok();
        assert_eq!(own(standing(&app, &bureau, ("2026-09-07", "2026-09-13")).await), 3);
        assert_eq!(own(standing(&app, &bureau, ("2026-09-14", "2026-09-14")).await), 1);
        // By hand the full week is a warning.
        let (who, post) = (officer.to_string(), format!("{}:{}", bureau.crossing, bureau.morning));
        let form = [("day", "2026-09-12"), ("post", post.as_str()), ("person", who.as_str()), ("duty", "看护")];
        chief.post("/duty-shifts", &form).await.assert_status(422).assert_contains("这一周已经排了 3 班");
    }

    async fn somebody_who_shares_a_post_by_halves_is_taken(app: TestApp) {
        at(&app, "2026-08-25T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let chief = bureau.chief(&app).await;
        let (one, two) = (bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await, bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(5), false).await);
        bureau.put(&app, "2026-09-07", bureau.gate, Some(one)).await.unwrap();
        bureau.put(&app, "2026-09-07", bureau.gate, Some(two)).await.unwrap(); // a seat more than are needed
        let page = make_roster(&chief, ("2026-09-07", "2026-09-07"), "1").await;
        // Nobody is left for the crossing, and nobody is put down twice.
        publish(&chief, &page).await.assert_ok();
        assert_eq!(standing(&app, &bureau, ("2026-09-07", "2026-09-07")).await.len(), 2);
    }

    async fn mending_leaves_alone_what_is_pinned_or_has_begun_even_where_a_rule_is_broken(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let absent = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let pinned = bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(5), false).await;
        let broken = bureau.person(&app, "薛改珍", PersonKind::Officer, Some(5), false).await;
        bureau.put(&app, "2026-09-02", bureau.gate, Some(absent)).await.unwrap();
        let other = bureau.put(&app, "2026-09-02", bureau.crossing, Some(pinned)).await.unwrap();
        // On another day somebody is pinned who has leave by now: that is against a rule, and lets go of no other pin.
        let against = bureau.put(&app, "2026-09-03", bureau.crossing, Some(broken)).await.unwrap();
        let chief = bureau.chief(&app).await;
        for (shift, who) in [(other, pinned), (against, broken)] {
            let (version, who) = (chief.get(&format!("/duty-shifts/{shift}")).await.input("version"), who.to_string());
            let form = [("version", version.as_str()), ("person", who.as_str()), ("duty", "看护"), ("from", "07:10"), ("to", "08:20"), ("pinned", "yes")];
            chief.post(&format!("/duty-shifts/{shift}/particulars"), &form).await.assert_ok();
        }
        leave(&app, &bureau, broken, ("2026-09-03", "2026-09-03")).await;
        // Their own leave is what is to be mended, and is on the list already.
        leave(&app, &bureau, absent, ("2026-09-02", "2026-09-04")).await;
        let mended = async |app: &TestApp, days: (&str, &str)| {
            let mut tx = app.db.read().await.unwrap();
            duty::mend(&mut tx, &bureau.act(app), &Scope::tenant(), absent, (date(days.0), date(days.1))).await.unwrap()
        };
        let changes = mended(&app, ("2026-09-02", "2026-09-04")).await;
        // Their own duty goes to whoever is free; empty seats may be filled on the way, and no pin moves.
        let of_gate = |change: &&duty::Mended| (change.need.gate, change.need.day) == (bureau.gate, date("2026-09-02"));
        assert_eq!(changes.iter().find(of_gate).unwrap().after(), "薛改珍", "{changes:?}");
        let moves = |change: &duty::Mended| change.shift.as_ref().is_some_and(|one| one.id == other || one.id == against);
        assert!(!changes.iter().any(moves), "{changes:?}");
        // Whoever is there already stays, and it can be mended around them.
        at(&app, "2026-09-02T07:00:00+08:00");
        let phone = app.browser();
        phone.post(&format!("{}/shifts/{other}", bureau.link(&app, pinned).await), &[("step", "come")]).await.assert_ok();
        let changes = mended(&app, ("2026-09-02", "2026-09-04")).await;
        let chief = bureau.chief(&app).await;
        let mending = format!("/duty-people/{absent}/mending");
        let page = chief.get(&format!("{mending}?first=2026-09-02&last=2026-09-04")).await;
        page.assert_ok().assert_contains(&format!("要改 {} 处", changes.len()));
        let all = page.input("changes");
        chief.post(&mending, &[("first", "2026-09-02"), ("last", "2026-09-04"), ("changes", all.as_str())]).await.assert_ok().assert_contains("已重新安排");
        // Somebody who is no longer on the list leaves duties behind, which are mended too.
        at(&app, "2026-09-02T09:00:00+08:00");
        let chief = bureau.chief(&app).await;
        let page = chief.get(&format!("/duty-people/{pinned}/particulars")).await;
        let next = bureau.put(&app, "2026-09-07", bureau.gate, Some(pinned)).await.unwrap();
        let (version, station) = (page.input("version"), bureau.stations[0].to_string());
        let form = [("version", version.as_str()), ("name", "高瑞芹"), ("unit", station.as_str()), ("kind", "officer"), ("phone", ""), ("daily", "2"), ("weekly", "10"), ("ended", "yes")];
        chief.post(&format!("/duty-people/{pinned}/particulars"), &form).await.assert_ok();
        assert_eq!(open(&app, &bureau, "2026-09-07", bureau.gate).await, Some(70), "whoever is gone keeps no post");
        chief.get("/duty?day=2026-09-07").await.assert_contains("已经不站岗，要换人");
        let page = chief.get(&format!("/duty-people/{pinned}/mending?first=2026-09-07&last=2026-09-07")).await;
        page.assert_ok().assert_contains("要改").assert_contains("高瑞芹 → ");
        assert!(duty::shift(&mut app.db.read().await.unwrap(), bureau.community.tenant, next).await.unwrap().person_id == Some(pinned));
    }

    async fn whoever_has_leave_keeps_no_post(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        bureau.put(&app, "2026-09-01", bureau.gate, Some(officer)).await.unwrap();
        assert_eq!(open(&app, &bureau, "2026-09-01", bureau.gate).await, Some(0));
        // Whoever is on duty at night enters it, too.
        let staff = app.person(Role::DutyStaff).of_community(&bureau.community).browser().await;
        let days = [("first", "2026-09-01"), ("last", "2026-09-01")];
        staff.post(&format!("/duty-people/{officer}/leaves"), &days).await.assert_ok();
        assert_eq!(open(&app, &bureau, "2026-09-01", bureau.gate).await, Some(70));
        staff.get("/duty?day=2026-09-01").await.assert_contains("请假，要换人").assert_contains("3 处有空当");
    }

    async fn what_is_past_stays_what_it_was(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let shift = bureau.put(&app, "2026-09-01", bureau.gate, Some(officer)).await.unwrap();
        at(&app, "2026-09-01T07:00:00+08:00");
        let phone = app.browser();
        let own = format!("{}/shifts/{shift}", bureau.link(&app, officer).await);
        phone.post(&own, &[("step", "come")]).await.assert_ok();
        at(&app, "2026-09-01T08:25:00+08:00");
        phone.post(&own, &[("step", "leave")]).await.assert_ok();
        // A week later more people are needed, half an hour more is asked for, and a peak is no longer kept.
        at(&app, "2026-09-08T09:00:00+08:00");
        let chief = bureau.chief(&app).await;
        let page = chief.get(&format!("/duty-gates/{}", bureau.gate)).await;
        let version = page.input("version");
        let form = [("version", version.as_str()), ("kind", "gate"), ("name", "东门"), ("duty", "看护学生过马路"), ("seats", "2"), ("officers", "2")];
        chief.post(&format!("/duty-gates/{}", bureau.gate), &form).await.assert_ok();
        assert_eq!(open(&app, &bureau, "2026-09-01", bureau.gate).await, Some(0), "one was enough then");
        chief.get("/duty?day=2026-09-01").await.assert_contains("要 1 人，其中警力 1 人");
        chief.get("/duty?day=2026-09-09").await.assert_contains("要 2 人，其中警力 2 人");
        let removal = format!("/duty-schools/{}/slots/{}/removal", bureau.schools[0], bureau.morning);
        chief.post(&removal, &[]).await.assert_ok();
        assert_eq!(open(&app, &bureau, "2026-09-01", bureau.gate).await, Some(0), "the row is still there");
        assert_eq!(open(&app, &bureau, "2026-09-08", bureau.gate).await, Some(70), "it was kept this morning");
        assert_eq!(open(&app, &bureau, "2026-09-09", bureau.gate).await, None);
        // And what is new asks for nothing in the past.
        slot(&app, &bureau, Peak::EveningOut, 1000, bureau.gate).await;
        assert_eq!(open(&app, &bureau, "2026-09-07", bureau.gate).await, Some(70));
        assert_eq!(open(&app, &bureau, "2026-09-08", bureau.gate).await, Some(90), "the morning of 70 and the evening of 20");
    }

    async fn whoever_has_had_fewer_peaks_of_the_term_has_more_of_the_next_roster(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let chief = bureau.chief(&app).await;
        let (much, little) = (bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await, bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(5), false).await);
        for day in ["2026-09-01", "2026-09-02", "2026-09-03", "2026-09-04"] {
            bureau.put(&app, day, bureau.gate, Some(much)).await.unwrap();
        }
        // One post a day is left to share.
        let mut tx = app.db.begin().await.unwrap();
        for day in ["2026-09-07", "2026-09-08", "2026-09-09", "2026-09-10"] {
            duty::set_day(&mut tx, &bureau.act(&app), Some(bureau.schools[1]), date(day), DayKind::Off, "").await.unwrap();
        }
        tx.commit().await.unwrap();
        let page = chief.get(&format!("/duty-gates/{}", bureau.crossing)).await;
        let version = page.input("version");
        let form = [("version", version.as_str()), ("kind", "crossing"), ("name", "校门前路口"), ("duty", "看护"), ("seats", "1"), ("officers", "1"), ("closed", "yes")];
        chief.post(&format!("/duty-gates/{}", bureau.crossing), &form).await.assert_ok();
        let page = make_roster(&chief, ("2026-09-07", "2026-09-10"), "1").await;
        publish(&chief, &page).await.assert_ok();
        let shifts = standing(&app, &bureau, ("2026-09-07", "2026-09-10")).await;
        let of = |person: Uuid| shifts.iter().filter(|shift| shift.person_id == Some(person)).count();
        assert_eq!((of(much), of(little)), (0, 4), "four each in the end");
    }

    async fn who_covers_a_school_is_not_for_one_of_those_who_cover_it_to_say(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let of = async |unit| app.person(Role::DutyChief).of_community(&bureau.community).of_organisation(unit).reaching(Reach::Organisation, unit).browser().await;
        let (station, patrol) = (of(bureau.stations[0]).await, of(bureau.patrol).await);
        let path = format!("/duty-schools/{}/particulars", bureau.schools[0]);
        let page = patrol.get(&path).await;
        page.assert_ok().assert_lacks("负责的派出所");
        let version = page.input("version");
        let taken = bureau.patrol.to_string();
        let form = [("version", version.as_str()), ("name", "田家会小学"), ("stage", "primary"), ("station", taken.as_str()), ("phone", "110")];
        patrol.post(&path, &form).await.assert_ok();
        let mut tx = app.db.read().await.unwrap();
        let school = duty::school(&mut tx, bureau.community.tenant, bureau.schools[0]).await.unwrap();
        assert_eq!((school.organisation_id, school.phone.as_str()), (bureau.stations[0], "110"));
        drop(tx);
        station.get("/duty-schools").await.assert_contains("田家会小学");
        let version = patrol.get(&path).await.input("version");
        let form = [("version", version.as_str()), ("name", "田家会小学"), ("stage", "primary"), ("phone", "110"), ("closed", "yes")];
        patrol.post(&path, &form).await.assert_status(422).assert_contains("由负责的派出所或者分局定");
        // Nor does anybody enter people or schools for another unit.
        let other = bureau.stations[1].to_string();
        let person = [("name", "冯志强"), ("unit", other.as_str()), ("kind", "officer"), ("phone", ""), ("daily", "2"), ("weekly", "10")];
        station.post("/duty-people", &person).await.assert_status(422).assert_contains("请选择单位").assert_contains("冯志强");
        let school = [("name", "王家沟小学"), ("station", other.as_str()), ("stage", "primary"), ("phone", "")];
        station.post("/duty-schools", &school).await.assert_status(422).assert_contains("请选择负责的派出所");
    }

    async fn a_code_at_a_post_is_made_anew_and_a_whole_number_is_seen_with_a_reason(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let chief = bureau.chief(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let tenant = bureau.community.tenant;
        let gate = duty::gate(&mut app.db.read().await.unwrap(), tenant, bureau.gate).await.unwrap();
        let code = format!("/duty-posts/{}", duty::post_link(tenant, &gate, &app.means.keys));
        app.browser().get(&code).await.assert_ok();
        chief.post(&format!("/duty-gates/{}/link", bureau.gate), &[]).await.assert_ok().assert_contains("旧的已经作废");
        app.browser().get(&code).await.assert_status(404);

        let person = format!("/duty-people/{officer}");
        chief.get(&person).await.assert_contains("138****1111").assert_lacks("13800001111");
        chief.post(&format!("{person}/reveals"), &[("reason", "")]).await.assert_status(422);
        chief.post(&format!("{person}/reveals"), &[("reason", "到点没有签到，打电话问")]).await.assert_ok().assert_contains("13800001111");
        let auditor = app.person(Role::AuditAdmin).of_community(&bureau.community).browser().await;
        auditor.get("/audit").await.assert_ok().assert_contains("到点没有签到，打电话问");
    }

    async fn a_school_hears_once_of_what_concerns_it_and_sees_nothing_of_the_police(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let act = bureau.act(&app);
        let tenant = bureau.community.tenant;
        let mut tx = app.db.begin().await.unwrap();
        let sketch = SchoolSketch {
            station: bureau.stations[0],
            others: Vec::new(),
            name: "王家沟小学".to_owned(),
            stage: Stage::Primary,
            address: String::new(),
            contact: Some(Contact { name: "高瑞芹".to_owned(), phone: "13800002222".to_owned() }),
            phone: "0358-0000110".to_owned(),
            closed_at: None,
        };
        let school = duty::create_school(&mut tx, &act, &sketch).await.unwrap();
        let gate = GateSketch { kind: GateKind::Gate, name: "正门".to_owned(), duty: "看护".to_owned(), seats: 2, officers: 1, qualification: None, closed_at: None };
        let gate = duty::add_gate(&mut tx, &act, school, &gate).await.unwrap();
        let slot = SlotSketch { kind: Peak::MorningIn, days: OnDays::Every, early: Some(30), stay: Some(20), bells: vec![(460, String::new())], gates: vec![gate] };
        let slot = duty::add_slot(&mut tx, &act, school, &slot).await.unwrap();
        tx.commit().await.unwrap();
        let (one, two) = (bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await, bureau.person(&app, "任建平", PersonKind::Officer, Some(5), false).await);
        // One of the school's own, by the form; police are of no school.
        let chief = bureau.chief(&app).await;
        let (station, id) = (bureau.stations[0].to_string(), school.to_string());
        let form = [("name", "薛改珍"), ("unit", station.as_str()), ("kind", "officer"), ("school", id.as_str()), ("phone", ""), ("daily", "2"), ("weekly", "10")];
        chief.post("/duty-people", &form).await.assert_status(422).assert_contains("不是学校的人");
        let form = [("name", "薛改珍"), ("unit", station.as_str()), ("kind", "security"), ("school", id.as_str()), ("phone", ""), ("daily", "2"), ("weekly", "10")];
        let page = chief.post("/duty-people", &form).await;
        page.assert_ok().assert_contains("王家沟小学");
        let guard: Uuid = page.url.rsplit('/').next().unwrap().parse().unwrap();
        let put = async |person: Option<Uuid>| {
            let day = date("2026-09-01");
            let span = duty::moment(day, 430).zip(duty::moment(day, 480));
            let new = NewShift { school, day, post: Some((gate, slot)), person, duty: "看护".to_owned(), span, pinned: false, stands_for: None };
            let mut tx = app.db.begin().await.unwrap();
            let id = duty::put_shift(&mut tx, &bureau.act(&app), &new).await.unwrap();
            tx.commit().await.unwrap();
            id
        };
        let shift = put(Some(one)).await;
        put(Some(guard)).await;
        let watched = async || { while duty::watch_plans(&app.db, &app.means).await.unwrap() {} };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sms.jsonl");
        let delivered = async || { while outbox::work(&with_sms(&app, &file), &handlers()).await.unwrap() > 0 {} };
        let messages = || std::fs::read_to_string(&file).unwrap_or_default().lines().count();
        // Of several changes it hears once, ten minutes after the last.
        watched().await;
        delivered().await;
        assert_eq!(messages(), 0);
        at(&app, "2026-08-31T09:10:00+08:00");
        watched().await;
        delivered().await;
        assert_eq!(messages(), 1);
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains("13800002222") && text.contains("有变动") && !text.contains("冯志强") && !text.contains("王家沟"), "{text}");
        // That another officer stands there is nothing that a school is told.
        let shown = chief.get(&format!("/duty-shifts/{shift}")).await;
        let (version, who) = (shown.input("version"), two.to_string());
        let form = [("version", version.as_str()), ("person", who.as_str()), ("duty", "看护"), ("from", "07:10"), ("to", "08:00")];
        chief.post(&format!("/duty-shifts/{shift}/particulars"), &form).await.assert_ok();
        at(&app, "2026-08-31T09:30:00+08:00");
        watched().await;
        delivered().await;
        assert_eq!(messages(), 1);

        // Its page: the posts of the days to come, its own people, whom to call; and no police, no number of them, no hours of theirs.
        let page = chief.post(&format!("/duty-schools/{school}/link"), &[]).await;
        let address = page.between_all("id=\"own-link\">", "<").next().unwrap().to_owned();
        let watch = format!("/duty-watch/{}", address.rsplit('/').next().unwrap());
        let guest = app.browser();
        let page = guest.get(&watch).await;
        page.assert_ok().assert_contains("正门 ✓ 已安排").assert_contains("薛改珍").assert_contains("安保联系人：高瑞芹").assert_contains("岗位的安排有变动");
        for secret in ["冯志强", "任建平", "民警", "警力", "人员", "13800002222", "巡逻", "备勤", "要 2 人", "2 人", "派出所"] {
            page.assert_lacks(secret);
        }
        guest.get(&format!("/duty-schools/{school}")).await.assert_contains("登录");

        // Without a gateway the desk is asked to call, and says that it has.
        let cancelled = standing(&app, &bureau, ("2026-09-01", "2026-09-01")).await;
        let own = cancelled.iter().find(|one| one.person_id == Some(guard)).unwrap().id;
        chief.post(&format!("/duty-shifts/{own}/cancellation"), &[("why", "学校另有安排")]).await.assert_ok();
        at(&app, "2026-08-31T09:45:00+08:00");
        watched().await;
        while outbox::work(&app.app, &handlers()).await.unwrap() > 0 {}
        at(&app, "2026-08-31T09:50:00+08:00");
        chief.get("/today").await.assert_contains("告知学校").assert_contains("王家沟小学");
        let page = chief.get(&format!("/duty-schools/{school}")).await;
        page.assert_contains("还没有告诉学校").assert_contains("138****2222").assert_lacks("13800002222");
        chief.post(&format!("/duty-schools/{school}/news"), &[]).await.assert_ok().assert_contains("学校已经知道");
        chief.get("/today").await.assert_lacks("告知学校");
        chief.post(&format!("/duty-schools/{school}/reveals"), &[("reason", "岗位换了人，告诉学校")]).await.assert_ok().assert_contains("13800002222");
        let school = duty::school(&mut app.db.read().await.unwrap(), tenant, school).await.unwrap();
        assert!(school.plan_told_at.is_some());
    }

    async fn the_table_names_a_school_once_and_a_week_that_nobody_knows_is_not_green(app: TestApp) {
        at(&app, "2026-12-21T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let chief = bureau.chief(&app).await;
        let week = chief.get("/duty/coverage?day=2026-12-21&span=week").await;
        let table = week.body.split("<table").nth(1).unwrap().split("</table>").next().unwrap().to_owned();
        assert_eq!(table.matches("田家会小学").count(), 1, "two posts of one school");
        week.assert_contains("没有人或者人不够的分钟").assert_contains("✕ 210 分");
        // A school with a term of its own, which begins on a Tuesday: of the Monday before nobody knows.
        let mut tx = app.db.begin().await.unwrap();
        duty::add_term(&mut tx, &bureau.act(&app), Some(bureau.schools[0]), "秋季学期", (date("2026-12-29"), date("2027-01-15"))).await.unwrap();
        tx.commit().await.unwrap();
        let officers = [bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await, bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(5), false).await];
        for day in ["2026-12-29", "2026-12-30", "2026-12-31"] {
            bureau.put(&app, day, bureau.gate, Some(officers[0])).await.unwrap();
            bureau.put(&app, day, bureau.crossing, Some(officers[1])).await.unwrap();
        }
        let term = chief.get("/duty/coverage?day=2026-12-28&span=term").await;
        term.assert_ok().assert_contains("？ 3 班，1 天不知道");
        chief.get("/duty/coverage/paper?day=2026-12-28&span=week").await.assert_ok().assert_contains("class=\"across\"").assert_contains("rowgroup");
        assert_eq!(Weekdays::of([1, 2, 3, 4]).words(), "周一到周四");
    }
}

#[test]
fn the_engine_counts_what_somebody_does_elsewhere_in_a_week() {
    use rostering::{
        DAY, Effort, Kind, Kinds, Most, Peak, Person, Post, Prepared, Problem, Rule, Seat, Slot, Span, Travel, bound,
        explain, score, solve,
    };
    let mut travel = Travel::new(2);
    travel.set(1, 0, 5);
    let seat = Seat { kinds: Kinds::ALL, qualifications: 0 };
    let slot = |day| Slot {
        post: 0,
        day,
        window: Span { from: 430, to: 500 },
        peak: Peak::Early,
        seats: vec![seat],
        pair: false,
    };
    let person = Person {
        kind: Kind::Officer,
        qualifications: 0,
        stands_alone: true,
        base: 1,
        team: 0,
        away: Vec::new(),
        barred_slots: Vec::new(),
        barred_posts: Vec::new(),
        most: Most { per_day: 1, per_week: 3, per_period: 100 },
        elsewhere: vec![2, 0],
        rest: 0,
        carried: [0, 0],
    };
    let problem = Problem {
        people: vec![person],
        posts: vec![Post { school: 0, place: 0 }],
        slots: (0..4).chain(7..9).map(slot).collect(),
        travel,
        ..Problem::default()
    };
    assert_eq!(DAY, 1440);
    let prepared = Prepared::new(problem).unwrap();
    let effort = Effort { seed: 1, threads: 1, rounds: 1, steps: 2000 };
    let roster = solve(&prepared, None, &effort, &|_| std::ops::ControlFlow::Continue(()));
    // One of the first week beside the two that they have, and both of the second.
    assert_eq!((score(&prepared, &roster).unfilled, bound(&prepared).unfilled), (3, 3));
    for clash in explain(&prepared, &roster) {
        assert!(clash.proved && clash.rules.iter().any(|(rule, _)| *rule == Rule::PerWeek), "{clash:?}");
    }
}
