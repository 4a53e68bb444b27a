//! 七彩四点半: no child is on the roll whose guardian has not agreed, and every look at one is noted.

use doorstep::access::Role;
use doorstep::after_school::{self, Purpose, State};
use doorstep::{audit, upkeep};

use crate::stories::cast::estate;
use crate::support::{Browser, Page, TestApp};
use crate::volunteer::at;

/// What a guardian writes down about a child of ten.
pub const CHILD: [(&str, &str); 12] = [
    ("child_name", "刘小雨"),
    ("sex", "2"),
    ("birth_month", "2016-05"),
    ("school", "城内小学"),
    ("grade", "四年级"),
    ("guardian1_name", "刘建军"),
    ("guardian1_relation", "父亲"),
    ("guardian1_phone", "13800001234"),
    ("listed1_name", "王桂香"),
    ("listed1_relation", "奶奶"),
    ("listed1_phone", "13800005678"),
    ("grown", "yes"),
];

pub fn id_of(page: &Page) -> String {
    page.url.rsplit('/').next().unwrap().to_owned()
}

/// The building that a form offers.
pub async fn home(staff: &Browser) -> String {
    let page = staff.get("/children/new").await;
    let home = page.between_all("<option value=\"0", "\"").next().unwrap().to_owned();
    format!("0{home}")
}

/// A child whose guardian has signed on paper.
pub async fn enrolled(staff: &Browser, changed: &[(&str, &str)]) -> String {
    let home = home(staff).await;
    let mut form = vec![("way", "signed"), ("signed", "yes")];
    if !changed.iter().any(|(name, _)| *name == "home") {
        form.push(("home", home.as_str()));
    }
    form.extend(CHILD.iter().filter(|(name, _)| !changed.iter().any(|(other, _)| other == name)));
    form.extend(changed);
    let page = staff.post("/children", &form).await;
    page.assert_ok().assert_contains("在册");
    id_of(&page)
}

/// The guardian's own link, as staff pass it on.
pub async fn link(staff: &Browser, id: &str) -> String {
    let page = staff.get(&format!("/children/{id}")).await;
    format!("/guardians/{}", page.between_all("/guardians/", "<").next().unwrap())
}

async fn invited(staff: &Browser) -> (String, String) {
    let home = home(staff).await;
    let form = [
        ("child_name", "刘小雨"),
        ("home", home.as_str()),
        ("guardian1_name", "刘建军"),
        ("guardian1_relation", "父亲"),
        ("guardian1_phone", "13800001234"),
        ("school", "城内小学"),
    ];
    let page = staff.post("/children", &form).await;
    page.assert_ok().assert_contains("等监护人答复");
    let id = id_of(&page);
    let link = link(staff, &id).await;
    (id, link)
}

async fn known(app: &TestApp, id: &str) -> after_school::Child {
    after_school::child(&mut app.db.read().await.unwrap(), &app.act(), id.parse().unwrap()).await.unwrap()
}

db_test! {
    async fn a_guardian_reads_agrees_and_sees_everything(app: TestApp) {
        estate(&app).await;
        let staff = app.person(Role::Staff).named("任建平").browser().await;
        let (id, link) = invited(&staff).await;
        // Before the guardian has agreed nothing is kept but names and a phone, whatever somebody sends.
        assert_eq!(known(&app, &id).await.particulars.school, "");
        let guardian = app.browser();
        let asked = guardian.get(&link).await;
        asked.assert_ok().assert_contains("不同意会怎样").assert_contains("12345").assert_contains("撤回同意").assert_contains("过了当天自动清掉");
        assert_eq!(asked.between_all("<button class=\"btn plain\" name=\"agrees\"", ">").count(), 2, "two equal buttons");
        let home = home(&staff).await;
        let answer = format!("{link}/answer");
        let mut form = vec![("agrees", "yes"), ("home", home.as_str())];
        form.extend(CHILD);
        let wrong = guardian.post(&answer, &[&form[..], &[("barred1_name", "王桂香"), ("barred1_relation", "奶奶"), ("barred1_phone", "13800009999")]].concat()).await;
        wrong.assert_status(422).assert_contains("又能接、又不能接").assert_contains("城内小学");
        let young: Vec<_> = form.iter().map(|(name, value)| (*name, if *name == "birth_month" { "2023-05" } else { value })).collect();
        guardian.post(&answer, &young).await.assert_status(422).assert_contains("从 6 岁开始");
        form.push(("medical", "花生过敏"));
        guardian.post(&answer, &form).await.assert_ok().assert_contains("登记好了").assert_contains("花生过敏").assert_contains("王桂香");
        assert_eq!(known(&app, &id).await.state, State::Enrolled);
        guardian.post(&answer, &[("agrees", "no")]).await.assert_contains("已经答复过了");

        // Staff read a surname until they say why; the guardian sees who did.
        let page = format!("/children/{id}");
        staff.get("/children").await.assert_contains("刘某某").assert_lacks("小雨");
        staff.get(&page).await.assert_lacks("小雨").assert_lacks("花生").assert_lacks("王桂香");
        staff.get(&format!("{page}/particulars")).await.assert_contains("请先").assert_lacks("小雨");
        staff.post(&format!("{page}/openings"), &[("reason", "看看")]).await.assert_status(422).assert_lacks("小雨");
        staff.post(&format!("{page}/openings"), &[("reason", "孩子发烧，联系家长")]).await.assert_ok().assert_contains("刘小雨").assert_contains("花生过敏");
        guardian.get(&link).await.assert_contains("任建平").assert_contains("孩子发烧，联系家长");
        let colleague = app.person(Role::Staff).browser().await;
        colleague.get(&page).await.assert_lacks("小雨");

        // The guardian corrects and takes a copy along.
        let edit = guardian.get(&format!("{link}/particulars")).await;
        let version = edit.input("version");
        let corrected: Vec<_> = form.iter().map(|(name, value)| (*name, if *name == "grade" { "五年级" } else { value })).collect();
        let corrected = [&corrected[..], &[("version", version.as_str())]].concat();
        guardian.post(&format!("{link}/particulars"), &corrected).await.assert_ok().assert_contains("五年级");
        guardian.post(&format!("{link}/particulars"), &corrected).await.assert_status(409);
        let words = crate::support::office::words(&guardian.download(&format!("{link}/record.docx")).await);
        for expected in ["刘小雨", "五年级", "花生过敏", "王桂香", "孩子发烧，联系家长", "参加七彩四点半"] {
            assert!(words.contains(expected), "{expected}");
        }
        at(&app, "2026-11-23T09:20:00+08:00");
        staff.get(&page).await.assert_contains("刘小雨");
        at(&app, "2026-11-23T09:31:00+08:00");
        staff.get(&page).await.assert_ok().assert_contains("刘某某").assert_lacks("小雨");
        let verdict = audit::verify(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap();
        assert_eq!(verdict.broken, None);
    }

    async fn who_has_looked_is_kept_as_long_as_who_has_agreed_and_no_longer_than_the_child(app: TestApp) {
        estate(&app).await;
        let staff = app.person(Role::Staff).browser().await;
        let looks = async |id: &str| {
            let child = id.parse().unwrap();
            after_school::openings(&mut app.db.read().await.unwrap(), app.home.tenant, child).await.unwrap().len()
        };
        let [stays, goes] = [enrolled(&staff, &[]).await, enrolled(&staff, &[("child_name", "高小明")]).await];
        for id in [&stays, &goes] {
            staff.post(&format!("/children/{id}/openings"), &[("reason", "孩子发烧，联系家长")]).await.assert_ok();
            assert_eq!(looks(id).await, 1);
        }
        let own = link(&staff, &goes).await;
        app.browser().post(&format!("{own}/departure"), &[]).await.assert_ok();
        assert_eq!(looks(&goes).await, 1);
        app.browser().post(&format!("{own}/erasure"), &[]).await.assert_ok();
        assert_eq!(looks(&goes).await, 0);
        for (moment, left) in [("2029-11-22T09:00:00+08:00", 1), ("2029-11-25T09:00:00+08:00", 0)] {
            at(&app, moment);
            let mut tx = app.db.begin().await.unwrap();
            after_school::forget_old(&mut tx, &app.act()).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(looks(&stays).await, left, "{moment}");
        }
    }

    async fn photos_and_leaving_alone_are_agreed_to_apart(app: TestApp) {
        estate(&app).await;
        let staff = app.person(Role::Staff).browser().await;
        let id = enrolled(&staff, &[]).await;
        let link = link(&staff, &id).await;
        let guardian = app.browser();
        let child = known(&app, &id).await;
        let agreed = async |purpose| after_school::agreed(&mut app.db.read().await.unwrap(), &app.act(), child.id, purpose).await.unwrap();
        assert!(agreed(Purpose::Class).await && !agreed(Purpose::Photos).await && !agreed(Purpose::Alone).await);
        for (purpose, code) in [(Purpose::Photos, "photos"), (Purpose::Alone, "alone")] {
            guardian.post(&format!("{link}/consents"), &[("purpose", code), ("agrees", "yes")]).await.assert_ok();
            assert!(agreed(purpose).await, "{code}");
            guardian.post(&format!("{link}/consents"), &[("purpose", code), ("agrees", "no")]).await.assert_ok();
            assert!(!agreed(purpose).await && agreed(Purpose::Class).await, "{code}");
        }
        guardian.post(&format!("{link}/consents"), &[("purpose", "class"), ("agrees", "no")]).await.assert_status(404);
        // A child of nine may not leave alone, whatever the guardian says.
        let home = home(&staff).await;
        let form = [&CHILD[..], &[("way", "signed"), ("signed", "yes"), ("alone", "yes"), ("home", home.as_str())]].concat();
        let young: Vec<_> = form.iter().map(|(name, value)| (*name, if *name == "birth_month" { "2016-12" } else { value })).collect();
        staff.post("/children", &young).await.assert_status(422).assert_contains("不满 10 岁");
        let unsigned: Vec<_> = form.iter().copied().filter(|(name, _)| *name != "signed").collect();
        staff.post("/children", &unsigned).await.assert_status(422).assert_contains("签了字才能登记");
    }

    async fn what_may_not_be_kept_is_erased(app: TestApp) {
        estate(&app).await;
        let staff = app.person(Role::Staff).browser().await;
        // Who says no is erased at once, and the link is void.
        let (id, own) = invited(&staff).await;
        app.browser().post(&format!("{own}/answer"), &[("agrees", "no")]).await.assert_ok();
        let gone = known(&app, &id).await;
        assert!(gone.erased && gone.state == State::Declined && gone.particulars.guardians.is_empty());
        app.browser().get(&own).await.assert_status(404);
        // Who takes it back stays as long as the setting says, unused, or goes at once.
        let stays = enrolled(&staff, &[]).await;
        let goes = enrolled(&staff, &[("child_name", "高小明")]).await;
        let own = link(&staff, &goes).await;
        let guardian = app.browser();
        guardian.post(&format!("{own}/departure"), &[]).await.assert_ok().assert_contains("不再使用");
        guardian.post(&format!("{own}/consents"), &[("purpose", "photos"), ("agrees", "yes")]).await.assert_contains("不能再登记");
        guardian.post(&format!("{own}/erasure"), &[]).await.assert_ok();
        guardian.get(&own).await.assert_status(404);
        assert!(known(&app, &goes).await.erased);
        let mut tx = app.db.read().await.unwrap();
        let adults = after_school::adults(&mut tx, &app.act(), goes.parse().unwrap()).await.unwrap();
        assert!(adults.is_empty());
        assert!(audit::history(&mut tx, &app.act(), goes.parse().unwrap()).await.unwrap().iter().all(|past| past.changes.is_empty()));
        drop(tx);
        let (unanswered, _) = invited(&staff).await;
        staff.post(&format!("/children/{stays}/departure"), &[("why", "毕业了")]).await.assert_ok();
        at(&app, "2026-12-24T09:00:00+08:00");
        upkeep::once(&app.app).await.unwrap();
        assert!(known(&app, &unanswered).await.erased, "nobody answered within thirty days");
        assert!(!known(&app, &stays).await.erased);
        at(&app, "2027-11-25T09:00:00+08:00");
        upkeep::once(&app.app).await.unwrap();
        assert!(known(&app, &stays).await.erased, "a year after the end of service");
        let consents = async || after_school::consents(&mut app.db.read().await.unwrap(), &app.act(), stays.parse().unwrap()).await.unwrap();
        assert!(consents().await[0].guardian.as_deref() == Some("刘建军（父亲）"), "who has agreed is kept for three years");
        at(&app, "2029-12-01T09:00:00+08:00");
        let mut tx = app.db.begin().await.unwrap();
        after_school::forget_old(&mut tx, &app.act()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(consents().await[0].guardian.is_none());
    }
}
