//! Orders of the hotline 12345: in by a workbook, out in the same columns, both read by another program.

use doorstep::access::{Act, Role};
use doorstep::issue::{self, Answer, Category, Due, Grading, Remedy, Respondent, Score, Solved, Source, Tier};
use doorstep::place;
use jiff::{SignedDuration, Timestamp};
use rust_xlsxwriter::{Format, Workbook};
use serde_json::json;
use uuid::Uuid;

use crate::support::office::saved_by_libreoffice;
use crate::support::{Browser, TestApp};

const HEADINGS: [&str; 8] = ["序号", "工单号", "来电时间", "诉求类型", "主要内容", "来电人", "来电号码", "办理时限"];

/// A district's workbook, with a title above the table, as LibreOffice saves it.
fn workbook(rows: &[[&str; 8]]) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.merge_range(0, 0, 0, 7, "12345热线转办工单", &Format::new()).unwrap();
    for (column, heading) in (0..).zip(HEADINGS) {
        sheet.write_string(1, column, heading).unwrap();
    }
    for (row, cells) in (2..).zip(rows) {
        for (column, cell) in (0..).zip(*cells) {
            sheet.write_string(row, column, cell).unwrap();
        }
    }
    let file = workbook.save_to_buffer().unwrap();
    saved_by_libreoffice("orders.xlsx", &file, "xlsx", "xlsx:Calc MS Excel 2007 XML")
}

const ROWS: [[&str; 8]; 5] = [
    [
        "1",
        "TY20261122-0001",
        "2026-11-22 16:40",
        "投诉",
        "3号楼电梯停了两天，联系13800001234",
        "王建国",
        "13800001234",
        "2026-11-23 20:00",
    ],
    ["2", "TY20261122-0002", "2026/11/22 17:05", "咨询", "问一下物业费怎么交", "贺女士", "", ""],
    ["3", "TY20261122-0003", "昨天", "投诉", "小区大门口路灯不亮", "", "", ""],
    ["4", "", "", "投诉", "小区大门口路灯不亮", "", "", ""],
    ["5", "TY20261122-0001", "2026-11-22 16:40", "投诉", "3号楼电梯停了两天", "", "", ""],
];

async fn upload(browser: &Browser, file: &[u8]) -> (String, crate::support::Page) {
    let page = browser.post_files("/work-orders/uploads", &[], &[("file", "工单.xlsx", file)]).await;
    page.assert_ok();
    (page.url.clone(), page)
}

async fn orders(app: &TestApp, browser: &Browser) -> Vec<issue::Issue> {
    let list = browser.get("/work-orders").await;
    let mut found = Vec::new();
    for id in list.between_all("href=\"/issues/", "\"").filter_map(|id| id.parse::<Uuid>().ok()) {
        found.push(issue::issue(&mut app.db.read().await.unwrap(), app.home.tenant, id).await.unwrap());
    }
    found.sort_by_key(|issue| issue.description.clone());
    found
}

/// Works an issue through to a survey by the reporter.
async fn work_on(app: &TestApp, id: Uuid) {
    let role =
        |role, account| Act { role, account: Some(account), organisation: Some(app.home.organisation), ..app.act() };
    let mut tx = app.db.begin().await.unwrap();
    let mut one = issue::issue(&mut tx, app.home.tenant, id).await.unwrap();
    drop(tx);
    let staff = app.person(Role::Staff).create().await.id;
    let surveyor = app.person(Role::GridWorker).create().await.id;
    let mut tx = app.db.begin().await.unwrap();
    let act = role(Role::Staff, staff);
    let grading = Grading {
        category: Category::Lift,
        tier: Tier::Ordinary,
        remedy: Remedy::Property,
        summary: "3号楼电梯停运".to_owned(),
    };
    issue::accept(&mut tx, &act, &mut one, 1, grading).await.unwrap();
    issue::dispatch(&mut tx, &act, &mut one, 2, app.home.organisation, Due::ByTier, "").await.unwrap();
    issue::finish(&mut tx, &act, &mut one, 3, "换了控制板，已经恢复", &[]).await.unwrap();
    issue::publish(&mut tx, &role(Role::Secretary, surveyor), &mut one, 4, "已经修好", &[]).await.unwrap();
    let answer = Answer {
        respondent: Respondent::Reporter,
        report: None,
        score: Score::parse("4").unwrap(),
        solved: Solved::Yes,
        comment: String::new(),
    };
    issue::survey(&mut tx, &role(Role::GridWorker, surveyor), &mut one, 5, answer).await.unwrap();
    tx.commit().await.unwrap();
}

db_test! {
    async fn a_workbook_is_looked_at_first_and_the_same_order_comes_in_once(app: TestApp) {
        let staff = app.person(Role::Staff).browser().await;
        let file = workbook(&ROWS);
        let (path, look) = upload(&staff, &file).await;
        look.assert_contains("2 件，其中咨询 1 件").assert_contains("1 件，不再导入").assert_contains("2 行，不导入");
        assert!(orders(&app, &staff).await.is_empty(), "nothing has been taken in");
        look.assert_contains("来电时间：时间看不懂").assert_contains("没有工单编号").assert_lacks("王建国").assert_lacks("13800001234");

        staff.post(&format!("{path}/entry"), &[]).await.assert_ok().assert_contains("导入了 2 件").assert_contains("TY20261122-0001");
        let taken = orders(&app, &staff).await;
        assert_eq!(taken.len(), 2);
        let lift = &taken[0];
        assert_eq!((lift.source, lift.description.as_str()), (Source::Hotline, "3号楼电梯停了两天,联系（号码略）"));
        let due: Timestamp = "2026-11-23T20:00:00+08:00".parse().unwrap();
        assert_eq!((lift.due_at, lift.deadline_at), (due, Some(due)), "earlier than what the tier would give");
        assert!(taken[1].due_at > due);
        let reporter = issue::reporter(&app.act(), lift).unwrap().unwrap();
        assert_eq!((reporter.name.as_str(), reporter.phone.as_str()), ("王建国", "13800001234"));

        staff.get(&path).await.assert_status(404);
        let (path, again) = upload(&staff, &file).await;
        again.assert_contains("没有可以导入的");
        staff.post(&format!("{path}/entry"), &[]).await.assert_contains("导入了 0 件");
        assert_eq!(orders(&app, &staff).await.len(), 2);
        let (path, _) = upload(&staff, &file).await;
        app.means.clock.set(app.means.now() + SignedDuration::from_hours(25));
        doorstep::upkeep::once(&app.app).await.unwrap();
        let staff = app.person(Role::Staff).browser().await;
        staff.get(&path).await.assert_status(404);
        app.person(Role::AuditAdmin).browser().await.get("/audit").await.assert_contains("12345 工单").assert_contains("2 件");
    }

    async fn what_a_column_is_somebody_says_once(app: TestApp) {
        let staff = app.person(Role::Staff).browser().await;
        let mut strange = Workbook::new();
        let sheet = strange.add_worksheet();
        for (row, cells) in (0..).zip([["流水", "说了什么", "谁"], ["A1", "地下室进水了", "王建国"]]) {
            for (column, cell) in (0..).zip(cells) {
                sheet.write_string(row, column, cell).unwrap();
            }
        }
        let file = strange.save_to_buffer().unwrap();
        let (path, look) = upload(&staff, &file).await;
        look.assert_contains("还没有指定哪一列是工单编号、诉求内容");
        staff.post(&format!("{path}/entry"), &[]).await.assert_status(422);
        let twice = [("column0", "number"), ("column1", "number"), ("column2", "name")];
        staff.post(&format!("{path}/layout"), &twice).await.assert_status(422).assert_contains("只能指定一列");
        let right = [("column0", "number"), ("column1", "content"), ("column2", "name")];
        staff.post(&format!("{path}/layout"), &right).await.assert_ok().assert_contains("导入 1 件");
        let (path, look) = upload(&staff, &file).await;
        look.assert_contains("导入 1 件");
        staff.post(&format!("{path}/entry"), &[]).await.assert_ok();
        for wrong in [&b"PK"[..], b"x", b""] {
            staff.post_files("/work-orders/uploads", &[], &[("file", "工单.xlsx", wrong)]).await.assert_status(422);
        }
        app.person(Role::GridWorker).browser().await.get("/work-orders").await.assert_status(403);
    }

    async fn results_and_answers_go_out_in_the_same_columns(app: TestApp) {
        let staff = app.person(Role::Staff).browser().await;
        let (path, _) = upload(&staff, &workbook(&ROWS)).await;
        staff.post(&format!("{path}/entry"), &[]).await.assert_ok();
        work_on(&app, orders(&app, &staff).await[0].id).await;
        let file = staff.download_by_form("/work-orders/replies", &[("from", "2026-11-01"), ("to", "2026-11-30")]).await;
        let text = saved_by_libreoffice("replies.xlsx", &file, "csv", "csv:Text - txt - csv (StarCalc):59,34,76");
        let text = String::from_utf8(text).unwrap();
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(';').collect()).collect();
        assert_eq!(lines[0][..8], HEADINGS);
        assert_eq!(lines[0][8..], ["办理状态", "办理结果", "办结时间", "是否解决", "回访满意度"]);
        assert_eq!(lines[1][1..4], ["TY20261122-0001", "2026-11-22 16:40", "投诉"]);
        assert_eq!(lines[1][5..8], ["王*国", "138****1234", "2026-11-23 20:00"]);
        assert_eq!(lines[1][8..], ["待销号", "换了控制板，已经恢复", "2026-11-23 09:00", "解决了", "满意"]);
        assert_eq!(lines[2][8..], ["待受理", "", "", "", ""]);
        assert_eq!(lines.len(), 3);
        staff.post("/work-orders/replies", &[("from", "2026-11-30"), ("to", "2026-11-01")]).await.assert_status(422);
    }

    async fn an_enquiry_is_counted_in_no_rate(app: TestApp) {
        let staff = app.person(Role::Staff).browser().await;
        let (path, _) = upload(&staff, &workbook(&ROWS)).await;
        staff.post(&format!("{path}/entry"), &[]).await.assert_ok();
        let taken = orders(&app, &staff).await;
        for order in &taken {
            work_on(&app, order.id).await;
        }
        let program = crate::api::program(&app, &[doorstep::access::TokenScope::ReportsRead]).await;
        let figures = program.get("/api/v1/figures?from=2026-11-01&to=2026-11-30").await.ok();
        let count = |code: &str| figures["figures"].as_array().unwrap().iter().find(|figure| figure["code"] == code).unwrap()["count"].clone();
        for (code, expected) in [("reported", 2), ("done", 2), ("dispatched", 1), ("responded", 1), ("surveyed", 1), ("solved", 1), ("satisfied", 1)] {
            assert_eq!(count(code), json!(expected), "{code}");
        }
    }

    async fn an_order_belongs_to_the_estate_that_it_names(app: TestApp) {
        let mut tx = app.db.begin().await.unwrap();
        // The shorter name is older, and stands in the longer one.
        for name in ["东湖", "东湖花园", "青禾里小区"] {
            place::create_estate(&mut tx, &app.act(), name, None, None).await.unwrap();
        }
        tx.commit().await.unwrap();
        let rows = [
            ["1", "A1", "东湖花园3号楼", "电梯停了两天"],
            ["2", "A2", "东湖2号楼", "从东湖花园搬来的住户反映电梯停了"],
            ["3", "A3", "", "东湖花园门口路灯不亮"],
            ["4", "A4", "青禾里小区", "和东湖花园之间的路灯不亮"],
            ["5", "A5", "", "青禾里小区和东湖花园之间路灯不亮"],
            ["6", "A6", "别处", "大门口路灯不亮了"],
        ];
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        for (row, cells) in (0..).zip([["序号", "工单编号", "地址", "诉求内容"]].iter().chain(&rows)) {
            for (column, cell) in (0..).zip(cells) {
                sheet.write_string(row, column, *cell).unwrap();
            }
        }
        let staff = app.person(Role::Staff).browser().await;
        let (path, _) = upload(&staff, &workbook.save_to_buffer().unwrap()).await;
        staff.post(&format!("{path}/entry"), &[]).await.assert_ok().assert_contains("导入了 6 件");
        let mut found: Vec<(String, Option<String>)> = Vec::new();
        for order in orders(&app, &staff).await {
            found.push((order.description, order.estate_name));
        }
        let estate = |content: &str| found.iter().find(|(known, _)| known == content).unwrap().1.as_deref();
        assert_eq!(estate("电梯停了两天"), Some("东湖花园"));
        assert_eq!(estate("从东湖花园搬来的住户反映电梯停了"), Some("东湖"));
        assert_eq!(estate("东湖花园门口路灯不亮"), Some("东湖花园"));
        assert_eq!(estate("和东湖花园之间的路灯不亮"), Some("青禾里小区"));
        assert_eq!(estate("青禾里小区和东湖花园之间路灯不亮"), None);
        assert_eq!(estate("大门口路灯不亮了"), None);
    }

    async fn an_order_that_was_joined_to_another_is_answered_by_that(app: TestApp) {
        let staff = app.person(Role::Staff).browser().await;
        let (path, _) = upload(&staff, &workbook(&ROWS)).await;
        staff.post(&format!("{path}/entry"), &[]).await.assert_ok();
        let mut taken = orders(&app, &staff).await;
        let (mut second, first) = (taken.pop().unwrap(), taken.pop().unwrap());
        let mut tx = app.db.begin().await.unwrap();
        let seen = second.lock_version;
        issue::merge(&mut tx, &app.act(), &mut second, seen, &first).await.unwrap();
        tx.commit().await.unwrap();
        let reply = async || {
            let file = staff.download_by_form("/work-orders/replies", &[("from", "2026-11-01"), ("to", "2026-11-30")]).await;
            let text = saved_by_libreoffice("replies.xlsx", &file, "csv", "csv:Text - txt - csv (StarCalc):59,34,76");
            let text = String::from_utf8(text).unwrap();
            let line = text.lines().find(|line| line.contains("TY20261122-0002")).unwrap().to_owned();
            line.split(';').map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(reply().await[8..], ["待受理", "", "", "", ""], "nothing has been done yet");
        work_on(&app, first.id).await;
        // What the other reporter has said is not this one's.
        assert_eq!(reply().await[8..], ["待销号", "换了控制板，已经恢复", "2026-11-23 09:00", "", ""]);
    }

    async fn what_districts_really_send_comes_in_and_what_has_changed_is_said(app: TestApp) {
        let staff = app.person(Role::Staff).browser().await;
        let mut rows = ROWS;
        rows[0][6] = "138****1234";
        rows[1][3] = "表扬";
        let (path, look) = upload(&staff, &workbook(&rows)).await;
        look.assert_contains("联系电话：号码打了星号，没有登记").assert_contains("2 件").assert_lacks("138****");
        let rejected = staff.download(&format!("{path}/rejections")).await;
        let text = saved_by_libreoffice("rejected.xlsx", &rejected, "csv", "csv:Text - txt - csv (StarCalc):59,34,76");
        let text = String::from_utf8(text).unwrap();
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(';').collect()).collect();
        assert_eq!(lines[0][..4], ["行号", "为什么退回", "序号", "工单号"]);
        assert_eq!((lines[1][0], lines[1][3], lines.len()), ("5", "TY20261122-0003", 3));
        assert!(lines[1][1].contains("时间看不懂"), "{lines:?}");
        app.person(Role::AuditAdmin).browser().await.get("/audit").await.assert_contains("退回的工单");
        staff.post(&format!("{path}/entry"), &[]).await.assert_contains("导入了 2 件");
        staff.get("/work-orders").await.assert_contains("表扬");

        rows[4] = ["", "", "", "", "", "", "", ""];
        let (_, same) = upload(&staff, &workbook(&rows)).await;
        same.assert_contains("没有可以导入的").assert_lacks("有变化");
        rows[0][7] = "2026-11-25 20:00";
        rows[1][4] = "表扬3号楼的物业师傅";
        let (_, look) = upload(&staff, &workbook(&rows)).await;
        look.assert_contains("其中 2 件有变化").assert_contains("办结时限改成了").assert_contains("内容和导入时不一样");
    }
}
