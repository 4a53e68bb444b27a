//! What a school and a lecturer read of their sessions beside the rows, on their pages and in their calendars: topics, classes with their pupils, and
//! who gives them. One statement brings each for all sessions.

use db::Tx;
use jiff::Timestamp;
use uuid::Uuid;

use crate::error::Result;
use crate::lecture::model::grade;
use crate::lecture::session_store::{
    BESIDE_LECTURER, CLASSES_OF_LECTURER, CLASSES_OF_SCHOOL, ClassOf, NAMES_OF_SCHOOL, Named, Session,
    TOPICS_OF_LECTURER, TOPICS_OF_SCHOOL,
};

pub(super) struct About {
    topics: Vec<Named>,
    pub(super) classes: Vec<ClassOf>,
    /// For a lecturer, those who give it with them.
    lecturers: Vec<Named>,
}

fn names(list: &[Named], id: &Uuid) -> String {
    list.iter().filter(|one| one.session_id == *id).map(|one| one.name.as_str()).collect::<Vec<_>>().join("、")
}

impl About {
    pub(super) async fn of_school(tx: &mut Tx, tenant: Uuid, school: Uuid, since: Timestamp) -> Result<About> {
        Ok(About {
            topics: tx.all(TOPICS_OF_SCHOOL.bind(tenant).bind(school).bind(since)).await?,
            classes: tx.all(CLASSES_OF_SCHOOL.bind(tenant).bind(school).bind(since)).await?,
            lecturers: tx.all(NAMES_OF_SCHOOL.bind(tenant).bind(school).bind(since)).await?,
        })
    }

    pub(super) async fn of_lecturer(tx: &mut Tx, tenant: Uuid, lecturer: Uuid, since: Timestamp) -> Result<About> {
        Ok(About {
            topics: tx.all(TOPICS_OF_LECTURER.bind(tenant).bind(lecturer).bind(since)).await?,
            classes: tx.all(CLASSES_OF_LECTURER.bind(tenant).bind(lecturer).bind(since)).await?,
            lecturers: tx.all(BESIDE_LECTURER.bind(tenant).bind(lecturer).bind(since)).await?,
        })
    }

    pub(super) fn topics(&self, id: &Uuid) -> String {
        names(&self.topics, id)
    }

    pub(super) fn lecturers(&self, id: &Uuid) -> String {
        names(&self.lecturers, id)
    }

    /// `七年级1班 50 人、七年级2班 48 人，共 98 人`
    pub(super) fn classes(&self, id: &Uuid) -> String {
        let own: Vec<&ClassOf> = self.classes.iter().filter(|class| class.session_id == *id).collect();
        let each = own.iter().map(|class| format!("{}{} {} 人", grade(class.grade), class.name, class.pupils));
        let each = each.collect::<Vec<_>>().join("、");
        if own.len() < 2 {
            return each;
        }
        format!("{each}，共 {} 人", own.iter().map(|class| class.pupils).sum::<i64>())
    }

    /// What a calendar says of a session; `with` is what its lecturers are called there.
    pub(super) fn words(&self, session: &Session, with: &str) -> String {
        let lines = [
            ("主题", self.topics(&session.id)),
            ("形式", session.form_name.clone()),
            ("来听的班", self.classes(&session.id)),
            (with, self.lecturers(&session.id)),
            ("地址", session.school_address.clone()),
        ];
        let known = lines.iter().filter(|(_, words)| !words.is_empty());
        known.map(|(label, words)| format!("{label}：{words}")).collect::<Vec<_>>().join("\n")
    }
}
