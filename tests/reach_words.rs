//! What everything of a tenant is called where a scope is told: by the kind of the tenant.

use doorstep::access::Role;

const WHOLES: [&str; 3] = ["整个社区", "整个分局", "整个团队"];

db_test! {
    async fn a_scope_is_named_by_the_kind_of_its_tenant(app: TestApp) {
        let bureau = crate::duty::bureau(&app).await;
        let team = crate::lecture::team(&app).await;
        for (whole, community) in WHOLES.into_iter().zip([&app.home, &bureau.community, &team.community]) {
            let security = app.person(Role::SecurityAdmin).of_community(community).browser().await;
            let system = app.person(Role::SystemAdmin).of_community(community).browser().await;
            let robot = [
                ("kind", "wecom"),
                ("name", "值班群"),
                ("place", "community"),
                ("address", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=whole"),
            ];
            let channel = system.post("/channels", &robot).await;
            channel.assert_ok().assert_contains(&format!("<dd>{whole}</dd>"));
            let list = security.get("/accounts").await;
            let account = list.between_all("href=\"/accounts/", "\"").find(|id| *id != "new").unwrap();
            let pages = [
                security.get(&format!("/accounts/{account}")).await,
                security.get("/accounts/new").await,
                security.get("/me").await,
                system.get("/channels").await,
                system.get("/channels/new?kind=wecom").await,
                system.get("/tokens/new").await,
                channel,
            ];
            for page in pages.iter().chain([&list]) {
                page.assert_ok().assert_contains(whole);
                for other in WHOLES.into_iter().filter(|other| *other != whole) {
                    page.assert_lacks(other);
                }
            }
            // Whoever looks after the whole system is told by the same name that nothing less will do.
            let organisation = community.organisation.to_string();
            let reach = format!("organisation:{organisation}");
            let form = [("name", "李玲"), ("organisation", organisation.as_str()), ("role", "audit_admin"), ("reach", reach.as_str())];
            security.post("/accounts", &form).await.assert_status(422).assert_contains(&format!("管的是{whole}的系统"));
        }
    }
}
