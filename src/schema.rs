//! The migrations, in the order in which they are applied.

use db::Migration;

macro_rules! migrations {
    ($($name:literal),+ $(,)?) => {
        pub const MIGRATIONS: &[Migration] =
            &[$(Migration { name: $name, text: include_str!(concat!("../migrations/", $name, ".sql")) }),+];
    };
}

migrations![
    "0001_foundation",
    "0002_place",
    "0003_registry",
    "0004_board",
    "0005_issue",
    "0006_meeting",
    "0007_search",
    "0008_finding",
    "0009_offline",
    "0010_visit",
    "0011_figures",
    "0012_postings",
    "0013_tags_in_order",
    "0014_party",
    "0015_branch_meetings",
    "0016_meeting_life",
    "0017_channel",
    "0020_bodies",
    "0022_publicity",
    "0023_venue",
    "0024_calendar_links",
    "0025_help",
    "0026_agenda",
    "0027_owner_votes",
    "0028_objection_terms",
    "0029_moves",
    "0030_petitions",
    "0031_reminders",
    "0032_reports",
    "0033_publication_concerns",
    "0034_owners_voted",
    "0035_mediation",
    "0036_whistle",
    "0037_interfaces",
    "0038_work_orders",
    "0039_hooks",
    "0040_community_surveys",
    "0041_exclusions",
    "0042_roll_ups",
    "0043_signed_text",
    "0044_answers",
    "0045_volunteers",
    "0046_activities",
    "0048_levels",
    "0049_work_weeks",
    "0050_hours",
    "0051_certificates",
    "0052_after_school",
    "0054_reporters",
    "0055_heads_of_weeks",
    "0056_certificates_erased",
    "0057_class_sessions",
    "0058_class_care",
    "0059_honours",
    "0062_class_pictures",
    "0066_duty",
];
