use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use db::{Db, statements};
use doorstep::access::{self, Act, Grant, NewAccount, Reach, Role, TenantKind};
use doorstep::app::{App, router};
use doorstep::config::{Config, Outgoing};
use doorstep::issue::{self, Category, NewIssue, Place, Reporter, Source};
use doorstep::keys::Keys;
use doorstep::means::{Chance, Clock, Means};
use jiff::Timestamp;
use tokio::net::TcpListener;
use uuid::Uuid;

use super::{Browser, Engine, Storage, fresh};

statements! {
    WAITING = "SELECT COUNT(*) AS count FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
}

/// The program, listening on a port of its own, with a clock that the story sets, chance that a seed decides, and one
/// community, `home`.
pub struct TestApp {
    pub app: App,
    pub db: Db,
    pub means: Means,
    /// Without a slash at the end.
    pub url: String,
    pub home: Community,
    pub engine: Engine,
    _storage: Storage,
}

/// A tenant of a test.
#[derive(Debug, Clone)]
pub struct Community {
    pub tenant: Uuid,
    pub code: String,
    pub name: String,
    /// Its first organisation, the community itself.
    pub organisation: Uuid,
}

/// Somebody with a login name and a password.
#[derive(Debug, Clone)]
pub struct Account {
    pub id: Uuid,
    pub login: String,
    pub password: String,
}

/// An account in the making: in `home`, for the whole tenant, unless told otherwise.
#[must_use]
pub struct NewPerson<'a> {
    app: &'a TestApp,
    tenant: Uuid,
    new: NewAccount,
}

impl TestApp {
    /// Starts on Monday, 23 November 2026, at nine in the morning.
    pub async fn start(engine: Engine) -> TestApp {
        let (db, storage) = fresh(engine).await;
        let chance = Chance::seeded(20261123);
        let keys = Arc::new(Keys::generate(&chance));
        let morning: Timestamp = "2026-11-23T09:00:00+08:00".parse().expect("a moment");
        let means = Means { clock: Clock::at(morning), chance, keys };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let config = Config {
            public_url: url.clone(),
            trusted_proxies: Vec::new(),
            public_posts_per_hour: NonZeroU32::MAX,
            sign_ins_per_hour: NonZeroU32::MAX,
            token_requests_per_minute: NonZeroU32::MAX,
            outgoing: Outgoing::default(),
        };
        let app = App::new(db.clone(), means.clone(), config);
        let service = router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        let home = community(&db, &means, "141102004999", "尉汾路社区").await;
        TestApp { app, db, means, url, home, engine, _storage: storage }
    }

    /// Another tenant of the same installation.
    pub async fn community(&self, code: &str, name: &str) -> Community {
        community(&self.db, &self.means, code, name).await
    }

    /// Begins an account with a role.
    pub fn person(&self, role: Role) -> NewPerson<'_> {
        let new = NewAccount {
            name: role.label().to_owned(),
            organisation: self.home.organisation,
            login: None,
            grants: vec![Grant { role, reach: Reach::Tenant, reach_id: None }],
        };
        NewPerson { app: self, tenant: self.home.tenant, new }
    }

    /// A browser of its own, without cookies.
    pub fn browser(&self) -> Browser {
        Browser::new(&self.url)
    }

    /// A browser in which somebody has signed in.
    pub async fn browser_of(&self, account: &Account) -> Browser {
        let link = access::sign_in(&self.db, &self.means, &account.login, account.password.clone(), "test").await;
        let browser = self.browser();
        browser.set_cookie("session", &link.expect("signed in").expect("the right password").to_string());
        browser
    }

    /// A report of a resident who leaves no name, with photos that have been taken in; filed in `home`.
    pub async fn file_issue(&self, photos: Vec<Uuid>) -> Uuid {
        self.file_issue_of(None, photos).await
    }

    pub async fn file_issue_of(&self, reporter: Option<Reporter>, photos: Vec<Uuid>) -> Uuid {
        let new = NewIssue {
            source: Source::Web,
            category: Category::Lighting,
            description: "路灯不亮".to_owned(),
            place: Place::Community,
            place_text: String::new(),
            reporter,
            photos,
        };
        let mut tx = self.db.begin().await.expect("a transaction");
        let filed = issue::file(&mut tx, &self.act(), new).await.expect("filed");
        tx.commit().await.expect("committed");
        filed.id
    }

    /// Until somebody waits for what another transaction holds. On SQLite nobody sees that, and whoever begins later waits anyway.
    ///
    /// # Panics
    /// When nobody does within half a minute.
    pub async fn until_somebody_waits(&self) {
        let end = Instant::now() + Duration::from_secs(30);
        let waiting = async || {
            let mut tx = self.db.read().await.expect("a transaction");
            tx.rows(WAITING).await.expect("counted")[0].get::<i64>("count").expect("a number")
        };
        while self.engine == Engine::Postgres && waiting().await == 0 {
            assert!(Instant::now() < end, "nobody waits");
        }
    }

    /// The program itself doing something in `home`, now.
    pub fn act(&self) -> Act {
        Act::system(self.home.tenant, &self.means)
    }
}

async fn community(db: &Db, means: &Means, code: &str, name: &str) -> Community {
    let act = Act::system(means.id(), means);
    let mut tx = db.begin().await.expect("a transaction");
    let organisation = access::create_tenant(&mut tx, &act, TenantKind::Community, code, name).await;
    let organisation = organisation.expect("a tenant");
    tx.commit().await.expect("committed");
    Community { tenant: act.tenant, code: code.to_owned(), name: name.to_owned(), organisation }
}

impl NewPerson<'_> {
    pub fn of_community(mut self, community: &Community) -> Self {
        self.tenant = community.tenant;
        self.new.organisation = community.organisation;
        self
    }

    /// Another role beside the first, for one estate, grid or organisation.
    pub fn and(mut self, role: Role, reach: Reach, id: Uuid) -> Self {
        self.new.grants.push(Grant { role, reach, reach_id: Some(id) });
        self
    }

    pub fn of_organisation(mut self, organisation: Uuid) -> Self {
        self.new.organisation = organisation;
        self
    }

    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.new.name);
        self
    }

    /// Limits the role to one estate, grid or organisation.
    pub fn reaching(mut self, reach: Reach, id: Uuid) -> Self {
        for grant in &mut self.new.grants {
            (grant.reach, grant.reach_id) = (reach, Some(id));
        }
        self
    }

    pub async fn create(mut self) -> Account {
        let login = format!("u{}", self.app.means.chance.code(8).to_lowercase());
        let password = "Beichuan-2026".to_owned();
        self.new.login = Some((login.clone(), password.clone()));
        let act = Act::system(self.tenant, &self.app.means);
        let mut tx = self.app.db.begin().await.expect("a transaction");
        let id = access::create_account(&mut tx, &act, self.new).await.expect("an account");
        tx.commit().await.expect("committed");
        Account { id, login, password }
    }

    /// Creates the account and signs it in.
    pub async fn browser(self) -> Browser {
        let app = self.app;
        app.browser_of(&self.create().await).await
    }
}
