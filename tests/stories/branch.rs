//! 党员大会: the two things that members raised at the meeting of the newspaper page, until somebody answers for them.

use doorstep::access::{self, OrganisationKind, Reach, Role};

use crate::branch_meeting::{act, at, branch, call, item, sign_in, vote};

db_test! {
    async fn two_concerns_raised_by_members_become_issues_and_what_is_not_done_comes_back(app: TestApp) {
        at(&app, "2026-11-23T08:00:00+08:00");
        let party = branch(&app).await;
        let mut tx = app.db.begin().await.unwrap();
        let kind = OrganisationKind::PropertyCompany;
        let company = access::create_organisation(&mut tx, &app.act(), None, kind, "安心物业", None).await.unwrap().to_string();
        let known = access::organisations(&mut tx, app.home.tenant).await.unwrap();
        let own = known.iter().find(|known| known.name == "王府名苑小区党支部").unwrap().id.to_string();
        tx.commit().await.unwrap();
        let secretary = app.person(Role::BranchSecretary).reaching(Reach::Estate, party.estate).browser().await;
        let meeting = call(&secretary, &party, "member_assembly", "老人量血压、测血糖不方便\n停车位怎么设置").await;
        act(&secretary, &meeting, "session", &[]).await.assert_ok();
        sign_in(&app, &meeting, 0..56).await;
        for (owner, words) in [(&own, "请社区医生定期来量血压、测血糖"), (&company, "物业重新画停车位")] {
            let resolved = [&vote("general", "55", "1")[..], &[("organisation", owner.as_str()), ("due", "2026-12-10"), ("public_words", words)]].concat();
            let path = item(&secretary, &meeting).await;
            secretary.post(&path, &resolved).await.assert_ok().assert_contains("形成决议（赞成 55，反对 1，弃权 0）");
        }
        act(&secretary, &meeting, "end", &[("remarks", "")]).await.assert_ok().assert_contains("已散会");

        // Each is an issue of its own, and whoever has its code follows it without an account.
        let staff = app.person(Role::Staff).browser().await;
        let list = staff.get("/issues").await;
        list.assert_contains("请社区医生定期来量血压、测血糖").assert_contains("物业重新画停车位");
        let mut issues: Vec<String> = list.between_all("href=\"/issues/0", "\"").map(|id| format!("/issues/0{id}")).collect();
        issues.sort();
        issues.dedup();
        assert_eq!(issues.len(), 2, "{issues:?}");
        for issue in &issues {
            let receipt = staff.get(issue).await.link("/receipts/");
            let receipt = receipt.trim_end_matches("/slip").to_owned();
            app.browser().get(&receipt).await.assert_ok().assert_contains("党组织会议议过").assert_lacks("赞成 55");
        }

        // A month later nothing has been done: one is a matter for the company, the other for the branch.
        at(&app, "2026-12-14T08:30:00+08:00");
        let secretary = app.person(Role::BranchSecretary).reaching(Reach::Estate, party.estate).browser().await;
        let joint = secretary.get(&format!("/meetings/new?estate={}&kind=joint_meeting", party.estate)).await;
        joint.assert_ok().assert_contains("物业重新画停车位").assert_contains("checked").assert_lacks("量血压");
        let next = secretary.get(&format!("{}/meetings/new", party.path())).await;
        next.assert_contains("老人量血压、测血糖不方便").assert_contains("上次的决议还没办完").assert_contains("第 2 次上会");
    }
}
