//! Meetings of party members: who is called, how many must come, how many must say yes, and what the public does not see.

use doorstep::access::{Reach, Role};
use doorstep::party::{self, Post, Status, Tie};
use futures_util::future::join_all;
use jiff::Timestamp;
use jiff::civil::date;

use crate::party::{Party, somebody};
use crate::support::{Browser, Page, TestApp, office};

pub fn voter(n: u32) -> String {
    format!("党员{}", char::from_u32(0x4e00 + n).unwrap())
}

/// A branch of 56 who vote, two on probation, and one who is beside them.
pub async fn branch(app: &TestApp) -> Party {
    let party = Party::set_up(app).await;
    for n in 0..56 {
        party.add(app, &somebody(&voter(n), Status::Formal, Tie::Here)).await;
    }
    for name in ["预备甲", "预备乙"] {
        party.add(app, &somebody(name, Status::Probationary, Tie::Here)).await;
    }
    party.add(app, &somebody("双报到丙", Status::Formal, Tie::Reporting)).await;
    party
}

/// Calls a meeting for 9 o'clock of the test's day. Gives its path.
pub async fn call(secretary: &Browser, party: &Party, kind: &str, topics: &str) -> String {
    secretary.get(&format!("{}/meetings/new", party.path())).await.assert_ok().assert_contains("党员大会");
    let fields = [
        ("kind", kind),
        ("day", "2026-11-23"),
        ("time", "09:00"),
        ("place", "小区党群服务站"),
        ("host", "冯环英"),
        ("topics", topics),
    ];
    let page = secretary.post(&format!("{}/meetings", party.path()), &fields).await;
    page.assert_ok().assert_contains("应到的人已列上");
    page.url.clone()
}

/// Does something with the meeting as its page shows it.
pub async fn act(browser: &Browser, meeting: &str, what: &str, fields: &[(&str, &str)]) -> Page {
    let version = browser.get(meeting).await.input("version");
    browser.post(&format!("{meeting}/{what}"), &[&[("version", version.as_str())], fields].concat()).await
}

/// Where the code leads that is on the wall now.
async fn wall(app: &TestApp, meeting: &str) -> String {
    let id = meeting.rsplit('/').next().unwrap().parse().unwrap();
    let mut tx = app.db.read().await.unwrap();
    doorstep::meeting::on_the_wall(&mut tx, app.home.tenant, id, &app.means).await.unwrap()
}

/// Somebody scans the code and signs.
async fn sign(browser: &Browser, wall: &str, name: &str) -> Page {
    let form = browser.get(wall).await;
    form.assert_ok().assert_lacks("您代表");
    let (action, _) = wall.rsplit_once('/').unwrap();
    browser.post(action, &[("name", name), ("ticket", &form.input("ticket"))]).await
}

pub async fn sign_in(app: &TestApp, meeting: &str, people: std::ops::Range<u32>) {
    let wall = wall(app, meeting).await;
    let crowd: Vec<(Browser, String)> = people.map(|n| (app.browser(), voter(n))).collect();
    let answers = join_all(crowd.iter().map(async |(browser, name)| sign(browser, &wall, name).await)).await;
    answers.iter().for_each(|page| _ = page.assert_ok().assert_contains("签到成功"));
}

/// What is said of somebody on the roll of a meeting: the id of their attendance.
pub async fn attendance(secretary: &Browser, meeting: &str, name: &str) -> String {
    let page = secretary.get(&format!("{meeting}/roll")).await;
    let (_, after) = page.body.split_once(&format!("</span> {name}")).unwrap();
    let (_, mark) = after.split_once("name=\"mark-").unwrap();
    mark.split_once('"').unwrap().0.to_owned()
}

pub fn vote<'a>(motion: &'a str, yes: &'a str, no: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("decision", "vote"),
        ("motion", motion),
        ("discussion", "大家都说了"),
        ("yes", yes),
        ("no", no),
        ("abstain", "0"),
        ("resolution", "按讨论的办"),
    ]
}

/// What two tellers have counted: for, against, abstaining, invalid.
fn ballots(motion: &str, first: [i64; 4], second: [i64; 4]) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> =
        vote(motion, "", "").into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    for (teller, name, counts) in [("a", "计票员甲", first), ("b", "计票员乙", second)] {
        fields.push((format!("{teller}-name"), name.to_owned()));
        for (field, count) in ["yes", "no", "abstain", "invalid"].iter().zip(counts) {
            fields.push((format!("{teller}-{field}"), count.to_string()));
        }
    }
    fields.push(("written".to_owned(), "0".to_owned()));
    fields
}

/// Sends what two tellers have counted.
async fn post(secretary: &Browser, item: &str, fields: &[(String, String)]) -> Page {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    secretary.post(item, &fields).await
}

pub async fn item(secretary: &Browser, meeting: &str) -> String {
    secretary.get(meeting).await.link_called("记结果")
}

pub fn at(app: &TestApp, moment: &str) {
    app.means.clock.set(moment.parse::<Timestamp>().unwrap());
}

db_test! {
    async fn fifty_six_are_called_at_eight_and_a_vote_fails_for_one_missing_yes(app: TestApp) {
        at(&app, "2026-11-23T08:00:00+08:00");
        let party = branch(&app).await;
        let secretary = app.person(Role::BranchSecretary).reaching(Reach::Estate, party.estate).browser().await;
        let meeting = call(&secretary, &party, "member_assembly", "楼道照明\n预备党员转正\n增补支委\n充电桩").await;
        let page = secretary.get(&meeting).await;
        page.assert_contains("<b>58</b>人应到").assert_contains("应到有表决权的 56 人，到 28 人才能表决，还差 28 人");
        page.assert_contains("不算应到，没有表决权").assert_contains("双报到，组织关系在别处").assert_contains("预备党员：算应到，没有表决权");
        page.assert_contains("离开会不到 72 小时").assert_contains("请全体党员于2026年11月23日 星期一 09:00到小区党群服务站参加党员大会");

        // Who comes to the branch before the notice goes out is called too, and who leaves is not.
        party.add(&app, &somebody("新来的", Status::Probationary, Tie::Here)).await;
        let notice = secretary.get(&meeting).await;
        let notice = [("notice", "【党员大会】请全体党员9点到小区党群服务站开会。"), ("version", &notice.input("version"))];
        let page = secretary.post(&format!("{meeting}/notice"), &notice).await;
        page.assert_ok().assert_contains("通知已定好").assert_contains("<b>59</b>人应到").assert_lacks("已登在小区公示栏");
        let stranger = app.browser();
        stranger.get(&format!("/board/{}{meeting}", app.home.code)).await.assert_status(404);
        stranger.get(&format!("/board/{}/estates/{}", app.home.code, party.estate)).await.assert_lacks("党员大会");

        let file = secretary.get(&format!("{meeting}/calendar.ics")).await;
        file.assert_ok().assert_contains("DTSTART:20261123T010000Z\r\n").assert_contains("STATUS:CONFIRMED").assert_contains("SUMMARY:");
        assert!(file.body.split("\r\n").all(|line| line.len() <= 75), "RFC 5545, 3.1: {}", file.body);
        stranger.get(&format!("/board/{}{meeting}/calendar.ics", app.home.code)).await.assert_status(404);

        // One is ill. 27 sign in at once by the code on the wall: too few, and nothing that was written is lost.
        let ill = attendance(&secretary, &meeting, "预备乙").await;
        let excused = secretary.post(&format!("{meeting}/roll"), &[(format!("mark-{ill}").as_str(), "sick")]).await;
        excused.assert_ok().assert_contains("已登记请病假");
        act(&secretary, &meeting, "session", &[]).await.assert_ok();
        let on_the_wall = wall(&app, &meeting).await;
        sign(&stranger, &on_the_wall, "过路人").await.assert_status(422).assert_contains("名册上没有这个姓名").assert_contains("过路人");
        sign_in(&app, &meeting, 0..27).await;
        let first = item(&secretary, &meeting).await;
        let few = secretary.post(&first, &vote("general", "27", "0")).await;
        few.assert_status(422).assert_contains("不够 28 人").assert_contains("按讨论的办");
        // A guest, whatever they say they are, makes no quorum.
        secretary.post(&format!("{meeting}/attendances"), &[("name", "列席的"), ("side", "member")]).await.assert_ok();
        secretary.post(&first, &vote("general", "27", "0")).await.assert_status(422);

        // All 28 say yes, and it takes 29 of the 56 who should have come.
        sign_in(&app, &meeting, 27..28).await;
        secretary.get(&meeting).await.assert_contains("一般事项 29 票赞成才通过");
        secretary.post(&first, &vote("general", "29", "0")).await.assert_status(422).assert_contains("还多");
        secretary.post(&first, &vote("general", "28", "0")).await.assert_ok().assert_contains("表决没有通过");
        let admission = item(&secretary, &meeting).await;
        // A secret vote needs two tellers who have counted the same; nothing is kept of a single ballot.
        secretary.post(&admission, &vote("admission", "28", "0")).await.assert_status(422).assert_contains("请填写计票人甲");
        let papers = secretary.get(&format!("{admission}/ballots")).await;
        assert_eq!(papers.body.matches("表决票").count(), 28);
        let differ = post(&secretary, &admission, &ballots("admission", [28, 0, 0, 0], [27, 1, 0, 0])).await;
        differ.assert_status(422).assert_contains("赞成 28 和 27，反对 0 和 1").assert_contains("按讨论的办");
        let few = post(&secretary, &admission, &ballots("admission", [28, 0, 0, 0], [28, 0, 0, 0])).await;
        few.assert_status(422).assert_contains("不够 29 人");
        sign_in(&app, &meeting, 28..44).await;
        let lost = post(&secretary, &admission, &ballots("admission", [28, 15, 0, 1], [28, 15, 0, 1])).await;
        lost.assert_ok().assert_contains("表决没有通过（赞成 28，反对 15，弃权 0，废票 1）");
        // What one who could not come had written before is found, and the result is written down anew.
        let again = secretary.get(&admission).await;
        again.assert_contains("已经记过：表决没有通过");
        let mut found = ballots("admission", [28, 15, 0, 1], [28, 15, 0, 1]);
        let seen = again.input("seen");
        at(&app, "2026-11-23T08:10:00+08:00");
        found.retain(|(name, _)| name != "written");
        found.extend([("written".to_owned(), "13".to_owned()), ("seen".to_owned(), seen.clone())]);
        post(&secretary, &admission, &found).await.assert_status(422).assert_contains("只有 12 人没到会");
        found.retain(|(name, _)| name != "written");
        found.push(("written".to_owned(), "1".to_owned()));
        post(&secretary, &admission, &found).await.assert_ok().assert_contains("形成决议（赞成 28，反对 15，弃权 0，废票 1，书面同意 1）");
        post(&secretary, &admission, &found).await.assert_status(409); // somebody else has been there
        let election = item(&secretary, &meeting).await;
        post(&secretary, &election, &ballots("election", [44, 0, 0, 0], [44, 0, 0, 0])).await.assert_status(422).assert_contains("不够 45 人");
        // With two who are lawfully not counted, 44 are enough; why must be said.
        let mut without = ballots("election", [22, 22, 0, 0], [22, 22, 0, 0]);
        without.push(("left_out".to_owned(), "2".to_owned()));
        post(&secretary, &election, &without).await.assert_status(422).assert_contains("请写不计入应到会人数的依据");
        without.push(("left_out_why".to_owned(), "报上级党委批准，长期患病".to_owned()));
        post(&secretary, &election, &without).await.assert_ok().assert_contains("表决没有通过（赞成 22，反对 22，弃权 0）");
        sign_in(&app, &meeting, 44..45).await;
        let mut elected = ballots("election", [23, 22, 0, 0], [23, 22, 0, 0]);
        elected.push(("seen".to_owned(), secretary.get(&election).await.input("seen")));
        post(&secretary, &election, &elected).await.assert_ok().assert_contains("形成决议（赞成 23，反对 22，弃权 0）：按讨论的办");

        // What somebody has to do becomes an issue, as at a deliberation.
        let own = doorstep::access::organisations(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap();
        let owner = own.iter().find(|known| known.name == "王府名苑小区党支部").unwrap().id.to_string();
        let half = [&vote("general", "40", "0")[..], &[("organisation", owner.as_str())]].concat();
        let charging = item(&secretary, &meeting).await;
        secretary.post(&charging, &half).await.assert_status(422).assert_contains("什么时候前办完");
        let silent = [&half[..], &[("due", "2026-12-31")]].concat();
        secretary.post(&charging, &silent).await.assert_status(422).assert_contains("居民看得到的说法");
        let member = voter(3);
        let told = format!("照{member}说的装");
        let named = [&silent[..], &[("public_words", told.as_str())]].concat();
        secretary.post(&charging, &named).await.assert_status(422).assert_contains(&format!("里面有“{member}”的姓名"));
        let whole = [&silent[..], &[("public_words", "院里装充电桩")]].concat();
        secretary.post(&charging, &whole).await.assert_ok().assert_contains("由王府名苑小区党支部办理");
        // It is given to its owner when the meeting is over, in the words for everybody.
        let staff = app.person(Role::Staff).browser().await;
        staff.get("/issues").await.assert_lacks("院里装充电桩");
        act(&secretary, &meeting, "end", &[("remarks", "")]).await.assert_ok().assert_contains("已散会").assert_lacks("流会");
        staff.get("/issues").await.assert_contains("院里装充电桩").assert_lacks("按讨论的办");
        let issue = staff.get("/issues").await.link("/issues/0");
        staff.get(&issue).await.assert_ok().assert_contains("党组织会议议过").assert_lacks("赞成 40");
        stranger.get(&format!("/board/{}/estates/{}", app.home.code, party.estate)).await.assert_lacks("预备党员转正");
        let minutes = secretary.get(&format!("{meeting}/minutes")).await;
        minutes.assert_ok().assert_contains("党员大会记录").assert_contains("应到 59 人，实到 45 人，其中有表决权 45 人");
        minutes.assert_contains("预备乙（病假）").assert_contains("表决事项：一般事项。提请表决的内容：按讨论的办。举手表决。");
        minutes.assert_contains("应到会有表决权 56 人，实到 28 人。结果：表决没有通过（赞成 28，反对 0，弃权 0）");
        minutes.assert_contains("无记名投票，计票人计票员甲、计票员乙。").assert_contains("<dt>列席</dt><dd>").assert_contains("列席的");
        secretary.get(&format!("{meeting}/sheet")).await.assert_contains("应到 59 人，实到 45 人，其中有表决权 45 人").assert_contains("不算应到");
    }

    async fn minutes_are_put_right_read_by_another_kept_and_only_corrected(app: TestApp) {
        at(&app, "2026-11-23T08:30:00+08:00");
        let party = branch(&app).await;
        let new = || app.person(Role::BranchSecretary).reaching(Reach::Estate, party.estate);
        let (secretary, deputy) = (new().named("冯环英").browser().await, new().named("薛副书记").browser().await);
        let meeting = call(&secretary, &party, "member_assembly", "楼道照明").await;
        let (page, file) = (format!("{meeting}/minutes"), format!("{meeting}/minutes.docx"));
        act(&secretary, &meeting, "session", &[]).await.assert_ok();
        sign_in(&app, &meeting, 0..40).await;
        let first = item(&secretary, &meeting).await;
        secretary.post(&first, &vote("general", "40", "0")).await.assert_ok();
        secretary.post(&format!("{page}/submission"), &[]).await.assert_status(422).assert_contains("散会以后才有记录");
        act(&secretary, &meeting, "end", &[("remarks", "会后去看了楼道")]).await.assert_ok();

        // Who wrote them down has to be said; the numbers are what was counted and cannot be put otherwise.
        secretary.get(&page).await.assert_ok().assert_contains("没有提交").assert_contains("大家都说了");
        secretary.post(&format!("{page}/submission"), &[]).await.assert_status(422).assert_contains("写上谁记录");
        let version = secretary.get(&page).await.input("version");
        let said = format!("said-{}", first.rsplit('/').next().unwrap());
        let right = [("version", version.as_str()), ("recorder", "景瑞芳"), ("remarks", ""), (said.as_str(), "王大爷说三楼最暗")];
        secretary.post(&format!("{page}/words"), &right[..1]).await.assert_status(422).assert_contains("请填写记录人");
        secretary.post(&format!("{page}/words"), &right).await.assert_ok().assert_contains("三楼最暗").assert_lacks("会后去看了楼道");
        deputy.post(&format!("{page}/words"), &right).await.assert_status(409);

        // Somebody else reads them, and gives them back once.
        secretary.post(&format!("{page}/submission"), &[]).await.assert_ok().assert_contains("等另一位同事审核");
        secretary.post(&format!("{page}/words"), &right).await.assert_status(422).assert_contains("不能再改文字");
        secretary.get(&page).await.assert_lacks("没有问题，归档");
        secretary.get("/today").await.assert_lacks("审记录");
        deputy.get("/today").await.assert_contains("审记录");
        let seen = deputy.get(&page).await.input("version");
        let verdict = |verdict| vec![("version", seen.as_str()), ("verdict", verdict), ("wrong", "")];
        secretary.post(&format!("{page}/review"), &verdict("archive")).await.assert_status(422).assert_contains("另一位同事");
        deputy.post(&format!("{page}/review"), &verdict("return")).await.assert_status(422).assert_contains("哪里要改");
        let wrong = [("version", seen.as_str()), ("verdict", "return"), ("wrong", "记录人写错了")];
        deputy.post(&format!("{page}/review"), &wrong).await.assert_ok().assert_contains("退回修改：记录人写错了");
        let version = secretary.get(&page).await.input("version");
        let right = [("version", version.as_str()), ("recorder", "高瑞芹"), ("remarks", ""), (said.as_str(), "王大爷说三楼最暗")];
        secretary.post(&format!("{page}/words"), &right).await.assert_ok();
        secretary.post(&format!("{page}/submission"), &[]).await.assert_ok();
        deputy.post(&format!("{page}/review"), &verdict("archive")).await.assert_status(409); // they are not what was seen
        let seen = deputy.get(&page).await.input("version");
        let kept = [("version", seen.as_str()), ("verdict", "archive")];
        deputy.post(&format!("{page}/review"), &kept).await.assert_ok().assert_contains("已归档").assert_contains("高瑞芹");
        secretary.post(&format!("{page}/words"), &right).await.assert_status(422);
        secretary.post(&format!("{page}/submission"), &[]).await.assert_status(422);

        // From now on only what is added changes anything, and it says why.
        let correction = [("words", "到会 40 人中有一人 9 点 10 分离开"), ("reason", "")];
        secretary.post(&format!("{page}/corrections"), &correction).await.assert_status(422).assert_contains("离开");
        let correction = [correction[0], ("reason", "散会后才听说")];
        let corrected = secretary.post(&format!("{page}/corrections"), &correction).await;
        corrected.assert_ok().assert_contains("归档后的更正").assert_contains("更正原因：散会后才听说。冯环英，2026年11月23日");
        let words = office::words(&secretary.download(&file).await);
        for line in ["党员大会记录", "应到 58 人，实到 40 人，其中有表决权 40 人", "王大爷说三楼最暗", "记录人：高瑞芹", "归档后的更正"] {
            assert!(words.contains(line), "{line} is not in\n{words}");
        }

        // The other papers: who came, and what was resolved.
        let sheet = office::words(&secretary.download(&format!("{meeting}/sheet.docx")).await);
        assert!(sheet.contains("会议签到表") && sheet.contains("扫码") && sheet.contains("联系电话"), "{sheet}");
        secretary.get(&format!("{meeting}/sheet")).await.assert_contains("扫码");
        let notice = secretary.get(&format!("{first}/resolution")).await;
        notice.assert_ok().assert_contains("关于“楼道照明”的决议").assert_contains("应到 58 人，实到 40 人");
        let notice = office::words(&secretary.download(&format!("{first}/resolution.docx")).await);
        assert!(notice.contains("决议通知") && notice.contains("赞成 40，反对 0，弃权 0"), "{notice}");
        let worker = app.person(Role::GridWorker).reaching(Reach::Estate, party.estate).browser().await;
        for path in [page.as_str(), file.as_str(), &format!("{first}/resolution.docx")] {
            worker.get(path).await.assert_status(404);
        }
    }

    async fn members_answer_the_notice_and_come_late_go_early_or_sign_on_paper(app: TestApp) {
        at(&app, "2026-11-23T08:00:00+08:00");
        let party = branch(&app).await;
        let secretary = app.person(Role::BranchSecretary).reaching(Reach::Estate, party.estate).browser().await;
        let meeting = call(&secretary, &party, "member_assembly", "楼道照明").await;
        let notice = secretary.get(&meeting).await;
        notice.assert_contains("收到请回复，不能到会的在这里请假");
        let link = format!("/notices/{}", notice.between_all("/notices/", "<").next().unwrap().trim());
        act(&secretary, &meeting, "notice", &[("notice", &format!("请全体党员9点到小区党群服务站开会 {link}"))]).await.assert_ok();

        // The link tells when and where, and not what about; only who is on the roll can answer.
        let member = app.browser();
        member.get(&link).await.assert_ok().assert_contains("09:00").assert_lacks("楼道照明").assert_lacks(&voter(0));
        member.get("/notices/nothing").await.assert_status(404);
        member.post(&link, &[("name", "过路人"), ("reply", "coming")]).await.assert_status(422).assert_contains("名册上没有这个姓名");
        member.post(&link, &[("name", &voter(0)), ("reply", "maybe")]).await.assert_status(422);
        for n in 0..3 {
            member.post(&link, &[("name", &voter(n)), ("reply", "coming")]).await.assert_ok().assert_contains("收到您的回复");
        }
        for (n, excuse) in [(2, "sick"), (3, "private")] {
            member.post(&link, &[("name", &voter(n)), ("reply", excuse)]).await.assert_ok().assert_contains("批了才算");
        }
        let page = secretary.get(&meeting).await;
        page.assert_contains("回复会到 2 人，请假 0 人，没回复 54 人").assert_contains("要请病假，没批").assert_contains("要请事假，没批");
        let ask = attendance(&secretary, &meeting, &voter(2)).await;
        secretary.post(&format!("{meeting}/roll"), &[(&*format!("mark-{ask}"), "sick")]).await.assert_contains("已登记请病假");
        secretary.get(&meeting).await.assert_contains("请假 1 人");

        // The door opens an hour before; half a minute later the code is another one, and one more half-minute later it is of no use.
        at(&app, "2026-11-23T08:20:00+08:00");
        let early = wall(&app, &meeting).await;
        secretary.get(&format!("{meeting}/wall")).await.assert_ok().assert_contains("还差 28 人");
        secretary.get(&format!("{meeting}/poster")).await.assert_status(404);
        let form = member.get(&early).await;
        let action = early.rsplit_once('/').unwrap().0;
        member.post(action, &[("name", &voter(0))]).await.assert_status(422).assert_contains("这个码过期了");
        at(&app, "2026-11-23T08:21:00+08:00");
        member.get(&early).await.assert_ok().assert_contains("这个码过期了");
        member.get(action).await.assert_contains("这个码过期了");
        // Who has scanned it in time may take a while for the form.
        member.post(action, &[("name", &voter(0)), ("ticket", &form.input("ticket"))]).await.assert_ok().assert_contains("签到成功");
        at(&app, "2026-11-23T08:40:00+08:00");
        secretary.get(&meeting).await.assert_ok();
        member.post(action, &[("name", &voter(1)), ("ticket", &form.input("ticket"))]).await.assert_status(422);

        // Six minutes after nine is late. Who goes early makes no quorum any more.
        at(&app, "2026-11-23T09:06:00+08:00");
        act(&secretary, &meeting, "session", &[]).await.assert_ok();
        sign_in(&app, &meeting, 1..2).await;
        let gone = attendance(&secretary, &meeting, &voter(1)).await;
        secretary.get(&meeting).await.assert_contains("应到，有表决权 · 迟到");
        secretary.post(&format!("{meeting}/roll"), &[(&*format!("mark-{gone}"), "left")]).await.assert_ok().assert_contains("已记早退");
        secretary.get(&meeting).await.assert_contains("迟到，早退").assert_contains("<b>1</b>人到会有表决权").assert_contains("<b>2</b>人实到");

        // The rest signed on paper, and nobody knows when.
        let mut marks = vec![("way".to_owned(), "paper")];
        for n in 4..30 {
            marks.push((format!("mark-{}", attendance(&secretary, &meeting, &voter(n)).await), "there"));
        }
        let marks: Vec<(&str, &str)> = marks.iter().map(|(name, mark)| (name.as_str(), *mark)).collect();
        secretary.post(&format!("{meeting}/roll"), &marks).await.assert_ok().assert_contains("点名已记下，改了 26 人");
        secretary.post(&format!("{meeting}/roll"), &marks).await.assert_ok().assert_contains("没有要改的");
        let page = secretary.get(&meeting).await;
        page.assert_contains("<b>27</b>人到会有表决权").assert_contains("<b>28</b>人实到");
        assert_eq!(page.body.matches("迟到").count(), 1, "on paper nobody is late");
        let wrong = attendance(&secretary, &meeting, &voter(4)).await;
        secretary.post(&format!("{meeting}/roll"), &[(&*format!("mark-{wrong}"), "absent")]).await.assert_contains("已改为没到");
        secretary.get(&meeting).await.assert_contains("<b>27</b>人实到");
        act(&secretary, &meeting, "end", &[("remarks", "")]).await.assert_ok();
        secretary.post(&format!("{meeting}/roll"), &marks).await.assert_status(422);
        member.post(&link, &[("name", &voter(5)), ("reply", "coming")]).await.assert_status(422).assert_contains("不用再回复");
        member.get(&link).await.assert_contains("不用再回复");
    }

    async fn a_meeting_to_which_too_few_come_fails_and_its_matters_come_back_to_members_alone(app: TestApp) {
        at(&app, "2026-11-23T08:30:00+08:00");
        let party = branch(&app).await;
        let secretary = app.person(Role::BranchSecretary).reaching(Reach::Estate, party.estate).browser().await;
        let meeting = call(&secretary, &party, "member_assembly", "预备党员转正").await;
        act(&secretary, &meeting, "session", &[]).await.assert_ok();
        sign_in(&app, &meeting, 0..27).await;
        let ended = act(&secretary, &meeting, "end", &[("remarks", "")]).await;
        ended.assert_ok().assert_contains("流会").assert_contains("要到 28 人，到了 27 人");
        secretary.get(&format!("{meeting}/minutes")).await.assert_contains("流会，没有决议");
        secretary.get("/meetings").await.assert_contains("流会");
        secretary.get(&format!("{}/meetings/new", party.path())).await.assert_contains("预备党员转正").assert_contains("上次没有议成");
        secretary.get(&format!("/meetings/new?estate={}", party.estate)).await.assert_ok().assert_lacks("预备党员转正");
    }

    async fn a_committee_is_called_by_its_posts_and_a_group_by_its_members(app: TestApp) {
        at(&app, "2026-11-23T08:30:00+08:00");
        let party = branch(&app).await;
        let act_of = app.act();
        let mut tx = app.db.begin().await.unwrap();
        let roll = party::roll(&mut tx, app.home.tenant, party.branch, date(2026, 11, 23)).await.unwrap();
        let posts = [Post::Secretary, Post::Deputy, Post::Organisation, Post::Publicity, Post::Discipline];
        for (post, (member, _)) in posts.into_iter().zip(roll.everybody.iter().filter(|(_, standing)| standing.may_vote)) {
            party::join_post(&mut tx, &act_of, party.branch, member.id, post, date(2025, 1, 1)).await.unwrap();
        }
        let group = party::NewOrganisation { kind: party::Kind::Group, name: "第一党小组".to_owned(), parent: Some(party.branch), estate: None, founded_on: None };
        let group = party::create(&mut tx, &act_of, group).await.unwrap();
        let home = party::Home { organisation: party.branch, group: Some(group) };
        party::add(&mut tx, &act_of, home, &somebody("小组成员", Status::Formal, Tie::Here), None).await.unwrap();
        tx.commit().await.unwrap();
        let secretary = app.person(Role::BranchSecretary).reaching(Reach::Estate, party.estate).browser().await;
        let meeting = call(&secretary, &party, "branch_committee", "下月安排").await;
        secretary.get(&meeting).await.assert_contains("<b>5</b>人应到").assert_contains("应到有表决权的 5 人，到 3 人才能表决");
        secretary.get(&format!("{meeting}/sheet")).await.assert_contains("<td>副书记</td>").assert_contains("<td>纪检委员</td>");

        let path = format!("/party/organisations/{group}/meetings");
        let fields = [("kind", "member_assembly"), ("day", "2026-11-24"), ("time", "19:00"), ("place", "党小组活动室"), ("host", "组长"), ("topics", "学习")];
        secretary.post(&path, &fields).await.assert_status(422).assert_contains("党小组不开这种会").assert_contains("学习");
        let page = secretary.post(&path, &[&[("kind", "group_meeting")], &fields[1..]].concat()).await;
        page.assert_ok().assert_contains("<b>1</b>人应到").assert_contains("小组成员").assert_lacks("才能表决");
        let early = act(&secretary, &page.url, "session", &[]).await;
        early.assert_status(422).assert_contains("提前 60 分钟才能开始");
        at(&app, "2026-11-24T18:30:00+08:00");
        let secretary = app.person(Role::BranchSecretary).reaching(Reach::Estate, party.estate).browser().await;
        act(&secretary, &page.url, "session", &[]).await.assert_ok();
        let study = item(&secretary, &page.url).await;
        secretary.post(&study, &vote("general", "1", "0")).await.assert_status(422).assert_contains("不作表决");
        secretary.post(&study, &[("decision", "hold")]).await.assert_ok().assert_contains("已进行");
        act(&secretary, &page.url, "end", &[("remarks", "")]).await.assert_contains("已散会");
        // What was taught does not come back.
        secretary.get(&format!("/party/organisations/{group}/meetings/new")).await.assert_ok().assert_lacks("学习");
    }

    async fn who_may_not_know_the_members_sees_none_of_it(app: TestApp) {
        at(&app, "2026-11-23T08:30:00+08:00");
        let party = branch(&app).await;
        let secretary = app.person(Role::BranchSecretary).reaching(Reach::Estate, party.estate).browser().await;
        let meeting = call(&secretary, &party, "member_assembly", "预备党员转正").await;
        let worker = app.person(Role::GridWorker).reaching(Reach::Estate, party.estate).browser().await;
        worker.get(&meeting).await.assert_status(404);
        worker.get("/meetings").await.assert_ok().assert_lacks("党员大会");
        worker.get("/today").await.assert_ok().assert_lacks("党员大会");
        let own = doorstep::access::organisations(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap();
        let own = own.iter().find(|known| known.name == "王府名苑小区党支部").unwrap().id;
        let by_organisation = app.person(Role::BranchSecretary).reaching(Reach::Organisation, own).browser().await;
        by_organisation.get(&meeting).await.assert_ok();
        let elsewhere = app.person(Role::BranchSecretary).reaching(Reach::Organisation, app.home.organisation).browser().await;
        elsewhere.get(&meeting).await.assert_ok(); // the community is above the branch
        let mut tx = app.db.begin().await.unwrap();
        let other = doorstep::place::create_estate(&mut tx, &app.act(), "水保所家属院", None, None).await.unwrap();
        tx.commit().await.unwrap();
        let foreign = app.person(Role::BranchSecretary).reaching(Reach::Estate, other).browser().await;
        foreign.get(&meeting).await.assert_status(404);
        foreign.get(&format!("{}/meetings/new", party.path())).await.assert_status(404);

        // Who knows the members of one estate and the meetings of another does not know the members' meetings of that other.
        let both = app.person(Role::GridWorker).reaching(Reach::Estate, party.estate).and(Role::BranchSecretary, Reach::Estate, other);
        let both = both.browser().await;
        both.get(&meeting).await.assert_status(404);
        both.get(&format!("{meeting}/calendar.ics")).await.assert_status(404);
        both.get("/meetings").await.assert_ok().assert_lacks("党员大会");
        both.get("/today").await.assert_ok().assert_lacks("党员大会");
    }
}
