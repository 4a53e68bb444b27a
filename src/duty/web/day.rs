//! The table of posts and slots: today with who is there, and a day, a week or a term with what is not covered, on a page, on paper and in
//! a workbook.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;

use super::a_day;
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::audit;
use crate::duty::coverage::{self, Coverage, Kept, LONGEST, Row, Unknown};
use crate::duty::model::{monday, short, written};
use crate::duty::shift_store::{self, Shift, Swap};
use crate::duty::{school, store};
use crate::error::Result;
use crate::web::{Form, Shell, page, show};
use crate::workbook::{self, Cell, Table};

pub fn routes() -> Routes {
    use Permission::DutyRead;
    Routes::default()
        .get("/duty", DutyRead, today)
        .get("/duty/coverage", DutyRead, table)
        .get("/duty/coverage/paper", DutyRead, paper)
        .post("/duty/coverage/workbook", DutyRead, file)
}

#[derive(Deserialize)]
struct Asked {
    day: Option<String>,
    span: Option<String>,
}

#[derive(Template)]
#[template(path = "duty/web/today.html")]
struct TodayPage {
    shell: Shell,
    table: Coverage,
    day: Date,
    before: Date,
    after: Date,
    now: Timestamp,
    swaps: Vec<Swap>,
    may_plan: bool,
    /// Nothing is guarded yet.
    empty: bool,
}

impl TodayPage {
    fn title(&self) -> String {
        short(self.day)
    }

    fn state(&self, shift: &Shift) -> (&'static str, String) {
        if self.table.idle.contains(&shift.id) {
            return ("", "不用站".to_owned());
        }
        coverage::standing(shift, &self.table.windows, self.now)
    }

    fn missing(&self, shift: &Shift) -> String {
        let missing = coverage::missing(shift, &self.table.fixings);
        missing.iter().map(|one| one.label()).collect::<Vec<_>>().join("、")
    }

    /// Rows of a school one after the other: whether this one is its first.
    fn begins(&self, at: &usize) -> bool {
        *at == 0 || self.table.rows[*at].school != self.table.rows[*at - 1].school
    }
}

async fn today(State(app): State<App>, viewer: Viewer, shell: Shell, Query(asked): Query<Asked>) -> Result<Response> {
    let now = app.means.now();
    let scope = viewer.scope(Permission::DutyRead);
    let day = asked.day.as_deref().and_then(a_day).unwrap_or_else(|| coverage::today(now));
    let mut tx = app.db.read().await?;
    let table = coverage::read(&mut tx, viewer.tenant, &scope, (day, day), now).await?;
    let swaps = shift_store::swaps_waiting(&mut tx, viewer.tenant, &scope, now).await?;
    let empty = store::schools(&mut tx, viewer.tenant, &scope).await?.is_empty();
    let shifted = |days: i64| day.checked_add(days.days()).unwrap_or(day);
    let (before, after, may_plan) = (shifted(-1), shifted(1), viewer.may(Permission::DutyPlan));
    page(&TodayPage { shell, table, day, before, after, now, swaps, may_plan, empty })
}

/// How much is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Drawn {
    Day,
    Week,
    Term,
}

impl Drawn {
    const ALL: [(Drawn, &'static str, &'static str); 3] =
        [(Drawn::Day, "day", "一天"), (Drawn::Week, "week", "一周"), (Drawn::Term, "term", "学期")];
}

/// A column: some days, one in a day or a week, a week of a term.
struct Column {
    name: String,
    first: Date,
    last: Date,
}

/// What stands where a row and a column meet.
struct Cross {
    class: &'static str,
    /// A sign, so that the colour is not alone.
    mark: &'static str,
    words: String,
    href: String,
}

struct Drawing {
    table: Coverage,
    drawn: Drawn,
    day: Date,
    columns: Vec<Column>,
    /// The days before the first and after the last column.
    before: Date,
    after: Date,
}

impl Drawing {
    fn title(&self) -> String {
        match self.drawn {
            Drawn::Day => format!("{} 岗位覆盖表", short(self.table.from)),
            Drawn::Week | Drawn::Term => {
                format!("{} 到 {} 岗位覆盖表", written(self.table.from), written(self.table.to))
            }
        }
    }

    fn code(&self) -> &'static str {
        Drawn::ALL.iter().find(|(drawn, ..)| *drawn == self.drawn).map_or("week", |(_, code, _)| code)
    }

    fn is(&self, code: &str) -> bool {
        self.code() == code
    }

    fn spans(&self) -> Vec<(&'static str, &'static str)> {
        Drawn::ALL.iter().map(|(_, code, label)| (*code, *label)).collect()
    }

    /// Whether a row is the first of its school.
    fn begins(&self, at: &usize) -> bool {
        *at == 0 || self.table.rows[*at].gate.school_id != self.table.rows[*at - 1].gate.school_id
    }

    fn width(&self) -> usize {
        self.columns.len() + 2
    }

    /// For how many minutes of a column posts are not kept.
    fn open(&self, column: &Column) -> i64 {
        let kept = self.table.rows.iter().flat_map(|row| &row.kept);
        kept.filter(|kept| (column.first..=column.last).contains(&kept.need.day)).map(|kept| kept.uncovered).sum()
    }

    fn summary(&self) -> String {
        match self.table.gaps() {
            0 if self.table.rows.is_empty() => "没有要站的岗位。".to_owned(),
            0 => "没有空当，所有岗位的每一分钟都有人。".to_owned(),
            gaps => format!("{gaps} 处有空当，一共 {} 分钟没有人或者人不够。", self.table.minutes()),
        }
    }

    fn cross(&self, row: &Row, column: &Column) -> Cross {
        let within = |kept: &&Kept| (column.first..=column.last).contains(&kept.need.day);
        let kept: Vec<&Kept> = row.kept.iter().filter(within).collect();
        let href = match self.drawn {
            Drawn::Term => format!("/duty/coverage?day={}&span=week", column.first),
            Drawn::Day | Drawn::Week => format!("/duty?day={}", column.first),
        };
        let asks = |one: &&Unknown| {
            one.school == row.gate.school_id
                && one.slot.is_none_or(|slot| slot == row.slot)
                && (column.first..=column.last).contains(&one.day)
        };
        let unknown = self.table.unknown.iter().filter(asks).count();
        let minutes: i64 = kept.iter().map(|kept| kept.uncovered).sum();
        let gaps = kept.iter().filter(|kept| kept.uncovered > 0).count();
        let of = |class, mark, words: String| Cross { class, mark, words, href };
        if kept.is_empty() {
            let words = if unknown > 0 { "不知道".to_owned() } else { "不站".to_owned() };
            return of(if unknown > 0 { "soon" } else { "" }, if unknown > 0 { "？" } else { "" }, words);
        }
        if self.drawn == Drawn::Term {
            let unsettled = kept.iter().filter(|kept| kept.unsettled).count();
            return match (gaps, unknown, unsettled) {
                (0, 0, 0) => of("done", "✓", format!("{} 班", kept.len())),
                (0, 0, _) => of("soon", "！", format!("{unsettled}/{} 班没有定全", kept.len())),
                (0, ..) => of("soon", "？", format!("{} 班，{unknown} 天不知道", kept.len())),
                (_, 0, _) => of("late", "✕", format!("缺 {gaps}/{} 班 {minutes} 分", kept.len())),
                _ => of("late", "✕", format!("缺 {gaps}/{} 班 {minutes} 分，{unknown} 天不知道", kept.len())),
            };
        }
        let names: Vec<&str> =
            kept[0].shifts.iter().filter(|shift| shift.absent_at.is_none()).map(|shift| shift.who()).collect();
        let names = names.join("、");
        match (minutes, kept[0].unsettled) {
            (0, false) => of("done", "✓", names),
            (0, true) => of("soon", "！", format!("{names}（没有定全）")),
            _ if names.is_empty() => of("late", "✕", format!("没有人 {minutes} 分")),
            _ => of("late", "✕", format!("{names}，缺 {minutes} 分")),
        }
    }
}

async fn drawing(app: &App, viewer: &Viewer, asked: &Asked) -> Result<Drawing> {
    let now = app.means.now();
    let scope = viewer.scope(Permission::DutyRead);
    let day = asked.day.as_deref().and_then(a_day).unwrap_or_else(|| coverage::today(now));
    let drawn = Drawn::ALL.iter().find(|(_, code, _)| Some(*code) == asked.span.as_deref());
    let drawn = drawn.map_or(Drawn::Week, |(drawn, ..)| *drawn);
    let shifted = |day: Date, days: i64| day.checked_add(days.days()).unwrap_or(day);
    let mut tx = app.db.read().await?;
    let (from, to) = match drawn {
        Drawn::Day => (day, day),
        Drawn::Week => (monday(day), shifted(monday(day), 6)),
        Drawn::Term => {
            let table = school::timetable(&mut tx, viewer.tenant, day, day).await?;
            // That of all schools; where there is none, whatever terms of single schools lie around the day.
            let around: Vec<_> = table.terms.iter().filter(|term| (term.first..=term.last).contains(&day)).collect();
            let of_all = around.iter().find(|term| term.school.is_none()).map(|term| (term.first, term.last));
            let single = around.iter().map(|term| term.first).min().zip(around.iter().map(|term| term.last).max());
            let (first, last) = of_all.or(single).unwrap_or((day, shifted(day, 7 * 18)));
            (first, last.min(shifted(first, LONGEST - 1)))
        }
    };
    let table = coverage::read(&mut tx, viewer.tenant, &scope, (from, to), now).await?;
    let mut columns = Vec::new();
    if drawn == Drawn::Term {
        let mut first = from;
        while first <= to {
            let last = shifted(monday(first), 6).min(to);
            columns.push(Column { name: first.strftime("%-m月%-d日起").to_string(), first, last });
            match last.checked_add(1.day()) {
                Ok(next) => first = next,
                Err(_) => break,
            }
        }
    } else {
        let days = from.series(1.day()).take_while(|day| *day <= to);
        columns.extend(days.map(|day| Column { name: short(day), first: day, last: day }));
    }
    Ok(Drawing { table, drawn, day, columns, before: shifted(from, -1), after: shifted(to, 1) })
}

#[derive(Template)]
#[template(path = "duty/web/coverage.html")]
struct TablePage {
    shell: Shell,
    drawing: Drawing,
}

async fn table(State(app): State<App>, viewer: Viewer, shell: Shell, Query(asked): Query<Asked>) -> Result<Response> {
    page(&TablePage { shell, drawing: drawing(&app, &viewer, &asked).await? })
}

#[derive(Template)]
#[template(path = "duty/web/coverage-paper.html")]
struct PaperPage {
    shell: Shell,
    drawing: Drawing,
    mark: String,
}

async fn paper(State(app): State<App>, viewer: Viewer, shell: Shell, Query(asked): Query<Asked>) -> Result<Response> {
    let drawing = drawing(&app, &viewer, &asked).await?;
    let mark = format!("{} {} 打印，内部使用", show::day_and_time(&app.means.now()), viewer.name);
    page(&PaperPage { shell, drawing, mark })
}

/// The table as a workbook. That it was taken along is written down: it says how strong the police are where.
async fn file(State(app): State<App>, viewer: Viewer, form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyRead)?;
    let asked = Asked { day: Some(form.value("day").to_owned()), span: Some(form.value("span").to_owned()) };
    let drawing = drawing(&app, &viewer, &asked).await?;
    let mut columns =
        vec![("学校".to_owned(), 18), ("岗位".to_owned(), 14), ("时段".to_owned(), 12), ("站岗时间".to_owned(), 14)];
    columns.extend(drawing.columns.iter().map(|column| (column.name.clone(), 18)));
    columns.push(("没有人的分钟".to_owned(), 14));
    let rows = drawing.table.rows.iter().map(|row| {
        let mut cells = vec![
            Cell::Text(row.school.clone()),
            Cell::Text(row.gate.name.clone()),
            Cell::Text(row.peak.label().to_owned()),
            Cell::Text(row.hours.clone()),
        ];
        cells.extend(drawing.columns.iter().map(|column| {
            let cross = drawing.cross(row, column);
            Cell::Text(format!("{}{}", cross.mark, cross.words))
        }));
        cells.push(Cell::Number(row.kept.iter().map(|kept| kept.uncovered).sum()));
        cells
    });
    let coverage = Table { name: "岗位覆盖表".to_owned(), columns, rows: rows.collect() };
    let of_shift = |shift: &Shift| {
        let text = |text: &str| Cell::Text(text.to_owned());
        let missing = coverage::missing(shift, &drawing.table.fixings);
        let missing = missing.iter().map(|one| one.label()).collect::<Vec<_>>().join("、");
        vec![
            text(&shift.day),
            text(&shift.school_name),
            text(shift.gate_name.as_deref().unwrap_or_default()),
            text(shift.peak_name()),
            text(&shift.hours()),
            text(shift.who()),
            text(shift.person_kind.map_or("", |kind| kind.label())),
            text(&shift.duty),
            Cell::Text(if missing.is_empty() { "齐全".to_owned() } else { format!("缺{missing}") }),
        ]
    };
    let names = ["日期", "学校", "岗位", "时段", "站岗时间", "人员", "身份", "职责"];
    let mut columns: Vec<(String, u16)> = names.iter().map(|name| ((*name).to_owned(), 14)).collect();
    columns.push((drawing.table.fixings.name(), 14));
    let kept = drawing.table.rows.iter().flat_map(|row| &row.kept).flat_map(|kept| &kept.shifts);
    let rows = kept.chain(&drawing.table.others).map(of_shift).collect();
    let shifts = Table { name: "班次".to_owned(), columns, rows };
    let mark = format!("{} {} 导出，内部使用", show::day_and_time(&act.at), viewer.name);
    let content = workbook::marked(&[coverage, shifts], &mark)?;
    let mut tx = app.db.begin().await?;
    let what = format!("{} 到 {}", drawing.table.from, drawing.table.to);
    audit::record(&mut tx, &act, "export", ("duty_coverage", viewer.tenant), &what, &[]).await?;
    tx.commit().await?;
    Ok(workbook::response(content, "护学岗覆盖表.xlsx"))
}
