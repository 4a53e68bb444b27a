-- What reports ask: what was rated, and what was reported, in a period.

CREATE INDEX surveys_by_time ON surveys (tenant_id, respondent, at);
CREATE INDEX issues_by_report ON issues (tenant_id, reported_at);
DROP INDEX surveys_by_issue;
CREATE INDEX surveys_by_issue ON surveys (tenant_id, issue_id, at, id);
