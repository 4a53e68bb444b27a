-- 表彰奖励 of volunteers; and a request for whole numbers says of which list.

CREATE TABLE volunteer_honours ( -- what somebody was honoured with (志愿服务条例, art. 19)
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    volunteer_id UUID NOT NULL,
    title TEXT NOT NULL,
    given_by TEXT NOT NULL,
    on_day TEXT NOT NULL,
    recorded_by UUID,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, volunteer_id) REFERENCES volunteers (tenant_id, id)
);
--@citus SELECT create_distributed_table('volunteer_honours', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX volunteer_honours_by_volunteer ON volunteer_honours (tenant_id, volunteer_id, on_day, id);
CREATE INDEX volunteer_honours_by_day ON volunteer_honours (tenant_id, on_day, id);
CREATE INDEX volunteer_honours_by_time ON volunteer_honours (tenant_id, recorded_at, id);

CREATE INDEX volunteer_certificates_by_day ON volunteer_certificates (tenant_id, issued_on) WHERE issued_on IS NOT NULL;
CREATE INDEX volunteer_consents_by_purpose ON volunteer_consents (tenant_id, purpose, volunteer_id) WHERE withdrawn_at IS NULL;

ALTER TABLE export_requests ADD COLUMN kind TEXT NOT NULL DEFAULT 'residents';
