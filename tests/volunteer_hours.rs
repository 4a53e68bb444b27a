//! Hours of volunteers on their way into the ledger: nobody confirms their own, nobody approves what they have confirmed, nothing overlaps,
//! and a figure that was wrong is replaced, never changed.

use std::collections::BTreeMap;

use doorstep::access::{Act, Role};
use doorstep::error::Error;
use doorstep::volunteer::{self, Correct, Kind, Own, Post, Record, Span, Stage, Total};
use doorstep::{audit, settings};
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use uuid::Uuid;

use crate::stories::cast::estate;
use crate::support::{Browser, Page, TestApp};
use crate::volunteer::{at, team, volunteer as joined};
use crate::volunteer_activity::{plan, planned};

pub async fn ledger(app: &TestApp, person: Uuid) -> Vec<Record> {
    let mut tx = app.db.read().await.unwrap();
    volunteer::ledger(&mut tx, app.home.tenant, person, db::Cursor::LAST, 100).await.unwrap().items
}

pub async fn total(app: &TestApp, person: Uuid) -> Total {
    volunteer::total(&mut app.db.read().await.unwrap(), app.home.tenant, person, app.means.now()).await.unwrap()
}

/// Somebody comes and goes by the code on the wall, on the phone on which their page is open.
async fn scan(app: &TestApp, phone: &Browser, activity: Uuid, way: &str) -> Page {
    let mut tx = app.db.read().await.unwrap();
    let path = volunteer::on_the_wall(&mut tx, app.home.tenant, activity, &app.means).await.unwrap();
    drop(tx);
    let page = phone.get(&path).await;
    phone.post(&page.link("/arrivals/"), &[("ticket", &page.input("ticket")), ("way", way)]).await
}

pub fn span(from: &str, until: &str) -> Span {
    Span { starts_at: from.parse().unwrap(), ends_at: until.parse().unwrap() }
}

pub async fn submit(app: &TestApp, person: Uuid, team: Uuid, span: Span, breaks: i64) -> Result<Uuid, Error> {
    let own = Own { team, kind: Kind::Service, title: "陪独居老人看病", span, breaks };
    let mut tx = app.db.begin().await.unwrap();
    let id = volunteer::submit_hours(&mut tx, &app.act(), person, &own).await?;
    tx.commit().await.unwrap();
    Ok(id)
}

/// Somebody with an account, in the tests of operations.
pub struct Desk<'a> {
    app: &'a TestApp,
    account: Uuid,
}

impl Desk<'_> {
    pub fn act(&self) -> Act {
        Act { account: Some(self.account), ..self.app.act() }
    }
}

pub async fn staff(app: &TestApp) -> Desk<'_> {
    Desk { app, account: app.person(Role::Staff).create().await.id }
}

pub async fn get(app: &TestApp, id: Uuid) -> Record {
    volunteer::record(&mut app.db.read().await.unwrap(), app.home.tenant, id).await.unwrap()
}

pub async fn confirm(app: &TestApp, act: Act, id: Uuid) -> Result<(), Error> {
    let mut tx = app.db.begin().await.unwrap();
    let record = volunteer::record(&mut tx, app.home.tenant, id).await.unwrap();
    volunteer::confirm_hours(&mut tx, &act, &record, record.lock_version, None).await?;
    tx.commit().await.unwrap();
    Ok(())
}

pub async fn approve(app: &TestApp, act: Act, id: Uuid, over_day: Option<&str>) -> Result<(), Error> {
    let mut tx = app.db.begin().await.unwrap();
    let record = volunteer::record(&mut tx, app.home.tenant, id).await.unwrap();
    volunteer::approve_hours(&mut tx, &act, &record, record.lock_version, over_day).await?;
    tx.commit().await.unwrap();
    Ok(())
}

/// Presses the button that approves what the page of an activity shows.
pub async fn approve_shown(desk: &Browser, activity: Uuid, shown: &Page) -> Page {
    let seen = shown.between_all("name=\"record\" value=\"", "\"");
    let seen: Vec<(&str, &str)> = seen.map(|seen| ("record", seen)).collect();
    desk.post(&format!("/activities/{activity}/hours/approval"), &seen).await
}

async fn approve_all(desk: &Browser, activity: Uuid) -> Page {
    let shown = desk.get(&format!("/activities/{activity}")).await;
    approve_shown(desk, activity, &shown).await
}

pub async fn object(app: &TestApp, person: Uuid, id: Uuid) -> Result<(), Error> {
    let mut tx = app.db.begin().await.unwrap();
    let record = volunteer::record(&mut tx, app.home.tenant, id).await.unwrap();
    volunteer::object(&mut tx, &app.act(), &record, person, "我做到十一点才走").await?;
    tx.commit().await.unwrap();
    Ok(())
}

pub async fn answer(app: &TestApp, act: Act, id: Uuid) -> Result<(), Error> {
    let mut tx = app.db.begin().await.unwrap();
    let record = volunteer::record(&mut tx, app.home.tenant, id).await.unwrap();
    volunteer::answer_objection(&mut tx, &act, &record, record.lock_version, "签退是十点").await?;
    tx.commit().await.unwrap();
    Ok(())
}

pub async fn correct(app: &TestApp, act: Act, id: Uuid, there: Span, breaks: i64) -> Result<(), Error> {
    let mut tx = app.db.begin().await.unwrap();
    let record = volunteer::record(&mut tx, app.home.tenant, id).await.unwrap();
    let now = Correct { there, breaks };
    volunteer::correct_hours(&mut tx, &act, &record, record.lock_version, now, "核对过").await?;
    tx.commit().await.unwrap();
    Ok(())
}

/// What somebody has served and is booked: entered, confirmed and approved on one day, and the days for objections are over.
pub async fn book(app: &TestApp, person: Uuid, team: Uuid, span: Span) {
    let (first, second) = (staff(app).await, staff(app).await);
    app.means.clock.set(span.ends_at + SignedDuration::from_hours(1));
    let id = submit(app, person, team, span, 0).await.unwrap();
    confirm(app, first.act(), id).await.unwrap();
    approve(app, second.act(), id, None).await.unwrap();
    app.means.clock.set(span.ends_at + SignedDuration::from_hours(24 * 7));
}

async fn correct_again(app: &TestApp, id: Uuid) -> Result<(), Error> {
    let there = span("2026-12-05T08:00:00+08:00", "2026-12-05T11:00:00+08:00");
    correct(app, staff(app).await.act(), id, there, 0).await
}

pub fn refused<T: std::fmt::Debug>(done: Result<T, Error>, words: &str) {
    assert!(matches!(&done, Err(Error::Refused(sentence)) if sentence.contains(words)), "{done:?}");
}

db_test! {
    async fn hours_go_from_the_wall_over_leader_and_community_into_the_ledger(app: TestApp) {
        at(&app, "2026-12-04T09:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[place.estate], &[]).await;
        let (leader, leads) = joined(&app, "高月英", team, Post::Leader).await;
        let activity = planned(&app, team, &plan("2026-12-05T08:00:00+08:00", 6)).await;
        let mut people = BTreeMap::new();
        for name in ["高月英", "刘建军", "王秀兰"] {
            let (id, own) = if name == "高月英" { (leader, leads.clone()) } else { joined(&app, name, team, Post::Member).await };
            let phone = app.browser();
            phone.get(&own).await.assert_ok();
            phone.post(&format!("{own}/sign-ups"), &[("activity", &activity.to_string())]).await.assert_ok();
            people.insert(name, (id, own, phone));
        }
        at(&app, "2026-12-05T07:50:00+08:00");
        for (_, _, phone) in people.values() {
            scan(&app, phone, activity, "came").await.assert_ok();
        }
        at(&app, "2026-12-05T10:45:30+08:00");
        scan(&app, &people["刘建军"].2, activity, "left").await.assert_ok();
        scan(&app, &people["高月英"].2, activity, "left").await.assert_ok();

        // Before the end nobody confirms anything; afterwards not one's own, and not without knowing when they went.
        let lead = &people["高月英"].2;
        let page = format!("{leads}/activities/{activity}");
        let (one, two, own) = (people["刘建军"].0.to_string(), people["王秀兰"].0.to_string(), leader.to_string());
        let all = [("person", one.as_str()), ("person", two.as_str()), ("person", own.as_str())];
        let with_breaks = [&all[..], &[("breaks", "15")]].concat();
        lead.post(&format!("{page}/hours"), &with_breaks).await.assert_status(422).assert_contains("活动还没有结束");
        at(&app, "2026-12-05T12:00:00+08:00");
        lead.get(&page).await.assert_contains("确认时长").assert_contains("没有签退，王秀兰几点走的").assert_contains("自己的由副队长或社区确认");
        lead.post(&format!("{page}/hours"), &all).await.assert_status(422).assert_contains("休息了多少分钟");
        lead.post(&format!("{page}/hours"), &[("breaks", "15")]).await.assert_status(422).assert_contains("请至少选一个人");
        let partly = lead.post(&format!("{page}/hours"), &with_breaks).await;
        partly.assert_status(422).assert_contains("已确认 1 人").assert_contains("王秀兰：没有签退").assert_contains("高月英：自己的时长要由别人确认");
        let left = format!("left-{two}");
        lead.post(&format!("{page}/hours"), &[("person", &two), (&left, "10:00"), ("breaks", "15")]).await.assert_ok().assert_contains("已确认 1 人");
        let first = ledger(&app, people["刘建军"].0).await.remove(0);
        assert_eq!((first.minutes, first.state), (150, Stage::Confirmed), "from eight, less the break, whole minutes");
        let mut tx = app.db.read().await.unwrap();
        let said = ledger(&app, people["王秀兰"].0).await.remove(0);
        let version = volunteer::versions(&mut tx, app.home.tenant, said.id).await.unwrap().remove(0);
        assert!(version.left_said && version.made_by_leader.as_deref() == Some("高月英") && said.minutes == 105);
        drop(tx);

        // Staff confirm the leader's own, and so do not approve it; another one does.
        let (secretary, clerk) = (app.person(Role::Secretary).create().await, app.person(Role::Staff).create().await);
        let (first_desk, second_desk) = (app.browser_of(&secretary).await, app.browser_of(&clerk).await);
        first_desk.post(&format!("/activities/{activity}/hours"), &[("person", &own), ("breaks", "15")]).await.assert_ok();
        first_desk.get("/today").await.assert_contains("志愿服务时长").assert_contains("教老人用手机 · 2 人");
        let partly = approve_all(&first_desk, activity).await;
        partly.assert_status(422).assert_contains("已审核 2 人").assert_contains("高月英：是您自己确认或更正的");
        app.person(Role::BranchSecretary).browser().await.post(&format!("/activities/{activity}/hours/approval"), &[]).await.assert_status(403);
        first_desk.get("/today").await.assert_lacks("志愿服务时长");
        second_desk.get("/today").await.assert_contains("教老人用手机 · 1 人");
        approve_all(&second_desk, activity).await.assert_ok().assert_contains("已审核 1 人");
        second_desk.get("/today").await.assert_lacks("志愿服务时长");
        app.browser().get(&format!("/board/{}/activities/{activity}", app.home.code)).await.assert_contains("3 人，共 6 小时 45 分").assert_lacks("王秀兰");

        // One objects; until somebody has answered it is not booked.
        let (person, own, phone) = &people["王秀兰"];
        let ours = phone.get(&format!("{own}/hours")).await;
        ours.assert_ok().assert_contains("异议期，12月11日 入账");
        phone.post(&format!("{own}/hours/{}/objection", said.id), &[("objection", "少")]).await.assert_status(422).assert_contains("至少要 4 个字");
        people["刘建军"].2.post(&format!("{}/hours/{}/objection", people["刘建军"].1, said.id), &[("objection", "不是我的")]).await.assert_status(404);
        phone.post(&format!("{own}/hours/{}/objection", said.id), &[("objection", "我做到十一点才走")]).await.assert_ok();
        at(&app, "2026-12-11T00:00:00+08:00");
        assert_eq!(total(&app, people["刘建军"].0).await.service, 150);
        assert_eq!(total(&app, *person).await, Total::default());
        let desk = app.browser_of(&clerk).await;
        desk.get("/today").await.assert_contains("时长异议");
        let record = format!("/volunteer-hours/{}", said.id);
        let version = desk.get(&record).await.assert_contains("我做到十一点才走").input("version");
        let correct = [("version", version.as_str()), ("day", "2026-12-05"), ("from", "07:50"), ("until", "11:00"), ("breaks", "15")];
        desk.post(&format!("{record}/correction"), &correct).await.assert_status(422).assert_contains("请填写为什么更正");
        let correct = [&correct[..], &[("why", "问过队长")]].concat();
        desk.post(&format!("{record}/correction"), &correct).await.assert_ok().assert_contains("第 2 版：2 小时 45 分").assert_contains("第 1 版：1 小时 45 分");
        desk.post(&format!("{record}/correction"), &correct).await.assert_status(409);
        let version = desk.get(&record).await.input("version");
        desk.post(&format!("{record}/approval"), &[("version", &version)]).await.assert_status(422).assert_contains("要由别人审核");
        app.browser_of(&secretary).await.post(&format!("{record}/approval"), &[("version", &version)]).await.assert_ok();
        at(&app, "2026-12-17T00:00:00+08:00");
        assert_eq!(total(&app, *person).await, Total { service: 165, times: 1, training: 0 });
        phone.get(&format!("{own}/hours")).await.assert_contains("2 小时 45 分").assert_contains("更正过").assert_lacks("时间不对");
        app.browser_of(&clerk).await.get(&format!("/volunteers/{person}/hours")).await.assert_contains("2 小时 45 分");
        app.browser_of(&clerk).await.get(&format!("/volunteers/{person}")).await.assert_contains("时长：1 小时 45 分 → 2 小时 45 分");
        assert_eq!(audit::verify(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap().broken, None);
    }

    async fn what_somebody_enters_themselves_the_leader_confirms(app: TestApp) {
        at(&app, "2026-12-08T20:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "扶危济困志愿服务队", &[place.estate], &[]).await;
        let (leader, leads) = joined(&app, "高月英", team, Post::Leader).await;
        let (person, own) = joined(&app, "刘建军", team, Post::Member).await;
        let phone = app.browser();
        let team_id = team.to_string();
        let enter = async |fields: &[(&str, &str)]| {
            let usual = [("team", team_id.as_str()), ("title", "陪独居老人看病"), ("kind", "service"), ("day", "2026-12-08"), ("breaks", "0")];
            phone.post(&format!("{own}/hours"), &[&usual[..], fields].concat()).await
        };
        enter(&[("from", "21:00"), ("until", "22:00")]).await.assert_status(422).assert_contains("还没有过完").assert_contains("陪独居老人看病");
        enter(&[("from", "10:00"), ("until", "09:00")]).await.assert_status(422).assert_contains("结束要在开始以后");
        enter(&[("from", "09:00"), ("until", "19:00")]).await.assert_status(422).assert_contains("一天最多记 8 小时");
        enter(&[("from", "09:00"), ("until", "11:20")]).await.assert_ok().assert_contains("等队长确认").assert_contains("2 小时 20 分");
        enter(&[("from", "11:00"), ("until", "12:00")]).await.assert_status(422).assert_contains("一个人不能同时在两处");
        enter(&[("from", "11:20"), ("until", "12:00")]).await.assert_ok();
        let [later, earlier] = &ledger(&app, person).await[..] else { panic!("two records") };

        // The other one answers; a member may not, nor whoever leads about themselves.
        let lead = app.browser();
        lead.get(&leads).await.assert_contains("等您确认的时长").assert_contains("刘建军：陪独居老人看病");
        let yes = [("version", "1"), ("decision", "yes")];
        phone.post(&format!("{own}/hours/{}/confirmation", earlier.id), &yes).await.assert_status(404);
        lead.post(&format!("{leads}/hours/{}/confirmation", earlier.id), &yes).await.assert_ok().assert_contains("已确认");
        let no = [("version", "1"), ("decision", "no"), ("why", "那天没有去")];
        let short = lead.post(&format!("{leads}/hours/{}/confirmation", later.id), &[no[0], no[1], ("why", "无")]).await;
        short.assert_status(422).assert_contains("为什么不计至少要 2 个字").assert_contains("value=\"无\"");
        lead.post(&format!("{leads}/hours/{}/confirmation", later.id), &no).await.assert_ok();
        phone.get(&format!("{own}/hours")).await.assert_contains("没有计：那天没有去");
        let mine = submit(&app, leader, team, span("2026-12-08T09:00:00+08:00", "2026-12-08T10:00:00+08:00"), 0).await.unwrap();
        lead.get(&leads).await.assert_lacks("等您确认的时长");
        lead.post(&format!("{leads}/hours/{mine}/confirmation"), &yes).await.assert_status(422).assert_contains("要由别人确认");

        let first = staff(&app).await;
        approve(&app, first.act(), earlier.id, None).await.unwrap();
        refused(approve(&app, first.act(), later.id, None).await, "现在是“不计”");
        at(&app, "2026-12-14T00:00:00+08:00");
        assert_eq!(total(&app, person).await.service, 140);
        // What was struck out leaves the time free.
        submit(&app, person, team, span("2026-12-08T11:30:00+08:00", "2026-12-08T12:00:00+08:00"), 0).await.unwrap();
    }

    async fn more_than_a_day_has_needs_a_reason_and_training_is_kept_apart(app: TestApp) {
        at(&app, "2026-12-09T20:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "扶危济困志愿服务队", &[place.estate], &[]).await;
        let (person, _) = joined(&app, "刘建军", team, Post::Member).await;
        let (first, second) = (staff(&app).await, staff(&app).await);
        let mut entered = Vec::new();
        for (from, until) in [("06", "11"), ("12", "15"), ("16", "17")] {
            let span = span(&format!("2026-12-08T{from}:00:00+08:00"), &format!("2026-12-08T{until}:00:00+08:00"));
            let id = submit(&app, person, team, span, 0).await.unwrap();
            confirm(&app, first.act(), id).await.unwrap();
            entered.push(id);
        }
        approve(&app, second.act(), entered[0], None).await.unwrap();
        approve(&app, second.act(), entered[1], None).await.unwrap();
        refused(approve(&app, second.act(), entered[2], None).await, "一天超过 8 小时，这一天已有 8 小时");
        refused(approve(&app, first.act(), entered[2], Some("抗洪")).await, "要由别人审核");
        approve(&app, second.act(), entered[2], Some("抗洪")).await.unwrap();
        let training = span("2026-12-08T17:00:00+08:00", "2026-12-08T19:00:00+08:00");
        let own = Own { team, kind: Kind::Training, title: "急救培训", span: training, breaks: 0 };
        let mut tx = app.db.begin().await.unwrap();
        let learned = volunteer::submit_hours(&mut tx, &app.act(), person, &own).await.unwrap();
        tx.commit().await.unwrap();
        confirm(&app, first.act(), learned).await.unwrap();
        approve(&app, second.act(), learned, None).await.unwrap();
        at(&app, "2026-12-15T00:00:00+08:00");
        assert_eq!(total(&app, person).await, Total { service: 540, times: 3, training: 120 });
    }

    async fn what_was_refused_is_contested_for_some_days_and_put_right(app: TestApp) {
        at(&app, "2026-12-04T09:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "雷锋大妈志愿服务队", &[place.estate], &[]).await;
        let (leader, _) = joined(&app, "高月英", team, Post::Leader).await;
        let (person, own) = joined(&app, "刘建军", team, Post::Member).await;
        let activity = planned(&app, team, &plan("2026-12-05T08:00:00+08:00", 6)).await;
        crate::volunteer_activity::sign_up(&app, activity, person).await.unwrap();
        let known = volunteer::activity(&mut app.db.read().await.unwrap(), app.home.tenant, activity).await.unwrap();
        for (moment, way) in [("2026-12-05T08:00:00+08:00", volunteer::Arrival::Comes), ("2026-12-05T11:00:00+08:00", volunteer::Arrival::Goes)] {
            at(&app, moment);
            let mut tx = app.db.begin().await.unwrap();
            volunteer::note(&mut tx, &app.act(), &known, person, way).await.unwrap();
            tx.commit().await.unwrap();
        }
        at(&app, "2026-12-05T12:00:00+08:00");
        let mut tx = app.db.begin().await.unwrap();
        let was = [volunteer::Was { volunteer: person, left_at: None }];
        volunteer::confirm_activity(&mut tx, &app.act(), &known, Some(leader), &was, 0).await.unwrap();
        tx.commit().await.unwrap();
        let id = ledger(&app, person).await.remove(0).id;
        let (first, second) = (app.person(Role::Secretary).create().await, app.person(Role::Secretary).create().await);
        let (desk, other) = (app.browser_of(&first).await, app.browser_of(&second).await);
        let page = format!("/volunteer-hours/{id}");
        let version = async |desk: &Browser| desk.get(&page).await.input("version");
        let strike = async |desk: &Browser| {
            let seen = get(&app, id).await.lock_version.to_string();
            desk.post(&format!("{page}/refusal"), &[("version", &seen), ("refused_why", "名单上没有")]).await
        };
        strike(&desk).await.assert_ok();

        // He says that it is not right; it does not count until somebody has answered, and the answer may be no.
        let phone = app.browser();
        phone.get(&format!("{own}/hours")).await.assert_contains("没有计：名单上没有").assert_contains("不计不对");
        let objection = format!("{own}/hours/{id}/objection");
        phone.post(&objection, &[("objection", "我签到签退都有")]).await.assert_ok();
        other.get("/today").await.assert_contains("时长异议");
        other.get(&page).await.assert_contains("不计没有错，因为");
        let seen = version(&other).await;
        other.post(&format!("{page}/answer"), &[("version", &seen), ("answer", "照片里没有")]).await.assert_ok();
        assert_eq!(get(&app, id).await.state, Stage::Refused);
        phone.post(&objection, &[("objection", "我签到签退都有")]).await.assert_status(422).assert_contains("已经答复过");

        // Whoever struck it out by mistake puts it right within the same days, and somebody else approves it.
        let correct = [("day", "2026-12-05"), ("from", "08:00"), ("until", "11:00"), ("breaks", "0"), ("why", "照片里有")];
        let seen = desk.get(&page).await.assert_contains("不计弄错了，更正").input("version");
        desk.post(&format!("{page}/correction"), &[&correct[..], &[("version", seen.as_str())]].concat()).await.assert_ok();
        assert_eq!((get(&app, id).await.state, get(&app, id).await.refused_why), (Stage::Confirmed, None));
        strike(&other).await.assert_ok();
        phone.get(&format!("{own}/hours")).await.assert_contains("不计不对");

        // After the days it stays as it is.
        at(&app, "2026-12-11T00:00:00+08:00");
        let desk = app.browser_of(&first).await;
        phone.post(&objection, &[("objection", "我签到签退都有")]).await.assert_status(422).assert_contains("异议期过了");
        desk.get(&page).await.assert_lacks("不计弄错了");
        refused(correct_again(&app, id).await, "过了异议期");
        assert_eq!(total(&app, person).await, Total::default());
    }

    /// What a version says stays, even for whoever can write to the database.
    async fn the_database_lets_nobody_write_over_a_version(app: TestApp) {
        at(&app, "2026-12-08T20:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "扶危济困志愿服务队", &[place.estate], &[]).await;
        let (person, _) = joined(&app, "刘建军", team, Post::Member).await;
        let (first, second) = (staff(&app).await, staff(&app).await);
        let id = submit(&app, person, team, span("2026-12-08T09:00:00+08:00", "2026-12-08T10:00:00+08:00"), 0).await.unwrap();
        confirm(&app, first.act(), id).await.unwrap();
        let record = get(&app, id).await;
        let there = span("2026-12-08T09:00:00+08:00", "2026-12-08T09:30:00+08:00");
        let mut tx = app.db.begin().await.unwrap();
        let now = Correct { there, breaks: 0 };
        volunteer::correct_hours(&mut tx, &second.act(), &record, record.lock_version, now, "记错了").await.unwrap();
        tx.commit().await.unwrap();
        db::statements! {
            SWELL = "UPDATE volunteer_record_versions SET minutes = minutes + 60 WHERE tenant_id = $1 AND record_id = $2 AND number = $3";
            SWELL_RECORD = "UPDATE volunteer_records SET minutes = minutes + 60 WHERE tenant_id = $1 AND id = $2";
            LEAP = "UPDATE volunteer_records SET state = 'approved', move = 'submitted>approved>approved', approved_at = 1, books_at = 1 WHERE tenant_id = $1 AND id = $2";
            OWN_WORD = "UPDATE volunteer_records SET confirmed_by_volunteer = volunteer_id WHERE tenant_id = $1 AND id = $2";
            DROP = "DELETE FROM volunteer_record_versions WHERE tenant_id = $1 AND record_id = $2 AND number = $3";
        }
        let tenant = app.home.tenant;
        let tries = [
            SWELL.bind(tenant).bind(id).bind(1), SWELL.bind(tenant).bind(id).bind(2), SWELL_RECORD.bind(tenant).bind(id), LEAP.bind(tenant).bind(id),
            OWN_WORD.bind(tenant).bind(id), DROP.bind(tenant).bind(id).bind(1), DROP.bind(tenant).bind(id).bind(2),
        ];
        for (number, query) in tries.into_iter().enumerate() {
            let mut tx = app.db.begin().await.unwrap();
            // What is put off until the end is refused then.
            let written = tx.execute(query).await;
            assert!(written.is_err() || tx.commit().await.is_err(), "{number}");
        }
        assert_eq!(get(&app, id).await.minutes, 30);
    }

    /// Random spans, some over midnight, corrections, refusals, approvals, objections, answers and days against a ledger of our own, in which each minute is a place in a row.
    async fn at_random_the_ledger_is_that_of_an_independent_reference(app: TestApp) {
        struct Known {
            person: usize, minutes: Vec<usize>, breaks: i64, state: Stage, books: Option<Timestamp>, word: usize, answered: bool, corrected: bool,
            // Of what was refused: until when it is contested, and whether it is.
            until: Option<Timestamp>, contested: bool,
        }
        const DAYS: usize = 3;
        const DAY_HOURS: i64 = 2;
        let begin: Timestamp = "2026-12-01T00:00:00+08:00".parse().unwrap();
        at(&app, "2026-12-04T01:00:00+08:00");
        let place = estate(&app).await;
        let team = team(&app, "扶危济困志愿服务队", &[place.estate], &[]).await;
        let people = [joined(&app, "刘建军", team, Post::Member).await.0, joined(&app, "王秀兰", team, Post::Member).await.0];
        let desks = [staff(&app).await, staff(&app).await];
        let act = |desk: usize| desks[desk].act();
        let rules = json!({ "tolerance_minutes": 0, "day_hours": DAY_HOURS, "objection_days": 5, "own_days": 30, "answer_days": 7 });
        let mut tx = app.db.begin().await.unwrap();
        settings::set(&mut tx, &app.act(), "volunteer.hours", date(2026, 1, 1), &rules, "试验").await.unwrap();
        tx.commit().await.unwrap();
        let mut random = StdRng::seed_from_u64(67);
        let mut known: Vec<(Uuid, Known)> = Vec::new();
        let mut done = [0; 11];
        let moment = |minute: usize| begin + SignedDuration::from_mins(minute as i64);
        let any_span = |random: &mut StdRng| {
            let day = random.random_range(0..DAYS) * 1440;
            let from = random.random_range(0..1440);
            (day + from, day + from + random.random_range(1..140))
        };
        // The midnight after the five days for objections.
        let six_days_on = || {
            let next = app.means.now() + SignedDuration::from_hours(24 * 6);
            let midnight = next.as_second() - (next.as_second() - begin.as_second()).rem_euclid(86_400);
            Timestamp::from_second(midnight).unwrap()
        };
        let counts = |one: &Known| (one.minutes.len() as i64 - one.breaks).max(0);
        let clash = |known: &[(Uuid, Known)], person: usize, but: Option<usize>, minutes: &[usize]| {
            known.iter().enumerate().any(|(at, (_, one))| {
                Some(at) != but && one.person == person && one.state != Stage::Refused && !one.contested && one.minutes.iter().any(|minute| minutes.contains(minute))
            })
        };
        for _ in 0..1200 {
            let chosen = (!known.is_empty()).then(|| random.random_range(0..known.len()));
            match (random.random_range(0..16), chosen) {
                (0..=1, _) | (_, None) => {
                    let ((from, until), person, breaks) = (any_span(&mut random), random.random_range(0..2), random.random_range(0..20));
                    let minutes: Vec<usize> = (from..until).collect();
                    let recent = moment(from) >= app.means.now() - SignedDuration::from_hours(24 * 30);
                    let fits = recent && moment(until) <= app.means.now() && (1..=DAY_HOURS * 60).contains(&(minutes.len() as i64 - breaks)) && !clash(&known, person, None, &minutes);
                    let found = submit(&app, people[person], team, Span { starts_at: moment(from), ends_at: moment(until) }, breaks).await;
                    assert_eq!(found.is_ok(), fits, "{found:?}");
                    if let Ok(id) = found {
                        known.push((id, Known { person, minutes, breaks, state: Stage::Submitted, books: None, word: 9, answered: false, corrected: false, until: None, contested: false }));
                    }
                    done[usize::from(fits)] += 1;
                }
                (2..=4, Some(at)) => {
                    let (id, one) = &mut known[at];
                    let desk = random.random_range(0..2);
                    let found = confirm(&app, act(desk), *id).await;
                    assert_eq!(found.is_ok(), one.state == Stage::Submitted, "{found:?}");
                    if found.is_ok() {
                        (one.state, one.word) = (Stage::Confirmed, desk);
                    }
                }
                (5..=7, Some(at)) => {
                    let desk = random.random_range(0..2);
                    let one = &known[at].1;
                    let day = one.minutes.first().map(|minute| minute / 1440);
                    let so_far: i64 = known.iter().enumerate().filter(|(other, (_, two))| {
                        *other != at && two.person == one.person && matches!(two.state, Stage::Approved | Stage::Objected) && !two.contested && two.minutes.first().map(|minute| minute / 1440) == day
                    }).map(|(_, (_, two))| counts(two)).sum();
                    let over_day = random.random_bool(0.4).then_some("抗洪");
                    let within = so_far + counts(one) <= DAY_HOURS * 60;
                    let fits = one.state == Stage::Confirmed && one.word != desk && (within || over_day.is_some());
                    let found = approve(&app, act(desk), known[at].0, over_day).await;
                    assert_eq!(found.is_ok(), fits, "{found:?}");
                    if fits {
                        (known[at].1.state, known[at].1.books) = (Stage::Approved, Some(six_days_on()));
                        done[if within { 2 } else { 4 }] += 1;
                    }
                }
                (12, Some(any)) => {
                    // Mostly of what can be objected to.
                    let open = |one: &Known| match one.state {
                        Stage::Approved => one.books.is_some_and(|books| app.means.now() < books),
                        Stage::Refused => one.until.is_some_and(|until| app.means.now() < until),
                        _ => false,
                    };
                    let at = known.iter().rposition(|(_, one)| open(one) && random.random_bool(0.5)).unwrap_or(any);
                    let one = &known[at].1;
                    let fits = open(one) && !one.answered;
                    let found = object(&app, people[one.person], known[at].0).await;
                    assert_eq!(found.is_ok(), fits, "{found:?}");
                    if fits {
                        let struck = one.state == Stage::Refused;
                        done[if struck { 8 } else if one.corrected { 6 } else { 5 }] += 1;
                        (known[at].1.state, known[at].1.contested) = (Stage::Objected, struck);
                    }
                }
                (13, Some(any)) => {
                    let at = known.iter().position(|(_, one)| one.state == Stage::Objected).unwrap_or(any);
                    let found = answer(&app, act(0), known[at].0).await;
                    let one = &mut known[at].1;
                    assert_eq!(found.is_ok(), one.state == Stage::Objected, "{found:?}");
                    if found.is_ok() {
                        done[if one.contested { 9 } else { 7 }] += 1;
                        let state = if one.contested { Stage::Refused } else { Stage::Approved };
                        (one.state, one.answered, one.contested) = (state, true, false);
                    }
                }
                (8 | 9, Some(at)) => {
                    let ((from, until), breaks, desk) = (any_span(&mut random), random.random_range(0..20), random.random_range(0..2));
                    let minutes: Vec<usize> = (from..until).collect();
                    let one = &known[at].1;
                    let open = match one.state {
                        Stage::Confirmed | Stage::Approved | Stage::Objected => true,
                        Stage::Refused => one.until.is_some_and(|until| app.means.now() < until),
                        Stage::Submitted => false,
                    };
                    let fits = open && moment(until) <= app.means.now() && !clash(&known, one.person, Some(at), &minutes);
                    let there = Span { starts_at: moment(from), ends_at: moment(until) };
                    let found = correct(&app, act(desk), known[at].0, there, breaks).await;
                    assert_eq!(found.is_ok(), fits, "{found:?}");
                    if found.is_ok() {
                        let one = &mut known[at].1;
                        (one.minutes, one.breaks, one.state, one.word, one.books) = (minutes, breaks, Stage::Confirmed, desk, None);
                        (one.answered, one.corrected, one.contested) = (false, true, false);
                        done[if one.until.take().is_some() { 10 } else { 3 }] += 1;
                    }
                }
                (_, Some(at)) if random.random_bool(0.3) => {
                    let one = &known[at].1;
                    // Whoever has corrected it does not strike it out as well.
                    let fits = one.state == Stage::Submitted || one.state == Stage::Confirmed && !(one.corrected && one.word == 0);
                    let mut tx = app.db.begin().await.unwrap();
                    let record = volunteer::record(&mut tx, app.home.tenant, known[at].0).await.unwrap();
                    let found = volunteer::refuse_hours(&mut tx, &act(0), &record, record.lock_version, None, "不属实").await;
                    assert_eq!(found.is_ok(), fits, "{found:?}");
                    if found.is_ok() {
                        tx.commit().await.unwrap();
                        (known[at].1.state, known[at].1.until) = (Stage::Refused, Some(six_days_on()));
                    }
                }
                _ => app.means.clock.set(app.means.now() + SignedDuration::from_hours(random.random_range(1..7))),
            }
            for (number, person) in people.iter().enumerate() {
                let booked = |one: &&Known| one.person == number && one.state == Stage::Approved && one.books.is_some_and(|at| at <= app.means.now());
                let ours: Vec<i64> = known.iter().map(|(_, one)| one).filter(booked).map(counts).filter(|minutes| *minutes > 0).collect();
                let expected = Total { service: ours.iter().sum(), times: ours.len() as i64, training: 0 };
                assert_eq!(total(&app, *person).await, expected);
            }
        }
        assert!(done.iter().all(|times| *times > 2), "all of it has happened: {done:?}");
    }
}
