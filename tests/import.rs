//! The 居民信息登记表, from the workbook that staff have to the register, and back again where a row cannot be taken.

use std::collections::BTreeMap;
use std::io::Cursor;

use calamine::{Reader, Xlsx};
use db::Tx;
use doorstep::access::{Act, Role};
use doorstep::audit;
use doorstep::error::Error;
use doorstep::outbox::{self, Handlers};
use doorstep::registry::import::{self, Column, ImportOptions, Summary, import_file, workbook};
use rust_xlsxwriter::Workbook;

use crate::support::office::saved_by_libreoffice;
use crate::support::{Engine, TestApp};

const DRY_RUN: ImportOptions = ImportOptions { dry_run: true, all_or_nothing: false, compare: false };
const ALL_OR_NOTHING: ImportOptions = ImportOptions { dry_run: false, all_or_nothing: true, compare: false };

pub type Line = Vec<(Column, String)>;

/// An identity number of nobody: the county 141199 is not assigned.
pub fn identity(birth: &str, sequence: usize) -> String {
    const WEIGHTS: [usize; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let body = format!("141199{birth}{sequence:03}");
    let sum: usize = body.bytes().zip(WEIGHTS).map(|(digit, weight)| usize::from(digit - b'0') * weight).sum();
    format!("{body}{}", &"10X98765432"[sum % 11..][..1])
}

/// Somebody in a household of three: heads, their spouses and their children in turn.
pub fn line(n: usize) -> Line {
    const SURNAMES: [&str; 6] = ["王", "李", "张", "刘", "陈", "杨"];
    const GIVEN: [&str; 10] = ["娟", "峰", "秀英", "建国", "小明", "桂兰", "志强", "丽", "海燕", "伟"];
    let household = n / 3;
    let (storey, door, unit) = (household % 18 + 1, household / 18 % 3 + 1, household / 54 % 3 + 1);
    let name = |n: usize| format!("{}{}{}", SURNAMES[n % 6], GIVEN[n % 10], GIVEN[n / 10 % 10]);
    let year = if n % 3 == 2 { 2012 + n % 10 } else { 1950 + n % 40 };
    let words = [
        (Column::Serial, (n + 1).to_string()),
        (Column::Estate, "王府名苑小区".to_owned()),
        (Column::Building, format!("{}号楼", household / 162 + 1)),
        (Column::Unit, format!("{unit}单元")),
        (Column::Room, format!("{storey}{door:02}")),
        (Column::Head, name(household * 3)),
        (Column::Relation, ["户主", "配偶", "子"][n % 3].to_owned()),
        (Column::Name, name(n)),
        (Column::Identity, identity(&format!("{year}{:02}{:02}", n % 12 + 1, n % 28 + 1), n % 1000)),
        (Column::Phone, format!("138{:08}", n % 100_000_000)),
        (Column::Ethnic, "汉".to_owned()),
        (Column::Political, "群众".to_owned()),
        (Column::ResidenceState, "人在户不在".to_owned()),
        (Column::Category, if n.is_multiple_of(5) { "外来人员" } else { "" }.to_owned()),
        (Column::PartyHousehold, if n.is_multiple_of(7) { "是" } else { "否" }.to_owned()),
        (Column::Housing, if household.is_multiple_of(4) { "租住" } else { "自有" }.to_owned()),
    ];
    words.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

pub fn with(mut line: Line, column: Column, value: &str) -> Line {
    line.retain(|(known, _)| *known != column);
    line.push((column, value.to_owned()));
    line
}

async fn run(app: &TestApp, file: Vec<u8>, options: ImportOptions) -> Summary {
    import_file(&app.db, &app.act(), "登记表.xlsx", file, options, |_, _| {}).await.unwrap()
}

fn counts(summary: &Summary) -> (i64, i64, i64, i64, usize) {
    (summary.rows, summary.created, summary.updated, summary.unchanged, summary.rejected.len())
}

db::statements! {
    RESIDENTS = "SELECT COUNT(*) AS many FROM residents WHERE tenant_id = $1";
    HOUSEHOLDS = "SELECT COUNT(*) AS many FROM households WHERE tenant_id = $1 AND ended_at IS NULL";
    DWELLINGS = "SELECT COUNT(*) AS many FROM dwellings WHERE tenant_id = $1";
    IMPORTS = "SELECT COUNT(*) AS many FROM imports WHERE tenant_id = $1";
    ENTRIES = "SELECT COUNT(*) AS many FROM audit_entries WHERE tenant_id = $1 AND subject_kind = 'resident'";
    KEPT = "SELECT COUNT(*) AS many FROM import_rows WHERE tenant_id = $1 AND sealed IS NOT NULL";
    STEPS = "SELECT COUNT(*) AS many FROM audit_entries
        WHERE tenant_id = $1 AND subject_kind = 'import' AND reason LIKE '%新增 30 人%'";
    REMOVED = "SELECT COUNT(*) AS many FROM audit_entries
        WHERE tenant_id = $1 AND subject_kind = 'household' AND action = 'remove'";
    HEADS = "SELECT h.head_name, COUNT(r.id) AS people FROM households h
        LEFT JOIN residents r ON r.tenant_id = h.tenant_id AND r.household_id = h.id
        WHERE h.tenant_id = $1 AND h.ended_at IS NULL GROUP BY h.id, h.head_name ORDER BY COUNT(r.id), h.head_name";
    TAGGED = "SELECT tag, until, evidence FROM resident_tags WHERE tenant_id = $1";
    /// How many rows PostgreSQL believes a table to have: none that it knows of, until somebody has looked.
    BELIEVED = "SELECT CAST(reltuples AS BIGINT) AS many FROM pg_class WHERE relname = $1 AND relnamespace = current_schema()::regnamespace";
    FIND = "SELECT name, birth_date, search_text, workplace, lock_version FROM residents WHERE tenant_id = $1 AND name = $2";
}

db::record! {
    struct Many { many: i64 }
    struct Headed { head_name: String, people: i64 }
    struct Tagged { tag: String, until: Option<i64>, evidence: String }
    struct Somebody { name: String, birth_date: Option<String>, search_text: String, workplace: Option<String>, lock_version: i64 }
}

async fn many(app: &TestApp, what: db::Statement) -> i64 {
    let mut tx: Tx = app.db.read().await.unwrap();
    tx.one::<Many>(what.bind(app.home.tenant)).await.unwrap().many
}

async fn somebody(app: &TestApp, name: &str) -> Somebody {
    let mut tx = app.db.read().await.unwrap();
    tx.one(FIND.bind(app.home.tenant).bind(name)).await.unwrap()
}

/// The head of each household and how many live in it, the smallest first.
async fn heads(app: &TestApp) -> Vec<(String, i64)> {
    let mut tx = app.db.read().await.unwrap();
    let heads: Vec<Headed> = tx.all(HEADS.bind(app.home.tenant)).await.unwrap();
    heads.into_iter().map(|household| (household.head_name, household.people)).collect()
}

async fn tagged(app: &TestApp) -> Vec<Tagged> {
    let mut tx = app.db.read().await.unwrap();
    tx.all(TAGGED.bind(app.home.tenant)).await.unwrap()
}

/// A line as a workbook without the columns about heads has it.
fn headless(mut line: Line) -> Line {
    line.retain(|(column, _)| !matches!(column, Column::Head | Column::Relation));
    line
}

fn handlers() -> Handlers {
    Handlers::from([(import::TOPIC, import::handler())])
}

/// Lets the outbox work until it is empty.
pub async fn settle(app: &TestApp) {
    while outbox::work(&app.app, &handlers()).await.unwrap() > 0 {}
}

db_test! {
    async fn the_same_workbook_twice_changes_nothing(app: TestApp) {
        let file = || workbook((0..30).map(line)).unwrap();
        assert_eq!(counts(&run(&app, file(), DRY_RUN).await), (30, 30, 0, 0, 0));
        assert_eq!((many(&app, RESIDENTS).await, many(&app, DWELLINGS).await, many(&app, IMPORTS).await), (0, 0, 0));

        let summary = run(&app, file(), ImportOptions::default()).await;
        assert_eq!(counts(&summary), (30, 30, 0, 0, 0));
        assert_eq!(
            serde_json::to_value(&summary).unwrap(),
            serde_json::json!({"rows": 30, "created": 30, "updated": 0, "unchanged": 0, "rejected": []})
        );
        assert_eq!((many(&app, RESIDENTS).await, many(&app, HOUSEHOLDS).await, many(&app, DWELLINGS).await), (30, 10, 10));
        assert_eq!(many(&app, STEPS).await, 1);
        let before = many(&app, ENTRIES).await;
        assert_eq!(counts(&run(&app, file(), DRY_RUN).await), (30, 0, 0, 30, 0));
        assert_eq!(counts(&run(&app, file(), ImportOptions::default()).await), (30, 0, 0, 30, 0));
        assert_eq!(many(&app, ENTRIES).await, before);
        assert_eq!(many(&app, KEPT).await, 0);

        let mut tx = app.db.read().await.unwrap();
        assert_eq!(audit::verify(&mut tx, app.home.tenant).await.unwrap().broken, None);
    }

    async fn what_is_new_is_added_and_what_is_blank_erases_nothing(app: TestApp) {
        let baby = |birth: &str| {
            let line = with(with(line(2), Column::Name, "王小宝"), Column::Identity, "");
            with(with(line, Column::Birth, birth), Column::Phone, "")
        };
        let wang = with(with(line(0), Column::Name, "王娟枫"), Column::Head, "王娟枫");
        let first = workbook([with(wang.clone(), Column::Workplace, "离石区一中"), with(baby("2026-10"), Column::Head, "王娟枫")]);
        assert_eq!(counts(&run(&app, first.unwrap(), ImportOptions::default()).await), (2, 2, 0, 0, 0));
        let found = somebody(&app, "王娟枫").await;
        assert_eq!((found.search_text.as_str(), found.workplace.as_deref()), ("王娟枫 wangjuanfeng wjf", Some("离石区一中")));

        // The phone is new, the workplace blank; the baby's day of birth has become known, and then a document.
        let second = workbook([with(wang.clone(), Column::Phone, "13900005678"), with(baby("2026-10-05"), Column::Head, "王娟枫")]);
        assert_eq!(counts(&run(&app, second.unwrap(), ImportOptions::default()).await), (2, 0, 2, 0, 0));
        let found = somebody(&app, "王娟枫").await;
        assert_eq!((found.workplace.as_deref(), found.lock_version, found.name.as_str()), (Some("离石区一中"), 2, "王娟枫"));
        assert_eq!(somebody(&app, "王小宝").await.birth_date.as_deref(), Some("2026-10-05"));
        let documented = with(with(baby("2026-10-05"), Column::Head, "王娟枫"), Column::Identity, &identity("20261005", 11));
        let third = || workbook([with(documented.clone(), Column::Category, "儿童")]).unwrap();
        assert_eq!(counts(&run(&app, third(), ImportOptions::default()).await), (1, 0, 1, 0, 0));
        assert_eq!(counts(&run(&app, third(), ImportOptions::default()).await), (1, 0, 0, 1, 0));
        assert_eq!(many(&app, RESIDENTS).await, 2);

        // Somebody moves; nobody takes over another's number.
        let moved = workbook([with(wang.clone(), Column::Room, "502")]).unwrap();
        assert_eq!(counts(&run(&app, moved, ImportOptions::default()).await), (1, 0, 1, 0, 0));
        let other = workbook([with(with(wang, Column::Name, "赵六"), Column::Head, "赵六")]).unwrap();
        let summary = run(&app, other, ImportOptions::default()).await;
        assert_eq!((counts(&summary), summary.rejected[0].column), ((1, 0, 0, 0, 1), "姓名"));
        assert!(summary.rejected[0].reason.contains("王*枫"), "{}", summary.rejected[0].reason);
        assert_eq!(many(&app, DWELLINGS).await, 2);
    }

    async fn a_workbook_without_heads_goes_in(app: TestApp) {
        let file = || workbook((0..7).map(line).map(headless)).unwrap();
        assert_eq!(counts(&run(&app, file(), DRY_RUN).await), (7, 7, 0, 0, 0));
        assert_eq!(counts(&run(&app, file(), ImportOptions::default()).await), (7, 7, 0, 0, 0));
        assert_eq!(counts(&run(&app, file(), ImportOptions::default()).await), (7, 0, 0, 7, 0));
        assert_eq!(many(&app, HOUSEHOLDS).await, 3);

        // The register knows the household: whoever stands first in another file does not found a second one.
        let child = headless(with(with(line(2), Column::Name, "王小宝"), Column::Identity, &identity("20200101", 77)));
        let file = || workbook([child.clone(), headless(line(1))]).unwrap();
        assert_eq!(counts(&run(&app, file(), ImportOptions::default()).await), (2, 1, 0, 1, 0));
        assert_eq!(counts(&run(&app, file(), ImportOptions::default()).await), (2, 0, 0, 2, 0));
        assert_eq!(many(&app, HOUSEHOLDS).await, 3);

        // Of two households in one dwelling everybody stays in their own.
        let lodger = with(with(line(12), Column::Room, "101"), Column::Relation, "户主");
        assert_eq!(counts(&run(&app, workbook([lodger.clone()]).unwrap(), ImportOptions::default()).await), (1, 1, 0, 0, 0));
        let file = workbook([line(0), line(1), lodger].map(headless)).unwrap();
        assert_eq!(counts(&run(&app, file, ImportOptions::default()).await), (3, 0, 0, 3, 0));
        assert_eq!(many(&app, HOUSEHOLDS).await, 4);
    }

    async fn a_no_ends_a_tag(app: TestApp) {
        let tag = |word: &str| workbook([with(with(line(0), Column::Category, ""), Column::PartyHousehold, word)]).unwrap();
        assert_eq!(counts(&run(&app, tag("是"), ImportOptions::default()).await), (1, 1, 0, 0, 0));
        assert_eq!(counts(&run(&app, tag(""), ImportOptions::default()).await), (1, 0, 0, 1, 0));
        assert_eq!(tagged(&app).await[0].until, None);
        let before = many(&app, ENTRIES).await;
        assert_eq!(counts(&run(&app, tag("否"), DRY_RUN).await), (1, 0, 1, 0, 0));
        assert_eq!(counts(&run(&app, tag("否"), ImportOptions::default()).await), (1, 0, 1, 0, 0));
        assert_eq!(counts(&run(&app, tag("否"), ImportOptions::default()).await), (1, 0, 0, 1, 0));
        let tags = tagged(&app).await;
        assert_eq!((tags.len(), tags[0].tag.as_str()), (1, "party_member_household"));
        assert!(tags[0].until.is_some() && tags[0].evidence.ends_with("登记表填写为否"), "{}", tags[0].evidence);
        assert_eq!(many(&app, ENTRIES).await, before + 1);
        assert_eq!(counts(&run(&app, tag("是"), ImportOptions::default()).await), (1, 0, 1, 0, 0));
        assert_eq!(tagged(&app).await.iter().filter(|tag| tag.until.is_none()).count(), 1, "it can be set again");
    }

    async fn who_moves_leaves_no_empty_household(app: TestApp) {
        let child = with(with(line(2), Column::Identity, ""), Column::Birth, "2014-03");
        let family = [line(0), child, line(1)];
        let first = || workbook(family.clone()).unwrap();
        assert_eq!(counts(&run(&app, first(), ImportOptions::default()).await), (3, 3, 0, 0, 0));
        let name = |n: usize| line(n).into_iter().find(|(column, _)| *column == Column::Name).unwrap().1;

        // The head moves away, and the spouse is the head of those who stay.
        let moved = |n: usize, room: &str| with(with(line(n), Column::Room, room), Column::Head, &name(0));
        let alone = || workbook([moved(0, "502")]).unwrap();
        assert_eq!(counts(&run(&app, alone(), ImportOptions::default()).await), (1, 0, 1, 0, 0));
        assert_eq!(counts(&run(&app, alone(), ImportOptions::default()).await), (1, 0, 0, 1, 0));
        assert_eq!(heads(&app).await, [(name(0), 1), (name(1), 2)]);

        // He comes back, and everybody is once more in one household.
        run(&app, first(), ImportOptions::default()).await;
        assert_eq!(heads(&app).await, [(name(0), 3)]);
        assert_eq!(counts(&run(&app, first(), ImportOptions::default()).await), (3, 0, 0, 3, 0));
        assert_eq!((many(&app, RESIDENTS).await, many(&app, REMOVED).await), (3, 2));
    }

    async fn rows_that_cannot_be_taken_are_told_by_row_and_column(app: TestApp) {
        let lines = vec![
            line(0),
            with(line(1), Column::Identity, "1.41E+17"),
            with(line(2), Column::Building, "13楼"),
            with(line(3), Column::Phone, "1380000"),
            line(0),
            with(line(4), Column::Political, "不知道"),
        ];
        let expected = [(3, "身份证号"), (4, "楼栋"), (5, "联系电话"), (6, "身份证号"), (7, "政治面貌")];
        let dry = run(&app, workbook(lines.clone()).unwrap(), DRY_RUN).await;
        let nothing = run(&app, workbook(lines.clone()).unwrap(), ALL_OR_NOTHING).await;
        assert_eq!((counts(&dry), counts(&nothing)), ((6, 1, 0, 0, 5), (6, 0, 0, 0, 5)));
        assert_eq!((many(&app, RESIDENTS).await, many(&app, DWELLINGS).await), (0, 0));

        let summary = run(&app, workbook(lines).unwrap(), ImportOptions::default()).await;
        assert_eq!((counts(&summary), &summary.rejected), ((6, 1, 0, 0, 5), &dry.rejected));
        let told: Vec<(i64, &str)> = summary.rejected.iter().map(|row| (row.row, row.column)).collect();
        assert_eq!(told, expected);
        assert!(summary.rejected[0].reason.contains("“文本”"));
        assert!(summary.rejected[3].reason.contains("第 2 行"));
        assert_eq!((many(&app, RESIDENTS).await, many(&app, KEPT).await), (1, 10));

        // The workbook is no second register: after a month its rows are gone.
        app.means.clock.set(app.means.now() + jiff::SignedDuration::from_hours(31 * 24));
        doorstep::upkeep::once(&app.app).await.unwrap();
        assert_eq!(many(&app, KEPT).await, 0);
        let gone = import::rejections(&app.db, &app.act(), summary.import.unwrap()).await;
        assert!(matches!(gone, Err(Error::Refused(_))), "{gone:?}");
    }

    async fn what_is_no_register_changes_nothing(app: TestApp) {
        let sound = workbook((0..3).map(line)).unwrap();
        let encrypted: Vec<u8> = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]
            .into_iter()
            .chain("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        for (file, words) in [
            (Vec::new(), "空的"),
            ("姓名,房号\n张三,302\n".into(), "不是 Excel"),
            (encrypted[..8].to_vec(), ".xls"),
            (encrypted, "密码"),
            (sound[..sound.len() - 100].to_vec(), "不完整"),
            (bomb(), "解压"),
            (workbook([]).unwrap(), "没有一行"),
        ] {
            let refused = import_file(&app.db, &app.act(), "表.xlsx", file, ImportOptions::default(), |_, _| {}).await;
            let Err(Error::Refused(sentence)) = refused else { panic!("{words}: {refused:?}") };
            assert!(sentence.contains(words), "{sentence}");
        }
        assert_eq!((many(&app, RESIDENTS).await, many(&app, IMPORTS).await), (0, 0));
    }

    async fn a_process_that_dies_between_two_steps_loses_nothing(app: TestApp) {
        let (db, act) = (app.db.clone(), app.act());
        let file = workbook((0..250).map(line)).unwrap();
        let died = tokio::spawn(async move {
            let calls = std::sync::atomic::AtomicUsize::new(0);
            // The check takes one step and sees that it is over with the next; the third is the first that writes.
            let progress = |_, _| assert!(calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < 2, "killed");
            import_file(&db, &act, "登记表.xlsx", file, ImportOptions::default(), progress).await
        });
        assert!(died.await.unwrap_err().is_panic());
        assert_eq!(many(&app, RESIDENTS).await, 100);
        settle(&app).await;
        assert_eq!((many(&app, RESIDENTS).await, many(&app, KEPT).await), (250, 0));
        let page = app.person(Role::Staff).browser().await.get("/imports").await;
        assert!(page.body.contains("250 行：新增 250，更新 0"), "{}", page.body);
    }

    async fn staff_upload_check_confirm_and_mend(app: TestApp) {
        let staff = app.person(Role::Staff).browser().await;
        let bad = staff.post_files("/imports", &[], &[("file", "表.csv", b"name,room")]).await;
        assert_eq!(bad.status, 422);
        assert!(bad.body.contains("这不是 Excel 工作簿"), "{}", bad.body);
        assert_eq!(staff.post_files("/imports", &[], &[]).await.status, 422);

        let wrong = identity("19900307", 1).replace("141199", "141198");
        let lines = (0..6).map(|n| if n == 4 { with(line(n), Column::Identity, &wrong) } else { line(n) });
        let file = workbook(lines).unwrap();
        let page = staff.post_files("/imports", &[], &[("file", "王府名苑2026.xlsx", &file)]).await;
        assert_eq!(page.status, 200);
        assert!(page.body.contains("正在核对") && page.body.contains("hx-trigger=\"every 2s\""), "{}", page.body);
        let address = page.url.clone();
        settle(&app).await;
        let page = staff.get(&address).await;
        assert!(page.body.contains("还没有写入") && page.body.contains("第 6 行"), "{}", page.body);
        assert!(page.body.contains("141198****") && !page.body.contains(&wrong), "{}", page.body);
        assert_eq!(many(&app, RESIDENTS).await, 0);

        let page = staff.post(&format!("{address}/application"), &[("rejected", "keep")]).await;
        assert!(page.body.contains("正在写入"), "{}", page.body);
        settle(&app).await;
        let page = staff.get(&address).await;
        assert!(page.body.contains("已写入 5 行") && !page.body.contains("hx-trigger"), "{}", page.body);
        assert_eq!(many(&app, RESIDENTS).await, 5);
        assert_eq!(staff.post(&format!("{address}/cancellation"), &[]).await.status, 422);

        // The rejected row comes back in full, LibreOffice opens it, and mended it goes in.
        let rejected = staff.download(&format!("{address}/rejections.xlsx")).await;
        let csv = as_csv(&rejected);
        assert!(csv.starts_with("原行号,原因,序号,小区,楼栋"), "{csv}");
        assert!(csv.contains("6,身份证号：") && csv.contains(&wrong) && csv.contains("13800000004"), "{csv}");
        let mended = saved_by_libreoffice("book.xlsx", &mend(&rejected, &wrong, &identity("19540505", 4)), "xlsx", "xlsx");
        assert_eq!(counts(&run(&app, mended, ImportOptions::default()).await), (1, 1, 0, 0, 0));

        let page = staff.post_files("/imports", &[], &[("file", "再来.xlsx", &file)]).await;
        settle(&app).await;
        let page = staff.post(&format!("{}/application", page.url), &[("rejected", "none")]).await;
        assert!(page.body.contains("一行也没有写入"), "{}", page.body);
        settle(&app).await;
        assert_eq!(many(&app, RESIDENTS).await, 6);
        assert!(staff.get(&page.url).await.body.contains("已放弃"));

        let template = staff.download("/imports/template.xlsx").await;
        assert!(as_csv(&template).starts_with("序号,小区,楼栋,单元,房号,户主姓名,与户主关系,姓名,性别"));
        let elsewhere = app.community("141102004998", "别的社区").await;
        let stranger = app.person(Role::Staff).of_community(&elsewhere).browser().await;
        assert_eq!(stranger.get(&address).await.status, 404);
        assert_eq!(stranger.get(&format!("{address}/rejections.xlsx")).await.status, 404);
    }

    async fn a_whole_community_is_registered(app: TestApp) {
        let file = workbook((0..4915).map(line)).unwrap();
        let began = std::time::Instant::now();
        let act = Act { account: Some(app.person(Role::Secretary).create().await.id), ..app.act() };
        let steps = std::sync::Mutex::new(BTreeMap::new());
        let progress = |done, total| _ = steps.lock().unwrap().insert(done, total);
        let summary = import_file(&app.db, &act, "登记表.xlsx", file, ImportOptions::default(), progress).await.unwrap();
        assert_eq!(counts(&summary), (4915, 4915, 0, 0, 0));
        assert_eq!((many(&app, RESIDENTS).await, many(&app, HOUSEHOLDS).await), (4915, 1639));
        assert!(steps.lock().unwrap().len() > 40, "it went on in steps");
        // The server has looked at what it has now, and plans by it; distributed tables are looked at where they are.
        if app.engine == Engine::Postgres && std::env::var_os("CITUS_URL").is_none() {
            for (table, rows) in [("residents", 4915), ("households", 1639)] {
                let believed: Many = app.db.read().await.unwrap().one(BELIEVED.bind(table)).await.unwrap();
                assert!(believed.many >= rows, "{table}: {}", believed.many);
            }
        }
        println!("4,915 people in {:?}", began.elapsed());
    }
}

/// A small archive that unpacks to more than a register could be.
fn bomb() -> Vec<u8> {
    use std::io::Write;
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    zip.start_file("xl/workbook.xml", options).unwrap();
    let spaces = vec![b' '; 32 << 20];
    for _ in 0..10 {
        zip.write_all(&spaces).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A workbook as LibreOffice shows it.
fn as_csv(file: &[u8]) -> String {
    String::from_utf8(saved_by_libreoffice("book.xlsx", file, "csv", "csv:Text - txt - csv (StarCalc):44,34,76"))
        .unwrap()
}

/// The same workbook with one value put right.
fn mend(file: &[u8], wrong: &str, right: &str) -> Vec<u8> {
    let mut given: Xlsx<_> = Xlsx::new(Cursor::new(file)).unwrap();
    let range = given.worksheet_range_at(0).unwrap().unwrap();
    let mut mended = Workbook::new();
    let sheet = mended.add_worksheet();
    for (row, column, cell) in range.cells() {
        let text = cell.to_string();
        let text = if text == wrong { right } else { &text };
        sheet.write_string(u32::try_from(row).unwrap(), u16::try_from(column).unwrap(), text).unwrap();
    }
    mended.save_to_buffer().unwrap()
}
