//! What hangs, for how many days, what is said against it, and what must not hang.

use codes::PersonName;
use codes::address::parse_room;
use doorstep::access::{Reach, Role};
use doorstep::place::Settler;
use doorstep::registry::enrol::{NewResident, enrol};
use jiff::Timestamp;

use crate::stories::cast::{Estate, estate, photo};
use crate::support::{Browser, Page, TestApp};

fn at(app: &TestApp, moment: &str) {
    app.means.clock.set(moment.parse::<Timestamp>().unwrap());
}

async fn neighbour(app: &TestApp, name: &str) {
    let act = app.act();
    let mut tx = app.db.begin().await.unwrap();
    let room = parse_room("1301").unwrap();
    let dwelling = Settler::default().settle(&mut tx, &act, "王府名苑小区", "3号楼", "2单元", &room).await.unwrap();
    let name = PersonName::parse(name).unwrap();
    enrol(&mut tx, &act, dwelling, &name, &NewResident::named(name.clone())).await.unwrap();
    tx.commit().await.unwrap();
}

async fn notice(staff: &Browser, place: &Estate, title: &str, text: &str, days: &str) -> Page {
    let estate = place.estate.to_string();
    let fields = [("estate", estate.as_str()), ("title", title), ("text", text), ("days", days)];
    staff.post_files("/publications", &fields, &[]).await
}

async fn office(app: &TestApp) -> Browser {
    app.person(Role::Staff).browser().await
}

db_test! {
    async fn a_notice_hangs_for_whole_days_and_an_objection_stops_them(app: TestApp) {
        at(&app, "2026-11-26T10:00:00+08:00");
        let place = estate(&app).await;
        let staff = office(&app).await;
        staff.get("/publications").await.assert_ok().assert_contains("还没有公示");
        let page = notice(&staff, &place, "停车位划线方案", "东门一侧划十二个车位。", "3").await;
        page.assert_ok().assert_contains("已登在公示栏").assert_contains("公示中，11月29日满 3 天");
        let id = page.url.trim_start_matches("/publications/").to_owned();
        let public = format!("/board/{}/publications/{id}", app.home.code);
        let stranger = app.browser();
        stranger.get(&public).await.assert_ok().assert_contains("划十二个车位").assert_contains("我有不同意见");

        // The whole of Friday has passed when somebody objects on Saturday.
        at(&app, "2026-11-28T09:00:00+08:00");
        let objections = format!("{public}/objections");
        stranger.post(&objections, &[("objection", "不"), ("phone", "12")]).await.assert_status(422).assert_contains("还有 2 处");
        let said = [("objection", "挡了消防通道，我不同意"), ("name", "三号楼的"), ("phone", "13800001234")];
        let read = stranger.post(&objections, &said).await;
        read.assert_ok().assert_contains("等工作人员答复");
        let page = stranger.get(&public).await;
        page.assert_contains("有异议待答复，暂停计时（满 3 天，已过 1）").assert_contains("收到异议 1 条");
        page.assert_lacks("消防通道").assert_lacks("13800001234").assert_lacks("三号楼的");
        at(&app, "2026-11-28T09:05:00+08:00");
        let second = stranger.post(&objections, &[("objection", "车位太少")]).await;
        second.assert_ok();

        // What somebody objects to is not simply taken down.
        let staff = office(&app).await;
        let office_page = staff.get(&format!("/publications/{id}")).await;
        let down = [("version", office_page.input("version")), ("why", "先撤下来".to_owned())];
        let down: Vec<(&str, &str)> = down.iter().map(|(name, value)| (*name, value.as_str())).collect();
        staff.post(&format!("/publications/{id}/withdrawal"), &down).await.assert_status(422).assert_contains("还有 2 条异议没有答复");

        // However late it gets, nothing runs out, and staff are told.
        at(&app, "2026-12-02T09:00:00+08:00");
        let staff = office(&app).await;
        staff.get("/today").await.assert_contains("答复异议").assert_contains("2 条异议");
        stranger.get(&public).await.assert_contains("暂停计时");
        let page = staff.get(&format!("/publications/{id}")).await;
        page.assert_contains("消防通道").assert_contains("13800001234").assert_contains("三号楼的");
        let answers: Vec<String> = page.between_all("action=\"", "\"").filter(|path| path.ends_with("/answer")).map(str::to_owned).collect();
        assert_eq!(answers.len(), 2);
        let answer = async |path: &str, words: &str| staff.post(path, &[("verdict", "rejected"), ("answer", words)]).await;
        answer(&answers[0], "请拨 13900001111").await.assert_status(422).assert_contains("139****1111");
        staff.post(&answers[0], &[("answer", "通道宽四米")]).await.assert_status(422).assert_contains("通道宽四米");
        answer(&answers[0], "通道宽四米，留出来了").await.assert_ok().assert_contains("暂停计时");
        answer(&answers[0], "再答一次试试").await.assert_status(422).assert_contains("答复过了");
        // With the last answer the two days that are left begin tomorrow.
        answer(&answers[1], "先划十二个，明年再看").await.assert_ok().assert_contains("公示中，12月4日满 3 天");
        stranger.get(&read.url).await.assert_ok().assert_contains("不采纳").assert_contains("通道宽四米，留出来了");
        stranger.get(&public).await.assert_contains("先划十二个").assert_contains("等答复的时候");

        at(&app, "2026-12-04T23:59:00+08:00");
        stranger.get(&public).await.assert_contains("公示中");
        at(&app, "2026-12-05T00:00:00+08:00");
        stranger.get(&public).await.assert_contains("公示期满（3 天）").assert_lacks("我有不同意见");
        stranger.post(&objections, &said).await.assert_status(422).assert_contains("已经结束");

        // Two years after the answer nobody reads any more what was said and by whom; the answer stays.
        at(&app, "2028-11-30T09:00:00+08:00");
        doorstep::upkeep::once(&app.app).await.unwrap();
        let page = office(&app).await.get(&format!("/publications/{id}")).await;
        page.assert_contains("消防通道").assert_contains("13800001234");
        at(&app, "2028-12-02T10:00:00+08:00");
        doorstep::upkeep::once(&app.app).await.unwrap();
        doorstep::upkeep::once(&app.app).await.unwrap();
        let page = office(&app).await.get(&format!("/publications/{id}")).await;
        page.assert_ok().assert_lacks("消防通道").assert_lacks("13800001234").assert_contains("保存期已满").assert_contains("留出来了");
        stranger.get(&read.url).await.assert_ok().assert_contains("留出来了");
    }

    async fn nobody_is_given_away(app: TestApp) {
        at(&app, "2026-11-26T10:00:00+08:00");
        let place = estate(&app).await;
        neighbour(&app, "张锦荣").await;
        neighbour(&app, "高兴").await;
        let staff = office(&app).await;
        let refused = async |title: &str, text: &str, words: &str| {
            let page = notice(&staff, &place, title, text, "7").await;
            page.assert_status(422).assert_contains(words).assert_contains(text);
        };
        refused("感谢信", "感谢张锦荣帮忙扫雪。", "居民姓名“张*荣”").await;
        refused("感谢张锦荣", "帮忙扫雪的人。", "“标题”里有居民姓名").await;
        refused("走访", "看望老人高兴。", "居民姓名“高*”").await;
        refused("感谢信", "感谢张　锦 荣帮忙扫雪。", "居民姓名“张*荣”").await;
        refused("走访", "3号楼2单元 1301 已走访。", "门牌“单元1301”").await;
        refused("停水通知", "有事拨 138 0000 1234。", "手机号“138****1234”").await;
        refused("名单", "证号 141199195801010025 来领。", "身份证号“141****0025”").await;
        notice(&staff, &place, "感谢信", "大家高兴，有事打 0358-0001021。", "7").await.assert_ok();
        // Whoever is named as a contact already, with their consent, may be named.
        let contact = [("post", "branch_secretary"), ("name", "张锦荣"), ("phone", "0358-8221021"), ("consent", "yes")];
        staff.post(&format!("/estates/{}/contacts", place.estate), &contact).await.assert_ok();
        notice(&staff, &place, "联系人", "支部书记张锦荣周六值班。", "7").await.assert_ok();
        notice(&staff, &place, "太久", "挂一年的通知。", "365").await.assert_status(422).assert_contains("公示几天");
    }

    async fn a_branch_looks_after_its_own_and_takes_down_with_a_reason(app: TestApp) {
        at(&app, "2026-11-26T10:00:00+08:00");
        let place = estate(&app).await;
        let staff = office(&app).await;
        let branch = app.person(Role::BranchSecretary).reaching(Reach::Estate, place.estate).browser().await;
        let everywhere = staff.post_files("/publications", &[("title", "全社区停水"), ("text", "周六停水一天。"), ("days", "2")], &[]).await;
        everywhere.assert_ok().assert_contains("整个社区");
        branch.get(&everywhere.url).await.assert_status(404);
        let own = notice(&branch, &place, "周六清扫积雪", "八点在东门集合。", "2").await;
        own.assert_ok();
        branch.post_files("/publications", &[("title", "哪里都贴"), ("text", "不是我的小区。"), ("days", "2")], &[]).await.assert_status(422).assert_contains("请选择贴在哪个小区");
        let estate_board = format!("/board/{}/estates/{}", app.home.code, place.estate);
        app.browser().get(&estate_board).await.assert_contains("全社区停水").assert_contains("周六清扫积雪");

        // A photo of the board of wood, which only staff see.
        branch.post_files(&format!("{}/proofs", own.url), &[], &[]).await.assert_status(422).assert_contains("请拍一张");
        let page = branch.post_files(&format!("{}/proofs", own.url), &[], &[("photos", "1.jpg", &photo())]).await;
        let proof = page.assert_ok().link(&format!("{}/proofs/", own.url));
        assert!(branch.download(&proof).await.starts_with(&[0xff, 0xd8]));
        app.browser().get(&format!("/board/{}{}", app.home.code, own.url)).await.assert_ok().assert_lacks("proofs");

        branch.post(&format!("{}/withdrawal", own.url), &[("why", "")]).await.assert_status(422).assert_contains("为什么撤下");
        let version = branch.get(&own.url).await.input("version");
        let down = [("version", version.as_str()), ("why", "改到周日")];
        branch.post(&format!("{}/withdrawal", own.url), &down).await.assert_ok().assert_contains("改到周日");
        branch.post(&format!("{}/withdrawal", own.url), &down).await.assert_status(409);
        app.browser().get(&estate_board).await.assert_lacks("周六清扫积雪");
        app.browser().get(&format!("/board/{}{}", app.home.code, own.url)).await.assert_status(404);
    }
}
