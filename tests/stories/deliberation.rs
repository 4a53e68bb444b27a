//! 说事议事: from an issue that waits to a resolution that somebody has to carry out, and what comes back next time.

use jiff::SignedDuration;

use super::cast::{self, Estate, People, estate, issue_id, report, step};
use crate::support::{Browser, Page, TestApp};

/// An issue that has been taken on and given to nobody yet; its id.
async fn waiting_issue(people: &People, place: &Estate) -> String {
    report(&people.resident, place).await;
    let id = issue_id(&people.staff).await;
    let grading = [("summary", "地下车位不够用"), ("category", "parking"), ("tier", "ordinary"), ("remedy", "self")];
    step(&people.staff, &id, "acceptance", &grading).await.assert_ok().assert_contains("已受理");
    id
}

/// Plans a meeting on the form, with what it proposes for the agenda or not. Gives the meeting's path.
async fn plan(people: &People, place: &Estate, day: &str, items: &[&str], topics: &str) -> String {
    let estate = place.estate.to_string();
    let mut fields = vec![
        ("estate", estate.as_str()),
        ("day", day),
        ("time", "09:00"),
        ("place", "小区党群服务站"),
        ("host", "冯环英"),
        ("topics", topics),
    ];
    fields.extend(items.iter().map(|item| ("item", *item)));
    let page = people.branch.post("/meetings", &fields).await;
    page.assert_ok().assert_contains("会议已建好");
    page.url.clone()
}

/// Does something with the meeting as its page shows it.
async fn act(browser: &Browser, meeting: &str, what: &str, fields: &[(&str, &str)]) -> Page {
    let version = browser.get(meeting).await.input("version");
    let fields = [&[("version", version.as_str())], fields].concat();
    browser.post(&format!("{meeting}/{what}"), &fields).await
}

async fn announce(people: &People, meeting: &str) -> Page {
    act(&people.branch, meeting, "notice", &[("notice", "【说事议事会】欢迎大家来说、来议。")]).await
}

async fn sign_in_people(people: &People, meeting: &str, names: &[&str]) {
    for name in names {
        let fields = [("name", *name), ("side", "resident")];
        people.branch.post(&format!("{meeting}/attendances"), &fields).await.assert_ok().assert_contains(name);
    }
}

/// The address of the form on which the first undecided item is written down.
async fn first_item(people: &People, meeting: &str) -> String {
    people.branch.get(meeting).await.link_called("记结果")
}

fn vote<'a>(yes: &'a str, no: &'a str, owner: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("decision", "vote"),
        ("discussion", "老王说晚上车位最紧张"),
        ("yes", yes),
        ("no", no),
        ("abstain", "0"),
        ("resolution", "地面画三十个车位，先到先停"),
        ("organisation", owner),
        ("due", "2026-12-31"),
    ]
}

fn pass(app: &TestApp, hours: i64) {
    app.means.clock.set(app.means.now() + SignedDuration::from_hours(hours));
}

db_test! {
    async fn an_issue_is_talked_over_and_given_to_somebody(app: TestApp) {
        let place = estate(&app).await;
        let people = cast::people(&app, &place).await;
        let code = report(&people.resident, &place).await;
        let id = issue_id(&people.staff).await;
        let grading =
            [("summary", "地下车位不够用"), ("category", "parking"), ("tier", "ordinary"), ("remedy", "self")];
        step(&people.staff, &id, "acceptance", &grading).await.assert_ok();

        // The form proposes what waits. One topic of the branch's own is added.
        people.branch.get("/meetings/new").await.assert_ok().assert_contains("地下车位不够用").assert_contains("待派单");
        let meeting = plan(&people, &place, "2026-11-28", &[&format!("issue:{id}")], "电梯双电源").await;
        people.branch.get(&meeting).await.assert_contains("地下车位不够用").assert_contains("电梯双电源");
        let public = format!("/board/{}{meeting}", app.home.code);
        people.resident.get(&public).await.assert_status(404); // nobody hears of what is not announced

        announce(&people, &meeting).await.assert_ok().assert_contains("已登在小区公示栏");
        let board = format!("/board/{}/estates/{}", app.home.code, place.estate);
        people.resident.get(&board).await.assert_contains("说事议事会");
        people.resident.get(&format!("/receipts/{code}")).await.assert_contains("列入议题并公示");

        // Residents enrol and leave an opinion; a phone number in it is turned back.
        let enrolled = [("name", "刘大爷"), ("phone", "13800001111"), ("side", "resident")];
        let thanks = people.resident.post(&format!("{public}/enrolments"), &enrolled).await;
        thanks.assert_ok().assert_contains("报名收到了").assert_lacks("刘大爷");
        people.resident.post(&format!("{public}/enrolments"), &enrolled).await.assert_ok();
        people.resident.get(&public).await.assert_contains("1 人报名");
        let opinion = |text| vec![("text", text)];
        people.resident.post(&format!("{public}/opinions"), &opinion("打 13800001111")).await.assert_status(422);
        people.resident.post(&format!("{public}/opinions"), &opinion("希望先照顾老人")).await.assert_ok();
        people.branch.get(&meeting).await.assert_contains("刘大爷").assert_contains("希望先照顾老人");
        people.resident.get(&public).await.assert_lacks("希望先照顾老人");

        // On the day people sign in by the code on the wall; who had enrolled is not counted twice.
        let link = doorstep::access::Link::signed(
            app.home.tenant, meeting.rsplit('/').next().unwrap().parse().unwrap(), "meeting sign-in", &app.means.keys);
        let wall = format!("/sign-in/{link}");
        people.resident.post(&wall, &enrolled).await.assert_status(422); // five days before
        pass(&app, 5 * 24);
        let people = cast::people(&app, &place).await; // everybody signs in anew
        people.branch.get(&format!("{meeting}/poster")).await.assert_ok().assert_contains("<svg");
        people.branch.get(&format!("{meeting}/sheet")).await.assert_ok().assert_contains("会议签到表");
        people.resident.post(&wall, &enrolled).await.assert_ok().assert_contains("签到成功");
        act(&people.branch, &meeting, "session", &[]).await.assert_ok();

        // Two are too few to vote; what was written down is not lost.
        sign_in_people(&people, &meeting, &["高瑞芹"]).await;
        let company = place.company.to_string();
        let item = first_item(&people, &meeting).await;
        let few = people.branch.post(&item, &vote("2", "0", &company)).await;
        few.assert_status(422).assert_contains("不够 3 人").assert_contains("地面画三十个车位");
        sign_in_people(&people, &meeting, &["张锦荣", "老王"]).await;
        people.branch.post(&item, &vote("4", "1", &company)).await.assert_status(422).assert_contains("还多");
        people.branch.post(&item, &vote("3", "1", &company)).await.assert_ok().assert_contains("形成决议");
        people.branch.post(&item, &vote("4", "0", &company)).await.assert_status(409);

        // What was tapped wrongly is written down anew, until the meeting ends; nobody outside sees a result before.
        let seen = people.branch.get(&item).await.input("seen");
        let right = [&vote("4", "0", &company)[..], &[("seen", seen.as_str())]].concat();
        people.branch.post(&item, &right).await.assert_ok().assert_contains("赞成 4，反对 0");
        people.resident.get(&public).await.assert_lacks("形成决议");
        people.resident.get(&format!("/receipts/{code}")).await.assert_lacks("派给安心物业");

        // Then the resolution is the dispatch, with the day that was agreed on, and what was not talked about comes back.
        act(&people.branch, &meeting, "end", &[("remarks", "")]).await.assert_ok().assert_contains("已散会");
        people.resident.get(&public).await.assert_contains("形成决议");
        people.manager.get(&format!("/issues/{id}")).await.assert_ok().assert_contains("地面画三十个车位");
        let receipt = people.resident.get(&format!("/receipts/{code}")).await;
        receipt.assert_contains("赞成 4，反对 0").assert_contains("派给安心物业").assert_contains("2026年12月31日");
        receipt.assert_lacks("缺会前公示");

        people.resident.get(&board).await.assert_contains("结果");
        people.branch.get(&format!("{meeting}/minutes")).await.assert_ok().assert_contains("老王说晚上车位最紧张");
        people.branch.get("/meetings/new").await.assert_contains("电梯双电源").assert_contains("上次没有议成");
    }

    async fn a_resolution_that_is_not_carried_out_returns(app: TestApp) {
        let place = estate(&app).await;
        let people = cast::people(&app, &place).await;
        let id = waiting_issue(&people, &place).await;
        let meeting = plan(&people, &place, "2026-11-23", &[&format!("issue:{id}")], "").await;
        // Written down without a notice: the receipt shows what is missing.
        act(&people.branch, &meeting, "session", &[]).await.assert_ok();
        sign_in_people(&people, &meeting, &["高瑞芹", "张锦荣", "刘大爷"]).await;
        let item = first_item(&people, &meeting).await;
        people.branch.post(&item, &vote("3", "0", &place.company.to_string())).await.assert_ok();
        act(&people.branch, &meeting, "end", &[("remarks", "")]).await.assert_ok();
        people.staff.get(&format!("/issues/{id}")).await.assert_contains("缺会前公示");
        people.branch.get("/meetings/new").await.assert_lacks("还没办完");
        pass(&app, 40 * 24);
        let people = cast::people(&app, &place).await;
        let offered = people.branch.get("/meetings/new").await;
        offered.assert_contains("上次的决议还没办完").assert_contains("checked");
        // Once it stands on another agenda it is not offered again.
        let item = offered.body.split("value=\"item:").nth(1).unwrap().split('"').next().unwrap().to_owned();
        plan(&people, &place, "2027-01-10", &[&format!("item:{item}")], "").await;
        people.branch.get("/meetings/new").await.assert_lacks("还没办完");
    }

    async fn a_topic_of_its_own_becomes_an_issue_and_a_lost_vote_does_not(app: TestApp) {
        let place = estate(&app).await;
        let people = cast::people(&app, &place).await;
        let meeting = plan(&people, &place, "2026-11-23", &[], "建一个晾衣场\n门口放音乐").await;
        act(&people.branch, &meeting, "session", &[]).await.assert_ok();
        sign_in_people(&people, &meeting, &["高瑞芹", "张锦荣", "刘大爷", "老王"]).await;
        let company = place.company.to_string();
        let item = first_item(&people, &meeting).await;
        people.branch.post(&item, &vote("3", "1", &company)).await.assert_ok().assert_lacks("SSYS-20261123-0001");
        let item = first_item(&people, &meeting).await;
        let lost = people.branch.post(&item, &vote("2", "2", &company)).await;
        lost.assert_ok().assert_contains("表决没有通过");
        let ended = act(&people.branch, &meeting, "end", &[("remarks", "")]).await;
        ended.assert_ok().assert_contains("SSYS-20261123-0001").assert_lacks("SSYS-20261123-0002");
        people.manager.get("/issues").await.assert_contains("建一个晾衣场");
    }

    async fn a_meeting_is_called_off_and_nobody_outside_holds_one(app: TestApp) {
        let place = estate(&app).await;
        let people = cast::people(&app, &place).await;
        let id = waiting_issue(&people, &place).await;
        let agenda = format!("issue:{id}");
        let meeting = plan(&people, &place, "2026-11-28", &[&agenda], "").await;
        // The worker of a grid in the estate sees the meeting and holds none.
        let seen = people.grid_worker.get("/meetings").await;
        seen.assert_ok().assert_contains("11月28日说事议事会").assert_lacks("开一次会");
        people.grid_worker.get(&meeting).await.assert_ok().assert_contains("地下车位不够用").assert_lacks("发通知");
        people.grid_worker.post(&format!("{meeting}/session"), &[("version", "1")]).await.assert_status(403);
        people.manager.get(&meeting).await.assert_status(403);
        announce(&people, &meeting).await.assert_ok();
        let stale = people.branch.post(&format!("{meeting}/session"), &[("version", "1")]).await;
        stale.assert_status(409);
        let board = format!("/board/{}/estates/{}", app.home.code, place.estate);
        act(&people.branch, &meeting, "cancellation", &[("cancel_reason", "停电改期")]).await.assert_ok();
        people.resident.get(&board).await.assert_lacks("说事议事会");
        // The issue can be put on another agenda.
        plan(&people, &place, "2026-11-29", &[&agenda], "").await;
    }

    async fn a_draft_is_moved_to_another_day(app: TestApp) {
        let place = estate(&app).await;
        let people = cast::people(&app, &place).await;
        let meeting = plan(&people, &place, "2026-11-20", &[], "院里装路灯").await;
        announce(&people, &meeting).await.assert_status(422); // the day has passed
        let when = |time| vec![("day", "2026-11-29"), ("time", time), ("place", "活动室"), ("host", "冯环英")];
        act(&people.branch, &meeting, "plan", &when("")).await.assert_status(422).assert_contains("活动室");
        let moved = act(&people.branch, &meeting, "plan", &when("19:30")).await;
        moved.assert_ok().assert_contains("11月29日说事议事会").assert_contains("星期日 19:30，在活动室");
        announce(&people, &meeting).await.assert_ok();
        // Who has been told is told again.
        act(&people.branch, &meeting, "plan", &[("day", "2026-11-20"), ("time", "09:00"), ("place", "活动室"), ("host", "冯环英")])
            .await
            .assert_status(422);
        let moved = act(&people.branch, &meeting, "plan", &when("20:00")).await;
        moved.assert_ok().assert_contains("已改期").assert_contains("【改期】").assert_contains("星期日 20:00，在活动室");
        let board = format!("/board/{}/estates/{}", app.home.code, place.estate);
        let board = people.resident.get(&board).await;
        assert_eq!(board.body.matches("11月29日说事议事会").count(), 1, "the notice with the old time is gone");
        let notice = board.link(&format!("/board/{}/publications/", app.home.code));
        people.resident.get(&notice).await.assert_contains("11月29日 20:00").assert_lacks("19:30");
    }

    async fn a_topic_of_the_notice_keeps_its_notice_and_survives_a_cancellation(app: TestApp) {
        let place = estate(&app).await;
        let people = cast::people(&app, &place).await;
        // Deferred once, put on an agenda that is called off, and offered again.
        let first = plan(&people, &place, "2026-11-23", &[], "建一个晾衣场").await;
        act(&people.branch, &first, "session", &[]).await.assert_ok();
        act(&people.branch, &first, "end", &[("remarks", "")]).await.assert_ok();
        let offered = people.branch.get("/meetings/new").await;
        let item = offered.body.split("value=\"item:").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let carried = format!("item:{item}");
        let second = plan(&people, &place, "2026-11-24", &[&carried], "").await;
        people.branch.get("/meetings/new").await.assert_lacks("建一个晾衣场");
        act(&people.branch, &second, "cancellation", &[("cancel_reason", "停电改期")]).await.assert_ok();
        people.branch.get("/meetings/new").await.assert_contains("建一个晾衣场");
        // Announced and resolved, its new issue has no missing notice.
        let third = plan(&people, &place, "2026-11-25", &[&carried], "").await;
        people.branch.get(&third).await.assert_contains("第 2 次上会");
        announce(&people, &third).await.assert_ok();
        pass(&app, 48);
        let people = cast::people(&app, &place).await;
        act(&people.branch, &third, "session", &[]).await.assert_ok();
        sign_in_people(&people, &third, &["高瑞芹", "张锦荣", "刘大爷"]).await;
        let form = first_item(&people, &third).await;
        people.branch.post(&form, &vote("3", "0", &place.company.to_string())).await.assert_ok();
        act(&people.branch, &third, "end", &[("remarks", "")]).await.assert_ok();
        let id = people.branch.get(&third).await.link("/issues/0");
        people.staff.get(&id).await.assert_ok().assert_contains("列入议题并公示").assert_lacks("缺会前公示");
    }

    async fn what_was_settled_in_the_meantime_is_dropped_and_nobody_is_named(app: TestApp) {
        let place = estate(&app).await;
        let people = cast::people(&app, &place).await;
        let report = [("description", "地下车位不够用"), ("name", "刘建国")];
        people.resident.post(&format!("/r/{}", place.place_code), &report).await.assert_ok();
        let id = issue_id(&people.staff).await;
        let grading =
            [("summary", "地下车位不够用"), ("category", "parking"), ("tier", "ordinary"), ("remedy", "self")];
        step(&people.staff, &id, "acceptance", &grading).await.assert_ok();
        let meeting = plan(&people, &place, "2026-11-23", &[&format!("issue:{id}")], "").await;
        act(&people.branch, &meeting, "session", &[]).await.assert_ok();
        sign_in_people(&people, &meeting, &["高瑞芹", "张锦荣", "刘大爷"]).await;
        let form = first_item(&people, &meeting).await;
        let company = place.company.to_string();
        for (words, why) in [("请物业打 13800001234", "里面有手机号"), ("照刘建国说的画线", "里面有反映人")] {
            let mut named = vote("3", "0", &company);
            named.retain(|(name, _)| *name != "resolution");
            named.push(("resolution", words));
            people.branch.post(&form, &named).await.assert_status(422).assert_contains(why).assert_contains(words);
        }
        step(&people.staff, &id, "redirection", &[("redirect_why", "other"), ("redirect_to", "车管所"), ("redirect_reason", "不归社区管")])
            .await
            .assert_ok();
        people.branch.post(&form, &vote("3", "0", &company)).await.assert_status(422).assert_contains("已转其他渠道");
        people.branch.post(&form, &[("decision", "drop"), ("discussion", "")]).await.assert_ok();
    }

    async fn the_property_company_is_met_every_month_and_every_side_has_to_come(app: TestApp) {
        let place = estate(&app).await;
        let people = cast::people(&app, &place).await;
        let id = waiting_issue(&people, &place).await;
        let missing = people.branch.get("/meetings/duties").await;
        missing.assert_ok().assert_contains("物业联席会议").assert_contains("还没开");
        // Its agenda is what is the company's to do, ticked already.
        let offered = people.branch.get("/meetings/new?kind=joint_meeting").await;
        offered.assert_ok().assert_contains("开联席会议").assert_contains("地下车位不够用").assert_contains("checked");
        let (estate, issue) = (place.estate.to_string(), format!("issue:{id}"));
        let fields = [
            ("kind", "joint_meeting"), ("estate", estate.as_str()), ("day", "2026-11-23"), ("time", "09:00"),
            ("place", "小区党群服务站"), ("host", "冯环英"), ("item", issue.as_str()), ("topics", ""),
        ];
        let page = people.branch.post("/meetings", &fields).await;
        page.assert_ok().assert_contains("请物业公司、党员户和居民代表").assert_contains("还没有到：居民、党员、物业");
        let meeting = page.url.clone();
        act(&people.branch, &meeting, "session", &[]).await.assert_ok();
        for (name, side) in [("何经理", "property"), ("老王", "resident")] {
            people.branch.post(&format!("{meeting}/attendances"), &[("name", name), ("side", side)]).await.assert_ok();
        }
        people.branch.get(&meeting).await.assert_contains("还没有到：党员");
        // They agree; no hands are counted, and somebody has to do it.
        let form = first_item(&people, &meeting).await;
        people.branch.post(&form, &vote("1", "0", &place.company.to_string())).await.assert_status(422);
        let nobody = [("decision", "agree"), ("resolution", "物业补画三十个车位")];
        people.branch.post(&form, &nobody).await.assert_status(422).assert_contains("谁来办");
        let company = place.company.to_string();
        let agreed = [&nobody[..], &[("organisation", company.as_str()), ("due", "2026-12-10")]].concat();
        people.branch.post(&form, &agreed).await.assert_ok().assert_contains("形成决议");
        act(&people.branch, &meeting, "end", &[("remarks", "")]).await.assert_ok();
        people.manager.get(&format!("/issues/{id}")).await.assert_ok().assert_contains("物业补画三十个车位");
        people.branch.get("/meetings/duties").await.assert_contains("开了，还没请到党员");
        // The members are met on another day, and the month is complete.
        let second = [&fields[..6], &[("topics", "物业费公开")]].concat();
        let second = people.branch.post("/meetings", &second).await.url.clone();
        act(&people.branch, &second, "session", &[]).await.assert_ok();
        people.branch.post(&format!("{second}/attendances"), &[("name", "冯党员"), ("side", "member")]).await.assert_ok();
        act(&people.branch, &second, "end", &[("remarks", "")]).await.assert_ok();
        people.branch.get("/meetings/duties").await.assert_contains("已开，11月23日");
        // What it left and what it has given to somebody open its next agenda, and no other.
        let next = people.branch.get("/meetings/new?kind=joint_meeting").await;
        next.assert_contains("物业费公开").assert_contains("上次的决议还没办完，还没到期，第 2 次上会");
        people.branch.get("/meetings/new").await.assert_ok().assert_lacks("物业费公开").assert_lacks("还没到期");
        people.grid_worker.get("/meetings/duties").await.assert_status(403);
        // The table of the month is filled from what is known: both meetings, who came, who does what until when.
        let table = people.branch.get("/meetings/duties").await.link(&format!("/estates/{}/joint-meetings", place.estate));
        let page = people.branch.get(&table).await;
        page.assert_ok().assert_contains("王府名苑小区2026年11月物业联席会议表").assert_contains("居民 1 人").assert_lacks("还没请到");
        page.assert_contains("物业补画三十个车位").assert_contains("安心物业").assert_contains("12月10日").assert_contains("办理中").assert_contains("物业费公开");
        let words = crate::support::office::words(&people.branch.download(&format!("{table}.docx?month=2026-11-01")).await);
        assert!(words.contains("物业补画三十个车位") && words.contains("责任单位") && words.contains("满意度"), "{words}");
        people.branch.get(&format!("{table}?month=2026-10-05")).await.assert_contains("2026年10月").assert_contains("这个月还没有开");
        // What is not done by its day stands on next month's agenda by itself.
        pass(&app, 34 * 24);
        let people = cast::people(&app, &place).await;
        let next = people.branch.get("/meetings/new?kind=joint_meeting").await;
        next.assert_contains("上次的决议还没办完").assert_contains("第 2 次上会").assert_contains("物业费公开");
        people.branch.get("/meetings/duties").await.assert_contains("12月").assert_contains("还没开");
        // A month that is over can be looked back at: what was held, and what was not.
        people.branch.get("/meetings/duties?month=2026-11-30").await.assert_contains("已开，11月23日");
        people.branch.get("/meetings/duties?month=2026-10-01").await.assert_contains(">没有开<");
        people.branch.get("/today").await.assert_contains("该开会").assert_contains("12月物业联席会议还没开");
    }

    async fn one_estate_does_not_decide_on_the_issues_of_another(app: TestApp) {
        let place = estate(&app).await;
        let people = cast::people(&app, &place).await;
        let id = waiting_issue(&people, &place).await;
        let mut tx = app.db.begin().await.unwrap();
        let other = doorstep::place::create_estate(&mut tx, &app.act(), "水保所家属院", None, None).await.unwrap();
        tx.commit().await.unwrap();
        let reach = doorstep::access::Reach::Estate;
        let branch = app.person(doorstep::access::Role::BranchSecretary).reaching(reach, other).browser().await;
        let (other, item) = (other.to_string(), format!("issue:{id}"));
        let fields = |estate| vec![
            ("estate", estate), ("day", "2026-11-28"), ("time", "09:00"), ("place", "院里"), ("host", "老王"),
            ("item", item.as_str()),
        ];
        branch.post("/meetings", &fields(other.as_str())).await.assert_status(404);
        let first = place.estate.to_string();
        branch.post("/meetings", &fields(first.as_str())).await.assert_status(404);
        branch.get("/meetings").await.assert_ok().assert_contains("还没有开过会");
    }

    async fn no_meeting_decides_what_is_the_owners_to_decide(app: TestApp) {
        let place = estate(&app).await;
        let people = cast::people(&app, &place).await;
        let code = report(&people.resident, &place).await;
        let id = issue_id(&people.staff).await;
        let grading = [("summary", "地下车位重新划线"), ("category", "parking"), ("tier", "hard"), ("remedy", "owners")];
        step(&people.staff, &id, "acceptance", &grading).await.assert_ok();
        let meeting = plan(&people, &place, "2026-11-23", &[&format!("issue:{id}")], "").await;
        act(&people.branch, &meeting, "session", &[]).await.assert_ok();
        sign_in_people(&people, &meeting, &["刘大爷", "老王", "赵阿姨"]).await;
        let form = first_item(&people, &meeting).await;
        let company = place.company.to_string();
        people.branch.get(&form).await.assert_contains("还没有业主表决通过，不能派下去办").assert_lacks("等不得的才填");
        let refused = people.branch.post(&form, &vote("3", "0", &company)).await;
        refused.assert_status(422).assert_contains("会议不能代替业主表决").assert_contains("地面画三十个车位");
        // What only the secretary of the community may do is nothing that a branch can send along.
        let anyway = [&vote("3", "0", &company)[..], &[("without_owners", "消防通道被堵，先划出来")]].concat();
        people.branch.post(&form, &anyway).await.assert_status(422);

        // The owners have voted: too few of them took part, and then enough.
        let votes = format!("/issues/{id}/owner-votes");
        let figures = |owners: &'static str, area: &'static str| vec![
            ("matter", "special"), ("way", "written"), ("held_on", "2026-11-22"), ("all_owners", "900"), ("all_area", "90000.5"),
            ("part_owners", owners), ("part_area", area), ("agree_owners", "450"), ("agree_area", "45000.51"),
        ];
        let page = people.branch.post(&votes, &figures("601", "九万")).await;
        page.assert_status(422).assert_contains("请选择参加表决的面积").assert_contains("90000.5");
        people.branch.post(&votes, &figures("901", "60001")).await.assert_status(422).assert_contains("参加表决的不能比全体业主还多");
        people.branch.post(&votes, &figures("599", "60001")).await.assert_ok().assert_contains("业主表决没有通过").assert_contains("60001");
        people.branch.post(&form, &vote("3", "0", &company)).await.assert_status(422);
        app.means.clock.set(app.means.now() + jiff::SignedDuration::from_secs(60));
        people.branch.post(&votes, &figures("600", "60000.67")).await.assert_ok().assert_contains("业主表决通过");
        people.resident.get(&format!("/receipts/{code}")).await.assert_contains("全体 900 户、90000.5㎡，参加表决 600 户、60000.67㎡，同意 450 户、45000.51㎡，通过");
        people.branch.get(&form).await.assert_contains("业主表决已经通过");
        people.branch.post(&form, &vote("3", "0", &company)).await.assert_ok().assert_contains("形成决议");
        act(&people.branch, &meeting, "end", &[("remarks", "")]).await.assert_ok();
        people.manager.get(&format!("/issues/{id}")).await.assert_ok().assert_contains("三十个车位");

        // What is said against the decision stops its being carried out, until it has been answered.
        let board = people.resident.get(&format!("/board/{}/estates/{}", app.home.code, place.estate)).await;
        let hangs = board.link(&format!("/board/{}/publications/", app.home.code));
        let said = people.resident.post(&format!("{hangs}/objections"), &[("objection", "东门不该划车位")]).await;
        said.assert_ok();
        let done = [("result_words", "三十个车位划好了")];
        step(&people.manager, &id, "result", &done).await.assert_status(422).assert_contains("1 条异议还没答复");
        let publication = hangs.rsplit('/').next().unwrap();
        let office = people.branch.get(&format!("/publications/{publication}")).await;
        let answer = office.between_all("action=\"", "\"").find(|path| path.ends_with("/answer")).unwrap().to_owned();
        people.branch.post(&answer, &[("verdict", "rejected"), ("answer", "业主表决过了")]).await.assert_ok();
        step(&people.manager, &id, "result", &done).await.assert_ok();
    }

    async fn the_secretary_of_the_community_may_go_ahead_and_says_why(app: TestApp) {
        let place = estate(&app).await;
        let people = cast::people(&app, &place).await;
        report(&people.resident, &place).await;
        let id = issue_id(&people.staff).await;
        let grading = [("summary", "地下车位重新划线"), ("category", "parking"), ("tier", "hard"), ("remedy", "owners")];
        step(&people.staff, &id, "acceptance", &grading).await.assert_ok();
        let meeting = plan(&people, &place, "2026-11-23", &[&format!("issue:{id}")], "").await;
        act(&people.branch, &meeting, "session", &[]).await.assert_ok();
        sign_in_people(&people, &meeting, &["刘大爷", "老王", "赵阿姨"]).await;
        let form = first_item(&people, &meeting).await;
        let secretary = app.person(doorstep::access::Role::Secretary).browser().await;
        secretary.get(&form).await.assert_contains("等不得的才填");
        let company = place.company.to_string();
        secretary.post(&form, &vote("3", "0", &company)).await.assert_status(422);
        let anyway = [&vote("3", "0", &company)[..], &[("without_owners", "消防通道被堵，先划出来")]].concat();
        secretary.post(&form, &anyway).await.assert_ok().assert_contains("没有经过业主表决，由社区书记决定先办");
        act(&secretary, &meeting, "end", &[("remarks", "")]).await.assert_ok();
        secretary.get(&format!("{meeting}/minutes")).await.assert_contains("没有业主表决先办的理由：消防通道被堵，先划出来");
        let board = people.resident.get(&format!("/board/{}/estates/{}", app.home.code, place.estate)).await;
        let result = people.resident.get(&board.link(&format!("/board/{}/publications/", app.home.code))).await;
        result.assert_contains("没有经过业主表决").assert_lacks("消防通道被堵");
    }
}
