//! Working days, time limits, what comes again, and the dates that people read. Pure: the caller brings the present moment.
//!
//! Working days follow the State Council's yearly notice, which makes some weekends workdays. A year without a notice
//! is an error and never a guess from the day of the week; so is one whose school vacations are not known, where these matter.

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
    #[error("还没有写 {0} 年的寒暑假，不知道哪天上学。请先在“参数”的“七彩四点半的学期和排班”里写上寒假和暑假")]
    NoVacations(i16),
    #[error("“{0}”看不懂，寒暑假请写成“2026-01-31至2026-03-01寒假、2026-07-11至2026-08-31暑假”")]
    Vacation(String),
    #[error("办理时限不能是负数，请填 0 或更大的分钟数")]
    Negative,
    #[error("日期超出了可计算的范围，请检查起始时间和时限")]
    OutOfRange,
}
