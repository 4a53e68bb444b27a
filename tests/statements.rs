//! Every SQL constant of the program is text that both engines take.

use std::path::Path;

use db::Statement;
use doorstep::report;
use doorstep::{
    access, after_school, api, audit, board, body, channel, community_survey, counter, deployment, duty, hazard, help,
    issue, keys, lecture, mediation, meeting, offline, outbox, overview, party, patrol, photo, place, registry, search,
    service, settings, tally, venue, visit, volunteer, whistle, work_order,
};
use sqlx::{ConnectOptions, Row};

use crate::support::{Engine, Storage, fresh};

/// Every list of statements; a file that declares one and is not here fails [`no_list_is_forgotten`].
pub const LISTS: &[&[Statement]] = &[
    access::STATEMENTS,
    after_school::STATEMENTS,
    after_school::PICTURE_STATEMENTS,
    after_school::SESSION_STATEMENTS,
    after_school::HELP_STATEMENTS,
    after_school::INCIDENT_STATEMENTS,
    after_school::MESSAGE_STATEMENTS,
    after_school::NAME_STATEMENTS,
    after_school::FIGURE_STATEMENTS,
    access::token::STATEMENTS,
    api::STATEMENTS,
    audit::STATEMENTS,
    board::STATEMENTS,
    board::OBJECTION_STATEMENTS,
    body::STATEMENTS,
    channel::STATEMENTS,
    community_survey::STATEMENTS,
    counter::STATEMENTS,
    hazard::STATEMENTS,
    hazard::ROUND_STATEMENTS,
    hazard::SCHOOL_STATEMENTS,
    help::STATEMENTS,
    whistle::STATEMENTS,
    issue::STATEMENTS,
    issue::cluster::STATEMENTS,
    keys::STATEMENTS,
    mediation::STATEMENTS,
    meeting::STATEMENTS,
    meeting::FEED_STATEMENTS,
    meeting::JOINT_STATEMENTS,
    issue::exclusion::STATEMENTS,
    issue::owners::STATEMENTS,
    issue::reminder::STATEMENTS,
    report::STATEMENTS,
    report::roll_up::STATEMENTS,
    issue::month::STATEMENTS,
    meeting::PROCEDURE_STATEMENTS,
    offline::STATEMENTS,
    outbox::STATEMENTS,
    overview::STATEMENTS,
    party::STATEMENTS,
    party::INSTRUCTOR_STATEMENTS,
    party::register::STATEMENTS,
    patrol::STATEMENTS,
    photo::STATEMENTS,
    place::STATEMENTS,
    registry::STATEMENTS,
    registry::candidate::STATEMENTS,
    registry::enrol::STATEMENTS,
    registry::export_request::STATEMENTS,
    registry::figures::STATEMENTS,
    registry::finding::STATEMENTS,
    registry::import::STATEMENTS,
    registry::import::COMPARE_STATEMENTS,
    registry::life::STATEMENTS,
    registry::person::STATEMENTS,
    registry::request::STATEMENTS,
    registry::erasure::STATEMENTS,
    registry::roll::STATEMENTS,
    registry::tagging::STATEMENTS,
    search::STATEMENTS,
    service::STATEMENTS,
    service::ONCE_STATEMENTS,
    service::FIGURES_STATEMENTS,
    service::ROUND_STATEMENTS,
    service::PROVIDER_STATEMENTS,
    settings::STATEMENTS,
    tally::STATEMENTS,
    deployment::STATEMENTS,
    duty::STATEMENTS,
    duty::SHIFT_STATEMENTS,
    duty::STANDBY_STATEMENTS,
    duty::CALLING_OFF_STATEMENTS,
    duty::WALK_STATEMENTS,
    duty::LIMIT_STATEMENTS,
    lecture::STATEMENTS,
    lecture::SESSION_STATEMENTS,
    lecture::QUIZ_STATEMENTS,
    lecture::SUMMARY_STATEMENTS,
    lecture::sharing::STATEMENTS,
    venue::STATEMENTS,
    visit::STATEMENTS,
    volunteer::STATEMENTS,
    volunteer::ACTIVITY_STATEMENTS,
    volunteer::HOURS_STATEMENTS,
    volunteer::STAR_STATEMENTS,
    volunteer::CERTIFICATE_STATEMENTS,
    volunteer::EXPORT_STATEMENTS,
    volunteer::FIGURES_STATEMENTS,
    volunteer::HONOUR_STATEMENTS,
    volunteer::ENGAGEMENT_STATEMENTS,
    visit::erasure::STATEMENTS,
    work_order::STATEMENTS,
];

#[tokio::test]
async fn sqlite_takes_every_statement() {
    every_statement_is_taken(Engine::Sqlite).await;
}

#[tokio::test]
async fn postgres_takes_every_statement() {
    every_statement_is_taken(Engine::Postgres).await;
}

async fn every_statement_is_taken(engine: Engine) {
    let (db, _storage) = fresh(engine).await;
    let mut refused = Vec::new();
    for statement in LISTS.iter().copied().flatten() {
        let mut tx = db.begin().await.unwrap(); // its own, since PostgreSQL gives a transaction up after an error
        if let Err(error) = tx.prepare(*statement).await {
            refused.push(format!("{}: {error}\n{}", statement.name, statement.text));
        }
    }
    assert!(refused.is_empty(), "{engine:?} refuses:\n{}", refused.join("\n\n"));
}

/// Statements that may look through a table or what a tenant has of it.
const MAY_SCAN: &[&str] = &[
    // There are few of these, in all or in a tenant.
    "work_order::store::LAYOUT",
    "work_order::store::FORGET",
    "channel::store::HOOKS",
    "access::token::GET",
    "access::token::LIST",
    "access::token::ESTATES",
    "access::store::TENANTS",
    "access::store::TENANT",
    "access::store::TENANT_BY_CODE",
    "access::store::SESSION",
    "access::store::INVITATION",
    "access::store::ORGANISATIONS",
    "access::store::REACHES",
    "access::store::SHUT_OUT",
    "access::store::GRANTS_OF_PAGE",
    "access::store::WHO",
    "access::store::HOLDERS",
    "board::store::NAMED_CONTACTS",
    "board::store::HOLDERS",
    "community_survey::store::HOMES",
    "community_survey::store::LIVED_IN", // all of them are drawn from, once a year
    "community_survey::store::COUNTED",
    "community_survey::store::LEFT_TO_ASK", // of the surveys, of which there is one a year
    "board::objection::OPEN_ABOUT",         // among the few that wait for an answer
    "board::objection::WAITING",
    "outbox::store::PARKED", // the few that were given up have an index of their own
    "body::store::LIST",
    "body::store::ALL_SEATS",
    "channel::store::LIST",
    "channel::store::FITTING",
    "channel::store::DEAD",
    // There are some dozen schools, a few hundred posts and people in a county, and their tables are read whole.
    "deployment::store::ALL_IN_FORCE", // the versions of a bureau
    "deployment::store::OF_SCHOOL",
    "deployment::store::WAITING",
    "deployment::store::RETURNED",
    "deployment::store::UNITS",
    "deployment::store::BELOW",
    "deployment::store::UNSEEN", // the few that have not been seen have an index of their own
    "duty::store::SCHOOLS_OF_UNIT",
    "duty::store::STANDBY_OF_UNIT",
    "hazard::school::SURVEYED",
    "duty::store::SCHOOLS",
    "duty::store::GATES",
    "duty::store::SLOTS",
    "duty::store::BELLS",
    "duty::store::SLOT_GATES",
    "duty::store::TERMS",
    "duty::store::DAYS",
    "duty::store::PEOPLE",
    "duty::store::ALL_PEOPLE",
    "duty::store::GATE_PASTS",
    "duty::store::SLOT_PASTS",
    "duty::store::CLOSURES",
    "duty::store::REACHES",
    "duty::store::LEAVES",
    "duty::limit::ALL_BARS",
    "duty::store::WAYS",
    "duty::store::UNITS_IN_REACH",
    "duty::calling_off::NAMED_IN", // whoever is on the list, before a message goes out
    "duty::shift_store::SHARES",   // a term once, when a roster is made
    "duty::shift_store::SWAPS_WAITING",
    // A bureau has some dozen routes with their points, and a table of what is asked of them.
    "patrol::store::ROUTES",
    "patrol::store::VERSIONS",
    "patrol::store::UNITS",
    "patrol::store::POINTS",
    "patrol::store::WAITING", // the few that wait have an index of their own
    "patrol::store::PHOTOS_WAITING",
    "patrol::store::SETTLE",
    // There are some dozen schools and lecturers in a county, and their tables are read whole.
    "lecture::store::SCHOOLS",
    "lecture::store::CLOSED_SCHOOLS",
    "lecture::store::ALL_CLASSES",
    "lecture::store::WAYS",
    "lecture::store::TERMS",
    "lecture::store::PERIODS",
    "lecture::store::SUBJECTS",
    "lecture::store::LECTURERS",
    "lecture::store::ENDED_LECTURERS",
    "lecture::store::LECTURERS_AT",
    "lecture::store::ALL_TOPICS",
    "lecture::store::USABLE_MATERIALS",
    "lecture::store::TO_RECALL", // the few that wait have an index of their own
    "lecture::session_store::CALLS",
    "lecture::sharing::TO_SHOW", // what a community was sent
    "lecture::session_store::ANSWERS",
    "lecture::session_store::OPEN_QUESTIONS", // the few that are open have an index of their own
    "lecture::session_store::UNCONFIRMED",    // those that wait have an index of their own
    "lecture::session_store::WAITING",        // the few that wait have an index of their own
    "lecture::session_store::AGREEMENTS",
    "lecture::session_store::CAMPAIGNS",
    "lecture::session_store::VOIDED_AGREEMENTS",
    "lecture::session_store::VOIDED_CALLS",
    "lecture::session_store::VOIDED_CAMPAIGNS",
    "lecture::quiz_store::QUESTIONS",
    "lecture::quiz_store::OVER", // the few that are open have an index of their own
    "lecture::quiz_store::OPEN", // the few that are open have an index of their own
    "lecture::summary_store::ALL_VICES",
    "lecture::summary_store::EVERY_SCHOOL",
    "lecture::summary_store::CLASSES_OF_PERIOD",
    "venue::store::LIST",
    "venue::store::USABLE",
    "after_school::store::COUNTS",           // everybody once, for the list
    "after_school::session_store::VETTINGS", // of the few members of staff
    "after_school::session_store::ALARMED",  // the few children whom nobody has fetched have an index of their own
    "after_school::session_store::TO_CALL",
    "after_school::incident_store::UNFOLLOWED", // the few that wait have an index of their own
    "after_school::message_store::WAITING",
    "service::store::KINDS", // there are few of these
    "service::store::BUILDINGS",
    "service::round_store::OUTCOMES",
    "service::provider_store::PROVIDERS",
    "volunteer::store::TEAMS",
    "volunteer::store::ADD_TEAM", // counts them
    "volunteer::store::TEAM_ESTATES",
    "volunteer::store::TEAM_TARGETS",
    "volunteer::store::TEAM_SIZES", // everybody in a team once, for the list of teams
    "volunteer::store::LEADERS",
    "volunteer::store::ALL_MEMBERSHIPS",
    "volunteer::store::SERVED", // everybody on the roll, for a workbook
    "volunteer::hours_store::TOTALS",
    "volunteer::star::HIGHEST",
    "volunteer::honour::OF_SHOWN",        // few were honoured
    "volunteer::activity_store::CLAIMED", // the few that wait have an index of their own
    "hazard::school::SCHOOLS",            // the few schools of a bureau
    "help::store::UNTOLD",                // of whom nobody has passed the word on
    "whistle::store::COUNTERPARTS",
    "whistle::store::ABOVE",
    "issue::exclusion::WAITING", // the few that wait have an index of their own
    "report::store::HOMES",      // a report of all homes reads all homes
    "whistle::store::WAITING",   // the few that are open have an index of their own
    "meeting::procedure::OPEN",
    "meeting::procedure::TAKEN", // of one, or of all that are open
    "party::instructor::LIST",
    "party::store::END_POSTS",
    "party::store::ROLL_OF_ALL", // whoever belongs to a 党委 is nearly everybody
    "overview::store::STAFF",
    "overview::store::GRIDS",
    "overview::store::CONTACTS",
    "audit::store::ADVANCE",
    "audit::store::SET_HEAD",
    "audit::store::HEAD",
    "keys::CHECKS",
    "place::store::ESTATES",
    "place::store::SIZE", // it stops at forty
    "place::store::GRIDS",
    "place::store::ALL_BUILDINGS",
    "place::store::ESTATES_WITHIN",
    "place::store::ESTATES_IN_REACH",
    "registry::store::BUILDINGS",
    "registry::store::DOORS", // from the estates down to the doors
    "registry::roll::HOMES",
    "registry::import::store::UNCONFIRMED",
    // A row for each figure of a building, and none for a person.
    "registry::figures::TOTAL",
    "registry::figures::TOTAL_IN_REACH",
    "registry::figures::ESTATES",
    "registry::figures::STALE",
    "issue::month::STALE",
    "tally::store::PEOPLE",      // the accounts of a community
    "report::roll_up::FIRST",    // the first of its index
    "report::roll_up::OF_REACH", // the estates of a community
    "report::roll_up::REPORTED",
    "registry::roll::FIGURE_IN_BUILDINGS",
    // Where several filters meet, which no figure counts; it stops at ten thousand.
    "registry::roll::COUNT",
    "registry::roll::COUNT_IN_BUILDING",
    "registry::roll::COUNT_IN_ESTATE",
    "registry::store::ALL_NAMED_IN", // all names of an estate or a community, where something is put up for all to read
    // From the few buildings of a tenant to the people of some.
    "registry::roll::IN_BUILDINGS",
    "registry::roll::COUNT_IN_BUILDINGS",
    "registry::figures::OF_YESTERDAY",
    "party::store::ORGANISATIONS",
    "party::store::TERMS_ENDING",
    "party::store::FIGURES", // every member of a community once, for the tree
    "party::store::POSTS",
    "party::store::WITH_COMMITTEE",
    "party::store::SHOWN", // of those who have agreed
    "settings::LIST",
    // These walk along a partial index of what is open or not yet done.
    "issue::store::COUNTS",
    "meeting::store::TO_REVIEW",
    "issue::store::EARLIER",
    "issue::store::TASKS",
    "issue::store::TO_DELIBERATE",
    "issue::store::TAKE_UNINDEXED",
    "issue::store::UNINDEXED_TENANTS",
    "offline::store::DISPUTES",
    "offline::store::OLDEST_DISPUTE",
    "offline::store::OLDEST_HELD",
    "visit::store::OWN_PEOPLE",
    "visit::store::OWN_CAMPAIGNS",
    "registry::finding::BATCHES",
    "registry::finding::COUNTS",
    "registry::store::TAKE_UNINDEXED",
    "registry::store::UNINDEXED_TENANTS",
    "outbox::store::BACKLOG",
    // The first row tells.
    "registry::store::ANYBODY",
    // Once an hour, without anybody waiting; or asked by nobody but tests.
    "volunteer::activity_store::OLD_PHOTOS", // by the partial indexes of those that have one
    "volunteer::activity_store::PHOTOS_LEFT", // few wait
    "outbox::store::SWEEP",
    "offline::store::FORGET_DISPUTES",
    "visit::erasure::OLD",
    "registry::store::POPULATION",
];

/// Statements that may do so for each row to which something is joined.
const MAY_SCAN_FOR_EACH: &[&str] = &["overview::store::GRIDS"]; // the grants of those who work there

/// Every statement reaches its rows by an index that begins with more than the tenant, or walks along one in the order of
/// its page: on SQLite without statistics, which plans the worst.
#[tokio::test]
async fn no_statement_looks_through_a_table() {
    let (db, storage) = fresh(Engine::Sqlite).await;
    db.close().await;
    let Storage::Folder(folder) = &storage else { unreachable!("SQLite lies in a folder") };
    let file = folder.path().join("doorstep.db");
    let mut sqlite = sqlx::sqlite::SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    let mut slow = Vec::new();
    for statement in LISTS.iter().copied().flatten() {
        let text = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", statement.text));
        let plan = sqlx::query(text).fetch_all(&mut sqlite).await.unwrap();
        let steps = plan.iter().map(|row| row.get::<String, _>("detail"));
        // `p` is a page that has been found by another part of the same statement; rows that are added are no table.
        let bad = steps.filter(|step| {
            step != "SCAN p"
                && !step.ends_with("VALUES CLAUSE")
                && (step.starts_with("SCAN") || step.trim_end_matches(" LEFT-JOIN").ends_with("(tenant_id=?)"))
        });
        let name = statement.name.trim_start_matches("doorstep::");
        let excused = |step: &String| {
            let list = if step.ends_with("LEFT-JOIN") { MAY_SCAN_FOR_EACH } else { MAY_SCAN };
            list.contains(&name)
        };
        slow.extend(bad.filter(|step| !excused(step)).map(|step| format!("{name}: {step}")));
    }
    assert!(slow.is_empty(), "these look through a table or a whole tenant:\n{}", slow.join("\n"));
}

#[test]
fn no_list_is_forgotten() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in crate::architecture::files(&source, "rs") {
        if !std::fs::read_to_string(&file).unwrap().contains("statements! {") {
            continue;
        }
        let path = file.strip_prefix(&source).unwrap().with_extension("");
        let path = path.to_str().unwrap().trim_end_matches("/mod").replace('/', "::");
        let listed = LISTS.iter().copied().flatten().any(|statement| {
            let (module, _) = statement.name.rsplit_once("::").unwrap();
            module == format!("doorstep::{path}")
        });
        assert!(listed, "{} declares statements that LISTS does not have", file.display());
    }
}
