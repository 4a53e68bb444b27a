//! Lines 365 to 425: 法治进校园, by a procuratorate's team for minors, which is a tenant of its own: what is agreed with a school, a day there, and
//! what a year of it comes to.

use doorstep::access::{self, Act, Role, TenantKind};

use super::{Part, Told, at, id_of};
use crate::stories::cast::photo;
use crate::support::{Browser, Community, Page, TestApp};

/// The team and the two who lecture for it.
struct Team<'a> {
    app: &'a TestApp,
    home: Community,
}

impl<'a> Team<'a> {
    async fn new(app: &'a TestApp) -> Team<'a> {
        let act = Act::system(app.means.id(), &app.means);
        let mut tx = app.db.begin().await.unwrap();
        let (code, name) = ("141126000000", "石楼县人民检察院“橄榄石”未检团队");
        let organisation = access::create_tenant(&mut tx, &act, TenantKind::Procuratorate, code, name).await.unwrap();
        tx.commit().await.unwrap();
        Team { app, home: Community { tenant: act.tenant, code: code.to_owned(), name: name.to_owned(), organisation } }
    }

    async fn lead(&self) -> Browser {
        self.app.person(Role::LectureLead).of_community(&self.home).named("团队负责人").browser().await
    }

    async fn staff(&self) -> Browser {
        self.app.person(Role::LectureStaff).of_community(&self.home).named("团队干警").browser().await
    }
}

/// What stands for a name in a select.
#[track_caller]
fn option(page: &Page, field: &str, label: &str) -> String {
    let select = page.body.split(&format!("name=\"{field}\"")).nth(1).unwrap_or_else(|| panic!("no {field}"));
    let select = select.split("</select>").next().unwrap();
    let (before, _) = select.split_once(&format!(">{label}")).unwrap_or_else(|| panic!("no {label} in {select}"));
    before.rsplit_once("value=\"").unwrap().1.split('"').next().unwrap().to_owned()
}

/// What stands for a name among boxes that can be ticked.
#[track_caller]
fn tick(page: &Page, field: &str, label: &str) -> String {
    let boxes: Vec<&str> = page.body.split(&format!("name=\"{field}\" value=\"")).skip(1).collect();
    let found = boxes.iter().find(|rest| rest.split("</label>").next().unwrap().contains(label));
    found.unwrap_or_else(|| panic!("no {label} to tick on {}", page.url)).split('"').next().unwrap().to_owned()
}

/// The version of one lecture on the page of its school.
#[track_caller]
fn version_of(page: &Page, session: &str) -> String {
    let (_, card) = page.body.split_once(&format!("id=\"session-{session}\"")).expect("the lecture on its page");
    let card = card.split("</section>").next().unwrap();
    card.split_once("name=\"version\" value=\"").expect("a form").1.split('"').next().unwrap().to_owned()
}

/// A file that one of the team has de-identified and another has looked at. Gives its path.
async fn looked_at(one: &Browser, other: &Browser, about: [&str; 3], file: (&str, &[u8])) -> String {
    let [kind, title, topic] = about;
    let fields = [("kind", kind), ("title", title), ("topic", topic)];
    let page = one.post_files("/lecture-materials", &fields, &[("file", file.0, file.1)]).await;
    page.assert_ok().assert_contains("待脱敏");
    let (material, version) = (page.url.clone(), page.input("version"));
    let steps = format!("{material}/steps");
    let page = one.post(&steps, &[("step", "desensitise"), ("sure", "yes"), ("version", version.as_str())]).await;
    page.assert_ok().assert_contains("请另一个人来审核");
    one.post(&steps, &[("step", "approve"), ("version", "2")])
        .await
        .assert_status(422)
        .assert_contains("要由另一个人来做");
    let version = other.get(&material).await.input("version");
    let page = other.post(&steps, &[("step", "approve"), ("version", version.as_str())]).await;
    page.assert_ok().assert_contains("已脱敏、已审核");
    material
}

db_test! {
    async fn the_law_comes_to_the_school(app: TestApp) {
        let mut told = Told::of(Part::Lectures);
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = Team::new(&app).await;
        let (lead, staff) = (team.lead().await, team.staff().await);

        // The team, its two lecturers, whom nobody lets into a school without having asked about them, the school, and the theme.
        told.step("365–375");
        lead.post("/lecture-subjects/usual", &[]).await.assert_ok().assert_contains("网络保护").assert_contains("模拟法庭");
        let school = [("name", "石楼中学"), ("stage", "junior"), ("address", ""), ("travel", "30"), ("contact_name", "德育干部"), ("contact_phone", "13800001111")];
        let school = lead.post("/lecture-schools", &school).await.assert_ok().assert_contains("石楼中学").url.clone();
        for (grade, name, pupils) in [("7", "1班", "50"), ("8", "2班", "48")] {
            let class = [("grade", grade), ("class_name", name), ("pupils", pupils)];
            lead.post(&format!("{school}/classes"), &class).await.assert_ok().assert_contains("班级已登记");
        }
        lead.post(&format!("{school}/halls"), &[("hall_name", "报告厅"), ("seats", "300")]).await.assert_ok().assert_contains("报告厅");
        let term = [("name", "2026年秋季学期"), ("school", ""), ("first", "2026-09-01"), ("last", "2026-12-31")];
        lead.post("/lecture-terms", &term).await.assert_ok().assert_contains("2026年秋季学期");
        let form = lead.get("/lecturers/new").await;
        let topics = ["网络保护", "新型毒品", "场所安全"].map(|name| tick(&form, "topic", name));
        let mut own = Vec::new();
        for name in ["武晓峰", "呼改梅"] {
            let mut fields = vec![("name", name), ("title", "检察官"), ("phone", "13800001111"), ("first_grade", "7"), ("last_grade", "9")];
            fields.extend(topics.iter().map(|topic| ("topic", topic.as_str())));
            let page = lead.post("/lecturers", &fields).await;
            let path = page.assert_ok().assert_contains("不能排课").url.clone();
            let asked = [("checked_on", "2026-08-20"), ("result", "passed"), ("proof", "查询文书一号")];
            lead.post(&format!("{path}/vettings"), &asked).await.assert_ok().assert_contains("以前有效");
            let page = lead.post(&format!("{path}/link"), &[]).await;
            own.push(format!("/lecturing/{}", page.between_all("/lecturing/", "<").next().unwrap()));
        }
        let theme = [("theme", "护航开学季，法治进校园"), ("first", "2026-09-01"), ("last", "2026-09-30"), ("intended", "3")];
        lead.post("/lecture-campaigns", &theme).await.assert_ok().assert_contains("打算讲 3 场");

        // Together with the school: an agreement of so many a year, one of the team as its 法治副校长, and a link by which the school asks.
        told.step("375–383");
        let of_school = id_of(&lead.get(&school).await);
        let agreement = [
            ("school", of_school.as_str()), ("agreement_title", "检校共建"), ("agreement_first", "2026-01-01"), ("agreement_last", "2028-12-31"), ("agreement_intended", "4"),
        ];
        lead.post("/lecture-agreements", &agreement).await.assert_ok().assert_contains("检校共建").assert_contains("每年 4 场");
        let vice = option(&lead.get(&school).await, "lecturer", "武晓峰");
        let post = [("lecturer", vice.as_str()), ("first", "2026-08-01"), ("last", "2029-07-31")];
        lead.post(&format!("{school}/vice-principals"), &post).await.assert_ok().assert_contains("2029-07-31");
        let page = lead.post(&format!("{school}/link"), &[]).await;
        let guest = format!("/lecture-guests/{}", page.between_all("/lecture-guests/", "<").next().unwrap());
        let teacher = app.browser();
        let page = teacher.get(&guest).await;
        page.assert_ok().assert_contains("石楼中学的法治课");
        let (topic, form) = (option(&page, "topic", "网络保护"), option(&page, "form", "案例宣讲"));
        let request = [
            ("topic", topic.as_str()), ("form", form.as_str()), ("first_grade", "7"), ("last_grade", "8"), ("first", "2026-09-07"), ("last", "2026-09-11"), ("words", "两个班"),
        ];
        teacher.post(&format!("{guest}/requests"), &request).await.assert_ok().assert_contains("待安排");
        staff.get("/today").await.assert_contains("排课");

        // 案例宣讲 on three topics, by both of them, for the grades that asked; the school says yes.
        told.step("385–399");
        let asked = staff.get("/lectures").await.link("/lecture-requests/");
        let page = staff.get(&staff.get(&asked).await.link("/lectures/new")).await;
        page.assert_ok().assert_contains("两个班").assert_contains("报告厅");
        let (request, hall) = (page.input("request"), option(&page, "hall", "报告厅"));
        let campaign = option(&page, "campaign", "护航开学季，法治进校园");
        let lecturers = ["武晓峰", "呼改梅"].map(|name| tick(&page, "lecturer", name));
        let classes = ["七年级1班", "八年级2班"].map(|name| tick(&page, "class", name));
        let mut fields = vec![
            ("school", of_school.as_str()), ("request", request.as_str()), ("title", "护航开学季，法治进校园"), ("form", form.as_str()), ("campaign", campaign.as_str()),
            ("day", "2026-09-08"), ("from", "14:30"), ("until", "16:00"), ("hall", hall.as_str()), ("why", "开学第二周，两位讲师都有空"),
        ];
        for (name, chosen) in [("topic", topics.as_slice()), ("class", classes.as_slice()), ("lecturer", lecturers.as_slice())] {
            fields.extend(chosen.iter().map(|id| (name, id.as_str())));
        }
        let page = staff.post("/lectures", &fields).await;
        page.assert_ok().assert_contains("等学校确认").assert_contains("网络保护、新型毒品、场所安全").assert_contains("案例宣讲");
        page.assert_contains("武晓峰").assert_contains("呼改梅").assert_contains("98 人");
        let (session, id) = (page.url.clone(), id_of(&page));
        let answer = format!("{guest}/sessions/{id}");
        let version = version_of(&teacher.get(&guest).await, &id);
        teacher.post(&answer, &[("step", "agree"), ("version", version.as_str())]).await.assert_ok().assert_contains("已约定");

        // A film, and a case that took place: nobody in them can be recognised, says one, and another has looked again.
        told.step("399–405");
        let film: &[u8] = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom";
        let materials = format!("{session}/materials");
        let shown = looked_at(&staff, &lead, ["video", "电子烟里的新型毒品", topics[1].as_str()], ("短片.mp4", film)).await;
        let case = looked_at(&staff, &lead, ["case", "一起网络侵害案", topics[0].as_str()], ("案例.pdf", &b"%PDF-1.7"[..])).await;
        for material in [&shown, &case] {
            let attach = [("step", "attach"), ("material", material.rsplit('/').next().unwrap())];
            staff.post(&materials, &attach).await.assert_ok();
        }
        staff.get(&session).await.assert_contains("<video").assert_contains("一起网络侵害案");
        let raw = [("kind", "case"), ("title", "还没有脱敏的案例"), ("topic", topics[2].as_str())];
        let page = staff.post_files("/lecture-materials", &raw, &[("file", "案例.pdf", &b"%PDF-1.7"[..])]).await;
        let raw = id_of(page.assert_ok());
        staff.post(&materials, &[("step", "attach"), ("material", raw.as_str())]).await.assert_status(422).assert_contains("待脱敏");

        // What the pupils knew before and know afterwards, without a name; what they asked; and whom one of them can turn to.
        told.step("405–413");
        let question = [("topic", topics[0].as_str()), ("words", "把身份证照片发给网友安全吗"), ("options", "安全\n不安全"), ("correct", "2")];
        staff.post("/lecture-quizzes", &question).await.assert_ok().assert_contains("把身份证照片发给网友安全吗");
        at(&app, "2026-09-08T14:20:00+08:00");
        let staff = team.staff().await;
        let page = staff.get(&format!("{session}/quiz")).await;
        let quizzes: Vec<String> = page.between_all("/lecture-quiz/", "<").map(|link| format!("/lecture-quiz/{link}")).collect();
        let help = format!("/lecture-help/{}", page.between_all("/lecture-help/", "<").next().unwrap());
        assert_eq!(quizzes.len(), 2, "before and after");
        let sheet = app.browser().get(&quizzes[0]).await;
        let field = format!("q-{}", sheet.between_all("name=\"q-", "\"").next().unwrap());
        for pupil in 0..6 {
            let chosen = if pupil < 2 { "1" } else { "0" };
            let sheet = [("class", classes[0].as_str()), (field.as_str(), chosen)];
            app.browser().post(&quizzes[0], &sheet).await.assert_ok().assert_contains("交好了");
        }
        for (class, present) in classes.iter().zip(["49", "47"]) {
            let page = teacher.get(&guest).await;
            let sign_in = page.between_all("href=\"", "\"").find(|to| to.starts_with("/lecture-sign-in/") && to.ends_with(class.as_str()));
            app.browser().post(sign_in.unwrap(), &[("present", present)]).await.assert_ok();
        }
        at(&app, "2026-09-08T16:10:00+08:00");
        let (lead, staff) = (team.lead().await, team.staff().await);
        for _ in 0..6 {
            let sheet = [("class", classes[0].as_str()), (field.as_str(), "1"), ("score", "5")];
            app.browser().post(&quizzes[1], &sheet).await.assert_ok().assert_contains("交好了");
        }
        let phone = app.browser();
        let page = phone.get(&own[0]).await;
        assert_eq!(page.input("pupils"), "96", "as the classes have signed in");
        let version = page.input("version");
        let record = [
            ("version", version.as_str()), ("pupils", "96"), ("teachers", "3"), ("parents", "0"), ("minutes", "90"), ("handouts", "98"),
            ("course", "播放视频短片，讲了三个案例"), ("own_words", "时间略紧"),
        ];
        phone.post(&format!("{}/sessions/{id}/record", own[0]), &record).await.assert_ok().assert_contains("已授课");
        let page = teacher.get(&guest).await;
        page.assert_contains("2 课时（90 分钟）").assert_lacks("时间略紧");
        let version = version_of(&page, &id);
        teacher.post(&answer, &[("step", "confirm"), ("version", version.as_str()), ("words", "学生听得认真")]).await.assert_ok().assert_contains("学校已确认");
        let page = staff.post(&format!("{session}/quiz"), &[("phase", "after")]).await;
        page.assert_ok().assert_contains("33.3%").assert_contains("100.0%").assert_contains("提高 66.7 个百分点");
        let page = staff.post(&format!("{session}/questions"), &[("question", "被网友威胁怎么办")]).await;
        let reply = page.assert_ok().link(&format!("{session}/questions/"));
        staff.post(&reply, &[("answer", "课后单独讲了怎么留证据")]).await.assert_ok().assert_contains("怎么留证据");
        let picture = photo();
        let consent = [("consent", "学校已征得到场学生家长书面同意")];
        staff.post_files(&format!("{session}/photos"), &consent, &[("photos", "a.jpg", picture.as_slice())]).await.assert_ok().assert_contains("书面同意");
        app.browser().post(&help, &[("words", "回家路上有人堵我要钱"), ("who", "")]).await.assert_ok().assert_contains("收到了");
        staff.get("/lecture-confidences").await.assert_status(403);
        lead.get("/today").await.assert_contains("有学生求助").assert_lacks("堵我");

        // It does not end with the first weeks: what is owed is suggested, and two more are given in other forms.
        told.step("415–421");
        at(&app, "2026-09-09T09:00:00+08:00");
        let staff = team.staff().await;
        staff.get("/lecture-balance").await.assert_ok().assert_contains("石楼中学");
        // What young people need: every school is asked, and this one answers with a form, a grade and a week.
        let lead = team.lead().await;
        let call = [("call_title", "秋季学期法治课需求"), ("call_words", "想听什么、用什么形式"), ("call_last", "2026-09-18")];
        lead.post("/lecture-calls", &call).await.assert_ok().assert_contains("秋季学期法治课需求").assert_contains("没有答复：石楼中学");
        let page = teacher.get(&guest).await;
        page.assert_ok().assert_contains("想听什么、用什么形式").assert_contains("回应哪次征集");
        let (call, court) = (option(&page, "call", "秋季学期法治课需求"), option(&page, "form", "模拟法庭"));
        let wanted = [
            ("call", call.as_str()), ("topic", topics[0].as_str()), ("form", court.as_str()), ("first_grade", "7"), ("last_grade", "7"), ("first", "2026-09-21"),
            ("last", "2026-09-25"), ("words", "七年级想开一次模拟法庭"),
        ];
        teacher.post(&format!("{guest}/requests"), &wanted).await.assert_ok().assert_contains("待安排");
        lead.get("/lecture-plans").await.assert_contains("已答复：石楼中学").assert_lacks("没有答复：石楼中学");
        let asked = staff.get("/lectures").await.link("/lecture-requests/");
        staff.get(&asked).await.assert_contains("七年级想开一次模拟法庭").assert_contains("模拟法庭");
        for (name, title, day, class) in [("模拟法庭", "模拟法庭：一起电子烟案", "2026-09-22", 0), ("主题班会", "主题班会：网络保护", "2026-10-13", 1)] {
            let staff = team.staff().await;
            // The first is what the school has asked for, the other is the team's own.
            let answers = class == 0;
            let about = if answers { staff.get(&asked).await.link("/lectures/new") } else { format!("/lectures/new?school={of_school}") };
            let page = staff.get(&about).await;
            let form = option(&page, "form", name);
            let request = if answers { page.input("request") } else { String::new() };
            let mut fields = vec![
                ("school", of_school.as_str()), ("title", title), ("form", form.as_str()), ("topic", topics[class].as_str()), ("day", day), ("from", "14:30"), ("until", "15:15"),
                ("hall", hall.as_str()), ("class", classes[class].as_str()), ("lecturer", lecturers[class].as_str()), ("why", "每学期都有"),
            ];
            if answers {
                fields.push(("request", request.as_str()));
            }
            let page = staff.post("/lectures", &fields).await;
            page.assert_ok().assert_contains(name).assert_contains("等学校确认");
            let (session, id) = (page.url.clone(), id_of(&page));
            let page = teacher.get(&guest).await;
            page.assert_lacks("待安排");
            let version = version_of(&page, &id);
            teacher.post(&format!("{guest}/sessions/{id}"), &[("step", "agree"), ("version", version.as_str())]).await.assert_ok();
            at(&app, &format!("{day}T15:20:00+08:00"));
            let staff = team.staff().await;
            let version = staff.get(&session).await.input("version");
            let pupils = ["48", "47"][class];
            let record = [
                ("version", version.as_str()), ("pupils", pupils), ("teachers", "1"), ("parents", "0"), ("minutes", "45"), ("handouts", "0"), ("course", ""),
            ];
            staff.post(&format!("{session}/record"), &record).await.assert_ok().assert_contains("1 课时");
        }

        // What it came to, against what was intended; and what the team has made goes on to the volunteers of a community.
        told.step("421–425");
        let staff = team.staff().await;
        let page = staff.get("/lecture-summary?first=2026-01-01&last=2026-12-31").await;
        page.assert_ok().assert_contains("3 场，4 课时").assert_contains("191 人次").assert_contains("2 / 2");
        page.assert_contains("课前 33.3%，课后 100.0%，提高 66.7 个百分点");
        page.assert_contains("“护航开学季，法治进校园”讲了 1 场，打算讲 3 场");
        page.assert_contains("2026 年 3 / 4").assert_contains("武晓峰 2026 年 3 课时，还差 1");
        // 常态化: of four in a year a term of 122 days has two, and three were given.
        page.assert_contains("150.0%");
        // The school has its four class-hours; who is its 法治副校长 has given three of them, and is told to go once more.
        staff.get("/lecture-balance").await.assert_ok().assert_contains("0 / 1 所学校已经够了").assert_contains("武晓峰（法治副校长，要本人去）");
        page.assert_contains("“校园欺凌”哪里都没有讲过");
        for kind in ["word", "workbook"] {
            assert!(staff.download(&format!("/lecture-summary/{kind}")).await.starts_with(b"PK"), "{kind}");
        }
        staff.post(&format!("{shown}/sendings"), &[("code", app.home.code.as_str())]).await.assert_ok().assert_contains("还在路上");
        while doorstep::outbox::work(&app.app, &doorstep::app::handlers()).await.unwrap() > 0 {}
        app.person(Role::Secretary).browser().await.get("/law-materials").await.assert_ok().assert_contains("电子烟里的新型毒品");
        told.end();
    }
}
