//! The pages and files of a period. What their figures say is counted anew in `report_years`.

use doorstep::access::{Role, Scope};
use doorstep::report::{self, Figure, Period};
use jiff::ToSpan;

use crate::support::TestApp;
use crate::support::office::{saved_by_libreoffice, words};
use crate::way_at_random::{cast, walk};

/// Some years of work, by whoever tried whatever.
async fn years(app: &TestApp) {
    let cast = cast(app).await;
    for seed in 0..60 {
        walk(app, &cast, seed).await;
    }
}

db_test! {
    async fn each_figure_opens_the_rows_that_it_counts(app: TestApp) {
        let began = app.means.now().to_zoned_datetime(calendar::shanghai()).date();
        years(&app).await;
        let now = app.means.now().to_zoned_datetime(calendar::shanghai()).date();
        let staff = app.person(Role::Staff).browser().await;
        // Nobody asks for more than three years.
        let asked = format!("from={}&to={now}", began.max(now - 3.years()));
        let page = staff.get(&format!("/reports?{asked}")).await;
        page.assert_ok().assert_contains("三率").assert_contains("满意率");
        let period = Period::of(began.max(now - 3.years()), now).unwrap();
        let mut tx = app.db.read().await.unwrap();
        let records = report::records(&mut tx, app.home.tenant, &Scope::tenant(), &period, None).await.unwrap();
        drop(tx);
        for figure in Figure::ALL {
            let count = records.iter().filter(|record| figure.counts(record, &period, app.means.now())).count();
            let rows = staff.get(&format!("/reports/rows?{asked}&figure={}", figure.code())).await;
            rows.assert_ok().assert_contains(&format!("<span class=\"count\">{count}</span>"));
            assert_eq!(rows.body.matches("href=\"/issues/").count(), count.min(100), "{figure}");
            if count > 0 {
                let link = format!("figure={}\">{count}</a>", figure.code());
                assert!(page.body.contains(&link), "{figure} {count} has no link");
            }
        }
        staff.get("/reports?from=2026-02-02&to=2026-02-01").await.assert_status(422).assert_contains("起止日期不对");
        staff.get("/reports?from=瞎写").await.assert_ok();
    }

    async fn ledger_figures_and_briefing_open_in_an_office(app: TestApp) {
        let reporter = doorstep::issue::Reporter { name: "刘大爷".to_owned(), phone: "13800001234".to_owned() };
        app.file_issue_of(Some(reporter), Vec::new()).await;
        let staff = app.person(Role::Staff).browser().await;
        let ledger = staff.download_by_form("/reports/ledger", &[]).await;
        let sheet = String::from_utf8(saved_by_libreoffice("ledger.xlsx", &ledger, "csv", "csv:Text - txt - csv (StarCalc):44,34,76")).unwrap();
        let mut lines = sheet.lines();
        assert_eq!(lines.next().unwrap().trim_start_matches('\u{feff}'), "序号,问题编号,登记日期,来源,反映人,联系电话,所在小区,楼栋房号,问题类别,问题描述,责任单位,责任人,办理时限,办理措施,办理结果,办结日期,满意度,是否销号,备注");
        let row = lines.next().unwrap();
        assert!(row.starts_with("1,SSYS-") && row.contains("刘*爷") && row.contains("138****1234") && !row.contains("13800001234"), "{row}");
        let figures = staff.download("/reports/figures.xlsx").await;
        let sheet = String::from_utf8(saved_by_libreoffice("figures.xlsx", &figures, "csv", "csv:Text - txt - csv (StarCalc):44,34,76")).unwrap();
        assert!(sheet.contains("新反映,1,"), "{sheet}");
        staff.get("/reports/briefing").await.assert_ok().assert_contains("居民新反映 1 件").assert_contains("满意率因样本只有 0 件不作统计");
        let briefing = words(&staff.download("/reports/briefing.docx").await);
        assert!(briefing.contains("诉求办理简报") && briefing.contains("居民新反映 1 件"), "{briefing}");
        // What was taken away is known.
        let auditor = app.person(Role::AuditAdmin).browser().await;
        auditor.get("/audit").await.assert_contains("问题台账");
    }

    async fn a_form_of_somebody_else_is_filled_from_the_same_figures(app: TestApp) {
        for _ in 0..5 {
            app.file_issue(Vec::new()).await;
        }
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        sheet.write_string(0, 0, "街道月报").unwrap();
        for (name, cell) in [("新反映", "$B$2"), ("物业类占比", "$C$2"), ("单位", "$D$2"), ("类别_公共照明", "$E$2"), ("别的", "$F$2")] {
            book.define_name(name, &format!("=Sheet1!{cell}")).unwrap();
        }
        let form = book.save_to_buffer().unwrap();
        let staff = app.person(Role::Staff).browser().await;
        staff.get("/reports/template").await.assert_ok().assert_contains("类别_停车");
        let page = staff.post_files("/reports/template", &[], &[("file", "月报.xlsx", b"PK")]).await;
        page.assert_status(422).assert_contains("文件不完整");
        staff.post_files("/reports/template", &[], &[]).await.assert_status(422).assert_contains("请选择上级的表");
        let filled = staff.download_by_files("/reports/template", &[("file", "月报.xlsx", &form)]).await;
        let sheet = saved_by_libreoffice("filled.xlsx", &filled, "csv", "csv:Text - txt - csv (StarCalc):44,34,76");
        let sheet = String::from_utf8(sheet).unwrap();
        let lines: Vec<&str> = sheet.trim_start_matches('\u{feff}').lines().collect();
        assert_eq!(lines[0].trim_end_matches(','), "街道月报");
        assert_eq!(lines[1].trim_end_matches(','), format!(",5,1,{},5", app.home.name));
    }

    async fn a_report_reaches_as_far_as_its_reader(app: TestApp) {
        app.file_issue(Vec::new()).await;
        let branch = app.person(Role::BranchSecretary).reaching(doorstep::access::Reach::Estate, uuid::Uuid::now_v7()).browser().await;
        branch.get("/reports/rows").await.assert_ok().assert_contains("一件也没有");
        app.person(Role::GridWorker).browser().await.get("/reports").await.assert_status(403);
        // What somebody sees of one estate is never headed as the whole community's.
        let mut tx = app.db.begin().await.unwrap();
        let estate = doorstep::place::create_estate(&mut tx, &app.act(), "王府名苑小区", None, None).await.unwrap();
        tx.commit().await.unwrap();
        let branch = app.person(Role::BranchSecretary).reaching(doorstep::access::Reach::Estate, estate).browser().await;
        branch.get("/reports/briefing").await.assert_ok().assert_contains("王府名苑小区2026年11月诉求办理简报");
        branch.get(&format!("/reports?estate={}", uuid::Uuid::nil())).await.assert_status(404);
        let staff = app.person(Role::Staff).browser().await;
        staff.get("/reports/rows").await.assert_ok().assert_contains("SSYS-");
        // Twice is no trend.
        app.file_issue(Vec::new()).await;
        doorstep::upkeep::count(&app.db, &app.means).await.unwrap();
        staff.get("/reports/trends").await.assert_ok().assert_contains("还没有哪一类够画的");
        app.file_issue(Vec::new()).await;
        doorstep::upkeep::count(&app.db, &app.means).await.unwrap();
        let trends = staff.get("/reports/trends").await;
        trends.assert_contains("<span class=\"count\">3</span>").assert_contains("11月 3").assert_lacks("还没有哪一类够画的");
    }
}
