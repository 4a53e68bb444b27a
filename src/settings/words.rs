//! Settings as people read and write them: Chinese names, durations in the largest unit that fits.

use serde_json::Value;

/// The names of settings and of the numbers in them, in the order in which they are read, and the words among the values.
/// What is not here is shown as it stands.
const WORDS: &[(&str, &str)] = &[
    ("access.sessions", "登录与锁定"),
    ("idle_minutes", "空闲多久要重新登录"),
    ("administrator_idle_minutes", "管理员空闲多久要重新登录"),
    ("password_hours", "密码登录一次管多久"),
    ("device_days", "手机启用一次管多久"),
    ("invitation_hours", "邀请码多久内有效"),
    ("failures", "连续输错几次锁定"),
    ("lock_minutes", "锁定多久"),
    ("password_days", "密码用多久要换"),
    ("history", "不能再用最近几个密码"),
    ("access.tokens", "接口令牌"),
    ("longest_days", "最长用几天"),
    ("interface.open311", "公开报修接口（Open311）"),
    ("without_token", "没有令牌的程序登记诉求"),
    ("issue.tiers", "诉求分级的时限"),
    ("sudden", "突发"),
    ("urgent", "紧急民生"),
    ("ordinary", "一般"),
    ("hard", "疑难"),
    ("dispatch_minutes", "多久内派单"),
    ("feedback_minutes", "多久内反馈"),
    ("clock", "时间怎么算"),
    ("natural", "自然日"),
    ("working", "工作日"),
    ("issue.steps", "诉求各环节的时限"),
    ("accept_minutes", "多久内受理"),
    ("publish_minutes", "办结后多久内公示"),
    ("survey_minutes", "公示后多久内测评"),
    ("close_minutes", "测评后多久内销号"),
    ("acknowledge_minutes", "销号后多久内反馈支部"),
    ("publicity_days", "公示多久"),
    ("contact_attempts", "联系不上要试几次"),
    ("extension_days", "一次最多延期（天）"),
    ("soon_percent", "时限过去多少算快到期"),
    ("issue.petitions", "挂账和派单异议"),
    ("suspension_days", "挂账最长多久复核"),
    ("dispute_hours", "派单后多久内可以提异议"),
    ("issue.reminders", "超期提醒"),
    ("again_hours", "隔多久再催"),
    ("times", "再催几次"),
    ("issue.surveys", "满意度测评"),
    ("neighbours", "一件最多问几户邻居"),
    ("issue.exclusions", "哪些理由可以不计入三率"),
    ("force_majeure", "客观不可抗力"),
    ("beyond_powers", "超出职权范围"),
    ("repeated", "重复反映，没有新情况"),
    ("malicious", "恶意或者不实"),
    ("whistle.limits", "吹哨报到的时限"),
    ("enforcement", "综合执法哨"),
    ("priority", "重点工作哨"),
    ("emergency", "应急处置哨"),
    ("come_minutes", "多久内报到"),
    ("answer_minutes", "多久内答复"),
    ("rate_minutes", "答复后多久内评价"),
    ("whistle.delivery", "吹哨报到的消息"),
    ("call_after_minutes", "多久没送到就提醒打电话"),
    ("report.rates", "报表的比率"),
    ("least_cases", "不足几件不显示"),
    ("report.weights", "三率的权重"),
    ("composite", "综合得分"),
    ("shown", "显示"),
    ("not_shown", "不显示"),
    ("responded_weight", "响应率占几份"),
    ("solved_weight", "解决率占几份"),
    ("satisfied_weight", "满意率占几份"),
    ("meeting.deliberation", "说事议事会"),
    ("notice_hours", "提前多久发通知"),
    ("quorum_people", "至少几位有表决权的人到会才能表决"),
    ("pass_percent", "赞成要超过到会有表决权的人的"),
    ("meeting.members", "党员会议的表决"),
    ("general", "一般事项"),
    ("admission", "接收、转正"),
    ("election", "选举"),
    ("committee", "支委会"),
    ("quorum", "到会要有应到的"),
    ("pass", "赞成要有"),
    ("base", "赞成按谁的人数算"),
    ("half_or_more", "半数以上（含半数）"),
    ("more_than_half", "超过半数"),
    ("two_thirds", "三分之二以上"),
    ("three_quarters", "四分之三以上"),
    ("four_fifths", "五分之四以上"),
    ("eligible", "应到会有表决权的"),
    ("present", "实到会有表决权的"),
    ("meeting.bodies", "物管会、居民代表、两委的表决"),
    ("property_committee", "物管会"),
    ("representatives", "居民代表会议"),
    ("two_committees", "两委商议会"),
    ("four_deliberations", "四议两公开的党员大会审议"),
    ("owners", "业主委员到会要有"),
    ("property_committee_working_days", "物管会的结果公示几个工作日"),
    ("issue.owners", "业主共同决定"),
    ("taking_part", "参加表决的要有全体的"),
    ("usual", "一般事项，同意要有参加表决的"),
    ("special", "特别事项，同意要有参加表决的"),
    ("body.property_committee", "物管会的组成"),
    ("body.member_list", "成员名单公示"),
    ("least_people", "至少几人"),
    ("even_number", "双数"),
    ("owners_percent", "业主至少占"),
    ("allowed", "可以"),
    ("not_allowed", "不可以"),
    ("body.mediation_committee", "人民调解委员会的组成"),
    ("most_people", "最多几人"),
    ("least_women", "至少几位妇女"),
    ("mediation.limits", "调解的期限"),
    ("accept_days", "登记后几天内受理，受理后几天内开始"),
    ("limit_days", "几天内调解完"),
    ("longer_days", "双方同意，最多延长几天"),
    ("sign_days", "达成后几天内签好字"),
    ("confirm_days", "生效后几天内可以共同申请司法确认"),
    ("callback_days", "履行后几天内回访"),
    ("archive_days", "结束后几天内归档"),
    ("warn_days", "剩几天列在今日"),
    ("mediation.files", "调解卷宗"),
    ("short_years", "短期卷宗保管几年"),
    ("long_years", "长期卷宗保管几年"),
    ("open_minutes", "写明原因以后能看多久"),
    ("shown_from", "公示栏上满几件才显示"),
    ("survey.sample", "年度满意度调查的样本"),
    ("confidence_z", "置信系数（千分之几，1960 就是 95%）"),
    ("margin_per_mille", "误差不超过（千分之几）"),
    ("expected_per_mille", "预计的满意率（千分之几）"),
    ("reserve_percent", "后备占要问的"),
    ("own_grid", "谁的网格谁来问"),
    ("another_grid", "由别的网格的网格员问"),
    ("any_grid", "不管哪个网格"),
    ("survey.questions", "年度满意度调查的问题"),
    ("most_questions", "最多问几个"),
    ("publish_days", "结束后几天内公示结果"),
    ("usual", "常用的问题"),
    ("overall", "总的来说满意吗"),
    ("clean", "楼道院子干净吗"),
    ("safe", "觉得安全吗"),
    ("caretaking", "物业管得好吗"),
    ("answered", "反映的事有回音吗"),
    ("deliberation", "支部和说事议事好吗"),
    ("activities", "老人孩子的活动好吗"),
    ("asked", "问"),
    ("not_asked", "不问"),
    ("hazard.limits", "隐患各环节的时限"),
    ("grade_hours", "登记后多久内定级"),
    ("assign_hours", "定级后多久内交办"),
    ("immediate_hours", "立即整改，多久内改完"),
    ("general_days", "一般隐患最长几天整改完"),
    ("major_days", "重大隐患最长几天整改完"),
    ("reply_days", "移送后几天内回复"),
    ("recheck_days", "整改后几天内复查"),
    ("strike_days", "复查通过后几天内销号"),
    ("supervise_days", "挂牌督办最长几天"),
    ("near_metres", "多少米算近"),
    ("far_metres", "多少米算远"),
    ("hazard.checklist", "隐患排查看哪些"),
    ("look_parking", "校门口停车"),
    ("look_markings", "标线、标志、减速带"),
    ("look_vendors", "流动摊贩"),
    ("look_internet", "200 米内的网吧、娱乐场所"),
    ("look_rental", "周边出租房登记"),
    ("look_fire", "消防通道、器材"),
    ("look_food", "食品店证照、三无食品"),
    ("look_knives", "文具店管制刀具"),
    ("look_tobacco", "烟酒、电子烟卖给学生"),
    ("look_construction", "施工围挡、车辆进出"),
    ("look_enclosed", "封闭化管理"),
    ("look_guards", "专职保安配备、在岗"),
    ("look_alarm", "一键报警、视频联网"),
    ("look_guard_post", "护学岗到岗"),
    ("volunteer.joining", "志愿者登记"),
    ("least_age", "最小几岁可以登记"),
    ("adult_age", "满几岁不用监护人同意"),
    ("consent_days", "等本人同意最多几天"),
    ("vetting_months", "从业查询几个月内有效"),
    ("volunteer.keeping", "志愿者资料的保存"),
    ("applied_days", "报名多少天没有办就删"),
    ("photo_days", "集体签到的合影留多少天"),
    ("contact_phone", "社区的联系电话"),
    ("volunteer.activities", "志愿服务活动"),
    ("closes_minutes", "结束后多久内还能签退"),
    ("remind_hours", "提前多久提醒"),
    ("claim_days", "结束后几天内可以补登"),
    ("volunteer.hours", "志愿服务时长"),
    ("tolerance_minutes", "活动开始前、结束后多久也算"),
    ("day_hours", "一天最多记几小时"),
    ("objection_days", "异议期几天"),
    ("own_days", "做完几天内可以自己填报"),
    ("volunteer.stars", "星级志愿者"),
    ("one_hours", "一星要满"),
    ("two_hours", "二星要满"),
    ("three_hours", "三星要满"),
    ("four_hours", "四星要满"),
    ("five_hours", "五星要满"),
    ("volunteer.certificates", "志愿服务记录证明"),
    ("issue_days", "几个工作日内出具"),
    ("service.needs", "居民的需要和上门服务"),
    ("arrange_days", "几天内派人上门"),
    ("ahead_days", "往后找几天"),
    ("visit_minutes", "上门一次多久"),
    ("morning_hour", "上午几点上门"),
    ("afternoon_hour", "下午几点上门"),
    ("evening_hour", "晚上几点上门"),
    ("visitor_age", "满几岁可以派去上门"),
    ("most_visits_week", "一人七天最多上门几次"),
    ("most_door_day", "公示栏一户一天最多提几项"),
    ("keep_need_days", "办完以后资料存多久"),
    ("service.rounds", "入户服务"),
    ("most_doors", "一次最多走几户"),
    ("note_days", "过后几天内志愿者还能记"),
    ("keep_list_days", "名单存几天"),
    ("after_school.children", "七彩四点半的孩子"),
    ("alone_age", "满几岁可以自行离开"),
    ("most_adults", "最多几个人能接"),
    ("answer_within_days", "等监护人答复多久"),
    ("keep_after_days", "退出以后资料存多久"),
    ("keep_consents_days", "谁同意过，另存多久"),
    ("after_school.sessions", "七彩四点半的课"),
    ("least_adults", "至少几位大人"),
    ("children_per_adult", "一位大人最多看几个孩子"),
    ("young_per_adult", "有小的孩子时，一位大人最多看几个"),
    ("young_age", "几岁以下算小的孩子"),
    ("term_days", "一期最长多久"),
    ("doors_minutes", "提前多久可以开课"),
    ("unopened_minutes", "过了点多久没开课就提醒"),
    ("tardy_minutes", "晚到多久算迟到"),
    ("call_minutes", "没来没请假，多久内打电话"),
    ("alarm_minutes", "下课多久没接走就报警"),
    ("repeat_minutes", "没人答复，隔多久再报"),
    ("answered_minutes", "答复以后还没接走，隔多久再报"),
    ("asked_minutes", "紧急放行提出以后，多久之内要确认"),
    ("code_hours", "接送码管多久"),
    ("code_tries", "接送码最多试错几次"),
    ("most_pictures", "一次课最多几张照片"),
    ("picture_days", "照片存几天"),
    ("unshown_hours", "没写里面有谁的照片存几小时"),
    ("after_school.terms", "七彩四点半的学期和排班"),
    ("vacations", "寒暑假，每年都写寒假和暑假"),
    ("rota_days", "提前几天看带班的人够不够"),
    ("after_school.help", "七彩四点半的帮扶名单"),
    ("from_age", "从几岁看起"),
    ("under_age", "看到几岁"),
    ("tagged_under_age", "留守、困境的看到几岁"),
    ("grown_age", "几岁算大人"),
    ("elder_age", "几岁算老人"),
    ("next_days", "隔多久再看"),
    ("keep_help_days", "帮扶记录存多久"),
    ("after_school.messages", "七彩四点半的消息"),
    ("answer_hours", "多久内看家长的留言"),
    ("keep_messages_days", "消息存多久"),
    ("after_school.incidents", "七彩四点半的事件记录"),
    ("report_minutes", "疑似侵害多久内登记报告"),
    ("follow_hours", "别的事多久内跟进"),
    ("settle_days", "跟进以后多久要了结"),
    ("earliest_days", "最早能补记多久以前的事"),
    ("police_number", "报警电话"),
    ("hotline_number", "政务服务热线"),
    ("youth_number", "青少年服务台"),
    ("keep_incidents_days", "了结以后存多久"),
    ("keep_harm_days", "疑似侵害了结以后存多久"),
    ("meeting.joint", "物业联席会议"),
    ("property", "物业"),
    ("member", "党员"),
    ("resident", "居民代表"),
    ("community", "社区"),
    ("needed", "每月要到"),
    ("free", "可来可不来"),
    ("meeting.duties", "该开的会多久一次"),
    ("member_assembly", "党员大会"),
    ("branch_committee", "支委会"),
    ("group_meeting", "党小组会"),
    ("party_class", "党课"),
    ("theme_day", "主题党日"),
    ("life_meeting", "组织生活会"),
    ("appraisal", "民主评议党员"),
    ("secretary_class", "书记讲党课"),
    ("joint_meeting", "物业联席会议"),
    ("remind_days", "剩几天还没开就提醒"),
    ("month", "每月一次"),
    ("quarter", "每季度一次"),
    ("year", "每年一次"),
    ("never", "不提醒"),
    ("meeting.minutes", "会议记录"),
    ("reviewer", "谁来审核"),
    ("another", "提交人以外的人"),
    ("anybody", "谁都可以"),
    ("meeting.sign_in", "会议签到"),
    ("opens_minutes", "提前多久可以签到"),
    ("late_minutes", "过多久算迟到"),
    ("code_seconds", "墙上的码多少秒一换"),
    ("form_minutes", "扫码后多久内填完"),
    ("board.objections", "公示的异议"),
    ("registry.import", "导入居民信息登记表"),
    ("rows_per_step", "每一步写入多少行"),
    ("keep_rows_days", "原始行保留多久"),
    ("visit.rules", "敲门行动"),
    ("attempts", "几次没人不再敲"),
    ("apart_minutes", "多久内再敲算同一次"),
    ("evening_hour", "几点以后算晚上"),
    ("questions", "门口最多问几个问题"),
    ("cluster_reports", "同类诉求满几件提示摸底"),
    ("cluster_days", "往回数多少天"),
    ("offline.records", "走访上传"),
    ("keep_days", "写下的内容保留多少天"),
    ("review_hours", "没能登记的多久内核对"),
    ("held_most", "一个账号最多压多少条待核对"),
    ("registry.requests", "个人信息请求"),
    ("answer_days", "多久内答复（天）"),
    ("soon_days", "剩多少天算快到期"),
    ("party.organisations", "党组织的提示"),
    ("most_members", "一个党支部一般不超过多少名党员"),
    ("fewest_full", "一个党支部至少几名正式党员"),
    ("committee_from", "满几名正式党员要设支部委员会"),
    ("committee_people", "支部委员会至少几人"),
    ("term_years", "一届几年"),
    ("remind_days", "到期前多久提醒换届"),
    ("party.roll", "党员大会的应到会"),
    ("floating_attend", "流动党员算不算应到"),
    ("watched_attend", "留党察看的算不算应到"),
    ("suspended_attend", "停止党籍的算不算应到"),
    ("counted", "算"),
    ("not_counted", "不算"),
    ("party.import", "导入党员花名册"),
    ("channel.limits", "通知渠道的限额"),
    ("wecom", "企业微信机器人"),
    ("dingtalk", "钉钉机器人"),
    ("feishu", "飞书机器人"),
    ("mail", "邮件"),
    ("sms", "短信"),
    ("bytes", "一条最多多少字节"),
    ("per_minute", "每分钟最多几条"),
    ("per_second", "每秒最多几条"),
    ("channel.hooks", "程序接收事件"),
    ("dead_in_a_row", "连续几条发不出去就停用"),
    ("channel.sending", "通知发送"),
    ("quiet_from_hour", "晚上几点起不打扰"),
    ("quiet_until_hour", "早上几点起再发"),
    ("tries", "发几次不成就转人工"),
    ("first_wait_seconds", "第一次失败后隔几秒再试"),
    ("longest_wait_minutes", "最长隔多久再试"),
    ("pause_seconds", "对方说太频繁时停几秒"),
    ("answer_seconds", "最多等几秒回应"),
    ("registry.exports", "导出完整号码的名单"),
    ("take_hours", "批准后多久内领取"),
    ("registry.restricted_tags", "限制登记的标签（精神障碍、社区矫正、安置帮教）"),
    ("registered", "登记不登记"),
    ("off", "不登记"),
    ("on", "登记"),
    ("duty.fixings", "护学岗几定"),
    ("fix_school", "定校"),
    ("fix_point", "定点"),
    ("fix_person", "定人"),
    ("fix_post", "定岗"),
    ("fix_time", "定时"),
    ("fix_duty", "定责"),
    ("required", "要定"),
    ("not_required", "不要求"),
    ("duty.windows", "护学岗的时间"),
    ("early_minutes", "打铃前多久到岗"),
    ("stay_minutes", "打铃后多久离岗"),
    ("check_in_minutes", "到岗前多久起能签到"),
    ("check_out_minutes", "结束后多久内能签退"),
    ("missing_minutes", "多久没来算缺岗"),
    ("standby_minutes", "备勤多久内答复"),
    ("duty.alone", "谁能单独上岗"),
    ("alone_officer", "民警"),
    ("alone_auxiliary", "辅警"),
    ("alone_patrol", "巡特警"),
    ("alone_security", "学校保安"),
    ("alone_teacher", "教师"),
    ("alone_parent", "家长志愿者"),
    ("duty.telling", "护学岗告诉学校"),
    ("school_minutes", "安排变了多久以后告诉学校"),
    ("duty.calling", "提前说来不了"),
    ("call_hours", "上岗前多久起自动叫备勤"),
    ("duty.holidays", "护学岗的假期"),
    ("holiday_days", "两个学期之间最长隔多久"),
    ("patrol.usual", "巡逻路线一开始填的数"),
    ("between_minutes", "每个点最长隔多久有人到"),
    ("patrol_tolerance_minutes", "晚多久还不算断"),
    ("walk_from_hour", "从几点走起"),
    ("walk_to_hour", "走到几点"),
    ("note_hours", "看到的情况多久内处理"),
    ("patrol.rounds", "巡逻的轮次"),
    ("round_minutes", "没有写走多久的，一轮按多久算"),
    ("desk_hours", "电台里报的到点，多久内能替他登记"),
    ("patrol.departure", "巡逻到点没出发"),
    ("departure_minutes", "过了出发时间多久提醒值班室"),
    ("duty.rostering", "护学岗自动排班"),
    ("rest_hours", "两天的班之间至少休息"),
    ("roster_days", "一次最多排"),
    ("deployment.targets", "部署方案的目标"),
    ("response_minutes", "备勤多久内到"),
    ("inform_hours", "批准后多久内学校要知道"),
    ("lecture.confidences", "学生的求助"),
    ("again_minutes", "超时没有报告，隔多久再提醒"),
    ("lecture.year", "学年"),
    ("term_weeks", "一学年上课和考试几周"),
    ("lecture.rules", "法治进校园"),
    ("lead_days", "至少提前几个工作日"),
    ("primary_minutes", "小学一课时"),
    ("secondary_minutes", "中学一课时"),
    ("vice_lessons", "法治副校长每年至少几课时"),
    ("tell_minutes", "学生求助多久内要报告"),
    ("remind_ahead_days", "提前几天提醒"),
    ("sign_in_minutes", "上课前多久起班级能签到"),
    ("overrun_minutes", "最多比约定的多讲多久"),
    ("visit_lessons", "去一次讲几课时"),
    ("keep_photos_days", "课堂照片存多久"),
    ("keep_confidence_days", "学生求助了结以后存多久"),
    ("first_hour", "最早几点上课"),
    ("last_hour", "最晚几点下课"),
    ("fewest_sheets", "答卷少于几份不显示结果"),
];

pub fn words(code: &str) -> &str {
    WORDS.iter().find(|(known, _)| *known == code).map_or(code, |(_, words)| words)
}

/// One number, or one choice, of a setting.
#[derive(Debug, Clone)]
pub struct Number {
    /// Where it stands in the group, as a JSON pointer; also the name of its field in a form.
    pub path: String,
    /// The names that lead to it.
    pub label: String,
    value: Value,
}

/// The numbers of a group and of the groups within it, in the order in which they are read.
pub fn numbers(group: &Value) -> Vec<Number> {
    collect("", "", group)
}

fn collect(path: &str, label: &str, group: &Value) -> Vec<Number> {
    let mut members: Vec<(&String, &Value)> = group.as_object().into_iter().flatten().collect();
    members.sort_by_key(|(code, _)| WORDS.iter().position(|(known, _)| known == code));
    let numbers = members.into_iter().flat_map(|(code, value)| {
        let (path, label) = (format!("{path}/{code}"), format!("{label}{}", words(code)));
        if value.is_object() {
            collect(&path, &format!("{label}："), value)
        } else {
            vec![Number { path, label, value: value.clone() }]
        }
    });
    numbers.collect()
}

impl Number {
    /// The end of its code says in what it is counted.
    fn unit(&self) -> &str {
        self.path.rsplit(['_', '/']).next().unwrap_or_default()
    }

    /// Whether it stands in one line: words may be long.
    pub fn is_number(&self) -> bool {
        self.value.is_number()
    }

    pub fn text(&self) -> String {
        match (self.unit(), &self.value) {
            ("minutes", Value::Number(minutes)) => duration(minutes.as_i64().unwrap_or_default()),
            ("hours", hours) => format!("{hours} 小时"),
            ("days", days) => format!("{days} 天"),
            ("percent", percent) => format!("{percent}%"),
            (_, Value::String(code)) => words(code).to_owned(),
            (_, other) => other.to_string(),
        }
    }

    /// The choices of a value that is no number, with their words.
    pub fn choices(&self) -> Vec<(&'static str, &'static str)> {
        let choices: &[&str] = match self.value.as_str() {
            Some("off" | "on") => &["off", "on"],
            Some("half_or_more" | "more_than_half" | "two_thirds" | "three_quarters" | "four_fifths") => {
                &["half_or_more", "more_than_half", "two_thirds", "three_quarters", "four_fifths"]
            }
            Some("eligible" | "present") => &["eligible", "present"],
            Some("counted" | "not_counted") => &["counted", "not_counted"],
            Some("another" | "anybody") => &["another", "anybody"],
            Some("allowed" | "not_allowed") => &["allowed", "not_allowed"],
            Some("another_grid" | "any_grid") => &["another_grid", "any_grid"],
            Some("required" | "not_required") => &["required", "not_required"],
            Some("asked" | "not_asked") => &["asked", "not_asked"],
            Some("shown" | "not_shown") => &["shown", "not_shown"],
            Some("needed" | "free") => &["needed", "free"],
            Some("month" | "quarter" | "year" | "never") => &["month", "quarter", "year", "never"],
            _ if self.unit() == "vacations" => &[],
            // A number to call is written as it is dialled, with the nought in front.
            Some(text) if is_dialled(text) => &[],
            Some(_) => &["natural", "working"],
            None => &[],
        };
        WORDS.iter().copied().filter(|(code, _)| choices.contains(code)).collect()
    }

    /// What a form's field begins with.
    pub fn filled(&self) -> String {
        self.value.as_str().map_or_else(|| self.text(), str::to_owned)
    }

    /// Reads what somebody wrote in place of this value.
    ///
    /// Errors: a sentence that says how to write it.
    pub fn parse(&self, text: &str) -> Result<Value, String> {
        let text = codes::text::half_width(text.trim()).replace(' ', "");
        if self.value.as_str().is_some_and(is_dialled) {
            let number = text.replace('-', "");
            let fits = is_dialled(&number) && (3..=12).contains(&number.len());
            return if fits {
                Ok(Value::from(number))
            } else {
                Err(format!("{}请写电话号码，只写数字", self.label))
            };
        }
        if self.unit() == "vacations" {
            let read = calendar::WorkingDays::default().with_vacations(&text);
            return read.map(|_| Value::from(text)).map_err(|error| error.to_string());
        }
        if self.value.is_string() {
            let known = self.choices().iter().any(|(code, _)| *code == text);
            return if known { Ok(Value::from(text)) } else { Err(format!("请选择{}", self.label)) };
        }
        let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
        let factor = match (self.unit(), unit) {
            ("minutes", "分钟" | "分")
            | ("hours", "小时" | "时" | "")
            | ("days", "天" | "日" | "")
            | ("percent", "%" | "") => Some(1),
            ("minutes", "小时" | "时") => Some(60),
            ("minutes", "天" | "日") => Some(1440),
            ("minutes" | "hours" | "days" | "percent", _) => None,
            (_, "") => Some(1),
            _ => None,
        };
        let number = digits.parse::<i64>().ok().zip(factor).and_then(|(number, factor)| number.checked_mul(factor));
        let most = if self.unit() == "percent" { 100 } else { LARGEST };
        // No tolerance is a tolerance; no time for something is none.
        let least = i64::from(!self.path.contains("tolerance"));
        match number {
            Some(number) if (least..=most).contains(&number) => Ok(Value::from(number)),
            Some(_) => Err(format!("{}要大于 0，也不能大得离谱", self.label)),
            None => Err(format!("{}看不懂，请照原来的样子写，如“{}”", self.label, self.text())),
        }
    }
}

fn is_dialled(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Ten years in minutes: nothing that is set takes longer, or more.
const LARGEST: i64 = 10 * 366 * 1440;

fn duration(minutes: i64) -> String {
    match (minutes % 1440, minutes % 60) {
        _ if minutes == 0 => "0 分钟".to_owned(),
        (0, _) => format!("{} 天", minutes / 1440),
        (_, 0) => format!("{} 小时", minutes / 60),
        _ => format!("{minutes} 分钟"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Defaults;

    #[test]
    fn every_default_is_named_in_words_and_read_back() {
        let defaults: Defaults = toml::from_str(include_str!("defaults.toml")).unwrap();
        for default in defaults.setting {
            assert_ne!(words(&default.name), default.name);
            for number in numbers(&default.value) {
                let (label, text) = (&number.label, number.text());
                assert!(!label.contains(|c: char| c.is_ascii_alphabetic()), "{label}");
                assert!(!text.contains(|c: char| c.is_ascii_alphabetic()), "{label}: {text}");
                assert_eq!(number.parse(&number.filled()).as_ref(), Ok(&number.value), "{label}");
                assert_eq!(default.value.pointer(&number.path), Some(&number.value));
            }
        }
    }

    #[test]
    fn durations_are_in_the_largest_unit_that_fits() {
        assert_eq!([90, 120, 21_600].map(duration), ["90 分钟", "2 小时", "15 天"]);
    }

    #[test]
    fn what_people_write_is_understood_or_turned_back_with_a_hint() {
        let of = |code: &str, value: Value| Number { path: format!("/{code}"), label: "期限".to_owned(), value };
        let minutes = of("accept_minutes", Value::from(1440));
        assert_eq!(minutes.parse("２ 天"), Ok(Value::from(2880)));
        assert_eq!(minutes.parse("36小时"), Ok(Value::from(2160)));
        for wrong in ["2", "", "天", "-1 天", "0 天", "两天", "99999999999999999999 天", "4000 天"] {
            assert!(minutes.parse(wrong).is_err(), "{wrong}");
        }
        assert!(of("soon_percent", Value::from(80)).parse("101%").is_err());
        assert_eq!(of("clock", Value::from("natural")).parse("working"), Ok(Value::from("working")));
        assert!(of("clock", Value::from("natural")).parse("moon").is_err());
        let number = of("police_number", Value::from("110"));
        assert!(number.choices().is_empty() && number.text() == "110");
        assert_eq!(number.parse("0358-0000110"), Ok(Value::from("03580000110")));
        for wrong in ["", "11", "报警", "1100000000000"] {
            assert!(number.parse(wrong).is_err(), "{wrong}");
        }
    }
}
