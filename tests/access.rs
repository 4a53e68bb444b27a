//! Coming in, staying in and being put out: passwords, invitations, phones that lock, and who hands out accounts.

use doorstep::access::Role;
use jiff::SignedDuration;

use crate::support::{Account, Browser, Page, TestApp};

fn pass(app: &TestApp, time: SignedDuration) {
    app.means.clock.set(app.means.now() + time);
}

/// Makes an account for somebody on a phone and gives its page.
async fn phone_account(admin: &Browser, app: &TestApp, role: &str) -> Page {
    let organisation = app.home.organisation.to_string();
    let fields = [("name", "高晓峰"), ("organisation", &organisation), ("role", role), ("reach", "tenant")];
    let page = admin.post("/accounts", &fields).await;
    page.assert_ok().assert_contains("账号已建好").assert_contains("等待邀请");
    page
}

/// Makes an invitation and gives the path that its QR code leads to.
async fn invite(app: &TestApp, account: &Page) -> String {
    let id = account.url.rsplit('/').next().unwrap().parse().unwrap();
    let mut tx = app.db.begin().await.unwrap();
    let link = doorstep::access::invite(&mut tx, &app.act(), id).await.unwrap();
    tx.commit().await.unwrap();
    format!("/join/{link}")
}

async fn join(browser: &Browser, path: &str, pin: &str) -> Page {
    browser.post(path, &[("pin", pin), ("again", pin), ("device", "我的手机")]).await
}

async fn wrong_password(browser: &Browser, account: &Account) -> Page {
    browser.sign_in(&account.login, "Beichuan-2027").await
}

db_test! {
    async fn a_password_lets_in_and_out(app: TestApp) {
        let account = app.person(Role::SecurityAdmin).create().await;
        let browser = app.browser();
        assert_eq!(browser.get("/accounts").await.url, "/login");
        let page = browser.sign_in(&account.login.to_uppercase(), &account.password).await;
        page.assert_ok().assert_contains("账号与邀请");
        assert_eq!(page.url, "/accounts");
        browser.post("/logout", &[]).await.assert_contains("已退出登录");
        assert_eq!(browser.get("/accounts").await.url, "/login");
    }

    async fn an_unknown_name_and_a_wrong_password_look_alike(app: TestApp) {
        let account = app.person(Role::Secretary).create().await;
        let browser = app.browser();
        let wrong = wrong_password(&browser, &account).await;
        wrong.assert_status(422).assert_contains("账号或密码不对").assert_lacks("Beichuan-2027");
        let unknown = browser.sign_in("nobody", "Beichuan-2027").await;
        unknown.assert_status(422).assert_contains("账号或密码不对");
        assert_eq!(wrong.input("login"), account.login, "the form comes back filled");
    }

    async fn five_failures_lock_for_half_an_hour(app: TestApp) {
        let account = app.person(Role::SecurityAdmin).create().await;
        let browser = app.browser();
        for _ in 0..5 {
            wrong_password(&browser, &account).await.assert_contains("账号或密码不对");
        }
        let locked = browser.sign_in(&account.login, &account.password).await;
        locked.assert_status(422).assert_contains("账号已锁定");
        pass(&app, SignedDuration::from_mins(29));
        browser.sign_in(&account.login, &account.password).await.assert_contains("账号已锁定");
        pass(&app, SignedDuration::from_mins(1));
        // A lock that has run out starts the count anew: one more failure does not lock again.
        wrong_password(&browser, &account).await.assert_contains("账号或密码不对");
        browser.sign_in(&account.login, &account.password).await.assert_contains("账号与邀请");
    }

    async fn an_administrator_can_unlock(app: TestApp) {
        let admin = app.person(Role::SecurityAdmin).browser().await;
        let account = app.person(Role::AuditAdmin).create().await;
        let browser = app.browser();
        for _ in 0..5 {
            wrong_password(&browser, &account).await;
        }
        let path = format!("/accounts/{}", account.id);
        admin.get(&path).await.assert_contains("已锁定");
        admin.post(&format!("{path}/enabling"), &[]).await.assert_lacks("已锁定");
        browser.sign_in(&account.login, &account.password).await.assert_contains("审计记录");
    }

    async fn idle_people_sign_in_again(app: TestApp) {
        let browser = app.person(Role::AuditAdmin).browser().await;
        browser.get("/audit").await.assert_ok();
        pass(&app, SignedDuration::from_mins(15));
        browser.get("/audit").await.assert_ok();
        pass(&app, SignedDuration::from_mins(15) + SignedDuration::from_secs(1));
        assert_eq!(browser.get("/audit").await.url, "/login");
    }

    async fn an_invitation_works_once(app: TestApp) {
        let admin = app.person(Role::SecurityAdmin).browser().await;
        let account = phone_account(&admin, &app, "audit_admin").await;
        let path = invite(&app, &account).await;
        let phone = app.browser();
        phone.get(&path).await.assert_ok().assert_contains("高*峰").assert_contains("审计管理员").assert_lacks("高晓峰");
        join(&phone, &path, "123456").await.assert_status(422).assert_contains("不能是相同或连续的数字");
        let unlike = [("pin", "802413"), ("again", "802414"), ("device", "我的手机")];
        phone.post(&path, &unlike).await.assert_status(422).assert_contains("两次输入的 PIN 码不一样");
        let inside = join(&phone, &path, "802413").await;
        assert_eq!(inside.assert_ok().url, "/audit");
        let again = join(&app.browser(), &path, "802413").await;
        again.assert_status(422).assert_contains("这个邀请码已经用过了");
        let forged = format!("{}AAAA", &path[..path.len() - 4]);
        app.browser().get(&forged).await.assert_status(404);
    }

    async fn an_invitation_expires_and_a_new_one_replaces_it(app: TestApp) {
        let admin = app.person(Role::SecurityAdmin).browser().await;
        let account = phone_account(&admin, &app, "audit_admin").await;
        let sheet = admin.post(&format!("{}/invitation", account.url), &[]).await;
        sheet.assert_ok().assert_contains("<svg class=\"qr\"").assert_contains("11月26日 09:00").assert_lacks("/join/");
        admin.get("/accounts").await.assert_contains("邀请还没有用");
        let first = invite(&app, &account).await;
        let second = invite(&app, &account).await;
        app.browser().get(&first).await.assert_status(422).assert_contains("已经用过了");
        app.browser().get(&second).await.assert_ok();
        pass(&app, SignedDuration::from_hours(72));
        app.browser().get(&second).await.assert_status(422).assert_contains("已经过期");
        join(&app.browser(), &second, "802413").await.assert_status(422).assert_contains("已经过期");
    }

    async fn a_phone_that_was_put_down_asks_for_the_pin(app: TestApp) {
        let admin = app.person(Role::SecurityAdmin).browser().await;
        let account = phone_account(&admin, &app, "audit_admin").await;
        let phone = app.browser();
        join(&phone, &invite(&app, &account).await, "802413").await.assert_ok();
        pass(&app, SignedDuration::from_hours(24));
        let locked = phone.get("/audit").await;
        assert_eq!(locked.assert_contains("高*峰").assert_lacks("高晓峰").url, "/unlock");
        assert_eq!(phone.get("/").await.url, "/unlock");
        phone.post("/unlock", &[("pin", "802414")]).await.assert_status(422).assert_contains("PIN 码不对");
        assert_eq!(phone.post("/unlock", &[("pin", "802413")]).await.assert_ok().url, "/audit");
        // Wrong PINs lock the account as wrong passwords do.
        pass(&app, SignedDuration::from_hours(24));
        for _ in 0..5 {
            phone.post("/unlock", &[("pin", "111111")]).await.assert_status(422);
        }
        phone.post("/unlock", &[("pin", "802413")]).await.assert_contains("账号已锁定");
        // After half a year the phone has to be invited again.
        pass(&app, SignedDuration::from_hours(24 * 180));
        assert_eq!(phone.get("/audit").await.url, "/login");
    }

    async fn a_new_phone_puts_the_old_one_out(app: TestApp) {
        let admin = app.person(Role::SecurityAdmin).browser().await;
        let account = phone_account(&admin, &app, "audit_admin").await;
        let (old, new) = (app.browser(), app.browser());
        join(&old, &invite(&app, &account).await, "802413").await.assert_ok();
        join(&new, &invite(&app, &account).await, "135790").await.assert_ok();
        assert_eq!(old.get("/audit").await.url, "/login");
        assert_eq!(new.get("/audit").await.url, "/audit");
    }

    async fn disabling_ends_every_session(app: TestApp) {
        let admin = app.person(Role::SecurityAdmin).browser().await;
        let account = app.person(Role::AuditAdmin).create().await;
        let browser = app.browser();
        browser.sign_in(&account.login, &account.password).await.assert_contains("审计记录");
        let path = format!("/accounts/{}", account.id);
        admin.post(&format!("{path}/disabling"), &[("reason", "")]).await.assert_status(422).assert_contains("请填写停用的原因");
        browser.get("/audit").await.assert_ok();
        let disabled = admin.post(&format!("{path}/disabling"), &[("reason", "已离岗")]).await;
        disabled.assert_ok().assert_contains("已停用");
        assert_eq!(browser.get("/audit").await.url, "/login");
        browser.sign_in(&account.login, &account.password).await.assert_status(422).assert_contains("账号或密码不对");
        admin.post(&format!("{path}/invitation"), &[]).await.assert_status(422).assert_contains("已停用");
        admin.post(&format!("{path}/enabling"), &[]).await.assert_ok().assert_contains("正常");
        browser.sign_in(&account.login, &account.password).await.assert_contains("已离岗");
    }

    async fn a_new_password_puts_out_whoever_used_the_old_one(app: TestApp) {
        let admin = app.person(Role::SecurityAdmin).browser().await;
        let account = app.person(Role::AuditAdmin).create().await;
        let browser = app.browser();
        browser.sign_in(&account.login, &account.password).await.assert_ok();
        let path = format!("/accounts/{}/password", account.id);
        admin.post(&path, &[("password", "short")]).await.assert_status(422).assert_contains("密码至少要 10 个字符");
        admin.post(&path, &[("password", "Weifen-2026-x")]).await.assert_ok().assert_contains("密码已重设");
        assert_eq!(browser.get("/audit").await.url, "/login");
        browser.sign_in(&account.login, &account.password).await.assert_status(422);
        browser.sign_in(&account.login, "Weifen-2026-x").await.assert_ok();
    }

    async fn a_new_account_is_checked_and_comes_back_filled(app: TestApp) {
        let admin = app.person(Role::SecurityAdmin).browser().await;
        let taken = app.person(Role::Secretary).create().await;
        let organisation = app.home.organisation.to_string();
        let somebody_elses = app.community("141102004998", "滨河社区").await.organisation.to_string();
        let empty = admin.post("/accounts", &[]).await;
        empty.assert_status(422).assert_contains("请填写姓名").assert_contains("请选择角色").assert_contains("请选择管理范围");
        let reach = format!("organisation:{organisation}");
        let mut fields = [
            ("name", "李玲"),
            ("organisation", somebody_elses.as_str()),
            ("role", "system_admin"),
            ("reach", &reach),
            ("login", "li ling"),
            ("password", "liling"),
        ];
        let wrong = admin.post("/accounts", &fields).await;
        wrong.assert_status(422).assert_contains("请选择所在单位").assert_contains("管的是整个社区的系统");
        wrong.assert_contains("登录名用 3 到 32 个").assert_contains("密码至少要 10 个字符").assert_lacks("value=\"liling\"");
        wrong.assert_contains("value=\"李玲\"");
        fields[1].1 = &organisation;
        fields[3].1 = "tenant";
        fields[4].1 = &taken.login;
        fields[5].1 = "Weifen-2026-x";
        admin.post("/accounts", &fields).await.assert_status(422).assert_contains("这个登录名已经有人使用");
        fields[4].1 = "liling";
        admin.post("/accounts", &fields).await.assert_ok().assert_contains("登录名 liling 和密码");
        app.browser().sign_in("liling", "Weifen-2026-x").await.assert_ok().assert_contains("系统管理员");
    }

    async fn accounts_of_another_community_are_not_found(app: TestApp) {
        let other = app.community("141102004998", "滨河社区").await;
        let stranger = app.person(Role::Secretary).of_community(&other).named("远方来客").create().await;
        let admin = app.person(Role::SecurityAdmin).browser().await;
        admin.get("/accounts").await.assert_ok().assert_lacks("远方来客");
        let path = format!("/accounts/{}", stranger.id);
        admin.get(&path).await.assert_status(404);
        for act in ["invitation", "enabling", "disabling", "password"] {
            let fields = [("reason", "已离岗"), ("password", "Weifen-2026-x")];
            admin.post(&format!("{path}/{act}"), &fields).await.assert_status(404);
        }
        app.browser().sign_in(&stranger.login, &stranger.password).await.assert_ok();
    }

    async fn administrators_keep_to_their_own_part(app: TestApp) {
        let parts = [
            (Role::SecurityAdmin, "/accounts"),
            (Role::AuditAdmin, "/audit"),
            (Role::SystemAdmin, "/settings"),
        ];
        for (role, own) in parts {
            let browser = app.person(role).browser().await;
            assert_eq!(browser.get("/").await.url, own, "{role}");
            for (_, path) in parts {
                browser.get(path).await.assert_status(if path == own { 200 } else { 403 });
            }
        }
        let both = [Role::SecurityAdmin, Role::AuditAdmin];
        let grants = both.map(|role| doorstep::access::Grant { role, reach: doorstep::access::Reach::Tenant, reach_id: None });
        let new = doorstep::access::NewAccount {
            name: "李玲".to_owned(),
            organisation: app.home.organisation,
            login: None,
            grants: grants.to_vec(),
        };
        let mut tx = app.db.begin().await.unwrap();
        let refusal = doorstep::access::create_account(&mut tx, &app.act(), new).await.unwrap_err();
        assert!(refusal.to_string().contains("不能由同一个人担任"), "{refusal}");
    }

    async fn nobody_disables_themselves(app: TestApp) {
        let account = app.person(Role::SecurityAdmin).create().await;
        let browser = app.browser();
        browser.sign_in(&account.login, &account.password).await.assert_ok();
        let path = format!("/accounts/{}", account.id);
        browser.get(&path).await.assert_ok().assert_lacks("停用账号");
        let refused = browser.post(&format!("{path}/disabling"), &[("reason", "已离岗")]).await;
        refused.assert_status(422).assert_contains("不能停用自己的账号");
    }

    async fn organisations_are_entered_with_a_number_to_call(app: TestApp) {
        let admin = app.person(Role::SecurityAdmin).browser().await;
        let mut fields = [("name", "安居物业公司"), ("kind", "property_company"), ("parent", ""), ("phone", "8221234")];
        admin.post("/organisations", &fields).await.assert_status(422).assert_contains("请加上区号");
        fields[3].1 = "（0358）8221234";
        admin.post("/organisations", &fields).await.assert_ok().assert_contains("0358-8221234");
        admin.post("/organisations", &fields).await.assert_status(422).assert_contains("已经有一个同名的单位");
        admin.get("/accounts/new").await.assert_contains("单位：安居物业公司");
    }

    async fn the_audit_log_is_listed_checked_and_anchored(app: TestApp) {
        let admin = app.person(Role::SecurityAdmin).named("李玲").browser().await;
        phone_account(&admin, &app, "grid_worker").await;
        let auditor = app.person(Role::AuditAdmin).browser().await;
        let log = auditor.get("/audit").await;
        log.assert_ok().assert_contains("李玲 · 安全管理员").assert_contains("新建").assert_contains("网格员");
        auditor.post("/audit/verification", &[]).await.assert_ok().assert_contains("链条完整");
        let anchor = String::from_utf8(auditor.download("/audit/anchor").await).unwrap();
        assert!(anchor.contains("末尾 SHA-256：") && anchor.contains(&app.home.name), "{anchor}");
        for _ in 0..60 {
            app.person(Role::Staff).create().await;
        }
        let first = auditor.get("/audit").await;
        let older = auditor.get(&first.link("/audit?before=")).await;
        older.assert_ok().assert_contains("李玲 · 安全管理员");
        first.assert_lacks("李玲 · 安全管理员");
        let accounts = admin.get("/accounts").await;
        let more = admin.get(&accounts.link("/accounts?after=")).await;
        more.assert_ok().assert_contains("社区工作人员（整个社区）").assert_lacks("?after=");
    }

    async fn settings_are_shown_in_words(app: TestApp) {
        let page = app.person(Role::SystemAdmin).browser().await.get("/settings").await;
        page.assert_ok().assert_contains("锁定多久").assert_contains("30 分钟").assert_contains("GB/T 22239-2019").assert_lacks("lock_minutes");
    }
}
