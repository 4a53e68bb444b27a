//! Slices point one way. An arrow that is not drawn here needs a decision first.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What everything may use: how operations end, what they draw on, the state that handlers share, the shell of pages.
const COMMON: &[&str] = &["app", "error", "keys", "means", "web"];

/// What every slice stands on. These know one another and nothing above them.
const FOUNDATION: &[&str] =
    &["access", "audit", "counter", "offline", "outbox", "photo", "search", "settings", "workbook"];

/// From each module to what else it may use. `app` and `cli` stand on top and may use everything below them.
const ARROWS: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("means", &[]),
    ("keys", &[]),
    ("web", &[]),
    ("schema", &[]),
    ("config", &["schema"]),
    ("backup", &["schema"]),
    ("access", FOUNDATION),
    ("audit", FOUNDATION),
    ("offline", FOUNDATION),
    ("outbox", FOUNDATION),
    ("photo", FOUNDATION),
    ("settings", FOUNDATION),
    ("workbook", FOUNDATION),
    ("counter", FOUNDATION),
    ("search", FOUNDATION),
    ("document", &[]),
    ("place", FOUNDATION),
    ("registry", &["access", "audit", "counter", "outbox", "photo", "search", "settings", "workbook", "place"]),
    ("board", &["access", "audit", "outbox", "photo", "settings", "place", "registry"]),
    ("body", &["access", "audit", "settings", "place", "board"]),
    ("venue", &["access", "audit", "place"]),
    // It reads the rounds of `patrol` in SQL, in one file.
    ("duty", &["access", "audit", "channel", "outbox", "settings", "workbook"]),
    ("deployment", &["access", "audit", "counter", "document", "duty", "hazard", "patrol", "settings"]),
    ("issue", &["access", "audit", "counter", "outbox", "photo", "search", "settings", "place", "registry", "board"]),
    (
        "after_school",
        &[
            "access",
            "audit",
            "channel",
            "document",
            "offline",
            "outbox",
            "photo",
            "settings",
            "place",
            "registry",
            "volunteer",
        ],
    ),
    ("service", &["access", "audit", "channel", "outbox", "settings", "place", "registry", "issue", "volunteer"]),
    (
        "volunteer",
        &[
            "access", "audit", "channel", "counter", "document", "outbox", "photo", "settings", "workbook", "place",
            "registry",
        ],
    ),
    // It names the schools, people and places of the other two in SQL.
    ("patrol", &["access", "audit", "photo", "settings", "workbook", "duty", "hazard"]),
    // It names the schools and gates of `duty` in SQL.
    ("hazard", &["access", "audit", "channel", "counter", "document", "photo", "settings", "workbook"]),
    ("lecture", &["access", "audit", "channel", "outbox", "photo", "settings", "workbook", "document", "volunteer"]),
    ("help", &["access", "audit", "place", "party", "issue"]),
    ("whistle", &["access", "audit", "counter", "outbox", "settings", "issue"]),
    ("mediation", &["access", "audit", "body", "counter", "settings", "place", "issue", "help", "document"]),
    ("community_survey", &["access", "audit", "settings", "workbook", "place", "board", "document"]),
    ("channel", &["access", "audit", "board", "counter", "outbox", "settings", "place", "party", "issue", "config"]),
    (
        "meeting",
        &[
            "access",
            "audit",
            "outbox",
            "photo",
            "settings",
            "place",
            "registry",
            "party",
            "board",
            "body",
            "issue",
            "channel",
            "community_survey",
            "document",
            "venue",
        ],
    ),
    ("visit", &["access", "audit", "offline", "outbox", "settings", "workbook", "place", "registry", "issue"]),
    ("party", &["access", "audit", "outbox", "search", "settings", "workbook", "place", "registry"]),
    ("api", &["access", "board", "issue", "place", "report", "settings"]),
    ("work_order", &["access", "audit", "counter", "workbook", "place", "issue"]),
    ("tally", &["access", "report", "settings"]),
    ("overview", &["access", "place", "registry", "board"]),
    (
        "report",
        &[
            "access",
            "after_school",
            "audit",
            "settings",
            "workbook",
            "place",
            "issue",
            "document",
            "meeting",
            "mediation",
            "service",
            "volunteer",
            "whistle",
        ],
    ),
    ("metrics", &["outbox"]),
    (
        "today",
        &[
            "patrol",
            "hazard",
            "access",
            "after_school",
            "deployment",
            "duty",
            "offline",
            "outbox",
            "registry",
            "board",
            "issue",
            "channel",
            "community_survey",
            "lecture",
            "help",
            "mediation",
            "meeting",
            "party",
            "service",
            "visit",
            "volunteer",
            "whistle",
        ],
    ),
    (
        "app",
        &[
            "patrol",
            "hazard",
            "access",
            "after_school",
            "service",
            "deployment",
            "duty",
            "api",
            "audit",
            "outbox",
            "photo",
            "settings",
            "place",
            "registry",
            "board",
            "issue",
            "meeting",
            "body",
            "channel",
            "community_survey",
            "mediation",
            "lecture",
            "metrics",
            "offline",
            "overview",
            "party",
            "report",
            "tally",
            "today",
            "venue",
            "visit",
            "volunteer",
            "help",
            "whistle",
            "work_order",
            "config",
        ],
    ),
    (
        "demo",
        &[
            "access",
            "after_school",
            "audit",
            "offline",
            "outbox",
            "photo",
            "settings",
            "place",
            "registry",
            "board",
            "body",
            "community_survey",
            "deployment",
            "duty",
            "hazard",
            "issue",
            "lecture",
            "mediation",
            "meeting",
            "party",
            "patrol",
            "service",
            "venue",
            "visit",
            "volunteer",
            "config",
        ],
    ),
    (
        "upkeep",
        &[
            "hazard",
            "lecture",
            "access",
            "after_school",
            "service",
            "api",
            "board",
            "channel",
            "community_survey",
            "duty",
            "mediation",
            "offline",
            "outbox",
            "party",
            "photo",
            "registry",
            "issue",
            "report",
            "visit",
            "volunteer",
            "work_order",
            "app",
        ],
    ),
    (
        "cli",
        &[
            "access", "audit", "outbox", "photo", "settings", "place", "registry", "board", "issue", "meeting",
            "backup", "channel", "config", "demo", "schema", "upkeep",
        ],
    ),
];

#[test]
fn slices_point_one_way() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut wrong = Vec::new();
    for file in files(&source, "rs").into_iter().chain(files(&source, "html")) {
        let inside = file.strip_prefix(&source).unwrap();
        let module = inside.iter().next().and_then(|first| Path::new(first).file_stem()).unwrap().to_str().unwrap();
        if matches!(module, "lib" | "main") {
            continue;
        }
        let Some(arrows) = allowed.get(module) else { panic!("{module} has no line in ARROWS") };
        let text = std::fs::read_to_string(&file).unwrap();
        for (used, path) in paths(&text) {
            let known = allowed.contains_key(used.as_str()); // the rest are macros, which live at the root
            let drawn = used == module || COMMON.contains(&used.as_str()) || arrows.contains(&used.as_str());
            if known && !drawn {
                wrong.push(format!("{}: {module} → {used}", inside.display()));
            }
            if used != module && path.split("::").any(|part| part == "store") {
                wrong.push(format!("{}: uses the store of {used}", inside.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that are not drawn:\n{}", wrong.join("\n"));
}

#[test]
fn every_module_is_found_in_a_path() {
    let text = "use crate::error::Result;\nuse crate::{access::{self, Act}, web};\n// crate::board\nlet x = crate::place::store::all();";
    let found = paths(text);
    let modules: BTreeSet<&str> = found.iter().map(|(module, _)| module.as_str()).collect();
    assert_eq!(modules, BTreeSet::from(["access", "error", "place", "web"]));
    assert!(found.contains(&("place".to_owned(), "place::store::all".to_owned())));
}

/// The modules that a text names after `crate::`, each with the path that follows.
fn paths(text: &str) -> Vec<(String, String)> {
    let code: String =
        text.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect();
    let named = code.split("crate::").skip(1).flat_map(|rest| match rest.strip_prefix('{') {
        Some(group) => members(group),
        None => vec![path(rest)],
    });
    named.map(|path| (path.split("::").next().unwrap_or_default().to_owned(), path)).collect()
}

/// The members of `{a::{b, c}, d}` at its own level, given what follows the brace.
fn members(group: &str) -> Vec<String> {
    let (mut depth, mut members, mut start) = (1, Vec::new(), 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 || (depth == 1 && c == ',') {
            members.push(path(group[start..at].trim()));
            start = at + 1;
        }
        if depth == 0 {
            break;
        }
    }
    members
}

fn path(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | ':')).collect()
}

/// Every file below a folder with an ending.
pub fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|found| found == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}
