//! Notices that arrive by themselves: who gets which, when, what is seen of it, and what happens when it fails.

mod crash;
mod hook;
mod lists;
pub mod sending;
pub mod service;

use doorstep::access::{Act, Reach, Role};
use doorstep::channel::{self, Kind, NewChannel, Place, Sender};
use doorstep::meeting::{self, NewItem, NewMeeting, Plan};
use doorstep::place;
use doorstep::upkeep;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use self::sending::{AGAIN, failures, open, pass, register, sender_of, tell, to, work};
use self::service::{Fate, Service};
use crate::party::Party;
use crate::support::{Browser, Page, TestApp};

const WECOM: &str = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=";
const SECRET: &str = "SEC5f1ae8a0c3b24";

/// The form of a robot of 钉钉.
fn dingtalk<'a>(name: &'a str, place: &'a str, address: &'a str) -> [(&'a str, &'a str); 5] {
    [("kind", "dingtalk"), ("name", name), ("place", place), ("address", address), ("secret", SECRET)]
}

fn at(app: &TestApp, moment: &str) {
    app.means.clock.set(moment.parse::<Timestamp>().unwrap());
}

/// Does something with a channel as its page shows it.
async fn act(browser: &Browser, channel: &str, what: &str, fields: &[(&str, &str)]) -> Page {
    let version = browser.get(channel).await.input("version");
    browser.post(&format!("{channel}/{what}"), &[&[("version", version.as_str())], fields].concat()).await
}

/// A channel with a robot of 飞书 at the service, for a place; the key is its name.
async fn robot(app: &TestApp, service: &Service, name: &str, place: Place) -> String {
    let address = service.robot(Kind::Feishu, name, None);
    let new = NewChannel { kind: Kind::Feishu, name: name.to_owned(), place, address, secret: None, reminders: false };
    let mut tx = app.db.begin().await.unwrap();
    let id = channel::add(&mut tx, &app.act(), new, std::slice::from_ref(&service.host)).await.unwrap();
    tx.commit().await.unwrap();
    format!("/channels/{id}")
}

async fn estate(app: &TestApp, name: &str) -> Uuid {
    let mut tx = app.db.begin().await.unwrap();
    let id = place::create_estate(&mut tx, &app.act(), name, None, None).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// A meeting of an estate, or of an organisation's members, that has an agenda and no notice yet. Gives its path.
async fn draft(app: &TestApp, estate: Uuid, organisation: Option<Uuid>, planned_at: &str) -> String {
    let new = NewMeeting {
        kind: if organisation.is_some() { meeting::Kind::Assembly } else { meeting::Kind::Deliberation },
        circle: meeting::Circle { party: organisation, ..meeting::Circle::of_estate(estate) },
        plan: Plan {
            planned_at: planned_at.parse().unwrap(),
            place: "小区党群服务站".to_owned(),
            host: "冯还应".to_owned(),
            recorder: String::new(),
        },
        items: vec![NewItem::Topic("停车位设置".to_owned())],
    };
    let mut tx = app.db.begin().await.unwrap();
    let act = Act { organisation: Some(app.home.organisation), ..app.act() };
    let id = meeting::create(&mut tx, &act, new).await.unwrap();
    tx.commit().await.unwrap();
    format!("/meetings/{id}")
}

async fn announce(browser: &Browser, meeting: &str, text: &str) -> Page {
    let version = browser.get(meeting).await.input("version");
    browser.post(&format!("{meeting}/notice"), &[("notice", text), ("version", &version)]).await
}

async fn sent_by(sender: &mut Sender, service: &Service, key: &str) -> Vec<String> {
    work(sender).await;
    service.delivered(key)
}

db_test! {
    async fn an_address_is_checked_sealed_and_never_shown_again(app: TestApp) {
        let staff = app.person(Role::Staff).browser().await;
        staff.get("/channels").await.assert_ok().assert_contains("还没有登记渠道");
        staff.get("/channels/new").await.assert_ok().assert_contains("钉钉机器人").assert_contains("普通微信群没有机器人");
        staff.get("/channels/new?kind=dingtalk").await.assert_ok().assert_contains("签名密钥");
        staff.get("/channels/new?kind=wecom").await.assert_ok().assert_lacks("签名密钥");
        staff.get("/channels/new?kind=pigeon").await.assert_ok().assert_contains("钉钉机器人");

        let elsewhere = dingtalk("党员群", "community", "https://169.254.169.254/robot/send?access_token=abcdef");
        let page = staff.post("/channels", &elsewhere).await;
        page.assert_status(422).assert_contains("这不是这种机器人的官方网址").assert_contains("党员群");
        let address = "https://oapi.dingtalk.com/robot/send?access_token=0123456789abcdef7e57";
        let page = staff.post("/channels", &dingtalk("党员群", "community", address)).await;
        page.assert_ok().assert_contains("已登记").assert_contains("尾号 7e57").assert_contains("加签");
        let channel = page.url.clone();
        let page = staff.post("/channels", &dingtalk("又一个群", "community", address)).await;
        page.assert_status(422).assert_contains("已经登记过了");
        let page = staff.post("/channels", &[("kind", "sms"), ("name", "楼长"), ("place", "community"), ("address", "13800001234\n0358-0001021")]).await;
        page.assert_status(422).assert_contains("第 2 个手机号不对");
        let page = staff.post("/channels", &[("kind", "sms"), ("name", "楼长"), ("place", "community"), ("address", "13800001234")]).await;
        page.assert_ok().assert_contains("1 个手机号");

        let particulars = format!("{channel}/particulars");
        staff.get(&particulars).await.assert_ok().assert_contains("不换就不填");
        let seen = staff.get(&particulars).await.input("version");
        let fields = [("name", "党员大群"), ("place", "community"), ("address", ""), ("secret", "")];
        act(&staff, &channel, "particulars", &fields).await.assert_ok().assert_contains("党员大群").assert_contains("尾号 7e57");
        let late = [&fields[..], &[("version", seen.as_str())]].concat();
        staff.post(&particulars, &late).await.assert_status(409).assert_contains("刚刚有别人改过");
        let fields = [("name", "党员大群"), ("place", "community"), ("address", "https://oapi.dingtalk.com/robot/send?access_token=fedcba9876543210c0de"), ("secret", "SECnew")];
        act(&staff, &channel, "particulars", &fields).await.assert_ok().assert_contains("尾号 c0de");

        let auditor = app.person(Role::AuditAdmin).browser().await;
        let log = auditor.get("/audit").await;
        log.assert_contains("通知渠道").assert_contains("换了地址，换了签名密钥");
        for page in [log, staff.get("/channels").await, staff.get(&channel).await, staff.get(&particulars).await] {
            for secret in ["0123456789abcdef", "fedcba98", SECRET, "SECnew", "13800001234"] {
                page.assert_lacks(secret);
            }
        }
    }

    async fn each_sees_the_channels_within_reach(app: TestApp) {
        let service = Service::start(app.means.clock.clone()).await;
        let party = Party::set_up(&app).await;
        let other = estate(&app, "景明苑").await;
        let whole = robot(&app, &service, "whole", Place::Community).await;
        let own = robot(&app, &service, "own", Place::Estate(party.estate)).await;
        let members = robot(&app, &service, "members", Place::Party(party.branch)).await;
        let foreign = robot(&app, &service, "foreign", Place::Estate(other)).await;
        let secretary = app.person(Role::BranchSecretary).reaching(Reach::Estate, party.estate).browser().await;
        let list = secretary.get("/channels").await;
        list.assert_contains(&own).assert_contains(&members).assert_lacks(&whole).assert_lacks(&foreign);
        for channel in [&whole, &foreign] {
            secretary.get(channel).await.assert_status(404);
            secretary.get(&format!("{channel}/particulars")).await.assert_status(404);
            for what in ["particulars", "switch", "trial"] {
                secretary.post(&format!("{channel}/{what}"), &[("version", "1")]).await.assert_status(404);
            }
        }
        let form = secretary.get("/channels/new?kind=wecom").await;
        form.assert_contains("王府名苑小区：居民的会议").assert_contains("王府名苑小区党支部：党员的会议").assert_lacks("景明苑").assert_lacks("整个社区");
        for beyond in ["community".to_owned(), format!("estate:{other}"), format!("party:{}", party.committee)] {
            let address = format!("{WECOM}{beyond}");
            let fields = [("kind", "wecom"), ("name", "不该有的群"), ("place", &beyond), ("address", &address)];
            secretary.post("/channels", &fields).await.assert_status(422);
            act(&secretary, &own, "particulars", &fields).await.assert_status(422);
        }
        let staff = app.person(Role::Staff).browser().await;
        staff.get("/channels").await.assert_contains(&whole).assert_contains(&foreign);
        staff.get(&members).await.assert_ok();
        // What members talk about is not for whoever runs the system.
        act(&staff, &members, "trial", &[]).await.assert_ok();
        let admin = app.person(Role::SystemAdmin).browser().await;
        staff.get(&members).await.assert_contains("这是家门口发来的试发消息");
        admin.get(&members).await.assert_ok().assert_lacks("这是家门口发来的试发消息");
        admin.get("/channels/new?kind=wecom").await.assert_contains("景明苑").assert_lacks("党员的会议");
        // Nor do that role and one in another estate add up to it.
        let both = app.person(Role::SystemAdmin).and(Role::BranchSecretary, Reach::Estate, other).browser().await;
        both.get(&members).await.assert_ok().assert_lacks("这是家门口发来的试发消息");
    }

    async fn a_meeting_is_told_where_it_belongs_and_nowhere_else(app: TestApp) {
        let service = Service::start(app.means.clock.clone()).await;
        let party = Party::set_up(&app).await;
        let other = estate(&app, "景明苑").await;
        robot(&app, &service, "whole", Place::Community).await;
        let own = robot(&app, &service, "own", Place::Estate(party.estate)).await;
        robot(&app, &service, "members", Place::Party(party.branch)).await;
        robot(&app, &service, "foreign", Place::Estate(other)).await;
        let off = robot(&app, &service, "off", Place::Estate(party.estate)).await;
        let staff = app.person(Role::Staff).browser().await;
        act(&staff, &off, "switch", &[("to", "off")]).await.assert_ok().assert_contains("停用");
        let mut sender = sender_of(&app, to(&service));
        let delivered = |keys: [&str; 5]| keys.map(|key| service.delivered(key).len());
        let all = ["whole", "own", "members", "foreign", "off"];

        let meeting = draft(&app, party.estate, None, "2026-11-27T09:00:00+08:00").await;
        let page = staff.get(&meeting).await;
        page.assert_contains("会自动发到：");
        let ways = ["whole、own。", "own、whole。"];
        assert!(ways.iter().any(|ways| page.contains(ways)));
        announce(&staff, &meeting, "有事请打 13800001234").await.assert_status(422);
        announce(&staff, &meeting, "周五上午9点议停车位，请大家来").await.assert_ok();
        staff.get(&meeting).await.assert_contains("自动发到了哪里").assert_contains("等发送");
        work(&mut sender).await;
        assert_eq!(delivered(all), [1, 1, 0, 0, 0]);
        assert_eq!(service.delivered("own"), ["周五上午9点议停车位，请大家来"]);
        staff.get(&meeting).await.assert_contains("已送达，").assert_lacks("等发送");
        staff.get(&own).await.assert_contains("周五上午9点议停车位，请大家来").assert_contains("已送达");
        // Put off twice, the groups hear of it twice.
        for (day, heard) in [("2026-11-28", 2), ("2026-11-29", 3)] {
            let plan = [("day", day), ("time", "10:00"), ("place", "小区党群服务站"), ("host", "冯还应")];
            act(&staff, &meeting, "plan", &plan).await.assert_ok();
            work(&mut sender).await;
            assert_eq!(delivered(all), [heard, heard, 0, 0, 0]);
            assert!(service.delivered("own").last().unwrap().starts_with("【改期】"));
        }
        let cancelled = staff.get(&meeting).await.input("version");
        staff.post(&format!("{meeting}/cancellation"), &[("cancel_reason", "主持人有事"), ("version", &cancelled)]).await.assert_ok();
        work(&mut sender).await;
        assert_eq!(delivered(all), [4, 4, 0, 0, 0]);
        assert!(service.delivered("own")[3].contains("取消，另行通知。原因：主持人有事"));

        // Members by themselves; and something that was never announced is not called off in the groups.
        let meeting = draft(&app, party.estate, Some(party.branch), "2026-11-27T15:00:00+08:00").await;
        announce(&staff, &meeting, "请全体党员周五15点开会").await.assert_ok();
        let never = draft(&app, party.estate, None, "2026-11-28T09:00:00+08:00").await;
        let version = staff.get(&never).await.input("version");
        staff.post(&format!("{never}/cancellation"), &[("cancel_reason", "主持人有事"), ("version", &version)]).await.assert_ok();
        work(&mut sender).await;
        assert_eq!(delivered(all), [4, 4, 1, 0, 0]);
        assert_eq!(service.inner().offences, Vec::<String>::new());
    }

    async fn people_are_left_alone_at_night_unless_it_is_for_today(app: TestApp) {
        let service = Service::start(app.means.clock.clone()).await;
        let estate = estate(&app, "王府名苑小区").await;
        robot(&app, &service, "group", Place::Community).await;
        let mut sender = sender_of(&app, to(&service));
        let next_week = draft(&app, estate, None, "2026-11-30T09:00:00+08:00").await;
        let early = draft(&app, estate, None, "2026-11-24T07:30:00+08:00").await;

        at(&app, "2026-11-23T22:30:00+08:00");
        let staff = app.person(Role::Staff).browser().await;
        announce(&staff, &next_week, "下周一上午9点议停车位，请来").await.assert_ok();
        assert!(sent_by(&mut sender, &service, "group").await.is_empty());
        at(&app, "2026-11-24T07:59:59+08:00");
        assert!(sent_by(&mut sender, &service, "group").await.is_empty());
        at(&app, "2026-11-24T08:00:00+08:00");
        assert_eq!(sent_by(&mut sender, &service, "group").await, ["下周一上午9点议停车位，请来"]);

        // What would be over before the morning goes out at once, and what waits before it goes with it.
        at(&app, "2026-11-23T23:00:00+08:00");
        tell(&app, &app.act(), "别的事").await;
        announce(&staff, &early, "明早7点半议停水，请来").await.assert_ok();
        assert_eq!(sent_by(&mut sender, &service, "group").await[1..], ["别的事", "明早7点半议停水，请来"]);
    }

    async fn what_cannot_be_sent_waits_for_somebody(app: TestApp) {
        let service = Service::start(app.means.clock.clone()).await;
        let group = robot(&app, &service, "group", Place::Community).await;
        let staff = app.person(Role::Staff).browser().await;
        let mut sender = sender_of(&app, to(&service));
        tell(&app, &app.act(), "第一条").await;
        tell(&app, &app.act(), "第二条").await;
        tell(&app, &app.act(), "第三条").await;
        service.inner().next.push_back(Fate::Torn(false));
        work(&mut sender).await;
        staff.get(&group).await.assert_contains("第 1 次重试").assert_contains("连接中断了").assert_contains("注明“可能重复”");
        service.inner().next.extend([Fate::Unknown; 19]);
        for _ in 0..48 {
            pass(&app, SignedDuration::from_hours(1));
            work(&mut sender).await;
        }
        let staff = app.person(Role::Staff).browser().await;
        let page = staff.get(&group).await;
        assert_eq!(page.between_all("late\">发不出去", "<").count(), 2, "{:?}", failures(&app).await);
        page.assert_contains("机器人的地址不对，或者机器人已被移出群（错误码 19001）").assert_contains("重发");
        assert_eq!(service.delivered("group"), ["第三条"], "those behind go on");
        staff.get("/today").await.assert_contains("重发通知").assert_contains("2 条通知发不出去").assert_contains(&group);
        app.person(Role::GridWorker).browser().await.get("/today").await.assert_lacks("重发通知");

        // What somebody has to look at is kept, however old it is.
        pass(&app, SignedDuration::from_hours(24 * 400));
        upkeep::once(&app.app).await.unwrap();
        let staff = app.person(Role::Staff).browser().await;
        let page = staff.get(&group).await;
        page.assert_lacks("第三条");
        let form = format!("action=\"{group}/deliveries/");
        let dead: Vec<&str> = page.between_all(&form, "/retry\"").collect();
        let [newer, older] = dead[..] else { panic!("{dead:?}") };
        staff.post(&format!("{group}/deliveries/{newer}/end"), &[]).await.assert_ok().assert_contains("已放弃");
        staff.post(&format!("{group}/deliveries/{newer}/retry"), &[]).await.assert_status(409);
        staff.post(&format!("{group}/deliveries/{older}/retry"), &[]).await.assert_ok().assert_contains("等发送");
        assert_eq!(sent_by(&mut sender, &service, "group").await[1..], [format!("{AGAIN}第一条")]);
        staff.get("/today").await.assert_lacks("重发通知");
        staff.post(&format!("{group}/deliveries/{older}/end"), &[]).await.assert_status(409);

        // Switched off, it gives up what waits, and sends nothing until it is on again.
        tell(&app, &app.act(), "第四条").await;
        act(&staff, &group, "switch", &[("to", "off")]).await.assert_ok().assert_contains("已放弃");
        staff.post(&format!("{group}/trial"), &[]).await.assert_status(422).assert_contains("停用");
        tell(&app, &app.act(), "第五条").await;
        act(&staff, &group, "switch", &[("to", "on")]).await.assert_ok();
        act(&staff, &group, "trial", &[]).await.assert_ok();
        let delivered = sent_by(&mut sender, &service, "group").await;
        assert!(delivered.len() == 3 && delivered[2].contains("试发消息"), "{delivered:?}");
        assert_eq!(open(&app).await, 0);
    }

    async fn what_nobody_needs_any_more_is_not_sent(app: TestApp) {
        let service = Service::start(app.means.clock.clone()).await;
        let estate = estate(&app, "王府名苑小区").await;
        let group = robot(&app, &service, "group", Place::Estate(estate)).await;
        let staff = app.person(Role::Staff).browser().await;
        let mut sender = sender_of(&app, to(&service));
        let meeting = draft(&app, estate, None, "2026-11-23T10:00:00+08:00").await;
        announce(&staff, &meeting, "今天10点议停车位，请大家来").await.assert_ok();
        service.inner().next.extend([Fate::TryLater; 60]);
        for _ in 0..60 {
            work(&mut sender).await;
            pass(&app, SignedDuration::from_mins(1));
        }
        at(&app, "2026-11-23T10:00:00+08:00");
        work(&mut sender).await;
        assert!(service.delivered("group").is_empty());
        let staff = app.person(Role::Staff).browser().await;
        staff.get(&group).await.assert_contains("开会时间已经过了，没有再发");
        // Called off afterwards, there is nothing to tell.
        let version = staff.get(&meeting).await.input("version");
        staff.post(&format!("{meeting}/cancellation"), &[("cancel_reason", "没有人来"), ("version", &version)]).await.assert_ok();
        assert_eq!(open(&app).await, 0);
    }

    async fn many_who_tell_at_once_do_not_wait_for_one_another(app: TestApp) {
        let service = Service::start(app.means.clock.clone()).await;
        let estate = estate(&app, "王府名苑小区").await;
        let mut channels = vec![robot(&app, &service, "whole", Place::Community).await];
        for name in ["one", "two", "three"] {
            channels.push(robot(&app, &service, name, Place::Estate(estate)).await);
        }
        let mut meetings = Vec::new();
        for _ in 0..8 {
            meetings.push(draft(&app, estate, None, "2026-11-27T09:00:00+08:00").await);
        }
        let staff = app.person(Role::Staff).browser().await;
        act(&staff, &channels[0], "trial", &[]).await.assert_ok();
        let trials = join_all(channels.iter().cycle().take(24).map(async |channel| act(&staff, channel, "trial", &[]).await));
        let notices = join_all(meetings.iter().map(async |meeting| announce(&staff, meeting, "周五上午9点议停车位，请大家来").await));
        let (trials, notices) = tokio::join!(trials, notices);
        trials.iter().chain(&notices).for_each(|page| _ = page.assert_ok());
        assert_eq!(open(&app).await, 1 + 24 + 8 * 4);
    }

    async fn what_waits_is_tried_at_once_when_somebody_has_mended_it(app: TestApp) {
        let service = Service::start(app.means.clock.clone()).await;
        let group = robot(&app, &service, "group", Place::Community).await;
        let staff = app.person(Role::Staff).browser().await;
        let mut sender = sender_of(&app, to(&service));
        tell(&app, &app.act(), "停水通知").await;
        service.inner().next.push_back(Fate::Unknown);
        assert!(sent_by(&mut sender, &service, "group").await.is_empty());
        act(&staff, &group, "particulars", &[("name", "group"), ("place", "community")]).await.assert_ok();
        assert!(sent_by(&mut sender, &service, "group").await.is_empty(), "the name was not it");
        act(&staff, &group, "trial", &[]).await.assert_ok();
        assert_eq!(sent_by(&mut sender, &service, "group").await.len(), 2, "nor does a trial wait behind it");
    }

    async fn a_host_that_is_taken_back_gets_nothing(app: TestApp) {
        let service = Service::start(app.means.clock.clone()).await;
        register(&app, Kind::Feishu, &service.robot(Kind::Feishu, "group", None), None, std::slice::from_ref(&service.host)).await;
        tell(&app, &app.act(), "停水通知").await;
        let mut sender = sender_of(&app, doorstep::config::Outgoing::default());
        work(&mut sender).await;
        assert_eq!(failures(&app).await, ["登记的地址不在允许的主机里"]);
        assert!(service.delivered("group").is_empty());
    }
}
