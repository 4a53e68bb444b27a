//! Who may do what. `ALLOWED` is the one table of permissions; a test walks every route with every role against it.

use db::{record, text_enum};
use jiff::Timestamp;
use uuid::Uuid;

text_enum! {
    /// What somebody is in a tenant. The last three act without an account.
    pub enum Role {
        Secretary = "secretary" "社区书记",
        Staff = "staff" "社区工作人员",
        BranchSecretary = "branch_secretary" "小区党支部书记",
        GridWorker = "grid_worker" "网格员",
        PropertyManager = "property_manager" "物业负责人",
        /// Of a police bureau: all posts, or with a reach the posts that a station or a patrol unit covers.
        DutyChief = "duty_chief" "护学岗勤务负责人",
        DutyStaff = "duty_staff" "护学岗值班员",
        /// Of a procuratorate: lectures at schools.
        LectureLead = "lecture_lead" "法治进校园负责人",
        LectureStaff = "lecture_staff" "法治进校园干警",
        SystemAdmin = "system_admin" "系统管理员",
        SecurityAdmin = "security_admin" "安全管理员",
        AuditAdmin = "audit_admin" "审计管理员",
        PartyMember = "party_member" "党员",
        Resident = "resident" "居民",
        /// Whoever stands at a post, by their own link.
        Guard = "guard" "护学岗人员",
        System = "system" "系统",
    }
    /// How far a role reaches.
    pub enum Reach {
        /// Pages name it by the kind of the tenant ([`TenantKind::whole`]).
        Tenant = "tenant" "全部",
        Estate = "estate" "小区",
        Grid = "grid" "网格",
        Organisation = "organisation" "单位",
    }
    /// Who owns the rows of a tenant.
    pub enum TenantKind {
        Community = "community" "社区",
        Subdistrict = "subdistrict" "街道",
        District = "district" "区县",
        Police = "police" "公安机关",
        Procuratorate = "procuratorate" "检察院",
    }
    /// A party that an issue can be given to, or that people belong to.
    pub enum OrganisationKind {
        Community = "community" "社区居委会",
        PropertyCompany = "property_company" "物业公司",
        PropertyCommittee = "property_committee" "物管会",
        PartyBranch = "party_branch" "小区党支部",
        PoliceUnit = "police_unit" "派出所、巡特警大队",
        PublicUtility = "public_utility" "供水供电供气供热单位",
        /// The level above, which is asked and not told.
        Superior = "superior" "上级单位",
        Other = "other" "其他单位",
    }
    pub enum SessionKind { Password = "password" "密码登录", Device = "device" "本人手机" }
    /// What a route asks of whoever calls it.
    pub enum Permission {
        IssueRead = "issue_read" "查看诉求",
        IssueFile = "issue_file" "登记诉求",
        IssueDecide = "issue_decide" "受理、派单、审批延期",
        IssueRaise = "issue_raise" "上报上一级",
        IssueHandle = "issue_handle" "办理诉求",
        IssuePublish = "issue_publish" "公示结果",
        IssueSurvey = "issue_survey" "上门测评",
        IssueClose = "issue_close" "销号",
        IssueAcknowledge = "issue_acknowledge" "支部阅知",
        ExclusionApprove = "exclusion_approve" "审批三率剔除",
        MeetingRead = "meeting_read" "查看会议",
        MeetingHold = "meeting_hold" "召集和记录会议",
        OwnersOverride = "owners_override" "没有业主表决也先办（写明理由）",
        WhistleHandle = "whistle_handle" "吹哨和报到",
        CounterpartManage = "counterpart_manage" "管理上下级对接",
        BodyRead = "body_read" "查看物管会、居民代表、居委会",
        BodyEdit = "body_edit" "登记物管会、居民代表、居委会",
        ResidentRead = "resident_read" "查看居民",
        ResidentEdit = "resident_edit" "修改居民登记",
        ResidentMerge = "resident_merge" "合并重复登记",
        ResidentExport = "resident_export" "导出居民名单",
        ResidentExportApprove = "resident_export_approve" "审批导出完整号码",
        ResidentReveal = "resident_reveal" "查看完整证件号和电话",
        ResidentTagRestricted = "resident_tag_restricted" "管理限制登记的标签",
        DataRequestHandle = "data_request_handle" "办理个人信息请求",
        RegistryImport = "registry_import" "导入登记表",
        VisitPlan = "visit_plan" "安排敲门行动",
        VisitRecord = "visit_record" "敲门走访",
        UploadReview = "upload_review" "核对走访上传",
        PartyRead = "party_read" "查看党组织和党员",
        PartyEdit = "party_edit" "登记党组织和党员",
        PartyReveal = "party_reveal" "查看党员完整证件号和电话",
        PartyImport = "party_import" "导入党员花名册",
        ChannelManage = "channel_manage" "管理通知渠道",
        PlaceRead = "place_read" "查看小区楼栋",
        PlaceEdit = "place_edit" "修改小区资料",
        ContactEdit = "contact_edit" "维护公开联系人",
        PublicationManage = "publication_manage" "管理公示",
        WorkOrderHandle = "work_order_handle" "导入和回复 12345 工单",
        HelpTell = "help_tell" "转告居民找党员",
        MediationManage = "mediation_manage" "登记和分派调解",
        MediationWork = "mediation_work" "办理分给自己的调解",
        CommunitySurveyManage = "community_survey_manage" "组织年度满意度调查",
        CommunitySurveyRead = "community_survey_read" "查看年度满意度调查",
        CommunitySurveyAsk = "community_survey_ask" "上门问年度满意度调查",
        VolunteerRead = "volunteer_read" "查看志愿者",
        VolunteerEdit = "volunteer_edit" "登记志愿者和服务队",
        VolunteerReveal = "volunteer_reveal" "查看志愿者完整号码、登记从业查询",
        VolunteerImport = "volunteer_import" "导入志愿者花名册",
        HoursApprove = "hours_approve" "审核志愿服务时长、出具证明",
        ServiceFile = "service_file" "登记和查看居民的需要",
        ServiceArrange = "service_arrange" "安排上门服务、管理服务类别",
        ChildManage = "child_manage" "登记七彩四点半的孩子",
        IncidentManage = "incident_manage" "查看和跟进七彩四点半的事件记录",
        DutyRead = "duty_read" "查看护学岗",
        DutyEdit = "duty_edit" "登记护学岗的学校、岗位和人员",
        DutyPlan = "duty_plan" "护学岗排班和现场调度",
        HazardRead = "hazard_read" "查看校园周边隐患台账",
        HazardWork = "hazard_work" "排查、登记、整改、复查隐患",
        HazardApprove = "hazard_approve" "隐患延期、挂牌督办、销号",
        LectureRead = "lecture_read" "查看法治进校园",
        LectureEdit = "lecture_edit" "登记法治进校园的学校、讲师和主题",
        LectureArrange = "lecture_arrange" "安排法治课、审核课件",
        ConfidenceManage = "confidence_manage" "查看和报告学生的求助",
        VenueBook = "venue_book" "预约场地",
        VenueEdit = "venue_edit" "登记场地",
        AccountManage = "account_manage" "管理账号和授权",
        ReportRead = "report_read" "查看报表",
        SettingRead = "setting_read" "查看参数",
        SettingEdit = "setting_edit" "修改参数",
        AuditRead = "audit_read" "查看审计记录",
        OutboxManage = "outbox_manage" "重试后台没做成的事",
        InterfaceManage = "interface_manage" "管理接口令牌",
        InterfaceApprove = "interface_approve" "批准看得到居民原话的令牌",
    }
}

/// Which roles have a permission. What stands in no row is nobody's.
pub const ALLOWED: &[(Permission, &[Role])] = {
    use Permission::*;
    use Role::*;
    &[
        (IssueRead, &[Secretary, Staff, BranchSecretary, GridWorker, PropertyManager]),
        (IssueFile, &[Secretary, Staff, BranchSecretary, GridWorker]),
        (IssueDecide, &[Secretary, Staff, BranchSecretary]),
        (IssueRaise, &[BranchSecretary, GridWorker]),
        (IssueHandle, &[Secretary, Staff, BranchSecretary, GridWorker, PropertyManager]),
        (IssuePublish, &[Secretary, Staff]),
        (IssueSurvey, &[GridWorker]),
        (IssueClose, &[Secretary, Staff]),
        // Of issues that lie in no estate, and so in no branch, the secretary of the community takes note.
        (IssueAcknowledge, &[BranchSecretary, Secretary]),
        // Not of what they have proposed themselves.
        (ExclusionApprove, &[Secretary, Staff]),
        (MeetingRead, &[Secretary, Staff, BranchSecretary, GridWorker]),
        (MeetingHold, &[Secretary, Staff, BranchSecretary]),
        (OwnersOverride, &[Secretary]),
        (WhistleHandle, &[Secretary, Staff]),
        (CounterpartManage, &[SystemAdmin]),
        (BodyRead, &[Secretary, Staff, BranchSecretary, GridWorker]),
        (BodyEdit, &[Secretary, Staff, BranchSecretary]),
        (ResidentRead, &[Secretary, Staff, GridWorker]),
        (ResidentEdit, &[Secretary, Staff, GridWorker]),
        (ResidentMerge, &[Secretary, Staff]),
        (ResidentExport, &[Secretary, Staff]),
        (ResidentExportApprove, &[Secretary]),
        (ResidentReveal, &[Secretary, Staff, GridWorker]),
        // 精神障碍患者, 社区矫正, 安置帮教: nobody else learns of them.
        (ResidentTagRestricted, &[Secretary]),
        (DataRequestHandle, &[Secretary, Staff]),
        (RegistryImport, &[Secretary, Staff]),
        (VisitPlan, &[Secretary, Staff, BranchSecretary]),
        (VisitRecord, &[Secretary, Staff, BranchSecretary, GridWorker]),
        (UploadReview, &[Secretary, Staff]),
        (PartyRead, &[Secretary, Staff, BranchSecretary]),
        (PartyEdit, &[Secretary, Staff, BranchSecretary]),
        (PartyReveal, &[Secretary, Staff, BranchSecretary]),
        (PartyImport, &[Secretary, Staff]),
        (ChannelManage, &[Secretary, Staff, BranchSecretary, SystemAdmin]),
        (PlaceRead, &[Secretary, Staff, BranchSecretary, GridWorker]),
        (PlaceEdit, &[Secretary, Staff]),
        (ContactEdit, &[Secretary, Staff]),
        (PublicationManage, &[Secretary, Staff, BranchSecretary]),
        (WorkOrderHandle, &[Secretary, Staff]),
        (HelpTell, &[Secretary, Staff, BranchSecretary]),
        (MediationManage, &[Secretary, Staff, BranchSecretary]),
        // Of these only whoever is named as the mediator of a case sees it.
        (MediationWork, &[Secretary, Staff, BranchSecretary, GridWorker, PropertyManager]),
        // Drawn over the whole community, so only those who reach all of it.
        (CommunitySurveyManage, &[Secretary, Staff]),
        (CommunitySurveyRead, &[Secretary, Staff, BranchSecretary]),
        (CommunitySurveyAsk, &[GridWorker]),
        (VolunteerRead, &[Secretary, Staff, BranchSecretary]),
        (VolunteerEdit, &[Secretary, Staff, BranchSecretary]),
        (VolunteerReveal, &[Secretary, Staff]),
        (VolunteerImport, &[Secretary, Staff]),
        // Not of what they have confirmed themselves.
        (HoursApprove, &[Secretary, Staff]),
        (ServiceFile, &[Secretary, Staff, BranchSecretary, GridWorker]),
        (ServiceArrange, &[Secretary, Staff, BranchSecretary]),
        // What is known of children stays with those whose work it is.
        (ChildManage, &[Secretary, Staff]),
        // A suspected harm may lead to a colleague, so that only who answers for the community reads what others wrote.
        (IncidentManage, &[Secretary]),
        // How strong the police are where is theirs alone: no role of a community sees it.
        (DutyRead, &[DutyChief, DutyStaff]),
        (DutyEdit, &[DutyChief]),
        (DutyPlan, &[DutyChief, DutyStaff]),
        // Police work: nobody of a community has a part in it.
        (HazardRead, &[DutyChief, DutyStaff]),
        (HazardWork, &[DutyChief, DutyStaff]),
        // Not of what they have fixed themselves.
        (HazardApprove, &[DutyChief]),
        (LectureRead, &[LectureLead, LectureStaff]),
        (LectureEdit, &[LectureLead]),
        (LectureArrange, &[LectureLead, LectureStaff]),
        // What a pupil confides goes to whoever answers for the team, and to nobody else.
        (ConfidenceManage, &[LectureLead]),
        (VenueBook, &[Secretary, Staff, BranchSecretary]),
        (VenueEdit, &[Secretary, Staff, BranchSecretary]),
        (AccountManage, &[SecurityAdmin]),
        (ReportRead, &[Secretary, Staff, BranchSecretary]),
        (SettingRead, &[SystemAdmin, Secretary]),
        (SettingEdit, &[SystemAdmin]),
        (AuditRead, &[AuditAdmin]),
        (OutboxManage, &[SystemAdmin]),
        (InterfaceManage, &[SystemAdmin]),
        (InterfaceApprove, &[Secretary]),
    ]
};

impl Role {
    /// In which somebody acts who has no account, by a link or none.
    pub const WITHOUT_ACCOUNT: [Role; 4] = [Role::PartyMember, Role::Resident, Role::Guard, Role::System];

    /// The roles that an account can be given.
    pub fn assignable() -> impl Iterator<Item = Role> {
        Role::ALL.iter().copied().filter(|role| !Role::WITHOUT_ACCOUNT.contains(role))
    }

    /// Whether somebody in a tenant of a kind can have this role: the roles of 护学岗 are the police's, those of 法治进校园 a procuratorate's, and those
    /// of a community nobody else's there.
    pub fn fits(self, kind: TenantKind) -> bool {
        let own = match self {
            Role::DutyChief | Role::DutyStaff => kind == TenantKind::Police,
            Role::LectureLead | Role::LectureStaff => kind == TenantKind::Procuratorate,
            _ => !matches!(kind, TenantKind::Police | TenantKind::Procuratorate),
        };
        self.is_administrator() || own
    }

    /// The three administrators keep watch on one another, so nobody holds two of these roles.
    pub const fn is_administrator(self) -> bool {
        matches!(self, Role::SystemAdmin | Role::SecurityAdmin | Role::AuditAdmin)
    }
}

impl TenantKind {
    /// Everything of a tenant of this kind, where a scope is told: of a grant, a channel, a token.
    pub const fn whole(self) -> &'static str {
        match self {
            TenantKind::Community => "整个社区",
            TenantKind::Subdistrict => "整个街道",
            TenantKind::District => "整个区县",
            TenantKind::Police => "整个分局",
            TenantKind::Procuratorate => "整个团队",
        }
    }
}

impl Permission {
    pub fn roles(self) -> &'static [Role] {
        ALLOWED.iter().find(|(permission, _)| *permission == self).map_or(&[], |(_, roles)| roles)
    }
}

record! {
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Grant { pub role: Role, pub reach: Reach, pub reach_id: Option<Uuid> }
}

/// Whoever is signed in, as the request found them.
#[derive(Debug, Clone)]
pub struct Viewer {
    pub tenant: Uuid,
    pub tenant_code: String,
    pub tenant_name: String,
    pub account: Uuid,
    pub name: String,
    pub organisation: Uuid,
    pub session: Uuid,
    pub kind: SessionKind,
    pub seen_at: Timestamp,
    /// They came in by a password that has to be changed before anything else.
    pub password_expired: bool,
    pub grants: Vec<Grant>,
}

impl Viewer {
    pub fn may(&self, permission: Permission) -> bool {
        self.acting(permission).is_some()
    }

    /// The role in which a permission is used. Of several that somebody has, the one that stands first in the row of [`ALLOWED`]: its
    /// order matters where the higher role may do more.
    pub fn acting(&self, permission: Permission) -> Option<Role> {
        permission.roles().iter().copied().find(|role| self.grants.iter().any(|grant| grant.role == *role))
    }

    /// The bound values of the SQL fragment [`crate::in_reach`] for a permission.
    pub fn scope(&self, permission: Permission) -> Scope {
        let with_permission = |grant: &&Grant| permission.roles().contains(&grant.role);
        if self.grants.iter().filter(with_permission).any(|grant| grant.reach == Reach::Tenant) {
            return Scope { account: None, roles: String::new() };
        }
        let roles: Vec<&str> = permission.roles().iter().map(|role| role.code()).collect();
        Scope { account: Some(self.account), roles: format!(",{},", roles.join(",")) }
    }
}

/// Within a tenant: everything (no account), or what the account's grants in these roles reach.
#[derive(Debug, Clone)]
pub struct Scope {
    pub account: Option<Uuid>,
    pub roles: String,
}

impl Scope {
    /// The whole tenant.
    pub const fn tenant() -> Scope {
        Scope { account: None, roles: String::new() }
    }
}

/// SQL: is a row within the reach of a [`Scope`], bound to `$account` and `$roles`? Estate, grid and organisation
/// are the expressions of the row's own columns; a column that a table does not have is written `NULL`.
#[macro_export]
macro_rules! in_reach {
    ($account:literal, $roles:literal, $tenant:literal, $estate:literal, $grid:literal, $organisation:literal) => {
        concat!(
            "(CAST(",
            $account,
            " AS UUID) IS NULL OR EXISTS (SELECT 1 FROM grants g WHERE g.tenant_id = ",
            $tenant,
            " AND g.account_id = ",
            $account,
            " AND ",
            $roles,
            " LIKE '%,' || g.role || ',%'",
            " AND ((g.reach = 'estate' AND g.reach_id = ",
            $estate,
            ") OR (g.reach = 'grid' AND g.reach_id = ",
            $grid,
            ")",
            " OR (g.reach = 'organisation' AND EXISTS (SELECT 1 FROM organisation_ancestors o WHERE o.tenant_id = ",
            $tenant,
            " AND o.organisation_id = ",
            $organisation,
            " AND o.ancestor_id = g.reach_id)))))"
        )
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_stands_in_the_table_once() {
        for permission in Permission::ALL {
            assert_eq!(ALLOWED.iter().filter(|(p, _)| p == permission).count(), 1, "{permission:?}");
        }
    }

    #[test]
    fn nobody_without_an_account_has_a_permission() {
        for (permission, roles) in ALLOWED {
            assert!(!Role::WITHOUT_ACCOUNT.iter().any(|role| roles.contains(role)), "{permission:?}");
        }
    }
}
