//! 新学年，年级加一: classes move up and leave, what was stays with the grade in which they were, and what comes goes with the pupils.

use std::collections::BTreeMap;

use doorstep::error::{Error, Result};
use doorstep::lecture::{self, LecturerSketch, PeriodKind, SchoolSketch, SessionSketch, Stage};
use futures_util::future::join_all;
use uuid::Uuid;

use crate::lecture::{Team, at, count, date, refused, team};
use crate::lecture_balance::{give, given, next, short};
use crate::lecture_course::request;
use crate::lecture_summary::summary;
use crate::support::{Browser, Page, TestApp};

db::statements! {
    DIARY = "SELECT CAST(SUM(changes) AS BIGINT) AS count FROM lecture_diaries WHERE tenant_id = $1";
    TURNED = "SELECT COUNT(*) AS count FROM audit_entries WHERE tenant_id = $1 AND action = 'turn_school_year' AND reason LIKE '%：七年级1班、八年级2班、九年级1班'";
    TURNED_BACK = "SELECT COUNT(*) AS count FROM audit_entries WHERE tenant_id = $1 AND action = 'turn_school_year_back' AND reason LIKE '%：七年级1班、八年级2班、九年级1班'";
}

/// A class of the top grade beside the two of the team.
async fn top_class(app: &TestApp, team: &Team) -> Uuid {
    let mut tx = app.db.begin().await.unwrap();
    let known = lecture::school(&mut tx, team.community.tenant, team.school).await.unwrap();
    let id = lecture::add_class(&mut tx, &team.act(app), &known, (9, "1班", 46)).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn move_up(lead: &Browser, team: &Team, classes: &[Uuid]) -> Page {
    let ids: Vec<String> = classes.iter().map(Uuid::to_string).collect();
    let fields: Vec<(&str, &str)> = ids.iter().map(|id| ("moved", id.as_str())).collect();
    lead.post(&format!("/lecture-schools/{}/turn", team.school), &fields).await
}

async fn classes(app: &TestApp, team: &Team) -> Vec<String> {
    let known = lecture::classes(&mut app.db.read().await.unwrap(), team.community.tenant, team.school).await.unwrap();
    known.iter().map(|class| class.full_name()).collect()
}

async fn enter(app: &TestApp, team: &Team) -> Result<()> {
    let mut tx = app.db.begin().await?;
    let known = lecture::school(&mut tx, team.community.tenant, team.school).await?;
    lecture::add_class(&mut tx, &team.act(app), &known, (9, "1班", 40)).await?;
    tx.commit().await?;
    Ok(())
}

/// Each grade with how often it has heard of the first topic.
fn heard(found: &lecture::Summary) -> Vec<(i64, i64)> {
    found.rows.iter().map(|row| (row.grade, row.counts[0])).collect()
}

db_test! {
    async fn a_class_that_moved_up_keeps_what_it_was_and_what_it_has_heard(app: TestApp) {
        at(&app, "2026-03-02T09:00:00+08:00");
        let team = team(&app).await;
        let (tenant, top) = (team.community.tenant, top_class(&app, &team).await);
        let mut tx = app.db.begin().await.unwrap();
        lecture::add_term(&mut tx, &team.act(&app), None, "2026年春季学期", (date("2026-03-02"), date("2026-07-10"))).await.unwrap();
        tx.commit().await.unwrap();
        let all = vec![team.classes[0], team.classes[1], top];
        let spring = SessionSketch { classes: all.clone(), ..short(&team, "2026-04-14", ("14:30", "15:15"), 0, 0) };
        let first = given(&app, &team, &spring).await;
        given(&app, &team, &SessionSketch { classes: vec![top], ..short(&team, "2026-04-28", ("14:30", "15:15"), 0, 2) }).await;
        // What is agreed for the new school year follows the class.
        at(&app, "2026-08-28T09:00:00+08:00");
        let coming = SessionSketch { classes: vec![team.classes[0]], ..short(&team, "2026-09-08", ("14:30", "15:15"), 0, 1) };
        let coming = team.propose(&app, &coming).await.unwrap();
        let lead = team.lead(&app).await;
        lead.get(&format!("/lectures/{coming}")).await.assert_contains("七年级1班");
        let page = lead.get(&format!("/lecture-schools/{}", team.school)).await;
        page.assert_ok().assert_contains("新学年：年级加一").assert_contains("毕业，不再列出");
        move_up(&lead, &team, &all).await.assert_ok().assert_contains("年级已加一").assert_contains("撤销年级加一");
        assert_eq!(classes(&app, &team).await, ["八年级1班", "九年级2班"]);
        move_up(&lead, &team, &all).await.assert_status(422).assert_contains("2026 年秋季的年级已经加过了");
        assert_eq!(classes(&app, &team).await, ["八年级1班", "九年级2班"]);
        lead.get(&format!("/lectures/{coming}")).await.assert_contains("八年级1班").assert_lacks("七年级1班");
        lead.get(&format!("/lectures/{first}")).await.assert_contains("七年级1班").assert_contains("九年级1班");
        // A first grade comes. Last term's figures are what they were, and the new term has its own.
        at(&app, "2026-09-01T09:00:00+08:00");
        let mut tx = app.db.begin().await.unwrap();
        let known = lecture::school(&mut tx, tenant, team.school).await.unwrap();
        lecture::add_class(&mut tx, &team.act(&app), &known, (7, "1班", 50)).await.unwrap();
        tx.commit().await.unwrap();
        let before = summary(&app, &team, ("2026-03-02", "2026-07-10")).await;
        assert_eq!(heard(&before), [(7, 1), (8, 1), (9, 1)]);
        assert_eq!((before.standings[0].reached, before.standings[0].classes), (3, 3));
        let now = summary(&app, &team, ("2026-09-01", "2026-12-31")).await;
        assert_eq!(heard(&now), [(7, 0), (8, 0), (9, 0)]);
        assert_eq!(now.standings[0].classes, 3, "whoever has left is none of the new term");
        // The same pupils have heard it in whatever grade they are, and what those who left had heard is nobody's.
        let found = next(&app, &team, None).await.unwrap();
        let known: Vec<((i64, Uuid), i64)> = found.needs[0].heard.iter().map(|(key, times)| (*key, *times)).collect();
        let mut expected = vec![((8, team.topics[0]), 1), ((9, team.topics[0]), 1), ((8, team.topics[1]), 1)];
        expected.sort_unstable();
        assert_eq!(known, expected);
        let suggested: Vec<Uuid> = found.balance.suggestions.iter().map(|one| one.topic).collect();
        assert_eq!(suggested, [team.topics[2]]);
        // One of last term that is put as it was still counts for the grades of last term.
        let mut tx = app.db.begin().await.unwrap();
        let known = lecture::session(&mut tx, tenant, first).await.unwrap();
        let to = SessionSketch { classes: team.classes.to_vec(), ..spring };
        lecture::change(&mut tx, &team.act(&app), &known, known.lock_version, (&to, "九年级没有来")).await.unwrap();
        tx.commit().await.unwrap();
        give(&app, &team, first).await;
        assert_eq!(heard(&summary(&app, &team, ("2026-03-02", "2026-07-10")).await), [(7, 1), (8, 1), (9, 0)]);
    }

    async fn a_turn_that_is_entered_late_counts_from_the_first_day(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let top = top_class(&app, &team).await;
        given(&app, &team, &SessionSketch { classes: vec![team.classes[0]], ..short(&team, "2026-09-08", ("14:30", "15:15"), 0, 0) }).await;
        at(&app, "2026-09-20T09:00:00+08:00");
        assert_eq!(heard(&summary(&app, &team, ("2026-09-01", "2026-12-31")).await), [(7, 1), (8, 0), (9, 0)]);
        let lead = team.lead(&app).await;
        move_up(&lead, &team, &[team.classes[0], team.classes[1], top]).await.assert_ok();
        let found = summary(&app, &team, ("2026-09-01", "2026-12-31")).await;
        assert_eq!((heard(&found), found.standings[0].classes), (vec![(8, 1), (9, 0)], 2));
    }

    async fn whoever_leaves_is_not_offered_and_a_mistake_is_taken_back(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let (tenant, top) = (team.community.tenant, top_class(&app, &team).await);
        let with_top = |day: &str| SessionSketch { classes: vec![top], ..short(&team, day, ("14:30", "15:15"), 0, 0) };
        team.propose(&app, &with_top("2026-09-08")).await.unwrap();
        let lead = team.lead(&app).await;
        let (places, new) = (format!("/lecture-schools/{}", team.school), format!("/lectures/new?school={}", team.school));
        lead.get(&new).await.assert_ok().assert_contains("九年级1班");
        lead.post(&format!("{places}/turn"), &[]).await.assert_status(422).assert_contains("请勾上升年级和毕业的班");
        // What was agreed with those who leave is asked about.
        let page = move_up(&lead, &team, &[team.classes[0], team.classes[1], top]).await;
        page.assert_ok().assert_contains("有 1 节约好的课要改");
        lead.get("/lectures").await.assert_contains("换班").assert_contains("九年级1班已经不列出了");
        lead.get(&new).await.assert_ok().assert_contains("九年级2班").assert_lacks("九年级1班");
        refused(team.propose(&app, &with_top("2026-09-15")).await, "请选哪些班来听");
        // Taken back as a whole, once.
        lead.post(&format!("{places}/turn/removal"), &[]).await.assert_ok().assert_contains("已撤销").assert_lacks("节约好的课要改");
        assert_eq!(classes(&app, &team).await, ["七年级1班", "八年级2班", "九年级1班"]);
        lead.post(&format!("{places}/turn/removal"), &[]).await.assert_status(422).assert_contains("已经撤销");
        // A class that comes back finds its name taken, and so does one that moves up.
        move_up(&lead, &team, &[team.classes[0], team.classes[1], top]).await.assert_ok();
        let mut tx = app.db.begin().await.unwrap();
        let known = lecture::school(&mut tx, tenant, team.school).await.unwrap();
        let fresh = lecture::add_class(&mut tx, &team.act(&app), &known, (7, "1班", 50)).await.unwrap();
        tx.commit().await.unwrap();
        lead.post(&format!("{places}/turn/removal"), &[]).await.assert_status(422).assert_contains("七年级1班是后来登记的").assert_contains("临时换个班名");
        lead.post(&format!("{places}/classes/{fresh}/grade"), &[("new_grade", "7"), ("new_class", "新1班")]).await.assert_ok();
        lead.post(&format!("{places}/turn/removal"), &[]).await.assert_ok();
        assert_eq!((count(&app, TURNED, tenant).await, count(&app, TURNED_BACK, tenant).await), (2, 2), "who moved is in the audit log");
        lead.post(&format!("{places}/classes/{fresh}/removal"), &[]).await.assert_ok();
        lead.post(&format!("{places}/classes/{}/grade", team.classes[1]), &[("new_grade", "8"), ("new_class", "1班")]).await.assert_ok().assert_contains("班级已改");
        let page = move_up(&lead, &team, &[team.classes[0]]).await;
        page.assert_status(422).assert_contains("七年级1班升上去就和没有勾的八年级1班同名了");
        // Where all were entered after the summer nothing moves up any more; classes are put right one by one.
        at(&app, "2026-11-02T09:00:00+08:00");
        let lead = team.lead(&app).await;
        move_up(&lead, &team, &[team.classes[0]]).await.assert_status(422).assert_contains("都是 2026 年暑假以后登记的");
        lead.get(&places).await.assert_ok().assert_lacks("新学年：年级加一");
        let path = format!("{places}/classes/{}/grade", team.classes[0]);
        lead.post(&path, &[("new_grade", "10"), ("new_class", "1班")]).await.assert_status(422).assert_contains("初中没有这个年级");
        lead.post(&path, &[("new_grade", "8"), ("new_class", "1班")]).await.assert_status(422).assert_contains("这个班已经登记过了");
        lead.post(&path, &[("new_grade", "8"), ("new_class", "3班")]).await.assert_ok();
        assert_eq!(classes(&app, &team).await, ["八年级1班", "八年级3班", "九年级1班"]);
    }
    async fn a_school_in_summer_has_those_who_leave_and_those_who_come(app: TestApp) {
        at(&app, "2026-03-02T09:00:00+08:00");
        let team = team(&app).await;
        let (tenant, top) = (team.community.tenant, top_class(&app, &team).await);
        let mut tx = app.db.begin().await.unwrap();
        lecture::add_term(&mut tx, &team.act(&app), None, "2026年春季学期", (date("2026-03-02"), date("2026-07-10"))).await.unwrap();
        tx.commit().await.unwrap();
        let sketch = SessionSketch { classes: vec![team.classes[0], top], ..short(&team, "2026-06-09", ("14:30", "15:15"), 0, 0) };
        let spring = given(&app, &team, &sketch).await;
        at(&app, "2026-07-12T09:00:00+08:00");
        let of_autumn = |class: Uuid, day: &str, topic: usize| SessionSketch { classes: vec![class], ..short(&team, day, ("14:30", "15:15"), 0, topic) };
        let stays = team.propose(&app, &of_autumn(team.classes[1], "2026-09-08", 1)).await.unwrap();
        let leaves = team.propose(&app, &of_autumn(top, "2026-09-15", 2)).await.unwrap();
        // What is entered in summer is for the new school year, and does not move up.
        let (lead, places) = (team.lead(&app).await, format!("/lecture-schools/{}", team.school));
        lead.post(&format!("{places}/classes"), &[("grade", "7"), ("class_name", "9班"), ("pupils", "41")]).await.assert_ok();
        let known = lecture::classes(&mut app.db.read().await.unwrap(), tenant, team.school).await.unwrap();
        let early = known.iter().find(|class| class.name == "9班").unwrap().id;
        let page = lead.get(&places).await;
        page.assert_contains(&format!("value=\"{}\" checked", team.classes[0])).assert_lacks(&format!("value=\"{early}\" checked"));
        move_up(&lead, &team, &[team.classes[0], team.classes[1], top]).await.assert_ok().assert_contains("有 1 节约好的课要改");
        lead.post(&format!("{places}/classes"), &[("grade", "7"), ("class_name", "1班"), ("pupils", "50")]).await.assert_ok();
        let known = lecture::classes(&mut app.db.read().await.unwrap(), tenant, team.school).await.unwrap();
        let fresh = known.iter().find(|class| class.full_name() == "七年级1班").unwrap().id;
        // For a lecture of autumn there are those who are there then.
        let page = lead.get(&format!("/lectures/{stays}/particulars")).await;
        page.assert_ok().assert_contains("七年级1班（50 人）").assert_contains("七年级9班（41 人）").assert_contains("八年级1班（50 人）");
        page.assert_contains("九年级2班（48 人）").assert_lacks("九年级1班");
        lead.get(&format!("/lectures/{leaves}/particulars")).await.assert_contains("九年级1班（46 人，不再列出）");
        for moment in ["2026-07-13T09:00:00+08:00", "2026-09-02T09:00:00+08:00"] {
            at(&app, moment);
            // What those who leave have heard, or are to hear, is nobody's who comes after them.
            let expected = BTreeMap::from([((8, team.topics[0]), 1), ((9, team.topics[1]), 1)]);
            assert_eq!(next(&app, &team, None).await.unwrap().needs[0].heard, expected, "{moment}");
            // In spring there was one class of that name.
            let page = team.staff(&app).await.get(&format!("/lectures/{spring}/particulars")).await;
            page.assert_ok().assert_contains("九年级1班（46 人）").assert_lacks("七年级9班");
            assert_eq!(page.body.matches("七年级1班（50 人）").count(), 1, "{moment}");
            let mut tx = app.db.begin().await.unwrap();
            let known = lecture::session(&mut tx, tenant, spring).await.unwrap();
            let to = SessionSketch { classes: vec![team.classes[0], top, fresh], ..sketch.clone() };
            let done = lecture::change(&mut tx, &team.act(&app), &known, known.lock_version, (&to, "多来了一个班")).await;
            refused(done, "那个学年还没有的");
            drop(tx);
            let found = summary(&app, &team, ("2026-03-02", "2026-07-31")).await;
            assert_eq!((heard(&found), found.standings[0].classes), (vec![(7, 1), (8, 0), (9, 1)], 3), "{moment}");
        }
    }

    async fn a_class_that_should_not_have_left_is_listed_again(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let top = top_class(&app, &team).await;
        let (lead, places) = (team.lead(&app).await, format!("/lecture-schools/{}", team.school));
        lead.get(&places).await.assert_ok().assert_lacks("不再列出的班");
        let page = move_up(&lead, &team, &[team.classes[0], team.classes[1], top]).await;
        page.assert_ok().assert_contains("2026-08-16 起不再列出");
        // Also long after.
        at(&app, "2026-11-02T09:00:00+08:00");
        let (lead, path) = (team.lead(&app).await, format!("{places}/classes/{top}/return"));
        lead.post(&path, &[]).await.assert_ok().assert_contains("这个班重新列出了").assert_lacks("起不再列出");
        assert_eq!(classes(&app, &team).await, ["八年级1班", "九年级1班", "九年级2班"]);
        lead.post(&path, &[]).await.assert_status(422).assert_contains("这个班已经列出了");
        lead.post(&format!("{places}/classes/{top}/removal"), &[]).await.assert_ok();
        lead.post(&format!("{places}/classes"), &[("grade", "9"), ("class_name", "1班"), ("pupils", "40")]).await.assert_ok();
        lead.post(&path, &[]).await.assert_status(422).assert_contains("现在另有九年级1班");
    }

    async fn class_hours_that_are_written_down_are_counted_by_the_grade_of_the_day(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let (tenant, act) = (team.community.tenant, team.act(&app));
        let mut tx = app.db.begin().await.unwrap();
        let sketch = SchoolSketch { name: "城关九年制学校".to_owned(), stage: Stage::Nine, address: String::new(), travel_minutes: 20, contact: None, closed_at: None };
        let school = lecture::create_school(&mut tx, &act, &sketch).await.unwrap();
        let known = lecture::school(&mut tx, tenant, school).await.unwrap();
        let hall = lecture::add_hall(&mut tx, &act, school, "礼堂", 300).await.unwrap();
        let class = lecture::add_class(&mut tx, &act, &known, (6, "1班", 40)).await.unwrap();
        let sketch = LecturerSketch { name: "李明霞".to_owned(), title: String::new(), phone: String::new(), grades: (1, 9), topics: team.topics.clone(), ended_at: None };
        let lecturer = lecture::create_lecturer(&mut tx, &act, &sketch).await.unwrap();
        lecture::vet(&mut tx, &act, lecturer, (true, date("2026-03-02")), "查询文书二号").await.unwrap();
        tx.commit().await.unwrap();
        let sketch = SessionSketch { school, hall, classes: vec![class], lecturers: vec![lecturer], ..short(&team, "2026-09-08", ("14:30", "15:50"), 0, 0) };
        let id = given(&app, &team, &sketch).await;
        let hours = async || lecture::session(&mut app.db.read().await.unwrap(), tenant, id).await.unwrap().class_hours;
        // Eighty minutes are two class-hours of the sixth grade, and one of the seventh, in which it was.
        assert_eq!(hours().await, Some(2));
        at(&app, "2026-09-20T09:00:00+08:00");
        let (lead, path, moved) = (team.lead(&app).await, format!("/lecture-schools/{school}/turn"), class.to_string());
        lead.post(&path, &[("moved", moved.as_str())]).await.assert_ok();
        assert_eq!(hours().await, Some(1));
        lead.post(&format!("{path}/removal"), &[]).await.assert_ok();
        assert_eq!(hours().await, Some(2));
    }

    async fn a_school_year_that_begins_in_august_has_its_own_grades(app: TestApp) {
        at(&app, "2026-03-02T09:00:00+08:00");
        let team = team(&app).await;
        at(&app, "2026-08-20T09:00:00+08:00");
        let mut tx = app.db.begin().await.unwrap();
        let first = (date("2026-08-31"), date("2026-08-31"));
        lecture::add_period(&mut tx, &team.act(&app), None, first, (PeriodKind::Lessons, "开学")).await.unwrap();
        tx.commit().await.unwrap();
        given(&app, &team, &SessionSketch { classes: vec![team.classes[0]], ..short(&team, "2026-08-31", ("14:30", "15:15"), 0, 0) }).await;
        let lead = team.lead(&app).await;
        move_up(&lead, &team, &team.classes).await.assert_ok().assert_contains("8 月 16 日以后的课");
        let found = summary(&app, &team, ("2026-08-31", "2026-12-31")).await;
        assert_eq!((heard(&found), found.standings[0].classes), (vec![(8, 1), (9, 0)], 2));
    }

    async fn a_turn_that_was_forgotten_is_made_until_the_next_summer(app: TestApp) {
        at(&app, "2026-03-02T09:00:00+08:00");
        let team = team(&app).await;
        at(&app, "2026-11-02T09:00:00+08:00");
        given(&app, &team, &SessionSketch { classes: vec![team.classes[0]], ..short(&team, "2026-11-17", ("14:30", "15:15"), 0, 0) }).await;
        let places = format!("/lecture-schools/{}", team.school);
        team.lead(&app).await.get(&places).await.assert_ok().assert_contains("新学年：年级加一");
        at(&app, "2027-03-10T09:00:00+08:00");
        move_up(&team.lead(&app).await, &team, &team.classes).await.assert_ok().assert_contains("2026 年秋季的年级已经加过了");
        assert_eq!(heard(&summary(&app, &team, ("2026-09-01", "2026-12-31")).await), [(8, 1), (9, 0)]);
        at(&app, "2027-06-30T09:00:00+08:00");
        let lead = team.lead(&app).await;
        lead.post(&format!("{places}/turn/removal"), &[]).await.assert_ok().assert_contains("已撤销");
        assert_eq!(heard(&summary(&app, &team, ("2026-09-01", "2026-12-31")).await), [(7, 1), (8, 0)]);
        move_up(&lead, &team, &team.classes).await.assert_ok();
        at(&app, "2027-07-01T09:00:00+08:00");
        let lead = team.lead(&app).await;
        lead.post(&format!("{places}/turn/removal"), &[]).await.assert_status(422).assert_contains("2027 年秋季的年级还没有加过");
    }

    async fn a_class_that_moved_up_wrongly_is_put_right_for_the_whole_school_year(app: TestApp) {
        at(&app, "2026-03-02T09:00:00+08:00");
        let team = team(&app).await;
        at(&app, "2026-08-28T09:00:00+08:00");
        let lead = team.lead(&app).await;
        move_up(&lead, &team, &team.classes).await.assert_ok();
        given(&app, &team, &SessionSketch { classes: vec![team.classes[0]], ..short(&team, "2026-09-08", ("14:30", "15:15"), 0, 0) }).await;
        at(&app, "2026-09-20T09:00:00+08:00");
        let (lead, places) = (team.lead(&app).await, format!("/lecture-schools/{}", team.school));
        lead.post(&format!("{places}/classes/{}/grade", team.classes[0]), &[("new_grade", "7"), ("new_class", "1班")]).await.assert_ok();
        assert_eq!(heard(&summary(&app, &team, ("2026-09-01", "2026-12-31")).await), [(7, 1), (9, 0)]);
        // One that was put away since would be left out of moving up anew.
        lead.post(&format!("{places}/classes/{}/removal", team.classes[1]), &[]).await.assert_ok();
        lead.post(&format!("{places}/turn/removal"), &[]).await.assert_status(422).assert_contains("九年级2班后来不再列出了");
        lead.post(&format!("{places}/classes/{}/return", team.classes[1]), &[]).await.assert_ok();
        lead.post(&format!("{places}/turn/removal"), &[]).await.assert_ok();
        assert_eq!(classes(&app, &team).await, ["七年级1班", "八年级2班"]);
    }

    async fn what_is_put_right_keeps_the_grade_that_was_known_then(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let sketch = SessionSketch { classes: vec![team.classes[0]], ..short(&team, "2026-09-08", ("14:30", "15:15"), 0, 0) };
        let id = given(&app, &team, &sketch).await;
        at(&app, "2026-09-20T09:00:00+08:00");
        let (lead, places) = (team.lead(&app).await, format!("/lecture-schools/{}", team.school));
        lead.post(&format!("{places}/classes/{}/grade", team.classes[0]), &[("new_grade", "8"), ("new_class", "1班")]).await.assert_ok();
        assert_eq!(heard(&summary(&app, &team, ("2026-09-01", "2026-12-31")).await), [(7, 1), (8, 0)]);
        let mut tx = app.db.begin().await.unwrap();
        let known = lecture::session(&mut tx, team.community.tenant, id).await.unwrap();
        let to = SessionSketch { lecturers: vec![team.lecturers[1]], ..sketch };
        lecture::change(&mut tx, &team.act(&app), &known, known.lock_version, (&to, "换了人讲")).await.unwrap();
        tx.commit().await.unwrap();
        // Whoever writes it down waits for whoever moves classes up.
        let before = count(&app, DIARY, team.community.tenant).await;
        give(&app, &team, id).await;
        assert_eq!(count(&app, DIARY, team.community.tenant).await, before + 1);
        assert_eq!(heard(&summary(&app, &team, ("2026-09-01", "2026-12-31")).await), [(7, 1), (8, 0)]);
    }

    async fn an_early_turn_leaves_the_rest_of_the_school_year_as_it_was(app: TestApp) {
        at(&app, "2026-03-02T09:00:00+08:00");
        let team = team(&app).await;
        let (tenant, top) = (team.community.tenant, top_class(&app, &team).await);
        let mut tx = app.db.begin().await.unwrap();
        lecture::add_term(&mut tx, &team.act(&app), None, "2026年春季学期", (date("2026-03-02"), date("2026-07-10"))).await.unwrap();
        tx.commit().await.unwrap();
        given(&app, &team, &SessionSketch { classes: vec![top], ..short(&team, "2026-06-09", ("14:30", "15:15"), 0, 0) }).await;
        at(&app, "2026-06-20T09:00:00+08:00");
        let places = format!("/lecture-schools/{}", team.school);
        team.lead(&app).await.post(&format!("{places}/classes/{top}/removal"), &[]).await.assert_ok();
        let before = next(&app, &team, None).await.unwrap().needs[0].heard.clone();
        assert_eq!(before, BTreeMap::from([((9, team.topics[0]), 1)]));
        // What those who were put away by hand have heard is nobody's who comes after them.
        at(&app, "2026-07-01T09:00:00+08:00");
        let lead = team.lead(&app).await;
        move_up(&lead, &team, &team.classes).await.assert_ok();
        assert_eq!(next(&app, &team, None).await.unwrap().needs[0].heard, BTreeMap::new());
        // In July there are those who moved up, in their old grade, and not yet those who come.
        lead.post(&format!("{places}/classes"), &[("grade", "7"), ("class_name", "1班"), ("pupils", "50")]).await.assert_ok();
        let known = lecture::classes(&mut app.db.read().await.unwrap(), tenant, team.school).await.unwrap();
        let fresh = known.iter().find(|class| class.full_name() == "七年级1班").unwrap().id;
        let july = |class: Uuid| SessionSketch { classes: vec![class], ..short(&team, "2026-07-09", ("14:30", "15:15"), 0, 1) };
        refused(team.propose(&app, &july(fresh)).await, "请选哪些班来听");
        let id = team.propose(&app, &july(team.classes[0])).await.unwrap();
        lead.get(&format!("/lectures/{id}")).await.assert_ok().assert_contains("七年级1班");
        // Whoever is in 九年级 from August on is still in 八年级, as the school has asked.
        let asked = request(&app, &team, ("2026-07-09", "2026-07-10")).await;
        let ids = [team.school, team.form, team.halls[0], team.topics[0], team.lecturers[0], team.classes[1], asked];
        let [school, kind, hall, topic, lecturer, class, asked] = ids.map(|id| id.to_string());
        let fields = [
            ("school", school.as_str()), ("title", "法治课"), ("form", kind.as_str()), ("hall", hall.as_str()), ("why", "期末以前"),
            ("day", "2026-07-09"), ("from", "10:00"), ("until", "10:45"), ("topic", topic.as_str()), ("lecturer", lecturer.as_str()),
            ("class", class.as_str()), ("request", asked.as_str()),
        ];
        team.staff(&app).await.post("/lectures", &fields).await.assert_ok().assert_contains("八年级2班").assert_lacks("和学校的需求不一样");
    }

    async fn several_who_enter_one_class_at_once_make_one(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let done = join_all((0..5).map(|_| enter(&app, &team))).await;
        let refused = done.iter().filter(|one| matches!(one, Err(Error::Refused(_)))).count();
        assert_eq!((done.iter().filter(|one| one.is_ok()).count(), refused), (1, 4), "{done:?}");
    }
}
