use db::text_enum;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::period::Period;

text_enum! {
    pub enum PublicationKind { Result = "result" "办理结果", Announcement = "announcement" "社区通知",
        Meeting = "meeting" "会议预告", Decision = "decision" "议事结果", Members = "members" "成员名单" }
    /// The posts whose holders a 党群服务站 makes known.
    pub enum Post {
        BranchSecretary = "branch_secretary" "小区党支部书记",
        LiaisonCadre = "liaison_cadre" "社区包联干部",
        PartyInstructor = "party_instructor" "党建指导员",
        GridAssistant = "grid_assistant" "网格助理员",
        PropertyManager = "property_manager" "物业负责人",
    }
}

/// What was published, word for word. It never changes; a mistake is withdrawn and published anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    pub text: String,
    /// Name and value, in the order in which they are shown.
    pub facts: Vec<(String, String)>,
    pub photos: Vec<Uuid>,
    /// Where readers can do something about it while the publication runs.
    #[serde(default)]
    pub link: Option<SnapshotLink>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotLink {
    pub label: String,
    /// A path of this site.
    pub href: String,
}

#[derive(Debug, Clone)]
pub struct NewPublication {
    pub kind: PublicationKind,
    /// `None` for the whole community.
    pub estate: Option<Uuid>,
    /// The row that it is about.
    pub subject: Uuid,
    pub title: String,
    pub snapshot: Snapshot,
    pub period: Period,
    /// Residents' names that may stand in it, since they have to be known or their bearers have agreed.
    pub named: Vec<String>,
}
