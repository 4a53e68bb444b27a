-- What was said against a publication, and by whom, is kept for a while after the answer.

CREATE INDEX objections_answered ON objections (tenant_id, answered_at) WHERE answered_at IS NOT NULL;
