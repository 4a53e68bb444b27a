//! Working days, time limits, what comes again, and the dates that people read. Pure: the caller brings the present moment.
//!
//! Working days follow the State Council's yearly notice, which makes some weekends workdays. A year without a notice
//! is an error and never a guess from the day of the week.

mod deadline;
mod recurrence;
mod show;
mod working_days;

pub use deadline::{Clock, deadline, minutes_left};
pub use recurrence::{Every, Recurrence, Skip};
pub use show::{date_time, long_date, short_time};
pub use working_days::WorkingDays;

use jiff::tz::{Offset, TimeZone, offset};

/// China Standard Time: UTC+8 without daylight saving, so no time zone database is needed.
const SHANGHAI: Offset = offset(8);

/// The time zone of every date and deadline.
pub fn shanghai() -> TimeZone {
    TimeZone::fixed(SHANGHAI)
}

/// Why a working day or a deadline cannot be computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    #[error("还没有 {0} 年的放假调休安排，算不出工作日。请先导入国务院办公厅公布的当年放假通知")]
    NoTable(i16),
    #[error("放假安排第 {line} 行读不懂：{reason}。每行应为“日期,off 或 work,节日”，如 2026-10-01,off,国庆节")]
    Csv { line: usize, reason: String },
    #[error("办理时限不能是负数，请填 0 或更大的分钟数")]
    Negative,
    #[error("日期超出了可计算的范围，请检查起始时间和时限")]
    OutOfRange,
}
