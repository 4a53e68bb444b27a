//! What goes out of the ledger: the workbook for 志愿服务信息系统, honours, and figures that everybody reads.

use std::collections::BTreeMap;
use std::io::Cursor;

use calamine::{Data, Reader, Xlsx, open_workbook_from_rs};
use doorstep::access::Role;
use doorstep::volunteer::{self, Field, Kind, Own, Post, Span, Target};
use jiff::SignedDuration;
use uuid::Uuid;

use crate::stories::cast::estate;
use crate::support::TestApp;
use crate::support::office::{saved_by_libreoffice, words};
use crate::volunteer::{at, team, volunteer as joined};
use crate::volunteer_activity::{plan, planned, sign_up};
use crate::volunteer_hours::{approve, approve_shown, book, correct, ledger, object, span, staff, submit};

const IDENTITY: &str = "141199199003070013";

/// The rows of each worksheet as text, the heading first.
fn sheets(file: Vec<u8>) -> BTreeMap<String, Vec<Vec<String>>> {
    let mut book: Xlsx<_> = open_workbook_from_rs(Cursor::new(file)).unwrap();
    let text = |cell: &Data| match cell {
        Data::String(text) => text.clone(),
        Data::Empty => String::new(),
        other => panic!("kept as text: {other:?}"),
    };
    let names = book.sheet_names().clone();
    let rows = |book: &mut Xlsx<_>, name: &str| {
        book.worksheet_range(name).unwrap().rows().map(|row| row.iter().map(text).collect()).collect()
    };
    names.into_iter().map(|name| (name.clone(), rows(&mut book, &name))).collect()
}

/// The value of a row under a heading.
fn cell<'a>(sheet: &'a [Vec<String>], row: usize, heading: &str) -> &'a str {
    let at = sheet[0].iter().position(|name| name == heading).unwrap_or_else(|| panic!("{heading}: {:?}", sheet[0]));
    &sheet[row][at]
}

async fn know(app: &TestApp, person: Uuid, fields: &[(Field, &str)]) {
    let mut tx = app.db.begin().await.unwrap();
    let before = volunteer::card(&mut tx, &app.act(), person).await.unwrap();
    let mut now = before.clone();
    now.values.extend(fields.iter().map(|(field, value)| (*field, (*value).to_owned())));
    volunteer::change(&mut tx, &app.act(), &before, &now, "").await.unwrap();
    tx.commit().await.unwrap();
}

/// Training of somebody that is in the ledger six days later.
async fn learnt(app: &TestApp, person: Uuid, team: Uuid, span: Span) {
    let (first, second) = (staff(app).await, staff(app).await);
    app.means.clock.set(span.ends_at);
    let own = Own { team, kind: Kind::Training, title: "急救培训", span, breaks: 0 };
    let mut tx = app.db.begin().await.unwrap();
    let id = volunteer::submit_hours(&mut tx, &app.act(), person, &own).await.unwrap();
    tx.commit().await.unwrap();
    crate::volunteer_hours::confirm(app, first.act(), id).await.unwrap();
    approve(app, second.act(), id, None).await.unwrap();
    app.means.clock.set(span.ends_at + SignedDuration::from_hours(24 * 7));
}

db_test! {
    async fn the_ledger_goes_out_masked_and_whole_once_somebody_else_has_approved(app: TestApp) {
        at(&app, "2026-11-02T09:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[place.estate], &[Target::Elderly, Target::Alone]).await;
        let (leader, _) = joined(&app, "高月英", team, Post::Leader).await;
        let (person, own) = joined(&app, "刘建军", team, Post::Member).await;
        know(&app, person, &[(Field::Identity, IDENTITY), (Field::National, "00142019900307"), (Field::Skills, "量血压")]).await;
        // By hand: 200 and 61 minutes of service, 90 of training, and two hours that are not booked or lie before.
        book(&app, person, team, span("2026-10-20T08:00:00+08:00", "2026-10-20T10:00:00+08:00")).await;
        book(&app, person, team, span("2026-11-03T08:00:00+08:00", "2026-11-03T11:20:00+08:00")).await;
        learnt(&app, person, team, span("2026-11-12T14:00:00+08:00", "2026-11-12T15:30:00+08:00")).await;
        book(&app, leader, team, span("2026-11-20T23:00:00+08:00", "2026-11-21T00:01:00+08:00")).await;
        submit(&app, person, team, span("2026-11-26T08:00:00+08:00", "2026-11-26T09:00:00+08:00"), 0).await.unwrap();

        let clerk = app.person(Role::Staff).named("郭丽萍").browser().await;
        let secretary = app.person(Role::Secretary).named("王娟枫").browser().await;
        let given = [("honour", "优秀志愿者"), ("given_by", "北川河社区"), ("honoured_on", "2026-11-20")];
        clerk.post(&format!("/volunteers/{person}/honours"), &given).await.assert_ok().assert_contains("已登记表彰");

        clerk.get("/volunteers").await.assert_contains("/volunteer-exports");
        let shown = clerk.get("/volunteer-exports?from=2026-11-01&until=2026-11-30").await;
        shown.assert_ok().assert_contains("2026年11月1日至2026年11月30日").assert_contains("2 人").assert_contains("3 条");
        clerk.get("/volunteer-exports").await.assert_ok().assert_contains("2026年1月1日至").assert_contains("4 条");
        clerk.get("/volunteer-exports?from=2026-11-30&until=2026-11-01").await.assert_status(422).assert_contains("以前").assert_contains("2026-11-30");
        clerk.get("/volunteer-exports?from=x").await.assert_status(422).assert_contains("请选择从哪天");
        let days = [("from", "2026-11-01"), ("until", "2026-11-30")];
        let file = clerk.download_by_form("/volunteer-exports/workbook", &days).await;
        let masked = sheets(file);
        assert_eq!(masked.keys().map(String::as_str).collect::<Vec<_>>(), ["培训记录", "志愿者", "服务记录", "表彰奖励"]);
        let all = format!("{masked:?}");
        assert!(!all.contains(IDENTITY) && !all.contains("刘建军") && !all.contains("高月英") && !all.contains("13800001234"), "{all}");
        assert!(all.contains("刘*军") && all.contains("138****1234") && all.contains("郭丽萍") && all.contains("号码已打码"), "{all}");
        assert!(all.contains("00142019900307"), "the number in the national system stands for whoever must not be named");

        // Whole: asked for, not approved by whoever asked, taken once.
        clerk.post("/volunteer-exports", &[days[0], days[1], ("reason", "报送")]).await.assert_status(422).assert_contains("至少要 5 个字").assert_contains("报送");
        app.person(Role::BranchSecretary).browser().await.post("/volunteer-exports", &days).await.assert_status(403);
        let asked = [days[0], days[1], ("reason", "报志愿服务信息系统，月底销毁")];
        clerk.post("/volunteer-exports", &asked).await.assert_ok().assert_contains("志愿服务记录 2026年11月1日至2026年11月30日");
        let waits = secretary.get("/residents/exports").await;
        let request = waits.between_all("action=\"/residents/exports/", "/decision").next().unwrap().to_owned();
        let take = format!("/volunteer-exports/{request}/workbook");
        clerk.post(&take, &[]).await.assert_status(422).assert_contains("没有批准");
        clerk.post(&format!("/residents/exports/{request}/decision"), &[("decision", "approve")]).await.assert_status(403);
        secretary.post(&format!("/residents/exports/{request}/decision"), &[("decision", "approve")]).await.assert_ok();
        clerk.get("/residents/exports").await.assert_contains(&format!("action=\"{take}\""));
        clerk.post(&format!("/residents/exports/{request}/workbook"), &[]).await.assert_status(404);
        secretary.post(&take, &[]).await.assert_status(404);
        let file = clerk.download_by_form(&take, &[]).await;
        clerk.post(&take, &[]).await.assert_status(422).assert_contains("已经领过");

        // Another program opens it and finds each figure and each number as it was kept.
        let office = saved_by_libreoffice("whole.xlsx", &file, "xlsx", "xlsx:Calc MS Excel 2007 XML");
        for whole in [sheets(file), sheets(office)] {
            let people = &whole["志愿者"];
            let row = people.iter().position(|row| row.contains(&"刘建军".to_owned())).unwrap();
            for (heading, value) in [
                ("志愿者编号", "00142019900307"), ("性别", "男"), ("证件类型", "居民身份证"), ("证件号码", IDENTITY), ("联系电话", "13800001234"),
                ("专业技能", "量血压"), ("所属服务队", "雷锋大妈志愿服务队"), ("本期时长(小时)", "3.33"), ("累计时长(小时)", "5.33"), ("星级", ""),
            ] {
                assert_eq!(cell(people, row, heading), value, "{heading}");
            }
            let served = &whole["服务记录"];
            assert_eq!(served.iter().filter(|row| row.iter().any(|cell| cell == "陪独居老人看病")).count(), 2);
            for (heading, value) in [
                ("姓名", "刘建军"), ("证件号码", IDENTITY), ("活动(项目)名称", "陪独居老人看病"), ("日期", "2026-11-03"), ("开始", "08:00"), ("结束", "11:20"),
                ("服务对象", "老年人、独居老人"), ("服务内容", "陪独居老人看病"), ("服务时间(小时)", "3.33"), ("活动负责人", "高月英"), ("质量评价", ""),
            ] {
                assert_eq!(cell(served, 1, heading), value, "{heading}");
            }
            assert_eq!((cell(served, 2, "日期"), cell(served, 2, "服务时间(小时)")), ("2026-11-20", "1.01"));
            let learnt = &whole["培训记录"];
            assert_eq!((cell(learnt, 1, "培训内容"), cell(learnt, 1, "学时(小时)")), ("急救培训", "1.50"));
            let honours = &whole["表彰奖励"];
            assert_eq!((cell(honours, 1, "表彰名称"), cell(honours, 1, "授予单位")), ("优秀志愿者", "北川河社区"));
            assert!(format!("{whole:?}").contains("号码完整，用完请销毁"));
        }
        // The 志愿者花名册 has them too.
        let roster = sheets(clerk.download("/volunteers/roster.xlsx").await);
        let roster = &roster["志愿者花名册"];
        let row = roster.iter().position(|row| row.contains(&"刘*军".to_owned())).unwrap();
        assert_eq!(cell(roster, row, "累计时长(小时)"), "5.33");
        app.browser().get(&own).await.assert_contains("优秀志愿者");
    }

    async fn names_stand_on_the_board_of_those_who_agree_and_figures_of_all(app: TestApp) {
        at(&app, "2026-11-02T09:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[place.estate], &[Target::Alone]).await;
        let (person, own) = joined(&app, "刘建军", team, Post::Member).await;
        let (other, _) = joined(&app, "王秀兰", team, Post::Member).await;
        let desk = app.person(Role::Staff).browser().await;
        let board = format!("/board/{}/honours", app.home.code);
        let honour = [("honour", "优秀志愿者"), ("given_by", "北川河社区"), ("honoured_on", "2026-11-01")];
        desk.post(&format!("/volunteers/{person}/honours"), &[honour[0], honour[1], ("honoured_on", "2026-11-03")]).await.assert_status(422).assert_contains("这一天还没有到").assert_contains("优秀志愿者");
        desk.post(&format!("/volunteers/{person}/honours"), &[honour[0], ("given_by", ""), honour[2]]).await.assert_status(422).assert_contains("授予单位");
        for person in [person, other] {
            desk.post(&format!("/volunteers/{person}/honours"), &honour).await.assert_ok();
        }
        desk.get("/volunteer-honours").await.assert_ok().assert_contains("刘建军").assert_contains("王秀兰").assert_contains("北川河社区");
        app.browser().get(&board).await.assert_ok().assert_lacks("刘建军").assert_lacks("王秀兰").assert_lacks("优秀志愿者");

        let phone = app.browser();
        phone.get(&own).await.assert_contains("光荣榜").assert_contains("优秀志愿者");
        phone.post(&format!("{own}/honours"), &[("agrees", "maybe")]).await.assert_status(422);
        phone.post(&format!("{own}/honours"), &[("agrees", "yes")]).await.assert_ok().assert_contains("您同意写上光荣榜");
        // Whoever has agreed and has nothing yet is not put there with nothing.
        let (_, newcomer) = joined(&app, "赵新来", team, Post::Member).await;
        app.browser().post(&format!("{newcomer}/honours"), &[("agrees", "yes")]).await.assert_ok().assert_contains("您同意写上光荣榜");
        app.browser().get(&board).await.assert_contains("刘建军").assert_contains("优秀志愿者").assert_lacks("王秀兰").assert_lacks("赵新来");
        phone.post(&format!("{own}/honours"), &[("agrees", "no")]).await.assert_ok();
        app.browser().get(&board).await.assert_lacks("刘建军");
        phone.post(&format!("{own}/honours"), &[("agrees", "yes")]).await.assert_ok();

        // One activity of two people, and what somebody entered: by hand 1 time, 3 persons, 165 + 150 + 60 minutes.
        let id = planned(&app, team, &plan("2026-11-03T08:00:00+08:00", 6)).await;
        for person in [person, other] {
            sign_up(&app, id, person).await.unwrap();
        }
        at(&app, "2026-11-03T12:00:00+08:00");
        let (first, second) = (staff(&app).await, staff(&app).await);
        let known = crate::volunteer_activity::get(&app, id).await;
        for (person, minutes) in [(person, 165), (other, 150)] {
            let mut tx = app.db.begin().await.unwrap();
            let down = volunteer::sign_up_of(&mut tx, app.home.tenant, id, person).await.unwrap().unwrap();
            let there = Span { starts_at: known.starts_at, ends_at: known.starts_at + SignedDuration::from_mins(minutes) };
            volunteer::claim(&mut tx, &app.act(), &known, &down, there, "手机没电").await.unwrap();
            volunteer::decide(&mut tx, &app.act(), &known, down.id, None, (there, true)).await.unwrap();
            tx.commit().await.unwrap();
        }
        let mut tx = app.db.begin().await.unwrap();
        let was = [person, other].map(|volunteer| volunteer::Was { volunteer, left_at: None });
        assert_eq!(volunteer::confirm_activity(&mut tx, &first.act(), &known, None, &was, 0).await.unwrap().0, 2);
        tx.commit().await.unwrap();
        let secretary = app.person(Role::Secretary).browser().await;
        let shown = secretary.get(&format!("/activities/{id}")).await;
        approve_shown(&secretary, id, &shown).await.assert_ok();
        let alone = submit(&app, other, team, span("2026-11-03T05:00:00+08:00", "2026-11-03T06:00:00+08:00"), 0).await.unwrap();
        crate::volunteer_hours::confirm(&app, first.act(), alone).await.unwrap();
        approve(&app, second.act(), alone, None).await.unwrap();
        app.browser().get(&board).await.assert_contains("0 场").assert_contains("0 人次");
        at(&app, "2026-11-09T09:00:00+08:00");
        app.browser().get(&board).await.assert_contains("1 场").assert_contains("3 人次").assert_contains("6 小时 15 分").assert_contains("服务 2 小时 45 分").assert_contains("雷锋大妈志愿服务队");

        // The report says the same, as a page, a workbook and on paper; what is objected to or corrected is not in it until it is booked again.
        let desk = app.person(Role::Staff).browser().await;
        let asked = "from=2026-11-01&to=2026-11-30";
        let page = desk.get(&format!("/reports/topics/volunteering?{asked}")).await;
        page.assert_ok().assert_contains("6 小时 15 分").assert_contains("人次");
        let file = desk.download_by_form(&format!("/reports/topics/volunteering/workbooks?{asked}"), &[]).await;
        let office = saved_by_libreoffice("figures.xlsx", &file, "csv", "csv:Text - txt - csv (StarCalc):44,34,76");
        let office = String::from_utf8(office).unwrap();
        assert!(office.contains("雷锋大妈志愿服务队,整个社区,1,3,6.25,0.00"), "{office}");
        let paper = words(&desk.download_by_form(&format!("/reports/topics/volunteering/papers?{asked}"), &[]).await);
        assert!(paper.contains("场次 1") && paper.contains("人次 3") && paper.contains("服务分钟 375") && paper.contains("表彰奖励 2"), "{paper}");
        desk.get("/reports/topics/volunteering?from=2026-10-01&to=2026-10-31").await.assert_ok().assert_lacks("雷锋大妈志愿服务队");
        let of_activity = ledger(&app, person).await.remove(0).id;
        let there = Span { starts_at: known.starts_at, ends_at: known.starts_at + SignedDuration::from_mins(100) };
        correct(&app, first.act(), of_activity, there, 0).await.unwrap();
        app.browser().get(&board).await.assert_contains("2 人次").assert_contains("3 小时 30 分");
        approve(&app, second.act(), of_activity, None).await.unwrap();
        object(&app, person, of_activity).await.unwrap();
        at(&app, "2026-11-20T09:00:00+08:00");
        app.browser().get(&board).await.assert_contains("2 人次");

        // Whoever leaves stands there no more, and what they were honoured with goes with them.
        phone.post(&format!("{own}/departure"), &[]).await.assert_ok();
        app.browser().get(&board).await.assert_lacks("刘建军");
        phone.post(&format!("{own}/erasure"), &[]).await.assert_ok();
        let desk = app.person(Role::Staff).browser().await;
        desk.get("/volunteer-honours").await.assert_lacks("刘建军").assert_contains("王秀兰");
        let shown = desk.get(&format!("/volunteers/{other}")).await;
        let removal = shown.between_all("/honours/", "/removal").next().unwrap().to_owned();
        desk.post(&format!("/volunteers/{other}/honours/{removal}/removal"), &[]).await.assert_ok();
        desk.post(&format!("/volunteers/{other}/honours/{removal}/removal"), &[]).await.assert_status(404);
        desk.get("/volunteer-honours").await.assert_lacks("优秀志愿者");
    }

    /// Everybody sees which team serves whom where, whom nobody serves, and whom to call.
    async fn the_grid_of_the_teams_is_on_the_board(app: TestApp) {
        at(&app, "2026-11-02T09:00:00+08:00");
        let place = estate(&app).await;
        let first = team(&app, "雷锋大妈志愿服务队", &[place.estate], &[Target::Elderly, Target::Alone]).await;
        team(&app, "扶危济困志愿服务队", &[place.estate], &[Target::Needy]).await;
        let (_, own) = joined(&app, "高月英", first, Post::Leader).await;
        app.browser().post(&format!("{own}/contact"), &[("agrees", "yes")]).await.assert_ok();
        let board = app.browser().get(&format!("/board/{}/teams", app.home.code)).await;
        board.assert_ok().assert_contains("志愿服务组织网格").assert_contains("王府名苑小区：还没有队服务残疾人、儿童青少年");
        board.assert_contains(&format!("<a href=\"#team-{first}\">雷锋大妈志愿服务队</a>")).assert_contains(&format!("id=\"team-{first}\""));
        assert_eq!(board.body.matches("<span class=\"tag soon\">没有队</span>").count(), 2);
        board.assert_contains("tel:13800001234").assert_contains("还没有公开联系人");
    }
}
