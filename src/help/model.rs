use db::text_enum;

text_enum! {
    pub enum State {
        Asked = "asked" "等党员回话",
        Taken = "taken" "党员在办",
        Passed = "passed" "转给支部了",
        Settled = "settled" "党员办好了",
    }
}
