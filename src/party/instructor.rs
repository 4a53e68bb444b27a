//! 党建指导员: a member who is sent to a property company for a time, with duties, and a log of what they did there.

use db::{Tx, record, statements};
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use crate::access::{self, Act, OrganisationKind, Scope};
use crate::audit;
use crate::error::{Error, Result};
use crate::in_reach;

macro_rules! instructors {
    ($where:expr) => {
        concat!(
            "SELECT p.id, p.name, p.member_id, p.company_id, c.name AS company_name, p.estate_id, e.name AS estate_name, p.since, p.until,
                p.duties, p.lock_version, (SELECT MAX(n.day) FROM instructor_notes n WHERE n.tenant_id = p.tenant_id AND n.instructor_id = p.id) AS last_day
            FROM party_instructors p JOIN organisations c ON c.tenant_id = p.tenant_id AND c.id = p.company_id
            LEFT JOIN estates e ON e.tenant_id = p.tenant_id AND e.id = p.estate_id
            WHERE p.tenant_id = $1 AND ",
            in_reach!("$2", "$3", "$1", "p.estate_id", "NULL", "NULL"),
            " AND ",
            $where
        )
    };
}

statements! {
    ADD = "INSERT INTO party_instructors (tenant_id, id, name, member_id, company_id, estate_id, since, until, duties, created_at, lock_version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1)";
    END = "UPDATE party_instructors SET until = $4, lock_version = lock_version + 1 WHERE tenant_id = $1 AND id = $2 AND lock_version = $3";
    /// Those who are there first, then those who have been.
    LIST = instructors!("1 = 1 ORDER BY CASE WHEN p.until IS NULL OR p.until >= $4 THEN 0 ELSE 1 END, p.since DESC, p.id LIMIT 500");
    GET = instructors!("p.id = $4");
    NOTE = "INSERT INTO instructor_notes (tenant_id, id, instructor_id, day, text, made_by, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    NOTES = "SELECT n.id, n.day, n.text, n.made_at, a.name AS made_by FROM instructor_notes n
        LEFT JOIN accounts a ON a.tenant_id = n.tenant_id AND a.id = n.made_by
        WHERE n.tenant_id = $1 AND n.instructor_id = $2 ORDER BY n.day DESC, n.id DESC LIMIT 200";
}

record! {
    #[derive(Debug, Clone)]
    pub struct Instructor {
        pub id: Uuid, pub name: String, pub member_id: Option<Uuid>, pub company_id: Uuid, pub company_name: String,
        pub estate_id: Option<Uuid>, pub estate_name: Option<String>, pub since: String, pub until: Option<String>,
        pub duties: String, pub lock_version: i64, pub last_day: Option<String>,
    }
    pub struct Note { pub id: Uuid, pub day: String, pub text: String, pub made_at: Timestamp, pub made_by: Option<String> }
}

#[derive(Debug, Clone)]
pub struct NewInstructor {
    pub name: String,
    pub member: Option<Uuid>,
    pub company: Uuid,
    pub estate: Option<Uuid>,
    pub since: Date,
    /// The last day, if it is known.
    pub until: Option<Date>,
    pub duties: String,
}

impl Instructor {
    pub fn serves_on(&self, day: &Date) -> bool {
        self.until.as_deref().is_none_or(|until| until >= day.to_string().as_str())
    }
}

/// Errors: refused if the company is none.
pub async fn send(tx: &mut Tx, act: &Act, new: NewInstructor) -> Result<Uuid> {
    let company = access::organisation(tx, act.tenant, new.company).await?;
    if company.kind != OrganisationKind::PropertyCompany {
        return Err(Error::refused(format!("{}不是物业公司", company.name)));
    }
    let id = act.id();
    let row = ADD.bind(act.tenant).bind(id).bind(&new.name).bind(new.member).bind(new.company).bind(new.estate);
    let row = row.bind(new.since.to_string()).bind(new.until.map(|day| day.to_string())).bind(&new.duties);
    tx.execute(row.bind(act.at)).await?;
    audit::record(tx, act, "create", ("party_instructor", id), &new.name, &[]).await?;
    Ok(id)
}

/// The last day of their service.
///
/// Errors: stale if somebody else has changed it.
pub async fn end(tx: &mut Tx, act: &Act, instructor: &Instructor, seen: i64, on: Date) -> Result<()> {
    if on.to_string() < instructor.since {
        return Err(Error::refused("结束的日子不能早于开始的日子"));
    }
    let row = END.bind(act.tenant).bind(instructor.id).bind(seen).bind(on.to_string());
    if tx.execute(row).await? == 0 {
        return Err(Error::Stale("刚刚有别人改过，请看一下再改。".to_owned()));
    }
    audit::record(tx, act, "end_post", ("party_instructor", instructor.id), &on.to_string(), &[]).await
}

/// What they did on a day. It is never changed.
///
/// Errors: refused of a day on which they did not serve, or that is still to come.
pub async fn note(tx: &mut Tx, act: &Act, instructor: &Instructor, day: Date, text: &str) -> Result<()> {
    let today = super::member::today(act);
    if day > today {
        return Err(Error::refused("日期还没有到"));
    }
    if day.to_string() < instructor.since || !instructor.serves_on(&day) {
        return Err(Error::refused("这一天不在派驻期间"));
    }
    let row = NOTE.bind(act.tenant).bind(act.id()).bind(instructor.id).bind(day.to_string()).bind(text);
    tx.execute(row.bind(act.account).bind(act.at)).await?;
    audit::record(tx, act, "note_duty", ("party_instructor", instructor.id), "", &[]).await
}

/// Those within reach, at most 500. Who serves wherever a company works is reached by whoever reaches everything.
pub(super) async fn instructors(tx: &mut Tx, tenant: Uuid, scope: &Scope, today: Date) -> Result<Vec<Instructor>> {
    Ok(tx.all(LIST.bind(tenant).bind(scope.account).bind(&scope.roles).bind(today.to_string())).await?)
}

pub(super) async fn instructor(tx: &mut Tx, tenant: Uuid, scope: &Scope, id: Uuid) -> Result<Instructor> {
    Ok(tx.one(GET.bind(tenant).bind(scope.account).bind(&scope.roles).bind(id)).await?)
}

/// The log, the latest day first; at most 200.
pub(super) async fn notes(tx: &mut Tx, tenant: Uuid, instructor: Uuid) -> Result<Vec<Note>> {
    Ok(tx.all(NOTES.bind(tenant).bind(instructor)).await?)
}
