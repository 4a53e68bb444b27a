//! 入户覆盖: at which homes somebody has been, and where somebody was met.

use db::Tx;

use super::Asked;
use crate::access::Permission;
use crate::error::Result;
use crate::place::{room_words, unit_words};
use crate::report::sheet::{Gauge, Row, Share, Sheet};
use crate::report::store::{self, Home};
use crate::web::show;

const GAUGES: &[Gauge] = &[
    Gauge { code: "homes", label: "住房", meaning: "登记在册的住房，不算商铺" },
    Gauge { code: "visited", label: "去过", meaning: "这段时间里上过门的" },
    Gauge { code: "reached", label: "见到人", meaning: "上门见到了人的，几次里有一次就算" },
    Gauge { code: "refused", label: "拒访", meaning: "去过、没有谈成，有人不愿意谈的" },
    Gauge { code: "vacant", label: "空户", meaning: "去过，看着没有人住的" },
    Gauge { code: "nobody", label: "没见到", meaning: "去过，没有碰到人或者改了时间的" },
    Gauge { code: "untouched", label: "没去过", meaning: "这段时间里还没有上过门的" },
];

pub async fn read(tx: &mut Tx, asked: &Asked<'_>) -> Result<Sheet> {
    let homes = store::homes(tx, asked).await?;
    Ok(Sheet {
        gauges: GAUGES,
        undrawn: &[],
        shares: &[
            Share { label: "入户率", part: "reached", whole: "homes" },
            Share { label: "走访率", part: "visited", whole: "homes" },
        ],
        columns: vec![("小区", 20), ("楼栋房号", 24), ("上门次数", 10), ("最近一次", 20), ("结果", 12)],
        rows: homes.into_iter().map(|home| row(asked, home)).collect(),
        beside: Vec::new(),
        opens: true,
    })
}

fn row(asked: &Asked<'_>, home: Home) -> Row {
    let found = match &home {
        Home { visits: 0, .. } => "untouched",
        Home { met: 1.., .. } => "reached",
        Home { refused: 1.., .. } => "refused",
        Home { vacant: 1.., .. } => "vacant",
        _ => "nobody",
    };
    let words = GAUGES.iter().find(|gauge| gauge.code == found).map_or("", |gauge| gauge.label);
    let place = format!("{} {} {}", home.building_name, unit_words(&home.unit_key), room_words(&home.room));
    let place = place.split_whitespace().collect::<Vec<_>>().join(" ");
    let last = home.last_at.map(|at| show::day(&at)).unwrap_or_default();
    let visited = (home.visits > 0).then_some(("visited", 1));
    Row {
        key: home.id.to_string(),
        href: asked.href(Permission::ResidentRead, format!("/dwellings/{}/visits", home.id)),
        note: if home.visits > 0 {
            format!("{words}，去过 {} 次，最近一次 {last}", home.visits)
        } else {
            words.to_owned()
        },
        cells: Some(vec![home.estate_name.clone(), place.clone(), home.visits.to_string(), last, words.to_owned()]),
        title: place,
        estate: Some((home.estate_id, home.estate_name)),
        counted: [Some(("homes", 1)), visited, Some((found, 1))].into_iter().flatten().collect(),
    }
}
