//! What a period came to: what is owed by the year counted by the year, a lecture for one agreement, terms as they were, the workbook as the page.

use std::io::Cursor;

use calamine::{Reader, Xlsx, open_workbook_from_rs};
use doorstep::lecture::{self, SessionSketch};

use crate::lecture::{Team, at, date, team};
use crate::lecture_balance::{give, given, next, short};
use crate::support::TestApp;

db::statements! {
    END_CLASS = "UPDATE lecture_classes SET closed_at = $3 WHERE tenant_id = $1 AND id = $2";
    LATER_TERM = "INSERT INTO lecture_terms (tenant_id, id, name, first_day, last_day) VALUES ($1, $2, $3, $4, $5)";
    END_SCHOOL = "UPDATE lecture_schools SET closed_at = $3 WHERE tenant_id = $1 AND id = $2";
}

pub async fn summary(app: &TestApp, team: &Team, days: (&str, &str)) -> lecture::Summary {
    let days = (date(days.0), date(days.1));
    lecture::summary(&mut app.db.read().await.unwrap(), team.community.tenant, days).await.unwrap()
}

/// The years of a school's agreements with what was given in each and what they intend.
fn agreed(standing: &lecture::Standing) -> Vec<(String, i64, i64)> {
    let one = |one: &lecture::AgreedYear| (format!("{} {}", one.days.0, one.days.1), one.given, one.intended);
    standing.agreed.iter().map(one).collect()
}

db_test! {
    async fn what_is_owed_by_the_year_is_counted_by_the_year(app: TestApp) {
        at(&app, "2026-03-02T09:00:00+08:00");
        let team = team(&app).await;
        let tenant = team.community.tenant;
        let mut tx = app.db.begin().await.unwrap();
        let act = team.act(&app);
        lecture::add_term(&mut tx, &act, None, "2026年春季学期", (date("2026-03-02"), date("2026-07-10"))).await.unwrap();
        // 法治副校长, appointed anew in the summer; an agreement of four sessions a year.
        lecture::appoint(&mut tx, &act, team.school, team.lecturers[0], (date("2025-09-01"), date("2026-07-31"))).await.unwrap();
        lecture::appoint(&mut tx, &act, team.school, team.lecturers[0], (date("2026-08-01"), date("2029-07-31"))).await.unwrap();
        lecture::add_agreement(&mut tx, &act, team.school, ("检校共建", (date("2026-01-01"), date("2028-12-31")), 4)).await.unwrap();
        tx.commit().await.unwrap();
        given(&app, &team, &short(&team, "2026-04-14", ("14:30", "16:00"), 0, 0)).await;
        at(&app, "2026-08-28T09:00:00+08:00");
        given(&app, &team, &short(&team, "2026-09-08", ("14:30", "16:00"), 0, 1)).await;
        at(&app, "2026-09-09T09:00:00+08:00");
        given(&app, &team, &short(&team, "2026-09-22", ("14:30", "16:00"), 1, 2)).await;
        // A term shows what was given within it, and what is owed by the year against the year.
        let autumn = summary(&app, &team, ("2026-09-01", "2026-12-31")).await;
        let standing = &autumn.standings[0];
        assert_eq!((standing.sessions, standing.class_hours), (2, 4));
        assert_eq!(standing.vice_words(4), "武晓峰 2026 年 4 课时", "two in spring and two in autumn, over two posts");
        assert_eq!(agreed(standing), [("2026-01-01 2026-12-31".to_owned(), 3, 4)]);
        // 常态化: each term against its part of what is intended.
        let terms: Vec<(&str, i64, Option<i64>)> = autumn.terms.iter().map(|one| (one.term.as_str(), one.sessions, one.intended)).collect();
        assert_eq!(terms, [("2026年秋季学期", 2, Some(2))]);
        let whole = summary(&app, &team, ("2026-01-01", "2026-12-31")).await;
        let terms: Vec<(&str, i64, Option<i64>)> = whole.terms.iter().map(|one| (one.term.as_str(), one.sessions, one.intended)).collect();
        assert_eq!(terms, [("2026年春季学期", 1, Some(2)), ("2026年秋季学期", 2, Some(2))]);
        // A class that has left and a school to which nobody goes any more are still in what was.
        let first = app.means.now().as_millisecond();
        let mut tx = app.db.begin().await.unwrap();
        tx.execute(END_CLASS.bind(tenant).bind(team.classes[0]).bind(first)).await.unwrap();
        let known = lecture::school(&mut tx, tenant, team.school).await.unwrap();
        tx.execute(END_SCHOOL.bind(tenant).bind(team.school).bind(first)).await.unwrap();
        tx.commit().await.unwrap();
        at(&app, "2026-10-12T09:00:00+08:00");
        let mut tx = app.db.begin().await.unwrap();
        lecture::add_class(&mut tx, &team.act(&app), &known, (7, "1班", 50)).await.unwrap();
        tx.commit().await.unwrap();
        let spring = summary(&app, &team, ("2026-03-02", "2026-07-10")).await;
        assert_eq!((spring.standings[0].reached, spring.standings[0].classes), (2, 2), "the class that came in October is none of theirs");
        let autumn = summary(&app, &team, ("2026-09-01", "2026-12-31")).await;
        assert_eq!((autumn.standings[0].reached, autumn.standings[0].classes), (2, 3));
        assert_eq!(summary(&app, &team, ("2026-11-01", "2026-11-30")).await.standings.len(), 0);
        // Nothing was given before the year began.
        let past = summary(&app, &team, ("2025-01-01", "2025-12-31")).await;
        assert_eq!(past.standings[0].vice_words(4), "武晓峰 2025 年 0 课时，还差 4");
    }

    async fn an_agreement_is_counted_by_its_own_years_and_a_lecture_once(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let mut tx = app.db.begin().await.unwrap();
        let act = team.act(&app);
        // By school years, renewed in the summer.
        lecture::add_agreement(&mut tx, &act, team.school, ("检校共建", (date("2025-09-01"), date("2026-08-31")), 4)).await.unwrap();
        lecture::add_agreement(&mut tx, &act, team.school, ("检校共建（续签）", (date("2026-09-01"), date("2027-08-31")), 4)).await.unwrap();
        let days = (date("2026-09-01"), date("2026-10-31"));
        let campaign = lecture::add_campaign(&mut tx, &act, ("护航开学季", days, 3)).await.unwrap();
        tx.commit().await.unwrap();
        for (day, now) in [("2026-09-08", "2026-08-28T09:00:00+08:00"), ("2026-10-13", "2026-09-09T09:00:00+08:00")] {
            at(&app, now);
            given(&app, &team, &SessionSketch { campaign: Some(campaign), ..short(&team, day, ("14:30", "16:00"), 0, 0) }).await;
        }
        let whole = summary(&app, &team, ("2026-01-01", "2026-12-31")).await;
        let of = |first: &str, last: &str, given: i64| (format!("{first} {last}"), given, 4i64);
        assert_eq!(agreed(&whole.standings[0]), [of("2025-09-01", "2026-08-31", 0), of("2026-09-01", "2027-08-31", 2)]);
        let page = team.staff(&app).await.get("/lecture-summary?first=2026-01-01&last=2026-12-31").await;
        page.assert_ok().assert_contains("2026-09-01 到 2027-08-31 2 / 4");
        // Its part of the year is the term's by its days, whether or not other terms are entered.
        let terms = |found: &lecture::Summary| found.terms.iter().map(|one| (one.sessions, one.intended)).collect::<Vec<_>>();
        assert_eq!(terms(&whole), [(2, Some(2))], "122 of 273 days of four");
        let mut tx = app.db.begin().await.unwrap();
        lecture::add_term(&mut tx, &team.act(&app), None, "2027年春季学期", (date("2027-03-01"), date("2027-07-09"))).await.unwrap();
        lecture::add_term(&mut tx, &team.act(&app), None, "2026年春季学期", (date("2026-03-02"), date("2026-07-10"))).await.unwrap();
        tx.commit().await.unwrap();
        let autumn = summary(&app, &team, ("2026-09-01", "2026-09-30")).await;
        assert_eq!(terms(&autumn), [(2, Some(2))]);
        // All that was given in a campaign stands against all that it intends, whatever part of it is looked at.
        assert_eq!(autumn.standings[0].sessions, 1);
        assert_eq!(autumn.campaigns, [("护航开学季".to_owned(), 2, 3)]);
        // Another agreement beside it: each lecture is of the year that is over first, until that has all of its own.
        let mut tx = app.db.begin().await.unwrap();
        lecture::add_agreement(&mut tx, &team.act(&app), team.school, ("专题共建", (date("2026-07-01"), date("2026-12-31")), 1)).await.unwrap();
        tx.commit().await.unwrap();
        let found = summary(&app, &team, ("2026-09-01", "2026-12-31")).await;
        let other = ("2026-07-01 2026-12-31".to_owned(), 1, 1);
        assert_eq!(agreed(&found.standings[0]), [other, of("2026-09-01", "2027-08-31", 1)]);
    }

    async fn a_class_that_signs_in_with_nobody_was_not_reached(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let tenant = team.community.tenant;
        let id = team.propose(&app, &short(&team, "2026-09-08", ("14:30", "16:00"), 0, 0)).await.unwrap();
        let mut tx = app.db.begin().await.unwrap();
        let known = lecture::session(&mut tx, tenant, id).await.unwrap();
        lecture::agree(&mut tx, &team.act(&app), &known, known.lock_version, false).await.unwrap();
        tx.commit().await.unwrap();
        at(&app, "2026-09-08T14:25:00+08:00");
        let mut tx = app.db.begin().await.unwrap();
        let known = lecture::session(&mut tx, tenant, id).await.unwrap();
        let classes = lecture::classes(&mut tx, tenant, team.school).await.unwrap();
        for class in &classes {
            let present = if class.grade == 7 { 48 } else { 0 };
            lecture::sign_in(&mut tx, &team.act(&app), &known, class, present).await.unwrap();
        }
        tx.commit().await.unwrap();
        give(&app, &team, id).await;
        let found = summary(&app, &team, ("2026-09-01", "2026-12-31")).await;
        assert_eq!((found.standings[0].reached, found.standings[0].classes), (1, 2));
        let heard: Vec<(i64, i64)> = found.rows.iter().map(|row| (row.grade, row.counts.iter().sum())).collect();
        assert_eq!(heard, [(7, 1), (8, 0)]);
        team.staff(&app).await.get("/lecture-summary").await.assert_contains("石楼中学八年级一次课也没有");
        let found = next(&app, &team, None).await.unwrap();
        assert_eq!(found.needs[0].heard.keys().copied().collect::<Vec<_>>(), [(7, team.topics[0])]);
        assert_eq!(found.balance.suggestions[0].grade, 8, "who were not there come first");
    }

    async fn the_workbook_says_what_the_page_says(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let question = team.question(&app, 0).await;
        let mut tx = app.db.begin().await.unwrap();
        let days = (date("2026-09-01"), date("2026-09-30"));
        let campaign = lecture::add_campaign(&mut tx, &team.act(&app), ("护航开学季", days, 3)).await.unwrap();
        tx.commit().await.unwrap();
        let sketch = SessionSketch { campaign: Some(campaign), ..team.sketch("2026-09-08T14:30:00+08:00", "2026-09-08T16:00:00+08:00") };
        let id = team.propose(&app, &sketch).await.unwrap();
        let mut tx = app.db.begin().await.unwrap();
        let known = lecture::session(&mut tx, team.community.tenant, id).await.unwrap();
        lecture::agree(&mut tx, &team.act(&app), &known, known.lock_version, false).await.unwrap();
        tx.commit().await.unwrap();
        let sheets = async |phase, right: usize| {
            for n in 0..6 {
                let answer = usize::from(n < right);
                let sheet = lecture::Sheet { class: team.classes[0], answers: vec![(question, answer)], score: None };
                let mut tx = app.db.begin().await.unwrap();
                let known = lecture::session(&mut tx, team.community.tenant, id).await.unwrap();
                lecture::hand_in(&mut tx, &team.act(&app), (&known, phase), &sheet).await.unwrap();
                tx.commit().await.unwrap();
            }
            let mut tx = app.db.begin().await.unwrap();
            let known = lecture::session(&mut tx, team.community.tenant, id).await.unwrap();
            lecture::close_quiz(&mut tx, &team.act(&app), &known, phase).await.unwrap();
            tx.commit().await.unwrap();
        };
        sheets(lecture::Phase::Before, 2).await;
        give(&app, &team, id).await;
        sheets(lecture::Phase::After, 6).await;
        let staff = team.staff(&app).await;
        let said = ["1 场，2 课时", "2 / 2", "课前 33.3%，课后 100.0%，提高 66.7 个百分点", "“护航开学季”讲了 1 场，打算讲 3 场", "“校园欺凌”哪里都没有讲过"];
        let page = staff.get("/lecture-summary").await;
        page.assert_ok();
        let mut book: Xlsx<_> = open_workbook_from_rs(Cursor::new(staff.download("/lecture-summary/workbook").await)).unwrap();
        assert_eq!(book.sheet_names(), ["概况", "各校情况", "常态化", "主题和年级"]);
        let sheet = book.worksheet_range("概况").unwrap();
        let cells: Vec<String> = sheet.rows().flatten().map(ToString::to_string).collect();
        for words in said {
            page.assert_contains(words);
            assert!(cells.iter().any(|cell| cell.contains(words)), "{words}: {cells:?}");
        }
    }

    async fn a_shorter_agreement_intends_by_its_days_wherever_it_is_said(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let mut tx = app.db.begin().await.unwrap();
        let days = (date("2026-09-01"), date("2027-01-31"));
        lecture::add_agreement(&mut tx, &team.act(&app), team.school, ("检校共建", days, 4)).await.unwrap();
        tx.commit().await.unwrap();
        let found = summary(&app, &team, ("2026-09-01", "2026-12-31")).await;
        assert_eq!(agreed(&found.standings[0]), [("2026-09-01 2027-01-31".to_owned(), 0, 2)], "153 of 365 days of four");
        let terms: Vec<Option<i64>> = found.terms.iter().map(|one| one.intended).collect();
        assert_eq!(terms, [Some(2)]);
        let page = team.staff(&app).await.get("/lecture-summary?first=2026-09-01&last=2026-12-31").await;
        page.assert_ok().assert_contains("2026-09-01 到 2027-01-31 0 / 2").assert_lacks("0 / 4");
    }

    async fn a_term_in_which_lectures_were_given_stays_and_is_found_however_many_there_are(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        given(&app, &team, &short(&team, "2026-09-08", ("14:30", "16:00"), 0, 0)).await;
        let lead = team.lead(&app).await;
        let removals = async || {
            let page = lead.get("/lecture-terms").await;
            let found = page.between_all("action=\"", "\"").filter(|to| to.starts_with("/lecture-terms/") && to.ends_with("/removal"));
            found.map(str::to_owned).collect::<Vec<String>>()
        };
        let given_in = removals().await;
        assert_eq!(given_in.len(), 1);
        lead.post(&given_in[0], &[]).await.assert_status(422).assert_contains("“2026年秋季学期”里已经讲过 1 场课");
        // One in which nothing was given goes.
        let mut tx = app.db.begin().await.unwrap();
        let days = (date("2027-03-01"), date("2027-07-09"));
        lecture::add_term(&mut tx, &team.act(&app), None, "2027年春季学期", days).await.unwrap();
        tx.commit().await.unwrap();
        let later = removals().await.into_iter().find(|to| *to != given_in[0]).unwrap();
        lead.post(&later, &[]).await.assert_ok().assert_lacks("2027年春季学期");
        // Whatever came since, a report of those days has the terms of those days.
        let mut tx = app.db.begin().await.unwrap();
        let row = |_| LATER_TERM.bind(team.community.tenant).bind(app.means.id()).bind("以后的学期").bind("2101-03-01").bind("2101-07-01");
        tx.execute_many(LATER_TERM, (0..501).map(row).collect()).await.unwrap();
        tx.commit().await.unwrap();
        let found = summary(&app, &team, ("2026-09-01", "2026-12-31")).await;
        let terms: Vec<(&str, i64)> = found.terms.iter().map(|one| (one.term.as_str(), one.sessions)).collect();
        assert_eq!(terms, [("2026年秋季学期", 1)]);
        // The first term of a school's own, which comes later, takes nothing from those that were.
        let mut tx = app.db.begin().await.unwrap();
        lecture::add_term(&mut tx, &team.act(&app), Some(team.school), "2027年春季学期", days).await.unwrap();
        tx.commit().await.unwrap();
        let found = summary(&app, &team, ("2026-09-01", "2026-12-31")).await;
        assert_eq!(found.terms.iter().map(|one| one.sessions).collect::<Vec<_>>(), [1]);
        // One of its own stands in place of one of all with which it has a day in common, whatever days are looked at.
        let mut tx = app.db.begin().await.unwrap();
        let days = (date("2026-12-01"), date("2026-12-31"));
        lecture::add_term(&mut tx, &team.act(&app), Some(team.school), "2026年冬季学期", days).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(summary(&app, &team, ("2026-09-01", "2026-09-30")).await.terms.len(), 0);
    }

    async fn a_term_that_was_entered_wrongly_is_put_right(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let id = given(&app, &team, &short(&team, "2026-09-08", ("14:30", "16:00"), 0, 0)).await;
        let mut tx = app.db.begin().await.unwrap();
        let days = (date("2027-03-01"), date("2027-07-09"));
        lecture::add_term(&mut tx, &team.act(&app), None, "2027年春季学期", days).await.unwrap();
        tx.commit().await.unwrap();
        let lead = team.lead(&app).await;
        let page = lead.get("/lecture-terms").await;
        let to = page.between_all("action=\"", "\"").find(|to| to.starts_with("/lecture-terms/") && to.ends_with("/particulars")).unwrap().to_owned();
        // A day on which a lecture was given stays within it; days of another term are none of its own.
        let mut fields = vec![("term_name", "2026年秋季"), ("term_first", "2026-09-09"), ("term_last", "2027-01-22")];
        lead.post(&to, &fields).await.assert_status(422).assert_contains("2026-09-08 讲过课").assert_contains("value=\"2026年秋季\"");
        fields[1].1 = "2026-09-07";
        fields[2].1 = "2027-03-01";
        lead.post(&to, &fields).await.assert_status(422).assert_contains("和“2027年春季学期”重叠了");
        fields[2].1 = "2026-09-01";
        lead.post(&to, &fields).await.assert_status(422).assert_contains("最后一天要在第一天以后");
        fields[2].1 = "2027-01-22";
        lead.post(&to, &fields).await.assert_ok().assert_contains("2026-09-07 到 2027-01-22").assert_contains("学期已改");
        // While the school and the team are not of one mind about a lecture, its term stays as well.
        let mut tx = app.db.begin().await.unwrap();
        let known = lecture::session(&mut tx, team.community.tenant, id).await.unwrap();
        lecture::dispute(&mut tx, &team.act(&app), &known, known.lock_version, "那天没有来上课").await.unwrap();
        tx.commit().await.unwrap();
        lead.post(&to.replace("/particulars", "/removal"), &[]).await.assert_status(422).assert_contains("里已经讲过 1 场课");
        fields[1].1 = "2026-09-09";
        lead.post(&to, &fields).await.assert_status(422).assert_contains("2026-09-08 讲过课");
    }
}
