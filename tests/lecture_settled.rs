//! 法治进校园, what is put right afterwards: a file in which somebody is recognised late, what was written down and is not so, a confirmation on
//! paper, numbers of classes, and what comes first of what is to be done.

use doorstep::access::Role;
use doorstep::lecture::{self, Phase, SessionSketch, SessionState};
use uuid::Uuid;

use crate::lecture::{Team, at, count, date, moment, team};
use crate::lecture_course::{request, session, vet};
use crate::lecture_material::{reviewed, work};
use crate::support::{Browser, Page, TestApp};

db::statements! {
    COPIED = "SELECT COUNT(*) AS count FROM law_materials WHERE tenant_id = $1 AND size > 0";
    TO_BE_TOLD = "SELECT COUNT(*) AS count FROM lecture_materials WHERE tenant_id = $1 AND erased_at IS NOT NULL AND recalled_at IS NULL";
    PUT_RIGHT = "SELECT COUNT(*) AS count FROM audit_entries WHERE tenant_id = $1 AND action = 'set_present'";
    QUIZZES = "SELECT COUNT(*) AS count FROM lecture_quizzes WHERE tenant_id = $1";
    AUDITED = "SELECT reason || fields AS text FROM audit_entries WHERE tenant_id = $1";
    ERASED_BEFORE_THAT_WAS_TOLD = "UPDATE lecture_materials SET size = 0, erased_at = $3 WHERE tenant_id = $1 AND id = $2";
}

/// Writes down by a form what became of a lecture: an hour and a half, with so many pupils.
pub async fn write_down(browser: &Browser, path: &str, version: &str, pupils: &str) -> Page {
    let mut fields = vec![("version", version), ("pupils", pupils)];
    fields.extend([("teachers", "1"), ("parents", "0"), ("minutes", "90"), ("handouts", "0"), ("course", "")]);
    browser.post(path, &fields).await
}

pub async fn version(app: &TestApp, team: &Team, id: Uuid) -> String {
    session(app, team, id).await.lock_version.to_string()
}

/// The class-hours of a term.
async fn class_hours(app: &TestApp, team: &Team) -> i64 {
    let mut tx = app.db.read().await.unwrap();
    let period = (date("2026-09-01"), date("2026-12-31"));
    let summary = lecture::summary(&mut tx, team.community.tenant, period).await.unwrap();
    summary.standings.iter().map(|one| one.class_hours).sum()
}

db_test! {
    async fn a_file_goes_with_its_copies_also_where_it_was_withdrawn_before(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let film = [&b"\0\0\0\x18ftypmp42"[..], &[9; 900]].concat();
        let ids = [reviewed(&app, &team, &film).await, reviewed(&app, &team, &film).await];
        let [late, old] = ids;
        let (staff, code, tenant) = (team.staff(&app).await, app.home.code.clone(), team.community.tenant);
        for id in ids {
            staff.post(&format!("/lecture-materials/{id}/sendings"), &[("code", code.as_str())]).await.assert_ok();
        }
        work(&app).await;
        let address = format!("/lecture-materials/{late}");
        let steps = format!("{address}/steps");
        staff.post(&steps, &[("step", "erase")]).await.assert_status(422).assert_contains("还没有停用");
        // A form that comes back keeps its tick, and the version that was read.
        let page = staff.get(&address).await;
        let version = page.input("version");
        page.assert_lacks("value=\"yes\" checked");
        let page = staff.post(&steps, &[("step", "withdraw"), ("version", "1"), ("erased", "yes"), ("why", "")]).await;
        page.assert_status(422).assert_contains("name=\"erased\" value=\"yes\" checked");
        assert_eq!(page.input("version"), "1");
        // Both are used no more because there is something newer: the copies stay.
        for id in ids {
            let steps = format!("/lecture-materials/{id}/steps");
            staff.post(&steps, &[("step", "withdraw"), ("version", version.as_str()), ("why", "换了新的")]).await.assert_ok().assert_contains("文件也删掉");
        }
        work(&app).await;
        assert_eq!(count(&app, COPIED, app.home.tenant).await, 2);
        // Weeks later somebody is recognised in the one.
        at(&app, "2026-09-20T09:00:00+08:00");
        let staff = team.staff(&app).await;
        staff.post(&steps, &[("step", "erase")]).await.assert_ok().assert_contains("文件也删了").assert_lacks("value=\"erase\"");
        staff.post(&steps, &[("step", "erase")]).await.assert_status(409);
        work(&app).await;
        assert_eq!(count(&app, COPIED, app.home.tenant).await, 1);
        let secretary = app.person(Role::Secretary).browser().await;
        secretary.get(&format!("/law-materials/{late}/file")).await.assert_status(404);
        assert_eq!(lecture::material(&mut app.db.read().await.unwrap(), tenant, late).await.unwrap().size, 0);
        // The other was erased when nobody was told of that yet: the upkeep tells it, once.
        let mut tx = app.db.begin().await.unwrap();
        tx.execute(ERASED_BEFORE_THAT_WAS_TOLD.bind(tenant).bind(old).bind(app.means.now())).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(secretary.download(&format!("/law-materials/{old}/file")).await, film);
        doorstep::upkeep::once(&app.app).await.unwrap();
        work(&app).await;
        secretary.get(&format!("/law-materials/{old}/file")).await.assert_status(404);
        assert_eq!(count(&app, TO_BE_TOLD, tenant).await, 0);
    }

    async fn what_was_written_down_and_is_not_so_counts_no_more_and_is_settled(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let asked = request(&app, &team, ("2026-09-07", "2026-09-18")).await;
        let unanswered = SessionSketch { request: Some(asked), ..team.sketch("2026-09-08T14:30:00+08:00", "2026-09-08T16:00:00+08:00") };
        let lost = team.propose(&app, &unanswered).await.unwrap();
        let wrong = team.agreed(&app, "2026-09-09T14:30:00+08:00", "2026-09-09T16:00:00+08:00").await;
        let (phone, school, own, guest) = (app.browser(), app.browser(), team.own(&app, 0).await, team.guest(&app).await);
        at(&app, "2026-09-10T09:00:00+08:00");
        let staff = team.staff(&app).await;
        for id in [lost, wrong] {
            write_down(&phone, &format!("{own}/sessions/{id}/record"), &version(&app, &team, id).await, "96").await.assert_ok();
        }
        assert_eq!(class_hours(&app, &team).await, 4);
        // The school says of both that it was not so: they count no more, and the team sees why.
        let seen = version(&app, &team, wrong).await;
        let step = format!("{guest}/sessions/{wrong}");
        let fields = [("step", "dispute"), ("version", seen.as_str()), ("wrong", "")];
        school.post(&step, &fields).await.assert_status(422).assert_contains("哪里不属实");
        let fields = [("step", "dispute"), ("version", seen.as_str()), ("wrong", "到场只有四十人")];
        school.post(&step, &fields).await.assert_ok().assert_contains("等对方核对").assert_contains("到场只有四十人");
        let seen = version(&app, &team, lost).await;
        let fields = [("step", "dispute"), ("version", seen.as_str()), ("wrong", "那天没有来上课")];
        school.post(&format!("{guest}/sessions/{lost}"), &fields).await.assert_ok();
        assert_eq!(class_hours(&app, &team).await, 0);
        assert_eq!([session(&app, &team, wrong).await.state, session(&app, &team, lost).await.state], [SessionState::Agreed, SessionState::Proposed]);
        staff.get("/today").await.assert_contains("核对").assert_contains("到场只有四十人").assert_contains("那天没有来上课");
        staff.get(&format!("/lectures/{wrong}")).await.assert_contains("学校说登记的情况不属实").assert_contains("登记上课情况");
        phone.get(&own).await.assert_contains("那天没有来上课");
        // Written down anew, the one is confirmed, and then nobody says otherwise.
        write_down(&phone, &format!("{own}/sessions/{wrong}/record"), &version(&app, &team, wrong).await, "40").await.assert_ok();
        staff.get("/today").await.assert_lacks("到场只有四十人");
        let seen = version(&app, &team, wrong).await;
        let fields = [("step", "confirm"), ("version", seen.as_str()), ("words", "")];
        school.post(&step, &fields).await.assert_ok().assert_contains("学校已确认");
        let seen = version(&app, &team, wrong).await;
        let fields = [("step", "dispute"), ("version", seen.as_str()), ("wrong", "还是不对")];
        school.post(&step, &fields).await.assert_status(422).assert_contains("已经确认过了");
        let fields = [("version", seen.as_str()), ("cancel_why", "又说没有上")];
        staff.post(&format!("/lectures/{wrong}/cancellation"), &fields).await.assert_status(422).assert_contains("不能再取消");
        assert_eq!(class_hours(&app, &team).await, 2);
        // The other is written down once more by mistake; the team takes that back, and what the school had asked for waits again.
        write_down(&staff, &format!("/lectures/{lost}/record"), &version(&app, &team, lost).await, "96").await.assert_ok().assert_contains("撤回登记");
        assert_eq!(class_hours(&app, &team).await, 4);
        let seen = version(&app, &team, lost).await;
        let fields = [("version", seen.as_str()), ("cancel_why", "讲师记错了，没有上")];
        staff.post(&format!("/lectures/{lost}/cancellation"), &fields).await.assert_ok().assert_contains("已取消");
        assert_eq!(class_hours(&app, &team).await, 2);
        staff.get("/lectures").await.assert_contains(&format!("/lecture-requests/{asked}"));
        staff.get("/today").await.assert_lacks("学校还没有确认上课情况");
    }

    async fn what_the_school_disputes_is_put_as_it_was_and_stays_open_until_then(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let (tenant, question) = (team.community.tenant, team.question(&app, 0).await);
        // One that the school has never answered; and where a lecturer, a class and the hall were on the afternoon after.
        let id = team.propose(&app, &team.sketch("2026-09-08T14:30:00+08:00", "2026-09-08T16:00:00+08:00")).await.unwrap();
        let beside = SessionSketch {
            lecturers: vec![team.lecturers[0]],
            classes: vec![team.classes[0]],
            ..team.sketch("2026-09-09T14:30:00+08:00", "2026-09-09T16:00:00+08:00")
        };
        team.propose(&app, &beside).await.unwrap();
        at(&app, "2026-09-10T09:00:00+08:00");
        let (staff, school, guest, path) = (team.staff(&app).await, app.browser(), team.guest(&app).await, format!("/lectures/{id}"));
        write_down(&staff, &format!("{path}/record"), &version(&app, &team, id).await, "96").await.assert_ok();
        school.get(&guest).await.assert_contains("不写姓名。核对以前");
        let seen = version(&app, &team, id).await;
        let fields = [("step", "dispute"), ("version", seen.as_str()), ("wrong", "是九号上午上的，只来了一位讲师")];
        school.post(&format!("{guest}/sessions/{id}"), &fields).await.assert_ok();
        // What the school says stands once, and in no chain that nothing leaves.
        let page = staff.get(&path).await;
        page.assert_contains("学校说不属实").assert_contains("我们核对以后重新登记").assert_lacks("学校没有答复").assert_lacks("学校没有同意");
        assert_eq!(page.body.matches("是九号上午上的").count(), 1);
        for row in app.db.read().await.unwrap().rows(AUDITED.bind(tenant)).await.unwrap() {
            let text: String = row.get("text").unwrap();
            assert!(!text.contains("九号上午"), "{text}");
        }
        // Pupils answer all the same, and the numbers of classes are put right.
        let (first, field) = (team.classes[0].to_string(), format!("q-{question}"));
        let quiz = format!("/lecture-quiz/{}", lecture::quiz_link(tenant, id, Phase::After, &app.means.keys));
        app.browser().post(&quiz, &[("class", first.as_str()), (field.as_str(), "1"), ("score", "5")]).await.assert_ok().assert_contains("交好了");
        let to = format!("{path}/sign-in");
        staff.post(&to, &[("class", first.as_str()), ("present", "46")]).await.assert_ok().assert_contains("到 46 / 50 人");
        // It was given on the ninth, by one of the two: not when the hall was taken, but in the morning.
        let texts = |ids: &[Uuid]| ids.iter().map(Uuid::to_string).collect::<Vec<String>>();
        let (topics, classes) = (texts(&team.topics), texts(&team.classes));
        let (form, hall, lecturer) = (team.form.to_string(), team.halls[0].to_string(), team.lecturers[1].to_string());
        let seen = version(&app, &team, id).await;
        let mut fields = vec![
            ("day", "2026-09-09"), ("from", "15:00"), ("until", "16:30"), ("version", seen.as_str()), ("title", "护航开学季，法治进校园"),
            ("form", form.as_str()), ("hall", hall.as_str()), ("why", "开学第二周"), ("reason", "学校说是九号上的"), ("lecturer", lecturer.as_str()),
        ];
        fields.extend(topics.iter().map(|id| ("topic", id.as_str())));
        fields.extend(classes.iter().map(|id| ("class", id.as_str())));
        let to = format!("{path}/particulars");
        staff.get(&to).await.assert_ok().assert_contains("照实填是哪天");
        staff.post(&to, &fields).await.assert_status(422).assert_contains("这个时间已经约了");
        fields[1].1 = "09:00";
        fields[2].1 = "10:30";
        let page = staff.post(&to, &fields).await;
        page.assert_ok().assert_contains("请重新登记上课情况").assert_contains("学校说不属实").assert_contains("一共 46 人");
        let known = session(&app, &team, id).await;
        assert_eq!((known.starts_at, known.disputed_at.is_some(), known.pupils), (moment("2026-09-09T09:00:00+08:00"), true, Some(96)));
        assert_eq!((count(&app, QUIZZES, tenant).await, class_hours(&app, &team).await), (1, 0));
        // Written down anew it counts, and the school confirms it.
        write_down(&staff, &format!("{path}/record"), &version(&app, &team, id).await, "94").await.assert_ok().assert_lacks("学校说不属实");
        assert_eq!(class_hours(&app, &team).await, 2);
        let seen = version(&app, &team, id).await;
        let fields = [("step", "confirm"), ("version", seen.as_str()), ("words", "")];
        school.post(&format!("{guest}/sessions/{id}"), &fields).await.assert_ok().assert_contains("学校已确认").assert_contains("2026年9月9日 09:00");
    }

    async fn what_was_asked_and_pictured_is_settled_also_where_the_record_is_taken_back(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let id = team.agreed(&app, "2026-09-08T14:30:00+08:00", "2026-09-08T16:00:00+08:00").await;
        at(&app, "2026-09-10T09:00:00+08:00");
        let (staff, path) = (team.staff(&app).await, format!("/lectures/{id}"));
        write_down(&staff, &format!("{path}/record"), &version(&app, &team, id).await, "96").await.assert_ok();
        staff.post(&format!("{path}/questions"), &[("question", "被网友威胁怎么办")]).await.assert_ok().assert_contains("记一个问题");
        let photo = crate::stories::cast::photo();
        let consent = [("consent", "学校已征得到场学生家长书面同意")];
        staff.post_files(&format!("{path}/photos"), &consent, &[("photos", "a.jpg", photo.as_slice())]).await.assert_ok();
        let seen = version(&app, &team, id).await;
        let fields = [("version", seen.as_str()), ("cancel_why", "登记错了，没有上")];
        let page = staff.post(&format!("{path}/cancellation"), &fields).await;
        page.assert_ok().assert_contains("被网友威胁怎么办").assert_contains("书面同意").assert_lacks("记一个问题").assert_lacks("加照片");
        staff.get("/today").await.assert_contains("1 个问题还没有回复");
        // It is answered, and the picture goes; then there is nothing left of either.
        let answer = page.link(&format!("{path}/questions/"));
        staff.post(&answer, &[("answer", "另外约时间讲怎么留证据")]).await.assert_ok().assert_contains("怎么留证据");
        staff.get("/today").await.assert_lacks("个问题还没有回复");
        let removal = page.between_all("action=\"", "\"").find(|to| to.contains("/photos/") && to.ends_with("/removal")).unwrap();
        staff.post(removal, &[]).await.assert_ok().assert_lacks("<h2>照片</h2>");
        let mut tx = app.db.read().await.unwrap();
        let found = lecture::summary(&mut tx, team.community.tenant, (date("2026-09-01"), date("2026-12-31"))).await.unwrap();
        assert_eq!((found.asked, found.answered), (0, 0), "a lecture that was not given has no figure");
    }

    async fn a_confirmation_on_paper_is_entered_as_that(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let id = team.agreed(&app, "2026-09-08T14:30:00+08:00", "2026-09-08T16:00:00+08:00").await;
        at(&app, "2026-09-10T09:00:00+08:00");
        let (staff, path) = (team.staff(&app).await, format!("/lectures/{id}"));
        let seen = version(&app, &team, id).await;
        write_down(&staff, &format!("{path}/record"), &seen, "96").await.assert_ok().assert_contains("学校在纸上确认了");
        let seen = version(&app, &team, id).await;
        let mut fields = vec![("version", seen.as_str()), ("paper_by", "石楼中学（章）"), ("paper_day", "2026-09-07"), ("paper_words", "讲得好")];
        staff.post(&format!("{path}/confirmation"), &fields).await.assert_status(422).assert_contains("上课那天到今天之间").assert_contains("讲得好");
        fields[2].1 = "2026-09-09";
        let page = staff.post(&format!("{path}/confirmation"), &fields).await;
        page.assert_ok().assert_contains("在纸上确认：石楼中学（章），2026-09-09").assert_contains("讲得好").assert_lacks("学校在纸上确认了");
        staff.post(&format!("{path}/confirmation"), &fields).await.assert_status(422).assert_contains("已经确认过了");
        staff.get("/today").await.assert_lacks("学校还没有确认上课情况");
        app.browser().get(&team.guest(&app).await).await.assert_contains("（2026-09-09 在纸上）");
    }

    async fn what_is_to_be_changed_comes_before_what_schools_have_to_confirm(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let mut given = Vec::new();
        for day in ["2026-09-08", "2026-09-09", "2026-09-10"] {
            given.push(team.agreed(&app, &format!("{day}T14:30:00+08:00"), &format!("{day}T16:00:00+08:00")).await);
        }
        team.agreed(&app, "2026-11-03T14:30:00+08:00", "2026-11-03T16:00:00+08:00").await;
        at(&app, "2026-09-11T09:00:00+08:00");
        let staff = team.staff(&app).await;
        for id in &given {
            write_down(&staff, &format!("/lectures/{id}/record"), &version(&app, &team, *id).await, "96").await.assert_ok();
        }
        // Weeks later none is confirmed, and a lecturer of the one to come does not pass the query.
        at(&app, "2026-10-20T09:00:00+08:00");
        vet(&app, &team, 0, (false, "2026-10-19")).await;
        let page = team.staff(&app).await.get("/today").await;
        page.assert_ok().assert_contains("3 节课学校还没有确认上课情况").assert_contains(&format!("/lecture-schools/{}", team.school));
        assert_eq!(page.body.matches("学校还没有确认上课情况").count(), 1);
        let (change, confirm) = (page.body.find("换人").unwrap(), page.body.find("催确认").unwrap());
        assert!(change < confirm, "{}", page.body);
        // The school's page leads to each of them.
        let page = team.staff(&app).await.get(&format!("/lecture-schools/{}", team.school)).await;
        for id in &given {
            page.assert_contains(&format!("/lectures/{id}"));
        }
    }

    async fn of_hundreds_that_are_to_be_changed_the_first_are_listed_one_by_one(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        for day in (7..=11).chain(14..=18).chain([21]) {
            for hour in ["09", "15"] {
                let from = format!("2026-09-{day:02}T{hour}");
                team.propose(&app, &team.sketch(&format!("{from}:00:00+08:00"), &format!("{from}:45:00+08:00"))).await.unwrap();
            }
        }
        vet(&app, &team, 0, (false, "2026-08-27")).await;
        let page = team.staff(&app).await.get("/today").await;
        page.assert_ok().assert_contains("还有 2 节约好的课要改").assert_contains("2026年9月18日 15:00").assert_lacks("2026年9月21日");
    }

    async fn numbers_of_classes_go_with_their_lecture_and_are_put_right(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let tenant = team.community.tenant;
        let id = team.agreed(&app, "2026-09-08T14:30:00+08:00", "2026-09-08T16:00:00+08:00").await;
        let path = format!("/lectures/{id}");
        let link = |class: usize| {
            let class = team.classes[class];
            format!("/lecture-sign-in/{}/{class}", lecture::sign_in_link(tenant, id, class, &app.means.keys))
        };
        let teacher = app.browser();
        at(&app, "2026-09-08T14:25:00+08:00");
        let staff = team.staff(&app).await;
        teacher.post(&link(0), &[("present", "48")]).await.assert_ok();
        teacher.post(&link(1), &[("present", "0")]).await.assert_ok();
        staff.get(&path).await.assert_contains("一共 48 人");
        // A class is taken off: its number goes, and that of the other stays.
        let change = async |to: &SessionSketch| {
            let known = session(&app, &team, id).await;
            let mut tx = app.db.begin().await.unwrap();
            lecture::change(&mut tx, &team.act(&app), &known, known.lock_version, (to, "一班去考试")).await.unwrap();
            tx.commit().await.unwrap();
        };
        let second = SessionSketch { classes: vec![team.classes[1]], ..team.sketch("2026-09-08T14:30:00+08:00", "2026-09-08T16:00:00+08:00") };
        change(&second).await;
        staff.get(&path).await.assert_contains("八年级2班 0 / 48").assert_contains("一共 0 人");
        // On another day nobody has come yet.
        change(&team.sketch("2026-09-15T14:30:00+08:00", "2026-09-15T16:00:00+08:00")).await;
        staff.get(&path).await.assert_contains("还没有班级签到");
        let known = session(&app, &team, id).await;
        let mut tx = app.db.begin().await.unwrap();
        lecture::agree(&mut tx, &team.act(&app), &known, known.lock_version, true).await.unwrap();
        tx.commit().await.unwrap();
        // A nought is typed by mistake, and found out when its link is closed.
        at(&app, "2026-09-15T14:25:00+08:00");
        teacher.post(&link(1), &[("present", "0")]).await.assert_ok();
        at(&app, "2026-09-18T09:00:00+08:00");
        let staff = team.staff(&app).await;
        teacher.post(&link(1), &[("present", "46")]).await.assert_status(422).assert_contains("课已经上完一天");
        let (to, class) = (format!("{path}/sign-in"), team.classes[1].to_string());
        staff.get(&to).await.assert_ok().assert_contains("到 0 / 48 人").assert_contains("改人数");
        staff.post(&to, &[("class", class.as_str()), ("present", "49")]).await.assert_status(422).assert_contains("一共 48 人").assert_contains("value=\"49\"");
        staff.post(&to, &[("class", class.as_str()), ("present", "46")]).await.assert_ok().assert_contains("到 46 / 48 人");
        assert_eq!(count(&app, PUT_RIGHT, tenant).await, 1);
        // What the school has confirmed is not changed any more.
        write_down(&staff, &format!("{path}/record"), &version(&app, &team, id).await, "46").await.assert_ok();
        let known = session(&app, &team, id).await;
        let mut tx = app.db.begin().await.unwrap();
        lecture::confirm(&mut tx, &team.act(&app), &known, known.lock_version, "").await.unwrap();
        tx.commit().await.unwrap();
        staff.get(&to).await.assert_ok().assert_lacks("改人数");
        staff.post(&to, &[("class", class.as_str()), ("present", "20")]).await.assert_status(422).assert_contains("学校已经确认过");
    }

    async fn what_was_ticked_comes_back_ticked_in_its_own_form_only(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let mut ids = Vec::new();
        for day in ["2026-09-08", "2026-09-09"] {
            ids.push(team.agreed(&app, &format!("{day}T14:30:00+08:00"), &format!("{day}T16:00:00+08:00")).await);
        }
        // Both are moved to the morning after; somebody does not pass the query meanwhile.
        at(&app, "2026-09-07T17:00:00+08:00");
        for (id, day) in ids.iter().zip(["2026-09-10", "2026-09-11"]) {
            let to = team.sketch(&format!("{day}T08:30:00+08:00"), &format!("{day}T10:00:00+08:00"));
            let known = session(&app, &team, *id).await;
            let mut tx = app.db.begin().await.unwrap();
            lecture::change(&mut tx, &team.act(&app), &known, known.lock_version, (&to, "讲师下午开庭")).await.unwrap();
            tx.commit().await.unwrap();
        }
        vet(&app, &team, 1, (false, "2026-09-07")).await;
        let (school, guest, seen) = (app.browser(), team.guest(&app).await, version(&app, &team, ids[0]).await);
        let fields = [("step", "agree"), ("version", seen.as_str()), ("near", "yes")];
        let page = school.post(&format!("{guest}/sessions/{}", ids[0]), &fields).await;
        page.assert_status(422).assert_contains("讲师要更换");
        assert_eq!(page.body.matches("name=\"near\" value=\"yes\"").count(), 2);
        assert_eq!(page.body.matches("name=\"near\" value=\"yes\" checked").count(), 1);
        // Both are given all the same.
        at(&app, "2026-09-11T11:00:00+08:00");
        let (phone, own) = (app.browser(), team.own(&app, 0).await);
        let fields = [("version", "1"), ("pupils", "许多"), ("knowing", "yes")];
        let page = phone.post(&format!("{own}/sessions/{}/record", ids[0]), &fields).await;
        page.assert_status(422);
        assert_eq!(page.body.matches("name=\"knowing\" value=\"yes\"").count(), 2);
        assert_eq!(page.body.matches("name=\"knowing\" value=\"yes\" checked").count(), 1);
    }
}
