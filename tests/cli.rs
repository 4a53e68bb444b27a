//! The command line, run as the program that people run.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use db::{Db, statements};
use rust_xlsxwriter::Workbook;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::Browser;

statements! {
    TAMPER = "UPDATE audit_entries SET reason = 'nothing happened' WHERE position = 5";
}

const CODE: &str = "141102004999";

/// The program with a folder of its own, and nothing of the caller's surroundings.
fn doorstep(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_doorstep"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("DOORSTEP_")) {
        command.env_remove(name);
    }
    command.args(arguments).arg("--data").arg(data);
    command
}

fn run(data: &Path, arguments: &[&str]) -> Output {
    doorstep(data, arguments).output().unwrap()
}

#[track_caller]
fn json(data: &Path, arguments: &[&str]) -> Value {
    let output = run(data, &[arguments, &["--format", "json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The error that a command ends with.
#[track_caller]
fn failure(data: &Path, arguments: &[&str]) -> String {
    let output = run(data, arguments);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_backup_comes_back_with_its_keys_only() {
    let (old, new) = (community(), tempfile::tempdir().unwrap());
    let file = old.path().join("backup.gz");
    let path = file.to_str().unwrap();
    let written = json(old.path(), &["backup", path]);
    assert!(written["rows"].as_u64().unwrap() > 100);
    // Without the keys nothing is begun, and no other keys are made up.
    assert!(failure(new.path(), &["restore", path]).contains("没有密钥文件"));
    assert!(!new.path().join("doorstep.key").exists());
    std::fs::copy(old.path().join("doorstep.key"), new.path().join("doorstep.key")).unwrap();
    assert_eq!(json(new.path(), &["restore", path]), written);
    assert_eq!(json(new.path(), &["verify"])[0], json(old.path(), &["verify"])[0]);
    // A database whose keys have gone astray does not get new ones.
    std::fs::remove_file(new.path().join("doorstep.key")).unwrap();
    assert!(failure(new.path(), &["verify"]).contains("请放回原来的密钥文件"));
    assert!(!new.path().join("doorstep.key").exists());
}

#[test]
fn a_key_file_may_be_a_credential_of_systemd() {
    let folder = community();
    let credentials = tempfile::tempdir().unwrap();
    let key = credentials.path().join("doorstep.key");
    std::fs::rename(folder.path().join("doorstep.key"), &key).unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o440)).unwrap();
    let verify = |directory: &Path| {
        let mut command = doorstep(folder.path(), &["verify"]);
        command.env("DOORSTEP_KEY_FILE", &key).env("CREDENTIALS_DIRECTORY", directory).output().unwrap()
    };
    assert!(verify(credentials.path()).status.success());
    let elsewhere = verify(folder.path());
    assert!(String::from_utf8_lossy(&elsewhere.stderr).contains("chmod 600"));
}

fn community() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let made = json(folder.path(), &["generate", "--tenant", CODE, "--residents", "40", "--name", "尉汾路社区"]);
    assert_eq!(made["residents"], 40);
    folder
}

#[test]
fn a_subdistrict_is_a_tenant_of_its_own_with_accounts_of_its_own() {
    let folder = community();
    let add = |code, kind| ["tenant", "add", "--code", code, "--name", "城关街道", "--kind", kind];
    let made = json(folder.path(), &add("141102104999", "subdistrict"));
    assert_eq!((made["code"].as_str(), made["kind"].as_str()), (Some("141102104999"), Some("subdistrict")));
    assert!(failure(folder.path(), &add("141102104999", "subdistrict")).contains("已经有一个单位在用"));
    assert!(failure(folder.path(), &add("14110", "subdistrict")).contains("--code"));
    let account =
        ["account", "add", "--tenant", "141102104999", "--name", "值班员", "--login", "jiedao", "--role", "staff"];
    assert_eq!(json(folder.path(), &account)["login"], "jiedao");
}

#[test]
fn an_account_is_added_with_a_password_that_is_shown_once() {
    let folder = community();
    let add = ["account", "add", "--tenant", CODE, "--name", "李安", "--login", "lian", "--role", "security_admin"];
    let added = json(folder.path(), &add);
    assert!(added["password"].as_str().unwrap().len() >= 10);
    assert!(failure(folder.path(), &add).contains("已经有人使用"));
    let within = ["--login", "wg1", "--role", "grid_worker", "--reach", "grid"];
    let within = [&add[..6], &within, &["--reach-id", "第九网格"]].concat();
    assert!(failure(folder.path(), &within).contains("没有叫“第九网格”的网格"));
    let elsewhere = ["account", "add", "--tenant", "141102004001", "--name", "李安", "--login", "x", "--role", "staff"];
    assert!(failure(folder.path(), &elsewhere).contains(CODE), "it says which codes there are");
}

#[tokio::test]
async fn verify_names_the_first_broken_link() {
    let folder = community();
    let verdict = json(folder.path(), &["verify", "--tenant", CODE]);
    assert_eq!((&verdict[0]["broken"], verdict[0]["entries"].as_i64() > Some(10)), (&Value::Null, true));
    let db = Db::sqlite(&folder.path().join("doorstep.db")).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    tx.execute(TAMPER).await.unwrap();
    tx.commit().await.unwrap();
    db.close().await;
    let output = run(folder.path(), &["verify"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stdout).unwrap().contains("第 5 条断开"));
}

#[test]
fn keys_rotate_and_what_was_sealed_before_stays_readable() {
    let folder = community();
    let keys = folder.path().join("doorstep.key");
    let before = std::fs::read_to_string(&keys).unwrap();
    json(folder.path(), &["key", "rotate"]);
    let after = std::fs::read_to_string(&keys).unwrap();
    assert!(after.starts_with(&before) && after.lines().count() == before.lines().count() + 1);
    json(folder.path(), &["verify"]);
    std::fs::write(&keys, before.lines().next().unwrap()).unwrap();
    assert!(failure(folder.path(), &["verify"]).contains("密钥"));
}

#[test]
fn a_register_is_imported_and_the_result_is_counted_in_people() {
    let folder = community();
    let file = folder.path().join("登记表.xlsx");
    register(&file);
    let import = ["import", "residents", file.to_str().unwrap(), "--tenant", CODE];
    let tried = json(folder.path(), &[&import[..], &["--dry-run"]].concat());
    assert_eq!((&tried["rows"], &tried["created"]), (&3.into(), &2.into()));
    let summary = json(folder.path(), &import);
    assert_eq!((&summary["created"], &summary["updated"], &summary["unchanged"]), (&2.into(), &0.into(), &0.into()));
    let rejected = summary["rejected"].as_array().unwrap();
    assert_eq!((rejected.len(), &rejected[0]["row"]), (1, &4.into()));
    assert!(rejected[0]["column"].is_string() && rejected[0]["reason"].is_string());
    assert_eq!(json(folder.path(), &import)["unchanged"], 2);
    let missing = ["import", "residents", "nowhere.xlsx", "--tenant", CODE];
    assert!(failure(folder.path(), &missing).contains("nowhere.xlsx"));
}

/// Two people who can be taken, and one whose identity number a spreadsheet has spoilt.
fn register(file: &Path) {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    let rows = [
        ["小区", "楼栋", "单元", "房号", "户主姓名", "与户主关系", "姓名", "性别", "身份证号"],
        ["王府名苑小区", "3号楼", "2", "1302", "张建国", "户主", "张建国", "男", "141199199003070013"],
        ["王府名苑小区", "3号楼", "2", "1302", "张建国", "配偶", "李秀英", "女", "141199201202290027"],
        ["王府名苑小区", "3号楼", "2", "1303", "王平", "户主", "王平", "男", "1.41E+17"],
    ];
    for (row, cells) in (0..).zip(rows) {
        for (column, cell) in (0..).zip(cells) {
            sheet.write_string(row, column, cell).unwrap();
        }
    }
    workbook.save(file).unwrap();
}

#[tokio::test]
async fn the_site_starts_and_ends_in_good_order() {
    let folder = tempfile::tempdir().unwrap();
    let (mut program, url) = start(&mut doorstep(folder.path(), &["serve", "--listen", "127.0.0.1:0"]));
    let browser = Browser::new(&url);
    assert_eq!(browser.get("/healthz").await.assert_ok().body, "ok");
    assert_eq!(browser.get("/readyz").await.assert_ok().body, "ready");
    browser.get("/").await.assert_ok().assert_contains("家门口");
    let told = Command::new("kill").arg("-TERM").arg(program.id().to_string()).status().unwrap();
    assert!(told.success() && program.wait().unwrap().success());
}

#[test]
fn the_demonstration_stays_on_this_machine_and_out_of_real_databases() {
    let folder = tempfile::tempdir().unwrap();
    assert!(failure(folder.path(), &["demo", "--listen", "0.0.0.0:0"]).contains("只能在本机"));
    let real = ["demo", "--listen", "127.0.0.1:0", "--database", "sqlite:real.db"];
    assert!(failure(folder.path(), &real).contains("--database"));
}

/// Starts the program and waits for the address that it prints.
fn start(command: &mut Command) -> (Child, String) {
    let mut program = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(program.stdout.take().unwrap()).lines();
    let url = lines.map_while(Result::ok).find_map(|line| Some(line.strip_prefix("家门口已启动：")?.to_owned()));
    (program, url.expect("an address"))
}

/// A file of the public benchmark of shift scheduling.
#[test]
fn a_file_of_the_benchmark_is_solved() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("two.txt");
    let path = file.to_str().unwrap();
    let text = "SECTION_HORIZON\n7\nSECTION_SHIFTS\nD,480,\nSECTION_STAFF\nA,D=7,2400,480,5,2,2,1\nB,D=7,2400,480,5,2,2,0\n\
        SECTION_DAYS_OFF\nA,0\nSECTION_SHIFT_ON_REQUESTS\nA,5,D,3\nB,5,D,2\nSECTION_SHIFT_OFF_REQUESTS\nSECTION_COVER\n1,D,1,100,1\n5,D,2,10,1\n";
    std::fs::write(&file, text).unwrap();
    let solved = json(folder.path(), &["roster", "solve", path, "--seconds", "1", "--threads", "2"]);
    // B has no weekend: a wish is not met, and one is missing on Saturday.
    assert_eq!((&solved["objective"], &solved["violations"]), (&Value::from(12), &Value::from(Vec::<Value>::new())));
    let rows = solved["assignment"].as_array().unwrap();
    assert_eq!((&rows[0]["person"], &rows[0]["shifts"][5]), (&Value::from("A"), &Value::from("D")));
    assert_eq!((&rows[0]["shifts"][0], rows[1]["shifts"].as_array().unwrap().len()), (&Value::from(""), 7));
    std::fs::write(&file, text.replace("A,0\n", "A,7\n")).unwrap();
    let failure = failure(folder.path(), &["roster", "solve", path]);
    assert!(failure.contains("第 9 行：“第几天”应是 0 到 6 的整数，写的是“7”"), "{failure}");
}
