//! Coming in, staying in and being put out: passwords, invitations, phones that lock, and who hands out accounts.

use doorstep::access::{self, Role};
use jiff::SignedDuration;
use uuid::Uuid;

use crate::support::{Account, Browser, Community, Page, TestApp};

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
    let link = access::invite(&mut tx, &app.act(), id).await.unwrap();
    tx.commit().await.unwrap();
    format!("/join/{link}")
}

async fn join(browser: &Browser, path: &str, pin: &str) -> Page {
    browser.post(path, &[("pin", pin), ("again", pin), ("device", "我的手机")]).await
}

async fn wrong_password(browser: &Browser, account: &Account) -> Page {
    browser.sign_in(&account.login, "Beichuan-2027").await
}

/// Changes one's own password on the page for it.
async fn change(browser: &Browser, old: &str, new: &str) -> Page {
    browser.post("/me/password", &[("form", "password"), ("old", old), ("password", new), ("again", new)]).await
}

/// The first grant of an account: pages show no address for taking the last one back.
async fn grant_of(app: &TestApp, community: &Community, account: Uuid) -> Uuid {
    db::statements! { GRANT_OF = "SELECT id FROM grants WHERE tenant_id = $1 AND account_id = $2"; }
    let mut tx = app.db.read().await.unwrap();
    let rows = tx.rows(GRANT_OF.bind(community.tenant).bind(account)).await.unwrap();
    rows[0].get("id").unwrap()
}

db_test! {
    async fn a_password_lets_in_and_out(app: TestApp) {
        let account = app.person(Role::SecurityAdmin).create().await;
        let browser = app.browser();
        assert_eq!(browser.get("/accounts").await.url, "/login");
        let page = browser.sign_in(&account.login.to_uppercase(), &account.password).await;
        page.assert_ok().assert_contains("今日待办");
        assert_eq!(page.url, "/today");
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

    async fn a_sign_in_with_an_old_cookie_is_kept(app: TestApp) {
        let account = app.person(Role::Staff).create().await;
        let browser = app.browser();
        browser.sign_in(&account.login, "wrong").await.assert_status(422);
        // The page of before is still open: the first request with the old cookie is the sign-in itself.
        browser.set_cookie("session", &"A".repeat(64));
        browser.sign_in(&account.login, &account.password).await.assert_ok();
        browser.get("/issues").await.assert_ok().assert_contains("登记诉求");
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
        browser.sign_in(&account.login, &account.password).await.assert_contains("今日待办");
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
        assert_eq!(inside.assert_ok().url, "/today");
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
        assert_eq!(phone.post("/unlock", &[("pin", "802413")]).await.assert_ok().url, "/today");
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
        browser.sign_in(&account.login, &account.password).await.assert_contains("今日待办");
        browser.get("/audit").await.assert_contains("已离岗");
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

    async fn a_password_from_somebody_else_is_changed_first(app: TestApp) {
        let admin = app.person(Role::SecurityAdmin).browser().await;
        let organisation = app.home.organisation.to_string();
        let fields = [
            ("name", "李玲"),
            ("organisation", organisation.as_str()),
            ("role", "audit_admin"),
            ("reach", "tenant"),
            ("login", "liling"),
            ("password", "Weifen-2026-x"),
        ];
        let account = admin.post("/accounts", &fields).await.url.clone();
        let browser = app.browser();
        let first = browser.sign_in("liling", "Weifen-2026-x").await;
        assert_eq!(first.assert_ok().assert_contains("请先换一个密码").url, "/me");
        assert_eq!(browser.get("/audit").await.url, "/me");
        assert_eq!(browser.post("/audit/verification", &[]).await.url, "/me");
        change(&browser, "Weifen-2026-x", "Weifen-2026-x").await.assert_status(422).assert_contains("不能再用");
        let changed = change(&browser, "Weifen-2026-x", "Beichuan-2026").await;
        changed.assert_ok().assert_contains("密码已换好").assert_lacks("请先换一个密码");
        browser.get("/audit").await.assert_ok().assert_contains("要求换密码").assert_contains("换密码");
        // After a reset the same again; signing out is open all the while.
        admin.post(&format!("{account}/password"), &[("password", "Weifen-2027-x")]).await.assert_contains("密码已重设");
        assert_eq!(browser.get("/audit").await.url, "/login");
        assert_eq!(browser.sign_in("liling", "Weifen-2027-x").await.url, "/me");
        browser.post("/logout", &[]).await.assert_contains("已退出登录");
    }

    async fn a_password_lasts_ninety_days(app: TestApp) {
        let account = app.person(Role::AuditAdmin).create().await;
        let browser = app.browser();
        pass(&app, SignedDuration::from_hours(24 * 90) - SignedDuration::from_secs(1));
        assert_eq!(browser.sign_in(&account.login, &account.password).await.url, "/today");
        pass(&app, SignedDuration::from_secs(1));
        assert_eq!(browser.get("/audit").await.url, "/me");
        change(&browser, &account.password, "Weifen-2027-x").await.assert_contains("密码已换好");
        assert_eq!(browser.get("/audit").await.assert_ok().url, "/audit");
    }

    async fn ones_own_password_is_changed_with_the_old_one(app: TestApp) {
        let account = app.person(Role::AuditAdmin).named("李玲").create().await;
        let (browser, elsewhere) = (app.browser(), app.browser());
        for browser in [&browser, &elsewhere] {
            browser.sign_in(&account.login, &account.password).await.assert_ok().assert_contains("href=\"/me\"");
        }
        let me = browser.get("/me").await;
        me.assert_ok().assert_contains("李玲").assert_contains("审计管理员（整个社区）").assert_lacks("换 PIN 码");
        change(&browser, "Beichuan-2027", "Weifen-2026-x").await.assert_status(422).assert_contains("现在的密码不对");
        change(&browser, &account.password, "weak").await.assert_status(422).assert_contains("密码至少要 10 个字符");
        let unlike = [("old", account.password.as_str()), ("password", "Weifen-2026-x"), ("again", "Weifen-2026-y")];
        let unlike = browser.post("/me/password", &unlike).await;
        unlike.assert_status(422).assert_contains("两次输入的新密码不一样").assert_lacks("Weifen-2026-x");
        change(&browser, &account.password, "Weifen-2026-x").await.assert_ok().assert_contains("密码已换好");
        browser.get("/audit").await.assert_ok();
        assert_eq!(elsewhere.get("/audit").await.url, "/login");
        elsewhere.sign_in(&account.login, &account.password).await.assert_status(422);
        elsewhere.sign_in(&account.login, "Weifen-2026-x").await.assert_ok();
    }

    async fn a_guess_at_the_old_password_locks(app: TestApp) {
        let account = app.person(Role::AuditAdmin).create().await;
        let browser = app.browser();
        browser.sign_in(&account.login, &account.password).await.assert_ok();
        for _ in 0..5 {
            change(&browser, "Beichuan-2027", "Weifen-2026-x").await.assert_contains("现在的密码不对");
        }
        change(&browser, &account.password, "Weifen-2026-x").await.assert_status(422).assert_contains("账号已锁定");
    }

    async fn the_last_five_passwords_do_not_come_back(app: TestApp) {
        let account = app.person(Role::AuditAdmin).create().await;
        let browser = app.browser();
        browser.sign_in(&account.login, &account.password).await.assert_ok();
        let mut old = account.password.clone();
        for number in 1..=5 {
            pass(&app, SignedDuration::from_mins(1));
            change(&browser, &old, &account.password).await.assert_status(422).assert_contains("最近用过的 5 个密码");
            let new = format!("Weifen-{number}-road");
            change(&browser, &old, &new).await.assert_contains("密码已换好");
            old = new;
        }
        change(&browser, &old, "Weifen-1-road").await.assert_status(422).assert_contains("最近用过的 5 个密码");
        change(&browser, &old, &account.password).await.assert_contains("密码已换好");
    }

    async fn the_pin_of_a_phone_is_changed_with_the_old_one(app: TestApp) {
        let admin = app.person(Role::SecurityAdmin).browser().await;
        let account = phone_account(&admin, &app, "audit_admin").await;
        let phone = app.browser();
        join(&phone, &invite(&app, &account).await, "802413").await.assert_ok();
        phone.get("/me").await.assert_contains("换 PIN 码").assert_lacks("换密码</summary>").assert_contains("我的手机");
        let change = async |old: &str, new: &str| {
            phone.post("/me/pin", &[("form", "pin"), ("old_pin", old), ("pin", new), ("pin_again", new)]).await
        };
        change("802414", "135790").await.assert_status(422).assert_contains("现在的 PIN 码不对");
        change("802413", "123456").await.assert_status(422).assert_contains("不能是相同或连续的数字");
        change("802413", "802413").await.assert_status(422).assert_contains("和原来的一样");
        change("802413", "135790").await.assert_ok().assert_contains("PIN 码已换好");
        pass(&app, SignedDuration::from_hours(24));
        phone.post("/unlock", &[("pin", "802413")]).await.assert_status(422);
        assert_eq!(phone.post("/unlock", &[("pin", "135790")]).await.url, "/today");
        let password = [("old", "135790"), ("password", "Weifen-2026-x"), ("again", "Weifen-2026-x")];
        phone.post("/me/password", &password).await.assert_status(422).assert_contains("不用密码");
    }

    async fn sessions_are_listed_and_ended_one_by_one(app: TestApp) {
        let account = app.person(Role::AuditAdmin).create().await;
        let (here, there) = (app.browser(), app.browser());
        here.sign_in(&account.login, &account.password).await.assert_ok();
        here.get("/me").await.assert_contains("正在用").assert_contains("电脑上的浏览器").assert_lacks("让它退出</button>");
        there.sign_in(&account.login, &account.password).await.assert_ok();
        let revocation = here.get("/me").await.link("/me/sessions/");
        // Nobody ends somebody else's session by way of their own page.
        let stranger = app.person(Role::AuditAdmin).browser().await;
        stranger.post(&revocation, &[]).await.assert_status(404);
        here.post(&revocation, &[]).await.assert_ok().assert_contains("那里的登录已退出").assert_lacks("让它退出</button>");
        assert_eq!(there.get("/audit").await.url, "/login");
        here.get("/audit").await.assert_ok().assert_contains("强制退出");
        // An administrator does the same from the account's page; who has paused for too long is not listed any more.
        let admin = app.person(Role::SecurityAdmin).create().await;
        let security = app.browser();
        security.sign_in(&admin.login, &admin.password).await.assert_ok();
        let path = format!("/accounts/{}", account.id);
        let revocation = security.get(&path).await.link(&format!("{path}/sessions/"));
        let wrong_account = revocation.replace(&account.id.to_string(), &admin.id.to_string());
        security.post(&wrong_account, &[]).await.assert_status(404);
        security.post(&revocation, &[]).await.assert_ok().assert_contains("那里的登录已退出").assert_lacks("让它退出</button>");
        assert_eq!(here.get("/audit").await.url, "/login");
        here.sign_in(&account.login, &account.password).await.assert_ok();
        security.get(&path).await.assert_contains("让它退出</button>");
        pass(&app, SignedDuration::from_mins(15) + SignedDuration::from_secs(1));
        security.sign_in(&admin.login, &admin.password).await.assert_ok();
        security.get(&path).await.assert_ok().assert_lacks("让它退出</button>");
    }

    async fn roles_are_given_and_taken_back(app: TestApp) {
        let account = app.person(Role::AuditAdmin).create().await;
        let browser = app.browser();
        browser.sign_in(&account.login, &account.password).await.assert_ok();
        let own = app.person(Role::SecurityAdmin).create().await;
        let admin = app.browser();
        admin.sign_in(&own.login, &own.password).await.assert_ok();
        let path = format!("/accounts/{}", account.id);
        admin.get(&path).await.assert_ok().assert_lacks("收回");
        let grant = async |role: &str, reach: &str| {
            admin.post(&format!("{path}/grants"), &[("role", role), ("reach", reach)]).await
        };
        grant("", "").await.assert_status(422).assert_contains("请选择角色").assert_contains("请选择管理范围");
        grant("resident", "tenant").await.assert_status(422).assert_contains("请选择角色");
        grant("system_admin", "tenant").await.assert_status(422).assert_contains("不能由同一个人担任");
        grant("audit_admin", "tenant").await.assert_status(422).assert_contains("已经有这个角色和范围");
        let reach = format!("organisation:{}", app.home.organisation);
        grant("system_admin", &reach).await.assert_status(422).assert_contains("管的是整个社区的系统");
        browser.get("/residents").await.assert_status(403);
        grant("staff", "tenant").await.assert_ok().assert_contains("角色已给").assert_contains("社区工作人员");
        browser.get("/residents").await.assert_ok();
        // The first that is listed is the older one; the last that is left stays.
        let revocation = admin.get(&path).await.link(&format!("{path}/grants/"));
        admin.post(&revocation, &[]).await.assert_ok().assert_contains("角色已收回").assert_lacks("收回</button>");
        admin.post(&revocation, &[]).await.assert_status(404);
        browser.get("/audit").await.assert_status(403);
        // Nobody changes their own roles.
        let mine = format!("/accounts/{}", own.id);
        admin.get(&mine).await.assert_lacks("再给一个角色");
        let refused = admin.post(&format!("{mine}/grants"), &[("role", "staff"), ("reach", "tenant")]).await;
        refused.assert_status(422).assert_contains("不能改自己的角色");
        let log = app.person(Role::AuditAdmin).browser().await.get("/audit").await;
        log.assert_contains("收回授权").assert_contains("社区工作人员");
    }

    async fn the_last_role_stays(app: TestApp) {
        let account = app.person(Role::Staff).create().await.id;
        let grant = grant_of(&app, &app.home, account).await;
        let admin = app.person(Role::SecurityAdmin).browser().await;
        let refused = admin.post(&format!("/accounts/{account}/grants/{grant}/revocation"), &[]).await;
        refused.assert_status(422).assert_contains("账号至少要有一个角色");
    }

    async fn accounts_of_another_community_are_not_found(app: TestApp) {
        let other = app.community("141102004998", "滨河社区").await;
        let stranger = app.person(Role::Secretary).of_community(&other).named("远方来客").create().await;
        let admin = app.person(Role::SecurityAdmin).browser().await;
        admin.get("/accounts").await.assert_ok().assert_lacks("远方来客");
        let path = format!("/accounts/{}", stranger.id);
        admin.get(&path).await.assert_status(404);
        let grant = grant_of(&app, &other, stranger.id).await;
        let session = access::sign_in(&app.db, &app.means, &stranger.login, stranger.password.clone(), "test").await;
        let grant = format!("grants/{grant}/revocation");
        let session = format!("sessions/{}/revocation", session.unwrap().unwrap().id);
        for act in ["invitation", "enabling", "disabling", "password", "grants", &grant, &session] {
            let fields = [("reason", "已离岗"), ("password", "Weifen-2026-x"), ("role", "staff"), ("reach", "tenant")];
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
            assert_eq!(browser.get("/").await.url, "/today", "{role}");
            for (_, path) in parts {
                browser.get(path).await.assert_status(if path == own { 200 } else { 403 });
            }
        }
        let both = [Role::SecurityAdmin, Role::AuditAdmin];
        let grants = both.map(|role| access::Grant { role, reach: access::Reach::Tenant, reach_id: None });
        let new = access::NewAccount {
            name: "李玲".to_owned(),
            organisation: app.home.organisation,
            login: None,
            grants: grants.to_vec(),
        };
        let mut tx = app.db.begin().await.unwrap();
        let refusal = access::create_account(&mut tx, &app.act(), new).await.unwrap_err();
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
