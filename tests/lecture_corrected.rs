//! 法治进校园, what was entered wrongly or has changed since is put right: queries, pupils, halls, posts, agreements, campaigns and calls. What schools
//! and lecturers read before they say yes, whole numbers only with a reason, and the turn of a year whose holidays are not known.

use doorstep::lecture::{self, Contact, SchoolSketch, SessionSketch, Stage};

use crate::lecture::{at, count, date, refused, team};
use crate::lecture_balance::{given, short};
use crate::lecture_course::{request, session};
use crate::lecture_summary::summary;
use crate::support::Page;

db::statements! {
    VOIDED = "SELECT COUNT(*) AS count FROM audit_entries WHERE tenant_id = $1 AND action = 'void'";
    REVEALED = "SELECT COUNT(*) AS count FROM audit_entries WHERE tenant_id = $1 AND action = 'reveal'";
    AGREEMENTS = "SELECT COUNT(*) AS count FROM lecture_agreements WHERE tenant_id = $1";
    CAMPAIGNS = "SELECT COUNT(*) AS count FROM lecture_campaigns WHERE tenant_id = $1";
    CALLS = "SELECT COUNT(*) AS count FROM lecture_calls WHERE tenant_id = $1";
    VETTINGS = "SELECT COUNT(*) AS count FROM lecturer_vettings WHERE tenant_id = $1";
    ADDRESS = "UPDATE lecture_schools SET address = $3 WHERE tenant_id = $1 AND id = $2";
}

/// Where the first form of a page leads whose address begins and ends so.
fn action(page: &Page, begins: &str, ends: &str) -> String {
    let mut found = page.between_all("action=\"", "\"").filter(|to| to.starts_with(begins) && to.ends_with(ends));
    found.next().unwrap_or_else(|| panic!("no form {begins}…{ends}\n{}", page.body)).to_owned()
}

db_test! {
    async fn a_query_that_was_entered_wrongly_counts_no_more(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let (tenant, path) = (team.community.tenant, format!("/lecturers/{}", team.lecturers[0]));
        let id = team.agreed(&app, "2026-09-08T14:30:00+08:00", "2026-09-08T16:00:00+08:00").await;
        at(&app, "2026-08-28T10:00:00+08:00");
        let lead = team.lead(&app).await;
        let affected = async || {
            let mut tx = app.db.read().await.unwrap();
            let found = lecture::affected(&mut tx, tenant, app.means.now()).await.unwrap();
            found.into_iter().map(|one| (one.session.id, one.verb)).collect::<Vec<_>>()
        };
        let unvetted = async || {
            let known = session(&app, &team, id).await;
            lecture::unvetted(&mut app.db.read().await.unwrap(), tenant, &known).await.unwrap()
        };
        // Somebody else's result: nobody may send this lecturer.
        let fields = [("checked_on", "2026-08-28"), ("result", "failed"), ("proof", "查询文书九号")];
        let page = lead.post(&format!("{path}/vettings"), &fields).await;
        page.assert_ok().assert_contains("有 1 节约好的课要改");
        assert_eq!(affected().await, [(id, "换人")]);
        let wrong = action(&page, &format!("{path}/vettings/"), "/removal");
        lead.post(&wrong, &[("void_why", "")]).await.assert_status(422).assert_contains("为什么作废");
        let page = lead.post(&wrong, &[("void_why", "看错了人")]).await;
        page.assert_ok().assert_contains("按其余的算").assert_contains("车丽芳作废，作废的原因：看错了人").assert_contains("2027-03-01 以前有效");
        page.assert_lacks("节约好的课要改");
        assert_eq!((affected().await, unvetted().await), (Vec::new(), Vec::new()));
        lead.post(&wrong, &[("void_why", "看错了人")]).await.assert_status(422).assert_contains("已经作废了");
        // Without the other one there is none, and the lecture is asked about.
        let last = action(&page, &format!("{path}/vettings/"), "/removal");
        assert_ne!(last, wrong);
        let page = lead.post(&last, &[("void_why", "文书是别人的")]).await;
        page.assert_ok().assert_contains("有 1 节约好的课要改").assert_contains("还没有做过从业查询");
        assert_eq!(affected().await, [(id, "换人")]);
        assert_eq!(unvetted().await, ["武晓峰"]);
        assert_eq!(count(&app, VOIDED, tenant).await, 2);
    }

    async fn schools_and_lecturers_read_who_is_meant(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let (tenant, guest, own) = (team.community.tenant, team.guest(&app).await, team.own(&app, 0).await);
        let (school, phone) = (app.browser(), app.browser());
        let mut tx = app.db.begin().await.unwrap();
        tx.execute(ADDRESS.bind(tenant).bind(team.school).bind("石楼县城关镇")).await.unwrap();
        tx.commit().await.unwrap();
        let id = team.propose(&app, &team.sketch("2026-09-08T14:30:00+08:00", "2026-09-08T16:00:00+08:00")).await.unwrap();
        let classes = "七年级1班 50 人、八年级2班 48 人，共 98 人";
        school.get(&guest).await.assert_contains(classes).assert_lacks("原来约的是");
        let page = phone.get(&own).await;
        page.assert_contains(classes).assert_contains("网络保护").assert_contains("<dt>一起讲的</dt><dd>呼改梅</dd>").assert_contains("石楼县城关镇");
        for path in [&guest, &own] {
            let feed = phone.get(&format!("{path}/calendar")).await.body.replace("\r\n ", "");
            assert!(feed.contains("DESCRIPTION:主题：网络保护") && feed.contains(classes), "{feed}");
            assert!(feed.contains("地址：石楼县城关镇") && feed.contains("呼改梅"), "{feed}");
        }
        // After a change it is said that there was one, and all is shown again; why it was made is the team's.
        let to = SessionSketch { classes: vec![team.classes[1]], ..team.sketch("2026-09-09T14:30:00+08:00", "2026-09-09T16:00:00+08:00") };
        let known = session(&app, &team, id).await;
        let mut tx = app.db.begin().await.unwrap();
        lecture::change(&mut tx, &team.act(&app), &known, known.lock_version, (&to, "七年级那天外出")).await.unwrap();
        tx.commit().await.unwrap();
        let page = school.get(&guest).await;
        page.assert_contains("原来约的是 2026年9月8日 14:30–16:00").assert_contains("来听的班：八年级2班 48 人").assert_lacks("七年级那天外出").assert_lacks("1班 50 人");
        // What the school confirms says how many teachers and parents there were.
        at(&app, "2026-09-10T09:00:00+08:00");
        let version = session(&app, &team, id).await.lock_version.to_string();
        let fields = [("version", version.as_str()), ("pupils", "46"), ("teachers", "3"), ("parents", "12"), ("minutes", "90"), ("handouts", "0"), ("course", "")];
        phone.post(&format!("{own}/sessions/{id}/record"), &fields).await.assert_ok();
        school.get(&guest).await.assert_contains("教师 3 人，家长 12 人").assert_contains("来听的班：八年级2班 48 人");
    }

    async fn pupils_and_halls_change_and_nothing_is_entered_anew(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let (lead, tenant, places) = (team.lead(&app).await, team.community.tenant, format!("/lecture-schools/{}", team.school));
        let small = SessionSketch { hall: team.halls[1], ..short(&team, "2026-09-08", ("14:30", "16:00"), 0, 0) };
        let small = SessionSketch { classes: vec![team.classes[0]], ..small };
        let id = team.propose(&app, &small).await.unwrap();
        let path = format!("{places}/classes/{}/particulars", team.classes[0]);
        lead.post(&path, &[("new_pupils", "0")]).await.assert_status(422).assert_contains("学生人数请填 1 到 200");
        lead.post(&path, &[("new_pupils", "51")]).await.assert_ok().assert_contains("人数已改").assert_lacks("节约好的课要改");
        let classes = lecture::classes(&mut app.db.read().await.unwrap(), tenant, team.school).await.unwrap();
        assert!(classes.iter().any(|class| class.id == team.classes[0] && class.pupils == 51));
        // Fewer seats than pupils: the lecture is asked about.
        let path = format!("{places}/halls/{}/particulars", team.halls[1]);
        lead.post(&path, &[("version", "1"), ("new_name", "报告厅"), ("new_seats", "60")]).await.assert_status(422).assert_contains("登记过同名的场地");
        let page = lead.post(&path, &[("version", "1"), ("new_name", "阶梯教室"), ("new_seats", "50")]).await;
        page.assert_ok().assert_contains("有 1 节约好的课要改").assert_contains("坐 50 人");
        lead.get("/lectures").await.assert_contains("换场地").assert_contains("阶梯教室坐 50 人，来听的班现在有 51 人");
        // Whoever has the page from before does not undo that.
        let other = team.lead(&app).await;
        other.post(&path, &[("version", "1"), ("new_name", "小阶梯教室"), ("new_seats", "60")]).await.assert_status(409).assert_contains("这个场地刚刚有变化");
        lead.post(&path, &[("version", "2"), ("new_name", "大阶梯教室"), ("new_seats", "51")]).await.assert_ok().assert_lacks("节约好的课要改");
        // Whoever came after the lecture was arranged is counted in.
        at(&app, "2026-09-08T14:20:00+08:00");
        let known = session(&app, &team, id).await;
        let mut tx = app.db.begin().await.unwrap();
        lecture::agree(&mut tx, &team.act(&app), &known, known.lock_version, false).await.unwrap();
        let known = lecture::session(&mut tx, tenant, id).await.unwrap();
        let class = classes.iter().find(|class| class.id == team.classes[0]).unwrap();
        lecture::sign_in(&mut tx, &team.act(&app), &known, class, 51).await.unwrap();
        tx.commit().await.unwrap();
        // The name of a hall that is not used any more is free again.
        let lead = team.lead(&app).await;
        lead.post(&format!("{places}/halls/{}/removal", team.halls[0]), &[]).await.assert_ok();
        lead.post(&format!("{places}/halls"), &[("hall_name", "报告厅"), ("seats", "200")]).await.assert_ok().assert_contains("场地已登记");
    }

    async fn whole_numbers_are_seen_with_a_reason_that_is_logged(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let (staff, tenant) = (team.staff(&app).await, team.community.tenant);
        let sketch = SchoolSketch {
            name: "城关中学".to_owned(), stage: Stage::Junior, address: String::new(), travel_minutes: 20, closed_at: None,
            contact: Some(Contact { name: "德育干部".to_owned(), phone: "13800001111".to_owned() }),
        };
        let mut tx = app.db.begin().await.unwrap();
        let other = lecture::create_school(&mut tx, &team.act(&app), &sketch).await.unwrap();
        tx.commit().await.unwrap();
        for path in [format!("/lecturers/{}", team.lecturers[0]), format!("/lecture-schools/{other}")] {
            staff.get(&path).await.assert_ok().assert_contains("138****1111").assert_lacks("13800001111");
            let reveal = format!("{path}/reveals");
            staff.post(&reveal, &[("reason", "")]).await.assert_status(422).assert_lacks("13800001111");
            staff.post(&reveal, &[("reason", "改了时间，打电话说一声")]).await.assert_ok().assert_contains("13800001111");
        }
        assert_eq!(count(&app, REVEALED, tenant).await, 2);
        // Where nobody is known there is nothing to be seen, and nothing is logged.
        staff.post(&format!("/lecture-schools/{}/reveals", team.school), &[("reason", "改了时间，打电话说一声")]).await.assert_status(422);
        assert_eq!(count(&app, REVEALED, tenant).await, 2);
    }

    async fn at_the_turn_of_a_year_what_is_not_known_is_said(app: TestApp) {
        at(&app, "2026-12-01T09:00:00+08:00");
        let team = team(&app).await;
        let act = team.act(&app);
        let mut tx = app.db.begin().await.unwrap();
        lecture::add_term(&mut tx, &act, None, "2026年秋季学期（续）", (date("2027-01-01"), date("2027-01-20"))).await.unwrap();
        tx.commit().await.unwrap();
        let asked = request(&app, &team, ("2027-01-05", "2027-01-15")).await;
        let page = team.staff(&app).await.get(&format!("/lecture-requests/{asked}")).await;
        page.assert_contains("有 11 天上不上课还不知道").assert_contains("在“学期和考试”里把这几天登记为“上课”").assert_lacks("没有空着的上课日");
        let winter = team.sketch("2027-01-06T14:30:00+08:00", "2027-01-06T16:00:00+08:00");
        refused(team.propose(&app, &winter).await, "把这几天登记为“上课”");
        // Where that is done is said beside it, and in the form that was refused for that.
        let terms = "<a href=\"/lecture-terms\">学期和考试</a>登记";
        page.assert_contains(terms);
        let ids = [team.school, team.form, team.halls[0], team.topics[0], team.lecturers[0], team.classes[0]];
        let [school, kind, hall, topic, lecturer, class] = ids.map(|id| id.to_string());
        let fields = [
            ("school", school.as_str()), ("title", "法治课"), ("form", kind.as_str()), ("hall", hall.as_str()), ("why", "期末以前"),
            ("day", "2027-01-06"), ("from", "14:30"), ("until", "16:00"), ("topic", topic.as_str()), ("lecturer", lecturer.as_str()),
            ("class", class.as_str()),
        ];
        team.staff(&app).await.post("/lectures", &fields).await.assert_status(422).assert_contains(terms);
        // What the team enters is known, and the lecture can be arranged.
        let days = [("kind", "lessons"), ("first", "2027-01-04"), ("last", "2027-01-08"), ("note", ""), ("school", "")];
        team.lead(&app).await.post("/lecture-periods", &days).await.assert_ok();
        team.staff(&app).await.get(&format!("/lecture-requests/{asked}")).await.assert_lacks("上不上课还不知道");
        team.propose(&app, &winter).await.unwrap();
        let id = team.agreed(&app, "2026-12-29T14:30:00+08:00", "2026-12-29T16:00:00+08:00").await;
        // Five working days later is a day of which nobody knows: a move needs no lead, a request is answered, and a school asks all the same.
        at(&app, "2026-12-28T09:00:00+08:00");
        let known = session(&app, &team, id).await;
        let to = team.sketch("2026-12-30T14:30:00+08:00", "2026-12-30T16:00:00+08:00");
        let mut tx = app.db.begin().await.unwrap();
        lecture::change(&mut tx, &team.act(&app), &known, known.lock_version, (&to, "礼堂有会")).await.unwrap();
        tx.commit().await.unwrap();
        // Whether that is near nobody knows: then the school says that it can do that.
        let (known, guest) = (session(&app, &team, id).await, team.guest(&app).await);
        let mut tx = app.db.begin().await.unwrap();
        refused(lecture::agree(&mut tx, &team.act(&app), &known, known.lock_version, false).await, "来得及就勾上");
        drop(tx);
        app.browser().get(&guest).await.assert_contains("时间很近").assert_lacks("现在最早可以约");
        let staff = team.staff(&app).await;
        let path = format!("/lecture-requests/{asked}");
        staff.get(&path).await.assert_ok().assert_contains("还没有 2027 年的放假调休安排");
        staff.post(&format!("{path}/refusal"), &[("why", "寒假前排不上了")]).await.assert_ok();
        let after = team.sketch("2027-01-07T14:30:00+08:00", "2027-01-07T16:00:00+08:00");
        refused(team.propose(&app, &after).await, "2027-01-01 上不上课还不知道");
        // With the holiday entered too, the days ahead are counted by what the team has entered, and the weekend after it does not count: the fifth is
        // 5 January.
        let holiday = [("kind", "off"), ("first", "2027-01-01"), ("last", "2027-01-01"), ("note", "元旦"), ("school", "")];
        team.lead(&app).await.post("/lecture-periods", &holiday).await.assert_ok();
        refused(team.propose(&app, &team.sketch("2027-01-04T14:30:00+08:00", "2027-01-04T16:00:00+08:00")).await, "最早可以约 2027-01-05");
        team.propose(&app, &after).await.unwrap();
        app.browser().get(&guest).await.assert_contains("现在最早可以约 <span class=\"num\">2027-01-05</span>");
        team.staff(&app).await.get(&format!("/lectures/new?school={}", team.school)).await.assert_contains("最早 2027-01-05。");
        request(&app, &team, ("2027-01-10", "2027-01-15")).await;
    }

    async fn weekends_within_a_long_period_of_lessons_are_no_working_days(app: TestApp) {
        at(&app, "2026-12-28T09:00:00+08:00");
        let team = team(&app).await;
        let lead = team.lead(&app).await;
        let enter = async |kind: &str, first: &str, last: &str| {
            let fields = [("kind", kind), ("first", first), ("last", last), ("note", ""), ("school", "")];
            lead.post("/lecture-periods", &fields).await.assert_ok();
        };
        let on = |day: &str| team.sketch(&format!("{day}T14:30:00+08:00"), &format!("{day}T16:00:00+08:00"));
        enter("off", "2027-01-01", "2027-01-01").await;
        enter("lessons", "2027-01-03", "2027-01-15").await;
        refused(team.propose(&app, &on("2027-01-04")).await, "最早可以约 2027-01-05");
        // A Saturday of make-up lessons is entered by itself.
        enter("lessons", "2027-01-02", "2027-01-02").await;
        refused(team.propose(&app, &on("2027-01-03")).await, "最早可以约 2027-01-04");
        team.propose(&app, &on("2027-01-04")).await.unwrap();
    }

    async fn what_is_planned_is_entered_once_changed_and_voided(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let (lead, tenant, school) = (team.lead(&app).await, team.community.tenant, team.school.to_string());
        let agreement = [
            ("school", school.as_str()), ("agreement_title", "检校共建"), ("agreement_first", "2026-09-01"), ("agreement_last", "2027-08-31"),
            ("agreement_intended", "40"),
        ];
        let campaign = [("theme", "护航开学季"), ("first", "2026-09-01"), ("last", "2026-10-31"), ("intended", "3")];
        let call = [("call_title", "秋季学期需求"), ("call_words", ""), ("call_last", "2026-09-10")];
        for _ in 0..2 {
            lead.post("/lecture-agreements", &agreement).await.assert_ok();
            lead.post("/lecture-campaigns", &campaign).await.assert_ok();
            lead.post("/lecture-calls", &call).await.assert_ok();
        }
        let counts = [count(&app, AGREEMENTS, tenant).await, count(&app, CAMPAIGNS, tenant).await, count(&app, CALLS, tenant).await];
        assert_eq!(counts, [1, 1, 1]);
        // Forty for four.
        let page = lead.get("/lecture-plans").await;
        let path = |of: &str, ends: &str| action(&page, &format!("/{of}/"), ends);
        let mut fields = vec![("row_school", school.as_str()), ("row_title", "检校共建"), ("row_first", "2026-09-01"), ("row_last", "2026-08-31"), ("row_intended", "4"), ("version", "1")];
        let change = path("lecture-agreements", "/particulars");
        lead.post(&change, &fields).await.assert_status(422).assert_contains("最后一天要在第一天以后");
        fields[3].1 = "2027-08-31";
        lead.post(&change, &fields).await.assert_ok().assert_contains("每年 4 场");
        // Whoever has the page from before undoes nothing.
        lead.post(&change, &fields).await.assert_status(409).assert_contains("这份共建协议刚刚有变化");
        let intended = async || {
            let whole = summary(&app, &team, ("2026-01-01", "2026-12-31")).await;
            whole.standings[0].agreed.iter().map(|one| one.intended).collect::<Vec<_>>()
        };
        assert_eq!(intended().await, [4]);
        let fields = [("row_title", "护航开学季，法治进校园"), ("row_first", "2026-09-01"), ("row_last", "2026-09-30"), ("row_intended", "2"), ("version", "1")];
        lead.post(&path("lecture-campaigns", "/particulars"), &fields).await.assert_ok().assert_contains("2026-09-30 · 打算讲 2 场");
        lead.post(&path("lecture-campaigns", "/particulars"), &fields).await.assert_status(409).assert_contains("这个专项活动刚刚有变化");
        let fields = [("row_title", "九月的需求"), ("row_words", ""), ("row_last", "2026-09-20"), ("version", "1")];
        lead.post(&path("lecture-calls", "/particulars"), &fields).await.assert_ok();
        lead.post(&path("lecture-calls", "/particulars"), &fields).await.assert_status(409).assert_contains("这次需求征集刚刚有变化");
        let (guest, phone) = (team.guest(&app).await, app.browser());
        phone.get(&guest).await.assert_contains("九月的需求");
        // A campaign with a lecture in it stays.
        let id = path("lecture-campaigns", "/removal").split('/').nth(2).unwrap().parse().unwrap();
        let within = SessionSketch { campaign: Some(id), ..team.sketch("2026-09-08T14:30:00+08:00", "2026-09-08T16:00:00+08:00") };
        team.propose(&app, &within).await.unwrap();
        let why = [("row_why", "登记成了别的学校")];
        lead.post(&path("lecture-campaigns", "/removal"), &why).await.assert_status(422).assert_contains("里有 1 节课，不能作废");
        let void = path("lecture-agreements", "/removal");
        lead.post(&void, &[("row_why", "")]).await.assert_status(422).assert_contains("为什么作废");
        let page = lead.post(&void, &why).await;
        page.assert_ok().assert_lacks("每年 4 场").assert_lacks("作废的征集");
        lead.post(&path("lecture-calls", "/removal"), &why).await.assert_ok().assert_contains("学校不再看到");
        // Who voided it and why is read where it stood, by those who read what is agreed.
        let page = team.staff(&app).await.get("/lecture-plans").await;
        page.assert_contains("作废的协议（1）").assert_contains("石楼中学：检校共建，2026-09-01 到 2027-08-31");
        page.assert_contains("作废的征集（1）").assert_contains("九月的需求").assert_contains("车丽芳作废，作废的原因：登记成了别的学校");
        phone.get(&guest).await.assert_lacks("九月的需求");
        assert!(intended().await.is_empty());
        assert_eq!(count(&app, VOIDED, tenant).await, 2);
        // What was voided is entered anew as it should have been.
        lead.post("/lecture-agreements", &agreement).await.assert_ok().assert_contains("每年 40 场");
    }

    async fn a_post_under_which_nothing_was_given_can_be_taken_out(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let act = team.act(&app);
        let mut tx = app.db.begin().await.unwrap();
        let [first, second] = team.lecturers;
        let kept = lecture::appoint(&mut tx, &act, team.school, first, (date("2026-09-01"), date("2029-08-31"))).await.unwrap();
        let wrong = lecture::appoint(&mut tx, &act, team.school, second, (date("2062-09-01"), date("2065-08-31"))).await.unwrap();
        tx.commit().await.unwrap();
        let lead = team.lead(&app).await;
        let places = format!("/lecture-schools/{}", team.school);
        let path = format!("{places}/vice-principals/{wrong}/erasure");
        lead.post(&path, &[("vice_why", "")]).await.assert_status(422).assert_contains("为什么删去");
        lead.post(&path, &[("vice_why", "年份写反了")]).await.assert_ok().assert_lacks("2062-09-01");
        given(&app, &team, &short(&team, "2026-09-08", ("14:30", "16:00"), 0, 0)).await;
        let mut tx = app.db.begin().await.unwrap();
        refused(lecture::drop_post(&mut tx, &team.act(&app), team.school, kept, "登记错了").await, "已经讲过 1 场课");
    }

    async fn a_query_that_comes_twice_makes_one(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let (lead, path) = (team.lead(&app).await, format!("/lecturers/{}/vettings", team.lecturers[0]));
        let before = count(&app, VETTINGS, team.community.tenant).await;
        let fields = [("checked_on", "2026-08-28"), ("result", "passed"), ("proof", "查询文书七号")];
        for _ in 0..2 {
            lead.post(&path, &fields).await.assert_ok();
        }
        assert_eq!(count(&app, VETTINGS, team.community.tenant).await, before + 1);
        // Another result of the same day is another query, and so is the first once more after it.
        at(&app, "2026-08-28T09:05:00+08:00");
        lead.post(&path, &[("checked_on", "2026-08-28"), ("result", "failed"), ("proof", "查询文书八号")]).await.assert_ok();
        at(&app, "2026-08-28T09:10:00+08:00");
        lead.post(&path, &fields).await.assert_ok();
        assert_eq!(count(&app, VETTINGS, team.community.tenant).await, before + 3);
    }

    async fn a_campaign_of_a_wrong_year_keeps_its_lectures_and_a_voided_one_takes_none(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let act = team.act(&app);
        let mut tx = app.db.begin().await.unwrap();
        let wrong = lecture::add_campaign(&mut tx, &act, ("护航开学季", (date("2062-09-01"), date("2062-10-31")), 3)).await.unwrap();
        let empty = lecture::add_campaign(&mut tx, &act, ("禁毒宣传", (date("2026-09-01"), date("2026-10-31")), 2)).await.unwrap();
        tx.commit().await.unwrap();
        let within = SessionSketch { campaign: Some(wrong), ..team.sketch("2026-09-08T14:30:00+08:00", "2026-09-08T16:00:00+08:00") };
        team.propose(&app, &within).await.unwrap();
        let mut tx = app.db.begin().await.unwrap();
        refused(lecture::void_planned(&mut tx, &act, lecture::Planned::Campaign, wrong, "年份写反了").await, "里有 1 节课，不能作废");
        lecture::void_planned(&mut tx, &act, lecture::Planned::Campaign, empty, "登记重了").await.unwrap();
        tx.commit().await.unwrap();
        let page = team.lead(&app).await.get("/lecture-plans").await;
        page.assert_contains("作废的专项活动（1）").assert_contains("禁毒宣传").assert_contains("作废的原因：登记重了");
        // Whoever had it on their page chooses again.
        let late = SessionSketch { campaign: Some(empty), ..team.sketch("2026-09-09T14:30:00+08:00", "2026-09-09T16:00:00+08:00") };
        refused(team.propose(&app, &late).await, "这个专项活动已经作废");
    }

    async fn a_class_that_is_gone_needs_no_seats(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let (lead, places) = (team.lead(&app).await, format!("/lecture-schools/{}", team.school));
        team.propose(&app, &team.sketch("2026-09-08T14:30:00+08:00", "2026-09-08T16:00:00+08:00")).await.unwrap();
        let fields = [("version", "1"), ("new_name", "报告厅"), ("new_seats", "60")];
        lead.post(&format!("{places}/halls/{}/particulars", team.halls[0]), &fields).await.assert_ok();
        lead.get("/lectures").await.assert_contains("报告厅坐 60 人，来听的班现在有 98 人");
        lead.post(&format!("{places}/classes/{}/removal", team.classes[1]), &[]).await.assert_ok();
        lead.get("/lectures").await.assert_contains("八年级2班").assert_lacks("来听的班现在有");
    }
}
