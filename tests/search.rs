//! Text search finds what a scan would find: indexed or not, on every page, and within one's reach only.

use std::collections::BTreeSet;

use doorstep::access::Role;
use doorstep::issue::{self, Category, NewIssue, Place, Source};
use doorstep::upkeep;

use crate::support::{Browser, TestApp};

db::statements! {
    /// Says of many rows that they may hold 路灯.
    MISLEAD = "INSERT INTO search_postings (tenant_id, kind, gram, chunk, positions) VALUES ($1, $2, '路灯', 0, $3)
        ON CONFLICT (tenant_id, kind, gram, chunk) DO UPDATE SET positions = excluded.positions";
    GO_TO = "UPDATE counters SET value = $2 WHERE tenant_id = $1 AND name = 'issue-position'";
}

const WHERE: [&str; 6] = ["3号楼", "13号楼", "地下车库", "北门", "二单元门口", "小广场"];
const WHAT: [&str; 8] =
    ["路灯不亮", "电梯停了", "下水道堵了往外冒", "垃圾没人清", "车位被占", "暖气不热", "门禁刷不开 B3", "100%漏水_急"];

fn text(n: usize) -> String {
    format!("{}{}，第{n}次说", WHERE[n % WHERE.len()], WHAT[n % WHAT.len()])
}

async fn file(app: &TestApp, numbers: std::ops::Range<usize>) {
    let mut tx = app.db.begin().await.unwrap();
    for n in numbers {
        let new = NewIssue {
            source: Source::Web,
            category: Category::Other,
            description: text(n),
            place: Place::Community,
            place_text: String::new(),
            reporter: None,
            photos: Vec::new(),
        };
        issue::file(&mut tx, &app.act(), new).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// The numbers of the issues that a search lists, over all its pages, in order.
async fn found(browser: &Browser, query: &str) -> Vec<String> {
    let mut path =
        format!("/issues?{}", form_urlencoded::Serializer::new(String::new()).append_pair("q", query).finish());
    let mut numbers = Vec::new();
    loop {
        let page = browser.get(&path).await;
        page.assert_ok();
        let rows = page.body.split("<tbody>").nth(1).unwrap_or_default();
        numbers.extend(rows.split("SSYS-").skip(1).map(|rest| rest[..13].to_owned()));
        let Some(next) = page.body.split("class=\"btn plain small\" href=\"").nth(1) else { return numbers };
        path = next.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
    }
}

/// What a scan of the texts would find, the latest first.
fn scanned(all: usize, words: &[&str]) -> Vec<String> {
    let holds = |n: &usize| words.iter().all(|word| text(*n).to_lowercase().contains(word));
    (0..all).filter(holds).map(|n| format!("20261123-{:04}", n + 1)).rev().collect()
}

db_test! {
    async fn finds_what_a_scan_finds(app: TestApp) {
        let staff = app.person(Role::Staff).browser().await;
        file(&app, 0..150).await;
        upkeep::index(&app.db).await.unwrap();
        file(&app, 150..200).await; // these are not indexed yet
        let cases: [(&str, &[&str]); 9] = [
            ("路灯", &["路灯"]),
            ("路灯不亮", &["路灯不亮"]),
            ("灯", &["灯"]),
            ("3号楼 路灯", &["3号楼", "路灯"]),
            ("车库　垃圾", &["车库", "垃圾"]),
            ("b3", &["b3"]),
            ("第77次", &["第77次"]),
            ("100%", &["100%"]),
            ("没有这样的话", &["没有这样的话"]),
        ];
        for (query, words) in cases {
            let expected = scanned(200, words);
            assert_eq!(found(&staff, query).await, expected, "{query}, half of it indexed");
        }
        upkeep::index(&app.db).await.unwrap();
        for (query, words) in cases {
            assert_eq!(found(&staff, query).await, scanned(200, words), "{query}, all of it indexed");
        }
        assert!(scanned(200, &["灯"]).len() < scanned(200, &["次"]).len(), "the cases differ");
        let every: BTreeSet<String> = found(&staff, "次说").await.into_iter().collect();
        assert_eq!(every.len(), 200, "no row twice and none left out over all pages");
    }

    async fn new_words_are_found_and_old_ones_are_not(app: TestApp) {
        let staff = app.person(Role::Staff).browser().await;
        let id = app.file_issue(Vec::new()).await;
        upkeep::index(&app.db).await.unwrap();
        assert_eq!(found(&staff, "路灯").await.len(), 1);
        assert!(found(&staff, "照明设施").await.is_empty());
        let version = staff.get(&format!("/issues/{id}")).await.input("version");
        let grading = [
            ("version", version.as_str()), ("summary", "公共照明设施损坏"), ("category", "lighting"), ("tier", "ordinary"),
            ("remedy", "property"),
        ];
        staff.post(&format!("/issues/{id}/acceptance"), &grading).await.assert_ok();
        assert_eq!(found(&staff, "照明设施").await.len(), 1, "before it is indexed again");
        upkeep::index(&app.db).await.unwrap();
        assert_eq!(found(&staff, "照明设施").await.len(), 1, "and afterwards");
    }

    async fn a_number_or_a_code_on_paper_leads_to_its_issue(app: TestApp) {
        let staff = app.person(Role::Staff).browser().await;
        file(&app, 0..3).await;
        let id = app.file_issue(Vec::new()).await;
        let mut tx = app.db.read().await.unwrap();
        let issue = issue::issue(&mut tx, app.home.tenant, id).await.unwrap();
        drop(tx);
        let code = &issue.receipt_code;
        let grouped = format!("{}-{}-{}", &code[..4], &code[4..8], &code[8..]).to_lowercase();
        for typed in [&issue.number, &issue.number.to_lowercase(), "20261123-0004", "1123-4", code, &grouped] {
            assert_eq!(found(&staff, typed).await, [&issue.number[5..]], "{typed}");
        }
        let other = app.community("141102005999", "滨河社区").await;
        let stranger = app.person(Role::Staff).of_community(&other).browser().await;
        for typed in [&issue.number, code] {
            assert!(found(&stranger, typed).await.is_empty(), "{typed}");
        }
    }

    async fn goes_on_where_it_had_to_stop(app: TestApp) {
        let staff = app.person(Role::Staff).browser().await;
        file(&app, 0..10).await;
        upkeep::index(&app.db).await.unwrap();
        let mut tx = app.db.begin().await.unwrap();
        let mut bitmap = Vec::new();
        roaring::RoaringBitmap::from_iter((1..=10).chain(640..5_760)).serialize_into(&mut bitmap).unwrap();
        for kind in ["issue", "resident"] {
            tx.execute(MISLEAD.bind(app.home.tenant).bind(kind).bind(bitmap.clone())).await.unwrap();
        }
        tx.commit().await.unwrap();
        staff.get("/issues?q=%E8%B7%AF%E7%81%AF").await.assert_ok().assert_contains("还没有找到").assert_contains("下一页");
        assert_eq!(found(&staff, "路灯").await, scanned(10, &["路灯"]));
        let page = staff.post("/residents/search", &[("q", "路灯")]).await;
        page.assert_ok().assert_contains("还没有找到").assert_contains("下一页");
        let before = page.input("before");
        let page = staff.post("/residents/search", &[("q", "路灯"), ("before", &before)]).await;
        page.assert_ok().assert_contains("没有找到这个人").assert_lacks("下一页");
    }

    async fn goes_from_bitmap_to_bitmap(app: TestApp) {
        let staff = app.person(Role::Staff).browser().await;
        // A bitmap ends at 65,536 and at 131,072; between them nobody is.
        for (position, numbers) in [(65_530, 0..10), (131_066, 10..20), (262_144, 20..30)] {
            let mut tx = app.db.begin().await.unwrap();
            tx.execute(GO_TO.bind(app.home.tenant).bind(position)).await.unwrap();
            tx.commit().await.unwrap();
            file(&app, numbers).await;
        }
        upkeep::index(&app.db).await.unwrap();
        for words in [&["灯"][..], &["次说"], &["3号楼", "路灯"], &["第25次"], &["第5次"], &["没有"]] {
            assert_eq!(found(&staff, &words.join(" ")).await, scanned(30, words), "{words:?}");
        }
    }

    async fn two_who_index_lose_nothing(app: TestApp) {
        let staff = app.person(Role::Staff).browser().await;
        file(&app, 0..200).await;
        let (one, other) = tokio::join!(upkeep::index(&app.db), upkeep::index(&app.db));
        one.and(other).unwrap();
        assert_eq!(found(&staff, "次说").await, scanned(200, &["次说"]));
    }

    async fn looks_through_everything_from_any_tab(app: TestApp) {
        let staff = app.person(Role::Staff).browser().await;
        file(&app, 0..1).await;
        staff.get("/issues?state=ended").await.assert_contains("这里没有诉求");
        staff.get("/issues?state=late").await.assert_lacks("name=\"state\"");
        assert_eq!(found(&staff, "路灯").await.len(), 1);
    }

    async fn another_community_finds_nothing(app: TestApp) {
        file(&app, 0..10).await;
        upkeep::index(&app.db).await.unwrap();
        let other = app.community("141102005999", "滨河社区").await;
        let stranger = app.person(Role::Staff).of_community(&other).browser().await;
        assert!(found(&stranger, "路灯").await.is_empty());
        let property = app.person(Role::PropertyManager).reaching(doorstep::access::Reach::Organisation, app.home.organisation);
        assert!(found(&property.browser().await, "路灯").await.is_empty(), "not given to it");
    }
}
