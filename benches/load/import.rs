//! The import of a workbook of 100,000 rows beside its floor: reading the same workbook, and inserting its raw cells.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use calamine::{Reader, Xlsx, open_workbook};
use db::{Db, statements};
use doorstep::registry::import::{self, Column};

use crate::process::status;

statements! {
    RAW = "CREATE TABLE raw_rows (n BIGINT NOT NULL PRIMARY KEY, cells TEXT NOT NULL)";
    ADD = "INSERT INTO raw_rows (n, cells) VALUES ($1, $2)";
}

const ROWS: u32 = 100_000;

pub async fn run() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("居民信息登记表.xlsx");
    write(&file);
    println!("\n### Import of {ROWS} rows, {} MB of workbook\n", std::fs::metadata(&file).unwrap().len() / 1_000_000);

    let began = Instant::now();
    let mut workbook: Xlsx<_> = open_workbook(&file).unwrap();
    let cells = workbook.worksheet_range_at(0).unwrap().unwrap();
    let parsed = began.elapsed();
    let db = Db::sqlite(&folder.path().join("raw.db")).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    tx.execute(RAW).await.unwrap();
    for (n, row) in cells.rows().enumerate() {
        let row: Vec<String> = row.iter().map(ToString::to_string).collect();
        tx.execute(ADD.bind(n as i64).bind(row.join("\t"))).await.unwrap();
    }
    tx.commit().await.unwrap();
    let floor = began.elapsed();
    drop(cells);

    crate::cluster::shared().create_database("import", None);
    let sqlite = format!("sqlite:{}", folder.path().join("doorstep.db").display());
    println!("| | s | rows/s | of the floor | most memory MB |");
    println!("|---|--:|--:|--:|--:|");
    let per_second = |took: std::time::Duration| f64::from(ROWS) / took.as_secs_f64();
    println!(
        "| floor: parse ({:.1} s) and insert raw rows | {:.1} | {:.0} | 100 % | |",
        parsed.as_secs_f64(),
        floor.as_secs_f64(),
        per_second(floor)
    );
    for (engine, database) in [("SQLite", sqlite), ("PostgreSQL", crate::cluster::shared().url("import"))] {
        let data = tempfile::tempdir().unwrap();
        crate::generate(data.path(), &database, crate::CODE, 0).await;
        let began = Instant::now();
        let mut program = Command::new(env!("CARGO_BIN_EXE_doorstep"))
            .args(["import", "residents"])
            .arg(&file)
            .args(["--tenant", crate::CODE, "--database", &database, "--data"])
            .arg(data.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut most = 0;
        let ended = loop {
            match program.try_wait().unwrap() {
                Some(ended) => break ended,
                None => most = most.max(peak(program.id())),
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        };
        let took = began.elapsed();
        assert!(ended.success());
        let share = floor.as_secs_f64() / took.as_secs_f64() * 100.0;
        println!(
            "| import into {engine} | {:.1} | {:.0} | {share:.0} % | {} |",
            took.as_secs_f64(),
            per_second(took),
            most / 1_000_000
        );
    }
}

/// The most memory that a process has had; nothing once it is gone.
fn peak(process: u32) -> u64 {
    if Path::new(&format!("/proc/{process}/status")).exists() {
        std::panic::catch_unwind(|| status(process, "VmHWM:")).unwrap_or(0)
    } else {
        0
    }
}

/// People in households of three, on the form that staff use.
fn write(file: &Path) {
    std::fs::write(file, import::workbook((0..ROWS).map(person)).unwrap()).unwrap();
}

fn person(row: u32) -> Vec<(Column, String)> {
    const SURNAMES: [&str; 8] = ["王", "李", "张", "刘", "陈", "杨", "赵", "黄"];
    const GIVEN: [&str; 10] = ["建国", "秀英", "娟峰", "志强", "海燕", "文博", "雨桐", "子涵", "桂花", "晓明"];
    let (household, member) = (row / 3, (row % 3) as usize);
    let (building, door) = (household / 200, household % 200);
    let name = |member: usize| {
        format!("{}{}", SURNAMES[household as usize % 8], GIVEN[(household as usize / 8 + member * 3) % 10])
    };
    let date = codes::date::parse(&format!("{}-{:02}-{:02}", 1950 + row % 50, row % 12 + 1, row % 28 + 1)).unwrap();
    vec![
        (Column::Estate, format!("第{}小区", building / 20 + 1)),
        (Column::Building, format!("{}号楼", building % 20 + 1)),
        (Column::Unit, format!("{}单元", door / 50 + 1)),
        (Column::Room, format!("{}{:02}", door % 50 / 2 + 1, door % 2 + 1)),
        (Column::Head, name(0)),
        (Column::Name, name(member)),
        (Column::Relation, ["户主", "配偶", "子"][member].to_owned()),
        (Column::Sex, if member == 1 { "女" } else { "男" }.to_owned()),
        (Column::Birth, date.to_string()),
        (Column::Phone, format!("139{row:08}")),
    ]
}
