//! What is on an agenda and what becomes of it: how an item is put, elections, the roll that is called while people sign in, and
//! what must be right before a meeting can end.

use codes::PersonName;
use codes::address::parse_room;
use doorstep::access::{Reach, Role};
use doorstep::party::{Post, Status, Tie};
use doorstep::place::Settler;
use doorstep::registry::enrol::{NewResident, enrol};
use doorstep::{body, party, place};
use jiff::civil::date;

use crate::branch_meeting::{act, at, attendance, branch, call, item, sign_in, vote, voter};
use crate::party::{Party, somebody};
use crate::support::{Browser, Page, TestApp};

/// Every field that a form would send as it stands: what is hidden, and what is chosen.
fn as_it_stands(page: &Page) -> Vec<(String, String)> {
    let hidden = page.between_all("<input type=\"hidden\" name=\"", "\">");
    let chosen =
        page.between_all("<input type=\"radio\" name=\"", ">").filter_map(|rest| rest.strip_suffix(" checked"));
    let pair = |rest: &str| {
        rest.trim_end_matches('"').split_once("\" value=\"").map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    hidden.chain(chosen).filter_map(pair).collect()
}

async fn send(browser: &Browser, path: &str, fields: &[(String, String)]) -> Page {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.post(path, &fields).await
}

/// The same fields with one of them chosen otherwise.
fn choosing(fields: &[(String, String)], name: &str, value: &str) -> Vec<(String, String)> {
    let mut fields: Vec<_> = fields.iter().filter(|(known, _)| known != name).cloned().collect();
    fields.push((name.to_owned(), value.to_owned()));
    fields
}

async fn lives_here(app: &TestApp, name: &str) {
    let mut tx = app.db.begin().await.unwrap();
    let (name, room) = (PersonName::parse(name).unwrap(), parse_room("101").unwrap());
    let door = Settler::default().settle(&mut tx, &app.act(), "王府名苑小区", "3号楼", "1", &room).await.unwrap();
    enrol(&mut tx, &app.act(), door, &name, &NewResident::named(name.clone())).await.unwrap();
    tx.commit().await.unwrap();
}

/// The first item of a meeting, by its address.
async fn wording_of(browser: &Browser, meeting: &str) -> String {
    let page = browser.get(meeting).await;
    let before = format!("href=\"{meeting}/items/");
    let item = page.between_all(&before, "/wording\"").next().unwrap();
    format!("{meeting}/items/{item}")
}

async fn put_otherwise(browser: &Browser, item: &str, fields: &[(&str, &str)]) -> Page {
    let path = format!("{item}/wording");
    let version = browser.get(&path).await.input("version");
    browser.post(&path, &[&[("version", version.as_str())], fields].concat()).await
}

/// What two tellers have counted of an election: valid and invalid papers, and the votes of each.
fn counted(papers: [&str; 2], first: &[&str], second: &[&str]) -> Vec<(String, String)> {
    let mut fields = vec![("decision".to_owned(), "vote".to_owned())];
    for (teller, name, votes) in [("a", "计票员甲", first), ("b", "计票员乙", second)] {
        fields.push((format!("{teller}-name"), name.to_owned()));
        fields.push((format!("{teller}-yes"), papers[0].to_owned()));
        fields.push((format!("{teller}-invalid"), papers[1].to_owned()));
        fields
            .extend((0..).zip(votes).map(|(number, votes)| (format!("{teller}-votes-{number}"), (*votes).to_owned())));
    }
    fields
}

db_test! {
    async fn a_roll_that_was_opened_earlier_takes_nothing_back(app: TestApp) {
        at(&app, "2026-11-23T08:30:00+08:00");
        let party = branch(&app).await;
        let secretary = app.person(Role::BranchSecretary).reaching(Reach::Estate, party.estate).browser().await;
        let meeting = call(&secretary, &party, "member_assembly", "楼道照明").await;
        let notice = secretary.get(&meeting).await;
        let link = format!("/notices/{}", notice.between_all("/notices/", "<").next().unwrap().trim());
        act(&secretary, &meeting, "notice", &[("notice", &format!("请全体党员9点到小区党群服务站开会 {link}"))]).await.assert_ok();
        let member = app.browser();
        member.post(&link, &[("name", &voter(10)), ("reply", "sick")]).await.assert_ok();
        let roll = format!("{meeting}/roll");
        let form = as_it_stands(&secretary.get(&roll).await);
        assert!(form.len() > 2 * 58, "everybody's mark, and how it was seen: {}", form.len());

        // While it is open two sign in, and one more asks for leave.
        sign_in(&app, &meeting, 0..2).await;
        member.post(&link, &[("name", &voter(11)), ("reply", "private")]).await.assert_ok();
        let nothing = send(&secretary, &roll, &form).await;
        nothing.assert_ok().assert_contains("没有要改的").assert_contains("<b>2</b>人实到");
        nothing.assert_contains("要请病假，没批").assert_contains("要请事假，没批");
        let third = format!("mark-{}", attendance(&secretary, &meeting, &voter(2)).await);
        let marked = send(&secretary, &roll, &choosing(&form, &third, "there")).await;
        marked.assert_ok().assert_contains("改了 1 人").assert_contains("<b>3</b>人实到").assert_contains("要请病假，没批");
        // Who is marked otherwise than they stand by now keeps what they did themselves, and is named.
        let first = format!("mark-{}", attendance(&secretary, &meeting, &voter(0)).await);
        let moved = send(&secretary, &roll, &choosing(&form, &first, "official")).await;
        moved.assert_ok().assert_contains(&format!("{}刚刚自己签到或已被改过", voter(0))).assert_contains("<b>3</b>人实到");

        // Leave is decided by choosing, also against it; then it is said, and they are not among those who come.
        let form = as_it_stands(&secretary.get(&roll).await);
        let asked = format!("mark-{}", attendance(&secretary, &meeting, &voter(10)).await);
        assert!(!form.iter().any(|(name, _)| *name == asked), "nothing is chosen for whoever asks");
        let refused = send(&secretary, &roll, &choosing(&form, &asked, "absent")).await;
        refused.assert_ok().assert_contains("改了 1 人").assert_contains("请假没准").assert_contains("回复会到 0 人，请假 0 人，没回复 57 人");
        let other = format!("mark-{}", attendance(&secretary, &meeting, &voter(11)).await);
        send(&secretary, &roll, &choosing(&form, &other, "private")).await.assert_contains("请事假").assert_contains("请假 1 人");
        member.post(&link, &[("name", &voter(10)), ("reply", "coming")]).await.assert_ok();
        secretary.get(&meeting).await.assert_lacks("请假没准").assert_contains("回复会到 1 人");
    }

    async fn a_resolution_does_not_outlive_its_quorum(app: TestApp) {
        at(&app, "2026-11-23T08:30:00+08:00");
        let party = branch(&app).await;
        let secretary = app.person(Role::BranchSecretary).reaching(Reach::Estate, party.estate).browser().await;
        let meeting = call(&secretary, &party, "member_assembly", "楼道照明\n学习文件").await;
        act(&secretary, &meeting, "session", &[]).await.assert_ok();
        sign_in(&app, &meeting, 0..30).await;
        let light = item(&secretary, &meeting).await;
        secretary.post(&light, &vote("general", "30", "0")).await.assert_ok();
        // What is only read together needs no vote.
        secretary.post(&item(&secretary, &meeting).await, &[("decision", "hold")]).await.assert_ok().assert_contains("已进行");
        let mut mistaken = Vec::new();
        for n in 0..5 {
            mistaken.push((format!("mark-{}", attendance(&secretary, &meeting, &voter(n)).await), "absent".to_owned()));
        }
        send(&secretary, &format!("{meeting}/roll"), &mistaken).await.assert_ok();
        let refused = act(&secretary, &meeting, "end", &[("remarks", "会后去看楼道")]).await;
        refused.assert_status(422).assert_contains("“楼道照明”表决时有表决权的到会 30 人，现在签到表上只有 25 人").assert_contains("会后去看楼道");
        let back: Vec<_> = mistaken.into_iter().map(|(name, _)| (name, "there".to_owned())).collect();
        send(&secretary, &format!("{meeting}/roll"), &back).await.assert_ok();
        // Whoever leaves before the end was there.
        let gone = vec![(format!("mark-{}", attendance(&secretary, &meeting, &voter(7)).await), "left".to_owned())];
        send(&secretary, &format!("{meeting}/roll"), &gone).await.assert_ok();
        act(&secretary, &meeting, "end", &[("remarks", "")]).await.assert_ok().assert_contains("已散会");
        secretary.get(&format!("{meeting}/minutes")).await.assert_contains("其中有表决权 30 人");
    }

    async fn an_election_names_who_is_elected_and_who_stands_again(app: TestApp) {
        at(&app, "2026-11-23T08:30:00+08:00");
        let party = branch(&app).await;
        let secretary = app.person(Role::BranchSecretary).reaching(Reach::Estate, party.estate).browser().await;
        let meeting = call(&secretary, &party, "member_assembly", "增补支委").await;
        secretary.get(&meeting).await.assert_contains("到 28 人才能表决").assert_contains("例会可以照发");
        let path = wording_of(&secretary, &meeting).await;
        let wrong = [("title", "增补支部委员"), ("motion", "election"), ("seats", "4"), ("candidates", "高瑞芹\n薛婷\n刘凝")];
        put_otherwise(&secretary, &path, &wrong).await.assert_status(422).assert_contains("应选人数要在 1 到 3 之间").assert_contains("薛婷");
        let twice = [wrong[0], wrong[1], ("seats", "2"), ("candidates", "高瑞芹\n高瑞芹")];
        put_otherwise(&secretary, &path, &twice).await.assert_status(422).assert_contains("重名");
        let right = [wrong[0], wrong[1], ("seats", "2"), wrong[3]];
        put_otherwise(&secretary, &path, &right).await.assert_ok().assert_contains("增补支部委员").assert_contains("到 45 人才能表决");
        secretary.get(&meeting).await.assert_contains("议题里有正式表决（选举）");
        act(&secretary, &meeting, "session", &[]).await.assert_ok();
        sign_in(&app, &meeting, 0..45).await;
        let form = secretary.get(&path).await;
        form.assert_contains("3 位候选人，应选 2 名").assert_contains("薛婷（票）").assert_lacks("举手表决").assert_lacks("会前书面同意");
        let papers = secretary.get(&format!("{path}/ballots")).await;
        papers.assert_contains("应选 2 名").assert_contains("另选：");
        assert_eq!(papers.body.matches(">薛婷</th>").count(), 45);

        let first = ["40", "30", "15"];
        send(&secretary, &path, &counted(["44", "1"], &first, &["40", "29", "15"])).await
            .assert_status(422).assert_contains("薛婷 30 和 29").assert_contains("value=\"44\"");
        let many = ["45", "30", "13"];
        send(&secretary, &path, &counted(["44", "1"], &many, &many)).await.assert_status(422).assert_contains("高瑞芹 45 票，比有效票 44 张还多");
        let sum = ["44", "30", "15"];
        send(&secretary, &path, &counted(["44", "1"], &sum, &sum)).await.assert_status(422).assert_contains("不会这么多");
        send(&secretary, &path, &counted(["45", "1"], &first, &first)).await.assert_status(422).assert_contains("还多");
        let tied = ["40", "23", "23"];
        let result = send(&secretary, &path, &counted(["44", "1"], &tied, &tied)).await;
        result.assert_ok().assert_contains("形成决议（有效票 44，废票 1）：当选：高瑞芹（40 票）");
        result.assert_contains("薛婷、刘凝票数相等（23 票），就他们重新投票，选 1 名");
        // The other vote is another item of the same meeting.
        let again = [("topic", "重新投票选一名支委"), ("motion", "election"), ("seats", "1"), ("candidates", "薛婷\n刘凝")];
        let version = secretary.get(&meeting).await.input("version");
        secretary.post(&format!("{meeting}/items"), &[&[("version", version.as_str())], &again[..]].concat()).await.assert_ok();
        let second = item(&secretary, &meeting).await;
        let votes = ["25", "20"];
        send(&secretary, &second, &counted(["45", "0"], &votes, &votes)).await.assert_ok().assert_contains("当选：薛婷（25 票）");
        // What has been voted on is not made another vote.
        let other = [("title", "增补支部委员两名"), ("motion", "general")];
        put_otherwise(&secretary, &path, &other).await.assert_ok().assert_contains("增补支部委员两名").assert_contains("高瑞芹（40 票）");
        act(&secretary, &meeting, "end", &[("remarks", "")]).await.assert_ok().assert_lacks("流会");
        let minutes = secretary.get(&format!("{meeting}/minutes")).await;
        minutes.assert_contains("表决事项：选举。无记名投票").assert_contains("当选：薛婷（25 票）");
    }

    async fn a_meeting_that_was_called_to_elect_fails_below_four_fifths(app: TestApp) {
        at(&app, "2026-11-23T08:30:00+08:00");
        let party = branch(&app).await;
        let secretary = app.person(Role::BranchSecretary).reaching(Reach::Estate, party.estate).browser().await;
        let meeting = call(&secretary, &party, "member_assembly", "选举书记").await;
        let path = wording_of(&secretary, &meeting).await;
        let election = [("title", "选举书记"), ("motion", "election"), ("seats", ""), ("candidates", "")];
        put_otherwise(&secretary, &path, &election).await.assert_ok();
        act(&secretary, &meeting, "session", &[]).await.assert_ok();
        sign_in(&app, &meeting, 0..44).await;
        let ended = act(&secretary, &meeting, "end", &[("remarks", "")]).await;
        ended.assert_ok().assert_contains("流会").assert_contains("要到 45 人，到了 44 人");
        // It comes back as the election that it is.
        let offered = secretary.get(&format!("{}/meetings/new", party.path())).await;
        offered.assert_contains("选举书记").assert_contains("上次没有议成");
        let again = offered.between_all("name=\"item\" value=\"", "\"").next().unwrap().to_owned();
        let fields = [("kind", "member_assembly"), ("day", "2026-11-30"), ("time", "09:00"), ("place", "小区党群服务站"), ("host", "冯环英"), ("item", again.as_str())];
        secretary.post(&format!("{}/meetings", party.path()), &fields).await.assert_ok().assert_contains("到 45 人才能表决");
    }

    async fn what_cannot_hang_on_the_board_is_said_while_it_can_be_put_otherwise(app: TestApp) {
        at(&app, "2026-11-23T08:30:00+08:00");
        let mut tx = app.db.begin().await.unwrap();
        let estate = place::create_estate(&mut tx, &app.act(), "王府名苑小区", None, None).await.unwrap();
        tx.commit().await.unwrap();
        lives_here(&app, "陈大山").await;
        let secretary = app.person(Role::BranchSecretary).reaching(Reach::Estate, estate).browser().await;
        let of_estate = estate.to_string();
        let plan = |place: &'static str, topics: &'static str| {
            vec![("estate", of_estate.as_str()), ("day", "2026-11-23"), ("time", "09:00"), ("place", place), ("host", "冯环英"), ("topics", topics)]
        };
        let named = secretary.post("/meetings", &plan("小区党群服务站", "陈大山家漏水怎么修")).await;
        named.assert_status(422).assert_contains("“议题”里有居民姓名“陈*山”").assert_contains("陈大山家漏水怎么修");
        secretary.post("/meetings", &plan("陈大山家门口", "修漏水")).await.assert_status(422).assert_contains("“地点”里有居民姓名");
        let meeting = secretary.post("/meetings", &plan("小区党群服务站", "刘小河家漏水怎么修")).await;
        let meeting = meeting.assert_ok().url.clone();
        act(&secretary, &meeting, "notice", &[("notice", "【说事议事会】欢迎大家来说、来议。")]).await.assert_ok();

        // She comes to live here after that: nothing can be published with her name, and the words are changed.
        lives_here(&app, "刘小河").await;
        act(&secretary, &meeting, "session", &[]).await.assert_ok();
        let refused = act(&secretary, &meeting, "end", &[("remarks", "雨天再看")]).await;
        refused.assert_status(422).assert_contains("里有居民姓名“刘*河”").assert_contains("雨天再看");
        let path = wording_of(&secretary, &meeting).await;
        put_otherwise(&secretary, &path, &[("title", "刘小河家")]).await.assert_status(422).assert_contains("“议题”里有居民姓名");
        put_otherwise(&secretary, &path, &[("title", "三号楼漏水怎么修")]).await.assert_ok().assert_contains("三号楼漏水怎么修");
        act(&secretary, &meeting, "end", &[("remarks", "雨天再看")]).await.assert_ok().assert_contains("已散会");
        let board = app.browser().get(&format!("/board/{}/estates/{estate}", app.home.code)).await;
        board.assert_ok().assert_contains("说事议事会结果").assert_lacks("刘小河");
    }

    async fn what_hangs_already_hangs_in_its_new_words(app: TestApp) {
        at(&app, "2026-11-23T08:30:00+08:00");
        let mut tx = app.db.begin().await.unwrap();
        let estate = place::create_estate(&mut tx, &app.act(), "王府名苑小区", None, None).await.unwrap();
        tx.commit().await.unwrap();
        let secretary = app.person(Role::BranchSecretary).reaching(Reach::Estate, estate).browser().await;
        let of_estate = estate.to_string();
        let plan = [("estate", of_estate.as_str()), ("day", "2026-11-28"), ("time", "09:00"), ("place", "小区党群服务站"), ("host", "冯环英"), ("topics", "停车位")];
        let meeting = secretary.post("/meetings", &plan).await.assert_ok().url.clone();
        act(&secretary, &meeting, "notice", &[("notice", "【说事议事会】欢迎大家来说、来议。")]).await.assert_ok();
        let path = wording_of(&secretary, &meeting).await;
        put_otherwise(&secretary, &path, &[("title", "夜里怎么停车")]).await.assert_ok();
        let public = format!("/board/{}", app.home.code);
        let board = app.browser().get(&format!("{public}/estates/{estate}")).await;
        let hangs = app.browser().get(&board.link(&format!("{public}/publications/"))).await;
        hangs.assert_ok().assert_contains("夜里怎么停车").assert_lacks("停车位");
        assert_eq!(board.body.matches(&format!("{public}/publications/")).count(), 1);

        // So does a topic that comes late.
        act(&secretary, &meeting, "items", &[("title", "电动车上楼"), ("topic", "电动车上楼")]).await.assert_ok();
        let board = app.browser().get(&format!("{public}/estates/{estate}")).await;
        let hangs = app.browser().get(&board.link(&format!("{public}/publications/"))).await;
        hangs.assert_ok().assert_contains("夜里怎么停车").assert_contains("电动车上楼");
        assert_eq!(board.body.matches(&format!("{public}/publications/")).count(), 1);
    }

    async fn the_committee_of_each_level_has_its_name_and_meets_wherever_it_likes(app: TestApp) {
        at(&app, "2026-11-23T08:30:00+08:00");
        let party = Party::set_up(&app).await;
        let mut tx = app.db.begin().await.unwrap();
        let other = place::create_estate(&mut tx, &app.act(), "水保所家属院", None, None).await.unwrap();
        let mut posts = Vec::new();
        for (name, post) in [("冯环英", Post::Secretary), ("薛副书记", Post::Deputy), ("党员甲", Post::Commissioner)] {
            let home = party::Home { organisation: party.branch, group: None };
            let member = party::add(&mut tx, &app.act(), home, &somebody(name, Status::Formal, Tie::Here), None).await.unwrap();
            party::join_post(&mut tx, &app.act(), party.committee, member, post, date(2025, 1, 1)).await.unwrap();
            posts.push(member);
        }
        // 书记 and 副书记 of the branch are no committee.
        party::join_post(&mut tx, &app.act(), party.branch, posts[0], Post::Secretary, date(2025, 1, 1)).await.unwrap();
        party::join_post(&mut tx, &app.act(), party.branch, posts[1], Post::Deputy, date(2025, 1, 1)).await.unwrap();
        tx.commit().await.unwrap();
        let secretary = app.person(Role::Secretary).browser().await;
        secretary.get("/meetings/duties").await.assert_ok().assert_contains("党员大会").assert_lacks("支委会");
        let above = format!("/party/organisations/{}", party.committee);
        secretary.get(&format!("{above}/meetings/new")).await.assert_ok().assert_contains("党委会").assert_lacks("支委会");
        let (here, there) = (party.estate.to_string(), other.to_string());
        let plan = |estate: &str, more: &[(&'static str, &str)]| -> Vec<(String, String)> {
            let fields = [("kind", "branch_committee"), ("estate", estate), ("day", "2026-11-23"), ("time", "09:00"), ("place", "社区会议室"), ("host", "冯环英")];
            fields.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let filed = {
            let mut tx = app.db.begin().await.unwrap();
            let place = doorstep::issue::Place::Estate { id: party.estate, name: "王府名苑小区".to_owned(), grid: None };
            let new = doorstep::issue::NewIssue {
                source: doorstep::issue::Source::Meeting, category: doorstep::issue::Category::Other, description: "院墙裂了".to_owned(),
                place, place_text: String::new(), reporter: None, photos: Vec::new(),
            };
            let filed = doorstep::issue::file(&mut tx, &app.act(), new).await.unwrap();
            let mut issue = doorstep::issue::issue(&mut tx, app.home.tenant, filed.id).await.unwrap();
            let (tier, remedy) = (doorstep::issue::Tier::Ordinary, doorstep::issue::Remedy::SelfHelp);
            let grading = doorstep::issue::Grading { category: doorstep::issue::Category::Other, tier, remedy, summary: "院墙裂了".to_owned() };
            let seen = issue.lock_version;
            doorstep::issue::accept(&mut tx, &app.act(), &mut issue, seen, grading).await.unwrap();
            tx.commit().await.unwrap();
            format!("issue:{}", filed.id)
        };
        let page = send(&secretary, &format!("{above}/meetings"), &plan(&here, &[("item", &filed)])).await;
        page.assert_ok().assert_contains("11月23日党委会").assert_contains("参加党委会");
        let meeting = page.url.clone();
        act(&secretary, &meeting, "session", &[]).await.assert_ok();
        secretary.post(&item(&secretary, &meeting).await, &[("decision", "defer")]).await.assert_ok();
        act(&secretary, &meeting, "end", &[("remarks", "")]).await.assert_ok();
        secretary.get(&format!("{meeting}/minutes")).await.assert_contains("党委会记录");
        // What it has left comes back to it, in whichever estate it meets.
        let offered = secretary.get(&format!("{above}/meetings/new")).await;
        let again = offered.between_all("name=\"item\" value=\"", "\"").next().unwrap().to_owned();
        let page = send(&secretary, &format!("{above}/meetings"), &plan(&there, &[("item", &again)])).await;
        page.assert_ok().assert_contains("院墙裂了").assert_contains("第 2 次上会");
        // A matter of another estate that it has never talked about is none of this meeting's.
        let body = secretary.get(&format!("{above}/meetings/new")).await;
        body.assert_ok().assert_lacks("院墙裂了");
    }

    async fn two_of_one_name_are_two_and_whoever_sits_on_both_committees_is_one(app: TestApp) {
        at(&app, "2026-11-23T08:30:00+08:00");
        let party = Party::set_up(&app).await;
        let mut tx = app.db.begin().await.unwrap();
        for (phone, post) in [("王平", Post::Secretary), ("王平", Post::Commissioner), ("李兰", Post::Deputy)] {
            let home = party::Home { organisation: party.branch, group: None };
            let member = party::add(&mut tx, &app.act(), home, &somebody(phone, Status::Formal, Tie::Here), None).await.unwrap();
            party::join_post(&mut tx, &app.act(), party.committee, member, post, date(2025, 1, 1)).await.unwrap();
        }
        let term = (Some(date(2025, 1, 1)), Some(date(2027, 12, 31)));
        let new = body::NewBody { kind: body::Kind::ResidentsCommittee, name: "居委会".to_owned(), estate: None, term };
        let id = body::create(&mut tx, &app.act(), new).await.unwrap();
        let made = body::body(&mut tx, app.home.tenant, &doorstep::access::Scope::tenant(), id).await.unwrap();
        for (name, post) in [("李兰", body::Post::Chair), ("王平", body::Post::Member), ("赵东", body::Post::Member)] {
            let seat = body::NewSeat { name: name.to_owned(), part: body::Part::Community, post, since: date(2025, 1, 1), woman: None };
            body::sit(&mut tx, &app.act(), &made, seat).await.unwrap();
        }
        tx.commit().await.unwrap();
        let secretary = app.person(Role::Secretary).browser().await;
        let estate = party.estate.to_string();
        let fields = [("kind", "two_committees"), ("estate", estate.as_str()), ("day", "2026-11-23"), ("time", "09:00"), ("place", "社区会议室"), ("host", "王平"), ("topics", "加装电梯")];
        let page = secretary.post(&format!("/party/organisations/{}/meetings", party.committee), &fields).await;
        page.assert_ok().assert_contains("<b>4</b>人应到");
        assert_eq!(page.body.matches("<b>王平</b>").count(), 2, "one of them sits on both");
    }

    async fn an_agenda_begins_with_what_is_usual_or_with_the_last_one_and_a_lesson_says_who_gave_it(app: TestApp) {
        at(&app, "2026-11-23T08:30:00+08:00");
        let party = Party::set_up(&app).await;
        party.add(&app, &somebody("党员甲", Status::Formal, Tie::Here)).await;
        let secretary = app.person(Role::BranchSecretary).reaching(Reach::Estate, party.estate).browser().await;
        let path = format!("{}/meetings", party.path());
        let duties = secretary.get("/meetings/duties").await;
        duties.assert_contains("书记讲党课").assert_contains("组织生活会").assert_contains("民主评议党员");
        // What was entered stays; the topics come from what such a meeting usually talks about.
        let plan = [("kind", "party_class"), ("day", "2026-11-23"), ("time", "09:00"), ("place", "小区党群服务站"), ("host", "冯环英")];
        let asked = |kind: &'static str, from: &'static str| vec![("kind", kind), ("host", "冯环英"), ("topics", ""), ("from", from)];
        let filled = secretary.post(&path, &asked("theme_day", "usual")).await;
        filled.assert_ok().assert_contains("志愿服务活动</textarea>").assert_contains("value=\"冯环英\"").assert_contains("value=\"theme_day\" checked");
        secretary.post(&path, &asked("party_class", "last")).await.assert_ok().assert_contains("></textarea>");
        let meeting = secretary.post(&path, &[&plan[..], &[("topics", "学习党章")]].concat()).await.assert_ok().url.clone();
        act(&secretary, &meeting, "session", &[]).await.assert_ok();
        let lesson = item(&secretary, &meeting).await;
        secretary.post(&lesson, &[("decision", "hold")]).await.assert_status(422).assert_contains("请填写主讲人").assert_contains("请选择讲了多久");
        let given = [("decision", "hold"), ("speaker", "冯环英"), ("half_hours", "3"), ("by_secretary", "1")];
        secretary.post(&lesson, &given[..3]).await.assert_ok();
        act(&secretary, &meeting, "end", &[("remarks", "")]).await.assert_ok();
        secretary.get(&format!("{meeting}/minutes")).await.assert_contains("主讲：冯环英，1.5 小时。结果：已进行");
        let of_secretary = |page: &Page| page.body.split_once("书记讲党课").unwrap().1.split_once("</li>").unwrap().0.to_owned();
        assert!(of_secretary(&secretary.get("/meetings/duties").await).contains("还没开"), "it was not the secretary who gave it");
        let last = secretary.post(&path, &asked("party_class", "last")).await;
        last.assert_ok().assert_contains("学习党章</textarea>");
        let meeting = secretary.post(&path, &[&plan[..], &[("topics", "学习党章")]].concat()).await.assert_ok().url.clone();
        act(&secretary, &meeting, "session", &[]).await.assert_ok();
        secretary.post(&item(&secretary, &meeting).await, &given).await.assert_ok();
        act(&secretary, &meeting, "end", &[("remarks", "")]).await.assert_ok();
        secretary.get(&format!("{meeting}/minutes")).await.assert_contains("主讲：冯环英（书记），1.5 小时");
        assert!(of_secretary(&secretary.get("/meetings/duties").await).contains("已开，11月23日"));

        // The estate's own meetings begin in the same way.
        let estate = party.estate.to_string();
        let fields = [("estate", estate.as_str()), ("kind", "joint_meeting"), ("host", "冯环英"), ("from", "usual")];
        secretary.post("/meetings", &fields).await.assert_ok().assert_contains("物业公司通报本月服务和收支").assert_contains("value=\"冯环英\"");
    }

    async fn the_next_meeting_is_proposed_at_the_hour_of_the_last_one_in_time_for_the_notice(app: TestApp) {
        at(&app, "2026-11-23T08:30:00+08:00"); // a Monday
        let party = Party::set_up(&app).await;
        let secretary = app.person(Role::BranchSecretary).reaching(Reach::Estate, party.estate).browser().await;
        let new = format!("{}/meetings/new", party.path());
        secretary.get(&new).await.assert_contains("value=\"2026-11-27\"").assert_contains("value=\"09:00\"");
        let fields = [("kind", "member_assembly"), ("day", "2026-11-25"), ("time", "19:30"), ("place", "二楼"), ("host", "冯环英"), ("recorder", "景瑞芳"), ("topics", "学习")];
        secretary.post(&format!("{}/meetings", party.path()), &fields).await.assert_ok();
        let next = secretary.get(&new).await;
        next.assert_contains("value=\"2026-12-02\"").assert_contains("value=\"19:30\"").assert_contains("value=\"二楼\"").assert_contains("value=\"景瑞芳\"");
    }
}
