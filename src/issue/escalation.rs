//! 吹哨上报: what the community cannot solve it asks of the level above. It stays the one that answers to the reporter (首接负责制), so
//! what the level above says goes onto the chain, and a person publishes the result like any other. How the two are in touch is
//! none of this slice's business.

use db::Tx;
use jiff::Timestamp;
use uuid::Uuid;

use super::model::{State, Step, personal_data_in};
use super::step::{self, Words};
use super::store::{self, DROP_PETITIONS, Issue};
use crate::access::{self, Act};
use crate::error::Result;

/// What is heard of an issue that was passed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    Acknowledged,
    Progressed,
    Answered,
    Declined,
    Recalled,
}

impl News {
    fn step(self) -> Step {
        match self {
            News::Acknowledged => Step::EscalationAcknowledged,
            News::Progressed => Step::Progressed,
            News::Answered => Step::Done,
            News::Declined => Step::EscalationDeclined,
            News::Recalled => Step::EscalationRecalled,
        }
    }
}

/// Passes an issue up to a party of the level above, which has until `due`.
pub async fn escalate(
    tx: &mut Tx,
    act: &Act,
    issue: &mut Issue,
    seen: i64,
    organisation: Uuid,
    due: Timestamp,
    words: &str,
) -> Result<()> {
    let organisation = access::organisation(tx, act.tenant, organisation).await?;
    tx.execute(DROP_PETITIONS.bind(act.tenant).bind(issue.id).bind(act.at).bind("已吹哨上报")).await?;
    issue.remaining_minutes = None;
    issue.organisation_id = Some(organisation.id);
    issue.organisation_name = Some(organisation.name);
    issue.organisation_kind = Some(organisation.kind);
    step::take(tx, act, issue, seen, Step::Escalated, Words::public(words), Some(due)).await
}

/// Notes on the chain what the level above has said; nothing where the issue is not with it any more. Words that have a number of
/// somebody in them stay with staff.
pub async fn hear(tx: &mut Tx, act: &Act, id: Uuid, news: News, words: &str) -> Result<()> {
    let mut issue = store::issue(tx, act.tenant, id).await?;
    if issue.state != State::Escalated {
        return Ok(());
    }
    // Whose word it is; a recall is one's own.
    let organisation = if news == News::Recalled { act.organisation } else { issue.organisation_id };
    let act = &Act { organisation, ..act.clone() };
    if matches!(news, News::Declined | News::Recalled) {
        issue.organisation_id = None;
        (issue.organisation_name, issue.organisation_kind) = (None, None);
    }
    let words = match personal_data_in(words) {
        None => Words::public(words),
        Some(_) => Words { internal: words, ..Words::default() },
    };
    let seen = issue.lock_version;
    step::take(tx, act, &mut issue, seen, news.step(), words, None).await
}
