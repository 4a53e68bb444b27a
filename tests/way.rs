//! The way of an issue: what the page tells, and what the database refuses.

use std::collections::BTreeSet;

use db::statements;
use doorstep::access::Role;
use doorstep::issue::{State, Step, TRANSITIONS};

statements! {
    LEAP = "UPDATE issues SET state = 'closed', open = FALSE, move = state || '>closed>closed' WHERE tenant_id = $1";
    SILENT = "UPDATE issues SET state = 'closed', open = FALSE WHERE tenant_id = $1";
    PROPER = "UPDATE issues SET state = 'refused', open = FALSE, move = state || '>refused>refused' WHERE tenant_id = $1";
}

/// The last migration that has a check of moves has exactly those of the table: `accepted>dispatched>dispatched`.
#[test]
fn the_database_knows_the_same_moves() {
    let filed = format!(">{}>{}", Step::Filed.code(), State::Submitted.code());
    let moves = TRANSITIONS.iter().flat_map(|known| {
        known.from.iter().map(|from| {
            let to = known.to.unwrap_or(*from);
            format!("{}>{}>{}", from.code(), known.step.code(), to.code())
        })
    });
    let moves: BTreeSet<String> = std::iter::once(filed).chain(moves).collect();
    let check = doorstep::schema::MIGRATIONS.iter().rev().find_map(|migration| {
        let (_, check) = migration.text.split_once("-- every move of an issue\n")?;
        Some(check.split_once("-- the end of them")?.0)
    });
    let kept: BTreeSet<String> = check.unwrap().split('\'').skip(1).step_by(2).map(str::to_owned).collect();
    assert_eq!(kept, moves);
}

db_test! {
    async fn the_database_takes_no_move_that_is_not_in_the_table(app: TestApp) {
        app.file_issue(Vec::new()).await;
        for wrong in [LEAP, SILENT] {
            let mut tx = app.db.begin().await.unwrap();
            assert!(tx.execute(wrong.bind(app.home.tenant)).await.is_err(), "{}", wrong.name);
        }
        let mut tx = app.db.begin().await.unwrap();
        assert_eq!(tx.execute(PROPER.bind(app.home.tenant)).await.unwrap(), 1);
    }

    async fn the_page_shows_the_whole_table(app: TestApp) {
        let staff = app.person(Role::Staff).browser().await;
        staff.get("/issues").await.assert_contains("/issues/way");
        let page = staff.get("/issues/way").await;
        page.assert_ok();
        for state in State::ALL {
            page.assert_contains(&format!(">{state}</text>"));
        }
        for step in Step::ALL.iter().filter(|step| **step != Step::Filed) {
            page.assert_contains(&format!("<b>{step}</b>"));
        }
        let told: usize = TRANSITIONS.iter().map(|known| if known.is_anytime() { 1 } else { known.from.len() }).sum();
        assert_eq!(page.body.matches("<li><b>").count(), told);
        app.browser().get("/issues/way").await.assert_contains("登录");
    }
}
