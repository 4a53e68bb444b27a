//! 找党员: a resident turns to a member on the board, who takes it on, passes it on, or mediates when both parties agree.

use doorstep::access::{Link, Reach, Role};
use doorstep::party::{self, How, Status, Tie};
use jiff::Timestamp;
use jiff::civil::date;
use uuid::Uuid;

use crate::party::{Party, somebody};
use crate::support::{Browser, Page, TestApp};

struct Story {
    member: Uuid,
    board: String,
    branch: Browser,
}

/// 王建军 has agreed to be shown.
async fn set_up(app: &TestApp) -> Story {
    app.means.clock.set("2026-11-27T09:00:00+08:00".parse::<Timestamp>().unwrap());
    let party = Party::set_up(app).await;
    let member = party.add(app, &somebody("王建军", Status::Formal, Tie::Here)).await;
    let mut tx = app.db.begin().await.unwrap();
    party::agree(&mut tx, &app.act(), member, How::Signed, date(2026, 11, 1)).await.unwrap();
    tx.commit().await.unwrap();
    let branch = app.person(Role::BranchSecretary).reaching(Reach::Estate, party.estate).browser().await;
    let board = format!("/board/{}/estates/{}/members", app.home.code, party.estate);
    Story { member, board, branch }
}

impl Story {
    /// The links by which both parties agree, which only the branch has: the reporter's first.
    async fn consents(&self) -> Vec<String> {
        let word = self.branch.get("/today").await.assert_contains("转同意码").link("/member-helps/");
        let page = self.branch.get(&word).await;
        let links: Vec<String> = page.between_all("/consents/", "<").map(|link| format!("/consents/{link}")).collect();
        assert_eq!(links.len(), 2);
        links
    }

    /// Somebody turns to the member, and the branch passes the word on. Gives the receipt and the member's link.
    async fn asked(&self, resident: &Browser, fields: &[(&str, &str)]) -> (String, String) {
        let form = format!("{}/{}/help", self.board, self.member);
        let usual = [
            ("description", "楼上天天半夜拖椅子，我说了几次不管用"),
            ("category", "neighbour"),
            ("phone", "13800001234"),
            ("name", "三楼小李"),
        ];
        let filed = resident.post_files(&form, &[&usual[..], fields].concat(), &[]).await;
        filed.assert_ok().assert_contains("收到了");
        let receipt = filed.url.trim_end_matches("/filed").to_owned();
        let word = self
            .branch
            .get("/today")
            .await
            .assert_contains("转告党员")
            .assert_contains("居民找王建军")
            .link("/member-helps/");
        let page = self.branch.get(&word).await;
        let (_, link) = page.assert_ok().body.split_once("/helps/").unwrap();
        let link = format!("/helps/{}", link.split_once('<').unwrap().0);
        self.branch.post(&format!("{word}/word"), &[]).await.assert_ok().assert_contains("等党员回话");
        self.branch.get("/today").await.assert_lacks("转告党员");
        (receipt, link)
    }
}

async fn step(browser: &Browser, link: &str, what: &str, fields: &[(&str, &str)]) -> Page {
    browser.post(&format!("{link}/{what}"), fields).await
}

db_test! {
    async fn a_member_takes_on_what_a_neighbour_asks(app: TestApp) {
        let told = set_up(&app).await;
        let resident = app.browser();
        resident.get(&told.board).await.assert_ok().assert_contains("王建军").assert_contains("找他帮忙");
        let form = format!("{}/{}/help", told.board, told.member);
        resident.get(&form).await.assert_ok().assert_contains("找王建军帮忙");
        resident.post_files(&form, &[("description", "帮"), ("phone", "12")], &[]).await.assert_status(422).assert_contains("还有 2 处");
        // Whoever is not shown is not to be turned to.
        let hidden = format!("{}/{}/help", told.board, Uuid::nil());
        resident.get(&hidden).await.assert_status(404);

        let (receipt, link) = told.asked(&resident, &[("shares", "yes")]).await;
        let member = app.browser();
        let page = member.get(&link).await;
        page.assert_ok().assert_contains("拖椅子").assert_contains("13800001234").assert_contains("三楼小李").assert_contains("我来办");
        // A link for something else, or a changed one, leads nowhere.
        let wrong: Link = link.trim_start_matches("/helps/").parse().unwrap();
        member.get(&format!("/consents/{wrong}")).await.assert_status(404);
        member.get("/helps/x").await.assert_status(404);

        step(&member, &link, "taking", &[]).await.assert_ok().assert_contains("您接下了");
        step(&member, &link, "taking", &[]).await.assert_status(422).assert_contains("不用再点了");
        let seen = app.browser().get(&receipt).await;
        seen.assert_contains("找党员").assert_contains("党员接下").assert_contains("党支部").assert_lacks("王建军").assert_lacks("拖椅子");
        step(&member, &link, "end", &[("result", "和三楼小李说好了")]).await.assert_status(422).assert_contains("反映人");
        step(&member, &link, "end", &[("result", "拨打 13900001111")]).await.assert_status(422).assert_contains("手机号");
        step(&member, &link, "end", &[("result", "楼上垫了桌脚，晚上十点以后不再挪")]).await.assert_ok().assert_contains("谢谢您");
        // The rest goes its way like any other: it waits to be published, and the member reads no more.
        app.browser().get(&receipt).await.assert_contains("待公示").assert_contains("楼上垫了桌脚");
        member.get(&link).await.assert_contains("不用您再操心").assert_lacks("13800001234").assert_lacks("拖椅子");
        told.branch.get("/member-helps").await.assert_contains("党员办好了");
    }

    async fn a_member_passes_on_what_is_too_much(app: TestApp) {
        let told = set_up(&app).await;
        let (receipt, link) = told.asked(&app.browser(), &[]).await;
        let member = app.browser();
        member.get(&link).await.assert_lacks("13800001234").assert_contains("没有留下怎么联系");
        step(&member, &link, "passing", &[("why", "")]).await.assert_status(422);
        step(&member, &link, "passing", &[("why", "要找房东，我说不上话")]).await.assert_ok().assert_contains("转给支部了");
        app.browser().get(&receipt).await.assert_contains("党员转给支部").assert_contains("要找房东").assert_contains("待受理");
        // Staff who were quicker have it.
        let (_, link) = told.asked(&app.browser(), &[("shares", "yes")]).await;
        let issues = told.branch.get("/issues").await;
        let latest = issues.between_all("href=\"/issues/0", "\"").map(|id| format!("/issues/0{id}")).collect::<Vec<_>>();
        for issue in latest {
            let page = told.branch.get(&issue).await;
            if !page.contains("不予受理并答复") {
                continue;
            }
            let version = page.input("version");
            let grading = [("version", version.as_str()), ("summary", "夜间噪声"), ("category", "noise"), ("tier", "ordinary"), ("remedy", "dispute")];
            told.branch.post(&format!("{issue}/acceptance"), &grading).await.assert_ok();
        }
        member.get(&link).await.assert_lacks("我来办").assert_lacks("13800001234");
        step(&member, &link, "taking", &[]).await.assert_status(422).assert_contains("不用再点了");
    }

    async fn a_member_mediates_when_both_have_agreed(app: TestApp) {
        let told = set_up(&app).await;
        let (receipt, link) = told.asked(&app.browser(), &[]).await;
        let member = app.browser();
        step(&member, &link, "mediation", &[]).await.assert_status(422);
        step(&member, &link, "taking", &[]).await.assert_ok();
        let page = step(&member, &link, "mediation", &[]).await;
        // Whoever mediates never has the links in hand by which the parties agree.
        page.assert_ok().assert_contains("双方同意了才能说和").assert_lacks("怎么办好的").assert_lacks("/consents/");
        let consents = told.consents().await;
        step(&member, &link, "end", &[("result", "说好了各让一步")]).await.assert_status(422).assert_contains("双方都同意以后");
        let reporter = app.browser();
        reporter.get(&consents[0]).await.assert_ok().assert_contains("请王建军给你们说和").assert_lacks("拖椅子");
        reporter.post(&consents[0], &[]).await.assert_status(422);
        reporter.post(&consents[0], &[("agrees", "yes")]).await.assert_ok().assert_contains("等对方也同意");
        reporter.post(&consents[0], &[("agrees", "yes")]).await.assert_status(422).assert_contains("已经答复过了");
        reporter.get(&consents[0]).await.assert_contains("不想谈了");
        app.browser().get(&receipt).await.assert_lacks("双方同意由党员调解");
        app.browser().post(&consents[1], &[("agrees", "yes")]).await.assert_ok().assert_contains("双方都同意了");
        app.browser().get(&receipt).await.assert_contains("双方同意由党员调解");
        step(&member, &link, "end", &[("result", "说好了各让一步")]).await.assert_ok();
        app.browser().get(&receipt).await.assert_contains("待公示");

        // If one does not agree there is no mediation, and nobody learns who it was.
        let (receipt, link) = told.asked(&app.browser(), &[]).await;
        step(&member, &link, "taking", &[]).await.assert_ok();
        step(&member, &link, "mediation", &[]).await.assert_ok();
        let consents = told.consents().await;
        app.browser().post(&consents[1], &[("agrees", "no")]).await.assert_ok().assert_contains("您没有同意");
        app.browser().get(&receipt).await.assert_contains("没有双方都同意，不由党员调解");
        app.browser().get(&consents[0]).await.assert_contains("已经不用调解了");
        step(&member, &link, "end", &[("result", "我还是去说了")]).await.assert_status(422);

        // Whoever has agreed can still change their mind.
        let (receipt, link) = told.asked(&app.browser(), &[]).await;
        step(&member, &link, "taking", &[]).await.assert_ok();
        step(&member, &link, "mediation", &[]).await.assert_ok();
        let consents = told.consents().await;
        for party in &consents {
            app.browser().post(party, &[("agrees", "yes")]).await.assert_ok();
        }
        app.browser().post(&consents[0], &[("agrees", "no")]).await.assert_ok().assert_contains("您没有同意");
        app.browser().get(&receipt).await.assert_contains("没有双方都同意，不由党员调解");

        // Whoever takes their consent back is not turned to any more.
        let mut tx = app.db.begin().await.unwrap();
        party::withdraw(&mut tx, &app.act(), told.member, Some(How::Signed), date(2026, 11, 27)).await.unwrap();
        tx.commit().await.unwrap();
        app.browser().get(&format!("{}/{}/help", told.board, told.member)).await.assert_status(404);
    }
}
