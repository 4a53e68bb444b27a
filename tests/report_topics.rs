//! The other reports of a period: what each gauge says is counted anew by statements of this test's own over the demonstration's
//! community; what a figure opens, what is taken away and how far it reaches.

use std::collections::BTreeMap;
use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use db::{record, statements};
use doorstep::access::{Act, Reach, Role};
use doorstep::issue::{Answer, Category, Due, Grading, Remedy, Respondent, Score, Solved, Tier, exclusion};
use doorstep::meeting::{Circle, Kind, NewItem, NewMeeting, Person, Plan, Side};
use doorstep::{demo, issue, meeting, settings};
use indicatif::ProgressBar;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use uuid::Uuid;

use crate::support::office::words;
use crate::support::{Browser, Engine, TestApp};

/// SQL: whatever a statement does not use of what it is given: the days as words ($5, $6), and the present ($7).
macro_rules! given {
    () => {
        " AND CAST($2 AS BIGINT) < CAST($3 AS BIGINT) AND CAST($5 AS TEXT) <= CAST($6 AS TEXT) AND CAST($7 AS BIGINT) > 0"
    };
}

/// SQL: homes of a tenant ($1), or of one of its estates ($4), of which something holds; shops are none.
macro_rules! homes {
    ($condition:expr) => {
        concat!(
            "SELECT COUNT(*) AS count FROM dwellings w JOIN buildings b ON b.tenant_id = w.tenant_id AND b.id = w.building_id
            WHERE w.tenant_id = $1 AND (w.use IS NULL OR w.use <> 'commercial')
              AND (CAST($4 AS UUID) IS NULL OR b.estate_id = $4) AND ",
            $condition,
            given!()
        )
    };
}

/// SQL: somebody was at its door from $2 until $3, with such an outcome.
macro_rules! met {
    ($outcomes:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM visits v WHERE v.tenant_id = w.tenant_id AND v.dwelling_id = w.id AND v.made_at >= $2 AND v.made_at < $3
                AND v.outcome IN (",
            $outcomes,
            "))"
        )
    };
}

macro_rules! meetings {
    ($what:literal, $condition:literal) => {
        concat!(
            "SELECT COUNT(",
            $what,
            ") AS count FROM meetings m LEFT JOIN agenda_items a ON a.tenant_id = m.tenant_id AND a.meeting_id = m.id
            WHERE m.tenant_id = $1 AND m.planned_at >= $2 AND m.planned_at < $3 AND (CAST($4 AS UUID) IS NULL OR m.estate_id = $4) AND ",
            $condition,
            given!()
        )
    };
}

/// SQL: issues whose last step of a kind in the period has something behind it.
macro_rules! issues {
    ($kind:literal, $condition:expr) => {
        concat!(
            "SELECT COUNT(*) AS count FROM issues i JOIN issue_events d ON d.tenant_id = i.tenant_id AND d.issue_id = i.id AND d.kind = '",
            $kind,
            "' AND d.at >= $2 AND d.at < $3
            WHERE i.tenant_id = $1 AND (CAST($4 AS UUID) IS NULL OR i.estate_id = $4)
              AND NOT EXISTS (SELECT 1 FROM issue_events n WHERE n.tenant_id = d.tenant_id AND n.issue_id = d.issue_id AND n.kind = d.kind
                AND n.at < $3 AND n.position > d.position) AND ",
            $condition,
            given!()
        )
    };
}

macro_rules! later {
    ($kinds:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM issue_events l WHERE l.tenant_id = d.tenant_id AND l.issue_id = d.issue_id AND l.position > d.position AND l.kind IN (",
            $kinds,
            "))"
        )
    };
}

/// SQL: the level above has reported its last result before it was struck off.
macro_rules! from_above {
    () => {
        "COALESCE((SELECT o.kind FROM issue_events r JOIN organisations o ON o.tenant_id = r.tenant_id AND o.id = r.organisation_id
            WHERE r.tenant_id = d.tenant_id AND r.issue_id = d.issue_id AND r.kind = 'done' AND r.position < d.position
            ORDER BY r.position DESC LIMIT 1), '') = 'superior'"
    };
}

macro_rules! whistles {
    ($condition:literal) => {
        concat!(
            "SELECT COUNT(*) AS count FROM whistles w WHERE w.tenant_id = $1 AND w.blown_at >= $2 AND w.blown_at < $3
                AND (CAST($4 AS UUID) IS NULL OR w.estate_id = $4) AND ",
            $condition,
            given!()
        )
    };
}

macro_rules! mediations {
    ($condition:literal) => {
        concat!(
            "SELECT COUNT(*) AS count FROM mediations m WHERE m.tenant_id = $1 AND m.accepted_on >= $5
                AND m.accepted_on <= $6 AND (CAST($4 AS UUID) IS NULL OR m.estate_id = $4) AND ",
            $condition,
            given!()
        )
    };
}

/// SQL: sessions of the class after school that were held, and what of them.
macro_rules! classes {
    ($what:literal, $condition:literal) => {
        concat!(
            "SELECT COUNT(",
            $what,
            ") AS count FROM class_sessions s LEFT JOIN class_presences p ON p.tenant_id = s.tenant_id AND p.session_id = s.id AND p.arrived_at > 0
            WHERE s.tenant_id = $1 AND s.starts_at >= $2 AND s.starts_at < $3 AND s.opened_at > 0
                AND (CAST($4 AS UUID) IS NULL OR s.estate_id = $4) AND ",
            $condition,
            given!()
        )
    };
}

statements! {
    HOMES = homes!("TRUE");
    VISITED = homes!(met!("'home', 'nobody', 'refused', 'vacant', 'later'"));
    REACHED = homes!(met!("'home'"));
    REFUSED = homes!(concat!(met!("'refused'"), " AND NOT ", met!("'home'")));
    VACANT = homes!(concat!(met!("'vacant'"), " AND NOT ", met!("'home', 'refused'")));
    NOBODY = homes!(concat!(met!("'nobody', 'later'"), " AND NOT ", met!("'home', 'refused', 'vacant'")));
    UNTOUCHED = homes!(concat!("NOT ", met!("'home', 'nobody', 'refused', 'vacant', 'later'")));
    MEETINGS = meetings!("DISTINCT m.id", "m.kind = 'deliberation' AND m.state = 'ended'");
    INQUORATE = meetings!("DISTINCT m.id", "m.kind = 'deliberation' AND m.state = 'inquorate'");
    ITEMS = meetings!("a.id", "m.kind = 'deliberation' AND m.state = 'ended'");
    ITEMS_RESOLVED = meetings!("a.id", "m.kind = 'deliberation' AND m.state = 'ended' AND a.outcome = 'resolved'");
    ITEMS_DEFERRED = meetings!("a.id", "m.kind = 'deliberation' AND m.state = 'ended' AND a.outcome = 'deferred'");
    ITEMS_REJECTED = meetings!("a.id", "m.kind = 'deliberation' AND m.state = 'ended' AND a.outcome = 'rejected'");
    TOPICS = meetings!("a.id", "m.kind = 'joint_meeting' AND m.state = 'ended'");
    TOPICS_RESOLVED = meetings!("a.id", "m.kind = 'joint_meeting' AND m.state = 'ended' AND a.outcome = 'resolved'");
    TOPICS_DEFERRED = meetings!("a.id", "m.kind = 'joint_meeting' AND m.state = 'ended' AND a.outcome = 'deferred'");
    DONE = issues!("done", "TRUE");
    ASKED = issues!("done", later!("'surveyed', 'reopened'"));
    UNREACHABLE = issues!("done", concat!(later!("'unreachable'"), " AND NOT ", later!("'surveyed', 'reopened'")));
    UNASKED = issues!("done", concat!("NOT ", later!("'surveyed', 'reopened', 'unreachable'")));
    CLOSED = issues!("closed", "TRUE");
    IN_ESTATE = issues!("closed", concat!("i.level <> 'community' AND NOT ", from_above!()));
    IN_COMMUNITY = issues!("closed", concat!("i.level = 'community' AND NOT ", from_above!()));
    ABOVE = issues!("closed", from_above!());
    WITHIN = issues!("closed", concat!("NOT ", from_above!()));
    BLOWN = whistles!("w.asked");
    UP_DUE = whistles!("w.asked AND (w.acknowledged_at > 0 OR (w.state = 'blown' AND w.acknowledge_by < $7))");
    UP_CAME = whistles!("w.asked AND w.acknowledged_at <= w.acknowledge_by");
    UP_ANSWERED = whistles!("w.asked AND w.answered_at <= w.answer_by");
    TAKEN_ON = mediations!("TRUE");
    AGREED = mediations!("m.effective_on IS NOT NULL");
    ENDED = mediations!("m.effective_on IS NULL AND m.ending IS NOT NULL");
    GOING = mediations!("m.effective_on IS NULL AND m.ending IS NULL");
    CONFIRMED = mediations!("m.confirmation = 'confirmed'");
    CLASSES = classes!("DISTINCT s.id", "TRUE");
    CAME = classes!("p.child_id", "TRUE");
    SERVED = classes!("DISTINCT p.child_id", "TRUE");
    HOMEWORK = classes!("DISTINCT s.id", "s.kind = 'homework'");
    CRAFTS = classes!("DISTINCT s.id", "s.kind = 'crafts'");
    CLASSICS = classes!("DISTINCT s.id", "s.kind = 'classics'");
    JOINT_HELD = "SELECT DISTINCT m.estate_id, m.planned_at, a.side FROM meetings m LEFT JOIN attendances a ON a.tenant_id = m.tenant_id AND a.meeting_id = m.id
            AND a.arrived_at IS NOT NULL
        WHERE m.tenant_id = $1 AND m.kind = 'joint_meeting' AND m.state = 'ended'";
    ESTATES = "SELECT id, name, created_at FROM estates WHERE tenant_id = $1 ORDER BY name";
    ISSUE = "SELECT id, lock_version FROM issues WHERE tenant_id = $1 AND state = 'submitted' AND estate_id IS NOT NULL ORDER BY id LIMIT 1";
    CHEAT = "UPDATE exclusions SET state = 'approved', decided_by = proposed_by, decided_at = 1 WHERE tenant_id = $1 AND state = 'proposed'";
}

record! {
    struct Count { count: i64 }
    struct JointHeld { estate_id: Uuid, planned_at: Timestamp, side: Option<String> }
    struct Estate { id: Uuid, name: String, created_at: Timestamp }
    struct Known { id: Uuid }
}

/// Each topic with the labels of its gauges and how each is counted here; what no statement counts is counted below.
fn by_hand() -> Vec<(&'static str, Vec<(&'static str, db::Statement)>)> {
    vec![
        (
            "coverage",
            vec![
                ("住房", HOMES),
                ("去过", VISITED),
                ("见到人", REACHED),
                ("拒访", REFUSED),
                ("空户", VACANT),
                ("没见到", NOBODY),
                ("没去过", UNTOUCHED),
            ],
        ),
        (
            "deliberations",
            vec![
                ("会议", MEETINGS),
                ("流会", INQUORATE),
                ("议题", ITEMS),
                ("有决议", ITEMS_RESOLVED),
                ("下次议", ITEMS_DEFERRED),
                ("没通过", ITEMS_REJECTED),
            ],
        ),
        ("joint_meetings", vec![("议题", TOPICS), ("有结论", TOPICS_RESOLVED), ("下次议", TOPICS_DEFERRED)]),
        ("surveys", vec![("办结", DONE), ("已测评", ASKED), ("联系不上", UNREACHABLE), ("还没问", UNASKED)]),
        (
            "levels",
            vec![
                ("销号", CLOSED),
                ("小区办成", IN_ESTATE),
                ("社区办成", IN_COMMUNITY),
                ("街道以上", ABOVE),
                ("社区以内", WITHIN),
            ],
        ),
        ("whistles", vec![("吹出", BLOWN), ("上级应到", UP_DUE), ("上级按时到", UP_CAME), ("上级按时答", UP_ANSWERED)]),
        (
            "mediations",
            vec![
                ("受理", TAKEN_ON),
                ("达成协议", AGREED),
                ("没有达成", ENDED),
                ("还在调解", GOING),
                ("司法确认", CONFIRMED),
            ],
        ),
        (
            "classes",
            vec![
                ("场次", CLASSES),
                ("人次", CAME),
                ("作业辅导", HOMEWORK),
                ("手工制作", CRAFTS),
                ("诵读经典", CLASSICS),
            ],
        ),
    ]
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn midnight(day: Date) -> Timestamp {
    format!("{day}T00:00:00+08:00").parse().unwrap()
}

/// The figures of a page by their labels, each with whether it opens its rows.
fn figures(body: &str) -> BTreeMap<String, (i64, bool)> {
    let table = body.split("<h2>数据</h2>").nth(1).unwrap().split("</table>").next().unwrap();
    let figure = |row: &str| {
        let label = row.split('<').next().unwrap().to_owned();
        let cell = row.split("<td class=\"num\">").nth(1).unwrap().split("</td>").next().unwrap();
        let number = cell.split('>').nth(1).map_or(cell, |rest| rest.split('<').next().unwrap());
        (label, (number.parse().unwrap(), cell.contains("<a ")))
    };
    table.split("<th scope=\"row\">").skip(1).map(figure).collect()
}

/// How many months were due, held and complete.
async fn joint_by_hand(app: &TestApp, (first, last): (Date, Date), estate: Option<Uuid>) -> [i64; 3] {
    let mut tx = app.db.read().await.unwrap();
    let held: Vec<JointHeld> = tx.all(JOINT_HELD.bind(app.home.tenant)).await.unwrap();
    let estates: Vec<Estate> = tx.all(ESTATES.bind(app.home.tenant)).await.unwrap();
    let today = app.means.now().to_zoned_datetime(calendar::shanghai()).date();
    let mut counts = [0; 3];
    for known in estates.iter().filter(|known| estate.is_none_or(|only| only == known.id)) {
        let mut month = if first.day() == 1 { first } else { first.last_of_month() + 1.day() };
        while month <= last {
            let (from, until) = (midnight(month), midnight(month + 1.month()));
            let here = held
                .iter()
                .filter(|held| held.estate_id == known.id && from <= held.planned_at && held.planned_at < until);
            let sides: Vec<Option<&str>> = here.map(|held| held.side.as_deref()).collect();
            let complete = ["property", "member", "resident"].iter().all(|side| sides.contains(&Some(*side)));
            let was = !sides.is_empty();
            counts[0] += i64::from(
                was || (known.created_at < from + SignedDuration::from_hours(24) && month + 1.month() <= today),
            );
            counts[1] += i64::from(was);
            counts[2] += i64::from(was && complete);
            month += 1.month();
        }
    }
    counts
}

/// The rows of a sheet of a workbook, without its header.
fn sheet(file: Vec<u8>, name: &str) -> Vec<Vec<String>> {
    let mut book: Xlsx<Cursor<Vec<u8>>> = calamine::open_workbook_from_rs(Cursor::new(file)).unwrap();
    let text = |cell: &Data| match cell {
        Data::Float(number) => format!("{number}"),
        other => other.to_string(),
    };
    book.worksheet_range(name).unwrap().rows().map(|row| row.iter().map(text).collect()).collect()
}

async fn counted(app: &TestApp, statement: db::Statement, days: (Date, Date), estate: Option<Uuid>) -> i64 {
    let (from, until) = (midnight(days.0), midnight(days.1 + 1.day()));
    let mut tx = app.db.read().await.unwrap();
    let query = statement.bind(app.home.tenant).bind(from).bind(until).bind(estate);
    let query = query.bind(days.0.to_string()).bind(days.1.to_string()).bind(app.means.now());
    tx.one::<Count>(query).await.unwrap().count
}

async fn same(
    app: &TestApp,
    browser: &Browser,
    days: (Date, Date),
    estate: Option<Uuid>,
    seen: &mut BTreeMap<String, i64>,
) {
    let of = estate.map(|id| format!("&estate={id}")).unwrap_or_default();
    let asked = format!("from={}&to={}{of}", days.0, days.1);
    for (topic, gauges) in by_hand() {
        let page = browser.get(&format!("/reports/topics/{topic}?{asked}")).await;
        page.assert_ok();
        let shown = figures(&page.body);
        let mut expected = BTreeMap::new();
        for (label, statement) in gauges {
            expected.insert(label.to_owned(), counted(app, statement, days, estate).await);
        }
        if topic == "joint_meetings" {
            let counts = joint_by_hand(app, days, estate).await;
            expected.extend(["应开", "已开", "各方到齐"].map(str::to_owned).into_iter().zip(counts));
        }
        for (label, count) in &expected {
            let (said, opens) = shown[label.as_str()];
            assert_eq!(said, *count, "{topic} {label} {asked}");
            assert_eq!(opens, *count > 0 && topic != "mediations" && topic != "classes", "{topic} {label}");
            *seen.entry(format!("{topic} {label}")).or_default() += count;
        }
        // Whoever came to several classes is one child, whatever their kinds.
        if topic == "classes" {
            let served = counted(app, SERVED, days, estate).await;
            page.assert_contains(&format!("<b>{served}</b>来过的孩子"));
        }
        // What is taken away says the same.
        let file = browser.download_by_form(&format!("/reports/topics/{topic}/workbooks?{asked}"), &[]).await;
        let written: BTreeMap<String, String> =
            sheet(file, "数据").into_iter().map(|row| (row[0].clone(), row[1].clone())).collect();
        for (label, count) in &expected {
            assert_eq!(written[label], count.to_string(), "{topic} {label} in the workbook");
        }
        // An estate's figures on a page of all lead elsewhere.
        let links = page.between_all("figure=", "</a>").filter_map(|link| link.split_once("\">"));
        for (code, label) in links.filter(|_| estate.is_some()) {
            let Ok(count) = label.parse::<i64>() else { continue };
            let rows = browser.get(&format!("/reports/topics/{topic}/rows?{asked}&figure={code}")).await;
            rows.assert_ok().assert_contains(&format!("<span class=\"count\">{count}</span>"));
        }
    }
}

/// Somebody of the community itself.
fn staff(app: &TestApp) -> Act {
    Act { account: Some(app.means.id()), organisation: Some(app.home.organisation), role: Role::Staff, ..app.act() }
}

/// A meeting with the property company to which every side has come, and which has put its topic off.
async fn meet(app: &TestApp, estate: Uuid) {
    let act = staff(app);
    let plan = Plan {
        planned_at: app.means.now(),
        place: "党群服务站".to_owned(),
        host: "冯环英".to_owned(),
        recorder: String::new(),
    };
    let items = vec![NewItem::Topic("物业费公开".to_owned())];
    let new = NewMeeting { kind: Kind::Joint, circle: Circle::of_estate(estate), plan, items };
    let mut tx = app.db.begin().await.unwrap();
    let id = meeting::create(&mut tx, &act, new).await.unwrap();
    let mut held = meeting::meeting(&mut tx, act.tenant, id).await.unwrap();
    let seen = held.lock_version;
    meeting::begin(&mut tx, &act, &mut held, seen).await.unwrap();
    for (name, side) in [("何经理", Side::Property), ("冯党员", Side::Member), ("老王", Side::Resident)] {
        let person = Person { name: name.to_owned(), phone: String::new() };
        meeting::attend(&mut tx, &act, &held, side, &person).await.unwrap();
    }
    let seen = held.lock_version;
    meeting::end(&mut tx, &act, &mut held, seen, "").await.unwrap();
    tx.commit().await.unwrap();
}

/// An issue of the community as a whole, from its report to its end.
async fn solve(app: &TestApp) {
    let id = app.file_issue(Vec::new()).await;
    let (decides, handles, asks) = (staff(app), staff(app), staff(app));
    let grading = Grading {
        category: Category::Lighting,
        tier: Tier::Ordinary,
        remedy: Remedy::SelfHelp,
        summary: "路灯不亮".to_owned(),
    };
    let answer = Answer {
        respondent: Respondent::Reporter,
        report: None,
        score: Score::parse("5").unwrap(),
        solved: Solved::Yes,
        comment: String::new(),
    };
    let mut tx = app.db.begin().await.unwrap();
    let mut known = issue::issue(&mut tx, app.home.tenant, id).await.unwrap();
    let known = &mut known;
    issue::accept(&mut tx, &decides, known, 1, grading).await.unwrap();
    issue::dispatch(&mut tx, &decides, known, 2, app.home.organisation, Due::ByTier, "").await.unwrap();
    issue::finish(&mut tx, &handles, known, 3, "换了灯", &[]).await.unwrap();
    issue::publish(&mut tx, &decides, known, 4, "已经办好，请大家看一看", &[]).await.unwrap();
    issue::survey(&mut tx, &asks, known, 5, answer).await.unwrap();
    issue::close(&mut tx, &decides, known, 6).await.unwrap();
    tx.commit().await.unwrap();
}

/// Over the demonstration, which nobody makes on anything but SQLite.
#[tokio::test]
async fn every_gauge_of_the_other_reports_is_what_the_rows_say() {
    let app = TestApp::start(Engine::Sqlite).await;
    demo::build(&app.db, &app.means, "Beichuan-2026", &ProgressBar::hidden()).await.unwrap();
    let mut tx = app.db.read().await.unwrap();
    let estates: Vec<Estate> = tx.all(ESTATES.bind(app.home.tenant)).await.unwrap();
    let filed: Known = tx.one(ISSUE.bind(app.home.tenant)).await.unwrap();
    drop(tx);
    // One whistle to which nobody has come in time.
    crate::whistle::blown(&app, &app.home, filed.id).await;
    app.means.clock.set(app.means.now() + SignedDuration::from_hours(50));
    meet(&app, estates[0].id).await;
    solve(&app).await;
    let staff = app.person(Role::Staff).browser().await;
    let mut seen = BTreeMap::new();
    let today = app.means.now().to_zoned_datetime(calendar::shanghai()).date();
    for days in
        [(day("2026-01-01"), day("2026-12-31")), (day("2026-10-01"), day("2026-10-31")), (today - 20.days(), today)]
    {
        same(&app, &staff, days, None, &mut seen).await;
    }
    for estate in estates.iter().take(2) {
        same(&app, &staff, (day("2026-01-01"), day("2026-12-31")), Some(estate.id), &mut seen).await;
    }
    for label in [
        "coverage 见到人",
        "coverage 没去过",
        "deliberations 有决议",
        "joint_meetings 应开",
        "joint_meetings 各方到齐",
        "joint_meetings 下次议",
        "surveys 已测评",
        "levels 小区办成",
        "levels 社区办成",
        "whistles 上级应到",
        "mediations 受理",
        "classes 场次",
        "classes 人次",
    ] {
        assert!(seen[label] > 0, "{label} was never anything: {seen:?}");
    }
    // Nothing of a case is opened, or led to.
    let mediations = staff.get("/reports/topics/mediations?from=2026-01-01&to=2026-12-31").await;
    mediations.assert_ok().assert_lacks("href=\"/mediations/");
    staff.get("/reports/topics/mediations/rows?from=2026-01-01&to=2026-12-31&figure=taken_on").await.assert_status(404);
    staff.get("/reports/topics/nothing").await.assert_status(404);
    // The columns that superiors ask for, on paper and in the workbook.
    let file =
        staff.download_by_form("/reports/topics/deliberations/workbooks?from=2026-01-01&to=2026-12-31", &[]).await;
    let header =
        ["时间", "地点", "主持人", "记录人", "参加人员", "议题", "讨论意见", "表决结果", "决议", "落实责任人", "时限"];
    let rows = sheet(file, "议事会议");
    assert_eq!(rows[0], header);
    assert_eq!(rows.len() as i64 - 1, counted(&app, ITEMS, (day("2026-01-01"), day("2026-12-31")), None).await);
    let paper = words(
        &staff.download_by_form("/reports/topics/joint_meetings/papers?from=2026-01-01&to=2026-12-31", &[]).await,
    );
    for column in ["提出人", "责任单位", "措施", "验收人"] {
        assert!(paper.contains(column), "{column}");
    }
    app.person(Role::AuditAdmin).browser().await.get("/audit").await.assert_contains("联席会议");
    // Somebody of one estate sees that estate, and nothing says otherwise.
    let one = &estates[0];
    let branch = app.person(Role::BranchSecretary).reaching(Reach::Estate, one.id).browser().await;
    let page = branch.get("/reports/topics/coverage?from=2026-01-01&to=2026-12-31").await;
    page.assert_ok().assert_contains(&format!("{}，2026年", one.name));
    let homes = counted(&app, HOMES, (day("2026-01-01"), day("2026-12-31")), Some(one.id)).await;
    assert_eq!(figures(&page.body)["住房"].0, homes);
    branch.get(&format!("/reports/topics/coverage?estate={}", estates[1].id)).await.assert_status(404);
}

db_test! {
    async fn what_is_left_out_of_the_rates_was_proposed_by_one_and_approved_by_another(app: TestApp) {
        let id = app.file_issue(Vec::new()).await;
        let handler = staff(&app);
        let mut tx = app.db.begin().await.unwrap();
        let mut filed = issue::issue(&mut tx, app.home.tenant, id).await.unwrap();
        let grading = Grading { category: Category::Lighting, tier: Tier::Ordinary, remedy: Remedy::SelfHelp, summary: "路灯不亮".to_owned() };
        issue::accept(&mut tx, &handler, &mut filed, 1, grading).await.unwrap();
        issue::dispatch(&mut tx, &handler, &mut filed, 2, app.home.organisation, Due::ByTier, "").await.unwrap();
        tx.commit().await.unwrap();
        let proposer = app.person(Role::Secretary).browser().await;
        let approver = app.person(Role::Staff).browser().await;
        let exclusions = format!("/issues/{id}/exclusions");
        proposer.get("/reports").await.assert_contains("figure=dispatched\">1</a>");
        proposer.get(&format!("/issues/{id}")).await.assert_contains(&exclusions);
        proposer.post(&exclusions, &[("ground", "force_majeure"), ("reason", "")]).await.assert_status(422).assert_contains("具体情况");
        proposer.post(&exclusions, &[("ground", "force_majeure"), ("reason", "暴雨冲断了路")]).await.assert_ok().assert_contains("等审批");
        proposer.post(&exclusions, &[("ground", "malicious"), ("reason", "再提一次")]).await.assert_status(422).assert_contains("不用再提");
        approver.get("/today").await.assert_contains("审批剔除");
        proposer.get("/today").await.assert_lacks("审批剔除");
        let mut tx = app.db.read().await.unwrap();
        let asked = exclusion::of_issue(&mut tx, app.home.tenant, id).await.unwrap()[0].id.to_string();
        drop(tx);
        // Not by oneself: not on the page, not past the database.
        let decision = format!("/issues/{id}/exclusion-decisions");
        let yes = [("exclusion", asked.as_str()), ("decision", "approved"), ("answer", "")];
        proposer.post(&decision, &yes).await.assert_status(422).assert_contains("自己提出的不能自己批");
        let mut tx = app.db.begin().await.unwrap();
        assert!(tx.execute(CHEAT.bind(app.home.tenant)).await.is_err());
        drop(tx);
        approver.post(&decision, &[("exclusion", asked.as_str()), ("decision", "refused"), ("answer", "")]).await.assert_status(422);
        proposer.get("/reports").await.assert_contains("figure=dispatched\">1</a>");
        approver.post(&decision, &yes).await.assert_ok().assert_contains("已剔除");
        // Counted and listed, and not in the rates; its receipt says nothing of it.
        let page = proposer.get("/reports").await;
        page.assert_contains("1 件经批准剔除").assert_contains("figure=excluded\">1</a>").assert_lacks("figure=dispatched\">1</a>").assert_contains("figure=reported\">1</a>");
        proposer.get("/reports/rows?figure=excluded").await.assert_contains("剔除：客观不可抗力").assert_contains("暴雨冲断了路");
        proposer.get(&format!("/receipts/{}", filed.receipt_code)).await.assert_ok().assert_lacks("剔除");
        // Taken back with a reason.
        let revocation = format!("/issues/{id}/exclusion-revocations");
        approver.post(&revocation, &[("exclusion", &asked), ("revocation", "")]).await.assert_status(422);
        approver.post(&revocation, &[("exclusion", &asked), ("revocation", "路已经通了")]).await.assert_ok().assert_contains("路已经通了");
        proposer.get("/reports").await.assert_contains("figure=dispatched\">1</a>").assert_lacks("经批准剔除");
        let audit = app.person(Role::AuditAdmin).browser().await.get("/audit").await;
        for words in ["提出不计入三率", "批准不计入三率", "取消剔除"] {
            audit.assert_contains(words);
        }
        app.person(Role::GridWorker).browser().await.get(&exclusions).await.assert_status(403);
    }

    async fn a_composite_is_shown_once_weights_are_set_and_never_of_few(app: TestApp) {
        let staff = app.person(Role::Staff).browser().await;
        app.file_issue(Vec::new()).await;
        staff.get("/reports").await.assert_ok().assert_lacks("综合得分");
        let weights = serde_json::json!({ "composite": "shown", "responded_weight": 20, "solved_weight": 30, "satisfied_weight": 50 });
        let today = app.means.now().to_zoned_datetime(calendar::shanghai()).date();
        let mut tx = app.db.begin().await.unwrap();
        settings::set(&mut tx, &app.act(), "report.weights", today, &weights, "街道考核办法").await.unwrap();
        tx.commit().await.unwrap();
        staff.get("/reports").await.assert_contains("综合得分 —").assert_contains("（响应率×20 + 解决率×30 + 满意率×50）÷ 100");
        // Of a month before they were in force there is none.
        staff.get("/reports?from=2026-10-01&to=2026-10-31").await.assert_lacks("综合得分");
        staff.get("/reports/briefing").await.assert_contains("综合得分");
    }
}
