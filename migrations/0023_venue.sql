-- Rooms that meetings, activities and classes are held in, when they are open, and who has booked them.

CREATE TABLE venues (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    estate_id UUID, -- null: for the whole community
    name TEXT NOT NULL,
    whereabouts TEXT NOT NULL,
    capacity INTEGER, -- people; null where nobody has counted
    retired_at BIGINT, -- it is not booked any more
    created_at BIGINT NOT NULL,
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, estate_id) REFERENCES estates (tenant_id, id)
);
--@citus SELECT create_distributed_table('venues', 'tenant_id', colocate_with => 'tenants');
CREATE UNIQUE INDEX venues_by_name ON venues (tenant_id, name);

CREATE TABLE venue_hours ( -- when it is open in an ordinary week
    tenant_id UUID NOT NULL,
    venue_id UUID NOT NULL,
    weekday INTEGER NOT NULL, -- 1 Monday … 7 Sunday
    opens INTEGER NOT NULL, -- minutes after midnight
    closes INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, venue_id, weekday, opens),
    FOREIGN KEY (tenant_id, venue_id) REFERENCES venues (tenant_id, id)
);
--@citus SELECT create_distributed_table('venue_hours', 'tenant_id', colocate_with => 'tenants');

CREATE TABLE venue_closures (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    venue_id UUID NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, venue_id) REFERENCES venues (tenant_id, id)
);
--@citus SELECT create_distributed_table('venue_closures', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX venue_closures_by_end ON venue_closures (tenant_id, venue_id, ends_at);

CREATE TABLE booking_series (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    venue_id UUID NOT NULL,
    rule TEXT NOT NULL, -- RFC 5545
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, venue_id) REFERENCES venues (tenant_id, id)
);
--@citus SELECT create_distributed_table('booking_series', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX booking_series_by_venue ON booking_series (tenant_id, venue_id);

CREATE TABLE bookings (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    venue_id UUID NOT NULL,
    series_id UUID, -- null: once
    subject_id UUID, -- the meeting, if one holds it
    purpose TEXT NOT NULL,
    title TEXT NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL, -- never more than a day after it starts
    booked_by UUID,
    booked_at BIGINT NOT NULL,
    cancelled_at BIGINT,
    cancelled_why TEXT NOT NULL,
    lock_version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, venue_id) REFERENCES venues (tenant_id, id),
    FOREIGN KEY (tenant_id, series_id) REFERENCES booking_series (tenant_id, id)
);
--@citus SELECT create_distributed_table('bookings', 'tenant_id', colocate_with => 'tenants');
CREATE INDEX bookings_by_time ON bookings (tenant_id, venue_id, ends_at) WHERE cancelled_at IS NULL;
CREATE INDEX bookings_by_series ON bookings (tenant_id, series_id, starts_at);
CREATE INDEX bookings_by_subject ON bookings (tenant_id, subject_id);
