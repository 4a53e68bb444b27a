//! A branch of fifty-six and its meeting, which is in session, with everybody there.

use db::{Db, Tx, record, statements};
use doorstep::access::{Act, Role, Scope};
use doorstep::means::Means;
use doorstep::meeting::{self, Circle, Kind, Mark, Marked, NewItem, NewMeeting, Plan, Way};
use doorstep::party::{self, Field, Home, NewOrganisation, Status, Tie, Values};
use doorstep::place;
use uuid::Uuid;

use crate::scene::Scenario;

const MEMBERS: u32 = 56;
const NAME: &str = "测量用党支部";

statements! {
    LATEST = "SELECT m.id, m.estate_id, m.party_organisation_id FROM meetings m JOIN party_organisations p ON p.tenant_id = m.tenant_id
        AND p.id = m.party_organisation_id WHERE m.tenant_id = $1 AND p.name = $2 ORDER BY m.id DESC LIMIT 1";
}

record! {
    struct Latest { id: Uuid, estate_id: Uuid, party_organisation_id: Uuid }
}

pub struct Meeting {
    id: Uuid,
    circle: Circle,
    branch: Uuid,
}

/// Makes the branch, calls the meeting, begins it and marks everybody as there; in a database that was kept it all stands already.
pub async fn set_up(db: &Db, means: &Means, tenant: Uuid) {
    let act = Act { role: Role::Staff, ..Act::system(tenant, means) };
    let mut tx = db.begin().await.unwrap();
    if Meeting::read(&mut tx, tenant).await.is_some() {
        return;
    }
    let estate = place::estates(&mut tx, tenant).await.unwrap().remove(0).id;
    let known = party::organisations(&mut tx, tenant, &Scope::tenant()).await.unwrap();
    let parent = known.iter().find(|known| known.parent_id.is_none()).map(|known| known.id);
    let kind = if parent.is_some() { party::Kind::Branch } else { party::Kind::Committee };
    let new = NewOrganisation { kind, name: NAME.to_owned(), parent, estate: Some(estate), founded_on: None };
    let branch = party::create(&mut tx, &act, new).await.unwrap();
    for n in 0..MEMBERS {
        let name = format!("党员{}", char::from_u32(0x4e00 + n).unwrap());
        let values = Values::from([
            (Field::Name, name),
            (Field::Status, Status::Formal.code().to_owned()),
            (Field::Link, Tie::Here.code().to_owned()),
        ]);
        party::add(&mut tx, &act, Home { organisation: branch, group: None }, &values, None).await.unwrap();
    }
    let (place, host) = ("小区党群服务站".to_owned(), "冯还应".to_owned());
    let plan = Plan { planned_at: act.at, place, host, recorder: String::new() };
    let items = ["楼道照明", "停车位", "冬季入户"].map(|topic| NewItem::Topic(topic.to_owned())).to_vec();
    let new = NewMeeting { kind: Kind::Assembly, circle: Circle::of_party(estate, branch), plan, items };
    let id = meeting::create(&mut tx, &act, new).await.unwrap();
    let mut held = meeting::meeting(&mut tx, tenant, id).await.unwrap();
    let seen = held.lock_version;
    meeting::begin(&mut tx, &act, &mut held, seen).await.unwrap();
    let roll = meeting::attendances(&mut tx, tenant, id).await.unwrap();
    let there =
        |known: &meeting::Attendance| Marked { attendance: known.id, seen: None, asked: false, mark: Mark::There };
    let marks: Vec<Marked> = roll.iter().map(there).collect();
    meeting::call_roll(&mut tx, &act, &held, Way::Staff, &marks).await.unwrap();
    tx.commit().await.unwrap();
}

impl Meeting {
    /// What [`set_up`] made last; none where it has not been called.
    pub async fn read(tx: &mut Tx, tenant: Uuid) -> Option<Meeting> {
        let latest: Option<Latest> = tx.optional(LATEST.bind(tenant).bind(NAME)).await.unwrap();
        let Latest { id, estate_id, party_organisation_id: branch } = latest?;
        Some(Meeting { id, circle: Circle::of_party(estate_id, branch), branch })
    }

    pub fn path(&self, scenario: Scenario) -> String {
        match scenario {
            Scenario::Meeting => format!("/meetings/{}", self.id),
            Scenario::RollCall => format!("/meetings/{}/roll", self.id),
            Scenario::Branch => format!("/party/organisations/{}", self.branch),
            _ => "/meetings/duties".to_owned(),
        }
    }

    /// What is read for a page, without who may see it.
    pub async fn sql(&self, tx: &mut Tx, means: &Means, tenant: Uuid, scenario: Scenario) {
        let now = means.now();
        let everything = Scope::tenant();
        match scenario {
            Scenario::Meeting => {
                meeting::meeting(tx, tenant, self.id).await.unwrap();
                meeting::items(tx, tenant, self.id).await.unwrap();
                meeting::proposals(tx, tenant, self.circle, Kind::Assembly, now).await.unwrap();
                meeting::heads(tx, tenant, self.id).await.unwrap();
                meeting::attendances(tx, tenant, self.id).await.unwrap();
            }
            Scenario::RollCall => {
                meeting::meeting(tx, tenant, self.id).await.unwrap();
                meeting::attendances(tx, tenant, self.id).await.unwrap();
            }
            Scenario::Branch => {
                party::organisation(tx, tenant, &everything, self.branch).await.unwrap();
                party::organisations(tx, tenant, &everything).await.unwrap();
                let today = now.to_zoned_datetime(calendar::shanghai()).date();
                party::roll(tx, tenant, self.branch, today).await.unwrap();
            }
            _ => {
                party::organisations(tx, tenant, &everything).await.unwrap();
                party::with_committee(tx, tenant).await.unwrap();
                place::estates(tx, tenant).await.unwrap();
            }
        }
    }
}
