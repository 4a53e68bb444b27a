//! 法治进校园, what is put as it was before the school confirms it: who stood in, which classes came; what pupils have answered and what lecturers have
//! said of themselves stays, and so does whatever was put away since.

use doorstep::access::Act;
use doorstep::lecture::{
    self, LecturerSketch, Outcome, Phase, SchoolSketch, SessionSketch, SessionState, Sheet, Stage,
};
use uuid::Uuid;

use crate::lecture::{Team, at, count, date, refused, team};
use crate::lecture_balance::next;
use crate::lecture_course::session;
use crate::lecture_material::reviewed;
use crate::lecture_settled::{version, write_down};
use crate::lecture_summary::summary;
use crate::support::{Browser, Page, TestApp};

db::statements! {
    SCORES = "SELECT COUNT(*) AS count FROM lecture_scores WHERE tenant_id = $1";
    QUIZZES = "SELECT COUNT(*) AS count FROM lecture_quizzes WHERE tenant_id = $1";
    TALLIES = "SELECT COUNT(*) AS count FROM lecture_tallies WHERE tenant_id = $1";
    PARTS = "SELECT COUNT(*) AS count FROM lecture_quiz_classes WHERE tenant_id = $1";
}

const FROM: &str = "2026-09-08T14:30:00+08:00";
const UNTIL: &str = "2026-09-08T16:00:00+08:00";

/// Sends the form by which a lecture is put right as it is sketched; `more` is added to it.
async fn put_right(
    app: &TestApp,
    team: &Team,
    staff: &Browser,
    id: Uuid,
    to: &SessionSketch,
    more: &[(&str, &str)],
) -> Page {
    let clock = |moment: jiff::Timestamp| moment.to_zoned_datetime(calendar::shanghai());
    let (from, until) = (clock(to.span.0), clock(to.span.1));
    let mut fields: Vec<(String, String)> = vec![
        ("version".to_owned(), version(app, team, id).await),
        ("title".to_owned(), to.title.clone()),
        ("form".to_owned(), to.form.to_string()),
        ("hall".to_owned(), to.hall.to_string()),
        ("why".to_owned(), to.why.clone()),
        ("reason".to_owned(), "实际不是这样".to_owned()),
        ("day".to_owned(), from.date().to_string()),
        ("from".to_owned(), from.strftime("%H:%M").to_string()),
        ("until".to_owned(), until.strftime("%H:%M").to_string()),
    ];
    for (name, ids) in [("topic", &to.topics), ("lecturer", &to.lecturers), ("class", &to.classes)] {
        fields.extend(ids.iter().map(|id| (name.to_owned(), id.to_string())));
    }
    let mut fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.extend(more);
    staff.post(&format!("/lectures/{id}/particulars"), &fields).await
}

async fn confirm(app: &TestApp, team: &Team, id: Uuid) {
    let known = session(app, team, id).await;
    let mut tx = app.db.begin().await.unwrap();
    lecture::confirm(&mut tx, &team.act(app), &known, known.lock_version, "").await.unwrap();
    tx.commit().await.unwrap();
}

/// So many of a class answer a question right, and give five stars afterwards.
async fn answer(app: &TestApp, team: &Team, id: Uuid, phase: Phase, (class, question): (Uuid, Uuid), times: usize) {
    let sheet = Sheet { class, answers: vec![(question, 1)], score: (phase == Phase::After).then_some(5) };
    hand_in(app, team, id, phase, &sheet, times).await;
}

async fn hand_in(app: &TestApp, team: &Team, id: Uuid, phase: Phase, sheet: &Sheet, times: usize) {
    for _ in 0..times {
        let known = session(app, team, id).await;
        let mut tx = app.db.begin().await.unwrap();
        let act = Act::resident(team.community.tenant, &app.means);
        lecture::hand_in(&mut tx, &act, (&known, phase), sheet).await.unwrap();
        tx.commit().await.unwrap();
    }
}

async fn close(app: &TestApp, team: &Team, id: Uuid, phase: Phase) {
    let known = session(app, team, id).await;
    let mut tx = app.db.begin().await.unwrap();
    lecture::close_quiz(&mut tx, &team.act(app), &known, phase).await.unwrap();
    tx.commit().await.unwrap();
}

async fn outcomes(app: &TestApp, team: &Team, id: Uuid) -> lecture::Outcomes {
    let known = session(app, team, id).await;
    lecture::outcomes(&mut app.db.read().await.unwrap(), &team.act(app), &known).await.unwrap()
}

/// One more class of the school of a team.
async fn add_class(app: &TestApp, team: &Team, name: &str, pupils: i64) -> Uuid {
    let mut tx = app.db.begin().await.unwrap();
    let known = lecture::school(&mut tx, team.community.tenant, team.school).await.unwrap();
    let id = lecture::add_class(&mut tx, &team.act(app), &known, (7, name, pupils)).await.unwrap();
    tx.commit().await.unwrap();
    id
}

db_test! {
    async fn who_stood_in_and_which_class_came_along_needs_no_dispute(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let id = team.agreed(&app, FROM, UNTIL).await;
        // Somebody who was never asked about stands in for one who is sick, and another class comes along.
        let other = add_class(&app, &team, "4班", 40).await;
        let mut tx = app.db.begin().await.unwrap();
        let sketch = LecturerSketch { name: "李明霞".to_owned(), title: String::new(), phone: String::new(), grades: (7, 9), topics: team.topics.clone(), ended_at: None };
        let stands_in = lecture::create_lecturer(&mut tx, &team.act(&app), &sketch).await.unwrap();
        tx.commit().await.unwrap();
        let path = format!("/lectures/{id}");
        team.staff(&app).await.get(&path).await.assert_contains(">改期、换人</a>").assert_lacks(">照实改</a>");
        at(&app, "2026-09-08T15:00:00+08:00");
        let staff = team.staff(&app).await;
        staff.get(&path).await.assert_contains(">照实改</a>").assert_lacks(">改期、换人</a>");
        write_down(&staff, &format!("{path}/record"), &version(&app, &team, id).await, "130").await.assert_status(422).assert_contains("还有别的班来听的");
        let was = SessionSketch {
            lecturers: vec![stands_in, team.lecturers[1]],
            classes: vec![team.classes[0], team.classes[1], other],
            ..team.sketch(FROM, UNTIL)
        };
        put_right(&app, &team, &staff, id, &was, &[]).await.assert_ok().assert_contains("请重新登记上课情况").assert_contains("李明霞");
        // Whoever stood in is asked about like anybody else.
        let to = format!("{path}/record");
        write_down(&staff, &to, &version(&app, &team, id).await, "130").await.assert_status(422).assert_contains("李明霞那天没有有效的从业查询");
        let seen = version(&app, &team, id).await;
        let mut fields = vec![("version", seen.as_str()), ("pupils", "130"), ("teachers", "1"), ("parents", "0")];
        fields.extend([("minutes", "90"), ("handouts", "0"), ("course", ""), ("knowing", "yes")]);
        staff.post(&to, &fields).await.assert_ok().assert_contains(">照实改</a>");
        // It was written down, and is put right once more: it counts when it is written down anew.
        let later = SessionSketch { lecturers: vec![team.lecturers[1]], ..was.clone() };
        let another_day = team.sketch("2026-09-15T14:30:00+08:00", "2026-09-15T16:00:00+08:00");
        put_right(&app, &team, &staff, id, &another_day, &[]).await.assert_status(422).assert_contains("已经登记过，只能照实改");
        at(&app, "2026-09-08T17:00:00+08:00");
        let staff = team.staff(&app).await;
        put_right(&app, &team, &staff, id, &later, &[]).await.assert_ok().assert_contains("请重新登记上课情况");
        let known = session(&app, &team, id).await;
        assert_eq!((known.state, known.recorded_at, known.class_hours, known.pupils), (SessionState::Agreed, None, None, Some(130)));
        staff.get("/today").await.assert_contains(&path);
        write_down(&staff, &to, &version(&app, &team, id).await, "130").await.assert_ok();
        assert_eq!(session(&app, &team, id).await.class_hours, Some(2));
        // What the school has confirmed is settled.
        confirm(&app, &team, id).await;
        staff.get(&path).await.assert_lacks("照实改");
        put_right(&app, &team, &staff, id, &was, &[]).await.assert_status(422).assert_contains("不能再改");
    }

    async fn what_a_lecturer_has_said_of_it_stays_and_is_said_late(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let id = team.agreed(&app, FROM, UNTIL).await;
        at(&app, "2026-09-08T17:00:00+08:00");
        let (staff, phone) = (team.staff(&app).await, app.browser());
        let (own, other) = (team.own(&app, 0).await, team.own(&app, 1).await);
        let seen = version(&app, &team, id).await;
        let mut fields = vec![("version", seen.as_str()), ("pupils", "96"), ("teachers", "1"), ("parents", "0"), ("minutes", "90")];
        fields.extend([("handouts", "0"), ("course", ""), ("own_words", "时间略紧")]);
        phone.post(&format!("{own}/sessions/{id}/record"), &fields).await.assert_ok();
        // Only the hour was another.
        put_right(&app, &team, &staff, id, &team.sketch("2026-09-08T14:45:00+08:00", "2026-09-08T16:15:00+08:00"), &[]).await.assert_ok();
        write_down(&staff, &format!("/lectures/{id}/record"), &version(&app, &team, id).await, "96").await.assert_ok().assert_contains("时间略紧");
        confirm(&app, &team, id).await;
        // The other one had no time until the school had confirmed it.
        let to = format!("{other}/sessions/{id}/own-words");
        phone.get(&other).await.assert_contains("存自评").assert_lacks("登记上课情况");
        phone.post(&to, &[("own_words", "请打 13800001111")]).await.assert_status(422).assert_contains("不要写学生的姓名");
        phone.post(&to, &[("own_words", "互动可以再多些")]).await.assert_ok().assert_contains("互动可以再多些").assert_lacks("时间略紧");
        staff.get(&format!("/lectures/{id}")).await.assert_contains("时间略紧").assert_contains("互动可以再多些");
        assert!(session(&app, &team, id).await.school_confirmed_at.is_some());
        let strange = Uuid::nil();
        phone.post(&format!("{other}/sessions/{strange}/own-words"), &[("own_words", "很好")]).await.assert_status(404);
    }

    async fn what_was_put_away_since_stays_with_the_lecture_that_it_was_of(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let id = team.agreed(&app, FROM, UNTIL).await;
        at(&app, "2026-09-10T09:00:00+08:00");
        let (lead, staff) = (team.lead(&app).await, team.staff(&app).await);
        let place = format!("/lecture-schools/{}", team.school);
        lead.post(&format!("{place}/classes/{}/removal", team.classes[1]), &[]).await.assert_ok();
        lead.post(&format!("{place}/halls/{}/removal", team.halls[0]), &[]).await.assert_ok();
        lead.post(&format!("/lecture-subjects/{}/removal", team.topics[0]), &[]).await.assert_ok();
        let lecturer = format!("/lecturers/{}/particulars", team.lecturers[0]);
        let topics: Vec<String> = team.topics.iter().map(Uuid::to_string).collect();
        let seen = lead.get(&lecturer).await.input("version");
        let mut fields = vec![("version", seen.as_str()), ("name", "武晓峰"), ("title", ""), ("phone", ""), ("first_grade", "7"), ("last_grade", "9"), ("ended", "yes")];
        fields.extend(topics[1..].iter().map(|id| ("topic", id.as_str())));
        lead.post(&lecturer, &fields).await.assert_ok();
        let seen = lead.get(&format!("{place}/particulars")).await.input("version");
        let mut fields = vec![("version", seen.as_str()), ("name", "石楼中学"), ("stage", "junior"), ("address", ""), ("travel", "30"), ("contact_name", ""), ("contact_phone", "")];
        fields.push(("closed", "yes"));
        lead.post(&format!("{place}/particulars"), &fields).await.assert_ok();
        // The form shows all of it, ticked, and it is saved as it was.
        let page = staff.get(&format!("/lectures/{id}/particulars")).await;
        page.assert_ok().assert_contains("石楼中学").assert_contains("报告厅").assert_lacks("去哪所学校");
        for (name, value) in [("lecturer", team.lecturers[0]), ("class", team.classes[1]), ("topic", team.topics[0])] {
            page.assert_contains(&format!("name=\"{name}\" value=\"{value}\" checked"));
        }
        let to = team.sketch("2026-09-08T14:45:00+08:00", "2026-09-08T16:15:00+08:00");
        put_right(&app, &team, &staff, id, &to, &[]).await.assert_ok().assert_contains("武晓峰").assert_contains("八年级2班");
        // For what is to come they are not there.
        let coming = team.sketch("2026-09-22T14:30:00+08:00", "2026-09-22T16:00:00+08:00");
        put_right(&app, &team, &staff, id, &coming, &[]).await.assert_status(422).assert_contains("已经不再去石楼中学");
        // Who and what was put away by mistake is found in its list, and the refusal leads there.
        let fields = [("name", "石楼中学"), ("stage", "junior"), ("address", ""), ("travel", "30"), ("contact_name", ""), ("contact_phone", "")];
        lead.post("/lecture-schools", &fields).await.assert_status(422).assert_contains("不再去的学校");
        lead.get("/lecture-schools").await.assert_contains("不再去的学校（1 所）").assert_contains(&place);
        lead.get("/lecturers").await.assert_contains("不再讲课的（1 人）").assert_contains(&format!("/lecturers/{}", team.lecturers[0]));
        let seen = lead.get(&format!("{place}/particulars")).await.input("version");
        let mut again = vec![("version", seen.as_str())];
        again.extend(fields);
        lead.post(&format!("{place}/particulars"), &again).await.assert_ok();
        lead.get("/lecture-schools").await.assert_lacks("不再去的学校");
        put_right(&app, &team, &staff, id, &coming, &[]).await.assert_status(422).assert_contains("请选这所学校的场地");
        let coming = SessionSketch { hall: team.halls[1], lecturers: vec![team.lecturers[1]], ..coming };
        put_right(&app, &team, &staff, id, &coming, &[]).await.assert_status(422).assert_contains("选的班里有已经不再列出的");
    }

    async fn what_a_class_that_was_not_there_has_answered_counts_no_more(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let id = team.agreed(&app, FROM, UNTIL).await;
        let (tenant, question, [first, second]) = (team.community.tenant, team.question(&app, 0).await, team.classes);
        answer(&app, &team, id, Phase::Before, (first, question), 6).await;
        answer(&app, &team, id, Phase::Before, (second, question), 7).await;
        at(&app, "2026-09-08T17:00:00+08:00");
        let staff = team.staff(&app).await;
        close(&app, &team, id, Phase::Before).await;
        answer(&app, &team, id, Phase::After, (first, question), 5).await;
        answer(&app, &team, id, Phase::After, (second, question), 8).await;
        assert_eq!(count(&app, TALLIES, tenant).await, 2);
        // Another class came along: nothing is lost.
        let third = add_class(&app, &team, "4班", 40).await;
        let was = SessionSketch { classes: vec![first, second, third], ..team.sketch(FROM, UNTIL) };
        put_right(&app, &team, &staff, id, &was, &[]).await.assert_ok();
        assert_eq!(outcomes(&app, &team, id).await.sheets, [13, 13]);
        answer(&app, &team, id, Phase::After, (third, question), 5).await;
        // One was not there: what it has answered counts no more, written down or sealed, and that of the others does.
        let was = SessionSketch { classes: vec![first, third], ..was };
        put_right(&app, &team, &staff, id, &was, &[]).await.assert_ok();
        close(&app, &team, id, Phase::After).await;
        let found = outcomes(&app, &team, id).await;
        let of = |answered| Outcome { answered, correct: answered };
        assert_eq!((found.before, found.after, found.both), (of(6), of(10), [of(6), of(5)]));
        assert!(!found.classes.contains_key(&second));
        assert_eq!((found.sheets, found.score.map(|one| one.given)), ([6, 10], Some(10)));
        // It was there after all: nothing of it was lost.
        let all = SessionSketch { classes: vec![first, second, third], ..was.clone() };
        put_right(&app, &team, &staff, id, &all, &[]).await.assert_ok();
        let found = outcomes(&app, &team, id).await;
        assert_eq!((found.sheets, found.score.map(|one| one.given)), ([13, 18], Some(18)));
        assert_eq!((found.before, found.after), (of(13), of(18)));
        // About something else: that is said first.
        let other = SessionSketch { topics: vec![team.topics[1]], ..was };
        let page = put_right(&app, &team, &staff, id, &other, &[]).await;
        page.assert_status(422).assert_contains("交过的问卷都不再算，知道了就勾上");
        assert_eq!((count(&app, TALLIES, tenant).await, count(&app, PARTS, tenant).await), (5, 5));
        put_right(&app, &team, &staff, id, &other, &[("anew", "yes")]).await.assert_ok();
        for statement in [TALLIES, PARTS, SCORES, QUIZZES] {
            assert_eq!(count(&app, statement, tenant).await, 0);
        }
    }

    async fn a_closed_quiz_counts_the_classes_that_heard_it_wherever_it_is_said(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let id = team.agreed(&app, FROM, UNTIL).await;
        let (question, [first, second]) = (team.question(&app, 0).await, team.classes);
        answer(&app, &team, id, Phase::Before, (first, question), 6).await;
        answer(&app, &team, id, Phase::Before, (second, question), 6).await;
        at(&app, "2026-09-08T17:00:00+08:00");
        let (staff, path) = (team.staff(&app).await, format!("/lectures/{id}/record"));
        // Two more came along, of each of which too few say how they liked it.
        let (third, fourth) = (add_class(&app, &team, "4班", 40).await, add_class(&app, &team, "5班", 40).await);
        let was = |classes: &[Uuid]| SessionSketch { classes: classes.to_vec(), ..team.sketch(FROM, UNTIL) };
        put_right(&app, &team, &staff, id, &was(&[first, second, third, fourth]), &[]).await.assert_ok();
        answer(&app, &team, id, Phase::After, (first, question), 6).await;
        for (class, times) in [(second, 6), (third, 3), (fourth, 3)] {
            let sheet = Sheet { class, answers: vec![(question, 1)], score: Some(1) };
            hand_in(&app, &team, id, Phase::After, &sheet, times).await;
        }
        close(&app, &team, id, Phase::After).await;
        let of = |answered| Outcome { answered, correct: answered };
        let told = [
            (vec![first, second, third, fourth], [12, 18], (18, 6), Some(333), of(12)),
            (vec![first, third, fourth], [6, 12], (12, 6), Some(500), of(6)),
            // Of the two that are known together only one was there: neither is counted.
            (vec![first, third], [6, 9], (6, 6), Some(1000), of(6)),
            (vec![first, second, third, fourth], [12, 18], (18, 6), Some(333), of(12)),
        ];
        for (classes, sheets, score, content, both) in told {
            put_right(&app, &team, &staff, id, &was(&classes), &[]).await.assert_ok();
            write_down(&staff, &path, &version(&app, &team, id).await, "80").await.assert_ok();
            let found = outcomes(&app, &team, id).await;
            assert_eq!((found.sheets, found.score.map(|one| (one.given, one.good))), (sheets, Some(score)));
            let whole = summary(&app, &team, ("2026-09-01", "2026-09-30")).await;
            assert_eq!((found.content(), whole.content, whole.before, whole.after), (content, content, both, both));
        }
        staff.get(&format!("/lectures/{id}/quiz")).await.assert_ok().assert_contains("18 份").assert_contains("33.3%");
    }

    async fn what_is_arranged_is_counted_by_the_youngest_who_come(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let mut tx = app.db.begin().await.unwrap();
        let sketch = SchoolSketch { name: "城关九年制学校".to_owned(), stage: Stage::Nine, address: String::new(), travel_minutes: 20, contact: None, closed_at: None };
        let school = lecture::create_school(&mut tx, &team.act(&app), &sketch).await.unwrap();
        let known = lecture::school(&mut tx, team.community.tenant, school).await.unwrap();
        let hall = lecture::add_hall(&mut tx, &team.act(&app), school, "礼堂", 300).await.unwrap();
        let class = lecture::add_class(&mut tx, &team.act(&app), &known, (8, "1班", 40)).await.unwrap();
        tx.commit().await.unwrap();
        // Eighty minutes are one class-hour of the eighth grade: three are still owed, which take two visits.
        let to = SessionSketch { school, hall, classes: vec![class], ..team.sketch(FROM, "2026-09-08T15:50:00+08:00") };
        team.propose(&app, &to).await.unwrap();
        let found = next(&app, &team, Some(date("2026-12-31"))).await.unwrap();
        assert_eq!(found.needs.iter().find(|need| need.school == school).unwrap().visits, 2);
    }

    async fn what_was_shown_keeps_its_name_before_it_is_written_down(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let film = [&b"\0\0\0\x18ftypmp42"[..], &[7; 900]].concat();
        let material = reviewed(&app, &team, &film).await;
        let begun = team.agreed(&app, FROM, UNTIL).await;
        let coming = team.agreed(&app, "2026-09-15T14:30:00+08:00", "2026-09-15T16:00:00+08:00").await;
        let mut tx = app.db.begin().await.unwrap();
        for id in [begun, coming] {
            lecture::attach(&mut tx, &team.act(&app), id, material).await.unwrap();
        }
        tx.commit().await.unwrap();
        at(&app, "2026-09-08T15:00:00+08:00");
        let mut tx = app.db.begin().await.unwrap();
        let known = lecture::material(&mut tx, team.community.tenant, material).await.unwrap();
        lecture::withdraw(&mut tx, &team.act(&app), &known, known.lock_version, ("换了新的", false)).await.unwrap();
        tx.commit().await.unwrap();
        let staff = team.staff(&app).await;
        staff.get(&format!("/lectures/{begun}")).await.assert_contains("已停用，打不开了");
        staff.get(&format!("/lectures/{coming}")).await.assert_lacks("已停用，打不开了");
        // It did not take place: on its new date what was withdrawn is not shown.
        let later = team.sketch("2026-09-16T14:30:00+08:00", "2026-09-16T16:00:00+08:00");
        put_right(&app, &team, &staff, begun, &later, &[]).await.assert_ok();
        staff.get(&format!("/lectures/{begun}")).await.assert_lacks("已停用，打不开了");
    }

    async fn what_is_put_right_keeps_its_post_and_its_term(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let mut tx = app.db.begin().await.unwrap();
        let days = (date("2026-09-01"), date("2029-08-31"));
        let post = lecture::appoint(&mut tx, &team.act(&app), team.school, team.lecturers[0], days).await.unwrap();
        tx.commit().await.unwrap();
        let id = team.agreed(&app, FROM, UNTIL).await;
        at(&app, "2026-09-08T17:00:00+08:00");
        let (lead, staff) = (team.lead(&app).await, team.staff(&app).await);
        write_down(&staff, &format!("/lectures/{id}/record"), &version(&app, &team, id).await, "96").await.assert_ok();
        let later = team.sketch("2026-09-08T14:45:00+08:00", "2026-09-08T16:15:00+08:00");
        put_right(&app, &team, &staff, id, &later, &[]).await.assert_ok().assert_contains("请重新登记上课情况");
        let mut tx = app.db.begin().await.unwrap();
        refused(lecture::drop_post(&mut tx, &team.act(&app), team.school, post, "登记错了").await, "已经讲过 1 场课");
        drop(tx);
        let page = lead.get("/lecture-terms").await;
        let mut found = page.between_all("action=\"", "\"").filter(|to| to.starts_with("/lecture-terms/") && to.ends_with("/removal"));
        let removal = found.next().unwrap().to_owned();
        lead.post(&removal, &[]).await.assert_status(422).assert_contains("里已经讲过 1 场课");
    }

    async fn a_class_that_has_fewer_pupils_by_now_was_there_with_all(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let id = team.agreed(&app, FROM, UNTIL).await;
        at(&app, "2026-09-08T14:25:00+08:00");
        let known = session(&app, &team, id).await;
        let mut tx = app.db.begin().await.unwrap();
        let classes = lecture::classes(&mut tx, team.community.tenant, team.school).await.unwrap();
        let class = classes.iter().find(|class| class.id == team.classes[0]).unwrap();
        lecture::sign_in(&mut tx, &team.act(&app), &known, class, 50).await.unwrap();
        lecture::set_pupils(&mut tx, &team.act(&app), team.school, team.classes[0], 40).await.unwrap();
        tx.commit().await.unwrap();
        at(&app, "2026-09-08T17:00:00+08:00");
        let (staff, path) = (team.staff(&app).await, format!("/lectures/{id}/record"));
        write_down(&staff, &path, &version(&app, &team, id).await, "99").await.assert_status(422).assert_contains("一共 98 名学生");
        write_down(&staff, &path, &version(&app, &team, id).await, "98").await.assert_ok();
    }

    async fn where_nobody_has_answered_nothing_is_lost(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let id = team.agreed(&app, FROM, UNTIL).await;
        team.question(&app, 0).await;
        at(&app, "2026-09-08T17:00:00+08:00");
        let staff = team.staff(&app).await;
        let was = SessionSketch { classes: vec![team.classes[0]], ..team.sketch(FROM, UNTIL) };
        put_right(&app, &team, &staff, id, &was, &[]).await.assert_ok();
        assert_eq!(count(&app, QUIZZES, team.community.tenant).await, 0);
        // So it needs no word to be about something else.
        let other = SessionSketch { topics: vec![team.topics[1]], ..was };
        put_right(&app, &team, &staff, id, &other, &[]).await.assert_ok();
    }
}
