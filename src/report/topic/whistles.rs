//! 吹哨报到: what was asked of the level above and of this one, whether whoever was asked came and answered in time, and how each side
//! rated the other.

use db::Tx;
use jiff::Timestamp;

use super::Asked;
use crate::access::Permission;
use crate::error::Result;
use crate::report::model::Rules;
use crate::report::sheet::{Gauge, Row, Share, Sheet};
use crate::report::store::{self, Blown};
use crate::settings;
use crate::web::show;
use crate::whistle::State;

const GAUGES: &[Gauge] = &[
    Gauge { code: "blown", label: "吹出", meaning: "这段时间里向上级吹的哨" },
    Gauge {
        code: "up_due",
        label: "上级应到",
        meaning: "其中上级已经报到，或者过了时限还没有报到的；退回的和没报到就撤回的不算",
    },
    Gauge { code: "up_came", label: "上级按时到", meaning: "其中上级在时限以内报到的" },
    Gauge {
        code: "up_answered", label: "上级按时答", meaning: "吹出的哨里，上级在时限以内答复了的"
    },
    Gauge { code: "heard", label: "接到", meaning: "这段时间里下级吹来的哨" },
    Gauge {
        code: "down_due",
        label: "本级应到",
        meaning: "其中本单位已经报到，或者过了时限还没有报到的；退回的和没报到就撤回的不算",
    },
    Gauge { code: "down_came", label: "本级按时到", meaning: "其中本单位在时限以内报到的" },
    Gauge {
        code: "down_answered", label: "本级按时答", meaning: "接到的哨里，本单位在时限以内答复了的"
    },
];

pub async fn read(tx: &mut Tx, asked: &Asked<'_>) -> Result<Sheet> {
    let mut blown = store::whistles(tx, asked, true).await?;
    blown.extend(store::whistles(tx, asked, false).await?);
    let rules: Rules = settings::read(tx, asked.viewer.tenant, asked.now).await?;
    let hours = blown.iter().filter_map(|whistle| Some((whistle.acknowledged_at?, whistle.blown_at)));
    let hours: Vec<f64> = hours.map(|(came, blown)| came.duration_since(blown).as_secs() as f64 / 3600.0).collect();
    let scores = |score: fn(&Blown) -> Option<i64>| -> Vec<f64> {
        blown.iter().filter_map(score).map(|score| score as f64).collect()
    };
    let mean = |label, values: &[f64], unit| {
        let (words, of) = mean(values, unit, &rules);
        (label, words, of)
    };
    let beside = vec![
        mean("平均多久报到", &hours, "小时"),
        mean("吹哨方打分", &scores(|whistle| whistle.scores().0), "分"),
        mean("报到方打分", &scores(|whistle| whistle.scores().1), "分"),
    ];
    Ok(Sheet {
        gauges: GAUGES,
        undrawn: &[],
        shares: &[
            Share { label: "上级按时报到率", part: "up_came", whole: "up_due" },
            Share { label: "本级按时报到率", part: "down_came", whole: "down_due" },
        ],
        columns: vec![
            ("编号", 20),
            ("方向", 8),
            ("哨", 14),
            ("对方", 20),
            ("小区", 18),
            ("事项", 36),
            ("吹哨时间", 18),
            ("报到时间", 18),
            ("答复时间", 18),
            ("现在", 18),
            ("吹哨方打分", 10),
            ("报到方打分", 10),
        ],
        rows: blown.into_iter().map(|whistle| row(asked, whistle)).collect(),
        beside,
        opens: true,
    })
}

/// `3.5 小时` of `7 次`; of too few nothing is told.
fn mean(values: &[f64], unit: &str, rules: &Rules) -> (String, String) {
    match values.len() {
        few if (few as i64) < rules.least_cases.max(1) => ("—".to_owned(), format!("只有 {few} 次，太少不算")),
        many => (format!("{:.1} {unit}", values.iter().sum::<f64>() / many as f64), format!("{many} 次")),
    }
}

impl Blown {
    /// What the asker and the responder have rated, as far as it is shown here: what the other side has said is kept back until this
    /// side has rated too.
    fn scores(&self) -> (Option<i64>, Option<i64>) {
        match (self.asked, self.asker_score, self.responder_score) {
            (true, None, _) | (false, _, None) => (None, None),
            (_, asker, responder) => (asker, responder),
        }
    }
}

fn row(asked: &Asked<'_>, whistle: Blown) -> Row {
    let [all, due, came, answered] = match whistle.asked {
        true => ["blown", "up_due", "up_came", "up_answered"],
        false => ["heard", "down_due", "down_came", "down_answered"],
    };
    let in_time = |at: Option<Timestamp>, by: Timestamp| at.is_some_and(|at| at <= by);
    let waits = whistle.state == State::Blown && whistle.acknowledge_by < asked.now;
    let counted = [
        (all, true),
        (due, whistle.acknowledged_at.is_some() || waits),
        (came, in_time(whistle.acknowledged_at, whistle.acknowledge_by)),
        (answered, in_time(whistle.answered_at, whistle.answer_by)),
    ];
    let time = |at: Option<Timestamp>| at.map(|at| show::moment(&at)).unwrap_or_default();
    let score = |score: Option<i64>| score.map(|score| score.to_string()).unwrap_or_default();
    let (asker, responder) = whistle.scores();
    let direction = if whistle.asked { "吹出" } else { "接到" };
    let place = whistle.estate_name.clone().unwrap_or_default();
    let note =
        format!("{direction}，{}，{}，{}", whistle.counterpart_name, show::day(&whistle.blown_at), whistle.state);
    Row {
        key: whistle.id.to_string(),
        href: asked.href(Permission::WhistleHandle, format!("/whistles/{}", whistle.id)),
        note,
        cells: Some(vec![
            whistle.number,
            direction.to_owned(),
            whistle.kind.to_string(),
            whistle.counterpart_name,
            place,
            whistle.title.clone(),
            time(Some(whistle.blown_at)),
            time(whistle.acknowledged_at),
            time(whistle.answered_at),
            whistle.state.to_string(),
            score(asker),
            score(responder),
        ]),
        title: whistle.title,
        estate: whistle.estate_id.zip(whistle.estate_name),
        counted: counted.into_iter().filter(|(_, counts)| *counts).map(|(by, _)| (by, 1)).collect(),
    }
}
