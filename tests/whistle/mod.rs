//! 吹哨报到 between two tenants: what travels, what both come to know, and what an inbox takes.

mod crash;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use db::{record, statements};
use doorstep::access::{self, Act, Role, TenantKind};
use doorstep::app::{App, handlers};
use doorstep::issue::{self, Category, Due, Grading, NewIssue, Place, Remedy, Reporter, Score, Source, Tier};
use doorstep::outbox::{self, http::signature};
use doorstep::whistle::letter::{Content, Letter};
use doorstep::whistle::{self, Ending, Invitation, Kind, NewWhistle, Said, State};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::support::{Browser, Community, TestApp};

statements! {
    HOLD = "UPDATE outbox_messages SET available_at = $2 WHERE done_at IS NULL AND payload = $1";
    TOLD = "SELECT kind, words, own FROM whistle_events WHERE tenant_id = $1 AND whistle_id = $2 ORDER BY at, id";
}

record! {
    #[derive(Debug, PartialEq, Eq)]
    struct Told { kind: String, words: String, own: bool }
}

/// The subdistrict above a community, in the same installation.
pub async fn subdistrict(app: &TestApp, below: &Community) -> Community {
    let act = Act::system(app.means.id(), &app.means);
    let code = below.code.replacen("004", "104", 1);
    let mut tx = app.db.begin().await.unwrap();
    let name = "城关街道";
    let organisation = access::create_tenant(&mut tx, &act, TenantKind::Subdistrict, &code, name).await.unwrap();
    tx.commit().await.unwrap();
    Community { tenant: act.tenant, code, name: name.to_owned(), organisation }
}

/// Links two tenants of one installation; gives the id of the link.
pub async fn link(app: &App, above: Uuid, below: Uuid) -> Uuid {
    let [above, below] = [above, below].map(|tenant| Act::system(tenant, &app.means));
    let mut tx = app.db.begin().await.unwrap();
    let invitation = whistle::invite(&mut tx, &above, app, "尉汾路社区").await.unwrap();
    let id = whistle::join(&mut tx, &below, app, &invitation).await.unwrap();
    tx.commit().await.unwrap();
    deliver(app).await;
    id
}

/// Lets the outbox do what waits in it.
pub async fn deliver(app: &App) {
    while outbox::work(app, &handlers()).await.unwrap() > 0 {}
}

/// A whistle that a community has blown about one of its issues to a subdistrict of its own; gives it and the link.
pub async fn blown(app: &TestApp, community: &Community, id: Uuid) -> (Uuid, Uuid) {
    let above = subdistrict(app, community).await;
    let counterpart = link(&app.app, above.tenant, community.tenant).await;
    let act = Act::system(community.tenant, &app.means);
    let mut tx = app.db.begin().await.unwrap();
    let mut issue = issue::issue(&mut tx, act.tenant, id).await.unwrap();
    let whistle = blow_about(&mut tx, &act, &mut issue, counterpart).await;
    tx.commit().await.unwrap();
    deliver(&app.app).await;
    (whistle, counterpart)
}

pub async fn blow_about(tx: &mut db::Tx, act: &Act, issue: &mut issue::Issue, counterpart: Uuid) -> Uuid {
    let grading = Grading {
        category: Category::Sanitation,
        tier: Tier::Ordinary,
        remedy: Remedy::Enforcement,
        summary: "小区门口占道摆摊".to_owned(),
    };
    let seen = issue.lock_version;
    issue::accept(tx, act, issue, seen, grading).await.unwrap();
    let new =
        NewWhistle { counterpart, kind: Kind::Enforcement, words: "请综合执法队来劝离摊贩".to_owned() };
    whistle::blow(tx, act, issue, seen + 1, new).await.unwrap()
}

async fn state(app: &TestApp, tenant: Uuid, id: Uuid) -> State {
    whistle::whistle(&mut app.db.read().await.unwrap(), tenant, id).await.unwrap().state
}

async fn issue_state(app: &TestApp, id: Uuid) -> issue::State {
    issue::issue(&mut app.db.read().await.unwrap(), app.home.tenant, id).await.unwrap().state
}

/// Staff of a tenant, who see to whistles.
async fn staff(app: &TestApp, community: &Community) -> Browser {
    app.person(Role::Staff).of_community(community).browser().await
}

/// Says something by the form of a whistle's page.
async fn say(browser: &Browser, id: Uuid, noun: &str, fields: &[(&str, &str)]) -> crate::support::Page {
    let page = browser.get(&format!("/whistles/{id}")).await;
    let version = page.input("version");
    let fields: Vec<_> = fields.iter().copied().chain([("version", version.as_str())]).collect();
    browser.post(&format!("/whistles/{id}/{noun}"), &fields).await
}

/// Everything that a reporter could be found by.
const SECRET: [&str; 4] = ["侯巧云", "13800138000", "我家楼下", "3号楼旁边的烧烤摊"];

fn reported() -> NewIssue {
    NewIssue {
        source: Source::Web,
        category: Category::Sanitation,
        description: "我家楼下 3号楼旁边的烧烤摊，天天闹到半夜".to_owned(),
        place: Place::Community,
        place_text: "我家楼下".to_owned(),
        reporter: Some(Reporter { name: "侯巧云".to_owned(), phone: "13800138000".to_owned() }),
        photos: Vec::new(),
    }
}

async fn filed(app: &TestApp) -> issue::Filed {
    let mut tx = app.db.begin().await.unwrap();
    let filed = issue::file(&mut tx, &app.act(), reported()).await.unwrap();
    tx.commit().await.unwrap();
    filed
}

db_test! {
    async fn a_subdistrict_comes_answers_and_both_rate(app: TestApp) {
        let above = subdistrict(&app, &app.home).await;
        let [ours, theirs] = [staff(&app, &app.home).await, staff(&app, &above).await];
        // The two administrators connect the two.
        let [admin, admin_above] = [
            app.person(Role::SystemAdmin).browser().await,
            app.person(Role::SystemAdmin).of_community(&above).browser().await,
        ];
        let made = admin_above.post("/counterparts/invitations", &[("name", "尉汾路社区")]).await;
        let code = made.between_all("<p class=\"copied\">", "</p>").next().unwrap().to_owned();
        admin_above.get("/counterparts").await.assert_lacks(&code).assert_contains("等对方接通");
        admin.post("/counterparts", &[("invitation", &code[..code.len() / 2])]).await.assert_status(422).assert_contains("没有复制全");
        admin.post("/counterparts", &[("invitation", &code)]).await.assert_ok();
        admin.post("/counterparts", &[("invitation", &code)]).await.assert_status(422).assert_contains("已经用过");
        admin_above.post("/counterparts", &[("invitation", &code)]).await.assert_status(422).assert_contains("本单位自己发的");
        deliver(&app.app).await;
        admin.get("/counterparts").await.assert_contains("城关街道").assert_contains("已接通");
        admin_above.get("/counterparts").await.assert_contains("已接通");

        let filed = filed(&app).await;
        let page = ours.get(&format!("/issues/{}", filed.id)).await;
        let version = page.input("version");
        ours.post(&format!("/issues/{}/acceptance", filed.id), &[
            ("version", &version), ("category", "sanitation"), ("tier", "ordinary"), ("remedy", "enforcement"), ("summary", "小区门口占道摆摊"),
        ]).await.assert_ok();
        let page = ours.get(&format!("/issues/{}", filed.id)).await;
        page.assert_contains("吹哨请上级来办");
        // Whoever is above is not simply told to do something.
        let form = ours.get(&page.link("/whistles/new")).await;
        form.assert_contains("城关街道").assert_contains("小区门口占道摆摊");
        let [issue, counterpart, version] = ["issue", "counterpart", "version"].map(|name| {
            if name == "counterpart" { form.body.split("<option value=\"").find(|o| o.contains("城关街道")).unwrap()[..36].to_owned() } else { form.input(name) }
        });
        let fields = |words| [("issue", issue.as_str()), ("counterpart", counterpart.as_str()), ("version", version.as_str()), ("kind", "enforcement"), ("words", words)];
        ours.post("/whistles", &fields("请来看看，找侯巧云 13800138000")).await.assert_status(422).assert_contains("手机号");
        ours.post("/whistles", &fields("请来看看，找侯巧云了解情况")).await.assert_status(422);
        let page = ours.post("/whistles", &fields("请综合执法队来劝离摊贩")).await;
        page.assert_ok().assert_contains("正在送");
        let id: Uuid = page.url.rsplit('/').next().unwrap().parse().unwrap();
        ours.post("/whistles", &fields("请综合执法队来劝离摊贩")).await.assert_status(409);
        deliver(&app.app).await;
        ours.get(&format!("/whistles/{id}")).await.assert_contains("收到");
        ours.get(&format!("/issues/{}", filed.id)).await.assert_contains("已吹哨上报");

        // The other side sees what it needs.
        let todo = theirs.get("/today").await;
        todo.assert_contains("报到").assert_contains("小区门口占道摆摊");
        let page = theirs.get(&format!("/whistles/{id}")).await;
        page.assert_ok().assert_contains("请综合执法队来劝离摊贩").assert_contains("尉汾路社区");
        for secret in SECRET {
            page.assert_lacks(secret);
        }
        say(&theirs, id, "answer", &[("answer_words", "已劝离，安排每晚巡查")]).await.assert_status(422);
        say(&theirs, id, "acknowledgement", &[("acknowledge_words", "综合执法队今天下午到")]).await.assert_ok();
        say(&theirs, id, "refusal", &[("decline_words", "不归这里办理的")]).await.assert_status(422);
        say(&theirs, id, "progress", &[("progress_words", "已到现场，正在劝离")]).await.assert_ok();
        say(&theirs, id, "answer", &[("answer_words", "已劝离，电话 13800138001")]).await.assert_status(422).assert_contains("手机号");
        app.means.clock.set(app.means.now() + SignedDuration::from_mins(20));
        say(&theirs, id, "answer", &[("answer_words", "已劝离，安排每晚巡查")]).await.assert_ok();
        deliver(&app.app).await;

        // The reporter reads all of it, and the community goes on as with any result.
        let receipt = app.browser().get(&format!("/receipts/{}", filed.receipt_code)).await;
        for told in ["吹哨，请城关街道来办", "综合执法队今天下午到", "正在劝离", "安排每晚巡查"] {
            receipt.assert_contains(told);
        }
        assert_eq!(issue_state(&app, filed.id).await, issue::State::Done);
        ours.get(&format!("/issues/{}", filed.id)).await.assert_contains("公示结果");

        // Neither sees the other's rating before it has rated.
        ours.get("/today").await.assert_contains("评价");
        let rating = format!("/whistles/{id}/rating");
        ours.post(&rating, &[("score", "2")]).await.assert_status(422).assert_contains("请写一句为什么");
        // The other side has its page open while the rating arrives, which it does not see, and which is no reason to refuse its own.
        let open = theirs.get(&format!("/whistles/{id}")).await;
        ours.post(&rating, &[("score", "2"), ("rating_words", "来得慢了一天")]).await.assert_ok();
        deliver(&app.app).await;
        theirs.get(&format!("/whistles/{id}")).await.assert_lacks("来得慢了一天");
        open.assert_contains(&rating).assert_lacks("name=\"version\"");
        theirs.post(&rating, &[("score", "5")]).await.assert_ok().assert_contains("来得慢了一天");
        deliver(&app.app).await;
        for tenant in [app.home.tenant, above.tenant] {
            assert_eq!(state(&app, tenant, id).await, State::Ended);
        }
        let page = ours.get(&format!("/whistles/{id}")).await;
        page.assert_contains("双方评过了").assert_lacks("提交评价");
        let again = ours.post(&rating, &[("score", "5")]).await;
        again.assert_status(422).assert_contains("评价不能改");
    }

    async fn what_is_given_back_or_taken_back_waits_to_be_given_to_somebody_else(app: TestApp) {
        let first = filed(&app).await;
        let (id, counterpart) = blown(&app, &app.home, first.id).await;
        let mut tx = app.db.begin().await.unwrap();
        let above = access::tenant_by_code(&mut tx, &app.home.code.replacen("004", "104", 1)).await.unwrap().unwrap().tenant_id;
        let act = Act::system(above, &app.means);
        let mut theirs = whistle::whistle(&mut tx, above, id).await.unwrap();
        let seen = theirs.lock_version;
        whistle::say(&mut tx, &act, &mut theirs, seen, Said::Declined, "归市场监管所管").await.unwrap();
        tx.commit().await.unwrap();
        deliver(&app.app).await;
        assert_eq!(issue_state(&app, first.id).await, issue::State::Accepted);
        let receipt = app.browser().get(&format!("/receipts/{}", first.receipt_code)).await;
        receipt.assert_contains("归市场监管所管");
        // Again, and taken back; meanwhile the other side has answered.
        let mut tx = app.db.begin().await.unwrap();
        let mut issue = issue::issue(&mut tx, app.home.tenant, first.id).await.unwrap();
        let new = NewWhistle { counterpart, kind: Kind::Emergency, words: "请来看一下现场".to_owned() };
        let seen = issue.lock_version;
        let id = whistle::blow(&mut tx, &app.act(), &mut issue, seen, new).await.unwrap();
        tx.commit().await.unwrap();
        deliver(&app.app).await;
        let mut tx = app.db.begin().await.unwrap();
        let mut theirs = whistle::whistle(&mut tx, above, id).await.unwrap();
        for (said, words) in [(Said::Acknowledged, "马上到"), (Said::Answered, "已经处理好")] {
            let seen = theirs.lock_version;
            whistle::say(&mut tx, &act, &mut theirs, seen, said, words).await.unwrap();
        }
        let mut own = whistle::whistle(&mut tx, app.home.tenant, id).await.unwrap();
        let seen = own.lock_version;
        whistle::say(&mut tx, &app.act(), &mut own, seen, Said::Recalled, "摊贩自己走了").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(issue_state(&app, first.id).await, issue::State::Accepted);
        deliver(&app.app).await;
        for tenant in [app.home.tenant, above] {
            assert_eq!(state(&app, tenant, id).await, State::Recalled);
        }
        assert_eq!(issue_state(&app, first.id).await, issue::State::Accepted);
        let mut tx = app.db.begin().await.unwrap();
        let mut issue = issue::issue(&mut tx, app.home.tenant, first.id).await.unwrap();
        let seen = issue.lock_version;
        let superior = access::organisations(&mut tx, app.home.tenant).await.unwrap();
        let superior = superior.iter().find(|known| known.name == "城关街道").unwrap().id;
        let told = issue::dispatch(&mut tx, &app.act(), &mut issue, seen, superior, Due::ByTier, "").await;
        assert!(told.unwrap_err().to_string().contains("吹哨"));
    }

    async fn an_inbox_takes_what_is_signed_and_takes_it_once(app: TestApp) {
        // The other installation is played by this test: it has the secret, and nothing else.
        let above = subdistrict(&app, &app.home).await;
        let act = Act::system(above.tenant, &app.means);
        let mut tx = app.db.begin().await.unwrap();
        let invitation = whistle::invite(&mut tx, &act, &app.app, "外地社区").await.unwrap();
        tx.commit().await.unwrap();
        let far = Far::new(&app, &above, &invitation);
        let hello = Content::Hello { address: "https://far.example".to_owned(), code: "141102999999".to_owned(), name: "外地社区".to_owned() };
        assert_eq!(far.post(hello.clone()).await, 200);
        assert_eq!(far.post(hello).await, 200);
        let other = Content::Hello { address: "https://else.example".to_owned(), code: "1".to_owned(), name: "别人".to_owned() };
        assert_eq!(far.post(other).await, 423, "somebody else has answered the invitation");

        let id = app.means.id();
        let said = |said: Said, score| Content::Said { whistle: id, said: said.code().to_owned(), words: "请来".to_owned(), score, call: None };
        assert_eq!(far.post(said(Said::Recalled, None)).await, 409, "it is about something that has not arrived");
        assert_eq!(far.post(said(Said::Blown, None)).await, 422, "nothing goes along");
        let blown = far.letter(far.call(id, "enforcement"));
        assert_eq!(far.send(&blown, "").await, 200);
        assert_eq!(far.send(&blown, "").await, 200);
        assert_eq!(told(&app, above.tenant, id).await.len(), 1);
        assert_eq!(far.post(far.call(app.means.id(), "party")).await, 422);
        // Who asks does not answer, nor say who goes, nor rate without a score.
        for content in [said(Said::Answered, None), said(Said::ResponderRated, Some(5)), said(Said::Assigned, None), said(Said::AskerRated, None), said(Said::AskerRated, Some(6))] {
            assert_eq!(far.post(content).await, 422);
        }
        // Another secret, another body, another time, another link.
        let letter = far.letter(said(Said::Recalled, None));
        for wrong in ["secret", "body", "time", "id", "link", "tenant"] {
            let status = far.send(&letter, wrong).await;
            assert!(matches!(status, 404 | 422), "{wrong}: {status}");
        }
        assert_eq!(state(&app, above.tenant, id).await, State::Blown);
        assert_eq!(far.send(&letter, "").await, 200);
        assert_eq!(state(&app, above.tenant, id).await, State::Recalled);
        // Its answer to somebody whose letters cannot be delivered waits, and says so.
        let admin = app.person(Role::SystemAdmin).of_community(&above).browser().await;
        let page = admin.get("/counterparts").await;
        let version = page.input("version");
        admin.post(&format!("/counterparts/{}/end", far.link), &[("version", &version)]).await.assert_ok();
        assert_eq!(far.post(far.call(app.means.id(), "enforcement")).await, 410);
    }

    async fn letters_carry_what_is_needed_and_nothing_else(app: TestApp) {
        let filed = filed(&app).await;
        let (id, _) = blown(&app, &app.home, filed.id).await;
        let mut tx = app.db.read().await.unwrap();
        let above = access::tenant_by_code(&mut tx, &app.home.code.replacen("004", "104", 1)).await.unwrap().unwrap().tenant_id;
        let theirs = whistle::whistle(&mut tx, above, id).await.unwrap();
        let kept = format!("{theirs:?} {:?}", told(&app, above, id).await);
        for secret in SECRET {
            assert!(!kept.contains(secret), "{kept}");
        }
        assert!(kept.contains("小区门口占道摆摊") && kept.contains("请综合执法队来劝离摊贩"));
        assert_eq!(theirs.issue_id, None);
        // A link ends, and with it what either side hears.
        let ours = whistle::whistle(&mut tx, app.home.tenant, id).await.unwrap();
        assert_eq!((ours.acknowledge_by, ours.answer_by), (theirs.acknowledge_by, theirs.answer_by));
        assert!(ours.acknowledge_by < ours.answer_by);
    }

    async fn a_department_sees_what_it_was_given(app: TestApp) {
        let filed = filed(&app).await;
        let (id, _) = blown(&app, &app.home, filed.id).await;
        let mut tx = app.db.begin().await.unwrap();
        let code = app.home.code.replacen("004", "104", 1);
        let tenant = access::tenant_by_code(&mut tx, &code).await.unwrap().unwrap();
        let act = Act::system(tenant.tenant_id, &app.means);
        let kind = access::OrganisationKind::Other;
        let [team, office] = [
            access::create_organisation(&mut tx, &act, None, kind, "综合执法队", None).await.unwrap(),
            access::create_organisation(&mut tx, &act, None, kind, "市场监管所", None).await.unwrap(),
        ];
        tx.commit().await.unwrap();
        let above = Community { tenant: tenant.tenant_id, code, name: tenant.name, organisation: team };
        let of = |organisation| app.person(Role::Staff).of_community(&above).of_organisation(organisation).reaching(access::Reach::Organisation, organisation).browser();
        let [desk, team_staff, office_staff] = [staff(&app, &above).await, of(team).await, of(office).await];
        team_staff.get(&format!("/whistles/{id}")).await.assert_status(404);
        say(&desk, id, "assignments", &[("organisation", &team.to_string()), ("assign_words", "今天去")]).await.assert_ok();
        team_staff.get(&format!("/whistles/{id}")).await.assert_ok().assert_contains("今天去");
        team_staff.get("/whistles?side=received").await.assert_contains("小区门口占道摆摊");
        office_staff.get(&format!("/whistles/{id}")).await.assert_status(404);
        office_staff.get("/whistles?side=received").await.assert_lacks("小区门口占道摆摊");
        say(&team_staff, id, "acknowledgement", &[("acknowledge_words", "我们现在就过去")]).await.assert_ok();
        deliver(&app.app).await;
        // Who of theirs goes is their own affair.
        let ours = staff(&app, &app.home).await;
        ours.get(&format!("/whistles/{id}")).await.assert_contains("我们现在就过去").assert_lacks("今天去");
        // The next level is asked in the same way, and what it says is told here.
        let act = Act::system(app.means.id(), &app.means);
        let mut tx = app.db.begin().await.unwrap();
        access::create_tenant(&mut tx, &act, TenantKind::District, "141102000000", "离石区").await.unwrap();
        tx.commit().await.unwrap();
        let higher = link(&app.app, act.tenant, above.tenant).await;
        let form = desk.get(&format!("/whistles/new?whistle={id}")).await;
        let fields = [("whistle", id.to_string()), ("counterpart", higher.to_string()), ("version", form.input("version")), ("kind", "priority".to_owned()), ("words", "请区里牵头整治".to_owned())];
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let page = desk.post("/whistles", &fields).await;
        page.assert_ok();
        let upper: Uuid = page.url.rsplit('/').next().unwrap().parse().unwrap();
        deliver(&app.app).await;
        assert_eq!(state(&app, act.tenant, upper).await, State::Blown);
        desk.get(&format!("/whistles/{id}")).await.assert_contains("离石区").assert_lacks("/whistles/new");
        // Sent off twice it is passed on once, and once only while nobody has answered.
        desk.post("/whistles", &fields).await.assert_status(409);
        let form = desk.get(&format!("/whistles/new?whistle={id}")).await;
        let version = form.input("version");
        let again: Vec<_> = fields.iter().map(|(name, value)| (*name, if *name == "version" { version.as_str() } else { *value })).collect();
        desk.post("/whistles", &again).await.assert_status(422).assert_contains("已经向离石区吹过哨");
        // Whoever asked first does not need it any more: what was passed on has become idle.
        say(&ours, id, "recall", &[("recall_words", "摊贩自己走了")]).await.assert_ok();
        deliver(&app.app).await;
        desk.get("/today").await.assert_contains("撤哨").assert_contains("下级已经撤哨");
        desk.get(&format!("/whistles/{upper}")).await.assert_contains("下级已经撤哨，不用等了");
        say(&desk, upper, "recall", &[("recall_words", "社区已经撤哨")]).await.assert_ok();
        desk.get("/today").await.assert_lacks("下级已经撤哨");
    }

    async fn an_invitation_is_answered_by_one(app: TestApp) {
        let above = subdistrict(&app, &app.home).await;
        let other = app.community("141102004998", "凤山社区").await;
        let [act, first, second] = [above.tenant, app.home.tenant, other.tenant].map(|tenant| Act::system(tenant, &app.means));
        let mut tx = app.db.begin().await.unwrap();
        let invitation = whistle::invite(&mut tx, &act, &app.app, "尉汾路社区").await.unwrap();
        let id = whistle::join(&mut tx, &first, &app.app, &invitation).await.unwrap();
        tx.commit().await.unwrap();
        deliver(&app.app).await;
        let mut tx = app.db.begin().await.unwrap();
        whistle::join(&mut tx, &second, &app.app, &invitation).await.unwrap();
        tx.commit().await.unwrap();
        deliver(&app.app).await;
        let admin = app.person(Role::SystemAdmin).of_community(&other).browser().await;
        admin.get("/counterparts").await.assert_contains("对接码已被别家用了").assert_lacks("已接通");
        app.person(Role::SystemAdmin).browser().await.get("/counterparts").await.assert_contains("已接通");
        let mut tx = app.db.read().await.unwrap();
        let known = whistle::counterpart(&mut tx, above.tenant, id).await.unwrap();
        assert_eq!((known.code.as_deref(), known.ending), (Some(app.home.code.as_str()), None));
        let late = whistle::counterpart(&mut tx, other.tenant, id).await.unwrap();
        assert_eq!((late.joined_at, late.ending), (None, Some(Ending::Taken)));
    }

    async fn who_knows_a_link_without_its_secret_is_not_let_in(app: TestApp) {
        let above = subdistrict(&app, &app.home).await;
        let other = app.community("141102004998", "凤山社区").await;
        let [act, forger] = [above.tenant, other.tenant].map(|tenant| Act::system(tenant, &app.means));
        let mut tx = app.db.begin().await.unwrap();
        let invitation = whistle::invite(&mut tx, &act, &app.app, "尉汾路社区").await.unwrap();
        let json = URL_SAFE_NO_PAD.decode(invitation.to_string().strip_prefix("JMK1-").unwrap()).unwrap();
        let mut json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        json["secret"] = "another".into();
        let forged: Invitation = format!("JMK1-{}", URL_SAFE_NO_PAD.encode(json.to_string())).parse().unwrap();
        let id = whistle::join(&mut tx, &forger, &app.app, &forged).await.unwrap();
        tx.commit().await.unwrap();
        deliver(&app.app).await;
        let mut tx = app.db.begin().await.unwrap();
        for tenant in [above.tenant, other.tenant] {
            let known = whistle::counterpart(&mut tx, tenant, id).await.unwrap();
            assert_eq!((known.joined_at, known.ending), (None, None));
        }
        whistle::join(&mut tx, &app.act(), &app.app, &invitation).await.unwrap();
        tx.commit().await.unwrap();
        deliver(&app.app).await;
        let known = whistle::counterpart(&mut app.db.read().await.unwrap(), above.tenant, id).await.unwrap();
        assert_eq!(known.code.as_deref(), Some(app.home.code.as_str()));
    }

    async fn what_was_not_taken_in_is_not_shown_as_delivered(app: TestApp) {
        let first = filed(&app).await;
        let (id, link) = blown(&app, &app.home, first.id).await;
        let ours = staff(&app, &app.home).await;
        ours.get(&format!("/whistles/{id}")).await.assert_contains("收到");
        // The other side ends the link, of which the next letter is told.
        let mut tx = app.db.begin().await.unwrap();
        let above = access::tenant_by_code(&mut tx, &app.home.code.replacen("004", "104", 1)).await.unwrap().unwrap().tenant_id;
        let act = Act::system(above, &app.means);
        let known = whistle::counterpart(&mut tx, above, link).await.unwrap();
        whistle::end(&mut tx, &act, &known, known.lock_version).await.unwrap();
        let second = issue::file(&mut tx, &app.act(), reported()).await.unwrap();
        let mut issue = issue::issue(&mut tx, app.home.tenant, second.id).await.unwrap();
        let late = blow_about(&mut tx, &app.act(), &mut issue, link).await;
        tx.commit().await.unwrap();
        deliver(&app.app).await;
        app.person(Role::SystemAdmin).browser().await.get("/counterparts").await.assert_contains("对方已解除");
        let page = ours.get(&format!("/whistles/{late}")).await;
        page.assert_contains("对方已解除对接，没有收下").assert_lacks("正在送").assert_contains("不用等了，请撤哨");
        ours.get("/today").await.assert_contains("撤哨").assert_contains("对方已解除");
        // It can be taken back, and the matter is in hand again.
        say(&ours, late, "recall", &[("recall_words", "改由本社区处理")]).await.assert_ok();
        deliver(&app.app).await;
        assert_eq!(issue_state(&app, second.id).await, issue::State::Accepted);
        ours.get(&format!("/whistles/{late}")).await.assert_contains("没有收下").assert_lacks("不用等了");
        // Their side has nothing to say any more, and is not told to.
        let above = Community { tenant: above, code: app.home.code.replacen("004", "104", 1), name: "城关街道".to_owned(), organisation: app.home.organisation };
        let theirs = whistle::whistle(&mut app.db.read().await.unwrap(), above.tenant, id).await.unwrap();
        assert!(theirs.check(Said::Acknowledged).unwrap_err().to_string().contains("本单位已解除"));
    }

    async fn what_one_ends_oneself_is_not_on_its_way_for_ever(app: TestApp) {
        let first = filed(&app).await;
        let (_, link) = blown(&app, &app.home, first.id).await;
        let mut tx = app.db.begin().await.unwrap();
        let second = issue::file(&mut tx, &app.act(), reported()).await.unwrap();
        let mut issue = issue::issue(&mut tx, app.home.tenant, second.id).await.unwrap();
        let id = blow_about(&mut tx, &app.act(), &mut issue, link).await;
        let known = whistle::counterpart(&mut tx, app.home.tenant, link).await.unwrap();
        whistle::end(&mut tx, &app.act(), &known, known.lock_version).await.unwrap();
        tx.commit().await.unwrap();
        deliver(&app.app).await;
        let page = staff(&app, &app.home).await.get(&format!("/whistles/{id}")).await;
        page.assert_contains("对接已解除，没有送到").assert_lacks("正在送");
    }

    async fn somebody_calls_when_letters_do_not_arrive(app: TestApp) {
        let first = filed(&app).await;
        let (_, link) = blown(&app, &app.home, first.id).await;
        let mut tx = app.db.begin().await.unwrap();
        let second = issue::file(&mut tx, &app.act(), reported()).await.unwrap();
        let mut issue = issue::issue(&mut tx, app.home.tenant, second.id).await.unwrap();
        blow_about(&mut tx, &app.act(), &mut issue, link).await;
        tx.commit().await.unwrap();
        let ours = staff(&app, &app.home).await;
        app.means.clock.set(app.means.now() + SignedDuration::from_mins(29));
        ours.get("/today").await.assert_lacks("请打电话");
        app.means.clock.set(app.means.now() + SignedDuration::from_mins(2));
        ours.get("/today").await.assert_contains("30 分钟没送到，请打电话告诉城关街道");
        deliver(&app.app).await;
        ours.get("/today").await.assert_lacks("请打电话");
    }

    async fn a_late_word_of_an_old_whistle_is_not_that_of_the_new_one(app: TestApp) {
        let first = filed(&app).await;
        let (id, link) = blown(&app, &app.home, first.id).await;
        let mut tx = app.db.begin().await.unwrap();
        let above = access::tenant_by_code(&mut tx, &app.home.code.replacen("004", "104", 1)).await.unwrap().unwrap().tenant_id;
        let act = Act::system(above, &app.means);
        let mut theirs = whistle::whistle(&mut tx, above, id).await.unwrap();
        for (said, words) in [(Said::Acknowledged, "马上到现场"), (Said::Progressed, "正在挖开路面"), (Said::Answered, "已经处理好")] {
            let seen = theirs.lock_version;
            whistle::say(&mut tx, &act, &mut theirs, seen, said, words).await.unwrap();
        }
        // One letter is on its way for long.
        let events = whistle::events(&mut tx, above, id).await.unwrap();
        let late = events.iter().find(|event| event.kind == Said::Progressed).unwrap();
        let payload = format!(r#"{{"said":"{}"}}"#, late.id);
        let later = app.means.now() + SignedDuration::from_hours(1);
        assert_eq!(tx.execute(HOLD.bind(&payload).bind(later)).await.unwrap(), 1);
        tx.commit().await.unwrap();
        deliver(&app.app).await;
        assert_eq!(issue_state(&app, first.id).await, issue::State::Done);
        let mut tx = app.db.begin().await.unwrap();
        let mut issue = issue::issue(&mut tx, app.home.tenant, first.id).await.unwrap();
        let new = NewWhistle { counterpart: link, kind: Kind::Enforcement, words: "又来摆了，请再来一次".to_owned() };
        let seen = issue.lock_version;
        app.means.clock.set(app.means.now() + SignedDuration::from_mins(1));
        let again = Act::system(app.home.tenant, &app.means);
        whistle::blow(&mut tx, &again, &mut issue, seen, new).await.unwrap();
        tx.execute(HOLD.bind(&payload).bind(LONG_AGO)).await.unwrap();
        tx.commit().await.unwrap();
        deliver(&app.app).await;
        assert!(told(&app, app.home.tenant, id).await.iter().any(|told| told.words == "正在挖开路面"), "it has arrived");
        app.browser().get(&format!("/receipts/{}", first.receipt_code)).await.assert_contains("已经处理好").assert_lacks("正在挖开路面");
    }
}

async fn told(app: &TestApp, tenant: Uuid, id: Uuid) -> Vec<Told> {
    app.db.read().await.unwrap().all(TOLD.bind(tenant).bind(id)).await.unwrap()
}

/// The other side of a link, somewhere else.
struct Far<'a> {
    app: &'a TestApp,
    code: String,
    link: Uuid,
    secret: String,
}

impl<'a> Far<'a> {
    fn new(app: &'a TestApp, above: &Community, invitation: &Invitation) -> Far<'a> {
        let text = invitation.to_string();
        let json = URL_SAFE_NO_PAD.decode(text.strip_prefix("JMK1-").unwrap()).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        let link = json["id"].as_str().unwrap().parse().unwrap();
        Far { app, code: above.code.clone(), link, secret: json["secret"].as_str().unwrap().to_owned() }
    }

    fn letter(&self, content: Content) -> Letter {
        Letter { id: self.app.means.id(), at: self.app.means.now().as_millisecond(), content }
    }

    fn call(&self, whistle: Uuid, kind: &str) -> Content {
        let by = (self.app.means.now() + SignedDuration::from_hours(24)).as_millisecond();
        let call = serde_json::json!({ "number": "CS-1", "kind": kind, "category": "市容环卫", "place": "外地小区", "title": "占道摆摊",
            "acknowledge_by": by, "answer_by": by });
        let call = serde_json::from_value(call).unwrap();
        Content::Said {
            whistle,
            said: Said::Blown.code().to_owned(),
            words: "请来".to_owned(),
            score: None,
            call: Some(call),
        }
    }

    async fn post(&self, content: Content) -> u16 {
        self.send(&self.letter(content), "").await
    }

    /// Sends a letter, with one thing about it wrong.
    async fn send(&self, letter: &Letter, wrong: &str) -> u16 {
        let mut body = serde_json::to_string(letter).unwrap();
        let mut id = letter.id.to_string();
        let mut at = self.app.means.now();
        if wrong == "time" {
            at -= SignedDuration::from_hours(1);
        }
        let secret = if wrong == "secret" { "another" } else { &self.secret };
        let signed = signature(secret.as_bytes(), &id, at, &body);
        match wrong {
            "body" => body = body.replace("recalled", "answered"),
            "id" => id = self.app.means.id().to_string(),
            _ => {}
        }
        let link = if wrong == "link" { Uuid::nil() } else { self.link };
        let code = if wrong == "tenant" { &self.app.home.code } else { &self.code };
        _ = rustls::crypto::ring::default_provider().install_default();
        let request = reqwest::Client::new().post(format!("{}/inbox/{code}/{link}", self.app.url));
        let request = request.header("webhook-id", &id).header("webhook-timestamp", at.as_second());
        let answer = request.header("webhook-signature", signed).body(body).send().await.unwrap();
        // Whoever was let in is told which letter is meant; a page in between could not.
        let named = answer.headers().get("webhook-id").is_some_and(|named| named.as_bytes() == id.as_bytes());
        assert_eq!(named, answer.status() != 404, "{} {:?}", answer.status(), answer.headers());
        answer.status().as_u16()
    }
}

/// A rating by a mark.
pub fn score(number: &str) -> Score {
    Score::parse(number).unwrap()
}

/// A moment long ago, so that whatever waits is due.
pub const LONG_AGO: Timestamp = Timestamp::UNIX_EPOCH;
