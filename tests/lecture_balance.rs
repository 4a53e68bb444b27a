//! What to arrange next: a year of thirty schools through the calendar and the database, what cannot be arranged proved and said.

use std::collections::{BTreeMap, BTreeSet};

use doorstep::access::{self, Act, TenantKind};
use doorstep::lecture::{
    self, Half, LecturerSketch, Need, PeriodKind, Record, SchoolSketch, SessionSketch, Slot, Stage, SubjectKind,
    Suggestion, Supply,
};
use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, ToSpan};
use proptest::prelude::*;
use uuid::Uuid;

use crate::lecture::{Team, at, date, moment, refused, team};
use crate::lecture_course::{another_school, vet};
use crate::lecture_summary::summary;
use crate::support::{Community, TestApp};

db::statements! {
    CLASS_OF = "SELECT id FROM lecture_classes WHERE tenant_id = $1 AND school_id = $2 AND grade = $3 AND closed_at IS NULL";
}

/// Exams and sports days, of all schools or of one.
const CLOSED: [(&str, &str, PeriodKind); 6] = [
    ("2026-01-12", "2026-01-23", PeriodKind::Exams),
    ("2026-04-20", "2026-04-24", PeriodKind::Exams),
    ("2026-06-22", "2026-07-10", PeriodKind::Exams),
    ("2026-10-22", "2026-10-23", PeriodKind::Off),
    ("2026-11-09", "2026-11-13", PeriodKind::Exams),
    ("2026-12-21", "2026-12-31", PeriodKind::Exams),
];

struct Year {
    team: Team,
    halls: Vec<(Uuid, Uuid)>,
}

/// Thirty schools with three classes and a hall each, a year with its terms, holidays and exams, and lecturers: what each teaches, and when they
/// were last asked about.
async fn year(app: &TestApp, lecturers: &[(&[usize], &str)]) -> Year {
    at(app, "2026-01-05T09:00:00+08:00");
    let act = Act::system(app.means.id(), &app.means);
    let mut tx = app.db.begin().await.unwrap();
    let (code, name) = ("141126000000", "石楼县人民检察院");
    let home = access::create_tenant(&mut tx, &act, TenantKind::Procuratorate, code, name).await.unwrap();
    let act = Act { organisation: Some(home), ..act };
    lecture::add_usual_subjects(&mut tx, &act).await.unwrap();
    let topics = lecture::subjects(&mut tx, act.tenant, SubjectKind::Topic).await.unwrap();
    let topics: Vec<Uuid> = topics.iter().map(|topic| topic.id).collect();
    let form = lecture::subjects(&mut tx, act.tenant, SubjectKind::Form).await.unwrap()[0].id;
    for (name, first, last) in [
        ("2025年秋季学期", "2025-09-01", "2026-01-23"),
        ("2026年春季学期", "2026-03-02", "2026-07-10"),
        ("2026年秋季学期", "2026-09-01", "2026-12-31"),
    ] {
        lecture::add_term(&mut tx, &act, None, name, (date(first), date(last))).await.unwrap();
    }
    for (first, last, kind) in CLOSED {
        lecture::add_period(&mut tx, &act, None, (date(first), date(last)), (kind, "")).await.unwrap();
    }
    let mut halls = Vec::new();
    for at in 1..=30 {
        let sketch = SchoolSketch {
            name: format!("第{at}中学"),
            stage: Stage::Junior,
            address: String::new(),
            travel_minutes: 10 + at,
            contact: None,
            closed_at: None,
        };
        let school = lecture::create_school(&mut tx, &act, &sketch).await.unwrap();
        let known = lecture::school(&mut tx, act.tenant, school).await.unwrap();
        halls.push((school, lecture::add_hall(&mut tx, &act, school, "报告厅", 300).await.unwrap()));
        for grade in 7..=9 {
            lecture::add_class(&mut tx, &act, &known, (grade, "1班", 45)).await.unwrap();
        }
        if at == 1 {
            let sports = (date("2026-03-02"), date("2026-03-20"));
            lecture::add_period(&mut tx, &act, Some(school), sports, (PeriodKind::Off, "校舍维修")).await.unwrap();
        }
    }
    let mut ids = Vec::new();
    for (at, (taught, checked_on)) in lecturers.iter().enumerate() {
        let sketch = LecturerSketch {
            name: ["武晓峰", "呼改梅", "车丽芳"][at].to_owned(),
            title: "检察官".to_owned(),
            phone: String::new(),
            grades: (7, 9),
            topics: taught.iter().map(|at| topics[*at]).collect(),
            ended_at: None,
        };
        let id = lecture::create_lecturer(&mut tx, &act, &sketch).await.unwrap();
        lecture::vet(&mut tx, &act, id, (true, date(checked_on)), "查询文书一号").await.unwrap();
        ids.push(id);
    }
    tx.commit().await.unwrap();
    let community = Community { tenant: act.tenant, code: code.to_owned(), name: name.to_owned(), organisation: home };
    let (school, hall) = halls[0];
    let lecturers = [ids[0], ids[ids.len() - 1]];
    let team = Team { community, school, halls: [hall, hall], classes: [Uuid::nil(); 2], lecturers, topics, form };
    Year { team, halls }
}

pub async fn next(app: &TestApp, team: &Team, last: Option<Date>) -> doorstep::error::Result<lecture::Next> {
    lecture::next(&mut app.db.read().await.unwrap(), team.community.tenant, app.means.now(), last).await
}

fn span((day, half): Slot) -> (String, String) {
    let (from, until) = if half == Half::Morning { ("09:00", "10:30") } else { ("14:30", "16:00") };
    (format!("{day}T{from}:00+08:00"), format!("{day}T{until}:00+08:00"))
}

impl Year {
    /// Arranges what is suggested, as it is suggested, and the school says yes.
    async fn arrange(&self, app: &TestApp, found: &lecture::Next, one: &Suggestion) -> Uuid {
        let (school, hall) = *self.halls.iter().find(|(id, _)| *id == found.needs[one.school].school).unwrap();
        let classes = app
            .db
            .read()
            .await
            .unwrap()
            .rows(CLASS_OF.bind(self.team.community.tenant).bind(school).bind(one.grade))
            .await
            .unwrap();
        let (from, until) = span(one.slot);
        let sketch = SessionSketch {
            school,
            hall,
            topics: vec![one.topic],
            lecturers: vec![found.lecturers[one.lecturer].id],
            classes: classes.iter().map(|row| row.get("id").unwrap()).collect(),
            ..self.team.sketch(&from, &until)
        };
        let id = self.team.propose(app, &sketch).await.unwrap_or_else(|error| panic!("{one:?}: {error:?}"));
        let mut tx = app.db.begin().await.unwrap();
        let known = lecture::session(&mut tx, self.team.community.tenant, id).await.unwrap();
        lecture::agree(&mut tx, &self.team.act(app), &known, known.lock_version, false).await.unwrap();
        tx.commit().await.unwrap();
        id
    }
}

/// The session takes place as it was arranged.
pub async fn give(app: &TestApp, team: &Team, id: Uuid) {
    let mut tx = app.db.begin().await.unwrap();
    let known = lecture::session(&mut tx, team.community.tenant, id).await.unwrap();
    app.means.clock.set(known.ends_at);
    let minutes = (known.ends_at.as_second() - known.starts_at.as_second()) / 60;
    let what = Record {
        pupils: 40,
        teachers: 1,
        parents: 0,
        handouts: 40,
        minutes,
        course: "讲了三个案例".to_owned(),
        own: None,
        knowing: false,
    };
    lecture::record(&mut tx, &team.act(app), &known, known.lock_version, &what).await.unwrap();
    tx.commit().await.unwrap();
}

/// One lecturer with one topic.
pub fn short(team: &Team, day: &str, hours: (&str, &str), lecturer: usize, topic: usize) -> SessionSketch {
    SessionSketch {
        lecturers: vec![team.lecturers[lecturer]],
        topics: vec![team.topics[topic]],
        ..team.sketch(&format!("{day}T{}:00+08:00", hours.0), &format!("{day}T{}:00+08:00", hours.1))
    }
}

pub async fn given(app: &TestApp, team: &Team, sketch: &SessionSketch) -> Uuid {
    let id = team.propose(app, sketch).await.unwrap();
    let mut tx = app.db.begin().await.unwrap();
    let known = lecture::session(&mut tx, team.community.tenant, id).await.unwrap();
    lecture::agree(&mut tx, &team.act(app), &known, known.lock_version, false).await.unwrap();
    tx.commit().await.unwrap();
    give(app, team, id).await;
    id
}

db_test! {
    async fn a_year_of_thirty_schools_gives_each_its_four_class_hours(app: TestApp) {
        // One of the two teaches two topics, the other a third.
        let year = year(&app, &[(&[0, 1], "2026-01-04"), (&[2], "2026-01-04")]).await;
        let found = next(&app, &year.team, None).await.unwrap();
        assert_eq!(found.days, (date("2026-01-12"), date("2026-12-31")), "to the end of the year, however far that is");
        assert_eq!((found.balance.suggestions.len(), &found.balance.shortage, found.balance.unplaced), (60, &None, 0));
        assert!(found.unknown.is_empty());
        let mut arranged = Vec::new();
        for one in &found.balance.suggestions {
            let (day, _) = one.slot;
            assert!(!CLOSED.iter().any(|(first, last, _)| date(first) <= day && day <= date(last)), "{day} is an exam");
            arranged.push(year.arrange(&app, &found, one).await);
        }
        // All that is owed is promised: nothing is left to suggest.
        let then = next(&app, &year.team, None).await.unwrap();
        assert!(then.needs.iter().all(|need| need.visits == 0) && then.balance.suggestions.is_empty());
        let days: BTreeSet<Date> = found.balance.suggestions.iter().map(|one| one.slot.0).collect();
        assert!(days.iter().all(|day| !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)), "{days:?}");
        // Given one after the other, they come to four class-hours of two topics at each school, in two grades, none of them twice.
        for id in arranged {
            give(&app, &year.team, id).await;
        }
        let all = summary(&app, &year.team, ("2026-01-01", "2026-12-31")).await;
        assert_eq!(all.standings.len(), 30);
        for standing in &all.standings {
            assert_eq!((standing.class_hours, standing.sessions), (4, 2), "{}", standing.school);
            let rows = all.rows.iter().filter(|row| row.school == standing.school);
            let heard: Vec<&[i64]> = rows.map(|row| row.counts.as_slice()).collect();
            let of_topic = |at: usize| heard.iter().map(|counts| counts[at]).sum::<i64>();
            assert_eq!((0..all.topics.len()).filter(|at| of_topic(*at) == 1).count(), 2, "{heard:?}");
            assert_eq!(heard.iter().filter(|counts| counts.iter().sum::<i64>() == 1).count(), 2, "{heard:?}");
        }
    }

    async fn with_too_few_lecturers_the_shortage_is_proved_and_said(app: TestApp) {
        // Only one, whose query holds until 20 March: the first three weeks of the term.
        let year = year(&app, &[(&[0, 1, 2], "2025-03-21")]).await;
        let found = next(&app, &year.team, None).await.unwrap();
        let short = found.balance.shortage.clone().unwrap();
        // Counted by hand: five days in each of three weeks, two halves a day.
        let mut halves = 0;
        let mut day = date("2026-01-12");
        while day <= date("2026-03-20") {
            let term = day >= date("2026-03-02") && !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
            halves += if term { 2 } else { 0 };
            day = day.tomorrow().unwrap();
        }
        assert_eq!((halves, short.owed, short.possible), (30, 60, 30));
        assert_eq!(short.schools.len(), 30, "each of them is owed something, and together they have thirty half-days");
        assert_eq!((found.balance.suggestions.len(), found.balance.unplaced), (30, 0));
        let met: BTreeSet<&str> = found.balance.suggestions.iter().map(|one| found.needs[one.school].name.as_str()).collect();
        assert_eq!(met.len(), 29, "all whose houses are open have a first visit before anybody has a second");
        let staff = year.team.staff(&app).await;
        let page = staff.get("/lecture-balance").await;
        page.assert_ok().assert_contains("<b>排不满</b>").assert_contains("一共还差 60 次课").assert_contains("一共只有 30 个半天");
        page.assert_contains("至少有 30 次排不上").assert_contains("到 2026-12-31 为止").assert_contains("一位讲师半天去一所学校");
        // The first school is not met while its house is mended, and is short as well.
        assert!(!met.contains("第1中学"));
        // What can be arranged is arranged as it is said, and then there is no half-day left at all.
        for one in &found.balance.suggestions {
            year.arrange(&app, &found, one).await;
        }
        let then = next(&app, &year.team, None).await.unwrap();
        let left = then.balance.shortage.unwrap();
        assert_eq!((then.balance.suggestions.len(), left.owed, left.possible), (0, 30, 0));
        staff.get("/lecture-balance").await.assert_ok().assert_contains("一共还差 30 次课").assert_contains("一共只有 0 个半天");
    }

    async fn what_is_not_known_proves_nothing(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let mut tx = app.db.begin().await.unwrap();
        let sketch = SchoolSketch { name: "城关中学".to_owned(), stage: Stage::Junior, address: String::new(), travel_minutes: 5, contact: None, closed_at: None };
        let school = lecture::create_school(&mut tx, &team.act(&app), &sketch).await.unwrap();
        let known = lecture::school(&mut tx, team.community.tenant, school).await.unwrap();
        lecture::add_class(&mut tx, &team.act(&app), &known, (7, "1班", 45)).await.unwrap();
        // Its own term, of which only the first week is entered.
        lecture::add_term(&mut tx, &team.act(&app), Some(school), "秋季学期", (date("2026-09-01"), date("2026-09-03"))).await.unwrap();
        tx.commit().await.unwrap();
        let page = team.staff(&app).await.get("/lecture-balance").await;
        page.assert_ok().assert_contains("<b>可能排不满</b>").assert_contains("先登记学期").assert_lacks("<b>排不满</b>");
        // Nor is it reckoned with holidays that nobody knows yet.
        at(&app, "2027-12-29T09:00:00+08:00");
        refused(next(&app, &team, None).await.map(|_| ()), "把要上课的日子登记为“上课”");
        team.staff(&app).await.get("/lecture-balance").await.assert_status(422).assert_contains("排到哪一天");
    }

    async fn what_to_arrange_next_is_said_and_filled_in(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let staff = team.staff(&app).await;
        // Four class-hours are two visits, from the first day on for which something can still be arranged, two weeks apart.
        let page = staff.get("/lecture-balance").await;
        page.assert_ok().assert_contains("2026-09-04 上午").assert_contains("2026-09-18 上午").assert_contains("石楼中学").assert_lacks("排不满");
        let arrange = page.link("/lectures/new");
        let form = staff.get(&arrange).await;
        form.assert_ok().assert_contains("报告厅").assert_contains("value=\"2026-09-04\"");
        let ticked: Vec<&str> = form.between_all("type=\"checkbox\" name=\"class\" value=\"", ">").filter(|rest| rest.contains("checked")).collect();
        assert_eq!(ticked.len(), 1, "the class of the grade that is meant");
        // Two class-hours that are promised are one visit less, of a topic that it has not been promised.
        let first = short(&team, "2026-09-08", ("14:30", "16:00"), 0, 0);
        team.propose(&app, &first).await.unwrap();
        let found = next(&app, &team, None).await.unwrap();
        assert_eq!(found.balance.suggestions.len(), 1);
        assert_ne!(found.balance.suggestions[0].topic, team.topics[0]);
        // Once its time is over and nobody has written it down, it does not count any more.
        at(&app, "2026-09-09T09:00:00+08:00");
        assert_eq!(next(&app, &team, None).await.unwrap().balance.suggestions.len(), 2);
        // Nobody may teach any more: what is missing is said with its figures.
        let mut tx = app.db.begin().await.unwrap();
        for id in team.lecturers {
            lecture::vet(&mut tx, &team.act(&app), id, (false, date("2026-09-09")), "查询文书五号").await.unwrap();
        }
        tx.commit().await.unwrap();
        let page = team.staff(&app).await.get("/lecture-balance").await;
        page.assert_ok().assert_contains("排不满").assert_contains("一共还差 2 次课").assert_contains("一共只有 0 个半天");
    }

    async fn what_a_vice_principal_owes_nobody_else_gives(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let mut tx = app.db.begin().await.unwrap();
        let days = (date("2026-08-01"), date("2029-07-31"));
        lecture::appoint(&mut tx, &team.act(&app), team.school, team.lecturers[0], days).await.unwrap();
        tx.commit().await.unwrap();
        // Theirs are the school's as well: two visits, and not four.
        let found = next(&app, &team, None).await.unwrap();
        assert_eq!(found.balance.suggestions.len(), 2);
        assert!(found.balance.suggestions.iter().all(|one| found.lecturers[one.lecturer].id == team.lecturers[0]));
        // The other lecturer gives the school its four class-hours. The school has enough, and who is its 法治副校长 has given none.
        for (day, now) in [("2026-09-08", "2026-08-28T09:00:00+08:00"), ("2026-09-22", "2026-09-09T09:00:00+08:00")] {
            at(&app, now);
            given(&app, &team, &short(&team, day, ("14:30", "16:00"), 1, 0)).await;
        }
        let found = next(&app, &team, None).await.unwrap();
        let own: Vec<Uuid> = found.balance.suggestions.iter().map(|one| found.lecturers[one.lecturer].id).collect();
        assert_eq!(own, [team.lecturers[0]; 2]);
        let topics: BTreeSet<Uuid> = found.balance.suggestions.iter().map(|one| one.topic).collect();
        assert_eq!(topics, team.topics[1..].iter().copied().collect::<BTreeSet<Uuid>>(), "what the school has not heard, none of it twice");
        let page = team.staff(&app).await.get("/lecture-balance").await;
        page.assert_ok().assert_contains("0 / 1 所学校已经够了").assert_contains("还要本人去 2 次").assert_contains("武晓峰（法治副校长，要本人去）");
        // One of the two is promised.
        team.propose(&app, &short(&team, "2026-10-13", ("14:30", "16:00"), 0, 1)).await.unwrap();
        assert_eq!(next(&app, &team, None).await.unwrap().balance.suggestions.len(), 1);
        // Who must not teach cannot give it, and nobody else can.
        let mut tx = app.db.begin().await.unwrap();
        lecture::vet(&mut tx, &team.act(&app), team.lecturers[0], (false, date("2026-09-22")), "查询文书六号").await.unwrap();
        tx.commit().await.unwrap();
        let page = team.staff(&app).await.get("/lecture-balance").await;
        page.assert_ok().assert_contains("石楼中学（武晓峰本人）一共还差 1 次课").assert_contains("一共只有 0 个半天");
    }

    async fn what_a_vice_principal_of_several_schools_cannot_give_others_do(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let mut tx = app.db.begin().await.unwrap();
        let act = team.act(&app);
        let mut schools = vec![team.school];
        for (name, travel_minutes) in [("城关中学", 40), ("灵泉中学", 50)] {
            let sketch = SchoolSketch { name: name.to_owned(), stage: Stage::Junior, address: String::new(), travel_minutes, contact: None, closed_at: None };
            let school = lecture::create_school(&mut tx, &act, &sketch).await.unwrap();
            let known = lecture::school(&mut tx, act.tenant, school).await.unwrap();
            lecture::add_class(&mut tx, &act, &known, (7, "1班", 45)).await.unwrap();
            schools.push(school);
        }
        // Their query holds for the first day on which anything can be arranged, and no longer: two half-days for three schools.
        let sketch = LecturerSketch { name: "车丽芳".to_owned(), title: "检察官".to_owned(), phone: String::new(), grades: (7, 9), topics: team.topics.clone(), ended_at: None };
        let vice = lecture::create_lecturer(&mut tx, &act, &sketch).await.unwrap();
        lecture::vet(&mut tx, &act, vice, (true, date("2025-09-05")), "查询文书一号").await.unwrap();
        for school in &schools {
            lecture::appoint(&mut tx, &act, *school, vice, (date("2026-08-01"), date("2029-07-31"))).await.unwrap();
        }
        tx.commit().await.unwrap();
        let found = next(&app, &team, None).await.unwrap();
        let own = found.balance.suggestions.iter().filter(|one| found.lecturers[one.lecturer].id == vice).count();
        assert_eq!((own, found.balance.suggestions.len()), (2, 6), "the others give what is left");
        for school in &schools {
            let visits = found.balance.suggestions.iter().filter(|one| found.needs[one.school].school == *school).count();
            assert_eq!(visits, 2, "each has its four class-hours");
        }
        // What they owe themselves is short all the same, and that is said.
        let short = found.balance.shortage.clone().unwrap();
        assert_eq!((short.schools.len(), short.owed, short.possible), (3, 6, 2));
        let page = team.staff(&app).await.get("/lecture-balance").await;
        page.assert_ok().assert_contains("（车丽芳本人）").assert_contains("一共还差 6 次课");
    }

    async fn what_nobody_else_can_give_either_is_missing_once(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let act = team.act(&app);
        let mut schools = vec![team.school];
        for n in 1..=2 {
            schools.push(another_school(&app, &team, &format!("第{n}中学"), 10 + n).await.0);
        }
        // Nobody may teach but one, for the first day on which anything can be arranged, and they are 法治副校长 of all three.
        let mut tx = app.db.begin().await.unwrap();
        for id in team.lecturers {
            lecture::vet(&mut tx, &act, id, (false, date("2026-08-28")), "查询文书五号").await.unwrap();
        }
        let sketch = LecturerSketch { name: "车丽芳".to_owned(), title: "检察官".to_owned(), phone: String::new(), grades: (7, 9), topics: team.topics.clone(), ended_at: None };
        let vice = lecture::create_lecturer(&mut tx, &act, &sketch).await.unwrap();
        lecture::vet(&mut tx, &act, vice, (true, date("2025-09-05")), "查询文书一号").await.unwrap();
        for school in &schools {
            lecture::appoint(&mut tx, &act, *school, vice, (date("2026-08-01"), date("2029-07-31"))).await.unwrap();
        }
        tx.commit().await.unwrap();
        // Two visits at each of three schools are six, which are the schools' and theirs at once; there are two half-days.
        let found = next(&app, &team, None).await.unwrap();
        let short = found.balance.shortage.clone().unwrap();
        assert_eq!((found.balance.suggestions.len(), short.owed, short.possible), (2, 6, 2));
        let page = team.staff(&app).await.get("/lecture-balance").await;
        page.assert_ok().assert_contains("一共还差 6 次课").assert_contains("一共只有 2 个半天").assert_contains("至少有 4 次排不上");
    }

    async fn thirty_schools_have_their_four_class_hours_by_the_end_of_the_year(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        let tenant = team.community.tenant;
        let mut halls = vec![(team.school, team.halls[0], vec![(7, team.classes[0]), (8, team.classes[1])])];
        for n in 1..30 {
            halls.push(another_school(&app, &team, &format!("第{n}中学"), 10 + n).await);
        }
        let next = async |now: &str| {
            let mut tx = app.db.read().await.unwrap();
            lecture::next(&mut tx, tenant, moment(now), Some(date("2026-12-31"))).await.unwrap()
        };
        let found = next("2026-08-28T09:00:00+08:00").await;
        assert!(found.balance.shortage.is_none(), "{:?}", found.balance.shortage);
        // What is suggested can be booked as it stands, on real school days, and is given and confirmed.
        let mut given = Vec::new();
        for one in &found.balance.suggestions {
            let need = &found.needs[one.school];
            let lecturer = &found.lecturers[one.lecturer];
            let (_, hall, classes) = halls.iter().find(|(school, ..)| *school == need.school).unwrap();
            let class = classes.iter().find(|(grade, _)| *grade == one.grade).unwrap().1;
            let (day, half) = one.slot;
            let hour = if half == lecture::Half::Morning { 8 } else { 14 };
            let from = day.at(hour, 30, 0, 0).to_zoned_datetime(calendar::shanghai()).unwrap().timestamp();
            let sketch = SessionSketch {
                school: need.school,
                hall: *hall,
                span: (from, from + SignedDuration::from_mins(90)),
                topics: vec![one.topic],
                lecturers: vec![lecturer.id],
                classes: vec![class],
                ..team.sketch("2026-09-08T09:00:00+08:00", "2026-09-08T10:30:00+08:00")
            };
            given.push((from, team.propose(&app, &sketch).await.unwrap_or_else(|error| panic!("{one:?}: {error:?}"))));
        }
        given.sort();
        for (from, id) in given {
            let mut tx = app.db.begin().await.unwrap();
            let act = team.act(&app);
            let known = lecture::session(&mut tx, tenant, id).await.unwrap();
            lecture::agree(&mut tx, &act, &known, known.lock_version, false).await.unwrap();
            let known = lecture::session(&mut tx, tenant, id).await.unwrap();
            let act = Act { at: from + SignedDuration::from_hours(3), ..act };
            let what = lecture::Record { pupils: 40, teachers: 1, parents: 0, handouts: 0, minutes: 90, course: String::new(), own: None, knowing: false };
            lecture::record(&mut tx, &act, &known, known.lock_version, &what).await.unwrap();
            tx.commit().await.unwrap();
        }
        let mut tx = app.db.read().await.unwrap();
        let summary = lecture::summary(&mut tx, tenant, (date("2026-09-01"), date("2026-12-31"))).await.unwrap();
        assert_eq!(summary.standings.len(), 30);
        assert!(summary.standings.iter().all(|one| one.class_hours >= 4), "{:?}", summary.standings);
        drop(tx);
        let found = next("2026-12-20T09:00:00+08:00").await;
        assert!(found.balance.suggestions.is_empty() && found.balance.shortage.is_none());
    }

    async fn where_thirty_schools_cannot_all_be_served_the_shortage_is_proved(app: TestApp) {
        at(&app, "2026-08-28T09:00:00+08:00");
        let team = team(&app).await;
        for n in 1..30 {
            another_school(&app, &team, &format!("第{n}中学"), 10 + n).await;
        }
        vet(&app, &team, 1, (false, "2026-08-28")).await;
        let mut tx = app.db.read().await.unwrap();
        let last = date("2026-09-18");
        let found = lecture::next(&mut tx, team.community.tenant, app.means.now(), Some(last)).await.unwrap();
        let shortage = found.balance.shortage.as_ref().unwrap();
        // Counted without it: thirty schools of four class-hours are sixty visits, and the only lecturer has two half-days on each working day.
        let first: Date = date("2026-09-04");
        let mut days = 0i64;
        let mut at = first;
        while at <= last {
            days += i64::from(calendar::WorkingDays::embedded().is_working(at).unwrap());
            at = at.checked_add(1.day()).unwrap();
        }
        assert_eq!(days, 11, "Friday the fourth, and two weeks");
        assert_eq!((shortage.schools.len(), shortage.owed, shortage.possible), (30, 60, 2 * days));
        // So many are suggested, each in a half-day of its own and at a school of its own, and those to whom it is farthest go without.
        let suggestions = &found.balance.suggestions;
        let slots: BTreeSet<_> = suggestions.iter().map(|one| one.slot).collect();
        let schools: BTreeSet<usize> = suggestions.iter().map(|one| one.school).collect();
        assert_eq!((suggestions.len(), slots.len(), schools.len(), found.balance.unplaced), (22, 22, 22, 0));
        let farthest = schools.iter().map(|at| found.needs[*at].travel_minutes).max();
        assert_eq!(farthest, Some(31), "nineteen are nearer than half an hour, two are that far");
        assert!(found.balance.suggestions.iter().all(|one| one.lecturer == 0));
    }
}

// ---------- the reckoning alone ----------

/// Two topics that everybody teaches, unless told otherwise.
const TOPICS: [Uuid; 2] = [Uuid::from_u128(1001), Uuid::from_u128(1002)];

fn slots(first: &str, count: i64) -> Vec<Slot> {
    let first: Date = first.parse().unwrap();
    let days = (0..count).map(|after| first.saturating_add(after.days()));
    days.flat_map(|day| [(day, Half::Morning), (day, Half::Afternoon)]).collect()
}

fn asks(at: u128, visits: i64, days: i64) -> Need {
    Need {
        school: Uuid::from_u128(at),
        name: format!("第{at}中学"),
        only: None,
        had: 0,
        visits,
        travel_minutes: 10 + at as i64,
        near: BTreeMap::new(),
        slots: slots("2026-09-07", days),
        grades: vec![7, 8, 9],
        heard: BTreeMap::new(),
    }
}

fn supply(at: u128, days: i64) -> Supply {
    let slots = slots("2026-09-07", days);
    Supply { lecturer: Uuid::from_u128(at), grades: (7, 9), topics: TOPICS.to_vec(), slots, taken: Vec::new() }
}

#[test]
fn nobody_is_in_two_places_and_no_school_hears_the_same_twice() {
    // Four class-hours are two visits of two: as many as two lecturers have half-days.
    let needs: Vec<Need> = (1..=30).map(|at| asks(at, 2, 15)).collect();
    let supplies = [supply(1, 15), supply(2, 15)];
    let found = lecture::balance(&needs, &supplies);
    assert_eq!((found.suggestions.len(), &found.shortage, found.unplaced), (60, &None, 0));
    for at in 0..30 {
        let own: Vec<&Suggestion> = found.suggestions.iter().filter(|one| one.school == at).collect();
        assert_eq!(own.len(), 2);
        assert!(own[0].slot != own[1].slot && own[0].topic != own[1].topic && own[0].grade != own[1].grade, "{own:?}");
    }
    for (n, one) in found.suggestions.iter().enumerate() {
        let twice =
            found.suggestions.iter().skip(n + 1).any(|other| other.lecturer == one.lecturer && other.slot == one.slot);
        assert!(!twice, "{one:?}");
    }
    assert_eq!(found, lecture::balance(&needs, &supplies));
}

#[test]
fn what_a_school_has_never_heard_comes_before_what_it_knows() {
    // The one who comes first teaches what the school knows; the other what it has never heard.
    let mut school = asks(1, 1, 3);
    school.heard.insert((7, TOPICS[0]), 1);
    let first = Supply { topics: vec![TOPICS[0]], ..supply(1, 3) };
    let other = Supply { topics: vec![TOPICS[1]], slots: slots("2026-09-08", 1), ..supply(2, 3) };
    let found = lecture::balance(&[school.clone()], &[first.clone(), other.clone()]);
    assert_eq!((found.suggestions[0].topic, found.suggestions[0].lecturer), (TOPICS[1], 1));
    // Where both are wanted each comes once, and the grade that knows the one hears the other.
    school.visits = 2;
    let found = lecture::balance(&[school.clone()], &[first.clone(), other]);
    let topics: BTreeSet<Uuid> = found.suggestions.iter().map(|one| one.topic).collect();
    assert_eq!(topics.len(), 2);
    assert!(found.suggestions.iter().all(|one| one.topic != TOPICS[0] || one.grade != 7), "{found:?}");
    // Nobody teaches anything else: what is known is taught again rather than nothing.
    assert_eq!(lecture::balance(&[school], &[first]).suggestions.len(), 2);
}

#[test]
fn a_long_way_takes_the_whole_day() {
    let mut far = asks(1, 1, 2);
    far.travel_minutes = 150;
    let near = asks(2, 1, 2);
    let found = lecture::balance(&[far.clone(), near.clone()], &[supply(1, 1)]);
    assert_eq!((found.suggestions.len(), found.unplaced, &found.shortage), (1, 1, &None));
    assert_eq!(lecture::balance(&[far.clone(), near.clone()], &[supply(1, 2)]).unplaced, 0);
    // Somebody who is there in the morning already is not sent elsewhere in the afternoon.
    let mut one = supply(1, 1);
    one.taken = vec![(one.slots.remove(0), far.school, 150)];
    let found = lecture::balance(&[near], &[one]);
    assert_eq!((found.suggestions.len(), found.shortage.map(|short| short.possible)), (0, Some(0)));
}

#[test]
fn a_shortage_is_proved_and_the_longest_way_is_left() {
    let needs: Vec<Need> = (1..=3).map(|at| asks(at, 1, 1)).collect();
    let found = lecture::balance(&needs, &[supply(1, 1)]);
    let mut met: Vec<usize> = found.suggestions.iter().map(|one| one.school).collect();
    met.sort_unstable();
    assert_eq!(met, [0, 1]);
    let shortage = found.shortage.unwrap();
    assert_eq!((shortage.schools, shortage.owed, shortage.possible), (vec![0, 1, 2], 3, 2));
    // Nobody teaches its grades: it alone is short, whatever else is free.
    let mut odd = asks(4, 1, 2);
    odd.grades = vec![3];
    let found = lecture::balance(&[asks(1, 1, 2), odd], &[supply(1, 2)]);
    let shortage = found.shortage.unwrap();
    assert_eq!((shortage.schools, shortage.owed, shortage.possible), (vec![1], 1, 0));
}

#[test]
fn nobody_has_a_second_visit_before_all_have_a_first() {
    let needs: Vec<Need> = (1..=3).map(|at| asks(at, 2, 2)).collect();
    let found = lecture::balance(&needs, &[supply(1, 2)]);
    let of = |at: usize| found.suggestions.iter().filter(|one| one.school == at).count();
    assert_eq!([of(0), of(1), of(2)], [2, 1, 1], "and the nearest has the one that is left");
    assert_eq!((found.shortage.unwrap().possible, found.unplaced), (4, 0));
    // What was given before counts: the nearer one has had a visit, the farther none.
    let known = Need { had: 1, ..asks(1, 1, 1) };
    let mut one = supply(1, 1);
    one.slots.truncate(1);
    let found = lecture::balance(&[known, asks(40, 1, 1)], &[one]);
    assert_eq!(found.suggestions.iter().map(|one| one.school).collect::<Vec<_>>(), [1]);
}

#[test]
fn from_school_to_school_both_ways_count_unless_it_is_entered() {
    let far = |at: u128, near: &[(u128, i64)]| Need {
        travel_minutes: 70,
        near: near.iter().map(|(other, minutes)| (Uuid::from_u128(*other), *minutes)).collect(),
        ..asks(at, 1, 4)
    };
    // 140 minutes do not fit into the noon.
    assert_eq!(lecture::balance(&[far(1, &[]), far(2, &[])], &[supply(1, 1)]).unplaced, 1);
    let found = lecture::balance(&[far(1, &[(2, 20)]), far(2, &[(1, 20)])], &[supply(1, 1)]);
    assert_eq!((found.suggestions.len(), found.unplaced), (2, 0));
    // The two that are near each other are met in one day, the third in another.
    let needs = [far(1, &[(3, 20)]), far(2, &[]), far(3, &[(1, 20)])];
    let found = lecture::balance(&needs, &[supply(1, 4)]);
    let day = |at: usize| found.suggestions.iter().find(|one| one.school == at).unwrap().slot.0;
    assert!(day(0) == day(2) && day(1) != day(0), "{found:?}");
    // Beside a lecture that is arranged on the last day, too.
    let mut one = supply(1, 4);
    let arranged = one.slots.remove(6);
    one.taken = vec![(arranged, Uuid::from_u128(9), 70)];
    let found = lecture::balance(&[far(1, &[(9, 20)])], &[one]);
    assert_eq!(found.suggestions[0].slot, (arranged.0, Half::Afternoon));
}

#[test]
fn what_only_one_person_can_give_goes_beside_what_anybody_can() {
    let school = asks(1, 1, 20);
    let own = Need { only: Some(Uuid::from_u128(2)), visits: 1, ..school.clone() };
    let found = lecture::balance(&[school.clone(), own.clone()], &[supply(1, 20), supply(2, 20)]);
    assert_eq!((found.suggestions.len(), &found.shortage), (2, &None));
    let theirs = found.suggestions.iter().find(|one| one.school == 1).unwrap();
    let other = found.suggestions.iter().find(|one| one.school == 0).unwrap();
    assert_eq!(theirs.lecturer, 1);
    assert!(theirs.topic != other.topic && theirs.grade != other.grade && theirs.slot != other.slot, "{found:?}");
    // Without that person it is short, and only it.
    let found = lecture::balance(&[school, own], &[supply(1, 20)]);
    let shortage = found.shortage.unwrap();
    assert_eq!((found.suggestions.len(), shortage.schools, shortage.owed, shortage.possible), (1, vec![1], 1, 0));
}

/// The most visits by trying all that can be: the schools one after another, each with every choice of half-days.
fn most(needs: &[Need], supplies: &[Supply], taken: &mut Vec<(usize, Slot)>, at: usize, left: i64) -> i64 {
    let Some(need) = needs.get(at) else { return 0 };
    if left == 0 {
        let next = needs.get(at + 1).map_or(0, |next| next.visits);
        return most(needs, supplies, taken, at + 1, next);
    }
    // One visit fewer.
    let mut best = most(needs, supplies, taken, at, left - 1);
    for (who, supply) in supplies.iter().enumerate() {
        let taught = need.grades.iter().any(|grade| (supply.grades.0..=supply.grades.1).contains(grade));
        for slot in &supply.slots {
            if taught && need.slots.contains(slot) && !taken.contains(&(who, *slot)) {
                taken.push((who, *slot));
                best = best.max(1 + most(needs, supplies, taken, at, left - 1));
                taken.pop();
            }
        }
    }
    best
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_cut_is_right_whatever_is_asked(
        asked in prop::collection::vec((0..3i64, prop::collection::vec(any::<bool>(), 4), 6..10i64), 1..4),
        given in prop::collection::vec((prop::collection::vec(any::<bool>(), 4), 6..10i64), 0..3),
    ) {
        let all = slots("2026-09-07", 2);
        let of = |open: &[bool]| all.iter().zip(open).filter(|(_, open)| **open).map(|(slot, _)| *slot).collect::<Vec<_>>();
        let needs: Vec<Need> = asked.iter().enumerate().map(|(at, (visits, open, grade))| {
            Need { slots: of(open), grades: vec![*grade], ..asks(at as u128 + 1, *visits, 1) }
        }).collect();
        let supplies: Vec<Supply> = given.iter().enumerate().map(|(at, (open, last))| {
            Supply { slots: of(open), grades: (6, *last), ..supply(at as u128 + 1, 1) }
        }).collect();
        let found = lecture::balance(&needs, &supplies);
        let owed: i64 = needs.iter().map(|need| need.visits).sum();
        let met = most(&needs, &supplies, &mut Vec::new(), 0, needs[0].visits);
        prop_assert_eq!(found.suggestions.len() as i64 + found.unplaced, met);
        prop_assert_eq!(found.shortage.is_some(), met < owed);
        if let Some(short) = found.shortage {
            let cut: Vec<Need> = short.schools.iter().map(|at| needs[*at].clone()).collect();
            let most_of_cut = most(&cut, &supplies, &mut Vec::new(), 0, cut[0].visits);
            prop_assert_eq!(short.owed, cut.iter().map(|need| need.visits).sum::<i64>());
            prop_assert_eq!(short.possible, most_of_cut, "those of the cut alone, with everybody for them");
            prop_assert_eq!(short.owed - short.possible, owed - met, "all that is missing is missing there");
        }
    }
}
