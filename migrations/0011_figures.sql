-- What all buildings say of one facet, without going from building to building. The index does not hold the building, or
-- SQLite would take it for whatever asks for a building's figures, and walk through those of all others.

CREATE INDEX building_figures_by_facet ON building_figures (tenant_id, facet, amount);
