//! Nothing of a plan is lost on the way: a school that has lost its guard is asked until it knows, and of the reserve every group is read.

use db::statements;
use doorstep::deployment::{self, ReserveSketch};
use doorstep::duty::{self, SchoolSketch, Stage};
use doorstep::error::Error;
use uuid::Uuid;

use crate::deployment::{Desk, at};

statements! {
    RESERVED = "INSERT INTO deployment_reserves (tenant_id, id, plan_id, position, name, base, people, response_minutes)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    REACHED = "INSERT INTO deployment_reaches (tenant_id, reserve_id, school_id, minutes) VALUES ($1, $2, $3, $4)";
}

db_test! {
    async fn a_school_that_has_lost_its_guard_is_asked_until_somebody_says_that_they_know(app: TestApp) {
        let desk = Desk::set_up(&app).await;
        let path = desk.watch(&app, 0).await;
        let school = app.browser();
        let first = desk.drafted(&app, "2026-09-01", None).await;
        desk.approved(&app, first).await;
        let id = first.to_string();
        school.post(&path, &[("plan", id.as_str()), ("name", "保安老李")]).await.assert_ok();
        // From October on no gate of the school is kept, and nobody there has said that they know.
        let plan = desk.plan(&app, desk.drafted(&app, "2026-10-01", Some(first)).await).await;
        let lost = plan.id;
        let mut tx = app.db.begin().await.unwrap();
        deployment::set_posts(&mut tx, &desk.act(&app, &desk.planner), &plan, plan.lock_version, &[]).await.unwrap();
        tx.commit().await.unwrap();
        desk.approved(&app, lost).await;
        // Neither a correction of the same day nor a later version keeps any: each asks again.
        let mut last = lost;
        for from in ["2026-10-01", "2026-10-05"] {
            last = desk.drafted(&app, from, Some(last)).await;
            desk.approved(&app, last).await;
            assert_eq!(desk.notices(&app, last).await.len(), 1, "{from}");
            let planner = app.browser_of(&desk.planner).await;
            planner.get("/today").await.assert_ok().assert_contains("通知学校").assert_contains("田家会小学");
        }
        at(&app, "2026-10-05T08:00:00+08:00");
        let planner = app.browser_of(&desk.planner).await;
        planner.get("/today").await.assert_ok().assert_contains("通知学校");
        school.get(&path).await.assert_ok().assert_contains("不再安排护学岗").assert_contains("您的姓名");
        let id = last.to_string();
        school.post(&path, &[("plan", id.as_str()), ("name", "保安老李")]).await.assert_ok().assert_contains("✓ 知道了");
        planner.get("/today").await.assert_ok().assert_lacks("通知学校");
        // Whoever has said so is left in peace.
        let next = desk.drafted(&app, "2026-10-12", Some(last)).await;
        desk.approved(&app, next).await;
        assert!(desk.notices(&app, next).await.is_empty());
    }

    async fn however_many_groups_wait_each_is_kept_with_all_its_ways(app: TestApp) {
        let desk = Desk::set_up(&app).await;
        let (bureau, act) = (&desk.bureau, desk.bureau.act(&app));
        let id = desk.drafted(&app, "2026-09-01", None).await;
        let mut tx = app.db.begin().await.unwrap();
        let mut schools = vec![bureau.schools[0]];
        for n in 1..=10 {
            let sketch = SchoolSketch {
                station: bureau.stations[0], others: Vec::new(), name: format!("王家沟第 {n} 小学"), stage: Stage::Primary, address: String::new(),
                contact: None, phone: String::new(), closed_at: None,
            };
            schools.push(duty::create_school(&mut tx, &act, &sketch).await.unwrap());
        }
        let groups: Vec<Uuid> = (0..1_000).map(|_| act.id()).collect();
        let rows = groups.iter().zip(1i64..).map(|(group, n)| {
            RESERVED.bind(act.tenant).bind(*group).bind(id).bind(n).bind(format!("第 {n} 组")).bind("").bind(1i64).bind(5i64)
        });
        tx.execute_many(RESERVED, rows.collect()).await.unwrap();
        let ways = groups.iter().flat_map(|group| {
            let to = schools.iter().zip(1i64..);
            to.map(|(school, minutes)| REACHED.bind(act.tenant).bind(*group).bind(*school).bind(minutes)).collect::<Vec<_>>()
        });
        tx.execute_many(REACHED, ways.collect()).await.unwrap();
        tx.commit().await.unwrap();
        // Together with the group of those on standby, which reaches the one school: in their order, the farthest schools among theirs.
        let parts = desk.parts(&app, id).await;
        assert_eq!((parts.reserves.len(), parts.reaches.len()), (1_001, 11_001));
        assert_eq!(parts.reserves[1_000].name, "第 1000 组");
        let of = |group: Uuid| parts.reaches.iter().filter(move |reach| reach.reserve_id == group).map(|reach| reach.minutes);
        assert_eq!(of(groups[999]).collect::<Vec<_>>(), (1..=11).collect::<Vec<i64>>());
        // So are those of its copy; another group is too many.
        let copied = desk.drafted(&app, "2026-09-08", Some(id)).await;
        let copied = desk.parts(&app, copied).await;
        assert_eq!((copied.reserves.len(), copied.reaches.len()), (1_001, 11_001));
        let plan = desk.plan(&app, id).await;
        let new = ReserveSketch { name: "再一组".to_owned(), base: String::new(), people: 1, response_minutes: 5, minutes: Vec::new() };
        let mut tx = app.db.begin().await.unwrap();
        let done = deployment::add_reserve(&mut tx, &desk.act(&app, &desk.planner), &plan, plan.lock_version, &new).await;
        assert!(matches!(done.unwrap_err(), Error::Refused(words) if words.contains("最多 500 组")));
    }
}
