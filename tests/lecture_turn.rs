//! 新学年，年级加一: classes move up and leave, what was stays with the grade in which they were, and what comes goes with the pupils.

use doorstep::lecture::{self, SessionSketch};
use uuid::Uuid;

use crate::lecture::{Team, at, date, refused, team};
use crate::lecture_balance::{give, given, next, short};
use crate::lecture_summary::summary;
use crate::support::{Browser, Page, TestApp};

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
        lead.post(&format!("{places}/turn/removal"), &[]).await.assert_status(422).assert_contains("七年级1班是后来登记的");
        lead.post(&format!("{places}/classes/{fresh}/removal"), &[]).await.assert_ok();
        lead.post(&format!("{places}/turn/removal"), &[]).await.assert_ok();
        lead.post(&format!("{places}/classes/{}/grade", team.classes[1]), &[("new_grade", "8"), ("new_class", "1班")]).await.assert_ok().assert_contains("班级已改");
        let page = move_up(&lead, &team, &[team.classes[0]]).await;
        page.assert_status(422).assert_contains("七年级1班升上去就和没有勾的八年级1班同名了");
        // Out of season classes are put right one by one.
        at(&app, "2026-11-02T09:00:00+08:00");
        let lead = team.lead(&app).await;
        move_up(&lead, &team, &[team.classes[0]]).await.assert_status(422).assert_contains("10 月 31 日");
        lead.get(&places).await.assert_ok().assert_lacks("新学年：年级加一");
        let path = format!("{places}/classes/{}/grade", team.classes[0]);
        lead.post(&path, &[("new_grade", "10"), ("new_class", "1班")]).await.assert_status(422).assert_contains("初中没有这个年级");
        lead.post(&path, &[("new_grade", "8"), ("new_class", "1班")]).await.assert_status(422).assert_contains("这个班已经登记过了");
        lead.post(&path, &[("new_grade", "8"), ("new_class", "3班")]).await.assert_ok();
        assert_eq!(classes(&app, &team).await, ["八年级1班", "八年级3班", "九年级1班"]);
    }
}
