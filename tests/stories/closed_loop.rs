use doorstep::access::{Reach, Role, Scope};
use doorstep::report::{self, Figure, Period};
use uuid::Uuid;

use crate::support::Browser;

use super::cast::{Estate, People, estate, issue_id, people, photo, report, report_as, step};

/// From acceptance to publicity, in one round.
async fn handle_and_publish(people: &People, place: &Estate, id: &str) {
    let company = place.company.to_string();
    let summary = ("summary", "3号楼下水主管道堵塞");
    let grading = [summary, ("category", "drainage"), ("tier", "ordinary"), ("remedy", "property")];
    let fields = [&grading[..], &[("organisation", company.as_str())]].concat();
    step(&people.staff, id, "acceptance", &fields).await.assert_ok().assert_contains("已受理并派单");
    let version = people.manager.get(&format!("/issues/{id}")).await.input("version");
    let result = [("version", version.as_str()), ("result_words", "主管道已疏通，楼道已冲洗消毒")];
    let page = people
        .manager
        .post_files(&format!("/issues/{id}/result"), &result, &[("result_photos", "done.jpg", &photo())])
        .await;
    page.assert_ok().assert_contains("结果和照片已提交");
    // The photo is offered for publication, chosen beforehand.
    let photo = people.staff.get(&format!("/issues/{id}")).await.input("photo");
    let text = [("publication_text", "物业公司已疏通主管道并消毒。"), ("photo", photo.as_str())];
    step(&people.staff, id, "publications", &text).await.assert_ok().assert_contains("已公示");
}

db_test! {
    async fn from_the_stairwell_to_the_branch(app: TestApp) {
        let place = estate(&app).await;
        let people = people(&app, &place).await;

        // A resident scans the code in the stairwell. The place is filled in.
        let form = people.resident.get(&format!("/r/{}", place.place_code)).await;
        form.assert_ok().assert_contains("王府名苑小区 3号楼 2单元");
        let code = report(&people.resident, &place).await;
        people.resident.get(&format!("/receipts/{code}")).await.assert_contains("待受理").assert_contains("脏水往外冒");
        // Anybody else with the code sees the chain, but not the reporter's words.
        let stranger = app.browser();
        let seen = stranger.get(&format!("/receipts/{code}")).await;
        seen.assert_ok().assert_contains("居民反映").assert_lacks("脏水往外冒").assert_lacks("13800001234");

        let id = issue_id(&people.staff).await;
        // The company does not see an issue that nobody gave to it.
        people.manager.get(&format!("/issues/{id}")).await.assert_status(404);
        handle_and_publish(&people, &place, &id).await;

        // The company saw the words, never the reporter.
        let handler_page = people.manager.get(&format!("/issues/{id}")).await;
        handler_page.assert_contains("脏水往外冒").assert_lacks("138****1234").assert_lacks("13800001234");

        // The board has the result, with its photo, and no names.
        let board = stranger.get(&format!("/board/{}", app.home.code)).await;
        board.assert_ok().assert_contains("3号楼下水主管道堵塞").assert_contains("公示中");
        let publication = stranger.get(&board.link(&format!("/board/{}/publications/", app.home.code))).await;
        publication.assert_ok().assert_contains("物业公司已疏通主管道并消毒").assert_contains("安心物业");
        let picture = publication.link(&format!("/board/{}/publications/", app.home.code));
        assert!(stranger.download(&picture).await.starts_with(&[0xFF, 0xD8]), "a JPEG");

        // A grid worker who did not handle it asks at the door.
        people.grid_worker.get("/surveys").await.assert_contains("3号楼下水主管道堵塞");
        let survey = people.grid_worker.get(&format!("/issues/{id}/survey")).await;
        let version = survey.assert_ok().input("version");
        let answer = [("version", version.as_str()), ("respondent", "reporter"), ("solved", "yes"), ("score", "4")];
        people.grid_worker.post(&format!("/issues/{id}/surveys"), &answer).await.assert_ok();

        // A neighbour disagrees where the result hangs: nobody strikes it off before they have an answer.
        let hangs = people.staff.get("/publications").await.link("/publications/0");
        let objections = format!("/board/{}{hangs}/objections", app.home.code);
        stranger.post(&objections, &[("objection", "雨天还是往外冒")]).await.assert_ok();
        step(&people.staff, &id, "closure", &[]).await.assert_status(422).assert_contains("1 条异议还没答复");
        let answer = people.staff.get(&hangs).await.between_all("action=\"", "\"").find(|path| path.ends_with("/answer")).unwrap().to_owned();
        people.staff.post(&answer, &[("verdict", "partly"), ("answer", "昨天又疏通了一次，下雨时去看过")]).await.assert_ok();

        // Staff strike it off, and the branch takes note.
        step(&people.staff, &id, "closure", &[]).await.assert_ok().assert_contains("已销号");
        step(&people.branch, &id, "acknowledgements", &[]).await.assert_ok().assert_contains("支部阅知");

        let receipt = stranger.get(&format!("/receipts/{code}")).await;
        for link in ["居民反映", "社区受理", "派给安心物业", "办结", "结果公示", "满意度测评", "销号", "反馈支部"] {
            receipt.assert_contains(link);
        }
        receipt.assert_lacks("class=\"hole\"").assert_lacks("class=\"late\"");
        let json: serde_json::Value =
            serde_json::from_str(&stranger.get(&format!("/api/v1/receipts/{code}")).await.body).unwrap();
        assert_eq!(json["state"], "closed");
        assert_eq!(json["chain"].as_array().unwrap().len(), 8);

        let mut tx = app.db.read().await.unwrap();
        let verdict = doorstep::audit::verify(&mut tx, app.home.tenant).await.unwrap();
        assert_eq!(verdict.broken, None);
    }

    async fn a_bad_rating_reopens_and_the_link_is_good_once(app: TestApp) {
        let place = estate(&app).await;
        let people = people(&app, &place).await;
        let code = report(&people.resident, &place).await;
        let id = issue_id(&people.staff).await;
        handle_and_publish(&people, &place, &id).await;

        let receipt = people.resident.get(&format!("/receipts/{code}")).await;
        let link = receipt.link("/ratings/");
        let bad = [("solved", "no"), ("score", "1"), ("comment", "没两天又堵了")];
        people.resident.post(&link, &bad).await.assert_ok().assert_contains("重新办理");
        app.browser().post(&link, &bad).await.assert_status(422).assert_contains("已经用过");

        // What was published is taken down, and the issue waits for a new dispatch.
        app.browser().get(&format!("/board/{}", app.home.code)).await.assert_lacks("3号楼下水主管道堵塞");
        people.staff.get(&format!("/issues/{id}")).await.assert_contains("第 2 次办理").assert_contains("没两天又堵了");
        let company = place.company.to_string();
        let again = [("organisation", company.as_str()), ("dispatch_words", "请彻底检查管道")];
        step(&people.staff, &id, "dispatches", &again).await.assert_ok().assert_contains("已派给安心物业");
        let version = people.manager.get(&format!("/issues/{id}")).await.input("version");
        let result = [("version", version.as_str()), ("result_words", "更换了一段塌陷的管道")];
        people.manager.post_files(&format!("/issues/{id}/result"), &result, &[]).await.assert_contains("回执上会标红");
        step(&people.staff, &id, "publications", &[("publication_text", "已更换塌陷管道。")]).await.assert_ok();
        // The missing proof stands out; the reporter's next link works.
        let receipt = people.resident.get(&format!("/receipts/{code}")).await;
        receipt.assert_contains("缺办理照片");
        let good = [("solved", "yes"), ("score", "5")];
        people.resident.post(&receipt.link("/ratings/"), &good).await.assert_ok().assert_contains("谢谢");
        step(&people.staff, &id, "closure", &[]).await.assert_ok().assert_contains("已销号");
    }

    async fn whoever_handled_it_neither_surveys_nor_closes(app: TestApp) {
        let place = estate(&app).await;
        let people = people(&app, &place).await;
        report(&people.resident, &place).await;
        let id = issue_id(&people.staff).await;
        // The community itself handles it: a grid worker of its own works on it.
        let community = app.home.organisation.to_string();
        let grading = [("summary", "3号楼下水堵塞"), ("category", "drainage"), ("tier", "urgent"), ("remedy", "property")];
        let fields = [&grading[..], &[("organisation", community.as_str())]].concat();
        step(&people.staff, &id, "acceptance", &fields).await.assert_ok();
        step(&people.grid_worker, &id, "progress", &[("progress_words", "已联系疏通师傅")]).await.assert_ok();
        step(&people.staff, &id, "result", &[("result_words", "已经请人疏通完毕")]).await.assert_ok();
        step(&people.staff, &id, "publications", &[("publication_text", "已疏通。下周复查。")]).await.assert_ok();

        people.grid_worker.get("/surveys").await.assert_contains("没有要测评的");
        people.grid_worker.get(&format!("/issues/{id}/survey")).await.assert_status(422);
        let other = app.person(Role::GridWorker).reaching(Reach::Grid, place.grid).browser().await;
        let version = other.get(&format!("/issues/{id}/survey")).await.input("version");
        let answer = [("version", version.as_str()), ("respondent", "reporter"), ("solved", "yes"), ("score", "3")];
        other.post(&format!("/issues/{id}/surveys"), &answer).await.assert_ok();
        // The member of staff who reported the result cannot close; a colleague can.
        let colleague = app.person(Role::Secretary).browser().await;
        let version = colleague.get(&format!("/issues/{id}")).await.input("version");
        let refused = people.staff.post(&format!("/issues/{id}/closure"), &[("version", &version)]).await;
        refused.assert_status(422).assert_contains("另一位同事");
        step(&colleague, &id, "closure", &[]).await.assert_ok().assert_contains("已销号");
    }

    async fn three_failed_attempts_allow_a_closure_that_shows(app: TestApp) {
        let place = estate(&app).await;
        let people = people(&app, &place).await;
        let code = report(&people.resident, &place).await;
        let id = issue_id(&people.staff).await;
        handle_and_publish(&people, &place, &id).await;
        // Twice on one day counts once; three days do.
        for (day, time) in [(23, "18:00"), (23, "19:00"), (24, "18:00"), (25, "10:00")] {
            app.means.clock.set(format!("2026-11-{day}T{time}:00+08:00").parse().unwrap());
            let grid_worker = app.person(Role::GridWorker).reaching(Reach::Grid, place.grid).browser().await;
            let version = grid_worker.get(&format!("/issues/{id}/survey")).await.assert_ok().input("version");
            let fields = [("version", version.as_str()), ("attempt_words", "没人应门")];
            grid_worker.post(&format!("/issues/{id}/contact-attempts"), &fields).await.assert_ok();
        }
        let people = self::people(&app, &place).await;
        step(&people.staff, &id, "closure", &[]).await.assert_ok();
        let receipt = app.browser().get(&format!("/receipts/{code}")).await;
        receipt.assert_contains("多次联系不上，未能测评").assert_contains("class=\"hole\"").assert_lacks("没人应门");
    }

    async fn a_neighbour_who_is_not_satisfied_is_heard_by_the_branch(app: TestApp) {
        let place = estate(&app).await;
        let people = people(&app, &place).await;
        report(&people.resident, &place).await;
        let id = issue_id(&people.staff).await;
        handle_and_publish(&people, &place, &id).await;
        for (respondent, score) in [("neighbour", "1"), ("reporter", "5")] {
            let version = people.grid_worker.get(&format!("/issues/{id}/survey")).await.input("version");
            let answer = [("version", version.as_str()), ("respondent", respondent), ("solved", "yes"), ("score", score)];
            people.grid_worker.post(&format!("/issues/{id}/surveys"), &answer).await.assert_ok();
        }
        step(&people.staff, &id, "closure", &[]).await.assert_status(422).assert_contains("支部复核");
        app.means.clock.set("2026-11-23T09:20:00+08:00".parse().unwrap());
        let words = [("acknowledge_words", "支部已上门核实，问题确已解决")];
        step(&people.branch, &id, "acknowledgements", &words).await.assert_ok();
        step(&people.staff, &id, "closure", &[]).await.assert_ok().assert_contains("已销号");
    }

    async fn ten_neighbours_are_enough(app: TestApp) {
        let place = estate(&app).await;
        let people = people(&app, &place).await;
        report(&people.resident, &place).await;
        let id = issue_id(&people.staff).await;
        handle_and_publish(&people, &place, &id).await;
        for neighbour in 1..=11 {
            let version = people.grid_worker.get(&format!("/issues/{id}/survey")).await.input("version");
            let answer = [("version", version.as_str()), ("respondent", "neighbour"), ("solved", "yes"), ("score", "4")];
            let page = people.grid_worker.post(&format!("/issues/{id}/surveys"), &answer).await;
            page.assert_status(if neighbour > 10 { 422 } else { 200 });
            assert_eq!(page.contains("已经问过 10 户邻居"), neighbour > 10);
        }
    }

    async fn of_two_who_act_on_the_same_page_the_second_is_told(app: TestApp) {
        let place = estate(&app).await;
        let people = people(&app, &place).await;
        report(&people.resident, &place).await;
        let id = issue_id(&people.staff).await;
        let version = people.staff.get(&format!("/issues/{id}")).await.input("version");
        let refusal = [("version", version.as_str()), ("refusal_reason", "这件事已经在法院审理中")];
        people.staff.post(&format!("/issues/{id}/refusal"), &refusal).await.assert_ok();
        let secretary = app.person(Role::Secretary).browser().await;
        let grading = [("summary", "下水堵塞"), ("category", "drainage"), ("tier", "urgent"), ("remedy", "property")];
        let fields = [&grading[..], &[("version", version.as_str())]].concat();
        let late = secretary.post(&format!("/issues/{id}/acceptance"), &fields).await;
        late.assert_status(409).assert_contains("社区工作人员已在").assert_contains("不予受理");
    }

    async fn more_time_is_asked_for_and_granted_by_somebody_else(app: TestApp) {
        let place = estate(&app).await;
        let people = people(&app, &place).await;
        let code = report(&people.resident, &place).await;
        let id = issue_id(&people.staff).await;
        let company = place.company.to_string();
        let grading = [("summary", "3号楼下水堵塞"), ("category", "drainage"), ("tier", "sudden"), ("remedy", "property")];
        let fields = [&grading[..], &[("organisation", company.as_str())]].concat();
        step(&people.staff, &id, "acceptance", &fields).await.assert_ok();
        // Two hours later it is overdue, and stands first on the list in red.
        app.means.clock.set("2026-11-23T11:30:00+08:00".parse().unwrap());
        let people = self::people(&app, &place).await; // the sessions of before were idle for too long
        people.staff.get("/issues?state=late").await.assert_contains("超期").assert_contains(&id);
        app.browser().get(&format!("/receipts/{code}")).await.assert_contains("class=\"late\"");
        let far = [("until", "2027-11-25"), ("extension_reason", "管道配件明天才到货")];
        step(&people.manager, &id, "extensions", &far).await.assert_status(422).assert_contains("最多延期");
        let wish = [("until", "2026-11-25"), ("extension_reason", "管道配件明天才到货")];
        step(&people.manager, &id, "extensions", &wish).await.assert_ok().assert_contains("等社区审批");
        let grant = [("granted", "yes"), ("decision_words", "")];
        step(&people.staff, &id, "petition-decisions", &grant).await.assert_ok().assert_contains("已同意延期");
        people.staff.get("/issues?state=late").await.assert_lacks(&id);
        // Granted or not, it was asked for too late.
        let receipt = people.resident.get(&format!("/receipts/{code}")).await;
        receipt.assert_contains("同意延期到 2026年11月25日 星期三").assert_contains("class=\"late\"");
    }

    async fn what_cannot_be_done_now_is_put_off_with_leave_and_its_clock_stands_still(app: TestApp) {
        let place = estate(&app).await;
        let people = people(&app, &place).await;
        let code = report(&people.resident, &place).await;
        let id = issue_id(&people.staff).await;
        let company = place.company.to_string();
        // Monday at nine: an ordinary matter has seven days.
        let grading = [("summary", "3号楼外墙开裂"), ("category", "repair"), ("tier", "ordinary"), ("remedy", "property")];
        step(&people.staff, &id, "acceptance", &[&grading[..], &[("organisation", company.as_str())]].concat()).await.assert_ok();
        let clock = |moment: &str| app.means.clock.set(moment.parse().unwrap());
        clock("2026-11-25T09:00:00+08:00");
        let people = self::people(&app, &place).await;
        let asks = |day: &'static str| vec![("review_on", day), ("suspension_reason", "冬天不能做外墙，开春再施工")];
        step(&people.manager, &id, "suspensions", &asks("2027-12-01")).await.assert_status(422).assert_contains("90 天以内").assert_contains("开春再施工");
        step(&people.manager, &id, "suspensions", &[("review_on", ""), ("suspension_reason", "冬天不能做外墙")]).await.assert_status(422);
        step(&people.manager, &id, "suspensions", &asks("2027-02-20")).await.assert_ok().assert_contains("挂账申请已提交");
        step(&people.manager, &id, "extensions", &[("until", "2026-12-10"), ("extension_reason", "等厂家的配件")]).await.assert_status(422).assert_contains("还在等社区审批");
        people.staff.get("/today").await.assert_contains("审批申请");
        // Nobody grants what they have asked for; until somebody has, the clock runs.
        let page = people.staff.get(&format!("/issues/{id}")).await;
        page.assert_contains("审批挂账").assert_contains("2027年2月20日");
        step(&people.staff, &id, "petition-decisions", &[("granted", "no"), ("decision_words", "")]).await.assert_status(422).assert_contains("请写明理由");
        step(&people.staff, &id, "petition-decisions", &[("granted", "yes"), ("decision_words", "确实不能施工")]).await.assert_ok().assert_contains("停止计时");
        let receipt = people.resident.get(&format!("/receipts/{code}")).await;
        receipt.assert_contains("暂时办不了，停止计时，2027年2月20日").assert_contains("到期复核").assert_contains("确实不能施工");
        step(&people.manager, &id, "result", &[("result_words", "已经修补好了外墙")]).await.assert_status(422).assert_contains("现在是“挂账”");
        people.staff.get("/issues?state=late").await.assert_lacks(&id);

        // On the day of review somebody looks at it again; it is put off once more, and then taken up.
        clock("2027-02-21T09:00:00+08:00");
        let people = self::people(&app, &place).await;
        people.staff.get("/today").await.assert_contains("复核挂账");
        step(&people.manager, &id, "suspensions", &[("review_on", "2027-03-10"), ("suspension_reason", "气温还没有上来，再等三周")]).await.assert_ok();
        step(&people.staff, &id, "petition-decisions", &[("granted", "yes"), ("decision_words", "")]).await.assert_ok();
        clock("2027-03-10T10:00:00+08:00");
        let people = self::people(&app, &place).await;
        people.manager.get(&format!("/issues/{id}")).await.assert_lacks("恢复办理</button>");
        step(&people.staff, &id, "resumption", &[("resume_words", "天气转暖，可以施工")]).await.assert_ok().assert_contains("剩下的时间接着算");
        // Five of the seven days were left.
        let json = app.browser().get(&format!("/api/v1/receipts/{code}")).await;
        let json: serde_json::Value = serde_json::from_str(&json.body).unwrap();
        assert_eq!(json["due_at"], "2027-03-15T02:00:00Z", "{json}");
        assert_eq!(json["state"], "dispatched");
        step(&people.manager, &id, "result", &[("result_words", "已经修补好了外墙")]).await.assert_ok();
    }

    async fn whoever_was_asked_first_leads_until_somebody_decides_that_it_is_not_theirs(app: TestApp) {
        let place = estate(&app).await;
        let people = people(&app, &place).await;
        let code = report(&people.resident, &place).await;
        let id = issue_id(&people.staff).await;
        let (company, community) = (place.company.to_string(), app.home.organisation.to_string());
        let grading = [("summary", "3号楼门口污水井冒水"), ("category", "drainage"), ("tier", "ordinary"), ("remedy", "property")];
        step(&people.staff, &id, "acceptance", &[&grading[..], &[("organisation", company.as_str())]].concat()).await.assert_ok();
        let version = people.staff.get(&format!("/issues/{id}")).await.input("version");
        let stranger = [("version", version.as_str()), ("dispute_reason", "市政管网，不归物业")];
        people.grid_worker.post(&format!("/issues/{id}/disputes"), &stranger).await.assert_status(422).assert_contains("您不是这个单位的人");
        step(&people.manager, &id, "disputes", &[("dispute_reason", "不归")]).await.assert_status(422);
        step(&people.manager, &id, "disputes", &[("dispute_reason", "市政管网，不归物业")]).await.assert_ok().assert_contains("派单异议申请已提交");
        // Meanwhile it is theirs.
        step(&people.manager, &id, "progress", &[("progress_words", "先放了警示牌")]).await.assert_ok();
        step(&people.staff, &id, "petition-decisions", &[("granted", "no"), ("decision_words", "井在小区里，归物业")]).await.assert_ok();
        step(&people.manager, &id, "disputes", &[("dispute_reason", "市政管网，不归物业")]).await.assert_status(422).assert_contains("已经答复过了");
        // Given to the community, which says so too, and is right.
        app.means.clock.set("2026-11-23T09:30:00+08:00".parse().unwrap());
        step(&people.staff, &id, "dispatches", &[("organisation", community.as_str()), ("due", ""), ("dispatch_words", "")]).await.assert_ok();
        step(&people.grid_worker, &id, "disputes", &[("dispute_reason", "查过图纸，是物业的井")]).await.assert_ok();
        let secretary = app.person(Role::Secretary).browser().await;
        step(&secretary, &id, "petition-decisions", &[("granted", "yes"), ("decision_words", "")]).await.assert_ok().assert_contains("请重新派单");
        let receipt = people.resident.get(&format!("/receipts/{code}")).await;
        receipt.assert_contains("异议成立").assert_contains("由原来的单位先办").assert_contains("派人办理");
        step(&secretary, &id, "dispatches", &[("organisation", company.as_str()), ("due", ""), ("dispatch_words", "")]).await.assert_ok();
        // A day later it is too late to say so.
        app.means.clock.set("2026-11-24T09:31:00+08:00".parse().unwrap());
        let people = self::people(&app, &place).await;
        step(&people.manager, &id, "disputes", &[("dispute_reason", "市政管网，不归物业")]).await.assert_status(422).assert_contains("24 小时内提出");
    }

    async fn what_is_the_owners_to_decide_is_given_to_nobody_before_they_have(app: TestApp) {
        let place = estate(&app).await;
        let people = people(&app, &place).await;
        let code = report(&people.resident, &place).await;
        let id = issue_id(&people.staff).await;
        let company = place.company.to_string();
        let grading = [("summary", "地下车位重新划线"), ("category", "parking"), ("tier", "hard"), ("remedy", "owners")];
        let at_once = [&grading[..], &[("organisation", company.as_str())]].concat();
        let refused = step(&people.staff, &id, "acceptance", &at_once).await;
        refused.assert_status(422).assert_contains("先登记业主表决通过的结果再派单").assert_contains("地下车位重新划线");
        step(&people.staff, &id, "acceptance", &grading).await.assert_ok().assert_contains("登记业主表决").assert_lacks("等不得的才填");
        let dispatch = [("organisation", company.as_str()), ("without_owners", "消防通道被堵")];
        step(&people.staff, &id, "dispatches", &dispatch).await.assert_status(422).assert_contains("先登记业主表决");
        // Only the secretary of the community goes ahead, and the chain says that nobody has voted, and not why.
        let secretary = app.person(Role::Secretary).browser().await;
        secretary.get(&format!("/issues/{id}")).await.assert_contains("等不得的才填");
        step(&secretary, &id, "dispatches", &dispatch).await.assert_ok().assert_contains("已派给安心物业").assert_contains("消防通道被堵");
        let chain = people.resident.get(&format!("/receipts/{code}")).await;
        chain.assert_contains("没有经过业主表决，由社区书记决定先办").assert_lacks("消防通道被堵");
        // It may go to another party without asking again, until the owners say no; what counts is when a vote was held.
        step(&people.staff, &id, "dispatches", &dispatch).await.assert_ok();
        let votes = format!("/issues/{id}/owner-votes");
        let figures = |held_on: &'static str, agree: &'static str| {
            let [all, part] = [("all_owners", "900"), ("part_owners", "700")];
            let areas = [("all_area", "90000"), ("part_area", "70000"), ("agree_area", "60000")];
            [&[("matter", "special"), ("way", "written"), ("held_on", held_on), all, part, ("agree_owners", agree)][..], &areas].concat()
        };
        app.means.clock.set(app.means.now() + jiff::SignedDuration::from_mins(5));
        people.staff.post(&votes, &figures("2026-11-22", "100")).await.assert_ok().assert_contains("业主表决没有通过");
        step(&people.staff, &id, "dispatches", &dispatch).await.assert_status(422).assert_contains("先登记业主表决");
        people.staff.post(&votes, &figures("2026-10-22", "600")).await.assert_ok().assert_contains("业主表决通过");
        step(&people.staff, &id, "dispatches", &dispatch).await.assert_status(422);
        people.staff.post(&votes, &figures("2026-11-23", "600")).await.assert_ok();
        // No meeting was held for it, and none had to be announced.
        let chain = people.resident.get(&format!("/receipts/{code}")).await;
        chain.assert_contains("业主表决").assert_contains("参加表决 700 户").assert_lacks("缺会前公示");
        step(&people.staff, &id, "dispatches", &dispatch).await.assert_ok();
    }

    async fn what_a_court_has_in_hand_and_what_is_dangerous_goes_where_it_belongs(app: TestApp) {
        let place = estate(&app).await;
        let people = people(&app, &place).await;
        let numbers = "href=\"tel:119\"";
        let code = report(&people.resident, &place).await;
        let id = issue_id(&people.staff).await;
        people.staff.get(&format!("/issues/{id}")).await.assert_lacks(numbers);
        let grading = [("summary", "楼道漏水官司"), ("category", "drainage"), ("tier", "ordinary"), ("remedy", "legal")];
        step(&people.staff, &id, "acceptance", &grading).await.assert_status(422).assert_contains("请用“转其他渠道”");
        let away = [("redirect_to", "区人民法院"), ("redirect_reason", "已经在打官司，以判决为准")];
        step(&people.staff, &id, "redirection", &away).await.assert_status(422).assert_contains("请选择哪一种");
        let away = [&away[..], &[("redirect_why", "legal")]].concat();
        step(&people.staff, &id, "redirection", &away).await.assert_ok().assert_contains("涉法涉诉");
        people.resident.get(&format!("/receipts/{code}")).await.assert_contains("区人民法院");

        let danger = [("description", "三楼有人家冒烟，闻到煤气味")];
        let filed = people.resident.post(&format!("/r/{}", place.place_code), &danger).await;
        filed.assert_ok().assert_contains(numbers);
        people.staff.get(&format!("/issues/{}", issue_id(&people.staff).await)).await.assert_contains(numbers);
    }

    async fn the_reporter_of_a_duplicate_follows_the_first(app: TestApp) {
        let place = estate(&app).await;
        let people = people(&app, &place).await;
        report(&people.resident, &place).await;
        let first = issue_id(&people.staff).await;
        let neighbour = app.browser();
        app.means.clock.set("2026-11-23T09:10:00+08:00".parse().unwrap());
        let code = report(&neighbour, &place).await;
        let page = people.staff.get("/issues").await;
        let second = page.body.match_indices("/issues/0").map(|(at, _)| &page.body[at + 8..at + 44]);
        let second = second.into_iter().find(|id| *id != first).unwrap().to_owned();
        people.staff.get(&format!("/issues/{second}")).await.assert_contains("可能已经有人反映过（1 件）");
        let number = ("merge_into", "SSYS-20261123-0001");
        step(&people.staff, &second, "merger", &[number]).await.assert_ok().assert_contains("已并入");
        handle_and_publish(&people, &place, &first).await;
        let receipt = neighbour.get(&format!("/receipts/{code}")).await;
        receipt.assert_contains("合并办理").assert_contains("派给安心物业").assert_contains("去打分");
        // Of the photos, only their own and the proof: not what the other reporter sent.
        let json = app.browser().get(&format!("/api/v1/receipts/{code}")).await;
        let json: serde_json::Value = serde_json::from_str(&json.body).unwrap();
        let filed: Vec<_> = json["chain"].as_array().unwrap().iter().filter(|link| link["step"] == "filed").collect();
        assert_eq!(filed.len(), 1);
    }

    async fn each_of_several_reporters_answers_and_the_least_content_counts(app: TestApp) {
        let place = estate(&app).await;
        let people = people(&app, &place).await;
        let code = report(&people.resident, &place).await;
        let first = issue_id(&people.staff).await;
        // A neighbour reports the same, and the first reporter once more.
        let neighbour = app.browser();
        let mut joined = Vec::new();
        for (browser, phone) in [(&neighbour, "13800005678"), (&people.resident, "13800001234")] {
            app.means.clock.set(app.means.now() + jiff::SignedDuration::from_mins(10));
            let code = report_as(browser, &place, phone).await;
            let page = people.staff.get("/issues").await;
            let ids = page.body.match_indices("/issues/0").map(|(at, _)| page.body[at + 8..at + 44].to_owned());
            let id = ids.into_iter().find(|id| *id != first).unwrap();
            step(&people.staff, &id, "merger", &[("merge_into", "SSYS-20261123-0001")]).await.assert_ok();
            joined.push((id, code));
        }
        let [(second, second_code), (again, again_code)] = &joined[..] else { panic!("{joined:?}") };
        handle_and_publish(&people, &place, &first).await;
        let shown = people.staff.get(&format!("/issues/{first}")).await;
        shown.assert_contains("3 件反映").assert_contains(second).assert_contains(again);
        // On the board they are as many people as they are.
        let board = app.browser().get(&format!("/board/{}", app.home.code)).await;
        app.browser().get(&board.link(&format!("/board/{}/publications/", app.home.code))).await.assert_contains("2 人");
        let rate = async |browser: &Browser, code: &str, solved: &str, score: &str| {
            let link = browser.get(&format!("/receipts/{code}")).await.link("/ratings/");
            browser.post(&link, &[("solved", solved), ("score", score), ("comment", "")]).await
        };
        rate(&people.resident, &code, "yes", "5").await.assert_ok().assert_contains("谢谢您的评价");
        rate(&people.resident, again_code, "yes", "5").await.assert_status(422).assert_contains("已经评价过了");
        rate(&neighbour, second_code, "no", "3").await.assert_ok().assert_contains("谢谢您的评价");
        let shown = people.staff.get(&format!("/issues/{first}")).await;
        shown.assert_contains("<b>5 分</b>").assert_contains("<b>3 分</b>").assert_contains("反映人（SSYS-20261123-0002）");

        // At the door the grid worker says whose report it was.
        let survey = format!("/issues/{first}/survey");
        people.grid_worker.get(&survey).await.assert_contains("哪一位反映人").assert_contains("SSYS-20261123-0002");
        let ask = async |report: &str, respondent: &str| {
            let version = people.grid_worker.get(&survey).await.input("version");
            let answer = [("version", version.as_str()), ("respondent", respondent), ("report", report), ("solved", "yes"), ("score", "4")];
            people.grid_worker.post(&format!("/issues/{first}/surveys"), &answer).await
        };
        ask("没有这一件", "reporter").await.assert_status(422).assert_contains("哪一位反映人");
        ask(&Uuid::now_v7().to_string(), "reporter").await.assert_status(422).assert_contains("反映的不是这件事");
        ask("", "reporter").await.assert_ok();
        ask(again, "reporter").await.assert_status(422).assert_contains("已经评价过了");
        ask(second, "neighbour").await.assert_ok();
        let period = Period::month(app.means.now().to_zoned_datetime(calendar::shanghai()).date()).unwrap();
        let figures = async |figure: Figure| {
            let mut tx = app.db.read().await.unwrap();
            let records = report::records(&mut tx, app.home.tenant, &Scope::tenant(), &period, None).await.unwrap();
            records.iter().filter(|record| figure.counts(record, &period, app.means.now())).count()
        };
        assert_eq!((figures(Figure::Surveyed).await, figures(Figure::Solved).await, figures(Figure::Satisfied).await), (1, 0, 1));
        // What the neighbour says last is what they say.
        app.means.clock.set(app.means.now() + jiff::SignedDuration::from_mins(10));
        ask(second, "reporter").await.assert_ok();
        assert_eq!((figures(Figure::Surveyed).await, figures(Figure::Solved).await, figures(Figure::Satisfied).await), (1, 1, 1));
    }

    async fn where_one_reporter_can_be_reached_a_neighbour_does_not_speak_for_them(app: TestApp) {
        let place = estate(&app).await;
        let people = people(&app, &place).await;
        report_as(&people.resident, &place, "").await;
        let first = issue_id(&people.staff).await;
        app.means.clock.set(app.means.now() + jiff::SignedDuration::from_mins(10));
        report_as(&app.browser(), &place, "13800005678").await;
        let page = people.staff.get("/issues").await;
        let ids = page.body.match_indices("/issues/0").map(|(at, _)| page.body[at + 8..at + 44].to_owned());
        let second = ids.into_iter().find(|id| *id != first).unwrap();
        step(&people.staff, &second, "merger", &[("merge_into", "SSYS-20261123-0001")]).await.assert_ok();
        handle_and_publish(&people, &place, &first).await;
        let version = people.grid_worker.get(&format!("/issues/{first}/survey")).await.input("version");
        let answer = [("version", version.as_str()), ("respondent", "neighbour"), ("solved", "no"), ("score", "1")];
        people.grid_worker.post(&format!("/issues/{first}/surveys"), &answer).await.assert_ok();
        people.staff.get(&format!("/issues/{first}")).await.assert_contains("请小区支部复核").assert_lacks("第 2 次办理");
    }

    async fn what_a_resident_typed_and_photographed_survives_a_mistake(app: TestApp) {
        let place = estate(&app).await;
        let resident = app.browser();
        let path = format!("/r/{}", place.place_code);
        let wrong = [("description", "楼道灯坏了好几天"), ("phone", "1380000")];
        let again = resident.post_files(&path, &wrong, &[("photos", "1.jpg", &photo()), ("photos", "x.jpg", b"no photo")]).await;
        again.assert_status(422).assert_contains("楼道灯坏了好几天").assert_contains("已收到 1 张照片");
        let kept = again.input("photos-kept");
        let right = [("description", "楼道灯坏了好几天"), ("phone", ""), ("photos-kept", kept.as_str())];
        let filed = resident.post_files(&path, &right, &[]).await;
        filed.assert_ok();
        let code = filed.url.trim_end_matches("/filed").to_owned();
        resident.get(&code).await.assert_contains("/photos/");
    }

    async fn public_words_name_nobody(app: TestApp) {
        let place = estate(&app).await;
        let people = people(&app, &place).await;
        let staff = &people.staff;
        let path = format!("/r/{}", place.place_code);
        let report = [("description", "楼道灯坏了好几天"), ("name", "高瑞芹"), ("phone", "13800001234")];
        people.resident.post_files(&path, &report, &[]).await.assert_ok();
        let id = issue_id(staff).await;
        let words = [("refusal_reason", "高瑞芹反映的事已经在处理")];
        step(staff, &id, "refusal", &words).await.assert_status(422).assert_contains("姓名").assert_contains("在处理");
        let words = [("refusal_reason", "请直接打王师傅的电话13800001234")];
        step(staff, &id, "refusal", &words).await.assert_status(422).assert_contains("里面有手机号");
    }
}
