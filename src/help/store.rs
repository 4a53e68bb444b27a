use db::{Cursor, Page, Tx, record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use super::model::State;
use crate::access::Scope;
use crate::error::Result;
use crate::in_reach;
use crate::issue;

macro_rules! helps {
    ($where:expr) => {
        concat!(
            "SELECT h.id, h.issue_id, h.member_id, h.estate_id, e.name AS estate_name, m.name AS member_name, po.organisation_id,
                po.name AS branch_name, h.state, h.shares_phone, h.asked_at, h.told_at, h.answered_at, h.mediates,
                h.reporter_agreed, h.other_agreed, h.lock_version, i.number, i.state AS issue_state, i.organisation_id AS handler_id, i.due_at
            FROM helps h
            JOIN issues i ON i.tenant_id = h.tenant_id AND i.id = h.issue_id
            JOIN party_members m ON m.tenant_id = h.tenant_id AND m.id = h.member_id
            JOIN party_organisations po ON po.tenant_id = m.tenant_id AND po.id = m.party_organisation_id
            JOIN estates e ON e.tenant_id = h.tenant_id AND e.id = h.estate_id WHERE h.tenant_id = $1 AND ",
            $where
        )
    };
}

statements! {
    ADD = "INSERT INTO helps (tenant_id, id, issue_id, member_id, estate_id, state, shares_phone, asked_at, mediates, lock_version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, FALSE, 1)";
    ANSWER = "UPDATE helps SET state = $4, answered_at = COALESCE(answered_at, $5), mediates = $6, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    TELL = "UPDATE helps SET told_at = $3 WHERE tenant_id = $1 AND id = $2 AND told_at IS NULL";
    REPORTER_AGREES = "UPDATE helps SET reporter_agreed = $3, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND mediates AND state = 'taken' AND (reporter_agreed IS NULL OR reporter_agreed AND NOT $3)";
    OTHER_AGREES = "UPDATE helps SET other_agreed = $3, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND mediates AND state = 'taken' AND (other_agreed IS NULL OR other_agreed AND NOT $3)";
    GET = helps!("h.id = $2");
    OF_ISSUE = helps!("h.issue_id = $2");
    GET_IN_REACH = helps!(concat!("h.id = $4 AND ", in_reach!("$2", "$3", "h.tenant_id", "h.estate_id", "NULL", "NULL")));
    UNTOLD = helps!(concat!("((h.told_at IS NULL AND h.state = 'asked' AND i.state = 'submitted')
            OR (h.state = 'taken' AND i.state = 'dispatched' AND h.mediates AND (h.reporter_agreed IS NULL OR h.other_agreed IS NULL))) AND ", in_reach!("$2", "$3", "h.tenant_id", "h.estate_id", "NULL", "NULL"),
        " ORDER BY h.asked_at, h.id LIMIT 50"));
    LIST = helps!(concat!(in_reach!("$2", "$3", "h.tenant_id", "h.estate_id", "NULL", "NULL"),
        " AND (h.asked_at, h.id) < ($4, $5) ORDER BY h.asked_at DESC, h.id DESC LIMIT $6"));
}

record! {
    #[derive(Debug, Clone)]
    pub struct Help {
        pub id: Uuid, pub issue_id: Uuid, pub member_id: Uuid, pub estate_id: Uuid, pub estate_name: String, pub member_name: String,
        /// The branch of the member, as a party that issues are given to.
        pub organisation_id: Uuid, pub branch_name: String, pub state: State, pub shares_phone: bool, pub asked_at: Timestamp,
        pub told_at: Option<Timestamp>, pub answered_at: Option<Timestamp>, pub mediates: bool, pub reporter_agreed: Option<bool>,
        pub other_agreed: Option<bool>, pub lock_version: i64, pub number: String, pub issue_state: issue::State, pub due_at: Timestamp,
        /// The party that has the issue now.
        pub handler_id: Option<Uuid>,
    }
}

impl Help {
    /// The member may still say what becomes of it: staff have not taken it over.
    pub fn waits(&self) -> bool {
        self.state == State::Asked && self.issue_state == issue::State::Submitted
    }

    /// It is in the member's hands: staff have not given it to anybody else.
    pub fn in_hand(&self) -> bool {
        self.state == State::Taken
            && self.issue_state == issue::State::Dispatched
            && self.handler_id == Some(self.organisation_id)
    }

    /// A mediation that somebody has not agreed to yet.
    pub fn wants_consent(&self) -> bool {
        self.in_hand() && self.mediates && !self.both_agreed()
    }

    pub fn both_agreed(&self) -> bool {
        self.mediates && self.reporter_agreed == Some(true) && self.other_agreed == Some(true)
    }

    /// Where it stands, for staff.
    pub fn words(&self) -> String {
        match (self.state, self.issue_state) {
            (State::Asked, issue::State::Submitted) if self.told_at.is_none() => "还没有转告党员".to_owned(),
            (State::Asked, issue::State::Submitted) => State::Asked.to_string(),
            (State::Asked, state) => format!("社区接手了，{state}"),
            (state, _) => state.to_string(),
        }
    }
}

pub async fn help(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Help> {
    Ok(tx.one(GET.bind(tenant).bind(id)).await?)
}

/// The help with which an issue began, if it did.
pub async fn of_issue(tx: &mut Tx, tenant: Uuid, issue: Uuid) -> Result<Option<Help>> {
    Ok(tx.optional(OF_ISSUE.bind(tenant).bind(issue)).await?)
}

pub(super) async fn help_in_reach(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<Help> {
    Ok(tx.one(GET_IN_REACH.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

pub(super) async fn untold(tx: &mut Tx, tenant: Uuid, scope: &Scope) -> Result<Vec<Help>> {
    Ok(tx.all(UNTOLD.bind(tenant).bind(scope.account).bind(&scope.roles)).await?)
}

/// The latest first.
pub(super) async fn helps(tx: &mut Tx, tenant: Uuid, scope: &Scope, before: Cursor, size: usize) -> Result<Page<Help>> {
    let query = LIST.bind(tenant).bind(scope.account).bind(&scope.roles).bind(before.key).bind(before.id);
    let items: Vec<Help> = tx.all(query.bind(size as i64 + 1)).await?;
    Ok(Page::of(items, size, |item| Cursor { key: item.asked_at.as_millisecond(), id: item.id }))
}
