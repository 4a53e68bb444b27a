use db::{Cursor, Json, Page, Tx, record, statements};
use jiff::Timestamp;
use uuid::Uuid;

use super::model::{NewPublication, Post, PublicationKind, Snapshot};
use crate::access::Act;
use crate::audit::{self, Change};
use crate::error::Result;

statements! {
    ADD = "INSERT INTO publications (tenant_id, id, estate_id, kind, subject_id, title, body, starts_at, ends_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    WITHDRAW = "UPDATE publications SET withdrawn_at = $3 WHERE tenant_id = $1 AND subject_id = $2 AND withdrawn_at IS NULL";
    GET = "SELECT p.id, p.kind, p.title, p.body, p.starts_at, p.ends_at, e.name AS estate_name FROM publications p
        LEFT JOIN estates e ON e.tenant_id = p.tenant_id AND e.id = p.estate_id
        WHERE p.tenant_id = $1 AND p.id = $2 AND p.withdrawn_at IS NULL";
    OF_COMMUNITY = "SELECT p.id, p.kind, p.title, p.body, p.starts_at, p.ends_at, e.name AS estate_name FROM publications p
        LEFT JOIN estates e ON e.tenant_id = p.tenant_id AND e.id = p.estate_id
        WHERE p.tenant_id = $1 AND p.withdrawn_at IS NULL AND (p.starts_at, p.id) < ($2, $3)
        ORDER BY p.starts_at DESC, p.id DESC LIMIT $4";
    OF_ESTATE = "SELECT p.id, p.kind, p.title, p.body, p.starts_at, p.ends_at, e.name AS estate_name FROM publications p
        LEFT JOIN estates e ON e.tenant_id = p.tenant_id AND e.id = p.estate_id
        WHERE p.tenant_id = $1 AND p.estate_id = $2 AND p.withdrawn_at IS NULL AND (p.starts_at, p.id) < ($3, $4)
        ORDER BY p.starts_at DESC, p.id DESC LIMIT $5";
    CONTACTS = "SELECT id, post, name, phone FROM contacts WHERE tenant_id = $1 AND estate_id = $2 ORDER BY position, id LIMIT 50";
    ADD_CONTACT = "INSERT INTO contacts (tenant_id, id, estate_id, post, name, phone, consented_at, position)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    REMOVE_CONTACT = "DELETE FROM contacts WHERE tenant_id = $1 AND estate_id = $2 AND id = $3";
}

record! {
    #[derive(Debug, Clone)]
    pub struct Publication {
        pub id: Uuid, pub kind: PublicationKind, pub title: String, pub body: Json<Snapshot>, pub starts_at: Timestamp,
        pub ends_at: Timestamp, pub estate_name: Option<String>,
    }
    #[derive(Debug, Clone)]
    pub struct Contact { pub id: Uuid, pub post: Post, pub name: String, pub phone: String }
}

/// A holder of a post who has agreed to be shown.
#[derive(Debug, Clone)]
pub struct NewContact {
    pub estate: Uuid,
    pub post: Post,
    pub name: String,
    pub phone: String,
}

pub async fn publish(tx: &mut Tx, act: &Act, new: NewPublication) -> Result<Uuid> {
    let id = act.id();
    let row = ADD.bind(act.tenant).bind(id).bind(new.estate).bind(new.kind).bind(new.subject).bind(new.title);
    tx.execute(row.bind(Json(new.snapshot)).bind(act.at).bind(new.ends_at)).await?;
    audit::record(tx, act, "publish", ("publication", id), "", &[]).await?;
    Ok(id)
}

/// Takes down whatever is published about a subject.
pub async fn withdraw(tx: &mut Tx, act: &Act, subject: Uuid) -> Result<()> {
    if tx.execute(WITHDRAW.bind(act.tenant).bind(subject).bind(act.at)).await? > 0 {
        audit::record(tx, act, "withdraw", ("publication", subject), "", &[]).await?;
    }
    Ok(())
}

pub async fn publication(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Publication> {
    Ok(tx.one(GET.bind(tenant).bind(id)).await?)
}

/// What is published in the whole community or in one estate, newest first.
pub(super) async fn publications(
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
    let items: Vec<Publication> = tx.all(query).await?;
    Ok(Page::of(items, size, |item| Cursor { key: item.starts_at.as_millisecond(), id: item.id }))
}

pub async fn contacts(tx: &mut Tx, tenant: Uuid, estate: Uuid) -> Result<Vec<Contact>> {
    Ok(tx.all(CONTACTS.bind(tenant).bind(estate)).await?)
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
