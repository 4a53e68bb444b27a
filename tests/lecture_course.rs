//! 法治进校园, what happens to a lecture on its way: dates that are offered, what stands in the way later, near dates, sign-in, reminders.

use std::collections::BTreeSet;

use doorstep::access::Act;
use doorstep::channel;
use doorstep::error::Error;
use doorstep::lecture::{
    self, LecturerSketch, PeriodKind, Phase, RequestSketch, SchoolSketch, SessionSketch, Sheet, Stage,
};
use futures_util::future::join_all;
use uuid::Uuid;

use crate::backup::everything;
use crate::lecture::{Team, at, date, refused, team, team_of};
use crate::support::{Browser, TestApp};

db::statements! {
    OLD_TERM = "INSERT INTO lecture_terms (tenant_id, id, name, first_day, last_day) VALUES ($1, $2, $3, $4, $5)";
}

pub async fn request(app: &TestApp, team: &Team, days: (&str, &str)) -> Uuid {
    let new = RequestSketch {
        call: None,
        topic: team.topics[0],
        form: team.form,
        grades: (7, 8),
        days: (date(days.0), date(days.1)),
        words: String::new(),
    };
    let mut tx = app.db.begin().await.unwrap();
    let id = lecture::ask(&mut tx, &team.act(app), team.school, &new).await.unwrap();
    tx.commit().await.unwrap();
    id
}

pub async fn session(app: &TestApp, team: &Team, id: Uuid) -> lecture::Session {
    lecture::session(&mut app.db.read().await.unwrap(), team.community.tenant, id).await.unwrap()
}

pub async fn vet(app: &TestApp, team: &Team, at: usize, (passed, day): (bool, &str)) {
    let mut tx = app.db.begin().await.unwrap();
    lecture::vet(&mut tx, &team.act(app), team.lecturers[at], (passed, date(day)), "查询文书").await.unwrap();
    tx.commit().await.unwrap();
}

/// A group of the team, which is told.
async fn group(app: &TestApp, team: &Team) {
    let address = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=made-up".to_owned();
    let (kind, name, place) = (channel::Kind::Wecom, "团队群".to_owned(), channel::Place::Community);
    let new = channel::NewChannel { kind, name, place, address, secret: None, reminders: true };
    let mut tx = app.db.begin().await.unwrap();
    channel::add(&mut tx, &team.act(app), new, &[]).await.unwrap();
    tx.commit().await.unwrap();
}

/// What the group was told of a session, in order.
async fn told(app: &TestApp, team: &Team, id: Uuid) -> Vec<String> {
    let mut tx = app.db.read().await.unwrap();
    let mut told = channel::of_subject(&mut tx, team.community.tenant, id).await.unwrap();
    told.sort_by_key(|one| one.position);
    told.into_iter().map(|one| one.text).collect()
}

/// A school with a class in each grade and a hall.
pub async fn another_school(app: &TestApp, team: &Team, name: &str, travel: i64) -> (Uuid, Uuid, Vec<(i64, Uuid)>) {
    let act = team.act(app);
    let mut tx = app.db.begin().await.unwrap();
    let sketch = SchoolSketch {
        name: name.to_owned(),
        stage: Stage::Junior,
        address: String::new(),
        travel_minutes: travel,
        contact: None,
        closed_at: None,
    };
    let id = lecture::create_school(&mut tx, &act, &sketch).await.unwrap();
    let known = lecture::school(&mut tx, act.tenant, id).await.unwrap();
    let hall = lecture::add_hall(&mut tx, &act, id, "礼堂", 300).await.unwrap();
    let mut classes = Vec::new();
    for grade in 7..=9 {
        classes.push((grade, lecture::add_class(&mut tx, &act, &known, (grade, "1班", 40)).await.unwrap()));
    }
    tx.commit().await.unwrap();
    (id, hall, classes)
}

db_test! {
    async fn a_request_is_answered_with_dates_and_reasons_and_what_differs_is_explained(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let staff = team.staff(&app).await;
        // On the first of these days the school has exams, on the second one lecturer is elsewhere, on the third all is free.
        let mut tx = app.db.begin().await.unwrap();
        let exams = (date("2026-09-07"), date("2026-09-07"));
        lecture::add_period(&mut tx, &team.act(&app), Some(team.school), exams, (PeriodKind::Exams, "摸底考试")).await.unwrap();
        tx.commit().await.unwrap();
        let (near, hall, classes) = another_school(&app, &team, "城关中学", 20).await;
        let elsewhere = SessionSketch {
            school: near,
            hall,
            classes: vec![classes[0].1],
            lecturers: vec![team.lecturers[0]],
            ..team.sketch("2026-09-08T09:00:00+08:00", "2026-09-08T09:45:00+08:00")
        };
        team.propose(&app, &elsewhere).await.unwrap();
        let id = request(&app, &team, ("2026-09-07", "2026-09-11")).await;
        let page = staff.get(&format!("/lecture-requests/{id}")).await;
        let arranged = |day: &str| page.body.contains(&format!("request={id}&#38;day={day}&#38;")) || page.body.contains(&format!("request={id}&amp;day={day}&amp;"));
        assert!(!arranged("2026-09-07") && arranged("2026-09-08") && arranged("2026-09-09") && arranged("2026-09-10"), "{}", page.body);
        page.assert_contains("避开考试和假期").assert_contains("从业查询有效").assert_contains("路上 30 分钟");
        let first = page.link("/lectures/new");
        assert!(first.contains("day=2026-09-08") && first.ends_with(&team.lecturers[1].to_string()), "{first}");
        // The form comes filled: the day, the lecturer, the topic, the classes of the grades, and why.
        let page = staff.get(&first).await;
        page.assert_ok().assert_contains("value=\"2026-09-08\"").assert_contains("当天没有别的课");
        assert_eq!(page.body.matches(" checked").count(), 1 + 1 + 2);
        // Another day than the school has asked for needs a reason, which the school reads.
        let (school, hall, form) = (team.school.to_string(), team.halls[0].to_string(), team.form.to_string());
        let (lecturer, topic, request) = (team.lecturers[0].to_string(), team.topics[0].to_string(), id.to_string());
        let class = team.classes[0].to_string();
        let mut fields = vec![
            ("school", school.as_str()), ("request", request.as_str()), ("title", "法治第一课"), ("form", form.as_str()), ("topic", topic.as_str()),
            ("day", "2026-09-14"), ("from", "09:00"), ("until", "09:45"), ("hall", hall.as_str()), ("class", class.as_str()),
            ("lecturer", lecturer.as_str()), ("why", "讲师有空"), ("apart", ""),
        ];
        let page = staff.post("/lectures", &fields).await;
        page.assert_status(422).assert_contains("要的是 2026-09-07 到 2026-09-11").assert_contains("法治第一课");
        fields[12].1 = "那一周讲师出差";
        staff.post("/lectures", &fields).await.assert_ok();
        app.browser().get(&team.guest(&app).await).await.assert_contains("那一周讲师出差").assert_contains("和需求不一样");
        // Nobody teaches senior grades: that is said.
        let mut tx = app.db.begin().await.unwrap();
        let sketch = LecturerSketch {
            name: "任建平".to_owned(), title: String::new(), phone: String::new(), grades: (10, 12), topics: team.topics.clone(), ended_at: None,
        };
        lecture::create_lecturer(&mut tx, &team.act(&app), &sketch).await.unwrap();
        tx.commit().await.unwrap();
        for at in 0..2 {
            vet(&app, &team, at, (false, "2026-08-28")).await;
        }
        let id = crate::lecture_course::request(&app, &team, ("2026-09-21", "2026-09-25")).await;
        staff.get(&format!("/lecture-requests/{id}")).await.assert_ok().assert_contains("没有一天有空，或者从业查询过期了");
    }

    async fn what_is_arranged_is_looked_at_again_when_something_changes(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let (lead, staff, tenant) = (team.lead(&app).await, team.staff(&app).await, team.community.tenant);
        let first = team.agreed(&app, "2026-09-08T14:30:00+08:00", "2026-09-08T16:00:00+08:00").await;
        let second = team.propose(&app, &team.sketch("2026-10-13T14:30:00+08:00", "2026-10-13T16:00:00+08:00")).await.unwrap();
        let affected = async || {
            let mut tx = app.db.read().await.unwrap();
            let found = lecture::affected(&mut tx, tenant, app.means.now()).await.unwrap();
            found.into_iter().map(|one| (one.session.id, one.verb)).collect::<Vec<_>>()
        };
        assert!(affected().await.is_empty());
        // Exams are entered later.
        let fields = [("kind", "exams"), ("first", "2026-10-12"), ("last", "2026-10-14"), ("note", "期中考试"), ("school", "")];
        lead.post("/lecture-terms", &[]).await.assert_status(422);
        lead.post("/lecture-periods", &fields).await.assert_ok().assert_contains("有 1 节约好的课要改");
        assert_eq!(affected().await, [(second, "改期")]);
        staff.get("/lectures").await.assert_contains("约好的课，有的要改").assert_contains("期中考试");
        staff.get("/today").await.assert_contains("改期");
        // A query fails, or expires before the day: the school cannot say yes, and whoever arranges is told.
        let fields = [("checked_on", "2026-08-28"), ("result", "failed"), ("proof", "查询文书九号")];
        lead.post(&format!("/lecturers/{}/vettings", team.lecturers[0]), &fields).await.assert_ok().assert_contains("有 2 节约好的课要改");
        assert_eq!(affected().await, [(first, "换人"), (second, "换人")]);
        staff.get(&format!("/lectures/{first}")).await.assert_contains("从业查询无效").assert_contains("武晓峰");
        let mut tx = app.db.begin().await.unwrap();
        let known = lecture::session(&mut tx, tenant, second).await.unwrap();
        refused(lecture::agree(&mut tx, &team.act(&app), &known, known.lock_version, false).await, "讲师要更换");
        drop(tx);
        // It was given all the same: that is written down only knowingly, or after what was asked in time is entered late.
        at(&app, "2026-09-08T17:00:00+08:00");
        let staff = team.staff(&app).await;
        let version = session(&app, &team, first).await.lock_version.to_string();
        let mut record = vec![("version", version.as_str()), ("pupils", "96"), ("teachers", "1"), ("parents", "0"), ("minutes", "200"), ("handouts", "0"), ("course", "")];
        let path = format!("/lectures/{first}/record");
        staff.post(&path, &record).await.assert_status(422).assert_contains("对不上");
        record[4].1 = "90";
        staff.post(&path, &record).await.assert_status(422).assert_contains("武晓峰那天没有有效的从业查询");
        vet(&app, &team, 0, (true, "2026-08-30")).await;
        staff.post(&path, &record).await.assert_ok().assert_contains("2 课时");
        // Whoever ends does not come.
        at(&app, "2026-09-09T09:00:00+08:00");
        let lead = team.lead(&app).await;
        assert_eq!(affected().await, [(second, "改期")]);
        let known = lecture::lecturer(&mut app.db.read().await.unwrap(), tenant, team.lecturers[1]).await.unwrap();
        let topic = team.topics[0].to_string();
        let version = known.lock_version.to_string();
        let fields = [("name", "呼改梅"), ("title", ""), ("phone", ""), ("first_grade", "7"), ("last_grade", "9"), ("topic", topic.as_str()), ("ended", "yes"), ("version", version.as_str())];
        lead.post(&format!("/lecturers/{}/particulars", team.lecturers[1]), &fields).await.assert_ok().assert_contains("有 1 节约好的课要改");
        assert_eq!(affected().await, [(second, "换人")]);
    }

    async fn whatever_a_proposal_rested_on_and_is_no_more_is_told_and_nobody_agrees_to_it(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let (lead, staff, tenant) = (team.lead(&app).await, team.staff(&app).await, team.community.tenant);
        let (school, guest) = (app.browser(), team.guest(&app).await);
        let id = team.propose(&app, &team.sketch("2026-09-08T14:30:00+08:00", "2026-09-08T16:00:00+08:00")).await.unwrap();
        let fine = team.sketch("2026-09-15T14:30:00+08:00", "2026-09-15T16:00:00+08:00");
        let fine = SessionSketch { hall: team.halls[1], classes: vec![team.classes[0]], topics: vec![team.topics[0]], lecturers: vec![team.lecturers[1]], ..fine };
        let other = team.propose(&app, &fine).await.unwrap();
        let stands = async |id: Uuid| {
            let mut tx = app.db.read().await.unwrap();
            let found = lecture::affected(&mut tx, tenant, app.means.now()).await.unwrap();
            found.into_iter().find(|one| one.session.id == id).map(|one| (one.verb, one.why))
        };
        let version = session(&app, &team, id).await.lock_version.to_string();
        let step = format!("{guest}/sessions/{id}");
        let agree = [("step", "agree"), ("version", version.as_str())];
        assert_eq!((stands(id).await, stands(other).await), (None, None));
        // One lecturer teaches other grades now, another of the topics nobody.
        let [first, second] = team.lecturers;
        for (lecturer, name, grades, topics, why) in [
            (first, "武晓峰", ("7", "7"), 0..3, "武晓峰不讲八年级2班了"),
            (first, "武晓峰", ("7", "9"), 0..1, ""),
            (second, "呼改梅", ("7", "9"), 0..2, "没有人讲"),
        ] {
            let known = lecture::lecturer(&mut app.db.read().await.unwrap(), tenant, lecturer).await.unwrap();
            let version = known.lock_version.to_string();
            let topics: Vec<String> = team.topics[topics].iter().map(Uuid::to_string).collect();
            let mut fields = vec![("name", name), ("title", ""), ("phone", ""), ("first_grade", grades.0), ("last_grade", grades.1), ("version", version.as_str())];
            fields.extend(topics.iter().map(|id| ("topic", id.as_str())));
            lead.post(&format!("/lecturers/{lecturer}/particulars"), &fields).await.assert_ok();
            match (stands(id).await, why) {
                (None, "") => {}
                (Some(("换人", said)), why) if !why.is_empty() => {
                    assert!(said.contains(why), "{said}");
                    school.post(&step, &agree).await.assert_status(422).assert_contains("讲师要更换");
                }
                other => panic!("{other:?}"),
            }
        }
        let mut tx = app.db.begin().await.unwrap();
        let to = SessionSketch { topics: team.topics[..2].to_vec(), ..team.sketch("2026-09-08T14:30:00+08:00", "2026-09-08T16:00:00+08:00") };
        let known = lecture::session(&mut tx, tenant, id).await.unwrap();
        lecture::change(&mut tx, &team.act(&app), &known, known.lock_version, (&to, "换主题")).await.unwrap();
        tx.commit().await.unwrap();
        let version = session(&app, &team, id).await.lock_version.to_string();
        let agree = [("step", "agree"), ("version", version.as_str())];
        assert_eq!(stands(id).await, None);
        // A class is not there any more, nor a hall.
        let places = format!("/lecture-schools/{}", team.school);
        lead.post(&format!("{places}/classes/{}/removal", team.classes[1]), &[]).await.assert_ok().assert_contains("有 1 节约好的课要改");
        assert_eq!(stands(id).await, Some(("换班", "八年级2班已经不列出了".to_owned())));
        school.post(&step, &agree).await.assert_status(422).assert_contains("八年级2班已经不列出了");
        lead.post(&format!("{places}/halls/{}/removal", team.halls[0]), &[]).await.assert_ok().assert_contains("有 1 节约好的课要改");
        assert_eq!(stands(id).await, Some(("换场地", "报告厅已经不列出了".to_owned())));
        school.post(&step, &agree).await.assert_status(422).assert_contains("报告厅已经不列出了");
        // The term is taken out: nobody knows any more whether there is school, and that is not guessed.
        let page = lead.get("/lecture-terms").await;
        let removal = page.between_all("action=\"", "\"").find(|to| to.starts_with("/lecture-terms/") && to.ends_with("/removal")).unwrap().to_owned();
        lead.post(&removal, &[]).await.assert_ok().assert_contains("有 2 节约好的课要改");
        assert_eq!(stands(other).await.unwrap().0, "改期");
        staff.get("/lectures").await.assert_contains("还没有登记学期");
        let version = session(&app, &team, other).await.lock_version.to_string();
        let agree = [("step", "agree"), ("version", version.as_str())];
        school.post(&format!("{guest}/sessions/{other}"), &agree).await.assert_status(422).assert_contains("还没有登记学期");
    }

    async fn a_query_that_expires_before_the_day_is_not_good_enough(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let mut tx = app.db.begin().await.unwrap();
        lecture::add_term(&mut tx, &team.act(&app), None, "2027年春季学期", (date("2027-01-01"), date("2027-07-10"))).await.unwrap();
        // Both were asked on 2 March 2026: a year, and no day longer. That Sunday there is school after all.
        let days = (date("2027-02-28"), date("2027-03-02"));
        lecture::add_period(&mut tx, &team.act(&app), None, days, (PeriodKind::Lessons, "补课")).await.unwrap();
        tx.commit().await.unwrap();
        let on = |day: &str| team.sketch(&format!("{day}T14:30:00+08:00"), &format!("{day}T15:15:00+08:00"));
        at(&app, "2026-12-01T09:00:00+08:00");
        refused(team.propose(&app, &on("2027-03-02")).await, "2027-03-01 到期");
        team.propose(&app, &on("2027-03-01")).await.unwrap();
    }

    async fn a_near_date_needs_the_schools_word_and_a_late_refusal_is_none(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let (school, guest) = (app.browser(), team.guest(&app).await);
        let id = team.agreed(&app, "2026-09-08T14:30:00+08:00", "2026-09-08T16:00:00+08:00").await;
        let (tenant, act) = (team.community.tenant, team.act(&app));
        // The day before it is moved to the next morning, not to an hour at which nobody is at school.
        at(&app, "2026-09-07T17:00:00+08:00");
        let act = Act { at: app.means.now(), ..act };
        let mut tx = app.db.begin().await.unwrap();
        let known = lecture::session(&mut tx, tenant, id).await.unwrap();
        let early = team.sketch("2026-09-08T06:00:00+08:00", "2026-09-08T06:45:00+08:00");
        refused(lecture::change(&mut tx, &act, &known, known.lock_version, (&early, "讲师下午开庭")).await, "7 点到 21 点之间");
        let morning = team.sketch("2026-09-08T08:30:00+08:00", "2026-09-08T10:00:00+08:00");
        lecture::change(&mut tx, &act, &known, known.lock_version, (&morning, "讲师下午开庭")).await.unwrap();
        tx.commit().await.unwrap();
        let page = school.get(&guest).await;
        page.assert_contains("时间很近").assert_contains("等学校确认");
        let (version, step) = (page.input("version"), format!("{guest}/sessions/{id}"));
        let mut fields = vec![("step", "agree"), ("version", version.as_str())];
        school.post(&step, &fields).await.assert_status(422).assert_contains("不到 5 个工作日");
        fields.push(("near", "yes"));
        school.post(&step, &fields).await.assert_ok().assert_contains("已约定");
        // Once it should have begun the school does not call it off any more; the team says that it did not take place.
        at(&app, "2026-09-08T10:30:00+08:00");
        let version = session(&app, &team, id).await.lock_version.to_string();
        school.get(&guest).await.assert_lacks("要取消");
        let staff = team.staff(&app).await;
        let fields = [("step", "decline"), ("version", version.as_str()), ("why", "停电")];
        school.post(&step, &fields).await.assert_status(422).assert_contains("课已经到时间了").assert_contains("停电");
        staff.get(&format!("/lectures/{id}")).await.assert_contains("没有上成");
        let fields = [("version", version.as_str()), ("cancel_why", "停电没有上成")];
        staff.post(&format!("/lectures/{id}/cancellation"), &fields).await.assert_ok().assert_contains("已取消");
        staff.get("/lectures?past=1&state=cancelled").await.assert_contains("护航开学季");
        staff.get("/lectures?past=1&state=held").await.assert_lacks("护航开学季");
        staff.get(&format!("/lecture-schools/{}", team.school)).await.assert_contains("护航开学季");
    }

    async fn a_proposal_that_nobody_answers_is_no_dead_end(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let (guest, tenant) = (team.guest(&app).await, team.community.tenant);
        let asked = request(&app, &team, ("2026-09-07", "2026-09-18")).await;
        let first = team.sketch("2026-09-08T14:30:00+08:00", "2026-09-08T16:00:00+08:00");
        let lost = team.propose(&app, &SessionSketch { request: Some(asked), ..first }).await.unwrap();
        let given = team.propose(&app, &team.sketch("2026-09-09T14:30:00+08:00", "2026-09-09T16:00:00+08:00")).await.unwrap();
        let late = team.agreed(&app, "2026-09-10T14:30:00+08:00", "2026-09-10T16:00:00+08:00").await;
        // Two months later each of them is still to be done.
        at(&app, "2026-11-20T09:00:00+08:00");
        let (staff, school) = (team.staff(&app).await, app.browser());
        let page = staff.get("/today").await;
        page.assert_ok().assert_contains("没答复").assert_contains("课上完了，登记上课情况");
        for id in [lost, given, late] {
            page.assert_contains(&format!("/lectures/{id}"));
        }
        // One did not take place: what the school asked for waits again.
        let version = session(&app, &team, lost).await.lock_version.to_string();
        staff.get(&format!("/lectures/{lost}")).await.assert_contains("学校没有答复").assert_contains("没有上成");
        let fields = [("version", version.as_str()), ("cancel_why", "一直没有答复，没有上")];
        staff.post(&format!("/lectures/{lost}/cancellation"), &fields).await.assert_ok().assert_contains("已取消");
        staff.get("/lectures").await.assert_contains(&format!("/lecture-requests/{asked}"));
        staff.get("/today").await.assert_contains("排课").assert_lacks(&format!("/lectures/{lost}"));
        // The other was agreed by phone and given: the school's confirmation stands for its answer too.
        let version = session(&app, &team, given).await.lock_version.to_string();
        let record = [("version", version.as_str()), ("pupils", "96"), ("teachers", "1"), ("parents", "0"), ("minutes", "90"), ("handouts", "0"), ("course", "")];
        staff.post(&format!("/lectures/{given}/record"), &record).await.assert_ok().assert_contains("没有在链接上答复，上课以后登记的");
        staff.get("/today").await.assert_contains("学校还没有确认上课情况");
        // However long ago it was, the school can still confirm it.
        let known = session(&app, &team, given).await;
        assert!(known.unanswered);
        let page = school.get(&guest).await;
        page.assert_ok().assert_contains("是上课以后登记的").assert_contains("武晓峰");
        let version = known.lock_version.to_string();
        let fields = [("step", "confirm"), ("version", version.as_str()), ("words", "")];
        school.post(&format!("{guest}/sessions/{given}"), &fields).await.assert_ok();
        assert!(session(&app, &team, given).await.school_confirmed_at.is_some());
        staff.get("/today").await.assert_lacks("学校还没有确认上课情况").assert_lacks(&format!("/lectures/{given}"));
        // One that both had agreed to was answered.
        let mut tx = app.db.begin().await.unwrap();
        let known = lecture::session(&mut tx, tenant, late).await.unwrap();
        let what = lecture::Record { pupils: 96, teachers: 1, parents: 0, handouts: 0, minutes: 90, course: String::new(), own: None, knowing: false };
        lecture::record(&mut tx, &team.act(&app), &known, known.lock_version, &what).await.unwrap();
        assert!(!lecture::session(&mut tx, tenant, late).await.unwrap().unanswered);
        tx.commit().await.unwrap();
    }

    async fn a_form_that_comes_back_says_what_was_read_and_not_what_somebody_has_changed_meanwhile(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let id = team.agreed(&app, "2026-09-08T14:30:00+08:00", "2026-09-08T16:00:00+08:00").await;
        at(&app, "2026-09-08T16:10:00+08:00");
        let (staff, phone, own) = (team.staff(&app).await, app.browser(), team.own(&app, 0).await);
        let seen = session(&app, &team, id).await.lock_version.to_string();
        let record = |version: &str, pupils: &str| {
            let fields = [
                ("version", version), ("pupils", pupils), ("teachers", "1"), ("parents", "0"), ("minutes", "90"), ("handouts", "0"), ("course", ""),
            ];
            fields.map(|(name, value)| (name.to_owned(), value.to_owned()))
        };
        let post = async |browser: &Browser, path: &str, fields: [(String, String); 7]| {
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            browser.post(path, &fields).await
        };
        let (theirs, ours) = (format!("{own}/sessions/{id}/record"), format!("/lectures/{id}/record"));
        // Somebody writes it down while two others fill in their forms, and both make a mistake.
        post(&staff, &ours, record(&seen, "96")).await.assert_ok();
        for (browser, path) in [(&phone, &theirs), (&staff, &ours)] {
            let page = post(browser, path, record(&seen, "许多")).await;
            page.assert_status(422);
            // What comes back is still of what they had read: mended, it does not go over what was written down meanwhile.
            assert_eq!(page.input("version"), seen);
            post(browser, path, record(&seen, "50")).await.assert_status(409);
        }
        assert_eq!(session(&app, &team, id).await.pupils, Some(96));
    }

    async fn the_latest_terms_are_known_however_many_there_were(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let mut tx = app.db.begin().await.unwrap();
        let row = |_| OLD_TERM.bind(team.community.tenant).bind(app.means.id()).bind("旧学期").bind("2001-03-01").bind("2001-07-01");
        tx.execute_many(OLD_TERM, (0..501).map(row).collect()).await.unwrap();
        tx.commit().await.unwrap();
        team.propose(&app, &team.sketch("2026-09-08T14:30:00+08:00", "2026-09-08T16:00:00+08:00")).await.unwrap();
        let lead = team.lead(&app).await;
        lead.get("/lecture-terms").await.assert_ok().assert_contains("2026年秋季学期");
    }

    async fn classes_are_signed_in_by_links_of_their_own(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let id = team.agreed(&app, "2026-09-08T14:30:00+08:00", "2026-09-08T16:00:00+08:00").await;
        let tenant = team.community.tenant;
        let path = |class: usize| {
            let class = team.classes[class];
            format!("/lecture-sign-in/{}/{class}", lecture::sign_in_link(tenant, id, class, &app.means.keys))
        };
        let teacher = app.browser();
        teacher.get(&path(0)).await.assert_ok().assert_contains("还没到时间");
        teacher.post(&path(0), &[("present", "48")]).await.assert_status(422).assert_contains("还没到时间");
        at(&app, "2026-09-08T14:00:00+08:00");
        let school = app.browser();
        school.get(&team.guest(&app).await).await.assert_contains(&path(0)).assert_contains("还没有报");
        teacher.get(&path(0)).await.assert_contains("七年级1班签到");
        teacher.post(&path(0), &[("present", "51")]).await.assert_status(422).assert_contains("一共 50 人");
        teacher.post(&path(0), &[("present", "")]).await.assert_status(422);
        teacher.post(&path(0), &[("present", "47")]).await.assert_ok().assert_contains("到 47 人");
        // Said again, the last word holds; and it takes the link of the class.
        teacher.post(&path(0), &[("present", "48")]).await.assert_ok().assert_contains("到 48 人");
        let (link, _) = path(0).rsplit_once('/').map(|(link, class)| (link.to_owned(), class.to_owned())).unwrap();
        teacher.get(&format!("{link}/{}", team.classes[1])).await.assert_status(404);
        app.browser().post(&path(1), &[("present", "46")]).await.assert_ok();
        let staff = team.staff(&app).await;
        staff.get(&format!("/lectures/{id}")).await.assert_contains("七年级1班 48 / 50").assert_contains("一共 94 人");
        staff.get(&format!("/lectures/{id}/sign-in")).await.assert_ok().assert_contains("到 46 / 48 人").assert_contains("<svg");
        // The lecturer finds the number in the form, and what was written stays when somebody writes again.
        at(&app, "2026-09-08T16:10:00+08:00");
        let staff = team.staff(&app).await;
        let (own, other) = (team.own(&app, 0).await, team.own(&app, 1).await);
        let (phone, second) = (app.browser(), app.browser());
        let page = phone.get(&own).await;
        assert_eq!((page.input("pupils"), page.input("minutes")), ("94".to_owned(), "90".to_owned()));
        let version = page.input("version");
        let record = [("version", version.as_str()), ("pupils", "94"), ("teachers", "3"), ("parents", "0"), ("minutes", "90"), ("handouts", "98"), ("course", "播放短片"), ("own_words", "时间略紧")];
        phone.post(&format!("{own}/sessions/{id}/record"), &record).await.assert_ok();
        let page = second.get(&other).await;
        page.assert_contains("播放短片").assert_lacks("时间略紧");
        assert_eq!(page.input("handouts"), "98");
        let version = page.input("version");
        let record = [("version", version.as_str()), ("pupils", "94"), ("teachers", "3"), ("parents", "0"), ("minutes", "90"), ("handouts", "98"), ("course", "播放短片"), ("own_words", "互动可以再多些")];
        second.post(&format!("{other}/sessions/{id}/record"), &record).await.assert_ok();
        phone.get(&own).await.assert_contains("时间略紧").assert_lacks("互动可以再多些");
        staff.get(&format!("/lectures/{id}")).await.assert_contains("武晓峰自评").assert_contains("时间略紧").assert_contains("互动可以再多些");
        // What the school has confirmed is not signed in any more.
        let mut tx = app.db.begin().await.unwrap();
        let known = lecture::session(&mut tx, tenant, id).await.unwrap();
        lecture::confirm(&mut tx, &team.act(&app), &known, known.lock_version, "").await.unwrap();
        tx.commit().await.unwrap();
        teacher.post(&path(0), &[("present", "20")]).await.assert_status(422).assert_contains("学校已经确认过");
        let strange = lecture::sign_in_link(tenant, Uuid::nil(), team.classes[0], &app.means.keys);
        app.browser().get(&format!("/lecture-sign-in/{strange}/{}", team.classes[0])).await.assert_status(404);
    }

    async fn the_team_is_told_and_reminded_once_and_phones_remind_by_themselves(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        group(&app, &team).await;
        let id = team.agreed(&app, "2026-09-08T14:30:00+08:00", "2026-09-08T16:00:00+08:00").await;
        let act = || Act { at: app.means.now(), ..team.act(&app) };
        let remind = async || lecture::remind(&app.db, &act()).await.unwrap();
        remind().await;
        assert_eq!(told(&app, &team, id).await.len(), 1);
        at(&app, "2026-09-06T09:00:00+08:00");
        remind().await;
        remind().await;
        let words = told(&app, &team, id).await;
        assert!(words.len() == 2 && words[0].contains("学校已经确认") && words[1].contains("快到了"), "{words:?}");
        assert!(words[1].contains("2026年9月8日 14:30–16:00") && words[1].contains("石楼中学"), "{words:?}");
        // Moved, it is told, and reminded of anew once the school has agreed.
        at(&app, "2026-09-06T10:00:00+08:00");
        let mut tx = app.db.begin().await.unwrap();
        let known = lecture::session(&mut tx, team.community.tenant, id).await.unwrap();
        let later = team.sketch("2026-09-09T14:30:00+08:00", "2026-09-09T16:00:00+08:00");
        lecture::change(&mut tx, &act(), &known, known.lock_version, (&later, "礼堂有会")).await.unwrap();
        tx.commit().await.unwrap();
        remind().await;
        assert_eq!(told(&app, &team, id).await.len(), 3);
        let mut tx = app.db.begin().await.unwrap();
        let known = lecture::session(&mut tx, team.community.tenant, id).await.unwrap();
        lecture::agree(&mut tx, &act(), &known, known.lock_version, true).await.unwrap();
        tx.commit().await.unwrap();
        at(&app, "2026-09-07T09:00:00+08:00");
        doorstep::upkeep::once(&app.app).await.unwrap();
        assert_eq!(told(&app, &team, id).await.len(), 5);
        // Both sides have it in their calendars, with alarms while it is still to come.
        for path in [team.guest(&app).await, team.own(&app, 0).await] {
            let feed = app.browser().get(&format!("{path}/calendar")).await;
            feed.assert_ok().assert_contains("STATUS:CONFIRMED").assert_contains("20260909T063000Z");
            assert_eq!(feed.body.matches("BEGIN:VALARM").count(), 2, "{}", feed.body);
            feed.assert_contains("ACTION:DISPLAY").assert_contains(":-PT86400S").assert_contains(":-PT3600S");
        }
        let mut tx = app.db.begin().await.unwrap();
        let known = lecture::session(&mut tx, team.community.tenant, id).await.unwrap();
        lecture::cancel(&mut tx, &act(), &known, known.lock_version, (false, "讲师出差")).await.unwrap();
        tx.commit().await.unwrap();
        assert!(told(&app, &team, id).await.last().unwrap().contains("已取消"));
        let feed = app.browser().get(&format!("{}/calendar", team.guest(&app).await)).await;
        feed.assert_contains("STATUS:CANCELLED").assert_lacks("BEGIN:VALARM");
    }

    async fn schools_answer_the_call_that_they_mean(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        another_school(&app, &team, "城关中学", 20).await;
        let (lead, school, guest) = (team.lead(&app).await, app.browser(), team.guest(&app).await);
        for (title, last) in [("秋季学期需求", "2026-09-10"), ("宪法宣传周需求", "2026-11-20")] {
            lead.post("/lecture-calls", &[("call_title", title), ("call_words", ""), ("call_last", last)]).await.assert_ok();
        }
        let page = school.get(&guest).await;
        page.assert_contains("回应哪次征集").assert_contains("最早可以约").assert_contains("2026-09-04");
        let call = page.between_all("<option value=\"", "\"").zip(page.between_all("<option value=\"", "<")).find(|(_, text)| text.ends_with("宪法宣传周需求"));
        let call = call.map(|(id, _)| id.to_owned()).unwrap();
        let (topic, form) = (team.topics[0].to_string(), team.form.to_string());
        let mut fields = vec![("call", call.as_str()), ("topic", topic.as_str()), ("form", form.as_str()), ("first_grade", "7"), ("last_grade", "8"), ("first", "2026-09-01"), ("last", "2026-09-02"), ("words", "两个班都想听")];
        school.post(&format!("{guest}/requests"), &fields).await.assert_status(422).assert_contains("最早可以约 2026-09-04").assert_contains("两个班都想听");
        fields[6].1 = "2026-12-04";
        school.post(&format!("{guest}/requests"), &fields).await.assert_ok();
        let page = lead.get("/lecture-plans").await;
        let (_, rest) = page.body.split_once("<b>宪法宣传周需求</b>").unwrap();
        let (own, _) = rest.split_once("</li>").unwrap();
        assert!(own.contains("已答复：石楼中学；没有答复：城关中学"), "{own}");
        let (_, rest) = page.body.split_once("<b>秋季学期需求</b>").unwrap();
        let (other, _) = rest.split_once("</li>").unwrap();
        assert!(other.contains("还没有学校答复；没有答复："), "{other}");
    }

    async fn a_hundred_who_book_crosswise_get_what_does_not_overlap(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        // Four kinds of bookings by turns: each lecturer in each hall, so that every two collide by something else: a hall, a lecturer or a class.
        let mut wanted = Vec::new();
        for turn in 0..25 {
            for kind in 0..4 {
                let day = format!("2026-09-{:02}T", 7 + turn % 5);
                let minutes = 9 * 60 + 15 * (turn % 4);
                let clock = |minutes: usize| format!("{day}{:02}:{:02}:00+08:00", minutes / 60, minutes % 60);
                let mut sketch = team.sketch(&clock(minutes), &clock(minutes + 45));
                sketch.lecturers = vec![team.lecturers[kind % 2]];
                sketch.hall = team.halls[kind / 2];
                sketch.classes = vec![team.classes[(kind + turn) % 2]];
                wanted.push(sketch);
            }
        }
        let tasks = wanted.iter().map(|sketch| {
            let (app, team, sketch) = (app.db.clone(), team.act(&app), sketch.clone());
            tokio::spawn(async move {
                let mut tx = app.begin().await.unwrap();
                let id = lecture::propose(&mut tx, &team, &sketch).await?;
                tx.commit().await.unwrap();
                Ok::<Uuid, Error>(id)
            })
        });
        let done: Vec<_> = join_all(tasks.collect::<Vec<_>>()).await.into_iter().map(|one| one.unwrap()).collect();
        let mut booked: Vec<&SessionSketch> = Vec::new();
        for (sketch, one) in wanted.iter().zip(&done) {
            match one {
                Ok(_) => booked.push(sketch),
                Err(Error::Refused(_) | Error::Stale(_)) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
        let things = |sketch: &SessionSketch| {
            let all = sketch.lecturers.iter().chain(&sketch.classes).chain(std::iter::once(&sketch.hall));
            all.copied().collect::<BTreeSet<Uuid>>()
        };
        for (n, one) in booked.iter().enumerate() {
            for other in &booked[n + 1..] {
                let apart = one.span.1 <= other.span.0 || other.span.1 <= one.span.0;
                assert!(apart || things(one).is_disjoint(&things(other)), "{one:?}\n{other:?}");
            }
        }
        // Whoever was refused collides with somebody who was not: nothing was refused for nothing.
        for (sketch, one) in wanted.iter().zip(&done).filter(|(_, one)| one.is_err()) {
            let hit = booked.iter().any(|other| {
                sketch.span.0 < other.span.1 && other.span.0 < sketch.span.1 && !things(sketch).is_disjoint(&things(other))
            });
            assert!(hit, "{sketch:?} {one:?}");
        }
        assert!(booked.len() >= 10, "{}", booked.len());
    }

    async fn a_sheet_leaves_no_trace_but_in_the_sums(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let question = team.question(&app, 0).await;
        let tenant = team.community.tenant;
        let first = team.agreed(&app, "2026-09-08T08:30:00+08:00", "2026-09-08T09:15:00+08:00").await;
        let second = team.agreed(&app, "2026-09-08T10:30:00+08:00", "2026-09-08T11:15:00+08:00").await;
        let link = |session| format!("/lecture-quiz/{}", lecture::quiz_link(tenant, session, Phase::Before, &app.means.keys));
        let (class, field) = (team.classes[0].to_string(), format!("q-{question}"));
        app.browser().get(&link(first)).await.assert_ok();
        let before = everything(&app.db).await;
        app.browser().post(&link(first), &[("class", class.as_str()), (field.as_str(), "1")]).await.assert_ok().assert_contains("交好了");
        let after = everything(&app.db).await;
        let changed: Vec<&String> = after.keys().filter(|table| before.get(*table) != after.get(*table)).collect();
        let sums = ["lecture_sheets", "lecture_tallies", "lecture_scores", "lecture_quiz_classes", "lecture_quizzes", "lecture_session_questions"];
        assert!(!changed.is_empty() && changed.iter().all(|table| sums.contains(&table.as_str())), "{changed:?}");
        // None of these tables has a moment in it, nor anything that is of a person or a device.
        for table in db::tables(&mut app.db.read().await.unwrap()).await.unwrap() {
            if sums.contains(&table.name.as_str()) {
                for (name, _) in &table.columns {
                    let name = name.as_str();
                    let known = ["tenant_id", "session_id", "class_id", "question_id", "phase", "sheets", "answered", "correct", "score", "count", "sums", "closed", "given", "good"];
                    assert!(known.contains(&name), "{}.{name}", table.name);
                }
            }
        }
        // The same answers in another order leave the same sums.
        let sheet = |right: usize| Sheet { class: team.classes[0], answers: vec![(question, right)], score: None };
        for (session, order) in [(first, [0, 1, 0, 0, 1, 1]), (second, [1, 1, 1, 0, 0, 0])] {
            for right in order {
                let mut tx = app.db.begin().await.unwrap();
                let known = lecture::session(&mut tx, tenant, session).await.unwrap();
                lecture::hand_in(&mut tx, &team.act(&app), (&known, Phase::Before), &sheet(right)).await.unwrap();
                tx.commit().await.unwrap();
            }
        }
        let mut tx = app.db.begin().await.unwrap();
        let known = lecture::session(&mut tx, tenant, second).await.unwrap();
        lecture::hand_in(&mut tx, &team.act(&app), (&known, Phase::Before), &sheet(1)).await.unwrap();
        tx.commit().await.unwrap();
        let mut found = Vec::new();
        for session in [first, second] {
            let mut tx = app.db.begin().await.unwrap();
            let known = lecture::session(&mut tx, tenant, session).await.unwrap();
            lecture::close_quiz(&mut tx, &team.act(&app), &known, Phase::Before).await.unwrap();
            found.push(lecture::outcomes(&mut tx, &team.act(&app), &known).await.unwrap().before);
            tx.commit().await.unwrap();
        }
        assert_eq!(found[0].answered, 7);
        assert_eq!(found[0], found[1]);
    }

    async fn topics_and_days_of_another_team_are_their_own(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let others = team_of(&app, "141124000000", "临县人民检察院").await;
        let id = team.agreed(&app, "2026-09-08T14:30:00+08:00", "2026-09-08T16:00:00+08:00").await;
        // The same lecturers by name, the same hour: the teams do not know of one another.
        others.agreed(&app, "2026-09-08T14:30:00+08:00", "2026-09-08T16:00:00+08:00").await;
        let stranger = others.lead(&app).await;
        for path in [format!("/lectures/{id}/sign-in"), format!("/lectures/{id}/particulars"), format!("/lectures/{id}/quiz")] {
            stranger.get(&path).await.assert_status(404);
        }
        stranger.post(&format!("/lectures/{id}/cancellation"), &[("version", "2"), ("cancel_why", "不去了")]).await.assert_status(404);
        let foreign = lecture::sign_in_link(others.community.tenant, id, team.classes[0], &app.means.keys);
        app.browser().get(&format!("/lecture-sign-in/{foreign}/{}", team.classes[0])).await.assert_status(404);
        stranger.post(&format!("/lecture-subjects/{}/sendings", team.topics[0]), &[("code", app.home.code.as_str())]).await.assert_status(404);
    }
}
