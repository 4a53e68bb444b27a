//! What a phone takes along: the doors that somebody has to knock at, who lives there as far as they may know, and the
//! words of the forms. Sealed values stay here; the phone gets them masked.

use std::collections::BTreeMap;

use db::Tx;
use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::model::{Choice, DoorState, Outcome, Part, Question, choice};
use super::store::{self, Campaign, OWN_CAMPAIGNS, OWN_DOORS, OWN_PEOPLE, OwnDoor, OwnPerson};
use crate::access::{Act, Permission, Viewer};
use crate::error::Result;
use crate::issue::Category;
use crate::means::Means;
use crate::place::{Use, room_words, unit_words};
use crate::registry::{CARE, Particular, Tag, age, person_words};
use crate::web::show;

#[derive(Serialize)]
pub(super) struct Pack {
    account: Uuid,
    pub campaigns: Vec<PackedCampaign>,
    pub doors: Vec<PackedDoor>,
    words: Value,
}

#[derive(Serialize)]
pub(super) struct PackedCampaign {
    pub id: Uuid,
    pub title: String,
    pub words: String,
    /// The end of its last day in milliseconds, and in words.
    until: i64,
    pub until_words: String,
    pub questions: Vec<PackedQuestion>,
}

#[derive(Serialize)]
pub(super) struct PackedQuestion {
    pub id: String,
    pub kind: &'static str,
    pub text: String,
    pub required: bool,
    pub options: Vec<Choice>,
}

#[derive(Serialize)]
pub(super) struct PackedDoor {
    /// Campaign and dwelling together.
    id: String,
    campaign: Uuid,
    pub dwelling: Uuid,
    pub estate: String,
    building_id: Uuid,
    pub building: String,
    pub unit: String,
    floor: i64,
    pub room: String,
    order: i64,
    pub state: &'static str,
    attempts: i64,
    again_on: Option<String>,
    again_part: Option<&'static str>,
    /// Coming back was agreed with somebody, rather than guessed.
    appointed: bool,
    pub again_words: String,
    pub last_words: String,
    usage: Option<&'static str>,
    pub care: String,
    pub households: Vec<PackedHousehold>,
}

#[derive(Clone, Serialize)]
pub(super) struct PackedHousehold {
    id: Uuid,
    pub head: String,
    pub people: Vec<PackedPerson>,
}

#[derive(Clone, Serialize)]
pub(super) struct PackedPerson {
    pub id: Uuid,
    version: i64,
    pub name: String,
    pub words: String,
    pub relation: String,
    phone: String,
    #[serde(serialize_with = "labels")]
    pub tags: Vec<Tag>,
    /// What can be corrected, as it is kept; what is sealed is null.
    fields: Map<String, Value>,
}

/// The fields that can be corrected at a door.
const FIELDS: &[(Particular, &str)] = &[
    (Particular::Phone, "tel"),
    (Particular::Name, "text"),
    (Particular::Sex, "select"),
    (Particular::BirthDate, "date"),
    (Particular::Identity, "text"),
    (Particular::Relation, "select"),
    (Particular::ResidenceState, "select"),
    (Particular::Workplace, "text"),
    (Particular::RegisteredAddress, "text"),
    (Particular::Education, "select"),
    (Particular::Marital, "select"),
    (Particular::Political, "select"),
];

/// What somebody takes along now.
pub(super) async fn pack(tx: &mut Tx, viewer: &Viewer, means: &Means) -> Result<Pack> {
    let act = Act::by(viewer, Permission::VisitRecord, means)?;
    let doors: Vec<OwnDoor> = tx.all(OWN_DOORS.bind(act.tenant).bind(viewer.account)).await?;
    let scope = viewer.scope(Permission::ResidentRead);
    let people = OWN_PEOPLE.bind(act.tenant).bind(viewer.account).bind(scope.account).bind(&scope.roles);
    let people: Vec<OwnPerson> = if viewer.may(Permission::ResidentRead) { tx.all(people).await? } else { Vec::new() };
    let campaigns: Vec<Campaign> = tx.all(OWN_CAMPAIGNS.bind(act.tenant).bind(viewer.account)).await?;
    let homes = households(&act, people)?;
    let packed = doors.iter().map(|door| {
        let households = homes.get(&door.dwelling_id).cloned().unwrap_or_default();
        PackedDoor::of(door, households)
    });
    let campaigns = campaigns.into_iter().map(PackedCampaign::of).collect();
    Ok(Pack { account: viewer.account, campaigns, doors: packed.collect(), words: words() })
}

impl Pack {
    /// A door of a campaign, taken out of the pack.
    pub fn find(self, campaign: Uuid, dwelling: Uuid) -> Option<(PackedCampaign, PackedDoor)> {
        let door = self.doors.into_iter().find(|door| door.campaign == campaign && door.dwelling == dwelling)?;
        Some((self.campaigns.into_iter().find(|known| known.id == campaign)?, door))
    }

    /// The doors of one campaign at which there is still something to do.
    pub fn of(&self, campaign: &PackedCampaign) -> impl Iterator<Item = &PackedDoor> {
        let id = campaign.id;
        self.doors.iter().filter(move |door| door.campaign == id && matches!(door.state, "open" | "again"))
    }
}

/// Folds the rows, one for each tag of a person, into the households of each dwelling.
fn households(act: &Act, rows: Vec<OwnPerson>) -> Result<BTreeMap<Uuid, Vec<PackedHousehold>>> {
    let today = act.at.to_zoned_datetime(calendar::shanghai()).date();
    let mut homes: BTreeMap<Uuid, Vec<PackedHousehold>> = BTreeMap::new();
    for row in rows {
        let home = homes.entry(row.dwelling_id).or_default();
        if home.last().is_none_or(|last| last.id != row.household_id) {
            home.push(PackedHousehold { id: row.household_id, head: row.head_name.clone(), people: Vec::new() });
        }
        let Some(household) = home.last_mut() else { continue };
        if household.people.last().is_none_or(|last| last.id != row.id) {
            let phone =
                row.phone_sealed.as_deref().map(|sealed| act.open(Particular::Phone.code(), sealed)).transpose()?;
            household.people.push(PackedPerson {
                id: row.id,
                version: row.lock_version,
                words: person_words(&row.sex, age(row.birth_date.as_deref(), today)),
                relation: row.relation.as_deref().map(|kept| Particular::Relation.words(kept)).unwrap_or_default(),
                phone: phone.map(|kept| Particular::Phone.masked(&kept)).unwrap_or_default(),
                tags: Vec::new(),
                fields: fields(&row),
                name: row.name.clone(),
            });
        }
        if let (Some(person), Some(tag)) = (household.people.last_mut(), row.tag) {
            person.tags.push(tag);
        }
    }
    Ok(homes)
}

fn fields(row: &OwnPerson) -> Map<String, Value> {
    let kept = |particular: Particular| match particular {
        Particular::Name => Some(row.name.clone()),
        Particular::Sex => Some(row.sex.clone()),
        Particular::BirthDate => row.birth_date.clone(),
        Particular::Relation => row.relation.clone(),
        Particular::ResidenceState => row.residence_state.map(|state| state.code().to_owned()),
        Particular::Workplace => row.workplace.clone(),
        Particular::RegisteredAddress => row.registered_address.clone(),
        Particular::Education => row.education.clone(),
        Particular::Marital => row.marital_status.clone(),
        Particular::Political => row.political_status.clone(),
        _ => None,
    };
    FIELDS.iter().map(|(field, _)| (field.code().to_owned(), json!(kept(*field)))).collect()
}

impl PackedCampaign {
    fn of(campaign: Campaign) -> PackedCampaign {
        let question = |question: &Question| PackedQuestion {
            id: question.id.clone(),
            kind: question.kind.code(),
            text: question.text.clone(),
            required: question.required,
            options: question.options(),
        };
        PackedCampaign {
            id: campaign.id,
            title: campaign.title,
            words: campaign.words,
            until: campaign.until.as_millisecond(),
            until_words: show::day(&campaign.until),
            questions: campaign.questions.0.iter().map(question).collect(),
        }
    }
}

impl PackedDoor {
    fn of(door: &OwnDoor, households: Vec<PackedHousehold>) -> PackedDoor {
        let people = || households.iter().flat_map(|household| &household.people);
        let care = CARE.iter().find(|tag| people().any(|person| person.tags.contains(tag)));
        let last = door.last_outcome.zip(door.visited_at);
        let again = store::again(door.again_on.as_deref(), door.again_part);
        PackedDoor {
            id: format!("{}:{}", door.campaign_id, door.dwelling_id),
            campaign: door.campaign_id,
            dwelling: door.dwelling_id,
            estate: door.estate_name.clone(),
            building_id: door.building_id,
            building: door.building_name.clone(),
            unit: unit_words(&door.unit_key),
            floor: door.floor,
            room: room_words(&door.room),
            order: door.position,
            state: door.state.code(),
            attempts: door.attempts,
            again_on: door.again_on.clone(),
            again_part: door.again_part.map(Part::code),
            appointed: door.last_outcome == Some(Outcome::Later),
            again_words: again.map(|again| format!("{}再来", again.words())).unwrap_or_default(),
            last_words: last.map(|(outcome, at)| format!("上次 {} {outcome}", show::moment(&at))).unwrap_or_default(),
            usage: door.usage.map(Use::code),
            care: care.map(|tag| tag.label().to_owned()).unwrap_or_default(),
            households,
        }
    }
}

impl PackedDoor {
    /// `王府名苑小区 3号楼 2单元 1302室`
    pub fn place(&self) -> String {
        let room = format!("{}室", self.room);
        let parts = [&self.estate, &self.building, &self.unit, &room];
        parts.into_iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(" ")
    }

    pub fn state_words(&self) -> &'static str {
        DoorState::parse(self.state).map_or("", DoorState::label)
    }
}

/// A tag goes to the phone as people read it.
fn labels<S: serde::Serializer>(tags: &[Tag], serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_seq(tags.iter().map(|tag| tag.label()))
}

/// What the forms on the phone offer.
fn words() -> Value {
    let options = |options: Vec<(&str, &str)>| -> Vec<Choice> {
        options.into_iter().map(|(value, label)| choice(value, label)).collect()
    };
    let fields = FIELDS.iter().map(|(field, kind)| {
        json!({ "value": field.code(), "label": field.label(), "kind": kind, "options": options(field.options()) })
    });
    json!({
        "categories": options(Category::ALL.iter().map(|entry| (entry.code(), entry.label())).collect()),
        "usages": options(Use::ALL.iter().map(|entry| (entry.code(), entry.label())).collect()),
        "fields": fields.collect::<Vec<_>>(),
        "relations": options(Particular::Relation.options()),
        "sexes": options(Particular::Sex.options()),
    })
}
