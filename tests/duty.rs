//! 护学岗: posts and when they are kept, four fixings, coverage by the minute, the day itself, standby, swaps, rosters; and who sees none of it.

use doorstep::access::{self, Act, OrganisationKind, Reach, Role, Scope, TenantKind};
use doorstep::duty::{
    self, DayKind, GateKind, GateSketch, NewShift, OnDays, Peak, PersonKind, PersonSketch, SchoolSketch, SlotSketch,
    Stage,
};
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use crate::support::{Browser, Community, TestApp};

fn at(app: &TestApp, moment: &str) {
    app.means.clock.set(moment.parse::<Timestamp>().unwrap());
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

/// A bureau with two stations and a patrol unit; a school with a gate and a crossing under the first station, and another under the second.
pub struct Bureau {
    pub community: Community,
    pub stations: [Uuid; 2],
    pub patrol: Uuid,
    pub schools: [Uuid; 2],
    pub gate: Uuid,
    pub crossing: Uuid,
    pub far_gate: Uuid,
    pub morning: Uuid,
    pub far_morning: Uuid,
}

impl Bureau {
    pub fn act(&self, app: &TestApp) -> Act {
        Act { organisation: Some(self.community.organisation), ..Act::system(self.community.tenant, &app.means) }
    }

    pub async fn chief(&self, app: &TestApp) -> Browser {
        app.person(Role::DutyChief).of_community(&self.community).browser().await
    }

    /// Somebody whose minutes to the first school are known.
    pub async fn person(
        &self,
        app: &TestApp,
        name: &str,
        kind: PersonKind,
        minutes: Option<i64>,
        standby: bool,
    ) -> Uuid {
        let new = PersonSketch {
            unit: self.stations[0],
            kind,
            name: name.to_owned(),
            phone: "13800001111".to_owned(),
            qualifications: Vec::new(),
            daily: 2,
            weekly: 10,
            standby,
            ended_at: None,
        };
        let act = self.act(app);
        let mut tx = app.db.begin().await.unwrap();
        let id = duty::create_person(&mut tx, &act, &new).await.unwrap();
        if let Some(minutes) = minutes {
            duty::set_reaches(&mut tx, &act, id, &[(self.schools[0], minutes)]).await.unwrap();
        }
        tx.commit().await.unwrap();
        id
    }

    pub async fn link(&self, app: &TestApp, person: Uuid) -> String {
        let mut tx = app.db.read().await.unwrap();
        let person = duty::person(&mut tx, self.community.tenant, person).await.unwrap();
        format!("/duty-own/{}", person.link(self.community.tenant, &app.means.keys))
    }

    pub async fn put(
        &self,
        app: &TestApp,
        day: &str,
        gate: Uuid,
        person: Option<Uuid>,
    ) -> doorstep::error::Result<Uuid> {
        let day = date(day);
        let span = (duty::moment(day, 430).unwrap(), duty::moment(day, 500).unwrap());
        let new = NewShift {
            school: self.schools[0],
            day,
            post: Some((gate, self.morning)),
            person,
            duty: "看护学生过马路".to_owned(),
            span: Some(span),
            pinned: false,
            stands_for: None,
        };
        let mut tx = app.db.begin().await.unwrap();
        let id = duty::put_shift(&mut tx, &self.act(app), &new).await?;
        tx.commit().await.unwrap();
        Ok(id)
    }

    async fn shift(&self, app: &TestApp, id: Uuid) -> duty::Shift {
        duty::shift(&mut app.db.read().await.unwrap(), self.community.tenant, id).await.unwrap()
    }
}

pub async fn bureau(app: &TestApp) -> Bureau {
    let act = Act::system(app.means.id(), &app.means);
    let mut tx = app.db.begin().await.unwrap();
    let (code, name) = ("141102000000", "离石分局");
    let home = access::create_tenant(&mut tx, &act, TenantKind::Police, code, name).await.unwrap();
    let mut unit = async |name: &str| {
        access::create_organisation(&mut tx, &act, Some(home), OrganisationKind::PoliceUnit, name, None).await.unwrap()
    };
    let stations = [unit("田家会派出所").await, unit("城北派出所").await];
    let patrol = unit("巡特警大队").await;
    let school = |name: &str, station| SchoolSketch {
        station,
        others: Vec::new(),
        name: name.to_owned(),
        stage: Stage::Primary,
        address: String::new(),
        contact: None,
        phone: "0358-0000110".to_owned(),
        closed_at: None,
    };
    let first = SchoolSketch { others: vec![patrol], ..school("田家会小学", stations[0]) };
    let schools = [
        duty::create_school(&mut tx, &act, &first).await.unwrap(),
        duty::create_school(&mut tx, &act, &school("城北中学", stations[1])).await.unwrap(),
    ];
    let gate = |name: &str, seats| GateSketch {
        kind: GateKind::Gate,
        name: name.to_owned(),
        duty: "看护学生过马路".to_owned(),
        seats,
        officers: 1,
        qualification: None,
        closed_at: None,
    };
    let east = duty::add_gate(&mut tx, &act, schools[0], &gate("东门", 1)).await.unwrap();
    let crossing = duty::add_gate(&mut tx, &act, schools[0], &gate("校门前路口", 1)).await.unwrap();
    let far_gate = duty::add_gate(&mut tx, &act, schools[1], &gate("南门", 1)).await.unwrap();
    let slot = |gates| SlotSketch {
        kind: Peak::MorningIn,
        days: OnDays::Every,
        early: Some(30),
        stay: Some(20),
        bells: vec![(460, "一二年级".to_owned()), (480, "三四年级".to_owned())],
        gates,
    };
    let morning = duty::add_slot(&mut tx, &act, schools[0], &slot(vec![east, crossing])).await.unwrap();
    let far_morning = duty::add_slot(&mut tx, &act, schools[1], &slot(vec![far_gate])).await.unwrap();
    duty::add_term(&mut tx, &act, None, "2026年秋季学期", (date("2026-09-01"), date("2026-12-31"))).await.unwrap();
    tx.commit().await.unwrap();
    let community = Community { tenant: act.tenant, code: code.to_owned(), name: name.to_owned(), organisation: home };
    Bureau { community, stations, patrol, schools, gate: east, crossing, far_gate, morning, far_morning }
}

db_test! {
    async fn a_school_its_posts_and_its_days_are_entered_and_what_is_wrong_comes_back(app: TestApp) {
        at(&app, "2026-08-25T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let chief = bureau.chief(&app).await;
        let station = bureau.stations[0].to_string();
        let form = [("name", "王家沟小学"), ("station", station.as_str()), ("stage", "primary"), ("phone", "110"), ("contact_name", "高瑞芹"), ("contact_phone", "")];
        chief.post("/duty-schools", &form).await.assert_status(422).assert_contains("姓名和电话要一起填").assert_contains("王家沟小学");
        let form = [&form[..5], &[("contact_phone", "13800001111")]].concat();
        let page = chief.post("/duty-schools", &form).await;
        page.assert_ok().assert_contains("高瑞芹").assert_contains("还没有岗位");
        chief.post("/duty-schools", &form).await.assert_status(422).assert_contains("已经登记过同名的学校");
        let school = page.url.clone();
        let gate = [("kind", "gate"), ("name", "正门"), ("duty", ""), ("seats", "1"), ("officers", "2")];
        chief.post(&format!("{school}/gates"), &gate).await.assert_status(422).assert_contains("不能比总人数多").assert_contains("正门");
        let gate = [("kind", "gate"), ("name", "正门"), ("duty", ""), ("seats", "2"), ("officers", "1")];
        let page = chief.post(&format!("{school}/gates"), &gate).await;
        page.assert_ok().assert_contains("没有定责").assert_contains("2 人，其中警力 1 人");
        let post = page.link("/duty-gates/0").trim_start_matches("/duty-gates/").to_owned();
        let slot = [("peak", "morning_in"), ("bells", "七点半"), ("on_days", "every"), ("gate", post.as_str())];
        chief.post(&format!("{school}/slots"), &slot).await.assert_status(422).assert_contains("钟点看不懂").assert_contains("七点半");
        let slot = [("peak", "morning_in"), ("bells", "7:40 一二年级\n8:00 三四年级"), ("on_days", "every"), ("early", "20"), ("gate", post.as_str())];
        // From twenty minutes before the first bell to half an hour, as the settings say, after the last.
        chief.post(&format!("{school}/slots"), &slot).await.assert_ok().assert_contains("07:20–08:30").assert_contains("07:40 一二年级、08:00 三四年级");
        chief.get(&format!("/duty-gates/{post}/poster")).await.assert_ok().assert_contains("岗位码");

        // Terms do not overlap; a special day that is entered again is changed.
        let term = [("name", "又一个学期"), ("first", "2026-12-01"), ("last", "2027-01-20")];
        chief.post("/duty-terms", &term).await.assert_status(422).assert_contains("重叠").assert_contains("又一个学期");
        let day = [("day", "2026-09-02"), ("kind", "off"), ("note", "校运会")];
        chief.post("/duty-days", &day).await.assert_ok().assert_contains("校运会");
        chief.post("/duty-days", &day).await.assert_ok().assert_contains("已改");
        chief.get("/duty?day=2026-09-02").await.assert_ok().assert_contains("没有要站的岗位");
        // What is not in the tables is asked, not guessed.
        chief.get("/duty?day=2027-01-06").await.assert_ok().assert_contains("不知道上不上课").assert_contains("以后的学期还没有登记");
        chief.get("/duty?day=2026-09-20").await.assert_ok().assert_contains("东门"); // a Sunday that is made up for
        chief.get("/duty?day=2026-09-26").await.assert_ok().assert_lacks("东门"); // Mid-Autumn

        // People, with what they need.
        let person = [("name", "冯志强"), ("unit", station.as_str()), ("kind", "officer"), ("phone", "138"), ("daily", "2"), ("weekly", "10")];
        chief.post("/duty-people", &person).await.assert_status(422).assert_contains("冯志强");
        let person = [&person[..3], &[("phone", "13800001111"), ("daily", "2"), ("weekly", "10"), ("standby", "yes"), ("qualification", "traffic")]].concat();
        let page = chief.post("/duty-people", &person).await;
        page.assert_ok().assert_contains("交通指挥").assert_contains("可以");
        let minutes = format!("minutes-{}", bureau.schools[0]);
        chief.post(&format!("{}/reaches", page.url), &[(minutes.as_str(), "三分")]).await.assert_status(422).assert_contains("三分");
        chief.post(&format!("{}/reaches", page.url), &[(minutes.as_str(), "8")]).await.assert_ok();
        chief.post(&format!("{}/leaves", page.url), &[("first", "2026-09-03"), ("last", "2026-09-01")]).await.assert_status(422).assert_contains("最后一天要在第一天以后");
        chief.get("/duty-people").await.assert_ok().assert_contains("冯志强").assert_contains("备勤");
    }

    async fn each_assignment_says_what_is_missing_and_each_gap_how_long_it_is(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let chief = bureau.chief(&app).await;
        chief.get("/duty?day=2026-09-01").await.assert_ok().assert_contains("3 处有空当").assert_contains("有 70 分钟没有人");
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let auxiliary = bureau.person(&app, "任建平", PersonKind::Auxiliary, Some(5), false).await;
        bureau.put(&app, "2026-09-01", bureau.gate, Some(officer)).await.unwrap();
        // An auxiliary is police but may not stand alone, so the crossing is as good as empty.
        bureau.put(&app, "2026-09-01", bureau.crossing, Some(auxiliary)).await.unwrap();
        chief.get("/duty?day=2026-09-01").await.assert_ok().assert_contains("2 处有空当");
        // Nobody is at two posts at once.
        let twice = bureau.put(&app, "2026-09-01", bureau.crossing, Some(officer)).await;
        assert!(twice.is_err_and(|error| error.to_string().contains("时间重叠")));
        let partner = bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(5), false).await;
        let added = bureau.put(&app, "2026-09-01", bureau.crossing, Some(partner)).await.unwrap();
        chief.get("/duty?day=2026-09-01").await.assert_contains("1 处有空当");

        // Half of the time, without a duty: it is told, in words.
        let shown = chief.get(&format!("/duty-shifts/{added}")).await;
        shown.assert_ok().assert_contains("四定齐全");
        let (version, partner) = (shown.input("version"), partner.to_string());
        let form = [("version", version.as_str()), ("person", partner.as_str()), ("duty", ""), ("from", "07:40"), ("to", "08:20")];
        chief.post(&format!("/duty-shifts/{added}/particulars"), &form).await.assert_ok().assert_contains("缺定责");
        chief.post(&format!("/duty-shifts/{added}/particulars"), &form).await.assert_status(409);
        chief.get("/duty?day=2026-09-01").await.assert_contains("有 30 分钟没有人").assert_contains("四定缺：定责");
        let week = chief.get("/duty/coverage?day=2026-09-01&span=week").await;
        week.assert_ok().assert_contains("✓ 冯志强").assert_contains("缺 30 分").assert_contains("没有人 70 分");
        chief.get("/duty/coverage?day=2026-09-01&span=day").await.assert_ok().assert_contains("9月1日 周二");
        chief.get("/duty/coverage?day=2026-09-01&span=term").await.assert_ok().assert_contains("缺 ");
        chief.get("/duty/coverage/paper?day=2026-09-01&span=week").await.assert_ok().assert_contains("内部使用");
        let workbook = chief.download_by_form("/duty/coverage/workbook", &[("day", "2026-09-01"), ("span", "week")]).await;
        assert!(workbook.starts_with(b"PK"), "a workbook");
        // An assignment may be made of a person alone, and says all that is missing.
        let (school, officer) = (bureau.schools[0].to_string(), officer.to_string());
        let loose = [("day", "2026-09-02"), ("school", school.as_str()), ("person", officer.as_str()), ("duty", "")];
        chief.post("/duty-shifts", &loose).await.assert_ok().assert_contains("四定缺：定岗、定时、定责");
    }

    async fn an_absence_calls_the_nearest_and_the_post_is_kept_before_the_bell(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let ill = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let near = bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(6), true).await;
        let far = bureau.person(&app, "薛改珍", PersonKind::Officer, Some(12), true).await;
        bureau.person(&app, "任建平", PersonKind::Officer, None, true).await; // nobody knows how long they take
        let shift = bureau.put(&app, "2026-09-01", bureau.gate, Some(ill)).await.unwrap();
        let own = bureau.link(&app, ill).await;
        let phone = app.browser();
        phone.get(&own).await.assert_ok().assert_contains("东门").assert_contains("待确认").assert_lacks("我到岗了");
        let step = format!("{own}/shifts/{shift}");
        phone.post(&step, &[("step", "confirm")]).await.assert_ok().assert_contains("已确认");
        phone.post(&step, &[("step", "come")]).await.assert_status(422).assert_contains("还早：06:10 起才能签到");

        // Ten to seven, twenty minutes before the post is to be kept.
        at(&app, "2026-09-01T06:50:00+08:00");
        let chief = bureau.chief(&app).await;
        phone.post(&step, &[("step", "absent"), ("why", "")]).await.assert_status(422).assert_contains("请填写来不了的原因");
        phone.post(&step, &[("step", "absent"), ("why", "发烧")]).await.assert_ok().assert_contains("缺岗");
        chief.get("/duty").await.assert_ok().assert_contains("缺岗").assert_contains("3 处有空当");
        let (nearest, second) = (app.browser(), app.browser());
        let (near_link, far_link) = (bureau.link(&app, near).await, bureau.link(&app, far).await);
        second.get(&far_link).await.assert_ok().assert_lacks("请您去顶岗");
        let call = nearest.get(&near_link).await;
        call.assert_ok().assert_contains("请您去顶岗").assert_contains("大约 6 分钟").assert_contains("06:53");
        let form = call.between_all("action=\"", "\"").find(|action| action.contains("/calls/")).unwrap().to_owned();
        // Somebody else's answer is nobody's.
        second.post(&form.replace(&near_link, &far_link), &[("answer", "yes")]).await.assert_status(404);
        nearest.post(&form, &[("answer", "no")]).await.assert_ok().assert_contains("会叫别人");
        nearest.post(&form, &[("answer", "yes")]).await.assert_status(422).assert_contains("已经答复过了");
        at(&app, "2026-09-01T06:52:00+08:00");
        let call = second.get(&far_link).await;
        let form = call.between_all("action=\"", "\"").find(|action| action.contains("/calls/")).unwrap().to_owned();
        second.post(&form, &[("answer", "yes")]).await.assert_ok().assert_contains("请马上出发").assert_contains("最晚 07:10 到岗");
        // Whoever answers by a link is no resident.
        let audit = app.person(Role::AuditAdmin).of_community(&bureau.community).browser().await.get("/audit").await;
        audit.assert_ok().assert_contains("护学岗人员").assert_lacks("居民");
        let page = chief.get(&format!("/duty-shifts/{shift}")).await;
        page.assert_ok().assert_contains("2 分钟后答应，12 分钟到").assert_contains("0 分钟后说来不了").assert_lacks("叫下一位");

        // On post before the bell, and what was handed over is kept.
        at(&app, "2026-09-01T07:04:00+08:00");
        let table = duty::coverage(&mut app.db.read().await.unwrap(), bureau.community.tenant, &Scope::tenant(), (date("2026-09-01"), date("2026-09-01")), app.means.now()).await.unwrap();
        let there = table.rows.iter().find(|row| row.gate.id == bureau.gate).unwrap();
        assert_eq!(there.kept[0].uncovered, 0);
        let stand_in = there.kept[0].shifts.iter().find(|one| one.stands_for == Some(shift)).unwrap().id;
        let step = format!("{far_link}/shifts/{stand_in}");
        second.post(&step, &[("step", "come"), ("place", "东门岗亭")]).await.assert_ok().assert_contains("签到成功");
        second.post(&step, &[("step", "handover"), ("words", "停车牌在门卫室，电话 13800001111")]).await.assert_status(422).assert_contains("停车牌");
        second.post(&step, &[("step", "handover"), ("words", "停车牌在门卫室")]).await.assert_ok();
        // Whoever was ill cannot come on top of it.
        phone.post(&format!("{own}/shifts/{shift}"), &[("step", "come")]).await.assert_status(422).assert_contains("顶岗");
        at(&app, "2026-09-01T07:10:01+08:00");
        chief.get("/duty").await.assert_ok().assert_contains("在岗").assert_contains("到岗率").assert_contains("33.3%");
        at(&app, "2026-09-01T08:21:00+08:00");
        let chief = bureau.chief(&app).await;
        second.post(&step, &[("step", "leave")]).await.assert_ok().assert_contains("签退成功");
        chief.get(&format!("/duty-shifts/{stand_in}")).await.assert_contains("停车牌在门卫室").assert_contains("东门岗亭");
        assert!(bureau.shift(&app, shift).await.absent_at.is_some());
    }

    async fn whoever_is_late_or_absent_is_seen_at_once_and_the_code_at_the_post_signs_them_in(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let shift = bureau.put(&app, "2026-09-01", bureau.gate, Some(officer)).await.unwrap();
        at(&app, "2026-09-01T07:11:00+08:00");
        let chief = bureau.chief(&app).await;
        chief.get("/duty").await.assert_contains("到点没到");
        chief.get("/today").await.assert_ok().assert_contains("催到岗").assert_contains("田家会小学 · 东门");
        at(&app, "2026-09-01T07:21:00+08:00");
        // What was planned is no longer counted once they have not come.
        chief.get("/duty").await.assert_contains("缺岗，没有来").assert_contains("3 处有空当");
        let gate = duty::gate(&mut app.db.read().await.unwrap(), bureau.community.tenant, bureau.gate).await.unwrap();
        let code = format!("/duty-posts/{}", duty::post_link(bureau.community.tenant, &gate, &app.means.keys));
        // A passer-by learns nothing from the code.
        app.browser().get(&code).await.assert_ok().assert_contains("还不知道您是谁").assert_lacks("东门");
        let phone = app.browser();
        phone.get(&bureau.link(&app, officer).await).await.assert_ok();
        phone.get(&code).await.assert_ok().assert_contains("我到岗了，签到");
        let id = shift.to_string();
        phone.post(&code, &[("shift", id.as_str()), ("way", "come")]).await.assert_ok().assert_contains("您已在岗");
        chief.get("/duty").await.assert_contains("迟到，在岗").assert_contains("0.0%").assert_contains("有 11 分钟没有人");
        chief.get(&format!("/duty-shifts/{shift}")).await.assert_contains("扫岗位码");
        phone.post(&code, &[("shift", id.as_str()), ("way", "leave")]).await.assert_ok().assert_contains("已经签退");
        // Somebody else's shift is not theirs to sign.
        let other = bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(5), false).await;
        let elsewhere = app.browser();
        elsewhere.get(&bureau.link(&app, other).await).await.assert_ok();
        elsewhere.post(&code, &[("shift", id.as_str()), ("way", "come")]).await.assert_status(422).assert_contains("不是您的");
    }

    async fn a_swap_is_agreed_and_then_approved(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let chief = bureau.chief(&app).await;
        let from = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let to = bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(5), false).await;
        let shift = bureau.put(&app, "2026-09-01", bureau.gate, Some(from)).await.unwrap();
        let (mine, theirs) = (bureau.link(&app, from).await, bureau.link(&app, to).await);
        let (asker, asked) = (app.browser(), app.browser());
        let colleague = to.to_string();
        let step = format!("{mine}/shifts/{shift}");
        asker.post(&step, &[("step", "swap"), ("to", "")]).await.assert_status(422).assert_contains("请选择换给谁");
        asker.post(&step, &[("step", "swap"), ("to", colleague.as_str())]).await.assert_ok();
        asker.post(&step, &[("step", "swap"), ("to", colleague.as_str())]).await.assert_status(422).assert_contains("已经在申请换岗");
        chief.get("/today").await.assert_lacks("批换岗");
        let page = asked.get(&theirs).await;
        page.assert_ok().assert_contains("冯志强想和您换岗");
        let form = page.between_all("action=\"", "\"").find(|action| action.contains("/swaps/")).unwrap().to_owned();
        asked.post(&form, &[("answer", "yes")]).await.assert_ok().assert_contains("等值班室批");
        chief.get("/today").await.assert_contains("批换岗");
        let page = chief.get(&format!("/duty-shifts/{shift}")).await;
        let form = page.between_all("action=\"", "\"").find(|action| action.contains("/swaps/")).unwrap().to_owned();
        chief.post(&form, &[("decision", "no"), ("swap_why", "")]).await.assert_status(422).assert_contains("不同意的原因");
        chief.post(&form, &[("decision", "yes"), ("swap_why", "")]).await.assert_ok().assert_contains("已同意换岗");
        assert_eq!(bureau.shift(&app, shift).await.person_id, Some(to));
        asker.get(&mine).await.assert_lacks("东门");
        asked.get(&theirs).await.assert_contains("东门").assert_contains("已确认");
    }

    async fn a_roster_is_made_explained_published_and_mended(app: TestApp) {
        at(&app, "2026-08-25T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let chief = bureau.chief(&app).await;
        let form = [("first", "2026-09-07"), ("last", "2026-09-11"), ("seed", "1")];
        chief.post("/duty-rosters", &form).await.assert_status(422).assert_contains("人员名单还是空的");
        for name in ["冯志强", "高瑞芹", "薛改珍"] {
            bureau.person(&app, name, PersonKind::Officer, Some(5), false).await;
        }
        let unknown = [("first", "2026-12-30"), ("last", "2027-01-05"), ("seed", "1")];
        chief.post("/duty-rosters", &unknown).await.assert_status(422).assert_contains("以后的学期还没有登记");
        let page = chief.post("/duty-rosters", &form).await;
        // Two posts a day are filled; nobody knows the way to the school of the other station.
        page.assert_ok().assert_contains("草稿").assert_contains("城北中学").assert_contains("没有填到这所学校要几分钟").assert_contains("已经证明");
        let again = chief.post("/duty-rosters", &form).await;
        let people = |page: &crate::support::Page| page.between_all("</b></a> ", "<span class=\"quiet\">").map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(people(&page).len(), 10, "{}", page.body);
        assert_eq!(people(&page), people(&again), "the same seed gives the same roster");
        let version = page.input("version");
        let publication = format!("{}/publication", page.url);
        let asked = chief.post(&publication, &[("version", version.as_str())]).await;
        asked.assert_status(422).assert_contains("5 个位置没有人");
        let cautions = asked.input("cautions");
        // A draft binds nobody.
        chief.get("/duty?day=2026-09-07").await.assert_contains("3 处有空当");
        let ticked = [("version", version.as_str()), ("cautions", cautions.as_str()), ("in_spite", "yes")];
        chief.post(&publication, &ticked).await.assert_ok().assert_contains("没有人 70 分");
        chief.get("/duty?day=2026-09-07").await.assert_contains("1 处有空当");
        // The other draft would put the same people down twice.
        let stale = format!("{}/publication", again.url);
        chief.post(&stale, &[("version", "1"), ("in_spite", "yes")]).await.assert_status(422).assert_contains("再排一次");
        chief.post(&format!("{}/removal", again.url), &[]).await.assert_ok().assert_contains("草稿已放弃");

        // Somebody cannot come for a day: one shift changes hands, and a pinned one would not.
        let scope = Scope::tenant();
        let tenant = bureau.community.tenant;
        let mut tx = app.db.read().await.unwrap();
        let monday = duty::shifts(&mut tx, tenant, &scope, ("2026-09-07", "2026-09-07")).await.unwrap();
        assert_eq!(monday.len(), 2);
        let absent = monday[0].person_id.unwrap();
        drop(tx);
        let mending = format!("/duty-people/{absent}/mending");
        let page = chief.get(&format!("{mending}?first=2026-09-07&last=2026-09-07")).await;
        page.assert_ok().assert_contains("要改 1 处");
        let changes = page.input("changes");
        let period = [("first", "2026-09-07"), ("last", "2026-09-07")];
        chief.post(&mending, &[&period[..], &[("changes", "别的")]].concat()).await.assert_status(422).assert_contains("请再看一遍");
        chief.post(&mending, &[&period[..], &[("changes", changes.as_str())]].concat()).await.assert_ok().assert_contains("已重新安排");
        let mut tx = app.db.read().await.unwrap();
        let after = duty::shifts(&mut tx, tenant, &scope, ("2026-09-07", "2026-09-07")).await.unwrap();
        assert!(after.iter().all(|shift| shift.person_id.is_some() && shift.person_id != Some(absent)));
        let kept = monday.iter().find(|shift| shift.person_id != Some(absent)).unwrap();
        assert!(after.iter().any(|shift| shift.id == kept.id && shift.person_id == kept.person_id));
    }

    async fn nobody_else_sees_how_strong_the_police_are(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let shift = bureau.put(&app, "2026-09-01", bureau.gate, Some(officer)).await.unwrap();
        // A community has nothing to do with it.
        app.person(Role::Secretary).browser().await.get("/duty").await.assert_status(403);
        let elsewhere = app.person(Role::DutyChief).browser().await;
        for path in [format!("/duty-shifts/{shift}"), format!("/duty-schools/{}", bureau.schools[0]), format!("/duty-people/{officer}")] {
            elsewhere.get(&path).await.assert_status(404);
        }
        // A station reaches its schools, and the patrol unit those that it covers.
        let of = async |unit| app.person(Role::DutyChief).of_community(&bureau.community).of_organisation(unit).reaching(Reach::Organisation, unit).browser().await;
        let (first, second, patrol) = (of(bureau.stations[0]).await, of(bureau.stations[1]).await, of(bureau.patrol).await);
        first.get("/duty?day=2026-09-01").await.assert_contains("田家会小学").assert_lacks("城北中学");
        second.get("/duty?day=2026-09-01").await.assert_contains("城北中学").assert_lacks("田家会小学");
        patrol.get("/duty?day=2026-09-01").await.assert_contains("田家会小学").assert_lacks("城北中学");
        second.get(&format!("/duty-shifts/{shift}")).await.assert_status(404);
        second.get(&format!("/duty-people/{officer}")).await.assert_status(404);
        second.post(&format!("/duty-shifts/{shift}/absence"), &[("absent_why", "生病")]).await.assert_status(404);
        // Only the bureau says when all schools have a day off.
        first.post("/duty-days", &[("day", "2026-09-02"), ("kind", "off")]).await.assert_status(422).assert_contains("请选择学校");

        // The school sees that somebody is there, and a number.
        let chief = bureau.chief(&app).await;
        let page = chief.post(&format!("/duty-schools/{}/link", bureau.schools[0]), &[]).await;
        let address = page.between_all("id=\"own-link\">", "<").next().unwrap().to_owned();
        let path = format!("/duty-watch/{}", address.rsplit('/').next().unwrap());
        let school = app.browser();
        at(&app, "2026-09-01T07:00:00+08:00");
        school.get(&path).await.assert_ok().assert_contains("现在没有人在岗").assert_contains("0358-0000110");
        let chief = bureau.chief(&app).await; // the session of the day before has ended
        let phone = app.browser();
        let own = bureau.link(&app, officer).await;
        phone.post(&format!("{own}/shifts/{shift}"), &[("step", "come")]).await.assert_ok();
        school.get(&path).await.assert_contains("护学岗已到岗").assert_lacks("冯志强").assert_lacks("07:10");
        chief.post(&format!("/duty-schools/{}/link", bureau.schools[0]), &[]).await.assert_ok();
        school.get(&path).await.assert_status(404);
        // A link that was given anew makes the old one void.
        chief.post(&format!("/duty-people/{officer}/link"), &[]).await.assert_ok();
        phone.get(&own).await.assert_status(404);

        // What is offered for an account follows the kind of the tenant.
        let security = app.person(Role::SecurityAdmin).of_community(&bureau.community).browser().await;
        security.get("/accounts/new").await.assert_ok().assert_contains("护学岗勤务负责人").assert_lacks("value=\"grid_worker\"");
        app.person(Role::SecurityAdmin).browser().await.get("/accounts/new").await.assert_contains("value=\"grid_worker\"").assert_lacks("value=\"duty_chief\"");
    }

    async fn which_fixings_are_asked_for_is_a_setting(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let officer = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let shift = bureau.put(&app, "2026-09-01", bureau.gate, Some(officer)).await.unwrap();
        let five = serde_json::json!({
            "fix_school": "required", "fix_point": "required", "fix_person": "required",
            "fix_post": "required", "fix_time": "required", "fix_duty": "not_required",
        });
        let mut tx = app.db.begin().await.unwrap();
        doorstep::settings::set(&mut tx, &bureau.act(&app), "duty.fixings", date("2026-08-31"), &five, "西峰的五定").await.unwrap();
        tx.commit().await.unwrap();
        let chief = bureau.chief(&app).await;
        let page = chief.get(&format!("/duty-shifts/{shift}")).await;
        page.assert_ok().assert_contains("五定齐全").assert_contains("✓ 定校").assert_contains("✓ 定点").assert_lacks("✓ 定责");
    }

    async fn what_is_pinned_stays_when_somebody_else_cannot_come(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let absent = bureau.person(&app, "冯志强", PersonKind::Officer, Some(5), false).await;
        let pinned = bureau.person(&app, "高瑞芹", PersonKind::Officer, Some(5), false).await;
        bureau.put(&app, "2026-09-01", bureau.gate, Some(absent)).await.unwrap();
        let other = bureau.put(&app, "2026-09-01", bureau.crossing, Some(pinned)).await.unwrap();
        let chief = bureau.chief(&app).await;
        let version = chief.get(&format!("/duty-shifts/{other}")).await.input("version");
        let who = pinned.to_string();
        let form = [("version", version.as_str()), ("person", who.as_str()), ("duty", "看护"), ("from", "07:10"), ("to", "08:20"), ("pinned", "yes")];
        chief.post(&format!("/duty-shifts/{other}/particulars"), &form).await.assert_ok();
        // Nobody is left for the gate, and the crossing is not emptied for it.
        let mut tx = app.db.read().await.unwrap();
        let day = (date("2026-09-01"), date("2026-09-01"));
        let changes = duty::mend(&mut tx, &bureau.act(&app), &Scope::tenant(), absent, day).await.unwrap();
        assert_eq!(changes.len(), 1);
        assert_eq!((changes[0].need.gate, changes[0].after()), (bureau.gate, "没有人能站"));
    }

    async fn a_special_day_of_one_school_is_not_that_of_another(app: TestApp) {
        at(&app, "2026-08-31T09:00:00+08:00");
        let bureau = bureau(&app).await;
        let mut tx = app.db.begin().await.unwrap();
        let act = bureau.act(&app);
        duty::set_day(&mut tx, &act, Some(bureau.schools[1]), date("2026-09-01"), DayKind::Off, "装修").await.unwrap();
        tx.commit().await.unwrap();
        let day = (date("2026-09-01"), date("2026-09-01"));
        let mut tx = app.db.read().await.unwrap();
        let table = duty::coverage(&mut tx, bureau.community.tenant, &Scope::tenant(), day, app.means.now()).await.unwrap();
        let gates: Vec<Uuid> = table.rows.iter().map(|row| row.gate.id).collect();
        assert_eq!(gates, [bureau.gate, bureau.crossing]);
    }
}
