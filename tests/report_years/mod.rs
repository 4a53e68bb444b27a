//! Two years of work, by people who are early, late or away, and every figure that the report pages say of it, counted anew from
//! the raw rows by code that shares nothing with the product's: not its statements, not its rules, not its calendar.
//!
//! `work` lives the years; `life` reads the rows and knows by itself when each step was due.

mod life;
mod work;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use doorstep::access::Role;
use doorstep::issue::Category;
use doorstep::report::Figure;
use jiff::civil::Date;
use uuid::Uuid;

use self::life::{DAY, Life, midnight};
use crate::support::Browser;

/// As many reports as `DOORSTEP_YEARS` says: two hundred each time, thousands after a change of what is counted.
fn reports() -> usize {
    std::env::var("DOORSTEP_YEARS").map_or(200, |reports| reports.parse().expect("DOORSTEP_YEARS is a number"))
}

/// The first and the last day of each period that is asked for: months, a quarter, years, a week of holidays, days around one, and a
/// period that is not over.
const PERIODS: [(&str, &str); 8] = [
    ("2025-03-01", "2025-03-31"),
    ("2026-02-01", "2026-02-28"),
    ("2025-10-01", "2025-12-31"),
    ("2025-01-01", "2025-12-31"),
    ("2025-10-01", "2025-10-08"),
    ("2026-02-11", "2026-03-05"),
    ("2024-11-23", "2026-11-23"),
    ("2026-10-01", "2026-12-31"),
];

/// What the page divides, part by whole.
const RATES: [(&str, &str, &str); 4] = [
    ("响应率", "responded", "dispatched"),
    ("解决率", "solved", "surveyed"),
    ("满意率", "satisfied", "surveyed"),
    ("物业类占比", "property", "reported"),
];

/// What stands on a page and in its workbook.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    figures: BTreeMap<&'static str, i64>,
    /// As it is shown, of how many, and how many of them.
    rates: Vec<(&'static str, String, i64, i64)>,
    categories: BTreeMap<String, i64>,
}

/// The same from the rows.
fn counted(lives: &[&Life], from: i64, until: i64, now: i64) -> Said {
    let count = |code: &str| lives.iter().filter(|life| life.counts(code, from, until, now)).count() as i64;
    let rate = |(label, part, whole): (&'static str, &str, &str)| {
        let (part, whole) = (count(part), count(whole));
        (label, percent(part, whole), whole, part)
    };
    let mut categories = BTreeMap::new();
    for life in lives.iter().filter(|life| life.counts("reported", from, until, now)) {
        let category = Category::parse(&life.category).unwrap();
        *categories.entry(category.label().to_owned()).or_insert(0) += 1;
    }
    Said {
        figures: Figure::ALL.iter().map(|figure| (figure.code(), count(figure.code()))).collect(),
        rates: RATES.map(rate).to_vec(),
        categories,
    }
}

/// Of fewer than five nothing is said; everything else to the tenth of a percent.
fn percent(part: i64, whole: i64) -> String {
    if whole < 5 {
        return "—".to_owned();
    }
    let tenths = (part as f64 * 1000.0 / whole as f64).round() as i64;
    if tenths % 10 == 0 { format!("{}%", tenths / 10) } else { format!("{}.{}%", tenths / 10, tenths % 10) }
}

/// What lies between two texts.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let text = text.split_once(before).unwrap_or_else(|| panic!("no {before}")).1;
    text.split_once(after).unwrap_or_else(|| panic!("no {after} after {before}")).0
}

/// Without its tags.
fn bare(html: &str) -> String {
    html.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect::<String>()
}

fn number(text: &str) -> i64 {
    text.trim().parse().unwrap_or_else(|_| panic!("no number: {text}"))
}

async fn on_page(browser: &Browser, asked: &str) -> (Said, String) {
    let page = browser.get(&format!("/reports?{asked}")).await;
    page.assert_ok();
    let table = between(&page.body, "办理情况</h2>", "</table>");
    let rows: Vec<String> =
        table.split("<td class=\"num\">").skip(1).map(|cell| bare(cell.split("</td>").next().unwrap())).collect();
    assert_eq!(rows.len(), Figure::ALL.len());
    let figures = Figure::ALL.iter().zip(&rows).map(|(figure, count)| (figure.code(), number(count))).collect();
    let rates = between(&page.body, "三率和物业类占比</h2>", "</section>");
    let rates = RATES.iter().zip(rates.split("<li>").skip(1)).map(|((label, ..), rate)| {
        assert!(rate.contains(&format!("</b>{label}<br>")), "{rate}");
        let of = between(rate, "<span class=\"quiet num\">", "</span>");
        let (whole, part) = of.split_once(" 件中 ").unwrap();
        let part = part.split_once(" 件").unwrap().0;
        (*label, between(rate, "<b>", "</b>").to_owned(), number(whole), number(part))
    });
    let kinds = between(&page.body, "反映的是哪些事</h2>", "</section>");
    let kinds = kinds.split("<th scope=\"row\">").skip(1).map(|row| {
        let count = row.split("<td class=\"num\">").nth(1).and_then(|cell| cell.split("</td>").next()).unwrap();
        (row.split('<').next().unwrap().to_owned(), number(&bare(count)))
    });
    let said = Said { figures, rates: rates.collect(), categories: kinds.collect() };
    (said, page.body)
}

type Book = Xlsx<Cursor<Vec<u8>>>;

fn sheet(book: &mut Book, name: &str) -> Vec<Vec<String>> {
    let text = |cell: &Data| match cell {
        Data::Float(number) => format!("{number}"),
        other => other.to_string(),
    };
    let range = book.worksheet_range(name).unwrap();
    range.rows().skip(1).map(|row| row.iter().map(text).collect()).collect()
}

/// What a workbook says, and its rows of estates.
async fn in_workbook(browser: &Browser, asked: &str) -> (Said, Vec<Vec<String>>) {
    let file = browser.download(&format!("/reports/figures.xlsx?{asked}")).await;
    let mut book: Book = calamine::open_workbook_from_rs(Cursor::new(file)).unwrap();
    let rows: HashMap<String, Vec<String>> =
        sheet(&mut book, "数据").into_iter().map(|row| (row[0].clone(), row)).collect();
    let figures = Figure::ALL.iter().map(|figure| (figure.code(), number(&rows[figure.label()][1]))).collect();
    let rates = RATES.map(|(label, ..)| {
        let row = &rows[label];
        // `按时受理 ÷ 派单（7 ÷ 8）`
        let (part, whole) = row[2].rsplit_once('（').and_then(|(_, of)| of.split_once(" ÷ ")).unwrap();
        (label, row[1].clone(), number(whole.trim_end_matches('）')), number(part))
    });
    let categories = sheet(&mut book, "类别").into_iter().map(|row| (row[0].clone(), number(&row[1])));
    let said = Said { figures, rates: rates.to_vec(), categories: categories.collect() };
    (said, sheet(&mut book, "小区"))
}

/// The issues that a figure opens, page after page.
async fn opened(browser: &Browser, asked: &str, figure: Figure) -> BTreeSet<Uuid> {
    let mut found = BTreeSet::new();
    let mut next = Some(format!("/reports/rows?{asked}&figure={}", figure.code()));
    while let Some(address) = next {
        let page = browser.get(&address).await;
        page.assert_ok();
        found.extend(page.between_all("href=\"/issues/", "\"").map(|id| id.parse::<Uuid>().unwrap()));
        next = page
            .between_all("href=\"/reports/rows?", "\"")
            .next()
            .map(|rest| format!("/reports/rows?{}", rest.replace("&amp;", "&").replace("&#38;", "&")));
    }
    found
}

db_test! {
    async fn every_figure_of_two_years_is_what_the_rows_say(app: TestApp) {
        let town = work::town(&app).await;
        let told = work::years(&app, &town, reports()).await;
        let lives = life::read(&app, &told).await;
        assert!(lives.len() >= reports());
        let now = app.means.now().as_millisecond();
        let staff = app.person(Role::Staff).browser().await;
        let mut seen: BTreeMap<&str, i64> = BTreeMap::new();
        for (first, last) in PERIODS {
            let day = |text: &str| text.parse::<Date>().unwrap();
            let (from, until) = (midnight(day(first)), midnight(day(last)) + DAY);
            for estate in std::iter::once(None).chain(town.estates.iter().map(Some)) {
                let here: Vec<&Life> = lives.iter().filter(|life| estate.is_none_or(|(id, _)| life.estate == Some(*id))).collect();
                let of = estate.map(|(id, _)| format!("&estate={id}")).unwrap_or_default();
                let asked = format!("from={first}&to={last}{of}");
                let expected = counted(&here, from, until, now);
                let (said, body) = on_page(&staff, &asked).await;
                assert_eq!(said, expected, "the page {asked}");
                let (written, estates) = in_workbook(&staff, &asked).await;
                assert_eq!(written, expected, "the workbook {asked}");
                for (figure, count) in &expected.figures {
                    *seen.entry(*figure).or_default() += count;
                }
                if estate.is_some() {
                    continue;
                }
                // Each estate, in the workbook and on the page.
                for (id, name) in &town.estates {
                    let here: Vec<&Life> = lives.iter().filter(|life| life.estate == Some(*id)).collect();
                    let Said { figures, rates, .. } = counted(&here, from, until, now);
                    let counts = ["reported", "done", "closed", "open"].map(|code| figures[code].to_string());
                    let row: Vec<String> = std::iter::once(name.clone()).chain(counts.clone()).chain(rates.iter().map(|rate| rate.1.clone())).collect();
                    let Some(written) = estates.iter().find(|row| row[0] == *name) else {
                        assert!(figures.values().all(|count| *count == 0), "{name} is missing {asked}");
                        continue;
                    };
                    assert_eq!(*written, row, "{asked}");
                    let table = between(&body, "各小区</h2>", "</table>");
                    let cells = between(table, &format!("<th scope=\"row\">{name}</th>"), "</tr>");
                    let cells: Vec<String> = cells.split("</td>").map(bare).filter(|cell| !cell.is_empty()).collect();
                    let shown = rates.iter().map(|(_, words, whole, _)| format!("{words} {whole} 件"));
                    assert_eq!(cells, counts.into_iter().chain(shown).collect::<Vec<_>>(), "{name} {asked}");
                }
            }
        }
        // A figure that never was anything has not been tested.
        for figure in Figure::ALL {
            assert!(seen[figure.code()] > 0, "{figure} was never anything");
        }
        // What a figure opens is what it counts.
        let (first, last) = PERIODS[2];
        let (from, until) = (midnight(first.parse().unwrap()), midnight(last.parse().unwrap()) + DAY);
        for figure in Figure::ALL {
            let expected: BTreeSet<Uuid> = lives.iter().filter(|life| life.counts(figure.code(), from, until, now)).map(|life| life.id).collect();
            assert_eq!(opened(&staff, &format!("from={first}&to={last}"), *figure).await, expected, "{figure}");
        }
    }
}
