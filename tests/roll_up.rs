//! Figures of months that are kept: whatever happened, and whenever they were counted, they are what a recount gives.

use db::{record, statements};
use doorstep::access::{Reach, Role, Scope};
use doorstep::issue::{Category, Month};
use doorstep::report::roll_up::{self, Months};
use doorstep::report::{self, Figure, Period};
use doorstep::{settings, upkeep};
use serde_json::json;
use uuid::Uuid;

use crate::support::TestApp;
use crate::support::office::saved_by_libreoffice;
use crate::way_at_random::{cast, walk};

statements! {
    ESTATES = "SELECT id FROM estates WHERE tenant_id = $1";
    OF_CATEGORY = "SELECT COUNT(*) AS count FROM issues WHERE tenant_id = $1 AND category = $2 AND reported_at >= $3 AND reported_at < $4";
    BUILDINGS = "SELECT building_id, COUNT(*) AS count FROM issues WHERE tenant_id = $1 AND estate_id = $2 AND building_id IS NOT NULL
        AND reported_at >= $3 AND reported_at < $4 GROUP BY building_id";
}

record! {
    struct Id { id: Uuid }
    struct Count { count: i64 }
    struct OfBuilding { building_id: Uuid, count: i64 }
}

async fn kept(app: &TestApp, estate: Option<Uuid>, span: (Month, Month)) -> Months {
    let mut tx = app.db.read().await.unwrap();
    roll_up::months(&mut tx, app.home.tenant, &Scope::tenant(), estate, span).await.unwrap()
}

db_test! {
    async fn what_is_kept_is_what_a_recount_gives(app: TestApp) {
        let first = Month::at(app.means.now());
        let cast = cast(&app).await;
        for seed in 0..40 {
            walk(&app, &cast, seed).await;
            // Counted now and then, so that most of it is counted again after it has changed.
            match seed % 7 {
                3 => upkeep::count(&app.db, &app.means).await.unwrap(),
                5 => upkeep::once(&app.app).await.unwrap(),
                _ => {}
            }
        }
        upkeep::once(&app.app).await.unwrap();
        upkeep::count(&app.db, &app.means).await.unwrap();
        let now = app.means.now() + jiff::SignedDuration::from_millis(1);
        let span = (first, Month::at(now));
        let mut tx = app.db.read().await.unwrap();
        let estates: Vec<Id> = tx.all(ESTATES.bind(app.home.tenant)).await.unwrap();
        let mut counted = 0;
        for estate in std::iter::once(None).chain(estates.iter().map(|estate| Some(estate.id))) {
            let kept = kept(&app, estate, span).await;
            for month in span.0.until(span.1) {
                let period = Period::month(month.first()).unwrap();
                let records = report::records(&mut tx, app.home.tenant, &Scope::tenant(), &period, estate).await.unwrap();
                for figure in Figure::ALL.iter().filter(|figure| **figure != Figure::Overdue) {
                    let count = records.iter().filter(|record| figure.counts(record, &period, now)).count() as i64;
                    assert_eq!(kept.get(month, *figure), count, "{figure} {}", period.words());
                    counted += count;
                }
                match estate {
                    None => {
                        assert!(kept.counted_at(month).is_some(), "{} was never counted", period.words());
                        for category in Category::ALL {
                            let query = OF_CATEGORY.bind(app.home.tenant).bind(*category).bind(period.from).bind(period.until);
                            let count = tx.one::<Count>(query).await.unwrap().count;
                            assert_eq!(kept.of_category(month, *category), count, "{category} {}", period.words());
                        }
                    }
                    Some(estate) => {
                        let query = BUILDINGS.bind(app.home.tenant).bind(estate).bind(period.from).bind(period.until);
                        for of in tx.all::<OfBuilding>(query).await.unwrap() {
                            assert_eq!(kept.of_building(month, of.building_id), of.count);
                        }
                    }
                }
            }
        }
        assert!(counted > 500, "only {counted}");
    }

    async fn a_month_in_which_nothing_has_happened_is_counted_too(app: TestApp) {
        app.file_issue(Vec::new()).await;
        upkeep::count(&app.db, &app.means).await.unwrap();
        let before = Month::at(app.means.now());
        app.means.clock.set(app.means.now() + jiff::SignedDuration::from_hours(24 * 70));
        upkeep::once(&app.app).await.unwrap();
        upkeep::count(&app.db, &app.means).await.unwrap();
        let now = Month::at(app.means.now());
        let kept = kept(&app, None, (before, now)).await;
        assert_eq!(before.until(now).map(|month| kept.get(month, Figure::Open)).collect::<Vec<_>>(), [1, 1, 1, 1]);
        assert_eq!(kept.get(now, Figure::Reported), 0);
    }

    async fn the_board_tells_rates_of_enough_and_nothing_of_fewer(app: TestApp) {
        let address = format!("/board/{}/figures", app.home.code);
        let stranger = app.browser();
        stranger.get(&address).await.assert_ok().assert_contains("还没有可以公布的");
        // A walk goes through years, and leaves little in a month.
        const LEAST: i64 = 1;
        let mut tx = app.db.begin().await.unwrap();
        let today = app.means.now().to_zoned_datetime(calendar::shanghai()).date();
        settings::set(&mut tx, &app.act(), "report.rates", today, &json!({ "least_cases": LEAST }), "试验").await.unwrap();
        tx.commit().await.unwrap();
        let cast = cast(&app).await;
        for seed in 0..90 {
            walk(&app, &cast, seed).await;
        }
        upkeep::once(&app.app).await.unwrap();
        upkeep::count(&app.db, &app.means).await.unwrap();
        let last = Month::at(app.means.now());
        let span = (last.plus(-11), last);
        let kept = kept(&app, None, span).await;
        let page = stranger.get(&address).await;
        page.assert_ok();
        let words = |count: i64, of: i64, least: i64| match (count * 2000 + of) / (of * 2).max(1) {
            _ if of < least => "—".to_owned(),
            tenths if tenths % 10 == 0 => format!("{}%", tenths / 10),
            tenths => format!("{}.{}%", tenths / 10, tenths % 10),
        };
        let rates = [
            ("响应率", Figure::Responded, Figure::Dispatched),
            ("解决率", Figure::Solved, Figure::Surveyed),
            ("满意率", Figure::Satisfied, Figure::Surveyed),
        ];
        let mut told = [0, 0];
        for month in span.0.until(span.1) {
            let name = month.first().strftime("%Y年%-m月").to_string();
            let Some((_, row)) = page.body.split_once(&format!("<th scope=\"row\" class=\"num\">{name}<")) else { continue };
            let row = row.split("</tr>").next().unwrap();
            for (label, figure) in [("新反映", Figure::Reported), ("办结", Figure::Done)] {
                assert!(row.contains(&format!("{label} </span>{} 件<", kept.get(month, figure))), "{name} {label}: {row}");
            }
            if month == last {
                continue;
            }
            for (label, part, whole) in rates {
                let (count, of) = (kept.get(month, part), kept.get(month, whole));
                told[usize::from(of < LEAST)] += 1;
                let cell = format!("{label} </span>{} <span class=\"quiet\">（{of} 件）", words(count, of, LEAST));
                assert!(row.contains(&cell), "{name} {label} {count} of {of}: {row}");
            }
        }
        assert!(told.iter().all(|count| *count > 0), "{told:?}: the walk has no months of both kinds");
        // Whatever is told of all months together is told of single ones already, so nothing follows of those that are not.
        for least in [LEAST, 2, 5] {
            let mut tx = app.db.begin().await.unwrap();
            let today = app.means.now().to_zoned_datetime(calendar::shanghai()).date();
            settings::set(&mut tx, &app.act(), "report.rates", today, &json!({ "least_cases": least }), "试验").await.unwrap();
            tx.commit().await.unwrap();
            let page = stranger.get(&address).await;
            for (label, ..) in rates {
                let number = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<i64>().unwrap();
                let cell = format!("{label} </span>");
                let cells = page.body.split(&cell).skip(1);
                let told = cells.filter(|cell| !cell.starts_with("—")).map(|cell| number(cell.split('（').nth(1).unwrap()));
                let total = page.body.split(&format!("</b>{label}，")).nth(1).unwrap();
                assert_eq!(number(total), told.sum::<i64>(), "{label}, at least {least}");
            }
            // A month that goes on tells no rates.
            let row = page.body.split("<th scope=\"row\" class=\"num\">").nth(1).unwrap().split("</tr>").next().unwrap();
            assert!(row.contains("过完这个月再算比率") && !row.contains('%'), "{row}");
        }
        stranger.get(&format!("/board/{}", app.home.code)).await.assert_contains(&address);
        stranger.get("/board/000000000000/figures").await.assert_status(404);
    }

    async fn the_trend_reaches_as_far_as_its_reader(app: TestApp) {
        let mut tx = app.db.begin().await.unwrap();
        let estate = doorstep::place::create_estate(&mut tx, &app.act(), "王府名苑小区", None, None).await.unwrap();
        tx.commit().await.unwrap();
        for _ in 0..3 {
            app.file_issue(Vec::new()).await;
        }
        let staff = app.person(Role::Staff).browser().await;
        staff.get("/reports/trends").await.assert_ok().assert_contains("还没有数过");
        upkeep::count(&app.db, &app.means).await.unwrap();
        let page = staff.get("/reports/trends").await;
        page.assert_ok().assert_contains("数到").assert_contains("公共照明");
        // When it was counted is said of an estate too, which has nothing.
        let of_estate = staff.get(&format!("/reports/trends?estate={estate}")).await;
        of_estate.assert_ok().assert_contains("数到").assert_lacks("还没有数过").assert_lacks("公共照明");
        let branch = app.person(Role::BranchSecretary).reaching(Reach::Estate, Uuid::now_v7()).browser().await;
        branch.get("/reports/trends").await.assert_ok().assert_lacks("公共照明");
        branch.get(&format!("/reports/trends?estate={}", Uuid::now_v7())).await.assert_status(404);
        app.person(Role::GridWorker).browser().await.get("/reports/trends").await.assert_status(403);
        let file = staff.download("/reports/trends.xlsx").await;
        let sheet = saved_by_libreoffice("trends.xlsx", &file, "csv", "csv:Text - txt - csv (StarCalc):44,34,76");
        let sheet = String::from_utf8(sheet).unwrap();
        let lines: Vec<&str> = sheet.lines().collect();
        assert!(lines[0].contains("月份,新反映,其中物业管理类,派单"), "{sheet}");
        assert_eq!(lines.len(), 13, "{sheet}");
        assert!(lines[12].contains("月,3,"), "{sheet}");
    }
}
