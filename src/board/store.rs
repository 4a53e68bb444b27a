use std::collections::BTreeMap;

use db::{Cursor, Json, Page, Tx, record, statements};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::filter;
use super::model::{NewPublication, Post, PublicationKind, Snapshot};
use super::period::{self, Count, Period};
use crate::access::{Act, Scope};
use crate::audit::{self, Change};
use crate::error::{Error, Result};
use crate::web::show;
use crate::{in_reach, outbox, photo};

/// Told in the outbox to whoever wants to know of publications.
pub const POSTED: &str = "board.posted";

macro_rules! publications {
    ($where:expr) => {
        concat!(
            "SELECT p.id, p.kind, p.estate_id, p.subject_id, p.title, p.body, p.starts_at, p.ends_at, p.days, p.day_kind, p.passed,
                p.counted_from, p.paused_at, p.withdrawn_at, p.withdrawn_why, p.lock_version, e.name AS estate_name
            FROM publications p LEFT JOIN estates e ON e.tenant_id = p.tenant_id AND e.id = p.estate_id
            WHERE p.tenant_id = $1 AND ",
            $where
        )
    };
}

statements! {
    ADD = "INSERT INTO publications (tenant_id, id, estate_id, kind, subject_id, title, body, starts_at, ends_at, days, day_kind,
            counted_from, published_by, lock_version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $8, $12, 1)";
    WITHDRAW = "UPDATE publications SET withdrawn_at = $3, withdrawn_why = $4, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND subject_id = $2 AND withdrawn_at IS NULL";
    TAKE_DOWN = "UPDATE publications SET withdrawn_at = $4, withdrawn_why = $5, lock_version = lock_version + 1
        WHERE tenant_id = $1 AND id = $2 AND lock_version = $3 AND withdrawn_at IS NULL";
    /// Nobody else says or answers anything meanwhile.
    HOLD = "UPDATE publications SET lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2";
    PAUSE = "UPDATE publications SET paused_at = $3, passed = $4 WHERE tenant_id = $1 AND id = $2 AND paused_at IS NULL";
    RESUME = "UPDATE publications SET paused_at = NULL, counted_from = $3, ends_at = $4 WHERE tenant_id = $1 AND id = $2";
    GET = publications!("p.id = $2 AND p.withdrawn_at IS NULL");
    GET_ANY = publications!("p.id = $2");
    GET_IN_REACH = publications!(concat!("p.id = $4 AND ", in_reach!("$2", "$3", "p.tenant_id", "p.estate_id", "NULL", "NULL")));
    OF_SUBJECT = publications!("p.subject_id = $2 AND p.withdrawn_at IS NULL ORDER BY p.starts_at DESC, p.id DESC LIMIT 20");
    OF_COMMUNITY = publications!("p.withdrawn_at IS NULL AND (p.starts_at, p.id) < ($2, $3) ORDER BY p.starts_at DESC, p.id DESC LIMIT $4");
    /// What concerns the whole community hangs in every estate.
    OF_ESTATE = concat!(
        "SELECT * FROM (",
        publications!("p.estate_id = $2 AND p.withdrawn_at IS NULL AND (p.starts_at, p.id) < ($3, $4) ORDER BY p.starts_at DESC, p.id DESC LIMIT $5"),
        ") AS p UNION ALL SELECT * FROM (",
        publications!("p.estate_id IS NULL AND p.withdrawn_at IS NULL AND (p.starts_at, p.id) < ($3, $4) ORDER BY p.starts_at DESC, p.id DESC LIMIT $5"),
        ") AS p ORDER BY starts_at DESC, id DESC LIMIT $5"
    );
    IN_REACH = publications!(concat!(
        in_reach!("$2", "$3", "p.tenant_id", "p.estate_id", "NULL", "NULL"),
        " AND (p.starts_at, p.id) < ($4, $5) ORDER BY p.starts_at DESC, p.id DESC LIMIT $6"
    ));
    PROOFS = "SELECT photo_id, added_at FROM publication_proofs WHERE tenant_id = $1 AND publication_id = $2 ORDER BY added_at, photo_id LIMIT 20";
    ADD_PROOF = "INSERT INTO publication_proofs (tenant_id, publication_id, photo_id, added_by, added_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (tenant_id, publication_id, photo_id) DO NOTHING";
    CONTACTS = "SELECT id, post, name, phone FROM contacts WHERE tenant_id = $1 AND estate_id = $2 ORDER BY position, id LIMIT 50";
    NAMED_CONTACTS = "SELECT DISTINCT c.name FROM estates e JOIN contacts c ON c.tenant_id = e.tenant_id AND c.estate_id = e.id
        WHERE e.tenant_id = $1 LIMIT 5000";
    HOLDERS = "SELECT c.estate_id, c.name FROM estates e JOIN contacts c ON c.tenant_id = e.tenant_id AND c.estate_id = e.id
        WHERE e.tenant_id = $1 AND c.post = $2 ORDER BY c.position DESC, c.id DESC LIMIT 5000";
    ADD_CONTACT = "INSERT INTO contacts (tenant_id, id, estate_id, post, name, phone, consented_at, position)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    REMOVE_CONTACT = "DELETE FROM contacts WHERE tenant_id = $1 AND estate_id = $2 AND id = $3";
}

record! {
    #[derive(Debug, Clone)]
    pub struct Publication {
        pub id: Uuid, pub kind: PublicationKind, pub estate_id: Option<Uuid>, pub subject_id: Uuid, pub title: String,
        pub body: Json<Snapshot>, pub starts_at: Timestamp, pub ends_at: Timestamp, pub days: Option<i64>, pub day_kind: Option<Count>,
        pub passed: i64, pub counted_from: Option<Timestamp>, pub paused_at: Option<Timestamp>, pub withdrawn_at: Option<Timestamp>,
        pub withdrawn_why: String, pub lock_version: i64, pub estate_name: Option<String>,
    }
    /// A photo of the board on which it hangs as paper.
    #[derive(Debug, Clone)]
    pub struct Proof { pub photo_id: Uuid, pub added_at: Timestamp }
    #[derive(Debug, Clone)]
    pub struct Contact { pub id: Uuid, pub post: Post, pub name: String, pub phone: String }
    struct Named { name: String }
    struct Holder { estate_id: Uuid, name: String }
}

/// A holder of a post who has agreed to be shown.
#[derive(Debug, Clone)]
pub struct NewContact {
    pub estate: Uuid,
    pub post: Post,
    pub name: String,
    pub phone: String,
}

impl Publication {
    /// Whether its period is running; while it is paused it goes on hanging.
    pub fn is_running(&self, now: Timestamp) -> bool {
        self.withdrawn_at.is_none() && (self.paused_at.is_some() || self.ends_at > now)
    }

    /// Whether somebody may say something against it: what hangs for days, while it hangs.
    pub fn may_be_objected(&self, now: Timestamp) -> bool {
        self.whole().is_some() && self.is_running(now)
    }

    /// How many whole days it hangs, and of which kind.
    pub(super) fn whole(&self) -> Option<(i64, Count)> {
        self.days.zip(self.day_kind)
    }

    /// Where it stands: `公示中，12月3日满 7 天`.
    pub fn standing(&self, now: Timestamp) -> String {
        let last = show::month_and_day(&(self.ends_at - SignedDuration::from_millis(1)));
        match (self.withdrawn_at, self.paused_at, self.whole()) {
            (Some(at), _, _) => format!("{} 撤下", show::month_and_day(&at)),
            (_, Some(_), Some((days, count))) => {
                format!("有异议待答复，暂停计时（满 {days} {count}，已过 {}）", self.passed)
            }
            (.., Some((days, count))) if self.ends_at > now => format!("公示中，{last}满 {days} {count}"),
            (.., Some((days, count))) => format!("公示期满（{days} {count}）"),
            _ if self.ends_at > now => format!("公示中，到 {last}"),
            _ => "公示期已满".to_owned(),
        }
    }
}

/// Puts something up.
///
/// Errors: refused, with the words, if it gives a resident away, or if its last day cannot be computed.
pub async fn publish(tx: &mut Tx, act: &Act, new: NewPublication) -> Result<Uuid> {
    let NewPublication { kind, estate, subject, title, snapshot, period, named } = new;
    filter::check(tx, act.tenant, estate, &title, &snapshot, &named).await?;
    let (ends_at, whole) = match period {
        Period::Until(at) => (at, None),
        Period::Whole { days, count } => (period::end(act.at, days, count)?, Some((days, count))),
    };
    let id = act.id();
    let row = ADD.bind(act.tenant).bind(id).bind(estate).bind(kind).bind(subject).bind(title).bind(Json(snapshot));
    let row = row.bind(act.at).bind(ends_at).bind(whole.map(|(days, _)| days)).bind(whole.map(|(_, count)| count));
    tx.execute(row.bind(act.account)).await?;
    outbox::post_if_wished(tx, act, POSTED, &serde_json::json!({ "publication": id })).await?;
    audit::record(tx, act, "publish", ("publication", id), "", &[]).await?;
    Ok(id)
}

/// Takes down whatever is published about a subject, since something has changed there.
pub async fn withdraw(tx: &mut Tx, act: &Act, subject: Uuid, why: &str) -> Result<()> {
    if tx.execute(WITHDRAW.bind(act.tenant).bind(subject).bind(act.at).bind(why)).await? > 0 {
        audit::record(tx, act, "withdraw", ("publication", subject), why, &[]).await?;
    }
    Ok(())
}

/// Takes one publication down.
///
/// Errors: refused while an objection waits for its answer; stale if somebody else has changed it since it was seen.
pub(super) async fn take_down(tx: &mut Tx, act: &Act, publication: &Publication, seen: i64, why: &str) -> Result<()> {
    super::objection::refuse_while_waiting(tx, act.tenant, publication.id).await?;
    let row = TAKE_DOWN.bind(act.tenant).bind(publication.id).bind(seen).bind(act.at).bind(why);
    if tx.execute(row).await? == 0 {
        return Err(Error::Stale("这条公示刚刚有变化，请看一下再撤。".to_owned()));
    }
    audit::record(tx, act, "withdraw", ("publication", publication.id), why, &[]).await
}

/// What hangs.
pub async fn publication(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Publication> {
    Ok(tx.one(GET.bind(tenant).bind(id)).await?)
}

/// What hangs or hung.
pub(super) async fn any_publication(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Publication> {
    Ok(tx.one(GET_ANY.bind(tenant).bind(id)).await?)
}

pub(super) async fn publication_in_reach(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<Publication> {
    Ok(tx.one(GET_IN_REACH.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

/// What hangs about a subject, the latest first.
pub async fn of_subject(tx: &mut Tx, tenant: Uuid, subject: Uuid) -> Result<Vec<Publication>> {
    Ok(tx.all(OF_SUBJECT.bind(tenant).bind(subject)).await?)
}

fn page_of(items: Vec<Publication>, size: usize) -> Page<Publication> {
    Page::of(items, size, |item| Cursor { key: item.starts_at.as_millisecond(), id: item.id })
}

/// What is published in the whole community, or in one estate with what concerns all, newest first.
pub async fn publications(
    tx: &mut Tx,
    tenant: Uuid,
    estate: Option<Uuid>,
    before: Cursor,
    size: usize,
) -> Result<Page<Publication>> {
    let limit = size as i64 + 1;
    let query = match estate {
        Some(estate) => OF_ESTATE.bind(tenant).bind(estate).bind(before.key).bind(before.id).bind(limit),
        None => OF_COMMUNITY.bind(tenant).bind(before.key).bind(before.id).bind(limit),
    };
    Ok(page_of(tx.all(query).await?, size))
}

/// All that was ever published within reach, newest first.
pub(super) async fn publications_in_reach(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    before: Cursor,
    size: usize,
) -> Result<Page<Publication>> {
    let query = IN_REACH.bind(tenant).bind(scope.account).bind(&scope.roles).bind(before.key).bind(before.id);
    Ok(page_of(tx.all(query.bind(size as i64 + 1)).await?, size))
}

pub(super) async fn proofs(tx: &mut Tx, tenant: Uuid, publication: Uuid) -> Result<Vec<Proof>> {
    Ok(tx.all(PROOFS.bind(tenant).bind(publication)).await?)
}

/// Keeps a photo of the board on which a publication hangs as paper.
pub async fn add_proof(tx: &mut Tx, act: &Act, publication: Uuid, photo: Uuid) -> Result<()> {
    photo::attach(tx, act.tenant, photo).await?;
    tx.execute(ADD_PROOF.bind(act.tenant).bind(publication).bind(photo).bind(act.account).bind(act.at)).await?;
    audit::record(tx, act, "post_paper", ("publication", publication), "", &[]).await
}

pub async fn contacts(tx: &mut Tx, tenant: Uuid, estate: Uuid) -> Result<Vec<Contact>> {
    Ok(tx.all(CONTACTS.bind(tenant).bind(estate)).await?)
}

/// Whoever is named on a board of the community with their consent.
pub(super) async fn named_contacts(tx: &mut Tx, tenant: Uuid) -> Result<Vec<String>> {
    let named: Vec<Named> = tx.all(NAMED_CONTACTS.bind(tenant)).await?;
    Ok(named.into_iter().map(|named| named.name).collect())
}

/// Who holds a post in each estate where somebody does, the first on the board.
pub async fn holders(tx: &mut Tx, tenant: Uuid, post: Post) -> Result<BTreeMap<Uuid, String>> {
    let holders: Vec<Holder> = tx.all(HOLDERS.bind(tenant).bind(post)).await?;
    Ok(holders.into_iter().map(|holder| (holder.estate_id, holder.name)).collect())
}

pub async fn add_contact(tx: &mut Tx, act: &Act, new: NewContact) -> Result<Uuid> {
    let id = act.id();
    let row = ADD_CONTACT.bind(act.tenant).bind(id).bind(new.estate).bind(new.post).bind(&new.name).bind(&new.phone);
    tx.execute(row.bind(act.at).bind(new.post as i64)).await?;
    let added = |field, new| Change { field, old: None, new: Some(new) };
    let changes = [added("name", new.name), added("phone", new.phone)];
    audit::record(tx, act, "create", ("contact", id), "", &changes).await?;
    Ok(id)
}

pub(super) async fn remove_contact(tx: &mut Tx, act: &Act, estate: Uuid, id: Uuid) -> Result<()> {
    tx.execute_one(REMOVE_CONTACT.bind(act.tenant).bind(estate).bind(id)).await?;
    audit::record(tx, act, "remove", ("contact", id), "", &[]).await
}
