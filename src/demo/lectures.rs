//! A team of prosecutors in another county: two lecturers, two schools, what is shown, and a lecture that waits for the school's word.

use calendar::{WorkingDays, shanghai};
use db::Db;
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp, ToSpan};
use uuid::Uuid;

use super::Shown;
use super::community::act_at;
use crate::access::{self, Act, Grant, NewAccount, Reach, Role, TenantKind};
use crate::error::{Error, Result};
use crate::lecture::{
    self, LecturerSketch, MaterialKind, MaterialSketch, PeriodKind, SchoolSketch, SessionSketch, Stage, SubjectKind,
};
use crate::means::Means;

const CODE: &str = "141126000000";
const NAME: &str = "石楼县人民检察院";

const ACCOUNTS: [(Role, &str, &str); 4] = [
    (Role::LectureLead, "“橄榄石”团队负责人", "weijian"),
    (Role::LectureStaff, "“橄榄石”团队干警", "ganjing"),
    (Role::SecurityAdmin, "检察院安全管理员", "jcanquan"),
    (Role::SystemAdmin, "检察院系统管理员", "jcxitong"),
];

/// The questions of the first topics, each with its options and which is right.
const QUESTIONS: [(usize, &str, [&str; 3], usize); 3] = [
    (0, "网友要你的身份证照片，怎么做？", ["发给他", "不发，告诉家长或老师", "只发正面"], 1),
    (1, "有人递来没见过的“上头电子烟”，怎么做？", ["尝一口", "不碰，走开，告诉大人", "带回家"], 1),
    (2, "未成年人能进营业性娱乐场所吗？", ["不能", "有大人带就能", "周末能"], 0),
];

/// Autumn and spring, so that every day of a year is in a term or in the holidays.
fn terms(today: Date) -> [(String, Date, Date); 3] {
    let year = today.year();
    [
        (format!("{}年秋季学期", year - 1), date(year - 1, 9, 1), date(year, 1, 25)),
        (format!("{year}年春季学期"), date(year, 2, 24), date(year, 7, 10)),
        (format!("{year}年秋季学期"), date(year, 9, 1), date(year + 1, 1, 25)),
    ]
}

struct Place {
    id: Uuid,
    hall: Uuid,
    classes: Vec<Uuid>,
}

async fn school(tx: &mut db::Tx, act: &Act, name: &str, stage: Stage, travel_minutes: i64) -> Result<Place> {
    let sketch = SchoolSketch {
        name: name.to_owned(),
        stage,
        address: String::new(),
        travel_minutes,
        contact: None,
        closed_at: None,
    };
    let id = lecture::create_school(tx, act, &sketch).await?;
    let known = lecture::school(tx, act.tenant, id).await?;
    let hall = lecture::add_hall(tx, act, id, "报告厅", 400).await?;
    let (first, last) = stage.grades();
    let mut classes = Vec::new();
    for grade in first..=last {
        for class in ["1班", "2班"] {
            classes.push(lecture::add_class(tx, act, &known, (grade, class, 48)).await?);
        }
    }
    Ok(Place { id, hall, classes })
}

/// Sets the team up. A lecture is offered on the first school day that it can be; where nobody knows of one, there is none.
pub async fn give(db: &Db, means: &Means, password: &str, now: Timestamp) -> Result<Vec<Shown>> {
    let act = act_at(means.id(), means, now);
    let mut tx = db.begin().await?;
    let home = access::create_tenant(&mut tx, &act, TenantKind::Procuratorate, CODE, NAME).await?;
    let act = Act { organisation: Some(home), ..act };
    let (mut shown, mut accounts) = (Vec::new(), Vec::new());
    for (role, name, login) in ACCOUNTS {
        let new = NewAccount {
            name: name.to_owned(),
            organisation: home,
            login: Some((login.to_owned(), password.to_owned())),
            grants: vec![Grant { role, reach: Reach::Tenant, reach_id: None }],
        };
        accounts.push(access::create_account(&mut tx, &act, new).await?);
        shown.push(Shown { role, name: name.to_owned(), login });
    }
    let today = now.to_zoned_datetime(shanghai()).date();
    lecture::add_usual_subjects(&mut tx, &act).await?;
    let topics = lecture::subjects(&mut tx, act.tenant, SubjectKind::Topic).await?;
    let topics: Vec<Uuid> = topics.iter().take(3).map(|topic| topic.id).collect();
    let form = lecture::subjects(&mut tx, act.tenant, SubjectKind::Form).await?;
    let form = form.first().ok_or(Error::NotFound)?.id;
    for (name, first, last) in terms(today) {
        lecture::add_term(&mut tx, &act, None, &name, (first, last)).await?;
    }
    let exams = (date(today.year(), 6, 24), date(today.year(), 6, 26));
    lecture::add_period(&mut tx, &act, None, exams, (PeriodKind::Exams, "期末考试")).await?;
    let place = school(&mut tx, &act, "石楼中学", Stage::Junior, 10).await?;
    school(&mut tx, &act, "城关小学", Stage::Primary, 15).await?;
    let mut lecturers = Vec::new();
    for name in ["武晓峰", "呼改梅"] {
        let sketch = LecturerSketch {
            name: name.to_owned(),
            title: "检察官".to_owned(),
            phone: String::new(),
            grades: (1, 12),
            topics: topics.clone(),
            ended_at: None,
        };
        let id = lecture::create_lecturer(&mut tx, &act, &sketch).await?;
        lecture::vet(&mut tx, &act, id, (true, today.saturating_sub(30.days())), "查询文书").await?;
        lecturers.push(id);
    }
    if let Some(first) = lecturers.first() {
        let days = (today.saturating_sub(90.days()), today.saturating_add(900.days()));
        lecture::appoint(&mut tx, &act, place.id, *first, days).await?;
    }
    for (at, words, options, right) in QUESTIONS {
        let options = options.map(str::to_owned);
        let topic = topics.get(at).copied().unwrap_or(form);
        lecture::add_question(&mut tx, &act, topic, (words, &options[..], right)).await?;
    }
    let sketch = MaterialSketch {
        kind: MaterialKind::Case,
        title: "网络保护典型案例（编写）".to_owned(),
        topic: topics.first().copied().unwrap_or(form),
        media_type: "application/pdf",
        content: b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n".to_vec(),
    };
    let material = lecture::add_material(&mut tx, &act, sketch).await?;
    for (step, account) in accounts.iter().take(2).enumerate() {
        let act = Act { account: Some(*account), ..act.clone() };
        let known = lecture::material(&mut tx, act.tenant, material).await?;
        match step {
            0 => lecture::desensitise(&mut tx, &act, &known, known.lock_version).await?,
            _ => lecture::review(&mut tx, &act, &known, known.lock_version, Ok(())).await?,
        }
    }
    let year = (date(today.year(), 1, 1), date(today.year(), 12, 31));
    let campaign = lecture::add_campaign(&mut tx, &act, ("护航开学季，法治进校园", year, 3)).await?;
    lecture::add_agreement(&mut tx, &act, place.id, ("检校合作共建协议", year, 4)).await?;
    tx.commit().await?;
    let begins = WorkingDays::embedded()
        .add_working_days(today, 8)
        .ok()
        .and_then(|day| day.at(14, 30, 0, 0).to_zoned_datetime(shanghai()).ok().map(|at| at.timestamp()));
    if let Some(begins) = begins {
        let sketch = SessionSketch {
            request: None,
            school: place.id,
            hall: place.hall,
            form,
            campaign: Some(campaign),
            title: "护航开学季，法治进校园".to_owned(),
            span: (begins, begins + SignedDuration::from_mins(90)),
            why: "两位讲师都有空，避开考试".to_owned(),
            topics,
            lecturers,
            classes: place.classes,
        };
        let mut tx = db.begin().await?;
        match lecture::propose(&mut tx, &act, &sketch).await {
            Ok(session) => {
                lecture::attach(&mut tx, &act, session, material).await?;
                tx.commit().await?;
            }
            // The holidays, or a year of which no table is known yet.
            Err(Error::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(shown)
}
