//! What is erased when somebody asks for it: of those who live here, whatever the register does not need by duty; of those
//! who have left, everything but the row, which tells nobody's name any more. The sealed values of the audit's history go
//! too, and the chain still holds, since it never had them.

use db::{Tx, record, statements};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::enrol;
use super::particular::Particular;
use super::person::{self, Person};
use crate::access::Act;
use crate::error::Result;
use crate::{audit, outbox};

/// What stands where a name was.
pub const NOBODY: &str = "（已删除）";

statements! {
    MERGED = "SELECT id FROM residents WHERE tenant_id = $1 AND merged_into = $2 LIMIT 100";
    /// What was said of their particulars in surveys; with $4, all that was said.
    FINDINGS = "UPDATE findings SET payload_sealed = NULL, words = '', decision = COALESCE(decision, 'refused'), decided_at = COALESCE(decided_at, $3)
        WHERE tenant_id = $1 AND resident_id = $2 AND ($4 OR field IS NOT NULL)";
    TAGS = "DELETE FROM resident_tags WHERE tenant_id = $1 AND resident_id = $2";
    RESTRICTED = "DELETE FROM restricted_tags WHERE tenant_id = $1 AND resident_id = $2";
    /// A household is called after its head, also when it has ended.
    HOUSEHOLD = "UPDATE households SET head_name = $4 WHERE tenant_id = $1 AND id = $2 AND head_name = $3 AND ended_at IS NOT NULL";
}

record! {
    struct Found { id: Uuid }
}

/// The particulars of somebody that would be erased, and those that stay, as far as they are known.
pub fn foreseen(person: &Person) -> (Vec<Particular>, Vec<Particular>) {
    let known = Particular::ALL.iter().copied().filter(|particular| person.get(*particular).is_some());
    known.partition(|particular| person.ended.is_some() || !particular.is_needed())
}

/// Erases what can be erased of somebody and of the records that were merged into theirs.
pub async fn erase(tx: &mut Tx, act: &Act, resident: Uuid, reason: &str) -> Result<()> {
    let mut ids = vec![resident];
    while let Some(id) = ids.pop() {
        erase_record(tx, act, id, reason).await?;
        let merged: Vec<Found> = tx.all(MERGED.bind(act.tenant).bind(id)).await?;
        ids.extend(merged.into_iter().map(|found| found.id));
    }
    Ok(())
}

/// The topic under which those are told who keep something about people or their homes besides the register.
pub const TOPIC: &str = "registry.erased";

/// What a message of the outbox says: of whom nothing may be kept, and in which home they lived.
#[derive(Serialize, Deserialize)]
pub struct Erased {
    pub dwelling: Uuid,
    #[serde(default)] // a message that waited while the program was replaced
    pub resident: Uuid,
}

async fn erase_record(tx: &mut Tx, act: &Act, id: Uuid, reason: &str) -> Result<()> {
    let before = person::person(tx, act, id).await?;
    let dwelling = enrol::home(tx, act, before.household).await?.dwelling_id;
    outbox::post(tx, act, TOPIC, &Erased { dwelling, resident: id }).await?;
    let (gone, _) = foreseen(&before);
    let mut now = before.clone();
    now.values.retain(|particular, _| !gone.contains(particular));
    if before.ended.is_some() {
        now.values.insert(Particular::Name, NOBODY.to_owned());
        now.values.insert(Particular::Sex, "0".to_owned());
        tx.execute(TAGS.bind(act.tenant).bind(id)).await?;
        tx.execute(RESTRICTED.bind(act.tenant).bind(id)).await?;
        let household = HOUSEHOLD.bind(act.tenant).bind(before.household).bind(before.name()).bind(NOBODY);
        if tx.execute(household).await? > 0 {
            audit::erase(tx, act, before.household, None).await?;
        }
        audit::erase(tx, act, id, None).await?;
    } else {
        // Also of what was known once and is not any more.
        let fields: Vec<&str> = Particular::ALL
            .iter()
            .filter(|particular| !particular.is_needed())
            .map(|particular| particular.code())
            .collect();
        audit::erase(tx, act, id, Some(&fields)).await?;
    }
    tx.execute(FINDINGS.bind(act.tenant).bind(id).bind(act.at).bind(before.ended.is_some())).await?;
    person::save(tx, act, &before, &now).await?;
    let words: Vec<&str> = gone.iter().map(|particular| particular.label()).collect();
    audit::record(tx, act, "erase", ("resident", id), &format!("{reason}：{}", words.join("、")), &[]).await
}
