//! The quiz of a lecture, which nobody can join to a pupil, in the database either; and what a pupil confides, which is never refused, told of
//! without a word of it, and reported.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use db::Value;
use doorstep::access::Act;
use doorstep::app::{App, router};
use doorstep::channel;
use doorstep::config::Config;
use doorstep::error::Result;
use doorstep::lecture::{self, Outcome, Phase, Record, Sheet, quiz_link};
use doorstep::upkeep;
use doorstep::web::Limiter;
use futures_util::future::join_all;
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::lecture::{Team, at, count, date, refused, team};
use crate::support::{Browser, TestApp};

db::statements! {
    AUDITED = "SELECT COUNT(*) AS count FROM audit_entries WHERE tenant_id = $1";
    TOLD = "SELECT reason || fields AS text FROM audit_entries WHERE tenant_id = $1";
    TALLIES = "SELECT COUNT(*) AS count FROM lecture_tallies WHERE tenant_id = $1";
    OPEN = "SELECT COUNT(*) AS count FROM lecture_quizzes WHERE tenant_id = $1 AND closed = FALSE";
    CLOSED = "SELECT COUNT(*) AS count FROM lecture_quizzes WHERE tenant_id = $1 AND closed = TRUE";
    SAID = "SELECT COUNT(*) AS count FROM lecture_confidences WHERE tenant_id = $1 AND sealed IS NOT NULL";
    NOTES = "SELECT COUNT(*) AS count FROM lecture_confidence_entries WHERE tenant_id = $1 AND sealed IS NOT NULL";
    READINGS = "SELECT COUNT(*) AS count FROM lecture_confidence_entries WHERE tenant_id = $1 AND kind = 'read'";
    UNREPORTED = "UPDATE lecture_confidences SET closed_at = 1, ending = 'settled', alarm_at = NULL, reported_at = NULL WHERE tenant_id = $1";
}

const FROM: &str = "2026-09-08T14:30:00+08:00";
const UNTIL: &str = "2026-09-08T16:00:00+08:00";

async fn begun(app: &TestApp) -> (Team, Uuid) {
    at(app, "2026-08-28T09:00:00+08:00");
    let team = team(app).await;
    let session = team.agreed(app, FROM, UNTIL).await;
    (team, session)
}

async fn known(app: &TestApp, team: &Team, session: Uuid) -> lecture::Session {
    lecture::session(&mut app.db.read().await.unwrap(), team.community.tenant, session).await.unwrap()
}

async fn hand_in(app: &TestApp, team: &Team, session: Uuid, phase: Phase, sheet: &Sheet) -> Result<()> {
    let mut tx = app.db.begin().await.unwrap();
    let known = lecture::session(&mut tx, team.community.tenant, session).await.unwrap();
    let act = Act::resident(team.community.tenant, &app.means);
    lecture::hand_in(&mut tx, &act, (&known, phase), sheet).await?;
    tx.commit().await.unwrap();
    Ok(())
}

async fn many(app: &TestApp, team: &Team, session: Uuid, phase: Phase, sheet: &Sheet, times: usize) {
    for _ in 0..times {
        hand_in(app, team, session, phase, sheet).await.unwrap();
    }
}

async fn close(app: &TestApp, team: &Team, session: Uuid, phase: Phase) -> Result<()> {
    let mut tx = app.db.begin().await.unwrap();
    let known = lecture::session(&mut tx, team.community.tenant, session).await.unwrap();
    lecture::close_quiz(&mut tx, &team.act(app), &known, phase).await?;
    tx.commit().await.unwrap();
    Ok(())
}

async fn outcomes(app: &TestApp, team: &Team, session: Uuid) -> lecture::Outcomes {
    let known = known(app, team, session).await;
    lecture::outcomes(&mut app.db.read().await.unwrap(), &team.act(app), &known).await.unwrap()
}

async fn record(app: &TestApp, team: &Team, session: Uuid) {
    let known = known(app, team, session).await;
    let what = Record {
        pupils: 90,
        teachers: 2,
        parents: 0,
        handouts: 90,
        minutes: 90,
        course: "讲了三个案例".to_owned(),
        own: None,
        knowing: false,
    };
    let mut tx = app.db.begin().await.unwrap();
    lecture::record(&mut tx, &team.act(app), &known, known.lock_version, &what).await.unwrap();
    tx.commit().await.unwrap();
}

/// Somebody at a program of its own.
async fn browser_of(app: App) -> Browser {
    let service = router(app).into_make_service_with_connect_info::<SocketAddr>();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let browser = Browser::new(&format!("http://{}", listener.local_addr().unwrap()));
    tokio::spawn(async move { axum::serve(listener, service).await });
    browser
}

/// Every value of every column of every table, by the table: a row is its columns with their values.
async fn everything(app: &TestApp) -> BTreeMap<String, Vec<Vec<(String, String)>>> {
    app.app.tally.write_down(&app.db).await.unwrap();
    let mut tx = app.db.read().await.unwrap();
    let mut all = BTreeMap::new();
    for table in db::tables(&mut tx).await.unwrap() {
        let mut rows = Vec::new();
        let each = |values: Vec<Value>| -> db::Result<()> {
            let named = table.columns.iter().zip(values);
            rows.push(named.map(|((column, _), value)| (column.clone(), format!("{value:?}"))).collect());
            Ok(())
        };
        table.read(&mut tx, each).await.unwrap();
        all.insert(table.name.clone(), rows);
    }
    all
}

/// What has changed between two looks at the database: `table.column`, each once, and how many rows are new.
fn changed(
    before: &BTreeMap<String, Vec<Vec<(String, String)>>>,
    after: &BTreeMap<String, Vec<Vec<(String, String)>>>,
) -> (Vec<String>, usize) {
    let (mut columns, mut new) = (Vec::new(), 0);
    for (table, rows) in after {
        let old = &before[table];
        new += rows.len().abs_diff(old.len());
        let fresh: Vec<_> = rows.iter().filter(|row| !old.contains(row)).collect();
        for row in fresh {
            // The row that it was is the one that differs least.
            let differs =
                |other: &Vec<(String, String)>| other.iter().zip(row).filter(|(one, other)| one != other).count();
            let was = old.iter().filter(|other| !rows.contains(other)).min_by_key(|other| differs(other));
            for (at, (column, value)) in row.iter().enumerate() {
                if was.is_none_or(|was| was[at].1 != *value) {
                    columns.push(format!("{table}.{column}"));
                }
            }
        }
    }
    columns.sort();
    columns.dedup();
    (columns, new)
}

db_test! {
    // A hall answers from one address, more often than one address may try passwords, with the limits that everybody has.
    async fn a_whole_hall_answers_from_one_address_and_help_is_never_refused(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let question = team.question(&app, 0).await;
        let tenant = team.community.tenant;
        let mut tx = app.db.begin().await.unwrap();
        let school = lecture::school(&mut tx, tenant, team.school).await.unwrap();
        let hall = lecture::add_hall(&mut tx, &team.act(&app), team.school, "体育馆", 400).await.unwrap();
        let mut classes = Vec::new();
        for name in ["3班", "4班"] {
            classes.push(lecture::add_class(&mut tx, &team.act(&app), &school, (9, name, 155)).await.unwrap());
        }
        tx.commit().await.unwrap();
        let sketch = lecture::SessionSketch { hall, classes: classes.clone(), ..team.sketch(FROM, UNTIL) };
        let session = team.propose(&app, &sketch).await.unwrap();
        let proposed = known(&app, &team, session).await;
        let mut tx = app.db.begin().await.unwrap();
        lecture::agree(&mut tx, &team.act(&app), &proposed, proposed.lock_version, false).await.unwrap();
        tx.commit().await.unwrap();
        let [posts, sign_ins] = [20, 300].map(|times| NonZeroU32::new(times).unwrap());
        let config = Config { public_posts_per_hour: posts, sign_ins_per_hour: sign_ins, ..(*app.app.config).clone() };
        let school = browser_of(App::new(app.db.clone(), app.means.clone(), config)).await;
        let quiz = format!("/lecture-quiz/{}", quiz_link(tenant, session, Phase::Before, &app.means.keys));
        let (field, right) = (format!("q-{question}"), "1");
        for pupil in 0..310 {
            let class = classes[pupil % 2].to_string();
            school.post(&quiz, &[("class", class.as_str()), (field.as_str(), right)]).await.assert_ok().assert_contains("交好了");
        }
        assert_eq!(outcomes(&app, &team, session).await.sheets, [310, 0]);
        let help = format!("/lecture-help/{}", lecture::help_link(tenant, session, &app.means.keys));
        school.post(&help, &[("words", "回家路上有人堵我要钱"), ("who", "")]).await.assert_ok().assert_contains("收到了");
    }

    async fn what_is_typed_stays_when_too_many_write_at_once(app: TestApp) {
        let (team, session) = begun(&app).await;
        let question = team.question(&app, 0).await;
        let tenant = team.community.tenant;
        let narrow = App { crowds: Arc::new(Limiter::per_minute(NonZeroU32::MIN)), ..app.app.clone() };
        for what in ["help", Phase::Before.code()] {
            narrow.crowds.take(&(session, what)).unwrap();
        }
        let pupil = browser_of(narrow).await;
        let help = format!("/lecture-help/{}", lecture::help_link(tenant, session, &app.means.keys));
        let page = pupil.post(&help, &[("words", "回家路上有人堵我要钱"), ("who", "七年级1班")]).await;
        page.assert_status(422).assert_contains("回家路上有人堵我要钱").assert_contains("七年级1班").assert_contains("110");
        let quiz = format!("/lecture-quiz/{}", quiz_link(tenant, session, Phase::Before, &app.means.keys));
        let (class, field) = (team.classes[0].to_string(), format!("q-{question}"));
        let page = pupil.post(&quiz, &[("class", class.as_str()), (field.as_str(), "1")]).await;
        page.assert_status(422).assert_contains("你答的还在下面").assert_contains("value=\"1\" checked");
        // Another lecture's code is another matter.
        let other = team.agreed(&app, "2026-09-09T14:30:00+08:00", "2026-09-09T16:00:00+08:00").await;
        let help = format!("/lecture-help/{}", lecture::help_link(tenant, other, &app.means.keys));
        pupil.post(&help, &[("words", "回家路上有人堵我要钱"), ("who", "")]).await.assert_ok();
    }

    // A school, or an office, is one address with many people behind it: what is counted is the link, and nothing that was typed is lost.
    async fn what_a_school_or_a_lecturer_types_stays_when_it_has_to_wait(app: TestApp) {
        let (team, session) = begun(&app).await;
        let tenant = team.community.tenant;
        let (guest, own) = (team.guest(&app).await, team.own(&app, 0).await);
        let address = NonZeroU32::MIN;
        let config = Config { public_posts_per_hour: address, sign_ins_per_hour: address, ..(*app.app.config).clone() };
        let office = browser_of(App::new(app.db.clone(), app.means.clone(), config)).await;
        let (topic, form) = (team.topics[0].to_string(), team.form.to_string());
        let request = [
            ("topic", topic.as_str()), ("form", form.as_str()), ("first_grade", "7"), ("last_grade", "8"), ("first", "2026-09-21"),
            ("last", "2026-09-25"), ("words", "两个班，想看短片"),
        ];
        for _ in 0..3 {
            office.post(&format!("{guest}/requests"), &request).await.assert_ok().assert_contains("待安排");
        }
        let narrow = App { links: Arc::new(Limiter::per_minute(NonZeroU32::MIN)), ..app.app.clone() };
        let of = [(team.school, "guest"), (team.lecturers[0], "lecturing"), (team.classes[0], "sign in")];
        for one in &of {
            narrow.links.take(one).unwrap();
        }
        let slow = browser_of(narrow).await;
        slow.post(&format!("{guest}/requests"), &request).await.assert_status(422).assert_contains("两个班，想看短片").assert_contains("秒再点一次");
        let known = known(&app, &team, session).await;
        let version = known.lock_version.to_string();
        let fields = [("step", "decline"), ("version", version.as_str()), ("why", "那天开运动会")];
        slow.post(&format!("{guest}/sessions/{session}"), &fields).await.assert_status(422).assert_contains("那天开运动会").assert_contains("秒再点一次");
        at(&app, "2026-09-08T16:10:00+08:00");
        let fields = [
            ("version", version.as_str()), ("pupils", "90"), ("teachers", "1"), ("parents", "0"), ("minutes", "90"), ("handouts", "0"),
            ("course", "讲了三个案例"), ("own_words", "时间略紧"),
        ];
        let page = slow.post(&format!("{own}/sessions/{session}/record"), &fields).await;
        page.assert_status(422).assert_contains("讲了三个案例").assert_contains("时间略紧").assert_contains("秒再点一次");
        let class = team.classes[0];
        let path = format!("/lecture-sign-in/{}/{class}", lecture::sign_in_link(tenant, session, class, &app.means.keys));
        slow.post(&path, &[("present", "48")]).await.assert_status(422).assert_contains("48").assert_contains("秒再点一次");
        // Another class is another matter, from the same address.
        let class = team.classes[1];
        let path = format!("/lecture-sign-in/{}/{class}", lecture::sign_in_link(tenant, session, class, &app.means.keys));
        slow.post(&path, &[("present", "47")]).await.assert_ok();
        let known = lecture::session(&mut app.db.read().await.unwrap(), tenant, session).await.unwrap();
        assert_eq!((known.lock_version.to_string(), known.recorded_at), (version, None));
    }

    async fn nothing_is_seen_before_a_quiz_is_closed_and_then_nothing_of_a_few(app: TestApp) {
        let (team, session) = begun(&app).await;
        let [asked, other] = [team.question(&app, 0).await, team.question(&app, 1).await];
        let tenant = team.community.tenant;
        let before = format!("/lecture-quiz/{}", quiz_link(tenant, session, Phase::Before, &app.means.keys));
        app.browser().get(&before).await.assert_ok().assert_contains("七年级1班").assert_contains("把身份证照片发给网友安全吗");
        let (class, field) = (team.classes[0].to_string(), format!("q-{asked}"));
        app.browser().post(&before, &[("class", ""), (field.as_str(), "1")]).await.assert_status(422).assert_contains("请选择你的班级");
        let audited = count(&app, AUDITED, tenant).await;
        for n in 0..6 {
            let right = if n < 2 { "1" } else { "0" };
            app.browser().post(&before, &[("class", class.as_str()), (field.as_str(), right)]).await.assert_ok().assert_contains("交好了");
        }
        // Four of another class.
        let few = Sheet { class: team.classes[1], answers: vec![(asked, 1), (other, 1)], score: None };
        many(&app, &team, session, Phase::Before, &few, 4).await;
        assert_eq!(count(&app, AUDITED, tenant).await, audited);
        let staff = team.staff(&app).await;
        let page = format!("/lectures/{session}/quiz");
        staff.get(&page).await.assert_ok().assert_contains("10 份，收卷以后看结果").assert_lacks("33.3%");
        assert_eq!((count(&app, TALLIES, tenant).await, count(&app, OPEN, tenant).await), (0, 1));
        // 收卷: what is left is of those who are enough, and nobody comes too late.
        staff.post(&page, &[("phase", "")]).await.assert_status(422).assert_contains("收哪一份");
        staff.post(&page, &[("phase", "after")]).await.assert_status(422).assert_contains("还没有下课");
        let closed = staff.post(&page, &[("phase", "before")]).await;
        closed.assert_ok().assert_contains("33.3%").assert_contains("（2 ÷ 6）");
        staff.post(&page, &[("phase", "before")]).await.assert_status(422).assert_contains("已经收了");
        assert_eq!((count(&app, TALLIES, tenant).await, count(&app, OPEN, tenant).await), (1, 0));
        refused(hand_in(&app, &team, session, Phase::Before, &few).await, "已经收了");
        let found = outcomes(&app, &team, session).await;
        assert_eq!((found.sheets, found.before), ([10, 0], Outcome { answered: 6, correct: 2 }));
        assert_eq!(found.classes.keys().copied().collect::<Vec<_>>(), [team.classes[0]]);
    }

    async fn a_class_hands_in_no_more_sheets_than_it_has_pupils(app: TestApp) {
        let (team, session) = begun(&app).await;
        let question = team.question(&app, 0).await;
        let sheet = Sheet { class: team.classes[0], answers: vec![(question, 1)], score: None };
        let done = join_all((0..60).map(|_| hand_in(&app, &team, session, Phase::Before, &sheet))).await;
        assert_eq!(done.iter().filter(|one| one.is_ok()).count(), 50);
        let found = outcomes(&app, &team, session).await;
        assert_eq!(found.sheets, [50, 0], "however many send at once, each is counted once");
        close(&app, &team, session, Phase::Before).await.unwrap();
        assert_eq!(outcomes(&app, &team, session).await.before, Outcome { answered: 50, correct: 50 });
    }

    async fn both_times_ask_the_same_and_each_has_its_time(app: TestApp) {
        let (team, session) = begun(&app).await;
        let question = team.question(&app, 0).await;
        let tenant = team.community.tenant;
        let path = |phase| format!("/lecture-quiz/{}", quiz_link(tenant, session, phase, &app.means.keys));
        let (before, after) = (path(Phase::Before), path(Phase::After));
        let sheet = Sheet { class: team.classes[0], answers: vec![(question, 1)], score: None };
        many(&app, &team, session, Phase::Before, &sheet, 5).await;
        // Once the first sheet has come, a question that is put away is asked all the same, and a new one is not.
        let staff = team.staff(&app).await;
        staff.post(&format!("/lecture-quizzes/{question}/removal"), &[]).await.assert_ok();
        let later = team.question(&app, 1).await;
        let page = app.browser().get(&before).await;
        page.assert_ok().assert_contains(&format!("q-{question}")).assert_lacks(&format!("q-{later}"));
        // What is none of the options is not a wrong answer.
        let (class, field) = (team.classes[0].to_string(), format!("q-{question}"));
        for odd in ["2", "99", "-1", "对"] {
            let page = app.browser().post(&before, &[("class", class.as_str()), (field.as_str(), odd)]).await;
            page.assert_status(422).assert_contains("不在选项里");
        }
        let odd = Sheet { answers: vec![(question, 99)], ..sheet.clone() };
        refused(hand_in(&app, &team, session, Phase::Before, &odd).await, "不在选项里");
        let strange = Sheet { answers: vec![(later, 1)], ..sheet.clone() };
        refused(hand_in(&app, &team, session, Phase::Before, &strange).await, "有变化");
        // Before is over when the lecture begins; after begins when it is over.
        at(&app, "2026-09-08T14:29:00+08:00");
        hand_in(&app, &team, session, Phase::Before, &sheet).await.unwrap();
        at(&app, FROM);
        refused(hand_in(&app, &team, session, Phase::Before, &sheet).await, "已经上课");
        at(&app, "2026-09-08T15:59:00+08:00");
        app.browser().get(&after).await.assert_ok().assert_contains("还没有下课");
        refused(hand_in(&app, &team, session, Phase::After, &sheet).await, "还没有下课");
        at(&app, UNTIL);
        app.browser().get(&after).await.assert_ok().assert_contains(&format!("q-{question}")).assert_lacks(&format!("q-{later}"));
        hand_in(&app, &team, session, Phase::After, &sheet).await.unwrap();
        // What nobody closes is closed when its time is over, and seen as soon as that is so.
        assert_eq!(outcomes(&app, &team, session).await.before, Outcome { answered: 6, correct: 6 });
        upkeep::once(&app.app).await.unwrap();
        assert_eq!((count(&app, TALLIES, tenant).await, count(&app, OPEN, tenant).await), (1, 1));
        assert_eq!(outcomes(&app, &team, session).await.before, Outcome { answered: 6, correct: 6 });
        at(&app, "2026-09-22T16:00:01+08:00");
        refused(hand_in(&app, &team, session, Phase::After, &sheet).await, "已经收了");
        upkeep::once(&app.app).await.unwrap();
        assert_eq!((count(&app, TALLIES, tenant).await, count(&app, OPEN, tenant).await), (1, 0), "one sheet is too few");
    }

    async fn what_was_answered_for_another_lecture_goes_with_it(app: TestApp) {
        let (team, session) = begun(&app).await;
        let (network, drugs) = (team.question(&app, 0).await, team.question(&app, 1).await);
        let tenant = team.community.tenant;
        let link = |phase| format!("/lecture-quiz/{}", quiz_link(tenant, session, phase, &app.means.keys));
        let change = async |to: lecture::SessionSketch| {
            let known = known(&app, &team, session).await;
            let mut tx = app.db.begin().await.unwrap();
            let to = (&to, "学校要换");
            lecture::change(&mut tx, &team.act(&app), &known, known.lock_version, to).await.unwrap();
            let known = lecture::session(&mut tx, tenant, session).await.unwrap();
            lecture::agree(&mut tx, &team.act(&app), &known, known.lock_version, true).await.unwrap();
            tx.commit().await.unwrap();
        };
        let sheet = |class: Uuid| Sheet { class, answers: vec![(network, 1)], score: None };
        many(&app, &team, session, Phase::Before, &sheet(team.classes[0]), 6).await;
        // Another hall is the same lecture; what was answered stays.
        let same = lecture::SessionSketch { title: "护航开学季".to_owned(), ..team.sketch(FROM, UNTIL) };
        change(same.clone()).await;
        assert_eq!(outcomes(&app, &team, session).await.sheets, [6, 0]);
        // It is about drugs now, for one class: the questions are others, and nobody has answered them.
        let other = lecture::SessionSketch { topics: vec![team.topics[1]], classes: vec![team.classes[1]], ..same };
        change(other.clone()).await;
        assert_eq!(outcomes(&app, &team, session).await.sheets, [0, 0]);
        let page = app.browser().get(&link(Phase::Before)).await;
        page.assert_ok().assert_contains(&format!("q-{drugs}")).assert_lacks(&format!("q-{network}"));
        refused(hand_in(&app, &team, session, Phase::Before, &sheet(team.classes[0])).await, "请选择你的班级");
        refused(hand_in(&app, &team, session, Phase::Before, &sheet(team.classes[1])).await, "有变化");
        let sheet = Sheet { class: team.classes[1], answers: vec![(drugs, 1)], score: None };
        many(&app, &team, session, Phase::Before, &sheet, 5).await;
        // Closed by hand, the page says so and shows no form that cannot be handed in.
        close(&app, &team, session, Phase::Before).await.unwrap();
        let page = app.browser().get(&link(Phase::Before)).await;
        page.assert_ok().assert_contains("问卷已经收了").assert_lacks(&format!("q-{drugs}"));
        assert_eq!(count(&app, TALLIES, tenant).await, 1);
        // It did not take place and is given another day: pupils are asked anew.
        at(&app, "2026-09-08T17:00:00+08:00");
        let span = ("2026-09-22T14:30:00+08:00".parse().unwrap(), "2026-09-22T16:00:00+08:00".parse().unwrap());
        change(lecture::SessionSketch { span, ..other }).await;
        assert_eq!(count(&app, TALLIES, tenant).await, 0);
        app.browser().get(&link(Phase::Before)).await.assert_ok().assert_contains(&format!("q-{drugs}"));
        many(&app, &team, session, Phase::Before, &sheet, 5).await;
        assert_eq!(outcomes(&app, &team, session).await.sheets, [5, 0]);
    }

    async fn a_lecture_that_is_moved_while_old_quizzes_are_closed_is_asked_anew(app: TestApp) {
        let (team, session) = begun(&app).await;
        let question = team.question(&app, 0).await;
        let tenant = team.community.tenant;
        let sheet = Sheet { class: team.classes[0], answers: vec![(question, 1)], score: None };
        many(&app, &team, session, Phase::Before, &sheet, 5).await;
        // Its time is over, and somebody is about to move it because it did not take place: upkeep still reads the old date.
        at(&app, "2026-09-08T17:00:00+08:00");
        let old = known(&app, &team, session).await;
        let span = ("2026-09-22T14:30:00+08:00".parse().unwrap(), "2026-09-22T16:00:00+08:00".parse().unwrap());
        let to = lecture::SessionSketch { span, ..team.sketch(FROM, UNTIL) };
        let mut tx = app.db.begin().await.unwrap();
        lecture::change(&mut tx, &team.act(&app), &old, old.lock_version, (&to, "没有讲成")).await.unwrap();
        let (db, act) = (app.db.clone(), team.act(&app));
        let closing = tokio::spawn(async move { lecture::close_quizzes(&db, &act).await });
        app.until_somebody_waits().await;
        tx.commit().await.unwrap();
        closing.await.unwrap().unwrap();
        assert_eq!(count(&app, CLOSED, tenant).await, 0, "nobody has closed what is asked on the new date");
        let moved = known(&app, &team, session).await;
        let mut tx = app.db.begin().await.unwrap();
        lecture::agree(&mut tx, &team.act(&app), &moved, moved.lock_version, true).await.unwrap();
        tx.commit().await.unwrap();
        many(&app, &team, session, Phase::Before, &sheet, 5).await;
        assert_eq!(outcomes(&app, &team, session).await.sheets, [5, 0]);
    }

    async fn a_lecture_without_questions_can_be_liked(app: TestApp) {
        let (team, session) = begun(&app).await;
        let tenant = team.community.tenant;
        let path = |phase| format!("/lecture-quiz/{}", quiz_link(tenant, session, phase, &app.means.keys));
        app.browser().get(&path(Phase::Before)).await.assert_ok().assert_contains("题目还没有准备好");
        at(&app, UNTIL);
        let (after, class) = (path(Phase::After), team.classes[0].to_string());
        app.browser().get(&after).await.assert_ok().assert_contains("这节课你给几颗星").assert_lacks("题目还没有准备好");
        app.browser().post(&after, &[("class", class.as_str())]).await.assert_status(422).assert_contains("请给几颗星");
        app.browser().post(&after, &[("class", class.as_str()), ("score", "7")]).await.assert_status(422).assert_contains("一到五颗星");
        for score in ["5", "4", "4", "2"] {
            app.browser().post(&after, &[("class", class.as_str()), ("score", score)]).await.assert_ok().assert_contains("交好了");
        }
        let other = Sheet { class: team.classes[1], answers: Vec::new(), score: Some(5) };
        hand_in(&app, &team, session, Phase::After, &other).await.unwrap();
        assert_eq!(outcomes(&app, &team, session).await.content(), None, "nothing is seen while it is open");
        close(&app, &team, session, Phase::After).await.unwrap();
        assert_eq!(outcomes(&app, &team, session).await.content(), Some(800));
        team.staff(&app).await.get(&format!("/lectures/{session}/quiz")).await.assert_ok().assert_contains("80.0%");
    }

    async fn what_is_compared_was_given_and_answered_twice(app: TestApp) {
        let (team, given) = begun(&app).await;
        let [asked, other] = [team.question(&app, 0).await, team.question(&app, 1).await];
        let called_off = team.agreed(&app, "2026-09-09T14:30:00+08:00", "2026-09-09T16:00:00+08:00").await;
        let unwritten = team.agreed(&app, "2026-09-10T14:30:00+08:00", "2026-09-10T16:00:00+08:00").await;
        let sheet = |class: usize, right: usize, also: bool| {
            let answers = if also { vec![(asked, right), (other, right)] } else { vec![(asked, right)] };
            Sheet { class: team.classes[class], answers, score: None }
        };
        for session in [given, called_off, unwritten] {
            many(&app, &team, session, Phase::Before, &sheet(0, 1, false), 2).await;
            many(&app, &team, session, Phase::Before, &sheet(0, 0, false), 4).await;
        }
        // The other class, and another question, are asked afterwards only.
        at(&app, "2026-09-08T16:10:00+08:00");
        record(&app, &team, given).await;
        many(&app, &team, given, Phase::After, &Sheet { score: Some(5), ..sheet(0, 1, true) }, 6).await;
        many(&app, &team, given, Phase::After, &sheet(1, 0, false), 8).await;
        close(&app, &team, given, Phase::After).await.unwrap();
        let found = outcomes(&app, &team, given).await;
        assert_eq!(found.after, Outcome { answered: 20, correct: 12 });
        assert_eq!(found.both, [Outcome { answered: 6, correct: 2 }, Outcome { answered: 6, correct: 6 }]);
        let page = team.staff(&app).await.get(&format!("/lectures/{given}/quiz")).await;
        page.assert_ok().assert_contains("提高 66.7 个百分点").assert_contains("60.0%");
        let known = known(&app, &team, called_off).await;
        let mut tx = app.db.begin().await.unwrap();
        lecture::cancel(&mut tx, &team.act(&app), &known, known.lock_version, (false, "讲师生病")).await.unwrap();
        tx.commit().await.unwrap();
        at(&app, "2026-09-10T16:10:00+08:00");
        many(&app, &team, unwritten, Phase::After, &sheet(0, 0, false), 6).await;
        close(&app, &team, unwritten, Phase::After).await.unwrap();
        upkeep::once(&app.app).await.unwrap();
        assert_eq!(count(&app, OPEN, team.community.tenant).await, 0);
        let days = (date("2026-09-01"), date("2026-09-30"));
        let summary = lecture::summary(&mut app.db.read().await.unwrap(), team.community.tenant, days).await.unwrap();
        assert_eq!((summary.before, summary.after), (Outcome { answered: 6, correct: 2 }, Outcome { answered: 6, correct: 6 }));
        assert_eq!(summary.content, Some(1000));
    }

    // What a sheet leaves behind: not an identity, not a moment, not an order, in no column of any table.
    async fn no_column_of_any_table_joins_an_answer_to_a_pupil(app: TestApp) {
        let (team, session) = begun(&app).await;
        let question = team.question(&app, 0).await;
        let tenant = team.community.tenant;
        let before = format!("/lecture-quiz/{}", quiz_link(tenant, session, Phase::Before, &app.means.keys));
        let (class, field) = (team.classes[0].to_string(), format!("q-{question}"));
        let phone = app.browser();
        phone.get(&before).await.assert_ok();
        let answer = async |right: &str| {
            phone.post(&before, &[("class", class.as_str()), (field.as_str(), right)]).await.assert_ok().assert_contains("交好了");
        };
        let untouched = everything(&app).await;
        at(&app, "2026-09-01T10:11:12.345+08:00");
        answer("1").await;
        let first = everything(&app).await;
        let (columns, new) = changed(&untouched, &first);
        // A row for the quiz and one for what it asks: whose quiz, which question, and a sealed sum. No number but none, and no moment.
        let quiz = ["closed", "phase", "session_id", "sheets", "sums", "tenant_id"].map(|column| format!("lecture_quizzes.{column}"));
        let asked = ["question_id", "session_id", "tenant_id"].map(|column| format!("lecture_session_questions.{column}"));
        assert_eq!((columns, new), ([quiz.as_slice(), &asked].concat(), 2));
        let row: BTreeMap<&str, &str> = first["lecture_quizzes"][0].iter().map(|(column, value)| (column.as_str(), value.as_str())).collect();
        assert_eq!(row["session_id"], format!("{:?}", Value::Uuid(Some(session))));
        assert_eq!((row["sheets"], row["closed"]), ("Int(Some(0))", "Bool(Some(false))"));
        // Every other sheet, right or wrong, of this class or another, at any hour, changes this sealed sum and nothing else, not even its length.
        let mut last = first;
        let length = |all: &BTreeMap<String, Vec<Vec<(String, String)>>>| {
            let (_, sums) = all["lecture_quizzes"][0].iter().find(|(column, _)| column == "sums").unwrap();
            sums.matches(',').count()
        };
        for (n, right) in ["0", "1", "0", "1", "1", "0", "1", "0", "1", "1"].into_iter().enumerate() {
            at(&app, &format!("2026-09-0{}T1{n}:11:12.345+08:00", 1 + n % 5));
            answer(right).await;
            let now = everything(&app).await;
            assert_eq!(changed(&last, &now), (vec!["lecture_quizzes.sums".to_owned()], 0));
            assert_eq!(length(&last), length(&now));
            last = now;
        }
        // Closed, there is a sum of its class for each question: no moment in it.
        close(&app, &team, session, Phase::Before).await.unwrap();
        let closed = everything(&app).await;
        let tallies = ["answered", "class_id", "correct", "phase", "question_id", "session_id", "tenant_id"];
        assert_eq!(closed["lecture_tallies"].len(), 1);
        assert_eq!(closed["lecture_tallies"][0].iter().map(|(column, _)| column.as_str()).collect::<std::collections::BTreeSet<_>>(), tallies.into());
        let (columns, _) = changed(&last, &closed);
        let others = columns.iter().filter(|column| !column.starts_with("lecture_") && !column.starts_with("audit_"));
        assert_eq!(others.collect::<Vec<_>>(), [""; 0], "whoever closes it is a person of the team, and that is noted");
    }

    // Two halls that answer the same in another order leave the same behind.
    async fn no_order_of_sheets_is_left(app: TestApp) {
        let (team, one) = begun(&app).await;
        let other = team.agreed(&app, "2026-09-09T14:30:00+08:00", "2026-09-09T16:00:00+08:00").await;
        let [asked, also] = [team.question(&app, 0).await, team.question(&app, 1).await];
        let sheets: Vec<Sheet> = (0..24)
            .map(|n| Sheet { class: team.classes[n % 2], answers: vec![(asked, n % 3 / 2), (also, n % 5 % 2)], score: None })
            .collect();
        for sheet in &sheets {
            hand_in(&app, &team, one, Phase::Before, sheet).await.unwrap();
        }
        for sheet in sheets.iter().rev() {
            hand_in(&app, &team, other, Phase::Before, sheet).await.unwrap();
        }
        let mut left = Vec::new();
        for session in [one, other] {
            close(&app, &team, session, Phase::Before).await.unwrap();
            let all = everything(&app).await;
            let of = |table: &str| -> Vec<Vec<(String, String)>> {
                let own = all[table].iter().filter(|row| row.iter().any(|(_, value)| *value == format!("{:?}", Value::Uuid(Some(session)))));
                own.map(|row| row.iter().filter(|(column, _)| column != "session_id").cloned().collect()).collect()
            };
            left.push(["lecture_quizzes", "lecture_tallies", "lecture_session_questions", "lecture_scores", "lecture_quiz_classes"].map(of));
        }
        assert_eq!(left[0], left[1], "in the order in which the tables have them, too");
        assert_eq!(left[0][1].len(), 4);
    }

    async fn what_a_pupil_confides_goes_to_one_and_is_reported(app: TestApp) {
        let (team, session) = begun(&app).await;
        let tenant = team.community.tenant;
        at(&app, "2026-09-08T15:00:30+08:00");
        let (lead, staff) = (team.lead(&app).await, team.staff(&app).await);
        let link = format!("/lecture-help/{}", lecture::help_link(tenant, session, &app.means.keys));
        app.browser().get(&link).await.assert_ok().assert_contains("tel:110").assert_contains("tel:12355");
        app.browser().post(&link, &[("words", ""), ("who", "七年级1班")]).await.assert_status(422).assert_contains("七年级1班");
        let said = [("words", "回家路上有人堵我要钱"), ("who", "")];
        app.browser().post(&link, &said).await.assert_ok().assert_contains("收到了").assert_lacks("堵我");
        staff.get("/lecture-confidences").await.assert_status(403);
        staff.get("/today").await.assert_ok().assert_lacks("求助");
        lead.get("/today").await.assert_ok().assert_contains("有学生求助").assert_lacks("堵我");
        let address = lead.get("/lecture-confidences").await.link("/lecture-confidences/0");
        lead.get(&address).await.assert_ok().assert_contains("还没有报告").assert_lacks("堵我");
        lead.post(&format!("{address}/opening"), &[("purpose", "")]).await.assert_status(422).assert_lacks("堵我");
        lead.post(&format!("{address}/opening"), &[("purpose", "接到求助，马上核实")]).await.assert_ok().assert_contains("回家路上有人堵我要钱");
        // For a while it stays open, whatever else they do: what they write down they write with it before them.
        let steps = format!("{address}/steps");
        lead.post(&steps, &[("kind", "closed"), ("step_words", "已经处理")]).await.assert_status(422).assert_contains("先报告").assert_contains("已经处理").assert_contains("堵我要钱");
        let mut report = vec![("kind", "reported"), ("told_at", "2026-09-08T15:00"), ("report", "任建平打的，派出所已受理")];
        lead.post(&steps, &report).await.assert_status(422).assert_contains("请选报给了哪个部门").assert_contains("派出所已受理");
        report.extend([("office", "police"), ("office", "education")]);
        report[1].1 = "2026-09-08T15:20";
        lead.post(&steps, &report).await.assert_status(422).assert_contains("不能比现在晚");
        report[1].1 = "2026-09-08T14:59";
        lead.post(&steps, &report).await.assert_status(422).assert_contains("收到求助以后");
        report[1].1 = "2026-09-08T15:00";
        lead.post(&steps, &report).await.assert_ok().assert_contains("已报告").assert_contains("公安、教育").assert_contains("堵我要钱");
        for moment in ["2026-09-08T15:15:00+08:00", "2026-09-08T15:31:00+08:00"] {
            at(&app, moment);
            lead.get("/today").await.assert_ok();
        }
        lead.get(&address).await.assert_ok().assert_lacks("堵我").assert_contains("为什么要看");
        assert_eq!(count(&app, READINGS, tenant).await, 1);
        lead.post(&steps, &[("kind", "closed"), ("step_words", "派出所已经处理")]).await.assert_ok().assert_contains("报告以后了结");
        lead.get("/today").await.assert_ok().assert_lacks("有学生求助");
        // Nor does the database close what nobody has reported.
        assert!(app.db.begin().await.unwrap().execute(UNREPORTED.bind(tenant)).await.is_err());
        // The audit log has no word of it.
        for row in app.db.read().await.unwrap().rows(TOLD.bind(tenant)).await.unwrap() {
            let text: String = row.get("text").unwrap();
            assert!(!text.contains("堵我") && !text.contains("派出所") && !text.contains("核实"), "{text}");
        }
        // The words go when they have been kept long enough; that it was reported stays.
        assert_eq!((count(&app, SAID, tenant).await, count(&app, NOTES, tenant).await), (1, 3));
        for (moment, left) in [("2046-09-07T15:31:00+08:00", 1), ("2046-09-10T15:31:00+08:00", 0)] {
            at(&app, moment);
            let mut tx = app.db.begin().await.unwrap();
            lecture::forget_confidences(&mut tx, &Act::system(tenant, &app.means)).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(count(&app, SAID, tenant).await, left);
        }
        assert_eq!((count(&app, SAID, tenant).await, count(&app, NOTES, tenant).await), (0, 0));
        let lead = team.lead(&app).await;
        lead.get(&address).await.assert_ok().assert_contains("保管期满").assert_contains("报告以后了结").assert_lacks("为什么要看");
        lead.post(&format!("{address}/opening"), &[("purpose", "再看一次")]).await.assert_status(422).assert_contains("保管期满");
        lead.post(&steps, &report).await.assert_status(422);
    }

    async fn who_was_not_harmed_is_not_reported_and_what_was_said_twice_ends(app: TestApp) {
        let (team, session) = begun(&app).await;
        let tenant = team.community.tenant;
        let lead = team.lead(&app).await;
        // The code goes on being good when the lecture was called off.
        let called_off = known(&app, &team, session).await;
        let mut tx = app.db.begin().await.unwrap();
        lecture::cancel(&mut tx, &team.act(&app), &called_off, called_off.lock_version, (false, "讲师生病")).await.unwrap();
        tx.commit().await.unwrap();
        let link = format!("/lecture-help/{}", lecture::help_link(tenant, session, &app.means.keys));
        app.browser().get(&link).await.assert_ok();
        app.browser().post(&link, &[("words", "数学听不懂怎么办"), ("who", "")]).await.assert_ok().assert_contains("收到了");
        let address = lead.get("/lecture-confidences").await.link("/lecture-confidences/0");
        let steps = format!("{address}/steps");
        let harmless = [("kind", "harmless"), ("step_words", "和学生谈过，是学习上的困难")];
        lead.post(&steps, &harmless).await.assert_status(422).assert_contains("先看内容").assert_contains("学习上的困难");
        lead.post(&format!("{address}/opening"), &[("purpose", "核实")]).await.assert_ok();
        lead.post(&steps, &harmless).await.assert_ok().assert_contains("核实没有受到侵害");
        lead.post(&steps, &harmless).await.assert_status(422).assert_contains("已经了结");
        lead.get("/today").await.assert_ok().assert_lacks("有学生求助");
        // It was one after all: reported, it is open again, and ends as one that was.
        let report = [("kind", "reported"), ("office", "police"), ("told_at", "2026-08-28T09:00"), ("report", "又谈了一次，报了警")];
        lead.post(&steps, &report).await.assert_ok().assert_contains("已报告").assert_lacks("<span class=\"tag\">核实没有受到侵害");
        lead.get("/today").await.assert_ok().assert_contains("跟进");
        lead.post(&steps, &[("kind", "closed"), ("step_words", "派出所已经处理")]).await.assert_ok().assert_contains("报告以后了结");
        at(&app, "2026-08-28T09:05:00+08:00");
        app.browser().post(&link, &[("words", "数学听不懂怎么办"), ("who", "")]).await.assert_ok();
        let twice = lead.get("/lecture-confidences").await.link("/lecture-confidences/0");
        assert_ne!(twice, address);
        lead.post(&format!("{twice}/opening"), &[("purpose", "核实")]).await.assert_ok();
        lead.post(&format!("{twice}/steps"), &[("kind", "duplicate"), ("step_words", "和上一条一样")]).await.assert_ok().assert_contains("和另一件重复");
    }

    async fn those_who_work_are_told_without_a_word_of_it_until_it_is_reported(app: TestApp) {
        let (team, session) = begun(&app).await;
        let tenant = team.community.tenant;
        let address = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=made-up".to_owned();
        let (kind, name, place) = (channel::Kind::Wecom, "工作群".to_owned(), channel::Place::Community);
        let group = channel::NewChannel { kind, name, place, address, secret: None, reminders: true };
        let mut tx = app.db.begin().await.unwrap();
        channel::add(&mut tx, &team.act(&app), group, &[]).await.unwrap();
        let said = lecture::Confided { words: "回家路上有人堵我要钱".to_owned(), who: "七年级1班".to_owned() };
        at(&app, "2026-09-08T23:00:00+08:00");
        let id = lecture::confide(&mut tx, &Act::resident(tenant, &app.means), session, &said).await.unwrap();
        tx.commit().await.unwrap();
        let told = async || channel::of_subject(&mut app.db.read().await.unwrap(), tenant, id).await.unwrap();
        let watch = async || while lecture::watch_confidences(&app.db, &app.means).await.unwrap() {};
        let first = told().await;
        assert_eq!(first.len(), 1);
        assert!(first[0].urgent, "nobody waits for the morning");
        watch().await;
        assert_eq!(told().await.len(), 1, "its time is not up");
        at(&app, "2026-09-08T23:30:00+08:00");
        team.staff(&app).await.get("/today").await.assert_ok().assert_lacks("有学生求助");
        watch().await;
        watch().await;
        assert_eq!(told().await.len(), 2, "once each time");
        at(&app, "2026-09-09T00:00:00+08:00");
        watch().await;
        let all = told().await;
        assert!(all.len() == 3 && all.iter().any(|one| one.text.contains("第 2 次提醒")), "{all:?}");
        assert!(all.iter().all(|one| !["堵我", "七年级", "石楼", "护航"].iter().any(|word| one.text.contains(word))), "{all:?}");
        // Whoever does not read it finds somebody who does.
        let today = team.staff(&app).await.get("/today").await;
        today.assert_ok().assert_contains("转告").assert_contains("有学生求助").assert_lacks("/lecture-confidences/");
        let lead = team.lead(&app).await;
        let report = [("kind", "reported"), ("office", "police"), ("told_at", "2026-09-09T00:00"), ("report", "报了警")];
        lead.post(&format!("/lecture-confidences/{id}/steps"), &report).await.assert_ok();
        at(&app, "2026-09-09T02:00:00+08:00");
        watch().await;
        assert_eq!(told().await.len(), 3);
    }
}
