//! 分级办理: who leads on an issue within the community. What can be solved near the door stays there (小事不出小区); what cannot goes
//! up a level, with the reason on the receipt, and from then on the level above decides. The community may hand down what it
//! finds small. What a meeting has decided is given out whoever leads: the residents have spoken. Beyond the community an issue is another tenant's (`escalation`).

use db::Tx;
use uuid::Uuid;

use super::model::{Level, State, Step};
use super::step::{self, Words};
use super::store::{DROP_PETITIONS, Issue};
use crate::access::{Act, Role, Viewer};
use crate::error::{Error, Result};

impl Level {
    /// Where somebody in a role works; `None` for whoever leads nowhere.
    fn of(role: Role) -> Option<Level> {
        match role {
            Role::GridWorker => Some(Level::Grid),
            Role::BranchSecretary => Some(Level::Branch),
            Role::Staff | Role::Secretary => Some(Level::Community),
            _ => None,
        }
    }

    fn above(self) -> Level {
        match self {
            Level::Grid => Level::Branch,
            Level::Branch | Level::Community => Level::Community,
        }
    }
}

/// The highest level at which somebody works.
fn of_viewer(viewer: &Viewer) -> Option<Level> {
    viewer.grants.iter().filter_map(|grant| Level::of(grant.role)).max()
}

/// Where an issue begins: with the grid worker who has brought it in, otherwise with the branch of its estate, and with the
/// community where it lies in none.
pub(super) fn first(role: Role, estate: Option<Uuid>, grid: Option<Uuid>) -> Level {
    match (estate, grid) {
        (None, _) => Level::Community,
        (Some(_), Some(_)) if role == Role::GridWorker => Level::Grid,
        (Some(_), _) => Level::Branch,
    }
}

/// Whether somebody leads what is with the community.
pub(super) fn leads_community(viewer: &Viewer) -> bool {
    of_viewer(viewer) == Some(Level::Community)
}

/// Whether somebody decides about an issue on its page: who works at its level, or above.
pub(super) fn leads(viewer: &Viewer, issue: &Issue) -> bool {
    of_viewer(viewer).is_some_and(|own| own >= issue.level)
}

/// Errors: refused to whoever works below the level that leads.
pub(super) fn check_leads(viewer: &Viewer, issue: &Issue) -> Result<()> {
    if leads(viewer, issue) {
        return Ok(());
    }
    Err(Error::refused(format!("这件事已经上报，由{}来定。", issue.level)))
}

/// Where somebody can pass an issue up to: it is still with their level, or below, and not being worked on by somebody else.
pub(super) fn may_raise(viewer: &Viewer, issue: &Issue) -> Option<Level> {
    of_viewer(viewer).filter(|own| is_with(*own, Some(viewer.organisation), issue)).map(Level::above)
}

fn is_with(own: Level, organisation: Option<Uuid>, issue: &Issue) -> bool {
    // A grid worker does not take away what the branch has given to another party.
    let given = matches!(issue.state, State::Dispatched | State::Suspended);
    let elsewhere = own == Level::Grid && given && issue.organisation_id != organisation;
    own < Level::Community && own >= issue.level && !elsewhere
}

pub(super) fn may_lower(viewer: &Viewer, issue: &Issue) -> bool {
    leads_community(viewer) && issue.level == Level::Community && issue.estate_id.is_some()
}

/// Passes an issue up, from the level of whoever acts to the one above. Whoever had been given it has it no more.
///
/// Errors: refused where it is with a higher level already, or where another party is working on it.
pub async fn raise(tx: &mut Tx, act: &Act, issue: &mut Issue, seen: i64, reason: &str) -> Result<()> {
    let own = Level::of(act.role).filter(|own| is_with(*own, act.organisation, issue));
    let Some(own) = own else {
        return Err(Error::refused(format!("这件事现在由{}牵头，不用再上报", issue.level)));
    };
    issue.level = own.above();
    if issue.state != State::Submitted {
        tx.execute(DROP_PETITIONS.bind(act.tenant).bind(issue.id).bind(act.at).bind("已上报上一级")).await?;
        issue.remaining_minutes = None;
        issue.organisation_id = None;
        (issue.organisation_name, issue.organisation_kind) = (None, None);
    }
    let words = format!("上报{}：{reason}", issue.level);
    step::take(tx, act, issue, seen, Step::Raised, Words::public(&words), None).await
}

/// Hands an issue down to the branch of its estate.
///
/// Errors: refused to anybody but the community, and where it lies in no estate.
pub async fn lower(tx: &mut Tx, act: &Act, issue: &mut Issue, seen: i64, reason: &str) -> Result<()> {
    let community = Level::of(act.role) == Some(Level::Community);
    if !community || issue.level != Level::Community || issue.estate_id.is_none() {
        return Err(Error::refused("只有社区牵头的、在小区里的事，才能由社区交给小区党支部"));
    }
    issue.level = Level::Branch;
    let words = format!("交给{}牵头：{reason}", issue.level);
    step::take(tx, act, issue, seen, Step::Lowered, Words::public(&words), None).await
}
