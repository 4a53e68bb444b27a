//! Pages: `desk` is the children's roll for staff, `guardian` what a guardian sees by their link, `session` how sessions are arranged, `roll` the
//! roll call for staff and for whoever holds a session by a link, `incident` what happened at the class and must not be lost.

mod desk;
mod guardian;
mod help;
mod incident;
mod message;
mod picture;
mod roll;
mod session;

use db::Tx;
use jiff::Timestamp;
use jiff::civil::DateTime;
use uuid::Uuid;

use super::child::{Child, Sketch, today};
use super::model::{Adult, Particulars, Person, Rules};
use crate::access::{Act, Routes};
use crate::error::Result;
use crate::place;
use crate::web::Form;

pub fn routes() -> Routes {
    Routes::default()
        .merge(desk::routes())
        .merge(guardian::routes())
        .merge(session::routes())
        .merge(roll::routes())
        .merge(picture::routes())
        .merge(incident::routes())
        .merge(help::routes())
        .merge(message::routes())
}

/// A moment by the clock of Shanghai, as a field for day and time gives it.
fn moment(form: &mut Form, field: &str, label: &str) -> Option<Timestamp> {
    form.choice(field, label, |text| {
        let moment: DateTime = text.parse().ok()?;
        Some(moment.to_zoned_datetime(calendar::shanghai()).ok()?.timestamp())
    })
}

/// The same the other way round: `2026-11-23T16:40`
fn moment_words(at: Timestamp) -> String {
    at.to_zoned_datetime(calendar::shanghai()).strftime("%Y-%m-%dT%H:%M").to_string()
}

type Options = Vec<(String, String)>;

/// A building that somebody may choose, with its estate.
type Homes = Vec<(Uuid, place::Building)>;

/// The buildings of some estates, as a form offers them.
async fn homes(tx: &mut Tx, tenant: Uuid, estates: Vec<place::Estate>) -> Result<(Homes, Options)> {
    let buildings = place::all_buildings(tx, tenant).await?;
    let of = |building: &place::Building| estates.iter().find(|estate| estate.id == building.estate_id);
    let options = buildings
        .iter()
        .filter_map(|building| Some((building.id.to_string(), format!("{} {}", of(building)?.name, building.name))));
    let options = options.collect();
    let homes = buildings.into_iter().filter(|building| of(building).is_some());
    Ok((homes.map(|building| (building.estate_id, building)).collect(), options))
}

/// The fields of somebody; `None` where all of them are empty.
fn read_person(form: &mut Form, prefix: &str) -> Option<Person> {
    let [name, relation, phone] = ["name", "relation", "phone"].map(|part| format!("{prefix}_{part}"));
    if [&name, &relation, &phone].iter().all(|field| form.value(field).trim().is_empty()) {
        return None;
    }
    Some(Person {
        name: form.person_name(&name).unwrap_or_default(),
        relation: form.text(&relation, "是孩子的什么人", 1..=20),
        phone: form.phone(&phone).unwrap_or_default(),
    })
}

/// Who must not fetch a child: whoever is feared may be known by name only.
fn read_barred(form: &mut Form, prefix: &str) -> Option<Person> {
    let [name, relation, phone] = ["name", "relation", "phone"].map(|part| format!("{prefix}_{part}"));
    if [&name, &relation, &phone].iter().all(|field| form.value(field).trim().is_empty()) {
        return None;
    }
    let known = !form.value(&phone).trim().is_empty();
    Some(Person {
        name: form.person_name(&name).unwrap_or_default(),
        relation: form.text(&relation, "是孩子的什么人", 0..=20),
        phone: known.then(|| form.phone(&phone)).flatten().unwrap_or_default(),
    })
}

fn fill_person(form: &mut Form, prefix: &str, person: &Person) {
    form.set(&format!("{prefix}_name"), &person.name);
    form.set(&format!("{prefix}_relation"), &person.relation);
    form.set(&format!("{prefix}_phone"), &person.phone);
}

/// So many can be written onto one form.
const LISTED: [&str; 5] = ["listed1", "listed2", "listed3", "listed4", "listed5"];
const BARRED: [&str; 3] = ["barred1", "barred2", "barred3"];

/// Who is to be asked: the name of the child, where it lives, and the guardian's name and phone.
fn read_invitation(form: &mut Form, homes: &Homes) -> Option<Sketch> {
    let name = form.person_name("child_name").unwrap_or_default();
    let home = form.choice("home", "家住哪栋楼", |id| {
        let id: Uuid = id.parse().ok()?;
        homes.iter().find(|(_, building)| building.id == id).map(|(estate, building)| (*estate, building.id))
    });
    let guardian = read_person(form, "guardian1");
    if guardian.is_none() {
        form.fail("guardian1_name", "请填写监护人");
    }
    let particulars = Particulars { name, guardians: guardian.into_iter().collect(), ..Particulars::default() };
    let (estate, building) = home?;
    Some(Sketch { estate, building, particulars, medical: None })
}

/// All that is asked of a child, and who may fetch it.
fn read_child(form: &mut Form, homes: &Homes, act: &Act, rules: &Rules) -> Option<(Sketch, Vec<(bool, Person)>)> {
    let sketch = read_invitation(form, homes);
    let sex = form.choice("sex", "性别", |code| ["1", "2"].contains(&code).then(|| code.to_owned()));
    let birth_month = form.choice("birth_month", "出生年月", |text| {
        // What a browser without a field for months gives may have a day.
        let month: String = text.replace(['/', '.', '年'], "-").chars().take(7).collect();
        super::model::age(&month, today(act)).filter(|age| (0..18).contains(age)).map(|_| month)
    });
    if let Some(month) = &birth_month
        && super::model::age(month, today(act)).is_none_or(|age| age < rules.least_age)
    {
        form.fail("birth_month", format!("七彩四点半从 {} 岁开始", rules.least_age));
    }
    let school = form.text("school", "学校", 2..=40);
    let grade = form.text("grade", "年级", 1..=20);
    let second = read_person(form, "guardian2");
    let emergency = read_person(form, "emergency");
    let absence = form.text("absence", "监护情况说明", 0..=200);
    let medical = form.text("medical", "身体要注意的", 0..=300);
    let mut adults: Vec<(bool, Person)> = Vec::new();
    for (barred, rows) in [(false, LISTED.as_slice()), (true, BARRED.as_slice())] {
        for row in rows {
            let person = if barred { read_barred(form, row) } else { read_person(form, row) };
            adults.extend(person.map(|person| (barred, person)));
        }
    }
    let doubles = |(at, (_, one)): (usize, &(bool, Person))| adults[..at].iter().any(|(_, other)| one.is(other));
    if adults.iter().enumerate().any(doubles) {
        form.fail("listed1_name", "有人写了两遍，或者又能接、又不能接。请去掉一处");
    }
    if !adults.iter().any(|(barred, _)| !barred) {
        form.fail("listed1_name", "至少写一个能来接孩子的人，您自己来接就写您自己");
    }
    if !form.is("grown", "yes") {
        form.fail("grown", "来接的人要满 18 岁，请核对后打勾");
    }
    let mut sketch = sketch?;
    sketch.particulars.guardians.extend(second);
    let particulars =
        Particulars { sex: sex?, birth_month: birth_month?, school, grade, emergency, absence, ..sketch.particulars };
    Some((Sketch { particulars, medical: Some(medical).filter(|words| !words.is_empty()), ..sketch }, adults))
}

/// The form of a child as it is known.
fn filled(child: &Child, adults: &[Adult]) -> Form {
    let Particulars { name, sex, birth_month, school, grade, guardians, emergency, absence } = &child.particulars;
    let mut form = Form::filled(&[
        ("child_name", name),
        ("sex", sex),
        ("birth_month", birth_month),
        ("school", school),
        ("grade", grade),
        ("absence", absence),
        ("medical", child.medical.as_deref().unwrap_or_default()),
        ("home", &child.building.to_string()),
        ("version", &child.version.to_string()),
    ]);
    for (row, person) in ["guardian1", "guardian2"].iter().zip(guardians) {
        fill_person(&mut form, row, person);
    }
    if let Some(person) = emergency {
        fill_person(&mut form, "emergency", person);
    }
    let of = |barred: bool| adults.iter().filter(move |adult| adult.barred == barred);
    for (row, adult) in LISTED.iter().zip(of(false)).chain(BARRED.iter().zip(of(true))) {
        fill_person(&mut form, row, &adult.person);
    }
    if !adults.is_empty() {
        form.set("grown", "yes");
    }
    form
}
