//! The answer to the hotline: what has become of each order of a period, in the columns of the workbook in which it came.

use std::collections::HashMap;

use db::Tx;
use jiff::Timestamp;
use uuid::Uuid;

use super::model::{Field, Layout};
use super::store::{ANSWERS, Answered, ENDS, End, MOST, REPLIED, Replied};
use crate::access::Act;
use crate::error::{Error, Result};
use crate::issue::{self, Score, Step};
use crate::workbook::{Cell, Table};

/// Every order that came in from one moment to another.
///
/// Errors: refused if there are more than five thousand.
pub(super) async fn table(
    tx: &mut Tx,
    act: &Act,
    layout: &Layout,
    (from, until): (Timestamp, Timestamp),
) -> Result<Table> {
    let orders: Vec<Replied> = tx.all(REPLIED.bind(act.tenant).bind(from).bind(until).bind(MOST + 1)).await?;
    if orders.len() as i64 > MOST {
        return Err(Error::refused(format!("这段时间的工单超过 {MOST} 件，请选短一些的时间")));
    }
    let mut ends: HashMap<Uuid, Vec<End>> = HashMap::new();
    for end in tx.all::<End>(ENDS.bind(act.tenant).bind(from).bind(until)).await? {
        ends.entry(end.issue_id).or_default().push(end);
    }
    // In their order, so that the last one stays.
    let answers = tx.all::<Answered>(ANSWERS.bind(act.tenant).bind(from).bind(until)).await?;
    let answers: HashMap<Uuid, Answered> = answers.into_iter().map(|answer| (answer.issue_id, answer)).collect();
    let columns = layout.of_reply();
    let rows = orders.iter().map(|order| {
        let ends = ends.get(&order.main_id).map_or(&[][..], Vec::as_slice);
        let row = Row { act, order, ends, answer: answers.get(&order.issue_id) };
        columns.iter().map(|(_, field)| Ok(Cell::Text(row.cell(*field)?))).collect::<Result<_>>()
    });
    let rows = rows.collect::<Result<_>>()?;
    let width = |field: Option<Field>| if matches!(field, Some(Field::Content | Field::Result)) { 40 } else { 16 };
    let columns = columns.into_iter().map(|(heading, field)| (heading, width(field))).collect();
    Ok(Table { name: "12345工单回复".to_owned(), columns, rows })
}

struct Row<'a> {
    act: &'a Act,
    order: &'a Replied,
    ends: &'a [End],
    answer: Option<&'a Answered>,
}

impl Row<'_> {
    /// The result that stands, or why there is none: it has not been sent back since.
    fn end(&self) -> Option<&End> {
        let end = self.ends.iter().rev().find(|end| end.kind != Step::Unreachable)?;
        (end.kind != Step::Reopened).then_some(end)
    }

    fn cell(&self, field: Option<Field>) -> Result<String> {
        let order = self.order;
        let reporter = || -> Result<issue::Reporter> {
            Ok(issue::masked_reporter(self.act, order.reporter_sealed.as_deref())?.unwrap_or_default())
        };
        // Of one that was joined to another somebody else was called.
        let own = order.main_id == order.issue_id;
        let unreachable = own && self.ends.last().is_some_and(|end| end.kind == Step::Unreachable);
        Ok(match field {
            None => String::new(),
            Some(Field::Number) => order.number.clone(),
            Some(Field::CalledAt) => moment(&order.called_at),
            Some(Field::Kind) => order.kind.to_string(),
            Some(Field::Content) => order.description.clone(),
            Some(Field::Place) => order.place_text.clone(),
            Some(Field::Category) => order.category.to_string(),
            Some(Field::Name) => reporter()?.name,
            Some(Field::Phone) => reporter()?.phone,
            Some(Field::Deadline) => order.deadline_at.as_ref().map(moment).unwrap_or_default(),
            Some(Field::State) => order.state.to_string(),
            Some(Field::Result) => self.end().map(|end| end.note.clone()).unwrap_or_default(),
            Some(Field::DoneAt) => self.end().map(|end| moment(&end.at)).unwrap_or_default(),
            Some(Field::Solved) => self.answer.map(|answer| answer.solved.to_string()).unwrap_or_default(),
            Some(Field::Satisfaction) if self.answer.is_none() && unreachable => "多次联系不上".to_owned(),
            Some(Field::Satisfaction) => {
                let score = self.answer.and_then(|answer| Score::parse(&answer.score.to_string()));
                score.map(|score| score.label().to_owned()).unwrap_or_default()
            }
        })
    }
}

/// `2026-11-23 09:30`, as it came.
fn moment(at: &Timestamp) -> String {
    at.to_zoned_datetime(calendar::shanghai()).strftime("%Y-%m-%d %H:%M").to_string()
}
