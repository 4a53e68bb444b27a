use askama::Template;
use axum::extract::{Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Deserialize;

use super::{Listed, Verdict, list, verify};
use crate::access::{Permission, Role, Routes, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::web::{Form, Shell, page};

pub fn routes() -> Routes {
    Routes::default()
        .get("/audit", Permission::AuditRead, show)
        .post("/audit/verification", Permission::AuditRead, check)
        .get("/audit/anchor", Permission::AuditRead, anchor)
}

const PAGE: usize = 50;

/// What was done, in words. A code that is not here is shown as it stands.
const ACTIONS: &[(&str, &str)] = &[
    ("create", "新建"),
    ("update", "修改"),
    ("remove", "删除"),
    ("sign_in", "登录"),
    ("sign_in_failed", "登录失败"),
    ("sign_out", "退出登录"),
    ("invite", "发出邀请码"),
    ("revoke", "强制退出"),
    ("reset_password", "重设密码"),
    ("expire_password", "要求换密码"),
    ("change_password", "换密码"),
    ("change_pin", "换 PIN 码"),
    ("grant", "授权"),
    ("revoke_grant", "收回授权"),
    ("disable", "停用"),
    ("enable", "恢复"),
    ("approve_token", "批准令牌"),
    ("revoke_token", "作废令牌"),
    ("file_by_token", "凭令牌登记诉求"),
    ("read_internal", "凭令牌查看诉求原话和内部记录"),
    ("read_reporter", "凭令牌查看反映人（打码）"),
    ("assign_grid", "划入网格"),
    ("set_use", "改住房用途"),
    ("set", "定参数"),
    ("tell_apart", "认定不是同一个人"),
    ("reveal", "查看完整号码"),
    ("import", "导入"),
    ("propose_exclusion", "提出不计入三率"),
    ("approve_exclusion", "批准不计入三率"),
    ("refuse_exclusion", "不批准剔除"),
    ("revoke_exclusion", "取消剔除"),
    ("export", "导出"),
    ("ask_export", "申请导出完整号码"),
    ("approve_export", "批准导出完整号码"),
    ("refuse_export", "不批准导出"),
    ("export_whole", "导出完整号码的名单"),
    ("file_request", "登记个人信息请求"),
    ("complete_request", "办理个人信息请求"),
    ("refuse_request", "拒绝个人信息请求"),
    ("copy", "出具登记内容副本"),
    ("erase", "删去登记内容"),
    ("apply", "写入登记"),
    ("stage", "上传登记表"),
    ("apply_step", "写入登记（一步）"),
    ("cancel", "取消"),
    ("call_off_shifts", "一并取消不用站的班"),
    ("confirm_tag", "确认标签"),
    ("note", "记下发现的变化"),
    ("accept_finding", "采纳发现的变化"),
    ("refuse_finding", "不采纳发现的变化"),
    ("tag", "加标签"),
    ("untag", "去标签"),
    ("publish", "公示"),
    ("withdraw", "撤下公示"),
    ("filed", "反映"),
    ("supplemented", "补充情况"),
    ("withdrawn", "反映人撤回"),
    ("accepted", "受理"),
    ("refused", "不予受理"),
    ("redirected", "转其他渠道"),
    ("merged", "并案"),
    ("dispatched", "派单"),
    ("progressed", "办理进展"),
    ("extension_requested", "申请延期"),
    ("extension_decided", "延期审批"),
    ("suspension_requested", "申请挂账"),
    ("suspended", "挂账"),
    ("suspension_refused", "没有同意挂账"),
    ("resumed", "恢复办理"),
    ("disputed", "派单异议"),
    ("dispute_upheld", "异议成立"),
    ("dispute_refused", "异议不成立"),
    ("escalated", "吹哨上报"),
    ("escalation_acknowledged", "上级报到"),
    ("escalation_declined", "上级退回"),
    ("escalation_recalled", "撤回吹哨"),
    ("blown", "吹哨"),
    ("assigned", "派哨"),
    ("checked_in", "报到"),
    ("went_on", "吹哨的进展"),
    ("answered", "吹哨办结答复"),
    ("declined", "退回吹哨"),
    ("recalled", "撤哨"),
    ("asker_rated", "吹哨方评价"),
    ("responder_rated", "报到方评价"),
    ("owners_voted", "业主表决"),
    ("owners_waived", "没有业主表决先办"),
    ("done", "办结"),
    ("published", "结果公示"),
    ("contact_failed", "联系不上反映人"),
    ("unreachable", "未能测评"),
    ("surveyed", "满意度测评"),
    ("neighbour_surveyed", "邻居测评"),
    ("reopened", "重新办理"),
    ("closed", "销号"),
    ("acknowledged", "反馈支部"),
    ("announced", "列入议题"),
    ("deliberated", "会上商议"),
    ("announce", "发会议通知"),
    ("begin", "开会"),
    ("end", "散会"),
    ("enrol", "报名"),
    ("opinion", "留言"),
    ("sign_in_meeting", "签到"),
    ("reword", "改说法"),
    ("submit_minutes", "提交会议记录"),
    ("return_minutes", "退回会议记录"),
    ("archive_minutes", "会议记录归档"),
    ("correct_minutes", "更正会议记录"),
    ("held", "已进行"),
    ("call_roll", "点名"),
    ("reply", "回复通知"),
    ("resolved", "形成决议"),
    ("rejected", "表决没有通过"),
    ("deferred", "下次再议"),
    ("dropped", "不再议"),
    ("deal", "分派"),
    ("join", "参加"),
    ("leave", "退出"),
    ("open", "开始"),
    ("extend", "改截止的日子"),
    ("withdraw", "撤回"),
    ("hold", "收下待核对"),
    ("dispute", "同一编号又来一份"),
    ("agree", "同意亮身份"),
    ("take_back", "撤回亮身份"),
    ("object", "提出异议"),
    ("answer", "答复异议"),
    ("post_paper", "存公示栏照片"),
    ("give_calendar", "开通会议日历"),
    ("take_calendar", "停用会议日历"),
    ("ask_member", "居民找党员"),
    ("tell_member", "转告党员"),
    ("answer_help", "党员答复"),
    ("consent_mediation", "答复调解"),
    ("passed_on", "党员转给支部"),
    ("consented", "双方同意调解"),
    ("mediation_began", "转调解"),
    ("mediation_ended", "调解结束"),
    ("mediate", "调解"),
    ("open_file", "打开卷宗，看完整姓名和号码"),
    ("agree_to_serve", "本人同意当志愿者"),
    ("confirm_volunteer", "确认志愿者"),
    ("refuse_volunteer", "不登记为志愿者"),
    ("guardian_agree", "登记监护人同意"),
    ("renew_link", "换本人的链接"),
    ("vet", "登记从业查询结果"),
    ("void", "登记错了，作废"),
    ("end_need", "结束居民的需要"),
    ("ask_to_go", "派人上门"),
    ("call_off_visit", "取消上门"),
    ("answer_visit", "答复上门"),
    ("note_door", "登记入户结果"),
    ("count_served", "登记外来服务来了多少"),
    ("miss_date", "登记外来服务没有来"),
    ("stop_coming", "登记外来服务不再来"),
    ("open_child", "看孩子的资料"),
    ("add_keeper", "排上带班"),
    ("remove_keeper", "从带班表去掉"),
    ("keeper_came", "带班的到了"),
    ("open_class", "开课"),
    ("expect_child", "加孩子"),
    ("unexpect_child", "去掉孩子"),
    ("child_came", "点名：到了"),
    ("child_on_leave", "点名：请假"),
    ("child_missing", "点名：没来"),
    ("call_guardian", "给监护人打电话"),
    ("ask_emergency", "提出紧急放行"),
    ("release_child", "放行"),
    ("too_few_adults", "人不够也记了到"),
    ("take_back_release", "撤回放行"),
    ("account_for_class", "说明没开的课上孩子怎样了"),
    ("wrong_code", "接送码不对"),
    ("add_picture", "存照片"),
    ("show_picture", "给监护人看照片"),
    ("remove_picture", "删照片"),
    ("raise_alarm", "没接走，报警"),
    ("answer_alarm", "答复警报"),
    ("tell_family", "通知家长课取消、改了"),
    ("keeper_not_there", "带班的没到，是点错的"),
    ("child_unexpected", "点名时加孩子"),
    ("make_code", "发接送码"),
    ("withdraw_code", "收回接送码"),
    ("open_help_list", "打开帮扶名单"),
    ("help_child", "登记帮扶"),
    ("send_message", "和监护人发消息"),
    ("open_incident", "打开七彩四点半的事件记录"),
    ("add_to_incident", "补充七彩四点半的事件记录"),
    ("suspect_harm", "改为疑似侵害"),
    ("follow_incident", "开始跟进"),
    ("close_incident", "了结"),
    ("report_harm", "登记强制报告"),
    ("hand_over_incident", "下载事件记录移交"),
    ("step_hazard", "办理隐患"),
    ("finish_round", "登记排查结果"),
    ("set_pickup", "改能接、不能接孩子的人"),
    ("consent", "登记同意"),
    ("take_back_consent", "撤回同意"),
    ("join_team", "加入服务队"),
    ("sign_up", "报名"),
    ("give_up_place", "取消报名"),
    ("move_up", "候补补上"),
    ("read_risk", "看过风险提示"),
    ("remove_group_photo", "删去合影"),
    ("sign_in_activity", "活动签到"),
    ("sign_out_activity", "活动签退"),
    ("claim_presence", "补登到场"),
    ("grant_presence", "认可补登"),
    ("deny_presence", "不认可补登"),
    ("confirm_hours", "确认服务时长"),
    ("submit_hours", "填报服务时长"),
    ("refuse_hours", "服务时长不计"),
    ("approve_hours", "审核服务时长"),
    ("object_hours", "对服务时长有异议"),
    ("answer_hours", "答复时长异议"),
    ("correct_hours", "更正服务时长"),
    ("apply_star", "申请星级"),
    ("award_star", "授予星级"),
    ("refuse_star", "不授予星级"),
    ("withdraw_star", "收回星级"),
    ("apply_certificate", "申请服务证明"),
    ("issue_certificate", "出具服务证明"),
    ("refuse_certificate", "不出具服务证明"),
    ("revoke_certificate", "撤销服务证明"),
    ("print_certificate", "打印服务证明"),
    ("quit_team", "退出服务队"),
    ("honour", "登记表彰"),
    ("take_back_honour", "删去登记错的表彰"),
    ("book", "预约"),
    ("rebook", "改预约"),
    ("set_hours", "改开放时间"),
    ("close", "临时关闭"),
    ("reopen", "恢复开放"),
    ("take_post", "登记职务"),
    ("end_post", "免去职务"),
    ("note_duty", "记履职"),
    ("try_out", "试发通知"),
    ("resend", "重发通知"),
    ("give_up", "放弃发送"),
    ("enter", "补登记"),
    ("dismiss", "不再登记"),
    ("rule", "裁定以哪份为准"),
    ("bring", "补传手机文件"),
    ("answer_survey", "记下一户的回答（不记内容）"),
    ("note_survey", "上门没问成"),
    ("confirm", "确认"),
    ("set_reaches", "填到校分钟数"),
    ("set_ways", "填学校之间的分钟数"),
    ("pin", "固定这一班"),
    ("unpin", "不再固定这一班"),
    ("tell", "告诉学校安排变了"),
    ("tell_called_off", "告诉本人班取消了"),
    ("add_leave", "登记请假"),
    ("drop_leave", "取消请假"),
    ("set_peaks", "改能站哪些时段"),
    ("set_times", "改什么时候能站"),
    ("bar_from_post", "登记不能站的岗"),
    ("lift_bar", "去掉不能站的岗"),
    ("come_on_post", "到岗签到"),
    ("leave_post", "离岗签退"),
    ("correct_presence", "补登到岗离岗时间"),
    ("hand_over_post", "写交接"),
    ("absent_from_post", "记缺岗"),
    ("take_absence_back", "撤销缺岗"),
    ("call_standby", "叫备勤"),
    ("accept_standby", "答应顶岗"),
    ("decline_standby", "不能顶岗"),
    ("ask_swap", "申请换岗"),
    ("agree_swap", "同意和同事换岗"),
    ("refuse_swap", "没有换岗"),
    ("withdraw_swap", "撤回换岗"),
    ("approve_swap", "批准换岗"),
    ("begin_patrol", "出发巡逻"),
    ("check_patrol", "巡逻到点"),
    ("end_patrol", "结束巡逻"),
    ("answer_patrol", "处理巡逻看到的情况"),
    ("submit_plan", "交批部署方案"),
    ("approve_plan", "批准部署方案"),
    ("return_plan", "退回部署方案"),
    ("simulate_plan", "推演部署方案"),
    ("acknowledge_plan", "学校说知道了"),
    ("desensitise", "材料脱敏"),
    ("give_back", "退回材料"),
    ("approve", "审核通过"),
    ("withdraw_material", "停用材料"),
    ("replace_file", "换文件"),
    ("share_material", "把材料、主题送给社区"),
    ("take_back_material", "送材料的单位停用了"),
    ("accept_material", "收下普法材料"),
    ("drop_material", "删去普法材料"),
    ("sign_in_class", "班级签到"),
    ("put_away", "不再用"),
    ("end_term", "结束任期"),
    ("receive_material", "收到普法材料"),
    ("end_request", "了结学校的需求"),
    ("propose", "提出上课时间"),
    ("move_lecture", "改上课时间"),
    ("turn_school_year", "新学年，年级加一"),
    ("turn_school_year_back", "撤销年级加一"),
    ("relist_class", "重新列出一个班"),
    ("attach_material", "加上材料"),
    ("detach_material", "拿掉材料"),
    ("record_lecture", "登记上课情况"),
    ("say_own_words", "讲师写自评"),
    ("confirm_lecture", "确认上课情况"),
    ("confirm_on_paper", "登记学校在纸上的确认"),
    ("dispute_lecture", "说上课情况不属实"),
    ("set_present", "改一个班到了多少人"),
    ("add_question", "记学生的问题"),
    ("answer_question", "回复学生的问题"),
    ("add_photo", "加课堂照片"),
    ("remove_photo", "不再显示照片"),
    ("confide", "收到学生求助（不记内容）"),
    ("read_confidence", "看学生求助（不记内容）"),
    ("report_confidence", "登记报告（不记内容）"),
    ("follow_confidence", "跟进学生求助（不记内容）"),
    ("close_confidence", "了结学生求助（不记内容）"),
    ("dismiss_confidence", "判断学生求助没有受到侵害或者重复（不记内容）"),
    ("close_quiz", "收卷"),
];

/// What it was done to, in words.
const SUBJECTS: &[(&str, &str)] = &[
    ("tenant", "社区"),
    ("organisation", "单位"),
    ("account", "账号"),
    ("session", "登录"),
    ("setting", "参数"),
    ("api_token", "接口令牌"),
    ("photo", "照片"),
    ("estate", "小区"),
    ("grid", "网格"),
    ("building", "楼栋"),
    ("unit", "单元"),
    ("dwelling", "住房"),
    ("household", "家庭"),
    ("resident", "居民"),
    ("finding", "发现的变化"),
    ("restricted_tag", "限制登记的标签"),
    ("data_request", "个人信息请求"),
    ("import", "导入"),
    ("residents", "居民名单"),
    ("saved_view", "存的名单"),
    ("export_request", "导出申请"),
    ("publication", "公示"),
    ("help", "找党员"),
    ("whistle", "吹哨"),
    ("counterpart", "上下级对接"),
    ("mediation", "调解案件"),
    ("community_survey", "满意度调查"),
    ("volunteer", "志愿者"),
    ("volunteers", "志愿者花名册"),
    ("volunteer_hours", "志愿服务记录"),
    ("volunteer_team", "志愿服务队"),
    ("volunteer_activity", "志愿服务活动"),
    ("volunteer_certificate", "服务记录证明"),
    ("volunteer_import", "导入志愿者花名册"),
    ("service_kind", "服务类别"),
    ("service_need", "居民的需要"),
    ("service_round", "入户服务"),
    ("service_outcome", "上门结果"),
    ("service_provider", "外来服务单位"),
    ("service_standing", "外来服务"),
    ("service_date", "外来服务的一次"),
    ("child", "七彩四点半的孩子"),
    ("class_session", "七彩四点半的课"),
    ("class_incident", "七彩四点半的事件记录"),
    ("class_help", "七彩四点半的帮扶名单"),
    ("duty_school", "护学岗的学校"),
    ("duty_gate", "护学岗的岗位"),
    ("duty_slot", "护学岗的时段"),
    ("duty_term", "护学岗的学期"),
    ("duty_day", "护学岗的特殊日子"),
    ("duty_person", "护学岗的人员"),
    ("duty_shift", "护学岗的班"),
    ("duty_roster", "护学岗的排班"),
    ("duty_coverage", "护学岗覆盖表"),
    ("patrol_route", "巡逻路线"),
    ("patrol_point", "巡逻的点"),
    ("patrol_round", "一轮巡逻"),
    ("patrol_check", "巡逻到点记录"),
    ("patrol_figures", "巡逻不间断率"),
    ("deployment_plan", "部署方案"),
    ("hazard", "隐患"),
    ("hazards", "隐患台账"),
    ("hazard_round", "隐患排查"),
    ("hazard_place", "重点部位"),
    ("hazard_survey", "学校调研"),
    ("lecture_school", "法治课的学校"),
    ("lecture_hall", "法治课的场地"),
    ("lecture_class", "法治课的班级"),
    ("lecture_vice_principal", "法治副校长"),
    ("lecture_term", "法治课的学期"),
    ("lecture_period", "考试和不上课的日子"),
    ("lecture_subject", "法治课的主题、形式"),
    ("lecturer", "法治课讲师"),
    ("lecturer_vetting", "讲师的从业查询"),
    ("lecture_material", "课件和案例"),
    ("law_material", "普法材料"),
    ("lecture_call", "法治课需求征集"),
    ("lecture_request", "学校的法治课需求"),
    ("lecture_agreement", "检校共建协议"),
    ("lecture_campaign", "法治课专项活动"),
    ("lecture_session", "法治课"),
    ("lecture_question", "法治课题目"),
    ("lecture_confidence", "学生的求助"),
    ("venue", "场地"),
    ("booking", "场地预约"),
    ("contact", "公开联系人"),
    ("issue", "诉求"),
    ("meeting", "会议"),
    ("agenda_item", "议题"),
    ("body", "物管会、居民代表、居委会"),
    ("owner_vote", "业主表决"),
    ("ledger", "问题台账"),
    ("report", "报表"),
    ("outbox_message", "后台的事"),
    ("procedure", "四议两公开"),
    ("party_organisation", "党组织"),
    ("party_instructor", "党建指导员"),
    ("party_member", "党员"),
    ("party_import", "导入党员花名册"),
    ("work_orders", "12345 工单"),
    ("work_order_layout", "12345 工单的栏目"),
    ("channel", "通知渠道"),
    ("delivery", "发到渠道的通知"),
    ("campaign", "敲门行动"),
    ("visit", "走访"),
    ("offline_record", "走访上传"),
    ("offline_export", "手机导出的文件"),
];

fn words<'a>(table: &[(&str, &'static str)], code: &'a str) -> &'a str {
    table.iter().find(|(known, _)| *known == code).map_or(code, |(_, words)| words)
}

impl Listed {
    /// Who did it: the account's name and the role in which it acted. Residents and the program have no account; whoever
    /// signs in has no role yet.
    fn who(&self) -> String {
        let role = role_words(&self.role);
        match &self.account_name {
            Some(name) if self.role == Role::System.code() => name.clone(),
            Some(name) => format!("{name} · {role}"),
            None => role.to_owned(),
        }
    }

    fn what(&self) -> &str {
        words(ACTIONS, &self.action)
    }

    fn subject(&self) -> &str {
        words(SUBJECTS, &self.subject_kind)
    }

    /// Why; for an account the roles that it was given or that were taken from it.
    fn why(&self) -> String {
        if self.subject_kind == "account" && matches!(self.action.as_str(), "create" | "grant" | "revoke_grant") {
            let roles: Vec<&str> = self.reason.split(',').map(role_words).collect();
            return roles.join("、");
        }
        self.reason.clone()
    }
}

fn role_words(code: &str) -> &str {
    Role::parse(code).map_or(code, |role| role.label())
}

#[derive(Template)]
#[template(path = "audit/audit.html")]
struct AuditPage {
    shell: Shell,
    entries: Vec<Listed>,
    next: Option<String>,
    verdict: Option<Verdict>,
}

#[derive(Deserialize)]
struct Paging {
    before: Option<i64>,
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Query(paging): Query<Paging>) -> Result<Response> {
    page(&audit_page(&app, &viewer, shell, paging.before.unwrap_or(i64::MAX), None).await?)
}

/// Walks the whole chain and shows what it found above the newest entries.
async fn check(State(app): State<App>, viewer: Viewer, shell: Shell, _: Form) -> Result<Response> {
    let verdict = verify(&mut app.db.read().await?, viewer.tenant).await?;
    page(&audit_page(&app, &viewer, shell, i64::MAX, Some(verdict)).await?)
}

async fn audit_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    before: i64,
    verdict: Option<Verdict>,
) -> Result<AuditPage> {
    let mut entries = list(&mut app.db.read().await?, viewer.tenant, before, PAGE as i64 + 1).await?;
    let more = entries.len() > PAGE;
    entries.truncate(PAGE);
    let last = entries.last().filter(|_| more);
    let next = last.map(|entry| format!("/audit?before={}", entry.position));
    Ok(AuditPage { shell, entries, next, verdict })
}

/// The end of the chain as a small text to be kept elsewhere: whoever rewrites the whole chain cannot rewrite that.
///
/// Errors: refused if the chain does not hold, since then there is nothing to vouch for.
async fn anchor(State(app): State<App>, viewer: Viewer) -> Result<Response> {
    let verdict = verify(&mut app.db.read().await?, viewer.tenant).await?;
    if let Some(broken) = verdict.broken {
        let sentence =
            format!("审计记录在第 {} 条断开：{}。没有导出校验值，请先查明原因。", broken.position, broken.why);
        return Err(Error::refused(sentence));
    }
    let text = anchor_text(&viewer, &verdict, app.means.now());
    let name = format!("attachment; filename=\"audit-{}-{}.txt\"", viewer.tenant_code, verdict.entries);
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, name)], text).into_response())
}

fn anchor_text(viewer: &Viewer, verdict: &Verdict, now: Timestamp) -> String {
    format!(
        "家门口 审计记录校验值\n单位：{}（{}）\n时间：{}\n条数：{}\n末尾 SHA-256：{}\n",
        viewer.tenant_name,
        viewer.tenant_code,
        calendar::date_time(now),
        verdict.entries,
        verdict.head
    )
}
