//! What the laws on personal data and on minors ask of 七彩四点半, point by point: 个人信息保护法 (art. 28 to 31, 55, 56), 儿童个人信息网络保护规定,
//! 未成年人网络保护条例 (art. 34, 36, 37) and 未成年人保护法 (art. 11, 21, 62). Each test is one point of the list.

use db::{Kind, Value};
use doorstep::access::{Reach, Role};
use doorstep::after_school::{self, Particulars, Purpose, State};
use doorstep::volunteer::{self, Outcome, Post};
use doorstep::{audit, settings, upkeep};
use jiff::civil::date;

use crate::after_school::{CHILD, enrolled, home, id_of, link};
use crate::class_sessions::{Class, DOORS, adult, came, code, digits, group, notices, row, step, watch};
use crate::stories::cast::{estate, photo_of};
use crate::support::{Browser, Page, TestApp};
use crate::volunteer::{at, team, volunteer};

/// A guardian is asked: the child and the guardian's link.
async fn asked(staff: &Browser) -> (String, String) {
    let home = home(staff).await;
    let who = ["child_name", "guardian1_name", "guardian1_relation", "guardian1_phone"];
    let mut form = vec![("home", home.as_str())];
    form.extend(CHILD.iter().filter(|(name, _)| who.contains(name)));
    let page = staff.post("/children", &form).await;
    page.assert_ok().assert_contains("等监护人答复");
    let id = id_of(&page);
    let own = link(staff, &id).await;
    (id, own)
}

/// The guardian says yes, and to more where they want.
async fn agreed(app: &TestApp, staff: &Browser, own: &str, more: &[(&str, &str)]) -> Page {
    let home = home(staff).await;
    let form = [&[("agrees", "yes"), ("home", home.as_str())], &CHILD[..], more].concat();
    app.browser().post(&format!("{own}/answer"), &form).await
}

async fn known(app: &TestApp, id: &str) -> after_school::Child {
    after_school::child(&mut app.db.read().await.unwrap(), &app.act(), id.parse().unwrap()).await.unwrap()
}

async fn consents(app: &TestApp, id: &str) -> Vec<after_school::Consent> {
    after_school::consents(&mut app.db.read().await.unwrap(), &app.act(), id.parse().unwrap()).await.unwrap()
}

/// Where one of the words stands in a column of text, in any table; `table.column: what stands there`.
async fn in_plain(app: &TestApp, words: &[&str]) -> Vec<String> {
    let mut tx = app.db.read().await.unwrap();
    let mut found = Vec::new();
    for table in db::tables(&mut tx).await.unwrap() {
        let each = |values: Vec<Value>| -> db::Result<()> {
            for ((column, kind), value) in table.columns.iter().zip(values) {
                let text = match value {
                    Value::Text(Some(text)) => text,
                    // What is sealed must not have been kept as it was either.
                    Value::Bytes(Some(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
                    _ => continue,
                };
                assert!(matches!(kind, Kind::Text | Kind::Bytes));
                if words.iter().any(|word| text.contains(word)) {
                    found.push(format!("{}.{column}: {text}", table.name));
                }
            }
            Ok(())
        };
        table.read(&mut tx, each).await.unwrap();
    }
    found
}

db_test! {
    // 个人信息保护法 art. 31, 未成年人保护法 art. 72: nothing of a child is used before its guardian agrees.
    async fn a_guardian_agrees_before_anything_is_kept_or_done(app: TestApp) {
        let class = Class::new(&app).await;
        let staff = class.staff(&app).await;
        let (id, own) = asked(&staff).await;
        let Particulars { sex, birth_month, school, grade, emergency, absence, .. } = known(&app, &id).await.particulars;
        assert!([sex, birth_month, school, grade, absence].iter().all(String::is_empty) && emergency.is_none(), "nothing but who is asked");
        assert!(staff.post(&format!("{}/children", class.path), &[("child", &id)]).await.status >= 400, "it comes to no class");
        assert!(consents(&app, &id).await.is_empty());
        // Nor do staff say it for the guardian: without a signature on paper nobody is on the roll.
        let place = home(&staff).await;
        let unsigned = [&[("way", "signed"), ("home", place.as_str())], &CHILD[..]].concat();
        staff.post("/children", &unsigned).await.assert_status(422).assert_contains("签了字才能登记");
        agreed(&app, &staff, &own, &[]).await.assert_ok().assert_contains("登记好了");
        assert_eq!(known(&app, &id).await.state, State::Enrolled);
        staff.post(&format!("{}/children", class.path), &[("child", &id)]).await.assert_ok();
    }

    // 儿童个人信息网络保护规定 art. 10: what is read before, with a refusal that is as easy as a consent.
    async fn what_is_read_before_says_all_that_it_must_and_no_is_as_easy_as_yes(app: TestApp) {
        estate(&app).await;
        let staff = app.person(Role::Staff).browser().await;
        let (id, own) = asked(&staff).await;
        let page = app.browser().get(&own).await;
        let said = [
            ("谁在用", "who"), ("为什么要", "the purpose"), ("要什么", "the scope"), ("怎么保管", "the way"), ("存在社区自己的系统里", "the place"),
            ("加密保存", "the security"), ("不给别的单位", "the receivers"), ("存多久", "the term"), ("自动删除", "the treatment at its end"),
            ("看、改、下载、撤回同意、删除", "how to correct and delete"), ("12345", "where to complain"), ("不同意会怎样", "what refusal means"),
            ("不影响您和孩子办任何别的事", "and what it does not"), ("不要身份证号", "what is not asked"),
        ];
        for (words, what) in said {
            assert!(page.contains(words), "{what}: {words}");
        }
        let buttons: Vec<&str> = page.between_all("<button class=\"", "</button>").filter(|button| button.contains("name=\"agrees\"")).collect();
        assert_eq!(buttons.len(), 2);
        let look = |button: &str| button.split('"').next().unwrap().to_owned();
        assert_eq!(look(buttons[0]), look(buttons[1]), "both look the same");
        assert!(buttons[1].ends_with("不同意") && !page.body.contains("agrees\" value=\"yes\" checked"), "nothing is chosen beforehand");
        // No: all of it goes at once, and the link with it.
        app.browser().post(&format!("{own}/answer"), &[("agrees", "no")]).await.assert_ok();
        app.browser().get(&own).await.assert_status(404);
        assert!(known(&app, &id).await.erased);
        assert_eq!(in_plain(&app, &["刘小雨", "刘建军", "13800001234"]).await, [""; 0]);
    }

    // 个人信息保护法 art. 29: what is not needed for the class is agreed to apart, and a no to it takes nothing away.
    async fn each_purpose_is_agreed_to_apart(app: TestApp) {
        let class = Class::new(&app).await;
        let staff = class.staff(&app).await;
        let (id, own) = asked(&staff).await;
        agreed(&app, &staff, &own, &[]).await.assert_ok();
        let purposes = async || -> Vec<Purpose> { consents(&app, &id).await.iter().filter(|one| one.withdrawn_at.is_none()).map(|one| one.purpose).collect() };
        assert_eq!(purposes().await, [Purpose::Class], "a yes to the class is none to pictures or to leaving alone");
        staff.post(&format!("{}/children", class.path), &[("child", &id)]).await.assert_ok();
        let guardian = app.browser();
        for code in ["photos", "alone"] {
            guardian.post(&format!("{own}/consents"), &[("purpose", code), ("agrees", "yes")]).await.assert_ok();
            guardian.post(&format!("{own}/consents"), &[("purpose", code), ("agrees", "no")]).await.assert_ok();
        }
        assert_eq!(purposes().await, [Purpose::Class]);
        let keepers = class.open(&app).await;
        step(&app.browser(), &keepers[0], &id, "arrive", &[]).await.assert_ok();
        // Whoever has not agreed is in no picture, and in class all the same.
        let phone = app.browser();
        let pictures = format!("{}/pictures", keepers[0]);
        let kept = phone.post_files(&pictures, &[], &[("photos", "a.jpg", &photo_of(1))]).await;
        kept.assert_ok().assert_contains("照片存好了");
        let picture = kept.between_all(&format!("{pictures}/"), "\"").next().unwrap().to_owned();
        phone.post(&format!("{pictures}/{picture}"), &[("child", &id)]).await.assert_status(422).assert_contains("没有同意拍照");
    }

    // 个人信息保护法 art. 55 and 56, 儿童个人信息网络保护规定 art. 10: what is kept of a consent, and for how long.
    async fn a_consent_is_kept_with_its_wording_for_three_years(app: TestApp) {
        estate(&app).await;
        let staff = app.person(Role::Staff).named("任建平").browser().await;
        let (id, own) = asked(&staff).await;
        agreed(&app, &staff, &own, &[]).await.assert_ok();
        at(&app, "2026-11-24T10:00:00+08:00");
        app.browser().post(&format!("{own}/departure"), &[]).await.assert_ok();
        let kept = consents(&app, &id).await.remove(0);
        assert_eq!(kept.edition.len(), 64, "a digest of the wording");
        assert_eq!((kept.guardian.as_deref(), kept.how), (Some("刘建军（父亲）"), after_school::How::Link), "who, in which relation, and how");
        assert_eq!(kept.given_at, "2026-11-23T09:00:00+08:00".parse().unwrap());
        assert_eq!(kept.withdrawn_at, Some("2026-11-24T10:00:00+08:00".parse().unwrap()));
        let paper = enrolled(&app.person(Role::Staff).browser().await, &[("child_name", "高小明")]).await;
        assert_eq!(consents(&app, &paper).await[0].how, after_school::How::Signed);
        let rules: after_school::Rules = settings::read(&mut app.db.read().await.unwrap(), app.home.tenant, app.means.now()).await.unwrap();
        assert!(rules.keep_consents_days >= 3 * 365, "at least three years");
        // The child's particulars go long before, and who has agreed after three years; that somebody has stays.
        at(&app, "2029-11-23T10:00:00+08:00");
        upkeep::once(&app.app).await.unwrap();
        assert!(known(&app, &id).await.erased);
        assert_eq!(consents(&app, &id).await[0].guardian.as_deref(), Some("刘建军（父亲）"));
        at(&app, "2029-12-01T10:00:00+08:00");
        upkeep::once(&app.app).await.unwrap();
        let left = consents(&app, &id).await;
        assert!(left.len() == 1 && left[0].guardian.is_none() && left[0].edition == kept.edition);
    }

    // 个人信息保护法 art. 15: whoever takes it back is left alone from then on.
    async fn what_is_taken_back_ends_at_once(app: TestApp) {
        let class = Class::new(&app).await;
        let child = class.child(&app, &[("photos", "yes")]).await;
        let own = link(&class.staff(&app).await, &child).await;
        let keepers = class.open(&app).await;
        let (phone, guardian) = (app.browser(), app.browser());
        step(&phone, &keepers[0], &child, "arrive", &[]).await.assert_ok();
        let pictures = format!("{}/pictures", keepers[0]);
        let kept = phone.post_files(&pictures, &[], &[("photos", "a.jpg", &photo_of(1))]).await;
        let picture = kept.assert_ok().between_all(&format!("{pictures}/"), "\"").next().unwrap().to_owned();
        phone.post(&format!("{pictures}/{picture}"), &[("child", &child)]).await.assert_ok();
        guardian.get(&format!("{own}/pictures/{picture}")).await.assert_ok();
        // Of pictures alone: the picture goes, the child stays.
        guardian.post(&format!("{own}/consents"), &[("purpose", "photos"), ("agrees", "no")]).await.assert_ok();
        guardian.get(&format!("{own}/pictures/{picture}")).await.assert_status(404);
        phone.get(&keepers[0]).await.assert_contains("刘小雨");
        let grandmother = adult(&phone.get(&keepers[0]).await, "王桂香");
        step(&phone, &keepers[0], &child, "listed", &[("value", &grandmother)]).await.assert_ok();
        // Of all: no class expects the child, nobody writes to its guardian, no code is made.
        guardian.post(&format!("{own}/departure"), &[]).await.assert_ok().assert_contains("不再使用");
        let staff = class.staff(&app).await;
        assert!(staff.post(&format!("{}/children", class.path), &[("child", &child)]).await.status >= 400);
        staff.post(&format!("/children/{child}/messages"), &[("words", "下周带彩纸")]).await.assert_status(422).assert_contains("已退出");
        assert_eq!(code(&app, &own, "刘小红").await.status, 422);
        assert_eq!(known(&app, &child).await.state, State::Left);
    }

    // 未成年人网络保护条例 art. 36: nobody of the staff looks without having been let, and each look is written down.
    async fn staff_look_by_a_reason_or_by_the_rota_and_each_look_is_written_down(app: TestApp) {
        let class = Class::new(&app).await;
        let child = class.child(&app, &[("medical", "花生过敏")]).await;
        let own = link(&class.staff(&app).await, &child).await;
        let (staff, page) = (class.staff(&app).await, format!("/children/{child}"));
        for there in ["/children", page.as_str(), class.path.as_str()] {
            staff.get(there).await.assert_ok().assert_lacks("小雨").assert_lacks("花生").assert_lacks("13800001234").assert_lacks("王桂香");
        }
        staff.post(&format!("{page}/openings"), &[("reason", "看")]).await.assert_status(422).assert_lacks("小雨");
        staff.post(&format!("{page}/openings"), &[("reason", "孩子发烧，联系家长")]).await.assert_ok().assert_contains("刘小雨");
        // What one has opened stays closed to another, and to whoever has nothing to do with the class.
        app.person(Role::Staff).browser().await.get(&page).await.assert_lacks("小雨");
        for role in Role::assignable().filter(|role| !matches!(role, Role::Secretary | Role::Staff)) {
            app.person(role).browser().await.get(&page).await.assert_status(403);
        }
        // The rota lets its keepers look, on the day and at the children of that class.
        let keeper = class.keeper(&app, "张爱莲").await;
        let phone = app.browser();
        at(&app, "2026-11-30T16:10:00+08:00");
        phone.get(&keeper).await.assert_lacks("小雨");
        at(&app, DOORS);
        phone.get(&keeper).await.assert_contains("刘小雨").assert_contains("花生过敏");
        at(&app, "2026-12-02T09:00:00+08:00");
        phone.get(&keeper).await.assert_lacks("小雨");
        // The guardian reads who looked and why, and so does whoever audits, without a name of the child.
        let seen = app.browser().get(&own).await;
        seen.assert_contains("任建平").assert_contains("孩子发烧，联系家长").assert_contains("张爱莲").assert_contains("带班：12月1日");
        let auditor = app.person(Role::AuditAdmin).browser().await;
        auditor.get("/audit").await.assert_contains("孩子发烧，联系家长").assert_lacks("小雨");
        assert_eq!(audit::verify(&mut app.db.read().await.unwrap(), app.home.tenant).await.unwrap().broken, None);
    }

    // 未成年人网络保护条例 art. 34, 个人信息保护法 art. 44 to 47.
    async fn guardians_see_copy_correct_and_delete(app: TestApp) {
        estate(&app).await;
        let staff = app.person(Role::Staff).browser().await;
        let child = enrolled(&staff, &[("medical", "花生过敏")]).await;
        let own = link(&staff, &child).await;
        let guardian = app.browser();
        for words in ["刘小雨", "2016-05", "花生过敏", "王桂香", "13800005678", "参加七彩四点半"] {
            guardian.get(&own).await.assert_contains(words);
        }
        let copy = crate::support::office::words(&guardian.download(&format!("{own}/record.docx")).await);
        for words in ["刘小雨", "花生过敏", "王桂香", "同意记录", "谁看过"] {
            assert!(copy.contains(words), "{words}");
        }
        let edit = guardian.get(&format!("{own}/particulars")).await;
        let (version, place) = (edit.input("version"), home(&staff).await);
        let mut form: Vec<(&str, &str)> = CHILD.iter().copied().filter(|(name, _)| *name != "school").collect();
        form.extend([("school", "实验小学"), ("home", place.as_str()), ("version", version.as_str())]);
        guardian.post(&format!("{own}/particulars"), &form).await.assert_ok().assert_contains("实验小学").assert_lacks("花生过敏");
        guardian.post(&format!("{own}/departure"), &[]).await.assert_ok();
        guardian.post(&format!("{own}/erasure"), &[]).await.assert_ok();
        guardian.get(&own).await.assert_status(404);
        assert!(known(&app, &child).await.erased);
    }

    // 个人信息保护法 art. 6: no more than the class needs.
    async fn no_more_is_asked_than_the_class_needs(app: TestApp) {
        estate(&app).await;
        let staff = app.person(Role::Staff).browser().await;
        let form = staff.get("/children/new?way=signed").await;
        let mut fields: Vec<&str> = form.between_all("<input id=\"", "\"").chain(form.between_all("<select id=\"", "\"")).chain(form.between_all("<textarea id=\"", "\"")).collect();
        fields.retain(|field| !["listed", "barred", "guardian", "emergency"].iter().any(|person| field.starts_with(person)));
        fields.sort_unstable();
        assert_eq!(fields, ["absence", "birth_month", "child_name", "grade", "home", "medical", "school"], "no identity number, no address but the building");
        let people = form.between_all("<input id=\"listed", "\"").filter(|field| field.ends_with("_name")).count();
        assert_eq!(people, 5, "at most five may fetch the child");
        // What is not needed may be left out, and lists have no door.
        let child = enrolled(&staff, &[]).await;
        assert!(known(&app, &child).await.medical.is_none());
        let list = staff.get("/children").await;
        list.assert_contains("王府名苑小区 3号楼").assert_lacks("1302").assert_lacks("2单元");
    }

    // 个人信息保护法 art. 51: sealed, wherever it is written; nobody who reads the database reads of a child.
    async fn no_word_of_a_child_stands_in_plain_in_any_table(app: TestApp) {
        let class = Class::new(&app).await;
        group(&app).await;
        let more = [
            ("child_name", "欧阳小雪"), ("guardian1_name", "欧阳建军"), ("guardian1_phone", "13800003141"), ("listed1_name", "慕容桂香"),
            ("listed1_phone", "13800003142"), ("barred1_name", "欧阳老二"), ("barred1_relation", "叔叔"), ("barred1_phone", "13800003143"),
            ("medical", "对花生过敏"), ("absence", "父母都在外地务工"), ("school", "城内第九小学"), ("photos", "yes"),
        ];
        let child = class.child(&app, &more).await;
        let staff = class.staff(&app).await;
        let own = link(&staff, &child).await;
        let (id, asked_own) = asked(&staff).await;
        staff.post(&format!("/children/{child}/openings"), &[("reason", "核对联系电话")]).await.assert_ok();
        staff.post(&format!("/children/{child}/messages"), &[("words", "欧阳小雪把手工落下了"), ("sure", "yes")]).await.assert_ok();
        let guardian = app.browser();
        guardian.post(&format!("{own}/messages"), &[("words", "欧阳小雪明天去拿")]).await.assert_ok();
        let keepers = class.open(&app).await;
        let phone = app.browser();
        step(&phone, &keepers[0], &child, "absent", &[]).await.assert_ok();
        step(&phone, &keepers[0], &child, "call", &[("value", "on_way")]).await.assert_ok();
        step(&phone, &keepers[0], &child, "arrive", &[]).await.assert_ok();
        let pictures = format!("{}/pictures", keepers[0]);
        let kept = phone.post_files(&pictures, &[], &[("photos", "欧阳小雪.jpg", &photo_of(1))]).await;
        let picture = kept.assert_ok().between_all(&format!("{pictures}/"), "\"").next().unwrap().to_owned();
        phone.post(&format!("{pictures}/{picture}"), &[("child", &child)]).await.assert_ok();
        let form = phone.get(&format!("{}/incidents/new", keepers[0])).await;
        form.assert_ok().assert_contains("欧阳小雪");
        let incident = [("kind", "hurt"), ("happened_at", "2026-12-01T16:05"), ("child", child.as_str()), ("account", "欧阳小雪的膝盖擦破了"), ("done", "消毒包扎"), ("told", "给慕容桂香打了电话"), ("told_at", "2026-12-01T16:08")];
        phone.post(&format!("{}/incidents", keepers[0]), &incident).await.assert_ok().assert_contains("已记下");
        let given = digits(&code(&app, &own, "司徒小红").await);
        at(&app, "2026-12-01T18:31:00+08:00");
        watch(&app).await;
        step(&phone, &keepers[0], &child, "answer", &[("value", "on_way")]).await.assert_ok();
        step(&phone, &keepers[0], &child, "code", &[("digits", &given), ("fetcher", "司徒小红")]).await.assert_ok();
        assert!(notices(&app, &class).await > 0);
        while doorstep::outbox::work(&app.app, &doorstep::app::handlers()).await.unwrap() > 0 {}
        upkeep::once(&app.app).await.unwrap();
        // The walk reads what is in plain: a keeper is an adult who has put their name down.
        assert!(!in_plain(&app, &["张爱莲"]).await.is_empty());
        let words = [
            "欧阳小雪", "小雪", "欧阳建军", "慕容桂香", "欧阳老二", "司徒小红", "13800003141", "13800003142", "13800003143", "花生", "外地务工", "第九小学",
            "手工落下", "膝盖", "消毒包扎", &given,
        ];
        assert_eq!(in_plain(&app, &words).await, [""; 0]);
        // Nor of whoever is only asked, nor in the history of what was changed.
        assert_eq!(known(&app, &id).await.name(), "刘小雨");
        app.browser().get(&asked_own).await.assert_contains("刘小雨");
        assert_eq!(in_plain(&app, &["刘小雨", "刘建军"]).await, [""; 0]);
    }

    // The guardian's list is what counts at the door; what is done there is written down.
    async fn a_child_goes_with_a_listed_adult_a_code_or_alone_from_ten(app: TestApp) {
        let class = Class::new(&app).await;
        let barred = [("barred1_name", "刘老二"), ("barred1_relation", "叔叔"), ("barred1_phone", "13800009999")];
        let child = class.child(&app, &barred).await;
        // Whoever fetches is grown up, which the guardian says; a child of nine does not go alone whatever anybody says.
        let staff = class.staff(&app).await;
        let place = home(&staff).await;
        let mut unsure: Vec<(&str, &str)> = CHILD.iter().copied().filter(|(name, _)| *name != "grown").collect();
        unsure.extend([("way", "signed"), ("signed", "yes"), ("home", place.as_str())]);
        staff.post("/children", &unsure).await.assert_status(422).assert_contains("满 18 岁");
        let young = class.child(&app, &[("child_name", "高小明"), ("birth_month", "2017-05")]).await;
        let own = link(&class.staff(&app).await, &young).await;
        app.browser().post(&format!("{own}/consents"), &[("purpose", "alone"), ("agrees", "yes")]).await.assert_contains("不满 10 岁");
        let keepers = class.open(&app).await;
        let phone = app.browser();
        for one in [&child, &young] {
            step(&phone, &keepers[0], one, "arrive", &[]).await.assert_ok();
            step(&phone, &keepers[0], one, "alone", &[]).await.assert_status(422).assert_contains("没有同意自行离开");
        }
        let adults = after_school::adults(&mut app.db.read().await.unwrap(), &app.act(), child.parse().unwrap()).await.unwrap();
        let uncle = adults.iter().find(|adult| adult.barred).unwrap().id.to_string();
        step(&phone, &keepers[0], &child, "listed", &[("value", &uncle)]).await.assert_status(422);
        assert!(row(&app, &class, &child).await.presence.release.is_none());
        let grandmother = adult(&phone.get(&keepers[0]).await, "王桂香");
        step(&phone, &keepers[0], &child, "listed", &[("value", &grandmother)]).await.assert_ok();
        let own = link(&class.staff(&app).await, &child).await;
        app.browser().get(&own).await.assert_contains("名单上的人接走");
        let release = row(&app, &class, &child).await.presence.release.unwrap();
        assert_eq!((release.by.name.as_str(), release.at), ("张爱莲", app.means.now()), "by whom, and when");
    }

    // Whoever is missing is called about within a quarter of an hour, and whoever is left is an alarm after half an hour.
    async fn a_missing_child_is_called_about_and_one_that_is_left_is_an_alarm(app: TestApp) {
        let class = Class::new(&app).await;
        group(&app).await;
        let (child, missing) = (class.child(&app, &[]).await, class.child(&app, &[("child_name", "高小明")]).await);
        let keepers = class.open(&app).await;
        let phone = app.browser();
        step(&phone, &keepers[0], &child, "arrive", &[]).await.assert_ok();
        at(&app, "2026-12-01T16:30:00+08:00");
        step(&phone, &keepers[0], &missing, "absent", &[]).await.assert_ok().assert_contains("请马上给监护人打电话");
        at(&app, "2026-12-01T16:46:00+08:00");
        watch(&app).await;
        assert_eq!(notices(&app, &class).await, 1, "fifteen minutes, and nobody has called");
        step(&phone, &keepers[0], &missing, "call", &[("value", "not_coming")]).await.assert_ok();
        at(&app, "2026-12-01T18:29:00+08:00");
        watch(&app).await;
        phone.get(&keepers[0]).await.assert_lacks("警报");
        at(&app, "2026-12-01T18:31:00+08:00");
        watch(&app).await;
        phone.get(&keepers[0]).await.assert_contains("警报：刘小雨还没接走");
        class.staff(&app).await.get("/today").await.assert_contains("警报：七彩四点半还有孩子没接走").assert_lacks("小雨");
        assert_eq!(notices(&app, &class).await, 2);
    }

    // Never fewer than two adults, and more where there are more children or younger ones.
    async fn no_class_is_held_by_one_adult(app: TestApp) {
        let class = Class::new(&app).await;
        let keeper = class.keeper(&app, "张爱莲").await;
        class.child(&app, &[]).await;
        let rules: after_school::SessionRules = settings::read(&mut app.db.read().await.unwrap(), app.home.tenant, app.means.now()).await.unwrap();
        assert!(rules.least_adults >= 2 && rules.children_per_adult <= 10 && rules.young_per_adult <= 8 && rules.young_age == 8);
        at(&app, DOORS);
        let phone = app.browser();
        came(&phone, &keeper).await.assert_ok();
        step(&phone, &keeper, "", "open", &[]).await.assert_status(422).assert_contains("至少要有 2 位");
        class.keeper(&app, "王桂芳").await;
        step(&phone, &keeper, "", "open", &[]).await.assert_status(422).assert_contains("至少要有 2 位");
    }

    // 未成年人保护法 art. 62: whoever is with the children has been asked about within a year; the result is kept, and nothing of what was found.
    async fn whoever_holds_a_class_was_asked_about_within_a_year(app: TestApp) {
        let class = Class::new(&app).await;
        let place = after_school::session(&mut app.db.read().await.unwrap(), app.home.tenant, class.id()).await.unwrap().estate_id;
        let members = team(&app, "陪伴志愿服务队", &[place], &[volunteer::Target::Children]).await;
        let (id, _) = volunteer(&app, "周爱英", members, Post::Member).await;
        let who = format!("volunteer:{id}");
        class.put(&app, &who).await.assert_status(422).assert_contains("没有通过从业查询");
        for (day, outcome, words) in [(date(2025, 11, 30), Outcome::Passed, "已经过期"), (date(2026, 11, 2), Outcome::Failed, "没有通过从业查询")] {
            let mut tx = app.db.begin().await.unwrap();
            volunteer::vet(&mut tx, &app.act(), id, (outcome, day), "C-1").await.unwrap();
            tx.commit().await.unwrap();
            app.means.clock.set(app.means.now() + jiff::SignedDuration::from_secs(1));
            class.put(&app, &who).await.assert_status(422).assert_contains(words);
        }
        let mut tx = app.db.read().await.unwrap();
        let tables = db::tables(&mut tx).await.unwrap();
        for name in ["class_vettings", "volunteer_vettings"] {
            let table = tables.iter().find(|table| table.name == name).unwrap();
            let texts: Vec<&str> = table.columns.iter().filter(|(_, kind)| *kind == Kind::Text).map(|(column, _)| column.as_str()).collect();
            assert_eq!(texts, ["result", "checked_on", "expires_on", "proof_no"], "{name} has no place for what was found");
        }
    }

    // 未成年人保护法 art. 11: whoever finds a harm reports it at once, also whoever has only a link, and nobody takes it away.
    async fn a_suspected_harm_is_reported_at_once_and_stays(app: TestApp) {
        let class = Class::new(&app).await;
        let child = class.child(&app, &[]).await;
        let keepers = class.open(&app).await;
        let phone = app.browser();
        let page = phone.get(&keepers[0]).await;
        for number in ["110", "12345", "12355"] {
            page.assert_contains(&format!("tel:{number}"));
        }
        step(&phone, &keepers[0], &child, "arrive", &[]).await.assert_ok();
        let form = [("kind", "harm"), ("happened_at", "2026-12-01T16:05"), ("child", child.as_str()), ("account", "胳膊上有一圈青紫")];
        phone.post(&format!("{}/incidents", keepers[0]), &form).await.assert_ok().assert_contains("请现在就打电话报告").assert_lacks("青紫");
        let secretary = app.person(Role::Secretary).browser().await;
        secretary.get("/today").await.assert_contains("强制报告").assert_lacks("小雨");
        // The guardian, who may be the one, learns nothing and takes nothing away.
        let own = link(&class.staff(&app).await, &child).await;
        let guardian = app.browser();
        guardian.get(&own).await.assert_lacks("青紫").assert_lacks("侵害").assert_lacks("事件").assert_lacks("记一件事");
        let grandmother = adult(&phone.get(&keepers[0]).await, "王桂香");
        step(&phone, &keepers[0], &child, "listed", &[("value", &grandmother)]).await.assert_ok();
        guardian.post(&format!("{own}/departure"), &[]).await.assert_ok();
        guardian.post(&format!("{own}/erasure"), &[]).await.assert_ok();
        let incident = secretary.get("/class-incidents").await.link("/class-incidents/0");
        secretary.post(&format!("{incident}/openings"), &[("reason", "派出所来了解情况")]).await.assert_ok().assert_contains("刘小雨").assert_contains("青紫");
    }

    // 未成年人保护法 art. 21: a child that lives alone is somebody to look after, and nobody to be punished.
    async fn a_child_that_is_alone_is_looked_after(app: TestApp) {
        let place = estate(&app).await;
        let mut tx = app.db.begin().await.unwrap();
        let room = codes::address::parse_room("501").unwrap();
        let door = doorstep::place::Settler::default().settle(&mut tx, &app.act(), "王府名苑小区", "3号楼", "1", &room).await.unwrap();
        let name = codes::PersonName::parse("何小花").unwrap();
        let new = doorstep::registry::enrol::NewResident {
            birth: Some(codes::date::parse("2019-05-20").unwrap()),
            ..doorstep::registry::enrol::NewResident::named(name.clone())
        };
        doorstep::registry::enrol::enrol(&mut tx, &app.act(), door, &name, &new).await.unwrap();
        tx.commit().await.unwrap();
        let staff = app.person(Role::Staff).browser().await;
        staff.post("/class-help/openings", &[("reason", "寒假前上门走访")]).await.assert_ok();
        staff.get("/class-help").await.assert_contains("何小花").assert_contains("儿童独自在家").assert_lacks("处罚");
        // And only whoever looks after that part of the community finds it.
        let mut tx = app.db.begin().await.unwrap();
        let other = doorstep::place::create_estate(&mut tx, &app.act(), "凤凰苑小区", None, None).await.unwrap();
        tx.commit().await.unwrap();
        let elsewhere = app.person(Role::Staff).reaching(Reach::Estate, other).browser().await;
        elsewhere.post("/class-help/openings", &[("reason", "寒假前上门走访")]).await.assert_ok();
        elsewhere.get("/class-help").await.assert_ok().assert_lacks("何小花");
        let grid = app.person(Role::Staff).reaching(Reach::Grid, place.grid).browser().await;
        grid.post("/class-help/openings", &[("reason", "寒假前上门走访")]).await.assert_ok();
        grid.get("/class-help").await.assert_contains("何小花");
    }
}
