//! 法治进校园, what is put right afterwards: a file in which somebody is recognised late, what was written down and is not so, a confirmation on
//! paper, numbers of classes, and what comes first of what is to be done.

use doorstep::access::Role;
use doorstep::lecture;

use crate::lecture::{at, count, team};
use crate::lecture_course::{reviewed, work};
use crate::support::TestApp;

db::statements! {
    COPIED = "SELECT COUNT(*) AS count FROM law_materials WHERE tenant_id = $1 AND size > 0";
    TO_BE_TOLD = "SELECT COUNT(*) AS count FROM lecture_materials WHERE tenant_id = $1 AND erased_at IS NOT NULL AND recalled_at IS NULL";
    ERASED_BEFORE_THAT_WAS_TOLD = "UPDATE lecture_materials SET size = 0, erased_at = $3 WHERE tenant_id = $1 AND id = $2";
}

db_test! {
    async fn a_file_goes_with_its_copies_also_where_it_was_withdrawn_before(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let film = [&b"\0\0\0\x18ftypmp42"[..], &[9; 900]].concat();
        let ids = [reviewed(&app, &team, &film).await, reviewed(&app, &team, &film).await];
        let [late, old] = ids;
        let (staff, code, tenant) = (team.staff(&app).await, app.home.code.clone(), team.community.tenant);
        for id in ids {
            staff.post(&format!("/lecture-materials/{id}/sendings"), &[("code", code.as_str())]).await.assert_ok();
        }
        work(&app).await;
        let address = format!("/lecture-materials/{late}");
        let steps = format!("{address}/steps");
        staff.post(&steps, &[("step", "erase")]).await.assert_status(422).assert_contains("还没有停用");
        // A form that comes back keeps its tick, and the version that was read.
        let page = staff.get(&address).await;
        let version = page.input("version");
        page.assert_lacks("value=\"yes\" checked");
        let page = staff.post(&steps, &[("step", "withdraw"), ("version", "1"), ("erased", "yes"), ("why", "")]).await;
        page.assert_status(422).assert_contains("name=\"erased\" value=\"yes\" checked");
        assert_eq!(page.input("version"), "1");
        // Both are used no more because there is something newer: the copies stay.
        for id in ids {
            let steps = format!("/lecture-materials/{id}/steps");
            staff.post(&steps, &[("step", "withdraw"), ("version", version.as_str()), ("why", "换了新的")]).await.assert_ok().assert_contains("文件也删掉");
        }
        work(&app).await;
        assert_eq!(count(&app, COPIED, app.home.tenant).await, 2);
        // Weeks later somebody is recognised in the one.
        at(&app, "2026-09-20T09:00:00+08:00");
        let staff = team.staff(&app).await;
        staff.post(&steps, &[("step", "erase")]).await.assert_ok().assert_contains("文件也删了").assert_lacks("value=\"erase\"");
        staff.post(&steps, &[("step", "erase")]).await.assert_status(409);
        work(&app).await;
        assert_eq!(count(&app, COPIED, app.home.tenant).await, 1);
        let secretary = app.person(Role::Secretary).browser().await;
        secretary.get(&format!("/law-materials/{late}/file")).await.assert_status(404);
        assert_eq!(lecture::material(&mut app.db.read().await.unwrap(), tenant, late).await.unwrap().size, 0);
        // The other was erased when nobody was told of that yet: the upkeep tells it, once.
        let mut tx = app.db.begin().await.unwrap();
        tx.execute(ERASED_BEFORE_THAT_WAS_TOLD.bind(tenant).bind(old).bind(app.means.now())).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(secretary.download(&format!("/law-materials/{old}/file")).await, film);
        doorstep::upkeep::once(&app.app).await.unwrap();
        work(&app).await;
        secretary.get(&format!("/law-materials/{old}/file")).await.assert_status(404);
        assert_eq!(count(&app, TO_BE_TOLD, tenant).await, 0);
    }
}
