//! Bodies and their meetings: what a 物管会 lacks, who must come, how they vote, the two committees as one meeting, and a matter
//! that goes all the way through 四议两公开.

use doorstep::access::{self, Act, OrganisationKind, Reach, Role};
use doorstep::body::{self, Kind, NewBody, NewSeat, Part};
use doorstep::party::{self, Post, Status, Tie};
use jiff::Timestamp;
use jiff::civil::date;
use uuid::Uuid;

use crate::party::{Party, somebody};
use crate::support::{Browser, Page, TestApp};

fn at(app: &TestApp, moment: &str) {
    app.means.clock.set(moment.parse::<Timestamp>().unwrap());
}

async fn body(app: &TestApp, kind: Kind, name: &str, estate: Option<Uuid>, seats: &[(&str, Part, body::Post)]) -> Uuid {
    let mut tx = app.db.begin().await.unwrap();
    let term = (Some(date(2025, 1, 1)), Some(date(2027, 12, 31)));
    let new = NewBody { kind, name: name.to_owned(), estate, term };
    let id = body::create(&mut tx, &app.act(), new).await.unwrap();
    let made = body::body(&mut tx, app.home.tenant, &access::Scope::tenant(), id).await.unwrap();
    for (name, part, post) in seats {
        let seat = NewSeat { name: (*name).to_owned(), part: *part, post: *post, since: date(2025, 1, 1), woman: None };
        body::sit(&mut tx, &app.act(), &made, seat).await.unwrap();
    }
    tx.commit().await.unwrap();
    id
}

/// Calls a meeting for a day at 9. Gives its path.
async fn call(browser: &Browser, caller: &str, kind: &str, day: &str, fields: &[(&str, &str)]) -> String {
    let page = called(browser, caller, kind, day, fields).await;
    page.assert_ok().assert_contains("应到的人已列上");
    page.url.clone()
}

async fn called(browser: &Browser, caller: &str, kind: &str, day: &str, fields: &[(&str, &str)]) -> Page {
    let plan = [
        ("kind", kind),
        ("day", day),
        ("time", "09:00"),
        ("place", "小区党群服务站"),
        ("host", "王娟枫"),
        ("recorder", "景瑞芳"),
    ];
    browser.post(&format!("{caller}/meetings"), &[&plan[..], fields].concat()).await
}

/// Does something with the meeting as its page shows it.
async fn act(browser: &Browser, meeting: &str, what: &str, fields: &[(&str, &str)]) -> Page {
    let version = browser.get(meeting).await.input("version");
    browser.post(&format!("{meeting}/{what}"), &[&[("version", version.as_str())], fields].concat()).await
}

/// Marks people as there.
async fn there(browser: &Browser, meeting: &str, names: &[&str]) {
    let roll = browser.get(&format!("{meeting}/roll")).await;
    let marks: Vec<(String, &str)> = names
        .iter()
        .map(|name| {
            let (_, after) =
                roll.body.split_once(&format!("</span> {name}")).unwrap_or_else(|| panic!("{name}: {}", roll.body));
            let (_, mark) = after.split_once("name=\"mark-").unwrap();
            (format!("mark-{}", mark.split_once('"').unwrap().0), "there")
        })
        .collect();
    let marks: Vec<(&str, &str)> = marks.iter().map(|(name, mark)| (name.as_str(), *mark)).collect();
    browser.post(&format!("{meeting}/roll"), &marks).await.assert_ok();
}

fn hands<'a>(yes: &'a str, no: &'a str) -> Vec<(&'a str, &'a str)> {
    let (discussion, resolution) = (("discussion", "都说了"), ("resolution", "同意加装"));
    let motion = ("motion", "general");
    vec![("decision", "vote"), motion, discussion, ("yes", yes), ("no", no), ("abstain", "0"), resolution]
}

async fn item(browser: &Browser, meeting: &str) -> String {
    browser.get(meeting).await.link_called("记结果")
}

/// The minutes are submitted by one and kept by another.
async fn keep(by: &Browser, other: &Browser, meeting: &str) {
    by.post(&format!("{meeting}/minutes/submission"), &[]).await.assert_ok();
    let seen = other.get(&format!("{meeting}/minutes")).await.input("version");
    let kept = [("version", seen.as_str()), ("verdict", "archive")];
    other.post(&format!("{meeting}/minutes/review"), &kept).await.assert_ok().assert_contains("已归档");
}

db_test! {
    async fn a_property_committee_is_put_together_meets_and_makes_known(app: TestApp) {
        at(&app, "2026-11-23T08:30:00+08:00");
        let party = Party::set_up(&app).await;
        let secretary = app.person(Role::BranchSecretary).reaching(Reach::Estate, party.estate).browser().await;
        secretary.get("/bodies").await.assert_ok().assert_contains("还没有登记");
        let estate = party.estate.to_string();
        let form = [("kind", "property_committee"), ("name", "王府名苑小区物管会"), ("term_began_on", "2025-01-01"), ("term_ends_on", "2024-01-01")];
        secretary.post("/bodies", &form).await.assert_status(422).assert_contains("请选择小区").assert_contains("到期的日子要在开始以后");
        let form = [form[0], form[1], form[2], ("term_ends_on", "2027-12-31"), ("estate", estate.as_str())];
        secretary.post("/bodies", &[("kind", "residents_committee"), form[1], form[4]]).await.assert_status(422).assert_contains("整个社区的");
        let page = secretary.post("/bodies", &form).await;
        page.assert_ok().assert_contains("不足 7 人").assert_contains("还没有主任");
        let committee = page.url.clone();
        secretary.post("/bodies", &form).await.assert_status(422).assert_contains("同名");

        let sit_from = async |name: &str, part: &str, post: &str, since: &str| {
            let seat = [("name", name), ("part", part), ("post", post), ("since", since)];
            secretary.post(&format!("{committee}/seats"), &seat).await
        };
        let sit = async |name: &str, part: &str, post: &str| sit_from(name, part, post, "2025-01-01").await;
        for (name, part, post) in [
            ("王娟枫", "owner", "chair"), ("高瑞芹", "owner", "vice_chair"), ("刘大爷", "owner", "member"),
            ("张锦荣", "owner", "member"), ("赵建国", "user", "member"), ("钱小芳", "community", "member"),
        ] {
            sit(name, part, post).await.assert_ok();
        }
        sit("高瑞芹", "owner", "member").await.assert_status(422).assert_contains("已经登记过了");
        sit("另一位", "community", "chair").await.assert_status(422).assert_contains("已经有主任了");
        sit("另一位", "resident", "member").await.assert_status(422).assert_contains("没有这样的席位");
        let page = sit("孙业主", "owner", "member").await;
        page.assert_ok().assert_contains("<b>7</b>人").assert_lacks("不足 7 人").assert_contains("主任应当是居委会的代表（社区干部）");
        // The chair gives way to a cadre of the community.
        let end = page.between_all("action=\"", "\"").find(|path| path.ends_with("/end")).unwrap().to_owned();
        assert!(page.body.split_once(&end).unwrap().1.contains("王娟枫"), "the chair stands first");
        secretary.post(&end, &[]).await.assert_ok().assert_contains("已登记卸任");
        let page = sit_from("王社区", "community", "chair", "2026-11-23").await;
        page.assert_ok().assert_lacks("class=\"note soon\"");

        // It is owed, called, and shown to the neighbours, who do not enrol.
        secretary.get("/meetings/duties").await.assert_contains("王府名苑小区物管会").assert_contains("物管会会议");
        secretary.get(&format!("{committee}/meetings/new")).await.assert_ok().assert_contains("第四季度物管会会议（还没开）");
        let meeting = call(&secretary, &committee, "", "2026-11-23", &[("topics", "停车位收费")]).await;
        let page = secretary.get(&meeting).await;
        page.assert_contains("<b>7</b>人应到").assert_contains("应到有表决权的 7 人，到 4 人才能表决，还差 4 人，其中业主委员至少 3 人");
        page.assert_contains("请各位委员于2026年11月23日");
        act(&secretary, &meeting, "notice", &[("notice", "【物管会】请各位委员9点到小区党群服务站开会。")]).await.assert_ok().assert_contains("已登在小区公示栏");
        let stranger = app.browser();
        let public = format!("/board/{}{meeting}", app.home.code);
        stranger.get(&public).await.assert_ok().assert_contains("停车位收费").assert_lacks("我要参加").assert_lacks("张锦荣");
        let enrol = [("name", "过路人"), ("side", "resident")];
        stranger.post(&format!("{public}/enrolments"), &enrol).await.assert_status(422).assert_contains("由名册上的人参加");

        secretary.get(&format!("{committee}/meetings")).await.assert_ok().assert_contains("物管会").assert_contains(&meeting);
        // Four are there and only one of four owners: no vote.
        act(&secretary, &meeting, "session", &[]).await.assert_ok();
        there(&secretary, &meeting, &["王社区", "高瑞芹", "赵建国", "钱小芳"]).await;
        let first = item(&secretary, &meeting).await;
        secretary.post(&first, &hands("4", "0")).await.assert_status(422).assert_contains("到会的业主委员不够，还差业主委员 2 人");
        there(&secretary, &meeting, &["刘大爷", "张锦荣"]).await;
        // Nobody votes for somebody who is not there, and four of all seven must agree, whoever is there.
        let proxies = [&hands("6", "0")[..], &[("written", "1"), ("left_out", "1")]].concat();
        secretary.post(&first, &hands("7", "0")).await.assert_status(422).assert_contains("还多");
        secretary.post(&first, &hands("3", "3")).await.assert_ok().assert_contains("表决没有通过");
        let seen = secretary.get(&first).await.input("seen");
        let page = secretary.post(&first, &[&proxies[..], &[("seen", seen.as_str())]].concat()).await;
        page.assert_ok().assert_contains("形成决议（赞成 6，反对 0，弃权 0）");
        act(&secretary, &meeting, "end", &[("remarks", "")]).await.assert_ok().assert_contains("结果登在小区公示栏");
        let board = stranger.get(&format!("/board/{}/estates/{}", app.home.code, party.estate)).await;
        let (before, _) = board.body.split_once("物管会会议结果</b>").unwrap();
        let (_, link) = before.rsplit_once("href=\"").unwrap();
        let result = stranger.get(link.split_once('"').unwrap().0).await;
        result.assert_ok().assert_contains("同意加装").assert_contains("6 人，其中有表决权 6 人").assert_lacks("张锦荣");
        secretary.get(&format!("{meeting}/minutes")).await.assert_contains("物管会会议记录").assert_contains("应到 7 人，实到 6 人，其中有表决权 6 人");
        secretary.get("/meetings/duties").await.assert_contains("已开，11月23日");

        // Who reaches another estate, or another community, finds nothing.
        let elsewhere = app.person(Role::BranchSecretary).reaching(Reach::Estate, Uuid::max()).browser().await;
        for path in [committee.as_str(), &format!("{committee}/meetings/new"), meeting.as_str()] {
            elsewhere.get(path).await.assert_status(404);
        }
        elsewhere.post(&format!("{committee}/seats"), &[("name", "某人")]).await.assert_status(404);
    }

    async fn a_meeting_without_a_quorum_fails_in_public_too(app: TestApp) {
        at(&app, "2026-11-23T09:00:00+08:00");
        let party = Party::set_up(&app).await;
        let seats = ["甲代表", "乙代表", "丙代表", "丁代表"].map(|name| (name, Part::Resident, body::Post::Representative));
        let representatives = body(&app, Kind::Representatives, "王府名苑小区居民代表", Some(party.estate), &seats).await;
        let secretary = app.person(Role::BranchSecretary).reaching(Reach::Estate, party.estate).browser().await;
        let meeting = call(&secretary, &format!("/bodies/{representatives}"), "representatives", "2026-11-23", &[("topics", "公约")]).await;
        act(&secretary, &meeting, "session", &[]).await.assert_ok();
        there(&secretary, &meeting, &["甲代表", "乙代表"]).await;
        secretary.get(&meeting).await.assert_contains("到 3 人才能表决，还差 1 人");
        act(&secretary, &meeting, "end", &[("remarks", "")]).await.assert_ok().assert_contains("这次会流会");
        let board = app.browser().get(&format!("/board/{}/estates/{}", app.home.code, party.estate)).await;
        let result = app.browser().get(&board.link(&format!("/board/{}/publications/", app.home.code))).await;
        result.assert_ok().assert_contains("流会，没有决议");
        // It comes back to them, and to nobody else.
        secretary.get(&format!("/bodies/{representatives}/meetings/new")).await.assert_contains("上次没有议成，第 2 次上会");
        secretary.get(&format!("{}/meetings/new", party.path())).await.assert_lacks("公约");
    }

    async fn a_matter_goes_through_four_deliberations(app: TestApp) {
        at(&app, "2026-11-02T08:30:00+08:00");
        let party = Party::set_up(&app).await;
        let mut members = Vec::new();
        for name in ["冯环英", "薛副书记", "党员甲", "党员乙", "党员丙", "党员丁"] {
            members.push(party.add(&app, &somebody(name, Status::Formal, Tie::Here)).await);
        }
        let mut tx = app.db.begin().await.unwrap();
        // The committee of the branch, and that of the community, on which one of the 居委会 sits too.
        for (organisation, member, post) in [
            (party.branch, members[0], Post::Secretary), (party.branch, members[1], Post::Deputy), (party.branch, members[2], Post::Commissioner),
            (party.committee, members[0], Post::Secretary), (party.committee, members[3], Post::Commissioner),
        ] {
            party::join_post(&mut tx, &app.act(), organisation, member, post, date(2025, 1, 1)).await.unwrap();
        }
        tx.commit().await.unwrap();
        let (chair, plain) = (body::Post::Chair, body::Post::Member);
        body(&app, Kind::ResidentsCommittee, "尉汾路社区居委会", None, &[("王娟枫", Part::Community, chair), ("党员乙", Part::Community, plain), ("景瑞芳", Part::Community, plain)]).await;
        let seats = ["甲代表", "乙代表", "丙代表"].map(|name| (name, Part::Resident, body::Post::Representative));
        let representatives = body(&app, Kind::Representatives, "王府名苑小区居民代表", Some(party.estate), &seats).await;
        let secretary = app.person(Role::Secretary).named("王娟枫").browser().await;
        let staff = app.person(Role::Staff).named("景瑞芳").browser().await;

        secretary.get("/procedures").await.assert_ok().assert_contains("还没有走四议两公开的事");
        let (branch, estate) = (party.branch.to_string(), party.estate.to_string());
        let new = [("title", "打13800001234"), ("reason", "老人多，上下楼难"), ("organisation", branch.as_str()), ("estate", estate.as_str())];
        secretary.post("/procedures", &new).await.assert_status(422).assert_contains("上下楼难");
        let new = [("title", "三号楼加装电梯"), new[1], new[2], new[3]];
        let page = secretary.post("/procedures", &new).await;
        page.assert_ok().assert_contains("现在这一步").assert_contains("等前一步");
        let procedure = page.url.clone();
        let value = format!("procedure:{}", procedure.rsplit('/').next().unwrap());
        let of = |day: &'static str| (day, vec![("item", value.as_str())]);

        // The steps cannot be taken out of their order, nor by others.
        let (day, items) = of("2026-11-02");
        let assembly = format!("/bodies/{representatives}");
        called(&secretary, &assembly, "representatives", day, &items).await.assert_status(422).assert_contains("现在该走第一步“支部提议”");
        called(&secretary, &party.path(), "party_class", day, &items).await.assert_status(422).assert_contains("现在该走第一步");
        let href = secretary.get(&procedure).await.link_called("开会");
        let form = secretary.get(&href.replace("&amp;", "&")).await;
        form.assert_ok().assert_contains("四议两公开第一步：支部提议").assert_contains(&format!("value=\"{value}\" checked"));
        let first = call(&secretary, &party.path(), "branch_committee", day, &items).await;
        secretary.get(&procedure).await.assert_contains("会议准备中");
        called(&secretary, &party.path(), "branch_committee", day, &items).await.assert_status(422).assert_contains("不用再列");

        act(&secretary, &first, "session", &[]).await.assert_ok();
        there(&secretary, &first, &["冯环英", "薛副书记", "党员甲"]).await;
        let step = item(&secretary, &first).await;
        let own = access::organisations(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap();
        let owner = own.iter().find(|known| known.name == "王府名苑小区党支部").unwrap().id.to_string();
        let owned = [&hands("3", "0")[..], &[("organisation", owner.as_str()), ("due", "2026-12-31"), ("public_words", "加装电梯")]].concat();
        secretary.post(&step, &owned).await.assert_status(422).assert_contains("前三步只议不派");
        secretary.post(&step, &hands("3", "0")).await.assert_ok();
        act(&secretary, &first, "end", &[("remarks", "")]).await.assert_ok();
        secretary.get(&procedure).await.assert_contains("通过，等会议记录归档").assert_lacks("再开一次会");
        let (day, items) = of("2026-11-02");
        let above = format!("/party/organisations/{}", party.committee);
        let both = [&items[..], &[("estate", estate.as_str())]].concat();
        called(&secretary, &above, "two_committees", day, &both).await.assert_status(422).assert_contains("通过，等会议记录归档");
        keep(&secretary, &staff, &first).await;

        // The two committees: five sit on them, and 党员乙 on both. The community's organisation has to say where they meet.
        called(&secretary, &above, "two_committees", day, &items).await.assert_status(422).assert_contains("请选择在哪个小区开");
        let second = call(&secretary, &above, "two_committees", day, &both).await;
        let page = secretary.get(&second).await;
        page.assert_contains("<b>4</b>人应到").assert_contains("应到有表决权的 4 人，到 2 人才能表决").assert_contains("尉汾路社区党委");
        act(&secretary, &second, "session", &[]).await.assert_ok();
        there(&secretary, &second, &["冯环英", "党员乙", "景瑞芳"]).await;
        secretary.post(&item(&secretary, &second).await, &hands("2", "1")).await.assert_ok().assert_contains("表决没有通过"); // 3 of 4
        act(&secretary, &second, "end", &[("remarks", "")]).await.assert_ok();
        app.browser().get(&format!("/board/{}/estates/{}", app.home.code, party.estate)).await.assert_lacks("加装电梯");
        // What was turned down can be tried again.
        secretary.get(&procedure).await.assert_contains("表决没有通过").assert_contains("再开一次会");
        let both = [&both[..], &[]].concat();
        let second = call(&secretary, &above, "two_committees", "2026-11-02", &both).await;
        secretary.get(&second).await.assert_contains("第 2 次上会");
        act(&secretary, &second, "session", &[]).await.assert_ok();
        there(&secretary, &second, &["冯环英", "党员乙", "景瑞芳"]).await;
        secretary.post(&item(&secretary, &second).await, &hands("3", "0")).await.assert_ok();
        act(&secretary, &second, "end", &[("remarks", "")]).await.assert_ok();
        keep(&secretary, &staff, &second).await;

        // All members review it by a rule of its own: two thirds of the six have to come, and more than half of the six agree.
        let (day, items) = of("2026-11-02");
        let third = call(&secretary, &party.path(), "member_assembly", day, &items).await;
        act(&secretary, &third, "session", &[]).await.assert_ok();
        there(&secretary, &third, &["冯环英", "薛副书记", "党员甲"]).await;
        let step = item(&secretary, &third).await;
        secretary.get(&step).await.assert_lacks("无记名投票");
        secretary.post(&step, &hands("3", "0")).await.assert_status(422).assert_contains("不够 4 人");
        there(&secretary, &third, &["党员乙"]).await;
        secretary.post(&step, &hands("4", "0")).await.assert_ok().assert_contains("形成决议");
        act(&secretary, &third, "end", &[("remarks", "")]).await.assert_ok();
        keep(&secretary, &staff, &third).await;

        // The representatives resolve it in public, and it is given to whoever carries it out.
        let (day, items) = of("2026-11-02");
        let form = secretary.get(&format!("{assembly}/meetings/new")).await;
        form.assert_contains("四议两公开第四步：居民代表会议决议");
        let fourth = call(&secretary, &assembly, "representatives", day, &items).await;
        act(&secretary, &fourth, "session", &[]).await.assert_ok();
        there(&secretary, &fourth, &["甲代表", "乙代表"]).await;
        let owned = [&hands("2", "0")[..], &[("organisation", owner.as_str()), ("due", "2026-12-31")]].concat();
        secretary.post(&item(&secretary, &fourth).await, &owned).await.assert_ok().assert_contains("由王府名苑小区党支部办理");
        act(&secretary, &fourth, "end", &[("remarks", "")]).await.assert_ok();
        secretary.get("/procedures").await.assert_contains("第四步：居民代表会议决议，通过，等会议记录归档");
        keep(&secretary, &staff, &fourth).await;
        secretary.get("/procedures").await.assert_contains("四步都走完了");
        secretary.get(&procedure).await.assert_contains("诉求").assert_lacks("停办");
        app.browser().get(&format!("/board/{}/estates/{}", app.home.code, party.estate)).await.assert_contains("居民代表会议");
        staff.get("/issues").await.assert_contains("三号楼加装电梯");
        let record = secretary.get(&format!("{procedure}/record")).await;
        record.assert_ok().assert_contains("四议两公开记录表").assert_contains("75%").assert_contains("66%").assert_contains("同意加装");
        let words = crate::support::office::words(&secretary.download(&format!("{procedure}/record.docx")).await);
        assert!(words.contains("动议事由") && words.contains("居民代表会议决议"), "{words}");

        // Another is stopped, and goes nowhere.
        let page = secretary.post("/procedures", &[("title", "院里建车棚"), new[1], new[2], new[3]]).await;
        let (stopped, version) = (page.url.clone(), page.input("version"));
        secretary.post(&format!("{stopped}/stop"), &[("version", version.as_str()), ("why", "")]).await.assert_status(422);
        let stop = [("version", version.as_str()), ("why", "街道另有安排")];
        secretary.post(&format!("{stopped}/stop"), &stop).await.assert_ok().assert_contains("已停办：街道另有安排");
        secretary.post(&format!("{stopped}/stop"), &stop).await.assert_status(409);
        secretary.get(&format!("{}/meetings/new?kind=branch_committee", party.path())).await.assert_lacks("院里建车棚");
    }

    async fn a_committee_of_the_party_calls_all_its_branches_and_a_new_term_ends_the_old_posts(app: TestApp) {
        at(&app, "2026-11-20T08:00:00+08:00");
        let party = Party::set_up(&app).await;
        let leader = party.add(&app, &somebody("冯环英", Status::Formal, Tie::Here)).await;
        party.add(&app, &somebody("预备甲", Status::Probationary, Tie::Here)).await;
        let watched = party.add(&app, &somebody("察看乙", Status::Watched, Tie::Here)).await;
        let mut tx = app.db.begin().await.unwrap();
        for member in [leader, watched] {
            party::join_post(&mut tx, &app.act(), party.branch, member, Post::Commissioner, date(2021, 1, 1)).await.unwrap();
        }
        tx.commit().await.unwrap();
        let secretary = app.person(Role::Secretary).browser().await;
        let (above, estate) = (format!("/party/organisations/{}", party.committee), party.estate.to_string());
        let fields = [("estate", estate.as_str()), ("topics", "学习")];
        let meeting = call(&secretary, &above, "member_assembly", "2026-11-23", &fields).await;
        secretary.get(&meeting).await.assert_contains("<b>3</b>人应到").assert_contains("应到有表决权的 1 人");
        let meeting = call(&secretary, &party.path(), "branch_committee", "2026-11-23", &[("topics", "换届")]).await;
        secretary.get(&meeting).await.assert_contains("<b>1</b>人应到").assert_contains("留党察看期间没有表决权");
        let mut tx = app.db.begin().await.unwrap();
        party::begin_term(&mut tx, &app.act(), party.branch, date(2026, 11, 21)).await.unwrap();
        tx.commit().await.unwrap();
        let meeting = call(&secretary, &party.path(), "branch_committee", "2026-11-23", &[("topics", "换届以后")]).await;
        secretary.get(&meeting).await.assert_contains("<b>0</b>人应到");
        secretary.get(&party.path()).await.assert_contains("还没有登记书记");
    }

    async fn an_instructor_is_sent_to_a_property_company_and_keeps_a_log(app: TestApp) {
        at(&app, "2026-11-20T08:00:00+08:00");
        let party = Party::set_up(&app).await;
        party.add(&app, &somebody("冯环英", Status::Formal, Tie::Here)).await;
        let secretary = app.person(Role::Secretary).browser().await;
        secretary.get("/party/instructors/new").await.assert_ok().assert_contains("还没有登记物业公司");
        let act = Act { organisation: Some(app.home.organisation), ..app.act() };
        let mut tx = app.db.begin().await.unwrap();
        let above = Some(app.home.organisation);
        let company = access::create_organisation(&mut tx, &act, above, OrganisationKind::PropertyCompany, "青禾里物业", None).await.unwrap();
        tx.commit().await.unwrap();
        let (company, estate, own) = (company.to_string(), party.estate.to_string(), app.home.organisation.to_string());
        let form = [("name", "冯环英"), ("company", company.as_str()), ("estate", estate.as_str()), ("since", "2026-11-01"), ("duties", "参加联席会议，督促整改")];
        secretary.post("/party/instructors", &[form[0], ("company", own.as_str()), form[2], form[3], form[4]]).await.assert_status(422).assert_contains("不是物业公司");
        secretary.post("/party/instructors", &[&form[..], &[("until", "2026-10-01")]].concat()).await.assert_status(422).assert_contains("不能早于");
        let page = secretary.post("/party/instructors", &form).await;
        page.assert_ok().assert_contains("看党员资料").assert_contains("还没有记录");
        let path = page.url.clone();
        for (day, expected) in [("2026-10-31", "不在派驻期间"), ("2026-11-21", "还没有到")] {
            let refused = secretary.post(&format!("{path}/notes"), &[("day", day), ("text", "查看电梯机房")]).await;
            refused.assert_status(422).assert_contains(expected).assert_contains("查看电梯机房");
        }
        secretary.post(&format!("{path}/notes"), &[("day", "2026-11-19"), ("text", "查看电梯机房")]).await.assert_ok().assert_contains("2026-11-19");
        let version = secretary.get(&path).await.input("version");
        secretary.post(&format!("{path}/end"), &[("version", version.as_str()), ("until", "2026-10-01")]).await.assert_status(422);
        secretary.post(&format!("{path}/end"), &[("version", version.as_str()), ("until", "2026-11-19")]).await.assert_ok();
        secretary.get("/party/instructors").await.assert_ok().assert_contains("已结束").assert_contains("最近记录 2026-11-19");
        let elsewhere = app.person(Role::BranchSecretary).reaching(Reach::Estate, Uuid::max()).browser().await;
        elsewhere.get(&path).await.assert_status(404);
    }
}
