//! 法治进校园: what schools ask for and what is agreed, nobody in two places at once, materials that two people have looked at.

use doorstep::access::{self, Act, Role, TenantKind};
use doorstep::error::{Error, Result};
use doorstep::lecture::{
    self, LecturerSketch, MaterialKind, MaterialSketch, PeriodKind, Phase, RequestSketch, SchoolSketch, SessionSketch,
    Stage, SubjectKind,
};
use futures_util::future::join_all;
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use crate::support::{Browser, Community, TestApp};

db::statements! {
    HOLD = "INSERT INTO lecture_holds (tenant_id, held_id, quarter, session_id) SELECT h.tenant_id, h.held_id, h.quarter, h.session_id
        FROM lecture_holds h WHERE h.tenant_id = $1";
    POINT = "INSERT INTO lecture_session_materials (tenant_id, session_id, material_id, desensitised_by, reviewed_by) VALUES ($1, $2, $3, $4, $5)";
    HELD = "SELECT COUNT(*) AS count FROM lecture_holds WHERE tenant_id = $1";
}

pub fn at(app: &TestApp, moment: &str) {
    app.means.clock.set(moment.parse::<Timestamp>().unwrap());
}

pub fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn date(text: &str) -> Date {
    text.parse().unwrap()
}

/// A team with two lecturers who were vetted, three topics, and 石楼中学 with two classes and two halls.
pub struct Team {
    pub community: Community,
    pub school: Uuid,
    pub halls: [Uuid; 2],
    pub classes: [Uuid; 2],
    pub lecturers: [Uuid; 2],
    pub topics: Vec<Uuid>,
    pub form: Uuid,
}

impl Team {
    pub fn act(&self, app: &TestApp) -> Act {
        Act { organisation: Some(self.community.organisation), ..Act::system(self.community.tenant, &app.means) }
    }

    pub async fn lead(&self, app: &TestApp) -> Browser {
        app.person(Role::LectureLead).of_community(&self.community).named("车丽芳").browser().await
    }

    pub async fn staff(&self, app: &TestApp) -> Browser {
        app.person(Role::LectureStaff).of_community(&self.community).named("任建平").browser().await
    }

    pub fn sketch(&self, from: &str, until: &str) -> SessionSketch {
        SessionSketch {
            request: None,
            school: self.school,
            hall: self.halls[0],
            form: self.form,
            campaign: None,
            title: "护航开学季，法治进校园".to_owned(),
            span: (moment(from), moment(until)),
            why: "开学第二周，两位讲师都有空".to_owned(),
            topics: self.topics.clone(),
            lecturers: self.lecturers.to_vec(),
            classes: self.classes.to_vec(),
        }
    }

    pub async fn propose(&self, app: &TestApp, sketch: &SessionSketch) -> Result<Uuid> {
        let mut tx = app.db.begin().await.unwrap();
        let id = lecture::propose(&mut tx, &self.act(app), sketch).await?;
        tx.commit().await.unwrap();
        Ok(id)
    }

    /// One that both sides have agreed to.
    pub async fn agreed(&self, app: &TestApp, from: &str, until: &str) -> Uuid {
        let id = self.propose(app, &self.sketch(from, until)).await.unwrap();
        let mut tx = app.db.begin().await.unwrap();
        let known = lecture::session(&mut tx, self.community.tenant, id).await.unwrap();
        lecture::agree(&mut tx, &self.act(app), &known, known.lock_version, false).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    pub async fn guest(&self, app: &TestApp) -> String {
        let school =
            lecture::school(&mut app.db.read().await.unwrap(), self.community.tenant, self.school).await.unwrap();
        format!("/lecture-guests/{}", school.link(self.community.tenant, &app.means.keys))
    }

    pub async fn own(&self, app: &TestApp, at: usize) -> String {
        let mut tx = app.db.read().await.unwrap();
        let lecturer = lecture::lecturer(&mut tx, self.community.tenant, self.lecturers[at]).await.unwrap();
        format!("/lecturing/{}", lecturer.link(self.community.tenant, &app.means.keys))
    }

    pub async fn question(&self, app: &TestApp, topic: usize) -> Uuid {
        let options = ["是".to_owned(), "不是".to_owned()];
        let mut tx = app.db.begin().await.unwrap();
        let words = ("把身份证照片发给网友安全吗", &options[..], 1);
        let id = lecture::add_question(&mut tx, &self.act(app), self.topics[topic], words).await.unwrap();
        tx.commit().await.unwrap();
        id
    }
}

pub fn refused<T: std::fmt::Debug>(done: Result<T>, words: &str) {
    match &done {
        Err(Error::Refused(sentence)) => assert!(sentence.contains(words), "{sentence}"),
        other => panic!("not refused: {other:?}"),
    }
}

pub async fn team_of(app: &TestApp, code: &str, name: &str) -> Team {
    let act = Act::system(app.means.id(), &app.means);
    let mut tx = app.db.begin().await.unwrap();
    let home = access::create_tenant(&mut tx, &act, TenantKind::Procuratorate, code, name).await.unwrap();
    let act = Act { organisation: Some(home), ..act };
    lecture::add_usual_subjects(&mut tx, &act).await.unwrap();
    let topics = lecture::subjects(&mut tx, act.tenant, SubjectKind::Topic).await.unwrap();
    let topics: Vec<Uuid> = topics.iter().take(3).map(|topic| topic.id).collect();
    let form = lecture::subjects(&mut tx, act.tenant, SubjectKind::Form).await.unwrap()[0].id;
    let sketch = SchoolSketch {
        name: "石楼中学".to_owned(),
        stage: Stage::Junior,
        address: String::new(),
        travel_minutes: 30,
        contact: None,
        closed_at: None,
    };
    let school = lecture::create_school(&mut tx, &act, &sketch).await.unwrap();
    let known = lecture::school(&mut tx, act.tenant, school).await.unwrap();
    let halls = [
        lecture::add_hall(&mut tx, &act, school, "报告厅", 300).await.unwrap(),
        lecture::add_hall(&mut tx, &act, school, "阶梯教室", 60).await.unwrap(),
    ];
    let classes = [
        lecture::add_class(&mut tx, &act, &known, (7, "1班", 50)).await.unwrap(),
        lecture::add_class(&mut tx, &act, &known, (8, "2班", 48)).await.unwrap(),
    ];
    lecture::add_term(&mut tx, &act, None, "2026年秋季学期", (date("2026-09-01"), date("2026-12-31"))).await.unwrap();
    let mut lecturers = Vec::new();
    for name in ["武晓峰", "呼改梅"] {
        let sketch = LecturerSketch {
            name: name.to_owned(),
            title: "检察官".to_owned(),
            phone: "13800001111".to_owned(),
            grades: (7, 9),
            topics: topics.clone(),
            ended_at: None,
        };
        let id = lecture::create_lecturer(&mut tx, &act, &sketch).await.unwrap();
        lecture::vet(&mut tx, &act, id, (true, date("2026-03-02")), "查询文书一号").await.unwrap();
        lecturers.push(id);
    }
    tx.commit().await.unwrap();
    let community = Community { tenant: act.tenant, code: code.to_owned(), name: name.to_owned(), organisation: home };
    Team { community, school, halls, classes, lecturers: [lecturers[0], lecturers[1]], topics, form }
}

pub async fn team(app: &TestApp) -> Team {
    team_of(app, "141126000000", "石楼县人民检察院").await
}

pub async fn count(app: &TestApp, statement: db::Statement, tenant: Uuid) -> i64 {
    app.db.read().await.unwrap().rows(statement.bind(tenant)).await.unwrap()[0].get("count").unwrap()
}

db_test! {
    async fn the_day_at_the_school_from_its_request_to_its_confirmation(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let (lead, staff, school) = (team.lead(&app).await, team.staff(&app).await, app.browser());
        let guest = team.guest(&app).await;
        lead.post("/lecture-calls", &[("call_title", "秋季学期法治课需求"), ("call_words", ""), ("call_last", "2026-09-10")]).await.assert_ok();
        let campaign = [("theme", "护航开学季，法治进校园"), ("first", "2026-09-01"), ("last", "2026-09-30"), ("intended", "3")];
        lead.post("/lecture-campaigns", &campaign).await.assert_ok().assert_contains("打算讲 3 场");

        // The school asks; what is missing comes back.
        let (topic, form) = (team.topics[0].to_string(), team.form.to_string());
        school.get(&guest).await.assert_ok().assert_contains("石楼中学的法治课").assert_contains("秋季学期法治课需求");
        let mut request = vec![("topic", topic.as_str()), ("form", form.as_str()), ("first_grade", "7"), ("last_grade", "8"), ("first", "2026-09-07"), ("last", "2026-09-01"), ("words", "两个班")];
        school.post(&format!("{guest}/requests"), &request).await.assert_status(422).assert_contains("最后一天要在第一天以后").assert_contains("两个班");
        request[5].1 = "2026-09-11";
        school.post(&format!("{guest}/requests"), &request).await.assert_ok().assert_contains("待安排");
        staff.get("/today").await.assert_ok().assert_contains("排课");
        let asked = staff.get("/lectures").await.link("/lecture-requests/");
        let arrange = staff.get(&asked).await.link("/lectures/new");

        // The team proposes a date, two lecturers and three topics, with its reason.
        let page = staff.get(&arrange).await;
        page.assert_ok().assert_contains("两个班").assert_contains("报告厅");
        let (school_id, request_id, hall) = (team.school.to_string(), page.input("request"), team.halls[0].to_string());
        let topics: Vec<String> = team.topics.iter().map(Uuid::to_string).collect();
        let (classes, lecturers) = (team.classes.map(|id| id.to_string()), team.lecturers.map(|id| id.to_string()));
        let mut form = vec![
            ("school", school_id.as_str()), ("request", request_id.as_str()), ("title", "护航开学季，法治进校园"), ("form", form.as_str()),
            ("day", "2026-09-08"), ("from", "14:30"), ("until", "16:00"), ("hall", hall.as_str()), ("why", "开学第二周，两位讲师都有空"),
        ];
        form.extend(topics.iter().map(|id| ("topic", id.as_str())));
        form.extend(classes.iter().map(|id| ("class", id.as_str())));
        let page = staff.post("/lectures", &form).await;
        page.assert_status(422).assert_contains("请选讲师").assert_contains("护航开学季");
        form.extend(lecturers.iter().map(|id| ("lecturer", id.as_str())));
        let page = staff.post("/lectures", &form).await;
        page.assert_ok().assert_contains("等学校确认").assert_contains("武晓峰").assert_contains("呼改梅").assert_contains("网络保护、新型毒品、场所安全");
        let session = page.url.clone();
        let id = session.trim_start_matches("/lectures/").to_owned();

        // The school says yes to what it has read, and both have it in their calendars.
        let page = school.get(&guest).await;
        page.assert_ok().assert_contains("开学第二周").assert_contains("武晓峰").assert_contains("呼改梅");
        let version = page.input("version");
        let step = format!("{guest}/sessions/{id}");
        school.post(&step, &[("step", "agree"), ("version", "9")]).await.assert_status(409);
        school.post(&step, &[("step", "agree"), ("version", version.as_str())]).await.assert_ok().assert_contains("已约定");
        school.get(&format!("{guest}/calendar")).await.assert_ok().assert_contains("BEGIN:VEVENT").assert_contains("20260908T063000Z");
        let own = team.own(&app, 0).await;
        let phone = app.browser();
        phone.get(&own).await.assert_ok().assert_contains("护航开学季").assert_lacks("登记上课情况");
        phone.get(&format!("{own}/calendar")).await.assert_ok().assert_contains("STATUS:CONFIRMED");

        // A film that one person has de-identified and another has reviewed is played on the lecture's page.
        let film: &[u8] = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom";
        let fields = [("kind", "video"), ("title", "电子烟里的新型毒品"), ("topic", topics[1].as_str())];
        let page = staff.post_files("/lecture-materials", &fields, &[("file", "短片.mp4", film)]).await;
        let (material, version) = (page.url.clone(), page.input("version"));
        let steps = format!("{material}/steps");
        staff.post(&steps, &[("step", "desensitise"), ("sure", "yes"), ("version", version.as_str())]).await.assert_ok();
        let version = lead.get(&material).await.input("version");
        lead.post(&steps, &[("step", "approve"), ("version", version.as_str())]).await.assert_ok();
        let attached = material.trim_start_matches("/lecture-materials/");
        staff.post(&format!("{session}/materials"), &[("step", "attach"), ("material", attached)]).await.assert_ok().assert_contains("<video");

        // Before it begins pupils answer by the code on the screen, and each class says how many are there.
        let question = team.question(&app, 0).await;
        let field = format!("q-{question}");
        let session_id: Uuid = id.parse().unwrap();
        let quiz = |phase| format!("/lecture-quiz/{}", lecture::quiz_link(team.community.tenant, session_id, phase, &app.means.keys));
        at(&app, "2026-09-08T14:20:00+08:00");
        let staff = team.staff(&app).await;
        staff.get(&format!("{session}/quiz")).await.assert_contains(&quiz(Phase::Before)).assert_contains(&quiz(Phase::After));
        for pupil in 0..6 {
            let chosen = if pupil < 2 { "1" } else { "0" };
            let sheet = [("class", classes[0].as_str()), (field.as_str(), chosen)];
            app.browser().post(&quiz(Phase::Before), &sheet).await.assert_ok().assert_contains("交好了");
        }
        for (class, present) in classes.iter().zip(["49", "47"]) {
            let page = school.get(&guest).await;
            let sign_in = page.between_all("href=\"", "\"").find(|to| to.starts_with("/lecture-sign-in/") && to.ends_with(class.as_str()));
            app.browser().post(sign_in.unwrap(), &[("present", present)]).await.assert_ok();
        }

        // It is given; the lecturer writes it down, and the school confirms.
        at(&app, "2026-09-08T16:10:00+08:00");
        let staff = team.staff(&app).await;
        for _ in 0..6 {
            let sheet = [("class", classes[0].as_str()), (field.as_str(), "1"), ("score", "5")];
            app.browser().post(&quiz(Phase::After), &sheet).await.assert_ok().assert_contains("交好了");
        }
        let page = phone.get(&own).await;
        assert_eq!(page.input("pupils"), "96");
        let version = page.input("version");
        let mut record = vec![("version", version.as_str()), ("pupils", "120"), ("teachers", "3"), ("parents", "0"), ("minutes", "90"), ("handouts", "98"), ("course", "播放视频短片，讲了三个案例"), ("own_words", "时间略紧")];
        phone.post(&format!("{own}/sessions/{id}/record"), &record).await.assert_status(422).assert_contains("一共 98 名学生").assert_contains("时间略紧");
        record[1].1 = "96";
        phone.post(&format!("{own}/sessions/{id}/record"), &record).await.assert_ok().assert_contains("已授课");
        let page = school.get(&guest).await;
        page.assert_ok().assert_contains("2 课时（90 分钟）").assert_lacks("时间略紧");
        let version = page.input("version");
        school.post(&step, &[("step", "confirm"), ("version", version.as_str()), ("words", "学生听得认真")]).await.assert_ok().assert_contains("学校已确认");
        staff.get(&session).await.assert_ok().assert_contains("学生听得认真").assert_contains("时间略紧");
        let page = staff.post(&format!("{session}/questions"), &[("question", "被网友威胁怎么办")]).await;
        page.assert_ok().assert_contains("被网友威胁怎么办");
        staff.get("/today").await.assert_contains("1 个问题还没有回复");
        let answer = page.link(&format!("{session}/questions/"));
        staff.post(&answer, &[("answer", "课后单独讲了怎么留证据")]).await.assert_ok().assert_contains("怎么留证据");
        let consent = [("consent", "学校已征得到场学生家长书面同意")];
        let photo = crate::stories::cast::photo();
        staff.post_files(&format!("{session}/photos"), &consent, &[("photos", "a.jpg", photo.as_slice())]).await.assert_ok().assert_contains("书面同意");

        // What pupils knew before and after.
        staff.post(&format!("{session}/quiz"), &[("phase", "after")]).await.assert_ok().assert_contains("33.3%").assert_contains("100.0%").assert_contains("提高 66.7 个百分点");

        // The term's figures, with what is still missing.
        let summary = staff.get("/lecture-summary").await;
        summary.assert_ok().assert_contains("1 场，2 课时").assert_contains("2 / 2").assert_contains("“校园欺凌”哪里都没有讲过").assert_contains("提高 66.7 个百分点");
        for kind in ["word", "workbook"] {
            assert!(staff.download(&format!("/lecture-summary/{kind}")).await.starts_with(b"PK"), "{kind}");
        }
    }

    async fn a_hundred_bookings_of_two_lecturers_never_overlap(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        // Ten times of a week for each of two, wanted by five each.
        let mut wanted = Vec::new();
        for _ in 0..5 {
            for day in 7..=11 {
                for hour in ["09", "15"] {
                    for at in 0..2 {
                        let day = format!("2026-09-{day:02}T{hour}");
                        let mut sketch = team.sketch(&format!("{day}:00:00+08:00"), &format!("{day}:45:00+08:00"));
                        (sketch.lecturers, sketch.classes) = (vec![team.lecturers[at]], vec![team.classes[at]]);
                        sketch.hall = team.halls[at];
                        wanted.push(sketch);
                    }
                }
            }
        }
        assert_eq!(wanted.len(), 100);
        let done = join_all(wanted.iter().map(|sketch| team.propose(&app, sketch))).await;
        let booked = done.iter().filter(|one| one.is_ok()).count();
        let others = done.iter().filter(|one| matches!(one, Err(Error::Refused(_) | Error::Stale(_)))).count();
        assert_eq!((booked, others), (20, 80), "{done:?}");
        // Three quarters of an hour for a lecturer, a hall and a class each.
        assert_eq!(count(&app, HELD, team.community.tenant).await, 20 * 3 * 3);
        // The database says it again, whoever writes.
        let mut tx = app.db.begin().await.unwrap();
        assert!(matches!(tx.execute(HOLD.bind(team.community.tenant)).await, Err(db::Error::Duplicate(_))));
        drop(tx);
        // Called off, the time is free again.
        let id = *done.iter().flatten().next().unwrap();
        let mut tx = app.db.begin().await.unwrap();
        let known = lecture::session(&mut tx, team.community.tenant, id).await.unwrap();
        lecture::cancel(&mut tx, &team.act(&app), &known, known.lock_version, (false, "讲师出差")).await.unwrap();
        tx.commit().await.unwrap();
        let again = wanted.iter().find(|sketch| sketch.span.0 == known.starts_at && sketch.hall == known.hall_id).unwrap();
        team.propose(&app, again).await.unwrap();
    }

    async fn what_stands_in_the_way_is_said(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let tenant = team.community.tenant;
        let mut tx = app.db.begin().await.unwrap();
        let exams = (date("2026-11-10"), date("2026-11-12"));
        lecture::add_period(&mut tx, &team.act(&app), Some(team.school), exams, (PeriodKind::Exams, "期中考试")).await.unwrap();
        let near = SchoolSketch { name: "城关中学".to_owned(), stage: Stage::Junior, address: String::new(), travel_minutes: 40, contact: None, closed_at: None };
        let near = lecture::create_school(&mut tx, &team.act(&app), &near).await.unwrap();
        let known = lecture::school(&mut tx, tenant, near).await.unwrap();
        let hall = lecture::add_hall(&mut tx, &team.act(&app), near, "礼堂", 200).await.unwrap();
        let class = lecture::add_class(&mut tx, &team.act(&app), &known, (9, "1班", 40)).await.unwrap();
        tx.commit().await.unwrap();
        let on = |day: &str| team.sketch(&format!("{day}T14:30:00+08:00"), &format!("{day}T15:15:00+08:00"));
        refused(team.propose(&app, &on("2026-09-02")).await, "提前 5 个工作日");
        refused(team.propose(&app, &on("2026-11-11")).await, "期中考试");
        refused(team.propose(&app, &on("2026-10-01")).await, "国庆节");
        refused(team.propose(&app, &on("2026-09-13")).await, "周末");
        refused(team.propose(&app, &on("2027-03-02")).await, "还不知道");
        refused(team.propose(&app, &SessionSketch { hall: team.halls[1], ..on("2026-09-08") }).await, "阶梯教室坐 60 人");
        refused(team.propose(&app, &SessionSketch { hall, ..on("2026-09-08") }).await, "请选这所学校的场地");
        refused(team.propose(&app, &SessionSketch { topics: vec![Uuid::nil()], ..on("2026-09-08") }).await, "没有人讲其中一个主题");
        // A yearly query: the last one counts. One that is entered late says nothing of now.
        at(&app, "2026-12-01T09:00:00+08:00");
        let mut tx = app.db.begin().await.unwrap();
        let [first, _] = team.lecturers;
        lecture::vet(&mut tx, &team.act(&app), first, (false, date("2026-11-30")), "查询文书三号").await.unwrap();
        lecture::vet(&mut tx, &team.act(&app), first, (true, date("2026-02-01")), "查询文书二号").await.unwrap();
        tx.commit().await.unwrap();
        refused(team.propose(&app, &on("2026-12-15")).await, "没有通过");
        let mut tx = app.db.begin().await.unwrap();
        lecture::vet(&mut tx, &team.act(&app), first, (true, date("2026-12-01")), "查询文书四号").await.unwrap();
        tx.commit().await.unwrap();
        team.propose(&app, &on("2026-12-15")).await.unwrap();
        // The longer way would fit into an hour; over where the team works it takes thirty minutes and forty.
        let mut elsewhere = SessionSketch { school: near, hall, classes: vec![class], ..on("2026-12-15") };
        elsewhere.span = (moment("2026-12-15T16:15:00+08:00"), moment("2026-12-15T17:00:00+08:00"));
        refused(team.propose(&app, &elsewhere).await, "路上要 70 分钟");
        // Somebody knows that the two are near each other, and says so on the page of either.
        let lead = team.lead(&app).await;
        let other = near.to_string();
        let page = lead.post(&format!("/lecture-schools/{}/ways", team.school), &[("other", other.as_str()), ("way", "15")]).await;
        page.assert_ok().assert_contains("城关中学").assert_contains("路上 15 分钟");
        lead.get(&format!("/lecture-schools/{near}")).await.assert_contains("石楼中学").assert_contains("路上 15 分钟");
        elsewhere.span = (moment("2026-12-15T15:25:00+08:00"), moment("2026-12-15T16:10:00+08:00"));
        refused(team.propose(&app, &elsewhere).await, "路上要 15 分钟");
        elsewhere.span = (moment("2026-12-15T15:30:00+08:00"), moment("2026-12-15T16:15:00+08:00"));
        let later = team.propose(&app, &elsewhere).await.unwrap();
        // Taken away again, it is the sum again, which does not fit in between the two any more: both are told of, and nobody agrees to them.
        let removal = format!("/lecture-schools/{near}/ways/{}/removal", team.school);
        lead.post(&removal, &[]).await.assert_ok().assert_lacks("路上 15 分钟").assert_contains("有 2 节约好的课要改");
        let affected = lecture::affected(&mut app.db.read().await.unwrap(), tenant, app.means.now()).await.unwrap();
        let whys: Vec<(&str, &str)> = affected.iter().map(|one| (one.verb, one.why.as_str())).collect();
        assert!(whys.iter().all(|(verb, why)| *verb == "换人" && why.contains("路上要 70 分钟，来不及")), "{whys:?}");
        let mut tx = app.db.begin().await.unwrap();
        let known = lecture::session(&mut tx, tenant, later).await.unwrap();
        refused(lecture::agree(&mut tx, &team.act(&app), &known, known.lock_version, false).await, "讲师要更换");
        drop(tx);
        // Entered anew: as it was, and longer than the time between.
        for (minutes, said) in [("15", "两所学校之间的路已登记"), ("20", "有 2 节约好的课要改")] {
            let fields = [("other", other.as_str()), ("way", minutes)];
            let page = lead.post(&format!("/lecture-schools/{}/ways", team.school), &fields).await;
            page.assert_ok().assert_contains(said);
            let affected = lecture::affected(&mut app.db.read().await.unwrap(), tenant, app.means.now()).await.unwrap();
            assert_eq!(affected.len(), if minutes == "15" { 0 } else { 2 });
        }
        lead.post(&removal, &[]).await.assert_ok();
        elsewhere.span = (moment("2026-12-15T16:15:00+08:00"), moment("2026-12-15T17:00:00+08:00"));
        refused(team.propose(&app, &elsewhere).await, "路上要 70 分钟");
    }

    async fn a_material_needs_two_people(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let (one, other) = (team.staff(&app).await, team.lead(&app).await);
        let topic = team.topics[1].to_string();
        let fields = [("kind", "video"), ("title", "电子烟里的新型毒品"), ("topic", topic.as_str())];
        one.post_files("/lecture-materials", &fields, &[("file", "案例.exe", &b"MZ\x90\0"[..])]).await.assert_status(422).assert_contains("这个文件用不了").assert_contains("电子烟里的新型毒品");
        let film: &[u8] = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom";
        let page = one.post_files("/lecture-materials", &fields, &[("file", "短片.mp4", film)]).await;
        page.assert_ok().assert_contains("待脱敏").assert_contains("<video");
        let (address, version) = (page.url.clone(), page.input("version"));
        let id: Uuid = address.trim_start_matches("/lecture-materials/").parse().unwrap();
        assert_eq!(one.download(&format!("{address}/file")).await, film);
        let session = team.agreed(&app, "2026-09-08T14:30:00+08:00", "2026-09-08T16:00:00+08:00").await;
        let (materials, material) = (format!("/lectures/{session}/materials"), id.to_string());
        let attach = [("step", "attach"), ("material", material.as_str())];
        one.post(&materials, &attach).await.assert_status(422).assert_contains("待脱敏");
        let steps = format!("{address}/steps");
        one.post(&steps, &[("step", "desensitise"), ("version", version.as_str())]).await.assert_status(422).assert_contains("请看过以后勾上");
        let page = one.post(&steps, &[("step", "desensitise"), ("sure", "yes"), ("version", version.as_str())]).await;
        page.assert_ok().assert_contains("请另一个人来审核");
        one.post(&materials, &attach).await.assert_status(422).assert_contains("待审核");
        one.post(&steps, &[("step", "approve"), ("version", "2")]).await.assert_status(422).assert_contains("要由另一个人来做");
        // Whoever goes round the program meets the key.
        let mut tx = app.db.begin().await.unwrap();
        let by = lecture::material(&mut tx, team.community.tenant, id).await.unwrap().desensitised_by.unwrap();
        let row = POINT.bind(team.community.tenant).bind(session).bind(id).bind(by).bind(Uuid::max());
        assert!(tx.execute(row).await.is_err());
        drop(tx);
        let page = other.get(&address).await;
        let version = page.input("version");
        other.post(&steps, &[("step", "approve"), ("version", version.as_str())]).await.assert_ok().assert_contains("已脱敏、已审核");
        let page = one.post(&materials, &attach).await;
        page.assert_ok().assert_contains("<video").assert_contains(&format!("<div class=\"actions\"><form method=\"post\" action=\"{materials}\">"));
        // The lecturer plays it by their own link, in parts if the player asks for parts.
        let own = team.own(&app, 0).await;
        assert_eq!(app.browser().download(&format!("{own}/materials/{id}")).await, film);
        app.browser().get(&format!("{own}/materials/{}", Uuid::nil())).await.assert_status(404);
        // It goes to a community, which keeps its own copy whatever becomes of it here.
        let sendings = format!("{address}/sendings");
        one.post(&sendings, &[("code", "999999999999")]).await.assert_status(422).assert_contains("没有用这个编码的社区");
        one.post(&sendings, &[("code", app.home.code.as_str())]).await.assert_ok().assert_contains("还在路上");
        one.post(&sendings, &[("code", app.home.code.as_str())]).await.assert_status(422).assert_contains("已经送给");
        while doorstep::outbox::work(&app.app, &doorstep::app::handlers()).await.unwrap() > 0 {}
        one.get(&address).await.assert_ok().assert_contains("已经收到");
        let version = one.get(&address).await.input("version");
        one.post(&steps, &[("step", "withdraw"), ("version", version.as_str()), ("why", "换了新的短片")]).await.assert_ok().assert_contains("已停用");
        let community = app.person(Role::Secretary).browser().await;
        community.get("/law-materials").await.assert_ok().assert_contains("电子烟里的新型毒品").assert_contains("石楼县人民检察院");
        assert_eq!(community.download(&format!("/law-materials/{id}/file")).await, film);
    }

    async fn a_change_asks_anew_and_a_refusal_sets_free(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let tenant = team.community.tenant;
        let act = team.act(&app);
        let mut tx = app.db.begin().await.unwrap();
        let new = RequestSketch { call: None, topic: team.topics[0], form: team.form, grades: (7, 8), days: (date("2026-09-07"), date("2026-09-18")), words: String::new() };
        let request = lecture::ask(&mut tx, &act, team.school, &new).await.unwrap();
        tx.commit().await.unwrap();
        let sketch = SessionSketch { request: Some(request), ..team.sketch("2026-09-08T14:30:00+08:00", "2026-09-08T15:15:00+08:00") };
        let id = team.propose(&app, &sketch).await.unwrap();
        refused(team.propose(&app, &sketch).await, "已经有人安排了");
        let (staff, school, guest) = (team.staff(&app).await, app.browser(), team.guest(&app).await);
        let version = school.get(&guest).await.input("version");
        school.post(&format!("{guest}/sessions/{id}"), &[("step", "agree"), ("version", version.as_str())]).await.assert_ok();
        // Moved by an hour, it waits for the school again.
        let page = staff.get(&format!("/lectures/{id}/particulars")).await;
        let version = page.input("version");
        let mut tx = app.db.begin().await.unwrap();
        let known = lecture::session(&mut tx, tenant, id).await.unwrap();
        assert_eq!(known.lock_version.to_string(), version);
        let moved = team.sketch("2026-09-08T15:30:00+08:00", "2026-09-08T16:15:00+08:00");
        lecture::change(&mut tx, &act, &known, known.lock_version, (&moved, "礼堂下午三点前有会")).await.unwrap();
        tx.commit().await.unwrap();
        let page = school.get(&guest).await;
        page.assert_ok().assert_contains("同意这个时间").assert_contains("15:30–16:15");
        school.post(&format!("{guest}/sessions/{id}"), &[("step", "agree"), ("version", version.as_str())]).await.assert_status(409);
        let version = page.input("version");
        school.post(&format!("{guest}/sessions/{id}"), &[("step", "decline"), ("version", version.as_str()), ("why", "")]).await.assert_status(422);
        let page = school.post(&format!("{guest}/sessions/{id}"), &[("step", "decline"), ("version", version.as_str()), ("why", "那天运动会")]).await;
        page.assert_ok().assert_contains("已取消").assert_contains("待安排");
        staff.get(&format!("/lectures/{id}")).await.assert_ok().assert_contains("那天运动会").assert_contains("礼堂下午三点前有会");
        assert_eq!(count(&app, HELD, tenant).await, 0);
        team.propose(&app, &sketch).await.unwrap();
    }

    async fn nothing_is_seen_from_another_tenant(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let session = team.agreed(&app, "2026-09-08T14:30:00+08:00", "2026-09-08T16:00:00+08:00").await;
        app.person(Role::Secretary).browser().await.get("/lectures").await.assert_status(403);
        let others = team_of(&app, "141124000000", "临县人民检察院").await;
        let stranger = others.lead(&app).await;
        for path in [format!("/lectures/{session}"), format!("/lecture-schools/{}", team.school), format!("/lecturers/{}", team.lecturers[0])] {
            stranger.get(&path).await.assert_status(404);
        }
        stranger.get("/lectures").await.assert_ok().assert_lacks("护航开学季");
        // Neither a link that was changed nor one of another school opens anything.
        let guest = team.guest(&app).await;
        let other = if guest.ends_with('A') { 'B' } else { 'A' };
        app.browser().get(&format!("{}{other}", guest.get(..guest.len() - 1).unwrap())).await.assert_status(404);
        let foreign = others.guest(&app).await;
        app.browser().post(&format!("{foreign}/sessions/{session}"), &[("step", "agree"), ("version", "1")]).await.assert_status(404);
        // A link that was given anew leaves the old one void.
        team.lead(&app).await.post(&format!("/lecture-schools/{}/link", team.school), &[]).await.assert_ok();
        app.browser().get(&guest).await.assert_status(404);
        // Nor is a file of theirs.
        let new = MaterialSketch { kind: MaterialKind::Case, title: "案例".to_owned(), topic: others.topics[0], media_type: "application/pdf", content: b"%PDF-1.7".to_vec() };
        let mut tx = app.db.begin().await.unwrap();
        let id = lecture::add_material(&mut tx, &others.act(&app), new).await.unwrap();
        tx.commit().await.unwrap();
        team.lead(&app).await.get(&format!("/lecture-materials/{id}/file")).await.assert_status(404);
    }

    async fn a_known_number_is_not_shown_in_a_form_and_stays(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let (lead, tenant, topic) = (team.lead(&app).await, team.community.tenant, team.topics[0].to_string());
        let path = format!("/lecturers/{}/particulars", team.lecturers[0]);
        let change = async |more: &[(&str, &str)]| {
            let page = lead.get(&path).await;
            page.assert_ok().assert_lacks("13800001111");
            let version = page.input("version");
            let form = [("version", version.as_str()), ("name", "武晓峰"), ("title", "检察官"), ("first_grade", "7"), ("last_grade", "9"), ("topic", topic.as_str())];
            lead.post(&path, &[&form[..], more].concat()).await
        };
        let phone = async || {
            let lecturer = lecture::lecturer(&mut app.db.read().await.unwrap(), tenant, team.lecturers[0]).await.unwrap();
            lecturer.phone(&team.act(&app)).unwrap()
        };
        lead.get(&path).await.assert_contains("现在是 138****1111。不改就空着。");
        change(&[("phone", "")]).await.assert_ok();
        assert_eq!(phone().await, "13800001111");
        change(&[("phone", "138")]).await.assert_status(422).assert_contains("现在是 138****1111");
        change(&[("phone", ""), ("erase", "phone")]).await.assert_ok();
        assert_eq!(phone().await, "");
        lead.get(&path).await.assert_ok().assert_lacks("现在是").assert_lacks("手机没有了，去掉");

        // The contact of a school, whose number goes with the name.
        let path = format!("/lecture-schools/{}/particulars", team.school);
        let change = async |name: &str, phone: &str, erase: &str| {
            let page = lead.get(&path).await;
            page.assert_ok().assert_lacks("13800001111");
            let version = page.input("version");
            let form = [("version", version.as_str()), ("name", "石楼中学"), ("stage", "junior"), ("address", ""), ("travel", "30"), ("contact_name", name), ("contact_phone", phone), ("erase", erase)];
            lead.post(&path, &form).await
        };
        let contact = async || {
            let school = lecture::school(&mut app.db.read().await.unwrap(), tenant, team.school).await.unwrap();
            school.contact(&team.act(&app)).unwrap().map(|contact| (contact.name, contact.phone))
        };
        let known = Some(("德育干部".to_owned(), "13800001111".to_owned()));
        change("德育干部", "", "").await.assert_status(422).assert_contains("姓名和电话要一起填");
        change("德育干部", "13800001111", "").await.assert_ok();
        lead.get(&path).await.assert_contains("现在是 138****1111。不改就空着。").assert_contains("德育干部");
        change("德育干部", "", "").await.assert_ok();
        assert_eq!(contact().await, known);
        change("德育主任", "", "").await.assert_status(422).assert_contains("电话也要填");
        assert_eq!(contact().await, known);
        change("德育干部", "", "contact").await.assert_ok();
        assert_eq!(contact().await, None);
        change("德育干部", "13800001111", "").await.assert_ok();
        change("", "", "").await.assert_ok();
        assert_eq!(contact().await, None);
    }
}
