//! Who gives time and who does not, who looks again, and what is said of it afterwards.

use doorstep::access::{Act, Role};
use doorstep::hazard::{self, Answer, Contact, Correction, Kind, Level, Mode, Owner, State, Supervision, Words};
use jiff::SignedDuration;
use uuid::Uuid;

use super::{Bureau, bureau, fixed, in_days, known, new, refused, register};
use crate::support::TestApp;

fn outside() -> Owner {
    Owner::Outside(Contact { name: "李强".to_owned(), phone: String::new() })
}

/// Given to somebody outside by the first officer, to be fixed within so many days.
async fn given(app: &TestApp, bureau: &Bureau, grading: (Level, Mode), days: i64) -> Uuid {
    let id = register(app, &bureau.first, new(&bureau.school, 120)).await;
    step!(app, bureau.first, id, grade, grading, "").unwrap();
    step!(app, bureau.first, id, assign, (outside(), "物业"), Some(in_days(app, days)), "清理通道").unwrap();
    id
}

db_test! {
    async fn whoever_passes_it_on_gains_no_time(app: TestApp) {
        let bureau = bureau(&app).await;
        let id = given(&app, &bureau, (Level::General, Mode::Dated), 5).await;
        let due = known(&app, id).await.due_at;
        app.means.clock.set(in_days(&app, 2));
        let own = || Owner::Own(bureau.first.account.unwrap());
        step!(app, bureau.first, id, assign, (own(), "派出所"), Some(in_days(&app, 20)), "自己来").unwrap();
        assert_eq!(known(&app, id).await.due_at, due);
        step!(app, bureau.second, id, assign, (own(), "派出所"), Some(in_days(&app, 20)), "还是他").unwrap();
        assert_eq!(known(&app, id).await.due_at, due);
        // Who leads may say another day, within the term that runs from when it was first given to somebody.
        let later = in_days(&app, 20);
        step!(app, bureau.commander, id, assign, (outside(), "物业"), Some(later), "物业来").unwrap();
        assert_eq!(known(&app, id).await.due_at, later);
        refused(step!(app, bureau.commander, id, extend, in_days(&app, 29), "来不及"), "时限最长 30 天，最晚到 12月23日");
        step!(app, bureau.commander, id, extend, in_days(&app, 27), "来不及").unwrap();
        // Of what is to be fixed at once nobody gets a second day by handing it over.
        let id = register(&app, &bureau.first, new(&bureau.school, 10)).await;
        step!(app, bureau.first, id, grade, (Level::General, Mode::Immediate), "").unwrap();
        step!(app, bureau.first, id, assign, (outside(), "便利店"), None, "下架").unwrap();
        let due = known(&app, id).await.due_at;
        app.means.clock.set(app.means.now() + SignedDuration::from_hours(20));
        for act in [&bureau.first, &bureau.commander] {
            step!(app, act, id, assign, (own(), "派出所"), None, "换人").unwrap();
            assert_eq!(known(&app, id).await.due_at, due);
        }
    }

    async fn another_body_cannot_put_off_its_answer_for_ever(app: TestApp) {
        let bureau = bureau(&app).await;
        let id = register(&app, &bureau.first, new(&bureau.school, 120)).await;
        step!(app, bureau.first, id, grade, (Level::General, Mode::Dated), "").unwrap();
        step!(app, bureau.first, id, transfer, ("城市管理局", in_days(&app, 7)), "请取缔").unwrap();
        app.means.clock.set(in_days(&app, 20));
        refused(step!(app, bureau.first, id, heard, in_days(&app, 15), "在办"), "时限最长 30 天");
        step!(app, bureau.first, id, heard, in_days(&app, 9), "在办").unwrap();
        assert_eq!(known(&app, id).await.due_at, in_days(&app, 9));
        // It never answers: who leads takes it back, and it goes to another.
        step!(app, bureau.commander, id, recall, "催了四次都没有回复").unwrap();
        let back = known(&app, id).await;
        assert_eq!((back.state, back.reply_due_at, back.transferred_to), (State::Graded, None, None));
        let told = hazard::transfers(&mut app.db.read().await.unwrap(), app.home.tenant, id).await.unwrap();
        assert_eq!(told[0].answer, Some(Answer::Unanswered));
        step!(app, bureau.first, id, transfer, ("镇政府", in_days(&app, 7)), "请劝离").unwrap();
        assert_eq!(known(&app, id).await.transferred_to.as_deref(), Some("镇政府"));
    }

    async fn another_level_gives_less_time_and_never_more(app: TestApp) {
        let bureau = bureau(&app).await;
        let id = given(&app, &bureau, (Level::Major, Mode::Dated), 80).await;
        step!(app, bureau.commander, id, regrade, (Level::General, Mode::Dated), "没有那么严重").unwrap();
        let month = known(&app, id).await.due_at;
        assert!(month > in_days(&app, 29) && month < in_days(&app, 31), "{month}");
        step!(app, bureau.commander, id, regrade, (Level::Major, Mode::Immediate), "严重").unwrap();
        assert_eq!(known(&app, id).await.due_at, in_days(&app, 1));
        step!(app, bureau.commander, id, regrade, (Level::Major, Mode::Dated), "限期").unwrap();
        assert_eq!(known(&app, id).await.due_at, in_days(&app, 1));
        // What waits to be given to somebody does not wait longer for it.
        let id = register(&app, &bureau.first, new(&bureau.school, 120)).await;
        step!(app, bureau.first, id, grade, (Level::General, Mode::Dated), "").unwrap();
        let due = known(&app, id).await.due_at;
        app.means.clock.set(app.means.now() + SignedDuration::from_hours(20));
        step!(app, bureau.commander, id, regrade, (Level::Major, Mode::Dated), "严重").unwrap();
        assert_eq!(known(&app, id).await.due_at, due);
    }

    async fn a_sign_makes_nothing_less_late(app: TestApp) {
        let bureau = bureau(&app).await;
        let id = register(&app, &bureau.first, new(&bureau.school, 120)).await;
        step!(app, bureau.first, id, grade, (Level::Major, Mode::Dated), "").unwrap();
        let due = known(&app, id).await.due_at;
        app.means.clock.set(in_days(&app, 2));
        for _ in 0..2 {
            step!(app, bureau.commander, id, list, (Supervision::County, in_days(&app, 9)), "尽快").unwrap();
            assert_eq!(known(&app, id).await.due_at, due);
        }
        // Its owner does not put off the day of the sign, nor take the sign down.
        let own = Owner::Own(bureau.commander.account.unwrap());
        step!(app, bureau.first, id, assign, (own, "分局"), Some(in_days(&app, 20)), "清理").unwrap();
        let later = (Supervision::City, in_days(&app, 30));
        refused(step!(app, bureau.commander, id, list, later, "再等等"), "由责任人以外的人定");
        step!(app, bureau.first, id, fix, Words { words: "清理了", photos: &[bureau.photo] }).unwrap();
        step!(app, bureau.second, id, pass, Words::from("通畅")).unwrap();
        refused(step!(app, bureau.commander, id, unlist, "到位"), "没有参与整改的人");
    }

    async fn whoever_was_to_fix_it_does_not_look_again(app: TestApp) {
        let bureau = bureau(&app).await;
        let own = Owner::Own(bureau.first.account.unwrap());
        let id = register(&app, &bureau.first, new(&bureau.school, 120)).await;
        step!(app, bureau.commander, id, grade, (Level::General, Mode::Dated), "").unwrap();
        step!(app, bureau.commander, id, assign, (own, "派出所"), Some(in_days(&app, 5)), "劝离").unwrap();
        step!(app, bureau.first, id, assign, (outside(), "物业"), None, "物业来").unwrap();
        step!(app, bureau.second, id, fix, Words { words: "劝离了", photos: &[bureau.photo] }).unwrap();
        refused(step!(app, bureau.first, id, pass, Words::from("没有了")), "没有参与整改的人");
        step!(app, bureau.commander, id, pass, Words::from("没有了")).unwrap();

        // Nor does anybody get rid of their part in it by having it begun anew before it was struck off.
        let id = given(&app, &bureau, (Level::General, Mode::Dated), 5).await;
        step!(app, bureau.commander, id, progress, Words::from("和物业一起清了一半")).unwrap();
        step!(app, bureau.second, id, fix, Words { words: "清完了", photos: &[bureau.photo] }).unwrap();
        step!(app, bureau.first, id, pass, Words::from("通畅")).unwrap();
        refused(step!(app, bureau.commander, id, close, ""), "没有参与整改的人");
        step!(app, bureau.commander, id, reopen, "再看看").unwrap();
        let again = known(&app, id).await;
        assert_eq!((again.state, again.turn), (State::Graded, 1));
        step!(app, bureau.first, id, assign, (outside(), "物业"), Some(in_days(&app, 5)), "清理通道").unwrap();
        step!(app, bureau.second, id, fix, Words { words: "清完了", photos: &[bureau.photo] }).unwrap();
        refused(step!(app, bureau.commander, id, pass, Words::from("通畅")), "没有参与整改的人");
    }

    async fn what_did_not_hold_does_not_stand_in_the_ledger(app: TestApp) {
        let bureau = bureau(&app).await;
        let id = fixed(&app, &bureau, Level::General).await;
        step!(app, bureau.second, id, fail, in_days(&app, 3), Words::from("又来了")).unwrap();
        let failed = known(&app, id).await;
        assert_eq!((failed.result.as_str(), failed.fixed_at), ("", None));
        step!(app, bureau.first, id, fix, Words { words: "都劝离了", photos: &[bureau.photo] }).unwrap();
        step!(app, bureau.second, id, pass, Words::from("没有了")).unwrap();
        step!(app, bureau.commander, id, close, "").unwrap();
        step!(app, bureau.commander, id, reopen, "反弹").unwrap();
        let again = known(&app, id).await;
        assert_eq!((again.turn, again.owner_id, again.fix_due_at), (2, None, None));
        for said in [&again.result, &again.conclusion, &again.measures, &again.owner_unit] {
            assert_eq!(said, "");
        }
    }

    async fn a_letter_stays_as_it_was_sent(app: TestApp) {
        let bureau = bureau(&app).await;
        let id = register(&app, &bureau.first, new(&bureau.school, 120)).await;
        step!(app, bureau.first, id, grade, (Level::General, Mode::Dated), "").unwrap();
        let letter = step!(app, bureau.first, id, transfer, ("城市管理局", in_days(&app, 7)), "请取缔").unwrap();
        let officer = app.person(doorstep::access::Role::DutyStaff).browser().await;
        let path = format!("/hazards/{id}/transfers/{letter}");
        let sent = officer.get(&path).await;
        sent.assert_ok().assert_contains("2026年11月30日").assert_contains("流动摊贩");
        step!(app, bureau.first, id, heard, in_days(&app, 12), "在办").unwrap();
        step!(app, bureau.commander, id, regrade, (Level::Major, Mode::Dated), "严重").unwrap();
        let to = Correction { gate: None, distance: 300, place: "南门外".to_owned(), kind: Kind::Construction };
        step!(app, bureau.first, id, correct, to.clone(), "写错了").unwrap();
        refused(step!(app, bureau.first, id, correct, to, "写错了"), "没有要更正的");
        let now = known(&app, id).await;
        assert_eq!((now.place.as_str(), now.distance, now.kind), ("南门外", 300, Kind::Construction));
        let again = officer.get(&path).await;
        let paper = |page: &crate::support::Page| page.body.split_once("<article").map(|(_, rest)| rest.to_owned()).unwrap();
        assert_eq!(paper(&again), paper(&sent));
        officer.get(&format!("/hazards/{id}")).await.assert_contains("对方说到 2026年12月5日").assert_contains("离校门 120 米改为 300 米");
    }

    async fn what_was_fixed_in_time_is_counted_without_what_another_body_has_fixed(app: TestApp) {
        let bureau = bureau(&app).await;
        let mut own = Vec::new();
        for _ in 0..4 {
            own.push(fixed(&app, &bureau, Level::General).await);
        }
        let late = given(&app, &bureau, (Level::General, Mode::Dated), 1).await;
        let theirs = given(&app, &bureau, (Level::General, Mode::Dated), 1).await;
        step!(app, bureau.first, theirs, transfer, ("城市管理局", in_days(&app, 7)), "请取缔").unwrap();
        app.means.clock.set(in_days(&app, 2));
        let words = Words { words: "通道清了", photos: &[bureau.photo] };
        for id in [late, theirs] {
            step!(app, bureau.first, id, fix, words).unwrap();
        }
        let officer = app.person(Role::DutyStaff).browser().await;
        let page = officer.get("/hazards/figures").await;
        page.assert_ok().assert_contains("<b>80.0%</b>按期整改率").assert_contains("没有超的 4 ÷ 整改完的 5。");
        // What turns out not to be fixed is not counted, and counts again when it is.
        step!(app, bureau.second, own[0], fail, in_days(&app, 3), Words::from("又来了")).unwrap();
        let page = officer.get("/hazards/figures").await;
        page.assert_contains("<b>—</b>按期整改率").assert_contains("没有超的 3 ÷ 整改完的 4。");
        step!(app, bureau.first, own[0], fix, words).unwrap();
        officer.get("/hazards/figures").await.assert_contains("没有超的 4 ÷ 整改完的 5。");
    }
}
